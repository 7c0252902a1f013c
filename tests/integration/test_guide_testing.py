# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The script of the guide "Testing your playbooks" tests a playbook, as it stands. The stage molecule does the rest."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.integration.playing import ROOT, environment

sys.path.insert(0, str(ROOT / "tests" / "ci"))

import guide


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Write the files of the guide."""
    (tmp_path / "project").mkdir()
    guide.write_files(tmp_path / "project")
    return tmp_path / "project"


def run_script(project: Path) -> tuple[int, str]:
    """Run the script; gives its exit code and what was said. No process and no file may be left."""
    # Not below the folder of pytest: ansible-core puts a socket here, whose path may have 107 characters at most.
    with tempfile.TemporaryDirectory() as temporary:
        return run_script_in(Path(temporary), project)


def run_script_in(temporary: Path, project: Path) -> tuple[int, str]:
    """Run the script with this folder for its temporary files."""
    env = environment(project.parent / "home", "", "")
    env.update(TMPDIR=str(temporary))
    for name in ("H444_API_URL", "H444_API_KEY"):
        del env[name]
    # What the script starts belongs to its process group, as long as it runs.
    done = subprocess.Popen(
        ["bash", "test.sh"],
        cwd=project,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    output, _none = done.communicate(timeout=300)
    with pytest.raises(ProcessLookupError):
        os.killpg(done.pid, 0)
    assert list(temporary.glob("tmp.*")) == [], "the script removes its folder"
    return done.returncode, output


def test_the_script_passes_a_playbook_that_changes_nothing_when_it_runs_again(project: Path) -> None:
    code, output = run_script(project)
    assert code == 0, output
    recaps = [line for line in output.splitlines() if line.startswith("localhost ")]
    assert ["changed=2" in recaps[1], "changed=0" in recaps[2], len(recaps)] == [True, True, 3], output


def test_the_script_fails_where_a_playbook_changes_something_again(project: Path) -> None:
    with (project / "site.yml").open("a", encoding="utf-8") as playbook:
        playbook.write(
            "\n    - name: Restart it each time\n      h444.cloud.h444_vps: {label: web-1, state: restarted}\n"
        )
        playbook.write("      when: not ansible_check_mode\n")
    code, output = run_script(project)
    assert code == 1, output
