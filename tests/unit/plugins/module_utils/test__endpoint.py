# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which request is repeated after which failure: the whole table."""

from __future__ import annotations

import pytest

from ansible_collections.h444.cloud.plugins.module_utils._endpoint import (
    ALWAYS,
    BUSY,
    LOST,
    NEVER,
    SENT_NOT,
    WITH_KEY,
    Endpoint,
    may_resend,
    wait_seconds,
)


@pytest.mark.parametrize(
    "resend,has_key,safe",
    [
        (ALWAYS, False, True),
        (ALWAYS, True, True),
        (WITH_KEY, True, True),
        (WITH_KEY, False, False),
        (NEVER, False, False),
        (NEVER, True, False),
    ],
)
def test_what_may_be_sent_again_after_which_failure(resend: str, has_key: bool, safe: bool) -> None:
    endpoint = Endpoint("POST", "/x", "x", resend)
    for failure in (SENT_NOT, 429):
        assert may_resend(endpoint, failure, has_key)
    for failure in (LOST, 500, *BUSY):
        assert may_resend(endpoint, failure, has_key) is safe
    for failure in (200, 301, 400, 401, 402, 403, 404, 409, 410, 422, 501, 505):
        assert not may_resend(endpoint, failure, has_key)


@pytest.mark.parametrize(
    "attempt,jitter,seconds",
    [(1, 0, 0.5), (2, 0, 1.0), (5, 0, 8.0), (6, 0, 8.0), (10**6, 0, 8.0), (1, 1, 0.25), (9, 1, 4.0)],
)
def test_pauses_grow_up_to_a_cap(attempt: int, jitter: float, seconds: float) -> None:
    assert wait_seconds(attempt, base_seconds=0.5, cap_seconds=8.0, jitter=jitter) == seconds


@pytest.mark.parametrize(
    ("endpoint", "name"),
    [
        (Endpoint("GET", "/vps/{id}", "vps:read"), "GET /v1/vps/:id"),
        (
            Endpoint("POST", "/webhooks/{id}/deliveries/{delivery_id}/redeliver", "webhooks:write"),
            "POST /v1/webhooks/:id/deliveries/:deliveryId/redeliver",
        ),
        (Endpoint("GET", "/.well-known/oauth-authorization-server", ""), "GET /.well-known/oauth-authorization-server"),
        (Endpoint("POST", "/oauth/token", ""), "POST /oauth/token"),
    ],
)
def test_an_endpoint_is_named_as_in_the_reference(endpoint: Endpoint, name: str) -> None:
    assert str(endpoint) == name
