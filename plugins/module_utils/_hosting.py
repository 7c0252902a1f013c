# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Web-hosting accounts: readers, search, plans, orders, suspension, PHP version, certificate, removal."""

from __future__ import annotations

import re
import typing as t

from . import _buy, _purchase
from ._converge import Progress, Task, send
from ._errors import BadOption, BadReply, Missing, NotFound, Refused
from ._names import ascii_host, canonical_host, check_hostname, check_id, closest, pick_one, shown
from ._order import Order, check_custom_key
from ._plan import Action, Plan, same
from ._reader import bad, choose_secret, first, flat, identifier, identifier_or_none, normal, object_in, sweep, text, truth, word
from ._resend import NEVER, WITH_KEY, Endpoint
from ._status import by_spelling, is_gone, read_status
from ._wait import wait_for

LIST = Endpoint("GET", "/hosting", "hosting:read")
GET = Endpoint("GET", "/hosting/{id}", "hosting:read")
ORDER = Endpoint("POST", "/hosting", "orders:write", WITH_KEY)
SUSPEND = Endpoint("POST", "/hosting/{id}/suspend", "hosting:write")
UNSUSPEND = Endpoint("POST", "/hosting/{id}/unsuspend", "hosting:write")
PHP = Endpoint("PUT", "/hosting/{id}/php", "hosting:write")
RETRY_SSL = Endpoint("POST", "/hosting/{id}/ssl/retry", "hosting:write", NEVER)
DELETE = Endpoint("DELETE", "/hosting/{id}", "hosting:destroy")
ENDPOINTS = (LIST, GET, ORDER, SUSPEND, UNSUSPEND, PHP, RETRY_SSL, DELETE)

NOUNS = ("hosting", "account", "accounts", "hostings", "hosting_account", "hosting_accounts")
IDS = ("id", "hosting_id", "account_id", "uuid")
FIELDS = ("id", "domain", "username", "status", "plan_slug", "php_version", "ssl_status", "created_at")
ID_FACT = "hosting_id"
WHERE_LIST = "GET /v1/hosting"
WHERE_ONE = "GET /v1/hosting/:id"
WHERE_ORDER = "POST /v1/hosting"

ACTIVE, SUSPENDED, PROVISIONING = "active", "suspended", "provisioning"
STATUS = by_spelling({
    ACTIVE: ("active", "enabled", "running", "online", "live", "ok", "up"),
    SUSPENDED: ("suspended", "disabled", "locked", "frozen", "paused", "blocked"),
    PROVISIONING: ("provisioning", "pending", "creating", "installing", "building", "queued", "setup"),
})
ISSUED, PENDING, FAILED = "issued", "pending", "failed"
SSL_STATUS = by_spelling({
    ISSUED: ("issued", "active", "valid", "installed", "ok", "enabled", "secured"),
    PENDING: ("pending", "issuing", "requested", "in_progress", "processing", "queued", "validating", "retrying"),
    FAILED: ("failed", "error", "errored", "invalid", "failure", "rejected", "issue_failed", "expired"),
})
PHP_VERSIONS = ("7.4", "8.1", "8.3")
USERNAME = re.compile(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,31}\Z")

Row = t.Dict[str, t.Any]
Params = t.Mapping[str, t.Any]


def read_hosting(raw: t.Mapping[str, t.Any], where: str = WHERE_LIST) -> Row:
    """Give one account in normal form: FIELDS are always there, None where the API tells nothing; all else is kept."""
    row, _secrets = sweep(flat(raw, NOUNS, where))
    return shape_hosting(row, where)


def shape_hosting(row: Row, where: str) -> Row:
    """Give an account out of a row that is in snake_case and free of secrets.

    Assumed: the names of the fields and the words for a state (switches ``hosting_fields``, ``ssl_status``).
    """
    status = read_status(first(row, "status", "state", "account_status"), STATUS)
    if status is None or status == ACTIVE:
        is_suspended = truth(first(row, "suspended", "is_suspended"))
        status = SUSPENDED if is_suspended else ACTIVE if is_suspended is False else status
    ssl, plan = first(row, "ssl_status", "certificate_status", "ssl_state", "ssl", "certificate"), row.get("plan")
    domain = word(first(row, "domain", "domain_name", "primary_domain", "main_domain"), "name", "domain")
    return {
        **row,
        "id": identifier(first(row, *IDS), where),
        "domain": canonical_host(domain) or None,
        "username": text(first(row, "username", "user_name", "user", "login")),
        "status": status,
        "plan_slug": text(row.get("plan_slug")) or word(plan, "slug", "plan_slug", "id", "name") or word(first(row, "product_slug", "product")),
        "php_version": read_php(first(row, "php_version", "php", "php_fpm_version")),
        "ssl_status": read_status(ssl, SSL_STATUS) if not isinstance(ssl, bool) else None,
        "created_at": first(row, "created_at", "created", "ordered_at"),
    }


def read_php(value: t.Any) -> str | None:
    """Give a PHP version as the API's requests write it: 8.3 for "8.3", 8.3, "php8.3", "php-8.3.12" and "83"."""
    if isinstance(value, float):
        return "%.1f" % value
    found = word(value, "version", "php_version", "slug", "name")
    match = re.match(r"\A(?:php)?[\s_-]*(\d)[._]?(\d+)(?:[._]\d+)*\Z", (found or "").strip().lower())
    return "%s.%s" % match.groups() if match else found


def list_hosting(api: t.Any) -> list[Row]:
    """Read every account. Source: GET /v1/hosting (hosting:read)."""
    return [read_hosting(raw) for raw in api.rows(LIST, NOUNS)]


def get_hosting(api: t.Any, hosting_id: str) -> Row | None:
    """Read one account; None when the API does not know it. Source: GET /v1/hosting/:id (hosting:read)."""
    try:
        body = api.request(GET, ids={"id": hosting_id}).body
    except NotFound:
        return None
    return read_hosting(object_in(body, NOUNS, WHERE_ONE, IDS), WHERE_ONE)


def same_domain(row: Row, domain: str) -> bool:
    """Tell whether an account serves this domain, in letters of its own or in their ASCII form."""
    return ascii_host(row["domain"]) == domain


def find_hosting(rows: t.Sequence[Row], domain: str | None, username: str | None) -> Row | None:
    """Find the one living account of this domain, of this user name, or of both. Raises: Ambiguous, Refused."""
    living = [row for row in rows if not is_gone(row)]
    fields = ("domain", "username", "created_at")
    by_domain = pick_one([row for row in living if same_domain(row, domain)], "hosting accounts", domain, fields) if domain else None
    by_name = None
    if username:
        by_name = pick_one([row for row in living if (row["username"] or "").lower() == username.lower()], "hosting accounts", username, fields)
    if by_domain and by_name and by_domain["id"] != by_name["id"]:
        raise Refused(
            "The domain %s is served by %s, and the user name %s belongs to %s. Nothing was changed; name the one you mean by its id."
            % (shown(domain), by_domain["id"], shown(username), by_name["id"]),
            candidates=[by_domain["id"], by_name["id"]],
        )
    found = by_domain or by_name
    if found is not None:
        check_names(found, domain, username)
    return found


def check_names(row: Row, domain: str | None, username: str | None) -> None:
    """Make sure that an account has the names that it was called by. Raises: Refused."""
    if domain and row["domain"] and not same_domain(row, domain):
        raise Refused("The hosting account %s serves %s, not %s. Nothing was changed." % (row["id"], shown(row["domain"]), shown(domain)))
    if username and row["username"] and row["username"].lower() != username.lower():
        raise Refused("The hosting account %s has the user name %s, not %s. Nothing was changed." % (row["id"], shown(row["username"]), shown(username)))


def missing_hosting(domain: str | None, username: str | None, rows: t.Sequence[Row]) -> Missing:
    """Make the error for an account that is not there."""
    living = [row for row in rows if not is_gone(row)]
    near = closest(domain, [row["domain"] for row in living]) if domain else closest(username, [row["username"] for row in living])
    what = "domain %s" % shown(domain) if domain else "user name %s" % shown(username)
    return Missing("There is no hosting account with the %s%s." % (what, "; closest: %s" % ", ".join(map(shown, near)) if near else ""), closest=near)


def check_domain(value: str) -> str:
    """Return a domain in the form in which it is compared and ordered. Raises: BadOption."""
    if re.search("[\u00df\u03c2\u200c\u200d]", value):
        # Older and newer rules write these letters differently, and the two forms are two domains.
        raise BadOption("domain: %s has letters that stand for two different domains; give its ASCII form (xn--…)." % shown(value))
    return canonical_host(check_hostname(value, "domain", dotted=True))


def read_order_reply(body: t.Any) -> tuple[Row | None, dict[str, str], t.Any]:
    """Part the reply of an order: the account (None without an id), its two passwords, the rest.

    Source: POST /v1/hosting: "Returns the account AND its SFTP/DB passwords (shown once)". Where they stand is assumed
    (switches ``order_reply``, ``hosting_passwords``).
    """
    rest, secrets = sweep(normal(body, WHERE_ORDER))
    found = _passwords(secrets)
    try:
        row = object_in(rest, NOUNS, WHERE_ORDER, IDS)
    except BadReply:
        row = rest if isinstance(rest, dict) else {}
    hosting_id = identifier_or_none(first(row, "hosting_id", "account_id", "id", "uuid"))
    return (shape_hosting({**row, "id": hosting_id}, WHERE_ORDER) if hosting_id else None), found, rest


def _passwords(secrets: t.Mapping[tuple[str, ...], str]) -> dict[str, str]:
    """Tell the SFTP password from the one of the database. One that could be either is kept as the SFTP password."""
    sftp, db = {}, {}  # type: dict[tuple[str, ...], str], dict[tuple[str, ...], str]
    for path, value in secrets.items():
        words = set("_".join(path).split("_"))
        is_db = bool(words & {"db", "database", "mysql", "mariadb", "sql", "postgres"})
        (db if is_db else sftp)[path] = value
    chosen = {
        "sftp_password": choose_secret(sftp, "sftp", "ftp", "ssh", "password", "pass"),
        "db_password": choose_secret(db, "password", "pass", "db", "database"),
    }
    return {name: value for name, value in chosen.items() if value}


def plan_of(api: t.Any, params: Params) -> Plan:
    """Plan h444_hosting: read what is there, decide, check what can be checked. Raises: Refused, Missing, Ambiguous, BadOption."""
    check_custom_key(params.get("idempotency_key"))
    domain = check_domain(params["domain"]) if params.get("domain") else None
    username = params.get("username") or None
    if username and not USERNAME.match(username):
        raise BadOption("username: %s can't be a user name (letters, digits, '.', '_', '-', at most 32)." % shown(username))
    state = params["state"]
    if params.get("id"):
        current = get_hosting(api, check_id(params["id"], "id"))
        if current is not None and is_gone(current):
            current = None
        if current is not None:
            check_names(current, domain, username)
        elif state != "absent":
            raise Missing("There is no hosting account with the id %s." % shown(params["id"]))
        rows: list[Row] = []
    else:
        rows = list_hosting(api)
        current = find_hosting(rows, domain, username)
    if state == "absent":
        return plan_absent(current)
    if current is None:
        if state == SUSPENDED:
            raise missing_hosting(domain, username, rows)
        return plan_order(api, params, domain, username, rows)
    if tells_too_little(current, params):
        current = get_hosting(api, current["id"]) or current  # a list may tell less than the account itself
    return plan_current(current, params)


def tells_too_little(row: Row, params: Params) -> bool:
    """Tell whether a decision needs a field that this row lacks."""
    wants_ssl = params["retry_ssl"] == "failed" and row["ssl_status"] is None
    wants_php = bool(params.get("php_version")) and row["php_version"] is None
    return wants_ssl or wants_php or row["status"] is None


def plan_absent(current: Row | None) -> Plan:
    """Plan the removal of an account; without one there is nothing to do."""
    if current is None:
        return same(None)
    name = current["domain"] or current["username"] or current["id"]
    return Plan(current, None, (Action("remove", name, DELETE, {"id": current["id"]}, destroys=True),))


def plan_current(current: Row, params: Params) -> Plan:
    """Plan what becomes of an account that is there. Pure. Raises: BadReply where its state is needed and not told."""
    after, actions, notes = dict(current), [], []  # type: Row, list[Action], list[str]
    name, ids, state = current["domain"] or current["username"] or current["id"], {"id": current["id"]}, params["state"]
    if current["status"] is None and state in (ACTIVE, SUSPENDED):
        raise bad(WHERE_ONE, "it does not tell whether %s is suspended" % shown(name))
    if current["status"] == PROVISIONING:
        actions.append(Action("wait for", name, GET, ids, until=(ACTIVE, SUSPENDED)))
        after["status"] = ACTIVE
    # A suspended site is lifted first and an active one suspended last, so that the rest is done while it can be.
    if state == ACTIVE and current["status"] == SUSPENDED:
        actions.append(Action("lift the suspension of", name, UNSUSPEND, ids, until=(ACTIVE,)))
        after["status"] = ACTIVE
    php = params.get("php_version")
    if php and current["php_version"] != php:
        actions.append(Action("set PHP %s for" % php, name, PHP, ids, {"php_version": php}))
        after["php_version"] = php
        if current["php_version"] is None:
            notes.append("The API does not tell the PHP version of %s, so it is written in every run." % shown(name))
    notes += _plan_ssl(current, params, name, actions, after)
    if state == SUSPENDED and current["status"] != SUSPENDED:
        actions.append(Action("suspend", name, SUSPEND, ids, until=(SUSPENDED,)))
        after["status"] = SUSPENDED
    wanted = params.get("plan_slug")
    if wanted and current["plan_slug"] and wanted != current["plan_slug"]:
        notes.append("%s has the plan %s, not %s; the API can't change the plan of a hosting account." % (shown(name), current["plan_slug"], wanted))
    return Plan(current, after, tuple(actions), tuple(notes))


def _plan_ssl(current: Row, params: Params, name: str, actions: list[Action], after: Row) -> list[str]:
    """Add the retry of the certificate, where it is asked for; returns what is to be told."""
    wish, told = params["retry_ssl"], current["ssl_status"]
    if wish == "failed" and told is None:
        return ["The API does not tell the state of the certificate of %s, so it was not retried; retry_ssl: always does so in every run." % shown(name)]
    if wish == "failed" and told not in (ISSUED, PENDING, FAILED):
        return ["The certificate of %s is in the state %s, which is not known to have failed; it was not retried." % (shown(name), shown(told))]
    if wish == "always" or (wish == "failed" and told == FAILED):
        actions.append(Action("retry the certificate of", name, RETRY_SSL, {"id": current["id"]}))
        after["ssl_status"] = PENDING if told is not None else None
    return []


def plan_order(api: t.Any, params: Params, domain: str | None, username: str | None, rows: list[Row]) -> Plan:
    """Plan the order of an account, with every check that can be made before money moves. Raises: Refused, Missing, BadOption."""
    if not params.get("plan_slug"):
        missing = missing_hosting(domain, username, rows)
        raise Missing("%s To order it, give plan_slug, domain and username." % missing, **missing.facts)
    if not domain or not username:
        raise BadOption("%s is needed to order a hosting account." % ("domain" if not domain else "username"))
    nameless = [row["id"] for row in rows if not is_gone(row) and row["domain"] is None]
    if nameless:
        raise Refused(
            "GET /v1/hosting does not tell the domain of %s, so whether %s has an account can't be known. Nothing was ordered."
            % (", ".join(nameless), shown(domain))
        )
    plan_slug, price = _purchase.find_price(api, params, "hosting")
    body = {"plan_slug": plan_slug, "domain": domain, "username": username}
    if params.get("php_version"):
        body["php_version"] = params["php_version"]
    order = _purchase.make_order(
        api,
        params,
        kind="hosting",
        name="hosting/" + domain,
        endpoint=ORDER,
        body=body,
        identity=(domain, username),
        price_usd_cents=price,
        known_ids=[row["id"] for row in rows],
    )
    after = dict.fromkeys(FIELDS)  # type: Row
    after.update(body, status=ACTIVE)
    actions = (Action("order", domain, ORDER, {}, body, cost_usd_cents=price, brings_secret=True, until=(ACTIVE, SUSPENDED)),)
    return Plan(None, after, actions, (), _purchase.facts_of(order, ID_FACT), order)


def perform(api: t.Any, action: Action, progress: Progress) -> None:
    """Carry out one writing action of an account's plan."""
    if action.endpoint is ORDER:
        _perform_order(api, progress.plan.purchase, progress)
        return
    try:
        send(api, action, progress)
    except NotFound:
        # Removed already: by our own lost answer, or by somebody else.
        if action.endpoint is not DELETE:
            raise


def _perform_order(api: t.Any, order: Order, progress: Progress) -> None:
    domain = str(order.body["domain"])
    shop = _buy.Shop(
        list_rows=list_hosting,
        get_row=get_hosting,
        has_name=lambda row: same_domain(row, domain),
        is_gone=is_gone,
        read_reply=read_order_reply,
        balance=_purchase.get_balance,
        id_fact=ID_FACT,
        what="hosting account",
        title=lambda row: str(row["domain"]),
        secrets=("sftp_password", "db_password"),
        way_to_new_secrets="only the panel can set new ones",
    )
    row = _buy.place(api, order, shop, progress)
    progress.resource_id, progress.after, progress.maybe = row["id"], row, True
    if row["domain"] is not None and not same_domain(row, domain):
        raise Refused(
            "%s was ordered as %s, but the provider calls it %s. Use that name from now on, or it would be ordered again."
            % (shown(domain), row["id"], shown(row["domain"]))
        )
    _purchase.fill_from_order(row, order, ("domain", "username", "plan_slug", "php_version"))


def wait(api: t.Any, action: Action, progress: Progress) -> None:
    """Wait for an action's effect: a new account may still be at work, and a suspension may take a moment."""
    hosting_id = action.ids.get("id") or progress.resource_id
    # A word for a state that nobody knows is not waited for: it may be the API's name for what is wanted.
    known = (ACTIVE, SUSPENDED, PROVISIONING)
    progress.after = wait_for(api, action, progress, lambda: get_hosting(api, hosting_id), progress.params["wait_timeout"], known)


def read_back(api: t.Any, params: Params, progress: Progress) -> t.Any:
    """Give the account after the run."""
    plan = progress.plan
    if not plan.actions or plan.after is None:
        return plan.after
    row = get_hosting(api, progress.resource_id or plan.after["id"]) or progress.after
    # What the API does not repeat is known from the plan; a state never is.
    known = {**plan.after, "status": None, "ssl_status": None}
    return {**known, **{key: value for key, value in row.items() if value is not None}}


TASK = Task("hosting", plan_of, perform, read_back, wait)


def report(api: t.Any, params: Params) -> dict[str, t.Any]:
    """Answer h444_hosting_info."""
    domain = check_domain(params["domain"]) if params.get("domain") else None
    if params.get("id"):
        found = get_hosting(api, check_id(params["id"], "id"))
        rows = [found] if found is not None else []
    else:
        rows = list_hosting(api)
    if domain:
        rows = [row for row in rows if same_domain(row, domain)]
    if params.get("username"):
        rows = [row for row in rows if (row["username"] or "").lower() == params["username"].lower()]
    return {"hosting": rows}
