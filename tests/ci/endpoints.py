# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes two pages of the documentation from the code: the endpoints with their users, and the scopes that a key needs.

The users of an endpoint are read from the source: from a module's entry along every name that it mentions, down to the
constants that declare endpoints. `make docs` writes the pages; a test compares them with what this file would write.
"""

from __future__ import annotations

import ast
import re
import sys
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"
PAGES = ROOT / "docs" / "docsite" / "rst"
RAW = "h444_api"  # reaches every endpoint, so it tells nothing about coverage
INVENTORY = "h444 (inventory)"
HEADER = """..
  Copyright (c) 2026, h444.cloud contributors
  GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later
  This page is written by "make docs"; change tests/ci/endpoints.py instead.

"""


class Endpoint(t.NamedTuple):
    """A declaration, as it stands in the source."""

    method: str
    path: str
    scope: str
    resend: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


Node = t.Tuple[str, str]


class Source:
    """The names that the collection's Python files define, and what each of them mentions."""

    def __init__(self) -> None:
        self.endpoints: dict[Node, Endpoint] = {}
        self._mentions: dict[Node, set[Node]] = {}
        folders = ("module_utils", "plugin_utils", "modules", "inventory")
        for file in sorted(file for folder in folders for file in PLUGINS.glob(f"{folder}/*.py")):
            self._read(file)

    def _read(self, file: Path) -> None:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        place = file.stem
        modules: dict[str, str] = {}
        names: dict[str, Node] = {}
        for found in ast.walk(tree):
            if isinstance(found, ast.ImportFrom):
                origin = (found.module or "").rsplit(".", 1)[-1]
                for alias in found.names:
                    name = alias.asname or alias.name
                    if origin in ("", "module_utils", "plugin_utils"):
                        modules[name] = alias.name
                    else:
                        names[name] = (origin, alias.name)
        defined: dict[str, ast.stmt] = {}
        for statement in tree.body:
            if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
                defined[statement.name] = statement
            elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
                targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                for target in targets:
                    if isinstance(target, ast.Name):
                        defined[target.id] = statement
        names.update({name: (place, name) for name in defined})
        for name, statement in defined.items():
            endpoint = _endpoint(statement)
            if endpoint is not None:
                self.endpoints[place, name] = endpoint
            # A list of all that a file declares is nobody's use of it.
            self._mentions[place, name] = set() if name == "ENDPOINTS" else set(_mentioned(statement, modules, names))

    def used_by(self, place: str) -> set[Endpoint]:
        """Follow every name that a file mentions, and give the endpoints that are met."""
        todo = [node for node in self._mentions if node[0] == place]
        met: set[Node] = set()
        while todo:
            node = todo.pop()
            if node not in met:
                met.add(node)
                todo += self._mentions.get(node, ())
        return {self.endpoints[node] for node in met if node in self.endpoints}


def _endpoint(statement: ast.stmt) -> Endpoint | None:
    call = getattr(statement, "value", None)
    if (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "Endpoint"
        and len(call.args) >= 3
    ):
        method, path, scope = (ast.literal_eval(argument) for argument in call.args[:3])
        resend = call.args[3].id.lower() if len(call.args) > 3 and isinstance(call.args[3], ast.Name) else "always"
        return Endpoint(method, path, scope, resend)
    return None


def _mentioned(statement: ast.stmt, modules: t.Mapping[str, str], names: t.Mapping[str, Node]) -> t.Iterator[Node]:
    for found in ast.walk(statement):
        if isinstance(found, ast.Attribute) and isinstance(found.value, ast.Name) and found.value.id in modules:
            yield modules[found.value.id], found.attr
        elif isinstance(found, ast.Name) and found.id in names:
            yield names[found.id]


def opt_in_scopes() -> set[str]:
    """Read which scopes a key lacks unless it is asked for them."""
    text = (PLUGINS / "module_utils" / "_answers.py").read_text(encoding="utf-8")
    (found,) = re.findall(r"^OPT_IN_SCOPES = frozenset\((\{.*\})\)$", text, re.MULTILINE)
    return ast.literal_eval(found)


class Coverage(t.NamedTuple):
    """Every endpoint, and the surfaces that use it."""

    endpoints: list[Endpoint]
    surfaces: dict[str, set[Endpoint]]
    roles: dict[str, set[str]]
    opt_in: set[str]


def read() -> Coverage:
    """Read the collection."""
    source = Source()
    # A sign-in asks for no scope: it is how one gets some.
    declared = sorted(
        {endpoint for endpoint in source.endpoints.values() if endpoint.scope}, key=lambda one: (one.path, one.method)
    )
    surfaces = {
        file.stem: source.used_by(file.stem) & set(declared) for file in sorted((PLUGINS / "modules").glob("h444_*.py"))
    }
    surfaces[INVENTORY] = source.used_by("h444") & set(declared)
    surfaces.pop(RAW, None)
    roles = {}
    for folder in sorted(ROOT.glob("roles/*/tasks")):
        text = "".join(file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.yml")))
        roles[folder.parent.name] = set(re.findall(r"h444\.cloud\.(h444_\w+):", text))
    return Coverage(declared, surfaces, roles, opt_in_scopes())


def needs(coverage: Coverage, surface: str) -> dict[str, list[Endpoint]]:
    """Group the endpoints of a module by what they are needed for: to read, to order, then each writing scope."""
    used = sorted(coverage.surfaces[surface], key=lambda one: (one.scope, one.path, one.method))
    orders = any(endpoint.scope == "orders:write" for endpoint in used)
    groups: dict[str, list[Endpoint]] = {}
    for endpoint in used:
        if endpoint.scope == "orders:write" or (orders and endpoint.scope == "account:read"):
            kind = "to order"
        else:
            kind = "always" if endpoint.method == "GET" else "to change"
        groups.setdefault(kind, []).append(endpoint)
    return groups


def _joined(items: t.Iterable[str], first: str, indent: int) -> str:
    """Join items with commas, in lines of at most 120 characters."""
    lines = [first]
    for item in items:
        if lines[-1] == first or len(lines[-1]) + len(item) <= 118:
            lines[-1] += item + ", "
        else:
            lines.append(" " * indent + item + ", ")
    return "\n".join(line.rstrip() for line in lines).rstrip(",")


def _scopes(endpoints: t.Iterable[Endpoint]) -> str:
    return ", ".join(f"``{scope}``" for scope in sorted({endpoint.scope for endpoint in endpoints})) or "–"


def _title(text: str, line: str = "-") -> str:
    return f"{text}\n{line * len(text)}\n"


def _table(head: t.Sequence[str], rows: t.Iterable[t.Sequence[str]]) -> str:
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in (head, *rows):
        lines += [f"   {'*' if number == 0 else ' '} - {cell}" for number, cell in enumerate(row)]
    return "\n".join(lines) + "\n"


def _link(surface: str) -> str:
    if surface == INVENTORY:
        return ":ansplugin:`h444.cloud.h444#inventory`"
    return f":ansplugin:`h444.cloud.{surface}#module`"


def scopes_page(coverage: Coverage) -> str:
    """Write which scopes a key needs."""
    rows = []
    for surface in sorted(coverage.surfaces):
        groups = needs(coverage, surface)
        if groups:
            rows.append(
                (_link(surface), *(_scopes(groups.get(kind, ())) for kind in ("always", "to change", "to order")))
            )
    parts = [
        HEADER,
        ".. _ansible_collections.h444.cloud.docsite.guide_scopes:\n\n",
        _title("Which scopes does my key need?", "="),
        "\nThe scopes of an API key limit what it can do. For each playbook, create a key with only the scopes of the\n"
        "modules that it uses. If a key lacks a scope, the API responds with 403, and the error message of the module\n"
        "names the scope.\n\n"
        + f"The scopes {_scopes_of_names(coverage.opt_in)} are opt-in: a new key has them\nonly if you select them. "
        "They spend money or destroy data. Do not select them for keys that only read.\n\n",
        _title("By module"),
        "\nThe scopes under *Always* are required in every run, also in check mode and if nothing changes. The scopes\n"
        "under *To change* and *To order* are required only for states and options that do so. The lists below show\n"
        "which endpoints require which scope.\n\n",
        _table(("Module or plugin", "Always", "To change", "To order"), rows),
        "\n:ansplugin:`h444.cloud.h444_api#module` requires the scope of the endpoint that it calls. See\n"
        ":ref:`the endpoints <ansible_collections.h444.cloud.docsite.endpoints>`. "
        "The sign-in modules require no key.\n\n",
    ]
    if coverage.roles:
        role_rows = []
        for role, modules in coverage.roles.items():
            used = [group for module in sorted(modules & set(coverage.surfaces)) for group in [needs(coverage, module)]]
            cells = [
                _scopes(one for group in used for one in group.get(kind, ()))
                for kind in ("always", "to change", "to order")
            ]
            role_rows.append((f":ansplugin:`h444.cloud.{role}#role`", *cells))
        parts += [
            _title("By role"),
            "\nA role requires the scopes of its modules. The table also lists scopes of options that the role\n"
            "does not use.\n\n",
        ]
        parts += [_table(("Role", "Always", "To change", "To order"), role_rows), "\n"]
    parts.append(_title("Endpoints of each scope by module"))
    for surface in sorted(coverage.surfaces):
        if coverage.surfaces[surface]:
            parts.append(f"\n{_link(surface)}\n\n")
            by_scope: dict[str, list[str]] = {}
            for endpoint in sorted(coverage.surfaces[surface], key=lambda one: (one.scope, one.path, one.method)):
                by_scope.setdefault(endpoint.scope, []).append(f"``{endpoint}``")
            parts += [_joined(calls, f"* ``{scope}``: ", 2) + "\n" for scope, calls in by_scope.items()]
    return "".join(parts)


def _scopes_of_names(names: t.Iterable[str]) -> str:
    *most, last = (f"``{name}``" for name in sorted(names))
    return f"{', '.join(most)} and {last}"


def endpoints_page(coverage: Coverage) -> str:
    """Write the table of endpoints."""
    resend = {"always": "yes", "with_key": "with the same Idempotency-Key", "never": "no"}
    rows = []
    for endpoint in coverage.endpoints:
        users = [_link(surface) for surface in sorted(coverage.surfaces) if endpoint in coverage.surfaces[surface]]
        opt_in = " (opt-in)" if endpoint.scope in coverage.opt_in else ""
        rows.append(
            (
                f"``{endpoint}``",
                f"``{endpoint.scope}``{opt_in}",
                resend[endpoint.resend],
                _joined(users, " " * 7, 7).lstrip() or "–",
            )
        )
    return "".join(
        [
            HEADER,
            ".. _ansible_collections.h444.cloud.docsite.endpoints:\n\n",
            _title("Endpoints", "="),
            "\nThis page lists every endpoint of the API v1.4 with the scope that it requires and the modules that\n"
            "use it. It also shows whether the client resends a request automatically if the reply is lost.\n"
            ":ansplugin:`h444.cloud.h444_api#module` can call every endpoint, including new ones.\n\n"
            "The documentation of the provider counts 43 endpoints. It lists the three power actions of a server as\n"
            "one. This page lists them separately, because a restart must not be sent twice.\n\n",
            _table(("Endpoint", "Scope", "Resent", "Used by"), rows),
        ]
    )


def pages() -> dict[Path, str]:
    """Write every page that is made from the code."""
    coverage = read()
    return {PAGES / "guide_scopes.rst": scopes_page(coverage), PAGES / "endpoints.rst": endpoints_page(coverage)}


def main() -> int:
    """Write the pages."""
    for file, text in pages().items():
        file.write_text(text, encoding="utf-8")
        print(f"wrote {file.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
