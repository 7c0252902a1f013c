# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The errors: the facts they carry, what they leave open, and what is said of a mistake of ours."""

from __future__ import annotations

import re

import pytest

from ansible_collections.h444.cloud.plugins.module_utils._errors import (
    ApiError,
    BadOption,
    BadRequest,
    H444Error,
    UnknownFate,
    mistake_text,
)


def test_an_error_carries_the_facts_that_there_are() -> None:
    """A fact without a value is none, and a status is a number."""
    error = BadRequest("no", status="422", reason=None, path="/x")
    assert str(error) == "no" and error.facts == {"status": "422", "path": "/x"} and error.status == 422
    assert isinstance(error, ApiError) and isinstance(error, H444Error) and ApiError("x").status == 0


@pytest.mark.parametrize(
    ("error", "may_have_happened"),
    [
        (BadOption("no"), False),
        (UnknownFate("lost"), True),
        (ApiError("no", status=422), False),
        (ApiError("no", status=408), True),
        (ApiError("no", status=503), True),
        (ApiError("no", status=404, sent="maybe"), True),
    ],
)
def test_an_error_says_whether_the_write_may_have_happened(error: H444Error, may_have_happened: bool) -> None:
    """It may have where the answer is that of a proxy or a failure, or where an earlier attempt was lost."""
    assert error.may_have_happened is may_have_happened


def test_an_error_says_by_its_cause_why_that_is_open() -> None:
    """An answer is named by its status."""
    assert UnknownFate("lost", cause="the connection was closed").cause == "the connection was closed"
    assert ApiError("no", status=503).cause == "the API answered 503"


def test_a_mistake_of_ours_is_named_by_its_place_alone() -> None:
    """The error's own words could show a secret."""
    with pytest.raises(KeyError) as raised:
        {}["h444_secret"]
    said = mistake_text(raised.value)
    assert re.search(r"Unexpected KeyError at test__errors\.py:\d+\. This is a bug in the collection", said)
    assert "secret" not in said
