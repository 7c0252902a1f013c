# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows which stages run and how far they are: on a terminal by its last line, in a log by a line now and then."""

from __future__ import annotations

import contextlib
import re
import sys
import threading
import time
import typing as t
from pathlib import Path

from machine import LOGS, say, show

TERMINAL_SECONDS, LOG_SECONDS = 1.0, 30.0


def how_far(output: str) -> str:
    """Read from what a tool has written so far how far it is; "" where it does not say."""
    sanity = re.findall(r'^Running sanity test "([\w-]+)"', output, re.MULTILINE)
    if sanity:
        return f"{sanity[-1]}"
    found = re.search(r"^\d+ workers? \[(\d+) items?\]$", output, re.MULTILINE)
    if found is None or found.group(1) == "0":
        return ""
    # A letter for each test, in lines that end in a percentage when they are full.
    lines = re.findall(r"^([.FEsxX]+)(?: *\[ *\d+%\])?$", output[found.end() :], re.MULTILINE)
    return f"{100 * sum(map(len, lines)) // int(found.group(1))} %"


def clock(seconds: float) -> str:
    """Write a duration: 0:07, 12:40."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


class Progress:
    """The stages that are at work."""

    def __init__(self, logs: Path = LOGS) -> None:
        self._logs = logs
        self._started = time.monotonic()
        self._running: dict[str, float] = {}
        self._ended = threading.Event()

    def seconds(self) -> float:
        """Give how long the whole run has taken."""
        return time.monotonic() - self._started

    @contextlib.contextmanager
    def stage(self, name: str) -> t.Iterator[None]:
        """Count a stage as at work."""
        self._running[name] = time.monotonic()
        try:
            yield
        finally:
            del self._running[name]

    def line(self) -> str:
        """Say what runs, since when, and how far it is."""
        parts = []
        for name, started in list(self._running.items()):
            log = self._logs / f"{name}.log"
            far = how_far(log.read_text(encoding="utf-8", errors="replace")) if log.exists() else ""
            parts.append(f"{name} {clock(time.monotonic() - started)}" + (f" ({far})" if far else ""))
        return f"{clock(self.seconds())} … " + ", ".join(parts) if parts else ""

    @contextlib.contextmanager
    def shown(self) -> t.Iterator[None]:
        """Show it while this lasts."""
        watcher = threading.Thread(target=self._watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            self._ended.set()
            watcher.join()
            show("")

    def _watch(self) -> None:
        is_terminal = sys.stdout.isatty()
        while not self._ended.wait(TERMINAL_SECONDS if is_terminal else LOG_SECONDS):
            line = self.line()
            if is_terminal:
                show(line)
            elif line:
                say(f"     {line}")
