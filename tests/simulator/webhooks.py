# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Webhooks, the events that they subscribe to, and their deliveries. ``courier.py`` sends what is queued here."""

from __future__ import annotations

import json
import re

from .account import Account, Route
from .calls import Call, No, Reply, Row, limit_in, only

EVENTS = (
    "vps.created",
    "hosting.created",
    "invoice.paid",
    "vps.power.changed",
    "vps.reinstalled",
    "vps.ptr.changed",
    "vps.terminated",
    "ticket.created",
    "ticket.replied",
)
BACKOFF_SECONDS = (60, 300, 1800, 7200, 21600)
SHOWN = ("id", "url", "events", "description", "is_active", "created_at")
HIDDEN_OF_DELIVERY = ("webhook_id", "body", "due_at")


def shown(row: Row, clear: bool = False) -> Row:
    """Give a webhook as it is shown. *clear*: with its secret."""
    return {**{name: row[name] for name in SHOWN}, "secret": row["secret"] if clear else row["secret"][:6] + "****"}


def shown_delivery(row: Row) -> Row:
    """Give a delivery as it is shown."""
    return {name: value for name, value in row.items() if name not in HIDDEN_OF_DELIVERY}


def make_webhook(account: Account, given: Row) -> Row:
    """Add a subscription."""
    row = {
        "id": account.new_id("whk"),
        "url": "https://example.com/hook",
        "events": ["vps.created"],
        "description": None,
        "is_active": True,
        "created_at": account.stamp(),
        "secret": account.secret("whsec_"),
        **given,
    }
    account.webhooks[row["id"]] = row
    return row


def find(account: Account, call: Call) -> Row:
    """Find the webhook of a request. Raises No."""
    if call.ids["id"] not in account.webhooks:
        raise No(404, "Webhook not found.")
    return account.webhooks[call.ids["id"]]


def _checked(account: Account, body: Row) -> Row:
    """Give the fields to set. Raises No."""
    only(body, "url", "events", "description", "is_active")
    if "url" in body and not (isinstance(body["url"], str) and body["url"].startswith("https://")):
        raise No(400, ["url must be an HTTPS URL"])
    if not _are_events(body.get("events", ["vps.created"])):
        raise No(400, ["events must be of: " + ", ".join(EVENTS)])
    if not isinstance(body.get("is_active", True), bool):
        raise No(400, ["is_active must be a boolean"])
    if "url" in body and account.assume["webhook_url"] == "normal":
        return {**body, "url": _as_browsers_do(body["url"])}
    return body


def _are_events(value: object) -> bool:
    return isinstance(value, list) and bool(value) and set(map(str, value)) <= set(EVENTS)


def _as_browsers_do(url: str) -> str:
    """Write a URL as browsers do: without the default port, with at least the path /, the host in lower case."""
    found = re.fullmatch(r"https://([^/?#]*?)(?::443)?([/?#].*)?", url, re.DOTALL)
    if not found:
        return url
    rest = found.group(2) or "/"
    return "https://" + found.group(1).lower() + (rest if rest[0] == "/" else "/" + rest)


def list_webhooks(account: Account, call: Call) -> Reply:
    """GET /webhooks."""
    return 200, [shown(row) for row in account.webhooks.values()]


def get_webhook(account: Account, call: Call) -> Reply:
    """GET /webhooks/:id."""
    return 200, shown(find(account, call))


def create_webhook(account: Account, call: Call) -> Reply:
    """POST /webhooks."""
    given = _checked(account, call.body)
    if "url" not in given or "events" not in given:
        raise No(400, ["url and events are needed"])
    account.effect = True
    return 201, shown(make_webhook(account, given), clear=True)


def change_webhook(account: Account, call: Call) -> Reply:
    """PATCH /webhooks/:id."""
    row = find(account, call)
    row.update(_checked(account, call.body))
    account.effect = True
    return 200, shown(row)


def delete_webhook(account: Account, call: Call) -> Reply:
    """DELETE /webhooks/:id."""
    del account.webhooks[find(account, call)["id"]]
    account.effect = True
    return 200, None


def rotate_secret(account: Account, call: Call) -> Reply:
    """POST /webhooks/:id/rotate-secret."""
    row = find(account, call)
    row["secret"] = account.secret("whsec_")
    account.effect = True
    return 200, shown(row, clear=True)


# Deliveries


def list_deliveries(account: Account, call: Call) -> Reply:
    """GET /webhooks/:id/deliveries."""
    row = find(account, call)
    mine = [delivery for delivery in reversed(account.deliveries) if delivery["webhook_id"] == row["id"]]
    return 200, [shown_delivery(delivery) for delivery in mine[: limit_in(call.query)]]


def redeliver(account: Account, call: Call) -> Reply:
    """POST /webhooks/:id/deliveries/:deliveryId/redeliver."""
    hook = find(account, call)
    wanted = (call.ids["deliveryId"], hook["id"])
    found = next((row for row in account.deliveries if (row["id"], row["webhook_id"]) == wanted), None)
    if found is None:
        raise No(404, "Delivery not found.")
    account.effect = True
    return 201, shown_delivery(queue(account, hook, found["event"], found["body"]))


def queue(account: Account, hook: Row, event: str, body: str) -> Row:
    """Add a delivery that is due now."""
    row = {
        "id": account.new_id("dlv"),
        "webhook_id": hook["id"],
        "event": event,
        "status": "pending",
        "attempt": 0,
        "response_status": None,
        "duration_ms": None,
        "error": None,
        "created_at": account.stamp(),
        "next_attempt_at": account.stamp(),
        "body": body,
        "due_at": account.now(),
    }
    account.deliveries.append(row)
    account.deliver()
    return row


def publish(account: Account, event: str, data: Row) -> None:
    """Queue an event for every active webhook that subscribes to it."""
    for hook in account.webhooks.values():
        if hook["is_active"] and event in hook["events"]:
            payload = {"id": account.new_id("evt"), "event": event, "created_at": account.stamp(), "data": data}
            queue(account, hook, event, json.dumps(payload, separators=(",", ":")))


def attempted(account: Account, row: Row, status: int | None, error: str | None, milliseconds: int) -> None:
    """Note one attempt at a delivery and when the next is due: after 1 minute, then longer, up to 6 hours."""
    with account.lock:
        good = status is not None and 200 <= status < 300
        row["attempt"] += 1
        row.update(
            response_status=status,
            error=error,
            duration_ms=milliseconds,
            status="delivered" if good else "failed",
            due_at=None,
            next_attempt_at=None,
        )
        if not good and row["attempt"] <= len(BACKOFF_SECONDS):
            due_at = account.now() + BACKOFF_SECONDS[row["attempt"] - 1]
            row.update(status="retrying", due_at=due_at, next_attempt_at=account.stamp(due_at))


ROUTES = (
    Route("GET", "/webhooks", "webhook", "webhooks:read", list_webhooks),
    Route("POST", "/webhooks", "webhook_secret", "webhooks:write", create_webhook),
    Route("GET", "/webhooks/{id}", "webhook", "webhooks:read", get_webhook),
    Route("PATCH", "/webhooks/{id}", "webhook", "webhooks:write", change_webhook),
    Route("DELETE", "/webhooks/{id}", "done", "webhooks:write", delete_webhook),
    Route("POST", "/webhooks/{id}/rotate-secret", "webhook_secret", "webhooks:write", rotate_secret),
    Route("GET", "/webhooks/{id}/deliveries", "delivery", "webhooks:read", list_deliveries),
    Route("POST", "/webhooks/{id}/deliveries/{deliveryId}/redeliver", "delivery", "webhooks:write", redeliver),
)
