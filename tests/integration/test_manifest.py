# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An account by one task, in real processes: the secrets, a killed run, and two runs at once.

Random documents under random faults are in tests/unit/properties/test_manifests.py, where nothing takes a process.
"""

from __future__ import annotations

import json
import stat
import subprocess
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.integration.playing import (
    environment,
    kill_tree,
    play,
    secrets_in,
    shown_secrets,
    start,
    write_kept,
)
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

WAYS = {"in process": "true", "as a module": "false"}
BOTH_WAYS = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
PATIENCE_SECONDS = 60
PRICES = {"vps-1": 480, "vps-2": 960, "hosting-starter": 240}
SECRETS = ("root_passwords", "sftp_passwords", "db_passwords", "webhook_secrets")
LABELS = [f"node-{number}" for number in range(1, 7)]
DOMAINS = [f"site-{number}.example" for number in range(1, 4)]
URLS = [f"https://hooks.example/{number}" for number in range(1, 3)]
DOCUMENT: dict[str, t.Any] = {
    "servers": [
        {"label": "old-1", "state": "stopped"},
        {"label": "wipe-1", "state": "reinstalled", "os_template": "debian-12"},
        {"label": "gone-1", "state": "absent"},
        *({"label": label, "plan_slug": "vps-1", "os_template": "debian-12", "ptr": f"{label}.example.net"}
          for label in LABELS),
    ],
    "ptr_records": [{"ip": "203.0.113.50", "hostname": "old.example.net"}],
    "hosting": [
        {"domain": domain, "username": domain.partition(".")[0].replace("-", ""), "plan_slug": "hosting-starter"}
        for domain in DOMAINS
    ],
    "domains": [{"name": "example.com", "auto_renew": True}],
    "webhooks": [{"url": url, "events": ["vps.created"]} for url in URLS],
}  # fmt: skip
DUE = 6 * 480 + 3 * 240
OPTIONS: dict[str, t.Any] = {"manifest": DOCUMENT, "max_removed": 2, "max_total_monthly_usd_cents": DUE}


@pytest.fixture
def simulator() -> t.Iterator[Simulator]:
    """A simulator with what the document speaks of, and a wallet that is just enough."""
    with Simulator.start(balance=DUE) as started:
        started.seed(
            vps=[
                {"label": "old-1", "hostname": "old-1", "ips": [{"ip": "203.0.113.50"}]},
                {"label": "wipe-1", "hostname": "wipe-1"},
                {"label": "gone-1", "hostname": "gone-1"},
                {"label": "other-1", "hostname": "other-1"},
            ]
        )
        yield started


class Player:
    """Plays the module, each time as a new process."""

    def __init__(self, simulator: Simulator, folder: Path, way: str = "true") -> None:
        self.simulator, self.folder = simulator, folder
        self.log = folder / "log"
        self.env = environment(
            folder / "home", simulator.url, simulator.key, H444_IN_PROCESS=way, ANSIBLE_LOG_PATH=str(self.log)
        )
        self.first = {row["id"] for row in simulator.state()["vps"]}

    def playbook(self, options: dict[str, t.Any], folder: Path, **keywords: t.Any) -> Path:
        """Write a playbook that plays the module and keeps its result, failed or not."""
        return write_kept(folder, {"name": "Apply", "h444.cloud.h444_manifest": options, **keywords})

    def run(self, options: dict[str, t.Any], *arguments: str, **keywords: t.Any) -> dict[str, t.Any]:
        """Play the module, look for secrets in what is shown, and give the registered result."""
        playbook = self.playbook(options, self.folder, **keywords)
        command = ["ansible-playbook", "-i", "localhost,", "-vvvv", "--diff", *arguments, str(playbook)]
        played = play(command, self.env, self.folder)
        assert played.code == 0, played.tail()
        secrets = secrets_in(self.simulator.state()) | {self.simulator.key}
        shown = shown_secrets(played.output + self.log.read_text(encoding="utf-8"), secrets)
        assert not shown, f"the output shows {shown}"
        assert "Traceback (most recent call last)" not in played.output
        result = json.loads((self.folder / "result.json").read_text(encoding="utf-8"))
        elsewhere = json.dumps({name: value for name, value in result.items() if name not in SECRETS})
        assert not shown_secrets(elsewhere, secrets), "the result has a secret in another place"
        return result

    def start(self, options: dict[str, t.Any], folder: Path) -> subprocess.Popen[bytes]:
        """Start a play without waiting for its end."""
        folder.mkdir(exist_ok=True)
        return start(self.playbook(options, folder), self.env)

    def secrets(self) -> dict[str, dict[str, str]]:
        """Give the secrets of all that is new, in the form of a result."""
        state = self.simulator.state()
        servers = [row for row in state["vps"] if row["alive"] and (row["id"] not in self.first or row.get("wiped"))]
        sites, hooks = state["hosting"].values(), state["webhooks"].values()
        return {
            "root_passwords": {row["label"]: row["root_password"] for row in servers},
            "sftp_passwords": {row["domain"]: row["sftp_password"] for row in sites},
            "db_passwords": {row["domain"]: row["db_password"] for row in sites},
            "webhook_secrets": {row["url"]: row["secret"] for row in hooks},
        }

    def check_end(self) -> None:
        """Check that the account is what the document says, each order paid once, and nobody else touched."""
        state = self.simulator.state()
        living = {row["label"]: row for row in state["vps"] if row["alive"]}
        assert sorted(living) == sorted(["old-1", "wipe-1", "other-1", *LABELS])
        assert [row["label"] for row in state["vps"] if not row["alive"]] == ["gone-1"]
        assert all(living[label]["ips"][0]["ptr"] == f"{label}.example.net" for label in LABELS)
        assert living["old-1"]["ips"][0]["ptr"] == "old.example.net" and living["old-1"]["status"] == "stopped"
        assert living["wipe-1"]["os_template"] == "debian-12" and living["wipe-1"]["wiped"] == 1
        assert living["other-1"].get("wiped") is None and living["other-1"]["status"] == "running"
        assert sorted(row["domain"] for row in state["hosting"].values()) == DOMAINS
        assert sorted(row["url"] for row in state["webhooks"].values()) == URLS
        assert sorted(row["amount_usd_cents"] for row in self.simulator.debits()) == [240] * 3 + [480] * 6

    def check_money(self) -> None:
        """Check that the debits are the new living servers and accounts times their prices, once orders are at rest."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.paid() != self.worth():
            assert time.monotonic() < deadline, f"{self.paid()} were paid for what costs {self.worth()}"
            time.sleep(0.2)

    def paid(self) -> int:
        """Give the sum of all debits."""
        return sum(row["amount_usd_cents"] for row in self.simulator.debits())

    def worth(self) -> int:
        """Give the prices of the new servers and accounts."""
        state = self.simulator.state()
        new = [row for row in state["vps"] if row["id"] not in self.first]
        made = [*new, *state["hosting"].values()]
        assert all(row["alive"] for row in made)
        return sum(PRICES[row["plan_slug"]] for row in made)


def kept_in(file: Path) -> dict[str, dict[str, str]]:
    """Give the secrets of a file in the form of a result."""
    found: dict[str, dict[str, str]] = {name: {} for name in SECRETS}
    names = {
        ("vps", "root_password"): "root_passwords",
        ("hosting", "sftp_password"): "sftp_passwords",
        ("hosting", "db_password"): "db_passwords",
        ("webhook", "secret"): "webhook_secrets",
    }
    entries = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    for place, entry in entries.items():
        kind, _slash, name = place.partition("/")
        for (one, field), secrets in names.items():
            if kind == one and field in entry:
                found[secrets][name] = entry[field]
    return found


@BOTH_WAYS
def test_each_secret_is_in_its_place_in_the_result_and_nowhere_else(
    simulator: Simulator, tmp_path: Path, way: str
) -> None:
    """Check mode writes nothing and plans what the run does; a further run changes nothing and returns no secret."""
    player = Player(simulator, tmp_path, way)
    planned = player.run(OPTIONS, "--check")
    assert planned["changed"] and not simulator.writes() and not any(planned.get(name) for name in SECRETS)
    result = player.run({**OPTIONS, "plan_digest": planned["plan_digest"]})
    assert not result["failed"] and result["changed"], result.get("msg")
    for name in ("plan", "plan_digest", "cost"):
        assert result[name] == planned[name], name
    assert {name: result[name] for name in SECRETS} == player.secrets()
    assert set(result["root_passwords"]) == {"wipe-1", *LABELS} and set(result["webhook_secrets"]) == set(URLS)
    assert result["done"] == result["plan"] and result["left"] == [] and result["secret_lost"] is False
    assert sorted(result["ordered"]) == sorted(LABELS + DOMAINS) or sorted(result["ordered"]) == LABELS
    player.check_end()
    simulator.clear_journal()
    again = player.run(OPTIONS)
    assert not again["failed"] and not again["changed"] and again["plan"] == []
    assert not any(again.get(name) for name in SECRETS) and not simulator.writes()


def test_with_a_file_each_secret_is_in_it_and_not_in_the_result(simulator: Simulator, tmp_path: Path) -> None:
    """The file is the user's alone, and another run keeps what it has."""
    kept = tmp_path / "secrets.json"
    player = Player(simulator, tmp_path, "false")
    result = player.run({**OPTIONS, "credentials_file": str(kept)})
    assert not result["failed"] and not any(result.get(name) for name in SECRETS), result.get("msg")
    assert kept_in(kept) == player.secrets() and stat.S_IMODE(kept.stat().st_mode) == 0o600
    before = kept.read_bytes()
    assert not player.run({**OPTIONS, "credentials_file": str(kept)})["changed"]
    assert kept.read_bytes() == before


@pytest.mark.parametrize(("way", "file"), [("true", True), ("false", False)], ids=["in process-file", "as a module"])
def test_a_run_that_fails_keeps_the_secrets_of_what_it_did(
    simulator: Simulator, tmp_path: Path, way: str, file: bool
) -> None:
    """One order of each kind and one webhook are refused: the others are there with their secrets, and are reported."""
    for method, path, nth in (("POST", "/vps", 2), ("POST", "/hosting", 1), ("POST", "/webhooks", 2)):
        simulator.faults({"method": method, "path": path, "nth": nth, "kind": "status", "status": 400})
    kept = tmp_path / "secrets.json"
    options = {**OPTIONS, **({"credentials_file": str(kept)} if file else {})}
    player = Player(simulator, tmp_path, way)

    def told(found: dict[str, t.Any]) -> dict[str, dict[str, str]]:
        return kept_in(kept) if file else {name: found.get(name) or {} for name in SECRETS}

    result = player.run(options)
    assert result["failed"] and result["changed"]
    failed = [(row["kind"], row["name"]) for row in result["failures"]]
    assert len(failed) == 3 and {kind for kind, _name in failed} == {"servers", "hosting", "webhooks"}, failed
    assert all(name in result["msg"] for _kind, name in failed), result["msg"]
    assert told(result) == player.secrets()
    assert len(result["done"]) + len(result["left"]) == len(result["plan"])
    player.check_money()
    simulator.clear_faults()
    second = player.run(options)
    assert not second["failed"] and second["plan"] and len(second["plan"]) == len(result["left"]), second.get("msg")
    both = {name: {**told(result)[name], **told(second)[name]} for name in SECRETS}
    assert both == player.secrets()
    player.check_end()


@pytest.mark.parametrize("keyword", [{"timeout": 600}, {"async": 600, "poll": 1}], ids=["timeout", "async"])
def test_what_would_lose_secrets_is_refused_before_the_first_order(
    simulator: Simulator, tmp_path: Path, keyword: dict[str, t.Any]
) -> None:
    """As for every module that orders."""
    result = Player(simulator, tmp_path).run(OPTIONS, **keyword)
    assert result["failed"] and not result.get("changed") and next(iter(keyword)) in result["msg"], result
    assert not simulator.writes()


@pytest.mark.parametrize("writes", [1, 8, 13, 20])
def test_a_run_that_is_killed_is_finished_by_the_next(simulator: Simulator, tmp_path: Path, writes: int) -> None:
    """Killed after so many writes: each order is paid once, and what had arrived is in the file."""
    simulator.assume(order_seconds=1)
    kept = tmp_path / "secrets.json"
    options = {**OPTIONS, "credentials_file": str(kept)}
    player = Player(simulator, tmp_path)
    process = player.start(options, tmp_path / "killed")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(simulator.writes()) < writes:
        assert time.monotonic() < deadline and process.poll() is None, "the writes were not sent"
        time.sleep(0.02)
    kill_tree(process)
    early = kept_in(kept)
    time.sleep(3)  # what was sent is still carried out
    player.check_money()
    simulator.assume(order_seconds=0)
    simulator.seed(balance_usd_cents=DUE)
    result = player.run(options)
    assert not result["failed"], result["msg"]
    player.check_end()
    late, real = kept_in(kept), player.secrets()
    for name in SECRETS:
        assert set(early[name]) <= set(late[name])
    for name in ("root_passwords", "sftp_passwords", "db_passwords"):
        assert late[name].items() <= real[name].items()
        # A reply that was on its way when the run was killed is nobody's. What this run ordered has its passwords.
        assert set(result["ordered"]) & set(real[name]) <= set(late[name])
    again = player.run(options)
    assert not again["failed"] and again["plan"] == [] and not again["changed"]


def test_two_runs_at_once_order_everything_once(simulator: Simulator, tmp_path: Path) -> None:
    """Two plays that begin at the same moment: nothing is paid twice, and every password is in one of the results."""
    simulator.assume(order_seconds=1)
    simulator.seed(balance_usd_cents=2 * DUE)  # each of them must be able to pay for all
    document = {name: DOCUMENT[name] for name in ("hosting",)}
    document["servers"] = DOCUMENT["servers"][3:]
    player = Player(simulator, tmp_path)
    folders = [tmp_path / "one", tmp_path / "two"]
    processes = [player.start({"manifest": document}, folder) for folder in folders]
    assert [process.wait(120) for process in processes] == [0, 0]
    results = [json.loads((folder / "result.json").read_text(encoding="utf-8")) for folder in folders]
    assert not any(result["failed"] for result in results), [result.get("msg") for result in results]
    player.check_money()
    assert sorted(row["amount_usd_cents"] for row in simulator.debits()) == [240] * 3 + [480] * 6
    found = {name: {**(results[0].get(name) or {}), **(results[1].get(name) or {})} for name in SECRETS}
    assert found == player.secrets()
