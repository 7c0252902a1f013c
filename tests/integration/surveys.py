# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hands the answers to a survey to a playbook as AWX does."""

from __future__ import annotations

import json
import typing as t

import yaml

from ansible_collections.h444.cloud.tests.integration.playing import ROOT

# What AWX adds to the answers.
OF_AWX = {"awx_job_id": 7, "tower_job_id": 7, "awx_user_name": "operator"}
TEXTS = ("text", "textarea", "password", "multiplechoice")


def answered(name: str, answers: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Give the extra variables of a job: what was answered, and for the rest the defaults that suit their type."""
    content = json.loads((ROOT / "playbooks" / "files" / "surveys" / f"{name}.json").read_text(encoding="utf-8"))
    left = dict(answers)
    found: dict[str, t.Any] = {}
    for question in content["spec"]:
        kind, variable = question["type"], question["variable"]
        value = left.pop(variable.removeprefix(name + "_"), question["default"])
        if value == "":
            assert not question["required"], f"AWX does not start a job without {variable}"
            found.update({variable: ""} if kind in TEXTS else {})
            continue
        wanted: type = int if kind == "integer" else list if kind == "multiselect" else str
        assert isinstance(value, wanted) and not isinstance(value, bool), f"AWX does not take {value!r} for {variable}"
        if kind in ("text", "textarea"):
            assert question["min"] <= len(value) <= question["max"], variable
        if kind == "integer":
            assert question["min"] <= value <= question["max"], variable
        if kind == "multiplechoice":
            assert value in question["choices"], variable
        found[variable] = value
    assert not left, f"the survey does not ask for {left}"
    return found


def written(variables: t.Mapping[str, t.Any]) -> str:
    """Give the file of extra variables, in which AWX tags each text that did not come from its administrators.

    ansible-core 2.19 and newer can't read the text * with this tag.
    """
    return yaml.dump(dict(variables), Dumper=Tagging)


class Tagging(yaml.SafeDumper):
    """Writes each text as untrusted."""

    def represent_data(self, data: t.Any) -> yaml.Node:
        """Write a value."""
        return self.represent_scalar("!unsafe", data) if isinstance(data, str) else super().represent_data(data)
