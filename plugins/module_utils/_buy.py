# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The order flow: money is spent exactly once, whatever happens to the replies.

One order has one Idempotency-Key, made of what is ordered and never of the run. A lost reply is asked for again under the
same key; what can't be decided fails with nothing further ordered. What a reply proves by itself is not read again: a new id,
made after this run began, answered at the first attempt and under the right name, is the order's own.
"""

from __future__ import annotations

import hashlib
import os
import re
import typing as t
from datetime import datetime

from . import _account, _catalogue
from ._api import Api, Params, Row
from ._converge import Progress
from ._endpoint import Endpoint
from ._errors import ApiError, BadReply, H444Error, NotReached, Refused, TransportError, UnknownFate
from ._lock import lock, open_private
from ._names import clean, is_digits, pick_one, shown
from ._order import Order, generation_of, is_before, is_surely_new, key_surely_lives, ordered_at, says_replayed
from ._reader import moment
from ._reply import Reply
from ._status import is_gone

ATTEMPTS = 4
SETTLE_SECONDS = 10.0
SETTLE_CAP_SECONDS = 60.0
DEAD_READS = 5
DEAD_SECONDS = 30.0
MAX_DEAD_ORDERS = 20
# What a 409 says: the same order is being carried out by another request, or the name is somebody else's.
AT_WORK = re.compile(r"progress|process(?:ed|ing)|in.?flight|concurrent|still|pending|being|underway")
TAKEN = re.compile(r"taken|already (?:exists|used|in use|registered)|not available|unavailable")


class Shop(t.NamedTuple):
    """What the flow needs to know of a noun."""

    list_rows: t.Callable[[t.Any], t.List[Row]]
    get_row: t.Callable[[t.Any, str], t.Optional[Row]]
    has_name: t.Callable[[Row], bool]
    may_have_name: t.Callable[[Row], bool]
    """whether a row's name may be the provider's form of the ordered one"""
    read_reply: t.Callable[[t.Any], Reply]
    shape: t.Callable[[Row], Row]
    """the reply's raw row -> its normal form"""
    is_whole: t.Callable[[Row], bool]
    """whether a row tells what an order's own record can't: then its id is surely that of what was ordered"""
    id_fact: str
    """under which name the new id stands in the result's ``order``"""
    what: str
    title: t.Callable[[Row], str]
    secrets: t.Tuple[str, ...]
    """the one-time secrets that the reply to an order brings"""
    way_to_new_secrets: str


class Offer(t.NamedTuple):
    """What is to be bought. *plan_names*: see Order."""

    plan_slug: str
    price_usd_cents: int
    plan_names: t.Mapping[str, str]


class _Reply(t.NamedTuple):
    """What came of sending an order. *listed*: the list, where it was read after the last attempt."""

    row: Row | None
    made_at: datetime | None
    server_now: datetime | None
    says_replayed: bool
    seen_before_resend: bool
    attempts: int
    is_fresh: bool = False
    """whether this is proved to be no replay: what it names was made after this run had looked"""
    listed: t.Optional[t.List[Row]] = None


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


def place(api: Api, order: Order, shop: Shop, progress: Progress) -> Row:
    """Place one order and return the row of the live resource.

    Source: POST /v1/vps, POST /v1/hosting (orders:write), with Idempotency-Key.
    Raises: Refused when nothing was bought; UnknownFate when that can't be told.
    """
    handle = open_private(
        "order-" + hashlib.sha256(repr((order.kind, order.account_id, order.identity)).encode()).hexdigest()[:32]
    )
    try:
        is_alone = handle is None or lock(handle, 0.0)
        if handle is not None and not is_alone:
            # Another process of this machine orders the very same thing: wait for it, then look again.
            lock(handle, order.timeout_seconds)
            there = pick_one(
                [row for row in shop.list_rows(api) if shop.has_name(row) and not is_gone(row)],
                shop.what + "s",
                order.name,
            )
            if there is not None:
                return _ordered_elsewhere(order, there, progress)
        progress.order["wallet_after_usd_cents"] = None
        return _place(api, order, shop, progress, is_alone)
    finally:
        if handle is not None:
            os.close(handle)


def _ordered_elsewhere(order: Order, row: Row, progress: Progress) -> Row:
    progress.spared = True
    progress.order.clear()
    progress.warn(
        "%s was ordered by another process at the same moment; nothing was ordered by this task." % order.name
    )
    told = row.get("plan_slug")
    if told and order.slug_of(told) != order.body["plan_slug"]:
        progress.warn("%s has the plan %s, not %s." % (order.name, shown(told), order.body["plan_slug"]))
    return row


def _place(api: Api, order: Order, shop: Shop, progress: Progress, is_alone: bool) -> Row:
    dead_id: str | None = None
    for _order in range(MAX_DEAD_ORDERS):
        key = order.key(dead_id)
        progress.order["idempotency_key"] = key
        reply = _send(api, order, key, shop, progress)
        row = reply.row or _without_id(api, order, shop, progress, key)
        progress.order[shop.id_fact] = row["id"]
        progress.hold(order.name, row)
        is_sole = is_alone and reply.attempts == 1
        if is_sole and _proves_all(order, shop, row, reply):
            progress.order.update(
                replayed=False, wallet_after_usd_cents=order.balance_usd_cents - order.price_usd_cents
            )
            _check_plan(order, row, progress, is_own=True)
            return row
        found, is_alive, listed = _look(api, order, shop, row, reply)
        unchanged = _settle_wallet(api, order, shop, progress, reply, row["id"], is_alive, is_sole)
        if is_alive:
            _check_own(order, shop, found or row, reply, progress)
            return _checked(order, shop, found or row, listed, progress)
        if not (reply.says_replayed or is_before(reply.made_at, order) or unchanged):
            progress.maybe = True
            raise NotReached(
                "%s was ordered as %s, but the API does not show it yet. Run the task again later: the same key %s can't buy "
                "twice." % (order.name, row["id"], key),
                idempotency_key=key,
            )
        progress.maybe = False
        progress.forget()
        _check_dead(order, reply, row, key)
        dead_id = row["id"]
    raise Refused(
        "%s was ordered and terminated more than %d times within a day; %s."
        % (order.name, MAX_DEAD_ORDERS, _way_to_another(order))
    )


def _proves_all(order: Order, shop: Shop, row: Row, reply: _Reply) -> bool:
    """Tell whether the reply alone proves that this run bought what it names: nothing need be read then."""
    is_new = row["id"] not in order.known_ids and not is_gone(row)
    return is_new and shop.has_name(row) and shop.is_whole(row) and reply.is_fresh


def _without_id(api: Api, order: Order, shop: Shop, progress: Progress, key: str) -> Row:
    """Find what a reply without an id is about. Raises: UnknownFate."""
    listed, problem = _listed(api, shop)
    row = _only_new(listed, order, shop)
    if row is None:
        raise UnknownFate(
            "The order of %s was answered without an id, and the list does not show it yet%s. Run the task again: the "
            "same key %s can't buy twice." % (order.name, " (%s)" % problem if problem else "", key),
            idempotency_key=key,
        )
    return row


def _settle_wallet(
    api: Api, order: Order, shop: Shop, progress: Progress, reply: _Reply, new_id: str, is_alive: bool, is_sole: bool
) -> bool:
    """Put down what the wallet holds now and whether the reply was a replay; returns whether the wallet is surely as it was.

    *is_sole*: nothing but this one attempt can have ordered it.
    """
    if is_alive and reply.is_fresh and is_sole:
        progress.order.update(replayed=False, wallet_after_usd_cents=order.balance_usd_cents - order.price_usd_cents)
        return False
    after = _balance(api, shop)
    unchanged = after is not None and order.price_usd_cents > 0 and after >= order.balance_usd_cents
    replayed: bool | None = (
        True if reply.says_replayed or is_before(reply.made_at, order) or reply.seen_before_resend else None
    )
    if replayed is None and is_sole:
        replayed = True if unchanged and new_id in order.known_ids else False if not unchanged else None
    progress.order.update(replayed=replayed, wallet_after_usd_cents=after)
    return unchanged


def _check_dead(order: Order, reply: _Reply, row: Row, key: str) -> None:
    """Make sure that the dead resource's order is surely remembered by its key, so that the next key orders once. Raises: Refused."""
    if order.custom_key or not key_surely_lives(reply.made_at, reply.server_now):
        raise Refused(
            "The key %s answers with %s, which no longer exists: it repeats an earlier order of %s. Nothing was bought by this "
            "run. To order a new one, %s."
            % (
                key,
                row["id"],
                order.name,
                _way_to_another(order),
            ),
            idempotency_key=key,
            dead_id=row["id"],
        )


def _way_to_another(order: Order) -> str:
    """Say how to order under another key. The generation is no part of a key that the user gives."""
    if order.custom_key:
        return "give another idempotency_key"
    following = str(int(order.generation) + 1) if is_digits(order.generation) else order.generation + "-2"
    return 'set order_generation: "%s"' % following


def _send(api: Api, order: Order, key: str, shop: Shop, progress: Progress) -> _Reply:
    """Send the order until its reply arrives whole, always with the same key and the same bytes."""
    settle, errors_500, seen = SETTLE_SECONDS, 0, False
    problem: H444Error | None = None
    for attempt in range(1, ATTEMPTS + 1):
        if problem is not None:
            api.sleep(settle)
            settle = min(settle * 2, SETTLE_CAP_SECONDS)
            # Also when it is there by now, or can't be read: only the reply, repeated, brings the password.
            seen = _only_new(_listed(api, shop)[0], order, shop) is not None
        progress.order["attempts"] = attempt
        progress.maybe = True
        try:
            answer = api.request(
                order.endpoint, body=order.body, idempotency_key=key, timeout_seconds=order.timeout_seconds, once=True
            )
        except TransportError as error:
            progress.maybe = problem is not None
            if problem is None:
                raise
            problem = error
        except UnknownFate as error:
            problem = error
        except ApiError as error:
            problem = _may_be_at_work(api, order, shop, progress, error, problem, key)
            errors_500 += error.status == 500
            if errors_500 > 1:
                break
        else:
            if answer.body is not None:
                return _received(api, order, shop, progress, answer, seen, attempt)
            problem = UnknownFate("POST %s was answered %d without content." % (order.endpoint.path, answer.status))
    listed, _problem = _listed(api, shop)
    row = _only_new(listed, order, shop)
    if row is None:
        raise _unknown(api, order, shop, progress, problem, key)
    for name in shop.secrets:
        progress.lose("%s of %s" % (name.replace("_", " "), order.name), shop.way_to_new_secrets)
    return _Reply(row, moment(row.get("created_at")), None, False, True, progress.order["attempts"], listed=listed)


def _received(
    api: Api, order: Order, shop: Shop, progress: Progress, answer: t.Any, seen: bool, attempts: int
) -> _Reply:
    """Put the secrets of a reply away, then read what else it says."""
    reply = shop.read_reply(answer.body)
    progress.receive(order.name, reply.id, reply, shop.secrets, shop.way_to_new_secrets)
    row = _shaped(shop, reply)
    told = [
        found for found in (ordered_at(reply.rest), moment(row.get("created_at")) if row else None) if found is not None
    ]
    made_at, server_now = min(told) if told else None, moment(answer.headers.get("Date"))
    replayed = says_replayed(answer.headers, answer.body)
    is_fresh = not replayed and is_surely_new(made_at, order, server_now, api.now())
    return _Reply(row, made_at, server_now, replayed, seen, attempts, is_fresh)


def _may_be_at_work(
    api: Api, order: Order, shop: Shop, progress: Progress, error: ApiError, problem: H444Error | None, key: str
) -> ApiError:
    """Return an error after which the order may have been carried out, or still is. Raises: what any other one means."""
    reason = str(error.facts.get("reason", "")).lower()
    at_work = bool(AT_WORK.search(reason))
    about_key = "idempoten" in reason and not at_work
    if error.status == 409 and problem is None and not at_work and not about_key and TAKEN.search(reason):
        progress.maybe = False
        error.facts["idempotency_key"] = key
        raise error
    if error.may_have_happened or (error.status == 409 and not about_key):
        return error
    progress.maybe = problem is not None and error.status not in (400, 402, 404, 422)
    if progress.maybe:
        raise _unknown(api, order, shop, progress, error, key) from None
    raise _refused(order, error, about_key, key) from None


def _unknown(
    api: Api, order: Order, shop: Shop, progress: Progress, problem: H444Error | None, key: str
) -> UnknownFate:
    after = _balance(api, shop)
    progress.order["wallet_after_usd_cents"] = after
    return UnknownFate(
        "Whether %s was ordered is not known (%s; %d attempts; wallet %d cents before, %s after). Run the task again: the same key %s "
        "can't buy twice. If it keeps failing and the panel shows nothing, %s."
        % (
            order.name,
            problem,
            progress.order["attempts"],
            order.balance_usd_cents,
            "unknown" if after is None else after,
            key,
            _way_to_another(order),
        ),
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
            advice = (
                "the wallet holds enough now, so this repeats an older refusal of the same key: %s"
                % _way_to_another(order)
            )
        return Refused(
            "The order of %s was refused for want of money (price %d cents, wallet %d cents); %s. %s"
            % (order.name, order.price_usd_cents, order.balance_usd_cents, advice, error),
            **error.facts,
        )
    if about_key or error.status in (404, 409, 410):
        return Refused(
            "%s Nothing was bought. The key %s belongs to an earlier order of %s; if that one is gone, %s."
            % (error, key, order.name, _way_to_another(order)),
            idempotency_key=key,
            **error.facts,
        )
    error.facts["idempotency_key"] = key
    return error


def _listed(api: Api, shop: Shop) -> tuple[list[Row] | None, H444Error | None]:
    """Read the list while an order's fate is open: a failing read must not hide what may have been bought."""
    try:
        return shop.list_rows(api), None
    except H444Error as error:
        return None, error


def _only_new(listed: t.Sequence[Row] | None, order: Order, shop: Shop) -> Row | None:
    """Find the one live resource of this name that was not there before."""
    new = [row for row in listed or () if shop.has_name(row) and not is_gone(row) and row["id"] not in order.known_ids]
    return new[0] if len(new) == 1 else None


def _balance(api: Api, shop: Shop) -> int | None:
    try:
        return _account.get_wallet(api).balance_usd_cents
    except H444Error:
        return None


def _look(api: Api, order: Order, shop: Shop, row: Row, reply: _Reply) -> tuple[Row | None, bool, list[Row]]:
    """Look for the ordered resource: its row as it is read now, whether it lives, and the list.

    What is proved to be new is taken from the list; a reply that may be a replay may name a dead one, so that is read by its id.
    """
    listed = reply.listed
    if reply.is_fresh:
        listed = shop.list_rows(api) if listed is None else listed
        for found in listed:
            if found["id"] == row["id"]:
                # What the list leaves out stands in the reply, which is as young.
                return (
                    {**row, **{name: value for name, value in found.items() if value is not None}},
                    not is_gone(found),
                    listed,
                )
    found_now, is_alive = _verify(api, order, shop, row, reply)
    if listed is None and is_alive:
        listed = shop.list_rows(api)
    return found_now, is_alive, listed or []


def _verify(api: Api, order: Order, shop: Shop, row: Row, reply: _Reply) -> tuple[Row | None, bool]:
    """Read the ordered resource until it is there, or surely gone: a replay may name a dead one."""
    started, reads, pause = api.now(), 0, 1.0
    may_be_late = is_before(reply.made_at, order) is False and not reply.says_replayed
    patience = order.timeout_seconds if may_be_late else DEAD_SECONDS
    while True:
        found = shop.get_row(api, row["id"])
        reads += 1
        if found is not None:
            return found, not is_gone(found)
        if is_gone(row):
            return None, False
        if reads >= DEAD_READS and api.now() - started >= patience:
            listed = [item for item in shop.list_rows(api) if item["id"] == row["id"] and not is_gone(item)]
            return (listed[0], True) if listed else (None, False)
        api.sleep(pause)
        pause = min(pause * 2, DEAD_SECONDS / 3)


def _check_plan(order: Order, row: Row, progress: Progress, is_own: bool) -> None:
    """Hold the plan that is told against the one that was ordered, by the catalogue's own names. Raises: Refused.

    What the catalogue does not know may be the right plan by another name: that is a warning, for the money is spent.
    """
    told, wanted = row.get("plan_slug"), order.body["plan_slug"]
    meant = order.slug_of(told)
    if not told or meant == wanted:
        return
    if meant is None:
        progress.warn(
            "The API calls the plan of %s %s, and no plan in GET /v1/products has that name; whether it is %s can't be told."
            % (order.name, shown(told), wanted)
        )
        return
    cause = (
        "the provider gave another plan than was ordered; open a ticket"
        if is_own
        else "an earlier order of the same name was repeated"
    )
    raise Refused(
        "The key %s answers with %s, which has plan_slug %s instead of %s: %s. Nothing more was bought."
        % (progress.order["idempotency_key"], row["id"], meant, wanted, cause)
    )


def _check_own(order: Order, shop: Shop, row: Row, reply: _Reply, progress: Progress) -> None:
    """Make sure that what a reply names is what was ordered, before anything is done to it. Raises: Refused.

    A key of the user's own can be another order's, and a provider can mix up two replies: what is called otherwise, and is not
    proved to be new, is not renamed.
    """
    if reply.is_fresh or row["id"] in order.known_ids or shop.has_name(row) or shop.may_have_name(row):
        return
    progress.maybe = not (is_before(reply.made_at, order) or (reply.says_replayed and reply.attempts == 1))
    progress.let_go()
    if progress.maybe:
        fate = "and nothing proves that this is what was ordered. Nothing was done to it. Look at the panel, and only if it is another one"
    else:
        fate = "so it repeats an earlier order. Nothing was bought. To order %s" % order.name
    raise Refused(
        "The key %s, used to order %s, answers with the %s %s, which is called '%s', %s, %s."
        % (
            progress.order["idempotency_key"], order.name, shop.what, row["id"], clean(shop.title(row), 80), fate,
            _way_to_another(order),
        )
    )  # fmt: skip


def _checked(order: Order, shop: Shop, row: Row, listed: t.Sequence[Row], progress: Progress) -> Row:
    """Hold a live row against what was ordered. Raises: Refused."""
    if row["id"] in order.known_ids:
        progress.maybe = False
        progress.let_go()
        raise Refused(
            "The key %s answers with the earlier order of %s: %s %s, now called '%s'. Nothing was bought. If you want one more, %s."
            % (
                progress.order["idempotency_key"],
                order.name,
                shop.what,
                row["id"],
                shop.title(row),
                _way_to_another(order),
            )
        )
    _check_plan(order, row, progress, is_own=False)
    known = {*order.known_ids, row["id"]}
    others = [item["id"] for item in listed if shop.has_name(item) and not is_gone(item) and item["id"] not in known]
    if others:
        raise Refused(
            "%s seems to have been ordered twice: ids %s. Nothing is terminated by itself; open a ticket with the key %s."
            % (order.name, ", ".join([row["id"]] + others), progress.order["idempotency_key"])
        )
    return row
