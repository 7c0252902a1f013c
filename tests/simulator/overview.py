# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the simulator's own page shows: the account without its secrets, and the requests with what became of them."""

from __future__ import annotations

import hashlib
import json
import re
import typing as t

from . import assumed, domains, hosting, servers
from .account import Account
from .calls import Call, Row
from .faults import Faults
from .journal import Journal
from .oauth import OAuth

MOST_ROWS = 500
SHOWN_OF_FAULT = ("kind", "method", "path", "when", "nth", "times", "every", "seen", "status", "seconds")


def overview(account: Account, oauth: OAuth, faults: Faults, journal: Journal, query: t.Mapping[str, str]) -> Row:
    """Give what has changed since the last answer.

    *query*: what the last answer had: ``account`` and ``requests`` are marks of what the page shows already.
    """
    with account.lock:
        shown = {**_account(account), "sign_ins": oauth.pending(), "faults": _faults(faults)}
        now = account.stamp()
    mark = hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:16]
    return {
        "now": now,
        "account": {"mark": mark, **({} if query.get("account") == mark else {"shown": shown})},
        "requests": _requests(journal, query.get("requests", "")),
    }


def _account(account: Account) -> Row:
    """Give the account as the page shows it; nothing in it is secret."""
    prices = {row["slug"]: row["your_monthly_usd_cents"] for row in account.products}
    vps = [_server(account, row, prices) for row in account.servers.values() if row["alive"]]
    hosts = [_hosting(account, row, prices) for row in account.hosting.values() if row["alive"]]
    return {
        "email": account.account["email"],
        "scenario": "" if account.document else account.scenario,
        "balance_usd_cents": account.account["balance_usd_cents"],
        "monthly_usd_cents": sum(row["usd_cents"] or 0 for row in (*vps, *hosts)),
        "servers": vps,
        "hosting": hosts,
        "domains": [_domain(account, row) for row in account.domains.values()],
        "webhooks": [
            {**_picked(row, "id", "url", "events"), "status": "active" if row["is_active"] else "paused"}
            for row in account.webhooks.values()
        ],
        "ledger": [
            _picked(row, "id", "kind", "amount_usd_cents", "balance_after_usd_cents", "description", "created_at")
            for row in account.ledger[: -MOST_ROWS - 1 : -1]
        ],
        "switches": [
            {"name": name, "value": account.assume[name], "usual": switch.values[0], "silence": switch.silence}
            for name, switch in assumed.SWITCHES.items()
        ],
        "contract_broken": account.contract_broken,
    }


def _picked(row: Row, *names: str) -> Row:
    return {name: row[name] for name in names}


def _server(account: Account, row: Row, prices: t.Mapping[str, int]) -> Row:
    ips = sorted(row["ips"], key=lambda ip: not ip["primary"])
    return {
        **_picked(servers.shown(account, row), "id", "label", "status", "plan_slug", "os_template"),
        "usd_cents": prices.get(row["plan_slug"]),
        "addresses": [_picked(ip, "ip", "ptr") for ip in ips],
    }


def _hosting(account: Account, row: Row, prices: t.Mapping[str, int]) -> Row:
    shown = _picked(hosting.shown(account, row), "id", "domain", "username", "status", "plan_slug", "php_version")
    return {**shown, "usd_cents": prices.get(row["plan_slug"])}


def _domain(account: Account, row: Row) -> Row:
    shown = domains.get_domain(account, Call({"id": row["id"]}, {}, {}, ""))[1]
    return _picked(shown, "id", "name", "status", "expires_at", "auto_renew", "nameservers")


def _faults(faults: Faults) -> list[Row]:
    """Give the faults that are still to come, without what their replies hold."""
    return [{name: fault[name] for name in SHOWN_OF_FAULT if name in fault} for fault in faults.ahead()]


def _requests(journal: Journal, mark: str) -> Row:
    """Give the last requests since a mark, and those that were not answered then."""
    found = re.fullmatch(r"([0-9]{1,9})\.([0-9]{1,9})", mark)
    view = journal.view(int(found.group(1)) if found else -1, int(found.group(2)) if found else 0, MOST_ROWS)
    rows = [
        {**_picked(row, "n", "method", "path", "status", "effect", "fault", "mcp", "at"), "open": is_open}
        for row, is_open in view.rows
    ]
    return {"mark": f"{view.generation}.{view.since}", "is_new": view.is_new, "rows": rows}
