# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs whole modules, from main() on, in this process against a simulator without sockets.

Only AnsibleModule is a double.
"""

from __future__ import annotations

import contextlib
import importlib
import typing as t
from pathlib import Path
from unittest import mock

from ansible_collections.h444.cloud.plugins.module_utils import _client, _module
from ansible_collections.h444.cloud.tests.unit.properties.support import Ended, World

PACKAGE = "ansible_collections.h444.cloud.plugins.modules"
MODULES = sorted(file.stem for file in (Path(__file__).resolve().parents[3] / "plugins" / "modules").glob("h444_*.py"))
INFO = [name for name in MODULES if name.endswith("_info")]
# What differs from run to run by its nature, and what needs no account.
STATE = [
    name for name in MODULES if name not in INFO and name not in ("h444_api", "h444_oauth_device", "h444_oauth_token")
]


class Double:
    """What a module sees of AnsibleModule. Options are taken as they are given: types are AnsibleModule's business."""

    given: t.ClassVar[dict[str, t.Any]] = {}
    checks: t.ClassVar[bool] = False
    warnings: t.ClassVar[list[str]] = []
    ansible_version = "2.21.0"
    _name = "h444_test"

    def __init__(self, argument_spec: dict[str, t.Any], supports_check_mode: bool, **_rules: t.Any) -> None:
        self.params = filled(argument_spec, self.given)
        self.check_mode = self.checks

    def warn(self, text: str) -> None:
        """Keep a warning."""
        self.warnings.append(text)

    def exit_json(self, **result: t.Any) -> None:
        """End well."""
        raise Ended(result)

    def fail_json(self, **result: t.Any) -> None:
        """End with an error."""
        raise Ended({"failed": True, **result})


def filled(spec: t.Mapping[str, t.Any], given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Give every option its default, also those of the entries of a list."""
    unknown = set(given) - set(spec)
    assert not unknown, unknown
    params = {name: given.get(name, option.get("default")) for name, option in spec.items()}
    for name, option in spec.items():
        if "options" in option and params[name] is not None:
            params[name] = [filled(option["options"], entry) for entry in params[name]]
    return params


def play(world: World, name: str, options: dict[str, t.Any], check_mode: bool = False) -> dict[str, t.Any]:
    """Run a module with these options; gives its result, and its warnings under "warnings"."""
    world.core.offset += 1.5
    Double.given, Double.checks, Double.warnings = options, check_mode, []
    module = importlib.import_module(f"{PACKAGE}.{name}")
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(_module, "_Core", Double))
        for opener in ("open_client", "open_sign_in"):
            stack.enter_context(mock.patch.object(_client, opener, lambda *_given: world.client))
        try:
            module.main()
        except Ended as ended:
            return {**ended.result, "warnings": Double.warnings}
    raise AssertionError("the module ended without a result")
