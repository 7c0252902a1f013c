# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One request with the care of the other modules, for what the collection does not support yet."""

from __future__ import annotations

import json
import re
import typing as t
from urllib.parse import unquote

from ._addresses import list_ips
from ._api import Api, Params, Row
from ._endpoint import ALWAYS, NEVER, PARAMETER, WITH_KEY, Endpoint
from ._errors import BadOption, H444Error, NotFound, Refused
from ._hosting import ACCOUNTS
from ._names import CONTROL, canonical_ip, check_id, clean, shown
from ._order import check_custom_key
from ._protected import check_names, guarding
from ._reader import shallow
from ._vps import SERVERS
from ._webhook import WEBHOOKS

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
MAX_PATH = 2000
# The characters of a path. No ';': some servers cut a segment there, so that '..;' means '..'.
SEGMENT = re.compile(r"\A(?:[A-Za-z0-9._~:@!$&'()*+,=-]|%[0-9A-Fa-f]{2})+\Z")
# Escapes of these are needless, or hide what is checked: dots, slashes, another escape, a query.
NEVER_ESCAPED = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/\\%?#;")
# Each POST to one of these has an effect, and the reference promises no Idempotency-Key for them: the endpoints of the
# nouns that are POST and NEVER. A test compares the two.
WITHOUT_KEY = (
    "/hosting/{id}/ssl/retry",
    "/tickets/{id}/reply",
    "/vps/{id}/power/reboot",
    "/webhooks",
    "/webhooks/{id}/deliveries/{delivery_id}/redeliver",
    "/webhooks/{id}/rotate-secret",
)

# The requests below a resource that neither remove nor rename it.
HARMLESS = {
    "vps": re.compile(r"power/\w+"),
    "hosting": re.compile(r"suspend|unsuspend|php|ssl/retry"),
    "webhooks": re.compile(r"rotate-secret|deliveries/[^/]+/redeliver"),
}
# The first segments of the paths of resources that are protected by their names.
GUARDED = {"vps": SERVERS, "hosting": ACCOUNTS, "webhooks": WEBHOOKS}
# The field of a body that renames a resource, by the kind and by what follows the ID in the path.
RENAMING = {("vps", "label"): "label", ("webhooks", ""): "url"}
# Words in the path of a request that may remove something, for unknown kinds.
DESTROYING = re.compile(
    r"(?:\A|[/_-])(?:reinstall|rebuild|terminate|destroy|delete|remove|reset|wipe|cancel|purge)(?:\Z|[/_-])"
)
PTR_PATH = re.compile(r"ips/([^/]+)/ptr")


def check_path(path: str) -> str:
    """Return a path that can only mean what it shows, else raise BadOption.

    It is sent unchanged, so characters that leave the directory, hide something or end the path are refused first.
    """

    def wrong(why: str) -> BadOption:
        return BadOption("path: %s is refused: %s. Nothing was sent." % (shown(path), why))

    if not path.startswith("/"):
        raise wrong("it must begin with '/' and is relative to api_url, like /vps")
    if "?" in path or "#" in path:
        raise wrong("it contains a query or a fragment; use the option query")
    if len(path) > MAX_PATH:
        raise wrong("it is longer than %d characters" % MAX_PATH)
    for segment in path[1:].split("/"):
        if not segment:
            raise wrong("it has an empty segment ('//', or a trailing '/')")
        if not segment.strip("."):
            raise wrong("it has a segment of dots only, which could leave the directory")
        if not SEGMENT.match(segment):
            raise wrong(
                "'%s' contains a character that is not allowed in a path; escape it (filter urlencode)"
                % clean(segment, 40)
            )
        _check_escapes(segment, wrong)
    return path


def _check_escapes(segment: str, wrong: t.Callable[[str], BadOption]) -> None:
    """Allow only escapes that are needed, and that decode to text. Raises: BadOption."""
    raw = bytearray()
    for part in re.findall(r"%[0-9A-Fa-f]{2}|[^%]", segment):
        if len(part) == 1:
            raw += part.encode("ascii")
            continue
        byte = int(part[1:], 16)
        if byte in NEVER_ESCAPED or byte < 0x20 or byte == 0x7F:
            raise wrong("the escape %s is not allowed" % part)
        raw.append(byte)
    try:
        found = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise wrong("its escapes are not UTF-8") from None
    if CONTROL.search(found):
        raise wrong("its escapes contain a control character")


def query_of(query: Params | None) -> dict[str, t.Any]:
    """Return the query as it is sent: texts, numbers, lists of these; a boolean is true or false. Raises: BadOption."""

    def one(name: str, value: t.Any) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (str, int, float)):
            return str(value)
        raise BadOption(
            "query: %s must be a string, a number, a boolean or a list of these. Nothing was sent." % shown(name)
        )

    found: dict[str, t.Any] = {}
    for name, value in (query or {}).items():
        if value is not None:
            found[str(name)] = [one(name, item) for item in value] if isinstance(value, list) else one(name, value)
    return found


def endpoint_of(method: str, path: str) -> Endpoint:
    """Return the endpoint of a raw request: its scope is unknown, and the method decides whether it may be resent.

    PUT and DELETE are idempotent by HTTP. A POST is resent only with an Idempotency-Key, and a PATCH never.
    """
    resend = {"POST": WITH_KEY, "PATCH": NEVER}.get(method, ALWAYS)
    return Endpoint(method, path, "", NEVER if method == "POST" and _takes_no_key(path) else resend)


def _takes_no_key(path: str) -> bool:
    """Return whether a POST to this path must not be resent, with or without an Idempotency-Key."""
    return any(re.fullmatch(PARAMETER.sub("[^/]+", known), path) for known in WITHOUT_KEY)


def check(params: Params) -> Endpoint:
    """Check every option, also in check mode. Raises: BadOption."""
    check_custom_key(params.get("idempotency_key"))
    query_of(params.get("query"))
    if params["method"] == "GET":
        for name in ("body", "idempotency_key"):
            if params.get(name) is not None:
                raise BadOption(
                    "%s: not allowed with method: GET. Nothing was sent. Leave it out, or use a different method."
                    % name
                )
    try:
        json.dumps(params.get("body"), allow_nan=False)
    except (TypeError, ValueError):
        raise BadOption(
            "body: contains a value that JSON does not support (infinity, a date). Nothing was sent."
        ) from None
    return endpoint_of(params["method"], check_path(params["path"]))


class Target(t.NamedTuple):
    """The resource of a request, by its kind and ID. *rest*: what follows the ID in the path."""

    kind: str
    resource_id: str
    rest: str


def target_of(path: str) -> Target | None:
    """Return the resource of a path, None if it is not known. Some servers ignore case in paths."""
    kind, _slash, below = path[1:].partition("/")
    resource_id, _slash, rest = below.partition("/")
    if kind.lower() not in GUARDED or not resource_id:
        return None
    return Target(kind.lower(), resource_id, rest.lower())


def check_unprotected(api: Api, params: Params, endpoint: Endpoint) -> None:
    """Compare the names of the resource of a writing request with the patterns of ``protected``. Raises: Refused.

    If the names can't be read, the request is refused.
    """
    patterns = guarding(params.get("protected"))
    if not patterns or endpoint.method == "GET":
        return
    what = "%s %s" % (endpoint.method, clean(endpoint.path, 120))
    target = target_of(endpoint.path)
    if target is None:
        if endpoint.method == "DELETE" or DESTROYING.search(endpoint.path.lower()):
            raise Refused(
                "The names of the resource that %s affects can't be read, so it is refused while protected is set. "
                "Nothing was sent." % what
            )
        return
    body = params["body"] if isinstance(params.get("body"), dict) else {}
    if is_harmless(target, endpoint.method, body):
        return
    names = _names_of(api, target)
    if names is not None:
        check_names(patterns, names, what, new_name_in(target, endpoint.method, body))


def is_harmless(target: Target, method: str, body: Params) -> bool:
    """Return whether a request neither removes nor renames its resource. Pure."""
    if target.kind == "webhooks" and not target.rest:
        return method == "PATCH" and "url" not in body
    return bool(HARMLESS[target.kind].fullmatch(target.rest))


def new_name_in(target: Target, method: str, body: Params) -> str | None:
    """Return the new name of the resource in a request, None if there is none. Pure."""
    field = "hostname" if PTR_PATH.fullmatch(target.rest) else RENAMING.get((target.kind, target.rest), "")
    name = body.get(field) if method in ("PUT", "PATCH") else None
    return name if isinstance(name, str) else None


def _names_of(api: Api, target: Target) -> tuple[str | None, ...] | None:
    """Return the names of a resource, none if it does not exist.

    The name of an address is that of its PTR record. Without a record, return None: then there is no name to lose.
    """
    resource_id = check_id(target.resource_id, "path")
    ptr = PTR_PATH.fullmatch(target.rest)
    if target.kind == "vps" and ptr:
        return _ptr_of(list_ips(api, resource_id), canonical_ip(unquote(ptr.group(1))))
    source = GUARDED[target.kind]
    row = source.get_row(api, resource_id)
    return source.noun.names_of(row) if row is not None else ()


def _ptr_of(rows: t.Sequence[Row], ip: str | None) -> tuple[str | None, ...] | None:
    """Return the names of an address's PTR records as _names_of does. Pure."""
    records = [row["ptr"] for row in rows if row["ip"] == ip]
    if not records:
        return ()
    return tuple(name for name in records if name) or None


def call(api: Api, params: Params, endpoint: Endpoint) -> dict[str, t.Any]:
    """Send the request. The body of the reply is returned unchanged, None if there is none.

    Source: any endpoint of https://api.444host.com/v1. Raises: what Client.request raises.
    """
    try:
        answer = api.request(
            endpoint,
            query=query_of(params.get("query")),
            body=params.get("body"),
            idempotency_key=params.get("idempotency_key") or None,
        )
    except NotFound as error:
        if endpoint.method != "DELETE" or not error.may_have_happened:
            raise
        raise NotFound(
            "%s An earlier attempt of this request, whose reply was lost, may have deleted it." % error, **error.facts
        ) from None
    return {"changed": endpoint.method != "GET", "status": answer.status, "body": shallow(answer.body)}


def may_have_changed(endpoint: Endpoint, error: H444Error) -> bool:
    """Return whether a failed request may have had its effect."""
    return endpoint.method != "GET" and error.may_have_happened


def run(module: t.Any) -> None:
    """Check, send, and end the module with the reply. Check mode sends only a GET."""
    endpoint: Endpoint | None = None
    result: dict[str, t.Any] = {}
    try:
        api = module.api()
        asked = check(module.params)
        check_unprotected(api, module.params, asked)
        endpoint = asked  # an earlier failure was one of the checks
        if module.check_mode and endpoint.method != "GET":
            result = {"changed": True, "status": None, "body": None}
        else:
            result = call(api, module.params, endpoint)
    except H444Error as error:
        module.fail(error, changed=endpoint is not None and may_have_changed(endpoint, error))
    except Exception as error:  # pylint: disable=broad-except
        module.crash(error, changed=endpoint is not None and endpoint.method != "GET")
    module.exit(**result)
