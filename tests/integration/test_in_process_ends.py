# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""However a task ends in the controller's process, nothing of it is left: no process, no lock, no half of an order."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import time
import typing as t
from pathlib import Path

import pytest
from ansible.release import __version__ as core_version

from ansible_collections.h444.cloud.tests.integration.both_ways import both
from ansible_collections.h444.cloud.tests.integration.playing import BIN, ROOT, environment, play, write_playbook
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

PATIENCE_SECONDS = 60
SLOW_SECONDS = 300
# Older ones leave it to the system to end the workers, whatever these are doing.
ENDS_ITS_WORKERS = tuple(int(part) for part in core_version.split(".")[:2]) >= (2, 19)
ORDER: dict[str, t.Any] = {
    "h444.cloud.h444_vps": {"label": "web-9", "plan_slug": "vps-1", "os_template": "debian-12"},
    "register": "made",
}


@pytest.fixture(scope="module")
def simulator() -> t.Iterator[Simulator]:
    """One simulator for all tests; each play begins with a fresh account."""
    with Simulator.start() as started:
        yield started


def eventually(is_so: t.Callable[[], t.Any]) -> t.Any:
    """Wait until something is so, and give it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := is_so()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
    return found


def processes_of(home: Path) -> dict[int, int]:
    """Find the processes with this home, and their parents."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"HOME={home}\0".encode() in (folder / "environ").read_bytes():
                found[int(folder.name)] = int((folder / "stat").read_text().rpartition(") ")[2].split()[1])
    return found


def held_locks(home: Path) -> list[str]:
    """Find the files of the private folder that somebody has locked."""
    held = []
    for file in (home / "h444").glob("*"):
        with file.open("rb") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                held.append(file.name)
    return held


TIMEOUT = r"""
- hosts: localhost
  connection: local
  gather_facts: false
  ignore_errors: true
  tasks:
    - h444.cloud.h444_vps_info: {label: "{{ item }}"}
      timeout: 8
      loop: [web-1, web-2]
      register: slow
    - h444.cloud.h444_ptr: {vps_label: web-1, hostname: mail.example.com}
      timeout: 60
      register: next
"""


def test_a_timeout_ends_the_request(simulator: Simulator, tmp_path: Path) -> None:
    """The next item and the next task work, with connections of their own; nothing of the slow one is left."""
    slow = {"method": "GET", "path": "/vps", "kind": "delay", "seconds": 60, "nth": 1}
    here, _there = both(simulator, tmp_path, TIMEOUT, faults=[slow], env={"H444_RATE_LIMIT": "600"})
    late, well = here.kept["localhost"]["slow"]["results"]
    assert late["failed"] and "imed out after 8 second" in late["msg"] and late["timedout"]["period"] == 8
    assert [row["label"] for row in well["vps"]] == ["web-2"] and here.kept["localhost"]["next"]["changed"]
    assert not held_locks(tmp_path / "home") and list((tmp_path / "home" / "h444").iterdir())


class Running:
    """A play that is in the middle of its slow request."""

    def __init__(self, simulator: Simulator, folder: Path, task: dict[str, t.Any], fault: dict[str, t.Any]) -> None:
        self.home = folder / "home"
        simulator.reset()
        simulator.faults({"kind": "delay", "seconds": SLOW_SECONDS, **fault})
        self.env = environment(self.home, simulator.url, simulator.key, H444_RATE_LIMIT="600")
        file = write_playbook(folder, [task])
        self.command = ["ansible-playbook", "-vvv", "-i", "localhost,", str(file)]
        self.process = subprocess.Popen(
            [str(BIN / self.command[0]), *self.command[1:]],
            env=self.env,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.is_wanted = (fault["method"], fault["path"])

    def wait(self, simulator: Simulator) -> None:
        """Wait for the slow request, and until the thread that watches it waits, too."""
        eventually(lambda: [row for row in simulator.journal() if (row["method"], row["path"]) == self.is_wanted])
        time.sleep(1)
        self.workers = [pid for pid, parent in processes_of(self.home).items() if parent == self.process.pid]

    def kill(self) -> None:
        """Leave nothing behind, whatever the test found."""
        for pid in processes_of(self.home):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


def terminate_worker(running: Running) -> None:
    """Terminate the worker alone."""
    os.kill(running.workers[0], signal.SIGTERM)


def kill_worker(running: Running) -> None:
    """Kill the worker alone."""
    os.kill(running.workers[0], signal.SIGKILL)


ENDS = [terminate_worker, kill_worker]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_a_play_that_is_stopped_leaves_nothing(
    simulator: Simulator, tmp_path: Path, end: t.Callable[[Running], None]
) -> None:
    """In the middle of an order: no process and no lock is left, and the next run finds what was ordered."""
    running = Running(simulator, tmp_path, ORDER, {"method": "POST", "path": "/vps", "when": "after"})
    try:
        running.wait(simulator)
        assert len(running.workers) == 1
        assert set(processes_of(running.home)) == {running.process.pid, *running.workers}, "a module is a process, too"
        assert held_locks(running.home)
        end(running)
        assert running.process.wait(PATIENCE_SECONDS) != 0
        eventually(lambda: not processes_of(running.home))
    finally:
        running.kill()
    assert not held_locks(running.home)
    simulator.clear_faults()
    again = play(running.command, running.env, tmp_path)
    assert again.code == 0 and len(simulator.debits()) == 1, again.tail()


MISTAKES = r"""
- hosts: localhost
  connection: local
  gather_facts: false
  ignore_errors: true
  tasks:
    - h444.cloud.h444_vps_info:
      register: info
    - h444.cloud.h444_vps: {label: web-1, state: stopped}
      register: stopped
    - h444.cloud.h444_vps: {label: web-9, plan_slug: vps-1, os_template: debian-12}
      register: ordered
    - h444.cloud.h444_ptr_info:
      register: endless
    - h444.cloud.h444_account_info:
      register: other
"""
# What a file of the copy becomes: a noun that fails while it reads, after it wrote, and without end.
BROKEN = {
    "_vps.py": r"""

def report(api, params):
    return {"vps": 1 // 0}


def _fail(*_given):
    raise KeyError("a mistake with %s" % "h444_simulator_full_access_key")


RECONCILER = RECONCILER._replace(read_back=_fail)
""",
    "_ptr.py": r"""

def report(api, params):
    return report(api, params)
""",
}


def test_a_mistake_of_ours_is_one_sentence(simulator: Simulator, tmp_path: Path) -> None:
    """In a copy of the collection with mistakes: the module's sentence and facts, its secrets, and no traceback."""
    copy = tmp_path / "collections" / "ansible_collections" / "h444" / "cloud"
    copy.mkdir(parents=True)
    for name in ("plugins", "meta"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "galaxy.yml", copy)
    for name, mistake in BROKEN.items():
        with (copy / "plugins" / "module_utils" / name).open("a", encoding="utf-8") as stream:
            stream.write(mistake)
    env = {"ANSIBLE_COLLECTIONS_PATH": str(tmp_path / "collections")}
    here, _there = both(simulator, tmp_path, MISTAKES, env=env)
    kept = here.kept["localhost"]
    assert "ZeroDivisionError" in kept["info"]["msg"]
    assert "RecursionError" in kept["endless"]["msg"]
    assert "KeyError" in kept["stopped"]["msg"] and kept["stopped"]["changed"]
    assert len(kept["ordered"]["root_password"]) > 8 and kept["ordered"]["failed"]
    assert not kept["other"]["failed"]
    if ENDS_ITS_WORKERS:  # ansible-core 2.18 shows tracebacks at -vvv
        assert "Traceback" not in here.whole_output
