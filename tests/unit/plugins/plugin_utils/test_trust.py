# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which strings are plain, and that core treats the others as data. The same questions are asked on every core."""

from __future__ import annotations

import base64
import string
import typing as t

import pytest
from ansible import context
from ansible.module_utils.common.collections import ImmutableDict
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.h444.cloud.plugins.plugin_utils._trust import (
    HAS_TRUST,
    Marker,
    is_expression,
    is_plain,
    settled,
    trusted,
)

if HAS_TRUST:
    from ansible.template import is_trusted_as_template

PLAIN = [
    "", " ", "web-1", "10.0.0.1:22", "2001:db8::1", "a@b.example", "x/y", "a+b,c=d", "under_score", "Müşteri 7", "日本",
    "true", "null",
    "2026-01-01T00:00:00Z",
]  # fmt: skip
HOSTILE = [
    "{{ 1 + 1 }}", "{% raw %}", "{# x #}", "#jinja2:x", "#jinja2: variable_start_string:'[['\n[[ 1 ]]", "{", "}",
    "lookup('pipe', 'x')", "a|b", "it's", '"',
    "(", "[x]", "\\", "$x", "`x`", "~x", "!x", "&x", "*", "x;y", "a<b", "x?", "100%", "x\ny", "web\n", "\t", "\x00",
    "\x1b[31m", "\u202e", "\u2028", "\ufeff",
]  # fmt: skip


@pytest.fixture(params=[False, True], ids=["in a play", "by ansible-inventory"])
def listing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """The command: one that evaluates variables, or the one that only shows them."""
    monkeypatch.setattr(context, "CLIARGS", ImmutableDict({"export": False} if request.param else {}))
    return bool(request.param)


def templated(value: t.Any) -> t.Any:
    """Let core template a value, as it does with the variables of hosts."""
    return Templar(loader=DataLoader(), variables={"given": value}).template(trusted("{{ given }}"))


def is_marked(value: str) -> bool:
    """Tell whether core would not take a string for a template."""
    return not is_trusted_as_template(value) if HAS_TRUST else bool(getattr(value, "__UNSAFE__", False))


@pytest.mark.parametrize("text", PLAIN)
def test_plain(text: str, listing: bool) -> None:
    """Plain strings come out as those of a static inventory; before 2.19 only where nothing is evaluated any more."""
    assert is_plain(text)
    found = Marker().text(text)
    assert found == text
    assert is_marked(found) is not (HAS_TRUST or listing)
    assert templated(found) == text


@pytest.mark.parametrize(
    "expression", ["given | b64decode", "[given | b64decode]", "{'a': given | b64decode}", "(given ~ '') | b64decode"]
)
def test_what_an_expression_makes_of_a_string_is_data(expression: str) -> None:
    """Core itself keeps it from being a template, in a play as in the inventory."""
    encoded = base64.b64encode(b"{{ 1 + 1 }}").decode()
    assert is_plain(encoded)
    once = Templar(loader=DataLoader(), variables={"given": Marker().text(encoded)}).template(
        trusted("{{ %s }}" % expression)
    )
    assert "{{ 1 + 1 }}" in str(once)
    assert "{{ 1 + 1 }}" in str(templated(once))
    assert "{{ 1 + 1 }}" in str(templated(settled(once)))


@pytest.mark.parametrize("text", HOSTILE)
def test_not_plain(text: str) -> None:
    """All others are marked, and templating them changes nothing."""
    assert not is_plain(text)
    found = Marker().text(text)
    assert found == text
    assert is_marked(found)
    assert templated(found) == text


def test_every_mark_of_ascii() -> None:
    """What is plain is a list; a further mark would have to be thought about."""
    plain = {mark for mark in map(chr, range(128)) if is_plain("a%sb" % mark)}
    assert plain == set(string.ascii_letters + string.digits + "_ .:@/+,=-")


def test_a_plain_string_is_plain_to_its_end() -> None:
    """A line break at the end is one."""
    assert not is_plain("web\n")
    assert not is_plain("web{{ x }}")
    assert not is_plain("\nweb")


@pytest.mark.parametrize("text", ["web\ud800", "\udfff{{ x }}", "\ud83d"])
def test_lone_surrogates_become_the_replacement_character(text: str) -> None:
    """They can't be encoded: one would end a whole play before core 2.19."""
    found = Marker().text(text)
    assert "\ufffd" in found
    found.encode("utf-8")
    assert is_marked(found)


def test_equal_strings_are_one_object() -> None:
    """A fleet repeats itself; its memory need not."""
    marker = Marker()
    for text in ("running", "{{ x }}"):
        first = marker.text("".join(list(text)))
        assert marker.text("".join(list(text))) is first
        assert marker.value({"a": ["".join(list(text))]})["a"][0] is first


def test_values_of_every_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers are copied, strings marked at any depth and as keys, everything else is left."""
    monkeypatch.setattr(context, "CLIARGS", ImmutableDict({"export": False}))
    given: dict[str, t.Any] = {
        "a": [1, 1.5, None, True, "{{ x }}", ["{{ x }}", {"{{ k }}": "{{ v }}", "ip": "{{ ip }}"}]],
        "ptr": "plain",
        "n": {"ip": []},
    }
    found = Marker().value(given)
    assert found == given
    assert found is not given
    assert found["a"] is not given["a"]
    assert found["a"][5][1] is not given["a"][5][1]
    assert [type(item).__name__ for item in found["a"][:4]] == ["int", "float", "NoneType", "bool"]
    inner = found["a"][5]
    assert is_marked(found["a"][4])
    assert is_marked(inner[0])
    assert all(is_marked(key) for key in inner[1] if key.startswith("{"))
    assert is_marked(inner[1]["{{ k }}"])
    assert is_marked(inner[1]["ip"]), "known names of fields say nothing about their values"
    assert not is_marked(found["ptr"])
    assert templated(found) == given


def test_a_mapping_without_some_keys() -> None:
    """For addresses, which don't repeat their owner; the original stays whole."""
    given = {"ip": "10.0.0.1", "vps_id": "1", "deep": {"vps_id": "2"}}
    assert Marker().mapping(given, {"vps_id"}) == {"ip": "10.0.0.1", "deep": {"vps_id": "2"}}
    assert given["vps_id"] == "1"


def test_what_core_evaluates() -> None:
    """Where trust exists only trusted strings are expressions; before, any string is."""
    assert is_expression(trusted("h444_label"))
    assert is_expression("h444_label") is not HAS_TRUST
    for value in (None, 5, True, ["x"], {"x": 1}):
        assert not is_expression(value)


def test_trusted_text_is_a_template() -> None:
    """Otherwise nothing above would prove anything."""
    assert Templar(loader=DataLoader(), variables={"x": 5}).template(trusted("{{ x }}")) in (5, "5")


@pytest.mark.parametrize("text", PLAIN)
def test_settled_plain_strings(text: str, listing: bool) -> None:
    """A plain result of an expression comes out as a plain string of the API does, wherever it came from."""
    for given in (text, trusted(text), wrap_var(text)):
        found = settled(given)
        assert found == text
        assert is_marked(found) is not (HAS_TRUST or listing)
        assert HAS_TRUST or not listing or type(found) is str  # pylint: disable=unidiomatic-typecheck


@pytest.mark.parametrize("text", HOSTILE)
def test_settled_strings_that_are_not_plain(text: str, listing: bool) -> None:
    """Marked ones stay marked, and before 2.19 all are: what was made of the API's strings doesn't show that."""
    marked = Marker().text(text)
    assert settled(marked) is marked
    assert is_marked(settled(marked))
    assert is_marked(settled(trusted(text))) is not HAS_TRUST, "from 2.19 on core doesn't trust what an expression made"


@pytest.mark.skipif(HAS_TRUST, reason="from ansible-core 2.19 on every result is data")
@pytest.mark.parametrize("value", [("{{ x }}",), {"{{ x }}": 1}, {"{{ x }}"}, b"{{ x }}", [{"a": ("{{ x }}",)}]])
def test_settled_values_of_every_kind(value: t.Any) -> None:
    """Native Jinja gives tuples and sets, too; keys count."""
    assert "{{ x }}" in str(templated(settled(value)))
    for one in _inside(settled(value)):
        assert isinstance(one, int) or getattr(one, "__UNSAFE__", False)


def _inside(value: t.Any) -> t.Iterator[t.Any]:
    if isinstance(value, dict):
        for pair in value.items():
            yield from _inside(pair)
    elif isinstance(value, (list, tuple, set)):
        for item in value:
            yield from _inside(item)
    else:
        yield value


def test_settled_surrogates() -> None:
    """An expression can make them, too."""
    assert settled("web\ud800") == "web\ufffd"


def test_settled_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    """At any depth, as copies: no two hosts share one."""
    monkeypatch.setattr(context, "CLIARGS", ImmutableDict({"export": False}))
    given: dict[str, t.Any] = {"a": [wrap_var("web"), {"b": Marker().text("{{ x }}")}], "n": 1}
    found = settled(given)
    assert found == given
    assert found is not given
    assert found["a"] is not given["a"]
    assert found["a"][1] is not given["a"][1]
    assert not is_marked(found["a"][0])
    assert is_marked(found["a"][1]["b"])
    assert settled(5) == 5
    assert settled(None) is None
