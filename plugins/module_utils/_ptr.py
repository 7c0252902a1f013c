# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""PTR records (reverse DNS) of the addresses of servers."""

from __future__ import annotations

import typing as t

from ._addresses import WHERE_ALL, Row, list_all_ips, list_ips
from ._converge import Progress, Task, send
from ._errors import BadOption, Missing, NotFound, Refused
from ._forward import is_confirmed
from ._identifiers import Identifiers, Named, check_agree, is_blank
from ._names import canonical_host, check_hostname, check_id, check_ip, shown
from ._plan import Action, Plan, same
from ._reader import bad
from ._resend import Endpoint
from ._vps import find_vps, list_vps, missing_label

PUT_PTR = Endpoint("PUT", "/vps/{id}/ips/{ip}/ptr", "vps:write")
DELETE_PTR = Endpoint("DELETE", "/vps/{id}/ips/{ip}/ptr", "vps:write")
ENDPOINTS = (PUT_PTR, DELETE_PTR)


def rows_of(api: t.Any, vps_id: str | None, vps_label: str | None) -> list[Row]:
    """Read the addresses of one server, named by id or label, or of all. Raises: Missing, Ambiguous."""
    if vps_label is not None:
        servers = list_vps(api)
        owner = find_vps(servers, vps_label)
        if owner is None:
            raise missing_label(vps_label, servers)
        if vps_id is not None:
            named = next((server["label"] for server in servers if server["id"] == vps_id), None)
            check_agree("VPS", vps_id, Named("vps_label", vps_label, named, owner["id"] == vps_id))
        return list_ips(api, owner["id"], owner["label"])
    if vps_id is None:
        return list_all_ips(api)
    try:
        return list_ips(api, check_id(vps_id, "vps_id"))
    except NotFound:
        raise Missing("There is no VPS with the id %s." % shown(vps_id)) from None


def find_ip(rows: t.Sequence[Row], ip: str, whose: str) -> Row:
    """Find one address. Raises: Missing, naming the addresses there are."""
    for row in rows:
        if row["ip"] == ip:
            return row
    known = [row["ip"] for row in rows]
    raise Missing(
        "The address %s is not on %s; there %s." % (ip, whose, "are: " + ", ".join(known[:10]) if known else "is none"), closest=known[:10]
    )


def plan_ptr(row: Row, hostname: str | None) -> Plan:
    """Decide how the PTR record of one address becomes *hostname* (None: no record). Raises: Refused."""
    if canonical_host(row["ptr"]) == canonical_host(hostname):
        return same(row)
    if row["zone_hosted"] is False:
        raise Refused(
            "The PTR record of %s can't be set here: its reverse zone is not on 444Host's DNS (zone_hosted is false). Nothing was written."
            % row["ip"]
        )
    if row["vps_id"] is None:
        raise bad(WHERE_ALL, "it does not tell whose address %s is (name it by vps_id)" % row["ip"])
    ids = {"id": row["vps_id"], "ip": row["ip"]}
    if hostname:
        action = Action("set PTR of", row["ip"], PUT_PTR, ids, {"hostname": hostname}, known_as=(row["ptr"],), new_name=hostname)
    else:
        action = Action("clear PTR of", row["ip"], DELETE_PTR, ids, destroys=True, known_as=(row["ptr"],))
    return Plan(row, {**row, "ptr": hostname}, (action,))


def plan_of(api: t.Any, params: t.Mapping[str, t.Any]) -> Plan:
    """Plan h444_ptr."""
    if params["ip"] is None:
        raise BadOption("ip is needed: the address whose PTR record is meant (null and empty count as not given). Nothing was sent.")
    if params["state"] == "present" and is_blank(params.get("hostname")):
        raise BadOption("hostname is needed to set a PTR record; state: absent clears it. Nothing was sent.")
    ip = check_ip(params["ip"], "ip")
    hostname = check_hostname(params["hostname"], "hostname", dotted=True) if params["state"] == "present" else None
    vps_id, vps_label = params.get("vps_id"), params.get("vps_label")
    rows = rows_of(api, vps_id, vps_label)
    row = find_ip(rows, ip, "the VPS %s" % shown(vps_id or vps_label) if vps_id or vps_label else "any VPS of this account")
    plan = plan_ptr(row, hostname)
    if hostname and params.get("require_forward") and not is_confirmed(hostname, ip):
        raise Refused(
            "require_forward: %s does not resolve to %s, so mail servers would not believe the PTR record. Add the A or AAAA record first; nothing was written."
            % (hostname, ip)
        )
    return plan


def perform(api: t.Any, action: Action, progress: Progress) -> None:
    """Set or clear a PTR record; clearing what is gone already is done."""
    try:
        send(api, action, progress)
    except NotFound:
        if action.endpoint is not DELETE_PTR:
            raise


def read_back(api: t.Any, params: t.Mapping[str, t.Any], progress: Progress) -> t.Any:
    """Give the record after the change: read again, since resolvers and zones can lag behind the answer."""
    plan = progress.plan
    if not plan.actions:
        return plan.after
    rows = list_ips(api, plan.after["vps_id"], plan.after["vps_label"])
    now = next((row for row in rows if row["ip"] == plan.after["ip"]), None)
    if now is not None and canonical_host(now["ptr"]) != canonical_host(plan.after["ptr"]):
        progress.warn("The API took the PTR record of %s, but still shows %s." % (now["ip"], shown(now["ptr"])))
    return plan.after


INFO_IDENTIFIERS = Identifiers("address", ("ip", "vps_id", "vps_label"))
IDENTIFIERS = INFO_IDENTIFIERS._replace(is_needed=True)
TASK = Task("ptr", plan_of, perform, read_back, identifiers=IDENTIFIERS)


def report(api: t.Any, params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Answer h444_ptr_info."""
    ip = check_ip(params["ip"], "ip") if params.get("ip") else None
    rows: list[Row] = []
    try:
        rows = rows_of(api, params.get("vps_id"), params.get("vps_label"))
    except Missing:
        rows = []
    if ip:
        rows = [row for row in rows if row["ip"] == ip]
    if any(row["vps_label"] is None for row in rows):
        labels = {server["id"]: server["label"] for server in list_vps(api)}
        rows = [{**row, "vps_label": row["vps_label"] if row["vps_label"] is not None else labels.get(row["vps_id"])} for row in rows]
    if params.get("check_forward"):
        rows = [{**row, "forward_confirmed": is_confirmed(row["ptr"], row["ip"])} for row in rows]
    return {"ips": rows}
