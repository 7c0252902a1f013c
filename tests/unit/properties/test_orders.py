# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is ordered is ordered exactly once: every case of a lost reply, a killed run and a dead replay.

For servers and hosting accounts, in every dialect. What only one of them has is tested beside.
"""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.tests.unit.properties.ordering import DIALECTS, LOST, NOUNS, Runner


@pytest.fixture(params=[(noun, dialect) for noun in NOUNS for dialect in DIALECTS], ids="-".join)
def runner(request: pytest.FixtureRequest) -> Runner:
    """An account in each dialect, for each module that orders."""
    return Runner(*request.param)


@pytest.mark.parametrize("fault", LOST, ids=lambda fault: "-".join(str(value) for value in fault.values()))
def test_a_reply_lost_after_the_debit_is_asked_for_again_with_the_same_key(
    runner: Runner, fault: dict[str, t.Any]
) -> None:
    """The same key and the same body again: one debit, one resource, and its passwords arrive."""
    runner.simulator.faults({"method": "POST", "path": f"/{runner.noun}", "when": "after", **fault})
    task = {**runner.order, "wait_timeout": 3} if fault["kind"] == "hang" else runner.order
    (result,) = runner.run(task)
    assert not result.get("failed"), result
    (row,) = runner.living()
    assert len(runner.simulator.debits()) == 1
    assert runner.has_passwords_of(result, row)
    assert result[runner.noun]["id"] == row["id"] == result["order"][NOUNS[runner.noun].id_fact]
    assert result["order"]["attempts"] == 2
    writes = runner.simulator.writes()
    assert {write["headers"]["idempotency-key"] for write in writes} == {result["order"]["idempotency_key"]}
    assert writes[0]["body"] == writes[1]["body"]


@pytest.mark.parametrize("fault", [{"kind": "reset"}, {"kind": "status", "status": 503}], ids=["reset", "503"])
def test_a_request_lost_before_the_debit_is_ordered_once(runner: Runner, fault: dict[str, t.Any]) -> None:
    """What was never carried out is ordered once."""
    runner.simulator.faults({"method": "POST", "path": f"/{runner.noun}", "when": "before", **fault})
    (result,) = runner.run(runner.order)
    assert not result.get("failed"), result
    assert runner.has_passwords_of(result, runner.living()[0])
    assert len(runner.simulator.debits()) == 1


@pytest.mark.parametrize("status", [400, 401, 402])
def test_a_refusal_after_a_lost_reply_is_no_proof_if_the_list_shows_the_order(runner: Runner, status: int) -> None:
    """A wallet that the first attempt has emptied, say: the task fails, and never says that nothing was bought."""
    path = f"/{runner.noun}"
    runner.simulator.faults(
        {"method": "POST", "path": path, "when": "after", "kind": "reset"},
        {"method": "POST", "path": path, "when": "before", "times": 9, "kind": "status", "status": status},
    )
    failed, found = runner.run(runner.order, runner.order)
    assert failed["failed"] and failed["changed"] and "not known" in failed["msg"], failed
    (row,) = runner.living()
    assert not found["changed"] and found[runner.noun]["id"] == row["id"] and len(runner.simulator.debits()) == 1


@pytest.mark.parametrize("lag", [0, 3600], ids=["listed", "not-listed-yet"])
def test_a_run_killed_between_request_and_reply_orders_once(runner: Runner, lag: int) -> None:
    """Killed mid-order, then run again, a domain in another spelling: one debit, also if it is not listed yet."""
    runner.simulator.assume(list_lag_seconds=lag)
    runner.kill_after_the_debit(runner.order)
    (result,) = runner.run(runner.respelled)
    assert not result.get("failed"), result
    assert len(runner.simulator.debits()) == 1
    (row,) = runner.living()
    assert result[runner.noun]["id"] == row["id"]
    assert runner.has_passwords_of(result, row) == bool(lag)


@pytest.mark.parametrize("dead", ["same", "current", "new"])
def test_what_is_ordered_again_is_never_the_dead_one(runner: Runner, dead: str) -> None:
    """A second, live resource, never the dead one's replay; a user name is free again."""
    runner.simulator.assume(dead_replay=dead)
    first, _absent = runner.run(runner.order, runner.absent)
    runner.simulator.advance(5)
    second, again = runner.run(runner.order, runner.order)
    assert not second.get("failed"), second
    (row,) = runner.living()
    assert second[runner.noun]["id"] == row["id"] != first[runner.noun]["id"]
    assert runner.has_passwords_of(second, row)
    assert len(runner.simulator.debits()) == 2
    assert not again["changed"] and again[runner.noun]["id"] == row["id"]


def test_a_provisioning_that_fails_is_repeated_once_and_reported(runner: Runner) -> None:
    """A 500 is repeated once with the same key; then the task fails and says what is known."""
    runner.simulator.assume(provisioning="fails", store_failures="all")
    (result,) = runner.run(runner.order)
    assert result["failed"] and result["order"]["idempotency_key"] in result["msg"]
    assert runner.simulator.state()["account"]["balance_usd_cents"] == 10000
    assert not runner.living()


def test_two_at_once_are_one_debit(runner: Runner) -> None:
    """Two clients order the same at the same moment: one debit."""
    runner.world.core.assume["order_seconds"] = 0.2  # long enough for both to be at it
    results = runner.run_twice_at_once(runner.order)
    assert [result.get("failed") for result in results] == [None, None], results
    assert len(runner.simulator.debits()) == 1
    assert len(runner.living()) == 1


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize("proof", ["unproved", "410"])
def test_a_dead_order_that_is_no_proof_buys_nothing(noun: str, proof: str) -> None:
    """Where the age of a dead order can't be proved, or its key is refused, nothing is bought and the way out works."""
    runner = Runner(noun, **({"dead_replay": "gone"} if proof == "410" else {f"{noun}_created_at": "none"}))
    runner.run(runner.order, runner.absent)
    (refused,) = runner.run(runner.order)
    assert refused["failed"] and not refused["changed"] and 'order_generation: "2"' in refused["msg"]
    assert not any(name in refused for name in NOUNS[noun].passwords)
    assert len(runner.simulator.debits()) == 1
    (second,) = runner.run({**runner.order, "order_generation": "2"})
    assert not second.get("failed") and len(runner.living()) == 1
    assert len(runner.simulator.debits()) == 2
