# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of orders share, whatever is ordered: tasks of one module, and the ways in which a reply gets lost."""

from __future__ import annotations

import json
import threading
import typing as t
from unittest import mock

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _hosting, _vps
from ansible_collections.h444.cloud.plugins.module_utils._converge import Reconciler, run
from ansible_collections.h444.cloud.plugins.modules import h444_hosting, h444_vps
from ansible_collections.h444.cloud.tests.integration.playing import secrets_in, shown_secrets
from ansible_collections.h444.cloud.tests.simulator import assumed, conformance
from ansible_collections.h444.cloud.tests.unit.properties.support import Ended, Module, World, defaults_of

DIALECTS = tuple(assumed.PRESETS)
LOST: list[dict[str, t.Any]] = [
    {"kind": "reset"},
    {"kind": "close"},
    {"kind": "truncate"},
    {"kind": "bad_json"},
    {"kind": "html"},
    {"kind": "status", "status": 502},
    {"kind": "status", "status": 504},
    {"kind": "hang", "seconds": 8},
]
NOUNS: dict[str, tuple[Reconciler, dict[str, t.Any]]] = {
    "vps": (_vps.RECONCILER, defaults_of(h444_vps.SPEC)),
    "hosting": (_hosting.RECONCILER, defaults_of(h444_hosting.SPEC)),
}


class Killed(BaseException):
    """The process ends here, and nothing in it runs any more."""


class Runner:
    """Plays tasks of the module that orders *noun* (vps, hosting), each as a new process would."""

    def __init__(self, noun: str, preset: str = "plain", **assume: t.Any) -> None:
        """*assume*: switches beside those of the preset; what they make of a reply need not keep the contract."""
        self.world = World({**assumed.preset(preset), **assume})
        self.simulator = self.world.simulator
        self.noun = noun
        if not assume:
            assert conformance.attach(self.world.core)

    def run(self, *tasks: dict[str, t.Any]) -> list[dict[str, t.Any]]:
        """Play one task after another, whether they fail or not, and give their results with their warnings."""
        results = [self._play(task) for task in tasks]
        secrets = secrets_in(self.simulator.state())
        for result in results:
            said = json.dumps([result.get("msg"), result["warnings"], result["diff"], result["actions"]])
            assert not shown_secrets(said, secrets), said
        return results

    def _play(self, task: dict[str, t.Any]) -> dict[str, t.Any]:
        self.world.client = self.world.new_client()
        result = self.world.play(*NOUNS[self.noun], **task)
        return {**result, "warnings": self.world.warnings}

    def living(self) -> list[dict[str, t.Any]]:
        """Give what lives of what can be ordered."""
        state = self.simulator.state()
        rows = state["vps"] if self.noun == "vps" else list(state[self.noun].values())
        return [row for row in rows if row["alive"]]

    def kill_after_the_debit(self, task: dict[str, t.Any]) -> None:
        """Start an order whose reply never comes, and end the process once the money has moved."""
        self.simulator.faults(
            {"method": "POST", "path": f"/{self.noun}", "when": "after", "kind": "hang", "seconds": 30}
        )
        with mock.patch.object(self.world, "sleep", side_effect=Killed), pytest.raises(Killed):
            self._play(task)
        assert self.simulator.debits()

    def run_twice_at_once(self, task: dict[str, t.Any]) -> list[dict[str, t.Any]]:
        """Play one task in two threads at the same moment, each with a client of its own."""
        reconciler, defaults = NOUNS[self.noun]
        results: list[dict[str, t.Any]] = []

        def play() -> None:
            try:
                run(Module(self.world.new_client(), {**defaults, **task}, False), reconciler)
            except Ended as ended:
                results.append(ended.result)

        threads = [threading.Thread(target=play) for _number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        return results
