# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure how much of the API's rate limit is used by processes that share one key, and whether a task fails.

Each process runs one task after another, and each task sends three requests with a client of its own. The processes
share one directory for the pace, as the forks of one machine do. Or they have a directory each, as several execution
nodes do. Or there is no directory. The API is the simulator, once with a sliding minute and once with fixed minutes.
To save time, the clock of the simulator and of the clients runs faster than the real one. So the latency of a reply
counts as more than it is.

The share is counted from the first request to the first request after the last whole minute's worth of them, so that
the burst at the beginning counts once. Requests that are refused with 429 don't count as used.

    python tests/benchmarks/pace.py                       # 8 processes of 45 tasks, 10 times as fast
    python tests/benchmarks/pace.py --directories one --windows sliding --speed 1
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import pathlib
import sys
import tempfile
import threading
import time
import typing as t

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests"))

from simulator import server
from simulator.account import FULL_KEY
from simulator.core import Core

from ansible_collections.h444.cloud.plugins.module_utils._client import Client
from ansible_collections.h444.cloud.plugins.module_utils._endpoint import Endpoint
from ansible_collections.h444.cloud.plugins.module_utils._errors import H444Error
from ansible_collections.h444.cloud.plugins.module_utils._pacer import Pacer
from ansible_collections.h444.cloud.plugins.module_utils._window import usable

PER_MINUTE = 120
REQUESTS = (Endpoint("GET", "/vps", "vps:read"),) * 3
ONE, EACH, NONE = "one", "each", "none"
DIRECTORIES = {ONE: "one for all", EACH: "one for each process", NONE: "none"}
WINDOWS = ("sliding", "fixed")
HEAD = ("directory", "minute", "processes", "tasks", "requests", "429", "minutes", "share used", "failed")
FORK = multiprocessing.get_context("fork")


class Clock(t.NamedTuple):
    """A clock that runs *speed* times as fast since *began*, in seconds since the epoch, and began with a minute."""

    began: float
    speed: float

    def now(self) -> float:
        """Return the time."""
        return self.began // 60 * 60 + (time.time() - self.began) * self.speed

    def sleep(self, seconds: float) -> None:
        """Wait as long as it takes on this clock."""
        time.sleep(seconds / self.speed)


class Done(t.NamedTuple):
    """What one process did: when each request was answered well (seconds), and why tasks failed."""

    answered_at: list[float]
    failures: list[str]


class Case(t.NamedTuple):
    """Who shares what."""

    directory: str
    window: str
    processes: int
    tasks: int
    """of each process"""


def run_tasks(number: int, case: Case, url: str, clock: Clock, folder: pathlib.Path) -> Done:
    """Run the tasks of one process, each with a client of its own."""
    own = folder if case.directory == ONE else folder / str(number)
    if case.directory == EACH:
        own.mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(own)
    done = Done([], [])
    for _task in range(case.tasks):
        pacer = Pacer(url, FULL_KEY, PER_MINUTE, clock=clock.now, sleep=clock.sleep)
        client = Client(url, FULL_KEY, pacer=pacer, clock=clock.now, sleep=clock.sleep)
        try:
            for endpoint in REQUESTS:
                client.request(endpoint)
                done.answered_at.append(clock.now())
        except H444Error as error:
            done.failures.append(str(error))
        finally:
            client.close()
    return done


def play(case: Case, speed: float) -> tuple[list[Done], int]:
    """Run all processes at once; gives what each of them did, and how many requests were refused with 429."""
    clock = Clock(time.time(), speed)
    core = Core({"rate_window": case.window}, rate_limit=PER_MINUTE, clock=clock.now)
    done: multiprocessing.SimpleQueue[Done] = FORK.SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="h444-pace-") as name, server.Simulator(0, core) as simulator:
        workers = [
            FORK.Process(
                target=lambda number: done.put(
                    run_tasks(number, case, simulator.origin + "/v1", clock, pathlib.Path(name))
                ),
                args=(number,),
            )
            for number in range(case.processes)
        ]
        # Before the thread of the server, since a process with threads must not fork. Until then, requests wait.
        for worker in workers:
            worker.start()
        threading.Thread(target=simulator.serve_forever, daemon=True).start()
        try:
            results = [done.get() for _worker in workers]
        finally:
            for worker in workers:
                worker.terminate()
                worker.join()
            simulator.shutdown()
        return results, sum(row["status"] == 429 for row in simulator.journal.since(0))


def share_used(answered_at: t.Sequence[float], full: int) -> float | None:
    """Give the share of the limit that these requests used; None if they are too few to fill a minute.

    answered_at: seconds. *full*: how many of them a full minute has, so that the next one begins another burst.
    """
    moments = sorted(answered_at)
    whole = (len(moments) - 1) // full * full
    if whole <= 0:
        return None
    return whole / ((moments[whole] - moments[0]) / 60 * PER_MINUTE)


def make_row(case: Case, results: t.Sequence[Done], refused: int) -> list[str]:
    """Give the row of the table for one case."""
    answered = sorted(moment for done in results for moment in done.answered_at)
    failed = sum(len(done.failures) for done in results)
    share = share_used(answered, usable(PER_MINUTE) if case.directory == ONE else PER_MINUTE)
    return [
        DIRECTORIES[case.directory],
        case.window,
        str(case.processes),
        str(case.processes * case.tasks),
        str(len(answered)),
        str(refused),
        "%.1f" % ((answered[-1] - answered[0]) / 60 if answered else 0),
        "%.1f %%" % (100 * share) if share else "–",
        str(failed),
    ]


def as_line(row: t.Sequence[str]) -> str:
    """Write one line of a Markdown table; the cells of numbers are aligned."""
    widths = (20, 7, 9, 5, 8, 5, 7, 10, 6)
    cells = [
        cell.ljust(width) if place < 2 else cell.rjust(width) for place, (cell, width) in enumerate(zip(row, widths))
    ]
    return "| %s |" % " | ".join(cells)


def read_options(arguments: t.Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", 1)[0])
    parser.add_argument("--directories", nargs="+", choices=DIRECTORIES, default=list(DIRECTORIES), help="who shares")
    parser.add_argument("--windows", nargs="+", choices=WINDOWS, default=WINDOWS, help="how the API counts a minute")
    parser.add_argument("--processes", type=int, default=8, help="how many run at once")
    parser.add_argument("--tasks", type=int, default=45, help="how many each of them runs, one after another")
    parser.add_argument("--speed", type=float, default=10, help="how many times as fast as the real one the clock runs")
    return parser.parse_args(arguments)


def main(arguments: t.Sequence[str] | None = None) -> int:
    """Print the table. Returns 1 if a task failed."""
    options = read_options(arguments)
    began, is_good = time.time(), True
    print(as_line(HEAD))
    print("|---" * len(HEAD) + "|", flush=True)
    for directory in options.directories:
        for window in options.windows:
            case = Case(directory, window, options.processes, options.tasks)
            results, refused = play(case, options.speed)
            print(as_line(make_row(case, results, refused)), flush=True)
            for failure in sorted({failure for done in results for failure in done.failures}):
                is_good = False
                print("failed: %s" % failure, flush=True)
    took = time.time() - began
    print("\n%d requests per minute, minutes of %.1f s, took %d s" % (PER_MINUTE, 60 / options.speed, took))
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
