# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Web-hosting accounts: readers, search, plans, orders, suspension, PHP version, certificate, removal."""

from __future__ import annotations

import re
import typing as t

from . import _buy, _catalogue, _reading
from ._api import Api, Params, Raw, Row
from ._converge import Progress, Reconciler, send
from ._endpoint import NEVER, WITH_KEY, Endpoint
from ._errors import Ambiguous, ApiError, BadOption, NotFound, Refused
from ._fields import Derived, Either, Field, Needed, Table, as_is, read_fields, text_inside
from ._find import Found, Name, Noun, Source, by_name, get_living, listed, missing, with_names
from ._identifiers import Identifiers, Named, check_agree
from ._names import CONTROL, canonical_host, check_hostname, check_id, clean, shown
from ._order import Order, check_custom_key, fill_from_order
from ._patterns import choose
from ._plan import Action, Plan, Step, in_steps, laid_over, same
from ._reader import bad, first, identifier, object_of, row_of, text, truth
from ._reply import Kind, Reply, choose_hosting_passwords, read_reply
from ._status import TERMINATED, by_spelling, is_gone, read_status
from ._wait import check_timeout, wait_for

LIST = Endpoint("GET", "/hosting", "hosting:read")
GET = Endpoint("GET", "/hosting/{id}", "hosting:read")
ORDER = Endpoint("POST", "/hosting", "orders:write", WITH_KEY, returns_secret=True)
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
    ORDER,
    ("hosting", "hosting_account"),
    ("account", "accounts", "hosting_accounts"),
    ("hosting_id", "hosting_account_id"),
    ("account_id",),
    choose_hosting_passwords,
)

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
# The status of the reply to a second suspension, if the provider treats it as a conflict.
CONFLICTS = frozenset({400, 409, 422})


def canonical_domain(value: str | None) -> str:
    """Return a domain in the form in which domains are compared and ordered: IDNA, lower case, no trailing dot."""
    try:
        return canonical_host(check_hostname(value or "", "domain"))
    except BadOption:
        return canonical_host(value)


def check_username(value: str) -> str:
    """Return a valid username, else raise BadOption: one that the provider trims would not be found again."""
    if not value or len(value) > 64 or CONTROL.search(value) or re.search(r"\s", value):
        raise BadOption(
            "username: %s is not a valid username. It must have 1 to 64 characters, and no whitespace or control "
            "characters. Nothing was sent." % shown(value)
        )
    return value


def read_php(value: t.Any) -> str | None:
    """Return a PHP version as it is ordered: "8.3" for 8.3, "8.3.12", "php8.3" or "php83"; else the API's word."""
    if isinstance(value, dict):
        value = first(value, "version", "php_version", "slug", "name", "id")
    found = str(value) if isinstance(value, float) else text(value)
    match = re.search(r"([0-9]{1,4})\.([0-9]{1,4})", found or "") or re.search(r"([0-9])([0-9])\Z", found or "")
    return "%s.%s" % match.groups() if match else found


def read_state(row: Raw) -> str | None:
    """Return the status of an account by its word, or by the boolean ``suspended`` if the API returns no word.

    Assumed: the page promises a status, but not its form (switches ``hosting_status``, ``status_words``).
    """
    suspended = truth(first(row, "suspended", "is_suspended"))
    if suspended is True:
        return SUSPENDED
    status = read_status(first(row, "status", "state", "account_status"), STATUS)
    return ACTIVE if status is None and suspended is False else status


def read_certificate(value: t.Any) -> str | None:
    """Return the state of a certificate, by one of the three known words or the API's own."""
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
    """Return an account in normal form: FIELDS are always there, None if the API returned nothing; the rest is kept."""
    return shape_hosting(row_of(raw, NOUNS, where), where)


def shape_hosting(row: Row, where: Endpoint) -> Row:
    """Return an account in normal form from a row that is in snake_case and free of secrets."""
    return {**row, **read_fields(row, TABLE, where)}


def list_hosting(api: Api) -> list[Row]:
    """Read every account. Source: GET /v1/hosting (hosting:read)."""
    return [read_hosting(raw) for raw in api.rows(LIST, NOUNS)]


def get_hosting(api: Api, hosting_id: str) -> Row | None:
    """Read one account; None if it does not exist. Source: GET /v1/hosting/:id (hosting:read)."""
    try:
        body = api.request(GET, ids={"id": hosting_id}).body
    except NotFound:
        return None
    return read_hosting(object_of(body, NOUNS, GET, IDS, hosting_id), GET)


def title_of(row: Row) -> str:
    """Return the name of an account in messages."""
    return str(row["domain"] or row["username"] or row["id"])


def has_domain(row: Row, domain: str | None) -> bool:
    """Return whether an account has this domain, in any spelling. Only this function compares domains."""
    is_told = domain is not None and row["domain"] is not None
    return is_told and canonical_domain(row["domain"]) == canonical_domain(domain)


def has_username(row: Row, username: str | None) -> bool:
    """Return whether an account has this username, in upper or lower case."""
    return bool(username) and (row["username"] or "").casefold() == str(username).casefold()


ACCOUNT = Noun(
    "hosting account",
    "hosting accounts",
    names=(Name("domain", has_domain), Name("username", has_username)),
    shows=("domain", "username", "created_at"),
    is_gone=is_gone,
)

ACCOUNTS = Source(ACCOUNT, list_hosting, get_hosting)


class Reading(_reading.Reading):
    """What the plans of hosting accounts are made from."""

    @property
    def hosting_source(self) -> Source:
        """Where hosting accounts are found."""
        return Source(ACCOUNT, lambda _api: self.hosting(), lambda _api, hosting_id: self.hosting_account(hosting_id))

    def hosting(self) -> list[Row]:
        """Return every account."""
        return self.once("hosting", list_hosting)

    def hosting_account(self, hosting_id: str) -> Row | None:
        """Return one account; None if it does not exist."""
        return get_hosting(self.api, hosting_id)


def find_hosting(reading: Reading, params: Params) -> Found:
    """Find the account that a task means. Raises: BadOption, Ambiguous, Refused, BadReply."""
    rows: list[Row] | None = None
    if params.get("id") is not None:
        row = get_living(reading.api, reading.hosting_source, check_id(params["id"], "id"))
        if row is not None and differences(row, params):
            rows = reading.hosting()  # for the account that the other name belongs to
    else:
        rows = reading.hosting()
        row = find_named(rows, params)
    if row is not None:
        check_same(row, rows or (), params)
    return Found(row, rows)


def find_named(rows: t.Sequence[Row], params: Params) -> Row | None:
    """Find the one living account of the domain, or of the username if no domain is set.

    Raises: Ambiguous; BadReply if an account does not show that name: it could be the wanted one. Then an order would
    be a second one, and "absent" would be wrong.
    """
    found = by_name(ACCOUNT, rows, params)
    name, wanted = ACCOUNT.given(params)[0]
    nameless = [row["id"] for row in ACCOUNT.living(rows) if row[name.field] is None]
    if found is None and nameless:
        raise bad(
            LIST,
            "it does not return the %s of %s, so it is not known whether a hosting account has the %s %s"
            % (name.field, ", ".join(nameless), name.field, shown(wanted)),
        )
    return found


def differences(current: Row, params: Params) -> list[tuple[Name, str]]:
    """Return the names that are set and differ from those that the API returns for the account."""
    return [
        (name, wanted)
        for name, wanted in ACCOUNT.given(params)
        if current[name.field] is not None and not name.fits(current, wanted)
    ]


def check_same(current: Row, rows: t.Sequence[Row], params: Params) -> None:
    """Check that ID, domain and username mean one account. Raises: Ambiguous, Refused."""
    for name, wanted in differences(current, params):
        others = [row for row in ACCOUNT.living(rows) if row["id"] != current["id"] and name.fits(row, wanted)]
        if others:
            raise Ambiguous(
                "The options identify different hosting accounts: %s has the %s %s, but %s has %s. Nothing was "
                "changed. Identify the one you mean by its ID alone."
                % (others[0]["id"], name.field, shown(wanted), current["id"], shown(current[name.field])),
                candidates=[
                    {field: row.get(field) for field in ("id", "domain", "username")} for row in [current, *others]
                ],
            )
    check_agree(
        ACCOUNT.what,
        current["id"],
        *(
            Named(name.field, wanted, current[name.field], may_have(current, name, wanted, params))
            for name, wanted in ACCOUNT.given(params)
        ),
    )


def may_have(current: Row, name: Name, wanted: str, params: Params) -> bool:
    """Return whether a name may be the account's.

    A name that the API does not return contradicts nothing, unless the account is to be removed. The provider may
    change the username of an order, so it may differ if the account was found by its domain.
    """
    state, told = params.get("state"), current[name.field]
    if told is None:
        return state != "absent"
    is_ordered = state in ("present", "active") and params.get("id") is None and params.get("domain") is not None
    is_changed = name.field == "username" and is_ordered and is_rewritten(told, wanted)
    return is_changed or name.fits(current, wanted)


def is_rewritten(told: str, wanted: str) -> bool:
    """Return whether a username may be the provider's form of the wanted one: truncated, or with a prefix."""
    name, wish = told.casefold(), wanted.casefold()
    return bool(name) and (wish.startswith(name) or name.endswith(wish))


def plan_of(api: Api, params: Params) -> Plan:
    """Plan h444_hosting: read what is there, decide, check what can be checked.

    Raises: Refused, Missing, Ambiguous, BadOption.
    """
    plan = plan_account(Reading(api), checked(params))
    if plan.wish is not None:
        _buy.check_wallet(plan.wish)
    return plan


def plan_account(reading: Reading, params: Params, may_order_suspended: bool = False) -> Plan:
    """Plan what a task with checked options does to its account; whether the wallet covers an order is open yet.

    *may_order_suspended*: a missing account that should be suspended is ordered, and suspended then.
    Raises: Refused, Missing, Ambiguous, BadOption.
    """
    found = find_hosting(reading, params)
    if params["state"] == "absent":
        return plan_absent(found.row)
    if found.row is not None:
        return plan_current(with_detail(reading, found.row, params), params)
    if found.rows is None or (params["state"] == "suspended" and not may_order_suspended):
        raise missing(ACCOUNT, params, listed(reading.api, reading.hosting_source, found))
    return plan_order(reading, params, params["domain"], params.get("username"), found.rows)


def checked(params: Params) -> Params:
    """Check the options, and give the domain in the form in which it is ordered. Raises: BadOption."""
    check_custom_key(params.get("idempotency_key"))
    check_timeout(params)
    domain = params.get("domain")
    if domain is not None:
        domain = canonical_host(check_hostname(domain, "domain", dotted=True))
    if params.get("username") is not None:
        check_username(params["username"])
    return {**params, "domain": domain}


def with_detail(reading: Reading, row: Row, params: Params) -> Row:
    """Read the account itself if its row in the list lacks a field that the decision needs."""
    needed = {
        "status": params["state"] != "present",
        "php_version": params.get("php_version") is not None,
        "ssl_status": params["retry_ssl"] == "failed",
    }
    if params.get("id") is not None or not any(wanted and row[field] is None for field, wanted in needed.items()):
        return row
    return laid_over(row, get_hosting(reading.api, row["id"]))


def plan_absent(current: Row | None) -> Plan:
    """Plan the removal of an account; without one there is nothing to do."""
    if current is None:
        return same(None)
    action = Action(
        "remove",
        title_of(current),
        DELETE,
        {"id": current["id"]},
        destroys=True,
        until=(TERMINATED,),
        # The domain is its name; the username is one only where the API returns it.
        known_as=(current["domain"], current["username"] or ""),
    )
    return Plan(current, None, (action,))


def plan_current(current: Row, params: Params) -> Plan:
    """Plan the changes of an existing account. Pure.

    If the API returns no known status or PHP version, it is written in every run, because both writes only set a state;
    a note says so. A certificate is never retried on a guess, because each retry counts at Let's Encrypt.
    """
    state, php, status = params["state"], params.get("php_version"), current["status"]
    steps: list[Step] = []
    if status == PROVISIONING:
        status = ACTIVE
        steps.append(_step(current, "wait for", GET, {"status": ACTIVE}, until=SETTLED))
    if state == "active" and status != ACTIVE:
        steps.append(_step(current, "unsuspend", UNSUSPEND, {"status": ACTIVE}, until=(ACTIVE,)))
    if php is not None and current["php_version"] != php:
        body = {"php_version": php}
        steps.append(_step(current, "set PHP %s for" % php, PHP, body, body))
    if wants_ssl_retry(current, params["retry_ssl"]):
        then = PENDING if current["ssl_status"] is not None else None
        steps.append(_step(current, "retry the certificate of", SSL_RETRY, {"ssl_status": then}))
    if state == "suspended" and status != SUSPENDED:
        steps.append(_step(current, "suspend", SUSPEND, {"status": SUSPENDED}, until=(SUSPENDED,)))
    return in_steps(current, steps, drift_notes(current, params) + unknown_notes(current, params))


def _step(
    current: Row,
    verb: str,
    endpoint: Endpoint,
    changed: Row,
    body: Row | None = None,
    until: tuple[str, ...] = (),
) -> Step:
    return Action(verb, title_of(current), endpoint, {"id": current["id"]}, body, until=until), changed


def wants_ssl_retry(current: Row, retry_ssl: str) -> bool:
    """Return whether the certificate is to be issued again; an unknown status is no reason."""
    return retry_ssl == "always" or (retry_ssl == "failed" and current["ssl_status"] == FAILED)


def unknown_notes(current: Row, params: Params) -> list[str]:
    """Return a note for each unknown field, which says what is done instead."""
    notes = [
        _unknown_status(current, params["state"]),
        _unknown_php(current, params.get("php_version")),
        _unknown_certificate(current, params["retry_ssl"]),
    ]
    return [note for note in notes if note]


def _unknown_status(current: Row, state: str) -> str:
    name, status = shown(title_of(current)), current["status"]
    if state not in ("active", "suspended") or status in STATUSES:
        return ""
    if status:
        told = "returns the unknown status %s for %s" % (shown(status), name)
    else:
        told = "does not return the status of %s" % name
    return "The API %s, so it is not known whether it is suspended: state: %s is sent in every run." % (told, state)


def _unknown_php(current: Row, php: str | None) -> str:
    if php is None or current["php_version"] is not None:
        return ""
    name = shown(title_of(current))
    return "The API does not return the PHP version of %s, so php_version is sent in every run." % name


def _unknown_certificate(current: Row, retry_ssl: str) -> str:
    name, status = shown(title_of(current)), current["ssl_status"]
    if retry_ssl != "failed" or status in CERTIFICATES:
        return ""
    if status is None:
        told = "does not return the status of the certificate of %s" % name
    else:
        told = "returns the certificate status %s for %s, which may or may not be a failure" % (shown(status), name)
    return "retry_ssl: the API %s, so it was not retried. To retry it anyway, use always." % told


def drift_notes(current: Row, params: Params) -> list[str]:
    """Return a note for each difference that can't be changed through the API."""
    name, told, wanted = shown(title_of(current)), current["plan_slug"], params.get("plan_slug")
    notes = [
        "%s has the %s %s, not %s; the API can't change it." % (name, other.field, clean(current[other.field]), value)
        for other, value in differences(current, params)
    ]
    if wanted and told and not _catalogue.is_same_plan(told, wanted):
        drift = _catalogue.plan_drift(name, told, wanted)
        notes.append("%s; the API can't change the plan of a hosting account." % drift)
    return notes


def plan_order(
    reading: Reading, params: Params, domain: str | None, username: str | None, rows: t.Sequence[Row]
) -> Plan:
    """Plan the order of an account, after every check that is possible before money moves.

    Raises: Refused, Missing, BadOption.
    """
    if not params.get("plan_slug"):
        raise missing(ACCOUNT, params, rows, " To order it, set plan_slug, domain and username.")
    if domain is None or username is None:
        raise BadOption(
            "%s is also required to order a hosting account for %s. Nothing was ordered."
            % ("domain" if domain is None else "username", shown(username if domain is None else domain))
        )
    _check_free(rows, username, domain)
    offer = _buy.find_offer(reading.products(), params, SHOP)
    body = {"plan_slug": offer.plan_slug, "domain": domain, "username": username}
    if params.get("php_version") is not None:
        body["php_version"] = params["php_version"]
    identity = (domain, username.casefold())
    order = _buy.make_order(
        params,
        SHOP,
        offer,
        reading.wallet(),
        body=body,
        identity=identity,
        known_ids=frozenset(row["id"] for row in rows),
    )
    after: Row = {**dict.fromkeys(FIELDS), **body, "status": ACTIVE}
    if params["state"] != "suspended":
        return _buy.plan_purchase(order, SHOP, after, SETTLED)
    suspend = Action("suspend", domain, SUSPEND, {"id": ""}, until=(SUSPENDED,))
    return _buy.plan_purchase(order, SHOP, {**after, "status": SUSPENDED}, SETTLED, suspend)


def _check_free(rows: t.Sequence[Row], username: str, domain: str) -> None:
    """Check that no living account has the username. Raises: Refused."""
    taken = [row for row in rows if not is_gone(row) and has_username(row, username)]
    if taken:
        raise Refused(
            "username: %s is taken by the hosting account %s of %s. Nothing was ordered. Choose a different username "
            "for %s." % (shown(username), taken[0]["id"], shown(taken[0]["domain"]), shown(domain))
        )


def read_order_reply(body: t.Any) -> Reply:
    """Read the reply of an order: the account, its SFTP and database passwords, the rest.

    Source: POST /v1/hosting: "Returns the account AND its SFTP/DB passwords (shown once)".
    Assumed: where either is in the reply (switches ``order_reply``, ``hosting_passwords``).
    """
    return read_reply(body, REPLY)


def perform(api: Api, action: Action, progress: Progress) -> None:
    """Carry out one writing action of an account's plan."""
    if action.endpoint is ORDER:
        _perform_order(api, progress.plan.wish, progress)
        return
    try:
        send(api, action, progress)
    except ApiError as error:
        if not _is_so_already(api, action, error, progress):
            raise
    if action.endpoint is DELETE:
        before = progress.plan.before
        progress.follow("hosting", before["id"], canonical_domain(before["domain"]))


def _is_so_already(api: Api, action: Action, error: ApiError, progress: Progress) -> bool:
    """Return whether an account already had the wanted state: a provider may treat the request as a conflict."""
    if action.endpoint not in (SUSPEND, UNSUSPEND) or error.status not in CONFLICTS:
        return False
    progress.maybe = error.may_have_happened
    row = get_hosting(api, action.ids["id"] or progress.resource_id)
    return row is not None and row["status"] in action.until


def _perform_order(api: Api, order: Order, progress: Progress) -> None:
    """Place the order, and check that the next run finds the account by its domain. Raises: Refused."""
    domain, username = order.wanted_name, order.body["username"]
    row = _buy.place(api, order, SHOP, progress)
    if row["domain"] is not None and not has_domain(row, domain):
        # A domain that the provider changed would be ordered again once the provider has forgotten the key.
        raise Refused(
            "%s was ordered as %s, but the provider calls it %s. Use that domain from now on. Otherwise it would be "
            "ordered again." % (shown(domain), row["id"], shown(row["domain"]))
        )
    if row["username"] is not None and not has_username(row, username):
        progress.warn(
            "%s was ordered with the username %s, but the API shows the username %s."
            % (shown(domain), shown(username), shown(row["username"]))
        )
    fill_from_order(row, order)


SHOP = _buy.Shop(
    kind="hosting",
    what="hosting account",
    endpoint=ORDER,
    id_fact="hosting_id",
    secrets=PASSWORDS,
    way_to_new_secrets="the API can't create a new one, so set one in the panel",
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
    """Wait for an action's effect. An unknown status ends the wait."""
    hosting_id = action.ids.get("id") or progress.resource_id
    # The reply to an order, or the reading that proved it, is the newest there is.
    row = progress.after if action.endpoint is ORDER else None
    progress.after = wait_for(api, action, progress, lambda: get_hosting(api, hosting_id), STATUSES, row)


def further(action: Action, progress: Progress) -> tuple[Action, ...]:
    """Unsuspend an account that should be active, but is suspended after its order."""
    row = progress.after
    if progress.params["state"] != "active" or action.until != SETTLED or not row or row["status"] != SUSPENDED:
        return ()
    return (Action("unsuspend", action.target, UNSUSPEND, {"id": row["id"]}, until=(ACTIVE,)),)


def read_back(api: Api, params: Params, progress: Progress) -> t.Any:
    """Return the account after the run."""
    return read_after(Reading(api), params, progress)


def read_after(reading: Reading, params: Params, progress: Progress) -> t.Any:
    """Return the account after its plan was carried out."""
    plan = progress.plan
    if not plan.actions or plan.after is None:
        return plan.after
    last = progress.done[-1] if progress.done else plan.actions[-1]
    row = (progress.after if last.until else reading.hosting_account(plan.after["id"])) or progress.after
    if plan.wish is not None:
        fill_from_order(row, plan.wish)
    # What the API leaves out comes from the plan, but never a status.
    now = laid_over({**plan.after, "status": None, "ssl_status": None}, row)
    php = params.get("php_version")
    if php is not None and now["php_version"] != php:
        progress.warn(
            "The API accepted PHP %s for %s, but still shows %s."
            % (php, shown(title_of(now)), shown(now["php_version"]))
        )
    return now


INFO_IDENTIFIERS = Identifiers("hosting account", ("id", "domain", "username"))
IDENTIFIERS = INFO_IDENTIFIERS._replace(is_needed=True, acts=(("retry_ssl", "never"),))
RECONCILER = Reconciler("hosting", plan_of, perform, read_back, wait, IDENTIFIERS, further)


def report(api: Api, params: Params) -> dict[str, t.Any]:
    """Return the result of h444_hosting_info."""
    return {"hosting": choose(_named_rows(api, params), params.get("patterns"), "domain", "username")}


def _named_rows(api: Api, params: Params) -> list[Row]:
    """Read the accounts with the names that are set, or all.

    Raises: BadOption; Ambiguous, Refused if the names mean different accounts.
    """
    if params.get("id") is not None:
        row = get_hosting(api, check_id(params["id"], "id"))
        if row is None:
            return []
        check_same(row, (), params)
        return [row]
    rows = list_hosting(api)
    fitting = with_names(ACCOUNT, rows, params)
    if not fitting:
        for row in ACCOUNT.living(rows):
            if has_domain(row, params.get("domain")):
                check_same(row, rows, params)
    return fitting
