# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the items of a loop read from each other changes no result and no write, and no write rests on an old reading.

The same loop is played on two equal worlds: by clients of one worker, and by clients that know nothing of each other.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import random
import typing as t
import uuid
from unittest import mock

import pytest
import requests

from ansible_collections.h444.cloud.plugins.module_utils import _bulk, _client, _converge, _vps
from ansible_collections.h444.cloud.plugins.module_utils._api import Answer, Api, Params
from ansible_collections.h444.cloud.plugins.module_utils._endpoint import Endpoint
from ansible_collections.h444.cloud.plugins.module_utils._plan import Plan
from ansible_collections.h444.cloud.plugins.plugin_utils._replies import KeepingClient, Worker
from ansible_collections.h444.cloud.tests.simulator import assumed
from ansible_collections.h444.cloud.tests.simulator.account import FULL_KEY, READ_KEY
from ansible_collections.h444.cloud.tests.unit.properties.support import World
from ansible_collections.h444.cloud.tests.unit.properties.surface import STATE, play

Row = t.Dict[str, t.Any]
Chooser = random.Random

OTHER_KEY = "h444_simulator_another_full_key"
MOST_SECONDS = 10.0
GAPS_SECONDS = (0.0, 0.1, 0.1, 1.0, 1.0, 3.0, 4.0, 9.9, 10.5)
# What happens by itself, later: the account then changes without this run.
DELAYS = {"list_lag_seconds": 4, "get_lag_seconds": 2, "provisioning_seconds": 8, "registry_seconds": 5}
LOOKS = [
    name
    for name, switch in assumed.SWITCHES.items()
    if len(switch.values) > 1 and not name.startswith(("oauth", "in_flight", "rate_window", "key_window"))
]
SEED: Row = {
    "vps": [{"label": "web-1"}, {"label": "web-2", "status": "stopped"}, {"label": "db-1"}],
    "hosting": [
        {"domain": "example.com", "username": "examplecom"},
        {"domain": "shop.example", "username": "shop", "status": "suspended"},
        {"domain": "mail.example", "username": "mail"},
    ],
    "webhooks": [
        {"url": "https://example.com/hook", "events": ["ticket.created"]},
        {"url": "https://example.com/two", "events": ["vps.created", "ticket.replied"]},
        {"url": "https://example.com/three", "events": ["ticket.created"]},
    ],
    "domains": [{"name": "mine.example"}],
    "tickets": [{"subject": name, "message": "Hello"} for name in ("Help", "Bill", "Order")],
    "keys": [{"key": OTHER_KEY}],
    "balance_usd_cents": 100_000,
}
SENT = "X-Sent"


class Reading(t.NamedTuple):
    """A reply that a task got. *number*: which of all replies of its world it is; *since*: those there were before."""

    path: str
    number: int
    since: int
    at: float

    @property
    def is_old(self) -> bool:
        """Whether an earlier task read it, or an earlier plan of this task."""
        return self.number <= self.since


class Marked(World):
    """A world that numbers its replies, and notes when each was given. *last_write*: the number of the newest write."""

    def __init__(self, assume: Row) -> None:
        super().__init__(assume)
        self.given_at: list[float] = []
        self.last_write = 0
        handle = self.by_others = self.core.handle

        def numbered(method: str, *rest: t.Any) -> t.Any:
            answer = handle(method, *rest)
            self.given_at.append(self.core.offset)
            if method != "GET":
                self.last_write = len(self.given_at)
            return answer._replace(headers={**answer.headers, SENT: str(len(self.given_at))})

        self.core.handle = numbered  # type: ignore[method-assign]

    def age(self, reading: Reading) -> float:
        """Give how old a reply was when a task got it."""
        return reading.at - self.given_at[reading.number - 1]


class LoopWorker(Worker):
    """A worker whose connections lead into a world."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def session(self, place: t.Hashable) -> requests.Session:
        """Give the one session for a place."""
        return self._sessions.setdefault(place, self._world.new_session())


class Side:
    """One of two equal worlds, and the one worker that plays the loop there; None: each task is on its own."""

    def __init__(self, assume: Row, is_one_worker: bool, may_recall: bool = True) -> None:
        self.world = Marked(assume)
        self.world.core.seed(SEED)
        self.world.core.offset = 100.0  # by then everything is listed
        self.worker = LoopWorker(self.world) if is_one_worker else None
        self._may_recall = may_recall
        self._uuids = random.Random(1)
        self.plan: list[Reading] = []
        """what the newest plan of the current task has read, in this order"""
        self.since = 0
        self.written_on_old: list[Reading] = []
        """what a plan has read before it was made, and a write was decided by"""

    def client(self, api_key: str) -> _client.Client:
        """Open the client of one task."""
        if self.worker is None:
            return self.world.open(_client.Client, api_key, session=self.world.new_session())
        make = functools.partial(KeepingClient, worker=self.worker, may_recall=self._may_recall)
        return self.world.open(make, api_key)

    def play(self, name: str, task: Task, at: float) -> Row:
        """Play one item of the loop at this time; gives its result and its writes."""
        core = self.world.core
        core.offset = at - 1.5  # which play() lets pass
        if self.worker is not None:
            self.worker.begin(json.dumps(task.options, default=str), task.is_repeated)
        self.world.client = self.client(task.api_key)
        self.world.faults.clear()
        self.world.faults.set(list(task.faults))
        number = len(self.world.sent)
        with contextlib.ExitStack() as stack:
            for target, attribute, double in (
                (_vps.uuid, "uuid4", lambda: uuid.UUID(int=self._uuids.getrandbits(128), version=4)),
                (_client, "random", mock.Mock(random=lambda: 0.5)),
                (_converge, "made", self._watched(_converge.made)),
                (_bulk, "made", self._watched(_converge.made)),
                (self.world.client, "request", self._noted(self.world.client.request)),
            ):
                stack.enter_context(mock.patch.object(target, attribute, double))
            result = play(self.world, name, task.options, task.check_mode)
        result.pop("waited_seconds", None)  # a read that is not sent can't be held up
        result["warnings"] = [text for text in result["warnings"] if not text.startswith("Waited ")]
        rows = self.world.journal.since(number)
        writes = [
            (row["method"], row["path"], row["body"], row["headers"].get("idempotency-key"))
            for row in rows
            if row["method"] != "GET"
        ]
        return {"result": result, "writes": writes, "requests": len(rows)}

    def _watched(self, made: t.Callable[..., Plan]) -> t.Callable[..., Plan]:
        def watched(api: Api, plan_of: t.Callable[[Api, Params], Plan], params: Params) -> Plan:
            def noted(api: Api, params: Params) -> Plan:
                self.plan, self.since = [], len(self.world.given_at)
                return plan_of(api, params)

            return made(api, noted, params)

        self.plan = []
        return watched

    def _noted(self, request: t.Callable[..., Answer]) -> t.Callable[..., Answer]:
        def noted(endpoint: Endpoint, **how: t.Any) -> Answer:
            if endpoint.method != "GET":
                self.written_on_old += self.rests_on_old()
                return request(endpoint, **how)
            answer = request(endpoint, **how)
            path = "%s %s" % (endpoint.path, how.get("ids") or "")
            self.plan.append(Reading(path, int(answer.headers[SENT]), self.since, self.world.core.offset))
            return answer

        return noted

    def by_others(self, method: str, path: str, body: Row) -> None:
        """Let somebody else change the account."""
        if method == "MAKE":
            self.world.core.make(path, dict(body))
            return
        headers = {"Authorization": f"Bearer {FULL_KEY}"}
        self.world.by_others(method, path, {}, headers, json.dumps(body).encode() if body else b"")

    def rests_on_old(self) -> list[Reading]:
        """Give what the newest plan has read before it was made."""
        return [reading for reading in self.plan if reading.is_old]

    def state(self) -> str:
        """Give the whole account. A change that a registry makes later is made at the next reading."""
        self.by_others("GET", "/domains", {})
        state = self.world.core.state()
        state.pop("offset")
        return json.dumps(state, sort_keys=True, default=str)


LOOPS = 4
"""For each module, of each kind; the whole file takes about 20 s of processor."""
MOST_REQUESTS = 6


class Task(t.NamedTuple):
    """An item of a loop, and what happens around it."""

    options: Row
    check_mode: bool = False
    api_key: str = FULL_KEY
    is_repeated: bool = False
    gap_seconds: float = 1.0
    faults: tuple[Row, ...] = ()


# Random options: any of them may be refused.


def _some(chooser: Chooser, **chances: t.Any) -> Row:
    """Choose options: each by its chance, and one of its values."""
    return {name: chooser.choice(values) for name, (chance, *values) in chances.items() if chooser.random() < chance}


def _ids(chooser: Chooser, rows: t.Iterable[t.Any]) -> str:
    return chooser.choice([*rows, "nothing"])


def vps_options(chooser: Chooser, core: t.Any) -> Row:
    """Give options of h444_vps."""
    state = chooser.choice(["present", "present", "started", "stopped", "restarted", "reinstalled", "absent"])
    task = {
        "state": state,
        "label": chooser.choice(["web-1", "web-1", "web-2", "db-1", "new-1", "new-2"]),
        "wait_timeout": 60,
        **_some(
            chooser,
            plan_slug=(0.7, "vps-2", "vps-2", "vps-4", "none"),
            os_template=(0.7, "ubuntu-24.04", "ubuntu-24.04", "debian-12"),
            new_label=(0.15, "web-3", "web-1", "new-1"),
            wait=(0.2, False),
            hostname=(0.1, "a.example.com"),
            max_monthly_usd_cents=(0.1, 100, 5000),
            order_generation=(0.1, "2"),
            protected=(0.05, ["db-*"]),
        ),
    }
    if state == "reinstalled" and chooser.random() < 0.5:
        task["force"] = True
    if chooser.random() < 0.25:
        task["id"] = _ids(chooser, core.servers)
        if chooser.random() < 0.8:
            del task["label"]
    return task


def fleet_options(chooser: Chooser, core: t.Any) -> Row:
    """Give options of h444_vps_fleet, one server after another: what is sent when must be the same on both sides."""
    servers = {}
    for _number in range(chooser.randrange(4)):
        server = {**vps_options(chooser, core)}
        server.pop("protected", None)
        servers[server.setdefault("label", "web-2")] = server
    return {"servers": list(servers.values()), "concurrency": 1}


def manifest_options(chooser: Chooser, core: t.Any) -> Row:
    """Give options of h444_manifest, one entry after another."""
    makers = {
        "servers": vps_options,
        "hosting": hosting_options,
        "domains": domain_options,
        "webhooks": webhook_options,
    }
    names = {"servers": "label", "hosting": "domain", "domains": "name", "webhooks": "url"}
    manifest: Row = {}
    for section in chooser.sample(sorted(makers), chooser.randint(1, 3)):
        entries = {}
        for _number in range(chooser.randrange(3)):
            entry = {**makers[section](chooser, core)}
            entry.pop("protected", None)
            if entry.get(names[section]):
                entries[entry[names[section]]] = entry
        manifest[section] = list(entries.values())
    purge = [section for section in ("servers", "webhooks") if section in manifest and chooser.random() < 0.2]
    return {"manifest": manifest, "purge": purge, "concurrency": 1, **_some(chooser, max_removed=(0.7, 9))}


def ptr_options(chooser: Chooser, core: t.Any) -> Row:
    """Give options of h444_ptr."""
    addresses = [ip["ip"] for row in core.servers.values() for ip in row["ips"]]
    by = chooser.choice(["ip", "ip", "vps_label", "vps_id"])
    value = {
        "ip": chooser.choice([*addresses, addresses[0], "192.0.2.200"]),
        "vps_label": chooser.choice(["web-1", "web-2", "db-1", "none"]),
        "vps_id": _ids(chooser, core.servers),
    }
    task = {by: value[by], "state": chooser.choice(["present", "present", "absent"])}
    if task["state"] == "present":
        task["hostname"] = chooser.choice(["a.example.com", "A.example.com.", "b.example.com"])
    return task


def ptr_records_options(chooser: Chooser, core: t.Any) -> Row:
    """Give options of h444_ptr_records."""
    addresses = sorted({ip["ip"] for row in core.servers.values() for ip in row["ips"]})
    names = ["a.example.com", "A.example.com.", "b.example.com", None]
    chosen = chooser.sample(addresses, chooser.randint(0, min(3, len(addresses))))
    records = [
        {"ip": ip, "hostname": chooser.choice(names)} for ip in [*chosen, *_some(chooser, **{"192.0.2.200": (0.1, 1)})]
    ]
    return {
        "records": records,
        "concurrency": 1,
        **_some(
            chooser,
            purge=(0.4, True),
            purge_vps_labels=(0.3, ["web-1"], ["web-2", "db-1"], [], ["none"]),
            purge_vps_ids=(0.2, [_ids(chooser, core.servers)], []),
            protected=(0.1, ["a.*"]),
        ),
    }


def hosting_options(chooser: Chooser, core: t.Any) -> Row:
    """Give options of h444_hosting."""
    pairs = [("example.com", "examplecom"), ("shop.example", "shop"), ("new.example", "new"), ("new2.example", "mail")]
    domain, username = chooser.choice(pairs)
    task = {
        "state": chooser.choice(["present", "present", "active", "suspended", "absent"]),
        "domain": domain,
        "wait_timeout": 60,
        **_some(
            chooser,
            username=(0.6, username),
            plan_slug=(0.7, "hosting-starter", "hosting-starter", "none"),
            php_version=(0.4, "8.1", "8.3"),
            retry_ssl=(0.3, "failed", "failed", "always"),
            max_monthly_usd_cents=(0.1, 1, 5000),
        ),
    }
    if chooser.random() < 0.2:
        task = {**task, "id": _ids(chooser, core.hosting)}
        task.pop("domain")
        task.pop("username", None)
    return task


def domain_options(chooser: Chooser, core: t.Any) -> Row:
    """Give options of h444_domain."""
    by = {"name": chooser.choice(["mine.example", "example.com", "EXAMPLE.org.", "none.example"])}
    if chooser.random() < 0.2:
        by = {"id": _ids(chooser, core.domains)}
    servers = [["ns1.example.org", "ns2.example.org"], ["NS2.example.org.", "ns1.example.org"], ["ns3.example.org"]]
    return {
        **by,
        **_some(
            chooser,
            auto_renew=(0.4, True, False),
            transfer_lock=(0.3, True, False),
            whois_privacy=(0.3, True, False),
            nameservers=(0.4, *servers),
        ),
    }


def webhook_options(chooser: Chooser, core: t.Any) -> Row:
    """Give options of h444_webhook."""
    urls = [
        "https://example.com/hook",
        "https://EXAMPLE.com:443/hook",
        "https://example.com/two",
        "https://new.example/",
    ]
    task = {
        "url": chooser.choice(urls),
        "state": chooser.choice(["present"] * 4 + ["absent"]),
        **_some(
            chooser,
            events=(0.7, ["ticket.created"], ["vps.created", "ticket.replied"], ["ticket.replied", "vps.created"]),
            is_active=(0.3, True, False),
            description=(0.3, "x", "y", ""),
            new_url=(0.15, "https://new.example/", "https://example.com/two"),
            rotate_secret=(0.1, True),
        ),
    }
    if chooser.random() < 0.2:
        task["id"] = _ids(chooser, core.webhooks)
        del task["url"]
    return task


def ticket_options(chooser: Chooser, core: t.Any) -> Row:
    """Give options of h444_ticket."""
    task = {
        "subject": chooser.choice(["Help", "Help", "Bill", "New", "help", "A subject that is longer"]),
        "state": chooser.choice(["open", "open", "open", "closed"]),
        **_some(
            chooser,
            body=(0.6, "Hello", "Hello", "Other"),
            reply=(0.4, "More", "More", "Thanks"),
            priority=(0.2, "high", "normal"),
            idempotency_key=(0.05, "key-1"),
        ),
    }
    if task.get("reply") and chooser.random() < 0.1:
        task["force_reply"] = True
    if chooser.random() < 0.2:
        task["id"] = _ids(chooser, core.tickets)
        for name in ("subject", "body", "idempotency_key"):
            task.pop(name, None)
    return task


def redelivery_options(chooser: Chooser, core: t.Any) -> Row:
    """Give options of h444_webhook_redelivery."""
    row = chooser.choice([*core.deliveries, {"id": "nothing", "webhook_id": "nothing"}])
    by = chooser.choice(
        [
            {"id": row["webhook_id"]},
            {"url": "https://example.com/hook"},
            {"url": "https://example.com/three"},
            {"id": _ids(chooser, core.webhooks)},
        ]
    )
    return {**by, "delivery_id": row["id"]}


OPTIONS: dict[str, t.Callable[[Chooser, t.Any], Row]] = {
    "h444_domain": domain_options,
    "h444_hosting": hosting_options,
    "h444_manifest": manifest_options,
    "h444_ptr": ptr_options,
    "h444_ptr_records": ptr_records_options,
    "h444_ticket": ticket_options,
    "h444_vps": vps_options,
    "h444_vps_fleet": fleet_options,
    "h444_webhook": webhook_options,
    "h444_webhook_redelivery": redelivery_options,
}
WRITING = ("POST", "PUT", "PATCH", "DELETE")
WRITE_FAULTS: tuple[Row, ...] = (
    {"kind": "reset"},
    {"kind": "reset", "when": "after"},
    {"kind": "close", "when": "after"},
    {"kind": "truncate", "when": "after"},
    {"kind": "bad_json", "when": "after"},
    {"kind": "html", "when": "after"},
    {"kind": "hang", "when": "after", "seconds": 8},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 502, "when": "after", "times": 20},
    {"kind": "status", "status": 503, "times": 20},
    {"kind": "status", "status": 429, "headers": {"Retry-After": "7"}},
    {"kind": "status", "status": 403},
)
# The first read meets it, which is one of a plan in both worlds, and the repeat of it does not.
READ_FAULTS: tuple[Row, ...] = (
    {"kind": "reset"},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 502},
    {"kind": "status", "status": 429, "headers": {"Retry-After": "3"}},
    {"kind": "status", "status": 429, "headers": {"Retry-After": "12"}},
)


def faults_of(chooser: Chooser) -> tuple[Row, ...]:
    """Choose what goes wrong during an item; mostly nothing."""
    found: list[Row] = []
    if chooser.random() < 0.2:
        fault = chooser.choice(WRITE_FAULTS)
        found += [{**fault, "method": method} for method in WRITING]
    if chooser.random() < 0.15:
        found.append({"method": "GET", **chooser.choice(READ_FAULTS)})
    return tuple(found)


def items(chooser: Chooser, name: str, core: t.Any) -> t.Iterator[Task]:
    """Choose a loop: new tasks, and many that were there before and have nothing to do any more."""
    checks, faulty, keys = chooser.choice([0.0, 0.0, 0.3, 1.0]), chooser.random() < 0.5, [FULL_KEY] * 8
    if chooser.random() < 0.4:
        keys += [OTHER_KEY, OTHER_KEY, READ_KEY]
    seen: list[Row] = []
    has_until, repeats = chooser.random() < 0.2, chooser.choice([0.4, 0.8, 0.95])
    for _item in range(chooser.randint(2, 30)):
        is_again = bool(seen) and chooser.random() < repeats
        seen.append(chooser.choice(seen) if is_again else OPTIONS[name](chooser, core))
        faults = faults_of(chooser) if faulty else ()
        check_mode, gap = chooser.random() < checks, chooser.choice(GAPS_SECONDS)
        yield Task(seen[-1], check_mode, chooser.choice(keys), has_until, gap, faults)


def assumptions(chooser: Chooser) -> Row:
    """Choose a dialect: a preset, or switches by chance."""
    if chooser.random() < 0.4:
        return {**assumed.preset(chooser.choice(list(assumed.PRESETS))), **dict.fromkeys(DELAYS, 0)}
    return {
        **assumed.defaults(),
        **{name: chooser.choice(assumed.SWITCHES[name].values) for name in LOOKS if chooser.random() < 0.2},
    }


class Both:
    """A loop that is played on two equal worlds at the same times, with and without reuse."""

    def __init__(self, assume: Row) -> None:
        self.reusing, self.plain = Side(assume, is_one_worker=True), Side(assume, is_one_worker=False)
        self._played: list[Task] = []

    @property
    def core(self) -> t.Any:
        """The account without reuse."""
        return self.plain.world.core

    @property
    def now(self) -> float:
        """The time at which both are done: with reuse, a wait for a reply may be spared."""
        return max(self.reusing.world.core.offset, self.plain.world.core.offset)

    def by_others(self, *change: t.Any) -> None:
        """Let somebody else change both accounts in the same way."""
        now = self.now
        for side in (self.reusing, self.plain):
            side.world.core.offset = now
            side.by_others(*change)

    def play(self, name: str, task: Task) -> tuple[Row, Row]:
        """Play an item on both, and hold what it did with reuse against what it had read."""
        at, last_write = self.now + task.gap_seconds, self.reusing.world.last_write
        with_reuse, without = (side.play(name, task, at) for side in (self.reusing, self.plain))
        self._played.append(task)
        old, result, where = self.reusing.rests_on_old(), with_reuse["result"], self._played
        assert not self.reusing.written_on_old, where
        for reading in old:
            assert self.reusing.world.age(reading) <= MOST_SECONDS, (where, reading, "is too old")
            assert reading.number > last_write, (where, reading, "is from before a write")
        if old:
            assert not with_reuse["writes"] and not result["changed"] and not result.get("failed"), (where, with_reuse)
            is_further_attempt = task.is_repeated and [one.options for one in where[-2:]] == [task.options] * 2
            assert not is_further_attempt, where
        return with_reuse, without


@pytest.mark.parametrize("seed", range(LOOPS))
@pytest.mark.parametrize("name", STATE)
def test_a_loop_does_the_same_with_and_without_reuse(name: str, seed: int) -> None:
    """Every result and every write is the same, in the same order, if nobody else changes the account."""
    chooser = random.Random(f"{name} {seed}")
    assume = assumptions(chooser)
    both = Both(assume)
    for number, task in enumerate(items(chooser, name, both.core)):
        with_reuse, without = both.play(name, task)
        where = (assume, number, task)
        assert with_reuse["writes"] == without["writes"], where
        assert with_reuse["result"] == without["result"], where
    assert both.reusing.state() == both.plain.state(), assume


def others_change(chooser: Chooser, core: t.Any) -> tuple[str, str, Row]:
    """Choose what somebody else does to the account: a request, or a new resource ("MAKE")."""
    vps_id, hosting_id = _ids(chooser, core.servers), _ids(chooser, core.hosting)
    webhook_id, ticket_id = _ids(chooser, core.webhooks), _ids(chooser, core.tickets)
    address = core.servers[vps_id]["ips"][0]["ip"] if vps_id in core.servers else "192.0.2.1"
    label = chooser.choice(["web-1", "web-2", "new-1", "other"])
    return chooser.choice(
        [
            ("PATCH", f"/vps/{vps_id}/label", {"label": label}),
            ("PATCH", f"/vps/{vps_id}/label", {"label": label}),
            ("DELETE", f"/vps/{vps_id}", {}),
            ("POST", f"/vps/{vps_id}/power/{chooser.choice(['start', 'stop'])}", {}),
            ("MAKE", "vps", {"label": label}),
            ("PUT", f"/vps/{vps_id}/ips/{address}/ptr", {"hostname": "b.example.com"}),
            ("DELETE", f"/vps/{vps_id}/ips/{address}/ptr", {}),
            ("POST", f"/hosting/{hosting_id}/{chooser.choice(['suspend', 'unsuspend'])}", {}),
            ("DELETE", f"/hosting/{hosting_id}", {}),
            ("PUT", f"/hosting/{hosting_id}/php", {"php_version": "8.1"}),
            ("MAKE", "hosting", {"domain": "new.example", "username": "new"}),
            ("PATCH", f"/webhooks/{webhook_id}", {"events": ["ticket.replied"]}),
            ("DELETE", f"/webhooks/{webhook_id}", {}),
            ("MAKE", "webhooks", {"url": "https://new.example/", "events": ["ticket.created"]}),
            ("PATCH", f"/domains/{_ids(chooser, core.domains)}", {"auto_renew": chooser.random() < 0.5}),
            ("POST", f"/tickets/{ticket_id}/close", {}),
            ("POST", f"/tickets/{ticket_id}/reply", {"body": "More"}),
            ("MAKE", "tickets", {"subject": "New", "message": "Hello"}),
        ]
    )


@pytest.mark.parametrize("seed", range(LOOPS))
@pytest.mark.parametrize("name", STATE)
def test_no_write_and_no_refusal_rests_on_an_old_reading(name: str, seed: int) -> None:
    """Somebody else changes the account, or it changes by itself: an item does what it would do alone, or nothing.

    It does nothing only if there was nothing to be done at most 10 s ago.
    """
    chooser = random.Random(f"others {name} {seed}")
    assume = {**assumptions(chooser), **_some(chooser, **{delay: (0.3, value) for delay, value in DELAYS.items()})}
    both = Both(assume)
    for number, task in enumerate(items(chooser, name, both.core)):
        if chooser.random() < 0.7:
            both.by_others(*others_change(chooser, both.core))
        with_reuse, without = both.play(name, task)
        where = (assume, number, task)
        if not both.reusing.rests_on_old():
            assert with_reuse["writes"] == without["writes"], where
            assert with_reuse["result"] == without["result"], where
        if with_reuse["writes"] != without["writes"]:
            return  # from here on the accounts differ
    assert both.reusing.state() == both.plain.state(), assume


@pytest.mark.parametrize("pagination", ["page", "cursor", "link"])
def test_the_pages_of_a_list_are_never_of_two_moments(pagination: str) -> None:
    """A row that moves to the other page meanwhile would be on neither, and its server would count as absent."""
    both = Both({**assumed.defaults(), "pagination": pagination})
    both.by_others("MAKE", "vps", {"label": "last-1"})
    second_page_is_lost = {"method": "GET", "path": "/vps", "nth": 2, "times": 20, "kind": "status", "status": 404}
    absent = {"label": "db-1", "state": "absent"}
    with_reuse, without = both.play("h444_vps", Task(absent, faults=(second_page_is_lost,)))
    assert with_reuse["result"] == without["result"] and without["result"]["failed"]
    both.by_others("DELETE", "/vps/" + next(iter(both.core.servers)), {})
    with_reuse, without = both.play("h444_vps", Task(absent))
    assert without["result"]["actions"] == ["terminate db-1"]
    assert with_reuse["result"] == without["result"] and with_reuse["writes"] == without["writes"]


def test_a_list_that_lags_behind_a_write_is_not_reused() -> None:
    """It does not show the new server yet, but it would a few seconds later."""
    both = Both({**assumed.defaults(), "list_lag_seconds": 4})
    order = {"label": "new-1", "plan_slug": "vps-2", "os_template": "debian-12", "wait": False}
    absent = {"label": "new-1", "state": "absent"}
    both.play("h444_vps", Task(order))
    done = []
    for gap in (0.5, 5.0):
        with_reuse, without = both.play("h444_vps", Task(absent, gap_seconds=gap))
        assert with_reuse["writes"] == without["writes"]
        done.append(without["result"]["actions"])
    assert done == [[], ["terminate new-1"]]


CONVERGED: dict[str, list[Row]] = {
    "h444_domain": [{"name": "mine.example"}, {"name": "example.com", "auto_renew": False}],
    "h444_hosting": [
        {"domain": "example.com"},
        {"domain": "shop.example", "state": "suspended"},
        {"domain": "none.example", "state": "absent"},
    ],
    "h444_manifest": [
        {"manifest": {"webhooks": [{"url": "https://example.com/hook", "events": ["ticket.created"]}]}},
        {"manifest": {"domains": [{"name": "example.com", "auto_renew": False}]}},
    ],
    "h444_ptr": [
        {"vps_label": "web-1", "state": "absent"},
        {"vps_label": "db-1", "state": "absent"},
    ],
    "h444_ptr_records": [{"records": [], "purge": True}, {"records": [], "purge_vps_labels": ["web-1"]}],
    "h444_ticket": [{"subject": "Help", "body": "Hello"}, {"subject": "None", "state": "closed"}],
    "h444_vps": [
        {"label": "web-1", "state": "started", "os_template": "ubuntu-24.04"},
        {"label": "web-2", "state": "stopped"},
        {"label": "none", "state": "absent"},
    ],
    "h444_vps_fleet": [
        {"servers": [{"label": "web-1", "state": "started"}, {"label": "none", "state": "absent"}]},
        {"servers": [{"label": "web-2"}], "state": "stopped"},
    ],
    "h444_webhook": [
        {"url": "https://example.com/hook", "events": ["ticket.created"]},
        {"url": "https://example.com/none", "state": "absent"},
    ],
}


def requests_of(side: Side, name: str, number: int) -> int:
    """Play a loop of converged tasks, 20 in a second; gives the number of requests."""
    tasks = itertools.islice(itertools.cycle(CONVERGED[name]), number)
    for place, options in enumerate(tasks):
        result = side.play(name, Task(options), 200 + place / 20)["result"]
        assert not result.get("failed") and not result["changed"], result
    return len(side.world.sent)


@pytest.mark.parametrize("preset", assumed.PRESETS)
@pytest.mark.parametrize("name", CONVERGED)
def test_a_hundred_converged_tasks_take_a_few_requests(name: str, preset: str) -> None:
    assume = assumed.preset(preset)
    assert requests_of(Side(assume, is_one_worker=True), name, 100) <= MOST_REQUESTS
    off = requests_of(Side(assume, is_one_worker=True, may_recall=False), name, 20)
    assert off == requests_of(Side(assume, is_one_worker=False), name, 20) >= 20


def test_every_state_module_is_held_to_this() -> None:
    """A redelivery is never converged."""
    assert set(CONVERGED) == set(STATE) - {"h444_webhook_redelivery"} and set(OPTIONS) == set(STATE)
