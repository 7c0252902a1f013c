# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Orders and reinstalls whose replies are strange: one debit, and the result has the password or says it is lost."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _hosting, _vps
from ansible_collections.h444.cloud.plugins.modules import h444_hosting, h444_vps
from ansible_collections.h444.cloud.tests.simulator import assumed
from ansible_collections.h444.cloud.tests.simulator.core import Answer
from ansible_collections.h444.cloud.tests.unit.properties.support import World, defaults_of

VPS = (_vps.RECONCILER, defaults_of(h444_vps.SPEC))
HOSTING = (_hosting.RECONCILER, defaults_of(h444_hosting.SPEC))
SERVER = {"label": "web-1", "plan_slug": "vps-1", "os_template": "debian-12"}
SITE = {"domain": "example.com", "username": "examplecom", "plan_slug": "hosting-starter"}
NAMES = {"vps": ["root_password"], "hosting": ["sftp_password", "db_password"]}
Body = t.Dict[str, t.Any]
DEEP: t.Any = "x"
for _level in range(90):
    DEEP = [DEEP]


def twice(body: Body) -> Body:
    """One field in two spellings, with two values."""
    return {**body, "osTemplate": "debian-13", "os_template": "debian-12", "phpVersion": "8.1", "php_version": "8.3"}


def deep(body: Body) -> Body:
    """Nested deeper than anything sensible."""
    return {**body, "meta": DEEP}


def surrogate(body: Body) -> Body:
    """Characters that no text can hold."""
    return {**body, "note\ud83d": "\ud83d"}


def outer_id(body: Body) -> Body:
    """The order's id beside the resource."""
    passwords = {name: body.pop(name) for name in (*NAMES["vps"], *NAMES["hosting"]) if name in body}
    return {"id": "order-1", "hosting" if "domain" in body else "vps": body, **passwords}


def order_alone(body: Body) -> Body:
    """The order's id, and nothing of the resource but its passwords."""
    return {"id": "ord_1", "status": "completed", **{name: value for name, value in body.items() if "password" in name}}


def further(body: Body) -> Body:
    """Passwords of something else, before and behind."""
    return {"vnc": {"password": "canary-vnc"}, **body, "panelPassword": "canary-panel"}


SHAPES = [twice, deep, surrogate, outer_id, order_alone, further]


def shaping(world: World, end: str, shape: t.Callable[[Body], Body], status: int | None = None) -> None:
    """Shape the replies to every POST whose path ends so."""
    handle = world.core.handle

    def handled(method: str, path: str, query: t.Any, headers: t.Any, body: bytes) -> Answer:
        answer = handle(method, path, query, headers, body)
        if method == "POST" and path.endswith(end) and isinstance(answer.body, dict) and answer.status < 300:
            return Answer(status or answer.status, answer.headers, shape(dict(answer.body)))
        return answer

    world.core.handle = handled  # type: ignore[method-assign]


def world_of(**assume: t.Any) -> World:
    """Make a world."""
    return World({**assumed.defaults(), **assume})


def debits(world: World) -> int:
    """Count what was paid."""
    return sum(row["kind"] == "debit" for row in world.core.ledger)


def resource(world: World, noun: str) -> Body:
    """Give the one thing that was ordered."""
    rows = list(world.core.servers.values()) if noun == "vps" else list(world.core.hosting.values())
    (row,) = rows
    return t.cast(Body, row)


@pytest.mark.parametrize("noun", ["vps", "hosting"])
@pytest.mark.parametrize("shape", SHAPES)
def test_strange_replies_to_an_order(shape: t.Callable[[Body], Body], noun: str) -> None:
    """Paid once, found, with its passwords; nothing further is lost."""
    world = world_of()
    shaping(world, "/" + noun, shape)
    result = world.play(*(VPS if noun == "vps" else HOSTING), **(SERVER if noun == "vps" else SITE))
    row = resource(world, noun)
    assert not result.get("failed") and result["changed"] and debits(world) == 1, result
    assert result[noun]["id"] == str(row["id"]) and result["secret_lost"] is False
    assert {name: result[name] for name in NAMES[noun]} == {name: row[name] for name in NAMES[noun]}
    others = {"vnc.password": "canary-vnc", "panel_password": "canary-panel"} if shape is further else None
    assert result.get("other_secrets") == others
    assert "canary" not in repr([result[noun], result["diff"], world.warnings])


@pytest.mark.parametrize("noun", ["vps", "hosting"])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_file_knows_whose_secrets_it_has(shape: t.Callable[[Body], Body], noun: str, tmp_path: Path) -> None:
    """Written before anything else is known; the id comes in as soon as it is."""
    world, file = world_of(), tmp_path / "secrets.json"
    shaping(world, "/" + noun, shape)
    result = world.play(
        *(VPS if noun == "vps" else HOSTING), **(SERVER if noun == "vps" else SITE), credentials_file=str(file)
    )
    assert (
        not result.get("failed") and not set(NAMES[noun]) & set(result) and result["credentials_file"] == str(file)
    ), result
    row = resource(world, noun)
    (entry,) = json.loads(file.read_text(encoding="utf-8")).values()
    assert entry["id"] == str(row["id"]) and {name: entry[name] for name in NAMES[noun]} == {
        name: row[name] for name in NAMES[noun]
    }


@pytest.mark.parametrize("shape", SHAPES)
def test_strange_replies_to_a_reinstall(shape: t.Callable[[Body], Body]) -> None:
    """The new password is there all the same."""
    world = world_of()
    world.play(*VPS, **SERVER)
    before = resource(world, "vps")["root_password"]
    shaping(world, "/reinstall", shape)
    result = world.play(*VPS, **SERVER, state="reinstalled", force=True)
    assert not result.get("failed") and result["root_password"] == resource(world, "vps")["root_password"] != before, (
        result
    )
    assert result["secret_lost"] is False


def test_lost_for_good() -> None:
    """The reply is lost, and its replay holds no password: the order is well, and the way to a new password is said."""
    world = world_of(replay_body="no_password")
    shaping(world, "/vps", lambda body: {**body, "root_password": None})
    result = world.play(*VPS, **SERVER)
    assert (
        not result.get("failed")
        and result["secret_lost"] is True
        and "root_password" not in result
        and debits(world) == 1
    ), result
    assert any("state: reinstalled" in text and "force" in text for text in world.warnings)
    assert "secret_lost" not in world.play(*VPS, **SERVER)


def test_reinstall_without_a_password() -> None:
    """Whether the reply holds one is not promised."""
    world = world_of(reinstall_password="no")
    world.play(*VPS, **SERVER)
    result = world.play(*VPS, **SERVER, state="reinstalled", force=True)
    assert not result.get("failed") and result["secret_lost"] is True, result
    assert any("did not arrive" in text and "force" in text for text in world.warnings)


def test_check_mode_loses_nothing() -> None:
    """What would order says so, and has lost no secret."""
    world = world_of()
    assert world.play(*VPS, check_mode=True, **SERVER)["secret_lost"] is False


def test_two_that_may_be_it() -> None:
    """None is chosen; both are handed on."""
    world = world_of()
    shaping(
        world,
        "/vps",
        lambda body: {**body, "root_password": None, "password": "canary-a", "login": {"password": "canary-b"}},
    )
    result = world.play(*VPS, **SERVER)
    assert result["secret_lost"] is True and "root_password" not in result
    assert result["other_secrets"] == {"password": "canary-a", "login.password": "canary-b"}
    assert any("password, login.password" in text for text in world.warnings) and "canary" not in repr(world.warnings)
