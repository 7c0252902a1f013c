# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The pure part of an order: its key, and what a reply proves."""

from __future__ import annotations

import hashlib
import json
import re
import typing as t
import uuid
from datetime import datetime, timedelta

from ._endpoint import Endpoint
from ._errors import BadOption
from ._reader import first, moment, snake

CUSTOM_KEY = re.compile(r"\A[A-Za-z0-9_.-]{8,80}\Z")
REPLAY_HEADERS = (
    "idempotent-replayed",
    "idempotency-replayed",
    "x-idempotent-replayed",
    "x-idempotency-replayed",
    "request-idempotency",
    "idempotent-replay",
    "idempotency-replay",
    "x-idempotency-replay",
    "x-idempotent-replay",
)
# The page states that keys are remembered for 24 h. Younger than this, an order's own key is surely still remembered.
KEY_SURELY_REMEMBERED = timedelta(hours=22)
CLOCK_TOLERANCE = timedelta(minutes=5)
# By how much the clocks inside the provider may differ before a time proves nothing.
SKEW = timedelta(seconds=5)


class Order(t.NamedTuple):
    """An order about to be placed. *plan_names*: which slug each name means by which the API may tell a plan, without case.

    *server_time*: the API's clock at *looked_at*, which is a moment of the client's own clock (one that never jumps).
    """

    kind: str
    name: str
    endpoint: Endpoint
    body: t.Mapping[str, t.Any]
    identity: t.Tuple[str, ...]
    account_id: str
    generation: str
    custom_key: str | None
    price_usd_cents: int
    balance_usd_cents: int
    known_ids: t.FrozenSet[str]
    server_time: datetime | None
    timeout_seconds: float
    plan_names: t.Mapping[str, str]
    looked_at: float

    def slug_of(self, plan: str | None) -> str | None:
        """Give the slug of a plan that the API tells; None where no plan of the catalogue has that name."""
        return self.plan_names.get(plan) or self.plan_names.get(plan.casefold()) if plan else None

    def key(self, dead_id: str | None = None) -> str:
        """Give the Idempotency-Key; *dead_id*: for the order after the one whose server is gone."""
        return self.custom_key or order_key(self.kind, self.account_id, self.identity, self.generation, dead_id)


def order_key(
    kind: str, account_id: str, identity: t.Sequence[str], generation: str, dead_id: str | None = None
) -> str:
    """Derive the Idempotency-Key of an order: the same for every run, machine and API key.

    A lower-case UUID of version 4's shape is the one form that every known implementation of such keys takes. Neither plan
    nor operating system is in it: with another body under the same name it must not become a second order.
    """
    parts: list[t.Any] = ["h444-order-v1", kind, account_id, list(identity), str(generation)]
    if dead_id is not None:
        parts.append(dead_id)
    return stable_key(parts)


def stable_key(parts: t.Sequence[t.Any]) -> str:
    """Derive a UUID of version 4's shape from what a request is about."""
    canonical = json.dumps(parts, separators=(",", ":"), ensure_ascii=True)
    return str(uuid.UUID(bytes=hashlib.sha256(canonical.encode("ascii")).digest()[:16], version=4))


def check_custom_key(value: str | None) -> None:
    """Raise BadOption for a user's own Idempotency-Key that a provider could refuse."""
    if value and not CUSTOM_KEY.match(value):
        raise BadOption("idempotency_key: 8 to 80 letters, digits, '.', '_' or '-' are needed.")


def says_replayed(headers: t.Mapping[str, str], body: t.Any) -> bool:
    """Tell whether an answer says that it repeats an earlier one."""
    lower = {key.lower(): value for key, value in headers.items()}
    if any(lower.get(name, "").strip().lower() in ("true", "1", "yes") for name in REPLAY_HEADERS):
        return True
    if isinstance(body, dict):
        flags = {snake(str(key)): value for key, value in body.items()}
        return any(
            flags.get(name) is True for name in ("replayed", "idempotent_replay", "idempotent_replayed", "is_replay")
        )
    return False


def ordered_at(body: t.Any) -> datetime | None:
    """Find when the order of a reply (in snake_case, without secrets) was made."""
    if not isinstance(body, dict):
        return None
    found = moment(first(body, "created_at", "ordered_at", "created", "provisioned_at", "paid_at"))
    if found is not None:
        return found
    for name in (
        "vps",
        "server",
        "hosting",
        "instance",
        "data",
        "result",
        "order",
        "receipt",
        "invoice",
        "resource",
        "account",
    ):
        found = ordered_at(body.get(name))
        if found is not None:
            return found
    return None


def is_before(created_at: datetime | None, order: Order) -> bool | None:
    """Tell whether a resource was there before this run's order was sent; None where that is not known."""
    if created_at is None or order.server_time is None:
        return None
    return created_at < order.server_time


def is_surely_new(created_at: datetime | None, order: Order, server_now: datetime | None, now: float) -> bool:
    """Tell whether a time proves that a resource was made by this run's order, whose reply came at *server_now* (*now* by our clock).

    It has to lie between the look before the order and the reply. A local time without its zone can lie hours ahead, and a
    proxy's cache can tell a clock of long ago: then a resource that is long gone would look new.
    """
    if created_at is None or order.server_time is None or server_now is None:
        return False
    passed = timedelta(seconds=now - order.looked_at)
    return server_now - order.server_time <= passed + SKEW and order.server_time <= created_at <= server_now + SKEW


def key_surely_lives(created_at: datetime | None, server_now: datetime | None) -> bool:
    """Tell whether an order is proved to be young enough that its key is still remembered."""
    if created_at is None or server_now is None:
        return False
    return -CLOCK_TOLERANCE < server_now - created_at < KEY_SURELY_REMEMBERED


def generation_of(value: t.Any) -> str:
    """Give the generation of an order. Null, of which AnsibleModule makes the text None, and empty count as not given: the key is the same."""
    found = str(value).strip()
    return "1" if found in ("", "None") else found


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


def fill_from_order(row: dict[str, t.Any], order: Order, fields: t.Iterable[str]) -> None:
    """Put the plan into its slug where the API tells it otherwise, and fill in what the API does not repeat of what was ordered."""
    row["plan_slug"] = order.slug_of(row.get("plan_slug")) or row.get("plan_slug")
    for field in fields:
        if row.get(field) is None:
            row[field] = order.body.get(field)
