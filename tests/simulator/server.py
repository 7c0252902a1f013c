# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTP front: the API under /v1, OAuth beside it, the control API under /_sim.

Faults need the bare socket, so this is the standard library's server, a thread for each connection.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import threading
import time
import typing as t
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, urlsplit

from . import pages
from .account import Handler as Endpoint
from .calls import Answer, No
from .control import Control, Unknown
from .core import Core
from .faults import Faults, spoiled
from .journal import Journal
from .mcp_tools import ApiRequest, Incoming
from .oauth import OAuth

if t.TYPE_CHECKING:  # it needs the SDK of MCP
    from .mcp_door import Door, Exchange

JOURNAL_BODY = 4096
MOST_BODY = 4 << 20


OF_CONNECTION = ("Connection", "Content-Length", "Date", "Server", "Transfer-Encoding")


def _message_in(body: bytes) -> str | None:
    """Give the name of the tool that a message of MCP calls, or the method of another message."""
    try:
        message = json.loads(body)
        name = message["params"]["name"] if message["method"] == "tools/call" else message["method"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return None
    return name[:100] if isinstance(name, str) else None


def _error(status: int, message: str, reason: str) -> Answer:
    return Answer(status, {}, {"statusCode": status, "message": message, "error": reason})


def _as_bytes(body: t.Any) -> bytes:
    if body is None:
        return b""
    return body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()


class Called(t.NamedTuple):
    """What a tool of MCP called of the API: its row in the journal, its fault and its status."""

    row: dict[str, t.Any]
    fault: dict[str, t.Any] | None
    status: int


class Simulator(ThreadingHTTPServer):
    """One account, served."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, core: Core, state_file: Path | None = None, terminal: int | None = None) -> None:
        """*terminal*: the file descriptor on which each request is a line."""
        super().__init__(("127.0.0.1", port), Handler)
        self.core = core
        self.terminal = terminal
        self.faults = Faults(route.path for route in core.routes)
        self.faults.set(core.faults())
        self.oauth = OAuth(core)
        self.journal = Journal()
        self.control = Control(core, self.oauth, self.faults, self.journal)
        self.mcp: Door | None = None
        """The second door, if there is one."""
        self.state_file = state_file
        self.save_lock = threading.Lock()
        self.origin = "http://127.0.0.1:%d" % self.server_address[1]

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """Say nothing about a client that has gone away."""
        kind = sys.exc_info()[0]
        if kind is None or not issubclass(kind, OSError):
            super().handle_error(request, client_address)

    def tell(self, line: str) -> None:
        """Write a line on the terminal. Where nobody reads any more, the simulator ends."""
        if self.terminal is None:
            return
        try:
            # Not by print: a thread that holds the stream's lock would stop the interpreter from ending quietly.
            os.write(self.terminal, (line + "\n").encode("utf-8", "backslashreplace"))
        except BrokenPipeError:
            self.terminal = None
            threading.Thread(target=self.shutdown, daemon=True).start()
        except OSError:
            self.terminal = None

    def write_state(self) -> None:
        """Write the state file, where there is one. Raises OSError."""
        if self.state_file is None:
            return
        with self.save_lock:
            text = json.dumps(self.core.state())
            beside = self.state_file.with_name(self.state_file.name + ".new")
            beside.write_text(text)
            beside.replace(self.state_file)

    def save(self) -> None:
        """Write the state file; one that can't be written any more costs no reply."""
        try:
            self.write_state()
        except OSError as exc:
            self.tell(f"simulator: {self.state_file} can't be written ({exc.strerror}); the account is not kept.")


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "444Host-simulator"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Simulator
    _status: int | None = None
    _fault: str | None = None
    _by_mcp: Called | None = None

    def log_message(self, format: str, *args: t.Any) -> None:
        """A request has its own line, with the fault that it met."""

    def send_response(self, code: int, message: str | None = None) -> None:
        """Note the status for the terminal."""
        self._status = code
        super().send_response(code, message)

    def _tell(self) -> None:
        """Write this request's line: method, path, status, fault."""
        shown = self.path[:200] + (f" {self._by_mcp.row['mcp']}" if self._by_mcp else "")
        path = "".join(letter if letter.isprintable() else "\\x%02x" % ord(letter) for letter in shown)
        outcome = "no reply" if self._status is None else str(self._status)
        self.server.tell(f"{self.command:<7}{path}  {outcome}" + (f"  (fault: {self._fault})" if self._fault else ""))

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Give the Date header by the simulator's clock."""
        return super().date_time_string(int(self.server.core.now()) if timestamp is None else timestamp)

    def _any(self) -> None:
        self._status = None
        self._fault = None
        self._by_mcp = None
        try:
            self._route()
        finally:
            # The page asks each second.
            if not self.path.startswith("/_sim/overview"):
                self._tell()

    def _route(self) -> None:
        """Hand a request to the part of the simulator that answers its path."""
        body = self._read_body()
        if body is None:
            self.close_connection = True
            self._send(_error(400, "A body with Content-Length, of 4 MiB at most.", "Bad Request"))
            return
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        if parts.path.startswith("/_sim/"):
            self._control(parts.path[6:], query, body)
        elif parts.path == "/v1" or parts.path.startswith("/v1/"):
            self._answer(parts.path[3:], query, body, lambda: self._api(parts.path[3:], query, body))
        elif parts.path == "/mcp":
            self._mcp(parts.query, body)
        elif parts.path == "/" and self.command in ("GET", "HEAD"):
            self._send(pages.overview_page())
        elif parts.path == "/oauth/device" and self.command in ("GET", "POST"):
            self._answer(parts.path, {}, body, lambda: self._page(parts, body))
        elif parts.path.startswith(("/oauth/", "/.well-known/")):
            self._answer(parts.path, {}, body, lambda: self._sign_in(parts.path, body))
        else:
            self._send(_error(404, f"Cannot {self.command} {parts.path}", "Not Found"))

    def _read_body(self) -> bytes | None:
        """Read the request's body; None if its length is not said, or is too much."""
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            return None
        if not 0 <= length <= MOST_BODY or self.headers.get("Transfer-Encoding"):
            return None
        return self.rfile.read(length) if length else b""

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = _any

    # The API, the sign-in, and the page of the sign-in: each gives its answer, and whether anything was changed

    def _api(self, path: str, query: dict[str, str], body: bytes) -> tuple[Answer, bool]:
        core = self.server.core
        return core.handle(self.command, path, query, dict(self.headers.items()), body), core.effect

    def _page(self, parts: SplitResult, body: bytes) -> tuple[Answer, bool]:
        given = parts.query if self.command == "GET" else body.decode("utf-8", "replace")
        status, page = self.server.oauth.page(self.command, dict(parse_qsl(given)))
        return Answer(status, dict(pages.HEADERS), page), status < 300 and self.command == "POST"

    def _sign_in(self, path: str, body: bytes) -> tuple[Answer, bool]:
        document = None
        if "json" in self.headers.get("Content-Type", ""):
            try:
                document = json.loads(body)
            except ValueError:
                pass
        form = dict(parse_qsl(body.decode("utf-8", "replace")))
        status, found = self.server.oauth.handle(self.command, path, form, self.server.origin, document)
        return Answer(status, {"Cache-Control": "no-store"}, found), status < 300 and self.command == "POST"

    # MCP

    def _mcp(self, query: str, body: bytes) -> None:
        """Answer a message of MCP. What its tool calls of the API is noted and spoiled as a request to the API."""
        door, core = self.server.mcp, self.server.core
        if door is None:
            text = f"Cannot {self.command} /mcp: the simulator answers MCP if it is started with --mcp."
            self._send(_error(404, text, "Not Found"))
            return
        try:
            with core.lock:
                api_key = core.authenticate({name.lower(): value for name, value in self.headers.items()})
                scopes = list(core.keys[api_key]["scopes"])
        except No as no:
            refusal = core.refusal(no, {"WWW-Authenticate": "Bearer"})
            self._answer("/mcp", {}, body, lambda: (refusal, False))
            return
        given = Incoming(
            self.command, query, self.headers.items(), body, api_key, scopes, self._call_by_mcp, self._is_gone
        )
        exchange = door.open(given)
        try:
            self._exchange(exchange, body)
        finally:
            exchange.leave()

    def _exchange(self, exchange: Exchange, body: bytes) -> None:
        """Send what the SDK of MCP answers; meanwhile, its tool is called in this thread."""
        messages = exchange.messages()
        head = next(messages, {"status": 500, "headers": []})
        headers = {name.decode("latin-1").title(): value.decode("latin-1") for name, value in head["headers"]}
        is_stream = self.command == "GET" and head["status"] == 200
        parts = [] if is_stream else [message.get("body", b"") for message in messages]
        answer = Answer(head["status"], {n: v for n, v in headers.items() if n not in OF_CONNECTION}, b"".join(parts))
        if self._by_mcp is None:
            row = self._noted("/mcp", {}, body, mcp=_message_in(body))
            self._by_mcp = Called(row, self._next_fault(row, repr(body)), answer.status)
        row, fault, status = self._by_mcp
        try:
            if fault is None:
                row["status"] = status
            elif fault["kind"] == "truncate":  # a reply of events is whole as soon as its one event is
                answer = answer._replace(body=answer.body[: len(answer.body) // 2])
            if fault:
                self._spoil(fault, answer, row)
            elif is_stream:
                self._stream(answer, messages)
            else:
                self._send(answer)
            if fault is None or fault["kind"] == "delay":
                self._status = row["status"] = status
        finally:
            self.server.journal.done(row)

    def _call_by_mcp(self, tool: str, request: ApiRequest, instead: Endpoint | None) -> Answer:
        """Send a request to the API for a tool; see Core.handle for *instead*, which makes it a message of MCP only."""
        core = self.server.core
        path, method = ("/mcp", "") if instead else (request.path, request.method)
        row = self._noted(path, request.query, request.body, method, tool)
        fault = self._next_fault(row, f"{sorted(request.query.items())} {request.body!r}")
        headers = {**request.headers, "authorization": self.headers.get("Authorization", "")}

        def handle() -> tuple[Answer, bool]:
            answer = core.handle(request.method, request.path, request.query, headers, request.body, instead)
            return answer, core.effect

        answer = self._carried_out(row, fault, handle)
        self._by_mcp = Called(row, fault, answer.status)
        return answer

    def _stream(self, answer: Answer, messages: t.Iterator[dict[str, t.Any]]) -> None:
        """Send a stream that ends when the session does."""
        self.close_connection = True
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.flush()
        for message in messages:
            self.wfile.write(message.get("body", b""))
            self.wfile.flush()

    def _is_gone(self) -> bool:
        """Say whether the client has closed the connection."""
        try:
            return not self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    # Faults and replies

    def _answer(
        self, path: str, query: dict[str, str], body: bytes, handle: t.Callable[[], tuple[Answer, bool]]
    ) -> None:
        """Note a request, and answer it."""
        row = self._noted(path, query, body)
        try:
            self._meet(row, path, query, body, handle)
        finally:
            self.server.journal.done(row)

    def _meet(
        self,
        row: dict[str, t.Any],
        path: str,
        query: dict[str, str],
        body: bytes,
        handle: t.Callable[[], tuple[Answer, bool]],
    ) -> None:
        """Carry out a request, or not, as its fault says, and send the answer."""
        fault = self._next_fault(row, f"{sorted(query.items())} {body!r}")
        answer = self._carried_out(row, fault, handle)
        if fault:
            self._spoil(fault, answer, row)
        else:
            self._send(answer)

    def _next_fault(self, row: dict[str, t.Any], rest: str) -> dict[str, t.Any] | None:
        """Give the fault that a request meets. *rest*: what else the request is known by."""
        fault = self.server.faults.next(row["method"], row["path"], rest)
        row["fault"] = self._fault = fault["kind"] if fault else None
        return fault

    def _carried_out(
        self,
        row: dict[str, t.Any],
        fault: dict[str, t.Any] | None,
        handle: t.Callable[[], tuple[Answer, bool]],
    ) -> Answer:
        """Carry out a request and give its answer; an empty one if its fault comes before that."""
        if fault and fault["when"] == "before":
            if fault["kind"] != "delay":
                return Answer(200, {}, {})
            time.sleep(float(fault.get("seconds", 1)))
            fault["seconds"] = 0
        answer, row["effect"] = handle()
        if row["effect"]:
            self.server.core.settle()
            self.server.save()
        if not fault:
            row["status"] = answer.status
            if answer.status < 300:
                self.server.journal.answered.add(f"{row['method']} {row['path']}")
        return answer

    def _noted(
        self, path: str, query: dict[str, str], body: bytes, method: str = "", mcp: str | None = None
    ) -> dict[str, t.Any]:
        """Add a request to the journal; what becomes of it is added to this row. *mcp*: the tool that sends it."""
        row: dict[str, t.Any] = {
            "method": method or self.command,
            "path": path,
            "query": query,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": self._body_for_journal(body),
            "status": None,
            "effect": False,
            "fault": None,
            "mcp": mcp,
            "at": time.time(),
        }
        self.server.journal.add(row)
        return row

    @staticmethod
    def _body_for_journal(body: bytes) -> t.Any:
        text = body.decode("utf-8", "replace")
        if not body or len(body) >= JOURNAL_BODY:
            return text[:JOURNAL_BODY] or None
        try:
            return json.loads(body)
        except ValueError:
            return text

    def _send(self, answer: Answer) -> None:
        data = _as_bytes(answer.body)
        has_body = answer.status not in (204, 304)
        self.send_response(answer.status)
        if answer.body is not None and "Content-Type" not in answer.headers:
            self.send_header("Content-Type", "application/json; charset=utf-8")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if has_body:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD" and has_body:
            self.wfile.write(data)
        self.wfile.flush()

    def _spoil(self, fault: dict[str, t.Any], answer: Answer, row: dict[str, t.Any]) -> None:
        """Send a spoiled reply, or part of one, or none."""
        if fault["kind"] == "delay":
            time.sleep(float(fault.get("seconds", 1)))
        reply = answer if fault["kind"] == "delay" else spoiled(fault)
        if reply is not None:
            row["status"] = reply.status
            self._send(reply)
            return
        self.close_connection = True
        if fault["kind"] == "hang":
            time.sleep(float(fault.get("seconds", 60)))
        elif fault["kind"] in ("truncate", "drip"):
            data = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            self._send_slowly(data, fault, answer.headers.get("Content-Type", "application/json"))
        self._hang_up(is_reset=fault["kind"] == "reset")

    def _send_slowly(self, data: bytes, fault: dict[str, t.Any], content_type: str) -> None:
        """Send a body byte by byte: with pauses (drip), or with a length that is never reached (truncate)."""
        is_drip = fault["kind"] == "drip"
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data) if is_drip else len(data) + 100))
        self.end_headers()
        self.wfile.flush()
        for position in range(len(data)):
            self.wfile.write(data[position : position + 1])
            if is_drip:
                self.wfile.flush()
                time.sleep(float(fault.get("interval", 0.5)))
        self.wfile.flush()

    def _hang_up(self, *, is_reset: bool) -> None:
        """Close the connection, or reset it."""
        try:
            if is_reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
            else:
                self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    # The control API

    def _control(self, name: str, query: dict[str, str], body: bytes) -> None:
        try:
            answer = Answer(200, {}, self.server.control.run(self.command, name, query, body))
        except Unknown:
            text = f"There is no control command {self.command} {name}; tests/simulator/README.md lists them."
            answer = _error(404, text, "Not Found")
        except ValueError as exc:  # a sentence of ours
            answer = _error(400, str(exc)[:500], "Bad Request")
        except (KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            text = f"The body does not fit {name}; tests/simulator/README.md says what it takes."
            answer = _error(400, text, "Bad Request")
        if answer.status == 200 and self.command != "GET":
            self.server.core.settle()
            self.server.save()
        self._send(answer)
