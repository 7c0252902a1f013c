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
from ansible_collections.h444.cloud.plugins.module_utils._errors import ApiError, BadOption

ORDER = _order.Order(
    kind="vps",
    endpoint=Endpoint("POST", "/vps", "orders:write"),
    body={"plan_slug": "vps-2", "label": "web-1", "hostname": "web-1"},
    identity=("web-1",),
    account_id="a",
    generation="1",
    custom_key=None,
    price_usd_cents=960,
    balance_usd_cents=1000,
    known_ids=frozenset(),
    server_time=None,
    timeout_seconds=600.0,
    plan_names={"vps-2": "vps-2", "vps 2": "vps-2", "17": "vps-2"},
    looked_at=0.0,
)
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


RECEIPT = _order.Receipt(row=None, attempts=1, made_at=None, made_before=None, is_sole=True)


@pytest.mark.parametrize(
    ("receipt", "is_known", "is_paid", "is_replay"),
    [
        # The answer itself says so, or its time does, or the list showed it before the order was sent again.
        (RECEIPT._replace(says_replayed=True), False, True, True),
        (RECEIPT._replace(made_before=True), False, True, True),
        (RECEIPT._replace(seen_before_resend=True), False, True, True),
        # The wallet says it of the only attempt.
        (RECEIPT, False, True, False),
        (RECEIPT, True, False, True),
        (RECEIPT, False, False, None),
        # A wallet that can't be read says nothing; what is proved to be new is no replay all the same.
        (RECEIPT, True, None, None),
        (RECEIPT, False, None, None),
        (RECEIPT._replace(is_fresh=True), False, None, False),
        # An earlier attempt, or another process, may be what was paid.
        (RECEIPT._replace(is_sole=False), False, True, None),
        (RECEIPT._replace(is_sole=False), True, False, None),
    ],
)
def test_whether_an_answer_is_a_replay(
    receipt: _order.Receipt, is_known: bool, is_paid: bool | None, is_replay: bool | None
) -> None:
    assert receipt.is_replay(is_known, is_paid) is is_replay


def test_what_is_bought_by_this_run_alone() -> None:
    """Proved to be new, at the only attempt: otherwise another process may have bought it."""
    assert RECEIPT._replace(is_fresh=True).is_own
    assert not RECEIPT._replace(is_fresh=True, is_sole=False).is_own and not RECEIPT.is_own


@pytest.mark.parametrize(
    ("receipt", "is_old", "may_be_early"),
    [
        (RECEIPT, False, False),
        (RECEIPT._replace(made_before=False), False, True),
        (RECEIPT._replace(made_before=True), True, False),
        (RECEIPT._replace(made_before=False, says_replayed=True), True, False),
    ],
)
def test_how_old_what_it_names_may_be(receipt: _order.Receipt, is_old: bool, may_be_early: bool) -> None:
    assert (receipt.is_old, receipt.may_be_early) == (is_old, may_be_early)


@pytest.mark.parametrize(("balance", "is_paid"), [(None, None), (40, True), (999, True), (1000, False), (1500, False)])
def test_what_a_wallet_proves(balance: int | None, is_paid: bool | None) -> None:
    assert ORDER.is_paid(balance) is is_paid
    assert ORDER._replace(price_usd_cents=0).is_paid(balance) is None, "a plan that costs nothing leaves no trace"


def test_a_wallet_that_other_orders_share_proves_nothing() -> None:
    """Neither its balance nor what is left of it is a fact of one order."""
    shared = ORDER._replace(shares_wallet=True)
    assert [shared.is_paid(balance) for balance in (None, 40, 1000, 1500)] == [None] * 4
    facts = _order.facts_of(shared, "server_id")
    assert (facts["wallet_before_usd_cents"], facts["wallet_after_usd_cents"]) == (1000, None)
    assert {**_order.facts_of(ORDER, "server_id"), "wallet_after_usd_cents": None} == facts


@pytest.mark.parametrize(
    ("looked_at", "now", "passed"), [(0.0, 0.0, 0), (0.0, 0.9, 0), (5.5, 66.4, 60), (5.5, 66.6, 61), (9.0, 5.0, 0)]
)
def test_an_order_is_as_old_as_its_sending(looked_at: float, now: float, passed: int) -> None:
    """What was created between the reading and the sending is another run's. The clock is never ahead."""
    order = ORDER._replace(server_time=NOW, looked_at=looked_at).as_of(now)
    assert order.server_time == NOW + timedelta(seconds=passed) and order.looked_at == looked_at + passed
    assert _order.is_before(NOW + timedelta(seconds=passed - 1), order) is True
    assert _order.is_before(NOW + timedelta(seconds=passed), order) is False
    assert ORDER.as_of(now) == ORDER, "a clock that is not known stays so"


def error(status: int, reason: str = "") -> ApiError:
    """An answer of the API to an order."""
    return ApiError("POST /v1/vps answered %d: %s." % (status, reason), status=status, reason=reason)


@pytest.mark.parametrize(
    ("status", "reason", "is_open", "is_open_later"),
    [
        (409, "A request with this Idempotency-Key is in progress", True, True),
        (409, "Conflict", True, True),
        (409, "This Idempotency-Key was used with another body", False, False),
        (409, "This Idempotency-Key was already used", False, False),
        (409, "The user name is already taken", False, True),
        (409, "The name is taken by an order that is still pending", True, True),
        (408, "", True, True),
        (500, "", True, True),
        (502, "The name is not available", True, True),
        (400, "still", False, False),
        (402, "", False, False),
        (403, "", False, False),
        (404, "", False, False),
        (422, "already exists", False, False),
    ],
)
def test_errors_after_which_an_order_may_be_at_work(
    status: int, reason: str, is_open: bool, is_open_later: bool
) -> None:
    """A name that is taken at a later attempt may have been taken by the first."""
    assert _order.may_be_at_work(error(status, reason), is_first=True) is is_open
    assert _order.may_be_at_work(error(status, reason), is_first=False) is is_open_later


@pytest.mark.parametrize(
    ("order", "refused", "words"),
    [
        (ORDER._replace(balance_usd_cents=5), error(402), "top up the wallet"),
        (
            ORDER,
            error(402),
            'holds enough now, so the API repeats an earlier refusal of the same key; set order_generation: "2"',
        ),
        (
            ORDER._replace(shares_wallet=True),
            error(402),
            "wallet 1000 US cents before the orders of this task); top up the wallet. If it holds enough, the API "
            'repeats an earlier refusal of the same key: then set order_generation: "2"',
        ),
        (ORDER, error(409, "Idempotency-Key mismatch"), 'If that resource is gone, set order_generation: "2"'),
        (
            ORDER._replace(custom_key="my-own-key"),
            error(410),
            "If that resource is gone, set a different idempotency_key",
        ),
        (ORDER, error(400, "No."), "POST /v1/vps answered 400: No.."),
    ],
)
def test_what_a_refusal_advises(order: _order.Order, refused: ApiError, words: str) -> None:
    found = _order.refusal(order, refused, "the-key")
    assert words in str(found) and found.facts["status"] == refused.status
    assert refused.status == 402 or found.facts["idempotency_key"] == "the-key"


@pytest.mark.parametrize(
    ("generation", "custom_key", "way"),
    [
        ("1", None, 'set order_generation: "2"'),
        ("blue", None, 'set order_generation: "blue-2"'),
        ("1", "my-own-key", "set a different idempotency_key"),
    ],
)
def test_way_to_another_order(generation: str, custom_key: str | None, way: str) -> None:
    assert ORDER._replace(generation=generation, custom_key=custom_key).way_to_another == way


def test_what_the_api_leaves_out_is_filled_in_from_the_order() -> None:
    """What it returns stays, but for a plan under another of its names."""
    row = {"id": "7", "label": "Web-1", "hostname": None, "plan_slug": "VPS 2"}
    _order.fill_from_order(row, ORDER)
    assert row == {"id": "7", "label": "Web-1", "hostname": "web-1", "plan_slug": "vps-2"}
    other = {"plan_slug": "vps-9"}
    _order.fill_from_order(other, ORDER)
    assert other["plan_slug"] == "vps-9"


def test_the_facts_of_an_order_before_it_is_sent() -> None:
    facts = _order.facts_of(ORDER, "server_id")
    assert facts["idempotency_key"] == ORDER.key() and facts["server_id"] is None and facts["attempts"] == 0
    assert (facts["wallet_before_usd_cents"], facts["wallet_after_usd_cents"]) == (1000, 40)
