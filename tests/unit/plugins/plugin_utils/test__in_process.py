# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands in for AnsibleModule: options, warnings, failures, and what is hidden. Compared in tests/integration."""

from __future__ import annotations

import functools
import os
import types
import typing as t
import warnings
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.plugins.module_utils._spec import merge
from ansible_collections.h444.cloud.plugins.plugin_utils import _in_process
from ansible_collections.h444.cloud.plugins.plugin_utils._in_process import (
    IS_BEFORE_TAGS,
    Task,
    as_module_gets,
    run_in_process,
)
from ansible_collections.h444.cloud.plugins.plugin_utils._replies import Worker

KEY = "h444_test_key_0000000000000001"
INTERNALS = {
    "_ansible_module_name": "h444.cloud.h444_test",
    "_ansible_version": "2.21.0",
    "_ansible_check_mode": False,
    "_ansible_debug": False,
    "_ansible_verbosity": 0,
}


def task(
    options: dict[str, t.Any], environment: dict[str, str] | None = None, folder: str = ".", **internals: t.Any
) -> Task:
    """Make a task."""
    given = {f"_ansible_{name}": value for name, value in internals.items()}
    return Task(options, {**INTERNALS, **given}, environment or {}, folder, Worker(), True)


def module_of(work: t.Callable[[t.Any], None], **own: dict[str, t.Any]) -> types.ModuleType:
    """Make a module that does this with its face."""
    module = types.ModuleType("ansible_collections.h444.cloud.plugins.modules.h444_test")
    module.main = lambda face: work(face(merge(**own)))  # type: ignore[attr-defined]
    return module


def run(work: t.Callable[[t.Any], None], options: dict[str, t.Any], **internals: t.Any) -> dict[str, t.Any]:
    """Run a module."""
    own = {
        "label": {"type": "str"},
        "plan_slug": {"type": "str", "aliases": ["plan"]},
        "wait": {"type": "bool", "default": True},
    }
    return run_in_process(module_of(work, **own), task(options, **internals))


def told(module: t.Any) -> None:
    """End with what the module sees."""
    module.exit(changed=False, label=module.params["label"], wait=module.params["wait"], check=module.check_mode)


def test_options_are_read_as_the_spec_says() -> None:
    result = run(told, {"api_key": KEY, "label": 5, "wait": "no"}, check_mode=True)
    assert (result["label"], result["wait"], result["check"]) == ("5", False, True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"api_key": KEY, "labl": "x"}, "Unsupported parameters for (h444.cloud.h444_test) module: labl. Supported"),
        ({"api_key": KEY, "wait": "perhaps"}, "argument 'wait' is of type"),
        ({}, "missing required arguments: api_key. Set api_key or the environment variable H444_API_KEY."),
    ],
)
def test_bad_options_are_refused(options: dict[str, t.Any], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("H444_API_KEY", raising=False)
    result = run(lambda _module: pytest.fail("it ran"), options)
    assert result["failed"] is True and result["msg"].startswith(message)


def test_an_option_and_its_alias_are_one_too_many() -> None:
    result = run(told, {"api_key": KEY, "plan": "a", "plan_slug": "b"})
    assert result["warnings"] == ["Both option plan_slug and its alias plan are set."]


def test_the_environment_of_the_task_is_the_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For this one run: options, the folder, and everything that reads it later."""
    monkeypatch.setenv("H444_API_URL", "before")
    monkeypatch.delenv("WORD", raising=False)
    here, seen = os.getcwd(), {}

    def look(module: t.Any) -> None:
        seen.update(url=module.params["api_url"], word=os.environ.get("WORD"), folder=os.getcwd())
        module.exit(changed=False)

    environment = {"H444_API_URL": "http://127.0.0.1:9/v1", "H444_API_KEY": KEY, "WORD": "a b"}
    run_in_process(module_of(look), task({}, environment, str(tmp_path)))
    assert seen == {"url": "http://127.0.0.1:9/v1", "word": "a b", "folder": str(tmp_path)}
    assert os.getcwd() == here and os.environ["H444_API_URL"] == "before" and "WORD" not in os.environ


@pytest.mark.parametrize("impossible", ["open", "fchdir"])
def test_a_folder_that_this_user_cannot_enter_is_left_for_good(
    impossible: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``sudo -u`` from another user's home begins there. A module begins in the folder of the playbook as well."""
    monkeypatch.chdir(".")
    real, seen = getattr(os, impossible), []

    def refuse(what: t.Any, *more: t.Any) -> t.Any:
        if what == "." or impossible == "fchdir":
            raise PermissionError(13, "Permission denied", what)
        return real(what, *more)

    def look(module: t.Any) -> None:
        seen.append(os.getcwd())
        module.exit(changed=False)

    monkeypatch.setattr(_in_process.os, impossible, refuse)
    for folder in (tmp_path, tmp_path.parent):
        result = run_in_process(module_of(look), task({"api_key": KEY}, {"WORD": "x"}, str(folder)))
        assert result["changed"] is False and "WORD" not in os.environ
    assert seen == [str(tmp_path), str(tmp_path.parent)]


def test_warnings_of_python_are_for_nobody(recwarn: pytest.WarningsRecorder) -> None:
    """Those of a library, such as that of an unverified certificate, which the core would show as a mistake of ours."""

    def work(module: t.Any) -> None:
        warnings.warn("unverified", stacklevel=2)
        module.exit(changed=False)

    assert run(work, {"api_key": KEY})["changed"] is False
    assert not recwarn.list


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit, MemoryError])
def test_what_ends_a_task_in_the_middle_leaves_nothing(tmp_path: Path, end: type[BaseException]) -> None:
    """A timeout comes as an exception, at any moment."""

    def work(_module: t.Any) -> None:
        raise end

    here, one = os.getcwd(), task({"api_key": KEY}, {"WORD": "x"}, str(tmp_path))
    session = one.worker.session("place")
    with pytest.raises(end):
        run_in_process(module_of(work), one)
    assert os.getcwd() == here and "WORD" not in os.environ
    assert one.worker.session("place") is not session


def test_results_are_what_json_says() -> None:
    result = run(lambda module: module.exit(changed=False, pair=(1, 2), rows={5: "five"}), {"api_key": KEY})
    assert result["pair"] == [1, 2] and result["rows"] == {"5": "five"}


def test_the_invocation_is_there_where_the_core_wants_it() -> None:
    with_it = run(told, {"api_key": KEY, "label": "x"}, inject_invocation=True)
    assert with_it["invocation"]["module_args"]["label"] == "x"
    assert "invocation" not in run(told, {"api_key": KEY}, inject_invocation=False)
    assert "invocation" in run(told, {"api_key": KEY}), "before 2.21 it always is"


def test_an_empty_hidden_value_hides_nothing() -> None:
    """An empty text is a part of every text."""
    own = {"password": {"type": "str", "no_log": True}}
    module = module_of(lambda face: face.exit(changed=False, label="web-1"), **own)
    result = run_in_process(module, task({"api_key": KEY, "password": ""}))
    assert result["label"] == "web-1"


@pytest.mark.skipif(_in_process.CORE_MASKS, reason="this ansible-core masks where it displays")
def test_hidden_values_are_in_no_result() -> None:
    result = run(lambda module: module.exit(changed=True, note="sent %s" % KEY, none=None), {"api_key": KEY})
    assert KEY not in str(result) and result["changed"] is True and result["none"] is None
    assert result["invocation"]["module_args"]["api_key"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


def test_a_mistake_of_ours_is_one_sentence() -> None:
    def work(module: t.Any) -> None:
        module.report(lambda _api, _params: 1 / 0)

    result = run(work, {"api_key": KEY})
    assert result["failed"] is True and "ZeroDivisionError" in result["msg"] and "exception" not in result


def test_a_traceback_is_there_where_it_is_asked_for() -> None:
    def work(module: t.Any) -> None:
        module.report(lambda _api, _params: 1 / 0)

    for internals in ({"verbosity": 3}, {"debug": True}, {"tracebacks_for": ["error"]}):
        shown = run(work, {"api_key": KEY}, **internals)["exception"]
        # Until 2.18 the core shows the lines alone, which is no traceback to whoever searches for one.
        assert "1 / 0" in shown and ("Traceback" in shown and "ZeroDivisionError" in shown) is not IS_BEFORE_TAGS
    assert "exception" not in run(work, {"api_key": KEY}, verbosity=3, tracebacks_for=[])


def test_warnings_of_one_task_are_not_the_next_ones() -> None:
    def work(module: t.Any) -> None:
        module.warn("once")
        module.exit(changed=False)

    assert [run(work, {"api_key": KEY})["warnings"] for _task in range(2)] == [["once"], ["once"]]


@pytest.mark.parametrize("is_silent", [False, True])
def test_a_task_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch, is_silent: bool) -> None:
    """On the controller's screen, without the key, unless nothing of the task is to be seen."""
    lines: list[str] = []
    monkeypatch.setattr(_in_process.display, "display", lambda line, stderr: lines.append(line))

    def work(module: t.Any) -> None:
        module.tell("web-1: ordered with h444_canary_key_0123456789")
        module.exit(changed=False)

    given = task({"api_key": "h444_canary_key_0123456789"})._replace(is_silent=is_silent)
    run_in_process(module_of(work), given)
    assert lines == ([] if is_silent else ["web-1: ordered with [redacted]"])


def test_a_sign_in_keeps_no_connection() -> None:
    """It has no key, and what it reads is never a list."""
    kept: list[t.Any] = []

    def main(face: t.Any) -> None:
        module = face(merge(), signs_in=True)
        kept.append(module.api())
        module.exit(changed=False)

    module = types.ModuleType("ansible_collections.h444.cloud.plugins.modules.h444_test")
    module.main = main  # type: ignore[attr-defined]
    run_in_process(module, task({"api_key": KEY}))
    assert type(kept[0]).__name__ == "Client"


def test_options_reach_the_module_as_json_says_them() -> None:
    class Tagged(str):
        """What the core makes of a string."""

    got = as_module_gets({"a": Tagged("x"), "b": (1, 2), "c": {3: None}})
    assert got == {"a": "x", "b": [1, 2], "c": {"3": None}}
    assert not isinstance(got["a"], Tagged)
    with pytest.raises((TypeError, ValueError)):
        as_module_gets({"a": object()})


def test_a_module_that_ends_without_a_result_is_a_mistake() -> None:
    with pytest.raises(AssertionError, match="ended without a result"):
        run_in_process(module_of(functools.partial(lambda _module: None)), task({"api_key": KEY}))
