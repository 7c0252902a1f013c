# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client against a real server on raw sockets: repeats, the rate limit, refusals and lists."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils._client import Client, fill_path, open_client
from ansible_collections.h444.cloud.plugins.module_utils._endpoint import LOST, SENT_NOT, Endpoint
from ansible_collections.h444.cloud.plugins.module_utils._errors import (
    ApiError,
    AuthError,
    BadOption,
    BadReply,
    BadRequest,
    H444Error,
    NotFound,
    RateLimited,
    ScopeError,
    ServerError,
    TransportError,
    UnknownFate,
)
from ansible_collections.h444.cloud.plugins.module_utils._pacer import Pacer
from ansible_collections.h444.cloud.plugins.module_utils._transport import Lost
from ansible_collections.h444.cloud.tests.unit.plugins.module_utils.bench import (
    DESTROY,
    IDEMPOTENCY_KEY,
    KEY,
    KEYED,
    KINDS,
    LIST,
    READ,
    SHOT,
    STATE,
    Bench,
)
from ansible_collections.h444.cloud.tests.unit.plugins.module_utils.wire import (
    Reply,
    Wire,
    answer,
    free_port,
    raw,
    reset,
)

pytestmark = pytest.mark.usefixtures("no_jitter")


def test_a_request_goes_over_the_wire_as_it_should() -> None:
    with Wire(answer({"id": "vps-1"})) as wire:
        bench = Bench(wire.url + "/", user_agent="h444-ansible/test")
        result = bench.send(READ, query={"expand": "a b"})
        assert (result.status, result.body, result.attempts, bench.client.held_seconds) == (
            200,
            {"id": "vps-1"},
            1,
            0.0,
        )
        seen = wire.seen[0]
        assert (seen.method, seen.target, seen.body) == ("GET", "/v1/vps/vps-1?expand=a+b", b"")
        assert seen.headers["authorization"] == "Bearer " + KEY
        assert seen.headers["accept"] == "application/json" and seen.headers["accept-encoding"] == "gzip"
        assert seen.headers["user-agent"] == "h444-ansible/test"
        assert "content-type" not in seen.headers and "idempotency-key" not in seen.headers


def test_the_body_is_canonical_and_the_key_is_sent() -> None:
    with Wire(answer({})) as wire:
        Bench(wire.url).send(KEYED)
        assert wire.seen[0].body == b'{"a":"\\u00e4","b":1}'
        assert wire.seen[0].headers["content-type"] == "application/json"
        assert wire.seen[0].headers["idempotency-key"] == IDEMPOTENCY_KEY


def test_nan_is_not_sent() -> None:
    with Wire() as wire:
        with pytest.raises(ValueError):
            Bench(wire.url).send(STATE, body={"x": float("nan")})
        assert wire.seen == []


# --- repeats


def test_a_keyed_post_without_its_key_is_sent_once() -> None:
    with Wire(reset) as wire:
        Bench(wire.url).refuse(KEYED, UnknownFate, idempotency_key=None)
        assert len(wire.seen) == 1


@KINDS
def test_what_an_earlier_attempt_may_have_done_is_not_denied(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answer was lost; that nothing listens any more, or that the rate limit is used up, says nothing about it."""
    with Wire(reset, answer({}, 429, Retry_After="9999")) as wire:
        bench = Bench(wire.url)
        if endpoint is not SHOT:
            error = bench.refuse(endpoint, RateLimited)
            is_write = endpoint is not READ
            assert error.may_have_happened == is_write and ("Nothing was done" in str(error)) != is_write
    failures = iter([Lost("the connection broke", LOST)] + [Lost("nothing listens", SENT_NOT)] * 9)

    def lose(_sent: object) -> t.NoReturn:
        raise next(failures)

    monkeypatch.setattr(bench.client._transport, "send", lose)
    error = bench.refuse(endpoint, TransportError if endpoint is READ else UnknownFate)
    assert error.may_have_happened == (endpoint is not READ)


@pytest.mark.parametrize("endpoint", [STATE, KEYED], ids=("state", "keyed"))
@pytest.mark.parametrize("fault", [reset, answer({}, 502), answer({}, 500)], ids=("reset", "502", "500"))
def test_once_leaves_repeats_to_the_caller(endpoint: Endpoint, fault: Reply) -> None:
    with Wire(fault) as wire:
        with pytest.raises(H444Error):
            Bench(wire.url).send(endpoint, once=True)
        assert len(wire.seen) == 1


def test_what_the_rate_limit_costs_is_counted_over_all_requests() -> None:
    """The pace, a 429 and a Retry-After of a 503 count; pauses before repeats do not."""

    class Slow(Pacer):
        def wait_turn(self) -> float:
            return 1.5

    script = (
        answer({}, 429, Retry_After="3"),
        answer({}),
        answer({}, 503, Retry_After="9"),
        answer({}),
        answer({}, 503),
        answer({}),
    )
    with Wire(*script) as wire:
        bench = Bench(wire.url, pacer=Slow(wire.url, KEY, 120))
        for _request in range(3):
            bench.send(READ)
        assert bench.waits == [3.0, 9.0, 0.5]
        assert bench.client.held_seconds == 6 * 1.5 + 3 + 9


def test_once_still_waits_for_the_rate_limit() -> None:
    with Wire(answer({}, 429, Retry_After="3"), answer({})) as wire:
        bench = Bench(wire.url)
        assert bench.send(KEYED, once=True).attempts == 2 and bench.waits == [3.0]


def test_no_retries_when_none_are_wanted() -> None:
    assert Bench("http://127.0.0.1:%d/v1" % free_port(), retries=0).refuse(READ, TransportError).facts["attempts"] == 1


# --- F10, F11, F33-F36: a whole answer that can't be read

UNREADABLE: dict[str, tuple[Reply, str]] = {
    "F10 cut JSON": (answer(b'{"id": 1, "la'), "the body is not JSON"),
    "F10 rubbish": (answer(b"\x00\x01\x02"), "the body is not JSON"),
    "F10 two values": (answer(b"{} {}"), "the body is not JSON"),
    "F11 html": (answer(b"<html><title>Log in\x1b[31m</title>", Content_Type="text/html"), "HTML page 'Log in"),
    "F34 not UTF-8": (answer(b'{"label": "\xff\xfe"}'), "the body is not JSON"),
    "F35 NaN": (answer(b'{"price": NaN}'), "NaN"),
    "F35 endless": (answer(b'{"price": -Infinity}'), "Infinity"),
    "F35 deep": (answer(b"[" * 100_000), "the body is not JSON"),
    "F35 twice": (answer(b'{"id": 1, "id": 2}'), "twice"),
    "F35 long number": (answer(b'{"id": %s}' % (b"9" * 5000)), "the body is not JSON"),
    "F36 Content-Length too small": (
        raw(b'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{"id": 1}'),
        "the body is not JSON",
    ),
}


@KINDS
@pytest.mark.parametrize("name", UNREADABLE)
def test_an_unreadable_answer_is_refused(endpoint: Endpoint, name: str) -> None:
    reply, words = UNREADABLE[name]
    with Wire(reply) as wire:
        error = Bench(wire.url).refuse(endpoint, BadReply if endpoint is READ else UnknownFate)
        assert words in str(error) and "answered 200" in str(error)
        assert error.facts["status"] == 200
        assert len(wire.seen) == 1
        if endpoint is KEYED:
            assert error.facts["idempotency_key"] == IDEMPOTENCY_KEY


@KINDS
@pytest.mark.parametrize("reply", [answer(b"", 204), answer(b""), answer(b" \r\n", 202)], ids=("204", "200", "202"))
def test_an_empty_answer_has_no_body(endpoint: Endpoint, reply: Reply) -> None:
    with Wire(reply) as wire:
        assert Bench(wire.url).send(endpoint).body is None


# --- F12-F14: 5xx


@KINDS
@pytest.mark.parametrize("status", [408, 425, 499, 500, 502, 503, 504, 520, 522, 524])
def test_f12_f13_a_busy_api_is_asked_again(endpoint: Endpoint, status: int) -> None:
    with Wire(answer({"message": "busy"}, status), answer({"id": 1})) as wire:
        bench = Bench(wire.url)
        if endpoint is SHOT:
            error = bench.refuse(endpoint, ServerError if status >= 500 else ApiError)
            assert len(wire.seen) == 1 and error.facts["status"] == status
        else:
            assert bench.send(endpoint).attempts == 2
            assert wire.seen[0] == wire.seen[1] and bench.waits == [0.5]


@KINDS
@pytest.mark.parametrize("asked,waited", [("7", 7.0), ("9999", 60.0), ("abc", 0.5), ("0", 0.5)])
def test_f12_a_503_may_say_when_to_come_again(endpoint: Endpoint, asked: str, waited: float) -> None:
    with Wire(answer({}, 503, Retry_After=asked), answer({})) as wire:
        bench = Bench(wire.url)
        if endpoint is SHOT:
            bench.refuse(endpoint, ServerError)
        else:
            bench.send(endpoint)
            assert bench.waits == [waited]


@KINDS
@pytest.mark.parametrize("status,tries", [(500, 4), (503, 6)])
def test_f14_an_api_that_fails_each_time(endpoint: Endpoint, status: int, tries: int) -> None:
    body = {"statusCode": status, "message": "boom\x1b[31m " + KEY, "error": "x"}
    with Wire(answer(body, status, X_Request_Id="req-7")) as wire:
        error = Bench(wire.url, retries=5).refuse(endpoint, ServerError)
        tries = 1 if endpoint is SHOT else tries
        assert len(wire.seen) == tries == error.facts["attempts"]
        assert error.facts["status"] == status and error.facts["request_id"] == "req-7"
        assert "boom" in str(error) and ("ticket" in str(error)) == (status == 500)


def test_other_5xx_are_final() -> None:
    with Wire(answer({}, 501)) as wire:
        Bench(wire.url).refuse(READ, ServerError)
        assert len(wire.seen) == 1


# --- F15-F18: 429


@KINDS
def test_f15_a_429_is_waited_for(endpoint: Endpoint) -> None:
    with Wire(answer({}, 429, Retry_After="7"), answer({})) as wire:
        bench = Bench(wire.url, retries=0)
        assert bench.send(endpoint).attempts == 2 and bench.waits == [7.0]
        assert wire.seen[0] == wire.seen[1]


@pytest.mark.parametrize(("asked", "waited"), [("8", 10.0), ("60", 63.0)])
def test_f15_not_all_processes_come_back_at_once_and_none_of_them_much_later(
    asked: str, waited: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who comes late finds the minute used up by the others, and the time that a request may wait is bounded."""
    monkeypatch.setattr("random.random", lambda: 1.0)
    with Wire(answer({}, 429, Retry_After=asked), answer({})) as wire:
        bench = Bench(wire.url)
        bench.send(READ)
        assert bench.waits == [waited]


def test_f15_the_wait_is_told_to_all_processes() -> None:
    with Wire(answer({}, 429, Retry_After="7"), answer({})) as wire:
        bench = Bench(wire.url, pacer=Pacer(wire.url, KEY, 120, sleep=lambda _seconds: None))
        bench.send(READ)
        told: list[float] = []
        Pacer(wire.url, KEY, 120, sleep=told.append).wait_turn()
        assert told and 5 < told[0] <= 7.6, "after the repeat, which keeps its gap"


def test_f17_a_429_without_any_header_is_waited_for_ever_longer() -> None:
    limited = answer({}, 429)
    with Wire(limited, limited, limited, limited, answer({})) as wire:
        bench = Bench(wire.url)
        assert bench.send(READ).attempts == 5 and bench.waits == [5.0, 10.0, 20.0, 40.0]


@KINDS
def test_f18_a_wait_that_is_too_long_is_refused(endpoint: Endpoint) -> None:
    with Wire(answer({}, 429, Retry_After="99999999")) as wire:
        bench = Bench(wire.url)
        error = bench.refuse(endpoint, RateLimited)
        assert len(wire.seen) == 1 and bench.waits == []
        assert error.facts["status"] == 429 and "99999999 s" in str(error) and "Nothing was done" in str(error)


def test_f18_many_short_waits_end_too() -> None:
    with Wire(answer({}, 429, Retry_After="60")) as wire:
        bench = Bench(wire.url)
        bench.refuse(READ, RateLimited)
        assert bench.waits == [60.0] * 5 and len(wire.seen) == 6


# --- F19, F20, F26 and the rest: the API says no


@KINDS
@pytest.mark.parametrize(
    "status,kind,body,words",
    [
        (
            401,
            AuthError,
            {"statusCode": 401, "message": "Invalid key " + KEY, "error": "Unauthorized"},
            ["H444_API_KEY", "Invalid key [redacted]"],
        ),
        (
            403,
            ScopeError,
            {"statusCode": 403, "message": "Missing scope", "error": "Forbidden"},
            ["the scope", "Missing scope"],
        ),
        (
            404,
            NotFound,
            {"statusCode": 404, "message": "No such thing", "error": "Not Found"},
            ["404", "No such thing"],
        ),
        (400, BadRequest, {"message": ["label is short", "plan is unknown"]}, ["label is short; plan is unknown"]),
        (422, BadRequest, {"errors": {"label": "is\ntaken"}}, ["422", "is taken"]),
        (402, ApiError, {"error": "Insufficient funds"}, ["402", "Insufficient funds"]),
        (409, ApiError, {"error": {"code": "busy", "message": "In progress"}}, ["409", "In progress"]),
        (405, ApiError, b"<html><head><title>405 Not Allowed</title></head>", ["405 Not Allowed"]),
        (410, ApiError, b"gone \xff\x00\x1b[2J", ["410", "gone"]),
        (415, ApiError, b"", ["415"]),
    ],
)
def test_a_refusal_is_said_in_the_apis_own_words(
    endpoint: Endpoint, status: int, kind: type[ApiError], body: t.Any, words: list[str]
) -> None:
    with Wire(answer(body, status)) as wire:
        bench = Bench(wire.url)
        error = bench.refuse(endpoint, kind)
        assert isinstance(error, ApiError) and error.status == status
        assert all(word in str(error) for word in words), str(error)
        assert len(wire.seen) == 1 and bench.waits == []


@pytest.mark.parametrize("endpoint,opt_in", [(READ, False), (STATE, False), (KEYED, True), (DESTROY, True)])
def test_f20_the_scope_is_named(endpoint: Endpoint, opt_in: bool) -> None:
    with Wire(answer({}, 403)) as wire:
        error = Bench(wire.url).refuse(endpoint, ScopeError)
        assert error.facts["scope"] == endpoint.scope and "scope " + endpoint.scope in str(error)
        assert ("opt-in" in str(error)) == opt_in


def test_f23_a_missing_list_points_at_api_url() -> None:
    with Wire(answer({}, 404)) as wire, pytest.raises(NotFound, match="api_url is likely wrong"):
        Bench(wire.url).client.rows(LIST, ["vps"])


# --- options


@pytest.mark.parametrize(
    "options,words",
    [
        ({"timeout_seconds": 0}, "api_timeout"),
        ({"timeout_seconds": -1}, "api_timeout"),
        ({"retries": -1}, "api_retries"),
        ({"ca_path": "/nonexistent/ca.pem"}, "ca_path: the file or directory /nonexistent/ca.pem does not exist"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, t.Any], words: str) -> None:
    with pytest.raises(BadOption, match=words):
        Bench("https://127.0.0.1/v1", **options)


def test_a_client_says_who_asks() -> None:
    with Wire() as wire:
        options = {
            "api_key": KEY,
            "api_url": wire.url,
            "api_timeout": 5,
            "api_retries": 0,
            "rate_limit": 0,
            "validate_certs": True,
            "ca_path": None,
        }
        client = open_client(options, "h444_vps", "2.18.1")
        client.request(LIST)
        client.close()
        agent = wire.seen[0].headers["user-agent"]
        assert agent.startswith("h444-ansible/") and "ansible-core/2.18.1" in agent and agent.endswith("(h444_vps)")


# --- ids

HOSTILE_IDS = [
    "", ".", "..", "../account", "..%2faccount", "%2e%2e", "a/b", "/", "a\\b", "a?x=1", "a#b", "a b", " a", "a ",
    "a\n", "\na", "a\r\nX-Evil: 1", "a\x00", "a;b", "a%00", "-oProxyCommand=id", "_a", ".a", "~a", "{{ x }}",
    "$(id)", "ä", "٣", "\u202ea", "a" * 129, "all-ips", "@evil", "a:b", "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE_IDS, ids=ascii)
def test_hostile_ids_send_nothing(value: str) -> None:
    with Wire() as wire:
        client = Bench(wire.url).client
        for endpoint in (READ, DESTROY):
            with pytest.raises(BadOption) as caught:
                client.request(endpoint, ids={"id": value})
            assert str(caught.value).isprintable()
        assert wire.connections == 0


@pytest.mark.parametrize(
    "value",
    [
        "",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.4/24/../x",
        "::1/../x",
        "../x",
        "1.2.3.4%2f",
        "a",
        "01.2.3.4",
        "1.2.3.4\n",
        "fe80::1%../x",
    ],
)
def test_hostile_addresses_send_nothing(value: str) -> None:
    with Wire() as wire:
        with pytest.raises(BadOption):
            Bench(wire.url).client.request(
                Endpoint("PUT", "/vps/{id}/ips/{ip}/ptr", "vps:write"), ids={"id": "1", "ip": value}
            )
        assert wire.connections == 0


@pytest.mark.parametrize(
    "ids,path",
    [
        ({"id": "a.b_c~d-1", "ip": "192.0.2.7"}, "/vps/a.b_c~d-1/ips/192.0.2.7"),
        ({"id": "7", "ip": "2001:db8::7"}, "/vps/7/ips/2001:db8::7"),
    ],
)
def test_ids_and_addresses_are_filled_into_the_path(ids: dict[str, str], path: str) -> None:
    assert fill_path(Endpoint("GET", "/vps/{id}/ips/{ip}", "vps:read"), ids) == path


def test_a_path_without_its_id_is_refused() -> None:
    with pytest.raises(BadOption):
        fill_path(READ, None)


# --- lists


def test_a_next_link_of_another_host_is_asked_for_at_the_configured_one() -> None:
    """Only the query of such a link is used, so the key goes nowhere else."""
    with Wire(answer([{"id": 9}])) as elsewhere:
        links = [answer([{"id": 1}], Link='<%s/vps?page=2>; rel="next"' % elsewhere.url), answer([{"id": 2}])]
        with Wire(*links) as wire:
            assert Bench(wire.url).client.rows(LIST, ["vps"]) == [{"id": 1}, {"id": 2}]
            assert [seen.target for seen in wire.seen] == ["/v1/vps", "/v1/vps?page=2"] and not elsewhere.seen


def test_the_path_of_a_next_link_is_that_of_the_request() -> None:
    endpoint = Endpoint("GET", "/webhooks/{id}/deliveries", "webhooks:read")
    pages = [
        answer({"data": [{"id": 1}], "next": "http://internal/v1/webhooks/w-1/deliveries?cursor=x"}),
        answer([{"id": 2}]),
    ]
    with Wire(*pages) as wire:
        assert Bench(wire.url).client.rows(endpoint, ["deliveries"], ids={"id": "w-1"}) == [{"id": 1}, {"id": 2}]


def test_rows_reads_all_pages_and_drops_repeats() -> None:
    pages = [
        answer({"data": [{"id": 1}, {"id": 2}], "page": 1, "pages": 3}),
        answer({"data": [{"id": 2}, {"id": 3}], "page": 2, "pages": 3}),
        answer({"data": [{"id": 4}], "page": 3, "pages": 3}),
    ]
    with Wire(*pages) as wire:
        rows = Bench(wire.url).client.rows(LIST, ["vps"], query={"state": "on"})
        assert [row["id"] for row in rows] == [1, 2, 3, 4]
        assert [seen.target for seen in wire.seen] == [
            "/v1/vps?state=on",
            "/v1/vps?state=on&page=2",
            "/v1/vps?state=on&page=3",
        ]


def pages_of(*pages: list[t.Any], **more: t.Any) -> list[t.Any]:
    """Read a list whose pages are these."""
    script = [
        answer({"data": rows, "page": number, "pages": len(pages), **more}) for number, rows in enumerate(pages, 1)
    ]
    with Wire(*script) as wire:
        return Bench(wire.url).client.rows(LIST, ["vps"])


def test_pages_may_overlap() -> None:
    """A list that changes between two pages: a row on both is one row, as it was read last, at its first place."""
    first, second = {"id": 1, "status": "running"}, {"id": 2, "status": "provisioning"}
    assert pages_of([first, second], [{"id": "2", "status": "running", "new": 1}, {"id": 3}]) == [
        first,
        {"id": "2", "status": "running", "new": 1},
        {"id": 3},
    ]
    assert pages_of([{"vps": {"id": 1, "a": 1}}], [{"vps": {"id": 1, "a": 2}}]) == [{"vps": {"id": 1, "a": 2}}]
    assert pages_of([{"uuid": "x", "a": 1}], [{"uuid": "x", "a": 2}]) == [{"uuid": "x", "a": 2}]


def test_rows_without_an_id_are_all_kept() -> None:
    assert pages_of([{"a": 1}, {"a": 1}], [{"a": 1}]) == [{"a": 1}] * 3
    assert pages_of([{"id": True}], [{"id": True}]) == [{"id": True}] * 2


def test_two_rows_of_one_id_on_one_page_are_a_contradiction_that_stays() -> None:
    """Whoever decides by them has to see both; only an exact repeat is dropped."""
    assert pages_of([{"id": 1, "price": 5}, {"id": 1, "price": 7}, {"id": 1, "price": 5}]) == [
        {"id": 1, "price": 5},
        {"id": 1, "price": 7},
    ]


def test_what_is_told_as_the_total_counts_distinct_rows() -> None:
    """A repeat is not one of the five that are missing."""
    script = [[{"id": 1}, {"id": 2}, {"id": 3}], [{"id": 3}, {"id": 4}], [{"id": 5}]]
    with Wire(*[answer({"data": rows, "page": number, "total": 5}) for number, rows in enumerate(script, 1)]) as wire:
        assert [row["id"] for row in Bench(wire.url).client.rows(LIST, ["vps"])] == [1, 2, 3, 4, 5]


def test_ids_may_not_be_the_rows_own() -> None:
    """Addresses may come with the id of their server: none is lost."""
    pages = [[{"id": 1, "ip": "10.0.0.1"}], [{"id": 1, "ip": "10.0.0.2"}, {"id": 1, "ip": "10.0.0.1"}]]
    with Wire(*[answer({"data": rows, "page": number, "pages": 2}) for number, rows in enumerate(pages, 1)]) as wire:
        assert Bench(wire.url).client.rows(LIST, ["ips"], ids_are_own=False) == [pages[0][0], pages[1][0]]


def test_entries_that_are_no_objects_are_given_where_they_are_wanted() -> None:
    with Wire(answer([{"id": 1}, None, 5])) as wire:
        assert Bench(wire.url).client.rows(LIST, ["vps"], objects_only=False) == [{"id": 1}, None, 5]


@pytest.mark.parametrize(
    "script",
    [
        [answer({"data": [{"id": 1}], "next_cursor": "same"})],
        [answer({"data": [{"id": 1}], "has_more": True})],
        [answer({"data": [{"id": 1}], "page": 1, "pages": 3}), answer({"data": [], "page": 2, "pages": 3})],
        [answer({"data": [{"id": 1}], "total": 5, "page": 1}), answer({"data": []})],
        [answer({"data": [{"id": 1}], "next": "http://127.0.0.1:9/v2/vps"})],
        [answer({"data": [{"id": 1}], "next": "http://["})],
        [answer([{"id": 1}], Link="<http://[>; rel=next")],
        [answer(None)],
        [answer(b"", 204)],
        [answer(b"")],
        [answer({})],
        [answer("x")],
        [answer([1])],
        [answer({"data": [], "items": []})],
    ],
)
def test_half_a_list_and_no_list_are_refused(script: list[Reply]) -> None:
    with Wire(*script) as wire, pytest.raises(BadReply) as caught:
        Bench(wire.url).client.rows(LIST, ["vps", "servers"])
    assert "GET /v1/vps" in str(caught.value) and len(wire.seen) <= 3


def test_rows_may_be_limited_on_purpose() -> None:
    with Wire(answer({"data": [{"id": 1}], "has_more": True})) as wire:
        assert Bench(wire.url).client.rows(LIST, ["vps"], query={"limit": 1}, at_most=1) == [{"id": 1}]


def test_limited_rows_are_read_page_by_page_until_there_are_enough() -> None:
    pages = [
        answer({"data": [{"id": number}, {"id": number + 1}], "next_cursor": "c%d" % number}) for number in (1, 3, 5)
    ]
    with Wire(*pages) as wire:
        rows = Bench(wire.url).client.rows(LIST, ["vps"], query={"limit": 3}, at_most=3)
        assert [row["id"] for row in rows] == [1, 2, 3, 4]
        assert [seen.target for seen in wire.seen] == ["/v1/vps?limit=3", "/v1/vps?limit=3&cursor=c1"]


def test_limited_rows_are_not_cut_in_silence() -> None:
    with Wire(answer({"data": [{"id": 1}], "has_more": True})) as wire, pytest.raises(BadReply):
        Bench(wire.url).client.rows(LIST, ["vps"], query={"limit": 2}, at_most=2)


def test_clock_and_sleep_are_the_given_ones() -> None:
    waits: list[float] = []
    client = Client("https://127.0.0.1/v1", KEY, pacer=Pacer("u", KEY, 0), clock=lambda: 12.5, sleep=waits.append)
    client.sleep(3)
    client.sleep(0)
    client.sleep(-1)
    assert client.now() == 12.5 and waits == [3]
