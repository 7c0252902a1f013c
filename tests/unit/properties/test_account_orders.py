# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosting accounts are ordered exactly once: lost replies, killed runs and dead replays, in every dialect."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.unit.properties.ordering import DIALECTS, LOST, Runner

ORDER = {"domain": "example.com", "username": "examplecom", "plan_slug": "hosting-starter"}
ABSENT = {"domain": "example.com", "state": "absent"}


@pytest.fixture(params=DIALECTS)
def runner(request: pytest.FixtureRequest) -> Runner:
    """An account in each dialect."""
    return Runner("hosting", request.param)


def has_passwords_of(result: dict[str, t.Any], account: dict[str, t.Any]) -> bool:
    """Tell whether a result holds both one-time passwords of an account."""
    return all(result.get(name) == account[name] for name in ("sftp_password", "db_password"))


@pytest.mark.parametrize("fault", LOST, ids=lambda fault: "-".join(str(value) for value in fault.values()))
def test_a_reply_lost_after_the_debit_is_asked_for_again_with_the_same_key(
    runner: Runner, fault: dict[str, t.Any]
) -> None:
    """The same key and the same bytes again: one debit, one account, and both passwords arrive."""
    runner.simulator.faults({"method": "POST", "path": "/hosting", "when": "after", **fault})
    (result,) = runner.run({**ORDER, "wait_timeout": 3} if fault["kind"] == "hang" else ORDER)
    assert not result.get("failed"), result
    (account,) = runner.living()
    assert len(runner.simulator.debits()) == 1
    assert has_passwords_of(result, account)
    assert result["hosting"]["id"] == account["id"] == result["order"]["hosting_id"]
    assert result["order"]["attempts"] == 2
    writes = runner.simulator.writes()
    assert {row["headers"]["idempotency-key"] for row in writes} == {result["order"]["idempotency_key"]}
    assert writes[0]["body"] == writes[1]["body"]


def test_a_request_lost_before_the_debit_is_ordered_once(runner: Runner) -> None:
    """What was never carried out is ordered once."""
    runner.simulator.faults({"method": "POST", "path": "/hosting", "when": "before", "kind": "reset"})
    (result,) = runner.run(ORDER)
    assert not result.get("failed"), result
    assert has_passwords_of(result, runner.living()[0])
    assert len(runner.simulator.debits()) == 1


def test_a_replay_without_passwords_ends_well_and_says_so() -> None:
    """The account is there, its passwords are lost: the task ends well, and says where new ones come from."""
    runner = Runner("hosting", replay_body="no_password")
    runner.simulator.faults({"method": "POST", "path": "/hosting", "when": "after", "kind": "reset"})
    (result,) = runner.run(ORDER)
    assert not result.get("failed") and result["changed"], result
    assert "db_password" not in result and "sftp_password" not in result
    assert result["secret_lost"] is True
    said = " ".join(result["warnings"])
    assert "sftp password" in said and "db password" in said and "set one in the panel" in said
    assert len(runner.simulator.debits()) == 1


@pytest.mark.parametrize("lag", [0, 3600], ids=["listed", "not-listed-yet"])
def test_a_run_killed_between_request_and_reply_orders_once(runner: Runner, lag: int) -> None:
    """Killed mid-order, then run again with the domain in another spelling: one debit, also if not listed yet."""
    runner.simulator.assume(list_lag_seconds=lag)
    runner.kill_after_the_debit(ORDER)
    (result,) = runner.run({**ORDER, "domain": "EXAMPLE.com."})
    assert not result.get("failed"), result
    assert len(runner.simulator.debits()) == 1
    (account,) = runner.living()
    assert result["hosting"]["id"] == account["id"]
    assert has_passwords_of(result, account) == bool(lag)


@pytest.mark.parametrize("dead", ["same", "current", "new"])
def test_an_account_ordered_again_is_never_the_dead_one(runner: Runner, dead: str) -> None:
    """A second, live account, never the dead one's replay; the user name is free again."""
    runner.simulator.assume(dead_replay=dead)
    first, _absent = runner.run(ORDER, ABSENT)
    runner.simulator.advance(5)
    second, again = runner.run(ORDER, ORDER)
    assert not second.get("failed"), second
    (account,) = runner.living()
    assert second["hosting"]["id"] == account["id"] != first["hosting"]["id"]
    assert has_passwords_of(second, account)
    assert len(runner.simulator.debits()) == 2
    assert not again["changed"] and again["hosting"]["id"] == account["id"]


@pytest.mark.parametrize("assume", [{"hosting_created_at": "none"}, {"dead_replay": "gone"}], ids=["unproved", "410"])
def test_a_dead_order_that_is_no_proof_buys_nothing(assume: dict[str, t.Any]) -> None:
    """Where the age of a dead order can't be proved, or its key is refused, nothing is bought and the way out works."""
    runner = Runner("hosting", **assume)
    runner.run(ORDER, ABSENT)
    (refused,) = runner.run(ORDER)
    assert refused["failed"] and not refused["changed"] and "order_generation" in refused["msg"]
    assert "db_password" not in refused and len(runner.simulator.debits()) == 1
    (second,) = runner.run({**ORDER, "order_generation": "2"})
    assert not second.get("failed") and len(runner.living()) == 1 and len(runner.simulator.debits()) == 2


def test_a_wallet_too_small_orders_nothing_until_topped_up() -> None:
    """Unsent where the wallet is too small; a 402 all the same is reported; after a top-up it is ordered."""
    runner = Runner("hosting")
    runner.simulator.seed(balance_usd_cents=239)
    (refused,) = runner.run(ORDER)
    assert (
        refused["failed"]
        and not refused["changed"]
        and "1 are missing" in refused["msg"]
        and not runner.simulator.writes()
    )
    runner.simulator.seed(balance_usd_cents=240)
    body = {"statusCode": 402, "message": "Insufficient wallet balance.", "error": "Payment Required"}
    runner.simulator.faults(
        {"method": "POST", "path": "/hosting", "when": "before", "kind": "status", "status": 402, "body": body}
    )
    told, result = runner.run(ORDER, ORDER)
    assert told["failed"] and not told["changed"] and "order_generation" in told["msg"]
    assert not result.get("failed") and len(runner.simulator.debits()) == 1 and len(runner.living()) == 1


def test_a_provisioning_that_fails_is_repeated_once_and_reported(runner: Runner) -> None:
    """A 500 is repeated once with the same key; then the task fails and says what is known."""
    runner.simulator.assume(provisioning="fails", store_failures="all")
    (result,) = runner.run(ORDER)
    assert result["failed"] and result["order"]["idempotency_key"] in result["msg"]
    assert runner.simulator.state()["account"]["balance_usd_cents"] == 10000
    assert not runner.living()


def test_two_at_once_are_one_debit(runner: Runner) -> None:
    """Two clients order the same account at the same moment: one debit."""
    runner.world.core.assume["order_seconds"] = 0.2  # long enough for both to be at it
    results = runner.run_twice_at_once(ORDER)
    assert [result.get("failed") for result in results] == [None, None], results
    assert len(runner.simulator.debits()) == 1
    assert len(runner.living()) == 1


def test_the_file_takes_both_passwords_and_the_result_has_none(runner: Runner, tmp_path: Path) -> None:
    """credentials_file takes both passwords, entries of the dead account stay, and the result has none."""
    file = tmp_path / "secrets.json"
    kept_in = {**ORDER, "credentials_file": str(file)}
    first, _absent, second = runner.run(kept_in, ABSENT, {**kept_in, "order_generation": "2"})
    kept = json.loads(file.read_text(encoding="utf-8"))
    (account,) = runner.living()
    assert has_passwords_of(kept["hosting/example.com"], account) and kept["hosting/example.com"]["id"] == account["id"]
    assert kept[f"hosting/example.com/{first['hosting']['id']}"]["db_password"] != account["db_password"]
    assert not {"sftp_password", "db_password"} & (set(first) | set(second))
    assert first["credentials_file"] == str(file) and file.stat().st_mode & 0o777 == 0o600
