# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Carry out many plans at once. One that fails does not stop the others, and all of them are reported.

A bounded number of requests that write is in flight. Whatever has to be waited for is read by one list, which takes as
many requests for a hundred resources as for one.
"""

from __future__ import annotations

import contextlib
import typing as t
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for_any

from ._api import Api, Params, Row
from ._converge import Progress, Reconciler, act, conduct, made
from ._ending import Ending
from ._errors import Ambiguous, BadOption, BadReply, H444Error, Missing, NotReached, Refused, mistake_text
from ._names import clean, quoted
from ._plan import Action, Plan
from ._sink import Sink
from ._status import is_gone
from ._wait import POLL_SECONDS, Wait

# The API refuses these for every order, or nobody knows for how long: the next order would only spoil its key as well.
NO_MORE_ORDERS = (401, 402, 403, 429)
NOT_SENT = "It was not ordered, because the order of %s was refused. Nothing was bought."
MOST_TOLD = 10
MOST_AT_ONCE = 32
WAKE_SECONDS = 1.0
# What stands against one resource of a plan. Everything else, such as a key that is refused, stands against all.
REFUSALS = (Ambiguous, BadOption, BadReply, Missing, NotReached, Refused)


def as_left(_api: Api, runs: t.Sequence[tuple[Progress, bool]]) -> list[t.Any]:
    """Return the resources as the run left them."""
    return [progress.after for progress, _is_through in runs]


class Kind(t.NamedTuple):
    """One kind of resource that is managed in bulk.

    *word*: its name in ``failures``. *known*: the words that continue a wait, see wait_for. *is_awaited*: whether to
    wait for an action's ``until``. *read_after*: returns the resources after the run; with each goes whether its plan
    was carried out. *plurals*: the names of the result's dictionaries for one-time secrets, if not the plain plural.
    """

    word: str
    reconciler: Reconciler
    list_rows: t.Callable[[Api], t.List[Row]]
    get_row: t.Callable[[Api, str], t.Optional[Row]]
    known: t.Container[str]
    is_awaited: t.Callable[[Action, Progress], bool]
    read_after: t.Callable[[Api, t.Sequence[t.Tuple[Progress, bool]]], t.List[t.Any]] = as_left
    plurals: t.Mapping[str, str] = {}

    def plural(self, secret: str) -> str:
        """Return the name of the dictionary with the secrets of this name."""
        return self.plurals.get(secret, secret if secret.endswith("s") else secret + "s")


class Entry(t.NamedTuple):
    """One resource of the task: its name as the task gives it, its options, and its plan.

    *rank*: when its steps are due, if it is not each step that says so; see rank_of.
    """

    kind: Kind
    name: str
    params: Params
    plan: Plan
    rank: t.Optional[int] = None


class Plans(t.NamedTuple):
    """The plans of a task, in the order of its entries."""

    entries: t.Tuple[Entry, ...] = ()

    @property
    def actions(self) -> list[Action]:
        """Return the steps of all plans, in the order in which they begin."""
        return [action for _rank, action in in_order((entry.plan.actions, entry.rank) for entry in self.entries)]


class Bulk(t.NamedTuple):
    """What a bulk module is made of.

    *secrets*: the keys of the result that hold one-time secrets by the names of their resources. *parse*: checks the
    options before anything is sent. *plan_of*: reads, and plans. *check*: what must hold for all plans together.
    *table*: the plans for people, "" without a change. *is_staged*: whether the steps of one rank begin only when all
    of the rank before are through, waits included, and nothing is destroyed after a failure.
    """

    result_key: str
    secrets: t.Tuple[str, ...]
    parse: t.Callable[[Params], Params]
    plan_of: t.Callable[[Api, Params], t.Any]
    check: t.Callable[[t.Any, Params], None]
    table: t.Callable[[t.Any], str]
    is_staged: bool = False


class Failure(t.NamedTuple):
    """What went wrong with one resource."""

    kind: str
    name: str
    msg: str


class Together(H444Error):
    """Some of many resources were refused, or failed."""

    def __init__(self, message: str, failures: t.Sequence[Failure]) -> None:
        super().__init__(message)
        self.failures = list(failures)


class Refusals:
    """What stands against a plan, resource by resource."""

    def __init__(self) -> None:
        self.failures: list[Failure] = []

    @contextlib.contextmanager
    def of(self, kind: str, name: str) -> t.Iterator[None]:
        """Note what stands against one resource, and go on with the next one."""
        try:
            yield
        except REFUSALS as error:
            self.failures.append(Failure(kind, name, str(error)))

    def check(self, total: int) -> None:
        """Raise what was noted, all of it together. Raises: Together."""
        if self.failures:
            raise Together(
                "%d of %d %s can't be brought to the requested state, so nothing was changed. %s"
                % (len(self.failures), total, words_of(self.failures[0].kind), told(self.failures)),
                self.failures,
            )


def told(failures: t.Sequence[Failure]) -> str:
    """Return failures as sentences; those that say the same are one."""
    is_mixed = len({failure.kind for failure in failures}) > 1
    names: dict[str, list[str]] = {}
    for failure in failures:
        kind = words_of(failure.kind) + " " if is_mixed else ""
        names.setdefault(failure.msg, []).append(kind + quoted(failure.name))
    parts = ["%s: %s" % (some(whose), msg) for msg, whose in list(names.items())[:MOST_TOLD]]
    if len(names) > MOST_TOLD:
        parts.append("The rest is in failures.")
    return " ".join(parts)


def words_of(kind: str) -> str:
    """Return the word of a kind for a message."""
    return kind.replace("_", " ")


def some(names: t.Sequence[str]) -> str:
    """Return names for a message: a few of them if there are many."""
    more = len(names) - MOST_TOLD
    return ", ".join(names[:MOST_TOLD]) + (" and %d more" % more if more > 0 else "")


def check_concurrency(params: Params) -> None:
    """Check how many writes may be in flight. Raises: BadOption."""
    if not 1 <= params["concurrency"] <= MOST_AT_ONCE:
        raise BadOption("concurrency: must be from 1 to %d. Nothing was sent." % MOST_AT_ONCE)


CAN_BE_UNDONE, COSTS, DESTROYS = 0, 1, 2


def rank_of(action: Action) -> int:
    """Return when a step is due: first what can be undone, then what costs money, then what destroys."""
    return DESTROYS if action.destroys else COSTS if action.orders else CAN_BE_UNDONE


def in_order(plans: t.Iterable[tuple[t.Sequence[Action], int | None]]) -> list[tuple[int, Action]]:
    """Return the steps of many plans by their rank; those of one plan keep their order. See Entry for the rank."""
    found = []
    for actions, fixed in plans:
        rank = fixed or 0
        for action in actions:
            rank = max(rank, rank_of(action)) if fixed is None else fixed
            found.append((rank, action))
    return sorted(found, key=lambda step: step[0])


class Job:
    """One resource on its way through its plan."""

    def __init__(self, place: int, entry: Entry) -> None:
        self.place = place
        self.kind, self.name = entry.kind, entry.name
        self.warnings: list[str] = []
        # A sink of its own: the lock on a file is held by one of them at a time.
        sink = Sink(entry.params.get("credentials_file"))
        self.progress = Progress(entry.kind.reconciler, entry.params, sink, self.warnings.append)
        self.progress.begin(entry.plan)
        self.todo = list(entry.plan.actions)
        self.fixed_rank = entry.rank
        self.rank = entry.rank or 0
        self.is_left = False
        """whether it was not begun, because others failed"""
        self.wait: Wait | None = None
        self.due = 0.0
        """when the resource is to be read next"""
        self.failure: H444Error | None = None

    @property
    def resource_id(self) -> str:
        """Return the ID of the resource that is waited for."""
        return (self.wait.action.ids.get("id") if self.wait else None) or self.progress.resource_id

    @property
    def is_through(self) -> bool:
        """Return whether its whole plan was carried out."""
        return self.failure is None and not self.is_left and not self.todo

    @property
    def message(self) -> str:
        """Return why it failed, and what was bought all the same."""
        return " ".join(filter(None, (str(self.failure), self.progress.purchase())))


class Engine:
    """Carries out the plans of all jobs. Only this thread changes a job, except for the one write that is in flight."""

    def __init__(
        self,
        api: Api,
        jobs: t.Sequence[Job],
        concurrency: int,
        tell: t.Callable[[str], None],
        is_staged: bool = False,
    ) -> None:
        self._api = api
        self._jobs = jobs
        self._is_staged = is_staged
        writing = sum(any(action.writes for action in job.todo) for job in jobs)
        self._concurrency = max(1, min(concurrency, writing))
        self._tell = tell
        self._ready: list[Job] = []
        self._waiting: list[Job] = []
        self._running: dict[Future[None], tuple[Job, Api]] = {}
        self._idle: list[Api] = []
        self._stopped_by = ""
        """whose order was refused in such a way that no further one is sent"""
        self._ending = Ending()
        self._to_order = sum(action.orders for job in jobs for action in job.todo)
        self._ordered = 0

    def run(self) -> None:
        """Carry out all plans. What fails is noted in its job."""
        for job in self._jobs:
            self._proceed(job)
        with self._ending, self._workers() as submit:
            while self._ready or self._running or self._waiting:
                self._start(submit)
                self._collect()
                self._poll()

    @contextlib.contextmanager
    def _workers(self) -> t.Iterator[t.Callable[..., Future[None]]]:
        """Yield what carries out one write. With a concurrency of 1 that is this thread, and its client."""
        if self._concurrency == 1:
            self._idle = [self._api]
            yield _inline
            return
        twins = self._idle = [self._api.twin() for _number in range(self._concurrency)]
        twins = list(twins)
        try:
            with ThreadPoolExecutor(self._concurrency) as pool:
                yield pool.submit
        finally:
            for twin in twins:
                twin.close()
            # They waited side by side.
            self._api.held_seconds += max(twin.held_seconds for twin in twins)

    def _start(self, submit: t.Callable[..., Future[None]]) -> None:
        """Send what may be sent: the lowest rank first, and nothing before a lower one is through."""
        self._ready.sort(key=lambda job: (job.rank, job.place))
        while self._ready and self._idle and not self._ending.is_due:
            job = self._ready[0]
            if self._is_held(job):
                return
            self._ready.pop(0)
            if self._is_staged and job.rank == DESTROYS and any(other.failure for other in self._jobs):
                job.is_left = True
                continue
            if self._stopped_by and job.todo[0].orders:
                self._fail(job, Refused(NOT_SENT % self._stopped_by))
                continue
            if job.progress.brings_to_file(job.todo[0]):
                self._ending.hold()
            client = self._idle.pop()
            self._running[submit(act, client, job.todo[0], job.progress)] = job, client

    def _is_held(self, job: Job) -> bool:
        """Return whether a job has to wait for one of a lower rank."""
        before = [other for other, _client in self._running.values()] + (self._waiting if self._is_staged else [])
        return any(other.rank < job.rank for other in before)

    def _collect(self) -> None:
        """Wait until a write is through, or until something is to be read."""
        pause = max(0.0, min(job.due for job in self._waiting) - self._api.now()) if self._waiting else None
        if self._running:
            # A signal may reach another thread: then this one has to wake up to see it.
            wait_for_any(self._running, WAKE_SECONDS if pause is None else min(pause, WAKE_SECONDS), FIRST_COMPLETED)
            for future in [future for future in self._running if future.done()]:
                job, client = self._running.pop(future)
                self._idle.append(client)
                self._written(job, future)
            if not any(job.progress.brings_to_file(job.todo[0]) for job, _client in self._running.values()):
                self._ending.release()
        elif pause and (not self._ready or self._is_held(self._ready[0])):
            self._api.sleep(pause)

    def _written(self, job: Job, future: Future[None]) -> None:
        """Go on after a write."""
        action = job.todo.pop(0)
        try:
            future.result()
        except H444Error as error:
            if action.orders and error.facts.get("status") in NO_MORE_ORDERS:
                self._stopped_by = self._stopped_by or quoted(job.name)
            self._fail(job, error)
        except Exception as error:  # pylint: disable=broad-except  # not even a bug may lose the others' passwords
            self._fail(job, H444Error(mistake_text(error)))
        else:
            if action.orders and not job.progress.spared:
                self._ordered += 1
                self._say(job, "ordered (%d of %d)" % (self._ordered, self._to_order))
            self._begin_wait(job, action)

    def _begin_wait(self, job: Job, action: Action) -> None:
        if not action.until or not job.kind.is_awaited(action, job.progress):
            self._further(job, action)
            return
        now = self._api.now()
        # Its name stands before every message, so that those of many resources are the same.
        job.wait = Wait(action, job.progress, job.kind.known, now, action.verb)
        job.due = now + POLL_SECONDS if action.writes else now
        self._waiting.append(job)
        # The reply to an order, or the reading that proved it, is the newest there is.
        row = job.progress.after if action.orders else None
        if row is not None and row["status"] is not None:
            self._see(job, row)

    def _see(self, job: Job, row: Row | None) -> None:
        """Show a job its resource as it was read."""
        wait, now = t.cast(Wait, job.wait), self._api.now()
        try:
            if not wait.is_over(row, now):
                job.due = now + wait.pause_seconds
                return
        except H444Error as error:
            self._fail(job, error)
            return
        if row is None or is_gone(row):
            job.progress.after = None
        self._waiting.remove(job)
        job.wait = None
        self._further(job, wait.action)

    def _further(self, job: Job, action: Action) -> None:
        further = job.kind.reconciler.further
        job.todo[:0] = further(action, job.progress) if further is not None else ()
        self._proceed(job)

    def _proceed(self, job: Job) -> None:
        """Go on with the next step of a job, if there is one."""
        if not job.todo:
            self._say_end(job)
        elif job.todo[0].writes:
            if job.fixed_rank is None:
                job.rank = max(job.rank, rank_of(job.todo[0]))
            self._ready.append(job)
        else:
            self._begin_wait(job, job.todo.pop(0))

    def _poll(self) -> None:
        """Read what is waited for, if it is time: one list for all of a kind."""
        now = self._api.now()
        if not any(job.due <= now for job in self._waiting):
            return
        for kind in {job.kind.word: job.kind for job in self._waiting}.values():
            jobs = [job for job in self._waiting if job.kind.word == kind.word]
            try:
                rows = {row["id"]: row for row in kind.list_rows(self._api)}
            except H444Error as error:
                for job in jobs:
                    self._fail(job, error)
            else:
                for job in jobs:
                    self._read(job, rows)

    def _read(self, job: Job, rows: t.Mapping[str, Row]) -> None:
        """Take a job's resource from the list; what is not there, or has no status there, is read by its ID."""
        row = rows.get(job.resource_id)
        if row is None or row["status"] is None:
            try:
                row = job.kind.get_row(self._api, job.resource_id)
            except H444Error as error:
                self._fail(job, error)
                return
        self._see(job, row)

    def _fail(self, job: Job, error: H444Error) -> None:
        job.failure = error
        if job in self._waiting:
            self._waiting.remove(job)
        self._say(job, "failed. %s" % error)

    def _say_end(self, job: Job) -> None:
        if job.progress.done:
            row = job.progress.after
            self._say(job, "terminated" if row is None else str(row.get("status") or "done"))

    def _say(self, job: Job, what: str) -> None:
        self._tell("%s: %s" % (clean(job.name, 80), clean(what)))


def _inline(function: t.Callable[..., None], *given: t.Any) -> Future[None]:
    """Carry it out at once, in this thread."""
    future: Future[None] = Future()
    try:
        function(*given)
        future.set_result(None)
    except BaseException as error:  # pylint: disable=broad-except  # as a thread of a pool does; result() raises it
        future.set_exception(error)
    return future


def run(module: t.Any, bulk: Bulk) -> None:
    """Manage many resources, and end the module with the result."""
    conduct(module, Many(module, bulk))


class Many:
    """The work on many resources; see _converge.Work."""

    def __init__(self, module: t.Any, bulk: Bulk) -> None:
        self._module = module
        self._bulk = bulk
        self._params: Params = module.params
        self._plans = Plans()
        self._jobs: list[Job] = []
        self._rows: list[t.Any] = []
        self._failures: list[Failure] = []

    def plan(self, open_api: t.Callable[[], Api]) -> None:
        """See Work."""
        self._params = self._bulk.parse(self._params)
        self._api = open_api()
        try:
            self._plans = made(self._api, self._bulk.plan_of, self._params)
        except Together as error:
            self._failures = error.failures
            raise
        self._jobs = [Job(place, entry) for place, entry in enumerate(self._plans.entries)]
        self._rows = [entry.plan.before for entry in self._plans.entries]

    def check(self, is_check_mode: bool) -> None:
        """See Work."""
        try:
            self._bulk.check(self._plans, self._params)
        except Together as error:
            self._failures = error.failures
            raise
        sinks = {}
        for job in self._jobs:
            plan = job.progress.plan
            for note in plan.notes + (plan.doubts if is_check_mode else ()):
                self._module.warn(note)
            if any(action.brings_secret for action in plan.actions):
                sinks[job.progress.sink.path] = job.progress.sink
        for sink in sinks.values():
            sink.prove(write=not is_check_mode)

    def pretend(self) -> None:
        """See Work."""
        self._rows = [entry.plan.after for entry in self._plans.entries]

    def carry_out(self) -> None:
        """See Work."""
        try:
            Engine(self._api, self._jobs, self._params["concurrency"], self._module.tell, self._bulk.is_staged).run()
        finally:
            self._rows = [job.progress.after for job in self._jobs]
            self._failures = [Failure(job.kind.word, job.name, job.message) for job in self._jobs if job.failure]
            self._warn()
        try:
            self._read_after()
            self._warn()
        except Exception as error:  # pylint: disable=broad-except  # what failed before is what has to be told
            if not self._failures:
                raise
            text = str(error) if isinstance(error, H444Error) else mistake_text(error)
            self._module.warn("The result may be out of date, because it could not be read again. %s" % text)
        if self._failures:
            raise Together(
                "%d of %d %s failed. %s Run the task again: it finishes the rest%s."
                % (
                    len(self._failures),
                    sum(bool(entry.plan.actions) for entry in self._plans.entries),
                    self._words(),
                    self._reasons(),
                    ", and orders nothing twice" if self._bulk.secrets else "",
                ),
                self._failures,
            )

    def _warn(self) -> None:
        """Hand on the warnings of all resources."""
        for job in self._jobs:
            while job.warnings:
                self._module.warn(job.warnings.pop(0))

    def _words(self) -> str:
        """Return what the resources are called together."""
        kinds = {job.kind.word for job in self._jobs}
        return words_of(kinds.pop()) if len(kinds) == 1 else "resources"

    def _reasons(self) -> str:
        """Return why resources failed, and which of them were ordered nevertheless."""
        failed = [job for job in self._jobs if job.failure]
        bought = [quoted(job.name) for job in failed if job.progress.bought]
        return " ".join(
            [
                told([Failure(job.kind.word, job.name, str(job.failure)) for job in failed]),
                *(["Ordered before they failed: %s." % some(bought)] if bought else []),
            ]
        )

    def _read_after(self) -> None:
        for kind in {job.kind.word: job.kind for job in self._jobs}.values():
            jobs = [job for job in self._jobs if job.kind.word == kind.word]
            runs = [(job.progress, job.is_through) for job in jobs]
            for job, row in zip(jobs, kind.read_after(self._api, runs)):
                self._rows[job.place] = row

    def belongings(self) -> str:
        """See Work."""
        parts = []
        secrets = [quoted(job.name) for job in self._jobs if job.progress.secrets]
        if secrets:
            parts.append(
                "The result of this task contains the one-time secrets of %s, which the API returns only once."
                % some(secrets)
            )
        files = sorted({str(path) for path in self._files().values()})
        if files:
            parts.append("One-time secrets are in credentials_file: %s." % clean(some(files), 300))
        return " ".join(parts)

    def _files(self) -> dict[str, t.Any]:
        return {job.name: job.progress.sink.path for job in self._jobs if job.progress.is_kept_in_file}

    def _of_orders(self, planned_only: bool) -> dict[str, t.Any]:
        """Return what the result of a module that orders always contains."""
        jobs = self._jobs
        return {
            "ordered": [job.name for job in jobs if any(step.orders for step in job.progress.written(planned_only))],
            "orders": {
                job.name: job.progress.order for job in jobs if planned_only or job.progress.order.get("attempts")
            },
            "secret_lost": any(job.progress.secret_lost for job in jobs),
            **{name: {} for name in self._bulk.secrets},
        }

    def result(self, planned_only: bool = False) -> dict[str, t.Any]:
        """See Work."""
        jobs = self._jobs
        steps = in_order((job.progress.written(planned_only), job.fixed_rank) for job in jobs)
        found: dict[str, t.Any] = {
            "changed": bool(steps) or any(job.progress.maybe for job in jobs),
            self._bulk.result_key: self._rows,
            "actions": [str(action) for _rank, action in steps],
            "failures": [failure._asdict() for failure in self._failures],
            "diff": {"prepared": self._bulk.table(self._plans)},
            **(self._of_orders(planned_only) if self._bulk.secrets else {}),
        }
        for job in jobs:
            for name, value in job.progress.secrets.items():
                found.setdefault(job.kind.plural(name), {})[job.name] = value
        if self._files():
            found["credentials_files"] = self._files()
        return found
