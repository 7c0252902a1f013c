# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The replies that bring one-time secrets: no shape of a reply loses one, and none gives another's password or id."""

from __future__ import annotations

import random
import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _answers, _hosting, _reader, _vps
from ansible_collections.h444.cloud.plugins.module_utils._names import well_formed
from ansible_collections.h444.cloud.plugins.module_utils._reply import Reply, secrets_in

PW = "Canary-pass-4711"
DEEP: t.Any = {"password": PW}
for _level in range(500):
    DEEP = {"a": DEEP}
Body = t.Dict[str, t.Any]


def of_vps(body: t.Any) -> Reply:
    """Read the reply to an order of a server."""
    return _vps.read_order_reply(body)


@pytest.mark.parametrize(
    ("body", "others"),
    [
        ({"root_password": PW, "vnc": {"password": "v"}}, {"vnc.password": "v"}),
        ({"vnc": {"password": "v"}, "credentials": {"password": PW}}, {"vnc.password": "v"}),
        ({"password": PW, "panel_password": "p"}, {"panel_password": "p"}),
        ({"panelPassword": "p", "password": PW, "consoleToken": "t"}, {"panel_password": "p", "console_token": "t"}),
        (
            {"credentials": [{"user": "admin", "password": "a"}, {"user": "root", "password": PW}]},
            {"credentials.0.password": "a"},
        ),
        ({"credentials": [{"user": "ubuntu", "password": "u"}, {"password": PW}]}, {"credentials.0.password": "u"}),
        ({"user": "customer-7", "password": PW}, {}),
        ({"mysql_root_password": "m", "root_password": PW}, {"mysql_root_password": "m"}),
        ({"zabbix_password": "z", "password": PW}, {"zabbix_password": "z"}),
        ({"credentials": {"username": "root", "host": "h", "port": 22, "value": PW}}, {}),
        ({"password": PW, "rootPassword": PW}, {}),
        ({"previous_password": "o", "password": PW}, {"previous_password": "o"}),
        ({"root_password": "ab****", "credentials": {"password": PW}}, {"root_password": "ab****"}),
        ({"root_password": PW, "secret": "s", "api_key_secret": "k"}, {"secret": "s", "api_key_secret": "k"}),
    ],
)
def test_root_password(body: Body, others: dict[str, str]) -> None:
    """The root password is told from all that may stand beside it, in any order; and nothing beside it is lost."""
    for order in (list(body), list(reversed(list(body)))):
        reply = of_vps({"id": "7", **{key: body[key] for key in order}})
        assert reply.secrets == {"root_password": PW} and reply.unclear == {}
        assert reply.others == others
        assert reply.id == "7"


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({"password": "a", "credentials": {"password": "b"}}, {"password", "credentials.password"}),
        (
            {"credentials": [{"user": "root", "password": "a"}, {"user": "root", "password": "b"}]},
            {"credentials.0.password", "credentials.1.password"},
        ),
        ({"rootPassword": "a", "root_password": "b"}, {"root_password", "root_password_2"}),
    ],
)
def test_a_tie_is_not_broken(body: Body, paths: set[str]) -> None:
    """Where two may be it, none is called so; both are kept."""
    reply = of_vps({"id": "7", **body})
    assert reply.secrets == {} and set(reply.unclear["root_password"]) == paths
    assert set(reply.others) == paths and sorted(reply.others.values()) == ["a", "b"]


@pytest.mark.parametrize(
    "body",
    [
        {"credentials": {"user": "ubuntu", "password": "u"}}, {"vnc_password": "v"}, {"console_token": "t"},
        {"private_key": "k"},
        {"db_password": "d"}, {"credentials": {"api_key": "k"}},
    ],
)  # fmt: skip
def test_another_secret_is_no_root_password(body: Body) -> None:
    """One that stands alone is not it for that."""
    reply = of_vps({"id": "7", **body})
    assert reply.secrets == {} and reply.unclear == {} and len(reply.others) == 1


@pytest.mark.parametrize(
    "password",
    [
        "a*b",
        "Pa***word",
        "x...y",
        "***",
        "abc***",
        "…",
        "•a•",
        "tr…il",
        "ends...",
        "*",
        "12345678",
        "   ",
        "whsec_x***",
    ],
)
def test_no_password_is_dropped(password: str) -> None:
    """Stars and dots are letters of a password, too; what consists of nothing else is none."""
    reply = of_vps({"id": "7", "root_password": password})
    assert reply.secrets == ({} if password in ("***", "…", "*", "   ", "whsec_x***") else {"root_password": password})
    assert ("root_password" in reply.masked) is (password in ("abc***", "ends..."))


@pytest.mark.parametrize(
    ("body", "sftp", "db", "others"),
    [
        (
            {
                "credentials": {
                    "sftp": {"user": "u", "password": "s"}, "db": {"name": "shop_db", "user": "u", "password": "d"},
                },
            },
            "s", "d", {},
        ),
        ({"sftp_password": "s", "db_password": "d", "panel_password": "p"}, "s", "d", {"panel_password": "p"}),
        ({"panel_password": "p", "password": "s", "database_password": "d"}, "s", "d", {"panel_password": "p"}),
        ({"email": {"password": "e"}, "sftp": {"password": "s"}, "mysql": {"password": "d", "root_password": "r"}},
         "s", "d",
         {"email.password": "e", "mysql.root_password": "r"}),
        ({"credentials": {"sftp": "s", "database": "d"}}, "s", "d", {}),
        ({"credentials": {"database": "shop", "password": "s", "db_password": "d"}}, "s", "d", {}),
        ({"ftp_password": "f", "ssh_password": "h", "sftp_password": "s", "db_password": "d"}, "s", "d",
         {"ftp_password": "f", "ssh_password": "h"}),
        ({"ssh_password": "s", "db_password": "d"}, "s", "d", {}),
        ({"sftp": {"token": "t", "password": "s"}}, "s", None, {"sftp.token": "t"}),
        ({"password": "a", "login": {"password": "b"}, "db_password": "d"}, None, "d",
         {"password": "a", "login.password": "b"}),
        ({"db_password": "a", "database": {"password": "b"}, "sftp_password": "s"}, "s", None,
         {"db_password": "a", "database.password": "b"}),
    ],
)  # fmt: skip
def test_hosting_passwords(body: Body, sftp: str | None, db: str | None, others: dict[str, str]) -> None:
    """Two are told apart by their paths; a third is kept under its path; between two of one kind nothing decides."""
    for order in (list(body), list(reversed(list(body)))):
        reply = _hosting.read_order_reply({"id": "7", **{key: body[key] for key in order}})
        assert (reply.secrets.get("sftp_password"), reply.secrets.get("db_password")) == (sftp, db)
        assert reply.others == others
        assert set(reply.unclear) == {
            name for name, value in (("sftp_password", sftp), ("db_password", db)) if value is None and len(others) > 1
        }


@pytest.mark.parametrize(
    "body",
    [
        {"id": "7", "root_password": PW, "os_template": "a", "osTemplate": "b"},
        {"id": "7", "root_password": PW, "odd": DEEP["a"]},
        {"vps": {"id": "7"}, "osTemplate": "a", "os_template": "b", "credentials": {"user": "root", "password": PW}},
    ],
)
def test_what_cannot_be_read_costs_no_secret(body: Body) -> None:
    """Two spellings of one field, or a nesting of 500: the secrets are taken out, the rest counts as missing."""
    reply = of_vps(body)
    assert reply.secrets == {"root_password": PW} and reply.raw is None and reply.rest is None


@pytest.mark.parametrize(
    "body",
    [None, "", "ok", 5, [], {}, [1, None], [[]], {"id": None}, {"id": []}, {"vps": None}, {"data": [[1]]}, {"": {}}],
)
def test_strange_bodies(body: t.Any) -> None:
    """Nothing is raised, and nothing is made up."""
    reply = of_vps(body)
    assert reply.id is None and reply.secrets == {} and reply.others == {}


def test_lone_surrogates() -> None:
    """They are replaced in keys and values; a secret that had one is given, and known to be incomplete."""
    reply = of_vps({"id": "7", "label": "a\ud83d", "no\ud83dte": ["\udfff"], "root_password": "pw\ud83d"})
    assert reply.raw == {"id": "7", "label": "a\ufffd", "no\ufffdte": ["\ufffd"]}
    assert reply.secrets == {"root_password": "pw\ufffd"} and reply.damaged == {"root_password"}
    repr((reply.raw, reply.secrets, reply.rest)).encode("utf-8")


def test_well_formed() -> None:
    """At any depth; keys that become equal stay two; what is no text stays as it is."""
    value: dict[t.Any, t.Any] = {chr(0xD800): 1, 5: "y"}
    value["\ud801"] = (None, True, {"b": "\udc00x"})
    assert well_formed(value) == {"\ufffd": 1, "\ufffd_": [None, True, {"b": "\ufffdx"}], 5: "y"}
    assert value["\ud801"] == (None, True, {"b": "\udc00x"})
    deep: t.Any = "\ud800"
    for _level in range(5000):
        deep = [deep]
    deep = well_formed(deep)
    for _level in range(5000):
        deep = deep[0]
    assert deep == "\ufffd"


@pytest.mark.parametrize(
    ("body", "vps_id"),
    [
        ({"id": "order-1", "vps": {"id": "srv-9", "label": "a"}}, "srv-9"),
        ({"id": 1, "server": {"id": 9}}, "9"),
        ({"data": {"id": "1", "vps": {"id": "9"}}}, "9"),
        ({"order": {"id": "1", "vps": {"id": "9"}}}, "9"),
        ({"vps": {"server": {"id": "9"}}}, "9"),
        ({"data": {"vps": {"server": {"id": "9"}}}}, "9"),
        ({"vps": {"id": "9", "server": {"id": "hv-3"}}}, "9"),
        ({"order": {"id": "1"}}, None),
        ({"id": "1", "vps": {"label": "a"}}, None),
        ({"id": "1", "vps": []}, "1"),
        ({"id": "1", "vps": [{"id": "8"}, {"id": "9"}]}, None),
        ({"vps": {"id": "9"}, "server": {"id": "9"}}, "9"),
        ({"vps": {"id": "8"}, "server": {"id": "9"}}, None),
        ({"id": "1", "vps_id": "9"}, "9"),
        ({"vps_id": "8", "vps": {"id": "9"}}, None),
        ({"id": "9", "server_id": "node-3", "label": "a"}, "9"),
        ({"server_id": "9"}, "9"),
        ({"type": "order", "id": "1"}, None),
        ({"id": "1", "order_id": "1"}, None),
        ({"id": "ord_77", "status": "completed"}, None),
        ({"id": "1", "instance": {"id": "hv-3"}}, None),
        ({"instance": {"id": "9"}}, "9"),
        ({"data": {"type": "vps", "id": "9", "attributes": {"label": "a"}}}, "9"),
        ({"id": "../1"}, None),
    ],
)
def test_the_id_of_an_order_is_not_the_server_s(body: Body, vps_id: str | None) -> None:
    """The nested resource of the noun's name wins, then a field of that name, then a bare id if no other is meant."""
    reply = of_vps({**body, "root_password": PW})
    assert reply.id == vps_id and reply.secrets == {"root_password": PW}


@pytest.mark.parametrize(
    ("body", "hosting_id"),
    [
        ({"id": "h-1", "domain": "a.example", "account": {"id": "customer-1"}}, None),
        ({"hosting": {"id": "h-1"}, "account": {"id": "customer-1"}}, "h-1"),
        ({"id": "h-1", "account": {"email": "a@example.com"}}, "h-1"),
        ({"account": {"id": "h-1"}}, "h-1"),
        ({"id": "order-1", "hosting_account": {"id": "h-1"}}, "h-1"),
    ],
)
def test_the_customer_s_account_is_not_the_hosting_s(body: Body, hosting_id: str | None) -> None:
    """ "account" is a word for both."""
    assert _hosting.read_order_reply(body).id == hosting_id


def a_body(chooser: random.Random, depth: int = 0) -> t.Any:
    """Make a reply by chance."""
    keys = (
        "id",
        "password",
        "rootPassword",
        "vps",
        "credentials",
        "database",
        "user",
        "passwords",
        "token",
        "sftp",
        "data",
        "name",
        "x",
        "secret_hint",
    )
    kind = chooser.randrange(8 if depth < 4 else 4)
    if kind >= 6:
        return [a_body(chooser, depth + 1) for _item in range(chooser.randrange(4))]
    if kind >= 4 or depth == 0:
        return {chooser.choice(keys): a_body(chooser, depth + 1) for _item in range(chooser.randrange(5))}
    return chooser.choice([None, True, 5, 1.5, "", "pw%d" % chooser.randrange(9), "a***", "***"])


@pytest.mark.parametrize("seed", range(300))
def test_both_ways_of_looking_see_the_same(seed: int) -> None:
    """What is taken out of the raw body is exactly what the sweep hides, and all of it is in the reply."""
    body = a_body(random.Random(seed))
    try:
        swept = _reader.sweep(_reader.normal(body, "POST"))[1]
    except _reader.BadReply:
        return
    found = secrets_in(body)
    assert sorted(set(swept.values())) == sorted({secret.value for secret in found})
    for read in (_vps.read_order_reply, _hosting.read_order_reply):
        reply = read(body)
        given = set(reply.secrets.values()) | set(reply.others.values())
        assert given == {secret.value for secret in found if not _reader.is_hidden(secret.value)}


@pytest.mark.parametrize(
    ("payload", "vps_id", "others"),
    [
        (b'{"id": "7", "root_password": "Canary-pass-4711", "load": NaN, "limit": 1e999}', "7", {}),
        (b'{"id": "7", "root_password": "Canary-pass-4711", "os": "a", "os": "b"}', None, {}),
        (
            b'{"id": "7", "root_password": "Canary-pass-4711", "vnc_password": "a", "vnc_password": "b"}',
            None,
            {"vnc_password": "a", "vnc_password_2": "b"},
        ),
        (b'{"id": "7", "label": "\xff", "root_password": "Canary-pass-4711"}', "7", {}),
        (b'{"id": "7", "root_password": "Canary-pass-4711", "serial": %s}' % (b"9" * 5000), "7", {}),
    ],
)
def test_answers_that_are_no_strict_json(payload: bytes, vps_id: str | None, others: dict[str, str]) -> None:
    """What is told once is taken out of them all the same; what stands there twice leaves the rest unread."""
    reply = of_vps(_answers.parse_leniently(payload))
    assert (reply.id, reply.secrets, reply.others) == (vps_id, {"root_password": PW}, others)
    with pytest.raises(ValueError, match="."):
        _answers.parse_json(payload)


@pytest.mark.parametrize("payload", [b"{", b"", b"<html>", b"[" * 100_000, b'{"a": 1} x'])
def test_what_is_no_json(payload: bytes) -> None:
    """Nothing is made of half an answer: it is asked for again."""
    with pytest.raises(ValueError, match="."):
        _answers.parse_leniently(payload)
