# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that a guide shows: each code block with a caption is a file of that name."""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path

TESTING = Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst" / "guide_testing.rst"
FILE = re.compile(r"^\.\. code-block:: \w+\n   :caption: (?P<name>\S+)\n\n(?P<text>(?:(?:   .*)?\n)+)", re.MULTILINE)


def files_in(guide: str) -> dict[str, str]:
    """Give the files of a guide by name, with their content."""
    return {found["name"]: textwrap.dedent(found["text"]).strip("\n") + "\n" for found in FILE.finditer(guide)}


def write_files(folder: Path, guide: Path = TESTING) -> None:
    """Write the files of a guide into a folder."""
    for name, text in files_in(guide.read_text(encoding="utf-8")).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_files(Path(sys.argv[1]))
