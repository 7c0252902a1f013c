# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The HTTP client: the only file that imports requests.

One keep-alive session; every attempt has a deadline; the bearer goes to the API's own origin only; what may be repeated is
decided by _endpoint. Libraries raise, so nothing here ends the process or prints.
"""

from __future__ import annotations

import json
import os
import random
import re
import socket
import threading
import time
import typing as t
import zlib
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

try:
    import requests
    from requests.adapters import HTTPAdapter
    from requests.utils import get_environ_proxies, select_proxy
    from urllib3.exceptions import HTTPError as PoolError

    REQUESTS_IMPORT_ERROR: t.Optional[ImportError] = None
except ImportError as exc:
    requests = None  # type: ignore[assignment]
    HTTPAdapter = object  # type: ignore[assignment,misc]
    REQUESTS_IMPORT_ERROR = exc

from . import _errors as errors
from ._api import Answer
from ._endpoint import ALWAYS, LOST, SENT_NOT, Endpoint, may_have_happened, may_resend, wait_seconds
from ._errors import H444Error
from ._names import check_id, check_ip, clean, is_digits, set_apart
from ._pacer import Pacer
from ._reader import MORE, BadReply, error_text, first, list_in, rows_in, snake, truth, whole

COLLECTION_VERSION = "0.1.0"
# Shape of a key (h444_…) and of an OAuth access token (h444_at_…): RFC 6750's characters after the prefix.
KEY_PATTERN = re.compile(r"\Ah444_[A-Za-z0-9._~+/=-]{4,512}\Z")
# What looks like a token, and no words: "only bearer tokens are accepted" stays whole. Also what stands before the @ of a URL.
REDACTED = re.compile(
    r"h444_[A-Za-z0-9._~+/=-]+|whsec_[A-Za-z0-9_-]+|(?<=://)[^\s/]+(?=@)"
    r"|(?i:\bauthorization\W{1,4}bearer\s+)\S+"
    r"|(?i:\bbearer\s+)(?=\S{0,64}?(?:[0-9]|[a-z][A-Z]|[.=+]\S)|\S{20})\S+"
)
# The collection's own modules. Their names look like keys, and a sentence may name any of them as the way out.
MODULES = frozenset({
    "h444_account_info", "h444_api", "h444_domain", "h444_domain_info", "h444_hosting", "h444_hosting_info", "h444_invoice_info",
    "h444_oauth_device", "h444_oauth_token", "h444_os_template_info", "h444_product_info", "h444_ptr", "h444_ptr_info", "h444_ticket",
    "h444_ticket_info", "h444_vps", "h444_vps_info", "h444_wallet_info", "h444_webhook", "h444_webhook_delivery_info",
    "h444_webhook_info", "h444_webhook_redelivery",
})  # fmt: skip
KEY_PAGE = "https://www.444host.com/account/api-keys"
OPT_IN_SCOPES = frozenset({"orders:write", "vps:destroy", "hosting:destroy"})

MAX_BODY_BYTES = 32 << 20
MAX_PAGES = 1000
MAX_LINK = 4096
MAX_DIGITS = 1000  # Python reads no whole number of more than 4300
BITS_AS_SPACE = str.maketrans("01", " \t")
RATE_LIMIT_PATIENCE_SECONDS = 300.0
BACKOFF_BASE_SECONDS = 0.5
BACKOFF_CAP_SECONDS = 8.0
SERVER_ERROR_RETRIES = 3
NAME_RETRIES = 3
# From when on it is said what the rate limit cost, and from when on by a warning.
TOLD_SECONDS = 5.0
WARNED_SECONDS = 30.0
LOOPBACK = frozenset({"localhost", "::1"})


class _Lost(Exception):
    """One attempt failed without a usable answer."""

    def __init__(
        self, cause: str, failure: str, hint: str = "", final: bool = False, retries: int | None = None
    ) -> None:
        super().__init__(cause)
        self.cause = cause
        self.failure = failure
        self.hint = hint
        self.final = final
        self.retries = retries


class _Line:
    """What one session's connection is doing: its socket, and whether this attempt got as far as having one."""

    def __init__(self) -> None:
        self.socket: socket.socket | None = None
        self.is_up = False

    def cut(self) -> None:
        """Break the connection from the watchdog's thread, so that a blocked read returns."""
        if self.socket is not None:
            try:
                # The plain socket's method: the one of an SSL socket would pull the state away under the reader.
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)
            except OSError:
                pass


def _watched(base: type, line: _Line) -> type:
    """Make a connection class that notes its socket in *line*."""

    class Watched(base):  # type: ignore[misc,valid-type]
        def connect(self) -> None:
            line.is_up, line.socket = False, None
            try:
                super().connect()
                line.socket, line.is_up = self.sock, True
            finally:
                early, self._early = getattr(self, "_early", None), None
                if early is not None:
                    early.close()

        def _new_conn(self) -> socket.socket:
            # A proxy's answer to CONNECT and the TLS handshake come before connect() is done, and may drip. This is a second
            # handle of the same connection: TLS takes the first one away.
            made = super()._new_conn()
            line.socket = self._early = made.dup()
            return made

    return Watched


class WatchedAdapter(HTTPAdapter):  # type: ignore[misc]
    """An adapter whose connection can be cut at a deadline, and that knows whether anything was sent."""

    def __init__(self) -> None:
        self.line = _Line()
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def _watch(self, manager: t.Any) -> t.Any:
        pools = {}
        for scheme, pool in manager.pool_classes_by_scheme.items():
            pools[scheme] = type(pool.__name__, (pool,), {"ConnectionCls": _watched(pool.ConnectionCls, self.line)})
        manager.pool_classes_by_scheme = pools
        return manager

    def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
        """Build the pool of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        self._watch(self.poolmanager)

    def proxy_manager_for(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        """Build the pool of connections through a proxy."""
        return self._watch(super().proxy_manager_for(*args, **kwargs))


def new_session() -> requests.Session:
    """Make the session. Tests replace this one name to answer without a network."""
    session = requests.Session()
    session.trust_env = False  # no .netrc; proxies and the CA are read from the environment by the client itself
    # Even without following, requests prepares the next request: it would read a 3xx's body unbounded and raise on a bad Location.
    session.get_redirect_target = lambda _response: None  # type: ignore[method-assign,assignment]
    adapter = WatchedAdapter()
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class _BearerAuth:
    """Sets the header last: a header given to a session loses to other sources."""

    def __init__(self, api_key: str) -> None:
        self._api_key = api_key

    def __call__(self, request: t.Any) -> t.Any:
        request.headers["Authorization"] = "Bearer " + self._api_key
        return request

    def __repr__(self) -> str:
        return "_BearerAuth()"


def check_key(api_key: str | None) -> str:
    """Return the key if it has the form of one, else raise BadOption, without the value."""
    if not api_key:
        raise errors.BadOption(
            "api_key: no key was given. Set the option or the environment variable H444_API_KEY; keys are made at %s."
            % KEY_PAGE
        )
    if KEY_PATTERN.match(api_key):
        return api_key
    if api_key.strip() != api_key:
        what = "it begins or ends with white space or a newline (the filter 'trim' removes them)"
    elif re.search(r"[\s\x00-\x1f\x7f]", api_key):
        what = "it holds white space or control characters"
    elif not api_key.startswith("h444_"):
        what = "it does not begin with 'h444_'"
    else:
        what = "it is too short, too long or holds characters that no key has"
    raise errors.BadOption("api_key: this is not a 444Host key: %s. Nothing was sent." % what)


def check_url(api_url: str) -> str:
    """Return the base URL without its trailing slash, else raise BadOption."""
    try:
        parts = urlsplit(api_url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not host or re.search(r"[\s\\]", api_url):
        raise errors.BadOption(
            "api_url: '%s' is not a URL like https://api.444host.com/v1." % clean(scrub(api_url), 80)
        )
    if "@" in parts.netloc or "?" in api_url or "#" in api_url:
        raise errors.BadOption("api_url: a URL with user name, query or fragment is refused.")
    if parts.scheme == "http" and not is_loopback(host):
        raise errors.BadOption(
            "api_url: http would send the key in clear to %s; use https (http is for this machine only)."
            % clean(host, 80)
        )
    return api_url.rstrip("/")


def check_proxy(url: str | None) -> str:
    """Return host and port of a proxy, "" where there is none. Raises BadOption, without the URL: it may hold a password."""
    if not url:
        return ""
    try:
        parts = urlsplit(url if "://" in url else "http://" + url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or re.search(r"[\s\x00-\x1f\x7f]", url):
        raise errors.BadOption(
            "HTTPS_PROXY or ALL_PROXY: this is not the URL of a proxy, like http://proxy.example.com:3128. It is not shown, for it may hold a "
            "password; special characters in one have to be percent-encoded. Nothing was sent."
        )
    return "%s:%s" % (clean(host, 80), port) if port else clean(host, 80)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    return host in LOOPBACK or bool(re.match(r"\A127(?:\.[0-9]{1,3}){3}\Z", host))


def scrub(text: str) -> str:
    """Take keys, tokens and webhook secrets out of a text."""
    return REDACTED.sub(lambda found: found.group() if found.group().rstrip(".") in MODULES else "[redacted]", text)


def unique_pairs(pairs: list[tuple[str, t.Any]]) -> dict[str, t.Any]:
    """Build a JSON object, refusing a key that stands in it twice with different values."""
    result: dict[str, t.Any] = {}
    for key, value in pairs:
        if key in result and result[key] != value:
            raise ValueError("the key %s stands in an object twice" % clean(key, 40))
        result[key] = value
    return result


def _no_constant(name: str) -> t.Any:
    raise ValueError("%s is not JSON" % name)


def _finite(number: str) -> float:
    value = float(number)
    if value in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    return value


def parse_json(data: bytes) -> t.Any:
    """Parse strict JSON: no NaN, no endless numbers, no contradicting keys. Raises ValueError."""
    try:
        value = json.loads(
            data.decode("utf-8-sig"), parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=unique_pairs
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return value


def parse_leniently(data: bytes) -> t.Any:
    """Parse an answer that holds what is told only once, though it is no strict JSON. Raises ValueError where it is none at all.

    What is no number, or too long a one, is null. Of a key that stands in an object twice both values are kept; the second one's key
    gets white space, so that a reader that takes both for one name sees that they differ.
    """

    def pairs(found: list[tuple[str, t.Any]]) -> dict[str, t.Any]:
        result: dict[str, t.Any] = {}
        given: dict[str, int] = {}
        for key, value in found:
            if key in result and result[key] != value:
                key = set_apart(
                    key, result, given, lambda name, number: name + format(number, "b").translate(BITS_AS_SPACE)
                )
            result[key] = value
        return result

    def real(text: str) -> float | None:
        value = float(text)
        return value if abs(value) != float("inf") else None

    def integer(text: str) -> int | None:
        return int(text) if len(text) <= MAX_DIGITS else None

    text = data.decode("utf-8-sig", "replace")
    try:
        return json.loads(
            text, parse_constant=lambda _name: None, parse_float=real, parse_int=integer, object_pairs_hook=pairs
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def error_code(payload: bytes) -> str:
    """Give the code of an OAuth error, such as slow_down; empty where there is none. Source: RFC 6749, 5.2."""
    try:
        body = parse_json(payload)
    except ValueError:
        return ""
    found = body.get("error") if isinstance(body, dict) else None
    return found if isinstance(found, str) and re.match(r"\A[a-z_]{1,40}\Z", found) else ""


def fill_path(endpoint: Endpoint, ids: t.Mapping[str, str] | None) -> str:
    """Put checked ids, addresses and words into an endpoint's path. Raises BadOption."""

    def one(match: re.Match[str]) -> str:
        name = match.group(1)
        value = (ids or {}).get(name) or ""
        if name == "ip":
            if re.search(r"[^0-9A-Fa-f:.]", value):  # a prefix length or a zone is no part of a path
                raise errors.BadOption("%s: '%s' is not an IP address." % (name, clean(value, 80)))
            check_ip(value, name)  # but sent as it is: the API may know its own spelling only
        else:
            check_id(value, name)
        return quote(value, safe=":")

    return re.sub(r"\{(\w+)\}", one, endpoint.path)


def retry_after_seconds(headers: t.Mapping[str, str], default: float, now: float | None = None) -> float:
    """Give the seconds to wait that a 429 or 503 asks for, by Retry-After (both forms) or X-RateLimit-Reset.

    A date is held against the answer's own Date, for the local clock may be wrong. Rubbish counts as absent.
    """
    now = time.time() if now is None else now
    lower = {key.lower(): value.strip() for key, value in headers.items()}
    server_now = _epoch(lower.get("date")) or now
    given = lower.get("retry-after", "")
    if re.match(r"\A[0-9]{1,9}(?:\.[0-9]+)?\Z", given):
        return max(float(given), 0.1)
    at = _epoch(given)
    if at is not None:
        return max(at - server_now, 1.0)
    for name, value in sorted(lower.items()):
        if re.match(r"\Ax-ratelimit-reset(?:-\w+)?\Z", name) and re.match(r"\A[0-9]{1,13}(?:\.[0-9]+)?\Z", value):
            seconds = float(value)
            if seconds > 1e12:
                seconds /= 1000
            return max(seconds - server_now, 1.0) if seconds > 1e9 else max(seconds, 1.0)
    return default


def _epoch(value: str | None) -> float | None:
    try:
        return parsedate_to_datetime(value or "").timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def held_up_text(seconds: float) -> str:
    """Say what the rate limit cost, and what helps."""
    return (
        "%d s were waited for the rate limit of this key. Everything that uses the key shares it; fewer tasks, info modules that "
        "read all at once, or a key of its own make it faster." % round(seconds)
    )


class Client:
    """Sends requests to one API with one key."""

    def __init__(
        self,
        api_url: str,
        api_key: str | None,
        *,
        pacer: Pacer,
        timeout_seconds: float = 30,
        retries: int = 5,
        validate_certs: bool = True,
        ca_path: str | None = None,
        user_agent: str = "h444-ansible",
        session: t.Any = None,
        clock: t.Callable[[], float] = time.monotonic,
        sleep: t.Callable[[float], None] = time.sleep,
    ) -> None:
        """Check what can be checked before the first request. *api_key*: None for a sign-in, which has no key yet. Raises BadOption."""
        self.api_url = check_url(api_url)
        self._auth = None if api_key is None else _BearerAuth(check_key(api_key))
        if timeout_seconds < 1:
            raise errors.BadOption("api_timeout: must be at least 1 second.")
        if retries < 0:
            raise errors.BadOption("api_retries: must not be negative.")
        if ca_path and not os.path.exists(ca_path):
            raise errors.BadOption("ca_path: there is no file or directory %s." % clean(ca_path, 200))
        self._pacer = pacer
        self._timeout_seconds = float(timeout_seconds)
        self._retries = retries
        self._session = session or new_session()
        self._verify: bool | str = False
        if validate_certs:
            env = os.environ
            self._verify = (
                ca_path
                or env.get("REQUESTS_CA_BUNDLE")
                or env.get("CURL_CA_BUNDLE")
                or env.get("SSL_CERT_FILE")
                or True
            )
        # http is for this machine only, so it must not go through a proxy that may be on another one.
        self._proxies = get_environ_proxies(self.api_url) if urlsplit(self.api_url).scheme == "https" else {}
        self._proxy_name = check_proxy(select_proxy(self.api_url, self._proxies))
        self._user_agent = user_agent
        self._clock = clock
        self._sleep = sleep
        self.held_seconds = 0.0
        """How long all requests so far waited for the shared pace and for what the API asked for by Retry-After."""

    def __repr__(self) -> str:
        return "Client(%r)" % self.api_url

    def now(self) -> float:
        """Give the seconds of a clock that never jumps."""
        return self._clock()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        if seconds > 0:
            self._sleep(seconds)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def request(
        self,
        endpoint: Endpoint,
        *,
        ids: t.Mapping[str, str] | None = None,
        query: t.Mapping[str, t.Any] | None = None,
        body: t.Mapping[str, t.Any] | None = None,
        form: t.Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
        once: bool = False,
    ) -> Answer:
        """Send one request, repeating it where that is safe.

        *body* goes as JSON; *form* as the fields of a form, which is what OAuth wants.
        *once*: the caller decides about repeats itself; only what was surely not sent or not processed is sent again.
        Units: timeout_seconds bounds one attempt as a whole, connecting and a dripping body included.
        Raises: an ApiError for an answer that says no; TransportError when nothing was sent or a read failed; UnknownFate
        when a write may have happened and must not be repeated; BadOption for an id that can't be one.
        """
        path = fill_path(endpoint, ids)
        where = "%s %s" % (endpoint.method, self._shown_path(path))
        data, kind = None, "application/json"
        if form is not None:
            data, kind = urlencode(form).encode("ascii"), "application/x-www-form-urlencoded"
        elif body is not None:
            data = json.dumps(body, sort_keys=True, allow_nan=False, separators=(",", ":")).encode("utf-8")
        budget = timeout_seconds or self._timeout_seconds
        attempts, failures, limited, may_be_done = 0, 0, 0.0, False
        while True:
            attempts += 1
            self.held_seconds += self._pacer.wait_turn()
            facts: dict[str, t.Any] = {"method": endpoint.method, "path": self._shown_path(path)}
            try:
                status, headers, payload = self._attempt(endpoint, path, query, data, kind, idempotency_key, budget)
            except _Lost as lost:
                failures += 1
                allowed = not lost.final and may_resend(endpoint, lost.failure, bool(idempotency_key))
                if once and lost.failure != SENT_NOT:
                    allowed = False
                if allowed and failures <= min(self._retries, self._retries if lost.retries is None else lost.retries):
                    may_be_done = may_be_done or lost.failure == LOST
                    self._back_off(failures)
                    continue
                facts.update(attempts=attempts)
                raise self._gave_up(endpoint, where, lost, facts, idempotency_key) from None
            if status == 429:
                wait = retry_after_seconds(headers, min(5.0 * 2**failures, 60.0))
                failures += 1
                wait *= 1 + random.random() / 4
                if limited + wait > RATE_LIMIT_PATIENCE_SECONDS:
                    raise errors.RateLimited(
                        "%s: the rate limit of this key is used up, and the API asks to wait %d s more, which is longer "
                        "than the %d s that are waited for. Nothing was done by this request; run the task again later."
                        % (where, wait, RATE_LIMIT_PATIENCE_SECONDS),
                        status=429,
                        attempts=attempts,
                        **facts,
                    )
                limited += wait
                self.held_seconds += wait
                self._pacer.block(wait)
                self._sleep(wait)
                continue
            if 200 <= status < 300:
                if idempotency_key:
                    facts["idempotency_key"] = idempotency_key
                return self._read(endpoint, where, status, headers, payload, attempts, facts)
            if not once and may_resend(endpoint, status, bool(idempotency_key)):
                failures += 1
                if failures <= (min(SERVER_ERROR_RETRIES, self._retries) if status == 500 else self._retries):
                    may_be_done = may_be_done or may_have_happened(status)
                    asked = retry_after_seconds(headers, 0) if "retry-after" in {key.lower() for key in headers} else 0
                    self._back_off(failures, min(asked, 60.0))
                    continue
            facts.update(attempts=attempts)
            if may_be_done and endpoint.method != "GET":
                facts["sent"] = "maybe"  # what is refused may be the repeat of what an earlier attempt did
            refusal = self._refusal(endpoint, where, status, headers, payload, facts)
            refusal.code = error_code(payload)
            raise refusal

    def rows(
        self,
        endpoint: Endpoint,
        nouns: t.Sequence[str],
        *,
        ids: t.Mapping[str, str] | None = None,
        query: t.Mapping[str, t.Any] | None = None,
        at_most: int | None = None,
        answer: Answer | None = None,
        page_of: t.Callable[[t.Any], t.Any] | None = None,
        objects_only: bool = True,
        ids_are_own: bool = True,
    ) -> list[dict[str, t.Any]]:
        """Read a whole list: raw rows, every page. *nouns*: names under which the list may stand.

        *at_most*: the caller needs no more than the first so many, so that there are more is no fault then.
        *answer*: the first page, where it was read already.
        *page_of*: takes the page out of a body, where the list is a part of an object.
        *objects_only*: False for a caller who looks at each entry himself; what is no object is given to him, too.
        *ids_are_own*: False where an entry's id may be that of something else, so that two entries of one id are two.
        Raises: BadReply when there is no list, or when the reply says that there is more and it can't be had.
        """
        where = "%s %s" % (endpoint.method, self._shown_path(endpoint.path))
        url = self.api_url + fill_path(endpoint, ids)
        page_in = rows_in if objects_only else list_in
        query = dict(query or {})
        answer = _paged(answer or self.request(endpoint, ids=ids, query=query), page_of)
        rows = page_in(answer.body, nouns, where)
        result, seen = _Rows(ids_are_own), set()
        result.add(rows)
        for _page in range(MAX_PAGES):
            if at_most is not None and len(result.rows) >= at_most:
                return result.rows
            following = next_page(answer, len(result.rows), len(rows), query, url)
            if following is None:
                return result.rows
            token = json.dumps(following, sort_keys=True, default=str)
            if token in seen:
                break
            seen.add(token)
            query = following
            answer = _paged(self.request(endpoint, ids=ids, query=query), page_of)
            rows = page_in(answer.body, nouns, where)
            if not rows:
                break
            result.add(rows)
        raise BadReply(
            "%s says that there are more %s than it gave (%d), and the rest can't be read. Nothing is done with half a list."
            % (where, nouns[0], len(result.rows)),
            method=endpoint.method,
            path=endpoint.path,
        )

    def _shown_path(self, path: str) -> str:
        return urlsplit(self.api_url).path + path

    def _back_off(self, failures: int, asked_seconds: float = 0.0) -> None:
        """Wait before a repeat: what the API asked for, and what is due in any case."""
        wait = wait_seconds(
            failures, base_seconds=BACKOFF_BASE_SECONDS, cap_seconds=BACKOFF_CAP_SECONDS, jitter=random.random()
        )
        if asked_seconds > wait:
            wait = asked_seconds
            self.held_seconds += wait
        self._sleep(wait)

    def _attempt(
        self,
        endpoint: Endpoint,
        path: str,
        query: t.Mapping[str, t.Any] | None,
        data: bytes | None,
        kind: str,
        idempotency_key: str | None,
        budget: float,
    ) -> tuple[int, t.Mapping[str, str], bytes]:
        """Send once. Raises _Lost."""
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": self._user_agent}
        if data is not None:
            headers["Content-Type"] = kind
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        if endpoint.resend != ALWAYS:
            # A fresh connection: a reset is then never that of a stale keep-alive.
            self._session.close()
            headers["Connection"] = "close"
        adapter = self._session.get_adapter(self.api_url)
        line: _Line = getattr(adapter, "line", None) or _Line()
        cut = threading.Event()

        def at_deadline() -> None:
            cut.set()
            line.cut()

        watchdog = threading.Timer(budget, at_deadline)
        watchdog.daemon = True
        watchdog.start()
        response = None
        try:
            response = self._session.request(
                endpoint.method,
                self.api_url + path,
                params=query or None,
                data=data,
                headers=headers,
                auth=self._auth,
                timeout=(min(budget, self._timeout_seconds), budget),
                allow_redirects=False,
                stream=True,
                verify=self._verify,
                proxies=self._proxies,
            )
            # A redirect's body has been read already, by requests itself.
            payload = b"" if 300 <= response.status_code < 400 else self._body(response, cut)
            return response.status_code, response.headers, payload
        except _Lost:
            raise
        except Exception as exc:  # pylint: disable=broad-except  # every library below raises errors of its own
            if cut.is_set() and line.is_up:
                raise _Lost("no whole answer within %g s" % budget, LOST, "api_timeout bounds one request") from None
            if cut.is_set():
                raise self._no_connection(budget) from None
            raise self._why(exc, line, budget) from None
        finally:
            watchdog.cancel()
            if response is not None:
                response.close()
            if "Connection" in headers:
                self._session.close()

    def _body(self, response: t.Any, cut: threading.Event) -> bytes:
        """Read a body whole, decoded and bounded. Raises _Lost when it ends early."""
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        decoder = zlib.decompressobj(31) if encoding in ("gzip", "x-gzip") else None
        if decoder is None and encoding not in ("", "identity"):
            raise _Lost("the body is encoded as %s, which was not asked for" % clean(encoding, 20), LOST)
        message = getattr(getattr(response.raw, "_original_response", None), "msg", None)
        if getattr(message, "defects", None) and not {"Content-Length", "Transfer-Encoding"} & set(
            map(str.title, response.headers)
        ):
            raise _Lost("the answer ended in the middle of its headers", LOST)
        chunks, size, received = [], 0, 0
        for chunk in response.raw.stream(1 << 16, decode_content=False):
            received += len(chunk)
            if decoder is not None:
                try:
                    chunk = decoder.decompress(chunk, MAX_BODY_BYTES - size + 1)
                except zlib.error:
                    raise _Lost("the compressed body is damaged", LOST) from None
            size += len(chunk)
            if size > MAX_BODY_BYTES:
                raise _Lost("the body is larger than %d MiB" % (MAX_BODY_BYTES >> 20), LOST, final=True)
            chunks.append(chunk)
        promised = response.headers.get("Content-Length", "")
        if cut.is_set() or (is_digits(promised) and received < int(promised) and response.request.method != "HEAD"):
            raise _Lost("the answer ended after %d of %s bytes" % (received, promised or "its"), LOST)
        if decoder is not None and received and not decoder.eof:
            raise _Lost("the compressed body ended early", LOST)
        return b"".join(chunks)

    def _why(self, exc: BaseException, line: _Line, budget: float) -> _Lost:
        """Turn a library's exception into one sentence, and say whether the request can have arrived."""
        failure = LOST if line.is_up else SENT_NOT
        host = urlsplit(self.api_url).netloc
        chain: list[BaseException] = []
        todo: list[t.Any] = [exc]
        while todo and len(chain) < 12:
            item = todo.pop(0)
            if isinstance(item, BaseException) and item not in chain:
                chain.append(item)
                todo += [getattr(item, "reason", None), item.__cause__, item.__context__] + list(item.args)
        words = " ".join("%s %s" % (type(item).__name__, item) for item in chain)
        is_plain_text = "WRONG_VERSION_NUMBER" in words or "UNEXPECTED_MESSAGE" in words or "record layer" in words
        if "ProxyError" in words:
            denied = re.search(r"Tunnel connection failed: ([0-9]{3})", words)
            return _Lost(
                "the proxy %s %s"
                % (self._proxy_name, "refused with %s" % denied.group(1) if denied else "can't be reached"),
                SENT_NOT,
                "look at HTTPS_PROXY and NO_PROXY",
                final=bool(denied),
            )
        if (
            any(isinstance(item, requests.exceptions.SSLError) for item in chain)
            or "SSLError" in words
            or "CERTIFICATE" in words
        ):
            if is_plain_text:
                return _Lost("%s does not speak TLS" % host, failure, "look at api_url", final=True)
            cause = re.search(r"certificate verify failed: ([^(\n]+)", words)
            if cause is None:
                return _Lost(
                    "the TLS connection to %s failed" % host,
                    failure,
                    "look at api_url, ca_path and proxies",
                    final=True,
                )
            return _Lost(
                "the certificate of %s is not trusted: %s" % (host, clean(cause.group(1), 160)),
                failure,
                "ca_path names a CA of your own, validate_certs turns the check off",
                final=True,
            )
        if any(isinstance(item, OSError) and "CA" in str(item) and "bundle" in str(item) for item in chain):
            return _Lost(
                "the CA bundle can't be read: %s" % clean(str(exc), 200),
                SENT_NOT,
                "look at ca_path and REQUESTS_CA_BUNDLE",
                final=True,
            )
        if (
            any(isinstance(item, socket.gaierror) for item in chain)
            or "NameResolutionError" in words
            or "resolve" in words
        ):
            return _Lost(
                "the name %s can't be resolved" % urlsplit(self.api_url).hostname,
                SENT_NOT,
                "look at the network, the resolver and api_url",
                retries=NAME_RETRIES,
            )
        if failure == SENT_NOT and any(isinstance(item, ConnectionRefusedError) for item in chain):
            return _Lost("nothing listens at %s" % host, SENT_NOT, "look at api_url")
        if "ConnectTimeout" in words or (failure == SENT_NOT and "timed out" in words):
            return _Lost(
                "%s did not take the connection in time" % host,
                SENT_NOT,
                "look at the network, proxies and api_timeout",
            )
        if (
            any(isinstance(item, (requests.exceptions.Timeout, socket.timeout)) for item in chain)
            or "Read timed out" in words
        ):
            return _Lost("no answer within %g s" % budget, failure, "api_timeout bounds one request")
        if failure == SENT_NOT:
            return _Lost(
                "%s can't be reached: %s" % (host, clean(scrub(str(chain[-1])), 120)),
                SENT_NOT,
                "look at the network and api_url",
            )
        known = isinstance(exc, (requests.exceptions.RequestException, PoolError, OSError, ValueError))
        cause_text = "the connection broke before the answer was whole" if known else type(exc).__name__
        return _Lost(cause_text, LOST)

    def _no_connection(self, budget: float) -> _Lost:
        what = (
            "the proxy %s made no connection to %s" % (self._proxy_name, urlsplit(self.api_url).netloc)
            if self._proxy_name
            else ("%s did not take the connection" % urlsplit(self.api_url).netloc)
        )
        return _Lost("%s within %g s" % (what, budget), SENT_NOT, "look at the network, proxies and api_timeout")

    def _gave_up(
        self, endpoint: Endpoint, where: str, lost: _Lost, facts: dict[str, t.Any], idempotency_key: str | None
    ) -> H444Error:
        tries = "" if facts["attempts"] == 1 else " (%d attempts)" % facts["attempts"]
        hint = "; %s" % lost.hint if lost.hint else ""
        if lost.failure == LOST and endpoint.method != "GET":
            return errors.UnknownFate(
                "%s: %s%s%s. Whether it was carried out is not known." % (where, lost.cause, tries, hint),
                cause=lost.cause,
                idempotency_key=idempotency_key,
                sent="maybe",
                **facts,
            )
        return errors.TransportError(
            "%s: %s%s%s." % (where, lost.cause, tries, hint),
            cause=lost.cause,
            sent="no" if lost.failure == SENT_NOT else "maybe",
            **facts,
        )

    def _read(
        self,
        endpoint: Endpoint,
        where: str,
        status: int,
        headers: t.Mapping[str, str],
        payload: bytes,
        attempts: int,
        facts: dict[str, t.Any],
    ) -> Answer:
        """Parse a success. Raises BadReply; UnknownFate where the unreadable answer was a write's."""
        if not payload.strip():
            return Answer(status, None, headers, attempts)
        try:
            return Answer(
                status, (parse_leniently if endpoint.tells_secret else parse_json)(payload), headers, attempts
            )
        except ValueError as exc:
            kind = clean(headers.get("Content-Type", "no content type").split(";")[0], 40)
            shown = error_text(payload[:2000].decode("utf-8", "replace")) if "html" in kind else clean(str(exc), 100)
        problem = "%s answered %d, but not with JSON (%s: %s); is api_url right, and is a proxy in between?" % (
            where,
            status,
            kind,
            scrub(shown),
        )
        facts.update(status=status, attempts=attempts)
        if endpoint.method in ("GET", "HEAD"):
            raise BadReply(problem, **facts)
        raise errors.UnknownFate(
            problem + " Whether it was carried out is not known.", cause="unreadable answer", sent="maybe", **facts
        )

    def _refusal(
        self,
        endpoint: Endpoint,
        where: str,
        status: int,
        headers: t.Mapping[str, str],
        payload: bytes,
        facts: dict[str, t.Any],
    ) -> errors.ApiError:
        """Turn an answer that says no into the error for it."""
        try:
            body = parse_json(payload)
        except ValueError:
            body = payload[:20000].decode("utf-8", "replace")
        reason = scrub(error_text(body))
        said = ": %s" % reason.rstrip(".") if reason else ""
        request_id = first(
            {key.lower(): value for key, value in headers.items()}, "x-request-id", "x-correlation-id", "cf-ray"
        )
        facts.update(status=status, reason=reason or None, request_id=clean(request_id, 80) if request_id else None)
        if 300 <= status < 400:
            try:
                target = urlsplit(urljoin(self.api_url, headers.get("Location", ""))).netloc.rpartition("@")[2]
            except ValueError:
                target = ""
            return errors.ApiError(
                "%s answered %d, a redirect to %s; redirects are not followed, so that the key goes nowhere else. Look at api_url."
                % (where, status, clean(target or "nowhere", 80)),
                **facts,
            )
        if status == 401:
            return errors.AuthError(
                "%s answered 401%s. The key (api_key or H444_API_KEY) is wrong, expired or revoked; see %s."
                % (where, said, KEY_PAGE),
                **facts,
            )
        if status == 403:
            opt_in = " (opt-in: it is not in a key's default scopes)" if endpoint.scope in OPT_IN_SCOPES else ""
            needed = (
                "needs the scope %s%s" % (endpoint.scope, opt_in)
                if endpoint.scope
                else "lacks a scope that this endpoint needs"
            )
            refused = (
                "" if endpoint.method == "GET" or "sent" in facts else " The request was refused and changed nothing."
            )
            return errors.ScopeError(
                "%s answered 403%s.%s The key %s; see %s." % (where, said, refused, needed, KEY_PAGE),
                scope=endpoint.scope or None,
                **facts,
            )
        if status == 404:
            # An endpoint without a scope is a raw call's, of which nothing is known.
            wrong = ""
            if "{" not in endpoint.path and endpoint.scope:
                wrong = " This endpoint always exists, so api_url is likely wrong; the default is https://api.444host.com/v1."
            return errors.NotFound("%s answered 404%s.%s" % (where, said, wrong), **facts)
        if status in (400, 422):
            return errors.BadRequest("%s answered %d%s." % (where, status, said), **facts)
        if status >= 500:
            advice = " If it stays so, open a ticket with 444Host." if status == 500 else ""
            if endpoint.method != "GET":
                advice = " Whether it was carried out is not known." + advice
            return errors.ServerError(
                "%s answered %d%s (%d attempts).%s" % (where, status, said, facts["attempts"], advice), **facts
            )
        return errors.ApiError("%s answered %d%s." % (where, status, said), **facts)


def _paged(answer: Answer, page_of: t.Callable[[t.Any], t.Any] | None) -> Answer:
    return answer._replace(body=page_of(answer.body)) if page_of else answer


class _Rows:
    """The rows of a list that is read page by page while it changes, so that one row may stand on two pages."""

    def __init__(self, ids_are_own: bool) -> None:
        self.rows: list[t.Any] = []
        self._ids_are_own = ids_are_own
        self._place: dict[str, int] = {}
        self._texts: dict[str, set[str]] = {}

    def add(self, page: t.Sequence[t.Any]) -> None:
        """Add a page. A row that an earlier page showed keeps its place and takes the content that was read last.

        Within one page two rows of one id are a contradiction that is the caller's to see; only exact repeats are dropped.
        """
        fresh: dict[str, int] = {}
        for row in page:
            own = row_id(row)
            if own is None:
                self.rows.append(row)
            elif self._ids_are_own and own in self._place:
                self.rows[self._place[own]] = row
            elif not self._is_repeat(own, row, fresh):
                self.rows.append(row)
        for own, place in fresh.items():
            self._place.setdefault(own, place)

    def _is_repeat(self, own: str, row: t.Any, fresh: dict[str, int]) -> bool:
        place = fresh.get(own, self._place.get(own))
        if place is None:
            fresh[own] = len(self.rows)
            return False
        # Compared by a set of texts: a reply may well hold one id many thousand times.
        texts = self._texts.setdefault(own, {_as_text(self.rows[place])})
        text = _as_text(row)
        is_repeat = text in texts
        texts.add(text)
        return is_repeat


def _as_text(row: t.Any) -> str:
    try:
        return json.dumps(row, sort_keys=True)
    except RecursionError:
        return "%d" % id(row)


def row_id(row: t.Any) -> str | None:
    """Give the id of a raw row, None where it has none."""
    if not isinstance(row, dict):
        return None
    inner = next(iter(row.values())) if len(row) == 1 else None
    row = inner if isinstance(inner, dict) else row  # each row may stand under its own name
    found = row.get("id")
    if found is None:
        found = next((value for key, value in row.items() if key.lower() in ("id", "uuid")), None)
    return str(found) if isinstance(found, (str, int)) and not isinstance(found, bool) else None


def next_page(
    answer: Answer, read: int, page_rows: int, query: t.Mapping[str, t.Any], url: str
) -> dict[str, t.Any] | None:
    """Give the query of the next page, None when the list is whole.

    Assumed: the page documents no paging (switch ``pagination``), so every usual form is understood: Link headers, a next
    URL or cursor, page numbers, a total. A next URL only lends its query, for behind a proxy it names a host that is none
    of ours: requests go to the configured origin, and to the same path.
    Raises: BadReply when there is more and no way to it.
    """
    link = _next_link(answer.headers.get("Link", ""))
    found = _paging_fields(answer.body)
    following = found.get("next")
    if isinstance(following, dict):
        following = first(following, "href", "url", "cursor")
    if link is None and isinstance(following, str) and re.match(r"(?:https?:/)?/|\?", following[:8]):
        link = following
    if link is not None:
        lent = _query_of(link, query, url)
        if lent is not None:
            return lent
    else:
        cursor = _cursor(found, following)
        if cursor is not None:
            return {**query, **cursor}
    page = whole(first(found, "page", "current_page", "page_number"))
    pages = whole(first(found, "total_pages", "last_page", "pages", "page_count"))
    if link is None and not _says_more(found, read, page, pages):
        return None
    number = whole(first(found, "next_page")) or (page + 1 if page is not None else None)
    if number is None and link is not None:
        number = _number_in(link)
    if number is not None:
        return {**query, "page": number}
    offset = whole(first(found, "offset"))
    if offset is not None:
        return {**query, "offset": offset + page_rows}
    path = clean(urlsplit(url).path, 80)
    if link is not None:
        raise BadReply(
            "GET %s names a next page that can't be used (%s). Nothing is done with half a list."
            % (path, clean(scrub(link), 80))
        )
    raise BadReply(
        "GET %s says that there are more entries than the %d it gave, but not how to read them. Nothing is done with half a list."
        % (path, read)
    )


def _paging_fields(body: t.Any) -> dict[str, t.Any]:
    """Give what a reply tells about its pages, in snake_case, wherever it stands."""
    if not isinstance(body, dict):
        return {}
    outer = {snake(str(key)): value for key, value in body.items()}
    places = [outer]
    for name in ("meta", "pagination", "paging", "page_info", "links", "data"):
        if isinstance(outer.get(name), dict):
            inner = {snake(str(key)): value for key, value in outer[name].items()}
            places.append(inner)
            for deeper in ("links", "pagination", "cursors"):
                if isinstance(inner.get(deeper), dict):
                    places.append({snake(str(key)): value for key, value in inner[deeper].items()})
    found: dict[str, t.Any] = {}
    for place in reversed(places):
        found.update({key: value for key, value in place.items() if value is not None})
    return found


def _cursor(found: t.Mapping[str, t.Any], following: t.Any) -> dict[str, t.Any] | None:
    """Give the query of a cursor, None where there is none."""
    cursor = first(found, "next_cursor", "next_page_token", "end_cursor", "after")
    if cursor is None and isinstance(following, str) and following:
        cursor = following
    if not isinstance(cursor, (str, int)) or isinstance(cursor, bool) or cursor == "" or found.get("has_more") is False:
        return None
    return {"page_token" if "next_page_token" in found else "cursor": cursor}


def _says_more(found: t.Mapping[str, t.Any], read: int, page: int | None, pages: int | None) -> bool:
    """Tell whether a reply says that there is a further page."""
    if any(truth(found.get(name)) is True for name in MORE):
        return True
    if pages is not None:
        return page < pages if page is not None else pages > 1
    total = whole(first(found, "total", "total_count", "total_items", "count"))
    return (total is not None and total > read) or bool(whole(found.get("next_page")))


def _next_link(header: str) -> str | None:
    """Give the URL of rel="next" in a Link header (RFC 8288), None where there is none. In one pass: a header may be long."""
    start = header.find("<")
    while start >= 0:
        end = header.find(">", start)
        if end < 0:
            return None
        after = header.find("<", end)
        parameters = header[end + 1 : after if after >= 0 else len(header)][:MAX_LINK]
        for relation in re.findall(r";[ \t]*rel[ \t]*=[ \t]*\"?([^\";,]{1,100})", parameters, re.IGNORECASE):
            if "next" in relation.lower().split():
                return header[start + 1 : end]
        start = after
    return None


def _query_of(following: str, query: t.Mapping[str, t.Any], url: str) -> dict[str, t.Any] | None:
    """Give the query that a next URL lends; None where it can't be read or is about another path."""
    try:
        target = urlsplit(urljoin(url, following)) if len(following) <= MAX_LINK else None
        if target is None or target.path.rstrip("/") != urlsplit(url).path.rstrip("/"):
            return None
        return {**query, **dict(parse_qsl(target.query))}
    except ValueError:
        return None


def _number_in(following: str) -> int | None:
    """Give the page number in the query of a next URL that can't be used itself."""
    try:
        return whole(dict(parse_qsl(urlsplit(following[:MAX_LINK]).query)).get("page"))
    except ValueError:
        return None


def open_client(options: t.Mapping[str, t.Any], caller: str, core_version: str = "") -> Client:
    """Make a client from the common options. *caller*: the module's or plugin's name, for the User-Agent.

    Raises: BadOption.
    """
    return _open(options, check_url(options["api_url"]), check_key(options.get("api_key")), caller, core_version)


def open_sign_in(options: t.Mapping[str, t.Any], caller: str, core_version: str = "") -> Client:
    """Make a client of the API's origin that sends no key: a sign-in is how one gets one. Raises: BadOption."""
    parts = urlsplit(check_url(options["api_url"]))
    return _open(options, "%s://%s" % (parts.scheme, parts.netloc), None, caller, core_version)


def _open(options: t.Mapping[str, t.Any], url: str, api_key: str | None, caller: str, core_version: str) -> Client:
    agent = "h444-ansible/%s" % COLLECTION_VERSION
    if core_version:
        agent += " ansible-core/%s" % core_version
    return Client(
        url,
        api_key,
        pacer=Pacer(url, api_key or "", options["rate_limit"]),
        timeout_seconds=options["api_timeout"],
        retries=options["api_retries"],
        validate_certs=options["validate_certs"],
        ca_path=options.get("ca_path"),
        user_agent="%s requests/%s (%s)" % (agent, requests.__version__, caller),
    )
