# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many PTR records at once: what is refused before the first write, and what is planned."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _records
from ansible_collections.h444.cloud.plugins.module_utils._api import Answer
from ansible_collections.h444.cloud.plugins.module_utils._bulk import Plans, Together
from ansible_collections.h444.cloud.plugins.module_utils._errors import (
    Ambiguous,
    BadOption,
    BadReply,
    H444Error,
    Missing,
)

ONE, TWO, THREE, SIX = "192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1"
ADDRESSES = [
    {"vps_id": "7", "label": "web-1", "ips": [{"ip": ONE, "ptr": "a.example.com"}, {"ip": SIX, "ptr": None}]},
    {"vps_id": "8", "label": "web-2", "ips": [{"ip": TWO, "ptr": "b.example.com"}]},
    {"vps_id": "9", "label": "mail-1", "ips": [{"ip": THREE, "ptr": "c.example.com", "zoneHosted": False}]},
]
SERVERS = [{"id": "7", "label": "web-1"}, {"id": "8", "label": "web-2"}, {"id": "10", "label": "bare"}]


class Api:
    """An account with addresses and servers. *sent*: the path of each request."""

    def __init__(self, addresses: t.Any = None, servers: t.Any = None) -> None:
        self._addresses = ADDRESSES if addresses is None else addresses
        self._servers = SERVERS if servers is None else servers
        self.sent: list[str] = []

    def request(self, endpoint: t.Any, **_content: t.Any) -> Answer:
        """Answer the list of addresses."""
        self.sent.append(endpoint.path)
        return Answer(200, self._addresses, {})

    def rows(self, endpoint: t.Any, *_nouns: t.Any, **_content: t.Any) -> list[dict[str, t.Any]]:
        """Answer the list of servers."""
        self.sent.append(endpoint.path)
        return self._servers


def plan(*records: tuple[t.Any, t.Any], api: t.Any = None, **options: t.Any) -> Plans:
    """Plan these records."""
    given = [{"ip": ip, "hostname": hostname} for ip, hostname in records]
    params = _records.parse({"records": given, "purge": False, "concurrency": 4, **options})
    found = _records.plan_of(api or Api(), params)
    _records.check(found, params)
    return found


def actions(found: Plans) -> list[str]:
    """Name what would be done."""
    return [str(action) for action in found.actions]


def after(found: Plans) -> dict[str, str | None]:
    """Give the record of each address afterwards, in the order of the result."""
    return {entry.name: entry.plan.after["ptr"] for entry in found.entries}


def test_only_what_differs_is_planned() -> None:
    """Names and addresses are compared in any spelling; null clears; one request is enough; sets come before clears."""
    api = Api()
    found = plan((TWO, None), ("2001:DB8:0::1", "Six.Example.com."), (ONE, "A.EXAMPLE.com."), api=api)
    assert actions(found) == [f"set PTR of {SIX}", f"clear PTR of {TWO}"]
    assert list(after(found).items()) == [
        (TWO, None),
        (SIX, "Six.Example.com"),
        (ONE, "a.example.com"),
        (THREE, "c.example.com"),
    ]
    assert api.sent == ["/vps/all-ips"]
    assert not actions(plan()) and list(after(plan())) == [ONE, SIX, TWO, THREE]


@pytest.mark.parametrize(
    ("records", "word"),
    [
        ([("192.0.2.999", "a.example.com")], "records.0.: ip: '192.0.2.999' is not an IP address"),
        ([(ONE, None), ("", "a.example.com")], "records.1.: ip"),
        ([(None, "a.example.com")], "records.0.: ip"),
        ([(ONE, "a b.example.com")], "records.0.: hostname: .* is not a valid hostname"),
        ([(ONE, "a.example.com"), (TWO, "short")], "records.1.: hostname: .* not a fully qualified"),
        ([(ONE, " ")], "records.0.: hostname is empty. Nothing was sent. To clear the PTR record, set null"),
        (
            [(SIX, "a.example.com"), (ONE, None), ("2001:DB8:0:0::1", None)],
            "records.0. and records.2. have the same address, " + SIX,
        ),
    ],
)
def test_a_wrong_record_is_refused_before_anything_is_sent(records: t.Any, word: str) -> None:
    """The message names the entry."""
    api = Api()
    with pytest.raises(BadOption, match=word):
        plan(*records, api=api)
    assert not api.sent


def test_null_is_no_empty_list_of_records() -> None:
    """A variable that is null must not become "no records", which purge would clear."""
    with pytest.raises(BadOption, match="records is null"):
        plan(records=None, purge=True)


def test_an_unknown_address_is_refused_with_the_closest() -> None:
    """All of them are named at once."""
    with pytest.raises(Together, match="2 of 3 .*'192.0.2.4': It is on no VPS .* 4 addresses; closest: ") as caught:
        plan(("192.0.2.4", "a.example.com"), (ONE, None), ("fe80::9", None))
    assert [failure.name for failure in caught.value.failures] == ["192.0.2.4", "fe80::9"]
    assert ONE in caught.value.failures[0].msg
    with pytest.raises(Together, match="which has 0 addresses"):
        plan((ONE, None), api=Api([]))


def test_an_address_on_two_servers_is_refused_with_their_ids() -> None:
    """The way out is h444_ptr."""
    twins = [{"vps_id": vps_id, "ips": [{"ip": ONE}]} for vps_id in ("7", "8")]
    with pytest.raises(Together, match="2 servers: 7, 8.*Choose one with vps_id. h444_ptr has this option"):
        plan((ONE, "a.example.com"), api=Api(twins))


def test_a_zone_that_is_not_hosted_is_refused_if_it_is_named() -> None:
    """Nothing else is written then."""
    with pytest.raises(Together, match=f"1 of 2 .*'{THREE}': .*zone_hosted"):
        plan((ONE, "new.example.com"), (THREE, "new.example.com"))


def test_purge_clears_every_other_record_that_can_be_cleared() -> None:
    """An address without a record needs nothing; what can't be cleared is a warning, and does not stop the rest."""
    found = plan((ONE, "a.example.com"), purge=True)
    assert actions(found) == [f"clear PTR of {TWO}"]
    assert [note for entry in found.entries for note in entry.plan.notes if THREE in note]
    assert actions(plan(purge=True)) == [f"clear PTR of {ONE}", f"clear PTR of {TWO}"]
    assert not actions(plan((ONE, "a.example.com"), purge=False))


@pytest.mark.parametrize(
    ("limits", "cleared", "requests"),
    [
        ({"purge_vps_ids": ["7"]}, [ONE], 1),
        ({"purge_vps_labels": ["web-2"]}, [TWO], 1),
        ({"purge_vps_ids": ["7"], "purge_vps_labels": ["web-2", "web-1"]}, [ONE, TWO], 1),
        ({"purge_vps_ids": []}, [], 1),
        ({"purge_vps_labels": []}, [], 1),
        ({"purge_vps_ids": [], "purge_vps_labels": ["web-1"]}, [ONE], 1),
        ({"purge_vps_labels": ["bare"]}, [], 2),
        ({"purge_vps_ids": ["10"]}, [], 2),
        ({"purge_vps_ids": None, "purge_vps_labels": None}, [ONE, TWO], 1),
    ],
)
def test_a_limited_purge(limits: dict[str, t.Any], cleared: list[str], requests: int) -> None:
    """An empty list limits it to no server; servers are only listed if the addresses do not show them."""
    api = Api()
    found = plan((SIX, None), purge=True, api=api, **limits)
    assert actions(found) == [f"clear PTR of {ip}" for ip in cleared]
    assert len(api.sent) == requests


def test_a_record_outside_of_the_limit_of_purge_is_set() -> None:
    """The limit is one of purge only."""
    assert actions(plan((TWO, "new.example.com"), purge=True, purge_vps_ids=["7"])) == [
        f"set PTR of {TWO}",
        f"clear PTR of {ONE}",
    ]


@pytest.mark.parametrize(
    ("limits", "error", "word"),
    [
        ({"purge_vps_ids": [""]}, BadOption, "purge_vps_ids contains an empty name"),
        ({"purge_vps_labels": ["web-1", None]}, BadOption, "purge_vps_labels contains an empty name"),
        ({"purge_vps_ids": ["../7"]}, BadOption, "is not a valid ID"),
        ({"purge_vps_ids": ["11"]}, Missing, "No VPS has the ID '11'.*Nothing was written. Correct purge_vps_ids"),
        ({"purge_vps_labels": ["web-3"]}, Missing, "label 'web-3'; closest: 'web-.*Correct purge_vps_labels"),
    ],
)
def test_a_wrong_limit_is_refused(limits: dict[str, t.Any], error: type[H444Error], word: str) -> None:
    """It never means "all", nor "none"."""
    with pytest.raises(error, match=word):
        plan((ONE, None), purge=True, **limits)


def test_labels_that_the_addresses_do_not_show_are_read_once() -> None:
    """Two servers of one label are refused with their IDs; the addresses get the labels that were read."""
    bare = [{"vps_id": group["vps_id"], "ips": group["ips"]} for group in ADDRESSES]
    api = Api(bare)
    found = plan(purge=True, purge_vps_labels=["web-1", "web-2"], api=api)
    assert actions(found) == [f"clear PTR of {ONE}", f"clear PTR of {TWO}"]
    assert api.sent == ["/vps/all-ips", "/vps"]
    assert [entry.plan.after["vps_label"] for entry in found.entries] == ["web-1", "web-1", "web-2", None]
    twins = [*SERVERS, {"id": "11", "label": "web-1"}]
    with pytest.raises(Ambiguous, match="7, 11"):
        plan(purge=True, purge_vps_labels=["web-1"], api=Api(bare, twins))
    with pytest.raises(Missing):
        plan(purge=True, purge_vps_ids=["11"], api=Api(bare, [{"id": "11", "label": "x", "status": "terminated"}]))


def test_an_address_without_a_server_is_not_purged_by_a_guess() -> None:
    """It matters only where a record could be cleared."""
    flat = [{"ip": ONE, "ptr": "a.example.com"}, {"ip": TWO, "vps_id": "8", "ptr": "b.example.com"}]
    for limits in ({"purge_vps_ids": ["8"]}, {"purge_vps_labels": ["web-2"]}, {}):
        with pytest.raises(BadReply, match="does not show which server has the address " + ONE):
            plan(purge=True, api=Api(flat), **limits)
    assert not actions(plan((ONE, "a.example.com"), (TWO, "b.example.com"), purge=True, api=Api(flat)))


def test_require_forward_names_every_hostname_that_does_not_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that is cleared needs no name."""
    monkeypatch.setattr(_records, "is_confirmed", lambda hostname, ip: hostname == "a.example.com")
    assert actions(plan((TWO, None), (ONE, "a.example.com"), require_forward=True)) == [f"clear PTR of {TWO}"]
    with pytest.raises(Together, match=f"1 of 2 .*'{TWO}': require_forward: 'x.example.com' does not resolve to it"):
        plan((TWO, "x.example.com"), (ONE, "a.example.com"), require_forward=True)


def test_a_protected_record_is_neither_cleared_nor_renamed_nor_purged() -> None:
    """Every one of them is named, and nothing is written."""
    with pytest.raises(Together, match="2 of 3 .*protected") as caught:
        plan((ONE, None), (SIX, "new.example.com"), purge=True, protected=["?.example.com"])
    assert [failure.name for failure in caught.value.failures] == [ONE, TWO]


def test_the_plan_is_a_table_of_what_changes() -> None:
    """What stays is not in it; if all of it stays, there is none."""
    assert _records.show(plan()) == ""
    assert _records.show(plan((ONE, "new.example.com"), (SIX, None), purge=True)) == (
        "ADDRESS    SERVER  PTR BEFORE     PTR AFTER\n"
        "192.0.2.1  web-1   a.example.com  new.example.com\n"
        "192.0.2.2  web-2   b.example.com  none\n"
    )
