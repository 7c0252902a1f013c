# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module's task in this process against a simulator without sockets."""

from __future__ import annotations

import copy
import http.client
import json
import random
import typing as t
from urllib.parse import parse_qsl

import pytest
import requests
from urllib3.exceptions import ProtocolError

from ansible_collections.h444.cloud.plugins.module_utils import _bulk, _client, _converge
from ansible_collections.h444.cloud.plugins.module_utils._bulk import Bulk
from ansible_collections.h444.cloud.plugins.module_utils._converge import Reconciler
from ansible_collections.h444.cloud.plugins.module_utils._errors import H444Error
from ansible_collections.h444.cloud.plugins.module_utils._transport import Line
from ansible_collections.h444.cloud.tests.simulator import assumed
from ansible_collections.h444.cloud.tests.simulator.account import FULL_KEY
from ansible_collections.h444.cloud.tests.simulator.adapter import SimulatorAdapter
from ansible_collections.h444.cloud.tests.simulator.calls import Answer
from ansible_collections.h444.cloud.tests.simulator.control import Control, Journal
from ansible_collections.h444.cloud.tests.simulator.core import Core
from ansible_collections.h444.cloud.tests.simulator.faults import Faults, spoiled
from ansible_collections.h444.cloud.tests.simulator.oauth import OAuth
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator


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
        self.told: list[str] = []
        self._client = client

    def api(self) -> _client.Client:
        """Give the client."""
        return self._client

    def warn(self, text: str) -> None:
        """Keep a warning."""
        self.warnings.append(text)

    def tell(self, text: str) -> None:
        """Keep a line of progress."""
        self.told.append(text)

    def exit(self, **result: t.Any) -> None:
        """End well."""
        raise Ended(result)

    def fail(self, error: H444Error, **result: t.Any) -> None:
        """End with an error."""
        raise Ended({"failed": True, "msg": str(error), **result})

    def crash(self, error: Exception, **_result: t.Any) -> None:
        """A mistake of ours is shown as it is."""
        raise error


class Wire(SimulatorAdapter):
    """Notes each request, and lets it meet the faults that are set, as requests reports what happens on a socket."""

    def __init__(self, world: World) -> None:
        super().__init__(world.core)
        self._world = world
        self.line = Line()

    def send(self, request: t.Any, **options: t.Any) -> requests.Response:
        """Note and answer one request."""
        path = request.path_url[len("/v1") :]
        self._world.sent.append((request.method, path))
        self._world.journal.add(
            {
                "method": request.method,
                "path": path,
                "headers": {name.lower(): value for name, value in request.headers.items()},
                "body": json.loads(request.body) if "json" in request.headers.get("Content-Type", "") else None,
            }
        )
        fault = self._world.faults.next(request.method, path.partition("?")[0])
        if fault is None:
            return super().send(request, **options)
        self.line.is_up = True
        right = super().send(request, **options) if fault["when"] == "after" else None
        return self._spoiled(fault, request, right, options["timeout"][1])

    def _spoiled(
        self, fault: dict[str, t.Any], request: t.Any, right: requests.Response | None, patience_seconds: float
    ) -> requests.Response:
        """Give a spoiled reply. Raises what requests raises where there is none."""
        reply = spoiled(fault)
        if reply is not None:
            return self.respond(request, reply)
        if fault["kind"] == "truncate" and right is not None:
            right.headers["Content-Length"] = str(int(1e6))
            return right
        if fault["kind"] == "hang":
            self._world.sleep(min(fault["seconds"], patience_seconds))
            if fault["seconds"] >= patience_seconds:
                raise requests.exceptions.ReadTimeout("Read timed out.", request=request)
        cause: OSError = ConnectionResetError(104, "Connection reset by peer")
        if fault["kind"] != "reset":
            cause = http.client.RemoteDisconnected("Remote end closed connection without response")
        raise requests.exceptions.ConnectionError(ProtocolError("Connection aborted.", cause), request=request)


class InProcess(Simulator):
    """The control commands of a simulator that has no socket."""

    def __init__(self, control: Control) -> None:  # pylint: disable=super-init-not-called
        self._control = control

    def control(self, method: str, name: str, body: t.Any = None) -> t.Any:
        """Carry out a command; its answer is as JSON brings it."""
        command, _mark, query = name.partition("?")
        data = b"" if body is None else json.dumps(body).encode()
        return json.loads(json.dumps(self._control.run(method, command, dict(parse_qsl(query)), data)))


class World:
    """A simulator without sockets, whose time passes only while the client waits.

    *sent*: method and path of every request. *simulator*: the commands that a simulator with a socket has.
    """

    def __init__(self, assume: dict[str, t.Any]) -> None:
        self.warnings: list[str] = []  # of the last task
        self.told: list[str] = []  # by the last task, while it was at work
        self.core = Core(assume, rate_limit=0, clock=lambda: 1_790_000_000.0)
        self.sent: list[tuple[str, str]] = []
        self.journal = Journal()
        self.faults = Faults(route.path for route in self.core.routes)
        self.simulator = InProcess(Control(self.core, OAuth(self.core), self.faults, self.journal))
        self.client = self.new_client()

    def new_session(self) -> requests.Session:
        """Make a session whose requests end here."""
        session = requests.Session()
        session.trust_env = False
        session.mount("http://", Wire(self))
        return session

    def new_client(self) -> _client.Client:
        """Make a client, as each task does."""
        return self.open(_client.Client, session=self.new_session())

    def open(self, make: t.Callable[..., _client.Client], api_key: str = FULL_KEY, **options: t.Any) -> _client.Client:
        """Make a client of this kind."""
        url = "http://127.0.0.1:1/v1"
        pacer = _client.Pacer(url, api_key, 0)
        client = make(url, api_key, pacer=pacer, clock=lambda: self.core.offset, sleep=self.sleep, **options)
        transport = client._transport

        def twin() -> t.Any:
            other = copy.copy(transport)
            other._session = self.new_session()
            return other

        transport.twin = twin  # type: ignore[method-assign]
        return client

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.core.offset += seconds

    def play(
        self,
        reconciler: Reconciler | Bulk,
        defaults: t.Mapping[str, t.Any],
        check_mode: bool = False,
        **params: t.Any,
    ) -> dict[str, t.Any]:
        """Run one task of a module whose options have these defaults; a second passes before it."""
        self.core.offset += 1.5
        module = Module(self.client, {**defaults, **params}, check_mode)
        self.warnings, self.told = module.warnings, module.told
        with pytest.raises(Ended) as ended:
            (_bulk.run if isinstance(reconciler, Bulk) else _converge.run)(module, reconciler)
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
