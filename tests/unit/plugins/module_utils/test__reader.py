# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tolerant reader: every shape that is accepted, and where tolerance stops."""

from __future__ import annotations

import json
import typing as t
from datetime import datetime, timezone

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _reader
from ansible_collections.h444.cloud.plugins.module_utils._errors import BadReply

WHERE = "GET /v1/vps"
ROW = {"id": 1}


@pytest.mark.parametrize(
    "key,result",
    [
        ("zoneHosted", "zone_hosted"), ("ZoneHosted", "zone_hosted"), ("zone-hosted", "zone_hosted"),
        ("zone_hosted", "zone_hosted"),
        ("ipv4Address", "ipv4_address"), ("IPv4", "ipv4"), ("ID", "id"), ("vpsID", "vps_id"),
        ("planSlug", "plan_slug"), ("HTTPServer", "http_server"),
    ],
)  # fmt: skip
def test_snake(key: str, result: str) -> None:
    assert _reader.snake(key) == result


@pytest.mark.parametrize(
    "body",
    [
        [ROW], {"data": [ROW]}, {"items": [ROW]}, {"results": [ROW]}, {"vps": [ROW]}, {"Servers": [ROW]},
        {"data": {"items": [ROW]}},
        {"data": {"vps": [ROW]}, "meta": {"total": 1}}, {"1": ROW},
    ],
)  # fmt: skip
def test_lists(body: t.Any) -> None:
    assert _reader.rows_in(body, ("vps", "servers"), WHERE) == [ROW]


@pytest.mark.parametrize(
    "body",
    [
        None,
        "",
        "x",
        1,
        True,
        {},
        {"vps": None},
        {"vps": {}},
        {"error": "x"},
        {"data": [ROW], "vps": [ROW]},
        {"2": ROW},
        [1],
        [None],
        [[ROW]],
        {"data": "x"},
    ],
)
def test_no_list(body: t.Any) -> None:
    with pytest.raises(BadReply, match=WHERE):
        _reader.rows_in(body, ("vps", "servers"), WHERE)


@pytest.mark.parametrize(
    "body",
    [ROW, {"data": ROW}, {"vps": ROW}, {"data": {"vps": ROW}}, [ROW], {"data": [ROW]}, {"VPS": ROW, "password": "x"}],
)
def test_objects(body: t.Any) -> None:
    assert _reader.object_in(body, ("vps",), WHERE) == ROW


@pytest.mark.parametrize("body", [None, [], "x", 1, [ROW, ROW]])
def test_no_object(body: t.Any) -> None:
    with pytest.raises(BadReply, match="expected vps"):
        _reader.object_in(body, ("vps",), WHERE)


def test_normal() -> None:
    assert _reader.normal({"planSlug": "a", "plan_slug": "a", "in": [{"aB": None, "a_b": 1}]}, WHERE) == {
        "plan_slug": "a",
        "in": [{"a_b": 1}],
    }
    with pytest.raises(BadReply, match="plan_slug occurs twice"):
        _reader.normal({"planSlug": "a", "plan_slug": "b"}, WHERE)
    deep: t.Any = 1
    for _level in range(70):
        deep = [deep]
    with pytest.raises(BadReply, match="nested deeper"):
        _reader.normal(deep, WHERE)


def test_flat() -> None:
    assert _reader.flat({"vps": {"planSlug": "a"}}, ("vps",), WHERE) == {"plan_slug": "a"}
    assert _reader.flat({"id": 1, "type": "vps", "attributes": {"label": "a"}}, ("vps",), WHERE) == {
        "id": "1",
        "type": "vps",
        "label": "a",
    }


def test_ids_are_texts_at_any_depth() -> None:
    """A template that compares an id must not depend on how the API writes numbers."""
    told = {
        "Id": 7,
        "user": {"id": 8.0, "planId": 3},
        "rows": [{"ID": 9}, {"id": True}, {"id": None}, {"id": {"a": 1}}],
        "ids": [1],
    }
    assert _reader.normal(told, WHERE) == {
        "id": "7",
        "user": {"id": "8", "plan_id": 3},
        "rows": [{"id": "9"}, {"id": True}, {"id": None}, {"id": {"a": 1}}],
        "ids": [1],
    }
    assert _reader.normal({"id": 7, "Id": "7"}, WHERE) == {"id": "7"}


@pytest.mark.parametrize(
    "body",
    [
        None,
        {"things": None},
        {"data": None},
        {"Data": {"things": None}},
        {"data": {"data": None}},
        {"success": True, "data": None},
    ],
)
def test_null_as_empty(body: t.Any) -> None:
    """Null where a list belongs; only for readers that say so, for elsewhere an empty list could order twice."""
    assert _reader.rows_in(_reader.null_as_empty(("things",))(body), ("things",), WHERE) == []
    with pytest.raises(BadReply):
        _reader.rows_in(body, ("things",), WHERE)


@pytest.mark.parametrize("body", [{}, {"other": None}, "x", {"data": {"id": 1}}, {"things": [1], "data": None}])
def test_null_as_empty_makes_no_list_of_anything_else(body: t.Any) -> None:
    with pytest.raises(BadReply):
        _reader.rows_in(_reader.null_as_empty(("things",))(body), ("things",), WHERE)


@pytest.mark.parametrize("value,result", [(1, "1"), ("1", "1"), (7.0, "7"), ("a-b", "a-b")])
def test_identifiers(value: t.Any, result: str) -> None:
    assert _reader.identifier(value, WHERE) == result


@pytest.mark.parametrize(
    "value", [None, "", True, False, 1.5, [], {}, "..", "a/b", "all-ips", float("nan"), float("inf"), "a\n"]
)
def test_no_identifiers(value: t.Any) -> None:
    with pytest.raises(BadReply, match="id is"):
        _reader.identifier(value, WHERE)


@pytest.mark.parametrize("value,result", [(0, 0), (1999, 1999), (" 1999 ", 1999), ("-5", -5), (5.0, 5)])
def test_cents(value: t.Any, result: int) -> None:
    assert _reader.cents(value, WHERE, "price") == result


@pytest.mark.parametrize("value", [None, "", "19.99", "$5", 19.99, True, float("nan"), float("inf"), [], "9" * 30])
def test_no_cents(value: t.Any) -> None:
    with pytest.raises(BadReply, match="price is"):
        _reader.cents(value, WHERE, "price")


@pytest.mark.parametrize(
    "value,result",
    [
        (1, 1),
        ("2", 2),
        (3.0, 3),
        (True, None),
        ("x", None),
        (1.5, None),
        (float("nan"), None),
        (float("inf"), None),
        (None, None),
    ],
)
def test_whole(value: t.Any, result: int | None) -> None:
    assert _reader.whole(value) == result


@pytest.mark.parametrize(
    "value,result",
    [
        (True, True),
        (False, False),
        (1, True),
        (0, False),
        ("True", True),
        (" false ", False),
        ("locked", True),
        ("disabled", False),
        ("x", None),
        (2, None),
        (None, None),
        ({}, None),
    ],
)
def test_truth(value: t.Any, result: bool | None) -> None:
    assert _reader.truth(value) is result


NOON = datetime(2026, 1, 2, 12, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "value,result",
    [
        ("2026-01-02T12:00:00Z", NOON), ("2026-01-02 12:00:00", NOON), ("2026-01-02T14:00:00+02:00", NOON),
        ("2026-01-02T12:00:00.000Z", NOON),
        ("2026-01-02T12:00:00.000000000Z", NOON), (int(NOON.timestamp()), NOON), (int(NOON.timestamp()) * 1000, NOON),
        (str(int(NOON.timestamp())), NOON),
        ("Fri, 02 Jan 2026 12:00:00 GMT", NOON), ("2026-01-02", NOON.replace(hour=0)), ("yesterday", None), ("", None),
        (None, None), (True, None), (5, None),
        ("2026-13-02T12:00:00Z", None), (10**17, None), ([], None), (float("nan"), None),
    ],
)  # fmt: skip
def test_moment(value: t.Any, result: datetime | None) -> None:
    assert _reader.moment(value) == result


@pytest.mark.parametrize(
    "value",
    ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "Fri, 31 Dec 9999 23:59:59 -2359", 10**300, 1e300],
)
def test_moments_that_no_calendar_holds(value: t.Any) -> None:
    """In UTC they are out of range, so they are unreadable and not a crash for whoever turns them into UTC."""
    assert _reader.moment(value) is None


def test_shallow() -> None:
    """What can be carried stays as it is; what is deeper than a reply may be is said to be."""
    fine = {"a": [{"b": [1, None, "x"]}]}
    assert _reader.shallow(fine) == fine
    deep: t.Any = "x"
    for _level in range(500):
        deep = {"a": [deep]}
    found = json.dumps(_reader.shallow({"kept": 1, "deep": deep}))
    assert found.startswith('{"kept": 1') and "[nested deeper than 64 levels]" in found and len(found) < 1000


@pytest.mark.parametrize(
    "value,result",
    [
        ("192.0.2.7/24", "192.0.2.7"), ({"address": "192.0.2.7"}, "192.0.2.7"),
        (["2001:db8::7", "192.0.2.7"], "192.0.2.7"), (["2001:DB8::7"], "2001:db8::7"),
        ([{"ip": "192.0.2.7"}], "192.0.2.7"), ([], None), ({}, None), ("x", None), (None, None),
    ],
)  # fmt: skip
def test_address(value: t.Any, result: str | None) -> None:
    assert _reader.address(value) == result


def test_word_and_first() -> None:
    assert (
        _reader.word({"name": "VPS 2", "slug": "vps-2"}) == "vps-2"
        and _reader.word("vps-2") == "vps-2"
        and _reader.word([]) is None
    )
    assert _reader.first({"a": None, "b": 0}, "a", "b") == 0 and _reader.first({}, "a") is None


@pytest.mark.parametrize(
    "key",
    [
        "password", "root_password", "initial_root_password", "secret", "webhook_secret", "token", "api_token",
        "private_key", "pw", "credentials",
        "auth_code", "authcode", "epp_code", "auth_info", "transfer_code", "domain_epp_key",
    ],
)  # fmt: skip
def test_secret_keys(key: str) -> None:
    assert _reader.is_secret_key(key)
    assert _reader.sweep({"id": 1, "deep": [{key: "canary"}]})[1] == {("deep", "0", key): "canary"}


@pytest.mark.parametrize(
    "key",
    [
        "password_set",
        "token_type",
        "secret_hint",
        "bypass",
        "passenger",
        "tokens_left",
        "label",
        "secret_url",
        "auth_code_set",
        "transfer_lock",
        "code",
    ],
)
def test_keys_that_hold_no_secret(key: str) -> None:
    assert _reader.sweep({key: "x"}) == ({key: "x"}, {})


def test_sweep() -> None:
    reply = {
        "id": 1,
        "credentials": {"username": "root", "value": "canary-a", "port": 22},
        "root_password": "canary-b",
        "secret": "whsec_****abcd",
        "passwords": ["canary-c"],
    }
    kept, secrets = _reader.sweep(reply)
    assert (
        "canary" not in repr(kept)
        and "whsec" not in repr(kept)
        and kept["credentials"] == {"username": "root", "port": 22}
    )
    assert sorted(secrets.values()) == ["canary-a", "canary-b", "canary-c", "whsec_****abcd"]


def test_sweep_of_passwords_by_whose_they_are() -> None:
    """Among credentials, "database" is a name; among passwords it is whose password."""
    kept, secrets = _reader.sweep(
        {
            "id": 1,
            "passwords": {"database": "canary-a", "sftp": "canary-b"},
            "credentials": {"database": "site", "pw": "canary-c"},
        }
    )
    assert kept == {"id": 1, "credentials": {"database": "site"}}
    assert secrets == {
        ("passwords", "database"): "canary-a",
        ("passwords", "sftp"): "canary-b",
        ("credentials", "pw"): "canary-c",
    }


def test_sweep_knows_what_stands_beside_a_secret() -> None:
    """The name of a database, its user and its host are shown; what stands under a service's name alone is hidden."""
    credentials = {
        "sftp": {"user": "u", "password": "canary-a"},
        "db": {"name": "shop_db", "db_host": "h", "user": "u", "password": "canary-b"},
    }
    kept, secrets = _reader.sweep({"id": 1, "credentials": credentials})
    assert kept["credentials"] == {"sftp": {"user": "u"}, "db": {"name": "shop_db", "db_host": "h", "user": "u"}}
    assert sorted(secrets.values()) == ["canary-a", "canary-b"]
    assert _reader.sweep({"credentials": {"sftp": "canary-a", "database": "canary-b"}}) == (
        {}, {("credentials", "sftp"): "canary-a", ("credentials", "database"): "canary-b"},
    )  # fmt: skip
    # Inside credentials everything is hidden whose name does not say that it is harmless, however deep.
    assert _reader.sweep({"credentials": {"login": {"value": "canary-a"}}})[1] == {
        ("credentials", "login", "value"): "canary-a"
    }
    assert _reader.sweep({"password": 12.5})[1] == {("password",): "12.5"}


@pytest.mark.parametrize(
    "value",
    [
        "",
        "********",
        "...",
        "…",
        "•••",
        "••••1234",
        "whsec_…abcd",
        "whsec_****1234",
        "h444_****",
        "abc***",
        "abc...",
        "hunter…",
    ],
)
def test_masked(value: str) -> None:
    """Nothing but what hides, or a beginning and then at least three of them."""
    assert _reader.is_masked(value)


@pytest.mark.parametrize(
    "value",
    ["a*b", "pass*word", "Xk9...pQ", "a**", "ab..", "S3cret!*!", "*a", "**abc", "x…y", "***-***-x!", "a" * 300 + "***"],
)
def test_not_masked(value: str) -> None:
    """A star or a dot is a letter of a password like all others."""
    assert not _reader.is_masked(value)


@pytest.mark.parametrize(
    "body,words",
    [
        ({"statusCode": 400, "message": ["a is wrong", "b too"], "error": "Bad Request"}, "a is wrong; b too"),
        ({"statusCode": 404, "message": "gone", "error": "Not Found"}, "gone"), ({"error": "x"}, "x"),
        ({"error": {"code": 1, "message": "y"}}, "y"),
        ({"errors": [{"detail": "p"}, {"detail": "q"}]}, "p; q"), ({"title": "t"}, "t"),
        ({"Detail": "d", "title": "t"}, "d"),
        ({"data": {"message": "m"}}, "m"),
        ({"label": "is taken"}, "label: is taken"),
        ("<html><TITLE>\n502 Bad\x1b[0m</TITLE>", "HTML page '502 Bad [0m'"), ("<p>x", "HTML page"),
        ("text", "text"),
        ("", ""), (None, ""), ([], ""), ({}, ""), (5, ""), ({"status": "x"}, ""),
    ],
)  # fmt: skip
def test_error_text(body: t.Any, words: str) -> None:
    assert _reader.error_text(body) == words
