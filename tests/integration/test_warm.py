# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module gives in a fork of the warm Python is what it gives in a process of its own."""

from __future__ import annotations

import json
import os
import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.integration import warm
from ansible_collections.h444.cloud.tests.integration.playing import environment, play, write_playbook
from ansible_collections.h444.cloud.tests.integration.warm import ask, run_here, variables_of, warm_python
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

TASKS: list[dict[str, t.Any]] = [
    {"h444.cloud.h444_vps_info": {}},
    {"h444.cloud.h444_vps_info": {"api_key": "h444_unknown_key_0000000000"}},
    {"h444.cloud.h444_vps": {"label": "web-1", "plan_slug": "vps-4", "os_template": "debian-12"}},
    {"h444.cloud.h444_vps": {"label": "web-1", "nonsense": True}},
    {"h444.cloud.h444_vps_info": {}, "environment": {"H444_API_URL": "http://127.0.0.1:9/v1", "H444_API_RETRIES": "0"}},
    {
        "ansible.builtin.command": {"argv": ["sh", "-c", 'echo "$WORD"; pwd; exit 3']},
        "environment": {"WORD": "a 'b' c"},
    },
]


def results(folder: Path, *, is_warm: bool) -> str:
    """Play the tasks on a server of another plan, and give what was registered, without what differs by nature."""
    folder.mkdir()
    steps = [{"name": "Do", **task, "register": f"r{n}", "ignore_errors": True} for n, task in enumerate(TASKS)]
    content = "{{ [" + ", ".join(f"r{number}" for number in range(len(TASKS))) + "] | to_json }}"
    kept = folder / "results.json"
    steps.append({"name": "Keep", "ansible.builtin.copy": {"content": content, "dest": str(kept), "mode": "0600"}})
    with Simulator.start() as simulator:
        simulator.seed(vps=[{"label": "web-1", "plan_slug": "vps-2"}])
        env = environment(folder / "home", simulator.url, simulator.key)
        command = ["ansible-playbook", "-i", "localhost,", str(write_playbook(folder, steps))]
        played = play(command, env, folder, is_warm=is_warm)
        assert played.code == 0, played.tail()
        text = kept.read_text(encoding="utf-8").replace(simulator.origin, "ORIGIN").replace(str(folder), "FOLDER")
    rows = json.loads(text)
    for row in rows:
        for name in ("start", "end", "delta"):
            row.pop(name, None)
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z|127\.0\.0\.1:\d+", "…", json.dumps(rows, indent=1, sort_keys=True))


def test_a_warm_python_gives_what_a_process_gives(tmp_path: Path) -> None:
    """Results, failures, warnings, the environment of a task and its folder."""
    in_forks, alone = results(tmp_path / "warm", is_warm=True), results(tmp_path / "cold", is_warm=False)
    assert in_forks == alone
    assert "a 'b' c" in in_forks and '"warnings"' in in_forks and in_forks.count('"failed": true') >= 3


def test_a_folder_is_named_in_text_or_in_bytes(tmp_path: Path) -> None:
    """ansible-core 2.18 names it in bytes."""
    address = str(tmp_path / "python")
    with warm_python(address):
        for folder in (str(tmp_path), os.fsencode(tmp_path)):
            code, output, errors = ask(address, "python", b"import os; os.write(1, os.getcwdb())", folder)
            assert (code, output, errors) == (0, os.fsencode(tmp_path), b"")


def test_a_module_says_why_the_libraries_can_not_be_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "LIBRARIES", ("no_such_library",))
    address = str(tmp_path / "python")
    with warm_python(address):
        code, output, errors = ask(address, "python", b"pass", str(tmp_path))
    assert (code, output) == (1, b"") and b"No module named 'no_such_library'" in errors


def test_a_program_ends_with_its_exit_code() -> None:
    assert run_here("raise SystemExit(4)") == 4
    assert run_here("raise SystemExit") == run_here("pass") == 0
    assert run_here("raise SystemExit('why')") == run_here("1 / 0") == 1


def test_variables_stand_before_the_command() -> None:
    assert variables_of("/bin/sh -c 'A=1 B='\"'\"'b c'\"'\"' /usr/bin/python && sleep 0'") == {"A": "1", "B": "b c"}
    assert variables_of("/usr/bin/python3.12") == {}
