# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replies that would lead a write to another resource than the one that is meant."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.tests.simulator.account import FULL_KEY
from ansible_collections.h444.cloud.tests.simulator.calls import Answer
from ansible_collections.h444.cloud.tests.unit.properties.support import Proxied
from ansible_collections.h444.cloud.tests.unit.properties.surface import play

Row = t.Dict[str, t.Any]


class Fleet(Proxied):
    """An account whose answers can be changed on their way; ``asked`` holds the last task's requests."""

    def run(self, module: str, check_mode: bool = False, **options: t.Any) -> Row:
        """Run a module."""
        self.asked.clear()
        spec_defaults = {"api_key": "h444_x"}
        return play(self, module, {**spec_defaults, **options}, check_mode)

    def writes(self) -> list[str]:
        """Give the writing requests of the last task."""
        return [request for request in self.asked if not request.startswith("GET ")]


@pytest.fixture
def world() -> Fleet:
    """An account with two of everything."""
    found = Fleet()
    found.core.seed(
        {
            "vps": [{"label": "a-1"}, {"label": "b-1"}],
            "hosting": [{"domain": "a.example", "username": "usera"}, {"domain": "b.example", "username": "userb"}],
            "webhooks": [
                {"url": "https://e.com/a", "events": ["vps.created"]},
                {"url": "https://e.com/b", "events": ["vps.created"]},
            ],
            "tickets": [{"subject": "a", "message": "x"}, {"subject": "b", "message": "x"}],
            "domains": [{"name": "a.example"}, {"name": "b.example"}],
        }
    )
    return found


TASKS: list[tuple[str, str, str, Row]] = [
    ("h444_vps", "/vps", "servers", {"state": "absent"}),
    ("h444_vps", "/vps", "servers", {"state": "stopped"}),
    ("h444_vps", "/vps", "servers", {"new_label": "c-1"}),
    ("h444_vps", "/vps", "servers", {"state": "reinstalled", "os_template": "debian-12", "force": True}),
    ("h444_hosting", "/hosting", "hosting", {"state": "absent"}),
    ("h444_hosting", "/hosting", "hosting", {"state": "suspended"}),
    ("h444_webhook", "/webhooks", "webhooks", {"state": "absent"}),
    ("h444_webhook", "/webhooks", "webhooks", {"rotate_secret": True}),
    ("h444_ticket", "/tickets", "tickets", {"state": "closed"}),
    ("h444_domain", "/domains", "domains", {"auto_renew": False, "transfer_lock": False}),
]


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize(
    ("module", "path", "store", "options"), TASKS, ids=[f"{task[0]}-{next(reversed(task[3]))}" for task in TASKS]
)
def test_a_reply_about_another_id_is_refused(
    world: Fleet, module: str, path: str, store: str, options: Row, check_mode: bool
) -> None:
    """A cache, or a provider that mixes up two replies, must not choose what is written to."""
    one, other = list(getattr(world.core, store))[:2]
    bodies = {
        vps_id: world.core.handle("GET", f"{path}/{vps_id}", {}, {"Authorization": f"Bearer {FULL_KEY}"}, b"").body
        for vps_id in (one, other)
    }
    world.change = lambda request, answer: Answer(200, {}, bodies[other]) if request == f"GET {path}/{one}" else answer
    result = world.run(module, check_mode, id=one, **options)
    assert result.get("failed"), result
    assert other in result["msg"]
    assert one in result["msg"]
    assert world.writes() == []


@pytest.mark.parametrize(
    ("module", "path", "store", "options"), TASKS[:1] + TASKS[4:5] + TASKS[6:7], ids=["vps", "hosting", "webhook"]
)
def test_another_id_around_the_resource_is_not_its_own(
    world: Fleet, module: str, path: str, store: str, options: Row
) -> None:
    """The id of a request or an order may stand beside the resource."""
    one, other = list(getattr(world.core, store))[:2]
    name = {"servers": "vps", "hosting": "hosting", "webhooks": "webhook"}[store]
    world.change = lambda request, answer: (
        Answer(200, {}, {"id": other, name: answer.body})
        if request == f"GET {path}/{one}" and answer.status == 200
        else answer
    )
    result = world.run(module, id=one, **options)
    assert not result.get("failed"), result
    assert world.writes() == [f"DELETE {path}/{one}"]


FAILED: list[t.Any] = [
    {"data": [], "success": False, "message": "backend"},
    {"data": [], "ok": "false"},
    {"data": [], "error": "timeout"},
    {"items": [], "errors": [{"message": "x"}]},
    {"data": [], "status": "error"},
    {"data": [], "statusCode": 503, "message": "x"},
    {"data": [], "partial": True},
    {"data": {"items": [], "error": "x"}},
    {"data": [], "hasMore": "true"},
    {"data": [], "meta": {"total_pages": 3}},
    {"data": [], "meta": {"truncated": True}},
]


@pytest.mark.parametrize("body", FAILED, ids=str)
@pytest.mark.parametrize(
    ("module", "path", "options"),
    [
        ("h444_vps", "/vps", {"label": "a-1", "state": "absent"}),
        ("h444_hosting", "/hosting", {"domain": "a.example", "state": "absent"}),
        ("h444_hosting", "/hosting", {"domain": "c.example", "username": "userc", "plan_slug": "hosting-starter"}),
        ("h444_webhook", "/webhooks", {"url": "https://e.com/a", "state": "absent"}),
        ("h444_webhook", "/webhooks", {"url": "https://e.com/a", "events": ["vps.created"]}),
    ],
)
def test_a_list_that_failed_is_not_empty(world: Fleet, module: str, path: str, options: Row, body: t.Any) -> None:
    """An empty list with an error beside it proves neither that all is removed nor that anything is missing."""
    world.change = lambda request, answer: Answer(200, {}, body) if request == f"GET {path}" else answer
    result = world.run(module, **options)
    assert result.get("failed") and not result["changed"], result
    assert world.writes() == []


def test_what_says_that_it_went_well_is_read(world: Fleet) -> None:
    """Most envelopes say so."""
    world.change = lambda request, answer: (
        Answer(
            200,
            {},
            {
                "success": True,
                "error": None,
                "errors": [],
                "status": "ok",
                "statusCode": 200,
                "total_pages": 1,
                "data": answer.body,
            },
        )
        if request == "GET /vps"
        else answer
    )
    assert len(world.run("h444_vps_info")["vps"]) == 2


@pytest.mark.parametrize(
    "told", [{}, {"created_at": "2020-01-01T00:00:00Z"}, {"replayed": True}], ids=["nothing", "old", "replayed"]
)
def test_an_order_renames_no_other_server(world: Fleet, told: Row) -> None:
    """A key can be an earlier order's, and a list can lag behind.

    So what has another name, and is not proved to be new, stays as it is.
    """
    one = next(iter(world.core.servers))
    row = {
        "id": one,
        "label": "a-1",
        "hostname": "a-1",
        "status": "running",
        "ipv4": "192.0.2.1",
        "plan_slug": "vps-2",
        "root_password": "x-9-Secret",
    }

    def change(request: str, answer: Answer) -> Answer:
        if request in ("GET /vps", "GET /vps/all-ips"):
            return Answer(200, {}, [])
        if request == f"GET /vps/{one}":
            return Answer(200, {}, {**row, "root_password": None})
        return Answer(201, {}, {**row, **told}) if request == "POST /vps" else answer

    world.change = change
    result = world.run("h444_vps", label="c-1", plan_slug="vps-2", os_template="ubuntu-24.04")
    assert result["failed"] and one in result["msg"] and "a-1" in result["msg"], result
    assert result["changed"] is not bool(told), "what may have been bought is said"
    assert world.writes() == ["POST /vps"]
    assert world.core.servers[one]["label"] == "a-1"
    assert result["root_password"] == "x-9-Secret"


@pytest.mark.parametrize("body", [["x"], "x", None, {"label": None}, {"label": ["db-2"]}], ids=str)
def test_a_raw_rename_needs_a_readable_name(world: Fleet, body: t.Any) -> None:
    """What the new name would be has to be known where the old one is protected."""
    one = next(iter(world.core.servers))
    result = world.run("h444_api", method="PATCH", path=f"/vps/{one}/label", body=body, protected=["a-*"])
    assert result["failed"] and "is protected by the pattern" in result["msg"], result
    assert world.writes() == []


@pytest.mark.parametrize(
    ("module", "path", "field", "one", "other"),
    [
        ("h444_vps", "/vps", "label", "a-1", "c-1"),
        ("h444_hosting", "/hosting", "domain", "a.example", "c.example"),
        ("h444_webhook", "/webhooks", "url", "https://e.com/a", "https://e.com/c"),
    ],
)
def test_an_id_of_two_names_is_refused(world: Fleet, module: str, path: str, field: str, one: str, other: str) -> None:
    """What a list shows under one id and two names can be either; the same row on two pages is no second name."""
    twin = {field: other}
    world.change = lambda request, answer: (
        Answer(200, {}, [*answer.body, {**answer.body[0], **twin}]) if request == f"GET {path}" else answer
    )
    for name in (one, other):
        result = world.run(module, **{field: name}, state="absent")
        assert result["failed"] and one in result["msg"] and other in result["msg"], result
        assert world.writes() == []
    twin.clear()
    assert world.run(module, True, **{field: one}, state="absent")["changed"]


@pytest.mark.parametrize("is_late", [True, False])
def test_a_template_that_stays_is_told(world: Fleet, is_late: bool) -> None:
    """Where a reinstalled server still tells its old template, the next run would wipe it again; a warning says so."""

    def old(row: Row) -> Row:
        return (
            {**row, "os_template": "ubuntu-24.04", "os_family": "ubuntu", "status": "running"}
            if "label" in row
            else row
        )

    def change(request: str, answer: Answer) -> Answer:
        if not is_late or not request.startswith("GET /vps") or answer.status != 200:
            return answer
        return Answer(200, {}, [old(row) for row in answer.body] if isinstance(answer.body, list) else old(answer.body))

    world.change = change
    result = world.run("h444_vps", label="a-1", state="reinstalled", os_template="debian-12")
    assert result["changed"] and not result.get("failed"), result
    assert any("wipes the disk in every run" in warning for warning in result["warnings"]) is is_late, result[
        "warnings"
    ]
