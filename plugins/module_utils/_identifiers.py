# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How a task names a resource: what counts as given, what has to be, and names that contradict each other. Pure.

AnsibleModule counts an option that is null or "" as given, which a template makes of a variable that nobody set. So the
rules about identifiers stand here and not in the argument specs, and they hold before the first request.
"""

from __future__ import annotations

import typing as t

from ._api import Params
from ._errors import BadOption, Refused
from ._names import shown


class Identifiers(t.NamedTuple):
    """The options by which a module's resource is known, declared once for each module.

    *what*: the word for the resource. *options*: any of them names it. *is_needed*: one of them has to be given;
    without one, info modules list all. *is_one*: only one of them may be given.
    *new_name*: the option that gives it another name. *filters*: what else chooses among many.
    *without_id*: options that make no sense for a resource that is named by its ID.
    *acts*: options that ask for more than a state, each with the value that asks for nothing; a removal does none.
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
    """Return whether a value counts as not given: null, empty, or whitespace only."""
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
    """Check that one resource is named where one has to be, and once where names exclude each other.

    Raises: BadOption.
    """
    if identifiers.is_needed and not given:
        raise BadOption(
            "No %s is named: one of the following is required: %s (null and empty count as not given). Nothing was "
            "sent." % (identifiers.what, ", ".join(identifiers.options))
        )
    if identifiers.is_one and len(given) > 1:
        raise BadOption("%s are mutually exclusive: give one of them. Nothing was sent." % " and ".join(given))


def _check_removal(params: Params, identifiers: Identifiers) -> None:
    """Refuse what a removal would silently leave undone; what describes the resource may stand beside it.

    Raises: BadOption.
    """
    if identifiers.new_name and params[identifiers.new_name] is not None:
        raise BadOption(
            "%s: a %s that is removed gets no new name. Nothing was sent; leave it out, and name the one you mean by "
            "%s." % (identifiers.new_name, identifiers.what, " or ".join(identifiers.options))
        )
    for option, nothing in identifiers.acts:
        if params.get(option) not in (None, nothing):
            raise BadOption(
                "%s: it can't be done for a %s that is removed. Nothing was sent; leave it out."
                % (option, identifiers.what)
            )


def _check_useful(params: Params, identifiers: Identifiers) -> None:
    """Refuse beside an ID what only makes sense for a resource that is not there yet. Raises: BadOption."""
    for option in identifiers.without_id:
        if not is_blank(params.get(option)):
            raise BadOption(
                "id and %s are mutually exclusive: it is for a %s that is not there yet. Nothing was sent."
                % (option, identifiers.what)
            )


class Named(t.NamedTuple):
    """One more identifier of a resource that was found by another.

    *told*: the API's value. *is_same*: whether that is what was *wanted*.
    """

    option: str
    wanted: str
    told: t.Optional[str]
    is_same: bool


def word_of(option: str) -> str:
    """Return the word by which messages call an identifier."""
    return {"url": "URL", "vps_label": "label"}.get(option, option)


def check_agree(what: str, resource_id: str, *others: Named) -> None:
    """Check that every identifier that was given means the resource that one of them found. Raises: Refused."""
    for other in others:
        if not other.is_same:
            word = word_of(other.option)
            has = "the %s %s" % (word, shown(other.told)) if other.told else "no %s that the API returns" % word
            raise Refused(
                "The %s %s has %s, not %s. Nothing was changed; correct %s, or leave it out."
                % (what, shown(resource_id), has, shown(other.wanted), other.option)
            )
