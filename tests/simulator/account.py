# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The account: everything that it holds, the simulator's clock, and how ids and secrets are made."""

from __future__ import annotations

import copy
import hashlib
import random
import threading
import time
import typing as t
import uuid
from datetime import datetime, timezone

from . import assumed
from .calls import Call, Reply, Row

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


class Account:
    """The account's resources are plain rows; the files of the resources hold what can be done with them."""

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
        "scenario",
        "document",
        "products",
        "templates",
    )
    """What a state file keeps."""

    def __init__(
        self,
        assume: t.Mapping[str, t.Any] | None = None,
        *,
        balance_usd_cents: int | None = None,
        scenario: str = "empty",
        clock: t.Callable[[], float] = time.time,
    ) -> None:
        self.assume: dict[str, t.Any] = {**assumed.defaults(), **(assume or {})}
        self.balance_usd_cents = balance_usd_cents
        """What the wallet holds; None: what the scenario says."""
        self.scenario = scenario
        self.document: Row = {}
        """The exported account to begin with, in the place of a scenario; empty if there is none."""
        self._clock = clock
        self.offset = 0.0
        self.lock = threading.RLock()
        self._mine = threading.local()
        self.deliver: t.Callable[[], None] = lambda: None
        self.settle: t.Callable[[], None] = lambda: None
        """Called after each change, without the lock: lets the servers that one can log in to follow."""
        self.address: t.Callable[[int], str] | None = None
        """Gives the n-th address, where it is one that takes logins."""
        self.reset()

    def reset(self) -> None:
        """Forget everything and begin with a wallet and two API keys."""
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
            "balance_usd_cents": 10000 if self.balance_usd_cents is None else self.balance_usd_cents,
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
        self.products: list[Row] = []
        self.templates: list[Row] = []
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
        seed = "%s %s" % (self.random.random(), self.numbers)
        return prefix + "S3cr-" + hashlib.sha256(seed.encode()).hexdigest()[:20]

    # What was ordered: a server or a hosting account

    def status_of(self, row: Row) -> str:
        """Give the status of what was ordered."""
        if not row["alive"]:
            return "terminated"
        return "provisioning" if self.now() < row["ready_at"] else row["status"]

    def shows(self, row: Row, lag: str) -> bool:
        """Say whether what was ordered is shown already, or still. *lag*: the switch of the delay."""
        if not row["alive"]:
            return self.assume["terminated"] == "listed"
        return self.now() - row["at"] >= self.assume[lag]

    # The state as a whole

    def state(self) -> Row:
        """Give the whole state, for tests and for the state file."""
        with self.lock:
            found = {name: copy.deepcopy(getattr(self, name)) for name in self.STATE}
        found["vps"] = list(found["servers"].values())
        return found

    def load(self, state: t.Any) -> None:
        """Go on where a state file ends. Raises ValueError."""
        if not isinstance(state, dict) or "account" not in state:
            raise ValueError("it holds no state of the simulator")
        given = {name: state[name] for name in self.STATE if name in state}
        with self.lock:
            for name, value in given.items():
                mine = getattr(self, name)
                if not isinstance(value, (int, float) if isinstance(mine, float) else type(mine)):
                    raise ValueError(f"{name} in it is not what the simulator writes")
            for name, value in given.items():
                setattr(self, name, value)
            self.random = random.Random(self.numbers)


Handler = t.Callable[[Account, Call], Reply]


class Route(t.NamedTuple):
    """An endpoint. *kind*: the shape of its reply; *takes_key*: whether it takes an Idempotency-Key."""

    method: str
    path: str
    kind: str
    scope: str
    handler: Handler
    takes_key: bool = False
