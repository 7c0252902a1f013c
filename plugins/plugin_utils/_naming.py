# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of hosts, and the groups from labels and addresses. Pure: no core, no network.

A label is free text. Names of hosts and groups contain only characters that every ansible-core reads as a name.
"""

# pylint: disable=unidiomatic-typecheck  # exact types are fast, and a subclass goes the careful way

from __future__ import annotations

import hashlib
import re
import socket
import typing as t

from ansible_collections.h444.cloud.plugins.module_utils._names import canonical_host, normalized, quoted
from ansible_collections.h444.cloud.plugins.module_utils._vps import is_gone

from ._hosts import ENDS_IN_NUMBER, LONGEST_LABEL, RESERVED_GROUPS, Server, Settings, safe_group

NAME_FIELDS = ("label", "hostname", "ipv4", "id", "ptr")
HOST_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")
# Loopback names mean the controller; a name with one of these endings would load another host's file from host_vars/.
UNUSABLE = re.compile(r"all\Z|ungrouped\Z|localhost|ip6-|127\.|.*\.\.|.*\.(?:yml|yaml|json)\Z", re.IGNORECASE)
NUMBERED = re.compile(r"(.*?)[^A-Za-z0-9]*[0-9]+\Z", re.DOTALL)


class Note(t.NamedTuple):
    """A message to the user about some servers."""

    text: str
    servers: list[Server]


def usable_name(value: t.Any) -> str | None:
    """Return *value* as the name of a host, None if it is not valid."""
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
    """Return whether the C library reads a number as an address of the machine itself."""
    try:
        number = socket.inet_aton(value)
    except OSError:
        return False
    return number[0] == 127 or number == bytes(4)


# Groups


def add_groups(servers: t.Sequence[Server], settings: Settings) -> None:
    """Add the groups from labels and addresses."""
    for server in servers:
        if settings.label_pattern is not None:
            server.groups.extend(_groups_of_pattern(server, settings))
        if settings.label_groups:
            numbered = NUMBERED.match((server.row.get("label") or "")[:LONGEST_LABEL])
            if numbered and re.search("[^\\W_]", numbered.group(1)):
                server.groups.append(safe_group(numbered.group(1)))
        if settings.ip_groups:
            server.groups.extend(_groups_of_addresses(server, settings))


def _groups_of_pattern(server: Server, settings: Settings) -> t.Iterator[str]:
    """Return a group for each named group of the pattern, such as role_web."""
    for name in settings.label_pattern.groupindex if settings.label_pattern else ():
        found = server.variables[settings.prefix + name]
        if found:
            yield safe_group("%s_%s" % (name, found))


def _groups_of_addresses(server: Server, settings: Settings) -> list[str]:
    """Return the groups whose networks contain one of the server's addresses."""
    addresses = {place.get("ip") for place in server.addresses}
    addresses.update(server.variables.get(settings.prefix + name) for name in ("ipv4", "ipv6"))
    numbers = [number for number in map(_as_number, addresses) if number is not None]
    found = [
        group
        for group, family, network, mask in settings.ip_groups
        if any(version == family and number & mask == network for version, number in numbers)
    ]
    return list(dict.fromkeys(found))


def _as_number(address: t.Any) -> tuple[int, int] | None:
    """Return the version and the number of an address; None if it is not valid."""
    if not isinstance(address, str):
        return None
    version, family = (6, socket.AF_INET6) if ":" in address else (4, socket.AF_INET)
    try:
        return version, int.from_bytes(socket.inet_pton(family, address), "big")
    except (OSError, ValueError):
        return None


# Names


def choose_bases(servers: t.Sequence[Server], settings: Settings, answers: t.Mapping[str, t.Sequence[t.Any]]) -> None:
    """Choose the name that each server would have without the others.

    *answers*: the results of the expressions in ``hostnames``.
    """
    for place, server in enumerate(servers):
        for source in settings.hostnames:
            found = answers[source][place] if source in answers else _field_for_name(server, source, settings.prefix)
            server.base = usable_name(found)
            if server.base is not None:
                break
            if isinstance(found, str) and found.strip():
                server.passed_over = server.passed_over or found


def _field_for_name(server: Server, field: str, prefix: str) -> t.Any:
    """Return a variable as a name: a label in NFC, a PTR record in lower case and without its trailing dot."""
    found = server.variables.get(prefix + field)
    if field not in ("label", "ptr") or not isinstance(found, str):
        return found
    return normalized("NFC", canonical_host(found) if field == "ptr" else found)


class _Names:
    """The names that no further host can have."""

    def __init__(self, groups: t.AbstractSet[str], elsewhere: t.Callable[[str, str], bool]) -> None:
        self.groups = groups
        self._elsewhere = elsewhere
        self._given: set[str] = set()

    def is_taken(self, name: str, server_id: str) -> bool:
        """Return whether a group, a host of this account or one of another has the name."""
        return name in self._given or name in self.groups or self._elsewhere(name, server_id)

    def give(self, server: Server, name: str) -> None:
        """Name a server."""
        server.name = name
        self._given.add(name)


def name_servers(
    servers: t.Sequence[Server], settings: Settings, taken: t.Callable[[str, str], bool], notes: list[Note]
) -> None:
    """Give every server a unique name, the same in every run whatever the order of the rows.

    Servers that would share a name all get their ID added, and a common group with that name. A terminated server
    leaves its name to its replacement. *taken* returns whether a name already belongs to something other than the
    server with this ID.
    """
    shared, replaced = _clashes(servers)
    notes.extend(_share(name, found) for name, found in shared.items())
    # A separate note explains why these are not called by their base.
    explained = {id(server) for found in (replaced, *shared.values()) for server in found}
    names = _Names(_group_names(servers, settings), taken)
    waiting = []
    for server in servers:
        base = server.base
        if base is None or id(server) in explained or names.is_taken(base, server.row["id"]):
            waiting.append(server)
        else:
            names.give(server, base)
    for server in sorted(waiting, key=_id_of):
        names.give(server, _name_with_id(server, names))
        if id(server) not in explained:
            notes.append(Note(_why_renamed(server, names.groups), [server]))
    notes.extend(_notes_of_replaced(replaced, settings.prefix))
    notes.extend(_notes_of_passed_over(servers))


def _clashes(servers: t.Sequence[Server]) -> tuple[dict[str, list[Server]], list[Server]]:
    """Return the servers that share a name, and those that are terminated while another has their name."""
    living, gone = _by_base(servers, False), _by_base(servers, True)
    shared = {name: found for name, found in {**gone, **living}.items() if len(found) > 1}
    return shared, [server for name, found in gone.items() if name in living for server in found]


def _id_of(server: Server) -> str:
    return str(server.row["id"])


def _by_base(servers: t.Sequence[Server], gone: bool) -> dict[str, list[Server]]:
    """Return the servers for each base, either the terminated ones or all others."""
    bases: dict[str, list[Server]] = {}
    for server in servers:
        if server.base is not None and is_gone(server.row) is gone:
            bases.setdefault(server.base, []).append(server)
    return bases


def _group_names(servers: t.Sequence[Server], settings: Settings) -> set[str]:
    """Return the names of all known groups."""
    own = (group for server in servers for group in server.groups)
    return {settings.group, *RESERVED_GROUPS, *settings.group_names, *(entry[0] for entry in settings.ip_groups), *own}


def _share(name: str, servers: list[Server]) -> Note:
    """Put servers that would share a name into a group of that name."""
    group = safe_group(name)
    for server in servers:
        server.groups.append(group)
    ids = ", ".join(sorted(map(_id_of, servers))[:5]) + (", ..." if len(servers) > 5 else "")
    text = "%d servers are called %s: their IDs (%s) were added to their names, and the group %s contains them all."
    return Note(text % (len(servers), quoted(name), ids, group), servers)


def _name_with_id(server: Server, names: _Names) -> str:
    """Return a name that contains the server's ID."""
    server_id = _id_of(server)
    digest = hashlib.sha256(server_id.encode("utf-8", "surrogatepass")).hexdigest()
    for end in (re.sub(r"[^A-Za-z0-9.-]", "-", server_id)[:50], digest[:12], digest[:40]):
        for start in (server.base, "h444"):
            name = usable_name("%s-%s" % ((start or "h444")[: max(1, 62 - len(end))], end))
            if name is not None and not names.is_taken(name, server_id):
                return name
    raise AssertionError("two servers share an ID")  # rows with one ID are one server


def _why_renamed(server: Server, group_names: t.Container[str]) -> str:
    """Return why a server is not called by its base. If another account has the name, both hosts join a group."""
    base, server_id = server.base, server.row["id"]
    if base is None:
        return "The server with the ID %s has no valid host name (its label is %s): it is called %s." % (
            server_id,
            quoted(server.row.get("label")),
            server.name,
        )
    if base in group_names:
        return "%s is the name of a group: the server with that name is called %s." % (quoted(base), server.name)
    # The other host keeps the name, so the group of both needs a different one.
    server.namesake = base
    server.groups.append(safe_group(base) if safe_group(base) != base else "h444_%s" % base)
    text = (
        "%s is already a different server in this inventory: the one with the ID %s is called %s, and the group %s "
        "contains both."
    )
    return text % (quoted(base), server_id, server.name, server.groups[-1])


def _notes_of_replaced(servers: list[Server], prefix: str) -> t.Iterator[Note]:
    """Return a note that terminated servers left their names to others."""
    if servers:
        first = min(servers, key=_id_of)
        status = first.row["status"].strip()
        text = (
            "%s gone, and another has the name: %s (%s) is called %s%s. To leave such servers out, add "
            "\"exclude: %sstatus == '%s'\" to filters."
        )
        count, more = _count(servers)
        yield Note(text % (count, quoted(first.base), status, first.name, more, prefix, status), servers)


def _notes_of_passed_over(servers: t.Iterable[Server]) -> t.Iterator[Note]:
    """Return a note about the servers that are not named by the first entry of ``hostnames``."""
    odd = [server for server in servers if server.passed_over is not None and server.base is not None]
    if odd:
        first = min(odd, key=_id_of)
        count, more = _count(odd)
        text = "%s not named by the first entry of hostnames, because it is no valid host name: %s is called %s%s."
        yield Note(text % (count, quoted(first.passed_over), first.name, more), odd)


def _count(servers: t.Sized) -> tuple[str, str]:
    """Return the beginning of a note about some servers, and its end if there are more than the one that it names."""
    return ("1 server is", "") if len(servers) == 1 else ("%d servers are" % len(servers), ", and so on")


def natural(name: str) -> list[t.Any]:
    """Return a key that sorts web-2 before web-10."""
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in re.split(r"([0-9]+)", name)]
