# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event source changes against the simulator over HTTP, and in ansible-rulebook."""

from __future__ import annotations

import asyncio
import json
import typing as t
import urllib.request
from pathlib import Path

import pytest

pytest.importorskip("ansible_rulebook")

from ansible_collections.h444.cloud.tests.integration.playing import environment
from ansible_collections.h444.cloud.tests.integration.rulebooks import Rulebook
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator
from ansible_collections.h444.cloud.tests.unit.eda.loading import load

SECONDS = 120
Event = t.Dict[str, t.Any]
LISTS = {"account", "servers", "hosting", "invoices", "tickets", "domains"}


@pytest.fixture(name="sim")
def simulator() -> t.Iterator[Simulator]:
    """A simulator with two servers."""
    with Simulator.start() as one:
        one.seed(vps=[{"label": "web-1"}, {"label": "db-1"}], tickets=[{"subject": "Mail"}])
        yield one


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Share no pace with anybody."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


def call(sim: Simulator, method: str, path: str, body: t.Any = None) -> None:
    """Send one request of the customer's own."""
    headers = {"Authorization": f"Bearer {sim.key}", "Content-Type": "application/json", "Idempotency-Key": path}
    data = None if body is None else json.dumps(body).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(urllib.request.Request(sim.url + path, data, headers, method=method), timeout=SECONDS).close()


def places(state: Path) -> set[str]:
    """Give the parts of the account that the state file knows."""
    return set(json.loads(state.read_text())["content"]["places"]) if state.exists() else set()


def run(sim: Simulator, state: Path | None, until: t.Callable[[list[Event]], bool], **args: t.Any) -> list[Event]:
    """Run the source until something is so, and stop it as ansible-rulebook does. Gives the events."""

    async def watch() -> list[Event]:
        queue: asyncio.Queue[Event] = asyncio.Queue(1)
        given = {"api_url": sim.url, "api_key": sim.key, "interval": 5, "balance_below_usd_cents": 50, **args}
        task = asyncio.ensure_future(load("changes").main(queue, {**given, "state_file": state and str(state)}))
        events: list[Event] = []
        end = asyncio.get_running_loop().time() + SECONDS
        while not until(events) and not task.done():
            assert asyncio.get_running_loop().time() < end, events
            try:
                events.append(await asyncio.wait_for(queue.get(), 0.05))
            except asyncio.TimeoutError:
                pass
        task.cancel()
        try:
            await asyncio.wait_for(task, SECONDS)
        except asyncio.CancelledError:
            pass
        return events

    return asyncio.run(watch())


def change(sim: Simulator) -> list[str]:
    """Change something; gives the types of the events."""
    web, database = (row["id"] for row in sim.state()["vps"][:2])
    call(sim, "POST", f"/vps/{web}/power/stop")
    call(sim, "DELETE", f"/vps/{database}")
    order = {"plan_slug": "vps-2", "label": "new", "hostname": "new", "os_family": "ubuntu"}
    call(sim, "POST", "/vps", {**order, "os_template": "ubuntu-24.04"})
    return ["invoice.paid", "vps.created", "vps.power.changed", "vps.terminated"]


def test_a_restart_reports_what_changed_meanwhile_and_nothing_twice(sim: Simulator, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    assert run(sim, state, lambda _events: len(places(state)) >= 5) == []
    assert state.stat().st_mode & 0o777 == 0o600
    wanted = change(sim)
    events = run(sim, state, lambda events: len(events) >= 4)
    assert sorted(event["type"] for event in events) == wanted
    sim.clear_journal()
    assert run(sim, state, lambda _events: len(sim.journal()) >= 6) == []
    assert sim.key not in state.read_text()
    assert {row["method"] for row in sim.journal()} == {"GET"}


def test_a_stop_while_events_wait_for_the_queue_loses_none(sim: Simulator, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    run(sim, state, lambda _events: len(places(state)) >= 5)
    wanted = change(sim)
    # One event is taken, one is in the queue, the others wait.
    first = run(sim, state, lambda events: len(events) >= 1)
    unsent = json.loads(state.read_text())["content"]["unsent"]
    rest = run(sim, state, lambda events: len(events) >= max(2, len(unsent)))
    types = [event["type"] for event in first + rest]
    assert [event["meta"]["delivery_id"] for event in rest[: len(unsent)]] == [
        event["meta"]["delivery_id"] for event in unsent
    ]
    # What was in the queue of a source that ended counts as taken.
    assert 3 <= len(types) <= 4 and set(types) < {*wanted, ""} and len(set(types)) == len(types)


def test_a_stop_does_not_wait_for_an_api_that_hangs(sim: Simulator, tmp_path: Path) -> None:
    sim.faults({"kind": "hang", "seconds": 100, "method": "GET", "path": "*", "times": 100})
    assert run(sim, None, lambda _events: bool(sim.journal()), api_timeout=100, events=["vps.created"],
               balance_below_usd_cents=None) == []  # fmt: skip


def test_a_wrong_key_ends_the_source(sim: Simulator) -> None:
    with pytest.raises(RuntimeError, match="is wrong, expired or revoked") as ended:
        run(sim, None, lambda _events: False, api_key="h444_wrong_key_1234")
    assert "h444_wrong" not in str(ended.value)


RULEBOOK = """
- name: Changes
  hosts: localhost
  sources:
    - h444.cloud.changes:
        state_file: {state}
        balance_below_usd_cents: "{{{{ limit }}}}"
  rules:
    - name: One rule for both sources
      condition: event.type == "vps.created" and event.data.label == "new"
      action:
        debug:
          msg: "made {{{{ event.data.ipv4 }}}} {{{{ event.meta.signed_at }}}} {{{{ event.payload.after.label }}}}"
    - name: The wallet
      condition: event.type == "wallet.low"
      action:
        debug:
          msg: "low {{{{ event.data.balance_usd_cents }}}}"
    - name: The end
      condition:
        all:
          - event.type == "vps.terminated"
          - event.type == "invoice.paid"
      action:
        shutdown:
"""


def test_in_ansible_rulebook_events_fire_rules(sim: Simulator, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    run(sim, state, lambda _events: len(places(state)) >= 5)
    change(sim)
    (tmp_path / "rulebook.yml").write_text(RULEBOOK.format(state=state))
    (tmp_path / "vars.yml").write_text("limit: 100000000\n")
    env = environment(tmp_path / "home", sim.url, sim.key)
    arguments = ("--rulebook", str(tmp_path / "rulebook.yml"), "--vars", str(tmp_path / "vars.yml"))
    with Rulebook(tmp_path / "run", env, *arguments) as rulebook:
        rulebook.wait_for(r"^made 192\.0\.2\.\d+ None new$")
        rulebook.wait_for(r"^low \d+$")
        rulebook.wait_for(r"rule: The end has initiated shutdown")
        assert rulebook.wait_for_end() == 0, rulebook.output
        assert sim.key not in rulebook.output
    assert run(sim, state, lambda _events: len(sim.journal()) >= 6, balance_below_usd_cents=100_000_000) == []


def test_in_ansible_rulebook_a_wrong_key_is_one_sentence(sim: Simulator, tmp_path: Path) -> None:
    env = environment(tmp_path / "home", sim.url, "h444_wrong_key_1234")
    with Rulebook(tmp_path / "run", env, "--rulebook", "h444.cloud.show_changes") as rulebook:
        rulebook.wait_for("is wrong, expired or revoked; see https://www.444host.com/account/api-keys")
        assert rulebook.wait_for_end() == 1
        assert "h444_wrong" not in rulebook.output and "Traceback" not in rulebook.output
