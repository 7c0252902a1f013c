# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The order flow: money is spent exactly once, whatever happens to the replies.

One order has one Idempotency-Key, made of what is ordered and never of the run. A lost reply is asked for again under the
same key; what can't be decided fails with nothing further ordered.
"""

from __future__ import annotations

import hashlib
import os
import re
import typing as t
from datetime import datetime

from ._errors import ApiError, BadReply, H444Error, NotReached, Refused, TransportError, UnknownFate
from ._names import is_digits
from ._order import Order, is_before, key_surely_lives, ordered_at, says_replayed
from ._pacer import lock, open_private
from ._reader import moment
from ._reply import Reply
from ._resend import may_have_happened

ATTEMPTS = 4
SETTLE_SECONDS = 10.0
SETTLE_CAP_SECONDS = 60.0
DEAD_READS = 5
DEAD_SECONDS = 30.0
MAX_DEAD_ORDERS = 20
# What a 409 says: the same order is being carried out by another request, or the name is somebody else's.
AT_WORK = re.compile(r"progress|process(?:ed|ing)|in.?flight|concurrent|still|pending|being|underway")
TAKEN = re.compile(r"taken|already (?:exists|used|in use|registered)|not available|unavailable")

Row = t.Dict[str, t.Any]


class Shop(t.NamedTuple):
    """What the flow needs to know of a noun."""

    list_rows: t.Callable[[t.Any], t.List[Row]]
    get_row: t.Callable[[t.Any, str], t.Optional[Row]]
    has_name: t.Callable[[Row], bool]
    is_gone: t.Callable[[Row], bool]
    read_reply: t.Callable[[t.Any], Reply]
    shape: t.Callable[[Row], Row]
    """the reply's raw row -> its normal form"""
    balance: t.Callable[[t.Any], t.Optional[int]]
    id_fact: str
    """under which name the new id stands in the result's ``order``"""
    what: str
    title: t.Callable[[Row], str]
    secrets: t.Tuple[str, ...]
    """the one-time secrets that the reply to an order brings"""
    way_to_new_secrets: str


class Keeper(t.Protocol):
    """Where the flow reports what is happening, so that a failure on the way still tells it."""

    order: t.Dict[str, t.Any]
    maybe: bool

    def receive(self, resource: str, resource_id: str | None, reply: Reply, wanted: t.Iterable[str], way_out: str) -> None:
        """Write the secrets of a reply away at once, and say which are missing."""

    def lose(self, what: str, way_out: str) -> None:
        """Note that a one-time secret did not arrive."""

    def forget(self) -> None:
        """Leave what was kept out of the result: it is of a resource that is gone."""

    def warn(self, text: str) -> None:
        """Tell the user."""


class _Reply(t.NamedTuple):
    row: Row | None
    created_at: datetime | None
    server_now: datetime | None
    says_replayed: bool
    seen_before_resend: bool


def place(api: t.Any, order: Order, shop: Shop, keeper: Keeper) -> Row:
    """Place one order and return the row of the live resource.

    Source: POST /v1/vps, POST /v1/hosting (orders:write), with Idempotency-Key.
    Raises: Refused when nothing was bought; UnknownFate when that can't be told.
    """
    handle = open_private("order-" + hashlib.sha256(repr((order.kind, order.account_id, order.identity)).encode()).hexdigest()[:32])
    try:
        if handle is not None and not lock(handle, 0.0):
            # Another process of this machine orders the very same thing: wait for it, then look again.
            lock(handle, order.timeout_seconds)
            there = [row for row in shop.list_rows(api) if shop.has_name(row) and not shop.is_gone(row)]
            if len(there) == 1:
                keeper.order.update({"replayed": True, shop.id_fact: there[0]["id"]})
                keeper.warn("%s was ordered by another process at the same moment; nothing was ordered by this task." % order.name)
                return there[0]
        return _place(api, order, shop, keeper)
    finally:
        if handle is not None:
            os.close(handle)


def _place(api: t.Any, order: Order, shop: Shop, keeper: Keeper) -> Row:
    dead_id: str | None = None
    for _order in range(MAX_DEAD_ORDERS):
        key = order.key(dead_id)
        keeper.order["idempotency_key"] = key
        reply = _send(api, order, key, shop, keeper)
        row = reply.row
        if row is None:
            row = _only_new(api, order, shop)
            if row is None:
                raise UnknownFate(
                    "The order of %s was answered without an id, and the list does not show it yet. Run the task again: the "
                    "same key %s can't buy twice." % (order.name, key),
                    idempotency_key=key,
                )
        keeper.order[shop.id_fact] = row["id"]
        return_row, is_alive = _verify(api, order, shop, row, reply)
        after = _balance(api, shop)
        keeper.order["wallet_after_usd_cents"] = after
        is_old = is_before(reply.created_at, order)
        unchanged = after is not None and order.price_usd_cents > 0 and after >= order.balance_usd_cents
        replayed: bool | None = True if reply.says_replayed or is_old or reply.seen_before_resend else None
        if replayed is None and keeper.order.get("attempts") == 1:
            replayed = True if unchanged and row["id"] in order.known_ids else False if not unchanged else None
        keeper.order["replayed"] = replayed
        if is_alive:
            return _checked(api, order, shop, return_row or row, keeper)
        if not (reply.says_replayed or is_old or unchanged):
            keeper.maybe = True
            raise NotReached(
                "%s was ordered as %s, but the API does not show it yet. Run the task again later: the same key %s can't buy "
                "twice." % (order.name, row["id"], key),
                idempotency_key=key,
            )
        keeper.maybe = False
        keeper.forget()
        if order.custom_key or not key_surely_lives(reply.created_at, reply.server_now):
            raise Refused(
                "The key %s answers with %s, which no longer exists: it repeats an earlier order of %s. Nothing was bought by this "
                "run. To order a new one, %s."
                % (key, row["id"], order.name, "give another idempotency_key" if order.custom_key else _raise_generation(order)),
                idempotency_key=key,
                dead_id=row["id"],
            )
        dead_id = row["id"]
    raise Refused("%s was ordered and terminated more than %d times within a day; %s." % (order.name, MAX_DEAD_ORDERS, _raise_generation(order)))


def _raise_generation(order: Order) -> str:
    following = str(int(order.generation) + 1) if is_digits(order.generation) else order.generation + "-2"
    return 'set order_generation: "%s"' % following


def _send(api: t.Any, order: Order, key: str, shop: Shop, keeper: Keeper) -> _Reply:
    """Send the order until its reply arrives whole, always with the same key and the same bytes."""
    settle, errors_500, seen = SETTLE_SECONDS, 0, False
    problem: H444Error | None = None
    for attempt in range(1, ATTEMPTS + 1):
        if problem is not None:
            api.sleep(settle)
            settle = min(settle * 2, SETTLE_CAP_SECONDS)
            # Also when it is there by now: only the reply, repeated, brings the password.
            seen = _only_new(api, order, shop) is not None
        keeper.order["attempts"] = attempt
        keeper.maybe = True
        try:
            answer = api.request(order.endpoint, body=order.body, idempotency_key=key, timeout_seconds=order.timeout_seconds, once=True)
        except TransportError:
            keeper.maybe = problem is not None
            raise
        except UnknownFate as error:
            problem = error
            continue
        except ApiError as error:
            reason = str(error.facts.get("reason", "")).lower()
            at_work = bool(AT_WORK.search(reason))
            about_key = "idempoten" in reason and not at_work
            if error.status == 409 and problem is None and not at_work and TAKEN.search(reason):
                keeper.maybe = False
                error.facts["idempotency_key"] = key
                raise
            busy = may_have_happened(error.status) or (error.status == 409 and not about_key)
            if not busy:
                keeper.maybe = problem is not None and error.status not in (400, 402, 404, 422)
                raise _refused(order, error, about_key, key) from None
            problem = error
            errors_500 += error.status == 500
            if errors_500 > 1:
                break
            continue
        if answer.body is None:
            problem = UnknownFate("POST %s was answered %d without content." % (order.endpoint.path, answer.status))
            continue
        reply = shop.read_reply(answer.body)
        keeper.receive(order.name, reply.id, reply, shop.secrets, shop.way_to_new_secrets)
        return _Reply(_shaped(shop, reply), ordered_at(reply.rest), moment(answer.headers.get("Date")), says_replayed(answer.headers, answer.body), seen)
    row = _only_new(api, order, shop)
    if row is not None:
        for name in shop.secrets:
            keeper.lose("%s of %s" % (name.replace("_", " "), order.name), shop.way_to_new_secrets)
        return _Reply(row, moment(row.get("created_at")), None, False, True)
    after = _balance(api, shop)
    keeper.order["wallet_after_usd_cents"] = after
    raise UnknownFate(
        "Whether %s was ordered is not known (%s; %d attempts; wallet %d cents before, %s after). Run the task again: the same key %s "
        "can't buy twice. If it keeps failing and the panel shows nothing, %s."
        % (order.name, problem, keeper.order["attempts"], order.balance_usd_cents, "unknown" if after is None else after, key, _raise_generation(order)),
        idempotency_key=key,
    )


def _shaped(shop: Shop, reply: Reply) -> Row | None:
    """Give the row of a reply in normal form; None where that can't be read, for then the list tells."""
    try:
        return shop.shape(reply.raw) if reply.raw is not None else None
    except BadReply:
        return None


def _refused(order: Order, error: ApiError, about_key: bool, key: str) -> H444Error:
    if error.status == 402:
        advice = "top up the wallet"
        if order.balance_usd_cents >= order.price_usd_cents:
            advice = "the wallet holds enough now, so this repeats an older refusal of the same key: %s" % _raise_generation(order)
        return Refused(
            "The order of %s was refused for want of money (price %d cents, wallet %d cents); %s. %s"
            % (order.name, order.price_usd_cents, order.balance_usd_cents, advice, error),
            **error.facts,
        )
    if about_key or error.status in (404, 409, 410):
        return Refused(
            "%s Nothing was bought. The key %s belongs to an earlier order of %s; if that one is gone, %s."
            % (error, key, order.name, _raise_generation(order)),
            idempotency_key=key,
            **error.facts,
        )
    error.facts["idempotency_key"] = key
    return error


def _only_new(api: t.Any, order: Order, shop: Shop) -> Row | None:
    """Find the one live resource of this name that was not there before."""
    new = [row for row in shop.list_rows(api) if shop.has_name(row) and not shop.is_gone(row) and row["id"] not in order.known_ids]
    return new[0] if len(new) == 1 else None


def _balance(api: t.Any, shop: Shop) -> int | None:
    try:
        return shop.balance(api)
    except H444Error:
        return None


def _verify(api: t.Any, order: Order, shop: Shop, row: Row, reply: _Reply) -> tuple[Row | None, bool]:
    """Read the ordered resource until it is there, or surely gone: a replay may name a dead one."""
    started, reads, pause = api.now(), 0, 1.0
    is_fresh = is_before(reply.created_at, order) is False and not reply.says_replayed
    patience = order.timeout_seconds if is_fresh else DEAD_SECONDS
    while True:
        found = shop.get_row(api, row["id"])
        reads += 1
        if found is not None:
            return found, not shop.is_gone(found)
        if shop.is_gone(row):
            return None, False
        if reads >= DEAD_READS and api.now() - started >= patience:
            listed = [item for item in shop.list_rows(api) if item["id"] == row["id"] and not shop.is_gone(item)]
            return (listed[0], True) if listed else (None, False)
        api.sleep(pause)
        pause = min(pause * 2, DEAD_SECONDS / 3)


def _checked(api: t.Any, order: Order, shop: Shop, row: Row, keeper: Keeper) -> Row:
    """Hold a live row against what was ordered. Raises: Refused."""
    if row["id"] in order.known_ids:
        keeper.maybe = False
        raise Refused(
            "The key %s answers with the earlier order of %s: %s %s, now called '%s'. Nothing was bought. If you want one more, %s."
            % (keeper.order["idempotency_key"], order.name, shop.what, row["id"], shop.title(row), _raise_generation(order))
        )
    plan_slug = row.get("plan_slug")
    if plan_slug and plan_slug != order.body["plan_slug"]:
        raise Refused(
            "The key %s answers with %s, which has plan_slug %s instead of %s: an earlier order of the same name was repeated. Nothing more was bought."
            % (keeper.order["idempotency_key"], row["id"], plan_slug, order.body["plan_slug"])
        )
    known = {*order.known_ids, row["id"]}
    others = [item["id"] for item in shop.list_rows(api) if shop.has_name(item) and not shop.is_gone(item) and item["id"] not in known]
    if others:
        raise Refused(
            "%s seems to have been ordered twice: ids %s. Nothing is terminated by itself; open a ticket with the key %s."
            % (order.name, ", ".join([row["id"]] + others), keeper.order["idempotency_key"])
        )
    return row
