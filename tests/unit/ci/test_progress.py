# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person sees while the checks run: which stages are at work, and how far they are."""

from __future__ import annotations

import io
import re
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "ci"))

if sys.version_info < (3, 11):
    pytest.skip("the checks are run by Python 3.11 or newer", allow_module_level=True)

import machine
import progress

PYTEST = """$ python -u -m pytest -n 2 tests/unit
============================= test session starts ==============================
created: 2/2 workers
2 workers [200 items]

........................................................................ [ 36%]
....s..F...x"""


def test_the_tests_that_were_run_are_counted_out_of_all() -> None:
    assert progress.how_far(PYTEST) == "42 %"
    assert progress.how_far(PYTEST + "........") == "46 %"
    beginning, _gap, _tests = PYTEST.partition("\n\n")
    assert progress.how_far(beginning.replace("200 items", "1 item")) == "0 %"


def test_what_stands_in_a_failure_is_no_test() -> None:
    assert progress.how_far(PYTEST + "\n=== FAILURES ===\nE   assert 1\n.hidden\nsx is the name\n") == "42 %"


def test_of_the_sanity_tests_the_one_that_runs_is_named() -> None:
    log = 'Running sanity test "compile" on Python 3.9\nRunning sanity test "pylint"\n'
    assert progress.how_far(log) == "pylint"


@pytest.mark.parametrize("output", ["", "Collecting ansible-core\n", "created: 2/2 workers\n", "2 workers [0 items]\n"])
def test_a_tool_that_does_not_say_how_far_it_is_has_its_time_only(output: str) -> None:
    assert progress.how_far(output) == ""


def test_one_line_names_every_stage_at_work(tmp_path: Path) -> None:
    shown = progress.Progress(tmp_path)
    (tmp_path / "unit-2.21.log").write_text(PYTEST)
    assert shown.line() == ""
    with shown.stage("unit-2.21"), shown.stage("mypy"):
        assert re.fullmatch(r"0:00 … unit-2\.21 0:00 \(42 %\), mypy 0:00", shown.line())
    assert shown.line() == ""


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (7.9, "0:07"), (760, "12:40"), (3661, "61:01")])
def test_durations_are_minutes_and_seconds(seconds: float, text: str) -> None:
    assert progress.clock(seconds) == text


class Terminal(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def test_a_terminal_shows_it_in_its_last_line_and_keeps_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr(progress, "TERMINAL_SECONDS", 0.01)
    shown = progress.Progress(tmp_path)
    with shown.shown(), shown.stage("mypy"):
        while "mypy" not in sys.stdout.getvalue():
            threading.Event().wait(0.01)
        machine.say("ok   ruff")
    written = sys.stdout.getvalue()
    assert "\n" not in written.partition("ok   ruff")[0]
    assert [line.split("\r\x1b[K")[-1] for line in written.split("\n")] == ["ok   ruff", ""]


def test_a_log_gets_a_plain_line_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "LOG_SECONDS", 0.05)
    shown = progress.Progress(tmp_path)
    with shown.shown(), shown.stage("mypy"):
        threading.Event().wait(0.3)
    written = capsys.readouterr().out
    assert re.match(r"     0:0\d … mypy 0:0\d\n", written) and "\x1b" not in written and "\r" not in written
    assert progress.LOG_SECONDS == 0.05 and 1 <= written.count("\n") <= 6
