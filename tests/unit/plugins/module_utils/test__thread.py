# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The thread of a ticket: where it stands, in which order, who wrote what, and what has been said already."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _thread
from ansible_collections.h444.cloud.plugins.module_utils._errors import BadReply
from ansible_collections.h444.cloud.plugins.module_utils._ticket import GET, read_ticket

Row = t.Dict[str, t.Any]
TICKET: Row = {"id": "7", "created_at": None}


def said(body: str, author: str | None = "customer") -> Row:
    """Make a message in normal form."""
    return {"id": None, "author": author, "body": body, "created_at": None}


@pytest.mark.parametrize(
    ("raw", "author"),
    [
        ({"author": "customer"}, "customer"),
        ({"author": "CLIENT"}, "customer"),
        ({"from": "Support Agent"}, "staff"),
        ({"isStaff": False}, "customer"),
        ({"is_staff": 1, "author": "Jane"}, "staff"),
        ({"isCustomer": False}, "staff"),
        ({"sender": {"type": "AGENT", "name": "Jo"}}, "staff"),
        ({"author": {"name": "Jane Doe"}, "role": "user"}, "customer"),
        ({"author": {"name": "Jane Doe"}}, "Jane Doe"),
        ({"author_type": "System"}, "System"),
        ({"author": "Jane", "sender_type": "admin"}, "staff"),
        ({}, None),
        ({"author": None}, None),
    ],
)
def test_an_author_is_known_by_any_word_or_flag(raw: Row, author: str | None) -> None:
    """A name alone says nothing of the side."""
    assert _thread.read_message(raw, GET)["author"] == author


@pytest.mark.parametrize("field", ["body", "message", "text", "content"])
def test_a_message_keeps_every_field(field: str) -> None:
    """The text under any name, and what nobody foresaw."""
    raw = {"messageId": 5, field: "Hello", "sentAt": "2026-06-11T09:00:00Z", "attachmentCount": 2}
    message = _thread.read_message(raw, GET)
    assert (
        message["body"] == "Hello"
        and message["id"] == "5"
        and message["attachment_count"] == 2
        and message["created_at"] == "2026-06-11T09:00:00Z"
    )


ONE, TWO = {"body": "1", "created_at": "2026-06-11T09:00:00Z"}, {"body": "2", "created_at": "2026-06-11T09:00:01Z"}


@pytest.mark.parametrize(
    "body",
    [
        {"id": 7, "messages": [ONE, TWO]},
        {"id": 7, "messages": [TWO, ONE]},
        {"data": {"id": 7, "thread": [ONE, TWO]}},
        {"ticket": {"id": 7}, "messages": [TWO, ONE]},
        {"data": {"ticket": {"id": 7}, "Messages": {"data": [ONE, TWO]}}},
        {"id": 7, "message": "1", "replies": [TWO], "created_at": "2026-06-11T09:00:00Z"},
        {"id": 7, "message": "1", "messages": [ONE, TWO]},
        {"ticket": {"id": 7, "conversation": [ONE, TWO]}},
    ],
)
def test_a_thread_is_found_wherever_it_stands(body: Row) -> None:
    """And whichever message comes first: oldest first, the opening message once."""
    row = read_ticket(body.get("ticket") or body.get("data", {}).get("ticket") or body.get("data") or body)
    found = _thread.read_thread(_thread.thread_page(body)["messages"], row, GET)
    assert [message["body"] for message in found] == ["1", "2"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"id": 7, "messages": [ONE], "hasMore": True}, {"has_more": True}),
        ({"id": 7, "page": 1, "messages": [ONE], "totalPages": 2}, {"page": 1, "total_pages": 2}),
        ({"id": 7, "messages": {"data": [ONE], "nextCursor": "x"}}, {"next_cursor": "x"}),
        ({"ticket": {"id": 7}, "messages": [ONE], "meta": {"total": 3}}, {"meta": {"total": 3}}),
        (
            {"data": {"id": 7, "messages": [ONE]}, "pagination": {"next": "/v1/x?page=2"}},
            {"pagination": {"next": "/v1/x?page=2"}},
        ),
        ({"id": 7, "messages": [ONE], "messagesMeta": {"page": 1, "pages": 2}}, {"page": 1, "pages": 2}),
        ({"id": 7, "messages": [ONE], "messagesTruncated": True}, {"has_more": True}),
        ({"data": [{"id": 7, "messages": [ONE], "has_more": True}]}, {"has_more": True}),
        # The ticket's own numbers say nothing of the thread.
        ({"id": 7, "messages": [ONE], "total": 9, "count": 9, "after": "x", "offset": 1, "pages": 3}, {}),
    ],
)
def test_further_pages_are_announced_around_the_messages(body: Row, says: Row) -> None:
    """In the envelope, beside the messages, in the ticket under words that mean nothing else."""
    assert _thread.thread_page(body) == {"messages": [ONE], **says}


def test_messages_of_one_second_stay_in_their_order() -> None:
    """Newest first with equal times: the whole is turned round before it is sorted."""
    rows = [
        {"body": "3", "created_at": "2026-06-11T09:00:01Z"},
        {"body": "2", "created_at": "2026-06-11T09:00:01Z"},
        ONE,
    ]
    assert [message["body"] for message in _thread.read_thread(rows, TICKET, GET)] == ["1", "2", "3"]


def test_a_thread_without_times_keeps_its_order() -> None:
    """Nothing says otherwise."""
    found = _thread.read_thread([{"body": "b"}, {"body": "a"}], TICKET, GET)
    assert [message["body"] for message in found] == ["b", "a"]


def test_a_number_of_messages_is_no_thread_and_a_broken_thread_is_refused() -> None:
    """No thread is an empty list."""
    assert _thread.thread_page({"id": 7, "messages": 3})["messages"] == []
    assert read_ticket({"id": 7, "messages": 3})["message_count"] == 3
    with pytest.raises(BadReply, match="GET /v1/tickets/:id"):
        _thread.read_thread(["Hello"], TICKET, GET)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a\r\nb\n", "a b", True),
        ("<p>a &amp; b<br />\nc</p>", "a & b\nc", True),
        ("Cafe\u0301", "Caf\u00e9", True),
        ("a", "A", False),
        ("", None, True),
        ("if a <b> c", "if a c", False),
    ],
)
def test_the_same_text_is_known_in_other_white_space_and_markup(one: str, other: str | None, same: bool) -> None:
    """Letters count."""
    assert _thread.same_text(one, other) is same


@pytest.mark.parametrize(
    ("messages", "is_said"),
    [
        ([said("Hello"), said("Thanks")], True),
        ([said("Thanks"), said("Hello")], False),
        ([said("Thanks"), said("You are welcome", "staff")], True),
        ([said("Thanks", "staff")], False),
        ([said("Thanks", None), said("Something", None)], True),
        ([said("Thanks", "Jane Doe"), said("Hi", "staff")], True),
        ([said("Thanks", None), said("Hello")], False),
        ([], False),
    ],
)
def test_the_latest_message_of_the_customer_counts(messages: list[Row], is_said: bool) -> None:
    """The staff's do not, and one of an unknown author may be the customer's."""
    assert _thread.is_said(messages, " Thanks\n") is is_said


def test_each_message_of_one_moment_may_be_the_latest() -> None:
    """Which of two messages of one second is the later one can't be known."""
    one, two = (
        {"id": None, "author": "customer", "body": body, "created_at": "2026-06-11T09:00:00Z"}
        for body in ("Thanks", "Hello")
    )
    old = {**one, "body": "Old", "created_at": "2026-06-11T08:00:00Z"}
    for messages in ([old, one, two], [old, two, one], [old, one, {**one, "author": "staff", "body": "Hi"}, two]):
        said_so = [body for body in ("Thanks", "Hello", "Old") if _thread.is_said(messages, body)]
        assert said_so == ["Thanks", "Hello"]
