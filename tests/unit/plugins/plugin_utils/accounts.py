# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Accounts in normal form, as the info modules return them, for the tests of the report."""

from __future__ import annotations

import typing as t
from datetime import date

from ansible_collections.h444.cloud.plugins.plugin_utils._report import SCOPES, Figures, figures_of

TODAY = date(2026, 11, 26)
Row = t.Dict[str, t.Any]


def server(label: str = "web-1", **more: t.Any) -> Row:
    """Make a server."""
    row = {"id": label, "label": label, "hostname": label, "status": "running", "plan_slug": "vps-2", "ipv4": None}
    return {**row, "created_at": "2026-01-10T09:00:00.000Z", **more}


def ip(address: str, vps_id: str = "web-1", ptr: str | None = None, forward: bool = False, **more: t.Any) -> Row:
    """Make an address."""
    return {"ip": address, "ptr": ptr, "vps_id": vps_id, "primary": True, "forward_confirmed": forward, **more}


def hosting(domain: str = "example.com", **more: t.Any) -> Row:
    """Make a hosting account."""
    row = {"id": domain, "domain": domain, "username": "user", "status": "active", "plan_slug": "hosting-starter"}
    return {**row, "php_version": "8.3", "ssl_status": "issued", "created_at": "2026-01-20T09:00:00.000Z", **more}


def domain(name: str = "example.com", expires: str | None = "2027-11-26", **more: t.Any) -> Row:
    """Make a domain."""
    row = {"id": name, "name": name, "status": "active", "expires_on": expires, "auto_renew": True}
    return {**row, "transfer_lock": True, **more}


def invoice(number: str = "INV-1", day: str | None = "2026-11-10", **more: t.Any) -> Row:
    """Make an invoice."""
    row = {"id": number, "invoice_number": number, "status": "paid", "total_usd_cents": 960, "paid_at": day}
    return {**row, "created_at": day, **more}


def ticket(number: str = "T-1", status: str = "open", **more: t.Any) -> Row:
    """Make a ticket."""
    row = {"id": number, "ticket_number": number, "subject": "Help", "status": status, "priority": "medium"}
    return {**row, "created_at": "2026-11-20T09:00:00.000Z", "updated_at": "2026-11-21T09:00:00.000Z", **more}


def webhook(url: str = "https://example.com/hook", **more: t.Any) -> Row:
    """Make a webhook."""
    return {"id": url, "url": url, "events": ["invoice.paid"], "is_active": True, **more}


def product(slug: str, cents: int | None, category: str = "vps", **more: t.Any) -> Row:
    """Make a plan."""
    return {
        "slug": slug,
        "category": category,
        "name_en": slug.replace("-", " "),
        "your_monthly_usd_cents": cents,
        **more,
    }


PRODUCTS = [
    product("vps-1", 480),
    product("vps-2", 960),
    product("hosting-starter", 240, "hosting"),
]


def found(balance: int = 100000, **sections: t.Any) -> Row:
    """Give what all modules returned, by default an account with a plan and nothing else."""
    account = {"id": "account-1", "email": "you@example.com", "balance_usd_cents": balance}
    return {**{name: [] for name in SCOPES}, "account": account, "products": PRODUCTS, **sections}


def figures(balance: int = 100000, missing: t.Sequence[str] = (), today: date = TODAY, **sections: t.Any) -> Figures:
    """Give the figures of an account. *missing*: the sections that the key can't read."""
    rows = {name: row for name, row in found(balance, **sections).items() if name not in missing}
    return figures_of(rows, {name: SCOPES[name] for name in missing}, today)
