# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The account as one document: one plan for all its entries, held against every limit, and carried out in order."""

from __future__ import annotations

import functools
import hashlib
import json
import re
import textwrap
import typing as t

from . import _buy, _fleet, _hosting, _pieces, _vps, _webhook
from ._afterwards import (
    NAMES,
    NEW,
    NOT_READ,
    Addresses,
    addresses_in,
    document_of,
    find_entry,
    lay_over,
    with_written,
)
from ._api import Api, Params, Row
from ._bulk import MOST_TOLD, Bulk, Entry, Failure, Many, Plans, Refusals, Together, check_concurrency, some
from ._converge import conduct
from ._entries import Options, Problems, Written, check_unique, read_document
from ._errors import BadOption, H444Error, Refused, ScopeError
from ._identifiers import is_blank
from ._names import ascii_host, clean, quoted, shown
from ._pieces import CREATE, PAID, REMOVE, REPLACE, SECTIONS, AccountReading, Piece, Wanted
from ._plan import Action
from ._protected import check_unprotected
from ._status import is_gone
from ._table import money, table, width
from ._wait import check_timeout

DEFAULTS = ("credentials_file", "order_generation", "wait", "wait_timeout")
"""the options that apply to every entry that does not have its own"""
SECRETS = ("root_passwords", "sftp_passwords", "db_passwords", "webhook_secrets")
DIGITS_SHOWN = 12
# What the name and the change of an entry share in a table of 100 columns, and what a change has at least.
ROOM, LEAST_ROOM = 60, 28
TOGETHER = "\u00a0"
"""a space at which no line is broken"""
# The whole message says it once.
NOTHING_WAS = re.compile(r" Nothing was [a-z]+(?: or [a-z]+)?\.")


class Cost(t.NamedTuple):
    """What the sections of a document cost, in cents. *balance_usd_cents*: of the wallet before; None if unknown."""

    monthly_before_usd_cents: int
    monthly_after_usd_cents: int
    due_now_usd_cents: int
    balance_usd_cents: t.Optional[int]


class Plan(t.NamedTuple):
    """The plan of a document. *pieces*: in the order in which they are due, those without a change included."""

    account: t.Optional[AccountReading] = None
    pieces: t.Tuple[Piece, ...] = ()
    cost: t.Optional[Cost] = None
    digest: t.Optional[str] = None
    notes: t.Tuple[str, ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Return what is carried out, piece by piece."""
        return tuple(piece.entry for piece in self.pieces)

    @property
    def actions(self) -> list[Action]:
        """Return all steps, in the order in which they begin."""
        return Plans(self.entries).actions

    @property
    def lines(self) -> list[Piece]:
        """Return the pieces that are entries of the plan."""
        return [piece for piece in self.pieces if piece.action]


# The options


def parse(params: Params, sections: t.Mapping[str, Options]) -> Params:
    """Return the options with ``wanted``, the entries by section. Raises: BadOption, before anything is sent."""
    check_concurrency(params)
    check_timeout(params)
    for option in ("max_removed", "max_total_monthly_usd_cents"):
        if (params.get(option) or 0) < 0:
            raise BadOption("%s: must not be negative. Nothing was sent." % option)
    if params.get("plan_digest") is not None and is_blank(params["plan_digest"]):
        raise BadOption("plan_digest is empty, so it is not known which plan was approved. Nothing was sent.")
    problems = Problems()
    document = read_document(params["manifest"], sections, problems)
    wanted = {
        section: check_entries(entries, {name: params.get(name) for name in DEFAULTS}, problems)
        for section, entries in document.items()
    }
    check_apart(wanted, problems)
    for section in params.get("purge") or ():
        if section not in params["manifest"]:
            problems.add("purge", "%s is no section of the document, so all of its resources would go" % section)
    problems.check()
    return {**params, "wanted": wanted}


def check_entries(entries: t.Sequence[Written], defaults: Params, problems: Problems) -> list[Wanted]:
    """Return what the entries of one section ask for. What is wrong is noted."""
    found = []
    for entry in entries:
        try:
            found.append(Wanted(entry, SECTIONS[entry.section].check(entry, defaults)))
        except BadOption as error:
            problems.add(entry, NOTHING_WAS.sub("", str(error)))
    return found


def check_apart(wanted: t.Mapping[str, t.Sequence[Wanted]], problems: Problems) -> None:
    """Note the entries that mean one resource."""
    servers = [
        _fleet.Wish(one.written.place or 0, one.written.name, one.params) for one in wanted.get(_pieces.SERVERS, ())
    ]
    shared = _fleet.shared_names(servers)
    if shared:
        problems.add("servers", "; ".join(shared))
    hosting = wanted.get(_pieces.HOSTING, ())
    check_unique("domain", ((one.written, [one.params["domain"]]) for one in hosting), problems)
    check_unique(
        "username",
        (
            (one.written, [one.params["username"].casefold()])
            for one in hosting
            if one.params["username"] is not None and one.params["state"] != "absent"
        ),
        problems,
    )
    orders = [one for section in PAID for one in wanted.get(section, ()) if one.params["idempotency_key"]]
    check_unique("idempotency_key", ((one.written, [one.params["idempotency_key"]]) for one in orders), problems)
    domains = wanted.get(_pieces.DOMAINS, ())
    check_unique("name", ((one.written, [ascii_host(one.params["name"])]) for one in domains), problems)
    records = wanted.get(_pieces.PTR_RECORDS, ())
    check_unique("address", ((one.written, [one.params["ip"]]) for one in records), problems)
    webhooks = wanted.get(_pieces.WEBHOOKS, ())
    check_unique("url or new_url", ((one.written, _urls_of(one.params)) for one in webhooks), problems)


def _urls_of(params: Params) -> list[str]:
    return [_webhook.canonical_url(params[name]) for name in ("url", "new_url") if params[name] is not None]


# The plan


def plan_of(api: Api, params: Params) -> Plan:
    """Read the account once, and plan every entry. Raises: Together with all that stands against single entries."""
    account, refusals = AccountReading(api), Refusals()
    for section in params["wanted"]:
        account.read(section)  # a list that can't be read is no problem of single entries
    pieces: list[Piece] = []
    for section, entries in params["wanted"].items():
        for wanted in entries:
            with refusals.of(section, wanted.written.name):
                pieces.append(SECTIONS[section].plan(account, wanted))
    refuse(refusals.failures, params)
    pieces += purged(account, pieces, params)
    pieces, clashes = without_shared_addresses(account, pieces)
    refuse(clashes, params)
    plans = _buy.ordered_together([piece.entry.plan for piece in pieces])
    pieces = [piece._replace(entry=piece.entry._replace(plan=plan)) for piece, plan in zip(pieces, plans)]
    pieces.sort(key=lambda piece: piece.entry.rank or 0)
    cost, notes = cost_of(account, pieces, params)
    return Plan(account, tuple(pieces), cost, digest_of(account, pieces), notes)


def refuse(failures: t.Sequence[Failure], params: Params) -> None:
    """Raise what stands against single entries, with the place of each. Raises: Together."""
    if failures:
        places = {(one.written.section, one.written.name): one.written for one in all_of(params)}
        parts = [
            "%s: %s" % (places[failure.kind, failure.name], NOTHING_WAS.sub("", failure.msg))
            for failure in failures[:MOST_TOLD]
        ]
        more = " The rest is in failures." if len(failures) > MOST_TOLD else ""
        raise Together("The manifest is refused, so nothing was changed. %s%s" % (" ".join(parts), more), failures)


def all_of(params: Params) -> list[Wanted]:
    """Return what all entries of the document ask for."""
    return [wanted for entries in params["wanted"].values() for wanted in entries]


def without_shared_addresses(account: AccountReading, pieces: t.Sequence[Piece]) -> tuple[list[Piece], list[Failure]]:
    """Leave out the PTR records that belong to the entry of a server, which names the same one.

    Returns also the entries that name another one, or an address of a server that is removed.
    """
    owners: dict[str, Piece] = {}
    leaving: dict[str, Piece] = {}
    for piece in pieces:
        before = piece.entry.plan.before
        if piece.entry.kind is _pieces.SERVER_KIND and before is not None:
            if piece.action == REMOVE:
                leaving[before["id"]] = piece
            elif "ptr" in piece.entry.params:
                owners.update({row["ip"]: piece for row in _pieces.primary_of(account, before)})
    found, clashes = [], []
    for piece in pieces:
        ip = piece.entry.params.get("ip") if piece.entry.kind is _pieces.RECORD_KIND else None
        owner = owners.get(ip or "")
        gone = leaving.get(piece.entry.plan.before["vps_id"] or "") if ip is not None else None
        if gone is not None:
            clashes.append(
                Failure(
                    piece.entry.kind.word,
                    piece.entry.name,
                    "It is an address of %s, which the same document removes." % gone.place,
                )
            )
        elif owner is None:
            found.append(piece)
        elif ascii_host(owner.entry.params["ptr"]) == ascii_host(piece.entry.params["hostname"]):
            found.append(piece._replace(action="", changes={}, entry=_at_rest(piece.entry)))
        else:
            clashes.append(
                Failure(
                    piece.entry.kind.word,
                    piece.entry.name,
                    "hostname: it is %s here, but %s is the primary address of %s, which has the ptr %s."
                    % (
                        _said(piece.entry.params["hostname"]),
                        ip,
                        owner.place,
                        _said(owner.entry.params["ptr"]),
                    ),
                )
            )
    return found, clashes


def _at_rest(entry: Entry) -> Entry:
    return entry._replace(plan=entry.plan._replace(actions=(), after=entry.plan.before))


def _said(value: t.Any) -> str:
    return "null" if value is None else shown(value)


def purged(account: AccountReading, pieces: t.Sequence[Piece], params: Params) -> list[Piece]:
    """Plan the removal of what no entry names, in the sections of ``purge``."""
    defaults = {name: params.get(name) for name in DEFAULTS}
    found: list[Piece] = []
    for section, how in SECTIONS.items():
        if section in (params.get("purge") or ()) and how.purge is not None:
            found += how.purge(account, [*pieces, *found], defaults)
    return found


def cost_of(account: AccountReading, pieces: t.Sequence[Piece], params: Params) -> tuple[Cost, tuple[str, ...]]:
    """Return what the sections of the document cost, and a note for each resource without a known price."""
    before, unknown = 0, []
    for section, category in PAID.items():
        if section in params["wanted"]:
            for row in account.servers().rows if category == "vps" else account.hosting():
                price = 0 if is_gone(row) else account.price_of(category, row)
                before += price or 0
                if price is None:
                    unknown.append(shown(_title_of(category, row)))
    note = "The catalogue contains no price for the plans of these resources, so the costs do not include them: %s."
    notes = (note % some(unknown),) if unknown else ()
    due = sum(piece.monthly_usd_cents for piece in pieces if piece.action == CREATE)
    after = before + sum(piece.monthly_usd_cents for piece in pieces)
    return Cost(before, after, due, _balance(account, due > 0)), notes


def _title_of(category: str, row: Row) -> str:
    return _vps.title_of(row) if category == "vps" else _hosting.title_of(row)


def _balance(account: AccountReading, is_needed: bool) -> int | None:
    """Return the balance of the wallet; None if the key may not read it and nothing is ordered."""
    try:
        return account.wallet().balance_usd_cents
    except ScopeError:
        if is_needed:
            raise
        return None


def digest_of(account: AccountReading, pieces: t.Sequence[Piece]) -> str:
    """Return what identifies a plan: the account, the entries, every request that writes, and the keys of orders."""
    try:
        account_id: str | None = account.wallet().account_id
    except ScopeError:
        account_id = None
    steps = []
    for piece in pieces:
        if piece.action:
            plan = piece.entry.plan
            requests = [_request(action) for action in plan.actions if action.writes]
            steps.append([piece.line, requests, (plan.order or {}).get("idempotency_key")])
    text = json.dumps(["h444-plan-v1", account_id, steps], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _request(action: Action) -> list[t.Any]:
    return [action.endpoint.method, action.endpoint.path, dict(action.ids), action.body and dict(action.body)]


# The limits


def check(plan: Plan, params: Params) -> None:
    """Check every limit against the whole plan, before the first write. Raises: Together, Refused."""
    failures = [*impossible(plan), *guarded(plan, params)]
    reasons = ["%s: %s" % (place, NOTHING_WAS.sub("", failure.msg)) for place, failure in failures[:MOST_TOLD]]
    reasons += [text for text in (too_many_removed(plan, params), too_expensive(plan, params), too_poor(plan)) if text]
    is_approved = params.get("plan_digest") in (None, plan.digest) or not plan.lines
    if not is_approved:
        reasons.insert(
            0,
            "The plan is not the one that was approved: its digest is %s…, and plan_digest is %s…."
            % (t.cast(str, plan.digest)[:DIGITS_SHOWN], clean(params["plan_digest"].strip()[:DIGITS_SHOWN])),
        )
    if failures:
        raise Together(_refusal(reasons), [failure for _place, failure in failures])
    if reasons:
        raise Refused(_refusal(reasons))


def _refusal(reasons: t.Sequence[str]) -> str:
    return "The plan is refused, so nothing was changed. %s" % " ".join(reasons)


def impossible(plan: Plan) -> list[tuple[str, Failure]]:
    """Return the entries that no call of the API can bring about."""
    return [
        (
            piece.place,
            Failure(
                piece.entry.kind.word,
                piece.entry.name,
                "%s. The API can't change it, and nothing is terminated and ordered anew by itself."
                % "; ".join(
                    "%s is %s, not %s" % (option, shown(values["before"]), shown(values["after"]))
                    for option, values in piece.changes.items()
                    if option in ("plan_slug", "hostname")
                ),
            ),
        )
        for piece in plan.pieces
        if piece.is_impossible
    ]


def guarded(plan: Plan, params: Params) -> list[tuple[str, Failure]]:
    """Return the entries that are protected, too expensive, or mean a resource of another one."""
    seen: dict[str, str] = {}
    servers = [piece.entry for piece in plan.pieces if piece.entry.kind is _pieces.SERVER_KIND]
    orders = [entry for entry in servers if entry.plan.wish is not None]
    found = []
    for piece in plan.pieces:
        entry, refusals = piece.entry, Refusals()
        with refusals.of(entry.kind.word, entry.name):
            check_unprotected(params.get("protected"), entry.plan.actions)
            if entry.kind is _pieces.SERVER_KIND:
                _fleet.check_alone(seen, entry, orders)
            if piece.limit_usd_cents is not None and piece.monthly_usd_cents > piece.limit_usd_cents:
                raise Refused(
                    "It costs %d US cents a month, which is more than max_monthly_usd_cents: %d."
                    % (piece.monthly_usd_cents, piece.limit_usd_cents)
                )
        found += [(piece.place, failure) for failure in refusals.failures]
    return found


def too_many_removed(plan: Plan, params: Params) -> str:
    """Return what is said of more removals and replacements than ``max_removed``."""
    names = [
        "%s %s" % (piece.entry.kind.word, quoted(piece.entry.name))
        for piece in plan.lines
        if piece.action in (REMOVE, REPLACE) and not piece.is_impossible
    ]
    if len(names) <= params["max_removed"]:
        return ""
    return "It removes or replaces %d, which is more than max_removed: %d (%s)." % (
        len(names),
        params["max_removed"],
        some(names),
    )


def too_expensive(plan: Plan, params: Params) -> str:
    """Return what is said of new orders that cost more than ``max_total_monthly_usd_cents``."""
    due, most = t.cast(Cost, plan.cost).due_now_usd_cents, params.get("max_total_monthly_usd_cents")
    if most is None or due <= most:
        return ""
    return "The new orders cost %d US cents a month together, which is more than max_total_monthly_usd_cents: %d." % (
        due,
        most,
    )


def too_poor(plan: Plan) -> str:
    """Return what is said of new orders that the wallet does not cover."""
    cost = t.cast(Cost, plan.cost)
    missing = cost.due_now_usd_cents - (cost.balance_usd_cents or 0)
    if not cost.due_now_usd_cents or missing <= 0:
        return ""
    return "The wallet holds %d US cents, and the new orders cost %d: %d are missing. Top up the wallet." % (
        cost.balance_usd_cents or 0,
        cost.due_now_usd_cents,
        missing,
    )


# The table


def show(plan: Plan) -> str:
    """Return the plan as a table: what changes, what it costs, and the wallet before and after."""
    if not plan.lines:
        return ""
    rows: list[tuple[str, ...]] = [("ACTION", "KIND", "NAME", "CHANGE", "USD A MONTH")]
    room = max(LEAST_ROOM, ROOM - max(width(piece.entry.name) for piece in plan.lines))
    for piece in plan.lines:
        price = piece.monthly_usd_cents
        rows += [
            (
                piece.action if not number else "",
                piece.entry.kind.word if not number else "",
                piece.entry.name if not number else "",
                text,
                "%s%s" % ("+" if price > 0 else "", money(price)) if price and not number else "",
            )
            for number, text in enumerate(_changes_in_words(piece, room))
        ]
    cost = t.cast(Cost, plan.cost)
    rows += [
        ("", "", "", "a month before", money(cost.monthly_before_usd_cents)),
        ("", "", "", "a month after", money(cost.monthly_after_usd_cents)),
    ]
    if cost.due_now_usd_cents:
        rows.append(("", "", "", "due now", money(cost.due_now_usd_cents)))
    if cost.balance_usd_cents is not None:
        rows.append(("", "", "", "wallet before", money(cost.balance_usd_cents)))
        rows.append(("", "", "", "wallet after", money(cost.balance_usd_cents - cost.due_now_usd_cents)))
    return table(rows, right=(4,))


def _changes_in_words(piece: Piece, room: int) -> list[str]:
    """Return each change in words, in lines of at most *room* characters; those of a new resource are one."""
    if piece.action == CREATE:
        parts = ["%s %s" % (name, _value(values["after"])) for name, values in piece.changes.items()]
        texts = [", ".join(part.replace(" ", TOGETHER) if len(part) < room else part for part in parts)]
    else:
        texts = [
            "%s: %s -> %s" % (name, _value(values["before"]), _value(values["after"]))
            for name, values in piece.changes.items()
        ]
    return [line for text in texts for line in _wrapped(text, room)] or [""]


def _wrapped(text: str, room: int) -> list[str]:
    """Return a text in lines; names stay whole, and so do options with their values."""
    lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
    return [line.replace(TOGETHER, " ") for line in lines]


def _value(value: t.Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"
    return "none" if value is None else str(value) or '""'


class Manifest(Many):
    """The work on a whole account; see _converge.Work."""

    def __init__(self, module: t.Any, sections: t.Mapping[str, Options]) -> None:
        read = functools.partial(parse, sections=sections)
        super().__init__(module, Bulk("manifest", SECRETS, read, plan_of, check, show, is_staged=True))
        self._plans = t.cast(t.Any, Plan())
        self._after: dict[str, t.Any] | None = None
        self._addresses = Addresses({}, {})
        self._warned: set[str] = set()

    def check(self, is_check_mode: bool) -> None:
        """See Work."""
        for note in self._plan.notes:
            self._warn_once(note)
        account = t.cast(AccountReading, self._plan.account)
        try:
            self._after = self._document(account)
            self._addresses = addresses_in(account, self._params["wanted"])
        except H444Error as error:  # it is for the result only
            self._warn_once("The manifest of the result is null, because the account can't be described. %s" % error)
        super().check(is_check_mode)

    def _warn_once(self, text: str) -> None:
        if text not in self._warned:
            self._warned.add(text)
            self._module.warn(text)

    @property
    def _plan(self) -> Plan:
        return t.cast(t.Any, self._plans)

    def _document(self, account: AccountReading) -> dict[str, t.Any]:
        return document_of(account, self._params["wanted"], self._warn_once)

    def pretend(self) -> None:
        """See Work."""
        if self._after is not None:
            lay_over(self._after, self._plan.lines, self._addresses, NEW)
        self._fill()

    def _fill(self) -> None:
        if self._after is not None:
            with_written(self._after, all_of(self._params))

    def _read_after(self) -> None:
        """Read the account again if something was written."""
        if any(job.progress.done or job.progress.maybe for job in self._jobs):
            before = self._after
            try:
                self._after = self._document(t.cast(AccountReading, self._plan.account).afresh())
            except H444Error as error:
                self._after = before
                self._warn_once(
                    "The account could not be read again, so the manifest of the result contains what it should be "
                    "now. %s" % error
                )
                done = self._done()
                made = [piece for piece, job in zip(self._plan.pieces, self._jobs) if job.progress.bought]
                more = [piece for piece in made if piece not in done]
                if self._after is not None:
                    lay_over(self._after, [*done, *more], self._addresses, NOT_READ)
            else:
                lay_over(self._after, self._not_shown_yet(self._after), self._addresses, NOT_READ)
                self._note_unchanged()
        self._fill()

    def _done(self) -> list[Piece]:
        """Return the entries of the plan that are carried out."""
        pieces = zip(self._plan.pieces, self._jobs)
        return [piece for piece, job in pieces if piece.action and job.is_through and not piece.is_impossible]

    def _not_shown_yet(self, document: t.Mapping[str, t.Any]) -> list[Piece]:
        """Return what was done for which this reading may be too old: what was ordered or removed, and PTR records."""
        found = []
        for piece, job in zip(self._plan.pieces, self._jobs):
            section, name = piece.entry.kind.word, piece.entry.name
            if piece.action == CREATE:
                told = (job.progress.after or {}).get(NAMES[section]) or name  # which the provider may have changed
                is_made = job.is_through or bool(job.progress.resource_id)
                is_shown = any(find_entry(document, section, one) is not None for one in (name, told))
                found += [piece] if is_made and not is_shown else []
            elif piece.action and job.is_through and not piece.is_impossible:
                names = ("ptr", "hostname", NAMES[section])
                own = {option: values for option, values in piece.changes.items() if option in names}
                found += [piece._replace(changes=own)] if piece.action == REMOVE or set(own) - {NAMES[section]} else []
        return found

    def _note_unchanged(self) -> None:
        """Warn of what the API accepted, and still shows as it was: the next run would do it again."""
        for piece in self._done():
            entry = find_entry(self._after or {}, piece.entry.kind.word, piece.entry.name) or {}
            for option in ("os_template", "php_version"):
                wanted = piece.changes.get(option, {}).get("after")
                if wanted is not None and entry.get(option) not in (None, wanted):
                    self._module.warn(
                        "The API accepted %s %s for %s, but still shows %s."
                        % (option, wanted, piece.place, shown(entry[option]))
                    )

    def result(self, planned_only: bool = False) -> dict[str, t.Any]:
        """See Work."""
        found = super().result(planned_only)
        plan, done = self._plan, self._done()
        found.update(
            manifest=self._after,
            plan=[piece.line for piece in plan.lines],
            plan_digest=plan.digest,
            cost=plan.cost._asdict() if plan.cost is not None else None,
            done=[piece.line for piece in done],
            left=[piece.line for piece in plan.lines if piece not in done],
            differences=[
                {"kind": piece.entry.kind.word, "name": piece.entry.name, "changes": piece.differences}
                for piece in plan.pieces
                if piece.differences
            ],
        )
        # By names that resources of two kinds may share.
        for name in ("orders", "credentials_files", "other_secrets"):
            found.pop(name, None)
        others = {
            "%s/%s" % (job.kind.word, job.name): job.progress.secrets["other_secrets"]
            for job in self._jobs
            if "other_secrets" in job.progress.secrets
        }
        return {**found, "other_secrets": others} if others else found


def run(module: t.Any, sections: t.Mapping[str, Options]) -> None:
    """Bring an account to its document, and end the module with the result. *sections*: the options of each."""
    conduct(module, Manifest(module, sections))
