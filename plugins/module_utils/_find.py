# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Find the resource that a task means, by its ID or its name, in the same way for every noun.

A noun declares its words, its names and how it is read. A resource that is gone is never found.
"""

from __future__ import annotations

import typing as t

from ._api import Api, Params, Row
from ._errors import Ambiguous, Missing
from ._identifiers import Named, check_agree, word_of
from ._names import check_id, closest, shown


class Name(t.NamedTuple):
    """A name of a resource: the option and field that hold it, and whether a row has it in any spelling."""

    field: str
    fits: t.Callable[[Row, t.Optional[str]], bool]


class Noun(t.NamedTuple):
    """A kind of resource, as far as it must be known to find one among its rows.

    *what*, *plural*: its words in messages. *names*: its names besides the ID, the best one first.
    *shows*: the fields that distinguish candidates. *new_name*: the option that renames it.
    """

    what: str
    plural: str
    names: t.Tuple[Name, ...]
    shows: t.Tuple[str, ...]
    is_gone: t.Callable[[Row], bool] = lambda _row: False
    new_name: str = ""

    def living(self, rows: t.Iterable[Row]) -> list[Row]:
        """Return the rows that are not gone."""
        return [row for row in rows if not self.is_gone(row)]

    def given(self, params: Params) -> list[tuple[Name, str]]:
        """Return the names that a task sets, each with its value."""
        return [(name, params[name.field]) for name in self.names if params.get(name.field) is not None]

    def names_of(self, row: Row) -> tuple[str | None, ...]:
        """Return every name of a resource, None if the API does not return it."""
        return tuple(row[name.field] for name in self.names)


class Source(t.NamedTuple):
    """Where the resources of a noun are read from."""

    noun: Noun
    list_rows: t.Callable[[Api], t.List[Row]]
    get_row: t.Callable[[Api, str], t.Optional[Row]]


class Found(t.NamedTuple):
    """The living resource that a task means, None if there is none. *rows*: the list, None if it was not read."""

    row: t.Optional[Row]
    rows: t.Optional[t.List[Row]]


def find(api: Api, source: Source, params: Params) -> Found:
    """Find the resource that a task means, by its ID or else by its name. Raises: BadOption, Ambiguous, Refused."""
    if params.get("id") is not None:
        row = get_living(api, source, check_id(params["id"], "id"))
        if row is not None:
            check_names(source.noun, row, params)
        return Found(row, None)
    rows = source.list_rows(api)
    return Found(by_name(source.noun, rows, params), rows)


def named(api: Api, source: Source, params: Params) -> list[Row]:
    """Read the resources with the ID or the names that a task sets, gone or not; all of them if it sets none.

    Raises: BadOption, Refused.
    """
    if params.get("id") is None:
        return with_names(source.noun, source.list_rows(api), params)
    row = source.get_row(api, check_id(params["id"], "id"))
    if row is None:
        return []
    check_names(source.noun, row, params)
    return [row]


def get_living(api: Api, source: Source, resource_id: str) -> Row | None:
    """Read one resource; None if it does not exist, or is gone."""
    row = source.get_row(api, resource_id)
    return None if row is None or source.noun.is_gone(row) else row


def listed(api: Api, source: Source, found: Found) -> list[Row]:
    """Return the list, read now if the search did not read it."""
    return source.list_rows(api) if found.rows is None else found.rows


def by_name(noun: Noun, rows: t.Sequence[Row], params: Params) -> Row | None:
    """Find the one living resource with the first name that is set, or with the new one, which it may have already.

    Raises: Ambiguous.
    """
    name, wanted = noun.given(params)[0]
    for value in (wanted, params.get(noun.new_name)):
        fitting = [row for row in noun.living(rows) if name.fits(row, value)]
        found = pick_one(fitting, noun.plural, str(value), noun.shows)
        if found is not None:
            _check_one_name(noun, rows, found)
            return found
    return None


def with_names(noun: Noun, rows: t.Iterable[Row], params: Params) -> list[Row]:
    """Return the rows that have every name that is set."""
    return [row for row in rows if all(name.fits(row, wanted) for name, wanted in noun.given(params))]


def check_names(noun: Noun, row: Row, params: Params) -> None:
    """Check that a resource found by its ID has the names that are set too, or the new one. Raises: Refused."""
    new_name = params.get(noun.new_name)
    check_agree(
        noun.what,
        row["id"],
        *(
            Named(name.field, wanted, row[name.field], name.fits(row, wanted) or name.fits(row, new_name))
            for name, wanted in noun.given(params)
        ),
    )


def check_new_name(api: Api, source: Source, params: Params, found: Found) -> None:
    """Check that no other resource has the new name. Raises: Ambiguous."""
    noun, current = source.noun, t.cast(Row, found.row)
    name, wanted = noun.names[0], params.get(noun.new_name)
    if not wanted or name.fits(current, wanted):
        return
    others = [row for row in noun.living(listed(api, source, found)) if row["id"] != current["id"]]
    taken = [row["id"] for row in others if name.fits(row, wanted)]
    if taken:
        raise Ambiguous(
            "%s: %s is already the %s of %s. Nothing was changed."
            % (noun.new_name, shown(wanted), word_of(name.field), ", ".join(taken)),
            candidates=taken,
        )


def missing(noun: Noun, params: Params, rows: t.Sequence[Row], then: str = "") -> Missing:
    """Return the error for an ID or a name that no living resource has. *then*: a further sentence."""
    option = "id" if params.get("id") is not None else noun.given(params)[0][0].field
    near = closest(params[option], [row[option] for row in noun.living(rows)])
    likely = "; closest: %s" % ", ".join(shown(name) for name in near) if near else ""
    return Missing(
        "No %s has the %s %s%s.%s" % (noun.what, word_of(option), shown(params[option]), likely, then), closest=near
    )


def _check_one_name(noun: Noun, rows: t.Iterable[Row], found: Row) -> None:
    """Check that no row has the ID of the found one and another name. Raises: Ambiguous."""
    name = noun.names[0]
    for row in rows:
        told = row[name.field]
        if row["id"] == found["id"] and told is not None and not name.fits(found, told):
            raise Ambiguous(
                "The API shows the ID %s twice, as %s and as %s, so it is not known which of them it means. "
                "Nothing was changed. Run the task again later." % (row["id"], shown(found[name.field]), shown(told)),
                candidates=[{"id": row["id"], name.field: value} for value in (found[name.field], told)],
            )


def pick_one(
    rows: t.Sequence[Row], what: str, name: str, fields: t.Sequence[str] = ("label", "ipv4", "created_at")
) -> Row | None:
    """Return the only row, None if there is none, or raise Ambiguous with every candidate's ID."""
    if len(rows) < 2:
        return rows[0] if rows else None
    raise Ambiguous(
        "%d %s are called %s: IDs %s. Nothing was changed. Choose one by its ID."
        % (len(rows), what, shown(name), ", ".join(str(row["id"]) for row in rows)),
        candidates=[{field: row.get(field) for field in ("id", *fields)} for row in rows],
    )
