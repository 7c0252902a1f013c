# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Domains: what a reply may look like, what is written of a wish, and how a refusal is told."""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _domain
from ansible_collections.h444.cloud.plugins.module_utils._errors import Ambiguous, BadOption, BadReply

NOW = datetime(2026, 6, 11, 12, 0, 0, tzinfo=timezone.utc)
HOSTS = ["ns1.example.net", "ns2.example.net"]
FULL = {
    "id": 7,
    "name": "example.com",
    "status": "active",
    "auto_renew": False,
    "transfer_lock": True,
    "whois_privacy": True,
    "nameservers": HOSTS,
    "expires_at": "2026-06-21T12:00:00.000Z",
}


def read(**fields: t.Any) -> _domain.Domain:
    """Read one raw domain; a field of None is left out."""
    return _domain.read_domain(
        {key: value for key, value in {**FULL, **fields}.items() if value is not None}, "GET /v1/domains", NOW
    )


def test_normal_form() -> None:
    row = read(
        registrar="X", authCode="S3cr-1", eppCode="S3cr-2", contacts={"owner": {"authInfo": "S3cr-3", "city": "Ankara"}}
    ).row
    assert row["id"] == "7" and row["registrar"] == "X" and row["days_left"] == 10 and row["expires_on"] == "2026-06-21"
    assert "S3cr" not in str(row) and row["contacts"] == {"owner": {"city": "Ankara"}}


@pytest.mark.parametrize(
    "name", ["transferLock", "TransferLock", "locked", "isLocked", "registrarLock", "transfer_lock_enabled"]
)
@pytest.mark.parametrize(
    "value,found",
    [
        (True, True),
        (1, True),
        ("locked", True),
        ("ON", True),
        ({"enabled": False}, False),
        ("unlocked", False),
        ("0", False),
    ],
)
def test_lock_is_read_and_written_under_the_name_it_came_under(name: str, value: t.Any, found: bool) -> None:
    domain = read(transfer_lock=None, **{name: value})
    assert domain.row["transfer_lock"] is found
    assert not {"locked", "is_locked", "registrar_lock", "transfer_lock_enabled"} & set(domain.row)
    (action,) = _domain.plan_domain(domain, {"transfer_lock": not found, "auto_renew": False}).actions
    assert action.body == {name: not found}


@pytest.mark.parametrize("name", ["privacy", "whoisPrivacy", "id_protection"])
def test_privacy_too(name: str) -> None:
    (action,) = _domain.plan_domain(read(whois_privacy=None, **{name: "enabled"}), {"whois_privacy": False}).actions
    assert action.body == {name: False} and str(action) == "set whois_privacy of example.com"


@pytest.mark.parametrize(
    "name", ["unlocked", "transfer_unlocked", "whois_public", "public", "lock_reason", "locked_at"]
)
def test_other_names_are_not_taken_for_lock_or_privacy(name: str) -> None:
    domain = read(transfer_lock=None, whois_privacy=None, **{name: True})
    assert domain.row["transfer_lock"] is None and domain.row["whois_privacy"] is None and domain.row[name] is True


@pytest.mark.parametrize("name", ["autoRenew", "nameServers"])
def test_names_of_the_page_are_written_as_on_the_page(name: str) -> None:
    domain = read(auto_renew=None, nameservers=None, autoRenew=True, nameServers=HOSTS)
    (action,) = _domain.plan_domain(domain, {"auto_renew": False, "nameservers": ["ns9.example.net"]}).actions
    assert action.body == {"auto_renew": False, "nameservers": ["ns9.example.net"]}


def test_spelling_is_found_in_a_wrapper() -> None:
    for raw in (
        {"domain": {"id": 1, "name": "a.example", "transferLock": True}},
        {"id": 1, "attributes": {"name": "a.example", "transferLock": True}},
    ):
        (action,) = _domain.plan_domain(_domain.read_domain(raw, "GET", NOW), {"transfer_lock": False}).actions
        assert action.body == {"transferLock": False}


@pytest.mark.parametrize(
    "value",
    [
        HOSTS,
        ["NS2.Example.net.", "ns1.example.NET"],
        [{"host": "ns1.example.net", "ip": None}, {"host": "ns2.example.net"}],
        [{"hostName": "ns1.example.net"}, {"name": "ns2.example.net."}],
        "ns1.example.net, ns2.example.net",
        "ns2.example.net\nns1.example.net",
        {"ns1": "ns1.example.net", "ns2": "ns2.example.net", "ns3": None},
        {"type": "custom", "hosts": HOSTS},
        ["ns1.example.net 192.0.2.1", "ns2.example.net", "", None, "NS2.example.net"],
    ],
)
def test_name_servers_in_every_form(value: t.Any) -> None:
    domain = read(nameservers=value)
    assert sorted(domain.row["nameservers"]) == HOSTS
    assert not _domain.plan_domain(
        domain, _domain.wanted_of({"nameservers": ["NS2.example.net.", "ns1.EXAMPLE.net", "ns1.example.net"]})
    ).actions
    plan = _domain.plan_domain(domain, {"nameservers": [HOSTS[0]]})
    assert plan.actions[0].body == {"nameservers": [HOSTS[0]]} and plan.after["nameservers"] == [HOSTS[0]]


@pytest.mark.parametrize(
    "field,value",
    [("nameservers", 5), ("nameservers", [["x"]]), ("nameservers", {"mode": "default"}), ("transfer_lock", "pending")],
)
def test_what_can_not_be_read_is_not_overwritten(field: str, value: t.Any) -> None:
    domain = read(**{field: value})
    wish: t.Any = HOSTS if field == "nameservers" else True
    with pytest.raises(BadReply, match="%s of example.com .* can't be read. No value was guessed" % field):
        _domain.plan_domain(domain, {field: wish})
    assert not _domain.plan_domain(domain, {"auto_renew": False}).actions


@pytest.mark.parametrize(
    "field,value", [("auto_renew", True), ("transfer_lock", True), ("whois_privacy", False), ("nameservers", HOSTS)]
)
def test_what_is_not_told_is_written_and_said(field: str, value: t.Any) -> None:
    plan = _domain.plan_domain(read(**{field: None}), {field: value})
    assert plan.actions[0].body == {field: value} and plan.after[field] == value
    assert len(plan.notes) == 1 and "does not return %s of example.com" % field in plan.notes[0]


def test_null_is_not_told_but_has_a_name() -> None:
    raw = {**FULL, "transferLock": None}
    del raw["transfer_lock"]
    plan = _domain.plan_domain(_domain.read_domain(raw, "GET", NOW), {"transfer_lock": True})
    assert plan.actions[0].body == {"transferLock": True} and plan.notes


def test_one_request_with_what_differs() -> None:
    wish = {"auto_renew": True, "transfer_lock": True, "whois_privacy": False, "nameservers": HOSTS[::-1]}
    plan = _domain.plan_domain(read(), wish)
    assert [action.body for action in plan.actions] == [{"auto_renew": True, "whois_privacy": False}]
    assert str(plan.actions[0]) == "set auto_renew, whois_privacy of example.com" and not plan.notes
    assert {key for key in plan.after if plan.after[key] != plan.before[key]} == {"auto_renew", "whois_privacy"}
    assert not _domain.plan_domain(read(), {}).actions


@pytest.mark.parametrize(
    "told,day,left",
    [
        ({"expires_at": "2026-06-11T12:00:00Z"}, "2026-06-11", 0),
        ({"expires_at": "2026-06-11T11:59:59Z"}, "2026-06-11", -1),
        ({"expires_at": "2026-06-12T11:59:59.999Z"}, "2026-06-12", 0),
        ({"expires_at": "2027-06-11T12:00:00+03:00"}, "2027-06-11", 364),
        ({"expires_at": None, "expiryDate": "2026-06-30"}, "2026-06-30", 18),
        ({"expires_at": None, "expires": 1782820800000}, "2026-06-30", 19),
        ({"expires_at": None, "expires": "1782820800"}, "2026-06-30", 19),
        ({"expires_at": None, "expiresOn": "2026-06-30 12:00:00"}, "2026-06-30", 19),
        ({"expires_at": "soon"}, None, None),
        ({"expires_at": None}, None, None),
    ],
)
def test_expiry(told: dict[str, t.Any], day: str | None, left: int | None) -> None:
    row = read(**told).row
    assert (row["expires_on"], row["days_left"]) == (day, left)
    assert row["expires_at"] == next((value for value in told.values() if value is not None), None)


@pytest.mark.parametrize(
    "value,found",
    [
        ("ACTIVE", "active"),
        ("Pending Transfer", "pending_transfer"),
        (["clientHold", "ok"], "client_hold, ok"),
        ({"name": "active"}, "active"),
        (None, None),
    ],
)
def test_status(value: t.Any, found: str | None) -> None:
    assert read(status=value).row["status"] == found


@pytest.mark.parametrize("raw", [{"id": 1}, {"name": "example.com"}, {"id": "../x", "name": "example.com"}])
def test_without_name_or_id(raw: dict[str, t.Any]) -> None:
    with pytest.raises(BadReply, match="GET /v1/domains was answered"):
        _domain.read_domain(raw, "GET /v1/domains", NOW)


@pytest.mark.parametrize(
    "hosts,words",
    [([], "offline"), (["ns1"], "fully qualified"), (["192.0.2.1"], "fully qualified"), (["a b.example"], "hostname")],
)
def test_wrong_name_servers(hosts: list[str], words: str) -> None:
    with pytest.raises(BadOption, match="^nameservers: .*" + words):
        _domain.wanted_of({"nameservers": hosts})


class Api:
    """Answers GET /domains and nothing else."""

    def __init__(self, *rows: dict[str, t.Any]) -> None:
        self._rows = rows

    def request(self, _endpoint: t.Any, **_how: t.Any) -> t.Any:
        return type("Answer", (), {"headers": {}})()

    def rows(self, *_what: t.Any, **_how: t.Any) -> list[dict[str, t.Any]]:
        return list(self._rows)


def test_names_in_any_spelling() -> None:
    api = Api(
        {**FULL, "id": 1, "name": "Müller.example"},
        {**FULL, "id": 2, "name": "xn--strae-oqa.de"},
        {**FULL, "id": 3, "name": "strasse.de"},
    )
    for name, found in (
        ("xn--mller-kva.example", "1"),
        ("MÜLLER.example.", "1"),
        ("straße.de", "2"),
        ("Strasse.de", "3"),
    ):
        assert _domain.find_domain(api, {"name": name}).row["id"] == found


def test_two_of_one_name() -> None:
    with pytest.raises(Ambiguous, match="IDs 1, 2") as caught:
        _domain.find_domain(Api({**FULL, "id": 1}, {**FULL, "id": 2, "status": "expired"}), {"name": "example.com"})
    assert caught.value.facts["candidates"][1] == {
        "id": "2",
        "name": "example.com",
        "status": "expired",
        "expires_at": FULL["expires_at"],
    }


def test_one_id_under_two_names() -> None:
    """Another domain would be changed if the id meant the other one."""
    with pytest.raises(Ambiguous, match="shows the ID 1 twice, as 'example.com' and as 'other.example'"):
        _domain.find_domain(Api({**FULL, "id": 1}, {**FULL, "id": 1, "name": "other.example"}), {"name": "example.com"})


def test_a_wrong_name_is_refused_before_any_request() -> None:
    """Also next to an id."""
    api: t.Any = None
    for call, params in ((_domain.plan_of, {"auto_renew": True}), (_domain.report, {})):
        with pytest.raises(BadOption, match="^name: "):
            call(api, {**params, "id": "1", "name": "a b"})
