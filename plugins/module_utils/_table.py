# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Tables in plain text. Pure."""

from __future__ import annotations

import typing as t
import unicodedata

from ._names import clean

MOST_CHARACTERS = 80
GAP = "  "


def money(usd_cents: int) -> str:
    """Return an amount as people write it: 12.34."""
    return "%s%d.%02d" % ("-" if usd_cents < 0 else "", *divmod(abs(usd_cents), 100))


def table(rows: t.Sequence[t.Sequence[t.Any]], right: t.Container[int] = ()) -> str:
    """Return rows as lines with aligned columns. *right*: the columns that are aligned to the right."""
    cells = [[clean(str(cell), MOST_CHARACTERS) for cell in row] for row in rows]
    widths = [max(width(row[column]) for row in cells) for column in range(len(cells[0]))] if cells else []
    return "".join(_line(row, widths, right) for row in cells)


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def _line(row: t.Sequence[str], widths: t.Sequence[int], right: t.Container[int]) -> str:
    parts = []
    for column, text in enumerate(row):
        space = " " * (widths[column] - width(text))
        parts.append(space + text if column in right else text + space)
    return GAP.join(parts).rstrip() + "\n"
