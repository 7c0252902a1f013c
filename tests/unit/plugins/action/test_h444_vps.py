# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One-time secrets: in what register gets, and in no output. Real playbooks with a module that says what it is told."""

from __future__ import annotations

import os
import re
import types
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.plugins.action.h444_vps import ActionModule
from ansible_collections.h444.cloud.plugins.plugin_utils import _secret_action
from ansible_collections.h444.cloud.tests.integration.playing import (
    Played,
    collections_path,
    environment,
    play,
    write_playbook,
)
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

pytestmark = pytest.mark.slow

KEY = "h444_canary_key_0123456789"
SECRET = "Canary-pass-4711"
ONCE = 2  # on the screen and in the log file
ACTION = """
from ansible_collections.canary.lab.plugins.modules import told
from ansible_collections.h444.cloud.plugins.plugin_utils._secret_action import SecretAction


class ActionModule(SecretAction):
    MODULE = told
    HARMLESS_STATES = ("absent",)
"""
# Says what it is told, and prints something beside its result, as a real one does when things go wrong.
MODULE = """#!/usr/bin/python
from ansible_collections.h444.cloud.plugins.module_utils._errors import H444Error
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module

SECRET = "Canary-" + "pass-4711"


def main(face=H444Module):
    module = face(
        dict(
            state=dict(), say=dict(required=True), name=dict(default="root_password"), api_key=dict(no_log=True),
            credentials_file=dict(type="path"),
        ),
    )
    say, name = module.params["say"], module.params["name"]
    if say == "broken":
        print('{"changed": true, "root_password": "%s", "and": ' % SECRET)
        raise SystemExit(0)
    if say == "plain":
        module.exit(changed=False, told="nothing secret")
    module.warn("take care of web-1 and its " + name)
    result = {name: {"web-1": SECRET} if name == "root_passwords" else SECRET, "changed": True}
    result["diff"] = {"before": {}, "after": {"label": "web-1"}}
    if say == "slow":
        result["waited_seconds"] = 12.3
    if say in ("fail", "slip"):
        module.fail(H444Error("web-1 did not start " + (SECRET if say == "slip" else "in time")), **result)
    module.exit(**result)


if __name__ == "__main__":
    main()
"""
Tasks = t.List[t.Dict[str, t.Any]]


IN_PROCESS, AS_MODULE = "in-process", "as-module"


@pytest.fixture(params=[IN_PROCESS, AS_MODULE])
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> t.Callable[..., Played]:
    """Give a function that plays tasks with the talkative module; its output is all that can be written down.

    The module runs in the controller's process or in one of its own.
    """
    plugins = tmp_path / "lab" / "ansible_collections" / "canary" / "lab" / "plugins"
    for folder, content in (("action", ACTION), ("modules", MODULE)):
        (plugins / folder).mkdir(parents=True)
        (plugins / folder / "told.py").write_text(content, encoding="utf-8")

    def run(tasks: Tasks, **more: str) -> Played:
        written = tmp_path / "written"
        env = environment(
            tmp_path / "home",
            "http://127.0.0.1:9/v1",
            KEY,
            ANSIBLE_LOG_PATH=str(written / "log"),
            JUNIT_OUTPUT_DIR=str(written / "junit"),
            ANSIBLE_CALLBACK_TREE_DIR=str(written / "tree"),
            ANSIBLE_CALLBACKS_ENABLED="ansible.builtin.junit,ansible.builtin.tree",
            H444_IN_PROCESS=str(request.param == IN_PROCESS),
            **more,
        )
        env["ANSIBLE_COLLECTIONS_PATH"] = os.pathsep.join([str(tmp_path / "lab"), collections_path()])
        written.mkdir(exist_ok=True)
        played = play(
            ["ansible-playbook", "-vvvv", "--diff", "-i", "localhost,", str(write_playbook(tmp_path, tasks))],
            env,
            tmp_path,
        )
        files = [file for file in sorted(written.rglob("*")) if file.is_file() and file.name != "log"]
        assert {file.parent.name for file in files} == {"junit", "tree"}
        for file in files:
            assert SECRET not in file.read_text(encoding="utf-8"), file
        assert ("canary.lab.told runs in the controller's process" in played.output) == (request.param == IN_PROCESS)
        return Played(played.code, played.output + (written / "log").read_text(encoding="utf-8"))

    return run


def told(say: str, **keywords: t.Any) -> dict[str, t.Any]:
    """Make a task of the talkative module."""
    options = {"say": say, "api_key": KEY, **keywords.pop("options", {})}
    return {"name": f"Say {say}", "canary.lab.told": options, "register": "it", **keywords}


def holds(condition: str) -> dict[str, t.Any]:
    """Make a task that checks what was registered; the secret itself is not written down in the playbook."""
    return {"ansible.builtin.assert": {"that": [condition], "quiet": True}}


WHOLE = "it.root_password == 'Canary-' ~ 'pass-4711'"


@pytest.mark.parametrize("no_log", [False, True])
def test_hidden_and_registered(lab: t.Callable[..., Played], no_log: bool) -> None:
    """A secret at the top level is in register and nowhere else; the warning beside it is shown, once a task."""
    names = {"root_password": "", "secret": "", "access_token": "", "root_passwords": "['web-1']"}
    tasks: Tasks = []
    for name, place in names.items():
        tasks.append(told("good", options={"name": name}, no_log=no_log))
        tasks.append(holds(f"it.{name}{place} == 'Canary-' ~ 'pass-4711'"))
    played = lab(tasks)
    assert played.code == 0, played.tail()
    assert SECRET not in played.output and KEY not in played.output
    assert "censored" in played.output
    for name in names:
        assert played.output.count(f"[WARNING]: take care of web-1 and its {name}\n") == ONCE


def test_what_the_rate_limit_cost_is_said_beside_a_hidden_result(lab: t.Callable[..., Played]) -> None:
    """The result would show it at -v, but is hidden."""
    played = lab([told("slow"), holds("it.waited_seconds == 12.3")])
    assert played.code == 0, played.tail()
    assert SECRET not in played.output and "Say slow: waited 12.3 s for the rate limit." in played.output


@pytest.mark.parametrize("no_log", [False, True])
def test_failure_says_why(lab: t.Callable[..., Played], no_log: bool) -> None:
    """A failure with a password shows its reason once and no secret, not even one of its message; all is registered."""
    checks = ["ansible_failed_result.root_password == 'Canary-' ~ 'pass-4711'", WHOLE, "it.failed and it.changed"]
    rescue = [holds(check) for check in checks]
    played = lab([{"block": [told(say, no_log=no_log)], "rescue": rescue} for say in ("fail", "slip")])
    assert played.code == 0, played.tail()
    assert SECRET not in played.output and KEY not in played.output
    assert len(re.findall("ERROR.*web-1 did not start", played.output)) == 2 * ONCE


def test_loop_and_retries(lab: t.Callable[..., Played]) -> None:
    """Items of a loop and attempts of until."""
    played = lab(
        [
            told("{{ item }}", loop=["good", "plain", "fail"], ignore_errors=True),
            holds(
                "it.results[0].root_password == it.results[2].root_password and it.results[1].told == 'nothing secret'"
            ),
            told(
                "fail",
                until="it is success",
                retries=1,
                delay=0,
                ignore_errors=True,
                options={"credentials_file": "secrets.json"},
            ),
            holds(WHOLE),
        ]
    )
    assert played.code == 0, played.tail()
    assert SECRET not in played.output and KEY not in played.output


@pytest.mark.parametrize("callback", ["default", "minimal", "oneline"])
def test_the_total_of_a_loop(lab: t.Callable[..., Played], callback: str) -> None:
    """What a callback gets of all items together holds no secret, whichever callback; register holds all of them."""
    tasks: Tasks = []
    for say in ("good", "fail"):
        tasks += [
            told(say, loop=["a", "b"], ignore_errors=True),
            told(say, ignore_errors=True),
            holds(WHOLE),
            told(say, loop=["a"], ignore_errors=True),
            holds("it.results[0].root_password == 'Canary-' ~ 'pass-4711'"),
        ]
    played = lab(tasks, ANSIBLE_STDOUT_CALLBACK=callback)
    assert played.code == 0, played.tail()
    assert SECRET not in played.output and KEY not in played.output
    assert "take care of web-1" in played.output
    if callback != "oneline":  # which leaves errors out since 2.19
        assert "web-1 did not start" in played.output


@pytest.mark.parametrize(
    ("lab", "pipelining"), [(IN_PROCESS, "0"), (AS_MODULE, "0"), (AS_MODULE, "1")], indirect=["lab"]
)
def test_debugging_the_core(lab: t.Callable[..., Played], pipelining: str) -> None:
    """ANSIBLE_DEBUG shows what modules got and printed; not of this one."""
    played = lab(
        [told("good"), told("good", loop=["a", "b"]), holds("it.results[0].root_password is defined")],
        ANSIBLE_DEBUG="1", ANSIBLE_PIPELINING=pipelining,
    )  # fmt: skip
    assert played.code == 0, played.tail()
    assert "in run() - task" in played.output
    assert SECRET not in played.output and KEY not in played.output


@pytest.mark.parametrize("lab", [AS_MODULE], indirect=True)
def test_unreadable_result(lab: t.Callable[..., Played]) -> None:
    """What a module printed and nobody could parse may hold a password too."""
    played = lab(
        [told("broken", ignore_errors=True), holds("it.failed and ('Canary-' ~ 'pass-4711') in it.module_stdout")]
    )
    assert played.code == 0, played.tail()
    assert SECRET not in played.output
    assert re.search("ERROR.*(MODULE FAILURE|deserialization failed)", played.output)


def test_without_secret_nothing_is_hidden(lab: t.Callable[..., Played]) -> None:
    """An ordinary result is shown as ever."""
    played = lab([told("plain")])
    assert played.code == 0, played.tail()
    assert "nothing secret" in played.output and "censored" not in played.output
    assert KEY not in played.output


def test_no_log_of_the_connection_comes_back() -> None:
    """The transport is silenced for the one call, also when it fails."""

    class Context:
        no_log = False

    class Connection:
        _play_context = Context()
        transport = "ssh"
        has_native_async = False
        become = None

    seen: list[bool] = []

    class Failing(_secret_action.SecretAction):
        MODULE = types.ModuleType("ansible_collections.canary.lab.plugins.modules.told")

        def __init__(self) -> None:  # pylint: disable=super-init-not-called
            self._play_context, self._connection = Context(), Connection()
            self._task = type("Task", (), {"args": {}, "async_val": 0})()

        def _execute_module(self, **_keywords: t.Any) -> dict[str, t.Any]:
            seen.extend([self._play_context.no_log, self._connection._play_context.no_log])
            raise RuntimeError

    action = Failing()
    with pytest.raises(RuntimeError):
        action._execute({})
    assert seen == [True, True]
    assert action._play_context.no_log is False and Connection._play_context.no_log is False


REPEATED: list[tuple[dict[str, t.Any], dict[str, t.Any], bool]] = [
    ({"until": "it is success", "retries": 1}, {}, True), ({"until": "it is success"}, {}, True),
    ({"retries": 2}, {}, True),
    ({"retries": 2}, {"credentials_file": ""}, True),
    ({"retries": 2}, {"credentials_file": "{{ nothing | default(omit) }}"}, True),
    ({"until": "true", "retries": 0}, {}, False), ({"retries": 0}, {}, False),
    ({"until": "true"}, {"state": "absent"}, False),
    ({"until": "true"}, {"credentials_file": "secrets.json"}, False),
    ({"retries": 2}, {"credentials_file": " "}, True),
]  # fmt: skip
"""keywords, options, and whether they are refused"""


def test_repeated_tasks(lab: t.Callable[..., Played]) -> None:
    """Of all attempts one result is kept, and a password that came with another is gone; a file keeps it."""
    tasks: Tasks = []
    for keywords, options, refused in REPEATED:
        wanted = "it.failed and 'refused here without credentials_file' in it.msg" if refused else WHOLE
        task = told("good", options=options, delay=0, ignore_errors=True, **keywords)
        tasks += [task, {**holds(wanted), "name": f"{keywords} {options} {refused}".replace("{{", "")}]
    played = lab(tasks)
    assert played.code == 0, played.tail()
    assert played.output.count("TASK [Say good]") == len(REPEATED) * ONCE


def test_only_absent_is_harmless() -> None:
    """Every other state may order or reinstall."""
    assert ActionModule.HARMLESS_STATES == ("absent",)


def test_async_and_timeout(tmp_path: Path) -> None:
    """Refused with the reason and before any request where a password could come; absent may run in the background."""
    order = {"label": "web-1", "plan": "vps-1", "os_template": "debian-12"}
    refused: Tasks = []
    for keywords in ({"async": 30, "poll": 0}, {"async": 30, "poll": 1}, {"timeout": 20}):
        for options in ({}, {"state": "reinstalled"}, {"state": "started"}):
            refused.append(
                {"h444.cloud.h444_vps": {**order, **options}, "register": "it", "ignore_errors": True, **keywords}
            )
            refused.append(holds("it.failed and 'is refused here' in it.msg and 'wait_timeout' in it.msg"))
    with Simulator.start() as simulator:
        # Named in full, for the core looks a job up by the user's home and not by HOME.
        env = environment(tmp_path / "home", simulator.url, simulator.key, ANSIBLE_ASYNC_DIR=str(tmp_path / "async"))
        played = play(["ansible-playbook", "-i", "localhost,", str(write_playbook(tmp_path, refused))], env, tmp_path)
        assert played.code == 0, played.tail()
        assert simulator.journal() == []

        simulator.seed(vps=[{"label": "web-1"}, {"label": "web-2"}])
        background = {"async": 60, "poll": 1, "register": "it"}
        absent: Tasks = [
            {"h444.cloud.h444_vps": {"label": "web-2", "state": "absent"}, **background},
            holds("it is changed and it.vps is none"),
            # The state may come from the action group's defaults.
            {
                "h444.cloud.h444_vps": {"label": "web-1"},
                "module_defaults": {"group/h444.cloud.h444": {"state": "absent"}},
                **background,
            },
            holds("it is changed"),
            {"h444.cloud.h444_vps": {"label": "web-2", "state": "absent"}, "timeout": 60, "register": "it"},
            holds("it is not changed"),
        ]
        played = play(["ansible-playbook", "-i", "localhost,", str(write_playbook(tmp_path, absent))], env, tmp_path)
        assert played.code == 0, played.tail()
        assert [row["alive"] for row in simulator.state()["vps"]] == [False, False]
