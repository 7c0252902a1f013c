# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays the playbooks apply and drift as a user does, and looks at what was sent and at what is shown."""

from __future__ import annotations

import json
import re
import subprocess
import time
import typing as t
import urllib.request
from pathlib import Path

import yaml

from ansible_collections.h444.cloud.tests.integration.playing import (
    BIN,
    Played,
    environment,
    kill_tree,
    play,
    secrets_in,
    shown_secrets,
)
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

Row = t.Dict[str, t.Any]
NEW = {"plan_slug": "vps-2", "os_template": "ubuntu-24.04", "state": "started"}


def server(label: str, **options: t.Any) -> Row:
    """Give the entry of a server that runs."""
    return {"label": label, **NEW, **options}


def message(played: Played) -> str:
    """Give the message of the failed task, as the default callback shows it on every core."""
    (text,) = re.findall(r"^fatal: .*?\"msg\": \"(.*?)\"[,}]", played.output, re.MULTILINE)
    return text


def lines(played: Played) -> list[str]:
    """Give the lines of the last message that is a list."""
    text = re.findall(r"^    \"msg\": (\[.*?^    \])", played.output, re.MULTILINE | re.DOTALL)[-1]
    return json.loads(text)


def changed(played: Played) -> int:
    """Give how many tasks have changed something."""
    (number,) = re.findall(r"localhost +: ok=[0-9]+ +changed=([0-9]+) ", played.output)
    return int(number)


class Account:
    """An account, its document, and a directory to play from."""

    def __init__(self, folder: Path, simulator: Simulator) -> None:
        self.simulator = simulator
        self.folder = folder / "here"
        self.folder.mkdir()
        self.env = environment(folder / "home", simulator.url, simulator.key, H444_API_RETRIES="0")
        self.plan = self.folder / "plan.json"
        self.credentials = self.folder / "credentials.json"

    def write(self, **sections: t.Any) -> None:
        """Write the document."""
        (self.folder / "account.yml").write_text(yaml.safe_dump(sections, sort_keys=False, allow_unicode=True))

    def seed(self, *labels: str) -> None:
        """Add servers that are what server() asks for."""
        self.simulator.seed(vps=[{"label": label, "hostname": label, "plan_slug": "vps-2"} for label in labels])

    def call(self, method: str, path: str, body: t.Any = None) -> t.Any:
        """Send a request to the API, as somebody else does."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": "Bearer " + self.simulator.key, "Content-Type": "application/json"}
        request = urllib.request.Request(self.simulator.url + path, data, headers, method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def apply(self, *more: str, code: int = 0, **variables: t.Any) -> Played:
        """Play apply from the directory, with these variables as its extra variables."""
        given = {"manifest": "account.yml", "credentials_file": "credentials.json", **variables}
        return self._play("apply", more, code, given)

    def drift(self, *more: str, code: int = 0, **variables: t.Any) -> Played:
        """Play drift from the directory. It never writes."""
        self.simulator.clear_journal()
        played = self._play("drift", more, code, {"manifest": "account.yml", **variables})
        assert self.simulator.writes() == []
        return played

    def _play(self, name: str, more: t.Sequence[str], code: int, variables: Row) -> Played:
        given = {f"{name}_{option}": value for option, value in variables.items() if value != "omit"}
        command = ["ansible-playbook", f"h444.cloud.{name}", "-e", json.dumps(given), *more]
        played = play(command, self.env, self.folder)
        assert played.code == code, played.tail(60)
        secrets = secrets_in(self.simulator.state()) | {self.simulator.key}
        assert not shown_secrets(played.output, secrets)
        for file in self.folder.iterdir():
            assert file == self.credentials or not shown_secrets(file.read_text("utf-8", "replace"), secrets), file
        return played

    def refused(self, *more: str, **variables: t.Any) -> str:
        """Play apply, which must fail and write nothing; gives its message."""
        self.simulator.clear_journal()
        played = self.apply(*more, code=2, **variables)
        assert self.simulator.writes() == []
        assert changed(played) == 0 or "--check" in more
        return message(played)

    def kill_at(self, count: int) -> None:
        """Play apply, and kill it once so many orders were debited."""
        given = {"apply_manifest": "account.yml", "apply_credentials_file": "credentials.json"}
        process = subprocess.Popen(
            [str(BIN / "ansible-playbook"), "h444.cloud.apply", "-e", json.dumps(given)],
            env=self.env,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while len(self.simulator.debits()) < count:
            assert time.monotonic() < deadline, "the orders were not sent"
            time.sleep(0.1)
        kill_tree(process)
