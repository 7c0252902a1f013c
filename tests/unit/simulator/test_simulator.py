# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator itself: endpoints, scopes, money, keys, switches, clock, OAuth; faults and files over HTTP."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import socket
import subprocess
import sys
import threading
import time
import typing as t
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.simulator import assumed, conformance, tickets, webhooks
from ansible_collections.h444.cloud.tests.simulator.account import FULL_KEY, READ_KEY, SCOPES
from ansible_collections.h444.cloud.tests.simulator.calls import Answer
from ansible_collections.h444.cloud.tests.simulator.core import Core
from ansible_collections.h444.cloud.tests.simulator.oauth import GRANT, OAuth
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

ORDER = {
    "plan_slug": "vps-2",
    "label": "web-1",
    "hostname": "web-1",
    "os_family": "ubuntu",
    "os_template": "ubuntu-22.04",
}
HOSTING = {"plan_slug": "hosting-starter", "domain": "example.com", "username": "examplecom"}
PLACE = Path(conformance.__file__).parent


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.at = 1_800_000_000.0

    def __call__(self) -> float:
        return self.at


class Api:
    """A core and the calls to it."""

    def __init__(self, **assume: t.Any) -> None:
        self.clock = Clock()
        self.core = Core({**assume}, rate_limit=0, clock=self.clock)
        assert conformance.attach(self.core)

    def __call__(
        self, method: str, path: str, body: t.Any = None, idem: str | None = None, key: str = FULL_KEY, **query: str
    ) -> Answer:
        headers = {"Authorization": "Bearer " + key, **({"Idempotency-Key": idem} if idem else {})}
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.core.handle(method, path, query, headers, data)

    def order(self, idem: str | None = None, **change: t.Any) -> Answer:
        return self("POST", "/vps", {**ORDER, **change}, idem)

    def debits(self) -> int:
        return sum(row["kind"] == "debit" for row in self.core.ledger)


def world(api: Api) -> dict[str, str]:
    """Make one of everything and give what fills the paths."""
    server = api.core.make("vps", {})
    hook = api.core.make("webhooks", {})
    row = webhooks.queue(api.core, hook, "vps.created", "{}")
    made = api.core.seed({"hosting": [{}], "tickets": [{}], "invoices": 1})
    api.core.seeded = False
    return {
        "vps": server["id"],
        "hosting": made["hosting"][0],
        "domains": next(iter(api.core.domains)),
        "invoices": made["invoices"][0],
        "tickets": made["tickets"][0],
        "webhooks": hook["id"],
        "ip": server["ips"][0]["ip"],
        "action": "stop",
        "deliveryId": row["id"],
    }


BODIES = {
    ("POST", "/vps"): ORDER,
    ("POST", "/hosting"): HOSTING,
    ("PATCH", "/vps/{id}/label"): {"label": "x"},
    ("PUT", "/vps/{id}/ips/{ip}/ptr"): {"hostname": "mail.example.com"},
    ("POST", "/vps/{id}/reinstall"): {"os": "debian", "osTemplate": "debian-12"},
    ("PUT", "/hosting/{id}/php"): {"php_version": "8.1"},
    ("PATCH", "/domains/{id}"): {"auto_renew": True},
    ("POST", "/tickets"): {"subject": "s", "message": "m"},
    ("POST", "/tickets/{id}/reply"): {"body": "b"},
    ("POST", "/webhooks"): {"url": "https://example.com/h", "events": ["vps.created"]},
    ("PATCH", "/webhooks/{id}"): {"is_active": False},
}
ROUTES = [(route.method, route.path, route.scope) for route in Core().routes]


def filled(path: str, ids: dict[str, str]) -> str:
    """Put ids into a path."""
    noun = path.split("/")[2] if path.startswith("/billing") else path.split("/")[1]
    return path.format(**{**ids, "id": ids.get(noun, "")})


def test_there_are_43_endpoints_and_15_scopes() -> None:
    assert len(ROUTES) == 43 and len({scope for _method, _path, scope in ROUTES}) == len(SCOPES) == 15


@pytest.mark.parametrize(("method", "path", "scope"), ROUTES)
def test_endpoint_and_its_scope(method: str, path: str, scope: str) -> None:
    api = Api()
    ids = world(api)
    body = BODIES.get((method, path))
    api.core.keys["h444_lacks_one"] = {"scopes": [name for name in SCOPES if name != scope], "expired": False}
    refused = api(method, filled(path, ids), body, key="h444_lacks_one")
    assert (
        refused.status == 403
        and scope in refused.body["message"]
        and set(refused.body) == {"statusCode", "message", "error"}
    )
    assert not api.core.effect
    given = api(method, filled(path, ids), body)
    assert given.status in (200, 201, 204), given
    assert api.core.contract_broken == 0
    assert api.core.effect == (method != "GET" and not (method == "DELETE" and path.endswith("ptr")))
    if "{id}" in path:
        assert (
            api(
                method,
                filled(
                    path, {name: "nosuch" if name not in ("ip", "action") else value for name, value in ids.items()}
                ),
                body,
            ).status
            == 404
        )


def test_keys() -> None:
    api = Api()
    api.core.seed({"keys": [{"key": "h444_expired_key", "expired": True}]})
    for key in ("h444_wrong", "", "h444_expired_key"):
        assert api("GET", "/account", key=key).status == 401
    assert api("GET", "/vps", key=READ_KEY).status == 200
    assert api("POST", "/vps", ORDER, key=READ_KEY).status == 403


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"\xff",
        b"[" * 100000,
        b'"x"',
        b"{}",
        {**ORDER, "more": 1},
        {**ORDER, "label": 5},
        {**ORDER, "plan_slug": ["x"]},
        {**ORDER, "os_template": "beos-5"},
        {**ORDER, "plan_slug": "hosting-pro"},
    ],
)
def test_bad_order_is_a_400_and_costs_nothing(body: t.Any) -> None:
    api = Api()
    found = api("POST", "/vps", body)
    assert found.status == 400 and found.body["statusCode"] == 400 and api.debits() == 0


def test_wallet_adds_up() -> None:
    api = Api()
    for number in range(20):
        api.order(label=f"web-{number}")
        balance = 10000 + sum(
            row["amount_usd_cents"] * (-1 if row["kind"] == "debit" else 1) for row in api.core.ledger
        )
        assert api.core.account["balance_usd_cents"] == balance >= 0
    assert api.debits() == 10 == len(api.core.servers) == len(api.core.invoices)
    assert api.order().status == 402


@pytest.mark.parametrize(
    ("refund", "soon", "later"), [("immediate", 10000, 10000), ("late", 9040, 10000), ("never", 9040, 9040)]
)
def test_failed_provisioning(refund: str, soon: int, later: int) -> None:
    api = Api(provisioning="fails", refund=refund)
    assert api.order().status == 500 and not api.core.servers
    assert api("GET", "/billing/wallet").body["balance_usd_cents"] == soon
    api.clock.at += 601
    assert api("GET", "/billing/wallet").body["balance_usd_cents"] == later


def test_key_orders_once_for_24_hours() -> None:
    api = Api()
    first = api.order("k")
    assert first.status == 201 and api.order("k") == first and api.debits() == 1 and not api.core.effect
    api.clock.at += 86399
    assert api.order("k") == first
    api.clock.at += 2
    assert api.order("k").body["id"] != first.body["id"] and api.debits() == 2


def test_key_belongs_to_the_endpoint() -> None:
    api = Api()
    assert api.order("k").status == api("POST", "/hosting", HOSTING, "k").status == 201
    assert (
        api("POST", "/tickets", {"subject": "s", "message": "m"}, "k").body
        == api("POST", "/tickets", {"subject": "s", "message": "m"}, "k").body
    )
    assert len(api.core.tickets) == 1 and api.debits() == 2


@pytest.mark.parametrize(
    ("mismatch", "status", "debits"),
    [("409", 409, 1), ("422", 422, 1), ("400", 400, 1), ("replay", 201, 1), ("new", 201, 2)],
)
def test_key_with_another_body(mismatch: str, status: int, debits: int) -> None:
    api = Api(mismatch=mismatch)
    api.order("k")
    assert api.order("k", label="other").status == status and api.debits() == debits


@pytest.mark.parametrize(
    ("store", "after_402", "after_500"), [("none", 201, 201), ("4xx", 402, 201), ("all", 402, 500)]
)
def test_stored_failures(store: str, after_402: int, after_500: int) -> None:
    api = Api(store_failures=store)
    api.core.account["balance_usd_cents"] = 0
    assert api.order("poor").status == 402
    api.core.account["balance_usd_cents"] = 10000
    assert api.order("poor").status == after_402
    api.core.assume["provisioning"] = "fails"
    assert api.order("broken").status == 500
    api.core.assume["provisioning"] = "works"
    assert api.order("broken").status == after_500


@pytest.mark.parametrize(("dead", "status"), [("same", 201), ("current", 201), ("gone", 410), ("new", 201)])
def test_replay_of_a_dead_server(dead: str, status: int) -> None:
    api = Api(dead_replay=dead)
    first = api.order("k")
    api("DELETE", "/vps/" + first.body["id"])
    again = api.order("k")
    assert again.status == status
    if status == 201:
        assert (again.body["id"] != first.body["id"]) == (dead == "new")
        assert (again.body["status"] == "terminated") == (dead == "current")


def test_replay_body_header_and_scope() -> None:
    api = Api(replay_body="no_password", replay_header="Idempotent-Replayed", key_scope="key")
    assert "root_password" in api.order("k").body
    again = api.order("k")
    assert "root_password" not in again.body and again.headers["Idempotent-Replayed"] == "true"
    api.core.seed({"keys": [{"key": "h444_other_key"}]})
    assert api("POST", "/vps", ORDER, "k", key="h444_other_key").status == 201 and api.debits() == 2


@pytest.mark.parametrize(
    ("form", "statuses", "debits"), [("conflict", [201, 409], 1), ("block", [201, 201], 1), ("race", [201, 201], 2)]
)
def test_two_at_once(form: str, statuses: list[int], debits: int) -> None:
    api = Api(in_flight=form, order_seconds=1)
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(api.order("k").status)) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(found) == statuses and api.debits() == debits


def test_clock_moves_provisioning_and_visibility() -> None:
    api = Api(provisioning_seconds=30, list_lag_seconds=20, get_lag_seconds=10)
    made = api.order().body
    assert made["status"] == "provisioning"
    assert api("GET", "/vps").body == [] and api("GET", "/vps/" + made["id"]).status == 404
    api.clock.at += 10
    assert api("GET", "/vps").body == [] and api("GET", "/vps/" + made["id"]).status == 200
    api.core.offset += 10
    assert [row["status"] for row in api("GET", "/vps").body] == ["provisioning"]
    api.core.offset += 10
    assert [row["status"] for row in api("GET", "/vps").body] == ["running"]


@pytest.mark.parametrize(("window", "form"), [("sliding", "seconds"), ("fixed", "date"), ("route", "none")])
def test_rate_limit(window: str, form: str) -> None:
    api = Api(rate_window=window, retry_after=form)
    api.core.rate_limit = 3
    assert [api("GET", "/account").status for _number in range(4)] == [200, 200, 200, 429]
    answer = api("GET", "/account")
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    told = answer.headers.get("Retry-After")
    assert (
        told is None
        if form == "none"
        else told.isdigit()
        if form == "seconds"
        else told is not None and told.endswith("GMT")
    )
    assert api("GET", "/vps").status == (200 if window == "route" else 429)
    assert api("GET", "/vps", key=READ_KEY).status == 200
    api.clock.at += 61
    assert api("GET", "/account").status == 200


def replies(api: Api) -> str:
    """Ask everything that a switch may change, and give it as one text."""
    told: list[t.Any] = []

    def ask(method: str, path: str, body: t.Any = None, idem: str | None = None, **query: str) -> t.Any:
        answer = api(method, path, body, idem, **query)
        told.append(
            [
                method,
                path,
                answer.status,
                dict(answer.headers),
                answer.body.decode() if isinstance(answer.body, bytes) else answer.body,
            ]
        )

    for number in range(3):
        ask("POST", "/vps", {**ORDER, "label": f"Web-Server-{number}"}, f"k{number}")
    ask("POST", "/vps", {**ORDER, "label": "Bär-" + 80 * "x"}, "long")
    api.core.make("vps", {"label": ""})
    ask("POST", "/vps", {**ORDER, "label": "Web-Server-0"}, "k0")
    ask("POST", "/vps", {**ORDER, "label": "Web-Server-9"}, "k0")
    ask("POST", "/hosting", {**HOSTING, "domain": "www.example.com", "username": "ExampleCom"})
    ask("POST", f"/hosting/{next(iter(api.core.hosting))}/unsuspend")
    for path in (
        "/vps",
        "/vps/all-ips",
        "/os-templates",
        "/hosting",
        "/domains",
        "/account",
        "/billing/wallet/transactions",
        "/billing/wallet",
    ):
        ask("GET", path)
    ask("GET", "/billing/wallet/transactions", limit="1")
    ask("GET", "/billing/invoices")
    ask("GET", f"/billing/invoices/{next(iter(api.core.invoices))}")
    server = next(iter(api.core.servers))
    domain = next(iter(api.core.domains))
    ask("PATCH", f"/domains/{domain}", {"auto_renew": True})
    ask("GET", f"/domains/{domain}")
    ask("GET", f"/vps/{server}")
    ask("POST", f"/vps/{server}/power/stop")
    ask("POST", f"/vps/{server}/reinstall", {"os": "debian", "osTemplate": "debian-12"})
    ask("DELETE", f"/vps/{server}")
    ask("GET", "/vps")
    ask("POST", "/vps", {**ORDER, "label": "Web-Server-0"}, "k0")
    api.core.account["balance_usd_cents"] = 0
    ask("POST", "/vps", ORDER, "poor")
    api.core.account["balance_usd_cents"] = 10000
    ask("POST", "/vps", ORDER, "poor")
    ask("POST", "/tickets", {"subject": "Reverse zone of all our addresses", "message": "One & two"})
    ticket = next(iter(api.core.tickets))
    tickets.staff_reply(api.core, ticket, "Done")
    ask("POST", f"/tickets/{ticket}/reply", {"body": "Thanks"})
    ask("POST", f"/tickets/{ticket}/close")
    ask("GET", f"/tickets/{ticket}")
    ask("GET", "/tickets")
    api.clock.at += 3600
    ask("PATCH", f"/vps/{list(api.core.servers)[1]}/label", {"label": "renamed"})
    ask("POST", "/vps", {**ORDER, "label": "Web-Server-1"}, "k1")
    ask("POST", "/webhooks", {"url": "https://Example.com:443", "events": ["ticket.created"]})
    ask("POST", "/tickets", {"subject": "s", "message": "m"})
    hook = next(iter(api.core.webhooks))
    ask("PATCH", f"/webhooks/{hook}", {"is_active": False})
    for path in ("", f"/{hook}", f"/{hook}/deliveries"):
        ask("GET", "/webhooks" + path)
    return json.dumps(told)


# These are shown by tests of their own above and below, for they need time, threads, a limit or a failure.
ELSEWHERE = {
    "in_flight",
    "key_scope",
    "rate_window",
    "retry_after",
    "refund",
    "refund_seconds",
    "provisioning",
    "order_seconds",
} | {
    "oauth_registration",
    "oauth_reply",
    "oauth_refresh",
    "oauth_interval_seconds",
    "oauth_status",
    "boot_seconds",
    "ssh_image",
    "mcp_tool_names",
    "mcp_account_tool",
    "mcp_confirmation",
    "mcp_confirmation_seconds",
    "mcp_idempotency_key",
    "mcp_answer",
    "mcp_session",
}
SWITCHES = [
    (name, value)
    for name, switch in assumed.SWITCHES.items()
    if name not in ELSEWHERE
    for value in (switch.values[1:] if len(switch.values) > 1 else () if isinstance(switch.values[0], str) else (5,))
]


@pytest.fixture(scope="module")
def usual() -> str:
    """Give the replies under the defaults."""
    return replies(Api(terminated="gone"))


@pytest.mark.parametrize("paging", assumed.SWITCHES["ticket_paging"].values)
def test_a_ticket_without_a_thread_has_none_on_pages(paging: str) -> None:
    """Whatever the pages would look like."""
    api = Api(ticket_thread="none", ticket_paging=paging)
    ticket = api("POST", "/tickets", {"subject": "s", "message": "What was written"}).body["id"]
    told = json.dumps(api("GET", f"/tickets/{ticket}").body)
    assert ticket in told and "messages" not in told and "What was written" not in told


@pytest.mark.parametrize(("name", "value"), SWITCHES)
def test_each_switch_changes_a_reply(name: str, value: t.Any, usual: str) -> None:
    api = Api(**{name: value})
    assert replies(api) != usual
    assert api.core.contract_broken == 0


@pytest.mark.parametrize("preset", assumed.PRESETS)
def test_presets_name_known_switches_and_answer(preset: str) -> None:
    for name, value in assumed.PRESETS[preset].items():
        assert assumed.check(name, value) == value
    api = Api(**assumed.preset(preset))
    assert '"statusCode": 500' not in replies(api) and api.core.contract_broken == 0


def test_pages_hold_every_server() -> None:
    api = Api(pagination="cursor", list_envelope="items")
    for number in range(5):
        api.core.make("vps", {"label": str(number)})
    labels, query = [], {}
    while query is not None:
        body = api("GET", "/vps", **query).body
        labels += [row["label"] for row in body["items"]]
        query = {"cursor": body["next_cursor"]} if body["next_cursor"] else None
    assert labels == list("01234")
    assert api("GET", "/vps", cursor="c²").status == api("GET", "/vps", cursor="x").status == 400


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "²", ""])
def test_limit(limit: str) -> None:
    assert Api()("GET", "/billing/wallet/transactions", limit=limit).status == 400


def test_a_broken_reply_is_counted_and_a_500(capsys: pytest.CaptureFixture[str]) -> None:
    api = Api()
    api.core.account["balance_usd_cents"] = "much"
    assert api("GET", "/account").status == 500
    assert api.core.contract_broken == 1 and "CONTRACT BROKEN" in capsys.readouterr().err


def test_webhook_secrets_are_shown_once() -> None:
    api = Api()
    made = api("POST", "/webhooks", {"url": "https://example.com/h", "events": ["vps.created"]}).body
    path = "/webhooks/" + made["id"]
    assert made["secret"] not in json.dumps(
        [api("GET", "/webhooks").body, api("GET", path).body, api("PATCH", path, {"is_active": False}).body]
    )
    rotated = api("POST", path + "/rotate-secret").body["secret"]
    assert "*" not in rotated and rotated != made["secret"]
    assert api("POST", "/webhooks", {"url": "http://example.com/h", "events": ["vps.created"]}).status == 400
    assert api("POST", "/webhooks", {"url": "https://example.com/h", "events": ["vps.flew"]}).status == 400


def test_backoff_grows_from_a_minute_to_six_hours() -> None:
    api = Api()
    row = webhooks.queue(api.core, api.core.make("webhooks", {}), "vps.created", "{}")
    pauses = []
    while row["due_at"] is not None:
        webhooks.attempted(api.core, row, 500, None, 1)
        if row["due_at"] is not None:
            pauses.append(row["due_at"] - api.clock.at)
    assert pauses[0] == 60 and pauses[-1] == 6 * 3600 and pauses == sorted(pauses) and row["status"] == "failed"


class TestOAuth:
    """RFC 8628."""

    def start(self, api: Api) -> tuple[OAuth, dict[str, t.Any]]:
        server = OAuth(api.core)
        status, device = server.handle(
            "POST", "/oauth/device_authorization", {"client_id": "h444-ansible", "scope": "vps:read"}, "http://x", None
        )
        assert status == 200
        return server, device

    def poll(self, server: OAuth, device: dict[str, t.Any]) -> t.Any:
        form = {"grant_type": GRANT, "device_code": device["device_code"], "client_id": "h444-ansible"}
        return server.handle("POST", "/oauth/token", form, "http://x", None)[1]

    def test_pending_slow_down_and_approval(self) -> None:
        api = Api()
        server, device = self.start(api)
        assert self.poll(server, device) == {"error": "authorization_pending"}
        assert self.poll(server, device) == {"error": "slow_down"}
        server.decide(device["user_code"], "approved")
        token = self.poll(server, device)
        assert api("GET", "/vps", key=token["access_token"]).status == 200
        assert api("GET", "/account", key=token["access_token"]).status == 403
        assert self.poll(server, device) == {"error": "invalid_grant"}
        api.clock.at += token["expires_in"] + 1
        assert api("GET", "/vps", key=token["access_token"]).status == 401
        form = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"], "client_id": "h444-ansible"}
        status, fresh = server.handle("POST", "/oauth/token", form, "http://x", None)
        assert status == 200 and api("GET", "/vps", key=fresh["access_token"]).status == 200
        assert server.handle("POST", "/oauth/token", form, "http://x", None)[1]["error"] == "invalid_grant"

    def test_denied_expired_and_unknown(self) -> None:
        api = Api()
        server, device = self.start(api)
        server.decide(device["user_code"], "denied")
        assert self.poll(server, device) == {"error": "access_denied"}
        server, device = self.start(api)
        api.clock.at += 601
        assert self.poll(server, device) == {"error": "expired_token"}
        assert server.handle("POST", "/oauth/device_authorization", {"client_id": "who"}, "http://x", None)[0] == 401
        with pytest.raises(ValueError, match="user_code"):
            server.decide("0000-none", "approved")

    def test_status_of_an_unknown_client_is_a_switch(self) -> None:
        status, told = OAuth(Api(oauth_status=400).core).handle(
            "POST", "/oauth/device_authorization", {"client_id": "who"}, "http://x", None
        )
        assert (status, told["error"]) == (400, "invalid_client")

    def test_replies_are_held_to_the_contract(self, capsys: pytest.CaptureFixture[str]) -> None:
        api = Api()
        server, device = self.start(api)
        server.decide(device["user_code"], "approved")
        api.core.secret = lambda prefix: "no_token"  # type: ignore[method-assign]
        assert self.poll(server, device) == {"error": "server_error"}
        assert api.core.contract_broken == 1 and "CONTRACT BROKEN POST /oauth/token" in capsys.readouterr().err

    def test_what_may_be_left_out_is_a_switch(self) -> None:
        for reply, told in (("full", True), ("least", False)):
            api = Api(oauth_reply=reply)
            server, device = self.start(api)
            assert ("interval" in device) == ("verification_uri_complete" in device) == told
            server.decide(device["user_code"], "approved")
            token = self.poll(server, device)
            assert ("scope" in token) == ("expires_in" in token) == told
        assert self.start(Api(oauth_interval_seconds=2))[1]["interval"] == 2

    @pytest.mark.parametrize(
        "kind,has_new,old_again,new_afterwards",
        [("rotates", True, 400, 200), ("keeps", False, 200, None), ("same", True, 200, 200), ("ends", True, 400, 400)],
    )
    def test_refresh_is_a_switch(self, kind: str, has_new: bool, old_again: int, new_afterwards: int | None) -> None:
        server, device = self.start(Api(oauth_refresh=kind))
        server.decide(device["user_code"], "approved")
        old = self.poll(server, device)["refresh_token"]

        def refresh(token: str) -> tuple[int, t.Any]:
            form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "h444-ansible"}
            return server.handle("POST", "/oauth/token", form, "http://x", None)

        status, fresh = refresh(old)
        assert status == 200 and ("refresh_token" in fresh) == has_new
        assert refresh(old)[0] == old_again
        if new_afterwards is not None:
            assert refresh(fresh["refresh_token"])[0] == new_afterwards

    def test_registration_is_a_switch(self) -> None:
        server = OAuth(Api().core)
        assert (
            "registration_endpoint"
            not in server.handle("GET", "/.well-known/oauth-authorization-server", {}, "http://x", None)[1]
        )
        assert server.handle("POST", "/oauth/register", {}, "http://x", {"client_name": "n"})[0] == 404
        server = OAuth(Api(oauth_registration="on").core)
        assert (
            "registration_endpoint"
            in server.handle("GET", "/.well-known/oauth-authorization-server", {}, "http://x", None)[1]
        )
        status, client = server.handle("POST", "/oauth/register", {}, "http://x", {"client_name": "n"})
        assert status == 201 and client["client_id"]
        assert server.handle("POST", "/oauth/register", {}, "http://x", ["n"])[0] == 400


# Over HTTP


@pytest.fixture(scope="module")
def running() -> t.Iterator[Simulator]:
    """Give a running simulator."""
    with Simulator.start() as simulator:
        yield simulator


@pytest.fixture
def simulator(running: Simulator) -> Simulator:
    """Give it as new."""
    running.reset(preset="plain")
    return running


def call(
    simulator: Simulator, method: str, path: str, body: t.Any = None, timeout: float = 5, **headers: str
) -> tuple[int, t.Any]:
    """Send one request on a connection of its own."""
    connection = http.client.HTTPConnection(simulator.origin[7:], timeout=timeout)
    try:
        data = json.dumps(body) if body is not None else None
        connection.request(method, "/v1" + path, data, {"Authorization": "Bearer " + simulator.key, **headers})
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None
    finally:
        connection.close()


@pytest.mark.parametrize(("when", "debits"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("reset", OSError),
        ("close", http.client.RemoteDisconnected),
        ("truncate", http.client.IncompleteRead),
        ("hang", TimeoutError),
        ("bad_json", ValueError),
        ("html", ValueError),
    ],
)
def test_fault_loses_the_reply(simulator: Simulator, when: str, debits: int, kind: str, error: type[Exception]) -> None:
    simulator.faults({"method": "POST", "path": "/vps", "when": when, "kind": kind, "seconds": 0.6})
    with pytest.raises(error):
        call(simulator, "POST", "/vps", ORDER, timeout=0.3 if kind == "hang" else 5)
    assert len(simulator.debits()) == debits
    row = simulator.journal()[-1]
    assert row["fault"] == kind and row["effect"] == bool(debits) and row["body"] == ORDER
    assert (row["status"] is None) == (kind in ("reset", "close", "truncate", "hang"))
    assert call(simulator, "POST", "/vps", ORDER)[0] == 201


def test_fault_at_the_nth_request_of_a_template(simulator: Simulator) -> None:
    made = simulator.seed(vps=[{}])["vps"][0]
    simulator.faults(
        {
            "method": "GET",
            "path": "/vps/{id}",
            "nth": 2,
            "times": 2,
            "kind": "status",
            "status": 503,
            "headers": {"Retry-After": "7"},
        }
    )
    assert [call(simulator, "GET", f"/vps/{made}")[0] for _number in range(4)] == [200, 503, 503, 200]
    assert call(simulator, "GET", f"/vps/{made}/stats")[0] == 200
    simulator.faults({"kind": "empty", "times": 9})
    assert call(simulator, "GET", "/account") == (200, None)
    simulator.clear_faults()
    assert call(simulator, "GET", "/account")[0] == 200


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("faults", [{"kind": "quake"}]),
        ("faults", {}),
        ("faults", [{"kind": "reset", "nth": 0}]),
        ("faults", [{"kind": "reset", "path": 5}]),
        ("faults", [{"kind": "status", "status": "x"}]),
        ("advance", {}),
        ("advance", {"seconds": "soon"}),
        ("advance", {"seconds": 1e300}),
        ("assume", {"casing": "shouting"}),
        ("assume", {"nosuch": 1}),
        ("seed", {"cars": []}),
        ("seed", {"vps": "five"}),
        ("seed", []),
        ("reset", {"preset": "none"}),
        ("staff_reply", {"ticket_id": "x", "body": "y"}),
        ("oauth/approve", {"user_code": "x"}),
    ],
)
def test_control_api_refuses_bad_input(simulator: Simulator, name: str, body: t.Any) -> None:
    with pytest.raises(RuntimeError, match='"statusCode":400'):
        simulator.control("POST", name, body)
    assert call(simulator, "GET", "/account")[0] == 200


def test_bad_http_is_answered(simulator: Simulator) -> None:
    host, port = simulator.origin[7:].split(":")
    for line in (
        b"POST /v1/vps HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"GET /v1/../../etc HTTP/1.1\r\nConnection: close\r\n\r\n",
    ):
        with socket.create_connection((host, int(port)), timeout=5) as raw:
            raw.sendall(line)
            assert raw.recv(100).startswith((b"HTTP/1.1 400", b"HTTP/1.1 404", b"HTTP/1.1 401"))
    assert call(simulator, "GET", "/account")[0] == 200


def test_journal_tells_what_was_sent(simulator: Simulator) -> None:
    simulator.clear_journal()
    call(simulator, "GET", "/billing/wallet/transactions?limit=3")
    call(simulator, "POST", "/vps", ORDER, **{"Idempotency-Key": "k"})
    first, second = simulator.journal()
    assert first["query"] == {"limit": "3"} and not first["effect"] and second["effect"] and second["status"] == 201
    assert (
        second["headers"]["idempotency-key"] == "k" and second["headers"]["authorization"] == "Bearer " + simulator.key
    )
    assert simulator.writes() == [second] == simulator.journal(since=first["n"])


@pytest.mark.slow
def test_deliveries_are_signed_and_repeated(tmp_path: Path) -> None:
    got: list[tuple[dict[str, str], bytes]] = []

    class Receiver(BaseHTTPRequestHandler):
        """Refuses the first delivery."""

        def do_POST(self) -> None:
            got.append(
                (
                    {name.lower(): value for name, value in self.headers.items()},
                    self.rfile.read(int(self.headers["Content-Length"])),
                )
            )
            self.send_response(500 if len(got) == 1 else 204)
            self.end_headers()

        def log_message(self, format: str, *args: t.Any) -> None:
            """Be quiet."""

    receiver = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()

    def wait(count: int) -> None:
        until = time.monotonic() + 5
        while len(got) < count and time.monotonic() < until:
            time.sleep(0.02)
        assert len(got) == count

    try:
        with Simulator.start(deliver_to=f"http://127.0.0.1:{receiver.server_address[1]}/hook") as simulator:
            _status, hook = call(
                simulator, "POST", "/webhooks", {"url": "https://example.com/h", "events": ["vps.created"]}
            )
            call(simulator, "POST", "/vps", ORDER)
            wait(1)
            time.sleep(0.4)
            assert len(got) == 1
            simulator.advance(61)
            wait(2)
            headers, body = got[1]
            stamp, mac = (part.split("=", 1)[1] for part in headers["x-444host-signature"].split(","))
            assert mac == hmac.new(hook["secret"].encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
            assert json.loads(body)["data"]["label"] == "web-1"
            time.sleep(0.2)
            _status, rows = call(simulator, "GET", f"/webhooks/{hook['id']}/deliveries")
            assert [(row["status"], row["attempt"]) for row in rows] == [("delivered", 2)]
    finally:
        receiver.shutdown()
        receiver.server_close()


@pytest.mark.slow
@pytest.mark.parametrize(
    "reply", [b"garbage\r\n\r\n", b"HTTP/1.1 307 Moved\r\nLocation: /else\r\nContent-Length: 0\r\n\r\n"]
)
def test_an_odd_receiver_does_not_end_deliveries(reply: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with socket.create_server(("127.0.0.1", 0)) as receiver:
        receiver.settimeout(5)
        with Simulator.start(deliver_to=f"http://127.0.0.1:{receiver.getsockname()[1]}/hook") as simulator:
            simulator.seed(webhooks=[{"events": ["ticket.created"]}])
            for subject in ("one", "two"):
                assert call(simulator, "POST", "/tickets", {"subject": subject, "message": "Hello"})[0] == 201
                connection, _address = receiver.accept()
                with connection:
                    assert connection.recv(65536).startswith(b"POST /hook ")
                    connection.sendall(reply)
            until = time.monotonic() + 5
            while time.monotonic() < until and any(
                row["status"] != "retrying" for row in simulator.state()["deliveries"]
            ):
                time.sleep(0.02)
            assert [row["status"] for row in simulator.state()["deliveries"]] == ["retrying"] * 2


@pytest.mark.slow
def test_state_survives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "account.json"
    with Simulator.start(preset="wrapped", state_file=file) as simulator:
        _status, made = call(simulator, "POST", "/vps", ORDER, **{"Idempotency-Key": "k"})
        simulator.advance(100)
        before = simulator.state()
    with Simulator.start(state_file=file) as simulator:
        assert simulator.state() == before
        assert call(simulator, "POST", "/vps", ORDER, **{"Idempotency-Key": "k"})[1] == made
        assert len(simulator.debits()) == 1


def started(*options: str) -> subprocess.CompletedProcess[str]:
    """Start it as a user does."""
    return subprocess.run(
        [sys.executable, str(PLACE), *options], capture_output=True, text=True, timeout=20, check=False
    )


@pytest.mark.slow
def test_command_line(simulator: Simulator, tmp_path: Path) -> None:
    port = simulator.origin.rsplit(":", 1)[1]
    spoiled = tmp_path / "state.json"
    spoiled.write_text("[]")
    refused = [
        (("--port", port), "--port"),
        (("--port", "x"), "port"),
        (("--assume", "casing=loud"), "snake"),
        (("--state", str(spoiled)), "state.json"),
    ]
    for options, word in refused:
        found = started(*options)
        assert found.returncode == 2 and word in found.stderr and "Traceback" not in found.stderr, options
    assert "H444_API_URL" in started("--help").stdout
    assert all(name in started("--list-assumptions").stdout for name in ("casing", "dead_replay"))


def test_five_thousand_servers_are_quick() -> None:
    api = Api()
    for number in range(5000):
        api.core.make("vps", {"label": str(number)})
    before = time.process_time()
    assert len(api("GET", "/vps").body) == 5000 == len(api("GET", "/vps/all-ips").body)
    assert time.process_time() - before < 2


def test_adapter_needs_no_socket() -> None:
    requests = pytest.importorskip("requests")
    from ansible_collections.h444.cloud.tests.simulator.adapter import SimulatorAdapter

    session = requests.Session()
    session.mount("http://", SimulatorAdapter(Api().core))
    made = session.post("http://simulator/v1/vps", json=ORDER, headers={"Authorization": "Bearer " + FULL_KEY})
    assert made.status_code == 201 and made.json()["label"] == "web-1"
    assert session.get("http://simulator/v1/vps").status_code == 401
