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
from ansible_collections.h444.cloud.tests.simulator.calls import Answer
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
Task = t.Dict[str, t.Any]


class Noun(t.NamedTuple):
    """What can be ordered, and the tasks of its module. *respelled*: the same order in another spelling."""

    reconciler: Reconciler
    defaults: dict[str, t.Any]
    order: Task
    respelled: Task
    absent: Task
    id_fact: str
    passwords: tuple[str, ...]


VPS_ORDER: Task = {"label": "web-1", "plan_slug": "vps-2", "os_template": "ubuntu-24.04"}
HOSTING_ORDER: Task = {"domain": "example.com", "username": "examplecom", "plan_slug": "hosting-starter"}
NOUNS = {
    "vps": Noun(
        reconciler=_vps.RECONCILER,
        defaults=defaults_of(h444_vps.SPEC),
        order=VPS_ORDER,
        respelled=VPS_ORDER,
        absent={"label": "web-1", "state": "absent"},
        id_fact="server_id",
        passwords=("root_password",),
    ),
    "hosting": Noun(
        reconciler=_hosting.RECONCILER,
        defaults=defaults_of(h444_hosting.SPEC),
        order=HOSTING_ORDER,
        respelled={**HOSTING_ORDER, "domain": "EXAMPLE.com."},
        absent={"domain": "example.com", "state": "absent"},
        id_fact="hosting_id",
        passwords=("sftp_password", "db_password"),
    ),
}


class Killed(BaseException):
    """The process ends here, and nothing in it runs any more."""


class Grave:
    """Ends the process at the *n*-th request, before or after the request has its effect."""

    def __init__(self, world: World, number: int, when: str) -> None:
        self._left, self._when, self._world = number, when, world
        self._handle, self._sleep = world.core.handle, world.sleep
        self.arrived: set[str] = set()
        world.core.handle = self._answer  # type: ignore[method-assign]
        world.sleep = self._wait  # type: ignore[method-assign]

    def _answer(self, method: str, path: str, *rest: t.Any) -> Answer:
        self._left -= 1
        if self._left < 0 or (self._left == 0 and self._when == "before"):
            raise Killed
        answer = self._handle(method, path, *rest)
        if self._left == 0:
            raise Killed
        if method == "POST" and answer.status < 300:
            self.arrived |= secrets_in(answer.body)
        return answer

    def _wait(self, seconds: float) -> None:
        if self._left <= 0:
            raise Killed
        self._sleep(seconds)

    def rise(self) -> None:
        """Let the next process live."""
        self._world.core.handle = self._handle  # type: ignore[method-assign]
        self._world.sleep = self._sleep  # type: ignore[method-assign]


class Runner:
    """Plays tasks of the module that orders *noun* (vps, hosting), each as a new process would."""

    def __init__(self, noun: str, preset: str = "plain", **assume: t.Any) -> None:
        """*assume*: switches beside those of the preset; what they make of a reply need not keep the contract."""
        self.world = World({**assumed.preset(preset), **assume})
        self.simulator = self.world.simulator
        self.noun = noun
        self.order, self.respelled, self.absent = NOUNS[noun].order, NOUNS[noun].respelled, NOUNS[noun].absent
        if not assume:
            assert conformance.attach(self.world.core)

    def run(self, *tasks: Task) -> list[dict[str, t.Any]]:
        """Play one task after another, whether they fail or not, and give their results with their warnings."""
        results = [self._play(task) for task in tasks]
        secrets = secrets_in(self.simulator.state())
        for result in results:
            said = json.dumps([result.get("msg"), result["warnings"], result["diff"], result["actions"]])
            assert not shown_secrets(said, secrets), said
        return results

    def _play(self, task: Task) -> dict[str, t.Any]:
        self.world.client = self.world.new_client()
        noun = NOUNS[self.noun]
        result = self.world.play(noun.reconciler, noun.defaults, **task)
        return {**result, "warnings": self.world.warnings}

    def living(self) -> list[dict[str, t.Any]]:
        """Give what lives of what can be ordered."""
        state = self.simulator.state()
        rows = state["vps"] if self.noun == "vps" else list(state[self.noun].values())
        return [row for row in rows if row["alive"]]

    def has_passwords_of(self, result: t.Mapping[str, t.Any], row: t.Mapping[str, t.Any]) -> bool:
        """Tell whether a result, or an entry of credentials_file, holds the one-time passwords of a row."""
        return all(result.get(name) == row[name] for name in NOUNS[self.noun].passwords)

    def kill_after_the_debit(self, task: Task) -> None:
        """Start an order whose reply never comes, and end the process once the money has moved."""
        self.simulator.faults(
            {"method": "POST", "path": f"/{self.noun}", "when": "after", "kind": "hang", "seconds": 30}
        )
        with mock.patch.object(self.world, "sleep", side_effect=Killed), pytest.raises(Killed):
            self._play(task)
        assert self.simulator.debits()

    def run_twice_at_once(self, task: Task) -> list[dict[str, t.Any]]:
        """Play one task in two threads at the same moment, each with a client of its own."""
        noun = NOUNS[self.noun]
        results: list[dict[str, t.Any]] = []

        def play() -> None:
            try:
                run(Module(self.world.new_client(), {**noun.defaults, **task}, False), noun.reconciler)
            except Ended as ended:
                results.append(ended.result)

        threads = [threading.Thread(target=play) for _number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        return results
