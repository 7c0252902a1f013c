# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The guard: resources whose names fit a pattern of the user's are never removed, replaced or reinstalled. Pure.

Where it is not clear whether a pattern fits, it fits: a refusal too many costs a look, one too few costs a disk.
"""

from __future__ import annotations

import fnmatch
import re
import typing as t
import unicodedata

from ._errors import Refused
from ._names import ascii_host, canonical_host, shown, unicode_host
from ._plan import Action

# What is longer than any label or URL is not matched, for patterns of many stars take time.
MAX_NAME = 2048
HOST_IN_URL = re.compile(r"\A([a-z][a-z0-9+.-]*://(?:[^/?#@]*@)?)([^/?#:]+)(.*)\Z", re.DOTALL)


def clean_patterns(patterns: t.Iterable[t.Any] | None) -> tuple[str, ...]:
    """Give the patterns without white space around them, blank ones left out."""
    stripped = (str(pattern).strip() for pattern in patterns or () if pattern is not None)
    return tuple(pattern for pattern in stripped if pattern)


def protecting(patterns: t.Iterable[str], name: str) -> str | None:
    """Give the first pattern that fits a name, None where none does. Without case; é is é however it is encoded."""
    forms = _forms(name)
    return next((pattern for pattern in patterns if len(name) > MAX_NAME or any(_fits(form, pattern) for form in forms)), None)


def _forms(name: str) -> set[str]:
    """Give the spellings of a name: as it is, without outer white space and trailing dot, hosts also in the other script."""
    found = {name, name.strip(), canonical_host(name)}
    for value in list(found):
        url = HOST_IN_URL.match(value)
        before, host, after = url.groups() if url else ("", value, "")
        found |= {before + ascii_host(host) + after, before + unicode_host(host) + after}
    return found


def _fits(name: str, pattern: str) -> bool:
    """Match by fnmatch; the brackets of a pattern may be meant as a set or as they stand, so either fits."""
    wishes = {pattern, pattern.rstrip(".")}
    wishes |= {wish.replace("[", "[[]") for wish in wishes}
    return any(fnmatch.fnmatchcase(_folded(name, fold), _folded(wish, fold)) for fold in (str.lower, str.casefold) for wish in wishes)


def _folded(value: str, fold: t.Callable[[str], str]) -> str:
    return unicodedata.normalize("NFC", fold(unicodedata.normalize("NFC", value)))


def check_unprotected(patterns: t.Iterable[t.Any] | None, actions: t.Sequence[Action]) -> None:
    """Make sure that no step takes away what is protected. Raises: Refused."""
    wanted = clean_patterns(patterns)
    for action in actions if wanted else ():
        if action.destroys or action.new_name is not None:
            check_names(wanted, action.known_as, str(action), None if action.destroys else action.new_name)


def check_names(patterns: t.Sequence[str], names: t.Sequence[str | None], what: str, new_name: str | None = None) -> None:
    """Make sure that a resource that is known as *names* is not protected. Raises: Refused, also where a name is not told.

    With a *new_name* it is only given another name. A protected one may get another protected name, or the next task could remove it.
    """
    may_pass = new_name is not None and protecting(patterns, new_name) is not None
    for name in names:
        pattern = protecting(patterns, name) if name is not None and not may_pass else None
        if pattern is not None and new_name is not None:
            raise Refused(
                "%s is protected by the pattern %s, and %s is not, so this is refused: %s. Nothing was changed; see the option protected."
                % (shown(name), shown(pattern), shown(new_name), what)
            )
        if pattern is not None:
            raise Refused(
                "%s is protected by the pattern %s, so this is refused: %s. Nothing was changed; see the option protected."
                % (shown(name), shown(pattern), what)
            )
    if new_name is None and (not names or None in names):
        raise Refused(
            "The API does not tell every name of the resource, so whether one of them is protected can't be known, and this is refused: %s. "
            "Nothing was changed; see the option protected." % what
        )

