# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Sign-in in the browser (RFC 8628): a device code is requested, the user approves it, and it is exchanged for tokens.

The provider's reference names the flow, the address of the metadata and the prefixes of the tokens. The endpoints are
read from the metadata.
"""

from __future__ import annotations

import hashlib
import re
import typing as t
from datetime import datetime, timedelta, timezone
from urllib.parse import SplitResult, urlsplit

from ._api import Api, Params
from ._converge import Progress, Reconciler
from ._endpoint import ALWAYS, NEVER, Endpoint
from ._errors import (
    ApiError,
    BadOption,
    BadReply,
    H444Error,
    NotFound,
    NotReached,
    Refused,
    TransportError,
    UnknownFate,
)
from ._fields import Derived, Field, Needed, Table, read_fields
from ._identifiers import Identifiers
from ._names import clean, closest, one_line, shown
from ._plan import Action, Plan
from ._reader import Where, bad, text, whole

# None of them requires a scope, because they grant scopes. The paths of the last four come from the metadata.
METADATA = Endpoint("GET", "/.well-known/oauth-authorization-server", "")
REGISTER = Endpoint("POST", "/oauth/register", "", NEVER)
# A further code that nobody approves does no harm.
DEVICE = Endpoint("POST", "/oauth/device_authorization", "", ALWAYS)
# A code that was already exchanged is refused with a specific error.
EXCHANGE = Endpoint("POST", "/oauth/token", "", ALWAYS, returns_secret=True)
# A refresh token works once. Using it twice may end the whole sign-in.
REFRESH = Endpoint("POST", "/oauth/token", "", NEVER, returns_secret=True)
ENDPOINTS = (METADATA, REGISTER, DEVICE, EXCHANGE, REFRESH)

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
REFRESH_GRANT = "refresh_token"
DEFAULT_INTERVAL_SECONDS = 5  # RFC 8628, 3.2
LONGEST_INTERVAL_SECONDS = 86400  # no code lives longer, so a longer interval makes no sense
LONGEST_LIFETIME_SECONDS = 10**15
SLOW_DOWN_SECONDS = 5  # RFC 8628, 3.5
# The longest interval after doubling, so that an outage of a minute does not use up the whole wait.
SLOWEST_SECONDS = 60.0
MARKS_KEPT = 100  # used refresh tokens that are recognized: this many runs may start with the same token
CODE = re.compile(r"\A[\x21-\x7e]{1,2000}\Z")
PATH = re.compile(r"\A/[A-Za-z0-9._~/-]{1,200}\Z")
PORTS = {"https": 443, "http": 80}
PENDING, SLOW_DOWN = "authorization_pending", "slow_down"
BEGIN_ANEW = "Start a new sign-in with h444_oauth_device"
APPS_PAGE = "https://www.444host.com/account/api-keys"


class Server(t.NamedTuple):
    """The metadata. ``register`` is None if clients can't register themselves."""

    device: Endpoint
    token_path: str
    register: Endpoint | None
    scopes: t.Tuple[str, ...]
    grants: t.Tuple[str, ...]


def read_metadata(body: t.Any, origin: str) -> Server:
    """Read the endpoints. Raises: BadReply, Refused if one is on another host.

    Source: GET /.well-known/oauth-authorization-server (RFC 8414).
    """
    if not isinstance(body, dict):
        raise bad(METADATA, "it is not an object")
    device = endpoint_path(body, "device_authorization_endpoint", origin)
    token = endpoint_path(body, "token_endpoint", origin)
    if device is None or token is None:
        raise bad(METADATA, "%s is missing" % ("device_authorization_endpoint" if device is None else "token_endpoint"))
    register = endpoint_path(body, "registration_endpoint", origin)
    grants = _texts(body, "grant_types_supported")
    if grants and DEVICE_GRANT not in grants:
        raise Refused(
            "%s does not support sign-in with a device code. No sign-in was started. Create a key at %s."
            % (origin, APPS_PAGE)
        )
    return Server(
        DEVICE._replace(path=device),
        token,
        None if register is None else REGISTER._replace(path=register),
        _texts(body, "scopes_supported"),
        grants,
    )


def _texts(body: Params, name: str) -> tuple[str, ...]:
    found = body.get(name)
    return tuple(item for item in found if isinstance(item, str)) if isinstance(found, list) else ()


def endpoint_path(body: Params, name: str, origin: str) -> str | None:
    """Return the path of one endpoint of the metadata, None if there is none. Raises: Refused, BadReply."""
    url = body.get(name)
    if url is None:
        return None
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        is_here = _origin_of(parts) == _origin_of(urlsplit(origin))
    except ValueError:
        raise bad(METADATA, "%s is not a URL" % name) from None
    if not is_here:
        raise Refused(
            "The metadata of %s contains the %s %s, which is on another host. Codes and tokens are sent only to the "
            "host of api_url, so nothing was sent." % (origin, name, clean(str(url), 100))
        )
    if not PATH.match(parts.path) or ".." in parts.path or parts.query or parts.fragment:
        raise bad(METADATA, "%s has an invalid path: %s" % (name, clean(parts.path, 80)))
    return parts.path


def _origin_of(parts: SplitResult) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port of a URL. Raises: ValueError if the port is invalid."""
    return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)


def get_server(api: Api) -> Server:
    """Read the metadata. Raises: Refused if there is none."""
    try:
        answer = api.request(METADATA)
    except NotFound:
        raise Refused(
            "%s does not support sign-in: it has no %s. Check api_url." % (api.api_url, METADATA.path)
        ) from None
    return read_metadata(answer.body, api.api_url)


def check_code(value: str | None, option: str) -> str:
    """Return a valid client ID, code or token. Raises: BadOption, which does not show the value."""
    if not value:
        raise BadOption("%s: must not be empty. Nothing was sent." % option)
    if not CODE.match(value):
        raise BadOption(
            "%s: the value is too long, or contains spaces or control characters. Nothing was sent." % option
        )
    return value


def check_scopes(scopes: t.Sequence[str], known: t.Sequence[str]) -> str:
    """Return the scopes in the form of a request. Raises: BadOption, with the closest if one is unknown."""
    for scope in scopes:
        if not re.match(r"\A[\x21\x23-\x5b\x5d-\x7e]+\Z", scope):
            raise BadOption("scopes: %s is not a valid scope." % shown(scope))
        if known and scope not in known:
            near = closest(scope, known)
            raise BadOption(
                "scopes: there is no scope %s%s Known scopes: %s. Nothing was sent."
                % (shown(scope), "; did you mean %s?" % near[0] if near else ".", ", ".join(known))
            )
    return " ".join(dict.fromkeys(scopes))


def plan_device(api: Api, params: Params) -> Plan:
    """Plan h444_oauth_device: read the metadata and check what can be checked. Raises: BadOption, Refused."""
    client_id = params.get("client_id")
    if client_id:
        check_code(client_id, "client_id")
    server = get_server(api)
    scope = check_scopes(params.get("scopes") or (), server.scopes)
    form = {"scope": scope} if scope else {}
    client = client_id or params["client_name"]
    ask = Action("ask for a sign-in of", client, server.device, {}, {"client_id": client_id, **form})
    actions = (ask,) if client_id else (_registration(params, server, form), ask)
    return Plan(None, {"client_id": client_id, **dict.fromkeys(DEVICE_FIELDS)}, actions)


def _registration(params: Params, server: Server, form: Params) -> Action:
    """Plan to register a client. Source: RFC 7591, 2. Raises: BadOption if that is not wanted, or not offered."""
    if server.register is None:
        raise BadOption(
            "client_id: the sign-in requires the ID of an OAuth client. 444Host does not offer registration. Ask "
            "444Host support for a client, or create a key at %s." % APPS_PAGE
        )
    if not params["register_client"]:
        raise BadOption(
            "client_id: the sign-in requires the ID of an OAuth client. To let 444Host register one, set "
            "register_client: true."
        )
    body = {
        "client_name": params["client_name"],
        "grant_types": [DEVICE_GRANT, REFRESH_GRANT],
        "response_types": [],
        "token_endpoint_auth_method": "none",
        **form,
    }
    return Action("register", params["client_name"], server.register, {}, body)


def perform_device(api: Api, action: Action, progress: Progress) -> None:
    """Register the client, or ask for the codes. Source: RFC 7591, 3.1; RFC 8628, 3.1. Raises: Refused, BadReply."""
    body = dict(action.body or {})
    if "client_name" in body:
        answer = _asked(api, action.endpoint, body["client_name"], body=body)
        client_id = text(answer.get("client_id"))
        if not client_id or not CODE.match(client_id):
            raise bad("POST %s" % action.endpoint.path, "client_id is missing")
        progress.after = {"client_id": client_id, **dict.fromkeys(DEVICE_FIELDS)}
        return
    client_id = body["client_id"] or progress.after["client_id"]
    answer = _asked(api, action.endpoint, client_id, form={**body, "client_id": client_id})
    found = read_device(answer, "POST %s" % action.endpoint.path)
    # Anyone with the device code can get the tokens, so it is not in the diff, which may be displayed.
    progress.secrets["device_code"] = found.pop("device_code")
    progress.after = {"client_id": client_id, **found}


def read_shown(value: t.Any, where: Where, field: str) -> str:
    """Read a text that is shown on a terminal. Raises: BadReply."""
    return one_line(_needed(value, where, field), 2000)


def shown_or_none(value: t.Any) -> str | None:
    """Read a text that is shown on a terminal, None if there is none."""
    return one_line(text(value) or "", 2000) or None


def read_device_code(value: t.Any, where: Where, field: str) -> str:
    """Read a code that is sent back unchanged. Raises: BadReply."""
    found = _needed(value, where, field)
    if not CODE.match(found):
        raise bad(where, "%s is not a valid code" % field)
    return found


def _needed(value: t.Any, where: Where, field: str) -> str:
    found = text(value)
    if not found:
        raise bad(where, "%s is missing" % field)
    return found


def read_interval(answer: Params) -> int:
    """Return the seconds between two requests; the default if they are missing or make no sense."""
    found = whole(answer.get("interval")) or DEFAULT_INTERVAL_SECONDS
    return max(found, 1) if found <= LONGEST_INTERVAL_SECONDS else DEFAULT_INTERVAL_SECONDS


def read_lifetime(answer: Params) -> int | None:
    """Return the seconds until something expires, None if they are missing or make no sense."""
    found = whole(answer.get("expires_in"))
    return found if found is not None and abs(found) <= LONGEST_LIFETIME_SECONDS else None


# Source: RFC 8628, 3.2. Some servers from the time of the drafts say verification_url.
DEVICE_TABLE: Table = {
    "user_code": Needed(read_shown, "user_code"),
    "verification_uri": Needed(read_shown, "verification_uri", "verification_url"),
    "verification_uri_complete": Field(shown_or_none, "verification_uri_complete"),
    "device_code": Needed(read_device_code, "device_code"),
    "interval": Derived(read_interval),
    "expires_in": Derived(read_lifetime),
}
DEVICE_FIELDS = tuple(DEVICE_TABLE)


def read_device(answer: Params, where: Where) -> dict[str, t.Any]:
    """Read the codes of a sign-in; an empty text counts as missing. Raises: BadReply."""
    return read_fields({name: value for name, value in answer.items() if value != ""}, DEVICE_TABLE, where)


def expiry(lifetime: int | None) -> str:
    """Return the expiry time of a token; empty if it is not known, or beyond the year 9999."""
    try:
        end = datetime.now(timezone.utc) + timedelta(seconds=lifetime) if lifetime is not None else None
    except OverflowError:
        end = None
    return end.strftime("%Y-%m-%dT%H:%M:%SZ") if end else ""


def _asked(api: Api, endpoint: Endpoint, client_id: str, **content: t.Any) -> Params:
    """Send one request and return the object in the reply. Raises: Refused with the sentence for the error's code."""
    try:
        answer = api.request(endpoint, **content)
    except ApiError as error:
        raise _refused(error, client_id) from None
    if not isinstance(answer.body, dict):
        raise bad("POST %s" % endpoint.path, "it is not an object")
    return answer.body


def _refused(error: ApiError, client_id: str) -> H444Error:
    """Return an OAuth error with a sentence that says what to do. Source: RFC 6749, 5.2; RFC 8628, 3.5."""
    client = shown(client_id)
    sentences = {
        "invalid_client": "444Host does not know the OAuth client %s. Check client_id." % client,
        "unauthorized_client": "The OAuth client %s is not allowed to sign in this way. Check client_id." % client,
        "invalid_scope": "444Host does not grant these scopes to the OAuth client %s. Check scopes." % client,
        "access_denied": "The sign-in was denied in the browser. Nothing was stored. %s." % BEGIN_ANEW,
        "expired_token": "The sign-in was not approved in time, and its code has expired. %s." % BEGIN_ANEW,
        "unsupported_grant_type": "444Host does not support this kind of sign-in. Create a key at %s." % APPS_PAGE,
    }
    # A 401 or 403 without a code can't be about a key, because none was sent.
    by_status = {401: "invalid_client", 403: "unauthorized_client"}
    code = error.code if error.code in sentences else by_status.get(error.status)
    if code is None:
        return error
    return Refused("%s (%s)" % (sentences[code], error.code or error.status), **{**error.facts, "error": code})


def plan_token(api: Api, params: Params) -> Plan:
    """Plan h444_oauth_token: read the metadata and check what can be checked. Raises: BadOption, Refused."""
    check_token_options(params)
    server = get_server(api)
    if params.get("device_code"):
        verb, endpoint = "exchange the device code of", EXCHANGE
    elif server.grants and REFRESH_GRANT not in server.grants:
        raise Refused("444Host does not refresh tokens (its metadata lacks the grant refresh_token). %s." % BEGIN_ANEW)
    else:
        verb, endpoint = "refresh the token of", REFRESH
    action = Action(verb, params["client_id"], endpoint._replace(path=server.token_path), {}, brings_secret=True)
    return Plan(None, {"expires_in": None, "scope": None}, (action,))


def check_token_options(params: Params) -> None:
    """Check every option of h444_oauth_token. Raises: BadOption."""
    check_code(params["client_id"], "client_id")
    option = "device_code" if params.get("device_code") else "refresh_token"
    check_code(params.get(option), option)
    if not 1 <= params["interval"] <= LONGEST_INTERVAL_SECONDS:
        raise BadOption("interval: must be 1 to %d seconds. Nothing was sent." % LONGEST_INTERVAL_SECONDS)
    if params["wait_timeout"] < 0:
        raise BadOption("wait_timeout: must not be negative. Nothing was sent.")


def perform_token(api: Api, action: Action, progress: Progress) -> None:
    """Get the tokens, and store them before anything else can fail.

    Raises: Refused, NotReached, UnknownFate, BadReply.
    """
    if progress.params.get("device_code"):
        _exchange(api, action.endpoint, progress)
        return
    with progress.sink.held() as is_locked:
        if not is_locked:
            raise Refused("Another run has locked credentials_file for too long. Nothing was sent. Run the task again.")
        _refresh(api, action.endpoint, progress)


def _exchange(api: Api, endpoint: Endpoint, progress: Progress) -> None:
    """Exchange an approved device code. Source: RFC 8628, 3.4. Raises: Refused, NotReached, BadReply."""
    params = progress.params
    code = params["device_code"]
    answer = _polled(api, endpoint, params, _mark(code) in _marks(progress.sink.kept(_entry(params))))
    # The file may contain an earlier sign-in, with a different refresh token and scope.
    _take(answer, progress, {"refresh_token": "", "scope": "", "replaced": [_mark(code)]})


def _refresh(api: Api, endpoint: Endpoint, progress: Progress) -> None:
    """Exchange a refresh token, once. Source: RFC 6749, 6; the reference: "single-use".

    Raises: UnknownFate, Refused, BadReply.
    """
    params = progress.params
    stored = progress.sink.kept(_entry(params))
    marks, used = _marks(stored), params["refresh_token"]
    if _mark(used) in marks and stored.get("refresh_token"):
        # Using a token twice could end the whole sign-in.
        progress.warn(
            "This refresh token was used by an earlier run, which stored the new one in credentials_file. The new one "
            "is used now."
        )
        used = str(stored["refresh_token"])
    form = {"grant_type": REFRESH_GRANT, "refresh_token": used, "client_id": params["client_id"]}
    try:
        answer = _asked(api, endpoint, params["client_id"], form=form)
    except (ApiError, BadReply, UnknownFate) as error:
        raise _not_refreshed(error) from None
    new = text(answer.get("refresh_token"))
    if not new:
        progress.warn("The reply contains no new refresh token, so it is not known whether the old one works again.")
    # Without a new one, the old one stays valid (RFC 6749, 6).
    if new and new != used:
        marks = [*marks, _mark(used)][-MARKS_KEPT:]
    _take(answer, progress, {"refresh_token": used, "replaced": marks}, used)


def _not_refreshed(error: H444Error) -> H444Error:
    """Return the error for a failed refresh: what is known about the token, and what to do."""
    if isinstance(error, ApiError) and error.code == "invalid_grant":
        return Refused(
            "The refresh token was already used, has expired or was revoked (invalid_grant). It works once, and for 90 "
            "days. %s." % BEGIN_ANEW,
            **error.facts,
        )
    if isinstance(error, ApiError) and not error.may_have_happened:
        return error
    return UnknownFate(
        "%s The refresh token works once, so it was not sent again. Run the task again. If the server refuses the "
        "token then, start a new sign-in with h444_oauth_device." % error,
        **error.facts,
    )


def _entry(params: Params) -> str:
    return "oauth/%s" % params["client_id"]


def _mark(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8")).hexdigest()


def _marks(stored: Params) -> list[str]:
    """Return the hashes of the codes and tokens that the stored tokens have replaced, the newest last."""
    found = stored.get("replaced")
    return [mark for mark in found if isinstance(mark, str)] if isinstance(found, list) else []


def _polled(api: Api, endpoint: Endpoint, params: Params, is_stored: bool) -> Params:
    """Request the tokens until the user has decided. Source: RFC 8628, 3.4 and 3.5. Raises: NotReached, Refused.

    Units: the interval grows by 5 s after each slow_down and doubles after each lost request, as the RFC requires, so
    the client must not retry by itself. *is_stored*: an earlier run exchanged this code and stored the tokens.
    """
    started, interval, asked = api.now(), float(params["interval"]), 0
    form = {"grant_type": DEVICE_GRANT, "device_code": params["device_code"], "client_id": params["client_id"]}
    has_lost_one = False
    while True:
        asked += 1
        try:
            return _asked(api, endpoint, params["client_id"], form=form, once=True)
        except (ApiError, BadReply, TransportError, UnknownFate) as error:
            code = error.code if isinstance(error, ApiError) else ""
            if code == "invalid_grant":
                raise Refused(
                    "The device code is unknown or was already used (invalid_grant)%s"
                    % _used_up(is_stored, has_lost_one),
                    **error.facts,
                ) from None
            if _is_lost(error):
                has_lost_one = has_lost_one or error.facts.get("sent") != "no"
                interval, said = max(interval, min(interval * 2, SLOWEST_SECONDS)), str(error)
            elif code in (PENDING, SLOW_DOWN):
                interval += SLOW_DOWN_SECONDS if code == SLOW_DOWN else 0
                said = "it is not approved yet"
            else:
                raise
        waited = api.now() - started
        if waited + interval > params["wait_timeout"]:
            raise NotReached(
                "The sign-in is not complete after %d s (%d requests): %s. Approve it in the browser, and run "
                "the task again with the same device_code." % (waited, asked, said.rstrip("."))
            )
        api.sleep(interval)


def _is_lost(error: H444Error) -> bool:
    """Return whether a request got no reply that decides anything."""
    return error.may_have_happened or not isinstance(error, ApiError)


def _used_up(is_stored: bool, has_lost_one: bool) -> str:
    """Return where the tokens of a used device code are, and what to do."""
    if is_stored:
        return ": an earlier run exchanged it, and its tokens are in credentials_file. Use those."
    lost = ": the reply with the tokens was lost. Revoke that sign-in at %s" % APPS_PAGE if has_lost_one else ""
    return "%s. %s." % (lost, BEGIN_ANEW)


def _take(answer: Params, progress: Progress, about: dict[str, t.Any], used: str | None = None) -> None:
    """Read the tokens and store them at once. Raises: BadReply.

    *about*: further fields for the file, and defaults for those that the reply lacks. *used*: the refresh token that
    was sent.
    """
    lifetime, scope = read_lifetime(answer), text(answer.get("scope"))
    found = {name: text(answer.get(name)) for name in ("access_token", "refresh_token")}
    tokens = {name: value for name, value in found.items() if value}
    progress.maybe = True  # the sign-in has changed, whatever is wrong with the reply
    progress.after = {"expires_in": lifetime, "scope": scope}
    _store(tokens, progress, {**about, "expires_at": expiry(lifetime), **({"scope": scope} if scope else {})}, used)
    _check_usable(tokens, text(answer.get("token_type")))
    if used is None and "refresh_token" not in tokens:
        progress.warn("The reply contains no refresh token, so the sign-in ends with the access token.")


def _store(tokens: dict[str, str], progress: Progress, about: dict[str, t.Any], used: str | None) -> None:
    """Write the tokens to the file, or else into the result."""
    params = progress.params
    if progress.sink.path is not None and tokens:
        progress.keep(_entry(params), params["client_id"], {**about, **tokens})
    if not progress.is_kept_in_file:
        # A token that came back unchanged is the value of an option, which Ansible would mask in the result.
        progress.secrets = {name: value for name, value in tokens.items() if value != used}


def _check_usable(tokens: t.Mapping[str, str], kind: str | None) -> None:
    """Check that there is a token of a supported type. Raises: BadReply."""
    if "access_token" not in tokens:
        raise BadReply("The reply to the sign-in contains no access_token. The API may have changed.")
    if kind is not None and kind.lower() != "bearer":
        raise BadReply(
            "The reply to the sign-in contains a token of the type %s; only bearer tokens can be used." % shown(kind)
        )


def read_back(api: Api, params: Params, progress: Progress) -> t.Any:
    """Return the fields of the result."""
    return progress.after


DEVICE_TASK = Reconciler(
    "", plan_device, perform_device, read_back, identifiers=Identifiers("OAuth client", ("client_id",))
)
TOKEN_IDENTIFIERS = Identifiers("sign-in", ("device_code", "refresh_token"), is_needed=True, is_one=True)
TOKEN_TASK = Reconciler("", plan_token, perform_token, read_back, identifiers=TOKEN_IDENTIFIERS)
