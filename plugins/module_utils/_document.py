# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The account as one document: what is there, in the options of the modules that would bring it about.

The document knows a resource by its name, so a name that is missing or belongs to two is refused. Its order depends on
the names alone, so that two documents of an unchanged account are equal.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

from . import _addresses, _catalogue, _domain, _hosting, _installed, _vps, _webhook
from ._api import Api, Params, Row
from ._errors import Ambiguous, BadOption, BadReply, Refused
from ._find import Noun
from ._labels import nfc
from ._names import ascii_host, check_hostname, shown
from ._plan import laid_over

SECTIONS = ("servers", "ptr_records", "hosting", "domains", "webhooks")
PHP_VERSIONS = ("7.4", "8.1", "8.3")
POWER = {_vps.RUNNING: "started", _vps.STOPPED: "stopped"}
MOST_NAMED = 10

Name = t.Callable[[Row], t.Optional[str]]
"""how a resource is called, in the form in which its names are compared"""


class Account(t.NamedTuple):
    """What was read. *plans*: the slug for each name of a plan, by category; empty if every name is a slug."""

    servers: t.Sequence[Row] = ()
    addresses: t.Sequence[Row] = ()
    hosting: t.Sequence[Row] = ()
    domains: t.Sequence[Row] = ()
    webhooks: t.Sequence[Row] = ()
    templates: t.Sequence[Row] = ()
    plans: t.Mapping[str, t.Mapping[str, str]] = {}


def read_account(api: Api, sections: t.Container[str]) -> Account:
    """Read what these sections need, each list once.

    Details, the catalogue and the templates are read only if the lists do not say enough. Raises: H444Error.
    """
    servers: list[Row] = []
    hosting: list[Row] = []
    addresses: list[Row] = []
    if "servers" in sections:
        rows = _vps.list_servers(api).rows
        servers = filled(_vps.SERVER.living(rows), _lacks_of_server, lambda vps_id: _vps.get_vps(api, vps_id))
        addresses = read_addresses(api, rows)
    elif "ptr_records" in sections:
        addresses = _addresses.list_all_ips(api)
    if "hosting" in sections:
        rows = _hosting.ACCOUNT.living(_hosting.list_hosting(api))
        hosting = filled(rows, _lacks_of_hosting, lambda hosting_id: _hosting.get_hosting(api, hosting_id))
    domains = _domain.complete_all(api, _domain.list_domains(api)) if "domains" in sections else []
    webhooks = _webhook.list_webhooks(api) if "webhooks" in sections else []
    webhooks = filled(webhooks, _lacks_of_webhook, lambda webhook_id: _webhook.get_webhook(api, webhook_id))
    return Account(
        servers,
        addresses,
        hosting,
        [domain.row for domain in domains],
        webhooks,
        _catalogue.list_os_templates(api) if any(map(needs_templates, servers)) else (),
        read_plans(api, [*servers, *hosting]),
    )


def read_plans(api: Api, rows: t.Sequence[Row]) -> dict[str, dict[str, str]]:
    """Read the catalogue if the API calls a plan by a name that an order does not take."""
    if all(row["plan_slug"] is None or _catalogue.is_slug(row["plan_slug"]) for row in rows):
        return {}
    products = _catalogue.list_products(api)
    return {category: _catalogue.plan_names(products, category) for category in ("vps", "hosting")}


def filled(
    rows: t.Sequence[Row], lacks: t.Callable[[Row], t.Sequence[str]], get_row: t.Callable[[str], Row | None]
) -> list[Row]:
    """Read the detail of each row that lacks a field; once a detail contains no more than its row, no other is read."""
    result, holds_more = [], True
    for row in rows:
        lacking = lacks(row)
        if lacking and holds_more:
            row = laid_over(row, get_row(row["id"]))
            holds_more = any(row[field] is not None for field in lacking)
        result.append(row)
    return result


def _lacks_of_server(row: Row) -> list[str]:
    needed = ["label", "status", "plan_slug", "hostname"]
    if not any(_installed.told_by(row)):
        needed.append("os_template")
    return [field for field in needed if row[field] is None]


def _lacks_of_hosting(row: Row) -> list[str]:
    return [field for field in ("domain", "username", "status", "plan_slug", "php_version") if row[field] is None]


def _lacks_of_webhook(row: Row) -> list[str]:
    return [field for field in ("events", "is_active") if row[field] is None]


def read_addresses(api: Api, servers: t.Sequence[Row]) -> list[Row]:
    """Read the addresses of the living ones of these servers. Raises: Refused if a living server is not among them."""
    try:
        addresses = _addresses.list_all_ips(api)
    except BadReply:
        if servers:
            raise
        return []  # it may be an empty map, which nobody else may take for an empty account
    gone = {row["id"] for row in servers if _vps.is_gone(row)}
    for vps_id in sorted({row["vps_id"] for row in addresses} - {row["id"] for row in servers} - {None}):
        found = _vps.get_vps(api, vps_id)
        if found is not None and not _vps.is_gone(found):
            raise Refused(
                "%s does not list the server %s, which has addresses, so the document would lack it. Run the task "
                "again later." % (_vps.LIST, shown(vps_id))
            )
        gone.add(vps_id)
    return [row for row in addresses if row["vps_id"] not in gone]


def needs_templates(row: Row) -> bool:
    """Return whether only the list of templates can say what the API calls the system of a server."""
    return any(_installed.told_by(row)) and not _is_ordered_like_this(row)


def _is_ordered_like_this(row: Row) -> bool:
    """Return whether an order takes template and family as the API returns them."""
    family, template = row["os_family"], row["os_template"]
    if not template or template == family or not re.search("[a-z]", template):
        return False
    return _catalogue.is_slug(template) and (family is None or _catalogue.is_slug(family))


class Document:
    """A document in the making. *notes*: what the user should know about it."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._by_server: dict[str | None, list[Row]] = {}
        for row in account.addresses:
            self._by_server.setdefault(row["vps_id"], []).append(row)
        self.notes: list[str] = []

    def section(self, name: str) -> list[Row]:
        """Return the entries of a section, in the order of their names. Raises: Ambiguous, Refused."""
        return {
            "servers": self._servers,
            "ptr_records": self._ptr_records,
            "hosting": self._hosting,
            "domains": self._domains,
            "webhooks": self._webhooks,
        }[name]()

    def _servers(self) -> list[Row]:
        rows = in_order(self._account.servers, _vps.SERVER, "label", lambda row: nfc(row["label"]))
        entries = [self._server(row) for row in rows]
        self._note_missing("servers", "label", entries, _needs_of_server)
        unknown = [entry["label"] for entry in entries if "ptr" not in entry]
        if unknown:
            self.notes.append("The API does not show the primary address of: %s. ptr is left out." % _named(unknown))
        return entries

    def _server(self, row: Row) -> Row:
        family, template = self._system_of(row)
        entry = told(
            label=row["label"],
            state=POWER.get(row["status"], "present"),
            plan_slug=self._slug_of(row, "vps"),
            hostname=row["hostname"],
            os_template=template,
            os_family=family,
        )
        primary = primary_of(self._by_server.get(row["id"], ()))
        return entry if primary is None else {**entry, "ptr": primary["ptr"]}

    def _system_of(self, row: Row) -> tuple[str | None, str | None]:
        """Return family and template of a server as an order takes them, None for what is not known."""
        if _is_ordered_like_this(row):
            return row["os_family"], row["os_template"]
        found = _installed.find_installed(row, self._account.templates)
        if found is not None:
            return found
        family = row["os_family"]
        return family if family and _catalogue.is_slug(family) else None, None

    def _slug_of(self, row: Row, category: str) -> str | None:
        """Return the slug of a plan; its name if the catalogue does not know it, so that it still equals itself."""
        name, slugs = row["plan_slug"], self._account.plans.get(category, {})
        return name and (slugs.get(name) or slugs.get(name.casefold(), name))

    def _ptr_records(self) -> list[Row]:
        """Return the records that stand in no entry of a server. Without the section servers, these are all of them."""
        servers, others = {row["id"] for row in self._account.servers}, []
        for vps_id, rows in self._by_server.items():
            primary = primary_of(rows) if vps_id in servers else None
            others += [row for row in rows if row is not primary and row["ptr"] is not None]
        check_addresses(others)
        records = {row["ip"]: row["ptr"] for row in others}
        return [{"ip": ip, "hostname": records[ip]} for ip in sorted(records, key=_by_number)]

    def _hosting(self) -> list[Row]:
        rows = in_order(
            self._account.hosting, _hosting.ACCOUNT, "domain", lambda row: _hosting.canonical_domain(row["domain"])
        )
        entries = [
            told(
                domain=_hosting.canonical_domain(row["domain"]),
                state=row["status"] if row["status"] in _hosting.SETTLED else "present",
                plan_slug=self._slug_of(row, "hosting"),
                username=row["username"],
                php_version=row["php_version"] if row["php_version"] in PHP_VERSIONS else None,
            )
            for row in rows
        ]
        self._note_missing("hosting accounts", "domain", entries, lambda _entry: ("plan_slug", "username"))
        return entries

    def _domains(self) -> list[Row]:
        rows = in_order(self._account.domains, _domain.DOMAIN, "name", lambda row: ascii_host(row["name"]))
        return [
            told(
                name=ascii_host(row["name"]),
                auto_renew=row["auto_renew"],
                transfer_lock=row["transfer_lock"],
                whois_privacy=row["whois_privacy"],
                nameservers=sorted(row["nameservers"], key=natural) or None,
            )
            for row in rows
        ]

    def _webhooks(self) -> list[Row]:
        rows = in_order(self._account.webhooks, _webhook.WEBHOOK, "url", lambda row: _webhook.canonical_url(row["url"]))
        entries = [
            told(
                url=row["url"],
                events=sorted(row["events"] or (), key=by_place) or None,
                force=True if set(row["events"] or ()) - set(_webhook.EVENTS) else None,
                description=row["description"],
                is_active=row["is_active"],
            )
            for row in rows
        ]
        self._note_missing("webhooks", "url", entries, lambda _entry: ("events",))
        return entries

    def _note_missing(
        self, plural: str, name: str, entries: t.Sequence[Row], needs: t.Callable[[Row], t.Sequence[str]]
    ) -> None:
        """Note each option without which some of the resources could not be created again."""
        missing: dict[str, list[str]] = {}
        for entry in entries:
            for option in needs(entry):
                if option not in entry or (option == "plan_slug" and not _catalogue.is_slug(entry[option])):
                    missing.setdefault(option, []).append(entry[name])
        for option, names in missing.items():
            self.notes.append(
                "The API returns no %s that can be used to create these %s again: %s. Add it to the document before "
                "you apply it to another account." % (option, plural, _named(names))
            )


def _named(names: t.Sequence[str]) -> str:
    more = " and %d more" % (len(names) - MOST_NAMED) if len(names) > MOST_NAMED else ""
    return ", ".join(map(shown, names[:MOST_NAMED])) + more


def _needs_of_server(entry: Row) -> list[str]:
    """Return what an order of a server needs; the hostname defaults to the label if that is a hostname."""
    try:
        check_hostname(entry["label"], "label")
    except BadOption:
        return ["plan_slug", "os_template", "hostname"]
    return ["plan_slug", "os_template"]


def told(**options: t.Any) -> Row:
    """Return the options that have a value, in their order."""
    return {name: value for name, value in options.items() if value is not None}


def primary_of(rows: t.Sequence[Row]) -> Row | None:
    """Return the primary one of a server's addresses; None if there is none, or the API does not show which it is."""
    likely: t.Sequence[Row] = next((choice for choice in _addresses.primary_choices(rows) if choice), ())
    return likely[0] if len(likely) == 1 else None


def check_addresses(rows: t.Sequence[Row]) -> None:
    """Check that each address is there once, or in the same way every time. Raises: Ambiguous."""
    first: dict[str, Row] = {}
    for row in rows:
        other = first.setdefault(row["ip"], row)
        if (other["vps_id"], other["ptr"]) != (row["vps_id"], row["ptr"]):
            raise Ambiguous(
                "%s shows the address %s twice: on the server %s with the PTR record %s, and on %s with %s. The "
                "document can contain only one of them. Contact 444Host support, or leave out the section ptr_records."
                % (
                    _addresses.ALL_IPS,
                    row["ip"],
                    shown(other["vps_id"]),
                    shown(other["ptr"]),
                    shown(row["vps_id"]),
                    shown(row["ptr"]),
                )
            )


def in_order(rows: t.Sequence[Row], noun: Noun, field: str, name_of: Name) -> list[Row]:
    """Return resources in the order of their names, if each has a name of its own. Raises: Refused, Ambiguous."""
    nameless = [row["id"] for row in rows if not row[field]]
    if nameless:
        raise Refused(
            "The document identifies %s by %s, but the API returns none for: IDs %s. Set it, or leave the %s out "
            "(option sections)." % (noun.plural, field, ", ".join(sorted(nameless, key=natural)), noun.plural)
        )
    by_name: dict[str | None, list[Row]] = {}
    for row in rows:
        by_name.setdefault(name_of(row), []).append(row)
    twins = [found for found in by_name.values() if len(found) > 1]
    if twins:
        raise Ambiguous(
            "The document identifies %s by %s, but some have the same: %s. Change one of them, or leave the %s out "
            "(option sections)."
            % (
                noun.plural,
                field,
                "; ".join("%s has the IDs %s" % (shown(found[0][field]), _ids(found)) for found in twins),
                noun.plural,
            ),
            candidates=[{name: row.get(name) for name in ("id", *noun.shows)} for found in twins for row in found],
        )
    return sorted(rows, key=lambda row: natural(str(name_of(row))))


def _ids(rows: t.Sequence[Row]) -> str:
    return " and ".join(sorted((row["id"] for row in rows), key=natural))


def natural(name: str) -> tuple[list[t.Any], str]:
    """Return the key by which people sort names: web-2 before web-10."""
    parts = re.split("([0-9]+)", name.casefold())
    numbers = (part.lstrip("0") for part in parts[1::2])
    parts[1::2] = [(len(digits), digits) for digits in numbers]  # type: ignore[call-overload]
    return parts, name


def _by_number(ip: str) -> tuple[int, int]:
    address = ipaddress.ip_address(ip)
    return address.version, int(address)


def by_place(event: str) -> tuple[int, str]:
    """Return the place of an event on the provider's page; unknown ones come last."""
    return _webhook.EVENTS.index(event) if event in _webhook.EVENTS else len(_webhook.EVENTS), event


def report(api: Api, params: Params) -> dict[str, t.Any]:
    """Return the result of h444_manifest_info. Raises: H444Error."""
    sections = [name for name in SECTIONS if params.get("sections") is None or name in params["sections"]]
    document = Document(read_account(api, sections))
    manifest = {name: document.section(name) for name in sections}
    return {"manifest": manifest, "notes": document.notes}
