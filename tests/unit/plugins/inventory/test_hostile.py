# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Labels as nobody should type them. None may run, none may leave its folder, none may cost a server."""

from __future__ import annotations

import base64
import contextlib
import json
import pathlib
import re
import socket
import stat
import typing as t

import pytest

from ansible_collections.h444.cloud.tests.unit.plugins.inventory.support import KEY, Api, read, run, vps, write

pytestmark = pytest.mark.slow

# CANARY stands for a file that must not come to be.
LABELS: dict[str, t.Any] = {
    "expression": "{{ lookup('pipe', 'touch CANARY') }}",
    "statement": "{% set x = lookup('pipe', 'touch CANARY') %}{{ x }}",
    "comment": "{# comment #}{{ lookup('pipe', 'touch CANARY') }}",
    "nested": "{{ '{{' }} lookup('pipe', 'touch CANARY') {{ '}}' }}",
    "bare call": "lookup('pipe', 'touch CANARY')",
    "override header": (
        "#jinja2: variable_start_string: '[[', variable_end_string: ']]'\n[[ lookup('pipe', 'touch CANARY') ]]"
    ),
    "yaml tag unsafe": "!unsafe {{ lookup('pipe', 'touch CANARY') }}",
    "yaml tag vault": "!vault |\n  $ANSIBLE_VAULT;1.1;AES256",
    "unsafe marker": '{"__ansible_unsafe": "x"}',
    "ssh option": "-oProxyCommand=touch CANARY",
    "two dashes": "--",
    "one dash": "-",
    "parent folder": "../escape",
    "absolute path": "/etc/passwd",
    "subfolder": "a/b",
    "dots": "..",
    "inner dots": "a..b",
    "yaml file": "victim.yml",
    "all": "all",
    "ungrouped": "ungrouped",
    "localhost": "localhost",
    "meta": "_meta",
    "loopback": "127.0.0.1",
    "loopback v6": "::1",
    "loopback short": "127.1",
    "loopback number": "2130706433",
    "loopback hex": "0x7f000001",
    "loopback octal": "017700000001",
    "zero": "0",
    "empty": "",
    "space": " ",
    "none": None,
    "number": 5,
    "long": "x" * 300,
    "newline": "web\nhost ansible_connection=local",
    "carriage return": "web\r\nx",
    "nul": "web\0x",
    "escape": "web\x1b[31mred",
    "bidi": "web\u202egnp.exe",
    "lone surrogate": "web\ud800",
    "nfc": "caf\u00e9-1",
    "nfd": "cafe\u0301-1",
    "case upper": "Case-1",
    "case lower": "case-1",
    "emoji": "\U0001f525-1",
    "pattern comma": "a,b",
    "pattern not": "!web",
    "pattern and": "&web",
    "pattern regex": "~web.*",
    "pattern range": "web[0:3]",
    "pattern file": "@hosts",
    "port": "web:22",
    "shell": "x;touch CANARY",
    "substitution": "$(touch CANARY)",
    "backticks": "`touch CANARY`",
    "quotes": "\"'`",
    "duplicate 1": "twin",
    "duplicate 2": "twin",
    "group's name": "h444",
}

CLEAN_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")
CLEAN_GROUP = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
PLAIN = re.compile(r"[\w .:@/+,=-]*\Z")


def strings(value: t.Any) -> t.Iterator[str]:
    """Give every string in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def rows_of(labels: dict[str, t.Any], canary: pathlib.Path) -> list[dict[str, t.Any]]:
    """Make a server for each label. All have a field whose keys and values are templates, at two depths."""
    hostile = "{{ lookup('pipe', 'touch %s') }}" % canary
    return [
        vps(number, label, tags={hostile: [hostile, {hostile: hostile}]})
        for number, label in enumerate(labels.values())
    ]


def with_canary(label: t.Any, canary: pathlib.Path) -> t.Any:
    """Put the path of the canary into a label."""
    return label.replace("CANARY", str(canary)) if isinstance(label, str) else label


@pytest.mark.parametrize("name", LABELS)
def test_each_label_alone(name: str, api: Api, tmp_path: pathlib.Path) -> None:
    """The server is there under a clean name, its label is data, and what is made of it is clean."""
    canary = tmp_path / "canary"
    label = with_canary(LABELS[name], canary)
    api.serve([vps(1, label), vps(2, "neighbour-1")])
    path = write(
        tmp_path,
        api_url=api.url,
        api_key=KEY,
        label_groups=True,
        label_pattern=r"^(?P<role>[^0-9]+)",
        connect_with="label",
        keyed_groups=[{"key": "h444_label", "prefix": "label"}],
        compose={"copy": "h444_label", "made": "'x' ~ h444_label"},
        groups={"never": "h444_label == 'nothing is called this'"},
    )
    inventory = read(path)
    assert len(inventory.hosts) == 2
    (host,) = [host for host in inventory.hosts.values() if host.vars["h444_id"] == "id-1"]
    assert CLEAN_HOST.match(host.name)
    assert ".." not in host.name
    assert host.name.lower() not in ("all", "ungrouped", "localhost", "_meta", "127.0.0.1", "h444")
    assert host.name not in inventory.groups
    expected = None if label is None else str(label).replace("\ud800", "\ufffd")
    assert host.vars["h444_label"] == expected
    address = host.vars["ansible_host"]
    assert re.match(r"[A-Za-z0-9][A-Za-z0-9.-]*\Z", address), address
    assert not address.startswith("localhost")
    if re.match(r"[0-9.xa-f]+\Z", address, re.IGNORECASE):
        assert socket.inet_aton(address)[0] not in (0, 127), "that would be the controller"
    with contextlib.suppress(OSError):
        assert socket.inet_aton(host.name)[0] != 127
    for group in inventory.groups:
        assert CLEAN_GROUP.match(group) or not group.isascii(), group
    assert not canary.exists()
    assert sorted(one.name for one in inventory.groups["h444"].hosts) == sorted(inventory.hosts)


@pytest.fixture(scope="module")
def listing(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[t.Any]:
    """All of them at once, through ansible-inventory and a play."""
    folder = tmp_path_factory.mktemp("hostile")
    api = Api()
    canary = folder / "canary"
    labels = {"id-%d" % number: with_canary(label, canary) for number, label in enumerate(LABELS.values())}
    api.serve(rows_of(labels, canary))
    inventories = folder / "inventories"
    inventories.mkdir()
    # What a name that is a path, or that ends like a file, would load.
    (folder / "escape.yml").write_text("escaped: true\n", encoding="utf-8")
    (inventories / "host_vars").mkdir()
    (inventories / "host_vars" / "victim.yml").write_text("escaped: true\n", encoding="utf-8")
    path = write(inventories, api_url=api.url, api_key=KEY, keyed_groups=[{"key": "h444_status", "prefix": "status"}])
    yield folder, path, labels, canary
    api.close()


@pytest.mark.parametrize("arguments", [["--list"], ["--list", "--export"]], ids=["list", "export"])
def test_the_listing_is_whole_and_plain(listing: t.Any, arguments: list[str]) -> None:
    """Every server is in the JSON, plain strings are strings, and only strings that could be templates are marked."""
    folder, path, labels, canary = listing
    ran = run(folder, "ansible-inventory", "-i", path, *arguments)
    assert ran.code == 0, ran.err
    found = ran.hostvars
    assert len(found) == len(labels)
    for variables in found.values():
        assert "escaped" not in variables
        for key, value in variables.items():
            if isinstance(value, dict) and "__ansible_unsafe" in value:
                assert key == "h444_label"
                assert not PLAIN.match(value["__ansible_unsafe"])
            elif key == "h444_label" and value is not None:
                assert PLAIN.match(str(value))
    assert {variables["h444_id"] for variables in found.values()} == set(labels)
    assert not canary.exists()


def test_both_forms_of_output_hold_every_server(listing: t.Any) -> None:
    """YAML and the graph neither fail nor lose one."""
    folder, path, labels, canary = listing
    as_yaml = run(folder, "ansible-inventory", "-i", path, "--list", "--yaml")
    assert as_yaml.code == 0, as_yaml.err
    assert all("h444_id: %s\n" % server_id in as_yaml.out for server_id in labels)
    graph = run(folder, "ansible-inventory", "-i", path, "--graph")
    assert graph.code == 0, graph.err
    names = {line.strip("| -") for line in graph.out.splitlines() if "@" not in line}
    assert len(names) == len(labels)
    assert not canary.exists()


def test_names_are_the_same_in_every_run_and_order(listing: t.Any, tmp_path: pathlib.Path) -> None:
    """What a server is called does not depend on the order in which the API lists it."""
    _folder, _path, labels, _canary = listing
    api = Api()
    rows = [vps(number, label) for number, label in enumerate(labels.values())]
    found = []
    for order in (rows, rows[::-1], rows[7:] + rows[:7]):
        api.serve(order)
        inventory = read(write(tmp_path, api_url=api.url, api_key=KEY))
        found.append([(host.name, host.vars["h444_id"]) for host in inventory.hosts.values()])
    api.close()
    assert found[0] == found[1] == found[2]


PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - name: Show everything that could be templated
      ansible.builtin.debug:
        msg:
          - "{{ inventory_hostname }}"
          - "{{ h444_label }}"
          - "{{ h444_tags }}"
          - "{{ h444_tags | dict2items }}"
          - "{{ h444_tags.keys() | first }}"
          - "{{ hostvars[inventory_hostname] | string }}"
          - "{{ groups | string }}"
          - "{{ group_names }}"
    - name: Remember something in the fact cache
      ansible.builtin.set_fact:
        seen: "{{ h444_label }}"
        cacheable: true
    - name: Be evaluated again
      ansible.builtin.debug:
        var: seen
    - name: Connect
      ansible.builtin.raw: "true"
"""

FAKE_SSH = """#!/bin/sh
printf '%%s\\n' "$*" >> '%s'
exit 255
"""


def test_a_play_runs_nothing_of_a_label(listing: t.Any) -> None:
    """Templating, connecting and caching facts for every label: nothing is run, no file is made outside."""
    folder, path, labels, canary = listing
    ssh = folder / "ssh"
    log = folder / "ssh.log"
    ssh.write_text(FAKE_SSH % log, encoding="utf-8")
    ssh.chmod(ssh.stat().st_mode | stat.S_IXUSR)
    (folder / "play.yml").write_text(PLAY, encoding="utf-8")
    facts = folder / "facts"
    ran = run(
        folder,
        "ansible-playbook",
        "-i",
        path,
        "play.yml",
        ANSIBLE_SSH_EXECUTABLE=str(ssh),
        ANSIBLE_CACHE_PLUGIN="jsonfile",
        ANSIBLE_CACHE_PLUGIN_CONNECTION=str(facts),
        ANSIBLE_FORKS="4",
    )
    assert "PLAY RECAP" in ran.out, ran.out + ran.err
    assert len(re.findall(r"^\S+ +: ok=3 +changed=0 +unreachable=1", ran.out, re.MULTILINE)) == len(labels), ran.out[
        -3000:
    ]
    assert not canary.exists()
    calls = log.read_text(encoding="utf-8")
    assert "ProxyCommand" not in calls
    for call in calls.splitlines():
        assert re.search(r" 10\.0\.0\.[0-9]+( |$)", call), call
    assert all(CLEAN_HOST.match(one.name) for one in facts.iterdir())
    assert len(list(facts.iterdir())) == len(labels)
    assert "escaped" not in ran.out


DECODING_PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - name: Make something of a label
      ansible.builtin.set_fact:
        fact: "{{ h444_label | b64decode }}"
        of_tags: "{{ h444_tags.encoded[0] | b64decode }}"
        of_composed: "{{ copy | b64decode }}"
    - name: Show all that was made of it, here and in the inventory
      ansible.builtin.debug:
        msg:
          - ["{{ fact }}", "{{ of_tags }}", "{{ of_composed }}", "{{ text }}"]
          - ["{{ items[0] }}", "{{ mapping.a }}", "{{ mapping }}", "{{ joined }}"]
"""


@pytest.mark.parametrize("extra", [{}, {"ANSIBLE_JINJA2_NATIVE": "true"}], ids=["text", "native"])
def test_what_is_made_of_a_label_is_data(api: Api, tmp_path: pathlib.Path, extra: dict[str, str]) -> None:
    """A label that is harmless letters until somebody decodes it."""
    canary = tmp_path / "canary"
    evil = "{{ lookup('pipe', 'touch %s') }}" % canary
    label = base64.b64encode(evil.encode()).decode()
    # Twenty, so that every fast way is taken.
    api.serve([vps(number, label + " " * number, tags={"encoded": [label]}) for number in range(20)])
    path = write(
        tmp_path,
        api_url=api.url,
        api_key=KEY,
        hostnames=["h444_label | b64decode", "id"],
        compose={
            "text": "h444_label | b64decode",
            "copy": "h444_label",
            "items": "[h444_label | b64decode]",
            "mapping": "{'a': h444_label | b64decode}",
            "joined": "'x' ~ (h444_label | b64decode)",
        },
        groups={"decoded": "'lookup' in (h444_label | b64decode)"},
        keyed_groups=[{"key": "h444_label | b64decode", "prefix": "k"}, {"key": "text"}],
    )
    (tmp_path / "play.yml").write_text(DECODING_PLAY, encoding="utf-8")
    ran = run(tmp_path, "ansible-playbook", "-i", path, "play.yml", **extra)
    assert ran.code == 0, ran.out + ran.err
    assert not canary.exists()
    assert ran.out.count("lookup('pipe'") >= 20 * 8
    for form in (["--list"], ["--list", "--export"], ["--list", "--yaml"], ["--graph", "--vars"]):
        shown = run(tmp_path, "ansible-inventory", "-i", path, *form, **extra)
        assert shown.code == 0, shown.err
    assert not canary.exists()
    (host,) = [
        found
        for found in run(tmp_path, "ansible-inventory", "-i", path, "--list", "--export", **extra).hostvars.values()
        if found["h444_id"] == "id-0"
    ]
    assert host["h444_label"] == host["copy"] == label, "plain strings come out plain"
    assert host["h444_tags"] == {"encoded": [label]}
    assert host["text"] == {"__ansible_unsafe": evil}


def test_one_lone_surrogate_does_not_end_the_listing(listing: t.Any) -> None:
    """It can't be encoded, so it is shown as the replacement character."""
    folder, path, labels, _canary = listing
    (server_id,) = [key for key, label in labels.items() if label == "web\ud800"]
    ran = run(folder, "ansible-inventory", "-i", path, "--host", "h444-%s" % server_id)
    if ran.code:
        name = next(
            name
            for name, found in run(folder, "ansible-inventory", "-i", path, "--list").hostvars.items()
            if found["h444_id"] == server_id
        )
        ran = run(folder, "ansible-inventory", "-i", path, "--host", name)
    assert ran.code == 0, ran.err
    assert "\ufffd" in json.dumps(ran.json, ensure_ascii=False)


ODD_TEXT = "a\ud83d\udfff\x00\x1b[31m\x9b\u202e\u2028\ufeff\r\n\t\x7fz"


def test_odd_characters_in_every_field_abort_nothing(api: Api, tmp_path: pathlib.Path) -> None:
    """Lone surrogates and control characters in keys, values and addresses: every form of output is whole."""
    odd = vps(
        1, ODD_TEXT, hostname=ODD_TEXT, status=ODD_TEXT, plan_slug=ODD_TEXT, os_family=ODD_TEXT, created_at=ODD_TEXT,
        tags={ODD_TEXT: [ODD_TEXT, {ODD_TEXT: ODD_TEXT}]}, **{ODD_TEXT: 1, "odd" + ODD_TEXT: ODD_TEXT},
    )  # fmt: skip
    place = {
        "ip": "10.0.0.1",
        "primary": True,
        "ptr": ODD_TEXT,
        "gateway": ODD_TEXT,
        "netmask": ODD_TEXT,
        ODD_TEXT: ODD_TEXT,
    }
    api.serve([odd, vps(2, "web-1")], [{"id": "id-1", "label": ODD_TEXT, "ips": [place]}, {"id": "id-2", "ips": []}])
    path = write(
        tmp_path,
        api_url=api.url,
        api_key=KEY,
        label_groups=True,
        label_pattern="(?P<all_of_it>(?s:.+))",
        hostnames=["ptr", "label", "h444_label", "id"],
        compose={
            "copy": "h444_label",
            "joined": "h444_label ~ 'x'",
            "inner": "h444_tags",
            "upper": "h444_label | upper",
        },
        keyed_groups=[{"key": "h444_label"}, {"key": "h444_status", "prefix": "s"}],
        groups={"some": "'z' in h444_label"},
    )
    for arguments in (
        ["--list"],
        ["--list", "--export"],
        ["--list", "--yaml"],
        ["--graph"],
        ["--graph", "--vars"],
        ["--host", "web-1"],
    ):
        ran = run(
            tmp_path,
            "ansible-inventory",
            "-i",
            path,
            *arguments,
            ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="true",
            LC_ALL="C.UTF-8",
        )
        assert ran.code == 0, (arguments, ran.err)
        assert "id-1" in ran.out or arguments == ["--host", "web-1"]
        (ran.out + ran.err).encode("utf-8")
        # With --vars core prints variables as they are, and data stays what it is.
        assert "\x1b" not in ran.err + ("" if "--vars" in arguments else ran.out), arguments
    (tmp_path / "play.yml").write_text(
        "- hosts: all\n  gather_facts: false\n  tasks:\n"
        "    - ansible.builtin.debug:\n        msg: '{{ hostvars[inventory_hostname] }}'\n",
        encoding="utf-8",
    )
    ran = run(tmp_path, "ansible-playbook", "-i", path, "play.yml", "-vv")
    assert ran.code == 0, ran.out + ran.err
    assert len(re.findall(r"ok=1 ", ran.out)) == 2
