# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The account: profile and wallet balance."""

from __future__ import annotations

import typing as t
from datetime import datetime

from ._api import Api, Params, Row
from ._endpoint import Endpoint
from ._fields import Needed, Table, read_fields
from ._reader import cents, identifier, moment, object_in, row_of

ACCOUNT = Endpoint("GET", "/account", "account:read")
ENDPOINTS = (ACCOUNT,)
NOUNS = ("account", "user", "profile", "me")


class Wallet(t.NamedTuple):
    """The account that pays, and its balance. ``server_time``: the API's clock at the reply.

    ``read_at``: the client's monotonic clock then.
    """

    account_id: str
    balance_usd_cents: int
    server_time: datetime | None
    read_at: float = 0.0


TABLE: Table = {
    "id": Needed(identifier, "id", "account_id", "user_id", "uuid"),
    "balance_usd_cents": Needed(
        cents,
        "balance_usd_cents",
        "balance_cents",
        "wallet_balance_usd_cents",
        "wallet.balance_usd_cents",
        "wallet.balance_cents",
    ),
}


def read_account(body: t.Any) -> Row:
    """Return the account in normal form; all else is kept. Raises: BadReply without an ID or a balance."""
    found = object_in(body, NOUNS, ACCOUNT, ("id", "email", "balance_usd_cents"))
    row = row_of(found, NOUNS, ACCOUNT)
    return {**row, **read_fields(row, TABLE, ACCOUNT)}


def get_account(api: Api) -> Row:
    """Read the account. Source: GET /v1/account (account:read)."""
    return read_account(api.request(ACCOUNT).body)


def get_wallet(api: Api) -> Wallet:
    """Read the account that pays and its balance. Source: GET /v1/account (account:read)."""
    answer = api.request(ACCOUNT)
    row = read_account(answer.body)
    return Wallet(row["id"], row["balance_usd_cents"], moment(answer.headers.get("Date")))


def report(api: Api, params: Params) -> dict[str, t.Any]:
    """Return the result of h444_account_info."""
    return {"account": get_account(api)}
