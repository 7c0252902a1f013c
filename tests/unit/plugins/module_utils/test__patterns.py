# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Patterns of names: when one fits, and which rows are chosen."""

from __future__ import annotations

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _patterns


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("web-*", "web-1", True),
        ("web-*", "WEB-1", True),
        ("web-*", "db-1", False),
        ("web-?", "web-12", False),
        ("web-[12]", "web-1", True),
        ("web-[12]", "web-[12]", True),
        ("caf\u00e9", "cafe\u0301", True),
        ("example.com.", "example.com", True),
        ("'web-1'", "web-1", True),
        ("['web-1'", "web-1", True),
        ("m\u00fcller.example", "xn--mller-kva.example", True),
        ("https://m\u00fcller.example/*", "https://xn--mller-kva.example/hook", True),
        ("stra\u00dfe", "STRASSE", True),
        ("x", "y" * (_patterns.MAX_NAME + 1), True),
    ],
)
def test_fitting(pattern: str, name: str, fits: bool) -> None:
    """Where it is not clear whether a pattern fits, it fits."""
    assert _patterns.fitting([pattern], name) == (pattern if fits else None)


def test_blank_patterns_are_left_out() -> None:
    """They would fit nothing, and a template makes them of a variable that nobody set."""
    assert _patterns.clean_patterns([" web-* ", "", None, " ", "db"]) == ("web-*", "db")
    assert _patterns.clean_patterns(None) == ()


def test_choose() -> None:
    """One field that fits is enough; without a pattern all are chosen; a name that is not told fits none."""
    rows = [{"domain": "a.example", "username": "ann"}, {"domain": None, "username": "bob"}]
    assert _patterns.choose(rows, ["a.*"], "domain", "username") == rows[:1]
    assert _patterns.choose(rows, ["b*"], "domain", "username") == rows[1:]
    assert _patterns.choose(rows, ["*"], "domain") == rows[:1]
    assert _patterns.choose(rows, None, "domain") == rows == _patterns.choose(rows, ["", " "], "domain")


def test_the_first_that_fits_is_given() -> None:
    """It is the one that a refusal names."""
    assert _patterns.fitting(["db-*", "web-*", "*"], "web-1") == "web-*"
