# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Imports go down only: each floor of the collection knows nothing of those above it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
UTILS = ROOT / "plugins" / "module_utils"
PREFIX = "ansible_collections.h444.cloud."
CORE = {
    "_access", "_answers", "_api", "_endpoint", "_entries", "_errors", "_fields", "_find", "_identifiers", "_installed",
    "_labels", "_names", "_order", "_paging", "_patterns", "_plan", "_protected", "_reader", "_reply", "_scrub",
    "_signature", "_status", "_table", "_thread", "_window",
}  # fmt: skip
EFFECTS = {"_client", "_ending", "_lock", "_pacer", "_sink", "_forward", "_state_file", "_transport"}
CONVERGE = {"_bulk", "_converge", "_wait"}  # knows plans, not whose they are
FACE = {"_arguments", "_module", "_spec"}  # knows Ansible
# Which nouns a noun may know: an order needs the prices and the wallet, a server its addresses, a PTR record a server.
KNOWS = {
    "_buy": {"_account", "_catalogue"},
    "_reading": {"_account", "_buy", "_catalogue"},
    "_vps": {"_addresses", "_buy", "_catalogue", "_reading"},
    "_fleet": {"_buy", "_vps"},
    "_hosting": {"_buy", "_catalogue", "_reading"},
    "_ptr": {"_addresses", "_vps"},
    "_records": {"_addresses", "_ptr", "_vps"},
    # It joins all sections of a document.
    "_pieces": {
        "_addresses",
        "_catalogue",
        "_document",
        "_domain",
        "_fleet",
        "_hosting",
        "_ptr",
        "_records",
        "_vps",
        "_webhook",
    },
    "_afterwards": {"_document", "_hosting", "_pieces", "_vps", "_webhook"},
    "_manifest": {"_afterwards", "_buy", "_fleet", "_hosting", "_pieces", "_vps", "_webhook"},
    "_ticket": {"_account"},
    "_delivery": {"_webhook"},
    "_document": {"_addresses", "_catalogue", "_domain", "_hosting", "_vps", "_webhook"},
    # It reads the whole account.
    "_changes": {"_account", "_addresses", "_billing", "_domain", "_hosting", "_ticket", "_vps", "_webhook"},
    "_watch": {"_changes"},
    # The guard of a raw call reads the names of what it is about.
    "_raw": {"_addresses", "_hosting", "_vps", "_webhook"},
}
# What the core may use: no clock, no disk, no network.
HARMLESS = {
    "__future__",
    "base64",
    "collections",
    "copy",
    "datetime",
    "decimal",
    "difflib",
    "email",
    "enum",
    "fnmatch",
    "functools",
    "hashlib",
    "hmac",
    "html",
    "ipaddress",
    "itertools",
    "json",
    "math",
    "operator",
    "random",
    "re",
    "string",
    "typing",
    "unicodedata",
    "urllib.parse",
    "uuid",
}


def imports_of(file: Path) -> set[str]:
    """Name what a file imports, with full names; imports under conditions and in functions count too."""
    package = (PREFIX + ".".join(file.relative_to(ROOT).parent.parts)).split(".")
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module or "") if part)
            if module in (PREFIX + "plugins.module_utils", PREFIX + "plugins.plugin_utils"):
                found.update(f"{module}.{alias.name}" for alias in node.names)
            else:
                found.add(module)
    return found


def utils_of(file: Path) -> set[str]:
    """Name the module_utils that a file imports."""
    start = PREFIX + "plugins.module_utils."
    return {name[len(start) :].split(".")[0] for name in imports_of(file) if name.startswith(start)}


def floor(name: str) -> int:
    """Tell the floor of a module_util; what is on no other floor is a noun."""
    for number, names in ((0, CORE), (1, EFFECTS), (2, CONVERGE), (4, FACE)):
        if name in names:
            return number
    return 3


FILES = sorted(file.stem for file in UTILS.glob("*.py"))


def test_there_is_something_to_hold() -> None:
    """The table names files that exist, and not only a few."""
    assert len(FILES) >= 15
    assert CORE <= set(FILES)
    assert EFFECTS | CONVERGE | FACE | set(KNOWS) <= set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_imports_go_down(name: str) -> None:
    """A floor imports floors below it, or its own; the face knows no noun, and no noun knows the face."""
    others = utils_of(UTILS / f"{name}.py")
    assert not {other for other in others if floor(other) > floor(name)}
    if name in FACE:
        assert not {other for other in others if floor(other) == 3}


@pytest.mark.parametrize("name", [name for name in FILES if floor(name) == 0])
def test_core_is_pure(name: str) -> None:
    """The core uses harmless parts of the standard library only."""
    outside = {module for module in imports_of(UTILS / f"{name}.py") if not module.startswith(PREFIX)}
    outside = {module if module in HARMLESS else module.split(".")[0] for module in outside}
    if name == "_names":
        # It lets the C library write IPv6 addresses, and opens no socket.
        used = set(re.findall(r"\bsocket\.(\w+)", (UTILS / "_names.py").read_text(encoding="utf-8")))
        assert used <= {"inet_pton", "inet_ntop", "AF_INET", "AF_INET6"}
        outside -= {"socket"}
    assert outside <= HARMLESS


@pytest.mark.parametrize("name", [name for name in FILES if floor(name) == 3])
def test_nouns_take_the_api(name: str) -> None:
    """A noun gets ``api`` as an argument and never imports the client; which other nouns it knows is written down."""
    others = utils_of(UTILS / f"{name}.py")
    assert not others & {"_client", "_pacer", "_transport"}
    assert {other for other in others if floor(other) == 3} <= KNOWS.get(name, set())


@pytest.mark.parametrize(
    "file", sorted(ROOT.glob("plugins/**/*.py")), ids=lambda file: str(file.relative_to(ROOT / "plugins"))
)
def test_outside_libraries_have_one_home(file: Path) -> None:
    """``requests`` is imported by the transport alone; ansible by _module, _spec, plugin_utils and the surfaces."""
    names = {module.split(".")[0] for module in imports_of(file)}
    if file != UTILS / "_transport.py":
        assert "requests" not in names
        assert "urllib3" not in names
    if file.parent == UTILS and file.stem not in FACE:
        assert "ansible" not in names


@pytest.mark.parametrize("file", sorted((ROOT / "plugins" / "modules").glob("*.py")), ids=lambda file: file.stem)
def test_modules_are_thin(file: Path) -> None:
    """A module imports the collection only, and its code is short."""
    assert {module.split(".")[0] for module in imports_of(file)} <= {"__future__", "ansible_collections", "typing"}
    tree = ast.parse(file.read_text(encoding="utf-8"))
    code = [
        node
        for node in tree.body
        if not (
            isinstance(node, ast.Assign)
            and getattr(node.targets[0], "id", "") in ("DOCUMENTATION", "EXAMPLES", "RETURN")
        )
    ]
    assert sum((node.end_lineno or node.lineno) - node.lineno + 1 for node in code) <= 60


def test_the_simulator_stands_alone() -> None:
    """The simulator shares no code with the collection, so that they can't share a mistake."""
    files = sorted((ROOT / "tests" / "simulator").glob("*.py"))
    assert files
    for file in files:
        assert not any(name.startswith((PREFIX + "plugins", "plugins")) for name in imports_of(file)), file.name
