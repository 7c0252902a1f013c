# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action plugin of the modules that return secrets: it keeps them out of every output.

A result with a secret is marked, so that no callback, log or diff shows it, but ``register`` contains it. Up to
ansible-core 2.18, the mark also hides errors and warnings, so this plugin displays them.
"""

from __future__ import annotations

import typing as t

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible.release import __version__ as core_version
from ansible.utils.display import Display

from ansible_collections.h444.cloud.plugins.plugin_utils._masking import mask
from ansible_collections.h444.cloud.plugins.plugin_utils._task_action import TaskAction

SECRETS = (
    "root_password", "sftp_password", "db_password", "secret", "other_secrets", "access_token", "refresh_token",
    "device_code", "root_passwords", "sftp_passwords", "db_passwords", "webhook_secrets",
)  # fmt: skip
# The fields in which core stores the output of a module that is not a valid result.
RAW_OUTPUTS = ("module_stdout", "module_stderr", "exception")
HIDDEN = "********"
# Since 2.19 the core shows the error and the warnings of a marked result itself.
CORE_SHOWS_MESSAGES = tuple(int(part) for part in core_version.split(".")[:2]) >= (2, 19)

display = Display()


class SecretAction(TaskAction):
    """Runs the module of the same name. The modules differ only in these constants."""

    HARMLESS_STATES: t.Tuple[str, ...] = ()
    """states that never return a secret"""
    TIME_OPTION = "wait_timeout"
    """the option that limits the module's time, because the task's keyword must not"""
    ONE_TIME = True
    """whether a lost secret is lost permanently"""
    HAS_FILE = True
    """whether the module has the option credentials_file"""

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> dict[str, t.Any]:
        """Run the module and mark its result."""
        if self._may_bring_secret():
            self._refuse_what_loses_secrets()
        return self._marked(super().run(tmp, task_vars))

    def _may_bring_secret(self) -> bool:
        """Return whether this task can return a secret."""
        return self._task.args.get("state") not in self.HARMLESS_STATES

    def _secrets_of(self, result: t.Mapping[str, t.Any]) -> list[str]:
        """Return every secret in a result."""
        return list(_texts([result.get(name) for name in SECRETS]))

    def _is_unread(self, raw: str) -> bool:
        """Return whether the output of a module that is not a valid result may contain a secret."""
        return any('"%s"' % name in raw for name in SECRETS)

    def _refuse_what_loses_secrets(self) -> None:
        """Refuse the keywords that would expose or lose a secret."""
        if self._task.async_val:
            raise AnsibleActionFail(
                "async is refused here: this task can return a secret, and every user of the executing host can read "
                "the result of an asynchronous job. Use %s without async, and increase %s instead."
                % (self._module_name, self.TIME_OPTION)
            )
        if self._task.timeout and self.ONE_TIME:
            raise AnsibleActionFail(
                "The keyword timeout is refused here, and so is task_timeout in the configuration: it ends the task "
                "but not its request, whose one-time secret would be lost. Use the option %s instead."
                % self.TIME_OPTION
            )
        if self._is_repeated() and self.ONE_TIME and not self._keeps_a_file():
            raise AnsibleActionFail(
                "until and retries are refused here%s: Ansible keeps only the result of the last attempt, and an "
                "earlier attempt may have returned the one-time secret. The module itself repeats what is safe to "
                "repeat (api_retries), and %s limits its time."
                % (" without credentials_file" if self.HAS_FILE else "", self.TIME_OPTION)
            )

    def _keeps_a_file(self) -> bool:
        return self.HAS_FILE and bool(str(self._task.args.get("credentials_file") or "").strip())

    def _execute(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """Run the module, and keep its result out of the output of the connection."""
        # At -vvv, the ssh connection displays the output of a module, unless its play context forbids it.
        contexts = [self._play_context, getattr(self._connection, "_play_context", None)]
        before = [(context, context.no_log) for context in contexts if context is not None]
        # ANSIBLE_DEBUG displays the input and output of a module, on every connection.
        debug, C.DEFAULT_DEBUG = C.DEFAULT_DEBUG, False
        for context, _no_log in before:
            context.no_log = True
        try:
            return super()._execute(task_vars)
        finally:
            C.DEFAULT_DEBUG = debug
            for context, no_log in before:
                context.no_log = no_log

    def _marked(self, result: dict[str, t.Any]) -> dict[str, t.Any]:
        """Mark a result that contains a secret, and display what the mark would hide."""
        raw = "".join(str(result.get(name) or "") for name in RAW_OUTPUTS)
        secrets = self._secrets_of(result)
        if not secrets and not self._is_unread(raw):
            return result
        mask(secrets)
        result["_ansible_no_log"] = True
        if isinstance(result.get("waited_seconds"), (int, float)):
            display.v("%s: waited %.1f s for the rate limit." % (self._task.get_name(), result["waited_seconds"]))
        self._hide_in_message(secrets, result)
        if not CORE_SHOWS_MESSAGES:
            self._show_messages(result)
        return result

    @staticmethod
    def _hide_in_message(secrets: t.Iterable[str], result: dict[str, t.Any]) -> None:
        """Remove secrets from the message. The modules never put one there: this is a last safeguard."""
        message = str(result.get("msg") or "")
        for secret in secrets:
            if secret in message:
                message = result["msg"] = message.replace(secret, HIDDEN)
                result.pop("exception", None)

    def _show_messages(self, result: dict[str, t.Any]) -> None:
        """Display the warnings and the error that the mark hides."""
        # In a loop, the mark hides each item, and only the keyword of the task hides all of them together.
        self._task.no_log = True
        for warning in result.pop("warnings", None) or []:
            display.warning(warning)
        if result.get("failed"):
            display.error("%s: %s" % (self._task.get_name(), result.get("msg") or ""), wrap_text=False)


def _texts(value: t.Any) -> t.Iterator[str]:
    """Return every text inside a secret's value; a fleet's passwords are a dictionary."""
    if isinstance(value, str):
        if value:
            yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
