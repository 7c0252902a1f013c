# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for a status: when a wait ends, and what it says then."""

from __future__ import annotations

import types
import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _wait
from ansible_collections.h444.cloud.plugins.module_utils._endpoint import Endpoint
from ansible_collections.h444.cloud.plugins.module_utils._errors import BadOption, NotReached
from ansible_collections.h444.cloud.plugins.module_utils._plan import Action
from ansible_collections.h444.cloud.plugins.module_utils._wait import wait_for

Row = t.Dict[str, t.Any]
STATUSES = frozenset({"running", "stopped", "provisioning"})
WAIT = Action("wait for", "web-1", Endpoint("GET", "/vps/{id}", ""), {"id": "7"}, until=("running",))
REMOVE = Action("terminate", "web-1", Endpoint("DELETE", "/vps/{id}", ""), {"id": "7"}, until=("terminated",))


class Wait:
    """A wait for a server whose reads show these states in turn, the last one for ever; None: it is not there."""

    def __init__(self, *states: str | None, timeout: float = 60) -> None:
        self.states = list(states)
        self.slept: list[float] = []
        self.warnings: list[str] = []
        self.reads = 0
        self.progress: t.Any = types.SimpleNamespace(
            after=None, params={"wait_timeout": timeout}, warn=self.warnings.append
        )

    def read(self) -> Row | None:
        """Read the server."""
        self.reads += 1
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return None if state is None else {"id": "7", "status": state or None}

    def run(self, action: Action = WAIT, row: Row | None = None) -> Row | None:
        """Wait."""
        api: t.Any = types.SimpleNamespace(now=lambda: sum(self.slept), sleep=self.slept.append)
        return wait_for(api, action, self.progress, self.read, STATUSES, row)


def test_a_wait_that_ends_tells_the_states_alone() -> None:
    """A result's waited_seconds is what the rate limit cost, and never what a wait for a status took."""
    wait = Wait("provisioning")
    with pytest.raises(NotReached, match="instead of running") as caught:
        wait.run()
    assert caught.value.facts == {"states_seen": ["provisioning"]} and 0 < sum(wait.slept) <= 60
    assert wait.progress.after == {"id": "7", "status": "provisioning"}


def test_a_wait_reads_until_the_status_is_there_and_pauses_longer_each_time() -> None:
    wait = Wait("provisioning", "provisioning", "stopped", "running")
    found = wait.run()
    assert found == wait.progress.after == {"id": "7", "status": "running"}
    assert wait.reads == 4 and wait.slept == [1.0, 1.5, 2.25] and not wait.warnings


def test_what_was_just_read_is_not_read_again() -> None:
    """Unless it has no status."""
    wait = Wait("running")
    assert wait.run(row={"id": "7", "status": "running"}) and wait.reads == 0
    assert wait.run(row={"id": "7", "status": None}) and wait.reads == 1


def test_the_last_three_states_are_told_each_once() -> None:
    wait = Wait("provisioning", "provisioning", "stopped", "starting", "stopping", timeout=30)
    with pytest.raises(NotReached) as caught:
        wait.run()
    assert caught.value.facts == {"states_seen": ["stopped", "starting", "stopping"]}


@pytest.mark.parametrize("gone", [None, "terminated", "Deleting"])
def test_what_is_gone_ends_the_wait(gone: str | None) -> None:
    """It is what was waited for, or it never comes."""
    assert Wait("running", gone).run(REMOVE) is None
    with pytest.raises(NotReached, match="wait for web-1: it no longer exists") as caught:
        Wait("provisioning", gone).run()
    assert caught.value.facts == {"states_seen": ["provisioning", "terminated"]}


@pytest.mark.parametrize(("status", "words"), [("", "does not return the status"), ("Warming-Up", "Warming-Up")])
def test_a_status_that_says_nothing_ends_the_wait_with_a_warning(status: str, words: str) -> None:
    wait = Wait(status)
    found = wait.run()
    assert found is not None and found["status"] == (status or None)
    assert wait.slept == [] and len(wait.warnings) == 1 and words in wait.warnings[0]


def test_a_missing_status_does_not_end_the_wait_for_a_removal() -> None:
    wait = Wait("", None)
    assert wait.run(REMOVE) is None and wait.reads == 2 and not wait.warnings


@pytest.mark.parametrize("status", ["starting", "Powering-On", "in progress"])
def test_a_state_in_motion_is_waited_through(status: str) -> None:
    wait = Wait(status, "running")
    assert wait.run() == {"id": "7", "status": "running"} and not wait.warnings


def test_a_negative_time_is_refused() -> None:
    with pytest.raises(BadOption, match="wait_timeout"):
        _wait.check_timeout({"wait_timeout": -1})
    assert _wait.check_timeout({"wait_timeout": 0}) is None  # type: ignore[func-returns-value]
