# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many servers in one task, in this process: one reading, one price, and what is left when some of them fail."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import typing as t
from pathlib import Path
from unittest import mock

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _bulk, _fleet, _vps
from ansible_collections.h444.cloud.plugins.module_utils._spec import API
from ansible_collections.h444.cloud.plugins.modules import h444_vps, h444_vps_fleet
from ansible_collections.h444.cloud.tests.simulator import assumed, conformance
from ansible_collections.h444.cloud.tests.unit.properties.ordering import Killed
from ansible_collections.h444.cloud.tests.unit.properties.support import Ended, Module, World, defaults_of

Row = t.Dict[str, t.Any]
DIALECTS = tuple(assumed.PRESETS)
TWENTY = [{"label": "web-%d" % number} for number in range(1, 21)]
ORDER = {"plan_slug": "vps-2", "os_template": "ubuntu-24.04"}
PRICE = 960


class Account(World):
    """An account on which tasks of h444_vps_fleet are played, each by a process of its own."""

    def __init__(self, preset: str = "plain", **assume: t.Any) -> None:
        super().__init__({**assumed.preset(preset), **assume})
        if not assume:
            assert conformance.attach(self.core)
        self.simulator.seed(balance_usd_cents=100_000)

    def run(self, *servers: Row, check_mode: bool = False, **options: t.Any) -> Row:
        """Play one task; the requests of this task alone are in ``sent``."""
        self.client = self.new_client()
        self.sent.clear()
        defaults = defaults_of(h444_vps_fleet.SPEC)
        return self.play(_fleet.BULK, defaults, check_mode, servers=[dict(server) for server in servers], **options)

    def order(self, *servers: Row, **options: t.Any) -> Row:
        """Order what is missing."""
        return self.run(*servers, **{**ORDER, **options})

    def living(self) -> dict[str, Row]:
        """Give the living servers by their labels."""
        return {row["label"]: row for row in self.simulator.state()["vps"] if row["alive"]}

    def writes(self) -> list[tuple[str, str]]:
        """Give the writes of the last task."""
        return [request for request in self.sent if request[0] != "GET"]

    def check_paid(self) -> None:
        """Make sure that each living server was paid once, and nothing else."""
        assert len(self.simulator.debits()) == len(self.living())

    def check_passwords(self, result: Row) -> None:
        """Make sure that the result has the password of each server that it ordered."""
        living = self.living()
        assert result["root_passwords"] == {label: living[label]["root_password"] for label in result["ordered"]}


@pytest.fixture(params=DIALECTS)
def account(request: pytest.FixtureRequest) -> Account:
    """An account in each dialect."""
    return Account(request.param)


@pytest.fixture(params=[1, 4], ids=["one at a time", "four at a time"])
def concurrency(request: pytest.FixtureRequest) -> int:
    """In this thread, and in threads."""
    return request.param


def test_twenty_are_ordered_once(account: Account, concurrency: int) -> None:
    """Check mode predicts it and writes nothing; a further run changes nothing and takes at most three requests."""
    planned = account.order(*TWENTY, check_mode=True)
    assert not account.writes() and planned["changed"] and planned["failures"] == []
    result = account.order(*TWENTY, concurrency=concurrency)
    assert not result.get("failed"), result
    labels = [server["label"] for server in TWENTY]
    assert result["ordered"] == planned["ordered"] == labels
    assert result["actions"] == planned["actions"] == ["order %s" % label for label in labels]
    assert [row["label"] for row in result["vps"]] == labels
    assert all(row["status"] == "running" and row["ipv4"] for row in result["vps"])
    assert result["secret_lost"] is False and list(result["orders"]) == labels
    account.check_paid()
    account.check_passwords(result)
    again = account.order(*TWENTY)
    assert not again["changed"] and not again.get("failed")
    lists = [path.partition("?")[0] for _method, path in account.sent]  # a list may come in pages
    assert len(set(lists)) <= 3 and (len(lists) <= 3 or account.core.assume["pagination"] != "off"), account.sent
    assert [row["id"] for row in again["vps"]] == [row["id"] for row in result["vps"]]
    assert (
        again["ordered"] == again["actions"] == []
        and again["root_passwords"] == {}
        and again["diff"] == {"prepared": ""}
    )


def test_a_fleet_that_is_built_in_part_is_finished(account: Account) -> None:
    """web-1 is not web-12, and only what is missing is ordered."""
    account.order({"label": "web-12"}, {"label": "web-2"})
    result = account.order(*TWENTY)
    assert not result.get("failed"), result["msg"]
    assert len(result["ordered"]) == 18 and not {"web-12", "web-2"} & set(result["ordered"])
    account.check_paid()


def test_three_refused_leave_seventeen(account: Account, concurrency: int) -> None:
    """The failing result has the servers, their passwords and the failures; the next run finishes the rest."""
    fault = {"method": "POST", "path": "/vps", "kind": "status", "status": 400, "when": "before"}
    account.simulator.faults({**fault, "times": 3})
    result = account.order(*TWENTY, concurrency=concurrency)
    assert result["failed"] and result["changed"]
    assert len(result["ordered"]) == 17 and len(result["failures"]) == 3
    failed = {failure["name"] for failure in result["failures"]}
    assert failed | set(result["ordered"]) == {server["label"] for server in TWENTY}
    assert all(failure["kind"] == "servers" and failure["msg"] for failure in result["failures"])
    assert all(name in result["msg"] for name in failed) and "3 of 20 servers failed" in result["msg"]
    assert [row is None for row in result["vps"]] == [server["label"] in failed for server in TWENTY]
    account.check_passwords(result)
    account.check_paid()
    rest = account.order(*TWENTY)
    assert set(rest["ordered"]) == failed and not rest.get("failed")
    account.check_paid()


def test_lost_replies_buy_nothing_twice(account: Account, concurrency: int) -> None:
    """Some replies never arrive: the same orders are sent again, and no password is lost."""
    account.simulator.faults(
        {"method": "POST", "path": "/vps", "when": "after", "kind": "reset", "times": 3},
    )
    result = account.order(*TWENTY, concurrency=concurrency)
    assert not result.get("failed"), result["msg"]
    assert len(account.living()) == 20
    account.check_paid()
    account.check_passwords(result)


def test_a_wallet_for_five_buys_none(account: Account) -> None:
    account.simulator.seed(balance_usd_cents=5 * PRICE)
    result = account.order(*TWENTY)
    assert result["failed"] and not result["changed"] and not account.writes()
    assert "20" in result["msg"] and str(20 * PRICE) in result["msg"] and str(15 * PRICE) in result["msg"]


def test_the_limit_for_all_is_kept(account: Account) -> None:
    result = account.order(*TWENTY, max_total_monthly_usd_cents=20 * PRICE - 1)
    assert result["failed"] and "max_total_monthly_usd_cents" in result["msg"] and not account.writes()
    assert not account.order(*TWENTY, max_total_monthly_usd_cents=20 * PRICE).get("failed")


def test_secrets_go_to_their_files(account: Account, concurrency: int, tmp_path: Path) -> None:
    """All passwords are in the file, whatever was written at the same time, and none is in the result."""
    file, other = tmp_path / "all.json", tmp_path / "other.json"
    servers = [*TWENTY[1:], {"label": "web-1", "credentials_file": str(other)}]
    result = account.order(*servers, concurrency=concurrency, credentials_file=str(file))
    assert not result.get("failed") and result["root_passwords"] == {}, result
    kept = {**json.loads(file.read_text("utf-8")), **json.loads(other.read_text("utf-8"))}
    assert {name: entry["root_password"] for name, entry in kept.items()} == {
        "vps/%s" % label: row["root_password"] for label, row in account.living().items()
    }
    assert len(json.loads(other.read_text("utf-8"))) == 1
    assert result["credentials_files"] == {"web-1": str(other), **{s["label"]: str(file) for s in TWENTY[1:]}}


# What is refused before anything is sent


@pytest.mark.parametrize(
    ("servers", "words"),
    [
        ([{"label": "a"}, {"label": "b"}, {"label": "a"}], "servers[0] 'a' and servers[2] 'a' have the same label"),
        ([{"label": "caf\u00e9"}, {"label": "cafe\u0301"}], "have the same label"),
        ([{"label": "a", "id": "7"}, {"label": "b", "id": "7"}], "have the same id"),
        (
            [{"label": "a"}, {"label": "b", "new_label": "a"}],
            "the new_label of servers[1] 'b' is the label of servers[0]",
        ),
        ([{"label": "a", "new_label": "c"}, {"label": "b", "new_label": "c"}], "have the same new_label"),
        ([{"label": "a", "idempotency_key": "k" * 8}, {"label": "b", "idempotency_key": "k" * 8}], "idempotency_key"),
        ([{"label": " "}], "servers[0]: label is required"),
        ([{"label": None, "id": "7"}], "servers[0]: label is required"),
        ([{"label": "a"}, {"label": "b", "force": True}], "servers[1] 'b': force"),
        ([{"label": "a", "state": "absent", "new_label": "b"}], "servers[0] 'a': new_label"),
        ([{"label": "a", "state": "absnt"}], "servers[0] 'a': state: 'absnt' is none of present"),
        ([{"label": "a", "wait_timeout": -1}], "servers[0] 'a': wait_timeout"),
        ([{"label": "a", "idempotency_key": "!"}], "servers[0] 'a': idempotency_key"),
    ],
)
def test_a_wish_that_contradicts_itself_sends_nothing(servers: list[Row], words: str) -> None:
    """The entries and their places are named, and each problem is said."""
    account = Account()
    result = account.order(*servers)
    assert result["failed"] and words in result["msg"] and not account.sent and "Nothing was sent" in result["msg"]


def test_one_key_for_all_is_refused_if_there_are_several() -> None:
    account = Account()
    assert "idempotency_key" in account.order(*TWENTY, idempotency_key="my-own-key")["msg"] and not account.sent
    assert account.order({"label": "web-1"}, idempotency_key="my-own-key")["ordered"] == ["web-1"]


@pytest.mark.parametrize("concurrency", [0, 33, -1])
def test_a_concurrency_that_makes_no_sense_is_refused(concurrency: int) -> None:
    account = Account()
    assert "concurrency" in account.order({"label": "a"}, concurrency=concurrency)["msg"] and not account.sent


def test_servers_that_are_there_may_look_alike() -> None:
    """Nobody orders them: they have the labels and hostnames that they have."""
    account = Account()
    account.simulator.seed(vps=[{"label": "Web-1", "hostname": "x"}, {"label": "web-1", "hostname": "x"}])
    result = account.order({"label": "Web-1"}, {"label": "web-1"}, hostname="x", state="stopped")
    assert not result.get("failed") and result["actions"] == ["stop Web-1", "stop web-1"]


def test_no_server_is_nothing_to_do() -> None:
    account = Account()
    result = account.order()
    assert not result["changed"] and result["vps"] == [] and not account.sent and not result.get("failed")


# What is refused before the first write


def test_all_refusals_are_told_together() -> None:
    """Each with its server, and those that say the same at once."""
    account = Account()
    account.simulator.seed(vps=[{"label": "db-1"}, {"label": "twin"}, {"label": "twin", "hostname": "y"}])
    servers: list[Row] = [
        {"label": "web-1"},
        {"label": "web-2", "plan_slug": "none"},
        {"label": "web-3", "plan_slug": "none"},
        {"label": "web-4", "os_template": "none"},
        {"label": "web-5", "max_monthly_usd_cents": 1},
        {"label": "twin"},
        {"label": "DB-1", "hostname": "z"},
        {"label": "gone", "state": "reinstalled"},
    ]
    for check_mode in (True, False):
        result = account.order(*servers, check_mode=check_mode)
        assert result["failed"] and not result["changed"] and not account.writes()
        names = [failure["name"] for failure in result["failures"]]
        assert names == ["web-2", "web-3", "web-4", "web-5", "twin", "DB-1", "gone"]
        assert all("'%s'" % name in result["msg"] for name in names)
        assert result["msg"].count("no vps plan 'none'") == 1 and len(account.sent) <= 5


@pytest.mark.parametrize(
    ("servers", "words"),
    [
        ([{"label": "Web-1", "hostname": "x"}, {"label": "web 1", "hostname": "y"}], "changed the spelling"),
        ([{"label": "a", "hostname": "x."}, {"label": "b", "hostname": "X"}], "same hostname, x"),
        ([{"label": "a"}, {"label": "b", "hostname": "A"}], "same hostname, a"),
    ],
)
def test_servers_that_a_later_run_could_take_for_one_are_not_ordered(servers: list[Row], words: str) -> None:
    """Both are named, for either could be changed."""
    account = Account()
    result = account.order(*servers)
    assert result["failed"] and words in result["msg"] and not account.writes()
    assert [failure["name"] for failure in result["failures"]] == [server["label"] for server in servers]


def test_what_is_protected_stays() -> None:
    """Nothing else is done either."""
    account = Account()
    account.simulator.seed(vps=[{"label": "db-1"}, {"label": "web-1"}])
    result = account.run({"label": "web-1"}, {"label": "db-1"}, state="absent", protected=["db-*"])
    assert result["failed"] and not account.writes() and result["failures"][0]["name"] == "db-1"
    assert [row["label"] for row in result["vps"]] == ["web-1", "db-1"]


def test_a_catalogue_that_fails_is_asked_once() -> None:
    """It stands against all servers, and is no failure of any one of them."""
    account = Account()
    account.simulator.faults({"method": "GET", "path": "/products", "kind": "status", "status": 403, "times": 50})
    result = account.order(*TWENTY)
    assert result["failed"] and [path for _method, path in account.sent].count("/products") == 1
    assert result["failures"] == [] and "servers" not in result["msg"]


@pytest.mark.parametrize("length", [32, 64])
def test_a_new_label_that_looks_like_a_cut_one_is_refused_now(length: int) -> None:
    """Once the shorter one is there, no later run would order the longer one."""
    account = Account()
    short = "x" * length
    result = account.order({"label": short, "hostname": "a"}, {"label": short + "yz", "hostname": "b"})
    assert result["failed"] and "truncated" in result["msg"] and not account.writes()


def test_two_entries_that_find_one_server_are_refused() -> None:
    account = Account()
    ids = account.simulator.seed(vps=[{"label": "new"}])["vps"]
    result = account.run({"label": "old", "new_label": "new"}, {"label": "x", "new_label": "new-2", "id": ids[0]})
    assert result["failed"] and not account.writes()


# Values for all, and of one


def test_the_value_of_a_server_wins_also_when_it_is_false() -> None:
    wish = _fleet.parse(
        {
            **defaults_of(h444_vps_fleet.SPEC),
            "state": "reinstalled",
            "force": True,
            "wait": True,
            "os_template": "debian-12",
            "servers": [{"label": "a", "force": False, "wait": False}, {"label": "b", "os_template": None}],
        }
    )["wishes"]
    first, second = (entry.params for entry in wish)
    assert (first["force"], first["wait"], first["os_template"]) == (False, False, "debian-12")
    assert (second["force"], second["wait"], second["os_template"]) == (True, True, "debian-12")
    assert first["wait_timeout"] == 600 and first["order_generation"] == "1"


def test_options_of_one_server_and_for_all_are_those_of_h444_vps() -> None:
    """None of the server's own has a default: it would win over the value for all."""
    spec, one = h444_vps_fleet.SPEC, h444_vps.SPEC
    own = spec["servers"]["options"]
    assert set(own) == set(_fleet.NAMES) | set(_fleet.DEFAULTS)
    assert set(own) == set(one) - set(API) - {"protected"}
    assert not [name for name, option in own.items() if "default" in option]
    for name in _fleet.DEFAULTS:
        assert spec[name] == one[name]
        assert own[name] == {key: value for key, value in one[name].items() if key not in ("default", "choices")}
    assert list(_fleet.STATES) == one["state"]["choices"]


# All states at once


def test_everything_at_once(account: Account, concurrency: int) -> None:
    """Each server as its own h444_vps would do it, and a second run changes nothing."""
    ids = account.simulator.seed(
        vps=[
            {"label": "a"}, {"label": "b", "status": "stopped"}, {"label": "c"}, {"label": "d"}, {"label": "e"},
        ]
    )["vps"]  # fmt: skip
    servers: list[Row] = [
        {"label": "a", "state": "stopped"},
        {"label": "b", "state": "started"},
        {"label": "c", "new_label": "c-2", "id": str(ids[2])},
        {"label": "d", "state": "reinstalled", "os_template": "debian-12", "force": True},
        {"label": "e", "state": "absent"},
        {"label": "f", "state": "stopped"},
        {"label": "g", "state": "absent"},
    ]
    planned = account.order(*servers, check_mode=True)
    assert not account.writes()
    result = account.order(*servers, concurrency=concurrency)
    writes = account.writes()
    assert not result.get("failed"), result["msg"]
    assert result["actions"] == planned["actions"] == [
        "stop a", "start b", "rename c", "order f", "stop f", "reinstall d", "terminate e",
    ]  # fmt: skip
    assert [row and (row["label"], row["status"]) for row in result["vps"]] == [
        ("a", "stopped"), ("b", "running"), ("c-2", "running"), ("d", "running"), None, ("f", "stopped"), None,
    ]  # fmt: skip
    assert all(row is None or row["ipv4"] for row in result["vps"])
    assert (
        set(result["root_passwords"]) == {"d", "f"} and result["ordered"] == ["f"] and list(result["orders"]) == ["f"]
    )
    assert result["orders"]["f"]["wallet_after_usd_cents"] == 100_000 - PRICE, "it is the only one that pays"
    destroyed = [place for place, (_method, path) in enumerate(writes) if path.endswith(("reinstall", str(ids[4])))]
    assert writes.index(("POST", "/vps")) < min(destroyed)
    del servers[3]["force"]
    again = account.order(*[server for server in servers if server["label"] != "d"])
    assert not again["changed"] and not again.get("failed"), again


# When orders fail


@pytest.mark.parametrize("status", [402, 401, 403])
def test_no_further_order_is_sent_once_none_can_succeed(account: Account, status: int) -> None:
    """Those that were not sent are told, and a server that is only stopped is stopped."""
    account.simulator.seed(vps=[{"label": "db-1"}])
    account.simulator.faults(
        {"method": "POST", "path": "/vps", "kind": "status", "status": status, "nth": 4, "times": 50}
    )
    result = account.order({"label": "db-1", "state": "stopped"}, *TWENTY, concurrency=2)
    assert result["failed"] and len(result["ordered"]) == 3
    assert "stop db-1" in result["actions"] and len(result["failures"]) == 17
    sent = [request for request in account.writes() if request == ("POST", "/vps")]
    assert len(sent) <= 5, "at most the one that was in flight beside it"
    assert sum("was not ordered" in failure["msg"] for failure in result["failures"]) >= 15
    account.check_passwords(result)
    account.simulator.clear_faults()
    rest = account.order({"label": "db-1", "state": "stopped"}, *TWENTY)
    assert not rest.get("failed") and len(rest["ordered"]) == 17
    assert len(account.simulator.debits()) == 20


def test_a_failure_of_one_stops_no_other(account: Account, concurrency: int) -> None:
    """Whatever happened to it, its fate and its server are in the result."""
    account.simulator.faults(
        {"method": "POST", "path": "/vps", "when": "after", "kind": "status", "status": 500, "times": 1},
        {"method": "POST", "path": "/vps", "when": "before", "kind": "status", "status": 400, "nth": 3},
    )
    result = account.order(*TWENTY[:6], concurrency=concurrency)
    assert result["failed"] and len(result["failures"]) == 1 and len(result["ordered"]) == 5
    account.check_passwords(result)
    account.check_paid()


def test_servers_that_are_never_ready_are_told_with_their_passwords(concurrency: int) -> None:
    """All of them wait at once, and each for its own time."""
    account = Account(provisioning_seconds=9999)
    result = account.order(*TWENTY, concurrency=concurrency, wait_timeout=30)
    assert result["failed"] and len(result["failures"]) == len(result["ordered"]) == 20
    assert all("was ordered. Its ID is" in failure["msg"] for failure in result["failures"])
    assert result["msg"].count("is provisioning instead of running") < 8, result["msg"]
    assert [row["label"] for row in result["vps"]] == [server["label"] for server in TWENTY]
    account.check_passwords(result)
    account.check_paid()
    assert account.core.offset < 100


def test_many_that_fail_alike_are_one_sentence() -> None:
    """Those that were ordered are named once, and the ID of each is in its failure."""
    account = Account("plain", provisioning_seconds=20)
    account.simulator.faults({"method": "GET", "path": "/vps", "kind": "status", "status": 403, "nth": 2, "times": 99})
    result = account.order(*TWENTY)
    assert len(result["failures"]) == len(result["root_passwords"]) == 20
    assert result["msg"].count("answered 403") == 1 and len(result["msg"]) < 1000, result["msg"]
    assert "Ordered before they failed: 'web-1', 'web-2'" in result["msg"]
    assert all(row["id"] in failure["msg"] for row, failure in zip(result["vps"], result["failures"]))


@pytest.mark.parametrize("fault", [{"kind": "reset"}, {"kind": "status", "status": 500}, {"kind": "html"}])
def test_addresses_that_cannot_be_read_after_the_orders_fail_nothing(fault: Row) -> None:
    """The addresses alone are missing."""
    reading = {"method": "GET", "times": 99, **fault}
    account = Account("plain", vps_address="none")
    account.simulator.faults({**reading, "path": "/vps/all-ips", "nth": 2}, {**reading, "path": "/vps/{id}/ips"})
    result = account.order(*TWENTY[:3])
    assert not result.get("failed") and [row["ipv4"] for row in result["vps"]] == [None] * 3
    account.check_passwords(result)


def test_a_reading_after_the_run_that_fails_hides_no_failure() -> None:
    account = Account()
    account.simulator.seed(vps=[{"label": "a"}])
    account.simulator.faults(
        {"method": "POST", "path": "/vps", "kind": "status", "status": 400},
        {"method": "GET", "path": "/vps", "kind": "reset", "nth": 2, "times": 99},
    )
    result = account.order({"label": "a", "state": "stopped"}, {"label": "b"}, {"label": "c"}, wait=False)
    assert result["failed"] and "1 of 3 servers failed" in result["msg"] and "answered 400" in result["msg"]
    assert len(result["root_passwords"]) == 1 and result["vps"][0]["label"] == "a"
    assert any("out of date" in warning and "GET /v1/vps" in warning for warning in account.warnings)


def test_orders_that_were_not_sent_are_not_in_the_result(tmp_path: Path) -> None:
    """A refused task has none, and is no wall of text; check mode has those that would be sent."""
    account = Account()
    for refused in ({"max_total_monthly_usd_cents": 0}, {"credentials_file": str(tmp_path / "no" / "file")}):
        assert account.order(*TWENTY, **refused)["orders"] == {}
    assert len(account.order(*TWENTY, check_mode=True)["orders"]) == 20
    account.simulator.faults({"method": "POST", "path": "/vps", "kind": "status", "status": 403, "nth": 2, "times": 99})
    assert list(account.order(*TWENTY, concurrency=1)["orders"]) == ["web-1", "web-2"]


def test_twenty_that_wait_are_read_by_one_list() -> None:
    account = Account("plain", provisioning_seconds=20)
    result = account.order(*TWENTY)
    assert not result.get("failed")
    reads = [path for method, path in account.sent if method == "GET"]
    assert len(reads) <= 30 and not [path for path in reads if path.startswith("/vps/vps")], reads


def test_a_new_server_that_the_list_does_not_show_yet_is_waited_for() -> None:
    account = Account("plain", provisioning_seconds=5, list_lag_seconds=20)
    result = account.order(*TWENTY[:3])
    assert not result.get("failed"), result["msg"]
    account.check_passwords(result)


# What the orders of one run prove about each other


def test_a_fleet_that_was_terminated_is_ordered_anew_or_says_what_to_do(account: Account) -> None:
    """A reply of a dead server is never taken for a new one, and the shared wallet is no proof."""
    account.order(*TWENTY[:3])
    account.run(*TWENTY[:3], state="absent")
    result = account.order(*TWENTY[:3])
    living = account.living()
    assert set(result["ordered"]) == set(living)
    for failure in result["failures"]:
        assert "order_generation" in failure["msg"], failure
    account.check_passwords(result)
    assert len(account.simulator.debits()) == 3 + len(living)
    rest = account.order(*TWENTY[:3], order_generation="2")
    assert not rest.get("failed") and len(account.living()) == 3


def test_a_reply_that_shows_another_server_of_the_fleet_renames_nothing() -> None:
    """A provider that mixes up two replies must not make this run rename what it orders too."""
    account = Account()
    handle, first = account.core.handle, []  # type: t.Any, list[t.Any]

    def mixed_up(method: str, path: str, *rest: t.Any) -> t.Any:
        answer = handle(method, path, *rest)
        if method == "POST" and path == "/vps" and not first:
            first.append(answer)
        return first[0] if method == "POST" and path == "/vps" else answer

    account.core.handle = mixed_up  # type: ignore[method-assign]
    result = account.order({"label": "web-1"}, {"label": "web-2"}, concurrency=1)
    assert result["failed"] and [failure["name"] for failure in result["failures"]] == ["web-2"]
    assert "orders as 'web-1'" in result["failures"][0]["msg"] and result["changed"]
    assert set(account.living()) == {"web-1", "web-2"} and not [w for w in account.writes() if w[0] == "PATCH"]


def test_orders_that_share_a_wallet_read_it_once(account: Account) -> None:
    """Their facts tell no balance after them, for nobody knows it."""
    result = account.order(*TWENTY[:4])
    assert [path for _method, path in account.sent].count("/account") == 1
    assert {order["wallet_after_usd_cents"] for order in result["orders"].values()} == {None}
    assert {order["wallet_before_usd_cents"] for order in result["orders"].values()} == {100_000}


def test_two_runs_at_the_same_time_buy_each_server_once(account: Account) -> None:
    """On one machine: what the other process ordered is taken, and said."""
    results: list[Row] = []
    modules = [
        Module(account.new_client(), {**defaults_of(h444_vps_fleet.SPEC), **ORDER, "servers": TWENTY[:8]}, False)
        for _number in range(2)
    ]

    def play(module: Module) -> None:
        try:
            _bulk.run(module, _fleet.BULK)
        except Ended as ended:
            results.append(ended.result)

    threads = [threading.Thread(target=play, args=(module,)) for module in modules]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == 2 and len(account.living()) == 8
    account.check_paid()
    passwords = {**results[0]["root_passwords"], **results[1]["root_passwords"]}
    assert passwords == {label: row["root_password"] for label, row in account.living().items()}


def test_a_run_that_is_killed_is_finished_by_the_next_one(account: Account) -> None:
    """Whatever it had ordered is there, and is not ordered again."""
    account.simulator.faults(
        {"method": "POST", "path": "/vps", "when": "after", "kind": "hang", "seconds": 30, "nth": 3}
    )
    with mock.patch.object(account, "sleep", side_effect=Killed), pytest.raises(Killed):
        account.order(*TWENTY[:6], concurrency=1)
    assert len(account.living()) == 3
    result = account.order(*TWENTY[:6])
    assert not result.get("failed") and len(result["ordered"]) == 3
    account.check_paid()


@pytest.fixture
def interrupted(account: Account) -> t.Iterator[Account]:
    """An account whose second order is interrupted by Ctrl-C while it is carried out."""
    # A process in the background ignores it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    handle, orders = account.core.handle, []  # type: t.Any, list[str]

    def handled(method: str, path: str, *rest: t.Any) -> t.Any:
        answer = handle(method, path, *rest)
        if (method, path) == ("POST", "/vps"):
            orders.append(path)
            if len(orders) == 2:
                os.kill(os.getpid(), signal.SIGINT)
        return answer

    account.core.handle = handled  # type: ignore[method-assign]
    yield account
    signal.signal(signal.SIGINT, before)


def kept_in(file: Path) -> dict[str, str]:
    """Give the passwords in a credentials_file."""
    return {name[4:]: entry["root_password"] for name, entry in json.loads(file.read_text("utf-8")).items()}


def test_an_interrupted_run_begins_no_order_and_loses_no_password(
    interrupted: Account, concurrency: int, tmp_path: Path
) -> None:
    """What is under way is finished first, and the next run orders the rest."""
    file = tmp_path / "kept.json"
    with pytest.raises(KeyboardInterrupt):
        interrupted.order(*TWENTY, concurrency=concurrency, credentials_file=str(file))
    assert 2 <= len(interrupted.living()) <= 2 + concurrency
    assert kept_in(file) == {label: row["root_password"] for label, row in interrupted.living().items()}
    assert not interrupted.order(*TWENTY, credentials_file=str(file)).get("failed")
    assert kept_in(file) == {label: row["root_password"] for label, row in interrupted.living().items()}
    interrupted.check_paid()


def test_an_interrupted_order_of_one_server_loses_no_password(interrupted: Account, tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    options = {**ORDER, "credentials_file": str(file)}
    for label in ("a", "b"):
        with pytest.raises(KeyboardInterrupt) if label == "b" else contextlib.nullcontext():
            interrupted.play(_vps.RECONCILER, defaults_of(h444_vps.SPEC), label=label, **options)
    assert kept_in(file) == {label: row["root_password"] for label, row in interrupted.living().items()}


# What people see


def test_the_plan_is_a_table() -> None:
    account = Account()
    account.simulator.seed(vps=[{"label": "db-1"}, {"label": "old"}, {"label": "same"}])
    servers: list[Row] = [
        {"label": "web-1"},
        {"label": "db-1", "state": "absent"},
        {"label": "old", "new_label": "new", "state": "stopped"},
        {"label": "same"},
        {"label": "web-2", "plan_slug": "vps-4"},
    ]
    result = account.order(*servers, check_mode=True)
    assert result["diff"]["prepared"].splitlines() == [
        "SERVER  CHANGE                         USD A MONTH",
        "web-1   order vps-2 with ubuntu-24.04         9.60",
        "db-1    terminate",
        "old     rename to new, stop",
        "web-2   order vps-4 with ubuntu-24.04        38.40",
        "        2 new                                48.00",
        "        wallet before                      1000.00",
        "        wallet after                        952.00",
    ]
    assert account.order(*servers)["diff"] == result["diff"]


def test_a_line_for_each_server_while_it_works() -> None:
    """No secret is in it."""
    account = Account()
    account.simulator.faults({"method": "POST", "path": "/vps", "kind": "status", "status": 400, "nth": 2})
    account.order(*TWENTY[:3], concurrency=1)
    assert [line[:30] for line in account.told] == [
        "web-1: ordered (1 of 3)", "web-1: running", "web-2: failed. POST /v1/vps an",
        "web-3: ordered (2 of 3)", "web-3: running",
    ]  # fmt: skip
    assert not any(row["root_password"] in line for row in account.living().values() for line in account.told)


def test_warnings_come_in_the_order_of_the_servers(concurrency: int) -> None:
    """Whatever was faster, as the result does."""
    account = Account()
    handle = account.core.handle

    def without_password(method: str, path: str, *rest: t.Any) -> t.Any:
        answer = handle(method, path, *rest)
        if (method, path) == ("POST", "/vps"):
            return answer._replace(body={name: value for name, value in answer.body.items() if "password" not in name})
        return answer

    account.core.handle = without_password  # type: ignore[method-assign]
    result = account.order(*TWENTY[:5], concurrency=concurrency)
    assert result["secret_lost"] and not result.get("failed")
    assert [text.split("vps/")[1].split()[0] for text in account.warnings] == [s["label"] for s in TWENTY[:5]]
