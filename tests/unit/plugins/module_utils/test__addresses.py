# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The addresses of every server, in every grouping that the page leaves open."""

from __future__ import annotations

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _addresses
from ansible_collections.h444.cloud.plugins.module_utils._api import Answer
from ansible_collections.h444.cloud.plugins.module_utils._client import Client
from ansible_collections.h444.cloud.plugins.module_utils._errors import BadReply

ADDRESS = {"ip": "192.0.2.1", "primary": True, "gateway": None, "netmask": None, "ptr": None, "zoneHosted": True}


@pytest.mark.parametrize(
    "body",
    [
        [{"id": 1, "label": "a", "ips": [ADDRESS]}],
        [{"vps_id": "1", "label": "a", "ips": [ADDRESS]}],
        [{"vpsId": "1", "vpsLabel": "a", "ipAddresses": [ADDRESS]}],
        [{"vps": {"id": "1", "label": "a"}, "ips": [ADDRESS]}],
        {"data": [{"server": {"id": 1, "name": "a", "ips": [ADDRESS]}}]},
        {"servers": [{"id": "1", "name": "a", "addresses": [ADDRESS]}]},
        {"1": [ADDRESS]},
        {"data": {"1": [ADDRESS], "2": []}},
        {"1": {"label": "a", "ips": [ADDRESS]}},
        [{"vps_id": 1, **ADDRESS}],
        {"ips": [{"vps": {"id": "1"}, **ADDRESS}]},
    ],
)
def test_every_grouping_is_understood(body: object) -> None:
    """One address of server 1, whatever the shape."""
    (row,) = _addresses.read_all_ips(body)
    assert row["ip"] == "192.0.2.1" and row["vps_id"] == "1" and row["zone_hosted"] is True and row["primary"] is True
    assert row["vps_label"] in ("a", None)


@pytest.mark.parametrize("body", [[], {}, {"data": {}}, {"data": []}])
def test_an_account_without_servers_has_no_addresses(body: object) -> None:
    """An API that returns a map from IDs to addresses returns an empty one."""
    assert _addresses.read_all_ips(body) == []


@pytest.mark.parametrize("body", [None, "text", {"error": "x"}, [1], [{"id": "1", "ips": [{"primary": True}]}]])
def test_what_is_no_list_is_refused(body: object) -> None:
    """Nothing is taken for an empty account."""
    with pytest.raises(BadReply):
        _addresses.read_all_ips(body)


@pytest.mark.parametrize(
    ("told", "ptr"),
    [(None, None), ("", None), ("Mail.example.com.", "Mail.example.com"), ({"hostname": "a.example"}, "a.example")],
)
def test_a_cleared_record_is_null(told: object, ptr: str | None) -> None:
    """Empty and null are no record; a name loses its dot, and may stand in an object."""
    (row,) = _addresses.read_all_ips([{"id": "1", "ips": [{"ip": "192.0.2.1", "ptr": told}]}])
    assert row["ptr"] == ptr


def test_another_spelling_is_kept_for_paths() -> None:
    """An address is compared in canonical form, and sent as the API writes it."""
    (row,) = _addresses.read_all_ips([{"id": "1", "ips": ["2001:DB8::1/64"]}])
    assert (row["ip"], row["told_ip"], row["vps_id"]) == ("2001:db8::1", "2001:DB8::1", "1")
    (row,) = _addresses.read_all_ips([{"id": "1", "ips": ["2001:db8::1"]}])
    assert "told_ip" not in row


def test_what_cannot_be_read_is_left_out_where_somebody_takes_it() -> None:
    """The other addresses stay; the id of the server is given as far as it is known."""
    odd: list[tuple[str | None, str]] = []
    body = [{"id": 1, "ips": [ADDRESS, {"ip": "x"}]}, {"id": 2, "Id": 3}, 5]
    rows = _addresses.read_all_ips(body, lambda vps_id, error: odd.append((vps_id, str(error))))
    assert [(row["vps_id"], row["ip"]) for row in rows] == [("1", "192.0.2.1")]
    assert [vps_id for vps_id, _error in odd] == ["1", "3", None]
    for (_vps_id, error), what in zip(odd, ("no ip", "the field id occurs twice", "other than objects")):
        assert what in error


class Counting:
    """Answers from a list of bodies, and counts the requests. Pages are the real client's."""

    rows = Client.rows
    api_url = "http://127.0.0.1:1/v1"

    def __init__(self, *bodies: object, link: str = "") -> None:
        self.bodies, self.queries = list(bodies), []  # type: tuple[list[object], list[object]]
        self.link = link

    def request(self, _endpoint: object, *, ids: object = None, query: object = None) -> Answer:
        """Give the next body."""
        self.queries.append(query)
        return Answer(200, self.bodies.pop(0), {"Link": self.link} if self.link and self.bodies else {})


def test_all_ips_with_paging_facts_is_one_request() -> None:
    """A reply that says that it is whole is not asked for again."""
    api = Counting(
        {"data": [{"id": "1", "label": "a", "ips": [ADDRESS]}], "meta": {"page": 1, "total_pages": 1, "total": 1}}
    )
    assert [row["vps_id"] for row in _addresses.list_all_ips(api)] == ["1"]
    assert len(api.queries) == 1


def test_all_ips_in_pages() -> None:
    """The first page is read once, the second is asked for."""
    pages = [
        {"data": [{"id": str(number), "ips": [ADDRESS]}], "meta": {"page": number, "total_pages": 2}}
        for number in (1, 2)
    ]
    api = Counting(*pages)
    assert [row["vps_id"] for row in _addresses.list_all_ips(api)] == ["1", "2"]
    assert api.queries == [None, {"page": 2}]


@pytest.mark.parametrize("casing", ["total_pages", "totalPages", "TotalPages"])
def test_all_ips_in_pages_however_that_is_said(casing: str) -> None:
    pages = [{"data": [{"id": str(number), "ips": [ADDRESS]}], "page": number, casing: 2} for number in (1, 2)]
    assert [row["vps_id"] for row in _addresses.list_all_ips(Counting(*pages))] == ["1", "2"]


def test_all_ips_in_pages_by_a_header() -> None:
    pages = [[{"id": str(number), "ips": [ADDRESS]}] for number in (1, 2)]
    api = Counting(*pages, link='<http://127.0.0.1:1/v1/vps/all-ips?page=2>; rel="next"')
    assert [row["vps_id"] for row in _addresses.list_all_ips(api)] == ["1", "2"]


def test_all_ips_that_are_cut_are_refused() -> None:
    with pytest.raises(BadReply, match="incomplete list"):
        _addresses.list_all_ips(Counting({"data": [{"id": "1", "ips": [ADDRESS]}], "truncated": True}))
