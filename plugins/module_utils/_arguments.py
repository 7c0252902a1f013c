# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The arguments of an event source: those of the API by the same spec as for modules, but without ansible-core.

ansible-rulebook hands over what YAML and native Jinja make of them, without any check. Null and empty texts count as
not given, because a template often yields one.
"""

from __future__ import annotations

import os
import re
import typing as t

from ._errors import BadOption
from ._names import closest, shown
from ._reader import truth, whole
from ._spec import API

# ansible-rulebook adds it to a source with "feedback: true".
BESIDE = frozenset({"eda_feedback_queue"})


class Arguments:
    """The arguments of one source. *own*: the names of those that the API does not share."""

    def __init__(self, given: t.Any, environ: t.Mapping[str, str], own: t.Sequence[str]) -> None:
        """Check the names. Raises: BadOption."""
        given = {} if given is None else given
        if not isinstance(given, dict):
            raise BadOption("The arguments of the source must be a mapping.")
        known = (*API, *own)
        for name in given:
            if name not in known and name not in BESIDE:
                near = closest(str(name), known)
                raise BadOption(
                    "%s is not an argument of this source%s. Known arguments: %s."
                    % (shown(name), ", closest: %s" % near[0] if near else "", ", ".join(known))
                )
        self._given = {name: value for name, value in given.items() if not _is_empty(value)}
        self._environ = environ

    def api(self) -> dict[str, t.Any]:
        """Return the arguments of the API, from the environment where they are not given. Raises: BadOption."""
        return {name: self._of_api(name, spec) for name, spec in API.items()}

    def _of_api(self, name: str, spec: t.Mapping[str, t.Any]) -> t.Any:
        place, value = name, self._given.get(name)
        if value is None:
            place = spec["fallback"][1][0]
            value = self._environ.get(place)
            if _is_empty(value):
                return spec.get("default")
        return READERS[spec["type"]](place, value)

    def number(self, name: str, least: int, most: int | None = None) -> int | None:
        """Return a whole number, None if it is not given. Raises: BadOption."""
        value = self._given.get(name)
        if value is None:
            return None
        number = _number(name, value)
        if number < least:
            raise BadOption("%s: must be at least %d." % (name, least))
        if most is not None and number > most:
            raise BadOption("%s: must be at most %d." % (name, most))
        return number

    def numbers(self, name: str) -> list[int] | None:
        """Return a list of whole numbers, None if it is not given. Raises: BadOption."""
        values = self._list(name)
        return None if values is None else [_number(name, value) for value in values]

    def texts(self, name: str) -> list[str] | None:
        """Return a list of texts, None if it is not given. Raises: BadOption."""
        values = self._list(name)
        return None if values is None else [_text(name, value) for value in values]

    def path(self, name: str) -> str | None:
        """Return a path, None if it is not given. Raises: BadOption."""
        value = self._given.get(name)
        return None if value is None else _path(name, value)

    def _list(self, name: str) -> list[t.Any] | None:
        """Return a list; one value is one of one, and a text may separate several with commas, as in Ansible."""
        value = self._given.get(name)
        if value is None or isinstance(value, list):
            return value
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return [value]


def _is_empty(value: t.Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _text(place: str, value: t.Any) -> str:
    if not isinstance(value, str):
        # The value is not shown, because it may be a key.
        raise BadOption("%s: must be a text." % place)
    return value


def _path(place: str, value: t.Any) -> str:
    found = os.path.expanduser(_text(place, value))
    if "\0" in found:
        raise BadOption("%s: is not a path." % place)
    return found


def _number(place: str, value: t.Any) -> int:
    number = whole(value)
    if number is None or isinstance(value, bool):
        raise BadOption("%s: %s is not a whole number." % (place, shown(value)))
    return number


def _switch(place: str, value: t.Any) -> bool:
    found = truth(value)
    if found is None or (
        isinstance(value, str) and not re.match(r"\A(?:true|false|yes|no|on|off|1|0)\Z", value.strip().lower())
    ):
        raise BadOption("%s: %s is not true or false." % (place, shown(value)))
    return found


READERS: dict[str, t.Callable[[str, t.Any], t.Any]] = {
    "str": _text,
    "path": _path,
    "int": _number,
    "bool": _switch,
}
