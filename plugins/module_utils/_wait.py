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
    started, pause, seen = api.now(), POLL_SECONDS, []  # type: float, float, list[str]
    if row is None or row["status"] is None:
        row = read()
    while row is not None and not is_gone(row):
        progress.after = row
        status = row["status"]
        if status in action.until or _is_pointless(status, action, progress, known):
            return row
        seen = _with_state(seen, status)
        waited = api.now() - started
        if waited + pause > progress.params["wait_timeout"]:
            raise _not_reached(action, status, waited, seen)
        api.sleep(pause)
        pause = min(pause * 1.5, POLL_CAP_SECONDS)
        row = read()
    if TERMINATED in action.until:
        return None
    raise NotReached("%s: it no longer exists." % clean(str(action)), states_seen=[*seen, TERMINATED])


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


def _not_reached(action: Action, status: str | None, waited_seconds: float, seen: t.Sequence[str]) -> NotReached:
    """Return the error for a wait that took too long."""
    return NotReached(
        "%s: after %d s the status is %s instead of %s (seen: %s). Increase wait_timeout, or check the panel. It is "
        "safe to run the task again."
        % (
            clean(str(action)),
            waited_seconds,
            clean(str(status), 40),
            " or ".join(action.until),
            ", ".join(clean(item, 40) for item in seen),
        ),
        states_seen=list(seen),
    )
