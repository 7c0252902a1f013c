# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One attempt against a real server on raw sockets: every fault, for each of the four kinds of request."""

from __future__ import annotations

import gzip
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import typing as t
import zlib
from pathlib import Path

import pytest
import requests

from ansible_collections.h444.cloud.plugins.module_utils._endpoint import LOST, SENT_NOT, Endpoint
from ansible_collections.h444.cloud.plugins.module_utils._errors import (
    ApiError,
    BadOption,
    TransportError,
    UnknownFate,
)
from ansible_collections.h444.cloud.plugins.module_utils._transport import MAX_BODY_BYTES, Line, Transport, _Watchdog
from ansible_collections.h444.cloud.tests.unit.plugins.module_utils.bench import (
    IDEMPOTENCY_KEY,
    KEY,
    KEYED,
    KINDS,
    READ,
    SHOT,
    Bench,
)
from ansible_collections.h444.cloud.tests.unit.plugins.module_utils.wire import (
    Reply,
    Wire,
    answer,
    close,
    drip,
    free_port,
    raw,
    reset,
    silent,
)

pytestmark = pytest.mark.usefixtures("no_jitter")


# --- no whole answer

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
def test_a_lost_answer_is_asked_for_again_where_that_is_safe(endpoint: Endpoint, loss: Reply) -> None:
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
def test_an_answer_that_is_lost_each_time(endpoint: Endpoint, loss: Reply) -> None:
    with Wire(loss) as wire:
        bench = Bench(wire.url)
        error = bench.refuse(endpoint, TransportError if endpoint is READ else UnknownFate)
        tries = 1 if endpoint is SHOT else 3
        assert len(wire.seen) == tries == error.facts["attempts"]
        assert error.facts["sent"] == "maybe" and bench.waits == [0.5, 1.0][: tries - 1]
        if endpoint is KEYED:
            assert error.facts["idempotency_key"] == IDEMPOTENCY_KEY


@KINDS
def test_f01_nothing_listens_there(endpoint: Endpoint) -> None:
    port = free_port()
    bench = Bench("http://127.0.0.1:%d/v1" % port, retries=5)
    error = bench.refuse(endpoint, TransportError)
    assert "nothing listens at 127.0.0.1:%d" % port in str(error) and "api_url" in str(error)
    assert error.facts["sent"] == "no" and error.facts["attempts"] == 6
    assert bench.waits == [0.5, 1.0, 2.0, 4.0, 8.0]
    assert bench.client.held_seconds == 0, "a pause before a repeat is not the rate limit's"


@KINDS
def test_f02_the_name_is_unknown(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_f06_f07_an_attempt_ends_at_its_deadline(endpoint: Endpoint, slow: Reply) -> None:
    with Wire(slow) as wire:
        bench = Bench(wire.url, retries=1)
        begin = time.monotonic()
        error = bench.refuse(endpoint, TransportError if endpoint is READ else UnknownFate, timeout_seconds=0.2)
        tries = 1 if endpoint is SHOT else 2
        assert time.monotonic() - begin < 0.2 * tries + 0.7
        assert len(wire.seen) == tries and "within 0.2 s" in str(error) and "api_timeout" in str(error)


def test_f07_a_drip_that_is_in_time_is_read() -> None:
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


def test_a_twin_has_a_connection_of_its_own() -> None:
    """And the same key, pace and patience: it is for another thread."""
    with Wire(answer({})) as wire:
        bench = Bench(wire.url, user_agent="h444-ansible/test")
        bench.send(READ)
        bench.client.held_seconds = 7.0
        twin = bench.client.twin()
        twin.request(READ, ids={"id": "vps-1"})
        bench.send(READ)
        assert wire.connections == 2 and twin.held_seconds == 0.0 and bench.client.held_seconds == 7.0
        assert len({seen.headers["authorization"] for seen in wire.seen}) == 1
        assert {seen.headers["user-agent"] for seen in wire.seen} == {"h444-ansible/test"}
        twin.close()
        bench.client.close()


def test_connections_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second handle of a connection does not keep it open."""
    with Wire(answer({"id": 1}), answer({"id": 1})) as wire:
        bench = Bench(wire.url)
        before = len(os.listdir("/proc/self/fd"))
        for _request in range(5):
            bench.send(KEYED)
        bench.client.close()
        assert len(os.listdir("/proc/self/fd")) <= before + 1


# --- bodies


@KINDS
@pytest.mark.parametrize(
    "bomb", [answer(gzip.compress(b" " * (3 * MAX_BODY_BYTES)), Content_Encoding="gzip")], ids=["F33 bomb"]
)
def test_f33_a_bomb_is_cut_and_not_asked_for_again(endpoint: Endpoint, bomb: Reply) -> None:
    with Wire(bomb) as wire:
        begin = time.monotonic()
        error = Bench(wire.url).refuse(endpoint, TransportError if endpoint is READ else UnknownFate)
        assert "larger than 32 MiB" in str(error)
        assert len(wire.seen) == 1 and time.monotonic() - begin < 3


def test_f35_a_giant_plain_body_is_cut() -> None:
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
def test_unusual_but_good_answers_are_read(reply: Reply) -> None:
    with Wire(reply) as wire:
        assert Bench(wire.url).send(READ).body == {"id": 1}
        assert len(wire.seen) == 1


# --- the key stays here


def test_the_key_is_not_in_any_repr() -> None:
    client = Bench("http://127.0.0.1:1/v1").client
    assert KEY not in repr(client) + repr(client._transport._auth) + repr(client._pacer) + repr(
        client._transport._session
    )


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
        assert error.facts["status"] == status and "Redirects are not followed" in str(error)
        assert len(wire.seen) == 1 and canary.seen == [] and canary.connections == 0
        assert "pw" not in str(error)
        if where == "other":
            assert canary.netloc in str(error)


# --- proxies


def test_the_proxy_of_the_environment_is_asked_and_its_password_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_a_malformed_proxy_is_refused_without_its_password(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", url)
    with pytest.raises(BadOption) as caught:
        Bench("https://api.example.invalid/v1")
    assert "HTTPS_PROXY" in str(caught.value)
    assert not any(
        part in str(caught.value) + repr(caught.value.facts) for part in ("canary", "can ary", "ary", "user:")
    )


@pytest.mark.parametrize("url", ["foo://user:canary@proxy.example:1", "socks5://user:canary@127.0.0.1:1"])
def test_a_proxy_of_an_odd_kind_shows_no_password(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", url)
    assert "canary" not in str(Bench("https://api.example.invalid/v1", retries=0).refuse(READ, TransportError))


def test_a_proxy_that_drips_its_answer_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """No request was sent to the API yet, and api_timeout bounds this, too."""
    with Wire(drip(b"HTTP/1.1 200 Connection established\r\n" + b"X-Pad: x\r\n" * 100, 0.2)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", "http://" + proxy.netloc)
        start = time.monotonic()
        error = Bench("https://api.example.invalid/v1", retries=0, timeout_seconds=1).refuse(KEYED, TransportError)
        assert time.monotonic() - start < 5
        assert "the proxy %s made no connection to api.example.invalid within 1 s" % proxy.netloc in str(error)
        assert error.facts["sent"] == "no" and "api_timeout" in str(error)


def test_a_tls_handshake_that_drips_is_cut() -> None:
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
    assert "did not accept the connection within 1 s" in str(error) and error.facts["sent"] == "no"


def test_a_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
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


# --- TLS


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
def test_f03_an_untrusted_certificate_is_refused(endpoint: Endpoint, certificate: Certificate) -> None:
    with Wire(tls=certificate.context) as wire:
        error = Bench(wire.url).refuse(endpoint, TransportError)
        assert "the certificate of %s is not trusted" % wire.netloc in str(error) and "ca_path" in str(error)
        assert "self" in str(error) and "\n" not in str(error) and str(error).count(". ") == 0
        assert error.facts["attempts"] == 1 and error.facts["sent"] == "no"
        assert wire.seen == [] and wire.connections == 1


def test_f03_a_ca_of_ones_own_is_trusted(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    with Wire(answer({"id": 1}), tls=certificate.context) as wire:
        assert Bench(wire.url, ca_path=certificate.file).send(READ).body == {"id": 1}
        assert Bench(wire.url, validate_certs=False).send(READ).body == {"id": 1}
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
            with monkeypatch.context() as patch:
                patch.setenv(name, certificate.file)
                assert Bench(wire.url).send(READ).body == {"id": 1}
        Bench(wire.url).refuse(READ, TransportError)


def test_f03_a_certificate_of_another_host_is_refused(tmp_path: Path) -> None:
    other = make_certificate(tmp_path, "DNS:other.example")
    with Wire(tls=other.context) as wire:
        error = Bench(wire.url, ca_path=other.file).refuse(READ, TransportError)
        assert "is not trusted" in str(error) and error.facts["attempts"] == 1 and wire.seen == []


@KINDS
def test_f03_a_port_that_speaks_plain_http_is_named(endpoint: Endpoint) -> None:
    with Wire(answer({})) as wire:
        error = Bench("https://%s/v1" % wire.netloc).refuse(endpoint, TransportError)
        assert "does not speak TLS" in str(error) and "api_url" in str(error), str(error)
        assert error.facts["attempts"] == 1 and error.facts["sent"] == "no"


def test_f03_the_ca_bundle_of_the_environment_is_missing(
    monkeypatch: pytest.MonkeyPatch, certificate: Certificate
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent/bundle.pem")
    with Wire(tls=certificate.context) as wire:
        error = Bench(wire.url).refuse(READ, TransportError)
        assert "CA bundle" in str(error) and "REQUESTS_CA_BUNDLE" in str(error) and error.facts["attempts"] == 1


# --- what an exception means

CONNECTION = requests.exceptions.ConnectionError
TLS = requests.exceptions.SSLError
CAUSES = [
    (requests.exceptions.ProxyError("Tunnel connection failed: 403 Forbidden"), "refused with 403", "", True),
    (requests.exceptions.ProxyError("Cannot connect to proxy"), "the proxy  can't be reached", "", False),
    (TLS("[SSL: WRONG_VERSION_NUMBER] wrong version number"), "api.test does not speak TLS", None, True),
    (TLS("certificate verify failed: expired (_ssl.c:1)"), "of api.test is not trusted: expired", None, True),
    (TLS("handshake failure"), "the TLS connection to api.test failed", None, True),
    (OSError("Could not find a suitable TLS CA certificate bundle"), "the CA bundle can't be read", "", True),
    (CONNECTION(socket.gaierror(-2, "Name or service not known")), "the name api.test can't be resolved", "", False),
    (CONNECTION("NameResolutionError: x"), "the name api.test can't be resolved", "", False),
    (requests.exceptions.ConnectTimeout("x"), "api.test did not accept the connection in time", "", False),
    (requests.exceptions.ReadTimeout("Read timed out"), "no answer within 5 s", LOST, False),
    (CONNECTION("reset"), "the connection broke before the answer was complete", LOST, False),
    (ValueError("odd"), "the connection broke before the answer was complete", LOST, False),
    (ZeroDivisionError("odd"), "ZeroDivisionError", LOST, False),
]


def transport_of() -> Transport:
    """Make a transport that sends nothing here."""
    more: dict[str, t.Any] = {"validate_certs": True, "ca_path": None, "user_agent": "x"}
    return Transport("https://api.test/v1", None, connect_seconds=5, **more)


@pytest.mark.parametrize(("error", "cause", "failure", "is_final"), CAUSES, ids=lambda value: str(value)[:40])
def test_what_an_exception_means(error: Exception, cause: str, failure: str | None, is_final: bool) -> None:
    """*failure*: LOST, nothing where the request surely did not arrive, None where that depends on the connection."""
    line = Line()
    line.is_up = True
    lost = transport_of()._lost(error, _Watchdog(line, 5))
    assert cause in lost.cause and lost.is_final is is_final
    assert lost.failure == (SENT_NOT if failure == "" else LOST)
    line.is_up = False
    assert transport_of()._lost(error, _Watchdog(line, 5)).failure == SENT_NOT


def test_what_refuses_and_what_is_slow_before_there_is_a_connection() -> None:
    unsent = [
        (ConnectionRefusedError(), "nothing listens at api.test"),
        (OSError("timed out"), "did not accept the connection in time"),
    ]
    for inner, cause in [*unsent, (OSError("no route"), "api.test can't be reached: no route")]:
        lost = transport_of()._lost(CONNECTION(inner), _Watchdog(Line(), 5))
        assert cause in lost.cause and lost.failure == SENT_NOT


def test_an_exception_that_holds_itself_is_read_to_an_end() -> None:
    error = CONNECTION("outer")
    error.args = (error, OSError(error))
    assert transport_of()._lost(error, _Watchdog(Line(), 5)).failure == SENT_NOT


@pytest.mark.parametrize("error", ["ImportError", "AttributeError"])
def test_requests_that_cannot_be_imported_is_no_crash(error: str, tmp_path: Path) -> None:
    """A damaged installation raises anything. The controller imports it, even if no task runs there."""
    (tmp_path / "requests.py").write_text(f"raise {error}('X509_V_FLAG')\n", encoding="utf-8")
    program = "from %s import REQUESTS_IMPORT_ERROR; print(repr(REQUESTS_IMPORT_ERROR))" % Transport.__module__
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    found = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=60,
    )
    assert found.stdout.strip() == f"{error}('X509_V_FLAG')"
