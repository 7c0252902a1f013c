# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client whose waits are noted, and one endpoint of each kind to send with it."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils._api import Answer
from ansible_collections.h444.cloud.plugins.module_utils._client import Client
from ansible_collections.h444.cloud.plugins.module_utils._endpoint import NEVER, WITH_KEY, Endpoint
from ansible_collections.h444.cloud.plugins.module_utils._errors import (
    H444Error,
)
from ansible_collections.h444.cloud.plugins.module_utils._pacer import Pacer

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
