# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server is known by its label, whatever the API makes of it: no second one is ordered, none is thought gone."""

from __future__ import annotations

import json
import typing as t
import unicodedata
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _ptr, _vps
from ansible_collections.h444.cloud.plugins.modules import h444_ptr, h444_vps
from ansible_collections.h444.cloud.tests.simulator import assumed, servers
from ansible_collections.h444.cloud.tests.unit.properties.support import World, defaults_of

VPS = (_vps.RECONCILER, defaults_of(h444_vps.SPEC))
PTR = (_ptr.RECONCILER, defaults_of(h444_ptr.SPEC))
LONG = "a-server-with-a-name-that-is-longer-than-any-column-of-sixty-four-letters-can-hold"
ACCENTED = "Büro-Şube-é"


def order(label: str, **options: t.Any) -> dict[str, t.Any]:
    """Make the options of an order."""
    return {"label": label, "hostname": "host-of-it", "plan_slug": "vps-1", "os_template": "debian-12", **options}


def world_of(*servers: dict[str, t.Any], **assume: t.Any) -> World:
    """Make an account."""
    world = World({**assumed.defaults(), **assume})
    for given in servers:
        world.core.make("vps", given)
    return world


def forget_keys(world: World) -> None:
    """Let the provider forget every Idempotency-Key, as it does after a day."""
    world.core.orders.clear()


@pytest.mark.parametrize("vps_os", ["told", "none"])
@pytest.mark.parametrize("field", assumed.SWITCHES["label_field"].values)
@pytest.mark.parametrize("rule", assumed.SWITCHES["label_rule"].values)
@pytest.mark.parametrize(
    "label", ["web-1", LONG, ACCENTED, unicodedata.normalize("NFD", ACCENTED)], ids=["short", "long", "nfc", "nfd"]
)
def test_no_second_order(label: str, rule: str, field: str, vps_os: str) -> None:
    """Whatever comes back, a second run without the key orders nothing: it is ok, or it says what it found."""
    world = world_of({"label": "other", "hostname": "other"}, label_rule=rule, label_field=field, vps_os=vps_os)
    world.play(*VPS, **order(label))
    forget_keys(world)
    again = world.play(*VPS, **order(label))
    assert not again["changed"] and len([row for row in world.core.ledger if row["kind"] == "debit"]) == 1, again
    made = list(world.core.servers.values())[-1]
    is_kept = unicodedata.normalize("NFC", made["label"]) == unicodedata.normalize("NFC", label)
    assert again.get("failed", False) is not is_kept and (is_kept or made["id"] in again["msg"]), again
    assert not is_kept or again["vps"]["id"] == made["id"]


@pytest.mark.parametrize(
    ("rule", "label"), [("cut10", LONG), ("cut64", LONG), ("slug", "Web Server (1)"), ("lower", "WEB-1")]
)
def test_no_second_order_without_host_names(rule: str, label: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same where the API tells no host names."""
    world = world_of(label_rule=rule)
    monkeypatch.setattr(servers, "SHOWN", [name for name in servers.SHOWN if name != "hostname"])
    world.play(*VPS, **order(label))
    forget_keys(world)
    again = world.play(*VPS, **order(label))
    assert again["failed"] and len(world.core.ledger) == 1 and next(iter(world.core.servers)) in again["msg"], again


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        ([f"web-prod-{number}" for number in range(1, 10)], "web-prod-10"),
        (["mailserver"], "mailserver-2"),
        (["customer-frontend-production-1"], "customer-frontend-production-12"),
        (["web-1"], "web-11"),
        (["web-2", "web-1-old"], "web-1"),
        (["web"], "web-1"),
    ],
)
@pytest.mark.parametrize("field", assumed.SWITCHES["label_field"].values)
def test_neighbours_are_others(field: str, there: list[str], wanted: str) -> None:
    """A label that begins as another does, as the labels of fleets do, is ordered."""
    world = world_of(*({"label": label, "hostname": label} for label in there), label_field=field)
    result = world.play(*VPS, **order(wanted, hostname=None))
    assert result["changed"] and not result.get("failed"), result


def test_equal_host_names_are_similar() -> None:
    """A server of the same host name could be the one, whatever its label; another host name is the way out."""
    world = world_of({"label": "x", "hostname": "Host-Of-It."})
    refused = world.play(*VPS, **order("web-1"))
    assert (
        refused["failed"]
        and next(iter(world.core.servers)) in refused["msg"]
        and "hostname" in refused["msg"]
        and not world.core.ledger
    )
    assert world.play(*VPS, **order("web-1", hostname="web-1"))["changed"]


@pytest.mark.parametrize("state", ["present", "started", "stopped", "restarted", "absent"])
def test_no_labels_are_told(state: str) -> None:
    """A list without any label buys nothing, and does not prove that a server is gone."""
    world = world_of({"label": "web-1"}, {"label": "web-2", "alive": False}, vps_label="none", terminated="listed")
    for check_mode in (True, False):
        refused = world.play(*VPS, check_mode=check_mode, **order("web-9", state=state))
        assert refused["failed"] and not refused["changed"] and "does not return the label" in refused["msg"], refused
    assert not world.core.ledger and next(iter(world.core.servers.values()))["alive"]


def test_one_label_is_not_told() -> None:
    """A row without the field could be the one; a row whose label is null or empty has none, and is none."""
    for label in (None, ""):
        world = world_of({"label": "web-1", "hostname": "a"}, {"label": label, "hostname": "b"}, vps_label="named")
        unlabelled = list(world.core.servers.values())[-1]
        refused = world.play(*VPS, **order("web-2"))
        assert refused["failed"] and unlabelled["id"] in refused["msg"] and not world.core.ledger, refused
        assert world.play(*VPS, **order("web-1", state="stopped"))["changed"]
        assert world.play(*VPS, id=unlabelled["id"], new_label="web-2")["vps"]["label"] == "web-2"
        assert world.play(*VPS, **order("web-3"))["changed"]

        world = world_of({"label": "web-1", "hostname": "a"}, {"label": label, "hostname": "b"})
        world.core.validate = None
        assert world.play(*VPS, **order("web-2"))["changed"]


def test_same_label_in_two_spellings() -> None:
    """Composed and decomposed letters are one label, wherever it is compared."""
    composed, decomposed = unicodedata.normalize("NFC", ACCENTED), unicodedata.normalize("NFD", ACCENTED)
    assert composed != decomposed
    for told, wanted in ((composed, decomposed), (decomposed, composed)):
        world = world_of({"label": told, "hostname": "a"}, {"label": "web-1", "hostname": "b"})
        rows = list(world.core.servers.values())
        server, other = rows[0], rows[1]
        assert not world.play(*VPS, **order(wanted))["changed"]
        assert not world.play(*VPS, label="web-0", new_label=wanted)["changed"]
        assert not world.play(*VPS, id=server["id"], label=wanted)["changed"]
        taken = world.play(*VPS, label="web-1", new_label=wanted)
        assert taken["failed"] and server["id"] in taken["msg"]
        named = world.play(*PTR, ip=server["ips"][0]["ip"], vps_label=wanted, hostname="a.example.com", state="present")
        assert named["changed"], named
        (row,) = _vps.report(world.client, {"label": wanted})["vps"]
        assert row["id"] == server["id"]
        assert world.play(*VPS, label=wanted, state="absent")["changed"] and other["alive"] and not server["alive"]


def test_info_does_not_say_that_there_is_none() -> None:
    """An empty list would be a claim that the list of servers does not support."""
    world = world_of({"label": "web-1"}, vps_label="none")
    with pytest.raises(_vps.BadReply, match="does not return the label"):
        _vps.report(world.client, {"label": "web-1"})
    assert len(_vps.report(world.client, {})["vps"]) == 1


def test_the_file_follows_a_rename_that_could_not_be_read(tmp_path: Path) -> None:
    """No later run renames again, so the secrets would stay under the old name for ever."""
    file = tmp_path / "secrets.json"
    world = world_of()
    world.play(*VPS, **order("web-1", credentials_file=str(file)))
    handle, renamed = world.core.handle, []  # type: t.Any, list[str]

    def failing(method: str, *rest: t.Any) -> t.Any:
        answer = handle(method, *rest)
        renamed.extend([method] if method == "PATCH" else [])
        return answer._replace(status=403, body={"message": "No"}) if renamed and method == "GET" else answer

    world.core.handle = failing  # type: ignore[method-assign]
    result = world.play(*VPS, label="web-1", new_label="web-2", credentials_file=str(file))
    assert result["failed"] and result["changed"] and list(json.loads(file.read_text())) == ["vps/web-2"], result
