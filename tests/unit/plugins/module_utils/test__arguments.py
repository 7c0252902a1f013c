# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The arguments of an event source, as YAML and templates make them."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils._arguments import Arguments
from ansible_collections.h444.cloud.plugins.module_utils._errors import BadOption

OWN = ("interval", "events", "days", "state_file")
KEY = "h444_a_key_of_the_test"


def given(environ: t.Mapping[str, str] | None = None, **arguments: t.Any) -> Arguments:
    """Make arguments."""
    return Arguments(arguments, environ or {}, OWN)


def test_defaults_are_those_of_the_modules() -> None:
    assert given().api() == {
        "api_key": None,
        "api_url": "https://api.444host.com/v1",
        "api_timeout": 30,
        "api_retries": 5,
        "rate_limit": 120,
        "validate_certs": True,
        "ca_path": None,
    }


def test_an_argument_wins_over_the_environment_and_what_is_empty_counts_as_unset() -> None:
    environ = {"H444_API_KEY": KEY, "H444_API_TIMEOUT": "7", "H444_VALIDATE_CERTS": "no", "H444_API_URL": ""}
    api = given(environ, api_timeout=9, rate_limit="60", api_key="").api()
    assert (api["api_key"], api["api_timeout"], api["rate_limit"]) == (KEY, 9, 60)
    assert api["validate_certs"] is False and api["api_url"] == "https://api.444host.com/v1"
    assert given({"H444_API_KEY": "  "}, api_key=None).api()["api_key"] is None


def test_a_path_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert given(ca_path="~/ca.pem").api()["ca_path"] == "/home/me/ca.pem"
    assert given(state_file="~/state").path("state_file") == "/home/me/state"
    assert given(state_file="").path("state_file") is None


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (None, None),
        ("", None),
        ([], []),
        ("vps.created", ["vps.created"]),
        ("vps.created, wallet.low,", ["vps.created", "wallet.low"]),
        (["vps.created", "wallet.low"], ["vps.created", "wallet.low"]),
    ],
)
def test_lists_of_texts(value: t.Any, texts: list[str] | None) -> None:
    assert given(events=value).texts("events") == texts


@pytest.mark.parametrize(
    ("value", "numbers"), [(None, None), ([], []), (7, [7]), ("30, 7", [30, 7]), (["30", 7, 1.0], [30, 7, 1])]
)
def test_lists_of_numbers(value: t.Any, numbers: list[int] | None) -> None:
    assert given(days=value).numbers("days") == numbers


def test_numbers() -> None:
    assert given().number("interval", 5) is None
    assert given(interval="60").number("interval", 5) == 60
    with pytest.raises(BadOption, match="interval: must be at least 5"):
        given(interval=4).number("interval", 5)
    with pytest.raises(BadOption, match="interval: must be at most 86400"):
        given(interval=10**10).number("interval", 5, 86400)


@pytest.mark.parametrize(
    ("arguments", "read", "message"),
    [
        ({"interval": "soon"}, lambda found: found.number("interval", 5), "interval: 'soon' is not a whole number."),
        ({"interval": True}, lambda found: found.number("interval", 5), "interval: 'True' is not a whole number."),
        ({"interval": 1.5}, lambda found: found.number("interval", 5), "interval: '1.5' is not a whole number."),
        ({"interval": {}}, lambda found: found.number("interval", 5), "interval: '{}' is not a whole number."),
        ({"days": ["x"]}, lambda found: found.numbers("days"), "days: 'x' is not a whole number."),
        ({"events": [1]}, lambda found: found.texts("events"), "events: must be a text."),
        ({"events": {"a": 1}}, lambda found: found.texts("events"), "events: must be a text."),
        ({"api_key": 12345678}, lambda found: found.api(), "api_key: must be a text."),
        ({"api_key": [KEY]}, lambda found: found.api(), "api_key: must be a text."),
        ({"validate_certs": "maybe"}, lambda found: found.api(), "validate_certs: 'maybe' is not true or false."),
        ({"validate_certs": "locked"}, lambda found: found.api(), "validate_certs: 'locked' is not true or false."),
        ({"state_file": "a\0b"}, lambda found: found.path("state_file"), "state_file: is not a path."),
    ],
)
def test_wrong_types_are_refused(arguments: dict[str, t.Any], read: t.Any, message: str) -> None:
    with pytest.raises(BadOption) as refused:
        read(given(**arguments))
    assert str(refused.value) == message


def test_a_wrong_variable_is_named() -> None:
    with pytest.raises(BadOption, match="H444_API_TIMEOUT: 'soon' is not a whole number"):
        given({"H444_API_TIMEOUT": "soon"}).api()


def test_an_unknown_argument_is_refused_with_the_closest_one() -> None:
    with pytest.raises(BadOption, match="'intervall' is not an argument of this source, closest: interval. Known"):
        given(intervall=60)
    with pytest.raises(BadOption, match="must be a mapping"):
        Arguments(["interval"], {}, OWN)
    assert Arguments(None, {}, OWN).number("interval", 1) is None
    assert given(eda_feedback_queue=object()).number("interval", 1) is None
