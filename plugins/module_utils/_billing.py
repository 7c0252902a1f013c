# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Billing: invoices, the wallet and its transactions. Readers only; every amount is in whole US cents."""

from __future__ import annotations

import typing as t

from ._api import Api, Params, Raw, Row
from ._endpoint import Endpoint
from ._errors import BadOption, NotFound
from ._identifiers import Identifiers
from ._names import check_id
from ._reader import (
    bad,
    cents,
    envelope_names,
    first,
    flat,
    id_text,
    identifier,
    newest_first,
    normal,
    null_as_empty,
    object_in,
    object_of,
    says_more,
    snake,
    sweep,
    text,
    word,
)

INVOICES = Endpoint("GET", "/billing/invoices", "billing:read")
INVOICE = Endpoint("GET", "/billing/invoices/{id}", "billing:read")
WALLET = Endpoint("GET", "/billing/wallet", "billing:read")
TRANSACTIONS = Endpoint("GET", "/billing/wallet/transactions", "billing:read")
ENDPOINTS = (INVOICES, INVOICE, WALLET, TRANSACTIONS)

INVOICE_NOUNS = ("invoices", "invoice")
WALLET_NOUNS = ("wallet",)
TRANSACTION_NOUNS = ("transactions", "transaction", "wallet_transactions", "activity", "entries")
INVOICE_FIELDS = ("id", "invoice_number", "status", "currency", "total_usd_cents", "created_at", "paid_at")
TRANSACTION_FIELDS = (
    "id",
    "kind",
    "amount_usd_cents",
    "balance_after_usd_cents",
    "description",
    "reference",
    "created_at",
)
DETAILS = {
    "line_items": ("line_items", "items", "lines", "invoice_items"),
    "transactions": ("transactions", "payment_transactions", "payments"),
}
MOST_ROWS = 200
"""The page's limit on ``limit``."""


def tidy(value: t.Any, where: Endpoint) -> t.Any:
    """Give a part of a reply (already in normal form) with whole cents, at any depth. Raises BadReply."""
    if isinstance(value, list):
        return [tidy(item, where) for item in value]
    if not isinstance(value, dict):
        return value
    result: Row = {}
    for key, item in value.items():
        if key == "cents" or key.endswith("_cents"):
            result[key] = None if item is None else cents(item, where, key)
        else:
            result[key] = id_text(item) if key.endswith("_id") else tidy(item, where)
    return result


def read_invoice(raw: Raw, where: Endpoint = INVOICES) -> Row:
    """Give one invoice in normal form: INVOICE_FIELDS are always there, None where the API tells nothing; all else is kept.

    Assumed: the page names no field of the reply; ``total_usd_cents`` and ``invoice_number`` are those of its event invoice.paid.
    An amount under a name without its unit stays what it is: no cents are made of it.
    """
    row = tidy(sweep(flat(raw, INVOICE_NOUNS, where))[0], where)
    for field, names in DETAILS.items():
        found = _told(row, field, where)
        if found is not None:
            row = {
                name: value
                for name, value in row.items()
                if name not in names or not isinstance(value, (list, type(None)))
            }
            row[field] = found
    status = word(first(row, "status", "state"), "status", "state", "name", "slug", "code")
    return {
        **row,
        "id": identifier(first(row, "id", "invoice_id", "uuid"), where),
        "invoice_number": text(first(row, "invoice_number", "number", "invoice_no")),
        "status": snake(status) if status else None,
        "currency": word(row.get("currency"), "code", "name"),
        "total_usd_cents": first(row, "total_usd_cents", "total_cents"),
        "created_at": first(row, "created_at", "created", "issued_at", "invoice_date", "date"),
        "paid_at": first(row, "paid_at", "paid_on", "date_paid"),
    }


def list_invoices(api: Api, at_most: int | None = None) -> list[Row]:
    """Read the invoices, newest first as the page promises; *at_most*: no further page is read once there are so many.

    Source: GET /v1/billing/invoices (billing:read).
    """
    return [
        read_invoice(raw)
        for raw in api.rows(INVOICES, INVOICE_NOUNS, at_most=at_most, page_of=null_as_empty(INVOICE_NOUNS))
    ]


def get_invoice(api: Api, invoice_id: str) -> Row | None:
    """Read one invoice with its ``line_items`` and ``transactions``; None when the API does not know it.

    Source: GET /v1/billing/invoices/:id (billing:read). Assumed: the lists stand in the invoice, or beside it (switch ``invoice_detail``).
    Raises: BadReply where one of the two is missing or not whole.
    """
    try:
        body = api.request(INVOICE, ids={"id": invoice_id}).body
    except NotFound:
        return None
    row = read_invoice(object_of(body, INVOICE_NOUNS, INVOICE, ("id", "invoice_id", "uuid"), invoice_id), INVOICE)
    beside = _around(normal(body, INVOICE))
    if any(isinstance(place, dict) and says_more(place) for place in (row, beside, normal(body, INVOICE))):
        raise bad(INVOICE, "it says that the lists of the invoice %s go on on another page" % row["id"])
    for field in DETAILS:
        if isinstance(row.get(field), list):
            continue
        found = _told(sweep(beside)[0], field, INVOICE)
        if found is None:
            raise bad(INVOICE, "%s is missing" % field)
        row[field] = tidy(found, INVOICE)
    return row


def _told(place: Row, field: str, where: Endpoint) -> list[t.Any] | None:
    """Give the lines or payments that an object tells; null tells that there are none, None that it does not tell them."""
    there = [place[name] for name in DETAILS[field] if name in place]
    found = next((value for value in there if isinstance(value, list)), None)
    if found is None:
        return [] if there and not any(value is not None for value in there) else None
    rows = [row for row in found if row is not None]
    if not all(isinstance(row, dict) for row in rows):
        raise bad(where, "%s holds something that is no object" % field)
    return rows


def _around(body: t.Any) -> Row:
    """Give the object in which the invoice's lists stand: the reply, or what is in its envelopes."""
    if not isinstance(body, dict) or any(
        isinstance(body.get(name, 0), (list, type(None))) for names in DETAILS.values() for name in names
    ):
        return body if isinstance(body, dict) else {}
    return _around(
        next((body[name] for name in envelope_names(INVOICE_NOUNS) if isinstance(body.get(name), dict)), None)
    )


def get_wallet(api: Api) -> Row:
    """Read the wallet. Source: GET /v1/billing/wallet (billing:read): "Prepaid wallet balance (USD cents)".

    Since the page gives the unit for the endpoint, a whole number called ``balance`` is in cents too. Raises BadReply without a balance.
    """
    marks = ("balance_usd_cents", "balance_cents", "usd_cents", "balance")
    found = object_in(api.request(WALLET).body, WALLET_NOUNS, WALLET, marks)
    row = tidy(sweep(flat(found, WALLET_NOUNS, WALLET))[0], WALLET)
    balance = first(row, *marks)
    if isinstance(balance, dict):
        balance = first(balance, "usd_cents", "cents", "amount_usd_cents", "amount_cents")
    return {
        **row,
        "balance_usd_cents": cents(balance, WALLET, "balance_usd_cents"),
        "currency": word(row.get("currency"), "code", "name"),
    }


def read_transaction(raw: Raw) -> Row:
    """Give one movement of the wallet in normal form: TRANSACTION_FIELDS are always there, None where the API tells nothing."""
    row = tidy(sweep(flat(raw, TRANSACTION_NOUNS, TRANSACTIONS))[0], TRANSACTIONS)
    kind = word(first(row, "kind", "type", "direction"))
    return {
        **row,
        "id": text(first(row, "id", "transaction_id", "uuid")),
        "kind": snake(kind) if kind else None,
        "amount_usd_cents": first(row, "amount_usd_cents", "amount_cents"),
        "balance_after_usd_cents": first(row, "balance_after_usd_cents", "balance_after_cents"),
        "description": text(row.get("description")),
        "reference": text(row.get("reference")),
        "created_at": first(row, "created_at", "created", "date", "timestamp"),
    }


def list_transactions(api: Api, limit: int) -> list[Row]:
    """Read the newest *limit* movements of the wallet, newest first.

    Source: GET /v1/billing/wallet/transactions (billing:read). Assumed: neither the order nor that the limit is kept to
    (switches ``transaction_order``, ``limit_query``).
    """
    raws = api.rows(
        TRANSACTIONS, TRANSACTION_NOUNS, query={"limit": limit}, at_most=limit, page_of=null_as_empty(TRANSACTION_NOUNS)
    )
    return newest_first([read_transaction(raw) for raw in raws])[:limit]


def check_limit(limit: int, least: int) -> int:
    """Return a limit that the API takes, else raise BadOption."""
    if not least <= limit <= MOST_ROWS:
        raise BadOption("limit: %d is not in the range from %d to %d." % (limit, least, MOST_ROWS))
    return limit


INVOICE_IDENTIFIERS = Identifiers("invoice", ("id",), filters=("status",))


def report_invoices(api: Api, params: Params) -> dict[str, t.Any]:
    """Answer h444_invoice_info."""
    limit = check_limit(params["limit"], 1) if params.get("limit") is not None else None
    status = snake(params["status"]) if params.get("status") else None
    if params.get("id") is not None:
        found = get_invoice(api, check_id(params["id"], "id"))
        rows = [found] if found is not None else []
    else:
        rows = list_invoices(api, None if status else limit)
    if status:
        rows = [row for row in rows if row["status"] == status]
    return {"invoices": rows[:limit]}


def report_wallet(api: Api, params: Params) -> dict[str, t.Any]:
    """Answer h444_wallet_info."""
    limit = check_limit(params["limit"], 0)
    wallet = get_wallet(api)
    return {"wallet": wallet, "transactions": list_transactions(api, limit) if limit else []}
