# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Watches an account in rounds: which lists are read when, what a failure means, and which events are not sent yet.

Everything here runs in one thread and blocks. Clock, pause and jitter are given, so that no test has to wait.
"""

from __future__ import annotations

import copy
import random
import typing as t
from datetime import datetime, timezone

from . import _changes
from ._api import Api, Row
from ._changes import Settings, Watch
from ._errors import AuthError, BadOption, H444Error, NotFound, ScopeError

MOST_REQUESTS = 6
"""The requests of one round. Each attempt counts, and each page of a list."""
JITTER_SHARE = 0.1
# A single 401 is no proof that a key that worked before is revoked.
REFUSED_ROUNDS = 3
DENIED_SECONDS = 3600.0
FAILED = "Reading the %s failed, so what was known before still counts: %s"
WARNING, INFO = "warning", "info"

Tell = t.Callable[[str, str], None]
"""Takes a level, WARNING or INFO, and a sentence without secrets."""


class Stopped(Exception):
    """The source was stopped while its thread waited."""


class Pace(t.Protocol):
    """What the client asks for its turn."""

    def wait_turn(self) -> float:
        """Wait until a request may be sent. Returns the seconds waited."""

    def block(self, seconds: float) -> None:
        """Take note that nothing may be sent for so long."""


class Rounds:
    """The rounds, and the pace of a client that sends at most MOST_REQUESTS requests in each of them.

    *pace*: the pace that this machine shares. *pause*: waits, and raises Stopped once the source is stopped.
    """

    def __init__(
        self,
        pace: Pace,
        interval_seconds: float,
        *,
        clock: t.Callable[[], float],
        pause: t.Callable[[float], None],
        jitter: t.Callable[[], float] = random.random,
    ) -> None:
        self._pace = pace
        self._interval_seconds = interval_seconds
        self._clock = clock
        self._pause = pause
        self._jitter = jitter
        self._next_at = clock()
        self._sent = 0
        self.number = 0
        """how many rounds were begun"""

    @property
    def left(self) -> int:
        """How many requests fit into this round."""
        return max(0, MOST_REQUESTS - self._sent)

    def begin(self) -> None:
        """Wait until the next round is due, and begin it. Raises: Stopped."""
        self._pause(max(0.0, self._next_at - self._clock()))
        # Sources that were started together do not stay together.
        self._next_at = self._clock() + self._interval_seconds * (1 - JITTER_SHARE + 2 * JITTER_SHARE * self._jitter())
        self._sent = 0
        self.number += 1

    def wait_turn(self) -> float:
        """Wait until a request may be sent; what does not fit into this round waits for the next one. Raises: Stopped.

        Returns the seconds waited.
        """
        before = self._clock()
        if self._sent >= MOST_REQUESTS:
            self.begin()
        self._sent += 1
        self._pace.wait_turn()
        self._pause(0.0)
        return max(0.0, self._clock() - before)

    def block(self, seconds: float) -> None:
        """Tell every process of this machine that nothing may be sent for so long."""
        self._pace.block(seconds)


class Store(t.Protocol):
    """What keeps the state over a restart. ``_state_file.StateFile`` is one on disk."""

    def open(self) -> t.Any:
        """Return what is kept, None if that is nothing. Raises: BadOption."""

    def write(self, content: t.Any) -> None:
        """Keep this. Raises: BadOption."""


class Watcher:
    """Derives events from what changed in an account.

    An event is stored with the reading from which it was derived, before it is queued, and removed once it was queued.
    A crash between these two queues it once more, with the same ID: at least once, never lost.
    """

    def __init__(
        self,
        api: Api,
        rounds: Rounds,
        settings: Settings,
        *,
        store: Store | None,
        tell: Tell,
        clock: t.Callable[[], float],
        wall_clock: t.Callable[[], float],
    ) -> None:
        """Open the store. *wall_clock*: seconds since the epoch. Raises: BadOption."""
        self._api = api
        self._rounds = rounds
        self._settings = settings
        self._store = store
        self._tell = tell
        self._clock = clock
        self._wall_clock = wall_clock
        self._watches = _changes.watches_for(settings)
        self._tried_at: dict[str, float] = {}
        self._due_at: dict[str, float] = {}
        self._problems: dict[str, str] = {}
        self._denied: dict[str, ScopeError] = {}
        self._refused_rounds = 0
        self._chosen: list[Watch] = []
        self._round = 0
        self._has_answered = False
        self._is_bound = store is None
        self._stored = store.open() if store is not None else None
        self._state: dict[str, t.Any] = {"account": "", "number": 0, "places": {}, "unsent": []}

    @property
    def unsent(self) -> list[Row]:
        """The events that are not queued yet, in order."""
        return copy.deepcopy(self._state["unsent"])

    def note_sent(self) -> None:
        """Take note that the first event was queued. Raises: BadOption."""
        del self._state["unsent"][0]
        self.keep()

    def step(self) -> None:
        """Read the next part of the account; after the last one of a round, wait for the next round.

        A list that can't be read stays as it was. Raises: Stopped, and H444Error if there is no use in going on.
        """
        if not self._chosen:
            self._begin()
        try:
            if self._is_bound:
                self._read(self._chosen.pop(0))
            else:
                self._bind()
        except AuthError as error:
            self._chosen = []
            self._refused_rounds += 1
            if not self._has_answered or self._refused_rounds >= REFUSED_ROUNDS:
                raise
            self._note_problem("key", "The key was refused, and is tried again: %s" % error, error)
        else:
            self._refused_rounds = 0
            self._note_success("key")
        self._check_any_allowed()

    def _begin(self) -> None:
        """Choose what is read in the next round. Raises: Stopped.

        If a step has begun a round, because its requests did not fit into the one before, the rest of it is used.
        """
        while not self._chosen:
            if self._rounds.number == self._round:
                self._rounds.begin()
            self._round = self._rounds.number
            if not self._is_bound:
                return
            self._chosen = self._due(self._rounds.left)

    def keep(self) -> None:
        """Store what was found, if that is anything new. Raises: BadOption."""
        if self._store is not None and self._is_bound and self._stored != self._state:
            self._store.write(self._state)
            self._stored = copy.deepcopy(self._state)

    # The account that the state belongs to

    def _bind(self) -> None:
        """Find out whose account this is, and go on where its state ends. Raises: H444Error."""
        try:
            account = _changes.ACCOUNT.read(self._api)
        except ScopeError as error:
            raise BadOption(
                "state_file: it belongs to one account, so the key needs the scope account:read. %s" % error
            ) from None
        except (AuthError, NotFound):
            raise
        except H444Error as error:
            self._note_problem("account", "Reading the account failed, and is tried again: %s" % error, error)
            return
        self._note_success("account")
        self._has_answered = True
        self._adopt(copy.deepcopy(self._stored), account["id"])
        self._is_bound = True
        if _changes.ACCOUNT in self._watches:
            self._tried_at[_changes.ACCOUNT.name] = self._clock()
            self._take(_changes.ACCOUNT, account)
        self._chosen = self._due(self._rounds.left, {_changes.ACCOUNT.name})

    def _adopt(self, kept: t.Any, account_id: str) -> None:
        """Take over what the store has kept. Raises: BadOption if that is another account's."""
        if kept is not None:
            if not isinstance(kept, dict) or set(kept) != set(self._state):
                raise BadOption("state_file: it was written by another version. Remove the file to begin anew.")
            if kept["account"] != account_id:
                raise BadOption(
                    "state_file: it belongs to another account. Use a file of its own for each account, or remove the "
                    "file to begin anew."
                )
            self._state = kept
        self._state["account"] = account_id

    # What is read

    def _due(self, left: int, fresh: t.Container[str] = ()) -> list[Watch]:
        """Return what is read in this round: what was not read for the longest time, as far as the requests go.

        *left*: how many there are. *fresh*: what was read in this round already.
        """
        now, chosen = self._clock(), []
        due = [watch for watch in self._watches if watch.name not in fresh and self._due_at.get(watch.name, now) <= now]
        for watch in sorted(due, key=lambda watch: self._tried_at.get(watch.name, float("-inf"))):
            if watch.requests <= left:
                left -= watch.requests
                chosen.append(watch)
        return [watch for watch in self._watches if watch in chosen]

    def _read(self, watch: Watch) -> None:
        """Read one part of the account. Raises: AuthError, ScopeError, NotFound, Stopped."""
        self._tried_at[watch.name] = now = self._clock()
        try:
            reading = watch.read(self._api)
            place = self._state["places"].get(watch.name)
            if watch.confirm is not None and place is not None:
                reading = watch.confirm(self._api, place, reading)
        except AuthError:
            raise
        except ScopeError as error:
            self._deny(watch, error)
            return
        except H444Error as error:
            if isinstance(error, NotFound) and not self._has_answered:
                raise  # these endpoints always exist, so the URL is wrong
            self._note_problem(watch.name, FAILED % (watch.name, error), error)
            return
        self._denied.pop(watch.name, None)
        self._due_at[watch.name] = now + watch.every_seconds
        self._take(watch, reading)
        problem = getattr(reading, "problem", None)
        if problem is None:
            self._note_success(watch.name)
        else:
            self._note_problem(watch.name, FAILED % ("addresses", problem), problem)

    def _take(self, watch: Watch, reading: t.Any) -> None:
        """Derive the changes, and add the wanted ones to what is not sent yet."""
        self._has_answered = True
        now = self._wall_clock()
        state = self._state
        place, changes = watch.derive(state["places"].get(watch.name), reading, self._settings, now)
        state["places"][watch.name] = place
        for change in changes:
            if change.type in self._settings.events:
                event = _changes.event_of(change, state["account"], state["number"], _stamp(now))
                state["number"] += 1
                state["unsent"].append(event)

    # What goes wrong

    def _deny(self, watch: Watch, error: ScopeError) -> None:
        """Leave out what the key must not read. Raises: ScopeError if its events were asked for by name."""
        if self._settings.is_chosen and watch.name not in self._state["places"]:
            raise error
        self._denied[watch.name] = error
        self._due_at[watch.name] = self._clock() + DENIED_SECONDS
        events = ", ".join(event for event in watch.events if event in self._settings.events)
        self._note_problem(watch.name, "There are no events %s for now: %s" % (events, error), error)

    def _check_any_allowed(self) -> None:
        """Check that the key may read anything at all. Raises: ScopeError."""
        if len(self._denied) == len(self._watches):
            raise next(iter(self._denied.values()))

    def _note_problem(self, name: str, text: str, error: H444Error) -> None:
        """Tell a problem once, until it is one of another kind or gone."""
        kind = "%s %s" % (type(error).__name__, error.facts.get("status"))
        if self._problems.get(name) != kind:
            self._problems[name] = kind
            self._tell(WARNING, text)

    def _note_success(self, name: str) -> None:
        if self._problems.pop(name, None) is not None:
            self._tell(INFO, "Reading the %s works again." % name if name != "key" else "The key works again.")


def _stamp(seconds: float) -> str:
    found = datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds")
    return found.replace("+00:00", "Z")
