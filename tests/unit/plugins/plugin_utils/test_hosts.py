# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From rows to hosts: names, addresses, groups and variables, with plain data and without ansible-core."""

from __future__ import annotations

import itertools
import random
import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils._errors import BadOption
from ansible_collections.h444.cloud.plugins.plugin_utils import _hosts
from ansible_collections.h444.cloud.plugins.plugin_utils._hosts import Note, Server, Settings

OPTIONS: dict[str, t.Any] = {
    "hostnames": ["label", "hostname", "ipv4", "id"],
    "connect_with": "ipv4",
    "hostvars_prefix": "h444_",
    "group": "h444",
    "label_groups": False,
    "label_pattern": None,
    "ip_groups": {},
    "statuses": [],
}


class Bare:
    """A marker that marks nothing, but tells what went through it."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def text(self, value: str) -> str:
        """Note a text."""
        assert isinstance(value, str)
        self.seen.append(value)
        return value

    def value(self, value: t.Any) -> t.Any:
        """Note a value."""
        self.seen.append(repr(value))
        return value

    def mapping(self, value: dict[str, t.Any], without: t.Container[str] = ()) -> dict[str, t.Any]:
        """Copy."""
        return {key: self.value(item) for key, item in value.items() if key not in without}


def settings(**given: t.Any) -> Settings:
    """Make settings as the plugin does."""
    return _hosts.make_settings({**OPTIONS, **given})


def row(server_id: str, label: str | None = None, **given: t.Any) -> dict[str, t.Any]:
    """Make a row in normal form."""
    return {
        "id": server_id,
        "label": label,
        "hostname": None,
        "status": "running",
        "plan_slug": "vps-2",
        "ipv4": None,
        **given,
    }


def ip(address: str | None, owner: str | None = None, **given: t.Any) -> dict[str, t.Any]:
    """Make the row of an address in normal form."""
    found = {
        "ip": address,
        "ptr": None,
        "primary": False,
        "gateway": None,
        "netmask": None,
        "zone_hosted": True,
        "vps_id": owner,
        "vps_label": None,
    }
    return {**found, **given}


def servers_of(rows: list[dict[str, t.Any]], ips: t.Sequence[dict[str, t.Any]] = (), **given: t.Any) -> list[Server]:
    """Make servers."""
    return _hosts.make_servers(rows, ips, settings(**given), Bare())[0]


def variables_of(one: dict[str, t.Any], ips: t.Sequence[dict[str, t.Any]] = (), **given: t.Any) -> dict[str, t.Any]:
    """Give the variables of one server."""
    return servers_of([one], ips, **given)[0].variables


def never(_name: str, _server_id: str) -> bool:
    """No name is taken."""
    return False


def named(
    rows: list[dict[str, t.Any]], taken: t.Callable[[str, str], bool] = never, **given: t.Any
) -> tuple[dict[str, str], list[Note], list[Server]]:
    """Name servers; give the names by id, the notes and the servers."""
    chosen = settings(**given)
    servers = servers_of(rows, **given)
    _hosts.choose_bases(servers, chosen, {})
    _hosts.add_groups(servers, chosen)
    notes: list[Note] = []
    _hosts.name_servers(servers, chosen, taken, notes)
    return {server.row["id"]: server.name for server in servers}, notes, servers


# Settings


def test_settings_take_every_option() -> None:
    """Each option arrives in the form in which it is used."""
    found = settings(
        hostnames=["ptr"],
        connect_with="none",
        hostvars_prefix="vps_",
        group="mine",
        label_groups=True,
        label_pattern="(?P<role>x)",
        ip_groups={"ten": ["10.1.2.3/8"], "six": "2001:db8::/32", "none": None},
        statuses=[" Running "],
        group_names=["other"],
    )
    assert found.label_pattern is not None
    assert found._replace(label_pattern=None) == Settings(
        hostnames=("ptr",),
        connect_with=("none",),
        prefix="vps_",
        group="mine",
        label_groups=True,
        ip_groups=(
            ("ten", 4, 10 << 24, 255 << 24),
            ("six", 6, 0x20010DB8 << 96, 0xFFFFFFFF << 96),
        ),
        statuses=frozenset({"running"}),
        group_names=frozenset({"other"}),
    )
    assert settings() == Settings(), "the defaults are those of the documentation"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"hostvars_prefix": "1x"}, "hostvars_prefix: '1x' can't begin"),
        ({"hostvars_prefix": "a b"}, "hostvars_prefix: 'a b' can't begin"),
        ({"hostvars_prefix": "ansible_x_"}, "hostvars_prefix: 'ansible_x_' can't begin"),
        ({"group": "all"}, "group: 'all' is not"),
        ({"group": "UnGrouped"}, "group: 'UnGrouped' is not"),
        ({"group": "a.b"}, "group: 'a.b' is not"),
        ({"group": ""}, "group: '' is not"),
        ({"label_pattern": "(?P<a"}, "label_pattern: '(?P<a' is not a regular expression: "),
        ({"label_pattern": "(x)"}, "label_pattern: it has no named group"),
        ({"label_pattern": "(?P<status>x)"}, "would hide the variable h444_status"),
        ({"label_pattern": "(?P<öde>x)"}, "(?P<öde>...)"),
        ({"ip_groups": {"all": []}}, "ip_groups: 'all' is not"),
        ({"ip_groups": {"x": ["10.0.0.0/8", "ten"]}}, "ip_groups: 'ten' of x is not a network"),
        ({"ip_groups": {"x": [10]}}, "ip_groups: '10' of x is not a network"),
    ],
)
def test_settings_that_are_refused(given: dict[str, t.Any], message: str) -> None:
    """One sentence that begins with the option's name."""
    with pytest.raises(BadOption) as caught:
        settings(**given)
    assert message in str(caught.value)
    assert str(caught.value).startswith(next(iter(given)))


def test_an_empty_prefix_is_allowed() -> None:
    """Short names are a matter of taste."""
    assert settings(hostvars_prefix="").prefix == ""


# Names of groups and hosts


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("web", "web"),
        ("web-prod.x", "web_prod_x"),
        ("Müşteri ılık", "Musteri_ilik"),
        ("９", "h444_9"),
        ("7up", "h444_7up"),
        ("all", "h444_all"),
        ("All", "h444_All"),
        ("ungrouped", "h444_ungrouped"),
        ("", "h444_"),
        ("--", "h444___"),
        ("_x", "_x"),
        ("{{ x }}", "___x___"),
        ("日本", "h444___"),
        ("x" * 300, "x" * 100),
        ("7" * 300, "h444_" + "7" * 95),
        ("a\nb", "a_b"),
    ],
)
def test_safe_group(text: str, name: str) -> None:
    """ASCII letters, digits and '_', not a digit first, never a reserved one, and stable under itself."""
    assert _hosts.safe_group(text) == name
    assert _hosts.safe_group(name) == name


class Text(str):
    """A string that has something attached to it."""

    __slots__ = ()


@pytest.mark.parametrize(
    "value",
    ["a", "web-1", "web_1.example.com", "10.0.0.1", "7", "0x", "a" * 63, "127-x", "ALLY", "all-1", "x.ym", "1.2.3.4.5"],
)
def test_usable_names(value: str) -> None:
    """They pass as they are."""
    assert _hosts.usable_name(value) == value


@pytest.mark.parametrize(
    "value",
    [
        None, True, 1.5, [], {}, b"web", "", " ", "web ", "web\n", "-x", ".x", "_meta", "a" * 64, "a/b", "a,b", "a:b", "a[1]", "a*", "ä", "a{b", "a..b",
        "all", "ALL", "ungrouped", "Ungrouped", "localhost", "LocalHost", "localhost.localdomain", "localhost6", "ip6-localhost", "ip6-loopback", "127.0.0.1",
        "127.1", "2130706433", "0x7f000001", "0X7F000001", "017700000001", "0177.1", "0", "0x0", "0.0", "0.0.0.0", "victim.yml", "victim.YAML", "x.json",
    ],
)  # fmt: skip
def test_names_that_are_not_usable(value: t.Any) -> None:
    """Patterns, paths, reserved words, files' names, and every way to write the machine itself."""
    assert _hosts.usable_name(value) is None


def test_a_usable_name_is_a_bare_string() -> None:
    """Numbers of expressions are names too, and what core attaches to a string is dropped."""
    assert _hosts.usable_name(5) == "5"
    found = _hosts.usable_name(Text("web"))
    assert found == "web"
    assert not isinstance(found, Text)


# Servers and their addresses


def test_addresses_are_joined_by_id() -> None:
    """An owner's id is what counts, whatever the labels."""
    servers, stray = _hosts.make_servers(
        [row("1", "web"), row("2", "db")],
        [
            ip("10.0.0.2", "2", vps_label="web"),
            ip("10.0.0.1", "1"),
            ip("10.0.0.9", "9"),
            ip("10.0.0.8"),
            ip("10.0.0.3", "2"),
        ],
        settings(),
        Bare(),
    )
    assert [[place["ip"] for place in server.addresses] for server in servers] == [
        ["10.0.0.1"],
        ["10.0.0.2", "10.0.0.3"],
    ]
    assert stray == 1, "an address without an owner can't be told to be somebody else's"


def test_addresses_without_ids_are_joined_by_a_label_that_one_server_has() -> None:
    """Two servers of one label can't be told apart, so neither gets them."""
    rows = [row("1", "web"), row("2", "twin"), row("3", "twin"), row("4", "own"), row("5", None)]
    ips = [ip("10.0.0.%d" % n, None, vps_label=label) for n, label in enumerate(["web", "twin", "own", "gone", ""])]
    servers, stray = _hosts.make_servers(rows, [*ips, ip("10.0.0.7", "4")], settings(), Bare())
    assert [[place["ip"] for place in server.addresses] for server in servers] == [
        ["10.0.0.0"],
        [],
        [],
        ["10.0.0.7"],
        [],
    ]
    assert stray == 3


def test_variables_of_a_server() -> None:
    """The known fields are always there; every further field is kept; owners are not repeated in the addresses."""
    assert variables_of(row("1"), hostvars_prefix="") == {
        "id": "1", "label": None, "hostname": None, "status": "running", "plan_slug": "vps-2", "ipv4": None, "ipv6": None, "ptr": None, "ips": [],
    }  # fmt: skip
    found = variables_of(
        row("1", "web", region="ist", specs={"vcpu": 2}), [ip("10.0.0.1", "1", ptr="a.example", note="x")]
    )
    assert found["h444_region"] == "ist"
    assert found["h444_specs"] == {"vcpu": 2}
    assert found["h444_ips"] == [
        {
            "ip": "10.0.0.1",
            "ptr": "a.example",
            "primary": False,
            "gateway": None,
            "netmask": None,
            "zone_hosted": True,
            "note": "x",
        }
    ]
    assert all(name.startswith("h444_") or name == "ansible_host" for name in found)
    assert found["ansible_host"] == "10.0.0.1"
    assert "ansible_host" not in variables_of(row("1", "web"), [ip("10.0.0.1", "1")], connect_with="none")
    bare = variables_of({"id": "1"})
    assert {
        name: bare["h444_" + name] for name in ("label", "hostname", "status", "plan_slug", "ipv4")
    } == dict.fromkeys(("label", "hostname", "status", "plan_slug", "ipv4"))


def test_fields_that_make_no_variable() -> None:
    """Secrets, odd names and, without a prefix, everything that is not known."""
    odd: dict[str, t.Any] = {
        "Upper": 1,
        "with space": 1,
        "{{ x }}": 1,
        "9x": 1,
        "": 1,
        "x" * 65: 1,
        "root_password": "hunter2",
        "fine": 1,
    }
    assert {name for name in variables_of(row("1", **odd)) if name[5:] in odd} == {"h444_fine"}
    bare = variables_of(row("1", ansible_connection="local", specs=1, region=1), hostvars_prefix="")
    assert "ansible_connection" not in bare
    assert "region" not in bare
    assert bare["specs"] == 1


def test_every_string_of_the_api_is_marked() -> None:
    """What is not asked of the marker would be templated by an old core."""
    marker = Bare()
    one = row(
        "the-id", "the-label", hostname="the-host", status="the-state", plan_slug="the-plan", region={"a": "the-region"}
    )
    ips = [ip("10.0.0.1", "the-id", ptr="the.ptr"), ip("2001:db8::1", "the-id")]
    chosen = settings(label_pattern="(?P<part>label)")
    variables = _hosts.make_servers([one], ips, chosen, marker)[0][0].variables
    seen = " ".join(marker.seen)
    for text in (
        "the-id",
        "the-label",
        "the-host",
        "the-state",
        "the-plan",
        "the-region",
        "the.ptr",
        "10.0.0.1",
        "2001:db8::1",
    ):
        assert text in seen
    assert variables["h444_part"] == "label"
    assert "label" in marker.seen


def test_which_addresses_are_the_servers_own() -> None:
    """The server's row first, then the primary address, then the order of the API; the PTR record is the main address's."""
    ips = [
        ip("10.0.0.1", "1", ptr="one.example"),
        ip("2001:db8::1", "1"),
        ip("10.0.0.2", "1", ptr="two.example", primary=True),
        ip("2001:db8::2", "1", primary=True),
        ip(None, "1", ptr="none.example"),
    ]
    found = variables_of(row("1"), ips)
    assert (found["h444_ipv4"], found["h444_ipv6"], found["h444_ptr"]) == ("10.0.0.2", "2001:db8::2", "two.example")
    found = variables_of(row("1", ipv4="10.0.0.1"), ips)
    assert (found["h444_ipv4"], found["h444_ptr"]) == ("10.0.0.1", "one.example")
    found = variables_of(row("1", ipv4="10.0.0.9"), ips)
    assert (found["h444_ipv4"], found["h444_ptr"]) == ("10.0.0.9", "two.example"), (
        "not in the list: the first that there is"
    )
    found = variables_of(row("1", ipv6="2001:db8::9", ptr="own.example"), ips[:2])
    assert (found["h444_ipv6"], found["h444_ptr"]) == ("2001:db8::9", "one.example")
    found = variables_of(row("1", ptr="own.example", ips=["10.0.0.5"]))
    assert (found["h444_ptr"], found["h444_ips"]) == ("own.example", ["10.0.0.5"]), (
        "what the row says stays where nothing else is known"
    )
    assert variables_of(row("1", ips=["10.0.0.5"]), ips[:1])["h444_ips"][0]["ip"] == "10.0.0.1"


def test_label_pattern() -> None:
    """Variables and groups of named groups; null where nothing matches; a label that is too long is cut."""
    pattern = r"^(?P<role>[a-z]+)-(?P<env>prod|stage)?(?P<rest>.*)"
    (server,) = servers_of([row("1", "web-prod")], label_pattern=pattern)
    assert {name: server.variables["h444_" + name] for name in ("role", "env", "rest")} == {
        "role": "web",
        "env": "prod",
        "rest": "",
    }
    assert server.groups == ["role_web", "env_prod"]
    (server,) = servers_of([row("1", "Nothing")], label_pattern=pattern)
    assert {name: server.variables["h444_" + name] for name in ("role", "env", "rest")} == {
        "role": None,
        "env": None,
        "rest": None,
    }
    assert server.groups == []
    (server,) = servers_of([row("1", None)], label_pattern="(?P<x>.*)")
    assert server.variables["h444_x"] == ""
    (server,) = servers_of([row("1", "x" * 5000)], label_pattern="(?P<x>.*)")
    assert server.variables["h444_x"] == "x" * 255


@pytest.mark.parametrize(
    ("connect_with", "given", "address"),
    [
        ("ipv4", {"ipv4": "10.0.0.1", "hostname": "h"}, "10.0.0.1"),
        ("ipv4", {"ipv6": "2001:DB8::1", "hostname": "h"}, "2001:db8::1"),
        ("ipv4", {"hostname": "web.example.com.", "ptr": "p.example"}, "web.example.com"),
        ("ipv4", {"ptr": "p.example"}, "p.example"),
        ("ipv4", {"label": "web"}, None),
        ("ipv6", {"ipv4": "10.0.0.1", "ipv6": "2001:db8::1"}, "2001:db8::1"),
        ("hostname", {"ipv4": "10.0.0.1", "hostname": "web"}, "web"),
        ("hostname", {"ipv4": "10.0.0.1", "hostname": "10.0.0.7"}, "10.0.0.7"),
        ("label", {"ipv4": "10.0.0.1", "label": "web-1"}, "web-1"),
        ("label", {"ipv4": "10.0.0.1", "label": "no name"}, "10.0.0.1"),
        ("ptr", {"ipv4": "10.0.0.1", "ptr": "p.example"}, "p.example"),
        ("none", {"ipv4": "10.0.0.1"}, None),
        ("ipv4", {"ipv4": 5, "hostname": ["x"]}, None),
        ("ipv4", {"ipv4": "web.example", "ipv6": "web.example"}, None),
        ("ipv4", {}, None),
        ("ipv4", {"ipv4": "0.0.0.0", "ipv6": "::", "hostname": "web"}, "web"),
        ("ipv4", {"ipv4": "127.0.0.1", "ipv6": "::1"}, None),
        ("ipv6", {"ipv6": "::ffff:127.0.0.1", "ipv4": "10.0.0.1"}, "10.0.0.1"),
        ("ipv4", {"ipv4": "0.1.2.3"}, "0.1.2.3"),
    ],
)
def test_connect_address(connect_with: str, given: dict[str, t.Any], address: str | None) -> None:
    """What was chosen, else an address, else a name."""
    assert (
        _hosts.connect_address(
            {"h444_" + name: value for name, value in given.items()}, settings(connect_with=connect_with)
        )
        == address
    )


@pytest.mark.parametrize(
    "typed",
    [
        "-oProxyCommand=touch x", "--", "a b", "a;b", "$(x)", "{{ x }}", "a..b", ".a", "a-", "-a", "a.-b", "a_b", "ä.example", "x" * 64,
        ".".join(["x" * 60] * 5),
        "localhost", "LOCALHOST.", "localhost.localdomain", "ip6-localhost", "127.0.0.1", "127.1", "0", "0x7f.1", "2130706433", "0177.0.0.1", "::1", "::",
        "::ffff:127.0.0.1", "0.0.0.0", "a\nb", "a@b", "user@10.0.0.1", "a:22", "a/b", "",
    ],
)  # fmt: skip
def test_what_never_becomes_an_address(typed: str) -> None:
    """No argument of ssh, no other user, and nothing that is the controller."""
    for name in ("label", "hostname", "ptr"):
        assert _hosts.connect_address({"h444_" + name: typed}, settings(connect_with=name)) is None


# Choosing names


def test_bases_follow_the_order_of_hostnames() -> None:
    """The first usable; PTR records in lower case without the dot; labels composed; an answer of an expression as any."""
    rows = [
        row("1", "web", hostname="w.example"),
        row("2", "a b", hostname="b"),
        row("3", "cafe\u0301"),
        row("4", None, ipv4="10.0.0.4"),
        row("5", "a b"),
    ]
    servers = servers_of(rows, [ip("10.0.0.1", "1", ptr="WWW.Example.")])
    _hosts.choose_bases(servers, settings(), {})
    assert [server.base for server in servers] == ["web", "b", "3", "10.0.0.4", "5"]
    assert [server.passed_over for server in servers] == [None, "a b", "caf\u00e9", None, "a b"]
    _hosts.choose_bases(servers, settings(hostnames=["ptr", "label"]), {})
    assert [server.base for server in servers] == ["www.example", None, None, None, None]
    _hosts.choose_bases(servers, settings(hostnames=["x", "id"]), {"x": ["one", 2, None, ["l"], "bad name"]})
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
    _hosts.choose_bases(servers, settings(), {})
    assert [server.passed_over for server in servers] == ["a b", None, None, None, None]
    servers = servers_of([row("1", "web"), row("2", "db")])
    _hosts.choose_bases(servers, settings(hostnames=["x", "id"]), {"x": [1.5, ["l"]]})
    assert [server.passed_over for server in servers] == [None, None]


def test_an_answer_of_an_expression_hides_no_field() -> None:
    """An expression that is called like a field is not one: fields are never among the answers."""
    servers = servers_of([row("1", "web")])
    _hosts.choose_bases(servers, settings(hostnames=["h444_label"]), {"h444_label": ["from-expression"]})
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
        == "2 servers are called 'web.x': their ids (1, 2) were added to their names, and the group web_x holds them all."
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
    assert _hosts.usable_name(names[server_id]) == names[server_id]
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
    ] == "'h444' is the name of a group: the server of that name is called h444-1."
    assert len(notes) == 5


def test_another_account_has_the_name() -> None:
    """The newcomer gets its id, and the group that both join has a name that is no host's."""
    names, notes, servers = named([row("7", "web"), row("8", "d-b")], lambda name, server_id: name in ("web", "d-b"))
    assert names == {"7": "web-7", "8": "d-b-8"}
    assert [(server.namesake, server.groups) for server in servers] == [("web", ["h444_web"]), ("d-b", ["d_b"])]
    assert (
        "'web' is another server of this inventory already: the one with the id 7 is called web-7, and the group h444_web holds both."
        == notes[0].text
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
            " An entry \"exclude: x_status == 'terminated'\" of filters leaves such servers out."
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
        "The server with the id a_b has nothing that can name a host (its label is '{{ x }}'): it is called h444-a-b."
    ]


def test_servers_that_are_called_otherwise_are_told_together() -> None:
    """One note for all whose label can't name a host but something else does; it is the same in every order."""
    rows = [row("1", "a b", hostname="x"), row("2", "c d", hostname="y"), row("3", "fine")]
    for order in (rows, rows[::-1]):
        _names, notes, _servers = named(order)
        (note,) = notes
        assert (
            note.text
            == "2 servers are not called what hostnames gives first, because it can't name a host: 'a b' is called x, and so on."
        )
        assert len(note.servers) == 2
    _names, notes, _servers = named(rows[1:])
    assert (
        notes[0].text
        == "1 server is not called what hostnames gives first, because it can't name a host: 'c d' is called y."
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
            assert _hosts.usable_name(name) == name
            assert name not in groups


# Groups


@pytest.mark.parametrize(
    ("label", "groups"),
    [
        ("web-prod-1", ["web_prod"]), ("web-2", ["web"]), ("db7", ["db"]), ("web--07", ["web"]), ("a.b_3", ["a_b"]), ("mail", []), ("7", []), ("- 3", []),
        ("", []), (None, []), ("1-2-3", ["h444_1_2"]), ("Müşteri-1", ["Musteri"]), ("web-1 ", []), ("web\n1", ["web"]), ("all-1", ["h444_all"]),
        ("x-１", []), ("x" * 300 + "-1", []),
    ],
)  # fmt: skip
def test_label_groups(label: str | None, groups: list[str]) -> None:
    """The label without the number at its end, where there are both."""
    chosen = settings(label_groups=True)
    servers = servers_of([row("1", label)])
    _hosts.add_groups(servers, chosen)
    assert servers[0].groups == groups
    servers = servers_of([row("1", label)])
    _hosts.add_groups(servers, settings())
    assert servers[0].groups == []


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
    _hosts.add_groups(servers, settings(ip_groups=networks))
    assert [server.groups for server in servers] == [["b", "a", "low"], ["b", "a", "six", "one"], ["b", "a"], []]


def test_statuses() -> None:
    """Whatever the case; a server without a state is in none."""
    rows = [row("1", status="running"), row("2", status="Quantum"), row("3", status=None)]
    servers = servers_of(rows)
    assert _hosts.in_statuses(servers, settings()) == servers
    assert [server.row["id"] for server in _hosts.in_statuses(servers, settings(statuses=["QUANTUM", "stopped"]))] == [
        "2"
    ]


# What is left


@pytest.mark.parametrize(
    ("raw", "server_id", "label"),
    [
        ({"id": "a/b", "label": "web"}, "a/b", "web"),
        ({"vpsId": 5}, "5", None),
        ({"ID": None, "uuid": "u"}, "u", None),
        ({"id": "", "label": 5}, "unknown-3", None),
        ({"id": " "}, "unknown-3", None),
        ({"id": True}, "unknown-3", None),
        ({"id": [1]}, "unknown-3", None),
        ({}, "unknown-3", None),
        (None, "unknown-3", None),
        ("text", "unknown-3", None),
    ],
)
def test_salvaged(raw: t.Any, server_id: str, label: str | None) -> None:
    """A row that the reader refuses keeps its id and label, as far as it has any."""
    found = _hosts.salvaged(raw, 3)
    assert found == {"id": server_id, "label": label, "hostname": None, "status": None, "plan_slug": None, "ipv4": None}


def test_salvaged_keeps_an_address_and_no_secret() -> None:
    """The address is what a user needs of an odd server; nothing that was not asked for is kept."""
    found = _hosts.salvaged({"id": "x", "ipv4": "010.0.0.1", "rootPassword": "hunter2"}, 0)
    assert found["ipv4"] is None
    assert "hunter2" not in str(found)
    assert _hosts.salvaged({"id": "x", "IPv4": "10.0.0.1"}, 0)["ipv4"] == "10.0.0.1"


@pytest.mark.parametrize(
    ("variables", "server_id"),
    [
        ({"h444_id": "1", "h444_status": None, "h444_plan_slug": None}, "1"),
        ({"id": "1", "status": "x", "plan_slug": "y"}, "1"),
        ({"x_plan_slug": 1, "y_id": "2", "y_status": 1, "y_plan_slug": None}, "2"),
        ({"h444_id": "1", "h444_plan_slug": None}, None),
        ({"h444_id": "1", "h444_status": None, "h444_abcdefghi": None}, None),
        ({"h444_id": 1, "h444_status": None, "h444_plan_slug": None}, None),
        ({}, None),
    ],
)
def test_id_among(variables: dict[str, t.Any], server_id: str | None) -> None:
    """A host that another run of this plugin made is known, whatever its prefix."""
    assert _hosts.id_among(variables) == server_id


def test_natural() -> None:
    """Numbers as numbers, and equal ones still in one order."""
    names = ["web-10", "web-2", "web-02", "a", "10", "9", "web", "web-2b"]
    assert sorted(names, key=_hosts.natural) == ["9", "10", "a", "web", "web-02", "web-2", "web-2b", "web-10"]
