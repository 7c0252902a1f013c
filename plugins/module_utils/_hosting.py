# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Web-hosting accounts: readers, search, plans, orders, suspension, PHP version, certificate, removal."""

from __future__ import annotations

import re
import typing as t

from . import _buy, _catalogue
from ._api import Api, Params, Raw, Row
from ._converge import Progress, Reconciler, send
from ._endpoint import NEVER, WITH_KEY, Endpoint
from ._errors import Ambiguous, ApiError, BadOption, Missing, NotFound, Refused
from ._fields import Derived, Either, Field, Needed, Table, as_is, read_fields, text_inside
from ._identifiers import Identifiers, Named, check_agree
from ._names import CONTROL, canonical_host, check_hostname, check_id, check_one_name, closest, pick_one, shown
from ._order import Order, check_custom_key, facts_of, fill_from_order
from ._patterns import choose
from ._plan import Action, Plan, same
from ._reader import bad, first, identifier, object_of, row_of, text, truth
from ._reply import Kind, Reply, choose_hosting_passwords, read_reply
from ._status import TERMINATED, by_spelling, is_gone, read_status
from ._wait import check_timeout, wait_for

LIST = Endpoint("GET", "/hosting", "hosting:read")
GET = Endpoint("GET", "/hosting/{id}", "hosting:read")
ORDER = Endpoint("POST", "/hosting", "orders:write", WITH_KEY, tells_secret=True)
SUSPEND = Endpoint("POST", "/hosting/{id}/suspend", "hosting:write")
UNSUSPEND = Endpoint("POST", "/hosting/{id}/unsuspend", "hosting:write")
PHP = Endpoint("PUT", "/hosting/{id}/php", "hosting:write")
SSL_RETRY = Endpoint("POST", "/hosting/{id}/ssl/retry", "hosting:write", NEVER)
DELETE = Endpoint("DELETE", "/hosting/{id}", "hosting:destroy")
ENDPOINTS = (LIST, GET, ORDER, SUSPEND, UNSUSPEND, PHP, SSL_RETRY, DELETE)

NOUNS = ("hosting", "hostings", "hosting_accounts", "hosting_account", "hosting_list", "accounts", "account")
IDS = ("id", "hosting_id", "hosting_account_id", "uuid")
PASSWORDS = ("sftp_password", "db_password")
REPLY = Kind(
    ORDER, ("hosting", "hosting_account"), ("account", "accounts", "hosting_accounts"), ("hosting_id", "hosting_account_id"), ("account_id",),
    choose_hosting_passwords,
)  # fmt: skip

ACTIVE, SUSPENDED, PROVISIONING = "active", "suspended", "provisioning"
SETTLED = (ACTIVE, SUSPENDED)
STATUSES = frozenset({ACTIVE, SUSPENDED, PROVISIONING})
STATUS = by_spelling(
    {
        ACTIVE: ("active", "enabled", "running", "online", "ok", "live", "up", "ready", "normal", "unsuspended"),
        SUSPENDED: ("suspended", "disabled", "locked", "blocked", "frozen", "paused"),
        PROVISIONING: (
            "provisioning",
            "pending",
            "creating",
            "building",
            "installing",
            "queued",
            "deploying",
            "setup",
            "setting_up",
            "initializing",
        ),
    }
)
ISSUED, PENDING, FAILED = "issued", "pending", "failed"
CERTIFICATES = frozenset({ISSUED, PENDING, FAILED})
SSL_STATUS = by_spelling(
    {
        ISSUED: ("issued", "active", "valid", "ok", "installed", "enabled", "secured", "success", "live", "ready"),
        PENDING: (
            "pending",
            "issuing",
            "processing",
            "provisioning",
            "queued",
            "requested",
            "validating",
            "renewing",
            "in_progress",
            "waiting",
        ),
        FAILED: (
            "failed",
            "failure",
            "error",
            "errored",
            "rejected",
            "invalid",
            "issue_failed",
            "issuance_failed",
            "validation_failed",
            "renewal_failed",
        ),
    }
)
# What the answer to a second suspension may be, where the provider takes it for a conflict.
CONFLICTS = frozenset({400, 409, 422})


def canonical_domain(value: str | None) -> str:
    """Give a domain in the form in which domains are compared and ordered: IDNA, lower case, no trailing dot."""
    try:
        return canonical_host(check_hostname(value or "", "domain"))
    except BadOption:
        return canonical_host(value)


def check_username(value: str) -> str:
    """Return a user name, or raise BadOption: one that the provider may trim could not be found again."""
    if not value or len(value) > 64 or CONTROL.search(value) or re.search(r"\s", value):
        raise BadOption(
            "username: %s can't be a user name: it must not be empty, longer than 64 characters, or hold spaces."
            % shown(value)
        )
    return value


def read_php(value: t.Any) -> str | None:
    """Give a PHP version as it is ordered, "8.3", out of 8.3, "8.3.12", "php8.3" or "php83"; else the API's own word."""
    if isinstance(value, dict):
        value = first(value, "version", "php_version", "slug", "name", "id")
    found = str(value) if isinstance(value, float) else text(value)
    match = re.search(r"([0-9]{1,4})\.([0-9]{1,4})", found or "") or re.search(r"([0-9])([0-9])\Z", found or "")
    return "%s.%s" % match.groups() if match else found


def read_state(row: Raw) -> str | None:
    """Give the status of an account by its word, or by the truth value ``suspended`` where the API returns no word.

    Assumed: the page promises a status and not how it looks (switches ``hosting_status``, ``status_words``).
    """
    suspended = truth(first(row, "suspended", "is_suspended"))
    if suspended is True:
        return SUSPENDED
    status = read_status(first(row, "status", "state", "account_status"), STATUS)
    return ACTIVE if status is None and suspended is False else status


def read_certificate(value: t.Any) -> str | None:
    """Give the state of a certificate, by one of the three known words or the API's own."""
    return read_status(value, SSL_STATUS)


TABLE: Table = {
    "id": Needed(identifier, *IDS),
    "domain": Field(text_inside("name", "domain", "fqdn"), "domain", "domain_name", "primary_domain", "main_domain"),
    "username": Field(text_inside("username", "name", "login"), "username", "user_name", "user", "login"),
    "status": Derived(read_state),
    "plan_slug": Either(
        Field(_catalogue.read_plan_slug, "plan_slug"),
        Field(_catalogue.read_plan_slug, "plan", "package"),
        Field(_catalogue.read_plan_slug, "product_slug", "product"),
    ),
    "php_version": Field(read_php, "php_version", "php", "php_fpm_version", "php_fpm"),
    "ssl_status": Field(
        read_certificate,
        "ssl_status",
        "ssl_state",
        "certificate_status",
        "cert_status",
        "ssl_certificate_status",
        "tls_status",
        "lets_encrypt_status",
        "ssl",
        "certificate",
        "ssl_certificate",
        "tls",
        "lets_encrypt",
    ),
    "created_at": Field(as_is, "created_at", "created", "ordered_at"),
}
FIELDS = tuple(TABLE)


def read_hosting(raw: Raw, where: Endpoint = LIST) -> Row:
    """Give one account in normal form: FIELDS are always there, None where the API returned nothing; all else is kept."""
    return shape_hosting(row_of(raw, NOUNS, where), where)


def shape_hosting(row: Row, where: Endpoint) -> Row:
    """Give an account out of a row that is in snake_case and free of secrets."""
    return {**row, **read_fields(row, TABLE, where)}


def list_hosting(api: Api) -> list[Row]:
    """Read every account. Source: GET /v1/hosting (hosting:read)."""
    return [read_hosting(raw) for raw in api.rows(LIST, NOUNS)]


def get_hosting(api: Api, hosting_id: str) -> Row | None:
    """Read one account; None when the API does not know it. Source: GET /v1/hosting/:id (hosting:read)."""
    try:
        body = api.request(GET, ids={"id": hosting_id}).body
    except NotFound:
        return None
    return read_hosting(object_of(body, NOUNS, GET, IDS, hosting_id), GET)


def title_of(row: Row) -> str:
    """Give the name by which messages call an account."""
    return str(row["domain"] or row["username"] or row["id"])


def has_domain(row: Row, domain: str) -> bool:
    """Tell whether an account is of this (canonical) domain."""
    return canonical_domain(row["domain"]) == domain


def has_username(row: Row, username: str) -> bool:
    """Tell whether an account has this user name; the case of letters makes no other one."""
    return (row["username"] or "").casefold() == username.casefold()


def find_hosting(rows: t.Sequence[Row], domain: str | None, username: str | None) -> Row | None:
    """Find the one living account of this domain, or of this user name where no domain is given. Raises: Ambiguous, BadReply."""
    living = [row for row in rows if not is_gone(row)]
    field, wanted = ("domain", domain) if domain is not None else ("username", str(username))
    fitting = [row for row in living if (has_domain(row, wanted) if domain is not None else has_username(row, wanted))]
    found = pick_one(fitting, "hosting accounts", wanted, ("domain", "username", "created_at"))
    check_one_name(living, found, "domain", canonical_domain)
    nameless = [row["id"] for row in living if row[field] is None]
    if found is None and nameless:
        # It could be one of these: then an order would be a second one, and "absent" not true.
        raise bad(LIST, "it does not tell the %s of %s" % (field, ", ".join(nameless)))
    return found


def missing_hosting(rows: t.Sequence[Row], domain: str | None, username: str | None) -> Missing:
    """Make the error for a domain or user name that no account has."""
    field, wanted = ("domain", domain) if domain is not None else ("username", username)
    near = closest(wanted, [row[field] for row in rows if not is_gone(row)])
    return Missing(
        "No hosting account has the %s %s%s."
        % (field, shown(wanted), "; closest: %s" % ", ".join(shown(name) for name in near) if near else ""),
        closest=near,
    )


def differences(current: Row, domain: str | None, username: str | None) -> list[tuple[str, str]]:
    """Give the field and the wish where an account is told to have another domain or user name than is asked for."""
    found = []
    if domain is not None and current["domain"] is not None and not has_domain(current, domain):
        found.append(("domain", domain))
    if username is not None and current["username"] is not None and not has_username(current, username):
        found.append(("username", username))
    return found


def is_rewritten(told: str | None, wanted: str) -> bool:
    """Tell whether a user name may be the provider's form of the wanted one: cut short, or with something before it."""
    name, wish = (told or "").casefold(), wanted.casefold()
    return bool(name) and (wish.startswith(name) or name.endswith(wish))


def check_same(
    current: Row, rows: t.Sequence[Row], domain: str | None, username: str | None, state: str, by_id: bool
) -> None:
    """Make sure that id, domain and user name mean one account. Raises: Ambiguous, Refused.

    An order asks for a user name that the provider may write its own way, so it may differ in that where the domain found the account.
    What the API does not tell contradicts nothing, unless the account is to be removed.
    """
    for field, wanted in differences(current, domain, username):
        fits = has_domain if field == "domain" else has_username
        others = [row for row in rows if row["id"] != current["id"] and not is_gone(row) and fits(row, wanted)]
        if others:
            raise Ambiguous(
                "The options name different hosting accounts: %s has the %s %s, but %s has %s. Nothing was changed; name the one you mean by its id alone."
                % (others[0]["id"], field, shown(wanted), current["id"], shown(current[field])),
                candidates=[
                    {name: row.get(name) for name in ("id", "domain", "username")} for row in [current, *others]
                ],
            )
    may_be_untold = state != "absent"
    may_be_rewritten = state in ("present", "active") and domain is not None and not by_id
    told = []
    if domain is not None:
        is_same = may_be_untold if current["domain"] is None else has_domain(current, domain)
        told.append(Named("domain", domain, current["domain"], is_same))
    if username is not None:
        is_same = may_be_untold if current["username"] is None else has_username(current, username)
        is_same = is_same or (may_be_rewritten and is_rewritten(current["username"], username))
        told.append(Named("username", username, current["username"], is_same))
    check_agree("hosting account", current["id"], *told)


def plan_of(api: Api, params: Params) -> Plan:
    """Plan h444_hosting: read what is there, decide, check what can be checked. Raises: Refused, Missing, Ambiguous, BadOption."""
    check_custom_key(params.get("idempotency_key"))
    check_timeout(params)
    domain = (
        canonical_host(check_hostname(params["domain"], "domain", dotted=True))
        if params.get("domain") is not None
        else None
    )
    username = check_username(params["username"]) if params.get("username") is not None else None
    state = params["state"]
    rows: list[Row] = []
    if params.get("id") is not None:
        current = get_hosting(api, check_id(params["id"], "id"))
        if current is not None and is_gone(current):
            current = None
        if current is None and state != "absent":
            near = closest(params["id"], [row["id"] for row in list_hosting(api)])
            raise Missing(
                "No hosting account has the id %s%s."
                % (shown(params["id"]), "; closest: %s" % ", ".join(near) if near else ""),
                closest=near,
            )
        if current is not None and differences(current, domain, username):
            rows = list_hosting(api)
    else:
        rows = list_hosting(api)
        current = find_hosting(rows, domain, username)
    if current is not None:
        check_same(current, rows, domain, username, state, by_id=params.get("id") is not None)
    if state == "absent":
        return plan_absent(current)
    if current is None:
        if state == "suspended":
            raise missing_hosting(rows, domain, username)
        return plan_order(api, params, domain, username, rows)
    return plan_current(with_detail(api, current, params), params)


def with_detail(api: Api, row: Row, params: Params) -> Row:
    """Read the account by itself where its row in the list leaves out what is needed to decide."""
    needed = {
        "status": params["state"] != "present",
        "php_version": params.get("php_version") is not None,
        "ssl_status": params["retry_ssl"] == "failed",
    }
    if params.get("id") is not None or not any(wanted and row[field] is None for field, wanted in needed.items()):
        return row
    detail = get_hosting(api, row["id"]) or {}
    return {**row, **{field: value for field, value in detail.items() if value is not None}}


def plan_absent(current: Row | None) -> Plan:
    """Plan the removal of an account; without one there is nothing to do."""
    if current is None:
        return same(None)
    # The domain is its name; the user name is one only where it is told.
    known_as = (current["domain"], current["username"] or "")
    return Plan(
        current,
        None,
        (
            Action(
                "remove",
                title_of(current),
                DELETE,
                {"id": current["id"]},
                destroys=True,
                until=(TERMINATED,),
                known_as=known_as,
            ),
        ),
    )


def plan_current(current: Row, params: Params) -> Plan:
    """Plan what becomes of an account that is there. Pure.

    A status or a PHP version that the API does not tell in words that are known is written in every run, for both writes
    only set a state; a note says so. A certificate is never retried on a guess, for each retry counts at Let's Encrypt.
    """
    after, actions, notes = dict(current), [], drift_notes(current, params)  # type: tuple[Row, list[Action], list[str]]
    name, ids, state, php = title_of(current), {"id": current["id"]}, params["state"], params.get("php_version")
    status = current["status"]
    if status == PROVISIONING:
        actions.append(Action("wait for", name, GET, ids, until=SETTLED))
        status = after["status"] = ACTIVE
    if state in ("active", "suspended") and status not in SETTLED:
        told = (
            "calls the status of %s %s" % (shown(name), shown(status))
            if status
            else "does not tell the status of %s" % shown(name)
        )
        notes.append(
            "The API %s, so whether it is suspended is not known: state: %s is sent in every run." % (told, state)
        )
    if state == "active" and status != ACTIVE:
        actions.append(Action("unsuspend", name, UNSUSPEND, ids, until=(ACTIVE,)))
        after["status"] = ACTIVE
    if php is not None and current["php_version"] != php:
        if current["php_version"] is None:
            notes.append("The API does not tell the PHP version of %s: php_version is sent in every run." % shown(name))
        actions.append(Action("set PHP %s for" % php, name, PHP, ids, {"php_version": php}))
        after["php_version"] = php
    if _wants_ssl_retry(current, params["retry_ssl"], notes):
        actions.append(Action("retry the certificate of", name, SSL_RETRY, ids))
        after["ssl_status"] = PENDING if current["ssl_status"] is not None else None
    if state == "suspended" and status != SUSPENDED:
        actions.append(Action("suspend", name, SUSPEND, ids, until=(SUSPENDED,)))
        after["status"] = SUSPENDED
    return Plan(current, after, tuple(actions), tuple(notes))


def _wants_ssl_retry(current: Row, retry_ssl: str, notes: list[str]) -> bool:
    """Decide whether the certificate is issued again; what is not known is noted, not guessed."""
    status = current["ssl_status"]
    if retry_ssl == "failed" and status is None:
        notes.append(
            "retry_ssl: the API does not tell the state of the certificate of %s, so it was not retried; always does it."
            % shown(title_of(current))
        )
    elif retry_ssl == "failed" and status not in CERTIFICATES:
        notes.append(
            "retry_ssl: the API calls the state of the certificate of %s %s, which may or may not be a failure, so it was not retried; always does it."
            % (shown(title_of(current)), shown(status))
        )
    return retry_ssl == "always" or (retry_ssl == "failed" and status == FAILED)


def drift_notes(current: Row, params: Params) -> list[str]:
    """Tell what differs and can't be changed through the API."""
    notes, name, plan_slug = [], shown(title_of(current)), params.get("plan_slug")
    domain = canonical_domain(params["domain"]) if params.get("domain") is not None else None
    for field, wanted in differences(current, domain, params.get("username")):
        notes.append("%s has the %s %s, not %s; the API can't change it." % (name, field, current[field], wanted))
    if plan_slug and current["plan_slug"] and not _catalogue.is_same_plan(current["plan_slug"], plan_slug):
        notes.append(
            "%s; the API can't change the plan of a hosting account."
            % _catalogue.plan_drift(name, current["plan_slug"], plan_slug)
        )
    return notes


def plan_order(api: Api, params: Params, domain: str | None, username: str | None, rows: t.Sequence[Row]) -> Plan:
    """Plan the order of an account, with every check that is possible before money moves.

    Raises: Refused, Missing, BadOption.
    """
    if not params.get("plan_slug"):
        missing = missing_hosting(rows, domain, username)
        raise Missing("%s To order it, give plan_slug, domain and username." % missing, **missing.facts)
    if domain is None or username is None:
        raise BadOption(
            "%s is needed too, to order a hosting account for %s."
            % ("domain" if domain is None else "username", shown(username if domain is None else domain))
        )
    taken = [row for row in rows if not is_gone(row) and has_username(row, username)]
    if taken:
        raise Refused(
            "username: %s is taken by the hosting account %s of %s. Nothing was ordered; choose another user name for "
            "%s." % (shown(username), taken[0]["id"], shown(taken[0]["domain"]), shown(domain))
        )
    offer = _buy.find_offer(api, params, SHOP)
    body = {"plan_slug": offer.plan_slug, "domain": domain, "username": username}
    if params.get("php_version") is not None:
        body["php_version"] = params["php_version"]
    identity = (domain, username.casefold())
    order = _buy.make_order(api, params, SHOP, offer, body=body, identity=identity, rows=rows)
    after: Row = {**dict.fromkeys(FIELDS), **body, "status": ACTIVE}
    action = Action(
        "order", domain, ORDER, {}, body, cost_usd_cents=offer.price_usd_cents, brings_secret=True, until=SETTLED
    )
    return Plan(None, after, (action,), (), facts_of(order, SHOP.id_fact), order)


def read_order_reply(body: t.Any) -> Reply:
    """Read the reply of an order: the account, its SFTP and database passwords, the rest.

    Source: POST /v1/hosting: "Returns the account AND its SFTP/DB passwords (shown once)". Where either stands is assumed
    (switches ``order_reply``, ``hosting_passwords``).
    """
    return read_reply(body, REPLY)


def perform(api: Api, action: Action, progress: Progress) -> None:
    """Carry out one writing action of an account's plan."""
    if action.endpoint is ORDER:
        _perform_order(api, t.cast(Order, progress.plan.purchase), progress)
        return
    try:
        send(api, action, progress)
    except ApiError as error:
        # So may be suspended already; a provider can call that a conflict.
        if not (action.endpoint in (SUSPEND, UNSUSPEND) and error.status in CONFLICTS):
            raise
        progress.maybe = error.may_have_happened
        row = get_hosting(api, action.ids["id"])
        if row is None or row["status"] not in action.until:
            raise
    if action.endpoint is DELETE:
        before = progress.plan.before
        progress.follow("hosting", before["id"], canonical_domain(before["domain"]))


def _perform_order(api: Api, order: Order, progress: Progress) -> None:
    """Place the order, and make sure that the next run finds the account by its domain. Raises: Refused."""
    domain, username = order.wanted_name, order.body["username"]
    row = progress.after = _buy.place(api, order, SHOP, progress)
    progress.resource_id = row["id"]
    if row["domain"] is not None and not has_domain(row, domain):
        # A domain that the provider writes another way would be ordered again once the key is forgotten.
        raise Refused(
            "%s was ordered as %s, but the provider calls it %s. Use that domain from now on, or it would be ordered "
            "again." % (shown(domain), row["id"], shown(row["domain"]))
        )
    if row["username"] is not None and not has_username(row, username):
        progress.warn(
            "%s was ordered for the user %s, but the provider calls it %s."
            % (shown(domain), shown(username), shown(row["username"]))
        )
    fill_from_order(row, order)


SHOP = _buy.Shop(
    kind="hosting",
    what="hosting account",
    endpoint=ORDER,
    id_fact="hosting_id",
    secrets=PASSWORDS,
    way_to_new_secrets="no endpoint gives new ones, so set them in the panel",
    list_rows=list_hosting,
    get_row=get_hosting,
    read_reply=read_order_reply,
    shape=lambda raw: shape_hosting(raw, ORDER),
    title=title_of,
    has_name=has_domain,
    may_have_name=lambda row, _body: row["domain"] is None,
    is_whole=lambda row: row["username"] is not None and row["status"] in STATUSES,
)


def wait(api: Api, action: Action, progress: Progress) -> None:
    """Wait for an action's effect. A status in words of the provider's own is not waited through: nobody knows what it means."""
    hosting_id = action.ids.get("id") or progress.resource_id
    # The reply to an order, or what was read to prove it, is as new as it gets.
    row = progress.after if action.endpoint is ORDER else None
    progress.after = wait_for(
        api, action, progress, lambda: get_hosting(api, hosting_id), progress.params["wait_timeout"], STATUSES, row
    )


def further(action: Action, progress: Progress) -> tuple[Action, ...]:
    """Lift the suspension of an account that came up suspended though it is wanted active."""
    row = progress.after
    if progress.params["state"] != "active" or action.until != SETTLED or not row or row["status"] != SUSPENDED:
        return ()
    return (Action("unsuspend", action.target, UNSUSPEND, {"id": row["id"]}, until=(ACTIVE,)),)


def read_back(api: Api, params: Params, progress: Progress) -> t.Any:
    """Give the account after the run."""
    plan = progress.plan
    if not plan.actions or plan.after is None:
        return plan.after
    last = progress.done[-1] if progress.done else plan.actions[-1]
    row = (progress.after if last.until else get_hosting(api, plan.after["id"])) or progress.after
    if plan.purchase is not None:
        fill_from_order(row, plan.purchase)
    # What the API does not repeat is known from the plan; the states never are.
    known = {**plan.after, "status": None, "ssl_status": None}
    now = {**known, **{key: value for key, value in row.items() if value is not None}}
    wanted = params.get("php_version")
    if wanted is not None and now["php_version"] != wanted:
        progress.warn(
            "The API took PHP %s for %s, but still shows %s."
            % (wanted, shown(title_of(now)), shown(now["php_version"]))
        )
    return now


INFO_IDENTIFIERS = Identifiers("hosting account", ("id", "domain", "username"))
IDENTIFIERS = INFO_IDENTIFIERS._replace(is_needed=True, acts=(("retry_ssl", "never"),))
RECONCILER = Reconciler("hosting", plan_of, perform, read_back, wait, IDENTIFIERS, further)


def report(api: Api, params: Params) -> dict[str, t.Any]:
    """Answer h444_hosting_info."""
    return {"hosting": choose(_named(api, params), params.get("patterns"), "domain", "username")}


def _named(api: Api, params: Params) -> list[Row]:
    """Read the accounts that are named, all without a name. Raises: Ambiguous, Refused where the names mean different ones."""
    domain = canonical_domain(params["domain"]) if params.get("domain") is not None else None
    username = params.get("username")
    if params.get("id") is not None:
        found = get_hosting(api, check_id(params["id"], "id"))
        if found is not None:
            check_same(found, (), domain, username, "present", by_id=True)
        return [found] if found is not None else []
    rows = list_hosting(api)
    of_domain = [row for row in rows if domain is None or has_domain(row, domain)]
    fitting = [row for row in of_domain if username is None or has_username(row, username)]
    if domain is not None and not fitting:
        for row in of_domain:
            if not is_gone(row):
                check_same(row, rows, domain, username, "present", by_id=True)
    return fitting
