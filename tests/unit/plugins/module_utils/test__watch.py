# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rounds in which an account is read, on the simulator: requests, failures, scopes, restarts."""

from __future__ import annotations

import json
import random
import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _changes, _client, _watch
from ansible_collections.h444.cloud.plugins.module_utils._errors import AuthError, BadOption, NotFound, ScopeError
from ansible_collections.h444.cloud.plugins.module_utils._reader import snake
from ansible_collections.h444.cloud.tests.simulator import assumed
from ansible_collections.h444.cloud.tests.simulator.account import FULL_KEY
from ansible_collections.h444.cloud.tests.unit.properties.support import World

INTERVAL = 60.0
LIMITED_KEY = "h444_limited_key"
Row = t.Dict[str, t.Any]


class Memory:
    """A store that keeps JSON, as a file does."""

    def __init__(self) -> None:
        self.text: str | None = None
        self.writes = 0

    def open(self) -> t.Any:
        """Give what is kept."""
        return None if self.text is None else json.loads(self.text)

    def write(self, content: t.Any) -> None:
        """Keep this."""
        self.writes += 1
        self.text = json.dumps(content)


class NoPace:
    """A pace that is never too fast."""

    def wait_turn(self) -> float:
        """Do not wait."""
        return 0.0

    def block(self, seconds: float) -> None:
        """Do not block."""


class Source:
    """An event source without a loop: its rounds, in a world whose time passes only while it waits."""

    def __init__(
        self,
        world: World,
        store: Memory | None = None,
        api_key: str = FULL_KEY,
        retries: int = 5,
        balance_below: int | None = 500,
        **settings: t.Any,
    ) -> None:
        self.world, self.told, self.queued = world, [], []  # type: ignore[var-annotated]
        self.began_at: list[int] = []
        self.rounds = _watch.Rounds(
            NoPace(), INTERVAL, clock=lambda: world.core.offset, pause=world.sleep, jitter=lambda: 0.5
        )
        begin = self.rounds.begin

        def noted() -> None:
            begin()
            self.began_at.append(len(world.sent))

        self.rounds.begin = noted  # type: ignore[method-assign]

        def make(url: str, key: str, **options: t.Any) -> _client.Client:
            options.update(pacer=self.rounds, retries=retries)
            return _client.Client(url, key, session=world.new_session(), **options)

        self.watcher = _watch.Watcher(
            world.open(make, api_key),
            self.rounds,
            _changes.settings_of(settings.get("events"), settings.get("days"), balance_below),
            store=store,
            tell=lambda level, text: self.told.append((level, text)),
            clock=lambda: world.core.offset,
            wall_clock=world.core.now,
        )

    def round(self, count: int = 1) -> list[Row]:
        """Play rounds; give the events that were queued meanwhile."""
        before, until = len(self.queued), self.rounds.number + count
        while self.rounds.number < until or self.watcher._chosen:
            self.watcher.step()
            self.watcher.keep()
            for event in self.watcher.unsent:
                self.queued.append(event)
                self.watcher.note_sent()
        return self.queued[before:]

    def requests(self) -> list[int]:
        """Give the number of requests of each round."""
        ends = [*self.began_at[1:], len(self.world.sent)]
        return [end - start for start, end in zip(self.began_at, ends)]


def in_days(world: World, days: float) -> str:
    """Write a point in time."""
    return world.core.stamp(world.core.now() + 86400 * days)


def new_world(preset: str = "plain", **assume: t.Any) -> World:
    """Make a world with an account that has something of everything."""
    world = World({**assumed.preset(preset), **assume})
    world.simulator.seed(
        vps=[{"label": "web-1"}, {"label": "db-1", "status": "stopped"}],
        hosting=[{"domain": "example.com", "username": "example"}],
        domains=[{"name": "far.example", "expires_at": in_days(world, 300.5)}],
        tickets=[{"subject": "Mail"}],
        invoices=[{"total_usd_cents": 960}, {"total_usd_cents": 500, "status": "pending"}],
    )
    return world


def call(world: World, method: str, path: str, body: Row | None = None, key: str = "one") -> t.Any:
    """Send one request of the customer's own."""
    headers = {"Authorization": f"Bearer {FULL_KEY}", "Content-Type": "application/json", "Idempotency-Key": path + key}
    answer = world.core.handle(method, path, {}, headers, json.dumps(body).encode() if body else b"")
    assert answer.status < 300, answer
    return answer.body


def types(events: t.Iterable[Row]) -> list[str]:
    """Give the types of events."""
    return [event["type"] for event in events]


def change_everything(world: World) -> None:
    """Change what a customer and the support can change."""
    state = world.simulator.state()
    web, database = list(state["servers"])
    call(world, "POST", f"/vps/{web}/power/stop")
    call(world, "DELETE", f"/vps/{database}")
    ip = state["servers"][web]["ips"][0]["ip"]
    call(world, "PUT", f"/vps/{web}/ips/{ip}/ptr", {"hostname": "web-1.example.com"})
    order = {"plan_slug": "vps-2", "label": "new", "hostname": "new", "os_family": "ubuntu"}
    call(world, "POST", "/vps", {**order, "os_template": "ubuntu-24.04"})
    call(world, "POST", "/hosting", {"plan_slug": "hosting-starter", "domain": "new.example", "username": "new"})
    ticket = {"subject": "Another", "message": "Hello", "priority": "high", "department": "technical"}
    call(world, "POST", "/tickets", ticket)
    world.simulator.control("POST", "staff_reply", {"ticket_id": next(iter(state["tickets"])), "body": "Hi"})
    world.core.account["balance_usd_cents"] = 400


PRESETS = sorted(assumed.PRESETS)
ALL_CHANGES = [
    "hosting.created",
    "invoice.paid",
    "invoice.paid",
    "ticket.created",
    "ticket.replied",
    "vps.created",
    "vps.power.changed",
    "vps.ptr.changed",
    "vps.terminated",
    "wallet.low",
]


@pytest.mark.parametrize("preset", PRESETS)
def test_each_change_is_one_event_in_every_dialect_with_six_requests_a_round(preset: str) -> None:
    world = new_world(preset)
    source = Source(world)
    assert source.round(3) == []
    change_everything(world)
    assert sorted(types(source.round(3))) == ALL_CHANGES
    assert source.round(3) == []
    assert max(source.requests()) <= _watch.MOST_REQUESTS
    assert {method for method, _path in world.sent} == {"GET"}
    assert source.told == []


@pytest.mark.parametrize("preset", PRESETS)
def test_an_event_has_the_form_and_the_fields_of_the_webhook(preset: str) -> None:
    world = new_world(preset)
    world.simulator.seed(webhooks=[{"url": "https://example.com/all", "events": list(_changes.WEBHOOK_EVENTS)}])
    source = Source(world)
    source.round(2)
    change_everything(world)
    events = {event["type"]: event for event in source.round(3)}
    sent = {}
    for row in world.core.deliveries:
        body = json.loads(row["body"])
        sent[body["event"]] = body["data"]
    assert set(sent) == set(events) - {"wallet.low"}
    for kind, event in events.items():
        assert set(event) == {"type", "data", "payload", "meta"}
        assert set(event["meta"]) == {"delivery_id", "signed_at", "received_at"}
        assert set(event["payload"]) == {"before", "after"}
        assert event["meta"]["signed_at"] is None
        if kind in sent:
            assert set(event["data"]) == {snake(name) for name in sent[kind]}, kind
    identifiers = [event["meta"]["delivery_id"] for event in source.queued]
    assert len(set(identifiers)) == len(identifiers)
    created = events["vps.created"]["data"]
    assert created["label"] == "new" and created["status"] == "running" and created["ipv4"]
    assert events["vps.power.changed"]["data"]["action"] == "stop"
    assert events["vps.ptr.changed"]["data"]["ptr"] == "web-1.example.com"
    assert events["invoice.paid"]["data"]["total_usd_cents"] > 0


@pytest.mark.parametrize("preset", PRESETS)
def test_a_restart_fires_nothing_twice_and_misses_nothing(preset: str) -> None:
    world, store = new_world(preset), Memory()
    Source(world, store).round(3)
    change_everything(world)
    assert sorted(types(Source(world, store).round(3))) == ALL_CHANGES
    assert Source(world, store).round(3) == []
    text = str(store.text)
    assert FULL_KEY not in text
    state = world.simulator.state()
    for row in [*state["servers"].values(), *state["hosting"].values()]:
        assert not any(row.get(name) and row[name] in text for name in ("root_password", "sftp_password"))


def test_without_changes_the_file_is_not_written_again() -> None:
    world, store = new_world(), Memory()
    source = Source(world, store)
    source.round(3)
    before = store.writes
    source.round(5)
    assert store.writes == before


def test_what_was_not_queued_before_a_crash_is_queued_after_it_with_the_same_id() -> None:
    world, store = new_world(), Memory()
    Source(world, store).round(2)
    change_everything(world)
    source = Source(world, store)
    while len(source.watcher.unsent) < 3:
        source.watcher.step()
        source.watcher.keep()
    lost = source.watcher.unsent
    source.watcher.note_sent()
    call(world, "POST", f"/vps/{next(iter(world.core.servers))}/power/start")  # the stop can't be seen any more
    after = Source(world, store).round(3)
    assert types(lost[:1]) == ["wallet.low"] and "vps.power.changed" in types(lost)
    assert after[: len(lost) - 1] == lost[1:]
    left = [kind for kind in ALL_CHANGES if kind != "wallet.low"]
    assert sorted(types(after)) == sorted([*left, "vps.power.changed"])  # the start is an event of its own


def test_only_what_the_events_need_is_read() -> None:
    world = new_world()
    source = Source(world, events=["vps.ptr.changed", "vps.terminated"], balance_below=None)
    source.round(2)
    assert {path for _method, path in world.sent} == {"/vps", "/vps/all-ips"}
    change_everything(world)
    assert sorted(types(source.round())) == ["vps.ptr.changed", "vps.terminated"]


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 503}, {"kind": "reset"}, {"kind": "html"}])
def test_a_failing_api_neither_ends_the_source_nor_fires_anything(fault: Row) -> None:
    world = new_world()
    source = Source(world)
    source.round(2)
    world.simulator.faults({**fault, "method": "GET", "path": "*", "times": 10_000})
    assert source.round(8) == []
    assert max(source.requests()) <= _watch.MOST_REQUESTS
    assert source.told and all(level == "warning" for level, _text in source.told)
    assert len(source.told) <= 12
    change_everything(world)
    world.simulator.clear_faults()
    assert sorted(types(source.round(8))) == ALL_CHANGES
    assert [level for level, _text in source.told].count("info") >= 5


def test_an_endpoint_that_always_fails_leaves_the_others_their_rounds() -> None:
    world = new_world()
    source = Source(world, balance_below=None)
    source.round(2)
    world.simulator.faults({"kind": "status", "status": 503, "method": "GET", "path": "/tickets", "times": 10_000})
    start = len(world.sent)
    source.round(8)
    sent = [path for _method, path in world.sent[start:]]
    assert min(sent.count(path) for path in ("/vps", "/vps/all-ips", "/hosting", "/billing/invoices")) >= 4
    assert max(source.requests()) <= _watch.MOST_REQUESTS


def test_a_list_of_many_pages_is_read_over_several_rounds() -> None:
    world = new_world(pagination="page")
    world.simulator.seed(tickets=[{"subject": f"Ticket {number}"} for number in range(40)])
    source = Source(world)
    assert source.round(8) == []
    call(world, "POST", "/tickets", {"subject": "Late", "message": "Hi", "priority": "low", "department": "technical"})
    events = source.round(12)
    assert [event["data"]["subject"] for event in events] == ["Late"]
    assert max(source.requests()) == _watch.MOST_REQUESTS


def test_a_list_that_says_that_it_is_incomplete_changes_nothing() -> None:
    world = new_world()
    source = Source(world)
    source.round(2)
    world.core.assume["pagination"] = "unreadable"
    world.simulator.seed(vps=[{"label": "third"}], tickets=[{}, {}])
    assert source.round(3) == []
    assert "reports that there are more" in " ".join(text for _level, text in source.told), source.told
    world.core.assume["pagination"] = "off"
    assert sorted(types(source.round(2))) == ["ticket.created", "ticket.created", "vps.created"]


@pytest.mark.parametrize("path", ["/vps", "/vps/all-ips"])
def test_one_empty_list_terminates_no_server(path: str) -> None:
    world = new_world()
    source = Source(world)
    source.round(2)
    world.core.answer_by("GET", path, lambda account, _call: (200, []))
    assert source.round(3) == []


def test_two_empty_lists_terminate_no_server_that_the_api_finds() -> None:
    world, store = new_world(), Memory()
    source = Source(world, store)
    source.round(2)
    for path in ("/vps", "/vps/all-ips"):
        world.core.answer_by("GET", path, lambda account, _call: (200, []))
    assert source.round(3) == [] and source.told == []
    first = next(iter(world.core.servers))
    call(world, "DELETE", f"/vps/{first}")
    assert [event["data"] for event in Source(world, store).round(2)] == [{"vps_id": first}]


@pytest.mark.parametrize("preset", PRESETS)
def test_many_servers_that_end_at_once_are_told_one_after_the_other(preset: str) -> None:
    world = new_world(preset)
    world.simulator.seed(vps=[{"label": f"job-{number}"} for number in range(10)])
    source = Source(world)
    source.round(3)
    for vps_id in list(world.core.servers):
        call(world, "DELETE", f"/vps/{vps_id}")
    ended = [event["data"]["vps_id"] for event in source.round(8)]
    assert sorted(ended) == sorted(world.core.servers) and source.told == []
    assert max(source.requests()) <= _watch.MOST_REQUESTS


def test_rounds_are_an_interval_apart() -> None:
    world = new_world()
    moments: list[float] = []
    source = Source(world)
    begin = source.rounds.begin

    def timed() -> None:
        begin()
        moments.append(world.core.offset)

    source.rounds.begin = timed  # type: ignore[method-assign]
    source.round(4)
    assert {later - earlier for earlier, later in zip(moments, moments[1:])} == {INTERVAL}


@pytest.mark.parametrize(("jitter", "seconds"), [(0.0, 54.0), (0.5, 60.0), (1.0, 66.0)])
def test_jitter_makes_a_round_shorter_or_longer(jitter: float, seconds: float) -> None:
    now = [0.0]

    def pause(wait: float) -> None:
        now[0] += wait

    rounds = _watch.Rounds(NoPace(), 60, clock=lambda: now[0], pause=pause, jitter=lambda: jitter)
    rounds.begin()
    assert now[0] == 0.0  # the first one does not wait
    rounds.begin()
    assert now[0] == pytest.approx(seconds)


def test_a_seventh_request_waits_for_the_next_round_and_a_stop_ends_every_wait() -> None:
    now, waits = [0.0], []

    def pause(wait: float) -> None:
        waits.append(wait)
        now[0] += wait
        if now[0] > 100:
            raise _watch.Stopped

    rounds = _watch.Rounds(NoPace(), 60, clock=lambda: now[0], pause=pause, jitter=lambda: 0.5)
    rounds.begin()
    assert [rounds.wait_turn() for _request in range(7)] == [0.0] * 6 + [60.0]
    assert (rounds.number, rounds.left) == (2, 5)
    with pytest.raises(_watch.Stopped):
        for _request in range(6):
            rounds.wait_turn()


def test_the_pace_of_the_machine_is_asked_for_each_request() -> None:
    class Pace(NoPace):
        turns, blocked = 0, 0.0

        def wait_turn(self) -> float:
            self.turns += 1
            return 0.0

        def block(self, seconds: float) -> None:
            self.blocked = seconds

    pace = Pace()
    rounds = _watch.Rounds(pace, 60, clock=lambda: 0.0, pause=lambda _seconds: None)
    for _request in range(9):
        rounds.wait_turn()
    rounds.block(5.0)
    assert (pace.turns, pace.blocked) == (9, 5.0)


# Keys and scopes


def test_a_wrong_key_ends_the_source_at_once_without_showing_it() -> None:
    wrong = "h444_wrong_key_1234"
    for store in (None, Memory()):
        with pytest.raises(AuthError) as ended:
            Source(new_world(), store, wrong).round()
        assert wrong not in str(ended.value) and "wrong, expired or revoked" in str(ended.value)


def test_a_key_that_worked_is_tried_again_before_it_ends_the_source() -> None:
    world = new_world()
    source = Source(world)
    source.round(2)
    world.core.keys[FULL_KEY]["expired"] = True
    assert source.round(2) == []
    world.core.keys[FULL_KEY]["expired"] = False
    assert source.round(2) == []
    world.core.keys[FULL_KEY]["expired"] = True
    with pytest.raises(AuthError):
        source.round(4)
    assert [level for level, _text in source.told] == ["warning", "info", "warning"]


def test_a_wrong_url_ends_the_source() -> None:
    for store in (None, Memory()):
        world = new_world()
        world.simulator.faults({"kind": "status", "status": 404, "method": "GET", "path": "*", "times": 100})
        with pytest.raises(NotFound, match="api_url is likely wrong"):
            Source(world, store).round()


def limited(world: World, *scopes: str) -> str:
    """Add a key with these scopes only."""
    world.simulator.seed(keys=[{"key": LIMITED_KEY, "scopes": list(scopes)}])
    return LIMITED_KEY


def test_without_a_scope_its_events_are_left_out_with_a_warning() -> None:
    world = new_world()
    source = Source(world, None, limited(world, "account:read", "vps:read"))
    source.round(4)
    warnings = [text for level, text in source.told if level == "warning"]
    assert len(warnings) == 4
    assert "There are no events ticket.created, ticket.replied for now:" in "".join(warnings)
    assert sum(path == "/tickets" for _method, path in world.sent) == 1  # and not in every round
    change_everything(world)
    assert sorted(set(types(source.round(2)))) == [
        "vps.created",
        "vps.power.changed",
        "vps.ptr.changed",
        "vps.terminated",
        "wallet.low",
    ]


def test_a_scope_that_comes_later_is_noticed() -> None:
    world = new_world()
    source = Source(world, None, limited(world, "account:read", "vps:read"))
    source.round(2)
    world.core.keys[LIMITED_KEY]["scopes"].append("tickets:read")
    world.simulator.advance(3700)
    source.round(2)
    world.simulator.seed(tickets=[{"subject": "Later"}])
    assert types(source.round(2)) == ["ticket.created"]


def test_without_a_scope_an_event_that_was_asked_for_by_name_ends_the_source() -> None:
    world = new_world()
    source = Source(
        world, None, limited(world, "vps:read"), events=["vps.created", "ticket.created"], balance_below=None
    )
    with pytest.raises(ScopeError, match="tickets:read"):
        source.round(2)


def test_a_key_that_may_read_nothing_ends_the_source() -> None:
    world = new_world()
    with pytest.raises(ScopeError):
        Source(world, None, limited(world, "webhooks:read")).round(3)


def test_a_store_needs_to_know_the_account() -> None:
    world = new_world()
    with pytest.raises(BadOption, match="state_file: it belongs to one account, so .* the scope account:read"):
        Source(world, Memory(), limited(world, "vps:read")).round()


# The state


def test_the_state_of_another_account_is_refused_before_anything_else_is_read() -> None:
    world, store = new_world(), Memory()
    Source(world, store).round(2)
    kept = store.text
    world.core.account["id"] = "another"
    start = len(world.sent)
    with pytest.raises(BadOption, match="state_file: it belongs to another account"):
        Source(world, store).round()
    assert [path for _method, path in world.sent[start:]] == ["/account"]
    assert store.text == kept


def test_a_state_of_another_form_is_refused() -> None:
    store = Memory()
    store.write({"account": "x"})
    with pytest.raises(BadOption, match="state_file: it was written by another version"):
        Source(new_world(), store).round()


def test_a_restart_while_the_api_is_away_keeps_the_state() -> None:
    world, store = new_world(), Memory()
    Source(world, store).round(2)
    change_everything(world)
    world.simulator.faults({"kind": "status", "status": 502, "method": "GET", "path": "*", "times": 10_000})
    source = Source(world, store)
    assert source.round(4) == []
    world.simulator.clear_faults()
    assert sorted(types(source.round(4))) == ALL_CHANGES


def test_domains_are_read_once_an_hour() -> None:
    world = new_world()
    source = Source(world)
    counts = []
    for seconds in (0, 1800, 1900, 1800):
        world.simulator.advance(seconds)
        source.round(2)
        counts.append(sum(path == "/domains" for _method, path in world.sent))
    assert counts == [1, 1, 2, 2]
    world.simulator.seed(
        domains=[{"name": "soon.example", "expires_at": world.core.stamp(world.core.now() + 86400 * 5)}]
    )
    assert types(source.round()) == []
    world.simulator.advance(1900)
    assert types(source.round(2)) == ["domain.expiring"]
    assert max(source.requests()) <= _watch.MOST_REQUESTS


def test_the_first_reading_tells_what_is_a_state() -> None:
    world = new_world()
    world.core.account["balance_usd_cents"] = 1
    world.simulator.seed(
        domains=[{"name": "soon.example", "expires_at": world.core.stamp(world.core.now() + 86400 * 5)}]
    )
    store = Memory()
    assert sorted(types(Source(world, store).round(2))) == ["domain.expiring", "wallet.low"]
    assert Source(world, store).round(2) == []


def test_more_events_after_a_restart_begin_with_what_is_known() -> None:
    world, store = new_world(), Memory()
    Source(world, store, events=["vps.created"], balance_below=None).round(2)
    change_everything(world)
    assert types(Source(world, store, events=["vps.created"], balance_below=None).round(2)) == ["vps.created"]
    assert types(Source(world, store).round(3)) == ["wallet.low"]


@pytest.mark.parametrize("seed", range(8))
def test_in_any_history_with_failures_and_restarts_nothing_is_lost_or_told_twice(seed: int) -> None:
    chance = random.Random(seed)
    world, store = new_world(chance.choice(PRESETS)), Memory()
    source, wanted, queued = Source(world, store), [], []
    source.round(3)
    for _time in range(8):
        wanted += [_live(world, chance) for _deed in range(chance.randrange(3))]
        if chance.random() < 0.3:
            spec = {"kind": chance.choice(["reset", "html"]), "method": "GET", "path": "*"}
            world.simulator.faults({**spec, "nth": chance.randrange(1, 5), "times": chance.randrange(1, 8)})
        if chance.random() < 0.5:
            source = Source(world, store)
        queued += source.round(chance.randrange(1, 3))
    world.simulator.clear_faults()
    queued += source.round(8)
    assert sorted(types(queued)) == sorted(kind for kinds in wanted for kind in kinds)
    identifiers = [event["meta"]["delivery_id"] for event in queued]
    assert len(set(identifiers)) == len(identifiers)


def _live(world: World, chance: random.Random) -> list[str]:
    """Do something that can be seen whatever else happens; give its events."""
    deed = chance.choice(["order", "hosting", "ticket", "invoice"])
    name = f"n{chance.randrange(10**9)}"
    if deed == "order":
        order = {"plan_slug": "vps-2", "label": name, "hostname": name, "os_family": "ubuntu"}
        world.core.account["balance_usd_cents"] = 100_000
        call(world, "POST", "/vps", {**order, "os_template": "ubuntu-24.04"}, name)
        return ["vps.created", "invoice.paid"]
    if deed == "hosting":
        world.core.account["balance_usd_cents"] = 100_000
        body = {"plan_slug": "hosting-starter", "domain": f"{name}.example", "username": name}
        call(world, "POST", "/hosting", body, name)
        return ["hosting.created", "invoice.paid"]
    world.simulator.seed(**({"tickets": [{"subject": name}]} if deed == "ticket" else {"invoices": [{}]}))
    return ["ticket.created"] if deed == "ticket" else ["invoice.paid"]
