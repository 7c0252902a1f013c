# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""An endpoint of the reference: its name, its scope, and after which failure a request may be sent again. Pure."""

from __future__ import annotations

import re
import typing as t

ALWAYS = "always"
"""The effect is a state: a second request changes nothing more."""
WITH_KEY = "with_key"
"""Only with the same Idempotency-Key."""
NEVER = "never"
"""Each request has an effect of its own."""

SENT_NOT = "not_sent"
"""No byte of the request reached the API: refused, DNS, TLS handshake, proxy."""
LOST = "lost"
"""The request may have been carried out, the answer did not arrive (whole)."""

# 408, 425 and 499 come from proxies that may have passed the request on.
BUSY = frozenset({408, 425, 499, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530})

# OAuth's endpoints stand beside the API's base path, not under it.
OUTSIDE_BASE = ("/oauth/", "/.well-known/")
PARAMETER = re.compile(r"\{(\w+)\}")


class Endpoint(t.NamedTuple):
    """One endpoint of the reference, declared once. *returns_secret*: its answer holds one-time secrets."""

    method: str
    path: str
    scope: str
    resend: str = ALWAYS
    returns_secret: bool = False

    def __str__(self) -> str:
        """Name the endpoint as the reference does: GET /v1/vps/:id."""
        base = "" if self.path.startswith(OUTSIDE_BASE) else "/v1"
        return "%s %s%s" % (self.method, base, PARAMETER.sub(_as_in_reference, self.path))


def _as_in_reference(parameter: t.Match[str]) -> str:
    head, *rest = parameter.group(1).split("_")
    return ":" + head + "".join(word.title() for word in rest)


def may_resend(endpoint: Endpoint, failure: str | int, has_key: bool) -> bool:
    """Return whether a request may be repeated after *failure*: SENT_NOT, LOST or an HTTP status.

    Source: https://api.444host.com/v1 and its Idempotency-Key contract (orders, reinstall, ticket creation).
    """
    if failure in (SENT_NOT, 429):
        return True
    repeatable = endpoint.resend == ALWAYS or (endpoint.resend == WITH_KEY and has_key)
    return repeatable and (failure == LOST or failure == 500 or failure in BUSY)


def may_have_happened(status: int) -> bool:
    """Return whether a write that was answered with *status* may have been carried out all the same."""
    return status >= 500 or status in BUSY


def wait_seconds(attempt: int, *, base_seconds: float, cap_seconds: float, jitter: float) -> float:
    """Return the pause before the repeat number *attempt* (from 1); *jitter* is in 0..1 and shortens by up to half."""
    full = min(cap_seconds, base_seconds * 2 ** min(attempt - 1, 30))
    return full * (1 - jitter / 2)
