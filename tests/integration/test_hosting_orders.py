# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosting accounts are ordered exactly once by real processes: a lost reply, a killed run, two runs at once.

Every other case is in tests/unit/properties/test_orders.py, where an order takes no process.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.integration.ordering import Runner
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

ORDER = {"domain": "example.com", "username": "examplecom", "plan_slug": "hosting-starter"}


@pytest.fixture
def runner(request: pytest.FixtureRequest, tmp_path: Path) -> t.Iterator[Runner]:
    """A simulator in a dialect."""
    with Simulator.start(preset=getattr(request, "param", "plain")) as simulator:
        yield Runner(simulator, tmp_path, "hosting")


def has_passwords_of(result: dict[str, t.Any], account: dict[str, t.Any]) -> bool:
    """Tell whether a result holds both one-time passwords of an account."""
    return all(result.get(name) == account[name] for name in ("sftp_password", "db_password"))


@pytest.mark.parametrize("runner", ["wrapped"], indirect=True)
def test_a_reply_lost_after_the_debit_is_asked_for_again(runner: Runner) -> None:
    """The same key and the same bytes again: one debit, one account, and both passwords arrive."""
    runner.simulator.faults({"method": "POST", "path": "/hosting", "when": "after", "kind": "reset"})
    (result,) = runner.run(ORDER)
    assert not result.get("failed"), result
    (account,) = runner.living()
    assert len(runner.simulator.debits()) == 1
    assert has_passwords_of(result, account)
    assert result["hosting"]["id"] == account["id"] == result["order"]["hosting_id"]
    assert result["order"]["attempts"] == 2
    writes = runner.simulator.writes()
    assert {row["headers"]["idempotency-key"] for row in writes} == {result["order"]["idempotency_key"]}
    assert writes[0]["body"] == writes[1]["body"]


@pytest.mark.parametrize("lag", [3600], ids=["not-listed-yet"])
def test_a_run_killed_between_request_and_reply_orders_once(runner: Runner, lag: int) -> None:
    """Killed mid-order, then run again with the domain in another spelling: one debit, though the list lacks it yet."""
    runner.simulator.assume(list_lag_seconds=lag)
    runner.kill_after_the_debit(ORDER)
    (result,) = runner.run({**ORDER, "domain": "EXAMPLE.com."})
    assert not result.get("failed"), result
    assert len(runner.simulator.debits()) == 1
    (account,) = runner.living()
    assert result["hosting"]["id"] == account["id"]
    assert has_passwords_of(result, account) == bool(lag)


def test_two_at_once_are_one_debit(runner: Runner) -> None:
    """Two processes order the same account at the same moment: one debit."""
    runner.simulator.assume(order_seconds=2)
    runner.run_twice_at_once(ORDER)
    assert len(runner.simulator.debits()) == 1
    assert len(runner.living()) == 1
