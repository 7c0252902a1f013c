# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random dialects of the API: whatever is assumed, a server's life is the same and money is spent once."""

from __future__ import annotations

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _ptr, _vps
from ansible_collections.h444.cloud.plugins.modules import h444_ptr, h444_vps
from ansible_collections.h444.cloud.tests.simulator import assumed, servers
from ansible_collections.h444.cloud.tests.simulator.account import Account
from ansible_collections.h444.cloud.tests.simulator.calls import Call, Reply
from ansible_collections.h444.cloud.tests.unit.properties.support import World, defaults_of, dialect

# Switches that only change how things look. The others change what happens and are tests of their own.
LOOKS = (
    "casing",
    "list_envelope",
    "object_envelope",
    "ids",
    "order_reply",
    "password_key",
    "status_words",
    "vps_status",
    "vps_address",
    "vps_created_at",
    "vps_os",
    "vps_plan",
    "label_field",
    "all_ips_shape",
    "ptr_cleared",
    "zone_hosted",
    "error_shape",
    "write_reply",
    "os_template_shape",
    "replay_header",
    "replay_body",
    "terminated",
)
VPS = (_vps.RECONCILER, defaults_of(h444_vps.SPEC))
PTR = (_ptr.RECONCILER, defaults_of(h444_ptr.SPEC))


@pytest.mark.parametrize("seed", range(150))
def test_a_server_lives_the_same_life_in_every_dialect(seed: int) -> None:
    """Order, converge, stop, start, rename, reinstall, name its address, terminate, order again."""
    assume = dialect(seed, LOOKS)
    world = World({**assumed.defaults(), **assume})
    order = {"label": "web-1", "plan_slug": "vps-2", "os_template": "ubuntu-24.04"}

    check = world.play(*VPS, check_mode=True, **order)
    assert check["changed"] and not world.core.ledger, (assume, check)
    first = world.play(*VPS, **order)
    assert not first.get("failed"), (assume, first)
    (server,) = list(world.core.servers.values())
    assert first["vps"]["id"] == server["id"] and first["root_password"] == server["root_password"], (assume, first)
    assert (
        first["vps"]["ipv4"] == server["ips"][0]["ip"]
        and first["vps"]["status"] == "running"
        and first["vps"]["plan_slug"] == "vps-2"
    )
    again = world.play(*VPS, **order)
    assert not again["changed"] and "root_password" not in again, (assume, again)
    for state in ("stopped", "started"):
        assert world.play(*VPS, label="web-1", state=state)["changed"], (assume, state)
        assert not world.play(*VPS, label="web-1", state=state)["changed"], (assume, state)
    renamed = world.play(*VPS, label="web-1", new_label="api-1")
    assert renamed["changed"] and renamed["vps"]["label"] == "api-1" == server["label"], (assume, renamed)
    wiped = world.play(*VPS, label="api-1", state="reinstalled", os_template="debian-12", force=True)
    assert server["wiped"] == 1 and wiped["root_password"] == server["root_password"], (assume, wiped)
    named = world.play(*PTR, ip=server["ips"][0]["ip"], hostname="api.example.com", state="present")
    assert named["changed"] and server["ips"][0]["ptr"] == "api.example.com", (assume, named)
    assert not world.play(*PTR, ip=server["ips"][0]["ip"], hostname="API.example.com.", state="present")["changed"], (
        assume
    )
    assert world.play(*PTR, ip=server["ips"][0]["ip"], state="absent")["changed"] and server["ips"][0]["ptr"] is None, (
        assume
    )
    assert not world.play(*PTR, ip=server["ips"][0]["ip"], state="absent")["changed"], assume
    world.play(*VPS, label="api-1", new_label="web-1")
    gone = world.play(*VPS, label="web-1", state="absent")
    assert gone["changed"] and not server["alive"] and gone["vps"] is None, (assume, gone)
    assert not world.play(*VPS, label="web-1", state="absent")["changed"], assume
    second = world.play(*VPS, **order)
    living = [row for row in world.core.servers.values() if row["alive"]]
    debits = [row for row in world.core.ledger if row["kind"] == "debit"]
    if assume["vps_created_at"] == "none":
        # Without the order's time its age can't be proved, so nothing is bought and the way out is told.
        assert second.get("failed") and "order_generation" in second["msg"] and len(debits) == 1 and not living, (
            assume,
            second,
        )
        second = world.play(*VPS, **order, order_generation="2")
        living = [row for row in world.core.servers.values() if row["alive"]]
        debits = [row for row in world.core.ledger if row["kind"] == "debit"]
    assert not second.get("failed") and second["changed"], (assume, second)
    assert len(living) == 1 and len(debits) == 2 and second["vps"]["id"] == living[0]["id"] != server["id"], (
        assume,
        second,
    )


def test_password_of_a_dead_server_is_not_the_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reply that repeats a dead order brings a password; it must not stand in the result of the order after it."""
    world = World(assumed.defaults())
    order = {"label": "web-1", "plan_slug": "vps-2", "os_template": "ubuntu-24.04"}
    first = world.play(*VPS, **order)
    world.play(*VPS, label="web-1", state="absent")
    make = servers.make_server
    monkeypatch.setattr(servers, "make_server", lambda account, given: make(account, {**given, "root_password": ""}))
    second = world.play(*VPS, **order)
    assert second["changed"] and second["vps"]["id"] != first["vps"]["id"], second
    assert "root_password" not in second


@pytest.mark.parametrize("unproved", [False, True])
def test_half_a_list_orders_nothing(unproved: bool) -> None:
    """Addresses of many dead servers hide none of a living one that the list leaves out."""
    world = World(assumed.defaults())
    made = [world.core.make("vps", {"label": f"old-{number}"}) for number in range(6)]
    living = sorted(made, key=lambda row: row["id"])[-1]
    for row in made:
        row["alive"] = row is living
    everyone = [{"vps_id": row["id"], "label": row["label"], "ips": row["ips"]} for row in made]
    shown = [] if unproved else [living["id"]]

    def list_shown(account: Account, call: Call) -> Reply:
        status, rows = servers.list_servers(account, call)
        return status, [row for row in rows if row["id"] in shown]

    world.core.answer_by("GET", "/vps", list_shown)
    world.core.answer_by("GET", "/vps/all-ips", lambda account, call: (200, everyone))
    result = world.play(*VPS, label="web-1", plan_slug="vps-2", os_template="ubuntu-24.04")
    assert bool(result.get("failed")) is unproved, result
    assert len(world.core.ledger) == (0 if unproved else 1)
    if unproved:
        assert "the list is incomplete" in result["msg"] and living["id"] in result["msg"]
