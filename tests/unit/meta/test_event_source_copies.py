# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An event source is started by its path and can import nothing of the collection, so it carries copies."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "extensions" / "eda" / "plugins" / "event_source" / "webhook.py"
COPIES = {
    "_signature": ("TIMESTAMP", "DIGEST", "_bytes", "digest", "read_header", "is_signed"),
    "_reader": ("snake", "id_text"),
}


def named(file: Path) -> dict[str, str]:
    """Give what is defined at the top of a file, as it is written, without its decorators."""
    found = {}
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            node.decorator_list = []
            found[node.name] = ast.unparse(node)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = ast.unparse(node)
    return found


@pytest.mark.parametrize("origin", COPIES)
def test_a_copy_is_equal_to_what_it_is_a_copy_of(origin: str) -> None:
    original, copy = named(ROOT / "plugins" / "module_utils" / f"{origin}.py"), named(SOURCE)
    for name in COPIES[origin]:
        assert copy[name] == original[name], name


def test_a_source_imports_nothing_that_it_could_not_find() -> None:
    """Relative imports and those of the collection fail where the file is run by its path."""
    for node in ast.walk(ast.parse(SOURCE.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0 and not (node.module or "").startswith("ansible"), ast.unparse(node)
