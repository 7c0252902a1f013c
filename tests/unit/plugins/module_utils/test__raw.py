# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A raw call: which paths there are, what is sent again, what check mode sends, and what a failure may have done."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _raw
from ansible_collections.h444.cloud.plugins.module_utils._endpoint import LOST, NEVER, SENT_NOT, may_resend
from ansible_collections.h444.cloud.plugins.module_utils._errors import BadOption
from ansible_collections.h444.cloud.plugins.modules import h444_api
from ansible_collections.h444.cloud.tests.ci import endpoints
from ansible_collections.h444.cloud.tests.simulator import assumed
from ansible_collections.h444.cloud.tests.unit.properties.support import Ended, Module, World, defaults_of

GOOD = [
    "/vps",
    "/vps/7",
    "/vps/all-ips",
    "/vps/7/ips/2001:db8::1/ptr",
    "/zones/example.com./records/*",
    "/a/b.c_d~e-f",
    "/a/@me",
    "/files/my%20file",
    "/a/%C3%BC",
    "/a/...b",
    "/a/x=1,2",
]
HOSTILE = [
    "",
    "vps",
    "http://192.0.2.1/v1/vps",
    "//192.0.2.1/vps",
    "/",
    "/vps/",
    "/vps//7",
    "/..",
    "/vps/..",
    "/vps/../account",
    "/vps/./7",
    "/vps/...",
    "/vps/%2e%2e",
    "/vps/%2E%2E/account",
    "/vps/.%2e",
    "/vps/%252e%252e",
    "/vps/..%2faccount",
    "/vps%2f..",
    "/vps/..%5caccount",
    "/vps/..\\account",
    "/vps\\7",
    "/vps/..;/account",
    "/vps?limit=1",
    "/vps#top",
    "/vps/7%3Fx",
    "/vps/7%23x",
    "/vps/%00",
    "/vps/%0d%0aX-Evil:%201",
    "/vps/7\r\nX-Evil: 1",
    "/vps/7\x00",
    "/vps/7 8",
    "/vps/\t7",
    "/vps/{id}",
    "/vps/%",
    "/vps/%4",
    "/vps/%zz",
    "/vps/%41",
    "/vps/%ff",
    "/vps/%E2%80%AE",
    "/vps/%C2%85",
    "/vps/\u00fc",
    "/vps/\u202e",
    "/vps/<x>",
    '/vps/"x"',
    "/vps/[x]",
    "@192.0.2.1/vps",
    ":80/vps",
    "/" + "a" * 2000,
]


@pytest.mark.parametrize("path", GOOD)
def test_good_paths_are_sent_as_they_are(path: str) -> None:
    """They are sent as they are."""
    assert _raw.check_path(path) == path


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("path", HOSTILE)
def test_hostile_paths_send_nothing(path: str, check_mode: bool) -> None:
    """One sentence, and not one request."""
    world, asked = watched()
    result = play(world, check_mode, method="DELETE", path=path)
    assert (
        result["failed"]
        and result["msg"].startswith("path: ")
        and "Nothing was sent" in result["msg"]
        and not result["changed"]
    ), result
    assert not asked


def watched(**assume: t.Any) -> tuple[World, list[tuple[str, str, t.Any, t.Any]]]:
    """Make a world, and a list of what is sent there: method, path, query, key."""
    world = World({**assumed.defaults(), **assume})
    handle, asked = world.core.handle, []  # type: t.Any, list[tuple[str, str, t.Any, t.Any]]

    def noted(method: str, path: str, query: t.Any, headers: t.Any, body: bytes) -> t.Any:
        asked.append((method, path, query, headers.get("Idempotency-Key")))
        return handle(method, path, query, headers, body)

    world.core.handle = noted  # type: ignore[method-assign]
    return world, asked


def play(world: World, check_mode: bool = False, **params: t.Any) -> dict[str, t.Any]:
    """Run the module."""
    with pytest.raises(Ended) as ended:
        _raw.run(Module(world.client, {**defaults_of(h444_api.SPEC), **params}, check_mode))
    return ended.value.result


@pytest.mark.parametrize("path", ["/vps/7/ips/2001:db8::1/ptr", "/files/my%20file", "/a/%C3%BC", "/a/x=1,2", "/a/@me"])
def test_a_path_arrives_as_it_was_given(path: str) -> None:
    """No library on the way rewrites it."""
    world, asked = watched()
    play(world, path=path)
    assert [row[1] for row in asked] == [path]


@pytest.mark.parametrize("casing", ["snake", "camel"])
def test_a_get_is_sent_in_check_mode_too(casing: str) -> None:
    """The body as the API sent it, in check mode too; the query as the API reads it."""
    world, asked = watched(casing=casing)
    world.core.make("vps", {"label": "web-1"})
    for check_mode in (False, True):
        result = play(world, check_mode, path="/vps", query={"limit": 5, "all": True, "none": None, "word": "a b&c"})
        assert (result["status"], result["changed"]) == (200, False)
        assert ("planSlug" in result["body"][0]) is (casing == "camel")
    assert asked == [("GET", "/vps", {"limit": "5", "all": "true", "word": "a b&c"}, None)] * 2


def test_a_write_counts_as_changed_and_is_not_sent_in_check_mode() -> None:
    """Each is sent once, each counts as changed; an empty answer has no body; check mode sends none."""
    world, asked = watched()
    server = world.core.make("vps", {"label": "web-1"})
    task = {"method": "PATCH", "path": "/vps/%s/label" % server["id"], "body": {"label": "web-2"}}
    check = play(world, True, **task)
    assert check == {"changed": True, "status": None, "body": None} and not asked
    for _run in range(2):
        result = play(world, **task)
        assert result["changed"] and result["status"] == 200 and result["body"]["label"] == "web-2"
    gone = play(world, method="DELETE", path="/vps/" + server["id"])
    assert gone["changed"] and gone["status"] == 204 and gone["body"] is None
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"path": "/vps", "body": {}}, "body: not allowed with method: GET"),
        ({"path": "/vps", "idempotency_key": "my-own-key"}, "idempotency_key: not allowed with method: GET"),
        ({"path": "/vps", "method": "POST", "idempotency_key": "a b\r\nX: 1"}, "idempotency_key: must have 8 to 80"),
        ({"path": "/vps", "query": {"a": {"b": 1}}}, "query: 'a' must be"),
        ({"path": "/vps", "query": {"a": [None]}}, "query: 'a' must be"),
        ({"path": "/vps", "method": "POST", "body": {"a": float("nan")}}, "body: contains a value"),
    ],
)
def test_bad_options_send_nothing(options: dict[str, t.Any], says: str) -> None:
    """Refused before anything is sent."""
    world, asked = watched()
    for check_mode in (False, True):
        result = play(world, check_mode, **options)
        assert result["failed"] and says in result["msg"] and "Traceback" not in result["msg"], result
    assert not asked


@pytest.mark.parametrize(
    ("method", "path", "without_key", "with_key"),
    [
        ("GET", "/vps", True, True),
        ("PUT", "/x/1", True, True),
        ("DELETE", "/x/1", True, True),
        ("PATCH", "/x/1", False, False),
        ("POST", "/new", False, True),
        ("POST", "/vps", False, True),
        ("POST", "/tickets", False, True),
        ("POST", "/tickets/7/reply", False, False),
        ("POST", "/webhooks", False, False),
        ("POST", "/vps/7/power/reboot", False, False),
        ("POST", "/hosting/7/ssl/retry", False, False),
        ("POST", "/webhooks/7/rotate-secret", False, False),
        ("POST", "/webhooks/7/deliveries/8/redeliver", False, False),
    ],
)
def test_a_lost_call_is_sent_again_by_its_method_and_its_endpoint(
    method: str, path: str, without_key: bool, with_key: bool
) -> None:
    """A lost answer: by the method, and by what the page says of its own endpoints."""
    endpoint = _raw.endpoint_of(method, path)
    assert may_resend(endpoint, LOST, False) is without_key and may_resend(endpoint, LOST, True) is with_key
    assert may_resend(endpoint, SENT_NOT, False)


def test_what_takes_no_key_is_what_the_nouns_say() -> None:
    """The list of the raw call is that of the collection's own endpoints."""
    declared = endpoints.read().endpoints
    assert set(_raw.WITHOUT_KEY) == {one.path for one in declared if (one.method, one.resend) == ("POST", NEVER)}


def spoil(world: World, status: int, times: int) -> list[str]:
    """Answer the next requests with a status, after they were carried out."""
    handle, asked = world.core.handle, []  # type: t.Any, list[str]

    def spoiled(method: str, path: str, query: t.Any, headers: t.Any, body: bytes) -> t.Any:
        asked.append(method)
        answer = handle(method, path, query, headers, body)
        return answer._replace(status=status, body={"message": "Upstream"}) if len(asked) <= times else answer

    world.core.handle = spoiled  # type: ignore[method-assign]
    return asked


@pytest.mark.parametrize(
    ("method", "status", "changed", "sent"),
    [
        ("GET", 503, False, 6),
        ("POST", 503, True, 1),
        ("POST", 400, False, 1),
        ("POST", 403, False, 1),
        ("PATCH", 500, True, 1),
        ("PUT", 502, True, 6),
    ],
)
def test_a_failure_says_whether_it_may_have_changed_something(
    method: str, status: int, changed: bool, sent: int
) -> None:
    """And nothing is sent twice that must not be."""
    world, _asked = watched()
    asked = spoil(world, status, 100)
    result = play(world, method=method, path="/new/thing", body=None if method == "GET" else {})
    assert result["failed"] and result["changed"] is changed and len(asked) == sent, result
    assert "%s /v1/new/thing answered %d" % (method, status) in result["msg"] and "needs the scope" not in result["msg"]


@pytest.mark.parametrize(
    ("method", "statuses", "changed"),
    [
        ("PUT", [503, 400], True),
        ("PUT", [429, 400], False),
        ("PUT", [400], False),
        ("DELETE", [502, 409], True),
        ("DELETE", [429, 404], False),
        ("GET", [503, 400], False),
    ],
)
def test_a_refused_repeat_of_a_lost_attempt_counts_as_changed(method: str, statuses: list[int], changed: bool) -> None:
    """What is refused is then the repeat; a 429 was never carried out."""
    world, _asked = watched()
    handle, left = world.core.handle, list(statuses)

    def failing(*given: t.Any) -> t.Any:
        return handle(*given)._replace(status=left.pop(0), body={"message": "No"})

    world.core.handle = failing  # type: ignore[method-assign]
    result = play(world, method=method, path="/new/thing", body={} if method == "PUT" else None)
    assert result["failed"] and result["changed"] is changed and not left, result


def test_an_unknown_path_blames_neither_api_url_nor_a_scope() -> None:
    """A 404 does not doubt api_url, and a 403 names no scope that nobody knows."""
    world, _asked = watched()
    missing = play(world, path="/new/thing")
    assert missing["failed"] and "404" in missing["msg"] and "api_url" not in missing["msg"]
    for key in world.core.keys.values():
        key["scopes"] = []
    refused = play(world, path="/vps")
    assert (
        "403" in refused["msg"]
        and "lacks a scope that this endpoint needs" in refused["msg"]
        and "vps:read" in refused["msg"]
    )


def test_a_404_may_be_the_work_of_an_earlier_attempt() -> None:
    """The 404 of a repeated DELETE may be our own doing."""
    world, _asked = watched()
    server = world.core.make("vps", {"label": "web-1"})
    spoil(world, 503, 1)
    result = play(world, method="DELETE", path="/vps/" + server["id"])
    assert result["failed"] and result["changed"] and "An earlier attempt" in result["msg"] and not server["alive"], (
        result
    )
    again = play(world, method="DELETE", path="/vps/" + server["id"])
    assert again["failed"] and not again["changed"] and "An earlier attempt" not in again["msg"]


def test_an_order_with_a_key_is_placed_once() -> None:
    """A lost answer is asked for again under the key."""
    world, _asked = watched()
    asked = spoil(world, 503, 1)
    body = {
        "plan_slug": "vps-1",
        "label": "web-1",
        "hostname": "web-1",
        "os_family": "debian",
        "os_template": "debian-12",
    }
    result = play(world, method="POST", path="/vps", body=body, idempotency_key="my-own-key-1")
    assert (
        result["status"] == 201 and result["body"]["root_password"] and len(asked) == 2 and len(world.core.servers) == 1
    )


def test_options_are_checked_without_a_request() -> None:
    """What needs no request is checked in check mode as well."""
    with pytest.raises(BadOption, match="idempotency_key"):
        _raw.check({"method": "POST", "path": "/vps", "query": None, "body": None, "idempotency_key": "short"})
