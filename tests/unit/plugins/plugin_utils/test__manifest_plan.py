# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of a plan, and the file that keeps it, from results as h444_manifest returns them."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.h444.cloud.plugins.plugin_utils._manifest_plan import (
    drift,
    plan_file,
    plan_problem,
    summary,
    unkept_secrets,
)

Row = t.Dict[str, t.Any]
ESCAPE = "web\x1b[31m \u202e1"


def line(action: str, kind: str, name: str, cents: int = 0, **changes: t.Tuple[t.Any, t.Any]) -> Row:
    """Give an entry of a plan; each change is (before, after)."""
    told = {option: {"before": before, "after": after} for option, (before, after) in changes.items()}
    return {"action": action, "kind": kind, "name": name, "changes": told, "monthly_usd_cents": cents}


PTR = line("update", "servers", "web-1", ptr=("old.example.com", "web-1.example.com"))
ORDER = line("create", "servers", "web-2", 1200, plan_slug=(None, "vps-2"), os_template=(None, "ubuntu-24.04"))
SITE = line("create", "hosting", "example.com", 300, plan_slug=(None, "hosting-starter"))
WIPE = line("replace", "servers", "db-1", os_template=("debian-12", "ubuntu-24.04"))
GONE = line("remove", "webhooks", "https://example.com/hook")
END = line("remove", "servers", "old-1", -500)
PLAN = [PTR, ORDER, SITE, WIPE, GONE, END]


def result(plan: t.Sequence[Row], done: int = 0, balance: int | None = 10000, digest: str = "a" * 64) -> Row:
    """Give a result of the module of which the first entries are done."""
    due = sum(entry["monthly_usd_cents"] for entry in plan if entry["action"] == "create")
    cost = {
        "monthly_before_usd_cents": 500,
        "monthly_after_usd_cents": 500 + sum(entry["monthly_usd_cents"] for entry in plan),
        "due_now_usd_cents": due,
        "balance_usd_cents": balance,
    }
    return {
        "plan": list(plan),
        "plan_digest": digest,
        "cost": cost,
        "done": list(plan[:done]),
        "left": list(plan[done:]),
        "ordered": [entry["name"] for entry in plan[:done] if entry["action"] == "create"],
        "diff": {"prepared": "ACTION  NAME\ncreate  web-2\n"},
    }


def test_a_plan_file_is_json_that_contains_the_plan_its_cost_and_what_it_was_made_of() -> None:
    text = plan_file(result(PLAN), purge=["servers"], max_removed=2)
    content = json.loads(text)
    assert text.endswith("}\n")
    assert content["plan"] == PLAN
    assert content["plan_digest"] == "a" * 64
    assert content["cost"] == result(PLAN)["cost"]
    assert content["table"] == ["ACTION  NAME", "create  web-2"]
    assert (content["purge"], content["max_removed"]) == (["servers"], 2)


def test_a_plan_file_is_the_plan_as_long_as_plan_and_digest_are_the_same() -> None:
    text = plan_file(result(PLAN))
    assert plan_problem(text) == plan_problem(text, result(PLAN)) == plan_problem(json.loads(text), result(PLAN)) == ""
    assert plan_problem(text, result(PLAN, balance=5)) == "", "the wallet may have changed"
    for other in (result(PLAN[1:]), result(PLAN, digest="b" * 64), result([])):
        assert plan_problem(text, other) == "contains another plan"


@pytest.mark.parametrize("doctored", ["plan", "plan_digest"])
def test_a_plan_that_was_edited_is_another_plan(doctored: str) -> None:
    content = json.loads(plan_file(result(PLAN)))
    content[doctored] = {"plan": PLAN[:1], "plan_digest": "b" * 64}[doctored]
    assert plan_problem(json.dumps(content), result(PLAN)) == "contains another plan"


@pytest.mark.parametrize(
    "text",
    ["", " ", "{", "[]", "null", "servers: []", "{}", None, 5, b"x", '{"format": "h444-plan-1"}']
    + [
        json.dumps({"format": "h444-plan-1", "plan": [], "plan_digest": "a" * 64, **wrong})
        for wrong in ({"format": "2"}, {"plan": None}, {"plan_digest": None}, {"plan_digest": "a" * 63})
    ],
)
def test_what_is_no_plan_file_is_said_to_be_none(text: t.Any) -> None:
    assert plan_problem(text) == plan_problem(text, result(PLAN)) == "is not a plan file of this playbook"


def test_secrets_without_a_file_are_those_of_orders_reinstalls_and_webhooks() -> None:
    rotated = line("update", "webhooks", "https://example.com/b", rotate_secret=(False, True))
    created = line("create", "webhooks", "https://example.com/a", is_active=(None, True))
    plan = [*PLAN, created, rotated]
    found = ["servers web-2", "hosting example.com", "servers db-1", "webhooks https://example.com/a"]
    found.append("webhooks https://example.com/b")
    assert unkept_secrets(plan, {}) == found
    assert unkept_secrets([PTR, GONE, END], {"servers": None}) == []


def test_an_entry_with_a_file_of_its_own_keeps_its_secret() -> None:
    document = {
        "servers": [{"label": "web-2", "credentials_file": "a.json"}, {"label": "db-1", "credentials_file": " "}],
        "hosting": [{"domain": "example.com", "credentials_file": None}],
    }
    assert unkept_secrets(PLAN, document) == ["hosting example.com", "servers db-1"]


def test_a_summary_says_what_was_done_what_it_costs_and_what_is_left() -> None:
    assert summary(result(PLAN, done=6)) == [
        "changed servers: web-1",
        "created servers: web-2",
        "created hosting: example.com",
        "reinstalled servers: db-1",
        "removed webhooks: https://example.com/hook",
        "removed servers: old-1",
        "a month: 5.00 USD before, 15.00 USD after",
        "wallet: 100.00 USD before, 85.00 USD after",
    ]
    half = summary(result(PLAN, done=2))
    assert half[:3] == ["changed servers: web-1", "created servers: web-2", "left to create hosting: example.com"]
    assert half[-2:] == ["a month: 5.00 USD before, 17.00 USD after", "wallet: 100.00 USD before, 88.00 USD after"]


def test_an_order_whose_later_step_failed_is_paid() -> None:
    """Its PTR record, for example."""
    told = summary({**result([ORDER]), "ordered": [ORDER["name"]]})
    assert told[0] == "left to finish (ordered) servers: web-2"
    assert told[-1] == "wallet: 100.00 USD before, 88.00 USD after"


def test_a_summary_of_check_mode_says_what_would_be_done() -> None:
    lines = summary(result([ORDER, {**ORDER, "name": ESCAPE}]), True)
    assert lines[0] == "to create servers: web-2, web [31m 1"
    assert lines[-1] == "wallet: 100.00 USD before, 76.00 USD after"
    assert summary(result([], balance=None), True) == [
        "a month: 5.00 USD before, 5.00 USD after",
        "wallet: not known, the API key lacks the scope account:read",
    ]


def test_a_drift_names_each_option_with_both_values() -> None:
    hook = line(
        "update", "webhooks", "https://e.com", events=([], ["vps.created", "vps.deleted"]), is_active=(True, False)
    )
    assert drift([*PLAN, hook]) == [
        "servers web-1: ptr should be web-1.example.com",
        "servers web-2: is missing (plan_slug vps-2, os_template ubuntu-24.04)",
        "hosting example.com: is missing (plan_slug hosting-starter)",
        "servers db-1: os_template should be ubuntu-24.04",
        "webhooks https://example.com/hook: exists, but should not",
        "servers old-1: exists, but should not",
        "webhooks https://e.com: events should be vps.created vps.deleted",
        "webhooks https://e.com: is_active should be false",
    ]
    assert drift([line("update", "servers", ESCAPE, ptr=(None, ""))]) == ['servers web [31m 1: ptr should be ""']
    assert drift([]) == []


@pytest.mark.parametrize("value", [None, "x", {}, {"plan_digest": None}])
def test_what_is_no_result_with_a_plan_is_refused(value: t.Any) -> None:
    for use in (plan_file, summary):
        with pytest.raises(AnsibleFilterError, match="a result of h444_manifest"):
            use(value)
