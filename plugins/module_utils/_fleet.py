# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Many servers in one task: one reading, one price, and the plans of h444_vps for each of them."""

from __future__ import annotations

import typing as t

from . import _buy, _vps
from ._api import Api, Params, Row
from ._bulk import Bulk, Entry, Kind, Plans, Refusals, check_concurrency
from ._converge import Progress
from ._errors import BadOption, H444Error, Refused
from ._identifiers import check_given, is_blank
from ._labels import nfc, why_similar
from ._names import quoted
from ._plan import Action, Plan
from ._protected import check_unprotected
from ._table import money, table

KIND = "servers"
NAMES = ("id", "label", "new_label")
"""the options that belong to one server"""
DEFAULTS = (
    "state",
    "hostname",
    "os_template",
    "os_family",
    "force",
    "plan_slug",
    "max_monthly_usd_cents",
    "order_generation",
    "idempotency_key",
    "credentials_file",
    "wait",
    "wait_timeout",
)
"""the options of a server that may stand beside the list, for all of them"""
STATES = ("present", "started", "stopped", "restarted", "reinstalled", "absent")


class Wish(t.NamedTuple):
    """What is wanted of one server. *place*: in the list. *name*: the label as the task gives it."""

    place: int
    name: str
    params: Params

    def __str__(self) -> str:
        return "servers[%d] %s" % (self.place, quoted(self.name))


def parse(params: Params) -> Params:
    """Return the options with ``wishes``, one for each server. Raises: BadOption, before anything is sent."""
    check_concurrency(params)
    wishes = [_wish(params, place, server) for place, server in enumerate(params["servers"])]
    check_apart(wishes)
    return {**params, "wishes": wishes}


def _wish(params: Params, place: int, server: t.Mapping[str, t.Any]) -> Wish:
    """Lay a server's own options over those for all. Raises: BadOption."""
    if is_blank(server.get("label")):
        raise BadOption("servers[%d]: label is required. Nothing was sent." % place)
    own: dict[str, t.Any] = {name: server.get(name) for name in NAMES}
    for name in DEFAULTS:
        own[name] = params.get(name) if server.get(name) is None else server[name]
    name = str(server["label"])
    try:
        # The core refuses a state that is null if it knows the others.
        if own["state"] not in STATES:
            raise BadOption("state: %s is none of %s. Nothing was sent." % (quoted(own["state"]), ", ".join(STATES)))
        return Wish(place, name, _vps.checked(check_given(own, _vps.IDENTIFIERS)))
    except H444Error as error:
        error.args = ("servers[%d] %s: %s" % (place, quoted(name), error),)
        raise


def check_apart(wishes: t.Sequence[Wish]) -> None:
    """Check that no two entries mean one server. Raises: BadOption."""
    problems = shared_names(wishes)
    if problems:
        raise BadOption("%s. Nothing was sent." % "; ".join(problems))


def shared_names(wishes: t.Sequence[Wish]) -> list[str]:
    """Return which entries mean one server, in words."""
    return [
        *_twins(wishes, "have the same label", lambda wish: nfc(wish.params["label"])),
        *_twins(wishes, "have the same id", lambda wish: wish.params["id"]),
        *_twins(wishes, "have the same idempotency_key", lambda wish: wish.params["idempotency_key"]),
        *_taken_labels(wishes),
    ]


def _twins(wishes: t.Iterable[Wish], what: str, key: t.Callable[[Wish], t.Any]) -> list[str]:
    """Return which entries share a key."""
    found: dict[t.Any, list[str]] = {}
    for wish in wishes:
        value = key(wish)
        if value:
            found.setdefault(value, []).append(str(wish))
    return ["%s %s" % (" and ".join(group), what) for group in found.values() if len(group) > 1]


def _taken_labels(wishes: t.Sequence[Wish]) -> list[str]:
    """Return which new labels another entry has, or gets as well."""
    labels = {nfc(wish.params["label"]): wish for wish in wishes}
    renamed = [wish for wish in wishes if wish.params["new_label"]]
    problems = []
    for wish in renamed:
        other = labels.get(nfc(wish.params["new_label"]))
        if other is not None and other is not wish:
            problems.append("the new_label of %s is the label of %s" % (wish, other))
    return problems + _twins(renamed, "have the same new_label", lambda wish: nfc(wish.params["new_label"]))


class WholeReading(_vps.Reading):
    """What the plans of many servers are made from: every list once, and nothing by its ID that a list contains."""

    def server(self, vps_id: str) -> Row | None:
        """Return one server of the list; one that is listed twice is read by its ID."""
        found = self._by_id().get(vps_id, [])
        return super().server(vps_id) if len(found) > 1 else found[0] if found else None

    def like(self, params: Params) -> list[Row]:
        """Return the servers with the label or the new one, and those that are listed twice."""
        by_label, twins = self.once("by_label", lambda _api: self._index())
        names = {nfc(params[option]) for option in ("label", "new_label") if params.get(option)}
        return [row for name in sorted(names) for row in by_label.get(name, ())] + twins

    def addresses_of(self, row: Row) -> list[Row]:
        """Return the addresses of a server."""
        return self.addresses().by_id.get(row["id"], [])

    def _by_id(self) -> dict[str, list[Row]]:
        def group(_api: Api) -> dict[str, list[Row]]:
            found: dict[str, list[Row]] = {}
            for row in self.servers().rows:
                found.setdefault(row["id"], []).append(row)
            return found

        return self.once("by_id", group)

    def _index(self) -> tuple[dict[str, list[Row]], list[Row]]:
        """Return the servers by their labels as labels are compared, and all rows whose ID is listed twice."""
        by_label: dict[str, list[Row]] = {}
        for row in self.servers().rows:
            if row["label"]:
                by_label.setdefault(nfc(row["label"]), []).append(row)
        twins = [row for rows in self._by_id().values() if len(rows) > 1 for row in rows]
        return by_label, twins


def plan_of(api: Api, params: Params) -> Plans:
    """Plan every server. Raises: Together with all that stands against single ones."""
    reading, refusals, entries = WholeReading(api), Refusals(), []
    for wish in params["wishes"]:
        with refusals.of(KIND, wish.name):
            entries.append(Entry(SERVERS, wish.name, wish.params, _vps.plan_server(reading, wish.params)))
    refusals.check(len(params["wishes"]))
    plans = _buy.ordered_together([entry.plan for entry in entries])
    return Plans(tuple(entry._replace(plan=plan) for entry, plan in zip(entries, plans)))


def check(plans: Plans, params: Params) -> None:
    """Check what must hold before the first write. Raises: Together, Refused."""
    refusals, seen = Refusals(), {}  # type: Refusals, dict[str, str]
    orders = [entry for entry in plans.entries if entry.plan.wish is not None]
    for entry in plans.entries:
        with refusals.of(KIND, entry.name):
            check_unprotected(params.get("protected"), entry.plan.actions)
            check_alone(seen, entry, orders)
    refusals.check(len(plans.entries))
    check_money([entry.plan for entry in orders], params.get("max_total_monthly_usd_cents"))


def check_alone(seen: dict[str, str], entry: Entry, orders: t.Sequence[Entry]) -> None:
    """Check that no other entry means the same server, now or in a later run. *seen*: what was checked before.

    Raises: Refused.
    """
    if entry.plan.before is not None:
        _check_first(seen, entry)
    if entry.plan.wish is not None:
        _check_unlike(entry, orders)


def _check_first(seen: dict[str, str], entry: Entry) -> None:
    """Check that no other entry means the same server. Raises: Refused."""
    vps_id = entry.plan.before["id"]
    if vps_id in seen:
        raise Refused("The server %s is also that of %s. Nothing was changed." % (vps_id, quoted(seen[vps_id])))
    seen[vps_id] = entry.name


def _check_unlike(entry: Entry, orders: t.Sequence[Entry]) -> None:
    """Check that a later run will not take two new servers for one. Raises: Refused."""
    body = entry.plan.wish.body
    rows = [other.plan.wish.body for other in orders if other is not entry]
    for row in rows:
        why = why_similar(row, body["label"], body["hostname"], rows)
        if why:
            raise Refused(
                "It can't be ordered beside %s: once that is there, %s. Nothing was ordered. Choose labels and "
                "hostnames that differ more." % (quoted(row["label"]), why)
            )


def check_money(plans: t.Sequence[Plan], most_usd_cents: int | None) -> None:
    """Check the limit and the wallet for all orders together. Raises: Refused."""
    if not plans:
        return
    total, balance = _price(plans), plans[0].wish.balance_usd_cents
    if most_usd_cents is not None and total > most_usd_cents:
        raise Refused(
            "The new servers (%d) cost %d US cents a month together, which is more than max_total_monthly_usd_cents: "
            "%d. Nothing was changed." % (len(plans), total, most_usd_cents)
        )
    if len(plans) == 1:
        _buy.check_wallet(plans[0].wish)
    elif total > balance:
        raise Refused(
            "The wallet holds %d US cents, and the new servers (%d) cost %d a month together: %d are missing. Nothing "
            "was changed. Top up the wallet." % (balance, len(plans), total, total - balance),
            balance_usd_cents=balance,
        )


def _price(plans: t.Iterable[Plan]) -> int:
    return sum(plan.wish.price_usd_cents for plan in plans)


def read_after(api: Api, runs: t.Sequence[tuple[Progress, bool]]) -> list[t.Any]:
    """Return the servers after the run, in at most two requests. One that failed is as it was read last."""
    reading = WholeReading(api)
    return [_after(reading, progress, is_through) for progress, is_through in runs]


def _after(reading: WholeReading, progress: Progress, is_through: bool) -> t.Any:
    row = _vps.read_after(reading, progress) if is_through else progress.after
    if row is None:
        return None
    row = reading.with_address(row)
    # The list of all addresses may not contain those of a new server yet.
    return _vps.Reading(reading.api).with_address(row) if progress.bought else row


# The table


def show(plans: Plans) -> str:
    """Return the plan as a table: each server that changes, what a month of the new ones costs, and the wallet."""
    changing = [entry for entry in plans.entries if any(action.writes for action in entry.plan.actions)]
    if not changing:
        return ""
    rows: list[tuple[str, str, str]] = [("SERVER", "CHANGE", "USD A MONTH")]
    for entry in changing:
        words = ", ".join(_words(action) for action in entry.plan.actions if action.writes)
        order = entry.plan.wish
        rows.append((entry.name, words, "" if order is None else money(order.price_usd_cents)))
    orders = [entry.plan for entry in changing if entry.plan.wish is not None]
    if orders:
        before = orders[0].wish.balance_usd_cents
        rows.append(("", "%d new" % len(orders), money(_price(orders))))
        rows.append(("", "wallet before", money(before)))
        rows.append(("", "wallet after", money(before - _price(orders))))
    return table(rows, right=(2,))


def _words(action: Action) -> str:
    body = action.body or {}
    if action.endpoint is _vps.ORDER:
        return "order %s with %s" % (body["plan_slug"], body["os_template"])
    if action.endpoint is _vps.LABEL:
        return "rename to %s" % body["label"]
    if action.endpoint is _vps.REINSTALL:
        return "wipe and install %s" % body["osTemplate"]
    return action.verb


SERVERS = Kind(KIND, _vps.RECONCILER, _vps.list_vps, _vps.get_vps, _vps.STATUSES, _vps.is_awaited, read_after)
BULK = Bulk("vps", ("root_passwords",), parse, plan_of, check, show)
