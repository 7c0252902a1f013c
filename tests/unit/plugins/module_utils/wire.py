# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tiny HTTP server on raw sockets: it answers by a script and misbehaves where the script says so."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import json
import pathlib
import socket
import ssl
import struct
import threading
import time
import typing as t

import pytest

Reply = t.Callable[[socket.socket], bool]
"""Answers one request on a connection. Returns whether the connection stays open."""


class Seen(t.NamedTuple):
    """One request as it came over the wire; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


def raw(data: bytes, keep: bool = False) -> Reply:
    """Send these bytes."""

    def reply(connection: socket.socket) -> bool:
        connection.sendall(data)
        return keep

    return reply


def answer(body: t.Any = None, status: int = 200, **headers: str) -> Reply:
    """Send a whole answer: bytes as they are, everything else as JSON. ``_`` in a header's name is ``-``."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = {"Content-Type": "application/json", "Content-Length": str(len(data))}
    lines.update({name.replace("_", "-"): value for name, value in headers.items()})
    head = "HTTP/1.1 %d X\r\n" % status + "".join("%s: %s\r\n" % line for line in lines.items()) + "\r\n"
    return raw(head.encode("latin-1") + data, keep=True)


def reset(connection: socket.socket) -> bool:
    """Answer with a RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def close(connection: socket.socket) -> bool:
    """Close without a byte."""
    return False


def silent(seconds: float) -> Reply:
    """Say nothing for so long, then close."""

    def reply(connection: socket.socket) -> bool:
        connection.settimeout(seconds)
        with contextlib.suppress(OSError):
            connection.recv(1)
        return False

    return reply


def drip(data: bytes, interval: float) -> Reply:
    """Send one byte each *interval* seconds."""

    def reply(connection: socket.socket) -> bool:
        for number in range(len(data)):
            connection.sendall(data[number : number + 1])
            time.sleep(interval)
        return False

    return reply


def free_port() -> int:
    """Give a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class Wire:
    """The server. It answers the n-th request by the n-th reply of the script; the last one is for all that follow."""

    def __init__(self, *script: Reply, tls: ssl.SSLContext | None = None) -> None:
        self.script = list(script) or [answer({})]
        self.seen: list[Seen] = []
        self.connections = 0
        self._tls = tls
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.netloc = "127.0.0.1:%d" % self.port
        self.url = "%s://%s/v1" % ("https" if tls else "http", self.netloc)
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_exc: object) -> None:
        # Closing alone would leave a blocked accept() with the open socket.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _listen(self) -> None:
        while True:
            try:
                connection, _peer = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        with contextlib.suppress(OSError):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                stream = connection.makefile("rb")
                while self._one(connection, stream):
                    pass
                stream.close()

    def _one(self, connection: socket.socket, stream: t.BinaryIO) -> bool:
        if (
            not self._tls and connection.recv(1, socket.MSG_PEEK) == b"\x16"
        ):  # a TLS greeting: what web servers say to that
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            return False
        words = stream.readline().decode("latin-1").split()
        if len(words) < 3:
            return False
        headers: dict[str, str] = {}
        while True:
            line = stream.readline().decode("latin-1").strip()
            if not line:
                break
            name, _colon, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = stream.read(int(headers.get("content-length", "0")))
        with self._lock:
            reply = self.script[min(len(self.seen), len(self.script) - 1)]
            self.seen.append(Seen(words[0], words[1], headers, body))
        return reply(connection) and headers.get("connection", "").lower() != "close"


def self_signed(folder: pathlib.Path) -> pathlib.Path:
    """Make a certificate for 127.0.0.1 that nobody trusts."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
