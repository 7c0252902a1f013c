# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compare tasks in the controller's own process with the same tasks as modules and with ansible.builtin.ping.

The tasks are converged, so that they write nothing, or order one server. The API is the simulator, without pacing.
Each figure is the median of interleaved rounds, each run an ansible-playbook of its own, less the median of a play
without tasks; an order and a single task are whole playbooks. Seconds are those of the processor, children included and
the simulator not, and those of the clock. They belong to one machine, so compare the ratios.

A run that is not what its row says ends the benchmark: a task that fails or changes anything, a write to the API, a
task that takes the other way.

    python tests/benchmarks/tasks.py                      # all cases: a loop, hosts, an order, one task, a fleet
    python tests/benchmarks/tasks.py --cases loop --loop 20 100 --ways in-process ping --rounds 1
"""

from __future__ import annotations

import argparse
import collections
import os
import pathlib
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import typing as t

import yaml
from ansible.release import __version__ as CORE

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests"))

from simulator.testing import Simulator

Row = t.Dict[str, t.Any]
IN_PROCESS, READING, MODULE, PING, NOTHING = "in process", "in process, no reuse", "module", "ping", "no task"
WAYS = {"in-process": IN_PROCESS, "no-reuse": READING, "module": MODULE, "ping": PING}
SETTINGS = {READING: {"H444_REUSE_REPLIES": "false"}, MODULE: {"H444_IN_PROCESS": "false"}}
TOLD_IN_PROCESS = "in the controller's process"
CASES = ("loop", "hosts", "order", "single", "fleet")
LABEL, ADDRESS, NAME = "label", "address", "name"
HEAD = (
    "tasks",
    "module",
    "way",
    "processor",
    "× ping",
    "× module",
    "clock",
    "× ping",
    "× module",
    "requests",
    "a task",
)


class Case(t.NamedTuple):
    """What is played: *count* tasks, all of one module."""

    title: str
    count: int
    modules: tuple[str, ...] = ("h444_vps", "h444_ptr")
    ways: tuple[str, ...] = (IN_PROCESS, MODULE, PING)
    forks: int = 5
    is_over_hosts: bool = False
    is_order: bool = False
    is_whole: bool = False
    fleet: int = 0
    """the servers of the account where one task is for all of them; 0: a task for each server"""

    @property
    def servers(self) -> int:
        """Give how many servers the account has."""
        return self.fleet or self.count


class Figures(t.NamedTuple):
    """What one run cost."""

    processor: float
    clock: float
    requests: int


def make_cases(options: argparse.Namespace) -> list[Case]:
    """Give the cases that were asked for."""
    all_ways = (IN_PROCESS, READING, MODULE, PING)
    cases = {
        "loop": [Case("loop of %d" % size, size, ways=all_ways) for size in options.loop],
        "hosts": [
            Case("%d hosts, %d forks" % (size, forks), size, forks=forks, is_over_hosts=True)
            for size in options.hosts
            for forks in options.forks
        ],
        "order": [Case("one order, whole playbook", 1, modules=("h444_vps",), is_order=True, is_whole=True)],
        "single": [Case("one task, whole playbook", 1, is_whole=True)],
        "fleet": [
            Case(
                "one task, %d servers" % size, 1, ("h444_vps", "h444_vps_fleet"), (IN_PROCESS, MODULE, PING), fleet=size
            )
            for size in options.fleet
        ],
    }
    wanted = [WAYS[way] for way in options.ways]
    return [
        case._replace(ways=tuple(way for way in case.ways if way in wanted))
        for name in options.cases
        for case in cases[name]
    ]


def make_servers(count: int) -> list[Row]:
    """Give what is called how: label, address and PTR record of each server."""
    return [
        {LABEL: "web-%d" % place, ADDRESS: "198.18.%d.%d" % divmod(place, 256), NAME: "web-%d.example.com" % place}
        for place in range(count)
    ]


def make_seed(servers: t.Iterable[Row]) -> list[Row]:
    """Give the rows for the simulator under which every task of converged() has nothing to do."""
    return [
        {
            "label": server[LABEL],
            "hostname": server[NAME],
            "plan_slug": "vps-2",
            "os_family": "ubuntu",
            "os_template": "ubuntu-24.04",
            "ips": [{"ip": server[ADDRESS], "ptr": server[NAME]}],
        }
        for server in servers
    ]


def make_task(case: Case, module: str, servers: list[Row]) -> Row:
    """Give the one task of a playbook."""
    prefix = "" if case.is_over_hosts else "item."
    label, address, name = ("{{ %s%s }}" % (prefix, key) for key in ("server_label", "server_address", "server_name"))
    server = {"plan_slug": "vps-2", "os_template": "ubuntu-24.04", "max_monthly_usd_cents": 2000, "state": "started"}
    labels = [{"label": one[LABEL]} for one in servers]
    calls: dict[str, Row] = {
        PING: {"ansible.builtin.ping": {"data": label}},
        "h444_vps": {"h444.cloud.h444_vps": {**server, "label": label}},
        "h444_vps_fleet": {"h444.cloud.h444_vps_fleet": {**server, "servers": labels}},
        "h444_ptr": {"h444.cloud.h444_ptr": {"ip": address, "hostname": name}},
    }
    return {"name": "Run", **calls[module]}


def make_play(case: Case, module: str | None, servers: list[Row]) -> Row:
    """Give a play of one task, or of none."""
    play: Row = {"name": "Play", "hosts": "all" if case.is_over_hosts else "localhost", "gather_facts": False}
    if module is None:
        return play
    task = make_task(case, module, servers)
    if not case.is_over_hosts:
        items = [{"server_" + key: value for key, value in server.items()} for server in servers]
        task["loop"] = items[: case.count]
        task["loop_control"] = {"label": "{{ item.server_label }}"}
    return {**play, "tasks": [task]}


def make_inventory(case: Case, servers: list[Row]) -> Row:
    """Give the hosts, all of them on a local connection."""
    common = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    hosts: Row = {"localhost": {}}
    if case.is_over_hosts:
        hosts = {
            "host-%d" % place: {"server_" + key: value for key, value in server.items()}
            for place, server in enumerate(servers)
        }
    return {"all": {"hosts": hosts, "vars": common}}


def outcomes(output: str) -> dict[str, int]:
    """Count the results that ansible-playbook printed, by their first word; each item of a loop is one."""
    return dict(collections.Counter(re.findall(r"^(\w+): \[[^]]+\]", output, re.MULTILINE)))


def check_output(case: Case, way: str, output: str) -> None:
    """See that every task did what its row says. Raises SystemExit."""
    wanted = {"changed" if case.is_order and way != PING else "ok": case.count}
    if way == NOTHING:
        wanted = {}
    found = outcomes(output)
    if found != wanted:
        raise SystemExit("%s, %s: %s instead of %s:\n%s" % (case.title, way, found, wanted, output[-3000:]))


def check_way(case: Case, way: str, output: str) -> None:
    """See in the output of -vvv that every task took the way that its row says. Raises SystemExit."""
    wanted = case.count if way in (IN_PROCESS, READING) else 0
    found = output.count(TOLD_IN_PROCESS)
    if found != wanted:
        raise SystemExit("%s, %s: %d tasks ran %s, not %d." % (case.title, way, found, TOLD_IN_PROCESS, wanted))


def check_writes(case: Case, way: str, writes: list[tuple[str, str]]) -> None:
    """See that nothing was written, or one order. Raises SystemExit."""
    wanted = [("POST", "/vps")] if case.is_order and way not in (PING, NOTHING) else []
    if writes != wanted:
        raise SystemExit("%s, %s: the writes are %s, not %s." % (case.title, way, writes, wanted))


class Bench:
    """The playbooks of one case. *common*: the folder of the collection and of what is compiled."""

    def __init__(self, case: Case, simulator: Simulator, folder: pathlib.Path, common: pathlib.Path) -> None:
        self.case = case
        self.simulator = simulator
        self.folder = folder
        self.servers = make_servers(case.servers)
        self.seed()
        self._write("inventory.yml", make_inventory(case, self.servers))
        for module in (*case.modules, PING):
            self._write(module + ".yml", [make_play(case, module, self.servers)])
        self._write(NOTHING + ".yml", [make_play(case, None, self.servers)])
        (folder / "ansible.cfg").touch()
        dropped = ("ANSIBLE_", "H444_", "PYTHON")
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(dropped)},
            # Compiled files are kept from one run to the next, as a user has them, but not in the work tree.
            "PYTHONPYCACHEPREFIX": str(common / "compiled"),
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "ANSIBLE_HOME": str(folder / "home"),
            "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(common),
            "ANSIBLE_DEPRECATION_WARNINGS": "0",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_FORKS": str(case.forks),
            "H444_API_URL": simulator.url,
            "H444_API_KEY": simulator.key,
            "H444_RATE_LIMIT": "0",
            "NO_PROXY": "127.0.0.1",
        }

    def _write(self, name: str, content: t.Any) -> None:
        (self.folder / name).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")

    def seed(self) -> None:
        """Begin with an account on which the tasks have nothing to do, or with one that has no server yet."""
        self.simulator.reset()
        if not self.case.is_order:
            self.simulator.seed(vps=make_seed(self.servers))

    def play(self, way: str, playbook: str, *more: str) -> tuple[Figures, str]:
        """Run one playbook; gives what it cost and what it printed. Raises SystemExit."""
        if self.case.is_order:
            self.seed()
        self.simulator.clear_journal()
        tool = pathlib.Path(sys.executable).with_name("ansible-playbook")
        command = [str(tool), "-i", "inventory.yml", playbook + ".yml", *more]
        env = {**self.environment, **SETTINGS.get(way, {})}
        spent, began = processor_seconds(), time.perf_counter()
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=1800,
            check=False,
        )
        clock, processor = time.perf_counter() - began, processor_seconds() - spent
        if done.returncode:
            raise SystemExit("%s, %s failed:\n%s" % (self.case.title, way, done.stdout[-3000:]))
        check_output(self.case, way, done.stdout)
        check_writes(self.case, way, [(row["method"], row["path"]) for row in self.simulator.writes()])
        return Figures(processor, clock, len(self.simulator.journal())), done.stdout

    def runs(self) -> list[tuple[str, str]]:
        """Give the rows of this case, as way and playbook: the play without tasks, ping, and each module each way."""
        found = [(NOTHING, NOTHING)]
        if PING in self.case.ways:
            found.append((PING, PING))
        return found + [(way, module) for module in self.case.modules for way in self.case.ways if way != PING]


def processor_seconds() -> float:
    """Give what the children that have ended cost so far. The simulator has not ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ratio(part: float, whole: float | None) -> str:
    """Write a ratio, if there is something to compare with."""
    return "%.2f" % (part / whole) if whole is not None and whole > 0 else "–"


def make_rows(case: Case, found: dict[tuple[str, str], list[Figures]]) -> list[list[str]]:
    """Give the rows of the table for one case."""
    costs: dict[tuple[str, str], tuple[float, float]] = {}
    for run, rounds in found.items():
        costs[run] = (statistics.median(each[0] for each in rounds), statistics.median(each[1] for each in rounds))
    base = (0.0, 0.0) if case.is_whole else costs[NOTHING, NOTHING]
    net = {run: (cost[0] - base[0], cost[1] - base[1]) for run, cost in costs.items()}
    rows = []
    for (way, module), cost in net.items():
        if way == NOTHING and not case.is_whole:
            continue
        ping, as_module = net.get((PING, PING)), net.get((MODULE, module))
        cells = [case.title, "–" if way in (PING, NOTHING) else module, way]
        for kind in (0, 1):
            cells.append("%.2f s" % cost[kind])
            cells.append(ratio(cost[kind], ping and ping[kind]))
            cells.append(ratio(cost[kind], as_module and as_module[kind]))
        requests = max(figures.requests for figures in found[way, module])
        rows.append([*cells, str(requests), "%.2f" % (requests / case.count)])
    return rows


def measure(case: Case, rounds: int, simulator: Simulator, common: pathlib.Path) -> list[list[str]]:
    """Play one case, and give its rows. A few tasks, which do not count, show first which way each of them takes."""
    few = case._replace(count=min(case.count, 2), fleet=min(case.fleet, 2))
    with tempfile.TemporaryDirectory(prefix="h444-bench-") as name:
        bench = Bench(few, simulator, pathlib.Path(name), common)
        for way, playbook in bench.runs():
            check_way(few, way, bench.play(way, playbook, "-vvv")[1])
    found: dict[tuple[str, str], list[Figures]] = {}
    with tempfile.TemporaryDirectory(prefix="h444-bench-") as name:
        bench = Bench(case, simulator, pathlib.Path(name), common)
        for _round in range(rounds):
            for way, playbook in bench.runs():
                found.setdefault((way, playbook), []).append(bench.play(way, playbook)[0])
    return make_rows(case, found)


def as_rst(rows: t.Iterable[t.Sequence[str]]) -> list[str]:
    """Write the table as the guides of the collection have theirs."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in rows:
        for place, cell in enumerate(row):
            lines.append("   %s %s" % ("  -" if place else "* -", cell))
    return lines


def as_line(row: t.Sequence[str]) -> str:
    """Write one line of a Markdown table; the cells of numbers are aligned."""
    widths = (25, 14, 20, 9, 6, 8, 9, 6, 8, 8, 6)
    cells = [
        cell.ljust(width) if place < 3 else cell.rjust(width) for place, (cell, width) in enumerate(zip(row, widths))
    ]
    return "| %s |" % " | ".join(cells)


def link_collection(common: pathlib.Path, collection: pathlib.Path) -> None:
    """Make the folder in which Ansible finds the collection."""
    (common / "ansible_collections" / "h444").mkdir(parents=True)
    (common / "ansible_collections" / "h444" / "cloud").symlink_to(collection.resolve(), target_is_directory=True)


def load() -> str:
    """Write how many processes wanted a processor within the last minute."""
    return "%.1f" % os.getloadavg()[0]


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", 1)[0])
    parser.add_argument("--cases", nargs="+", choices=CASES, default=CASES, help="what is played")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), help="how it is played")
    parser.add_argument("--loop", type=int, nargs="+", default=[50], help="numbers of items of a loop")
    parser.add_argument("--hosts", type=int, nargs="+", default=[50], help="numbers of hosts")
    parser.add_argument("--forks", type=int, nargs="+", default=[5, 20], help="numbers of forks for the hosts")
    parser.add_argument("--fleet", type=int, nargs="+", default=[100], help="numbers of servers for one task")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each, of which the median counts")
    parser.add_argument("--rst", action="store_true", help="also print the table as the documentation has it")
    parser.add_argument("--collection", type=pathlib.Path, default=REPOSITORY, help="the directory of the collection")
    return parser.parse_args()


def main() -> int:
    """Print the table."""
    options = read_options()
    with tempfile.TemporaryDirectory() as name, Simulator.start(validate=False) as simulator:
        common = pathlib.Path(name)
        link_collection(common, options.collection)
        began = load()
        table: list[t.Sequence[str]] = [HEAD]
        print(as_line(HEAD))
        print("|---" * len(HEAD) + "|", flush=True)
        for case in make_cases(options):
            for row in measure(case, options.rounds, simulator, common):
                table.append(row)
                print(as_line(row), flush=True)
    print(
        "\nansible-core %s, Python %s, %s processors, load %s before and %s after, rounds: %d"
        % (CORE, platform.python_version(), os.cpu_count(), began, load(), options.rounds)
    )
    if options.rst:
        print("\n" + "\n".join(as_rst(table)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
