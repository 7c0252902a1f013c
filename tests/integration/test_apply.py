# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks apply and drift on every core: from a plan to its approval and to the change, and back by drift."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.integration.applying import Account, changed, lines, message, server
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

pytestmark = pytest.mark.slow
HOSTILE = "{{ lookup('pipe', 'touch was-run') }} \"x\" 'y'"


@pytest.fixture
def account(tmp_path: Path) -> t.Iterator[Account]:
    """An account with enough money."""
    with Simulator.start(preset="plain", balance=100000) as simulator:
        yield Account(tmp_path, simulator)


def test_an_approved_plan_is_carried_out_only_as_long_as_it_is_the_plan(account: Account) -> None:
    account.seed("web-1", "old-1")
    hook = {"url": "https://example.com/hook", "events": ["vps.created"]}
    account.write(servers=[server("web-1", ptr="web-1.example.com"), server("web-2")], webhooks=[hook])
    limits = {"purge": "servers", "max_removed": "1", "max_total_monthly_usd_cents": "960", "plan_file": "plan.json"}

    account.simulator.clear_journal()
    planned = account.apply("--check", **limits)
    assert account.simulator.writes() == []
    assert changed(planned) == 1
    kept = json.loads(account.plan.read_text())
    assert account.plan.stat().st_mode & 0o777 == 0o600
    assert [(line["action"], line["name"]) for line in kept["plan"]] == [
        ("update", "web-1"),
        ("create", hook["url"]),
        ("create", "web-2"),
        ("remove", "old-1"),
    ]
    assert kept["cost"]["due_now_usd_cents"] == 960
    assert (kept["purge"], kept["max_removed"], kept["max_total_monthly_usd_cents"]) == (["servers"], 1, 960)
    for text in kept["table"]:
        assert text in planned.output
    assert "Check mode: nothing was changed." in lines(planned)

    # Somebody else changes the account.
    (row,) = [row for row in account.simulator.state()["vps"] if row["label"] == "web-1"]
    account.call("POST", f"/vps/{row['id']}/power/stop")
    assert "plan.json contains another plan than the one that is due now" in account.refused(**limits)
    account.call("POST", f"/vps/{row['id']}/power/start")
    account.simulator.advance(600)

    done = account.apply(**limits)
    assert changed(done) == 1
    assert lines(done) == [
        f"The account is now what {account.folder}/account.yml says.",
        "changed servers: web-1",
        "created webhooks: https://example.com/hook",
        "created servers: web-2",
        "removed servers: old-1",
        "a month: 19.20 USD before, 19.20 USD after",
        "wallet: 1000.00 USD before, 990.40 USD after",
    ]
    state = account.simulator.state()
    assert sorted(row["label"] for row in state["vps"] if row["alive"]) == ["web-1", "web-2"]
    assert len(account.simulator.debits()) == 1
    assert account.credentials.stat().st_mode & 0o777 == 0o600
    assert set(json.loads(account.credentials.read_text())) == {"vps/web-2", "webhook/https://example.com/hook"}

    account.simulator.clear_journal()
    again = account.apply(**limits)
    assert account.simulator.writes() == []
    assert changed(again) == 0
    assert lines(again)[0] == f"The account is what {account.folder}/account.yml says. Nothing was changed."


def test_drift_names_each_difference_and_nothing_else(account: Account) -> None:
    account.simulator.seed(balance_usd_cents=0)
    account.seed("web-1", "web-2", "same-1", "odd-1")
    account.write(
        servers=[
            server("same-1"),
            server("web-1", ptr="web-1.example.com"),
            server("web-2", plan_slug="vps-3"),
            server("web-3", max_monthly_usd_cents=1),
        ]
    )
    with (account.folder / "account.yml").open("a") as file:
        file.write("- label: !unsafe " + json.dumps(HOSTILE) + "\n  hostname: odd\n  plan_slug: vps-1\n")
        file.write("  os_template: debian-12\n")
    played = account.drift(code=2)
    found = lines(played)
    assert len(found) == 4, found
    assert found[0] == "servers web-1: ptr should be web-1.example.com"
    assert "servers web-2: plan_slug should be vps-3" in found
    assert any(line.startswith("servers web-3: is missing (plan_slug vps-2, ") for line in found)
    assert any(line.startswith(f"servers {HOSTILE}: is missing (") for line in found)
    assert "same-1" not in played.output and "odd-1" not in played.output
    assert not (account.folder / "was-run").exists()
    purged = account.drift(code=2, purge=["servers"])
    assert lines(purged)[-1] == "servers odd-1: exists, but should not"

    account.write(servers=[server("same-1")])
    played = account.drift(purge="")
    assert changed(played) == 0
    assert f'"msg": "The account is what {account.folder}/account.yml says."' in played.output

    account.write(servers=[server("same-1", plan_slug="vps-99")])
    told = message(account.drift(code=2))
    assert told.startswith("The account was not compared. ") and "vps-99" in told
