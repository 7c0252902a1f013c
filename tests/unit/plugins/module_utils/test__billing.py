# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Billing: amounts are whole cents or nothing, lists are as long as asked for, whatever the API does with limits."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _billing
from ansible_collections.h444.cloud.plugins.module_utils._errors import BadOption, BadReply, NotFound

WHOLE = {"total_usd_cents": 960}


class Api:
    """Gives the replies that a test puts in, and notes what was asked."""

    def __init__(self, **replies: t.Any) -> None:
        self.replies = replies
        self.asked: list[t.Any] = []

    def request(self, endpoint: t.Any, **how: t.Any) -> t.Any:
        self.asked.append((endpoint.path, how))
        reply = self.replies[endpoint.path.split("/")[2]]
        if isinstance(reply, Exception):
            raise reply
        return type("Answer", (), {"body": reply, "headers": {}})()

    def rows(self, endpoint: t.Any, _nouns: t.Any, **how: t.Any) -> t.Any:
        self.asked.append((endpoint.path, how))
        return self.replies["rows"]


@pytest.mark.parametrize("value", [960, "960", 960.0, " 960 "])
def test_whole_cents(value: t.Any) -> None:
    row = _billing.read_invoice(
        {"id": 1, "totalUsdCents": value, "taxUsdCents": value, "lines": [{"unitUsdCents": value}]}
    )
    assert row["total_usd_cents"] == row["tax_usd_cents"] == row["line_items"][0]["unit_usd_cents"] == 960
    assert isinstance(row["total_usd_cents"], int)


@pytest.mark.parametrize("value", ["9.60", 9.6, "$960", True, "", [960]])
@pytest.mark.parametrize("name", ["total_usd_cents", "taxUsdCents"])
def test_amounts_are_never_guessed(name: str, value: t.Any) -> None:
    with pytest.raises(
        BadReply, match="^GET /v1/billing/invoices was answered, but .*_usd_cents is not a number of cents"
    ):
        _billing.read_invoice({"id": 1, name: value})


def test_an_amount_without_its_unit_stays_what_it_is() -> None:
    row = _billing.read_invoice({"id": 1, "total": "9.60", "amount": 9.6})
    assert row["total_usd_cents"] is None and row["total"] == "9.60" and row["amount"] == 9.6


def test_normal_form_of_an_invoice() -> None:
    row = _billing.read_invoice(
        {"Id": 5, "Number": "A-1", "Status": "PAID", "userId": 7, "createdAt": 1782820800000, "clientSecret": "S3cr"}
    )
    assert row["id"] == "5" and row["invoice_number"] == "A-1" and row["status"] == "paid" and row["user_id"] == "7"
    assert row["created_at"] == 1782820800000 and "S3cr" not in str(row)


DETAIL = {
    "id": 1,
    "total_usd_cents": 5,
    "items": [{"total_usd_cents": "5"}],
    "transactions": [{"id": 3, "amountUsdCents": 5}],
}
HEAD = {"id": 1, "total_usd_cents": 5}
LISTS = {"lineItems": [{"totalUsdCents": "5"}], "payments": [{"id": 3, "amount_usd_cents": 5}]}


@pytest.mark.parametrize(
    "body",
    [
        DETAIL,
        {"data": DETAIL},
        {"invoice": DETAIL},
        {"data": {"invoice": DETAIL}},
        {**HEAD, **LISTS},
        {"invoice": HEAD, **LISTS},
        {"data": {"invoice": HEAD, **LISTS}},
        {"Invoice": HEAD, "Items": LISTS["lineItems"], "Transactions": LISTS["payments"]},
    ],
)
def test_detail_of_an_invoice(body: t.Any) -> None:
    row = _billing.get_invoice(Api(invoices=body), "1")
    assert row is not None and row["id"] == "1" and row["total_usd_cents"] == 5
    assert row["line_items"] == [{"total_usd_cents": 5}] and row["transactions"] == [{"id": "3", "amount_usd_cents": 5}]


@pytest.mark.parametrize(
    "body",
    [
        {**HEAD, "items": None, "transactions": None},
        {**HEAD, "line_items": [None], "payments": None},
        {"invoice": HEAD, "items": None, "transactions": []},
        {"data": {"invoice": HEAD, "lineItems": None, "transactions": None}},
        {**HEAD, "items": None, "line_items": [], "transactions": []},
    ],
)
def test_lists_that_are_null_are_empty(body: t.Any) -> None:
    """An unpaid invoice has no payments, however the API says so; under which name it does is not in the result."""
    row = _billing.get_invoice(Api(invoices=body), "1")
    assert (
        row is not None
        and row["line_items"] == [] == row["transactions"]
        and not {"items", "payments", "lines"} & set(row)
    )


MORE = [
    {"has_more": True},
    {"nextCursor": "x"},
    {"meta": {"page": 1, "totalPages": 2}},
    {"links": {"next": "/v1/billing/invoices/1?page=2"}},
]
NO_MORE = [
    {"has_more": False},
    {"nextCursor": None},
    {"meta": {"page": 2, "totalPages": 2, "total": 99}},
    {"links": {"self": "x", "next": None}},
    {"page": 1},
]


@pytest.mark.parametrize("says", MORE)
def test_an_invoice_is_not_cut_in_silence(says: t.Any) -> None:
    """Lines or payments that continue on another page are refused, wherever the reply says so."""
    for body in (
        {**DETAIL, **says},
        {"data": DETAIL, **says},
        {"invoice": HEAD, **LISTS, **says},
        {"data": {"invoice": HEAD, **LISTS, **says}},
    ):
        with pytest.raises(BadReply, match="lists of the invoice 1 continue on another page"):
            _billing.get_invoice(Api(invoices=body), "1")


@pytest.mark.parametrize("says", NO_MORE)
def test_an_invoice_that_is_whole(says: t.Any) -> None:
    row = _billing.get_invoice(Api(invoices={**DETAIL, **says}), "1")
    assert row is not None and len(row["line_items"]) == 1


@pytest.mark.parametrize("rows", [["VPS 2"], [[]], [1]])
def test_lines_that_are_no_objects(rows: t.Any) -> None:
    with pytest.raises(BadReply, match="line_items contains something that is not an object"):
        _billing.read_invoice({**HEAD, "items": rows})


def test_rows_of_the_list_name_their_lines_alike() -> None:
    """Where the list has lines, too, they stand where the detail has them; in Jinja invoice.items is a method."""
    row = _billing.read_invoice({**HEAD, "Items": [{"totalUsdCents": 5}], "payments": [{"id": 3}]})
    assert (
        row["line_items"] == [{"total_usd_cents": 5}]
        and row["transactions"] == [{"id": "3"}]
        and not {"items", "payments"} & set(row)
    )


@pytest.mark.parametrize("body", [HEAD, {**HEAD, "items": []}, {**HEAD, "items": 2, "transactions": []}])
def test_detail_that_is_none(body: t.Any) -> None:
    with pytest.raises(
        BadReply, match="GET /v1/billing/invoices/:id was answered, but (line_items|transactions) is missing"
    ):
        _billing.get_invoice(Api(invoices=body), "1")


@pytest.mark.parametrize(
    "body",
    [
        {"balance_usd_cents": 1250},
        {"balanceUsdCents": "1250", "currency": "USD"},
        {"data": {"balance_usd_cents": 1250}},
        {"wallet": {"BalanceUsdCents": 1250}},
        {"balance": 1250, "currency": {"code": "USD"}},
        {"balance": {"usdCents": 1250}},
        {"data": {"wallet": {"balance_cents": 1250}}},
    ],
)
def test_wallet(body: t.Any) -> None:
    wallet = _billing.get_wallet(Api(wallet=body))
    assert wallet["balance_usd_cents"] == 1250 and wallet["currency"] in ("USD", None)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"balance": "12.50"},
        {"balance": 12.5},
        {"balance_usd_cents": None},
        {"balance": {"usd": 12}},
        [],
        None,
        {"credit": 5},
    ],
)
def test_wallet_without_a_balance_in_cents(body: t.Any) -> None:
    with pytest.raises(BadReply, match="GET /v1/billing/wallet was answered"):
        _billing.get_wallet(Api(wallet=body))


@pytest.mark.parametrize("limit,sent", [(0, None), (1, 1), (200, 200)])
def test_wallet_limits(limit: int, sent: int | None) -> None:
    rows = [{"id": number, "amount_usd_cents": number} for number in range(201)]
    api = Api(wallet={"balance_usd_cents": 1}, rows=rows)
    found = _billing.report_wallet(api, {"limit": limit})
    assert [row["id"] for row in found["transactions"]] == [str(number) for number in range(limit)]
    asked = [how["query"] for path, how in api.asked if path.endswith("transactions")]
    assert asked == ([{"limit": sent}] if sent else [])


@pytest.mark.parametrize(
    "report,wrong", [(_billing.report_wallet, (-1, 201)), (_billing.report_invoices, (-1, 0, 201))]
)
def test_wrong_limits_ask_nothing(report: t.Any, wrong: tuple[int, ...]) -> None:
    for limit in wrong:
        api = Api()
        with pytest.raises(BadOption, match="limit: %d is not in the range" % limit):
            report(api, {"limit": limit})
        assert not api.asked


def test_invoices_by_status_and_limit() -> None:
    rows = [{"id": number, "status": "Paid" if number % 2 else "UNPAID"} for number in range(9)]
    api = Api(rows=rows)
    assert [row["id"] for row in _billing.report_invoices(api, {"status": "Unpaid", "limit": 3})["invoices"]] == [
        "0",
        "2",
        "4",
    ]
    assert [row["id"] for row in _billing.report_invoices(api, {"limit": 2})["invoices"]] == ["0", "1"]
    assert len(_billing.report_invoices(api, {})["invoices"]) == 9
    # With a status every page is needed, for those that fit may be on any. The reference names no limit to ask for.
    assert [how["at_most"] for _path, how in api.asked] == [None, 2, None] and not any(
        "query" in how for _path, how in api.asked
    )


def test_unknown_invoice() -> None:
    assert _billing.report_invoices(Api(invoices=NotFound("404", status=404)), {"id": "x"}) == {"invoices": []}


@pytest.mark.parametrize("wrong", ["../x", "", "a/b"])
def test_id_that_is_none(wrong: str) -> None:
    with pytest.raises(BadOption, match="^id: "):
        _billing.report_invoices(Api(), {"id": wrong})


@pytest.mark.parametrize(
    "times,order",
    [
        (["2026-01-03", "2026-01-02", "2026-01-02"], [0, 1, 2]),
        (["2026-01-02", "2026-01-02", "2026-01-03"], [2, 1, 0]),
        (["2026-01-02", "2026-01-03", "2026-01-01"], [1, 0, 2]),
        (["2026-01-02", None, "2026-01-03"], [0, 1, 2]),
        ([1782820800000, "2026-06-29T12:00:00Z"], [0, 1]),
        ([], []),
    ],
)
def test_newest_first(times: list[t.Any], order: list[int]) -> None:
    rows = [{"place": place, "created_at": time} for place, time in enumerate(times)]
    assert [row["place"] for row in _billing.newest_first(rows)] == order
