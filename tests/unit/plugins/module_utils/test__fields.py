# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables of fields: which name wins, how a value is read, and that every name of every noun's table is understood."""

from __future__ import annotations

import importlib
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _fields
from ansible_collections.h444.cloud.plugins.module_utils._errors import BadReply
from ansible_collections.h444.cloud.plugins.module_utils._fields import (
    Derived,
    Either,
    Field,
    Needed,
    Table,
    as_is,
    read_fields,
    text_inside,
    text_or_none,
    word_inside,
)
from ansible_collections.h444.cloud.plugins.module_utils._reader import identifier, text


def tables_of_nouns() -> dict[str, Table]:
    """Find the tables of all nouns, each where it is made."""
    found: dict[int, tuple[str, Table]] = {}
    for file in sorted(Path(str(_fields.__file__)).parent.glob("_*.py")):
        noun = importlib.import_module(f"{_fields.__package__}.{file.stem}")
        for name, value in vars(noun).items():
            if isinstance(value, dict) and value and all(isinstance(field, Field) for field in value.values()):
                found.setdefault(id(value), (f"{file.stem}.{name}", value))
    return dict(found.values())


TABLES = tables_of_nouns()
# One of these is what a field can hold, whatever its reader wants.
SAMPLES = (7, "7", "192.0.2.7", True, ["192.0.2.7"], {"slug": "seven"})


def read(field: Field, row: dict[str, t.Any]) -> t.Any:
    return read_fields(row, {"size": field}, "GET /v1/things")["size"]


@pytest.mark.parametrize(
    ("row", "value"),
    [
        ({"size": "L", "length": "XL"}, "L"),
        ({"size": None, "length": "XL"}, "XL"),
        ({"size": "", "length": "XL"}, ""),
        ({"size": [], "length": "XL"}, None),
        ({"box": {"size": 3}}, "3"),
        ({"box": {"size": 3}, "length": "XL"}, "XL"),
        ({"box": "size"}, None),
        ({"size": None}, None),
        ({}, None),
    ],
)
def test_the_first_name_with_a_value_counts(row: dict[str, t.Any], value: str | None) -> None:
    """A null is no value; a value that can't be read hides those behind it; objects inside are looked into last."""
    assert read(Field(text, "size", "length", "box.size"), row) == value


def test_either_goes_on_until_something_is_read() -> None:
    """Unlike a name, a way whose value reads as nothing gives way to the next."""
    field = Either(Field(text, "size"), Field(text_inside("name"), "length", "width"))
    assert read(field, {"size": [], "length": {"name": "XL"}}) == "XL"
    assert read(field, {"size": "", "length": "XL"}) == "XL"
    assert read(field, {"size": "L", "length": "XL"}) == "L"
    assert read(field, {}) is None
    assert field.names == ("size", "length", "width")


def test_a_needed_field_is_named_where_it_is_missing() -> None:
    """The message says what was answered and which field can't be read."""
    field = Needed(identifier, "size", "box.size")
    assert read(field, {"box": {"size": 3}}) == "3"
    with pytest.raises(BadReply, match="GET /v1/things was answered, but size is missing"):
        read(field, {"size": None})
    with pytest.raises(BadReply, match="size is not an ID: a/b"):
        read(field, {"size": "a/b"})


def test_a_derived_field_is_given_the_row() -> None:
    """What no single field tells is read from several."""
    assert read(Derived(lambda row: row["width"] * row["height"]), {"width": 2, "height": 3}) == 6


def test_small_readers() -> None:
    """A value as it is, a text that must hold something, a text in an object."""
    assert as_is([1]) == [1]
    assert (text_or_none(""), text_or_none(5), text_or_none([])) == (None, "5", None)
    slug, event = text_inside("slug", "name"), word_inside("name")
    assert [slug(value) for value in ("a", {"name": "b", "slug": "c"}, {"name": "b"}, {}, ["a"])] == [
        "a",
        "c",
        "b",
        None,
        None,
    ]
    assert [event(value) for value in ("PaidOut", {"name": "paid-out"}, "", {})] == ["paid_out", "paid_out", None, None]


def is_understood(field: Field, spelling: str, sample: t.Any) -> bool:
    """Tell whether a field is read from a row that holds a value under this name alone."""
    outer, dot, inner = spelling.partition(".")
    try:
        return read(field, {outer: {inner: sample} if dot else sample}) is not None
    except BadReply:
        return False


def test_the_tables_are_found() -> None:
    """Where they are called otherwise as well, and in every file that has several."""
    assert {"_account.TABLE", "_billing.INVOICE_TABLE", "_billing.WALLET_TABLE", "_thread.MESSAGE"} <= set(TABLES)


@pytest.mark.parametrize("noun", TABLES)
def test_every_name_of_a_table_is_understood(noun: str) -> None:
    """Each name alone gives its field, so none stands in a table in vain; and none stands for one field twice."""
    table: Table = TABLES[noun]
    assert any(field.names for field in table.values())
    for name, field in table.items():
        assert len(set(field.names)) == len(field.names), name
        for spelling in field.names:
            assert any(is_understood(field, spelling, sample) for sample in SAMPLES), f"{name}: {spelling}"
