# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""PTR records (reverse DNS) of the addresses of servers."""

from __future__ import annotations

import typing as t

from ._addresses import ALL_IPS, TABLE, list_all_ips, list_ips, primary_choices
from ._api import Api, Params, Row
from ._converge import Progress, Reconciler, send
from ._endpoint import Endpoint
from ._errors import Ambiguous, BadOption, BadReply, Missing, NotFound, Refused
from ._find import by_name, missing
from ._forward import is_confirmed
from ._identifiers import Identifiers, Named, check_agree, is_blank
from ._labels import has_label
from ._names import ascii_host, check_hostname, check_id, check_ip, shown
from ._plan import Action, Plan, same
from ._reader import bad, first, normal, object_in, word
from ._vps import SERVER, list_vps

PUT_PTR = Endpoint("PUT", "/vps/{id}/ips/{ip}/ptr", "vps:write")
DELETE_PTR = Endpoint("DELETE", "/vps/{id}/ips/{ip}/ptr", "vps:write")
ENDPOINTS = (PUT_PTR, DELETE_PTR)


def rows_of(api: Api, vps_id: str | None, vps_label: str | None) -> list[Row]:
    """Read the addresses of one server, by ID or label, or of all. One request is enough if they show the labels.

    Raises: Missing, Ambiguous, Refused.
    """
    if vps_label is not None:
        return _rows_of_label(api, vps_id, vps_label)
    if vps_id is None:
        return list_all_ips(api)
    try:
        return list_ips(api, check_id(vps_id, "vps_id"))
    except NotFound:
        raise Missing("No VPS has the ID %s." % shown(vps_id)) from None


def _rows_of_label(api: Api, vps_id: str | None, vps_label: str) -> list[Row]:
    """Read the addresses of the server with this label. The servers are listed only if the addresses are not enough."""
    rows = list_all_ips(api)
    owner_id = owner_shown(rows, vps_label)
    if owner_id is None or vps_id not in (None, owner_id):
        owner = _find_owner(api, vps_id, vps_label)
        owner_id = owner["id"]
        if any(row["vps_id"] is None for row in rows):
            return list_ips(api, owner_id, owner["label"])
    return with_labels([row for row in rows if row["vps_id"] == owner_id], {owner_id: vps_label})


def owner_shown(rows: t.Sequence[Row], vps_label: str) -> str | None:
    """Return the ID of the one server with this label, by its addresses alone; None if they are not enough."""
    if any(row["vps_id"] is None or row["vps_label"] is None for row in rows):
        return None
    owners = {row["vps_id"] for row in rows if has_label({"label": row["vps_label"]}, vps_label)}
    return owners.pop() if len(owners) == 1 else None


def _find_owner(api: Api, vps_id: str | None, vps_label: str) -> Row:
    """Find the server with this label, and with the ID if one is set. Raises: Missing, Ambiguous, Refused."""
    servers = list_vps(api)
    owner = by_name(SERVER, servers, {"label": vps_label})
    if owner is None:
        raise missing(SERVER, {"label": vps_label}, servers)
    if vps_id is not None:
        told = next((server["label"] for server in servers if server["id"] == vps_id), None)
        check_agree("VPS", vps_id, Named("vps_label", vps_label, told, owner["id"] == vps_id))
    return owner


def with_labels(rows: t.Iterable[Row], labels: t.Mapping[str, str | None]) -> list[Row]:
    """Fill in the label of a server, by its ID, if its addresses do not show it."""
    return [row if row["vps_label"] is not None else {**row, "vps_label": labels.get(row["vps_id"])} for row in rows]


def find_ip(rows: t.Sequence[Row], ip: str, whose: str) -> Row:
    """Find one address. Raises: Missing, with the existing addresses; Ambiguous if two servers have it."""
    found = [row for row in rows if row["ip"] == ip]
    owners = list(dict.fromkeys(str(row["vps_id"]) for row in found))
    if len(owners) > 1:
        raise Ambiguous(
            "The API shows the address %s on %d servers: %s. Nothing was changed. Choose one with vps_id."
            % (ip, len(owners), ", ".join(owners)),
            candidates=[{name: row[name] for name in ("vps_id", "vps_label", "ip", "ptr")} for row in found],
        )
    if found:
        return found[0]
    known = [row["ip"] for row in rows]
    there = "existing addresses: " + ", ".join(known[:10]) if known else "there are no addresses"
    raise Missing("The address %s is not on %s; %s." % (ip, whose, there), closest=known[:10])


def find_primary(rows: t.Sequence[Row], whose: str) -> Row:
    """Find the primary address of a server: the marked one, IPv4 before IPv6, or its only one.

    Raises: Missing, Refused.
    """
    for choice in primary_choices(rows):
        if len(choice) == 1:
            return choice[0]
        if choice:
            known = [row["ip"] for row in choice]
            raise Refused(
                "The API does not show which address of %s is the primary one: %s. Nothing was changed. Set ip."
                % (whose, ", ".join(known[:10])),
                closest=known[:10],
            )
    raise Missing("The API shows no address of %s." % whose)


def plan_ptr(row: Row, hostname: str | None) -> Plan:
    """Plan the change of one address's PTR record to *hostname* (None: no record). Raises: Refused."""
    if ascii_host(row["ptr"]) == ascii_host(hostname):
        return same(row)
    if row["zone_hosted"] is False:
        raise Refused(
            "The PTR record of %s can't be set: its reverse zone is not hosted on 444Host's DNS (zone_hosted is "
            "false). Nothing was written." % row["ip"]
        )
    if row["vps_id"] is None:
        raise bad(ALL_IPS, "it does not show which server has the address %s (set vps_id of h444_ptr)" % row["ip"])
    ids = {"id": row["vps_id"], "ip": row.get("told_ip") or row["ip"]}
    if hostname:
        action = Action(
            "set PTR of", row["ip"], PUT_PTR, ids, {"hostname": hostname}, known_as=(row["ptr"],), new_name=hostname
        )
    else:
        action = Action("clear PTR of", row["ip"], DELETE_PTR, ids, destroys=True, known_as=(row["ptr"],))
    return Plan(row, {**row, "ptr": hostname}, (action,))


def plan_of(api: Api, params: Params) -> Plan:
    """Plan h444_ptr. Raises: BadOption, Missing, Ambiguous, Refused."""
    hostname = _wanted_hostname(params)
    ip = check_ip(params["ip"], "ip") if params.get("ip") is not None else None
    rows, whose = rows_of(api, params.get("vps_id"), params.get("vps_label")), _whose(params)
    row = find_ip(rows, ip, whose) if ip is not None else find_primary(rows, whose)
    plan = plan_ptr(row, hostname)
    if hostname and params.get("require_forward") and not is_confirmed(hostname, row["ip"]):
        raise Refused(
            "require_forward: %s does not resolve to %s, so mail servers would not trust the PTR record. Nothing was "
            "written. Add the A or AAAA record first." % (hostname, row["ip"])
        )
    return plan


def _wanted_hostname(params: Params) -> str | None:
    """Return the wanted hostname of the record, None to clear it. Raises: BadOption."""
    if params["state"] != "present":
        return None
    if is_blank(params.get("hostname")):
        raise BadOption("hostname is required to set a PTR record. Nothing was sent. To clear it, use state: absent.")
    return check_hostname(params["hostname"], "hostname", dotted=True)


def _whose(params: Params) -> str:
    """Return in words which servers are searched for the address."""
    name = params.get("vps_label") or params.get("vps_id")
    return "the VPS %s" % shown(name) if name is not None else "any VPS of this account"


def read_reply(body: t.Any) -> str | None:
    """Return the hostname that the reply to a write shows, None if it shows none.

    Assumed: the page shows no reply; it may contain the address, the record, or neither (switch ``write_reply``).
    """
    try:
        found = normal(object_in(body, ("ptr", "ip", "address", "record"), PUT_PTR), PUT_PTR)
    except BadReply:
        return None
    told = first(found, *TABLE["ptr"].names, "hostname")
    return word(told, "hostname", "ptr", "value", "name") or None


def perform(api: Api, action: Action, progress: Progress) -> None:
    """Set or clear a PTR record.

    The record is not read again after the reply, because that reading could be older than the write.
    """
    answer = send(api, action, progress)
    told = read_reply(answer.body) if answer is not None and action.endpoint is PUT_PTR else None
    if told is not None and ascii_host(told) != ascii_host((action.body or {})["hostname"]):
        progress.warn("The API accepted the PTR record of %s, but its reply shows %s." % (action.target, shown(told)))


def read_back(_api: Api, _params: t.Mapping[str, t.Any], progress: Progress) -> t.Any:
    """Return the record after the run: what was written."""
    return progress.plan.after


INFO_IDENTIFIERS = Identifiers("address", ("ip", "vps_id", "vps_label"))
IDENTIFIERS = INFO_IDENTIFIERS._replace(is_needed=True)
RECONCILER = Reconciler("ptr", plan_of, perform, read_back, identifiers=IDENTIFIERS)


def report(api: Api, params: Params) -> dict[str, t.Any]:
    """Return the result of h444_ptr_info."""
    rows = _named_rows(api, params)
    if any(row["vps_label"] is None for row in rows):
        rows = with_labels(rows, {server["id"]: server["label"] for server in list_vps(api)})
    if params.get("check_forward"):
        rows = [{**row, "forward_confirmed": is_confirmed(row["ptr"], row["ip"])} for row in rows]
    return {"ips": rows}


def _named_rows(api: Api, params: Params) -> list[Row]:
    """Read the requested addresses; none if there is no such server. Raises: BadOption, Ambiguous, Refused."""
    ip = check_ip(params["ip"], "ip") if params.get("ip") else None
    try:
        rows = rows_of(api, params.get("vps_id"), params.get("vps_label"))
    except Missing:
        rows = []
    if ip is None:
        return rows
    rows = [row for row in rows if row["ip"] == ip]
    if not rows:
        _check_owner(api, ip, params)
    return rows


def _check_owner(api: Api, ip: str, params: Params) -> None:
    """Check that an address that the given server does not have is on no other server. Raises: Refused."""
    option = "vps_id" if params.get("vps_id") is not None else "vps_label"
    if params.get(option) is None:
        return
    for row in list_all_ips(api):
        if row["ip"] == ip and row["vps_id"] is not None:
            raise Refused(
                "The address %s is on the VPS %s, not on %s. Nothing was changed. Correct %s, or leave it out."
                % (ip, shown(row["vps_label"] or row["vps_id"]), shown(params[option]), option)
            )
