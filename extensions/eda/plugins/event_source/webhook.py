# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Event source h444.cloud.webhook. ansible-rulebook starts it by its path, so it imports nothing of the collection."""

from __future__ import annotations

import asyncio
import difflib
import hashlib
import heapq
import hmac
import json
import logging
import re
import ssl
import time
import typing as t
import urllib.parse
from datetime import datetime, timezone

from aiohttp import ClientError, web

DOCUMENTATION = r"""
---
short_description: Receive the webhooks of 444Host.
description:
  - An ansible-rulebook event source that receives the deliveries of a 444Host webhook.
  - It verifies the signature of each delivery (C(X-444host-Signature)) with the secret of the webhook, and refuses
    deliveries that are not signed, that were changed, or that were signed too long ago.
  - Each event fires once. 444Host repeats a delivery that it believes has failed, and such a duplicate is confirmed and
    fires nothing. What was received is remembered in memory. It is lost when ansible-rulebook ends.
  - 444Host delivers to HTTPS URLs only. Set O(certfile), or put a reverse proxy with TLS in front of the source. The
    proxy must pass on the body unchanged.
options:
  host:
    description:
      - The address to listen on. Set it to C(0.0.0.0) or C(::) to listen on all addresses.
    type: str
    default: "127.0.0.1"
  port:
    description:
      - The TCP port to listen on.
    type: int
    default: 5000
  path:
    description:
      - The path of the URL of the webhook. Requests to other paths are refused.
    type: str
    default: "/"
  secrets:
    description:
      - The signing secret of the webhook, or a list of secrets. A delivery must be signed with one of them.
      - While you rotate the secret, list the new one and the old one.
    type: list
    elements: str
    required: true
  tolerance:
    description:
      - By how many seconds the time of the signature may differ from the time of this machine. The minimum is 1,
        because signatures have whole seconds.
    type: float
    default: 300
  certfile:
    description:
      - The file with the certificate of the server and the certificates of its issuers, in PEM format. It enables TLS.
    type: str
  keyfile:
    description:
      - The file with the private key, in PEM format. By default, O(certfile) contains the key.
    type: str
  password:
    description:
      - The password of the private key.
    type: str
  max_body_bytes:
    description:
      - The maximum size of a delivery, in bytes.
    type: int
    default: 65536
  read_timeout:
    description:
      - How many seconds a sender may take to send a delivery.
    type: float
    default: 30
  dedupe_seconds:
    description:
      - For how many seconds the ID of an event is remembered.
    type: float
    default: 86400
  allow_unknown_events:
    description:
      - Whether events that this version of the collection does not know are accepted.
    type: bool
    default: false
"""

EXAMPLES = r"""
# Behind a reverse proxy that provides TLS
- h444.cloud.webhook:
    port: 5000
    path: /444host
    secrets: "{{ H444_WEBHOOK_SECRET }}"

# With TLS, while the secret is rotated
- h444.cloud.webhook:
    host: 0.0.0.0
    port: 8443
    certfile: /etc/letsencrypt/live/hooks.example.com/fullchain.pem
    keyfile: /etc/letsencrypt/live/hooks.example.com/privkey.pem
    secrets:
      - "{{ H444_WEBHOOK_SECRET }}"
      - "{{ H444_WEBHOOK_SECRET_OLD }}"

# An event, as a rule sees it. The fields of data are the documented fields of the event, in snake_case.
#
# type: vps.created
# data:
#   vps_id: "101"
#   label: web-1
#   hostname: web-1
#   plan_slug: vps-2
#   status: running
#   ipv4: 192.0.2.10
# payload: the whole body, as it was sent
# meta:
#   delivery_id: evt_1
#   signed_at: "2026-01-01T00:00:01Z"
#   received_at: "2026-01-01T00:00:01.250Z"
"""

LOG = logging.getLogger("h444.cloud.webhook")
SIGNATURE, EVENT_HEADER, DELIVERY_HEADER = "X-444host-Signature", "X-444host-Event", "X-444host-Delivery"
# Each event, and the field that its payload has in any case.
EVENTS = {
    "vps.created": "vps_id",
    "hosting.created": "hosting_id",
    "invoice.paid": "invoice_id",
    "vps.power.changed": "vps_id",
    "vps.reinstalled": "vps_id",
    "vps.ptr.changed": "vps_id",
    "vps.terminated": "vps_id",
    "ticket.created": "ticket_id",
    "ticket.replied": "ticket_id",
}
TYPE_FIELDS, ID_FIELDS = ("event", "type", "event_type"), ("id", "event_id", "delivery_id")
WRAPPERS = ("data", "payload")
# Payloads have two or three levels. With --print-events, ansible-rulebook hangs at about 400.
MAX_DEPTH, MAX_WRAPPERS = 64, 3
# How long a sender waits for its answer if the queue is full. One that gives up before sends the delivery again.
ANSWER_SECONDS = 25.0
# How many deliveries may wait for the queue: with bodies of the default size, they take 64 MiB at most.
MAX_WAITING = 1000
BUSY = "The event source is busy or ending. Send the delivery again."
SHUTDOWN_SECONDS, LINGERING_SECONDS, IDLE_SECONDS = 1.0, 1.0, 75.0

Fields = t.Dict[str, t.Any]
Key = t.Tuple[str, ...]


class Refused(Exception):
    """A delivery that is not accepted: the status of the answer, and its text."""

    def __init__(self, status: int, text: str, **headers: str) -> None:
        super().__init__(text)
        self.status, self.text, self.headers = status, text, headers


# Copies from plugins/module_utils/_signature.py and _reader.py. tests/unit/meta/test_event_source_copies.py compares
# them, and tests/unit/vectors/ holds both to the same signatures.

TIMESTAMP = re.compile(r"\A[0-9]{1,12}\Z")
DIGEST = re.compile(r"\A[0-9a-fA-F]{64}\Z")


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")


def digest(body: str | bytes, secret: str | bytes, timestamp: str) -> str:
    """Return the hexadecimal HMAC-SHA256 of one delivery."""
    return hmac.new(_bytes(secret), timestamp.encode("ascii") + b"." + _bytes(body), hashlib.sha256).hexdigest()


def read_header(header: str) -> tuple[list[str], list[bytes]]:
    """Read every timestamp and every digest in a header's value."""
    stamps, digests = [], []
    for part in header.split(","):
        name, _equals, value = part.strip().partition("=")
        if name == "t":
            stamps.append(value)
        elif name == "v1" and DIGEST.match(value):
            digests.append(value.lower().encode("ascii"))
    return stamps, digests


def is_signed(
    body: str | bytes,
    header: object,
    secrets: t.Iterable[str | bytes],
    now_seconds: float,
    tolerance_seconds: float = 300,
) -> bool:
    """Return whether *header* signs *body* with one of *secrets*, at most *tolerance_seconds* ago or ahead.

    An invalid header signs nothing; a header from a stranger never raises an exception.
    """
    stamps, digests = read_header(header) if isinstance(header, str) else ([], [])
    if len(stamps) != 1 or not TIMESTAMP.match(stamps[0]):
        return False
    if abs(now_seconds - int(stamps[0])) > tolerance_seconds:
        return False
    good = False
    for secret in secrets:
        wanted = digest(body, secret, stamps[0]).encode("ascii")
        for given in digests:
            # No early exit, because the duration must not show which secret or digest came close.
            good = hmac.compare_digest(wanted, given) or good
    return good


def snake(key: str) -> str:
    """Return a field's name in snake_case: zoneHosted, ZoneHosted, zone-hosted and zone_hosted are one."""
    # Marks between letters, and no runs that are tried again from each of their letters: a key may be very long.
    key = re.sub(r"[\s.-]+", "_", key.strip()).replace("IPv", "Ipv")
    return re.sub(r"(?<=[A-Z])(?=[A-Z][a-z])|(?<=[a-z0-9])(?=[A-Z])", "_", key).lower()


def id_text(value: t.Any) -> t.Any:
    """Return an ID as text, where it is a number; all else as it is."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


# The arguments. A message about one shows its name and never its value, which could be a secret in the wrong place.


class Settings(t.NamedTuple):
    """The arguments of the source, checked."""

    secrets: tuple[str, ...]
    host: str = "127.0.0.1"
    port: int = 5000
    path: str = "/"
    tolerance: float = 300
    certfile: str | None = None
    keyfile: str | None = None
    password: str | None = None
    max_body_bytes: int = 65536
    read_timeout: float = 30
    dedupe_seconds: float = 86400
    allow_unknown_events: bool = False


def wrong(name: str, what: str) -> ValueError:
    """Return the error for an argument."""
    return ValueError(f"h444.cloud.webhook: {name}: {what}")


def read_text(name: str, value: t.Any) -> str:
    """Return a text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise wrong(name, f"must be a text that is not empty, but it is {_kind(value)}.")
    return value


def _kind(value: t.Any) -> str:
    """Return what a value is, without the value."""
    if isinstance(value, str):
        return "an empty text" if not value.strip() else "a text"
    kinds = {list: "a list", tuple: "a list", dict: "a dictionary", bool: "a boolean", int: "a number"}
    return "null" if value is None else kinds.get(type(value), "a number with a decimal point or an exponent")


def _is_whole(value: t.Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def read_number(name: str, value: t.Any, low: float, high: float, is_whole: bool = False) -> t.Any:
    """Return a number within limits. A number may also be written as text."""
    what = f"must be a {'whole ' if is_whole else ''}number from {low:g} to {high:g}."
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", value.strip(), re.ASCII):
        value = float(value) if "." in value else int(value)
    if isinstance(value, bool) or not isinstance(value, int if is_whole else (int, float)):
        raise wrong(name, what)
    if not low <= value <= high:  # NaN is outside as well
        raise wrong(name, what)
    return value


def read_truth(name: str, value: t.Any) -> bool:
    """Return a boolean. It may also be written as text."""
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    found = value if isinstance(value, bool) else words.get(value.strip().lower()) if isinstance(value, str) else None
    if found is None:
        raise wrong(name, "must be true or false.")
    return found


def read_path(name: str, value: t.Any) -> str:
    """Return the path of a URL, decoded."""
    path = read_text(name, value)
    if not path.startswith("/") or re.search(r"[?#\s\x00-\x1f]", path):
        raise wrong(name, "must be the path of a URL. It begins with '/', and has no query and no whitespace.")
    return urllib.parse.unquote(path)


def read_secrets(name: str, value: t.Any) -> tuple[str, ...]:
    """Return all secrets. An empty one is refused: anybody could sign with it."""
    secrets = list(value) if isinstance(value, (list, tuple)) else [value]
    if not secrets:
        raise wrong(name, "must be the signing secret of the webhook, or a list of secrets, but the list is empty.")
    return tuple(_secret(name, secret) for secret in secrets)


def _secret(name: str, secret: t.Any) -> str:
    # A template makes a number of a secret that consists of digits.
    if _is_whole(secret):
        return str(secret)
    if not isinstance(secret, str) or not secret.strip():
        raise wrong(name, f"each secret must be a text that is not empty, but one is {_kind(secret)}.")
    if secret != secret.strip():
        raise wrong(name, "a secret begins or ends with whitespace or a line break. Remove it.")
    return secret


def read_arguments(args: t.Mapping[str, t.Any]) -> Settings:
    """Check the arguments of the source. An optional argument that is null counts as not given. Raises: ValueError."""
    names = Settings._fields
    for name in args:
        if name not in names and name != "eda_feedback_queue":  # which ansible-rulebook adds
            close = difflib.get_close_matches(str(name), names, 1)
            known = f"Did you mean {close[0]}?" if close else f"There are: {', '.join(sorted(names))}."
            raise wrong(str(name)[:60], f"There is no such argument. {known}")
    if "secrets" not in args:
        raise wrong("secrets", "is required. It is the signing secret of the webhook, or a list of secrets.")
    given = {name: args[name] for name in names if args.get(name) is not None and name != "secrets"}
    found = {name: READERS[name](name, value) for name, value in given.items()}
    for name in ("keyfile", "password"):
        if name in found and "certfile" not in found:
            raise wrong(name, "requires certfile.")
    return Settings(read_secrets("secrets", args["secrets"]), **found)


READERS: dict[str, t.Callable[[str, t.Any], t.Any]] = {
    "host": read_text,
    "port": lambda name, value: read_number(name, value, 1, 65535, is_whole=True),
    "path": read_path,
    "tolerance": lambda name, value: read_number(name, value, 1, 10**10),
    "certfile": read_text,
    "keyfile": read_text,
    "password": lambda name, value: read_text(name, str(value) if _is_whole(value) else value),
    "max_body_bytes": lambda name, value: read_number(name, value, 1, 2**31, is_whole=True),
    "read_timeout": lambda name, value: read_number(name, value, 0.001, 86400),
    "dedupe_seconds": lambda name, value: read_number(name, value, 0, 10**10),
    "allow_unknown_events": read_truth,
}


def tls_of(settings: Settings) -> ssl.SSLContext | None:
    """Load the certificate and its key, None without TLS. Raises: ValueError."""
    if settings.certfile is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        # Without a password, OpenSSL would ask for one at the terminal.
        context.load_cert_chain(settings.certfile, settings.keyfile, settings.password or "")
    except (OSError, ValueError) as error:
        # The text of the error names no file, and its argument may be the password.
        where = settings.certfile if settings.keyfile is None else f"{settings.certfile} and {settings.keyfile}"
        raise wrong("certfile", f"can't load {where}: {_why(error)}") from None
    return context


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or "no certificate and key in PEM format").replace("_", " ").lower()
        return f"{reason}. Check the files, and the password of the key."
    return f"{error.strerror}." if isinstance(error, OSError) and error.strerror else "the password can't be used."


# From a body to an event


def read_body(body: bytes) -> Fields:
    """Read the object in a body. It must be strict JSON: what another program reads differently is refused."""
    try:
        found = json.loads(body.decode("utf-8"), object_pairs_hook=_object)
        # NaN and numbers that are infinite can't be written, nor can half of a character.
        json.dumps(found, allow_nan=False, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise Refused(400, "The body is nested too deep.") from None
    except ValueError:
        raise Refused(400, "The body is not strict JSON in UTF-8.") from None
    _check_depth(found)
    if not isinstance(found, dict):
        raise Refused(400, "The body is not a JSON object.")
    return found


def _object(pairs: list[tuple[str, t.Any]]) -> Fields:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _inner(value: t.Any) -> t.Iterable[t.Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _check_depth(value: t.Any) -> None:
    level = [value]
    for _depth in range(MAX_DEPTH + 1):
        level = [item for outer in level for item in _inner(outer)]
        if not level:
            return
    raise Refused(400, "The body is nested too deep.")


def normal(value: t.Any) -> t.Any:
    """Return a value with each name in snake_case, and each ID as text."""
    if isinstance(value, list):
        return [normal(item) for item in value]
    if not isinstance(value, dict):
        return value
    found: Fields = {}
    for key, item in value.items():
        name = snake(key)
        item = _normal_id(item) if re.search(r"(?:\A|_)ids?\Z", name) else normal(item)
        other = found.get(name)
        if other is not None and item is not None and other != item:
            raise Refused(400, "A field occurs in two spellings with different values.")
        found[name] = other if item is None else item
    return found


def _normal_id(value: t.Any) -> t.Any:
    return [_normal_id(item) for item in value] if isinstance(value, list) else id_text(normal(value))


def type_of(body: Fields, header: str | None) -> str | None:
    """Return the type of an event: what the body says, else the header, which is not signed."""
    said = (_field(body, name) for name in TYPE_FIELDS)
    found = next((value.strip() for value in (*said, header) if isinstance(value, str) and value.strip()), None)
    return found.lower() if found is not None and found.lower() in EVENTS else found


def id_of(body: Fields) -> str | None:
    """Return the ID in a body as text, None if it has none."""
    said = (id_text(_field(body, name)) for name in ID_FIELDS)
    return next((value for value in said if isinstance(value, str) and value.strip()), None)


def _field(body: Fields, name: str) -> t.Any:
    """Return a field of the envelope, whatever the casing of its name."""
    return body[name] if name in body else next((body[key] for key in body if snake(key) == name), None)


def own_fields(body: Fields, kind: str, delivery_id: str | None) -> Fields:
    """Find the fields of the event itself, in normal form. Only these are documented: their envelope can be anything.

    They are the object that has the ID of the resource, else what is under ``data`` or ``payload``, else the body.
    """
    wrapped = [place for place in (_field(body, name) for name in WRAPPERS) if isinstance(place, dict)]
    mark = EVENTS.get(kind)
    marked = [place for place in (*wrapped, *_places(body)) if any(snake(key) == mark for key in place)]
    found = (*marked, *wrapped, body)[0]
    if found is not body:
        return normal(found)
    envelope = {**dict.fromkeys(TYPE_FIELDS, kind), **dict.fromkeys(ID_FIELDS, delivery_id)}
    return normal({key: value for key, value in body.items() if not _is_envelope(envelope, key, value)})


def _places(body: Fields) -> list[Fields]:
    """Return a body and the objects in it, the outer ones first."""
    level, found = [body], [body]
    for _depth in range(MAX_WRAPPERS):
        level = [item for outer in level for item in outer.values() if isinstance(item, dict)]
        found += level
    return found


def _is_envelope(envelope: dict[str, str | None], key: str, value: t.Any) -> bool:
    """Return whether a field of a flat body is the type or the ID of the event, and not a field of its own."""
    said = envelope.get(snake(key))
    return said is not None and str(id_text(value)).strip().lower() == said.lower()


def utc(seconds: float, digits: str = "seconds") -> str:
    """Return a time in ISO 8601."""
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec=digits).replace("+00:00", "Z")


class Delivery(t.NamedTuple):
    """A signed delivery, and what its duplicates have in common with it."""

    event: Fields
    signed_at: int
    signed_keys: tuple[Key, ...]
    header_keys: tuple[Key, ...]
    """what is not signed: it can make a delivery a duplicate, and never a new one"""

    @property
    def keys(self) -> tuple[Key, ...]:
        """Return what is remembered of a delivery that is new."""
        return self.signed_keys + self.header_keys

    @property
    def looked_up(self) -> tuple[Key, ...]:
        """Return what makes it a duplicate: a header may name the ID of a body, but no body is held to a header."""
        return self.keys + tuple(("id", key[1]) for key in self.header_keys)


class Request(t.NamedTuple):
    """What a sender sent."""

    body: bytes
    signature: str
    event: str | None
    delivery: str | None


def read_delivery(request: Request, settings: Settings, now: float) -> Delivery:
    """Verify a delivery, and make an event of it. Raises: Refused."""
    if not is_signed(request.body, request.signature, settings.secrets, now, settings.tolerance):
        raise Refused(
            401,
            "The signature is missing or wrong, or its time differs too much from the time of this machine.",
        )
    body = read_body(request.body)
    kind = type_of(body, request.event)
    if kind is None or (kind not in EVENTS and not settings.allow_unknown_events):
        raise Refused(400, "The event is unknown.")
    stamp = int(read_header(request.signature)[0][0])
    signed_id, header_id = id_of(body), request.delivery or None
    delivery_id = header_id if signed_id is None else signed_id
    meta = {"delivery_id": delivery_id, "signed_at": utc(stamp), "received_at": utc(now, "milliseconds")}
    data = own_fields(body, kind, delivery_id)
    keys: list[Key] = [("body", str(stamp), hashlib.sha256(request.body).hexdigest())]
    if signed_id is not None:
        keys.append(("id", signed_id))
    unsigned: tuple[Key, ...] = (("header", header_id),) if signed_id is None and header_id is not None else ()
    return Delivery({"type": kind, "data": data, "payload": body, "meta": meta}, stamp, tuple(keys), unsigned)


# From an event to the queue


class Inbox:
    """Puts each delivery into the queue once.

    A delivery counts as seen when it is in the queue, and its duplicates wait for that. Putting it there is a task of
    its own, which goes on if the sender gives up: then the next attempt is the duplicate.
    """

    def __init__(self, queue: t.Any, settings: Settings) -> None:
        self._queue, self._settings = queue, settings
        self._seen: dict[Key, float] = {}
        self._expiries: list[tuple[float, Key]] = []
        self._waiting: dict[Key, asyncio.Task[bool]] = {}
        self._tasks: set[asyncio.Task[bool]] = set()
        self._is_closed = False

    async def accept(self, delivery: Delivery) -> bool:
        """Return whether the delivery is new, once it or what it is a duplicate of is in the queue. Raises: Refused."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while not self._is_seen(delivery.looked_up):
            first = self._first_of(delivery.looked_up)
            task = first or self._start(delivery)
            await asyncio.wait({task}, timeout=max(0.0, deadline - time.monotonic()))
            if not task.done() or task.cancelled():
                raise Refused(503, BUSY)
            if first is None:
                if task.result():
                    return True
                raise Refused(500, "A filter of the event source failed.")
        # The header of a duplicate is not remembered: it could be the ID of a delivery that is yet to come.
        self._remember(delivery, delivery.signed_keys)
        return False

    def _first_of(self, keys: tuple[Key, ...]) -> asyncio.Task[bool] | None:
        """Return the task of the delivery that this one is a duplicate of, and that is not yet in the queue."""
        tasks = (self._waiting.get(key) for key in keys)
        return next((task for task in tasks if task is not None and not task.done()), None)

    def close(self) -> None:
        """Accept nothing more, and let nobody wait."""
        self._is_closed = True
        for task in self._tasks:
            task.cancel()

    def _start(self, delivery: Delivery) -> asyncio.Task[bool]:
        if self._is_closed or len(self._tasks) >= MAX_WAITING:
            raise Refused(503, BUSY)
        task = asyncio.ensure_future(self._put(delivery))
        self._tasks.add(task)
        self._waiting.update(dict.fromkeys(delivery.keys, task))
        task.add_done_callback(lambda _task: self._end(task, delivery.keys))
        return task

    def _end(self, task: asyncio.Task[bool], keys: tuple[Key, ...]) -> None:
        self._tasks.discard(task)
        for key in keys:
            if self._waiting.get(key) is task:
                del self._waiting[key]

    async def _put(self, delivery: Delivery) -> bool:
        try:
            await self._queue.put(delivery.event)
        except Exception as error:  # of a filter of the rulebook; its text could contain the event
            LOG.error(
                "A filter of the event source failed with %s, so an event was not accepted.", type(error).__name__
            )
            LOG.debug("The filter failed here:", exc_info=True)
            return False
        self._remember(delivery, delivery.keys)
        return True

    def _is_seen(self, keys: tuple[Key, ...]) -> bool:
        now = time.time()
        while self._expiries and self._expiries[0][0] <= now:
            expiry, key = heapq.heappop(self._expiries)
            if self._seen.get(key) == expiry:
                del self._seen[key]
        return any(key in self._seen for key in keys)

    def _remember(self, delivery: Delivery, keys: tuple[Key, ...]) -> None:
        expiry = time.time() + self._settings.dedupe_seconds
        # As long as its signature holds, a delivery can be sent again by anybody who has seen it.
        until = max(expiry, delivery.signed_at + self._settings.tolerance + 1)
        for key in keys:
            if key not in self._seen:
                self._seen[key] = until if key[0] == "body" else expiry
                heapq.heappush(self._expiries, (self._seen[key], key))


# The server


class Receiver:
    """Answers requests."""

    def __init__(self, inbox: Inbox, settings: Settings) -> None:
        self._inbox, self._settings = inbox, settings

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request."""
        try:
            self._check_target(request)
            sent = await self._read(request)
            is_new = await self._inbox.accept(read_delivery(sent, self._settings, time.time()))
        except Refused as refused:
            log = LOG.warning if refused.status >= 500 else LOG.info
            log("Answered %d to %s: %s", refused.status, request.remote, refused.text)
            return _answer(refused.status, refused.text, **refused.headers)
        return _answer(200, "Accepted." if is_new else "Accepted before.")

    def _check_target(self, request: web.Request) -> None:
        if request.path != self._settings.path:
            raise Refused(404, "There is no webhook at this path.")
        if request.method != "POST":
            raise Refused(405, "Deliveries are sent with POST.", Allow="POST")
        if (request.content_length or 0) > self._settings.max_body_bytes:
            raise self._too_large()

    def _too_large(self) -> Refused:
        return Refused(413, f"A delivery has at most {self._settings.max_body_bytes} bytes.", Connection="close")

    async def _read(self, request: web.Request) -> Request:
        try:
            body = await asyncio.wait_for(self._read_body(request), self._settings.read_timeout)
        except asyncio.TimeoutError:
            raise Refused(408, "The delivery did not arrive in time.", Connection="close") from None
        except (OSError, ClientError, web.RequestPayloadError):
            raise Refused(400, "The delivery did not arrive completely.", Connection="close") from None
        return Request(
            body,
            # Two headers are one with two timestamps, which signs nothing.
            ",".join(request.headers.getall(SIGNATURE, [])),
            request.headers.get(EVENT_HEADER),
            request.headers.get(DELIVERY_HEADER),
        )

    async def _read_body(self, request: web.Request) -> bytes:
        body = b""
        while True:
            piece = await request.content.readany()
            if not piece:
                return body
            body += piece
            if len(body) > self._settings.max_body_bytes:
                raise self._too_large()


def _answer(status: int, text: str, **headers: str) -> web.Response:
    answer = web.Response(status=status, text=text + "\n", headers={"Server": "h444.cloud.webhook", **headers})
    if headers.get("Connection") == "close":
        answer.force_close()
    return answer


class Quiet(logging.Filter):
    """Shortens what aiohttp reports about requests that are no HTTP: no traceback for what a stranger sent."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Report one line at the level of other refusals."""
        LOG.info("%s", record.getMessage())
        return False


def _quiet_logger() -> logging.Logger:
    logger = logging.Logger("h444.cloud.webhook.http", logging.WARNING)
    logger.addFilter(Quiet())
    return logger


async def main(queue: asyncio.Queue[t.Any], args: dict[str, t.Any]) -> None:
    """Receive deliveries until ansible-rulebook ends the source."""
    settings = read_arguments(args)
    tls = tls_of(settings)
    inbox = Inbox(queue, settings)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", Receiver(inbox, settings).handle)
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=_quiet_logger(),
        auto_decompress=False,  # the signature is that of the bytes that were sent
        keepalive_timeout=IDLE_SECONDS,
        lingering_time=LINGERING_SECONDS,  # for the rest of a body that is not read
        shutdown_timeout=SHUTDOWN_SECONDS,
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, settings.host, settings.port, ssl_context=tls).start()
        except (OSError, UnicodeError) as error:  # UnicodeError: of a host that no name server can be asked for
            text = (error.strerror if isinstance(error, OSError) else "this is no host") or type(error).__name__
            raise OSError(
                f"h444.cloud.webhook: can't listen on {settings.host}, port {settings.port}: {text}"
            ) from None
        scheme = "http" if tls is None else "https"
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        LOG.info("Listening on %s://%s:%d%s", scheme, host, settings.port, settings.path)
        await asyncio.get_running_loop().create_future()
    finally:
        inbox.close()
        await runner.cleanup()
