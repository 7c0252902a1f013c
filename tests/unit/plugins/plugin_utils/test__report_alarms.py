# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What needs attention: when, how urgently, and what to do."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.plugin_utils._report_alarms import LEVELS, alarms_of, urgency
from ansible_collections.h444.cloud.tests.unit.plugins.plugin_utils.accounts import (
    domain,
    figures,
    hosting,
    invoice,
    ip,
    server,
    ticket,
    webhook,
)


def told(balance: int = 100000, **sections: t.Any) -> list[tuple[str, str, list[str]]]:
    """Give level, title and names of the alarms of an account."""
    return [(alarm.level, alarm.title, alarm.names) for alarm in alarms_of(figures(balance, **sections))]


def test_an_account_in_good_order_has_no_alarm() -> None:
    sections: dict[str, t.Any] = {
        "vps": [server(), server("new", status="provisioning")],
        "ips": [ip("192.0.2.1", ptr="a.example.com", forward=True), ip("192.0.2.2", "new")],
        "hosting": [hosting(), hosting("b.example", ssl_status="pending"), hosting("c.example", ssl_status=None)],
        "domains": [domain(), domain("soon.example", "2026-11-27"), domain("old.example", None, auto_renew=False)],
        "invoices": [invoice(), invoice("b", status="refunded"), invoice("c", status=None)],
        "tickets": [ticket()],
        "webhooks": [webhook()],
    }
    assert told(**sections) == []
    assert told(0) == told(100000) == []


@pytest.mark.parametrize(
    ("balance", "created", "level", "contains"),
    [
        (959, "2026-01-10", "soon", "9.59"),
        (959, "2026-01-03", "now", "9.59"),
        (0, "2026-01-10", "soon", "0.00"),
        (0, "2026-01-28", "now", "0.00"),
    ],
)
def test_a_wallet_that_does_not_cover_the_next_month_is_an_alarm(
    balance: int, created: str, level: str, contains: str
) -> None:
    (alarm,) = alarms_of(figures(balance, vps=[server(created_at=created)]))
    title = "The wallet does not cover the next month: it contains %s USD, and a month costs 9.60 USD"
    assert (alarm.level, alarm.title, alarm.kind) == (level, title % contains, "costs")


def test_a_wallet_below_zero_is_an_alarm_even_if_a_month_costs_nothing() -> None:
    assert told(-500) == told(-500, vps=[server()]) == [("now", "The wallet is 5.00 USD below zero", [])]


def test_the_advice_says_how_much_to_top_up_and_until_when() -> None:
    (alarm,) = alarms_of(figures(100, vps=[server(created_at="2026-01-10")]))
    assert alarm.advice == "Top it up by at least 8.60 USD before 2026-12-10."
    (alarm, _note) = alarms_of(figures(100, vps=[server(created_at="2026-01-10")], missing=["hosting"]))
    assert "a month costs at least 9.60 USD" in alarm.title


def test_a_wallet_that_covers_exactly_a_month_is_none() -> None:
    assert told(960, vps=[server()]) == []


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ({"invoices": [invoice("I", status="overdue")]}, ("now", "Overdue invoices", ["I (9.60 USD)"])),
        (
            {"invoices": [invoice("I", status="unpaid", total_usd_cents=None)]},
            ("soon", "Unpaid invoices", ["I"]),
        ),
        (
            {"invoices": [invoice("I", status="odd", paid_at=None)]},
            ("soon", "Invoices in an unknown state", ["I (9.60 USD)"]),
        ),
        ({"vps": [server(status="suspended")]}, ("now", "Suspended servers", ["web-1"])),
        ({"vps": [server(status="rescue")]}, ("soon", "Servers in an unknown state", ["web-1 (rescue)"])),
        ({"vps": [server(status=None)]}, ("soon", "Servers in an unknown state", ["web-1 (unknown)"])),
        (
            {"hosting": [hosting(status="suspended")]},
            ("now", "Suspended hosting accounts", ["example.com"]),
        ),
        (
            {"hosting": [hosting(status="migrating")]},
            ("soon", "Hosting accounts in an unknown state", ["example.com (migrating)"]),
        ),
        ({"hosting": [hosting(ssl_status="failed")]}, ("now", "Failed certificates", ["example.com"])),
        (
            {"hosting": [hosting(ssl_status="revoked")]},
            ("soon", "Certificates in an unknown state", ["example.com (revoked)"]),
        ),
        (
            {"domains": [domain("a.example", "2026-11-25", status="expired")]},
            ("now", "Expired domains", ["a.example (2026-11-25)"]),
        ),
        (
            {"domains": [domain("a.example", status="client_hold")]},
            ("now", "Domains that may not work", ["a.example (client_hold)"]),
        ),
        (
            {"domains": [domain("a.example", "2026-12-03", auto_renew=False)]},
            ("now", "Domains that expire within 7 days without automatic renewal", ["a.example (2026-12-03)"]),
        ),
        (
            {"domains": [domain("a.example", "2026-12-04", auto_renew=False)]},
            ("soon", "Domains that expire within 30 days without automatic renewal", ["a.example (2026-12-04)"]),
        ),
        (
            {"domains": [domain("a.example", "2026-11-26", auto_renew=None)]},
            ("soon", "Domains that expire within 30 days, whose renewal is unknown", ["a.example (2026-11-26)"]),
        ),
        (
            {"tickets": [ticket("T-1", "answered")]},
            ("soon", "Tickets that wait for your answer", ["T-1 Help"]),
        ),
        (
            {"vps": [server()], "ips": [ip("192.0.2.1", ptr="a.example.com"), ip("192.0.2.2")]},
            ("soon", "PTR records that are not confirmed", ["a.example.com (192.0.2.1)"]),
        ),
        (
            {"webhooks": [webhook(id="7", is_active=False)]},
            ("note", "Inactive webhooks", ["example.com (7)"]),
        ),
        (
            {"vps": [server(status="stopped"), server("b", status="stopped")]},
            ("note", "Stopped servers, which cost 19.20 USD a month", ["b", "web-1"]),
        ),
    ],
)
def test_each_trouble_is_one_alarm_that_names_what_it_is_about(
    sections: dict[str, t.Any], expected: tuple[str, str, list[str]]
) -> None:
    assert told(**sections) == [expected]


def test_an_unknown_price_is_a_note() -> None:
    rows = [server(plan_slug="vps-9", status="stopped")]
    assert told(vps=rows, hosting=[hosting(plan_slug=None)]) == [
        ("note", "Stopped servers", ["web-1"]),
        ("note", "Services without a known price", ["web-1", "example.com"]),
    ]


def test_a_missing_section_is_a_note_and_nothing_else() -> None:
    missing = ["account", "products", "ips"]
    names = ["the wallet (account:read)", "prices (account:read)", "addresses and PTR records (vps:read)"]
    assert told(vps=[server()], missing=missing) == [("note", "Missing in this report", names)]


def test_a_text_names_a_few_and_counts_the_others() -> None:
    (alarm,) = alarms_of(
        figures(vps=[server(f"web-{place}", status="suspended") for place in range(1, 9)], balance=10**7)
    )
    assert alarm.text() == "Now: Suspended servers: web-1, web-2, web-3, web-4, web-5, web-6 and 2 more"
    assert alarms_of(figures(-1))[0].text() == "Now: The wallet is 0.01 USD below zero"


def test_the_most_urgent_comes_first() -> None:
    sections: dict[str, t.Any] = {
        "vps": [server("a", status="stopped"), server("b", status="suspended")],
        "webhooks": [webhook(is_active=False)],
        "invoices": [invoice(status="unpaid"), invoice("b", status="overdue")],
    }
    levels = [level for level, _title, _names in told(1, **sections)]
    assert levels == sorted(levels, key=LEVELS.index) and set(levels) == set(LEVELS)


@pytest.mark.parametrize(
    ("expires", "renews", "tone"),
    [
        ("2026-11-25", True, "bad"),
        ("2026-11-26", False, "bad"),
        ("2026-12-03", False, "bad"),
        ("2026-12-03", None, "odd"),
        ("2026-12-04", False, "odd"),
        ("2026-12-26", False, "odd"),
        ("2026-12-27", False, ""),
        ("2026-11-27", True, ""),
        (None, False, ""),
    ],
)
def test_a_domain_is_marked_as_its_alarm_is(expires: str | None, renews: bool | None, tone: str) -> None:
    (found,) = figures(domains=[domain(expires=expires, auto_renew=renews)]).domains
    assert urgency(found) == tone
