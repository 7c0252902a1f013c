# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The journal of the requests."""

from __future__ import annotations

import threading
import typing as t

Entry = t.Dict[str, t.Any]


class View(t.NamedTuple):
    """A part of the journal. *rows*: entries, and whether they are still being answered; *since*: where to go on.

    *generation*: how often the journal was cleared; *is_new*: whether what was seen before is to be forgotten.
    """

    rows: list[tuple[Entry, bool]]
    generation: int
    since: int
    is_new: bool


class Journal:
    """Every request that was sent, and which of them were answered well."""

    def __init__(self) -> None:
        self._rows: list[Entry] = []
        self._open: dict[int, Entry] = {}
        self._generation = 0
        self._lock = threading.Lock()
        self.answered: set[str] = set()
        """METHOD /path of every request that was answered well; nothing clears it."""

    def add(self, row: Entry) -> None:
        """Note a request and number it."""
        with self._lock:
            row["n"] = len(self._rows) + 1
            self._rows.append(row)
            self._open[id(row)] = row

    def done(self, row: Entry) -> None:
        """Note that nothing more becomes of a request."""
        with self._lock:
            self._open.pop(id(row), None)

    def since(self, number: int) -> list[Entry]:
        """Give the requests after this number."""
        with self._lock:
            return self._rows[number:]

    def view(self, generation: int, number: int, most: int) -> View:
        """Give the last *most* requests after this number of this generation; of another one, the last of all."""
        with self._lock:
            is_new = generation != self._generation
            first = max(0 if is_new else number, len(self._rows) - most)
            rows = [(dict(row), id(row) in self._open) for row in self._rows[first:]]
            since = min((row["n"] - 1 for row, is_open in rows if is_open), default=len(self._rows))
            return View(rows, self._generation, since, is_new)

    def clear(self) -> None:
        """Forget the requests."""
        with self._lock:
            self._rows.clear()
            self._open.clear()
            self._generation += 1
