# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The order flow: money is spent exactly once, whatever happens to the replies.

One order has one Idempotency-Key, derived from what is ordered and never from the run. After a lost reply, the order is
resent with the same key. If the outcome is unclear, the task fails and orders nothing more. What a reply proves is not
read again: a new ID that was created after this run began, and returned at the first attempt under the right name,
belongs to this order.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import typing as t

from . import _account, _catalogue
from ._api import Answer, Api, Params, Row
from ._converge import Progress
from ._endpoint import Endpoint
from ._errors import ApiError, BadReply, H444Error, NotReached, Refused, TransportError, UnknownFate
from ._find import pick_one
from ._lock import lock, open_private
from ._names import clean, shown
from ._order import (
    Order,
    Receipt,
    facts_of,
    generation_of,
    is_before,
    is_surely_new,
    key_surely_lives,
    may_be_at_work,
    ordered_at,
    refusal,
    says_replayed,
)
from ._plan import Action, Plan, laid_over
from ._reader import moment
from ._reply import Reply
from ._status import is_gone

# The pause before each attempt: after a failure, the provider needs time until its list is up to date.
PAUSES_SECONDS = (0.0, 10.0, 20.0, 40.0)
MAX_SERVER_ERRORS = 2
DEAD_READS = 5
DEAD_SECONDS = 30.0
MAX_DEAD_ORDERS = 20
# A reply with one of these statuses proves for every attempt that nothing was bought.
SURELY_REFUSED = (400, 402, 404, 422)
SAFE_TO_REPEAT = "Run the task again: it sends the same key %s, so it can't place a second order."


class Shop(t.NamedTuple):
    """What the flow needs to know about a noun that can be ordered."""

    kind: str
    """the category of its plans, and the first part of its name in ``credentials_file``"""
    what: str
    """its name in messages"""
    endpoint: Endpoint
    id_fact: str
    """the field of the result's ``order`` that gets the new id"""
    secrets: t.Tuple[str, ...]
    """the one-time secrets that the reply to an order brings"""
    way_to_new_secrets: str
    list_rows: t.Callable[[Api], t.List[Row]]
    get_row: t.Callable[[Api, str], t.Optional[Row]]
    read_reply: t.Callable[[t.Any], Reply]
    shape: t.Callable[[Row], Row]
    """the reply's raw row -> its normal form"""
    title: t.Callable[[Row], str]
    has_name: t.Callable[[Row, str], bool]
    may_have_name: t.Callable[[Row, t.Mapping[str, t.Any]], bool]
    """whether a row's name may be the provider's form of the name in the order's body"""
    is_whole: t.Callable[[Row], bool]
    """whether a row has a field that no record of an order has, so that its ID is certainly that of the resource"""


class Offer(t.NamedTuple):
    """What is to be bought. *plan_names*: see Order."""

    plan_slug: str
    price_usd_cents: int
    plan_names: t.Mapping[str, str]


def find_offer(products: t.Sequence[Row], params: Params, shop: Shop) -> Offer:
    """Find the requested plan and its effective price, in US cents a month. Pure.

    Raises: Refused for an unknown plan or one above ``max_monthly_usd_cents``.
    """
    plan_slug, price = _catalogue.find_plan(products, params["plan_slug"], shop.kind)
    limit = params.get("max_monthly_usd_cents")
    if limit is not None and price > limit:
        raise Refused(
            "The plan %s costs %d US cents a month, which is more than max_monthly_usd_cents: %d. Nothing was ordered."
            % (plan_slug, price, limit)
        )
    return Offer(plan_slug, price, _catalogue.plan_names(products, shop.kind))


def read_wallet(api: Api) -> _account.Wallet:
    """Read the wallet, and when. Source: GET /v1/account (account:read)."""
    return _account.get_wallet(api)._replace(read_at=api.now())


def make_order(
    params: Params,
    shop: Shop,
    offer: Offer,
    wallet: _account.Wallet,
    *,
    body: t.Mapping[str, t.Any],
    identity: tuple[str, ...],
    known_ids: t.FrozenSet[str],
) -> Order:
    """Return the order. *known_ids*: those of the list before it. Pure; see check_wallet."""
    return Order(
        kind=shop.kind,
        endpoint=shop.endpoint,
        body=body,
        identity=identity,
        account_id=wallet.account_id,
        generation=generation_of(params["order_generation"]),
        custom_key=params.get("idempotency_key") or None,
        price_usd_cents=offer.price_usd_cents,
        balance_usd_cents=wallet.balance_usd_cents,
        known_ids=known_ids,
        server_time=wallet.server_time,
        timeout_seconds=float(params["wait_timeout"]),
        plan_names=offer.plan_names,
        looked_at=wallet.read_at,
    )


def check_wallet(order: Order) -> None:
    """Check that the wallet covers an order. Raises: Refused."""
    missing = order.price_usd_cents - order.balance_usd_cents
    if missing > 0:
        raise Refused(
            "The wallet holds %d US cents, and the plan %s costs %d a month: %d are missing. Nothing was ordered. Top "
            "up the wallet." % (order.balance_usd_cents, order.body["plan_slug"], order.price_usd_cents, missing),
            balance_usd_cents=order.balance_usd_cents,
        )


def ordered_together(plans: t.Sequence[Plan]) -> list[Plan]:
    """Tell each order of a run which others it places. Pure."""
    orders: list[Order] = [plan.wish for plan in plans if plan.order is not None]
    return [_among(plan, orders) if plan.order is not None and len(orders) > 1 else plan for plan in plans]


def _among(plan: Plan, orders: t.Sequence[Order]) -> Plan:
    own: Order = plan.wish
    names = frozenset(order.wanted_name for order in orders if order.kind == own.kind)
    order = own._replace(siblings=names - {own.wanted_name}, shares_wallet=True)
    return plan._replace(wish=order, order={**plan.order, "wallet_after_usd_cents": None})


def plan_purchase(order: Order, shop: Shop, after: Row, until: tuple[str, ...], *further: Action) -> Plan:
    """Return the plan of an order. *until*: the statuses that end the wait; *further*: the steps after it."""
    action = Action(
        "order",
        order.wanted_name,
        order.endpoint,
        {},
        order.body,
        cost_usd_cents=order.price_usd_cents,
        brings_secret=True,
        until=until,
    )
    return Plan(None, after, (action, *further), order=facts_of(order, shop.id_fact), wish=order)


def place(api: Api, order: Order, shop: Shop, progress: Progress) -> Row:
    """Place one order and return the row of the live resource.

    Source: POST /v1/vps, POST /v1/hosting (orders:write), with Idempotency-Key.
    Raises: Refused if nothing was bought; UnknownFate if that is not known.
    """
    with _turn(order) as is_alone:
        purchase = Purchase(api, order.as_of(api.now()), shop, progress, is_alone)
        ordered_elsewhere = None if is_alone else purchase.find_ordered_elsewhere()
        row = purchase.place() if ordered_elsewhere is None else purchase.spare(ordered_elsewhere)
        progress.resource_id, progress.after = row["id"], row
        return row


@contextlib.contextmanager
def _turn(order: Order) -> t.Iterator[bool]:
    """Wait until no other process on this machine is ordering the same thing. Yields whether there was none."""
    what = repr((order.kind, order.account_id, order.identity)).encode()
    handle = open_private("order-" + hashlib.sha256(what).hexdigest()[:32])
    try:
        is_alone = handle is None or lock(handle, 0.0)
        if handle is not None and not is_alone:
            lock(handle, order.timeout_seconds)
        yield is_alone
    finally:
        if handle is not None:
            os.close(handle)


class Purchase:
    """One order that is being placed. The methods are in the order of their use.

    *is_alone*: no other process of this machine was ordering the same. Every event is recorded in *progress* at once,
    so that a later failure still reports it.
    """

    def __init__(self, api: Api, order: Order, shop: Shop, progress: Progress, is_alone: bool) -> None:
        self.api = api
        self.order = order
        self.shop = shop
        self.progress = progress
        self.is_alone = is_alone
        self.facts = progress.order
        self.key = order.key()

    def find_ordered_elsewhere(self) -> Row | None:
        """Find the resource that another process ordered while this one waited for it."""
        named = self._of_the_name(self.shop.list_rows(self.api))
        return pick_one(named, self.shop.what + "s", self.order.name)

    def spare(self, row: Row) -> Row:
        """Use the resource that another process ordered, and order nothing."""
        self.progress.spared = True
        self.facts.clear()
        self.progress.warn(
            "%s was ordered by another process at the same time. This task ordered nothing." % self.order.name
        )
        plan, wanted = row.get("plan_slug"), self.order.body["plan_slug"]
        if plan and self.order.slug_of(plan) != wanted:
            self.progress.warn("%s has the plan %s, not %s." % (self.order.name, shown(plan), wanted))
        return row

    def place(self) -> Row:
        """Place the order, and check that the ordered resource is alive.

        A reply with a dead resource repeats an earlier order; then the next key is used.
        """
        self.facts["wallet_after_usd_cents"] = None
        dead_id: str | None = None
        for _order in range(MAX_DEAD_ORDERS):
            self.key = self.facts["idempotency_key"] = self.order.key(dead_id)
            receipt = self.send()
            row = receipt.row or self.find_unnamed()
            self.facts[self.shop.id_fact] = row["id"]
            self.progress.hold(self.order.name, row)
            found, listed = self.look_for(row, receipt)
            is_unpaid = self.settle(row, receipt, is_alive=found is not None)
            if found is not None:
                self.check_name(found, receipt)
                self.check_new(found)
                self.check_plan(found, receipt)
                self.check_single(found, listed)
                return found
            self.check_dead(row, receipt, is_unpaid)
            dead_id = row["id"]
        raise Refused(
            "%s was ordered and terminated more than %d times within a day. Nothing was ordered by this run. To order "
            "it again, %s." % (self.order.name, MAX_DEAD_ORDERS, self.order.way_to_another)
        )

    # Send the order until a reply arrives

    def send(self) -> Receipt:
        """Send the order until its whole reply arrives, always with the same key and the same bytes.

        Raises: Refused or the API's error if nothing was bought; UnknownFate if that is not known.
        """
        failures: list[H444Error] = []
        seen = False
        for attempt, pause in enumerate(PAUSES_SECONDS, 1):
            if failures:
                self.api.sleep(pause)
                # The order is resent even if the list shows it, or can't be read: only the reply has the passwords.
                seen = self._only_new(self._listed_if_possible()) is not None
            self.facts["attempts"] = attempt
            self.progress.maybe = True
            try:
                answer = self._attempt()
            except (TransportError, UnknownFate, ApiError) as error:
                self._check_open(error, is_first=attempt == 1, seen=seen)
                failures.append(error)
                if [getattr(failure, "status", None) for failure in failures].count(500) == MAX_SERVER_ERRORS:
                    break
            else:
                return self._received(answer, seen)
        return self._without_reply(failures[-1])

    def _attempt(self) -> Answer:
        """Send the order once. Raises: UnknownFate, also for a reply without content."""
        order = self.order
        answer = self.api.request(
            order.endpoint, body=order.body, idempotency_key=self.key, timeout_seconds=order.timeout_seconds, once=True
        )
        if answer.body is None:
            raise UnknownFate("The reply to %s has the status %d and no content." % (order.endpoint, answer.status))
        return answer

    def _check_open(self, error: H444Error, is_first: bool, seen: bool) -> None:
        """Return if the order may have been carried out, or may still be. Raises: the error otherwise.

        *seen*: whether the list shows the resource, which no refusal of a further attempt disproves.
        """
        if isinstance(error, TransportError) and is_first:  # nothing was sent
            self.progress.maybe = False
            raise error
        if isinstance(error, ApiError) and not may_be_at_work(error, is_first):
            self.progress.maybe = seen or (not is_first and error.status not in SURELY_REFUSED)
            raise self._unknown(error) if self.progress.maybe else refusal(self.order, error, self.key) from None

    def _received(self, answer: Answer, seen_before_resend: bool) -> Receipt:
        """Store the secrets of a reply, then read the rest."""
        reply = self.shop.read_reply(answer.body)
        self.progress.receive(
            self.order.name, reply.id, reply, self.shop.secrets, self.shop.way_to_new_secrets, may_repeat=True
        )
        row, attempts = self._shaped(reply), self.facts["attempts"]
        times = (ordered_at(reply.rest), moment(row.get("created_at")) if row else None)
        made_at, server_now = min(filter(None, times), default=None), moment(answer.headers.get("Date"))
        is_replay = says_replayed(answer.headers, answer.body)
        is_new = is_surely_new(made_at, self.order, server_now, self.api.now())
        return Receipt(
            row=row,
            attempts=attempts,
            made_at=made_at,
            made_before=is_before(made_at, self.order),
            server_now=server_now,
            says_replayed=is_replay,
            seen_before_resend=seen_before_resend,
            is_fresh=is_new and not is_replay,
            is_sole=self.is_alone and attempts == 1,
        )

    def _shaped(self, reply: Reply) -> Row | None:
        """Return the row of a reply in normal form; None if it can't be read. Then the list is searched for it."""
        try:
            return self.shop.shape(reply.raw) if reply.raw is not None else None
        except BadReply:
            return None

    def _without_reply(self, problem: H444Error) -> Receipt:
        """Search the list for the ordered resource, because no reply arrived. Raises: UnknownFate."""
        listed = self._listed_if_possible()
        row = self._only_new(listed)
        if row is None:
            raise self._unknown(problem)
        for name in self.shop.secrets:
            self.progress.lose("%s of %s" % (name.replace("_", " "), self.order.name), self.shop.way_to_new_secrets)
        made_at = moment(row.get("created_at"))
        return Receipt(
            row=row,
            attempts=self.facts["attempts"],
            made_at=made_at,
            made_before=is_before(made_at, self.order),
            seen_before_resend=True,
            listed=listed,
        )

    def _unknown(self, problem: H444Error) -> UnknownFate:
        """Return the error for an order that may or may not have been placed."""
        balance = self.facts["wallet_after_usd_cents"] = self._balance()
        wallet = "; wallet %d US cents before, %s after" % (
            self.order.balance_usd_cents,
            "unknown" if balance is None else balance,
        )
        return UnknownFate(
            "It is not known whether %s was ordered (%d attempts%s). %s If it keeps failing and the panel shows "
            "nothing, %s. The last problem: %s"
            % (
                self.order.name,
                self.facts["attempts"],
                "" if self.order.shares_wallet else wallet,
                SAFE_TO_REPEAT % self.key,
                self.order.way_to_another,
                problem,
            ),
            idempotency_key=self.key,
        )

    # Find the resource of the reply

    def find_unnamed(self) -> Row:
        """Find the resource of a reply without an ID in the list. Raises: UnknownFate."""
        why, problem = "does not show it yet", ""
        try:
            row = self._only_new(self.shop.list_rows(self.api))
        except H444Error as error:
            row, why, problem = None, "can't be read", " The problem: %s" % error
        if row is None:
            raise UnknownFate(
                "The reply to the order of %s contains no ID, and the list %s. %s%s"
                % (self.order.name, why, SAFE_TO_REPEAT % self.key, problem),
                idempotency_key=self.key,
            )
        return row

    def look_for(self, row: Row, receipt: Receipt) -> tuple[Row | None, list[Row]]:
        """Find the ordered resource: its current row, None if it is not alive; and the list, if it was needed.

        A resource that is proved to be new is taken from the list. A reply that may be a replay can contain a dead
        resource, so that one is read by its ID.
        """
        if self._proves_all(row, receipt):
            return row, []
        listed = receipt.listed
        if receipt.is_fresh:
            listed = self.shop.list_rows(self.api)
            found = _by_id(listed, row["id"])
            if found is not None:
                # The reply, which is as recent, contains what the list leaves out.
                return None if is_gone(found) else laid_over(row, found), listed
        found = self._read_until_sure(row, receipt)
        if found is not None and listed is None:
            listed = self.shop.list_rows(self.api)
        return found, listed or []

    def _proves_all(self, row: Row, receipt: Receipt) -> bool:
        """Return whether the reply alone proves that this run bought the resource, and that it is alive."""
        is_new = row["id"] not in self.order.known_ids and not is_gone(row)
        return receipt.is_own and is_new and self._has_name(row) and self.shop.is_whole(row)

    def _read_until_sure(self, row: Row, receipt: Receipt) -> Row | None:
        """Read the ordered resource by its ID until it exists, or is certainly gone."""
        started, reads, pause = self.api.now(), 0, 1.0
        patience = self.order.timeout_seconds if receipt.may_be_early else DEAD_SECONDS
        while reads < DEAD_READS or self.api.now() - started < patience:
            if reads:
                self.api.sleep(pause)
                pause = min(pause * 2, DEAD_SECONDS / 3)
            found = self.shop.get_row(self.api, row["id"])
            reads += 1
            if found is not None or is_gone(row):
                return _alive(found)
        return _alive(_by_id(self.shop.list_rows(self.api), row["id"]))

    def settle(self, row: Row, receipt: Receipt, is_alive: bool) -> bool:
        """Record whether it was a replay and the balance of the wallet; return whether certainly nothing was paid."""
        is_proved = is_alive and receipt.is_own and not self.order.shares_wallet
        balance = self.order.balance_after_usd_cents if is_proved else self._balance()
        is_paid = self.order.is_paid(balance)
        replayed = receipt.is_replay(row["id"] in self.order.known_ids, is_paid)
        self.facts.update(replayed=replayed, wallet_after_usd_cents=balance)
        return is_paid is False

    # Check that it is what was ordered

    def check_name(self, row: Row, receipt: Receipt) -> None:
        """Check that a live row is what was ordered, before anything is done to it. Raises: Refused.

        A custom key can belong to a different order, and a provider can mix up two replies: a resource with a different
        name that is not proved to be new is not renamed.
        """
        self._check_not_siblings(row)
        is_known = row["id"] in self.order.known_ids
        if receipt.is_fresh or is_known or self._has_name(row) or self.shop.may_have_name(row, self.order.body):
            return
        is_earlier = receipt.made_before or (receipt.says_replayed and receipt.attempts == 1)
        if is_earlier:
            fate = "so the reply repeats an earlier order. Nothing was bought. To order %(name)s, %(way)s."
        else:
            fate = (
                "and nothing proves that this is what was ordered. Nothing was done to it. Check the panel, and only "
                "if it is a different one, %(way)s."
            )
        self._let_go(maybe=not is_earlier)
        raise self._is_another(
            row,
            "The reply to the key %(key)s, used to order %(name)s, shows the %(found)s, which is called '%(title)s', "
            + fate,
        )

    def _check_not_siblings(self, row: Row) -> None:
        """Check that a reply does not show what this run orders under another name. Raises: Refused."""
        if any(self.shop.has_name(row, name) for name in self.order.siblings):
            self._let_go(maybe=True)
            raise self._is_another(
                row,
                "The reply to the key %(key)s, used to order %(name)s, shows the %(found)s, which this task orders as "
                "'%(title)s'. It is not known whether %(name)s was ordered. Nothing was done to it. Check the panel, "
                "and run the task again: it sends the same key.",
            )

    def check_new(self, row: Row) -> None:
        """Check that a live row did not exist before. Raises: Refused."""
        if row["id"] not in self.order.known_ids:
            return
        self._let_go(maybe=False)
        raise self._is_another(
            row,
            "The key %(key)s belongs to an earlier order of %(name)s: %(found)s, now called '%(title)s'. Nothing was "
            "bought. To order another one, %(way)s.",
        )

    def _is_another(self, row: Row, message: str) -> Refused:
        """Return the error for a row that is not what was ordered; its facts stand in the message by their names."""
        return Refused(
            message
            % {
                "key": self.key,
                "name": self.order.name,
                "found": "%s %s" % (self.shop.what, row["id"]),
                "title": clean(self.shop.title(row), 80),
                "way": self.order.way_to_another,
            }
        )

    def _let_go(self, maybe: bool) -> None:
        self.progress.maybe = maybe
        self.progress.let_go()

    def check_plan(self, row: Row, receipt: Receipt) -> None:
        """Compare the plan with the ordered one, by the catalogue's names. Raises: Refused.

        A plan that is not in the catalogue may be the right one under another name. That is only a warning, because the
        money is spent.
        """
        plan, wanted = row.get("plan_slug"), self.order.body["plan_slug"]
        meant = self.order.slug_of(plan)
        if not plan or meant == wanted:
            return
        if meant is None:
            self.progress.warn(
                "The API returns the plan %s for %s, and no plan in GET /v1/products has that name. It is not known "
                "whether it is %s." % (shown(plan), self.order.name, wanted)
            )
            return
        cause = "an earlier order of the same name was repeated"
        if receipt.is_own:
            cause = "the provider delivered a different plan; open a ticket"
        raise Refused(
            "The reply to the key %s shows %s, which has plan_slug %s instead of %s: %s. Nothing more was bought."
            % (self.key, row["id"], meant, wanted, cause)
        )

    def check_single(self, row: Row, listed: t.Sequence[Row]) -> None:
        """Check that the list shows no second new resource with the ordered name. Raises: Refused."""
        known = {*self.order.known_ids, row["id"]}
        others = [item["id"] for item in self._of_the_name(listed) if item["id"] not in known]
        if others:
            raise Refused(
                "%s seems to have been ordered twice: IDs %s. Nothing is terminated automatically. Open a ticket that "
                "states the key %s." % (self.order.name, ", ".join([row["id"]] + others), self.key)
            )

    def check_dead(self, row: Row, receipt: Receipt, is_unpaid: bool) -> None:
        """Check that the reply repeats an earlier order of a dead resource, whose key is certainly still remembered.

        Only then is it safe to order with the next key. Raises: NotReached, Refused.
        """
        if not (receipt.is_old or is_unpaid):
            self.progress.maybe = True
            raise NotReached(
                "%s was ordered as %s, but the API does not show it yet. %s%s"
                % (self.order.name, row["id"], SAFE_TO_REPEAT % self.key, self._way_if_gone()),
                idempotency_key=self.key,
            )
        self.progress.maybe = False
        self.progress.forget()
        if self.order.custom_key or not key_surely_lives(receipt.made_at, receipt.server_now):
            raise Refused(
                "The reply to the key %s shows %s, which no longer exists: it repeats an earlier order of %s. This "
                "run bought nothing. To order a new one, %s."
                % (self.key, row["id"], self.order.name, self.order.way_to_another),
                idempotency_key=self.key,
                dead_id=row["id"],
            )

    def _way_if_gone(self) -> str:
        """Return the way out of a task that would fail in each run, because only the wallet could tell."""
        return (
            " If the panel does not show it either, %s." % self.order.way_to_another if self.order.shares_wallet else ""
        )

    # Shared by the steps

    def _has_name(self, row: Row) -> bool:
        return self.shop.has_name(row, self.order.wanted_name)

    def _of_the_name(self, rows: t.Iterable[Row]) -> list[Row]:
        """Return the living rows with the ordered name."""
        return [row for row in rows if self._has_name(row) and not is_gone(row)]

    def _only_new(self, rows: t.Iterable[Row]) -> Row | None:
        """Find the one living resource with the ordered name that did not exist before."""
        new = [row for row in self._of_the_name(rows) if row["id"] not in self.order.known_ids]
        return new[0] if len(new) == 1 else None

    def _listed_if_possible(self) -> list[Row]:
        """Read the list while it is not known whether the order was placed: a failed read must not hide that."""
        try:
            return self.shop.list_rows(self.api)
        except H444Error:
            return []

    def _balance(self) -> int | None:
        """Read the balance; None if it can't be read, or if it says nothing because other orders pay from it."""
        if self.order.shares_wallet:
            return None
        try:
            return _account.get_wallet(self.api).balance_usd_cents
        except H444Error:
            return None


def _by_id(rows: t.Iterable[Row], resource_id: str) -> Row | None:
    return next((row for row in rows if row["id"] == resource_id), None)


def _alive(row: Row | None) -> Row | None:
    return None if row is None or is_gone(row) else row
