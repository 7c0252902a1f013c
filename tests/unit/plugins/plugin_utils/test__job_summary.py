# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The last lines of a playbook: what was done to each server or record."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.h444.cloud.plugins.plugin_utils._job_summary import job_summary

SERVERS = [{"id": "1", "label": "web-1"}, {"id": "2", "label": "web-2"}, {"id": "3", "label": "db-1"}]


def server(label: str, **more: t.Any) -> dict[str, t.Any]:
    """Give a server of a result."""
    return {"label": label, "status": "running", "ipv4": "192.0.2.1", **more}


def test_servers_that_were_ordered() -> None:
    result = {
        "vps": [server("web-1"), server("web-2", ipv4="192.0.2.2", status="stopped"), None],
        "ordered": ["web-1"],
        "orders": {"web-1": {"monthly_usd_cents": 960}, "db-1": {"monthly_usd_cents": 960}},
        "failures": [{"kind": "servers", "name": "db-1", "msg": "The wallet is empty."}],
        "root_passwords": {"web-1": "do-not-show"},
    }
    names = {
        "ips": [{"ip": "192.0.2.1", "ptr": "web-1.example.com"}],
        "failures": [{"kind": "ptr_records", "name": "192.0.2.2", "msg": "No."}],
    }
    assert job_summary(result, "provision", labels=["web-1", "web-2", "db-1"], ptr=names) == [
        "web-1: ordered, 9.60 USD a month, running, 192.0.2.1, web-1.example.com",
        "web-2: existed, stopped, 192.0.2.2, no PTR record: No.",
        "db-1: failed: The wallet is empty.",
        "1 server was ordered, for 9.60 USD a month.",
    ]


def test_servers_that_would_be_ordered() -> None:
    result = {
        "vps": [server("web-1", ipv4=None)],
        "ordered": ["web-1"],
        "orders": {"web-1": {"monthly_usd_cents": 960}},
    }
    assert job_summary(result, "provision", labels=["web-1"], check_mode=True) == [
        "Check mode: nothing was changed.",
        "web-1: to order, 9.60 USD a month",
        "1 server would be ordered, for 9.60 USD a month.",
    ]
    assert job_summary({"msg": "no key"}, "provision", labels=["web-1"]) == ["web-1: not ordered", "Nothing to order."]


def test_servers_whose_power_was_set() -> None:
    result = {
        "vps": [server("web-1", status="stopped"), server("web-2", status="stopped"), server("db-1")],
        "actions": ["stop web-1"],
        "failures": [{"kind": "servers", "name": "db-1", "msg": "No."}],
    }
    assert job_summary(result, "power", servers=SERVERS) == [
        "web-1: stopped",
        "web-2: already stopped",
        "db-1: failed: No.",
    ]
    assert job_summary({**result, "failures": []}, "power", servers=SERVERS[:1], check_mode=True)[1:] == [
        "web-1: to stop"
    ]
    assert job_summary({"msg": "no key"}, "power", servers=SERVERS[:1]) == ["web-1: not changed"]
    assert job_summary({"actions": ["reboot web-1", "start web-2"]}, "power", servers=SERVERS)[:2] == [
        "web-1: restarted",
        "web-2: started",
    ]


def test_records_that_were_set() -> None:
    before = [
        {"label": "web-1", "ips": [{"ip": "192.0.2.1", "ptr": "old.example.com"}, {"ip": "2001:db8::1", "ptr": None}]}
    ]
    records = [
        {"ip": "192.0.2.1", "hostname": None},
        {"ip": "2001:DB8:0::1", "hostname": "web-1.example.com"},
        {"ip": "192.0.2.9", "hostname": "x.example.com"},
    ]
    result = {
        "ips": [{"ip": "192.0.2.1", "ptr": None}, {"ip": "2001:db8::1", "ptr": "web-1.example.com"}],
        "failures": [{"kind": "ptr_records", "name": "192.0.2.9", "msg": "Unknown."}],
    }
    more = {"records": records, "servers": before, "without_address": ["new"]}
    assert job_summary(result, "reverse_dns", **more) == [
        "192.0.2.1 (web-1): no record, was old.example.com",
        "2001:db8::1 (web-1): web-1.example.com, was not set",
        "192.0.2.9: failed: Unknown.",
        "new: has no address yet",
    ]
    assert job_summary({"ips": before[0]["ips"]}, "reverse_dns", records=records[:1], servers=before) == [
        "192.0.2.1 (web-1): old.example.com, unchanged"
    ]


def test_a_name_can_not_forge_a_line() -> None:
    (line,) = job_summary({}, "power", servers=[{"label": "a\nb: stopped"}])
    assert line == "a b: stopped: not changed"


def test_what_is_no_result_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="one of power, provision, reverse_dns"):
        job_summary({}, "report")
    with pytest.raises(AnsibleFilterError, match="result of a module"):
        job_summary([], "power")
