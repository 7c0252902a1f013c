# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signatures of webhook deliveries."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils._signature import digest, is_signed, sign

BODY, SECRET, NOW = b'{"event": "vps.created"}', "whsec_test", 1_700_000_000
GOOD = sign(BODY, SECRET, NOW)
HEX = GOOD.split("v1=")[1]


def test_the_digest_is_a_known_one() -> None:
    import hashlib
    import hmac

    assert (
        HEX
        == hmac.new(b"whsec_test", b"1700000000." + BODY, hashlib.sha256).hexdigest()
        == digest(BODY.decode(), SECRET.encode(), "1700000000")
    )


@pytest.mark.parametrize(
    "header",
    [
        GOOD,
        GOOD.replace(",", ", "),
        "t=%d,v1=%s" % (NOW, HEX.upper()),
        "v1=%s,t=%d" % (HEX, NOW),
        "t=%d,v1=%s,v1=%s" % (NOW, "0" * 64, HEX),
        GOOD + ",v2=x",
    ],
)
def test_a_proper_header_signs(header: str) -> None:
    assert is_signed(BODY, header, ["old", SECRET], NOW)


@pytest.mark.parametrize(
    "header",
    [
        None,
        5,
        b"x",
        "",
        "t=",
        "v1=" + HEX,
        "t=%d" % NOW,
        "t=x,v1=" + HEX,
        "t=-1,v1=" + HEX,
        "t=%d,t=%d,v1=%s" % (NOW, NOW, HEX),
        "t=%d,v1=%s" % (NOW + 1, HEX),
        "t=%d,v1=%s" % (NOW, HEX[:-1]),
        "t=%d,v1=ä%s" % (NOW, HEX[1:]),
        "t=٣,v1=" + HEX,
        "t=%s,v1=%s" % ("".join(chr(0x660 + int(digit)) for digit in str(NOW)), HEX),
        "t=\uff11\uff17,v1=" + HEX,
        "t=%s,v1=%s" % ("9" * 13, HEX),
        "v1,v1=",
        "t=%d\n,v1=%s\n" % (NOW, "0" * 64),
    ],
)
def test_anything_else_does_not_sign(header: t.Any) -> None:
    assert is_signed(BODY, header, [SECRET], NOW) is False


@pytest.mark.parametrize(
    "shift,good", [(0, True), (300, True), (-300, True), (301, False), (-301, False), (86400, False)]
)
def test_a_signature_holds_within_the_tolerance(shift: int, good: bool) -> None:
    assert is_signed(BODY, GOOD, [SECRET], NOW + shift) is good


def test_every_changed_byte_is_noticed() -> None:
    for place in range(len(BODY)):
        assert not is_signed(BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :], GOOD, [SECRET], NOW)
    assert not is_signed(BODY, GOOD, [], NOW) and not is_signed(BODY, GOOD, ["other"], NOW)
    assert is_signed(b"\xff\xfe", sign(b"\xff\xfe", SECRET, NOW), [SECRET], NOW)
