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
from ansible_collections.h444.cloud.tests.unit.vectors.signatures import MADE, NAMES, VERIFIED, Made, Verified

SECRET = "whsec_Canary4711"
sign = FilterModule().filters()["webhook_signature"]
is_signed = SignedModule().tests()["webhook_signed"]


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be 100 s after the deliveries."""
    monkeypatch.setattr(_signing.time, "time", lambda: 1_700_000_100.0)


@pytest.mark.parametrize("one", MADE)
def test_vectors(one: Made) -> None:
    """What another program computes; texts and bytes alike."""
    for body in (one.body, one.body.encode()):
        assert sign(body, one.secret, one.timestamp) == one.header
        assert sign(body, one.secret.encode(), str(one.timestamp)) == one.header


@pytest.mark.parametrize("one", VERIFIED, ids=NAMES)
def test_verified_vectors(one: Verified, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test gives the verdict of the vector; without a secret, it is an error."""
    monkeypatch.setattr(_signing.time, "time", lambda: float(one.now))
    if one.secrets:
        assert is_signed(one.body, one.header, one.secrets, one.tolerance) is one.signed
        assert len(one.secrets) > 1 or is_signed(one.body, one.header, one.secrets[0], one.tolerance) is one.signed
    else:
        with pytest.raises(AnsibleFilterError, match="non-empty"):
            is_signed(one.body, one.header, one.secrets, one.tolerance)


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
