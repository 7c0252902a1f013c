# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmark runs, compares equal inventories, and counts two requests. It says nothing about time here."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

from ansible_collections.h444.cloud.tests.unit.plugins.inventory.support import ROOT, environment

pytestmark = pytest.mark.slow


def test_the_benchmark(tmp_path: pathlib.Path) -> None:
    """It ends with an error if the three inventories differ in hosts, groups or memberships."""
    script = pathlib.Path(__file__).resolve().parents[3] / "benchmarks" / "inventory.py"
    command = [sys.executable, str(script), "--sizes", "20", "--rounds", "1", "--collections", str(ROOT)]
    done = subprocess.run(command, env=environment(tmp_path), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines()[2:]]
    assert [(row[0], row[1], row[6]) for row in rows] == [
        ("20", "h444.cloud.h444", "2"),
        ("20", "static script", "0"),
        ("20", "plain Constructable", "2"),
    ]
