# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Patterns of names, as in a shell. Pure.

If it is not clear whether a pattern matches, it matches. Patterns protect resources: one refusal too many costs a look,
one too few costs a disk.
"""

from __future__ import annotations

import fnmatch
import re
import typing as t

from ._api import Row
from ._names import ascii_host, canonical_host, normalized, unicode_host

# A name longer than any label or URL counts as matching, because patterns with many stars take long.
MAX_NAME = 2048
QUOTED = re.compile(r"\A\[?\s*[\"']|[\"']\s*\]?\Z")
HOST_IN_URL = re.compile(r"\A([a-z][a-z0-9+.-]*://(?:[^/?#@]*@)?)([^/?#:]+)(.*)\Z", re.DOTALL)


def clean_patterns(patterns: t.Iterable[t.Any] | None) -> tuple[str, ...]:
    """Return the patterns without surrounding whitespace, and without blank ones."""
    stripped = (str(pattern).strip() for pattern in patterns or () if pattern is not None)
    return tuple(pattern for pattern in stripped if pattern)


def fitting(patterns: t.Iterable[str], name: str) -> str | None:
    """Return the first pattern that matches a name in any case and Unicode form, None if none does."""
    forms = _forms(name)
    return next(
        (pattern for pattern in patterns if len(name) > MAX_NAME or any(_fits(form, pattern) for form in forms)), None
    )


def choose(rows: t.Sequence[Row], patterns: t.Iterable[t.Any] | None, *fields: str) -> list[Row]:
    """Return the rows with a field that matches a pattern; all rows if there is no pattern."""
    wanted = clean_patterns(patterns)
    return [
        row
        for row in rows
        if not wanted or any(row[field] is not None and fitting(wanted, row[field]) for field in fields)
    ]


def _forms(name: str) -> set[str]:
    """Return the spellings of a name: unchanged, without outer whitespace or trailing dot, hosts in both scripts."""
    found = {name, name.strip(), canonical_host(name)}
    for value in list(found):
        url = HOST_IN_URL.match(value)
        before, host, after = url.groups() if url else ("", value, "")
        found |= {before + ascii_host(host) + after, before + unicode_host(host) + after}
    return found


def _fits(name: str, pattern: str) -> bool:
    """Match by fnmatch. Brackets may be a set or literal, so both match; likewise quotes around the pattern."""
    wishes = {pattern, pattern.rstrip(".")}
    if QUOTED.search(pattern):  # a list in one text that was split at its commas
        wishes.add(QUOTED.sub("", pattern))
    wishes |= {wish.replace("[", "[[]") for wish in wishes}
    return any(
        fnmatch.fnmatchcase(_folded(name, fold), _folded(wish, fold))
        for fold in (str.lower, str.casefold)
        for wish in wishes
    )


def _folded(value: str, fold: t.Callable[[str], str]) -> str:
    return normalized("NFC", fold(normalized("NFC", value)))
