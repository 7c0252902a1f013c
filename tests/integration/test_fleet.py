# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Twenty servers by one task, in real processes: the money, the passwords, a killed run, and what is shown meanwhile.

Random fleets under random faults are in tests/unit/properties/test_fleets.py, where an order takes no process.
"""

from __future__ import annotations

import json
import re
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

LABELS = [f"node-{number:02}" for number in range(1, 21)]
PRICE = 960
TWENTY: dict[str, t.Any] = {
    "servers": [{"label": label} for label in LABELS],
    "plan_slug": "vps-2",
    "os_template": "ubuntu-24.04",
}
WAYS = {"in process": "true", "as a module": "false"}
PATIENCE_SECONDS = 60


@pytest.fixture
def simulator() -> t.Iterator[Simulator]:
    """A simulator whose wallet is enough for twenty servers."""
    with Simulator.start(balance=20 * PRICE) as started:
        yield started


class Player:
    """Plays the module, each time as a new process. *shown*: what the last play printed."""

    def __init__(self, simulator: Simulator, folder: Path, way: str = "true") -> None:
        self.simulator, self.folder = simulator, folder
        self.env = environment(folder / "home", simulator.url, simulator.key, H444_IN_PROCESS=way)
        self.shown = ""

    def playbook(self, options: dict[str, t.Any], folder: Path, **keywords: t.Any) -> Path:
        """Write a playbook that plays the module and keeps its result, failed or not."""
        return write_kept(folder, {"name": "Order", "h444.cloud.h444_vps_fleet": options, **keywords})

    def run(self, options: dict[str, t.Any], *arguments: str, **keywords: t.Any) -> dict[str, t.Any]:
        """Play the module, look for secrets in what is shown, and give the registered result."""
        playbook = self.playbook(options, self.folder, **keywords)
        command = ["ansible-playbook", "-i", "localhost,", *(arguments or ("-vvvv", "--diff")), str(playbook)]
        played = play(command, self.env, self.folder)
        self.shown = played.output
        assert played.code == 0, played.tail()
        shown = shown_secrets(played.output, secrets_in(self.simulator.state()) | {self.simulator.key})
        assert not shown, f"the output shows {shown}"
        return json.loads((self.folder / "result.json").read_text(encoding="utf-8"))

    def start(self, options: dict[str, t.Any], folder: Path) -> subprocess.Popen[bytes]:
        """Start a play without waiting for its end."""
        folder.mkdir(exist_ok=True)
        return start(self.playbook(options, folder), self.env)

    def living(self) -> dict[str, str]:
        """Give the root password of each living server by its label. Each label has one."""
        rows = [row for row in self.simulator.state()["vps"] if row["alive"]]
        found = {row["label"]: row["root_password"] for row in rows}
        assert len(found) == len(rows), "two servers have one label"
        return found

    def paid(self) -> int:
        """Give the sum of all debits, which is what the living servers cost."""
        cents = sum(row["amount_usd_cents"] for row in self.simulator.debits())
        assert cents == PRICE * len(self.living())
        return cents


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_twenty_servers_are_ordered_by_one_task(simulator: Simulator, tmp_path: Path, way: str) -> None:
    """Check mode writes nothing; the run returns every password and shows none; a further run changes nothing."""
    player = Player(simulator, tmp_path, way)
    planned = player.run(TWENTY, "-vvvv", "--diff", "--check")
    assert planned["changed"] and planned["ordered"] == LABELS and not simulator.writes()
    result = player.run(TWENTY)
    assert not result["failed"] and result["changed"] and result["ordered"] == LABELS and result["failures"] == []
    assert result["root_passwords"] == player.living() and result["secret_lost"] is False
    assert [row["label"] for row in result["vps"]] == LABELS
    assert player.paid() == 20 * PRICE
    simulator.clear_journal()
    again = player.run(TWENTY)
    assert not again["changed"] and not again["failed"] and not again.get("root_passwords")
    assert len(simulator.journal()) <= 3 and not simulator.writes()


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_wallet_for_five_buys_none_of_twenty(simulator: Simulator, tmp_path: Path, way: str) -> None:
    """The whole price is known before the first order."""
    simulator.seed(balance_usd_cents=5 * PRICE)
    player = Player(simulator, tmp_path, way)
    result = player.run(TWENTY)
    assert result["failed"] and not result["changed"] and result["ordered"] == []
    assert not simulator.writes() and not player.living()
    assert str(15 * PRICE) in result["msg"] or str(20 * PRICE) in result["msg"], result["msg"]


@pytest.mark.parametrize("file", [False, True], ids=["result", "file"])
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_three_refused_orders_leave_seventeen_servers_and_their_passwords(
    simulator: Simulator, tmp_path: Path, way: str, file: bool
) -> None:
    """The failing task returns them, or the file has them; the next run orders the three."""
    for nth in (2, 9, 14):
        simulator.faults(
            {"method": "POST", "path": "/vps", "nth": nth, "when": "before", "kind": "status", "status": 400}
        )
    kept = tmp_path / "secrets.json"
    options = {**TWENTY, **({"credentials_file": str(kept)} if file else {})}
    player = Player(simulator, tmp_path, way)
    result = player.run(options)
    assert result["failed"] and result["changed"]
    refused = [row["name"] for row in result["failures"]]
    assert len(refused) == 3 and all(row["msg"] and row["kind"] for row in result["failures"])
    living = player.living()
    assert sorted(refused + list(living)) == LABELS and player.paid() == 17 * PRICE
    assert sorted(result["ordered"]) == sorted(living)
    assert {row["label"] for row in result["vps"] if row} >= set(living)
    assert all(label in result["msg"] for label in refused), result["msg"]

    def passwords(found: dict[str, t.Any]) -> dict[str, str]:
        if not file:
            return found.get("root_passwords", {})
        assert not found.get("root_passwords")
        entries = json.loads(kept.read_text(encoding="utf-8"))
        return {name.partition("/")[2]: entry["root_password"] for name, entry in entries.items()}

    assert passwords(result) == living
    simulator.clear_faults()
    second = player.run(options)
    assert not second["failed"] and sorted(second["ordered"]) == sorted(refused)
    assert {**living, **passwords(second)} == player.living() and player.paid() == 20 * PRICE


@pytest.mark.parametrize("debits", [1, 6, 13, 20])
def test_a_run_that_is_killed_is_finished_by_the_next(simulator: Simulator, tmp_path: Path, debits: int) -> None:
    """Killed once the money for so many has moved: each is paid once, and what had arrived is in the file."""
    simulator.assume(order_seconds=1)
    kept = tmp_path / "secrets.json"
    options = {**TWENTY, "credentials_file": str(kept)}
    player = Player(simulator, tmp_path)
    process = player.start(options, tmp_path / "killed")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(simulator.debits()) < debits:
        assert time.monotonic() < deadline and process.poll() is None, "the orders were not sent"
        time.sleep(0.05)
    kill_tree(process)
    time.sleep(3)  # what was sent is still carried out
    simulator.assume(order_seconds=0)
    early = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    assert len(early) >= debits - 8
    result = player.run(options)
    assert not result["failed"], result["msg"]
    assert sorted(player.living()) == LABELS and player.paid() == 20 * PRICE
    entries = json.loads(kept.read_text(encoding="utf-8"))
    assert set(early) <= set(entries)
    for name, entry in entries.items():
        assert entry["root_password"] == player.living()[name.partition("/")[2]]
    assert not player.run(options)["changed"]


def test_two_runs_at_once_order_each_server_once(simulator: Simulator, tmp_path: Path) -> None:
    """Two plays that begin at the same moment: twenty debits in all, and every password is in one of the results."""
    simulator.assume(order_seconds=1)
    simulator.seed(balance_usd_cents=40 * PRICE)  # each of them must be able to pay for all
    player = Player(simulator, tmp_path)
    folders = [tmp_path / "one", tmp_path / "two"]
    processes = [player.start(TWENTY, folder) for folder in folders]
    assert [process.wait(120) for process in processes] == [0, 0]
    results = [json.loads((folder / "result.json").read_text(encoding="utf-8")) for folder in folders]
    assert not any(result["failed"] for result in results), [result.get("msg") for result in results]
    assert sorted(player.living()) == LABELS and player.paid() == 20 * PRICE
    assert sorted(results[0]["ordered"] + results[1]["ordered"]) == LABELS
    passwords = {**results[0].get("root_passwords", {}), **results[1].get("root_passwords", {})}
    assert passwords == player.living()


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_each_server_gets_a_line_while_the_task_works(simulator: Simulator, tmp_path: Path, way: str) -> None:
    """An order of twenty takes minutes: in the controller's process lines say what was ordered. A module is silent."""
    simulator.faults({"method": "POST", "path": "/vps", "nth": 3, "when": "before", "kind": "status", "status": 400})
    player = Player(simulator, tmp_path, way)
    result = player.run(TWENTY, "--forks=5")  # no -v
    (refused,) = (row["name"] for row in result["failures"])
    before_the_result = re.split(r"^(?:fatal|\[ERROR\])", player.shown, maxsplit=1, flags=re.MULTILINE)[0]
    for label in LABELS:
        lines = [line for line in before_the_result.splitlines() if re.search(rf"\b{label}\b", line)]
        assert bool(lines) == (way == "true"), (label, player.shown)
    assert refused in result["msg"]
    assert "Traceback" not in player.shown
