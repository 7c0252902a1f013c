# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event source webhook without its server: arguments, bodies, events, and each delivery once."""

from __future__ import annotations

import asyncio
import json
import time
import types
import typing as t

import pytest

from ansible_collections.h444.cloud.tests.simulator.courier import signature
from ansible_collections.h444.cloud.tests.simulator.webhooks import EVENTS
from ansible_collections.h444.cloud.tests.unit.eda.loading import load
from ansible_collections.h444.cloud.tests.unit.vectors.signatures import NAMES, VERIFIED, Verified

SOURCE = load("webhook")
SECRET = "whsec_Canary4711"
NOW = 1_700_000_000.25


def settings(**args: t.Any) -> t.Any:
    """Give the settings of some arguments."""
    return SOURCE.read_arguments({"secrets": SECRET, **args})


def read(
    body: t.Any, *, stamp: int = int(NOW), event: str | None = None, delivery: str | None = None, **args: t.Any
) -> t.Any:
    """Read a delivery that is signed well."""
    text = body if isinstance(body, str) else json.dumps(body)
    request = SOURCE.Request(text.encode(), signature(SECRET, stamp, text), event, delivery)
    return SOURCE.read_delivery(request, settings(**args), NOW)


def refused(body: t.Any, **more: t.Any) -> tuple[int, str]:
    """Give the answer to a delivery that is refused."""
    with pytest.raises(SOURCE.Refused) as caught:
        read(body, **more)
    return caught.value.status, caught.value.text


# Arguments


def test_the_defaults_are_those_of_the_documentation() -> None:
    import yaml

    documented = yaml.safe_load(SOURCE.DOCUMENTATION)["options"]
    assert set(documented) == set(SOURCE.Settings._fields) == {*SOURCE.READERS, "secrets"}
    for name, default in SOURCE.Settings._field_defaults.items():
        assert documented[name].get("default") == default, name
    assert settings() == (
        (SECRET,), "127.0.0.1", 5000, "/", 300, None, None, None, 65536, 30, 86400, False,
    )  # fmt: skip
    for example in yaml.safe_load(SOURCE.EXAMPLES):
        (args,) = example.values()
        assert SOURCE.read_arguments({**args, "secrets": args["secrets"]}).secrets


@pytest.mark.parametrize(
    ("given", "secrets"),
    [
        ("one", ("one",)),
        (["one"], ("one",)),
        (["new", "old"], ("new", "old")),
        (("new", "old"), ("new", "old")),
        (12345678, ("12345678",)),
        ([12345678, "old"], ("12345678", "old")),
        (0, ("0",)),
    ],
)
def test_one_secret_or_several(given: t.Any, secrets: tuple[str, ...]) -> None:
    assert settings(secrets=given).secrets == secrets


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ({}, "secrets: is required"),
        ({"secret": "Canary"}, "secret: There is no such argument. Did you mean secrets?"),
        ({"secrets": "Canary", "zz": 1}, "zz: There is no such argument. There are: allow_unknown_events, "),
        *(
            ({"secrets": value}, f"secrets: each secret must be a text that is not empty, but one is {kind}.")
            for value, kind in (
                (None, "null"),
                ("", "an empty text"),
                (" \n", "an empty text"),
                ([""], "an empty text"),
                (["Canary", None], "null"),
                (True, "a boolean"),
                (["Canary", False], "a boolean"),
                (1e300, "a number with a decimal point or an exponent"),
                ({"Canary": 1}, "a dictionary"),
                ([["Canary"]], "a list"),
            )
        ),
        ({"secrets": []}, "the list is empty"),
        ({"secrets": "Canary\n"}, "begins or ends with whitespace"),
        *(
            ({"secrets": "Canary", name: value}, f"{name}: must be")
            for name, values in {
                "host": ("", " ", 5, True, ["Canary"]),
                "port": (0, 65536, -1, 1.5, True, "", "Canary", "5000.5", [5000], float("nan")),
                "path": ("", "hook", "/a b", "/hook?Canary=1", "/hook#x", 5),
                "tolerance": (-1, 0, 0.5, "", "Canary", True, float("nan"), float("inf"), 1e11),
                "certfile": ("", 5, ["Canary"]),
                "keyfile": ("",),
                "password": ("", 1.5, True),
                "max_body_bytes": (0, -1, 1.5, "", "64k"),
                "read_timeout": (0, -1, "", float("inf")),
                "dedupe_seconds": (-1, "", "1d"),
                "allow_unknown_events": ("", "Canary", 1, 0, [], "2"),
            }.items()
            for value in values
        ),
        ({"secrets": "Canary", "keyfile": "key.pem"}, "keyfile: requires certfile"),
        ({"secrets": "Canary", "password": "Canary"}, "password: requires certfile"),
    ],
)
def test_wrong_arguments_are_refused_and_no_value_is_shown(args: dict[str, t.Any], says: str) -> None:
    with pytest.raises(ValueError) as error:
        SOURCE.read_arguments(args)
    text = str(error.value)
    assert text.startswith("h444.cloud.webhook: ") and says in text and "Canary" not in text


def test_null_counts_as_not_given_and_text_may_hold_a_number() -> None:
    assert settings(**dict.fromkeys(SOURCE.READERS)) == settings()
    assert settings(eda_feedback_queue=object()) == settings()
    found = settings(port="8443", tolerance="1.5", dedupe_seconds=0, allow_unknown_events="Yes", path="/a%20b")
    assert found[2:5] == (8443, "/a b", 1.5) and found.dedupe_seconds == 0 and found.allow_unknown_events is True
    assert settings(certfile="cert.pem", password=1234).password == "1234"


def test_a_certificate_that_cannot_be_loaded_is_named_and_its_password_is_not(tmp_path: t.Any) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("Canary")
    for file, says in ((tmp_path / "none.pem", "No such file or directory"), (broken, "Check the files")):
        with pytest.raises(ValueError) as error:
            SOURCE.tls_of(settings(certfile=str(file), password="Canary"))
        assert str(file) in str(error.value) and says in str(error.value) and "Canary" not in str(error.value)
    with pytest.raises(ValueError, match="none.pem and /none.key: No such file"):
        SOURCE.tls_of(settings(certfile=str(tmp_path / "none.pem"), keyfile="/none.key"))
    assert SOURCE.tls_of(settings()) is None


# Bodies


@pytest.mark.parametrize("one", VERIFIED, ids=NAMES)
def test_the_source_verifies_what_the_filter_and_the_test_do(one: Verified) -> None:
    assert SOURCE.is_signed(one.body, one.header, one.secrets, one.now, one.tolerance) is one.signed


@pytest.mark.parametrize("body", ["", "Canary", "[1", '{"event": "vps.created"}'])
def test_an_unsigned_body_is_not_looked_at(body: str) -> None:
    for header in ("", signature("other", int(NOW), body), signature(SECRET, int(NOW) - 301, body)):
        with pytest.raises(SOURCE.Refused) as caught:
            SOURCE.read_delivery(SOURCE.Request(body.encode(), header, None, None), settings(), NOW)
        assert caught.value.status == 401


@pytest.mark.parametrize(
    "body",
    [
        "",
        "x",
        "null",
        "5",
        '"vps.created"',
        "[]",
        '[{"event": "vps.created"}]',
        '{"event": "vps.created"',
        '{"event": "vps.created"} x',
        "{'event': 'vps.created'}",
        '{"event": "vps.created", "x": NaN}',
        '{"event": "vps.created", "x": -Infinity}',
        '{"event": "vps.created", "x": 1e999}',
        '{"event": "vps.created", "x": [%s]}' % ("1" * 5000),
        '{"event": "vps.created", "event": "vps.terminated"}',
        '{"event": "vps.created", "data": {"vpsId": 1, "vpsId": 2}}',
        '{"event": "vps.created", "x": "\\ud800"}',
        '{"event": "vps.created", "\\udfff": 1}',
        '{"event": "vps.created", "x": "a\nb"}',
        '\ufeff{"event": "vps.created"}',
        '{"event": "vps.created", "x": %s}' % ("[" * 65 + "]" * 65),
        '{"event": "vps.created", "x": %s}' % ('{"x":' * 400 + "1" + "}" * 400),
        '{"event": "vps.created", "x": %s' % ("[" * 60000),
        '{"event": "vps.created", "data": {"vpsId": "1", "vps_id": "2"}}',
    ],
)
def test_what_is_not_strict_json_is_refused(body: str) -> None:
    status, text = refused(body)
    assert status == 400 and text.startswith(("The body", "A field occurs in two spellings"))


@pytest.mark.parametrize("raw", [b'{"event": "vps.created", "x": "\xff"}', '{"event": "vps.created"}'.encode("utf-16")])
def test_bytes_that_are_no_utf_8_are_refused(raw: bytes) -> None:
    with pytest.raises(SOURCE.Refused, match="UTF-8"):
        SOURCE.read_body(raw)


def test_what_is_unusual_and_strict_is_read() -> None:
    body = {"event": "vps.created", "a": None, "b": [], "c": 10**30, "d": "\x00😀ş", "": 1, "e": 1.5}
    body["deep"] = json.loads("[" * 63 + "]" * 63)
    assert read(body).event["payload"] == body


# Events


@pytest.mark.parametrize("kind", EVENTS)
def test_every_event_of_the_provider_is_known(kind: str) -> None:
    assert read({"event": kind}).event["type"] == kind


@pytest.mark.parametrize(
    ("body", "header"),
    [
        ({"event": "vps.created"}, None),
        ({"type": "vps.created"}, None),
        ({"event_type": "vps.created"}, None),
        ({"eventType": "vps.created"}, None),
        ({"EventType": "vps.created"}, None),
        ({"EVENT": "vps.created"}, None),
        ({"Type": "VPS.Created"}, None),
        ({"event": "vps.created", "type": "event"}, None),
        ({"event": "", "type": "vps.created"}, None),
        ({"event": None, "type": 5, "event_type": "vps.created"}, None),
        ({"event": {"vpsId": 1}}, "vps.created"),
        ({}, "vps.created"),
        ({"event": "vps.created"}, "vps.terminated"),
        ({"event": "vps.created"}, "no.such"),
    ],
)
def test_the_type_is_that_of_the_body_and_else_that_of_the_header(body: t.Any, header: str | None) -> None:
    assert read(body, event=header).event["type"] == "vps.created"


def test_an_event_that_is_not_known_is_refused_unless_it_is_allowed() -> None:
    for body, header in (({"event": "vps.moved"}, "vps.created"), ({}, "vps.moved"), ({}, None), ({"event": 5}, "")):
        assert refused(body, event=header) == (400, "The event is unknown.")
    assert read({"event": "vps.moved", "data": {"vpsId": 1}}, allow_unknown_events=True).event["data"] == {
        "vps_id": "1"
    }
    assert read({}, event="Vps.Moved", allow_unknown_events=True).event["type"] == "Vps.Moved"
    assert refused({}, allow_unknown_events=True)[0] == 400


OWN = {"vpsId": 101, "label": "web-1", "planSlug": "vps-2", "ipv4": None}
NORMAL = {"vps_id": "101", "label": "web-1", "plan_slug": "vps-2", "ipv4": None}


@pytest.mark.parametrize(
    "body",
    [
        {"id": "evt_1", "event": "vps.created", "created_at": "x", "data": OWN},
        {"event": "vps.created", "payload": OWN},
        {"type": "vps.created", "Data": OWN},
        {"type": "vps.created", "data": {"object": OWN}},
        {"event": "vps.created", "data": {"id": 5, "payload": OWN}},
        {"event": "vps.created", "vps": OWN},
        {"event": "vps.created", "data": None, "attributes": OWN},
        {"event": "vps.created", "id": "evt_1", **OWN},
        {"event": "vps.created", "type": "vps.created", "EventId": 7, **OWN},
        {"event": "vps.created", "data": {"vps_id": 101, "VpsId": None, **OWN}},
    ],
)
def test_the_fields_of_an_event_are_found_in_any_envelope(body: t.Any) -> None:
    event = read(body).event
    assert event["data"] == NORMAL and event["payload"] == body
    assert set(event) == {"type", "data", "payload", "meta"}


def test_fields_in_normal_form() -> None:
    data = {
        "VPSId": 1, "id": 2, "taskIds": [3, "4"], "Ticket": {"ticketNumber": 5, "parent-id": 6}, "isNew": True,
        "userId": None, "x.y": [{"someKey": 7}], "paid": 1.5, "orderId": 8.0, "flagId": False,
    }  # fmt: skip
    assert read({"event": "vps.created", "data": data}).event["data"] == {
        "vps_id": "1", "id": "2", "task_ids": ["3", "4"], "ticket": {"ticket_number": 5, "parent_id": "6"},
        "is_new": True, "user_id": None, "x_y": [{"some_key": 7}], "paid": 1.5, "order_id": "8", "flag_id": False,
    }  # fmt: skip
    flat = {"event": "ticket.created", "id": "evt", "type": "question", "ticketId": 1, "deliveryId": "other"}
    assert read(flat).event["data"] == {"type": "question", "ticket_id": "1", "delivery_id": "other"}
    assert read({"event": "vps.created", "data": {"text": "{{ 7 * 7 }}"}}).event["data"] == {"text": "{{ 7 * 7 }}"}


@pytest.mark.parametrize(
    ("body", "header", "expected"),
    [
        ({"id": "a"}, None, "a"),
        ({"id": 5}, None, "5"),
        ({"id": 0}, None, "0"),
        ({"event_id": "a"}, "h", "a"),
        ({"deliveryId": "a"}, None, "a"),
        ({"DELIVERY_ID": "a", "eventId": "b"}, None, "b"),
        ({"id": "", "event_id": "a"}, None, "a"),
        ({"id": None, "event_id": True, "delivery_id": ["x"]}, "h", "h"),
        ({}, "h", "h"),
        ({}, "", None),
        ({}, None, None),
    ],
)
def test_the_id_is_that_of_the_body_and_else_that_of_the_header(
    body: t.Any, header: str | None, expected: str | None
) -> None:
    assert read({"event": "vps.created", **body}, delivery=header).event["meta"] == {
        "delivery_id": expected,
        "signed_at": "2023-11-14T22:13:20Z",
        "received_at": "2023-11-14T22:13:20.250Z",
    }


def test_a_great_tolerance_is_no_error() -> None:
    late = read({"event": "vps.created"}, stamp=10**10, tolerance=10**10)
    assert late.event["meta"]["signed_at"] == "2286-11-20T17:46:40Z"


# Each delivery once


class World:
    """An inbox with a queue and a clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, size: int = 0, **args: t.Any) -> None:
        self.now = NOW
        self.names: dict[str, t.Any] = SOURCE.main.__globals__
        monkeypatch.setitem(self.names, "time", types.SimpleNamespace(time=lambda: self.now, monotonic=time.monotonic))
        self.queue: asyncio.Queue[t.Any] = asyncio.Queue(size)
        self.args = args
        self.inbox = SOURCE.Inbox(self.queue, settings(**args))

    async def send(self, body: t.Any, **more: t.Any) -> bool:
        """Deliver."""
        body = {"event": "vps.power.changed", **body}
        more.setdefault("stamp", int(self.now))
        text = json.dumps(body)
        request = SOURCE.Request(
            text.encode(), signature(SECRET, more["stamp"], text), more.get("event"), more.get("delivery")
        )
        return await self.inbox.accept(SOURCE.read_delivery(request, settings(**self.args), self.now))


def test_the_same_id_is_a_duplicate_for_as_long_as_it_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        world = World(monkeypatch, dedupe_seconds=1000)
        assert await world.send({"id": "a"}) is True
        assert await world.send({"id": "a", "attempt": 2}) is False
        assert await world.send({"event_id": "a"}, delivery="x") is False
        assert await world.send({"id": "b"}) is True
        world.now += 999
        assert await world.send({"id": "a"}) is False
        world.now += 1
        assert await world.send({"id": "a"}) is True
        assert world.queue.qsize() == 3
        assert len(world.inbox._seen) == len(world.inbox._expiries) == 3, "what is old is forgotten"

    asyncio.run(story())


def test_without_an_id_the_same_body_is_new_at_another_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        world = World(monkeypatch)
        body = {"data": {"vpsId": 1, "action": "start"}}
        assert await world.send(body) is True and await world.send(body) is False
        world.now += 1
        assert await world.send(body) is True
        assert await world.send(body, stamp=int(world.now) - 1) is False

    asyncio.run(story())


def test_a_header_can_make_a_delivery_a_duplicate_and_never_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        world = World(monkeypatch)
        assert await world.send({}, delivery="h1") is True
        assert await world.send({}, delivery="h2") is False, "the same body and time"
        assert await world.send({}, delivery="h2", event="vps.created") is False
        world.now += 1
        assert await world.send({}, delivery="h1") is False, "the same ID"
        assert await world.send({}, delivery="h3") is False, "the same body and time as that duplicate"
        world.now += 1
        assert await world.send({}, delivery="h3") is True, "the header of a duplicate is not remembered"
        assert await world.send({"id": "b"}, delivery="h1") is True, "the ID of the body wins"
        world.now += 1
        assert await world.send({"id": "h1"}) is True, "a stranger could have written h1"
        assert await world.send({}, delivery="b") is False, "the ID of a body that was signed"

    asyncio.run(story())


def test_as_long_as_a_signature_holds_it_fires_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        world = World(monkeypatch, dedupe_seconds=0, tolerance=300)
        ahead = int(world.now) + 300
        assert await world.send({"id": "a"}, stamp=ahead) is True
        for _step in range(6):
            assert await world.send({"id": "a"}, stamp=ahead) is False
            world.now += 100
        with pytest.raises(SOURCE.Refused, match="signature"):
            world.now += 1
            await world.send({"id": "a"}, stamp=ahead)
        assert await world.send({"id": "a"}) is True, "the ID is not remembered"

    asyncio.run(story())


def test_a_duplicate_waits_for_the_first_and_takes_its_place_if_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        world = World(monkeypatch)
        gate, put = asyncio.Event(), world.queue.put

        async def slow(event: t.Any) -> None:
            await gate.wait()
            if not failures:
                return await put(event)
            raise TypeError(failures.pop())

        failures = ["Canary"]
        monkeypatch.setattr(world.queue, "put", slow)
        sent = [asyncio.ensure_future(world.send({"id": "a"}, delivery=str(n))) for n in range(4)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert world.queue.empty() and not any(one.done() for one in sent)
        gate.set()
        answers = await asyncio.gather(*sent, return_exceptions=True)
        assert isinstance(answers[0], SOURCE.Refused) and answers[0].status == 500 and "Canary" not in str(answers[0])
        assert sorted(answers[1:]) == [False, False, True] and world.queue.qsize() == 1

    asyncio.run(story())


def test_if_the_queue_is_full_it_waits_and_then_answers_503_and_nothing_fires_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story() -> None:
        world = World(monkeypatch, size=1)
        monkeypatch.setitem(world.names, "ANSWER_SECONDS", 0.01)
        monkeypatch.setitem(world.names, "MAX_WAITING", 2)
        assert await world.send({"id": "a"}) is True
        for one in ("b", "b", "c", "d"):  # two wait, and one more would be too many
            with pytest.raises(SOURCE.Refused) as caught:
                await world.send({"id": one})
            assert caught.value.status == 503
        fired = [(await world.queue.get())["payload"]["id"] for _one in range(3)]
        assert fired == ["a", "b", "c"]
        assert [await world.send({"id": one}) for one in ("a", "b", "c", "d")] == [False, False, False, True]
        assert world.queue.qsize() == 1

    asyncio.run(story())


def test_at_the_end_nobody_waits_and_nothing_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        world = World(monkeypatch, size=1)
        assert await world.send({"id": "a"}) is True
        waiting = [asyncio.ensure_future(world.send({"id": one})) for one in ("b", "b", "c")]
        await asyncio.sleep(0)
        world.inbox.close()
        answers = await asyncio.gather(*waiting, world.send({"id": "d"}), return_exceptions=True)
        assert [getattr(one, "status", one) for one in answers] == [503] * 4
        assert await world.send({"id": "a"}) is False and world.queue.qsize() == 1

    asyncio.run(story())
