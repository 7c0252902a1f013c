# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands between client and simulator, and rewrites answers: for replies that no switch of the simulator can give."""

from __future__ import annotations

import contextlib
import json
import threading
import typing as t
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Rewrite = t.Callable[[str, str, t.Any], t.Any]
"""(method, path below /v1, body of an answer that is no error) -> the body to send instead"""


@contextlib.contextmanager
def rewriting(origin: str, rewrite: Rewrite) -> t.Iterator[str]:
    """Serve in front of *origin*; gives the URL of the API there."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_args: t.Any) -> None:  # pylint: disable=arguments-differ
            """Say nothing."""

        def _pass_on(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
            headers = {
                name: value
                for name, value in self.headers.items()
                if name.lower() not in ("host", "connection", "accept-encoding")
            }
            request = urllib.request.Request(origin + self.path, data, headers, method=self.command)
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            try:
                with opener.open(request, timeout=30) as answer:
                    status, body = answer.status, answer.read()
                if body:
                    path = self.path.split("?")[0]
                    path = path[3:] if path.startswith("/v1") else path
                    body = json.dumps(rewrite(self.command, path, json.loads(body))).encode()
            except urllib.error.HTTPError as error:
                status, body = error.code, error.read()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield "http://127.0.0.1:%d/v1" % server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
