# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTP front: the API under /v1, OAuth beside it, the control API under /_sim. Faults need the bare socket, so this is
the standard library's server, a thread for each connection."""

from __future__ import annotations

import functools
import json
import os
import re
import socket
import struct
import sys
import threading
import time
import typing as t
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from . import assumed, pages
from .core import Answer, Core
from .faults import Faults
from .oauth import OAuth

JOURNAL_BODY = 4096


@functools.lru_cache(maxsize=1)
def bomb() -> bytes:
    """Give 200 MiB of zeros, gzipped."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b"0" * (1 << 20)
    return b"".join(packer.compress(block) for _mib in range(200)) + packer.flush()


def _control_body(body: bytes) -> t.Any:
    """Read the body of a control command; none is an empty object. Raises ValueError with a sentence."""
    try:
        return json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError):
        raise ValueError("the body is not JSON") from None


def _text_in(given: dict[str, t.Any], name: str) -> str:
    """Read a text of a control command; a number is an id. Raises ValueError with a sentence."""
    value = given.get(name)
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
        raise ValueError(f"{name} is needed, a text")
    return str(value)


class Simulator(ThreadingHTTPServer):
    """One account, served."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, core: Core, state_file: Path | None = None, terminal: int | None = None) -> None:
        """*terminal*: the file descriptor on which each request is a line."""
        super().__init__(("127.0.0.1", port), Handler)
        self.core = core
        self.terminal = terminal
        self.faults = Faults(route[1] for route in core.routes)
        self.oauth = OAuth(core)
        self.journal: list[dict[str, t.Any]] = []
        self.journal_lock = threading.Lock()
        self.answered: set[str] = set()
        self.state_file = state_file
        self.save_lock = threading.Lock()
        self.origin = "http://127.0.0.1:%d" % self.server_address[1]

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """Say nothing of a client that went away."""
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

    def log_message(self, format: str, *args: t.Any) -> None:
        """A request has its own line, with the fault that it met."""

    def send_response(self, code: int, message: str | None = None) -> None:
        """Note the status for the terminal."""
        self._status = code
        super().send_response(code, message)

    def _tell(self) -> None:
        """Write this request's line: method, path, status, fault."""
        path = "".join(letter if letter.isprintable() else "\\x%02x" % ord(letter) for letter in self.path[:200])
        told = "no reply" if self._status is None else str(self._status)
        self.server.tell(f"{self.command:<7}{path}  {told}" + (f"  (fault: {self._fault})" if self._fault else ""))

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Give the Date header by the simulator's clock."""
        return super().date_time_string(int(self.server.core.now()) if timestamp is None else timestamp)

    def _any(self) -> None:
        self._status: int | None = None
        self._fault: str | None = None
        try:
            self._route()
        finally:
            self._tell()

    def _route(self) -> None:
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            length = -1
        if not 0 <= length <= 1 << 22 or self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            self._send(
                400,
                {},
                {"statusCode": 400, "message": "A body with Content-Length, of 4 MiB at most.", "error": "Bad Request"},
            )
            return
        body = self.rfile.read(length) if length else b""
        parts = urlsplit(self.path)
        if parts.path.startswith("/_sim/"):
            self._control(parts.path[6:], dict(parse_qsl(parts.query)), body)
        elif parts.path == "/v1" or parts.path.startswith("/v1/"):
            self._api(parts.path[3:], dict(parse_qsl(parts.query)), body)
        elif parts.path == "/oauth/device" and self.command in ("GET", "POST"):
            given = parts.query if self.command == "GET" else body.decode("utf-8", "replace")
            self._answer(parts.path, {}, body, lambda: self._page(dict(parse_qsl(given))))
        elif parts.path.startswith(("/oauth/", "/.well-known/")):
            form = dict(parse_qsl(body.decode("utf-8", "replace")))
            document = None
            if "json" in self.headers.get("Content-Type", ""):
                try:
                    document = json.loads(body)
                except ValueError:
                    document = None
            self._answer(parts.path, {}, body, lambda: self._sign_in(parts.path, form, document))
        else:
            self._send(
                404, {}, {"statusCode": 404, "message": f"Cannot {self.command} {parts.path}", "error": "Not Found"}
            )

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = _any

    def _note(self, path: str, query: dict[str, str], body: bytes) -> dict[str, t.Any]:
        try:
            told: t.Any = (
                json.loads(body)
                if body and len(body) < JOURNAL_BODY
                else body.decode("utf-8", "replace")[:JOURNAL_BODY] or None
            )
        except ValueError:
            told = body.decode("utf-8", "replace")
        row: dict[str, t.Any] = {
            "method": self.command,
            "path": path,
            "query": query,
            "headers": {key.lower(): value for key, value in self.headers.items()},
            "body": told,
            "status": None,
            "effect": False,
            "fault": None,
            "at": time.time(),
        }
        with self.server.journal_lock:
            row["n"] = len(self.server.journal) + 1
            self.server.journal.append(row)
        return row

    def _page(self, form: dict[str, str]) -> tuple[Answer, bool]:
        status, page = self.server.oauth.page(self.command, form)
        return Answer(status, dict(pages.HEADERS), page), status < 300 and self.command == "POST"

    def _sign_in(self, path: str, form: dict[str, str], document: t.Any) -> tuple[Answer, bool]:
        status, found = self.server.oauth.handle(self.command, path, form, self.server.origin, document)
        return Answer(status, {"Cache-Control": "no-store"}, found), status < 300 and self.command == "POST"

    def _api(self, path: str, query: dict[str, str], body: bytes) -> None:
        def handle() -> tuple[Answer, bool]:
            return self.server.core.handle(
                self.command, path, query, dict(self.headers.items()), body
            ), self.server.core.effect

        self._answer(path, query, body, handle)

    def _answer(
        self, path: str, query: dict[str, str], body: bytes, handle: t.Callable[[], tuple[Answer, bool]]
    ) -> None:
        row = self._note(path, query, body)
        fault = self.server.faults.next(self.command, path)
        row["fault"] = self._fault = fault["kind"] if fault else None
        if fault and fault["when"] == "before" and fault["kind"] != "delay":
            self._spoil(fault, Answer(200, {}, {}), row)
            return
        if fault and fault["when"] == "before":
            time.sleep(float(fault.get("seconds", 1)))
            fault["seconds"] = 0
        answer, row["effect"] = handle()
        self.server.save() if row["effect"] else None
        if fault:
            self._spoil(fault, answer, row)
            return
        row["status"] = answer.status
        if answer.status < 300:
            self.server.answered.add(f"{self.command} {path}")
        self._send(*answer)

    def _send(self, status: int, headers: dict[str, str], body: t.Any) -> None:
        data = (
            b""
            if body is None
            else body
            if isinstance(body, bytes)
            else json.dumps(body, separators=(",", ":")).encode()
        )
        self.send_response(status)
        if body is not None and "Content-Type" not in headers:
            self.send_header("Content-Type", "application/json; charset=utf-8")
        for name, value in headers.items():
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD" and status not in (204, 304):
            self.wfile.write(data)
        self.wfile.flush()

    def _spoil(self, fault: dict[str, t.Any], answer: Answer, row: dict[str, t.Any]) -> None:
        kind = fault["kind"]
        data = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        if kind == "delay":
            time.sleep(float(fault.get("seconds", 1)))
            row["status"] = answer.status
            self._send(*answer)
        elif kind == "status":
            status = int(fault.get("status", 500))
            row["status"] = status
            told = fault.get("body", {"statusCode": status, "message": "Injected fault", "error": "Fault"})
            self._send(status, {str(key): str(value) for key, value in fault.get("headers", {}).items()}, told)
        elif kind == "html":
            row["status"] = int(fault.get("status", 200))
            self._send(
                row["status"],
                {"Content-Type": "text/html"},
                b"<html><head><title>Maintenance</title></head><body>Back soon</body></html>",
            )
        elif kind == "bad_json":
            row["status"] = 200
            self._send(200, {}, b'{"id": "broken", ')
        elif kind == "empty":
            row["status"] = 200
            self._send(200, {}, b"")
        elif kind == "redirect":
            row["status"] = int(fault.get("status", 302))
            self._send(row["status"], {"Location": fault.get("location", "http://127.0.0.1:9/")}, None)
        elif kind == "gzip_bomb":
            row["status"] = 200
            self._send(200, {"Content-Encoding": "gzip"}, bomb())
        else:
            self.close_connection = True
            if kind == "hang":
                time.sleep(float(fault.get("seconds", 60)))
            elif kind in ("truncate", "drip"):
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data) + (100 if kind == "truncate" else 0)))
                self.end_headers()
                self.wfile.flush()
                for position in range(len(data)):
                    self.wfile.write(data[position : position + 1])
                    if kind == "drip":
                        self.wfile.flush()
                        time.sleep(float(fault.get("interval", 0.5)))
                self.wfile.flush()
            if kind == "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            try:
                if kind == "reset":
                    self.connection.close()
                else:
                    self.connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    # The control API

    def _control(self, name: str, query: dict[str, str], body: bytes) -> None:
        try:
            found = self._command(self.command, name, query, _control_body(body))
        except ValueError as exc:  # a sentence of ours
            self._send(400, {}, {"statusCode": 400, "message": str(exc)[:500], "error": "Bad Request"})
            return
        except (KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            text = f"The body does not fit {name}; tests/simulator/README.md tells what it takes."
            self._send(400, {}, {"statusCode": 400, "message": text, "error": "Bad Request"})
            return
        if found is None:
            text = f"There is no control command {self.command} {name}; tests/simulator/README.md lists them."
            self._send(404, {}, {"statusCode": 404, "message": text, "error": "Not Found"})
            return
        if self.command != "GET":
            self.server.save()
        self._send(200, {}, found)

    def _command(self, method: str, name: str, query: dict[str, str], given: t.Any) -> t.Any:
        server, core = self.server, self.server.core
        if (method, name) == ("GET", "journal"):
            since = query.get("since", "0")
            if not re.fullmatch("[0-9]{1,9}", since):
                raise ValueError("since is a whole number")
            with server.journal_lock:
                return [row for row in server.journal if row["n"] > int(since)]
        if (method, name) == ("DELETE", "journal"):
            with server.journal_lock:
                server.journal.clear()
            return {}
        if name == "faults" and method in ("POST", "DELETE"):
            server.faults.set(given) if method == "POST" else server.faults.clear()
            return {}
        if (method, name) == ("GET", "state"):
            return core.state()
        if (method, name) == ("GET", "answered"):
            return sorted(server.answered)
        if (method, name) == ("GET", "assumptions"):
            return {
                key: {"value": core.assume[key], "values": list(switch.values), "silence": switch.silence}
                for key, switch in assumed.SWITCHES.items()
            }
        if method != "POST":
            return None
        if not isinstance(given, dict):
            raise ValueError("the body is an object")
        if name == "advance":
            seconds = given.get("seconds")
            if (
                isinstance(seconds, bool)
                or not isinstance(seconds, (int, float))
                or not 0 <= seconds <= 10 * 366 * 86400
            ):
                raise ValueError("seconds is a number from 0 to ten years")
            core.offset += seconds
            core.deliver()
            return {"now": core.stamp()}
        if name == "assume":
            core.assume.update({key: assumed.check(key, value) for key, value in given.items()})
            return core.assume
        if name == "reset":
            chosen = assumed.preset(given["preset"]) if "preset" in given else dict(core.assume)
            unknown = sorted(set(given) - {"preset", "assume"})
            if unknown:
                raise ValueError(f"reset takes no {', '.join(unknown)}; it takes preset and assume")
            chosen.update({key: assumed.check(key, value) for key, value in given.get("assume", {}).items()})
            core.assume = chosen
            core.reset()
            server.faults.clear()
            with server.journal_lock:
                server.journal.clear()
            return core.assume
        if name == "seed":
            return core.seed(given)
        if name == "staff_reply":
            core.staff_reply(_text_in(given, "ticket_id"), _text_in(given, "body"))
            return {}
        if name in ("oauth/approve", "oauth/deny"):
            server.oauth.decide(_text_in(given, "user_code"), "approved" if name.endswith("approve") else "denied")
            return {}
        return None
