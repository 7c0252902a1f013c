# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the rows of the API to hosts: variables, addresses, names, groups. Pure: no core, no network.

A label is what somebody typed into a form. It is kept as data in ``h444_label``; a host's or a group's name is only
made of characters that no ansible-core reads as anything but a name.
"""

# pylint: disable=unidiomatic-typecheck  # exact types are fast, and a subclass goes the careful way

from __future__ import annotations

import hashlib
import ipaddress
import re
import socket
import typing as t
import unicodedata

from ansible_collections.h444.cloud.plugins.module_utils._errors import BadOption
from ansible_collections.h444.cloud.plugins.module_utils._names import (
    canonical_host,
    canonical_ip,
    is_digits,
    normalized,
    shown,
)
from ansible_collections.h444.cloud.plugins.module_utils._reader import is_secret_key, snake
from ansible_collections.h444.cloud.plugins.module_utils._reader import text as as_text
from ansible_collections.h444.cloud.plugins.module_utils._vps import is_gone

Row = t.Dict[str, t.Any]

HOST_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")
# Loopback names mean the controller; a name with one of these ends would load another host's file from host_vars/.
UNUSABLE = re.compile(r"all\Z|ungrouped\Z|localhost|ip6-|127\.|.*\.\.|.*\.(?:yml|yaml|json)\Z", re.IGNORECASE)
# The C library reads "127.1", "0x7f000001" and "2130706433" as addresses, all three the controller's own.
ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\Z", re.IGNORECASE)
OWN_ADDRESS = re.compile(r"127\.|0\.|::")
"""How each address of the machine itself begins, and a few others."""
DNS_NAME = re.compile(r"(?=.{1,253}\Z)(?!-)[A-Za-z0-9-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*\Z")
FIELD = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
NUMBERED = re.compile(r"(.*?)[^A-Za-z0-9]*[0-9]+\Z", re.DOTALL)
NOT_WORD = re.compile(r"[^A-Za-z0-9_]")

NAME_FIELDS = ("label", "hostname", "ipv4", "id", "ptr")
KNOWN_FIELDS = frozenset(
    "created_at hostname id ips ipv4 ipv6 label os_family os_template plan_slug ptr specs status".split()
)
"""The fields that have a variable also where an empty prefix would let the API name variables."""
OWNER_KEYS = frozenset({"vps_id", "vps_label"})
RESERVED_GROUPS = frozenset({"all", "ungrouped"})
LONGEST_LABEL = 255


class Settings(t.NamedTuple):
    """The options that decide what becomes of a server."""

    hostnames: tuple[str, ...] = ("label", "hostname", "ipv4", "id")
    connect_with: tuple[str, ...] = ("ipv4",)
    prefix: str = "h444_"
    group: str = "h444"
    label_groups: bool = False
    label_pattern: re.Pattern[str] | None = None
    ip_groups: tuple[tuple[str, int, int, int], ...] = ()
    """Each: group, address family, network, mask."""
    statuses: frozenset[str] = frozenset()
    group_names: frozenset[str] = frozenset()
    """Further groups that the configuration is sure to make."""


class Server:
    """A server on its way to become a host."""

    __slots__ = ("addresses", "base", "groups", "name", "namesake", "passed_over", "row", "variables")

    def __init__(self, row: Row, addresses: list[Row]) -> None:
        self.row = row
        self.addresses = addresses
        self.variables: dict[str, t.Any] = {}
        self.base: str | None = None
        self.passed_over: str | None = None
        self.namesake: str | None = None
        self.name = ""
        self.groups: list[str] = []


class Note(t.NamedTuple):
    """Something to say to the user about some servers."""

    text: str
    servers: list[Server]


def make_settings(options: t.Mapping[str, t.Any]) -> Settings:
    """Check the options and give them in the form in which they are used. Raises BadOption."""
    prefix = options["hostvars_prefix"]
    if prefix and (not IDENTIFIER.match(prefix) or prefix.startswith("ansible_")):
        raise BadOption(
            "hostvars_prefix: %s can't begin a variable's name: use letters, digits and '_', not a digit first and not "
            "'ansible_'." % shown(prefix)
        )
    group = options["group"]
    if group != safe_group(group):
        raise BadOption(
            "group: %s is not a group's name: use letters, digits and '_', not a digit first." % shown(group)
        )
    pattern = None
    if options["label_pattern"]:
        try:
            pattern = re.compile(options["label_pattern"])
        except re.error as error:
            raise BadOption(
                "label_pattern: %s is not a regular expression: %s." % (shown(options["label_pattern"]), error)
            ) from error
        if not pattern.groupindex:
            raise BadOption("label_pattern: it has no named group; write (?P<role>[a-z]+), for instance.")
        for name in pattern.groupindex:
            if name in KNOWN_FIELDS or not IDENTIFIER.match(name):
                raise BadOption(
                    "label_pattern: the group (?P<%s>...) would hide the variable %s%s; rename it."
                    % (name, prefix, name)
                )
    ip_groups = []
    for name, networks in options["ip_groups"].items():
        if name != safe_group(name):
            raise BadOption(
                "ip_groups: %s is not a group's name: use letters, digits and '_', not a digit first." % shown(name)
            )
        for text in [networks] if isinstance(networks, str) else networks or []:
            ip_groups.append((name, *_network(name, text)))
    return Settings(
        hostnames=tuple(options["hostnames"]),
        connect_with=tuple(
            [options["connect_with"]] if isinstance(options["connect_with"], str) else options["connect_with"]
        ),
        prefix=prefix,
        group=group,
        label_groups=options["label_groups"],
        label_pattern=pattern,
        ip_groups=tuple(ip_groups),
        statuses=frozenset(status.strip().lower() for status in options["statuses"]),
        group_names=frozenset(options.get("group_names", ())),
    )


def _network(group: str, text: t.Any) -> tuple[int, int, int]:
    try:
        network = ipaddress.ip_network(text, strict=False) if isinstance(text, str) else None
    except ValueError:
        network = None
    if network is None:
        raise BadOption(
            "ip_groups: %s of %s is not a network; write 10.0.0.0/8 or 2001:db8::/32, for instance."
            % (shown(text), group)
        )
    return network.version, int(network.network_address), int(network.netmask)


def safe_group(text: str) -> str:
    """Give a group's name: ASCII letters, digits and '_'; accents are dropped, everything else becomes '_'."""
    plain = normalized("NFKD", text.replace("ı", "i")) if not text.isascii() else text
    plain = "".join(mark for mark in plain if not unicodedata.combining(mark)) if plain is not text else plain
    name = NOT_WORD.sub("_", plain)[:100]
    if not name.strip("_") or is_digits(name[0]) or name.lower() in RESERVED_GROUPS:
        return "h444_%s" % name[:95]
    return name


def usable_name(value: t.Any) -> str | None:
    """Give *value* as a host's name, None if it can't be one."""
    if type(value) is int:
        value = str(value)
    if not isinstance(value, str):
        return None
    # Joining drops whatever core has attached to a string.
    value = "".join(value) if type(value) is not str else value
    if not HOST_NAME.match(value) or UNUSABLE.match(value):
        return None
    return None if ENDS_IN_NUMBER.match(value) and _is_own_number(value) else value


def _is_own_number(value: str) -> bool:
    """Tell whether the C library reads a number as an address of the machine itself."""
    try:
        number = socket.inet_aton(value)
    except OSError:
        return False
    return number[0] == 127 or number == bytes(4)


def make_servers(
    vps_rows: t.Iterable[Row], ip_rows: t.Iterable[Row], settings: Settings, marker: t.Any
) -> tuple[list[Server], int]:
    """Join servers with their addresses and make their variables; tell how many addresses belong to no server.

    *marker* makes values of the API safe for variables (``_trust.Marker``).
    """
    by_id: dict[str, list[Row]] = {}
    by_label: dict[str, list[Row]] = {}
    for ip_row in ip_rows:
        owner = ip_row.get("vps_id")
        if owner is not None:
            by_id.setdefault(owner, []).append(ip_row)
        elif ip_row.get("vps_label"):
            by_label.setdefault(ip_row["vps_label"], []).append(ip_row)
    servers = []
    rows = list(vps_rows)
    once = _once(row.get("label") for row in rows) if by_label else frozenset()
    known = set()
    for row in rows:
        addresses = by_id.get(row["id"], [])
        known.add(row["id"])
        if by_label and not addresses and row.get("label") in once:
            # A grouping without ids: a label that only one server has is as good.
            addresses = by_label.pop(row["label"], [])
        servers.append(Server(row, addresses))
    stray = sum(len(found) for owner, found in by_id.items() if owner not in known) + sum(map(len, by_label.values()))
    for server in servers:
        server.variables = _variables(server, settings, marker)
    return servers, stray


def _once(values: t.Iterable[t.Any]) -> frozenset[t.Any]:
    seen: set[t.Any] = set()
    twice: set[t.Any] = set()
    for value in values:
        (twice if value in seen else seen).add(value)
    return frozenset(seen - twice)


def _variables(server: Server, settings: Settings, marker: t.Any) -> dict[str, t.Any]:
    """Make the variables of one server."""
    row, prefix = server.row, settings.prefix
    text, value = marker.text, marker.value
    variables: dict[str, t.Any] = {}
    for name, found in row.items():
        if name in KNOWN_FIELDS or (prefix and FIELD.match(name) and not is_secret_key(name)):
            variables[prefix + name] = text(found) if type(found) is str else value(found)
    for name in ("label", "hostname", "status", "plan_slug", "ipv4"):
        variables.setdefault(prefix + name, None)
    ipv4 = ipv6 = ptr = None
    ips = []
    for place in server.addresses:
        ips.append(marker.mapping(place, OWNER_KEYS))
    # The primary address first, then in the API's order; a server may have none.
    for place in sorted(server.addresses, key=_is_secondary) if len(server.addresses) > 1 else server.addresses:
        address = place.get("ip")
        if address is None:
            continue
        ptr = ptr or place.get("ptr")
        if ":" in address:
            ipv6 = ipv6 or address
        else:
            ipv4 = ipv4 or address
    row_ipv4 = row.get("ipv4")
    if ips or not isinstance(row.get("ips"), list):
        variables[prefix + "ips"] = ips
    if row_ipv4 is None and ipv4 is not None:
        variables[prefix + "ipv4"] = text(ipv4)
    if variables.get(prefix + "ipv6") is None:
        variables[prefix + "ipv6"] = None if ipv6 is None else text(ipv6)
    own = _ptr_of(server, row_ipv4) if row_ipv4 is not None else None
    ptr = own or ptr
    if ptr is not None or variables.get(prefix + "ptr") is None:
        variables[prefix + "ptr"] = None if ptr is None else text(ptr)
    address = connect_address(variables, settings)
    if address is not None:
        variables["ansible_host"] = text(address)
    if settings.label_pattern is not None:
        match = settings.label_pattern.search((row.get("label") or "")[:LONGEST_LABEL])
        for name in settings.label_pattern.groupindex:
            found = match.group(name) if match else None
            variables[prefix + name] = None if found is None else text(found)
            if found:
                server.groups.append(safe_group("%s_%s" % (name, found)))
    return variables


def _is_secondary(place: Row) -> bool:
    return not place.get("primary")


def _ptr_of(server: Server, address: str) -> str | None:
    for place in server.addresses:
        if place.get("ip") == address:
            return place.get("ptr")
    return None


def connect_address(variables: t.Mapping[str, t.Any], settings: Settings) -> str | None:
    """Give what ``ansible_host`` is set to: the first of what was chosen, else an address, else a name; None from 'none' on.

    Only an address or a DNS name passes: a label like ``-oProxyCommand=...`` must not become an argument of ssh. The
    addresses of the machine itself never pass: a server that is still being made may well be told as 0.0.0.0.
    """
    for name in (*settings.connect_with, "ipv4", "ipv6", "hostname", "ptr"):
        if name == "none":
            return None
        value = variables.get(settings.prefix + name)
        if isinstance(value, str):
            address = _reachable(value, name not in ("ipv4", "ipv6"))
            if address is not None:
                return address
    return None


def _reachable(value: str, or_name: bool) -> str | None:
    """Give an address, or a DNS name; None for the controller's own."""
    address = canonical_ip(value)
    if address is not None:
        return None if OWN_ADDRESS.match(address) and _is_own(address) else address
    name = value.strip().rstrip(".")
    if not or_name or not DNS_NAME.match(name) or ENDS_IN_NUMBER.match(name):
        return None
    return None if name.lower().startswith(("localhost", "ip6-")) else name


def _is_own(address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    # Before Python 3.13 an IPv4 address inside an IPv6 address is not looked at.
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return parsed.is_loopback or parsed.is_unspecified


def choose_bases(servers: t.Sequence[Server], settings: Settings, answers: t.Mapping[str, t.Sequence[t.Any]]) -> None:
    """Choose the name that each server would have if it were alone. *answers*: those of expressions in ``hostnames``."""
    prefix = settings.prefix
    for place, server in enumerate(servers):
        for source in settings.hostnames:
            found = answers[source][place] if source in answers else server.variables.get(prefix + source)
            if source in ("label", "ptr") and isinstance(found, str):
                found = normalized("NFC", canonical_host(found) if source == "ptr" else found)
            server.base = usable_name(found)
            if server.base is not None:
                break
            if isinstance(found, str) and found.strip():
                server.passed_over = server.passed_over or found


def add_groups(servers: t.Sequence[Server], settings: Settings) -> None:
    """Find the groups that follow from labels and addresses."""
    for server in servers:
        if settings.label_groups:
            numbered = NUMBERED.match((server.row.get("label") or "")[:LONGEST_LABEL])
            if numbered and re.search("[^\\W_]", numbered.group(1)):
                server.groups.append(safe_group(numbered.group(1)))
        if settings.ip_groups:
            server.groups.extend(_ip_groups(server, settings))


def _ip_groups(server: Server, settings: Settings) -> list[str]:
    found: dict[str, None] = {}
    addresses = {place.get("ip") for place in server.addresses}
    addresses.update(server.variables.get(settings.prefix + name) for name in ("ipv4", "ipv6"))
    for address in addresses:
        if not isinstance(address, str):
            continue
        version = 6 if ":" in address else 4
        try:
            number = int.from_bytes(
                socket.inet_pton(socket.AF_INET6 if version == 6 else socket.AF_INET, address), "big"
            )
        except (OSError, ValueError):
            continue
        for group, family, network, mask in settings.ip_groups:
            if family == version and number & mask == network:
                found[group] = None
    return [group for group in dict.fromkeys(entry[0] for entry in settings.ip_groups) if group in found]


def in_statuses(servers: list[Server], settings: Settings) -> list[Server]:
    """Leave out the servers in other states than those asked for."""
    if not settings.statuses:
        return servers
    return [server for server in servers if str(server.row.get("status") or "").lower() in settings.statuses]


def salvaged(raw: t.Any, place: int) -> Row:
    """Give what can be told of a row that the reader refuses: an id, or what stands for one, and the label."""
    row = {snake(str(key)): value for key, value in raw.items()} if isinstance(raw, dict) else {}
    texts = [as_text(row.get(key)) for key in ("id", "vps_id", "uuid", "server_id")]
    # An empty id tells nothing: two servers that have one are still two.
    found = next((one for one in texts if one and one.strip()), None)
    label = row.get("label")
    return {
        "id": "unknown-%d" % place if found is None else found,
        "label": label if isinstance(label, str) else None,
        "hostname": None,
        "status": None,
        "plan_slug": None,
        "ipv4": canonical_ip(row.get("ipv4")),
    }


def id_among(variables: t.Mapping[str, t.Any]) -> str | None:
    """Give the id of the server that a host of the inventory is, whatever prefix its variables have; None if it is none."""
    for name in variables:
        if name.endswith("plan_slug"):
            prefix = name[: -len("plan_slug")]
            if prefix + "status" in variables and isinstance(variables.get(prefix + "id"), str):
                return variables[prefix + "id"]
    return None


def name_servers(
    servers: t.Sequence[Server], settings: Settings, taken: t.Callable[[str, str], bool], notes: list[Note]
) -> None:
    """Give every server a name of its own, the same in every run whatever the order of the rows.

    Servers that would share a name all get their id added, and a common group of that name. One that is terminated
    leaves its name to the one that was ordered in its place. *taken* tells whether a name already belongs to something
    else than the server with this id.
    """
    living, gone = _by_base(servers, False), _by_base(servers, True)
    replaced = [server for name, found in gone.items() if name in living for server in found]
    ghosts = {id(server) for server in replaced}
    bases = {**gone, **living}
    shared = {name: found for name, found in bases.items() if len(found) > 1}
    for name, found in shared.items():
        group = safe_group(name)
        for server in found:
            server.groups.append(group)
        ids = ", ".join(sorted(str(server.row["id"]) for server in found)[:5])
        text = (
            "%d servers are called %s: their ids (%s%s) were added to their names, and the group %s holds them all."
            % (
                len(found),
                shown(name),
                ids,
                ", ..." if len(found) > 5 else "",
                group,
            )
        )
        notes.append(Note(text, found))
    group_names = {settings.group, *RESERVED_GROUPS, *settings.group_names, *(entry[0] for entry in settings.ip_groups)}
    for server in servers:
        group_names.update(server.groups)
    used: set[str] = set()
    waiting = []
    for server in servers:
        base = server.base
        if (
            base is None
            or id(server) in ghosts
            or base in shared
            or base in group_names
            or taken(base, server.row["id"])
        ):
            waiting.append(server)
            continue
        server.name = base
        used.add(base)
    for server in sorted(waiting, key=lambda server: str(server.row["id"])):
        server.name = _with_id(server, lambda name, own: name in used or name in group_names or taken(name, own))
        used.add(server.name)
        if id(server) not in ghosts and server.base not in shared:
            notes.append(Note(_why_renamed(server, group_names), [server]))
    if replaced:
        notes.append(Note(_why_ghosts(replaced, settings.prefix), replaced))
    odd = [server for server in servers if server.passed_over is not None and server.base is not None]
    if odd:
        count = "1 server is" if len(odd) == 1 else "%d servers are" % len(odd)
        first = min(odd, key=lambda server: str(server.row["id"]))
        text = "%s not called what hostnames gives first, because it can't name a host: %s is called %s%s."
        notes.append(
            Note(text % (count, shown(first.passed_over), first.name, ", and so on" if len(odd) > 1 else ""), odd)
        )


def _by_base(servers: t.Sequence[Server], gone: bool) -> dict[str, list[Server]]:
    """Give the servers that could have a name, either those that are terminated or all others."""
    bases: dict[str, list[Server]] = {}
    for server in servers:
        if server.base is not None and is_gone(server.row) is gone:
            bases.setdefault(server.base, []).append(server)
    return bases


def _why_ghosts(replaced: t.Sequence[Server], prefix: str) -> str:
    first = min(replaced, key=lambda server: str(server.row["id"]))
    status = first.row["status"].strip()
    count = "1 server is" if len(replaced) == 1 else "%d servers are" % len(replaced)
    text = "%s gone, and another has the name: %s (%s) is called %s%s. An entry \"exclude: %sstatus == '%s'\" of filters leaves such servers out."
    return text % (
        count,
        shown(first.base),
        status,
        first.name,
        ", and so on" if len(replaced) > 1 else "",
        prefix,
        status,
    )


def _why_renamed(server: Server, group_names: t.Container[str]) -> str:
    base, server_id = server.base, server.row["id"]
    if base is None:
        return "The server with the id %s has nothing that can name a host (its label is %s): it is called %s." % (
            server_id,
            shown(server.row.get("label")),
            server.name,
        )
    if base in group_names:
        return "%s is the name of a group: the server of that name is called %s." % (shown(base), server.name)
    # The other one keeps the name, so the group that both join needs a different one.
    server.namesake = base
    server.groups.append(safe_group(base) if safe_group(base) != base else "h444_%s" % base)
    return (
        "%s is another server of this inventory already: the one with the id %s is called %s, and the group %s holds both."
        % (
            shown(base),
            server_id,
            server.name,
            server.groups[-1],
        )
    )


def _with_id(server: Server, taken: t.Callable[[str, str], bool]) -> str:
    """Give a name that holds the server's id."""
    server_id = str(server.row["id"])
    digest = hashlib.sha256(server_id.encode("utf-8", "surrogatepass")).hexdigest()
    for end in (re.sub(r"[^A-Za-z0-9.-]", "-", server_id)[:50], digest[:12], digest[:40]):
        for start in (server.base, "h444"):
            name = usable_name("%s-%s" % ((start or "h444")[: max(1, 62 - len(end))], end))
            if name is not None and not taken(name, server_id):
                return name
    raise AssertionError("two servers share an id")  # rows with one id are one server


def natural(name: str) -> list[t.Any]:
    """Give a key that sorts web-2 before web-10."""
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in re.split(r"([0-9]+)", name)]
