# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a worker keeps from one item of a loop to the next: connections, and what it read a moment ago.

A worker is the process that ansible-core forks for one task on one host, with all items of its loop. Nothing of this
outlives it, and nothing is written to disk.
"""

from __future__ import annotations

import json
import math
import os
import pickle
import typing as t

from ansible_collections.h444.cloud.plugins.module_utils._api import Answer
from ansible_collections.h444.cloud.plugins.module_utils._client import Client
from ansible_collections.h444.cloud.plugins.module_utils._endpoint import Endpoint
from ansible_collections.h444.cloud.plugins.module_utils._errors import H444Error
from ansible_collections.h444.cloud.plugins.module_utils._transport import new_session

MOST_SECONDS = 10.0
"""how old a reply may be that decides that nothing is to be done"""
SETTLE_SECONDS = 10.0
"""how long after a write of this worker nothing is kept: what was written may show later in a list than in another"""
MOST_PLACES = 8
"""how many places a worker keeps: each has an open connection, and each item of a loop may have a key of its own"""


class Torn(H444Error):
    """A part of what is read is from an earlier task, and the rest is not there. The plan has to be made again."""


class Reading(t.NamedTuple):
    """What a task read of one list or resource: its pages, packed so that nobody can change them.

    *sent_at*: when the first of them was asked for.
    """

    sent_at: float
    pages: dict[str, bytes]


class Worker:
    """The connections and readings of this process. Each belongs to one URL, key and environment."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._sessions: dict[t.Hashable, t.Any] = {}
        self._readings: dict[t.Hashable, dict[str, Reading]] = {}
        self._item: str | None = None
        self.settled_at = -math.inf
        """when what was written shows in every list, by the clock of the client"""

    def begin(self, item: str, is_repeated: bool) -> None:
        """Begin an item of the loop. A further attempt of ``until`` at the same item reads everything anew."""
        if is_repeated and item == self._item:
            self.drop()
        self._item = item

    def session(self, place: t.Hashable) -> t.Any:
        """Return the one keep-alive session for a place. The place that was used longest ago may have to go."""
        session = self._sessions.pop(place, None) or new_session()
        self._sessions[place] = session
        session.cookies.clear()  # a module begins without those of the one before
        if len(self._sessions) > MOST_PLACES:
            oldest = next(iter(self._sessions))
            self._sessions.pop(oldest).close()
            self._readings.pop(oldest, None)
        return session

    def readings(self, place: t.Hashable) -> dict[str, Reading]:
        """Return what was read there last, by path."""
        return self._readings.setdefault(place, {})

    def drop(self) -> None:
        """Forget every reply."""
        self._readings.clear()

    def written(self, now: float) -> None:
        """Forget every reply, and keep none until what may have been written shows everywhere."""
        self.drop()
        self.settled_at = now + SETTLE_SECONDS

    def close(self) -> None:
        """Forget everything."""
        self.drop()
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()


_workers: list[Worker] = []


def this_worker() -> Worker:
    """Return what this process keeps; a process that was forked from another begins with nothing."""
    if not _workers or _workers[0].pid != os.getpid():
        _workers[:] = [Worker()]
    return _workers[0]


class KeepingClient(Client):
    """A client that shares its connection with the other items of the loop, and what they read if that may be.

    A reply of an earlier item answers at most once in a task, so that a task that waits sees time pass. All pages of a
    list are of one reading: a row that moves between two pages meanwhile would be on neither. After a write nothing
    that was read before is used, and nothing that is read soon after is kept: a resource may still be changing.
    """

    def __init__(
        self, api_url: str, api_key: str | None, *, worker: Worker, may_recall: bool, **options: t.Any
    ) -> None:
        # Proxies and certificates come from the environment, which a task can change.
        trust = (options.get("validate_certs"), options.get("ca_path"), frozenset(os.environ.items()))
        self._place = (api_url, api_key, trust)
        super().__init__(api_url, api_key, session=worker.session(self._place), **options)
        self._worker = worker
        self._may_recall = may_recall
        self._keeps = False
        self._earlier: dict[str, Reading] = {}
        self._recalled: dict[str, set[str]] = {}
        self._own: dict[str, Reading] = {}

    def twin(self) -> KeepingClient:
        """Return a client for another thread, which recalls and keeps nothing; what it writes counts for the worker."""
        other = t.cast(KeepingClient, super().twin())
        other._keeps, other._earlier, other._recalled, other._own = False, {}, {}, {}
        return other

    def recall(self) -> None:
        """Accept the replies of earlier tasks of this worker, and keep this task's for later ones."""
        if self._may_recall:
            self._earlier = dict(self._worker.readings(self._place))
            self._keeps = True

    def refresh(self) -> bool:
        """Read everything anew. Returns whether a reply of an earlier task was used."""
        self._earlier.clear()
        has_recalled = bool(self._recalled)
        self._recalled.clear()
        return has_recalled

    def request(self, endpoint: Endpoint, **how: t.Any) -> Answer:
        """Send a request, or take the answer of an earlier task; see Client.request. Raises: also Torn."""
        if endpoint.method != "GET":
            return self._write(endpoint, **how)
        what, page = json.dumps([endpoint.path, how.get("ids")]), json.dumps(how.get("query") or None, default=str)
        packed = self._recall_page(what, page)
        if packed is not None:
            return pickle.loads(packed)
        answer = super().request(endpoint, **how)
        if self._keeps and self.sent_at > self._worker.settled_at:
            self._keep_page(what, page, answer)
        return answer

    def _write(self, endpoint: Endpoint, **how: t.Any) -> Answer:
        self._earlier.clear()
        try:
            return super().request(endpoint, **how)
        finally:
            self._worker.written(self.now())

    def _recall_page(self, what: str, page: str) -> bytes | None:
        """Return a page that an earlier task read, None if it has to be read now. Raises: Torn."""
        earlier, recalled = self._earlier.get(what), self._recalled.get(what, set())
        if earlier is None:
            return None
        is_fit = bool(recalled) or self.now() - earlier.sent_at <= MOST_SECONDS
        if page in recalled or not is_fit or not (recalled or page in earlier.pages):
            del self._earlier[what]
            return None
        if page not in earlier.pages:
            raise Torn("The pages of a list are from two readings. Nothing was changed. Run the task again.")
        self._recalled[what] = {*recalled, page}
        return earlier.pages[page]

    def _keep_page(self, what: str, page: str, answer: Answer) -> None:
        """Keep a page for later tasks; one that was read before begins a new reading."""
        own = self._own.get(what)
        if own is None or page in own.pages:
            own = self._own[what] = Reading(self.sent_at, {})
        self._worker.readings(self._place)[what] = own
        own.pages[page] = pickle.dumps(answer._replace(headers=dict(answer.headers)))
