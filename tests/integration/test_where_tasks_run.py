# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide to where tasks run says what is true: its plays are played, and its requests counted."""

from __future__ import annotations

import re
import textwrap
import time
from pathlib import Path

import pytest
import yaml

from ansible_collections.h444.cloud.tests.integration.playing import ROOT, environment, play
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

GUIDE = (ROOT / "docs" / "docsite" / "rst" / "guide_in_process.rst").read_text(encoding="utf-8")
BLOCKS = [
    textwrap.dedent(body) for body in re.findall(r"^\.\. code-block:: yaml\n\n((?:   .*\n|\n)+)", GUIDE, re.MULTILINE)
]
LINE = "h444.cloud.h444_vps runs in the controller's process."


def block(name: str) -> str:
    """Give the one YAML block of the guide whose first line names this."""
    (text,) = [text for text in BLOCKS if text.startswith(f"- name: {name}\n")]
    return text


def told_requests() -> list[str]:
    """Give the requests of the guide's table, item by item."""
    table = re.findall(r"^   \* - ``web-\d+``.*\n     - (.*)", GUIDE, re.MULTILINE)
    assert len(table) == 3
    return [request for row in table for request in re.findall(r"``(.*?)``", row)]


@pytest.mark.parametrize("reuse", ["", "false"])
def test_the_loop_of_the_guide_sends_the_requests_that_it_names(tmp_path: Path, reuse: str) -> None:
    """Twenty servers, of which the last is stopped: with reuse as the table says, without it 22."""
    (tmp_path / "site.yml").write_text(block("Keep twenty servers running"), encoding="utf-8")
    with Simulator.start() as simulator:
        simulator.seed(vps=[{"label": f"web-{n}", "status": "stopped" if n == 20 else "running"} for n in range(1, 21)])
        env = environment(tmp_path / "home", simulator.url, simulator.key, H444_REUSE_REPLIES=reuse)
        started = time.monotonic()
        played = play(["ansible-playbook", "site.yml"], env, tmp_path)
        seconds = time.monotonic() - started
        assert played.code == 0, played.tail()
        assert "changed: [localhost] => (item=20)" in played.output and played.output.count("\nchanged:") == 1
        sent = [
            re.sub("/vps/[0-9a-f-]{36}", "/vps/{id}", f"{one['method']} {one['path']}") for one in simulator.journal()
        ]
    if reuse:
        assert len(sent) == 22 and "Without reuse, it sends 22" in GUIDE
    else:
        told = told_requests()
        late = len(sent) - len(told)  # a list that is older than ten seconds is read again
        assert sent[late:] == told and set(sent[:late]) <= {"GET /vps"} and late <= seconds / 10


def test_the_switches_of_the_guide_choose_where_a_task_runs(tmp_path: Path) -> None:
    """The line at -vvv is there exactly where the guide says that a task runs in the controller's process."""
    assert LINE in GUIDE
    off = yaml.safe_load(block("Start a server"))
    on = [{**off[0], "vars": {}}]
    with Simulator.start() as simulator:
        simulator.seed(vps=[{"label": "web-1"}])
        for plays, switch, more, is_here in (
            (on, "", [], True),
            (on, "false", [], False),
            (off, "", [], False),
            (off, "", ["-e", "h444_in_process=true"], True),
        ):
            (tmp_path / "site.yml").write_text(yaml.safe_dump(plays, sort_keys=False), encoding="utf-8")
            env = environment(tmp_path / "home", simulator.url, simulator.key, H444_IN_PROCESS=switch)
            played = play(["ansible-playbook", "site.yml", "-vvv", *more], env, tmp_path)
            assert played.code == 0, played.tail()
            assert (LINE in played.output) == is_here, (switch, more)
            assert ("ESTABLISH LOCAL CONNECTION" in played.output) != is_here
        env["H444_IN_PROCESS"] = "perhaps"
        (sentence,) = set(re.findall(r"H444_IN_PROCESS must be[^\"]*", GUIDE))
        (tmp_path / "site.yml").write_text(yaml.safe_dump(on, sort_keys=False), encoding="utf-8")
        assert sentence in play(["ansible-playbook", "site.yml"], env, tmp_path).output


def test_one_info_task_reads_all_servers_of_the_guide(tmp_path: Path) -> None:
    """The tasks that the guide puts in place of a loop send one request, and show each address."""
    tasks = yaml.safe_load(block("Get the web servers"))
    site = [{"name": "Play", "hosts": "localhost", "gather_facts": False, "tasks": tasks}]
    (tmp_path / "site.yml").write_text(yaml.safe_dump(site, sort_keys=False), encoding="utf-8")
    with Simulator.start() as simulator:
        simulator.seed(vps=[{"label": f"web-{n}"} for n in range(1, 21)])
        env = environment(tmp_path / "home", simulator.url, simulator.key)
        played = play(["ansible-playbook", "site.yml"], env, tmp_path)
        assert played.code == 0, played.tail()
        assert len(re.findall(r'"web-\d+": "\d+\.', played.output)) == 20
        assert len(simulator.journal()) == 1
