# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables in plain text: columns are aligned, amounts are dollars, and what could harm a terminal is gone."""

from __future__ import annotations

import pytest

from ansible_collections.h444.cloud.plugins.module_utils._table import money, table, width


@pytest.mark.parametrize(
    ("cents", "text"), [(0, "0.00"), (5, "0.05"), (960, "9.60"), (123456, "1234.56"), (-960, "-9.60")]
)
def test_money_is_in_dollars(cents: int, text: str) -> None:
    assert money(cents) == text


def test_columns_are_aligned() -> None:
    assert table([("SERVER", "CHANGE", "USD"), ("web-1", "order", "9.60"), ("db", "stop", "")], right=(2,)) == (
        "SERVER  CHANGE   USD\nweb-1   order   9.60\ndb      stop\n"
    )
    assert table([]) == ""


def test_wide_and_combining_letters_are_counted_as_a_terminal_shows_them() -> None:
    assert (width("web"), width("\u670d\u52a1"), width("e\u0301")) == (3, 4, 1)
    first, second = table([("\u670d\u52a1", "x"), ("web", "x")]).splitlines()
    assert width(first) == width(second)


def test_a_hostile_name_stays_on_its_line() -> None:
    assert table([("a\x1b[31m\nb" + "x" * 200, "end")]).count("\n") == 1
    assert "\x1b" not in table([("a\x1b[31mb",)])
