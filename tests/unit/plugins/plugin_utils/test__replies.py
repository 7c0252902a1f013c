# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a worker keeps: which replies may answer a later item of the loop, and when they are dropped."""

from __future__ import annotations

import os
import typing as t

import pytest
import requests

from ansible_collections.h444.cloud.plugins.module_utils._api import Answer
from ansible_collections.h444.cloud.plugins.module_utils._client import Client
from ansible_collections.h444.cloud.plugins.module_utils._endpoint import ALWAYS, Endpoint
from ansible_collections.h444.cloud.plugins.module_utils._errors import NotFound
from ansible_collections.h444.cloud.plugins.plugin_utils._replies import (
    MOST_PLACES,
    MOST_SECONDS,
    SETTLE_SECONDS,
    KeepingClient,
    Torn,
    Worker,
    this_worker,
)

KEY = "h444_test_key_0000000000000001"
LIST = Endpoint("GET", "/vps", "vps:read", ALWAYS)
ONE = Endpoint("GET", "/vps/{id}", "vps:read", ALWAYS)
WRITE = Endpoint("PATCH", "/vps/{id}", "vps:write", ALWAYS)


class Clock:
    """A clock that is set by hand."""

    now = 1000.0
    pause = 0.0
    """how long a reply takes"""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Set the clock of the clients."""
    clock = Clock()
    monkeypatch.setattr(Client, "now", lambda _self: clock.now)
    return clock


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> list[str]:
    """Note what is sent; each answer has a number of its own."""
    sent: list[str] = []

    def request(self: Client, endpoint: Endpoint, **how: t.Any) -> Answer:
        self.sent_at = clock.now
        clock.now += clock.pause
        sent.append("%s %s %s" % (endpoint.method, endpoint.path, how.get("ids") or how.get("query") or ""))
        if how.get("ids") == {"id": "gone"}:
            raise NotFound("It is gone.")
        return Answer(200, {"number": len(sent), "rows": []}, {"date": "now"})

    monkeypatch.setattr(Client, "request", request)
    return sent


def client(worker: Worker, key: str = KEY, may_recall: bool = True, **options: t.Any) -> KeepingClient:
    """Open the client of one task."""
    made = KeepingClient(
        "http://127.0.0.1:9/v1", key, pacer=t.cast(t.Any, None), worker=worker, may_recall=may_recall, **options
    )
    made.recall()
    return made


def number(answer: Answer) -> int:
    """Return which answer it is."""
    return answer.body["number"]


def test_a_later_task_takes_the_reply_of_an_earlier_one(sent: list[str]) -> None:
    worker = Worker()
    assert number(client(worker).request(LIST)) == 1
    later = client(worker)
    assert number(later.request(LIST)) == 1 and later.refresh() is True
    assert sent == ["GET /vps "]


def test_a_task_that_reads_twice_reads_anew(sent: list[str]) -> None:
    """It waits for something, so the reply of before would never end that."""
    worker = Worker()
    first = client(worker)
    assert [number(first.request(LIST)), number(first.request(LIST))] == [1, 2]
    later = client(worker)
    assert [number(later.request(LIST)), number(later.request(LIST))] == [2, 3]


def test_after_a_refresh_all_is_new(sent: list[str]) -> None:
    worker = Worker()
    for _task in range(2):
        task = client(worker)
        task.request(LIST)
        task.request(ONE, ids={"id": "1"})
        del sent[:-2]
    later = client(worker)
    later.request(LIST)
    assert later.refresh() is True and later.refresh() is False
    later.request(ONE, ids={"id": "1"})
    assert sent[2:] == ["GET /vps/{id} {'id': '1'}"] and later.refresh() is False


@pytest.mark.parametrize(("age", "is_new"), [(0, False), (MOST_SECONDS, False), (MOST_SECONDS + 0.1, True)])
def test_a_reply_is_used_for_ten_seconds(sent: list[str], clock: Clock, age: float, is_new: bool) -> None:
    worker = Worker()
    client(worker).request(LIST)
    clock.now += age
    later = client(worker)
    later.request(LIST)
    assert (len(sent) == 2) is is_new and later.refresh() is not is_new


def test_a_reply_is_as_old_as_its_request(sent: list[str], clock: Clock) -> None:
    """What a slow reply shows was so when the API began with it."""
    worker = Worker()
    clock.pause = 8.0
    client(worker).request(LIST)
    clock.now += 3.0
    assert number(client(worker).request(LIST)) == 2


def test_all_pages_are_of_one_reading(sent: list[str], clock: Clock) -> None:
    worker = Worker()
    first = client(worker)
    for page in (1, 2):
        first.request(LIST, query={"page": page})
        clock.now += 6.0
    later = client(worker)
    assert [number(later.request(LIST, query={"page": page})) for page in (1, 2)] == [3, 4], "page 1 is too old"
    clock.now += MOST_SECONDS
    last = client(worker)
    assert number(last.request(LIST, query={"page": 1})) == 3
    clock.now += 0.1
    assert number(last.request(LIST, query={"page": 2})) == 4 and len(sent) == 4


def test_half_a_list_is_not_completed(sent: list[str]) -> None:
    """The task that read its first page has failed at the second."""
    worker = Worker()
    client(worker).request(LIST, query={"page": 1})
    later = client(worker)
    later.request(LIST, query={"page": 1})
    with pytest.raises(Torn):
        later.request(LIST, query={"page": 2})
    assert later.refresh() is True
    assert [number(later.request(LIST, query={"page": page})) for page in (1, 2)] == [2, 3]
    last = client(worker)
    assert [number(last.request(LIST, query={"page": page})) for page in (1, 2)] == [2, 3]


@pytest.mark.parametrize("endpoint", [LIST, ONE])
def test_only_the_same_request_is_the_same(sent: list[str], endpoint: Endpoint) -> None:
    worker = Worker()
    first, later = client(worker), client(worker)
    first.request(endpoint, ids={"id": "1"}, query={"page": 1})
    for how in (
        {"ids": {"id": "2"}, "query": {"page": 1}},
        {"ids": {"id": "1"}},
        {"ids": {"id": "1"}, "query": {"page": 2}},
    ):
        later = client(worker)
        later.request(endpoint, **how)
        assert later.refresh() is False


def test_a_write_drops_everything_also_for_this_task(sent: list[str]) -> None:
    worker = Worker()
    client(worker).request(LIST)
    writer = client(worker)
    writer.request(WRITE, ids={"id": "1"})
    assert number(writer.request(LIST)) == 3 and writer.refresh() is False
    later = client(worker)
    assert number(later.request(LIST)) == 4, "what is read after a write may still be changing"


@pytest.mark.parametrize(("seconds", "is_kept"), [(0, False), (SETTLE_SECONDS, False), (SETTLE_SECONDS + 0.1, True)])
def test_what_is_read_soon_after_a_write_is_not_kept(
    sent: list[str], clock: Clock, seconds: float, is_kept: bool
) -> None:
    """A list may not show the change yet, but may in a moment."""
    worker = Worker()
    client(worker).request(WRITE, ids={"id": "1"})
    clock.now += seconds
    client(worker).request(LIST)
    client(worker).request(LIST)
    assert len(sent) == (2 if is_kept else 3)


def test_a_write_with_another_key_drops_everything_too(sent: list[str]) -> None:
    """Two keys may belong to one account."""
    worker = Worker()
    client(worker).request(LIST)
    client(worker, key=KEY + "2").request(WRITE, ids={"id": "1"})
    assert number(client(worker).request(LIST)) == 3


def test_a_failed_write_drops_everything(sent: list[str]) -> None:
    worker = Worker()
    client(worker).request(LIST)
    with pytest.raises(NotFound):
        client(worker).request(WRITE, ids={"id": "gone"})
    assert number(client(worker).request(LIST)) == 3


def test_a_failed_read_is_not_kept(sent: list[str]) -> None:
    worker = Worker()
    for _task in range(2):
        with pytest.raises(NotFound):
            client(worker).request(ONE, ids={"id": "gone"})
    assert len(sent) == 2


@pytest.mark.parametrize("other", [{"key": KEY + "2"}, {"validate_certs": False}])
def test_another_key_or_trust_has_replies_and_a_session_of_its_own(sent: list[str], other: dict[str, t.Any]) -> None:
    worker = Worker()
    first, second = client(worker), client(worker, **other)
    first.request(LIST)
    second.request(LIST)
    assert len(sent) == 2 and first._transport._session is not second._transport._session
    assert client(worker)._transport._session is first._transport._session


def test_another_environment_has_a_session_of_its_own(sent: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies and certificates come from there."""
    worker = Worker()
    first = client(worker)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert client(worker)._transport._session is not first._transport._session


def test_a_task_begins_without_cookies() -> None:
    """The one before may have got some, from a proxy in between. A module would not have them."""
    worker = Worker()
    session = client(worker)._transport._session
    session.cookies.set("route", "a")
    assert client(worker)._transport._session is session and not list(session.cookies)


def test_a_loop_with_many_keys_keeps_few_places(sent: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them is an open connection, and a process may have only so many."""
    worker, closed = Worker(), []

    def close(session: requests.Session) -> None:
        closed.append(session)

    monkeypatch.setattr(requests.Session, "close", close)
    sessions = []
    for customer in range(2 * MOST_PLACES):
        first = client(worker, f"{KEY}{customer}")
        first.request(LIST)
        sessions.append(first._transport._session)
        client(worker, f"{KEY}0").request(LIST)  # one that is used again and again stays
    assert closed == sessions[1 : MOST_PLACES + 1] and len(sent) == 2 * MOST_PLACES
    assert client(worker, f"{KEY}0")._transport._session is sessions[0]
    client(worker, f"{KEY}1").request(LIST)
    assert len(sent) == 2 * MOST_PLACES + 1


def test_without_recall_nothing_is_taken_and_nothing_kept(sent: list[str]) -> None:
    """That is how info modules read, and every task where reuse is switched off."""
    worker = Worker()
    client(worker, may_recall=False).request(LIST)
    client(worker).request(LIST)
    info = KeepingClient("http://127.0.0.1:9/v1", KEY, pacer=t.cast(t.Any, None), worker=worker, may_recall=True)
    assert number(info.request(LIST)) == 3
    assert number(client(worker, may_recall=False).request(LIST)) == 4
    assert number(client(worker).request(LIST)) == 2


def test_a_twin_recalls_and_keeps_nothing_but_its_writes_count(sent: list[str], clock: Clock) -> None:
    worker = Worker()
    first = client(worker)
    first.request(LIST)
    later = client(worker)
    twin = later.twin()
    assert number(twin.request(LIST)) == 2 and number(client(worker).request(LIST)) == 1
    assert twin.refresh() is False
    twin.request(WRITE, ids={"id": "1"})
    assert number(client(worker).request(LIST)) == 4 and worker.settled_at > clock.now


def test_nobody_can_change_what_is_kept(sent: list[str]) -> None:
    worker = Worker()
    client(worker).request(LIST).body["rows"].append("changed")
    client(worker).request(LIST).body["rows"].append("changed")
    assert client(worker).request(LIST).body["rows"] == []


def test_a_further_attempt_at_an_item_reads_anew(sent: list[str]) -> None:
    worker = Worker()
    seen = []
    for item, is_repeated in (("a", True), ("b", True), ("b", True), ("a", True), ("a", False), ("a", False)):
        worker.begin(item, is_repeated)
        seen.append(number(client(worker).request(LIST)))
    assert seen == [1, 1, 2, 2, 2, 2]


def test_a_forked_process_begins_with_nothing(sent: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    worker = this_worker()
    client(worker).request(LIST)
    assert this_worker() is worker
    monkeypatch.setattr(os, "getpid", lambda: worker.pid + 1)
    assert this_worker() is not worker and number(client(this_worker()).request(LIST)) == 2


def test_closing_forgets_connections_and_replies(sent: list[str]) -> None:
    worker = Worker()
    first = client(worker)
    first.request(LIST)
    worker.close()
    later = client(worker)
    later.request(LIST)
    assert len(sent) == 2 and later._transport._session is not first._transport._session
