# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The count of managed nodes in Ansible Automation Platform: its queries, on the results of the modules."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import jq
import pytest
import yaml

from ansible_collections.h444.cloud.tests.integration.playing import ROOT, environment, play, write_playbook
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

pytestmark = pytest.mark.slow
QUERIES = yaml.safe_load((ROOT / "extensions" / "audit" / "event_query.yml").read_text(encoding="utf-8"))
TASKS: list[dict[str, t.Any]] = [
    {"h444.cloud.h444_vps": {"label": "web-1", "state": "stopped"}},
    {"h444.cloud.h444_vps": {"label": "web-2", "state": "absent"}},
    {"h444.cloud.h444_vps": {"label": "web-2", "state": "absent"}},
    {"h444.cloud.h444_vps_fleet": {"servers": [{"label": "web-1"}, {"label": "db-1"}], "state": "started"}},
    {"h444.cloud.h444_vps_fleet": {"servers": [{"label": "db-1"}, {"label": "new"}]}, "ignore_errors": True},
    {"h444.cloud.h444_ptr": {"ip": "192.0.2.3", "hostname": "db-1.example.com"}},
    {"h444.cloud.h444_ptr": {"ip": "192.0.2.99", "hostname": "x.example.com"}, "ignore_errors": True},
    {
        "h444.cloud.h444_vps": {"label": "new", "plan_slug": "vps-1", "os_template": "ubuntu-24.04"},
        "check_mode": True,
    },
]
COUNTED = [["web-1"], [], [], ["web-1", "db-1"], [], ["db-1"], [], []]


def is_hashable(facts: t.Any) -> bool:
    """Tell whether the controller can compare facts: null is refused at any depth, and the node with it."""
    if isinstance(facts, dict):
        return all(is_hashable(value) for value in facts.values())
    return isinstance(facts, (str, int, float))


def test_every_query_is_that_of_a_module() -> None:
    modules = {f"h444.cloud.{file.stem}" for file in (ROOT / "plugins" / "modules").glob("h444_*.py")}
    assert set(QUERIES) <= modules and all(set(entry) == {"query"} for entry in QUERIES.values())
    assert {next(iter(task)) for task in TASKS} == set(QUERIES)


def test_each_server_counts_once(tmp_path: Path) -> None:
    """Whichever module works on it, and only if it exists; a result that the controller may not see counts nothing."""
    with Simulator.start(preset="plain", balance=100000) as simulator:
        seeded = simulator.seed(
            vps=[
                {"label": label, "ips": [{"ip": f"192.0.2.{number}"}]}
                for number, label in enumerate(("web-1", "web-2", "db-1"), start=1)
            ]
        )
        ids = dict(zip(("web-1", "web-2", "db-1"), seeded["vps"]))
        tasks = [{**task, "register": f"result_{number}"} for number, task in enumerate(TASKS)]
        names = ", ".join(f"result_{number}" for number in range(len(TASKS)))
        keep = {"content": "{{ [%s] | to_json }}" % names, "dest": str(tmp_path / "results.json"), "mode": "0600"}
        file = write_playbook(tmp_path, [*tasks, {"ansible.builtin.copy": keep}])
        played = play(
            ["ansible-playbook", str(file)], environment(tmp_path / "home", simulator.url, simulator.key), tmp_path
        )
    assert played.code == 0, played.tail()
    results = json.loads((tmp_path / "results.json").read_text())
    nodes: dict[str, set[str]] = {}
    for task, result, labels in zip(TASKS, results, COUNTED):
        query = jq.compile(QUERIES[next(iter(task))]["query"])
        found = query.input_value(result).all()
        assert [node["canonical_facts"]["h444_vps_id"] for node in found] == [ids[label] for label in labels], task
        for node in found:
            assert set(node) == {"name", "canonical_facts", "facts"} and is_hashable(node["canonical_facts"])
            assert node["facts"]["device_type"] == "virtual_machine"
            nodes.setdefault(node["name"], set()).add(json.dumps(node["canonical_facts"]))
    assert len(nodes) == 2 and all(len(facts) == 1 for facts in nodes.values())
    for entry in QUERIES.values():
        assert jq.compile(entry["query"]).input_value({"censored": "hidden", "changed": True}).all() == []
