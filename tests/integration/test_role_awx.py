# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role awx against the stand-in for AWX and for the gateway. A test plays the role several times in one run."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.awx.testing import (
    DOORS,
    PASSWORD,
    READING_TOKEN,
    TOKEN,
    USERNAME,
    Request,
    StandIn,
)
from ansible_collections.h444.cloud.tests.integration.playing import (
    environment,
    play,
    shown_secrets,
    write_playbook,
)

PROJECT = "https://git.example.com/shop/infrastructure.git"
KEY, NEW_KEY = "h444_the_first_key_of_the_account", "h444_the_second_key_of_the_account"
SECRETS = (TOKEN, READING_TOKEN, PASSWORD, KEY, NEW_KEY)
CHECK = {"check_mode": True}
ABSENT = {"awx_state": "absent"}


class Played(t.NamedTuple):
    """What the role returned one time, and the requests that it sent then; a refusal is ``{"failed": message}``."""

    result: dict[str, t.Any]
    requests: list[Request]

    @property
    def names(self) -> list[str]:
        """Name what was changed or would be."""
        return [step["name"] for step in self.result["plan"]]

    @property
    def methods(self) -> set[str]:
        """Name the methods of the requests that write."""
        return {request.method for request in self.requests} - {"GET"}


class World:
    """An AWX, and a playbook that plays the role for each of some sets of variables."""

    def __init__(self, folder: Path, awx: StandIn) -> None:
        self.folder = folder
        self.awx = awx
        awx.serve_project(PROJECT)

    def play(self, *runs: dict[str, t.Any]) -> list[Played]:
        """Play the role. A variable that is None isn't set. No output contains a secret."""
        tasks = [task for number, run in enumerate(runs) for task in self._tasks(number, dict(run))]
        tasks.append(
            {
                "name": "Keep what the role returned",
                "ansible.builtin.copy": {"content": "{{ found | to_json }}", "dest": f"{self.folder}/found.json"},
                "diff": False,
            }
        )
        self.awx.requests.clear()
        playbook = write_playbook(self.folder, tasks, vars={"found": []})
        env = environment(self.folder / "home", "http://127.0.0.1:9", "none")
        played = play(["ansible-playbook", "-i", "localhost,", "-vvvv", "--diff", str(playbook)], env, self.folder)
        assert played.code == 0, played.tail()
        assert not shown_secrets(played.output, SECRETS), played.tail()
        results = json.loads((self.folder / "found.json").read_text(encoding="utf-8"))
        return [Played(result, requests) for result, requests in zip(results, self._requests(len(runs)))]

    def _tasks(self, number: int, run: dict[str, t.Any]) -> list[dict[str, t.Any]]:
        check_mode = run.pop("check_mode", False)
        common = {"awx_url": self.awx.url, "awx_token": TOKEN, "awx_api_key": KEY, "awx_project_url": PROJECT}
        variables = {name: value for name, value in {**common, **run}.items() if value is not None}
        # The role asks for the door first, so this marks its requests in the journal.
        variables["awx_url"] = variables["awx_url"].replace("{url}", self.awx.url)
        keep = "{{ found + [%s] }}"
        return [
            {
                "name": f"Play the role, number {number}",
                "check_mode": check_mode,
                "block": [
                    {
                        "name": "Set up AWX",
                        "ansible.builtin.include_role": {"name": "h444.cloud.awx"},
                        "vars": variables,
                    },
                    {"name": "Keep it", "ansible.builtin.set_fact": {"found": keep % "awx_result"}},
                ],
                "rescue": [
                    {
                        "name": "Keep the refusal",
                        "ansible.builtin.set_fact": {"found": keep % "{'failed': ansible_failed_result.msg}"},
                    }
                ],
            }
        ]

    def _requests(self, runs: int) -> list[list[Request]]:
        """Split the journal: each run begins with the question for the door."""
        parts: list[list[Request]] = []
        for request in self.awx.requests:
            if request.path == "/api/":
                parts.append([])
            parts[-1].append(request)
        return parts + [[]] * (runs - len(parts))


@pytest.mark.parametrize("kind", sorted(DOORS))
def test_from_nothing_to_nothing(kind: str, tmp_path: Path) -> None:
    """Check mode plans what the run does. The second run writes nothing, and so does the second removal."""
    with StandIn(kind, page_size=3) as awx:
        world = World(tmp_path, awx)
        gone = {**ABSENT, "awx_api_key": None, "awx_project_url": None}
        planned, done, again, doomed, removed, nothing = world.play(CHECK, {}, {}, {**gone, **CHECK}, gone, gone)
        assert planned.result == done.result
        assert done.result["api_path"] == DOORS[kind]
        assert [step["action"] for step in done.result["plan"]] == ["create"] * 12
        assert [one.methods for one in (planned, again, doomed, nothing)] == [set()] * 4
        assert (done.methods, removed.methods) == ({"POST"}, {"DELETE"})
        assert (again.result["changed"], again.names, again.result["diff"]) == (False, [], [])
        assert doomed.names == removed.names and sorted(removed.names) == sorted(done.names)
        kinds = [step["kind"] for step in removed.result["plan"]]
        assert kinds == [step["kind"] for step in reversed(done.result["plan"])]
        assert nothing.result["changed"] is False
        awx.model.finish_deletions()
        assert not any(rows for kind, rows in awx.model.rows.items() if kind != "organizations")


def test_a_changed_key_and_a_changed_variable(tmp_path: Path) -> None:
    """A key is written again only where that is asked for. A changed variable changes both templates and the survey."""
    limits = {"awx_api_key": None, "awx_extra_vars": {"apply": {"apply_max_removed": 2}}}
    new = {"awx_api_key": NEW_KEY}
    with StandIn() as awx:
        world = World(tmp_path, awx)
        _made, ignored, written, limited, again = world.play(
            {}, new, {**new, "awx_update_secrets": True}, limits, limits
        )
        assert ignored.result["changed"] is False
        assert written.names == ["444Host API key"]
        assert awx.model.find("credentials", "444Host API key")["inputs"] == {"api_key": NEW_KEY}
        assert limited.names == ["444Host plan", "444Host apply", "444Host plan and apply"]
        assert limited.result["diff"][0]["before"] == {
            "extra_vars": '{"apply_manifest": "account.yml", "apply_plan_in_workflow": true}'
        }
        assert again.result["changed"] is False


def test_several_prefixes_and_what_exists(tmp_path: Path) -> None:
    """Each prefix has objects of its own. What has to exist is found by its name."""
    with StandIn() as awx:
        world = World(tmp_path, awx)
        model = awx.model
        ready = model.add("execution_environments", name="With h444", image="x")
        scm = model.add("credential_types", name="Source Control", kind="scm")
        git = model.add("credentials", name="Git", organization=101, credential_type=scm["id"])
        model.add("projects", name="444Host of somebody else", organization=101)
        shop = {
            "awx_prefix": "444Host shop",
            "awx_execution_environment": "With h444",
            "awx_project_credential": "Git",
            "awx_token": "",
            "awx_username": USERNAME,
            "awx_password": PASSWORD,
            "awx_directory": "/shared",
        }
        image = {"awx_execution_environment_image": "registry.example.com/h444:1", "awx_timeout": None}
        _first, again, _shop, shop_again, _gone = world.play(image, image, shop, shop, ABSENT)
        assert again.result["changed"] is False and shop_again.result["changed"] is False
        model.finish_deletions()
        assert awx.names("projects") == ["444Host of somebody else", "444Host shop project"]
        assert awx.names("execution_environments") == ["With h444"]
        assert len(awx.names("job_templates")) == 8
        assert model.find("projects", "444Host shop project")["credential"] == git["id"]
        for kind, name in (("job_templates", "444Host shop power"), ("inventory_sources", "444Host shop servers")):
            assert model.find(kind, name)["execution_environment"] == ready["id"]


MISTAKES = [
    ({"awx_token": "wrong"}, "AWX at {url} does not accept awx_token."),
    ({"awx_token": None}, "Set awx_token, or awx_username and awx_password."),
    ({"awx_username": "admin"}, "Set awx_token, or awx_username and awx_password."),
    (
        {"awx_token": None, "awx_username": "admin"},
        "awx_username and awx_password are only accepted together.",
    ),
    ({"awx_url": "{url}/elsewhere"}, "{url}/elsewhere is not an AWX: its /api/ answers 404. Check awx_url."),
    ({"awx_url": "http://127.0.0.1:1"}, "http://127.0.0.1:1 can't be reached: Connection refused. Check awx_url."),
    ({"awx_organization": "Shop"}, "awx_organization: there is no organization 'Shop' in AWX that this user can read."),
    ({"awx_api_key": ""}, "awx_api_key is required to make the credential '444Host API key'."),
    (
        {"awx_project_url": ""},
        "awx_project_url is required. It is the Git repository with your playbooks and inventory.",
    ),
    (
        {"awx_project_url": "https://me:geheim@git.example.com/shop.git"},
        "awx_project_url must not contain a password, because AWX would show it.",
    ),
    ({"awx_playbooks": ["report"]}, "awx_directory is required for the playbook 'report', which writes files."),
    (
        {"awx_inventory_path": "hosts.yml"},
        "awx_inventory_path must end in h444.yml or h444.yaml, because the inventory plugin reads no other.",
    ),
    (
        {"awx_extra_vars": {"aply": {}}},
        "awx_extra_vars: there is no playbook 'aply'. There are provision, power, reverse_dns, export, apply, drift, "
        "report.",
    ),
    (
        {"awx_execution_environment": "a", "awx_execution_environment_image": "b"},
        "awx_execution_environment and awx_execution_environment_image exclude each other.",
    ),
]


def test_a_mistake_is_one_sentence(tmp_path: Path) -> None:
    """Nothing is written, and the message says what to do. The check of the variables shows no secret either."""
    with StandIn() as awx:
        world = World(tmp_path, awx)
        wrong_type = {"awx_api_key": {"value": KEY}, "awx_timeout": "soon"}
        found = world.play(*(variables for variables, _message in MISTAKES), wrong_type)
        assert awx.writes() == []
        for (_variables, message), played in zip(MISTAKES, found):
            expected = message.replace("{url}", awx.url) + " Nothing was changed in AWX."
            assert played.result["failed"].endswith(expected), played.result
        assert "awx_timeout" in str(found[-1].result)


def test_a_user_who_may_not_write(tmp_path: Path) -> None:
    """What AWX refuses first is said, and nothing else is tried."""
    with StandIn() as awx:
        (found,) = World(tmp_path, awx).play({"awx_token": READING_TOKEN})
        assert len(awx.writes()) == 1
        assert found.result["failed"].endswith(
            "AWX does not allow POST /api/v2/credential_types/: You do not have permission to perform this action. "
            "Nothing was changed in AWX."
        )
