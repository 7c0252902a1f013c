# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosting accounts, from the order to the end."""

from __future__ import annotations

import typing as t

from .account import Account, Route
from .billing import buy
from .calls import Call, No, Reply, Row, only, text_in
from .webhooks import publish

PHP_VERSIONS = ("7.4", "8.1", "8.3")
SHOWN = ("id", "username", "domain", "status", "plan_slug", "php_version", "ssl_status", "created_at")
DOMAIN_RULES: dict[str, t.Callable[[str], str]] = {
    "as_is": str,
    "upper": str.upper,
    "bare": lambda text: text.removeprefix("www."),
}
USERNAME_RULES: dict[str, t.Callable[[str], str]] = {"as_is": str, "lower": str.lower, "cut8": lambda text: text[:8]}


def shown(account: Account, row: Row) -> Row:
    """Give a hosting account as it is shown."""
    return {
        **{name: row[name] for name in SHOWN},
        "status": account.status_of(row),
        "quota": {"disk_mb": 5120, "databases": 5, "mailboxes": 10},
        "usage": {"disk_mb": 12, "databases": 1, "mailboxes": 0},
        "hosts": {"sftp_host": "sftp.example.net", "sftp_port": 22, "db_host": "db.example.net", "db_port": 3306},
    }


def make_hosting(account: Account, given: Row) -> Row:
    """Add a hosting account."""
    row = {
        "id": account.new_id("host"),
        "username": "user",
        "domain": "example.com",
        "status": "active",
        "plan_slug": "hosting-starter",
        "php_version": "8.3",
        "ssl_status": "issued",
        "created_at": account.stamp(),
        "alive": True,
        "at": account.now(),
        "ready_at": 0.0,
        "sftp_password": account.secret(),
        "db_password": account.secret(),
        **given,
    }
    account.hosting[row["id"]] = row
    return row


def order(account: Account, call: Call) -> Reply:
    """POST /hosting."""
    body = call.body
    only(body, "plan_slug", "domain", "username", "php_version")
    domain = DOMAIN_RULES[account.assume["domain_rule"]](text_in(body, "domain"))
    username = USERNAME_RULES[account.assume["username_rule"]](text_in(body, "username", 1, 32))
    php_version = _php_version(body.get("php_version", "8.3"))
    if any(row["alive"] and row["username"] == username for row in account.hosting.values()):
        raise No(409, "The username is taken.")

    def make() -> Row:
        return make_hosting(
            account,
            {
                "domain": domain,
                "username": username,
                "plan_slug": body["plan_slug"],
                "status": "suspended" if account.assume["comes_up"] == "off" else "active",
                "php_version": php_version,
                "ready_at": account.now() + account.assume["provisioning_seconds"],
            },
        )

    row, receipt = buy(account, body.get("plan_slug"), "hosting", f"Hosting of {domain}", make)
    passwords = {name: row[name] for name in ("sftp_password", "db_password")}
    with account.lock:
        publish(
            account,
            "hosting.created",
            {"hostingId": row["id"], "username": row["username"], "domain": row["domain"], "status": row["status"]},
        )
        return 201, {**shown(account, row), **passwords, **receipt}


def _php_version(value: t.Any) -> str:
    """Read a PHP version. Raises No."""
    if value not in PHP_VERSIONS:
        raise No(400, ["php_version must be one of " + ", ".join(PHP_VERSIONS)])
    return value


def _living(account: Account, call: Call) -> Row:
    """Find the hosting account of a request. Raises No."""
    row = account.hosting.get(call.ids["id"])
    if row is None or not row["alive"]:
        raise No(404, "Hosting account not found.")
    return row


def list_hosting(account: Account, call: Call) -> Reply:
    """GET /hosting."""
    return 200, [shown(account, row) for row in account.hosting.values() if account.shows(row, "list_lag_seconds")]


def get_hosting(account: Account, call: Call) -> Reply:
    """GET /hosting/:id."""
    row = account.hosting.get(call.ids["id"])
    if row is None or not account.shows(row, "get_lag_seconds"):
        raise No(404, "Hosting account not found.")
    return 200, shown(account, row)


def _set(account: Account, call: Call, **change: str) -> Reply:
    row = _living(account, call)
    if account.assume["suspend_again"] == "conflict" and change.get("status") == row["status"]:
        raise No(409, f"The account is {row['status']} already.")
    row.update(change)
    account.effect = True
    return 200, shown(account, row)


def suspend(account: Account, call: Call) -> Reply:
    """POST /hosting/:id/suspend."""
    return _set(account, call, status="suspended")


def unsuspend(account: Account, call: Call) -> Reply:
    """POST /hosting/:id/unsuspend."""
    return _set(account, call, status="active")


def retry_ssl(account: Account, call: Call) -> Reply:
    """POST /hosting/:id/ssl/retry."""
    return _set(account, call, ssl_status="pending")


def set_php(account: Account, call: Call) -> Reply:
    """PUT /hosting/:id/php."""
    only(call.body, "php_version")
    _living(account, call)
    return _set(account, call, php_version=_php_version(call.body.get("php_version")))


def delete_hosting(account: Account, call: Call) -> Reply:
    """DELETE /hosting/:id."""
    _living(account, call)["alive"] = False
    account.effect = True
    return 200, None


ROUTES = (
    Route("POST", "/hosting", "hosting_order", "orders:write", order, takes_key=True),
    Route("GET", "/hosting", "hosting", "hosting:read", list_hosting),
    Route("GET", "/hosting/{id}", "hosting", "hosting:read", get_hosting),
    Route("POST", "/hosting/{id}/suspend", "hosting", "hosting:write", suspend),
    Route("POST", "/hosting/{id}/unsuspend", "hosting", "hosting:write", unsuspend),
    Route("DELETE", "/hosting/{id}", "done", "hosting:destroy", delete_hosting),
    Route("PUT", "/hosting/{id}/php", "hosting", "hosting:write", set_php),
    Route("POST", "/hosting/{id}/ssl/retry", "hosting", "hosting:write", retry_ssl),
)
