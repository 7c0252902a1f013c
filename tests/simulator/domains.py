# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Domains, and what the registry makes of a change."""

from __future__ import annotations

import copy
import typing as t

from . import shapes
from .account import Account, Route
from .calls import Call, No, Reply, Row, only


def make_domain(account: Account, given: Row) -> Row:
    """Add a domain."""
    row: Row = {
        "id": account.new_id("dom"),
        "name": "example.com",
        "status": "active",
        "auto_renew": False,
        "transfer_lock": True,
        "whois_privacy": True,
        "nameservers": ["ns1.example.net", "ns2.example.net"],
        "expires_at": "2027-06-01T00:00:00.000Z",
        "created_at": account.stamp(),
        **given,
        "pushes": [],
    }
    account.domains[row["id"]] = row
    return row


def shown(account: Account, row: Row) -> Row:
    """Give a domain as it is shown, after the changes that have reached the registry."""
    for push in [push for push in row["pushes"] if push["due_at"] <= account.now()]:
        row["pushes"].remove(push)
        row.update(push["body"])
    return {name: copy.deepcopy(value) for name, value in row.items() if name != "pushes"}


def find(account: Account, call: Call) -> Row:
    """Find the domain of a request. Raises No."""
    if call.ids["id"] not in account.domains:
        raise No(404, "Domain not found.")
    return account.domains[call.ids["id"]]


def list_domains(account: Account, call: Call) -> Reply:
    """GET /domains."""
    return 200, [shown(account, row) for row in account.domains.values()]


def get_domain(account: Account, call: Call) -> Reply:
    """GET /domains/:id."""
    return 200, shown(account, find(account, call))


def change_domain(account: Account, call: Call) -> Reply:
    """PATCH /domains/:id."""
    body = plain_body(account.assume, call.body)
    _check(body)
    row = find(account, call)
    registry = account.assume["registry"]
    if registry in ("refuses", "bad_gateway"):
        status = 400 if registry == "refuses" else 502
        raise No(status, "The registry refused the change; it was rolled back.")
    if registry == "works":
        row["pushes"].append({"due_at": account.now() + account.assume["registry_seconds"], "body": body})
    account.effect = True
    return 200, {**shown(account, row), **body}


def plain_body(assume: t.Mapping[str, t.Any], body: Row) -> Row:
    """Give a change in the contract's names: the lock and the privacy are written under the names that replies have."""
    form, casing = assume["domain_fields"], assume["casing"]
    change: t.Callable[[str], str] = str
    if casing != "snake" and form != "none":
        change = shapes.pascal if casing == "pascal" else shapes.camel
    lock, privacy = ("locked", "privacy") if form == "short" else ("transfer_lock", "whois_privacy")
    names = {
        change(lock): "transfer_lock",
        change(privacy): "whois_privacy",
        "auto_renew": "auto_renew",
        "nameservers": "nameservers",
    }
    return {names.get(name, name + " (unknown)"): value for name, value in body.items()}


def _check(body: Row) -> None:
    """Refuse a change that the API does not take. Raises No."""
    only(body, "auto_renew", "nameservers", "transfer_lock", "whois_privacy")
    if not body:
        raise No(400, ["at least one field is needed"])
    for name, value in body.items():
        if not (_are_texts(value) if name == "nameservers" else isinstance(value, bool)):
            raise No(400, [f"{name} has the wrong type"])


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


ROUTES = (
    Route("GET", "/domains", "domain", "domains:read", list_domains),
    Route("GET", "/domains/{id}", "domain", "domains:read", get_domain),
    Route("PATCH", "/domains/{id}", "domain", "domains:write", change_domain),
)
