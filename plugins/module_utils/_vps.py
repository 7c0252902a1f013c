# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Servers (VPS): readers, search, plans, orders, power, reinstall, termination."""

from __future__ import annotations

import re
import typing as t
import uuid

from . import _addresses, _buy, _catalogue, _installed, _reading
from ._api import Api, Params, Raw, Row
from ._converge import Progress, Reconciler, send
from ._endpoint import NEVER, WITH_KEY, Endpoint
from ._errors import (
    ApiError,
    AuthError,
    BadOption,
    BadReply,
    H444Error,
    NotFound,
    NotReached,
    RateLimited,
    Refused,
    ScopeError,
    TransportError,
)
from ._fields import Derived, Either, Field, Needed, Table, as_is, inside, read_fields, text_inside
from ._find import (
    Found,
    Name,
    Noun,
    Source,
    by_name,
    check_new_name,
    find,
    get_living,
    listed,
    missing,
    named,
    with_names,
)
from ._identifiers import Identifiers
from ._labels import has_label, read_label, shows_label, why_similar
from ._names import ascii_host, check_hostname, check_label, clean, shown
from ._order import Order, check_custom_key, fill_from_order
from ._patterns import choose
from ._plan import Action, Plan, Step, in_steps, laid_over, same
from ._reader import address, bad, first, identifier, normal, object_in, object_of, row_of, sweep, text, word
from ._reply import Kind, Reply, choose_root_password, read_reply
from ._status import TERMINATED, by_spelling, is_gone, read_status
from ._wait import POLL_CAP_SECONDS, POLL_SECONDS, check_timeout, wait_for

LIST = Endpoint("GET", "/vps", "vps:read")
GET = Endpoint("GET", "/vps/{id}", "vps:read")
STATS = Endpoint("GET", "/vps/{id}/stats", "vps:read")
ORDER = Endpoint("POST", "/vps", "orders:write", WITH_KEY, returns_secret=True)
START = Endpoint("POST", "/vps/{id}/power/start", "vps:write")
STOP = Endpoint("POST", "/vps/{id}/power/stop", "vps:write")
REBOOT = Endpoint("POST", "/vps/{id}/power/reboot", "vps:write", NEVER)
LABEL = Endpoint("PATCH", "/vps/{id}/label", "vps:write")
REINSTALL = Endpoint("POST", "/vps/{id}/reinstall", "vps:destroy", WITH_KEY, returns_secret=True)
DELETE = Endpoint("DELETE", "/vps/{id}", "vps:destroy")
ENDPOINTS = (LIST, GET, STATS, ORDER, START, STOP, REBOOT, LABEL, REINSTALL, DELETE)

NOUNS = ("vps", "server", "servers", "vpses", "vps_list", "instance", "instances")
IDS = ("id", "vps_id", "uuid", "server_id")

RUNNING, STOPPED, PROVISIONING, SUSPENDED = "running", "stopped", "provisioning", "suspended"
RENAME_PAUSES = (0.0, 1.0, 2.0)
SETTLED = (RUNNING, STOPPED, SUSPENDED)
STATUSES = frozenset({RUNNING, STOPPED, PROVISIONING, SUSPENDED})
STATUS_WORDS = {
    RUNNING: ("running", "active", "online", "started", "up", "on", "powered_on", "poweredon"),
    STOPPED: (
        "stopped",
        "off",
        "offline",
        "shutoff",
        "halted",
        "down",
        "powered_off",
        "poweredoff",
        "shutdown",
        "shut_off",
        "inactive",
    ),
    PROVISIONING: (
        "provisioning",
        "pending",
        "creating",
        "building",
        "installing",
        "queued",
        "reinstalling",
        "rebuilding",
        "deploying",
        "setup",
        "initializing",
    ),
    SUSPENDED: ("suspended", "locked", "frozen", "blocked"),
}
STATUS = by_spelling(STATUS_WORDS)
ACCOUNT_FIELDS = ("status", "state", "vps_status", "account_status", "service_status")
LIVE_FIELDS = (
    "live_status",
    "power_status",
    "power_state",
    "live_state",
    "power",
    "live",
    "runtime_status",
    "vm_status",
)

REPLY = Kind(
    ORDER,
    ("vps", "server", "vpses", "servers"),
    ("instance", "instances"),
    ("vps_id",),
    ("server_id",),
    choose_root_password,
)
SECRETS = ("root_password",)
WAY_AFTER_REINSTALL = (
    "try the earlier one. If it does not work, another reinstall may create one (state: reinstalled with force: true)"
)
WAY_TO_NEW_SECRETS = "only a reinstall creates a new one, and it wipes the disk (state: reinstalled with force: true)"


def read_vps(raw: Raw, where: Endpoint = LIST) -> Row:
    """Return a server in normal form: FIELDS are always there, None if the API returned nothing; the rest is kept."""
    return shape_vps(row_of(raw, NOUNS, where), where)


def read_power(row: Raw) -> str | None:
    """Return the status of a server in snake_case, from its account status and its live status.

    An active account does not show whether the machine is on, so the live status decides between running and stopped.
    The account status decides whether the server is suspended, being provisioned or terminated.
    """
    account = read_status(first(row, *ACCOUNT_FIELDS), STATUS)
    live = read_status(first(row, *LIVE_FIELDS), STATUS)
    if live is None or account in (SUSPENDED, PROVISIONING) or is_gone({"status": account}):
        return account
    if live in STATUSES or account is None:
        return live
    return account


def primary_in(entries: t.Any) -> str | None:
    """Return the primary address of a list of addresses, the first one if none is marked."""
    if not isinstance(entries, list):
        return None
    chosen = [entry for entry in entries if isinstance(entry, dict) and first(entry, "primary", "is_primary") is True]
    return address(chosen) or address(entries)


TABLE: Table = {
    "id": Needed(identifier, *IDS),
    "label": Derived(read_label),
    "hostname": Field(text, "hostname", "host_name", "fqdn"),
    "status": Derived(read_power),
    "plan_slug": Either(
        Field(_catalogue.read_plan_slug, "plan_slug"),
        Field(_catalogue.read_plan_slug, "plan"),
        Field(_catalogue.read_plan_slug, "product_slug", "product"),
    ),
    "ipv4": Either(
        Field(
            address, "ipv4", "main_ip", "primary_ip", "primary_ipv4", "ip", "ip_address", "ipv4_address", "public_ip"
        ),
        Field(address, "network.ipv4", "network.primary_ip", "network.ip"),
        Field(primary_in, "ips", "ip_addresses", "addresses"),
    ),
    "os_family": Either(
        Field(text_inside("slug", "family", "name"), "os_family"),
        Field(inside(word, "family", "os_family", "slug", "name"), "os"),
    ),
    "os_template": Either(
        Field(text_inside("slug", "os_template", "code", "name", "id"), "os_template_slug", "os_template", "template"),
        Field(word, "os.template", "os.os_template"),
    ),
    "created_at": Field(as_is, "created_at", "created", "ordered_at"),
}
FIELDS = tuple(TABLE)


def shape_vps(row: Row, where: Endpoint) -> Row:
    """Return a server in normal form from a row that is in snake_case and free of secrets."""
    return {**row, **_installed.spread(row), **read_fields(row, TABLE, where)}


class Servers(t.NamedTuple):
    """Every server. *mute*: the IDs of the living ones whose row has no field for a label."""

    rows: t.List[Row]
    mute: t.Tuple[str, ...] = ()


def list_servers(api: Api) -> Servers:
    """Read every server, and note which ones come without a label. Source: GET /v1/vps (vps:read)."""
    raws = [row_of(raw, NOUNS, LIST) for raw in api.rows(LIST, NOUNS)]
    rows = [shape_vps(raw, LIST) for raw in raws]
    return Servers(rows, tuple(row["id"] for row, raw in zip(rows, raws) if not shows_label(raw) and not is_gone(row)))


def list_vps(api: Api) -> list[Row]:
    """Read every server. Source: GET /v1/vps (vps:read)."""
    return list_servers(api).rows


def get_vps(api: Api, vps_id: str) -> Row | None:
    """Read one server; None if it does not exist. Source: GET /v1/vps/:id (vps:read)."""
    try:
        body = api.request(GET, ids={"id": vps_id}).body
    except NotFound:
        return None
    row = object_of(body, NOUNS, GET, IDS, vps_id)
    return read_vps(row, GET)


def get_stats(api: Api, vps_id: str) -> Row:
    """Read a server's live usage. Source: GET /v1/vps/:id/stats (vps:read)."""
    body = api.request(STATS, ids={"id": vps_id}).body
    found = object_in(body, ("stats", "usage"), STATS, ("cpu", "memory", "cpu_percent"))
    return sweep(normal(found, STATS))[0]


def title_of(row: Row) -> str:
    """Return the name of a server in messages."""
    return str(row["label"] or row["id"])


SERVER = Noun(
    "VPS",
    "servers",
    names=(Name("label", has_label),),
    shows=("label", "ipv4", "created_at"),
    is_gone=is_gone,
    new_name="new_label",
)
SERVERS = Source(SERVER, list_vps, get_vps)


class Reading(_reading.Reading):
    """What the plans of servers are made from."""

    @property
    def source(self) -> Source:
        """Where servers are found."""
        return Source(SERVER, lambda _api: self.servers().rows, lambda _api, vps_id: self.server(vps_id))

    def servers(self) -> Servers:
        """Return every server."""
        return self.once("servers", list_servers)

    def known_ids(self) -> frozenset[str]:
        """Return the IDs of all servers."""
        return self.once("known_ids", lambda _api: frozenset(row["id"] for row in self.servers().rows))

    def server(self, vps_id: str) -> Row | None:
        """Return one server; None if it does not exist."""
        return get_vps(self.api, vps_id)

    def like(self, _params: Params) -> list[Row]:
        """Return the servers that a task may mean by their labels."""
        return self.servers().rows

    def templates(self) -> list[Row]:
        """Return the templates."""
        return self.once("templates", _catalogue.list_os_templates)

    def check_whole(self) -> None:
        """Check that the list of servers is complete: half a list could lead to a second order. Raises: Refused."""
        self.once("whole", lambda api: check_whole(api, self.servers().rows, self.owners()))

    def told_addresses(self) -> t.Any:
        """Return the addresses of all servers as the API returns them."""
        return self.once("told_addresses", _addresses.fetch_all_ips)

    def addresses(self) -> Addresses:
        """Return the addresses of all servers, without those that can't be read."""
        return self.once("addresses", lambda _api: gather_addresses(self.told_addresses()))

    def owners(self) -> set[str]:
        """Return the IDs of the servers that have addresses; none if that can't be read: it is a cross-check only."""
        try:
            return self.addresses().owners
        except (BadReply, NotFound):
            return set()

    def with_address(self, row: Row) -> Row:
        """Fill in the primary address if the server's own row leaves it out."""
        if row["ipv4"] is not None:
            return row
        try:
            addresses = self.addresses_of(row)
        except (ApiError, BadReply, TransportError):
            return row
        return {**row, "ipv4": primary_address(addresses)}

    def addresses_of(self, row: Row) -> list[Row]:
        """Return the addresses of a server."""
        return _addresses.list_ips(self.api, row["id"], row["label"])


class Addresses(t.NamedTuple):
    """The addresses of each server. *owners*: the IDs of the servers that have any, also such that can't be read."""

    by_id: t.Dict[str, t.List[Row]]
    owners: t.Set[str]


def gather_addresses(body: t.Any) -> Addresses:
    """Return the addresses of every server from the reply of GET /v1/vps/all-ips."""
    owners: set[str | None] = set()
    by_id: dict[str, list[Row]] = {}
    for entry in _addresses.read_all_ips(body, lambda vps_id, _error: owners.add(vps_id)):
        by_id.setdefault(entry["vps_id"], []).append(entry)
    owners.update(by_id)
    return Addresses(by_id, {vps_id for vps_id in owners if vps_id is not None})


def find_server(reading: Reading, params: Params) -> Found:
    """Find the server that a task means. Raises: BadOption, Ambiguous, Refused, BadReply."""
    if params.get("id") is not None:
        return find(reading.api, reading.source, params)
    servers = reading.servers()
    row = by_name(SERVER, reading.like(params), params)
    if row is None:
        check_told(servers, params["label"])
    return Found(row, servers.rows)


def check_told(servers: Servers, label: str) -> None:
    """Check that every listed server shows its label: one that does not could be the server that was not found.

    Otherwise "absent" might be wrong, and an order might be a second one. Raises: BadReply.
    """
    if servers.mute:
        raise bad(
            LIST,
            "it does not return the label of %s, so it is not known whether a server is called %s"
            % (", ".join(servers.mute[:10]), shown(label)),
        )


def primary_address(addresses: t.Sequence[Row]) -> str | None:
    """Choose the primary IPv4 address of a server's rows, the first address if none is marked."""
    return next((choice[0]["ip"] for choice in _addresses.primary_choices(addresses) if choice), None)


def read_order_reply(body: t.Any) -> Reply:
    """Read the reply of an order or a reinstall: the server, its root password, the rest.

    Source: POST /v1/vps: "Returns the server AND its initial root password (shown once)".
    Assumed: where either is in the reply (switches ``order_reply``, ``password_key``).
    """
    return read_reply(body, REPLY)


def plan_of(api: Api, params: Params) -> Plan:
    """Plan h444_vps: read what is there, decide, check what can be checked.

    Raises: Refused, Missing, Ambiguous, BadOption.
    """
    plan = plan_server(Reading(api), checked(params))
    if plan.wish is not None:
        _buy.check_wallet(plan.wish)
    return plan


def plan_server(reading: Reading, params: Params) -> Plan:
    """Plan what a task with checked options does to its server; whether the wallet covers an order is open yet.

    Raises: Refused, Missing, Ambiguous, BadOption.
    """
    found = find_server(reading, params)
    if params["state"] == "absent":
        return plan_absent(found.row)
    if found.row is None:
        return plan_missing(reading, params, found)
    check_new_name(reading.api, reading.source, params, found)
    current = settled(reading, params, found.row)
    templates = needed_templates(reading, params, current)
    template = choose_template(current, params, templates) if params["state"] == "reinstalled" else None
    return plan_current(reading.with_address(current), params, template, templates)


def checked(params: Params) -> Params:
    """Check the options, and return labels in the form in which they are sent and compared. Raises: BadOption.

    Options that describe a server (plan_slug, hostname, os_template, os_family) are compared with the existing one.
    Options of an order (max_monthly_usd_cents, order_generation, idempotency_key, wait, credentials_file) have no
    effect without one. Both may be set in module_defaults, or in tasks whose state is a variable, so every state
    accepts them.
    """
    check_custom_key(params.get("idempotency_key"))
    check_timeout(params)
    if params.get("force") and params["state"] != "reinstalled":
        raise BadOption(
            "force: only state: reinstalled uses it; with state: %s it has no effect. Nothing was sent. Leave it out."
            % params["state"]
        )
    labels = {
        option: check_label(params[option], option)
        for option in ("label", "new_label")
        if params.get(option) is not None
    }
    return {**params, **labels}


def plan_missing(reading: Reading, params: Params, found: Found) -> Plan:
    """Plan an order for a label that no server has, if the task asks for one.

    Raises: Missing, and what plan_order raises.
    """
    if params["state"] == "reinstalled":
        then = " state: reinstalled never places an order. Nothing was ordered or wiped."
        raise missing(SERVER, params, listed(reading.api, reading.source, found), then)
    if found.rows is None or params.get("new_label"):
        raise missing(SERVER, params, listed(reading.api, reading.source, found))
    return plan_order(reading, params, params["label"])


def settled(reading: Reading, params: Params, current: Row) -> Row:
    """Read a server that is to be reinstalled until it is installed: until then it may show the old template.

    Otherwise a run soon after a reinstall would wipe the disk again. Raises: NotReached.
    """
    is_compared = params["state"] == "reinstalled" and params.get("os_template") and not params.get("force")
    if not is_compared or is_told(current, params):
        return current
    api, pause, row = reading.api, POLL_SECONDS, current  # type: Api, float, Row | None
    while row is not None and row["status"] == PROVISIONING:
        if not params["wait"] or api.now() - reading.started + pause > params["wait_timeout"]:
            raise NotReached(
                "%s is still being installed, so it is not known yet whether it has the template %s. Nothing was "
                "wiped. Run the task again later." % (shown(title_of(current)), params["os_template"])
            )
        api.sleep(pause)
        pause = min(pause * 1.5, POLL_CAP_SECONDS)
        row = get_living(api, SERVERS, current["id"])
    if row is None:
        raise NotReached("%s disappeared while it was being installed. Nothing was wiped." % shown(title_of(current)))
    return row


def needed_templates(reading: Reading, params: Params, current: Row) -> list[Row]:
    """Read the templates if the installed one must be compared; a text that equals the wanted one needs no list."""
    is_to_wipe = params["state"] == "reinstalled"
    if is_told(current, params) and not params.get("force"):
        return []
    if not is_to_wipe and (not params.get("os_template") or not any(_installed.told_by(current))):
        return []
    try:
        return reading.templates()
    except (ApiError, BadReply):
        if is_to_wipe:
            raise
        return []  # it is for a note only


def is_told(current: Row, params: Params) -> bool:
    """Return whether the server has the wanted template, by its exact name."""
    wanted, family = params.get("os_template") or "", params.get("os_family")
    is_named = bool(re.search("[a-z]", wanted)) and wanted == current["os_template"]
    return is_named and (not family or current["os_family"] in (None, family))


def choose_template(current: Row, params: Params, templates: t.Sequence[Row]) -> tuple[str, str] | None:
    """Return family and name of the template for which the disk is wiped, None if it is installed already. Pure.

    A disk is never wiped on a guess. Raises: Refused.
    """
    force = params.get("force")
    if is_told(current, params) and not force:
        return None
    installed = _installed.find_installed(current, templates)
    target = _wanted_template(current, params, installed, templates)
    if force:
        return target
    if installed is None:
        raise Refused(
            "It is not known whether %s has the template %s: %s. Nothing was wiped. To reinstall it anyway, set force: "
            "true; every run then wipes the disk."
            % (shown(title_of(current)), target[1], _installed_words(current, installed))
        )
    return None if _installed.is_same(installed, target) else target


def _wanted_template(
    current: Row, params: Params, installed: tuple[str, str] | None, templates: t.Sequence[Row]
) -> tuple[str, str]:
    """Return the requested template; with force and without one, the installed one. Raises: Refused."""
    wanted, family = params.get("os_template"), params.get("os_family")
    if wanted:
        return _catalogue.find_os_template(templates, wanted, family or "")
    if installed is None or not params.get("force"):
        raise Refused(
            "os_template is required to reinstall %s; %s. Nothing was wiped."
            % (shown(title_of(current)), _installed_words(current, installed))
        )
    return _catalogue.find_os_template(templates, installed[1], family or installed[0])


def _installed_words(current: Row, installed: tuple[str, str] | None) -> str:
    """Return in words what is installed, as far as it is known."""
    if installed is not None:
        return "%s is installed" % clean(installed[1], 60)
    told = _installed.told_by(current)
    words = list(dict.fromkeys(told.names + told.families + told.versions + told.ids))
    if not words:
        return "the API does not return its template"
    return "the API returns %s as its operating system, which does not match exactly one template" % ", ".join(
        shown(found) for found in words[:4]
    )


def plan_absent(current: Row | None) -> Plan:
    """Plan the termination of a server; without one there is nothing to do."""
    if current is None:
        return same(None)
    action = Action(
        "terminate",
        title_of(current),
        DELETE,
        {"id": current["id"]},
        destroys=True,
        until=(TERMINATED,),
        known_as=SERVER.names_of(current),
    )
    return Plan(current, None, (action,))


def plan_current(
    current: Row, params: Params, template: tuple[str, str] | None, templates: t.Sequence[Row] = ()
) -> Plan:
    """Plan the changes of an existing server. Pure. Raises: Refused.

    *template*: family and name to reinstall with.
    """
    state, status = params["state"], check_power(current, params["state"], is_reinstall=template is not None)
    steps = [_rename(current, params)]
    if status == PROVISIONING and (params["wait"] or template or state == "stopped"):
        status = RUNNING if params["wait"] else status
        wait_for_it = Action("wait for", title_of(current), GET, {"id": current["id"]}, until=SETTLED)
        steps.append((wait_for_it, {"status": status}))
    steps.append(_reinstall(current, params, template) if template else _power(current, state, status))
    return in_steps(current, steps, drift_notes(current, params, templates))


def _rename(current: Row, params: Params) -> Step | None:
    """Return the step that renames the server, None if it has the label already."""
    new_label = params.get("new_label")
    if not new_label or has_label(current, new_label):
        return None
    body = {"label": new_label}
    return (
        Action(
            "rename",
            title_of(current),
            LABEL,
            {"id": current["id"]},
            body,
            known_as=SERVER.names_of(current),
            new_name=new_label,
        ),
        body,
    )


def _reinstall(current: Row, params: Params, template: tuple[str, str]) -> Step:
    """Return the step that wipes the disk. A server that is renamed in the same run is known by both labels."""
    family, name = template
    action = Action(
        "reinstall",
        title_of(current),
        REINSTALL,
        {"id": current["id"]},
        {"os": family, "osTemplate": name},
        destroys=True,
        brings_secret=True,
        until=SETTLED,
        known_as=(current["label"], params.get("new_label") or current["label"]),
    )
    return action, {"os_family": family, "os_template": name}


def check_power(current: Row, state: str, is_reinstall: bool) -> str | None:
    """Return the status if the state can be reached from it. Raises: Refused, BadReply."""
    status, needs_power = current["status"], state in ("started", "stopped", "restarted")
    if status == SUSPENDED and (is_reinstall or needs_power):
        raise Refused(
            "%s is suspended by 444Host, and the API can't unsuspend it. Nothing was changed. Contact 444Host support."
            % shown(title_of(current))
        )
    if status is None and needs_power:
        raise bad(LIST, "it does not return the status of %s" % shown(title_of(current)))
    return t.cast("str | None", status)


def _power(current: Row, state: str, status: str | None) -> Step | None:
    """Return the step from a status to a state, None if none is needed."""
    name, ids = title_of(current), {"id": current["id"]}
    start = Action("start", name, START, ids, until=(RUNNING,))
    action = {
        "started": None if status in (RUNNING, PROVISIONING) else start,
        "stopped": None if status == STOPPED else Action("stop", name, STOP, ids, until=(STOPPED,)),
        "restarted": start if status == STOPPED else Action("reboot", name, REBOOT, ids, until=(RUNNING,)),
    }.get(state)
    return (action, {"status": action.until[0]}) if action else None


def drift_notes(current: Row, params: Params, templates: t.Sequence[Row] = ()) -> tuple[str, ...]:
    """Return a note for each difference that can't be changed through the API."""
    name, wants_template = shown(title_of(current)), bool(params.get("os_template"))
    compared = [("plan_slug", _plan_drift), ("hostname", _host_drift)]
    if not wants_template:  # the template includes the family
        compared.append(("os_family", _family_drift))
    notes = [
        differs(name, current[option], params[option])
        for option, differs in compared
        if params.get(option) and current[option]
    ]
    if wants_template:
        notes.append(_template_drift(name, current, params, templates))
    return tuple(note for note in notes if note)


def _plan_drift(name: str, told: str, wanted: str) -> str:
    if _catalogue.is_same_plan(told, wanted):
        return ""
    return "%s; the API can't change the plan of a server." % _catalogue.plan_drift(name, told, wanted)


def _host_drift(name: str, told: str, wanted: str) -> str:
    if ascii_host(told) == ascii_host(wanted):
        return ""
    return "%s has the hostname %s, not %s; the API can't change it." % (name, clean(told), wanted)


def _family_drift(name: str, told: str, wanted: str) -> str:
    if _installed.is_family(told, wanted):
        return ""
    return "%s has an operating system of the family %s, not %s." % (name, clean(told, 60), wanted)


def _template_drift(name: str, current: Row, params: Params, templates: t.Sequence[Row]) -> str:
    wanted, family = params["os_template"], params.get("os_family")
    if params["state"] == "reinstalled" or is_told(current, params):
        return ""
    installed = _installed.find_installed(current, templates)
    named_one = _installed.find_installed({"os_template": wanted, "os_family": family}, templates)
    if installed is None or _installed.is_same(installed, named_one or (family or "", wanted)):
        return ""
    return "%s has the template %s, not %s; only state: reinstalled changes it, and that wipes the disk." % (
        name,
        clean(installed[1], 60),
        wanted,
    )


def _hostname_of(hostname: str | None, label: str) -> str:
    """Return the hostname to order with. Raises: BadOption."""
    if hostname:
        return check_hostname(hostname, "hostname")
    try:
        return check_hostname(label, "label")
    except BadOption:
        raise BadOption(
            "The label %s is not a valid hostname. Nothing was ordered. Set hostname as well." % shown(label)
        ) from None


def plan_order(reading: Reading, params: Params, label: str) -> Plan:
    """Plan the order of a server, after every check that is possible before money moves.

    Raises: Refused, Missing, BadOption.
    """
    rows = reading.servers().rows
    if not params.get("plan_slug"):
        raise missing(SERVER, params, rows, " To order it, set plan_slug and os_template.")
    if not params.get("os_template"):
        raise BadOption("os_template is required to order %s. Nothing was ordered." % shown(label))
    hostname = _hostname_of(params.get("hostname"), label)
    check_unlike(rows, label, hostname)
    reading.check_whole()
    offer = _buy.find_offer(reading.products(), params, SHOP)
    family, template = _catalogue.find_os_template(reading.templates(), params["os_template"], params.get("os_family"))
    body = {
        "plan_slug": offer.plan_slug,
        "label": label,
        "hostname": hostname,
        "os_family": family,
        "os_template": template,
    }
    order = _buy.make_order(
        params, SHOP, offer, reading.wallet(), body=body, identity=(label,), known_ids=reading.known_ids()
    )
    after: Row = {**dict.fromkeys(FIELDS), **body, "status": RUNNING}
    if params["state"] != "stopped":
        return _buy.plan_purchase(order, SHOP, after, SETTLED)
    stop = Action("stop", label, STOP, {"id": ""}, until=(STOPPED,))
    return _buy.plan_purchase(order, SHOP, {**after, "status": STOPPED}, SETTLED, stop)


def check_unlike(rows: t.Sequence[Row], label: str, hostname: str) -> None:
    """Check that no living server could be the wanted one under a changed label. Raises: Refused."""
    for row in rows:
        why = "" if is_gone(row) else why_similar(row, label, hostname, rows)
        if why:
            raise Refused(
                "No VPS has the label %s, but %s has %s. Nothing was ordered, because %s. If that is the server, use "
                "its %s. If it is a different server, order with a different label and a different hostname."
                % (
                    shown(label),
                    row["id"],
                    shown(row["label"]) if row["label"] else "no label",
                    why,
                    "label" if row["label"] else "ID, and set new_label to name it",
                ),
                candidates=[{field: row[field] for field in ("id", "label", "hostname")}],
            )


def check_whole(api: Api, rows: list[Row], owners: set[str]) -> None:
    """Check that the list contains every living server that has addresses. Raises: Refused."""
    for vps_id in sorted(owners - {row["id"] for row in rows}):
        found = get_vps(api, vps_id)
        if found is not None and not is_gone(found):
            raise Refused(
                "GET /v1/vps does not list the server %s, which has addresses: the list is incomplete. "
                "Nothing was ordered. Run the task again later." % vps_id
            )


def perform(api: Api, action: Action, progress: Progress) -> None:
    """Carry out one writing action of a server's plan."""
    if action.endpoint is ORDER:
        _perform_order(api, progress.plan.wish, progress)
    elif action.endpoint is REINSTALL:
        _perform_reinstall(api, action, progress)
    elif action.endpoint is LABEL:
        _perform_rename(api, action, progress)
    else:
        send(api, action, progress)
    if action.endpoint is DELETE:
        before = progress.plan.before
        progress.follow("vps", before["id"], title_of(before))


def _perform_rename(api: Api, action: Action, progress: Progress) -> None:
    """Rename a server, and read its label afterwards: the provider may change the label, or keep the old one.

    Raises: NotReached, so that no later run relies on the old label, or silently renames again.
    """
    before, wanted = progress.plan.before, str(t.cast(t.Mapping[str, str], action.body)["label"])
    send(api, action, progress)
    progress.maybe = True
    rows: list[Row] = []
    try:
        _read_renamed(api, action.ids["id"], wanted, rows)
    finally:
        # The entry in credentials_file moves to the current label of the server, or to the sent one if it can't be
        # read.
        label = rows[-1]["label"] if rows else None
        progress.follow("vps", before["id"], title_of(before), label or wanted)
    progress.after = rows[-1] if rows else {**before, "label": None}
    if label is None:
        progress.warn(
            "The API accepted the new label of %s, but does not return its current label." % shown(action.target)
        )
    elif not has_label(progress.after, wanted):
        raise NotReached(
            "The API accepted the new label %s of %s, but shows the label %s. Use that label from now on, or set a "
            "new_label that the API does not change." % (shown(wanted), before["id"], shown(label))
        )


def _read_renamed(api: Api, vps_id: str, wanted: str, rows: list[Row]) -> None:
    """Read a server until it shows its new label, or none. *rows* gets each reading, because a later one may fail."""
    for pause in RENAME_PAUSES:
        api.sleep(pause)
        row = get_vps(api, vps_id)
        if row is not None:
            rows.append(row)
        if not rows or rows[-1]["label"] is None or has_label(rows[-1], wanted):
            return


def wait(api: Api, action: Action, progress: Progress) -> None:
    """Wait for an action's effect where that is due."""
    if is_awaited(action, progress):
        vps_id = action.ids.get("id") or progress.resource_id
        # The reply to an order, or the reading that proved it, is the newest there is.
        row = progress.after if action.endpoint is ORDER else None
        progress.after = wait_for(api, action, progress, lambda: get_vps(api, vps_id), STATUSES, row)


def is_awaited(action: Action, progress: Progress) -> bool:
    """Return whether to wait for an action's effect: not if ``wait`` is off, unless a later step needs it."""
    is_needed = not action.writes or (action.endpoint is ORDER and progress.params["state"] == "stopped")
    return bool(progress.params["wait"]) or is_needed


def further(action: Action, progress: Progress) -> tuple[Action, ...]:
    """Start a server that should be running, but is stopped after its order."""
    row, state = progress.after, progress.params["state"]
    is_wanted = state == "started" or (state == "restarted" and action.endpoint is ORDER)
    if not is_wanted or action.until != SETTLED or not row or row["status"] != STOPPED:
        return ()
    return (Action("start", action.target, START, {"id": row["id"]}, until=(RUNNING,)),)


def _perform_order(api: Api, order: Order, progress: Progress) -> None:
    """Place the order, and check that the next run finds the server by its label. Raises: Refused."""
    label = order.wanted_name
    row = _buy.place(api, order, SHOP, progress)
    if _is_called_otherwise(row, label):
        # A label that the provider changed would be ordered again once the provider has forgotten the key.
        api.request(LABEL, ids={"id": row["id"]}, body={"label": label})
        row = progress.after = get_vps(api, row["id"]) or row
        if _is_called_otherwise(row, label):
            raise Refused(
                "%s was ordered as %s, but the provider calls it %s. Use that label from now on. Otherwise the server "
                "would be ordered again." % (shown(label), row["id"], shown(row["label"]))
            )
    fill_from_order(row, order)


def _is_called_otherwise(row: Row, label: str) -> bool:
    return row["label"] is not None and not has_label(row, label)


def _may_be_labelled(row: Row, body: t.Mapping[str, t.Any]) -> bool:
    """Return whether a server's label may be the provider's form of the one that was ordered."""
    return not row["label"] or bool(why_similar(row, str(body["label"]), str(body["hostname"]), ()))


SHOP = _buy.Shop(
    kind="vps",
    what="server",
    endpoint=ORDER,
    id_fact="server_id",
    secrets=SECRETS,
    way_to_new_secrets=WAY_TO_NEW_SECRETS,
    list_rows=list_vps,
    get_row=get_vps,
    read_reply=read_order_reply,
    shape=lambda raw: shape_vps(raw, ORDER),
    title=lambda row: str(row["label"]),
    has_name=has_label,
    may_have_name=_may_be_labelled,
    is_whole=lambda row: row["ipv4"] is not None and row["status"] in STATUSES,
)


def _perform_reinstall(api: Api, action: Action, progress: Progress) -> None:
    """Reinstall a server, with a new key for each run: with the same key, a second reinstall would do nothing."""
    key = progress.params.get("idempotency_key") or str(uuid.uuid4())
    name = "vps/%s" % (progress.plan.after["label"] or action.target)  # which may have been changed a moment ago
    try:
        answer = api.request(
            action.endpoint,
            ids=action.ids,
            body=action.body,
            idempotency_key=key,
            timeout_seconds=float(progress.params["wait_timeout"]),
        )
    except H444Error as error:
        # The key ends with this run, so no later run gets the reply.
        if error.may_have_happened:
            progress.lose("root password of " + name, WAY_AFTER_REINSTALL)
        raise
    progress.maybe = True
    progress.receive(name, action.ids["id"], read_order_reply(answer.body), SECRETS, WAY_AFTER_REINSTALL)


def read_back(api: Api, params: Params, progress: Progress) -> t.Any:
    """Return the server after the run."""
    return read_after(Reading(api), progress)


def read_after(reading: Reading, progress: Progress) -> t.Any:
    """Return the server after its plan was carried out."""
    plan = progress.plan
    if not plan.actions or plan.after is None:
        return plan.after
    row = _row_after(reading, progress)
    if plan.wish is not None:
        fill_from_order(row, plan.wish)
    _note_old_template(plan, row, progress)
    # What the API leaves out comes from the plan; but not the status, nor a label that the API may have changed.
    known = {**plan.after, "status": None}
    if any(action.endpoint is LABEL for action in plan.actions):
        known["label"] = None
    return reading.with_address(laid_over(known, row))


def _row_after(reading: Reading, progress: Progress) -> Row:
    """Return the current server: as the last step read it, else read it now."""
    plan = progress.plan
    last = progress.done[-1] if progress.done else plan.actions[-1]
    if (last.until and progress.params["wait"]) or last.endpoint in (ORDER, LABEL):
        return t.cast(Row, progress.after)
    return reading.server(progress.resource_id or plan.after["id"]) or t.cast(Row, progress.after)


def _note_old_template(plan: Plan, row: Row, progress: Progress) -> None:
    """Warn if a reinstalled server still shows its old template: the next run would wipe it again."""
    old, new = plan.before and plan.before["os_template"], plan.after["os_template"]
    if old and row["os_template"] == old != new and any(action.endpoint is REINSTALL for action in progress.done):
        progress.warn(
            "The API accepted the reinstall of %s, but still shows the template %s, not %s. As long as it does, "
            "state: reinstalled wipes the disk in every run." % (shown(title_of(row)), shown(old), shown(new))
        )


IDENTIFIERS = Identifiers("VPS", ("id", "label"), is_needed=True, new_name="new_label")
INFO_IDENTIFIERS = Identifiers("VPS", ("id", "label"))
RECONCILER = Reconciler("vps", plan_of, perform, read_back, wait, IDENTIFIERS, further)


def report(api: Api, params: Params) -> dict[str, t.Any]:
    """Return the result of h444_vps_info."""
    rows = _named_rows(api, params)
    rows = choose(rows, params.get("patterns"), "label")
    notes: list[str] = []
    if params.get("include_ips") or any(row["ipv4"] is None for row in rows):
        rows = _with_addresses(api, rows, bool(params.get("include_ips")), notes)
    if params.get("include_stats"):
        rows = [{**row, "stats": None if is_gone(row) else _stats_or_none(api, row, notes)} for row in rows]
    return {"vps": rows, "notes": notes}


def _named_rows(api: Api, params: Params) -> list[Row]:
    """Read the server with the given ID or label, or all servers. Raises: Refused, BadReply."""
    if params.get("id") is not None:
        return named(api, SERVERS, params)
    servers = list_servers(api)
    rows = with_names(SERVER, servers.rows, params)
    if not rows and params.get("label") is not None:
        check_told(servers, params["label"])
    return rows


def _stats_or_none(api: Api, row: Row, notes: list[str]) -> Row | None:
    """Read a server's live usage. A failure is noted, and does not affect the other servers."""
    try:
        return get_stats(api, row["id"])
    except (AuthError, ScopeError, RateLimited):
        raise
    except (ApiError, BadReply) as error:
        notes.append(
            "The live usage of %s could not be read, so its stats are null. %s" % (shown(title_of(row)), error)
        )
        return None


def _with_addresses(api: Api, rows: list[Row], include: bool, notes: list[str]) -> list[Row]:
    """Join servers with their addresses: one request for one server, one for all.

    *include*: all addresses are requested, not only the primary one.
    """
    try:
        by_id = _addresses_by_id(api, rows, notes)
    except (AuthError, ScopeError, RateLimited):
        raise
    except (ApiError, BadReply) as error:
        if include:
            raise
        notes.append(
            "The addresses could not be read, so ipv4 is null for servers that do not contain it themselves. %s" % error
        )
        by_id = {}
    result = []
    for row in rows:
        addresses = by_id.get(row["id"], [])
        row = {**row, "ipv4": row["ipv4"] or primary_address(addresses)}
        result.append({**row, "ips": addresses} if include else row)
    return result


def _addresses_by_id(api: Api, rows: list[Row], notes: list[str]) -> dict[str | None, list[Row]]:
    by_id: dict[str | None, list[Row]] = {}
    if len(rows) == 1:
        try:
            return {rows[0]["id"]: _addresses.list_ips(api, rows[0]["id"], rows[0]["label"])}
        except NotFound:
            return {}

    def note(vps_id: str | None, error: BadReply) -> None:
        notes.append("An address%s is left out. %s" % (" of " + shown(vps_id) if vps_id else "", error))

    for entry in _addresses.read_all_ips(_addresses.fetch_all_ips(api), note) if rows else []:
        by_id.setdefault(entry["vps_id"], []).append(entry)
    return by_id
