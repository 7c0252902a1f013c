# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tools of MCP are the endpoints of the contract, and an order is confirmed twice."""

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

import pytest

from ansible_collections.h444.cloud.tests.simulator import conformance
from ansible_collections.h444.cloud.tests.simulator.account import FULL_KEY, READ_KEY
from ansible_collections.h444.cloud.tests.simulator.calls import Call, No, ids_in
from ansible_collections.h444.cloud.tests.simulator.core import ROUTES, Core
from ansible_collections.h444.cloud.tests.simulator.mcp_orders import Orders, arguments_of
from ansible_collections.h444.cloud.tests.simulator.mcp_tools import Tool, plain, request_of, snake, tools
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

pytest.importorskip("yaml")
jsonschema_rs = pytest.importorskip("jsonschema_rs")

BY_NAME = {tool.name("snake"): tool for tool in tools()}
ORDER = {"plan_slug": "vps-2", "label": "a", "hostname": "a", "os_family": "debian", "os_template": "debian-12"}
NOW = 1_800_000_000.0
SAMPLES: dict[str, t.Any] = {
    "id": "6f/1",
    "ip": "192.0.2.1",
    "action": "reboot",
    "delivery_id": "d 2",
    "limit": 7,
    "idempotency_key": "once",
    "plan_slug": "vps-1",
    "label": "web-1",
    "hostname": "web-1.example.com",
    "os_family": "debian",
    "os_template": "debian-12",
    "domain": "example.com",
    "username": "example",
    "php_version": "8.3",
    "os": "debian",
    "osTemplate": "debian-12",
    "auto_renew": True,
    "nameservers": ["ns1.example.com"],
    "transfer_lock": False,
    "whois_privacy": True,
    "subject": "Mail",
    "message": "It does not arrive.",
    "priority": "medium",
    "department": "technical",
    "body": "Thanks.",
    "url": "https://example.com/hook",
    "events": ["vps.created"],
    "description": None,
    "is_active": False,
}


def full(tool: Tool) -> dict[str, t.Any]:
    """Give each argument of a tool."""
    return {name: SAMPLES[name] for name in tool.arguments}


# ---------------------------------------------------------------- tools


def test_each_endpoint_has_one_tool_with_its_scope() -> None:
    assert len(tools()) == len(ROUTES) == 43
    assert sorted((tool.method, tool.path, tool.scope) for tool in tools()) == sorted(
        (route.method, route.path, route.scope) for route in ROUTES
    )


@pytest.mark.parametrize("form", ["snake", "camel"])
def test_names_are_unique_and_names_of_tools(form: str) -> None:
    names = [tool.name(form) for tool in tools()]
    assert len(set(names)) == 43 and all(re.fullmatch("[A-Za-z0-9_.-]{1,128}", name) for name in names)


def test_names_in_both_forms() -> None:
    assert (BY_NAME["list_vps_ips"].name("camel"), snake("X")) == ("listVpsIps", "x")


@pytest.mark.parametrize("name", BY_NAME)
def test_a_schema_is_valid_and_says_all(name: str) -> None:
    tool = BY_NAME[name]
    more = arguments_of("token") if tool.orders else None
    for takes_key in (False, True):
        schema = tool.schema(takes_key=takes_key, more=more)
        jsonschema_rs.meta.validate({**schema, "$schema": "https://json-schema.org/draft/2020-12/schema"})
        assert not re.search(r"\$ref|x-h444-|examples", json.dumps(schema))
        assert not [one for one in schema["properties"].values() if isinstance(one.get("type"), list)]
        assert schema["additionalProperties"] is False
        assert ("idempotency_key" in schema["properties"]) is (takes_key and "idempotency_key" in tool.arguments)
        given = {one: value for one, value in full(tool).items() if one in schema["properties"]}
        assert jsonschema_rs.Draft202012Validator(schema).is_valid(given)
        for needed in schema.get("required", []):
            rest = {one: value for one, value in given.items() if one != needed}
            assert not jsonschema_rs.Draft202012Validator(schema).is_valid(rest)
        assert not jsonschema_rs.Draft202012Validator(schema).is_valid({**given, "typo": 1})
    assert tool.description.endswith(f"{tool.method} /v1{tool.path}, scope {tool.scope}.")


@pytest.mark.parametrize("name", BY_NAME)
def test_a_call_reaches_its_endpoint_and_fits_the_contract(name: str) -> None:
    core, tool = Core(rate_limit=0, clock=lambda: NOW), BY_NAME[name]
    assert conformance.attach(core)
    reached: list[Call] = []
    request = request_of(tool, full(tool))
    core.answer_by(tool.method, tool.path, lambda _core, call: reached.append(call) or (200, None))  # type: ignore[func-returns-value]
    headers = {"Authorization": "Bearer " + FULL_KEY, **request.headers}
    answer = core.handle(request.method, request.path, request.query, headers, request.body)
    assert answer.status < 300, answer
    (call,) = reached
    places = {"path": call.ids, "query": call.query, "header": request.headers, "body": call.body}
    for argument, (place, there) in tool.places.items():
        given = SAMPLES[argument] if place == "body" else str(SAMPLES[argument])
        assert places[place][there.lower() if place == "header" else there] == given
    assert sum(map(len, places.values())) == len(tool.arguments)


def test_orders_reinstalls_and_tickets_take_a_key_as_in_the_api() -> None:
    with_key = {tool.path for tool in tools() if "idempotency_key" in tool.arguments}
    assert with_key == {route.path for route in ROUTES if route.takes_key}


def test_a_change_needs_a_field_beside_its_id() -> None:
    schema = BY_NAME["change_domain"].schema(takes_key=False)
    validator = jsonschema_rs.Draft202012Validator(schema)
    assert not validator.is_valid({"id": "1"}) and validator.is_valid({"id": "1", "auto_renew": True})


def test_an_id_stays_one_part_of_the_path() -> None:
    request = request_of(BY_NAME["get_vps"], {"id": "../domains?x=1"})
    assert ids_in(request.path, "/vps/{id}") == {"id": "../domains?x=1"}


def test_an_integer_of_json_is_sent_as_one() -> None:
    assert request_of(BY_NAME["list_wallet_transactions"], {"limit": 5.0}).query == {"limit": "5"}


def test_a_reference_keeps_what_stands_beside_it() -> None:
    contract = {"a": {"type": "string", "x-h444-source": "assumed", "examples": ["b"]}}
    assert plain(contract, {"$ref": "#/a", "maxLength": 2}) == {"type": "string", "maxLength": 2}


# ---------------------------------------------------------------- orders


class Desk:
    """Orders of one account, at a time that can be set."""

    def __init__(self, **assume: t.Any) -> None:
        self.now = NOW
        self.core = Core(assume, rate_limit=0, clock=lambda: self.now)
        self.orders = Orders(self.core)

    def ask(self, name: str = "order_vps", key: str = FULL_KEY, **arguments: t.Any) -> t.Any:
        """Give the reply to a call; None if it is carried out. Raises No."""
        given = {**ORDER, **arguments}
        answers = self.orders.step(BY_NAME[name], name, given, key)
        assert not {"confirm", "confirmation_token", "confirm_monthly_usd_cents"} & set(given)
        if answers is None:
            return None
        status, reply = answers(self.core, Call({}, {}, given, key))
        assert status == 200 and reply["ordered"] is False
        return reply


def test_an_order_is_confirmed_by_a_word_and_then_by_a_token() -> None:
    desk = Desk()
    first = desk.ask()
    assert (first["monthly_usd_cents"], first["balance_usd_cents"]) == (960, 10000)
    assert "confirmation_token" not in first and "order_vps again" in first["message"]
    assert desk.ask(confirm=False) == first
    second = desk.ask(confirm=True)
    assert second["expires_in"] == 300
    assert desk.ask(confirmation_token=second["confirmation_token"]) is None


def test_a_token_does_not_replace_a_confirmation_that_is_withheld() -> None:
    desk = Desk()
    token = desk.ask(confirm=True)["confirmation_token"]
    assert "confirmation_token" not in desk.ask(confirm=False, confirmation_token=token)
    assert desk.ask(confirm=True, confirmation_token=token) is None


def test_a_token_orders_once() -> None:
    desk = Desk()
    token = desk.ask(confirm=True)["confirmation_token"]
    assert desk.ask(confirmation_token=token) is None
    with pytest.raises(No, match="used, expired or unknown") as refused:
        desk.ask(confirmation_token=token)
    assert refused.value.status == 409


@pytest.mark.parametrize(
    "changed", [{"label": "b"}, {"plan_slug": "vps-3"}, {"key": READ_KEY}, {"idempotency_key": "k"}]
)
def test_a_token_belongs_to_one_order_of_one_key(changed: dict[str, t.Any]) -> None:
    desk = Desk()
    token = desk.ask(confirm=True)["confirmation_token"]
    with pytest.raises(No, match="other arguments"):
        desk.ask(confirmation_token=token, **changed)
    with pytest.raises(No, match="used, expired or unknown"):
        desk.ask(confirmation_token=token)


def test_a_token_expires() -> None:
    desk = Desk(mcp_confirmation_seconds=60)
    tokens = [desk.ask(confirm=True)["confirmation_token"] for _one in range(2)]
    desk.now += 59
    assert desk.ask(confirmation_token=tokens[0]) is None
    desk.now += 1
    with pytest.raises(No, match="used, expired or unknown"):
        desk.ask(confirmation_token=tokens[1])


def test_a_token_is_good_for_the_price_that_was_named() -> None:
    desk = Desk()
    token = desk.ask(confirm=True)["confirmation_token"]
    for product in desk.core.products:
        product["your_monthly_usd_cents"] += 1
    with pytest.raises(No, match="The price is now 961 US cents a month"):
        desk.ask(confirmation_token=token)


def test_tokens_do_not_pile_up() -> None:
    desk = Desk()
    first = desk.ask(confirm=True)["confirmation_token"]
    for _one in range(1000):
        last = desk.ask(confirm=True)["confirmation_token"]
    with pytest.raises(No):
        desk.ask(confirmation_token=first)
    assert desk.ask(confirmation_token=last) is None


def test_an_order_is_confirmed_by_a_word_and_the_price() -> None:
    desk = Desk(mcp_confirmation="arguments")
    for given in ({}, {"confirm": True}, {"confirm_monthly_usd_cents": 960}):
        assert desk.ask(**given)["confirm_monthly_usd_cents"] == 960
    with pytest.raises(No, match="The price is 960 US cents a month, not 959"):
        desk.ask(confirm=True, confirm_monthly_usd_cents=959)
    assert desk.ask(confirm=True, confirm_monthly_usd_cents=960) is None


def test_a_plan_that_there_is_not_is_refused_before_it_is_confirmed() -> None:
    with pytest.raises(No, match="plan_slug must be one of the vps plans"):
        Desk().ask(plan_slug="hosting-starter")
    with pytest.raises(No, match="plan_slug must be one of the hosting plans"):
        Desk().ask("order_hosting")


def test_what_asks_for_a_confirmation_passes_each_check_of_the_api() -> None:
    core = Core(rate_limit=1, clock=lambda: NOW)
    conformance.attach(core)

    def ask(key: str, body: t.Any) -> int:
        headers = {"Authorization": "Bearer " + key}
        answer = core.handle("POST", "/vps", {}, headers, json.dumps(body).encode(), lambda _core, _call: (200, {}))
        return answer.status

    assert ask("h444_wrong", ORDER) == 401
    assert ask(READ_KEY, ORDER) == 403
    assert ask(FULL_KEY, {**ORDER, "label": 1}) == 400
    assert ask(FULL_KEY, ORDER) == 429
    core.sent_at.clear()
    assert ask(FULL_KEY, ORDER) == 200
    assert core.account["balance_usd_cents"] == 10000 and not core.servers and not core.effect


# ---------------------------------------------------------------- the command


@pytest.mark.slow
def test_without_the_sdk_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "mcp_types.py").write_text("raise ModuleNotFoundError(\"No module named 'mcp_types'\")\n")
    command = [sys.executable, str(Path(conformance.__file__).parent), "--port", "0", "--mcp"]
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    said = ended.stderr.replace("jsonschema", "mcp_types")  # where neither is installed
    assert said == (
        "simulator: --mcp needs the Python SDK of MCP, version 2 (No module named 'mcp_types'); "
        "install it: pip install -r tests/simulator/requirements-mcp.txt.\n"
    )
    assert (ended.returncode, ended.stdout) == (2, "")


@pytest.mark.slow
def test_without_the_option_nothing_answers_and_nothing_is_imported() -> None:
    with Simulator.start() as simulator:
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(simulator.mcp_url, b"{}", timeout=60)
        with refused.value as reply:
            assert reply.code == 404
            assert (
                json.load(reply)["message"]
                == "Cannot POST /mcp: the simulator answers MCP if it is started with --mcp."
            )
    code = "import simulator.server, sys; assert not {'mcp', 'mcp_types', 'jsonschema'} & set(sys.modules)"
    folder = Path(conformance.__file__).parents[1]
    subprocess.run([sys.executable, "-c", code], cwd=folder, env={**os.environ, "PYTHONPATH": str(folder)}, check=True)
