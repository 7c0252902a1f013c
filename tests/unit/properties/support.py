# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module's task in this process against a simulator without sockets."""

from __future__ import annotations

import random
import typing as t

import pytest
import requests

from ansible_collections.h444.cloud.plugins.module_utils import _client
from ansible_collections.h444.cloud.plugins.module_utils._converge import Reconciler, run
from ansible_collections.h444.cloud.plugins.module_utils._errors import H444Error
from ansible_collections.h444.cloud.tests.simulator import assumed
from ansible_collections.h444.cloud.tests.simulator.account import FULL_KEY
from ansible_collections.h444.cloud.tests.simulator.adapter import SimulatorAdapter
from ansible_collections.h444.cloud.tests.simulator.calls import Answer
from ansible_collections.h444.cloud.tests.simulator.core import Core


class Ended(Exception):
    """A module ended; carries its result."""

    def __init__(self, result: dict[str, t.Any]) -> None:
        super().__init__(result.get("msg"))
        self.result = result


class Module:
    """The part of H444Module that run() speaks to."""

    def __init__(self, client: _client.Client, params: dict[str, t.Any], check_mode: bool) -> None:
        self.params, self.check_mode = params, check_mode
        self.warnings: list[str] = []
        self._client = client

    def api(self) -> _client.Client:
        """Give the client."""
        return self._client

    def warn(self, text: str) -> None:
        """Keep a warning."""
        self.warnings.append(text)

    def exit(self, **result: t.Any) -> None:
        """End well."""
        raise Ended(result)

    def fail(self, error: H444Error, **result: t.Any) -> None:
        """End with an error."""
        raise Ended({"failed": True, "msg": str(error), **result})

    def crash(self, error: Exception, **_result: t.Any) -> None:
        """A mistake of ours is shown as it is."""
        raise error


class Noting(SimulatorAdapter):
    """Notes the method and path of each request."""

    def __init__(self, core: Core, sent: list[tuple[str, str]]) -> None:
        super().__init__(core)
        self.sent = sent

    def send(self, request: t.Any, **options: t.Any) -> requests.Response:
        """Note and answer one request."""
        self.sent.append((request.method, request.path_url[len("/v1") :]))
        return super().send(request, **options)


class World:
    """A simulator without sockets, whose time passes only while the client waits.

    *sent*: method and path of every request.
    """

    def __init__(self, assume: dict[str, t.Any]) -> None:
        self.warnings: list[str] = []  # of the last task
        self.core = Core(assume, rate_limit=0, clock=lambda: 1_790_000_000.0)
        session = requests.Session()
        session.trust_env = False
        self.sent: list[tuple[str, str]] = []
        session.mount("http://", Noting(self.core, self.sent))
        pacer = _client.Pacer("http://127.0.0.1:1/v1", FULL_KEY, 0)
        self.client = _client.Client(
            "http://127.0.0.1:1/v1",
            FULL_KEY,
            pacer=pacer,
            session=session,
            clock=lambda: self.core.offset,
            sleep=self.sleep,
        )

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.core.offset += seconds

    def play(
        self, reconciler: Reconciler, defaults: t.Mapping[str, t.Any], check_mode: bool = False, **params: t.Any
    ) -> dict[str, t.Any]:
        """Run one task of a module whose options have these defaults; a second passes before it."""
        self.core.offset += 1.5
        module = Module(self.client, {**defaults, **params}, check_mode)
        self.warnings = module.warnings
        with pytest.raises(Ended) as ended:
            run(module, reconciler)
        return ended.value.result


class Proxied(World):
    """A world whose answers can be changed on their way by *change*. *asked*: method and path of each request."""

    def __init__(self, **assume: t.Any) -> None:
        super().__init__({**assumed.defaults(), **assume})
        self.asked: list[str] = []
        self.change: t.Callable[[str, Answer], Answer] = lambda _request, answer: answer
        handle = self.core.handle

        def watched(method: str, path: str, *rest: t.Any) -> Answer:
            self.asked.append(f"{method} {path}")
            return self.change(f"{method} {path}", handle(method, path, *rest))

        self.core.handle = watched  # type: ignore[method-assign]


def defaults_of(spec: t.Mapping[str, t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
    """Give what AnsibleModule would make of no options at all."""
    return {name: option.get("default") for name, option in spec.items()}


def dialect(seed: int, looks: t.Sequence[str]) -> dict[str, t.Any]:
    """Choose the value of each of these switches by chance."""
    chooser = random.Random(seed)
    return {name: chooser.choice(assumed.SWITCHES[name].values) for name in looks}
