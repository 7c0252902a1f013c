# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The comparison of two plays notices what is not the same, and replaces only what differs by nature."""

from __future__ import annotations

import copy
import typing as t

import pytest

from ansible_collections.h444.cloud.tests.integration.comparing import (
    Play,
    compare,
    messages,
    neutral,
    random_keys,
)

BEGAN = 1_800_000_000.0  # 2027-01-15T08:00:00Z
TASK = {"task": "Order", "line": "main.yml:5", "action": "h444.cloud.h444_vps", "is_loop": False}
GET = {"method": "GET", "path": "/vps", "query": {}, "headers": {"user-agent": "h444.cloud"}, "body": None, "at": 1.0}
POST = {**GET, "method": "POST", "body": {"label": "web-1"}, "headers": {**GET["headers"], "idempotency-key": "k"}}
VPS = {"id": "1001", "label": "web-1", "ips": [{"ip": "192.0.2.10"}], "ready": True, "cpus": 1, "note": None}
RESULT = {"changed": True, "vps": VPS, "actions": ["order web-1"], "warnings": ["It is late."]}
MESSAGE = {"event": "message", "text": "[WARNING]: It is\nlate.\n"}


def events(*, is_loop: bool = False) -> list[dict[str, t.Any]]:
    """Give what is recorded of one task."""
    task = {**TASK, "is_loop": is_loop}
    return [
        {"event": "ok", **task, "result": RESULT, "summaries": {"exception": None}},
        {"event": "requests", **task, "requests": [GET, GET, POST]},
        {"event": "variables", **task, "variables": {"r": {"<marks>": ["Origin"], "<value>": "web-1"}}},
        MESSAGE,
        {"event": "stats", "summary": {"localhost": {"ok": 1}}},
    ]


def play(found: list[dict[str, t.Any]] | None = None, **more: t.Any) -> Play:
    """Make a play of which a copy can be changed."""
    state = {"vps": [copy.deepcopy(VPS)], "sent_at": {}}
    given = {"code": 0, "events": found or events(), "state": state, "began": BEGAN, "words": {}}
    return Play(**copy.deepcopy({**given, **more}))


def places(in_process: Play, as_module: Play) -> list[str]:
    """Name the places that differ."""
    return [difference.place for difference in compare(in_process, as_module)]


def test_equal_plays_have_no_difference() -> None:
    assert places(play(), play()) == []
    assert places(play(), play(state={"vps": [VPS], "sent_at": {"key": [1.0]}})) == []


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        ("vps", "cpus", "1"),
        ("vps", "cpus", 1.0),
        ("vps", "cpus", True),
        ("vps", "ready", 1),
        ("vps", "id", 1001),
        ("vps", "id", "1002"),
        ("vps", "note", ""),
        ("vps", "note", "None"),
        ("vps", "ips", {"ip": "192.0.2.10"}),
        ("vps", "ips", [{"ip": "192.0.2.11"}]),
        ("vps", "ips", []),
        ("", "actions", ["order web-1", "start web-1"]),
        ("", "warnings", ["It is late.", "It is late."]),
        ("", "exception", "Traceback"),
        ("", "invocation", {"module_args": {}}),
        ("", "changed", False),
    ],
)
def test_a_changed_value_or_type_or_a_key_more_is_noticed(path: str, name: str, value: t.Any) -> None:
    """Whichever of the two plays has it."""
    other = play()
    row = other.events[0]["result"]
    (row[path] if path else row)[name] = value
    for pair in ((play(), other), (other, play())):
        found = places(*pair)
        assert found and all(f".{name}" in place for place in found)


def test_a_missing_key_is_noticed_and_another_order_of_keys() -> None:
    other = play()
    del other.events[0]["result"]["vps"]["note"]
    assert places(play(), other) == places(other, play()) == ["Order (main.yml:5): ok.result.vps.note"]
    other = play()
    other.events[0]["result"]["vps"] = dict(reversed(list(VPS.items())))
    assert places(play(), other) == ["Order (main.yml:5): ok.result.vps (order of keys)"]


def test_only_a_module_may_have_the_note_that_its_output_was_read() -> None:
    for value in (True, False, "true"):
        noted = play()
        noted.events[2]["variables"]["r"]["ansible_parsed"] = value
        assert (places(play(), noted) == []) is (value is True)
        assert places(noted, play())


def test_what_the_core_notes_about_a_registered_value_is_compared() -> None:
    """A text of the API that the core would take for a template is no longer the same text."""
    other = play()
    other.events[2]["variables"]["r"]["<marks>"] = ["TrustedAsTemplate"]
    assert places(play(), other) == ["Order (main.yml:5): variables.variables.r.<marks>[0]"]


def test_a_result_more_or_another_verdict_is_noticed() -> None:
    for event in ("failed", "item ok", "retry"):
        assert places(play(), play([{**events()[0], "event": event}, *events()[1:]]))
        assert places(play(), play([{**events()[0], "event": event}, *events()]))
    assert places(play(), play(code=2)) == ["exit code"]
    assert places(play(), play([*events()[:4], {"event": "stats", "summary": {}}]))


@pytest.mark.parametrize("is_loop", [False, True])
@pytest.mark.parametrize(
    "requests",
    [
        [GET, GET, POST, POST],
        [GET, GET],
        [GET, GET, {**POST, "body": {"label": "web-2"}}],
        [GET, GET, {**POST, "headers": GET["headers"]}],
        [GET, GET, {**GET, "path": "/hosting"}, POST],
        [GET, {**GET, "query": {"page": "2"}}, POST],
        [GET, {**GET, "headers": {"user-agent": "another"}}, POST],
        [GET, GET, GET, GET, GET, POST],
    ],
)
def test_other_requests_are_noticed_also_in_a_loop(requests: list[dict[str, t.Any]], is_loop: bool) -> None:
    """A write more or less, another write, another read, and a read more."""
    other = play(events(is_loop=is_loop))
    other.events[1]["requests"] = requests
    assert places(other, play(events(is_loop=is_loop)))


def test_only_a_loop_in_process_may_read_less_or_all_of_it_twice() -> None:
    for is_loop in (False, True):
        other = play(events(is_loop=is_loop))
        for requests in ([GET, POST], [POST], [GET] * 4 + [POST]):
            other.events[1]["requests"] = requests
            assert bool(places(other, play(events(is_loop=is_loop)))) is not is_loop
        assert places(play(events(is_loop=is_loop)), other) or is_loop
        other.events[1]["requests"] = [POST]
        assert places(play(events(is_loop=is_loop)), other)


@pytest.mark.parametrize(
    ("requests", "found"),
    [
        ([POST, GET], []),
        ([GET] * 9 + [POST], []),
        ([GET, GET], ["Work (main.yml:5): writes"]),
        ([GET, POST, POST], ["Work (main.yml:5): writes"]),
        ([POST], ["Work (main.yml:5): reads"]),
        ([GET, {**GET, "path": "/account"}, POST], ["Work (main.yml:5): reads"]),
    ],
)
def test_a_task_that_waits_for_servers_writes_the_same_and_reads_the_same_lists(
    requests: list[dict[str, t.Any]], found: list[str]
) -> None:
    """How often it reads, and when, depends on the time."""
    plays = [play(), play()]
    for one in plays:
        one.events[1].update(task="Work", action="h444.cloud.h444_vps_fleet")
    plays[1].events[1]["requests"] = requests
    assert places(*plays) == found


def test_requests_belong_to_their_task() -> None:
    other = play()
    other.events[1]["task"] = "Start"
    assert places(play(), other) == ["tasks that sent requests[0]"]


def test_a_message_more_is_noticed_and_lines_may_be_broken_elsewhere() -> None:
    assert sum(messages(play()).values()) == 1
    *others, stats = [event for event in events() if event is not MESSAGE]
    for text, is_same in (
        ("[WARNING]: It is late.", True),
        ("[WARNING]: It was late.", False),
        ("[ERROR]: late", False),
    ):
        other = {"event": "message", "text": text}
        assert (places(play(), play([*others, other, stats])) == []) is is_same
        assert places(play(), play([*others, MESSAGE, other, stats]))


def test_another_account_is_noticed() -> None:
    assert places(play(), play(state={"vps": [], "sent_at": {}})) == ["account.vps[0]"]


def test_what_differs_by_nature_is_replaced_and_keeps_its_form() -> None:
    words = {"http://127.0.0.1:4000": "<origin>"}
    assert neutral({"url": "http://127.0.0.1:4000/v1"}, play(words=words)) == {"url": "<origin>/v1"}
    for moment, form in (
        ("2027-01-15T08:00:01.000Z", "9999-99-99T99:99:99.999Z"),
        ("until 2028-01-15T08:00:01Z", "until 9999-99-99T99:99:99Z"),
        ("2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.000Z"),
        ("Fri, 15 Jan 2027 08:00:01 GMT", "<a date>"),
        (BEGAN + 1, "<float: a time>"),
        (int(BEGAN + 1) * 1000, "<int: a time>"),
        ('  File "a.py", line 3, in work\n    1 / 0\n', "<the way to a failure>"),
        ("02fc0000-0001-2e17-0b71-0000000000c7", "<an id of the core>"),
        ("01f381ad-debd-4b88-a819-8dbeb6eaa27f", "01f381ad-debd-4b88-a819-8dbeb6eaa27f"),
        ({"latency_ms": 5}, {"latency_ms": "<int: a duration>"}),
        (1001, 1001),
        (True, True),
        (96000000, 96000000),
    ):
        assert neutral(moment, play()) == form
        assert type(neutral([moment], play())[0]) is type(form)


def test_the_keys_of_reinstalls_are_numbered_and_those_of_orders_are_not() -> None:
    """A reinstall's key is made by chance; that two requests have the same one is still compared."""
    keys = [f"3db6c622-b823-46be-a4be-a35a17a15d2{number}" for number in range(3)]
    paths = ["/vps", "/vps/1/reinstall", "/vps/2/reinstall"]
    sent = [{**POST, "path": path, "headers": {"idempotency-key": key}} for path, key in zip(paths, keys)]
    assert list(random_keys([{"event": "requests", "requests": [*sent, sent[1]]}])) == keys[1:]
    assert random_keys([{"event": "requests", "requests": [{**sent[1], "headers": {"idempotency-key": "mine"}}]}]) == {}


def test_a_place_may_differ_where_a_reason_is_given() -> None:
    other = play()
    other.events[0]["result"]["vps"]["note"] = ""
    assert compare(play(), other, {"*.result.vps.note": "for a reason"}) == []
    assert compare(play(), other, {"*.result.vps.id": "for a reason"})
