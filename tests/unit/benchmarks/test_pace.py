# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmark of the pace runs its tasks, and counts requests and failures. It says nothing about time here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests" / "benchmarks")]

if sys.version_info < (3, 11):
    pytest.skip("the benchmarks are run by Python 3.11 or newer", allow_module_level=True)

import pace


def cells(output: str) -> list[str]:
    """Give the first row of the table."""
    return [cell.strip() for cell in output.splitlines()[2].strip("|").split("|")]


@pytest.mark.slow
@pytest.mark.parametrize("directory", pace.DIRECTORIES)
@pytest.mark.parametrize("window", pace.WINDOWS)
def test_every_task_ends_well_however_little_the_processes_share(directory: str, window: str) -> None:
    """150 requests are more than a minute has, so that some of them wait."""
    options = ["--directories", directory, "--windows", window, "--processes", "5", "--tasks", "10", "--speed", "30"]
    command = [sys.executable, str(ROOT / "tests" / "benchmarks" / "pace.py"), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    row = cells(done.stdout)
    assert row[:5] == [pace.DIRECTORIES[directory], window, "5", "50", "150"] and row[-1] == "0"


def test_tasks_that_fail_are_shown_and_end_the_benchmark_with_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = pace.Done([], ["the rate limit of this key is used up"])
    monkeypatch.setattr(pace, "play", lambda *_case: ([failed, failed], 7))
    assert pace.main(["--directories", "each", "--windows", "fixed", "--processes", "2", "--tasks", "1"]) == 1
    out = capsys.readouterr().out
    assert cells(out) == ["one for each process", "fixed", "2", "2", "0", "7", "0.0", "–", "2"]
    assert out.count("failed: the rate limit of this key is used up") == 1


@pytest.mark.parametrize(
    ("bursts", "size", "seconds", "share"),
    [(3, 120, 60.0, 1.0), (3, 60, 60.0, 0.5), (4, 118, 61.2, 0.964), (1, 120, 60.0, None)],
)
def test_the_share_counts_whole_minutes_so_that_the_first_burst_counts_once(
    bursts: int, size: int, seconds: float, share: float | None
) -> None:
    moments = [place * seconds for place in range(bursts) for _request in range(size)]
    found = pace.share_used(moments, size)
    assert found == (None if share is None else pytest.approx(share, abs=0.001))
