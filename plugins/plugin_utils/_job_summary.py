# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbooks provision, power and reverse_dns show at their end: a line for each server or record. Pure.

A result is that of the module that did the work, also one that failed. None of the lines contains a secret.
"""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.h444.cloud.plugins.module_utils._names import canonical_ip, clean
from ansible_collections.h444.cloud.plugins.module_utils._table import money

Row = t.Mapping[str, t.Any]

# What the modules do with a server, once done and before.
POWER = {"start": ("started", "to start"), "stop": ("stopped", "to stop"), "reboot": ("restarted", "to restart")}
CHECK_MODE = "Check mode: nothing was changed."


def job_summary(result: t.Any, kind: str, **more: t.Any) -> list[str]:
    """Return the lines of a summary. Raises: AnsibleFilterError."""
    if kind not in SUMMARIES:
        raise AnsibleFilterError("job_summary: the kind must be one of %s." % ", ".join(sorted(SUMMARIES)))
    if not isinstance(result, dict):
        raise AnsibleFilterError("job_summary: the input must be a result of a module.")
    is_check = bool(more.pop("check_mode", False))
    return [*([CHECK_MODE] if is_check else []), *SUMMARIES[kind](result, is_check, **more)]


def _provision(result: Row, is_check: bool, labels: t.Sequence[str] = (), ptr: t.Any = None) -> list[str]:
    """Say what became of each server. *ptr*: the result of h444_ptr_records."""
    ordered, orders = set(result.get("ordered") or ()), result.get("orders") or {}
    failed, unnamed = _failures(result), _failures(ptr or {})
    rows = list(result.get("vps") or ())
    rows += [None] * (len(labels) - len(rows))
    names = {row["ip"]: row["ptr"] for row in (ptr or {}).get("ips") or ()}
    found = []
    for label, row in zip(labels, rows):
        price = (orders.get(label) or {}).get("monthly_usd_cents")
        parts = ["to order" if is_check else "ordered"] if label in ordered else ["existed"] if row else ["not ordered"]
        if label in ordered and price is not None:
            parts.append("%s USD a month" % money(price))
        if row and not (is_check and label in ordered):
            parts += [part for part in (row.get("status"), row.get("ipv4"), names.get(row.get("ipv4"))) if part]
            parts += ["no PTR record: " + unnamed[row["ipv4"]]] if row.get("ipv4") in unnamed else []
        found.append(_line(label, parts, failed.get(label)))
    total = sum((orders.get(label) or {}).get("monthly_usd_cents") or 0 for label in ordered)
    count = "%d server%s" % (len(ordered), "" if len(ordered) == 1 else "s")
    verb = "would be" if is_check else "was" if len(ordered) == 1 else "were"
    found.append("%s %s ordered, for %s USD a month." % (count, verb, money(total)) if ordered else "Nothing to order.")
    return found


def _power(result: Row, is_check: bool, servers: t.Sequence[Row] = ()) -> list[str]:
    """Say what became of each server. *servers*: those that were chosen."""
    done = {}
    for action in result.get("actions") or ():
        verb, _space, label = str(action).partition(" ")
        done.update({label: POWER[verb][is_check]} if verb in POWER else {})
    rows = list(result.get("vps") or ())
    failed, found = _failures(result), []
    for place, server in enumerate(servers):
        row = rows[place] if place < len(rows) else None
        was_done = done.get(clean(server["label"]))
        # Where nothing was done, the server is already what was wanted, unless it failed.
        part = was_done or ("already %s" % row["status"] if row and row.get("status") else "not changed")
        found.append(_line(server["label"], [part], failed.get(server["label"])))
    return found


def _reverse_dns(
    result: Row,
    is_check: bool,
    records: t.Sequence[Row] = (),
    servers: t.Sequence[Row] = (),
    without_address: t.Sequence[str] = (),
) -> list[str]:
    """Say what each record is and was. *servers*: all servers with their addresses before."""
    rows = [(server["label"], row) for server in servers for row in server.get("ips") or ()]
    before = {_ip(row["ip"]): (row.get("ptr"), label) for label, row in rows}
    after = {_ip(row["ip"]): row.get("ptr") for row in result.get("ips") or ()}
    failed, found = _failures(result), []
    for record in records:
        ip = _ip(record["ip"])
        old, label = before.get(ip, (None, None))
        new = after.get(ip, old)
        name = "%s (%s)" % (ip, label) if label else str(ip)
        if new == old:
            parts = [new or "no record", "unchanged"]
        else:
            parts = [new or "no record", "%s %s" % ("now" if is_check else "was", old or "not set")]
        found.append(_line(name, parts, failed.get(ip)))
    return [*found, *("%s: has no address yet" % clean(label) for label in without_address)]


def _ip(value: t.Any) -> str:
    return canonical_ip(value) or str(value)


def _failures(result: Row) -> dict[str, str]:
    return {str(failure["name"]): str(failure["msg"]) for failure in result.get("failures") or ()}


def _line(name: str, parts: t.Sequence[str], failure: str | None) -> str:
    parts = parts if failure is None else ["failed: " + failure]
    return "%s: %s" % (clean(name), ", ".join(clean(part, 1000) for part in parts))


SUMMARIES: dict[str, t.Callable[..., list[str]]] = {
    "power": _power,
    "provision": _provision,
    "reverse_dns": _reverse_dns,
}
