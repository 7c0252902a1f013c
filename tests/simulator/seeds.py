# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a seed may hold: for each resource a number or rows, the fields of a row, and what a number stands for. Pure."""

from __future__ import annotations

import ipaddress
import typing as t

Row = t.Dict[str, t.Any]
MOST = 10000

# The fields of a row. Values may be odd on purpose, names may not: a misspelt one would make a row nobody asked for.
FIELDS: dict[str, tuple[str, ...]] = {
    "vps": (
        "id",
        "label",
        "hostname",
        "plan_slug",
        "os_family",
        "os_template",
        "status",
        "created_at",
        "ips",
        "alive",
        "at",
        "ready_at",
        "booted_at",
        "root_password",
        "extra",
    ),
    "hosting": (
        "id",
        "username",
        "domain",
        "status",
        "plan_slug",
        "php_version",
        "ssl_status",
        "created_at",
        "alive",
        "at",
        "ready_at",
        "sftp_password",
        "db_password",
    ),
    "domains": (
        "id",
        "name",
        "status",
        "auto_renew",
        "transfer_lock",
        "whois_privacy",
        "nameservers",
        "expires_at",
        "created_at",
    ),
    "invoices": ("total_usd_cents", "status"),
    "tickets": ("subject", "message", "status", "priority", "department"),
    "webhooks": ("id", "url", "events", "description", "is_active", "created_at", "secret"),
    "keys": ("key", "scopes", "expired"),
}
NUMBERS = ("balance_usd_cents", "transactions")


def _text(most: int) -> t.Callable[[t.Any], bool]:
    return lambda value: isinstance(value, str) and 1 <= len(value) <= most


def _list(kind: type) -> t.Callable[[t.Any], bool]:
    return lambda value: isinstance(value, list) and all(isinstance(item, kind) for item in value)


def _number(value: t.Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


# What the simulator itself works with, so that an odd value of it would break it.
CHECKS: tuple[tuple[str, t.Callable[[t.Any], bool], str], ...] = (
    ("subject", _text(255), "a text of 1 to 255 characters"),
    ("message", _text(20000), "a text of 1 to 20000 characters"),
    ("scopes", _list(str), "a list of texts"),
    ("events", _list(str), "a list of texts"),
    ("ips", _list(dict), "a list of objects"),
    ("at", _number, "a number, in seconds since 1970"),
    ("ready_at", _number, "a number, in seconds since 1970"),
    ("booted_at", _number, "a number, in seconds since 1970"),
    ("total_usd_cents", lambda value: _number(value) and value >= 0 and value % 1 == 0, "a whole number from 0"),
    ("extra", lambda value: isinstance(value, dict), "an object"),
)


def numbered(noun: str, number: int) -> Row:
    """Make the row that stands for the n-th of a number of resources, each with a name of its own."""
    rows: dict[str, Row] = {
        "vps": {"label": f"server-{number}", "hostname": f"server-{number}"},
        "hosting": {"domain": f"site-{number}.example", "username": f"site{number}"},
        "domains": {"name": f"domain-{number}.example"},
        "tickets": {"subject": f"Help {number}"},
        "webhooks": {"url": f"https://example.com/hook/{number}"},
        "keys": {"key": f"h444_simulator_key_{number}"},
    }
    return rows.get(noun, {})


def whole_number(name: str, value: t.Any, most: int = MOST) -> int:
    """Read a number. Raises ValueError with a sentence."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise ValueError(f"{name} is a whole number from 0 to {most}")
    return value


def checked(given: t.Any, there: t.Mapping[str, int]) -> Row:
    """Give a seed with rows for every resource. *there*: how many there are already. Raises ValueError."""
    if not isinstance(given, dict):
        raise ValueError("a seed is an object")
    known = {*FIELDS, *NUMBERS}
    unknown = sorted(set(given) - known)
    if unknown:
        raise ValueError(f"a seed takes no {', '.join(unknown)}; it takes {', '.join(sorted(known))}")
    seed: Row = {
        name: whole_number(name, given[name], 10**9 if name == "balance_usd_cents" else MOST)
        for name in NUMBERS
        if name in given
    }
    for noun in FIELDS:
        seed[noun] = _rows(noun, given.get(noun, 0), there.get(noun, 0))
    return seed


def _rows(noun: str, given: t.Any, there: int) -> list[Row]:
    if not isinstance(given, list):
        try:
            count = whole_number(noun, given)
        except ValueError:
            raise ValueError(f"{noun} is a list of objects, or a whole number from 0 to {MOST}") from None
        return [numbered(noun, there + number) for number in range(1, count + 1)]
    for row in given:
        if not isinstance(row, dict):
            raise ValueError(f"{noun} is a list of objects, or a whole number from 0 to {MOST}")
        unknown = sorted(set(row) - set(FIELDS[noun]))
        if unknown:
            more = "; what a reply is to show beyond them goes under extra" if "extra" in FIELDS[noun] else ""
            raise ValueError(f"a row of {noun} takes no {', '.join(unknown)}; it takes {', '.join(FIELDS[noun])}{more}")
        _check_row(noun, row)
    return given


def _check_row(noun: str, row: Row) -> None:
    """Refuse what the simulator itself could not work with."""
    if noun == "keys" and not (isinstance(row.get("key"), str) and row["key"]):
        raise ValueError("a row of keys needs key, a text")
    for name, check, form in CHECKS:
        if name in row and not check(row[name]):
            raise ValueError(f"{name} is {form}")
    for ip in row.get("ips", []):
        try:
            ipaddress.ip_address(str(ip.get("ip", "")))
        except ValueError:
            raise ValueError("each of ips needs ip, an address such as 192.0.2.7") from None
