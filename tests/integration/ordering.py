# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of orders share, whatever is ordered: real runs of one module."""

from __future__ import annotations

import json
import subprocess
import time
import typing as t
from pathlib import Path

from ansible_collections.h444.cloud.tests.integration.playing import (
    BIN,
    environment,
    kill_tree,
    play,
    secrets_in,
    shown_secrets,
    write_playbook,
)
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator


class Runner:
    """Plays tasks of the module that orders *noun* (vps, hosting) and gives their registered results."""

    def __init__(self, simulator: Simulator, folder: Path, noun: str = "vps") -> None:
        self.simulator, self.folder, self.noun = simulator, folder, noun
        self.module = f"h444.cloud.h444_{noun}"
        self.output = ""

    def run(self, *tasks: dict[str, t.Any], **env: str) -> list[dict[str, t.Any]]:
        """Play one task after another, whether they fail or not; every run has no local state but this folder."""
        steps: list[dict[str, t.Any]] = []
        for number, task in enumerate(tasks):
            steps.append({"name": "Order", self.module: task, "register": f"r{number}", "ignore_errors": True})
        names = ", ".join(f"r{number}" for number in range(len(tasks)))
        content = "{{ [" + names + "] | to_json }}"
        steps.append(
            {
                "name": "Keep",
                "ansible.builtin.copy": {"content": content, "dest": str(self.folder / "results.json"), "mode": "0600"},
                "no_log": True,
            }
        )
        playbook = write_playbook(self.folder, steps)
        variables = environment(self.folder / "home", self.simulator.url, self.simulator.key, **env)
        played = play(
            ["ansible-playbook", "-vvvv", "--diff", "-i", "localhost,", str(playbook)], variables, self.folder
        )
        self.output = played.output
        assert played.code == 0, played.tail()
        shown = shown_secrets(played.output, secrets_in(self.simulator.state()) | {self.simulator.key})
        assert not shown, f"the output shows {shown}"
        return json.loads((self.folder / "results.json").read_text(encoding="utf-8"))

    def living(self) -> list[dict[str, t.Any]]:
        """Give what lives of what can be ordered."""
        state = self.simulator.state()
        rows = state["vps"] if self.noun == "vps" else list(state[self.noun].values())
        return [row for row in rows if row["alive"]]

    def kill_after_the_debit(self, task: dict[str, t.Any]) -> None:
        """Start an order whose reply never comes, and kill the run once the money has moved."""
        self.simulator.faults(
            {"method": "POST", "path": f"/{self.noun}", "when": "after", "kind": "hang", "seconds": 30}
        )
        playbook = write_playbook(self.folder, [{"name": "Order", self.module: task}])
        env = environment(self.folder / "home", self.simulator.url, self.simulator.key)
        process = subprocess.Popen(
            [str(BIN / "ansible-playbook"), "-i", "localhost,", str(playbook)],
            env=env,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while not self.simulator.debits():
            assert time.monotonic() < deadline, "no order was sent"
            time.sleep(0.2)
        kill_tree(process)

    def run_twice_at_once(self, task: dict[str, t.Any]) -> None:
        """Play one task in two processes at the same moment; both must end well."""
        processes = []
        for number in range(2):
            folder = self.folder / str(number)
            folder.mkdir()
            playbook = write_playbook(folder, [{"name": "Order", self.module: task}])
            env = environment(
                self.folder / "home", self.simulator.url, self.simulator.key, ANSIBLE_LOCAL_TEMP=str(folder / "tmp")
            )
            command = [str(BIN / "ansible-playbook"), "-i", "localhost,", str(playbook)]
            processes.append(
                subprocess.Popen(
                    command,
                    env=env,
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                )
            )
        for process in processes:
            output, _none = process.communicate(timeout=120)
            assert process.returncode == 0, output.decode()[-2000:]
