# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays the same tasks both ways, in the controller's process and as modules, and has both plays written down."""

from __future__ import annotations

import json
import sys
import time
import typing as t
from pathlib import Path

from ansible_collections.h444.cloud.tests.integration import comparing
from ansible_collections.h444.cloud.tests.integration.comparing import AS_MODULE, IN_PROCESS
from ansible_collections.h444.cloud.tests.integration.playing import ROOT, Played, play
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

WAYS = (IN_PROCESS, AS_MODULE)
OURS = "h444.cloud.h444_"
# What the core calls the source of a failure, since 2.19, in the chain of causes that it shows: the action plugin has
# brought the result, wherever that is from. What it says of the failure itself is compared.
SOURCE = {"Action failed": "Module failed", "above action exception": "above target exception"}
# Which Python runs a module is found out only where a module runs, and is no part of its result.
INTERPRETER = json.dumps({"ansible_python_interpreter": sys.executable})


def folder_for(way: str, folder: Path) -> Path:
    """Make the folder of the play that goes this way."""
    found = folder / way.rpartition(" ")[2]
    found.mkdir()
    return found


class Recording:
    """Has one play on a simulator written down; see recording/ for what is."""

    def __init__(self, way: str, folder: Path, simulator: Simulator) -> None:
        self.way, self.folder, self.simulator = way, folder, simulator
        self.file = folder / "recording.jsonl"
        self.began = time.time()

    def play(
        self, command: list[str], env: dict[str, str], timeout_seconds: int = 300, *, is_warm: bool = False
    ) -> Played:
        """Play in this way, which -vvv must tell if a task of ours ran."""
        env = {
            **env,
            "ANSIBLE_CALLBACK_PLUGINS": str(ROOT / "tests" / "integration" / "recording"),
            "ANSIBLE_CALLBACKS_ENABLED": "h444_recording",
            "RECORDING": str(self.file),
            "SIMULATOR": self.simulator.origin,
        }
        if self.way == AS_MODULE:
            env["H444_IN_PROCESS"] = "false"
        return play([*command, "-e", INTERPRETER], env, self.folder, timeout_seconds, is_warm=is_warm)

    def seen(self, played: Played) -> comparing.Play:
        """Give what is to be compared, after a look at the way that was taken."""
        events = comparing.read_events(self.file)
        has_run = any(
            event.get("action", "").startswith(OURS) and event["event"] in ("ok", "failed") for event in events
        )
        is_told = comparing.WAY in played.output
        assert is_told == (has_run and self.way == IN_PROCESS), f"the output does not fit the way {self.way}"
        words = {
            str(self.folder): "<folder>",
            self.simulator.origin: "<origin>",
            self.simulator.origin.partition("//")[2]: "<address>",
            "port " + self.simulator.origin.rpartition(":")[2]: "<port>",
            **comparing.random_keys(events),
            **(SOURCE if self.way == IN_PROCESS else {}),
        }
        return comparing.Play(played.code, events, self.simulator.state(), self.began, words)


def assert_same(in_process: comparing.Play, as_module: comparing.Play, but: t.Mapping[str, str] | None = None) -> None:
    """Show what is not the same in both plays. *but*: patterns of places that may differ, each with its reason."""
    found = comparing.compare(in_process, as_module, but)
    assert not found, f"{len(found)} differences:\n" + "\n".join(map(str, found[:20]))
