# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The second door of the simulator, as the client of the official SDK meets it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import threading
import time
import typing as t

import pytest

from ansible_collections.h444.cloud.tests.simulator.account import READ_KEY, SCOPES
from ansible_collections.h444.cloud.tests.simulator.testing import FULL_KEY, Simulator

pytest.importorskip("mcp_types", reason="the SDK of MCP is not installed")

import httpx2
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

pytestmark = pytest.mark.slow
SECONDS = 120
ERAS = ("legacy", "auto")
"""The handshake of the versions up to 2025-11-25, and what comes without one since 2026-07-28."""
ORDER = {"plan_slug": "vps-2", "label": "a", "hostname": "a", "os_family": "debian", "os_template": "debian-12"}
Talk = t.Callable[[Client], t.Awaitable[t.Any]]


@pytest.fixture(scope="module")
def running() -> t.Iterator[Simulator]:
    with Simulator.start(mcp=True) as one:
        yield one


@pytest.fixture
def simulator(running: Simulator) -> Simulator:
    running.reset(preset="plain", scenario="small")
    return running


@contextlib.asynccontextmanager
async def connected(simulator: Simulator, era: str, key: str, headers: dict[str, str]) -> t.AsyncIterator[Client]:
    """Connect a client."""
    sent = {"Authorization": "Bearer " + key, **headers}
    async with httpx2.AsyncClient(headers=sent, timeout=SECONDS, trust_env=False) as http:
        async with Client(streamable_http_client(simulator.mcp_url, http_client=http), mode=era) as client:
            yield client


def talk(simulator: Simulator, what: Talk, era: str = "legacy", key: str = FULL_KEY, **headers: str) -> t.Any:
    """Talk as a client, and give what comes of it. Raises what the client raises, without the groups around it."""

    async def all_of_it() -> t.Any:
        async with connected(simulator, era, key, headers) as client:
            return await what(client)

    try:
        return asyncio.run(all_of_it())
    except BaseException as error:
        innermost = error
        while getattr(innermost, "exceptions", ()):
            innermost = innermost.exceptions[0]  # type: ignore[attr-defined]
        raise innermost from None


def calls(name: str, **arguments: t.Any) -> Talk:
    """Call one tool."""
    return lambda client: client.call_tool(name, arguments)


async def names(client: Client) -> list[str]:
    return [tool.name for tool in (await client.list_tools()).tools]


def read(result: t.Any) -> t.Any:
    """Read what a tool replied. A refusal is an error of the tool."""
    assert not result.is_error, result
    return json.loads(result.content[0].text)


def refusal(result: t.Any) -> t.Any:
    """Read the error of the API with which a tool failed."""
    assert result.is_error, result
    return json.loads(result.content[0].text)


def api_rows(simulator: Simulator) -> list[tuple[t.Any, ...]]:
    """Give the requests to the API that tools sent."""
    return [
        (row["method"], row["path"], row["status"], row["effect"], row["mcp"])
        for row in simulator.journal()
        if row["path"] != "/mcp"
    ]


# ---------------------------------------------------------------- tools and keys


@pytest.mark.parametrize("era", ERAS)
def test_a_client_meets_the_server_and_its_tools(simulator: Simulator, era: str) -> None:
    async def what(client: Client) -> t.Any:
        return client.server_info.name, client.instructions, (await client.list_tools()).tools

    name, instructions, tools = talk(simulator, what, era)
    assert name == "444host" and "Nothing is bought for real" in instructions
    assert len(tools) == 42 and "get_account" not in {tool.name for tool in tools}
    hints = {tool.name: tool.annotations for tool in tools}
    assert hints["list_vps"].read_only_hint and not hints["order_vps"].read_only_hint
    assert {name for name, hint in hints.items() if hint.destructive_hint} == {
        "terminate_vps",
        "reinstall_vps",
        "clear_ptr",
        "delete_hosting",
        "delete_webhook",
    }
    assert not hints["power_vps"].idempotent_hint and hints["close_ticket"].idempotent_hint


def test_a_key_has_the_tools_of_its_scopes(simulator: Simulator) -> None:
    simulator.seed(keys=[{"key": "h444_orders", "scopes": ["orders:write"]}])
    assert talk(simulator, names, key="h444_orders") == ["order_vps", "order_hosting"]
    simulator.seed(keys=[{"key": f"h444_{scope}", "scopes": [scope]} for scope in SCOPES])
    found = [name for scope in SCOPES for name in talk(simulator, names, "auto", f"h444_{scope}")]
    assert len(found) == 42 and set(found) == set(talk(simulator, names))


@pytest.mark.parametrize("era", ERAS)
def test_a_tool_beyond_the_scopes_is_refused_as_by_the_api(simulator: Simulator, era: str) -> None:
    result = talk(simulator, calls("close_ticket", id="1"), era, READ_KEY)
    assert refusal(result) == {
        "statusCode": 403,
        "message": "API key lacks the required scope: tickets:write",
        "error": "Forbidden",
    }
    assert api_rows(simulator) == [("POST", "/tickets/1/close", 403, False, "close_ticket")]


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("key", ["h444_wrong", "h444_expired"])
def test_a_key_that_is_not_good_gets_no_session(simulator: Simulator, era: str, key: str) -> None:
    simulator.seed(keys=[{"key": "h444_expired", "expired": True}])
    with pytest.raises(MCPError):
        talk(simulator, names, era, key)
    (row, *_more) = simulator.journal()
    assert (row["path"], row["status"]) == ("/mcp", 401)


def post(simulator: Simulator, body: t.Any, **headers: str) -> httpx2.Response:
    """Send one message by hand."""
    usual = {"authorization": "Bearer " + FULL_KEY, "accept": "application/json, text/event-stream"}
    with httpx2.Client(trust_env=False, timeout=SECONDS) as client:
        usual["content-type"] = "application/json"
        return client.post(simulator.mcp_url, content=json.dumps(body), headers={**usual, **headers})


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}},
}
LIST = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}


def test_a_wrong_key_is_an_error_of_the_api_and_asks_for_a_bearer(simulator: Simulator) -> None:
    reply = post(simulator, INITIALIZE, authorization="Basic x")
    assert (reply.status_code, reply.headers["www-authenticate"]) == (401, "Bearer")
    assert reply.json()["message"] == "Missing, invalid, or expired API key."


def test_a_session_belongs_to_the_key_that_began_it(simulator: Simulator) -> None:
    session = post(simulator, INITIALIZE).headers["mcp-session-id"]
    mine = {"mcp-session-id": session, "mcp-protocol-version": "2025-06-18"}
    assert post(simulator, LIST, **mine).status_code == 200
    assert post(simulator, LIST, **mine, authorization="Bearer " + READ_KEY).status_code == 404
    assert post(simulator, LIST, **{**mine, "mcp-session-id": "made-up"}).status_code == 404


def test_replies_are_events_or_json_with_or_without_a_session(simulator: Simulator) -> None:
    usual = post(simulator, INITIALIZE).headers
    assert usual["content-type"].startswith("text/event-stream") and usual["mcp-session-id"]
    simulator.assume(mcp_answer="json", mcp_session="none")
    other = post(simulator, INITIALIZE)
    assert other.headers["content-type"] == "application/json" and "mcp-session-id" not in other.headers
    assert other.json()["result"]["serverInfo"]["name"] == "444host"
    assert len(post(simulator, LIST).json()["result"]["tools"]) == 42


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("Host", "evil.example", 421),
        ("Host", "evil.example:18444", 421),
        ("Host", "127.0.0.1.evil.example:80", 421),
        ("Origin", "http://evil.example", 403),
        ("Origin", "https://127.0.0.1.evil.example", 403),
        ("Origin", "null", 403),
    ],
)
def test_a_page_of_another_site_is_refused(
    simulator: Simulator, era: str, header: str, value: str, status: int
) -> None:
    with pytest.raises(MCPError):
        talk(simulator, names, era, **{header: value})
    assert {row["status"] for row in simulator.journal()} == {status}


def test_a_page_of_this_machine_is_served(simulator: Simulator) -> None:
    assert len(talk(simulator, names, Origin=simulator.origin)) == 42
    assert len(talk(simulator, names, Origin="http://localhost:3000", Host="localhost:3000")) == 42


# ---------------------------------------------------------------- calls


@pytest.mark.parametrize("era", ERAS)
def test_reads_and_writes_are_requests_to_the_api(simulator: Simulator, era: str) -> None:
    async def what(client: Client) -> t.Any:
        server = read(await client.call_tool("list_vps", {}))[0]
        renamed = read(await client.call_tool("change_vps_label", {"id": server["id"], "label": "renamed"}))
        rows = read(await client.call_tool("list_wallet_transactions", {"limit": 2}))
        return server, renamed, rows, await client.call_tool("clear_ptr", {"id": server["id"], "ip": server["ipv4"]})

    server, renamed, rows, cleared = talk(simulator, what, era)
    assert (renamed["id"], renamed["label"], len(rows)) == (server["id"], "renamed", 2)
    assert (cleared.is_error, cleared.content[0].text) == (False, "Done.")
    assert api_rows(simulator) == [
        ("GET", "/vps", 200, False, "list_vps"),
        ("PATCH", f"/vps/{server['id']}/label", 200, True, "change_vps_label"),
        ("GET", "/billing/wallet/transactions", 200, False, "list_wallet_transactions"),
        ("DELETE", f"/vps/{server['id']}/ips/{server['ipv4']}/ptr", 204, True, "clear_ptr"),
    ]
    sent = [row for row in simulator.journal() if row["path"] != "/mcp"]
    assert (sent[1]["body"], sent[2]["query"]) == ({"label": "renamed"}, {"limit": "2"})
    assert f"PATCH /vps/{server['id']}/label" in simulator.answered()
    shown = simulator.control("GET", "overview")["requests"]["rows"]
    assert "change_vps_label" in {row["mcp"] for row in shown} and FULL_KEY not in json.dumps(shown)


@pytest.mark.parametrize("preset", ["plain", "wrapped", "sparse", "odd"])
@pytest.mark.parametrize("era", ERAS)
def test_replies_have_the_form_of_the_api(simulator: Simulator, era: str, preset: str) -> None:
    simulator.reset(preset=preset, scenario="small")

    async def what(client: Client) -> t.Any:
        found = [one for one in await names(client) if one.lower() in ("listvps", "list_vps")]
        return read(await client.call_tool(found[0], {}))

    found = talk(simulator, what, era)
    request = httpx2.get(simulator.url + "/vps", headers={"Authorization": "Bearer " + FULL_KEY}, trust_env=False)
    assert found == request.json()


def test_the_account_may_have_a_tool(simulator: Simulator) -> None:
    simulator.assume(mcp_account_tool="listed", mcp_tool_names="camel")
    assert len(talk(simulator, names)) == 43
    assert read(talk(simulator, calls("getAccount")))["email"] == "you@example.com"


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("get_vps", {}, "'id' is a required property"),
        ("get_vps", {"id": 5}, "id: 5 is not of type 'string'"),
        ("get_vps", {"id": "1", "typo": 2}, "'typo' was unexpected"),
        ("power_vps", {"id": "1", "action": "explode"}, "action: 'explode' is not one of"),
        ("change_domain", {"id": "1"}, "{'id': '1'} does not have enough properties"),
        ("list_deliveries", {"id": "1", "limit": 201}, "limit: 201 is greater than the maximum of 200"),
        ("open_ticket", {"subject": "x" * 300, "message": "y"}, "subject: it breaks the rule maxLength"),
    ],
)
def test_wrong_arguments_are_an_error_of_the_tool(
    simulator: Simulator, era: str, name: str, arguments: t.Any, words: str
) -> None:
    result = talk(simulator, calls(name, **arguments), era)
    assert result.is_error and result.content[0].text.startswith("Invalid arguments: ")
    assert words in result.content[0].text and len(result.content[0].text) < 400
    assert api_rows(simulator) == []


def test_half_a_character_is_refused_and_one_that_is_there_is_told(simulator: Simulator) -> None:
    meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}

    def call(name: str, **arguments: t.Any) -> t.Any:
        params = {"name": name, "arguments": arguments, "_meta": meta}
        headers = {"mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "get_vps"}
        return post(simulator, {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}, **headers).json()

    refused = call("get_vps", id="\ud800")["result"]
    assert refused["isError"] and refused["content"][0]["text"].endswith("half of a surrogate pair is no text")
    (server,) = simulator.seed(vps=[{"label": "\ud800"}])["vps"]
    told = call("get_vps", id=server)["result"]
    assert json.loads(told["content"][0]["text"])["label"] == "\ud800" and "structuredContent" not in told


@pytest.mark.parametrize("era", ERAS)
def test_an_unknown_tool_is_an_error_of_the_protocol(simulator: Simulator, era: str) -> None:
    with pytest.raises(MCPError, match="Unknown tool: order_moon"):
        talk(simulator, calls("order_moon"), era)


@pytest.mark.parametrize("era", ERAS)
def test_errors_of_the_api_are_errors_of_the_tool(simulator: Simulator, era: str) -> None:
    assert refusal(talk(simulator, calls("get_vps", id="made-up"), era))["statusCode"] == 404
    unknown = {**ORDER, "os_template": "debian-99", "confirm": True}
    token = read(talk(simulator, calls("order_vps", **unknown), era))["confirmation_token"]
    found = refusal(talk(simulator, calls("order_vps", **unknown, confirmation_token=token), era))
    assert (found["statusCode"], simulator.debits()) == (400, simulator.debits())


def test_calls_count_against_the_rate_limit_of_the_key() -> None:
    async def what(client: Client) -> t.Any:
        return [await client.call_tool("list_domains", {}) for _one in range(3)]

    with Simulator.start(mcp=True, rate_limit=2) as simulator:
        first, second, third = talk(simulator, what, "auto")
        assert not first.is_error and not second.is_error
        assert refusal(third)["message"] == "Rate limit exceeded (120/min per key)."
        reply = httpx2.get(simulator.url + "/vps", headers={"Authorization": "Bearer " + FULL_KEY}, trust_env=False)
        assert reply.status_code == 429
        assert not talk(simulator, calls("list_domains"), "auto", READ_KEY).is_error


# ---------------------------------------------------------------- orders


@pytest.mark.parametrize("era", ERAS)
def test_an_order_is_confirmed_twice_and_debits_once(simulator: Simulator, era: str) -> None:
    before = simulator.debits()

    async def what(client: Client) -> t.Any:
        asked = read(await client.call_tool("order_vps", ORDER))
        confirmed = read(await client.call_tool("order_vps", {**ORDER, "confirm": True}))
        final = {**ORDER, "confirm": True, "confirmation_token": confirmed["confirmation_token"]}
        assert simulator.debits() == before
        return asked, read(await client.call_tool("order_vps", final)), await client.call_tool("order_vps", final)

    asked, ordered, again = talk(simulator, what, era)
    assert asked["monthly_usd_cents"] == 960 and "ordered" in asked
    assert (ordered["label"], ordered["charged_usd_cents"]) == ("a", 960) and ordered["root_password"]
    assert refusal(again)["statusCode"] == 409
    assert len(simulator.debits()) == len(before) + 1
    assert api_rows(simulator) == [("POST", "/vps", 201, True, "order_vps")]


def test_hosting_is_confirmed_by_word_and_price_in_one_call(simulator: Simulator) -> None:
    simulator.assume(mcp_confirmation="arguments")
    before = len(simulator.debits())
    order = {"plan_slug": "hosting-starter", "domain": "example.org", "username": "exampleorg"}
    asked = read(talk(simulator, calls("order_hosting", **order)))
    price = {"confirm_monthly_usd_cents": asked["confirm_monthly_usd_cents"]}
    assert read(talk(simulator, calls("order_hosting", **order, **price)))["ordered"] is False
    wrong = talk(simulator, calls("order_hosting", **order, confirm=True, confirm_monthly_usd_cents=1))
    assert refusal(wrong)["statusCode"] == 409 and len(simulator.debits()) == before
    assert read(talk(simulator, calls("order_hosting", **order, **price, confirm=True)))["sftp_password"]
    assert len(simulator.debits()) == before + 1


def test_two_that_confirm_the_same_token_order_once(simulator: Simulator) -> None:
    simulator.assume(order_seconds=1)
    before = len(simulator.debits())

    async def what(client: Client) -> t.Any:
        token = read(await client.call_tool("order_vps", {**ORDER, "confirm": True}))["confirmation_token"]
        final = {**ORDER, "confirmation_token": token}
        return await asyncio.gather(*(client.call_tool("order_vps", final) for _one in range(5)))

    results = talk(simulator, what)
    assert sorted(result.is_error for result in results) == [False, True, True, True, True]
    assert len(simulator.debits()) == before + 1


def test_a_key_of_ones_own_is_taken_if_the_tools_take_one(simulator: Simulator) -> None:
    ticket = {"subject": "Mail", "message": "It does not arrive.", "idempotency_key": "once"}
    assert talk(simulator, calls("open_ticket", **ticket)).is_error
    simulator.assume(mcp_idempotency_key="argument")
    opened = [read(talk(simulator, calls("open_ticket", **ticket)))["id"] for _one in range(2)]
    assert opened[0] == opened[1]


# ---------------------------------------------------------------- faults


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("kind", ["reset", "close", "truncate", "bad_json", "html", "status", "redirect", "empty"])
def test_a_fault_of_the_api_spoils_the_reply_of_the_call(simulator: Simulator, era: str, kind: str) -> None:
    """A lost reply of an order is the case that matters: the server is there, and its password is gone."""
    token = read(talk(simulator, calls("order_vps", **ORDER, confirm=True), era))["confirmation_token"]
    before = len(simulator.debits())
    simulator.clear_journal()
    simulator.faults({"method": "POST", "path": "/vps", "when": "after", "kind": kind})
    with pytest.raises((MCPError, httpx2.HTTPError)):
        talk(simulator, calls("order_vps", **ORDER, confirmation_token=token), era)
    assert len(simulator.debits()) == before + 1
    (row,) = [row for row in simulator.journal() if row["path"] != "/mcp"]
    assert (row["effect"], row["fault"]) == (True, kind)
    assert row["status"] == {"reset": None, "close": None, "truncate": None, "status": 500, "redirect": 302}.get(
        kind, 200
    )


def test_a_fault_before_the_effect_carries_nothing_out(simulator: Simulator) -> None:
    token = read(talk(simulator, calls("order_vps", **ORDER, confirm=True)))["confirmation_token"]
    before = simulator.debits()
    simulator.faults({"method": "POST", "path": "/vps", "kind": "reset"})
    with pytest.raises(httpx2.HTTPError):
        talk(simulator, calls("order_vps", **ORDER, confirmation_token=token))
    assert simulator.debits() == before


def test_a_slow_reply_is_a_reply(simulator: Simulator) -> None:
    for when in ("before", "after"):
        simulator.faults({"path": "/vps", "kind": "delay", "seconds": 0.1, "when": when})
        assert len(read(talk(simulator, calls("list_vps")))) == 5
    assert [row[2] for row in api_rows(simulator)] == [200, 200]


def test_messages_of_mcp_have_faults_too(simulator: Simulator) -> None:
    simulator.faults({"path": "/mcp", "kind": "status", "status": 503})
    with pytest.raises(MCPError):
        talk(simulator, names)
    (row,) = simulator.journal()
    assert (row["mcp"], row["status"], row["fault"]) == ("initialize", 503, "status")


# ---------------------------------------------------------------- under load, and at the end


def test_many_sessions_at_once(simulator: Simulator) -> None:
    async def one(number: int) -> t.Any:
        async with connected(simulator, ERAS[number % 2], FULL_KEY, {}) as client:
            opened = read(await client.call_tool("open_ticket", {"subject": f"s{number}", "message": "m"}))
            return (await client.call_tool("get_ticket", {"id": opened["id"]})).structured_content["subject"]

    async def all_of_them() -> t.Any:
        return await asyncio.gather(*map(one, range(20)))

    assert asyncio.run(all_of_them()) == [f"s{number}" for number in range(20)]


def until(check: t.Callable[[], t.Any]) -> t.Any:
    """Wait until something is so, and give it."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        found = check()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come to be so")


@pytest.mark.parametrize("era", ERAS)
def test_a_call_that_is_cancelled_is_carried_out_once_it_has_begun(simulator: Simulator, era: str) -> None:
    simulator.assume(order_seconds=1)
    before = len(simulator.debits())

    async def what(client: Client) -> None:
        token = read(await client.call_tool("order_vps", {**ORDER, "confirm": True}))["confirmation_token"]
        order = asyncio.create_task(client.call_tool("order_vps", {**ORDER, "confirmation_token": token}))
        await asyncio.to_thread(until, lambda: [row for row in simulator.journal() if row["path"] == "/vps"])
        order.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await order
        assert len(read(await client.call_tool("list_domains", {}))) == 2

    talk(simulator, what, era)
    until(lambda: len(simulator.debits()) == before + 1)


@pytest.mark.parametrize("order_seconds", [0, 600])
def test_a_signal_ends_it_with_open_sessions_and_a_call_at_work(order_seconds: int) -> None:
    with Simulator.start(
        mcp=True, assume={"order_seconds": order_seconds, "mcp_confirmation": "arguments"}
    ) as simulator:
        ended: list[str] = []

        async def what(client: Client) -> None:
            final = {**ORDER, "confirm": True, "confirm_monthly_usd_cents": 960}
            await client.call_tool("order_vps", final)
            await asyncio.sleep(600)  # the stream of the session stays open

        def stay() -> None:
            try:
                talk(simulator, what)
            except BaseException as exc:
                ended.append(type(exc).__name__)

        # The client of the last call never comes back, so nothing waits for it.
        threading.Thread(target=stay, daemon=True).start()
        until(lambda: {"/vps"} <= {row["path"] for row in simulator.journal()})
        until(lambda: {"GET"} <= {row["method"] for row in simulator.journal()})
        simulator._process.send_signal(signal.SIGTERM)
        assert simulator._process.wait(SECONDS) == 0
