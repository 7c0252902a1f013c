# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random documents on random accounts under random faults: what h444_manifest plans is what it does, and no more.

Each seed is an account in a dialect, a document with some of its sections, sections that are purged, and faults.
Whatever happens on the way, the debits are what the new servers and hosting accounts cost, nothing that no entry names
is touched, no secret is lost without a word, what is done and what is left together are the plan, and a further run
finishes it. *manifesting.py* checks this after each run.

What the interface says of h444_manifest, and the test that holds it (R: test_manifest_refusals.py, M: this file,
I: tests/integration/test_manifest.py, T: tests/integration/targets/manifest):

- known by label, domain, name, URL; no state file: M all, ``Wish.check_end``; T
- options of the section's module, ``ptr``: R ``each_entry_takes_the_options_of_its_module``, ``one_entry_has_options``
- an absent section is not looked at: R ``a_section_that_is_absent_is_not_looked_at``; an empty one: the test after it
- purge, and what no entry names: M ``Wish._check_bystanders``; R ``DOCUMENTS``, ``REMOVALS``; T
- max_total_monthly_usd_cents, wallet, max_removed, protected: M ``a_limit_holds_for_the_whole_plan``; R ``MONEY``,
  ``REMOVALS``, ``PROTECTED``, ``the_environment_protects_too``, ``a_protected_name_is_not_taken_away``
- plan_digest: M ``the_digest_of_another_plan_is_refused``; T
- order_generation, wait: R ``order_generation_makes_another_key``, ``without_wait_…``
- manifest, after, in the same form; manifest_info's changes nothing: M ``Wish.finish``; R ``…_as_it_is_then``; T
- plan, its entries and their order: M ``check_plan``; R ``a_change_says_what_was``, ``what_can_be_undone_…``
- cost; check mode's plan, digest and cost are the run's: M ``the_plan_of_check_mode_…``; R ``MONEY``
- done, left, failures, ordered: M ``Wish.check``; R ``the_failure_of_one_entry_is_reported``, ``a_failure_keeps_…``
- secrets by name at the top level, or in the file: M ``check_passwords``; I ``each_secret_is_in_its_place…`` and others
- replace is a reinstall; what no call can change is refused with both values: R ``FIXED``, ``REMOVALS``
- refused with the entry's name and place: R ``CASES``, ``CONTRADICTIONS``
- hosting that is missing and wanted suspended: R ``hosting_that_is_missing_and_wanted_suspended…``
- a failure on the way, a killed run: M ``…whatever_fails``, ``a_run_that_is_killed…``; I ``a_run_that_is_killed…``
- eight requests: M ``a_big_account…``
"""

from __future__ import annotations

import copy
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.simulator import assumed
from ansible_collections.h444.cloud.tests.unit.properties.manifesting import SECRETS, Wish, play, writes
from ansible_collections.h444.cloud.tests.unit.properties.ordering import Grave, Killed
from ansible_collections.h444.cloud.tests.unit.properties.support import World

Row = t.Dict[str, t.Any]
REPORT = ("plan", "plan_digest", "cost")
KEYS = {"action", "kind", "name", "changes", "monthly_usd_cents"}


def reported(result: Row) -> Row:
    """Give what check mode and the run have in common."""
    return {name: result[name] for name in REPORT}


def rank(entry: Row) -> int | None:
    """Say when an entry is carried out: what can be undone, what costs money, what destroys. None: any of them."""
    if entry["kind"] in ("servers", "hosting") and entry["action"] == "create":
        return 1
    if entry["action"] == "replace" or (entry["kind"] in ("servers", "hosting") and entry["action"] == "remove"):
        return 2
    return 0 if entry["action"] == "update" and entry["kind"] != "ptr_records" else None


def check_plan(wish: Wish, result: Row) -> None:
    """Check the form of a plan, its order and its sums."""
    plan, cost = result["plan"], result["cost"]
    names = {kind: [row.get(name) for row in wish.document.get(kind, [])] for kind, name in NAMES.items()}
    for entry in plan:
        assert set(entry) >= KEYS and entry["action"] in ("create", "update", "replace", "remove"), entry
        assert entry["kind"] in wish.document, entry
        assert entry["name"] in names[entry["kind"]] or entry["action"] in ("remove", "update"), entry
        for change in entry["changes"].values():
            assert set(change) == {"before", "after"} and change["before"] != change["after"], entry
        if entry["action"] in ("update", "replace"):
            assert entry["changes"] and entry["monthly_usd_cents"] == 0, entry
        if entry["kind"] in ("servers", "hosting"):
            sign = {"create": 1, "remove": -1}.get(entry["action"], 0)
            assert (entry["monthly_usd_cents"] > 0) - (entry["monthly_usd_cents"] < 0) == sign, entry
    ranks = [one for one in map(rank, plan) if one is not None]
    assert ranks == sorted(ranks), [(entry["action"], entry["kind"], entry["name"]) for entry in plan]
    created = [entry["name"] for entry in plan if rank(entry) == 1]
    assert sorted(created) == sorted(entry.get("label") or entry["domain"] for entry in wish.missing)
    gone = [entry for entry in plan if entry["action"] in ("remove", "replace") and entry["kind"] != "ptr_records"]
    assert len(gone) == wish.removed, gone
    monthly = sum(entry["monthly_usd_cents"] for entry in plan)
    assert cost["monthly_after_usd_cents"] - cost["monthly_before_usd_cents"] == monthly
    assert cost["due_now_usd_cents"] == wish.price


NAMES = {"servers": "label", "ptr_records": "ip", "hosting": "domain", "domains": "name", "webhooks": "url"}


@pytest.mark.parametrize("seed", range(50))
def test_a_document_is_carried_out_once_whatever_fails(seed: int, tmp_path: Path) -> None:
    """Check mode writes nothing; after the faults the next runs finish; no secret is lost without a word."""
    wish = Wish(seed, tmp_path / "secrets.json" if seed % 2 else None)
    planned = wish.run(check_mode=True)
    assert not planned.get("failed"), planned
    check_plan(wish, planned)
    wish.break_something()
    broken = wish.run(wait_timeout=wish.chance.choice((10, 600)))  # some servers take longer than 10 s
    assert broken.get("failed") or not broken["left"], broken
    wish.finish()
    wish.check_passwords()


@pytest.mark.parametrize("seed", range(100, 140))
def test_the_plan_of_check_mode_is_the_plan_of_the_run(seed: int, tmp_path: Path) -> None:
    """The same plan, digest and cost; all of it is done; each new secret is in the result, or in the file alone."""
    wish = Wish(seed, tmp_path / "secrets.json" if seed % 2 else None)
    planned = wish.run(check_mode=True)
    assert reported(wish.run(check_mode=True)) == reported(planned)
    assert planned["cost"]["balance_usd_cents"] == wish.core.account["balance_usd_cents"]
    assert planned["cost"]["monthly_before_usd_cents"] == wish.monthly_price()
    result = wish.run(plan_digest=planned["plan_digest"])
    assert not result.get("failed"), result
    assert reported(result) == reported(planned) and result["changed"] == planned["changed"] == bool(planned["plan"])
    assert result["cost"]["monthly_after_usd_cents"] == wish.monthly_price()
    check_plan(wish, result)
    assert result["done"] == result["plan"] and result["left"] == []
    made = {kind: [row["name"] for row in result["plan"] if row["action"] == "create" and row["kind"] == kind]
            for kind in ("servers", "hosting", "webhooks")}  # fmt: skip
    assert set(made["servers"]) <= set(result["ordered"]) <= {*made["servers"], *made["hosting"]}
    assert set(planned["ordered"]) == set(result["ordered"])
    wiped = [row["name"] for row in result["plan"] if row["action"] == "replace"]
    kinds = dict(zip(SECRETS, ({*made["servers"], *wiped}, made["hosting"], made["hosting"], made["webhooks"])))
    for name, kind in kinds.items():
        assert set(result.get(name) or {}) == (set() if wish.file else set(kind)), name
    wish.check_passwords()
    assert not any(one.get("secret_lost") for one in wish.results)
    wish.finish()


@pytest.mark.parametrize("seed", range(200, 225))
@pytest.mark.parametrize("limit", ["wallet", "max_total_monthly_usd_cents", "max_removed", "protected", "plan_digest"])
def test_a_limit_holds_for_the_whole_plan(seed: int, limit: str) -> None:
    """One too many, and nothing is written, in check mode and for real; the plan is in the result; the limit is enough.

    Only what is planned counts: a document that needs nothing of what is limited passes.
    """
    wish = Wish(seed)
    planned = wish.run(check_mode=True)
    plan = planned["plan"]
    removed = sum(entry["action"] in ("remove", "replace") for entry in plan)
    gone = [entry["name"] for entry in plan if entry["action"] in ("remove", "replace") and entry["kind"] in UNIQUE]
    refused, enough = {
        "wallet": ({}, {}),
        "max_total_monthly_usd_cents": ({limit: wish.price - 1}, {limit: wish.price}),
        "max_removed": ({limit: removed - 1}, {limit: removed}),
        "protected": ({limit: gone[:1]}, {limit: ["nobody-*"]}),
        "plan_digest": ({limit: "0" * len(planned["plan_digest"])}, {limit: planned["plan_digest"]}),
    }[limit]
    is_limited = {"max_removed": removed, "protected": gone, "plan_digest": plan}.get(limit, wish.price)
    if not is_limited:
        return
    if limit == "wallet":
        wish.core.account["balance_usd_cents"] = wish.price - 1
    for check_mode in (True, False):
        result = wish.run(check_mode, **refused)
        assert result["failed"] and not result["changed"] and not writes(wish.world), result
        assert result["plan"] == plan and result["plan_digest"] == planned["plan_digest"]
        balance = wish.core.account["balance_usd_cents"]
        assert result["cost"] == {**planned["cost"], "balance_usd_cents": balance}
        assert result["ordered"] == [] and not any(result.get(name) for name in SECRETS)
        assert limit in result["msg"] if limit != "wallet" else str(wish.price) in result["msg"], result["msg"]
    wish.core.account["balance_usd_cents"] = wish.price if limit == "wallet" else 1000000
    result = wish.run(**enough)
    assert not result.get("failed"), result
    if limit == "wallet":
        assert wish.core.account["balance_usd_cents"] == 0
    wish.check_end()


UNIQUE = ("servers", "hosting", "webhooks")


@pytest.mark.parametrize("seed", range(230, 250))
def test_the_digest_of_another_plan_is_refused(seed: int) -> None:
    """What has changed in the account or in the document since the plan was made is found before the first write."""
    wish = Wish(seed)
    digest = wish.run(check_mode=True)["plan_digest"]
    before, document = copy.deepcopy(wish.core.servers), copy.deepcopy(wish.document)
    entry = {"label": "late-1", "plan_slug": "vps-1", "os_template": "debian-12"}
    wish.document.setdefault("servers", []).append(entry)
    for check_mode in (True, False):
        refused = wish.run(check_mode, plan_digest=digest)
        assert refused["failed"] and not refused["changed"] and "plan_digest" in refused["msg"], refused
        assert refused["plan_digest"] != digest and refused["plan"] and refused["cost"]
    assert wish.core.servers == before and not writes(wish.world)
    wish.document = document


@pytest.mark.parametrize("seed", range(300, 340))
def test_a_run_that_is_killed_is_finished_by_the_next(seed: int, tmp_path: Path) -> None:
    """Killed at any request: the file has every secret that arrived, and the next run does the rest, once."""
    wish = Wish(seed, tmp_path / "secrets.json")
    grave = Grave(wish.world, wish.chance.randint(1, 40), wish.chance.choice(("before", "after")))
    try:
        wish.run()
    except Killed:
        pass
    grave.rise()
    wish.check({})
    assert grave.arrived <= wish.passwords(), "a secret arrived, and is not in the file"
    wish.finish()


# What is read beyond the lists: each domain, where their list shows no settings.
MORE = {"plain": 0, "wrapped": 0, "sparse": 20}


@pytest.mark.parametrize("preset", MORE)
def test_a_big_account_takes_at_most_eight_requests_when_nothing_is_to_be_done(preset: str) -> None:
    """Sixty servers, forty PTR records, ten hosting accounts, twenty domains, five webhooks."""
    world = World(assumed.preset(preset))
    servers = [
        {"label": f"node-{number}", "hostname": f"node-{number}", "plan_slug": "vps-1", "at": 0.0,
         "ips": [{"ip": f"203.0.113.{number}", "ptr": f"node-{number}.example"}]}
        for number in range(60)
    ]  # fmt: skip
    domains = [{"name": f"site-{number}.example", "auto_renew": True} for number in range(20)]
    sites = [
        {"domain": f"site-{number}.example", "username": f"site{number}", "php_version": "8.1", "at": 0.0}
        for number in range(10)
    ]
    hooks = [{"url": f"https://hooks.example/{number}", "events": ["vps.created"]} for number in range(5)]
    world.core.seed({"vps": servers, "hosting": sites, "domains": domains, "webhooks": hooks})
    ptrs = [{"label": f"node-{number}", "ptr": f"node-{number}.example"} for number in range(20)]
    document = {
        "servers": [*ptrs, *({"label": f"node-{number}", "plan_slug": "vps-1"} for number in range(20, 60))],
        "ptr_records": [
            {"ip": f"203.0.113.{number}", "hostname": f"node-{number}.example"} for number in range(20, 40)
        ],
        "hosting": [{name: row[name] for name in ("domain", "username", "php_version")} for row in sites],
        "domains": domains,
        "webhooks": hooks,
    }
    for check_mode in (True, False):
        result = play(world, {"manifest": document}, check_mode)
        assert not result.get("failed") and result["plan"] == [] and not result["changed"], result
        assert len(world.sent) <= 8 + MORE[preset] and not writes(world), world.sent
        assert len(set(world.sent)) == len(world.sent), "something was read twice"
