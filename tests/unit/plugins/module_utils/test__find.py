# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which resource is meant: by id or name, what is gone left out, and every doubt refused with what helps."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _find
from ansible_collections.h444.cloud.plugins.module_utils._errors import Ambiguous, BadOption, Refused
from ansible_collections.h444.cloud.plugins.module_utils._find import Found, Name, Noun, Source

Row = t.Dict[str, t.Any]
NONE: t.Any = None


def boat(boat_id: str, name: str | None, owner: str | None = None, gone: bool = False) -> Row:
    """Make a row of a kind that no noun has."""
    return {"id": boat_id, "name": name, "owner": owner, "gone": gone}


def same(field: str) -> t.Callable[[Row, str | None], bool]:
    """Compare without case."""
    return lambda row, wanted: bool(wanted and row[field]) and row[field].lower() == str(wanted).lower()


def harbour(*rows: Row) -> tuple[Source, list[str]]:
    """Make a source that holds these rows, and the list of what was read of it."""
    read: list[str] = []

    def list_rows(_api: t.Any) -> list[Row]:
        read.append("list")
        return list(rows)

    def get_row(_api: t.Any, boat_id: str) -> Row | None:
        read.append(boat_id)
        return next((row for row in rows if row["id"] == boat_id), None)

    names = (Name("name", same("name")), Name("owner", same("owner")))
    boats = Noun("boat", "boats", names, ("name",), lambda row: row["gone"], "new_name")
    return Source(boats, list_rows, get_row), read


FLEET = (boat("1", "Emma", "ann"), boat("2", "Sunk", gone=True), boat("3", "Nora", "bob"), boat("4", None, "cid"))


@pytest.mark.parametrize(
    ("params", "found", "read"),
    [
        ({"id": "1"}, "1", ["1"]),
        ({"id": "2"}, None, ["2"]),
        ({"id": "9"}, None, ["9"]),
        ({"id": "1", "name": "EMMA", "owner": "Ann"}, "1", ["1"]),
        ({"id": "3", "name": "Emma", "new_name": "nora"}, "3", ["3"]),
        ({"id": None, "name": "emma"}, "1", ["list"]),
        ({"name": "sunk"}, None, ["list"]),
        ({"name": "gone", "new_name": "Nora"}, "3", ["list"]),
        ({"owner": "cid"}, "4", ["list"]),
        ({"name": "Emma", "owner": "bob"}, "1", ["list"]),
    ],
    ids=str,
)
def test_found(params: Row, found: str | None, read: list[str]) -> None:
    """An id costs one request, a name one list; what is gone is never found."""
    source, asked = harbour(*FLEET)
    result = _find.find(NONE, source, params)
    assert (result.row and result.row["id"], result.rows is not None, asked) == (found, read == ["list"], read)


def test_a_wrong_id_is_never_sent() -> None:
    """It could climb out of its path."""
    source, asked = harbour(*FLEET)
    for look in (_find.find, _find.named):
        with pytest.raises(BadOption, match="^id: "):
            look(NONE, source, {"id": "../2"})
    assert asked == []


@pytest.mark.parametrize(
    ("params", "text"),
    [
        (
            {"id": "1", "name": "Nora"},
            "The boat '1' has the name 'Emma', not 'Nora'. Nothing was changed. Correct name",
        ),
        ({"id": "4", "name": "Nora"}, "The API returns no name for the boat '4', so 'Nora' can't be confirmed."),
        ({"id": "1", "name": "Emma", "owner": "bob"}, "has the owner 'ann', not 'bob'"),
    ],
)
def test_contradiction(params: Row, text: str) -> None:
    """An id and a name of two resources mean neither."""
    source, _asked = harbour(*FLEET)
    for look in (_find.find, _find.named):
        with pytest.raises(Refused) as caught:
            look(NONE, source, params)
        assert text in str(caught.value)


def test_two_of_one_name() -> None:
    """Refused with the ids, and with what tells them apart; one that is gone is no candidate."""
    source, _asked = harbour(*FLEET, boat("5", "emma"), boat("6", "Emma", gone=True))
    with pytest.raises(Ambiguous, match="2 boats are called 'Emma': IDs 1, 5") as caught:
        _find.find(NONE, source, {"name": "Emma"})
    assert caught.value.facts["candidates"] == [{"id": "1", "name": "Emma"}, {"id": "5", "name": "emma"}]


def test_one_id_under_two_names() -> None:
    """An id that the list shows twice would mean either."""
    source, _asked = harbour(*FLEET, boat("1", "Nina"))
    with pytest.raises(Ambiguous, match="shows the ID 1 twice, as 'Emma' and as 'Nina'") as caught:
        _find.find(NONE, source, {"name": "Emma"})
    assert caught.value.facts["candidates"] == [{"id": "1", "name": "Emma"}, {"id": "1", "name": "Nina"}]
    source, _asked = harbour(*FLEET, boat("1", "EMMA", gone=True), boat("1", None))
    assert _find.find(NONE, source, {"name": "Emma"}).row == FLEET[0]


@pytest.mark.parametrize(
    ("params", "near", "text"),
    [
        ({"name": "Emmy"}, ["Emma"], "No boat has the name 'Emmy'; closest: 'Emma'. It sails."),
        ({"name": "sunk"}, [], "No boat has the name 'sunk'. It sails."),
        ({"id": "12", "name": "Emma"}, ["1"], "No boat has the ID '12'; closest: '1'. It sails."),
        ({"owner": "an"}, ["ann"], "No boat has the owner 'an'; closest: 'ann'. It sails."),
    ],
)
def test_missing(params: Row, near: list[str], text: str) -> None:
    """The closest of what is there are named; the list is read only where that was not done yet."""
    source, asked = harbour(*FLEET)
    for rows in (None, list(FLEET)):
        everything = _find.listed(NONE, source, Found(None, rows))
        error = _find.missing(source.noun, params, everything, " It sails.")
        assert (str(error), error.facts["closest"], asked) == (text, near, ["list"])


@pytest.mark.parametrize(
    ("row", "new_name", "taken"),
    [
        (FLEET[0], None, []),
        (FLEET[0], "EMMA", []),
        (FLEET[0], "Nina", []),
        (FLEET[0], "Sunk", []),
        (FLEET[0], "nora", ["3"]),
        (FLEET[3], "Nora", ["3"]),
    ],
)
def test_new_name(row: Row, new_name: str | None, taken: list[str]) -> None:
    """It may be the resource's own, or a dead one's, and nobody else's."""
    source, asked = harbour(*FLEET)
    for rows in (None, list(FLEET)):
        if not taken:
            _find.check_new_name(NONE, source, {"new_name": new_name}, Found(row, rows))
            continue
        with pytest.raises(Ambiguous, match="(?i)new_name: 'nora' is already the name of 3") as caught:
            _find.check_new_name(NONE, source, {"new_name": new_name}, Found(row, rows))
        assert caught.value.facts["candidates"] == taken
    assert len(asked) == (new_name not in (None, "EMMA"))


@pytest.mark.parametrize(
    ("params", "ids"),
    [
        ({}, ["1", "2", "3", "4"]),
        ({"name": "SUNK"}, ["2"]),
        ({"name": "Emma", "owner": "bob"}, []),
        ({"id": "2", "name": "sunk"}, ["2"]),
        ({"id": "9"}, []),
    ],
    ids=str,
)
def test_named(params: Row, ids: list[str]) -> None:
    """An info module shows whatever has all the names that are given, gone or not."""
    source, _asked = harbour(*FLEET)
    assert [row["id"] for row in _find.named(NONE, source, params)] == ids


def test_names_of() -> None:
    """A name that the API does not return is None, for a guard has to know."""
    assert harbour()[0].noun.names_of(FLEET[3]) == (None, "cid")


def test_pick_one() -> None:
    assert _find.pick_one([], "servers", "web") is None
    assert _find.pick_one([{"id": "1"}], "servers", "web") == {"id": "1"}
    with pytest.raises(Ambiguous, match="2 servers are called 'web': IDs 1, 2") as caught:
        _find.pick_one([{"id": "1", "label": "web", "secret": "x"}, {"id": "2"}], "servers", "web")
    assert caught.value.facts["candidates"][0] == {"id": "1", "label": "web", "ipv4": None, "created_at": None}
