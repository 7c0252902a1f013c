# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A transport for requests that asks the core directly: no socket, for unit tests."""

from __future__ import annotations

import io
import json
import typing as t
from email.utils import formatdate
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from .calls import Answer
from .core import Core
from .oauth import OAuth


class SimulatorAdapter(BaseAdapter):
    """Mount it on a session: every request goes to *core*."""

    def __init__(self, core: Core) -> None:
        super().__init__()
        self.core = core

    def send(self, request: t.Any, **_options: t.Any) -> requests.Response:
        """Answer one request."""
        parts = urlsplit(request.url)
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        if parts.path.startswith(("/oauth/", "/.well-known/")):
            answer = self._sign_in(request, parts, body)
        else:
            answer = self.core.handle(
                request.method, parts.path[3:], dict(parse_qsl(parts.query)), dict(request.headers), body
            )
        return self.respond(request, answer)

    def respond(self, request: t.Any, answer: Answer) -> requests.Response:
        """Give an answer the form in which requests hands it over."""
        data = (
            b""
            if answer.body is None
            else answer.body
            if isinstance(answer.body, bytes)
            else json.dumps(answer.body).encode()
        )
        response = requests.Response()
        response.status_code = answer.status
        usual = {"Content-Type": "application/json", "Date": formatdate(self.core.now(), usegmt=True)}
        response.headers = requests.structures.CaseInsensitiveDict({**usual, **answer.headers})
        response.request, response.url = request, request.url
        response.raw = HTTPResponse(io.BytesIO(data), preload_content=False, status=answer.status)
        return response

    def _sign_in(self, request: t.Any, parts: t.Any, body: bytes) -> Answer:
        is_json = "json" in request.headers.get("Content-Type", "")
        form = {} if is_json else dict(parse_qsl(body.decode()))
        origin = f"{parts.scheme}://{parts.netloc}"
        document = json.loads(body) if is_json else None
        status, reply = OAuth(self.core).handle(request.method, parts.path, form, origin, document)
        return Answer(status, {}, reply)

    def close(self) -> None:
        """There is nothing to close."""
