# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Support tickets: readers, search, plans; opened once, answered once, closed.

A subject is no name of the API's, so a ticket is found by it among those that are not over. Opening has an Idempotency-Key.
A reply has none: whether a lost one was posted is read from the thread, and it is never sent again.
"""

from __future__ import annotations

import hashlib
import html
import re
import typing as t

from . import _account
from ._api import Api, Params, Row
from ._converge import Progress, Reconciler, send
from ._endpoint import NEVER, WITH_KEY, Endpoint
from ._errors import ApiError, BadOption, BadReply, H444Error, Missing, NotFound, Refused, ScopeError, UnknownFate
from ._identifiers import Identifiers, Named, check_agree
from ._names import CONTROL, check_id, closest, normalized, pick_one, shown
from ._order import check_custom_key, stable_key
from ._plan import Action, Plan, same
from ._reader import (
    Raw,
    bad,
    envelope_names,
    first,
    flat,
    identifier,
    identifier_or_none,
    moment,
    normal,
    object_in,
    object_of,
    rows_in,
    snake,
    sweep,
    text,
    truth,
    whole,
    word,
)
from ._status import by_spelling, spelling

LIST = Endpoint("GET", "/tickets", "tickets:read")
GET = Endpoint("GET", "/tickets/{id}", "tickets:read")
OPEN = Endpoint("POST", "/tickets", "tickets:write", WITH_KEY)
REPLY = Endpoint("POST", "/tickets/{id}/reply", "tickets:write", NEVER)
CLOSE = Endpoint("POST", "/tickets/{id}/close", "tickets:write")
ENDPOINTS = (LIST, GET, OPEN, REPLY, CLOSE)

NOUNS = ("ticket", "tickets", "support_ticket", "support_tickets")
FIELDS = ("id", "ticket_number", "subject", "status", "priority", "department", "created_at", "updated_at")
MESSAGE_FIELDS = ("id", "author", "body", "created_at")
# Where a thread stands, or the answers alone; the opening message is then a text of the ticket's own.
THREADS = ("messages", "thread", "replies", "conversation", "posts", "comments")
OPENINGS = ("message", "body", "description", "content")
# What tells of further pages: in an envelope every field may, in the ticket itself these.
PAGING = frozenset({
    "meta", "pagination", "paging", "page_info", "links", "next", "next_page", "next_page_url", "next_cursor", "next_page_token", "has_more", "has_next",
    "has_next_page", "current_page", "page", "total_pages", "last_page",
})  # fmt: skip
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

STATUS_WORDS = {
    "open": (
        "open",
        "opened",
        "new",
        "reopened",
        "re_opened",
        "active",
        "customer_reply",
        "customer_replied",
        "awaiting_staff",
        "waiting_on_staff",
    ),
    "answered": (
        "answered",
        "replied",
        "staff_reply",
        "staff_replied",
        "awaiting_customer",
        "waiting_on_customer",
        "waiting_for_customer",
    ),
    "resolved": ("resolved", "solved", "fixed", "done", "completed"),
    "closed": ("closed", "close", "archived"),
}
STATUS = by_spelling(STATUS_WORDS)
# The page names both in one breath: a reply "re-opens a resolved/closed ticket".
OVER = ("resolved", "closed")

CUSTOMER, STAFF = "customer", "staff"
AUTHOR_WORDS = {
    CUSTOMER: (
        "customer",
        "client",
        "user",
        "owner",
        "you",
        "me",
        "requester",
        "end_user",
        "account",
        "account_holder",
    ),
    STAFF: (
        "staff",
        "support",
        "agent",
        "admin",
        "administrator",
        "operator",
        "employee",
        "team",
        "support_staff",
        "support_agent",
    ),
}
AUTHORS = by_spelling(AUTHOR_WORDS)
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

MAX_SUBJECT, MAX_MESSAGE, MAX_WORD = 255, 20000, 64
# A subject that is shorter is not another one that was cut: "Mail" is no beginning of "Mail is refused".
SHORTEST_CUT = 16
# The words that the page shows; it names the others nowhere.
WORDS = {"priority": "medium", "department": "technical"}
SETTLE_SECONDS = 2.0
ATTEMPTS = 4
MAX_DEAD_TICKETS = 20


def read_status(value: t.Any) -> str | None:
    """Give a status by one of the four known words, else the API's own."""
    found = word(value, "status", "state", "slug", "name", "code")
    return STATUS.get(spelling(found), found) if found else None


def is_over(row: Row) -> bool:
    """Tell whether a ticket is closed; a resolved one counts as closed, a status that nobody knows does not."""
    return row["status"] in OVER


def read_author(row: Raw) -> str | None:
    """Give who wrote a message: customer, staff, the API's own word, or None where nothing tells."""
    for name in ("is_staff", "from_staff", "is_staff_reply", "is_admin", "staff"):
        told = truth(row.get(name))
        if told is not None:
            return STAFF if told else CUSTOMER
    for name in ("is_customer", "from_customer", "is_client"):
        told = truth(row.get(name))
        if told is not None:
            return CUSTOMER if told else STAFF
    own = None
    for name in AUTHOR_FIELDS:
        value = row.get(name)
        found = word(value, "type", "role", "kind", "author_type", "name", "email")
        known = AUTHORS.get(spelling(found)) if found else None
        if known:
            return known
        own = own or found
    return own


def read_message(raw: Raw, where: Endpoint = GET) -> Row:
    """Give one message of a thread in normal form; all further fields are kept."""
    row, _secrets = sweep(flat(raw, (), where))
    return {
        **row,
        "id": identifier_or_none(first(row, "id", "message_id", "uuid")),
        "author": read_author(row),
        "body": text(first(row, "body", "message", "text", "content", "html")),
        "created_at": first(row, "created_at", "created", "sent_at", "posted_at", "date", "timestamp"),
    }


def read_ticket(raw: Raw, where: Endpoint = LIST) -> Row:
    """Give one ticket in normal form, without its thread: FIELDS are always there, None where the API tells nothing."""
    row, _secrets = sweep(flat(raw, NOUNS, where))
    status = read_status(first(row, "status", "state"))
    if status is None:
        closed = truth(first(row, "is_closed", "closed"))
        if closed is None and "closed_at" in row:
            closed = row["closed_at"] is not None
        status = None if closed is None else "closed" if closed else "open"
    subject = text(first(row, "subject", "title", "topic"))
    kept = {name: value for name, value in row.items() if not (name in THREADS and isinstance(value, (list, dict)))}
    count = kept.pop("messages", None)  # a number: the thread is in the detail only
    if count is not None:
        kept["message_count"] = count
    return {
        **kept,
        "id": identifier(first(row, "id", "ticket_id", "uuid"), where),
        "ticket_number": text(first(row, "ticket_number", "number", "reference")),
        "subject": subject,
        "status": status,
        "priority": word(row.get("priority")),
        "department": word(row.get("department")),
        "created_at": first(row, "created_at", "created", "opened_at"),
        "updated_at": first(row, "updated_at", "updated", "last_reply_at", "last_activity_at"),
    }


def _thread_in(body: t.Any, depth: int = 0) -> tuple[list[t.Any], list[Row]] | None:
    """Find the list of messages, in the ticket or beside it in its envelope, and the objects that it stands in, the outermost first."""
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    if not isinstance(body, dict) or depth > 3:
        return None
    by_name = {snake(str(key)): value for key, value in body.items()}
    for name in THREADS:
        value = by_name.get(name)
        if isinstance(value, list):
            return value, [by_name]
        if isinstance(value, dict):
            try:
                return rows_in(value, THREADS, GET), [
                    by_name,
                    {snake(str(key)): item for key, item in value.items()},
                ]
            except BadReply:
                continue
    for name in envelope_names(NOUNS):
        found = _thread_in(by_name.get(name), depth + 1)
        if found is not None:
            return found[0], [by_name, *found[1]]
    return None


def thread_page(body: t.Any) -> Row:
    """Give a ticket's detail as a page of a list: its messages, and whatever tells that there are more. Pure.

    Assumed: the page names neither (switch ``ticket_paging``).
    """
    rows, places = _thread_in(body) or ([], [])
    page: Row = {}
    for place in places:
        is_ticket = any(name in place for name in ("id", "ticket_id", "uuid", "subject"))
        lists = (*THREADS, *envelope_names(NOUNS))
        page.update(
            {name: value for name, value in place.items() if (name in PAGING if is_ticket else name not in lists)}
        )
        for name in THREADS:
            beside = first(
                place, name + "_meta", name + "_pagination", name + "_paging", name + "_page_info", name + "_links"
            )
            page.update({snake(str(key)): value for key, value in beside.items()} if isinstance(beside, dict) else {})
        if any(truth(place.get(name)) for name in CUT_FLAGS):
            page["has_more"] = True
    return {**page, "messages": rows}


def _told_count(body: t.Any) -> int:
    """Give how many messages a ticket's detail says that there are; 0 where it says nothing."""
    _rows, places = _thread_in(body) or ([], [])
    return max(
        [found for place in places for found in (whole(place.get(name)) for name in COUNTS) if found is not None],
        default=0,
    )


def read_thread(raws: t.Iterable[t.Any], ticket: Row) -> list[Row]:
    """Give the messages of a ticket, oldest first; empty where its detail does not hold the thread.

    Assumed: where the thread and the opening message stand, and the order (switches ``ticket_thread``, ``ticket_order``).
    """
    rows = []
    for raw in raws:
        if not isinstance(raw, dict):
            raise bad(GET, "its list of messages holds something that is no message")
        rows.append(read_message(raw))
    times = [moment(row["created_at"]) for row in rows]
    known = [at for at in times if at is not None]
    if len(known) == len(rows) and rows:
        if known[0] > known[-1]:  # first turned, so that messages of the same second stay in their order
            rows.reverse()
        rows.sort(key=lambda row: t.cast(t.Any, moment(row["created_at"])))
    opening = text(first(ticket, *OPENINGS))
    if opening and not any(same_text(row["body"], opening) for row in rows):
        rows.insert(0, {"id": None, "author": CUSTOMER, "body": opening, "created_at": ticket["created_at"]})
    return rows


def list_tickets(api: Api) -> list[Row]:
    """Read every ticket, without threads, newest first. Source: GET /v1/tickets (tickets:read)."""
    return [read_ticket(raw) for raw in api.rows(LIST, NOUNS)]


def read_detail(api: Api, ticket_id: str) -> tuple[Row | None, str]:
    """Read one ticket with its messages, every page of them; None when the API does not know it.

    Source: GET /v1/tickets/:id (tickets:read). Returns beside it why the thread is not whole, "" where it is.
    """
    try:
        answer = api.request(GET, ids={"id": ticket_id})
    except NotFound:
        return None, ""
    row = read_ticket(object_of(answer.body, NOUNS, GET, ("id", "ticket_id", "uuid"), ticket_id), GET)
    raws, cut = (_thread_in(answer.body) or ([], []))[0], ""
    if raws:
        try:
            raws = api.rows(GET, ("messages",), ids={"id": ticket_id}, answer=answer, page_of=thread_page)
        except BadReply as error:
            cut = str(error)
    row["messages"] = read_thread(raws, row)
    count = _told_count(answer.body)
    if raws and not cut and count > len(row["messages"]):
        cut = "%s says that the ticket %s has %d messages and gave %d; the rest can't be read." % (
            GET,
            row["id"],
            count,
            len(row["messages"]),
        )
    return row, cut


def plain(value: str | None) -> str:
    """Give a text as texts are compared: NFC, white space of any kind as one space, markup of a web form taken out."""
    found = html.unescape(re.sub(r"(?i)<(?:/?p|/?div|br)\s*/?>", " ", value or ""))
    return " ".join(normalized("NFC", found).split())


def same_text(one: str | None, other: str | None) -> bool:
    """Tell whether two texts say the same."""
    return plain(one) == plain(other)


def same_subject(row: Row, subject: str) -> bool:
    """Tell whether a ticket has this subject, letter by letter."""
    return normalized("NFC", html.unescape(row["subject"] or "").strip()) == html.unescape(subject)


def may_be_cut(told: str | None, subject: str) -> bool:
    """Tell whether what the API calls a ticket may be *subject*, cut to the length that it keeps."""
    found = re.sub(r"&#?\w{0,8}\Z", "", (told or "").strip()[:MAX_SUBJECT])
    beginning, dots = re.subn(r"\s*(?:\.{3}|\u2026)\Z", "", plain(found))
    whole_subject = plain(subject).casefold()
    if not beginning or len(beginning) >= len(whole_subject) or not whole_subject.startswith(beginning.casefold()):
        return False
    return bool(dots) or len(beginning) >= SHORTEST_CUT


def is_said(messages: t.Sequence[Row], reply: str) -> bool:
    """Tell whether the customer's latest message says this already. What staff wrote after it does not count.

    A message whose author is not told may be the customer's, so it counts too; and of messages of one moment, whose order
    nobody knows, each may be the latest: rather not posted than posted twice.
    """
    latest: list[t.Any] = []
    for message in reversed(messages):
        at = moment(message["created_at"])
        if latest and (at is None or at != latest[0]):
            return False
        if message["author"] == STAFF:
            continue
        if same_text(message["body"], reply):
            return True
        if message["author"] == CUSTOMER:
            latest = latest or [at]
    return False


def times_said(messages: t.Sequence[Row], reply: str) -> int:
    """Count the messages that say this and are not of staff."""
    return sum(message["author"] != STAFF and same_text(message["body"], reply) for message in messages)


def newest(rows: t.Sequence[Row]) -> Row | None:
    """Give the ticket that was opened last: by its time where every one tells it, else the first of the API's order."""
    times = [moment(row["created_at"]) for row in rows]
    if rows and None not in times:
        return max(zip(rows, times), key=lambda pair: t.cast(t.Any, pair[1]))[0]
    return rows[0] if rows else None


def check_subject(value: str) -> str:
    """Return a subject in NFC without outer white space, or raise BadOption."""
    subject = normalized("NFC", value.strip())
    if not subject or len(subject) > MAX_SUBJECT or CONTROL.search(subject):
        raise BadOption(
            "subject: %s can't be a subject: one line of 1 to %d characters is needed. Nothing was sent."
            % (shown(value), MAX_SUBJECT)
        )
    return subject


def check_text(value: str, option: str) -> str:
    """Return a message without outer white space and with plain line ends, or raise BadOption."""
    found = normalized("NFC", value.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if not found or len(found) > MAX_MESSAGE:
        raise BadOption("%s: a text of 1 to %d characters is needed. Nothing was sent." % (option, MAX_MESSAGE))
    return found


def check_word(value: str, option: str) -> None:
    """Raise BadOption for what can't be a word of the API's."""
    found = value.strip()
    if not found:
        raise BadOption("%s: an empty word is none; leave the option out for the API's default." % option)
    if len(found) > MAX_WORD or CONTROL.search(found):
        raise BadOption(
            "%s: %s can't be a %s, which is a word like '%s'. Nothing was sent."
            % (option, shown(value), option, WORDS[option])
        )


def _check_subject_of(row: Row | None, subject: str | None) -> None:
    """Make sure that a ticket that was found by its id has the subject that was given too. Raises: Refused, BadOption."""
    if row is not None and subject is not None:
        wanted = check_subject(subject)
        is_same = same_subject(row, wanted) or may_be_cut(row["subject"], wanted)
        check_agree("ticket", row["id"], Named("subject", subject, row["subject"], is_same))


class Opening(t.NamedTuple):
    """A ticket about to be opened. *over_ids*: the closed tickets of this subject; *known_ids*: every ticket of before."""

    account_id: str
    body: t.Mapping[str, str]
    over_ids: t.Tuple[str, ...]
    known_ids: t.FrozenSet[str]
    custom_key: str | None

    @property
    def subject(self) -> str:
        """What it is found by."""
        return self.body["subject"]

    def key(self, dead_ids: t.Sequence[str] = ()) -> str:
        """Give the Idempotency-Key: the same for every run until a ticket of this subject is closed.

        A key lives 24 h. Without the closed ones in it, a ticket that is wanted again within a day would be answered
        with the closed one. *dead_ids*: closed ones that the list does not show and a reply brought.
        """
        if self.custom_key:
            return self.custom_key
        digest = hashlib.sha256(plain(self.body["message"]).encode("utf-8")).hexdigest()
        over = sorted({*self.over_ids, *dead_ids})
        return stable_key(["h444-ticket-v1", self.account_id, self.subject, digest, self.body.get("department"), over])


def plan_of(api: Api, params: Params) -> Plan:
    """Plan h444_ticket: find the ticket, decide. Raises: BadOption, Missing, Refused."""
    check_custom_key(params.get("idempotency_key"))
    checked = {**params}
    for name in ("body", "reply"):
        if params.get(name) is not None:
            checked[name] = check_text(params[name], name)
    if params.get("force_reply") and not checked.get("reply"):
        raise BadOption("force_reply: there is no reply to post; give one, or leave force_reply out.")
    for name in WORDS:
        if params.get(name) is not None:
            check_word(params[name], name)
    if params.get("idempotency_key") and params["state"] == "closed":
        raise BadOption(
            "idempotency_key: it is for an opening, and with state: closed nothing is opened. Leave it out."
        )
    if params.get("id") is not None:
        current, cut = read_detail(api, check_id(params["id"], "id"))
        _check_subject_of(current, params.get("subject"))
        if current is None:
            raise Missing(
                "There is no ticket with the id %s. Nothing was written; h444_ticket_info lists those there are."
                % shown(params["id"])
            )
        return plan_current(current, checked, cut)
    subject = check_subject(params["subject"])
    rows = list_tickets(api)
    alike = [_with_status(api, row) for row in rows if same_subject(row, subject)]
    current = pick_current(alike, subject, params["state"]) or _cut_one(api, rows, subject, checked)
    if current is None:
        current = _none_open(api, rows, alike, subject, checked)
        if current is None:
            return (
                same(None)
                if params["state"] == "closed"
                else plan_opening(_account_id(api), rows, alike, subject, checked)
            )
    detail, cut = (current, "") if "messages" in current else _listed_detail(api, current)
    return plan_current(detail, checked, cut)


def pick_current(alike: t.Sequence[Row], subject: str, state: str) -> Row | None:
    """Give the one ticket of a subject that is not over, None where there is none. Pure. Raises: Ambiguous.

    Nothing tells which of two is meant. To close one, a resolved one counts as well: it is not closed either.
    """
    found = [row for row in alike if not is_over(row)]
    if found and state == "closed":
        found = [row for row in alike if row["status"] != "closed"]
    return pick_one(found, "tickets that are not closed", subject, ("subject", "status", "created_at"))


def _cut_one(api: Api, rows: t.Sequence[Row], subject: str, params: Params) -> Row | None:
    """Find a ticket whose subject the API has cut: one that was opened with the same message. Raises: Refused, Ambiguous.

    The beginning of a subject alone proves nothing, for another ticket may be called that.
    """
    suspects = [row for row in rows if not is_over(row) and may_be_cut(row["subject"], subject)]
    body, found = params.get("body"), None
    if body:
        # Each thread is read for its beginning only; whether the found one's is whole is the caller's to see.
        fitting = [row for row in suspects if is_opened_with(_listed_detail(api, row)[0], body)]
        found = pick_one(fitting, "tickets", subject, ("subject", "status", "created_at"))
    if found is None and suspects and not (body and params.get("idempotency_key")):
        raise Refused(
            "No open ticket has the subject %s, but %s has %s, which may be it, cut by the provider. Nothing was written; use that subject or "
            "its id%s."
            % (
                shown(subject),
                suspects[0]["id"],
                shown(suspects[0]["subject"]),
                ", or give an idempotency_key of your own to open another one" if params["state"] == "open" else "",
            )
        )
    return found


def is_opened_with(row: Row, body: str) -> bool:
    """Tell whether a ticket was opened with this message."""
    return any(message["author"] != STAFF and same_text(message["body"], body) for message in row["messages"][:1])


def _listed_detail(api: Api, row: Row) -> tuple[Row, str]:
    """Read a listed ticket with its thread, and why that is not whole. A ticket is never deleted, so one that is listed must be there."""
    found, cut = read_detail(api, row["id"])
    if found is None:
        raise bad(GET, "with 404 for the ticket %s, which the list shows" % row["id"])
    told = {name: value for name, value in found.items() if value is not None}
    return {**row, **told}, cut


def _detail(api: Api, row: Row) -> Row:
    """Read a listed ticket with its whole thread. Raises: BadReply."""
    if "messages" in row:
        return row
    found, cut = _listed_detail(api, row)
    if cut:
        raise BadReply(cut)
    return found


def _with_status(api: Api, row: Row) -> Row:
    """Make sure that a ticket's status is known: whether it is closed decides whether another one is opened."""
    if row["status"] is None:
        found, _cut = _listed_detail(api, row)
        if found["status"] is None:
            raise bad(GET, "it does not tell the status of the ticket %s" % row["id"])
        row = {**row, "status": found["status"]}
    return row


def _account_id(api: Api) -> str:
    """Give the account's id; a key that may only see tickets opens them all the same."""
    try:
        return str(_account.get_account(api)["id"])
    except ScopeError:
        return ""


def _none_open(api: Api, rows: list[Row], alike: list[Row], subject: str, params: Params) -> Row | None:
    """Decide what no open ticket of a subject means: None where nothing is there to be changed. Raises: Missing, Refused."""
    others = [row for row in rows if not is_over(row) and not same_subject(row, subject)]
    similar = [row for row in others if plain(row["subject"]).casefold() == plain(subject).casefold()]
    if similar:
        raise Refused(
            "No open ticket has the subject %s, but %s has %s. Nothing was written, for the provider may write subjects its own way; use "
            "that subject, or another one." % (shown(subject), similar[0]["id"], shown(similar[0]["subject"]))
        )
    is_to_close, reply = params["state"] == "closed", params.get("reply")
    last = newest(alike)
    if is_to_close and last is not None:
        if not reply:
            return last
        last = _detail(api, last)
        if is_said(last["messages"], reply) and not params.get("force_reply"):
            return last
    if is_to_close and not reply or (not is_to_close and params.get("body")):
        return None
    if alike:
        ids = [row["id"] for row in alike]
        ways = ["name it by its id to reply (which re-opens it)"] + (
            [] if is_to_close else ["give body to open a new one"]
        )
        raise Missing(
            "No open ticket has the subject %s; closed %s: %s. Nothing was written; %s."
            % (shown(subject), "is" if len(ids) == 1 else "are", ", ".join(ids[:10]), ", or ".join(ways)),
            closest=ids[:10],
        )
    near = closest(subject, [row["subject"] for row in rows if not is_over(row)])
    raise Missing(
        "No ticket has the subject %s%s. Nothing was written%s."
        % (
            shown(subject),
            "; closest: %s" % ", ".join(shown(name) for name in near) if near else "",
            "" if is_to_close else "; give body to open one",
        ),
        closest=near,
    )


def plan_opening(account_id: str, rows: t.Sequence[Row], alike: t.Sequence[Row], subject: str, params: Params) -> Plan:
    """Plan a new ticket, and a reply after it where one is wanted. Pure."""
    body = {"subject": subject, "message": params["body"]}
    for name in ("priority", "department"):
        if params.get(name) is not None:
            body[name] = params[name].strip()
    opening = Opening(
        account_id,
        body,
        tuple(row["id"] for row in alike),
        frozenset(row["id"] for row in rows),
        params.get("idempotency_key") or None,
    )
    after = dict.fromkeys(FIELDS)  # type: Row
    after.update(subject=subject, status="open", priority=body.get("priority"), department=body.get("department"))
    after["messages"] = [_own_message(body["message"])]
    actions = [Action("open", subject, OPEN, {}, body)]
    reply = params.get("reply")
    if reply and (params.get("force_reply") or not same_text(reply, body["message"])):
        actions.append(Action("reply to", subject, REPLY, {"id": ""}, {"body": reply}))
        after["messages"].append(_own_message(reply))
    return Plan(None, after, tuple(actions), wish=opening, doubts=tuple(doubts_of(body, rows)))


def doubts_of(body: t.Mapping[str, str], rows: t.Sequence[Row]) -> list[str]:
    """Say which words of an opening the API may refuse: those that neither its page nor a ticket of the account shows. Pure."""
    found = []
    for name, of_page in WORDS.items():
        known = {spelling(word): word for word in [of_page] + [row[name] for row in rows if row[name]]}
        if name in body and spelling(body[name]) not in known:
            near = closest(body[name], known.values())
            found.append(
                "%s: whether the API takes %s shows only when the ticket is opened. It lists its words nowhere, and no ticket of this account has this "
                "one%s." % (name, shown(body[name]), "; closest: %s" % shown(near[0]) if near else "")
            )
    return found


def _own_message(body: str) -> Row:
    return {"id": None, "author": CUSTOMER, "body": body, "created_at": None}


def plan_current(current: Row, params: Params, cut: str = "") -> Plan:
    """Plan what becomes of a ticket that is there; *cut*: why its thread is not whole. Pure.

    Raises: Refused; BadReply where the thread is needed and missing, or cut.
    """
    name, ids, reply = current["subject"] or current["id"], {"id": current["id"]}, params.get("reply")
    if current["status"] is None:
        raise bad(GET, "it does not tell the status of the ticket %s" % current["id"])
    if reply and not params.get("force_reply") and not current["messages"]:
        raise bad(
            GET,
            "it does not hold the thread of the ticket %s, so whether it has this reply can't be known (force_reply posts it)"
            % current["id"],
        )
    if reply and not params.get("force_reply") and cut:
        raise BadReply(
            "%s Whether the ticket %s has this reply can't be known, so nothing was posted; force_reply posts it."
            % (cut, current["id"])
        )
    posts = bool(reply) and (bool(params.get("force_reply")) or not is_said(current["messages"], t.cast(str, reply)))
    after, actions, notes = dict(current), [], drift_notes(current, params)  # type: Row, list[Action], list[str]
    if cut:
        notes.append("%s The messages in the result are not all there are." % cut)
    if params["state"] == "open" and is_over(current) and not posts:
        raise Refused(
            "The ticket %s is %s, and only a reply re-opens a ticket%s. Nothing was written; %s, or open a new one by subject and body."
            % (
                current["id"],
                current["status"],
                "; its latest message of yours says this reply already" if reply else "",
                "give another reply or set force_reply" if reply else "give reply",
            )
        )
    if posts:
        if is_over(current):
            again = " It is closed again after it." if params["state"] == "closed" else ""
            notes.append("The ticket %s was %s; the reply re-opens it.%s" % (current["id"], current["status"], again))
        actions.append(Action("reply to", name, REPLY, ids, {"body": reply}))
        after.update(status="open", messages=current["messages"] + [_own_message(t.cast(str, reply))])
    if params["state"] == "closed" and not is_over(after):
        actions.append(Action("close", name, CLOSE, ids))
        after["status"] = "closed"
    return Plan(current, after, tuple(actions), tuple(notes))


def drift_notes(current: Row, params: Params) -> list[str]:
    """Tell what differs and can't be changed through the API."""
    notes = []
    for name in ("priority", "department"):
        wanted = params.get(name)
        if wanted and current[name] and spelling(wanted) != spelling(current[name]):
            notes.append(
                "The ticket %s has the %s %s, not %s; the API can't change it."
                % (current["id"], name, shown(current[name]), shown(wanted))
            )
    return notes


def perform(api: Api, action: Action, progress: Progress) -> None:
    """Carry out one writing action of a ticket's plan."""
    if action.endpoint is OPEN:
        _perform_open(api, progress.plan.wish, progress)
    elif action.endpoint is REPLY:
        _perform_reply(api, action, progress)
    else:
        send(api, action, progress)
        progress.after = {**progress.after, "status": "closed"}


def _perform_open(api: Api, opening: Opening, progress: Progress) -> None:
    """Open the ticket. A key that answers with a closed ticket repeats an older opening; then the next key is used."""
    dead_ids: list[str] = []
    for _ticket in range(MAX_DEAD_TICKETS):
        key = opening.key(dead_ids)
        ticket_id = _open(api, opening, key, dead_ids)
        progress.maybe, progress.resource_id = True, ticket_id
        told = dict.fromkeys(FIELDS)  # type: Row
        told.update(opening.body, id=ticket_id, status="open", messages=[_own_message(opening.body["message"])])
        told.pop("message")
        progress.after = told
        found, _cut = read_detail(api, ticket_id)
        if found is None or not is_over(found):
            progress.after = {
                **told,
                **{name: value for name, value in (found or {}).items() if value not in (None, [])},
            }
            if not same_subject(progress.after, opening.subject):
                progress.warn(
                    "The ticket %s was opened, but the provider calls it %s. Use that subject from now on%s."
                    % (
                        ticket_id,
                        shown(progress.after["subject"]),
                        ", for by this one it is found as long as its body is the same only"
                        if may_be_cut(progress.after["subject"], opening.subject)
                        else ", or it would be opened again",
                    )
                )
            return
        progress.maybe, progress.resource_id, progress.after = False, "", None
        if opening.custom_key:
            raise Refused(
                "The key %s answers with the ticket %s, which is %s: it repeats an earlier opening. Nothing was opened; give another "
                "idempotency_key, or none." % (key, ticket_id, found["status"]),
                idempotency_key=key,
            )
        dead_ids.append(ticket_id)
    raise Refused(
        "%s was opened and closed more than %d times within a day; give an idempotency_key of your own."
        % (shown(opening.subject), MAX_DEAD_TICKETS)
    )


def _open(api: Api, opening: Opening, key: str, dead_ids: t.Sequence[str]) -> str:
    """Send the opening until it is known to be there, always with the same key; give the ticket's id.

    Source: POST /v1/tickets (tickets:write), with Idempotency-Key. What the reply holds is assumed (switch ``ticket_write``).
    Raises: UnknownFate when it can't be told; Refused when the key belongs to another request.
    """
    pause, hint, attempt = SETTLE_SECONDS, "", 0
    while True:
        attempt += 1
        problem: H444Error
        try:
            ticket_id = _id_in(api.request(OPEN, body=opening.body, idempotency_key=key).body)
            if ticket_id:
                return ticket_id
            problem = UnknownFate("POST /v1/tickets was answered without an id")
            hint = " If the answer repeats a ticket that was closed within them, give an idempotency_key of your own."
        except UnknownFate as error:
            problem = error
        except ApiError as error:
            if error.status != 409 and not error.may_have_happened:
                error.facts["idempotency_key"] = key
                raise
            problem = error
        listed = _listed(api, opening, dead_ids)
        if listed:
            return listed
        is_busy = isinstance(problem, ApiError) and problem.status == 409
        if is_busy and attempt == ATTEMPTS:
            raise Refused(
                "%s Nothing was opened: the key %s belongs to another request of the last 24 hours. Give an idempotency_key of your own."
                % (problem, key),
                idempotency_key=key,
            )
        if is_busy:  # the same request of before, or of another process, may be at work still
            api.sleep(pause)
            pause *= 2
            continue
        raise UnknownFate(
            "Whether the ticket %s was opened is not known (%s), and the list does not show it. Run the task again: the same key %s can't "
            "open it twice within 24 hours.%s" % (shown(opening.subject), str(problem).rstrip("."), key, hint),
            idempotency_key=key,
        )


def _id_in(body: t.Any) -> str | None:
    """Find the new ticket's id in the reply to its opening."""
    try:
        row = normal(object_in(body, NOUNS, OPEN, ("id", "ticket_id", "uuid")), OPEN)
    except BadReply:
        return None
    return identifier_or_none(first(row, "ticket_id", "id", "uuid"))


def _listed(api: Api, opening: Opening, dead_ids: t.Sequence[str]) -> str | None:
    """Look for the ticket in the list, twice: a list can lag behind."""
    for pause in (0.0, SETTLE_SECONDS):
        api.sleep(pause)
        try:
            rows = list_tickets(api)
        except H444Error:
            continue
        known = {*opening.known_ids, *dead_ids}
        new = [row for row in rows if row["id"] not in known and not is_over(row)]
        found = newest([row for row in new if same_subject(row, opening.subject)]) or _new_cut_one(api, new, opening)
        if found is not None:
            return str(found["id"])
    return None


def _new_cut_one(api: Api, new: t.Sequence[Row], opening: Opening) -> Row | None:
    """Find the ticket among those that are new under a subject that was cut."""
    for row in new:
        if may_be_cut(row["subject"], opening.subject):
            try:
                found, _cut = read_detail(api, row["id"])
            except H444Error:
                continue
            if found is not None and is_opened_with(found, opening.body["message"]):
                return found
    return None


def _perform_reply(api: Api, action: Action, progress: Progress) -> None:
    """Post a reply, once. When its answer is lost, the thread tells whether it is there. Raises: UnknownFate."""
    ticket_id = action.ids["id"] or progress.resource_id
    reply = str(t.cast(t.Mapping[str, t.Any], action.body)["body"])
    before = progress.after["messages"]
    try:
        send(api, action, progress)
    except (UnknownFate, ApiError) as error:
        if not error.may_have_happened:
            raise
        if not _is_posted(api, ticket_id, reply, times_said(before, reply)):
            raise UnknownFate(
                "Whether the reply to the ticket %s was posted is not known (%s), and the thread does not show it. It was not sent again; "
                "run the task again later: a reply that the thread shows by then is not posted twice."
                % (ticket_id, str(error).rstrip(".")),
                **error.facts,
            ) from None
    progress.after = {**progress.after, "status": "open", "messages": before + [_own_message(reply)]}


def _is_posted(api: Api, ticket_id: str, reply: str, times_before: int) -> bool:
    for pause in (0.0, SETTLE_SECONDS):
        api.sleep(pause)
        try:
            found, _cut = read_detail(api, ticket_id)
        except H444Error:
            continue
        if found is not None and times_said(found["messages"], reply) > times_before:
            return True
    return False


def read_back(api: Api, params: Params, progress: Progress) -> t.Any:
    """Give the ticket after the run, and say where it is not as it was asked for."""
    plan = progress.plan
    if not plan.actions:
        return plan.after
    row, _cut = read_detail(api, progress.resource_id or plan.after["id"])
    if row is None:
        return progress.after
    if is_over(row) != (params["state"] == "closed"):
        progress.warn(
            "The API took every step, but still shows the ticket %s as %s." % (row["id"], shown(row["status"]))
        )
    return {**progress.after, **{name: value for name, value in row.items() if value not in (None, [])}}


# What opens a ticket has nothing to do with one that has an id.
IDENTIFIERS = Identifiers("ticket", ("id", "subject"), is_needed=True, without_id=("body", "idempotency_key"))
INFO_IDENTIFIERS = Identifiers("ticket", ("id", "subject"), filters=("status",))
RECONCILER = Reconciler("ticket", plan_of, perform, read_back, identifiers=IDENTIFIERS)


def report(api: Api, params: Params) -> dict[str, t.Any]:
    """Answer h444_ticket_info."""
    if params.get("id") is not None:
        found, cut = read_detail(api, check_id(params["id"], "id"))
        _check_subject_of(found, params.get("subject"))
        if cut and params.get("include_messages"):
            raise BadReply(cut)
        rows = [found] if found is not None else []
    else:
        rows = list_tickets(api)
        if params.get("subject") is not None:
            subject = check_subject(params["subject"])
            rows = [row for row in rows if same_subject(row, subject)]
    if params.get("status") is not None:
        wanted = read_status(params["status"]) or ""
        rows = [row for row in rows if spelling(row["status"] or "") == spelling(wanted)]
    if params.get("include_messages"):
        rows = [_detail(api, row) for row in rows]
    else:
        rows = [{name: value for name, value in row.items() if name != "messages"} for row in rows]
    return {"tickets": rows}
