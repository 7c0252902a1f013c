# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One plan for a whole document: its limits, its order, its digest, and what is left when something fails."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from managing import HOOK, HOSTING, HOSTING_PRICE, SERVER_PRICE, Account, lines, server

from ansible_collections.h444.cloud.tests.simulator import assumed
from ansible_collections.h444.cloud.tests.simulator.account import READ_KEY

DOCUMENT = {
    "webhooks": [HOOK],
    "hosting": [{**HOSTING, "php_version": 8.3}],
    "servers": [server("web-1"), server("db-1", state="stopped")],
}
SAME = ("plan", "plan_digest", "cost")


def test_check_mode_has_the_plan_of_the_run_and_the_next_run_has_none() -> None:
    account = Account()
    checked = account.apply(DOCUMENT, check_mode=True)
    assert account.writes() == [] and checked["changed"] and checked["done"] == []
    done = account.apply(DOCUMENT)
    assert [checked[name] for name in SAME] == [done[name] for name in SAME]
    assert lines(done, "done") == lines(done) == lines(checked, "left")
    assert done["manifest"] == checked["manifest"]
    assert done["cost"] == {
        "monthly_before_usd_cents": 0,
        "monthly_after_usd_cents": 2 * SERVER_PRICE + HOSTING_PRICE,
        "due_now_usd_cents": 2 * SERVER_PRICE + HOSTING_PRICE,
        "balance_usd_cents": 100_000,
    }
    again = account.apply(DOCUMENT)
    assert (again["plan"], again["changed"], again["actions"]) == ([], False, [])
    assert again["manifest"] == done["manifest"] and account.apply(again["manifest"])["plan"] == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_total_monthly_usd_cents": 2639}, "The new orders cost 2640 US cents a month together"),
        ({"plan_digest": "0" * 64}, "The plan is not the one that was approved"),
        ({"protected": ["nothing"], "plan_digest": "x"}, "and plan_digest is x…"),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_a_limit_refuses_the_whole_plan_and_shows_it(options: dict[str, t.Any], words: str, check_mode: bool) -> None:
    account = Account()
    result = account.apply(DOCUMENT, check_mode, **options)
    assert result["failed"] and words in result["msg"]
    assert account.writes() == [] and not result["changed"]
    assert lines(result, "left") == lines(result) and len(result["plan"]) == 4 and result["done"] == []
    assert result["cost"]["due_now_usd_cents"] == 2640
    assert account.apply(DOCUMENT, True, max_total_monthly_usd_cents=2640, plan_digest=result["plan_digest"])["changed"]


def test_a_wallet_that_does_not_cover_all_orders_buys_nothing() -> None:
    account = Account()
    account.simulator.seed(balance_usd_cents=2639)
    result = account.apply(DOCUMENT)
    assert "The wallet holds 2639 US cents, and the new orders cost 2640: 1 are missing." in result["msg"]
    assert account.writes() == [] and result["cost"]["balance_usd_cents"] == 2639


def test_an_empty_digest_is_no_approval() -> None:
    account = Account()
    assert "plan_digest is empty" in account.apply(DOCUMENT, plan_digest="")["msg"]
    assert account.sent == []


def test_removals_and_replacements_are_counted_together() -> None:
    account = Account()
    account.apply(DOCUMENT)
    document = {
        "servers": [
            {"label": "web-1", "state": "absent"},
            {"label": "db-1", "os_template": "debian-12", "state": "reinstalled"},
        ]
    }
    result = account.apply(document, max_removed=1)
    assert (
        "It removes or replaces 2, which is more than max_removed: 1 (servers 'web-1', servers 'db-1')" in result["msg"]
    )
    result = account.apply(document, max_removed=2, protected=["db-*"])
    assert result["failures"][0]["name"] == "db-1" and account.writes() == []
    result = account.apply(document, max_removed=2)
    assert lines(result, "done") == [("remove", "servers", "web-1"), ("replace", "servers", "db-1")]
    assert result["cost"]["monthly_after_usd_cents"] == SERVER_PRICE


def test_the_price_of_one_entry_is_limited_with_the_plan_at_hand() -> None:
    account = Account()
    result = account.apply({"servers": [server("web-1", max_monthly_usd_cents=959)]})
    assert "servers[0] 'web-1': It costs 960 US cents a month" in result["msg"]
    assert lines(result) == [("create", "servers", "web-1")] and account.writes() == []


@pytest.mark.parametrize("preset", assumed.PRESETS)
def test_nothing_is_destroyed_after_a_failure_and_the_next_run_finishes(preset: str) -> None:
    account = Account(preset)
    account.apply({"servers": [server("old-1")], "webhooks": [HOOK]})
    document = {"servers": [server("web-1"), server("web-2")], "webhooks": [{**HOOK, "is_active": False}]}
    options = {"purge": ["servers"], "max_removed": 1, "concurrency": 1}
    account.simulator.faults(
        {"method": "POST", "path": "/vps", "when": "before", "kind": "status", "status": 400, "body": "{}"}
    )
    result = account.apply(document, **options)
    assert [failure["name"] for failure in result["failures"]] == ["web-1"]
    assert lines(result, "done") == [("update", "webhooks", HOOK["url"]), ("create", "servers", "web-2")]
    assert lines(result, "left") == [("create", "servers", "web-1"), ("remove", "servers", "old-1")]
    assert "old-1" in account.labels() and set(result["root_passwords"]) == {"web-2"}
    account.simulator.control("DELETE", "faults")
    result = account.apply(document, **options)
    assert not result.get("failed") and lines(result) == lines(result, "done")
    assert account.labels() == ["web-1", "web-2"] and len(account.simulator.debits()) == 3


def test_the_plan_begins_with_what_can_be_undone_and_ends_with_what_destroys() -> None:
    account = Account()
    account.apply({"servers": [server("old-1", ptr="old-1.example.com"), server("web-1")]})
    document = {
        "servers": [{"label": "old-1", "state": "absent"}, server("new-1"), {"label": "web-1", "state": "stopped"}],
        "webhooks": [HOOK],
    }
    result = account.apply(document, max_removed=1)
    assert lines(result) == [
        ("update", "servers", "web-1"),
        ("create", "webhooks", HOOK["url"]),
        ("create", "servers", "new-1"),
        ("remove", "servers", "old-1"),
    ]
    assert result["actions"] == ["stop web-1", f"create {HOOK['url']}", "order new-1", "terminate old-1"]
    assert [line.split() for line in result["diff"]["prepared"].splitlines()[-5:]] == [
        ["a", "month", "before", "19.20"],
        ["a", "month", "after", "19.20"],
        ["due", "now", "9.60"],
        ["wallet", "before", "980.80"],
        ["wallet", "after", "971.20"],
    ]


def test_one_address_has_one_hostname() -> None:
    account = Account()
    account.apply({"servers": [server("web-1", ptr="a.example.com")]})
    (row,) = account.simulator.state()["vps"]
    ip = next(ip["ip"] for ip in row["ips"] if ip["primary"])
    both = {
        "servers": [{"label": "web-1", "ptr": "b.example.com"}],
        "ptr_records": [{"ip": ip, "hostname": "c.example.com"}],
    }
    result = account.apply(both)
    assert f"ptr_records[0] '{ip}': hostname: it is 'c.example.com' here" in result["msg"]
    assert "servers[0] 'web-1', which has the ptr 'b.example.com'" in result["msg"] and account.writes() == []
    both["ptr_records"][0]["hostname"] = "B.example.com."
    assert lines(account.apply(both)) == [("update", "servers", "web-1")]
    assert account.apply(both)["plan"] == []


def test_an_address_of_somebody_else_is_refused_with_its_place() -> None:
    account = Account()
    result = account.apply({"ptr_records": [{"ip": "203.0.113.77", "hostname": "a.example.com"}]})
    assert "ptr_records[0] '203.0.113.77': It is on no VPS of this account" in result["msg"]
    assert result["plan"] == [] and result["cost"] is None


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"servers": [server("a"), server("a")]}, "servers[0] 'a' and servers[1] 'a' have the same label"),
        (
            {"domains": [{"name": "a.example"}, {"name": "A.Example."}]},
            "domains[1] 'A.Example.': domains[0] 'a.example' has the same name",
        ),
        (
            {"hosting": [HOSTING, {**HOSTING, "domain": "b.example", "username": "EX"}]},
            "hosting[1] 'b.example': hosting[0] 'example.com' has the same username",
        ),
        (
            {"webhooks": [HOOK, {**HOOK, "url": "https://EXAMPLE.com:443/hook"}]},
            "webhooks[1] 'https://EXAMPLE.com:443/hook': webhooks[0] 'https://example.com/hook' has the same url or",
        ),
        (
            {"ptr_records": [{"ip": "2001:db8::1", "hostname": None}, {"ip": "2001:DB8:0::1", "hostname": None}]},
            "has the same address",
        ),
        ({"ptr_records": [{"ip": "192.0.2.1"}]}, "ptr_records[0] '192.0.2.1': hostname is required"),
        ({"servers": [{"label": "a", "state": "absent", "ptr": None}]}, "servers[0] 'a': ptr: this is not possible"),
        ({"servers": [{"label": " a"}]}, "servers[0] 'a': label: 'a' is not a valid label"),
    ],
)
def test_a_document_that_contradicts_itself_is_refused_before_anything_is_sent(
    document: dict[str, t.Any], words: str
) -> None:
    account = Account()
    result = account.apply(document)
    assert result["failed"] and words in result["msg"] and account.sent == []
    assert (result["manifest"], result["plan"], result["plan_digest"], result["cost"]) == (None, [], None, None)


def test_a_section_is_purged_only_if_the_document_has_it() -> None:
    account = Account()
    assert "purge: servers is no section of the document" in account.apply({}, purge=["servers"])["msg"]
    assert account.sent == []


def test_the_wallet_is_needed_only_for_orders() -> None:
    account = Account()
    account.apply({"webhooks": [HOOK]})
    account.core.account["keys"] = account.core.keys
    account.core.keys[READ_KEY]["scopes"] = ["webhooks:read", "webhooks:write"]
    client = account.open(type(account.client), READ_KEY, session=account.new_session())
    account.new_client = lambda: client  # type: ignore[method-assign]
    result = account.apply({"webhooks": [{**HOOK, "is_active": False}]})
    assert not result.get("failed"), result["msg"]
    assert result["cost"]["balance_usd_cents"] is None and result["plan_digest"]


def test_a_plan_without_a_price_is_named_and_costs_nothing_that_is_known() -> None:
    account = Account()
    account.simulator.seed(vps=[{"label": "old-1", "plan_slug": "vps-legacy"}])
    result = account.apply({"servers": [server("old-1", plan_slug="vps-legacy")]})
    assert result["plan"] == [] and result["cost"]["monthly_before_usd_cents"] == 0
    assert any("no price for the plans of these resources" in text and "'old-1'" in text for text in account.warnings)


def test_ids_of_two_kinds_may_be_the_same() -> None:
    account = Account()
    account.simulator.seed(vps=[{"label": "a", "id": "7"}], webhooks=[{"url": HOOK["url"], "id": "7"}])
    result = account.apply({"servers": [{"label": "a"}], "webhooks": []}, purge=["webhooks"], max_removed=1)
    assert lines(result, "done") == [("remove", "webhooks", HOOK["url"])]


def test_an_order_under_another_key_is_another_plan() -> None:
    account = Account()
    approved = account.apply(DOCUMENT, check_mode=True)["plan_digest"]
    result = account.apply(DOCUMENT, plan_digest=approved, order_generation="2")
    assert "The plan is not the one that was approved" in result["msg"] and account.writes() == []


def test_two_orders_with_one_key_are_refused() -> None:
    account = Account()
    key = {"idempotency_key": "my-key-0001"}
    result = account.apply({"servers": [server("a", **key)], "hosting": [{**HOSTING, **key}]})
    assert "has the same idempotency_key" in result["msg"] and account.sent == []


def test_a_ptr_record_of_a_server_that_is_removed_is_refused() -> None:
    account = Account()
    account.apply({"servers": [server("a")]})
    (row,) = account.simulator.state()["vps"]
    records = [{"ip": row["ips"][0]["ip"], "hostname": "a.example.com"}]
    result = account.apply({"servers": [], "ptr_records": records}, purge=["servers"], max_removed=1)
    assert "It is an address of servers 'a', which the same document removes." in result["msg"]
    assert account.writes() == []


def test_another_template_is_a_difference_that_only_a_reinstall_changes() -> None:
    account = Account()
    account.apply({"servers": [server("a")]})
    result = account.apply({"servers": [{"label": "a", "os_template": "debian-12"}]})
    wanted = {"os_template": {"before": "ubuntu-24.04", "after": "debian-12"}}
    assert (result["plan"], result["differences"]) == ([], [{"kind": "servers", "name": "a", "changes": wanted}])
    assert account.apply({"servers": [server("a")]})["differences"] == []


def test_the_table_fits_a_terminal() -> None:
    account = Account()
    account.simulator.seed(domains=[{"name": "mine.example"}])
    document = {
        "webhooks": [{**HOOK, "url": "https://hooks.example.com/444host", "events": ["vps.created", "invoice.paid"]}],
        "domains": [
            {"name": "mine.example", "nameservers": [f"ns{number}.nameservers.example.net" for number in range(4)]}
        ],
        "servers": [server("web-1", ptr="web-1.example.com")],
    }
    table = account.apply(document, check_mode=True)["diff"]["prepared"]
    assert max(map(len, table.splitlines())) <= 100, table


@pytest.mark.parametrize("option", ["max_removed", "max_total_monthly_usd_cents"])
def test_a_negative_limit_is_refused(option: str) -> None:
    account = Account()
    assert account.apply(DOCUMENT, **{option: -1})["msg"] == f"{option}: must not be negative. Nothing was sent."
    assert account.sent == []


def test_the_same_plan_of_another_account_is_another_plan() -> None:
    one, other = Account(), Account()
    other.core.account["id"] = "11111111-2222-4333-8444-555555555555"
    plans = [account.apply(DOCUMENT, check_mode=True) for account in (one, other)]
    assert plans[0]["plan"] == plans[1]["plan"] and plans[0]["plan_digest"] != plans[1]["plan_digest"]


def test_another_server_of_the_same_label_is_another_plan() -> None:
    """Somebody terminated it and ordered it again between the approval and the run."""
    account, stop = Account(), {"servers": [{"label": "a", "state": "stopped"}]}
    account.apply({"servers": [server("a")]})
    approved = account.apply(stop, check_mode=True)
    account.apply({"servers": [{"label": "a", "state": "absent"}]}, max_removed=1)
    account.apply({"servers": [server("a", order_generation="2")]})
    result = account.apply(stop, plan_digest=approved["plan_digest"])
    assert result["plan"] == approved["plan"] and "not the one that was approved" in result["msg"]


def test_a_key_without_prices_may_still_stop_a_server() -> None:
    account = Account()
    account.apply({"servers": [server("a")]})
    account.core.keys[READ_KEY]["scopes"] = ["vps:read", "vps:write"]
    client = account.open(type(account.client), READ_KEY, session=account.new_session())
    account.new_client = lambda: client  # type: ignore[method-assign]
    result = account.apply({"servers": [{"label": "a", "state": "stopped", "plan_slug": "vps-2"}]})
    assert lines(result, "done") == [("update", "servers", "a")], result["msg"]
    assert result["cost"]["balance_usd_cents"] is None
    assert any("no price" in text for text in account.warnings)
    result = account.apply({"servers": [server("b")]})
    assert result["failed"] and "account:read" in result["msg"] and account.labels() == ["a"]


def test_a_list_that_can_not_be_read_is_said_once() -> None:
    account = Account()
    account.simulator.faults({"method": "GET", "path": "/vps", "times": 9, "when": "after", "kind": "html"})
    result = account.apply({"servers": [{"label": "a"}, {"label": "b"}]})
    assert result["msg"].count("GET /v1/vps") == 1 and result["failures"] == []


def test_an_approval_lets_the_same_task_run_again() -> None:
    account = Account()
    approved = account.apply(DOCUMENT, check_mode=True)["plan_digest"]
    assert account.apply(DOCUMENT, plan_digest=approved)["changed"]
    result = account.apply(DOCUMENT, plan_digest=approved)
    assert not result.get("failed") and not result["changed"]


def test_a_password_in_the_file_is_not_lost_when_the_order_is_repeated(tmp_path: Path) -> None:
    """Advice to reinstall would wipe a disk for nothing."""
    account = Account(list_lag_seconds=20, replay_body="no_password")
    file = str(tmp_path / "credentials.json")
    document = {"servers": [server("a")]}
    assert account.apply(document, credentials_file=file)["secret_lost"] is False
    result = account.apply(document, credentials_file=file)
    assert not result.get("failed"), result["msg"]
    assert result["secret_lost"] is False and account.warnings == []
    assert len(account.simulator.debits()) == 1
    result = account.apply(document, credentials_file=str(tmp_path / "other.json"))
    assert result["secret_lost"] is True


def test_the_old_password_in_the_file_is_lost_with_a_reinstall(tmp_path: Path) -> None:
    account = Account()
    file = str(tmp_path / "credentials.json")
    account.apply({"servers": [server("a")]}, credentials_file=file)
    account.simulator.faults(
        {
            "method": "POST",
            "path": "/vps/{id}/reinstall",
            "when": "after",
            "kind": "status",
            "status": 200,
            "body": "{}",
        }
    )
    document = {"servers": [{"label": "a", "state": "reinstalled", "os_template": "debian-12"}]}
    assert account.apply(document, credentials_file=file, max_removed=1)["secret_lost"] is True
