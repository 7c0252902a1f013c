# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The answers of surveys: what they mean, and that nothing is guessed."""

from __future__ import annotations

import typing as t
from datetime import date

import pytest
from ansible.errors import AnsibleFilterError
from jinja2 import StrictUndefined
from jinja2.exceptions import UndefinedError

from ansible_collections.h444.cloud.plugins.plugin_utils._jobs import (
    power_selection,
    provision_wishes,
    reverse_dns_records,
)

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIUvb1ZDsAoDqvEmrCWpvtNR0FQo2fXx7A1OK5eLdbuS"
Row = t.Dict[str, t.Any]


@pytest.fixture(autouse=True)
def no_protection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the user's is protected."""
    monkeypatch.delenv("H444_PROTECTED", raising=False)


def wishes(**answers: t.Any) -> Row:
    """Read the answers of provision."""
    return provision_wishes({"max_total_monthly_usd_cents": 3000, **answers})


def labels(**answers: t.Any) -> list[str]:
    """Give the labels of what is wanted."""
    found = wishes(**answers)
    assert found["problem"] == ""
    return [server["label"] for server in found["servers"]]


def server(label: t.Any, number: int, **more: t.Any) -> Row:
    """Give a server as h444_vps_info returns it."""
    row = {"id": "id-%d" % number, "label": label, "hostname": "host-%d" % number, "status": "running"}
    ips = [{"ip": "192.0.2.%d" % number, "primary": True}, {"ip": "2001:db8::%d" % number, "primary": False}]
    return {**row, "ipv4": "192.0.2.%d" % number, "ips": ips, **more}


FLEET = [
    server("web-1", 1),
    server("Web-2", 2),
    server("db-1", 3),
    server(None, 4),
    server("old-1", 5, status="deleted"),
]


def chosen(vps: t.Any = None, **answers: t.Any) -> t.Any:
    """Give the labels that power would work on, or the problem."""
    found = power_selection(FLEET if vps is None else vps, {"state": "stopped", **answers})
    return found["problem"] or [row["label"] for row in found["servers"]]


def records(vps: t.Any = None, **answers: t.Any) -> t.Any:
    """Give the records that reverse_dns would set, or the problem."""
    found = reverse_dns_records(FLEET if vps is None else vps, answers)
    return found["problem"] or {row["ip"]: row["hostname"] for row in found["records"]}


# What an answer is


@pytest.mark.parametrize(
    "answer",
    [["web-1", "db-1"], "web-1\ndb-1", "web-1\r\n\r\n db-1 \r\n", ("web-1", None, "", "db-1"), ["web-1\ndb-1"]],
)
def test_a_list_can_be_one_text_with_lines(answer: t.Any) -> None:
    assert labels(labels=answer) == ["web-1", "db-1"]


@pytest.mark.parametrize(
    "answer", [True, {"a": 1}, [["a"]], [{"label": "a"}], 1.5, [False], 12, [12], date(2026, 1, 1)]
)
def test_what_is_no_list_of_texts_is_refused(answer: t.Any) -> None:
    """A number is one of them: ansible-core may have made 10 of the label 012."""
    assert "provision_labels must be a list of texts" in wishes(labels=answer)["problem"]
    assert "power_servers must be a list of texts" in chosen(servers=answer)


@pytest.mark.parametrize("empty", [None, "", " ", "\n", [], [""], [None]])
def test_empty_is_not_given(empty: t.Any) -> None:
    """Nothing is ordered, stopped or named where nothing was said."""
    assert "No server is named" in wishes(labels=empty, prefix="", count="")["problem"]
    assert "power_servers is required" in chosen(servers=empty)
    assert "reverse_dns_pattern requires" in records(pattern="{label}.example.com", servers=empty)


@pytest.mark.parametrize("count", [2, "2", " 2 "])
def test_a_number_can_be_a_text(count: t.Any) -> None:
    assert labels(prefix="web", count=count) == ["web-1", "web-2"]


@pytest.mark.parametrize("count", [True, "two", "-1", -1, 1.5, "2.0", "1e3", "²", [2], "9" * 5000])
def test_what_is_no_whole_number_is_refused(count: t.Any) -> None:
    assert wishes(prefix="web", count=count)["problem"].startswith("provision_count must be a whole number")
    assert "whole number" in provision_wishes({"labels": "a", "max_total_monthly_usd_cents": count})["problem"]


def test_only_answers_that_are_a_dict_are_read() -> None:
    with pytest.raises(AnsibleFilterError):
        provision_wishes(["labels"])
    for vps in (None, {}, ["web-1"], [{"id": "1"}]):
        with pytest.raises(AnsibleFilterError):
            power_selection(vps, {"state": "stopped", "servers": "*"})
    with pytest.raises(UndefinedError):
        provision_wishes(StrictUndefined(name="answers"))


# provision


@pytest.mark.parametrize("prefix", ["web", "web-", " web "])
def test_numbered_labels(prefix: str) -> None:
    assert labels(prefix=prefix, count=2, labels="db-1\nweb-2") == ["web-1", "web-2", "db-1"]


@pytest.mark.parametrize(
    "answers, problem",
    [
        ({"prefix": "web"}, "belong together"),
        ({"count": 2, "labels": "a"}, "belong together"),
        ({"prefix": "web", "count": 0}, "belong together"),
        ({"prefix": "web", "count": 1001}, "at most 1000"),
        ({"prefix": "web\napp", "count": 1}, "provision_prefix must be one text"),
        ({"prefix": ["web"], "count": 1}, "provision_prefix must be one text"),
        ({"labels": "a\tb"}, "is not a valid label"),
        ({"labels": "a", "max_total_monthly_usd_cents": ""}, "provision_max_total_monthly_usd_cents is required"),
        ({"labels": "a", "plan_slug": "vps-1\nvps-2"}, "provision_plan_slug must be one text"),
    ],
)
def test_servers_that_are_not_clear_are_refused(answers: Row, problem: str) -> None:
    text = wishes(**answers)["problem"]
    assert problem in text and text.endswith(" Nothing was changed.")


def test_patterns_of_names() -> None:
    found = wishes(prefix="web", count=2, ptr="{label}.Example.com", hostname="{label}")
    assert found["servers"][1] == {"label": "web-2", "ptr": "web-2.Example.com", "hostname": "web-2"}
    assert wishes(labels="mail", ptr="mx.example.com")["servers"] == [{"label": "mail", "ptr": "mx.example.com"}]


@pytest.mark.parametrize(
    "ptr, problem",
    [
        ("web.example.com", "gives the hostname 'web.example.com' to 'web-1' and to 'web-2'"),
        ("{lable}.example.com", "there is no placeholder {lable}. Known are {label}."),
        ("{{ label }}.example.com", "looks like a template"),
        ("{label.example.com", "contains a single brace"),
        ("{label}", "is not a fully qualified hostname"),
        ("{label} .example.com", "is not a valid hostname"),
    ],
)
def test_patterns_that_name_no_server_are_refused(ptr: str, problem: str) -> None:
    assert problem in wishes(prefix="web", count=2, ptr=ptr)["problem"]


def test_keys_and_options() -> None:
    found = wishes(
        labels="a", authorized_keys="# mine\n%s\n" % KEY, plan_slug=" vps-2 ", os_template="", order_generation=2
    )
    assert found["authorized_keys"] == [KEY]
    assert found["options"] == {"plan_slug": "vps-2", "order_generation": "2", "max_total_monthly_usd_cents": 3000}


# power


def test_labels_and_patterns_choose_servers() -> None:
    """A pattern matches the whole label in any case; what is gone or has no label is never meant."""
    assert chosen(servers="web-*") == ["web-1", "Web-2"]
    assert chosen(servers="*") == ["web-1", "Web-2", "db-1"]
    assert chosen(servers="*", exclude="WEB-?\n") == ["db-1"]
    assert chosen(servers=["db-1", "web-1", "web-1"]) == ["web-1", "db-1"]
    assert power_selection(FLEET, {"state": "started", "servers": "db-1"}) == {
        "problem": "",
        "state": "started",
        "servers": [{"id": "id-3", "label": "db-1"}],
    }


def test_a_label_with_a_star_means_itself() -> None:
    assert chosen([*FLEET, server("web-*", 6)], servers="web-*") == ["web-*"]


@pytest.mark.parametrize(
    "answers, problem",
    [
        ({"servers": "wep-1"}, "power_servers: no server matches 'wep-1'. Did you mean 'web-1'"),
        ({"servers": "web"}, "no server matches 'web'"),
        ({"servers": "old-*"}, "no server matches 'old-*'"),
        ({"servers": "*", "exclude": "bd-*"}, "power_exclude: no server matches 'bd-*'"),
        ({"servers": "web-1", "exclude": "web-*"}, "leaves no server"),
        ({"servers": "*", "state": ""}, "power_state must be one of started, stopped, restarted."),
        ({"servers": "*", "state": "absent"}, "power_state must be one of"),
    ],
)
def test_servers_that_can_not_be_found_are_refused(answers: Row, problem: str) -> None:
    assert problem in chosen(**answers)


def test_two_servers_of_one_label_are_refused_with_their_ids() -> None:
    twins = [*FLEET, server("web-1", 6)]
    assert "2 servers have the label 'web-1' (id-1, id-6)" in chosen(twins, servers="web-*")
    assert chosen(twins, servers="db-1") == ["db-1"]


def test_protected_servers_are_not_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment protects where nothing is said; an empty list turns the protection off."""
    monkeypatch.setenv("H444_PROTECTED", "db-*, mail-*")
    for given in ({}, {"protected": ""}, {"protected": None}):
        assert "These servers are protected, so they are not stopped: 'db-1' (by 'db-*')" in chosen(
            servers="*", **given
        )
    assert "not restarted: 'db-1'" in chosen(servers="*", state="restarted")
    assert chosen(servers="*", state="started") == ["web-1", "Web-2", "db-1"]
    assert chosen(servers="*", exclude="db-*") == ["web-1", "Web-2"]
    assert chosen(servers="*", protected=[]) == ["web-1", "Web-2", "db-1"]
    assert "'web-1' (by 'web-1')" in chosen(servers="*", protected="web-1\n")
    assert "every pattern is empty" in chosen(servers="*", protected=["", None])


# reverse_dns


def test_a_pattern_names_addresses() -> None:
    assert records(pattern="{label}.example.com", servers="web-*") == {
        "192.0.2.1": "web-1.example.com",
        "192.0.2.2": "Web-2.example.com",
    }
    assert records(pattern="{ip}.example.com", servers="db-1", addresses="all") == {
        "192.0.2.3": "192-0-2-3.example.com",
        "2001:db8::3": "2001-0db8-0000-0000-0000-0000-0000-0003.example.com",
    }
    assert records(pattern="{id}.{hostname}.example.com", servers="db-1") == {"192.0.2.3": "id-3.host-3.example.com"}
    assert len(records(pattern="{label}.example.com", servers="*", addresses="all")) == 6


def test_a_server_without_an_address_is_named() -> None:
    found = reverse_dns_records(
        [server("new", 1, ipv4=None, ips=[])], {"pattern": "{label}.example.com", "servers": "*"}
    )
    assert found == {"problem": "", "records": [], "without_address": ["new"]}


@pytest.mark.parametrize(
    "listed",
    [
        "192.0.2.1 web-1.example.com\r\n\r\n2001:db8::1\tnull",
        [{"ip": "192.0.2.1", "hostname": "web-1.example.com"}, {"ip": "2001:db8::1", "hostname": None}],
        ["192.0.2.1 web-1.example.com", {"ip": "2001:db8::1", "hostname": None}],
    ],
)
def test_records_as_they_are_listed(listed: t.Any) -> None:
    """An answer that a survey fills in by itself, and one that is blank, are no pattern."""
    assert records(records=listed, pattern=" ", servers="", addresses="primary") == {
        "192.0.2.1": "web-1.example.com",
        "2001:db8::1": None,
    }


@pytest.mark.parametrize(
    "answers, problem",
    [
        ({}, "Set reverse_dns_pattern or reverse_dns_records, and not both."),
        ({"pattern": "a", "records": "192.0.2.1 a"}, "and not both"),
        ({"records": "\n"}, "Set reverse_dns_pattern or reverse_dns_records"),
        ({"records": ["\n"]}, "reverse_dns_records contains no record"),
        ({"records": "192.0.2.1"}, "each line is an address and a hostname"),
        ({"records": "192.0.2.1 a.example.com b.example.com"}, "each line is an address and a hostname"),
        ({"records": [{"ip": "192.0.2.1"}]}, "each record has an ip and a hostname"),
        ({"records": [{"ip": "192.0.2.1", "hostname": None, "ttl": 1}]}, "each record has an ip and a hostname"),
        ({"records": 1.5}, "must be a list of texts"),
        ({"records": "192.0.2.1 a.example.com", "servers": "*"}, "reverse_dns_servers belongs to"),
        ({"pattern": "{label}.example.com", "servers": "bd-1"}, "reverse_dns_servers: no server matches 'bd-1'"),
        ({"pattern": "www.example.com", "servers": "*"}, "gives the hostname 'www.example.com' to 'web-1' and to"),
        ({"pattern": "{label}.example.com", "servers": "*", "addresses": "both"}, "must be one of primary, all"),
        ({"pattern": "{label}", "servers": "*"}, "for 'web-1': 'web-1' is not a fully qualified hostname"),
    ],
)
def test_records_that_are_not_clear_are_refused(answers: Row, problem: str) -> None:
    assert problem in records(**answers)
