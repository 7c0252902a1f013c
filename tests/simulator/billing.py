# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Money: the wallet, what is booked on it, invoices, and what buying something does to them."""

from __future__ import annotations

import copy
import time
import typing as t

from . import catalogue
from .account import Account, Route
from .calls import Call, No, Reply, Row, limit_in
from .webhooks import publish


def list_invoices(account: Account, call: Call) -> Reply:
    """GET /billing/invoices."""
    return 200, [
        {name: value for name, value in row.items() if name not in ("items", "transactions")}
        for row in reversed(list(account.invoices.values()))
    ]


def get_invoice(account: Account, call: Call) -> Reply:
    """GET /billing/invoices/:id."""
    if call.ids["id"] not in account.invoices:
        raise No(404, "Invoice not found.")
    return 200, copy.deepcopy(account.invoices[call.ids["id"]])


def get_wallet(account: Account, call: Call) -> Reply:
    """GET /billing/wallet."""
    return 200, {"balance_usd_cents": account.account["balance_usd_cents"], "currency": "USD"}


def list_transactions(account: Account, call: Call) -> Reply:
    """GET /billing/wallet/transactions."""
    limit, rows = limit_in(call.query), account.ledger[::-1]
    if account.assume["limit_query"] == "kept":
        rows = rows[:limit]
    return 200, rows[::-1] if account.assume["transaction_order"] == "oldest" else rows


# Buying


def book(account: Account, kind: str, cents: int, text: str, reference: str | None) -> Row:
    """Book an amount on the wallet: a debit, a credit or a refund."""
    account.account["balance_usd_cents"] += cents if kind != "debit" else -cents
    row = {
        "id": account.new_id("txn"),
        "kind": kind,
        "amount_usd_cents": cents,
        "balance_after_usd_cents": account.account["balance_usd_cents"],
        "description": text,
        "reference": reference,
        "created_at": account.stamp(),
    }
    account.ledger.append(row)
    return row


def top_up(account: Account, count: int) -> None:
    """Book top-ups of 1, 2, 3 … cents, a second apart."""
    for number in range(1, count + 1):
        row = book(account, "credit", number, "Top-up %d" % number, None)
        row["created_at"] = account.stamp(account.now() - count + number)


def book_late_refunds(account: Account) -> None:
    """Book the late refunds that are due."""
    for row in [row for row in account.late_refunds if row["due_at"] <= account.now()]:
        account.late_refunds.remove(row)
        book(account, "refund", row["cents"], row["text"], row["reference"])


def buy(account: Account, slug: t.Any, category: str, text: str, make: t.Callable[[], Row]) -> tuple[Row, Row]:
    """Debit, provision with *make*, write the invoice; refund where the provisioning fails. Raises No.

    Gives what was made, and the part of the order's reply that says what it cost. The account's lock is taken for
    moments only: an order may take its time, and other requests are answered meanwhile.
    """
    price = catalogue.price_of(account, slug, category)
    with account.lock:
        if account.account["balance_usd_cents"] < price:
            raise No(402, "Insufficient wallet balance.")
        invoice_id = account.new_id("inv")
        book(account, "debit", price, text, invoice_id)
        account.effect = True
    if account.assume["order_seconds"]:
        time.sleep(account.assume["order_seconds"])
    with account.lock:
        if account.assume["provisioning"] == "fails":
            _refund(account, price, "Refund: " + text, invoice_id)
            raise No(500, "Provisioning failed; the payment is refunded.")
        invoice = add_invoice(account, invoice_id, price, text)
        row = make()
        publish(
            account,
            "invoice.paid",
            {
                "invoiceId": invoice_id,
                "invoiceNumber": invoice["invoice_number"],
                "totalUsdCents": price,
                "currency": "USD",
            },
        )
        return row, {"invoice_id": invoice_id, "charged_usd_cents": price}


def _refund(account: Account, cents: int, text: str, reference: str) -> None:
    """Refund a failed order: at once, later or never."""
    if account.assume["refund"] == "immediate":
        book(account, "refund", cents, text, reference)
    elif account.assume["refund"] == "late":
        due_at = account.now() + account.assume["refund_seconds"]
        account.late_refunds.append({"due_at": due_at, "cents": cents, "text": text, "reference": reference})


def add_invoice(account: Account, invoice_id: str, cents: int, text: str) -> Row:
    """Add the invoice of a payment from the wallet."""
    row = {
        "id": invoice_id,
        "invoice_number": "INV-%06d" % (len(account.invoices) + 1),
        "status": "paid",
        "currency": "USD",
        "total_usd_cents": cents,
        "created_at": account.stamp(),
        "paid_at": account.stamp(),
        "items": [{"description": text, "quantity": 1, "unit_usd_cents": cents, "total_usd_cents": cents}],
        "transactions": [
            {
                "id": account.new_id("pay"),
                "gateway": "wallet",
                "status": "paid",
                "amount_usd_cents": cents,
                "created_at": account.stamp(),
            }
        ],
    }
    account.invoices[invoice_id] = row
    return row


def make_invoice(account: Account, given: Row) -> Row:
    """Add an invoice for a seed."""
    row = add_invoice(account, account.new_id("inv"), given.get("total_usd_cents", 960), "Seeded")
    if given.get("status", "paid") != "paid":
        row.update(status=given["status"], paid_at=None, transactions=[])
    return row


ROUTES = (
    Route("GET", "/billing/invoices", "invoice", "billing:read", list_invoices),
    Route("GET", "/billing/invoices/{id}", "invoice", "billing:read", get_invoice),
    Route("GET", "/billing/wallet", "wallet", "billing:read", get_wallet),
    Route("GET", "/billing/wallet/transactions", "transaction", "billing:read", list_transactions),
)
