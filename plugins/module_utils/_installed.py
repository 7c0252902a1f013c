# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which template is installed on a server: what the API returns of it, resolved through the list of templates. Pure.

The API may return the slug, a number, a name for people ("Ubuntu 22.04 LTS"), or a version beside the family, as a text
or in an object. A reinstall depends on it, so a template is known only if all that is returned fits exactly one of the
list.
"""

from __future__ import annotations

import re
import typing as t

from ._api import Raw
from ._names import is_digits
from ._reader import first, text, word

Name = t.Tuple[str, str]
"""family ("" where it is not known) and name of a template, as an order takes them"""

# Fields that hold what is installed, as a text or as an object, and what the fields of such an object are.
HOLDERS = ("os_template", "template", "os_image", "image", "os", "operating_system", "distribution", "distro")
NAMES = (
    "os_template",
    "slug",
    "template",
    "code",
    "name",
    "label",
    "display_name",
    "title",
    "full_name",
    "pretty_name",
    "os_name",
)
IDS = ("id", "uuid", "template_id", "os_template_id", "image_id")
VERSIONS = ("version", "os_version", "release", "os_release")
FAMILIES = ("os_family", "family", "os", "distribution", "distro", "distro_family")
# Words that tell two spellings of one template apart, and never two templates.
DECORATION = frozenset({"lts", "linux", "gnu", "server", "x64", "x86", "64", "64bit", "bit", "amd64"})
MAX_LENGTH = 200


def key_of(value: str) -> str:
    """Return what a template's name says, without its spelling: Ubuntu 22.04 LTS and ubuntu-22.04 are 'ubuntu2204'."""
    words = re.findall(r"[^\W_]+", re.sub(r"\([^()]*\)", " ", value[:MAX_LENGTH].casefold()))
    return "".join([found for found in words if found not in DECORATION] or words)


def family_in(name: str) -> str:
    """Read the family out of a template's name, as the page pairs them: ubuntu-22.04 is of ubuntu. Empty if none.

    Assumed: only where /os-templates returns no family (switch ``os_template_shape``); the API checks the pair before
    it debits.
    """
    match = re.match(r"\A([a-z]+)-[0-9]", name)
    return match.group(1) if match else ""


def spread(row: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the fields of a template that is an object as fields beside it, so that the normal form loses none."""
    told = row.get("os_template")
    if not isinstance(told, dict):
        return {}
    return {"os_template_" + name: value for name, value in told.items() if "os_template_" + name not in row}


def name_of(template: Raw) -> Name:
    """Return a template of the list by the two words that an order takes."""
    return template["os_family"] or family_in(template["os_template"]), template["os_template"]


def is_same(one: Name, other: Name) -> bool:
    """Return whether two are one template; a family that is not known makes no other one."""
    return one[1] == other[1] and (one[0] == other[0] or not one[0] or not other[0])


def is_family(told: str, wanted: str) -> bool:
    """Return whether the family of a system begins with the wanted one, in any spelling."""
    return key_of(told).startswith(key_of(wanted))


class Told(t.NamedTuple):
    """What the API returns of a server's system, sorted by what it is."""

    names: t.List[str]
    ids: t.List[str]
    versions: t.List[str]
    families: t.List[str]


def told_by(row: Raw) -> Told:
    """Collect what a server (in normal form) says of its system."""
    told = Told([], [], [], [])
    _collect(row, "os_template_", told)
    for holder in HOLDERS:
        value = row.get(holder)
        if isinstance(value, dict):
            _collect(value, "", told)
            if holder in ("os", "operating_system", "distribution", "distro"):
                told.families.extend(_texts(value, ("slug", "name")))
        else:
            told.names.extend(_texts(row, (holder,)))
    told.versions.extend(_texts(row, VERSIONS[1:2] + VERSIONS[3:]))
    told.names.extend(_texts(row, ("os_name",)))
    told.families.extend(_texts(row, FAMILIES))
    return told


def _collect(fields: Raw, prefix: str, told: Told) -> None:
    for names, into in ((NAMES, told.names), (IDS, told.ids), (VERSIONS, told.versions), (FAMILIES, told.families)):
        into.extend(_texts(fields, [prefix + name for name in names]))


def _texts(fields: Raw, names: t.Iterable[str]) -> list[str]:
    found = [word(fields[name]) for name in names if name in fields]
    return [value for value in found if value and value.strip()]


def find_installed(row: Raw, templates: t.Sequence[Raw]) -> Name | None:
    """Find the one template of the list that is on a server; None if that is not surely one."""
    claims = [claim for claim in _claims(told_by(row), templates) if claim]
    found = set.intersection(*claims) if claims else set()
    return found.pop() if len(found) == 1 else None


def _claims(told: Told, templates: t.Sequence[Raw]) -> list[set[Name]]:
    """Return the templates that each of the things which are known of a server's system may mean."""
    entries = [_Entry(template) for template in templates]
    known = {entry.family for entry in entries} - {""}
    families = known & {key_of(value) for value in told.families}
    pool = _of_families(entries, families)
    # A family alone names no template.
    names = [value for value in told.names if key_of(value) not in known]
    return [
        *(_by_id(pool, value) for value in told.ids),
        *(_by_version(pool, value, families) for value in told.versions),
        *(_by_name(pool, value, families) for value in names),
    ]


def _of_families(entries: list[_Entry], families: set[str]) -> list[_Entry]:
    """Keep the templates of these families; all of them where no family is known."""
    return [entry for entry in entries if entry.family in families] if families else entries


class _Entry:
    """A template of the list with everything by which it can be meant."""

    def __init__(self, template: Raw) -> None:
        self.name = name_of(template)
        self.family = key_of(self.name[0])
        names = _texts(template, NAMES)
        self.ids = set(_texts(template, IDS))
        self.words = {value.strip().casefold() for value in names} | self.ids
        self.keys = {key_of(value) for value in names} | {self.family + key_of(value) for value in names}
        version = key_of(text(first(template, *VERSIONS)) or "")
        self.versions = self.keys | ({key + version for key in self.keys | {self.family}} if version else set())


def _by_id(pool: list[_Entry], value: str) -> set[Name]:
    return {
        entry.name for entry in pool if value in entry.ids or (not is_digits(value) and value.casefold() in entry.words)
    }


def _by_version(pool: list[_Entry], value: str, families: set[str]) -> set[Name]:
    """Search by the version within a family that is known; without one a version means nothing."""
    return {entry.name for entry in pool if entry.family in families and entry.family + key_of(value) in entry.versions}


def _called(pool: list[_Entry], spelling: str) -> set[Name]:
    return {entry.name for entry in pool if spelling in entry.words}


def _by_name(pool: list[_Entry], value: str, families: set[str]) -> set[Name]:
    exact = _called(pool, value.strip().casefold())
    if not any(letter.isalpha() for letter in value):
        return _by_number(pool, value, families, exact)
    return exact or _by_key(pool, value, families)


def _by_key(pool: list[_Entry], value: str, families: set[str]) -> set[Name]:
    """Search by what a name says without its spelling; then with the version that the list holds beside a name."""
    key = key_of(value)
    by_name = {entry.name for entry in pool if key in entry.keys}
    return by_name or {entry.name for entry in pool if key in entry.versions} | _by_version(pool, value, families)


def _by_number(pool: list[_Entry], value: str, families: set[str], exact: set[Name]) -> set[Name]:
    """Search by a bare number. It can be an ID as well as a version: both count, and then it may fit more than one."""
    if not exact and not families:
        return set()
    return exact | _by_version(pool, value, families or {entry.family for entry in pool})
