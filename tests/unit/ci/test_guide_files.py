# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a guide are taken out of it as they stand."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tests" / "ci"))

import guide

PAGE = """
A file:

.. code-block:: yaml
   :caption: tests/one.yml

   - name: One

     hosts: all

Another one, and a block that is none:

.. code-block:: shell
   :caption: two.sh

   echo two

.. code-block:: shell

   echo three
"""


def test_a_block_with_a_caption_is_a_file() -> None:
    assert guide.files_in(PAGE) == {"tests/one.yml": "- name: One\n\n  hosts: all\n", "two.sh": "echo two\n"}


def test_the_guide_of_testing_shows_a_whole_project(tmp_path: Path) -> None:
    """Each path in its list of files is one of its files, and each YAML file can be read."""
    guide.write_files(tmp_path)
    written = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()}
    page = guide.TESTING.read_text(encoding="utf-8")
    listed = {line.strip() for line in page.splitlines() if line.startswith("   ") and line.strip().endswith(".yml")}
    assert {name for name in listed if " " not in name} == written - {"test.sh"}
    for name in written - {"test.sh"}:
        assert yaml.safe_load((tmp_path / name).read_text(encoding="utf-8")), name
