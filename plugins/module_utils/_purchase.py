# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What every order has in common before money moves, whatever is bought: the plan, its price, the limit, the wallet."""

from __future__ import annotations

import typing as t

from . import _account, _catalogue
from ._api import Api, Params
from ._endpoint import Endpoint
from ._errors import Refused
from ._order import Order


class Offer(t.NamedTuple):
    """What is to be bought. *plan_names*: see Order."""

    plan_slug: str
    price_usd_cents: int
    plan_names: t.Mapping[str, str]


def find_offer(api: Api, params: Params, category: str) -> Offer:
    """Find the plan that is asked for and its effective price, in US cents a month.

    Source: GET /v1/products (account:read). Raises: Refused for an unknown plan, and for one above ``max_monthly_usd_cents``.
    """
    products = _catalogue.list_products(api)
    plan_slug, price = _catalogue.find_plan(products, params["plan_slug"], category)
    limit = params.get("max_monthly_usd_cents")
    if limit is not None and price > limit:
        raise Refused(
            "The plan %s costs %d cents a month, more than max_monthly_usd_cents: %d. Nothing was ordered."
            % (plan_slug, price, limit)
        )
    return Offer(plan_slug, price, _catalogue.plan_names(products, category))


def generation_of(value: t.Any) -> str:
    """Give the generation of an order. Null, of which AnsibleModule makes the text None, and empty count as not given: the key is the same."""
    found = str(value).strip()
    return "1" if found in ("", "None") else found


def make_order(
    api: Api,
    params: Params,
    *,
    kind: str,
    name: str,
    endpoint: Endpoint,
    body: t.Mapping[str, t.Any],
    identity: tuple[str, ...],
    offer: Offer,
    known_ids: t.Iterable[str],
) -> Order:
    """Make the order, if the wallet holds its price. *name*: what it is called in messages and in ``credentials_file``.

    Source: GET /v1/account (account:read). Raises: Refused.
    """
    wallet = _account.get_wallet(api)
    price_usd_cents = offer.price_usd_cents
    if wallet.balance_usd_cents < price_usd_cents:
        raise Refused(
            "The wallet holds %d cents, and the plan %s costs %d cents a month: %d are missing. Nothing was ordered; top up the wallet."
            % (
                wallet.balance_usd_cents,
                body["plan_slug"],
                price_usd_cents,
                price_usd_cents - wallet.balance_usd_cents,
            ),
            balance_usd_cents=wallet.balance_usd_cents,
        )
    return Order(
        kind=kind,
        name=name,
        endpoint=endpoint,
        body=body,
        identity=identity,
        account_id=wallet.account_id,
        generation=generation_of(params["order_generation"]),
        custom_key=params.get("idempotency_key") or None,
        price_usd_cents=price_usd_cents,
        balance_usd_cents=wallet.balance_usd_cents,
        known_ids=frozenset(known_ids),
        server_time=wallet.server_time,
        timeout_seconds=float(params["wait_timeout"]),
        plan_names=offer.plan_names,
        looked_at=api.now(),
    )


def facts_of(order: Order, id_fact: str) -> dict[str, t.Any]:
    """Give the result's ``order`` as it is before the order is sent. *id_fact*: under which name the new id will stand."""
    return {
        "plan_slug": order.body["plan_slug"],
        "due_now_usd_cents": order.price_usd_cents,
        "monthly_usd_cents": order.price_usd_cents,
        "idempotency_key": order.key(),
        "replayed": None,
        "generation": order.generation,
        "attempts": 0,
        id_fact: None,
        "wallet_before_usd_cents": order.balance_usd_cents,
        "wallet_after_usd_cents": order.balance_usd_cents - order.price_usd_cents,
    }


def get_balance(api: Api) -> int:
    """Read what the wallet holds, in US cents. Source: GET /v1/account (account:read)."""
    return _account.get_wallet(api).balance_usd_cents


def fill_from_order(row: dict[str, t.Any], order: Order, fields: t.Iterable[str]) -> None:
    """Put the plan into its slug where the API tells it otherwise, and fill in what the API does not repeat of what was ordered."""
    row["plan_slug"] = order.slug_of(row.get("plan_slug")) or row.get("plan_slug")
    for field in fields:
        if row.get(field) is None:
            row[field] = order.body.get(field)
