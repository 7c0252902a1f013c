# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of h444_manifest share: whole tasks in this process, and random documents on random accounts."""

from __future__ import annotations

import copy
import ipaddress
import json
import random
import typing as t
from pathlib import Path
from unittest import mock

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.h444.cloud.tests.integration.playing import secrets_in, shown_secrets
from ansible_collections.h444.cloud.tests.simulator import assumed, catalogue
from ansible_collections.h444.cloud.tests.simulator.account import FULL_KEY
from ansible_collections.h444.cloud.tests.simulator.domains import shown as shown_domain
from ansible_collections.h444.cloud.tests.unit.properties import surface, test_dialects
from ansible_collections.h444.cloud.tests.unit.properties import test_domain as domain_tests
from ansible_collections.h444.cloud.tests.unit.properties import test_hosting as hosting_tests
from ansible_collections.h444.cloud.tests.unit.properties import test_webhook as webhook_tests
from ansible_collections.h444.cloud.tests.unit.properties.support import World, dialect

MODULE = "h444_manifest"
SECRETS = ("root_passwords", "sftp_passwords", "db_passwords", "webhook_secrets")
PURGEABLE = ("servers", "ptr_records", "hosting", "webhooks")
SECTIONS = (*PURGEABLE, "domains")
PRICES = {product.slug: product.your_monthly_usd_cents for product in catalogue.PRODUCTS}
LOOKS = sorted({*test_dialects.LOOKS, *hosting_tests.LOOKS, *domain_tests.LOOKS, *webhook_tests.LOOKS} - {"pagination"})
# What is not shown can't be compared: it would be written in every run, and its module says so.
NEVER_SHOWN = {"domain_fields": ("none",), "vps_label": ("none", "named")}
LOST: tuple[dict[str, t.Any], ...] = (
    {"kind": "reset"},
    {"kind": "close"},
    {"kind": "truncate"},
    {"kind": "bad_json"},
    {"kind": "html"},
    {"kind": "hang", "seconds": 3600},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 502},
)
REFUSED: tuple[dict[str, t.Any], ...] = (
    {"kind": "reset"},
    {"kind": "status", "status": 409},
    {"kind": "status", "status": 429, "headers": {"Retry-After": "3"}},
    {"kind": "status", "status": 503},
)
# These prove that nothing was bought, unless the list shows that it was.
REFUSED_FOR_GOOD: tuple[dict[str, t.Any], ...] = (
    {"kind": "status", "status": 402},
    {"kind": "status", "status": 400},
)
REQUESTS = (
    ("POST", "/vps"),
    ("POST", "/vps"),
    ("POST", "/hosting"),
    ("POST", "/webhooks"),
    ("GET", "/vps"),
    ("GET", "/vps/all-ips"),
    ("GET", "/hosting"),
    ("GET", "/domains"),
    ("GET", "/billing/wallet"),
    ("POST", "/vps/{id}/power/{action}"),
    ("POST", "/vps/{id}/reinstall"),
    ("PUT", "/vps/{id}/ips/{ip}/ptr"),
    ("DELETE", "/vps/{id}/ips/{ip}/ptr"),
    ("POST", "/hosting/{id}/suspend"),
    ("PUT", "/hosting/{id}/php"),
    ("PATCH", "/domains/{id}"),
    ("PATCH", "/webhooks/{id}"),
    ("DELETE", "/vps/{id}"),
    ("DELETE", "/hosting/{id}"),
    ("*", "*"),
)
Row = t.Dict[str, t.Any]


class Checked(surface.Double):
    """A double that checks its options as AnsibleModule does."""

    def __init__(self, argument_spec: Row, supports_check_mode: bool, **rules: t.Any) -> None:
        self.check_mode = self.checks
        validated = ArgumentSpecValidator(argument_spec, **rules).validate(copy.deepcopy(self.given))
        self.params = validated.validated_parameters
        if validated.error_messages:
            self.fail_json(msg=validated.error_messages[0])


def play(world: World, options: Row, check_mode: bool = False, module: str = MODULE) -> Row:
    """Run one task as a new process would; gives its result, and its warnings under "warnings"."""
    world.client = world.new_client()
    world.sent.clear()
    given = {"api_key": FULL_KEY, "api_url": "http://127.0.0.1:1/v1", **json.loads(json.dumps(options))}
    with mock.patch.object(surface, "Double", Checked):
        return surface.play(world, module, given, check_mode)


def writes(world: World) -> list[tuple[str, str]]:
    """Give the requests of the last run that are no readings."""
    return [row for row in world.sent if row[0] != "GET"]


def key_of(entry: Row) -> str:
    """Give what two equal entries of a plan have in common."""
    return json.dumps(entry, sort_keys=True)


def passwords_in(result: Row) -> set[str]:
    """Give every one-time secret that a result holds where it may."""
    return {word for name in SECRETS for word in (result.get(name) or {}).values()} | secrets_in(
        result.get("other_secrets") or {}
    )


def without_secrets(result: Row) -> Row:
    """Give a result without the places in which secrets may stand."""
    return {name: value for name, value in result.items() if name not in (*SECRETS, "other_secrets")}


def canonical(ip: str) -> str:
    """Give an address as it is compared."""
    return str(ipaddress.ip_address(ip))


class Wish:
    """An account and a document, by chance; plays the document and looks after each run at what must always hold."""

    def __init__(self, seed: int, file: Path | None = None) -> None:
        self.chance = random.Random(seed)
        self.assume = self._assumed(seed)
        self.world = World({**assumed.defaults(), **self.assume})
        self.core = self.world.core
        self.core.account["balance_usd_cents"] = 1000000
        self.file = file
        self.results: list[Row] = []
        self.document: dict[str, list[Row]] = {}
        for noun in ("servers", "hosting", "domains", "webhooks"):
            entries = getattr(self, "_" + noun)()
            if self.chance.random() < 0.85:
                self.document[noun] = entries
        self.purge = [noun for noun in PURGEABLE if self.chance.random() < 0.3 and noun in self.document]
        records = self._ptr_records()
        if self.chance.random() < 0.85:
            self.document["ptr_records"] = records
            self.purge += ["ptr_records"] if self.chance.random() < 0.3 else []
        self.before = self.core.state()
        self.wanted = self._wanted()
        self.ids_before = {row["id"] for noun in ("servers", "hosting") for row in self.before[noun].values()}
        self.missing = [entry for noun in ("servers", "hosting") for entry in self._missing(noun)]
        self.price = sum(PRICES[entry["plan_slug"]] for entry in self.missing)
        self.removed = self._removed()
        self.options: Row = {"concurrency": self.chance.choice((1, 2, 4)), "max_removed": 100, "purge": self.purge}
        if file is not None:
            self.options["credentials_file"] = str(file)

    def _assumed(self, seed: int) -> Row:
        """Choose a dialect."""
        assume = {
            **dialect(seed, LOOKS),
            "provisioning_seconds": self.chance.choice((0, 0, 20, 200)),
            "list_lag_seconds": self.chance.choice((0, 0, 30)),
            "comes_up": self.chance.choice(("on", "on", "off")),
            "pagination": self.chance.choice(("off", "off", "page", "cursor", "link")),
            "retry_after": self.chance.choice(("seconds", "date", "none")),
            "store_failures": self.chance.choice(("none", "4xx", "all")),
            "second_address": self.chance.choice(("none", "ipv6")),
            "domain_rule": self.chance.choice(("as_is", "upper")),
        }
        for name, values in NEVER_SHOWN.items():
            if assume.get(name) in values:
                assume[name] = assumed.SWITCHES[name].values[0]
        return assume

    # The document, and what is there before

    def _some(self, names: t.Sequence[str]) -> list[tuple[str, bool]]:
        """Choose some names, and for each of them whether it is there already."""
        chosen = self.chance.sample(names, self.chance.randint(0, len(names) - 1))
        return [(name, self.chance.random() < 0.6) for name in chosen]

    def _maybe(self, entry: Row, probability: float, **options: t.Any) -> None:
        if self.chance.random() < probability:
            entry.update(options)

    def _servers(self) -> list[Row]:
        entries = []
        for label, is_there in self._some(("alpha", "bravo", "carol", "delta", "echo", "fox")):
            plan, template = self.chance.choice(("vps-1", "vps-2")), self.chance.choice(("debian-12", "ubuntu-24.04"))
            entry: Row = {"label": label, "plan_slug": plan, "os_template": template}
            self._maybe(entry, 0.7, state=self.chance.choice(("present", "started", "stopped", "stopped", "absent")))
            if is_there:
                self._server(label, plan, template)
                self._maybe(entry, 0.3, hostname=label)
                if self.assume["vps_os"] == "told" and self.chance.random() < 0.4:
                    other = {"debian-12": "ubuntu-24.04", "ubuntu-24.04": "debian-12"}[template]
                    entry.update(state="reinstalled", os_template=self.chance.choice((template, other)))
                if entry.get("state") != "absent":
                    self._maybe(entry, 0.2, new_label=label + "-new")
            elif entry.get("state") != "absent":
                self._maybe(entry, 0.3, hostname=label + ".example.com")
            if entry.get("state") != "absent":
                self._maybe(entry, 0.5, ptr=self.chance.choice((label + ".example.net", "mail.example.com", None)))
            entries.append(entry)
        for number in range(2):
            self._server(f"other-{number}", "vps-3", "debian-12")
        return entries

    def _server(self, label: str, plan: str, template: str) -> None:
        number = len(self.core.servers) + 50
        names = (None, None, f"old-{number}.example.net", f"{label}.example.net")
        ips = [{"ip": f"203.0.113.{number}", "ptr": self.chance.choice(names)}]
        if self.chance.random() < 0.4:
            ips.append({"ip": f"2001:db8:44::{number}", "ptr": self.chance.choice(names)})
        self.core.make(
            "vps",
            {
                "label": label,
                "hostname": label,
                "at": 0.0,  # long enough for every list to show it
                "plan_slug": plan,
                "os_template": template,
                "os_family": template.partition("-")[0],
                "status": self.chance.choice(("running", "stopped")),
                "ips": ips,
            },
        )

    def _hosting(self) -> list[Row]:
        entries = []
        for name, is_there in self._some(("shop", "blog", "wiki", "mail")):
            domain = self.chance.choice((f"{name}.example", f"{name}.example", f"{name.upper()}.Example."))
            plan = self.chance.choice(("hosting-starter", "hosting-pro"))
            entry: Row = {"domain": domain, "username": name + "user", "plan_slug": plan}
            self._maybe(entry, 0.7, state=self.chance.choice(("present", "active", "suspended", "suspended", "absent")))
            self._maybe(entry, 0.5, php_version=self.chance.choice(("7.4", "8.1", "8.3")))
            if is_there:
                self._site(name, plan)
            entries.append(entry)
        self._site("other", "hosting-starter")
        return entries

    def _site(self, name: str, plan: str) -> None:
        self.core.make(
            "hosting",
            {
                "domain": f"{name}.example",
                "username": name + "user",
                "plan_slug": plan,
                "at": 0.0,
                "status": self.chance.choice(("active", "suspended")),
                "php_version": self.chance.choice(("7.4", "8.1", "8.3")),
            },
        )

    def _domains(self) -> list[Row]:
        self.core.make("domains", {"name": "brand.example"})
        entries = []
        for name, _is_there in self._some(("example.com", "example.org", "brand.example")):
            entry: Row = {"name": self.chance.choice((name, name, name.upper() + "."))}
            for option in ("auto_renew", "transfer_lock", "whois_privacy"):
                self._maybe(entry, 0.5, **{option: self.chance.random() < 0.5})
            self._maybe(entry, 0.4, nameservers=[f"ns{number}.{name}" for number in (2, 1)])
            entries.append(entry)
        return entries

    def _webhooks(self) -> list[Row]:
        entries = []
        for name, is_there in self._some(("one", "two", "three", "four")):
            url = f"https://hooks.example/{name}"
            events = self.chance.sample(("vps.created", "vps.terminated", "invoice.paid"), self.chance.randint(1, 3))
            entry: Row = {"url": url, "events": events}
            self._maybe(entry, 0.4, state=self.chance.choice(("present", "absent")))
            self._maybe(entry, 0.4, description=self.chance.choice(("Operations", "Money")))
            self._maybe(entry, 0.4, is_active=self.chance.random() < 0.5)
            if is_there:
                self._hook(url)
                if entry.get("state") != "absent":
                    self._maybe(entry, 0.2, new_url=url + "-new")
            entries.append(entry)
        self._hook("https://hooks.example/other")
        return entries

    def _hook(self, url: str) -> None:
        self.core.make(
            "webhooks",
            {
                "url": url,
                "events": self.chance.choice((["vps.created"], ["ticket.replied", "invoice.paid"])),
                "description": self.chance.choice((None, "Operations")),
                "is_active": self.chance.random() < 0.7,
            },
        )

    def _ptr_records(self) -> list[Row]:
        """Name some addresses of servers that stay, of which no entry of a server speaks."""
        entries = []
        for row in self.core.servers.values():
            entry = self._entry_of(row)
            if (entry is None and "servers" in self.purge) or (entry or {}).get("state") == "absent":
                continue
            for place, ip in enumerate(row["ips"]):
                if self.chance.random() < 0.4 and not (place == 0 and entry and "ptr" in entry):
                    spelled = self.chance.choice((ip["ip"], ip["ip"].upper().replace("::", ":0:0:0:0:")))
                    name = self.chance.choice((f"{row['label']}-{place}.example.org", "Mail.Example.com.", None))
                    entries.append({"ip": spelled, "hostname": name})
        return entries

    def _entry_of(self, row: Row) -> Row | None:
        return next((entry for entry in self.document.get("servers", []) if entry["label"] == row["label"]), None)

    def _missing(self, noun: str) -> list[Row]:
        names = {row["label"] if noun == "servers" else row["domain"] for row in self.before[noun].values()}
        return [
            entry
            for entry in self.document.get(noun, [])
            if entry.get("state") != "absent"
            and (entry["label"] if noun == "servers" else entry["domain"].lower().rstrip(".")) not in names
        ]

    # What is to come of it

    def _wanted(self) -> dict[str, dict[str, Row]]:
        """Say of everything that was there what it must be in the end: rows by id; None for what must be gone."""
        state = copy.deepcopy(self.before)
        return {
            "servers": {key: self._server_after(row, self._entry_of(row)) for key, row in state["servers"].items()},
            "hosting": {key: self._after("hosting", row) for key, row in state["hosting"].items()},
            "domains": {key: self._after("domains", row) for key, row in state["domains"].items()},
            "webhooks": {key: self._after("webhooks", row) for key, row in state["webhooks"].items()},
        }

    def _server_after(self, row: Row, entry: Row | None) -> t.Any:
        if entry is None and "servers" in self.purge:
            return None
        records = {canonical(one["ip"]): one["hostname"] for one in self.document.get("ptr_records", [])}
        for place, ip in enumerate(row["ips"]):
            address = canonical(ip["ip"])
            if place == 0 and entry and "ptr" in entry:
                ip["ptr"] = entry["ptr"]
            elif address in records:
                ip["ptr"] = records[address]
            elif "ptr_records" in self.purge:
                ip["ptr"] = None
        if entry is None:
            return row
        state = entry.get("state", "present")
        if state == "absent":
            return None
        row["label"] = entry.get("new_label", row["label"])
        row["status"] = {"started": "running", "stopped": "stopped"}.get(state, row["status"])
        if state == "reinstalled" and entry["os_template"] != row["os_template"]:
            row["os_template"], row["status"] = entry["os_template"], "running"
        return row

    def _after(self, noun: str, row: Row) -> t.Any:
        name = {"hosting": "domain", "domains": "name", "webhooks": "url"}[noun]
        entry = next(
            (one for one in self.document.get(noun, []) if one[name].lower().rstrip(".") == row[name].lower()), None
        )
        if entry is None:
            return None if noun in self.purge else row
        state = entry.get("state", "present")
        if state == "absent":
            return None
        changes = {key: value for key, value in entry.items() if key not in ("state", "new_url", name)}
        status = {"suspended": "suspended", "active": "active"}.get(state)
        more = {"status": status} if status else {}
        return {**row, **changes, **more, **({"url": entry["new_url"]} if "new_url" in entry else {})}

    def _removed(self) -> int:
        """Count the servers, accounts and webhooks that are removed or reinstalled; clearing a PTR is not counted."""
        gone = sum(row is None for noun in self.wanted for row in self.wanted[noun].values())
        return gone + sum(
            row is not None and row["os_template"] != self.before["servers"][key]["os_template"]
            for key, row in self.wanted["servers"].items()
        )

    # Playing

    def break_something(self) -> None:
        """Set one to three faults; each meets its request once, or until the client gives up."""
        for _number in range(self.chance.randint(1, 3)):
            when = self.chance.choice(("before", "after"))
            method, path = self.chance.choice(REQUESTS)
            refused = REFUSED if self.assume["list_lag_seconds"] else REFUSED + REFUSED_FOR_GOOD
            fault = self.chance.choice(LOST if when == "after" else refused)
            nth, times = self.chance.randint(1, 3), self.chance.choice((1, 1, 2, 8))
            self.world.faults.set([{"method": method, "path": path, "when": when, "nth": nth, "times": times, **fault}])

    def run(self, check_mode: bool = False, **options: t.Any) -> Row:
        """Play the document as a new process would, and check what holds after each run."""
        result = play(self.world, {"manifest": self.document, **self.options, **options}, check_mode)
        self.results.append(result)
        self.check(result)
        if check_mode:
            assert not writes(self.world), writes(self.world)
        return result

    def check(self, result: Row) -> None:
        """Check what holds at any time: the report, the money, what no entry names, and that nothing shows a secret."""
        if "plan" in result:
            told = sorted(key_of(entry) for name in ("done", "left") for entry in result[name])
            assert told == sorted(map(key_of, result["plan"])), "done and left are not the plan"
            left = {(entry["kind"], entry["name"]) for entry in result["left"]}
            failed = {(row["kind"], row["name"]) for row in result["failures"]}
            assert failed <= left or not result["plan_digest"], result["failures"]
            assert bool(result.get("failed")) >= bool(failed), result
        for row in result.get("failures", []):
            assert row["kind"] in SECTIONS and row["name"] and row["msg"], row
        self._check_money()
        self._check_bystanders()
        secrets = secrets_in(self.core.state())
        for one in self.results:
            said = json.dumps(without_secrets(one))
            assert not shown_secrets(said, secrets), said

    def _check_money(self) -> None:
        made = [
            (noun, row)
            for noun in ("servers", "hosting")
            for row in getattr(self.core, noun).values()
            if row["id"] not in self.ids_before
        ]
        assert all(row["alive"] for _noun, row in made), "what was ordered was removed"
        names = sorted(row.get("label") or row["domain"].lower() for _noun, row in made)
        assert len(set(names)) == len(names), f"ordered twice: {names}"
        assert set(names) <= {entry.get("label") or entry["domain"].lower().rstrip(".") for entry in self.missing}, (
            names
        )
        debits = [row["amount_usd_cents"] for row in self.core.ledger if row["kind"] == "debit"]
        assert sum(debits) == sum(PRICES[row["plan_slug"]] for _noun, row in made)

    def _check_bystanders(self) -> None:
        """Check that what no entry names is as it was, or gone where its section is purged."""
        for key, row in self.before["servers"].items():
            if self._entry_of(row) is None:
                now = copy.deepcopy(self.core.servers[key])
                for place, ip in enumerate(now["ips"]):
                    if bare(ip["ptr"]) in (bare(row["ips"][place]["ptr"]), self._ptr_after(key, place)):
                        ip["ptr"] = row["ips"][place]["ptr"]
                assert now == row or ("servers" in self.purge and not now["alive"]), (row, now)
        for noun, name in (("hosting", "domain"), ("domains", "name"), ("webhooks", "url")):
            named = {entry[name].lower().rstrip(".") for entry in self.document.get(noun, [])}
            for key, row in self.before[noun].items():
                if row[name].lower() not in named:
                    now = getattr(self.core, noun).get(key)
                    is_gone = now is None or now.get("alive") is False
                    assert now == row or (noun in self.purge and is_gone), (row, now)

    def _ptr_after(self, key: str, place: int) -> t.Any:
        wanted = self.wanted["servers"][key]
        return bare(wanted["ips"][place]["ptr"]) if wanted else None

    # The end

    def check_end(self) -> None:
        """Check that the account is what the document says, and that nothing else of it was changed."""
        for key, wanted in self.wanted["servers"].items():
            now = self.core.servers[key]
            if wanted is None:
                assert not now["alive"], now["label"]
                continue
            for name in ("label", "hostname", "plan_slug", "os_template", "status", "alive"):
                assert now[name] == wanted[name], (name, wanted, now)
            for ip, other in zip(now["ips"], wanted["ips"]):
                assert bare(ip["ptr"]) == bare(other["ptr"]), (wanted, now)
            assert now.get("wiped", 0) <= 1
        for noun in ("hosting", "domains", "webhooks"):
            for key, wanted in self.wanted[noun].items():
                now = getattr(self.core, noun).get(key)
                if wanted is None:
                    assert now is None or now["alive"] is False, now
                    continue
                now = shown_domain(self.core, now) if noun == "domains" else now
                for name, value in wanted.items():
                    if name not in ("pushes", "secret", "at", "alive"):
                        assert sorted_if_list(now[name]) == sorted_if_list(value), (name, wanted, now)
        self._check_made()

    def _check_made(self) -> None:
        servers = {row["label"]: row for row in self.core.servers.values() if row["alive"]}
        sites = {row["domain"].lower(): row for row in self.core.hosting.values() if row["alive"]}
        for entry in self.missing:
            row = servers[entry["label"]] if "label" in entry else sites[entry["domain"].lower().rstrip(".")]
            status = {"started": "running", "stopped": "stopped", "active": "active", "suspended": "suspended"}
            assert row["plan_slug"] == entry["plan_slug"]
            assert row["status"] == status.get(entry.get("state", "present"), row["status"]), (entry, row)
            if "label" in entry:
                assert row["hostname"] == entry.get("hostname", entry["label"])
                assert bare(row["ips"][0]["ptr"]) == bare(entry.get("ptr")), (entry, row)
            else:
                assert row["php_version"] == entry.get("php_version", "8.3") and row["username"] == entry["username"]
        urls = [row["url"] for row in self.core.webhooks.values()]
        assert len(set(urls)) == len(urls)
        for entry in self.document.get("webhooks", []):
            assert (entry.get("new_url", entry["url"]) in urls) == (entry.get("state") != "absent")

    def finish(self) -> Row:
        """Run without faults until a run ends well, which takes at most three, then once more: it changes nothing."""
        self.world.faults.clear()
        for pause_seconds in (self.chance.choice((1, 60)), 60, 60):  # before and after a list shows what is new
            self.core.offset += pause_seconds
            result = self.run()
            if not result.get("failed"):
                break
        assert not result.get("failed"), result
        assert (
            result["left"] == []
            and result["failures"] == []
            and list(map(key_of, result["done"])) == list(map(key_of, result["plan"]))
        )
        self.check_end()
        self.core.offset += 600
        self.check_nothing_to_do(self.run())
        self.check_end()
        # Nobody knows yet whether what a list does not show has come up.
        if self.assume["comes_up"] == "on" or not self.assume["list_lag_seconds"]:
            self.check_nothing_to_do(play(self.world, {"manifest": result["manifest"], "purge": self.purge}))
        written = play(self.world, {}, module="h444_manifest_info")["manifest"]
        whole = play(self.world, {"manifest": written, "purge": list(PURGEABLE)})
        self.check_nothing_to_do(whole, written)
        return result

    def check_nothing_to_do(self, result: Row, document: Row | None = None) -> None:
        """Check that a run found nothing to do."""
        assert not result.get("failed"), result
        assert result["plan"] == [] and not result["changed"] and not writes(self.world), (result, writes(self.world))
        assert result["done"] == result["left"] == result["failures"] == result["ordered"] == []
        assert not passwords_in(result)
        cost = result["cost"]
        assert cost["due_now_usd_cents"] == 0
        assert cost["monthly_before_usd_cents"] == cost["monthly_after_usd_cents"] == self.monthly_price(document)

    def monthly_price(self, document: Row | None = None) -> int:
        """Give what the living servers and accounts of the document's sections cost in a month."""
        return sum(
            PRICES[row["plan_slug"]]
            for noun in ("servers", "hosting")
            if noun in (document or self.document)
            for row in getattr(self.core, noun).values()
            if row["alive"]
        )

    def passwords(self) -> set[str]:
        """Give every one-time secret that a result or the file holds."""
        found: set[str] = set()
        for result in self.results:
            found |= passwords_in(result)
        if self.file is not None and self.file.exists():
            found |= secrets_in(json.loads(self.file.read_text(encoding="utf-8")))
        return found

    def told_lost(self, name: str) -> bool:
        """Tell whether a run said of this that its secret is lost, or that its order's fate is not known."""
        for result in self.results:
            failures = [row["msg"] for row in result.get("failures", []) if plain(row["name"]) == plain(name)]
            told = " ".join([*result["warnings"], *failures])
            if plain(name) in plain(told) and (result.get("secret_lost") or "not known" in told):
                return True
        return False

    def check_passwords(self) -> None:
        """Check that each new secret is in a result or in the file, or was said to be lost."""
        known = self.passwords()
        for noun, name, secrets in (
            ("servers", "label", ("root_password",)),
            ("hosting", "domain", ("sftp_password", "db_password")),
            ("webhooks", "url", ("secret",)),
        ):
            for key, row in getattr(self.core, noun).items():
                is_new = key not in self.before[noun] or row.get("wiped")
                if is_new and row.get("alive", True) and not {row[secret] for secret in secrets} <= known:
                    assert self.told_lost(row[name]), f"a secret of {row[name]} is lost without a word"


def bare(name: str | None) -> str | None:
    """Give the name of a PTR record as it is compared."""
    return name.lower().rstrip(".") if name else None


def plain(text: str) -> str:
    """Give a text in which names are found, however they are spelled."""
    return text.lower().replace(".", "")


def sorted_if_list(value: t.Any) -> t.Any:
    """Give lists in one order."""
    return sorted(value) if isinstance(value, list) else value
