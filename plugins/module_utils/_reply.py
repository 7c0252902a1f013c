# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The replies that bring one-time secrets: an order, a reinstall, a new webhook. Pure.

Such a reply comes once, so nothing in it may cost a secret. The secrets are taken out of the body as it came, before
anything else is read; what then can't be read counts as missing. Nothing here raises for what a reply holds.
"""

from __future__ import annotations

import typing as t

from ._api import Row
from ._endpoint import Endpoint
from ._errors import BadReply
from ._names import is_digits, set_apart, well_formed
from ._reader import (
    ENVELOPES,
    beside_a_secret,
    first,
    identifier_or_none,
    is_hidden,
    is_masked,
    is_secret_key,
    no_text,
    normal,
    only_item,
    snake,
    sweep,
    text,
    with_attributes,
)

Path = t.Tuple[str, ...]

PASSWORD_WORDS = frozenset({"password", "passwords", "passwd", "passphrase", "pass", "pwd", "pw"})
# What is named so is a secret, and no password: a token of the console, a key of the API.
NO_PASSWORD_WORDS = frozenset({"token", "tokens", "key", "keys", "code", "codes", "info", "otp", "totp", "pin", "hash"})
# Words that say nothing about whose password it is.
NEUTRAL_WORDS = PASSWORD_WORDS | {
    "data", "result", "response", "payload", "attributes", "credentials", "credential", "login", "access", "auth",
    "ssh", "initial", "default",
    "generated", "temporary", "temp", "new", "first", "one", "time", "secret", "secrets", "value", "plain",
    "plaintext", "text", "order",
    "user", "account", "main", "primary",
}  # fmt: skip
# Passwords of something else that can come with a server or a web space.
FOREIGN_WORDS = frozenset({
    "vnc", "novnc", "spice", "console", "panel", "control", "cpanel", "whm", "plesk", "directadmin", "webmin", "ipmi",
    "bmc", "idrac", "ilo", "kvm",
    "rescue", "recovery", "mail", "email", "smtp", "imap", "pop3", "mailbox", "api", "webhook", "wifi", "licence",
    "license", "backup", "proxy", "vpn",
    "customer", "client", "billing", "old", "previous", "prior", "former",
})  # fmt: skip
# Where the user beside a password is the one who logs in with it.
LOGIN_PLACES = frozenset({"credentials", "credential", "login", "access", "auth", "ssh", "passwords"})
SERVICE_FIELDS = ("type", "kind", "service", "protocol", "name", "for", "host")
USER_FIELDS = ("username", "user", "login")
# Fields that only something ordered has, and not the resource.
ORDER_IDS = ("order_id", "order_number", "invoice_id", "receipt_id")
ORDER_TYPES = frozenset({"order", "orders", "invoice", "receipt", "transaction"})
ORDER_BEGINNINGS = ("order-", "order_", "ord-", "ord_", "invoice-", "invoice_", "inv-", "inv_", "receipt-", "receipt_")
BARE_IDS = ("id", "uuid")
WRAPPERS = frozenset(ENVELOPES) | {"order", "resource", "attributes"}
SIGNING_PREFIX = "whsec_"
REPLACED = "\ufffd"
MAX_LEVELS = 6
MAX_PATH_SHOWN = 200


class Secret(t.NamedTuple):
    """One secret of a reply, and what shows whose it is."""

    path: Path
    value: str
    beside: t.FrozenSet[str] = frozenset()
    """the words of the fields beside it: {"type": "sftp", "password": …}"""
    user: str = ""

    @property
    def words(self) -> frozenset[str]:
        """Return the words of its path."""
        return frozenset("_".join(self.path).split("_"))

    @property
    def is_password(self) -> bool:
        """Return whether it is called a password."""
        own = set(self.path[-1].split("_")) | ({"passwords"} & set(self.path[-2:-1]))
        return bool(own & PASSWORD_WORDS) and not own & NO_PASSWORD_WORDS

    @property
    def is_of_another_user(self) -> bool:
        """Return whether it is the password of a user who is not root."""
        return self.user not in ("", "root") and bool(LOGIN_PLACES & set(self.path[:-1]))

    @property
    def is_damaged(self) -> bool:
        """Return whether it came with characters that no text can hold."""
        return REPLACED in well_formed(self.value)

    @property
    def is_neutral(self) -> bool:
        """Return whether nothing in its path names a service or a user."""
        return all(word in NEUTRAL_WORDS or is_digits(word) or not word for word in self.words)

    def name(self) -> str:
        """Return its path as people read it."""
        return ".".join(self.path)[:MAX_PATH_SHOWN]


class Named(t.NamedTuple):
    """What the secrets of a reply are. *unclear*: under each name that is not known, the secrets that may be it."""

    found: t.Dict[str, Secret]
    unclear: t.Dict[str, t.List[Secret]]


class Kind(t.NamedTuple):
    """What a reply is about."""

    where: Endpoint
    nouns: t.Tuple[str, ...]
    """the keys that hold the resource and nothing else"""
    weak_nouns: t.Tuple[str, ...]
    """keys that may hold something else: the account of the customer beside the account that was ordered"""
    ids: t.Tuple[str, ...]
    """the fields that hold the resource's ID and no other"""
    weak_ids: t.Tuple[str, ...]
    choose: t.Callable[[t.Sequence[Secret]], Named]
    is_secret_text: t.Callable[[str], bool] = no_text
    """what shows by its look that it is a secret, under any name"""


class Reply(t.NamedTuple):
    """A reply, read.

    *raw*: the resource's row in snake_case, free of secrets, with its ``id``; None if it can't be found for sure.
    """

    raw: t.Optional[t.Dict[str, t.Any]]
    secrets: t.Dict[str, str]
    others: t.Dict[str, str]
    """every other secret by its path, such as vnc.password"""
    rest: t.Any
    """the whole body in snake_case without its secrets; None if it can't be read"""
    unclear: t.Dict[str, t.Tuple[str, ...]]
    """the name of a secret -> the paths in ``others`` that may be it"""
    damaged: t.FrozenSet[str]
    """the names of secrets that came with characters which no text can hold: what is there is not all of them"""
    masked: t.FrozenSet[str]
    """the names of secrets that look as if the API had hidden them; they are given all the same"""

    @property
    def id(self) -> str | None:
        """The resource's ID."""
        return self.raw["id"] if self.raw is not None else None


def read_reply(body: t.Any, kind: Kind) -> Reply:
    """Part a reply: the resource, its one-time secrets by their names, all other secrets by their paths, the rest."""
    secrets = secrets_in(body, kind.is_secret_text)
    named = kind.choose([secret for secret in secrets if not is_hidden(secret.value)])
    rest, raw = _rest_and_resource(body, kind)
    return Reply(
        raw,
        {name: well_formed(secret.value) for name, secret in named.found.items()},
        _others(secrets, named),
        rest,
        {name: tuple(secret.name() for secret in several) for name, several in named.unclear.items()},
        frozenset(name for name, secret in named.found.items() if secret.is_damaged),
        frozenset(name for name, secret in named.found.items() if is_masked(secret.value)),
    )


def _rest_and_resource(body: t.Any, kind: Kind) -> tuple[t.Any, Row | None]:
    """Return the body in snake_case without its secrets, and the resource's row in it; None for what can't be read."""
    rest = raw = None
    try:
        rest = sweep(normal(well_formed(body), kind.where), kind.is_secret_text)[0]
        raw = resource_in(rest, kind)
    except (BadReply, RecursionError):
        pass
    return rest, raw


def _others(secrets: t.Sequence[Secret], named: Named) -> dict[str, str]:
    """Return the secrets that have no name of their own, by their paths; a value that has one is not given twice."""
    chosen = {secret.value for secret in named.found.values()}
    others = [secret for secret in secrets if secret.value not in chosen and not is_hidden(secret.value)]
    return {secret.name(): well_formed(secret.value) for secret in others}


def secrets_in(body: t.Any, is_secret_text: t.Callable[[str], bool] = no_text) -> list[Secret]:
    """Find every secret of a body in any casing and at any depth.

    Without recursion: a body of any nesting gives its secrets.
    """
    found: dict[Path, Secret] = {}
    given: dict[Path, int] = {}
    todo: list[tuple[t.Any, Path, bool]] = [(body, (), False)]
    while todo:
        value, path, inside = todo.pop()
        entries = _entries(value)
        harmless = _beside_secrets([name for name, _item in entries], path) if inside else frozenset()
        beside, user = _whose(dict(entries))
        nested = []
        for name, item in entries:
            hides = inside or is_secret_key(name)
            if isinstance(item, (dict, list)):
                nested.append((item, path + (name,), hides))
            elif _is_secret(item, hides and name not in harmless, is_secret_text):
                place = set_apart(path + (name,), found, given, _numbered)
                found[place] = Secret(place, str(item), beside, user)
        todo += reversed(nested)
    return list(found.values())


def _entries(value: t.Any) -> list[tuple[str, t.Any]]:
    """Return the fields of an object by their names, the items of a list by their places."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(snake(well_formed(str(key))), item) for key, item in entries]


def _beside_secrets(names: t.Sequence[str], path: Path) -> frozenset[str]:
    """Return the fields inside credentials that are no secrets themselves."""
    return frozenset(name for name in set(names) if beside_a_secret(name, names, path))


def _is_secret(item: t.Any, hides: bool, is_secret_text: t.Callable[[str], bool]) -> bool:
    """Return whether a value is a secret: any text or number where the name *hides* one, else by its look."""
    if isinstance(item, bool) or not isinstance(item, (str, int, float)) or item == "":
        return False
    return hides or (isinstance(item, str) and is_secret_text(item))


def _numbered(path: Path, number: int) -> Path:
    """Return another path for a further secret: rootPassword and root_password of two values are two."""
    return path[:-1] + ("%s_%d" % (path[-1], number + 1),)


def _whose(fields: t.Mapping[str, t.Any]) -> tuple[frozenset[str], str]:
    """Return what the fields beside a secret say of it: their words, and the name of a user."""
    words = (text(fields.get(name)) or "" for name in SERVICE_FIELDS)
    letters = "".join(
        letter if letter.isalpha() and letter.isascii() else " " for letter in " ".join(words).lower()[:400]
    )
    user = next((found for found in (text(fields.get(name)) for name in USER_FIELDS) if found), "")
    return frozenset(letters.split()), user.strip().lower()


def only(secrets: t.Sequence[Secret], *tiers: t.Callable[[Secret], bool]) -> tuple[Secret | None, list[Secret]]:
    """Choose by the first tier that any secret meets: its one secret, or none and those between which nothing decides.

    Equal values are one secret. Their order decides nothing.
    """
    for fits in tiers:
        meeting = [secret for secret in secrets if fits(secret)]
        if meeting:
            return (meeting[0], []) if len({secret.value for secret in meeting}) == 1 else (None, meeting)
    return None, []


def only_clear(secrets: t.Sequence[Secret], *tiers: t.Callable[[Secret], bool]) -> tuple[Secret | None, list[Secret]]:
    """Choose as ``only`` does. Those that look masked count only where no other one meets any tier."""
    clear = [secret for secret in secrets if not is_masked(secret.value)]
    found, several = only(clear, *tiers)
    return (found, several) if found or several else only(secrets, *tiers)


def _named(name: str, found: Secret | None, several: list[Secret]) -> Named:
    return Named({name: found} if found else {}, {name: several} if several else {})


# Words in the path of a one-time password that say whose it is.
SFTP_WORDS = frozenset({"sftp", "ftp", "ftps"})
DB_WORDS = frozenset({"db", "database", "mysql", "mariadb", "sql", "postgres", "postgresql"})


def choose_root_password(secrets: t.Sequence[Secret]) -> Named:
    """Tell the root password of a server from all else that an order's reply may hold."""
    others_words = FOREIGN_WORDS | DB_WORDS | SFTP_WORDS
    own = [secret for secret in secrets if not (secret.words & others_words or secret.is_of_another_user)]
    found, several = only_clear(
        own,
        lambda secret: secret.is_password and ("root" in secret.words or secret.user == "root"),
        lambda secret: "root" in secret.words and not secret.words & NO_PASSWORD_WORDS,
        _is_neutral_password,
        _is_neutral,
        lambda secret: secret.is_password and len(secrets) == 1,
    )
    return _named("root_password", found, several)


def _is_password(secret: Secret) -> bool:
    return secret.is_password


def _is_neutral(secret: Secret) -> bool:
    return secret.is_neutral


def _is_neutral_password(secret: Secret) -> bool:
    return secret.is_password and secret.is_neutral


# The passwords of a web space, and the words that name each. The first is the account's own.
SERVICES = {"sftp_password": SFTP_WORDS | {"ssh"}, "db_password": DB_WORDS}


def choose_hosting_passwords(secrets: t.Sequence[Secret]) -> Named:
    """Tell the SFTP password and the database's apart, by the words of their paths and of the fields beside them.

    The page promises two, so of two the one that is not named is the other. A single one without a name is the SFTP
    password, for that is the account's own.
    """
    own = [secret for secret in secrets if not secret.words & (FOREIGN_WORDS | {"root"})]
    named = Named({}, {})
    for name in SERVICES:
        of_service = _named(name, *_of_a_service(_those_of(own, [name])))
        named.found.update(of_service.found)
        named.unclear.update(of_service.unclear)
    nameless, several = only(_those_of(own, []), _is_neutral_password, _is_neutral, _is_password)
    missing = [name for name in SERVICES if name not in named.found and name not in named.unclear]
    if missing and nameless:
        named.found[missing[0]] = nameless
    elif several:
        named.unclear.update(dict.fromkeys(missing, several))
    return named


def _those_of(secrets: t.Sequence[Secret], services: list[str]) -> list[Secret]:
    """Return the secrets that may be these passwords and no others."""
    return [secret for secret in secrets if _services_of(secret) == services]


def _services_of(secret: Secret) -> list[str]:
    """Name the passwords that a secret may be by its path, or by the fields beside it where its path says nothing."""
    says_whose = any(secret.words & words for words in SERVICES.values())
    words = secret.words if says_whose else secret.beside
    return [name for name, marks in SERVICES.items() if words & marks]


def choose_signing_secret(secrets: t.Sequence[Secret]) -> Named:
    """Tell the signing secret of a webhook. A masked one is none, for a rotation gives a whole one."""
    own = [
        secret
        for secret in secrets
        if not secret.words & {"old", "previous", "prior", "former"} and not is_masked(secret.value)
    ]
    own = [secret for secret in own if is_signing_secret(secret.value)] or own
    found, several = only(
        own,
        lambda secret: "signing" in secret.words,
        lambda secret: "secret" in secret.words,
        lambda secret: is_signing_secret(secret.value) or len(own) == 1,
    )
    return _named("secret", found, several)


def is_signing_secret(value: str) -> bool:
    """Return whether a text is a signing secret by its look; a masked one is one."""
    return value.startswith(SIGNING_PREFIX)


def _of_a_service(secrets: t.Sequence[Secret]) -> tuple[Secret | None, list[Secret]]:
    """Choose among the secrets of one service: a token of the database is not its password."""
    usable = [secret for secret in secrets if not set(secret.path[-1].split("_")) & NO_PASSWORD_WORDS]
    return only_clear(
        usable,
        # A web space can have passwords for FTP and a shell as well; the one that is promised is that of SFTP.
        lambda secret: secret.is_password and "sftp" in secret.words | secret.beside,
        _is_password,
        lambda _secret: True,
    )


def resource_in(rest: t.Any, kind: Kind) -> Row | None:
    """Find the row of the resource in a reply (in snake_case, without secrets), None if it can't be found for sure.

    An order has an ID of its own, and that must never be taken for the ID of what was ordered. So the nested resource
    of the noun's name wins, then a field that is named after the noun, and a bare ID only where nothing else could be
    meant.
    """
    outers = _levels(rest)
    named = _with_ids(outers, lambda outer: _named_id(outer, kind))
    bare = _with_ids(outers, _bare_id)
    for nouns, beside in ((kind.nouns, named), (kind.weak_nouns, named + bare)):
        nested = [row for outer in outers for row in _nested(outer, nouns)]
        rows = _with_ids(nested, lambda row: identifier_or_none(first(row, *BARE_IDS, *kind.ids, *kind.weak_ids)))
        if rows:
            return _one(rows, beside)
        if nested and not beside:
            return None  # the resource stands there without its id: an ID beside it is another's
    return _one(named or bare)


RowWithId = t.Tuple[Row, str]


def _with_ids(rows: t.Iterable[Row], id_of: t.Callable[[Row], t.Optional[str]]) -> list[RowWithId]:
    """Return the rows that have an ID, each with it."""
    ids = ((row, id_of(row)) for row in rows)
    return [(row, found) for row, found in ids if found]


def _one(rows: t.Sequence[RowWithId], beside: t.Sequence[RowWithId] = ()) -> Row | None:
    """Return the row of the one ID that all of these have, None if they have several or there are none."""
    ids = {found for _row, found in (*rows, *beside)}
    return {**rows[0][0], "id": ids.pop()} if rows and len(ids) == 1 else None


def _levels(rest: t.Any) -> list[Row]:
    """Return the objects of a reply that may speak of the resource: itself, and what its envelopes hold."""
    found: list[Row] = []
    todo: list[tuple[t.Any, int, bool]] = [(rest, 0, False)]
    while todo:
        value, level, is_order = todo.pop(0)
        row = only_item(value)
        if not isinstance(row, dict) or level > MAX_LEVELS:
            continue
        row = with_attributes(row)
        found.append(_without_id(row) if is_order else row)
        for name, item in row.items():
            if name in WRAPPERS and isinstance(item, (dict, list)):
                todo.append((item, level + 1, is_order or name == "order"))
    return found


def _without_id(order: Row) -> Row:
    """Return what stands under "order" without its ID, which is the order's, whatever else is missing."""
    return {key: item for key, item in order.items() if key not in BARE_IDS}


def _nested(outer: t.Mapping[str, t.Any], nouns: t.Sequence[str], level: int = 0) -> list[dict[str, t.Any]]:
    """Return the rows under the noun's names.

    One that only holds another of these names is an envelope: {"vps": {"server": {…}}}.
    """
    found: list[dict[str, t.Any]] = []
    for name in nouns:
        item = outer.get(name)
        for row in item if isinstance(item, list) else [item]:
            if not isinstance(row, dict):
                continue
            inner = row.get("attributes")
            row = {**row, **inner} if isinstance(inner, dict) else row
            deeper = _nested(row, nouns, level + 1) if level < MAX_LEVELS and first(row, *BARE_IDS) is None else []
            found += deeper or [row]
    return found


def _named_id(outer: t.Mapping[str, t.Any], kind: Kind) -> str | None:
    """Return an ID that stands under the noun's own name. A weak name counts only without another ID beside it."""
    found = identifier_or_none(first(outer, *kind.ids))
    if found is None and _bare_id(outer) is None:
        found = identifier_or_none(first(outer, *kind.weak_ids))
    return found


def _bare_id(outer: t.Mapping[str, t.Any]) -> str | None:
    """Return an ID that stands under no name but ID, where nothing says that it is an order's."""
    found = identifier_or_none(first(outer, *BARE_IDS))
    kinds = {(text(outer.get(name)) or "").lower() for name in ("type", "kind", "object", "resource_type")}
    if found is None or kinds & ORDER_TYPES or any(identifier_or_none(outer.get(name)) == found for name in ORDER_IDS):
        return None
    return None if found.lower().startswith(ORDER_BEGINNINGS) else found
