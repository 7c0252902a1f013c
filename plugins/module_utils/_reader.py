# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The tolerant reader: the one place where replies of any casing and nesting take the normal form. Pure.

Only one page of the API is known, so names, casing and envelopes are read tolerantly. Tolerance ends where a value that
the caller needs is missing or means two things: then BadReply names the endpoint and the field.
"""

from __future__ import annotations

import functools
import re
import typing as t
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from ._api import Raw, Row
from ._endpoint import Endpoint
from ._errors import BadReply
from ._names import canonical_ip, clean, is_id

Where = t.Union[Endpoint, str]
"""the request that was answered, for messages"""
ENVELOPES = ("data", "items", "results", "result", "rows", "records", "list", "response", "payload")
MAX_DEPTH = 64
MAX_ERROR_DEPTH = 8
MAX_ERROR_TEXT = 20_000

SECRET_KEY = re.compile(
    r"(?:\A|_)(?:password|passwd|passphrase|pass|pwd|pw|secret|secrets|token|credential|credentials|passwords"
    r"|private_key|signing_key"
    # Who has a domain's transfer code can take the domain away.
    r"|(?:auth|epp|authorization|transfer)_?(?:code|info|key))(?:_|\Z)"
)
# Fields beside a secret that are none: credentials come with a username, a host, the name of a database.
BESIDE_SECRET = re.compile(
    r"(?:\A|_)(?:name|username|user|login|host|hostname|port|database|dbname|url|uri|type|kind|service|protocol|scheme"
    r"|email|path|directory|id|uuid"
    r"|ip|ipv4|ipv6|address|server|charset|note|label|domain|role|(?:created|issued|updated)_at)\Z"
)
USER_KEYS = frozenset({"username", "user", "login", "name"})
# "password_set": true, "token_type": "Bearer" and the like say something about a secret and hold none.
ABOUT_SECRET = re.compile(r"_(?:set|type|expires_in|expires_at|hint|masked|last4|last_four|url|changed_at|count|id)\Z")

TRUE_WORDS = frozenset({"true", "1", "yes", "on", "enabled", "active", "locked"})
FALSE_WORDS = frozenset({"false", "0", "no", "off", "disabled", "inactive", "unlocked"})


@functools.lru_cache(maxsize=4096)
def snake(key: str) -> str:
    """Return a field's name in snake_case: zoneHosted, ZoneHosted, zone-hosted and zone_hosted are one."""
    # Marks between letters, and no runs that are tried again from each of their letters: a key may be very long.
    key = re.sub(r"[\s.-]+", "_", key.strip()).replace("IPv", "Ipv")
    return re.sub(r"(?<=[A-Z])(?=[A-Z][a-z])|(?<=[a-z0-9])(?=[A-Z])", "_", key).lower()


def bad(where: Where, what: str, **facts: t.Any) -> BadReply:
    """Return the error for a reply that lacks what is needed."""
    return BadReply("%s was answered, but %s. No value was guessed. The API may have changed." % (where, what), **facts)


# The rows of a long list have the same keys, so what is known of the keys of one is known of all.
@functools.lru_cache(maxsize=1024)
def _distinct_names(keys: tuple[t.Any, ...]) -> tuple[str, ...] | None:
    """Return the names of an object's keys in snake_case, None if two keys are one."""
    names = tuple(snake(str(key)) for key in keys)
    return names if len(set(names)) == len(names) else None


@functools.lru_cache(maxsize=1024)
def _without_secret_keys(keys: tuple[str, ...]) -> bool:
    """Return whether no key names a secret."""
    return not any(is_secret_key(key) for key in keys)


def id_text(value: t.Any) -> t.Any:
    """Return an ID as text, where it is a number; all else as it is."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def normal(value: t.Any, where: Where, depth: int = 0) -> t.Any:
    """Return a reply with every key in snake_case and every ``id`` as text.

    Raises: BadReply if two spellings of one key have different values, or the reply is nested too deep.
    """
    if depth > MAX_DEPTH:
        raise bad(where, "the reply is nested deeper than %d levels" % MAX_DEPTH)
    if isinstance(value, list):
        return [normal(item, where, depth + 1) if isinstance(item, (dict, list)) else item for item in value]
    if not isinstance(value, dict):
        return value
    names = _distinct_names(tuple(value))
    if names is None:
        return _merged(value, where, depth)
    items = [normal(item, where, depth + 1) if isinstance(item, (dict, list)) else item for item in value.values()]
    row = dict(zip(names, items))
    if "id" in row:
        row["id"] = id_text(row["id"])
    return row


def _merged(value: t.Mapping[t.Any, t.Any], where: Where, depth: int) -> Row:
    """Make one field of two spellings of a key: a null gives way to a value. Raises: BadReply if both have one."""
    row: Row = {}
    for key, item in value.items():
        name = snake(str(key))
        item = normal(item, where, depth + 1) if isinstance(item, (dict, list)) else item
        item = id_text(item) if name == "id" else item
        other = row.get(name)
        if other is not None and item is not None and other != item:
            raise bad(where, "the field %s occurs twice with different values" % clean(name, 60))
        row[name] = other if item is None else item
    return row


def shallow(value: t.Any, depth: int = 0) -> t.Any:
    """Return a value as it is, but for what is nested deeper than a reply may be: no result can carry that."""
    if not isinstance(value, (dict, list)):
        return value
    if depth > MAX_DEPTH:
        return "[nested deeper than %d levels]" % MAX_DEPTH
    if isinstance(value, dict):
        return {key: shallow(item, depth + 1) for key, item in value.items()}
    return [shallow(item, depth + 1) for item in value]


def kind_of(value: t.Any) -> str:
    """Return what a value of a reply is, for a message."""
    if isinstance(value, dict):
        keys = ", ".join(sorted(clean(str(key), 30) for key in value)[:8])
        return "an object with the keys: %s" % keys if keys else "an empty object"
    names = {list: "a list", str: "a text", bool: "a boolean", type(None): "nothing"}
    return names.get(type(value), "a number")


def envelope_names(nouns: t.Iterable[str]) -> tuple[str, ...]:
    """Return every key under which a reply may hold its content."""
    return tuple(nouns) + ENVELOPES


def in_snake_case(body: t.Mapping[t.Any, t.Any]) -> Row:
    """Return an object with its own keys in snake_case; what is inside stays as it is."""
    return {snake(str(key)): value for key, value in body.items()}


def list_in(body: t.Any, nouns: t.Sequence[str], where: Where) -> list[t.Any]:
    """Find the list in a reply: bare, under one key, or one level deeper. Raises: BadReply if there is not one."""
    for _level in range(3):
        if isinstance(body, list):
            return body
        if not isinstance(body, dict):
            break
        place = in_snake_case(body)
        found = _list_of(place, nouns, where)
        if found is not None:
            return found
        deeper = [place[name] for name in envelope_names(nouns) if isinstance(place.get(name), dict)]
        if len(deeper) != 1:
            if _is_keyed_by_id(body):
                return list(body.values())
            break
        body = deeper[0]
    raise bad(where, "expected a list of %s and found %s" % (nouns[0], kind_of(body)))


def _list_of(place: Raw, nouns: t.Sequence[str], where: Where) -> list[t.Any] | None:
    """Return the list of an object, None if it holds none. Raises BadReply if it can't be trusted to be whole."""
    if says_failed(place):
        raise bad(where, "the reply reports a failure, so its list of %s may be incomplete" % nouns[0])
    names = [name for name in envelope_names(nouns) if isinstance(place.get(name), list)]
    if len(names) > 1:
        raise bad(where, "the reply contains several lists (%s)" % ", ".join(names))
    if not names:
        return None
    found = place[names[0]]
    if not found and _is_error_status(place):
        raise bad(where, "the reply contains an empty list of %s and reports a failure" % nouns[0])
    return found


def _is_keyed_by_id(body: t.Mapping[str, t.Any]) -> bool:
    """Return whether an object is a map from IDs to the rows that have them."""
    return bool(body) and all(isinstance(row, dict) and str(_own_id(row)) == key for key, row in body.items())


def _own_id(row: Raw) -> t.Any:
    return next((value for key, value in row.items() if snake(str(key)) in ("id", "uuid")), None)


def null_as_empty(nouns: t.Sequence[str]) -> t.Callable[[t.Any], t.Any]:
    """Make a function that reads a null in the place of a list as an empty list.

    Only for lists of what is never ordered or created because a row is missing.
    """

    def page_of(body: t.Any) -> t.Any:
        if body is None:
            return []
        if not isinstance(body, dict):
            return body
        places = {key: snake(str(key)) for key in body}
        of_list = [key for key, name in places.items() if name in envelope_names(nouns)]
        if any(isinstance(body[key], list) for key in of_list):
            return body
        return {**body, **{key: page_of(body[key]) for key in of_list[:1]}}

    return page_of


def says_failed(place: Raw) -> bool:
    """Return whether the object (in snake_case) around a list reports a failure: then an empty list proves nothing."""
    if any(truth(place.get(name)) is False for name in ("success", "ok", "succeeded")):
        return True
    return any(bool(place.get(name)) for name in ("error", "errors"))


def _is_error_status(place: Raw) -> bool:
    found = first(place, "status", "status_code")
    return (whole(found) or 0) >= 400 or (
        isinstance(found, str) and found.strip().lower() in ("error", "fail", "failed", "failure")
    )


def rows_in(body: t.Any, nouns: t.Sequence[str], where: Where) -> list[dict[str, t.Any]]:
    """Find the list of objects in a reply. A list with anything but objects in it is refused."""
    rows = list_in(body, nouns, where)
    for row in rows:
        if not isinstance(row, dict):
            raise bad(where, "its list of %s contains %s" % (nouns[0], kind_of(row)))
    return rows


def only_item(value: t.Any) -> t.Any:
    """Return what stands in a list alone; all else as it is."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def object_in(body: t.Any, nouns: t.Sequence[str], where: Where, marks: t.Sequence[str] = ("id",)) -> dict[str, t.Any]:
    """Find the object in a reply: bare, or under ``data`` or its own name. *marks*: fields that a bare one shows."""
    for _level in range(4):
        body = only_item(body)
        if not isinstance(body, dict):
            break
        place = in_snake_case(body)
        inner = [place[name] for name in envelope_names(nouns) if isinstance(place.get(name), (dict, list))]
        if not inner or any(mark in place for mark in marks):
            return body
        body = inner[0]
    raise bad(where, "expected %s and found %s" % (nouns[0], kind_of(body)))


def object_of(body: t.Any, nouns: t.Sequence[str], where: Where, ids: t.Sequence[str], asked: str) -> dict[str, t.Any]:
    """Find the object of the ID that was asked for: bare, under its own name, or under its name beside another's ID.

    What is written later goes to the ID that stands here, so another one's is never taken. Raises: BadReply.
    """
    found = object_in(body, nouns, where, ids)
    for _level in range(3):
        place = in_snake_case(found)
        own_ids = _texts_of(place, ids)
        if not own_ids or asked.casefold() in map(str.casefold, own_ids):
            return found  # that an ID is missing is said by who reads it
        inner = [place[name] for name in nouns if isinstance(place.get(name), dict)]
        if len(inner) != 1:
            break
        found = inner[0]
    raise bad(where, "it contains the ID %s instead of the requested %s" % (clean(own_ids[0], 60), clean(asked, 60)))


def _texts_of(place: Raw, names: t.Iterable[str]) -> list[str]:
    texts = (text(id_text(place.get(name))) for name in names)
    return [found for found in texts if found is not None]


def flat(raw: Raw, nouns: t.Sequence[str], where: Where) -> dict[str, t.Any]:
    """Return one row in snake_case, without a wrapper of its own name or JSON:API's ``attributes``."""
    row = normal(raw, where)
    for name in nouns:
        if len(row) == 1 and isinstance(row.get(name), dict):
            row = row[name]
    return with_attributes(row)


def with_attributes(row: Row) -> Row:
    """Return a row with the fields of JSON:API's ``attributes`` among its own; one without an ID is no such row."""
    attributes = row.get("attributes")
    if not isinstance(attributes, dict) or "id" not in row:
        return row
    return {**{key: value for key, value in row.items() if key != "attributes"}, **attributes}


def first(row: Raw, *names: str) -> t.Any:
    """Return the first of the fields *names* that has a value."""
    for name in names:
        value = row.get(name)
        if value is not None:
            return value
    return None


def text(value: t.Any) -> str | None:
    """Return a text; a number becomes one, everything else (and nothing) is None."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def word(value: t.Any, *names: str) -> str | None:
    """Return a text that may be inside an object: {"slug": "vps-2", …} or "vps-2"."""
    if isinstance(value, dict):
        value = first(value, *(names or ("slug", "id", "name", "code")))
    return text(value)


def identifier(value: t.Any, where: Where, field: str = "id") -> str:
    """Return an ID as text. Raises BadReply if it is missing or can't be one."""
    found = text(value)
    if isinstance(value, float) and value.is_integer():
        found = str(int(value))
    if found is None or not is_id(found):
        raise bad(where, "%s is %s" % (field, "missing" if value is None else "not an ID: %s" % clean(str(value), 60)))
    return found


def identifier_or_none(value: t.Any) -> str | None:
    """Return an ID as text, None if there is none."""
    found = text(value)
    return found if is_id(found) else None


def cents(value: t.Any, where: Where, field: str) -> int:
    """Return an amount of money in whole cents. Raises BadReply: money never rests on a guess."""
    if isinstance(value, str) and re.match(r"\A-?[0-9]{1,15}\Z", value.strip()):
        value = int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise bad(where, "%s is %s" % (field, "missing" if value is None else "not a number of cents"))
    return value


def whole(value: t.Any) -> int | None:
    """Return a whole number, None if there is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and re.match(r"\A-?[0-9]{1,18}\Z", value.strip()):
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value if isinstance(value, int) else None


def truth(value: t.Any) -> bool | None:
    """Return a truth value, None if there is none: true, 1, "true", "enabled", "locked", …"""
    if isinstance(value, bool):
        return value
    found = text(value)
    if found is None:
        return None
    found = found.strip().lower()
    return True if found in TRUE_WORDS else False if found in FALSE_WORDS else None


RFC3339 = re.compile(
    r"\A([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?)?"
    r"\s*(Z|z|[+-][0-9]{2}:?[0-9]{2})?\Z"
)


def moment(value: t.Any) -> datetime | None:
    """Read a point in time: RFC 3339, an HTTP date, seconds or milliseconds since the epoch. Unreadable: None."""
    number = whole(value)
    try:
        if number is not None and number > 10**8:
            return datetime.fromtimestamp(number / 1000 if number > 10**11 else number, timezone.utc)
        return _moment_in(value.strip()) if isinstance(value, str) else None
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None


def _moment_in(found: str) -> datetime:
    """Read a point in time in a text. Raises: ValueError and others if there is none."""
    match = RFC3339.match(found)
    if match:
        day, clock, fraction, zone = match.groups()
        zone = "+0000" if zone in (None, "Z", "z") else zone.replace(":", "")
        stamp = "%s %s.%s%s" % (day, clock or "00:00:00", (fraction or "0")[:6], zone)
        return datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S.%f%z").astimezone(timezone.utc)
    parsed = parsedate_to_datetime(found)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)


def newest_first(rows: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Sort by time, the newest first. Where the time of one row can't be read, all stay in the API's order."""
    times = [found for found in (moment(row["created_at"]) for row in rows) if found is not None]
    if not times or len(times) < len(rows):
        return rows
    if times[0] < times[-1]:
        # Turned round as a whole first, so that rows of one moment are the newest first too.
        rows, times = rows[::-1], times[::-1]
    return [rows[place] for place in sorted(range(len(rows)), key=times.__getitem__, reverse=True)]


def address(value: t.Any) -> str | None:
    """Return an IP address in canonical form out of a text, an object or a list of these."""
    if isinstance(value, list):
        found = [item for item in (address(item) for item in value) if item]
        return next((item for item in found if ":" not in item), found[0] if found else None)
    if isinstance(value, dict):
        value = first(value, "ip", "address", "ip_address", "ipv4")
    return canonical_ip(value)


@functools.lru_cache(maxsize=4096)
def is_secret_key(key: str) -> bool:
    """Return whether a field of this (snake_case) name holds a secret."""
    return bool(SECRET_KEY.search(key)) and not ABOUT_SECRET.search(key)


def beside_a_secret(key: str, keys: t.Collection[str], path: tuple[str, ...]) -> bool:
    """Return whether a field inside credentials is no secret itself. *keys*: all fields there; *path*: where that is.

    Among passwords alone, "database" is whose password it is, not the name of one; so it is where nothing beside it is
    a secret.
    """
    if path[-1:] == ("passwords",):
        return False
    if key == "database" and not any(other in USER_KEYS or is_secret_key(other) for other in keys):
        return False
    return bool(BESIDE_SECRET.search(key) or ABOUT_SECRET.search(key)) and not (
        is_secret_key(key) and not ABOUT_SECRET.search(key)
    )


# "…" hides as much as three stars. Behind the hidden part may stand the end of a key (whsec_…abcd, ••••1234); of a
# password it never does, for there a star is a letter like all others.
HIDING = r"(?:[*•●.]{3,}|[*•●.]*…[*•●….]*)"
KEY_BEGINNING = r"(?:whsec_|h444_(?:at_|rt_)?)[A-Za-z0-9]{0,8}"
MASKED = re.compile(r"\A(?:[*•●….]+|[^*•●…]{1,64}%s|%s[A-Za-z0-9]{1,6})\Z" % (HIDING, HIDING))
MASKED_KEY = re.compile(r"\A(?:[*•●…. ]+|%s%s[A-Za-z0-9]{0,6})\Z" % (KEY_BEGINNING, HIDING))


def is_masked(value: str) -> bool:
    """Return whether a secret is shown as stars or dots: nothing but these, or a beginning and then at least three."""
    return is_hidden(value) or (len(value) <= 200 and bool(MASKED.match(value)))


def is_hidden(value: str) -> bool:
    """Return whether a secret is surely hidden: nothing but stars or dots, or the beginning of a key and then these."""
    return not value or (len(value) <= 200 and bool(MASKED_KEY.match(value)))


def no_text(_value: str) -> bool:
    """Take no text for a secret by its look."""
    return False


Path = t.Tuple[str, ...]


def sweep(value: t.Any, is_secret_text: t.Callable[[str], bool] = no_text) -> tuple[t.Any, dict[Path, str]]:
    """Part a reply (already in snake_case) from its secrets, at any depth.

    Returns the reply without them and a map from the path of keys to the secret. So an unexpected
    ``initialRootPassword`` can't reach a result, a diff or a cache. What is masked counts as a secret, too.
    *is_secret_text*: recognizes a secret by its look.
    """
    broom = _Broom(is_secret_text)
    return broom.sweep(value, (), False), broom.secrets


class _Broom:
    """Goes through a reply and gathers its secrets. *inside*: within a field whose name says that it holds secrets."""

    def __init__(self, is_secret_text: t.Callable[[str], bool]) -> None:
        self.secrets: dict[Path, str] = {}
        self._is_secret_text = is_secret_text

    def sweep(self, value: t.Any, path: Path, inside: bool) -> t.Any:
        """Return what is left of a value."""
        if isinstance(value, dict):
            return self._sweep_object(value, path, inside)
        return self._sweep_list(value, path, inside) if isinstance(value, list) else value

    def _sweep_object(self, value: Raw, path: Path, inside: bool) -> Row:
        # Nearly every object of a long list has no field that could be a secret; its keys alone show that.
        is_harmless = not inside and self._is_secret_text is no_text and _without_secret_keys(tuple(value))
        kept: Row = {}
        for key, item in value.items():
            if isinstance(item, (dict, list)):
                left = self._left_of(item, path + (key,), inside or is_secret_key(key))
                if left is not None:
                    kept[key] = left
            elif is_harmless or not self._is_secret(key, item, value, path, inside):
                kept[key] = item
            else:
                self._gather(item, path + (key,))
        return kept

    def _sweep_list(self, value: list[t.Any], path: Path, inside: bool) -> list[t.Any]:
        kept = []
        for index, item in enumerate(value):
            if isinstance(item, (dict, list)):
                left = self._left_of(item, path + (str(index),), inside)
                if left is not None:
                    kept.append(left)
            elif (inside and item is not None and not isinstance(item, bool)) or self._looks_secret(item):
                self._gather(item, path + (str(index),))
            else:
                kept.append(item)
        return kept

    def _left_of(self, value: t.Any, path: Path, inside: bool) -> t.Any:
        """Return what is left of an object or a list, None if it held secrets and nothing else."""
        before = len(self.secrets)
        left = self.sweep(value, path, inside)
        return left if left or len(self.secrets) == before else None

    def _is_secret(self, key: str, item: t.Any, fields: Raw, path: Path, inside: bool) -> bool:
        """Return whether a field holds a secret, by its look, its name or its place."""
        if self._looks_secret(item):
            return True
        if isinstance(item, bool) or not (inside or is_secret_key(key)):
            return False
        return not (inside and beside_a_secret(key, fields, path))

    def _looks_secret(self, item: t.Any) -> bool:
        return isinstance(item, str) and self._is_secret_text(item)

    def _gather(self, secret: t.Any, path: Path) -> None:
        if secret is not None and secret != "":
            self.secrets[path] = str(secret)


def row_of(raw: Raw, nouns: t.Sequence[str], where: Where, is_secret_text: t.Callable[[str], bool] = no_text) -> Row:
    """Return one row in snake_case, out of its wrapper and without its secrets."""
    return sweep(flat(raw, nouns, where), is_secret_text)[0]


# Where the API's own words may stand in an error's body; the first that says something counts.
ERROR_FIELDS = (
    "message", "detail", "details", "error_description", "errors", "error", "title", "msg", "description", "reason",
    "constraints",
)  # fmt: skip


def error_text(body: t.Any, depth: int = 0) -> str:
    """Return the API's own words from an error's body, whatever its shape; empty if there are none."""
    if depth > MAX_ERROR_DEPTH:
        return ""
    if isinstance(body, str):
        return _error_words(body[:MAX_ERROR_TEXT])
    if isinstance(body, list):
        return clean("; ".join(filter(None, (error_text(item, depth + 1) for item in body[:8]))))
    return _error_text_of(in_snake_case(body), depth) if isinstance(body, dict) else ""


def _error_text_of(fields: Raw, depth: int) -> str:
    texts = (error_text(fields[name], depth + 1) for name in ERROR_FIELDS if fields.get(name))
    found = next(filter(None, texts), "")
    if found:
        return found
    if fields and "status" not in fields and all(isinstance(value, str) for value in fields.values()):
        # What is wrong with each field: {"label": "is taken"}
        return clean("; ".join("%s: %s" % (name[:100], value[:300]) for name, value in list(fields.items())[:8]))
    return error_text(fields.get("data"), depth + 1) if isinstance(fields.get("data"), dict) else ""


def _error_words(text_: str) -> str:
    """Return the title of an HTML page, or the text itself."""
    opening = re.search(r"<title[^>]{0,200}>", text_, re.IGNORECASE)
    title = text_[opening.end() :] if opening else ""
    closing = re.search(r"</title>", title, re.IGNORECASE)
    if closing:
        return clean("HTML page '%s'" % title[: closing.start()].strip(), 160)
    return clean("HTML page" if text_.lstrip()[:1] == "<" else text_, 160)
