# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What changed in an account between two readings, as events. Pure, but for the readers.

A *watch* is a part of the account that is read as a whole: the servers with their addresses, the invoices, …. What is
known of it is its *place*: plain JSON, which a file can keep. ``derive`` takes the place and a new reading, and returns
the place after it and the changes. It changes neither.

The first reading of a watch is its beginning: it yields no event, except for what is a state by itself (a domain that
expires soon, a low wallet). A value that a reply leaves out is no change. What a list leaves out is not gone; only a
server is, if neither the servers nor the addresses show it any more, and the API does not find it either.
"""

from __future__ import annotations

import copy
import hashlib
import json
import random
import typing as t

from . import _account, _billing, _domain, _hosting, _ticket, _vps
from ._addresses import fetch_all_ips
from ._api import Api, Row
from ._errors import BadOption, H444Error
from ._names import closest, shown, well_formed
from ._reader import moment
from ._status import is_gone
from ._webhook import EVENTS as WEBHOOK_EVENTS

DOMAIN_EXPIRING, WALLET_LOW = "domain.expiring", "wallet.low"
EVENTS = (*WEBHOOK_EVENTS, DOMAIN_EXPIRING, WALLET_LOW)
EXPIRES_IN_DAYS = (30, 7, 1)
MOST_DAYS = 3650

DAY_SECONDS = 86400.0
HOUR_SECONDS = 3600.0
# A list may hide something for a while. What was there long before the first reading did not come into being now.
OLD_SECONDS = DAY_SECONDS
# The readings for which a new server without an address is waited for.
PATIENT_READINGS = 5
# Of the servers that no list shows, how many are asked for after one reading. The others wait for the next ones.
ASKED_AT_ONCE = 3
# What no list shows any more is still known for a while, so that it does not come into being twice.
MOST_ABSENT = 1000

PAID = frozenset({"paid", "settled", "completed", "complete"})
ANSWERED = "answered"
LEFT = frozenset({"transferred", "transferred_out", "transferred_away"})
TICKET_FIELDS = (*_ticket.FIELDS, "message_count")
DOMAIN_FIELDS = ("id", "name", "status", "auto_renew", "expires_at", "expires_on", "days_left")

Place = t.Dict[str, t.Any]


class Change(t.NamedTuple):
    """One change. *before*, *after*: what was known of the resource at both readings, None if it was not there."""

    type: str
    data: t.Dict[str, t.Any]
    before: t.Optional[t.Dict[str, t.Any]]
    after: t.Optional[t.Dict[str, t.Any]]


Derived = t.Tuple[Place, t.List[Change]]


class Settings(t.NamedTuple):
    """What is watched. *is_chosen*: whether the events were named one by one."""

    events: t.FrozenSet[str] = frozenset(EVENTS)
    is_chosen: bool = False
    expires_in_days: t.Tuple[int, ...] = EXPIRES_IN_DAYS
    balance_below_usd_cents: t.Optional[int] = None


def settings_of(
    events: t.Sequence[str] | None, expires_in_days: t.Sequence[int] | None, balance_below_usd_cents: int | None
) -> Settings:
    """Return the settings that these arguments mean; None: not given. Raises: BadOption."""
    wanted = frozenset(EVENTS) if events is None else frozenset(map(_known_event, events))
    if not wanted:
        raise BadOption(
            "events: at least one event is required. Leave the argument out to get all of them: %s." % ", ".join(EVENTS)
        )
    days = tuple(sorted(set(EXPIRES_IN_DAYS if expires_in_days is None else expires_in_days)))
    if days and not 0 <= days[0] <= days[-1] <= MOST_DAYS:
        raise BadOption("expires_in_days: each number of days must be from 0 to %d." % MOST_DAYS)
    _check_used("expires_in_days", bool(expires_in_days), DOMAIN_EXPIRING, wanted)
    _check_used("balance_below_usd_cents", balance_below_usd_cents is not None, WALLET_LOW, wanted)
    if events is not None:
        _check_possible(DOMAIN_EXPIRING, wanted, bool(days), "expires_in_days names no number of days")
        _check_possible(WALLET_LOW, wanted, balance_below_usd_cents is not None, "balance_below_usd_cents is not set")
    if balance_below_usd_cents is None:
        wanted -= {WALLET_LOW}
    if not days:
        wanted -= {DOMAIN_EXPIRING}
    return Settings(wanted, events is not None, days, balance_below_usd_cents)


def _known_event(name: str) -> str:
    if name not in EVENTS:
        near = closest(name, EVENTS)
        raise BadOption(
            "events: %s is not a known event%s. Known events: %s."
            % (shown(name), ", closest: %s" % near[0] if near else "", ", ".join(EVENTS))
        )
    return name


def _check_used(option: str, is_given: bool, event: str, wanted: t.Container[str]) -> None:
    if is_given and event not in wanted:
        raise BadOption("%s: this argument is for the event %s, which events does not name." % (option, event))


def _check_possible(event: str, wanted: t.Container[str], is_possible: bool, why: str) -> None:
    if event in wanted and not is_possible:
        raise BadOption("events: %s can't happen, because %s." % (event, why))


# What all watches share


def _begun(place: Place | None, now: float) -> tuple[Place, bool]:
    """Return a copy of a place, and whether this is its first reading. *now*: seconds since the epoch."""
    if place is None:
        return {"since": now, "entries": {}}, True
    return copy.deepcopy(place), False


def _kept(row: Row, fields: t.Sequence[str], before: Row | None) -> Row:
    """Return the fields that are kept of a row. What the reply leaves out stays as it was."""
    before = before or {}
    return {name: before.get(name) if row.get(name) is None else row[name] for name in fields}


def _is_old(told: t.Any, place: Place) -> bool:
    """Return whether something that a list shows for the first time was there long before the first reading."""
    created = moment(told)
    return created is not None and created.timestamp() < place["since"] - OLD_SECONDS


def _by_id(rows: t.Iterable[Row]) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for row in rows:
        found.setdefault(row["id"], row)
    return found


def _forget_some(entries: Place, present: t.Container[str]) -> None:
    """Forget what has been absent for the longest time, where that has become much."""
    absent = [name for name in entries if name not in present]
    for name in absent[:-MOST_ABSENT]:
        del entries[name]


# Servers and their PTR records


class Servers(t.NamedTuple):
    """The servers, and their addresses: None, with the problem, where only these could not be read."""

    rows: t.List[Row]
    addresses: t.Optional[_vps.Addresses] = None
    problem: t.Optional[H444Error] = None


def read_servers(api: Api) -> Servers:
    """Read all servers and all addresses."""
    rows = _vps.list_vps(api)
    try:
        return Servers(rows, _vps.gather_addresses(fetch_all_ips(api)))
    except H444Error as error:
        return Servers(rows, None, error)


def confirm_servers(api: Api, place: Place, reading: Servers) -> Servers:
    """Ask for servers that neither list shows: lists in pages skip some if they change, and both may be empty at once.

    What the API finds, or was not asked for, is there: it joins the owners of addresses. Raises: H444Error.
    """
    if reading.addresses is None:
        return reading
    missing = _missing(place["entries"], _by_id(reading.rows), reading.addresses)
    # By chance, for those that the API finds may be missing for long, and must not keep the others waiting.
    asked = random.sample(missing, min(ASKED_AT_ONCE, len(missing)))
    read = {vps_id: _vps.get_vps(api, vps_id) for vps_id in asked}
    gone = {vps_id for vps_id, row in read.items() if row is None or is_gone(row)}
    owners = {*reading.addresses.owners, *(vps_id for vps_id in missing if vps_id not in gone)}
    return reading._replace(addresses=reading.addresses._replace(owners=owners))


def _missing(entries: Place, rows: t.Container[str], addresses: _vps.Addresses) -> list[str]:
    """Return the IDs of the servers that were there, and that neither list shows."""
    shown_ids = addresses.owners
    return [name for name, one in entries.items() if not one["is_gone"] and name not in rows and name not in shown_ids]


def derive_servers(place: Place | None, reading: Servers, _settings: Settings, now: float) -> Derived:
    """Derive vps.created, .power.changed, .reinstalled, .ptr.changed and .terminated."""
    place, is_first = _begun(place, now)
    entries, changes = place["entries"], []
    rows = _by_id(reading.rows)
    for vps_id, row in rows.items():
        if vps_id not in entries:
            is_known = is_first or is_gone(row) or _is_old(row["created_at"], place)
            entries[vps_id] = _new_server(row, is_known)
        if is_gone(row):
            changes += _end_server(entries, vps_id)
        else:
            changes += _server_changes(entries[vps_id], row, reading.addresses)
    if reading.addresses is not None:
        # One list alone may be incomplete, so both have to agree that a server is gone.
        for vps_id in _missing(entries, rows, reading.addresses):
            changes += _end_server(entries, vps_id)
    _forget_some(entries, rows)
    return place, changes


def _new_server(row: Row, is_known: bool) -> Place:
    """Return the entry of a server. *is_known*: it was there before, so that only what follows is a change.

    A server that is being provisioned is not made yet, whenever that began. ``ptrs`` None: the records that are found
    next are known.
    """
    is_made = is_known and row["status"] != _vps.PROVISIONING
    return {
        "facts": _kept(row, _vps.FIELDS, None),
        "is_made": is_made,
        "is_gone": is_gone(row),
        "is_rebuilt": False,
        "power": _power(row) if is_made else None,
        "readings": 0,
        "ptrs": None if is_made else {},
    }


def _power(row: Row) -> str | None:
    return row["status"] if row["status"] in (_vps.RUNNING, _vps.STOPPED) else None


def _end_server(entries: Place, vps_id: str) -> list[Change]:
    """Note that a server is gone; it is still known, so that it is not made anew if a list shows it again."""
    entry = entries.pop(vps_id)
    entries[vps_id] = entry  # last, for the longest absent is forgotten first
    if entry["is_gone"]:
        return []
    entry.update(is_gone=True, ptrs=None)
    return [Change("vps.terminated", {"vps_id": vps_id}, entry["facts"], None)] if entry["is_made"] else []


def _server_changes(entry: Place, row: Row, addresses: _vps.Addresses | None) -> list[Change]:
    own = addresses.by_id.get(row["id"], []) if addresses is not None else []
    if row["ipv4"] is None:
        row = {**row, "ipv4": _vps.primary_address(own)}
    before = entry["facts"]
    after = entry["facts"] = _kept(row, _vps.FIELDS, before)
    entry["is_gone"] = False
    if not entry["is_made"]:
        changes = _made(entry, after)
    else:
        changes = _run_changes(entry, before, after)
    if not entry["is_made"] or addresses is None:
        return changes
    return changes + _ptr_changes(entry, row["id"], own)


def _made(entry: Place, after: Row) -> list[Change]:
    """Return the event of a server that is ready. One that has no address yet is waited for, for some readings."""
    if after["status"] == _vps.PROVISIONING:
        return []
    entry["readings"] += 1
    if after["ipv4"] is None and entry["readings"] < PATIENT_READINGS:
        return []
    entry.update(is_made=True, power=_power(after))
    names = ("label", "hostname", "plan_slug", "status", "ipv4")
    return [Change("vps.created", {"vps_id": after["id"], **{name: after[name] for name in names}}, None, after)]


def _run_changes(entry: Place, before: Row, after: Row) -> list[Change]:
    """Return what happened to a server that was there before: a reinstall, or a power action."""
    if after["status"] == _vps.PROVISIONING:
        entry["is_rebuilt"] = True  # nothing but an order and a reinstall provisions a server
        return []
    power, vps_id = _power(after), after["id"]
    if entry["is_rebuilt"] or before["os_template"] not in (None, after["os_template"]):
        entry.update(is_rebuilt=False, power=power or entry["power"])
        data = {"vps_id": vps_id, "os": after["os_family"], "os_template": after["os_template"]}
        return [Change("vps.reinstalled", data, before, after)]
    had, entry["power"] = entry["power"], power or entry["power"]
    if power is None or had in (None, power):
        return []
    action = "start" if power == _vps.RUNNING else "stop"
    return [Change("vps.power.changed", {"vps_id": vps_id, "action": action}, before, after)]


def _ptr_changes(entry: Place, vps_id: str, addresses: t.Iterable[Row]) -> list[Change]:
    """Return the changes of a server's PTR records. An address that a reply leaves out keeps its own."""
    is_known, changes = entry["ptrs"] is None, []
    ptrs = entry["ptrs"] = entry["ptrs"] or {}
    for row in addresses:
        ip, ptr = row["ip"], row["ptr"]
        had = ptrs.get(ip)
        ptrs[ip] = ptr
        if had != ptr and not is_known:
            data = {"vps_id": vps_id, "ip": ip, "ptr": ptr}
            changes.append(Change("vps.ptr.changed", data, {**data, "ptr": had}, dict(data)))
    return changes


# Hosting accounts


def derive_hosting(place: Place | None, rows: t.Sequence[Row], _settings: Settings, now: float) -> Derived:
    """Derive hosting.created."""
    place, is_first = _begun(place, now)
    entries, changes = place["entries"], []
    for row in _by_id(rows).values():
        is_ready = row["status"] != _hosting.PROVISIONING
        entry = entries.get(row["id"])
        if entry is None:
            is_known = is_first or is_gone(row) or _is_old(row["created_at"], place)
            entry = entries[row["id"]] = {"facts": None, "is_made": is_known and is_ready}
        entry["facts"] = after = _kept(row, _hosting.FIELDS, entry["facts"])
        if is_ready and not entry["is_made"]:
            entry["is_made"] = True
            names = ("username", "domain", "status")
            data = {"hosting_id": row["id"], **{name: after[name] for name in names}}
            changes.append(Change("hosting.created", data, None, after))
    _forget_some(entries, _by_id(rows))
    return place, changes


# Invoices


def is_paid(invoice: Row) -> bool:
    """Return whether an invoice is paid: by its status, or by its date where there is no status."""
    return invoice["status"] in PAID if invoice["status"] is not None else invoice["paid_at"] is not None


def derive_invoices(place: Place | None, rows: t.Sequence[Row], _settings: Settings, now: float) -> Derived:
    """Derive invoice.paid."""
    place, is_first = _begun(place, now)
    entries, changes = place["entries"], []
    for row in _by_id(rows).values():
        entry = entries.get(row["id"])
        after = _kept(row, _billing.INVOICE_FIELDS, entry and entry["facts"])
        is_known = entry is None and (is_first or _is_old(after["paid_at"] or after["created_at"], place))
        had = is_known or (entry is not None and entry["is_paid"])
        # A paid invoice that is refunded later was paid once.
        entries[row["id"]] = {"facts": after, "is_paid": is_paid(after) or (entry is not None and entry["is_paid"])}
        if is_paid(after) and not had:
            names = ("invoice_number", "total_usd_cents", "currency")
            data = {"invoice_id": row["id"], **{name: after[name] for name in names}}
            changes.append(Change("invoice.paid", data, entry and entry["facts"], after))
    _forget_some(entries, _by_id(rows))
    return place, changes


# Tickets


def derive_tickets(place: Place | None, rows: t.Sequence[Row], _settings: Settings, now: float) -> Derived:
    """Derive ticket.created and ticket.replied."""
    place, is_first = _begun(place, now)
    entries, changes = place["entries"], []
    for row in _by_id(rows).values():
        before = entries.get(row["id"])
        after = entries[row["id"]] = _kept(row, TICKET_FIELDS, before)
        data = {"ticket_id": row["id"], **{name: after[name] for name in ("ticket_number", "subject", "status")}}
        if before is None and (is_first or _is_old(after["created_at"], place)):
            continue
        if before is None:
            changes.append(Change("ticket.created", {**data, "priority": after["priority"]}, None, after))
        if _is_answered(before, after):
            changes.append(Change("ticket.replied", data, before, after))
    _forget_some(entries, _by_id(rows))
    return place, changes


def _is_answered(before: Row | None, after: Row) -> bool:
    """Return whether the support replied: the ticket is answered, and was not, or something was added since."""
    if after["status"] != ANSWERED:
        return False
    if before is None or before["status"] != ANSWERED:
        return True
    return any(before[name] not in (None, after[name]) for name in ("updated_at", "message_count"))


# Domains


def read_domains(api: Api) -> list[Row]:
    """Read all domains, as their list shows them."""
    return [domain.row for domain in _domain.list_domains(api)]


def derive_domains(place: Place | None, rows: t.Sequence[Row], settings: Settings, now: float) -> Derived:
    """Derive domain.expiring: once for each number of days, the smallest one if several are reached at once.

    A domain that was renewed can reach them again.
    """
    place, _is_first = _begun(place, now)
    entries, changes = place["entries"], []
    for row in _by_id(rows).values():
        days_left = row["days_left"]
        if days_left is None or is_gone(row) or row["status"] in LEFT:
            continue
        entry = entries.get(row["id"])
        after = _kept(row, DOMAIN_FIELDS, entry and entry["facts"])
        passed = [days for days in entry["passed"] if days_left <= days] if entry else []
        reached = [days for days in settings.expires_in_days if days_left <= days]
        entries[row["id"]] = {"facts": after, "passed": sorted({*passed, *reached})}
        if reached and min(reached) < min(passed, default=MOST_DAYS + 1):
            data = {"domain_id": row["id"], **{name: after[name] for name in ("name", "expires_on", "days_left")}}
            data["expires_in_days"] = min(reached)
            changes.append(Change(DOMAIN_EXPIRING, data, entry and entry["facts"], after))
    _forget_some(entries, _by_id(rows))
    return place, changes


# The wallet


def derive_account(place: Place | None, account: Row, settings: Settings, now: float) -> Derived:
    """Derive wallet.low: once each time that the balance falls below the limit."""
    balance, limit = account["balance_usd_cents"], settings.balance_below_usd_cents
    if limit is None:
        return copy.deepcopy(place) or {}, []
    place = place or {}
    is_low, before, after = balance < limit, place.get("balance_usd_cents"), {"balance_usd_cents": balance}
    changes = []
    if is_low and not place.get("is_low"):
        data = {"balance_usd_cents": balance, "balance_below_usd_cents": limit}
        had = None if before is None else {"balance_usd_cents": before}
        changes.append(Change(WALLET_LOW, data, had, after))
    return {"is_low": is_low, "balance_usd_cents": balance}, changes


# All watches


class Watch(t.NamedTuple):
    """A part of the account that is read as a whole, and what it shows. *requests*: how many that takes at least."""

    name: str
    requests: int
    events: t.Tuple[str, ...]
    read: t.Callable[[Api], t.Any]
    derive: t.Callable[[t.Optional[Place], t.Any, Settings, float], Derived]
    every_seconds: float = 0.0
    """0: in every round"""
    confirm: t.Optional[t.Callable[[Api, Place, t.Any], t.Any]] = None
    """checks by further requests what a reading seems to show"""


SERVER_EVENTS = tuple(event for event in EVENTS if event.startswith("vps."))
ACCOUNT = Watch("account", 1, (WALLET_LOW,), _account.get_account, derive_account)
WATCHES = (
    ACCOUNT,
    Watch("servers", 2, SERVER_EVENTS, read_servers, derive_servers, confirm=confirm_servers),
    Watch("hosting", 1, ("hosting.created",), _hosting.list_hosting, derive_hosting),
    Watch("invoices", 1, ("invoice.paid",), _billing.list_invoices, derive_invoices),
    Watch("tickets", 1, ("ticket.created", "ticket.replied"), _ticket.list_tickets, derive_tickets),
    # A date that is known long before.
    Watch("domains", 1, (DOMAIN_EXPIRING,), read_domains, derive_domains, HOUR_SECONDS),
)


def watches_for(settings: Settings) -> list[Watch]:
    """Return the watches that the wanted events need."""
    return [watch for watch in WATCHES if settings.events & set(watch.events)]


def event_of(change: Change, account_id: str, number: int, received_at: str) -> Row:
    """Return the event of a change, in the form of those of the source h444.cloud.webhook.

    *number*: how many events there were before, so that the ID is a different one for each, and the same for an event
    that is queued again after a crash. Nothing is signed here, so ``signed_at`` is None.
    """
    parts = [account_id, number, received_at, change.type, change.data]
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode("ascii")).hexdigest()
    event: Row = {
        "type": change.type,
        "data": change.data,
        "payload": {"before": change.before, "after": change.after},
        "meta": {"delivery_id": "chg_" + digest[:32], "signed_at": None, "received_at": received_at},
    }
    return well_formed(event)
