# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The figures of an account: days, prices, the wallet, and what is read out of each section."""

from __future__ import annotations

import typing as t
from datetime import date

import pytest

from ansible_collections.h444.cloud.plugins.plugin_utils import _report as report
from ansible_collections.h444.cloud.tests.unit.plugins.plugin_utils import accounts
from ansible_collections.h444.cloud.tests.unit.plugins.plugin_utils.accounts import (
    TODAY,
    domain,
    figures,
    hosting,
    invoice,
    ip,
    product,
    server,
    ticket,
    webhook,
)


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-11-30", 27, "2029-02-28"),
        ("2026-01-15", -1, "2025-12-15"),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last_one(day: str, months: int, then: str) -> None:
    assert report.add_months(date.fromisoformat(day), months).isoformat() == then


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("2026-11-26", "2026-11-26", "0 days"),
        ("2026-11-26", "2026-11-27", "1 day"),
        ("2026-11-26", "2026-12-25", "29 days"),
        ("2026-11-26", "2026-12-26", "1 month"),
        ("2026-11-26", "2027-01-29", "2 months and 3 days"),
        ("2026-11-26", "2027-11-25", "11 months and 30 days"),
        ("2026-11-26", "2027-11-26", "1 year"),
        ("2026-11-26", "2028-12-27", "2 years and 1 month"),
        ("2028-01-31", "2028-02-29", "1 month"),
        ("2028-01-31", "2028-03-01", "1 month and 1 day"),
    ],
)
def test_a_span_is_said_in_two_units_at_most(start: str, end: str, words: str) -> None:
    assert report.span(date.fromisoformat(start), date.fromisoformat(end)) == words


@pytest.mark.parametrize(
    ("cents", "text"), [(0, "0.00"), (5, "0.05"), (123456, "1234.56"), (-5, "-0.05"), (-960, "-9.60")]
)
def test_money_has_two_digits_and_no_separators(cents: int, text: str) -> None:
    assert report.money(cents) == text


@pytest.mark.parametrize(
    ("balance", "created", "today", "empty"),
    [
        # 9.60 on the 10th of each month
        (959, "2026-01-10", "2026-11-26", "2026-12-10"),
        (960, "2026-01-10", "2026-11-26", "2027-01-10"),
        (1, "2026-01-10", "2026-11-26", "2026-12-10"),
        (2879, "2026-01-10", "2026-11-26", "2027-02-10"),
        # today's renewal counts as debited
        (500, "2026-01-26", "2026-11-26", "2026-12-26"),
        # created today
        (500, "2026-11-26", "2026-11-26", "2026-12-26"),
        # short months, and a leap day
        (500, "2026-01-31", "2026-11-26", "2026-11-30"),
        (960, "2027-12-31", "2028-01-31", "2028-03-31"),
        (500, "2027-12-31", "2028-01-31", "2028-02-29"),
        (500, "2027-12-30", "2027-01-31", "2027-02-28"),
        (500, "2028-02-29", "2028-02-29", "2028-03-29"),
        # at the end of a year
        (500, "2026-01-01", "2026-12-31", "2027-01-01"),
    ],
)
def test_the_wallet_runs_empty_on_the_day_of_the_first_renewal_that_it_does_not_cover(
    balance: int, created: str, today: str, empty: str
) -> None:
    found = figures(balance, today=date.fromisoformat(today), vps=[server(created_at=created)])
    assert found.wallet and str(found.wallet.empty) == empty
    assert report.lasting(found) == (empty, report.span(date.fromisoformat(today), date.fromisoformat(empty)))


def test_services_are_debited_each_on_its_own_day() -> None:
    rows = [server("a", created_at="2026-03-05T23:00:00Z"), server("b", created_at="2026-03-28", plan_slug="vps-1")]
    found = figures(960 + 480 + 959, vps=rows, hosting=[hosting(created_at=1768899600)])
    assert found.costs == report.Costs(960 + 480 + 240, 0, 0)
    # 28 Nov: 4.80, 5 Dec: 9.60, 20 Dec: 2.40, 28 Dec: 4.80, 5 Jan: 9.60 of 2.39 that are left
    assert found.wallet == report.Wallet(2399, date(2026, 11, 28), 480, date(2027, 1, 5))


def test_renewals_of_one_day_are_one_debit() -> None:
    rows = [server("a", created_at="2026-01-31"), server("b", created_at="2026-01-30", plan_slug="vps-1")]
    found = figures(today=date(2027, 2, 1), vps=rows)
    assert found.wallet and (found.wallet.next_day, found.wallet.next_total) == (date(2027, 2, 28), 1440)


def test_a_service_of_an_unknown_day_counts_as_due_tomorrow() -> None:
    found = figures(100, vps=[server(created_at=None), server("b", created_at="soon", plan_slug="vps-9")])
    assert found.wallet and str(found.wallet.empty) == "2026-11-27"
    assert found.costs == report.Costs(960, 1, 1)
    assert report.lasting(found) == ("2026-11-27", "1 day at most")


@pytest.mark.parametrize(
    ("balance", "rows", "said"),
    [
        (0, [server()], ("2026-11-26", "it is empty")),
        (-500, [server()], ("2026-11-26", "it is below zero")),
        (-500, [], ("2026-11-26", "it is below zero")),
        (0, [], ("no end", "a month costs nothing")),
        (500, [], ("no end", "a month costs nothing")),
        (10**9, [server()], ("no end in sight", "more than 10 years")),
        (500, [server(plan_slug="vps-9")], ("unknown", "no price is known")),
        (500, [server(plan_slug=None)], ("unknown", "no price is known")),
    ],
)
def test_a_wallet_that_does_not_run_empty_on_a_later_day_says_why(
    balance: int, rows: list[t.Any], said: tuple[str, str]
) -> None:
    assert report.lasting(figures(balance, vps=rows)) == said


def test_a_wallet_lasts_at_most_so_long_if_a_section_is_missing() -> None:
    found = figures(500, missing=["hosting"], vps=[server()])
    assert report.is_partial(found) and report.lasting(found)[1] == "14 days at most"
    blind = figures(500, missing=["account", "products"], vps=[server()])
    assert blind.costs is None and blind.wallet is None and blind.servers[0].monthly is None
    assert report.lasting(blind) == ("unknown", "the API key lacks account:read")
    alone = figures(500, missing=["vps", "ips", "hosting"])
    assert alone.costs is None and report.lasting(alone)[1] == "the API key lacks hosting:read and vps:read"


def test_a_plan_is_found_by_every_name_and_a_doubtful_price_is_none() -> None:
    products = [*accounts.PRODUCTS, product("vps-3", None), product("vps-4", 1), product("vps-4", 2)]
    names = ["vps-2", "VPS 2", "VPS-2", "vps-3", "vps-4", "hosting-starter", "vps-9"]
    rows = [server(str(place), plan_slug=name) for place, name in enumerate(names)]
    found = figures(products=products, vps=rows)
    assert [(one.plan, one.monthly) for one in found.servers] == [
        ("vps-2", 960),
        ("vps-2", 960),
        ("vps-2", 960),
        ("vps-3", None),
        ("vps-4", None),
        ("hosting-starter", None),
        ("vps-9", None),
    ]
    assert [(plan.name, plan.number, plan.total) for plan in found.plans][-1] == ("vps-2", 3, 2880)


def test_servers_are_sorted_as_people_count_and_terminated_ones_are_left_out() -> None:
    rows = [server("web-10"), server("Web-2"), server("web-1"), server("db"), server("gone", status="terminated")]
    assert [one.label for one in figures(vps=rows).servers] == ["db", "web-1", "Web-2", "web-10"]
    unnamed = figures(vps=[server(id="7", label=None, status=None, plan_slug=None)]).servers[0]
    assert (unnamed.label, unnamed.status, unnamed.plan) == ("7", "unknown", "")


def test_addresses_belong_to_their_servers_the_primary_one_first() -> None:
    ips = [
        ip("2001:db8::1", ptr="six.example.com", forward=True, primary=False),
        ip("192.0.2.2", primary=False),
        ip("192.0.2.1", ptr="a.example.com"),
        ip("192.0.2.9", vps_id="other", ptr="b.example.com"),
        ip("192.0.2.8", vps_id=None),
    ]
    (found,) = figures(vps=[server(hostname="a.example.com")], ips=ips).servers
    assert found.addresses == [
        report.Address("192.0.2.1", "a.example.com", False),
        report.Address("192.0.2.2", "", None),
        report.Address("2001:db8::1", "six.example.com", True),
    ]
    assert not found.has_own_hostname
    (alone,) = figures(vps=[server(ipv4="192.0.2.7", hostname="other")]).servers
    assert alone.addresses == [report.Address("192.0.2.7", "", None)] and alone.has_own_hostname


def test_domains_are_sorted_by_the_day_on_which_they_expire() -> None:
    rows = [domain("z.example", None), domain("b.example", "2026-11-27"), domain("a.example", "2026-11-25")]
    found = figures(domains=[*rows, domain("gone.example", status="deleted")]).domains
    assert [(one.name, one.days) for one in found] == [("a.example", -1), ("b.example", 1), ("z.example", None)]


@pytest.mark.parametrize(
    ("status", "paid_at", "state"),
    [
        ("paid", None, "paid"),
        ("unpaid", None, "unpaid"),
        ("past_due", None, "overdue"),
        ("refunded", "2026-11-10", "void"),
        (None, "2026-11-10", "paid"),
        ("posted", "2026-11-10", "paid"),
        ("posted", None, "unknown"),
        (None, None, "unknown"),
    ],
)
def test_the_state_of_an_invoice_is_read_from_its_word_or_its_payment(
    status: str | None, paid_at: str | None, state: str
) -> None:
    (found,) = figures(invoices=[invoice(status=status, paid_at=paid_at)]).invoices
    assert found.state == state


def test_invoices_are_added_up_for_twelve_months() -> None:
    rows = [
        invoice("a", "2026-11-01"),
        invoice("b", "2026-11-26T23:59:59Z", status="unpaid", total_usd_cents=40),
        invoice("c", "2025-12-31", total_usd_cents=None),
        invoice("d", "2025-11-30"),
        invoice("e", "2026-11-02", status="cancelled"),
        invoice("f", None),
    ]
    months = figures(invoices=rows).months
    assert [month.name for month in months][:2] == ["2025-12", "2026-01"] and len(months) == 12
    assert months[0] == report.Month("2025-12", 1, 0, 1)
    assert months[-1] == report.Month("2026-11", 2, 1000, 0)
    assert sum(month.number for month in months) == 3


def test_open_tickets_are_sorted_by_who_has_to_answer() -> None:
    rows = [
        ticket("T-1", "open", updated_at="2026-11-25"),
        ticket("T-2", "answered"),
        ticket("T-3", "closed"),
        ticket("T-4", "resolved"),
        ticket("T-5", "escalated", updated_at=None, created_at=None),
    ]
    found = figures(tickets=rows).tickets
    assert [(one.number, one.waits) for one in found] == [("T-2", True), ("T-1", False), ("T-5", False)]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://hooks.example.com/services/T0/secret?token=1", "hooks.example.com"),
        ("https://user:secret@example.com:8443/x", "example.com:8443"),
        ("https://[2001:db8::1]/x", "2001:db8::1"),
        ("https://example.com:port/", "unknown"),
        (None, "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_nothing_of_a_url_but_its_host_is_shown(url: str | None, host: str) -> None:
    (found,) = figures(webhooks=[webhook(id="1", url=url)]).webhooks
    assert found.host == host


def test_texts_are_on_one_line_without_control_characters_and_secrets() -> None:
    label = "a\u202eb\nc\x00 h444_0123456789abcdef0123456789abcdef"
    (found,) = figures(vps=[server(id="1", label=label)]).servers
    assert found.label.startswith("a b c ") and "0123456789abcdef" not in found.label
    (hook,) = figures(webhooks=[webhook(id="7\u202e\n8")]).webhooks
    assert hook.id == "7 8"


def test_the_day_is_the_only_clock() -> None:
    rows: dict[str, t.Any] = {"vps": [server()], "domains": [domain()], "invoices": [invoice()]}
    assert figures(**rows) == figures(**rows) and figures(**rows).day == TODAY


@pytest.mark.parametrize(
    ("balance", "missing", "end"),
    [
        (960, [], "9.60 USD. The wallet contains 9.60 USD. It runs empty on 2027-01-10 (1 month and 15 days)."),
        (0, [], "9.60 USD. The wallet contains 0.00 USD. How long it lasts: it is empty."),
        (10**9, [], "9.60 USD. The wallet contains 10000000.00 USD. How long it lasts: more than 10 years."),
        (
            5,
            ["hosting"],
            "at least 9.60 USD. The wallet contains 0.05 USD. It runs empty on 2026-12-10 (14 days at most).",
        ),
        (
            5,
            ["account", "products"],
            "an unknown amount. The wallet contains an unknown amount. "
            "How long it lasts: the API key lacks account:read.",
        ),
    ],
)
def test_the_figures_about_money_can_be_said_in_words(balance: int, missing: list[str], end: str) -> None:
    assert report.in_words(figures(balance, missing=missing, vps=[server()])) == "A month costs " + end
