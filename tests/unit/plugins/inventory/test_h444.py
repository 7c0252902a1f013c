# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory plugin's options, each over real HTTP."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
import yaml
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.utils.display import Display

from ansible_collections.h444.cloud.plugins.plugin_utils import _hosts
from ansible_collections.h444.cloud.tests.unit.plugins.inventory.support import (
    KEY,
    OTHER_KEY,
    PLUGIN,
    Api,
    address,
    one_line,
    read,
    run,
    vps,
    write,
)

FLEET = [
    vps(1, "web-prod-1", hostname="web-1.example.com", specs={"vcpu": 2, "ram_mb": 4096}),
    vps(2, "web-prod-2", status="stopped"),
    vps(3, "db-stage-1", plan_slug="vps-8", ipv4="172.16.0.3"),
    vps(4, "mail", hostname="mail.example.com"),
]
FLEET_IPS = [
    {
        "id": "id-1",
        "label": "web-prod-1",
        "ips": [address("10.0.0.1", True, "www.example.com"), address("2001:db8::1")],
    },
    {"id": "id-2", "label": "web-prod-2", "ips": [address("10.0.0.2", True)]},
    {"id": "id-3", "label": "db-stage-1", "ips": [address("10.9.9.9"), address("172.16.0.3", True, "db.example.com.")]},
    {"id": "id-4", "label": "mail", "ips": [address("10.0.0.4", True, "mail.example.com")]},
]


@pytest.fixture
def fleet(api: Api) -> Api:
    """Four servers."""
    api.serve(FLEET, FLEET_IPS)
    return api


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was warned of."""
    said: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda self, msg, *args, **kwargs: said.append(str(msg)))
    return said


@pytest.fixture
def details(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What ``-v`` shows."""
    said: list[str] = []
    monkeypatch.setattr(Display, "v", lambda self, msg, *args, **kwargs: said.append(str(msg)))
    return said


def members(inventory: InventoryData, group: str) -> list[str]:
    """Give the hosts of a group."""
    return sorted(host.name for host in inventory.groups[group].hosts)


def inventory_of(api: Api, folder: pathlib.Path, **options: t.Any) -> InventoryData:
    """Write a configuration and read it."""
    return read(write(folder, api_url=api.url, api_key=KEY, **options))


def names_of(inventory: InventoryData) -> dict[str, str]:
    """Give the names by id."""
    return {host.vars["h444_id"]: host.name for host in inventory.hosts.values()}


def test_two_requests_and_the_variables_of_a_server(fleet: Api, tmp_path: pathlib.Path) -> None:
    """The smallest configuration gives hosts with addresses and every known fact, in two requests."""
    inventory = inventory_of(fleet, tmp_path)
    assert fleet.paths == ["/v1/vps", "/v1/vps/all-ips"]
    assert fleet.requests[0][1] == "Bearer " + KEY
    assert list(inventory.hosts) == ["db-stage-1", "mail", "web-prod-1", "web-prod-2"]
    assert members(inventory, "h444") == sorted(inventory.hosts)
    found = dict(inventory.hosts["web-prod-1"].vars)
    assert found.pop("inventory_file") == str(tmp_path / "test.h444.yml")
    assert found.pop("inventory_dir") == str(tmp_path)
    own = {"gateway": "10.0.0.1", "netmask": "255.255.255.0", "zone_hosted": True}
    assert found == {
        "ansible_host": "10.0.0.1",
        "h444_created_at": "2026-01-01T00:00:00.000Z",
        "h444_hostname": "web-1.example.com",
        "h444_id": "id-1",
        "h444_ips": [
            {"ip": "10.0.0.1", "primary": True, "ptr": "www.example.com", **own},
            {"ip": "2001:db8::1", "primary": False, "ptr": None, **own},
        ],
        "h444_ipv4": "10.0.0.1",
        "h444_ipv6": "2001:db8::1",
        "h444_label": "web-prod-1",
        "h444_os_family": "ubuntu",
        "h444_os_template": "ubuntu-22.04",
        "h444_plan_slug": "vps-2",
        "h444_ptr": "www.example.com",
        "h444_specs": {"vcpu": 2, "ram_mb": 4096},
        "h444_status": "running",
    }


@pytest.mark.parametrize(
    ("hostnames", "names"),
    [
        (["label"], ["web-prod-1", "web-prod-2", "db-stage-1", "mail"]),
        (["hostname", "label"], ["web-1.example.com", "web-prod-2", "db-stage-1", "mail.example.com"]),
        (["ptr", "ipv4"], ["www.example.com", "10.0.0.2", "db.example.com", "mail.example.com"]),
        (["id"], ["id-1", "id-2", "id-3", "id-4"]),
        (["hostname"], ["web-1.example.com", "h444-id-2", "h444-id-3", "mail.example.com"]),
        (
            ["h444_label.split('-')[1] ~ '.example'", "label"],
            ["prod.example-id-1", "prod.example-id-2", "stage.example", "mail"],
        ),
        (
            ["{{ h444_label }}.{{ h444_plan_slug }}"],
            ["web-prod-1.vps-2", "web-prod-2.vps-2", "db-stage-1.vps-8", "mail.vps-2"],
        ),
        (["h444_nothing", "h444_specs.vcpu", "id"], ["2", "id-2", "id-3", "id-4"]),
    ],
)
def test_hostnames(fleet: Api, tmp_path: pathlib.Path, hostnames: list[str], names: list[str]) -> None:
    """The first of the list that gives a usable name; expressions too; the id where nothing does."""
    assert list(dict(sorted(names_of(inventory_of(fleet, tmp_path, hostnames=hostnames)).items())).values()) == names


def test_a_failing_name_is_an_error_only_when_strict(fleet: Api, tmp_path: pathlib.Path) -> None:
    """Not strict, the next of the list is taken."""
    with pytest.raises(AnsibleParserError, match=r"test\.h444\.yml: hostnames: 'h444_nothing' failed: .*h444_nothing"):
        inventory_of(fleet, tmp_path, hostnames=["h444_nothing"], strict=True)


@pytest.mark.parametrize(
    ("connect_with", "addresses"),
    [
        ("ipv4", ["10.0.0.1", "10.0.0.2", "172.16.0.3", "10.0.0.4"]),
        ("ipv6", ["2001:db8::1", "10.0.0.2", "172.16.0.3", "10.0.0.4"]),
        ("hostname", ["web-1.example.com", "10.0.0.2", "172.16.0.3", "mail.example.com"]),
        ("ptr", ["www.example.com", "10.0.0.2", "db.example.com", "mail.example.com"]),
        ("label", ["web-prod-1", "web-prod-2", "db-stage-1", "mail"]),
        ("none", [None, None, None, None]),
        (["ipv6"], ["2001:db8::1", "10.0.0.2", "172.16.0.3", "10.0.0.4"]),
        (["ipv6", "ptr", "hostname"], ["2001:db8::1", "10.0.0.2", "db.example.com", "mail.example.com"]),
        (["ipv6", "ptr", "label"], ["2001:db8::1", "web-prod-2", "db.example.com", "mail.example.com"]),
        (["ipv6", "none"], ["2001:db8::1", None, None, None]),
        ("ptr, ipv6", ["www.example.com", "10.0.0.2", "db.example.com", "mail.example.com"]),
    ],
)
def test_connect_with(
    fleet: Api, tmp_path: pathlib.Path, connect_with: str | list[str], addresses: list[str | None]
) -> None:
    """The first of what was chosen, else an address; never a variable for 'none'."""
    inventory = inventory_of(fleet, tmp_path, connect_with=connect_with)
    by_id = sorted(inventory.hosts.values(), key=lambda host: host.vars["h444_id"])
    assert [host.vars.get("ansible_host") for host in by_id] == addresses


ODD_VPS: dict[str, t.Callable[[list[dict[str, t.Any]]], t.Any]] = {
    "bare": lambda rows: rows,
    "under data": lambda rows: {"data": rows},
    "under its name, with a count": lambda rows: {"success": True, "data": {"vps": rows}, "total": len(rows)},
    "camel case": lambda rows: [
        {"planSlug": row["plan_slug"], **{key: row[key] for key in ("id", "label", "status", "ipv4")}} for row in rows
    ],
    "upper case states": lambda rows: [
        {**row, "status": {"running": "ACTIVE", "stopped": "OFF"}[row["status"]]} for row in rows
    ],
    "a nested plan": lambda rows: [
        {**row, "plan_slug": None, "plan": {"slug": row["plan_slug"], "vcpu": 2}} for row in rows
    ],
    "each under its own name": lambda rows: [{"vps": row} for row in rows],
    "attributes": lambda rows: {"data": [{"id": row["id"], "type": "vps", "attributes": row} for row in rows]},
    "a map from id to server": lambda rows: {row["id"]: row for row in rows},
    "without addresses": lambda rows: [{key: value for key, value in row.items() if key != "ipv4"} for row in rows],
    "addresses as objects": lambda rows: [{**row, "ipv4": {"address": row["ipv4"], "netmask": "x"}} for row in rows],
    "the other way round": lambda rows: rows[::-1],
}
ODD_IPS: dict[str, t.Callable[[list[dict[str, t.Any]]], t.Any]] = {
    "bare": lambda groups: groups,
    "under data": lambda groups: {"data": groups},
    "vpsId": lambda groups: [
        {"vpsId": group["id"], "vpsLabel": group["label"], "ips": group["ips"]} for group in groups
    ],
    "a nested server": lambda groups: [
        {"vps": {"id": group["id"], "label": group["label"]}, "ips": group["ips"]} for group in groups
    ],
    "labels only": lambda groups: [{"label": group["label"], "ips": group["ips"]} for group in groups],
    "a map from id to addresses": lambda groups: {group["id"]: group["ips"] for group in groups},
    "a flat list": lambda groups: [{**ip, "vps_id": group["id"]} for group in groups for ip in group["ips"]],
    "snake case": lambda groups: [
        {
            **group,
            "ips": [
                {("zone_hosted" if key == "zoneHosted" else key): value for key, value in ip.items()}
                for ip in group["ips"]
            ],
        }
        for group in groups
    ],
}


@pytest.mark.parametrize(
    ("vps_form", "ips_form"),
    [
        *((form, "bare") for form in ODD_VPS),
        *(("without addresses", form) for form in ODD_IPS),
        ("bare", "labels only"),
    ],
)
def test_odd_replies_give_the_same_hosts(
    api: Api, tmp_path: pathlib.Path, warnings: list[str], vps_form: str, ips_form: str
) -> None:
    """Any form of the API: the same names, addresses, states, plans and PTR records, in two requests and no warning."""
    api.serve(ODD_VPS[vps_form](FLEET), ODD_IPS[ips_form](FLEET_IPS))
    inventory = inventory_of(api, tmp_path, hostnames=["label"], keyed_groups=[{"key": "h444_plan_slug"}])
    shown = {
        host.name: tuple(
            host.vars[name] for name in ("h444_id", "h444_status", "h444_plan_slug", "ansible_host", "h444_ptr")
        )
        for host in inventory.hosts.values()
    }
    assert shown == {
        "db-stage-1": ("id-3", "running", "vps-8", "172.16.0.3", "db.example.com"),
        "mail": ("id-4", "running", "vps-2", "10.0.0.4", "mail.example.com"),
        "web-prod-1": ("id-1", "running", "vps-2", "10.0.0.1", "www.example.com"),
        "web-prod-2": ("id-2", "stopped", "vps-2", "10.0.0.2", None),
    }
    assert members(inventory, "_vps_8") == ["db-stage-1"]
    assert warnings == []
    assert len(api.requests) == 2


def test_odd_servers_are_there(api: Api, tmp_path: pathlib.Path, warnings: list[str]) -> None:
    """Without address, without anything, in an unknown state, with odd fields, of the wrong type."""
    rows = [
        vps(1, "bare", ipv4=None),
        {"id": 2},
        vps(
            3,
            "odd",
            status="quantum",
            specs=[1, {"x": None}],
            hostname=5,
            tags=["a", {"b": "{{ c }}"}],
            rootPassword="hunter2",
        ),
        vps(4, "names", **{"ansible_connection": "local", "Weird Key": 1, "{{ x }}": 2, "zoneHosted": True}),
        vps(5, "broken", planSlug="a", plan_slug="b"),
    ]
    api.serve(rows, [{"id": "id-1", "ips": []}, {"id": "gone", "ips": [address("10.1.1.1")]}])
    inventory = inventory_of(api, tmp_path)
    assert names_of(inventory) == {"id-1": "bare", "2": "2", "id-3": "odd", "id-4": "names", "id-5": "broken"}
    assert "ansible_host" not in inventory.hosts["bare"].vars
    odd = inventory.hosts["odd"].vars
    assert odd["h444_status"] == "quantum"
    assert odd["h444_hostname"] == "5"
    assert odd["h444_tags"] == ["a", {"b": "{{ c }}"}]
    assert not any("hunter2" in str(host.vars) for host in inventory.hosts.values())
    names = inventory.hosts["names"].vars
    assert names["h444_ansible_connection"] == "local"
    assert names["h444_weird_key"] == 1
    assert "ansible_connection" not in names
    assert not any("{" in name for name in names)
    assert any("id-5" in text and "odd" in text for text in warnings)
    with pytest.raises(AnsibleParserError, match="plan_slug"):
        inventory_of(api, tmp_path, strict=True)


def test_one_id_twice_is_one_server(api: Api, tmp_path: pathlib.Path, warnings: list[str]) -> None:
    """The first row counts, and it is said."""
    api.serve([vps(1, "web"), vps(1, "other"), vps(2, "db")])
    assert list(inventory_of(api, tmp_path).hosts) == ["db", "web"]
    assert any("'id-1' is in the list twice" in text for text in warnings)


def test_one_id_a_thousand_times_is_one_warning(api: Api, tmp_path: pathlib.Path, warnings: list[str]) -> None:
    """Otherwise the warnings alone would take minutes."""
    api.serve([vps(1, "web-%d" % number) for number in range(1000)], [])
    assert list(inventory_of(api, tmp_path).hosts) == ["web-0"]
    assert len(warnings) == 1


def test_the_beginning_of_a_long_label_is_looked_at(api: Api, tmp_path: pathlib.Path) -> None:
    """A pattern may take the square of a label's length, so it sees no more than a label can have."""
    seen: list[int] = []

    class Pattern:
        groupindex = {"role": 1}

        def search(self, text: str) -> None:
            seen.append(len(text))

    api.serve([vps(1, "x" * 100_000 + "-1"), vps(2, "web-1")])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_hosts.re, "compile", lambda *_args: Pattern())
        inventory_of(api, tmp_path, label_pattern="(?P<role>x)", label_groups=True)
    assert sorted(seen) == [5, 255]


def test_a_large_fleet_of_one_name(api: Api, tmp_path: pathlib.Path, warnings: list[str]) -> None:
    """Every server has a name of its own, and the warning is one line."""
    api.serve([vps(number, "web") for number in range(3000)])
    inventory = inventory_of(api, tmp_path)
    assert len(inventory.hosts) == len(inventory.groups["web"].hosts) == 3000
    assert [text for text in warnings if "3000 servers are called 'web'" in text] == warnings


def test_an_empty_prefix_lets_the_api_name_nothing(api: Api, tmp_path: pathlib.Path) -> None:
    """Only the known fields become variables then."""
    api.serve([vps(1, "web", ansible_connection="local", inventory_hostname="x", groups=["x"], specs={"vcpu": 1})])
    found = set(inventory_of(api, tmp_path, hostvars_prefix="").hosts["web"].vars)
    assert {"id", "label", "status", "plan_slug", "ipv4", "ips", "ptr", "specs"} <= found
    assert not found & {"ansible_connection", "inventory_hostname", "groups"}


def test_prefix_and_group(fleet: Api, tmp_path: pathlib.Path) -> None:
    """Both can be chosen, and expressions see the chosen names."""
    inventory = inventory_of(fleet, tmp_path, hostvars_prefix="vps_", group="servers", compose={"x": "vps_label"})
    assert members(inventory, "servers") == sorted(inventory.hosts)
    assert inventory.hosts["mail"].vars["x"] == "mail"
    assert "h444" not in inventory.groups


def test_label_groups(api: Api, tmp_path: pathlib.Path) -> None:
    """The label without its number; a label without a number gives none, and hosts and groups never share a name."""
    labels = [
        "web-prod-1",
        "web-2",
        "web-10",
        "db7",
        "mail",
        "7",
        "all-1",
        "9lives-1",
        "Müşteri-1",
        "- 3",
        "x_1",
        "web",
    ]
    api.serve([vps(number, label) for number, label in enumerate(labels)])
    inventory = inventory_of(api, tmp_path, label_groups=True)
    groups = {name: members(inventory, name) for name in inventory.groups if name not in ("all", "ungrouped", "h444")}
    assert groups == {
        "web_prod": ["web-prod-1"],
        "web": ["web-10", "web-2"],
        "db": ["db7"],
        "h444_all": ["all-1"],
        "h444_9lives": ["9lives-1"],
        "Musteri": ["10.0.0.8"],
        "x": ["x_1"],
    }
    assert names_of(inventory)["id-11"] == "web-id-11"


def test_label_pattern(fleet: Api, tmp_path: pathlib.Path) -> None:
    """Each named group is a variable and a group; where nothing matches the variables are null."""
    inventory = inventory_of(
        fleet,
        tmp_path,
        label_pattern=r"^(?P<role>[a-z]+)-(?P<env>prod|stage)-(?P<number>\d+)$",
        keyed_groups=[{"key": "h444_env"}],
    )
    found = inventory.hosts["web-prod-2"].vars
    assert (found["h444_role"], found["h444_env"], found["h444_number"]) == ("web", "prod", "2")
    assert inventory.hosts["mail"].vars["h444_role"] is None
    assert members(inventory, "role_web") == ["web-prod-1", "web-prod-2"]
    assert members(inventory, "env_stage") == ["db-stage-1"]
    assert members(inventory, "number_1") == ["db-stage-1", "web-prod-1"]
    assert members(inventory, "_prod") == ["web-prod-1", "web-prod-2"]


def test_ip_groups(fleet: Api, tmp_path: pathlib.Path) -> None:
    """Any address of a server counts, of both families; a network may be given as one string and with host bits."""
    inventory = inventory_of(
        fleet,
        tmp_path,
        ip_groups={
            "ten": ["10.0.0.0/24"],
            "six": "2001:db8::/32",
            "private": ["172.16.5.5/12", "10.9.0.0/16"],
            "one": ["10.0.0.4"],
            "no": [],
        },
    )
    assert members(inventory, "ten") == ["mail", "web-prod-1", "web-prod-2"]
    assert members(inventory, "six") == ["web-prod-1"]
    assert members(inventory, "private") == ["db-stage-1"]
    assert members(inventory, "one") == ["mail"]


def test_statuses(fleet: Api, tmp_path: pathlib.Path) -> None:
    """Only the asked ones, whatever the case."""
    assert list(inventory_of(fleet, tmp_path, statuses=["Stopped"]).hosts) == ["web-prod-2"]
    assert len(inventory_of(fleet, tmp_path, statuses=[]).hosts) == 4


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ([{"include": "h444_label == 'mail'"}, {"exclude": True}], ["mail"]),
        ([{"exclude": "h444_status == 'stopped'"}], ["db-stage-1", "mail", "web-prod-1"]),
        ([{"exclude": "'prod' in h444_label"}, {"include": "h444_label == 'web-prod-1'"}], ["db-stage-1", "mail"]),
        (
            [{"include": "h444_label == 'web-prod-1'"}, {"exclude": "'prod' in h444_label"}],
            ["db-stage-1", "mail", "web-prod-1"],
        ),
        ([{"exclude": "inventory_hostname == 'mail'"}], ["db-stage-1", "web-prod-1", "web-prod-2"]),
        (
            [{"exclude": "lookup('ansible.builtin.items', h444_label) == 'mail'"}],
            ["db-stage-1", "web-prod-1", "web-prod-2"],
        ),
        ([{"exclude": "h444_nothing == 1"}], ["db-stage-1", "mail", "web-prod-1", "web-prod-2"]),
    ],
)
def test_filters(fleet: Api, tmp_path: pathlib.Path, filters: list[dict[str, t.Any]], names: list[str]) -> None:
    """The first that holds decides; where none does the server stays."""
    assert list(inventory_of(fleet, tmp_path, filters=filters).hosts) == names


def test_a_failing_filter_is_said_and_strict_makes_it_an_error(
    fleet: Api, tmp_path: pathlib.Path, warnings: list[str]
) -> None:
    """It decides nothing, but not in silence."""
    inventory_of(fleet, tmp_path, filters=[{"exclude": "h444_nothing == 1"}])
    assert any("filters: 'h444_nothing == 1' failed for 4 servers" in text for text in warnings)
    with pytest.raises(AnsibleParserError, match=r"filters: 'h444_nothing == 1' failed: .*h444_nothing"):
        inventory_of(fleet, tmp_path, filters=[{"exclude": "h444_nothing == 1"}], strict=True)


def test_constructed_options(fleet: Api, tmp_path: pathlib.Path) -> None:
    """compose, groups and keyed_groups are core's, and see what was composed before them."""
    inventory = inventory_of(
        fleet,
        tmp_path,
        compose={
            "ansible_host": "h444_hostname | default(h444_ipv4, true)",
            "size": "h444_specs.vcpu | default(1)",
            "name": "inventory_hostname ~ '!'",
        },
        groups={"big": "size | int > 1", "never": "nothing_like_it"},
        keyed_groups=[
            {"key": "h444_plan_slug", "prefix": "plan", "parent_group": "plans"},
            {"key": "h444_status", "separator": ""},
        ],
        leading_separator=False,
    )
    assert inventory.hosts["web-prod-1"].vars["ansible_host"] == "web-1.example.com"
    assert inventory.hosts["mail"].vars["name"] == "mail!"
    assert members(inventory, "big") == ["web-prod-1"]
    assert members(inventory, "plan_vps_8") == ["db-stage-1"]
    assert [group.name for group in inventory.groups["plans"].child_groups] == ["plan_vps_8", "plan_vps_2"]
    assert members(inventory, "stopped") == ["web-prod-2"]
    assert "never" not in inventory.groups
    with pytest.raises(AnsibleParserError, match=r"test\.h444\.yml: Could not add host db-stage-1 to group never"):
        inventory_of(fleet, tmp_path, groups={"never": "nothing_like_it"}, strict=True)


def test_extra_vars(fleet: Api, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They shadow variables where it is asked for, and can give the key and the URL."""
    import ansible.plugins.inventory as base

    monkeypatch.setattr(
        base, "load_extra_vars", lambda loader: {"h444_status": "shadowed", "my_key": KEY, "my_url": fleet.url}
    )
    path = write(
        tmp_path, api_url="{{ my_url }}", api_key="{{ my_key }}", use_extra_vars=True, compose={"x": "h444_status"}
    )
    assert {host.vars["x"] for host in read(path).hosts.values()} == {"shadowed"}
    path = write(tmp_path, api_url="{{ my_url }}", api_key="{{ my_key }}", compose={"x": "h444_status"})
    assert {host.vars["x"] for host in read(path).hosts.values()} == {"running", "stopped"}


def test_equal_names_stay_apart(api: Api, tmp_path: pathlib.Path, warnings: list[str]) -> None:
    """Both get their id and share a group, also when only one of them is wanted today."""
    api.serve([vps(1, "web"), vps(2, "web", status="stopped"), vps(3, "db"), vps(4, "web-id-1")])
    inventory = inventory_of(api, tmp_path)
    assert names_of(inventory) == {"id-1": "h444-id-1", "id-2": "web-id-2", "id-3": "db", "id-4": "web-id-1"}
    assert members(inventory, "web") == ["h444-id-1", "web-id-2"]
    assert any("2 servers are called 'web': their IDs (id-1, id-2) were added" in text for text in warnings)
    assert names_of(inventory_of(api, tmp_path, statuses=["running"]))["id-1"] == "h444-id-1"


def test_names_of_groups_are_not_names_of_hosts(api: Api, tmp_path: pathlib.Path, warnings: list[str]) -> None:
    """Neither of groups of this configuration nor of those that are in the inventory already."""
    api.serve([vps(number, label) for number, label in enumerate(["h444", "office", "up", "static", "fine"])])
    inventory = InventoryData()
    inventory.add_group("static")
    path = write(tmp_path, api_url=api.url, api_key=KEY, ip_groups={"office": ["10.0.0.0/8"]}, groups={"up": True})
    read(path, inventory)
    assert list(names_of(inventory).values()) == ["fine", "h444-id-0", "office-id-1", "static-id-3", "up-id-2"]
    assert len([text for text in warnings if "is the name of a group" in text]) == 4


def test_two_accounts_side_by_side(api: Api, tmp_path: pathlib.Path, warnings: list[str]) -> None:
    """Two files with two keys; servers of one name stay apart and share a group."""
    ips: t.Any = json.dumps([]).encode()
    api.answer("/v1/vps/all-ips", ips)
    api.answer("/v1/vps", [])
    api.by_key = {
        KEY: {"/v1/vps": json.dumps([vps(1, "web"), vps(2, "db")]).encode()},
        OTHER_KEY: {"/v1/vps": json.dumps([vps(11, "web"), vps(12, "mail")]).encode()},
    }
    inventory = InventoryData()
    read(write(tmp_path, "a.h444.yml", api_url=api.url, api_key=KEY, group="account_a"), inventory)
    read(
        write(tmp_path, "b.h444.yml", api_url=api.url, api_key=OTHER_KEY, group="account_b", hostvars_prefix="b_"),
        inventory,
    )
    assert sorted(inventory.hosts) == ["db", "mail", "web", "web-id-11"]
    assert members(inventory, "account_a") == ["db", "web"]
    assert members(inventory, "account_b") == ["mail", "web-id-11"]
    assert any("'web' is already a different server in this inventory" in text for text in warnings)
    assert members(inventory, "h444_web") == ["web", "web-id-11"]
    # The same account twice is the same servers.
    read(write(tmp_path, "c.h444.yml", api_url=api.url, api_key=KEY, group="again"), inventory)
    assert members(inventory, "again") == ["db", "web"]


def test_two_apis_may_use_the_same_ids(api: Api, tmp_path: pathlib.Path) -> None:
    """An id is unique within one API; with another URL it is another server, and the same URL twice is the same one."""
    api.serve([vps(1, "web"), vps(2, "db")])
    other = Api()
    other.serve([vps(1, "web"), vps(3, "shop")])
    inventory = InventoryData()
    try:
        read(write(tmp_path, "a.h444.yml", api_url=api.url, api_key=KEY, group="account_a"), inventory)
        read(write(tmp_path, "b.h444.yml", api_url=other.url, api_key=KEY, group="account_b"), inventory)
        read(write(tmp_path, "c.h444.yml", api_url=other.url + "/", api_key=OTHER_KEY, group="account_c"), inventory)
    finally:
        other.close()
    assert members(inventory, "account_a") == ["db", "web"]
    assert members(inventory, "account_b") == members(inventory, "account_c") == ["shop", "web-id-1"]
    assert members(inventory, "h444_web") == ["web", "web-id-1"]


def test_a_static_host_is_completed(fleet: Api, tmp_path: pathlib.Path) -> None:
    """A host that another source has already keeps its variables."""
    inventory = InventoryData()
    inventory.add_host("mail")
    inventory.set_variable("mail", "owner", "me")
    read(write(tmp_path, api_url=fleet.url, api_key=KEY), inventory)
    assert inventory.hosts["mail"].vars["owner"] == "me"
    assert inventory.hosts["mail"].vars["h444_id"] == "id-4"


ENVIRONMENT = {
    "H444_INVENTORY_HOSTNAMES": "hostname,id",
    "H444_INVENTORY_CONNECT_WITH": "ptr",
    "H444_INVENTORY_HOSTVARS_PREFIX": "env_",
    "H444_INVENTORY_GROUP": "from_env",
    "H444_INVENTORY_LABEL_GROUPS": "true",
    "H444_INVENTORY_LABEL_PATTERN": "(?P<first>[a-z]+)",
    "H444_INVENTORY_IP_GROUPS": "{net: [10.0.0.0/8]}",
    "H444_INVENTORY_STATUSES": "running,stopped",
    "H444_INVENTORY_FILTERS": "[{exclude: env_label == 'mail'}]",
    "H444_INVENTORY_COMPOSE": "{composed: env_label ~ '!'}",
    "H444_INVENTORY_GROUPS": "{conditional: env_status == 'stopped'}",
    "H444_INVENTORY_KEYED_GROUPS": "[{key: env_plan_slug}]",
    "H444_INVENTORY_LEADING_SEPARATOR": "false",
    "H444_INVENTORY_STRICT": "false",
    "H444_API_TIMEOUT": "7",
    "H444_API_RETRIES": "0",
    "H444_VALIDATE_CERTS": "false",
}


@pytest.mark.parametrize("value", ["ipv6,ptr", "[ipv6, ptr]", "[ipv6, ptr, none]"])
def test_a_list_of_addresses_from_the_environment(
    fleet: Api, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """With commas, or as YAML."""
    monkeypatch.setenv("H444_INVENTORY_CONNECT_WITH", value)
    inventory = inventory_of(fleet, tmp_path)
    assert inventory.hosts["web-prod-1"].vars["ansible_host"] == "2001:db8::1"
    assert inventory.hosts["db-stage-1"].vars["ansible_host"] == "db.example.com"
    assert ("ansible_host" in inventory.hosts["web-prod-2"].vars) is ("none" not in value)


def test_every_option_from_the_environment(fleet: Api, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An inventory source of AWX can pass nothing else."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("H444_API_KEY", KEY)
    monkeypatch.setenv("H444_API_URL", fleet.url)
    monkeypatch.setenv("H444_RATE_LIMIT", "0")
    inventory = read(write(tmp_path, rate_limit=None, api_retries=None))
    assert sorted(inventory.hosts) == ["id-2", "id-3", "web-1.example.com"]
    assert {"from_env", "web_prod", "first_web", "net", "conditional", "vps_2"} <= set(inventory.groups)
    assert inventory.hosts["id-3"].vars["composed"] == "db-stage-1!"
    assert inventory.hosts["id-3"].vars["ansible_host"] == "db.example.com"


def test_every_option_has_an_environment_variable() -> None:
    """Those of this plugin one of its own, those of core's fragments core's; both lists of this test are whole."""
    from ansible.plugins.loader import inventory_loader

    definitions = inventory_loader.get(PLUGIN).option_definitions
    variables = {
        name: [entry["name"] for entry in definition.get("env") or ()]
        for name, definition in definitions.items()
        if name != "plugin"
    }
    assert {name for name, found in variables.items() if not found} == set()
    own = {found for names in variables.values() for found in names if found.startswith("H444_")}
    assert own == {*ENVIRONMENT, "H444_API_KEY", "H444_API_URL", "H444_RATE_LIMIT", "H444_CA_PATH"}
    core = {name for name, found in variables.items() if not any(one.startswith("H444_") for one in found)}
    assert core == {"cache", "cache_connection", "cache_plugin", "cache_prefix", "cache_timeout", "use_extra_vars"}


def test_the_file_wins_over_the_environment(
    fleet: Api, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also for structured options."""
    monkeypatch.setenv("H444_INVENTORY_COMPOSE", "{x: 1}")
    monkeypatch.setenv("H444_INVENTORY_GROUP", "from_env")
    inventory = inventory_of(fleet, tmp_path, compose={"y": "2"}, group="from_file")
    assert "x" not in inventory.hosts["mail"].vars
    assert "from_env" not in inventory.groups


@pytest.mark.parametrize("empty", ["", " "])
def test_empty_variables_count_as_unset(
    fleet: Api, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, empty: str
) -> None:
    """AWX injects an empty variable for every field that nobody filled in."""
    import os

    names = [*ENVIRONMENT, "H444_CA_PATH", "H444_API_URL", "H444_RATE_LIMIT"]
    for name in names:
        monkeypatch.setenv(name, empty)
    monkeypatch.setenv("H444_API_KEY", KEY)
    inventory = read(write(tmp_path, api_url=fleet.url))
    assert sorted(inventory.hosts) == ["db-stage-1", "mail", "web-prod-1", "web-prod-2"]
    assert all(os.environ[name] == empty for name in names), "only hidden while the options are read"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hostvars_prefix": "1x"}, "hostvars_prefix: '1x' can't begin the name of a variable"),
        ({"hostvars_prefix": "ansible_"}, "hostvars_prefix: 'ansible_' can't begin"),
        ({"group": "all"}, "group: 'all' is not a valid group name"),
        ({"group": "a-b"}, "group: 'a-b' is not a valid group name"),
        ({"label_pattern": "("}, "label_pattern: '(' is not a regular expression"),
        ({"label_pattern": "web"}, "label_pattern: it must have a named group"),
        (
            {"label_pattern": "(?P<label>x)"},
            "label_pattern: the group (?P<label>...) would hide the variable h444_label",
        ),
        ({"ip_groups": {"x": ["10.0.0.0/33"]}}, "ip_groups: '10.0.0.0/33' of x is not a network"),
        ({"ip_groups": {"x": [5]}}, "ip_groups: '5' of x is not a network"),
        ({"ip_groups": {"a b": []}}, "ip_groups: 'a b' is not a valid group name"),
        ({"filters": [{"only": "x"}]}, "filters: each entry must be one condition under 'include' or 'exclude'"),
        ({"filters": [{"include": "x", "exclude": "y"}]}, "filters: each entry must be one condition"),
        ({"keyed_groups": [{"keys": "x"}]}, "keyed_groups: there is no option 'keys' in an entry (did you mean key?)"),
        ({"hostnames": []}, "hostnames: must not be empty"),
        (
            {"connect_with": "fax"},
            "connect_with: 'fax' is not one of ipv4, ipv6, hostname, label, ptr, none, or a list of these.",
        ),
        (
            {"connect_with": ["ipv4", "fax"]},
            "connect_with: '['ipv4', 'fax']' is not one of ipv4, ipv6, hostname, label, ptr, none, or a list",
        ),
        ({"connect_with": []}, "connect_with: '[]' is not one of ipv4, ipv6"),
        ({"api_timeout": "fast"}, "api_timeout: 'fast' is not a whole number."),
        ({"api_retries": -1}, "api_retries: '-1' is not a whole number."),
        ({"rate_limit": 1.5}, "rate_limit: '1.5' is not a whole number."),
        ({"validate_certs": "maybe"}, "validate_certs: 'maybe' is not true or false."),
        ({"strict": "yess"}, "strict: 'yess' is not true or false."),
        ({"cache": [True]}, "cache: '[True]' is not true or false."),
        ({"keyed_groups": {"key": "h444_status"}}, "keyed_groups: '{'key': 'h444_status'}' is not a list."),
        (
            {"keyed_groups": ["h444_status"]},
            "keyed_groups: each entry must be a dictionary like '- key: h444_status', not 'h444_status'.",
        ),
        ({"compose": ["x"]}, "compose: '['x']' is not a dictionary."),
        ({"groups": "up"}, "groups: 'up' is not a dictionary."),
        ({"group": ["a"]}, "group: '['a']' is not a single value."),
        ({"label_pattern": {"a": 1}}, "label_pattern: '{'a': 1}' is not a single value."),
        ({"hostnames": [5]}, "hostnames: '5' is not a string. Put it in quotes."),
        ({"statuses": [None]}, "statuses: 'None' is not a string. Put it in quotes."),
        ({"ip_groups": {"x": 5}}, "ip_groups: 'x' must be a list of networks, not '5'."),
        (
            {"api_key": "h444_0123456789\n"},
            "api_key: this is not a 444Host key: it begins or ends with whitespace or a newline",
        ),
        ({"api_key": None}, "api_key: the key is missing. Set the option or the environment variable H444_API_KEY"),
        ({"api_key": "{{ nothing_like_it }}"}, "api_key: the template failed"),
        ({"api_url": "ftp://x"}, "api_url: 'ftp://x' is not a URL"),
        ({"api_url": "http://example.com/v1"}, "api_url: http would send the key unencrypted to example.com"),
        ({"ca_path": "/nowhere/ca.pem"}, "ca_path: the file or directory /nowhere/ca.pem does not exist"),
        ({"api_timeout": 0}, "api_timeout: must be at least 1 second"),
    ],
)
def test_bad_options(fleet: Api, tmp_path: pathlib.Path, options: dict[str, t.Any], message: str) -> None:
    """One sentence that names the option, before the first request."""
    with pytest.raises(AnsibleError) as caught:
        read(write(tmp_path, **{"api_url": fleet.url, "api_key": KEY, **options}))
    assert message in str(caught.value)
    assert str(caught.value).count(str(tmp_path / "test.h444.yml")) == 1
    assert "0123456789" not in str(caught.value)
    assert fleet.requests == []


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("H444_API_TIMEOUT", "fast", "H444_API_TIMEOUT: 'fast' is not a whole number."),
        ("H444_VALIDATE_CERTS", "maybe", "H444_VALIDATE_CERTS: 'maybe' is not true or false."),
        ("H444_INVENTORY_CONNECT_WITH", "fax", "H444_INVENTORY_CONNECT_WITH: 'fax' is not one of ipv4"),
        ("H444_INVENTORY_CONNECT_WITH", "ptr,fax", "H444_INVENTORY_CONNECT_WITH: 'ptr,fax' is not one of ipv4"),
    ],
)
def test_bad_options_from_the_environment(
    fleet: Api, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    """The sentence names the variable, and not where the file has the option itself."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(AnsibleError) as caught:
        inventory_of(fleet, tmp_path)
    assert message in str(caught.value)
    assert fleet.requests == []
    assert inventory_of(fleet, tmp_path, api_timeout=5, validate_certs=True, connect_with="ipv4").hosts


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("strict", "Yes"),
        ("strict", 0),
        ("api_timeout", "5"),
        ("api_timeout", 5.0),
        ("statuses", "running"),
        ("hostnames", "label"),
        ("group", None),
    ],
)
def test_values_that_core_understands(fleet: Api, tmp_path: pathlib.Path, option: str, value: t.Any) -> None:
    """Nothing that core takes for what is meant is refused."""
    assert "web-prod-1" in inventory_of(fleet, tmp_path, **{option: value}).hosts


def test_unknown_options_are_said(fleet: Api, tmp_path: pathlib.Path, warnings: list[str]) -> None:
    """A misspelt option is not passed over in silence; keys for anchors may be there."""
    inventory_of(fleet, tmp_path, hostname=["id"], **{"x-common": {"a": 1}})
    assert [text for text in warnings if "no option" in text] == [
        "%s: There is no option 'hostname' (did you mean hostnames?); it is ignored." % (tmp_path / "test.h444.yml")
    ]


@pytest.mark.parametrize(("variable", "message"), [("COMPOSE", "YAML mapping"), ("FILTERS", "YAML list")])
def test_bad_structured_variables(
    fleet: Api, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, variable: str, message: str
) -> None:
    """They name the variable."""
    monkeypatch.setenv("H444_INVENTORY_" + variable, "[1]" if variable == "COMPOSE" else "{a: 1}")
    with pytest.raises(AnsibleParserError, match="H444_INVENTORY_%s: must be a %s" % (variable, message)):
        inventory_of(fleet, tmp_path)
    monkeypatch.setenv("H444_INVENTORY_" + variable, "{a")
    if variable == "FILTERS":
        with pytest.raises(AnsibleParserError, match="H444_INVENTORY_FILTERS: not valid YAML"):
            inventory_of(fleet, tmp_path)


@pytest.mark.parametrize("name", ["servers.yml", "h444.yaml.bak", "h444.json", "my-h444.yml", "h444.yaml"])
def test_file_names(fleet: Api, tmp_path: pathlib.Path, details: list[str], name: str) -> None:
    """Names that don't end in h444.yml or h444.yaml are declined; a file of another plugin is at -v only."""
    from ansible.plugins.loader import inventory_loader

    path = write(
        tmp_path,
        name,
        api_url=fleet.url,
        api_key=KEY,
        **({"plugin": "other.cloud.h444"} if name == "servers.yml" else {}),
    )
    wanted = name.endswith(("h444.yml", "h444.yaml"))
    assert inventory_loader.get(PLUGIN).verify_file(str(path)) is wanted
    said = "%s: not read by %s, because its name does not end in h444.yml or h444.yaml." % (path, PLUGIN)
    assert (said in details) is (name == "servers.yml")


@pytest.mark.slow
def test_through_the_command(fleet: Api, tmp_path: pathlib.Path) -> None:
    """--graph, --host, --export, --yaml and a play with --limit, as a user would."""
    path = write(tmp_path, api_url=fleet.url, api_key=KEY, keyed_groups=[{"key": "h444_status", "prefix": "status"}])
    graph = run(tmp_path, "ansible-inventory", "-i", path, "--graph")
    assert (
        graph.out.split()
        == (
            "@all: |--@ungrouped: |--@h444: | |--db-stage-1 | |--mail | |--web-prod-1 | |--web-prod-2"
            " |--@status_running: | |--db-stage-1 | |--mail | |--web-prod-1 |--@status_stopped: | |--web-prod-2"
        ).split()
    )
    assert graph.err == ""
    host = run(tmp_path, "ansible-inventory", "-i", path, "--host", "db-stage-1").json
    assert host["ansible_host"] == "172.16.0.3"
    export = run(tmp_path, "ansible-inventory", "-i", path, "--list", "--export")
    assert "__ansible_unsafe" not in export.out
    assert export.hostvars["mail"]["h444_ptr"] == "mail.example.com"
    as_yaml = run(tmp_path, "ansible-inventory", "-i", path, "--list", "--yaml")
    assert "h444_plan_slug: vps-8" in as_yaml.out
    (tmp_path / "play.yml").write_text(
        "- hosts: all\n  gather_facts: false\n  tasks:\n    - debug: {var: h444_ptr}\n", encoding="utf-8"
    )
    play = run(tmp_path, "ansible-playbook", "-i", path, "play.yml", "--limit", "status_running:!mail")
    assert play.code == 0, play.err
    assert '"h444_ptr": "www.example.com"' in play.out
    assert "mail" not in play.out


@pytest.mark.slow
def test_every_core_gives_the_same_json(api: Api, tmp_path: pathlib.Path) -> None:
    """Held against one file, whatever core the tests run on."""
    api.serve([*FLEET, vps(5, "{{ hostile }}", ipv4=None), vps(6, "web-prod-1")], FLEET_IPS)
    path = write(
        tmp_path,
        api_url=api.url,
        api_key=KEY,
        label_groups=True,
        label_pattern="(?P<first>[a-z]+)",
        ip_groups={"office": ["172.16.0.0/12", "2001:db8::/32"]},
        compose={
            "text": "h444_label ~ '/' ~ h444_status",
            "parts": "h444_label.split('-')",
            "size": "h444_specs.vcpu | string",
        },
        groups={"up": "h444_status == 'running'"},
        keyed_groups=[{"key": "h444_plan_slug", "prefix": "plan", "parent_group": "plans"}],
    )
    found = run(tmp_path, "ansible-inventory", "-i", path, "--list").json
    found["_meta"].pop("profile", None)
    expected = yaml.safe_load((pathlib.Path(__file__).parent / "data" / "expected.yml").read_text(encoding="utf-8"))
    assert found == expected


@pytest.mark.slow
def test_a_misnamed_file_is_a_fault(fleet: Api, tmp_path: pathlib.Path) -> None:
    """Nobody gets an empty inventory and the exit code 0 for a typo in a name; the warning says what to do."""
    path = write(tmp_path, "servers.yml", api_url=fleet.url, api_key=KEY)
    ran = run(tmp_path, "ansible-inventory", "-i", path, "--list")
    said = "It is not read by h444.cloud.h444, because its name does not end in h444.yml or h444.yaml. Rename the file."
    assert said in one_line(ran.out + ran.err) and ran.code != 0
