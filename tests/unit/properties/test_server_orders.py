# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What only orders of servers have: labels, reinstalls and power. What hosting has as well is in test_orders."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.unit.properties.ordering import DIALECTS, NOUNS, Runner

ORDER = NOUNS["vps"].order


@pytest.fixture(params=DIALECTS)
def runner(request: pytest.FixtureRequest) -> Runner:
    """An account in each dialect."""
    return Runner("vps", request.param)


def test_the_rate_limit_is_waited_out(runner: Runner) -> None:
    """A 429 was not carried out: it is waited for, and does not count as an attempt."""
    runner.simulator.faults(
        {"method": "POST", "path": "/vps", "kind": "status", "status": 429, "headers": {"Retry-After": "1"}}
    )
    (result,) = runner.run(ORDER)
    assert not result.get("failed") and result["order"]["attempts"] == 1
    assert len(runner.simulator.debits()) == 1


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
