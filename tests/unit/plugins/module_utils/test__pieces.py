# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each section plans for its entries, and how its steps are carried out."""

from __future__ import annotations

import typing as t

import pytest
from managing import HOOK, HOSTING, Account, changes, lines, server

from ansible_collections.h444.cloud.tests.simulator import assumed


@pytest.fixture(params=tuple(assumed.PRESETS))
def account(request: pytest.FixtureRequest) -> Account:
    """An account in each dialect."""
    return Account(request.param)


def test_a_new_server_gets_its_ptr_record_once_it_has_an_address(account: Account) -> None:
    result = account.apply({"servers": [server("web-1", ptr="web-1.example.com")]})
    assert lines(result) == [("create", "servers", "web-1")]
    assert changes(result)["web-1"]["ptr"] == (None, "web-1.example.com")
    (row,) = account.simulator.state()["vps"]
    assert [ip["ptr"] for ip in row["ips"] if ip["primary"]] == ["web-1.example.com"]
    assert account.apply({"servers": [server("web-1", ptr="WEB-1.example.com.")]})["plan"] == []


def test_null_clears_the_ptr_record_of_the_primary_address_and_no_ptr_leaves_it() -> None:
    account = Account()
    account.apply({"servers": [server("web-1", ptr="web-1.example.com")]})
    assert account.apply({"servers": [server("web-1")]})["plan"] == []
    result = account.apply({"servers": [server("web-1", ptr=None)]})
    assert changes(result) == {"web-1": {"ptr": ("web-1.example.com", None)}}
    assert account.apply({"servers": [server("web-1", ptr=None)]})["plan"] == []


def test_null_for_a_new_server_without_a_record_writes_nothing() -> None:
    account = Account()
    result = account.apply({"servers": [server("web-1", ptr=None)]})
    assert "ptr" not in changes(result)["web-1"]
    assert account.writes() == ["POST vps"]


def test_a_server_without_an_address_yet_is_waited_for_and_then_named() -> None:
    """An earlier run was killed while its server was being installed."""
    account = Account("wrapped")
    account.apply({"servers": [server("web-1")]}, wait=False)
    result = account.apply({"servers": [server("web-1", ptr="web-1.example.com")]})
    assert not result.get("failed"), result["msg"]
    (row,) = account.simulator.state()["vps"]
    assert [ip["ptr"] for ip in row["ips"] if ip["primary"]] == ["web-1.example.com"]


def test_power_and_label_are_changed_and_a_template_is_replaced(account: Account) -> None:
    account.apply({"servers": [server("web-1"), server("db-1")]})
    wanted = {
        "servers": [
            server("web-1", state="stopped", new_label="api-1"),
            {"label": "db-1", "state": "reinstalled", "os_template": "debian-12"},
        ]
    }
    result = account.apply(wanted, max_removed=1)
    if account.core.assume["vps_os"] == "none":
        assert "servers[1] 'db-1': It is not known whether 'db-1' has the template debian-12" in result["msg"]
        return
    assert not result.get("failed"), result["msg"]
    assert lines(result) == [("update", "servers", "web-1"), ("replace", "servers", "db-1")]
    found = changes(result)
    assert found["web-1"] == {"label": ("web-1", "api-1"), "state": ("started", "stopped")}
    assert found["db-1"]["os_template"][1] == "debian-12"
    assert set(result["root_passwords"]) == {"db-1"}
    assert account.apply(wanted, max_removed=1)["plan"] == []


@pytest.mark.parametrize(
    ("entry", "wanted"),
    [
        ({"plan_slug": "vps-4"}, {"plan_slug": ("vps-2", "vps-4")}),
        ({"hostname": "other"}, {"hostname": ("web-1", "other")}),
        (
            {"plan_slug": "vps-4", "state": "stopped"},
            {"plan_slug": ("vps-2", "vps-4"), "state": ("started", "stopped")},
        ),
    ],
)
def test_what_no_call_can_change_is_a_refused_replacement(entry: dict[str, t.Any], wanted: dict[str, t.Any]) -> None:
    account = Account()
    account.apply({"servers": [server("web-1")]})
    result = account.apply({"servers": [{"label": "web-1", **entry}]}, max_removed=9)
    assert result["failed"] and lines(result) == lines(result, "left") == [("replace", "servers", "web-1")]
    assert changes(result)["web-1"] == wanted
    assert account.writes() == [] and result["failures"][0]["name"] == "web-1"
    for option, (before, after) in wanted.items():
        assert option == "state" or ("%s is '%s', not '%s'" % (option, before, after)) in result["msg"]


@pytest.mark.parametrize("spelling", ["vps-2", "VPS-2", "example-unknown"])
def test_a_plan_that_does_not_exist_is_no_replacement(spelling: str) -> None:
    account = Account()
    account.apply({"servers": [server("web-1")]})
    result = account.apply({"servers": [{"label": "web-1", "plan_slug": spelling}]})
    assert bool(result.get("failed")) == (spelling == "example-unknown")
    assert result["plan"] == []


def test_a_template_that_does_not_exist_is_refused_for_a_server_that_is_there(account: Account) -> None:
    account.apply({"servers": [server("web-1")]})
    result = account.apply({"servers": [{"label": "web-1", "os_template": "ubuntu-24.05"}]})
    assert "servers[0] 'web-1': os_template: there is no template 'ubuntu-24.05'" in result["msg"]


def test_hosting_that_is_missing_and_wanted_suspended_is_ordered_and_suspended(account: Account) -> None:
    entry = {**HOSTING, "state": "suspended", "php_version": 8.1}
    result = account.apply({"hosting": [entry]})
    assert not result.get("failed"), result["msg"]
    assert lines(result) == [("create", "hosting", "example.com")]
    (row,) = account.simulator.state()["hosting"].values()
    assert (row["status"], row["php_version"]) == ("suspended", "8.1")
    assert set(result["sftp_passwords"]) == set(result["db_passwords"]) == {"example.com"}
    assert account.apply({"hosting": [entry]})["plan"] == []
    result = account.apply({"hosting": [{**HOSTING, "state": "active", "php_version": "8.3"}]})
    assert changes(result)["example.com"] == {"php_version": ("8.1", "8.3"), "state": ("suspended", "active")}


def test_the_plan_of_a_hosting_account_is_a_refused_replacement() -> None:
    account = Account()
    account.apply({"hosting": [HOSTING]})
    result = account.apply({"hosting": [{**HOSTING, "plan_slug": "hosting-starter"}]}, max_removed=1)
    assert result["failed"] and changes(result) == {"example.com": {"plan_slug": ("hosting-pro", "hosting-starter")}}


def test_the_settings_of_a_domain_are_written_and_a_missing_domain_is_refused(account: Account) -> None:
    account.simulator.seed(domains=[{"name": "mine.example"}])
    entry = {"name": "Mine.Example.", "auto_renew": True, "nameservers": ["ns2.example.org", "NS1.example.org."]}
    result = account.apply({"domains": [entry]})
    assert not result.get("failed"), result["msg"]
    assert lines(result) == [("update", "domains", "Mine.Example.")]
    assert account.apply({"domains": [entry]})["plan"] == []
    result = account.apply({"domains": [{"name": "not-mine.example"}]})
    assert "domains[0] 'not-mine.example': No domain has the name" in result["msg"]


def test_a_change_that_the_registry_rolls_back_fails() -> None:
    account = Account()
    account.simulator.seed(domains=[{"name": "mine.example"}])
    account.simulator.faults(
        {"method": "PATCH", "path": "/domains/{id}", "when": "before", "kind": "status", "status": 200, "body": "{}"}
    )
    result = account.apply({"domains": [{"name": "mine.example", "auto_renew": True}]})
    assert result["failures"][0]["name"] == "mine.example" and lines(result, "left") == lines(result)


def test_a_webhook_is_created_changed_and_named_anew(account: Account) -> None:
    result = account.apply({"webhooks": [{**HOOK, "is_active": False, "description": "x"}]})
    assert set(result["webhook_secrets"]) == {HOOK["url"]}
    assert changes(result)[HOOK["url"]] == {
        "events": (None, ["vps.created"]),
        "description": (None, "x"),
        "is_active": (None, False),
    }
    wanted = {"webhooks": [{**HOOK, "new_url": "https://example.org/", "is_active": True}]}
    result = account.apply(wanted)
    assert changes(result)[HOOK["url"]] == {
        "url": (HOOK["url"], "https://example.org/"),
        "is_active": (False, True),
    }
    assert account.apply(wanted)["plan"] == []
    result = account.apply({"webhooks": [{"url": "https://example.org", "rotate_secret": True}]})
    assert set(result["webhook_secrets"]) == {"https://example.org"}


def test_what_no_entry_names_is_removed_only_by_a_purge_and_ptr_records_go_with_their_server(account: Account) -> None:
    account.apply(
        {
            "servers": [
                server("web-1", ptr="web-1.example.com"),
                server("db-1", ptr="db-1.example.com"),
                server("x-1"),
            ],
            "hosting": [HOSTING],
            "webhooks": [HOOK],
        }
    )
    document: dict[str, t.Any] = {
        "servers": [{"label": "web-1"}, {"label": "x-1", "ptr": "x-1.example.com"}],
        "ptr_records": [],
        "hosting": [],
        "webhooks": [],
    }
    result = account.apply(document)
    assert lines(result) == [("update", "servers", "x-1")]
    result = account.apply(document, purge=["servers", "ptr_records", "hosting", "webhooks"], max_removed=4)
    assert not result.get("failed"), result["msg"]
    kinds = [(action, kind) for action, kind, _name in lines(result)]
    assert kinds == [("remove", kind) for kind in ("servers", "ptr_records", "hosting", "webhooks")]
    state = account.simulator.state()
    rows = {row["label"]: row for row in state["vps"] if row["alive"]}
    assert sorted(rows) == ["web-1", "x-1"]
    assert [ip["ptr"] for ip in rows["web-1"]["ips"]] == [None]
    assert "x-1.example.com" in [ip["ptr"] for ip in rows["x-1"]["ips"]]


def test_an_address_that_comes_later_is_waited_for() -> None:
    account = Account()
    handle, asked = account.core.handle, []

    def late(method: str, path: str, *rest: t.Any) -> t.Any:
        answer = handle(method, path, *rest)
        if method == "GET" and path.endswith("/ips"):
            asked.append(path)
            if len(asked) < 3:
                return answer._replace(body=b"[]") if hasattr(answer, "_replace") else answer
        return answer

    account.core.handle = late  # type: ignore[method-assign]
    result = account.apply({"servers": [server("web-1", ptr="web-1.example.com")]})
    assert not result.get("failed"), result["msg"]
    assert len(asked) == 3


@pytest.mark.parametrize("suspend_again", ["conflict", "taken"])
def test_hosting_that_comes_up_suspended_is_as_it_should_be(suspend_again: str) -> None:
    account = Account(comes_up="off", suspend_again=suspend_again)
    result = account.apply({"hosting": [{**HOSTING, "state": "suspended"}]})
    assert not result.get("failed"), result["msg"]
    assert account.apply({"hosting": [{**HOSTING, "state": "suspended"}]})["plan"] == []


def test_a_new_account_is_waited_for_before_it_is_suspended() -> None:
    account = Account("wrapped")
    result = account.apply({"hosting": [{**HOSTING, "state": "suspended"}]}, wait=False)
    assert not result.get("failed"), result["msg"]
    (row,) = account.simulator.state()["hosting"].values()
    assert row["status"] == "suspended"
