# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two confirmations of an order by MCP. The provider names them and does not say how they are given."""

from __future__ import annotations

import hashlib
import json
import secrets

from .account import Account, Handler
from .calls import Call, No, Reply, Row
from .catalogue import price_of
from .mcp_tools import Tool

CONFIRM, TOKEN, PRICE = "confirm", "confirmation_token", "confirm_monthly_usd_cents"
MOST_TOKENS = 1000


def arguments_of(form: str) -> dict[str, Row]:
    """Give the schemas of the confirmations. *form*: the switch ``mcp_confirmation``."""
    first = {"type": "boolean", "description": "The first confirmation."}
    if form == "token":
        text = "The second confirmation: the token with which the first one was answered."
        return {CONFIRM: first, TOKEN: {"type": "string", "minLength": 1, "maxLength": 255, "description": text}}
    text = "The second confirmation: the price of a month in US cents, as the order costs it."
    return {CONFIRM: first, PRICE: {"type": "integer", "minimum": 0, "description": text}}


class Orders:
    """What was confirmed once and waits to be confirmed again."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._waiting: dict[str, Row] = {}

    def step(self, tool: Tool, name: str, arguments: Row, api_key: str) -> Handler | None:
        """Take the confirmations out of the arguments of an order. None: both were given, so it is carried out.

        Otherwise, gives what answers in the place of the order. *name*: by which the tool was called.
        """
        given = {one: arguments.pop(one) for one in (CONFIRM, TOKEN, PRICE) if one in arguments}
        digest = hashlib.sha256(json.dumps([tool.path, arguments, api_key], sort_keys=True).encode()).hexdigest()
        with self._account.lock:
            try:
                price = price_of(self._account, arguments.get("plan_slug"), tool.orders)
                if given.get(CONFIRM, TOKEN in given) is not True:
                    return self._asks(name, price)
                if self._account.assume["mcp_confirmation"] == "token":
                    return self._by_token(name, price, digest, given.get(TOKEN))
                return self._by_price(name, price, given.get(PRICE))
            except No as no:
                return _refuses(no)

    def _by_token(self, name: str, price: int, digest: str, token: str | None) -> Handler | None:
        """Take the token that the first confirmation was answered with, or give one. Raises No."""
        seconds = self._account.assume["mcp_confirmation_seconds"]
        if token is None:
            token = "confirm_" + secrets.token_hex(12)
            self._waiting[token] = {"digest": digest, "price": price, "until": self._account.now() + seconds}
            for oldest in list(self._waiting)[:-MOST_TOKENS]:
                del self._waiting[oldest]
            return self._asks(name, price, {TOKEN: token}, seconds)
        found = self._waiting.pop(token, None)
        if found is None or self._account.now() >= found["until"]:
            raise No(409, f"The {TOKEN} is used, expired or unknown. Nothing was ordered.")
        if found["digest"] != digest:
            raise No(409, f"The {TOKEN} belongs to an order with other arguments. Nothing was ordered.")
        if found["price"] != price:
            raise No(409, f"The price is now {price} US cents a month. Nothing was ordered.")
        return None

    def _by_price(self, name: str, price: int, confirmed: int | None) -> Handler | None:
        """Hold the price that was confirmed to the one that counts. Raises No."""
        if confirmed is None:
            return self._asks(name, price, {PRICE: price})
        if confirmed != price:
            raise No(409, f"The price is {price} US cents a month, not {confirmed}. Nothing was ordered.")
        return None

    def _asks(self, name: str, price: int, more: Row | None = None, seconds: int | None = None) -> Handler:
        """Answer with what the order costs and how it is confirmed."""
        if self._account.assume["mcp_confirmation"] == "arguments":
            more = {PRICE: price}
        needed = {CONFIRM: True, **(more or {})}
        shown = " and ".join(f"{one} {json.dumps(value)}" for one, value in needed.items())
        reply = {
            "ordered": False,
            "monthly_usd_cents": price,
            "balance_usd_cents": self._account.account["balance_usd_cents"],
            **(more or {}),
            **({"expires_in": seconds} if seconds is not None else {}),
            "message": f"Nothing was ordered. To order, call {name} again with the same arguments, {shown}.",
        }

        def answer(_account: Account, _call: Call) -> Reply:
            return 200, reply

        return answer


def _refuses(no: No) -> Handler:
    def answer(_account: Account, _call: Call) -> Reply:
        raise no

    return answer
