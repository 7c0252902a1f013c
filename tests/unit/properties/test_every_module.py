# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is promised of every module: check mode predicts, a second run changes nothing, results have one form."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.h444.cloud.tests.simulator import assumed
from ansible_collections.h444.cloud.tests.unit.properties.support import World
from ansible_collections.h444.cloud.tests.unit.properties.surface import INFO, MODULES, STATE, play
from ansible_collections.h444.cloud.tests.unit.properties.test_hostile_replies import tasks_of, world_of

ROOT = Path(__file__).resolve().parents[3]
TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,), "int": (int,), "bool": (bool,), "float": (float, int), "dict": (dict,), "list": (list,),
    "raw": (object,),
}  # fmt: skip
# What was sent to a receiver, and answered, is the account's own and keeps its names; so does the answer to a raw call.
FOREIGN = frozenset({"payload", "request", "response", "headers", "request_headers", "response_headers"})
# The keys of these are the names of resources.
BY_NAME = frozenset(
    {
        "root_passwords",
        "sftp_passwords",
        "db_passwords",
        "webhook_secrets",
        "other_secrets",
        "orders",
        "credentials_files",
    }
)
SECRETS = frozenset(
    {"root_password", "sftp_password", "db_password", "secret", "access_token", "refresh_token", "device_code"}
)
# Tasks that say themselves that they do their work again.
AGAIN = (
    ("force", True),
    ("rotate_secret", True),
    ("force_reply", True),
    ("state", "restarted"),
    ("retry_ssl", "always"),
)

Row = t.Dict[str, t.Any]


def more_tasks(name: str, ids: Row) -> list[Row]:
    """Give tasks of the states that test_hostile leaves out."""
    return {
        "h444_domain": [{"name": "MINE.example.", "auto_renew": True}, {"name": "mine.example"}],
        "h444_hosting": [
            {"domain": "example.com", "state": "suspended"},
            {"username": "examplecom", "state": "active"},
        ],
        "h444_manifest": [
            {"manifest": {}},
            {"manifest": {"servers": [{"label": "web-1", "ptr": None}], "ptr_records": [], "domains": []}},
            {
                "manifest": {
                    "hosting": [
                        {"domain": "a.example", "username": "a", "plan_slug": "hosting-pro", "state": "suspended"}
                    ],
                    "webhooks": [
                        {"url": "https://example.com/two", "events": ["vps.created"], "is_active": False},
                        {"url": "https://example.com/hook", "state": "absent"},
                    ],
                },
                "max_removed": 1,
            },
        ],
        "h444_ptr": [
            {"ip": ids["address"], "state": "absent"},
            {"ip": ids["address"], "hostname": "B.example.com.", "vps_id": ids["vps"][0]},
        ],
        "h444_ptr_records": [
            {"records": [{"ip": ids["address"], "hostname": None}], "purge": True},
            {
                "records": [{"ip": ids["address"], "hostname": "B.example.com."}],
                "purge": True,
                "purge_vps_ids": ids["vps"],
            },
        ],
        "h444_ticket": [
            {"subject": "Help", "reply": "More", "state": "closed"},
            {"subject": "New", "body": "Hello", "reply": "And more", "priority": "high"},
            {"subject": "Nothing", "body": "Hello", "state": "closed"},
            {"id": ids["tickets"][0], "reply": "More", "force_reply": True},
        ],
        "h444_vps": [
            {"label": "web-1", "state": "stopped"},
            {"label": "web-1", "state": "restarted"},
            {"id": ids["vps"][0], "new_label": "web-9"},
            {"label": "gone", "state": "absent"},
        ],
        "h444_vps_fleet": [
            {"servers": []},
            {"servers": [{"label": "web-1"}, {"label": "gone", "state": "absent"}], "os_template": "ubuntu-24.04"},
            {"servers": [{"label": "new-1", "state": "stopped", "plan_slug": "vps-1"}], "os_template": "debian-12"},
        ],
        "h444_webhook": [
            {"url": "https://EXAMPLE.com:443/hook", "description": "x"},
            {"url": "https://example.com/none", "state": "absent"},
            {"url": "https://example.com/hook", "new_url": "https://example.com/other"},
            {"url": "https://example.com/two", "events": ["vps.created"], "is_active": False, "description": "x"},
        ],
    }.get(name, [])


def documented(name: str) -> Row:
    """Read what a module says that it returns."""
    text = (ROOT / "plugins" / "modules" / (name + ".py")).read_text(encoding="utf-8")
    found = re.search(r'^RETURN = r?"""(.*?)^"""', text, re.DOTALL | re.MULTILINE)
    assert found
    return t.cast(Row, yaml.safe_load(found.group(1)))


def check_documented(value: Row, fields: Row, path: str) -> None:
    """Hold an object against its documentation: types are as documented (or null), what is always there is there."""
    for key, about in fields.items():
        place = "%s.%s" % (path, key)
        if key not in value:
            assert about.get("returned") != "always" or not path, "%s is not there" % place
            continue
        told, kind = value[key], about["type"]
        if kind == "list":
            assert isinstance(told, list), "%s is %r, no list" % (place, told)
        elif told is not None:
            assert isinstance(told, TYPES[kind]) and (kind != "int" or not isinstance(told, bool)), "%s is %r" % (
                place,
                told,
            )
        if "contains" in about:
            for row in told if isinstance(told, list) else [told]:
                if row is None:  # as a whole: what is not there
                    continue
                check_documented(row, about["contains"], place)


def check_normal(value: t.Any, path: str = "") -> None:
    """Make sure that every key is in snake_case and every id a text, at any depth."""
    if isinstance(value, list):
        for item in value:
            check_normal(item, path + "[]")
    elif isinstance(value, dict):
        for key, item in value.items():
            place = "%s.%s" % (path, key)
            assert re.fullmatch(r"[a-z0-9_]+", key), "%s is no snake_case" % place
            if key == "id" or key.endswith("_id"):
                assert item is None or isinstance(item, str), "%s is %r" % (place, item)
            assert not path or key not in SECRETS, "%s: a secret inside" % place
            if not path and key in BY_NAME:
                for one in item.values():
                    check_normal(one, place)
            elif key not in FOREIGN:
                check_normal(item, place)


def check_result(name: str, result: Row) -> None:
    """Hold a result against the form of all results and the documentation of its module."""
    assert not result.get("failed"), result["msg"]
    told = {key: value for key, value in result.items() if key != "warnings"}
    check_normal(told)
    check_documented(told, documented(name), "")
    json.dumps(told, allow_nan=False)


def is_done_again(name: str, task: Row) -> bool:
    """Tell whether a second run is meant to do its work again."""
    sections = [task.get("servers", ()), *task.get("manifest", {}).values()]
    tasks = [task, *(entry for entries in sections for entry in entries)]
    return name == "h444_webhook_redelivery" or any(
        one.get(option) == value for one in tasks for option, value in AGAIN
    )


def is_different(diff: Row) -> bool:
    """Tell whether a diff shows a change; that of many resources is a table."""
    assert set(diff) == {"prepared"} or set(diff) >= {"before", "after"}, diff
    return bool(diff["prepared"]) if "prepared" in diff else diff["before"] != diff["after"]


def account(world: World) -> str:
    """Give everything that a write would change."""
    state = world.core.state()
    return json.dumps(
        {key: value for key, value in state.items() if key not in ("offset", "numbers")}, sort_keys=True, default=str
    )


@pytest.mark.parametrize("preset", assumed.PRESETS)
@pytest.mark.parametrize("name", STATE)
def test_state_modules_predict_do_and_repeat_nothing(name: str, preset: str) -> None:
    """Check mode writes nothing and tells what the run does; the run does it; a second run does nothing."""
    _world, ids = world_of(preset)
    number = len(tasks_of(name, ids) + more_tasks(name, ids))
    for place in range(number):
        world, ids = world_of(preset)
        task = (tasks_of(name, ids) + more_tasks(name, ids))[place]
        before = account(world)
        checked = play(world, name, task, check_mode=True)
        assert account(world) == before, (task, "check mode wrote")
        done = play(world, name, task)
        for result in (checked, done):
            check_result(name, result)
            assert is_different(result["diff"]) or not result["changed"] or is_done_again(name, task), (task, result)
        assert (checked["changed"], checked["actions"]) == (done["changed"], done["actions"]), (task, checked, done)
        assert done["changed"] is bool(done["actions"]), (task, done)
        assert task.get("state") == "restarted" or done["changed"] is (account(world) != before), task
        if is_done_again(name, task):
            continue
        for check_mode in (True, False):
            after = account(world)
            again = play(world, name, task, check_mode=check_mode)
            check_result(name, again)
            assert not again["changed"] and again["actions"] == [] and account(world) == after, (task, again)
            assert not is_different(again["diff"]), (task, again["diff"])


@pytest.mark.parametrize("preset", assumed.PRESETS)
@pytest.mark.parametrize("name", INFO)
def test_info_modules_return_what_is_documented(name: str, preset: str) -> None:
    """Nothing is ever changed, in check mode it is the same, and nothing found is an empty list."""
    world, ids = world_of(preset)
    before = account(world)
    nothing = {
        "id": "nothing",
        "url": "https://example.com/none",
        "name": "none.example",
        "domain": "none.example",
        "label": "none",
        "subject": "None",
    }
    tasks = tasks_of(name, ids)
    for option in {key for task in tasks for key in task} & set(nothing):
        found = play(world, name, {option: nothing[option]})
        (key,) = [field for field, about in documented(name).items() if about["type"] == "list"]
        assert found[key] == [] and not found["changed"], found
    for task in tasks:
        result = play(world, name, task)
        check_result(name, result)
        assert result["changed"] is False and "diff" not in result
        told = play(world, name, task, check_mode=True)
        assert {**told, "warnings": []} == {**result, "warnings": []}, task
    assert account(world) == before


def test_every_module_is_held_to_this() -> None:
    """A new module needs tasks above."""
    _world, ids = world_of("plain")
    assert {name for name in MODULES if tasks_of(name, ids)} == {*STATE, *INFO, "h444_api"}
