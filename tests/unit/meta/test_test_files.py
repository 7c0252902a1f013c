# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each file of logic has a test file of its name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = ("module_utils", "plugin_utils")
FILES = sorted(file for folder in FOLDERS for file in (ROOT / "plugins" / folder).glob("*.py"))


def is_empty(function: ast.AST) -> bool:
    """Tell whether a function only says what it is, as those of a protocol do."""
    body = getattr(function, "body", [])
    return all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in body)


def has_logic(file: Path) -> bool:
    """Tell whether a file has a function that does something."""
    functions = [
        node
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    return any(not is_empty(function) for function in functions)


def test_there_are_files_of_both_kinds() -> None:
    assert len(FILES) > 40
    assert [file.stem for file in FILES if not has_logic(file)] == ["_api"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_file_of_logic_has_a_test_file_of_its_name(file: Path) -> None:
    names = {f"test_{file.stem}.py", f"test{file.stem}.py"}
    folder = ROOT / "tests" / "unit" / "plugins" / file.parent.name
    assert not has_logic(file) or names & {test.name for test in folder.glob("test_*.py")}, (
        f"{folder}/test_{file.stem}.py"
    )
