# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTP client against a real server on raw sockets: every fault, for each of the four kinds of request."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
import typing as t
import zlib
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _client
from ansible_collections.h444.cloud.plugins.module_utils._client import (
    MAX_BODY_BYTES,
    Answer,
    Client,
    check_key,
    check_url,
    fill_path,
    next_page,
    open_client,
    parse_json,
    retry_after_seconds,
    scrub,
)
from ansible_collections.h444.cloud.plugins.module_utils._endpoint import NEVER, WITH_KEY, Endpoint
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
from ansible_collections.h444.cloud.tests.unit.plugins.module_utils.wire import (
    Reply,
    Wire,
    answer,
    close,
    drip,
    raw,
    reset,
    silent,
)

KEY = "h444_canary0123456789abcdef"
IDEMPOTENCY_KEY = "6f0c1f52-0000-4000-8000-000000000001"
IDS = {"id": "vps-1"}

READ = Endpoint("GET", "/vps/{id}", "vps:read")
STATE = Endpoint("PUT", "/vps/{id}/ptr", "vps:write")
KEYED = Endpoint("POST", "/vps/order", "orders:write", WITH_KEY)
SHOT = Endpoint("POST", "/webhooks", "webhooks:write", NEVER)
LIST = Endpoint("GET", "/vps", "vps:read")
DESTROY = Endpoint("DELETE", "/vps/{id}", "vps:destroy")
ALL = (READ, STATE, KEYED, SHOT)
KINDS = pytest.mark.parametrize("endpoint", ALL, ids=("read", "state", "keyed", "shot"))


class Bench:
    """A client whose waits are noted instead of waited."""

    def __init__(self, url: str, **options: t.Any) -> None:
        self.waits: list[float] = []
        options.setdefault("pacer", Pacer(url, KEY, 0))
        options.setdefault("retries", 2)
        self.client = Client(url, KEY, sleep=self.waits.append, **options)

    def send(self, endpoint: Endpoint, **more: t.Any) -> Answer:
        """Send a request of the endpoint's kind."""
        if endpoint.method != "GET":
            more.setdefault("body", {"b": 1, "a": "ä"})
        if endpoint.resend == WITH_KEY:
            more.setdefault("idempotency_key", IDEMPOTENCY_KEY)
        return self.client.request(endpoint, ids=IDS, **more)

    def refuse(self, endpoint: Endpoint, kind: type[H444Error], **more: t.Any) -> H444Error:
        """Send a request that must fail with exactly this error; no error may show the key or a control character."""
        with pytest.raises(H444Error) as caught:
            self.send(endpoint, **more)
        error = caught.value
        assert error.__class__ is kind, repr(error)
        shown = str(error) + repr(error) + repr(error.facts)
        assert KEY not in shown and "Bearer" not in shown
        assert str(error).isprintable() and json.dumps(error.facts)
        assert error.facts["method"] == endpoint.method and error.facts["path"] == "/v1" + endpoint.path.replace(
            "{id}", "vps-1"
        )
        assert "%s %s" % (endpoint.method, error.facts["path"]) in str(error)
        return error


@pytest.fixture(autouse=True)
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every wait the same each time."""
    monkeypatch.setattr(_client.random, "random", lambda: 0.0)


def free_port() -> int:
    """Give a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


# --- what is sent


def test_request_on_the_wire() -> None:
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


def test_body_is_canonical_and_the_key_is_sent() -> None:
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


def test_reads_keep_the_connection_and_money_takes_a_fresh_one() -> None:
    with Wire(answer({})) as wire:
        bench = Bench(wire.url)
        for _number in range(3):
            bench.send(READ)
        assert wire.connections == 1
        bench.send(KEYED)
        bench.send(SHOT)
        assert wire.connections == 3
        assert [seen.headers.get("connection") for seen in wire.seen[3:]] == ["close", "close"]
        bench.client.close()


# --- F01-F12: no whole answer

CUT = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n{"id": 1}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
LOSSES: dict[str, Reply] = {
    "F08 reset": reset,
    "F08 close": close,
    "F09 short body": raw(CUT),
    "F09 short header": raw(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "F36 http 0.9": raw(b"hello, this is not http\r\n"),
    "F36 no status": raw(b"HTTP/1.1 abc\r\n\r\n"),
    "F36 bad chunk": raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"),
    "F36 chunks end early": raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\n{}"),
    "F36 no last chunk": raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"),
    "F33 bad gzip": answer(b'{"not": "gzip"}', Content_Encoding="gzip"),
    "F33 half gzip": answer(gzip.compress(b'{"id": 1, "more": "%s"}' % (b"x" * 500))[:-12], Content_Encoding="gzip"),
    "F33 deflate": answer(zlib.compress(b"{}"), Content_Encoding="deflate"),
    "F33 br": answer(b"\x0b\x02\x80{}\x03", Content_Encoding="br"),
}
LOSS = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())


@KINDS
@LOSS
def test_lost_answer_then_a_good_one(endpoint: Endpoint, loss: Reply) -> None:
    with Wire(loss, answer({"id": "vps-1"})) as wire:
        bench = Bench(wire.url)
        if endpoint is SHOT:
            error = bench.refuse(endpoint, UnknownFate)
            assert len(wire.seen) == 1 and bench.waits == []
            assert "not known" in str(error) and error.facts["sent"] == "maybe" and error.facts["attempts"] == 1
        else:
            assert bench.send(endpoint)[:2] == (200, {"id": "vps-1"})
            assert len(wire.seen) == 2 and bench.waits == [0.5]
            assert wire.seen[0] == wire.seen[1]  # the same bytes and the same Idempotency-Key


@KINDS
@pytest.mark.parametrize("loss", [reset, raw(CUT)], ids=("reset", "short"))
def test_lost_for_ever(endpoint: Endpoint, loss: Reply) -> None:
    with Wire(loss) as wire:
        bench = Bench(wire.url)
        error = bench.refuse(endpoint, TransportError if endpoint is READ else UnknownFate)
        tries = 1 if endpoint is SHOT else 3
        assert len(wire.seen) == tries == error.facts["attempts"]
        assert error.facts["sent"] == "maybe" and bench.waits == [0.5, 1.0][: tries - 1]
        if endpoint is KEYED:
            assert error.facts["idempotency_key"] == IDEMPOTENCY_KEY


def test_keyed_post_without_its_key_is_sent_once() -> None:
    with Wire(reset) as wire:
        Bench(wire.url).refuse(KEYED, UnknownFate, idempotency_key=None)
        assert len(wire.seen) == 1


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


@KINDS
def test_f01_nothing_listens(endpoint: Endpoint) -> None:
    port = free_port()
    bench = Bench("http://127.0.0.1:%d/v1" % port, retries=5)
    error = bench.refuse(endpoint, TransportError)
    assert "nothing listens at 127.0.0.1:%d" % port in str(error) and "api_url" in str(error)
    assert error.facts["sent"] == "no" and error.facts["attempts"] == 6
    assert bench.waits == [0.5, 1.0, 2.0, 4.0, 8.0]
    assert bench.client.held_seconds == 0, "a pause before a repeat is not the rate limit's"


def test_no_retries_when_none_are_wanted() -> None:
    assert Bench("http://127.0.0.1:%d/v1" % free_port(), retries=0).refuse(READ, TransportError).facts["attempts"] == 1


@KINDS
def test_f02_name_is_unknown(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_name(*_args: object, **_more: object) -> t.Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_name)
    error = Bench("https://api.example.invalid/v1", retries=5).refuse(endpoint, TransportError)
    assert "the name api.example.invalid can't be resolved" in str(error)
    assert error.facts["sent"] == "no" and error.facts["attempts"] == 4


DRIPPED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2000\r\n\r\n{" + b" " * 1900


@KINDS
@pytest.mark.parametrize(
    "slow",
    [silent(5), drip(DRIPPED, 0.05), drip(b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 500, 0.05)],
    ids=("F06", "F07 body", "F07 header"),
)
def test_f06_f07_deadline_of_an_attempt(endpoint: Endpoint, slow: Reply) -> None:
    with Wire(slow) as wire:
        bench = Bench(wire.url, retries=1)
        begin = time.monotonic()
        error = bench.refuse(endpoint, TransportError if endpoint is READ else UnknownFate, timeout_seconds=0.2)
        tries = 1 if endpoint is SHOT else 2
        assert time.monotonic() - begin < 0.2 * tries + 0.7
        assert len(wire.seen) == tries and "within 0.2 s" in str(error) and "api_timeout" in str(error)


def test_f07_drip_that_is_in_time_is_read() -> None:
    with Wire(drip(b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"id": 1}', 0.002)) as wire:
        assert Bench(wire.url).send(READ).body == {"id": 1}


@KINDS
def test_a_stale_keep_alive_is_only_a_wait(endpoint: Endpoint) -> None:
    def last_word(connection: socket.socket) -> bool:
        answer({})(connection)
        return reset(connection)

    with Wire(last_word, answer({"id": "vps-1"})) as wire:
        bench = Bench(wire.url)
        bench.send(READ)
        time.sleep(0.05)
        assert bench.send(endpoint).body == {"id": "vps-1"}
        assert [seen.method for seen in wire.seen] == ["GET", endpoint.method]


# --- F10, F11, F33-F36: a whole answer that can't be read

UNREADABLE: dict[str, tuple[Reply, str]] = {
    "F10 cut JSON": (answer(b'{"id": 1, "la'), "not with JSON"),
    "F10 rubbish": (answer(b"\x00\x01\x02"), "not with JSON"),
    "F10 two values": (answer(b"{} {}"), "not with JSON"),
    "F11 html": (answer(b"<html><title>Log in\x1b[31m</title>", Content_Type="text/html"), "HTML page 'Log in"),
    "F34 not UTF-8": (answer(b'{"label": "\xff\xfe"}'), "not with JSON"),
    "F35 NaN": (answer(b'{"price": NaN}'), "NaN"),
    "F35 endless": (answer(b'{"price": -Infinity}'), "Infinity"),
    "F35 deep": (answer(b"[" * 100_000), "not with JSON"),
    "F35 twice": (answer(b'{"id": 1, "id": 2}'), "twice"),
    "F35 long number": (answer(b'{"id": %s}' % (b"9" * 5000)), "not with JSON"),
    "F36 Content-Length too small": (raw(b'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{"id": 1}'), "not with JSON"),
}


@KINDS
@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable_answer(endpoint: Endpoint, name: str) -> None:
    reply, words = UNREADABLE[name]
    with Wire(reply) as wire:
        error = Bench(wire.url).refuse(endpoint, BadReply if endpoint is READ else UnknownFate)
        assert words in str(error) and "answered 200" in str(error)
        assert error.facts["status"] == 200
        assert len(wire.seen) == 1
        if endpoint is KEYED:
            assert error.facts["idempotency_key"] == IDEMPOTENCY_KEY


@KINDS
@pytest.mark.parametrize(
    "bomb", [answer(gzip.compress(b" " * (3 * MAX_BODY_BYTES)), Content_Encoding="gzip")], ids=["F33 bomb"]
)
def test_f33_bomb_is_cut_and_not_asked_for_again(endpoint: Endpoint, bomb: Reply) -> None:
    with Wire(bomb) as wire:
        begin = time.monotonic()
        error = Bench(wire.url).refuse(endpoint, TransportError if endpoint is READ else UnknownFate)
        assert "larger than 32 MiB" in str(error)
        assert len(wire.seen) == 1 and time.monotonic() - begin < 3


def test_f35_giant_plain_body_is_cut() -> None:
    with Wire(raw(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * (MAX_BODY_BYTES + 10))) as wire:
        assert "larger than" in str(Bench(wire.url).refuse(READ, TransportError))


GOOD: dict[str, Reply] = {
    "gzip": answer(gzip.compress(b'{"id": 1}'), Content_Encoding="gzip"),
    "x-gzip": answer(gzip.compress(b'{"id": 1}'), Content_Encoding="X-GZIP"),
    "identity": answer(b'{"id": 1}', Content_Encoding="identity"),
    "chunked": raw(HEAD + b'Transfer-Encoding: chunked\r\n\r\n4\r\n{"id\r\n5;x=y\r\n": 1}\r\n0\r\n\r\n', keep=True),
    "until close": raw(HEAD + b'\r\n{"id": 1}'),
    "100 first": raw(b'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"id": 1}', keep=True),
    "byte order mark": answer(b'\xef\xbb\xbf{"id": 1}'),
    "same key twice, same value": answer(b'{"id": 1, "id": 1}'),
    "wrong content type": answer(b'{"id": 1}', Content_Type="text/plain"),
}


@pytest.mark.parametrize("reply", GOOD.values(), ids=GOOD.keys())
def test_unusual_but_good_answers(reply: Reply) -> None:
    with Wire(reply) as wire:
        assert Bench(wire.url).send(READ).body == {"id": 1}
        assert len(wire.seen) == 1


@KINDS
@pytest.mark.parametrize("reply", [answer(b"", 204), answer(b""), answer(b" \r\n", 202)], ids=("204", "200", "202"))
def test_empty_answer_has_no_body(endpoint: Endpoint, reply: Reply) -> None:
    with Wire(reply) as wire:
        assert Bench(wire.url).send(endpoint).body is None


# --- F12-F14: 5xx


@KINDS
@pytest.mark.parametrize("status", [408, 425, 499, 500, 502, 503, 504, 520, 522, 524])
def test_f12_f13_busy_then_ok(endpoint: Endpoint, status: int) -> None:
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
def test_f12_retry_after_of_a_503(endpoint: Endpoint, asked: str, waited: float) -> None:
    with Wire(answer({}, 503, Retry_After=asked), answer({})) as wire:
        bench = Bench(wire.url)
        if endpoint is SHOT:
            bench.refuse(endpoint, ServerError)
        else:
            bench.send(endpoint)
            assert bench.waits == [waited]


@KINDS
@pytest.mark.parametrize("status,tries", [(500, 4), (503, 6)])
def test_f14_for_ever(endpoint: Endpoint, status: int, tries: int) -> None:
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
def test_f15_retry_after(endpoint: Endpoint) -> None:
    with Wire(answer({}, 429, Retry_After="7"), answer({})) as wire:
        bench = Bench(wire.url, retries=0)
        assert bench.send(endpoint).attempts == 2 and bench.waits == [7.0]
        assert wire.seen[0] == wire.seen[1]


def test_f15_wait_is_told_to_all_processes() -> None:
    with Wire(answer({}, 429, Retry_After="7"), answer({})) as wire:
        bench = Bench(wire.url, pacer=Pacer(wire.url, KEY, 120, sleep=lambda _seconds: None))
        bench.send(READ)
        told: list[float] = []
        Pacer(wire.url, KEY, 120, sleep=told.append).wait_turn()
        assert told and 5 < told[0] <= 7


def test_f17_no_header_at_all() -> None:
    limited = answer({}, 429)
    with Wire(limited, limited, limited, limited, answer({})) as wire:
        bench = Bench(wire.url)
        assert bench.send(READ).attempts == 5 and bench.waits == [5.0, 10.0, 20.0, 40.0]


@KINDS
def test_f18_wait_that_is_too_long(endpoint: Endpoint) -> None:
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


NOW = 1_700_000_000.0


def http_date(seconds: float) -> str:
    """Give an HTTP date so many seconds from NOW."""
    return format_datetime(datetime.fromtimestamp(NOW, timezone.utc) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    "headers,seconds",
    [
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"Retry-After": "0"}, 0.1),
        ({"Retry-After": http_date(30)}, 30.0),
        ({"Retry-After": http_date(-30)}, 1.0),
        ({"Retry-After": http_date(3630), "Date": http_date(3600)}, 30.0),  # the local clock is an hour slow
        ({"Retry-After": http_date(-3570), "Date": http_date(-3600)}, 30.0),  # and an hour fast
        ({"Retry-After": http_date(30), "Date": "yesterday"}, 30.0),
        ({}, 42.0),
        ({"Retry-After": "-1"}, 42.0),
        ({"Retry-After": "abc"}, 42.0),
        ({"Retry-After": "1;2"}, 42.0),
        ({"Retry-After": "1e9"}, 42.0),
        ({"Retry-After": "٣"}, 42.0),
        ({"Retry-After": ""}, 42.0),
        ({"X-RateLimit-Reset": "12"}, 12.0),
        ({"X-RateLimit-Reset-Default": "12"}, 12.0),
        ({"X-RATELIMIT-RESET": str(int(NOW) + 20)}, 20.0),
        ({"X-RateLimit-Reset": str((int(NOW) + 20) * 1000)}, 20.0),
        ({"X-RateLimit-Reset": str(int(NOW) - 20)}, 1.0),
        ({"X-RateLimit-Reset": "soon"}, 42.0),
        ({"X-RateLimit-Reset": "12", "Retry-After": "3"}, 3.0),
        ({"X-RateLimit-Reset": "12", "Retry-After": "abc"}, 12.0),
    ],
)
def test_retry_after_seconds(headers: dict[str, str], seconds: float) -> None:
    assert retry_after_seconds(headers, 42.0, NOW) == pytest.approx(seconds)


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
def test_refusals(endpoint: Endpoint, status: int, kind: type[ApiError], body: t.Any, words: list[str]) -> None:
    with Wire(answer(body, status)) as wire:
        bench = Bench(wire.url)
        error = bench.refuse(endpoint, kind)
        assert isinstance(error, ApiError) and error.status == status
        assert all(word in str(error) for word in words), str(error)
        assert len(wire.seen) == 1 and bench.waits == []


@pytest.mark.parametrize("endpoint,opt_in", [(READ, False), (STATE, False), (KEYED, True), (DESTROY, True)])
def test_f20_names_the_scope(endpoint: Endpoint, opt_in: bool) -> None:
    with Wire(answer({}, 403)) as wire:
        error = Bench(wire.url).refuse(endpoint, ScopeError)
        assert error.facts["scope"] == endpoint.scope and "scope " + endpoint.scope in str(error)
        assert ("opt-in" in str(error)) == opt_in


def test_f23_missing_list_points_at_api_url() -> None:
    with Wire(answer({}, 404)) as wire, pytest.raises(NotFound, match="api_url is likely wrong"):
        Bench(wire.url).client.rows(LIST, ["vps"])


# --- F32: redirects


@KINDS
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", ["other", "same", "down", "rubbish", "none"])
def test_f32_redirects_are_not_followed(endpoint: Endpoint, status: int, where: str) -> None:
    with Wire(answer({"id": "vps-1"})) as canary, Wire() as wire:
        places = {
            "other": canary.url + "/vps",
            "same": "/v1/elsewhere",
            "down": "http://user:pw@localhost:%d/" % canary.port,
            "rubbish": "//[",
            "none": "",
        }
        headers = {"Location": places[where]} if where != "none" else {}
        wire.script = [answer({}, status, **headers)]
        error = Bench(wire.url).refuse(endpoint, ApiError)
        assert error.facts["status"] == status and "redirects are not followed" in str(error)
        assert len(wire.seen) == 1 and canary.seen == [] and canary.connections == 0
        assert "pw" not in str(error)
        if where == "other":
            assert canary.netloc in str(error)


# --- the key


@pytest.mark.parametrize("key", [KEY, "h444_at_abc.DEF-123~x+/==", "h444_" + "a" * 512])
def test_good_keys(key: str) -> None:
    assert check_key(key) == key


@pytest.mark.parametrize(
    "key,words",
    [
        (None, "no key was given"),
        ("", "no key was given"),
        (KEY + "\n", "newline"),
        (KEY + "\r\n", "newline"),
        (" " + KEY, "white space"),
        ("h444_canary 0123", "white space or control"),
        ("h444_canary\x000123", "control"),
        ("h444_canary\nX-Evil: 1", "white space or control"),
        ("sk_live_canary0123", "does not begin with 'h444_'"),
        ("H444_canary0123", "does not begin"),
        ("Bearer h444_canary0123", "white space"),
        ("h444_abc", "too short"),
        ("h444_" + "canary" * 100, "too long"),
        ("h444_canäry0123", "characters that no key has"),
        ("h444_canary{{ x }}", "white space"),
    ],
)
def test_wrong_keys_are_refused_and_not_shown(key: str | None, words: str) -> None:
    with Wire() as wire:
        options = {
            "api_key": key,
            "api_url": wire.url,
            "api_timeout": 5,
            "api_retries": 0,
            "rate_limit": 0,
            "validate_certs": True,
        }
        with pytest.raises(BadOption, match=words) as caught:
            open_client(options, "h444_test")
        shown = str(caught.value) + repr(caught.value) + repr(caught.value.facts)
        assert "canary" not in shown and "abc" not in shown
        assert caught.value.__cause__ is None
        assert wire.connections == 0


def test_key_is_not_in_any_repr() -> None:
    client = Bench("http://127.0.0.1:1/v1").client
    assert KEY not in repr(client) + repr(client._auth) + repr(client._pacer) + repr(client._session)


@pytest.mark.parametrize(
    "text",
    [
        "key %s." % KEY,
        "Authorization: Bearer abc.def",
        "authorization: bearer xyz",
        "bearer xyz123",
        "Bearer eyJhbGciOi",
        "h444_at_abcd1234",
        "secret whsec_AbC-1_2 end",
    ],
)
def test_scrub(text: str) -> None:
    shown = scrub(text)
    assert "[redacted]" in shown
    for secret in (KEY, "abc.def", "xyz", "abcd1234", "AbC-1_2"):
        assert secret not in shown


@pytest.mark.parametrize(
    "text",
    [
        "only bearer tokens are accepted",
        "Bearer authentication is required.",
        "send a Bearer token.",
        "a bearer access_token",
        "bearer and/or basic",
        "see https://api.test/v1 and mail a@b.example",
    ],
)
def test_words_are_no_tokens(text: str) -> None:
    assert scrub(text) == text


def test_the_user_of_a_url_is_taken_out() -> None:
    assert scrub("Failed to parse: http://user:p@ss@proxy:3128/x") == "Failed to parse: http://[redacted]@proxy:3128/x"


def test_netrc_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".netrc"
    file.write_text("machine 127.0.0.1 login other password canary\ndefault login other password canary\n")
    file.chmod(0o600)
    monkeypatch.setenv("NETRC", str(file))
    with Wire() as wire:
        bench = Bench(wire.url)
        bench.send(READ)
        bench.send(KEYED)
        assert [seen.headers["authorization"] for seen in wire.seen] == ["Bearer " + KEY] * 2


# --- options


@pytest.mark.parametrize(
    "url",
    [
        "https://api.444host.com/v1",
        "https://api.444host.com:8443/v1",
        "http://127.0.0.1:18444/v1",
        "http://127.1.2.3/v1",
        "http://localhost:1/v1",
        "http://[::1]:1/v1",
    ],
)
def test_good_urls(url: str) -> None:
    assert check_url(url) == url == check_url(url + "/")


@pytest.mark.parametrize(
    "url,words",
    [
        ("http://api.444host.com/v1", "use https"),
        ("http://10.0.0.1/v1", "use https"),
        ("http://127.0.0.1.example.com/v1", "use https"),
        ("http://localhost.example.com/v1", "use https"),
        ("http://[::ffff:10.0.0.1]/v1", "use https"),
        ("http://127.0.0.1@example.com/v1", "user name"),
        ("https://user:canary@api.444host.com/v1", "user name"),
        ("https://api.444host.com/v1?x=1", "query"),
        ("https://api.444host.com/v1#x", "fragment"),
        ("https://api.444host.com/v1?", "query"),
        ("https://api.444host.com/v1#", "fragment"),
        ("https://api.444host.com/v1/?", "query"),
        ("https://@api.444host.com/v1", "user name"),
        ("ftp://api.444host.com/v1", "is not a URL"),
        ("file:///etc/passwd", "is not a URL"),
        ("api.444host.com/v1", "is not a URL"),
        ("https://", "is not a URL"),
        ("", "is not a URL"),
        ("https://api.444host.com:99999/v1", "is not a URL"),
        ("https://[::1/v1", "is not a URL"),
        ("https://api.444host.com\\@evil/v1", "is not a URL"),
        ("https://api.444host.com /v1", "is not a URL"),
        ("https://api.444host.com/v1\n", "is not a URL"),
    ],
)
def test_wrong_urls_are_refused(url: str, words: str) -> None:
    with pytest.raises(BadOption, match=words) as caught:
        Client(url, KEY, pacer=Pacer(url, KEY, 0))
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "options,words",
    [
        ({"timeout_seconds": 0}, "api_timeout"),
        ({"timeout_seconds": -1}, "api_timeout"),
        ({"retries": -1}, "api_retries"),
        ({"ca_path": "/nonexistent/ca.pem"}, "ca_path: there is no file or directory /nonexistent/ca.pem"),
    ],
)
def test_wrong_options(options: dict[str, t.Any], words: str) -> None:
    with pytest.raises(BadOption, match=words):
        Bench("https://127.0.0.1/v1", **options)


def test_open_client_sends_who_asks() -> None:
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
    "", ".", "..", "../account", "..%2faccount", "%2e%2e", "a/b", "/", "a\\b", "a?x=1", "a#b", "a b", " a", "a ", "a\n", "\na", "a\r\nX-Evil: 1", "a\x00",
    "a;b", "a%00", "-oProxyCommand=id", "_a", ".a", "~a", "{{ x }}", "$(id)", "ä", "٣", "\u202ea", "a" * 129, "all-ips", "@evil", "a:b", "\ud800",
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
def test_fill_path(ids: dict[str, str], path: str) -> None:
    assert fill_path(Endpoint("GET", "/vps/{id}/ips/{ip}", "vps:read"), ids) == path


def test_fill_path_without_an_id() -> None:
    with pytest.raises(BadOption):
        fill_path(READ, None)


# --- proxies, F04


def test_proxy_of_the_environment_is_asked_and_its_password_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    with Wire(answer(b"no", 407)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", "http://someone:canary@%s" % proxy.netloc)
        error = Bench("https://api.example.invalid/v1", retries=5).refuse(KEYED, TransportError)
        assert proxy.netloc in str(error) and "407" in str(error) and "canary" not in str(error)
        assert error.facts["sent"] == "no" and error.facts["attempts"] == 1
        assert [seen.method for seen in proxy.seen] == ["CONNECT"]
        assert KEY not in repr(proxy.seen)


@pytest.mark.parametrize(
    "url",
    [
        "http://user:can/ary@proxy.example:3128",
        "http://user:canary@[proxy:3128",
        "http://user:canary@:3128",
        "user:canary@proxy:port",
        "http://user:can ary@proxy",
    ],
)
def test_malformed_proxy_is_refused_without_its_password(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", url)
    with pytest.raises(BadOption) as caught:
        Bench("https://api.example.invalid/v1")
    assert "HTTPS_PROXY" in str(caught.value)
    assert not any(
        part in str(caught.value) + repr(caught.value.facts) for part in ("canary", "can ary", "ary", "user:")
    )


@pytest.mark.parametrize("url", ["foo://user:canary@proxy.example:1", "socks5://user:canary@127.0.0.1:1"])
def test_proxy_of_an_odd_kind_shows_no_password(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", url)
    assert "canary" not in str(Bench("https://api.example.invalid/v1", retries=0).refuse(READ, TransportError))


def test_proxy_that_drips_its_answer_to_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    """No request was sent to the API yet, and api_timeout bounds this, too."""
    with Wire(drip(b"HTTP/1.1 200 Connection established\r\n" + b"X-Pad: x\r\n" * 100, 0.2)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", "http://" + proxy.netloc)
        start = time.monotonic()
        error = Bench("https://api.example.invalid/v1", retries=0, timeout_seconds=1).refuse(KEYED, TransportError)
        assert time.monotonic() - start < 5
        assert "the proxy %s made no connection to api.example.invalid within 1 s" % proxy.netloc in str(error)
        assert error.facts["sent"] == "no" and "api_timeout" in str(error)


def test_tls_handshake_that_drips() -> None:
    """A server that begins a long record and never ends it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _peer = listener.accept()
        with connection:
            connection.recv(4096)
            try:
                connection.sendall(b"\x16\x03\x03\x3f\xff")
                for _byte in range(60):
                    connection.sendall(b"\x02")
                    time.sleep(0.2)
            except OSError:
                pass

    threading.Thread(target=serve, daemon=True).start()
    start = time.monotonic()
    error = Bench("https://127.0.0.1:%d/v1" % listener.getsockname()[1], retries=0, timeout_seconds=1).refuse(
        SHOT, TransportError
    )
    listener.close()
    assert time.monotonic() - start < 5
    assert "did not take the connection within 1 s" in str(error) and error.facts["sent"] == "no"


def test_connections_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second handle of a connection does not keep it open."""
    with Wire(answer({"id": 1}), answer({"id": 1})) as wire:
        bench = Bench(wire.url)
        before = len(os.listdir("/proc/self/fd"))
        for _request in range(5):
            bench.send(KEYED)
        bench.client.close()
        assert len(os.listdir("/proc/self/fd")) <= before + 1


def test_proxy_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:%d" % port)
    error = Bench("https://api.example.invalid/v1").refuse(SHOT, TransportError)
    assert (
        "the proxy 127.0.0.1:%d" % port in str(error) and error.facts["sent"] == "no" and error.facts["attempts"] == 3
    )


def test_no_proxy_goes_past_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with Wire() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", "http://" + proxy.netloc)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        Bench("https://127.0.0.1:%d/v1" % free_port(), retries=0).refuse(READ, TransportError)
        assert proxy.connections == 0


def test_http_to_this_machine_never_goes_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with Wire() as proxy, Wire(answer({"id": 1})) as wire:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://" + proxy.netloc)
        assert Bench(wire.url).send(READ).body == {"id": 1}
        assert proxy.connections == 0


# --- TLS, F03


class Certificate(t.NamedTuple):
    """A self-signed certificate and the server's side of it."""

    file: str
    context: ssl.SSLContext


def make_certificate(folder: Path, name: str) -> Certificate:
    """Make a self-signed certificate for one subjectAltName."""
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=test",
    ]
    command += ["-addext", "subjectAltName=" + name, "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=30)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return Certificate(str(folder / "cert.pem"), context)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Give a certificate for 127.0.0.1."""
    assert shutil.which("openssl"), "these tests need the command openssl"
    return make_certificate(tmp_path_factory.mktemp("tls"), "IP:127.0.0.1")


@KINDS
def test_f03_untrusted_certificate(endpoint: Endpoint, certificate: Certificate) -> None:
    with Wire(tls=certificate.context) as wire:
        error = Bench(wire.url).refuse(endpoint, TransportError)
        assert "the certificate of %s is not trusted" % wire.netloc in str(error) and "ca_path" in str(error)
        assert "self" in str(error) and "\n" not in str(error) and str(error).count(". ") == 0
        assert error.facts["attempts"] == 1 and error.facts["sent"] == "no"
        assert wire.seen == [] and wire.connections == 1


def test_f03_own_ca(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    with Wire(answer({"id": 1}), tls=certificate.context) as wire:
        assert Bench(wire.url, ca_path=certificate.file).send(READ).body == {"id": 1}
        assert Bench(wire.url, validate_certs=False).send(READ).body == {"id": 1}
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
            with monkeypatch.context() as patch:
                patch.setenv(name, certificate.file)
                assert Bench(wire.url).send(READ).body == {"id": 1}
        Bench(wire.url).refuse(READ, TransportError)


def test_f03_wrong_host(tmp_path: Path) -> None:
    other = make_certificate(tmp_path, "DNS:other.example")
    with Wire(tls=other.context) as wire:
        error = Bench(wire.url, ca_path=other.file).refuse(READ, TransportError)
        assert "is not trusted" in str(error) and error.facts["attempts"] == 1 and wire.seen == []


@KINDS
def test_f03_plain_http_port(endpoint: Endpoint) -> None:
    with Wire(answer({})) as wire:
        error = Bench("https://%s/v1" % wire.netloc).refuse(endpoint, TransportError)
        assert "does not speak TLS" in str(error) and "api_url" in str(error), str(error)
        assert error.facts["attempts"] == 1 and error.facts["sent"] == "no"


def test_f03_ca_bundle_of_the_environment_is_missing(monkeypatch: pytest.MonkeyPatch, certificate: Certificate) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent/bundle.pem")
    with Wire(tls=certificate.context) as wire:
        error = Bench(wire.url).refuse(READ, TransportError)
        assert "CA bundle" in str(error) and "REQUESTS_CA_BUNDLE" in str(error) and error.facts["attempts"] == 1


# --- lists

HERE = "https://api.test/v1/vps"


@pytest.mark.parametrize(
    "body,link,query,following",
    [
        ([], "", {}, None),
        ([{"id": 1}], "", {}, None),
        ({"data": [], "total": 2}, "", {}, None),
        ({"data": [], "page": 1, "total_pages": 1}, "", {}, None),
        ({"data": [], "page": 1, "totalPages": 3}, "", {}, {"page": 2}),
        ({"data": [], "meta": {"current_page": 2, "last_page": 3}}, "", {"x": "y"}, {"x": "y", "page": 3}),
        ({"data": [], "meta": {"currentPage": 3, "lastPage": 3}}, "", {}, None),
        ({"data": [], "pagination": {"page": "1", "pages": "2"}}, "", {}, {"page": 2}),
        ({"data": {"items": [], "page": 1, "total": 9}}, "", {}, {"page": 2}),
        ({"data": [], "total": 9, "offset": 0}, "", {}, {"offset": 2}),
        ({"data": [], "next_cursor": "abc"}, "", {}, {"cursor": "abc"}),
        ({"data": [], "nextCursor": None}, "", {}, None),
        ({"data": [], "nextCursor": ""}, "", {}, None),
        ({"data": [], "has_more": False, "next_cursor": "abc"}, "", {}, None),
        ({"data": [], "meta": {"cursors": {"after": "q"}}}, "", {}, {"cursor": "q"}),
        ({"data": [], "nextPageToken": "t"}, "", {}, {"page_token": "t"}),
        ({"data": [], "next": "cur"}, "", {}, {"cursor": "cur"}),
        ({"data": [], "next": "/v1/vps?page=2"}, "", {}, {"page": "2"}),
        ({"data": [], "next": "https://api.test/v1/vps?page=2&n=5"}, "", {"n": "1"}, {"n": "5", "page": "2"}),
        ({"data": [], "next": "?cursor=a%20b"}, "", {}, {"cursor": "a b"}),
        ({"data": [], "links": {"next": "/v1/vps?page=4"}}, "", {}, {"page": "4"}),
        ({"data": [], "meta": {"links": {"next": {"href": "/v1/vps?page=5"}}}}, "", {}, {"page": "5"}),
        ({"data": [], "links": {"next": None}}, "", {}, None),
        ({"data": [], "nextPage": 2}, "", {}, {"page": 2}),
        ({"data": [], "next_page": 2, "page": 1, "pages": 1}, "", {}, None),
        ([], '<https://api.test/v1/vps?page=2>; rel="next"', {}, {"page": "2"}),
        ([], '</v1/vps?page=1>; rel="prev", </v1/vps?page=3>; rel=next', {}, {"page": "3"}),
        ([], '</v1/vps?page=1>; rel="first"', {}, None),
        ([], '</v1/vps?page=1>; rel="first next"; title="a, b"', {}, {"page": "1"}),
        ([], "</v1/vps?a=1,2>;REL = NEXT", {}, {"a": "1,2"}),
        # Behind a proxy the API names itself as it knows itself.
        ({"data": [], "next": "http://api.test/v1/vps?page=2"}, "", {}, {"page": "2"}),
        ({"data": [], "next": "http://internal:8080/v1/vps?page=2"}, "", {"n": "5"}, {"n": "5", "page": "2"}),
        ([], '<http://internal:8080/v1/vps/?cursor=x>; rel="next"', {}, {"cursor": "x"}),
        ({"data": [], "next": "http://internal/api/vps?page=9", "page": 1, "pages": 4}, "", {}, {"page": 2}),
        ([], '<http://internal/api/vps?page=3>; rel="next"', {}, {"page": 3}),
        ({"data": [], "next": "http://[", "page": 1}, "", {}, {"page": 2}),
        ({"data": [], "next": "http://internal/x?cursor=y", "offset": 0}, "", {}, {"offset": 2}),
    ],
)
def test_next_page(body: t.Any, link: str, query: dict[str, str], following: dict[str, t.Any] | None) -> None:
    assert next_page(Answer(200, body, {"Link": link} if link else {}), 2, 2, query, HERE) == following


@pytest.mark.parametrize(
    "body,link,words",
    [
        ({"data": [], "total": 9}, "", "there are more entries than the 2"),
        ({"data": [], "has_more": True}, "", "there are more entries"),
        ({"data": [], "pageInfo": {"hasNextPage": True}}, "", "there are more entries"),
        ({"data": [], "next": "//evil.test/v2/vps"}, "", "names a next page that can't be used"),
        ({"data": [], "next": "http://["}, "", "names a next page that can't be used"),
        ({"data": [], "next": "/v1/vps/other?cursor=y"}, "", "names a next page that can't be used"),
        ([], '<https://evil.test/x>; rel="next"', "names a next page that can't be used"),
        ([], '<http://[>; rel="next"', "names a next page that can't be used"),
        ([], "<%s>; rel=next" % ("/v1/vps?a=" + "x" * 5000), "names a next page that can't be used"),
    ],
)
def test_next_page_that_can_not_be_had(body: t.Any, link: str, words: str) -> None:
    with pytest.raises(BadReply, match=words) as caught:
        next_page(Answer(200, body, {"Link": link} if link else {}), 2, 2, {}, HERE)
    assert len(str(caught.value)) < 300


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


def test_pages_that_overlap() -> None:
    """A list that changes between two pages: one row on both is one row, with what was read last, at its first place."""
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


def test_ids_that_are_not_the_rows_own() -> None:
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


def test_rows_that_are_limited_on_purpose() -> None:
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


# --- JSON


@pytest.mark.parametrize("data", [b"{}", b"[]", b"null", b"1", b'"\\ud800"', b'{"a": {"b": [1.5, true, null]}}'])
def test_parse_json(data: bytes) -> None:
    assert parse_json(data) == json.loads(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"NaN",
        b"[Infinity]",
        b"{'a': 1}",
        b'{"a": 1, "a": 2}',
        b"[" * 100_000,
        b"\xff",
        b"[1] x",
        b'{"a": 1,}',
        b"1e999",
    ],
)
def test_parse_json_is_strict(data: bytes) -> None:
    with pytest.raises(ValueError):
        parse_json(data)


def test_clock_and_sleep_are_the_given_ones() -> None:
    waits: list[float] = []
    client = Client("https://127.0.0.1/v1", KEY, pacer=Pacer("u", KEY, 0), clock=lambda: 12.5, sleep=waits.append)
    client.sleep(3)
    client.sleep(0)
    client.sleep(-1)
    assert client.now() == 12.5 and waits == [3]
