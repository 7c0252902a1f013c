# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide to the inventory says what is true: its configurations are read, and its outputs made anew."""

from __future__ import annotations

import pathlib
import re
import textwrap
import typing as t

import pytest
import yaml
from ansible import constants as C
from ansible.plugins.loader import inventory_loader
from ansible.utils.display import Display

from ansible_collections.h444.cloud.tests.unit.plugins.inventory.support import KEY, PLUGIN, Api, read, run, vps

pytestmark = pytest.mark.slow

REPOSITORY = pathlib.Path(__file__).resolve().parents[4]
GUIDE = (REPOSITORY / "docs" / "docsite" / "rst" / "guide_inventory.rst").read_text(encoding="utf-8")
BLOCKS: list[tuple[str, str]] = [
    (kind, textwrap.dedent(body).strip() + "\n")
    for kind, body in re.findall(r"^\.\. code-block:: (\S+)\n\n((?:   .*\n|\n)+)", GUIDE, re.MULTILINE)
]
CONFIGURATIONS = [
    part
    for kind, body in BLOCKS
    if kind == "yaml"
    for part in re.split(r"(?m)^(?=# inventory/)", body)
    if PLUGIN in part
]


def fleet() -> tuple[list[dict[str, t.Any]], list[dict[str, t.Any]]]:
    """Give the servers of the guide's account and their addresses."""
    found = [("web-prod-1", "web1", "running"), ("web-prod-2", "web2", "running"), ("web-stage-1", "web3", "stopped")]
    found += [("db-prod-1", "db1", "running"), ("mail", "mail", "running")]
    rows, ips = [], []
    for number, (label, hostname, status) in enumerate(found, 11):
        given = {"hostname": hostname, "status": status, "ipv4": "192.0.2.%d" % number, "os_template": "ubuntu-24.04"}
        row = vps(
            number,
            label,
            **given,
            specs={"vcpu": 2, "ram_mb": 4096, "disk_gb": 60},
            created_at="2026-11-24T03:06:49.853Z",
        )
        row["id"] = "7ec5c561-4fb7-470d-8ba9-c1ed71240317" if label == "web-prod-1" else row["id"]
        address = {"gateway": None, "netmask": None, "ptr": None, "zoneHosted": True}
        own = [
            {
                **address,
                "ip": row["ipv4"],
                "primary": True,
                "ptr": "web1.example.com" if label == "web-prod-1" else None,
            }
        ]
        if label == "web-prod-1":
            own.append({**address, "ip": "2001:db8:20::11", "primary": False})
        if label == "db-prod-1":
            own.append({**address, "ip": "10.20.0.14", "primary": False})
        rows.append(row)
        ips.append({"id": row["id"], "label": label, "ips": own})
    return rows, ips


@pytest.fixture
def account(api: Api) -> Api:
    """The guide's account."""
    api.serve(*fleet())
    return api


def test_there_is_something_to_look_at() -> None:
    """The blocks are found."""
    assert len(CONFIGURATIONS) >= 9
    assert sum(kind == "console" for kind, _body in BLOCKS) >= 3


def test_every_output_is_real(account: Api, tmp_path: pathlib.Path) -> None:
    """Each command shown after a configuration prints what the guide shows."""
    compared = 0
    for kind, body in BLOCKS:
        if kind == "yaml" and PLUGIN in body:
            (tmp_path / "h444.yml").write_text(body, encoding="utf-8")
        if kind != "console":
            continue
        for command, shown in re.findall(r"^\$ (ansible-inventory .*)\n((?:(?!\$ ).*\n)*)", body, re.MULTILINE):
            ran = run(tmp_path, *command.split(), H444_API_KEY=KEY, H444_API_URL=account.url, H444_RATE_LIMIT="0")
            assert ran.err == ""
            assert ran.out.strip() == textwrap.dedent(shown).strip()
            compared += 1
    assert compared >= 3


@pytest.mark.parametrize("number", range(len(CONFIGURATIONS)))
def test_every_configuration_is_read(
    number: int, account: Api, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an error, without a warning, with hosts."""
    said: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda self, msg, *args, **kwargs: said.append(str(msg)))
    for name, value in {
        "H444_API_KEY": KEY,
        "H444_API_URL": account.url,
        "H444_RATE_LIMIT": "0",
        "ACCOUNT_A": KEY,
        "ACCOUNT_B": KEY,
    }.items():
        monkeypatch.setenv(name, value)
    text = (
        CONFIGURATIONS[number]
        .replace("~/.config/h444/key", str(tmp_path / "key"))
        .replace("~/.cache/h444", str(tmp_path / "cache"))
    )
    (tmp_path / "key").write_text(KEY + "\n", encoding="utf-8")
    path = tmp_path / "guide.h444.yml"
    path.write_text(text, encoding="utf-8")
    assert read(path).hosts
    assert said == []


def test_the_variables_for_awx_are_options() -> None:
    """Each of the source variables is a variable of an option."""
    (block,) = [body for kind, body in BLOCKS if kind == "yaml" and "H444_INVENTORY_" in body]
    definitions = inventory_loader.get(PLUGIN).option_definitions
    known = {entry["name"] for definition in definitions.values() for entry in definition.get("env") or ()}
    assert set(yaml.safe_load(block)) <= known
    assert set(re.findall(r"\bH444_[A-Z_]+[A-Z]\b", GUIDE)) <= known
    cores = {
        entry["name"]
        for definition in C.config.get_configuration_definitions().values()
        for entry in definition.get("env") or ()
    }
    named = set(re.findall(r"\bANSIBLE_INVENTORY_[A-Z_]+\b", GUIDE))
    assert named == {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED"} and named <= cores


def test_every_option_is_in_the_guide() -> None:
    """What a user can set is explained, with its name."""
    options = set(inventory_loader.get(PLUGIN).option_definitions) - {"plugin"}
    assert {name for name in options if not re.search(r"(?<!\w)%s(?!\w)" % name, GUIDE)} == set()
