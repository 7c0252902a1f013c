# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Readers as data: a table per resource says how each field is read, and under which names a reply may hold it. Pure.

Only one page of the API is known, so most of the names are guesses. Once a real reply has been seen, strike those that
it does not use. Names are in snake_case, and their order is their priority. ``network.ipv4`` is the name ``ipv4``
inside the object ``network``; such places are looked into last.
"""

from __future__ import annotations

import typing as t

from ._api import Raw, Row
from ._reader import Where, first, snake, text, word


def as_is(value: t.Any) -> t.Any:
    """Read a value as the API returned it."""
    return value


def text_or_none(value: t.Any) -> str | None:
    """Read a text; an empty one is none."""
    return text(value) or None


def inside(read: t.Callable[[t.Any], t.Any], *names: str) -> t.Callable[[t.Any], t.Any]:
    """Make a reader for a value that may be wrapped in an object, under the first of these names that has a value."""

    def read_inside(value: t.Any) -> t.Any:
        return read(first(value, *names) if isinstance(value, dict) else value)

    return read_inside


def text_inside(*names: str) -> t.Callable[[t.Any], t.Optional[str]]:
    """Make a reader for a text that may be wrapped in an object: "vps-2" or {"slug": "vps-2", …}."""
    return inside(text, *names)


def word_inside(*names: str) -> t.Callable[[t.Any], t.Optional[str]]:
    """Make a reader for one of the API's own words, in snake_case; it may be wrapped in an object."""

    def read_word(value: t.Any) -> t.Optional[str]:
        found = word(value, *names)
        return snake(found) if found else None

    return read_word


class Field:
    """A field that may stand under several names. The first value is read; without any the field is None."""

    def __init__(self, read: t.Callable[[t.Any], t.Any], *names: str) -> None:
        self.read = read
        self.names = names
        self._own = tuple(name for name in names if "." not in name)
        self._nested = tuple(name.split(".") for name in names if "." in name)

    def of(self, row: Raw, where: Where, field: str) -> t.Any:
        """Read the field out of a row."""
        for name in self._own:
            value = row.get(name)
            if value is not None:
                return self.read(value)
        for outer, inner in self._nested:
            holder = row.get(outer)
            value = holder.get(inner) if isinstance(holder, dict) else None
            if value is not None:
                return self.read(value)
        return None


class Needed(Field):
    """A field without which a row is of no use.

    Its reader is also given what the message needs, the request and the field's name, and raises BadReply.
    """

    def __init__(self, read: t.Callable[[t.Any, Where, str], t.Any], *names: str) -> None:
        super().__init__(as_is, *names)
        self.read_needed = read

    def of(self, row: Raw, where: Where, field: str) -> t.Any:
        """Read the field out of a row. Raises: BadReply."""
        return self.read_needed(super().of(row, where, field), where, field)


class Either(Field):
    """A field that is read in one way after the other, until one gives something."""

    def __init__(self, *ways: Field) -> None:
        super().__init__(as_is, *(name for way in ways for name in way.names))
        self.ways = ways

    def of(self, row: Raw, where: Where, field: str) -> t.Any:
        """Read the field out of a row."""
        found = None
        for way in self.ways:
            found = way.of(row, where, field)
            if found:
                break
        return found


class Derived(Field):
    """A field that is read from the row as a whole, as a function of its own."""

    def __init__(self, read_row: t.Callable[[Raw], t.Any]) -> None:
        super().__init__(as_is)
        self.read_row = read_row

    def of(self, row: Raw, where: Where, field: str) -> t.Any:
        """Read the field out of a row."""
        return self.read_row(row)


Table = t.Mapping[str, Field]
"""the fields of a resource in normal form, in the order of its documentation"""


def read_fields(row: Raw, table: Table, where: Where) -> Row:
    """Read every field of a table out of a row in snake_case; None if the API returned nothing. Raises: BadReply."""
    return {name: field.of(row, where, name) for name, field in table.items()}
