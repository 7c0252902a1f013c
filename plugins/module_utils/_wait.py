# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Wait until a resource has the status that an action leads to."""

from __future__ import annotations

import typing as t

from ._api import Api, Params, Row
from ._converge import Progress
from ._errors import BadOption, NotReached
from ._names import clean, shown
from ._plan import Action
from ._status import TERMINATED, is_gone, spelling

POLL_SECONDS = 1.0
POLL_CAP_SECONDS = 15.0
STATES_KEPT = 3
# Words for a resource that is changing to another state without further requests.
IN_MOTION = frozenset(
    {
        "starting",
        "booting",
        "stopping",
        "halting",
        "shutting_down",
        "powering_on",
        "powering_off",
        "rebooting",
        "restarting",
        "suspending",
        "unsuspending",
        "resuming",
        "activating",
        "migrating",
        "processing",
        "in_progress",
        "updating",
    }
)


def check_timeout(params: Params) -> None:
    """Refuse a negative timeout. Raises: BadOption.

    It also limits the request of an order, whose passwords would be lost.
    """
    if params["wait_timeout"] < 0:
        raise BadOption("wait_timeout: must not be negative. Nothing was sent.")


def wait_for(
    api: Api,
    action: Action,
    progress: Progress,
    read: t.Callable[[], t.Optional[Row]],
    known: t.Container[str],
    row: Row | None = None,
) -> Row | None:
    """Read a resource until its status is one of ``action.until``; return its row, None after a removal.

    *known*: the words that continue the wait; any other word ends it with a warning. *row*: the resource as it was read
    last, if it has not been changed since.
    Units: the pause between two reads grows from 1 to 15 s. Raises: NotReached, with the last states seen.
    """
    waiting = Wait(action, progress, known, api.now())
    if row is None or row["status"] is None:
        row = read()
    while not waiting.is_over(row, api.now()):
        api.sleep(waiting.pause_seconds)
        row = read()
    return None if row is None or is_gone(row) else row


class Wait:
    """One wait for a status. It reads nothing, and knows no clock: both are handed to it."""

    def __init__(
        self, action: Action, progress: Progress, known: t.Container[str], now: float, what: str | None = None
    ) -> None:
        """*what*: what the wait is for, in a message; by default the action and its target."""
        self.action = action
        self._what = clean(str(action)) if what is None else what
        self.pause_seconds = 0.0
        """how long to pause before the next reading"""
        self._progress = progress
        self._known = known
        self._started = now
        self._seen: list[str] = []

    def is_over(self, row: Row | None, now: float) -> bool:
        """Return whether a reading ends the wait. None is a resource that does not exist. Raises: NotReached."""
        action, progress = self.action, self._progress
        if row is None or is_gone(row):
            if TERMINATED in action.until:
                return True
            raise NotReached("%s: it no longer exists." % self._what, states_seen=[*self._seen, TERMINATED])
        progress.after = row
        status = row["status"]
        if status in action.until or _is_pointless(status, action, progress, self._known):
            return True
        self._seen = _with_state(self._seen, status)
        pause = min(self.pause_seconds * 1.5, POLL_CAP_SECONDS) or POLL_SECONDS
        if now - self._started + pause > progress.params["wait_timeout"]:
            raise _not_reached(self._what, action, status, now - self._started, self._seen)
        self.pause_seconds = pause
        return False


def _with_state(seen: list[str], status: str | None) -> list[str]:
    """Add a state to the last seen ones, if it differs."""
    return (seen + [status])[-STATES_KEPT:] if status and seen[-1:] != [status] else seen


def _is_pointless(status: str | None, action: Action, progress: Progress, known: t.Container[str]) -> bool:
    """Return whether waiting is pointless, with a warning: the status is missing or unknown."""
    if status is None and TERMINATED not in action.until:
        progress.warn("The API does not return the status of %s, so the task did not wait." % shown(action.target))
        return True
    if status is None or status in known or spelling(status) in IN_MOTION:
        return False
    progress.warn(
        "The API returns the unknown status %s for %s, so the task did not wait until it is %s."
        % (shown(status), shown(action.target), " or ".join(action.until))
    )
    return True


def _not_reached(
    what: str, action: Action, status: str | None, waited_seconds: float, seen: t.Sequence[str]
) -> NotReached:
    """Return the error for a wait that took too long."""
    return NotReached(
        "%s: after %d s the status is %s instead of %s (seen: %s). Increase wait_timeout, or check the panel. It is "
        "safe to run the task again."
        % (
            what,
            waited_seconds,
            clean(str(status), 40),
            " or ".join(action.until),
            ", ".join(clean(item, 40) for item in seen),
        ),
        states_seen=list(seen),
    )
