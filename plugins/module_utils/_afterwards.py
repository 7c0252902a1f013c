# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The document of an account after a run: as it is read, or as a plan leaves it where it can't be read yet."""

from __future__ import annotations

import typing as t

from . import _document, _hosting, _pieces, _vps, _webhook
from ._api import Row
from ._errors import H444Error
from ._labels import nfc
from ._names import ascii_host, canonical_ip
from ._pieces import PAID, REMOVE, REPLACE, AccountReading, Piece, Wanted

NAMES = {
    _pieces.SERVERS: "label",
    _pieces.PTR_RECORDS: "ip",
    _pieces.HOSTING: "domain",
    _pieces.DOMAINS: "name",
    _pieces.WEBHOOKS: "url",
}
"""the option that is the name of an entry"""
FILLED = {
    _pieces.SERVERS: ("plan_slug", "hostname", "os_template", "os_family", "ptr"),
    _pieces.PTR_RECORDS: (),
    _pieces.HOSTING: ("plan_slug", "username", "php_version"),
    _pieces.DOMAINS: ("auto_renew", "transfer_lock", "whois_privacy", "nameservers"),
    _pieces.WEBHOOKS: ("events", "description", "is_active"),
}
NEW: dict[str, Row] = {
    _pieces.SERVERS: {"state": "started", "ptr": None},
    _pieces.HOSTING: {"state": _hosting.ACTIVE},
}
"""what a new resource has, if its entry does not say otherwise"""
NOT_READ: dict[str, Row] = {_pieces.SERVERS: {"state": "present"}, _pieces.HOSTING: {"state": "present"}}
"""what is known of a new resource that the API does not show yet"""
ENDS = {"restarted": "started", "reinstalled": "started"}
SHOWN: dict[str, t.Callable[[str], str]] = {
    _pieces.HOSTING: _hosting.canonical_domain,
    _pieces.DOMAINS: ascii_host,
}
"""how a document spells the names of a section, if not as they are"""
CANONICAL: dict[str, t.Callable[[str], t.Any]] = {
    _pieces.SERVERS: nfc,
    _pieces.PTR_RECORDS: canonical_ip,
    _pieces.HOSTING: _hosting.canonical_domain,
    _pieces.DOMAINS: ascii_host,
    _pieces.WEBHOOKS: _webhook.canonical_url,
}


def document_of(account: AccountReading, sections: t.Iterable[str], warn: t.Callable[[str], None]) -> dict[str, t.Any]:
    """Return the account as a document. A section that no document can describe is null, with a warning.

    Settings that only the detail of a resource shows are there if the plan needed them. Raises: H444Error.
    """
    wanted, found = list(sections), {}  # type: list[str], dict[str, t.Any]
    servers = _vps.SERVER.living(account.servers().rows) if _pieces.SERVERS in wanted else []
    hosting = _hosting.ACCOUNT.living(account.hosting()) if _pieces.HOSTING in wanted else []
    ids = {row["id"] for row in servers}
    addresses = account.ips() if _pieces.SERVERS in wanted or _pieces.PTR_RECORDS in wanted else []
    if _pieces.SERVERS in wanted:  # the API may still show the addresses of a server that is gone
        addresses = [row for row in addresses if row["vps_id"] in ids]
    told = _document.Account(
        servers=[account.known("vps", row) for row in servers],
        addresses=addresses,
        hosting=[account.known("hosting", row) for row in hosting],
        domains=[domain.row for domain in account.domains()] if _pieces.DOMAINS in wanted else [],
        webhooks=account.webhooks() if _pieces.WEBHOOKS in wanted else [],
        templates=account.templates() if any(map(_document.needs_templates, servers)) else (),
        plans={category: account.names_of(category) for section, category in PAID.items() if section in wanted},
    )
    document = _document.Document(told)
    for section in wanted:
        try:
            found[section] = document.section(section)
        except H444Error as error:
            found[section] = None
            warn("The section %s of the result is null. %s" % (section, error))
    return found


def with_written(document: dict[str, t.Any], wanted: t.Iterable[Wanted]) -> None:
    """Fill in what the API leaves out, from the entries that are met."""
    for one in wanted:
        entry = find_entry(document, one.written.section, one.params.get("new_label") or one.written.name)
        if entry is not None:
            for option in FILLED[one.written.section]:
                if one.written.options.get(option) not in (None, "") and option not in entry:
                    entry[option] = one.written.options[option]


def find_entry(document: t.Mapping[str, t.Any], section: str, name: str) -> dict[str, t.Any] | None:
    """Find the entry of a document by its name, in any spelling."""
    canonical, key = CANONICAL[section], NAMES[section]
    return next(
        (entry for entry in document.get(section) or () if canonical(entry[key]) == canonical(name)),
        None,
    )


class Addresses(t.NamedTuple):
    """Whose addresses they are. *labels*: the labels of servers by their primary address. *ids*: their IDs by any."""

    labels: t.Mapping[str, str]
    ids: t.Mapping[str, t.Optional[str]]


def addresses_in(account: AccountReading, sections: t.Container[str]) -> Addresses:
    """Return whose addresses they are; none if the document is not about servers. Raises: H444Error."""
    if _pieces.SERVERS not in sections:
        return Addresses({}, {})
    labels = {}
    for row in _vps.SERVER.living(account.servers().rows):
        labels.update({one["ip"]: row["label"] for one in _pieces.primary_of(account, row)})
    return Addresses(labels, {row["ip"]: row["vps_id"] for row in account.ips()})


def lay_over(
    document: dict[str, t.Any], pieces: t.Iterable[Piece], addresses: Addresses, new: t.Mapping[str, Row]
) -> None:
    """Change a document as pieces of a plan change the account. *new*: what a new resource has, by its section."""
    for piece in pieces:
        label = addresses.labels.get(piece.entry.name) if piece.entry.kind is _pieces.RECORD_KIND else None
        if label is not None:  # the record of a primary address is that of its server
            entry = find_entry(document, _pieces.SERVERS, label)
            if entry is not None:
                entry["ptr"] = piece.changes["hostname"]["after"] if piece.changes else None
        elif document.get(piece.entry.kind.word) is not None:
            _lay_piece(document, piece, addresses, new)
    for section, entries in document.items():
        if entries is not None:
            canonical, key = CANONICAL[section], NAMES[section]
            entries.sort(key=lambda one: _document.natural(str(canonical(one[key]))))
    if document.get(_pieces.PTR_RECORDS):  # an address without a record is not in it
        document[_pieces.PTR_RECORDS] = [one for one in document[_pieces.PTR_RECORDS] if one["hostname"] is not None]


def _lay_piece(document: dict[str, t.Any], piece: Piece, addresses: Addresses, new: t.Mapping[str, Row]) -> None:
    section, name = piece.entry.kind.word, piece.entry.name
    # After a rename, the account may show either name.
    new_name = piece.changes.get(NAMES[section], {}).get("after")
    entry = find_entry(document, section, name) or (new_name and find_entry(document, section, new_name))
    if piece.action == REMOVE:
        document[section] = [one for one in document[section] if one is not entry]
        if piece.entry.kind is _pieces.SERVER_KIND and document.get(_pieces.PTR_RECORDS):
            gone = piece.entry.plan.before["id"]
            records = document[_pieces.PTR_RECORDS]
            document[_pieces.PTR_RECORDS] = [one for one in records if addresses.ids.get(one["ip"]) != gone]
        return
    if not entry:
        entry = {NAMES[section]: SHOWN.get(section, str)(name), **new.get(section, {})}
        document[section].append(entry)
    for option, values in piece.changes.items():
        if option not in ("rotate_secret", "retry_ssl"):
            entry[option] = ENDS.get(values["after"], values["after"]) if option == "state" else values["after"]
    if "os_template" in piece.changes and piece.action == REPLACE:
        entry["state"] = "started"
    if entry.get("events"):
        entry["events"] = sorted(entry["events"], key=_document.by_place)
