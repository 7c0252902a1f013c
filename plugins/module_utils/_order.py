# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Orders as data: the order, its key, what a reply proves, and the messages of a refusal. Pure."""

from __future__ import annotations

import hashlib
import json
import re
import typing as t
import uuid
from datetime import datetime, timedelta

from ._api import Row
from ._endpoint import Endpoint
from ._errors import ApiError, BadOption, H444Error, Refused
from ._names import is_digits
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
REPLAY_FIELDS = ("replayed", "idempotent_replay", "idempotent_replayed", "is_replay")
ORDER_TIMES = ("created_at", "ordered_at", "created", "provisioned_at", "paid_at")
ORDER_PLACES = (
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
)
# The page states that keys are remembered for 24 h. The key of an order younger than this is certainly remembered.
KEY_SURELY_REMEMBERED = timedelta(hours=22)
CLOCK_TOLERANCE = timedelta(minutes=5)
# The largest difference between the provider's clocks at which a time still proves something.
SKEW = timedelta(seconds=5)
# The topic of an error, by its words: an order that is still in progress, its key, or a name that is taken.
WORK, KEY, NAME = "work", "key", "name"
AT_WORK = re.compile(r"progress|process(?:ed|ing)|in.?flight|concurrent|still|pending|being|underway")
TAKEN = re.compile(r"taken|already (?:exists|used|in use|registered)|not available|unavailable")


class Order(t.NamedTuple):
    """An order that is about to be placed.

    *identity*: what distinguishes it from other orders, the wanted name first. *plan_names*: the slug for each name of
    a plan. *server_time*: the API's clock at *looked_at*, which is a time of the client's monotonic clock.
    *siblings*: the names of the same kind that the same run orders too. *shares_wallet*: whether it orders anything
    else. Then all orders pay from the same wallet at the same time, so the balance proves nothing about any one of
    them.
    """

    kind: str
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
    siblings: t.FrozenSet[str] = frozenset()
    shares_wallet: bool = False

    @property
    def wanted_name(self) -> str:
        """The ordered label or domain."""
        return self.identity[0]

    @property
    def name(self) -> str:
        """The name of the resource in messages and in ``credentials_file``."""
        return "%s/%s" % (self.kind, self.wanted_name)

    @property
    def balance_after_usd_cents(self) -> int:
        """The balance of the wallet after the order."""
        return self.balance_usd_cents - self.price_usd_cents

    @property
    def way_to_another(self) -> str:
        """How to order with a different key. The generation is not part of a custom key."""
        if self.custom_key:
            return "set a different idempotency_key"
        following = str(int(self.generation) + 1) if is_digits(self.generation) else self.generation + "-2"
        return 'set order_generation: "%s"' % following

    def key(self, dead_id: str | None = None) -> str:
        """Return the Idempotency-Key; *dead_id*: the ID of the dead resource of the previous order."""
        return self.custom_key or order_key(self.kind, self.account_id, self.identity, self.generation, dead_id)

    def slug_of(self, plan: str | None) -> str | None:
        """Return the slug of a plan by any of its names; None if no plan in the catalogue has that name."""
        return self.plan_names.get(plan) or self.plan_names.get(plan.casefold()) if plan else None

    def is_paid(self, balance_usd_cents: int | None) -> bool | None:
        """Return whether the balance shows a payment.

        None if it is unknown, if nothing is due, or if other orders pay from the same wallet.
        """
        if balance_usd_cents is None or self.price_usd_cents <= 0 or self.shares_wallet:
            return None
        return balance_usd_cents < self.balance_usd_cents

    def as_of(self, now: float) -> Order:
        """Return the order with the API's clock at *now* of the client's clock, when it is sent.

        An order of a large run is sent long after its reading. What another run ordered meanwhile is not this order's.
        The clock is one of whole seconds, like that of the reading, and never ahead.
        """
        passed = int(now - self.looked_at)
        if self.server_time is None or passed <= 0:
            return self
        server_time = self.server_time + timedelta(seconds=passed)
        return self._replace(server_time=server_time, looked_at=self.looked_at + passed)


class Receipt(t.NamedTuple):
    """The outcome of sending an order, and what it proves.

    *row*: the resource in normal form; None if the reply contains none. *made_at*: its creation time, if the API
    returns it; *server_now*: the API's clock at the reply. *listed*: the list, if it was read because no reply arrived.
    """

    row: t.Optional[Row]
    attempts: int
    made_at: datetime | None
    made_before: bool | None
    """whether it existed before this run sent its order; None if that is not known"""
    server_now: datetime | None = None
    says_replayed: bool = False
    seen_before_resend: bool = False
    is_fresh: bool = False
    """whether this is certainly no replay: the resource was created after this run had read the list"""
    is_sole: bool = False
    """whether only the single attempt of this run can have ordered it"""
    listed: t.Optional[t.List[Row]] = None

    @property
    def is_old(self) -> bool:
        """Whether it certainly repeats an earlier order."""
        return self.says_replayed or self.made_before is True

    @property
    def is_own(self) -> bool:
        """Whether certainly this run, and nobody else, bought the resource."""
        return self.is_fresh and self.is_sole

    @property
    def may_be_early(self) -> bool:
        """Whether the resource may be so new that the API does not show it yet."""
        return self.made_before is False and not self.says_replayed

    def is_replay(self, is_known: bool, is_paid: bool | None) -> bool | None:
        """Return whether it repeats an earlier order; None if that is not known.

        *is_known*: the resource was listed before the order. *is_paid*: see Order; this decides only if nothing but
        this single attempt can have paid.
        """
        if self.is_old or self.seen_before_resend:
            return True
        if self.is_own or (self.is_sole and is_paid):
            return False
        return True if self.is_sole and is_paid is False and is_known else None


def order_key(
    kind: str, account_id: str, identity: t.Sequence[str], generation: str, dead_id: str | None = None
) -> str:
    """Derive the Idempotency-Key of an order: the same for every run, machine and API key.

    A lower-case UUID of version 4 is the one form that every known implementation of such keys accepts. The key depends
    neither on the plan nor on the operating system: a different body for the same name must not be a second order.
    """
    parts: list[t.Any] = ["h444-order-v1", kind, account_id, list(identity), str(generation)]
    if dead_id is not None:
        parts.append(dead_id)
    return stable_key(parts)


def stable_key(parts: t.Sequence[t.Any]) -> str:
    """Derive a UUID of version 4 from the parts that identify a request."""
    canonical = json.dumps(parts, separators=(",", ":"), ensure_ascii=True)
    return str(uuid.UUID(bytes=hashlib.sha256(canonical.encode("ascii")).digest()[:16], version=4))


def check_custom_key(value: str | None) -> None:
    """Raise BadOption for a custom Idempotency-Key that a provider could refuse."""
    if value and not CUSTOM_KEY.match(value):
        raise BadOption("idempotency_key: must have 8 to 80 letters, digits, '.', '_' or '-'. Nothing was sent.")


def says_replayed(headers: t.Mapping[str, str], body: t.Any) -> bool:
    """Return whether a reply states that it repeats an earlier one."""
    lower = {key.lower(): value for key, value in headers.items()}
    if any(lower.get(name, "").strip().lower() in ("true", "1", "yes") for name in REPLAY_HEADERS):
        return True
    flags = {snake(str(key)): value for key, value in body.items()} if isinstance(body, dict) else {}
    return any(flags.get(name) is True for name in REPLAY_FIELDS)


def ordered_at(body: t.Any) -> datetime | None:
    """Return the time of the order from a reply (in snake_case, without secrets)."""
    if not isinstance(body, dict):
        return None
    found = moment(first(body, *ORDER_TIMES))
    if found is not None:
        return found
    for name in ORDER_PLACES:
        found = ordered_at(body.get(name))
        if found is not None:
            return found
    return None


def is_before(created_at: datetime | None, order: Order) -> bool | None:
    """Return whether a resource existed before this run sent its order; None if that is not known."""
    if created_at is None or order.server_time is None:
        return None
    return created_at < order.server_time


def is_surely_new(created_at: datetime | None, order: Order, server_now: datetime | None, now: float) -> bool:
    """Return whether a creation time proves that this run's order, answered at *server_now*, created the resource.

    *now*: the client's clock at the reply. The time must be between the reading before the order and the reply. A local
    time without its zone can be hours ahead, and a cached reply has an old clock. Otherwise, a resource that is long
    gone could look new.
    """
    if created_at is None or order.server_time is None or server_now is None:
        return False
    passed = timedelta(seconds=now - order.looked_at)
    return server_now - order.server_time <= passed + SKEW and order.server_time <= created_at <= server_now + SKEW


def key_surely_lives(created_at: datetime | None, server_now: datetime | None) -> bool:
    """Return whether an order is certainly so recent that its key is still remembered."""
    if created_at is None or server_now is None:
        return False
    return -CLOCK_TOLERANCE < server_now - created_at < KEY_SURELY_REMEMBERED


def topic_of(error: ApiError) -> str:
    """Return the topic of an error: an order that is still in progress (WORK), its KEY, its NAME, or else ""."""
    reason = str(error.facts.get("reason", "")).lower()
    if AT_WORK.search(reason):
        return WORK
    if "idempoten" in reason:
        return KEY
    return NAME if TAKEN.search(reason) else ""


def may_be_at_work(error: ApiError, is_first: bool) -> bool:
    """Return whether an order that got an error may have been carried out, or may still be.

    A 409 means this unless it is about the key or, at the first attempt, about a name that is taken.
    """
    topic = topic_of(error)
    if error.status == 409 and topic == NAME and is_first:
        return False
    return error.may_have_happened or (error.status == 409 and topic != KEY)


def refusal(order: Order, error: ApiError, key: str) -> H444Error:
    """Return the error for an order that the API refused with this key: what it means, and what to do."""
    if error.status == 402:
        return Refused(
            "The API refused the order of %s because the wallet holds too little (price %d US cents, wallet %d US "
            "cents%s); %s. %s"
            % (
                order.name,
                order.price_usd_cents,
                order.balance_usd_cents,
                " before the orders of this task" if order.shares_wallet else "",
                _advice_about_the_wallet(order),
                error,
            ),
            **error.facts,
        )
    if topic_of(error) == KEY or error.status in (404, 410):
        return Refused(
            "%s Nothing was bought. The key %s belongs to an earlier order of %s. If that resource is gone, %s."
            % (error, key, order.name, order.way_to_another),
            idempotency_key=key,
            **error.facts,
        )
    error.facts["idempotency_key"] = key
    return error


def _advice_about_the_wallet(order: Order) -> str:
    if order.shares_wallet:
        return "top up the wallet. If it holds enough, the API repeats an earlier refusal of the same key: then %s" % (
            order.way_to_another
        )
    if order.balance_usd_cents >= order.price_usd_cents:
        return "the wallet holds enough now, so the API repeats an earlier refusal of the same key; %s" % (
            order.way_to_another
        )
    return "top up the wallet"


def generation_of(value: t.Any) -> str:
    """Return the generation of an order.

    Null, which AnsibleModule turns into the text None, and empty count as not set: the key is the same.
    """
    found = str(value).strip()
    return "1" if found in ("", "None") else found


def facts_of(order: Order, id_fact: str) -> dict[str, t.Any]:
    """Return the result's ``order`` before the order is sent. *id_fact*: the field for the new ID."""
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
        "wallet_after_usd_cents": None if order.shares_wallet else order.balance_after_usd_cents,
    }


def fill_from_order(row: Row, order: Order) -> None:
    """Fill in what was ordered if the API does not return it; replace any name of the plan with its slug."""
    row["plan_slug"] = order.slug_of(row.get("plan_slug")) or row.get("plan_slug")
    for field, value in order.body.items():
        if row.get(field) is None:
            row[field] = value
