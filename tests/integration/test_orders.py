# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers are ordered exactly once by real processes: a lost reply, a killed run, two runs at once, and what is shown.

Every other case is in tests/unit/properties/test_orders.py, where an order takes no process.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.integration.ordering import Runner
from ansible_collections.h444.cloud.tests.integration.playing import environment, play, write_playbook
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

ORDER = {"label": "web-1", "plan_slug": "vps-2", "os_template": "ubuntu-24.04"}


@pytest.fixture
def runner(request: pytest.FixtureRequest, tmp_path: Path) -> t.Iterator[Runner]:
    """A simulator in a dialect."""
    with Simulator.start(preset=getattr(request, "param", "plain")) as simulator:
        yield Runner(simulator, tmp_path)


@pytest.mark.parametrize("runner", ["plain", "sparse"], indirect=True)
def test_a_reply_lost_after_the_debit_is_asked_for_again(runner: Runner) -> None:
    """The same key again: one debit, one server, and the password arrives."""
    runner.simulator.faults({"method": "POST", "path": "/vps", "when": "after", "kind": "reset"})
    (result,) = runner.run(ORDER)
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


@pytest.mark.parametrize(
    ("runner", "lag"),
    [("plain", 3600), ("sparse", 0)],
    indirect=["runner"],
    ids=["not-listed-yet", "listed"],
)
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


def test_two_at_once_are_one_debit(runner: Runner) -> None:
    """Two processes order the same label at the same moment: one debit."""
    runner.simulator.assume(order_seconds=2)
    runner.run_twice_at_once(ORDER)
    assert len(runner.simulator.debits()) == 1
    assert len(runner.living()) == 1


def test_a_failure_while_waiting_keeps_the_password(tmp_path: Path) -> None:
    """A server that is never ready: the failing result still holds its id and password, and no output shows it."""
    with Simulator.start(assume={"provisioning_seconds": 9999}) as simulator:
        runner = Runner(simulator, tmp_path)
        (result,) = runner.run({**ORDER, "wait_timeout": 4})
        (server,) = runner.living()
        assert result["failed"] and result["changed"] and "provisioning" in result["msg"]
        assert result["vps"]["id"] == server["id"] and result["root_password"] == server["root_password"]
        assert "provisioning" in runner.output


def test_money_is_shown_without_v(tmp_path: Path) -> None:
    """--check --diff shows price and wallet; each round of a loop looks at the wallet; what can be paid is bought."""
    with Simulator.start() as simulator:
        simulator.seed(balance_usd_cents=2000)
        task = {
            "h444.cloud.h444_vps": {**ORDER, "label": "web-{{ item }}"},
            "loop": [1, 2, 3],
            "name": "Order",
            "ignore_errors": True,
        }
        playbook = write_playbook(tmp_path, [task])
        env = environment(tmp_path / "home", simulator.url, simulator.key)
        command = ["ansible-playbook", "-i", "localhost,", str(playbook)]
        planned = play([*command, "--check", "--diff"], env, tmp_path)
        assert planned.code == 0, planned.tail()
        for shown in (
            '"wallet_usd_cents": 2000',
            '"wallet_usd_cents": 1040',
            '"monthly_usd_cents": 960',
            '"due_now_usd_cents": 960',
        ):
            assert planned.output.count(shown) == 3, planned.output
        assert not simulator.debits()
        play(command, env, tmp_path)
        assert len(simulator.debits()) == 2
