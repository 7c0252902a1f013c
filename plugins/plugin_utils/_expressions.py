# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a Jinja expression reads, and whether its result depends on nothing else. Pure.

An expression that is understood has the same result for the same inputs, so it need not be evaluated for every host.
The rules are lists of what is allowed. An expression with any other filter, method or name is evaluated the plain way.
"""

# pylint: disable=unidiomatic-typecheck  # an exact type is what makes a fast way safe

from __future__ import annotations

import functools
import re
import typing as t

from jinja2 import Environment, nodes
from jinja2.exceptions import TemplateError

Path = t.Tuple[t.Any, ...]
"""The name of a variable, then the keys (str) and indexes (int) that lead into it: ("h444_specs", "vcpu")."""


class Expression(t.NamedTuple):
    """An expression that is understood."""

    text: str
    reads: tuple[Path, ...]
    """Everything on which the result depends."""
    path: Path | None
    """Set if the expression is nothing but this path."""
    joined: tuple[Path | str, ...] | None
    """Set if the expression only joins paths and texts with ``~``."""
    kind: type | None
    """The type of every result, if the expression shows it."""
    is_choice: bool
    """Set if the whole expression is ``a if b else c`` or ``a, b``."""
    plugins: frozenset[tuple[str, str]]
    """The filters and tests in use, as ("filter", "upper"); the caller knows whether somebody replaced them."""


# Names with a special meaning for core, or whose values change while the inventory grows.
SPECIAL_NAMES = frozenset(
    "caller context cycler dict environment false group_names groups hostvars joiner lipsum lookup loop namespace"
    " none now omit play_hosts ansible_play_hosts ansible_play_batch q query range role_names self super template"
    " true undef varargs kwargs vars".split()
)

# Methods of strings and dicts whose result depends on the value alone, and that change nothing.
METHODS = frozenset(
    "capitalize casefold count endswith find get index isalnum isalpha isdecimal isdigit islower isnumeric"
    " isspace istitle isupper items join keys lower lstrip partition removeprefix removesuffix replace rfind"
    " rindex rpartition rsplit rstrip split splitlines startswith strip swapcase title upper values zfill".split()
)

FILTERS = frozenset(
    "abs b64decode b64encode basename bool capitalize center count d default dict2items difference dirname first"
    " flatten float int intersect items2dict join last length list lower max min regex_escape regex_findall"
    " regex_replace regex_search replace reverse round sort splitext split sum symmetric_difference ternary title"
    " trim truncate union unique upper wordcount".split()
)
"""Filters without memory, clock, chance or disk."""

NAMES_ANOTHER = {
    "map": ("filter", 0),
    "select": ("test", 0),
    "reject": ("test", 0),
    "selectattr": ("test", 1),
    "rejectattr": ("test", 1),
}
"""Filters with an argument that names another filter, or a test: which of both, and the argument's place."""

TESTS = frozenset(
    "!= < <= == > >= boolean contains defined divisibleby eq equalto even false falsy float ge greaterthan gt in"
    " integer iterable le lessthan lower lt mapping match ne none number odd regex search sequence string subset"
    " superset true truthy undefined upper version version_compare".split()
)

KNOWN_PLUGINS = {"filter": FILTERS, "test": TESTS}

ALLOWED_NODES = frozenset(
    {
        nodes.Add, nodes.And, nodes.Call, nodes.Compare, nodes.Concat, nodes.CondExpr, nodes.Const, nodes.Div,
        nodes.Filter, nodes.FloorDiv, nodes.Getattr, nodes.Getitem, nodes.Keyword, nodes.List, nodes.Mod, nodes.Mul,
        nodes.Name, nodes.Neg, nodes.Not, nodes.Operand, nodes.Or, nodes.Pos, nodes.Slice, nodes.Sub, nodes.Test,
        nodes.Tuple,
    }
)  # fmt: skip

# Braces and "#" could end or open something, backslashes are treated differently by each core, and a sign at the end
# of the tag controls whitespace.
ODD_TEXT = re.compile(r"[{}\\#\x00-\x09\x0b-\x1f]|\A\s*[-+]|[-+]\s*\Z")

ATTRIBUTES = frozenset(name for kind in (str, dict, list, int, float) for name in dir(kind))
"""Built-in attributes of values: they take precedence over keys, and their text contains a memory address."""


@functools.lru_cache(maxsize=256)
def understand(text: str) -> Expression | None:
    """Read an expression. None: it is evaluated the plain way."""
    if not text.strip() or ODD_TEXT.search(text):
        return None
    try:
        body = Environment().parse("{{ %s }}" % text).body  # nosec: it is only parsed, never rendered
    except (TemplateError, RecursionError, ValueError, OverflowError):
        return None
    if len(body) != 1 or not isinstance(body[0], nodes.Output) or len(body[0].nodes) != 1:
        return None
    root = body[0].nodes[0]
    if isinstance(root, nodes.TemplateData):
        return None
    plugins: set[tuple[str, str]] = set()
    reads: list[Path] = []
    if not _walk(root, reads, plugins):
        return None
    return Expression(
        text=text,
        reads=tuple(dict.fromkeys(reads)),
        path=_path(root),
        joined=_joined(root),
        kind=_kind(root),
        is_choice=isinstance(root, (nodes.CondExpr, nodes.Tuple)),
        plugins=frozenset(plugins),
    )


def _joined(node: nodes.Node) -> tuple[Path | str, ...] | None:
    if not isinstance(node, nodes.Concat):
        return None
    parts: list[Path | str] = []
    for part in node.nodes:
        found = part.value if isinstance(part, nodes.Const) else _path(part)
        if not isinstance(found, (str, tuple)):
            return None
        parts.append(found)
    return tuple(parts)


def _kind(node: nodes.Node) -> type | None:
    if isinstance(node, nodes.Concat):
        return str
    return bool if isinstance(node, (nodes.Compare, nodes.Not, nodes.Test)) else None


def _walk(node: nodes.Node, reads: list[Path], plugins: set[tuple[str, str]]) -> bool:
    """Collect what *node* reads and uses; False as soon as something is not understood."""
    if type(node) not in ALLOWED_NODES:
        return False
    path = _path(node)
    if path is not None:
        reads.append(path)
        return path[0] not in SPECIAL_NAMES
    return _is_understood(node, plugins) and all(_walk(part, reads, plugins) for part in _parts(node))


def _is_understood(node: nodes.Node, plugins: set[tuple[str, str]]) -> bool:
    """Return whether a node is understood, apart from its parts, and note the filters and tests that it uses."""
    if isinstance(node, nodes.Name):
        return False  # as a path it would have been read
    if isinstance(node, nodes.Getattr):
        return not _is_attribute(node.attr)
    if isinstance(node, nodes.Getitem):
        # Subscripts fall back to attributes.
        return not (isinstance(node.arg, nodes.Const) and _is_attribute(node.arg.value))
    if not isinstance(node, (nodes.Call, nodes.Filter, nodes.Test)):
        return True
    if node.dyn_args or node.dyn_kwargs:
        return False
    if isinstance(node, nodes.Call):
        return isinstance(node.node, nodes.Getattr) and node.node.attr in METHODS
    return _uses_known_plugins(node, plugins)


def _parts(node: nodes.Node) -> t.Iterable[nodes.Node]:
    """Return the parts of a node; for the call of a method, its object and arguments."""
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr):
        return [node.node.node, *node.args, *node.kwargs]
    return node.iter_child_nodes()


def _is_attribute(key: t.Any) -> bool:
    """Return whether a value may have a built-in attribute of this name."""
    return isinstance(key, str) and (key in ATTRIBUTES or key.startswith("_"))


def _uses_known_plugins(node: nodes.Filter | nodes.Test, plugins: set[tuple[str, str]]) -> bool:
    """Note the filters and tests of a node, and those named by its arguments; False if one is not known."""
    kind = "filter" if isinstance(node, nodes.Filter) else "test"
    name = node.name.removeprefix("ansible.builtin.")
    plugins.add((kind, name))
    if name in KNOWN_PLUGINS[kind]:
        return True
    if kind == "test" or name not in NAMES_ANOTHER:
        return False
    other, place = NAMES_ANOTHER[name]
    if len(node.args) <= place:
        # map(attribute='x') takes no filter, and select() no test.
        return {part.key for part in node.kwargs} <= ({"attribute", "default"} if other == "filter" else set())
    argument = node.args[place]
    named = argument.value if isinstance(argument, nodes.Const) else None
    plugins.add((other, str(named)))
    return named in KNOWN_PLUGINS[other]


def _path(node: nodes.Node) -> Path | None:
    """Return the path of a node, None if it is something else."""
    keys: list[str | int] = []
    at: t.Any = node
    while not isinstance(at, nodes.Name):
        key = _key(at)
        if key is None:
            return None
        keys.append(key)
        at = at.node
    # find_all would also find names that are set; an expression has none.
    return (at.name, *reversed(keys)) if at.ctx == "load" else None


def _key(node: nodes.Node) -> str | int | None:
    """Return the key or index with which a node looks into a value; None if it does something else."""
    if isinstance(node, nodes.Getattr):
        key = node.attr
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        key = node.arg.value
    else:
        return None
    is_index = type(key) is int and key >= 0
    return key if is_index or (type(key) is str and not _is_attribute(key)) else None


class Missing(t.NamedTuple):
    """A value that does not exist; *depth* keys of its path were found."""

    depth: int


def follow(value: t.Any, path: Path) -> tuple[t.Any, bool]:
    """Follow a path from its second part on; True with the value if every step is an existing key or index.

    Otherwise the result depends on the last value found, or only on how far the path exists.
    """
    for depth, key in enumerate(path[1:], 1):
        kind = type(value)
        if kind is dict:
            if key not in value:
                return Missing(depth), False
        elif kind is list:
            if type(key) is not int or key >= len(value):
                return Missing(depth), False
        else:
            return (Missing(depth), value), False
        value = value[key]
    return value, True
