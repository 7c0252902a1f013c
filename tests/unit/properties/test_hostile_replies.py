# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replies that nobody foresaw: a module gives a result or one sentence for them, never a mistake of the collection."""

from __future__ import annotations

import copy
import json
import typing as t

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.h444.cloud.plugins.module_utils import _sink
from ansible_collections.h444.cloud.tests.simulator import assumed, tickets
from ansible_collections.h444.cloud.tests.unit.properties.support import World
from ansible_collections.h444.cloud.tests.unit.properties.surface import MODULES, play

pytestmark = pytest.mark.slow

Json = t.Any
DEEP = 500
EXAMPLES = 100
"""Per module and dialect; the whole file takes about a minute."""
MOST_LEVELS = 100
"""Deeper, and ansible-core itself can't hand a result on."""


def nested(kind: type, depth: int = DEEP) -> Json:
    """Nest a list or an object in itself."""
    found: Json = "x"
    for _level in range(depth):
        found = [found] if kind is list else {"data": found}
    return found


VALUES: dict[str, Json] = {
    "null": None, "true": True, "false": False, "zero": 0, "minus": -1, "half": 1.5, "past 64 bit": 2**63,
    "401 digits": 10**400, "largest": 1e308,
    "epoch": 10**12, "empty": "", "blank": " ", "dots": "...", "stars": "********", "surrogate": "\ud83d",
    "surrogate inside": "a\udc00b", "nul": "\0",
    "controls": "\x1b[31m\n\r", "climbs": "../x", "long": "x" * 20_000, "html": "<title>" * 500,
    "template": "{{ 1 + 1 }}", "digits": "1" * 60,
    "early": "0001-01-01T00:00:00+23:59", "late": "9999-12-31T23:59:59-23:59", "no date": "2026-13-45",
    "http date": "Thu, 99 Foo 99999 99:99:99 GMT",
    "other digits": "\u0661\u0662", "null word": "null", "dotted": "a..b", "address": "::ffff:192.0.2.1",
    "huge address": "1.2.3.4.5",
    "half an IDN": "xn--\u00fc",
    "empty list": [], "list in list": [[]], "list of null": [None], "list of numbers": [1, 2],
    "list of texts": ["a", "\ud83d"], "list of objects": [{}],
    "object": {}, "object of null": {"id": None}, "object of list": {"id": [1]},
    "odd keys": {"": None, "\ud83d": 1, "a b": {}, "__class__": 1},
    "object of objects": {"name": {"name": {"name": None}}}, "deep list": nested(list), "deep object": nested(dict),
    "data": {"data": []},
    "two lists": {"data": [], "items": []}, "pages": {"meta": {"page": 1, "total_pages": 10**9}},
    "cursor": {"next_cursor": {"a": 1}},
}  # fmt: skip

# Fields that a reply has besides what was foreseen.
ADDED: dict[str, Json] = {
    "deep contents": {"payload": nested(dict), "response": nested(list), "request_headers": {"A": nested(list)}},
    "odd contents": {"payload": "\ud83d", "response": {"status": 10**400, "\ud83d": None}, "headers": [None]},
    "unknown": {
        "extra": nested(dict, 40),
        "other\ud83d": "\ud83d",
        "x": 10**400,
        "password": {"a": [None]},
        "tokens": ["\ud83d"],
    },
    "dates": {
        "created_at": 10**300,
        "expires_at": "9999-12-31T23:59:59-23:59",
        "paid_at": [],
        "updated_at": {"date": None},
    },
    "pages": {
        "next": {"href": 1},
        "links": {"next": "http://["},
        "total": 10**400,
        "has_more": "yes",
        "page": -1,
        "offset": "x",
    },
    "counts": {"message_count": 10**400, "messages": 7, "replies": {"data": [None]}, "attributes": {"id": None}},
}


def places_of(value: Json, path: tuple[t.Any, ...] = ()) -> list[tuple[t.Any, ...]]:
    """Name every place in a reply, the reply itself first."""
    found = [path]
    inner = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
    for key, item in inner:
        found += places_of(item, (*path, key))
    return found


class Change(t.NamedTuple):
    """One thing that is wrong with a reply. *place*: which of its places, counted round."""

    request: int
    place: int
    how: str


def changed(body: Json, change: Change) -> Json:
    """Give a reply with one thing wrong in it."""
    body = copy.deepcopy(body)
    places = places_of(body)
    path = places[change.place % len(places)]
    if not path:
        return VALUES[change.how] if change.how in VALUES else [body]
    holder = body
    for key in path[:-1]:
        holder = holder[key]
    key = path[-1]
    if change.how in VALUES:
        holder[key] = copy.deepcopy(VALUES[change.how])
    elif change.how == "missing":
        del holder[key]
    elif change.how == "twice" and isinstance(holder, list):
        holder.append(holder[key])
    elif change.how == "twice":
        name = str(key)
        holder[name.replace("_", "-") if "_" in name else name.upper()] = "something else"
    elif change.how in ADDED and isinstance(holder, dict):
        holder.update(copy.deepcopy(ADDED[change.how]))
    elif change.how == "wrapped":
        holder[key] = {"data": holder[key]}
    else:
        holder[key] = [holder[key], holder[key]]
    return body


CHANGES = st.builds(
    Change, st.integers(0, 5), st.integers(0, 200),
    st.sampled_from(sorted(VALUES) + sorted(ADDED) + ["missing", "twice", "wrapped", "listed"])
)  # fmt: skip


def world_of(preset: str) -> tuple[World, dict[str, t.Any]]:
    """Make an account that has something of everything; gives its ids."""
    world = World(assumed.preset(preset))
    made = world.core.seed({
        "vps": [{"label": "web-1"}, {"label": "db-1"}],
        "hosting": [{"domain": "example.com", "username": "examplecom"}],
        "webhooks": [{"url": "https://example.com/hook", "events": ["ticket.created"]}],
        "domains": [{"name": "mine.example"}],
        "tickets": [{"subject": "Help", "message": "Hello"}], "invoices": 1, "transactions": 2,
    })  # fmt: skip
    tickets.staff_reply(world.core, made["tickets"][0], "Hello back")
    made["address"] = world.core.servers[made["vps"][0]]["ips"][0]["ip"]
    made["delivery"] = world.core.deliveries[0]["id"] if world.core.deliveries else "none"
    return world, made


def tasks_of(name: str, ids: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    """Give tasks of a module that read and write what it can."""
    ask = {"subject": "Help", "body": "Hello"}
    return {
        "h444_account_info": [{}],
        "h444_api": [
            {"path": "/vps"},
            {"path": "/vps/%s/label" % ids["vps"][0], "method": "PATCH", "body": {"label": "x"}},
        ],
        "h444_domain": [
            {
                "name": "mine.example",
                "auto_renew": True,
                "nameservers": ["ns1.example.org", "ns2.example.org"],
                "transfer_lock": False,
            },
            {"id": ids["domains"][0], "whois_privacy": False},
        ],
        "h444_domain_info": [{}, {"name": "mine.example"}, {"id": ids["domains"][0]}],
        "h444_hosting": [
            {"domain": "example.com", "php_version": "8.1", "retry_ssl": "failed"},
            {"id": ids["hosting"][0], "state": "suspended"},
            {"domain": "example.com", "state": "absent"},
            {"domain": "new.example", "username": "newexample", "plan_slug": "hosting-starter"},
        ],
        "h444_hosting_info": [{}, {"domain": "example.com"}, {"id": ids["hosting"][0]}],
        "h444_invoice_info": [{}, {"id": ids["invoices"][0]}, {"status": "paid", "limit": 1}],
        "h444_os_template_info": [{}, {"os_family": "ubuntu"}],
        "h444_product_info": [{}, {"slug": "vps-2"}],
        "h444_ptr": [
            {"ip": ids["address"], "hostname": "a.example.com"},
            {"ip": ids["address"], "vps_label": "web-1", "state": "absent"},
        ],
        "h444_ptr_records": [
            {"records": [{"ip": ids["address"], "hostname": "a.example.com"}]},
            {"records": [], "purge": True, "purge_vps_labels": ["web-1"]},
        ],
        "h444_ptr_info": [{}, {"vps_label": "web-1"}, {"vps_id": ids["vps"][0]}],
        "h444_ticket": [
            ask,
            {"subject": "Help", "reply": "More"},
            {"id": ids["tickets"][0], "state": "closed"},
            {"subject": "Another", "body": "Hello"},
        ],
        "h444_ticket_info": [
            {},
            {"id": ids["tickets"][0], "include_messages": True},
            {"subject": "Help", "include_messages": True, "status": "open"},
        ],
        "h444_vps": [
            {"label": "web-1", "state": "started"},
            {"label": "web-1", "new_label": "web-2", "state": "stopped"},
            {"id": ids["vps"][1], "state": "reinstalled", "os_template": "debian-12", "force": True},
            {"label": "db-1", "state": "absent"},
            {"label": "new-1", "plan_slug": "vps-2", "os_template": "ubuntu-24.04"},
        ],
        "h444_vps_fleet": [
            {"servers": [{"label": "web-1", "state": "started"}, {"label": "db-1", "state": "stopped"}]},
            {
                "servers": [
                    {"label": "web-1", "new_label": "web-2", "state": "stopped", "id": ids["vps"][0]},
                    {"label": "db-1", "state": "reinstalled", "os_template": "debian-12", "force": True},
                ]
            },
            {
                "servers": [{"label": "db-1", "state": "absent"}, {"label": "new-1"}, {"label": "new-2"}],
                "plan_slug": "vps-2",
                "os_template": "ubuntu-24.04",
                "max_total_monthly_usd_cents": 5000,
            },
        ],
        "h444_vps_info": [{}, {"label": "web-1", "include_ips": True, "include_stats": True}, {"id": ids["vps"][0]}],
        "h444_wallet_info": [{"limit": 5}],
        "h444_webhook": [
            {
                "url": "https://example.com/hook",
                "events": ["vps.created"],
                "is_active": False,
                "description": "x",
                "rotate_secret": True,
            },
            {"url": "https://example.com/new", "events": ["vps.created"]},
            {"id": ids["webhooks"][0], "state": "absent"},
        ],
        "h444_webhook_delivery_info": [
            {"url": "https://example.com/hook"},
            {"id": ids["webhooks"][0], "status": "failed"},
        ],
        "h444_webhook_info": [{}, {"id": ids["webhooks"][0]}],
        "h444_webhook_redelivery": [{"url": "https://example.com/hook", "delivery_id": ids["delivery"]}],
        "h444_manifest": [
            {
                "manifest": {
                    "servers": [
                        {"label": "web-1", "state": "stopped", "ptr": "b.example.com"},
                        {"label": "new-1", "plan_slug": "vps-2", "os_template": "ubuntu-24.04", "ptr": None},
                    ],
                    "ptr_records": [{"ip": ids["address"], "hostname": "b.example.com"}],
                    "hosting": [{"domain": "example.com", "state": "suspended", "php_version": "8.1"}],
                    "domains": [{"name": "mine.example", "auto_renew": True}],
                    "webhooks": [{"url": "https://example.com/hook", "is_active": False, "rotate_secret": True}],
                }
            },
            {
                "manifest": {"servers": [{"label": "web-1"}], "hosting": [], "ptr_records": [], "webhooks": []},
                "purge": ["servers", "hosting", "ptr_records", "webhooks"],
                "max_removed": 9,
            },
        ],
        "h444_manifest_info": [{}, {"sections": ["ptr_records", "webhooks"]}],
        "h444_oauth_device": [],
        "h444_oauth_token": [],
    }[name]


def levels(value: Json) -> int:
    """Count how deep a value is nested, without recursion."""
    deepest, todo = 0, [(value, 1)]
    while todo:
        item, depth = todo.pop()
        deepest = max(deepest, depth)
        inner = item.values() if isinstance(item, dict) else item if isinstance(item, (list, tuple)) else ()
        todo += [(one, depth + 1) for one in inner]
    return deepest


def spoil(world: World, changes: t.Sequence[Change]) -> None:
    """Change the replies with a body, the n-th by the changes that are for it."""
    handle, seen = world.core.handle, [0]

    def spoiled(*request: t.Any) -> t.Any:
        answer = handle(*request)
        if not 200 <= answer.status < 300 or not isinstance(answer.body, (dict, list)):
            return answer
        number, body = seen[0], answer.body
        seen[0] += 1
        for change in changes:
            if change.request == number:
                body = changed(body, change)
        return answer._replace(body=body)

    world.core.handle = spoiled  # type: ignore[method-assign]


@pytest.mark.parametrize("preset", ["plain", "odd"])
@pytest.mark.parametrize("name", [name for name in MODULES if not name.startswith("h444_oauth")])
def test_a_hostile_reply_is_a_result_or_one_sentence(name: str, preset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every place of every reply that a module reads, with every value that does not belong there."""
    monkeypatch.setattr(_sink.Sink, "prove", lambda *_given, **_how: None)

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(changes=st.lists(CHANGES, min_size=1, max_size=3), which=st.integers(0, 9), check_mode=st.booleans())
    def one(changes: list[Change], which: int, check_mode: bool) -> None:
        world, ids = world_of(preset)
        tasks = tasks_of(name, ids)
        spoil(world, changes)
        result = play(world, name, tasks[which % len(tasks)], check_mode)
        assert "bug in the collection" not in result.get("msg", ""), result["msg"]
        assert levels(result) < MOST_LEVELS
        json.dumps(result, allow_nan=False)
        if result.get("failed"):
            assert result["msg"].strip() and len(result["msg"]) < 3000

    one()
