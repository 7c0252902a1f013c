# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading, carrying out and waiting, on the stand-in for AWX."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.action.awx_objects import read_surveys
from ansible_collections.h444.cloud.plugins.plugin_utils import _awx_objects as objects
from ansible_collections.h444.cloud.plugins.plugin_utils import _awx_plan as planning
from ansible_collections.h444.cloud.plugins.plugin_utils import _awx_run as running
from ansible_collections.h444.cloud.plugins.plugin_utils._awx_api import Access, Awx, AwxError
from ansible_collections.h444.cloud.tests.awx.testing import TOKEN, StandIn

URL = "https://git.example.com/shop.git"
PREFIX = "444Host"
FILES = ["%s.yml" % name for name in objects.PLAYBOOKS]


@pytest.fixture
def awx(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[StandIn]:
    monkeypatch.setattr(running, "FIRST_PAUSE", 0.001)
    with StandIn() as found:
        found.model.repositories[URL] = list(FILES)
        yield found


class World:
    """The role's steps without Ansible."""

    def __init__(self, awx: StandIn) -> None:
        self.api = Awx(Access(awx.url, TOKEN))
        self.api.find_door()
        self.organization = running.find_one(self.api, "organizations", "organization", "Default", "awx_organization")

    def plan(self, **more: t.Any) -> planning.Plan:
        settings = objects.Settings(PREFIX, self.organization, **{"project_url": URL, **more})
        wanted = objects.wanted(settings, read_surveys())
        snapshot = running.read(self.api, PREFIX, wanted)
        return planning.plan(wanted, snapshot, PREFIX, planning.Secret("h444_key", False))

    def run(self, plan: planning.Plan, timeout: float = 60) -> running.Runner:
        assert plan.problems == ()
        runner = running.Runner(self.api, plan.ids, FILES, timeout)
        runner.run(plan.steps)
        return runner

    def removal(self) -> planning.Plan:
        snapshot = running.read_for_removal(self.api, PREFIX, self.organization.id)
        return planning.plan_removal(snapshot, PREFIX, self.organization.id)


def graph(awx: StandIn) -> dict[str, list[str]]:
    """Give the workflow: each node's identifier, and those that follow."""
    nodes = awx.model.rows["workflow_job_template_nodes"]
    return {node["identifier"]: [nodes[one]["identifier"] for one in node["success_nodes"]] for node in nodes.values()}


def test_the_second_plan_is_empty(awx: StandIn) -> None:
    world = World(awx)
    world.run(world.plan())
    assert world.plan().steps == ()
    assert graph(awx) == {"plan": ["approval"], "approval": ["apply"], "apply": []}
    assert len(awx.names("job_templates")) == 8
    assert awx.model.find("credentials", "444Host API key")["inputs"] == {"api_key": "h444_key"}


def test_drift_is_repaired_object_by_object(awx: StandIn) -> None:
    world = World(awx)
    world.run(world.plan())
    model = awx.model
    model.find("projects", "444Host project")["scm_branch"] = "other"
    model.find("inventory_sources", "444Host servers")["overwrite"] = False
    model.find("inventory_sources", "444Host servers")["_credentials"] = []
    power = model.find("job_templates", "444Host power")
    power["_survey"] = {"name": "", "description": "", "spec": []}
    other = model.add(
        "credentials",
        name="Another key",
        organization=world.organization.id,
        credential_type=model.find("credential_types", "444Host API key")["id"],
    )
    power["_credentials"] = [other["id"]]
    machine = model.add("credential_types", name="Machine", kind="ssh")
    kept = model.add("credentials", name="Machine", organization=world.organization.id, credential_type=machine["id"])
    model.find("job_templates", "444Host report")["_credentials"].append(kept["id"])
    found = world.plan()
    assert [(step.action, step.kind, step.name, sorted(step.changes)) for step in found.steps] == [
        ("update", "projects", "444Host project", ["scm_branch"]),
        ("update", "inventory_sources", "444Host servers", ["credentials", "overwrite"]),
        ("update", "job_templates", "444Host power", ["credentials", "survey"]),
    ]
    world.run(found)
    assert world.plan().steps == ()
    assert kept["id"] in model.find("job_templates", "444Host report")["_credentials"]


def test_an_approval_can_not_be_avoided_for_long(awx: StandIn) -> None:
    world = World(awx)
    world.run(world.plan())
    nodes = {node["identifier"]: node for node in awx.model.rows["workflow_job_template_nodes"].values()}
    nodes["plan"]["success_nodes"] = []
    nodes["plan"]["always_nodes"] = [nodes["apply"]["id"]]
    nodes["apply"]["unified_job_template"] = awx.model.find("job_templates", "444Host drift")["id"]
    nodes["approval"]["unified_job_template"] = None
    (step,) = world.plan().steps
    assert step.changes["nodes"]["before"] == ["444Host plan, then apply", "nothing, then apply", "444Host drift"]
    world.run(world.plan())
    assert world.plan().steps == ()
    assert graph(awx) == {"plan": ["approval"], "approval": ["apply"], "apply": []}
    assert nodes["plan"]["always_nodes"] == []


def test_further_nodes_and_a_renamed_approval(awx: StandIn) -> None:
    world = World(awx)
    world.run(world.plan())
    rows = awx.model.rows["workflow_job_template_nodes"]
    nodes = {node["identifier"]: node for node in rows.values()}
    further = awx.model.add(
        "workflow_job_template_nodes",
        workflow_job_template=nodes["plan"]["workflow_job_template"],
        identifier="tell",
        success_nodes=[],
        failure_nodes=[],
        always_nodes=[],
    )
    nodes["apply"]["success_nodes"] = [further["id"]]
    awx.model.find("workflow_approval_templates", "444Host approval")["name"] = "Yes?"
    (step,) = world.plan().steps
    world.run(world.plan())
    assert nodes["apply"]["success_nodes"] == [further["id"]]
    assert awx.names("workflow_approval_templates") == ["444Host approval"]
    assert world.plan().steps == ()


def test_a_project_that_lacks_a_playbook_is_updated_once_more(awx: StandIn) -> None:
    awx.model.repositories[URL] = FILES[:-1]
    world = World(awx)
    with pytest.raises(AwxError, match=r"The project has no playbook report\.yml\. Add these files to its repository"):
        world.run(world.plan())
    assert awx.names("job_templates") == []
    awx.model.repositories[URL] = FILES
    world.run(world.plan())
    assert world.plan().steps == ()


def test_a_project_that_can_not_be_updated(awx: StandIn) -> None:
    world = World(awx)
    plan = world.plan(project_url="https://git.example.com/typo.git")
    with pytest.raises(AwxError, match=r"AWX could not update the project: its status is 'failed'\."):
        world.run(plan)
    world.run(world.plan())
    assert world.plan().steps == ()


def test_a_project_whose_update_does_not_end(awx: StandIn) -> None:
    awx.model.sync = lambda row: row.update(_statuses=["running"] * 10000)  # type: ignore[method-assign]
    world = World(awx)
    with pytest.raises(AwxError, match=r"did not end within awx_project_timeout"):
        world.run(world.plan(), timeout=0.01)


def test_everything_is_removed_in_the_opposite_order(awx: StandIn) -> None:
    world = World(awx)
    world.run(world.plan(environment_image="quay.io/example/h444:1"))
    awx.model.add("projects", name="444Host notes", organization=world.organization.id)
    awx.requests.clear()
    world.run(world.removal())
    kinds = [request.path.split("/")[3] for request in awx.writes()]
    assert kinds == ["workflow_job_templates", *["job_templates"] * 8, *reversed(objects.KINDS[:-2])]
    assert world.removal().steps == ()
    awx.model.finish_deletions()
    assert {kind: awx.names(kind) for kind in objects.KINDS if awx.names(kind)} == {"projects": ["444Host notes"]}
    assert awx.names("workflow_approval_templates") == []
    assert world.removal().steps == ()


def test_an_inventory_that_is_still_being_deleted(awx: StandIn) -> None:
    world = World(awx)
    world.run(world.plan())
    world.run(world.removal())
    assert world.plan().problems == (
        "AWX is still deleting the inventory '444Host servers'. Run the role again in a minute.",
    )
    awx.model.finish_deletions()
    world.run(world.plan())
    assert world.plan().steps == ()


def test_what_is_used_elsewhere_stops_a_removal(awx: StandIn) -> None:
    world = World(awx)
    world.run(world.plan())
    theirs = awx.model.add("workflow_job_templates", name="Nightly", organization=world.organization.id)
    awx.model.add(
        "workflow_job_template_nodes",
        workflow_job_template=theirs["id"],
        unified_job_template=awx.model.find("job_templates", "444Host drift")["id"],
        identifier="drift",
    )
    awx.model.add("job_templates", name="Deploy", inventory=awx.model.find("inventories", "444Host servers")["id"])
    found = world.removal()
    assert found.steps == ()
    assert "workflow job template 'Nightly'" in found.problems[0]
    assert "job template 'Deploy'" in found.problems[1]


@pytest.mark.parametrize(
    ("kind", "name", "user", "field"),
    [
        ("execution_environments", "444Host execution environment", "job_templates", "execution_environment"),
        ("execution_environments", "444Host execution environment", "inventory_sources", "execution_environment"),
        ("execution_environments", "444Host execution environment", "projects", "default_environment"),
        ("execution_environments", "444Host execution environment", "organizations", "default_environment"),
        ("inventories", "444Host servers", "workflow_job_templates", "inventory"),
        ("inventories", "444Host servers", "inventory_sources", "inventory"),
        ("projects", "444Host project", "workflow_job_template_nodes", "unified_job_template"),
        ("inventory_sources", "444Host servers", "workflow_job_template_nodes", "unified_job_template"),
        ("workflow_job_templates", "444Host plan and apply", "workflow_job_template_nodes", "unified_job_template"),
    ],
)
def test_nothing_is_removed_while_somebody_else_uses_it(
    awx: StandIn, kind: str, name: str, user: str, field: str
) -> None:
    world = World(awx)
    world.run(world.plan(environment_image="quay.io/example/h444:1"))
    theirs = awx.model.add("workflow_job_templates", name="Theirs", organization=world.organization.id)
    more = {"workflow_job_template": theirs["id"]} if user == "workflow_job_template_nodes" else {}
    awx.model.add(user, name="Theirs", **{field: awx.model.find(kind, name)["id"]}, **more)
    found = world.removal()
    assert found.steps == ()
    (problem,) = found.problems
    assert f"'{name}' is used by what this role did not make" in problem
    assert "'Theirs'" in problem


def test_a_running_job_stops_a_removal(awx: StandIn) -> None:
    world = World(awx)
    world.run(world.plan())
    awx.model.busy.add(awx.model.find("projects", "444Host project")["id"])
    with pytest.raises(AwxError, match=r"AWX can't do DELETE .* now: Resource is being used by running jobs"):
        world.run(world.removal())
    awx.model.busy.clear()
    world.run(world.removal())
    assert world.removal().steps == ()


def test_another_organization_can_have_the_same_prefix(awx: StandIn) -> None:
    first, second = World(awx), World(awx)
    first.run(first.plan())
    second.organization = objects.Known(awx.model.add("organizations", name="Shop")["id"], "Shop")
    found = second.plan()
    # A credential type belongs to no organization.
    assert {step.action for step in found.steps} == {"create"}
    assert {step.kind for step in found.steps} == set(objects.KINDS) - {"credential_types", "execution_environments"}
    second.run(found)
    assert first.plan().steps == () and second.plan().steps == ()
    second.run(second.removal())
    assert first.plan().steps == ()


def test_a_template_without_an_organization_is_taken_only_if_there_is_no_other(awx: StandIn) -> None:
    world = World(awx)
    world.run(world.plan())
    power = awx.model.find("job_templates", "444Host power")
    orphan = {**power, "organization": None, "project": None}
    awx.model.rows["job_templates"] = {1: {**orphan, "id": 1}, **awx.model.rows["job_templates"]}
    assert world.plan().steps == ()
    del awx.model.rows["job_templates"][power["id"]]
    assert [(step.action, sorted(step.changes)) for step in world.plan().steps] == [("update", ["project"])]


def test_an_organization_that_is_missing(awx: StandIn) -> None:
    with pytest.raises(AwxError, match=r"awx_organization: there is no organization 'Shop' in AWX"):
        running.find_one(World(awx).api, "organizations", "organization", "Shop", "awx_organization")
