# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API as a state machine: ``handle(method, path, query, headers, body)`` gives an answer. No sockets.

This is the door: keys, scopes, the rate limit, the way from a request to its handler and from a plain reply to its
form. What an endpoint does is in the file of its resource. All of it is written from the provider's page and the
contract; what the page leaves open is a switch in ``assumed.py``.
"""

from __future__ import annotations

import email.utils
import sys
import time
import typing as t

from . import (
    billing,
    catalogue,
    domains,
    hosting,
    idempotency,
    manifest,
    paging,
    scenarios,
    seeds,
    servers,
    shapes,
    tickets,
    webhooks,
)
from .account import SCOPES, Account, Handler, Route
from .calls import Answer, Call, No, Reply, Request, Row, ids_in, read_object

ROUTES = (
    *catalogue.ROUTES,
    *servers.ROUTES,
    *hosting.ROUTES,
    *domains.ROUTES,
    *billing.ROUTES,
    *tickets.ROUTES,
    *webhooks.ROUTES,
)
MAKERS: dict[str, t.Callable[[Account, Row], Row]] = {
    "vps": servers.make_server,
    "hosting": hosting.make_hosting,
    "webhooks": webhooks.make_webhook,
    "domains": domains.make_domain,
    "tickets": tickets.make_ticket,
    "invoices": billing.make_invoice,
}
"""How a seed makes the rows of each resource, in this order."""
ANSWERS_TO_WRITES = frozenset({"done", "vps", "vps_ip", "domain", "hosting", "webhook", "delivery"})
"""The kinds of replies that the switch ``write_reply`` changes."""


class Core(Account):
    """The account behind its door."""

    def __init__(
        self,
        assume: t.Mapping[str, t.Any] | None = None,
        *,
        rate_limit: int = 120,
        balance_usd_cents: int | None = None,
        scenario: str = "empty",
        clock: t.Callable[[], float] = time.time,
    ) -> None:
        self.rate_limit = rate_limit
        self.routes: t.Sequence[Route] = ROUTES
        self.validate: t.Callable[[str, str, int, t.Any], bool] | None = None
        self.check_request: t.Callable[[str, str, t.Any, bool], list[str]] | None = None
        self.validate_sign_in: t.Callable[[str, str, int, t.Any], bool] | None = None
        super().__init__(assume, balance_usd_cents=balance_usd_cents, scenario=scenario, clock=clock)

    def reset(self) -> None:
        """Forget everything and begin with the account of the scenario, or of the document."""
        super().reset()
        self.products, self.templates = catalogue.products(), catalogue.templates()
        if self.document:
            manifest.fill(self, self.document)
        else:
            scenarios.begin(self, self.scenario)

    def load(self, state: t.Any) -> None:
        """Go on where a state file ends. Raises ValueError."""
        super().load(state)
        self.scenario = scenarios.check(state.get("scenario", "empty"))

    def faults(self) -> list[Row]:
        """Give the faults of the scenario."""
        return [] if self.document else scenarios.SCENARIOS[self.scenario].faults(self.routes)

    # From a request to its handler

    def handle(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        headers: t.Mapping[str, str],
        body: bytes,
        instead: Handler | None = None,
    ) -> Answer:
        """Answer one request to the API (path below /v1).

        *instead*: answers a request that passes every check in the place of its endpoint, and as it says it.
        """
        lower = {name.lower(): value for name, value in headers.items()}
        limits: dict[str, str] = {}
        self.effect = False
        try:
            return self._answer(Request(method, path, query, lower, body), limits, instead)
        except No as no:
            return self.refusal(no, limits)
        except Exception as exc:  # a fault of the simulator is an answer too, and reported
            print(f"SIMULATOR ERROR {method} {path}: {type(exc).__name__}: {exc}", file=sys.stderr, flush=True)
            return self.refusal(No(500, "The simulator failed at this request; its output says why."), limits)

    def _answer(self, request: Request, limits: dict[str, str], instead: Handler | None) -> Answer:
        """Answer one request. *limits*: gets the headers of the rate limit, which refusals show as well. Raises No."""
        with self.lock:
            billing.book_late_refunds(self)
            api_key = self.authenticate(request.headers)
            limits.update(self._count(api_key, request))
            route, ids = self._find(request.method, request.path)
            if route.scope not in self.keys[api_key]["scopes"]:
                raise No(403, f"API key lacks the required scope: {route.scope}")
            call = Call(ids, request.query, read_object(request.body), api_key)
            self._check(route, call, request)
            if instead is not None:
                status, plain = instead(self, call)
                return Answer(status, limits, plain)
        status, plain = self._carry_out(route, call, request)
        if isinstance(plain, Answer):
            return Answer(plain.status, {**limits, **plain.headers}, plain.body)
        if self.validate and not self.validate(request.method, request.path, status, plain) and not self.seeded:
            raise No(500, "CONTRACT BROKEN: the simulator's reply does not fit its contract.")
        if route.kind in ("vps_order", "hosting_order") and status == 201:
            status = self.assume["order_status"]
        return self._shaped(route, request, status, plain, limits)

    def _carry_out(self, route: Route, call: Call, request: Request) -> Reply:
        """Run the handler; those that take an Idempotency-Key take the lock themselves. Raises No."""
        if route.takes_key:
            return idempotency.carry_out(self, route, call, request)
        with self.lock:
            return route.handler(self, call)

    def authenticate(self, headers: t.Mapping[str, str]) -> str:
        """Give the API key of a request. *headers*: their names in lower case. Raises No."""
        given = headers.get("authorization", "")
        api_key = given[7:] if given.startswith("Bearer ") else ""
        found = self.keys.get(api_key)
        if found is None or found["expired"] or self.now() >= found.get("until", float("inf")):
            raise No(401, "Missing, invalid, or expired API key.")
        return api_key

    def _count(self, api_key: str, request: Request) -> dict[str, str]:
        """Count a request, and give the headers of the rate limit. Raises No."""
        if self.rate_limit <= 0:
            return {}
        per_route = self.assume["rate_window"] == "route"
        index = f"{api_key} {request.method} {request.path}" if per_route else api_key
        window, reset_seconds = self._minute(self.sent_at.get(index, []))
        left = self.rate_limit - len(window)
        limits = {
            "X-RateLimit-Limit": str(self.rate_limit),
            "X-RateLimit-Remaining": str(max(0, left - 1)),
            "X-RateLimit-Reset": str(reset_seconds),
        }
        if left <= 0:
            raise No(429, "Rate limit exceeded (120/min per key).", {**limits, **self._retry_after(reset_seconds)})
        self.sent_at[index] = [*window, self.now()]
        return limits

    def _minute(self, sent_at: list[float]) -> tuple[list[float], int]:
        """Give the requests that count now, and after how many seconds the first of them no longer does."""
        now = self.now()
        if self.assume["rate_window"] == "fixed":
            return [at for at in sent_at if at // 60 == now // 60], int(60 - now % 60) + 1
        window = [at for at in sent_at if now - at < 60]
        return window, int(60 - (now - window[0]) if window else 60) + 1

    def _retry_after(self, seconds: int) -> dict[str, str]:
        form = self.assume["retry_after"]
        if form == "none":
            return {}
        until = email.utils.formatdate(self.now() + seconds, usegmt=True)
        return {"Retry-After": str(seconds) if form == "seconds" else until}

    def _find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """Find the endpoint of a request, and the variable parts of its path. Raises No."""
        methods = []
        for route in self.routes:
            ids = ids_in(path, route.path)
            if ids is None:
                continue
            if route.method == method:
                return route, ids
            methods.append(route.method)
        if methods:
            raise No(405, f"Cannot {method} {path}", {"Allow": ", ".join(methods)})
        raise No(404, f"Cannot {method} /v1{path}")

    def _check(self, route: Route, call: Call, request: Request) -> None:
        """Hold a request's body to the contract. Raises No."""
        if self.check_request is None:
            return
        plain = domains.plain_body(self.assume, call.body) if route.kind == "domain" else call.body
        wrong = self.check_request(request.method, request.path, plain, bool(request.body.strip()))
        if wrong:
            raise No(400, wrong)

    def answer_by(self, method: str, path: str, handler: Handler) -> None:
        """Let another handler answer an endpoint, for tests."""
        self.routes = [
            route._replace(handler=handler) if (route.method, route.path) == (method, path) else route
            for route in self.routes
        ]

    # From a plain reply to its form

    def _shaped(self, route: Route, request: Request, status: int, plain: t.Any, headers: dict[str, str]) -> Answer:
        """Give a reply in the form that the switches ask for. Raises No."""
        facts = None
        if isinstance(plain, list):
            if route.kind in paging.PAGED and self.assume["pagination"] != "off":
                plain, facts, more = paging.page_of(plain, request, self.assume["pagination"])
                headers = {**headers, **more}
        elif route.kind == "ticket":
            plain, more = paging.thread_of(plain, request, self.assume)
            headers = {**headers, **more}
        elif self._is_answered_shortly(route):
            is_empty = self.assume["write_reply"] == "empty"
            return Answer(204, headers, None) if is_empty else Answer(200, headers, {"success": True})
        if plain is None:
            return Answer(204 if status == 200 else status, headers, None)
        return Answer(status, headers, shapes.shaped(route.kind, plain, self.assume, facts))

    def _is_answered_shortly(self, route: Route) -> bool:
        return self.effect and route.kind in ANSWERS_TO_WRITES and self.assume["write_reply"] != "resource"

    def refusal(self, no: No, headers: t.Mapping[str, str]) -> Answer:
        """Give the answer that refuses a request."""
        headers = {**headers, **no.headers}
        body = shapes.refusal(no.status, no.message, self.assume)
        if isinstance(body, bytes):
            headers["Content-Type"] = "text/html"
        return Answer(no.status, headers, body)

    # The control side

    def make(self, noun: str, given: Row) -> Row:
        """Add one resource; what is not given has defaults."""
        return MAKERS[noun](self, given)

    def seed(self, given: Row) -> Row:
        """Add resources and give their ids. Raises ValueError."""
        with self.lock:
            there = {
                "vps": self.servers,
                "hosting": self.hosting,
                "domains": self.domains,
                "tickets": self.tickets,
                "webhooks": self.webhooks,
                "keys": self.keys,
            }
            seed = seeds.checked(given, {noun: len(rows) for noun, rows in there.items()})
            self.seeded = True
            if "balance_usd_cents" in seed:
                self.account["balance_usd_cents"] = seed["balance_usd_cents"]
            for row in seed["keys"]:
                scopes, expired = row.get("scopes", list(SCOPES)), row.get("expired", False)
                self.keys[row["key"]] = {"scopes": scopes, "expired": expired}
            made: Row = {noun: [self.make(noun, row)["id"] for row in seed[noun]] for noun in MAKERS}
            billing.top_up(self, seed.get("transactions", 0))
        return {**made, "keys": [row["key"] for row in seed["keys"]]}

    def state(self) -> Row:
        """Give the whole state, for tests and for the state file."""
        with self.lock:
            billing.book_late_refunds(self)
            return super().state()
