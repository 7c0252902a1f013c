# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The account: who pays, and how much there is."""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _account
from ansible_collections.h444.cloud.plugins.module_utils._api import Answer
from ansible_collections.h444.cloud.plugins.module_utils._errors import BadReply


class Answering:
    """An account's API that gives one body."""

    def __init__(self, body: object, **headers: str) -> None:
        self.answer = Answer(200, body, headers)

    def request(self, _endpoint: object) -> Answer:
        """Give the body."""
        return self.answer


@pytest.mark.parametrize(
    "body",
    [
        {"id": 7, "balance_usd_cents": 4200},
        {"data": {"accountId": "7", "balanceCents": "4200"}},
        {"account": {"id": "7", "wallet": {"balanceUsdCents": 4200}}},
        {"id": "7", "wallet": {"balance_usd_cents": None, "balance_cents": 4200.0}},
        {"user": {"uuid": "7", "walletBalanceUsdCents": 4200, "wallet": "x"}},
        {"id": "7", "balance_usd_cents": 4200, "wallet": {"balance_usd_cents": 1}},
    ],
)
def test_id_and_balance_are_found_in_every_shape(body: dict[str, t.Any]) -> None:
    """Bare or in an envelope, the balance beside the id or in the wallet."""
    row = _account.read_account(body)
    assert (row["id"], row["balance_usd_cents"]) == ("7", 4200)


def test_an_empty_wallet_is_a_balance() -> None:
    """Zero is a value: the wallet inside is not asked."""
    assert (
        _account.read_account({"id": 7, "balance_usd_cents": 0, "wallet": {"balance_cents": 5}})["balance_usd_cents"]
        == 0
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"id": 7}, "balance_usd_cents is missing"),
        ({"id": 7, "balance_usd_cents": "42.50"}, "balance_usd_cents is not a number of cents"),
        ({"id": 7, "balance_usd_cents": True}, "balance_usd_cents is not a number of cents"),
        ({"email": "a@example.com", "balance_usd_cents": 1}, "id is missing"),
        ([], "expected account and found a list"),
    ],
)
def test_nothing_is_guessed(body: t.Any, message: str) -> None:
    """Who pays and how much there is stand there, or the reply is refused."""
    with pytest.raises(BadReply, match="GET /v1/account was answered, but " + message):
        _account.read_account(body)


def test_the_wallet_knows_the_clock_of_the_api() -> None:
    """Where the reply has a date."""
    body = {"id": 7, "balance_usd_cents": 4200, "api_token": "secret"}
    api = Answering(body, Date="Tue, 05 May 2026 10:00:00 GMT")
    at = datetime(2026, 5, 5, 10, tzinfo=timezone.utc)
    assert _account.get_wallet(api) == _account.Wallet("7", 4200, at)  # type: ignore[arg-type]
    assert _account.get_wallet(Answering(body)).server_time is None  # type: ignore[arg-type]
    assert _account.report(Answering(body), {}) == {  # type: ignore[arg-type]
        "account": {"id": "7", "balance_usd_cents": 4200}
    }
