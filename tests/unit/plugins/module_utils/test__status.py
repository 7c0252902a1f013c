# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Words for a state: any spelling of a known one, the API's own where nobody knows it, and what counts as gone."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils._status import (
    GONE,
    by_spelling,
    is_gone,
    read_status,
    spelling,
    with_status,
)

KNOWN = by_spelling({"running": ("running", "powered_on"), "stopped": ("stopped", "shut_off")})


def test_a_table_of_words_is_turned_around() -> None:
    assert KNOWN == {"running": "running", "powered_on": "running", "stopped": "stopped", "shut_off": "stopped"}


@pytest.mark.parametrize("word", ["powered_on", "Powered-On", " POWERED  ON "])
def test_the_spelling_of_a_word_does_not_matter(word: str) -> None:
    assert spelling(word) == "powered_on"


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("Powered On", "running"),
        ("SHUT-OFF", "stopped"),
        ({"status": "running"}, "running"),
        ({"state": "Shut off", "since": 5}, "stopped"),
        ({"name": "Çalışıyor", "slug": "running"}, "running"),
        ({"name": "running"}, "running"),
        ("Warming-Up", "Warming-Up"),
        ("", None),
        (None, None),
        (["running"], None),
        ({}, None),
    ],
)
def test_a_status_is_read_in_any_spelling_and_form(value: t.Any, status: str | None) -> None:
    """A word that nobody knows stays as the API wrote it."""
    assert read_status(value, KNOWN) == status


@pytest.mark.parametrize("status", sorted(GONE) + ["TERMINATED", " Deleted "])
def test_what_is_terminated_is_gone(status: str) -> None:
    assert is_gone({"status": status})


@pytest.mark.parametrize("status", [None, "", "running", "suspended", "gone?", "terminated by mistake"])
def test_anything_else_counts_as_there(status: str | None) -> None:
    """An unknown status counts as alive: nothing is ordered a second time for a word that nobody knows."""
    assert not is_gone({"status": status})


def test_rows_of_a_status_are_known_in_any_spelling() -> None:
    """A known word means its spellings too; another one is the API's own."""
    known = by_spelling({"closed": ("closed", "archived")})
    rows = [{"status": status} for status in ("closed", "On-Hold", None)]
    assert with_status(rows, " Archived ", known) == rows[:1]
    assert with_status(rows, "on hold", known) == rows[1:2]
    assert with_status(rows, "open", known) == []
