# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays one playbook twice, in the controller's process and as modules, and gives what both plays showed and kept.

Both plays have the same simulator, reset in between, the same folder and the same home, so that nothing differs by
nature but the time and the lines in which the core tells how it runs a module.
"""

from __future__ import annotations

import difflib
import json
import re
import shutil
import sys
import typing as t
from pathlib import Path

from ansible_collections.h444.cloud.tests.integration.playing import environment, play
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

WAYS = {"in process": "true", "as a module": "false"}
# What -vvv says where a task runs in the controller's process, and where it runs as a module.
HERE = re.compile(r"^h444\.cloud\.\w+ runs in the controller's process\.$", re.MULTILINE)
THERE = re.compile(r"^Using module file \S+/h444_\w+\.py$", re.MULTILINE)
# How the core runs a module: connections, files, commands.
HOW = re.compile(
    r"^(?:<[^>\n]*> .*|Using module file .*|Pipelining is enabled\.|  executable location = .*)\n", re.MULTILINE
)
# Only in ansible-core 2.18: where in the code a failure was found, which tells the way.
TRACEBACK = re.compile(r"^The full traceback is:\n(?:.+\n)*?\n|^\s*\"exception\": .*\n", re.MULTILINE)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)?")
DUMP = "kept.json"


class Outcome(t.NamedTuple):
    """What one play did."""

    code: int
    whole_output: str
    shown: str
    """the output without what tells the way"""
    kept: dict[str, dict[str, t.Any]]
    """what was registered, by host and name"""
    files: dict[str, str]
    """what lies in the folder, by path"""
    requests: list[dict[str, t.Any]]
    here: int
    """how many tasks ran in the controller's process"""
    there: int
    """how many ran as modules"""


def registered(text: str) -> list[str]:
    """List the names under which a playbook registers."""
    return list(dict.fromkeys(re.findall(r"register: (\w+)", text)))


def playbook(text: str, hosts: t.Sequence[str]) -> str:
    """Add a play that writes down everything that was registered."""
    names = registered(text)
    rows = ", ".join(
        f"'{host}': {{" + ", ".join(f"'{name}': hostvars['{host}']['{name}'] | default(none)" for name in names) + "}"
        for host in hosts
    )
    keep = {"content": "{{ {" + rows + "} | to_json }}", "dest": "{{ kept_in }}", "mode": "0600"}
    play_of_keep = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "tasks": [{"name": "Keep", "ansible.builtin.copy": keep, "no_log": True}],
    }
    return f"{text}\n{json.dumps([play_of_keep])[1:-1].join(['- ', ''])}\n"


class Folder:
    """A folder in which a playbook is played both ways."""

    def __init__(self, folder: Path, simulator: Simulator) -> None:
        self.root, self.simulator = folder, simulator
        self.work = folder / "work"

    def play(
        self,
        way: str,
        text: str,
        *,
        hosts: t.Sequence[str] = ("localhost",),
        inventory: str = "localhost,",
        files: t.Mapping[str, str] | None = None,
        arguments: t.Sequence[str] = (),
        env: t.Mapping[str, str] | None = None,
        seed: t.Mapping[str, t.Any] | None = None,
        faults: t.Sequence[dict[str, t.Any]] = (),
        is_warm: bool = True,
    ) -> Outcome:
        """Play it one way, in a fresh folder and with a fresh account."""
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir()
        for name, content in {**(files or {}), "site.yml": playbook(text, hosts)}.items():
            (self.work / name).parent.mkdir(exist_ok=True)
            (self.work / name).write_text(content, encoding="utf-8")
        self.simulator.reset()
        self.simulator.seed(**(seed or {"vps": [{"label": "web-1"}, {"label": "web-2"}]}))
        self.simulator.faults(*faults)
        # Some messages of the core list a set, in the order of the hashes.
        more = {"PYTHONHASHSEED": "0", **(env or {})}
        variables = environment(self.root / "home", self.simulator.url, self.simulator.key, **more)
        if way == "as a module":
            variables.setdefault("H444_IN_PROCESS", "false")
        kept = self.root / DUMP
        kept.unlink(missing_ok=True)
        extra = json.dumps({"ansible_python_interpreter": sys.executable, "kept_in": str(kept)})
        command = ["ansible-playbook", "-vvv", "-i", inventory, "-e", extra, *arguments, "site.yml"]
        played = play(command, variables, self.work, is_warm=is_warm and way == "as a module")
        assert kept.exists(), played.tail()
        return Outcome(
            played.code,
            played.output,
            neutral(TRACEBACK.sub("", HOW.sub("", HERE.sub("", played.output)))),
            comparable(json.loads(neutral(kept.read_text(encoding="utf-8")))),
            self._files(),
            [
                {name: row[name] for name in ("method", "path", "query", "body")}
                | {"key": row["headers"].get("authorization"), "agent": row["headers"].get("user-agent")}
                for row in self.simulator.journal()
            ],
            len(HERE.findall(played.output)),
            len(THERE.findall(played.output)),
        )

    def _files(self) -> dict[str, str]:
        found = {}
        for top in (self.work, self.root / "home"):
            for file in sorted(top.rglob("*.json")):
                found[str(file.relative_to(self.root))] = neutral(file.read_text(encoding="utf-8"))
                file.unlink()
        return found


def neutral(text: str) -> str:
    """Replace what differs by nature: points in time, and who ran it in the words of the core since 2.19."""
    text = text.replace("Task failed: Action failed: ", "Task failed: Module failed: ")
    return re.sub(r"\n{2,}", "\n", TIME.sub(lambda found: re.sub(r"\d", "9", found.group()), text))


def comparable(value: t.Any) -> t.Any:
    """Leave out what tells the way, at any depth: a traceback's frames, and the note of 2.22 that a module was read."""
    if isinstance(value, dict):
        return {
            name: "<a traceback>" if name == "exception" and "Traceback" in str(item) else comparable(item)
            for name, item in value.items()
            if (name, item) != ("ansible_parsed", True)
        }
    return [comparable(item) for item in value] if isinstance(value, list) else value


def both(simulator: Simulator, folder: Path, text: str, **how: t.Any) -> tuple[Outcome, Outcome]:
    """Play a playbook both ways, and assert that all is the same, but for the way. Gives both outcomes."""
    here, there = (Folder(folder, simulator).play(way, text, **how) for way in WAYS)
    assert here.here and not here.there, here.whole_output
    assert there.there and not there.here, there.whole_output
    found = [*differences(here.kept, there.kept), *differences(here.files, there.files)]
    found += difflib.unified_diff(here.shown.splitlines(), there.shown.splitlines(), *WAYS, "", "", 1, "")
    assert not found, "\n".join(found)
    assert here.code == there.code
    return here, there


def differences(here: t.Any, there: t.Any, place: str = "") -> t.Iterator[str]:
    """List where two values differ, in their types too."""
    if isinstance(here, dict) and isinstance(there, dict):
        for name in {**here, **there}:
            yield from differences(here.get(name, "<nothing>"), there.get(name, "<nothing>"), f"{place}.{name}")
    elif isinstance(here, list) and isinstance(there, list) and len(here) == len(there):
        for number, (ours, theirs) in enumerate(zip(here, there)):
            yield from differences(ours, theirs, f"{place}[{number}]")
    elif (type(here), here) != (type(there), there):
        yield f"{place}: {here!r} in process, {there!r} as a module"
