# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Checks and comparisons of names, IDs and addresses. Pure."""

from __future__ import annotations

import difflib
import ipaddress
import re
import socket
import typing as t
import unicodedata

from ._errors import BadOption
from ._scrub import scrub

# A path can be climbed by "..", so an ID is checked, not only quoted. "all-ips" is a sibling of /vps/:id.
ID_PATTERN = re.compile(r"\A[A-Za-z0-9][A-Za-z0-9._~-]{0,127}\Z")
ROUTE_WORDS = frozenset({"all-ips"})
HOST_LABEL = re.compile(r"\A(?!-)[A-Za-z0-9_-]{1,63}(?<!-)\Z")
OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
CANONICAL_IPV4 = re.compile(r"%s(?:\.%s){3}\Z" % (OCTET, OCTET))
MAX_UNCHECKED, MAX_MARKS = 1000, 100
MAX_HOST = 1000
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def is_digits(text: str) -> bool:
    """Return whether a text is a whole number in ASCII digits: "²" is a digit to Python, and no number."""
    return text.isascii() and text.isdigit()


def is_id(value: object) -> bool:
    """Return whether *value* can be an ID in a path."""
    return isinstance(value, str) and bool(ID_PATTERN.match(value)) and value not in ROUTE_WORDS


def check_id(value: str, option: str) -> str:
    """Return *value* if it can be an ID, else raise BadOption."""
    if not is_id(value):
        raise BadOption("%s: %s is not a valid ID (letters, digits, '-', '_')." % (option, shown(value)))
    return value


def check_ip(value: str, option: str) -> str:
    """Return the canonical form of an IPv4 or IPv6 address, else raise BadOption."""
    address = canonical_ip(value)
    if address is None:
        raise BadOption("%s: %s is not an IP address." % (option, shown(value)))
    return address


def canonical_ip(value: object) -> str | None:
    """Return an address in its canonical text form, without prefix length or zone; None if it is none."""
    if not isinstance(value, str):
        return None
    if CANONICAL_IPV4.match(value) or _is_canonical_ipv6(value):
        return value  # nearly all addresses; this makes the inventory of a large fleet several times as fast
    try:
        return str(ipaddress.ip_address(value.strip().split("/")[0].split("%")[0]))
    except ValueError:
        return None


def _is_canonical_ipv6(value: str) -> bool:
    try:
        return (
            ":" in value
            and "." not in value
            and socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, value)) == value
        )
    except (OSError, ValueError):
        return False


def normalized(form: t.Any, text: str) -> str:
    """Return a text in a form of Unicode.

    The time to sort a run of combining marks grows with the square of its length, to minutes for one reply. A long text
    with a run that no script has is returned unchanged.
    """
    if len(text) > MAX_UNCHECKED:
        run = 0
        for mark in text:
            run = run + 1 if unicodedata.combining(mark) else 0
            if run > MAX_MARKS:
                return text
    return unicodedata.normalize(form, text)


def canonical_host(value: str | None) -> str:
    """Return a DNS name in the form in which names are compared: lower case, no trailing dot."""
    return (value or "").strip().rstrip(".").lower()


def ascii_host(value: str | None) -> str:
    """Return a DNS name in the form in which domains are compared: as canonical_host, letters beyond ASCII as xn--.

    This is IDNA 2008 for names in lower case, as registries have them. Python's own codec would turn straße.de into
    strasse.de.
    """
    name = canonical_host(value)
    if len(name) > MAX_HOST:  # no name is that long, and punycode takes the square of a label's length
        return name
    labels = normalized("NFKC", name).split(".")
    return ".".join(label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii") for label in labels)


def unicode_host(value: str | None) -> str:
    """Return a DNS name as canonical_host does, its xn-- labels in letters; what can't be read stays as it is."""
    name = canonical_host(value)
    return name if len(name) > MAX_HOST else ".".join(_unicode_label(label) for label in name.split("."))


def _unicode_label(label: str) -> str:
    try:
        return label[4:].encode("ascii").decode("punycode") if label.startswith("xn--") else label
    except (UnicodeError, ValueError, OverflowError):
        return label


def check_hostname(value: str, option: str, dotted: bool = False) -> str:
    """Return a DNS hostname without its trailing dot, else raise BadOption. *dotted*: a full name is needed."""
    name = value.strip().rstrip(".")
    ascii_name = name if name.isascii() else "" if CONTROL.search(name) else ascii_host(name)
    labels = ascii_name.split(".")
    if not ascii_name or len(ascii_name) > 253 or not all(HOST_LABEL.match(label) for label in labels):
        raise BadOption("%s: %s is not a valid hostname." % (option, shown(value)))
    if dotted and (len(labels) < 2 or is_digits(labels[-1])):
        raise BadOption("%s: %s is not a fully qualified hostname." % (option, shown(value)))
    return ascii_name


def check_label(value: str, option: str) -> str:
    """Return a display label in NFC, or raise BadOption: a label that the provider trims could lead to two orders."""
    label = normalized("NFC", value)
    if not label or label != label.strip() or CONTROL.search(label) or len(label) > 255:
        raise BadOption(
            "%s: %s is not a valid label. A label has 1 to 255 characters, does not begin or end with whitespace, and "
            "contains no control characters." % (option, shown(value))
        )
    return label


def clean(text: str, limit: int = 300) -> str:
    """Return a foreign text for a message: without keys, tokens and secrets, on one line, and not too long."""
    return _shortened(text, limit, scrub)


def one_line(text: str, limit: int = 300) -> str:
    """Return the user's own text for a message: without control characters, and not too long."""
    return _shortened(text, limit, lambda own: own)


def _shortened(text: str, limit: int, hide: t.Callable[[str], str]) -> str:
    # Truncated first, because the time to sort the marks of a long run grows with the square of its length.
    text, whole = text[: 20 * limit], len(text)
    is_cut = whole > len(text)
    text = CONTROL.sub(" ", normalized("NFC", text.replace("\n", " ")))
    text = hide(re.sub(r"\s+", " ", text).strip())
    return text if len(text) <= limit and not is_cut else text[: limit - 1] + "…"


Name = t.TypeVar("Name", bound=t.Hashable)


def set_apart(
    name: Name, taken: t.Container[Name], given: dict[Name, int], variant: t.Callable[[Name, int], Name]
) -> Name:
    """Return a name that is not taken yet: the name itself, or a numbered variant.

    *given*: the last number of each name, kept by the caller. To search from the first one each time would take the
    square of how often a reply contains one name.
    """
    found = name
    while found in taken:
        given[name] = given.get(name, 0) + 1
        found = variant(name, given[name])
    return found


SURROGATE = re.compile("[\ud800-\udfff]")


def well_formed(value: t.Any) -> t.Any:
    """Return a value with every lone surrogate replaced, in texts and keys at any depth.

    JSON can contain one, but no output can.
    """
    root: list[t.Any] = [value]
    todo: list[tuple[t.Any, t.Any, t.Any]] = [(root, 0, value)]
    while todo:
        holder, key, item = todo.pop()
        if isinstance(item, str):
            holder[key] = SURROGATE.sub("\ufffd", item)
        elif isinstance(item, dict):
            copy: dict[t.Any, t.Any] = {}
            given: dict[t.Any, int] = {}
            holder[key] = copy
            for name, inner in item.items():
                if isinstance(name, str):  # two keys that differ only in such characters stay two
                    name = set_apart(SURROGATE.sub("\ufffd", name), copy, given, _numbered)
                copy[name] = inner
                todo.append((copy, name, inner))
        elif isinstance(item, (list, tuple)):
            holder[key] = list(item)
            todo += [(holder[key], place, inner) for place, inner in enumerate(item)]
    return root[0]


def _numbered(name: str, number: int) -> str:
    return "%s_%s" % (name, number if number > 1 else "")


def shown(value: object) -> str:
    """Quote a foreign value for a message."""
    return "'%s'" % clean(str(value), 80)


def quoted(value: object) -> str:
    """Quote a value of the user's own for a message."""
    return "'%s'" % one_line(str(value), 80)


def closest(name: str | None, names: t.Iterable[str | None]) -> list[str]:
    """Return up to three names that look like *name*, the likeliest first."""
    known = {candidate.casefold(): candidate for candidate in names if candidate}
    found = difflib.get_close_matches((name or "").casefold(), list(known), n=3, cutoff=0.5)
    return [known[key] for key in found]
