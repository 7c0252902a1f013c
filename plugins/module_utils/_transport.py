# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One attempt over the wire: the only file that imports requests.

One keep-alive session. An attempt ends at its deadline, however slowly bytes arrive. The bearer token goes to the API's
own origin only, and a redirect is an answer like any other.
"""

from __future__ import annotations

import copy
import os
import re
import socket
import threading
import typing as t
import zlib
from urllib.parse import urlsplit

try:
    import requests
    from requests.adapters import HTTPAdapter
    from requests.utils import get_environ_proxies, select_proxy
    from urllib3.exceptions import HTTPError as PoolError

    REQUESTS_IMPORT_ERROR: t.Optional[Exception] = None
# A damaged installation raises anything. The controller imports this even if its tasks run as modules, elsewhere.
except Exception as exc:  # pylint: disable=broad-except
    requests = None  # type: ignore[assignment]
    HTTPAdapter = object  # type: ignore[assignment,misc]
    REQUESTS_IMPORT_ERROR = exc

from ._answers import Received, Sent
from ._endpoint import ALWAYS, LOST, SENT_NOT
from ._errors import BadOption
from ._names import clean, is_digits

MAX_BODY_BYTES = 32 << 20
MAX_CHAIN = 12
NAME_RETRIES = 3


class Lost(Exception):
    """One attempt failed without a usable answer.

    *failure*: SENT_NOT or LOST. *is_final*: a repeat would end the same way. *retries*: how many repeats make sense.
    """

    def __init__(
        self, cause: str, failure: str, hint: str = "", is_final: bool = False, retries: int | None = None
    ) -> None:
        super().__init__(cause)
        self.cause = cause
        self.failure = failure
        self.hint = hint
        self.is_final = is_final
        self.retries = retries


class Line:
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


def _watched(base: type, line: Line) -> type:
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
            # A proxy's answer to CONNECT and the TLS handshake come before connect() is done, and may be slow. This is
            # a second handle of the same connection, for TLS takes the first one away.
            made = super()._new_conn()
            line.socket = self._early = made.dup()
            return made

    return Watched


class WatchedAdapter(HTTPAdapter):  # type: ignore[misc]
    """An adapter whose connection can be cut at a deadline, and that knows whether anything was sent."""

    def __init__(self) -> None:
        self.line = Line()
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


class _Watchdog:
    """Cuts the line when an attempt takes too long. ``is_due``: that has happened."""

    def __init__(self, line: Line, seconds: float) -> None:
        self.line = line
        self.seconds = seconds
        self.is_due = False
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> _Watchdog:
        self._timer.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._timer.cancel()

    def _cut(self) -> None:
        self.is_due = True
        self.line.cut()


def version_of_requests() -> str:
    """Return the version, for the User-Agent."""
    return requests.__version__


def new_session() -> requests.Session:
    """Make a session that takes nothing from the environment and follows nothing."""
    session = requests.Session()
    session.trust_env = False  # no .netrc; proxies and the CA are read from the environment by Transport itself
    # Even without following, requests prepares the next request: it would read a redirect's body without a bound, and
    # raise on a bad Location.
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


def check_proxy(url: str | None) -> str:
    """Return host and port of a proxy, "" where there is none. Raises: BadOption, without the URL and its password."""
    if not url:
        return ""
    try:
        parts = urlsplit(url if "://" in url else "http://" + url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or re.search(r"[\s\x00-\x1f\x7f]", url):
        raise BadOption(
            "HTTPS_PROXY or ALL_PROXY: this is not the URL of a proxy, like http://proxy.example.com:3128. It is not "
            "shown because it can contain a password; percent-encode special characters in it. Nothing was sent."
        )
    return "%s:%s" % (clean(host, 80), port) if port else clean(host, 80)


def _own_ca(ca_path: str | None) -> bool | str:
    """Return the CA to trust: the option's, the environment's, or True for that of requests."""
    named = (os.environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"))
    return ca_path or next(filter(None, named), True)


class Transport:
    """Sends single requests to one API with one key."""

    def __init__(
        self,
        api_url: str,
        api_key: str | None,
        *,
        connect_seconds: float,
        validate_certs: bool,
        ca_path: str | None,
        user_agent: str,
        session: t.Any = None,
    ) -> None:
        """Read proxies and the CA from the environment. *api_key*: None for a sign-in, which has no key yet.

        Raises: BadOption.
        """
        if ca_path and not os.path.exists(ca_path):
            raise BadOption("ca_path: the file or directory %s does not exist." % clean(ca_path, 200))
        self._api_url = api_url
        self._auth = None if api_key is None else _BearerAuth(api_key)
        self._connect_seconds = connect_seconds
        self._verify = _own_ca(ca_path) if validate_certs else False
        # http is for this machine only, so it must not go through a proxy that may be on another one.
        self._proxies = get_environ_proxies(api_url) if urlsplit(api_url).scheme == "https" else {}
        self._proxy_name = check_proxy(select_proxy(api_url, self._proxies))
        self._user_agent = user_agent
        self._session = session or new_session()

    def twin(self) -> Transport:
        """Return a transport to the same place, with a connection of its own."""
        other = copy.copy(self)
        other._session = new_session()
        return other

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def send(self, sent: Sent) -> Received:
        """Send a request once. Raises: Lost."""
        # A fresh connection where a repeat could do harm: a reset is then never that of a stale keep-alive.
        is_fresh = sent.endpoint.resend != ALWAYS
        if is_fresh:
            self._session.close()
        line = getattr(self._session.get_adapter(self._api_url), "line", None) or Line()
        with _Watchdog(line, sent.timeout_seconds) as watchdog:
            try:
                return self._receive(sent, self._headers(sent, is_fresh), watchdog)
            except Lost:
                raise
            except Exception as exc:  # pylint: disable=broad-except  # every library below raises errors of its own
                raise self._lost(exc, watchdog) from None
            finally:
                if is_fresh:
                    self._session.close()

    def _headers(self, sent: Sent, is_fresh: bool) -> dict[str, str]:
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": self._user_agent}
        if sent.data is not None:
            headers["Content-Type"] = sent.content_type
        if sent.idempotency_key:
            headers["Idempotency-Key"] = sent.idempotency_key
        if is_fresh:
            headers["Connection"] = "close"
        return headers

    def _receive(self, sent: Sent, headers: dict[str, str], watchdog: _Watchdog) -> Received:
        response = self._session.request(
            sent.endpoint.method,
            sent.url,
            params=sent.query or None,
            data=sent.data,
            headers=headers,
            auth=self._auth,
            timeout=(min(sent.timeout_seconds, self._connect_seconds), sent.timeout_seconds),
            allow_redirects=False,
            stream=True,
            verify=self._verify,
            proxies=self._proxies,
        )
        try:
            # A redirect's body has been read already, by requests itself.
            is_redirect = 300 <= response.status_code < 400
            payload = b"" if is_redirect else _read_body(response, watchdog)
            return Received(response.status_code, response.headers, payload)
        finally:
            response.close()

    def _lost(self, exc: BaseException, watchdog: _Watchdog) -> Lost:
        """Return why an attempt failed."""
        trouble = _Trouble(exc, watchdog, self._api_url, self._proxy_name)
        return next(cause.lost(trouble) for cause in CAUSES if cause.is_it(trouble))


def _read_body(response: t.Any, watchdog: _Watchdog) -> bytes:
    """Read a body whole, decoded and bounded. Raises: Lost when it ends early."""
    body = _Body(response.headers.get("Content-Encoding", "identity").strip().lower())
    _check_headers_are_whole(response)
    for chunk in response.raw.stream(1 << 16, decode_content=False):
        body.add(chunk)
    promised = response.headers.get("Content-Length", "")
    if watchdog.is_due or (is_digits(promised) and body.received < int(promised)):
        raise Lost("the answer ended after %d of %s bytes" % (body.received, promised or "its"), LOST)
    return body.whole()


def _check_headers_are_whole(response: t.Any) -> None:
    """Refuse an answer that broke off before it said how long its body is. Raises: Lost."""
    message = getattr(getattr(response.raw, "_original_response", None), "msg", None)
    has_length = {"Content-Length", "Transfer-Encoding"} & set(map(str.title, response.headers))
    if getattr(message, "defects", None) and not has_length:
        raise Lost("the answer ended in the middle of its headers", LOST)


class _Body:
    """A body as it arrives: decoded, and no larger than MAX_BODY_BYTES."""

    def __init__(self, encoding: str) -> None:
        self.received = 0
        """bytes as they came over the wire"""
        self._decoder = zlib.decompressobj(31) if encoding in ("gzip", "x-gzip") else None
        if self._decoder is None and encoding not in ("", "identity"):
            raise Lost("the body is encoded as %s, which was not requested" % clean(encoding, 20), LOST)
        self._chunks: list[bytes] = []
        self._size = 0

    def add(self, chunk: bytes) -> None:
        """Add what has come. Raises: Lost."""
        self.received += len(chunk)
        if self._decoder is not None:
            try:
                chunk = self._decoder.decompress(chunk, MAX_BODY_BYTES - self._size + 1)
            except zlib.error:
                raise Lost("the compressed body is damaged", LOST) from None
        self._size += len(chunk)
        if self._size > MAX_BODY_BYTES:
            raise Lost("the body is larger than %d MiB" % (MAX_BODY_BYTES >> 20), LOST, is_final=True)
        self._chunks.append(chunk)

    def whole(self) -> bytes:
        """Return all of it. Raises: Lost if a compressed one has no end."""
        if self._decoder is not None and self.received and not self._decoder.eof:
            raise Lost("the compressed body ended early", LOST)
        return b"".join(self._chunks)


class _Trouble:
    """An exception of the libraries below, with all that it was made of."""

    def __init__(self, exc: BaseException, watchdog: _Watchdog, api_url: str, proxy_name: str) -> None:
        self.exc = exc
        self.chain = _chain_of(exc)
        self.words = " ".join("%s %s" % (type(item).__name__, item) for item in self.chain)
        self.is_sent = watchdog.line.is_up
        self.is_cut = watchdog.is_due
        self.shown = {
            "host": urlsplit(api_url).netloc,
            "name": urlsplit(api_url).hostname,
            "proxy": proxy_name,
            "budget": "%g" % watchdog.seconds,
            "kind": type(exc).__name__,
            "exception": clean(str(exc), 200),
            "innermost": clean(str(self.chain[-1]), 120),
            "denied": self.find(r"Tunnel connection failed: ([0-9]{3})"),
            "distrust": clean(self.find(r"certificate verify failed: ([^(\n]+)"), 160),
        }
        """what the sentence of a cause may name"""

    def has(self, *kinds: type[BaseException]) -> bool:
        """Return whether one of these exceptions is in it."""
        return any(isinstance(item, kinds) for item in self.chain)

    def says(self, *words: str) -> bool:
        """Return whether one of these stands in its text or in a type's name."""
        return any(word in self.words for word in words)

    def find(self, pattern: str) -> str:
        """Return the group of a pattern, "" where it is not found."""
        found = re.search(pattern, self.words)
        return found.group(1) if found else ""


def _chain_of(exc: BaseException) -> list[BaseException]:
    """List an exception and those in it, behind whichever attribute a library put them."""
    chain: list[BaseException] = []
    todo: list[t.Any] = [exc]
    while todo and len(chain) < MAX_CHAIN:
        item = todo.pop(0)
        if isinstance(item, BaseException) and item not in chain:
            chain.append(item)
            todo += [getattr(item, "reason", None), item.__cause__, item.__context__, *item.args]
    return chain


def _is_tls(trouble: _Trouble) -> bool:
    return trouble.has(requests.exceptions.SSLError) or trouble.says("SSLError", "CERTIFICATE")


def _is_plain_text(trouble: _Trouble) -> bool:
    return _is_tls(trouble) and trouble.says("WRONG_VERSION_NUMBER", "UNEXPECTED_MESSAGE", "record layer")


def _is_ca_bundle(trouble: _Trouble) -> bool:
    return any(isinstance(item, OSError) and "CA" in str(item) and "bundle" in str(item) for item in trouble.chain)


def _is_name(trouble: _Trouble) -> bool:
    return trouble.has(socket.gaierror) or trouble.says("NameResolutionError", "resolve")


def _is_slow_connection(trouble: _Trouble) -> bool:
    return trouble.says("ConnectTimeout") or (not trouble.is_sent and trouble.says("timed out"))


def _is_slow_answer(trouble: _Trouble) -> bool:
    return trouble.has(requests.exceptions.Timeout, socket.timeout) or trouble.says("Read timed out")


def _is_of_the_network(trouble: _Trouble) -> bool:
    return isinstance(trouble.exc, (requests.exceptions.RequestException, PoolError, OSError, ValueError))


class _Cause(t.NamedTuple):
    """One thing that an exception may mean, and how it is said."""

    is_it: t.Callable[[_Trouble], bool]
    sentence: str
    hint: str = ""
    failure: t.Optional[str] = None
    """SENT_NOT or LOST where the cause decides it; None: it depends on whether there was a connection"""
    is_final: bool = False
    retries: t.Optional[int] = None

    def lost(self, trouble: _Trouble) -> Lost:
        """Return the error."""
        failure = self.failure or (LOST if trouble.is_sent else SENT_NOT)
        return Lost(self.sentence.format(**trouble.shown), failure, self.hint, self.is_final, self.retries)


OWN_CA = "set ca_path to your own CA, or turn the check off with validate_certs"
LOOK_AT_TIMEOUT = "check the network, proxies and api_timeout"
LOOK_AT_PROXY = "check HTTPS_PROXY and NO_PROXY"
BOUNDS = "api_timeout limits one request"
# The first that fits counts.
CAUSES = (
    _Cause(lambda it: it.is_cut and it.is_sent, "no complete answer within {budget} s", BOUNDS, LOST),
    _Cause(
        lambda it: it.is_cut and bool(it.shown["proxy"]),
        "the proxy {proxy} made no connection to {host} within {budget} s", LOOK_AT_TIMEOUT, SENT_NOT,
    ),
    _Cause(
        lambda it: it.is_cut, "{host} did not accept the connection within {budget} s", LOOK_AT_TIMEOUT, SENT_NOT
    ),
    _Cause(
        lambda it: it.says("ProxyError") and bool(it.shown["denied"]),
        "the proxy {proxy} refused with {denied}", LOOK_AT_PROXY, SENT_NOT, is_final=True,
    ),
    _Cause(lambda it: it.says("ProxyError"), "the proxy {proxy} can't be reached", LOOK_AT_PROXY, SENT_NOT),
    _Cause(_is_plain_text, "{host} does not speak TLS", "check api_url", is_final=True),
    _Cause(
        lambda it: _is_tls(it) and bool(it.shown["distrust"]),
        "the certificate of {host} is not trusted: {distrust}", OWN_CA, is_final=True,
    ),
    _Cause(_is_tls, "the TLS connection to {host} failed", "check api_url, ca_path and proxies", is_final=True),
    _Cause(
        _is_ca_bundle,
        "the CA bundle can't be read: {exception}", "check ca_path and REQUESTS_CA_BUNDLE", SENT_NOT, is_final=True,
    ),
    _Cause(
        _is_name,
        "the name {name} can't be resolved", "check the network, the resolver and api_url", SENT_NOT,
        retries=NAME_RETRIES,
    ),
    _Cause(
        lambda it: not it.is_sent and it.has(ConnectionRefusedError), "nothing listens at {host}", "check api_url"
    ),
    _Cause(_is_slow_connection, "{host} did not accept the connection in time", LOOK_AT_TIMEOUT, SENT_NOT),
    _Cause(_is_slow_answer, "no answer within {budget} s", BOUNDS),
    _Cause(lambda it: not it.is_sent, "{host} can't be reached: {innermost}", "check the network and api_url"),
    _Cause(_is_of_the_network, "the connection broke before the answer was complete"),
    _Cause(lambda _it: True, "{kind}"),
)  # fmt: skip
