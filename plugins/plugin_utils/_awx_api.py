# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests to the REST API of AWX, or to that of the gateway of a newer platform. Every problem is one sentence."""

from __future__ import annotations

import base64
import http.client
import json
import re
import ssl
import typing as t
import urllib.error
import urllib.parse
import urllib.request

PAGE_SIZE = 200
MOST_PAGES = 500
MOST_CHARACTERS = 400
AGENT = "h444.cloud (role awx)"


class AwxError(Exception):
    """What went wrong, in one sentence and without secrets."""

    is_refusal = False
    """whether AWX answered that it did nothing"""


class Access(t.NamedTuple):
    """How to reach AWX."""

    url: str
    token: str = ""
    username: str = ""
    password: str = ""
    validate_certs: bool = True
    ca_path: str = ""
    timeout: int = 30


class Answer(t.NamedTuple):
    """What a request was answered."""

    status: int
    body: t.Any


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: it would send the credentials to another address."""

    def redirect_request(self, *_args: t.Any, **_more: t.Any) -> None:
        """Make no further request."""


class Awx:
    """One AWX. Its door is found by asking: /api/v2/, or /api/controller/v2/ behind a gateway."""

    def __init__(self, access: Access, secrets: t.Iterable[str] = ()) -> None:
        _check_header(access)
        self.access = access
        self.base = base_of(access.url)
        self.secrets = sorted({secret for secret in (access.token, access.password, *secrets) if secret}, key=len)
        self.door = ""
        self._opener = self._make_opener()

    def _make_opener(self) -> urllib.request.OpenerDirector:
        """Make what sends requests. It uses the proxies of the environment, and follows no redirection."""
        handlers: list[urllib.request.BaseHandler] = [_NoRedirection()]
        if self.base.startswith("https:"):
            try:
                context = ssl.create_default_context(cafile=self.access.ca_path or None)
            except (OSError, ValueError):
                raise AwxError("awx_ca_path: there is no certificate in %s." % self.access.ca_path) from None
            if not self.access.validate_certs:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            handlers.append(urllib.request.HTTPSHandler(context=context))
        return urllib.request.build_opener(*handlers)

    # The door

    def find_door(self) -> str:
        """Find the path of the API. This sends no credentials, because it may not be an AWX that answers."""
        root = self._root("/api/")
        apis = root.get("apis")
        if isinstance(apis, dict):
            if not _is_path(apis.get("controller")):
                raise AwxError("The platform at %s has no automation controller." % self.base)
            root = self._root(apis["controller"])
        version = root.get("current_version")
        if not _is_path(version):
            raise AwxError("%s is not an AWX: its /api/ names no version. Check awx_url." % self.base)
        self.door = str(version).rstrip("/") + "/"
        return self.door

    def _root(self, path: str) -> dict[str, t.Any]:
        answer = self._attempt("GET", self._address(path), None, {})
        if answer.status == 200 and isinstance(answer.body, dict):
            return answer.body
        said = "is no JSON" if answer.status == 200 else "answers %d" % answer.status
        raise AwxError("%s is not an AWX: its %s %s. Check awx_url." % (self.base, path, said))

    def _address(self, path: str) -> str:
        """Return the address of a path of the API. AWX may be below a path of its own, which it doesn't know."""
        prefix = urllib.parse.urlsplit(self.base).path
        if prefix and not path.startswith(prefix + "/"):
            path = prefix + path
        return urllib.parse.urljoin(self.base, path)

    # Requests

    def list(self, path: t.Iterable[t.Any], **filters: t.Any) -> list[dict[str, t.Any]]:
        """Return all rows of a list."""
        query = urllib.parse.urlencode({**filters, "page_size": PAGE_SIZE})
        address = "%s?%s" % (self._path(path), query)
        rows: list[dict[str, t.Any]] = []
        for _page in range(MOST_PAGES):
            body = self.send("GET", address).body
            if not isinstance(body, dict) or not isinstance(body.get("results"), list):
                raise AwxError("AWX answered GET %s with something that is not a list." % _short(address))
            rows += [row for row in body["results"] if isinstance(row, dict) and isinstance(row.get("id"), int)]
            following = body.get("next")
            if not following:
                return rows
            # Only the path: what AWX takes for its own host may be one that only its proxy knows.
            parts = urllib.parse.urlsplit(str(following))
            address = "%s?%s" % (parts.path, parts.query)
        raise AwxError("AWX answered GET %s with more than %d pages." % (_short(address), MOST_PAGES))

    def get(self, *path: t.Any) -> t.Any:
        """Return one object."""
        return self.send("GET", self._path(path)).body

    def write(self, method: str, path: t.Iterable[t.Any], body: t.Any) -> t.Any:
        """Send a request that writes, and return its answer. What is gone already needs no removal."""
        return self.send(method, self._path(path), body, fine=(404,) if method == "DELETE" else ()).body

    def _path(self, parts: t.Iterable[t.Any]) -> str:
        return self.door + "".join("%s/" % urllib.parse.quote(str(part), safe="") for part in parts)

    def send(self, method: str, path: str, body: t.Any = None, fine: t.Collection[int] = ()) -> Answer:
        """Send a request with the credentials. Raises: AwxError unless it succeeds."""
        answer = self._attempt(method, self._address(path), body, self._authorization())
        if 200 <= answer.status < 300 and answer.body is None:
            raise AwxError("AWX answered %s %s with something that is not JSON." % (method, _short(path)))
        if 200 <= answer.status < 300 or answer.status in fine:
            return answer
        error = AwxError(self.scrub(self._refusal(method, path, answer)))
        error.is_refusal = 400 <= answer.status < 500
        raise error

    def _authorization(self) -> dict[str, str]:
        if self.access.token:
            return {"Authorization": "Bearer %s" % self.access.token}
        pair = "%s:%s" % (self.access.username, self.access.password)
        return {"Authorization": "Basic %s" % base64.b64encode(pair.encode("utf-8")).decode("ascii")}

    def _attempt(self, method: str, address: str, body: t.Any, headers: dict[str, str]) -> Answer:
        data = None if body is None else json.dumps(body).encode("utf-8")
        request = urllib.request.Request(address, data, {"Accept": "application/json", **headers}, method=method)
        request.add_header("User-Agent", AGENT)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with self._opener.open(request, timeout=self.access.timeout) as answer:
                return Answer(answer.status, _json(answer.read()))
        except urllib.error.HTTPError as error:
            return self._refused(error)
        except (http.client.HTTPException, OSError, ValueError) as error:
            raise AwxError(self._silence(error)) from None

    def _refused(self, error: urllib.error.HTTPError) -> Answer:
        if 300 <= error.code < 400:
            target = str(error.headers.get("Location") or "another address")
            error.close()
            raise AwxError("%s redirects to %s. Set awx_url to the final address." % (self.base, _short(target)))
        try:
            with error:
                return Answer(error.code, _json(error.read()))
        except (http.client.HTTPException, OSError):
            return Answer(error.code, None)

    def _untrusted(self) -> str:
        return (
            "The certificate of %s can't be verified. Set awx_ca_path to the certificate of its authority." % self.base
        )

    def _silence(self, error: Exception) -> str:
        reason = getattr(error, "reason", None) or error
        if isinstance(reason, ssl.SSLCertVerificationError):
            return self._untrusted()
        if isinstance(reason, TimeoutError) or "timed out" in str(reason):
            return "%s does not answer within %d seconds. Check awx_url." % (self.base, self.access.timeout)
        text = re.sub(r"^\[Errno -?[0-9]+\] ", "", str(reason)) or type(reason).__name__
        return self.scrub("%s can't be reached: %s. Check awx_url." % (self.base, _short(text).rstrip(".")))

    # What AWX says

    def _refusal(self, method: str, path: str, answer: Answer) -> str:
        said = _said(answer.body)
        if answer.status == 401:
            what = "awx_token" if self.access.token else "awx_username and awx_password"
            return "AWX at %s does not accept %s." % (self.base, what)
        if answer.status == 403:
            return "AWX does not allow %s %s: %s" % (method, _short(path), _sentence(said or "no permission"))
        if answer.status == 409:
            return "AWX can't do %s %s now: %s" % (method, _short(path), _sentence(said or "it is in use"))
        return "AWX answered %s %s with %d: %s" % (method, _short(path), answer.status, _sentence(said or "no reason"))

    def scrub(self, text: str) -> str:
        """Hide the secrets in a text: AWX may repeat what it was sent."""
        for secret in reversed(self.secrets):
            text = text.replace(secret, "********")
        return text


def base_of(url: str) -> str:
    """Return the address of AWX without the path of its API. Raises: AwxError."""
    text = url.strip()
    try:
        parts = urllib.parse.urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise AwxError("awx_url is not a valid URL.") from None
    if parts.scheme not in ("http", "https") or not host:
        raise AwxError("awx_url must be the address of AWX, such as https://awx.example.com.")
    if "@" in parts.netloc:
        raise AwxError("awx_url must not contain a password. Set awx_username and awx_password.")
    name = "[%s]" % host if ":" in host else host
    path = re.sub(r"/(api(/.*)?)?$", "", parts.path.rstrip("/") + "/")
    return "%s://%s%s%s" % (parts.scheme, name, ":%d" % port if port else "", path)


def _check_header(access: Access) -> None:
    """Check what becomes a header: the error of the library about it would show it. Raises: AwxError."""
    if access.token and not re.fullmatch("[!-~]+", access.token):
        raise AwxError("awx_token contains a character that is in no token, for example a line break.")
    if ":" in access.username:
        raise AwxError("awx_username must not contain a colon.")


def _is_path(value: t.Any) -> bool:
    return isinstance(value, str) and value.startswith("/") and not value.startswith("//")


def _json(data: bytes) -> t.Any:
    try:
        return json.loads(data.decode("utf-8")) if data.strip() else {}
    except ValueError:
        return None


def _said(body: t.Any) -> str:
    """Return what AWX says, whatever the form: {"detail": …}, {"field": ["…"]}, or a list of these."""
    if isinstance(body, dict):
        parts = []
        for name, value in body.items():
            text = _said(value)
            plain = name in ("detail", "error", "msg", "__all__", "non_field_errors")
            parts.append(text if plain else "%s: %s" % (name, text))
        return " ".join(_sentence(part) for part in parts)
    if isinstance(body, list):
        return " ".join(_said(value) for value in body)
    return "" if body is None else str(body)


def _sentence(text: str) -> str:
    text = _short(text)
    return text if text.endswith((".", "…", "!", "?")) else text + "."


def _short(text: str) -> str:
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS] + "…"
