# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tickets under random dialects and lost answers: whatever holds, each is opened once, answered once and closed."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _ticket
from ansible_collections.h444.cloud.plugins.module_utils._errors import BadReply
from ansible_collections.h444.cloud.plugins.module_utils._thread import same_text
from ansible_collections.h444.cloud.plugins.modules import h444_ticket, h444_ticket_info
from ansible_collections.h444.cloud.tests.simulator import assumed, tickets
from ansible_collections.h444.cloud.tests.unit.properties import support
from ansible_collections.h444.cloud.tests.unit.properties.support import World, defaults_of, dialect

LOOKS = (
    "casing",
    "list_envelope",
    "object_envelope",
    "ids",
    "status_words",
    "error_shape",
    "ticket_thread",
    "ticket_order",
    "ticket_author",
    "ticket_text",
    "ticket_paging",
    "ticket_write",
    "tickets_listed",
)
TICKET = (_ticket.RECONCILER, defaults_of(h444_ticket.SPEC))
INFO = defaults_of(h444_ticket_info.SPEC)
ASK = {"subject": "Zone of AT&T <1>", "body": "Hello,\r\n\r\nplease host it.  a < b & c\n"}
THANKS = "Thanks — that\nfixed it & more.\n"


def world_of(**assume: t.Any) -> World:
    """Make a world with these switches changed."""
    return World({**assumed.defaults(), **assume})


def listed(world: World, **params: t.Any) -> list[dict[str, t.Any]]:
    """Answer h444_ticket_info."""
    return _ticket.report(world.client, {**INFO, **params})["tickets"]


@pytest.mark.parametrize("seed", range(150))
def test_a_ticket_lives_through_every_dialect(seed: int) -> None:
    """Open, open again, answer, answer again after the staff did, close, close again, re-open, open a new one."""
    assume = dialect(seed, LOOKS)
    if assume["ticket_thread"] == "none":
        assume["ticket_thread"] = "messages"  # a test of its own below
    if assume["ticket_paging"] in ("count", "unreadable"):
        assume["ticket_paging"] = "off"  # tests of their own below
    world = world_of(**assume)
    there = world.core.tickets

    check = world.play(*TICKET, check_mode=True, **ASK)
    assert check["changed"] and not there and check["actions"] == ["open " + ASK["subject"]], (assume, check)
    first = world.play(*TICKET, **ASK)
    assert not first.get("failed") and first["changed"], (assume, first)
    (row,) = list(there.values())
    assert (
        first["ticket"]["id"] == row["id"]
        and first["ticket"]["status"] == "open"
        and len(first["ticket"]["messages"]) == 1
    ), (assume, first)
    again = world.play(*TICKET, **ASK)
    assert not again["changed"] and again["ticket"]["id"] == row["id"] and len(there) == 1, (assume, again)

    assert world.play(*TICKET, check_mode=True, id=row["id"], reply=THANKS)["changed"]
    replied = world.play(*TICKET, subject=ASK["subject"], reply=THANKS)
    assert replied["changed"] and len(row["messages"]) == 2 and len(replied["ticket"]["messages"]) == 2, (
        assume,
        replied,
    )
    world.core.offset += 60
    tickets.staff_reply(world.core, row["id"], "You are welcome")
    same = world.play(*TICKET, id=row["id"], reply="Thanks — that fixed it & more.")
    assert not same["changed"] and same["ticket"]["status"] == "answered" and len(row["messages"]) == 3, (assume, same)
    authors = [message["author"] for message in same["ticket"]["messages"]]
    if assume["ticket_author"] != "none":
        assert authors == ["customer", "customer", "staff"], (assume, same)
    assert same_text(same["ticket"]["messages"][-1]["body"], "You are welcome"), (assume, same)
    assert world.play(*TICKET, id=row["id"], reply=THANKS, force_reply=True)["changed"] and len(row["messages"]) == 4

    ended = {"subject": ASK["subject"], "reply": "Goodbye", "state": "closed"}
    closed = world.play(*TICKET, **ended)
    assert (
        closed["changed"]
        and row["status"] == "closed"
        and closed["ticket"]["status"] == "closed"
        and len(row["messages"]) == 5
    ), (assume, closed)
    if assume["tickets_listed"] == "all":
        assert not world.play(*TICKET, **ended)["changed"], assume
    assert not world.play(*TICKET, subject=ASK["subject"], state="closed")["changed"], assume
    assert not world.play(*TICKET, id=row["id"], state="closed")["changed"], assume
    assert not world.play(*TICKET, id=row["id"], reply="Goodbye", state="closed")["changed"], assume
    assert len(row["messages"]) == 5, assume

    refused = world.play(*TICKET, id=row["id"])
    assert refused.get("failed") and "only a reply reopens" in refused["msg"] and row["status"] == "closed", (
        assume,
        refused,
    )
    assert world.play(*TICKET, id=row["id"], reply="One more thing")["ticket"]["status"] == "open" == row["status"]
    assert world.play(*TICKET, id=row["id"], state="closed")["changed"]

    # Within the 24 hours of the first one's key; the key of the new one stands for itself.
    second = world.play(*TICKET, **ASK)
    if (assume["tickets_listed"], assume["ticket_write"]) == ("open", "ok"):
        # Neither the reply nor the list shows that the key's ticket is the closed one; nothing is opened.
        assert second["failed"] and "idempotency_key" in second["msg"] and len(there) == 1, (assume, second)
        second = world.play(*TICKET, **ASK, idempotency_key="another-one")
    assert not second.get("failed"), (assume, second)
    assert second["changed"] and second["ticket"]["id"] != row["id"] and len(there) == 2, (assume, second)
    assert not world.play(*TICKET, **ASK)["changed"] and len(there) == 2
    assert [one["id"] for one in listed(world, subject=ASK["subject"], status="open")] == [second["ticket"]["id"]]
    (read,) = listed(world, id=row["id"], include_messages=True)
    assert len(read["messages"]) == 6 and read["status"] == "closed", (assume, read)


def lose(world: World, path: str, times: int, carried_out: bool) -> list[str]:
    """Answer the next POSTs below a path with 503, after or before they are carried out; gives what was sent."""
    handle, sent = world.core.handle, []  # type: t.Any, list[str]

    def spoiled(method: str, given: str, query: t.Any, headers: t.Any, body: bytes) -> t.Any:
        if method == "POST" and given.endswith(path):
            sent.append(next((value for name, value in headers.items() if name.lower() == "idempotency-key"), ""))
            if len(sent) <= times:
                if carried_out:
                    handle(method, given, query, headers, body)
                answer = handle("GET", "/nothing", query, headers, b"")
                return answer._replace(status=503)
        return handle(method, given, query, headers, body)

    world.core.handle = spoiled  # type: ignore[method-assign]
    return sent


@pytest.mark.parametrize("times", [1, 3, 100])
@pytest.mark.parametrize("carried_out", [False, True])
def test_a_lost_opening_opens_at_most_once(times: int, carried_out: bool) -> None:
    """Opened at most once, under one key; known wherever it can be."""
    world = world_of()
    sent = lose(world, "/tickets", times, carried_out)
    result = world.play(*TICKET, **ASK)
    assert len(set(sent)) == 1 and len(sent) <= 6
    if times == 100 and not carried_out:
        assert result["failed"] and result["changed"] and "is not known" in result["msg"] and not world.core.tickets, (
            result
        )
        return
    assert not result.get("failed") and result["changed"] and len(world.core.tickets) == 1, result
    assert result["ticket"]["id"] in world.core.tickets
    assert not world.play(*TICKET, **ASK)["changed"]


@pytest.mark.parametrize("carried_out", [False, True])
def test_a_lost_reply_is_sent_once(carried_out: bool) -> None:
    """Sent once. Where the thread shows it, it is posted; else the next run posts it."""
    world = world_of()
    world.play(*TICKET, **ASK)
    sent = lose(world, "/reply", 1, carried_out)
    result = world.play(*TICKET, subject=ASK["subject"], reply=THANKS)
    assert len(sent) == 1
    (row,) = list(world.core.tickets.values())
    assert len(row["messages"]) == 1 + carried_out
    assert bool(result.get("failed")) is not carried_out and result["changed"], result
    if not carried_out:
        assert "was not sent again" in result["msg"]
    assert world.play(*TICKET, subject=ASK["subject"], reply=THANKS)["changed"] is not carried_out
    assert len(row["messages"]) == 2


@pytest.mark.parametrize("carried_out", [False, True])
def test_a_lost_forced_reply_is_not_the_one_before(carried_out: bool) -> None:
    """The same words of an earlier message prove nothing of this one."""
    world = world_of()
    world.play(*TICKET, **ASK)
    world.play(*TICKET, subject=ASK["subject"], reply=THANKS)
    lose(world, "/reply", 1, carried_out)
    result = world.play(*TICKET, subject=ASK["subject"], reply=THANKS, force_reply=True)
    assert bool(result.get("failed")) is not carried_out, result


@pytest.mark.parametrize("carried_out", [False, True])
def test_a_lost_closing_is_sent_again(carried_out: bool) -> None:
    """Closing is a state, so it is sent again."""
    world = world_of()
    world.play(*TICKET, **ASK)
    sent = lose(world, "/close", 2, carried_out)
    result = world.play(*TICKET, subject=ASK["subject"], state="closed")
    assert len(sent) == 3 and result["changed"] and result["ticket"]["status"] == "closed"


def test_a_failure_on_the_way_says_what_was_done() -> None:
    """A reply is posted, the closing fails: the result knows the one and not the other."""
    world = world_of()
    world.play(*TICKET, **ASK)
    lose(world, "/close", 100, False)
    result = world.play(*TICKET, subject=ASK["subject"], reply=THANKS, state="closed")
    assert result["failed"] and result["changed"] and result["actions"] == ["reply to " + ASK["subject"]]
    assert result["ticket"]["status"] == "open" and len(result["ticket"]["messages"]) == 2


def test_one_run_opens_and_replies() -> None:
    """What a second run would post, the first one posts."""
    world = world_of()
    both = {**ASK, "reply": THANKS}
    first = world.play(*TICKET, **both)
    assert (
        first["actions"] == ["open " + ASK["subject"], "reply to " + ASK["subject"]]
        and len(first["ticket"]["messages"]) == 2
    )
    assert not world.play(*TICKET, **both)["changed"]


def test_closed_tickets_that_are_not_listed_are_not_opened_twice() -> None:
    """The key of a day ago answers with a closed ticket that the list hides; the next key opens the new one, once."""
    world = world_of(tickets_listed="open")
    ids = []
    for _round in range(3):
        made = world.play(*TICKET, **ASK)
        assert made["changed"] and made["ticket"]["id"] not in ids, made
        ids.append(made["ticket"]["id"])
        assert not world.play(*TICKET, **ASK)["changed"]
        assert world.play(*TICKET, id=made["ticket"]["id"], state="closed")["changed"]
    assert len(world.core.tickets) == 3
    own = world.play(*TICKET, **ASK, idempotency_key="my-own-key-1")
    world.play(*TICKET, id=own["ticket"]["id"], state="closed")
    refused = world.play(*TICKET, **ASK, idempotency_key="my-own-key-1")
    assert refused["failed"] and not refused["changed"] and "a different idempotency_key" in refused["msg"], refused
    assert len(world.core.tickets) == 4


def test_without_a_thread_nothing_is_posted() -> None:
    """Whether it is said already can't be known, so it is not posted but by force."""
    world = world_of(ticket_thread="none")
    made = world.play(*TICKET, **ASK)
    (row,) = list(world.core.tickets.values())
    assert made["changed"] and not world.play(*TICKET, **ASK)["changed"]
    refused = world.play(*TICKET, id=row["id"], reply=THANKS)
    assert refused["failed"] and "force_reply" in refused["msg"] and len(row["messages"]) == 1
    assert world.play(*TICKET, id=row["id"], reply=THANKS, force_reply=True)["changed"] and len(row["messages"]) == 2


def long_thread(**assume: t.Any) -> tuple[World, dict[str, t.Any]]:
    """Make a world whose one ticket has five messages, the customer's latest among the newest."""
    world = world_of(**assume)
    made = world.play(*TICKET, **ASK)
    assert made["changed"], made
    (row,) = list(world.core.tickets.values())
    for number in range(3):
        world.core.offset += 60
        tickets.staff_reply(world.core, row["id"], "Answer %d" % number)
    world.core.offset += 60
    tickets.add_message(world.core, row, "customer", THANKS, "open")
    return world, row


PLACES = [(thread, order) for thread in ("messages", "beside") for order in ("oldest", "newest")]


@pytest.mark.parametrize("paging", ["page", "cursor", "link"])
@pytest.mark.parametrize(("thread", "order"), PLACES)
@pytest.mark.parametrize("casing", ["snake", "camel"])
def test_a_thread_in_pages_is_read_whole(paging: str, thread: str, order: str, casing: str) -> None:
    """A reply that stands on a later page is not posted again, and no result is cut."""
    world, row = long_thread(ticket_paging=paging, ticket_thread=thread, ticket_order=order, casing=casing)
    again = world.play(*TICKET, id=row["id"], reply=THANKS)
    assert not again["changed"] and len(again["ticket"]["messages"]) == 5 == len(row["messages"]), again
    bodies = [message["body"] for message in again["ticket"]["messages"]]
    assert bodies[1:4] == ["Answer 0", "Answer 1", "Answer 2"] and same_text(bodies[4], THANKS)
    (read,) = listed(world, id=row["id"], include_messages=True)
    assert [message["body"] for message in read["messages"]] == bodies
    more = world.play(*TICKET, id=row["id"], reply="More")
    assert more["changed"] and len(row["messages"]) == 6 == len(more["ticket"]["messages"]), more


@pytest.mark.parametrize("paging", ["count", "unreadable"])
@pytest.mark.parametrize(("thread", "order"), PLACES)
def test_a_thread_that_is_cut_is_refused(paging: str, thread: str, order: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a reply is there can't be known, so only force posts one; closing needs no thread, and warns."""
    warnings: list[str] = []
    monkeypatch.setattr(support.Module, "warn", lambda _self, text: warnings.append(text))
    world, row = long_thread(ticket_paging=paging, ticket_thread=thread, ticket_order=order)
    refused = world.play(*TICKET, id=row["id"], reply=THANKS)
    assert refused["failed"] and "force_reply posts it" in refused["msg"] and len(row["messages"]) == 5, refused
    with pytest.raises(BadReply, match="rest can't be read|not how to read them"):
        listed(world, subject=ASK["subject"], include_messages=True)
    with pytest.raises(BadReply, match="rest can't be read|not how to read them"):
        listed(world, id=row["id"], include_messages=True)
    assert len(listed(world, id=row["id"])) == 1 and not warnings
    assert world.play(*TICKET, id=row["id"], reply=THANKS, force_reply=True)["changed"] and len(row["messages"]) == 6
    closed = world.play(*TICKET, subject=ASK["subject"], state="closed")
    assert closed["ticket"]["status"] == "closed" and "are not complete" in warnings[-1]


def test_a_lost_reply_in_a_cut_thread_is_not_known() -> None:
    """The page that can be read does not show it; that proves nothing."""
    world, row = long_thread(ticket_paging="count")
    sent = lose(world, "/reply", 1, True)
    lost = world.play(*TICKET, id=row["id"], reply="Not seen", force_reply=True)
    assert lost["failed"] and lost["changed"] and "was not sent again" in lost["msg"] and len(sent) == 1, lost


def test_a_subject_that_the_provider_truncates_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else every day would open another one."""
    warnings: list[str] = []
    monkeypatch.setattr(support.Module, "warn", lambda _self, text: warnings.append(text))
    world = world_of(ticket_subject="cut20")
    made = world.play(*TICKET, subject="Reverse zone of our addresses", body="Please")
    assert made["changed"] and made["ticket"]["subject"] == "Reverse zone of our "
    assert any("Use that subject from now on" in text for text in warnings), warnings


@pytest.mark.parametrize("ticket_write", ["ticket", "id", "ok"])
@pytest.mark.parametrize("ticket_text", ["as_is", "html"])
def test_a_subject_that_the_provider_truncates_is_found_again(ticket_write: str, ticket_text: str) -> None:
    """No second ticket, however often and late the task runs again; another one of the same beginning stays."""
    world = world_of(ticket_subject="cut20", ticket_write=ticket_write, ticket_text=ticket_text)
    ask = {"subject": "Reverse zone of our addresses", "body": "Please host it."}
    made = world.play(*TICKET, **ask)
    assert made["changed"], made
    for _day in range(3):
        world.core.offset += 90_000
        for check_mode in (True, False):
            again = world.play(*TICKET, check_mode=check_mode, **ask)
            assert (
                not again["changed"] and again["ticket"]["id"] == made["ticket"]["id"] and len(world.core.tickets) == 1
            ), again
    other = {"subject": "Reverse zone of our office", "body": "What does it cost?"}
    refused = world.play(*TICKET, **other)
    assert refused["failed"] and "truncated by the provider" in refused["msg"] and len(world.core.tickets) == 1, refused
    assert world.play(*TICKET, **other, idempotency_key="office-1")["changed"] and len(world.core.tickets) == 2
    world.core.offset += 90_000
    assert not world.play(*TICKET, **other, idempotency_key="office-1")["changed"] and len(world.core.tickets) == 2
    closed = world.play(*TICKET, **ask, state="closed")
    assert (
        closed["changed"]
        and world.core.tickets[made["ticket"]["id"]]["status"] == "closed"
        and closed["ticket"]["id"] == made["ticket"]["id"]
    ), closed


def test_a_lost_opening_is_found_under_a_truncated_subject() -> None:
    """The list shows it under its beginning; the opening message shows that it is it."""
    world = world_of(ticket_subject="cut20")
    lose(world, "/tickets", 100, True)
    made = world.play(*TICKET, subject="Reverse zone of our addresses", body="Please host it.")
    assert made["changed"] and not made.get("failed") and len(world.core.tickets) == 1, made


def test_two_open_tickets_of_a_subject_are_refused() -> None:
    """Refused with their ids, whatever is wanted; by its id each is closed."""
    world = world_of()
    ids = [
        world.play(*TICKET, subject=subject, body="Hello")["ticket"]["id"] for subject in (ASK["subject"], "Another")
    ]
    world.core.tickets[ids[1]]["subject"] = ASK["subject"]
    for more in ({"state": "closed"}, {}, {"reply": THANKS}, {"body": "1"}):
        for check_mode in (True, False):
            refused = world.play(*TICKET, check_mode=check_mode, subject=ASK["subject"], **more)
            assert refused["failed"] and not refused["changed"] and all(name in refused["msg"] for name in ids), refused
    assert {row["status"] for row in world.core.tickets.values()} == {"open"}
    world.core.tickets[ids[0]]["status"] = "resolved"
    assert world.play(*TICKET, subject=ASK["subject"], state="closed")["failed"]
    assert world.play(*TICKET, id=ids[1], state="closed")["changed"]
    assert not world.play(*TICKET, subject=ASK["subject"], state="closed")["changed"]


def test_check_mode_warns_of_a_word_that_it_cannot_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    """The API lists its priorities nowhere; a run needs no such warning, for there the API answers."""
    warnings: list[str] = []
    monkeypatch.setattr(support.Module, "warn", lambda _self, text: warnings.append(text))
    world = world_of()
    assert world.play(*TICKET, check_mode=True, **ASK, priority="soon", department="technical")["changed"]
    assert len(warnings) == 1 and "whether the API accepts 'soon'" in warnings[0]
    refused = world.play(*TICKET, **ASK, priority="soon")
    assert refused["failed"] and not refused["changed"] and not world.core.tickets and len(warnings) == 1
    assert world.play(*TICKET, **ASK, priority="urgent")["changed"]
    world.play(*TICKET, check_mode=True, subject="Another", body="Hello", priority="urgent")
    assert len(warnings) == 1


def test_a_key_that_sees_tickets_only_opens_them() -> None:
    """The account is not needed to open a ticket."""
    world = world_of()
    for key in world.core.keys.values():
        key["scopes"] = ["tickets:read", "tickets:write"]
    assert world.play(*TICKET, **ASK)["changed"] and not world.play(*TICKET, **ASK)["changed"]


def test_a_busy_key_is_waited_for() -> None:
    """409: the same request is at work. It is asked for again, and what the list shows by then is it."""
    world = world_of()
    handle, seen = world.core.handle, []  # type: t.Any, list[str]

    def busy(method: str, path: str, query: t.Any, headers: t.Any, body: bytes) -> t.Any:
        if (method, path) == ("POST", "/tickets"):
            seen.append(path)
            if len(seen) < 3:
                return handle("GET", "/nothing", query, headers, b"")._replace(status=409)
        return handle(method, path, query, headers, body)

    world.core.handle = busy  # type: ignore[method-assign]
    assert world.play(*TICKET, **ASK)["changed"] and len(seen) == 3 and len(world.core.tickets) == 1


def test_a_key_of_another_request_is_refused() -> None:
    """409 for good: the key was used with another body."""
    world = world_of()
    world.play(*TICKET, subject="One", body="Please", idempotency_key="my-own-key-1")
    refused = world.play(*TICKET, subject="Two", body="Please", idempotency_key="my-own-key-1")
    assert (
        refused["failed"]
        and not refused["changed"]
        and "Nothing was opened" in refused["msg"]
        and len(world.core.tickets) == 1
    ), refused
