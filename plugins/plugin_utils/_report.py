# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The figures of an account on one day: what there is, what it costs, how long the wallet lasts. Pure.

Input are the results of the info modules and the day; amounts are in US cents, days in UTC. Texts of the API come out
of here on one line, without control characters and secrets, and not escaped.
"""

from __future__ import annotations

import calendar
import re
import typing as t
from datetime import date, timedelta
from urllib.parse import urlsplit

from ansible_collections.h444.cloud.plugins.module_utils import _catalogue
from ansible_collections.h444.cloud.plugins.module_utils._names import clean, is_digits
from ansible_collections.h444.cloud.plugins.module_utils._reader import moment
from ansible_collections.h444.cloud.plugins.module_utils._status import is_gone
from ansible_collections.h444.cloud.plugins.module_utils._table import money
from ansible_collections.h444.cloud.plugins.module_utils._ticket import OVER

Row = t.Mapping[str, t.Any]
Rows = t.Sequence[Row]

SCOPES = {
    "account": "account:read",
    "products": "account:read",
    "vps": "vps:read",
    "ips": "vps:read",
    "hosting": "hosting:read",
    "domains": "domains:read",
    "invoices": "billing:read",
    "tickets": "tickets:read",
    "webhooks": "webhooks:read",
}
"""What the figures are made of, by the names that the modules return, and the scope that each of them needs."""

PLAIN = frozenset({"ips", "domains", "invoices", "tickets", "webhooks"})
"""Sections that say nothing of what a month costs."""

MONTHS = 12
HORIZON_YEARS = 10
"""A wallet that lasts longer has no day on which it runs empty: prices don't stay for so long."""

# The API's own words for the state of an invoice; the page lists none of them.
VOID = frozenset({"cancelled", "canceled", "void", "voided", "draft", "refunded", "deleted", "uncollectible"})
PAID = frozenset({"paid", "completed", "complete", "settled", "credited", "partially_refunded"})
OVERDUE = frozenset({"overdue", "past_due", "late", "collections", "failed"})
UNPAID = frozenset({
    "unpaid", "open", "due", "issued", "sent", "pending", "payment_pending", "partially_paid", "partial", "outstanding",
    "awaiting_payment",
})  # fmt: skip


class Address(t.NamedTuple):
    """An address of a server. *forward*: whether the name of its PTR record leads back to it; None without a record."""

    ip: str
    ptr: str
    forward: bool | None


class Server(t.NamedTuple):
    """A server. *monthly*: its price, None if unknown. *since*: the day on which it was created, None if unknown."""

    id: str
    label: str
    hostname: str
    status: str
    plan: str
    monthly: int | None
    since: date | None
    addresses: list[Address]

    @property
    def has_own_hostname(self) -> bool:
        """Whether the host name says something that neither the label nor a PTR record says."""
        return bool(self.hostname) and self.hostname not in (self.label, *(address.ptr for address in self.addresses))


class Hosting(t.NamedTuple):
    """A web hosting account, as Server."""

    id: str
    domain: str
    username: str
    status: str
    plan: str
    monthly: int | None
    since: date | None
    php: str
    certificate: str


class Domain(t.NamedTuple):
    """A domain. *days*: until it expires, negative afterwards. None is unknown."""

    id: str
    name: str
    status: str
    expires: date | None
    days: int | None
    auto_renew: bool | None
    transfer_lock: bool | None


class Invoice(t.NamedTuple):
    """An invoice. *state*: paid, unpaid, overdue, void or unknown; *status* is the API's word."""

    number: str
    status: str
    state: str
    total: int | None
    day: date | None


class Ticket(t.NamedTuple):
    """A ticket that is not closed. *waits*: the staff has answered, and waits for the customer."""

    number: str
    subject: str
    status: str
    updated: date | None
    waits: bool


class Webhook(t.NamedTuple):
    """A webhook. *host*: the part of its URL that contains no token."""

    id: str
    host: str
    events: list[str]
    is_active: bool


class Plan(t.NamedTuple):
    """What the services of one plan cost together. *each*: None if the price is unknown."""

    kind: str
    name: str
    number: int
    each: int | None

    @property
    def total(self) -> int | None:
        """The price of all of them."""
        return None if self.each is None else self.each * self.number


class Month(t.NamedTuple):
    """The invoices of one month. *unpriced*: those of them that have no readable total."""

    name: str
    number: int
    total: int
    unpriced: int


class Costs(t.NamedTuple):
    """What a month costs. *unpriced*: services without a known price; *undated*: priced ones of an unknown day."""

    monthly: int
    unpriced: int
    undated: int


class Wallet(t.NamedTuple):
    """The balance and how long it lasts.

    *next_day*: of the next renewal, which costs *next_total*. *empty*: the day of the first renewal that is not
    covered, today if there is nothing left; None if there is no such day within HORIZON_YEARS, or nothing to pay.
    """

    balance: int
    next_day: date | None
    next_total: int
    empty: date | None


class Figures(t.NamedTuple):
    """The account on one day. A section that the key can't read is empty, and in *missing* with the scope it needs.

    *costs*: None if no price or no service can be read. *wallet*: None if the balance can't be read.
    """

    day: date
    account_id: str
    email: str
    servers: list[Server]
    hosting: list[Hosting]
    domains: list[Domain]
    invoices: list[Invoice]
    months: list[Month]
    tickets: list[Ticket]
    webhooks: list[Webhook]
    plans: list[Plan]
    costs: Costs | None
    wallet: Wallet | None
    missing: dict[str, str]


# Days


def add_months(day: date, months: int) -> date:
    """Return the same day some months later, or the last day of a month that is too short."""
    return on_day(day.year, day.month + months, day.day)


def on_day(year: int, month: int, day: int) -> date:
    """Return a day of a month, or its last day; months after the twelfth are those of the years after."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def day_of(value: t.Any) -> date | None:
    """Return the day of a time in any form of the API, in UTC; None if it can't be read."""
    found = moment(value)
    return None if found is None else found.date()


def span(start: date, end: date) -> str:
    """Say in words how long it is from one day to another, in two units at most: 2 months and 3 days."""
    months = (end.year - start.year) * 12 + end.month - start.month
    months -= add_months(start, months) > end
    days = (end - add_months(start, months)).days
    counted = [(months // 12, "year"), (months % 12, "month"), (days if months < 12 else 0, "day")]
    return " and ".join(plural(number, unit) for number, unit in counted if number) or "0 days"


def plural(number: int, unit: str) -> str:
    """Return a number with its unit: 1 day, 2 days."""
    return "%d %s%s" % (number, unit, "" if number == 1 else "s")


# Reading


def natural(text: str) -> list[t.Any]:
    """Return a key to sort names by: web-2 is before web-10."""
    parts = re.split(r"([0-9]{1,18})", text.casefold())
    return [(0, int(part), "") if is_digits(part) else (1, 0, part) for part in parts]


def word(value: t.Any, limit: int = 255) -> str:
    """Return a text of the API, fit to be shown; empty if there is none."""
    return "" if value is None else clean(str(value), limit)


Price = t.Tuple[str, t.Optional[int]]
"""the slug of a plan, and your own price in cents a month"""


def prices_of(products: Rows, category: str) -> dict[str, Price]:
    """Return the price of each plan, by every name by which the API may call it, in lower case.

    A plan that is listed with two prices has none.
    """
    prices = _catalogue.prices(products, category)
    names = _catalogue.plan_names(products, category)
    return {name.casefold(): (slug, prices[slug]) for name, slug in names.items()}


def _price_of(row: Row, prices: t.Mapping[str, Price]) -> Price:
    """Return the plan of a service and its price; the API's own word and None if the catalogue lacks it."""
    name = row["plan_slug"] or ""
    slug, cents = prices.get(name.casefold(), (name, None))
    return word(slug, 60), cents


def read_servers(rows: Rows, ips: Rows, prices: t.Mapping[str, Price]) -> list[Server]:
    """Return the living servers with their addresses, by their labels."""
    by_server: dict[str, list[Row]] = {}
    for row in ips:
        by_server.setdefault(row["vps_id"], []).append(row)
    servers = []
    for row in rows:
        if is_gone(row):
            continue
        own = sorted(by_server.get(row["id"], []), key=lambda ip: (ip.get("primary") is not True, ":" in ip["ip"]))
        addresses = [Address(ip["ip"], word(ip["ptr"]), ip["forward_confirmed"] if ip["ptr"] else None) for ip in own]
        if not addresses and row["ipv4"]:
            addresses = [Address(row["ipv4"], "", None)]
        servers.append(
            Server(
                word(row["id"]),
                word(row["label"]) or word(row["id"]),
                word(row["hostname"]),
                word(row["status"], 40) or "unknown",
                *_price_of(row, prices),
                day_of(row["created_at"]),
                addresses,
            )
        )
    return sorted(servers, key=lambda server: (natural(server.label), server.id))


def read_hosting(rows: Rows, prices: t.Mapping[str, Price]) -> list[Hosting]:
    """Return the living hosting accounts, by their domains."""
    found = [
        Hosting(
            word(row["id"]),
            word(row["domain"]) or word(row["id"]),
            word(row["username"], 64),
            word(row["status"], 40) or "unknown",
            *_price_of(row, prices),
            day_of(row["created_at"]),
            word(row["php_version"], 20),
            word(row["ssl_status"], 40),
        )
        for row in rows
        if not is_gone(row)
    ]
    return sorted(found, key=lambda one: (natural(one.domain), one.id))


def read_domains(rows: Rows, today: date) -> list[Domain]:
    """Return the domains, the next to expire first, those of an unknown day last."""
    found = []
    for row in rows:
        if is_gone(row):
            continue
        expires = day_of(row["expires_on"])
        found.append(
            Domain(
                word(row["id"]),
                word(row["name"]),
                word(row["status"], 80),
                expires,
                (expires - today).days if expires else None,
                row["auto_renew"],
                row["transfer_lock"],
            )
        )
    return sorted(found, key=lambda one: (one.expires or date.max, natural(one.name), one.id))


def state_of(row: Row) -> str:
    """Return what the API's word for the state of an invoice means here; a paid one may have a time instead."""
    status = row["status"] or ""
    for state, words in (("void", VOID), ("overdue", OVERDUE), ("unpaid", UNPAID), ("paid", PAID)):
        if status in words:
            return state
    return "paid" if row["paid_at"] else "unknown"


def read_invoices(rows: Rows) -> list[Invoice]:
    """Return the invoices in the API's order, which is the newest first."""
    return [
        Invoice(
            word(row["invoice_number"], 60) or word(row["id"]),
            word(row["status"], 40) or "unknown",
            state_of(row),
            row["total_usd_cents"],
            day_of(row["created_at"]),
        )
        for row in rows
    ]


def due(invoices: t.Sequence[Invoice]) -> list[Invoice]:
    """Return the invoices that are not known to be paid or void: the overdue ones first, then the newest."""
    return [one for state in ("overdue", "unpaid", "unknown") for one in invoices if one.state == state]


def read_months(invoices: t.Sequence[Invoice], today: date) -> list[Month]:
    """Return the totals of the last twelve months, the oldest first; void invoices don't count."""
    names = ["%04d-%02d" % on_day(today.year, today.month - back, 1).timetuple()[:2] for back in range(MONTHS)]
    counted: dict[str, list[int | None]] = {name: [] for name in reversed(names)}
    for invoice in invoices:
        if invoice.day and invoice.state != "void":
            counted.get(invoice.day.strftime("%Y-%m"), []).append(invoice.total)
    return [
        Month(name, len(totals), sum(total or 0 for total in totals), totals.count(None))
        for name, totals in counted.items()
    ]


def read_tickets(rows: Rows) -> list[Ticket]:
    """Return the tickets that are not closed: first those that wait for the customer, then the latest."""
    found = [
        Ticket(
            word(row["ticket_number"], 40) or word(row["id"]),
            word(row["subject"]),
            word(row["status"], 40) or "unknown",
            day_of(row["updated_at"]) or day_of(row["created_at"]),
            row["status"] == "answered",
        )
        for row in rows
        if row["status"] not in OVER
    ]
    return sorted(found, key=lambda one: (not one.waits, -(one.updated or date.min).toordinal(), one.number))


def read_webhooks(rows: Rows) -> list[Webhook]:
    """Return the webhooks by their hosts. The path of a URL can be a secret, so it is not shown."""
    found = []
    for row in rows:
        events = [word(event, 60) for event in row["events"]]
        found.append(Webhook(word(row["id"]), _host_of(row["url"]), events, row["is_active"] is not False))
    return sorted(found, key=lambda one: (one.host, one.id))


def _host_of(url: t.Any) -> str:
    """Return the host of a URL, and its port."""
    try:
        parts = urlsplit(str(url or ""))
        host = (parts.hostname or "") + (":%d" % parts.port if parts.port else "")
    except ValueError:
        host = ""
    return word(host) or "unknown"


# Money

Service = t.Union[Server, Hosting]


def costs_of(services: t.Sequence[Service]) -> Costs:
    """Add up what a month costs."""
    priced = [one for one in services if one.monthly is not None]
    return Costs(
        sum(one.monthly or 0 for one in priced),
        len(services) - len(priced),
        len([one for one in priced if one.monthly and one.since is None]),
    )


def plans_of(servers: t.Sequence[Server], hosting: t.Sequence[Hosting]) -> list[Plan]:
    """Group the services by their plans, the dearest group first."""
    counted: dict[tuple[str, str, int | None], int] = {}
    for kind, services in (("Server", servers), ("Hosting", hosting)):
        for one in t.cast("t.Sequence[Service]", services):
            key = (kind, one.plan or "unknown", one.monthly)
            counted[key] = counted.get(key, 0) + 1
    plans = [Plan(kind, name, count, each) for (kind, name, each), count in counted.items()]
    return sorted(plans, key=lambda plan: (plan.total is not None, -(plan.total or 0), natural(plan.name)))


def debits(services: t.Sequence[Service], today: date) -> t.Iterator[tuple[date, int]]:
    """Return the renewals after today, day by day, for HORIZON_YEARS: the day, and what is debited on it.

    An estimate, because the API shows no renewals: each service is debited once a month, on the day of the month on
    which it was created. If that day is unknown, it is debited tomorrow, which is the worst case.
    """
    by_day: dict[int, int] = {}
    for one in services:
        if one.monthly:
            day = (one.since or today + timedelta(days=1)).day
            by_day[day] = by_day.get(day, 0) + one.monthly
    for month in range(HORIZON_YEARS * 12 + 1 if by_day else 0):
        due: dict[date, int] = {}
        for day, cents in by_day.items():
            when = on_day(today.year, today.month + month, day)
            due[when] = due.get(when, 0) + cents
        yield from sorted((when, cents) for when, cents in due.items() if when > today)


def wallet_of(balance: int, services: t.Sequence[Service], today: date) -> Wallet:
    """Return how long a balance lasts."""
    next_day, next_total = next(debits(services, today), (None, 0))
    if balance <= 0:
        return Wallet(balance, next_day, next_total, today if next_day or balance < 0 else None)
    left, empty = balance, None
    for when, cents in debits(services, today):
        left -= cents
        if left < 0:
            empty = when
            break
    return Wallet(balance, next_day, next_total, empty)


# The whole


def figures_of(found: t.Mapping[str, t.Any], missing: t.Mapping[str, str], today: date) -> Figures:
    """Return the figures. *found*: what each module returned, by the names of SCOPES, but for those in *missing*."""

    def rows(name: str) -> Rows:
        return t.cast(Rows, found.get(name) or ())

    servers = read_servers(rows("vps"), rows("ips"), prices_of(rows("products"), "vps"))
    hosting = read_hosting(rows("hosting"), prices_of(rows("products"), "hosting"))
    services: list[Service] = [*servers, *hosting]
    account = found.get("account")
    invoices = read_invoices(rows("invoices"))
    return Figures(
        day=today,
        account_id=word(account["id"]) if account else "",
        email=word(account.get("email")) if account else "",
        servers=servers,
        hosting=hosting,
        domains=read_domains(rows("domains"), today),
        invoices=invoices,
        months=read_months(invoices, today),
        tickets=read_tickets(rows("tickets")),
        webhooks=read_webhooks(rows("webhooks")),
        plans=plans_of(servers, hosting),
        costs=None if "products" in missing or {"vps", "hosting"} <= set(missing) else costs_of(services),
        wallet=wallet_of(account["balance_usd_cents"], services, today) if account else None,
        missing=dict(missing),
    )


def is_partial(figures: Figures) -> bool:
    """Return whether a month may cost more than is known: a price is unknown, or a section can't be read."""
    return bool(figures.costs and figures.costs.unpriced) or bool({"vps", "hosting"} & set(figures.missing))


def lasting(figures: Figures) -> tuple[str, str]:
    """Say until when the wallet lasts, and in words for how long or why that is not known."""
    wallet, costs = figures.wallet, figures.costs
    if wallet is None or costs is None:
        lacking = sorted({scope for name, scope in figures.missing.items() if name not in PLAIN})
        return "unknown", "the API key lacks %s" % " and ".join(lacking)
    if wallet.balance < 0:
        return wallet.empty.isoformat() if wallet.empty else "", "it is below zero"
    if not costs.monthly:
        return ("unknown", "no price is known") if is_partial(figures) else ("no end", "a month costs nothing")
    if wallet.empty is None:
        return "no end in sight", "more than %d years" % HORIZON_YEARS
    if wallet.empty == figures.day:
        return wallet.empty.isoformat(), "it is empty"
    return wallet.empty.isoformat(), span(figures.day, wallet.empty) + (" at most" if is_partial(figures) else "")


def in_words(figures: Figures) -> str:
    """Return the figures about money as one sentence."""
    wallet, costs = figures.wallet, figures.costs
    month = "an unknown amount" if costs is None else "%s USD" % money(costs.monthly)
    balance = "an unknown amount" if wallet is None else "%s USD" % money(wallet.balance)
    least = "at least " if costs and is_partial(figures) else ""
    until, words = lasting(figures)
    has_day = wallet is not None and wallet.empty is not None and wallet.empty > figures.day and costs is not None
    end = "It runs empty on %s (%s)" % (until, words) if has_day else "How long it lasts: %s" % words
    return "A month costs %s%s. The wallet contains %s. %s." % (least, month, balance, end)
