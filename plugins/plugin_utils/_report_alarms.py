# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What needs attention in an account, each with what to do. Pure. One alarm names all that it is about."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.h444.cloud.plugins.module_utils._hosting import CERTIFICATES, FAILED
from ansible_collections.h444.cloud.plugins.module_utils._hosting import STATUSES as HOSTING_STATUSES
from ansible_collections.h444.cloud.plugins.module_utils._table import money
from ansible_collections.h444.cloud.plugins.module_utils._vps import STATUSES as VPS_STATUSES
from ansible_collections.h444.cloud.plugins.plugin_utils._report import Domain, Figures, is_partial

SECTIONS = {
    "account": "the wallet",
    "products": "prices",
    "vps": "servers",
    "ips": "addresses and PTR records",
    "hosting": "web hosting",
    "domains": "domains",
    "invoices": "invoices",
    "tickets": "tickets",
    "webhooks": "webhooks",
}
MOST_NAMES = 6
"""A text names so many of what it is about, and counts the others."""
LEVELS = ("now", "soon", "note")
URGENT_DAYS, SOON_DAYS = 7, 30
HELD = re.compile(r"expired|suspend|redemption|pending_?delete|hold|grace|inactive")
"""States of a domain in which it does not work, or soon does not."""


class Alarm(t.NamedTuple):
    """Something that needs attention. *level*: one of LEVELS. *kind*: the section of the page that shows more."""

    level: str
    title: str
    names: list[str]
    advice: str
    kind: str

    def text(self) -> str:
        """Return the alarm as one sentence, without the advice."""
        more = len(self.names) - MOST_NAMES
        names = ", ".join(self.names[:MOST_NAMES]) + (" and %d more" % more if more > 0 else "")
        return "%s: %s%s" % (self.level.capitalize(), self.title, ": " + names if names else "")


def alarms_of(figures: Figures) -> list[Alarm]:
    """Return what needs attention, the most urgent first."""
    found = [
        *_about_wallet(figures),
        *_about_invoices(figures),
        *_about_states(figures),
        *_about_domains(figures),
        *_about_certificates(figures),
        *_about_tickets(figures),
        *_about_ptrs(figures),
        *_notes(figures),
    ]
    return sorted((alarm for alarm in found if alarm is not None), key=lambda alarm: LEVELS.index(alarm.level))


def _about(level: str, title: str, names: t.Iterable[str], advice: str, kind: str) -> Alarm | None:
    """Return an alarm about these names; None without a name."""
    listed = list(names)
    return Alarm(level, title, listed, advice, kind) if listed else None


def _about_wallet(figures: Figures) -> t.Iterator[Alarm | None]:
    wallet, costs = figures.wallet, figures.costs
    if wallet is None:
        return
    if wallet.balance < 0:
        title = "The wallet is %s USD below zero" % money(-wallet.balance)
        yield Alarm("now", title, [], "Top it up in the panel.", "costs")
    elif costs and wallet.empty and costs.monthly > wallet.balance:
        day = wallet.next_day if wallet.balance == 0 and wallet.next_day else wallet.empty
        level = "now" if (day - figures.day).days <= URGENT_DAYS else "soon"
        title = "The wallet does not cover the next month: it contains %s USD, and a month costs %s%s USD"
        title %= (money(wallet.balance), "at least " if is_partial(figures) else "", money(costs.monthly))
        advice = "Top it up by at least %s USD before %s." % (money(costs.monthly - wallet.balance), day.isoformat())
        yield Alarm(level, title, [], advice, "costs")


def _about_invoices(figures: Figures) -> t.Iterator[Alarm | None]:
    pay = "Pay them in the panel, under Billing."
    for level, state, title, advice in (
        ("now", "overdue", "Overdue invoices", pay),
        ("soon", "unpaid", "Unpaid invoices", pay),
        ("soon", "unknown", "Invoices in an unknown state", "Check in the panel whether they are paid."),
    ):
        names = (
            one.number if one.total is None else "%s (%s USD)" % (one.number, money(one.total))
            for one in figures.invoices
            if one.state == state
        )
        yield _about(level, title, names, advice, "invoices")


def _about_states(figures: Figures) -> t.Iterator[Alarm | None]:
    pay = "Pay what is due, or ask 444Host for the reason in a ticket."
    check = "Check them in the panel, and open a ticket if they do not work."
    servers = [(one.label, one.status) for one in figures.servers]
    accounts = [(one.domain, one.status) for one in figures.hosting]
    for kind, noun, states, known in (
        ("servers", "servers", servers, VPS_STATUSES),
        ("hosting", "hosting accounts", accounts, HOSTING_STATUSES),
    ):
        yield _about("now", "Suspended " + noun, (name for name, state in states if state == "suspended"), pay, kind)
        odd = ("%s (%s)" % one for one in states if one[1] not in known)
        yield _about("soon", noun.capitalize() + " in an unknown state", odd, check, kind)


def _about_domains(figures: Figures) -> t.Iterator[Alarm | None]:
    dated = [(one, one.days) for one in figures.domains if one.days is not None]
    expired = [one for one, days in dated if days < 0]
    held = [one for one in figures.domains if HELD.search(one.status) and one not in expired]
    urgent = [one for one, days in dated if 0 <= days <= URGENT_DAYS]
    soon = [one for one, days in dated if URGENT_DAYS < days <= SOON_DAYS]
    title, renew = "Domains that expire within %d days", "Renew them in the panel, or switch automatic renewal on."
    without, unknown = title + " without automatic renewal", title + ", whose renewal is unknown"
    yield _about("now", "Expired domains", map(_dated, expired), "Renew them in the panel.", "domains")
    names = ["%s (%s)" % (one.name, one.status) for one in held]
    yield _about("now", "Domains that may not work", names, "Ask 444Host for the reason in a ticket.", "domains")
    for level, domains, days in (("now", urgent, URGENT_DAYS), ("soon", soon, SOON_DAYS)):
        names = [_dated(one) for one in domains if one.auto_renew is False]
        yield _about(level, without % days, names, renew, "domains")
    names = [_dated(one) for one in urgent + soon if one.auto_renew is None]
    yield _about("soon", unknown % SOON_DAYS, names, "Check in the panel whether they are renewed.", "domains")


def urgency(domain: Domain) -> str:
    """Return how urgent it is to renew a domain: bad, odd, or nothing."""
    if domain.days is None or domain.days > SOON_DAYS or (domain.days >= 0 and domain.auto_renew):
        return ""
    return "odd" if domain.days > URGENT_DAYS or (domain.days >= 0 and domain.auto_renew is None) else "bad"


def _dated(domain: Domain) -> str:
    return "%s (%s)" % (domain.name, domain.expires.isoformat() if domain.expires else "unknown")


def _about_certificates(figures: Figures) -> t.Iterator[Alarm | None]:
    retry = "Point the A record of the domain to the hosting, then run h444_hosting with retry_ssl=failed."
    failed = (one.domain for one in figures.hosting if one.certificate == FAILED)
    yield _about("now", "Failed certificates", failed, retry, "hosting")
    odd = [one for one in figures.hosting if one.certificate and one.certificate not in CERTIFICATES]
    names = ("%s (%s)" % (one.domain, one.certificate) for one in odd)
    yield _about("soon", "Certificates in an unknown state", names, "Check them in the panel.", "hosting")


def _about_tickets(figures: Figures) -> t.Iterator[Alarm | None]:
    names = ("%s %s" % (one.number, one.subject) for one in figures.tickets if one.waits)
    yield _about("soon", "Tickets that wait for your answer", names, "Answer or close them.", "tickets")


def _about_ptrs(figures: Figures) -> t.Iterator[Alarm | None]:
    names = (
        "%s (%s)" % (address.ptr, address.ip)
        for server in figures.servers
        for address in server.addresses
        if address.forward is False
    )
    advice = "Many mail servers refuse such addresses. Add an A or AAAA record from each name to its address."
    yield _about("soon", "PTR records that are not confirmed", names, advice, "servers")


def _notes(figures: Figures) -> t.Iterator[Alarm | None]:
    paused = ("%s (%s)" % (one.host, one.id) for one in figures.webhooks if not one.is_active)
    yield _about("note", "Inactive webhooks", paused, "Activate or remove them with h444_webhook.", "webhooks")
    stopped = [one for one in figures.servers if one.status == "stopped"]
    cost = sum(one.monthly or 0 for one in stopped)
    title = "Stopped servers" + (", which cost %s USD a month" % money(cost) if cost else "")
    start = "Start those that you need, and terminate the others."
    yield _about("note", title, (one.label for one in stopped), start, "servers")
    if "products" not in figures.missing:
        unpriced = [one.label for one in figures.servers if one.monthly is None]
        unpriced += [one.domain for one in figures.hosting if one.monthly is None]
        advice = "The catalogue lacks their plans. Look up their prices in the panel."
        yield _about("note", "Services without a known price", unpriced, advice, "costs")
    missing = ("%s (%s)" % (SECTIONS[name], scope) for name, scope in figures.missing.items())
    yield _about("note", "Missing in this report", missing, "Give these scopes to the API key.", "missing")
