# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deliveries: the corners of the reader, the order and the bounds of the list, the plan of a redelivery."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _delivery
from ansible_collections.h444.cloud.plugins.module_utils._errors import BadOption, BadReply, NotFound

Row = t.Dict[str, t.Any]


class Api:
    """Gives these rows for every list, and notes what was asked."""

    def __init__(self, rows: list[Row] | Exception) -> None:
        self.given = rows
        self.asked: list[t.Any] = []

    def rows(self, endpoint: t.Any, nouns: t.Any, *, query: t.Any = None, **_more: t.Any) -> list[Row]:
        """Answer a list."""
        self.asked.append((endpoint.path, query))
        if isinstance(self.given, Exception):
            raise self.given
        return self.given


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        ({"status": "Delivered", "attempts": 2}, {"status": "delivered", "attempt": 2}),
        ({"status": "RETRY-SCHEDULED"}, {"status": "retrying"}),
        ({"status": "odd word"}, {"status": "odd word"}),
        ({"status": 204}, {"status": "delivered", "response_status": 204}),
        ({"status": "503"}, {"status": "failed", "response_status": 503}),
        ({"success": False, "statusCode": 500}, {"status": "failed", "response_status": 500}),
        (
            {"response": {"statusCode": 410}, "status": "failed"},
            {"status": "failed", "response_status": 410, "response": {"statusCode": 410}},
        ),
        ({"durationMs": 84.4}, {"duration_ms": 84}),
        ({"durationMs": float("inf")}, {"duration_ms": None}),
        ({"duration": 1.5}, {"duration_ms": None, "duration": 1.5}),
        ({"error": ""}, {"error": None}),
        ({"error": {"code": "x", "message": "timed out"}}, {"error": "timed out"}),
        ({"eventType": "vps.created"}, {"event": "vps.created"}),
        ({"event": {"name": "vps.created"}}, {"event": "vps.created"}),
        ({"payload": {"vpsId": 7, "token": "mine"}}, {"payload": {"vpsId": 7, "token": "mine"}}),
        ({"signing_secret": "x" * 20}, {}),
    ],
)
def test_a_delivery_is_read_under_any_names(raw: Row, fields: Row) -> None:
    """Words and names of the provider's own; contents keep theirs."""
    for one in ({"id": 5, **raw}, {"Delivery": {"deliveryId": "5", **raw}}):
        row = _delivery.read_delivery(one)
        assert row["id"] == "5"
        assert {name: row[name] for name in fields} == fields
        assert not set(_delivery.FIELDS) - set(row) and "signing_secret" not in row


def test_a_delivery_without_an_id_is_refused() -> None:
    """The endpoint is named."""
    with pytest.raises(BadReply, match="deliveries"):
        _delivery.read_delivery({"event": "vps.created"})


def test_the_newest_come_first_and_no_more_than_asked() -> None:
    """Whatever the order of the API, where there are times; else as they come."""
    rows = [{"id": number, "created_at": "2026-06-%02dT00:00:00Z" % number} for number in (2, 3, 1)]
    assert [row["id"] for row in _delivery.list_deliveries(Api(rows), "7", 2)] == ["3", "2"]
    assert [row["id"] for row in _delivery.list_deliveries(Api([*rows, {"id": 9}]), "7", 3)] == ["2", "3", "1"]


def test_the_limit_is_sent_and_checked() -> None:
    """With a status, all that the API shows is looked through."""
    api = Api([{"id": number, "status": "failed" if number % 2 else "DELIVERED"} for number in range(1, 20)])
    assert len(_delivery.report(api, {"id": "7", "limit": 5})["deliveries"]) == 5
    assert len(_delivery.report(api, {"id": "7", "limit": 3, "status": "Delivered"})["deliveries"]) == 3
    assert len(_delivery.report(api, {"id": "7", "limit": 200, "status": "success"})["deliveries"]) == 9
    assert [query["limit"] for _path, query in api.asked] == [5, 200, 200]
    for limit in (0, 201, -1):
        with pytest.raises(BadOption, match="limit: "):
            _delivery.report(api, {"id": "7", "limit": limit})


def test_a_missing_webhook_has_no_deliveries() -> None:
    """Nothing found is an empty list."""
    assert _delivery.report(Api(NotFound("no", status=404)), {"id": "7", "limit": 5}) == {"deliveries": []}
    assert _delivery.report(Api([]), {"id": None, "url": "https://example.com/", "limit": 5}) == {"deliveries": []}


def test_a_delivery_that_is_not_listed_is_redelivered_with_a_note() -> None:
    """The event is the old one's; what is not shown is said."""
    rows = [{"id": "5", "event": "vps.created"}]
    plan = _delivery.plan_redelivery("7", "5", rows[0], rows)
    assert [str(action) for action in plan.actions] == ["redeliver 5"] and plan.notes == ()
    assert (plan.after["id"], plan.after["event"], plan.after["status"]) == (None, "vps.created", "pending")
    assert "it is not known whether it exists" in _delivery.plan_redelivery("7", "6", None, rows).notes[0]


def test_contents_of_any_depth_are_kept_within_limits() -> None:
    """What was sent is the account's own and may be anything; no result can carry 500 levels."""
    deep: t.Any = "x"
    for _level in range(500):
        deep = [deep]
    row = _delivery.read_delivery({"id": 1, "payload": {"deep": deep}, "response": deep})
    assert "nested deeper than 64 levels" in json.dumps(row["payload"]) and "nested deeper" in json.dumps(
        row["response"]
    )
