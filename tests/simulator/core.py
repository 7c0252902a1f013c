# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API as a state machine: ``handle(method, path, query, headers, body)`` gives an answer. No sockets; the clock is injected.

Written from the provider's page and the contract. What the page leaves open is a switch in ``assumed.py``.
"""

from __future__ import annotations

import copy
import email.utils
import hashlib
import ipaddress
import json
import random
import re
import sys
import threading
import time
import typing as t
import unicodedata
import uuid
from datetime import datetime, timezone
from urllib.parse import unquote

from . import assumed, seeds, shapes

FULL_KEY = "h444_simulator_full_access_key"
READ_KEY = "h444_simulator_read_only_key"
SCOPES = (
    "account:read",
    "orders:write",
    "vps:read",
    "vps:write",
    "vps:destroy",
    "hosting:read",
    "hosting:write",
    "hosting:destroy",
    "domains:read",
    "domains:write",
    "billing:read",
    "tickets:read",
    "tickets:write",
    "webhooks:read",
    "webhooks:write",
)
EVENTS = (
    "vps.created",
    "hosting.created",
    "invoice.paid",
    "vps.power.changed",
    "vps.reinstalled",
    "vps.ptr.changed",
    "vps.terminated",
    "ticket.created",
    "ticket.replied",
)
PRODUCTS = [
    ("vps-1", "vps", "VPS 1", 600, 480, {"vcpu": 1, "ram_mb": 2048, "disk_gb": 30}),
    ("vps-2", "vps", "VPS 2", 1200, 960, {"vcpu": 2, "ram_mb": 4096, "disk_gb": 60}),
    ("vps-3", "vps", "VPS 3", 2400, 1920, {"vcpu": 4, "ram_mb": 8192, "disk_gb": 120}),
    ("vps-4", "vps", "VPS 4", 4800, 3840, {"vcpu": 8, "ram_mb": 16384, "disk_gb": 240}),
    ("hosting-starter", "hosting", "Hosting Starter", 300, 240, {"disk_gb": 5}),
    ("hosting-pro", "hosting", "Hosting Pro", 900, 720, {"disk_gb": 25}),
]
TEMPLATES = [
    ("ubuntu", "ubuntu-22.04"),
    ("ubuntu", "ubuntu-24.04"),
    ("debian", "debian-12"),
    ("debian", "debian-13"),
    ("almalinux", "almalinux-9"),
    ("rocky", "rocky-9"),
]
REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    410: "Gone",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
}
PAGE_ROWS = 2
BACKOFF_SECONDS = (60, 300, 1800, 7200, 21600)
Row = t.Dict[str, t.Any]


class Answer(t.NamedTuple):
    """Status, headers, body (an object for JSON, bytes as they are, None for none)."""

    status: int
    headers: dict[str, str]
    body: t.Any


class No(Exception):
    """An answer that says no."""

    def __init__(self, status: int, message: t.Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(str(message))
        self.status, self.message, self.headers = status, message, headers or {}


class Call(t.NamedTuple):
    """One request on its way to its handler."""

    ids: dict[str, str]
    query: dict[str, str]
    body: Row
    api_key: str


class Core:
    """The account, its resources and the rules."""

    def __init__(
        self,
        assume: t.Mapping[str, t.Any] | None = None,
        *,
        rate_limit: int = 120,
        balance_usd_cents: int = 10000,
        clock: t.Callable[[], float] = time.time,
    ) -> None:
        self.assume: dict[str, t.Any] = {**assumed.defaults(), **(assume or {})}
        self.rate_limit = rate_limit
        self.balance_usd_cents = balance_usd_cents
        self._clock = clock
        self.offset = 0.0
        self.lock = threading.RLock()
        self._mine = threading.local()
        self.deliver: t.Callable[[], None] = lambda: None
        self.validate: t.Callable[[str, str, int, t.Any], bool] | None = None
        self.check_request: t.Callable[[str, str, t.Any, bool], list[str]] | None = None
        self.validate_sign_in: t.Callable[[str, str, int, t.Any], bool] | None = None
        self.routes = self._routes()
        self.reset()

    def reset(self) -> None:
        """Forget everything and begin with an account that owns a wallet and two domains."""
        self.random = random.Random(444)
        self.numbers = 1000
        self.account: Row = {
            "id": str(uuid.UUID(int=self.random.getrandbits(128), version=4)),
            "email": "you@example.com",
            "first_name": "Jane",
            "last_name": "Doe",
            "account_type": "individual",
            "language": "en",
            "email_verified": True,
            "balance_usd_cents": self.balance_usd_cents,
            "created_at": "2026-01-01T00:00:00.000Z",
            "reseller": {"enabled": True, "discount_pct": 20},
        }
        self.keys: dict[str, Row] = {FULL_KEY: {"scopes": list(SCOPES), "expired": False}}
        self.keys[READ_KEY] = {"scopes": [scope for scope in SCOPES if scope.endswith(":read")], "expired": False}
        self.servers: dict[str, Row] = {}
        self.hosting: dict[str, Row] = {}
        self.domains: dict[str, Row] = {}
        self.ledger: list[Row] = []
        self.invoices: dict[str, Row] = {}
        self.tickets: dict[str, Row] = {}
        self.webhooks: dict[str, Row] = {}
        self.deliveries: list[Row] = []
        self.orders: dict[str, Row] = {}
        self.sent_at: dict[str, list[float]] = {}
        self.oauth: dict[str, t.Any] = {
            "devices": {},
            "refresh": {},
            "clients": {"h444-ansible": {"client_name": "h444.cloud"}},
        }
        self.next_address = 10
        self.contract_broken = 0
        self.late_refunds: list[Row] = []
        self.seeded = False
        self.effect = False
        for name in ("example.com", "example.org"):
            self.seed({"domains": [{"name": name}]})
        self.seeded = False

    @property
    def effect(self) -> bool:
        """Say whether the request that this thread answers has changed anything."""
        return getattr(self._mine, "effect", False)

    @effect.setter
    def effect(self, value: bool) -> None:
        self._mine.effect = value

    # Time and names

    def now(self) -> float:
        """Give the simulator's time in seconds since the epoch."""
        return self._clock() + self.offset

    def stamp(self, at: float | None = None) -> str:
        """Write a point in time as the page does."""
        moment = datetime.fromtimestamp(self.now() if at is None else at, timezone.utc)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (moment.microsecond // 1000)

    def new_id(self, prefix: str) -> str:
        """Make an id of the assumed type."""
        kind = self.assume["ids"]
        self.numbers += 1
        if kind in ("number", "digits"):
            return str(self.numbers)
        if kind == "prefixed":
            return "%s_%s" % (prefix, hashlib.sha256(str(self.numbers).encode()).hexdigest()[:12])
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def secret(self, prefix: str = "") -> str:
        """Make a one-time secret that can be searched for in every output."""
        return (
            prefix
            + "S3cr-"
            + hashlib.sha256(("%s %s" % (self.random.random(), self.numbers)).encode()).hexdigest()[:20]
        )

    # The door

    def handle(
        self, method: str, path: str, query: dict[str, str], headers: t.Mapping[str, str], body: bytes
    ) -> Answer:
        """Answer one request to the API (path below /v1)."""
        lower = {key.lower(): value for key, value in headers.items()}
        common: dict[str, str] = {}
        self.effect = False
        try:
            with self.lock:
                self._settle()
                api_key = self._authenticate(lower)
                common.update(self._count(api_key, f"{method} {path}" if self.assume["rate_window"] == "route" else ""))
                kind, handler, scope, ids = self._find(method, path)
                if scope not in self.keys[api_key]["scopes"]:
                    raise No(403, f"API key lacks the required scope: {scope}")
                call = Call(ids, query, self._json(method, body), api_key)
                if self.check_request is not None:
                    wrong = self.check_request(method, path, self._plain_body(kind, call.body), bool(body.strip()))
                    if wrong:
                        raise No(400, wrong)
            if kind in ("vps_order", "hosting_order") or handler == self.open_ticket:
                status, plain = self._keyed(method + " " + path, handler, call, lower, body)
            else:
                with self.lock:
                    status, plain = handler(call)
            if isinstance(plain, Answer):
                return Answer(plain.status, {**common, **plain.headers}, plain.body)
            if self.validate is not None and not self.validate(method, path, status, plain) and not self.seeded:
                raise No(500, "CONTRACT BROKEN: the simulator's reply does not fit its contract.")
            if kind in ("vps_order", "hosting_order") and status == 201 and method == "POST":
                status = self.assume["order_status"]
            return self._shape(status, kind, plain, query, common, path)
        except No as no:
            return self._no(no, common)
        except Exception as exc:  # a fault of the simulator is an answer too, and told
            print(f"SIMULATOR ERROR {method} {path}: {type(exc).__name__}: {exc}", file=sys.stderr, flush=True)
            return self._no(No(500, "The simulator failed at this request; its output tells why."), common)

    def _settle(self) -> None:
        """Book the late refunds that are due."""
        for row in [row for row in self.late_refunds if row["due_at"] <= self.now()]:
            self.late_refunds.remove(row)
            self._book("refund", row["cents"], row["text"], row["reference"])

    def _plain_body(self, kind: str, body: Row) -> Row:
        """Give a request's body in the contract's names: a domain's lock and privacy are written under the names under which they are read."""
        if kind != "domain":
            return body
        form, casing = self.assume["domain_fields"], self.assume["casing"]
        change: t.Callable[[str], str] = str
        if casing != "snake" and form != "none":
            change = shapes.pascal if casing == "pascal" else shapes.camel
        lock, privacy = ("locked", "privacy") if form == "short" else ("transfer_lock", "whois_privacy")
        names = {
            change(lock): "transfer_lock",
            change(privacy): "whois_privacy",
            "auto_renew": "auto_renew",
            "nameservers": "nameservers",
        }
        return {names.get(name, name + " (unknown)"): value for name, value in body.items()}

    def _authenticate(self, headers: t.Mapping[str, str]) -> str:
        given = headers.get("authorization", "")
        api_key = given[7:] if given.startswith("Bearer ") else ""
        found = self.keys.get(api_key)
        if found is None or found["expired"] or self.now() >= found.get("until", float("inf")):
            raise No(401, "Missing, invalid, or expired API key.")
        return api_key

    def _count(self, api_key: str, route: str) -> dict[str, str]:
        if self.rate_limit <= 0:
            return {}
        now = self.now()
        index = f"{api_key} {route}"
        window = [
            at
            for at in self.sent_at.get(index, [])
            if (at // 60 == now // 60 if self.assume["rate_window"] == "fixed" else now - at < 60)
        ]
        reset = 60 - now % 60 if self.assume["rate_window"] == "fixed" else (60 - (now - window[0]) if window else 60)
        left = self.rate_limit - len(window)
        told = {
            "X-RateLimit-Limit": str(self.rate_limit),
            "X-RateLimit-Remaining": str(max(0, left - 1)),
            "X-RateLimit-Reset": str(int(reset) + 1),
        }
        if left <= 0:
            form = self.assume["retry_after"]
            wait = int(reset) + 1
            if form != "none":
                told["Retry-After"] = (
                    str(wait) if form == "seconds" else email.utils.formatdate(now + wait, usegmt=True)
                )
            raise No(429, "Rate limit exceeded (120/min per key).", told)
        window.append(now)
        self.sent_at[index] = window
        return told

    def _find(self, method: str, path: str) -> tuple[str, t.Callable[[Call], tuple[int, t.Any]], str, dict[str, str]]:
        methods = []
        for verb, template, kind, scope, handler in self.routes:
            match = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template), path)
            if match:
                if verb == method:
                    return kind, handler, scope, {name: unquote(value) for name, value in match.groupdict().items()}
                methods.append(verb)
        if methods:
            raise No(405, f"Cannot {method} {path}", {"Allow": ", ".join(methods)})
        raise No(404, f"Cannot {method} /v1{path}")

    @staticmethod
    def _json(method: str, body: bytes) -> Row:
        if not body.strip():
            return {}
        try:
            parsed = json.loads(body)
        except (ValueError, RecursionError):
            raise No(400, "The body is not JSON.") from None
        if not isinstance(parsed, dict):
            raise No(400, "The body is not an object.")
        return parsed

    def _shape(
        self, status: int, kind: str, plain: t.Any, query: dict[str, str], headers: dict[str, str], path: str
    ) -> Answer:
        page = None
        paged = ("vps", "hosting", "domain", "ticket", "webhook", "invoice", "transaction")
        if isinstance(plain, list) and kind in paged and self.assume["pagination"] != "off":
            plain, page, extra = self._page(plain, query, path)
            headers = {**headers, **extra}
        if (
            kind == "ticket"
            and isinstance(plain, dict)
            and self.assume["ticket_paging"] != "off"
            and self.assume["ticket_thread"] in ("messages", "beside")
        ):
            plain, extra = self._thread_page(plain, query, path)
            headers = {**headers, **extra}
        if (
            kind in ("done", "vps", "vps_ip", "domain", "hosting", "webhook", "delivery")
            and not isinstance(plain, list)
            and self.effect
        ):
            if self.assume["write_reply"] == "empty":
                return Answer(204, headers, None)
            if self.assume["write_reply"] == "ok":
                return Answer(200, headers, {"success": True})
        if plain is None:
            return Answer(204 if status == 200 else status, headers, None)
        return Answer(status, headers, shapes.shaped(kind, plain, self.assume, page))

    def _thread_page(self, row: Row, query: dict[str, str], path: str) -> tuple[Row, dict[str, str]]:
        """Cut a ticket's thread to the page that is asked for, in the order in which it is told."""
        form = self.assume["ticket_paging"]
        thread = row["messages"][::-1] if self.assume["ticket_order"] == "newest" else row["messages"]
        if form == "count":
            kept, facts, headers = thread[:PAGE_ROWS], {"message_count": len(thread)}, {}
        else:
            kept, facts, headers = self._page(thread, query, path, form)
        return {
            **row,
            "messages": kept[::-1] if self.assume["ticket_order"] == "newest" else kept,
            "_page": facts,
        }, headers

    def _page(
        self, rows: list[t.Any], query: dict[str, str], path: str, form: str | None = None
    ) -> tuple[list[t.Any], dict[str, t.Any], dict[str, str]]:
        form = form or self.assume["pagination"]
        start = 0
        if form == "cursor" and "cursor" in query:
            if not re.fullmatch(r"c[0-9]{1,9}", query["cursor"]):
                raise No(400, ["cursor is none of ours"])
            start = int(query["cursor"][1:])
        elif form in ("page", "link") and "page" in query:
            if not re.fullmatch(r"[1-9][0-9]{0,8}", query["page"]):
                raise No(400, ["page must be a whole number from 1"])
            start = (int(query["page"]) - 1) * PAGE_ROWS
        end = start + PAGE_ROWS
        more, pages = end < len(rows), max(1, -(-len(rows) // PAGE_ROWS))
        number = start // PAGE_ROWS + 1
        if form == "cursor":
            return rows[start:end], {"next_cursor": "c%d" % end if more else None}, {}
        if form == "link":
            return rows[start:end], {}, {"Link": f'</v1{path}?page={number + 1}>; rel="next"'} if more else {}
        if form == "unreadable":
            return rows[:PAGE_ROWS], {"has_more": len(rows) > PAGE_ROWS}, {}
        return rows[start:end], {"meta": {"page": number, "total_pages": pages, "total": len(rows)}}, {}

    def _no(self, no: No, headers: dict[str, str]) -> Answer:
        headers = {**headers, **no.headers}
        reason = REASONS.get(no.status, "Error")
        shape = "nest" if no.status in (401, 403, 404) else self.assume["error_shape"]
        body: t.Any = {"statusCode": no.status, "message": no.message, "error": reason}
        text = "; ".join(no.message) if isinstance(no.message, list) else no.message
        if shape == "nested":
            body = {"error": {"code": reason.lower().replace(" ", "_"), "message": text}}
        elif shape == "message":
            body = {"message": text}
        elif shape == "error":
            body = {"error": text}
        elif shape == "list":
            body = {"statusCode": no.status, "message": [text], "error": reason}
        elif shape == "html":
            return Answer(
                no.status,
                {**headers, "Content-Type": "text/html"},
                f"<html><head><title>{no.status} {reason}</title></head></html>".encode(),
            )
        return Answer(no.status, headers, body)

    # Idempotency and money

    def _keyed(
        self,
        name: str,
        handler: t.Callable[[Call], tuple[int, t.Any]],
        call: Call,
        headers: t.Mapping[str, str],
        body: bytes,
    ) -> tuple[int, t.Any]:
        """Run an order or a reinstall under its Idempotency-Key."""
        key = headers.get("idempotency-key")
        if not key:
            return handler(call)
        if len(key) > 255:
            raise No(400, "An Idempotency-Key has 1 to 255 characters.")
        index = "%s %s %s" % (call.api_key if self.assume["key_scope"] == "key" else "", name, key)
        digest = hashlib.sha256(body).hexdigest()
        while True:
            with self.lock:
                record = self.orders.get(index)
                window = self.assume["key_window_seconds"] if name in ("POST /vps", "POST /hosting") else 86400
                if record and self.now() - record["at"] >= window:
                    record = None
                if record is None:
                    self.orders[index] = record = {
                        "at": self.now(),
                        "digest": digest,
                        "reply": None,
                        "key": key,
                        "name": name,
                    }
                    break
                if record["reply"] is not None:
                    fresh = self._replayed(record, digest)
                    if fresh is not None:
                        return fresh
                    self.orders[index] = record = {
                        "at": self.now(),
                        "digest": digest,
                        "reply": None,
                        "key": key,
                        "name": name,
                    }
                    break
                if self.assume["in_flight"] == "race":
                    break
                if self.assume["in_flight"] == "conflict":
                    raise No(409, "A request with this Idempotency-Key is in progress.")
            time.sleep(0.05)
        try:
            status, plain = handler(call)
        except No as no:
            with self.lock:
                stores = self.assume["store_failures"]
                if stores == "all" or (stores == "4xx" and no.status < 500):
                    record["reply"] = {"no": [no.status, no.message]}
                else:
                    self.orders.pop(index, None)
            raise
        except Exception:
            with self.lock:
                self.orders.pop(index, None)
            raise
        with self.lock:
            record["reply"] = {"status": status, "plain": copy.deepcopy(plain)}
        return status, plain

    def _replayed(self, record: Row, digest: str) -> tuple[int, t.Any] | None:
        """Answer a key that was used before; None: let it order anew."""
        if record["digest"] != digest and self.assume["mismatch"] == "new":
            return None
        if record["digest"] != digest and self.assume["mismatch"] != "replay":
            raise No(int(self.assume["mismatch"]), "This Idempotency-Key was used with another body.")
        reply = record["reply"]
        if "no" in reply:
            raise No(*reply["no"])
        plain = copy.deepcopy(reply["plain"])
        if record["name"] == "POST /tickets":
            return reply["status"], plain
        resources = self.servers if "/vps" in record["name"] else self.hosting
        resource = resources.get(plain.get("id", ""))
        if resource is not None and not resource["alive"]:
            if self.assume["dead_replay"] == "new":
                return None
            if self.assume["dead_replay"] == "gone":
                raise No(410, "The resource of this order no longer exists.")
            if self.assume["dead_replay"] == "current":
                plain["status"] = "terminated"
        elif resource is not None and self.assume["replay_body"] == "current":
            plain.update(self._server(resource) if "/vps" in record["name"] else self._account_of(resource))
        if self.assume["replay_body"] == "no_password":
            for name in ("root_password", "sftp_password", "db_password"):
                plain.pop(name, None)
        header = self.assume["replay_header"]
        # A replay may lack what the contract asks of a first reply, so it is shaped here and not validated.
        kind = "vps_order" if "/vps" in record["name"] else "hosting_order"
        status = self.assume["order_status"] if reply["status"] == 201 else reply["status"]
        return status, Answer(
            status, {} if header == "none" else {header: "true"}, shapes.shaped(kind, plain, self.assume)
        )

    def _book(self, kind: str, cents: int, text: str, reference: str | None) -> None:
        self.account["balance_usd_cents"] += cents if kind != "debit" else -cents
        self.ledger.append(
            {
                "id": self.new_id("txn"),
                "kind": kind,
                "amount_usd_cents": cents,
                "balance_after_usd_cents": self.account["balance_usd_cents"],
                "description": text,
                "reference": reference,
                "created_at": self.stamp(),
            }
        )

    def _buy(self, slug: t.Any, category: str, text: str, make: t.Callable[[], Row]) -> tuple[Row, Row]:
        """Debit, write the receipt, provision; refund where that fails."""
        product = next((row for row in PRODUCTS if row[0] == slug and row[1] == category), None)
        if product is None:
            raise No(400, [f"plan_slug must be one of the {category} plans"])
        price = product[4]
        with self.lock:
            if self.account["balance_usd_cents"] < price:
                raise No(402, "Insufficient wallet balance.")
            invoice_id = self.new_id("inv")
            self._book("debit", price, text, invoice_id)
            self.effect = True
        if self.assume["order_seconds"]:
            time.sleep(self.assume["order_seconds"])
        with self.lock:
            if self.assume["provisioning"] == "fails":
                if self.assume["refund"] == "immediate":
                    self._book("refund", price, "Refund: " + text, invoice_id)
                elif self.assume["refund"] == "late":
                    due_at = self.now() + self.assume["refund_seconds"]
                    self.late_refunds.append(
                        {"due_at": due_at, "cents": price, "text": "Refund: " + text, "reference": invoice_id}
                    )
                raise No(500, "Provisioning failed; the payment is refunded.")
            self._receipt(invoice_id, price, text)
            row = make()
            self._event(
                "invoice.paid",
                {
                    "invoiceId": invoice_id,
                    "invoiceNumber": self.invoices[invoice_id]["invoice_number"],
                    "totalUsdCents": price,
                    "currency": "USD",
                },
            )
            return row, {"invoice_id": invoice_id, "charged_usd_cents": price}

    def _receipt(self, invoice_id: str, price: int, text: str) -> None:
        self.invoices[invoice_id] = {
            "id": invoice_id,
            "invoice_number": "INV-%06d" % (len(self.invoices) + 1),
            "status": "paid",
            "currency": "USD",
            "total_usd_cents": price,
            "created_at": self.stamp(),
            "paid_at": self.stamp(),
            "items": [{"description": text, "quantity": 1, "unit_usd_cents": price, "total_usd_cents": price}],
            "transactions": [
                {
                    "id": self.new_id("pay"),
                    "gateway": "wallet",
                    "status": "paid",
                    "amount_usd_cents": price,
                    "created_at": self.stamp(),
                }
            ],
        }

    # Servers

    def _status(self, row: Row) -> str:
        return (
            "provisioning"
            if row["alive"] and self.now() < row["ready_at"]
            else row["status"]
            if row["alive"]
            else "terminated"
        )

    @staticmethod
    def _specs(row: Row) -> Row:
        return next((product[5] for product in PRODUCTS if product[0] == row["plan_slug"]), {})

    def _server(self, row: Row) -> Row:
        specs = self._specs(row)
        shown = {
            name: row[name]
            for name in ("id", "label", "hostname", "plan_slug", "os_family", "os_template", "created_at")
        }
        address = next((ip["ip"] for ip in row["ips"] if ip["primary"]), None)
        return {**shown, "status": self._status(row), "ipv4": address, "specs": specs, **row.get("extra", {})}

    def _visible(self, row: Row, lag: str) -> bool:
        if not row["alive"]:
            return self.assume["terminated"] == "listed"
        return self.now() - row["at"] >= self.assume[lag]

    def _get_server(self, call: Call) -> Row:
        row = self.servers.get(call.ids["id"])
        if row is None or not self._visible(row, "get_lag_seconds"):
            raise No(404, "VPS not found.")
        return row

    def _living_server(self, call: Call) -> Row:
        row = self._get_server(call)
        if not row["alive"]:
            raise No(404, "VPS not found.")
        return row

    def _text(self, body: Row, name: str, least: int = 1, most: int = 255) -> str:
        value = body.get(name)
        if not isinstance(value, str) or not least <= len(value) <= most:
            raise No(400, [f"{name} must be a text of {least} to {most} characters"])
        return value

    def _only(self, body: Row, *names: str) -> None:
        for name in body:
            if name not in names:
                raise No(400, [f"property {name} should not exist"])

    def _template(self, family: t.Any, template: t.Any, names: tuple[str, str]) -> None:
        if (family, template) not in TEMPLATES:
            raise No(400, [f"{names[0]} and {names[1]} must name an installable template"])

    def _label(self, label: str) -> str:
        rules: dict[str, t.Callable[[str], str]] = {
            "lower": str.lower,
            "cut10": lambda text: text[:10],
            "cut64": lambda text: text[:64],
            "nfd": lambda text: unicodedata.normalize("NFD", text),
            "slug": lambda text: re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-"),
        }
        return rules.get(self.assume["label_rule"], str)(label)

    def make_server(self, given: Row) -> Row:
        """Add a server."""
        number = self.next_address
        self.next_address += 1
        block = ("192.0.2", "198.51.100", "203.0.113")[(number // 250) % 3]
        ip = (
            "%s.%d" % (block, number % 250 + 1)
            if number < 750
            else "10.%d.%d.%d" % (number >> 16, (number >> 8) & 255, number & 255)
        )
        row: Row = {
            "id": self.new_id("vps"),
            "label": "server",
            "hostname": "server",
            "plan_slug": "vps-2",
            "os_family": "ubuntu",
            "os_template": "ubuntu-24.04",
            "status": "running",
            "created_at": self.stamp(),
            "at": self.now(),
            "ready_at": 0.0,
            "alive": True,
            "root_password": self.secret(),
            "extra": {},
            "ips": [
                {
                    "ip": ip,
                    "primary": True,
                    "gateway": ip.rsplit(".", 1)[0] + ".254",
                    "netmask": "255.255.255.0",
                    "ptr": None,
                    "zoneHosted": True,
                }
            ],
        }
        for name, value in given.items():
            if name == "ips":
                unsaid = {"gateway": None, "netmask": None, "ptr": None, "zoneHosted": True}
                row["ips"] = [{"primary": index == 0, **unsaid, **ip} for index, ip in enumerate(value)]
            elif name in row:
                row[name] = value
            else:
                row["extra"][name] = value
        self.servers[row["id"]] = row
        return row

    def order_vps(self, call: Call) -> tuple[int, t.Any]:
        """POST /vps."""
        body = call.body
        self._only(body, "plan_slug", "label", "hostname", "os_family", "os_template")
        label, hostname = self._text(body, "label"), self._text(body, "hostname")
        self._template(body.get("os_family"), body.get("os_template"), ("os_family", "os_template"))

        def make() -> Row:
            given = {
                **{name: body[name] for name in ("plan_slug", "os_family", "os_template")},
                "label": self._label(label),
                "hostname": hostname,
            }
            given["status"] = "stopped" if self.assume["comes_up"] == "off" else "running"
            if self.assume["second_address"] == "ipv6":
                made = self.make_server(
                    {**given, "ready_at": self.now() + self.assume["provisioning_seconds"], "at": self.now()}
                )
                six = {
                    "ip": f"2001:db8::{len(self.servers):x}",
                    "primary": False,
                    "gateway": None,
                    "netmask": "64",
                    "ptr": None,
                    "zoneHosted": True,
                }
                made["ips"].append(six)
                return made
            return self.make_server(
                {**given, "ready_at": self.now() + self.assume["provisioning_seconds"], "at": self.now()}
            )

        row, receipt = self._buy(body.get("plan_slug"), "vps", f"Order of {label}", make)
        with self.lock:
            self._event(
                "vps.created",
                {
                    "vpsId": row["id"],
                    "label": row["label"],
                    "hostname": row["hostname"],
                    "planSlug": row["plan_slug"],
                    "status": self._status(row),
                    "ipv4": row["ips"][0]["ip"],
                },
            )
            return 201, {**self._server(row), "root_password": row["root_password"], **receipt}

    def list_vps(self, call: Call) -> tuple[int, t.Any]:
        """GET /vps."""
        return 200, [self._server(row) for row in self.servers.values() if self._visible(row, "list_lag_seconds")]

    def get_vps(self, call: Call) -> tuple[int, t.Any]:
        """GET /vps/:id."""
        return 200, self._server(self._get_server(call))

    def stats(self, call: Call) -> tuple[int, t.Any]:
        """GET /vps/:id/stats."""
        specs = self._specs(self._living_server(call))
        memory, disk = specs.get("ram_mb", 4096), specs.get("disk_gb", 60)
        return 200, {
            "cpu_percent": 3.5,
            "memory_used_mb": memory // 5,
            "memory_total_mb": memory,
            "network_rx_bytes": 123456,
            "network_tx_bytes": 65432,
            "disk_used_gb": disk / 8,
            "disk_total_gb": disk,
            "uptime_seconds": 86400,
        }

    def ips(self, call: Call) -> tuple[int, t.Any]:
        """GET /vps/:id/ips."""
        return 200, copy.deepcopy(self._living_server(call)["ips"])

    def all_ips(self, call: Call) -> tuple[int, t.Any]:
        """GET /vps/all-ips."""
        living = [row for row in self.servers.values() if row["alive"] and self._visible(row, "list_lag_seconds")]
        return 200, [{"vps_id": row["id"], "label": row["label"], "ips": copy.deepcopy(row["ips"])} for row in living]

    def power(self, call: Call) -> tuple[int, t.Any]:
        """POST /vps/:id/power/:action."""
        row, action = self._living_server(call), call.ids["action"]
        if action not in ("start", "stop", "reboot"):
            raise No(400, "action must be one of start, stop, reboot")
        row["status"] = "stopped" if action == "stop" else "running"
        self.effect = True
        self._event("vps.power.changed", {"vpsId": row["id"], "action": action})
        return 200, self._server(row)

    def label(self, call: Call) -> tuple[int, t.Any]:
        """PATCH /vps/:id/label."""
        self._only(call.body, "label")
        row = self._living_server(call)
        label = self._label(self._text(call.body, "label"))
        if self.assume["rename"] == "kept":
            row["label"] = label
        self.effect = True
        return 200, self._server(row)

    def _ip_of(self, call: Call) -> tuple[Row, Row]:
        try:
            wanted = ipaddress.ip_address(call.ids["ip"])
        except ValueError:
            raise No(400, ["ip must be an IP address"]) from None
        row = self._living_server(call)
        found = next((ip for ip in row["ips"] if ipaddress.ip_address(ip["ip"]) == wanted), None)
        if found is None:
            raise No(404, "IP not found on this VPS.")
        return row, found

    def put_ptr(self, call: Call) -> tuple[int, t.Any]:
        """PUT /vps/:id/ips/:ip/ptr."""
        self._only(call.body, "hostname")
        row, ip = self._ip_of(call)
        if not ip["zoneHosted"]:
            raise No(400, "The reverse zone is not on our DNS.")
        ip["ptr"] = self._text(call.body, "hostname", 1, 253)
        self.effect = True
        self._event("vps.ptr.changed", {"vpsId": row["id"], "ip": ip["ip"], "ptr": ip["ptr"]})
        return 200, copy.deepcopy(ip)

    def clear_ptr(self, call: Call) -> tuple[int, t.Any]:
        """DELETE /vps/:id/ips/:ip/ptr."""
        row, ip = self._ip_of(call)
        self.effect = ip["ptr"] is not None
        ip["ptr"] = None
        if self.effect:
            self._event("vps.ptr.changed", {"vpsId": row["id"], "ip": ip["ip"], "ptr": None})
        return 200, None

    def reinstall(self, call: Call) -> tuple[int, t.Any]:
        """POST /vps/:id/reinstall."""
        self._only(call.body, "os", "osTemplate")
        with self.lock:
            row = self._living_server(call)
            self._template(call.body.get("os"), call.body.get("osTemplate"), ("os", "osTemplate"))
            row.update(os_family=call.body["os"], os_template=call.body["osTemplate"])
            row.update(status="running", ready_at=self.now() + self.assume["provisioning_seconds"])
            row["wiped"] = row.get("wiped", 0) + 1
            self.effect = True
            self._event(
                "vps.reinstalled", {"vpsId": row["id"], "os": row["os_family"], "osTemplate": row["os_template"]}
            )
            reply = self._server(row)
            if self.assume["reinstall_password"] == "yes":
                row["root_password"] = reply["root_password"] = self.secret()
            return 200, reply

    def terminate(self, call: Call) -> tuple[int, t.Any]:
        """DELETE /vps/:id."""
        row = self._living_server(call)
        row["alive"] = False
        self.effect = True
        self._event("vps.terminated", {"vpsId": row["id"]})
        return 200, None

    # Catalogue, account, billing

    def get_account(self, call: Call) -> tuple[int, t.Any]:
        """GET /account."""
        return 200, copy.deepcopy(self.account)

    def products(self, call: Call) -> tuple[int, t.Any]:
        """GET /products."""
        names = ("slug", "category", "name_en", "retail_monthly_usd_cents", "your_monthly_usd_cents", "specs")
        return 200, [dict(zip(names, row)) for row in PRODUCTS]

    def os_templates(self, call: Call) -> tuple[int, t.Any]:
        """GET /os-templates."""
        return 200, [
            {"os_family": family, "os_template": name, "name": shapes.os_name(name)} for family, name in TEMPLATES
        ]

    def list_invoices(self, call: Call) -> tuple[int, t.Any]:
        """GET /billing/invoices."""
        hidden = ("items", "transactions")
        return 200, [
            {key: value for key, value in row.items() if key not in hidden}
            for row in reversed(list(self.invoices.values()))
        ]

    def get_invoice(self, call: Call) -> tuple[int, t.Any]:
        """GET /billing/invoices/:id."""
        if call.ids["id"] not in self.invoices:
            raise No(404, "Invoice not found.")
        return 200, copy.deepcopy(self.invoices[call.ids["id"]])

    def wallet(self, call: Call) -> tuple[int, t.Any]:
        """GET /billing/wallet."""
        return 200, {"balance_usd_cents": self.account["balance_usd_cents"], "currency": "USD"}

    def transactions(self, call: Call) -> tuple[int, t.Any]:
        """GET /billing/wallet/transactions."""
        limit = self._limit(call)
        rows = self.ledger[::-1] if self.assume["limit_query"] == "ignored" else self.ledger[::-1][:limit]
        return 200, rows[::-1] if self.assume["transaction_order"] == "oldest" else rows

    def _limit(self, call: Call) -> int:
        given = call.query.get("limit", "50")
        if not re.fullmatch("[0-9]{1,9}", given) or not 1 <= int(given) <= 200:
            raise No(400, ["limit must be a whole number from 1 to 200"])
        return int(given)

    # Hosting

    def _account_of(self, row: Row) -> Row:
        names = ("id", "username", "domain", "status", "plan_slug", "php_version", "ssl_status", "created_at")
        return {
            **{name: row[name] for name in names},
            "status": self._status(row),
            "quota": {"disk_mb": 5120, "databases": 5, "mailboxes": 10},
            "usage": {"disk_mb": 12, "databases": 1, "mailboxes": 0},
            "hosts": {"sftp_host": "sftp.example.net", "sftp_port": 22, "db_host": "db.example.net", "db_port": 3306},
        }

    def make_hosting(self, given: Row) -> Row:
        """Add a hosting account."""
        row = {
            "id": self.new_id("host"),
            "username": "user",
            "domain": "example.com",
            "status": "active",
            "plan_slug": "hosting-starter",
            "php_version": "8.3",
            "ssl_status": "issued",
            "created_at": self.stamp(),
            "alive": True,
            "at": self.now(),
            "ready_at": 0.0,
            "sftp_password": self.secret(),
            "db_password": self.secret(),
            **given,
        }
        self.hosting[row["id"]] = row
        return row

    def order_hosting(self, call: Call) -> tuple[int, t.Any]:
        """POST /hosting."""
        body = call.body
        self._only(body, "plan_slug", "domain", "username", "php_version")
        given = {
            "domain": self._text(body, "domain"),
            "username": self._text(body, "username", 1, 32),
            "plan_slug": body.get("plan_slug"),
        }
        if body.get("php_version", "8.3") not in ("7.4", "8.1", "8.3"):
            raise No(400, ["php_version must be one of 7.4, 8.1, 8.3"])
        given["domain"] = {"upper": given["domain"].upper(), "bare": given["domain"].removeprefix("www.")}.get(
            self.assume["domain_rule"], given["domain"]
        )
        given["username"] = {"lower": given["username"].lower(), "cut8": given["username"][:8]}.get(
            self.assume["username_rule"], given["username"]
        )
        given["status"] = "suspended" if self.assume["comes_up"] == "off" else "active"
        if any(row["alive"] and row["username"] == given["username"] for row in self.hosting.values()):
            raise No(409, "The username is taken.")
        row, receipt = self._buy(
            body.get("plan_slug"),
            "hosting",
            f"Hosting of {given['domain']}",
            lambda: self.make_hosting(
                {
                    **given,
                    "php_version": body.get("php_version", "8.3"),
                    "ready_at": self.now() + self.assume["provisioning_seconds"],
                }
            ),
        )
        with self.lock:
            self._event(
                "hosting.created",
                {"hostingId": row["id"], "username": row["username"], "domain": row["domain"], "status": row["status"]},
            )
            return 201, {
                **self._account_of(row),
                "sftp_password": row["sftp_password"],
                "db_password": row["db_password"],
                **receipt,
            }

    def _hosting(self, call: Call) -> Row:
        row = self.hosting.get(call.ids["id"])
        if row is None or not row["alive"]:
            raise No(404, "Hosting account not found.")
        return row

    def list_hosting(self, call: Call) -> tuple[int, t.Any]:
        """GET /hosting."""
        return 200, [self._account_of(row) for row in self.hosting.values() if self._visible(row, "list_lag_seconds")]

    def get_hosting(self, call: Call) -> tuple[int, t.Any]:
        """GET /hosting/:id."""
        row = self.hosting.get(call.ids["id"])
        if row is None or not self._visible(row, "get_lag_seconds"):
            raise No(404, "Hosting account not found.")
        return 200, self._account_of(row)

    def set_hosting(self, **change: str) -> t.Callable[[Call], tuple[int, t.Any]]:
        """POST /hosting/:id/suspend, /unsuspend and /ssl/retry."""

        def handler(call: Call) -> tuple[int, t.Any]:
            row = self._hosting(call)
            if self.assume["suspend_again"] == "conflict" and change.get("status") == row["status"]:
                raise No(409, f"The account is {row['status']} already.")
            row.update(change)
            self.effect = True
            return 200, self._account_of(row)

        return handler

    def set_php(self, call: Call) -> tuple[int, t.Any]:
        """PUT /hosting/:id/php."""
        self._only(call.body, "php_version")
        row = self._hosting(call)
        if call.body.get("php_version") not in ("7.4", "8.1", "8.3"):
            raise No(400, ["php_version must be one of 7.4, 8.1, 8.3"])
        row["php_version"] = call.body["php_version"]
        self.effect = True
        return 200, self._account_of(row)

    def delete_hosting(self, call: Call) -> tuple[int, t.Any]:
        """DELETE /hosting/:id."""
        self._hosting(call)["alive"] = False
        self.effect = True
        return 200, None

    # Domains

    def _domain(self, call: Call) -> Row:
        if call.ids["id"] not in self.domains:
            raise No(404, "Domain not found.")
        return self.domains[call.ids["id"]]

    def _domain_now(self, row: Row) -> Row:
        """Give a domain as it is shown, after the pushes to the registry that are through."""
        for push in [push for push in row["pushes"] if push["due_at"] <= self.now()]:
            row["pushes"].remove(push)
            row.update(push["body"])
        return {name: copy.deepcopy(value) for name, value in row.items() if name != "pushes"}

    def list_domains(self, call: Call) -> tuple[int, t.Any]:
        """GET /domains."""
        return 200, [self._domain_now(row) for row in self.domains.values()]

    def get_domain(self, call: Call) -> tuple[int, t.Any]:
        """GET /domains/:id."""
        return 200, self._domain_now(self._domain(call))

    def change_domain(self, call: Call) -> tuple[int, t.Any]:
        """PATCH /domains/:id."""
        body = self._plain_body("domain", call.body)
        self._only(body, "auto_renew", "nameservers", "transfer_lock", "whois_privacy")
        if not body:
            raise No(400, ["at least one field is needed"])
        for name, value in body.items():
            good = (
                isinstance(value, list) and all(isinstance(item, str) for item in value)
                if name == "nameservers"
                else isinstance(value, bool)
            )
            if not good:
                raise No(400, [f"{name} has the wrong type"])
        row = self._domain(call)
        if self.assume["registry"] in ("refuses", "bad_gateway"):
            raise No(
                400 if self.assume["registry"] == "refuses" else 502,
                "The registry refused the change; it was rolled back.",
            )
        if self.assume["registry"] == "works":
            row["pushes"].append({"due_at": self.now() + self.assume["registry_seconds"], "body": body})
        self.effect = True
        return 200, {**self._domain_now(row), **body}

    # Tickets

    def _ticket(self, call: Call) -> Row:
        if call.ids["id"] not in self.tickets:
            raise No(404, "Ticket not found.")
        return self.tickets[call.ids["id"]]

    def list_tickets(self, call: Call) -> tuple[int, t.Any]:
        """GET /tickets."""
        rows = [
            row
            for row in reversed(list(self.tickets.values()))
            if self.assume["tickets_listed"] == "all" or row["status"] not in ("resolved", "closed")
        ]
        return 200, [{key: value for key, value in row.items() if key != "messages"} for row in rows]

    def get_ticket(self, call: Call) -> tuple[int, t.Any]:
        """GET /tickets/:id."""
        return 200, copy.deepcopy(self._ticket(call))

    def _message(self, row: Row, author: str, body: str, status: str) -> None:
        row["messages"].append({"id": self.new_id("msg"), "author": author, "body": body, "created_at": self.stamp()})
        row.update(status=status, updated_at=self.stamp())
        self.effect = True

    def open_ticket(self, call: Call) -> tuple[int, t.Any]:
        """POST /tickets."""
        body = call.body
        self._only(body, "subject", "message", "priority", "department")
        subject, message = self._text(body, "subject"), self._text(body, "message", 1, 20000)
        if self.assume["ticket_subject"] == "cut20":
            subject = subject[:20]
        if body.get("priority", "medium") not in ("low", "medium", "high", "urgent"):
            raise No(400, ["priority must be one of low, medium, high, urgent"])
        row: Row = {
            "id": self.new_id("tck"),
            "ticket_number": "T-%05d" % (len(self.tickets) + 1),
            "subject": subject,
            "status": "open",
            "priority": body.get("priority", "medium"),
            "department": body.get("department", "technical"),
            "created_at": self.stamp(),
            "updated_at": self.stamp(),
            "messages": [],
        }
        self.tickets[row["id"]] = row
        self._message(row, "customer", message, "open")
        self._event(
            "ticket.created",
            {
                "ticketId": row["id"],
                "ticketNumber": row["ticket_number"],
                "subject": subject,
                "status": "open",
                "priority": row["priority"],
            },
        )
        return 201, copy.deepcopy(row)

    def reply(self, call: Call) -> tuple[int, t.Any]:
        """POST /tickets/:id/reply."""
        self._only(call.body, "body")
        row = self._ticket(call)
        self._message(row, "customer", self._text(call.body, "body", 1, 20000), "open")
        return 201, copy.deepcopy(row)

    def staff_reply(self, ticket_id: str, body: str) -> None:
        """Let the support answer. Raises ValueError."""
        row = self.tickets.get(ticket_id)
        if row is None:
            raise ValueError(f"there is no ticket {ticket_id}")
        self._message(row, "staff", body, "answered")
        self._event(
            "ticket.replied",
            {
                "ticketId": row["id"],
                "ticketNumber": row["ticket_number"],
                "subject": row["subject"],
                "status": row["status"],
            },
        )

    def close(self, call: Call) -> tuple[int, t.Any]:
        """POST /tickets/:id/close."""
        row = self._ticket(call)
        self.effect = row["status"] != "closed"
        row.update(status="closed", updated_at=self.stamp())
        return 200, copy.deepcopy(row)

    # Webhooks

    def _hook(self, row: Row, clear: bool = False) -> Row:
        shown = {name: row[name] for name in ("id", "url", "events", "description", "is_active", "created_at")}
        return {**shown, "secret": row["secret"] if clear else row["secret"][:6] + "****"}

    def _webhook(self, call: Call) -> Row:
        if call.ids["id"] not in self.webhooks:
            raise No(404, "Webhook not found.")
        return self.webhooks[call.ids["id"]]

    def _hook_fields(self, body: Row) -> Row:
        self._only(body, "url", "events", "description", "is_active")
        if "url" in body and not (isinstance(body["url"], str) and body["url"].startswith("https://")):
            raise No(400, ["url must be an HTTPS URL"])
        events = body.get("events", ["vps.created"])
        if not isinstance(events, list) or not events or not set(map(str, events)) <= set(EVENTS):
            raise No(400, ["events must be of: " + ", ".join(EVENTS)])
        if not isinstance(body.get("is_active", True), bool):
            raise No(400, ["is_active must be a boolean"])
        if "url" in body and self.assume["webhook_url"] == "normal":
            # As browsers do: no default port, at least the path /, the host in lower case.
            found = re.fullmatch(r"https://([^/?#]*?)(?::443)?([/?#].*)?", body["url"], re.DOTALL)
            if found:
                rest = found.group(2) or "/"
                body = {**body, "url": "https://" + found.group(1).lower() + (rest if rest[0] == "/" else "/" + rest)}
        return body

    def list_webhooks(self, call: Call) -> tuple[int, t.Any]:
        """GET /webhooks."""
        return 200, [self._hook(row) for row in self.webhooks.values()]

    def get_webhook(self, call: Call) -> tuple[int, t.Any]:
        """GET /webhooks/:id."""
        return 200, self._hook(self._webhook(call))

    def make_webhook(self, given: Row) -> Row:
        """Add a subscription."""
        row = {
            "id": self.new_id("whk"),
            "url": "https://example.com/hook",
            "events": ["vps.created"],
            "description": None,
            "is_active": True,
            "created_at": self.stamp(),
            "secret": self.secret("whsec_"),
            **given,
        }
        self.webhooks[row["id"]] = row
        return row

    def create_webhook(self, call: Call) -> tuple[int, t.Any]:
        """POST /webhooks."""
        body = self._hook_fields(call.body)
        if "url" not in body or "events" not in body:
            raise No(400, ["url and events are needed"])
        self.effect = True
        return 201, self._hook(self.make_webhook(body), clear=True)

    def change_webhook(self, call: Call) -> tuple[int, t.Any]:
        """PATCH /webhooks/:id."""
        row = self._webhook(call)
        row.update(self._hook_fields(call.body))
        self.effect = True
        return 200, self._hook(row)

    def delete_webhook(self, call: Call) -> tuple[int, t.Any]:
        """DELETE /webhooks/:id."""
        del self.webhooks[self._webhook(call)["id"]]
        self.effect = True
        return 200, None

    def rotate(self, call: Call) -> tuple[int, t.Any]:
        """POST /webhooks/:id/rotate-secret."""
        row = self._webhook(call)
        row["secret"] = self.secret("whsec_")
        self.effect = True
        return 200, self._hook(row, clear=True)

    def list_deliveries(self, call: Call) -> tuple[int, t.Any]:
        """GET /webhooks/:id/deliveries."""
        row = self._webhook(call)
        mine = [delivery for delivery in reversed(self.deliveries) if delivery["webhook_id"] == row["id"]]
        return 200, [self._delivery(delivery) for delivery in mine[: self._limit(call)]]

    @staticmethod
    def _delivery(row: Row) -> Row:
        return {key: value for key, value in row.items() if key not in ("webhook_id", "body", "due_at")}

    def redeliver(self, call: Call) -> tuple[int, t.Any]:
        """POST /webhooks/:id/deliveries/:deliveryId/redeliver."""
        hook = self._webhook(call)
        found = next(
            (row for row in self.deliveries if row["id"] == call.ids["deliveryId"] and row["webhook_id"] == hook["id"]),
            None,
        )
        if found is None:
            raise No(404, "Delivery not found.")
        self.effect = True
        return 201, self._delivery(self._queue(hook, found["event"], found["body"]))

    def _queue(self, hook: Row, event: str, body: str) -> Row:
        row = {
            "id": self.new_id("dlv"),
            "webhook_id": hook["id"],
            "event": event,
            "status": "pending",
            "attempt": 0,
            "response_status": None,
            "duration_ms": None,
            "error": None,
            "created_at": self.stamp(),
            "next_attempt_at": self.stamp(),
            "body": body,
            "due_at": self.now(),
        }
        self.deliveries.append(row)
        self.deliver()
        return row

    def _event(self, name: str, data: Row) -> None:
        for hook in self.webhooks.values():
            if hook["is_active"] and name in hook["events"]:
                payload = {"id": self.new_id("evt"), "event": name, "created_at": self.stamp(), "data": data}
                self._queue(hook, name, json.dumps(payload, separators=(",", ":")))

    def attempted(self, row: Row, status: int | None, error: str | None, milliseconds: int) -> None:
        """Note one attempt at a delivery and when the next is due: 1 min, then longer, up to 6 h."""
        with self.lock:
            row["attempt"] += 1
            good = status is not None and 200 <= status < 300
            row.update(
                response_status=status,
                error=error,
                duration_ms=milliseconds,
                status="delivered" if good else "failed",
                due_at=None,
            )
            row["next_attempt_at"] = None
            if not good and row["attempt"] <= len(BACKOFF_SECONDS):
                row.update(status="retrying", due_at=self.now() + BACKOFF_SECONDS[row["attempt"] - 1])
                row["next_attempt_at"] = self.stamp(row["due_at"])

    # The table of the 43 endpoints, in the page's order

    def _routes(self) -> list[tuple[str, str, str, str, t.Callable[[Call], tuple[int, t.Any]]]]:
        return [
            ("GET", "/account", "account", "account:read", self.get_account),
            ("GET", "/products", "products", "account:read", self.products),
            ("GET", "/os-templates", "os_templates", "vps:read", self.os_templates),
            ("POST", "/vps", "vps_order", "orders:write", self.order_vps),
            ("POST", "/hosting", "hosting_order", "orders:write", self.order_hosting),
            ("GET", "/vps", "vps", "vps:read", self.list_vps),
            ("GET", "/vps/all-ips", "all_ips", "vps:read", self.all_ips),
            ("GET", "/vps/{id}", "vps", "vps:read", self.get_vps),
            ("GET", "/vps/{id}/stats", "stats", "vps:read", self.stats),
            ("GET", "/vps/{id}/ips", "vps_ips", "vps:read", self.ips),
            ("POST", "/vps/{id}/power/{action}", "vps", "vps:write", self.power),
            ("PATCH", "/vps/{id}/label", "vps", "vps:write", self.label),
            ("PUT", "/vps/{id}/ips/{ip}/ptr", "vps_ip", "vps:write", self.put_ptr),
            ("DELETE", "/vps/{id}/ips/{ip}/ptr", "done", "vps:write", self.clear_ptr),
            ("POST", "/vps/{id}/reinstall", "vps_order", "vps:destroy", self.reinstall),
            ("DELETE", "/vps/{id}", "done", "vps:destroy", self.terminate),
            ("GET", "/hosting", "hosting", "hosting:read", self.list_hosting),
            ("GET", "/hosting/{id}", "hosting", "hosting:read", self.get_hosting),
            ("POST", "/hosting/{id}/suspend", "hosting", "hosting:write", self.set_hosting(status="suspended")),
            ("POST", "/hosting/{id}/unsuspend", "hosting", "hosting:write", self.set_hosting(status="active")),
            ("DELETE", "/hosting/{id}", "done", "hosting:destroy", self.delete_hosting),
            ("PUT", "/hosting/{id}/php", "hosting", "hosting:write", self.set_php),
            ("POST", "/hosting/{id}/ssl/retry", "hosting", "hosting:write", self.set_hosting(ssl_status="pending")),
            ("GET", "/domains", "domain", "domains:read", self.list_domains),
            ("GET", "/domains/{id}", "domain", "domains:read", self.get_domain),
            ("PATCH", "/domains/{id}", "domain", "domains:write", self.change_domain),
            ("GET", "/billing/invoices", "invoice", "billing:read", self.list_invoices),
            ("GET", "/billing/invoices/{id}", "invoice", "billing:read", self.get_invoice),
            ("GET", "/billing/wallet", "wallet", "billing:read", self.wallet),
            ("GET", "/billing/wallet/transactions", "transaction", "billing:read", self.transactions),
            ("GET", "/tickets", "ticket", "tickets:read", self.list_tickets),
            ("GET", "/tickets/{id}", "ticket", "tickets:read", self.get_ticket),
            ("POST", "/tickets", "ticket_write", "tickets:write", self.open_ticket),
            ("POST", "/tickets/{id}/reply", "ticket_write", "tickets:write", self.reply),
            ("POST", "/tickets/{id}/close", "ticket_write", "tickets:write", self.close),
            ("GET", "/webhooks", "webhook", "webhooks:read", self.list_webhooks),
            ("POST", "/webhooks", "webhook_secret", "webhooks:write", self.create_webhook),
            ("GET", "/webhooks/{id}", "webhook", "webhooks:read", self.get_webhook),
            ("PATCH", "/webhooks/{id}", "webhook", "webhooks:write", self.change_webhook),
            ("DELETE", "/webhooks/{id}", "done", "webhooks:write", self.delete_webhook),
            ("POST", "/webhooks/{id}/rotate-secret", "webhook_secret", "webhooks:write", self.rotate),
            ("GET", "/webhooks/{id}/deliveries", "delivery", "webhooks:read", self.list_deliveries),
            ("POST", "/webhooks/{id}/deliveries/{deliveryId}/redeliver", "delivery", "webhooks:write", self.redeliver),
        ]

    # The control side

    def seed(self, given: Row) -> Row:
        """Add resources; what is not given has defaults. Raises ValueError."""
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
                self.keys[row["key"]] = {
                    "scopes": row.get("scopes", list(SCOPES)),
                    "expired": row.get("expired", False),
                }
            made: Row = {
                "vps": [self.make_server(row)["id"] for row in seed["vps"]],
                "hosting": [self.make_hosting(row)["id"] for row in seed["hosting"]],
                "webhooks": [self.make_webhook(row)["id"] for row in seed["webhooks"]],
                "domains": [self.make_domain(row)["id"] for row in seed["domains"]],
                "tickets": [self.make_ticket(row)["id"] for row in seed["tickets"]],
                "invoices": [self.make_invoice(row)["id"] for row in seed["invoices"]],
                "keys": [row["key"] for row in seed["keys"]],
            }
            top_ups = seed.get("transactions", 0)
            for number in range(1, top_ups + 1):
                self._book("credit", number, "Top-up %d" % number, None)
                self.ledger[-1]["created_at"] = self.stamp(self.now() - top_ups + number)  # a second apart
        return made

    def make_domain(self, given: Row) -> Row:
        """Add a domain."""
        row: Row = {
            "id": self.new_id("dom"),
            "name": "example.com",
            "status": "active",
            "auto_renew": False,
            "transfer_lock": True,
            "whois_privacy": True,
            "nameservers": ["ns1.example.net", "ns2.example.net"],
            "expires_at": "2027-06-01T00:00:00.000Z",
            "created_at": self.stamp(),
            **given,
            "pushes": [],
        }
        self.domains[row["id"]] = row
        return row

    def make_ticket(self, given: Row) -> Row:
        """Add a ticket with its opening message."""
        opened = {"subject": given.get("subject", "Help"), "message": given.get("message", "Hello")}
        _status, ticket = self.open_ticket(Call({}, {}, opened, FULL_KEY))
        self.effect = False
        row = self.tickets[ticket["id"]]
        row.update({key: value for key, value in given.items() if key in ("status", "priority", "department")})
        return row

    def make_invoice(self, given: Row) -> Row:
        """Add an invoice."""
        invoice_id = self.new_id("inv")
        self._receipt(invoice_id, given.get("total_usd_cents", 960), "Seeded")
        row = self.invoices[invoice_id]
        if given.get("status", "paid") != "paid":
            row.update(status=given["status"], paid_at=None, transactions=[])
        return row

    STATE = (
        "account",
        "keys",
        "servers",
        "hosting",
        "domains",
        "ledger",
        "invoices",
        "tickets",
        "webhooks",
        "deliveries",
        "orders",
        "oauth",
        "numbers",
        "next_address",
        "offset",
        "assume",
        "contract_broken",
        "late_refunds",
        "seeded",
    )

    def state(self) -> Row:
        """Give the whole state, for tests and for the state file."""
        with self.lock:
            self._settle()
            found = {name: copy.deepcopy(getattr(self, name)) for name in self.STATE}
        found["vps"] = list(found["servers"].values())
        return found

    def load(self, state: t.Any) -> None:
        """Go on where a state file ends. Raises ValueError."""
        if not isinstance(state, dict) or "account" not in state:
            raise ValueError("it holds no state of the simulator")
        with self.lock:
            for name in self.STATE:
                mine = getattr(self, name)
                kinds = (int, float) if isinstance(mine, float) else type(mine)
                if name in state and not isinstance(state[name], kinds):
                    raise ValueError(f"{name} in it is not what the simulator writes")
            for name in self.STATE:
                if name in state:
                    setattr(self, name, state[name])
            self.random = random.Random(self.numbers)
