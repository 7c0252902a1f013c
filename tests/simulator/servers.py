# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers (VPS), from the order to the end, and their addresses with their PTR records."""

from __future__ import annotations

import copy
import ipaddress
import re
import typing as t
import unicodedata

from .account import Account, Route
from .billing import buy
from .calls import Call, No, Reply, Row, only, text_in
from .catalogue import installable, specs_of
from .webhooks import publish

DOCUMENTATION_ADDRESSES = 750
SHOWN = ("id", "label", "hostname", "plan_slug", "os_family", "os_template", "created_at")
LABEL_RULES: dict[str, t.Callable[[str], str]] = {
    "as_is": str,
    "lower": str.lower,
    "cut10": lambda text: text[:10],
    "cut64": lambda text: text[:64],
    "nfd": lambda text: unicodedata.normalize("NFD", text),
    "slug": lambda text: re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-"),
}


def shown(account: Account, row: Row) -> Row:
    """Give a server as it is shown."""
    return {
        **{name: row[name] for name in SHOWN},
        "status": account.status_of(row),
        "ipv4": next((ip["ip"] for ip in row["ips"] if ip["primary"] and ":" not in ip["ip"]), None),
        "specs": specs_of(account, row["plan_slug"]),
        **row.get("extra", {}),
    }


def make_server(account: Account, given: Row) -> Row:
    """Add a server. A field that the API does not have goes under ``extra``."""
    ip = _next_ipv4(account)
    row: Row = {
        "id": account.new_id("vps"),
        "label": "server",
        "hostname": "server",
        "plan_slug": "vps-2",
        "os_family": "ubuntu",
        "os_template": "ubuntu-24.04",
        "status": "running",
        "created_at": account.stamp(),
        "at": account.now(),
        "ready_at": 0.0,
        "booted_at": 0.0,
        "alive": True,
        "root_password": account.secret(),
        "extra": {},
        "ips": [_address(ip, primary=True, gateway=ip.rsplit(".", 1)[0] + ".254", netmask="255.255.255.0")],
    }
    for name, value in given.items():
        if name == "ips":
            row["ips"] = [{**_address("", primary=place == 0), **ip} for place, ip in enumerate(value)]
        elif name in row:
            row[name] = value
        else:
            row["extra"][name] = value
    account.servers[row["id"]] = row
    return row


def _address(ip: str, *, primary: bool = False, gateway: str | None = None, netmask: str | None = None) -> Row:
    return {"ip": ip, "primary": primary, "gateway": gateway, "netmask": netmask, "ptr": None, "zoneHosted": True}


def _next_ipv4(account: Account) -> str:
    """Take the next free address: of the networks for documentation first, then of a private one."""
    number = account.next_address
    account.next_address += 1
    return address_number(number) if account.address is None else account.address(number)


def address_number(number: int) -> str:
    """Give the n-th address that takes no logins."""
    if number < DOCUMENTATION_ADDRESSES:
        return "%s.%d" % (("192.0.2", "198.51.100", "203.0.113")[number // 250], number % 250 + 1)
    return "10.%d.%d.%d" % (number >> 16, (number >> 8) & 255, number & 255)


# Orders


def order(account: Account, call: Call) -> Reply:
    """POST /vps."""
    body = call.body
    only(body, "plan_slug", "label", "hostname", "os_family", "os_template")
    label, hostname = text_in(body, "label"), text_in(body, "hostname")
    family, template = installable(account, body, "os_family", "os_template")

    def make() -> Row:
        row = make_server(
            account,
            {
                "plan_slug": body["plan_slug"],
                "os_family": family,
                "os_template": template,
                "label": LABEL_RULES[account.assume["label_rule"]](label),
                "hostname": hostname,
                "status": "stopped" if account.assume["comes_up"] == "off" else "running",
                "ready_at": account.now() + account.assume["provisioning_seconds"],
                "at": account.now(),
                "booted_at": account.now(),
            },
        )
        if account.assume["second_address"] == "ipv6":
            row["ips"].append(_address(f"2001:db8::{len(account.servers):x}", netmask="64"))
        return row

    row, receipt = buy(account, body.get("plan_slug"), "vps", f"Order of {label}", make)
    with account.lock:
        publish(
            account,
            "vps.created",
            {
                "vpsId": row["id"],
                "label": row["label"],
                "hostname": row["hostname"],
                "planSlug": row["plan_slug"],
                "status": account.status_of(row),
                "ipv4": row["ips"][0]["ip"],
            },
        )
        return 201, {**shown(account, row), "root_password": row["root_password"], **receipt}


def reinstall(account: Account, call: Call) -> Reply:
    """POST /vps/:id/reinstall."""
    only(call.body, "os", "osTemplate")
    with account.lock:
        row = _living(account, call)
        family, template = installable(account, call.body, "os", "osTemplate")
        row.update(os_family=family, os_template=template)
        row.update(status="running", ready_at=account.now() + account.assume["provisioning_seconds"])
        row["booted_at"] = account.now()
        row["wiped"] = row.get("wiped", 0) + 1
        account.effect = True
        publish(account, "vps.reinstalled", {"vpsId": row["id"], "os": family, "osTemplate": template})
        reply = shown(account, row)
        if account.assume["reinstall_password"] == "yes":
            row["root_password"] = reply["root_password"] = account.secret()
        return 200, reply


def terminate(account: Account, call: Call) -> Reply:
    """DELETE /vps/:id."""
    row = _living(account, call)
    row["alive"] = False
    account.effect = True
    publish(account, "vps.terminated", {"vpsId": row["id"]})
    return 200, None


# Servers that are there


def _find(account: Account, call: Call) -> Row:
    """Find the server of a request, also one that is terminated and still shown. Raises No."""
    row = account.servers.get(call.ids["id"])
    if row is None or not account.shows(row, "get_lag_seconds"):
        raise No(404, "VPS not found.")
    return row


def _living(account: Account, call: Call) -> Row:
    """Find the server of a request. Raises No."""
    row = _find(account, call)
    if not row["alive"]:
        raise No(404, "VPS not found.")
    return row


def list_servers(account: Account, call: Call) -> Reply:
    """GET /vps."""
    return 200, [shown(account, row) for row in account.servers.values() if account.shows(row, "list_lag_seconds")]


def get_server(account: Account, call: Call) -> Reply:
    """GET /vps/:id."""
    return 200, shown(account, _find(account, call))


def get_stats(account: Account, call: Call) -> Reply:
    """GET /vps/:id/stats."""
    specs = specs_of(account, _living(account, call)["plan_slug"])
    memory, disk = specs.get("ram_mb", 4096), specs.get("disk_gb", 60)
    return 200, {
        "cpu_percent": 3.5,
        "memory_used_mb": memory // 5,
        "memory_total_mb": memory,
        "network_rx_bytes": 123456,
        "network_tx_bytes": 65432,
        "disk_used_gb": disk / 8,
        "disk_total_gb": disk,
        "uptime_seconds": 86400,
    }


def switch_power(account: Account, call: Call) -> Reply:
    """POST /vps/:id/power/:action."""
    row, action = _living(account, call), call.ids["action"]
    if action not in ("start", "stop", "reboot"):
        raise No(400, "action must be one of start, stop, reboot")
    if action == "reboot" or (action, row["status"]) == ("start", "stopped"):
        row["booted_at"] = account.now()
    row["status"] = "stopped" if action == "stop" else "running"
    account.effect = True
    publish(account, "vps.power.changed", {"vpsId": row["id"], "action": action})
    return 200, shown(account, row)


def set_label(account: Account, call: Call) -> Reply:
    """PATCH /vps/:id/label."""
    only(call.body, "label")
    row = _living(account, call)
    label = LABEL_RULES[account.assume["label_rule"]](text_in(call.body, "label"))
    if account.assume["rename"] == "kept":
        row["label"] = label
    account.effect = True
    return 200, shown(account, row)


# Addresses


def list_ips(account: Account, call: Call) -> Reply:
    """GET /vps/:id/ips."""
    return 200, copy.deepcopy(_living(account, call)["ips"])


def list_all_ips(account: Account, call: Call) -> Reply:
    """GET /vps/all-ips."""
    return 200, [
        {"vps_id": row["id"], "label": row["label"], "ips": copy.deepcopy(row["ips"])}
        for row in account.servers.values()
        if row["alive"] and account.shows(row, "list_lag_seconds")
    ]


def _ip_of(account: Account, call: Call) -> tuple[Row, Row]:
    """Find the server and the address of a request. Raises No."""
    try:
        wanted = ipaddress.ip_address(call.ids["ip"])
    except ValueError:
        raise No(400, ["ip must be an IP address"]) from None
    row = _living(account, call)
    found = next((ip for ip in row["ips"] if ipaddress.ip_address(ip["ip"]) == wanted), None)
    if found is None:
        raise No(404, "IP not found on this VPS.")
    return row, found


def set_ptr(account: Account, call: Call) -> Reply:
    """PUT /vps/:id/ips/:ip/ptr."""
    only(call.body, "hostname")
    row, ip = _ip_of(account, call)
    if not ip["zoneHosted"]:
        raise No(400, "The reverse zone is not on our DNS.")
    ip["ptr"] = text_in(call.body, "hostname", 1, 253)
    account.effect = True
    publish(account, "vps.ptr.changed", {"vpsId": row["id"], "ip": ip["ip"], "ptr": ip["ptr"]})
    return 200, copy.deepcopy(ip)


def clear_ptr(account: Account, call: Call) -> Reply:
    """DELETE /vps/:id/ips/:ip/ptr."""
    row, ip = _ip_of(account, call)
    account.effect = ip["ptr"] is not None
    ip["ptr"] = None
    if account.effect:
        publish(account, "vps.ptr.changed", {"vpsId": row["id"], "ip": ip["ip"], "ptr": None})
    return 200, None


ROUTES = (
    Route("POST", "/vps", "vps_order", "orders:write", order, takes_key=True),
    Route("GET", "/vps", "vps", "vps:read", list_servers),
    Route("GET", "/vps/all-ips", "all_ips", "vps:read", list_all_ips),
    Route("GET", "/vps/{id}", "vps", "vps:read", get_server),
    Route("GET", "/vps/{id}/stats", "stats", "vps:read", get_stats),
    Route("GET", "/vps/{id}/ips", "vps_ips", "vps:read", list_ips),
    Route("POST", "/vps/{id}/power/{action}", "vps", "vps:write", switch_power),
    Route("PATCH", "/vps/{id}/label", "vps", "vps:write", set_label),
    Route("PUT", "/vps/{id}/ips/{ip}/ptr", "vps_ip", "vps:write", set_ptr),
    Route("DELETE", "/vps/{id}/ips/{ip}/ptr", "done", "vps:write", clear_ptr),
    Route("POST", "/vps/{id}/reinstall", "vps_order", "vps:destroy", reinstall, takes_key=True),
    Route("DELETE", "/vps/{id}", "done", "vps:destroy", terminate),
)
