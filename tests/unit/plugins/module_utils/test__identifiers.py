# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What names a resource: null and empty count as not given, and names that contradict each other are refused."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils._errors import BadOption, Refused
from ansible_collections.h444.cloud.plugins.module_utils._identifiers import (
    Identifiers,
    Named,
    check_agree,
    check_given,
    is_blank,
)

SERVER = Identifiers("VPS", ("id", "label"), is_needed=True, new_name="new_label")
BLANKS = [None, "", " ", "\t\n", "\u00a0"]


@pytest.mark.parametrize("value", BLANKS)
def test_blank(value: str | None) -> None:
    """Null, empty and white space alone are nothing; a nought is something."""
    assert is_blank(value)
    assert not is_blank("0") and not is_blank(0) and not is_blank(False)


@pytest.mark.parametrize("value", BLANKS)
def test_blank_identifier_is_none(value: str | None) -> None:
    """Beside a real one it is as if it were not given; alone it is refused with the names of the options."""
    beside = {"label": "web-1", "state": "absent", "hostname": ""}
    assert check_given({**beside, "id": value, "new_label": value}, SERVER) == {**beside, "id": None, "new_label": None}
    for params in ({"id": value}, {"label": value}, {"id": value, "label": value}, {"id": value, "new_label": "web-2"}):
        with pytest.raises(BadOption, match="No VPS is named: one of the following is required: id, label") as caught:
            check_given({"id": None, "label": None, **params, "state": "absent"}, SERVER)
        assert "Nothing was sent." in str(caught.value)
    assert check_given({"id": value}, Identifiers("VPS", ("id", "label"))) == {"id": None, "label": None}


def test_given_is_left_as_it_is() -> None:
    """A value is not trimmed: a label with a space around it is for the check of labels to refuse."""
    assert check_given({"id": None, "label": " web "}, SERVER)["label"] == " web "


@pytest.mark.parametrize("value", BLANKS)
def test_one_of_two(value: str | None) -> None:
    """Where two exclude each other, a blank one excludes nothing."""
    sign_in = Identifiers("sign-in", ("device_code", "refresh_token"), is_needed=True, is_one=True)
    assert check_given({"device_code": "a", "refresh_token": value}, sign_in)["refresh_token"] is None
    with pytest.raises(BadOption, match="device_code and refresh_token are mutually exclusive"):
        check_given({"device_code": "a", "refresh_token": "b"}, sign_in)


def test_removed_gets_no_new_name() -> None:
    """A removal with a new name could mean either resource."""
    with pytest.raises(BadOption, match="new_label: a VPS that is removed gets no new name"):
        check_given({"id": None, "label": "web-1", "new_label": "web-2", "state": "absent"}, SERVER)
    assert check_given({"label": "web-1", "new_label": "web-2", "state": "present"}, SERVER)["new_label"] == "web-2"


@pytest.mark.parametrize(("value", "asks"), [("never", False), (None, False), ("failed", True), ("always", True)])
def test_acts(value: str | None, asks: bool) -> None:
    """A removal does nothing else, so what asks for more is refused; what describes the resource may stand there."""
    account = Identifiers("hosting account", ("id",), is_needed=True, acts=(("retry_ssl", "never"),))
    for state in ("present", "suspended"):
        check_given({"id": "1", "state": state, "retry_ssl": value}, account)
    if asks:
        with pytest.raises(
            BadOption, match="retry_ssl: this is not possible for a hosting account that is removed. Nothing was sent"
        ):
            check_given({"id": "1", "state": "absent", "retry_ssl": value}, account)
    else:
        check_given({"id": "1", "state": "absent", "retry_ssl": value, "php_version": "8.3"}, account)


def test_without_id() -> None:
    """What opens a resource has nothing to do with one that has an id; an id that is blank is none."""
    ticket = Identifiers("ticket", ("id", "subject"), is_needed=True, without_id=("message",))
    with pytest.raises(BadOption, match="id and message are mutually exclusive"):
        check_given({"id": "5", "subject": None, "message": "Hello"}, ticket)
    for params in ({"id": "", "subject": "a", "message": "Hello"}, {"id": "5", "message": ""}):
        check_given(params, ticket)


def told(wanted: str, value: str | None, is_same: bool) -> Named:
    """Make a second identifier."""
    return Named("vps_label", wanted, value, is_same)


def test_contradiction() -> None:
    """It is refused with both values, or with the fact that the API returns none."""
    check_agree("VPS", "7", told("a", "a", True), told("a", None, True))
    cases: list[tuple[Named, str]] = [
        (
            told("a", "b", False),
            "The VPS '7' has the label 'b', not 'a'. Nothing was changed. Correct vps_label, or leave it out.",
        ),
        (told("a", None, False), "The API returns no label for the VPS '7', so 'a' can't be confirmed."),
    ]
    for other, sentence in cases:
        with pytest.raises(Refused) as caught:
            check_agree("VPS", "7", told("x", "x", True), other)
        assert sentence in str(caught.value)


def test_every_kind_of_value() -> None:
    """What is no text is never blank, whatever a caller hands in."""
    values: list[t.Any] = [[], {}, 0, 1.5]
    assert not any(is_blank(value) for value in values)
