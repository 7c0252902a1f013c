# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tickets and their threads."""

from __future__ import annotations

import copy

from .account import FULL_KEY, Account, Route
from .calls import Call, No, Reply, Row, only, text_in
from .webhooks import publish

PRIORITIES = ("low", "medium", "high", "urgent")


def find(account: Account, call: Call) -> Row:
    """Find the ticket of a request. Raises No."""
    if call.ids["id"] not in account.tickets:
        raise No(404, "Ticket not found.")
    return account.tickets[call.ids["id"]]


def list_tickets(account: Account, call: Call) -> Reply:
    """GET /tickets."""
    return 200, [
        {name: value for name, value in row.items() if name != "messages"}
        for row in reversed(list(account.tickets.values()))
        if account.assume["tickets_listed"] == "all" or row["status"] not in ("resolved", "closed")
    ]


def get_ticket(account: Account, call: Call) -> Reply:
    """GET /tickets/:id."""
    return 200, copy.deepcopy(find(account, call))


def open_ticket(account: Account, call: Call) -> Reply:
    """POST /tickets."""
    body = call.body
    only(body, "subject", "message", "priority", "department")
    subject, message = text_in(body, "subject"), text_in(body, "message", 1, 20000)
    if account.assume["ticket_subject"] == "cut20":
        subject = subject[:20]
    if body.get("priority", "medium") not in PRIORITIES:
        raise No(400, ["priority must be one of " + ", ".join(PRIORITIES)])
    row: Row = {
        "id": account.new_id("tck"),
        "ticket_number": "T-%05d" % (len(account.tickets) + 1),
        "subject": subject,
        "status": "open",
        "priority": body.get("priority", "medium"),
        "department": body.get("department", "technical"),
        "created_at": account.stamp(),
        "updated_at": account.stamp(),
        "messages": [],
    }
    account.tickets[row["id"]] = row
    add_message(account, row, "customer", message, "open")
    publish(account, "ticket.created", {**_facts(row), "priority": row["priority"]})
    return 201, copy.deepcopy(row)


def reply(account: Account, call: Call) -> Reply:
    """POST /tickets/:id/reply."""
    only(call.body, "body")
    row = find(account, call)
    add_message(account, row, "customer", text_in(call.body, "body", 1, 20000), "open")
    return 201, copy.deepcopy(row)


def close(account: Account, call: Call) -> Reply:
    """POST /tickets/:id/close."""
    row = find(account, call)
    account.effect = row["status"] != "closed"
    row.update(status="closed", updated_at=account.stamp())
    return 200, copy.deepcopy(row)


def add_message(account: Account, row: Row, author: str, body: str, status: str) -> None:
    """Add a message to a thread. *status*: what the ticket is after it."""
    now = account.stamp()
    row["messages"].append({"id": account.new_id("msg"), "author": author, "body": body, "created_at": now})
    row.update(status=status, updated_at=now)
    account.effect = True


def _facts(row: Row) -> Row:
    """Give what every event of a ticket holds."""
    return {
        "ticketId": row["id"],
        "ticketNumber": row["ticket_number"],
        "subject": row["subject"],
        "status": row["status"],
    }


# The control side


def staff_reply(account: Account, ticket_id: str, body: str) -> None:
    """Let the support answer. Raises ValueError."""
    row = account.tickets.get(ticket_id)
    if row is None:
        raise ValueError(f"there is no ticket {ticket_id}")
    add_message(account, row, "staff", body, "answered")
    publish(account, "ticket.replied", _facts(row))


def make_ticket(account: Account, given: Row) -> Row:
    """Add a ticket with its opening message."""
    opening = {"subject": given.get("subject", "Help"), "message": given.get("message", "Hello")}
    _status, ticket = open_ticket(account, Call({}, {}, opening, FULL_KEY))
    account.effect = False
    row = account.tickets[ticket["id"]]
    row.update({name: value for name, value in given.items() if name in ("status", "priority", "department")})
    return row


ROUTES = (
    Route("GET", "/tickets", "ticket", "tickets:read", list_tickets),
    Route("GET", "/tickets/{id}", "ticket", "tickets:read", get_ticket),
    Route("POST", "/tickets", "ticket_write", "tickets:write", open_ticket, takes_key=True),
    Route("POST", "/tickets/{id}/reply", "ticket_write", "tickets:write", reply),
    Route("POST", "/tickets/{id}/close", "ticket_write", "tickets:write", close),
)
