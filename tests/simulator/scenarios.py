# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Named accounts to begin with: what is in them, and the faults that their requests meet."""

from __future__ import annotations

import contextlib
import itertools
import typing as t

from . import billing, domains, hosting, servers, tickets, webhooks
from .account import Account, Route
from .calls import Row

MONTH_DAYS = 30
NAMESERVERS = (
    ["ns1.example.net", "ns2.example.net"],
    ["ns1.studio.example", "ns2.studio.example"],
    ["ada.dns.example", "bob.dns.example", "eve.dns.example"],
)


class Server(t.NamedTuple):
    """A server. *domain*: the PTR record of its address is its label below it; none for no record."""

    label: str
    plan_slug: str
    os_template: str
    days_old: int
    domain: str | None = None
    status: str = "running"


class Scenario(t.NamedTuple):
    """An account to begin with. *faults*: made of the endpoints."""

    summary: str
    fill: t.Callable[[Account], None]
    faults: t.Callable[[t.Sequence[Route]], list[Row]] = lambda routes: []


def check(name: t.Any) -> str:
    """Give the name of a scenario. Raises ValueError with a sentence."""
    if not isinstance(name, str) or name not in SCENARIOS:
        raise ValueError(f"there is no scenario called {name}; there are {', '.join(SCENARIOS)}")
    return name


def table() -> str:
    """Write the table for people."""
    return "\n".join(f"  {name:<8}{scenario.summary}" for name, scenario in SCENARIOS.items())


def begin(account: Account, name: str) -> None:
    """Fill an account that is empty."""
    with account.lock:
        SCENARIOS[name].fill(account)
        account.effect = False


# Time and money


@contextlib.contextmanager
def days_ago(account: Account, days: float) -> t.Iterator[None]:
    """Let things happen in the past. The account's lock is held."""
    offset = account.offset
    account.offset = offset - days * 86400
    try:
        yield
    finally:
        account.offset = offset


def begin_days_ago(account: Account, days: float) -> None:
    """Say when the account was made."""
    with days_ago(account, days):
        account.account["created_at"] = account.stamp()


def in_days(account: Account, days: float) -> str:
    """Give a point in time in the future."""
    return account.stamp(account.now() + days * 86400)


def bill(account: Account, months: int, balance_usd_cents: int) -> None:
    """Write an invoice for each of the last months, paid from the wallet, which was topped up for a quarter each time.

    The wallet ends with this balance, or with the one that was asked for.
    """
    final = balance_usd_cents if account.balance_usd_cents is None else account.balance_usd_cents
    account.account["balance_usd_cents"] = 0
    bills = [items_of_month(account, (months - month) * MONTH_DAYS) for month in range(months)]
    totals = [sum(item["total_usd_cents"] for item in items) for items in bills]
    for month, items in enumerate(bills):
        with days_ago(account, (months - month) * MONTH_DAYS - 1):
            if month % 3 == 0:
                top_up = sum(totals[month : month + 3]) + (final if month == 0 else 0)
                billing.book(account, "credit", top_up, "Top-up by card", None)
            invoice = billing.add_invoice(account, account.new_id("inv"), totals[month], "Renewals")
            invoice["items"] = items
            billing.book(account, "debit", totals[month], f"Invoice {invoice['invoice_number']}", invoice["id"])


def items_of_month(account: Account, days: float) -> list[Row]:
    """Give the items of an invoice: what there was so many days ago, at the prices of the plans."""
    rows = [(row["label"], row) for row in account.servers.values()]
    rows += [(row["domain"], row) for row in account.hosting.values()]
    prices = {product["slug"]: product["your_monthly_usd_cents"] for product in account.products}
    return [
        {
            "description": f"{name} ({row['plan_slug']}), 1 month",
            "quantity": 1,
            "unit_usd_cents": prices[row["plan_slug"]],
            "total_usd_cents": prices[row["plan_slug"]],
        }
        for name, row in rows
        if row["at"] <= account.now() - days * 86400
    ]


# Resources


def add_servers(account: Account, rows: t.Iterable[Server]) -> None:
    """Add servers with their PTR records."""
    families = {row["os_template"]: row["os_family"] for row in account.templates}
    for server in rows:
        with days_ago(account, server.days_old):
            row = servers.make_server(
                account,
                {
                    "label": server.label,
                    "hostname": f"{server.label}.{server.domain}" if server.domain else server.label,
                    "plan_slug": server.plan_slug,
                    "os_family": families[server.os_template],
                    "os_template": server.os_template,
                    "status": server.status,
                },
            )
        if server.domain:
            row["ips"][0]["ptr"] = row["hostname"]


def add_hosting(account: Account, domain: str, days_old: int, **row: t.Any) -> None:
    """Add a hosting account, whose user is called like its domain."""
    with days_ago(account, days_old):
        hosting.make_hosting(account, {"domain": domain, "username": domain.replace(".", "").replace("-", ""), **row})


def add_domain(account: Account, name: str, expires_in_days: float, **row: t.Any) -> None:
    """Add a domain that was registered for a year."""
    with days_ago(account, 365 - min(expires_in_days, 364)):
        created_at = account.stamp()
    given = {"expires_at": in_days(account, expires_in_days), "created_at": created_at, **row}
    domains.make_domain(account, {"name": name, **given})


def add_ticket(account: Account, subject: str, days_old: float, thread: t.Sequence[str], status: str) -> None:
    """Add a ticket. *thread*: its messages, of the customer and the support by turns."""
    with days_ago(account, days_old):
        row = tickets.make_ticket(account, {"subject": subject, "message": thread[0]})
    for place, message in enumerate(thread[1:], 1):
        with days_ago(account, max(0, days_old - place / 8)):
            author = "staff" if place % 2 else "customer"
            tickets.add_message(account, row, author, message, "answered" if place % 2 else "open")
    row["status"] = status


def add_webhook(account: Account, url: str, days_old: int, *events: str, **row: t.Any) -> None:
    """Add a subscription. It comes after the tickets: there are no deliveries of what happened before."""
    with days_ago(account, days_old):
        webhooks.make_webhook(account, {"url": url, "events": list(events), **row})


# The accounts


def fill_empty(account: Account) -> None:
    """Add two domains."""
    for name in ("example.com", "example.org"):
        domains.make_domain(account, {"name": name})


SMALL = (
    Server("web-1", "vps-2", "ubuntu-24.04", 200, "example.com"),
    Server("web-2", "vps-2", "ubuntu-24.04", 190, "example.com"),
    Server("db-1", "vps-3", "debian-12", 200, "example.com"),
    Server("mail-1", "vps-1", "debian-12", 150, "example.com"),
    Server("test-1", "vps-1", "ubuntu-22.04", 40, status="stopped"),
)


def fill_small(account: Account, balance_usd_cents: int = 12000) -> None:
    """Add what a small company has."""
    begin_days_ago(account, 210)
    add_servers(account, SMALL)
    add_hosting(account, "shop.example.com", 160)
    add_domain(account, "example.com", 240, auto_renew=True)
    add_domain(account, "example.org", 75)
    add_ticket(account, "Mail from mail-1 is rejected", 2, ["A receiver says that our PTR record is missing."], "open")
    add_webhook(account, "https://hooks.example.com/444host", 100, "vps.created", "vps.terminated", "invoice.paid")
    bill(account, 3, balance_usd_cents)


def fill_broke(account: Account) -> None:
    """Let the small company have no money left."""
    fill_small(account, 300)
    due = items_of_month(account, 0)
    invoice = billing.make_invoice(
        account, {"total_usd_cents": sum(item["total_usd_cents"] for item in due), "status": "unpaid"}
    )
    invoice["items"] = due
    by_label = {row["label"]: row for row in account.servers.values()}
    by_label["web-2"]["status"] = "suspended"
    by_name = {row["name"]: row for row in account.domains.values()}
    by_name["example.org"]["expires_at"] = in_days(account, 4)


class Group(t.NamedTuple):
    """Servers of one kind, called NAME-1, NAME-2 …; the last *stopped* of them are off."""

    name: str
    count: int
    plan_slug: str
    os_template: str
    domain: str | None = None
    stopped: int = 0


AGENCY = (
    Group("web", 14, "vps-2", "ubuntu-24.04", "studio.example"),
    Group("db", 8, "vps-3", "debian-12", "studio.example"),
    Group("app", 8, "vps-2", "ubuntu-24.04", "studio.example"),
    Group("cache", 4, "vps-1", "debian-13", "studio.example"),
    Group("worker", 6, "vps-2", "ubuntu-22.04", stopped=1),
    Group("mail", 3, "vps-1", "debian-12", "studio.example"),
    Group("lb", 2, "vps-1", "almalinux-9", "studio.example"),
    Group("ns", 2, "vps-1", "debian-12", "studio.example"),
    Group("monitor", 1, "vps-2", "debian-13", "studio.example"),
    Group("backup", 2, "vps-4", "rocky-9"),
    Group("build", 2, "vps-3", "ubuntu-24.04", stopped=1),
    Group("staging-web", 3, "vps-1", "ubuntu-24.04", stopped=1),
    Group("staging-db", 1, "vps-2", "debian-12"),
    Group("bakery-shop", 2, "vps-2", "ubuntu-22.04", "bakery.example"),
    Group("clinic-portal", 1, "vps-3", "rocky-9", "clinic.example"),
    Group("museum-tickets", 1, "vps-2", "almalinux-9", "museum.example"),
)
AGENCY_HOSTING = (
    ("bakery.example", "8.3"),
    ("clinic.example", "8.1"),
    ("museum.example", "8.3"),
    ("florist.example", "8.3"),
    ("garage.example", "7.4"),
    ("school.example", "8.1"),
    ("yoga.example", "8.3"),
    ("band.example", "7.4"),
    ("lawyers.example", "8.3"),
    ("brewery.example", "8.1"),
)
AGENCY_DOMAINS = (
    *(domain for domain, _php in AGENCY_HOSTING),
    *("studio.example", "studio-cdn.example", "studio-status.example", "old-studio.example"),
    *("bakery-shop.example", "clinic-portal.example", "museum-tickets.example"),
    *("summer-campaign.example", "festival.example", "pop-up-store.example"),
)


def fill_agency(account: Account) -> None:
    """Add what a web agency has: 60 servers, 10 hosting accounts, 20 domains, a year of invoices."""
    begin_days_ago(account, 430)
    ages = itertools.cycle((420, 410, 390, 366, 340, 300, 250, 220, 170, 110, 60, 20))
    add_servers(
        account,
        [
            Server(
                f"{group.name}-{number}",
                group.plan_slug,
                group.os_template,
                next(ages),
                group.domain,
                "stopped" if number > group.count - group.stopped else "running",
            )
            for group in AGENCY
            for number in range(1, group.count + 1)
        ],
    )
    for place, (domain, php_version) in enumerate(AGENCY_HOSTING):
        add_hosting(
            account,
            domain,
            400 - 30 * place,
            php_version=php_version,
            plan_slug="hosting-pro" if place % 3 == 0 else "hosting-starter",
            status="suspended" if domain == "band.example" else "active",
            ssl_status="failed" if domain == "garage.example" else "issued",
        )
    for place, name in enumerate(AGENCY_DOMAINS):
        # Three of them expire within a month.
        left_days = {"old-studio.example": 3, "summer-campaign.example": 9, "festival.example": 26}.get(name)
        add_domain(
            account,
            name,
            left_days or 40 + 16 * place,
            auto_renew=left_days is None,
            transfer_lock=place % 7 != 6,
            whois_privacy=place % 5 != 4,
            nameservers=list(NAMESERVERS[place % 3]),
        )
    fill_desk(account)
    bill(account, 12, 150000)


def fill_desk(account: Account) -> None:
    """Add the tickets and the webhooks of the agency."""
    add_ticket(
        account,
        "Reverse DNS of mail-2",
        80,
        ["The PTR record of mail-2 is not there yet.", "It is now. Thank you for waiting.", "It works, thanks."],
        "closed",
    )
    add_ticket(account, "Invoice address", 45, ["Our address has changed.", "It is changed."], "resolved")
    add_ticket(account, "Slow disk on db-3", 3, ["Writes take 40 ms.", "Which hours do you see it in?"], "answered")
    add_ticket(account, "More addresses for lb-1", 0.5, ["We need a second IPv4 address on lb-1."], "open")
    add_webhook(account, "https://hooks.studio.example/inventory", 300, "vps.created", "vps.terminated")
    add_webhook(account, "https://hooks.studio.example/power", 300, "vps.power.changed", "vps.reinstalled")
    add_webhook(account, "https://books.studio.example/444host", 210, "invoice.paid", description="Bookkeeping")
    add_webhook(account, "https://desk.studio.example/hooks", 120, "ticket.created", "ticket.replied")
    add_webhook(account, "https://old.studio.example/hook", 400, "vps.ptr.changed", is_active=False)


# The faults of flaky

RETRY_SOON = {"Retry-After": "1"}
BUSY: Row = {"kind": "status", "status": 429, "headers": RETRY_SOON}
SLOW: Row = {"kind": "delay", "seconds": 1}
UNAVAILABLE: Row = {"kind": "status", "status": 503, "headers": RETRY_SOON}
BAD_GATEWAY: Row = {"kind": "html", "status": 502}
TO_READS = ({"kind": "reset"}, UNAVAILABLE, SLOW, {"kind": "truncate"}, BAD_GATEWAY, {"kind": "close"}, BUSY)
TO_WRITES = ({"kind": "reset", "when": "after"}, UNAVAILABLE, {**BAD_GATEWAY, "when": "after"}, SLOW, BUSY)
TO_ORDERS = ({"kind": "reset", "when": "after"}, BAD_GATEWAY, {"kind": "truncate", "when": "after"}, UNAVAILABLE)
TO_WHAT_IS_SENT_ONCE = (BUSY, SLOW)
SENT_ONCE = frozenset(
    {
        "/vps/{id}/power/reboot",
        "/hosting/{id}/ssl/retry",
        "/tickets/{id}/reply",
        "/webhooks",
        "/webhooks/{id}/rotate-secret",
        "/webhooks/{id}/deliveries/{deliveryId}/redeliver",
    }
)
"""The POST requests that nobody may send again after their reply was lost; they meet only what is no doubt."""


def flaky(routes: t.Sequence[Route]) -> list[Row]:
    """Give faults that come back: each endpoint meets two kinds of them, again and again."""
    faults: list[Row] = []
    for place, (method, path, takes_key) in enumerate(_endpoints(routes)):
        kinds: t.Sequence[Row] = TO_READS if method == "GET" else TO_ORDERS if takes_key else TO_WRITES
        if method == "POST" and path in SENT_ONCE:
            kinds = TO_WHAT_IS_SENT_ONCE
        first, second = kinds[place % len(kinds)], kinds[(place + 1) % len(kinds)]
        if takes_key:
            first, second = kinds[0], kinds[1 + place % (len(kinds) - 1)]
        faults.append({"method": method, "path": path, "nth": 1, "every": 3, **first})
        faults.append({"method": method, "path": path, "nth": 2, "every": 4, **second})
    return faults


def _endpoints(routes: t.Sequence[Route]) -> t.Iterator[tuple[str, str, bool]]:
    """Give method, path, and whether it takes an Idempotency-Key, of each endpoint and each power action."""
    for route in routes:
        actions = ("start", "stop", "reboot") if "{action}" in route.path else ("",)
        for action in actions:
            yield route.method, route.path.replace("{action}", action), route.takes_key


SCENARIOS: dict[str, Scenario] = {
    "empty": Scenario("a wallet of 100 dollars and two domains (the default)", fill_empty),
    "small": Scenario(
        "5 servers with PTR records, one of them stopped, a hosting account, 2 domains, 3 months of invoices",
        fill_small,
    ),
    "agency": Scenario(
        "60 servers, 10 hosting accounts, 20 domains, 5 webhooks, 4 tickets, 12 months of invoices", fill_agency
    ),
    "broke": Scenario(
        "small with 3 dollars left, an unpaid invoice, a suspended server, a domain that expires in 4 days", fill_broke
    ),
    "flaky": Scenario(
        "small, where requests fail again and again in ways that a correct client survives", fill_small, flaky
    ),
}
