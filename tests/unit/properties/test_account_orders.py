# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What only orders of hosting accounts have: two passwords, and a 402. The rest is in test_orders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.unit.properties.ordering import DIALECTS, NOUNS, Runner

ORDER, ABSENT = NOUNS["hosting"].order, NOUNS["hosting"].absent


@pytest.fixture(params=DIALECTS)
def runner(request: pytest.FixtureRequest) -> Runner:
    """An account in each dialect."""
    return Runner("hosting", request.param)


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


def test_the_file_takes_both_passwords_and_the_result_has_none(runner: Runner, tmp_path: Path) -> None:
    """credentials_file takes both passwords, entries of the dead account stay, and the result has none."""
    file = tmp_path / "secrets.json"
    kept_in = {**ORDER, "credentials_file": str(file)}
    first, _absent, second = runner.run(kept_in, ABSENT, {**kept_in, "order_generation": "2"})
    kept = json.loads(file.read_text(encoding="utf-8"))
    (account,) = runner.living()
    assert (
        runner.has_passwords_of(kept["hosting/example.com"], account)
        and kept["hosting/example.com"]["id"] == account["id"]
    )
    assert kept[f"hosting/example.com/{first['hosting']['id']}"]["db_password"] != account["db_password"]
    assert not {"sftp_password", "db_password"} & (set(first) | set(second))
    assert first["credentials_file"] == str(file) and file.stat().st_mode & 0o777 == 0o600
