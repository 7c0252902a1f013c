# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The addresses of every server, in every grouping that the page leaves open."""

from __future__ import annotations

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _addresses, _catalogue
from ansible_collections.h444.cloud.plugins.module_utils._api import Answer
from ansible_collections.h444.cloud.plugins.module_utils._client import Client
from ansible_collections.h444.cloud.plugins.module_utils._errors import BadReply, Refused

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
def test_groupings(body: object) -> None:
    """One address of server 1, whatever the shape."""
    (row,) = _addresses.read_all_ips(body)
    assert row["ip"] == "192.0.2.1" and row["vps_id"] == "1" and row["zone_hosted"] is True and row["primary"] is True
    assert row["vps_label"] in ("a", None)


@pytest.mark.parametrize("body", [None, "text", {}, {"error": "x"}, [1], [{"id": "1", "ips": [{"primary": True}]}]])
def test_what_is_no_list_is_refused(body: object) -> None:
    """Nothing is taken for an empty account."""
    with pytest.raises(BadReply):
        _addresses.read_all_ips(body)


@pytest.mark.parametrize(
    ("told", "ptr"),
    [(None, None), ("", None), ("Mail.example.com.", "Mail.example.com"), ({"hostname": "a.example"}, "a.example")],
)
def test_ptr(told: object, ptr: str | None) -> None:
    """A cleared record is null, whatever it looks like."""
    (row,) = _addresses.read_all_ips([{"id": "1", "ips": [{"ip": "192.0.2.1", "ptr": told}]}])
    assert row["ptr"] == ptr


@pytest.mark.parametrize(
    "rows",
    [
        [{"os_family": "ubuntu", "os_template": "ubuntu-24.04"}],
        [{"id": 7, "name": "ubuntu-24.04", "family": "ubuntu"}],
        [{"slug": "ubuntu-24.04", "name": "Ubuntu 24.04", "os": {"slug": "ubuntu"}}],
        [{"family": "ubuntu", "templates": ["ubuntu-24.04"]}],
        [{"osFamily": "ubuntu", "versions": [{"osTemplate": "ubuntu-24.04"}]}],
    ],
)
def test_os_templates(rows: list[object]) -> None:
    """A template and its family, whatever the shape."""
    found = _catalogue.read_os_templates(rows)
    assert _catalogue.find_os_template(found, "ubuntu-24.04", None) == ("ubuntu", "ubuntu-24.04")
    with pytest.raises(Refused, match="ubuntu-24.04"):
        _catalogue.find_os_template(found, "ubuntu-24.40", None)


class Counting:
    """Answers from a list of bodies, and counts the requests. Pages are the real client's."""

    rows = Client.rows
    api_url = "http://127.0.0.1:1/v1"

    def __init__(self, *bodies: object) -> None:
        self.bodies, self.queries = list(bodies), []  # type: tuple[list[object], list[object]]

    def request(self, _endpoint: object, *, ids: object = None, query: object = None) -> Answer:
        """Give the next body."""
        self.queries.append(query)
        return Answer(200, self.bodies.pop(0), {})


def test_all_ips_with_paging_facts_is_one_request() -> None:
    """A reply that tells that it is whole is not asked for again."""
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
