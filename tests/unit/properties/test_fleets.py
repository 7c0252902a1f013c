# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random fleets under random faults: money is spent once, and no password is lost without a word.

Each seed is an account in a dialect, a fleet that is wished for, limits on money, and faults. The task runs until it
ends well. Whatever happens on the way, the debits are the living servers times their prices, nothing beside the wish is
touched, and a further run changes nothing.
"""

from __future__ import annotations

import copy
import json
import random
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.integration.playing import secrets_in, shown_secrets
from ansible_collections.h444.cloud.tests.simulator import assumed, catalogue
from ansible_collections.h444.cloud.tests.unit.properties.ordering import Grave, Killed
from ansible_collections.h444.cloud.tests.unit.properties.support import World, dialect
from ansible_collections.h444.cloud.tests.unit.properties.surface import play
from ansible_collections.h444.cloud.tests.unit.properties.test_dialects import LOOKS

MODULE = "h444_vps_fleet"
# No two of them are alike: a label that could be another one's in another spelling is refused.
LABELS = ("alpha", "bravo", "carol", "delta", "echo", "fox", "golf", "hotel")
PRICES = {product.slug: product.your_monthly_usd_cents for product in catalogue.PRODUCTS[:3]}
TEMPLATES = ("debian-12", "ubuntu-24.04")
LOST: tuple[dict[str, t.Any], ...] = (
    {"kind": "reset"},
    {"kind": "close"},
    {"kind": "truncate"},
    {"kind": "bad_json"},
    {"kind": "html"},
    {"kind": "hang", "seconds": 3600},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 502},
    {"kind": "status", "status": 504},
)
REFUSED: tuple[dict[str, t.Any], ...] = (
    {"kind": "reset"},
    {"kind": "status", "status": 409},
    {"kind": "status", "status": 429, "headers": {"Retry-After": "3"}},
    {"kind": "status", "status": 429},
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
    ("POST", "/vps"),
    ("GET", "/vps"),
    ("GET", "/vps/{id}"),
    ("GET", "/vps/all-ips"),
    ("GET", "/billing/wallet"),
    ("POST", "/vps/{id}/power/{action}"),
    ("POST", "/vps/{id}/reinstall"),
    ("PATCH", "/vps/{id}/label"),
    ("DELETE", "/vps/{id}"),
    ("*", "*"),
)
Row = t.Dict[str, t.Any]


class Fleet:
    """An account and a wish, by chance; plays the wish and looks after each run at what must always hold."""

    def __init__(self, seed: int, file: Path | None = None) -> None:
        self.chance = random.Random(seed)
        assume = {
            **dialect(seed, LOOKS),
            "provisioning_seconds": self.chance.choice((0, 0, 20, 200)),
            "list_lag_seconds": self.chance.choice((0, 0, 30)),
            "comes_up": self.chance.choice(("on", "on", "off")),
            "pagination": self.chance.choice(("off", "page", "cursor", "link")),
            "retry_after": self.chance.choice(("seconds", "date", "none")),
            "store_failures": self.chance.choice(("none", "4xx", "all")),
            "second_address": self.chance.choice(("none", "ipv6")),
        }
        self.assume = assume
        self.world = World({**assumed.defaults(), **assume})
        self.core = self.world.core
        self.file = file
        self.results: list[Row] = []
        self.seeded: dict[str, str] = {}
        self.wish = [self._wished(label) for label in self.chance.sample(LABELS, self.chance.randint(1, 6))]
        self.bystanders = [self.core.make("vps", {"label": f"other-{number}", "at": 0.0}) for number in range(2)]
        self.before = copy.deepcopy(self.bystanders)
        self.missing = [wish for wish in self.wish if wish["label"] not in self.seeded and wish["state"] != "absent"]
        self.price = sum(PRICES[wish["plan_slug"]] for wish in self.missing)
        self.core.account["balance_usd_cents"] = 100000
        self.options: Row = {"concurrency": self.chance.choice((1, 2, 4))}
        if file is not None:
            self.options["credentials_file"] = str(file)

    def _wished(self, label: str) -> Row:
        """Wish for a server, which may be there already."""
        plan, template = self.chance.choice(tuple(PRICES)), self.chance.choice(TEMPLATES)
        wish = {"label": label, "plan_slug": plan, "os_template": template, "state": "present"}
        wish["state"] = self.chance.choice(("present", "present", "started", "stopped", "absent"))
        if self.chance.random() < 0.4:
            there = self.core.make(
                "vps",
                {
                    "label": label,
                    "hostname": label,
                    "at": 0.0,  # long enough for every list to show it
                    "plan_slug": plan,
                    "os_template": self.chance.choice(TEMPLATES),
                    "status": self.chance.choice(("running", "stopped")),
                },
            )
            there["os_family"] = there["os_template"].partition("-")[0]
            self.seeded[label] = there["id"]
            if wish["state"] != "absent" and self.chance.random() < 0.3:
                wish["new_label"] = label + "-new"
            elif self.assume["vps_os"] == "told" and self.chance.random() < 0.3:
                wish["state"] = "reinstalled"
        return wish

    def break_something(self) -> None:
        """Set one to three faults; each meets its request once, or until the client gives up."""
        for _number in range(self.chance.randint(1, 3)):
            when = self.chance.choice(("before", "after"))
            method, path = self.chance.choice(REQUESTS)
            refused = REFUSED if self.assume["list_lag_seconds"] else REFUSED + REFUSED_FOR_GOOD
            fault = self.chance.choice(LOST if when == "after" else refused)
            times = self.chance.choice((1, 1, 2, 8))
            self.world.faults.set(
                [
                    {
                        "method": method,
                        "path": path,
                        "when": when,
                        "nth": self.chance.randint(1, 3),
                        "times": times,
                        **fault,
                    }
                ]
            )

    def run(self, check_mode: bool = False, **options: t.Any) -> Row:
        """Play the wish as a new process would, and check what holds after each run."""
        self.world.client = self.world.new_client()
        self.world.sent.clear()
        result = play(self.world, MODULE, {"servers": self.wish, **self.options, **options}, check_mode)
        self.results.append(result)
        self.check()
        return result

    def check(self) -> None:
        """Check what holds at any time: the money, the bystanders, and that nothing shows a password."""
        assert self.bystanders == self.before, "a server beside the wish was touched"
        debits = [row for row in self.core.ledger if row["kind"] == "debit"]
        made = [row for row in self.core.servers.values() if row["id"] not in self.ids_before()]
        assert all(row["alive"] for row in made), "what was ordered was terminated"
        labels = sorted(row["label"] for row in made)
        assert len(set(labels)) == len(labels), f"ordered twice: {labels}"
        assert set(labels) <= {wish["label"] for wish in self.missing}
        assert sum(row["amount_usd_cents"] for row in debits) == sum(PRICES[row["plan_slug"]] for row in made)
        secrets = secrets_in(self.core.state())
        for result in self.results:
            said = {name: value for name, value in result.items() if name not in ("root_passwords", "other_secrets")}
            assert not shown_secrets(json.dumps(said), secrets), said

    def ids_before(self) -> set[str]:
        """Give the servers that were there before the first run."""
        return {*self.seeded.values(), *(row["id"] for row in self.bystanders)}

    def writes(self) -> list[tuple[str, str]]:
        """Give the requests of the last run that are no readings."""
        return [row for row in self.world.sent if row[0] != "GET"]

    def passwords(self) -> set[str]:
        """Give every root password that a result or the file holds."""
        found = {word for result in self.results for word in (result.get("root_passwords") or {}).values()}
        if self.file is not None and self.file.exists():
            found |= secrets_in(json.loads(self.file.read_text(encoding="utf-8")))
        return found

    def told_lost(self, label: str) -> bool:
        """Tell whether a run said of this server that its password is lost, or that its order's fate is not known."""
        for result in self.results:
            told = " ".join([*result["warnings"], *(row["msg"] for row in result["failures"] if row["name"] == label)])
            if label in told and (result.get("secret_lost") or "not known" in told):
                return True
        return False

    def check_passwords(self) -> None:
        """Check that each new password is in a result or in the file, or was said to be lost."""
        known = self.passwords()
        for row in self.core.servers.values():
            is_new = row["id"] not in self.ids_before() or row.get("wiped")
            if is_new and row["alive"] and row["root_password"] not in known:
                assert self.told_lost(row["label"]), f"the password of {row['label']} is lost without a word"

    def check_end(self, result: Row) -> None:
        """Check that the account is what was wished for, and that the result shows it in the order asked."""
        shown = [row for row in result["vps"] if row]
        kept = [wish for wish in self.wish if wish["state"] != "absent"]
        assert [row["label"] for row in shown] == [wish.get("new_label", wish["label"]) for wish in kept]
        living = {row["label"]: row for row in self.core.servers.values() if row["alive"]}
        for wish, row in zip(kept, shown):
            server = living[row["label"]]
            assert row["id"] == server["id"] and row["ipv4"] == server["ips"][0]["ip"]
            if wish["state"] in ("started", "stopped"):
                assert server["status"] == {"started": "running", "stopped": "stopped"}[wish["state"]]
            if wish["state"] == "reinstalled":
                assert server["os_template"] == wish["os_template"] and server.get("wiped", 0) <= 1
        gone = {wish["label"] for wish in self.wish if wish["state"] == "absent"}
        assert not gone & set(living)

    def finish(self) -> Row:
        """Run without faults until a run ends well, which takes at most three, then once more: it changes nothing."""
        self.world.faults.clear()
        for pause_seconds in (self.chance.choice((1, 60)), 60, 60):  # before and after a list shows what is new
            self.core.offset += pause_seconds
            result = self.run()
            if not result.get("failed"):
                break
        assert not result.get("failed"), result
        self.check_end(result)
        self.core.offset += 600
        again = self.run()
        assert not again["changed"] and not self.writes() and not again.get("failed"), (again, self.writes())
        assert not again.get("root_passwords") and again["ordered"] == [] and again["failures"] == []
        self.check_end(again)
        return result


@pytest.mark.parametrize("seed", range(60))
def test_a_fleet_is_ordered_once_whatever_fails(seed: int, tmp_path: Path) -> None:
    """Check mode writes nothing, predicts the actions, and after the faults the next run finishes."""
    fleet = Fleet(seed, tmp_path / "secrets.json" if seed % 2 else None)
    planned = fleet.run(check_mode=True)
    assert not planned.get("failed"), planned
    assert not fleet.writes() and not fleet.core.ledger
    fleet.break_something()
    broken = fleet.run(wait_timeout=fleet.chance.choice((10, 600)))  # some servers take longer than 10 s
    assert sorted(broken["ordered"]) == sorted(set(broken["ordered"]))
    if broken.get("failed"):
        assert all(row["name"] and row["msg"] and row["kind"] for row in broken["failures"]), broken
    fleet.finish()
    fleet.check_passwords()


@pytest.mark.parametrize("seed", range(100, 140))
def test_a_fleet_without_faults_does_what_check_mode_predicts(seed: int) -> None:
    """The same verdict and the same actions; every password arrives; the orders are those that were missing."""
    fleet = Fleet(seed)
    planned = fleet.run(check_mode=True)
    assert not fleet.writes()
    result = fleet.run()
    assert not result.get("failed"), result
    assert result["changed"] == planned["changed"]
    if fleet.assume["comes_up"] == "on":  # only the run can know that a server has to be started
        assert sorted(result["actions"]) == sorted(planned["actions"])
    assert set(result["ordered"]) == set(planned["ordered"]) == {wish["label"] for wish in fleet.missing}
    if fleet.missing:
        assert set(result["root_passwords"]) >= {wish["label"] for wish in fleet.missing}
        assert result["secret_lost"] is False
    fleet.check_end(result)
    fleet.finish()


@pytest.mark.parametrize("seed", range(200, 240))
@pytest.mark.parametrize("limit", ["wallet", "max_total_monthly_usd_cents", "max_monthly_usd_cents"])
def test_a_limit_on_money_holds_for_the_whole_fleet(seed: int, limit: str) -> None:
    """One cent too few, and nothing at all is written, in check mode and for real; the exact sum is enough."""
    fleet = Fleet(seed)
    if not fleet.missing:
        return
    enough = fleet.price
    if limit == "max_monthly_usd_cents":  # of each server
        enough = max(PRICES[wish["plan_slug"]] for wish in fleet.missing)
    for cents in (0, enough - 1):
        fleet.core.account["balance_usd_cents"] = cents if limit == "wallet" else 100000
        options = {} if limit == "wallet" else {limit: cents}
        for check_mode in (True, False):
            refused = fleet.run(check_mode, **options)
            assert refused["failed"] and not refused["changed"] and not fleet.writes(), refused
            assert refused["ordered"] == []
    fleet.core.account["balance_usd_cents"] = enough if limit == "wallet" else 100000
    result = fleet.run(**({} if limit == "wallet" else {limit: enough}))
    assert not result.get("failed"), result
    if limit == "wallet":
        assert fleet.core.account["balance_usd_cents"] == 0
    fleet.finish()


@pytest.mark.parametrize("seed", range(300, 360))
def test_a_run_that_is_killed_is_finished_by_the_next(seed: int, tmp_path: Path) -> None:
    """Killed at any request: the file has every password that arrived, and the next run orders the rest, once."""
    fleet = Fleet(seed, tmp_path / "secrets.json")
    grave = Grave(fleet.world, fleet.chance.randint(1, 40), fleet.chance.choice(("before", "after")))
    try:
        fleet.run()
    except Killed:
        pass
    grave.rise()
    fleet.check()
    assert grave.arrived <= fleet.passwords(), "a password arrived, and is not in the file"
    fleet.finish()
