# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What hosts are called, and the groups of labels and addresses. All in memory: no network, no core."""

from __future__ import annotations

import itertools
import random
import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.plugin_utils import _naming
from ansible_collections.h444.cloud.plugins.plugin_utils._hosts import Server
from ansible_collections.h444.cloud.plugins.plugin_utils._naming import Note
from ansible_collections.h444.cloud.tests.unit.plugins.plugin_utils.fleets import OPTIONS, ip, row, servers_of, settings


def never(_name: str, _server_id: str) -> bool:
    """No name is taken."""
    return False


def named(
    rows: list[dict[str, t.Any]], taken: t.Callable[[str, str], bool] = never, **given: t.Any
) -> tuple[dict[str, str], list[Note], list[Server]]:
    """Name servers; give the names by id, the notes and the servers."""
    chosen = settings(**given)
    servers = servers_of(rows, **given)
    _naming.choose_bases(servers, chosen, {})
    _naming.add_groups(servers, chosen)
    notes: list[Note] = []
    _naming.name_servers(servers, chosen, taken, notes)
    return {server.row["id"]: server.name for server in servers}, notes, servers


# Names of hosts


class Text(str):
    """A string that has something attached to it."""

    __slots__ = ()


@pytest.mark.parametrize(
    "value",
    ["a", "web-1", "web_1.example.com", "10.0.0.1", "7", "0x", "a" * 63, "127-x", "ALLY", "all-1", "x.ym", "1.2.3.4.5"],
)
def test_usable_names(value: str) -> None:
    """They pass as they are."""
    assert _naming.usable_name(value) == value


@pytest.mark.parametrize(
    "value",
    [
        None, True, 1.5, [], {}, b"web", "", " ", "web ", "web\n", "-x", ".x", "_meta", "a" * 64, "a/b", "a,b", "a:b",
        "a[1]", "a*", "ä", "a{b", "a..b",
        "all", "ALL", "ungrouped", "Ungrouped", "localhost", "LocalHost", "localhost.localdomain", "localhost6",
        "ip6-localhost", "ip6-loopback", "127.0.0.1",
        "127.1", "2130706433", "0x7f000001", "0X7F000001", "017700000001", "0177.1", "0", "0x0", "0.0", "0.0.0.0",
        "victim.yml", "victim.YAML", "x.json",
    ],
)  # fmt: skip
def test_names_that_are_not_usable(value: t.Any) -> None:
    """Patterns, paths, reserved words, files' names, and every way to write the machine itself."""
    assert _naming.usable_name(value) is None


def test_a_usable_name_is_a_bare_string() -> None:
    """Numbers of expressions are names too, and what core attaches to a string is dropped."""
    assert _naming.usable_name(5) == "5"
    found = _naming.usable_name(Text("web"))
    assert found == "web"
    assert not isinstance(found, Text)


# Choosing names


def test_bases_follow_the_order_of_hostnames() -> None:
    """The first usable one; PTR records in lower case without the dot; labels composed; expressions like fields."""
    rows = [
        row("1", "web", hostname="w.example"),
        row("2", "a b", hostname="b"),
        row("3", "cafe\u0301"),
        row("4", None, ipv4="10.0.0.4"),
        row("5", "a b"),
    ]
    servers = servers_of(rows, [ip("10.0.0.1", "1", ptr="WWW.Example.")])
    _naming.choose_bases(servers, settings(), {})
    assert [server.base for server in servers] == ["web", "b", "3", "10.0.0.4", "5"]
    assert [server.passed_over for server in servers] == [None, "a b", "caf\u00e9", None, "a b"]
    _naming.choose_bases(servers, settings(hostnames=["ptr", "label"]), {})
    assert [server.base for server in servers] == ["www.example", None, None, None, None]
    _naming.choose_bases(servers, settings(hostnames=["x", "id"]), {"x": ["one", 2, None, ["l"], "bad name"]})
    assert [server.base for server in servers] == ["one", "2", "3", "4", "5"]


def test_what_was_passed_over() -> None:
    """The first text that can't name a host; nothing at all is nothing that was passed over."""
    servers = servers_of(
        [
            row("1", "a b", hostname="c d"),
            row("2", " ", hostname="x"),
            row("3", "", hostname=None),
            row("4", None),
            row("5", "ok"),
        ]
    )
    _naming.choose_bases(servers, settings(), {})
    assert [server.passed_over for server in servers] == ["a b", None, None, None, None]
    servers = servers_of([row("1", "web"), row("2", "db")])
    _naming.choose_bases(servers, settings(hostnames=["x", "id"]), {"x": [1.5, ["l"]]})
    assert [server.passed_over for server in servers] == [None, None]


def test_an_answer_of_an_expression_hides_no_field() -> None:
    """An expression that is called like a field is not one: fields are never among the answers."""
    servers = servers_of([row("1", "web")])
    _naming.choose_bases(servers, settings(hostnames=["h444_label"]), {"h444_label": ["from-expression"]})
    assert servers[0].base == "from-expression"


def test_names_that_are_alone_stay() -> None:
    """Nothing is added, nothing is said."""
    names, notes, servers = named([row("1", "web"), row("2", "db")])
    assert names == {"1": "web", "2": "db"}
    assert notes == []
    assert [server.groups for server in servers] == [[], []]


def test_names_that_are_shared() -> None:
    """Every one gets its id, all join a group, one note names them."""
    names, notes, servers = named([row("2", "web.x"), row("1", "web.x"), row("3", "db")])
    assert names == {"1": "web.x-1", "2": "web.x-2", "3": "db"}
    assert [server.groups for server in servers] == [["web_x"], ["web_x"], []]
    (note,) = notes
    assert (
        note.text
        == "2 servers are called 'web.x': their IDs (1, 2) were added to their names, and the group web_x contains "
        "them all."
    )
    assert note.servers == servers[:2]


def test_a_large_number_of_one_name_is_one_short_note() -> None:
    """Five ids are enough to find them."""
    names, notes, _servers = named([row("%02d" % number, "web") for number in range(40)])
    assert len(set(names.values())) == 40
    assert len(notes) == 1
    assert "(00, 01, 02, 03, 04, ...)" in notes[0].text
    assert "(0, 1, 2, 3, 4)" in named([row(str(number), "web") for number in range(5)])[1][0].text
    assert "(0, 1, 2, 3, 4, ...)" in named([row(str(number), "web") for number in range(6)])[1][0].text


def test_a_name_made_with_an_id_may_be_taken_as_well() -> None:
    """Then the next way to write it is taken, down to a digest that nobody has."""
    names, _notes, _servers = named(
        [row("1", "web"), row("2", "web"), row("3", "web-1"), row("4", "h444-1"), row("5", "web-2")]
    )
    assert names["3"] == "web-1"
    assert names["4"] == "h444-1"
    assert names["2"] == "h444-2"
    assert names["1"] == "web-6b86b273ff34", "sha256 of the id"
    assert len(set(names.values())) == 5


@pytest.mark.parametrize("server_id", ["x" * 300, "a/b", "..", "x.yml", "ünï", "\ud800", "-", " "])
def test_odd_ids_still_make_names(server_id: str) -> None:
    """Two servers of one label, whatever their ids are made of."""
    names, _notes, _servers = named([row(server_id, "web"), row("2", "web")])
    assert isinstance(names[server_id], str)
    assert _naming.usable_name(names[server_id]) == names[server_id]
    assert names[server_id] != names["2"]


def test_ids_that_are_written_alike_still_make_two_names() -> None:
    """What a name can't hold becomes '-', in the second one a digest."""
    names, _notes, _servers = named([row("a_b"), row("a/b"), row("a-b", "fine")], hostnames=["label"])
    assert sorted(names.values())[0] == "fine"
    assert len(set(names.values())) == 3


def test_a_name_with_an_id_is_held_against_groups_and_other_accounts() -> None:
    """It could be one of theirs as well."""
    assert named([row("1", "web"), row("2", "web")], group_names=["web-1"])[0] == {"1": "h444-1", "2": "web-2"}
    assert named([row("1", "web"), row("2", "web")], lambda name, server_id: name == "web-1" and server_id == "1")[
        0
    ] == {"1": "h444-1", "2": "web-2"}


def test_names_of_groups_are_not_taken() -> None:
    """Of the main group, of networks, of labels, and of those that the configuration or the inventory has."""
    rows = [
        row("1", "h444"),
        row("2", "office"),
        row("3", "known"),
        row("4", "web"),
        row("5", "web-7"),
        row("6", "role_x"),
    ]
    names, notes, _servers = named(
        rows,
        ip_groups={"office": ["192.0.2.0/24"]},
        group_names=["known"],
        label_groups=True,
        label_pattern="(?P<role>x)",
    )
    assert names == {"1": "h444-1", "2": "office-2", "3": "known-3", "4": "web-4", "5": "web-7", "6": "role_x-6"}
    assert [note.text for note in notes][
        0
    ] == "'h444' is the name of a group: the server with that name is called h444-1."
    assert len(notes) == 5


def test_another_account_has_the_name() -> None:
    """The newcomer gets its id, and the group that both join has a name that is no host's."""
    names, notes, servers = named([row("7", "web"), row("8", "d-b")], lambda name, server_id: name in ("web", "d-b"))
    assert names == {"7": "web-7", "8": "d-b-8"}
    assert [(server.namesake, server.groups) for server in servers] == [("web", ["h444_web"]), ("d-b", ["d_b"])]
    assert (
        "'web' is already a different server in this inventory: the one with the ID 7 is called web-7, and the group "
        "h444_web contains both." == notes[0].text
    )


def test_a_terminated_server_leaves_its_name_to_the_one_in_its_place() -> None:
    """Whatever the order; alone it keeps the name; one note tells of all of them and how to leave them out."""
    rows = [
        row("1", "web", status="terminated"),
        row("2", "web"),
        row("3", "old", status="Deleted"),
        row("4", "web", status="terminated"),
    ]
    for order in (rows, rows[::-1]):
        names, notes, servers = named(order, hostvars_prefix="x_")
        assert names == {"1": "web-1", "2": "web", "3": "old", "4": "web-4"}
        (note,) = notes
        assert note.text == (
            "2 servers are gone, and another has the name: 'web' (terminated) is called web-1, and so on."
            " To leave such servers out, add \"exclude: x_status == 'terminated'\" to filters."
        )
        assert {server.row["id"] for server in note.servers} == {"1", "4"}
        assert all(server.groups == [] for server in servers)
    names, notes, _servers = named([rows[0], rows[3]])
    assert names == {"1": "web-1", "4": "web-4"}, "no living one has the name: they share it as others do"
    assert "2 servers are called 'web'" in notes[0].text
    names, notes, _servers = named([rows[0], rows[1], row("5", "web")])
    assert names == {"1": "web-1", "2": "web-2", "5": "web-5"}
    assert len(notes) == 2


def test_nothing_usable() -> None:
    """The id alone then, and a note that shows the label."""
    names, notes, _servers = named([row("a_b", "{{ x }}")], hostnames=["label"])
    assert names == {"a_b": "h444-a-b"}
    assert [note.text for note in notes] == [
        "The server with the ID a_b has no valid host name (its label is '{{ x }}'): it is called h444-a-b."
    ]


def test_servers_that_are_called_otherwise_are_told_together() -> None:
    """One note for all whose label can't name a host but something else does; it is the same in every order."""
    rows = [row("1", "a b", hostname="x"), row("2", "c d", hostname="y"), row("3", "fine")]
    for order in (rows, rows[::-1]):
        _names, notes, _servers = named(order)
        (note,) = notes
        assert (
            note.text == "2 servers are not named by the first entry of hostnames, because it is no valid host name: "
            "'a b' is called x, and so on."
        )
        assert len(note.servers) == 2
    _names, notes, _servers = named(rows[1:])
    assert (
        notes[0].text
        == "1 server is not named by the first entry of hostnames, because it is no valid host name: 'c d' is called y."
    )


def test_names_do_not_depend_on_the_order() -> None:
    """Every order of rows with clashes of every kind gives the same names."""
    rows = [
        row("1", "web"),
        row("2", "web"),
        row("3", "web-1"),
        row("4", "h444"),
        row("5", "a b"),
        row("6", None),
        row("7", "web-1-7"),
    ]
    found = {tuple(sorted(named(list(order))[0].items())) for order in itertools.permutations(rows)}
    assert len(found) == 1


def test_random_fleets_lose_nobody() -> None:
    """As many hosts as servers, each with a usable name that no group has."""
    labels = [
        "web",
        "web-1",
        "web-2",
        "h444",
        "h444-1",
        "all",
        "a b",
        "",
        None,
        "1",
        "{{ x }}",
        "web_",
        "café",
        "x" * 70,
        "office",
    ]
    for seed in range(300):
        rng = random.Random(seed)
        rows = [
            row(str(number), rng.choice(labels), hostname=rng.choice([None, "web", "h-%d" % (number % 3)]))
            for number in range(rng.randrange(1, 25))
        ]
        chosen: dict[str, t.Any] = {
            "hostnames": rng.choice([["label"], ["hostname", "label"], ["id"], OPTIONS["hostnames"]])
        }
        names, _notes, servers = named(
            rows, label_groups=rng.random() < 0.5, ip_groups={"office": ["192.0.2.0/24"]}, **chosen
        )
        groups = {"h444", "office", "all", "ungrouped"}.union(*(server.groups for server in servers))
        assert len(set(names.values())) == len(rows)
        for name in names.values():
            assert _naming.usable_name(name) == name
            assert name not in groups


# Groups


@pytest.mark.parametrize(
    ("label", "groups"),
    [
        ("web-prod-1", ["web_prod"]), ("web-2", ["web"]), ("db7", ["db"]), ("web--07", ["web"]), ("a.b_3", ["a_b"]),
        ("mail", []), ("7", []), ("- 3", []),
        ("", []), (None, []), ("1-2-3", ["h444_1_2"]), ("Müşteri-1", ["Musteri"]), ("web-1 ", []), ("web\n1", ["web"]),
        ("all-1", ["h444_all"]),
        ("x-１", []), ("x" * 300 + "-1", []),
    ],
)  # fmt: skip
def test_label_groups(label: str | None, groups: list[str]) -> None:
    """The label without the number at its end, where there are both."""
    chosen = settings(label_groups=True)
    servers = servers_of([row("1", label)])
    _naming.add_groups(servers, chosen)
    assert servers[0].groups == groups
    servers = servers_of([row("1", label)])
    _naming.add_groups(servers, settings())
    assert servers[0].groups == []


def test_groups_of_the_label_pattern() -> None:
    """A group for each named group of the pattern that finds something."""
    given = {"label_pattern": r"^(?P<role>[a-z]+)-(?P<env>prod|stage)?(?P<rest>.*)"}
    servers = servers_of([row("1", "web-prod"), row("2", "Nothing")], **given)
    _naming.add_groups(servers, settings(**given))
    assert servers[0].groups == ["role_web", "env_prod"]
    assert servers[1].groups == []


def test_ip_groups() -> None:
    """Any address counts, also the row's own; families are kept apart; each group once, in the order of the option."""
    networks = {
        "b": ["10.0.0.0/24", "10.0.0.1"],
        "a": ["0.0.0.0/0"],
        "six": ["::/0"],
        "low": ["10.0.0.0/31"],
        "one": ["2001:db8::1"],
    }
    rows = [row("1", ipv4="10.0.0.1"), row("2"), row("3", ipv4="192.0.2.1"), row("4", ipv4="odd")]
    ips = [ip("10.0.0.2", "2"), ip("2001:db8::1", "2"), ip(None, "3"), ip("10.0.0.255", "3")]
    servers = servers_of(rows, ips, ip_groups=networks)
    _naming.add_groups(servers, settings(ip_groups=networks))
    assert [server.groups for server in servers] == [["b", "a", "low"], ["b", "a", "six", "one"], ["b", "a"], []]


def test_natural() -> None:
    """Numbers as numbers, and equal ones still in one order."""
    names = ["web-10", "web-2", "web-02", "a", "10", "9", "web", "web-2b"]
    assert sorted(names, key=_naming.natural) == ["9", "10", "a", "web", "web-02", "web-2", "web-2b", "web-10"]
