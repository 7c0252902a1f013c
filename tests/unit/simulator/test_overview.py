# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the simulator's own page is made of: its policy, what it is told, and what the journal gives it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import typing as t

import pytest

from ansible_collections.h444.cloud.tests.simulator import pages
from ansible_collections.h444.cloud.tests.simulator.core import Core
from ansible_collections.h444.cloud.tests.simulator.faults import Faults
from ansible_collections.h444.cloud.tests.simulator.journal import Journal
from ansible_collections.h444.cloud.tests.simulator.oauth import OAuth
from ansible_collections.h444.cloud.tests.simulator.overview import overview

NOW = 1_800_000_000.0


def test_the_page_runs_its_own_script_and_nothing_else() -> None:
    answer = pages.overview_page()
    page, policy = answer.body.decode(), answer.headers["Content-Security-Policy"]
    for kind in ("script", "style"):
        (text,) = re.findall(f"<{kind}>(.*?)</{kind}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in policy
    assert "default-src 'none'" in policy and "unsafe" not in policy and "connect-src 'self'" in policy
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(| on\w+=| style=", page)
    assert not re.search(r"(src|href)=.?(https?:)?//|@import|url\(", page)
    assert '<html lang="en">' in page and "viewport" in page


def ask(core: Core, journal: Journal, **query: str) -> t.Any:
    """Ask as the page does."""
    return json.loads(json.dumps(overview(core, OAuth(core), Faults(), journal, query)))


def entry(path: str = "/vps") -> dict[str, t.Any]:
    return {
        "method": "GET",
        "path": path,
        "status": 200,
        "effect": False,
        "fault": None,
        "mcp": None,
        "at": NOW,
        "headers": {"a": "b"},
    }


def test_the_account_is_told_when_it_has_changed() -> None:
    core, journal = Core(scenario="small", clock=lambda: NOW), Journal()
    first = ask(core, journal)["account"]
    assert [row["label"] for row in first["shown"]["servers"]] == ["web-1", "web-2", "db-1", "mail-1", "test-1"]
    assert first["shown"]["monthly_usd_cents"] == 5040
    assert ask(core, journal, account=first["mark"])["account"] == {"mark": first["mark"]}
    core.make("vps", {"label": "new-1"})
    second = ask(core, journal, account=first["mark"])["account"]
    assert second["mark"] != first["mark"] and len(second["shown"]["servers"]) == 6
    assert set(second["shown"]["webhooks"][0]) == {"id", "url", "events", "status"}


def test_a_server_that_is_gone_is_not_shown_and_one_without_an_address_is() -> None:
    core = Core(assume={"terminated": "listed"}, clock=lambda: NOW)
    core.make("vps", {"label": "gone", "alive": False})
    core.make("vps", {"label": None, "ips": [], "plan_slug": "odd"})
    (row,) = ask(core, Journal())["account"]["shown"]["servers"]
    assert row["label"] is None and row["addresses"] == [] and row["usd_cents"] is None


def test_requests_are_told_once_and_again_until_they_are_answered() -> None:
    core, journal = Core(clock=lambda: NOW), Journal()
    first, second, third = entry("/a"), entry("/b"), entry("/c")
    for row in (first, second, third):
        journal.add(row)
    journal.done(first)
    journal.done(third)
    told = ask(core, journal)["requests"]
    assert [(row["path"], row["open"]) for row in told["rows"]] == [("/a", False), ("/b", True), ("/c", False)]
    assert told["is_new"] and "headers" not in told["rows"][0]
    told = ask(core, journal, requests=told["mark"])["requests"]
    assert [row["path"] for row in told["rows"]] == ["/b", "/c"] and not told["is_new"]
    journal.done(second)
    told = ask(core, journal, requests=told["mark"])["requests"]
    assert [row["open"] for row in told["rows"]] == [False, False]
    assert ask(core, journal, requests=told["mark"])["requests"]["rows"] == []
    journal.clear()
    journal.add(entry("/d"))
    told = ask(core, journal, requests=told["mark"])["requests"]
    assert told["is_new"] and [row["path"] for row in told["rows"]] == ["/d"]


def test_no_more_than_five_hundred_requests_are_told() -> None:
    core, journal = Core(clock=lambda: NOW), Journal()
    for number in range(700):
        row = entry(f"/{number}")
        journal.add(row)
        journal.done(row)
    assert [row["n"] for row in ask(core, journal)["requests"]["rows"]] == list(range(201, 701))


@pytest.mark.parametrize("mark", ["", "x", "1", "1.x", "-1.5", "0.99999999999", "9.9"])
def test_an_odd_mark_is_none(mark: str) -> None:
    journal = Journal()
    journal.add(entry())
    assert ask(Core(clock=lambda: NOW), journal, requests=mark)["requests"]["is_new"]


def test_faults_that_are_used_up_are_not_ahead() -> None:
    met = Faults(["/vps"])
    met.set([{"kind": "reset", "path": "/vps", "times": 2}, {"kind": "close", "path": "/vps", "every": 9}])
    assert [fault["kind"] for fault in met.ahead()] == ["reset", "close"]
    met.next("GET", "/vps", "a")
    assert met.ahead()[0]["seen"] == 1
    met.next("GET", "/vps", "b")
    assert [fault["kind"] for fault in met.ahead()] == ["close"]
