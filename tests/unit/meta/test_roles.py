# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What roles know by themselves is what the modules know."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.h444.cloud.plugins.action import awx_objects as awx_action
from ansible_collections.h444.cloud.plugins.action import fleet_login as login_action
from ansible_collections.h444.cloud.plugins.module_utils import _status
from ansible_collections.h444.cloud.plugins.modules import awx_objects, fleet_login, h444_vps_fleet

ROLES = Path(__file__).resolve().parents[3] / "roles"


def test_words_of_what_is_gone() -> None:
    """The role takes an account for gone by the same words as the modules."""
    words = yaml.safe_load((ROLES / "web_hosting" / "vars" / "main.yml").read_text(encoding="utf-8"))[
        "web_hosting_gone_words"
    ]
    assert set(words) == _status.GONE


def fleet_options() -> dict[str, t.Any]:
    """Read the variables of the role fleet."""
    specs = yaml.safe_load((ROLES / "fleet" / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    return specs["argument_specs"]["main"]["options"]


def kind_of(option: dict[str, t.Any]) -> tuple[t.Any, ...]:
    """Tell what values an option takes."""
    return option["type"], option.get("choices")


def with_aliases(options: dict[str, t.Any]) -> dict[str, t.Any]:
    """Give each alias as an option of its own: ansible-lint knows no aliases in the options of roles."""
    aliases = {alias: option for option in options.values() for alias in option.get("aliases", ())}
    return {**options, **aliases}


def test_the_fleet_takes_the_options_of_its_module() -> None:
    """A server of the role has every option of one of the module, but for the file, which is one for all."""
    module = with_aliases(h444_vps_fleet.SPEC["servers"]["options"])
    role = fleet_options()["fleet_servers"]["options"]
    assert set(role) - {"ptr", "groups"} == set(module) - {"credentials_file"}
    for name in set(role) & set(module):
        assert kind_of(role[name]) == kind_of(module[name]), name


def test_the_defaults_of_the_fleet_reach_its_module() -> None:
    """Every option of the module that can hold for all servers can be one of fleet_defaults, and is handed on."""
    of_one = {"servers", "concurrency", "credentials_file", "max_total_monthly_usd_cents", "idempotency_key"}
    common = {"api_key", "api_url", "api_timeout", "api_retries", "rate_limit", "validate_certs", "ca_path"}
    defaults = fleet_options()["fleet_defaults"]["options"]
    module = with_aliases(h444_vps_fleet.SPEC)
    assert set(defaults) - {"ptr", "groups"} == set(module) - of_one - common
    tasks = (ROLES / "fleet" / "tasks" / "main.yml").read_text(encoding="utf-8")
    for name in set(defaults) & set(module):
        assert kind_of(defaults[name]) == kind_of(module[name]), name
        assert re.search(rf"^    \w+: .*fleet_common\.{name} ", tasks, re.MULTILINE), name


@pytest.mark.parametrize(("module", "action"), [(awx_objects, awx_action), (fleet_login, login_action)])
def test_what_belongs_to_a_role_is_documented_as_it_is_checked(module: t.Any, action: t.Any) -> None:
    """Such a module is documentation only: its options are those of the action plugin."""
    options = yaml.safe_load(module.DOCUMENTATION)["options"]
    assert set(options) == set(action.SPEC)
    for name, option in options.items():
        for field in ("type", "elements", "default", "required", "choices"):
            assert option.get(field) == action.SPEC[name].get(field), name


def test_the_variables_of_awx_reach_its_module() -> None:
    """Every variable is an option of the module, with the same type and default, and hides the same."""
    specs = yaml.safe_load((ROLES / "awx" / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    variables = specs["argument_specs"]["main"]["options"]
    defaults = yaml.safe_load((ROLES / "awx" / "defaults" / "main.yml").read_text(encoding="utf-8"))
    tasks = (ROLES / "awx" / "tasks" / "main.yml").read_text(encoding="utf-8")
    assert {name.removeprefix("awx_") for name in variables} == set(awx_action.SPEC)
    for name, option in awx_action.SPEC.items():
        variable = variables[f"awx_{name}"]
        for field in ("type", "elements", "default", "required", "choices", "no_log"):
            assert variable.get(field) == option.get(field), name
        assert re.search(rf"^    {name}: .*\bawx_{name}\b", tasks, re.MULTILINE), name
        assert defaults.get(f"awx_{name}") == variable.get("default"), name
