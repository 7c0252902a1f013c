# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How a task identifies a resource: what counts as set, what is required, and names that contradict each other. Pure.

AnsibleModule counts an option that is null or "" as set, and templates make such values of variables that nobody set.
So the rules about identifiers are here and not in the argument specs, and apply before the first request.
"""

from __future__ import annotations

import typing as t

from ._api import Params
from ._errors import BadOption, Refused
from ._names import shown


class Identifiers(t.NamedTuple):
    """The options that identify a module's resource, declared once for each module.

    *what*: the word for the resource. *options*: each of them identifies it. *is_needed*: one of them is required;
    without one, info modules list all. *is_one*: only one of them may be set.
    *new_name*: the option that renames it. *filters*: other options that filter a list.
    *without_id*: options that make no sense for a resource that is identified by its ID.
    *acts*: options that request more than a state, each with the value that requests nothing; a removal does none.
    """

    what: str = ""
    options: t.Tuple[str, ...] = ()
    is_needed: bool = False
    is_one: bool = False
    new_name: str = ""
    without_id: t.Tuple[str, ...] = ()
    filters: t.Tuple[str, ...] = ()
    acts: t.Tuple[t.Tuple[str, t.Any], ...] = ()


NONE = Identifiers()


def is_blank(value: t.Any) -> bool:
    """Return whether a value counts as not set: null, empty, or whitespace only."""
    return value is None or (isinstance(value, str) and not value.strip())


def check_given(params: Params, identifiers: Identifiers) -> dict[str, t.Any]:
    """Return the options with each identifier a real value or None. Raises: BadOption, before anything is sent."""
    names = identifiers.options + identifiers.filters + ((identifiers.new_name,) if identifiers.new_name else ())
    result = {**params, **{name: None for name in names if is_blank(params.get(name))}}
    given = [name for name in identifiers.options if result[name] is not None]
    _check_number(given, identifiers)
    if params.get("state") == "absent":
        _check_removal(result, identifiers)
    if "id" in given:
        _check_useful(params, identifiers)
    return result


def _check_number(given: t.Sequence[str], identifiers: Identifiers) -> None:
    """Check that a required identifier is set, and that mutually exclusive ones are not.

    Raises: BadOption.
    """
    if identifiers.is_needed and not given:
        raise BadOption(
            "No %s is named: one of the following is required: %s (null and empty count as not set). Nothing was "
            "sent." % (identifiers.what, ", ".join(identifiers.options))
        )
    if identifiers.is_one and len(given) > 1:
        raise BadOption("%s are mutually exclusive. Nothing was sent. Set only one of them." % " and ".join(given))


def _check_removal(params: Params, identifiers: Identifiers) -> None:
    """Refuse options that a removal would silently ignore; options that describe the resource are allowed.

    Raises: BadOption.
    """
    if identifiers.new_name and params[identifiers.new_name] is not None:
        raise BadOption(
            "%s: a %s that is removed gets no new name. Nothing was sent. Leave it out, and identify the %s by %s."
            % (identifiers.new_name, identifiers.what, identifiers.what, " or ".join(identifiers.options))
        )
    for option, nothing in identifiers.acts:
        if params.get(option) not in (None, nothing):
            raise BadOption(
                "%s: this is not possible for a %s that is removed. Nothing was sent. Leave it out."
                % (option, identifiers.what)
            )


def _check_useful(params: Params, identifiers: Identifiers) -> None:
    """Refuse options that only make sense for a new resource if an ID is set. Raises: BadOption."""
    for option in identifiers.without_id:
        if not is_blank(params.get(option)):
            raise BadOption(
                "id and %s are mutually exclusive: %s is for a %s that does not exist yet. Nothing was sent."
                % (option, option, identifiers.what)
            )


class Named(t.NamedTuple):
    """One more identifier of a resource that was found by another.

    *told*: the API's value. *is_same*: whether it is the *wanted* one.
    """

    option: str
    wanted: str
    told: t.Optional[str]
    is_same: bool


def word_of(option: str) -> str:
    """Return the word by which messages call an identifier."""
    return {"id": "ID", "url": "URL", "vps_label": "label"}.get(option, option)


def check_agree(what: str, resource_id: str, *others: Named) -> None:
    """Check that every identifier that is set means the resource that one of them found. Raises: Refused."""
    for other in others:
        if not other.is_same:
            word, wanted = word_of(other.option), shown(other.wanted)
            one = "The %s %s has the %s %s, not %s." % (what, shown(resource_id), word, shown(other.told), wanted)
            none = "The API returns no %s for the %s %s, so %s can't be confirmed." % (
                word,
                what,
                shown(resource_id),
                wanted,
            )
            raise Refused(
                "%s Nothing was changed. Correct %s, or leave it out." % (one if other.told else none, other.option)
            )
