# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to be done in AWX, from dictionaries alone."""

from __future__ import annotations

import typing as t

from ansible_collections.h444.cloud.plugins.plugin_utils import _awx_objects as objects
from ansible_collections.h444.cloud.plugins.plugin_utils import _awx_plan as planning

DEFAULT = objects.Known(1, "Default")
SETTINGS = objects.Settings("444Host", DEFAULT, "https://git.example.com/shop.git")
WANTED = objects.wanted(SETTINGS, {})
KEY = planning.Secret("h444_key", False)
NONE = planning.Snapshot({})


def plan(snapshot: planning.Snapshot, secret: planning.Secret = KEY) -> planning.Plan:
    return planning.plan(WANTED, snapshot, "444Host", secret)


def credential(**more: t.Any) -> planning.Snapshot:
    """Give an AWX with the credential type and the credential."""
    kind, one = (dict(item.fields) for item in WANTED[:2])
    kind.update(id=10)
    one.update(id=11, organization=1, credential_type=10, inputs={"api_key": planning.ENCRYPTED})
    one.update(more)
    return planning.Snapshot({objects.CREDENTIAL_TYPES: [kind], objects.CREDENTIALS: [one]})


def test_an_empty_awx_needs_everything() -> None:
    found = plan(NONE)
    assert [step.action for step in found.steps] == [planning.CREATE] * len(WANTED)
    assert [step.name for step in found.steps] == [one.name for one in WANTED]
    assert "h444_key" not in str([step.summary() for step in found.steps])


def test_the_key_is_written_once_or_when_it_is_asked_for() -> None:
    assert not [step for step in plan(credential()).steps if step.kind == objects.CREDENTIALS]
    (step,) = (one for one in plan(credential(), KEY._replace(is_updated=True)).steps if one.name.endswith("API key"))
    assert step.requests[0] == planning.Request("PATCH", ("credentials", 11), {"inputs": {"api_key": "h444_key"}})
    assert "h444_key" not in str(step.summary())


def test_another_url_keeps_the_key() -> None:
    snapshot = credential(inputs={"api_key": planning.ENCRYPTED, "api_url": "https://old.example.com/v1"})
    (step,) = (one for one in plan(snapshot).steps if one.kind == objects.CREDENTIALS)
    assert step.requests[0].body == {"inputs": {"api_key": planning.ENCRYPTED}}


def test_a_credential_without_a_key_gets_it() -> None:
    (step,) = (one for one in plan(credential(inputs={})).steps if one.kind == objects.CREDENTIALS)
    assert step.requests[0].body == {"inputs": {"api_key": "h444_key"}}


def test_without_a_key_there_is_no_credential() -> None:
    nothing = planning.Secret("", False)
    assert plan(NONE, nothing).problems == ("awx_api_key is required to make the credential '444Host API key'.",)
    assert plan(NONE, nothing).steps == ()
    assert plan(credential(), nothing).problems == ()
    assert plan(credential(), planning.Secret("", True)).problems == (
        "awx_api_key is required to update the credential '444Host API key'.",
    )


def test_what_somebody_else_made_is_not_touched() -> None:
    rows = {objects.PROJECTS: [{"id": 5, "name": "444Host project", "organization": 1, "description": "Ours."}]}
    found = plan(planning.Snapshot(rows))
    assert found.steps == ()
    assert found.problems == (
        "There is already a project '444Host project' that this role did not make. Rename it, or set another "
        "awx_prefix.",
    )
    rows[objects.PROJECTS][0]["organization"] = 2
    assert plan(planning.Snapshot(rows)).problems == ()


def test_variables_are_compared_by_what_they_mean() -> None:
    template = next(one for one in WANTED if one.key == "template drift")
    row = {**template.fields, "id": 7, "organization": 1, "extra_vars": "---\ndrift_manifest: account.yml\n"}
    (step,) = (one for one in plan(planning.Snapshot({template.kind: [row]})).steps if one.name == template.name)
    assert "extra_vars" not in step.changes


def test_a_removal_takes_only_what_is_ours_and_here() -> None:
    mark = objects.mark_of("444Host")
    rows = {
        objects.PROJECTS: [
            {"id": 1, "name": "444Host project", "description": mark, "organization": 1},
            {"id": 2, "name": "444Host project", "description": mark, "organization": 2},
            {"id": 3, "name": "444Host notes", "description": "", "organization": 1},
        ],
        objects.INVENTORIES: [
            {"id": 4, "name": "444Host servers", "description": mark, "organization": 1, "pending_deletion": True},
        ],
        objects.SOURCES: [{"id": 5, "name": "444Host servers", "description": mark, "inventory": 99}],
        objects.CREDENTIAL_TYPES: [{"id": 6, "name": "444Host API key", "description": mark}],
    }
    found = planning.plan_removal(planning.Snapshot(rows), "444Host", 1)
    assert [step.requests[0].path for step in found.steps] == [("projects", 1), ("credential_types", 6)]


def test_what_others_use_is_not_removed() -> None:
    mark = objects.mark_of("444Host")
    rows = {
        objects.PROJECTS: [{"id": 1, "name": "444Host project", "description": mark, "organization": 1}],
        objects.CREDENTIAL_TYPES: [{"id": 6, "name": "444Host API key", "description": mark}],
    }
    other = planning.User(objects.CREDENTIALS, 8, "credential 'Theirs'")
    users = {(objects.CREDENTIAL_TYPES, 6): [other]}
    found = planning.plan_removal(planning.Snapshot(rows, users=users), "444Host", 1)
    assert [step.kind for step in found.steps] == [objects.PROJECTS]
    users[objects.PROJECTS, 1] = [planning.User(objects.TEMPLATES, 9, "job template 'Theirs'")]
    found = planning.plan_removal(planning.Snapshot(rows, users=users), "444Host", 1)
    assert found.steps == ()
    assert found.problems == (
        "The project '444Host project' is used by what this role did not make: job template 'Theirs'. Change or remove "
        "that first.",
    )
