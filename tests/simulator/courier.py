# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends the deliveries that ``webhooks.py`` queues: signed POSTs from a background thread.

A delivery that failed is repeated with growing pauses, on the simulator's clock.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import re
import threading
import time
import urllib.error
import urllib.request

from .account import Account
from .calls import Row
from .webhooks import attempted


def signature(secret: str, timestamp: int, body: str) -> str:
    """Sign as the page says: t=<ts>,v1=HMAC-SHA256(secret, "<ts>." + body)."""
    digest = hmac.new(secret.encode(), f"{timestamp}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Counts a redirect as a failed delivery: a signed body goes to the subscribed URL only."""

    def redirect_request(self, *_what: object) -> None:
        """Follow none."""


class Courier(threading.Thread):
    """The thread that delivers what is due. *redirect*: where deliveries go instead of their HTTPS URLs, for tests."""

    def __init__(self, account: Account, redirect: str | None = None) -> None:
        super().__init__(daemon=True)
        self.account = account
        self.redirect = redirect
        self._wake = threading.Event()
        # A proxy of the environment must not see deliveries to this machine.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)
        account.deliver = self._wake.set

    def run(self) -> None:
        """Deliver for ever."""
        while True:
            self._wake.wait(0.2)
            self._wake.clear()
            with self.account.lock:
                due = [
                    row
                    for row in self.account.deliveries
                    if row["due_at"] is not None and row["due_at"] <= self.account.now()
                ]
            for row in due:
                self._deliver(row)

    def _deliver(self, row: Row) -> None:
        hook = self.account.webhooks.get(row["webhook_id"])
        if hook is None:
            row["due_at"] = None
            return
        stamp = int(self.account.now())
        headers = {
            "Content-Type": "application/json",
            "X-444host-Signature": signature(hook["secret"], stamp, row["body"]),
            "X-444host-Event": row["event"],
            "X-444host-Delivery": row["id"],
        }
        started = time.monotonic()
        status, error = None, None
        try:
            if self.redirect is None and not re.match(r"https?://(127\.0\.0\.1|localhost)[:/]", hook["url"]):
                raise OSError("the simulator delivers to this machine only (see --deliver-to)")
            request = urllib.request.Request(self.redirect or hook["url"], row["body"].encode(), headers, method="POST")
            with self._opener.open(request, timeout=10) as answer:
                status = answer.status
        except urllib.error.HTTPError as exc:
            status, error = exc.code, f"HTTP {exc.code}"
        except (OSError, http.client.HTTPException, ValueError) as exc:  # no reply of a receiver ends the thread
            error = str(exc)[:200]
        attempted(self.account, row, status, error, int((time.monotonic() - started) * 1000))
