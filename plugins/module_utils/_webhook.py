# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Webhooks: subscriptions of an HTTPS URL to events, and their signing secrets."""

from __future__ import annotations

import re
import typing as t
from urllib.parse import quote, urlsplit

from ._api import Api, Params, Raw, Row
from ._converge import Progress, Reconciler, send
from ._endpoint import NEVER, Endpoint
from ._errors import ApiError, BadOption, H444Error, NotFound, Refused, UnknownFate
from ._fields import Derived, Field, Needed, Table, as_is, read_fields, text_or_none
from ._find import Name, Noun, Source, check_new_name, find, listed, missing, named
from ._identifiers import Identifiers
from ._names import CONTROL, ascii_host, closest, shown
from ._patterns import choose
from ._plan import Action, Plan, laid_over, same
from ._reader import bad, first, identifier, object_of, row_of, text, truth, word
from ._reply import Kind, Reply, choose_signing_secret, is_signing_secret, read_reply

LIST = Endpoint("GET", "/webhooks", "webhooks:read")
GET = Endpoint("GET", "/webhooks/{id}", "webhooks:read")
CREATE = Endpoint("POST", "/webhooks", "webhooks:write", NEVER, returns_secret=True)
CHANGE = Endpoint("PATCH", "/webhooks/{id}", "webhooks:write")
DELETE = Endpoint("DELETE", "/webhooks/{id}", "webhooks:write")
ROTATE = Endpoint("POST", "/webhooks/{id}/rotate-secret", "webhooks:write", NEVER, returns_secret=True)
ENDPOINTS = (LIST, GET, CREATE, CHANGE, DELETE, ROTATE)

NOUNS = ("webhook", "webhooks", "subscription", "subscriptions", "hook", "hooks")
IDS = ("id", "webhook_id", "subscription_id", "uuid")
# The events of the page, in its order.
EVENTS = (
    "vps.created",
    "hosting.created",
    "invoice.paid",
    "vps.power.changed",
    "vps.reinstalled",
    "vps.ptr.changed",
    "vps.terminated",
    "ticket.created",
    "ticket.replied",
)

REPLY = Kind(
    CREATE,
    ("webhook", "webhooks", "hook", "hooks"),
    ("subscription", "subscriptions"),
    ("webhook_id", "subscription_id"),
    (),
    choose_signing_secret,
    is_signing_secret,
)
# After a lost reply, the API may still be working, so the list is read more than once.
LOOK_PAUSES_SECONDS = (0.0, 1.0, 2.0)
AGAIN = "run the task again with rotate_secret: true"


def canonical_url(url: str) -> str:
    """Return a URL in the form in which URLs are compared, that of browsers.

    Scheme and host in lower case, no default port, at least the path "/", and non-ASCII characters percent-encoded.
    Path and query are kept, because their case and order may matter.
    """
    match = re.match(r"\A([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)(.*)\Z", url.strip(), re.DOTALL)
    if match is None:
        return url
    scheme, (user, at, place), rest = match.group(1).lower(), match.group(2).rpartition("@"), match.group(3)
    if not place.isascii():
        host, colon, port = place.partition(":")
        place = ascii_host(host) + colon + port
    default = {"https": ":443", "http": ":80"}.get(scheme, ":")
    place = place.lower()
    place = place[: -len(default)] if place.endswith(default) else place.rstrip(":")
    rest = re.sub(r"[^\x21-\x7e]", lambda found: quote(found.group(), errors="replace"), rest)
    rest = re.sub(r"%[0-9a-fA-F]{2}", lambda found: found.group().upper(), rest)
    return "%s://%s%s%s%s" % (scheme, user, at, place, rest if rest.startswith("/") else "/" + rest)


def check_url(url: str, option: str) -> str:
    """Return a URL that can be subscribed, else raise BadOption."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise BadOption("%s: this is not a URL like https://example.com/hook." % option) from None
    if parts.username is not None or parts.password is not None:
        # The message does not show the URL, because the password is in it.
        raise BadOption(
            "%s: a URL with a username or password is refused, because outputs show it. Verify the signatures of "
            "deliveries instead." % option
        )
    if parts.scheme.lower() != "https" or not host or CONTROL.search(url) or re.search(r"[\s\\]", url):
        raise BadOption(
            "%s: %s is not an HTTPS URL like https://example.com/hook. Nothing was changed." % (option, shown(url))
        )
    if "#" in url:
        raise BadOption("%s: %s has a fragment (#…), which is never sent. Leave it out." % (option, shown(url)))
    return url


def check_events(events: t.Sequence[str], force: bool) -> list[str]:
    """Return the events, each once, else raise BadOption. *force*: accept unknown names, too."""
    wanted = list(dict.fromkeys(events))
    if not wanted:
        raise BadOption(
            "events: at least one event is required. Known events: %s. To pause a webhook, set is_active: false."
            % ", ".join(EVENTS)
        )
    for event in wanted:
        if not event or event != event.strip() or CONTROL.search(event):
            raise BadOption("events: %s is not a valid name of an event." % shown(event))
        if event not in EVENTS and not force:
            near = closest(event, EVENTS)
            raise BadOption(
                "events: %s is not a known event%s. Known events: %s. Nothing was changed. If the API has added this "
                "event, set force: true." % (shown(event), ", closest: %s" % near[0] if near else "", ", ".join(EVENTS))
            )
    return wanted


def read_events(value: t.Any) -> list[str] | None:
    """Return the events as a list of names, from texts or objects; None if there are none."""
    if isinstance(value, str):
        value = re.split(r"[\s,]+", value.strip())
    if not isinstance(value, list):
        return None
    return [name for name in (word(item, "name", "event", "slug", "type", "id") for item in value) if name]


def read_active(row: Raw) -> bool | None:
    """Return whether a webhook is active, None if the API does not return it."""
    found = truth(first(row, "is_active", "active", "is_enabled", "enabled"))
    if found is None:
        paused = truth(first(row, "is_paused", "paused", "disabled"))
        found = None if paused is None else not paused
    if found is None:
        status = word(row.get("status")) or ""
        found = False if status.lower() == "paused" else truth(status)
    return found


TABLE: Table = {
    "id": Needed(identifier, *IDS),
    "url": Field(text, "url", "endpoint_url", "target_url", "callback_url", "endpoint"),
    "events": Field(read_events, "events", "event_types", "subscribed_events", "event_names", "topics"),
    "description": Field(text_or_none, "description"),
    "is_active": Derived(read_active),
    "created_at": Field(as_is, "created_at", "created"),
}
FIELDS = tuple(TABLE)


def read_webhook(raw: Raw, where: Endpoint = LIST) -> Row:
    """Return one webhook in normal form: FIELDS are always there, None if the API returned nothing; all else is kept.

    Assumed: the secret's name and place (switch ``webhook_secret_form``). A text that begins with whsec_ is a secret
    under any name.
    """
    row = row_of(raw, NOUNS, where, is_signing_secret)
    fields = read_fields(row, TABLE, where)
    if not fields["url"]:
        raise bad(where, "it does not return the URL of the webhook %s" % fields["id"])
    return {**row, **fields}


def read_secret_reply(body: t.Any, where: Endpoint) -> Reply:
    """Read the reply to a creation or rotation: the webhook's ID and its secret, if it contains them.

    Source: POST /v1/webhooks: "The signing secret is returned ONCE in this response"; POST …/rotate-secret likewise.
    """
    return read_reply(body, REPLY._replace(where=where))


def list_webhooks(api: Api) -> list[Row]:
    """Read every webhook. Source: GET /v1/webhooks (webhooks:read)."""
    return [read_webhook(raw) for raw in api.rows(LIST, NOUNS)]


def get_webhook(api: Api, webhook_id: str) -> Row | None:
    """Read one webhook; None if it does not exist. Source: GET /v1/webhooks/:id (webhooks:read)."""
    try:
        body = api.request(GET, ids={"id": webhook_id}).body
    except NotFound:
        return None
    return read_webhook(object_of(body, NOUNS, GET, IDS, webhook_id), GET)


def has_url(row: Row, url: str | None) -> bool:
    """Return whether a webhook has this URL, in any spelling. Only this function compares URLs."""
    return url is not None and canonical_url(row["url"]) == canonical_url(url)


WEBHOOK = Noun(
    "webhook",
    "webhooks",
    names=(Name("url", has_url),),
    shows=("url", "events", "created_at"),
    new_name="new_url",
)
WEBHOOKS = Source(WEBHOOK, list_webhooks, get_webhook)


def plan_of(api: Api, params: Params) -> Plan:
    """Plan h444_webhook. Raises: BadOption, Refused, Missing, Ambiguous."""
    return plan_webhook(api, WEBHOOKS, checked(params))


def plan_webhook(api: Api, source: Source, params: Params) -> Plan:
    """Plan what a task with checked options does to its webhook. *source*: where webhooks are found.

    Raises: BadOption, Refused, Missing, Ambiguous.
    """
    found = find(api, source, params)
    if params["state"] == "absent":
        return plan_absent(found.row)
    if found.row is None:
        if params.get("id") is not None or params.get("new_url") is not None:
            raise missing(WEBHOOK, params, listed(api, source, found))
        return plan_create(params["url"], params)
    check_new_name(api, source, params, found)
    current = found.row
    if found.rows is not None and _untold(current, params):
        current = get_webhook(api, current["id"]) or current  # a list may return less than the endpoint of one
    return plan_current(current, params)


def checked(params: Params) -> Params:
    """Check the options, and return each event once. Raises: BadOption."""
    events, force = params.get("events"), params["force"]
    if force and events is None:
        raise BadOption(
            "force: this option allows unknown events, but events is not set. Nothing was changed. Leave it out."
        )
    for option in ("url", "new_url"):
        if params.get(option) is not None:
            check_url(params[option], option)
    if events is None or params["state"] == "absent":
        return params
    return {**params, "events": check_events(events, force)}


def _untold(row: Row, params: Params) -> list[str]:
    """Return the names of the wanted fields that a webhook's row lacks."""
    return [
        name
        for name in ("events", "is_active", "description")
        if params.get(name) not in (None, "") and row[name] is None
    ]


def told(row: Row) -> Row:
    """Return a webhook as results have it: its events are a list, even if the API does not return them."""
    return {**row, "events": row["events"] or []}


def plan_absent(current: Row | None) -> Plan:
    """Plan the removal of a webhook; without one there is nothing to do."""
    if current is None:
        return same(None)
    url, ids = current["url"], {"id": current["id"]}
    return Plan(
        told(current), None, (Action("delete", url, DELETE, ids, destroys=True, known_as=WEBHOOK.names_of(current)),)
    )


def plan_create(url: str, params: Params) -> Plan:
    """Plan a new webhook. Pure. Raises: Refused."""
    events = params.get("events")
    if events is None:
        raise Refused(
            "events: required to create the webhook %s, which does not exist. Nothing was changed. Known events: %s."
            % (shown(url), ", ".join(EVENTS))
        )
    # The page documents only url and events for the creation; a change sets everything else.
    actions = [Action("create", url, CREATE, {}, {"url": url, "events": events}, brings_secret=True)]
    later: Row = {"description": params["description"]} if params.get("description") else {}
    if params.get("is_active") is False:
        later["is_active"] = False
    if later:
        actions.append(Action("change", url, CHANGE, {"id": ""}, later))
    after = {**dict.fromkeys(FIELDS), "url": url, "events": events, "description": None, "is_active": True, **later}
    return Plan(None, after, tuple(actions))


def plan_current(current: Row, params: Params) -> Plan:
    """Plan the changes of an existing webhook: only what differs is written. Pure. Raises: BadReply."""
    ids, before, body = {"id": current["id"]}, told(current), changes_of(current, params)
    after = {**before, **body, "description": body.get("description", current["description"]) or None}
    actions = []
    if body:
        known_as = WEBHOOK.names_of(current)
        actions.append(Action("change", current["url"], CHANGE, ids, body, known_as=known_as, new_name=body.get("url")))
    if params.get("rotate_secret"):
        # Last, so that an earlier failure costs no secret.
        actions.append(Action("rotate secret of", after["url"], ROTATE, ids, brings_secret=True))
    return Plan(before, after, tuple(actions)) if actions else same(before)


def changes_of(current: Row, params: Params) -> Row:
    """Return the fields of a webhook to write: those that differ from what is wanted. Raises: BadReply."""
    wanted = {
        "url": params.get("new_url"),
        "events": params.get("events"),
        "is_active": params.get("is_active"),
        "description": params.get("description"),
    }
    return {name: value for name, value in wanted.items() if value is not None and not is_met(current, name, value)}


def is_met(current: Row, name: str, wanted: t.Any) -> bool:
    """Return whether a field has the wanted value. Raises: BadReply if that is not known."""
    if name == "url":
        return has_url(current, wanted)
    if name == "description":
        return bool(wanted == (current["description"] or ""))
    if current[name] is None:
        raise bad(GET, "it does not return %s of the webhook %s" % (name, current["id"]))
    return bool(_comparable(current[name]) == _comparable(wanted))


def perform(api: Api, action: Action, progress: Progress) -> None:
    """Carry out one action of a webhook's plan."""
    if action.endpoint is CREATE:
        _create(api, action, progress)
    elif action.endpoint is ROTATE:
        _rotate(api, action.ids["id"], action.target, progress)
    else:
        send(api, action, progress)
        _let_secret_follow(action, progress)


def _let_secret_follow(action: Action, progress: Progress) -> None:
    """Move the entry in credentials_file to the new URL of a webhook, or mark it as removed."""
    before, new_url = progress.plan.before, (action.body or {}).get("url")
    if before is not None and (new_url is not None or action.endpoint is DELETE):
        new_name = canonical_url(new_url) if new_url is not None else None
        progress.follow("webhook", before["id"], canonical_url(before["url"]), new_name)


def _create(api: Api, action: Action, progress: Progress) -> None:
    """Create a webhook, once. If the reply or its secret is lost, find it by its URL and rotate its secret, once.

    Raises: UnknownFate if it is not known whether it was created.
    """
    url, webhook_id, secret = action.target, None, None  # type: str, str | None, str | None
    try:
        answer = api.request(CREATE, body=action.body)
        cause = "its reply contains no ID"
        progress.maybe = True
        reply = read_secret_reply(answer.body, CREATE)
        webhook_id, secret = reply.id, reply.secrets.get("secret")
        # A missing secret is no loss yet, because it is rotated below.
        progress.receive(_resource(url), webhook_id, reply, ("secret",) if secret else (), AGAIN)
    except H444Error as error:
        if not error.may_have_happened:
            raise
        cause = error.cause
    progress.maybe = True
    if webhook_id is None:
        webhook_id = _look_for(api, url, t.cast(t.Mapping[str, t.Any], action.body)["events"], cause)
    progress.resource_id = webhook_id
    progress.after = {**progress.plan.after, "id": webhook_id}
    if secret is None:
        try:
            _rotate(api, webhook_id, url, progress)
        except ApiError as error:
            progress.lose("secret of " + _resource(url), AGAIN)
            message = "%s The webhook %s was created with the ID %s, but its secret was lost: %s." % (
                error,
                shown(url),
                webhook_id,
                AGAIN,
            )
            raise type(error)(message, **error.facts) from None
        progress.warn(
            "The webhook %s was created, but its secret was lost with the reply, so the secret was rotated once."
            % shown(url)
        )


def _look_for(api: Api, url: str, events: t.Sequence[str], cause: str) -> str:
    """Find the webhook that a lost request may have created; its URL had none before. Raises: UnknownFate."""
    unknown = "It is not known whether the webhook %s was created (%s)" % (shown(url), cause)
    try:
        found = _list_of_url(api, url)
    except H444Error as error:
        then = "%s, and the list of webhooks could not be read: %s Run the task again."
        raise UnknownFate(then % (unknown, error), cause=cause) from None
    # A webhook that somebody else created at the same moment must keep its secret.
    mine = [row for row in found if row["events"] is None or set(row["events"]) == set(events)]
    if len(found) == len(mine) == 1:
        return str(mine[0]["id"])
    if found:
        ids = ", ".join(row["id"] for row in found)
        then = "the webhooks with this URL now have the IDs %s. Delete the surplus ones by ID, and %s." % (ids, AGAIN)
    else:
        then = (
            "the list does not contain it. Run the task again, which creates it if it is still missing. If it exists "
            "by then, its secret was lost: %s." % AGAIN
        )
    raise UnknownFate("%s; %s" % (unknown, then), cause=cause)


def _list_of_url(api: Api, url: str) -> list[Row]:
    """Read the webhooks of a URL, and repeat this while there is none. Raises: H444Error."""
    found: list[Row] = []
    for pause in LOOK_PAUSES_SECONDS:
        api.sleep(pause)
        found = [row for row in list_webhooks(api) if has_url(row, url)]
        if found:
            break
    return found


def _rotate(api: Api, webhook_id: str, url: str, progress: Progress) -> None:
    """Rotate the secret of a webhook, once.

    Source: POST /v1/webhooks/:id/rotate-secret: "The old secret stops signing immediately."
    Raises: UnknownFate if the reply is lost; BadReply if it holds no secret.
    """
    try:
        answer = api.request(ROTATE, ids={"id": webhook_id})
    except H444Error as error:
        if not error.may_have_happened:
            raise
        cause = error.cause
    else:
        progress.maybe = True
        reply = read_secret_reply(answer.body, ROTATE)
        progress.receive(_resource(url), webhook_id, reply, ("secret",), AGAIN)
        if "secret" not in reply.secrets:
            raise bad(
                ROTATE,
                "it contains no readable secret, and the old secret of %s no longer signs; %s" % (shown(url), AGAIN),
            )
        return
    progress.lose("secret of " + _resource(url), AGAIN)
    raise UnknownFate(
        "It is not known whether the secret of the webhook %s (ID %s) was rotated (%s). Deliveries may be signed with "
        "a new secret that was lost. To get a new one, %s." % (shown(url), webhook_id, cause, AGAIN),
        cause=cause,
    )


def _resource(url: str) -> str:
    return "webhook/" + canonical_url(url)


def read_back(api: Api, params: Params, progress: Progress) -> t.Any:
    """Return the webhook after the run, compared with what was written. Raises: Refused if the API changed the URL."""
    plan = progress.plan
    if not plan.actions or plan.after is None:
        return plan.after
    webhook_id = progress.resource_id or plan.after["id"]
    row = get_webhook(api, webhook_id)
    after = progress.after = laid_over({**plan.after, "id": webhook_id}, row)
    if not has_url(after, plan.after["url"]):
        raise Refused(
            "The webhook %s has the ID %s, but the API shows the URL %s. Use that URL from now on. Otherwise the "
            "webhook would be created again." % (shown(plan.after["url"]), webhook_id, shown(after["url"]))
        )
    others = _not_as_written(plan, after)
    if others:
        progress.warn(
            "The API accepted the webhook %s, but still shows different values of: %s."
            % (shown(after["url"]), ", ".join(others))
        )
    return after


def _not_as_written(plan: Plan, after: Row) -> list[str]:
    """Return the written fields that show a different value; one that the API does not return counts as written."""
    written = {name for action in plan.actions for name in action.body or ()} - {"url"}
    return sorted(name for name in written if _comparable(after[name]) != _comparable(plan.after[name]))


def _comparable(value: t.Any) -> t.Any:
    """Return events as a set, because their order means nothing."""
    return set(value) if isinstance(value, list) else value


INFO_IDENTIFIERS = Identifiers("webhook", ("id", "url"))
IDENTIFIERS = INFO_IDENTIFIERS._replace(
    is_needed=True, new_name="new_url", acts=(("rotate_secret", False), ("force", False))
)
RECONCILER = Reconciler("webhook", plan_of, perform, read_back, identifiers=IDENTIFIERS)


def report(api: Api, params: Params) -> dict[str, t.Any]:
    """Return the result of h444_webhook_info."""
    rows = choose(named(api, WEBHOOKS, params), params.get("patterns"), "url")
    return {"webhooks": [told(row) for row in rows]}
