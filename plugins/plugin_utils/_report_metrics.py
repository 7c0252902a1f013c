# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The figures of an account in Prometheus' text format, for the textfile collector of node_exporter. Pure.

Amounts are in dollars, times in seconds since the epoch. All metrics are gauges and have the label ``account``, so that
the files of several accounts can lie in one directory.
"""

from __future__ import annotations

import calendar
import typing as t
from datetime import date

from ansible_collections.h444.cloud.plugins.module_utils._hosting import FAILED
from ansible_collections.h444.cloud.plugins.module_utils._table import money
from ansible_collections.h444.cloud.plugins.plugin_utils._report import SCOPES, Figures
from ansible_collections.h444.cloud.plugins.plugin_utils._report_alarms import LEVELS, Alarm

Labels = t.Mapping[str, t.Optional[str]]
Samples = t.Iterable[t.Tuple[Labels, str]]


def render(figures: Figures, alarms: t.Sequence[Alarm]) -> str:
    """Return the metrics, each with its HELP and TYPE; one without a value is left out."""
    parts = []
    for name, about, samples in _metrics(figures, alarms):
        lines = dict.fromkeys(
            _sample(name, {"account": figures.account_id, **labels}, value) for labels, value in samples
        )
        if lines:
            parts += ["# HELP %s %s" % (name, about), "# TYPE %s gauge" % name, *lines]
    return "\n".join(parts) + "\n"


def _sample(name: str, labels: Labels, value: str) -> str:
    """Return one line. An empty label means the same as none."""
    told = ",".join('%s="%s"' % (label, escaped(text)) for label, text in labels.items() if text)
    return "%s%s %s" % (name, "{%s}" % told if told else "", value)


def escaped(text: str) -> str:
    """Return the value of a label as it is written between quotes."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _flag(value: bool) -> str:
    return "1" if value else "0"


def _epoch(day: date) -> str:
    """Return the start of a day in UTC."""
    return str(calendar.timegm(day.timetuple()))


def _metrics(figures: Figures, alarms: t.Sequence[Alarm]) -> t.Iterator[tuple[str, str, Samples]]:
    yield "h444_report_timestamp_seconds", "Start of the day (UTC) of the report.", [({}, _epoch(figures.day))]
    yield (
        "h444_report_section_present",
        "Whether the API key may read a section of the report.",
        [({"section": name}, _flag(name not in figures.missing)) for name in SCOPES],
    )
    yield (
        "h444_report_attention",
        "Entries that need attention, by level.",
        [({"level": level}, str(sum(alarm.level == level for alarm in alarms))) for level in LEVELS],
    )
    yield from _of_money(figures)
    yield from _of_servers(figures)
    yield from _of_domains(figures)
    yield from _of_hosting(figures)
    yield from _of_support(figures)


def _of_money(figures: Figures) -> t.Iterator[tuple[str, str, Samples]]:
    wallet, costs = figures.wallet, figures.costs
    if wallet:
        yield "h444_wallet_balance_usd", "Balance of the prepaid wallet.", [({}, money(wallet.balance))]
    if costs:
        yield (
            "h444_monthly_cost_usd",
            "Price of all services with a known price, a month.",
            [({}, money(costs.monthly))],
        )
        yield "h444_unpriced_services", "Services without a known price.", [({}, str(costs.unpriced))]
    if wallet and costs and wallet.empty:
        about = "Start of the day (UTC) of the first renewal that the wallet does not cover."
        yield "h444_wallet_empty_timestamp_seconds", about, [({}, _epoch(wallet.empty))]
    if "invoices" not in figures.missing:
        months = [({"month": month.name}, money(month.total)) for month in figures.months]
        yield "h444_invoiced_usd", "Invoices of a month, without cancelled and refunded ones.", months
        due = [one for one in figures.invoices if one.state in ("unpaid", "overdue")]
        yield "h444_invoices_due", "Invoices that are unpaid or overdue.", [({}, str(len(due)))]
        yield "h444_invoices_due_usd", "Sum of these invoices.", [({}, money(sum(one.total or 0 for one in due)))]


def _of_servers(figures: Figures) -> t.Iterator[tuple[str, str, Samples]]:
    named = [({"vps_id": one.id, "label": one.label}, one) for one in figures.servers]
    yield (
        "h444_vps_info",
        "A server with its status and its plan; always 1.",
        [({**labels, "status": one.status, "plan": one.plan}, "1") for labels, one in named],
    )
    yield (
        "h444_vps_running",
        "Whether a server is running.",
        [(labels, _flag(one.status == "running")) for labels, one in named],
    )
    yield (
        "h444_vps_monthly_cost_usd",
        "Price of a server, a month.",
        [(labels, money(one.monthly)) for labels, one in named if one.monthly is not None],
    )
    yield (
        "h444_ptr_forward_confirmed",
        "Whether the name of a PTR record resolves to its address.",
        [
            ({**labels, "ip": address.ip, "ptr": address.ptr}, _flag(address.forward))
            for labels, one in named
            for address in one.addresses
            if address.forward is not None
        ],
    )


def _of_domains(figures: Figures) -> t.Iterator[tuple[str, str, Samples]]:
    named = [({"domain_id": one.id, "domain": one.name}, one) for one in figures.domains]
    yield (
        "h444_domain_expiry_timestamp_seconds",
        "Start of the day (UTC) on which a domain expires.",
        [(labels, _epoch(one.expires)) for labels, one in named if one.expires],
    )
    yield (
        "h444_domain_auto_renew",
        "Whether a domain is renewed automatically.",
        [(labels, _flag(one.auto_renew)) for labels, one in named if one.auto_renew is not None],
    )


def _of_hosting(figures: Figures) -> t.Iterator[tuple[str, str, Samples]]:
    named = [({"hosting_id": one.id, "domain": one.domain}, one) for one in figures.hosting]
    yield (
        "h444_hosting_active",
        "Whether a hosting account is active.",
        [(labels, _flag(one.status == "active")) for labels, one in named],
    )
    yield (
        "h444_hosting_certificate_failed",
        "Whether the certificate of a hosting account could not be issued.",
        [(labels, _flag(one.certificate == FAILED)) for labels, one in named if one.certificate],
    )
    yield (
        "h444_hosting_monthly_cost_usd",
        "Price of a hosting account, a month.",
        [(labels, money(one.monthly)) for labels, one in named if one.monthly is not None],
    )


def _of_support(figures: Figures) -> t.Iterator[tuple[str, str, Samples]]:
    if "tickets" not in figures.missing:
        waiting = sum(one.waits for one in figures.tickets)
        yield "h444_tickets_open", "Tickets that are not closed.", [({}, str(len(figures.tickets)))]
        yield "h444_tickets_waiting", "Tickets that wait for an answer of the customer.", [({}, str(waiting))]
    yield (
        "h444_webhook_active",
        "Whether a webhook delivers events.",
        [({"webhook_id": one.id, "host": one.host}, _flag(one.is_active)) for one in figures.webhooks],
    )
