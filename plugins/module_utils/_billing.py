# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Billing: invoices, the wallet and its transactions. Readers only; every amount is in whole US cents."""

from __future__ import annotations

import typing as t

from ._api import Api, Params, Raw, Row
from ._endpoint import Endpoint
from ._errors import BadOption, NotFound
from ._fields import Field, Needed, Table, as_is, read_fields, text_inside, word_inside
from ._identifiers import Identifiers
from ._names import check_id
from ._paging import goes_on
from ._reader import (
    Where,
    bad,
    cents,
    envelope_names,
    first,
    id_text,
    identifier,
    newest_first,
    normal,
    null_as_empty,
    object_in,
    object_of,
    row_of,
    snake,
    sweep,
    text,
)

INVOICES = Endpoint("GET", "/billing/invoices", "billing:read")
INVOICE = Endpoint("GET", "/billing/invoices/{id}", "billing:read")
WALLET = Endpoint("GET", "/billing/wallet", "billing:read")
TRANSACTIONS = Endpoint("GET", "/billing/wallet/transactions", "billing:read")
ENDPOINTS = (INVOICES, INVOICE, WALLET, TRANSACTIONS)

INVOICE_NOUNS = ("invoices", "invoice")
WALLET_NOUNS = ("wallet",)
TRANSACTION_NOUNS = ("transactions", "transaction", "wallet_transactions", "activity", "entries")
DETAILS = {
    "line_items": ("line_items", "items", "lines", "invoice_items"),
    "transactions": ("transactions", "payment_transactions", "payments"),
}
MOST_ROWS = 200
"""The page's limit on ``limit``."""


def tidy(value: t.Any, where: Endpoint) -> t.Any:
    """Return a part of a reply (already in normal form) with whole cents, at any depth. Raises BadReply."""
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


INVOICE_IDS = ("id", "invoice_id", "uuid")
# An amount whose name has no unit is not converted to cents.
INVOICE_TABLE: Table = {
    "id": Needed(identifier, *INVOICE_IDS),
    "invoice_number": Field(text, "invoice_number", "number", "invoice_no"),
    "status": Field(word_inside("status", "state", "name", "slug", "code"), "status", "state"),
    "currency": Field(text_inside("code", "name"), "currency"),
    "total_usd_cents": Field(as_is, "total_usd_cents", "total_cents"),
    "created_at": Field(as_is, "created_at", "created", "issued_at", "invoice_date", "date"),
    "paid_at": Field(as_is, "paid_at", "paid_on", "date_paid"),
}
INVOICE_FIELDS = tuple(INVOICE_TABLE)


def read_invoice(raw: Raw, where: Endpoint = INVOICES) -> Row:
    """Return one invoice in normal form: INVOICE_FIELDS are always there, None if there is no value; all else is kept.

    Assumed: the page names no field of the reply; ``total_usd_cents`` and ``invoice_number`` are those of its event
    invoice.paid.
    """
    row = tidy(row_of(raw, INVOICE_NOUNS, where), where)
    for field, names in DETAILS.items():
        found = _detail_in(row, field, where)
        if found is not None:
            row = {
                name: value
                for name, value in row.items()
                if name not in names or not isinstance(value, (list, type(None)))
            }
            row[field] = found
    return {**row, **read_fields(row, INVOICE_TABLE, where)}


def list_invoices(api: Api, at_most: int | None = None) -> list[Row]:
    """Read the invoices, newest first as the page promises; *at_most*: no more pages are read after this many invoices.

    Source: GET /v1/billing/invoices (billing:read).
    """
    return [
        read_invoice(raw)
        for raw in api.rows(INVOICES, INVOICE_NOUNS, at_most=at_most, page_of=null_as_empty(INVOICE_NOUNS))
    ]


def get_invoice(api: Api, invoice_id: str) -> Row | None:
    """Read one invoice with its ``line_items`` and ``transactions``; None if it does not exist.

    Source: GET /v1/billing/invoices/:id (billing:read). Raises: BadReply if one of the two is missing or not whole.
    Assumed: the lists are in the invoice, or next to it (switch ``invoice_detail``).
    """
    try:
        body = api.request(INVOICE, ids={"id": invoice_id}).body
    except NotFound:
        return None
    row = read_invoice(object_of(body, INVOICE_NOUNS, INVOICE, INVOICE_IDS, invoice_id), INVOICE)
    beside = _around(normal(body, INVOICE))
    if any(isinstance(place, dict) and goes_on(place) for place in (row, beside, normal(body, INVOICE))):
        raise bad(INVOICE, "it shows that the lists of the invoice %s continue on another page" % row["id"])
    for field in DETAILS:
        if isinstance(row.get(field), list):
            continue
        found = _detail_in(sweep(beside)[0], field, INVOICE)
        if found is None:
            raise bad(INVOICE, "%s is missing" % field)
        row[field] = tidy(found, INVOICE)
    return row


def _detail_in(place: Row, field: str, where: Endpoint) -> list[t.Any] | None:
    """Return the lines or payments of an object; None if there is no such list. Raises: BadReply."""
    found = _first_list(place, DETAILS[field])
    rows = [row for row in found or () if row is not None]
    if not all(isinstance(row, dict) for row in rows):
        raise bad(where, "%s contains something that is not an object" % field)
    return None if found is None else rows


def _first_list(place: Row, names: t.Sequence[str]) -> list[t.Any] | None:
    """Return the first list under these names; an empty one if all of them are null."""
    there = [place[name] for name in names if name in place]
    if there and all(value is None for value in there):
        return []
    return next((value for value in there if isinstance(value, list)), None)


def _around(body: t.Any) -> Row:
    """Return the object that contains the invoice's lists: the reply, or the content of its envelopes."""
    if not isinstance(body, dict) or any(
        isinstance(body.get(name, 0), (list, type(None))) for names in DETAILS.values() for name in names
    ):
        return body if isinstance(body, dict) else {}
    return _around(
        next((body[name] for name in envelope_names(INVOICE_NOUNS) if isinstance(body.get(name), dict)), None)
    )


def read_balance(value: t.Any, where: Where, field: str) -> int:
    """Return a balance in cents, which may be wrapped in an object. Raises: BadReply."""
    if isinstance(value, dict):
        value = first(value, "usd_cents", "cents", "amount_usd_cents", "amount_cents")
    return cents(value, where, field)


# The page gives the unit for the endpoint, "USD cents", so a whole number called ``balance`` is in cents too.
BALANCES = ("balance_usd_cents", "balance_cents", "usd_cents", "balance")
WALLET_TABLE: Table = {
    "balance_usd_cents": Needed(read_balance, *BALANCES),
    "currency": Field(text_inside("code", "name"), "currency"),
}


def get_wallet(api: Api) -> Row:
    """Read the wallet. Raises BadReply without a balance.

    Source: GET /v1/billing/wallet (billing:read): "Prepaid wallet balance (USD cents)".
    """
    found = object_in(api.request(WALLET).body, WALLET_NOUNS, WALLET, BALANCES)
    row = tidy(row_of(found, WALLET_NOUNS, WALLET), WALLET)
    return {**row, **read_fields(row, WALLET_TABLE, WALLET)}


TRANSACTION_TABLE: Table = {
    "id": Field(text, "id", "transaction_id", "uuid"),
    "kind": Field(word_inside("slug", "id", "name", "code"), "kind", "type", "direction"),
    "amount_usd_cents": Field(as_is, "amount_usd_cents", "amount_cents"),
    "balance_after_usd_cents": Field(as_is, "balance_after_usd_cents", "balance_after_cents"),
    "description": Field(text, "description"),
    "reference": Field(text, "reference"),
    "created_at": Field(as_is, "created_at", "created", "date", "timestamp"),
}
TRANSACTION_FIELDS = tuple(TRANSACTION_TABLE)


def read_transaction(raw: Raw) -> Row:
    """Return one movement of the wallet in normal form: TRANSACTION_FIELDS are always there; all else is kept."""
    row = tidy(row_of(raw, TRANSACTION_NOUNS, TRANSACTIONS), TRANSACTIONS)
    return {**row, **read_fields(row, TRANSACTION_TABLE, TRANSACTIONS)}


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
    """Return the result of h444_invoice_info."""
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
    """Return the result of h444_wallet_info."""
    limit = check_limit(params["limit"], 0)
    wallet = get_wallet(api)
    return {"wallet": wallet, "transactions": list_transactions(api, limit) if limit else []}
