# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The surveys ask for what the playbooks document, in the form that AWX accepts."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import pytest

PLAYBOOKS = Path(__file__).resolve().parents[3] / "playbooks"
SURVEYS = sorted(file.stem for file in (PLAYBOOKS / "files" / "surveys").glob("*.json"))
# These playbooks document all of their variables in one list. A survey asks for none of these: nobody who starts a job
# may choose where a password is written, or go without an approval.
NOT_ASKED = {"apply": {"apply_credentials_file", "apply_plan_file", "apply_plan_in_workflow"}, "drift": set()}
# What AWX takes as a default, and as an answer, of each type.
TYPES = {
    "text": str, "textarea": str, "password": str, "multiplechoice": str, "multiselect": str, "integer": int,
}  # fmt: skip
KEYS = {
    "question_name", "question_description", "required", "type", "variable", "min", "max", "default", "choices",
}  # fmt: skip
# Variables that AWX sets.
OF_AWX = {"awx_job_id", "tower_job_id"}


def survey(name: str) -> dict[str, t.Any]:
    """Read a survey."""
    return json.loads((PLAYBOOKS / "files" / "surveys" / f"{name}.json").read_text(encoding="utf-8"))


def asked(name: str) -> list[str]:
    """Name the variables of a survey."""
    return [question["variable"] for question in survey(name)["spec"]]


def documented(name: str) -> tuple[list[str], list[str]]:
    """Name the variables in the comment of a playbook: those of the survey, and the further ones."""
    comment = "\n".join(re.findall(r"^#.*", (PLAYBOOKS / f"{name}.yml").read_text(encoding="utf-8"), re.MULTILINE))
    first, _heading, further = comment.partition("# Further variables")
    variable = re.compile(rf"^#   ({name}_[a-z_]+)(?:  | *$)", re.MULTILINE)
    return variable.findall(first), variable.findall(further)


def test_there_is_a_survey_for_each_job_template() -> None:
    assert SURVEYS == ["apply", "drift", "power", "provision", "reverse_dns"]


@pytest.mark.parametrize("name", SURVEYS)
def test_a_survey_asks_for_what_its_playbook_documents(name: str) -> None:
    """In the same order where the playbook says which variables the survey asks for."""
    wanted, further = documented(name)
    assert wanted
    if name in NOT_ASKED:
        assert set(asked(name)) == set(wanted) - NOT_ASKED[name] and not further
    else:
        assert sorted(asked(name)) == sorted(wanted) and not set(asked(name)) & set(further)


@pytest.mark.parametrize("name", sorted(set(SURVEYS) - set(NOT_ASKED)))
def test_a_playbook_documents_every_variable_that_it_takes(name: str) -> None:
    """What has a default on the spot, or is looked at whether it is defined, comes from outside."""
    text = (PLAYBOOKS / f"{name}.yml").read_text(encoding="utf-8")
    found = set(re.findall(rf"\b({name}_[a-z_]+|(?:awx|tower)_[a-z_]+) (?:\| default\(|is (?:not )?defined)", text))
    own = set(re.findall(r"^(?: {4}| {8}| {12}|.* register: | +register: )([a-z_]+)(?::|$)", text, re.MULTILINE))
    assert found - own - OF_AWX == {variable for part in documented(name) for variable in part}


@pytest.mark.parametrize("name", SURVEYS)
def test_awx_accepts_the_survey(name: str) -> None:
    """By the rules of its endpoint survey_spec, and with all keys that its user interface shows."""
    content = survey(name)
    assert set(content) == {"name", "description", "spec"} and content["name"] and content["description"]
    assert len(set(asked(name))) == len(content["spec"]) > 0
    for question in content["spec"]:
        assert set(question) == KEYS
        assert question["question_name"] and question["question_description"].endswith(".")
        assert question["variable"].startswith(f"{name}_") and isinstance(question["required"], bool)
        default, kind = question["default"], question["type"]
        assert default == "" or isinstance(default, TYPES[kind]), question
        for limit in (question["min"], question["max"]):
            assert limit is None or isinstance(limit, int)
        if kind.startswith("multi"):
            assert isinstance(question["choices"], list) and all(isinstance(one, str) for one in question["choices"])
            assert default == "" or set(default.splitlines()) <= set(question["choices"])
            assert question["required"] or default or kind == "multiselect"
        else:
            assert question["choices"] == ""


def test_a_price_limit_has_to_be_answered() -> None:
    """Whatever can order asks for it."""
    for name in ("apply", "provision"):
        (limit,) = [one for one in survey(name)["spec"] if one["variable"].endswith("max_total_monthly_usd_cents")]
        assert limit["required"] and limit["type"] == "integer" and limit["default"] == ""


@pytest.mark.parametrize("name", sorted(set(SURVEYS) - set(NOT_ASKED)))
def test_the_guide_has_every_variable(name: str) -> None:
    """And none that the playbook does not have."""
    guide = PLAYBOOKS.parent / "docs" / "docsite" / "rst" / "guide_playbooks.rst"
    section = re.split(r"^([a-z_]+)\n-+$", guide.read_text(encoding="utf-8"), flags=re.MULTILINE)
    text = section[section.index(name) + 1]
    assert set(re.findall(rf"\b{name}_[a-z_]+", text)) == {one for part in documented(name) for one in part}
