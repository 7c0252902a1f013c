# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmark of tasks runs, plays what its rows say, and counts the requests. It says nothing about time here."""

from __future__ import annotations

import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests" / "ci"), str(ROOT / "tests" / "benchmarks")]

if sys.version_info < (3, 11):
    pytest.skip("the benchmarks are run by Python 3.11 or newer", allow_module_level=True)

import demo
import tasks

LOOP = tasks.Case("loop of 2", 2)
ORDER = tasks.Case("one order", 1, modules=("h444_vps",), is_order=True)


def rows_of(*options: str) -> list[list[str]]:
    """Run the benchmark with one round, and give case, module, way and requests of each row."""
    command = [sys.executable, str(ROOT / "tests" / "benchmarks" / "tasks.py"), "--rounds", "1", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    table = done.stdout.split("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return [[*row[:3], row[9]] for row in rows]


@pytest.mark.slow
def test_a_loop_is_played_each_way_and_its_requests_are_counted() -> None:
    """A loop in process reads once, unless it may not use a reply again."""
    assert rows_of("--cases", "loop", "--loop", "3", "--ways", "in-process", "no-reuse") == [
        ["loop of 3", "h444_vps", "in process", "1"],
        ["loop of 3", "h444_vps", "in process, no reuse", "3"],
        ["loop of 3", "h444_ptr", "in process", "1"],
        ["loop of 3", "h444_ptr", "in process, no reuse", "3"],
    ]


@pytest.mark.slow
def test_hosts_and_an_order_are_played() -> None:
    options = ("--cases", "hosts", "order", "--hosts", "2", "--forks", "2", "--ways", "in-process", "ping")
    assert rows_of(*options) == [
        ["2 hosts, 2 forks", "–", "ping", "0"],
        ["2 hosts, 2 forks", "h444_vps", "in process", "2"],
        ["2 hosts, 2 forks", "h444_ptr", "in process", "2"],
        ["one order, whole playbook", "–", "no task", "0"],
        ["one order, whole playbook", "–", "ping", "0"],
        ["one order, whole playbook", "h444_vps", "in process", "6"],
    ]


@pytest.mark.slow
def test_a_fleet_is_one_task_beside_that_of_one_server() -> None:
    assert rows_of("--cases", "fleet", "--fleet", "3", "--ways", "in-process", "module") == [
        ["one task, 3 servers", "h444_vps", "in process", "1"],
        ["one task, 3 servers", "h444_vps", "module", "1"],
        ["one task, 3 servers", "h444_vps_fleet", "in process", "1"],
        ["one task, 3 servers", "h444_vps_fleet", "module", "1"],
    ]


@pytest.mark.slow
def test_tasks_that_find_something_to_do_end_the_benchmark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    servers = tasks.make_seed(tasks.make_servers(2))
    servers[1]["ips"][0]["ptr"] = "other.example.com"
    monkeypatch.setattr(tasks, "make_seed", lambda _servers: servers)
    tasks.link_collection(tmp_path, ROOT)
    with tasks.Simulator.start(validate=False) as simulator:
        bench = tasks.Bench(LOOP, simulator, tmp_path, tmp_path)
        with pytest.raises(SystemExit, match="loop of 2, module: {'ok': 1, 'changed': 1} instead of {'ok': 2}"):
            bench.play(tasks.MODULE, "h444_ptr")


@pytest.mark.parametrize(
    ("case", "way", "output"),
    [
        (LOOP, tasks.PING, "ok: [localhost] => (item=web-0)"),
        (LOOP, tasks.MODULE, "ok: [localhost] => (item=web-0)\nfailed: [localhost] (item=web-1) => {}"),
        (LOOP, tasks.IN_PROCESS, "ok: [localhost] => (item=web-0)\nchanged: [localhost] => (item=web-1)"),
        (ORDER, tasks.MODULE, "ok: [localhost]"),
        (ORDER, tasks.NOTHING, "changed: [localhost]"),
    ],
)
def test_a_task_with_another_result_is_refused(case: tasks.Case, way: str, output: str) -> None:
    with pytest.raises(SystemExit, match="instead of"):
        tasks.check_output(case, way, output)


def test_the_results_that_a_row_stands_for_are_taken() -> None:
    """An order changes something, a play without tasks has no results, and ping changes nothing in any case."""
    both = "TASK [Run] ****\nok: [localhost] => (item=web-0)\nok: [localhost] => (item=web-1) => {\n"
    tasks.check_output(LOOP, tasks.IN_PROCESS, both)
    tasks.check_output(ORDER, tasks.MODULE, "changed: [localhost]\n")
    tasks.check_output(ORDER, tasks.PING, "ok: [localhost]\n")
    tasks.check_output(ORDER, tasks.NOTHING, "PLAY [Play] ****\n")


@pytest.mark.parametrize(
    ("way", "lines"), [(tasks.IN_PROCESS, 1), (tasks.READING, 0), (tasks.MODULE, 1), (tasks.PING, 2)]
)
def test_a_task_that_takes_the_other_way_is_refused(way: str, lines: int) -> None:
    with pytest.raises(SystemExit, match=f"loop of 2, {way}: {lines} tasks ran in the controller's process"):
        tasks.check_way(LOOP, way, "h444_vps runs in the controller's process\n" * lines)


@pytest.mark.parametrize(
    ("case", "way", "writes"),
    [
        (LOOP, tasks.MODULE, [("PUT", "/vps/1/ips/198.18.0.1/ptr")]),
        (ORDER, tasks.MODULE, []),
        (ORDER, tasks.IN_PROCESS, [("POST", "/vps"), ("POST", "/vps")]),
    ],
)
def test_other_writes_than_one_order_are_refused(case: tasks.Case, way: str, writes: list[tuple[str, str]]) -> None:
    with pytest.raises(SystemExit, match="the writes are"):
        tasks.check_writes(case, way, writes)


def test_a_row_has_medians_less_those_of_the_play_without_tasks() -> None:
    """A single task keeps the start: it is a whole playbook."""
    found = {
        (tasks.NOTHING, tasks.NOTHING): [tasks.Figures(1.0, 2.0, 0)] * 3,
        (tasks.PING, tasks.PING): [
            tasks.Figures(5.0, 10.0, 0),
            tasks.Figures(90.0, 90.0, 0),
            tasks.Figures(4.0, 8.0, 0),
        ],
        (tasks.MODULE, "h444_vps"): [tasks.Figures(9.0, 18.0, 2)],
        (tasks.IN_PROCESS, "h444_vps"): [tasks.Figures(2.0, 3.0, 1), tasks.Figures(2.0, 3.0, 2)],
    }
    rows = tasks.make_rows(LOOP, found)
    assert [row[3:] for row in rows] == [
        ["4.00 s", "1.00", "–", "8.00 s", "1.00", "–", "0", "0.00"],
        ["8.00 s", "2.00", "1.00", "16.00 s", "2.00", "1.00", "2", "1.00"],
        ["1.00 s", "0.25", "0.12", "1.00 s", "0.12", "0.06", "2", "1.00"],
    ]
    whole = tasks.make_rows(LOOP._replace(is_whole=True), found)
    assert [(row[2], row[3], row[4]) for row in whole] == [
        ("no task", "1.00 s", "0.20"),
        ("ping", "5.00 s", "1.00"),
        ("module", "9.00 s", "1.80"),
        ("in process", "2.00 s", "0.40"),
    ]


def test_the_table_for_the_documentation_has_a_list_for_each_row() -> None:
    assert tasks.as_rst([("tasks", "way"), ("loop of 2", "ping")])[3:] == [
        "   * - tasks",
        "     - way",
        "   * - loop of 2",
        "     - ping",
    ]


@pytest.mark.parametrize(
    ("arguments", "commands"),
    [
        ([], [["inventory.py"], ["tasks.py"], ["pace.py"]]),
        (["tasks", "--loop", "20"], [["tasks.py", "--loop", "20"]]),
        (["pace", "--speed", "1"], [["pace.py", "--speed", "1"]]),
    ],
)
def test_make_bench_runs_all_benchmarks_or_the_one_that_is_named(
    arguments: list[str], commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []

    def run(command: list[str], **_more: t.Any) -> subprocess.CompletedProcess[str]:
        ran.append([Path(command[1]).name, *command[2:]])
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(demo.subprocess, "run", run)
    monkeypatch.setattr(demo, "environment", lambda _venv: {})
    assert demo.benchmark(Path("venv"), arguments) == 0
    assert ran == commands
