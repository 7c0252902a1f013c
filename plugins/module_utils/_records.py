# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Many PTR records in one task: one reading, and the plans of h444_ptr for each address."""

from __future__ import annotations

import typing as t

from . import _ptr
from ._addresses import ALL_IPS, list_all_ips
from ._api import Api, Params, Row
from ._bulk import Bulk, Entry, Kind, Plans, Refusals, check_concurrency
from ._converge import Progress
from ._errors import Ambiguous, BadOption, Missing, Refused
from ._find import by_name, missing
from ._forward import is_confirmed
from ._identifiers import is_blank
from ._names import check_hostname, check_id, check_ip, check_label, closest, shown
from ._plan import Plan, same
from ._protected import check_unprotected
from ._reader import bad
from ._table import table
from ._vps import SERVER, list_vps

KIND = "ptr_records"
LIMITS = ("purge_vps_ids", "purge_vps_labels")
Wanted = t.Dict[str, t.Optional[str]]
"""the hostname of each address, None to clear its record, in the order of the task"""


def parse(params: Params) -> Params:
    """Return the options with ``wanted``, and with checked names. Raises: BadOption, before anything is sent."""
    check_concurrency(params)
    limits = {option: purge_names(params, option) for option in LIMITS}
    return {**params, **limits, "wanted": wanted_records(params["records"])}


def wanted_records(records: t.Sequence[Params] | None) -> Wanted:
    """Return the wanted hostname of each address. Raises: BadOption."""
    if records is None:
        raise BadOption("records is null, so it is not known which PTR records are wanted. Nothing was sent.")
    wanted: Wanted = {}
    places: dict[str, int] = {}
    for place, record in enumerate(records):
        ip = check_ip(record["ip"], "records[%d]: ip" % place)
        if ip in wanted:
            raise BadOption(
                "records[%d] and records[%d] have the same address, %s. Nothing was sent. Remove one of them."
                % (places[ip], place, ip)
            )
        wanted[ip], places[ip] = wanted_hostname(record["hostname"], "records[%d]: hostname" % place), place
    return wanted


def wanted_hostname(hostname: t.Any, option: str) -> str | None:
    """Return a hostname, None for null. Its type is raw, because AnsibleModule makes "" of a text that is null."""
    if hostname is None:
        return None
    if is_blank(hostname):
        raise BadOption("%s is empty. Nothing was sent. To clear the PTR record, set null." % option)
    return check_hostname(str(hostname), option, dotted=True)


def purge_names(params: Params, option: str) -> list[str] | None:
    """Return the servers that limit the purge, None if the option is not set: an empty list is not the same.

    Raises: BadOption, also for an empty name, which a template makes of a variable that nobody set.
    """
    names = params.get(option)
    if names is None:
        return None
    if any(is_blank(name) for name in names):
        raise BadOption("%s contains an empty name. Nothing was sent. Remove it." % option)
    check = check_id if option == "purge_vps_ids" else check_label
    return [check(name, option) for name in names]


def plan_of(api: Api, params: Params) -> Plans:
    """Plan the record of every address: first those of the task, in its order, then the others.

    Raises: Together with all that stands against records of the task; Missing, Ambiguous, BadReply for the purge.
    """
    rows = list_all_ips(api)
    servers: t.Container[str] | None = None
    if params["purge"] and any(params[option] is not None for option in LIMITS):
        servers, rows = purged_servers(api, rows, params)
    refusals, entries = Refusals(), []
    for ip, hostname in params["wanted"].items():
        with refusals.of(KIND, ip):
            entries.append(Entry(RECORDS, ip, params, _ptr.plan_ptr(find_ip(rows, ip), hostname)))
    refusals.check(len(params["wanted"]))
    for row in rows:
        if row["ip"] not in params["wanted"]:
            plan = plan_other(row, servers) if params["purge"] else same(row)
            entries.append(Entry(RECORDS, row["ip"], params, plan))
    return Plans(tuple(entries))


def find_ip(rows: t.Sequence[Row], ip: str) -> Row:
    """Find an address of the task. Raises: Missing, with the closest ones; Ambiguous."""
    known = {row["ip"] for row in rows}
    if ip not in known:
        near = closest(ip, sorted(known))
        raise Missing(
            "It is on no VPS of this account, which has %d addresses%s."
            % (len(known), "; closest: " + ", ".join(near) if near else ""),
        )
    try:
        return _ptr.find_ip(rows, ip, "any VPS of this account")
    except Ambiguous as error:
        raise Ambiguous("%s h444_ptr has this option." % error, **error.facts) from None


def purged_servers(api: Api, rows: list[Row], params: Params) -> tuple[set[str], list[Row]]:
    """Return the IDs of the servers to which the purge is limited, and the addresses with the labels that are known.

    The servers are listed only if the addresses are not enough. Raises: Missing, Ambiguous.
    """
    ids, labels = (params[option] or [] for option in LIMITS)
    found = {vps_id for vps_id in ids if any(row["vps_id"] == vps_id for row in rows)}
    owners = [owner for owner in (_ptr.owner_shown(rows, label) for label in labels) if owner is not None]
    if len(found) == len(set(ids)) and len(owners) == len(labels):
        return found.union(owners), rows
    servers = list_vps(api)
    for option, names in zip(("id", "label"), (ids, labels)):
        found.update(_find_server(servers, option, name)["id"] for name in names)
    return found, _ptr.with_labels(rows, {server["id"]: server["label"] for server in servers})


def _find_server(servers: t.Sequence[Row], option: str, name: str) -> Row:
    """Find the living server with an ID or a label. Raises: Missing, Ambiguous."""
    if option == "id":
        server = next((server for server in SERVER.living(servers) if server["id"] == name), None)
    else:
        server = by_name(SERVER, servers, {option: name})
    if server is None:
        raise missing(SERVER, {option: name}, servers, " Nothing was written. Correct purge_vps_%ss." % option)
    return server


def plan_other(row: Row, servers: t.Container[str] | None) -> Plan:
    """Plan the record of an address that the task does not name. *servers*: the limit. Raises: BadReply."""
    if row["ptr"] is None or (row["vps_id"] is not None and servers is not None and row["vps_id"] not in servers):
        return same(row)
    if row["vps_id"] is None:
        raise bad(ALL_IPS, "it does not show which server has the address %s, so it can't be purged" % row["ip"])
    if row["zone_hosted"] is False:
        note = "The PTR record of %s is not cleared: its reverse zone is not hosted on 444Host's DNS." % row["ip"]
        return same(row, (note,))
    return _ptr.plan_ptr(row, None)


def check(plans: Plans, params: Params) -> None:
    """Check what must hold before the first write. Raises: Together."""
    refusals = Refusals()
    for entry in plans.entries:
        with refusals.of(KIND, entry.name):
            check_unprotected(params.get("protected"), entry.plan.actions)
            hostname = params["wanted"].get(entry.name)
            if hostname is not None and params.get("require_forward") and not is_confirmed(hostname, entry.name):
                raise Refused(
                    "require_forward: %s does not resolve to it, so mail servers would not trust the PTR record. Add "
                    "the A or AAAA record first." % shown(hostname)
                )
    refusals.check(sum(bool(entry.plan.actions) or entry.name in params["wanted"] for entry in plans.entries))


def read_after(_api: Api, runs: t.Sequence[tuple[Progress, bool]]) -> list[t.Any]:
    """Return the addresses after the run: what was written, or what was there before."""
    return [progress.plan.after if is_through else progress.plan.before for progress, is_through in runs]


def show(plans: Plans) -> str:
    """Return the plan as a table: each record that changes."""
    rows = [("ADDRESS", "SERVER", "PTR BEFORE", "PTR AFTER")]
    for entry in plans.entries:
        before, after = entry.plan.before, entry.plan.after
        if entry.plan.actions:
            server = before["vps_label"] or before["vps_id"]
            rows.append((before["ip"], server, before["ptr"] or "none", after["ptr"] or "none"))
    return table(rows) if len(rows) > 1 else ""


RECORDS = Kind(
    word=KIND,
    reconciler=_ptr.RECONCILER,
    list_rows=list_all_ips,
    get_row=lambda _api, _id: None,
    known=(),
    is_awaited=lambda _action, _progress: False,
    read_after=read_after,
)
BULK = Bulk("ips", (), parse, plan_of, check, show)
