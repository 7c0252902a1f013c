# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers are ordered exactly once: every case of a lost reply, a killed run and a dead replay, in every dialect."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.unit.properties.ordering import DIALECTS, LOST, Runner

ORDER = {"label": "web-1", "plan_slug": "vps-2", "os_template": "ubuntu-24.04"}


@pytest.fixture(params=DIALECTS)
def runner(request: pytest.FixtureRequest) -> Runner:
    """An account in each dialect."""
    return Runner("vps", request.param)


@pytest.mark.parametrize("fault", LOST, ids=lambda fault: "-".join(str(value) for value in fault.values()))
def test_a_reply_lost_after_the_debit_is_asked_for_again_with_the_same_key(
    runner: Runner, fault: dict[str, t.Any]
) -> None:
    """The same key again: one debit, one server, and the password arrives."""
    runner.simulator.faults({"method": "POST", "path": "/vps", "when": "after", **fault})
    task = {**ORDER, "wait_timeout": 3} if fault["kind"] == "hang" else ORDER
    (result,) = runner.run(task)
    assert not result.get("failed"), result
    (server,) = runner.living()
    assert len(runner.simulator.debits()) == 1
    assert result["root_password"] == server["root_password"]
    assert result["vps"]["id"] == server["id"]
    assert result["order"]["attempts"] == 2
    keys = {row["headers"]["idempotency-key"] for row in runner.simulator.writes()}
    assert keys == {result["order"]["idempotency_key"]}
    bodies = [row["body"] for row in runner.simulator.writes()]
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize("fault", [{"kind": "reset"}, {"kind": "status", "status": 503}], ids=["reset", "503"])
def test_a_request_lost_before_the_debit_is_ordered_once(runner: Runner, fault: dict[str, t.Any]) -> None:
    """What was never carried out is ordered once."""
    runner.simulator.faults({"method": "POST", "path": "/vps", "when": "before", **fault})
    (result,) = runner.run(ORDER)
    assert not result.get("failed"), result
    assert result["root_password"] == runner.living()[0]["root_password"]
    assert len(runner.simulator.debits()) == 1


def test_the_rate_limit_is_waited_out(runner: Runner) -> None:
    """A 429 was not carried out: it is waited for, and does not count as an attempt."""
    runner.simulator.faults(
        {"method": "POST", "path": "/vps", "kind": "status", "status": 429, "headers": {"Retry-After": "1"}}
    )
    (result,) = runner.run(ORDER)
    assert not result.get("failed") and result["order"]["attempts"] == 1
    assert len(runner.simulator.debits()) == 1


@pytest.mark.parametrize("lag", [0, 3600], ids=["listed", "not-listed-yet"])
def test_a_run_killed_between_request_and_reply_orders_once(runner: Runner, lag: int) -> None:
    """Killed mid-order, then run again: one debit, also while the list does not show the server yet."""
    runner.simulator.assume(list_lag_seconds=lag)
    runner.kill_after_the_debit(ORDER)
    (result,) = runner.run(ORDER)
    assert not result.get("failed"), result
    assert len(runner.simulator.debits()) == 1
    (server,) = runner.living()
    assert result["vps"]["id"] == server["id"]
    if lag:
        assert result["root_password"] == server["root_password"]


@pytest.mark.parametrize("dead", ["same", "current", "new"])
def test_a_server_ordered_again_is_never_the_dead_one(runner: Runner, dead: str) -> None:
    """A second, live server, never the dead one's replay."""
    runner.simulator.assume(dead_replay=dead)
    first, _absent = runner.run(ORDER, {"label": "web-1", "state": "absent"})
    runner.simulator.advance(5)
    second, again = runner.run(ORDER, ORDER)
    assert not second.get("failed"), second
    (server,) = runner.living()
    assert second["vps"]["id"] == server["id"] != first["vps"]["id"]
    assert second["root_password"] == server["root_password"]
    assert len(runner.simulator.debits()) == 2
    assert not again["changed"] and again["vps"]["id"] == server["id"]


def test_a_dead_replay_that_can_not_be_proved_buys_nothing() -> None:
    """Without a proof of the order's age nothing is bought, and the way out works."""
    runner = Runner("vps", vps_created_at="none")
    runner.run(ORDER, {"label": "web-1", "state": "absent"})
    (refused,) = runner.run(ORDER)
    assert refused["failed"] and not refused["changed"] and 'order_generation: "2"' in refused["msg"]
    assert len(runner.simulator.debits()) == 1
    (second,) = runner.run({**ORDER, "order_generation": "2"})
    assert not second.get("failed") and len(runner.living()) == 1
    assert len(runner.simulator.debits()) == 2


def test_a_refused_key_of_a_dead_order_buys_nothing() -> None:
    """A provider that answers 410 for a dead order: nothing is bought, and the message says what to do."""
    runner = Runner("vps", dead_replay="gone")
    runner.run(ORDER, {"label": "web-1", "state": "absent"})
    (refused,) = runner.run(ORDER)
    assert refused["failed"] and not refused["changed"] and "order_generation" in refused["msg"]


def test_other_labels_have_other_keys(runner: Runner) -> None:
    """Two labels are two orders, with two keys."""
    first, second = runner.run(ORDER, {**ORDER, "label": "web-2"})
    assert first["order"]["idempotency_key"] != second["order"]["idempotency_key"]
    assert len(runner.living()) == 2


def test_a_wallet_too_small_orders_nothing_until_topped_up(runner: Runner) -> None:
    """Clear, nothing sent; after a top-up the next run orders."""
    runner.simulator.assume(store_failures="all")
    runner.simulator.seed(balance_usd_cents=959)
    (refused,) = runner.run(ORDER)
    assert refused["failed"] and not refused["changed"] and "1 are missing" in refused["msg"]
    assert not runner.simulator.writes()
    runner.simulator.seed(balance_usd_cents=960)
    (result,) = runner.run(ORDER)
    assert not result.get("failed") and len(runner.simulator.debits()) == 1


def test_a_provisioning_that_fails_is_repeated_once_and_reported(runner: Runner) -> None:
    """A 500 is repeated once with the same key; then the task fails and says what is known."""
    runner.simulator.assume(provisioning="fails", store_failures="all")
    (result,) = runner.run(ORDER)
    assert result["failed"] and result["order"]["idempotency_key"] in result["msg"]
    assert runner.simulator.state()["account"]["balance_usd_cents"] == 10000
    assert not runner.living()


def test_two_at_once_are_one_debit(runner: Runner) -> None:
    """Two clients order the same label at the same moment: one debit."""
    runner.world.core.assume["order_seconds"] = 0.2  # long enough for both to be at it
    results = runner.run_twice_at_once(ORDER)
    assert [result.get("failed") for result in results] == [None, None], results
    assert len(runner.simulator.debits()) == 1
    assert len(runner.living()) == 1


def test_a_label_that_the_provider_rewrites_fails_with_the_password() -> None:
    """A label that comes back otherwise fails with the password at hand: it would be ordered again and again."""
    runner = Runner("vps", label_rule="cut10")
    (result,) = runner.run({**ORDER, "label": "a-rather-long-label"})
    assert result["failed"] and result["changed"] and "a-rather-l" in result["msg"]
    assert result["root_password"] == runner.living()[0]["root_password"]
    assert len(runner.simulator.debits()) == 1


def test_a_failure_while_waiting_keeps_the_password() -> None:
    """A server that is never ready: the failing result still holds its id and password."""
    runner = Runner("vps", provisioning_seconds=9999)
    (result,) = runner.run({**ORDER, "wait_timeout": 4})
    (server,) = runner.living()
    assert result["failed"] and result["changed"] and "provisioning" in result["msg"]
    assert result["vps"]["id"] == server["id"] and result["root_password"] == server["root_password"]


def test_a_reinstall_whose_reply_is_lost_wipes_once(runner: Runner) -> None:
    """The disk is wiped once, and the new password arrives."""
    runner.run(ORDER)
    runner.simulator.faults({"method": "POST", "path": "/vps/{id}/reinstall", "when": "after", "kind": "reset"})
    (result,) = runner.run({"label": "web-1", "state": "reinstalled", "os_template": "debian-12", "force": True})
    assert not result.get("failed"), result
    (server,) = runner.living()
    assert server["wiped"] == 1 and result["root_password"] == server["root_password"]


@pytest.mark.parametrize("fault", [{"kind": "reset"}, {"kind": "status", "status": 502}], ids=["reset", "502"])
def test_a_reboot_is_never_repeated(runner: Runner, fault: dict[str, t.Any]) -> None:
    """A reboot whose reply is lost fails and says so."""
    runner.simulator.seed(vps=[{"label": "web-1"}])
    runner.simulator.faults({"method": "POST", "path": "/vps/{id}/power/{action}", "when": "after", **fault})
    (result,) = runner.run({"label": "web-1", "state": "restarted"})
    assert result["failed"] and result["changed"] and "not known" in result["msg"]
    assert len(runner.simulator.writes()) == 1


def test_the_file_takes_the_password_and_the_result_has_none(runner: Runner, tmp_path: Path) -> None:
    """credentials_file takes the password, earlier entries stay, and the result has none."""
    file = tmp_path / "secrets.json"
    first, second = runner.run(
        {**ORDER, "credentials_file": str(file)}, {**ORDER, "label": "web-2", "credentials_file": str(file)}
    )
    kept = json.loads(file.read_text(encoding="utf-8"))
    by_label = {row["label"]: row for row in runner.living()}
    assert {name: entry["root_password"] for name, entry in kept.items()} == {
        f"vps/{label}": row["root_password"] for label, row in by_label.items()
    }
    assert "root_password" not in first and "root_password" not in second
    assert first["credentials_file"] == str(file) and file.stat().st_mode & 0o777 == 0o600


def test_a_list_that_is_not_whole_orders_nothing() -> None:
    """A list that says that there is more, and can't be read on, orders nothing."""
    runner = Runner("vps", pagination="unreadable")
    runner.simulator.seed(vps=[{"label": f"old-{number}"} for number in range(3)])
    (result,) = runner.run(ORDER)
    assert result["failed"] and "incomplete list" in result["msg"] and not runner.simulator.writes()
