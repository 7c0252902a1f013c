# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From an empty AWX to an approved order: the workflow that the role made, with its jobs run as AWX runs them.

ansible-runner runs each job in a folder of its own, as in an execution environment, whose files are gone after it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.h444.cloud.tests.awx import rules
from ansible_collections.h444.cloud.tests.awx.testing import TOKEN, StandIn
from ansible_collections.h444.cloud.tests.integration.playing import (
    BIN,
    ROOT,
    environment,
    play,
    secrets_in,
    shown_secrets,
    write_playbook,
)
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

PROJECT = ROOT / "extensions" / "awx" / "templates" / "project"
URL = "https://git.example.com/shop/infrastructure.git"
SHARED = "/shared"
ACCOUNT = {"servers": [{"label": "web-1", "state": "started", "plan_slug": "vps-2", "os_template": "ubuntu-24.04"}]}
ANSWERS = {"apply_manifest": "account.yml", "apply_max_total_monthly_usd_cents": 4000, "apply_max_removed": 0}


class Unsafe(str):
    """A text that AWX marks, so that Ansible never evaluates it."""


class Dumper(yaml.SafeDumper):
    """Writes the variables of a job as AWX does."""


Dumper.add_representer(Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text)))


def marked(value: t.Any) -> t.Any:
    """Mark every text in a value that is not from the job template itself."""
    if isinstance(value, dict):
        return {marked(name): marked(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [marked(inner) for inner in value]
    return Unsafe(value) if isinstance(value, str) else value


class Job(t.NamedTuple):
    """A job that ended."""

    code: int
    output: str
    artifacts: dict[str, t.Any]


class Platform:
    """Runs the jobs of the stand-in."""

    def __init__(self, folder: Path, awx: StandIn, simulator: Simulator) -> None:
        self.folder = folder
        self.awx = awx
        self.simulator = simulator
        self.project = folder / "repository"
        shutil.copytree(PROJECT, self.project)
        (self.project / "account.yml").write_text(yaml.safe_dump(ACCOUNT), encoding="utf-8")
        (folder / "shared").mkdir()
        self.outputs: list[str] = []

    def set_up(self) -> None:
        """Play the role."""
        self.awx.serve_project(URL)
        role = {"name": "Set up AWX", "ansible.builtin.include_role": {"name": "h444.cloud.awx"}}
        variables = {"awx_url": self.awx.url, "awx_token": TOKEN, "awx_project_url": URL}
        variables.update(awx_api_key=self.simulator.key, awx_api_url=self.simulator.url)
        variables["awx_directory"] = SHARED
        playbook = write_playbook(self.folder, [role], vars=variables)
        played = play(["ansible-playbook", str(playbook)], environment(self.folder / "home", "", ""), self.folder)
        assert played.code == 0, played.tail()

    def node(self, identifier: str) -> dict[str, t.Any]:
        """Give a node of the workflow."""
        rows = self.awx.model.rows["workflow_job_template_nodes"].values()
        return next(row for row in rows if row["identifier"] == identifier)

    def run(self, identifier: str, artifacts: dict[str, t.Any]) -> Job:
        """Run the job of a node, or of a job template alone, as AWX does."""
        template = self.awx.model.rows["job_templates"][self.node(identifier)["unified_job_template"]]
        folder = self.folder / f"job-{len(self.outputs)}"
        (folder / "env").mkdir(parents=True)
        shutil.copytree(self.project, folder / "project")
        (folder / "inventory").mkdir()
        (folder / "inventory" / "hosts").write_text("[servers]\nold-1 ansible_host=192.0.2.7\n", encoding="utf-8")
        # First those of the template, then those of earlier nodes, then those of the survey: the last one counts.
        # AWX would mount the directory that is shared.
        own = yaml.safe_load(template["extra_vars"].replace(f"{SHARED}/", f"{self.folder}{SHARED}/"))
        variables = {**own, **marked({**artifacts, **ANSWERS})}
        (folder / "env" / "extravars").write_text(yaml.dump(variables, Dumper=Dumper), encoding="utf-8")
        variables = {**environment(self.folder / "home", "", ""), **self._injected(template)}
        (folder / "env" / "envvars").write_text(json.dumps(variables), encoding="utf-8")
        is_check = template["job_type"] == "check"
        command = [str(BIN / "ansible-runner"), "run", str(folder), "--ident", "1", "-p", template["playbook"]]
        ended = subprocess.run(
            [*command, *(["--cmdline=--check"] if is_check else [])],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**variables, "H444_API_KEY": ""},
            timeout=300,
            check=False,
        )
        output = ended.stdout.decode("utf-8", "replace")
        found: dict[str, t.Any] = {}
        for file in (folder / "artifacts" / "1" / "job_events").glob("*.json"):
            event = json.loads(file.read_text(encoding="utf-8"))
            if event["event"] == "playbook_on_stats":
                found.update(event["event_data"].get("artifact_data") or {})
        self.outputs.append(output)
        shutil.rmtree(folder)
        return Job(ended.returncode, output, found)

    def _injected(self, template: dict[str, t.Any]) -> dict[str, str]:
        (number,) = template["_credentials"]
        credential = self.awx.model.rows["credentials"][number]
        kind = self.awx.model.rows["credential_types"][credential["credential_type"]]
        return rules.environment(kind["injectors"], kind["inputs"], credential["inputs"])


@pytest.fixture
def platform(tmp_path: Path) -> t.Iterator[Platform]:
    """Give an AWX that the role has set up, for an account with one server."""
    with StandIn() as awx, Simulator.start(preset="plain") as simulator:
        simulator.seed(balance_usd_cents=100000, vps=[{"label": "old-1"}])
        found = Platform(tmp_path, awx, simulator)
        found.set_up()
        yield found


def labels(simulator: Simulator) -> set[str]:
    """Name the servers of the account."""
    return {row["label"] for row in simulator.state()["vps"]}


def test_plan_approval_apply(platform: Platform) -> None:
    """The plan travels with the workflow. It is carried out once, and only as it was approved."""
    alone = platform.run("apply", {})
    assert alone.code != 0
    assert (
        "no earlier node of the workflow has handed over a plan. Start the workflow, and not this job." in alone.output
    )

    planned = platform.run("plan", {})
    assert planned.code == 0, planned.output
    assert "The plan is handed to the next nodes." in planned.output
    assert "create  servers  web-1" in planned.output
    assert list(planned.artifacts) == ["apply_workflow_plan"]
    assert [line["name"] for line in planned.artifacts["apply_workflow_plan"]["plan"]] == ["web-1"]
    assert platform.simulator.writes() == []

    # Somebody changes the document while the plan waits for its approval.
    document = platform.project / "account.yml"
    approved = document.read_text(encoding="utf-8")
    document.write_text(approved.replace("vps-2", "vps-3"), encoding="utf-8")
    changed = platform.run("apply", planned.artifacts)
    assert changed.code != 0
    assert "The approved plan of the workflow is another plan than the one that is due now" in changed.output
    assert platform.simulator.writes() == []

    document.write_text(approved, encoding="utf-8")
    done = platform.run("apply", planned.artifacts)
    assert done.code == 0, done.output
    assert "created servers: web-1" in done.output
    assert labels(platform.simulator) == {"old-1", "web-1"}
    assert "root_password" in (platform.folder / "shared" / "credentials.json").read_text(encoding="utf-8")
    platform.simulator.clear_journal()
    again = platform.run("apply", planned.artifacts)
    assert again.code == 0, again.output
    assert platform.simulator.writes() == []
    secrets = secrets_in(platform.simulator.state()) | {platform.simulator.key}
    assert not shown_secrets("".join(platform.outputs) + str(planned.artifacts), secrets)
