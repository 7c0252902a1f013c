# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an expression reads: everything that its answer depends on, or it is not understood."""

from __future__ import annotations

import random
import typing as t

import jinja2
import pytest

from ansible_collections.h444.cloud.plugins.plugin_utils import _expressions
from ansible_collections.h444.cloud.plugins.plugin_utils._expressions import Expression, Missing, follow, understand

READS: dict[str, list[tuple[t.Any, ...]]] = {
    "a": [("a",)],
    " a ": [("a",)],
    "(a)": [("a",)],
    "a.b": [("a", "b")],
    "a['b']": [("a", "b")],
    "a[0].b['c d']": [("a", 0, "b", "c d")],
    "a.b ~ a.c ~ a.b": [("a", "b"), ("a", "c")],
    "a[b]": [("a",), ("b",)],
    "a[b].c": [("a",), ("b",)],
    "a[-1]": [("a",)],
    "a[1:b]": [("a",), ("b",)],
    "a if b else c": [("b",), ("a",), ("c",)],
    "a if b": [("b",), ("a",)],
    "a or b and not c": [("a",), ("b",), ("c",)],
    "a == b and c in [d, 1]": [("a",), ("b",), ("c",), ("d",)],
    "a + b - c * d / e // f % g": [(name,) for name in "abcdefg"],
    "(-a) + (+b)": [("a",), ("b",)],
    "a | upper": [("a",)],
    "a.b | default(c.d)": [("a", "b"), ("c", "d")],
    "a | regex_replace(b, c)": [("a",), ("b",), ("c",)],
    "a | ansible.builtin.upper": [("a",)],
    "a | map(attribute='x') | list": [("a",)],
    "a | map('upper') | join(b)": [("a",), ("b",)],
    "a | selectattr('x', 'equalto', b) | list": [("a",), ("b",)],
    "a | selectattr('x') | list": [("a",)],
    "a | select('match', b) | first": [("a",), ("b",)],
    "a | reject | list": [("a",)],
    "a is match(b)": [("a",), ("b",)],
    "a is not none": [("a",)],
    "a is ansible.builtin.version(b, '>')": [("a",), ("b",)],
    "a.split(b)[0]": [("a",), ("b",)],
    "a.b.get(c, d)": [("a", "b"), ("c",), ("d",)],
    "(a ~ b).upper()": [("a",), ("b",)],
    "a.strip().lower().replace('x', b)": [("a",), ("b",)],
    "[a, (b, 'x')]": [("a",), ("b",)],
    "a, b": [("a",), ("b",)],
    "'constant'": [],
    "5 + 1": [],
    "true": [],
    "none is none": [],
    "inventory_hostname": [("inventory_hostname",)],
}


@pytest.mark.parametrize("text", READS)
def test_what_is_read(text: str) -> None:
    """Every path once."""
    found = understand(text)
    assert found is not None
    assert list(found.reads) == READS[text]
    assert found.text == text


@pytest.mark.parametrize(
    "text",
    [
        # what is not an expression at all
        "", " ", "a |", "a b", "a }}", "{{ a }}", "{% if a %}", "a # comment", "(a", "'a", "a.", "a..b", "a\\",
        "'\\d'", "a\tb", "a\x00", "a\rb",
        # signs at the ends of a tag
        "- a", "-a", "+a", "a -", "a+",
        # names that mean something else, or that change while the inventory grows
        "groups", "hostvars", "hostvars['x'].y", "group_names", "omit", "a | default(omit)", "vars", "vars.a", "now",
        "lookup", "undef", "loop", "self",
        "range", "namespace", "dict", "lipsum", "cycler", "joiner", "play_hosts", "a.b[groups]", "[a, hostvars]",
        "a[hostvars.x]",
        # calls
        "lookup('x')", "query('x')", "q('x')", "now()", "range(3)", "dict(a=1)", "a()", "a.b()", "a.nosuch()",
        "a['split']('x')", "a.split.x()",
        "a.__class__()",
        "a.format(b)", "a.format_map(b)", "a.encode()", "a.pop()", "a.append(1)", "a.update(b)", "a.clear()",
        "a.setdefault(b)", "a.translate(b)",
        "a.split(*b)", "a.split(**b)", "undef()", "super()", "a.split('x')()",
        # filters and tests with memory, clock, chance, disk, or of other collections
        "a | random", "a | shuffle", "a | strftime", "a | to_datetime", "a | hash('md5')", "a | password_hash",
        "a | fileglob", "a | realpath",
        "a | expanduser",
        "a | pprint", "a | string", "a | to_json", "a | extract(b)", "a | community.general.json_query('x')",
        "a | nosuchfilter", "a | xmlattr", "a | tojson",
        "a | attr('x')", "a | map('random')", "a | map('extract', b)", "a | map(b)", "a | map(*b)",
        "a | map(attribute=b, **c)", "a | map('x.y.z')",
        "a | select('nosuchtest')", "a | select(b)", "a | selectattr('x', b)", "a | selectattr('x', 'exists')",
        "a | upper(*b)", "a | select(x=1)",
        "a | map(foo='x')",
        "a is exists", "a is file", "a is callable", "a is sameas b", "a is filter", "a is nosuchtest",
        "a is match(*b)", "a is vaulted_file", "a is escaped",
        # attributes of values themselves
        "a.__class__", "a['__class__']", "a._x", "a['_x']", "a.items", "a['items']", "a.split", "a.b.upper",
        "(a ~ b).real", "a.real",
        "(a ~ b)['upper']", "a.split('x')['_y']",
        # other syntax of Jinja
        "{'a': b}", "a if b else {'x': 1}", "a(b)(c)", "a ** b", "x for x in a", "a.b = c", "caller()", "varargs",
    ],
)  # fmt: skip
def test_what_is_not_understood(text: str) -> None:
    """It goes the plain way."""
    assert understand(text) is None


def test_what_is_not_understood_spoils_all_around_it() -> None:
    """Wherever it stands."""
    around = (
        "%s ~ a",
        "[a, %s]",
        "a if %s else b",
        "a[%s]",
        "a | default(%s)",
        "a is match(%s)",
        "a.split(%s)",
        "(%s).x",
        "not %s",
        "a[1:%s]",
        "a, %s",
    )
    for part in ("now()", "hostvars", "a | random", "a.__class__", "{'x': a}"):
        for whole in around:
            assert understand(whole % part) is None, whole % part


def test_braces_and_backslashes_are_not_understood_even_in_texts() -> None:
    """They could end the template, and cores treat them differently."""
    for text in ("'{'", "'}'", "'#'", "a ~ '\\n'", "'}}'"):
        assert understand(text) is None


def test_huge_and_deep_texts_are_no_error() -> None:
    """Somebody's generated configuration goes the plain way."""
    assert understand("(" * 5000 + "a" + ")" * 5000) is None
    wide = understand("a" + " ~ a" * 20000)
    assert wide is None or wide.reads == (("a",),)
    number = understand("1" * 5000)
    assert number is None or number.reads == ()


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a", ("a",)),
        ("a.b", ("a", "b")),
        ("a['b c']", ("a", "b c")),
        ("a[0]", ("a", 0)),
        ("a[0][1].b", ("a", 0, 1, "b")),
        ("(a.b)", ("a", "b")),
        ("a[-1]", None),
        ("a[1.0]", None),
        ("a[true]", None),
        ("a[none]", None),
        ("a[b]", None),
        ("a[0:1]", None),
        ("a ~ ''", None),
        ("'a'", None),
        ("5", None),
        ("not a", None),
        ("a | upper", None),
    ],
)
def test_paths(text: str, path: t.Any) -> None:
    """Only names, keys and indexes that count from the front."""
    found = understand(text)
    assert found is not None
    assert found.path == path


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("a ~ '.x'", (("a",), ".x")),
        ("'x' ~ a.b ~ a[0]", ("x", ("a", "b"), ("a", 0))),
        ("a ~ b ~ c", (("a",), ("b",), ("c",))),
        ("a ~ 1", None),
        ("a ~ none", None),
        ("a ~ (b + c)", None),
        ("a ~ b | upper", None),
        ("(a ~ b) | upper", None),
        ("a + 'x'", None),
        ("a", None),
        ("'x'", None),
    ],
)
def test_joined(text: str, joined: t.Any) -> None:
    """Texts and paths joined by '~', and nothing else: a number as text is for core to write."""
    found = understand(text)
    assert found is not None
    assert found.joined == joined


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a ~ 1", str),
        ("a == 1", bool),
        ("a < b < c", bool),
        ("not a", bool),
        ("a is defined", bool),
        ("a is not defined", bool),
        ("a in b", bool),
        ("a and b", None),
        ("a or b is defined", None),
        ("a", None),
        ("'x'", None),
        ("true", None),
        ("a | bool", None),
        ("a if b else c == 1", None),
    ],
)
def test_kind(text: str, kind: t.Any) -> None:
    """Only what the syntax alone shows: 'and' gives one of its sides."""
    found = understand(text)
    assert found is not None
    assert found.kind is kind


@pytest.mark.parametrize(
    ("text", "is_choice"),
    [
        ("a if b else c", True),
        ("a, b", True),
        ("(a if b else c) ~ ''", False),
        ("[a, b]", False),
        ("(a, b)", True),
        ("a", False),
    ],
)
def test_is_choice(text: str, is_choice: bool) -> None:
    """These are a syntax error in the conditions of old cores."""
    found = understand(text)
    assert found is not None
    assert found.is_choice is is_choice


def test_plugins_in_use() -> None:
    """The caller asks whether somebody replaced them: filters, tests, and those named in arguments."""
    filters = "a | upper | map('lower') | select('match', 'x') | selectattr('y', 'defined') | join"
    found = understand(filters + " and b is version('1', '>') and c | ansible.builtin.title")
    assert found is not None
    assert found.plugins == {
        ("filter", "upper"), ("filter", "map"), ("filter", "lower"), ("filter", "select"), ("test", "match"),
        ("filter", "selectattr"), ("test", "defined"),
        ("filter", "join"), ("test", "version"), ("filter", "title"),
    }  # fmt: skip
    assert understand("a") == Expression("a", (("a",),), ("a",), None, None, False, frozenset())


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        (("x",), 5, (5, True)),
        (("x", "a"), {"a": None}, (None, True)),
        (("x", "a", 1), {"a": [1, 2]}, (2, True)),
        (("x", "a"), {"b": 1}, (Missing(1), False)),
        (("x", "a", "b"), {"a": {}}, (Missing(2), False)),
        (("x", 0), [], (Missing(1), False)),
        (("x", "a"), [1], (Missing(1), False)),
        (("x", True), [1, 2], (Missing(1), False)),
        (("x", "a"), "text", ((Missing(1), "text"), False)),
        (("x", "a", "b"), {"a": None}, ((Missing(2), None), False)),
        (("x", 0), "text", ((Missing(1), "text"), False)),
        (("x", "a"), None, ((Missing(1), None), False)),
    ],
)
def test_follow(path: t.Any, value: t.Any, found: t.Any) -> None:
    """To the value; or to what the answer depends on where the path ends before."""
    assert follow(value, path) == found


def test_follow_takes_exact_types_only() -> None:
    """A dictionary of another kind may answer in its own way."""

    class Special(dict[str, t.Any]):
        pass

    given = Special(a=1)
    assert follow(given, ("x", "a")) == ((Missing(1), given), False)


class Recorder(dict):  # type: ignore[type-arg]
    """A dictionary that notes which of its keys were asked for, at any depth."""

    def __init__(self, given: dict[str, t.Any], seen: set[tuple[t.Any, ...]], path: tuple[t.Any, ...] = ()) -> None:
        super().__init__(
            {
                key: Recorder(value, seen, (*path, key)) if isinstance(value, dict) else value
                for key, value in given.items()
            }
        )
        self._seen, self._path = seen, path

    def __getitem__(self, key: t.Any) -> t.Any:
        self._seen.add((*self._path, key))
        return super().__getitem__(key)


ATOMS = ["a", "b", "d.x", "d['y']", "d.deep.z", "nothing", "'t'", "7", "d.nope", "l[0]", "n"]
SHAPES = [
    "(%s ~ %s)", "(%s if %s else 'x')", "[%s, %s]", "(%s | default(%s))", "(%s == %s)", "(%s and %s)", "(%s or %s)",
    "(%s in [%s])",
    "(%s | string | replace(%s, 'q'))",
    "((%s ~ '') ~ (%s is defined))", "(not %s) ~ %s", "(%s | upper) ~ (%s | lower)", "((%s ~ 'x').split('x')[0] ~ %s)",
]  # fmt: skip


def random_expression(rng: random.Random, depth: int) -> str:
    """Make an expression."""
    if depth == 0 or rng.random() < 0.2:
        return rng.choice(ATOMS)
    return rng.choice(SHAPES) % (random_expression(rng, depth - 1), random_expression(rng, depth - 1))


def test_nothing_else_is_read() -> None:
    """Whatever Jinja asks for while it evaluates an expression that is understood lies on one of its paths."""
    environment = jinja2.Environment(autoescape=False)
    rng = random.Random(1)
    understood = 0
    for _round in range(600):
        text = random_expression(rng, 3)
        expression = understand(text)
        if expression is None:
            continue
        understood += 1
        seen: set[tuple[t.Any, ...]] = set()
        inner = {"x": "dx", "y": rng.choice([0, 1]), "deep": {"z": "zz"}}
        variables = {"a": rng.choice(["", "x-a", 5]), "b": "b", "n": None, "l": rng.choice([["l"], []]), "d": inner}
        recorder = Recorder(variables, seen)
        try:
            environment.compile_expression(text)(**{name: recorder[name] for name in recorder})
        except Exception:
            pass
        for path in seen:
            if len(path) > 1:
                assert any(path[: len(read)] == read or read[: len(path)] == path for read in expression.reads), (
                    text,
                    path,
                )
    assert understood > 200


def test_the_answer_depends_on_nothing_else() -> None:
    """With everything changed that is not read, Jinja gives the same answer."""
    environment = jinja2.Environment(autoescape=False)
    rng = random.Random(2)
    compared = 0
    for _round in range(600):
        text = random_expression(rng, 3)
        expression = understand(text)
        if expression is None:
            continue
        one: dict[str, t.Any] = {
            "a": "x-a",
            "b": "b",
            "n": None,
            "l": ["l"],
            "d": {"x": "dx", "y": 1, "deep": {"z": "zz"}},
        }
        names = {path[0] for path in expression.reads}
        other = {name: value if name in names else "another" for name, value in one.items()}
        template = environment.from_string("{{ %s }}" % text)
        try:
            expected = template.render(one)
        except Exception:
            continue
        assert template.render(other) == expected, text
        compared += 1
    assert compared > 150


def test_allowed_words_are_cores_or_jinjas() -> None:
    """A word on the lists that nobody knows would be a typing mistake."""
    from ansible.plugins.loader import filter_loader, init_plugin_loader, test_loader

    init_plugin_loader([])
    own = jinja2.Environment(autoescape=False)
    filters = _expressions.FILTERS | set(_expressions.NAMES_ANOTHER)
    assert {name for name in filters if name not in own.filters and filter_loader.get(name) is None} == set()
    assert {name for name in _expressions.TESTS if name not in own.tests and test_loader.get(name) is None} == set()
    assert all(any(hasattr(kind, name) for kind in (str, dict, list)) for name in _expressions.METHODS)
    changing = {
        "append",
        "clear",
        "extend",
        "format",
        "format_map",
        "insert",
        "pop",
        "popitem",
        "remove",
        "setdefault",
        "sort",
        "update",
    }
    assert not _expressions.METHODS & changing
