# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter and the test of webhook signatures: fixed vectors, and what is handed over by mistake."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from jinja2 import StrictUndefined, UndefinedError

from ansible_collections.h444.cloud.plugins.filter.webhook_signature import FilterModule
from ansible_collections.h444.cloud.plugins.plugin_utils import _signing
from ansible_collections.h444.cloud.plugins.test.webhook_signed import TestModule as SignedModule

SECRET = "whsec_Canary4711"
# Made with: printf '1700000000.BODY' | openssl dgst -sha256 -hmac whsec_Canary4711
VECTORS = [
    ('{"event":"vps.created"}', "3b29451a6fd3f40a6e1fa1564301d629e7813cbbdab69891e689673eac6a1b53"),
    ("", "2b63fceaf1f87bc58db89022da3731d83e229e872130f6d0cf75aae4cee38e4d"),
    ("grüße\n", "0b415bc4883e29ed02a50465fc9f4b2457db95cdf3c5a34032f8c56712969101"),
]
sign = FilterModule().filters()["webhook_signature"]
is_signed = SignedModule().tests()["webhook_signed"]


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be 100 s after the deliveries."""
    monkeypatch.setattr(_signing.time, "time", lambda: 1_700_000_100.0)


@pytest.mark.parametrize(("body", "digest"), VECTORS)
def test_vectors(body: str, digest: str) -> None:
    """What another program computes; texts and bytes alike."""
    header = f"t=1700000000,v1={digest}"
    for one in (body, body.encode()):
        assert sign(one, SECRET, 1_700_000_000) == sign(one, SECRET.encode(), "1700000000") == header
        assert is_signed(one, header, SECRET) is is_signed(one, header, ["other", SECRET]) is True
        assert is_signed(one, header, "other") is is_signed(body + " ", header, SECRET) is False


def test_tolerance() -> None:
    """In seconds, both ways."""
    header = sign("x", SECRET, 1_700_000_000)
    assert is_signed("x", header, SECRET, 100) and is_signed("x", header, SECRET, tolerance=100.0)
    assert not is_signed("x", header, SECRET, 99) and not is_signed("x", header, SECRET, 0)
    assert not is_signed("x", sign("x", SECRET, 1_700_000_401), SECRET)


@pytest.mark.parametrize("header", [None, "", 5, [], "t=1700000000", "v1=" + "0" * 64])
def test_bad_header_signs_nothing(header: t.Any) -> None:
    """What a stranger sent is no error."""
    assert is_signed("x", header, SECRET) is False


@pytest.mark.parametrize("place", range(3))
def test_undefined(place: int) -> None:
    """A variable that is missing is jinja's error, not a header that signs nothing."""
    for call in (sign, is_signed):
        values: list[t.Any] = ["x", SECRET, SECRET]
        values[place] = StrictUndefined(name="hook_secret")
        with pytest.raises(UndefinedError, match="hook_secret"):
            call(*values)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: sign({"event": SECRET}, SECRET, 1), "byte for byte"),
        (lambda: is_signed({"event": SECRET}, "t=1", SECRET), "byte for byte"),
        (lambda: sign("x", "", 1), "non-empty"),
        (lambda: sign("x", None, 1), "non-empty"),
        (lambda: sign("x", [SECRET], 1), "single text"),
        (lambda: is_signed("x", "t=1", []), "a list of these"),
        (lambda: is_signed("x", "t=1", [SECRET, ""]), "a list of these"),
        (lambda: is_signed("x", "t=1", {SECRET: 1}), "a list of these"),
        *(
            (lambda stamp=stamp: sign("x", SECRET, stamp), "timestamp")
            for stamp in (None, True, -1, 1.5, "", "now", "١", 10**12)
        ),
        *(
            (lambda seconds=seconds: is_signed("x", "t=1", SECRET, seconds), "tolerance")
            for seconds in (None, True, -1, "300", float("nan"), float("inf"))
        ),
    ],
)
def test_mistakes(call: t.Callable[[], t.Any], says: str) -> None:
    """One sentence, without the secret."""
    with pytest.raises(AnsibleFilterError, match=says) as error:
        call()
    assert "Canary" not in str(error.value) and "webhook_sign" in str(error.value)
