# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API's second door: MCP over Streamable HTTP, by the official SDK.

The SDK is asynchronous and lives in a thread with an event loop of its own. The thread of a connection hands a request
in, carries out the call of a tool that the SDK reads from it, and takes the reply out.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import queue
import threading
import typing as t
from concurrent.futures import Future

import jsonschema
import mcp_types as types
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError

from .calls import Answer, Row
from .core import Core
from .mcp_orders import Orders, arguments_of
from .mcp_tools import Incoming, Tool, request_of, tools

NAMES = ("127.0.0.1", "localhost", "[::1]")
POLL_SECONDS = 0.5
MOST_MESSAGE = 300
INSTRUCTIONS = (
    "The simulator of the 444Host API. Each tool is an endpoint of the API. Orders debit the wallet of the simulated "
    "account and are confirmed twice. Nothing is bought for real."
)


Work = t.Callable[[], Answer]


class Door:
    """MCP for one account."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._orders = Orders(core)
        server: Server[t.Any] = Server(
            "444host",
            version="1.4",
            title="444Host (simulator)",
            instructions=INSTRUCTIONS,
            on_list_tools=self._list,
            on_call_tool=self._call,
            get_tool_input_schema=self._schema_of,
        )
        self._manager = StreamableHTTPSessionManager(
            server,
            security_settings=TransportSecuritySettings(
                allowed_hosts=[f"{name}:*" for name in NAMES],
                allowed_origins=[f"http://{name}:*" for name in NAMES],
            ),
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="mcp", daemon=True)
        self._started: Future[None] = Future()
        self._stop = asyncio.Event()

    # The thread of the SDK

    def start(self) -> None:
        """Begin to answer."""
        # It tells of each refused header and session, which is no business of who watches the simulator.
        logging.getLogger("mcp").setLevel(logging.ERROR)
        tools()
        self._thread.start()
        self._started.result()
        # The libraries stay to the end. To look for garbage in them is most of the time that the end would take.
        gc.freeze()

    def close(self) -> None:
        """End every session. What hangs is left behind."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(2)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._run())
        except BaseException as exc:
            if self._started.done():
                raise
            self._started.set_exception(exc)
        finally:
            self._end()

    def _end(self) -> None:
        """Let the requests that are open end."""
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        if tasks:
            self._loop.run_until_complete(asyncio.wait(tasks, timeout=0.1))

    async def _run(self) -> None:
        async with self._manager.run():
            self._started.set_result(None)
            await self._stop.wait()

    def open(self, incoming: Incoming) -> Exchange:
        """Hand a request to the SDK."""
        # Both hold for sessions that begin with this request.
        self._manager.json_response = self._core.assume["mcp_answer"] == "json"
        self._manager.stateless = self._core.assume["mcp_session"] == "none"
        exchange = Exchange(incoming, self._loop)
        asyncio.run_coroutine_threadsafe(exchange.run(self._manager.handle_request), self._loop)
        return exchange

    # Tools

    def _tools(self) -> dict[str, Tool]:
        """Give the tools that there are, by name."""
        names, account = self._core.assume["mcp_tool_names"], self._core.assume["mcp_account_tool"]
        return {tool.name(names): tool for tool in tools() if account == "listed" or tool.path != "/account"}

    def _schema(self, tool: Tool) -> Row:
        more = arguments_of(self._core.assume["mcp_confirmation"]) if tool.orders else None
        return tool.schema(takes_key=self._core.assume["mcp_idempotency_key"] == "argument", more=more)

    def _schema_of(self, name: str) -> Row | None:
        tool = self._tools().get(name)
        return self._schema(tool) if tool else None

    async def _list(self, context: t.Any, _params: t.Any) -> types.ListToolsResult:
        """Give the tools that the key may use."""
        scopes = context.request.scope["h444.exchange"].incoming.scopes
        return types.ListToolsResult(
            tools=[self._shown(name, tool) for name, tool in self._tools().items() if tool.scope in scopes]
        )

    def _shown(self, name: str, tool: Tool) -> types.Tool:
        orders = " It debits the wallet, and is confirmed twice." if tool.orders else ""
        return types.Tool(
            name=name,
            description=tool.description + orders,
            input_schema=self._schema(tool),
            annotations=types.ToolAnnotations(
                read_only_hint=tool.method == "GET",
                destructive_hint=tool.method == "DELETE" or tool.scope.endswith(":destroy"),
                idempotent_hint=tool.resend == "always",
                open_world_hint=False,
            ),
        )

    async def _call(self, context: t.Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        """Call a tool. Raises MCPError if there is none of this name."""
        tool, arguments = self._tools().get(params.name), dict(params.arguments or {})
        if tool is None:
            name = params.name[:MOST_MESSAGE].encode("utf-8", "replace").decode()
            raise MCPError(types.INVALID_PARAMS, f"Unknown tool: {name}")
        wrong = self._wrong(tool, arguments)
        if wrong:
            return _text(wrong, is_error=True)
        exchange: Exchange = context.request.scope["h444.exchange"]
        answer = await exchange.carried_out(lambda: self._carry_out(exchange.incoming, tool, params.name, arguments))
        return _result(answer)

    def _wrong(self, tool: Tool, arguments: Row) -> str:
        """Say what is wrong with the arguments of a call, in one sentence; empty if nothing is."""
        if not _is_text(arguments):
            return "Invalid arguments: half of a surrogate pair is no text"
        found = jsonschema.Draft202012Validator(self._schema(tool)).iter_errors(arguments)
        error = jsonschema.exceptions.best_match(found)
        if error is None:
            return ""
        where = ".".join(str(part) for part in error.absolute_path)
        text = error.message if len(error.message) <= MOST_MESSAGE else f"it breaks the rule {error.validator}"
        return f"Invalid arguments: {where + ': ' if where else ''}{text}"

    def _carry_out(self, incoming: Incoming, tool: Tool, name: str, arguments: Row) -> Answer:
        """Send what a tool sends, or what asks for the confirmations of an order."""
        instead = self._orders.step(tool, name, arguments, incoming.api_key) if tool.orders else None
        return incoming.call(name, request_of(tool, arguments), instead)


class Exchange:
    """One request of HTTP on its way through the SDK, and back into the thread of its connection."""

    def __init__(self, incoming: Incoming, loop: asyncio.AbstractEventLoop) -> None:
        self.incoming = incoming
        self._loop = loop
        self._to_do: queue.Queue[tuple[Future[Answer], Work] | Row | None] = queue.Queue()
        self._gone = asyncio.Event()
        self._is_read = False

    # In the thread of the SDK

    async def run(self, app: t.Callable[..., t.Awaitable[None]]) -> None:
        """Let the SDK answer."""
        incoming = self.incoming
        token = AccessToken(token=incoming.api_key, client_id=incoming.api_key, scopes=incoming.scopes)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": incoming.method,
            "scheme": "http",
            "path": "/mcp",
            "raw_path": b"/mcp",
            "root_path": "",
            "query_string": incoming.query.encode("latin-1", "replace"),
            "headers": [(n.lower().encode("latin-1"), v.encode("latin-1", "replace")) for n, v in incoming.headers],
            "state": {},
            # A session belongs to the key that began it.
            "user": AuthenticatedUser(token),
            "h444.exchange": self,
        }
        try:
            await app(scope, self._receive, self._send)
        finally:
            self._to_do.put(None)

    async def _receive(self) -> Row:
        if not self._is_read:
            self._is_read = True
            return {"type": "http.request", "body": self.incoming.body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: t.MutableMapping[str, t.Any]) -> None:
        self._to_do.put(dict(message))

    async def carried_out(self, work: Work) -> Answer:
        """Let the thread of the connection do something. What has begun is done also if the call is cancelled."""
        future: Future[Answer] = Future()
        self._to_do.put((future, work))
        return await asyncio.wrap_future(future)

    # In the thread of the connection

    def messages(self) -> t.Iterator[Row]:
        """Give what the SDK sends, and do meanwhile what it asks for."""
        while True:
            try:
                item = self._to_do.get(timeout=POLL_SECONDS)
            except queue.Empty:
                if self.incoming.is_gone():
                    self._loop.call_soon_threadsafe(self._gone.set)
                continue
            if item is None:
                return
            if isinstance(item, tuple):
                _do(*item)
            else:
                yield item

    def leave(self) -> None:
        """Tell the SDK that nobody reads any more."""
        self._loop.call_soon_threadsafe(self._gone.set)


def _do(future: Future[Answer], work: Work) -> None:
    """Do something for the SDK, if it still waits for it."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work())
    except BaseException as exc:
        future.set_exception(exc)


def _result(answer: Answer) -> types.CallToolResult:
    """Give an answer of the API as the result of a tool."""
    if isinstance(answer.body, bytes):
        return _text(answer.body.decode("utf-8", "replace"), is_error=answer.status >= 400)
    if answer.body is None:
        return _text("Done.", is_error=answer.status >= 400)
    result = _text(json.dumps(answer.body), is_error=answer.status >= 400)
    # Up to 2025-11-25, it must be an object. What the API takes may be no text.
    result.structured_content = answer.body if isinstance(answer.body, dict) and _is_text(answer.body) else None
    return result


def _is_text(value: t.Any) -> bool:
    """Say whether each text in a value can be sent: JSON can also have half of a surrogate pair."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(text: str, *, is_error: bool) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=is_error)
