# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The addresses of servers: readers only."""

from __future__ import annotations

import typing as t

from ._api import Answer, Api, Row
from ._endpoint import Endpoint
from ._errors import BadReply
from ._fields import Field, Needed, Table, read_fields
from ._names import canonical_ip
from ._paging import PAGING, goes_on, next_link
from ._reader import (
    ENVELOPES,
    Where,
    bad,
    first,
    identifier_or_none,
    in_snake_case,
    kind_of,
    list_in,
    normal,
    snake,
    sweep,
    text,
    truth,
)

ALL_IPS = Endpoint("GET", "/vps/all-ips", "vps:read")
IPS = Endpoint("GET", "/vps/{id}/ips", "vps:read")
ENDPOINTS = (ALL_IPS, IPS)

NOUNS = ("ips", "all_ips", "addresses", "ip_addresses", "servers", "vps", "vpses")
INNER = ("ips", "addresses", "ip_addresses", "ip_list", "ipv4", "data")
OWNER_IDS = ("vps_id", "server_id", "instance_id")
OWNERS = ("vps", "server", "instance")
PAGED = PAGING | {"total"}

Odd = t.Callable[[t.Optional[str], BadReply], None]
"""Takes an entry that can't be read: the ID of its server, as far as it is known, and why."""


def read_address(value: t.Any, where: Where, field: str) -> str:
    """Return an IP address in canonical form. Raises: BadReply."""
    found = canonical_ip(value)
    if found is None:
        raise bad(where, "an entry has no ip")
    return found


def read_host(value: t.Any) -> str | None:
    """Return the hostname of a PTR record, which may be wrapped in an object; None if there is no record."""
    if isinstance(value, dict):
        value = first(value, "hostname", "ptr", "value", "name")
    return (text(value) or "").strip().rstrip(".") or None


IP_NAMES = ("ip", "address", "ip_address", "ipv4", "ipv6")
TABLE: Table = {
    "ip": Needed(read_address, *IP_NAMES),
    "ptr": Field(read_host, "ptr", "reverse_dns", "rdns", "reverse", "ptr_record"),
    "primary": Field(truth, "primary", "is_primary", "main"),
    "gateway": Field(text, "gateway"),
    "netmask": Field(text, "netmask"),
    "zone_hosted": Field(truth, "zone_hosted", "is_zone_hosted", "hosted"),
}


def read_ip(raw: t.Any, vps_id: str | None, vps_label: str | None, where: Endpoint) -> Row:
    """Return one address in normal form: the fields of TABLE, vps_id and vps_label are always there; all else is kept.

    If the API spells the address differently, ``told_ip`` is its spelling, for paths.
    """
    row = {"ip": raw} if isinstance(raw, str) else raw
    if not isinstance(row, dict):
        raise bad(where, "one of its addresses is %s" % kind_of(row))
    fields = read_fields(row, TABLE, where)
    spelling = first(row, *IP_NAMES).strip().split("/")[0].split("%")[0]
    as_written = {"told_ip": spelling} if spelling != fields["ip"] else {}
    return {**row, **as_written, **fields, "vps_id": vps_id, "vps_label": vps_label}


def primary_choices(rows: t.Sequence[Row]) -> tuple[list[Row], ...]:
    """Return the addresses of a server that may be its primary one, as lists, the best first.

    Marked ones come before others, IPv4 before IPv6.
    """
    fours = [row for row in rows if ":" not in row["ip"]]
    return [row for row in fours if row["primary"]], fours, [row for row in rows if row["primary"]], list(rows)


def _owner(entry: Row, fallback_id: str | None, is_group: bool) -> tuple[str | None, str | None]:
    """Return the ID and label of the server whose addresses an entry holds.

    They are in the entry or in a nested server, or the group has them.
    """
    nested: Row = next((entry[name] for name in OWNERS if isinstance(entry.get(name), dict)), {})
    owner_id = identifier_or_none(_owner_id(entry, nested, is_group))
    return owner_id or identifier_or_none(fallback_id), text(_owner_label(entry, nested, is_group))


def _owner_id(entry: Row, nested: Row, is_group: bool) -> t.Any:
    found = first(entry, *OWNER_IDS)
    if found is None:
        found = first(nested, "id", "uuid", *OWNER_IDS)
    if found is None:
        found = next((entry[name] for name in OWNERS if isinstance(entry.get(name), (str, int))), None)
    if found is None and is_group:
        found = first(entry, "id", "uuid")
    return found


def _owner_label(entry: Row, nested: Row, is_group: bool) -> t.Any:
    found = first(entry, "vps_label", "server_label", "label")
    if found is None:
        found = first(nested, "label", "name", "display_name")
    if found is None and is_group:
        found = first(entry, "vps_name", "server_name", "name", "display_name")
    return found


def _inner(entry: t.Any) -> t.Any:
    """Return the list of addresses inside a group's entry, None if there is none."""
    if not isinstance(entry, dict):
        return None
    for name in INNER:
        if isinstance(entry.get(name), list):
            return entry[name]
    nested = next((entry[name] for name in OWNERS if isinstance(entry.get(name), dict)), None)
    return _inner(nested) if nested is not None else None


def read_all_ips(body: t.Any, odd: Odd | None = None) -> list[Row]:
    """Return every address of every server, one flat row each.

    Assumed: the page shows no reply; a list of groups, a map from ID to addresses or a flat list are understood
    (switch ``all_ips_shape``).
    *odd*: takes each entry that can't be read, which is left out then. Raises: BadReply without it, and for a body that
    is no list.
    """
    mapped = _as_map(body)
    entries: t.Iterable[tuple[str | None, t.Any]]
    entries = mapped.items() if mapped is not None else [(None, entry) for entry in list_in(body, NOUNS, ALL_IPS)]
    leave_out, rows = odd or _refuse, []
    for key, raw in entries:
        owner = key
        try:
            entry, _secrets = sweep(normal(raw, ALL_IPS))
            addresses, owner, label = _group(key, entry)
        except BadReply as error:
            leave_out(owner or _group_id(raw), error)
            continue
        for item in addresses:
            try:
                rows.append(_one(item, owner, label))
            except BadReply as error:
                leave_out(owner, error)
    return rows


def _refuse(_vps_id: str | None, error: BadReply) -> None:
    raise error


def _group(key: str | None, entry: t.Any) -> tuple[list[t.Any], str | None, str | None]:
    """Return the addresses of an entry, which may be one itself, and the ID and label of their server."""
    if isinstance(entry, list):
        return entry, key, None
    if isinstance(entry, str) and canonical_ip(entry) is not None:
        return [entry], key, None
    if not isinstance(entry, dict):
        raise bad(ALL_IPS, "its list contains something other than objects")
    addresses = _inner(entry)
    if addresses is not None:
        return (addresses, *_owner(entry, key, True))
    if first(entry, "ip", "address", "ip_address") is None and (first(entry, "id", *OWNER_IDS) is not None or key):
        return [], key, None  # a server without addresses
    return [entry], key, None


def _group_id(raw: t.Any) -> str | None:
    """Return the ID of a group, for a message."""
    by_name = {snake(str(key)): value for key, value in raw.items()} if isinstance(raw, dict) else {}
    return text(first(by_name, *OWNER_IDS, "id"))


def _one(item: t.Any, vps_id: str | None, vps_label: str | None) -> Row:
    if isinstance(item, dict) and (vps_id is None or vps_label is None):
        own_id, own_label = _owner(item, None, False)
        vps_id, vps_label = vps_id or own_id, vps_label if vps_label is not None else own_label
    return read_ip(item, identifier_or_none(vps_id), vps_label, ALL_IPS)


def _looks_like_map(body: t.Mapping[str, t.Any]) -> bool:
    names = set(NOUNS) | set(ENVELOPES) | {"meta", "pagination", "total", "count", "success"}
    return (
        bool(body)
        and not names & {snake(str(key)) for key in body}
        and all(isinstance(value, (list, dict)) for value in body.values())
    )


def _as_map(body: t.Any) -> t.Mapping[str, t.Any] | None:
    if isinstance(body, dict) and len(body) == 1:
        ((name, value),) = body.items()
        if snake(str(name)) in NOUNS + ENVELOPES and isinstance(value, dict):
            return _as_map(value)
    # A map is empty if the account has no server.
    if isinstance(body, dict) and (not body or _looks_like_map(body)):
        return body
    return None


def fetch_all_ips(api: Api) -> t.Any:
    """Read every server's addresses as the API returns them. Source: GET /v1/vps/all-ips (vps:read)."""
    answer = api.request(ALL_IPS)
    if _may_go_on(answer):
        return api.rows(ALL_IPS, NOUNS, answer=answer, objects_only=False, ids_are_own=False)
    return answer.body


def _may_go_on(answer: Answer) -> bool:
    """Return whether a reply says anything about pages, so that it has to be read as a list of them."""
    says = in_snake_case(answer.body) if isinstance(answer.body, dict) else {}
    return bool(PAGED & set(says)) or goes_on(says) or next_link(answer.headers.get("Link", "")) is not None


def list_all_ips(api: Api) -> list[Row]:
    """Read every address of the account in one request. Source: GET /v1/vps/all-ips (vps:read)."""
    return read_all_ips(fetch_all_ips(api))


def list_ips(api: Api, vps_id: str, vps_label: str | None = None) -> list[Row]:
    """Read one server's addresses. Source: GET /v1/vps/:id/ips (vps:read). Raises: NotFound."""
    body, _secrets = sweep(normal(api.request(IPS, ids={"id": vps_id}).body, IPS))
    return [read_ip(item, vps_id, vps_label, IPS) for item in list_in(body, NOUNS, IPS)]
