# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Readers and plans of tickets, with dict literals."""

from __future__ import annotations

import re
import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _ticket
from ansible_collections.h444.cloud.plugins.module_utils._errors import Ambiguous, BadOption, BadReply, Missing, Refused
from ansible_collections.h444.cloud.plugins.module_utils._ticket import Detail

Row = t.Dict[str, t.Any]


def said(body: str, author: str | None = "customer") -> Row:
    """Make a message in normal form."""
    return {"id": None, "author": author, "body": body, "created_at": None}


def ticket(*messages: Row, **fields: t.Any) -> Row:
    """Make a ticket in normal form."""
    return {
        "id": "7",
        "ticket_number": "T-7",
        "subject": "Help",
        "status": "open",
        "priority": "medium",
        "department": "technical",
        "created_at": None,
        "updated_at": None,
        "messages": list(messages) or [said("Hello")],
        **fields,
    }


def wanted(**options: t.Any) -> Row:
    """Make a module's options."""
    return {"state": "open", "force_reply": False, **options}


class Api:
    """Answers GET from a dict of replies; a write would be a KeyError."""

    def __init__(self, **replies: t.Any) -> None:
        self.replies, self.asked = replies, []  # type: t.Any, list[str]

    def rows(
        self, endpoint: t.Any, _nouns: t.Any, answer: t.Any = None, page_of: t.Any = None, **_more: t.Any
    ) -> list[Row]:
        """Give the list of tickets, or the thread on the page that was read."""
        if endpoint is _ticket.GET:
            return page_of(answer.body)["messages"]
        assert endpoint is _ticket.LIST
        self.asked.append("list")
        return self.replies["tickets"]

    def request(self, endpoint: t.Any, ids: t.Any = None, **_more: t.Any) -> t.Any:
        """Give the account or one ticket."""
        assert endpoint.method == "GET"
        name = "account" if endpoint.path == "/account" else "t" + ids["id"]
        self.asked.append(name)
        return type("Answer", (), {"body": self.replies[name]})


ACCOUNT = {"id": "a1", "balance_usd_cents": 1}


@pytest.mark.parametrize(
    ("word", "status", "over"),
    [
        ("open", "open", False),
        ("OPEN", "open", False),
        ("Re-Opened", "open", False),
        ("Customer Reply", "open", False),
        ("Answered", "answered", False),
        ("awaiting-customer", "answered", False),
        ("SOLVED", "resolved", True),
        ("resolved", "resolved", True),
        ("CLOSED", "closed", True),
        ({"name": "Closed", "color": "#888"}, "closed", True),
        ("On Hold", "On Hold", False),
        (None, None, False),
    ],
)
def test_a_status_is_one_of_four_words_or_the_apis_own(word: t.Any, status: str | None, over: bool) -> None:
    """The known words in any spelling; an unknown one is kept, and is not closed."""
    row = _ticket.read_ticket({"id": 7, "status": word})
    assert row["status"] == status and _ticket.is_over(row) is over


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"isClosed": True}, "closed"),
        ({"closed": 0}, "open"),
        ({"closedAt": None}, "open"),
        ({"closed_at": "2026-06-11"}, "closed"),
        ({}, None),
    ],
)
def test_a_flag_or_a_time_stands_for_a_status(fields: Row, status: str | None) -> None:
    """A flag, or the time of closing."""
    assert _ticket.read_ticket({"id": 7, **fields})["status"] == status


ONE, TWO = {"body": "1", "created_at": "2026-06-11T09:00:00Z"}, {"body": "2", "created_at": "2026-06-11T09:00:01Z"}


@pytest.mark.parametrize("name", ["messageCount", "replies_count", "messages_total"])
def test_a_count_shows_that_the_thread_is_cut(name: str) -> None:
    """The opening message may count; what is shown is then whole."""
    whole = _ticket.get_ticket(Api(t7={"id": 7, "messages": [ONE, TWO], name: 2}), "7")
    assert whole is not None and whole.cut == ""
    found = _ticket.get_ticket(Api(t7={"id": 7, "messages": [ONE, TWO], name: "3"}), "7")
    assert found is not None and len(found.row["messages"]) == 2 and "has 3 messages, but returned 2" in found.cut
    with pytest.raises(BadReply, match="has 3 messages"):
        _ticket._whole(found)


@pytest.mark.parametrize(
    ("status", "options", "verbs", "notes"),
    [
        ("open", {}, [], 0),
        ("answered", {}, [], 0),
        ("On Hold", {}, [], 0),
        ("open", {"reply": "More"}, ["reply to"], 0),
        ("open", {"reply": "Hello"}, [], 0),
        ("open", {"reply": "Hello", "force_reply": True}, ["reply to"], 0),
        ("open", {"state": "closed"}, ["close"], 0),
        ("answered", {"state": "closed", "reply": "Bye"}, ["reply to", "close"], 0),
        ("open", {"state": "closed", "reply": "Hello"}, ["close"], 0),
        ("closed", {"state": "closed"}, [], 0),
        ("resolved", {"state": "closed"}, [], 0),
        ("closed", {"state": "closed", "reply": "Hello"}, [], 0),
        ("closed", {"state": "closed", "reply": "Bye"}, ["reply to", "close"], 1),
        ("resolved", {"reply": "More"}, ["reply to"], 1),
        ("open", {"priority": "high", "department": "billing"}, [], 2),
        ("open", {"priority": "MEDIUM", "department": "technical"}, [], 0),
    ],
)
def test_an_existing_ticket_is_answered_and_closed_as_wished(
    status: str, options: Row, verbs: list[str], notes: int
) -> None:
    """What becomes of a ticket that is there, and what is said about it."""
    plan = _ticket.plan_current(Detail(ticket(status=status)), wanted(**options))
    assert [action.verb for action in plan.actions] == verbs and len(plan.notes) == notes
    assert _ticket.is_over(plan.after) is (options.get("state") == "closed")
    assert len(plan.after["messages"]) == 1 + ("reply to" in verbs)
    assert len(plan.before["messages"]) == 1


@pytest.mark.parametrize(
    ("options", "way"), [({}, "Set reply"), ({"reply": "Hello"}, "Set a different reply or force_reply")]
)
def test_a_closed_ticket_is_not_reopened_without_a_reply(options: Row, way: str) -> None:
    """The API has no way but a reply."""
    with pytest.raises(Refused, match=re.escape(way)):
        _ticket.plan_current(Detail(ticket(status="closed")), wanted(**options))


def test_without_a_status_or_a_thread_nothing_is_decided() -> None:
    """Status and thread."""
    with pytest.raises(BadReply, match="status"):
        _ticket.plan_current(Detail(ticket(status=None)), wanted())
    with pytest.raises(BadReply, match="thread"):
        _ticket.plan_current(Detail(ticket(messages=[])), wanted(reply="More"))
    assert _ticket.plan_current(Detail(ticket(messages=[])), wanted(reply="More", force_reply=True)).actions


def raw(ticket_id: int, subject: str = "Help", status: str | None = "open", **fields: t.Any) -> Row:
    """Make a row as the API sends it."""
    return {"id": ticket_id, "subject": subject, "status": status, **fields}


def detail(ticket_id: int, *texts: str, **fields: t.Any) -> Row:
    """Make a ticket's detail as the API sends it."""
    return {
        **raw(ticket_id, **fields),
        "messages": [{"author": "customer", "body": body} for body in texts or ("Hello",)],
    }


@pytest.mark.parametrize(
    ("state", "statuses", "taken"),
    [
        ("open", ["open"], "1"),
        ("open", ["closed", "open"], "2"),
        ("open", ["resolved", "open"], "2"),
        ("open", ["answered", "closed", "resolved"], "1"),
        ("closed", ["closed", "open"], "2"),
        ("closed", ["resolved"], None),
        ("closed", ["closed", "resolved"], None),
        ("open", [], None),
        ("open", ["open", "open"], "1, 2"),
        ("open", ["answered", "On Hold", "closed"], "1, 2"),
        ("closed", ["open", "closed", "open"], "1, 3"),
        ("closed", ["open", "resolved"], "1, 2"),
        ("closed", ["resolved", "answered", "open"], "1, 2, 3"),
    ],
)
def test_a_subject_means_the_one_ticket_that_is_not_closed(state: str, statuses: list[str], taken: str | None) -> None:
    """Several are refused with their ids, for nothing says which is meant; to close, a resolved one counts, too."""
    rows = [
        _ticket.read_ticket(raw(number, status=status, created_at="2026-01-0%d" % number))
        for number, status in enumerate(statuses, 1)
    ]
    if taken is None or len(taken) == 1:
        found = _ticket.find_current(rows, "Help", state)
        assert (found["id"] if found else None) == taken
        return
    with pytest.raises(Ambiguous, match="IDs %s\\. Nothing was changed. Choose one by its ID" % taken) as refused:
        _ticket.find_current(rows, "Help", state)
    assert [row["id"] for row in refused.value.facts["candidates"]] == taken.split(", ")


def test_only_this_subject_counts() -> None:
    """Other subjects and closed ones are no candidates."""
    rows = [raw(1, "Else"), raw(2), raw(3, status="closed")]
    api = Api(tickets=rows, t2=detail(2))
    assert _ticket.plan_of(api, wanted(subject=" Help ")).after["id"] == "2"
    assert api.asked == ["list", "t2"]


LONG = "Reverse zone of our addresses"


@pytest.mark.parametrize(
    ("shorter", "subject", "may_be"),
    [
        ("Reverse zone of our ", LONG, True),
        ("reverse ZONE of our", LONG, True),
        ("Reverse zone of...", LONG, True),
        ("Rev\u2026", LONG, True),
        ("Reverse zone &am", "Reverse zone & more", False),
        ("Reverse zone of A&am", "Reverse zone of A&B", True),
        (LONG, LONG, False),
        (LONG + "!", LONG, False),
        ("Reverse", LONG, False),
        ("Reverse zone of your", LONG, False),
        ("...", LONG, False),
        (None, LONG, False),
        ("", LONG, False),
    ],
)
def test_a_beginning_of_some_length_may_be_a_truncated_subject(shorter: str | None, subject: str, may_be: bool) -> None:
    """A beginning of some length, or one that ends in dots."""
    assert _ticket.may_be_truncated(shorter, subject) is may_be


def test_a_truncated_subject_is_found_by_the_opening_message() -> None:
    """The beginning alone proves nothing: a ticket that was opened with other words is another one."""
    cut = raw(1, "Reverse zone of our")
    ask = wanted(subject=LONG, body="Hello")
    assert (
        _ticket.plan_of(Api(tickets=[cut], t1=detail(1, "<p>Hello</p>", subject="Reverse zone of our")), ask).after[
            "id"
        ]
        == "1"
    )
    for options, replies in (
        (ask, [detail(1, "Something else")]),
        (ask, [{**cut, "messages": []}]),  # no thread, no proof
        (wanted(subject=LONG), [detail(1)]),
        (wanted(subject=LONG, reply="More"), [detail(1)]),
        (wanted(subject=LONG, state="closed"), [detail(1)]),
        (wanted(subject=LONG, body="Something", state="closed"), [detail(1)]),
        (wanted(subject=LONG, idempotency_key="my-own-key"), [detail(1)]),
    ):
        with pytest.raises(
            Refused,
            match="but 1 has 'Reverse zone of our', which may be the same subject, truncated by the provider. "
            "Nothing was written",
        ):
            _ticket.plan_of(Api(tickets=[cut], t1=replies[0]), options)
    both = Api(tickets=[cut, raw(2, "Reverse zone of our")], t1=detail(1), t2=detail(2))
    with pytest.raises(Ambiguous, match="IDs 1, 2"):
        _ticket.plan_of(both, ask)


def test_no_reply_is_posted_where_thread_and_subject_are_cut() -> None:
    """The reply may be in what can't be read, so it is not posted."""
    cut = raw(1, "Reverse zone of our")
    api = Api(tickets=[cut], t1={**detail(1, subject="Reverse zone of our"), "message_count": 3})
    with pytest.raises(BadReply, match="It is not known whether the ticket 1 has this reply, so nothing was posted"):
        _ticket.plan_of(api, wanted(subject=LONG, body="Hello", reply="More"))


def test_an_own_key_opens_beside_a_beginning() -> None:
    """It says that another one is wanted; the next run finds that by its message."""
    other, key = raw(1, "Reverse zone of our"), {"idempotency_key": "my-own-key"}
    api = Api(tickets=[other], t1=detail(1, "Something else"), account=ACCOUNT)
    assert [action.verb for action in _ticket.plan_of(api, wanted(subject=LONG, body="Hello", **key)).actions] == [
        "open"
    ]
    api = Api(
        tickets=[other, raw(2, "Reverse zone of our")], t1=detail(1, "Something else"), t2=detail(2), account=ACCOUNT
    )
    plan = _ticket.plan_of(api, wanted(subject=LONG, body="Hello", **key))
    assert not plan.actions and plan.after["id"] == "2"


@pytest.mark.parametrize(
    ("options", "doubts"),
    [
        ({"priority": "medium", "department": "Technical"}, []),
        ({}, []),
        ({"priority": "HIGH"}, []),
        ({"department": "second level"}, []),
        ({"priority": "soon"}, ["priority: check mode can't show whether the API accepts 'soon'"]),
        ({"priority": "hihg"}, ["closest: 'High'"]),
        ({"priority": "urgent", "department": "Billing"}, ["priority: check mode", "department: check mode"]),
    ],
)
def test_words_that_the_api_may_refuse_are_doubts(options: Row, doubts: list[str]) -> None:
    """What neither the page nor a ticket of the account shows can't be promised, and check mode says so."""
    rows = [raw(1, "Else", priority="High", department="Second-Level"), raw(2, "Else", priority=None)]
    plan = _ticket.plan_of(Api(tickets=rows, account=ACCOUNT), wanted(subject="Help", body="Hello", **options))
    assert (
        len(plan.doubts) == len(doubts)
        and all(text in doubt for text, doubt in zip(doubts, plan.doubts))
        and not plan.notes
    )


def test_a_status_that_the_list_lacks_is_read_from_the_detail() -> None:
    """Nothing is guessed; a detail that lacks it too is refused."""
    plan = _ticket.plan_of(
        Api(tickets=[raw(1, status=None)], t1=detail(1, status="closed"), account=ACCOUNT),
        wanted(subject="Help", body="Hello"),
    )
    assert [action.verb for action in plan.actions] == ["open"]
    with pytest.raises(BadReply, match="status"):
        _ticket.plan_of(
            Api(tickets=[raw(1, status=None)], t1=detail(1, status=None)), wanted(subject="Help", body="Hello")
        )


@pytest.mark.parametrize(
    ("options", "rows", "says"),
    [
        ({"subject": "Help"}, [], "No ticket has the subject 'Help'. Nothing was written. To open one, set body"),
        ({"subject": "Help"}, [raw(1, "Help!")], "closest: 'Help!'"),
        (
            {"subject": "Help"},
            [raw(1, status="closed"), raw(2, status="resolved")],
            "closed tickets: 1, 2. Nothing was written. Use its ID",
        ),
        ({"subject": "Help", "reply": "More"}, [raw(1, status="closed")], "closed ticket: 1"),
        ({"subject": "Help", "reply": "More", "state": "closed"}, [raw(1, status="closed")], "closed ticket: 1"),
        ({"subject": "Help", "reply": "More", "state": "closed"}, [], "No ticket has the subject"),
    ],
)
def test_a_missing_ticket_is_an_error_that_names_the_way_out(options: Row, rows: list[Row], says: str) -> None:
    """One sentence that names what there is and what to do."""
    with pytest.raises(Missing, match=re.escape(says)):
        _ticket.plan_of(Api(tickets=rows, t1=detail(1, status="closed")), wanted(**options))


@pytest.mark.parametrize("state", ["open", "closed"])
def test_nearly_the_same_subject_is_refused(state: str) -> None:
    """The provider may have written it its own way, and a second one would be opened each day."""
    with pytest.raises(Refused, match="but 1 has 'HELP'"):
        _ticket.plan_of(Api(tickets=[raw(1, "HELP")]), wanted(subject="Help", body="Hello", state=state))
    plan = _ticket.plan_of(
        Api(tickets=[raw(1, "HELP", "closed")], account=ACCOUNT), wanted(subject="Help", body="Hello")
    )
    assert plan.actions


def test_there_may_be_nothing_to_close() -> None:
    """No open ticket of a subject is what is wanted, with and without closed ones."""
    assert _ticket.plan_of(Api(tickets=[]), wanted(subject="Help", state="closed", body="Hello")).after is None
    plan = _ticket.plan_of(
        Api(tickets=[raw(1, status="closed")], t1=detail(1, status="closed")), wanted(subject="Help", state="closed")
    )
    assert plan.after["id"] == "1" and not plan.actions
    said_bye = Api(tickets=[raw(1, status="closed")], t1=detail(1, "Hello", "Bye", status="closed"))
    assert not _ticket.plan_of(said_bye, wanted(subject="Help", state="closed", reply="Bye")).actions


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"subject": " "}, "subject"),
        ({"subject": "a\nb"}, "subject"),
        ({"subject": "x" * 256}, "subject"),
        ({"subject": "Help", "body": " \n"}, "body"),
        ({"subject": "Help", "reply": ""}, "reply"),
        ({"subject": "Help", "reply": "x" * 20001}, "reply"),
        ({"subject": "Help", "force_reply": True}, "force_reply"),
        ({"subject": "Help", "priority": " "}, "priority"),
        ({"subject": "Help", "priority": "very\nhigh"}, "is not a valid priority, which is a word like 'medium'"),
        ({"subject": "Help", "department": "x" * 65}, "department"),
        ({"subject": "Help", "state": "closed", "idempotency_key": "my-own-key"}, "state: closed never opens a ticket"),
        ({"id": "7", "state": "closed", "idempotency_key": "my-own-key"}, "state: closed never opens a ticket"),
        ({"id": "../x"}, "id"),
        ({"subject": "Help", "idempotency_key": "a b"}, "idempotency_key"),
    ],
)
def test_bad_options_are_found_before_the_first_request(options: Row, says: str) -> None:
    """Found before the first request."""
    api = Api()
    with pytest.raises(BadOption, match=says):
        _ticket.plan_of(api, wanted(**options))
    assert not api.asked


def opening(**changed: t.Any) -> _ticket.Opening:
    """Make an opening."""
    body = {"subject": "Help", "message": "Hello", **changed.pop("body", {})}
    return _ticket.Opening(
        **{"account_id": "a1", "body": body, "over_ids": (), "known_ids": frozenset(), "custom_key": None, **changed}
    )


def test_the_key_is_the_same_for_the_same_wish() -> None:
    """The same for the same wish on every machine; another for another account, subject, message or department."""
    key = opening().key()
    assert key == "b7765722-f1e9-4776-9b3d-f86d06217f51"  # written down: another one would open what is opened already
    assert opening(body={"priority": "high"}).key() == key
    assert opening(body={"message": "Hello\r\n"}).key() == key
    others = [
        opening(account_id="a2"),
        opening(body={"subject": "Help!"}),
        opening(body={"message": "Hi"}),
        opening(body={"department": "billing"}),
        opening(over_ids=("1",)),
    ]
    assert len({one.key() for one in others} | {key}) == len(others) + 1
    assert opening(over_ids=("1",)).key(["2"]) == opening(over_ids=("2", "1")).key() == opening().key(["1", "2"])
    assert opening(custom_key="my-own-key").key(["1"]) == "my-own-key"
