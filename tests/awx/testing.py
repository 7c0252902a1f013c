# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for AWX 24.6, or for the gateway of a newer platform: an HTTP server in a thread of the test."""

from __future__ import annotations

import base64
import json
import threading
import typing as t
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

from .model import APPROVALS, FIELDS, NODES, PROJECTS, RELATIONS, TEMPLATES, WORKFLOWS, Model, Refused, Row

TOKEN, READING_TOKEN = "awx-token-that-may-write", "awx-token-that-may-read"
USERNAME, PASSWORD = "admin", "awx-password-of-admin"
DOORS = {"awx": "/api/v2/", "gateway": "/api/controller/v2/"}
NO_CREDENTIALS = (
    "Authentication credentials were not provided. To establish a login session, visit /api/login/."  # as AWX says it
)
PLAYBOOKS = ("provision", "power", "reverse_dns", "export", "apply", "drift", "report")
READ_ONLY = ("organizations",)


class Request(t.NamedTuple):
    """A request that came in."""

    method: str
    path: str
    body: t.Any
    is_signed: bool


class StandIn:
    """A running stand-in."""

    token, reading_token, username, password = TOKEN, READING_TOKEN, USERNAME, PASSWORD

    def __init__(self, kind: str = "awx", page_size: int = 200) -> None:
        """*page_size*: the most rows that a page has."""
        self.kind = kind
        self.door = DOORS[kind]
        self.page_size = page_size
        self.model = Model()
        self.requests: list[Request] = []
        self.answers: dict[str, tuple[int, bytes, dict[str, str]]] = {}
        """answers to "METHOD /path" that replace those of AWX"""
        self.lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> StandIn:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def serve_project(self, url: str, *, folder: str = "", without: t.Collection[str] = ()) -> None:
        """Have a repository with a file for each playbook of the collection."""
        names = [name for name in PLAYBOOKS if name not in without]
        self.model.repositories[url] = [f"{folder}{name}.yml" for name in names]

    def writes(self) -> list[Request]:
        """Give every request that was no GET."""
        return [one for one in self.requests if one.method != "GET"]

    def names(self, kind: str) -> list[str]:
        """Name the objects of a kind."""
        return [row["name"] for row in self.model.rows[kind].values()]

    # Answers

    def answer(self, method: str, target: str, headers: t.Mapping[str, str], data: bytes) -> tuple[int, t.Any]:
        """Answer a request of AWX."""
        path, query = urlsplit(target).path, dict(parse_qsl(urlsplit(target).query, keep_blank_values=True))
        body = json.loads(data) if data else None
        self.requests.append(Request(method, path, body, "Authorization" in headers))
        root = self._root(path)
        if root is not None and method == "GET":
            return 200, root
        if not path.startswith(self.door):
            return 404, {"detail": "The requested resource could not be found."}
        parts = path[len(self.door) :].strip("/").split("/")
        try:
            self._authorize(method, headers.get("Authorization", ""))
            return self._route(method, parts, query, body)
        except Refused as error:
            return error.status, error.body

    def _root(self, path: str) -> t.Any:
        roots = {
            "awx": {"/api/": {"description": "AWX REST API", "current_version": "/api/v2/"}},
            "gateway": {
                "/api/": {
                    "description": "AAP gateway REST API",
                    "apis": {"gateway": "/api/gateway/", "controller": "/api/controller/", "eda": "/api/eda/"},
                },
                "/api/controller/": {"description": "AWX REST API", "current_version": "/api/controller/v2/"},
            },
        }
        return roots[self.kind].get(path)

    def _authorize(self, method: str, header: str) -> None:
        pair = base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
        if header not in (f"Bearer {TOKEN}", f"Bearer {READING_TOKEN}", f"Basic {pair}"):
            raise Refused(401, {"detail": NO_CREDENTIALS})
        if header == f"Bearer {READING_TOKEN}" and method != "GET":
            raise Refused(403, {"detail": "You do not have permission to perform this action."})

    def _route(self, method: str, parts: list[str], query: dict[str, str], body: t.Any) -> tuple[int, t.Any]:
        kind = parts[0]
        if kind not in FIELDS:
            raise Refused(404, {"detail": "The requested resource could not be found."})
        if kind in READ_ONLY and method != "GET":
            raise Refused(405, {"detail": f'Method "{method}" not allowed.'})
        if len(parts) == 1:
            return self._collection(method, kind, query, body)
        if not parts[1].isdigit():
            raise Refused(404, {"detail": "Not found."})
        row = self.model.get(kind, int(parts[1]))
        if len(parts) == 2:
            return self._detail(method, kind, row, body)
        return self._related(method, kind, row, parts[2], body)

    def _collection(self, method: str, kind: str, query: dict[str, str], body: t.Any) -> tuple[int, t.Any]:
        if method == "POST" and kind != APPROVALS:
            return 201, self.model.shown(kind, self.model.create(kind, body), self.door)
        if method != "GET":
            raise Refused(405, {"detail": f'Method "{method}" not allowed.'})
        rows = [row for row in self.model.rows[kind].values() if self._fits(kind, row, query)]
        return 200, self._page(kind, rows, query, f"{self.door}{kind}/")

    def _fits(self, kind: str, row: Row, query: dict[str, str]) -> bool:
        for name, value in query.items():
            field, _sep, lookup = name.partition("__")
            if field in ("page", "page_size", "order_by"):
                continue
            if field == "credentials" and kind in (TEMPLATES, "inventory_sources"):
                current: t.Any = [str(one) for one in row.get("_credentials", ())]
            elif field in row or field in FIELDS[kind]:
                current = [str(row.get(field))]
            else:
                raise Refused(400, {"detail": f"{kind} has no field named '{field}'"})
            if not any(one.startswith(value) if lookup == "startswith" else one == value for one in current):
                return False
        return True

    def _page(self, kind: str, rows: list[Row], query: dict[str, str], path: str) -> t.Any:
        size = min(int(query.get("page_size", 25)), self.page_size)
        number = int(query.get("page", 1))
        start, end = (number - 1) * size, number * size
        following = f"{path}?{urlencode({**query, 'page': number + 1})}" if end < len(rows) else None
        shown = [self.model.shown(kind, row, self.door) for row in rows[start:end]]
        return {"count": len(rows), "next": following, "previous": None, "results": shown}

    def _detail(self, method: str, kind: str, row: Row, body: t.Any) -> tuple[int, t.Any]:
        if method == "PATCH":
            self.model.change(kind, row, body)
        elif method == "DELETE":
            return self.model.remove(kind, row), None
        elif method != "GET":
            raise Refused(405, {"detail": f'Method "{method}" not allowed.'})
        return 200, self.model.shown(kind, row, self.door)

    def _related(self, method: str, kind: str, row: Row, name: str, body: t.Any) -> tuple[int, t.Any]:
        if name == "credentials" and kind in (TEMPLATES, "inventory_sources"):
            return self._credentials(method, kind, row, body)
        if name == "survey_spec" and kind in (TEMPLATES, WORKFLOWS):
            if method == "POST":
                self.model.set_survey(row, body)
                return 200, None
            return 200, row.get("_survey", {})
        if kind == PROJECTS and name == "playbooks":
            return 200, row.get("_playbooks", [])
        if kind == PROJECTS and name == "update" and method == "POST":
            self.model.sync(row)
            return 202, {"project_update": 1}
        if kind == NODES and method == "POST":
            return self._node(row, name, body)
        raise Refused(404, {"detail": "The requested resource could not be found."})

    def _credentials(self, method: str, kind: str, row: Row, body: t.Any) -> tuple[int, t.Any]:
        if method == "POST":
            self.model.attach_credential(kind, row, body)
            return 204, None
        rows = [self.model.rows["credentials"][number] for number in row.get("_credentials", ())]
        return 200, self._page("credentials", rows, {}, "")

    def _node(self, row: Row, name: str, body: t.Any) -> tuple[int, t.Any]:
        if name == "create_approval_template":
            return 201, self.model.shown(APPROVALS, self.model.approve(row, body), self.door)
        if name in RELATIONS:
            self.model.link(row, name, body)
            return 204, None
        raise Refused(404, {"detail": "The requested resource could not be found."})


def _handler(stand_in: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fixed = stand_in.answers.get(f"{self.command} {urlsplit(self.path).path}")
            if fixed is not None:
                self._send(*fixed)
                return
            with stand_in.lock:
                status, body = stand_in.answer(self.command, self.path, self.headers, data)
            text = b"" if body is None else json.dumps(body).encode()
            self._send(status, text, {"Content-Type": "application/json", "X-API-Product-Name": "AWX"})

        do_POST = do_PATCH = do_DELETE = do_PUT = do_GET

        def _send(self, status: int, text: bytes, headers: t.Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_args: t.Any) -> None:
            """Say nothing."""

    return Handler
