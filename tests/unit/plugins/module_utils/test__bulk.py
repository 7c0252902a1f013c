# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The engine of bulk modules: what is sent when, what one failure does to the others, and how waits are read."""

from __future__ import annotations

import threading
import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils._bulk import (
    NOT_SENT,
    Engine,
    Entry,
    Failure,
    Job,
    Kind,
    Plans,
    Refusals,
    Together,
    in_order,
    told,
)
from ansible_collections.h444.cloud.plugins.module_utils._converge import Progress, Reconciler
from ansible_collections.h444.cloud.plugins.module_utils._endpoint import Endpoint
from ansible_collections.h444.cloud.plugins.module_utils._errors import ApiError, H444Error, Refused, TransportError
from ansible_collections.h444.cloud.plugins.module_utils._plan import Action, Plan

Row = t.Dict[str, t.Any]
POST, DELETE, GET = Endpoint("POST", "/x", ""), Endpoint("DELETE", "/x/{id}", ""), Endpoint("GET", "/x/{id}", "")


def order(name: str) -> Action:
    """Make a step that spends money."""
    return Action("order", name, POST, {"id": name}, until=("running",))


def stop(name: str) -> Action:
    """Make a step that can be undone."""
    return Action("stop", name, POST, {"id": name}, until=("stopped",))


def terminate(name: str) -> Action:
    """Make a step that destroys."""
    return Action("terminate", name, DELETE, {"id": name}, destroys=True, until=("terminated",))


class World:
    """An API whose servers get their status at once, or at a time. *lists*: when the list was read."""

    def __init__(self, concurrency: int = 1) -> None:
        self.clock = 0.0
        self.concurrency = concurrency
        self.rows: dict[str, Row] = {}
        self.later: dict[str, tuple[float, str]] = {}
        self.errors: dict[str, Exception] = {}
        self.begun: list[str] = []
        self.lists: list[float] = []
        self.reads: list[str] = []
        self.told: list[str] = []
        self.gate: threading.Barrier | None = None
        self.held_seconds = 0.0
        self.closed = 0
        reconciler = Reconciler("x", t.cast(t.Any, None), self.perform, t.cast(t.Any, None))
        self.kind = Kind(
            "servers", reconciler, self.list_rows, self.get_row, frozenset({"provisioning", "running"}),
            lambda _action, progress: progress.params["wait"], t.cast(t.Any, None),
        )  # fmt: skip

    def twin(self) -> World:
        return self

    def close(self) -> None:
        self.closed += 1

    def now(self) -> float:
        return self.clock

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.clock += seconds

    def perform(self, _api: t.Any, action: Action, progress: Progress) -> None:
        self.begun.append(str(action))
        if self.gate is not None:
            self.gate.wait(10)
        if str(action) in self.errors:
            raise self.errors[str(action)]
        status = action.until[0]
        at, before = self.later.get(action.target, (0.0, status))
        self.rows[action.target] = {"id": action.target, "status": before, "at": self.clock + at, "then": status}
        progress.after = {"id": action.target, "status": before} if action.orders else progress.after

    def list_rows(self, _api: t.Any) -> list[Row]:
        self.lists.append(self.clock)
        if "list" in self.errors:
            raise self.errors["list"]
        return [found for found in map(self.current, self.rows) if found and not found.get("hidden")]

    def get_row(self, _api: t.Any, resource_id: str) -> Row | None:
        self.reads.append(resource_id)
        return self.current(resource_id)

    def current(self, resource_id: str) -> Row | None:
        row = self.rows.get(resource_id)
        if row is None:
            return None
        status = row["then"] if self.clock >= row["at"] else row["status"]
        return None if status == "terminated" else {**row, "status": status}

    def run(
        self, *plans: tuple[Action, ...], wait: bool = True, timeout: float = 60, is_staged: bool = False
    ) -> list[Job]:
        """Carry out one plan each."""
        params = {"wait": wait, "wait_timeout": timeout}
        jobs = [
            Job(place, Entry(self.kind, actions[0].target, params, Plan({"id": "x"}, None, actions)))
            for place, actions in enumerate(plans)
        ]
        Engine(t.cast(t.Any, self), jobs, self.concurrency, self.told.append, is_staged).run()
        return jobs


def failures(jobs: t.Sequence[Job]) -> dict[str, str]:
    """Give what failed."""
    return {job.name: str(job.failure) for job in jobs if job.failure}


def test_what_can_be_undone_comes_first_and_what_destroys_last() -> None:
    world = World()
    world.run((terminate("a"),), (order("b"),), (stop("c"),), (stop("d"), terminate("d")), (order("e"), stop("e")))
    assert world.begun == ["stop c", "stop d", "order b", "order e", "stop e", "terminate a", "terminate d"]


def test_the_order_of_a_result_is_the_order_in_which_steps_begin() -> None:
    """Whatever was faster."""
    plans = [(terminate("a"),), (order("b"), stop("b")), (stop("c"),)]
    assert [str(action) for _rank, action in in_order((actions, None) for actions in plans)] == [
        "stop c",
        "order b",
        "stop b",
        "terminate a",
    ]


@pytest.mark.parametrize("concurrency", [1, 4])
def test_in_stages_nothing_is_ordered_or_destroyed_before_what_came_before_is_over(concurrency: int) -> None:
    """A wait that may still fail is a part of its stage."""
    world = World(concurrency)
    world.later = {"a": (30.0, "running"), "b": (40.0, "provisioning")}
    jobs = world.run((terminate("c"),), (order("b"),), (stop("a"),), is_staged=True)
    assert world.begun == ["stop a", "order b", "terminate c"]
    assert world.clock >= 70
    assert all(job.is_through for job in jobs)


@pytest.mark.parametrize("failing", ["stop a", "order b"])
def test_in_stages_nothing_is_destroyed_after_a_failure(failing: str) -> None:
    """What is left is no failure of its own."""
    world = World()
    world.errors[failing] = Refused("no")
    jobs = world.run((terminate("c"),), (order("b"),), (stop("a"),), is_staged=True)
    assert "terminate c" not in world.begun
    assert failures(jobs) == {failing[-1]: "no"}
    assert [job.name for job in jobs if job.is_left] == ["c"]
    assert [job.name for job in jobs if job.is_through] == [{"stop a": "b", "order b": "a"}[failing]]


def test_the_rank_of_an_entry_is_that_of_all_its_steps() -> None:
    """A clearing that belongs to an update is no destruction."""
    entries = [
        Entry(World().kind, "a", {}, Plan(None, None, (stop("a"), terminate("a"))), 0),
        Entry(World().kind, "b", {}, Plan(None, None, (stop("b"),)), 2),
        Entry(World().kind, "c", {}, Plan(None, None, (order("c"),))),
    ]
    assert [str(action) for action in Plans(tuple(entries)).actions] == ["stop a", "terminate a", "order c", "stop b"]


def test_one_failure_does_not_stop_the_others() -> None:
    world = World()
    world.errors["order b"] = Refused("no", status=400)
    jobs = world.run((order("a"),), (order("b"),), (order("c"),))
    assert failures(jobs) == {"b": "no"} and world.begun == ["order a", "order b", "order c"]
    assert world.told == ["a: ordered (1 of 3)", "a: running", "b: failed. no", "c: ordered (2 of 3)", "c: running"]


@pytest.mark.parametrize("status", [401, 402, 403, 429])
def test_no_further_order_is_sent_once_none_can_succeed(status: int) -> None:
    """What is no order goes on."""
    world = World()
    world.errors["order a"] = ApiError("refused", status=status)
    jobs = world.run((order("a"),), (order("b"),), (terminate("c"),))
    assert world.begun == ["order a", "terminate c"]
    assert failures(jobs) == {"a": "refused", "b": NOT_SENT % "'a'"}


@pytest.mark.parametrize("error", [KeyError("pw"), TransportError("lost")])
def test_whatever_goes_wrong_is_noted(error: Exception) -> None:
    """Not even a bug stops the others, and its own words are not shown."""
    world = World()
    world.errors["order a"] = error
    jobs = world.run((order("a"),), (order("b"),))
    assert set(failures(jobs)) == {"a"} and "pw" not in failures(jobs)["a"]
    assert jobs[1].progress.done


def test_many_waits_are_one_list() -> None:
    """And a wait takes no place of a write: all are ordered before the first of them is ready."""
    world = World()
    names = [str(number) for number in range(30)]
    world.later = dict.fromkeys(names, (5.0, "provisioning"))
    jobs = world.run(*((order(name),) for name in names))
    assert not failures(jobs) and len(world.lists) <= 4 and not world.reads
    assert all(job.progress.after["status"] == "running" for job in jobs)


def test_a_wait_ends_at_its_own_time() -> None:
    world = World()
    world.later = {"a": (1000.0, "provisioning"), "b": (3.0, "provisioning")}
    jobs = world.run((order("a"),), (order("b"),), timeout=20)
    assert "after" in failures(jobs)["a"] and set(failures(jobs)) == {"a"} and world.clock <= 21
    assert jobs[0].message.startswith(str(jobs[0].failure))


def test_what_the_list_lacks_is_read_by_its_id() -> None:
    """A new server may not be on the list yet, and one that is terminated is on none."""
    world = World()
    world.later = {"a": (3.0, "provisioning")}
    perform = world.perform

    def hidden(api: t.Any, action: Action, progress: Progress) -> None:
        perform(api, action, progress)
        world.rows[action.target]["hidden"] = True

    world.kind = world.kind._replace(reconciler=world.kind.reconciler._replace(perform=hidden))
    jobs = world.run((order("a"),), (terminate("b"),))
    assert not failures(jobs) and set(world.reads) == {"a", "b"}
    assert jobs[1].progress.after is None and "b: terminated" in world.told


def test_a_list_that_fails_fails_what_waits_for_it() -> None:
    world = World()
    world.errors["list"] = TransportError("no list")
    jobs = world.run((stop("a"),), (stop("b"),))
    assert failures(jobs) == {"a": "no list", "b": "no list"} and all(job.progress.done for job in jobs)


def test_without_a_wait_nothing_is_read() -> None:
    world = World()
    assert not failures(world.run((order("a"),), (stop("b"),), wait=False)) and world.lists == []


def test_a_plan_that_only_waits() -> None:
    world = World()
    world.rows["a"] = {"id": "a", "status": "provisioning", "at": 3.0, "then": "running"}
    jobs = world.run((Action("wait for", "a", GET, {"id": "a"}, until=("running",)),))
    assert not failures(jobs) and world.begun == [] and world.lists[0] == 0.0 and world.told == []


def test_so_many_at_once_and_no_more() -> None:
    """Four orders are in flight together: each waits until the others are."""
    world = World(concurrency=4)
    world.gate = threading.Barrier(4)
    jobs = world.run(*((order(str(number)),) for number in range(8)))
    assert not failures(jobs) and len(world.begun) == 8 and world.closed == 4


def test_nothing_that_destroys_begins_while_an_order_is_in_flight() -> None:
    world = World(concurrency=2)
    slow = threading.Event()
    perform = world.perform

    def watched(api: t.Any, action: Action, progress: Progress) -> None:
        perform(api, action, progress)
        if action.orders:
            slow.wait(0.2)
            world.begun.append("through")

    world.kind = world.kind._replace(reconciler=world.kind.reconciler._replace(perform=watched))
    world.run((terminate("a"),), (order("b"),))
    assert world.begun == ["order b", "through", "terminate a"]


class Killed(BaseException):
    """The process ends."""


def test_an_end_of_the_process_is_no_failure_of_a_server() -> None:
    world = World()
    world.errors["order a"] = t.cast(Exception, Killed())
    with pytest.raises(Killed):
        world.run((order("a"),), (order("b"),))


def test_refusals_are_raised_together() -> None:
    """Those that say the same are one sentence."""
    refusals = Refusals()
    for name in ("a", "b", "c"):
        with refusals.of("servers", name):
            raise Refused("No plan 'x'.")
    with refusals.of("servers", "d"):
        raise Refused("It is suspended.")
    with refusals.of("servers", "e"):
        pass
    with pytest.raises(Together, match="4 of 5 servers") as caught:
        refusals.check(5)
    assert str(caught.value).endswith("'a', 'b', 'c': No plan 'x'. 'd': It is suspended.")
    assert [failure.name for failure in caught.value.failures] == ["a", "b", "c", "d"]


def test_what_stands_against_all_is_no_refusal_of_one() -> None:
    with pytest.raises(TransportError), Refusals().of("servers", "a"):
        raise TransportError("no answer")
    assert Refusals().check(3) is None  # type: ignore[func-returns-value]


def test_a_message_names_no_hundred() -> None:
    many = [Failure("servers", str(number), "msg %d" % (number % 50)) for number in range(200)]
    assert len(told(many)) < 1000 and "failures" in told(many)
    assert isinstance(Together("x", many), H444Error)
