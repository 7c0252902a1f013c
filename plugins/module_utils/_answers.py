# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""From an answer to a value or an error: what was sent, what came back, and what each of the two means. Pure."""

from __future__ import annotations

import json
import math
import re
import typing as t
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

from . import _errors as errors
from ._access import KEY_PAGE
from ._api import Answer
from ._endpoint import Endpoint
from ._names import clean, set_apart
from ._reader import error_text, first
from ._scrub import scrub

OPT_IN_SCOPES = frozenset({"orders:write", "vps:destroy", "hosting:destroy"})
MAX_DIGITS = 1000  # Python reads no whole number of more than 4300
BITS_AS_SPACE = str.maketrans("01", " \t")
MAX_ERROR_BYTES = 20_000
MAX_HTML_BYTES = 2_000

Headers = t.Mapping[str, str]


class Sent(t.NamedTuple):
    """One request, as it goes over the wire and as messages name it."""

    endpoint: Endpoint
    api_url: str
    path: str
    """below api_url, with the IDs in it"""
    query: t.Optional[t.Mapping[str, t.Any]]
    data: t.Optional[bytes]
    content_type: str
    idempotency_key: t.Optional[str]
    timeout_seconds: float
    """for one attempt as a whole"""
    once: bool
    """whether the caller decides about repeats itself"""

    @property
    def url(self) -> str:
        """The whole URL, without the query."""
        return self.api_url + self.path

    @property
    def shown_path(self) -> str:
        """The path as the reference writes it, with the base's."""
        return urlsplit(self.api_url).path + self.path

    @property
    def is_read(self) -> bool:
        """Whether the request can change nothing."""
        return self.endpoint.method == "GET"

    def __str__(self) -> str:
        return "%s %s" % (self.endpoint.method, scrub(self.shown_path))

    def facts(self, attempts: int, **more: t.Any) -> dict[str, t.Any]:
        """Return what an error about this request knows besides its sentence."""
        return {"method": self.endpoint.method, "path": self.shown_path, "attempts": attempts, **more}


class Received(t.NamedTuple):
    """An answer as it came, its body decoded."""

    status: int
    headers: Headers
    payload: bytes


def counted(attempts: int) -> str:
    """Return how many attempts there were, for a sentence; empty if it was one."""
    return "" if attempts == 1 else " (%d attempts)" % attempts


def read(sent: Sent, received: Received, attempts: int) -> Answer:
    """Parse a success. Raises: BadReply; UnknownFate if the unreadable answer was a write's."""
    parse = parse_leniently if sent.endpoint.returns_secret else parse_json
    body = None
    if received.payload.strip():
        try:
            body = parse(received.payload)
        except ValueError as exc:
            raise _unreadable(sent, received, attempts, str(exc)) from None
    return Answer(received.status, body, received.headers, attempts)


def _unreadable(sent: Sent, received: Received, attempts: int, why: str) -> errors.H444Error:
    kind = clean(received.headers.get("Content-Type", "no content type").split(";")[0], 40)
    if "html" in kind:
        shown = error_text(received.payload[:MAX_HTML_BYTES].decode("utf-8", "replace"))
    else:
        shown = clean(why, 100)
    problem = "%s answered %d, but the body is not JSON (%s: %s). Check api_url, and any proxy in between." % (
        sent,
        received.status,
        kind,
        shown,
    )
    facts = sent.facts(attempts, status=received.status, idempotency_key=sent.idempotency_key)
    if sent.is_read:
        return errors.BadReply(problem, **facts)
    return errors.UnknownFate(
        problem + " It is not known whether it was carried out.", cause="unreadable answer", sent="maybe", **facts
    )


class _Refusal(t.NamedTuple):
    """An answer that says no."""

    sent: Sent
    received: Received
    attempts: int
    may_be_done: bool
    """whether an earlier attempt may have changed something"""
    reason: str
    """the API's own words; empty if there are none"""
    code: str
    """the code of an OAuth error"""

    @property
    def answered(self) -> str:
        """What was answered to what, as messages begin."""
        said = ": %s" % self.reason.rstrip(".") if self.reason else ""
        return "%s answered %d%s" % (self.sent, self.received.status, said)

    def error(self, kind: type[errors.ApiError], sentence: str, **more: t.Any) -> errors.ApiError:
        """Return the error; what is refused may be the repeat of what an earlier attempt did."""
        facts = self.sent.facts(
            self.attempts,
            sent="maybe" if self.may_be_done else None,
            status=self.received.status,
            reason=self.reason or None,
            request_id=_request_id(self.received.headers),
            **more,
        )
        error = kind(sentence, **facts)
        error.code = self.code
        return error


def refusal(sent: Sent, received: Received, attempts: int, may_be_done: bool) -> errors.ApiError:
    """Turn an answer that says no into the error for it."""
    body = _error_body(received.payload)
    no = _Refusal(sent, received, attempts, may_be_done, error_text(body), _oauth_code(body))
    for statuses, error_of in REFUSALS:
        if received.status in statuses:
            return error_of(no)
    return no.error(errors.ApiError, no.answered + ".")


def _error_body(payload: bytes) -> t.Any:
    try:
        return parse_json(payload)
    except ValueError:
        return payload[:MAX_ERROR_BYTES].decode("utf-8", "replace")


def _request_id(headers: Headers) -> str | None:
    lower = {key.lower(): value for key, value in headers.items()}
    found = first(lower, "x-request-id", "x-correlation-id", "cf-ray")
    return clean(found, 80) if found else None


def _oauth_code(body: t.Any) -> str:
    """Return the code of an OAuth error, such as slow_down; empty if there is none. Source: RFC 6749, 5.2."""
    found = body.get("error") if isinstance(body, dict) else None
    return found if isinstance(found, str) and re.match(r"\A[a-z_]{1,40}\Z", found) else ""


def _redirect(no: _Refusal) -> errors.ApiError:
    try:
        target = urlsplit(urljoin(no.sent.api_url, no.received.headers.get("Location", ""))).netloc.rpartition("@")[2]
    except ValueError:
        target = ""
    return no.error(
        errors.ApiError,
        "%s answered %d, a redirect to %s. Redirects are not followed, so that the key is not sent elsewhere. "
        "Check api_url." % (no.sent, no.received.status, clean(target or "nowhere", 80)),
    )


def _bad_request(no: _Refusal) -> errors.ApiError:
    return no.error(errors.BadRequest, no.answered + ".")


def _unauthorized(no: _Refusal) -> errors.ApiError:
    return no.error(
        errors.AuthError,
        "%s. The key (api_key or H444_API_KEY) is wrong, expired or revoked; see %s." % (no.answered, KEY_PAGE),
    )


def _forbidden(no: _Refusal) -> errors.ApiError:
    scope = no.sent.endpoint.scope
    opt_in = " (opt-in: it is not in a key's default scopes)" if scope in OPT_IN_SCOPES else ""
    needed = "needs the scope %s%s" % (scope, opt_in) if scope else "lacks a scope that this endpoint needs"
    effect = "" if no.sent.is_read or no.may_be_done else " The request was refused and changed nothing."
    return no.error(
        errors.ScopeError,
        "%s.%s The key %s; see %s." % (no.answered, effect, needed, KEY_PAGE),
        scope=scope or None,
    )


def _not_found(no: _Refusal) -> errors.ApiError:
    wrong = ""
    # An endpoint without a scope is a raw call's, of which nothing is known.
    if "{" not in no.sent.endpoint.path and no.sent.endpoint.scope:
        wrong = " This endpoint always exists, so api_url is likely wrong; the default is https://api.444host.com/v1."
    return no.error(errors.NotFound, "%s.%s" % (no.answered, wrong))


def _server_error(no: _Refusal) -> errors.ApiError:
    fate = "" if no.sent.is_read else " It is not known whether it was carried out."
    advice = " If this persists, open a ticket with 444Host." if no.received.status == 500 else ""
    return no.error(errors.ServerError, "%s%s.%s%s" % (no.answered, counted(no.attempts), fate, advice))


REFUSALS: tuple[tuple[t.Container[int], t.Callable[[_Refusal], errors.ApiError]], ...] = (
    (range(300, 400), _redirect),
    ((400, 422), _bad_request),
    ((401,), _unauthorized),
    ((403,), _forbidden),
    ((404,), _not_found),
    (range(500, 1000), _server_error),
)


def parse_json(data: bytes) -> t.Any:
    """Parse strict JSON: no NaN, no infinite numbers, no contradicting keys. Raises: ValueError."""
    text = data.decode("utf-8-sig")
    return _loads(text, parse_constant=_refused, parse_float=_finite, object_pairs_hook=unique_pairs)


def parse_leniently(data: bytes) -> t.Any:
    """Parse an answer that holds one-time secrets, even if it is not strict JSON. Raises: ValueError if it is no JSON.

    What is not a number, or is too long, becomes null. If an object holds a key twice, both values are kept: the second
    one's key gets whitespace, so that a reader that takes both for one name sees that they differ.
    """
    text = data.decode("utf-8-sig", "replace")
    return _loads(
        text,
        parse_constant=lambda _name: None,
        parse_float=_finite_or_none,
        parse_int=_short_or_none,
        object_pairs_hook=_pairs_set_apart,
    )


def _loads(text: str, **ways: t.Any) -> t.Any:
    try:
        return json.loads(text, **ways)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def unique_pairs(pairs: list[tuple[str, t.Any]]) -> dict[str, t.Any]:
    """Build a JSON object; a key that is in it twice with different values is refused. Raises: ValueError."""
    result: dict[str, t.Any] = {}
    for key, value in pairs:
        if key in result and result[key] != value:
            raise ValueError("the key %s is in an object twice" % clean(key, 40))
        result[key] = value
    return result


def _pairs_set_apart(pairs: list[tuple[str, t.Any]]) -> dict[str, t.Any]:
    result: dict[str, t.Any] = {}
    given: dict[str, int] = {}
    for key, value in pairs:
        if key in result and result[key] != value:
            key = set_apart(key, result, given, _with_white_space)
        result[key] = value
    return result


def _with_white_space(key: str, number: int) -> str:
    return key + format(number, "b").translate(BITS_AS_SPACE)


def _refused(constant: str) -> t.NoReturn:
    raise ValueError("%s is not JSON" % constant)


def _finite(number: str) -> float:
    value = _finite_or_none(number)
    if value is None:
        raise ValueError("a number is too large")
    return value


def _finite_or_none(number: str) -> float | None:
    value = float(number)
    return None if math.isinf(value) else value


def _short_or_none(number: str) -> int | None:
    return int(number) if len(number) <= MAX_DIGITS else None


def retry_after_seconds(headers: Headers, default: float, now: float) -> float:
    """Return the seconds to wait that a 429 or 503 asks for, by Retry-After (both forms) or X-RateLimit-Reset.

    *now*: seconds since the epoch. A date is compared with the answer's own Date, because the local clock may be wrong.
    What can't be read counts as absent.
    """
    lower = {key.lower(): value.strip() for key, value in headers.items()}
    server_now = _epoch(lower.get("date")) or now
    for asked in (_by_retry_after(lower.get("retry-after", ""), server_now), _by_reset(lower, server_now)):
        if asked is not None:
            return asked
    return default


def _by_retry_after(value: str, server_now: float) -> float | None:
    if re.match(r"\A[0-9]{1,9}(?:\.[0-9]+)?\Z", value):
        return max(float(value), 0.1)
    at = _epoch(value)
    return None if at is None else max(at - server_now, 1.0)


def _by_reset(headers: Headers, server_now: float) -> float | None:
    """Read X-RateLimit-Reset, or one of a named limit: in seconds, or in seconds or milliseconds since the epoch."""
    for name, value in sorted(headers.items()):
        if re.match(r"\Ax-ratelimit-reset(?:-\w+)?\Z", name) and re.match(r"\A[0-9]{1,13}(?:\.[0-9]+)?\Z", value):
            seconds = float(value) / (1000 if float(value) > 1e12 else 1)
            return max(seconds - server_now if seconds > 1e9 else seconds, 1.0)
    return None


def _epoch(value: str | None) -> float | None:
    try:
        return parsedate_to_datetime(value or "").timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
