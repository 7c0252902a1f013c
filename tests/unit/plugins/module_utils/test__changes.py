# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What changed between two readings, with dict literals: each rule of each watch."""

from __future__ import annotations

import json
import random
import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _changes
from ansible_collections.h444.cloud.plugins.module_utils._changes import Change, Servers, Settings, settings_of
from ansible_collections.h444.cloud.plugins.module_utils._errors import BadOption
from ansible_collections.h444.cloud.plugins.module_utils._vps import Addresses

NOW = 1_790_000_000.0
LATELY, LONG_AGO = "2026-09-21T16:00:00Z", "2026-01-01T00:00:00Z"
Row = t.Dict[str, t.Any]


def server(vps_id: str = "1", **fields: t.Any) -> Row:
    """Make a server in normal form."""
    return {
        "id": vps_id,
        "label": f"web-{vps_id}",
        "hostname": f"web-{vps_id}",
        "status": "running",
        "plan_slug": "vps-2",
        "ipv4": f"192.0.2.{vps_id}",
        "os_family": "ubuntu",
        "os_template": "ubuntu-24.04",
        "created_at": LATELY,
        **fields,
    }


def servers(*rows: Row, ptrs: t.Mapping[str, str | None] | None = None, also: t.Collection[str] = ()) -> Servers:
    """Make a reading in which both lists agree. *ptrs*: by address. *also*: IDs that the addresses alone show."""
    ptrs = ptrs or {}
    by_id = {
        row["id"]: [{"ip": f"192.0.2.{row['id']}", "ptr": ptrs.get(f"192.0.2.{row['id']}"), "primary": True}]
        for row in rows
        if row["status"] != "terminated"
    }
    return Servers(list(rows), Addresses(by_id, {*by_id, *also}))


def play(derive: t.Any, *readings: t.Any, settings: Settings | None = None) -> list[Change]:
    """Derive what the last of these readings changes; a file keeps the place in between."""
    place, changes = None, []
    for number, reading in enumerate(readings):
        before = json.dumps(place)
        place, changes = derive(place, reading, settings or Settings(), NOW + 60 * number)
        assert number == 0 or before  # a place is plain JSON
        place = json.loads(json.dumps(place))
    return changes


def told(changes: t.Iterable[Change]) -> list[tuple[str, Row]]:
    """Give types and data."""
    return [(change.type, change.data) for change in changes]


def run(*readings: Servers) -> list[tuple[str, Row]]:
    """Derive what the last of these readings of servers changes."""
    return told(play(_changes.derive_servers, *readings))


# Servers


def test_the_first_reading_of_servers_fires_nothing() -> None:
    assert run(servers(server("1"), server("2", status="stopped"), ptrs={"192.0.2.1": "a.example"})) == []


def test_a_reading_without_a_change_fires_nothing() -> None:
    reading = servers(server(), ptrs={"192.0.2.1": "a.example"})
    assert run(reading, reading) == [] and run(reading, reading, reading) == []


def test_a_new_server_is_made() -> None:
    (change,) = play(_changes.derive_servers, servers(), servers(server()))
    assert change.type == "vps.created"
    assert change.data == {
        "vps_id": "1",
        "label": "web-1",
        "hostname": "web-1",
        "plan_slug": "vps-2",
        "status": "running",
        "ipv4": "192.0.2.1",
    }
    assert change.before is None and change.after == server()


def test_a_new_server_is_made_once_it_is_provisioned() -> None:
    building = servers(server(status="provisioning"))
    assert run(servers(), building) == []
    assert [kind for kind, _data in run(servers(), building, building, servers(server()))] == ["vps.created"]
    # Also where that began before the first reading.
    assert [kind for kind, _data in run(building, servers(server()))] == ["vps.created"]


def test_the_address_of_a_new_server_is_waited_for_but_not_for_ever() -> None:
    lone = server(ipv4=None)
    bare = Servers([lone], Addresses({}, set()))
    kinds = [[kind for kind, _data in run(servers(), *[bare] * count)] for count in range(1, 7)]
    assert kinds == [[], [], [], [], ["vps.created"], []]
    assert run(servers(), bare, servers(lone))[0][1]["ipv4"] == "192.0.2.1"  # the list of addresses has it
    unread = Servers([lone], None)
    assert run(servers(), unread) == [] and run(servers(), unread, servers(lone))[0][1]["ipv4"] == "192.0.2.1"


def test_a_server_that_was_made_long_before_the_first_reading_is_not_made_now() -> None:
    hidden = server(created_at=LONG_AGO)
    assert run(servers(), servers(hidden)) == []
    assert run(servers(), servers(hidden), servers(server(created_at=LONG_AGO, status="stopped")))


@pytest.mark.parametrize(
    ("statuses", "action"),
    [
        (["running", "stopped"], "stop"),
        (["stopped", "running"], "start"),
        (["running", "suspended"], None),
        (["running", "suspended", "running"], None),
        (["running", "suspended", "stopped"], "stop"),
        (["suspended", "running"], None),
        (["suspended", "running", "stopped"], "stop"),
        (["running", None], None),
        (["running", None, "stopped"], "stop"),
        (["running", "migrating", "running"], None),
    ],
)
def test_power_is_what_is_known_to_be_on_or_off(statuses: list[str | None], action: str | None) -> None:
    wanted = [("vps.power.changed", {"vps_id": "1", "action": action})] if action else []
    assert run(*(servers(server(status=status)) for status in statuses)) == wanted


def test_another_template_is_a_reinstall() -> None:
    other = servers(server(os_family="debian", os_template="debian-12"))
    data = {"vps_id": "1", "os": "debian", "os_template": "debian-12"}
    assert run(servers(server()), other) == [("vps.reinstalled", data)]
    # It also turns a stopped server on, which is no power action.
    assert run(servers(server(status="stopped")), other) == [("vps.reinstalled", data)]


def test_a_known_server_that_is_provisioned_again_is_reinstalled() -> None:
    building, ready = servers(server(status="provisioning")), servers(server())
    data = {"vps_id": "1", "os": "ubuntu", "os_template": "ubuntu-24.04"}
    assert run(ready, building) == []
    assert run(ready, building, ready) == [("vps.reinstalled", data)]
    assert run(ready, building, ready, ready) == []


def test_a_template_that_a_reply_leaves_out_is_no_change() -> None:
    silent = servers(server(os_template=None, os_family=None, label=None))
    assert run(servers(server()), silent) == [] and run(servers(server()), silent, servers(server())) == []
    assert run(silent, servers(server())) == []


def test_ptr_records_that_are_set_changed_and_cleared() -> None:
    none, one = servers(server()), servers(server(), ptrs={"192.0.2.1": "a.example"})
    other = servers(server(), ptrs={"192.0.2.1": "b.example"})
    for before, after, ptr in ((none, one, "a.example"), (one, other, "b.example"), (one, none, None)):
        assert run(before, after) == [("vps.ptr.changed", {"vps_id": "1", "ip": "192.0.2.1", "ptr": ptr})]
    (change,) = play(_changes.derive_servers, one, other)
    assert change.before == {"vps_id": "1", "ip": "192.0.2.1", "ptr": "a.example"}


def test_the_ptr_record_of_a_new_server_follows_it() -> None:
    kinds = [kind for kind, _data in run(servers(), servers(server(), ptrs={"192.0.2.1": "a.example"}))]
    assert kinds == ["vps.created", "vps.ptr.changed"]


def test_an_address_that_a_list_leaves_out_keeps_its_record() -> None:
    one = servers(server(), ptrs={"192.0.2.1": "a.example"})
    without = Servers([server()], Addresses({}, {"1"}))
    assert run(one, without) == [] and run(one, without, one) == []
    assert run(one, Servers([server()], None), one) == []


def test_addresses_that_could_not_be_read_at_first_are_known_when_they_are_read() -> None:
    assert run(Servers([server()], None), servers(server(), ptrs={"192.0.2.1": "a.example"})) == []


def test_a_server_is_gone_if_neither_list_shows_it() -> None:
    (change,) = play(_changes.derive_servers, servers(server("1"), server("2")), servers(server("1")))
    assert (change.type, change.data, change.after) == ("vps.terminated", {"vps_id": "2"}, None)
    assert change.before == server("2")
    assert run(servers(server("1"), server("2")), servers(server("1")), servers(server("1"))) == []


def test_one_incomplete_list_is_no_evidence() -> None:
    both = servers(server("1"), server("2"))
    assert run(both, servers(server("1"), also={"2"})) == []
    assert run(both, Servers([server("1")], None)) == []
    assert run(both, Servers([], None), both) == []


def test_a_server_that_is_listed_as_terminated_is_gone() -> None:
    dead = servers(server(status="terminated"))
    assert run(servers(server()), dead) == [("vps.terminated", {"vps_id": "1"})]
    assert run(servers(server()), dead, dead) == [] and run(servers(server()), dead, servers()) == []
    assert run(dead) == [] and run(servers(), dead) == []


def test_a_server_that_comes_back_is_not_made_again_but_can_go_again() -> None:
    one, none = servers(server()), servers()
    assert run(one, none, one) == []
    assert run(one, none, one, none) == [("vps.terminated", {"vps_id": "1"})]


def test_a_server_that_was_never_ready_is_not_terminated() -> None:
    assert run(servers(), servers(server(status="provisioning")), servers()) == []


def test_what_is_absent_is_forgotten_only_when_it_is_much() -> None:
    rows = [server(str(number)) for number in range(_changes.MOST_ABSENT + 20)]
    place, _none = _changes.derive_servers(None, servers(*rows), Settings(), NOW)
    place, changes = _changes.derive_servers(place, servers(rows[0]), Settings(), NOW)
    assert len(changes) == len(rows) - 1
    assert len(place["entries"]) == _changes.MOST_ABSENT + 1 and rows[0]["id"] in place["entries"]


# Hosting, invoices, tickets


def hosting(**fields: t.Any) -> Row:
    """Make a hosting account in normal form."""
    row = dict.fromkeys(_changes._hosting.FIELDS)
    return {**row, "id": "7", "username": "u", "domain": "example.com", "status": "active", **fields}


def test_hosting() -> None:
    def go(*readings: list[Row]) -> list[tuple[str, Row]]:
        return told(play(_changes.derive_hosting, *readings))

    data = {"hosting_id": "7", "username": "u", "domain": "example.com", "status": "active"}
    assert go([hosting()]) == [] and go([hosting()], [hosting(status="suspended")]) == []
    assert go([], [hosting()]) == [("hosting.created", data)]
    assert go([], [hosting(status="provisioning")]) == []
    assert go([], [hosting(status="provisioning")], [hosting()]) == [("hosting.created", data)]
    assert go([], [hosting()], []) == [] and go([], [hosting()], [], [hosting()]) == []
    assert go([], [hosting(status="terminated")]) == [] and go([], [hosting(created_at=LONG_AGO)]) == []


def invoice(**fields: t.Any) -> Row:
    """Make an invoice in normal form."""
    row = dict.fromkeys(_changes._billing.INVOICE_FIELDS)
    numbers = {"invoice_number": "INV-9", "total_usd_cents": 960, "currency": "USD"}
    return {**row, "id": "9", "status": "paid", **numbers, **fields}


def test_invoices() -> None:
    def go(*readings: list[Row]) -> list[tuple[str, Row]]:
        return told(play(_changes.derive_invoices, *readings))

    data = {"invoice_id": "9", "invoice_number": "INV-9", "total_usd_cents": 960, "currency": "USD"}
    paid = [("invoice.paid", data)]
    open_, old = invoice(status="pending"), invoice(created_at=LONG_AGO, status="pending")
    assert go([invoice()]) == [] and go([invoice()], [invoice()]) == []
    assert go([], [invoice()]) == paid and go([], [open_]) == []
    assert go([open_], [invoice()]) == paid and go([open_], [invoice()], [invoice()]) == []
    assert go([open_], [], [invoice()]) == paid  # a list that leaves it out forgets nothing
    assert go([], [invoice()], [invoice(status="refunded")], [invoice()]) == []
    assert go([], [invoice(created_at=LONG_AGO)]) == []
    assert go([old], [invoice(created_at=LONG_AGO, paid_at=LATELY)]) == paid
    assert go([], [invoice(created_at=LONG_AGO, paid_at=LATELY)]) == paid
    assert go([invoice(status=None)], [invoice(status=None, paid_at=LATELY)]) == paid


def ticket(**fields: t.Any) -> Row:
    """Make a ticket in normal form."""
    row = dict.fromkeys(_changes.TICKET_FIELDS)
    names = {"ticket_number": "T-5", "subject": "Mail", "status": "open", "priority": "high", "updated_at": "1"}
    return {**row, "id": "5", **names, **fields}


def test_tickets() -> None:
    def go(*readings: list[Row]) -> list[tuple[str, Row]]:
        return told(play(_changes.derive_tickets, *readings))

    data = {"ticket_id": "5", "ticket_number": "T-5", "subject": "Mail", "status": "open"}
    answered = ticket(status="answered", updated_at="2")
    replied = ("ticket.replied", {**data, "status": "answered"})
    assert go([ticket()]) == [] and go([answered]) == [] and go([answered], [answered]) == []
    assert go([], [ticket()]) == [("ticket.created", {**data, "priority": "high"})]
    assert go([ticket()], [answered]) == [replied]
    assert go([answered], [ticket(status="answered", updated_at="3")]) == [replied]
    counted = {**answered, "message_count": 2}
    assert go([counted], [{**counted, "message_count": 3}]) == [replied]
    assert go([answered], [{**answered, "message_count": 3, "updated_at": None}]) == []  # learned, not changed
    assert go([ticket()], [ticket(status="closed", updated_at="2")]) == []
    assert [kind for kind, _data in go([], [answered])] == ["ticket.created", "ticket.replied"]
    assert go([], [ticket(created_at=LONG_AGO)]) == []  # it was closed and hidden
    assert go([ticket()], [], [ticket()]) == []


# Domains and the wallet


def domain(days_left: int | None, **fields: t.Any) -> Row:
    """Make a domain in normal form."""
    row = dict.fromkeys(_changes.DOMAIN_FIELDS)
    return {**row, "id": "3", "name": "example.com", "status": "active", "days_left": days_left, **fields}


@pytest.mark.parametrize(
    ("days_left", "fired"),
    [
        ([31], []),
        ([30], [30]),
        ([29, 28], [30]),
        ([5], [7]),
        ([31, 30, 8, 7, 2, 1, 0, -1], [30, 7, 1]),
        ([31, 0], [1]),
        ([-200], [1]),
        ([5, 370, 30], [7, 30]),
        ([5, None, 5], [7]),
    ],
)
def test_a_domain_expires_once_for_each_number_of_days(days_left: list[int | None], fired: list[int]) -> None:
    place, found = None, []
    for left in days_left:
        place, changes = _changes.derive_domains(place, [domain(left)], Settings(), NOW)
        found += [change.data["expires_in_days"] for change in changes]
    assert found == fired


def test_the_event_of_a_domain() -> None:
    (change,) = play(_changes.derive_domains, [domain(5, expires_on="2026-10-01")])
    assert change.data == {
        "domain_id": "3",
        "name": "example.com",
        "expires_on": "2026-10-01",
        "days_left": 5,
        "expires_in_days": 7,
    }


@pytest.mark.parametrize("status", ["cancelled", "deleted", "transferred_out"])
def test_a_domain_that_has_left_does_not_expire(status: str) -> None:
    assert play(_changes.derive_domains, [domain(5, status=status)]) == []


def test_other_numbers_of_days_after_a_restart() -> None:
    place, _changes_ = _changes.derive_domains(None, [domain(5)], Settings(), NOW)
    for days, fired in (((60,), []), ((6,), [6]), ((7,), [])):
        settings = Settings(expires_in_days=days)
        _place, changes = _changes.derive_domains(place, [domain(5)], settings, NOW)
        assert [change.data["expires_in_days"] for change in changes] == fired


@pytest.mark.parametrize(
    ("balances", "fired"),
    [([500], 0), ([499], 1), ([499, 100], 1), ([499, 500, 499], 2), ([900, 499], 1), ([499, 900], 1), ([-5], 1)],
)
def test_a_low_wallet_is_told_once_each_time(balances: list[int], fired: int) -> None:
    place, found = None, []
    for balance in balances:
        settings = Settings(balance_below_usd_cents=500)
        place, changes = _changes.derive_account(place, {"balance_usd_cents": balance}, settings, NOW)
        found += changes
    assert len(found) == fired
    assert all(change.data["balance_below_usd_cents"] == 500 for change in found)


# Settings


def test_settings_without_arguments() -> None:
    settings = settings_of(None, None, None)
    assert settings.events == frozenset(_changes.EVENTS) - {"wallet.low"}
    assert settings.expires_in_days == (1, 7, 30) and not settings.is_chosen
    assert settings_of(None, None, 500).events == frozenset(_changes.EVENTS)
    assert "domain.expiring" not in settings_of(None, [], None).events
    assert [watch.name for watch in _changes.watches_for(settings_of(["vps.created"], None, None))] == ["servers"]


@pytest.mark.parametrize(
    ("events", "days", "below", "part"),
    [
        (["vps.create"], None, None, "closest: vps.created. Known events: vps.created, hosting.created,"),
        ([], None, None, "at least one event is required"),
        (["wallet.low"], None, None, "balance_below_usd_cents is not set"),
        (["domain.expiring"], [], None, "expires_in_days names no number"),
        (["vps.created"], None, 500, "balance_below_usd_cents: this argument is for the event wallet.low"),
        (["vps.created"], [5], None, "expires_in_days: this argument is for the event domain.expiring"),
        (None, [-1], None, "from 0 to 3650"),
        (None, [9999], None, "from 0 to 3650"),
    ],
)
def test_settings_that_are_refused(
    events: list[str] | None, days: list[int] | None, below: int | None, part: str
) -> None:
    with pytest.raises(BadOption) as refused:
        settings_of(events, days, below)
    assert part in str(refused.value)


def test_events_are_well_formed_and_their_ids_differ() -> None:
    change = Change("vps.terminated", {"vps_id": "1"}, {"label": "\ud800"}, None)
    one = _changes.event_of(change, "a", 1, "2026-09-21T00:00:00Z")
    assert one == _changes.event_of(change, "a", 1, "2026-09-21T00:00:00Z")
    json.dumps(one, ensure_ascii=False).encode()
    assert (
        one["meta"]["delivery_id"] != _changes.event_of(change, "a", 2, "2026-09-21T00:00:00Z")["meta"]["delivery_id"]
    )


# Random histories


class Life:
    """The servers of an account and what happens to them by chance; it writes down what a reader can see."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.rows: dict[str, Row] = {}
        self.ptrs: dict[str, str | None] = {}
        self.made = 0

    def live(self) -> list[tuple[str, str, t.Any]]:
        """Let something happen to some of the servers, at most one thing to each; give what can be seen of it."""
        seen: list[tuple[str, str, t.Any]] = []
        for vps_id in list(self.rows):
            if self.chance.random() < 0.4:
                seen += self._touch(vps_id, self.chance.choice(["power", "ptr", "template", "end", "suspend", "label"]))
        while self.chance.random() < 0.5:
            self.made += 1
            row = server(str(self.made % 250), status=self.chance.choice(["running", "stopped"]))
            row["id"] = f"s{self.made}"
            self.rows[row["id"]] = row
            seen.append(("vps.created", row["id"], None))
        return seen

    def _touch(self, vps_id: str, deed: str) -> list[tuple[str, str, t.Any]]:
        row = self.rows[vps_id]
        if deed == "power" and row["status"] in ("running", "stopped"):
            row["status"] = "stopped" if row["status"] == "running" else "running"
            return [("vps.power.changed", vps_id, "start" if row["status"] == "running" else "stop")]
        if deed == "ptr":
            self.ptrs[vps_id] = None if self.ptrs.get(vps_id) else f"p{self.chance.random()}.example"
            return [("vps.ptr.changed", vps_id, self.ptrs[vps_id])]
        if deed == "template":
            row["os_template"] = f"t-{self.chance.random()}"
            return [("vps.reinstalled", vps_id, row["os_template"])]
        if deed == "end":
            del self.rows[vps_id]
            self.ptrs.pop(vps_id, None)
            return [("vps.terminated", vps_id, None)]
        if deed == "label":
            row["label"] += "x"
        return []

    def reading(self) -> Servers:
        """Read the account; now and then incompletely, or in another order."""
        rows = [dict(row) for row in self.rows.values()]
        self.chance.shuffle(rows)
        by_id = {
            vps_id: [{"ip": f"2001:db8::{vps_id[1:]}", "ptr": self.ptrs.get(vps_id), "primary": True}]
            for vps_id in self.rows
        }
        return Servers(rows, Addresses(by_id, set(by_id)))

    def spoiled(self, whole: Servers) -> Servers:
        """Make a reading incomplete in a way that the API's lists can be."""
        part = [row for row in whole.rows if self.chance.random() < 0.5]
        return self.chance.choice([Servers(part, whole.addresses), Servers(part, None)])


def seen_in(changes: t.Iterable[Change]) -> list[tuple[str, str, t.Any]]:
    """Give changes in the form of a Life."""
    names = {"vps.power.changed": "action", "vps.ptr.changed": "ptr", "vps.reinstalled": "os_template"}
    return [
        (change.type, change.data["vps_id"], change.data[names[change.type]] if change.type in names else None)
        for change in changes
    ]


@pytest.mark.parametrize("seed", range(40))
def test_in_any_history_each_visible_change_is_one_event_wherever_it_is_restarted(seed: int) -> None:
    life = Life(seed)
    life.live()
    place, _first = _changes.derive_servers(None, life.reading(), Settings(), NOW)
    for _round in range(25):
        wanted = life.live()
        whole = life.reading()
        if life.chance.random() < 0.3:
            # An incomplete reading may show a part of it, and never anything else.
            place, changes = _changes.derive_servers(place, life.spoiled(whole), Settings(), NOW)
            for change in seen_in(changes):
                wanted.remove(change)
        if life.chance.random() < 0.3:
            place = json.loads(json.dumps(place))  # a restart
        place, changes = _changes.derive_servers(place, whole, Settings(), NOW)
        assert sorted(map(str, seen_in(changes))) == sorted(map(str, wanted))
