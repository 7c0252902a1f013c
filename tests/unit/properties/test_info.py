# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""h444_vps_info: what is wrong with one server costs the others nothing."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _vps
from ansible_collections.h444.cloud.plugins.module_utils._errors import BadReply, ScopeError
from ansible_collections.h444.cloud.tests.simulator import assumed
from ansible_collections.h444.cloud.tests.simulator.core import Answer, Core
from ansible_collections.h444.cloud.tests.unit.properties.support import World


def world_where(answers: t.Callable[[str], Answer | None], **assume: t.Any) -> World:
    """Make an account of three servers, in which some requests are answered otherwise."""
    world = World({**assumed.defaults(), **assume})
    for number in range(3):
        world.core.make("vps", {"label": f"web-{number}"})
    handle = world.core.handle

    def answered(method: str, path: str, *rest: t.Any) -> t.Any:
        return answers(path) or handle(method, path, *rest)

    world.core.handle = answered  # type: ignore[method-assign]
    return world


def number_two(core: Core) -> str:
    """Give the id of the second server."""
    return list(core.servers)[1]


@pytest.mark.parametrize("status", [400, 404, 409, 200])
def test_stats_of_one_server(status: int) -> None:
    """Its stats are null, and a warning names it."""
    bad: list[str] = []
    body = [] if status == 200 else {"message": "The server is stopped."}
    world = world_where(lambda path: Answer(status, {}, body) if path in bad else None)
    bad.append(f"/vps/{number_two(world.core)}/stats")
    result = _vps.report(world.client, {"include_stats": True})
    assert [row["stats"] is None for row in result["vps"]] == [False, True, False]
    (note,) = result["notes"]
    assert "web-1" in note


def test_stats_that_no_server_tells() -> None:
    """A key without the scope is no fault of one server."""
    world = world_where(lambda path: Answer(403, {}, {"message": "no scope"}) if path.endswith("/stats") else None)
    with pytest.raises(ScopeError):
        _vps.report(world.client, {"include_stats": True})


def test_addresses_of_one_server() -> None:
    """An entry that can't be read is left out with a warning."""
    groups: list[t.Any] = []
    world = world_where(lambda path: Answer(200, {}, groups) if path == "/vps/all-ips" else None)
    groups += [
        {"vps_id": row["id"], "ips": [None, *row["ips"]] if row["label"] == "web-1" else row["ips"]}
        for row in world.core.servers.values()
    ]
    result = _vps.report(world.client, {"include_ips": True})
    assert [len(row["ips"]) for row in result["vps"]] == [1, 1, 1]
    (note,) = result["notes"]
    assert number_two(world.core) in note


def test_addresses_that_are_not_asked_for() -> None:
    """If they are read for ipv4 alone, a fault costs ipv4 and is a warning; if they are asked for, it is an error."""
    world = world_where(lambda path: Answer(200, {}, {"odd": 1}) if path.endswith("ips") else None, vps_address="none")
    result = _vps.report(world.client, {})
    assert [row["ipv4"] for row in result["vps"]] == [None, None, None] and len(result["notes"]) == 1
    assert _vps.report(world.client, {"id": number_two(world.core)})["vps"][0]["ipv4"] is None
    with pytest.raises(BadReply):
        _vps.report(world.client, {"include_ips": True})


@pytest.mark.parametrize("ips", [[None], [None, {"ip": "192.0.2.9"}], None, [[]], [{"ip": None}], {}, "none", [7]])
def test_addresses_in_a_row(ips: t.Any) -> None:
    """Whatever stands in a server's row is read, or not told."""
    row = _vps.read_vps({"id": "7", "label": "web-1", "ips": ips, "network": ips})
    assert row["ipv4"] in (None, "192.0.2.9")
