# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module in the controller's own process. The twin of ``module_utils/_module.py``.

``LocalModule`` does here what AnsibleModule does in a process of its own: it checks the options and makes the result.
Everything that is not AnsibleModule is the same code either way.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import sys
import traceback
import types
import typing as t
import warnings

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError
from ansible.utils.display import Display
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module, explained
from ansible_collections.h444.cloud.plugins.plugin_utils._masking import register_secrets
from ansible_collections.h444.cloud.plugins.plugin_utils._replies import KeepingClient, Worker

try:
    from ansible.module_utils.common.json import Direction, get_module_encoder

    ENCODER: t.Any = get_module_encoder("legacy", Direction.CONTROLLER_TO_MODULE)
    IS_BEFORE_TAGS = False
except ImportError:  # ansible-core 2.18
    from ansible.parsing.ajson import AnsibleJSONEncoder

    ENCODER = functools.partial(AnsibleJSONEncoder, vault_to_text=True)
    IS_BEFORE_TAGS = True

display = Display()

# Since 2.22 the core masks secrets where it displays results; before, AnsibleModule removes them from the result.
CORE_MASKS = register_secrets is not None
if not CORE_MASKS:
    from ansible.module_utils.common.parameters import remove_values


class Ended(BaseException):
    """A module ended, with this result. AnsibleModule ends by SystemExit, which is no Exception either."""

    def __init__(self, result: dict[str, t.Any]) -> None:
        super().__init__()
        self.result = result


class Task(t.NamedTuple):
    """What a task hands to its module."""

    options: dict[str, t.Any]
    internals: dict[str, t.Any]
    """what ansible-core adds to the options, such as ``_ansible_check_mode``"""
    environment: dict[str, str]
    folder: str
    worker: Worker
    may_recall: bool
    is_silent: bool = False
    """whether nothing of the task is to be seen"""


class LocalModule:
    """Stands in for AnsibleModule: what H444Module speaks to, and nothing else."""

    def __init__(self, task: Task, argument_spec: dict[str, t.Any], supports_check_mode: bool, **rules: t.Any) -> None:
        self._internals = task.internals
        self._name = task.internals["_ansible_module_name"]
        self.ansible_version = task.internals["_ansible_version"]
        self.check_mode = supports_check_mode and bool(task.internals["_ansible_check_mode"])
        self._warnings: list[str] = []
        validated = ArgumentSpecValidator(argument_spec, **rules).validate(task.options)
        self.params = validated.validated_parameters
        self._hidden = set(_hidden(argument_spec, self.params))
        for option, settings in argument_spec.items():
            for alias in settings.get("aliases", ()):
                if option in task.options and alias in task.options:
                    self.warn("Both option %s and its alias %s are set." % (option, alias))
        if validated.error_messages:
            text = validated.error_messages[0]
            if isinstance(validated.errors[0], UnsupportedError):
                text = "Unsupported parameters for (%s) module: %s" % (self._name, text)
            self.fail_json(text)

    def warn(self, text: str) -> None:
        """Add a warning to the result."""
        if IS_BEFORE_TAGS or text not in self._warnings:
            self._warnings.append(text)

    def exit_json(self, **result: t.Any) -> t.NoReturn:
        """End well."""
        if self._internals.get("_ansible_inject_invocation", True):
            result["invocation"] = {"module_args": self.params}
        if self._warnings:
            result["warnings"] = self._warnings
        if not CORE_MASKS:
            plain = {key: value for key, value in result.items() if value is None or isinstance(value, bool)}
            result = {**remove_values(result, self._hidden), **plain}
        raise Ended(result)

    def fail_json(self, msg: str, **result: t.Any) -> t.NoReturn:
        """End with an error."""
        result.update(failed=True, msg=explained(msg))
        if self._shows_tracebacks():
            result["exception"] = _traceback()
        self.exit_json(**result)

    def _shows_tracebacks(self) -> bool:
        wanted = self._internals.get("_ansible_tracebacks_for")
        if wanted is not None:
            return any("error" in str(event).lower() for event in wanted)
        is_asked = self._internals["_ansible_debug"] or self._internals["_ansible_verbosity"] >= 3
        return bool(is_asked and sys.exc_info()[0])


def _traceback() -> str:
    """Return the way to a failure, as AnsibleModule writes it: until 2.18 without the error at its end."""
    error = sys.exc_info()[1]
    if error is None:
        return "".join(traceback.format_stack())
    return "".join(traceback.format_tb(error.__traceback__)) if IS_BEFORE_TAGS else traceback.format_exc()


def _hidden(argument_spec: t.Mapping[str, t.Any], params: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    """Return the values of the options that are ``no_log``; an empty text is in every text and hides nothing."""
    for option, settings in argument_spec.items():
        if settings.get("no_log") and params.get(option):
            yield str(params[option])


class LocalFace(H444Module):
    """The face of a module in the controller's process."""

    def __init__(self, task: Task, argument_spec: dict[str, t.Any], *, signs_in: bool = False, **rules: t.Any) -> None:
        self._task = task
        super().__init__(argument_spec, signs_in=signs_in, **rules)
        if not signs_in:
            make = functools.partial(KeepingClient, worker=task.worker, may_recall=task.may_recall)
            self._open = functools.partial(self._open, make=make)

    def tell(self, text: str) -> None:
        """Tell the user how far the task is, unless nothing of it is to be seen."""
        if not self._task.is_silent:
            # Like a warning: what a callback writes to the standard output may be JSON.
            display.display(self._without_key(text), stderr=True)

    def _build(self, **given: t.Any) -> LocalModule:
        return LocalModule(self._task, **given)


def as_module_gets(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return options as they reach a module: as JSON says them, without ansible-core's own types.

    Raises: TypeError, ValueError for what has no JSON.
    """
    return json.loads(json.dumps(dict(options), cls=ENCODER))


@contextlib.contextmanager
def surroundings(environment: t.Mapping[str, str], folder: str) -> t.Iterator[None]:
    """Give this process the variables and the folder that a module's would have. Raises: OSError."""
    here = _current_folder()
    before = {name: os.environ.get(name) for name in environment}
    try:
        os.chdir(folder)
        os.environ.update(environment)
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        if here is not None:
            os.fchdir(here)
            os.close(here)


def _current_folder() -> int | None:
    """Open the folder to come back to; None if this user can't, as in another user's home before ``sudo -u``."""
    try:
        here = os.open(".", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        os.fchdir(here)
    except OSError:
        os.close(here)
        return None
    return here


def run_in_process(module: types.ModuleType, task: Task) -> dict[str, t.Any]:
    """Run a module's ``main`` with a task's options, and return the module's result."""
    try:
        with surroundings(task.environment, task.folder), warnings.catch_warnings():
            # Nobody reads what a module writes to its standard error; the core shows what this process writes there.
            warnings.simplefilter("ignore")
            module.main(functools.partial(LocalFace, task))
    except Ended as ended:
        result = json.loads(json.dumps(ended.result))
        return wrap_var(result) if IS_BEFORE_TAGS else result
    except BaseException:  # a timeout of the task, or the end of the worker, in the middle of whatever it was
        task.worker.close()
        raise
    raise AssertionError("%s ended without a result" % module.__name__)
