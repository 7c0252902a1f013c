# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Words for a state: the API's words, in any spelling, are mapped to the few that the collection knows. Pure."""

from __future__ import annotations

import re
import typing as t

from ._api import Row
from ._reader import word

TERMINATED = "terminated"
GONE = frozenset(
    {"terminated", "deleted", "destroyed", "cancelled", "canceled", "removed", "terminating", "deleting", "destroying"}
)

Words = t.Mapping[str, t.Iterable[str]]


def by_spelling(words: Words) -> dict[str, str]:
    """Return a map from each spelling to its known word."""
    return {spelling: known for known, spellings in words.items() for spelling in spellings}


def spelling(word_: str) -> str:
    """Return a word as words are compared: in lower case, with one underscore between its parts."""
    return re.sub(r"[\s-]+", "_", word_.strip().lower())


def read_status(value: t.Any, known: t.Mapping[str, str]) -> str | None:
    """Return a state as a word of *known* (from ``by_spelling``), else the API's own word, None if there is none."""
    found = word(value, "status", "state", "slug", "code", "name")  # a name may be for people, in their language
    return known.get(spelling(found), found) if found else None


def with_status(rows: t.Iterable[Row], status: str, known: t.Mapping[str, str]) -> list[Row]:
    """Return the rows of a status: a word of *known* or the API's own, in any spelling."""
    wanted = spelling(read_status(status, known) or "")
    return [row for row in rows if spelling(row["status"] or "") == wanted]


def is_gone(row: t.Mapping[str, t.Any]) -> bool:
    """Return whether a resource is terminated, or about to be."""
    return (row["status"] or "").strip().lower() in GONE
