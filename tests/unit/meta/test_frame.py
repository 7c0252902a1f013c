# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The frame of the collection: what the metadata, the documentation and the code say of each other is true."""

from __future__ import annotations

import ast
import importlib
import re
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.basic import AnsibleModule

ROOT = Path(__file__).resolve().parents[3]
MODULES = sorted(file.stem for file in (ROOT / "plugins" / "modules").glob("h444_*.py"))
PACKAGE = "ansible_collections.h444.cloud.plugins"


def texts_of(file: Path) -> dict[str, t.Any]:
    """Read the documentation constants of a plugin without importing it."""
    found = {}
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Constant)
        ):
            found[node.targets[0].id] = node.value.value
    return found


def module_texts(name: str) -> dict[str, t.Any]:
    """Read DOCUMENTATION, EXAMPLES and RETURN of a module, parsed."""
    texts = texts_of(ROOT / "plugins" / "modules" / f"{name}.py")
    return {kind: yaml.safe_load(texts[kind]) for kind in ("DOCUMENTATION", "EXAMPLES", "RETURN")}


class Caught(Exception):
    """Carries what a module gave to AnsibleModule."""


def spec_of(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, t.Any]:
    """Get the argument spec that a module really uses."""

    def catch(_self: AnsibleModule, argument_spec: dict[str, t.Any], **rules: t.Any) -> None:
        raise Caught(argument_spec, rules)

    monkeypatch.setattr(AnsibleModule, "__init__", catch)
    module = importlib.import_module(f"{PACKAGE}.modules.{name}")
    with pytest.raises(Caught) as caught:
        module.main()
    spec, rules = caught.value.args
    assert rules["supports_check_mode"] is True
    return spec


def names_in(spec: dict[str, t.Any]) -> set[str]:
    """Name the options of a spec, with their aliases."""
    return set(spec) | {alias for option in spec.values() for alias in option.get("aliases", ())}


def test_action_group_holds_every_module() -> None:
    """``module_defaults`` reaches every module."""
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    assert sorted(runtime["action_groups"]["h444"]) == MODULES
    assert runtime["requires_ansible"] == ">=2.18.0"


def test_metadata_agrees() -> None:
    """The version is known to the client, and the requirement is the same wherever it stands."""
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    assert (galaxy["namespace"], galaxy["name"]) == ("h444", "cloud")
    needed = (ROOT / "requirements.txt").read_text(encoding="utf-8").strip()
    assert needed == "requests>=2.28"
    client = (ROOT / "plugins" / "module_utils" / "_client.py").read_text(encoding="utf-8")
    assert f'"{galaxy["version"]}"' in client


@pytest.mark.parametrize("name", MODULES)
def test_module_is_documented(name: str) -> None:
    """Check and diff mode, the action group, examples and results are documented."""
    texts = module_texts(name)
    documentation = texts["DOCUMENTATION"]
    fragments = documentation["extends_documentation_fragment"]
    assert documentation["module"] == name
    assert "h444.cloud._attributes.actiongroup_h444" in fragments
    assert {"h444.cloud._attributes", "h444.cloud._attributes.info_module"} & set(fragments)
    assert texts["EXAMPLES"]
    assert texts["RETURN"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", documentation["version_added"])


@pytest.mark.parametrize("name", MODULES)
def test_examples_use_options_that_exist(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every task of the examples uses options of the module's argument spec."""
    options = names_in(spec_of(name, monkeypatch))
    tasks = [task for task in module_texts(name)["EXAMPLES"] if f"h444.cloud.{name}" in task]
    assert tasks
    for task in tasks:
        assert set(task[f"h444.cloud.{name}"] or {}) <= options, task["name"]


def test_every_module_has_an_action_plugin() -> None:
    """Modules and action plugins are the same names: what has none would never run in the controller's process.

    awx_objects and fleet_login belong to roles: they always run on the controller, and their modules are documentation.
    """
    of_roles = ["awx_objects", "fleet_login"]
    assert sorted(file.stem for file in (ROOT / "plugins" / "action").glob("*.py")) == [*of_roles, *MODULES]


@pytest.mark.parametrize("name", MODULES)
def test_an_action_plugin_runs_its_own_module_and_hides_its_secrets(name: str) -> None:
    """A module that returns a one-time secret has an action plugin that keeps it out of every output."""
    plugin = importlib.import_module(f"{PACKAGE}.action.{name}").ActionModule
    secret_action = importlib.import_module(f"{PACKAGE}.plugin_utils._secret_action")
    returned = set(module_texts(name)["RETURN"])
    if name == "h444_api":  # its answer is raw, so any secret may be in it
        returned.add("secret")
    assert plugin.MODULE is importlib.import_module(f"{PACKAGE}.modules.{name}")
    assert issubclass(plugin, secret_action.SecretAction) == bool(returned & set(secret_action.SECRETS))


def payload_of(name: str) -> tuple[int, int]:
    """Count the own files that a module's payload carries, and their bytes."""
    start = f"{PACKAGE}.module_utils."
    todo, seen = [ROOT / "plugins" / "modules" / f"{name}.py"], set()
    while todo:
        file = todo.pop()
        if file in seen:
            continue
        seen.add(file)
        text = file.read_text(encoding="utf-8")
        names = set(re.findall(re.escape(start) + r"(_\w+)", text)) | set(re.findall(r"from \.(_\w+) import", text))
        for group in re.findall(r"from (?:\.|" + re.escape(start[:-1]) + r") import ([\w, ]+)", text):
            names |= {part.strip().split(" ")[0] for part in group.split(",")}
        todo += [
            ROOT / "plugins" / "module_utils" / f"{other}.py"
            for other in names
            if (ROOT / "plugins" / "module_utils" / f"{other}.py").exists()
        ]
    return len(seen), sum(file.stat().st_size for file in seen)


def test_payload_sizes(capsys: pytest.CaptureFixture[str]) -> None:
    """Show what each module ships; an info module carries less than the module that orders."""
    sizes = {name: payload_of(name) for name in MODULES}
    with capsys.disabled():
        for name, (files, size) in sizes.items():
            print(f"\n{name}: {files} files, {size / 1024:.0f} KiB", end="")
        print()
    assert sizes["h444_account_info"][1] < sizes["h444_vps"][1]


@pytest.mark.parametrize(
    "file", sorted((ROOT / "plugins").glob("*/*.py")), ids=lambda file: f"{file.parent.name}/{file.stem}"
)
def test_digits_are_ascii(file: Path) -> None:
    r"""To Python "٣" is a \d, and "²" a digit that int() refuses: foreign texts are read by [0-9] and is_digits()."""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        assert "\\d" not in line, f"line {number}: write [0-9]"
        assert not re.search(r"\.is(?:digit|numeric)\(", line) or file.stem == "_names", (
            f"line {number}: use is_digits()"
        )
