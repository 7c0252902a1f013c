# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role awx wants, and that AWX's own rules accept it."""

from __future__ import annotations

import pytest

from ansible_collections.h444.cloud.plugins.action import awx_objects as action
from ansible_collections.h444.cloud.plugins.plugin_utils import _awx_objects as objects
from ansible_collections.h444.cloud.tests.awx import rules

SETTINGS = objects.Settings("444Host", objects.Known(1, "Default"), "https://git.example.com/shop.git")
SURVEYS = action.read_surveys()


def named(settings: objects.Settings = SETTINGS) -> dict[str, objects.Wanted]:
    return {one.key: one for one in objects.wanted(settings, SURVEYS)}


def test_everything_has_the_prefix_the_mark_and_a_key_of_its_own() -> None:
    found = objects.wanted(SETTINGS, SURVEYS)
    assert len({one.key for one in found}) == len(found) == 14
    assert [objects.KINDS.index(one.kind) for one in found] == sorted(objects.KINDS.index(one.kind) for one in found)
    assert all(objects.is_ours(one.fields, "444Host") for one in found)


def test_what_another_prefix_or_somebody_else_made_is_not_ours() -> None:
    mark = objects.mark_of("444Host")
    assert objects.is_ours({"name": "444Host project", "description": f"Old text. {mark}\n"}, "444Host")
    assert not objects.is_ours({"name": "444Host project", "description": ""}, "444Host")
    assert not objects.is_ours({"name": "444Host project", "description": None}, "444Host")
    assert not objects.is_ours({"name": "Our project", "description": mark}, "444Host")
    assert not objects.is_ours({"name": "444Host 2 project", "description": objects.mark_of("444Host 2")}, "444Host")


def test_awx_accepts_the_credential_type() -> None:
    assert rules.inputs_problem(objects.INPUTS) == ""
    assert rules.injectors_problem(objects.INJECTORS, objects.INPUTS) == ""
    assert rules.environment(objects.INJECTORS, objects.INPUTS, {"api_key": "h444_x"}) == {
        "H444_API_KEY": "h444_x",
        "H444_API_URL": "",
    }


def test_every_playbook_but_those_that_write_files_has_a_survey_that_awx_accepts() -> None:
    assert set(SURVEYS) == set(objects.PLAYBOOKS) - set(objects.WRITERS)
    for name, survey in SURVEYS.items():
        assert rules.survey_problem(survey) == "", name


def test_the_limits_are_asked_for_by_the_workflow_alone() -> None:
    found = named()
    assert found["workflow"].survey == SURVEYS["apply"]
    for title in ("plan", "apply"):
        assert found[f"template {title}"].survey is None
        assert found[f"template {title}"].fields["survey_enabled"] is False
        assert found[f"template {title}"].fields["playbook"] == "apply.yml"
    assert found["template plan"].fields["job_type"] == "check"
    assert found["template apply"].fields["job_type"] == "run"


def test_no_variable_can_switch_the_approval_off() -> None:
    given = {"apply": {"apply_plan_in_workflow": False, "apply_max_removed": 2}}
    found = named(SETTINGS._replace(extra_vars=given, directory="/shared/"))
    for title in ("plan", "apply"):
        template = found[f"template {title}"].fields
        assert template["ask_variables_on_launch"] is False
        assert template["extra_vars"] == (
            '{"apply_credentials_file": "/shared/credentials.json", "apply_manifest": "account.yml", '
            '"apply_max_removed": 2, "apply_plan_in_workflow": true}'
        )
    asked = {question["variable"] for question in SURVEYS["apply"]["spec"]}
    assert not asked & {"apply_plan_in_workflow", "apply_workflow_plan", "apply_plan_file"}


def test_a_choice_of_playbooks() -> None:
    found = named(SETTINGS._replace(playbooks=("power",), playbook_directory="/h444/"))
    assert [key for key in found if key.startswith("template")] == ["template power"]
    assert found["template power"].fields["playbook"] == "h444/power.yml"
    assert "workflow" not in found


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (SETTINGS, "no"),
        (SETTINGS._replace(environment=objects.Known(5, "EE")), objects.Known(5, "EE")),
        (SETTINGS._replace(environment_image="quay.io/x/y:1"), objects.Ref("environment")),
    ],
)
def test_the_execution_environment(settings: objects.Settings, expected: object) -> None:
    found = named(settings)
    for key in ("source", "template power"):
        assert found[key].fields.get("execution_environment", "no") == expected
    assert ("environment" in found) == (settings.environment_image != "")


def test_the_defaults_of_a_survey_are_the_variables_because_awx_prefers_them() -> None:
    extra_vars = {
        "apply": {"apply_max_removed": 2, "apply_purge": ["servers", "webhooks"]},
        "drift": {"drift_purge": "servers, hosting"},
        "reverse_dns": {"reverse_dns_require_forward": True},
        "provision": {"provision_count": "3", "provision_labels": ["a", "b"], "provision_ptr": "{label}.example.com"},
    }
    found = named(SETTINGS._replace(manifest="customers/b.yml", extra_vars=extra_vars))

    def defaults(key: str) -> dict[str, object]:
        survey = found[key].survey
        assert survey is not None
        assert rules.survey_problem(survey) == ""
        return {question["variable"]: question["default"] for question in survey["spec"]}

    asked = defaults("workflow")
    assert (asked["apply_manifest"], asked["apply_max_removed"]) == ("customers/b.yml", 2)
    assert asked["apply_purge"] == "servers\nwebhooks"
    assert defaults("template drift") == {"drift_manifest": "customers/b.yml", "drift_purge": "servers\nhosting"}
    assert defaults("template reverse DNS")["reverse_dns_require_forward"] == "true"
    asked = defaults("template provision")
    assert (asked["provision_count"], asked["provision_labels"]) == (3, "a\nb")
    assert (asked["provision_ptr"], asked["provision_plan_slug"]) == ("{label}.example.com", "")
