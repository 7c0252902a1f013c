# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a task runs: in this process, or as ansible-core runs it."""

from __future__ import annotations

import contextlib
import time
import types
import typing as t

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.h444.cloud.plugins.plugin_utils import _task_action
from ansible_collections.h444.cloud.plugins.plugin_utils._replies import Reading, this_worker
from ansible_collections.h444.cloud.plugins.plugin_utils._task_action import TaskAction

MODULE = types.ModuleType("ansible_collections.h444.cloud.plugins.modules.h444_test")


class Action(TaskAction):
    """An action plugin whose dealings with ansible-core are short."""

    MODULE = MODULE
    environment = ""

    def _update_module_args(self, module_name: str, module_args: t.Any, *_more: t.Any) -> None:
        module_args["_ansible_module_name"] = module_name

    def _compute_environment_string(self, *_more: t.Any) -> str:
        return self.environment


def action(environment: str = "", connection: dict[str, t.Any] | None = None, **task: t.Any) -> Action:
    """Make the plugin of a task."""
    made = Action.__new__(Action)
    keywords = {"args": {"label": "x"}, "async_val": 0, "retries": None, "until": [], "no_log": False, **task}
    made._task = types.SimpleNamespace(**keywords)
    made._connection = types.SimpleNamespace(**{"transport": "local", "become": None, **(connection or {})})
    made._templar = types.SimpleNamespace(template=lambda value: value)
    made._loader = types.SimpleNamespace(get_basedir=lambda: "/")
    made.environment = environment
    return made


@pytest.fixture(autouse=True)
def no_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without the variables of the environment."""
    for name in ("H444_IN_PROCESS", "H444_REUSE_REPLIES"):
        monkeypatch.delenv(name, raising=False)


def test_a_local_task_runs_here() -> None:
    task = action(environment="A=1 B='x y'")._task_for_here({})
    assert task is not None
    assert (task.options, task.environment, task.folder, task.may_recall) == (
        {"label": "x"},
        {"A": "1", "B": "x y"},
        "/",
        True,
    )
    assert task.internals == {"_ansible_module_name": "h444.cloud.h444_test"}


@pytest.mark.parametrize(
    "other",
    [
        {"connection": {"transport": "ssh"}},
        {"connection": {"become": object()}},
        {"async_val": 30},
        {"environment": "set -lx A 1;"},
        {"environment": "A-B=1"},
        {"environment": "A=1 1B=2"},
        {"environment": "A;B=1"},
        {"args": {"label": object()}},
    ],
    ids=["another connection", "become", "async", "another shell", "a dash", "a digit", "two words", "no JSON"],
)
def test_what_is_not_simply_local_runs_as_a_module(other: dict[str, t.Any]) -> None:
    assert action(**other)._task_for_here({}) is None


@pytest.mark.parametrize("is_lost", [False, True])
def test_an_item_that_runs_as_a_module_may_have_written(is_lost: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The items of one loop may run here and elsewhere, if they have hosts or switches of their own."""

    def as_module(_self: Action, **_how: t.Any) -> dict[str, t.Any]:
        if is_lost:
            raise AnsibleActionFail("lost")
        return {"changed": True}

    monkeypatch.setattr(Action, "_execute_module", as_module)
    worker = this_worker()
    worker.close()
    worker.settled_at = 0.0
    worker.readings("place")["/vps"] = Reading(time.monotonic(), {})
    with pytest.raises(AnsibleActionFail) if is_lost else contextlib.nullcontext():
        action(connection={"transport": "ssh"})._execute({})
    assert worker.readings("place") == {} and worker.settled_at > time.monotonic()
    worker.settled_at = 0.0


def test_without_requests_the_module_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_task_action, "REQUESTS_IMPORT_ERROR", ImportError())
    assert action()._task_for_here({}) is None


@pytest.mark.parametrize(
    ("variable", "of_the_task", "of_the_process", "is_here"),
    [
        (None, None, None, True), (False, None, None, False), ("no", None, None, False), (True, "false", "false", True),
        ("", "false", None, False), (None, "false", "true", False), (None, "", "false", True),
        (None, None, "false", False), (None, None, "", True), (None, "true", "false", True),
    ],
)  # fmt: skip
def test_the_switch_is_a_variable_or_in_the_environment(
    variable: t.Any, of_the_task: str | None, of_the_process: str | None, is_here: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable wins, then the task's environment, then the process's; what is empty is not set."""
    if of_the_process is not None:
        monkeypatch.setenv("H444_IN_PROCESS", of_the_process)
    environment = "" if of_the_task is None else f"H444_IN_PROCESS='{of_the_task}'"
    variables = {} if variable is None else {"h444_in_process": variable}
    assert (action(environment)._task_for_here(variables) is not None) is is_here


@pytest.mark.parametrize("name", ["in_process", "reuse_replies"])
def test_a_switch_that_is_neither_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AnsibleActionFail, match=f"h444_{name} must be true or false"):
        action()._task_for_here({f"h444_{name}": "perhaps"})
    monkeypatch.setenv(f"H444_{name.upper()}", "perhaps")
    with pytest.raises(AnsibleActionFail, match=f"H444_{name.upper()} must be true or false"):
        action()._task_for_here({})


def test_reuse_of_replies_can_be_switched_off() -> None:
    task = action()._task_for_here({"h444_reuse_replies": "false"})
    assert task is not None and task.may_recall is False


def test_items_of_a_loop_are_told_apart() -> None:
    assert Action._item({}) == "" and Action._item({"ansible_loop_var": "item", "item": 1}) == "1"
    assert Action._item({"ansible_loop_var": "it", "it": "1"}) == "'1'"
