# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide of MCP lists each tool with its endpoint and its module, and its playbooks call tools that there are."""

from __future__ import annotations

import json
import re
import textwrap
import typing as t
from pathlib import Path

import jsonschema_rs
import yaml

from ansible_collections.h444.cloud.tests.ci import endpoints
from ansible_collections.h444.cloud.tests.simulator.assumed import PRESETS, preset
from ansible_collections.h444.cloud.tests.simulator.mcp_tools import tools

ROOT = Path(__file__).resolve().parents[3]
GUIDE = (ROOT / "docs" / "docsite" / "rst" / "guide_mcp.rst").read_text(encoding="utf-8")
ROW = re.compile(r"^   \* - ``(\w+)``\n     - ``(\w+) (\S+)``\n     - ((?:.+\n)(?:       .+\n)*)", re.MULTILINE)
TOOLS = {tool.name(preset("plain")["mcp_tool_names"]): tool for tool in tools()}
COVERAGE = endpoints.read()


def blocks(language: str) -> list[str]:
    """Give the code blocks of the guide in a language."""
    found = re.findall(rf"^\.\. code-block:: {language}\n\n((?:   .*\n|\n)+)", GUIDE, re.MULTILINE)
    return [textwrap.dedent(text) for text in found]


def users(method: str, path: str) -> set[str]:
    """Give the modules and plugins that use an endpoint of the contract; the power actions are one there."""
    wanted = re.sub(r"\{\w+\}", "{}", path)
    return {
        surface
        for surface, used in COVERAGE.surfaces.items()
        for one in used
        if one.method == method
        and wanted
        in (re.sub(r"\{\w+\}", "{}", one.path), re.sub(r"\{\w+\}", "{}", one.path.rpartition("/")[0] + "/{}"))
    }


def test_each_tool_is_listed_with_its_endpoint() -> None:
    listed = [(name, method, path) for name, method, path, _modules in ROW.findall(GUIDE)]
    assert listed == [(name, tool.method, tool.path) for name, tool in TOOLS.items()]


def test_each_tool_has_a_module_that_uses_its_endpoint() -> None:
    for name, method, path, cell in ROW.findall(GUIDE):
        modules = set(re.findall(r":ansplugin:`h444\.cloud\.(\w+)#module`", cell))
        inventory = {endpoints.INVENTORY} if "`h444.cloud.h444#inventory`" in cell else set()
        assert modules, name
        assert modules | inventory <= users(method, path), name


def test_options_in_the_table_are_those_of_the_module() -> None:
    for name, _method, _path, cell in ROW.findall(GUIDE):
        (module, *_others) = re.findall(r"h444_\w+(?=#module)", cell)
        source = (ROOT / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8")
        for option, value in re.findall(r"``(\w+)(?:=(\w+))?``", cell):
            assert re.search(rf"\b{value or option}\b", source), (name, option)


def tasks() -> t.Iterator[dict[str, t.Any]]:
    """Give the calls of tools in the playbooks of the guide."""
    for text in blocks("yaml"):
        for play in yaml.safe_load(text):
            if isinstance(play, dict):
                yield from (task["ansible.mcp.run_tool"] for task in play["tasks"] if "ansible.mcp.run_tool" in task)


def test_the_playbooks_call_tools_with_their_arguments() -> None:
    calls = list(tasks())
    assert [call["name"] for call in calls] == ["list_vps", "list_wallet_transactions"]
    for call in calls:
        schema = TOOLS[call["name"]].schema(takes_key=False)
        assert jsonschema_rs.Draft202012Validator(schema).is_valid(call.get("args", {}))


def test_the_inventory_names_the_server_of_the_file() -> None:
    (servers,) = map(json.loads, blocks("json"))
    inventory = yaml.safe_load(blocks("yaml")[0])
    for name, variables in inventory["mcp"]["hosts"].items():
        assert variables["ansible_mcp_server_name"] == name
        assert servers[name] == {"type": "http", "url": "https://api.444host.com/mcp"}


def test_every_assumption_on_mcp_is_tried_in_a_preset_or_named() -> None:
    readme = (ROOT / "tests" / "simulator" / "README.md").read_text(encoding="utf-8")
    switches = {name for name in preset("plain") if name.startswith("mcp_")}
    in_presets = {name for chosen in PRESETS.values() for name in chosen}
    assert switches - in_presets == {"mcp_confirmation_seconds"}
    assert all(re.search(rf"\b{name}\b", readme) for name in switches), switches
