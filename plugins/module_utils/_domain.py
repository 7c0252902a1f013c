# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Domains: renewal, transfer lock, WHOIS privacy, name servers, expiry."""

from __future__ import annotations

import re
import typing as t
from datetime import datetime, timezone

from ._api import Api, Params, Raw, Row
from ._converge import Progress, Reconciler, send
from ._endpoint import Endpoint
from ._errors import (
    ApiError,
    AuthError,
    BadOption,
    H444Error,
    NotFound,
    NotReached,
    RateLimited,
    ScopeError,
    UnknownFate,
)
from ._fields import Field, Needed, Table, as_is, inside, read_fields
from ._find import Name, Noun, by_name, check_names, missing, with_names
from ._identifiers import Identifiers
from ._names import ascii_host, check_hostname, check_id, clean, shown
from ._patterns import choose
from ._plan import Action, Plan, same
from ._reader import Where, bad, identifier, moment, object_of, row_of, snake, truth, word

LIST = Endpoint("GET", "/domains", "domains:read")
GET = Endpoint("GET", "/domains/{id}", "domains:read")
PATCH = Endpoint("PATCH", "/domains/{id}", "domains:write")
ENDPOINTS = (LIST, GET, PATCH)

NOUNS = ("domains", "domain", "domain_list", "domain_names")
IDS = ("id", "domain_id", "uuid")

# The page documents the names of the other two in the request body; these are sent under the name in the reply.
NAMED_BY_REPLY = frozenset({"transfer_lock", "whois_privacy"})
HOST_NAMES = ("host", "hostname", "host_name", "name", "nameserver", "server", "ns", "fqdn", "value")
NUMBERED = re.compile(r"\A(?:ns|nameserver|name_server|host)?_?[0-9]{1,2}\Z")

# The registry may show a change only after the reply: the pauses between the readings that follow a change.
PAUSES_SECONDS = (1.0, 2.0, 4.0)
# A proxy gave up waiting for the API: the change may still be made.
STILL_AT_WORK = frozenset({408, 499, 504, 522, 524})


class Told(t.NamedTuple):
    """One setting of a reply: its name and value as the API returned them, and the value in normal form.

    *value*: None if it can't be read.
    """

    name: str
    raw: t.Any
    value: t.Any


class Domain(t.NamedTuple):
    """A domain in normal form, and its settings as the reply contained them."""

    row: Row
    told: t.Mapping[str, Told]

    def untold(self) -> list[str]:
        """Return the settings that are missing in the reply, or null."""
        return [field for field in SETTINGS if field not in self.told or self.told[field].raw is None]


read_switch = inside(truth, "enabled", "active", "value", "status")
"""Read a setting that is on or off, also from {"enabled": true}; None if it is neither."""


def read_nameservers(value: t.Any) -> list[str] | None:
    """Return the name servers from a list, a map (ns1, ns2, …) or a text; None if unreadable.

    The names are in lower case, without trailing dots.
    """
    entries = _entries_in(value)
    if entries is None:
        return None
    hosts = [_host_in(entry) for entry in entries if entry is not None and entry != ""]
    return None if None in hosts else list(dict.fromkeys(t.cast("list[str]", hosts)))


def _entries_in(value: t.Any) -> list[t.Any] | None:
    """Return the name servers of a reply one by one, unchanged."""
    if isinstance(value, str):
        return re.split(r"[,;\s]+", value)
    if not isinstance(value, dict):
        return value if isinstance(value, list) else None
    lists = [item for item in value.values() if isinstance(item, list)]
    if len(lists) == 1:
        return lists[0]
    return list(value.values()) if value and all(NUMBERED.match(key) for key in value) else None


def _host_in(entry: t.Any) -> str | None:
    parts = (word(entry, *HOST_NAMES) or "").split()  # "ns1.example.com 192.0.2.1" names an address too
    return ascii_host(parts[0]) if parts else None


def read_status(value: t.Any) -> str | None:
    """Return a status in the API's own words, as one lower-case word; several are joined with commas."""
    if isinstance(value, list):
        return ", ".join(found for found in map(read_status, value) if found) or None
    found = word(value, "status", "state", "name", "slug", "code")
    return snake(found) if found else None


def read_name(value: t.Any, where: Where, field: str) -> str:
    """Return the name of a domain. Raises: BadReply."""
    found = word(value, "name", "domain", "fqdn")
    if not found:
        raise bad(where, "a domain has no name")
    return found


# Only names that can't mean the opposite, so not "unlocked".
SETTINGS: Table = {
    "auto_renew": Field(read_switch, "auto_renew", "autorenew", "auto_renewal", "auto_renew_enabled", "is_auto_renew"),
    "transfer_lock": Field(
        read_switch,
        "transfer_lock",
        "transfer_locked",
        "transfer_lock_enabled",
        "is_transfer_locked",
        "locked",
        "is_locked",
        "lock",
        "domain_lock",
        "registrar_lock",
    ),
    "whois_privacy": Field(
        read_switch,
        "whois_privacy",
        "whois_privacy_enabled",
        "is_whois_private",
        "privacy",
        "privacy_enabled",
        "privacy_protection",
        "whois_protection",
        "id_protection",
    ),
    "nameservers": Field(read_nameservers, "nameservers", "name_servers", "nameserver", "ns", "dns_servers"),
}
TABLE: Table = {
    "name": Needed(read_name, "name", "domain", "domain_name", "fqdn"),
    "id": Needed(identifier, *IDS),
    "status": Field(read_status, "status", "state"),
    "expires_at": Field(
        as_is,
        "expires_at",
        "expires",
        "expires_on",
        "expiry",
        "expiry_date",
        "expiry_at",
        "expiration",
        "expiration_date",
        "expire_date",
        "expire_at",
        "valid_until",
    ),
    "created_at": Field(as_is, "created_at", "created", "registered_at", "registered_on", "registration_date"),
}
FIELDS = ("id", "name", "status", *SETTINGS, "expires_at", "expires_on", "days_left", "created_at")


def _spelt(raw: Raw) -> dict[str, str]:
    """Map the snake_case names of a reply's fields to the API's spellings, also inside the wrappers of flat()."""
    found: dict[str, str] = {}
    for key, value in raw.items():
        name = snake(str(key))
        if isinstance(value, dict) and name in NOUNS + ("attributes",):
            found.update(_spelt(value))
        else:
            found[name] = str(key)
    return found


def read_domain(raw: Raw, where: Endpoint, now: datetime) -> Domain:
    """Return one domain: FIELDS are always there, None (no name servers: an empty list) where the API returned nothing.

    All else is kept. Assumed: the page names no field of a reply (switches ``domain_fields``, ``domain_values``,
    ``nameservers_form``, ``domain_expiry``).
    """
    row = row_of(raw, NOUNS, where)
    told = _take_settings(row, _spelt(raw))
    settings = {field: told[field].value if field in told else None for field in SETTINGS}
    fields = read_fields(row, TABLE, where)
    shaped = {**row, **settings, **fields, **_expiry(fields["expires_at"], now)}
    return Domain({**shaped, "nameservers": settings["nameservers"] or []}, told)


def _take_settings(row: Row, spelt: t.Mapping[str, str]) -> dict[str, Told]:
    """Take the settings out of a row (in snake_case). *spelt*: how the API spells each name."""
    told = {}
    for field, setting in SETTINGS.items():
        there = [name for name in setting.names if name in row]
        if there:
            name = next((name for name in there if row[name] is not None), there[0])
            value = row.pop(name)
            told[field] = Told(spelt.get(name, name), value, setting.read(value))
    return told


def _expiry(expires_at: t.Any, now: datetime) -> Row:
    """Return the day of expiry, and the whole days until then: rounded down, so negative from the moment of expiry."""
    end = moment(expires_at)
    if end is None:
        return {"expires_on": None, "days_left": None}
    return {
        "expires_on": end.astimezone(timezone.utc).strftime("%Y-%m-%d"),
        "days_left": int((end - now).total_seconds() // 86400),
    }


def _clock(answer: t.Any) -> datetime:
    """Return the API's time by its Date header, else the time of this machine."""
    return moment(answer.headers.get("Date")) or datetime.now(timezone.utc)


def list_domains(api: Api) -> list[Domain]:
    """Read every domain. Source: GET /v1/domains (domains:read)."""
    answer = api.request(LIST)
    now = _clock(answer)
    return [read_domain(raw, LIST, now) for raw in api.rows(LIST, NOUNS, answer=answer)]


def get_domain(api: Api, domain_id: str) -> Domain | None:
    """Read one domain; None if it does not exist. Source: GET /v1/domains/:id (domains:read)."""
    try:
        answer = api.request(GET, ids={"id": domain_id})
    except NotFound:
        return None
    return read_domain(object_of(answer.body, NOUNS, GET, IDS, domain_id), GET, _clock(answer))


def complete(api: Api, domain: Domain) -> Domain:
    """Read the detail of a domain if the list lacks a setting.

    The page promises status, name servers and expiry only.
    """
    if not domain.untold():
        return domain
    return get_domain(api, domain.row["id"]) or domain


def complete_all(api: Api, domains: t.Sequence[Domain]) -> list[Domain]:
    """Complete every domain; once a detail contains no more than its row, the other details are not read."""
    result, holds_more = [], True
    for domain in domains:
        full = complete(api, domain) if holds_more else domain
        holds_more = holds_more and (full is domain or full.untold() != domain.untold())
        result.append(full)
    return result


def check_name(name: str) -> str:
    """Return a domain's name in the form in which names are compared, else raise BadOption."""
    return check_hostname(ascii_host(name), "name", dotted=True)


def has_name(row: Row, name: str | None) -> bool:
    """Return whether a domain has this name, in any spelling."""
    return name is not None and ascii_host(row["name"]) == ascii_host(name)


DOMAIN = Noun("domain", "domains", names=(Name("name", has_name),), shows=("name", "status", "expires_at"))


def find_domain(api: Api, params: Params) -> Domain:
    """Find the one domain of this ID or name. Raises: BadOption, Missing, Ambiguous, Refused."""
    if params.get("id") is not None:
        found = get_domain(api, check_id(params["id"], "id"))
        if found is not None:
            check_names(DOMAIN, found.row, params)
            return found
    return complete(api, find_listed(list_domains(api), params))


def find_listed(domains: t.Sequence[Domain], params: Params) -> Domain:
    """Find the one domain with the name of a task in the list. Raises: Missing, also for an ID; Ambiguous."""
    rows = [domain.row for domain in domains]
    row = by_name(DOMAIN, rows, params) if params.get("id") is None else None
    if row is None:
        then = " Nothing was changed. The API can't register domains; order them in the panel."
        raise missing(DOMAIN, params, rows, then)
    return next(domain for domain in domains if domain.row is row)


def wanted_of(params: Params) -> Row:
    """Return the wanted settings, with name servers in normal form and each once. Raises: BadOption."""
    wanted = {field: params[field] for field in SETTINGS if params.get(field) is not None}
    if "nameservers" in wanted:
        hosts = [check_hostname(ascii_host(host), "nameservers", dotted=True) for host in wanted["nameservers"]]
        if not hosts:
            raise BadOption(
                "nameservers: an empty list would take the domain offline. Nothing was sent. Leave the option out to "
                "keep the current name servers."
            )
        wanted["nameservers"] = list(dict.fromkeys(hosts))
    return wanted


def is_met(domain: Domain, field: str, value: t.Any) -> bool | None:
    """Return whether a setting has a value, name servers in any order; None if it is missing or unreadable."""
    found = domain.told[field].value if field in domain.told else None
    if found is None:
        return None
    return set(found) == set(value) if field == "nameservers" else found == value


def plan_domain(domain: Domain, wanted: Row) -> Plan:
    """Plan the settings to write: those that differ, and those that the API does not return.

    Raises: BadReply.
    """
    row, notes = domain.row, []
    name = clean(row["name"], 80)
    changed = {field: value for field, value in wanted.items() if not is_met(domain, field, value)}
    if not changed:
        return same(row)
    for field in changed:
        if field in domain.untold():
            notes.append(
                "The API does not return %s of %s, so every run writes it, and it can't be checked." % (field, name)
            )
        elif domain.told[field].value is None:
            raise bad(GET, "%s of %s is %s, which can't be read" % (field, name, shown(domain.told[field].raw)))
    body = {_spelling_for(domain, field): value for field, value in changed.items()}
    action = Action("set %s of" % ", ".join(changed), row["name"], PATCH, {"id": row["id"]}, body)
    return Plan(row, {**row, **changed}, (action,), tuple(notes), wish=wanted)


def _spelling_for(domain: Domain, field: str) -> str:
    """Return the name under which a setting is sent: that of the page, or that of the reply if the page has none."""
    return domain.told[field].name if field in NAMED_BY_REPLY and field in domain.told else field


def plan_of(api: Api, params: Params) -> Plan:
    """Plan h444_domain. Raises: BadOption, Missing, Ambiguous, Refused, BadReply."""
    wanted = wanted_of(params)
    if params.get("name") is not None:
        check_name(params["name"])
    return plan_domain(find_domain(api, params), wanted)


def _unmet(domain: Domain, wanted: Row) -> str:
    """Return in words which settings differ from the wanted ones; empty if none does."""
    return "; ".join(
        "%s is %s, not %s" % (field, _said(domain.row[field]), _said(value))
        for field, value in wanted.items()
        if is_met(domain, field, value) is False
    )


def _said(value: t.Any) -> str:
    return clean(", ".join(value) or "none", 160) if isinstance(value, list) else str(value).lower()


def perform(api: Api, action: Action, progress: Progress) -> None:
    """Write the settings.

    After a refusal or a lost reply the domain is read again, because the API rolls back what the registry refuses.
    """
    try:
        send(api, action, progress)
    except (AuthError, ScopeError, NotFound, RateLimited):
        raise  # refused before any change: there is nothing to roll back
    except (ApiError, UnknownFate) as error:
        _look_again(api, action, progress, error)


def _look_again(api: Api, action: Action, progress: Progress, error: ApiError | UnknownFate) -> None:
    """Find out whether a change without a good reply was made. Raises unless it was."""
    now, wanted, before = _read_or_none(api, action.ids["id"]), progress.plan.wish, progress.plan.before
    if now is None:
        raise error
    if all(is_met(now, field, value) for field, value in wanted.items()):
        return
    moved = _moved(now, before)
    progress.after = now.row
    progress.maybe = bool(moved)
    unmet = _unmet(now, wanted) or "the API does not return all written settings"
    since = "changed: %s" % ", ".join(moved) if moved else "nothing has changed"
    message = "%s %s was read again: %s; %s." % (error, clean(now.row["name"]), unmet, since)
    if isinstance(error, UnknownFate) or error.status in STILL_AT_WORK:
        raise type(error)(message + " The change may still come. It is safe to run the task again.", **error.facts)
    raise NotReached(message, **error.facts)


def _moved(now: Domain, before: Row) -> list[str]:
    """Return the settings that differ from before."""
    return [field for field in SETTINGS if before[field] is not None and is_met(now, field, before[field]) is False]


def _read_or_none(api: Api, domain_id: str) -> Domain | None:
    try:
        return get_domain(api, domain_id)
    except H444Error:
        return None


def read_back(api: Api, params: Params, progress: Progress) -> t.Any:
    """Return the domain after the change.

    Raises: NotReached if the API accepted it, and still shows the old state some seconds later.
    """
    plan = progress.plan
    if not plan.actions:
        return plan.after
    wanted, pauses = plan.wish, list(PAUSES_SECONDS)
    while True:
        now = get_domain(api, plan.after["id"])
        if now is None:
            raise NotReached(
                "The API accepted the change of %s, but no longer knows the domain." % clean(plan.after["name"])
            )
        # What the API does not return comes from the plan alone; a warning says so.
        progress.after = {**now.row, **{field: value for field, value in wanted.items() if field in now.untold()}}
        unmet = _unmet(now, wanted)
        if not unmet:
            return progress.after
        if not pauses:
            raise NotReached(
                "The API accepted the change of %s, but %d s later %s. It rolls back what the registry refuses, or the "
                "registry is slow. Check the panel. It is safe to run the task again."
                % (clean(plan.after["name"]), sum(PAUSES_SECONDS), unmet)
            )
        api.sleep(pauses.pop(0))


INFO_IDENTIFIERS = Identifiers("domain", ("id", "name"))
IDENTIFIERS = INFO_IDENTIFIERS._replace(is_needed=True)
RECONCILER = Reconciler("domain", plan_of, perform, read_back, identifiers=IDENTIFIERS)


def report(api: Api, params: Params) -> dict[str, t.Any]:
    """Return the result of h444_domain_info."""
    domains = [domain for domain in _named(api, params) if choose([domain.row], params.get("patterns"), "name")]
    if params.get("id") is None:
        domains = complete_all(api, domains)
    return {"domains": [domain.row for domain in domains]}


def _named(api: Api, params: Params) -> list[Domain]:
    """Read the domain with the given ID or name, or all domains. Raises: BadOption, Refused."""
    if params.get("name") is not None:
        check_name(params["name"])
    if params.get("id") is None:
        return [domain for domain in list_domains(api) if with_names(DOMAIN, [domain.row], params)]
    found = get_domain(api, check_id(params["id"], "id"))
    if found is None:
        return []
    check_names(DOMAIN, found.row, params)
    return [found]
