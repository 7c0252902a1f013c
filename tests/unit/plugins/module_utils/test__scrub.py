# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What looks like a key, a token or a secret is taken out of a text, and words are left in it."""

from __future__ import annotations

import pytest

from ansible_collections.h444.cloud.plugins.module_utils._scrub import scrub
from ansible_collections.h444.cloud.tests.unit.plugins.module_utils.bench import (
    KEY,
)


@pytest.mark.parametrize(
    "text",
    [
        "key %s." % KEY,
        "Authorization: Bearer abc.def",
        "authorization: bearer xyz",
        "bearer xyz123",
        "Bearer eyJhbGciOi",
        "h444_at_abcd1234",
        "secret whsec_AbC-1_2 end",
    ],
)
def test_keys_tokens_and_secrets_are_taken_out(text: str) -> None:
    shown = scrub(text)
    assert "[redacted]" in shown
    for secret in (KEY, "abc.def", "xyz", "abcd1234", "AbC-1_2"):
        assert secret not in shown


@pytest.mark.parametrize(
    "text",
    [
        "only bearer tokens are accepted",
        "Bearer authentication is required.",
        "send a Bearer token.",
        "a bearer access_token",
        "bearer and/or basic",
        "see https://api.test/v1 and mail a@b.example",
    ],
)
def test_words_are_no_tokens(text: str) -> None:
    assert scrub(text) == text


def test_the_user_of_a_url_is_taken_out() -> None:
    assert scrub("Failed to parse: http://user:p@ss@proxy:3128/x") == "Failed to parse: http://[redacted]@proxy:3128/x"
