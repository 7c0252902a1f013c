# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simulator for tests: a process of its own on a free port, its control API as methods. Standard library only."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import typing as t
import urllib.error
import urllib.request
from pathlib import Path

FULL_KEY = "h444_simulator_full_access_key"


class Simulator:
    """A running simulator."""

    key = FULL_KEY
    ssh_port: int | None = None

    def __init__(self, process: subprocess.Popen[str], origin: str) -> None:
        self._process = process
        self.origin = origin
        self.url = origin + "/v1"
        self.mcp_url = origin + "/mcp"

    @classmethod
    def start(
        cls,
        *,
        port: int = 0,
        preset: str | None = None,
        assume: t.Mapping[str, t.Any] | None = None,
        validate: bool = True,
        state_file: t.Any = None,
        rate_limit: int = 0,
        deliver_to: str | None = None,
        balance: int | None = None,
        scenario: str | None = None,
        manifest: t.Any = None,
        ssh: bool = False,
        ssh_port: int | None = None,
        mcp: bool = False,
        wrapper: t.Sequence[str] = (),
    ) -> Simulator:
        """Start one and wait until it answers. *port*: 0 takes a free one.

        *ssh*: its servers take logins, at ``ssh_port``: 22, or 2222 where only root may use 22. *mcp*: it answers MCP,
        at ``mcp_url``. *wrapper*: the command that runs it, such as one that takes rights away.
        """
        command = [
            *wrapper,
            sys.executable,
            str(Path(__file__).parent),
            "--port",
            str(port),
            "--rate-limit",
            str(rate_limit),
            *(["--preset", preset] if preset else []),
        ]
        for name, value in (assume or {}).items():
            command += ["--assume", f"{name}={value}"]
        if not validate:
            command.append("--no-validate")
        if state_file:
            command += ["--state", str(state_file)]
        if balance is not None:
            command += ["--balance", str(balance)]
        if manifest:
            command += ["--manifest", str(manifest)]
        if scenario:
            command += ["--scenario", scenario]
        if ssh:
            ssh_port = ssh_port or (22 if os.geteuid() == 0 else 2222)
            command += ["--ssh-port", str(ssh_port)]
        if mcp:
            command.append("--mcp")
        if deliver_to:
            command += ["--deliver-to", deliver_to]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        line = process.stdout.readline() if process.stdout else ""
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if not found:
            process.kill()
            raise RuntimeError("the simulator did not start: " + " ".join(command))
        one = cls(process, found.group(0))
        one.ssh_port = ssh_port if ssh else None
        return one

    @property
    def pid(self) -> int:
        """Give the id of the process."""
        return self._process.pid

    def __enter__(self) -> Simulator:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        if self._process.stdout:
            self._process.stdout.close()

    def control(self, method: str, name: str, body: t.Any = None) -> t.Any:
        """Call the control API. Raises RuntimeError with its answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.origin}/_sim/{name}", data, {"Content-Type": "application/json"}, method=method
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as exc:
            raise RuntimeError(exc.read().decode()) from None

    def journal(self, since: int = 0) -> list[dict[str, t.Any]]:
        """Give every request so far."""
        return self.control("GET", f"journal?since={since}")

    def answered(self) -> list[str]:
        """Give "METHOD /path" of every request since the start that was answered well; no reset clears them."""
        return self.control("GET", "answered")

    def clear_journal(self) -> None:
        """Forget the requests."""
        self.control("DELETE", "journal")

    def writes(self) -> list[dict[str, t.Any]]:
        """Give every request to the API that was no GET."""
        return [row for row in self.journal() if row["method"] != "GET"]

    def faults(self, *specs: dict[str, t.Any]) -> None:
        """Set faults."""
        self.control("POST", "faults", list(specs))

    def clear_faults(self) -> None:
        """Take the faults away."""
        self.control("DELETE", "faults")

    def advance(self, seconds: float) -> None:
        """Move the clock."""
        self.control("POST", "advance", {"seconds": seconds})

    def assume(self, **switches: t.Any) -> None:
        """Change switches."""
        self.control("POST", "assume", switches)

    def reset(self, **what: t.Any) -> None:
        """Begin anew; ``preset``, ``assume`` and ``scenario`` as in the control API."""
        self.control("POST", "reset", what)

    def seed(self, **resources: t.Any) -> dict[str, t.Any]:
        """Add resources; gives their ids."""
        return self.control("POST", "seed", resources)

    def state(self) -> dict[str, t.Any]:
        """Give the whole state."""
        return self.control("GET", "state")

    def debits(self) -> list[dict[str, t.Any]]:
        """Give every debit of the wallet."""
        return [row for row in self.state()["ledger"] if row["kind"] == "debit"]
