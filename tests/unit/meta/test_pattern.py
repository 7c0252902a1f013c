# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pattern for Ansible Automation Platform follows its specification and has the survey of its playbook."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
PATTERN = ROOT / "extensions" / "patterns" / "order_fleet"
TEXTS = {"name", "title", "description", "short_description", "schema_version"}
QUESTION = {"type", "question_name", "question_description", "variable", "required"}
TYPES = {"text", "textarea", "password", "integer", "float", "multiplechoice", "multiselect"}


def read_pattern() -> dict[str, t.Any]:
    """Read the definition."""
    return json.loads((PATTERN / "meta" / "pattern.json").read_text(encoding="utf-8"))


def read_survey() -> dict[str, t.Any]:
    """Read the survey of the playbook."""
    file = ROOT / "playbooks" / "files" / "surveys" / "provision.json"
    return json.loads(file.read_text(encoding="utf-8"))


def test_the_definition_follows_the_specification() -> None:
    """By the rules of its schema."""
    pattern = read_pattern()
    assert set(pattern) == {*TEXTS, "tags", "aap_resources"}
    assert all(isinstance(pattern[key], str) and pattern[key] for key in TEXTS)
    assert pattern["name"] == PATTERN.name and re.fullmatch("[a-z0-9_]{1,64}", pattern["name"])
    assert len(pattern["title"]) <= 64 and not pattern["short_description"].endswith(".")
    assert len(set(pattern["tags"])) == len(pattern["tags"])
    resources = pattern["aap_resources"]
    image, (template,) = resources["controller_execution_environment"], resources["controller_job_templates"]
    for one in (resources["controller_project"], image, template):
        assert 0 < len(one["name"]) <= 200 and one["description"]
    assert re.fullmatch("[a-z0-9_-]+/[a-z0-9_-]+", image["image_name"]) and image["pull"] == "missing"
    assert template["execution_environment"] == image["name"]
    assert template["labels"] and set(template["labels"]) <= set(resources["controller_labels"])


def test_the_job_template_asks_for_what_a_job_needs() -> None:
    """Without an inventory and a credential, no job starts; without the type, nobody could look first."""
    (template,) = read_pattern()["aap_resources"]["controller_job_templates"]
    for asked in ("ask_credential_on_launch", "ask_inventory_on_launch", "ask_job_type_on_launch", "survey_enabled"):
        assert template[asked] is True
    assert template["primary"] is True
    assert "ask_variables_on_launch" not in template


def test_the_survey_is_that_of_the_playbook() -> None:
    """The specification has no reference to a file. It takes a list of choices only, where AWX writes an empty text."""
    (template,) = read_pattern()["aap_resources"]["controller_job_templates"]
    wanted = read_survey()
    for question in wanted["spec"]:
        if question["choices"] == "":
            del question["choices"]
    assert template["survey"] == wanted
    for question in template["survey"]["spec"]:
        assert set(question) >= QUESTION and question["type"] in TYPES
        assert isinstance(question["default"], str) and isinstance(question.get("choices", []), list)
        assert re.fullmatch("[a-z0-9_]{1,64}", question["variable"])


def test_the_pattern_has_its_files() -> None:
    """Its only play is the playbook of the collection, by a path that exists in the archive."""
    (template,) = read_pattern()["aap_resources"]["controller_job_templates"]
    assert (PATTERN / "README.md").is_file()
    folder = PATTERN / "playbooks"
    assert {file.name for file in folder.iterdir()} == {template["playbook"], "order_fleet.meta.yml"}
    (play,) = yaml.safe_load((folder / template["playbook"]).read_text(encoding="utf-8"))
    imported = folder / play["ansible.builtin.import_playbook"]
    assert imported.resolve() == ROOT.resolve() / "playbooks" / "provision.yml" and imported.is_file()


def test_the_argument_spec_has_every_variable_of_the_playbook() -> None:
    """And what the survey asks for is in it."""
    content = yaml.safe_load((PATTERN / "playbooks" / "order_fleet.meta.yml").read_text(encoding="utf-8"))
    (spec,) = content["argument_specs"].values()
    text = (ROOT / "playbooks" / "provision.yml").read_text(encoding="utf-8")
    documented = set(re.findall(r"^#   (provision_[a-z_]+)(?:  | *$)", text, re.MULTILINE))
    assert set(spec["options"]) == documented > {one["variable"] for one in read_survey()["spec"]}
    assert set(yaml.safe_load(spec["examples"])) < documented
    assert [name for name, option in spec["options"].items() if option.get("required")] == [
        "provision_max_total_monthly_usd_cents"
    ]
