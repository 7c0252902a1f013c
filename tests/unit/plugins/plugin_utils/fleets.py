# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fleets for the tests of the inventory's pure parts: rows as the readers give them, settings, a marker."""

from __future__ import annotations

import typing as t

from ansible_collections.h444.cloud.plugins.plugin_utils import _hosts
from ansible_collections.h444.cloud.plugins.plugin_utils._hosts import Server, Settings

OPTIONS: dict[str, t.Any] = {
    "hostnames": ["label", "hostname", "ipv4", "id"],
    "connect_with": "ipv4",
    "hostvars_prefix": "h444_",
    "group": "h444",
    "label_groups": False,
    "label_pattern": None,
    "ip_groups": {},
    "statuses": [],
}


class Bare:
    """A marker that marks nothing, but tells what went through it."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def text(self, value: str) -> str:
        """Note a text."""
        assert isinstance(value, str)
        self.seen.append(value)
        return value

    def value(self, value: t.Any) -> t.Any:
        """Note a value."""
        self.seen.append(repr(value))
        return value

    def mapping(self, value: dict[str, t.Any], without: t.Container[str] = ()) -> dict[str, t.Any]:
        """Copy."""
        return {key: self.value(item) for key, item in value.items() if key not in without}


def settings(**given: t.Any) -> Settings:
    """Make settings as the plugin does."""
    return _hosts.make_settings({**OPTIONS, **given})


def row(server_id: str, label: str | None = None, **given: t.Any) -> dict[str, t.Any]:
    """Make a row in normal form."""
    return {
        "id": server_id,
        "label": label,
        "hostname": None,
        "status": "running",
        "plan_slug": "vps-2",
        "ipv4": None,
        **given,
    }


def ip(address: str | None, owner: str | None = None, **given: t.Any) -> dict[str, t.Any]:
    """Make the row of an address in normal form."""
    found = {
        "ip": address,
        "ptr": None,
        "primary": False,
        "gateway": None,
        "netmask": None,
        "zone_hosted": True,
        "vps_id": owner,
        "vps_label": None,
    }
    return {**found, **given}


def servers_of(rows: list[dict[str, t.Any]], ips: t.Sequence[dict[str, t.Any]] = (), **given: t.Any) -> list[Server]:
    """Make servers."""
    return _hosts.make_servers(rows, ips, settings(**given), Bare())[0]
