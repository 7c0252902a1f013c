# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action plugin of a bulk module: when it displays the plan, and which tasks it refuses."""

from __future__ import annotations

import types
import typing as t

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.h444.cloud.plugins.action.h444_vps_fleet import ActionModule
from ansible_collections.h444.cloud.plugins.plugin_utils import _bulk_action, _task_action

PLAN = {"diff": {"prepared": "SERVER  CHANGE\nweb-1   order\n"}, "changed": True}
WITH_SECRET = {**PLAN, "root_passwords": {"web-1": "Canary-pass-4711"}}


class Played(t.NamedTuple):
    """What a task displayed, and its result."""

    lines: list[str]
    result: dict[str, t.Any]


def play(monkeypatch: pytest.MonkeyPatch, result: dict[str, t.Any], **keywords: t.Any) -> Played:
    """Play a task with these keywords whose module gives this result."""
    lines: list[str] = []
    task: t.Any = types.SimpleNamespace(
        args={"servers": [{"label": "web-1"}]}, check_mode=False, diff=False, no_log=False, async_val=0, timeout=0,
        until=None, retries=None, get_name=lambda: "Order",
    )  # fmt: skip
    task.__dict__.update(keywords)
    monkeypatch.setattr(_bulk_action.display, "display", lambda line, stderr: lines.append(line))
    monkeypatch.setattr(_task_action.TaskAction, "_execute", lambda _self, _vars: dict(result))
    monkeypatch.setattr(_task_action.ActionBase, "run", lambda *_given: {})
    action = ActionModule.__new__(ActionModule)
    action._task, action._play_context, action._connection = task, None, None
    return Played(lines, action.run())


@pytest.mark.parametrize(
    ("result", "keywords", "shown"),
    [
        (PLAN, {}, 0),
        (PLAN, {"check_mode": True}, 1),
        # The core displays the diff of a result that it may show.
        (PLAN, {"check_mode": True, "diff": True}, 0),
        (PLAN, {"diff": True}, 0),
        (WITH_SECRET, {"diff": True}, 1),
        (WITH_SECRET, {}, 0),
        ({**PLAN, "failed": True}, {"check_mode": True, "diff": True}, 1),
        (PLAN, {"check_mode": True, "no_log": True}, 0),
        ({"changed": False}, {"check_mode": True}, 0),
    ],
)
def test_the_plan_is_displayed_once(
    monkeypatch: pytest.MonkeyPatch, result: dict[str, t.Any], keywords: dict[str, t.Any], shown: int
) -> None:
    played = play(monkeypatch, result, **keywords)
    assert len(played.lines) == shown and not any("Canary" in line for line in played.lines)
    assert bool(played.result.get("_ansible_no_log")) == ("root_passwords" in result)


TERMINATED = {"servers": [{"label": "a", "state": "absent"}], "state": "present"}


@pytest.mark.parametrize(
    ("args", "is_refused"),
    [
        ({"servers": [{"label": "a"}]}, True),
        ({"servers": [{"label": "a"}, {"label": "b", "state": "absent"}], "state": "absent"}, False),
        (TERMINATED, False),
        ({"servers": [{"label": "a", "state": None}], "state": "absent"}, False),
        ({"servers": [{"label": "a", "state": "present"}], "state": "absent"}, True),
        ({"servers": []}, False),
        ({"servers": "a text", "state": "absent"}, True),
        ({"servers": ["a text"], "state": "absent"}, False),
    ],
)
@pytest.mark.parametrize("keyword", ["async_val", "timeout", "until"])
def test_what_would_lose_passwords_is_refused(
    monkeypatch: pytest.MonkeyPatch, args: dict[str, t.Any], is_refused: bool, keyword: str
) -> None:
    """Unless every server is only terminated."""
    if not is_refused:
        assert not play(monkeypatch, PLAN, args=args, **{keyword: 30}).lines
        return
    with pytest.raises(AnsibleActionFail, match="refused here"):
        play(monkeypatch, PLAN, args=args, **{keyword: 30})


@pytest.mark.parametrize(
    ("args", "is_kept"),
    [
        ({"servers": [{"label": "a"}], "credentials_file": "f"}, True),
        ({"servers": [{"label": "a", "credentials_file": "f"}]}, True),
        ({"servers": [{"label": "a", "credentials_file": "f"}, {"label": "b"}]}, False),
        ({"servers": [{"label": "a", "credentials_file": ""}], "credentials_file": "f"}, False),
    ],
)
def test_a_task_is_repeated_only_if_all_passwords_are_in_files(
    monkeypatch: pytest.MonkeyPatch, args: dict[str, t.Any], is_kept: bool
) -> None:
    if is_kept:
        play(monkeypatch, PLAN, args=args, until=["x"])
        return
    with pytest.raises(AnsibleActionFail, match="until and retries"):
        play(monkeypatch, PLAN, args=args, until=["x"])
