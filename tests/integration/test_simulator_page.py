# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator's own page in a browser: it follows the account and the requests, and shows nothing that is secret."""

from __future__ import annotations

import json
import time
import typing as t
import urllib.error
import urllib.parse
import urllib.request

import pytest

from ansible_collections.h444.cloud.tests.integration import browser
from ansible_collections.h444.cloud.tests.integration.browser import Browser
from ansible_collections.h444.cloud.tests.integration.playing import secrets_in
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

pytestmark = browser.MARKS
HOSTILE = "<img src=x onerror=document.title='hit'>"
ORDER = {"plan_slug": "vps-1", "hostname": "x", "os_family": "debian", "os_template": "debian-12"}
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture(scope="module")
def chromium() -> t.Iterator[Browser]:
    """A browser for all tests of this file."""
    with Browser.start() as started:
        yield started


@pytest.fixture(scope="module")
def running() -> t.Iterator[Simulator]:
    with Simulator.start(scenario="small") as one:
        yield one


@pytest.fixture
def simulator(running: Simulator) -> Simulator:
    running.reset(preset="plain", scenario="small")
    return running


def send(simulator: Simulator, method: str, path: str, body: t.Any = None) -> t.Any:
    """Send a request; gives its reply, or None if there is none."""
    form = isinstance(body, bytes)
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    data = body if form or body is None else json.dumps(body).encode()
    headers = {"Authorization": "Bearer " + simulator.key, "Content-Type": kind}
    try:
        request = urllib.request.Request(simulator.origin + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return json.loads(error.read())
    except OSError:
        return None


def rows(chromium: Browser, section: str) -> list[str]:
    """Give the rows of a table that can be seen, each as one text."""
    script = f"return [...document.querySelectorAll('#{section} tbody tr')].map(tr => tr.innerText)"
    return [" ".join(text.split()) for text in chromium.driver.execute_script(script)]


def newest(chromium: Browser) -> str:
    """Give the row of the last request."""
    return next(iter(rows(chromium, "requests")), "")


def until(check: t.Callable[[], t.Any]) -> t.Any:
    """Wait until something is so, and give it."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        found = check()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it is not so after 20 seconds")


def opened(chromium: Browser, simulator: Simulator, **how: t.Any) -> None:
    """Open the page, and wait until it shows the account."""
    chromium.open(simulator.origin + "/", **how)
    until(lambda: rows(chromium, "servers") or rows(chromium, "domains"))


def test_a_server_that_is_ordered_appears_without_a_reload(chromium: Browser, simulator: Simulator) -> None:
    opened(chromium, simulator)
    assert rows(chromium, "servers")[0] == "web-1 192.0.2.11 running vps-2 $9.60 web-1.example.com"
    chromium.driver.execute_script("window.mark = 'the same page'")
    made = send(simulator, "POST", "/v1/vps", {**ORDER, "label": "new-1"})
    until(lambda: f"new-1 {made['ipv4']} running vps-1 $4.80 none" in rows(chromium, "servers"))
    until(lambda: "POST /vps 201" in newest(chromium))
    assert rows(chromium, "ledger")[0].endswith("Order of new-1 -$4.80 $115.20")
    assert "$115.20" in chromium.text() and chromium.driver.execute_script("return window.mark") == "the same page"
    send(simulator, "POST", f"/v1/vps/{made['id']}/power/stop")
    send(simulator, "PUT", f"/v1/vps/{made['id']}/ips/{made['ipv4']}/ptr", {"hostname": "new-1.example.com"})
    until(lambda: f"new-1 {made['ipv4']} stopped vps-1 $4.80 new-1.example.com" in rows(chromium, "servers"))
    send(simulator, "DELETE", f"/v1/vps/{made['id']}")
    until(lambda: len(rows(chromium, "servers")) == 5)


def test_every_part_of_the_account_is_there(chromium: Browser, simulator: Simulator) -> None:
    simulator.assume(casing="camel")
    opened(chromium, simulator)
    assert rows(chromium, "hosting") == ["shop.example.com shopexamplecom active 8.3 hosting-starter $2.40"]
    assert [row.split()[0] for row in rows(chromium, "domains")] == ["example.com", "example.org"]
    assert rows(chromium, "webhooks") == [
        "https://hooks.example.com/444host active vps.created, vps.terminated, invoice.paid"
    ]
    assert [row[:29] for row in rows(chromium, "switches")] == ["casing camel usually snake th"]
    chromium.driver.find_element("id", "all-switches").click()
    assert len(rows(chromium, "switches")) > 60
    simulator.advance(60 * 86400)
    until(lambda: "in 15 days" in rows(chromium, "domains")[1])


def test_a_fault_is_seen_before_and_after_it_is_met(chromium: Browser, simulator: Simulator) -> None:
    opened(chromium, simulator)
    simulator.faults(
        {"method": "POST", "path": "/vps", "when": "after", "kind": "reset"},
        {"path": "/account", "kind": "status", "status": 503, "nth": 2},
        {"path": "/domains", "kind": "hang", "seconds": 2},
    )
    until(lambda: len(rows(chromium, "faults")) == 3)
    assert rows(chromium, "faults")[:2] == [
        "POST /vps reset carried out first the next",
        "any /account status 503 the 2nd from now",
    ]
    send(simulator, "GET", "/v1/account")
    assert send(simulator, "POST", "/v1/vps", {**ORDER, "label": "lost-1"}) is None
    until(lambda: "POST /vps no reply reset carried out" in newest(chromium))
    assert send(simulator, "GET", "/v1/account")["statusCode"] == 503
    until(lambda: "GET /account 503 status" in newest(chromium))
    assert len(rows(chromium, "faults")) == 1 and any(row.startswith("lost-1") for row in rows(chromium, "servers"))
    send(simulator, "GET", "/v1/domains")
    until(lambda: "GET /domains no reply hang" in newest(chromium))
    assert not rows(chromium, "faults")


@pytest.mark.parametrize(("button", "said", "error"), [(0, "approved", None), (1, "denied", "access_denied")])
def test_a_sign_in_is_decided_on_the_page(
    button: int, said: str, error: str | None, chromium: Browser, simulator: Simulator
) -> None:
    opened(chromium, simulator)
    assert not chromium.driver.find_element("id", "sign-ins").is_displayed()
    started = send(simulator, "POST", "/oauth/device_authorization", b"client_id=h444-ansible&scope=vps:read")
    until(lambda: chromium.driver.find_element("id", "sign-ins").is_displayed())
    assert f"{started['user_code']} h444.cloud asks for vps:read" in " ".join(chromium.text().split())
    chromium.driver.find_elements("css selector", "#sign-ins button")[button].send_keys(" ")
    until(lambda: not chromium.driver.find_element("id", "sign-ins").is_displayed())
    assert chromium.driver.switch_to.active_element.text == f"{started['user_code']} is {said}."
    form = {"grant_type": DEVICE, "device_code": started["device_code"], "client_id": "h444-ansible"}
    token = send(simulator, "POST", "/oauth/token", urllib.parse.urlencode(form).encode())
    assert token.get("error") == error and ("access_token" in token) == (error is None)


def test_no_secret_of_the_account_is_on_the_page(chromium: Browser, simulator: Simulator) -> None:
    send(simulator, "POST", "/v1/vps", {**ORDER, "label": "new-1"})
    send(simulator, "POST", "/oauth/device_authorization", b"client_id=h444-ansible")
    simulator.faults({"path": "/tickets", "kind": "status", "headers": {"X": simulator.key}, "body": simulator.key})
    opened(chromium, simulator)
    secrets = {*secrets_in(simulator.state()), *simulator.state()["keys"], *simulator.state()["oauth"]["devices"]}
    assert len(secrets) > 10
    shown = chromium.driver.page_source + json.dumps(simulator.control("GET", "overview"))
    assert not [secret for secret in secrets if secret in shown]


def test_a_hostile_label_is_only_a_text(chromium: Browser, simulator: Simulator) -> None:
    simulator.seed(
        vps=[{"label": HOSTILE, "hostname": HOSTILE}],
        hosting=[{"domain": HOSTILE, "username": "<script>document.title='hit'</script>"}],
        domains=[{"name": HOSTILE, "nameservers": [HOSTILE]}],
        webhooks=[{"url": HOSTILE, "events": [HOSTILE]}],
    )
    send(simulator, "GET", "/v1/" + urllib.parse.quote(HOSTILE))
    opened(chromium, simulator)
    for section in ("servers", "hosting", "domains", "webhooks"):
        assert HOSTILE in rows(chromium, section)[-1]
    assert chromium.driver.title == "444Host simulator" and chromium.complaints() == []
    assert not chromium.driver.find_elements("css selector", "main img, main script")


def test_it_asks_only_the_simulator(chromium: Browser, simulator: Simulator) -> None:
    opened(chromium, simulator)
    time.sleep(1.5)
    asked = [url for url in chromium.requests() if not url.startswith("chrome")]
    assert len(asked) >= 2 and all(url.startswith(simulator.origin + "/_sim/overview?") for url in asked)
    assert chromium.complaints() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scenario", ["empty", "agency", "flaky"])
def test_it_can_be_read_everywhere(
    scenario: str, width: int, scheme: str, chromium: Browser, simulator: Simulator
) -> None:
    simulator.reset(scenario=scenario)
    simulator.seed(
        vps=[{"label": "w" * 255, "ips": [{"ip": "2001:db8:1111:2222:3333:4444:5555:6666", "ptr": "x" * 253}]}],
        domains=[{"name": "long-" * 40 + ".example", "status": "pending_transfer"}],
    )
    send(simulator, "POST", "/oauth/device_authorization", b"client_id=h444-ansible")
    for path in ("/account", "/account", "/nothing", "/vps/" + "x" * 150):
        send(simulator, "GET", "/v1" + path)
    opened(chromium, simulator, width=width, scheme=scheme)
    until(lambda: rows(chromium, "requests"))
    assert chromium.violations() == []
    assert chromium.overflow() == []


def test_five_hundred_requests_are_shown_and_no_more(chromium: Browser, simulator: Simulator) -> None:
    opened(chromium, simulator)
    for number in range(520):
        send(simulator, "GET", f"/v1/vps/{number}")
    until(lambda: "/vps/519" in newest(chromium))
    assert len(rows(chromium, "requests")) == 500 and "the last 500 of 520" in chromium.text()
    simulator.clear_journal()
    until(lambda: not rows(chromium, "requests"))
    send(simulator, "GET", "/v1/account")
    until(lambda: len(rows(chromium, "requests")) == 1)


def test_it_says_when_the_simulator_has_ended_and_goes_on_when_it_is_back(chromium: Browser) -> None:
    with Simulator.start(scenario="small") as one:
        opened(chromium, one)
        port = one.origin.rsplit(":", 1)[1]
    until(lambda: "does not answer" in chromium.text())
    with Simulator.start(scenario="broke", port=int(port)):
        until(lambda: "does not answer" not in chromium.text() and "less than a month" in chromium.text())
