# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From an answer to a value or an error: pure, with literals."""

from __future__ import annotations

import json
import typing as t
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from ansible_collections.h444.cloud.plugins.module_utils._answers import (
    Received,
    Sent,
    parse_json,
    read,
    refusal,
    retry_after_seconds,
)
from ansible_collections.h444.cloud.plugins.module_utils._api import Answer
from ansible_collections.h444.cloud.plugins.module_utils._endpoint import WITH_KEY, Endpoint
from ansible_collections.h444.cloud.plugins.module_utils._errors import (
    ApiError,
    AuthError,
    BadReply,
    BadRequest,
    NotFound,
    ScopeError,
    ServerError,
    UnknownFate,
)

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
def test_every_usual_form_of_a_wait_is_read(headers: dict[str, str], seconds: float) -> None:
    assert retry_after_seconds(headers, 42.0, NOW) == pytest.approx(seconds)


@pytest.mark.parametrize("data", [b"{}", b"[]", b"null", b"1", b'"\\ud800"', b'{"a": {"b": [1.5, true, null]}}'])
def test_json_is_parsed(data: bytes) -> None:
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
def test_json_is_parsed_strictly(data: bytes) -> None:
    with pytest.raises(ValueError):
        parse_json(data)


# --- values and errors

READ = Endpoint("GET", "/vps/{id}", "vps:read")
WRITE = Endpoint("PATCH", "/vps/{id}/label", "vps:write")
BUY = Endpoint("POST", "/vps/order", "orders:write", WITH_KEY, returns_secret=True)


def sent(endpoint: Endpoint = READ, key: str | None = None) -> Sent:
    """Make a request that was sent."""
    path = endpoint.path.replace("{id}", "7")
    return Sent(endpoint, "https://api.test/v1", path, None, None, "", key, 30.0, False)


def received(status: int, body: t.Any = None, **headers: str) -> Received:
    """Make an answer."""
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Received(status, {name.replace("_", "-"): value for name, value in headers.items()}, payload)


def test_a_request_is_named_as_in_the_reference() -> None:
    assert str(sent(WRITE)) == "PATCH /v1/vps/7/label"


def test_a_success_is_its_json() -> None:
    assert read(sent(), received(200, {"id": 7}, Date="x"), 2) == Answer(200, {"id": 7}, {"Date": "x"}, 2)
    assert read(sent(), received(204, b" \r\n"), 1).body is None


def test_one_time_secrets_are_read_from_what_is_no_strict_json() -> None:
    assert read(sent(BUY), received(200, b'{"password": "x", "price": NaN}'), 1).body == {
        "password": "x",
        "price": None,
    }


def test_a_read_that_can_not_be_read_is_a_bad_reply() -> None:
    with pytest.raises(
        BadReply, match=r"GET /v1/vps/7 answered 200, but the body is not JSON \(text/html: HTML page 'Hi'\)"
    ):
        read(sent(), received(200, b"<title>Hi</title>", Content_Type="text/html; charset=utf-8"), 1)


def test_a_write_whose_answer_can_not_be_read_may_have_happened() -> None:
    with pytest.raises(UnknownFate, match="It is not known whether it was carried out") as caught:
        read(sent(BUY, key="k-1"), received(201, b"{", Content_Type="application/json"), 3)
    assert caught.value.facts == {
        "method": "POST", "path": "/v1/vps/order", "attempts": 3, "status": 201, "idempotency_key": "k-1",
        "cause": "unreadable answer", "sent": "maybe",
    }  # fmt: skip


SEE = "see https://www.444host.com/account/api-keys."
REFUSED = "The request was refused and changed nothing."


@pytest.mark.parametrize(
    ("endpoint", "status", "kind", "advice"),
    [
        (READ, 400, BadRequest, "."),
        (WRITE, 422, BadRequest, "."),
        (READ, 401, AuthError, ". The key (api_key or H444_API_KEY) is wrong, expired or revoked; " + SEE),
        (READ, 403, ScopeError, ". The key needs the scope vps:read; " + SEE),
        (
            BUY,
            403,
            ScopeError,
            ". %s The key needs the scope orders:write (opt-in: it is not in a key's default scopes); %s"
            % (REFUSED, SEE),
        ),
        (
            WRITE._replace(scope=""),
            403,
            ScopeError,
            ". %s The key lacks a scope that this endpoint needs; %s" % (REFUSED, SEE),
        ),
        (READ, 404, NotFound, "."),
        (
            BUY,
            404,
            NotFound,
            ". This endpoint always exists, so api_url is likely wrong; the default is https://api.444host.com/v1.",
        ),
        (BUY._replace(scope=""), 404, NotFound, "."),
        (READ, 409, ApiError, "."),
        (READ, 500, ServerError, " (2 attempts). If this persists, open a ticket with 444Host."),
        (WRITE, 503, ServerError, " (2 attempts). It is not known whether it was carried out."),
    ],
)
def test_every_refusal_has_its_sentence(endpoint: Endpoint, status: int, kind: type[ApiError], advice: str) -> None:
    error = refusal(sent(endpoint), received(status, {"message": "no."}, X_Request_Id="r-1"), 2, False)
    assert error.__class__ is kind
    assert str(error) == "%s answered %d: no%s" % (sent(endpoint), status, advice)
    facts = {"status": status, "reason": "no.", "request_id": "r-1", "attempts": 2, "method": endpoint.method}
    assert facts.items() <= error.facts.items() and "sent" not in error.facts


def test_a_redirect_names_where_it_leads() -> None:
    error = refusal(sent(), received(307, b"", Location="https://user:canary@other.test:8443/x?y"), 1, False)
    assert "a redirect to other.test:8443. Redirects are not followed" in str(error) and "canary" not in str(error)


def test_a_single_attempt_is_not_counted() -> None:
    """A write that must not be repeated ends after its first attempt."""
    error = refusal(sent(WRITE), received(503), 1, may_be_done=False)
    assert str(error) == "PATCH /v1/vps/7/label answered 503. It is not known whether it was carried out."


def test_a_refusal_may_be_that_of_a_repeat() -> None:
    """What an earlier attempt did is then not denied."""
    error = refusal(sent(WRITE), received(403, {}), 2, True)
    assert error.facts["sent"] == "maybe" and "changed nothing" not in str(error)


def test_the_code_of_an_oauth_error_is_kept() -> None:
    assert refusal(sent(), received(400, {"error": "slow_down"}), 1, False).code == "slow_down"
    assert refusal(sent(), received(400, {"error": "Slow down!"}), 1, False).code == ""
    assert refusal(sent(), received(400, b"slow_down"), 1, False).code == ""
