# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Deliveries of webhooks: list them, and resend one."""

from __future__ import annotations

import math
import typing as t

from ._api import Api, Params, Raw, Row
from ._converge import Progress, Reconciler
from ._endpoint import NEVER, Endpoint
from ._errors import BadOption, BadReply, H444Error, Missing, NotFound, UnknownFate
from ._fields import Derived, Field, Needed, Table, as_is, read_fields, text_inside
from ._find import check_names, find, listed, missing
from ._identifiers import Identifiers
from ._names import check_id, shown
from ._plan import Action, Plan
from ._reader import (
    error_text,
    first,
    identifier,
    identifier_or_none,
    newest_first,
    normal,
    null_as_empty,
    object_in,
    row_of,
    shallow,
    snake,
    text,
    truth,
    whole,
)
from ._status import by_spelling, read_status, with_status
from ._webhook import WEBHOOK, WEBHOOKS, get_webhook, list_webhooks

LIST = Endpoint("GET", "/webhooks/{id}/deliveries", "webhooks:read")
REDELIVER = Endpoint("POST", "/webhooks/{id}/deliveries/{delivery_id}/redeliver", "webhooks:write", NEVER)
ENDPOINTS = (LIST, REDELIVER)

NOUNS = ("delivery", "deliveries", "webhook_delivery", "webhook_deliveries")
IDS = ("id", "delivery_id", "uuid")
MAX_LIMIT = 200
# Requests to and responses of the receiver are the account's own data, so they keep their names.
CONTENTS = frozenset({
    "payload", "data", "body", "request", "request_body", "request_headers", "headers", "response", "response_body",
    "response_headers",
})  # fmt: skip

PENDING, RETRYING, DELIVERED, FAILED = "pending", "retrying", "delivered", "failed"
STATUS = by_spelling({
    PENDING: ("pending", "queued", "scheduled", "new", "sending", "processing", "in_progress"),
    RETRYING: ("retrying", "retry", "retry_scheduled", "waiting_retry", "will_retry"),
    DELIVERED: ("delivered", "success", "succeeded", "successful", "ok", "sent", "completed", "complete"),
    FAILED: (
        "failed", "failure", "fail", "error", "errored", "undelivered", "exhausted", "dead", "gave_up", "abandoned",
    ),
})  # fmt: skip


def read_state(row: Raw) -> str | None:
    """Return the status of a delivery by its word, or by a boolean if the API returns no word."""
    status = read_status(first(row, "status", "state", "result"), STATUS)
    succeeded = truth(first(row, "success", "delivered", "succeeded"))
    if status is not None or succeeded is None:
        return status
    return DELIVERED if succeeded else FAILED


def read_milliseconds(value: t.Any) -> int | None:
    """Return a duration in whole milliseconds."""
    return round(value) if isinstance(value, float) and math.isfinite(value) else whole(value)


def read_error(value: t.Any) -> str | None:
    """Return what went wrong in the API's own words, whatever its shape."""
    return (value if isinstance(value, str) else error_text(value)) or None


TABLE: Table = {
    "id": Needed(identifier, *IDS),
    "event": Field(text_inside("name", "event", "type"), "event", "event_type", "event_name", "type", "topic"),
    "status": Derived(read_state),
    "attempt": Field(whole, "attempt", "attempts", "attempt_count", "attempt_number", "tries"),
    "response_status": Field(
        whole, "response_status", "response_status_code", "response_code", "status_code", "http_status", "http_code"
    ),
    # A duration whose name has no unit keeps its name.
    "duration_ms": Field(
        read_milliseconds,
        "duration_ms",
        "duration_millis",
        "duration_milliseconds",
        "latency_ms",
        "response_time_ms",
        "elapsed_ms",
    ),
    "error": Field(read_error, "error", "error_message", "last_error", "failure_reason"),
    "created_at": Field(as_is, "created_at", "created", "attempted_at", "sent_at", "timestamp"),
}
FIELDS = tuple(TABLE)


def read_delivery(raw: Raw, where: Endpoint = LIST) -> Row:
    """Return one delivery in normal form: FIELDS are always there, None if the API returned nothing; all else is kept.

    Assumed: the fields' names (switch ``webhook_fields``).
    """
    contents, rest = _contents_apart(raw)
    row = row_of(rest, NOUNS, where)
    fields = read_fields(row, TABLE, where)
    response = contents.get("response")
    if fields["response_status"] is None and isinstance(response, dict):
        fields["response_status"] = whole(first(normal(response, where), "status", "status_code", "code"))
    answered = whole(fields["status"])
    if answered is not None:  # the status of the receiver's response
        fields["response_status"] = answered
        fields["status"] = DELIVERED if 200 <= answered < 300 else FAILED
    return {**row, **contents, **fields}


def _contents_apart(raw: Raw) -> tuple[Row, Row]:
    """Separate requests and responses from the rest of a delivery, and remove its wrapper."""
    for name, inner in raw.items():
        if len(raw) == 1 and snake(str(name)) in NOUNS and isinstance(inner, dict):
            raw = inner
    contents, rest = {}, {}
    for name, value in raw.items():
        if snake(str(name)) in CONTENTS:
            contents[snake(str(name))] = shallow(value)
        else:
            rest[name] = value
    return contents, rest


def list_deliveries(api: Api, webhook_id: str, limit: int) -> list[Row]:
    """Read the newest deliveries of a webhook, the newest first.

    Source: GET /v1/webhooks/:id/deliveries (webhooks:read), limit at most 200.
    """
    raws = api.rows(
        LIST, NOUNS, ids={"id": webhook_id}, query={"limit": limit}, at_most=limit, page_of=null_as_empty(NOUNS)
    )
    return newest_first([read_delivery(raw) for raw in raws])[:limit]


def webhook_id_of(api: Api, params: Params) -> str:
    """Return the ID of the webhook that the task identifies by ID or URL. Raises: Missing, Ambiguous, Refused."""
    if params.get("id") is not None:
        webhook_id = check_id(params["id"], "id")
        row = get_webhook(api, webhook_id) if params.get("url") is not None else None
        if row is not None:
            check_names(WEBHOOK, row, params)
        return webhook_id
    found = find(api, WEBHOOKS, params)
    if found.row is None:
        raise missing(WEBHOOK, params, listed(api, WEBHOOKS, found))
    return str(found.row["id"])


def report(api: Api, params: Params) -> dict[str, t.Any]:
    """Return the result of h444_webhook_delivery_info."""
    limit, status = params["limit"], params.get("status")
    if not 1 <= limit <= MAX_LIMIT:
        raise BadOption("limit: must be from 1 to %d, not %d." % (MAX_LIMIT, limit))
    try:
        # The API has no filter, so a rare status is searched for in all that it returns.
        rows = list_deliveries(api, webhook_id_of(api, params), limit if status is None else MAX_LIMIT)
    except (Missing, NotFound):
        return {"deliveries": []}
    if status is not None:
        rows = with_status(rows, status, STATUS)
    return {"deliveries": rows[:limit]}


def plan_of(api: Api, params: Params) -> Plan:
    """Plan h444_webhook_redelivery. Raises: Missing if the webhook, or certainly the delivery, does not exist."""
    delivery_id = check_id(params["delivery_id"], "delivery_id")
    webhook_id = webhook_id_of(api, params)
    try:
        rows = list_deliveries(api, webhook_id, MAX_LIMIT)
    except BadReply:
        return plan_redelivery(webhook_id, delivery_id, None, [])  # the list is incomplete; the API knows the rest
    except NotFound:
        raise missing(WEBHOOK, {"id": webhook_id}, list_webhooks(api)) from None
    found = next((row for row in rows if row["id"] == delivery_id), None)
    if found is None and len(rows) < MAX_LIMIT:
        raise _missing(webhook_id, delivery_id, [row["id"] for row in rows[:3]])
    return plan_redelivery(webhook_id, delivery_id, found, rows)


def _missing(webhook_id: str, delivery_id: str, newest: t.Sequence[str] | None = None) -> Missing:
    """Return the error for a delivery that does not exist. *newest*: those of the webhook, None if not known."""
    there = ""
    if newest is not None:
        there = "; its newest: %s" % ", ".join(newest) if newest else "; it has no deliveries"
    return Missing(
        "The webhook %s has no delivery %s%s. Nothing was sent." % (webhook_id, shown(delivery_id), there),
        closest=newest or None,
    )


def plan_redelivery(webhook_id: str, delivery_id: str, found: Row | None, rows: t.Sequence[Row]) -> Plan:
    """Plan the redelivery; *rows*: the known deliveries. Pure."""
    after: Row = {**dict.fromkeys(FIELDS), "event": found["event"] if found else None, "status": PENDING, "attempt": 0}
    note = (
        "The delivery %s is not among the newest ones that the API returns, so it is not known whether it exists."
        % shown(delivery_id)
    )
    action = Action("redeliver", delivery_id, REDELIVER, {"id": webhook_id, "delivery_id": delivery_id})
    return Plan(None, after, (action,), () if found else (note,), wish=frozenset(row["id"] for row in rows))


def perform(api: Api, action: Action, progress: Progress) -> None:
    """Resend a delivery, once. Source: POST …/redeliver: "Clone a past delivery into a fresh attempt."

    Raises: Missing if there is no such delivery; UnknownFate if the reply is lost.
    """
    try:
        answer = api.request(REDELIVER, ids=action.ids)
    except NotFound:
        raise _missing(action.ids["id"], action.target) from None
    except H444Error as error:
        if not error.may_have_happened:
            raise
        raise _unknown(action, error.cause) from None
    progress.maybe = True
    try:
        row = object_in(answer.body, NOUNS, REDELIVER, IDS)
        if identifier_or_none(first(normal(row, REDELIVER), *IDS)) != action.target:
            progress.after = read_delivery(row, REDELIVER)
    except BadReply:
        progress.after = None  # the reply does not contain it; the list will


def _unknown(action: Action, cause: str) -> UnknownFate:
    return UnknownFate(
        "It is not known whether the delivery %s was resent (%s). Before you run the task again, which would resend it "
        "once more, check with h444_webhook_delivery_info whether there is a newer delivery of its event."
        % (shown(action.target), cause),
        cause=cause,
    )


def read_back(api: Api, params: Params, progress: Progress) -> t.Any:
    """Return the new delivery, from the reply or from the list."""
    if progress.after is not None:
        return progress.after
    (action,), known = progress.plan.actions, progress.plan.wish
    event = progress.plan.after["event"]
    try:
        rows = list_deliveries(api, action.ids["id"], MAX_LIMIT)
    except H444Error:
        rows = []  # it was resent, and a failure now would only make somebody resend it once more
    new = [row for row in rows if row["id"] not in known and event in (None, row["event"])]
    if len(new) != 1:
        progress.warn(
            "The API accepted the redelivery of %s, but does not show the new delivery."
            % shown(text(params["delivery_id"]))
        )
        return None
    return new[0]


INFO_IDENTIFIERS = Identifiers("webhook", ("id", "url"), is_needed=True, filters=("status",))
IDENTIFIERS = Identifiers("webhook", ("id", "url"), is_needed=True)
REDELIVERY = Reconciler("delivery", plan_of, perform, read_back, identifiers=IDENTIFIERS)
