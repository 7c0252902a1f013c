# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which raw answers hold a secret. That a marked one is in no output is played by the target h444_api."""

from __future__ import annotations

import types
import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.action.h444_api import ActionModule

SECRET = "Canary-pass-4711"


def plugin(**args: t.Any) -> ActionModule:
    """Make the plugin of a task with these options, without a run."""
    made = ActionModule.__new__(ActionModule)
    made._task = types.SimpleNamespace(args=args, get_name=lambda: "Task")
    return made


@pytest.mark.parametrize(
    "body",
    [
        {"root_password": SECRET},
        {"data": {"rootPassword": SECRET}},
        {"server": {"id": 1}, "credentials": {"sftp": {"value": SECRET}}},
        [{"signingSecret": SECRET}],
        {"passwords": [SECRET]},
        {"notes": "use whsec_Abcdefgh12345678 there"},
        ["h444_at_Abcdefgh12345678"],
        {"a-token": SECRET},
        {"x": {"secret": "whsec_Abcdefgh12345678"}},
        {"rootPassword": SECRET, "root_password": "another"},
        # Whether stars are a mask or a password is not for an output to decide.
        {"secret": "whsec_****1234"},
        [{"secret": "********"}],
        {"root_password": "pass***word"},
        {"password": "a...b"},
        {"pin": {"pw": 4711}},
    ],
)
def test_secrets_are_found(body: t.Any) -> None:
    """At any depth, in any casing, by the key or by the look; two spellings of one key count as one."""
    result = plugin()._marked({"changed": True, "status": 200, "body": body})
    assert result["_ansible_no_log"] is True and result["body"] == body


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        "text",
        5,
        {"id": 1, "label": "web-1"},
        {"password_set": True},
        {"password": None},
        {"secret": ""},
        {"notes": "the key begins with h444_"},
    ],
)
def test_the_rest_is_shown(body: t.Any) -> None:
    """Where no secret stands, nothing is hidden."""
    assert "_ansible_no_log" not in plugin()._marked({"changed": False, "status": 200, "body": body})


def test_unread_output() -> None:
    """What a module printed and nobody could read may be an answer; a traceback is none."""
    assert (
        plugin()._marked({"failed": True, "module_stdout": '{"status": 201, "body": {"x": '})["_ansible_no_log"] is True
    )
    assert "_ansible_no_log" not in plugin()._marked(
        {"failed": True, "msg": "no", "exception": 'answer = api.request(body=params.get("body"))'}
    )


def test_deep_answers_are_hidden() -> None:
    """What can't be searched is not shown."""
    body: t.Any = SECRET
    for _level in range(80):
        body = {"a": body}
    assert plugin()._marked({"body": body})["_ansible_no_log"] is True


@pytest.mark.parametrize(
    ("args", "may"),
    [
        ({}, False),
        ({"method": "get"}, False),
        ({"method": "GET"}, False),
        ({"method": "POST"}, True),
        ({"method": "DELETE"}, True),
    ],
)
def test_only_a_get_brings_none(args: dict[str, t.Any], may: bool) -> None:
    """So async and timeout are refused for all else."""
    assert plugin(**args)._may_bring_secret() is may
