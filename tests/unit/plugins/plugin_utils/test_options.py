# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options beyond what core reads: empty, structured and templated ones, and values of the wrong type."""

from __future__ import annotations

import os
import typing as t

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.h444.cloud.plugins.module_utils._errors import BadOption
from ansible_collections.h444.cloud.plugins.plugin_utils import _options
from ansible_collections.h444.cloud.plugins.plugin_utils._trust import HAS_TRUST, is_expression, trusted

SHAPES: dict[str, t.Any] = {
    "compose": {}, "filters": [], "groups": {}, "hostnames": ["label"], "ip_groups": {}, "keyed_groups": [],
    "statuses": [],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("H444_"):
            monkeypatch.delenv(name)


def test_empty_variables_are_hidden_and_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours only, also where something goes wrong in between."""
    monkeypatch.setenv("H444_EMPTY", "")
    monkeypatch.setenv("H444_BLANK", " \t")
    monkeypatch.setenv("H444_SET", "x")
    monkeypatch.setenv("OTHER_EMPTY", "")
    before = dict(os.environ)
    with pytest.raises(ZeroDivisionError), _options.without_empty_environment():
        assert "H444_EMPTY" not in os.environ
        assert "H444_BLANK" not in os.environ
        assert os.environ["H444_SET"] == "x"
        assert os.environ["OTHER_EMPTY"] == ""
        raise ZeroDivisionError
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        ("compose", "{a: b}", {"a": "b"}),
        ("compose", "a: b\nc: d", {"a": "b", "c": "d"}),
        ("keyed_groups", "[{key: x}]", [{"key": "x"}]),
        ("keyed_groups", "- key: x", [{"key": "x"}]),
        ("statuses", " [running] ", ["running"]),
        ("ip_groups", '{"x": ["10.0.0.0/8"]}', {"x": ["10.0.0.0/8"]}),
    ],
)
def test_structured_variables(monkeypatch: pytest.MonkeyPatch, option: str, text: str, value: t.Any) -> None:
    """They are YAML, and as trusted as the file; what the file sets wins."""
    monkeypatch.setenv(_options.env_name(option), text)
    found = _options.structured_from_environment(DataLoader(), {})
    assert found == {option: value}
    assert _options.structured_from_environment(DataLoader(), {option: None}) == {}
    if option == "compose":
        assert is_expression(found["compose"]["a"])


@pytest.mark.parametrize(
    ("option", "text"), [("statuses", "running,stopped"), ("hostnames", "label"), ("compose", ""), ("filters", " ")]
)
def test_variables_that_are_left_to_core(monkeypatch: pytest.MonkeyPatch, option: str, text: str) -> None:
    """Words with commas are a list to core; nothing is nothing."""
    monkeypatch.setenv(_options.env_name(option), text)
    assert _options.structured_from_environment(DataLoader(), {}) == {}


@pytest.mark.parametrize(
    ("option", "text", "message"),
    [
        ("compose", "[a]", "H444_INVENTORY_COMPOSE: must be a YAML mapping."),
        ("groups", "up", "H444_INVENTORY_GROUPS: must be a YAML mapping."),
        ("filters", "{a: b}", "H444_INVENTORY_FILTERS: must be a YAML list."),
        ("filters", "[a", "H444_INVENTORY_FILTERS: not valid YAML: "),
    ],
)
def test_structured_variables_that_are_refused(
    monkeypatch: pytest.MonkeyPatch, option: str, text: str, message: str
) -> None:
    """The sentence begins with the variable, and is one line."""
    monkeypatch.setenv(_options.env_name(option), text)
    with pytest.raises(BadOption) as caught:
        _options.structured_from_environment(DataLoader(), {})
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


DEFINITIONS: dict[str, t.Any] = {
    "flag": {"type": "bool", "env": [{"name": "H444_FLAG"}]},
    "count": {"type": "int", "env": [{"name": "CORES_OWN"}, {"name": "H444_COUNT"}]},
    "words": {"type": "list"},
    "map": {"type": "dict"},
    "compose": {"type": "dict", "env": [{"name": "H444_INVENTORY_COMPOSE"}]},
    "name": {"type": "str", "choices": ["a", "b"], "env": None},
    "file": {"type": "path"},
    "any": {},
}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"flag": True}, {"flag": False}, {"flag": "YES"}, {"flag": "off"}, {"flag": 1}, {"flag": 0}, {"flag": None},
        {"flag": "t"},
        {"count": 0}, {"count": 7}, {"count": "7"}, {"count": " 7 "}, {"count": 7.0}, {"count": "7.0"}, {"count": None},
        {"words": []}, {"words": "a,b"}, {"map": {}}, {"name": "a"}, {"file": "~/x"}, {"file": 5}, {"any": "x"},
        {"unknown": object()},
    ],
)  # fmt: skip
def test_types_that_are_right(given: dict[str, t.Any]) -> None:
    """What core takes for what is meant."""
    _options.check_types(given, DEFINITIONS)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"flag": "yess"}, "flag: 'yess' is not true or false."),
        ({"flag": 2}, "flag: '2' is not true or false."),
        ({"flag": []}, "flag: '[]' is not true or false."),
        ({"count": "many"}, "count: 'many' is not a whole number."),
        ({"count": "-1"}, "count: '-1' is not a whole number."),
        ({"count": 1.5}, "count: '1.5' is not a whole number."),
        ({"count": True}, "count: 'True' is not a whole number."),
        ({"count": [1]}, "count: '[1]' is not a whole number."),
        ({"words": {"a": 1}}, "words: '{'a': 1}' is not a list."),
        ({"words": 5}, "words: '5' is not a list."),
        ({"map": []}, "map: '[]' is not a dictionary."),
        ({"name": "c"}, "name: 'c' is not one of a, b."),
        ({"name": ["a"]}, "name: '['a']' is not a single value."),
        ({"file": {}}, "file: '{}' is not a single value."),
    ],
)
def test_types_that_are_wrong(given: dict[str, t.Any], message: str) -> None:
    """One sentence with the option, the value and what it would have to be."""
    with pytest.raises(BadOption) as caught:
        _options.check_types(given, DEFINITIONS)
    assert str(caught.value) == message


def test_a_key_of_the_wrong_type_is_not_shown() -> None:
    """The message of every other option shows the value."""
    with pytest.raises(BadOption) as caught:
        _options.check_types({"api_key": ["hunter2"]}, {"api_key": {"type": "str"}})
    assert str(caught.value) == "api_key: its value is not a single value."


def test_types_of_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours are looked at where the file has nothing; core's are core's."""
    monkeypatch.setenv("CORES_OWN", "many")
    monkeypatch.setenv("H444_INVENTORY_COMPOSE", "{a: b}")
    _options.check_types({}, DEFINITIONS)
    monkeypatch.setenv("H444_COUNT", "many")
    _options.check_types({"count": 5}, DEFINITIONS)
    with pytest.raises(BadOption, match=r"^H444_COUNT: 'many' is not a whole number\.$"):
        _options.check_types({"count": None}, DEFINITIONS)


def test_shapes_that_are_right() -> None:
    """Every form that the documentation shows."""
    _options.check_shapes(SHAPES)
    filters = [{"include": "h444_label == 'a'"}, {"exclude": True}]
    keyed = [
        {"key": "a", "prefix": "p", "separator": "", "parent_group": "g", "default_value": "d"},
        {"key": "a", "trailing_separator": False},
    ]
    networks = {"a": ["10.0.0.0/8"], "b": "10.0.0.0/8", "c": None}
    more = {"compose": {"a": "b"}, "groups": {"up": True}, "hostnames": ["ptr", "id"], "statuses": ["running"]}
    _options.check_shapes({**SHAPES, **more, "filters": filters, "keyed_groups": keyed, "ip_groups": networks})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"filters": [{"include": "x", "exclude": "y"}]}, "filters: each entry must be one condition"),
        ({"filters": [{"only": "x"}]}, "filters: each entry must be one condition"),
        ({"filters": ["x"]}, "filters: each entry must be one condition"),
        ({"filters": [{}]}, "filters: each entry must be one condition"),
        ({"compose": {5: "x"}}, "compose: '5' is not a valid name."),
        ({"groups": {"": "x"}}, "groups: '' is not a valid name."),
        ({"ip_groups": {None: []}}, "ip_groups: 'None' is not a valid name."),
        ({"ip_groups": {"x": {"a": 1}}}, "ip_groups: 'x' must be a list of networks"),
        (
            {"keyed_groups": [{"key": "x", "prefx": "y"}]},
            "keyed_groups: there is no option 'prefx' in an entry (did you mean prefix?).",
        ),
        ({"keyed_groups": [None]}, "keyed_groups: each entry must be a dictionary"),
        ({"hostnames": []}, "hostnames: must not be empty"),
        ({"hostnames": [["a"]]}, "hostnames: '['a']' is not a string"),
        ({"statuses": [5]}, "statuses: '5' is not a string"),
    ],
)
def test_shapes_that_are_refused(given: dict[str, t.Any], message: str) -> None:
    """What core would pass over, or stumble over later."""
    with pytest.raises(BadOption) as caught:
        _options.check_shapes({**SHAPES, **given})
    assert message in str(caught.value)


def test_unknown_options() -> None:
    """With the closest name; the user's own keys are not looked at."""
    found = _options.unknown_options(
        ["plugin", "label_patern", "x-mine", "_mine", 5, "group"], ["label_pattern", "group"]
    )
    assert found == [
        "There is no option 'label_patern' (did you mean label_pattern?); it is ignored.",
        "There is no option '5'; it is ignored.",
    ]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (None, None),
        ("", None),
        ("x", "x"),
        ("{{ a }}", "secret"),
        ("{{ nothing_at_all | default('') }}", None),
        ("{{ b }}-{{ a }}", "5-secret"),
    ],
)
def test_render(value: t.Any, found: str | None) -> None:
    """Templates of the file, and plain text; an empty result is none."""
    templar = Templar(loader=DataLoader())
    assert _options.render(templar, {"a": "secret", "b": 5}, "api_key", trusted(value) if value else value) == found


def test_render_fails_without_the_value() -> None:
    """The sentence names the option and never what is in it."""
    templar = Templar(loader=DataLoader())
    with pytest.raises(BadOption) as caught:
        _options.render(templar, {"a": "hunter2"}, "api_key", trusted("{{ a ~ nothing_at_all }}"))
    assert str(caught.value).startswith("api_key: the template failed: ")
    assert "hunter2" not in str(caught.value)


@pytest.mark.skipif(not HAS_TRUST, reason="before ansible-core 2.19 every string is a template")
def test_render_of_text_that_is_not_trusted() -> None:
    """A key from a variable of the environment is not a template."""
    assert _options.render(Templar(loader=DataLoader()), {"a": "x"}, "api_key", "{{ a }}") == "{{ a }}"
