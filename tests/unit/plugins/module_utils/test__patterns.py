# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Patterns of names: what a pattern protects or selects, in whichever spelling it or the name is."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils._patterns import MAX_NAME, choose, clean_patterns, fitting


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        (None, ()),
        ([], ()),
        ([" web-* ", "", "  ", None, 7], ("web-*", "7")),
        (("a b",), ("a b",)),
    ],
)
def test_blank_patterns_are_left_out(given: t.Any, clean: tuple[str, ...]) -> None:
    assert clean_patterns(given) == clean


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("db-1", "db-1"),
        ("db-*", "db-"),
        ("db-?", "db-1"),
        ("db-[12]", "db-2"),
        ("*", "anything at all"),
        ("DB-1", "db-1"),
        ("db-1", " db-1 "),
        ("straße", "STRASSE"),
        ("caf\u00e9", "cafe\u0301"),
        ("CAFE\u0301*", "caf\u00e9-1"),
        ("example.com", "example.com."),
        ("example.com.", "example.com"),
        ("m\u00fcller.example", "xn--mller-kva.example"),
        ("xn--mller-kva.example", "m\u00fcller.example"),
        ("https://m\u00fcller.example/hook", "https://xn--mller-kva.example/hook"),
        ("https://*.example/*", "https://user@db.example/x?y#z"),
    ],
)
def test_a_pattern_fits_whatever_the_spelling(pattern: str, name: str) -> None:
    assert fitting([pattern], name) == pattern


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("db-1", "db-10"),
        ("db-?", "db-"),
        ("db-[12]", "db-3"),
        ("web-*", "db-1"),
        ("", "db-1"),
        ("*.com", "example.org"),
    ],
)
def test_another_name_does_not_fit(pattern: str, name: str) -> None:
    assert fitting([pattern], name) is None


@pytest.mark.parametrize("name", ["[db]", "db"])
def test_brackets_stand_for_a_set_and_for_themselves(name: str) -> None:
    assert fitting(["[db]", "[db]b"], name) == ("[db]" if name == "[db]" else "[db]b")


@pytest.mark.parametrize("pattern", ["['db-1'", "'db-2']", '"db-3"', "[ 'db-4' ]"])
def test_what_is_left_of_a_list_in_one_text_protects_what_was_meant(pattern: str) -> None:
    name = "".join(letter for letter in pattern if letter not in "[]'\" ")
    assert fitting([pattern], name) == pattern
    assert fitting([pattern], "web-1") is None


def test_the_first_pattern_that_fits_is_named() -> None:
    assert fitting(["web-*", "db-*", "db-1"], "db-1") == "db-*"
    assert fitting([], "db-1") is None


def test_a_name_too_long_to_be_matched_is_protected_by_any_pattern() -> None:
    assert fitting(["web-1"], "x" * (MAX_NAME + 1)) == "web-1"
    assert fitting(["web-1"], "x" * MAX_NAME) is None
    assert fitting([], "x" * (MAX_NAME + 1)) is None


ROWS: list[dict[str, t.Any]] = [
    {"id": "1", "label": "web-1", "hostname": None},
    {"id": "2", "label": "db-1", "hostname": "db.example.com"},
    {"id": "3", "label": None, "hostname": None},
]


@pytest.mark.parametrize(
    ("patterns", "fields", "ids"),
    [
        (None, ("label",), ["1", "2", "3"]),
        ([" "], ("label",), ["1", "2", "3"]),
        (["web-*"], ("label",), ["1"]),
        (["*"], ("label",), ["1", "2"]),
        (["*.example.com"], ("label",), []),
        (["*.example.com", "web-1"], ("label", "hostname"), ["1", "2"]),
        (["nothing"], ("label", "hostname"), []),
    ],
)
def test_rows_are_chosen_by_one_of_their_fields(patterns: t.Any, fields: tuple[str, ...], ids: list[str]) -> None:
    assert [row["id"] for row in choose(ROWS, patterns, *fields)] == ids
