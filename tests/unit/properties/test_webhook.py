# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Webhooks under random dialects and lost replies: one webhook, created once, whose secret is known."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _delivery, _webhook
from ansible_collections.h444.cloud.plugins.module_utils._errors import BadReply
from ansible_collections.h444.cloud.plugins.modules import (
    h444_webhook,
    h444_webhook_delivery_info,
    h444_webhook_redelivery,
)
from ansible_collections.h444.cloud.tests.simulator import assumed, webhooks
from ansible_collections.h444.cloud.tests.simulator.account import Account
from ansible_collections.h444.cloud.tests.simulator.calls import Answer, Call, Reply
from ansible_collections.h444.cloud.tests.unit.properties.support import World, defaults_of, dialect

LOOKS = (
    "casing",
    "list_envelope",
    "object_envelope",
    "ids",
    "error_shape",
    "write_reply",
    "status_words",
    "pagination",
    "webhook_secret_form",
    "webhook_fields",
    "webhook_url",
)
WEBHOOK = (_webhook.RECONCILER, defaults_of(h444_webhook.SPEC))
REDELIVERY = (_delivery.REDELIVERY, defaults_of(h444_webhook_redelivery.SPEC))
INFO = defaults_of(h444_webhook_delivery_info.SPEC)
URL = "https://Example.com:443?tenant=7"
EVENTS = ["ticket.created", "vps.created"]


def world_of(assume: dict[str, t.Any]) -> World:
    """Make a world whose lists can be read."""
    return World(
        {
            **assumed.defaults(),
            **assume,
            "pagination": "off" if assume.get("pagination") == "unreadable" else assume.get("pagination", "off"),
        }
    )


@pytest.mark.parametrize("seed", range(120))
def test_a_webhook_lives_the_same_life_in_every_dialect(seed: int) -> None:
    """Create, converge, change, rotate, move, deliver, deliver again, remove."""
    assume = dialect(seed, LOOKS)
    world = world_of(assume)
    world.core.make("webhooks", {"url": "https://other.example.com/"})
    world.core.make("webhooks", {"url": "https://example.com/?tenant=8"})
    options = {"url": URL, "events": EVENTS}

    check = world.play(*WEBHOOK, check_mode=True, **options, description="Operations", is_active=False)
    assert check["changed"] and len(world.core.webhooks) == 2 and "secret" not in check, (assume, check)
    first = world.play(*WEBHOOK, **options, description="Operations", is_active=False)
    assert not first.get("failed") and first["changed"], (assume, first)
    hook = list(world.core.webhooks.values())[-1]
    assert len(world.core.webhooks) == 3 and first["secret"] == hook["secret"], (assume, first)
    assert (hook["description"], hook["is_active"], hook["events"]) == ("Operations", False, EVENTS)
    assert (first["webhook"]["id"], first["webhook"]["is_active"], first["webhook"]["description"]) == (
        hook["id"],
        False,
        "Operations",
    ), (assume, first)
    assert hook["secret"] not in json.dumps([first["webhook"], first["diff"], first["actions"]])
    again = world.play(
        *WEBHOOK, url="https://example.com/?tenant=7", events=EVENTS[::-1], description="Operations", is_active=False
    )
    assert not again["changed"] and "secret" not in again and again["webhook"] == first["webhook"], (assume, again)

    changed = world.play(*WEBHOOK, id=hook["id"], is_active=True, events=["ticket.created"], description="")
    assert changed["changed"] and changed["webhook"]["is_active"] is True, (assume, changed)
    assert (hook["events"], hook["is_active"], hook["description"] or "") == (["ticket.created"], True, ""), (
        assume,
        hook,
    )
    assert not world.play(*WEBHOOK, id=hook["id"], is_active=True, events=["ticket.created"], description="")[
        "changed"
    ], assume
    old = hook["secret"]
    rotated = world.play(*WEBHOOK, url=URL, rotate_secret=True)
    assert rotated["changed"] and rotated["secret"] == hook["secret"] != old, (assume, rotated)
    moved = world.play(*WEBHOOK, url=URL, new_url="https://hooks.example.com/444host")
    assert moved["changed"] and moved["webhook"]["url"] == hook["url"] == "https://hooks.example.com/444host", (
        assume,
        moved,
    )
    moved = world.play(*WEBHOOK, url=URL, new_url="https://hooks.example.com/444host")
    assert not moved["changed"] and moved["webhook"]["id"] == hook["id"], (assume, moved)

    world.core.seed({"tickets": [{"subject": "one"}, {"subject": "two"}]})
    assert [row["event"] for row in world.core.deliveries] == ["ticket.created"] * 2
    for row, status in zip(world.core.deliveries, (200, 500)):
        webhooks.attempted(world.core, row, status, None if status == 200 else "HTTP 500", 12)
    told = _delivery.report(world.client, {**INFO, "url": "https://hooks.example.com/444host"})["deliveries"]
    fields = ("status", "attempt", "response_status", "duration_ms", "error")
    assert sorted(tuple(row[field] for field in fields) for row in told) == [
        ("delivered", 1, 200, 12, None),
        ("retrying", 1, 500, 12, "HTTP 500"),
    ], (assume, told)
    (failed,) = _delivery.report(world.client, {**INFO, "id": hook["id"], "status": "RETRYING"})["deliveries"]
    again = world.play(*REDELIVERY, id=hook["id"], delivery_id=failed["id"])
    assert again["changed"] and len(world.core.deliveries) == 3, (assume, again)
    assert (again["delivery"]["id"], again["delivery"]["status"]) == (world.core.deliveries[-1]["id"], "pending"), (
        assume,
        again,
    )

    gone = world.play(*WEBHOOK, url="https://hooks.example.com/444host", state="absent")
    assert gone["changed"] and gone["webhook"] is None and len(world.core.webhooks) == 2, (assume, gone)
    assert not world.play(*WEBHOOK, url="https://hooks.example.com/444host", state="absent")["changed"], assume
    assert world.core.contract_broken == 0


class Spoiled:
    """Spoils the reply to one request: carried out, or not."""

    def __init__(
        self, world: World, method: str, end: str, answer: t.Callable[[Answer], Answer], carried_out: bool = True
    ) -> None:
        self.sent = 0
        handle = world.core.handle

        def spoil(verb: str, path: str, query: t.Any, headers: t.Any, body: bytes) -> Answer:
            if verb != method or not path.endswith(end):
                return handle(verb, path, query, headers, body)
            self.sent += 1
            if self.sent > 1:
                return handle(verb, path, query, headers, body)
            return answer(handle(verb, path, query, headers, body) if carried_out else Answer(0, {}, None))

        world.core.handle = spoil  # type: ignore[method-assign]


def broken(_answer: Answer) -> Answer:
    """A gateway's answer."""
    return Answer(502, {"Content-Type": "text/html"}, b"<html>Bad gateway</html>")


def rubbish(_answer: Answer) -> Answer:
    """An answer that is no JSON."""
    return Answer(201, {}, b"<html>")


def empty(_answer: Answer) -> Answer:
    """An answer without content."""
    return Answer(201, {}, None)


def masked(answer: Answer) -> Answer:
    """The webhook, with its secret masked."""
    return Answer(201, {}, {**answer.body, "secret": "whsec_****"})


def split(answer: Answer) -> Answer:
    """A secret without the id."""
    return Answer(201, {}, {"secret": answer.body["secret"]})


@pytest.mark.parametrize("spoil", [broken, rubbish, empty, masked, split])
def test_lost_creation(spoil: t.Callable[[Answer], Answer]) -> None:
    """Carried out, its reply lost: found by the URL, and where the secret is lost a new one is issued, once."""
    world = World(assumed.defaults())
    created, rotated = (
        Spoiled(world, "POST", "/webhooks", spoil),
        Spoiled(world, "POST", "/rotate-secret", lambda answer: answer),
    )
    result = world.play(*WEBHOOK, url=URL, events=EVENTS)
    (hook,) = list(world.core.webhooks.values())
    assert not result.get("failed") and result["changed"], result
    assert result["secret"] == hook["secret"] and result["webhook"]["id"] == hook["id"]
    assert (created.sent, rotated.sent) == (1, 0 if spoil is split else 1)
    assert result["secret_lost"] is False and "secret_lost" not in world.play(*WEBHOOK, url=URL, events=EVENTS)
    assert not world.play(*WEBHOOK, url=URL, events=EVENTS)["changed"]


@pytest.mark.parametrize("spoil", [broken, rubbish])
def test_creation_that_did_not_happen(spoil: t.Callable[[Answer], Answer]) -> None:
    """Not sent again by itself; the next run creates it."""
    world = World(assumed.defaults())
    created = Spoiled(world, "POST", "/webhooks", spoil, carried_out=False)
    result = world.play(*WEBHOOK, url=URL, events=EVENTS)
    assert result["failed"] and "not known" in result["msg"] and "Run the task again" in result["msg"], result
    assert created.sent == 1 and not world.core.webhooks
    assert world.play(*WEBHOOK, url=URL, events=EVENTS)["changed"] and len(world.core.webhooks) == 1


@pytest.mark.parametrize("others", [[["invoice.paid"]], [EVENTS, EVENTS]])
def test_webhook_of_somebody_else_keeps_its_secret(others: list[list[str]]) -> None:
    """Made at the same moment with other events, or one of two: nothing is rotated, the ids are named."""
    world = World(assumed.defaults())

    def race(answer: Answer) -> Answer:
        for events in others:
            world.core.make("webhooks", {"url": "https://example.com/?tenant=7", "events": events})
        return broken(answer)

    Spoiled(world, "POST", "/webhooks", race, carried_out=False)
    rotated = Spoiled(world, "POST", "/rotate-secret", lambda answer: answer)
    result = world.play(*WEBHOOK, url=URL, events=EVENTS)
    assert result["failed"] and all(webhook_id in result["msg"] for webhook_id in world.core.webhooks), result
    assert rotated.sent == 0


@pytest.mark.parametrize("carried_out", [True, False])
@pytest.mark.parametrize("spoil", [broken, rubbish])
def test_lost_rotation(spoil: t.Callable[[Answer], Answer], carried_out: bool) -> None:
    """Never sent again by itself; the message says what to do."""
    world = World(assumed.defaults())
    hook = world.core.make("webhooks", {"url": "https://example.com/?tenant=7"})
    rotated = Spoiled(world, "POST", "/rotate-secret", spoil, carried_out)
    result = world.play(*WEBHOOK, url=URL, rotate_secret=True)
    assert (
        result["failed"]
        and result["changed"]
        and "rotate_secret: true" in result["msg"]
        and "not known" in result["msg"]
    ), result
    assert rotated.sent == 1 and "secret" not in result and result["secret_lost"] is True
    assert any("rotate_secret: true" in text for text in world.warnings)
    assert world.play(*WEBHOOK, url=URL, rotate_secret=True)["secret"] == hook["secret"]


def test_rotation_without_a_secret() -> None:
    """The old one is gone and the new one is not told: an error, with the way out."""
    world = World(assumed.defaults())
    world.core.make("webhooks", {"url": "https://example.com/?tenant=7"})
    Spoiled(world, "POST", "/rotate-secret", masked)
    result = world.play(*WEBHOOK, url=URL, rotate_secret=True)
    assert result["failed"] and result["changed"] and "rotate_secret: true" in result["msg"], result
    assert result["secret_lost"] is True


@pytest.mark.parametrize("spoil", [broken, rubbish, masked])
def test_creation_and_rotation_both_lost(spoil: t.Callable[[Answer], Answer]) -> None:
    """One rotation and no more; that the webhook is there is told."""
    world = World(assumed.defaults())
    Spoiled(world, "POST", "/webhooks", broken)
    rotated = Spoiled(world, "POST", "/rotate-secret", spoil)
    result = world.play(*WEBHOOK, url=URL, events=EVENTS)
    assert result["failed"] and result["changed"] and result["webhook"]["id"] in world.core.webhooks, result
    assert rotated.sent == 1 and "rotate_secret: true" in result["msg"] and result["secret_lost"] is True


@pytest.mark.parametrize("spoil", [broken, rubbish])
def test_lost_redelivery(spoil: t.Callable[[Answer], Answer]) -> None:
    """Sent once; the message says how to look."""
    world = World(assumed.defaults())
    hook = world.core.make("webhooks", {})
    row = webhooks.queue(world.core, hook, "vps.created", "{}")
    sent = Spoiled(world, "POST", "/redeliver", spoil)
    result = world.play(*REDELIVERY, id=hook["id"], delivery_id=row["id"])
    assert result["failed"] and result["changed"] and "check with h444_webhook_delivery_info" in result["msg"], result
    assert sent.sent == 1 and result["delivery"] is None


def test_creation_that_shows_late() -> None:
    """The API may still be at work when the reply is lost: the list is read more than once."""
    world = World(assumed.defaults())
    Spoiled(world, "POST", "/webhooks", broken, carried_out=False)
    shown_at = world.core.offset + 1.5 + 2.5
    sleep = world.sleep

    def pass_time(seconds: float) -> None:
        sleep(seconds)
        if world.core.offset >= shown_at and not world.core.webhooks:
            world.core.make("webhooks", {"url": URL, "events": EVENTS})

    world.client._sleep = pass_time
    result = world.play(*WEBHOOK, url=URL, events=EVENTS)
    (hook,) = list(world.core.webhooks.values())
    assert result["changed"] and result["secret"] == hook["secret"], result


def test_created_but_not_allowed_to_rotate() -> None:
    """A refusal after the creation: the webhook is there, and how to get at a secret is told."""
    world = World(assumed.defaults())
    Spoiled(world, "POST", "/webhooks", broken)
    Spoiled(world, "POST", "/rotate-secret", lambda _answer: Answer(403, {}, {"message": "no"}), carried_out=False)
    result = world.play(*WEBHOOK, url=URL, events=EVENTS)
    (hook,) = list(world.core.webhooks.values())
    assert result["failed"] and result["changed"] and result["webhook"]["id"] == hook["id"], result
    assert hook["id"] in result["msg"] and "rotate_secret: true" in result["msg"] and "403" in result["msg"]


def test_list_that_tells_less_than_one_webhook() -> None:
    """What the list leaves out is asked for before anything is written."""
    world = World(assumed.defaults())
    world.core.make("webhooks", {"url": URL, "events": EVENTS, "description": "Operations"})

    def short(account: Account, call: Call) -> Reply:
        status, rows = webhooks.list_webhooks(account, call)
        return status, [{name: row[name] for name in ("id", "url", "secret")} for row in rows]

    world.core.answer_by("GET", "/webhooks", short)
    result = world.play(*WEBHOOK, url=URL, events=EVENTS, description="Operations", is_active=True)
    assert not result["changed"] and result["webhook"]["description"] == "Operations", result


def test_moving_to_a_taken_url() -> None:
    """Refused with the other's id, by URL and by id."""
    world = World(assumed.defaults())
    hook, other = (
        world.core.make("webhooks", {"url": URL}),
        world.core.make("webhooks", {"url": "https://example.com/other"}),
    )
    for name in ({"url": URL}, {"id": hook["id"]}):
        result = world.play(*WEBHOOK, **name, new_url="https://example.com:443/other")
        assert result["failed"] and not result["changed"] and other["id"] in result["msg"], result


def test_redelivery_whose_reply_tells_the_old_one() -> None:
    """The new delivery is looked for in the list; if that fails, the task does not: nobody shall send it again."""
    for is_listed in (True, False):
        world = World(assumed.defaults())
        hook = world.core.make("webhooks", {})
        row = webhooks.queue(world.core, hook, "vps.created", "{}")
        shown = webhooks.shown_delivery(row)

        def echo(_answer: Answer, world: World = world, shown: t.Any = shown, is_listed: bool = is_listed) -> Answer:
            if not is_listed:
                world.core.routes = [
                    route
                    for route in world.core.routes
                    if not (route.method == "GET" and route.path.endswith("/deliveries"))
                ]
            return Answer(201, {}, shown)

        Spoiled(world, "POST", "/redeliver", echo)
        result = world.play(*REDELIVERY, id=hook["id"], delivery_id=row["id"])
        assert result["changed"] and not result.get("failed"), result
        assert (result["delivery"] or {}).get("id") == (world.core.deliveries[-1]["id"] if is_listed else None), result


def test_more_deliveries_than_can_be_read() -> None:
    """As many as were asked for are given; a delivery that is not among them may exist, so the API is asked."""
    world = World(assumed.defaults())
    hook = world.core.make("webhooks", {})
    webhooks.queue(world.core, hook, "vps.created", "{}")
    handle = world.core.handle

    def more(verb: str, path: str, query: t.Any, headers: t.Any, body: bytes) -> Answer:
        answer = handle(verb, path, query, headers, body)
        return (
            Answer(200, {}, {"data": answer.body, "has_more": True})
            if verb == "GET" and path.endswith("/deliveries")
            else answer
        )

    world.core.handle = more  # type: ignore[method-assign]
    assert len(_delivery.report(world.client, {**INFO, "id": hook["id"], "limit": 1})["deliveries"]) == 1
    with pytest.raises(BadReply, match="more delivery|more entries"):
        _delivery.report(world.client, {**INFO, "id": hook["id"]})
    assert world.play(*REDELIVERY, check_mode=True, id=hook["id"], delivery_id="nosuch")["changed"]
    assert "Nothing was sent" in world.play(*REDELIVERY, id=hook["id"], delivery_id="nosuch")["msg"]


def test_url_that_the_provider_writes_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not seen as ours by the next run, it would be created again; so the name to use is told, with the secret."""
    world = World(assumed.defaults())
    make, cut = webhooks.make_webhook, {"url": "https://example.com/cut"}
    monkeypatch.setattr(webhooks, "make_webhook", lambda account, given: make(account, {**given, **cut}))
    result = world.play(*WEBHOOK, url=URL, events=EVENTS)
    (hook,) = list(world.core.webhooks.values())
    assert (
        result["failed"]
        and result["changed"]
        and "https://example.com/cut" in result["msg"]
        and result["secret"] == hook["secret"]
    ), result


@pytest.mark.parametrize(("count", "is_refused"), [(3, True), (200, False)])
def test_delivery_that_is_not_shown(count: int, is_refused: bool) -> None:
    """Refused where all are shown; of more than the API shows, it alone knows."""
    world = World(assumed.defaults())
    hook = world.core.make("webhooks", {})
    first = webhooks.queue(world.core, hook, "vps.created", "{}")
    for _number in range(count):
        webhooks.queue(world.core, hook, "vps.created", "{}")
    sent = Spoiled(world, "POST", "/redeliver", lambda answer: answer)
    check = world.play(*REDELIVERY, check_mode=True, id=hook["id"], delivery_id="nosuch")
    result = world.play(*REDELIVERY, id=hook["id"], delivery_id="nosuch")
    assert bool(check.get("failed")) is is_refused
    assert (
        result["failed"] and not result["changed"] and "nosuch" in result["msg"] and "Nothing was sent" in result["msg"]
    ), result
    assert sent.sent == (0 if is_refused else 1)
    assert world.play(*REDELIVERY, id=hook["id"], delivery_id=first["id"])["changed"]
    unknown = world.play(*REDELIVERY, id="nosuch", delivery_id=first["id"])
    assert unknown["failed"] and "No webhook has the ID 'nosuch'" in unknown["msg"]
