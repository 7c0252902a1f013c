# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action plugin of every module: it runs the module in the controller's own process where that is possible.

There it needs no archive, no further Python and no import, and the interpreter that ansible-core found for the host
plays no part. Everywhere else the module runs as ansible-core runs it.
"""

from __future__ import annotations

import os
import re
import shlex
import time
import types
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.h444.cloud.plugins.module_utils._transport import REQUESTS_IMPORT_ERROR
from ansible_collections.h444.cloud.plugins.plugin_utils._in_process import Task, as_module_gets, run_in_process
from ansible_collections.h444.cloud.plugins.plugin_utils._replies import this_worker

# What sh takes for the name of a variable.
is_name = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z").match

display = Display()


class TaskAction(ActionBase):
    """Runs the module of the same name."""

    MODULE: types.ModuleType
    _supports_async = True
    _supports_check_mode = True
    _supports_diff = True
    TRANSFERS_FILES = False

    @property
    def _module_name(self) -> str:
        parts = self.MODULE.__name__.split(".")
        return ".".join([*parts[1:3], parts[-1]])

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> dict[str, t.Any]:
        """Run the module."""
        result = super().run(tmp, task_vars)
        result.update(self._execute(task_vars or {}))
        return result

    def _execute(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """Run the module, here or as ansible-core does."""
        task = self._task_for_here(task_vars)
        if task is None:
            try:
                return self._execute_module(
                    module_name=self._module_name,
                    module_args=dict(self._task.args),  # the core adds its own to them
                    task_vars=task_vars,
                    wrap_async=bool(self._task.async_val) and not self._connection.has_native_async,
                )
            finally:  # other items of this loop may run here, and it is not known what this one wrote
                this_worker().written(time.monotonic())
        display.vvv("%s runs in the controller's process." % self._module_name)
        return run_in_process(self.MODULE, task)

    def _task_for_here(self, task_vars: dict[str, t.Any]) -> Task | None:
        """Return what a run in this process needs; None if the module has to run as ansible-core runs it."""
        is_local = self._connection.transport == "local" and not self._connection.become
        if not is_local or self._task.async_val or REQUESTS_IMPORT_ERROR is not None:
            return None
        environment = self._environment()
        if environment is None or not self._is_on("in_process", task_vars, environment):
            return None
        internals: dict[str, t.Any] = {}
        self._update_module_args(self._module_name, internals, task_vars)
        try:
            options = as_module_gets({name: value for name, value in self._task.args.items() if name not in internals})
        except (TypeError, ValueError):
            return None  # ansible-core has a sentence for it
        worker = this_worker()
        worker.begin(self._item(task_vars), self._is_repeated())
        may_recall = self._is_on("reuse_replies", task_vars, environment)
        is_silent = bool(self._task.no_log)
        return Task(options, internals, environment, self._loader.get_basedir(), worker, may_recall, is_silent)

    def _environment(self) -> dict[str, str] | None:
        """Return the variables that the task sets for its module; None if only a shell knows what they are.

        It may say them in its own way, or take another word for a command, such as ``A-B=1``.
        """
        pairs = [word.partition("=") for word in shlex.split(self._compute_environment_string())]
        if not all(is_pair and is_name(name) for name, is_pair, _value in pairs):
            return None
        return {name: value for name, _is_pair, value in pairs}

    def _is_on(self, name: str, task_vars: t.Mapping[str, t.Any], environment: t.Mapping[str, str]) -> bool:
        """Return a switch: the variable h444_NAME, else the environment variable H444_NAME, else true."""
        variable = "h444_" + name
        value = self._templar.template(task_vars.get(variable))
        if value is None or value == "":
            variable = variable.upper()
            value = environment.get(variable, os.environ.get(variable)) or True
        try:
            return boolean(value)
        except TypeError:
            raise AnsibleActionFail("%s must be true or false. Nothing was sent." % variable) from None

    def _is_repeated(self) -> bool:
        """Return whether core repeats this task if it fails: retries alone does that, until alone means three times."""
        retries = self._task.retries
        return bool(self._task.until) if retries is None else int(retries) > 0

    @staticmethod
    def _item(task_vars: t.Mapping[str, t.Any]) -> str:
        """Return what tells the items of a loop apart."""
        name = task_vars.get("ansible_loop_var")
        return repr(task_vars.get(name)) if name else ""
