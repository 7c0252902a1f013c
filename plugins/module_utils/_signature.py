# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The signature of a webhook delivery. Pure.

Source: "X-444host-Signature: t=<ts>,v1=HMAC(secret, "<ts>." + body)", HMAC-SHA256.
Assumed: the digest is written in hexadecimal (switch ``webhook_digest``).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import typing as t

HEADER = "X-444host-Signature"
TIMESTAMP = re.compile(r"\A[0-9]{1,12}\Z")
DIGEST = re.compile(r"\A[0-9a-fA-F]{64}\Z")


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")


def digest(body: str | bytes, secret: str | bytes, timestamp: str) -> str:
    """Return the hexadecimal HMAC-SHA256 of one delivery."""
    return hmac.new(_bytes(secret), timestamp.encode("ascii") + b"." + _bytes(body), hashlib.sha256).hexdigest()


def sign(body: str | bytes, secret: str | bytes, timestamp: int) -> str:
    """Return the header's value for a body sent at *timestamp* (seconds since the epoch)."""
    return "t=%d,v1=%s" % (timestamp, digest(body, secret, str(int(timestamp))))


def read_header(header: str) -> tuple[list[str], list[bytes]]:
    """Read every timestamp and every digest in a header's value."""
    stamps, digests = [], []
    for part in header.split(","):
        name, _equals, value = part.strip().partition("=")
        if name == "t":
            stamps.append(value)
        elif name == "v1" and DIGEST.match(value):
            digests.append(value.lower().encode("ascii"))
    return stamps, digests


def is_signed(
    body: str | bytes,
    header: object,
    secrets: t.Iterable[str | bytes],
    now_seconds: float,
    tolerance_seconds: float = 300,
) -> bool:
    """Return whether *header* signs *body* with one of *secrets*, at most *tolerance_seconds* ago or ahead.

    An invalid header signs nothing; a header from a stranger never raises an exception.
    """
    stamps, digests = read_header(header) if isinstance(header, str) else ([], [])
    if len(stamps) != 1 or not TIMESTAMP.match(stamps[0]):
        return False
    if abs(now_seconds - int(stamps[0])) > tolerance_seconds:
        return False
    good = False
    for secret in secrets:
        wanted = digest(body, secret, stamps[0]).encode("ascii")
        for given in digests:
            # No early exit, because the duration must not show which secret or digest came close.
            good = hmac.compare_digest(wanted, given) or good
    return good
