# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which strings of the API are passed on as plain text, and how the others are kept from the template engine.

A string of only letters, digits and a few marks can't be a template on any ansible-core, and can't call anything as an
expression. But the result of an expression can: ``b64decode`` returns whatever was encoded.

- Core 2.19 and newer: the result of an expression is data, whatever its input. A plain string is passed on like a
  string of a static inventory, so that ``ansible-inventory --list`` shows it plainly; AWX reads anything else as a
  dictionary. Every other string stays untrusted.
- Before: core treats a result as data if some input was wrapped as unsafe. So every string is wrapped, and every
  result. Only ``ansible-inventory``, which shows variables and evaluates none, gets plain strings unwrapped.
"""

# pylint: disable=unidiomatic-typecheck  # core marks strings by subclasses, so that the exact type is asked for

from __future__ import annotations

import re
import typing as t

from ansible import context
from ansible.utils.unsafe_proxy import wrap_var

try:
    from ansible.template import is_trusted_as_template, trust_as_template
except ImportError:  # ansible-core 2.18
    is_trusted_as_template = trust_as_template = None  # type: ignore[assignment]

HAS_TRUST = trust_as_template is not None
"""Whether core marks trusted strings (2.19 and newer) instead of unsafe ones."""

is_plain = re.compile(r"[\w .:@/+,=-]*\Z").match
"""Match a string that is a template on no core: no braces, no quotes, no parentheses, no ``#``, no line breaks."""

SEEN_KEYS = frozenset({"gateway", "ip", "netmask", "primary", "ptr", "zone_hosted"})

SURROGATES = re.compile("[\ud800-\udfff]")


def is_expression(text: t.Any) -> bool:
    """Return whether core would evaluate *text* as an expression: a string, and trusted where trust exists."""
    return isinstance(text, str) and (not HAS_TRUST or is_trusted_as_template(text))


def trusted(text: str) -> str:
    """Return our own text, or one of the configuration, as a template that core accepts."""
    return trust_as_template(text) if HAS_TRUST else text


def is_listing() -> bool:
    """Return whether this is the command ansible-inventory, which only shows the variables of hosts."""
    return "export" in context.CLIARGS


def bare(text: str) -> str:
    """Return a string without the marks of core."""
    return str.__str__(text)


class Marker:
    """Makes values of the API safe for variables. Equal strings become one object, because fleets repeat them."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._hand_over = trust_as_template if HAS_TRUST else bare if is_listing() else wrap_var

    def text(self, value: str) -> str:
        """Return a string of the API in a form that is never templated."""
        known = self._known.get(value)
        if known is None:
            known = self._known[value] = self._make(value)
        return known

    def _make(self, value: str) -> str:
        if is_plain(value):
            return self._hand_over(value)
        # A lone surrogate can't be encoded: it would end the whole play on core 2.18.
        value = SURROGATES.sub("\ufffd", value)
        return value if HAS_TRUST else wrap_var(value)

    def value(self, value: t.Any) -> t.Any:
        """Return a value of the API, containers copied."""
        kind = type(value)
        if kind is str:
            return self.text(value)
        if kind is dict:
            return self.mapping(value)
        if kind is list:
            return [self.value(item) for item in value]
        return value

    def mapping(self, value: dict[str, t.Any], without: t.Container[str] = ()) -> dict[str, t.Any]:
        """Return a copy of an object of the API, without some of its keys."""
        known, made = self._known, {}
        for key, item in value.items():
            if key in without:
                continue
            kind = type(item)
            if kind is str:
                # Looked up here and not by text(), because a fleet has hundreds of thousands of these.
                item = known[item] if item in known else self.text(item)
            elif kind is dict or kind is list:
                item = self.value(item)
            made[key if key in SEEN_KEYS or is_plain(key) else self.text(key)] = item
        return made


def settled(value: t.Any) -> t.Any:
    """Return the result of an expression for a variable: as data, and plain strings in the form of ``Marker``.

    Containers are copied, so that no two hosts share one.
    """
    if isinstance(value, str):
        return _settled_text(value)
    if isinstance(value, dict):
        return {(key if HAS_TRUST else settled(key)): settled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [settled(item) for item in value]
    return value if HAS_TRUST else wrap_var(value)


def _settled_text(value: str) -> str:
    if not is_plain(value):
        value = SURROGATES.sub("\ufffd", value) if SURROGATES.search(value) else value
        return value if HAS_TRUST else wrap_var(value)
    if HAS_TRUST:
        return value if is_trusted_as_template(value) else trust_as_template(value)
    return bare(value) if is_listing() else wrap_var(value)
