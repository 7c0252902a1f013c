# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans for hosting accounts, with dict literals: what is before and what is wanted gives the actions."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _hosting
from ansible_collections.h444.cloud.plugins.module_utils._errors import Ambiguous, BadOption, BadReply, Missing, Refused

Row = t.Dict[str, t.Any]
PLAN = {"plan_slug": "hosting-starter", "order_generation": "1", "wait_timeout": 600}


def account(**fields: t.Any) -> Row:
    """Make a row in normal form."""
    return {
        "id": "7",
        "domain": "example.com",
        "username": "examplecom",
        "status": "active",
        "plan_slug": "hosting-starter",
        "php_version": "8.3",
        "ssl_status": "issued",
        "created_at": None,
        **fields,
    }


def wanted(**options: t.Any) -> Row:
    """Make a module's options."""
    return {"state": "present", "retry_ssl": "never", **options}


def named(domain: str | None, username: str | None = None, state: str = "present", row_id: str | None = None) -> Row:
    """Make the options that name an account."""
    return {"id": row_id, "domain": domain, "username": username, "state": state}


@pytest.mark.parametrize(
    ("status", "state", "verbs"),
    [
        ("active", "present", []),
        ("suspended", "present", []),
        ("odd word", "present", []),
        (None, "present", []),
        ("provisioning", "present", ["wait for"]),
        ("active", "active", []),
        ("suspended", "active", ["unsuspend"]),
        ("provisioning", "active", ["wait for"]),
        ("active", "suspended", ["suspend"]),
        ("suspended", "suspended", []),
        ("provisioning", "suspended", ["wait for", "suspend"]),
    ],
)
def test_states(status: str | None, state: str, verbs: list[str]) -> None:
    """Each state from each status."""
    plan = _hosting.plan_current(account(status=status), wanted(state=state))
    assert [action.verb for action in plan.actions] == verbs
    assert plan.notes == ()
    assert plan.after["status"] == (
        status if state == "present" and not verbs else "active" if state == "present" else state
    )


@pytest.mark.parametrize(
    ("status", "told"), [("Quota-Exceeded", "'Quota-Exceeded'"), (None, "does not return the status")]
)
@pytest.mark.parametrize(("state", "verb"), [("active", "unsuspend"), ("suspended", "suspend")])
def test_status_that_nobody_knows(status: str | None, told: str, state: str, verb: str) -> None:
    """The write is a state, so it is made, and a note says why it is made in every run."""
    plan = _hosting.plan_current(account(status=status), wanted(state=state))
    assert [action.verb for action in plan.actions] == [verb]
    (note,) = plan.notes
    assert told in note and "every run" in note


@pytest.mark.parametrize(
    ("retry_ssl", "status", "retries", "note"),
    [
        ("never", "failed", False, None),
        ("failed", "failed", True, None),
        ("failed", "issued", False, None),
        ("failed", "pending", False, None),
        ("failed", None, False, "does not return the status of the certificate of 'example.com'"),
        ("failed", "odd word", False, "'odd word' for 'example.com', which may or may not be a failure"),
        ("always", "issued", True, None),
        ("always", None, True, None),
    ],
)
def test_certificate(retry_ssl: str, status: str | None, retries: bool, note: str | None) -> None:
    """Retried where it failed, or always; never on a guess, which is told."""
    plan = _hosting.plan_current(account(ssl_status=status), wanted(retry_ssl=retry_ssl))
    assert [action.verb for action in plan.actions] == (["retry the certificate of"] if retries else [])
    assert plan.after["ssl_status"] == (status if not retries or status is None else "pending")
    assert [note in found for found in plan.notes] == ([True] if note else [])


def test_order_of_the_steps() -> None:
    """A suspension is lifted first and set last: a certificate can't be had for a site that does not serve."""
    row = account(status="suspended", php_version="7.4", ssl_status="failed")
    verbs = [
        action.verb
        for action in _hosting.plan_current(row, wanted(state="active", php_version="8.3", retry_ssl="failed")).actions
    ]
    assert verbs == ["unsuspend", "set PHP 8.3 for", "retry the certificate of"]
    row = account(php_version="7.4", ssl_status="failed")
    verbs = [
        action.verb
        for action in _hosting.plan_current(
            row, wanted(state="suspended", php_version="8.3", retry_ssl="failed")
        ).actions
    ]
    assert verbs == ["set PHP 8.3 for", "retry the certificate of", "suspend"]


def test_php_that_is_not_told() -> None:
    """It is written in every run, and a note says so."""
    plan = _hosting.plan_current(account(php_version=None), wanted(php_version="8.1"))
    assert [dict(action.body or {}) for action in plan.actions] == [{"php_version": "8.1"}]
    assert "every run" in plan.notes[0]


def test_drift_is_told() -> None:
    """What the API can't change is a note; another spelling is none."""
    notes = _hosting.plan_current(
        account(), wanted(domain="other.example", username="other", plan_slug="hosting-pro")
    ).notes
    assert [word for note, word in zip(notes, ("other.example", "other", "hosting-pro")) if word in note] == [
        "other.example",
        "other",
        "hosting-pro",
    ]
    assert (
        _hosting.plan_current(
            account(), wanted(domain="EXAMPLE.com.", username="ExampleCom", plan_slug="hosting-starter")
        ).notes
        == ()
    )


def test_find() -> None:
    """The domain decides where it is given, spelled anyhow; the dead don't count; twins are refused with their ids."""
    rows = [
        account(id="1", status="terminated"),
        account(id="2", domain="Example.COM."),
        account(id="3", domain="twin.example", username="b"),
        account(id="4", domain="twin.example", username="c"),
        account(id="5", domain="xn--mller-kva.example", username="d"),
    ]
    for names in (("example.com", None), ("example.com", "b"), (None, "examplecom"), (None, "EXAMPLEcom")):
        found = _hosting.find_named(rows, named(*names))
        assert found is not None and found["id"] == "2"
    found = _hosting.find_named([account(id="6", domain="müller.example")], named("xn--mller-kva.example"))
    assert found is not None
    assert (
        _hosting.find_named(rows, named("nobody.example")) is None
        and _hosting.find_named(rows, named(None, "nobody")) is None
    )
    with pytest.raises(Ambiguous, match="IDs 3, 4"):
        _hosting.find_named(rows, named("twin.example", "b"))


@pytest.mark.parametrize("names", [("new.example", None), (None, "new")])
def test_find_among_nameless(names: tuple[str | None, str | None]) -> None:
    """An account whose name is not told may be the one that is looked for."""
    rows = [account(id="1", domain=None, username=None), account(id="2")]
    with pytest.raises(BadReply, match="of 1, so"):
        _hosting.find_named(rows, named(*names))
    found = _hosting.find_named(rows, named("example.com"))
    assert found is not None and found["id"] == "2"


def test_names_of_two_accounts() -> None:
    """Refused, whatever is wanted; so is a name of none, unless it may be an ordered user name that was changed."""
    rows = [account(), account(id="8", domain="other.example", username="other")]
    for names in (("example.com", "OTHER"), ("other.example", None)):
        with pytest.raises(Ambiguous, match="8 has the"):
            _hosting.check_same(rows[0], rows, named(*names))
    for state in ("present", "active", "suspended", "absent"):
        with pytest.raises(Refused, match="has the username 'examplecom', not 'nobody'"):
            _hosting.check_same(rows[0], rows, named("example.com", "nobody", state))
        with pytest.raises(Refused, match="has the domain 'example.com', not 'third.example'"):
            _hosting.check_same(rows[0], rows, named("third.example", None, state, "7"))


@pytest.mark.parametrize("told", ["ExampleC", "u17_examplecom2026"])
def test_user_name_in_the_providers_form(told: str) -> None:
    """It is no contradiction where an order may have asked for it, and one before something is suspended or removed."""
    row = account(username=told)
    _hosting.check_same(row, [row], named("example.com", "examplecom2026"))
    for state, row_id in (("present", "7"), ("suspended", None), ("absent", None)):
        with pytest.raises(Refused, match="Nothing was changed"):
            _hosting.check_same(row, [row], named("example.com", "examplecom2026", state, row_id))


def test_name_that_is_not_told() -> None:
    """It contradicts nothing, but nothing is removed by it."""
    row = account(username=None)
    _hosting.check_same(row, [row], named("example.com", "nobody", "suspended"))
    with pytest.raises(Refused, match="The API returns no username for the hosting account"):
        _hosting.check_same(row, [row], named("example.com", "nobody", "absent"))


@pytest.mark.parametrize(
    ("options", "names", "error", "says"),
    [
        ({"plan_slug": None}, ("new.example", "new"), Missing, "set plan_slug"),
        ({}, (None, "new"), BadOption, "domain is also required"),
        ({}, ("new.example", None), BadOption, "username is also required"),
        ({}, ("new.example", "EXAMPLECOM"), Refused, "is taken by the hosting account 7"),
    ],
)
def test_order_that_is_refused(
    options: Row, names: tuple[str | None, str | None], error: type[Exception], says: str
) -> None:
    """Before any request is sent."""
    with pytest.raises(error, match=says):
        _hosting.plan_order(None, {**PLAN, **named(*names), **options}, *names, [account()])


@pytest.mark.parametrize("username", ["", "two words", "tab\tbed", "x" * 65, "a\u200bb"])
def test_bad_username(username: str) -> None:
    """What could not be found again is not ordered."""
    with pytest.raises(BadOption, match="username"):
        _hosting.check_username(username)


@pytest.mark.parametrize(
    ("value", "version"),
    [
        ("8.3", "8.3"),
        (8.3, "8.3"),
        ("8.3.12", "8.3"),
        ("php8.1", "8.1"),
        ("php83", "8.3"),
        ("ea-php74", "7.4"),
        ("PHP 7.4 (FPM)", "7.4"),
        (81, "8.1"),
        ({"version": 8.3}, "8.3"),
        ("8.10", "8.10"),
        ("none", "none"),
        (None, None),
        (True, None),
        ([], None),
    ],
)
def test_php(value: object, version: str | None) -> None:
    """Every way to write a version is one; what is none is kept."""
    assert _hosting.read_php(value) == version


@pytest.mark.parametrize(
    ("body", "hosting_id", "sftp", "db"),
    [
        ({"id": "1", "sftp_password": "pw-s", "db_password": "pw-d"}, "1", "pw-s", "pw-d"),
        ({"id": 1, "dbPassword": "pw-d", "sftpPassword": "pw-s"}, "1", "pw-s", "pw-d"),
        ({"data": {"hosting": {"id": "1"}, "passwords": {"database": "pw-d", "ftp": "pw-s"}}}, "1", "pw-s", "pw-d"),
        (
            {
                "account": {"id": "1"},
                "credentials": {"sftp": {"user": "u", "password": "pw-s"}, "mysql": {"password": "pw-d"}},
            },
            "1",
            "pw-s",
            "pw-d",
        ),
        (
            {
                "id": "1",
                "credentials": [{"type": "database", "password": "pw-d"}, {"type": "SFTP", "password": "pw-s"}],
            },
            "1",
            "pw-s",
            "pw-d",
        ),
        (
            {
                "id": "1",
                "credentials": [
                    {"host": "sftp.example.net", "password": "pw-s"},
                    {"host": "db.example.net", "password": "pw-d"},
                ],
            },
            "1",
            "pw-s",
            "pw-d",
        ),
        ({"id": "1", "password": "pw-s", "database_password": "pw-d"}, "1", "pw-s", "pw-d"),
        ({"id": "1", "password": "pw-d", "sftp_password": "pw-s"}, "1", "pw-s", "pw-d"),
        ({"id": "1", "password": "pw-s"}, "1", "pw-s", None),
        ({"id": "1", "db_password": "pw-d"}, "1", None, "pw-d"),
        ({"id": "1", "sftp_password": "****", "db_password": None}, "1", None, None),
        ({"id": "o-9", "hosting": {"id": "1"}, "sftp_password": "pw-s", "db_password": "pw-d"}, "1", "pw-s", "pw-d"),
        ({"id": "o-9", "hostingId": "1", "sftp_password": "pw-s", "db_password": "pw-d"}, "1", "pw-s", "pw-d"),
        ({"ok": True, "sftp_password": "pw-s", "db_password": "pw-d"}, None, "pw-s", "pw-d"),
    ],
)
def test_reply_of_an_order(body: Row, hosting_id: str | None, sftp: str | None, db: str | None) -> None:
    """The account and its passwords are found in every shape and told apart, and they are in nothing else."""
    reply = _hosting.read_order_reply(body)
    assert reply.id == hosting_id
    assert (reply.secrets.get("sftp_password"), reply.secrets.get("db_password")) == (sftp, db)
    assert "pw-" not in repr(reply.rest) and "pw-" not in repr(reply.raw)


@pytest.mark.parametrize(
    ("raw", "field", "value"),
    [
        ({"status": "ENABLED"}, "status", "active"),
        ({"state": "Setting-Up"}, "status", "provisioning"),
        ({"status": {"name": "disabled"}}, "status", "suspended"),
        ({"status": "Quota-Exceeded"}, "status", "Quota-Exceeded"),
        ({"status": "active", "isSuspended": True}, "status", "suspended"),
        ({"suspended": 0}, "status", "active"),
        ({"suspended": False, "status": "provisioning"}, "status", "provisioning"),
        ({"suspended": None}, "status", None),
        ({"domain": {"name": "a.example"}}, "domain", "a.example"),
        ({"primaryDomain": "a.example"}, "domain", "a.example"),
        ({"user": {"username": "a"}}, "username", "a"),
        ({"plan": {"slug": "hosting-9"}}, "plan_slug", "hosting-9"),
        ({"phpVersion": 8.1}, "php_version", "8.1"),
        ({"php": {"version": "7.4.33"}}, "php_version", "7.4"),
        ({"ssl": {"status": "ERROR"}}, "ssl_status", "failed"),
        ({"certificateStatus": "In Progress"}, "ssl_status", "pending"),
        ({"ssl": "valid"}, "ssl_status", "issued"),
        ({"ssl": True}, "ssl_status", None),
        ({"ssl_status": "expired"}, "ssl_status", "expired"),
        ({"diskQuota": {"usedMb": 4}}, "disk_quota", {"used_mb": 4}),
        ({"sftpPassword": "pw-1"}, "sftp_password", KeyError),
    ],
)
def test_reader(raw: Row, field: str, value: object) -> None:
    """Every spelling has one normal form; what is further told is kept; a password never is."""
    row = _hosting.read_hosting({"id": 5, **raw})
    assert row["id"] == "5"
    if value is KeyError:
        assert field not in row
    else:
        assert row[field] == value
