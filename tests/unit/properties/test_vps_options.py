# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every option of h444_vps in every state: it is honoured, compared with the server that is there, or refused.

What is only accepted describes an order, or how this task does its work. Such options stand in module_defaults and in
tasks whose state is a variable, so no state refuses them.
"""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _vps
from ansible_collections.h444.cloud.plugins.modules import h444_vps
from ansible_collections.h444.cloud.tests.simulator import assumed, servers
from ansible_collections.h444.cloud.tests.simulator.account import Account
from ansible_collections.h444.cloud.tests.unit.properties.support import World, defaults_of

VPS = (_vps.RECONCILER, defaults_of(h444_vps.SPEC))
STATES = tuple(h444_vps.SPEC["state"]["choices"])
POWER = ("present", "started", "stopped", "restarted")
IDENTITY, COMMON = {"id", "label", "state"}, {"credentials_file", "wait", "wait_timeout", "protected"}
# option: (value, {state of a server that is there: what it does}); the rest is "accepted", for no order is placed.
HONOURED, NOTED, REFUSED, ACCEPTED = "honoured", "noted", "refused", "accepted"
TABLE: dict[str, tuple[t.Any, dict[str, str]]] = {
    "new_label": ("api-1", {**dict.fromkeys((*POWER, "reinstalled"), HONOURED), "absent": REFUSED}),
    "force": (True, {**dict.fromkeys((*POWER, "absent"), REFUSED), "reinstalled": HONOURED}),
    "hostname": ("other", dict.fromkeys((*POWER, "reinstalled"), NOTED)),
    "plan_slug": ("vps-3", dict.fromkeys((*POWER, "reinstalled"), NOTED)),
    "os_template": ("debian-12", {**dict.fromkeys(POWER, NOTED), "reinstalled": HONOURED}),
    "os_family": ("debian", {**dict.fromkeys(POWER, NOTED), "reinstalled": REFUSED}),
    "max_monthly_usd_cents": (1, {}),
    "order_generation": ("7", {}),
    "idempotency_key": ("a-key-of-my-own", {}),
}


def test_the_table_is_whole() -> None:
    """No option is forgotten."""
    own = set(h444_vps.SPEC) - IDENTITY - COMMON
    assert {name for name in own if not name.startswith(("api_", "rate_", "validate_", "ca_"))} == set(TABLE)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("option", TABLE)
def test_each_option_does_in_each_state_what_the_table_says(option: str, state: str) -> None:
    """What the table says is what happens."""
    world = World(assumed.defaults())
    server = world.core.make("vps", {"label": "web-1", "hostname": "web-1"})
    asked: list[str] = []
    handle = world.core.handle

    def noted(method: str, *rest: t.Any) -> t.Any:
        asked.append(method)
        return handle(method, *rest)

    world.core.handle = noted  # type: ignore[method-assign]
    value, verdicts = TABLE[option]
    task = {"label": "web-1", "state": state, option: value}
    if state == "reinstalled":
        task = {"os_template": "ubuntu-24.04", **task}
    result = world.play(*VPS, **task)
    verdict = verdicts.get(state, ACCEPTED)
    assert bool(result.get("failed")) is (verdict == REFUSED), result
    assert bool(world.warnings) is (verdict == NOTED), world.warnings
    if verdict == REFUSED:
        assert (
            (option in result["msg"] or str(value) in result["msg"])
            and not result["changed"]
            and "POST" not in asked
            and "DELETE" not in asked
        )
    if option == "force" and verdict == REFUSED:
        assert not asked
    honoured = {
        "new_label": server["label"] == "api-1",
        "force": server.get("wiped") == 1,
        "os_template": server["os_template"] == "debian-12",
    }
    assert verdict != HONOURED or honoured[option], result


@pytest.mark.parametrize("state", POWER)
def test_what_describes_the_server_changes_nothing(state: str) -> None:
    """The options of an order stay in the playbook after it, whatever becomes of the server."""
    world = World(assumed.defaults())
    order = {
        "label": "web-1",
        "hostname": "web-1",
        "plan_slug": "vps-2",
        "os_template": "ubuntu-24.04",
        "os_family": "ubuntu",
        "max_monthly_usd_cents": 2000,
        "order_generation": "1",
        "idempotency_key": "a-key-of-my-own",
    }
    assert world.play(*VPS, state=state, **order)["changed"]
    again = world.play(*VPS, state=state, **order)
    assert again["changed"] is (state == "restarted") and not world.warnings, again
    assert world.play(*VPS, state="absent", **order)["changed"]


@pytest.mark.parametrize("given", [{"label": None}, {"label": ""}, {"label": "  "}, {"id": None, "label": None}])
@pytest.mark.parametrize("state", STATES)
def test_nothing_is_named(state: str, given: dict[str, t.Any]) -> None:
    """Null and empty name nothing, beside a plan, too: one sentence, and no request."""
    world = World(assumed.defaults())
    server = world.core.make("vps", {"label": ""})
    refused = world.play(*VPS, state=state, plan_slug="vps-2", os_template="debian-12", **given)
    assert (
        refused["failed"]
        and not refused["changed"]
        and "label" in refused["msg"]
        and server["alive"]
        and not world.core.ledger
    ), refused


@pytest.mark.parametrize(
    ("assume", "new_label", "becomes"),
    [
        ({"label_rule": "lower"}, "API-1", "api-1"),
        ({"label_rule": "slug"}, "Api 1!", "api-1"),
        ({"label_rule": "cut10"}, "a-longer-label", "a-longer-l"),
        ({"rename": "ignored"}, "api-1", "web-1"),
    ],
)
def test_rename_that_does_not_last(assume: dict[str, str], new_label: str, becomes: str) -> None:
    """A label that the API changed or forgot is not claimed: each run says what the server is called."""
    world = World({**assumed.defaults(), **assume})
    server = world.core.make("vps", {"label": "web-1"})
    for named in ({"label": "web-1"}, {"id": server["id"]}, {"id": server["id"]}):
        result = world.play(*VPS, new_label=new_label, **named)
        assert (
            result["failed"] and result["changed"] and f"'{becomes}'" in result["msg"] and new_label in result["msg"]
        ), result
        assert result["vps"]["label"] == becomes == server["label"]
        if "rename" not in assume and "label" in named:
            gone = world.play(*VPS, new_label=new_label, **named)
            assert gone["failed"] and not gone["changed"] and "web-1" in gone["msg"], gone


def test_rename_that_shows_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """A label that shows a moment later is the new one; one that is written in decomposed letters is, too."""
    world = World({**assumed.defaults(), "label_rule": "nfd"})
    server = world.core.make("vps", {"label": "web-1"})
    show = servers.shown
    shown: list[str] = []

    def late(account: Account, row: dict[str, t.Any]) -> dict[str, t.Any]:
        shown.append(row["label"])
        return {**show(account, row), **({"label": "web-1"} if len(shown) < 5 else {})}

    monkeypatch.setattr(servers, "shown", late)
    result = world.play(*VPS, label="web-1", new_label="Büro")
    assert result["changed"] and not result.get("failed") and result["vps"]["label"] == server["label"], result
    assert not world.play(*VPS, label="web-1", new_label="Büro")["changed"]


def test_rename_that_is_not_told() -> None:
    """Where the API tells no labels the wished one is not claimed."""
    world = World({**assumed.defaults(), "vps_label": "none"})
    server = world.core.make("vps", {"label": "web-1"})
    result = world.play(*VPS, id=server["id"], new_label="api-1")
    assert result["changed"] and result["vps"]["label"] is None and len(world.warnings) == 1, result
