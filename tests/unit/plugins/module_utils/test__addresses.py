# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The addresses of every server, in every grouping that the page leaves open."""

from __future__ import annotations

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _addresses, _catalogue
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
