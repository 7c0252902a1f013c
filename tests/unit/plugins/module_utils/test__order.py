# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order's key, and what a reply proves."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _order
from ansible_collections.h444.cloud.plugins.module_utils._endpoint import Endpoint
from ansible_collections.h444.cloud.plugins.module_utils._errors import BadOption

ORDER = _order.Order(
    kind="vps", endpoint=Endpoint("POST", "/vps", "orders:write"), body={}, identity=("web-1",), account_id="a", generation="1",
    custom_key=None, price_usd_cents=960, balance_usd_cents=1000, known_ids=frozenset(), server_time=None, timeout_seconds=600.0,
    plan_names={"vps-2": "vps-2", "vps 2": "vps-2", "17": "vps-2"}, looked_at=0.0,
)  # fmt: skip
NOW = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)


def test_key_is_the_same_for_ever() -> None:
    """The key of one order must not change from release to release: a run after an upgrade would order again."""
    assert _order.order_key("vps", "acc", ("web-1",), "1") == "5c203fb7-76be-4e88-a8ea-1be553b330d0"


def test_key_has_the_form_of_a_uuid_of_version_4() -> None:
    """It is the one form that every known implementation takes."""
    key = _order.order_key("vps", "acc", ("web-1",), "1")
    assert uuid.UUID(key).version == 4 and key == key.lower()


def test_what_is_in_the_key() -> None:
    """Kind, account, name, generation and the dead server before it: each makes another key."""
    keys = {
        _order.order_key("vps", "acc", ("web-1",), "1"),
        _order.order_key("hosting", "acc", ("web-1",), "1"),
        _order.order_key("vps", "other", ("web-1",), "1"),
        _order.order_key("vps", "acc", ("web-2",), "1"),
        _order.order_key("vps", "acc", ("web-1",), "2"),
        _order.order_key("vps", "acc", ("web-1",), "1", "dead-1"),
        _order.order_key("vps", "acc", ("web-1",), "1", "dead-2"),
        _order.order_key("hosting", "acc", ("web", "-1"), "1"),
    }
    assert len(keys) == 8


@pytest.mark.parametrize(
    ("made", "replied", "passed", "is_new"),
    [
        (0, 1, 1, True),
        (40, 41, 41, True),
        (44, 40, 40, True),  # clocks inside the provider that differ a little
        (-1, 1, 1, False),
        (3 * 3600, 1, 1, False),  # a local time without its zone
        (1800, 3600, 2, False),  # the first clock came out of a cache
        (None, 1, 1, False),
        (0, None, 1, False),
    ],
)
def test_what_is_surely_new(made: int | None, replied: int | None, passed: float, is_new: bool) -> None:
    """A time proves something only between the look and the reply, by clocks that agree."""
    looked = ORDER._replace(server_time=NOW, looked_at=100.0)
    times = [None if seconds is None else NOW + timedelta(seconds=seconds) for seconds in (made, replied)]
    assert _order.is_surely_new(times[0], looked, times[1], 100.0 + passed) is is_new
    assert not _order.is_surely_new(times[0], looked._replace(server_time=None), times[1], 100.0 + passed)


@pytest.mark.parametrize(
    ("told", "slug"),
    [
        ("vps-2", "vps-2"),
        ("VPS-2", "vps-2"),
        ("vps 2", "vps-2"),
        ("17", "vps-2"),
        ("vps-9", None),
        ("", None),
        (None, None),
    ],
)
def test_plan_that_is_told(told: str | None, slug: str | None) -> None:
    """Only what the catalogue names is a plan."""
    assert ORDER.slug_of(told) == slug


@pytest.mark.parametrize("key", ["short", "with space in it", "x" * 81, "ümlaut-key", "line\nbreak-key"])
def test_bad_key_of_the_user(key: str) -> None:
    """A key that a provider could refuse is refused here."""
    with pytest.raises(BadOption):
        _order.check_custom_key(key)


@pytest.mark.parametrize(
    ("created_at", "lives"),
    [
        (NOW - timedelta(seconds=1), True),
        (NOW - timedelta(hours=21, minutes=59), True),
        (NOW - timedelta(hours=22), False),
        (NOW - timedelta(days=3), False),
        (NOW + timedelta(minutes=4), True),
        (NOW + timedelta(hours=1), False),
        (None, False),
    ],
)
def test_key_surely_lives(created_at: datetime | None, lives: bool) -> None:
    """Only a proved age below 22 hours lets the next key be used."""
    assert _order.key_surely_lives(created_at, NOW) is lives
    assert _order.key_surely_lives(created_at, None) is False


@pytest.mark.parametrize(
    ("headers", "body", "replayed"),
    [
        ({"Idempotent-Replayed": "true"}, {}, True),
        ({"IDEMPOTENCY-REPLAYED": "TRUE"}, {}, True),
        ({"Idempotent-Replayed": "false"}, {}, False),
        ({}, {"replayed": True}, True),
        ({}, {"replayed": "no"}, False),
        ({}, {}, False),
        ({}, [], False),
    ],
)
def test_says_replayed(headers: dict[str, str], body: object, replayed: bool) -> None:
    """Only what is said plainly counts."""
    assert _order.says_replayed(headers, body) is replayed


@pytest.mark.parametrize(
    "body",
    [
        {"id": "1", "created_at": "2026-06-01T12:00:00Z"},
        {"vps": {"id": "1", "created_at": 1780315200}},
        {"data": {"server": {"id": "1"}, "order": {"created_at": "2026-06-01T12:00:00.000Z"}}},
    ],
)
def test_ordered_at(body: object) -> None:
    """The time of an order is found wherever replies tell it."""
    assert _order.ordered_at(body) == NOW
