# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The document of an account as it is written: its sections, their entries, and the options of each. Pure.

AnsibleModule would change what it checks: it makes a text of a null, and names no entry in its messages.
"""

from __future__ import annotations

import re
import typing as t

from ._errors import BadOption
from ._identifiers import is_blank
from ._names import closest, quoted

TRUE = frozenset({"yes", "on", "true", "1", "y", "t"})
FALSE = frozenset({"no", "off", "false", "0", "n", "f"})
# A URL may have a password in it, which is refused, and must not be in the message that says so.
CREDENTIALS = re.compile(r"(?<=://)[^/?#@\s]*@")
INTEGER = re.compile(r"[+-]?[0-9]{1,18}\Z")
MOST_SHOWN = 10
Options = t.Mapping[str, t.Mapping[str, t.Any]]
"""the options of an entry, as an argument spec: type, choices, elements, aliases, required"""


class Written(t.NamedTuple):
    """One entry of a section. *name*: as it is written. *options*: those that are not null, in their types.

    *place*: None for a resource that no entry names. *nulls*: the names of the options that are null.
    """

    section: str
    place: t.Optional[int]
    name: str
    options: t.Dict[str, t.Any]
    nulls: t.FrozenSet[str]

    def __str__(self) -> str:
        place = "" if self.place is None else "[%d]" % self.place
        return "%s%s %s" % (self.section, place, named(self.name))

    def has(self, option: str) -> bool:
        """Return whether an option is written, null included."""
        return option in self.options or option in self.nulls


def named(name: t.Any) -> str:
    """Quote the name of an entry for a message."""
    return quoted(CREDENTIALS.sub("***@", str(name)))


class Problems:
    """What is wrong with a document, entry by entry."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def add(self, place: object, text: str) -> None:
        """Note what is wrong with a part of the document."""
        self.texts.append("%s: %s" % (place, text))

    def check(self) -> None:
        """Raise all that was noted. Raises: BadOption, before anything is sent."""
        if self.texts:
            more = len(self.texts) - MOST_SHOWN
            shown = " ".join(text if text.endswith((".", "?")) else text + "." for text in self.texts[:MOST_SHOWN])
            and_more = " There are %d more such problems." % more if more > 0 else ""
            raise BadOption("manifest: %s%s Nothing was sent." % (shown, and_more))


def read_document(document: t.Any, sections: t.Mapping[str, Options], problems: Problems) -> dict[str, list[Written]]:
    """Return the entries of each section that a document contains. What is wrong is noted."""
    found: dict[str, list[Written]] = {}
    if not isinstance(document, dict):
        problems.add("the document", "it must be a dictionary of sections")
        return found
    for section, entries in document.items():
        if section not in sections:
            problems.add("the document", _unknown(section, "section", sections))
        elif not isinstance(entries, list):
            problems.add(section, "it must be a list. If there are none, write an empty list")
        else:
            read = [
                _read_entry(section, place, entry, sections[section], problems) for place, entry in enumerate(entries)
            ]
            found[section] = [entry for entry in read if entry is not None]
    return {section: found[section] for section in sections if section in found}


def _read_entry(section: str, place: int, entry: t.Any, options: Options, problems: Problems) -> Written | None:
    """Return one entry; None if its name can't be read."""
    where = "%s[%d]" % (section, place)
    if not isinstance(entry, dict):
        problems.add(where, "it must be a dictionary of options")
        return None
    key = next(name for name, option in options.items() if option.get("required"))
    title = where if is_blank(entry.get(key)) else "%s %s" % (where, named(entry[key]))
    found: dict[str, t.Any] = {}
    nulls: set[str] = set()
    aliases = {alias: name for name, option in options.items() for alias in option.get("aliases", ())}
    for written, value in entry.items():
        name = str(aliases.get(written, written))
        if name not in options:
            problems.add(title, _unknown(name, "option", [*options, *aliases]))
        elif value is None:
            nulls.add(name)
        else:
            _read_option(title, written, name, value, options[name], found, problems)
    if key in entry and not is_blank(entry[key]):
        # A name in a wrong type is noted already.
        return Written(section, place, found[key], found, frozenset(nulls - set(found))) if key in found else None
    problems.add(title, "%s is required" % key)
    return None


def _read_option(
    title: str,
    written: str,
    name: str,
    value: t.Any,
    option: t.Mapping[str, t.Any],
    found: dict[str, t.Any],
    problems: Problems,
) -> None:
    try:
        read = typed(value, option)
    except ValueError as error:
        problems.add(title, "%s: %s" % (written, error))
        return
    if name in found and found[name] != read:
        problems.add(title, "%s is written twice, with different values" % name)
    found[name] = read


def _unknown(name: t.Any, what: str, known: t.Iterable[str]) -> str:
    near = closest(str(name), known)
    hint = "Did you mean %s?" % near[0] if near else "There are: %s" % ", ".join(sorted(known))
    return "%s is no %s of it. %s" % (quoted(name), what, hint)


def typed(value: t.Any, option: t.Mapping[str, t.Any]) -> t.Any:
    """Return a value in the type of its option. Raises: ValueError with a sentence.

    A number is a text as well, and a text of a template may be a number or a boolean.
    """
    kind = option.get("type", "str")
    if kind == "raw":
        return value
    if kind == "list":
        items = value.split(",") if isinstance(value, str) else value
        if not isinstance(items, list) or any(item is None for item in items):
            raise ValueError("%s is not a list of texts" % _of(value))
        return [typed(item.strip() if isinstance(value, str) else item, {"type": option["elements"]}) for item in items]
    found = {"bool": _boolean, "int": _integer}.get(kind, _text)(value)
    choices = option.get("choices")
    if choices and found not in choices:
        raise ValueError("%s is none of %s" % (quoted(value), ", ".join(choices)))
    return found


def _of(value: t.Any) -> str:
    return "a dictionary" if isinstance(value, dict) else "a list" if isinstance(value, list) else quoted(value)


def _text(value: t.Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError("%s is not a text" % _of(value))
    if "\0" in str(value):
        raise ValueError("it contains a NUL character")
    return str(value)


def _boolean(value: t.Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower() if isinstance(value, (str, int)) else ""
    if word not in TRUE | FALSE:
        raise ValueError("%s is neither true nor false" % _of(value))
    return word in TRUE


def _integer(value: t.Any) -> int:
    if isinstance(value, bool) or not (isinstance(value, int) or (isinstance(value, str) and INTEGER.match(value))):
        raise ValueError("%s is not a whole number" % _of(value))
    return int(value)


def check_unique(what: str, entries: t.Iterable[tuple[Written, t.Iterable[t.Hashable]]], problems: Problems) -> None:
    """Note the entries of a section that share one of their keys, such as a name in any spelling."""
    first: dict[t.Hashable, Written] = {}
    for entry, keys in entries:
        others = {str(first[key]): first[key] for key in keys if key in first}
        for other in others.values():
            problems.add(entry, "%s has the same %s" % (other, what))
        for key in keys:
            first.setdefault(key, entry)
