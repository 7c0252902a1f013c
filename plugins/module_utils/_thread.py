# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The thread of a ticket: where a reply contains its messages, who wrote them, and which texts are posted. Pure.

Assumed: the reference describes none of this (switches ``ticket_thread``, ``ticket_order``, ``ticket_author``,
``ticket_text``, ``ticket_paging``).
"""

from __future__ import annotations

import html
import re
import typing as t

from ._api import Raw, Row
from ._errors import BadReply
from ._fields import Derived, Field, Table, as_is, read_fields
from ._names import normalized
from ._paging import PAGING
from ._reader import (
    Where,
    bad,
    envelope_names,
    first,
    identifier_or_none,
    in_snake_case,
    moment,
    row_of,
    rows_in,
    text,
    truth,
    whole,
    word,
)
from ._status import by_spelling, spelling

NOUNS = ("ticket", "tickets", "support_ticket", "support_tickets")
# The fields with the whole thread, or with the replies alone; then the ticket itself contains the first message.
THREADS = ("messages", "thread", "replies", "conversation", "posts", "comments")
OPENINGS = ("message", "body", "description", "content")
MAX_ENVELOPES = 3

TICKET_MARKS = ("id", "ticket_id", "uuid", "subject")
PAGING_BESIDE = tuple(
    name + suffix for name in THREADS for suffix in ("_links", "_page_info", "_paging", "_pagination", "_meta")
)
COUNTS = (
    "message_count",
    "messages_count",
    "total_messages",
    "messages_total",
    "reply_count",
    "replies_count",
    "total_replies",
)
CUT_FLAGS = (
    "messages_truncated",
    "thread_truncated",
    "truncated",
    "is_truncated",
    "has_more_messages",
    "more_messages",
    "messages_has_more",
)

CUSTOMER, STAFF = "customer", "staff"
OTHER_SIDE = {CUSTOMER: STAFF, STAFF: CUSTOMER}
AUTHOR_FLAGS = {
    "is_staff": STAFF,
    "from_staff": STAFF,
    "is_staff_reply": STAFF,
    "is_admin": STAFF,
    "staff": STAFF,
    "is_customer": CUSTOMER,
    "from_customer": CUSTOMER,
    "is_client": CUSTOMER,
}
AUTHOR_FIELDS = (
    "author_type",
    "sender_type",
    "user_type",
    "role",
    "author_role",
    "sender_role",
    "author",
    "sender",
    "from",
    "posted_by",
    "user",
)
AUTHORS = by_spelling({
    CUSTOMER: (
        "customer", "client", "user", "owner", "you", "me", "requester", "end_user", "account", "account_holder",
    ),
    STAFF: (
        "staff", "support", "agent", "admin", "administrator", "operator", "employee", "team", "support_staff",
        "support_agent",
    ),
})  # fmt: skip


class Thread(t.NamedTuple):
    """The messages of a ticket in a reply. *around*: the objects that contain them, the outermost first."""

    raws: t.List[t.Any]
    around: t.Tuple[Row, ...] = ()


def find_thread(body: t.Any, depth: int = 0) -> Thread:
    """Find the messages in a ticket, or next to it in its envelope. Without a thread, *around* is empty."""
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    if not isinstance(body, dict) or depth > MAX_ENVELOPES:
        return Thread([])
    place = in_snake_case(body)
    for name in THREADS:
        inner: t.Any = place.get(name)
        if isinstance(inner, list):
            return Thread(inner, (place,))
        raws = _list_inside(inner)
        if raws is not None:
            return Thread(raws, (place, in_snake_case(inner)))
    for name in envelope_names(NOUNS):
        found = find_thread(place.get(name), depth + 1)
        if found.around:
            return Thread(found.raws, (place, *found.around))
    return Thread([])


def _list_inside(value: t.Any) -> list[t.Any] | None:
    """Return the messages of an object that contains them as a list, None if it contains none."""
    try:
        return t.cast(t.List[t.Any], rows_in(value, THREADS, "")) if isinstance(value, dict) else None
    except BadReply:
        return None


def thread_page(body: t.Any) -> Row:
    """Return a ticket as one page of a list: its messages, and the fields about further pages."""
    thread = find_thread(body)
    page: Row = {}
    for place in thread.around:
        page.update(_paging_in(place))
    return {**page, "messages": thread.raws}


def _paging_in(place: Row) -> Row:
    """Return the paging fields of an object around the messages. In the ticket itself, only those of PAGING count."""
    is_ticket = any(name in place for name in TICKET_MARKS)
    names = PAGING.intersection(place) if is_ticket else set(place).difference(THREADS, envelope_names(NOUNS))
    found = {name: place[name] for name in names}
    for name in PAGING_BESIDE:
        if isinstance(place.get(name), dict):
            found.update(in_snake_case(place[name]))
    if any(truth(place.get(name)) for name in CUT_FLAGS):
        found["has_more"] = True
    return found


def count_in(thread: Thread) -> int:
    """Return the number of messages according to the objects around them; 0 if they contain none."""
    counts = [whole(place.get(name)) for place in thread.around for name in COUNTS]
    return max((count for count in counts if count is not None), default=0)


def read_author(row: Raw) -> str | None:
    """Return who wrote a message: customer, staff, the API's own word, or None if there is none."""
    for name, author in AUTHOR_FLAGS.items():
        flag = truth(row.get(name))
        if flag is not None:
            return author if flag else OTHER_SIDE[author]
    values = [word(row.get(name), "type", "role", "kind", "author_type", "name", "email") for name in AUTHOR_FIELDS]
    words = [value for value in values if value]
    known = [AUTHORS[spelling(value)] for value in words if spelling(value) in AUTHORS]
    return next(iter(known + words), None)


MESSAGE: Table = {
    "id": Field(identifier_or_none, "id", "message_id", "uuid"),
    "author": Derived(read_author),
    "body": Field(text, "body", "message", "text", "content", "html"),
    "created_at": Field(as_is, "created_at", "created", "sent_at", "posted_at", "date", "timestamp"),
}
MESSAGE_FIELDS = tuple(MESSAGE)


def read_message(raw: Raw, where: Where) -> Row:
    """Return one message in normal form; all further fields are kept."""
    row = row_of(raw, (), where)
    return {**row, **read_fields(row, MESSAGE, where)}


def read_thread(raws: t.Sequence[t.Any], ticket: Row, where: Where) -> list[Row]:
    """Return the messages of a ticket, the oldest first; none if its detail holds no thread. Raises: BadReply."""
    if not all(isinstance(raw, dict) for raw in raws):
        raise bad(where, "its list of messages contains something that is not a message")
    messages = oldest_first([read_message(raw, where) for raw in raws])
    opening = text(first(ticket, *OPENINGS))
    if opening and not any(same_text(message["body"], opening) for message in messages):
        messages.insert(0, own_message(opening, ticket["created_at"]))
    return messages


def own_message(body: str, created_at: t.Any = None) -> Row:
    """Make a message from the customer."""
    return {"id": None, "author": CUSTOMER, "body": body, "created_at": created_at}


def oldest_first(messages: list[Row]) -> list[Row]:
    """Sort messages by time. Where one has no readable time, all stay in the API's order."""
    times = [time for time in (moment(message["created_at"]) for message in messages) if time is not None]
    if not times or len(times) < len(messages):
        return messages
    if times[0] > times[-1]:
        # Reversed first, so that messages with the same time keep their order.
        messages, times = messages[::-1], times[::-1]
    return [messages[place] for place in sorted(range(len(times)), key=times.__getitem__)]


def plain(value: str | None) -> str:
    """Return a text in the form for comparisons: NFC, single spaces, and without the markup of a web form."""
    found = html.unescape(re.sub(r"(?i)<(?:/?p|/?div|br)\s*/?>", " ", value or ""))
    return " ".join(normalized("NFC", found).split())


def same_text(one: str | None, other: str | None) -> bool:
    """Return whether two texts are the same."""
    return plain(one) == plain(other)


def is_said(messages: t.Sequence[Row], reply: str) -> bool:
    """Return whether the customer's latest message already has this text. Later messages of staff do not count."""
    return any(same_text(message["body"], reply) for message in _maybe_latest(messages))


def _maybe_latest(messages: t.Sequence[Row]) -> list[Row]:
    """Return every message that may be the customer's latest, because a reply must not be posted twice.

    A message of an unknown author may be the customer's. The order of messages with the same time is not known.
    """
    found: list[Row] = []
    latest: Row | None = None
    for message in reversed(messages):
        if latest is not None and not _of_one_moment(message, latest):
            break
        if message["author"] != STAFF:
            found.append(message)
        if message["author"] == CUSTOMER:
            latest = latest or message
    return found


def _of_one_moment(one: Row, other: Row) -> bool:
    time = moment(one["created_at"])
    return time is not None and time == moment(other["created_at"])


def times_said(messages: t.Sequence[Row], reply: str) -> int:
    """Return the number of messages with this text that are not from staff."""
    return sum(message["author"] != STAFF and same_text(message["body"], reply) for message in messages)


def begins_with(messages: t.Sequence[Row], body: str) -> bool:
    """Return whether a thread was opened with this message."""
    return times_said(messages[:1], body) > 0
