# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action plugin of the modules that manage many resources: it displays their plan where the core does not."""

from __future__ import annotations

import typing as t

from ansible.utils.display import Display

from ansible_collections.h444.cloud.plugins.plugin_utils._secret_action import SecretAction

display = Display()


class BulkAction(SecretAction):
    """Runs the module of the same name, and displays its plan in check mode and in diff mode."""

    ENTRIES = ""
    """the option that lists the resources"""

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> dict[str, t.Any]:
        """Run the module."""
        is_silent = bool(self._task.no_log)  # the mark for a secret sets the same keyword
        result = super().run(tmp, task_vars)
        if not is_silent:
            self._display_plan(result)
        return result

    def _may_bring_secret(self) -> bool:
        """Return whether one of the resources can return a secret."""
        return any(state not in self.HARMLESS_STATES for state in self._values("state"))

    def _keeps_a_file(self) -> bool:
        """Return whether the secrets of all resources are written to a file."""
        return all(str(path or "").strip() for path in self._values("credentials_file"))

    def _values(self, option: str) -> list[t.Any]:
        """Return the value of an option for each resource; None is one that is not known."""
        entries = self._task.args.get(self.ENTRIES)
        if not isinstance(entries, list):
            return [None]
        default = self._task.args.get(option)
        own = [entry.get(option) if isinstance(entry, dict) else None for entry in entries]
        return [default if value is None else value for value in own]

    def _display_plan(self, result: t.Mapping[str, t.Any]) -> None:
        """Display the plan once: the core displays the diff of a result that it may show, if diffs are on."""
        plan = (result.get("diff") or {}).get("prepared")
        is_hidden = bool(result.get("_ansible_no_log")) or bool(result.get("failed"))
        has_core_shown_it = self._task.diff and not is_hidden
        if plan and not has_core_shown_it and (self._task.check_mode or self._task.diff):
            # Like a warning: what a callback writes to the standard output may be JSON.
            display.display(plan.rstrip("\n"), stderr=True)
