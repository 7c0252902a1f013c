# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sign-in by device code (RFC 8628) with its metadata (RFC 8414). Paths and life times are assumed."""

from __future__ import annotations

import re
import typing as t

from .account import SCOPES
from .core import Core
from .pages import device_page

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
DEVICE_SECONDS, DEFAULT_INTERVAL_SECONDS, TOKEN_SECONDS, REFRESH_SECONDS = 600, 5, 3600, 90 * 86400


class OAuth:
    """The authorization server."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def handle(self, method: str, path: str, form: dict[str, str], origin: str, document: t.Any) -> tuple[int, t.Any]:
        """Answer one request. *document*: a registration's JSON body. A reply that breaks the contract is a 500."""
        status, reply = self._handled(method, path, form, origin, document)
        if self.core.validate_sign_in is not None and not self.core.validate_sign_in(method, path, status, reply):
            return 500, {"error": "server_error"}
        return status, self._shaped(form, reply) if status < 300 else reply

    def _shaped(self, form: dict[str, str], plain: dict[str, t.Any]) -> dict[str, t.Any]:
        """Leave out of a reply what the switches leave out."""
        shaped = dict(plain)
        if self.core.assume["oauth_reply"] == "least":
            for name in (
                "scopes_supported",
                "token_endpoint_auth_methods_supported",
                "verification_uri_complete",
                "scope",
            ):
                shaped.pop(name, None)
            if "access_token" in shaped:
                shaped["token_type"] = "bearer"
                del shaped["expires_in"]
            elif shaped.get("interval") == DEFAULT_INTERVAL_SECONDS:
                del shaped["interval"]
        if self.core.assume["oauth_refresh"] == "keeps" and form.get("grant_type") == "refresh_token":
            del shaped["refresh_token"]
        return shaped

    def _handled(self, method: str, path: str, form: dict[str, str], origin: str, document: t.Any) -> tuple[int, t.Any]:
        if path == "/.well-known/oauth-authorization-server":
            return 200, self._metadata(origin)
        if method != "POST":
            return 405, {"error": "invalid_request"}
        with self.core.lock:
            if path == "/oauth/device_authorization":
                return self._device(form, origin)
            if path == "/oauth/token":
                return self._token(form)
            if path == "/oauth/register" and self.core.assume["oauth_registration"] == "on":
                return self._register(document)
        return 404, {"error": "not_found"}

    def _register(self, document: t.Any) -> tuple[int, t.Any]:
        client_id = self.core.new_id("client")
        if not isinstance(document, dict):
            return 400, {"error": "invalid_client_metadata"}
        self.core.oauth["clients"][client_id] = document
        return 201, {"client_id": client_id, "client_name": document.get("client_name")}

    def _metadata(self, origin: str) -> dict[str, t.Any]:
        found = {
            "issuer": origin,
            "device_authorization_endpoint": origin + "/oauth/device_authorization",
            "token_endpoint": origin + "/oauth/token",
            "grant_types_supported": [GRANT, "refresh_token"],
            "scopes_supported": list(SCOPES),
            "token_endpoint_auth_methods_supported": ["none"],
            "response_types_supported": [],
        }
        if self.core.assume["oauth_registration"] == "on":
            found["registration_endpoint"] = origin + "/oauth/register"
        return found

    def _device(self, form: dict[str, str], origin: str) -> tuple[int, t.Any]:
        if form.get("client_id") not in self.core.oauth["clients"]:
            return self.core.assume["oauth_status"], {"error": "invalid_client", "error_description": "Unknown client."}
        scopes = form.get("scope", "account:read").split()
        if not set(scopes) <= set(SCOPES):
            return 400, {"error": "invalid_scope"}
        device_code = self.core.secret("dev_")
        user_code = "%04d-%04d" % (self.core.random.randrange(10000), self.core.random.randrange(10000))
        self.core.oauth["devices"][device_code] = {
            "user_code": user_code,
            "client_id": form["client_id"],
            "scopes": scopes,
            "state": "pending",
            "at": self.core.now(),
            "polled_at": 0.0,
            "interval": self.core.assume["oauth_interval_seconds"],
        }
        return 200, {
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": origin + "/oauth/device",
            "verification_uri_complete": f"{origin}/oauth/device?user_code={user_code}",
            "expires_in": DEVICE_SECONDS,
            "interval": self.core.assume["oauth_interval_seconds"],
        }

    def decide(self, user_code: str, state: str) -> None:
        """Let the user approve or deny. Raises ValueError."""
        with self.core.lock:
            device = self._by_code(user_code)
            if device is None:
                raise ValueError("there is no such user_code")
            device["state"] = state

    def pending(self) -> list[dict[str, t.Any]]:
        """Give the sign-ins that wait for the user, the newest first."""
        with self.core.lock:
            return [
                {"user_code": device["user_code"], "scopes": device["scopes"], "client": self._client(device)}
                for device in reversed(self.core.oauth["devices"].values())
                if device["state"] == "pending" and not self._is_late(device)
            ]

    def _client(self, device: dict[str, t.Any]) -> str:
        """Name the client of a device."""
        client = self.core.oauth["clients"].get(device["client_id"], {})
        return str(client.get("client_name") or device["client_id"])

    def _is_late(self, device: dict[str, t.Any]) -> bool:
        return self.core.now() - device["at"] > DEVICE_SECONDS

    def _by_code(self, user_code: str) -> dict[str, t.Any] | None:
        """Find what a code stands for, with or without its dash."""
        digits = re.sub(r"[\s-]", "", user_code)
        return next(
            (
                device
                for device in self.core.oauth["devices"].values()
                if device["user_code"].replace("-", "") == digits
            ),
            None,
        )

    def page(self, method: str, form: dict[str, str]) -> tuple[int, bytes]:
        """Answer the user's browser: the code is entered, then the user decides."""
        code = form.get("user_code", "").strip()[:40]
        with self.core.lock:
            device = self._by_code(code)
            if device is None:
                return device_page(code, None)
            is_open = device["state"] == "pending"
            expired = is_open and self._is_late(device)
            decision = {"approve": "approved", "deny": "denied"}.get(form.get("decision", ""))
            if method == "POST" and decision and is_open and not expired:
                device["state"] = decision
            shown = {
                "user_code": device["user_code"],
                "scopes": device["scopes"],
                "client": self._client(device),
                "state": "expired" if expired else device["state"],
            }
        return device_page(code, shown)

    def _token(self, form: dict[str, str]) -> tuple[int, t.Any]:
        if form.get("grant_type") == GRANT:
            return self._token_for_device(form)
        if form.get("grant_type") == "refresh_token":
            return self._token_for_refresh(form)
        return 400, {"error": "unsupported_grant_type"}

    def _token_for_device(self, form: dict[str, str]) -> tuple[int, t.Any]:
        """Give the tokens of a device once the user has approved."""
        device = self.core.oauth["devices"].get(form.get("device_code", ""))
        if device is None or device["client_id"] != form.get("client_id"):
            return 400, {"error": "invalid_grant"}
        now = self.core.now()
        if self._is_late(device):
            return 400, {"error": "expired_token"}
        too_soon = now - device["polled_at"] < device["interval"] - 0.2
        device["polled_at"] = now
        if device["state"] == "pending" and too_soon:
            device["interval"] += 5
            return 400, {"error": "slow_down"}
        if device["state"] == "pending":
            return 400, {"error": "authorization_pending"}
        if device["state"] == "denied":
            return 400, {"error": "access_denied"}
        del self.core.oauth["devices"][form["device_code"]]
        return 200, self._issue(device["client_id"], device["scopes"])

    def _token_for_refresh(self, form: dict[str, str]) -> tuple[int, t.Any]:
        """Give new tokens; what becomes of the old refresh token is a switch."""
        given, rule = form.get("refresh_token", ""), self.core.assume["oauth_refresh"]
        tokens, used = self.core.oauth["refresh"], self.core.oauth.setdefault("used", [])
        if rule == "ends" and given in used:
            tokens.clear()
        keeps = rule in ("keeps", "same")
        found = tokens.get(given) if keeps else tokens.pop(given, None)
        used.append(given)
        if found is None or self.core.now() > found["until"] or found["client_id"] != form.get("client_id"):
            return 400, {"error": "invalid_grant", "error_description": "The refresh token is used up or expired."}
        return 200, self._issue(found["client_id"], found["scopes"], given if keeps else None)

    def _issue(self, client_id: str, scopes: list[str], kept: str | None = None) -> dict[str, t.Any]:
        """Make the tokens; *kept*: the refresh token that goes on."""
        access, refresh = self.core.secret("h444_at_"), kept or self.core.secret("h444_rt_")
        self.core.keys[access] = {"scopes": scopes, "expired": False, "until": self.core.now() + TOKEN_SECONDS}
        if kept is None:
            self.core.oauth["refresh"][refresh] = {
                "client_id": client_id,
                "scopes": scopes,
                "until": self.core.now() + REFRESH_SECONDS,
            }
        return {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "scope": " ".join(scopes),
        }
