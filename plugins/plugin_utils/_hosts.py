# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the rows of the API to hosts: their variables and their addresses. Pure: no core, no network.

A label is free text. It is kept as data in ``h444_label``; ``_naming`` chooses the names of hosts and groups.
"""

# pylint: disable=unidiomatic-typecheck  # exact types are fast, and a subclass goes the careful way

from __future__ import annotations

import ipaddress
import re
import typing as t
import unicodedata

from ansible_collections.h444.cloud.plugins.module_utils._errors import BadOption
from ansible_collections.h444.cloud.plugins.module_utils._names import canonical_ip, is_digits, normalized, quoted
from ansible_collections.h444.cloud.plugins.module_utils._reader import is_secret_key, snake
from ansible_collections.h444.cloud.plugins.module_utils._reader import text as as_text

Row = t.Dict[str, t.Any]

# The C library reads "127.1", "0x7f000001" and "2130706433" as addresses. All three are those of the controller.
ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\Z", re.IGNORECASE)
LOCAL_SERVERS = "127.44."
"""The beginning of the addresses at which the simulator's servers accept logins."""
OWN_ADDRESS = re.compile(r"127\.|0\.|::")
"""The beginnings of the addresses of the machine itself, and of a few others."""
DNS_NAME = re.compile(r"(?=.{1,253}\Z)(?!-)[A-Za-z0-9-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*\Z")
FIELD = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
NOT_WORD = re.compile(r"[^A-Za-z0-9_]")

KNOWN_FIELDS = frozenset(
    "created_at hostname id ips ipv4 ipv6 label os_family os_template plan_slug ptr specs status".split()
)
"""The only fields that become variables if the prefix is empty: the API must not choose the names of variables."""
SWITCHES = frozenset({"h444_in_process", "h444_reuse_replies"})
"""The variables that tell a task where to run, and whether a loop may reuse replies: never a field of the API."""
ALWAYS_THERE = ("label", "hostname", "status", "plan_slug", "ipv4")
OWNER_KEYS = frozenset({"vps_id", "vps_label"})
RESERVED_GROUPS = frozenset({"all", "ungrouped"})
LONGEST_LABEL = 255


class Settings(t.NamedTuple):
    """The options that decide how a server becomes a host."""

    hostnames: tuple[str, ...] = ("label", "hostname", "ipv4", "id")
    connect_with: tuple[str, ...] = ("ipv4",)
    prefix: str = "h444_"
    group: str = "h444"
    label_groups: bool = False
    label_pattern: re.Pattern[str] | None = None
    ip_groups: tuple[tuple[str, int, int, int], ...] = ()
    """Each: group, address family, network, mask."""
    statuses: frozenset[str] = frozenset()
    is_local: bool = False
    """Whether the API is on this machine."""
    group_names: frozenset[str] = frozenset()
    """Further groups that the configuration certainly creates."""


class Server:
    """A server that becomes a host."""

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


def make_settings(options: t.Mapping[str, t.Any]) -> Settings:
    """Check the options and return them in the form in which they are used. Raises BadOption."""
    prefix = options["hostvars_prefix"]
    if prefix and (not IDENTIFIER.match(prefix) or prefix.startswith("ansible_")):
        raise BadOption(
            "hostvars_prefix: %s can't begin the name of a variable. Use letters, digits and '_', and do not begin "
            "with a digit or 'ansible_'." % quoted(prefix)
        )
    _check_group("group", options["group"])
    connect_with = options["connect_with"]
    return Settings(
        hostnames=tuple(options["hostnames"]),
        connect_with=(connect_with,) if isinstance(connect_with, str) else tuple(connect_with),
        prefix=prefix,
        group=options["group"],
        label_groups=options["label_groups"],
        label_pattern=_label_pattern(options["label_pattern"], prefix) if options["label_pattern"] else None,
        ip_groups=_ip_groups(options["ip_groups"]),
        statuses=frozenset(status.strip().lower() for status in options["statuses"]),
        group_names=frozenset(options.get("group_names", ())),
    )


def _check_group(option: str, name: str) -> None:
    if name != safe_group(name):
        raise BadOption(
            "%s: %s is not a valid group name. Use letters, digits and '_', and do not begin with a digit."
            % (option, quoted(name))
        )


def _label_pattern(text: str, prefix: str) -> re.Pattern[str]:
    """Compile the option. Raises BadOption."""
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise BadOption("label_pattern: %s is not a regular expression: %s." % (quoted(text), error)) from error
    if not pattern.groupindex:
        raise BadOption("label_pattern: it must have a named group, like (?P<role>[a-z]+).")
    for name in pattern.groupindex:
        if name in KNOWN_FIELDS or prefix + name in SWITCHES or not IDENTIFIER.match(name):
            raise BadOption(
                "label_pattern: the group (?P<%s>...) would hide the variable %s%s; rename it." % (name, prefix, name)
            )
    return pattern


def _ip_groups(option: t.Mapping[str, t.Any]) -> tuple[tuple[str, int, int, int], ...]:
    """Read the option. Raises BadOption."""
    found = []
    for group, networks in option.items():
        _check_group("ip_groups", group)
        for text in [networks] if isinstance(networks, str) else networks or []:
            found.append((group, *_network(group, text)))
    return tuple(found)


def _network(group: str, text: t.Any) -> tuple[int, int, int]:
    try:
        network = ipaddress.ip_network(text, strict=False) if isinstance(text, str) else None
    except ValueError:
        network = None
    if network is None:
        raise BadOption(
            "ip_groups: %s of %s is not a network like 10.0.0.0/8 or 2001:db8::/32." % (quoted(text), group)
        )
    return network.version, int(network.network_address), int(network.netmask)


def safe_group(text: str) -> str:
    """Return a group's name: ASCII letters, digits and '_'; accents are dropped, everything else becomes '_'."""
    plain = normalized("NFKD", text.replace("ı", "i")) if not text.isascii() else text
    plain = "".join(mark for mark in plain if not unicodedata.combining(mark)) if plain is not text else plain
    name = NOT_WORD.sub("_", plain)[:100]
    if not name.strip("_") or is_digits(name[0]) or name.lower() in RESERVED_GROUPS:
        return "h444_%s" % name[:95]
    return name


def make_servers(
    vps_rows: t.Iterable[Row], ip_rows: t.Iterable[Row], settings: Settings, marker: t.Any
) -> tuple[list[Server], int]:
    """Join servers with their addresses and make their variables; count the addresses that belong to no server.

    *marker* makes values of the API safe for variables (``_trust.Marker``).
    """
    by_id, by_label = _by_owner(ip_rows)
    rows = list(vps_rows)
    once = _once(row.get("label") for row in rows) if by_label else frozenset()
    servers = []
    for row in rows:
        addresses = by_id.pop(row["id"], [])
        if by_label and not addresses and row.get("label") in once:
            # Addresses grouped without IDs: a label that only one server has is sufficient.
            addresses = by_label.pop(row["label"], [])
        servers.append(Server(row, addresses))
    for server in servers:
        server.variables = _variables(server, settings, marker)
    return servers, sum(map(len, by_id.values())) + sum(map(len, by_label.values()))


def _by_owner(ip_rows: t.Iterable[Row]) -> tuple[dict[str, list[Row]], dict[str, list[Row]]]:
    """Return the addresses by the ID of their server, and those without an ID by its label."""
    by_id: dict[str, list[Row]] = {}
    by_label: dict[str, list[Row]] = {}
    for ip_row in ip_rows:
        owner = ip_row.get("vps_id")
        if owner is not None:
            by_id.setdefault(owner, []).append(ip_row)
        elif ip_row.get("vps_label"):
            by_label.setdefault(ip_row["vps_label"], []).append(ip_row)
    return by_id, by_label


def _once(values: t.Iterable[t.Any]) -> frozenset[t.Any]:
    seen: set[t.Any] = set()
    twice: set[t.Any] = set()
    for value in values:
        (twice if value in seen else seen).add(value)
    return frozenset(seen - twice)


# Variables


def _variables(server: Server, settings: Settings, marker: t.Any) -> dict[str, t.Any]:
    """Make the variables of one server."""
    variables = _fields(server.row, settings.prefix, marker)
    _add_addresses(variables, server, settings.prefix, marker)
    address = connect_address(variables, settings)
    if address is not None:
        variables["ansible_host"] = marker.text(address)
    if settings.label_pattern is not None:
        match = settings.label_pattern.search((server.row.get("label") or "")[:LONGEST_LABEL])
        for name in settings.label_pattern.groupindex:
            variables[settings.prefix + name] = _marked(match.group(name) if match else None, marker)
    return variables


def _fields(row: Row, prefix: str, marker: t.Any) -> dict[str, t.Any]:
    """Make the variables that are fields of the server's row."""
    variables: dict[str, t.Any] = {}
    for name, value in row.items():
        if prefix + name in SWITCHES:
            continue
        if name in KNOWN_FIELDS or (prefix and FIELD.match(name) and not is_secret_key(name)):
            variables[prefix + name] = marker.text(value) if type(value) is str else marker.value(value)
    for name in ALWAYS_THERE:
        variables.setdefault(prefix + name, None)
    return variables


def _add_addresses(variables: dict[str, t.Any], server: Server, prefix: str, marker: t.Any) -> None:
    """Add the list of addresses, and the server's own ones if its row does not contain them."""
    row = server.row
    if server.addresses or not isinstance(row.get("ips"), list):
        variables[prefix + "ips"] = [marker.mapping(place, OWNER_KEYS) for place in server.addresses]
    ipv4, ipv6, ptr = _first_of_each(server.addresses)
    if row.get("ipv4") is None:
        variables[prefix + "ipv4"] = _marked(ipv4, marker)
    else:
        ptr = _ptr_of(server, row["ipv4"]) or ptr
    if variables.get(prefix + "ipv6") is None:
        variables[prefix + "ipv6"] = _marked(ipv6, marker)
    if ptr is not None or variables.get(prefix + "ptr") is None:
        variables[prefix + "ptr"] = _marked(ptr, marker)


def _first_of_each(places: list[Row]) -> tuple[str | None, str | None, str | None]:
    """Return the first IPv4 address, IPv6 address and PTR record: of the primary address, then in the API's order."""
    ipv4 = ipv6 = ptr = None
    for place in sorted(places, key=_is_secondary) if len(places) > 1 else places:
        address = place.get("ip")
        if address is None:
            continue
        ptr = ptr or place.get("ptr")
        if ":" in address:
            ipv6 = ipv6 or address
        else:
            ipv4 = ipv4 or address
    return ipv4, ipv6, ptr


def _marked(value: str | None, marker: t.Any) -> str | None:
    return None if value is None else marker.text(value)


def _is_secondary(place: Row) -> bool:
    return not place.get("primary")


def _ptr_of(server: Server, address: str) -> str | None:
    for place in server.addresses:
        if place.get("ip") == address:
            return place.get("ptr")
    return None


def connect_address(variables: t.Mapping[str, t.Any], settings: Settings) -> str | None:
    """Return the value of ``ansible_host``: the first choice, else an address, else a name; 'none' ends the search.

    Only an address or a DNS name is valid: a label like ``-oProxyCommand=...`` must not become an argument of ssh. The
    addresses of the machine itself are never valid: the API may show a server that is being provisioned as 0.0.0.0.
    Only if the API is on this machine, those of the simulator's servers are.
    """
    for name in (*settings.connect_with, "ipv4", "ipv6", "hostname", "ptr"):
        if name == "none":
            return None
        value = variables.get(settings.prefix + name)
        if isinstance(value, str):
            if (
                settings.is_local
                and name == "ipv4"
                and value.startswith(LOCAL_SERVERS)
                and canonical_ip(value) == value
            ):
                return value
            address = _reachable(value, name not in ("ipv4", "ipv6"))
            if address is not None:
                return address
    return None


def _reachable(value: str, or_name: bool) -> str | None:
    """Return an address, or a DNS name; None for the controller's own."""
    address = canonical_ip(value)
    if address is not None:
        return None if OWN_ADDRESS.match(address) and _is_own(address) else address
    name = value.strip().rstrip(".")
    if not or_name or not DNS_NAME.match(name) or ENDS_IN_NUMBER.match(name):
        return None
    return None if name.lower().startswith(("localhost", "ip6-")) else name


def _is_own(address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    # Before Python 3.13, these properties ignore an IPv4 address inside an IPv6 address.
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return parsed.is_loopback or parsed.is_unspecified


def in_statuses(servers: list[Server], settings: Settings) -> list[Server]:
    """Return the servers in the requested states."""
    if not settings.statuses:
        return servers
    return [server for server in servers if str(server.row.get("status") or "").lower() in settings.statuses]


def salvaged(raw: t.Any, place: int) -> Row:
    """Return the readable fields of a row that the reader refuses: an ID, or a substitute, and the label."""
    row = {snake(str(key)): value for key, value in raw.items()} if isinstance(raw, dict) else {}
    texts = [as_text(row.get(key)) for key in ("id", "vps_id", "uuid", "server_id")]
    # An empty ID means nothing: two servers with empty IDs are still two.
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
    """Return the ID of a host's server, with any prefix of its variables; None if the host is not a server."""
    for name in variables:
        if name.endswith("plan_slug"):
            prefix = name[: -len("plan_slug")]
            if prefix + "status" in variables and isinstance(variables.get(prefix + "id"), str):
                return variables[prefix + "id"]
    return None
