# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator as a new user meets it: its command, its terminal, its control API, the page of the sign-in."""

from __future__ import annotations

import html.parser
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
import typing as t
import urllib.parse
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.simulator import conformance, seeds
from ansible_collections.h444.cloud.tests.simulator.catalogue import PRODUCTS
from ansible_collections.h444.cloud.tests.simulator.core import MAKERS, Core
from ansible_collections.h444.cloud.tests.simulator.testing import FULL_KEY, Simulator

pytestmark = pytest.mark.slow

PLACE = Path(conformance.__file__).parent
PYTHONS_OWN = re.compile(
    r"Error\b|Traceback|invalid literal|not supported between|object has no|unhashable|NoneType|<class|Expecting|unpack"
)


@pytest.fixture(scope="module")
def simulator() -> t.Iterator[Simulator]:
    with Simulator.start() as one:
        yield one


@pytest.fixture(autouse=True)
def fresh(request: pytest.FixtureRequest) -> None:
    if "simulator" in request.fixturenames:
        request.getfixturevalue("simulator").reset()


class Running:
    """The command with what it writes on its terminal."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.err = folder / "err.txt"
        with self.err.open("w") as stream:
            self.process = subprocess.Popen(
                [sys.executable, str(PLACE), "--port", "0", *options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stream,
                text=True,
                # A shell lets what it starts in the background ignore Ctrl-C, and so does all that this starts.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        assert self.process.stdout
        self.origin = re.findall(r"127\.0\.0\.1:\d+", self.process.stdout.readline())[0]

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.kill()
        self.process.wait()

    def ask(self, method: str, path: str, body: str | None = None) -> tuple[int, dict[str, str], str]:
        """Send a request."""
        return ask(self.origin, method, path, body)

    def lines(self, count: int) -> list[str]:
        """Give the terminal's lines once there are so many: a line is written when its reply is out."""
        until = time.monotonic() + 10
        while len(self.err.read_text().splitlines()) < count and time.monotonic() < until:
            time.sleep(0.02)
        return [re.sub(" +", " ", line) for line in self.err.read_text().splitlines()]


def ask(origin: str, method: str, path: str, body: str | None = None) -> tuple[int, dict[str, str], str]:
    """Send a request on a connection of its own."""
    connection = http.client.HTTPConnection(origin, timeout=10)
    try:
        kind = "application/json" if (body or "").startswith(("{", "[")) else "application/x-www-form-urlencoded"
        connection.request(method, path, body, {"Authorization": "Bearer " + FULL_KEY, "Content-Type": kind})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()
    finally:
        connection.close()


def refused(*options: str) -> str:
    """Start it as a user does, where it can't start; give what it says."""
    found = subprocess.run(
        [sys.executable, str(PLACE), *options], capture_output=True, text=True, timeout=20, check=False
    )
    assert found.returncode == 2 and not found.stdout
    return found.stderr


# The command


def test_state_in_a_folder_that_is_not_there_is_refused_at_start(tmp_path: Path) -> None:
    file = tmp_path / "missing" / "account.json"
    assert refused("--port", "0", "--state", str(file)) == (
        f"simulator: {file} can't be written (No such file or directory); "
        "--state takes a file in a folder that is there.\n"
    )


@pytest.mark.parametrize(
    "text", ["[]", "no json", "[" * 3000, '{"account": 5}', '{"account": {}, "servers": []}', "{}"]
)
def test_a_state_file_that_holds_something_else_is_one_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "account.json"
    file.write_text(text)
    said = refused("--port", "0", "--state", str(file))
    assert said.startswith(f"simulator: {file} can't be read: ") and said.count("\n") == 1
    assert not PYTHONS_OWN.search(said)
    assert file.read_text() == text


def test_balance_and_rate_limit(tmp_path: Path) -> None:
    file = tmp_path / "account.json"
    with Simulator.start(balance=500, state_file=file) as simulator:
        assert simulator.state()["account"]["balance_usd_cents"] == 500
        simulator.reset()
        assert simulator.state()["account"]["balance_usd_cents"] == 500
    with Simulator.start(state_file=file) as simulator:
        assert simulator.state()["account"]["balance_usd_cents"] == 500
    with Simulator.start(balance=700, state_file=file, rate_limit=2) as simulator:
        assert simulator.state()["account"]["balance_usd_cents"] == 700
        origin = simulator.origin[7:]
        assert [ask(origin, "GET", "/v1/account")[0] for _number in range(3)] == [200, 200, 429]
    for options in (("--balance", "20.50"), ("--balance", "-1"), ("--rate-limit", "-1")):
        assert options[0] in refused(*options)


def test_each_request_is_a_line(tmp_path: Path) -> None:
    with Running(tmp_path) as running:
        running.ask("GET", "/v1/vps")
        running.lines(1)  # another connection is another thread
        running.ask("GET", "/v1/nothing?x=%1b[2J")
        running.lines(2)
        running.ask(
            "POST",
            "/_sim/faults",
            '[{"kind": "close", "path": "/account"}, {"kind": "status", "status": 503, "path": "/vps/{id}"}]',
        )
        running.lines(3)
        with pytest.raises(http.client.RemoteDisconnected):
            running.ask("GET", "/v1/account")
        running.lines(4)
        running.ask("GET", "/v1/vps/5")
        lines = running.lines(5)
    assert lines == [
        "GET /v1/vps 200",
        "GET /v1/nothing?x=%1b[2J 404",
        "POST /_sim/faults 200",
        "GET /v1/account no reply (fault: close)",
        "GET /v1/vps/5 503 (fault: status)",
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_end_by_a_signal_is_quiet(tmp_path: Path, number: signal.Signals) -> None:
    with Running(tmp_path, "--state", str(tmp_path / "account.json")) as running:
        running.ask("GET", "/v1/vps")
        assert running.lines(1) == ["GET /v1/vps 200"]
        running.process.send_signal(number)
        assert running.process.wait(10) == 0
        assert running.process.stdout and "Ctrl-C ends it" in running.process.stdout.read()
        assert running.lines(1) == ["GET /v1/vps 200"]


@pytest.mark.parametrize("option", ["--help", "--list-assumptions"])
def test_a_pipe_that_is_closed_is_quiet(option: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    found = subprocess.run(
        [sys.executable, str(PLACE), option], stdout=writer, stderr=subprocess.PIPE, timeout=20, check=False
    )
    os.close(writer)
    assert (found.returncode, found.stderr) == (0, b"")


def test_it_ends_where_nobody_reads_its_lines_any_more() -> None:
    process = subprocess.Popen(
        [sys.executable, str(PLACE), "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout
    try:
        origin = re.findall(r"127\.0\.0\.1:\d+", process.stdout.readline())[0]
        while "Ctrl-C" not in process.stdout.readline():
            pass
        process.stdout.close()
        assert ask(origin, "GET", "/v1/account")[0] == 200
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


def test_a_state_file_that_can_not_be_written_any_more_costs_no_reply(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with Running(tmp_path, "--state", str(folder / "account.json")) as running:
        (folder / "account.json").unlink()
        folder.rmdir()
        assert running.ask("POST", "/_sim/seed", '{"vps": 1}')[0] == 200
        assert (
            "account.json can't be written (No such file or directory); the account is not kept." in running.lines(2)[0]
        )


# Seeds and the other control commands


def test_a_seed_takes_numbers(simulator: Simulator) -> None:
    made = simulator.seed(
        vps=3, hosting=2, domains=2, tickets=2, webhooks=2, keys=1, invoices=2, transactions=2, balance_usd_cents=5
    )
    assert {name: len(rows) for name, rows in made.items()} == {
        "vps": 3,
        "hosting": 2,
        "domains": 2,
        "tickets": 2,
        "webhooks": 2,
        "keys": 1,
        "invoices": 2,
    }
    state = simulator.state()
    names = [(row["label"], row["hostname"]) for row in state["servers"].values()]
    assert len(set(names)) == 3, "each has a name of its own"
    assert len({row["domain"] for row in state["hosting"].values()}) == 2
    assert len({row["name"] for row in state["domains"].values()}) == 4
    simulator.seed(vps=1)
    assert len({row["label"] for row in simulator.state()["servers"].values()}) == 4
    assert not state["contract_broken"]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"vps": [{"lable": "web-1"}]}, "lable"),
        ({"hosting": [{"domains": "x"}]}, "domains"),
        ({"domains": [{"domain": "x"}]}, "domain"),
        ({"tickets": [{"body": "x"}]}, "body"),
        ({"webhooks": [{"uri": "x"}]}, "uri"),
        ({"keys": [{"name": "x"}]}, "name"),
        ({"invoices": [{"cents": 1}]}, "cents"),
        ({"cars": 1}, "cars"),
        ({"vps": "three"}, "vps"),
        ({"vps": -1}, "vps"),
        ({"vps": True}, "vps"),
        ({"vps": 10**6}, "vps"),
        ({"vps": ["web-1"]}, "vps"),
        ({"vps": {"label": "x"}}, "vps"),
        ({"transactions": []}, "transactions"),
        ({"balance_usd_cents": "lots"}, "balance_usd_cents"),
        ({"keys": [{}]}, "key"),
        ({"keys": [{"key": 5}]}, "key"),
        ({"keys": [{"key": "x", "scopes": "vps:read"}]}, "scopes"),
        ({"vps": [{"ips": ["192.0.2.1"]}]}, "ips"),
        ({"vps": [{"ips": [{"ip": 5}]}]}, "ip"),
        ({"vps": [{"at": "now"}]}, "at"),
        ({"vps": [{"extra": 5}]}, "extra"),
        ({"tickets": [{"subject": 5}]}, "subject"),
        ([], "object"),
        ({"invoices": [{"total_usd_cents": None}]}, "total_usd_cents"),
        ({"invoices": [{"total_usd_cents": float("nan")}]}, "total_usd_cents"),
        ({"invoices": [{"total_usd_cents": float("inf")}]}, "total_usd_cents"),
        ({"invoices": [{"total_usd_cents": 0.5}]}, "total_usd_cents"),
    ],
)
def test_a_seed_that_can_not_be_meant_is_a_sentence(simulator: Simulator, body: t.Any, word: str) -> None:
    before = simulator.state()
    with pytest.raises(RuntimeError) as refusal:
        simulator.control("POST", "seed", body)
    message = json.loads(str(refusal.value))["message"]
    assert word in message and not PYTHONS_OWN.search(message), message
    assert simulator.state() == before, "nothing of it was made"


def test_odd_values_may_be_seeded_and_odd_fields_under_extra(simulator: Simulator) -> None:
    simulator.seed(
        vps=[{"label": None, "status": "Half-Way", "extra": {"displayLabel": "x"}}], hosting=[{"domain": None}]
    )
    row = json.loads(ask(simulator.origin[7:], "GET", "/v1/vps")[2])[0]
    assert (row["label"], row["status"], row["displayLabel"]) == (None, "Half-Way", "x")


def test_fields_of_seeds_are_those_of_the_rows() -> None:
    """A field that a resource gains is one that a seed takes."""
    core = Core()
    for noun in set(MAKERS) - {"tickets", "invoices"}:
        assert set(core.make(noun, {})) - {"pushes"} == set(seeds.FIELDS[noun])


@pytest.mark.parametrize(
    ("method", "name", "body", "word"),
    [
        ("POST", "faults", '[{"kind": "reset", "path": "/vpss"}]', "/vpss"),
        ("POST", "faults", '[{"kind": "reset", "pth": "/vps"}]', "pth"),
        ("POST", "faults", '[{"kind": "reset", "method": "GETT"}]', "method"),
        ("POST", "faults", '[{"kind": ["reset"]}]', "kind"),
        ("POST", "faults", '[{"kind": "reset", "path": ["/vps"]}]', "path"),
        ("POST", "faults", "{", "JSON"),
        ("POST", "seed", "[" * 5000, "JSON"),
        ("POST", "advance", '{"seconds": "soon"}', "seconds"),
        ("POST", "advance", '{"seconds": NaN}', "seconds"),
        ("POST", "assume", "[]", "object"),
        ("POST", "assume", '{"order_seconds": "\\u00b2"}', "order_seconds"),
        ("POST", "assume", '{"order_seconds": "' + "9" * 5000 + '"}', "order_seconds"),
        ("POST", "reset", '{"assume": 5}', "reset"),
        ("POST", "reset", '{"presett": "odd"}', "presett"),
        ("POST", "staff_reply", "{}", "ticket_id"),
        ("POST", "staff_reply", '{"ticket_id": "x", "body": "y"}', "no ticket x"),
        ("POST", "oauth/approve", "{}", "user_code"),
        ("GET", "journal?since=soon", None, "since"),
        ("GET", "nothing", None, "nothing"),
        ("GET", "seed", None, "seed"),
    ],
)
def test_every_refusal_of_the_control_api_is_a_sentence(
    simulator: Simulator, method: str, name: str, body: str | None, word: str
) -> None:
    status, _headers, text = ask(simulator.origin[7:], method, "/_sim/" + name, body)
    assert status in (400, 404)
    message = json.loads(text)["message"]
    assert word in message and not PYTHONS_OWN.search(message), message


def test_stats_follow_the_plan(simulator: Simulator) -> None:
    plans = {slug: specs for slug, category, *_rest, specs in PRODUCTS if category == "vps"}
    ids = simulator.seed(vps=[{"plan_slug": slug} for slug in plans])["vps"]
    for server, specs in zip(ids, plans.values()):
        stats = json.loads(ask(simulator.origin[7:], "GET", f"/v1/vps/{server}/stats")[2])
        assert (stats["memory_total_mb"], stats["disk_total_gb"]) == (specs["ram_mb"], specs["disk_gb"])
        assert (
            0 < stats["memory_used_mb"] < stats["memory_total_mb"]
            and 0 < stats["disk_used_gb"] < stats["disk_total_gb"]
        )


# The page of the sign-in


class Page(html.parser.HTMLParser):
    """What stands on a page: its elements, its forms' fields, its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note words."""
        self.words += data


def sign_in(simulator: Simulator) -> dict[str, t.Any]:
    """Ask for a code as a device does."""
    body = urllib.parse.urlencode({"client_id": "h444-ansible", "scope": "vps:read account:read"})
    return json.loads(ask(simulator.origin[7:], "POST", "/oauth/device_authorization", body)[2])


def token(simulator: Simulator, code: str) -> tuple[int, dict[str, t.Any]]:
    """Ask whether the user has decided."""
    body = urllib.parse.urlencode(
        {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": code, "client_id": "h444-ansible"}
    )
    status, _headers, text = ask(simulator.origin[7:], "POST", "/oauth/token", body)
    return status, json.loads(text)


@pytest.mark.parametrize(("decision", "status", "word"), [("approve", 200, "Signed in"), ("deny", 400, "Refused")])
def test_the_user_enters_the_code_and_decides(simulator: Simulator, decision: str, status: int, word: str) -> None:
    started = sign_in(simulator)
    path = started["verification_uri"].removeprefix(simulator.origin)
    code, headers, text = ask(simulator.origin[7:], "GET", path)
    page = Page(text)
    assert code == 200 and headers["Content-Type"].startswith("text/html")
    assert ("input", "user_code") in [(tag, attributes.get("name")) for tag, attributes in page.elements]
    code, _headers, text = ask(simulator.origin[7:], "GET", f"{path}?user_code={started['user_code']}")
    page = Page(text)
    assert (
        code == 200 and started["user_code"] in page.words and "vps:read" in page.words and "h444.cloud" in page.words
    )
    assert {attributes.get("value") for tag, attributes in page.elements if tag == "button"} == {"approve", "deny"}
    assert token(simulator, started["device_code"])[1] == {"error": "authorization_pending"}, "looking decides nothing"
    form = urllib.parse.urlencode({"user_code": started["user_code"], "decision": decision})
    code, _headers, text = ask(simulator.origin[7:], "POST", path, form)
    assert code == 200 and word in Page(text).words
    assert token(simulator, started["device_code"])[0] == status


def test_complete_uri_leads_to_the_decision(simulator: Simulator) -> None:
    started = sign_in(simulator)
    code, _headers, text = ask(
        simulator.origin[7:], "GET", started["verification_uri_complete"].removeprefix(simulator.origin)
    )
    assert code == 200 and "Let this device in?" in Page(text).words
    assert (
        "Let this device in?"
        in ask(simulator.origin[7:], "GET", f"/oauth/device?user_code={started['user_code'].replace('-', '')}")[2]
    )


def test_codes_that_are_wrong_late_or_hostile(simulator: Simulator) -> None:
    started = sign_in(simulator)
    path = "/oauth/device?user_code="
    code, _headers, text = ask(simulator.origin[7:], "GET", path + urllib.parse.quote("<script>alert(1)</script>"))
    assert code == 404 and "<script" not in text and "There is no such code" in text
    simulator.advance(601)
    form = urllib.parse.urlencode({"user_code": started["user_code"], "decision": "approve"})
    code, _headers, text = ask(simulator.origin[7:], "POST", "/oauth/device", form)
    assert code == 404 and "expired" in Page(text).words
    assert token(simulator, started["device_code"])[1] == {"error": "expired_token"}


def test_the_page_needs_nothing_from_elsewhere(simulator: Simulator) -> None:
    started = sign_in(simulator)
    for query in ("", "?user_code=" + started["user_code"], "?user_code=0"):
        _code, headers, text = ask(simulator.origin[7:], "GET", "/oauth/device" + query)
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert not re.search(r"https?://|url\(|@import", text)
        tags = {tag for tag, _attributes in Page(text).elements}
        assert not tags & {"script", "img", "link", "iframe", "object"}
        assert 'lang="en"' in text and "viewport" in text


def test_five_hundred_lines_do_not_stop_it(simulator: Simulator) -> None:
    """Its terminal may be a pipe that nobody empties, as in tests."""
    started = time.monotonic()
    for _number in range(500):
        ask(simulator.origin[7:], "GET", "/v1/products")
    assert time.monotonic() - started < 60
