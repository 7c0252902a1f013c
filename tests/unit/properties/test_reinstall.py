# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A disk is wiped when another template is wanted and known to be another, however the API tells what is installed."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _vps
from ansible_collections.h444.cloud.plugins.modules import h444_vps
from ansible_collections.h444.cloud.tests.simulator import assumed, servers
from ansible_collections.h444.cloud.tests.simulator.account import Account
from ansible_collections.h444.cloud.tests.simulator.calls import Answer
from ansible_collections.h444.cloud.tests.unit.properties.support import World, defaults_of

VPS = (_vps.RECONCILER, defaults_of(h444_vps.SPEC))
TOLD = [form for form in assumed.SWITCHES["vps_os"].values if form != "none"]
SHAPES = assumed.SWITCHES["os_template_shape"].values
TEMPLATES = ("ubuntu-22.04", "debian-12", "debian-13", "rocky-9")


def world_with(installed: str, **assume: t.Any) -> tuple[World, dict[str, t.Any]]:
    """Make an account with one server."""
    world = World({**assumed.defaults(), **assume})
    return world, world.core.make(
        "vps", {"label": "web-1", "os_family": installed.split("-")[0], "os_template": installed}
    )


@pytest.mark.parametrize("casing", assumed.SWITCHES["casing"].values)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("told", TOLD)
def test_a_second_reinstall_of_one_template_wipes_nothing(told: str, shape: str, casing: str) -> None:
    """The disk is wiped for another template, and in no run after that."""
    world, server = world_with("ubuntu-24.04", vps_os=told, os_template_shape=shape, casing=casing)
    for wipes, template in enumerate(TEMPLATES, 1):
        task = {"label": "web-1", "state": "reinstalled", "os_template": template}
        check = world.play(*VPS, check_mode=True, **task)
        first = world.play(*VPS, **task)
        assert check["changed"] and first["changed"] and server["wiped"] == wipes, first
        second, by_id = world.play(*VPS, **task), world.play(*VPS, **{**task, "label": None, "id": server["id"]})
        assert not second["changed"] and not second.get("failed") and not by_id["changed"], second
        assert server["wiped"] == wipes and server["os_template"] == template


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("told", TOLD)
def test_drift_is_no_spelling(told: str, shape: str) -> None:
    """The template in another spelling is no drift; another template is."""
    world, _server = world_with("ubuntu-24.04", vps_os=told, os_template_shape=shape)
    order = {"label": "web-1", "plan_slug": "vps-2"}
    world.play(*VPS, os_template="ubuntu-24.04", **order)
    assert not world.warnings
    world.play(*VPS, os_template="debian-12", **order)
    (warning,) = world.warnings
    assert "ubuntu-24.04" in warning and "debian-12" in warning


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_unknown_is_refused_without_force(shape: str) -> None:
    """If the API does not say what is installed, or names something unknown, nothing is wiped without force."""
    task = {"label": "web-1", "state": "reinstalled", "os_template": "debian-12"}
    for assume, installed in (
        ({"vps_os": "none"}, "ubuntu-24.04"),
        ({}, "ubuntu-18.04"),
        ({"vps_os": "display"}, "gentoo-2026"),
    ):
        world, server = world_with(installed, os_template_shape=shape, **assume)
        for check_mode in (True, False):
            refused = world.play(*VPS, check_mode=check_mode, **task)
            assert refused["failed"] and not refused["changed"] and "force" in refused["msg"], refused
        assert "wiped" not in server
        forced = world.play(*VPS, force=True, **task)
        assert forced["changed"] and server["wiped"] == 1 and server["os_template"] == "debian-12"


@pytest.mark.parametrize("told", TOLD)
def test_no_template_is_named(told: str) -> None:
    """Without os_template nothing is done and the installed one is named; with force it is installed again."""
    world, server = world_with("ubuntu-22.04", vps_os=told)
    refused = world.play(*VPS, label="web-1", state="reinstalled")
    assert (
        refused["failed"]
        and not refused["changed"]
        and "ubuntu-22.04" in refused["msg"]
        and "os_template" in refused["msg"]
    ), refused
    forced = world.play(*VPS, label="web-1", state="reinstalled", force=True)
    assert forced["changed"] and server["wiped"] == 1 and server["os_template"] == "ubuntu-22.04", forced


@pytest.mark.parametrize("installed", ["ubuntu-18.04", None])
def test_no_template_is_named_and_none_is_known(installed: str | None) -> None:
    """With force and without os_template there has to be a template that is known."""
    world, server = world_with(installed or "ubuntu-24.04", vps_os="told" if installed else "none")
    for force in (False, True):
        refused = world.play(*VPS, label="web-1", state="reinstalled", force=force)
        assert refused["failed"] and not refused["changed"] and "os_template" in refused["msg"], refused
        assert not installed or installed in refused["msg"]
    assert "wiped" not in server


@pytest.mark.parametrize("given", [{"label": "web-2"}, {"id": "4711"}])
def test_nothing_is_ordered(given: dict[str, str]) -> None:
    """A server that isn't there is not ordered: that is refused before prices and templates are even read."""
    world, _server = world_with("ubuntu-22.04")
    asked: list[str] = []
    handle = world.core.handle

    def noted(method: str, path: str, *rest: t.Any) -> Answer:
        asked.append(path)
        return handle(method, path, *rest)

    world.core.handle = noted  # type: ignore[method-assign]
    task = {"state": "reinstalled", "plan_slug": "vps-22", "os_template": "ubuntu-24.04", "force": True, **given}
    refused = world.play(*VPS, **task)
    assert refused["failed"] and not refused["changed"] and "reinstalled" in refused["msg"], refused
    assert not world.core.ledger and set(asked) <= {"/vps", "/vps/4711"}, asked


@pytest.mark.parametrize("wait", [True, False])
def test_reinstall_that_is_still_at_work(wait: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a server is being installed it may tell its old template; the disk is not wiped again for that."""
    world, server = world_with("ubuntu-22.04", provisioning_seconds=20)
    task = {"label": "web-1", "state": "reinstalled", "os_template": "debian-12"}
    show = servers.shown

    def late(account: Account, row: dict[str, t.Any]) -> dict[str, t.Any]:
        shown = show(account, row)
        return {**shown, "os_template": "ubuntu-22.04"} if shown["status"] == "provisioning" else shown

    monkeypatch.setattr(servers, "shown", late)
    assert world.play(*VPS, wait=False, **task)["changed"]
    second = world.play(*VPS, wait=wait, **task)
    assert not second["changed"] and bool(second.get("failed")) is not wait and server["wiped"] == 1, second
    assert wait or "Run the task again later" in second["msg"]
    world.core.offset += 20
    assert not world.play(*VPS, wait=wait, **task)["changed"] and server["wiped"] == 1
    never = world.play(*VPS, **{**task, "os_template": "debian-13"}, wait_timeout=60)
    assert never["changed"] and server["wiped"] == 2


def test_wish_in_another_spelling_is_no_drift() -> None:
    """What the playbook calls the installed template otherwise is no other template."""
    world, _server = world_with("ubuntu-24.04")
    world.play(*VPS, label="web-1", os_template="Ubuntu 24.04 LTS")
    assert not world.warnings


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_lost_reply_loses_the_password(status: int) -> None:
    """The disk may be wiped, and no later run gets the reply: its key is this run's own."""
    world, server = world_with("ubuntu-24.04")
    handle = world.core.handle
    world.core.handle = lambda method, path, *rest: (  # type: ignore[method-assign]
        Answer(status, {}, {"message": "Oops"})
        if path.endswith("/reinstall") and handle(method, path, *rest)
        else handle(method, path, *rest)
    )
    result = world.play(*VPS, label="web-1", state="reinstalled", os_template="debian-12")
    assert result["failed"] and result["changed"] and result["secret_lost"] is True, result
    assert server["wiped"] == 1 and any("force" in warning for warning in world.warnings), world.warnings


def test_a_repeat_that_is_refused_proves_nothing() -> None:
    """The first attempt wiped the disk and its answer was lost; what the second one is told is not about that."""
    world, server = world_with("ubuntu-24.04")
    handle, statuses = world.core.handle, [503, 403]

    def spoiled(method: str, path: str, *rest: t.Any) -> t.Any:
        answer = handle(method, path, *rest)
        return Answer(statuses.pop(0), {}, {"message": "No"}) if path.endswith("/reinstall") else answer

    world.core.handle = spoiled  # type: ignore[method-assign]
    result = world.play(*VPS, label="web-1", state="reinstalled", os_template="debian-12")
    assert result["failed"] and result["changed"] and result["secret_lost"] is True and server["wiped"] == 1, result
    assert "changed nothing" not in result["msg"], result


def test_a_refused_reinstall_loses_nothing() -> None:
    """What was surely not carried out took no password away."""
    world, _server = world_with("ubuntu-24.04")
    handle = world.core.handle
    world.core.handle = lambda method, path, *rest: (  # type: ignore[method-assign]
        Answer(422, {}, {"message": "No"}) if path.endswith("/reinstall") else handle(method, path, *rest)
    )
    result = world.play(*VPS, label="web-1", state="reinstalled", os_template="debian-12")
    assert result["failed"] and not result["changed"] and not result.get("secret_lost") and not world.warnings
