# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys, tokens and secrets in foreign texts: whoever says them, no message and no warning of a module shows them."""

from __future__ import annotations

import copy
import json
import typing as t

import pytest
import requests

from ansible_collections.h444.cloud.plugins.module_utils import _sink
from ansible_collections.h444.cloud.tests.simulator.calls import Answer
from ansible_collections.h444.cloud.tests.unit.properties.support import World
from ansible_collections.h444.cloud.tests.unit.properties.surface import MODULES, play
from ansible_collections.h444.cloud.tests.unit.properties.test_hostile_replies import places_of, tasks_of, world_of

NAMES = [name for name in MODULES if not name.startswith("h444_oauth")]
SECRETS = (
    "h444_canary0123456789abcdef",
    "h444_at_canary.0123-456",
    "whsec_canary0123456789",
    "Authorization: Bearer canary.0123456789",
    "bearer Canary0123456789",
    "https://user:canary0123@host.example/",
)
ALL = ", ".join(SECRETS)
MOST_REQUESTS = 4
# An id is no secret, and a message has to name it as it is.
IDS = ("id", "uuid")


def further_tasks(name: str, ids: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    """Give tasks whose wishes differ from what there is, so that messages say what there is."""
    other_system = {"os_template": "debian-12", "os_family": "debian"}
    return {
        "h444_vps": [
            {"id": ids["vps"][0], "hostname": "other.example.com", "plan_slug": "vps-4", **other_system},
            {"id": ids["vps"][0], "state": "reinstalled", **other_system},
            {"id": ids["vps"][0], "state": "absent", "protected": ["*1*"]},
        ],
        "h444_hosting": [{"id": ids["hosting"][0], "username": "other", "plan_slug": "hosting-pro"}],
    }.get(name, [])


def assert_silent(result: dict[str, t.Any]) -> None:
    """Make sure that nothing that a module says shows a secret."""
    said = json.dumps([result.get(name) for name in ("msg", "reason", "cause", "request_id", "warnings")])
    assert "canary" not in said.lower(), said


class Spoiled:
    """A world of which one reply has a secret in one of its places."""

    def __init__(self, request: int, place: int, secret: str, is_name: bool) -> None:
        self.world, self.ids = world_of("plain")
        self.is_hit = False
        self._left, self._place, self._secret, self._is_name = request, place, secret, is_name
        self._handle = self.world.core.handle
        self.world.core.handle = self._answer  # type: ignore[method-assign]

    def _answer(self, *request: t.Any) -> Answer:
        answer = self._handle(*request)
        if isinstance(answer.body, (dict, list)):
            self._left -= 1
            if self._left == -1:
                return answer._replace(body=self._spoil(copy.deepcopy(answer.body)))
        return answer

    def _spoil(self, body: t.Any) -> t.Any:
        places = places_of(body)[1:]
        if self._place >= len(places):
            return body
        self.is_hit = True
        *path, last = places[self._place]
        holder = body
        for key in path:
            holder = holder[key]
        if self._is_name and isinstance(holder, dict):
            holder.update({self._secret: holder[last], self._secret.upper(): "another"})
        elif last not in IDS:
            holder[last] = self._secret
        return body


@pytest.mark.parametrize("name", NAMES)
def test_no_reply_says_a_secret(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each place of each reply in turn: a label, a state, a plan, the name of a field."""
    monkeypatch.setattr(_sink.Sink, "prove", lambda *_given, **_how: None)
    _world, ids = world_of("plain")
    for number, _task in enumerate(tasks_of(name, ids) + further_tasks(name, ids)):
        for request in range(MOST_REQUESTS):
            place, is_hit = 0, True
            while is_hit:
                secret = ALL if place % 3 == 2 else SECRETS[place % 3]
                spoiled = Spoiled(request, place, secret, is_name=place % 5 == 0)
                tasks = tasks_of(name, spoiled.ids) + further_tasks(name, spoiled.ids)
                assert_silent(play(spoiled.world, name, tasks[number]))
                place, is_hit = place + 1, spoiled.is_hit


BODIES: dict[str, t.Any] = {
    "the documented shape": {"statusCode": 0, "message": "No: " + ALL, "error": "Refused"},
    "a list": {"message": ["a", ALL]},
    "fields": {"errors": {"label": ALL, SECRETS[0]: "is odd", "Authorization": "Bearer canary.0123456789"}},
    "nested": {"error": {"code": SECRETS[2], "details": [{"reason": SECRETS[1]}]}},
    "a text": ALL.encode(),
    "a page": b"<html><head><title>Oops %s</title></head>" % ALL.encode(),
    "half an object": b'{"message": "%s", ' % ALL.encode(),
    "a name twice": b'{"%s": 1, "%s": 2}' % (SECRETS[0].encode(), SECRETS[0].encode()),
    "no UTF-8": b"\xff\xfe " + ALL.encode(),
    "nothing": None,
}
HEADERS = {
    "Location": SECRETS[5], "X-Request-Id": SECRETS[0], "Content-Type": "text/%s" % SECRETS[1],
    "Content-Encoding": "identity", "Retry-After": SECRETS[2], "Link": '<%s>; rel="next"' % SECRETS[5],
}  # fmt: skip


def first_task(name: str) -> tuple[World, dict[str, t.Any]]:
    """Make an account and the first task of a module."""
    world, ids = world_of("plain")
    return world, tasks_of(name, ids)[0]


@pytest.mark.parametrize("name", NAMES)
def test_no_refusal_and_no_page_of_a_proxy_says_a_secret(name: str) -> None:
    for status in (200, 302, 400, 401, 403, 404, 409, 422, 429, 500, 503):
        for body in BODIES.values():
            world, task = first_task(name)
            answer = Answer(status, HEADERS, body)
            world.core.handle = lambda *_request, answer=answer: answer  # type: ignore[method-assign]
            assert_silent(play(world, name, task))


ERRORS: tuple[Exception, ...] = (
    requests.exceptions.ConnectionError(ALL),
    requests.exceptions.ConnectionError(OSError("can't reach " + ALL)),
    requests.exceptions.SSLError("certificate verify failed: %s" % ALL),
    requests.exceptions.ProxyError(ALL),
    requests.exceptions.InvalidHeader(ALL),
    requests.exceptions.ReadTimeout(ALL),
    OSError("Could not find a suitable TLS CA certificate bundle, invalid path: %s" % ALL),
    ValueError(ALL),
    ZeroDivisionError(ALL),
)


@pytest.mark.parametrize("name", NAMES)
def test_no_exception_says_a_secret(name: str) -> None:
    for error in ERRORS:
        world, task = first_task(name)

        def fail(*_request: t.Any, error: Exception = error) -> t.NoReturn:
            raise error

        world.core.handle = fail  # type: ignore[method-assign]
        assert_silent(play(world, name, task))


def test_the_key_itself_is_taken_out_of_whatever_is_said() -> None:
    """Even where nothing foreign says it: here it is the template that is asked for."""
    world, ids = world_of("plain")
    key = "h444:of-another-form"  # which no pattern knows
    options = {"id": ids["vps"][0], "state": "reinstalled", "force": True, "os_template": key, "api_key": key}
    said = play(world, "h444_vps", options)["msg"]
    assert "there is no template '[redacted]'" in said and key not in said
