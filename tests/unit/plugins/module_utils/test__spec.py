# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of argument specs: what the environment gives, and how a spec is put together."""

from __future__ import annotations

import pytest
from ansible.module_utils.basic import AnsibleFallbackNotFound

from ansible_collections.h444.cloud.plugins.module_utils import _spec

VARIABLE = "H444_PROTECTED"


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some controllers inject empty ones."""
    monkeypatch.delenv("H444_API_KEY", raising=False)
    with pytest.raises(AnsibleFallbackNotFound):
        _spec.environment("H444_API_KEY")
    monkeypatch.setenv("H444_API_KEY", "")
    with pytest.raises(AnsibleFallbackNotFound):
        _spec.environment("H444_API_KEY")
    monkeypatch.setenv("H444_API_KEY", "value")
    assert _spec.environment("H444_API_KEY") == "value"


@pytest.mark.parametrize(
    "written",
    [
        "db-*, web-1 ,",
        '["db-*", "web-1"]',
        '"db-*,web-1"',
        "'db-*', 'web-1'",
        "db-*\nweb-1\n",
        '[\n  "db-*",\n  "web-1"\n]',
        "db-*\r\nweb-1",
    ],
)
def test_patterns_are_read_in_every_form(written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between commas or line ends, as JSON, and with the quotes that an env file keeps."""
    monkeypatch.setenv(VARIABLE, written)
    assert _spec.patterns(VARIABLE) == ["db-*", "web-1"]


def test_a_pattern_with_brackets_is_no_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a set of characters."""
    monkeypatch.setenv(VARIABLE, "[dw]b-*")
    assert _spec.patterns(VARIABLE) == ["[dw]b-*"]


@pytest.mark.parametrize("written", ["", " ", " , ,", "[]", '[""]'])
def test_a_variable_without_a_pattern_counts_as_unset(written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty, blank, or commas alone."""
    monkeypatch.setenv(VARIABLE, written)
    with pytest.raises(AnsibleFallbackNotFound):
        _spec.patterns(VARIABLE)


def test_a_spec_is_the_common_options_the_parts_and_the_modules_own() -> None:
    """The later wins, and the parts themselves stay as they are."""
    spec = _spec.merge(_spec.SIGN_IN, _spec.SECRETS, label={"type": "str"})
    assert set(spec) == {*_spec.API, "credentials_file", "label"}
    assert spec["api_key"] == {"type": "str", "no_log": True} and "required" in _spec.API["api_key"]
