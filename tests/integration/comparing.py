# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares two plays of the same tasks: once in the controller's process, once with modules that run by themselves.

Two simulators that get the same requests give the same ids, addresses and passwords, so all of these are compared as
they are. What differs by nature is replaced in both plays, and by a word, so that it is still compared where it stands:
the simulator's address, the play's folder, points in time since the play began, of which the form is kept, and the
lines of code that led to a failure.
"""

from __future__ import annotations

import collections
import fnmatch
import json
import re
import typing as t
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path

IN_PROCESS, AS_MODULE = "in process", "as a module"
# What -vvv says where the module runs in the controller's process.
WAY = "in the controller's process"
STAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?")
FRAME = re.compile(r'^  File ".*", line \d+, in ', re.MULTILINE)
# The core's id of a task, which ends with a number that it counts up.
CORE_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-0000[0-9a-f]{8}")
RANDOM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
# A target moves the simulator's clock by days at most, and what is bought lasts for years.
YEARS_SECONDS = 12 * 366 * 86400
# A play and its simulator are a moment older than what is noted as the beginning.
MOMENT_SECONDS = 5
# Of these, whether it was well: what they read is the simulator's journal and its state, which are compared by
# themselves, and what they write has names that are made by chance.
ASIDE = tuple(f"ansible.builtin.{name}" for name in ("uri", "command", "stat", "copy"))
# The core's note that it has read the output of a module, which ansible-core 2.22 leaves in what is registered.
# On 2.18 it is in the failed result that a rescue sees.
PARSED = ("ansible_parsed", "_ansible_parsed")
# How long a delivery of the simulator took.
DURATIONS = ("latency_ms", "duration_ms")
# While it waits, it reads a list and goes on with what is ready: how often and when depends on the time that all takes.
WAITING = "h444.cloud.h444_vps_fleet"
# When the requests of a key were sent, for the rate limit: the requests themselves are compared.
NOT_COMPARED = ("sent_at",)


class Play(t.NamedTuple):
    """What is known of one play."""

    code: int
    events: list[dict[str, t.Any]]
    state: dict[str, t.Any]
    began: float
    words: dict[str, str]
    """What differs by nature, and by which word it is replaced."""


class Difference(t.NamedTuple):
    """Something that is not the same in both plays; *place* is the task and the path of the value."""

    place: str
    in_process: t.Any
    as_module: t.Any

    def __str__(self) -> str:
        return f"{self.place}\n    {IN_PROCESS}: {_short(self.in_process)}\n    {AS_MODULE}: {_short(self.as_module)}"


def _short(value: t.Any) -> str:
    text = value if isinstance(value, Missing) else json.dumps(value, default=str)
    return str(text) if len(str(text)) <= 500 else f"{str(text)[:500]}…"


class Missing:
    """Stands for what is not there."""

    def __str__(self) -> str:
        return "(nothing)"


MISSING = Missing()


def random_keys(events: list[dict[str, t.Any]]) -> dict[str, str]:
    """Number the keys that are made by chance, those of reinstalls, in the order in which they were sent first.

    The key of an order is made of what is ordered, so it has to be the same in both plays.
    """
    sent = (one for event in events if event["event"] == "requests" for one in event["requests"])
    keys = [one["headers"].get("idempotency-key", "") for one in sent if one["path"].endswith("/reinstall")]
    return {key: f"<key {number}>" for number, key in enumerate(dict.fromkeys(keys)) if RANDOM.fullmatch(key)}


def read_events(file: Path) -> list[dict[str, t.Any]]:
    """Read what was recorded."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


# What differs by nature


def neutral(value: t.Any, play: Play) -> t.Any:
    """Replace what differs by nature, at any depth."""
    if isinstance(value, dict):
        return {
            neutral(name, play): f"<{type(item).__name__}: a duration>" if name in DURATIONS else neutral(item, play)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [neutral(item, play) for item in value]
    if isinstance(value, str):
        if CORE_ID.fullmatch(value):
            return "<an id of the core>"
        return "<the way to a failure>" if FRAME.search(value) else _neutral_text(value, play)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        for scale in (1, 1000):
            if _is_since(value / scale, play):
                return f"<{type(value).__name__}: a time>"
    return value


def _is_since(seconds: float, play: Play) -> bool:
    return -MOMENT_SECONDS <= seconds - play.began <= YEARS_SECONDS


def _neutral_text(text: str, play: Play) -> str:
    for word, neutral_word in play.words.items():
        text = text.replace(word, neutral_word)

    def neutral_stamp(found: re.Match[str]) -> str:
        moment = datetime.fromisoformat(found.group().replace("Z", "+00:00"))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        return re.sub(r"\d", "9", found.group()) if _is_since(moment.timestamp(), play) else found.group()

    def neutral_date(found: re.Match[str]) -> str:
        return "<a date>" if _is_since(parsedate_to_datetime(found.group()).timestamp(), play) else found.group()

    return HTTP_DATE.sub(neutral_date, STAMP.sub(neutral_stamp, text))


# Values


def differences_of(in_process: t.Any, as_module: t.Any, place: str) -> t.Iterator[Difference]:
    """Compare two values with their types, the order of lists and the order of keys."""
    if type(in_process) is not type(as_module):
        yield Difference(place, in_process, as_module)
    elif isinstance(in_process, dict):
        for name in [*in_process, *(name for name in as_module if name not in in_process)]:
            ours, theirs = in_process.get(name, MISSING), as_module.get(name, MISSING)
            if name in PARSED and ours is MISSING and theirs is True:
                continue
            yield from differences_of(ours, theirs, f"{place}.{name}")
        # The core makes the result of a task with no_log from a set.
        is_ordered = "censored" not in in_process
        names = [[name for name in row if name not in PARSED] for row in (in_process, as_module)]
        if is_ordered and set(names[0]) == set(names[1]) and names[0] != names[1]:
            yield Difference(f"{place} (order of keys)", *names)
    elif isinstance(in_process, list):
        for number in range(max(len(in_process), len(as_module))):
            ours, theirs = (rows[number] if number < len(rows) else MISSING for rows in (in_process, as_module))
            yield from differences_of(ours, theirs, f"{place}[{number}]")
    elif in_process != as_module:
        yield Difference(place, in_process, as_module)


# Requests


def _is_read(request: dict[str, t.Any]) -> bool:
    return request["method"] == "GET"


def _counted(requests: t.Iterable[dict[str, t.Any]]) -> collections.Counter[str]:
    return collections.Counter(json.dumps(request, sort_keys=True) for request in requests)


def differences_of_requests(
    in_process: list[dict[str, t.Any]], as_module: list[dict[str, t.Any]], place: str, *, is_loop: bool
) -> t.Iterator[Difference]:
    """Compare the requests of a task. In a loop in process, an item may take what an earlier one has read.

    Then it reads less; if its plan has an action or a refusal, it reads everything once more, which an earlier item may
    not have read.
    """
    if not is_loop:
        yield from differences_of(in_process, as_module, f"{place}: requests")
        return
    writes = ([one for one in requests if not _is_read(one)] for requests in (in_process, as_module))
    yield from differences_of(*writes, f"{place}: writes")
    ours, theirs = (_counted(filter(_is_read, requests)) for requests in (in_process, as_module))
    more = ours - theirs - theirs
    if more:
        yield Difference(f"{place}: reads", sorted(more.elements()), MISSING)


def differences_of_waiting(
    in_process: list[dict[str, t.Any]], as_module: list[dict[str, t.Any]], place: str
) -> t.Iterator[Difference]:
    """Compare the requests of a task that works on many servers: what it writes, and what it reads at all."""
    for name, is_wanted in (("writes", False), ("reads", True)):
        found = [
            _counted(one for one in requests if _is_read(one) is is_wanted) for requests in (in_process, as_module)
        ]
        ours, theirs = (set(counted) if is_wanted else counted for counted in found)
        if ours != theirs:
            yield Difference(f"{place}: {name}", sorted(found[0]), sorted(found[1]))


# Plays


def _place(event: dict[str, t.Any]) -> str:
    return f"{event.get('task', event['event'])} ({event.get('line', '')})"


def _events_to_compare(play: Play) -> list[dict[str, t.Any]]:
    """Give the events of a play, without those that stand beside the results."""
    return [event for event in play.events if event["event"] not in ("requests", "message", "stats")]


def _compared(event: dict[str, t.Any]) -> dict[str, t.Any]:
    """Give what is compared of an event: of a task beside those that are tested, whether it was well."""
    if event["action"] not in ASIDE:
        return event
    found = {name: value for name, value in event.items() if name not in ("result", "summaries")}
    return {**found, "variables": sorted(event["variables"])} if "variables" in event else found


def _requests_by_task(play: Play) -> list[tuple[dict[str, t.Any], list[dict[str, t.Any]]]]:
    """Give the requests of each task of a play, in the order of the tasks."""
    found = []
    for event in play.events:
        if event["event"] == "requests":
            rows = [{name: value for name, value in row.items() if name != "at"} for row in event["requests"]]
            found.append((event, rows))
    return found


def messages(play: Play) -> collections.Counter[str]:
    """Count the warnings and errors that a play shows. Where their lines are broken is no matter."""
    words = {_without_spaces(word): _without_spaces(neutral_word) for word, neutral_word in play.words.items()}
    shown = play._replace(words=words)
    texts = (event["text"] for event in play.events if event["event"] == "message")
    return collections.Counter(_neutral_text(_without_spaces(text), shown) for text in texts)


def _without_spaces(text: str) -> str:
    return re.sub(r"\s", "", text)


def all_differences(in_process: Play, as_module: Play) -> t.Iterator[Difference]:
    """Compare two plays."""
    yield from differences_of(in_process.code, as_module.code, "exit code")
    plays = (in_process, as_module)
    events = [[neutral(_compared(event), play) for event in _events_to_compare(play)] for play in plays]
    heads = [[f"{_place(event)}: {event['event']}" for event in rows] for rows in events]
    if heads[0] != heads[1]:
        yield from differences_of(*heads, "what happened, in order")
    else:
        for ours, theirs in zip(*events):
            yield from differences_of(ours, theirs, f"{_place(ours)}: {ours['event']}")
    requests = [[neutral(list(one), play) for one in _requests_by_task(play)] for play in plays]
    tasks = [[_place(event) for event, _rows in rows] for rows in requests]
    if tasks[0] != tasks[1]:
        yield from differences_of(*tasks, "tasks that sent requests")
    else:
        for (event, ours), (_event, theirs) in zip(*requests):
            if event["action"] == WAITING:
                yield from differences_of_waiting(ours, theirs, _place(event))
            else:
                yield from differences_of_requests(ours, theirs, _place(event), is_loop=event["is_loop"])
    stats = [[event["summary"] for event in play.events if event["event"] == "stats"] for play in plays]
    yield from differences_of(*stats, "summary")
    yield from differences_of(*(dict(sorted(messages(play).items())) for play in plays), "messages shown")
    states = (
        neutral({name: item for name, item in play.state.items() if name not in NOT_COMPARED}, play) for play in plays
    )
    yield from differences_of(*states, "account")


def compare(in_process: Play, as_module: Play, but: t.Mapping[str, str] | None = None) -> list[Difference]:
    """List what is not the same in two plays, *but* what these patterns of places allow, each with its reason."""
    return [
        difference
        for difference in all_differences(in_process, as_module)
        if not any(fnmatch.fnmatchcase(difference.place, pattern) for pattern in but or {})
    ]
