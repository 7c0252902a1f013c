# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs ansible-rulebook, and sends deliveries to its webhook."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import re
import signal
import socket
import subprocess
import time
import typing as t
import urllib.request
from pathlib import Path

from ansible_collections.h444.cloud.tests.integration.playing import BIN
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

DEADLINE_SECONDS = 300


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def signed(secret: str, body: bytes, stamp: int | None = None) -> dict[str, str]:
    """Give the headers of a delivery."""
    stamp = int(time.time()) if stamp is None else stamp
    digest = hmac.new(secret.encode(), b"%d." % stamp + body, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "X-444host-Signature": f"t={stamp},v1={digest}"}


def deliver(port: int, secret: str, body: t.Any, path: str = "/") -> int:
    """Send one delivery, again while the source is busy, and give the status of the answer."""
    sent = json.dumps(body).encode()
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_SECONDS)
        try:
            connection.request("POST", path, sent, signed(secret, sent))
            status = connection.getresponse().status
        finally:
            connection.close()
        if status != 503:
            return status


def deliver_again(simulator: Simulator, event: str) -> None:
    """Let the simulator send the first delivery of an event once more, until it is answered well."""
    end = time.monotonic() + DEADLINE_SECONDS
    first = next(row for row in simulator.state()["deliveries"] if row["event"] == event)
    path = f"/webhooks/{first['webhook_id']}/deliveries/{first['id']}/redeliver"
    while True:
        sent = call(simulator, "POST", path)
        row: dict[str, t.Any] = {}
        while not row.get("attempt"):
            assert time.monotonic() < end, row
            time.sleep(0.05)
            row = next(one for one in simulator.state()["deliveries"] if one["id"] == sent["id"])
        if row["response_status"] == 200:
            return
        # On a slow machine, the simulator does not wait for the answer.
        assert row["response_status"] is None, row


def call(simulator: Simulator, method: str, path: str) -> t.Any:
    """Send a request to the API."""
    headers = {"Authorization": f"Bearer {simulator.key}"}
    request = urllib.request.Request(simulator.url + path, b"" if method == "POST" else None, headers, method=method)
    with urllib.request.urlopen(request, timeout=DEADLINE_SECONDS) as answer:
        return json.load(answer)


class Rulebook:
    """A running ansible-rulebook. What it prints goes to a file."""

    def __init__(self, folder: Path, env: t.Mapping[str, str], *arguments: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "rulebook.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(BIN / "ansible-rulebook"), *arguments],
                env=dict(env),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> Rulebook:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    @property
    def output(self) -> str:
        """Give what it printed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, pattern: str, times: int = 1) -> list[t.Any]:
        """Wait until it has printed what matches a pattern. Raises: AssertionError with what it printed instead."""
        end = time.monotonic() + DEADLINE_SECONDS
        while True:
            ended = self._process.poll() is not None
            found = re.findall(pattern, self.output, re.MULTILINE)
            if len(found) >= times:
                return found
            assert not ended and time.monotonic() < end, f"{pattern!r} {len(found)} times in:\n{self.output[-6000:]}"
            time.sleep(0.05)

    def wait_for_port(self, port: int) -> None:
        """Wait until it listens."""
        end = time.monotonic() + DEADLINE_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                assert self._process.poll() is None and time.monotonic() < end, self.output[-6000:]
            time.sleep(0.05)

    def wait_for_end(self) -> int:
        """Wait until it ends, and give its exit code."""
        return self._process.wait(DEADLINE_SECONDS)
