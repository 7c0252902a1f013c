# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Support tickets: opened once, answered once, closed.

The API does not keep subjects unique, so a subject means the one ticket with that subject that is not closed. The
request that opens a ticket has an Idempotency-Key. A reply has none: if one is lost, the thread shows whether it was
posted, and it is never resent.
"""

from __future__ import annotations

import hashlib
import html
import re
import typing as t

from . import _account
from ._api import Api, Params, Raw, Row
from ._converge import Progress, Reconciler, send
from ._endpoint import NEVER, WITH_KEY, Endpoint
from ._errors import ApiError, BadOption, BadReply, H444Error, Missing, NotFound, Refused, ScopeError, UnknownFate
from ._fields import Derived, Field, Needed, Table, as_is, read_fields
from ._find import pick_one
from ._identifiers import Identifiers, Named, check_agree
from ._names import CONTROL, check_id, closest, normalized, shown
from ._order import check_custom_key, stable_key
from ._plan import Action, Plan, same
from ._reader import (
    bad,
    first,
    identifier,
    identifier_or_none,
    moment,
    normal,
    object_in,
    object_of,
    row_of,
    text,
    truth,
    word,
)
from ._status import by_spelling, read_status, spelling, with_status
from ._thread import (
    NOUNS,
    THREADS,
    begins_with,
    count_in,
    find_thread,
    is_said,
    own_message,
    plain,
    read_thread,
    same_text,
    thread_page,
    times_said,
)

LIST = Endpoint("GET", "/tickets", "tickets:read")
GET = Endpoint("GET", "/tickets/{id}", "tickets:read")
OPEN = Endpoint("POST", "/tickets", "tickets:write", WITH_KEY)
REPLY = Endpoint("POST", "/tickets/{id}/reply", "tickets:write", NEVER)
CLOSE = Endpoint("POST", "/tickets/{id}/close", "tickets:write")
ENDPOINTS = (LIST, GET, OPEN, REPLY, CLOSE)

IDS = ("id", "ticket_id", "uuid")
STATUS = by_spelling({
    "open": (
        "open", "opened", "new", "reopened", "re_opened", "active", "customer_reply", "customer_replied",
        "awaiting_staff", "waiting_on_staff",
    ),
    "answered": (
        "answered", "replied", "staff_reply", "staff_replied", "awaiting_customer", "waiting_on_customer",
        "waiting_for_customer",
    ),
    "resolved": ("resolved", "solved", "fixed", "done", "completed"),
    "closed": ("closed", "close", "archived"),
})  # fmt: skip
# The reference treats both alike: a reply "re-opens a resolved/closed ticket".
OVER = ("resolved", "closed")

MAX_SUBJECT, MAX_MESSAGE, MAX_WORD = 255, 20000, 64
# A shorter subject does not count as a truncated one: "Mail" is not the beginning of "Mail is refused".
SHORTEST_BEGINNING = 16
# The words that the reference shows; it does not list the others.
WORDS = {"priority": "medium", "department": "technical"}
SETTLE_SECONDS = 2.0
BUSY_PAUSES_SECONDS = (0.0, 2.0, 4.0, 8.0)
MAX_DEAD_TICKETS = 20

Found = t.TypeVar("Found")


def read_state(row: Raw) -> str | None:
    """Return the status of a ticket: a known word, else the API's own; a flag or a time can replace a missing one."""
    status = read_status(first(row, "status", "state"), STATUS)
    if status is not None:
        return status
    closed = truth(first(row, "is_closed", "closed"))
    if closed is None and "closed_at" in row:
        closed = row["closed_at"] is not None
    return None if closed is None else "closed" if closed else "open"


TABLE: Table = {
    "id": Needed(identifier, *IDS),
    "ticket_number": Field(text, "ticket_number", "number", "reference"),
    "subject": Field(text, "subject", "title", "topic"),
    "status": Derived(read_state),
    "priority": Field(word, "priority"),
    "department": Field(word, "department"),
    "created_at": Field(as_is, "created_at", "created", "opened_at"),
    "updated_at": Field(as_is, "updated_at", "updated", "last_reply_at", "last_activity_at"),
}
FIELDS = tuple(TABLE)


def read_ticket(raw: Raw, where: Endpoint = LIST) -> Row:
    """Return one ticket in normal form, without its thread: FIELDS are always there, None if the API has no value."""
    row = row_of(raw, NOUNS, where)
    kept = {name: value for name, value in row.items() if name not in THREADS or not isinstance(value, (list, dict))}
    count = kept.pop("messages", None)  # a number, because only the detail contains the thread
    if count is not None:
        kept["message_count"] = count
    return {**kept, **read_fields(row, TABLE, where)}


def is_over(row: Row) -> bool:
    """Return whether a ticket is closed; a resolved one counts as closed, an unknown status does not."""
    return row["status"] in OVER


def list_tickets(api: Api) -> list[Row]:
    """Read every ticket, without threads, newest first. Source: GET /v1/tickets (tickets:read)."""
    return [read_ticket(raw) for raw in api.rows(LIST, NOUNS)]


class Detail(t.NamedTuple):
    """A ticket with its ``messages``. *cut*: why these are not complete, "" if they are."""

    row: Row
    cut: str = ""


def get_ticket(api: Api, ticket_id: str) -> Detail | None:
    """Read one ticket with its messages, every page of them; None if it does not exist.

    Source: GET /v1/tickets/:id (tickets:read).
    """
    try:
        answer = api.request(GET, ids={"id": ticket_id})
    except NotFound:
        return None
    row = read_ticket(object_of(answer.body, NOUNS, GET, IDS, ticket_id), GET)
    thread = find_thread(answer.body)
    raws, cut = thread.raws, ""
    if raws:
        try:
            raws = api.rows(GET, ("messages",), ids={"id": ticket_id}, answer=answer, page_of=thread_page)
        except BadReply as error:
            cut = str(error)
    row["messages"] = read_thread(raws, row, GET)
    if raws and not cut:
        cut = _why_cut(row, count_in(thread))
    return Detail(row, cut)


def _why_cut(row: Row, count: int) -> str:
    """Return why a thread is not complete, "" if it is: the API reports more messages than it returned."""
    found = len(row["messages"])
    if count <= found:
        return ""
    text_ = "%s reports that the ticket %s has %d messages, but returned %d. The rest can't be read."
    return text_ % (GET, row["id"], count, found)


def _get_listed(api: Api, row: Row) -> Detail:
    """Read a listed ticket with its thread. Tickets are never deleted, so a listed one exists. Raises: BadReply."""
    found = get_ticket(api, row["id"])
    if found is None:
        raise bad(GET, "its status is 404 for the ticket %s, which the list shows" % row["id"])
    return Detail({**row, **{name: value for name, value in found.row.items() if value is not None}}, found.cut)


def _whole(detail: Detail) -> Row:
    """Return a ticket if its thread is complete. Raises: BadReply."""
    if detail.cut:
        raise BadReply(detail.cut)
    return detail.row


def _account_id(api: Api) -> str:
    """Return the account's ID; "" for a key with scopes for tickets only, which can open tickets as well."""
    try:
        return str(_account.get_account(api)["id"])
    except ScopeError:
        return ""


def same_subject(row: Row, subject: str) -> bool:
    """Return whether a ticket has exactly this subject."""
    return normalized("NFC", html.unescape(row["subject"] or "").strip()) == html.unescape(subject)


def may_be_truncated(shorter: str | None, subject: str) -> bool:
    """Return whether the subject that the API returned may be a truncated form of *subject*."""
    found = re.sub(r"&#?\w{0,8}\Z", "", (shorter or "").strip()[:MAX_SUBJECT])
    beginning, dots = re.subn(r"\s*(?:\.{3}|\u2026)\Z", "", plain(found))
    whole_subject = plain(subject).casefold()
    if not beginning or len(beginning) >= len(whole_subject) or not whole_subject.startswith(beginning.casefold()):
        return False
    return bool(dots) or len(beginning) >= SHORTEST_BEGINNING


def newest(rows: t.Sequence[Row]) -> Row | None:
    """Return the ticket that was opened last: by time if every ticket has one, else the first in the API's order."""
    times = [time for time in (moment(row["created_at"]) for row in rows) if time is not None]
    if not rows or len(times) < len(rows):
        return rows[0] if rows else None
    return rows[times.index(max(times))]


def find_current(alike: t.Sequence[Row], subject: str, state: str) -> Row | None:
    """Find the one ticket of a subject that is not over, None if there is none. Pure. Raises: Ambiguous.

    A resolved ticket counts as well if the task closes it, because it is not closed yet.
    """
    found = [row for row in alike if not is_over(row)]
    if found and state == "closed":
        found = [row for row in alike if row["status"] != "closed"]
    return pick_one(found, "tickets that are not closed", subject, ("subject", "status", "created_at"))


def _find_truncated(api: Api, others: t.Sequence[Row], subject: str, params: Params) -> Row | None:
    """Find the open ticket whose subject the API has truncated: one that was opened with the same message.

    The beginning of a subject alone proves nothing, because it may be a different subject. Raises: Refused, Ambiguous.
    """
    suspects = [row for row in others if may_be_truncated(row["subject"], subject)]
    body = params.get("body")
    # Only the beginning of each thread matters here; the caller checks whether the found one is complete.
    fitting = [row for row in suspects if body and begins_with(_get_listed(api, row).row["messages"], body)]
    found = pick_one(fitting, "tickets", subject, ("subject", "status", "created_at"))
    if found is None and suspects and not (body and params.get("idempotency_key")):
        raise _truncated_suspect(suspects[0], subject, params["state"])
    return found


def _truncated_suspect(suspect: Row, subject: str, state: str) -> Refused:
    way_out = ", or set your own idempotency_key to open a new one" if state == "open" else ""
    return Refused(
        "No open ticket has the subject %s, but %s has %s, which may be the same subject, truncated by the provider. "
        "Nothing was written. Use that subject or its ID%s."
        % (shown(subject), suspect["id"], shown(suspect["subject"]), way_out)
    )


def _check_no_other_spelling(others: t.Sequence[Row], subject: str) -> None:
    """Check that no open ticket has a similar subject, which the provider may have changed. Raises: Refused."""
    for row in others:
        if plain(row["subject"]).casefold() == plain(subject).casefold():
            raise Refused(
                "No open ticket has the subject %s, but %s has %s. Nothing was written, because the provider may "
                "have changed the subject. Use that subject, or a different one."
                % (shown(subject), row["id"], shown(row["subject"]))
            )


def _no_open_ticket(others: t.Sequence[Row], alike: t.Sequence[Row], subject: str, state: str) -> Missing:
    """Return the error for a subject that no open ticket has. *alike*: the closed ones of this subject."""
    if alike:
        return _closed_only([row["id"] for row in alike], subject, state)
    near = closest(subject, [row["subject"] for row in others])
    names = "; closest: %s" % ", ".join(shown(name) for name in near) if near else ""
    way_out = " To open one, set body." if state == "open" else ""
    return Missing(
        "No ticket has the subject %s%s. Nothing was written.%s" % (shown(subject), names, way_out), closest=near
    )


def _closed_only(ids: list[str], subject: str, state: str) -> Missing:
    way_out = ", or set body to open a new one" if state == "open" else ""
    return Missing(
        "No open ticket has the subject %s; closed %s: %s. Nothing was written. Use its ID to reply, which reopens "
        "it%s." % (shown(subject), "ticket" if len(ids) == 1 else "tickets", ", ".join(ids[:10]), way_out),
        closest=ids[:10],
    )


def check_options(params: Params) -> Row:
    """Check every option, and return them with the texts as they are sent. Raises: BadOption."""
    check_custom_key(params.get("idempotency_key"))
    if params.get("idempotency_key") and params["state"] == "closed":
        raise BadOption("idempotency_key: state: closed never opens a ticket. Nothing was sent. Leave it out.")
    checked = {**params}
    for name in ("body", "reply"):
        if params.get(name) is not None:
            checked[name] = check_text(params[name], name)
    for name in WORDS:
        if params.get(name) is not None:
            checked[name] = check_word(params[name], name)
    if params.get("force_reply") and not checked.get("reply"):
        raise BadOption(
            "force_reply: there is no reply to post. Nothing was sent. Set reply, or leave force_reply out."
        )
    return checked


def check_subject(value: str) -> str:
    """Return a subject in NFC without outer whitespace, or raise BadOption."""
    subject = normalized("NFC", value.strip())
    if not subject or len(subject) > MAX_SUBJECT or CONTROL.search(subject):
        raise BadOption(
            "subject: %s is not a valid subject, which is one line of 1 to %d characters. Nothing was sent."
            % (shown(value), MAX_SUBJECT)
        )
    return subject


def check_text(value: str, option: str) -> str:
    """Return a message without outer whitespace and with plain line ends, or raise BadOption."""
    found = normalized("NFC", value.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if not found or len(found) > MAX_MESSAGE:
        raise BadOption("%s: must be a text of 1 to %d characters. Nothing was sent." % (option, MAX_MESSAGE))
    return found


def check_word(value: str, option: str) -> str:
    """Return a priority or department without outer whitespace, or raise BadOption."""
    found = value.strip()
    if not found:
        raise BadOption("%s: must not be empty. Nothing was sent. For the API's default, leave it out." % option)
    if len(found) > MAX_WORD or CONTROL.search(found):
        raise BadOption(
            "%s: %s is not a valid %s, which is a word like '%s'. Nothing was sent."
            % (option, shown(value), option, WORDS[option])
        )
    return found


def _check_subject_of(row: Row, subject: str | None) -> None:
    """Check that a ticket that was found by its ID has the given subject, if there is one. Raises: Refused."""
    if subject is not None:
        wanted = check_subject(subject)
        is_same = same_subject(row, wanted) or may_be_truncated(row["subject"], wanted)
        check_agree("ticket", row["id"], Named("subject", subject, row["subject"], is_same))


def plan_of(api: Api, params: Params) -> Plan:
    """Plan h444_ticket: find the ticket, and decide. Raises: BadOption, Missing, Refused."""
    checked = check_options(params)
    return _plan_by_subject(api, checked) if params.get("id") is None else _plan_by_id(api, checked)


def _plan_by_id(api: Api, params: Params) -> Plan:
    found = get_ticket(api, check_id(params["id"], "id"))
    if found is None:
        raise Missing(
            "No ticket has the ID %s. Nothing was written. h444_ticket_info lists the existing tickets."
            % shown(params["id"])
        )
    _check_subject_of(found.row, params.get("subject"))
    return plan_current(found, params)


def _plan_by_subject(api: Api, params: Params) -> Plan:
    subject, state = check_subject(params["subject"]), params["state"]
    rows = list_tickets(api)
    alike = [_with_status(api, row) for row in rows if same_subject(row, subject)]
    others = [row for row in rows if not is_over(row) and not same_subject(row, subject)]
    current = find_current(alike, subject, state) or _find_truncated(api, others, subject, params)
    if current is not None:
        return plan_current(_get_listed(api, current), params)
    _check_no_other_spelling(others, subject)
    if state == "closed":
        return _plan_closed(api, others, alike, subject, params)
    if not params.get("body"):
        raise _no_open_ticket(others, alike, subject, state)
    return plan_opening(_account_id(api), rows, alike, subject, params)


def _with_status(api: Api, row: Row) -> Row:
    """Return a ticket with its status, because only a ticket that is closed allows a new one. Raises: BadReply."""
    if row["status"] is not None:
        return row
    status = _get_listed(api, row).row["status"]
    if status is None:
        raise _no_status(row)
    return {**row, "status": status}


def _no_status(row: Row) -> BadReply:
    return bad(GET, "it does not contain the status of the ticket %s" % row["id"])


def _plan_closed(api: Api, others: t.Sequence[Row], alike: t.Sequence[Row], subject: str, params: Params) -> Plan:
    """Plan nothing for a ticket that is closed or missing. Raises: Missing if a reply must still be posted."""
    last, reply = newest(alike), params.get("reply")
    if last is not None:
        found = _get_listed(api, last)
        if not reply or _has_reply(found, params):
            return plan_current(found, params)
    elif not reply:
        return same(None)
    raise _no_open_ticket(others, alike, subject, "closed")


def _has_reply(current: Detail, params: Params) -> bool:
    """Return whether a closed ticket has the reply already. Raises: BadReply."""
    return not params.get("force_reply") and is_said(_whole(current)["messages"], params["reply"])


class Opening(t.NamedTuple):
    """A ticket to open. *over_ids*: the closed tickets with its subject; *known_ids*: all existing tickets."""

    account_id: str
    body: t.Mapping[str, str]
    over_ids: t.Tuple[str, ...]
    known_ids: t.FrozenSet[str]
    custom_key: str | None

    @property
    def subject(self) -> str:
        """The subject, by which the ticket is found."""
        return self.body["subject"]

    @property
    def message(self) -> str:
        """The message that opens the ticket."""
        return self.body["message"]

    def key(self, dead_ids: t.Sequence[str] = ()) -> str:
        """Return the Idempotency-Key: the same for every run until a ticket of this subject is closed.

        A key lives 24 h. It includes the closed tickets: otherwise, a new ticket with the same subject within a day
        would get the closed one. *dead_ids*: closed tickets from replies that the list does not show.
        """
        if self.custom_key:
            return self.custom_key
        digest = hashlib.sha256(plain(self.message).encode("utf-8")).hexdigest()
        over = sorted({*self.over_ids, *dead_ids})
        return stable_key(["h444-ticket-v1", self.account_id, self.subject, digest, self.body.get("department"), over])


def plan_opening(account_id: str, rows: t.Sequence[Row], alike: t.Sequence[Row], subject: str, params: Params) -> Plan:
    """Plan a new ticket, and a reply after it if one is set. Pure."""
    words = {name: params[name] for name in WORDS if params.get(name) is not None}
    opening = Opening(
        account_id,
        {"subject": subject, "message": params["body"], **words},
        tuple(row["id"] for row in alike),
        frozenset(row["id"] for row in rows),
        params.get("idempotency_key") or None,
    )
    after = _opened(opening)
    actions = [Action("open", subject, OPEN, {}, opening.body)]
    reply = params.get("reply")
    if reply and (params.get("force_reply") or not same_text(reply, opening.message)):
        actions.append(Action("reply to", subject, REPLY, {"id": ""}, {"body": reply}))
        after["messages"].append(own_message(reply))
    return Plan(None, after, tuple(actions), doubts=tuple(doubts_of(opening.body, rows)), wish=opening)


def _opened(opening: Opening, ticket_id: str | None = None) -> Row:
    """Return a ticket as it is immediately after its opening."""
    words = {name: opening.body.get(name) for name in WORDS}
    fields = {"id": ticket_id, "subject": opening.subject, "status": "open", **words}
    return {**dict.fromkeys(FIELDS), **fields, "messages": [own_message(opening.message)]}


def doubts_of(body: t.Mapping[str, str], rows: t.Sequence[Row]) -> list[str]:
    """Return warnings of words that the API may refuse: neither the reference nor a ticket contains them. Pure."""
    doubts = []
    for name, of_reference in WORDS.items():
        known = {spelling(used): used for used in (of_reference, *(row[name] for row in rows)) if used}
        if name in body and spelling(body[name]) not in known:
            near = closest(body[name], known.values())
            doubts.append(
                "%s: check mode can't show whether the API accepts %s. The reference does not list the valid words, "
                "and no ticket of this account has this one%s."
                % (name, shown(body[name]), "; closest: %s" % shown(near[0]) if near else "")
            )
    return doubts


def plan_current(current: Detail, params: Params) -> Plan:
    """Plan the changes of an existing ticket. Pure.

    Raises: Refused; BadReply if the status is missing, or the thread is needed and missing or cut.
    """
    before, name = current.row, current.row["subject"] or current.row["id"]
    if before["status"] is None:
        raise _no_status(before)
    posts, closes = is_to_be_posted(current, params), params["state"] == "closed"
    if is_over(before) and not posts and not closes:
        raise _stays_closed(before, bool(params.get("reply")))
    after, actions = dict(before), []
    if posts:
        actions.append(Action("reply to", name, REPLY, {"id": before["id"]}, {"body": params["reply"]}))
        after.update(status="open", messages=[*before["messages"], own_message(params["reply"])])
    if closes and not is_over(after):
        actions.append(Action("close", name, CLOSE, {"id": before["id"]}))
        after["status"] = "closed"
    return Plan(before, after, tuple(actions), tuple(notes_of(current, params, posts)))


def is_to_be_posted(current: Detail, params: Params) -> bool:
    """Return whether the reply has to be posted. Pure. Raises: BadReply if the thread that shows it is not whole."""
    reply = params.get("reply")
    if not reply or params.get("force_reply"):
        return bool(reply)
    if not current.row["messages"]:
        raise bad(
            GET,
            "it does not contain the thread of the ticket %s, so it is not known whether the thread contains this "
            "reply (force_reply posts it)" % current.row["id"],
        )
    if current.cut:
        raise BadReply(
            "%s It is not known whether the ticket %s has this reply, so nothing was posted; force_reply posts it."
            % (current.cut, current.row["id"])
        )
    return not is_said(current.row["messages"], reply)


def _stays_closed(row: Row, has_reply: bool) -> Refused:
    """Return the error for a closed ticket that is to be open, but gets no new reply."""
    why = "; your latest message already has this text" if has_reply else ""
    way_out = "Set a different reply or force_reply" if has_reply else "Set reply"
    return Refused(
        "The ticket %s is %s, and only a reply reopens a ticket%s. Nothing was written. %s, or open a new ticket with "
        "subject and body." % (row["id"], row["status"], why, way_out)
    )


def notes_of(current: Detail, params: Params, posts: bool) -> list[str]:
    """Return warnings: what can't be changed, what is missing, and that a reply reopens the ticket."""
    row, notes = current.row, []
    for name in WORDS:
        wanted = params.get(name)
        if wanted and row[name] and spelling(wanted) != spelling(row[name]):
            notes.append(
                "The ticket %s has the %s %s, not %s; the API can't change it."
                % (row["id"], name, shown(row[name]), shown(wanted))
            )
    if current.cut:
        notes.append("%s The messages in the result are not complete." % current.cut)
    if posts and is_over(row):
        again = " It is closed again afterwards." if params["state"] == "closed" else ""
        notes.append("The ticket %s was %s; the reply reopens it.%s" % (row["id"], row["status"], again))
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
    """Open the ticket. A reply with a closed ticket repeats an earlier opening; then the next key is used."""
    dead_ids: list[str] = []
    while len(dead_ids) < MAX_DEAD_TICKETS:
        key = opening.key(dead_ids)
        ticket_id = _open(api, opening, key, dead_ids)
        progress.maybe, progress.resource_id, progress.after = True, ticket_id, _opened(opening, ticket_id)
        found = get_ticket(api, ticket_id)
        if found is None or not is_over(found.row):
            progress.after = _with_read(progress.after, found)
            _warn_of_other_subject(progress, opening.subject)
            return
        progress.maybe, progress.resource_id, progress.after = False, "", None
        if opening.custom_key:
            raise Refused(
                "The reply to the key %s shows the ticket %s, which is %s: it repeats an earlier request. Nothing was "
                "opened. Set a different idempotency_key, or none." % (key, ticket_id, found.row["status"]),
                idempotency_key=key,
            )
        dead_ids.append(ticket_id)
    raise Refused(
        "%s was opened and closed more than %d times within a day. Nothing was opened. Set your own idempotency_key."
        % (shown(opening.subject), MAX_DEAD_TICKETS)
    )


def _with_read(known: Row, found: Detail | None) -> Row:
    """Return a ticket with everything that was read; other known values stay."""
    row = found.row if found is not None else {}
    return {**known, **{name: value for name, value in row.items() if value not in (None, [])}}


def _warn_of_other_subject(progress: Progress, subject: str) -> None:
    """Warn if the provider has changed the subject of a ticket that was just opened."""
    row = progress.after
    if same_subject(row, subject):
        return
    why = "Otherwise, it would be opened again"
    if may_be_truncated(row["subject"], subject):
        why = "With the original subject, it is found only as long as body is the same"
    progress.warn(
        "The ticket %s was opened, but the provider calls it %s. Use that subject from now on. %s."
        % (row["id"], shown(row["subject"]), why)
    )


def _open(api: Api, opening: Opening, key: str, dead_ids: t.Sequence[str]) -> str:
    """Send the request until the ticket is known to exist, always with the same key; return the ticket's ID.

    Raises: UnknownFate if that is not known; Refused if the key belongs to a different request.
    """
    for pause in BUSY_PAUSES_SECONDS:
        api.sleep(pause)
        try:
            return _post_ticket(api, opening, key)
        except (UnknownFate, ApiError) as error:
            if not error.may_have_happened and not _is_busy(error):
                error.facts["idempotency_key"] = key
                raise
            problem = error
        listed = _find_opened(api, opening, dead_ids)
        if listed is not None:
            return str(listed["id"])
        if not _is_busy(problem):
            raise UnknownFate(
                "It is not known whether the ticket %s was opened (%s), and the list does not show it. Run the task "
                "again: the same key %s can't open it twice within 24 hours."
                % (shown(opening.subject), str(problem).rstrip("."), key),
                idempotency_key=key,
            )
    raise Refused(
        "%s Nothing was opened: the key %s belongs to a different request of the last 24 hours. Set your own "
        "idempotency_key." % (problem, key),
        idempotency_key=key,
    )


def _is_busy(error: H444Error) -> bool:
    """Return whether the same request may still be in progress, or the key belongs to another request."""
    return isinstance(error, ApiError) and error.status == 409


def _post_ticket(api: Api, opening: Opening, key: str) -> str:
    """Open a ticket and return its ID. The content of the reply is assumed (switch ``ticket_write``).

    Source: POST /v1/tickets (tickets:write), with Idempotency-Key. Raises: UnknownFate if the reply contains no ID.
    """
    body = api.request(OPEN, body=opening.body, idempotency_key=key).body
    try:
        row = normal(object_in(body, NOUNS, OPEN, IDS), OPEN)
    except BadReply:
        row = {}
    ticket_id = identifier_or_none(first(row, "ticket_id", "id", "uuid"))
    if ticket_id is None:
        raise UnknownFate(
            "the reply to %s contains no ID; if it repeats a ticket that was closed within 24 hours, set your "
            "own idempotency_key" % (OPEN,)
        )
    return ticket_id


def _look_twice(api: Api, look: t.Callable[[], Found | None]) -> Found | None:
    """Search twice for what may have been written, because reads can lag behind. A failed search finds nothing."""
    for pause in (0.0, SETTLE_SECONDS):
        api.sleep(pause)
        try:
            found = look()
        except H444Error:
            continue
        if found is not None:
            return found
    return None


def _find_opened(api: Api, opening: Opening, dead_ids: t.Sequence[str]) -> Row | None:
    """Search the list for a ticket that may have been opened."""
    known = {*opening.known_ids, *dead_ids}

    def look() -> Row | None:
        new = [row for row in list_tickets(api) if row["id"] not in known and not is_over(row)]
        exact = newest([row for row in new if same_subject(row, opening.subject)])
        truncated = (row for row in new if may_be_truncated(row["subject"], opening.subject))
        return exact or next((row for row in truncated if _is_opened_with(api, row, opening.message)), None)

    return _look_twice(api, look)


def _is_opened_with(api: Api, row: Row, message: str) -> bool:
    """Return whether a ticket begins with this message. One that can't be read does not."""
    try:
        found = get_ticket(api, row["id"])
    except H444Error:
        return False
    return found is not None and begins_with(found.row["messages"], message)


def _perform_reply(api: Api, action: Action, progress: Progress) -> None:
    """Post a reply, once. If the response is lost, the thread shows whether it was posted. Raises: UnknownFate."""
    reply = str((action.body or {})["body"])
    before = progress.after["messages"]
    try:
        send(api, action, progress)
    except (UnknownFate, ApiError) as error:
        ticket_id = action.ids["id"] or progress.resource_id
        if not error.may_have_happened:
            raise
        if not _is_posted(api, ticket_id, reply, times_said(before, reply)):
            raise UnknownFate(
                "It is not known whether the reply to the ticket %s was posted (%s), and the thread does not show it. "
                "It was not sent again. Run the task again later: a reply that the thread shows by then is not "
                "posted twice." % (ticket_id, str(error).rstrip(".")),
                **error.facts,
            ) from None
    progress.after = {**progress.after, "status": "open", "messages": [*before, own_message(reply)]}


def _is_posted(api: Api, ticket_id: str, reply: str, times_before: int) -> bool:
    """Return whether a thread contains the reply more often than before."""

    def look() -> Detail | None:
        found = get_ticket(api, ticket_id)
        is_there = found is not None and times_said(found.row["messages"], reply) > times_before
        return found if is_there else None

    return _look_twice(api, look) is not None


def read_back(api: Api, params: Params, progress: Progress) -> t.Any:
    """Return the ticket after the run, and warn if it does not have the requested state."""
    plan = progress.plan
    if not plan.actions:
        return plan.after
    found = get_ticket(api, progress.resource_id or plan.after["id"])
    if found is not None and is_over(found.row) != (params["state"] == "closed"):
        progress.warn(
            "The API accepted every step, but still shows the ticket %s as %s."
            % (found.row["id"], shown(found.row["status"]))
        )
    return _with_read(progress.after, found)


# The options that open a ticket make no sense for one that has an ID.
IDENTIFIERS = Identifiers("ticket", ("id", "subject"), is_needed=True, without_id=("body", "idempotency_key"))
INFO_IDENTIFIERS = Identifiers("ticket", ("id", "subject"), filters=("status",))
RECONCILER = Reconciler("ticket", plan_of, perform, read_back, identifiers=IDENTIFIERS)


def report(api: Api, params: Params) -> dict[str, t.Any]:
    """Return the result of h444_ticket_info."""
    rows = _list_wanted(api, params) if params.get("id") is None else _get_wanted(api, params)
    if params.get("status") is not None:
        rows = with_status(rows, params["status"], STATUS)
    if params.get("include_messages"):
        rows = [row if "messages" in row else _whole(_get_listed(api, row)) for row in rows]
    return {"tickets": rows}


def _list_wanted(api: Api, params: Params) -> list[Row]:
    """Read every ticket, or those of a subject, without threads."""
    rows = list_tickets(api)
    if params.get("subject") is None:
        return rows
    subject = check_subject(params["subject"])
    return [row for row in rows if same_subject(row, subject)]


def _get_wanted(api: Api, params: Params) -> list[Row]:
    """Read the ticket with this ID. Raises: BadReply if its messages are requested and not complete."""
    found = get_ticket(api, check_id(params["id"], "id"))
    if found is None:
        return []
    _check_subject_of(found.row, params.get("subject"))
    if params.get("include_messages"):
        return [_whole(found)]
    return [{name: value for name, value in found.row.items() if name != "messages"}]
