# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signatures of webhook deliveries."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils._signature import digest, is_signed, sign
from ansible_collections.h444.cloud.tests.unit.vectors.signatures import MADE, NAMES, VERIFIED, Made, Verified

BODY, SECRET, NOW = b'{"event": "vps.created"}', "whsec_test", 1_700_000_000
GOOD = sign(BODY, SECRET, NOW)


@pytest.mark.parametrize("one", MADE)
def test_a_header_is_what_another_program_makes(one: Made) -> None:
    for body in (one.body, one.body.encode()):
        assert sign(body, one.secret, one.timestamp) == one.header
        assert digest(body, one.secret.encode(), str(one.timestamp)) == one.header.split("v1=")[1]


@pytest.mark.parametrize("one", VERIFIED, ids=NAMES)
def test_a_header_signs_or_does_not(one: Verified) -> None:
    assert is_signed(one.body, one.header, one.secrets, one.now, one.tolerance) is one.signed


@pytest.mark.parametrize("header", [None, 5, b"x", [], GOOD.encode()])
def test_what_is_no_text_does_not_sign(header: t.Any) -> None:
    assert is_signed(BODY, header, [SECRET], NOW) is False


def test_every_changed_byte_is_noticed() -> None:
    assert is_signed(BODY, GOOD, [SECRET], NOW)
    for place in range(len(BODY)):
        assert not is_signed(BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :], GOOD, [SECRET], NOW)
