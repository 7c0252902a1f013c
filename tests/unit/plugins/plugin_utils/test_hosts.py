# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From rows to hosts: settings, the addresses of servers, their variables. All in memory: no network, no core."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils._errors import BadOption
from ansible_collections.h444.cloud.plugins.plugin_utils import _hosts
from ansible_collections.h444.cloud.plugins.plugin_utils._hosts import Settings
from ansible_collections.h444.cloud.tests.unit.plugins.plugin_utils.fleets import Bare, ip, row, servers_of, settings


def variables_of(one: dict[str, t.Any], ips: t.Sequence[dict[str, t.Any]] = (), **given: t.Any) -> dict[str, t.Any]:
    """Give the variables of one server."""
    return servers_of([one], ips, **given)[0].variables


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
        ({"label_pattern": "(x)"}, "label_pattern: it must have a named group"),
        ({"label_pattern": "(?P<status>x)"}, "would hide the variable h444_status"),
        ({"label_pattern": "(?P<in_process>x)"}, "would hide the variable h444_in_process"),
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
        "id": "1", "label": None, "hostname": None, "status": "running", "plan_slug": "vps-2", "ipv4": None,
        "ipv6": None, "ptr": None, "ips": [],
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


@pytest.mark.parametrize("switch", ["in_process", "reuse_replies"])
def test_the_api_cannot_switch_where_tasks_run(switch: str) -> None:
    assert f"h444_{switch}" not in variables_of(row("1", **{switch: False}))
    assert f"h444_{switch}" not in variables_of(row("1", **{f"h444_{switch}": False}), hostvars_prefix="")
    first, rest = switch.split("_")
    assert f"h444_{switch}" not in variables_of(row("1", **{rest: False}), hostvars_prefix=f"h444_{first}_")
    assert variables_of(row("1", **{switch: False}), hostvars_prefix="vps_")[f"vps_{switch}"] is False


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
    """The server's row, then the primary address, then the API's order; the PTR record is the main address's."""
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
    """A variable for each named group; null where nothing matches; a label that is too long is cut."""
    pattern = r"^(?P<role>[a-z]+)-(?P<env>prod|stage)?(?P<rest>.*)"
    (server,) = servers_of([row("1", "web-prod")], label_pattern=pattern)
    assert {name: server.variables["h444_" + name] for name in ("role", "env", "rest")} == {
        "role": "web",
        "env": "prod",
        "rest": "",
    }
    (server,) = servers_of([row("1", "Nothing")], label_pattern=pattern)
    assert {name: server.variables["h444_" + name] for name in ("role", "env", "rest")} == {
        "role": None,
        "env": None,
        "rest": None,
    }
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
    ("ipv4", "address"),
    [("127.44.0.11", "127.44.0.11"), ("127.0.0.1", None), ("127.44.1", None), ("127.44.0.11 ", None), ("::1", None)],
)
def test_only_an_api_on_this_machine_has_servers_on_it(ipv4: str, address: str | None) -> None:
    """The simulator's servers, and nothing else of the controller."""
    local = settings()._replace(is_local=True)
    assert _hosts.connect_address({"h444_ipv4": ipv4}, local) == address
    assert _hosts.connect_address({"h444_ipv4": ipv4}, settings()) is None
    for name in ("ipv6", "hostname", "ptr"):
        assert _hosts.connect_address({"h444_" + name: ipv4}, local) is None


@pytest.mark.parametrize(
    "typed",
    [
        "-oProxyCommand=touch x", "--", "a b", "a;b", "$(x)", "{{ x }}", "a..b", ".a", "a-", "-a", "a.-b", "a_b",
        "ä.example", "x" * 64,
        ".".join(["x" * 60] * 5),
        "localhost", "LOCALHOST.", "localhost.localdomain", "ip6-localhost", "127.0.0.1", "127.1", "0", "0x7f.1",
        "2130706433", "0177.0.0.1", "::1", "::",
        "::ffff:127.0.0.1", "0.0.0.0", "a\nb", "a@b", "user@10.0.0.1", "a:22", "a/b", "",
    ],
)  # fmt: skip
def test_what_never_becomes_an_address(typed: str) -> None:
    """No argument of ssh, no other user, and nothing that is the controller."""
    for name in ("label", "hostname", "ptr"):
        assert _hosts.connect_address({"h444_" + name: typed}, settings(connect_with=name)) is None


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
