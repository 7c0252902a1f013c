# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PTR records: which address is meant, and what is planned for its record."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _ptr
from ansible_collections.h444.cloud.plugins.module_utils._errors import (
    Ambiguous,
    BadOption,
    BadReply,
    Missing,
    Refused,
)
from ansible_collections.h444.cloud.plugins.module_utils._plan import same

Row = t.Dict[str, t.Any]
FOUR, OTHER, SIX = "192.0.2.1", "192.0.2.2", "2001:db8::1"
NONE: t.Any = None


def address(ip: str = FOUR, **fields: t.Any) -> Row:
    """Make an address in normal form."""
    row = {
        "ip": ip,
        "ptr": "old.example.com",
        "primary": None,
        "zone_hosted": None,
        "vps_id": "7",
        "vps_label": "web-1",
    }
    return {**row, **fields}


def test_find_ip() -> None:
    """An address that is not there is missing, with those that are; one on two servers is ambiguous."""
    rows = [address(), address(OTHER)]
    assert _ptr.find_ip(rows, OTHER, "the VPS 'web-1'") == rows[1]
    with pytest.raises(Missing, match="is not on the VPS 'web-1'; existing addresses: 192.0.2.1, 192.0.2.2") as missing:
        _ptr.find_ip(rows, "192.0.2.9", "the VPS 'web-1'")
    assert missing.value.facts["closest"] == [FOUR, OTHER]
    with pytest.raises(Missing, match="there are no addresses"):
        _ptr.find_ip([], FOUR, "any VPS of this account")
    with pytest.raises(Ambiguous, match="on 2 servers: 7, 8") as ambiguous:
        _ptr.find_ip([address(), address(vps_id="8")], FOUR, "any VPS of this account")
    assert [row["vps_id"] for row in ambiguous.value.facts["candidates"]] == ["7", "8"]


@pytest.mark.parametrize(
    ("rows", "ip"),
    [
        ([address()], FOUR),
        ([address(), address(OTHER, primary=True)], OTHER),
        ([address(SIX, primary=True), address()], FOUR),
        ([address(SIX)], SIX),
    ],
)
def test_primary(rows: list[Row], ip: str) -> None:
    """The marked one, IPv4 before IPv6, or the only one."""
    assert _ptr.find_primary(rows, "any")["ip"] == ip


def test_no_clear_primary() -> None:
    """Among several none is guessed."""
    with pytest.raises(Refused, match="Set ip") as caught:
        _ptr.find_primary([address(), address(OTHER)], "the VPS '7'")
    assert caught.value.facts["closest"] == [FOUR, OTHER]
    with pytest.raises(Missing):
        _ptr.find_primary([], "the VPS '7'")


def test_plan() -> None:
    """Only what differs is written; a record that is cleared or renamed is known by its present name."""
    row = address(told_ip="192.000.002.001")
    assert _ptr.plan_ptr(row, "OLD.example.com.") == same(row)
    (action,) = _ptr.plan_ptr(row, "new.example.com").actions
    assert (str(action), action.ids["ip"], action.body) == (
        "set PTR of 192.0.2.1",
        "192.000.002.001",
        {"hostname": "new.example.com"},
    )
    assert (action.known_as, action.new_name, action.destroys) == (("old.example.com",), "new.example.com", False)
    plan = _ptr.plan_ptr(row, None)
    assert plan.after == {**row, "ptr": None} and plan.actions[0].destroys
    assert plan.actions[0].known_as == ("old.example.com",)
    assert _ptr.plan_ptr(address(ptr=None), None).actions == ()


def test_plan_that_is_refused() -> None:
    """A zone hosted elsewhere can't be written, nor an address without a server; what is right already is fine."""
    with pytest.raises(Refused, match="zone_hosted is false"):
        _ptr.plan_ptr(address(zone_hosted=False), "new.example.com")
    assert _ptr.plan_ptr(address(zone_hosted=False), "old.example.com").actions == ()
    with pytest.raises(BadReply, match="set vps_id"):
        _ptr.plan_ptr(address(vps_id=None), "new.example.com")


@pytest.mark.parametrize("hostname", [None, "", " "])
def test_present_needs_a_hostname(hostname: str | None) -> None:
    """Blank is not given, and is refused before any request."""
    with pytest.raises(BadOption, match="hostname is required"):
        _ptr.plan_of(NONE, {"state": "present", "hostname": hostname, "ip": FOUR})


def test_with_labels() -> None:
    """A label that the address shows stays; another is filled in by the server's id."""
    rows = [address(), address(OTHER, vps_label=None), address(SIX, vps_id="8", vps_label=None)]
    assert [row["vps_label"] for row in _ptr.with_labels(rows, {"7": "from the list"})] == [
        "web-1",
        "from the list",
        None,
    ]
