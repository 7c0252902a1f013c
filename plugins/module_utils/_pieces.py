# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The sections of a manifest: what each entry asks for, and the plan that its noun makes of it, from one reading."""

from __future__ import annotations

import typing as t

from . import _catalogue, _document, _domain, _fleet, _hosting, _ptr, _records, _vps, _webhook
from ._addresses import list_ips, primary_choices, read_all_ips
from ._api import Api, Params, Row
from ._bulk import CAN_BE_UNDONE, COSTS, DESTROYS, Entry, Kind
from ._converge import Progress
from ._entries import Written
from ._errors import BadOption, NotReached, ScopeError
from ._find import Source
from ._identifiers import Named, check_agree, check_given
from ._installed import find_installed
from ._names import ascii_host, check_ip, quoted
from ._plan import Action, Plan, laid_over
from ._status import is_gone

CREATE, UPDATE, REPLACE, REMOVE = "create", "update", "replace", "remove"
SERVERS, PTR_RECORDS, HOSTING, DOMAINS, WEBHOOKS = "servers", "ptr_records", "hosting", "domains", "webhooks"
PAID = {SERVERS: "vps", HOSTING: "hosting"}
"""the sections whose resources cost money, by the categories of their plans"""
RANKS = {UPDATE: CAN_BE_UNDONE, CREATE: COSTS, REPLACE: DESTROYS, REMOVE: DESTROYS}
# A new server may get its address a moment after it is ready.
ADDRESS_PAUSES_SECONDS = (0.0, 1.0, 2.0, 4.0)
Changes = t.Dict[str, t.Dict[str, t.Any]]
"""option -> before, after"""


class Wanted(t.NamedTuple):
    """What one entry asks for: its options, checked, and laid over those for all."""

    written: Written
    params: Params


class Piece(t.NamedTuple):
    """What is to be done for one entry, or for a resource that no entry names.

    *place*: the entry in messages. *action*: "" if nothing is to be done. *monthly_usd_cents*: what a month costs
    afterwards, more or less. *limit_usd_cents*: what a month of it may cost. *is_impossible*: no call of the API can do
    it. *differences*: what differs, and is not changed because the entry does not ask for it.
    """

    entry: Entry
    place: str
    action: str = ""
    changes: Changes = {}
    monthly_usd_cents: int = 0
    limit_usd_cents: t.Optional[int] = None
    is_impossible: bool = False
    differences: Changes = {}

    @property
    def line(self) -> dict[str, t.Any]:
        """Return the entry of the plan."""
        return {
            "action": self.action,
            "kind": self.entry.kind.word,
            "name": self.entry.name,
            "changes": self.changes,
            "monthly_usd_cents": self.monthly_usd_cents,
        }


class AccountReading(_fleet.WholeReading, _hosting.Reading):
    """One reading of the whole account."""

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self._details: dict[str, _domain.Domain] = {}
        self._do_details_say_more = True
        self._completed: dict[tuple[str, str], Row] = {}
        self._complete: set[str] = set()

    def with_details(self, category: str, row: Row, fields: t.Sequence[str]) -> Row:
        """Read the detail of a row if the list lacks one of these fields, unless details turned out to say no more."""
        lacking = [field for field in fields if row[field] is None]
        if not lacking or category in self._complete:
            return self.known(category, row)
        get_row = _vps.get_vps if category == "vps" else _hosting.get_hosting
        found = self._completed[category, row["id"]] = laid_over(
            self.known(category, row), get_row(self.api, row["id"])
        )
        if all(found[field] is None for field in lacking):
            self._complete.add(category)
        return found

    def known(self, category: str, row: Row) -> Row:
        """Return a row of a list with its detail, if that was read."""
        return self._completed.get((category, row["id"]), row)

    def afresh(self) -> AccountReading:
        """Return another reading, to be made now. The catalogue is the same."""
        other = AccountReading(self.api)
        other._kept.update({name: self._kept[name] for name in ("products", "templates") if name in self._kept})
        return other

    def domains(self) -> list[_domain.Domain]:
        """Return every domain, with the details of those that were completed."""
        return [self._details.get(domain.row["id"], domain) for domain in self.once("domains", _domain.list_domains)]

    def complete(self, domain: _domain.Domain) -> _domain.Domain:
        """Read the detail of a domain if the list lacks a setting, unless details turned out to contain no more."""
        if not domain.untold() or not self._do_details_say_more:
            return domain
        full = _domain.complete(self.api, domain)
        self._do_details_say_more = full.untold() != domain.untold()
        self._details[domain.row["id"]] = full
        return full

    def webhooks(self) -> list[Row]:
        """Return every webhook."""
        return self.once("webhooks", _webhook.list_webhooks)

    def ips(self) -> list[Row]:
        """Return every address, with the label of its server. Raises: BadReply if one can't be read."""
        return self.once("ips", lambda _api: read_all_ips(self.told_addresses()))

    @property
    def webhook_source(self) -> Source:
        """Where webhooks are found."""
        return Source(_webhook.WEBHOOK, lambda _api: self.webhooks(), _webhook.get_webhook)

    def price_of(self, category: str, row: Row) -> int | None:
        """Return what a month of a server or a hosting account costs in cents; None if the catalogue does not say."""
        slug = self.slug_of(category, row["plan_slug"] or "")
        return self._prices(category).get(slug) if slug is not None else None

    def slug_of(self, category: str, plan: str) -> str | None:
        """Return the slug of a plan by any of its names; None if the catalogue has no such plan."""
        return self.names_of(category).get(plan, self.names_of(category).get(plan.casefold()))

    def names_of(self, category: str) -> dict[str, str]:
        """Return the slug for each name of a plan."""
        return self.once("names of " + category, lambda _api: _catalogue.plan_names(self._catalogue(), category))

    def _prices(self, category: str) -> dict[str, int | None]:
        return self.once("prices of " + category, lambda _api: _catalogue.prices(self._catalogue(), category))

    def _catalogue(self) -> list[Row]:
        """Return the catalogue; an empty one if the key may not read it. An order needs it, and fails then."""
        try:
            return self.products()
        except ScopeError:
            return []

    def read(self, section: str) -> None:
        """Read the lists of a section. Raises: H444Error."""
        {
            SERVERS: self.servers,
            PTR_RECORDS: self.ips,
            HOSTING: self.hosting,
            DOMAINS: self.domains,
            WEBHOOKS: self.webhooks,
        }[section]()


def change(before: t.Any, after: t.Any) -> dict[str, t.Any]:
    """Return what changes. The order of events and of name servers means nothing, so it is always the same."""
    return {
        name: sorted(value) if isinstance(value, list) else value
        for name, value in (("before", before), ("after", after))
    }


def made(after: t.Mapping[str, t.Any], *options: str) -> Changes:
    """Return the changes of a new resource: every option that gets a value."""
    return {option: change(None, after[option]) for option in options if after.get(option) is not None}


def piece(
    kind: Kind, wanted: Wanted, plan: Plan, action: str, changes: Changes, rank: int | None = None, **more: t.Any
) -> Piece:
    """Return what is to be done for an entry."""
    action = action if changes or action == REMOVE else ""
    rank = RANKS.get(action, CAN_BE_UNDONE) if rank is None else rank
    entry = Entry(kind, wanted.written.name, wanted.params, plan, rank)
    return Piece(entry, str(wanted.written), action, changes, **more)


# Servers


def check_server(written: Written, defaults: Params) -> Params:
    """Return the options of a server. Raises: BadOption."""
    own = {**dict.fromkeys(_fleet.NAMES + _fleet.DEFAULTS), "state": "present", "force": False, **defaults}
    params = _vps.checked(check_given({**own, **written.options}, _vps.IDENTIFIERS))
    if not written.has("ptr"):
        return params
    if params["state"] == "absent":
        raise BadOption("ptr: this is not possible for a server that is removed. Leave it out.")
    return {**params, "ptr": _records.wanted_hostname(written.options.get("ptr"), "ptr")}


def plan_server(account: AccountReading, wanted: Wanted) -> Piece:
    """Plan one server, and the PTR record of its primary address. Raises: H444Error."""
    limit = wanted.params.get("max_monthly_usd_cents")
    params = {**wanted.params, "max_monthly_usd_cents": None}  # held against the plan, see _manifest.check
    plan = _vps.plan_server(account, params)
    ptr, plan = _with_ptr(account, plan, wanted)
    wanted = wanted._replace(params=params)
    if plan.before is None and plan.after is None:
        return piece(SERVER_KIND, wanted, plan, "", {})
    if plan.before is None:
        state = {"state": params["state"]} if params["state"] != "present" else {}
        after = {**plan.after, **state}
        changes = made(after, "plan_slug", "hostname", "os_family", "os_template", "state", "ptr")
        price = plan.wish.price_usd_cents
        return piece(SERVER_KIND, wanted, plan, CREATE, changes, monthly_usd_cents=price, limit_usd_cents=limit)
    if plan.after is None:
        return _removed(account, SERVER_KIND, wanted, plan)
    differences = _other_template(account, plan.before, params)
    current = account.with_details("vps", plan.before, [name for name in ("plan_slug", "hostname") if params.get(name)])
    drift = _drift(account, "vps", current, params)
    changes = {**drift, **_server_changes(plan, params), **ptr}
    is_wiped = any(action.endpoint is _vps.REINSTALL for action in plan.actions)
    if drift:
        plan = plan._replace(notes=())  # the refusal says it
    action = REPLACE if drift or is_wiped else UPDATE
    return piece(SERVER_KIND, wanted, plan, action, changes, is_impossible=bool(drift), differences=differences)


def _server_changes(plan: Plan, params: Params) -> Changes:
    """Return what the steps of an existing server change."""
    before, after, changes = plan.before, plan.after, {}  # type: Row, Row, Changes
    for action in plan.actions:
        if action.endpoint is _vps.LABEL:
            changes["label"] = change(before["label"], after["label"])
        elif action.endpoint is _vps.REINSTALL:
            changes["os_template"] = change(before["os_template"], after["os_template"])
            if before["os_family"] is not None and before["os_family"] != after["os_family"]:
                changes["os_family"] = change(before["os_family"], after["os_family"])
        elif action.endpoint in (_vps.START, _vps.STOP, _vps.REBOOT):
            changes["state"] = change(_document.POWER.get(before["status"], before["status"]), params["state"])
    return changes


def _other_template(account: AccountReading, current: Row, params: Params) -> Changes:
    """Return whether a server has another template than its entry says, and the entry does not ask for a reinstall.

    Raises: Refused for a template that does not exist.
    """
    wanted = params.get("os_template")
    if not wanted or _vps.is_told(current, params):
        return {}
    installed = find_installed(current, account.templates())
    if installed is not None and installed[1] == wanted:
        return {}
    _catalogue.find_os_template(account.templates(), wanted, params.get("os_family"))
    if installed is None or params["state"] == "reinstalled":
        return {}
    return {"os_template": change(installed[1], wanted)}


def _drift(account: AccountReading, category: str, current: Row, params: Params) -> Changes:
    """Return what no call of the API can change. Raises: Refused for a plan that does not exist."""
    found: Changes = {}
    told, wanted = current["plan_slug"], params.get("plan_slug")
    if wanted and not (told and _is_same_plan(account, category, told, wanted)):
        _catalogue.find_plan(account.products(), wanted, category)
        # Otherwise it is not known, and a note says so.
        if told and (account.slug_of(category, told) or _catalogue.is_slug(told)):
            found["plan_slug"] = change(told, wanted)
    host, name = current.get("hostname"), params.get("hostname")
    if host and name and ascii_host(host) != ascii_host(name):
        found["hostname"] = change(host, name)
    return found


def _is_same_plan(account: AccountReading, category: str, told: str, wanted: str) -> bool:
    slugs = account.slug_of(category, told), account.slug_of(category, wanted)
    return slugs[0] == slugs[1] if None not in slugs else _catalogue.is_same_plan(told, wanted)


def _removed(account: AccountReading, kind: Kind, wanted: Wanted, plan: Plan) -> Piece:
    """Return the removal of what an entry, or none, names. What it cost is no longer due."""
    category = PAID.get(kind.word)
    price = account.price_of(category, plan.before) if category else 0
    return piece(kind, wanted, plan, REMOVE, {}, monthly_usd_cents=-(price or 0))


def _with_ptr(account: AccountReading, plan: Plan, wanted: Wanted) -> tuple[Changes, Plan]:
    """Add the PTR record of the primary address to the plan of a server. Raises: Missing, Refused, BadReply."""
    if "ptr" not in wanted.params or plan.after is None:
        return {}, plan
    hostname = wanted.params["ptr"]
    after = {**plan.after, "ptr": hostname}
    addresses = [] if plan.before is None else account.addresses_of(plan.before)
    if not addresses and plan.before is not None:
        # The list of all addresses may not contain those of a new server yet.
        addresses = list_ips(account.api, plan.before["id"], plan.before["label"])
    if not addresses and (plan.before is None or plan.before["status"] == _vps.PROVISIONING):
        later = _ptr_later(wanted.written.name, "" if plan.before is None else plan.before["id"], hostname)
        changes = {} if hostname is None else {"ptr": change(None, hostname)}
        return changes, plan._replace(after=after, actions=(*plan.actions, later))
    row = _ptr.find_primary(addresses, "the server %s" % quoted(wanted.written.name))
    ptr = _ptr.plan_ptr(row, hostname)
    plan = plan._replace(after=after, actions=(*ptr.actions, *plan.actions))
    return ({"ptr": change(row["ptr"], hostname)} if ptr.actions else {}), plan


def _ptr_later(name: str, vps_id: str, hostname: str | None) -> Action:
    """Return the step for the address of a server that has none yet."""
    ids = {"id": vps_id, "ip": ""}
    if hostname is None:
        return Action("clear PTR of", name, _ptr.DELETE_PTR, ids, if_needed=True)
    return Action("set PTR of", name, _ptr.PUT_PTR, ids, {"hostname": hostname})


def perform_server(api: Api, action: Action, progress: Progress) -> None:
    """Carry out one writing step of a server's plan, its PTR record included."""
    if action.endpoint not in (_ptr.PUT_PTR, _ptr.DELETE_PTR):
        _vps.perform(api, action, progress)
        return
    if not action.ids["ip"]:
        hostname = (action.body or {}).get("hostname")
        row = _first_address(api, action.ids["id"] or progress.resource_id, action.target, hostname is not None)
        steps = _ptr.plan_ptr(row, hostname).actions if row is not None else ()
        if not steps:
            progress.spared = True
            return
        action = steps[0]
    _ptr.perform(api, action, progress)


def is_server_awaited(action: Action, progress: Progress) -> bool:
    """Return whether to wait for an action's effect: also for a new server that is to get its PTR record."""
    is_named_later = action.endpoint is _vps.ORDER and progress.params.get("ptr") is not None
    return is_named_later or _vps.is_awaited(action, progress)


def _first_address(api: Api, vps_id: str, name: str, is_needed: bool) -> Row | None:
    """Return the primary address of a new server; None if it has none yet, and none is needed.

    Raises: NotReached, Refused.
    """
    for pause in ADDRESS_PAUSES_SECONDS if is_needed else (0.0,):
        api.sleep(pause)
        rows = list_ips(api, vps_id)
        # Another address may be there before the primary one.
        if any(row["primary"] is not False for row in rows):
            return _ptr.find_primary(rows, "the server %s" % quoted(name))
    if not is_needed:
        return None
    raise NotReached("The API shows no address of it yet, so its PTR record was not written. Run the task again.")


# PTR records


def check_record(written: Written, _defaults: Params) -> Params:
    """Return the options of a PTR record. Raises: BadOption."""
    if not written.has("hostname"):
        raise BadOption("hostname is required. To clear the PTR record, set null.")
    hostname = _records.wanted_hostname(written.options.get("hostname"), "hostname")
    return {"ip": check_ip(written.options["ip"], "ip"), "hostname": hostname}


def plan_record(account: AccountReading, wanted: Wanted) -> Piece:
    """Plan one PTR record. Raises: H444Error."""
    row = _records.find_ip(account.ips(), wanted.params["ip"])
    plan = _ptr.plan_ptr(row, wanted.params["hostname"])
    changes = {"hostname": change(row["ptr"], wanted.params["hostname"])} if plan.actions else {}
    return piece(RECORD_KIND, wanted, plan, UPDATE, changes)


# Web hosting


def check_hosting(written: Written, defaults: Params) -> Params:
    """Return the options of a hosting account. Raises: BadOption."""
    own = dict.fromkeys(
        ("id", "username", "plan_slug", "php_version", "max_monthly_usd_cents", "idempotency_key", "credentials_file")
    )
    params = {**own, "state": "present", "retry_ssl": "never", **defaults, **written.options}
    return _hosting.checked(check_given(params, _hosting.IDENTIFIERS))


def plan_hosting(account: AccountReading, wanted: Wanted) -> Piece:
    """Plan one hosting account. Raises: H444Error."""
    limit = wanted.params.get("max_monthly_usd_cents")
    wanted = wanted._replace(params={**wanted.params, "max_monthly_usd_cents": None})
    params = wanted.params
    plan = _hosting.plan_account(account, params, may_order_suspended=True)
    if plan.before is None and plan.after is None:
        return piece(HOSTING_KIND, wanted, plan, "", {})
    if plan.before is None:
        state = {"state": params["state"]} if params["state"] != "present" else {}
        changes = made({**plan.after, **state}, "plan_slug", "username", "php_version", "state")
        price = plan.wish.price_usd_cents
        return piece(HOSTING_KIND, wanted, plan, CREATE, changes, monthly_usd_cents=price, limit_usd_cents=limit)
    if plan.after is None:
        return _removed(account, HOSTING_KIND, wanted, plan)
    current = account.with_details("hosting", plan.before, ["plan_slug"] if params.get("plan_slug") else [])
    drift = _drift(account, "hosting", current, params)
    if drift:
        plan = plan._replace(notes=())
    changes = {**drift, **_hosting_changes(plan, params)}
    action, differences = (
        REPLACE if drift else UPDATE,
        {name.field: change(current[name.field], value) for name, value in _hosting.differences(current, params)},
    )
    return piece(HOSTING_KIND, wanted, plan, action, changes, is_impossible=bool(drift), differences=differences)


def _hosting_changes(plan: Plan, params: Params) -> Changes:
    before, changes = plan.before, {}  # type: Row, Changes
    for action in plan.actions:
        if action.endpoint in (_hosting.SUSPEND, _hosting.UNSUSPEND):
            changes["state"] = change(before["status"], params["state"])
        elif action.endpoint is _hosting.PHP:
            changes["php_version"] = change(before["php_version"], params["php_version"])
        elif action.endpoint is _hosting.SSL_RETRY:
            changes["retry_ssl"] = change(before["ssl_status"], plan.after["ssl_status"] or "retried")
    return changes


def is_hosting_awaited(action: Action, progress: Progress) -> bool:
    """Return whether to wait for an action's effect: not if ``wait`` is off, unless a later step needs it."""
    params = progress.params
    is_needed = not action.writes or (action.endpoint is _hosting.ORDER and params["state"] in ("active", "suspended"))
    return bool(params["wait"]) or is_needed


# Domains


def check_domain(written: Written, _defaults: Params) -> Params:
    """Return the options of a domain, with the wanted settings as ``wanted``. Raises: BadOption."""
    params = check_given({"id": None, **written.options}, _domain.IDENTIFIERS)
    _domain.check_name(params["name"])
    return {**params, "wanted": _domain.wanted_of(params)}


def plan_domain(account: AccountReading, wanted: Wanted) -> Piece:
    """Plan the settings of one domain. Raises: H444Error."""
    params = wanted.params
    domain = _domain.find_listed(account.domains(), {**params, "id": None})
    if params["id"] is not None:
        name, told = domain.row["name"], domain.row["id"]
        check_agree("domain", name, Named("id", params["id"], told, told == params["id"]))
    domain = account.complete(domain)
    settings = params["wanted"]
    plan = _domain.plan_domain(domain, settings)
    changes = {
        field: change(domain.row[field], value)
        for field, value in settings.items()
        if not _domain.is_met(domain, field, value)
    }
    return piece(DOMAIN_KIND, wanted, plan, UPDATE, changes)


def perform_domain(api: Api, action: Action, progress: Progress) -> None:
    """Write the settings, and look whether the registry took them: the API rolls back what it refuses."""
    _domain.perform(api, action, progress)
    progress.maybe = True
    progress.after = _domain.read_back(api, progress.params, progress)


# Webhooks


def check_webhook(written: Written, defaults: Params) -> Params:
    """Return the options of a webhook. Raises: BadOption."""
    own = dict.fromkeys(("id", "new_url", "events", "description", "is_active", "credentials_file"))
    params = {**own, "state": "present", "force": False, "rotate_secret": False, **defaults, **written.options}
    return _webhook.checked(check_given(params, _webhook.IDENTIFIERS))


def plan_webhook(account: AccountReading, wanted: Wanted) -> Piece:
    """Plan one webhook. Raises: H444Error."""
    plan = _webhook.plan_webhook(account.api, account.webhook_source, wanted.params)
    if plan.before is None and plan.after is None:
        return piece(WEBHOOK_KIND, wanted, plan, "", {})
    if plan.before is None:
        changes = made(plan.after, "events", "description")
        changes["is_active"] = change(None, plan.after["is_active"])
        return piece(WEBHOOK_KIND, wanted, plan, CREATE, changes, rank=CAN_BE_UNDONE)
    if plan.after is None:
        return _removed(account, WEBHOOK_KIND, wanted, plan)
    changes = {}
    for action in plan.actions:
        if action.endpoint is _webhook.ROTATE:
            changes["rotate_secret"] = change(False, True)
        for field, value in (action.body or {}).items():
            changes[field] = change(plan.before[field], value)
    return piece(WEBHOOK_KIND, wanted, plan, UPDATE, changes)


def perform_webhook(api: Api, action: Action, progress: Progress) -> None:
    """Carry out one step, and read the webhook after the last one: the next run must find it by its URL."""
    _webhook.perform(api, action, progress)
    if action is progress.plan.actions[-1] and progress.plan.after is not None:
        progress.maybe = True
        progress.after = _webhook.read_back(api, progress.params, progress)


# What no entry names


def purge_servers(account: AccountReading, pieces: t.Sequence[Piece], defaults: Params) -> list[Piece]:
    """Plan the termination of the servers that no entry names."""
    rows = [row for row in account.servers().rows if not is_gone(row)]
    return [
        _removed(account, SERVER_KIND, _unnamed(SERVERS, _vps.title_of(row), defaults), _vps.plan_absent(row))
        for row in _others(rows, pieces, SERVER_KIND)
    ]


def purge_hosting(account: AccountReading, pieces: t.Sequence[Piece], defaults: Params) -> list[Piece]:
    """Plan the removal of the hosting accounts that no entry names."""
    rows = [row for row in account.hosting() if not is_gone(row)]
    return [
        _removed(account, HOSTING_KIND, _unnamed(HOSTING, _hosting.title_of(row), defaults), _hosting.plan_absent(row))
        for row in _others(rows, pieces, HOSTING_KIND)
    ]


def purge_webhooks(account: AccountReading, pieces: t.Sequence[Piece], defaults: Params) -> list[Piece]:
    """Plan the removal of the webhooks that no entry names."""
    return [
        _removed(account, WEBHOOK_KIND, _unnamed(WEBHOOKS, row["url"], defaults), _webhook.plan_absent(row))
        for row in _others(account.webhooks(), pieces, WEBHOOK_KIND)
    ]


def _others(rows: t.Iterable[Row], pieces: t.Sequence[Piece], kind: Kind) -> list[Row]:
    """Return the resources of a kind that no entry names. IDs of two kinds may be the same."""
    entries = [one.entry for one in pieces if one.entry.kind is kind]
    named = {entry.plan.before["id"] for entry in entries if entry.plan.before is not None}
    return [row for row in rows if row["id"] not in named]


def purge_records(account: AccountReading, pieces: t.Sequence[Piece], defaults: Params) -> list[Piece]:
    """Plan the removal of the PTR records that no entry names. Those of a server that goes away go with it.

    The API may still show the addresses of a server that is gone.
    """
    servers = account.once("servers", _vps.list_servers).rows
    named, leaving = set(), {row["id"] for row in servers if is_gone(row)}
    for one in pieces:
        before = one.entry.plan.before
        if one.entry.kind is RECORD_KIND:
            named.add(before["ip"])
        elif one.entry.kind is SERVER_KIND and before is not None:
            if one.action == REMOVE:
                leaving.add(before["id"])
            elif "ptr" in one.entry.params:
                named.update(row["ip"] for row in primary_of(account, before))
    found = []
    for row in account.ips():
        if row["ip"] in named or row["vps_id"] in leaving:
            continue
        plan = _records.plan_other(row, None)
        action = REMOVE if plan.actions else ""
        found.append(piece(RECORD_KIND, _unnamed(PTR_RECORDS, row["ip"], defaults), plan, action, {}))
    return found


def primary_of(account: AccountReading, server: Row) -> list[Row]:
    """Return the primary address of a server, as a list of one; an empty list if it has none."""
    return next((choice[:1] for choice in primary_choices(account.addresses_of(server)) if choice), [])


def _unnamed(section: str, name: str, defaults: Params) -> Wanted:
    """Return what is wanted of a resource that no entry names."""
    params = {**defaults, "state": "absent"}
    return Wanted(Written(section, None, name, {}, frozenset()), params)


SERVER_KIND = _fleet.SERVERS._replace(
    reconciler=_vps.RECONCILER._replace(perform=perform_server), is_awaited=is_server_awaited
)
RECORD_KIND = _records.RECORDS
HOSTING_KIND = Kind(
    HOSTING,
    _hosting.RECONCILER,
    _hosting.list_hosting,
    _hosting.get_hosting,
    _hosting.STATUSES,
    is_hosting_awaited,
)
DOMAIN_KIND = Kind(
    DOMAINS,
    _domain.RECONCILER._replace(perform=perform_domain),
    lambda api: [domain.row for domain in _domain.list_domains(api)],
    lambda _api, _id: None,
    (),
    lambda _action, _progress: False,
)
WEBHOOK_KIND = Kind(
    WEBHOOKS,
    _webhook.RECONCILER._replace(perform=perform_webhook),
    _webhook.list_webhooks,
    _webhook.get_webhook,
    (),
    lambda _action, _progress: False,
    plurals={"secret": "webhook_secrets"},
)


class Section(t.NamedTuple):
    """How one section is checked, planned and purged."""

    check: t.Callable[[Written, Params], Params]
    plan: t.Callable[[AccountReading, Wanted], Piece]
    purge: t.Optional[t.Callable[[AccountReading, t.Sequence[Piece], Params], t.List[Piece]]] = None


SECTIONS = {
    SERVERS: Section(check_server, plan_server, purge_servers),
    PTR_RECORDS: Section(check_record, plan_record, purge_records),
    HOSTING: Section(check_hosting, plan_hosting, purge_hosting),
    DOMAINS: Section(check_domain, plan_domain),
    WEBHOOKS: Section(check_webhook, plan_webhook, purge_webhooks),
}
"""in the order in which the plan lists what is due at the same time"""
