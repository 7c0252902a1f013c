# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The guard: resources whose names match a pattern of the user are never removed, replaced or reinstalled. Pure."""

from __future__ import annotations

import typing as t

from ._errors import BadOption, Refused
from ._names import clean, shown
from ._patterns import clean_patterns, fitting
from ._plan import Action


def guarding(patterns: t.Iterable[t.Any] | None) -> tuple[str, ...]:
    """Return the patterns of the option ``protected``.

    Raises: BadOption if all are blank, because a variable that nobody set must not turn the guard off.
    """
    given = list(patterns or ())
    wanted = clean_patterns(given)
    if given and not wanted:
        raise BadOption(
            "protected: every pattern is empty and would protect nothing. Nothing was changed. To turn the protection "
            "off, set an empty list."
        )
    return wanted


def check_unprotected(patterns: t.Iterable[t.Any] | None, actions: t.Sequence[Action]) -> None:
    """Check that no step removes or renames a protected resource. Raises: BadOption, Refused."""
    wanted = guarding(patterns)
    for action in actions if wanted else ():
        if action.destroys or action.new_name is not None:
            check_names(wanted, action.known_as, clean(str(action)), None if action.destroys else action.new_name)


def check_names(
    patterns: t.Sequence[str], names: t.Sequence[str | None], what: str, new_name: str | None = None
) -> None:
    """Check that a resource with these *names* is not protected.

    With a *new_name* it is only renamed: a protected resource may get another protected name, but no other one, or the
    next task could remove it. Raises: Refused, also if a name is not known.
    """
    if new_name is not None and fitting(patterns, new_name) is not None:
        return
    for name in names:
        pattern = fitting(patterns, name) if name is not None else None
        if pattern is not None:
            but = ", and %s is not" % shown(new_name) if new_name is not None else ""
            raise Refused(
                "%s is protected by the pattern %s%s, so this is refused: %s. Nothing was changed. See the option "
                "protected." % (shown(name), shown(pattern), but, what)
            )
    if new_name is None and (not names or None in names):
        raise Refused(
            "The API does not return every name of the resource, so it is not known whether one of them is protected. "
            "This is refused: %s. Nothing was changed. See the option protected." % what
        )
