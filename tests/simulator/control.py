# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control API under /_sim: what tests and users do with the simulator itself. README.md lists the commands."""

from __future__ import annotations

import json
import re
import typing as t

from . import assumed, scenarios, tickets
from .core import Core
from .faults import Faults
from .journal import Journal
from .oauth import OAuth
from .overview import overview

MOST_ADVANCED_SECONDS = 10 * 366 * 86400


class Unknown(Exception):
    """There is no such command."""


def read_body(body: bytes) -> t.Any:
    """Read the body of a command; none is an empty object. Raises ValueError with a sentence."""
    try:
        return json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError):
        raise ValueError("the body is not JSON") from None


def _text_in(given: dict[str, t.Any], name: str) -> str:
    """Read a text; a number is an id. Raises ValueError with a sentence."""
    value = given.get(name)
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
        raise ValueError(f"{name} is needed, a text")
    return str(value)


def _switches_in(given: dict[str, t.Any]) -> dict[str, t.Any]:
    """Read switches. Raises ValueError with a sentence."""
    return {name: assumed.check(name, value) for name, value in given.items()}


class Control:
    """The commands. What is wrong with one is a ValueError with a sentence, or an error of Python's own."""

    def __init__(self, core: Core, oauth: OAuth, faults: Faults, journal: Journal) -> None:
        self._core, self._oauth, self._faults, self._journal = core, oauth, faults, journal
        self._reads: dict[str, t.Callable[[t.Mapping[str, str]], t.Any]] = {
            "journal": self._sent,
            "answered": lambda query: sorted(journal.answered),
            "state": lambda query: core.state(),
            "assumptions": self._assumptions,
            "overview": lambda query: overview(core, oauth, faults, journal, query),
        }
        self._deletes: dict[str, t.Callable[[], None]] = {"journal": journal.clear, "faults": faults.clear}
        self._posts: dict[str, t.Callable[[dict[str, t.Any]], t.Any]] = {
            "advance": self._advance,
            "assume": self._assume,
            "reset": self._reset,
            "seed": core.seed,
            "staff_reply": self._staff_reply,
            "oauth/approve": lambda given: self._decide(given, "approved"),
            "oauth/deny": lambda given: self._decide(given, "denied"),
        }

    def run(self, method: str, name: str, query: t.Mapping[str, str], body: bytes) -> t.Any:
        """Carry out a command and give its answer. Raises Unknown, ValueError with a sentence, and others."""
        given = read_body(body)
        if method == "GET" and name in self._reads:
            return self._reads[name](query)
        if method == "DELETE" and name in self._deletes:
            self._deletes[name]()
            return {}
        if (method, name) == ("POST", "faults"):
            self._faults.set(given)
            return {}
        if method != "POST":
            raise Unknown
        if not isinstance(given, dict):
            raise ValueError("the body is an object")
        if name not in self._posts:
            raise Unknown
        return self._posts[name](given)

    def _sent(self, query: t.Mapping[str, str]) -> t.Any:
        since = query.get("since", "0")
        if not re.fullmatch("[0-9]{1,9}", since):
            raise ValueError("since is a whole number")
        return self._journal.since(int(since))

    def _assumptions(self, _query: t.Mapping[str, str]) -> t.Any:
        return {
            name: {"value": self._core.assume[name], "values": list(switch.values), "silence": switch.silence}
            for name, switch in assumed.SWITCHES.items()
        }

    def _advance(self, given: dict[str, t.Any]) -> t.Any:
        seconds = given.get("seconds")
        is_number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
        if not is_number or not 0 <= t.cast(float, seconds) <= MOST_ADVANCED_SECONDS:
            raise ValueError("seconds is a number from 0 to ten years")
        self._core.offset += t.cast(float, seconds)
        self._core.deliver()
        return {"now": self._core.stamp()}

    def _assume(self, given: dict[str, t.Any]) -> t.Any:
        self._core.assume.update(_switches_in(given))
        return self._core.assume

    def _reset(self, given: dict[str, t.Any]) -> t.Any:
        chosen = assumed.preset(given["preset"]) if "preset" in given else dict(self._core.assume)
        unknown = sorted(set(given) - {"preset", "assume", "scenario"})
        if unknown:
            raise ValueError(f"reset takes no {', '.join(unknown)}; it takes preset, assume and scenario")
        scenario = scenarios.check(given.get("scenario", self._core.scenario))
        chosen.update(_switches_in(given.get("assume", {})))
        self._core.assume = chosen
        if "scenario" in given:
            self._core.document = {}
        self._core.scenario = scenario
        self._core.reset()
        self._faults.clear()
        self._faults.set(self._core.faults())
        self._journal.clear()
        return self._core.assume

    def _staff_reply(self, given: dict[str, t.Any]) -> t.Any:
        tickets.staff_reply(self._core, _text_in(given, "ticket_id"), _text_in(given, "body"))
        return {}

    def _decide(self, given: dict[str, t.Any], state: str) -> t.Any:
        self._oauth.decide(_text_in(given, "user_code"), state)
        return {}
