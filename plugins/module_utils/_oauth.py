# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Sign-in by the browser (RFC 8628): a device code is asked for, the user approves it, and it is exchanged for tokens.

The provider's page names the flow, the metadata's address and the prefixes of the tokens. Endpoints come from the metadata.
"""

from __future__ import annotations

import hashlib
import re
import typing as t
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

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
from ._identifiers import Identifiers
from ._names import clean, closest, one_line, shown
from ._plan import Action, Plan
from ._reader import Where, bad, text, whole

# None of them takes a scope: they are how a scope is got. The paths of the last four come from the metadata.
METADATA = Endpoint("GET", "/.well-known/oauth-authorization-server", "")
REGISTER = Endpoint("POST", "/oauth/register", "", NEVER)
DEVICE = Endpoint("POST", "/oauth/device_authorization", "", ALWAYS)  # one more code that nobody approves does no harm
EXCHANGE = Endpoint(
    "POST", "/oauth/token", "", ALWAYS, tells_secret=True
)  # a code that was exchanged already is refused, and that is told
REFRESH = Endpoint(
    "POST", "/oauth/token", "", NEVER, tells_secret=True
)  # a refresh token works once; used twice it may end the whole sign-in
ENDPOINTS = (METADATA, REGISTER, DEVICE, EXCHANGE, REFRESH)

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
REFRESH_GRANT = "refresh_token"
DEFAULT_INTERVAL_SECONDS = 5  # RFC 8628, 3.2
LONGEST_INTERVAL_SECONDS = 86400  # what is longer is no pause between two questions, and no code lives as long
LONGEST_LIFETIME_SECONDS = 10**15
SLOW_DOWN_SECONDS = 5  # RFC 8628, 3.5
SLOWEST_SECONDS = (
    60.0  # what doubling the interval ends at, so that an outage of a minute does not use up the whole wait
)
MARKS_KEPT = 100  # used refresh tokens that are known again: as many runs may begin with one and the same token
CODE = re.compile(r"\A[\x21-\x7e]{1,2000}\Z")
PATH = re.compile(r"\A/[A-Za-z0-9._~/-]{1,200}\Z")
DEVICE_FIELDS = ("user_code", "verification_uri", "verification_uri_complete", "device_code", "interval", "expires_in")
APPS_PAGE = "https://www.444host.com/account/api-keys"


class Server(t.NamedTuple):
    """What the metadata tells. ``register`` is None where clients can't register themselves."""

    device: Endpoint
    token_path: str
    register: Endpoint | None
    scopes: t.Tuple[str, ...]
    grants: t.Tuple[str, ...]


def read_metadata(body: t.Any, origin: str) -> Server:
    """Read where the endpoints are. Raises: BadReply, Refused when one is on another host.

    Source: GET /.well-known/oauth-authorization-server (RFC 8414).
    """
    if not isinstance(body, dict):
        raise bad(METADATA, "it is no object")

    def texts(name: str) -> tuple[str, ...]:
        found = body.get(name)
        return tuple(item for item in found if isinstance(item, str)) if isinstance(found, list) else ()

    device = endpoint_path(body, "device_authorization_endpoint", origin)
    token = endpoint_path(body, "token_endpoint", origin)
    if device is None or token is None:
        raise bad(METADATA, "%s is missing" % ("device_authorization_endpoint" if device is None else "token_endpoint"))
    register = endpoint_path(body, "registration_endpoint", origin)
    grants = texts("grant_types_supported")
    if grants and DEVICE_GRANT not in grants:
        raise Refused("%s offers no sign-in by device code. Nothing was done; make a key at %s." % (origin, APPS_PAGE))
    return Server(
        DEVICE._replace(path=device),
        token,
        None if register is None else REGISTER._replace(path=register),
        texts("scopes_supported"),
        grants,
    )


def endpoint_path(body: Params, name: str, origin: str) -> str | None:
    """Give the path of one endpoint of the metadata, None where it is not told. Raises: Refused, BadReply."""
    url = body.get(name)
    if url is None:
        return None
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        place = (parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme))
    except ValueError:
        raise bad(METADATA, "%s is no URL" % name) from None
    here = urlsplit(origin)
    if place != (here.scheme, here.hostname, here.port or {"https": 443, "http": 80}.get(here.scheme)):
        raise Refused(
            "The metadata of %s names the %s %s, which is on another host. Codes and tokens are sent to the host of api_url alone, so nothing was sent."
            % (origin, name, clean(str(url), 100))
        )
    if not PATH.match(parts.path) or ".." in parts.path or parts.query or parts.fragment:
        raise bad(METADATA, "%s has a path that can't be used: %s" % (name, clean(parts.path, 80)))
    return parts.path


def get_server(api: Api) -> Server:
    """Read the metadata. Raises: Refused where there is none."""
    try:
        answer = api.request(METADATA)
    except NotFound:
        raise Refused("%s offers no sign-in: it has no %s. Look at api_url." % (api.api_url, METADATA.path)) from None
    return read_metadata(answer.body, api.api_url)


def check_code(value: str | None, option: str) -> str:
    """Return a client id, a code or a token if it can be one, else raise BadOption, without the value."""
    if not value or not CODE.match(value):
        raise BadOption(
            "%s: it is %s. Nothing was sent."
            % (option, "empty" if not value else "too long, or holds spaces or control characters")
        )
    return value


def check_scopes(scopes: t.Sequence[str], known: t.Sequence[str]) -> str:
    """Give the scopes in the form of a request. Raises: BadOption, with the closest where one is unknown."""
    for scope in scopes:
        if not re.match(r"\A[\x21\x23-\x5b\x5d-\x7e]+\Z", scope):
            raise BadOption("scopes: %s is no scope." % shown(scope))
        if known and scope not in known:
            near = closest(scope, known)
            raise BadOption(
                "scopes: there is no scope %s%s There are: %s. Nothing was sent."
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
    actions = []
    if not client_id:
        if not params["register_client"] or server.register is None:
            raise BadOption(
                "client_id: the sign-in needs the id of an OAuth client. %s"
                % (
                    "444Host can register one; set register_client: true."
                    if server.register is not None
                    else "444Host offers no registration, so ask its support for one; or make a key at %s." % APPS_PAGE
                )
            )
        body = {
            "client_name": params["client_name"],
            "grant_types": [DEVICE_GRANT, REFRESH_GRANT],
            "response_types": [],
            "token_endpoint_auth_method": "none",
            **form,
        }
        actions.append(Action("register", params["client_name"], server.register, {}, body))
    actions.append(
        Action(
            "ask for a sign-in of",
            client_id or params["client_name"],
            server.device,
            {},
            {"client_id": client_id, **form},
        )
    )
    after = {"client_id": client_id, **dict.fromkeys(DEVICE_FIELDS)}
    return Plan(None, after, tuple(actions))


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
    # Who has the device code can take the tokens, so it goes past the diff, which is shown unasked.
    progress.secrets["device_code"] = found.pop("device_code")
    progress.after = {"client_id": client_id, **found}


def read_device(answer: Params, where: Where) -> dict[str, t.Any]:
    """Read the codes of a sign-in. Source: RFC 8628, 3.2. Raises: BadReply."""
    found: dict[str, t.Any] = {}
    for name in ("user_code", "device_code", "verification_uri"):
        # Some servers of the drafts' time say verification_url.
        found[name] = text(answer.get(name)) or (
            text(answer.get("verification_url")) if name == "verification_uri" else None
        )
        if not found[name]:
            raise bad(where, "%s is missing" % name)
    if not CODE.match(found["device_code"]):
        raise bad(where, "device_code holds what no code can hold")
    found["verification_uri_complete"] = text(answer.get("verification_uri_complete"))
    for name in ("user_code", "verification_uri", "verification_uri_complete"):  # they are shown on a terminal
        found[name] = one_line(found[name], 2000) if found[name] else None
    interval = whole(answer.get("interval")) or DEFAULT_INTERVAL_SECONDS
    found["interval"] = max(interval, 1) if interval <= LONGEST_INTERVAL_SECONDS else DEFAULT_INTERVAL_SECONDS
    found["expires_in"] = read_lifetime(answer)
    return found


def read_lifetime(answer: Params) -> int | None:
    """Give the seconds until something expires, None where they are not told or no number that anything could be done with."""
    found = whole(answer.get("expires_in"))
    return found if found is not None and abs(found) <= LONGEST_LIFETIME_SECONDS else None


def expiry(lifetime: int | None) -> str:
    """Give the moment when a token expires; empty where that is not known, or beyond all calendars."""
    try:
        end = datetime.now(timezone.utc) + timedelta(seconds=lifetime) if lifetime is not None else None
    except OverflowError:
        end = None
    return end.strftime("%Y-%m-%dT%H:%M:%SZ") if end else ""


def _asked(api: Api, endpoint: Endpoint, client_id: str, **content: t.Any) -> Params:
    """Send one request and give the answer's object. Raises: Refused with the sentence for the error's code."""
    try:
        answer = api.request(endpoint, **content)
    except ApiError as error:
        raise _refused(error, client_id) from None
    if not isinstance(answer.body, dict):
        raise bad("POST %s" % endpoint.path, "it is no object")
    return answer.body


def _refused(error: ApiError, client_id: str) -> H444Error:
    """Turn an OAuth error into a sentence that says what to do. Source: RFC 6749, 5.2; RFC 8628, 3.5."""
    sentences = {
        "invalid_client": "444Host does not know the OAuth client %s; look at client_id." % shown(client_id),
        "unauthorized_client": "The OAuth client %s may not sign in this way; look at client_id." % shown(client_id),
        "invalid_scope": "444Host does not give these scopes to the OAuth client %s; look at scopes."
        % shown(client_id),
        "access_denied": "The sign-in was denied in the browser. Nothing was stored; h444_oauth_device begins a new one.",
        "expired_token": "The sign-in was not approved in time, and its code has expired; h444_oauth_device begins a new one.",
        "unsupported_grant_type": "444Host does not offer this kind of sign-in; make a key at %s." % APPS_PAGE,
    }
    # A 401 or 403 without a code can't be about a key, for none was sent.
    code = (
        error.code
        if error.code in sentences
        else {401: "invalid_client", 403: "unauthorized_client"}.get(error.status, "")
    )
    return (
        Refused("%s (%s)" % (sentences[code], error.code or error.status), **{**error.facts, "error": code})
        if code
        else error
    )


def plan_token(api: Api, params: Params) -> Plan:
    """Plan h444_oauth_token: read the metadata and check what can be checked. Raises: BadOption, Refused."""
    client_id = check_code(params["client_id"], "client_id")
    if params.get("device_code"):
        check_code(params["device_code"], "device_code")
    else:
        check_code(params.get("refresh_token"), "refresh_token")
    if not 1 <= params["interval"] <= LONGEST_INTERVAL_SECONDS:
        raise BadOption("interval: must be 1 to %d seconds. Nothing was sent." % LONGEST_INTERVAL_SECONDS)
    if params["wait_timeout"] < 0:
        raise BadOption("wait_timeout: must not be negative. Nothing was sent.")
    server = get_server(api)
    refreshes = not params.get("device_code")
    if refreshes and server.grants and REFRESH_GRANT not in server.grants:
        raise Refused(
            "444Host does not refresh tokens (its metadata lacks the grant refresh_token); h444_oauth_device begins a new sign-in."
        )
    endpoint = (REFRESH if refreshes else EXCHANGE)._replace(path=server.token_path)
    action = Action(
        "refresh the token of" if refreshes else "exchange the device code of",
        client_id,
        endpoint,
        {},
        brings_secret=True,
    )
    return Plan(None, {"expires_in": None, "scope": None}, (action,))


def perform_token(api: Api, action: Action, progress: Progress) -> None:
    """Get the tokens, and store them before anything else can fail. Raises: Refused, NotReached, UnknownFate, BadReply."""
    if progress.params.get("device_code"):
        _exchange(api, action.endpoint, progress)
        return
    with progress.sink.held() as is_locked:
        if not is_locked:
            raise Refused(
                "Another run has held the lock of credentials_file for long. Nothing was sent; run the task again."
            )
        _refresh(api, action.endpoint, progress)


def _exchange(api: Api, endpoint: Endpoint, progress: Progress) -> None:
    """Exchange an approved device code. Source: RFC 8628, 3.4. Raises: Refused, NotReached, BadReply."""
    params = progress.params
    code = params["device_code"]
    answer = _polled(api, endpoint, params, _mark(code) in _marks(progress.sink.kept(_entry(params))))
    # The file may hold an earlier sign-in, whose refresh token and scope are not this one's.
    _take(answer, progress, {"refresh_token": "", "scope": "", "replaced": [_mark(code)]})


def _refresh(api: Api, endpoint: Endpoint, progress: Progress) -> None:
    """Exchange a refresh token, once. Source: RFC 6749, 6; the page: "single-use". Raises: UnknownFate, Refused, BadReply."""
    params = progress.params
    used = params["refresh_token"]
    stored = progress.sink.kept(_entry(params))
    marks = _marks(stored)
    if _mark(used) in marks and stored.get("refresh_token"):
        # Asking with a used token again could end the whole sign-in.
        progress.warn(
            "This refresh token was used by an earlier run, which stored the one that it got in credentials_file; that one is used now."
        )
        used = str(stored["refresh_token"])
    form = {"grant_type": REFRESH_GRANT, "refresh_token": used, "client_id": params["client_id"]}
    try:
        answer = _asked(api, endpoint, params["client_id"], form=form)
    except (ApiError, BadReply, UnknownFate) as error:
        if isinstance(error, ApiError) and error.code == "invalid_grant":
            raise Refused(
                "The refresh token is used up, expired or revoked (invalid_grant): it works once, and for 90 days. h444_oauth_device begins a new "
                "sign-in.",
                **error.facts,
            ) from None
        if isinstance(error, ApiError) and not error.may_have_happened:
            raise
        raise UnknownFate(
            "%s The refresh token works once, so it was not sent again. Run the task again; if it is refused then, h444_oauth_device begins a new "
            "sign-in." % error,
            **error.facts,
        ) from None
    new = text(answer.get("refresh_token"))
    if not new:
        progress.warn("The answer holds no new refresh token; whether the old one works again is not told.")
    # Without a new one the old one goes on (RFC 6749, 6).
    marks = (marks + [_mark(used)])[-MARKS_KEPT:] if new and new != used else marks
    _take(answer, progress, {"refresh_token": used, "replaced": marks}, used)


def _entry(params: Params) -> str:
    return "oauth/%s" % params["client_id"]


def _mark(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8")).hexdigest()


def _marks(stored: Params) -> list[str]:
    """Give the marks of the codes and tokens that the stored tokens have replaced, the latest last."""
    found = stored.get("replaced")
    return [mark for mark in found if isinstance(mark, str)] if isinstance(found, list) else []


def _polled(api: Api, endpoint: Endpoint, params: Params, is_stored: bool) -> Params:
    """Ask for the tokens until the user has decided. Source: RFC 8628, 3.4 and 3.5. Raises: NotReached, Refused.

    Units: the interval grows by 5 s with each slow_down and doubles with each lost question, as the RFC wants; so the
    client must not repeat one by itself. *is_stored*: an earlier run exchanged this very code and stored the tokens.
    """
    started, interval, asked = api.now(), float(params["interval"]), 0
    form = {"grant_type": DEVICE_GRANT, "device_code": params["device_code"], "client_id": params["client_id"]}
    has_lost_one = False
    while True:
        asked += 1
        try:
            return _asked(api, endpoint, params["client_id"], form=form, once=True)
        except ApiError as error:
            if error.code == "invalid_grant":
                raise Refused(
                    "The device code is unknown or used already (invalid_grant)%s" % _used_up(is_stored, has_lost_one),
                    **error.facts,
                ) from None
            if error.may_have_happened:
                has_lost_one, interval, said = True, _slower(interval), str(error)
            elif error.code in ("authorization_pending", "slow_down"):
                interval += SLOW_DOWN_SECONDS if error.code == "slow_down" else 0
                said = "it is not approved yet"
            else:
                raise
        except (BadReply, TransportError, UnknownFate) as error:
            has_lost_one = has_lost_one or error.facts.get("sent") != "no"
            interval, said = _slower(interval), str(error)
        waited = api.now() - started
        if waited + interval > params["wait_timeout"]:
            raise NotReached(
                "The sign-in is not complete after %d s (asked %d times): %s. Approve it in the browser and run the task again with the same device_code."
                % (waited, asked, said.rstrip("."))
            )
        api.sleep(interval)


def _slower(interval: float) -> float:
    return max(interval, min(interval * 2, SLOWEST_SECONDS))


def _used_up(is_stored: bool, has_lost_one: bool) -> str:
    """Say where the tokens of a used device code are, and the way out."""
    if is_stored:
        return ": an earlier run exchanged it, and its tokens are in credentials_file. Use those."
    lost = (
        ": the answer that brought the tokens was lost on its way. Revoke that sign-in at %s" % APPS_PAGE
        if has_lost_one
        else ""
    )
    return lost + "; h444_oauth_device begins a new sign-in."


def _take(answer: Params, progress: Progress, about: dict[str, t.Any], used: str | None = None) -> None:
    """Read the tokens and store them at once. Raises: BadReply.

    *about*: what the file shall hold besides, and where the answer is silent. *used*: the refresh token that was sent.
    """
    params = progress.params
    lifetime, scope = read_lifetime(answer), text(answer.get("scope"))
    found = {name: text(answer.get(name)) for name in ("access_token", "refresh_token")}
    tokens = {name: value for name, value in found.items() if value}
    progress.maybe = True  # the sign-in has changed, whatever is wrong with the answer
    progress.after = {"expires_in": lifetime, "scope": scope}
    if progress.sink.path is not None and tokens:
        about = {**about, "expires_at": expiry(lifetime), **({"scope": scope} if scope else {})}
        progress.keep(_entry(params), params["client_id"], {**about, **tokens})
    if not progress.is_kept_in_file:
        # A token that came back as it was sent is an option's secret value, which Ansible would black out in the result.
        progress.secrets = {name: value for name, value in tokens.items() if value != used}
    if "access_token" not in tokens:
        raise BadReply("The sign-in was answered, but without an access_token. The API may have changed.")
    kind = text(answer.get("token_type"))
    if kind is not None and kind.lower() != "bearer":
        raise BadReply(
            "The sign-in was answered with a token of the type %s; only bearer tokens can be used." % shown(kind)
        )
    if used is None and "refresh_token" not in tokens:
        progress.warn("The answer holds no refresh token: the sign-in ends with the access token.")


def read_back(api: Api, params: Params, progress: Progress) -> t.Any:
    """Give what was got."""
    return progress.after


DEVICE_TASK = Reconciler(
    "", plan_device, perform_device, read_back, identifiers=Identifiers("OAuth client", ("client_id",))
)
TOKEN_IDENTIFIERS = Identifiers("sign-in", ("device_code", "refresh_token"), is_needed=True, is_one=True)
TOKEN_TASK = Reconciler("", plan_token, perform_token, read_back, identifiers=TOKEN_IDENTIFIERS)
