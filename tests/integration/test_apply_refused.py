# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbooks apply and drift refuse, and what becomes of a run that is killed. Each refusal writes nothing."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.integration.applying import Account, changed, lines, message, server
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

pytestmark = pytest.mark.slow


@pytest.fixture
def account(tmp_path: Path) -> t.Iterator[Account]:
    """An account with enough money."""
    with Simulator.start(preset="plain", balance=100000) as simulator:
        yield Account(tmp_path, simulator)


def test_a_plan_that_is_refused_is_shown_and_leaves_no_file_to_approve(account: Account) -> None:
    account.write(servers=[server("web-1")])
    account.apply("--check", plan_file=str(account.plan))
    assert account.plan.exists()
    told = account.refused("--check", plan_file="plan.json", max_total_monthly_usd_cents=959)
    assert "The new orders cost 960 US cents a month together" in told
    assert not account.plan.exists()
    played = account.apply("--check", code=2, plan_file="plan.json", max_total_monthly_usd_cents=0)
    assert "due now" in played.output and "create  servers  web-1" in played.output
    assert "max_total_monthly_usd_cents: 0" in message(played)
    assert not account.plan.exists()


def test_a_plan_file_that_is_no_plan_is_refused_before_anything_is_sent(account: Account) -> None:
    account.write(servers=[server("web-1")])
    found = []
    for text in (None, "", "servers: []\n"):
        if text is not None:
            account.plan.write_text(text)
        found.append(account.refused(plan_file="plan.json"))
        assert account.simulator.journal() == []
    assert "plan.json does not exist. Run the playbook with --check" in found[0]
    assert all("plan.json is not a plan file of this playbook" in told for told in found[1:])


def test_no_other_file_is_overwritten_by_a_plan(account: Account) -> None:
    account.write(servers=[server("web-1")])
    before = (account.folder / "account.yml").read_text()
    for name in ("account.yml", "."):
        told = account.refused("--check", plan_file=name)
        assert "exists and is not a plan file of this playbook, so it is not overwritten" in told
    assert (account.folder / "account.yml").read_text() == before


def test_what_comes_with_a_password_needs_a_file_also_in_check_mode(account: Account) -> None:
    account.write(servers=[server("web-1")])
    for mode in (["--check"], []):
        told = account.refused(*mode, credentials_file="", plan_file="plan.json" if mode else "")
        assert told == (
            "apply_credentials_file is required, because the API returns the passwords or secrets of these resources "
            "only once: servers web-1. Nothing was changed."
        )
    assert not account.plan.exists()
    account.write(servers=[server("web-1", credentials_file=str(account.credentials))])
    assert "created servers: web-1" in lines(account.apply(credentials_file="omit"))
    account.write(servers=[server("web-1", ptr="web-1.example.com")])
    assert "changed servers: web-1" in lines(account.apply(credentials_file="omit")), "there is no secret to keep"


def test_passwords_that_would_be_gone_after_a_job_of_awx_are_not_ordered(account: Account) -> None:
    account.write(servers=[server("web-1")])
    for path in ("/tmp/credentials.json", "/runner/project/credentials.json"):
        told = account.refused("-e", "awx_job_id=7", credentials_file=path)
        assert told.startswith(f"apply_credentials_file: {path} is gone after this job of AWX.")
    assert account.simulator.journal() == []


def test_variables_that_are_empty_or_null_are_not_set(account: Account) -> None:
    account.seed("web-1", "old-1")
    account.write(servers=[server("web-1"), server("web-2")], webhooks=[])
    names = ("purge", "max_total_monthly_usd_cents", "max_removed", "plan_file")
    played = account.apply("--check", **dict.fromkeys(names))
    assert lines(played)[:2] == ["Check mode: nothing was changed.", "to create servers: web-2"]
    played = account.apply(**dict.fromkeys(names, ""))
    assert lines(played)[1] == "There was no approved plan, because apply_plan_file is empty."
    assert account.refused(manifest="").startswith("apply_manifest is required.")
    assert account.refused(manifest=None).startswith("apply_manifest is required.")
    told = account.refused(purge="webhooks, servers", max_removed="")
    assert "It removes or replaces 1, which is more than max_removed: 0" in told


def test_a_document_that_can_not_be_read_is_said_in_one_sentence(account: Account) -> None:
    assert account.refused(manifest="acount.yml") == (
        f"apply_manifest: there is no file {account.folder}/acount.yml. Nothing was changed."
    )
    account.write()
    assert "contains no section" in account.refused()
    assert message(account.drift(code=2)).startswith("The account was not compared. drift_manifest: ")
    account.write(server=[])
    assert "Did you mean servers?" in account.refused()
    assert account.simulator.journal() == []


def test_a_wrong_key_and_no_network_are_no_drift(account: Account) -> None:
    account.write(servers=[])
    key = "h444_a_key_that_nobody_has_issued"
    account.env["H444_API_KEY"] = key
    wrong = [account.refused(), message(account.drift(code=2))]
    assert all("401" in told or "key" in told for told in wrong) and key not in "".join(wrong)
    account.env.update(H444_API_KEY=account.simulator.key, H444_API_URL="http://127.0.0.1:9/v1")
    silent = [account.refused(), message(account.drift(code=2))]
    assert all("nothing listens at 127.0.0.1:9" in told for told in silent)
    assert [told.startswith("The account was not compared. ") for told in (*wrong, *silent)] == [False, True] * 2


def test_a_run_that_was_killed_is_finished_by_the_next_one(account: Account) -> None:
    account.write(servers=[server(f"web-{number}", ptr=f"web-{number}.example.com") for number in range(1, 5)])
    fault = {"method": "POST", "path": "/vps", "when": "after", "kind": "hang", "seconds": 60, "nth": 2, "times": 9}
    account.simulator.faults(fault)
    account.kill_at(2)
    account.simulator.clear_faults()
    done = account.apply()
    assert changed(done) == 1
    state = account.simulator.state()
    assert sorted(row["label"] for row in state["vps"] if row["alive"]) == [f"web-{number}" for number in range(1, 5)]
    assert len(account.simulator.debits()) == 4
    assert changed(account.apply()) == 0


def test_a_failure_on_the_way_says_what_is_done_and_what_is_left(account: Account) -> None:
    account.seed("web-1")
    account.write(servers=[server("web-1", ptr="web-1.example.com"), server("web-2")])
    account.simulator.faults(
        {"method": "POST", "path": "/vps", "when": "before", "kind": "status", "status": 403, "body": {"error": "no"}}
    )
    played = account.apply(code=2)
    assert lines(played) == [
        "The plan was not carried out completely.",
        "changed servers: web-1",
        "left to create servers: web-2",
        "a month: 9.60 USD before, 9.60 USD after",
        "wallet: 1000.00 USD before, 1000.00 USD after",
    ]
    assert "web-2" in message(played)
    account.simulator.clear_faults()
    assert "created servers: web-2" in lines(account.apply())
    assert json.loads(account.credentials.read_text())["vps/web-2"]["root_password"]
