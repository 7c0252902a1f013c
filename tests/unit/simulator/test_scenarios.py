# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The accounts that the simulator can begin with, and the faults of the one that is flaky."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.simulator import assumed, conformance, faults, scenarios
from ansible_collections.h444.cloud.tests.simulator.core import ROUTES, Core
from ansible_collections.h444.cloud.tests.simulator.testing import FULL_KEY, Simulator

NOW = 1_800_000_000.0
LISTS = tuple(route.path for route in ROUTES if route.method == "GET" and "{" not in route.path)
PLACE = Path(conformance.__file__).parent


def core_of(scenario: str, **more: t.Any) -> Core:
    """Begin with a scenario, without sockets."""
    return Core(scenario=scenario, rate_limit=0, clock=lambda: NOW, **more)


def read(core: Core, path: str) -> t.Any:
    """Read something of the account in its plain form."""
    answer = core.handle("GET", path, {"limit": "200"}, {"Authorization": "Bearer " + FULL_KEY}, b"")
    assert answer.status == 200, answer
    return answer.body


def paths(core: Core) -> list[str]:
    """Name everything that can be read."""
    found = list(LISTS)
    for noun, rows in (("vps", core.servers), ("hosting", core.hosting), ("domains", core.domains)):
        found += [f"/{noun}/{name}" for name in rows]
    found += [f"/vps/{name}/{part}" for name in core.servers for part in ("ips", "stats")]
    found += [f"/tickets/{name}" for name in core.tickets] + [f"/webhooks/{name}" for name in core.webhooks]
    found += [f"/webhooks/{name}/deliveries" for name in core.webhooks]
    return found + [f"/billing/invoices/{name}" for name in core.invoices]


@pytest.mark.parametrize("preset", assumed.PRESETS)
@pytest.mark.parametrize("scenario", scenarios.SCENARIOS)
def test_every_row_keeps_to_the_contract(scenario: str, preset: str) -> None:
    core = core_of(scenario, assume=assumed.preset(preset))
    assert conformance.attach(core)
    for path in paths(core):
        read(core, path)
    assert not core.contract_broken and not core.seeded and not core.deliveries


def test_empty_is_a_wallet_and_two_domains() -> None:
    core = Core()
    assert core.account["balance_usd_cents"] == 10000 and not core.ledger and not core.servers
    assert [row["name"] for row in read(core, "/domains")] == ["example.com", "example.org"]


def test_small_is_a_bit_of_everything() -> None:
    core = core_of("small")
    servers = read(core, "/vps")
    assert [(row["label"], row["status"]) for row in servers] == [
        ("web-1", "running"),
        ("web-2", "running"),
        ("db-1", "running"),
        ("mail-1", "running"),
        ("test-1", "stopped"),
    ]
    assert sum(group["ips"][0]["ptr"] is not None for group in read(core, "/vps/all-ips")) == 4
    counts = [len(read(core, path)) for path in ("/hosting", "/domains", "/webhooks", "/tickets")]
    assert counts == [1, 2, 1, 1] and len(read(core, "/billing/invoices")) == 3


def test_agency_is_an_account_of_some_size() -> None:
    core = core_of("agency")
    servers, addresses = read(core, "/vps"), read(core, "/vps/all-ips")
    assert len({row["label"] for row in servers}) == len({row["ipv4"] for row in servers}) == 60
    assert len({row["plan_slug"] for row in servers}) == 4 and len({row["os_template"] for row in servers}) == 6
    assert {row["status"] for row in servers} == {"running", "stopped"}
    assert sum(ip["ptr"] is not None for group in addresses for ip in group["ips"]) >= 40
    hosting = read(core, "/hosting")
    assert len({row["domain"] for row in hosting}) == len({row["username"] for row in hosting}) == 10
    assert sorted(row["status"] for row in hosting) == ["active"] * 9 + ["suspended"]
    assert {row["php_version"] for row in hosting} == {"7.4", "8.1", "8.3"}
    domains = read(core, "/domains")
    soon = core.stamp(NOW + 30 * 86400)
    assert len({row["name"] for row in domains}) == 20 and len({tuple(row["nameservers"]) for row in domains}) == 3
    assert sum(core.stamp() < row["expires_at"] < soon for row in domains) == 3
    assert all(row["expires_at"] > core.stamp() > row["created_at"] for row in domains)
    webhooks, tickets = read(core, "/webhooks"), read(core, "/tickets")
    assert len({row["url"] for row in webhooks}) == 5 and sum(not row["is_active"] for row in webhooks) == 1
    assert {row["status"] for row in tickets} == {"open", "answered", "resolved", "closed"}
    assert len({row["created_at"][:7] for row in read(core, "/billing/invoices")}) == 12


@pytest.mark.parametrize("balance", [None, 0, 777])
@pytest.mark.parametrize("scenario", ["small", "agency", "broke"])
def test_the_wallet_adds_up(scenario: str, balance: int | None) -> None:
    core = core_of(scenario, balance_usd_cents=balance)
    invoices = {row["id"]: row for row in core.invoices.values()}
    money = 0
    for row in core.ledger:
        money += -row["amount_usd_cents"] if row["kind"] == "debit" else row["amount_usd_cents"]
        assert row["balance_after_usd_cents"] == money >= 0
        if row["kind"] == "debit":
            paid = invoices.pop(row["reference"])
            assert paid["status"] == "paid" and paid["total_usd_cents"] == row["amount_usd_cents"]
    assert money == core.account["balance_usd_cents"] and (balance is None or money == balance)
    assert [row["status"] for row in invoices.values()] == (["unpaid"] if scenario == "broke" else [])
    for row in core.invoices.values():
        assert row["total_usd_cents"] == sum(item["total_usd_cents"] for item in row["items"]) > 0
    times = [row["created_at"] for row in read(core, "/billing/wallet/transactions")]
    assert times == sorted(times, reverse=True)


def test_broke_can_not_pay_the_next_month() -> None:
    core = core_of("broke")
    month = sum(item["total_usd_cents"] for item in scenarios.items_of_month(core, 0))
    assert read(core, "/billing/wallet")["balance_usd_cents"] < month
    assert [row["status"] for row in read(core, "/vps")].count("suspended") == 1
    soon = core.stamp(NOW + 7 * 86400)
    assert [row["name"] for row in read(core, "/domains") if row["expires_at"] < soon] == ["example.org"]


def test_the_same_scenario_is_the_same_account() -> None:
    first, second = core_of("agency"), core_of("small")
    second.scenario = "agency"
    second.reset()
    assert first.state() == second.state()


# Where a scenario is chosen


def test_a_scenario_is_chosen_at_the_start_and_at_a_reset(tmp_path: Path) -> None:
    file = tmp_path / "account.json"
    with Simulator.start(scenario="small", state_file=file) as simulator:
        assert len(simulator.state()["vps"]) == 5
        simulator.seed(vps=1)
        simulator.reset()
        assert len(simulator.state()["vps"]) == 5, "a reset keeps the scenario"
        simulator.reset(scenario="broke", preset="odd")
        assert simulator.state()["account"]["balance_usd_cents"] == 300
        with pytest.raises(RuntimeError, match="no scenario called big; there are empty, small, agency"):
            simulator.reset(scenario="big")
        with pytest.raises(RuntimeError, match="no scenario called 5"):
            simulator.reset(scenario=5)
        assert simulator.state()["account"]["balance_usd_cents"] == 300, "a reset that is refused changes nothing"
    with Simulator.start(state_file=file) as simulator:
        simulator.seed(vps=1)
        simulator.reset()
        assert simulator.state()["account"]["balance_usd_cents"] == 300, "the state file keeps the scenario"


def test_a_state_file_wins_over_a_scenario_and_a_line_says_so(tmp_path: Path) -> None:
    file = tmp_path / "account.json"
    with Simulator.start(scenario="small", state_file=file):
        pass
    command = [sys.executable, str(PLACE), "--port", "0", "--scenario", "agency", "--state", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        lines = []
        while not lines or "Ctrl-C" not in lines[-1]:
            lines.append(process.stdout.readline())
        process.terminate()
    assert f"--scenario agency is not used: {file} has an account already.\n" in lines
    assert len(json.loads(file.read_text())["servers"]) == 5


def test_a_state_file_of_an_unknown_scenario_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "account.json"
    file.write_text(json.dumps({**Core().state(), "scenario": "big"}))
    command = [sys.executable, str(PLACE), "--port", "0", "--state", str(file)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert found.returncode == 2 and "there is no scenario called big" in found.stderr


def test_help_and_readme_describe_each_scenario() -> None:
    command = [sys.executable, str(PLACE), "--help"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    readme = (PLACE / "README.md").read_text(encoding="utf-8")
    for name, scenario in scenarios.SCENARIOS.items():
        assert f"  {name:<8}{scenario.summary}\n" in said
        assert f"| `{name}` | {scenario.summary[0].upper()}{scenario.summary[1:]} |\n" in readme


# Faults that come back


def test_a_fault_that_comes_back_lets_a_repeated_request_through() -> None:
    met = faults.Faults(["/vps"])
    met.set([{"kind": "reset", "path": "/vps", "nth": 2, "every": 3}])
    hits = [met.next("GET", "/vps", str(number)) is not None for number in range(1, 9)]
    assert hits == [False, True, False, False, True, False, False, True]
    assert met.next("GET", "/vps", "8") is None, "sent again"
    assert met.next("GET", "/vps", "9") is None and met.next("GET", "/vps", "9") is None
    assert met.next("GET", "/vps", "9") is not None, "what was let through is not counted"
    met.clear()
    assert met.next("GET", "/vps", "9") is None


@pytest.mark.parametrize("every", [1, 0, "3", True, 2.5])
def test_a_fault_that_would_always_come_is_refused(every: t.Any) -> None:
    with pytest.raises(ValueError, match="every is a whole number above times"):
        faults.Faults().set([{"kind": "reset", "every": every}])


def test_what_may_be_lost_is_what_the_contract_lets_a_client_send_again() -> None:
    contract = conformance.load()[0]
    never = {
        path
        for path, methods in contract["paths"].items()
        for operation in methods.values()
        if isinstance(operation, dict) and operation.get("x-h444-resend") == "never"
    }
    actions = contract["paths"]["/vps/{id}/power/{action}"]["post"]["x-h444-resend-by-action"]
    powers = {f"/vps/{{id}}/power/{action}" for action, rule in actions.items() if rule == "never"}
    assert scenarios.SENT_ONCE == never - {"/vps/{id}/power/{action}"} | powers
    for fault in core_of("flaky").faults():
        if fault["method"] == "POST" and fault["path"] in scenarios.SENT_ONCE:
            assert fault["kind"] == "delay" or fault["status"] == 429, fault


def send(origin: str, method: str, path: str, body: t.Any, key: str) -> int:
    """Send one request to the API until it has an answer; give how often it was sent."""
    for number in range(1, 10):
        connection = http.client.HTTPConnection(origin, timeout=10)
        try:
            headers = {"Authorization": "Bearer " + FULL_KEY, "Idempotency-Key": key}
            connection.request(method, "/v1" + path, body and json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status < 300 and (not text or json.loads(text) is not None):
                return number
            assert answer.status in (429, 502, 503), (answer.status, text)
        except (OSError, http.client.HTTPException, ValueError):
            continue
        finally:
            connection.close()
    raise AssertionError(f"{method} {path} has no answer")


@pytest.mark.slow
def test_flaky_fails_again_and_again_and_a_client_that_repeats_gets_everything() -> None:
    order = {"plan_slug": "vps-1", "hostname": "x", "os_family": "debian", "os_template": "debian-12"}
    with Simulator.start(scenario="flaky") as simulator:
        origin = simulator.origin[7:]
        before = len(simulator.debits())
        attempts = [send(origin, "POST", "/vps", {**order, "label": f"x-{n}"}, f"key-{n}") for n in range(6)]
        assert attempts == [2, 1, 2, 2, 1, 1], "the same each time"
        reads = [send(origin, "GET", "/vps", None, "") for _number in range(12)]
        assert max(reads) == 2 and sum(reads) > 15
        assert len(simulator.debits()) - before == 6 and len(simulator.state()["vps"]) == 11
        lost = [row for row in simulator.journal() if row["fault"] == "reset" and row["effect"]]
        assert len(lost) == 2, "orders whose replies were lost"
        simulator.reset()
        assert send(origin, "POST", "/vps", {**order, "label": "x"}, "key") == 2, "a reset brings the faults back"
        simulator.reset(scenario="small")
        assert send(origin, "POST", "/vps", {**order, "label": "x"}, "key") == 1
