# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the files in extensions/awx/ that are pasted into AWX, from what the role awx makes.

It needs PyYAML: "make setup" makes an environment that has it, and `make docs` uses that one.
"""

from __future__ import annotations

import json
import os
import sys
import typing as t
from pathlib import Path

try:
    import yaml
except ImportError:
    LINT = Path(__file__).resolve().parents[2] / ".cache" / "venv" / "lint" / "bin" / "python"
    if not LINT.exists():
        sys.exit("tests/ci/awx_files.py needs PyYAML. Run make setup first.")
    os.execv(LINT, [str(LINT), *sys.argv])

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "extensions" / "awx"
HEADER = """\
# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
---
"""
INTRODUCTION = """\
# Everything that the role h444.cloud.awx makes, in the form of the collection infra.aap_configuration. Replace the
# address of the project and the directory, and set h444_api_key, for example from a file that is encrypted with vault.
"""
PROJECT = "https://git.example.com/shop/infrastructure.git"
NAMES = {
    "credential_types": "controller_credential_types",
    "credentials": "controller_credentials",
    "projects": "controller_projects",
    "inventories": "controller_inventories",
    "inventory_sources": "controller_inventory_sources",
    "job_templates": "controller_templates",
    "workflow_job_templates": "controller_workflows",
}


class Dumper(yaml.SafeDumper):
    """Writes lists as yamllint wants them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent the items of a list."""
        return super().increase_indent(flow, False)


def as_yaml(value: t.Any) -> str:
    """Give a value as YAML."""
    return yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=118)


def files() -> dict[Path, str]:
    """Give the files, each with its content."""
    from ansible_collections.h444.cloud.plugins.plugin_utils import _awx_objects as objects

    settings = objects.Settings("444Host", objects.Known(0, "Default"), PROJECT, directory="/shared")
    surveys = {
        file.stem: json.loads(file.read_text(encoding="utf-8"))
        for file in (ROOT / "playbooks" / "files" / "surveys").glob("*.json")
    }
    wanted = objects.wanted(settings, surveys)
    names = {one.key: one.name for one in wanted}
    found: dict[str, list[t.Any]] = {name: [] for name in NAMES.values()}
    for one in wanted:
        found[NAMES[one.kind]].append(entry(one, names, objects))
    return {
        FOLDER / "credential_type_inputs.yml": HEADER + as_yaml(objects.INPUTS),
        FOLDER / "credential_type_injectors.yml": HEADER + as_yaml(objects.INJECTORS),
        FOLDER / "controller_objects.yml": HEADER + INTRODUCTION + as_yaml(found),
    }


def entry(wanted: t.Any, names: t.Mapping[str, str], objects: t.Any) -> dict[str, t.Any]:
    """Give an object with the names of others in the place of their IDs."""
    found: dict[str, t.Any] = {}
    for name, value in wanted.fields.items():
        if isinstance(value, objects.Ref):
            value = names[value.key]
        elif isinstance(value, objects.Known):
            value = value.name
        elif name == "extra_vars":
            value = json.loads(value or "{}")
        elif name == "injectors":
            # That collection reads "{  {" as braces that Ansible doesn't evaluate.
            value = {
                kind: {key: text.replace("{{", "{  {") for key, text in one.items()} for kind, one in value.items()
            }
        if value not in ("", None, {}):
            found[name] = value
    if wanted.kind == objects.CREDENTIALS:
        found["inputs"] = {objects.API_KEY: "{{ h444_api_key }}"}
    if wanted.kind == objects.PROJECTS:
        found["wait"] = True
    if wanted.credential:
        name = names[wanted.credential.key]
        found.update({"credential": name} if wanted.kind == objects.SOURCES else {"credentials": [name]})
    if wanted.survey:
        found["survey_spec"] = dict(wanted.survey)
    if wanted.nodes:
        found["workflow_nodes"] = [node(one, names) for one in wanted.nodes]
    return found


def node(wanted: t.Any, names: t.Mapping[str, str]) -> dict[str, t.Any]:
    """Give a node of the workflow."""
    if wanted.template:
        template: dict[str, t.Any] = {
            "name": names[wanted.template.key],
            "type": "job_template",
            "organization": {"name": "Default"},
        }
    else:
        template = {**wanted.approval, "type": "workflow_approval"}
    found: dict[str, t.Any] = {"identifier": wanted.identifier, "unified_job_template": template}
    if wanted.then:
        found["related"] = {"success_nodes": [{"identifier": name} for name in wanted.then]}
    return found


def main() -> int:
    """Write the files."""
    link = ROOT / ".cache" / "link" / "ansible_collections" / "h444" / "cloud"
    if not link.exists():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(ROOT)
    sys.path.insert(0, str(link.parents[2]))
    for file, text in files().items():
        file.write_text(text, encoding="utf-8")
        print(f"wrote {file.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
