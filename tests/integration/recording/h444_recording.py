# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes down what a play does: each result as callbacks and `register` get it, requests, warnings and errors.

For tests, see comparing.py. RECORDING names the file, one JSON document a line; SIMULATOR is the simulator's address.
"""

from __future__ import annotations

import dataclasses
import json
import os
import time
import typing as t
import urllib.request

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: h444_recording
type: aggregate
short_description: Writes down what a play does
description:
  - Writes each result, each registered variable and each request to a file.
"""

OURS = "h444.cloud.h444_"
MESSAGES = ("[WARNING]", "[DEPRECATION WARNING]", "[ERROR]")
# Where a task registers nothing, what it would have registered is recorded under this name.
UNREGISTERED = "recorded"

try:
    from ansible.module_utils._internal._datatag import AnsibleTagHelper
except ImportError:  # ansible-core 2.18

    def marks_of(value: t.Any) -> list[str]:
        """Say what the core has noted about a value."""
        return ["unsafe"] if hasattr(value, "__UNSAFE__") else []

else:

    def marks_of(value: t.Any) -> list[str]:
        """Say what the core has noted about a value."""
        return sorted(kind.__name__ for kind in AnsibleTagHelper.tag_types(value))


def typed(value: t.Any, *, is_marked: bool = False) -> t.Any:
    """Write a value so that JSON keeps its type: what JSON has no type for becomes an object that names it."""
    if isinstance(value, dict):
        found: t.Any = {
            name if isinstance(name, str) else f"{type(name).__name__}:{name!r}": typed(item, is_marked=is_marked)
            for name, item in value.items()
        }
    elif isinstance(value, (list, tuple)):
        found = [typed(item, is_marked=is_marked) for item in value]
        if isinstance(value, tuple):
            found = {"<type>": "tuple", "<value>": found}
    elif value is None or isinstance(value, (bool, int, float, str)):
        found = value
        for kind in (bool, int, float, str):
            if isinstance(value, kind):
                found = kind(value)
                break
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name, None) for field in dataclasses.fields(value)}
        # Where in a playbook something stands is shown to people; a traceback shows the way that was taken.
        for name in ("formatted_source_context", "formatted_traceback"):
            fields.pop(name, None)
        found = {"<type>": type(value).__name__, **{name: typed(item) for name, item in fields.items()}}
    else:
        found = {"<type>": type(value).__name__, "<value>": str(value)}
    marks = marks_of(value) if is_marked else []
    return {"<marks>": marks, "<value>": found} if marks else found


class CallbackModule(CallbackBase):
    """Writes one line for each result, each registered variable, and the requests between two of them."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "h444_recording"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *given: t.Any, **more: t.Any) -> None:
        super().__init__(*given, **more)
        self._file = open(os.environ["RECORDING"], "a", encoding="utf-8")  # for as long as the play lasts
        self._seen = 0.0
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self._wrapped: list[t.Any] = []
        self._task: dict[str, t.Any] = {}
        self._write_messages()

    def _write(self, event: str, **fields: t.Any) -> None:
        json.dump({"event": event, **fields}, self._file)
        self._file.write("\n")
        self._file.flush()

    # The warnings and errors

    def _write_messages(self) -> None:
        """Write each warning and error that is shown. A worker hands its own to this process, which shows them."""
        show, shower = self._display.display, os.getpid()

        def display(msg: str, *given: t.Any, **more: t.Any) -> t.Any:
            if os.getpid() == shower and str(msg).lstrip().startswith(MESSAGES):
                self._write("message", text=str(msg))
            return show(msg, *given, **more)

        self._display.display = display

    # The requests

    def _write_requests(self, task: t.Any) -> None:
        """Write the requests since the last time. A target may clear the journal, so their times tell what is new."""
        with self._opener.open(os.environ["SIMULATOR"] + "/_sim/journal", timeout=30) as answer:
            rows = [row for row in json.load(answer) if row["at"] > self._seen]
        if rows:
            self._seen = max(row["at"] for row in rows)
            fields = ("method", "path", "query", "headers", "body", "at")
            self._write(
                "requests",
                **self._about(task),
                requests=[{name: row[name] for name in fields} for row in rows],
            )

    # What register gets

    def v2_playbook_on_play_start(self, play: t.Any) -> None:
        """See every variable that is set for a host from here on."""
        manager = play.get_variable_manager()
        if manager in self._wrapped:
            return
        self._wrapped.append(manager)
        keep = manager.set_nonpersistent_facts

        def set_nonpersistent_facts(host: t.Any, facts: t.Any) -> None:
            self._write("variables", **self._task, host=str(host), variables=typed(facts, is_marked=True))
            keep(host, facts)

        manager.set_nonpersistent_facts = set_nonpersistent_facts

    def v2_playbook_on_task_start(self, task: t.Any, is_conditional: bool) -> None:
        """Let every task of ours register its result."""
        self._task = self._about(task)
        if task.action.startswith(OURS) and not task.register:
            task.register = UNREGISTERED
            task._validate_register(None, "register", UNREGISTERED)

    def v2_playbook_on_handler_task_start(self, task: t.Any) -> None:
        """Let every handler of ours register its result."""
        self.v2_playbook_on_task_start(task, False)

    # What callbacks get

    @staticmethod
    def _about(task: t.Any) -> dict[str, t.Any]:
        """Say which task it is, wherever the playbook lies."""
        return {
            "task": task.get_name(),
            "line": os.path.basename(task.get_path() or ""),
            "action": task.action,
            "is_loop": task.loop is not None or bool(task.loop_with),
            "is_changed_by_play": task.changed_when != [] or task.failed_when != [],
        }

    def _write_result(self, event: str, result: t.Any, **more: t.Any) -> None:
        is_new = hasattr(type(result), "result")  # ansible-core 2.19 and newer
        task = result.task if is_new else result._task
        found = result.result if is_new else result._result
        summaries = {
            name: typed(getattr(result, name, None) if name == "exception" else list(getattr(result, name)))
            for name in ("exception", "warnings", "deprecations")
            if is_new
        }
        self._write(
            event,
            **self._about(task),
            host=str(result.host if is_new else result._host),
            no_log=bool(task.no_log),
            verdicts={
                name: bool(getattr(result, "is_" + name)()) for name in ("changed", "failed", "skipped", "unreachable")
            },
            result=typed(found),
            summaries=summaries,
            **more,
        )
        if not event.startswith(("item", "retry")):
            self._write_requests(task)

    def v2_runner_on_ok(self, result: t.Any) -> None:
        """Write a result."""
        self._write_result("ok", result)

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        """Write a failure."""
        self._write_result("failed", result, ignore_errors=bool(ignore_errors))

    def v2_runner_on_skipped(self, result: t.Any) -> None:
        """Write that a task was skipped."""
        self._write_result("skipped", result)

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        """Write that a host was not reached."""
        self._write_result("unreachable", result)

    def v2_runner_item_on_ok(self, result: t.Any) -> None:
        """Write the result of an item."""
        self._write_result("item ok", result)

    def v2_runner_item_on_failed(self, result: t.Any) -> None:
        """Write the failure of an item."""
        self._write_result("item failed", result)

    def v2_runner_item_on_skipped(self, result: t.Any) -> None:
        """Write that an item was skipped."""
        self._write_result("item skipped", result)

    def v2_runner_retry(self, result: t.Any) -> None:
        """Write the result of an attempt that another one follows."""
        self._write_result("retry", result)

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        """Write the summary."""
        hosts = sorted(stats.processed)
        self._write("stats", summary={host: stats.summarize(host) for host in hosts}, at=time.time())
