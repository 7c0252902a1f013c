# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that are pasted into AWX are what the role makes, and AWX accepts them."""

from __future__ import annotations

import importlib.util
import json
import re
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.h444.cloud.plugins.plugin_utils import _awx_objects as objects
from ansible_collections.h444.cloud.plugins.plugin_utils import _awx_plan as planning
from ansible_collections.h444.cloud.plugins.plugin_utils import _awx_run as running
from ansible_collections.h444.cloud.plugins.plugin_utils._awx_api import Access, Awx
from ansible_collections.h444.cloud.tests.awx import rules
from ansible_collections.h444.cloud.tests.awx.testing import TOKEN, StandIn

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "extensions" / "awx"
PROJECT = FOLDER / "templates" / "project"
SPEC = importlib.util.spec_from_file_location("awx_files", ROOT / "tests" / "ci" / "awx_files.py")
assert SPEC and SPEC.loader
awx_files = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(awx_files)
FILES = awx_files.files()
# How AWX finds the playbooks of a project.
COULD_BE_PLAYBOOK = re.compile(
    r"^\s*?-?\s*?(?:hosts|(ansible\.builtin\.)?include|(ansible\.builtin\.)?import_playbook):"
)


def content(name: str) -> t.Any:
    """Read a file."""
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_files_are_up_to_date(file: Path) -> None:
    """`make docs` writes them."""
    assert file.read_text(encoding="utf-8") == FILES[file], "run: make docs"


def test_awx_accepts_what_is_pasted() -> None:
    inputs, injectors = content("credential_type_inputs.yml"), content("credential_type_injectors.yml")
    assert rules.inputs_problem(inputs) == ""
    assert rules.injectors_problem(injectors, inputs) == ""
    assert rules.environment(injectors, inputs, {"api_key": "h444_x"}) == {"H444_API_KEY": "h444_x", "H444_API_URL": ""}


@pytest.mark.parametrize("name", objects.PLAYBOOKS)
def test_the_project_has_a_file_for_each_playbook(name: str) -> None:
    """AWX finds it, and it imports the playbook of its name."""
    text = (PROJECT / f"{name}.yml").read_text(encoding="utf-8")
    (play,) = yaml.safe_load(text)
    assert play["ansible.builtin.import_playbook"] == f"h444.cloud.{name}"
    assert (ROOT / "playbooks" / f"{name}.yml").exists()
    assert any(COULD_BE_PLAYBOOK.match(line) for line in text.splitlines())


def test_the_project_has_nothing_else() -> None:
    found = {str(file.relative_to(PROJECT)) for file in PROJECT.rglob("*") if file.is_file()}
    others = {"inventory.h444.yml", "account.yml", "collections/requirements.yml"}
    assert found == {f"{name}.yml" for name in objects.PLAYBOOKS} | others
    for name in ("inventory.h444.yml", "account.yml"):
        lines = (PROJECT / name).read_text(encoding="utf-8").splitlines()
        assert not any(COULD_BE_PLAYBOOK.match(line) for line in lines), name
    assert content("templates/project/inventory.h444.yml")["plugin"] == "h444.cloud.h444"
    assert content("templates/project/collections/requirements.yml") == {"collections": [{"name": "h444.cloud"}]}


class Importer:
    """Makes the objects of controller_objects.yml, as the collection that reads them does."""

    REFERENCES = (
        "organization",
        "credential_type",
        "inventory",
        "project",
        "source_project",
    )

    def __init__(self, awx: StandIn) -> None:
        self.model = awx.model

    def run(self, content: dict[str, t.Any]) -> None:
        """Make them in their order."""
        for kind, variable in awx_files.NAMES.items():
            for entry in content.pop(variable):
                self.make(kind, entry)
        assert content == {}

    def make(self, kind: str, entry: dict[str, t.Any]) -> None:
        """Make one object, and what hangs on it."""
        survey, nodes = entry.pop("survey_spec", None), entry.pop("workflow_nodes", ())
        attached = [entry.pop("credential")] if "credential" in entry else entry.pop("credentials", [])
        is_waited_for = entry.pop("wait", False)
        for name in self.REFERENCES:
            if name in entry:
                entry[name] = self.number(name, entry[name])
        if "extra_vars" in entry:
            entry["extra_vars"] = json.dumps(entry["extra_vars"])
        if "injectors" in entry:
            entry["injectors"] = json.loads(re.sub(r"\{  \{", "{{", json.dumps(entry["injectors"])))
        row = self.model.create(kind, entry)
        while is_waited_for and self.model.look(row) != "successful":
            pass
        for name in attached:
            self.model.attach_credential(kind, row, {"id": self.number("credential", name)})
        if survey:
            self.model.set_survey(row, survey)
        made = {node["identifier"]: self.node(row, node) for node in nodes}
        for node in nodes:
            for other in node.get("related", {}).get("success_nodes", ()):
                self.model.link(made[node["identifier"]], "success_nodes", {"id": made[other["identifier"]]["id"]})

    def node(self, workflow: dict[str, t.Any], node: dict[str, t.Any]) -> dict[str, t.Any]:
        """Make a node of a workflow."""
        template = dict(node["unified_job_template"])
        body = {"workflow_job_template": workflow["id"], "identifier": node["identifier"]}
        if template.pop("type") == "job_template":
            found = self.model.find("job_templates", template["name"])
            return self.model.create("workflow_job_template_nodes", {**body, "unified_job_template": found["id"]})
        row = self.model.create("workflow_job_template_nodes", body)
        self.model.approve(row, template)
        return row

    def number(self, field: str, name: str) -> int:
        """Find the ID of what a field names."""
        kind = {"source_project": "projects", "inventory": "inventories"}.get(field, f"{field}s")
        return self.model.find(kind, name)["id"]


def test_the_role_changes_nothing_after_the_files() -> None:
    """They make what the role makes, field by field."""
    with StandIn() as awx:
        awx.serve_project(awx_files.PROJECT)
        Importer(awx).run(content("controller_objects.yml"))
        api = Awx(Access(awx.url, TOKEN))
        api.find_door()
        organization = running.find_one(api, "organizations", "organization", "Default", "awx_organization")
        settings = objects.Settings("444Host", organization, awx_files.PROJECT, directory="/shared")
        surveys = {name: json.loads((ROOT / f"playbooks/files/surveys/{name}.json").read_text()) for name in SURVEYS}
        wanted = objects.wanted(settings, surveys)
        snapshot = running.read(api, "444Host", wanted)
        plan = planning.plan(wanted, snapshot, "444Host", planning.Secret("", False))
        assert plan.problems == ()
        assert [step.summary() for step in plan.steps] == []


SURVEYS = [name for name in objects.PLAYBOOKS if name not in objects.WRITERS]
