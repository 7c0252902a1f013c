# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Labels: read under every name, compared in one form, and held against what a provider may make of them."""

from __future__ import annotations

import time
import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _labels

LONG = 64 * "x"


@pytest.mark.parametrize(
    ("row", "label", "is_told"),
    [
        ({"label": "a"}, "a", True),
        ({"display_label": "a"}, "a", True),
        ({"label": None, "display_label": "a"}, "a", True),
        ({"vps_label": "a", "name": "vps-77.example.net"}, "a", True),
        ({"display_name": "a", "name": "vps-77"}, "a", True),
        ({"name": "a"}, "a", True),
        ({"label": {"text": "a"}}, "a", True),
        ({"label": 7}, "7", True),
        ({"label": None}, None, True),
        ({"label": ""}, "", True),
        ({"label": None, "name": "vps-77"}, None, True),
        ({"hostname": "a"}, None, False),
        ({"label": ["a"]}, None, False),
        ({"label": {}, "hostname": "a"}, None, False),
    ],
)
def test_read(row: dict[str, t.Any], label: str | None, is_told: bool) -> None:
    """The field for a label alone is preferred; what can't be read is not told."""
    assert _labels.read_label(row) == label
    assert _labels.shows_label(row) is is_told


@pytest.mark.parametrize(
    ("told", "wanted", "same"),
    [
        ("web-1", "web-1", True),
        ("e\u0301", "\u00e9", True),
        ("\u00e9", "e\u0301", True),
        ("web-1", "WEB-1", False),
        ("", "", False),
        (None, None, False),
        (None, "None", False),
        ("web-1", None, False),
    ],
)
def test_has_label(told: str | None, wanted: str | None, same: bool) -> None:
    """No label is no label, not even that of another server without one."""
    assert _labels.has_label({"label": told}, wanted) is same


@pytest.mark.parametrize(
    ("label", "hostname", "wanted", "why"),
    [
        ("WEB-1", None, "web-1", "spelling"),
        (" web_1", "other", "web 1", "spelling"),
        ("sube", "other", "Şube", "spelling"),
        ("x", "WEB-1.", "web-1", "hostname"),
        (None, "web-1", "web-1", "hostname"),
        (LONG, None, LONG + "-1", "truncated"),
        (LONG[:30] + "…", None, LONG, "truncated"),
        (LONG[:63] + "e", None, LONG[:63] + "é-1", "truncated"),
        (LONG[:40], LONG[:40], LONG, "truncated"),
        (LONG, "other", LONG + "-1", "truncated"),
        (LONG[:60], "other", LONG[:60] + "-1", ""),
        ("mailserver", "mailserver", "mailserver-2", ""),
        ("mailserver", None, "mailserver-2", "truncated"),
        ("web-prod-1", None, "web-prod-10", ""),
        (LONG + "1", LONG + "1", LONG + "10", ""),
        ("short", None, "short-but-longer", ""),
        ("web-1", "web-1", "web-2", ""),
        (None, None, "web-1", ""),
        ("", None, "web-1", ""),
        ("!!!", None, "???", ""),
    ],
)
def test_similar(label: str | None, hostname: str | None, wanted: str, why: str) -> None:
    """What the provider may have made of a label is similar; a neighbour with its own host name is not."""
    row = {"label": label, "hostname": hostname}
    found = _labels.why_similar(row, wanted, wanted, [row])
    assert why in found and bool(found) is bool(why)


def test_longer_labels_show_that_nothing_is_cut() -> None:
    """Where a longer label stands in the list, this one was not cut off."""
    row = {"label": "production", "hostname": None}
    others = [{"label": "production-2"}, {"label": None}]
    assert _labels.why_similar(row, "production-db", "production-db", [row])
    assert not _labels.why_similar(row, "production-db", "production-db", [row, *others])


def test_long_labels_take_no_time() -> None:
    """A label of any length is compared in no time."""
    rows = [{"label": char * 200_000, "hostname": None} for char in ".-\u0301é1"]
    started = time.monotonic()
    for row in rows:
        _labels.why_similar(row, "web-1", "web-1", rows)
    assert time.monotonic() - started < 3
