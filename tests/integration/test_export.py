# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook export: an account becomes files that say what it is, do nothing by themselves, and change with it."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.h444.cloud.plugins.module_utils._names import CONTROL
from ansible_collections.h444.cloud.tests.integration.playing import (
    Played,
    dialects,
    environment,
    play,
    secrets_in,
    shown_secrets,
)
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

pytestmark = pytest.mark.slow
FILES = ["account.rehearsal.json", "account.yml", "inventory.h444.yml", "site.yml"]
# Texts of somebody else's: FOLDER is where a template that is evaluated would leave its mark.
HOSTILE = [
    "{{ lookup('pipe', 'touch FOLDER/was-run') }}",
    "{% if lookup('pipe', 'touch FOLDER/was-run') %}{% endif %}",
    "#jinja2: variable_start_string:'<<', variable_end_string:'>>'\n<<lookup('pipe', 'touch FOLDER/was-run')>>",
    "{# comment #}", "}} ends", "../../was-run", "/tmp/x", "no", "1e3", "0x1f", "2026-01-01", "~", "null", "",
    " x ", "a: b # c", "- x", "'", '"', "\\n", "a\tb\x07", "\u202eabc\u2066", "\U0001f600", "سيرفر", "größe", "[1, 2]",
    "{'a': 1}", "!vault x", "$ANSIBLE_VAULT;1.1;AES256", "*x", "&x", "%x", "@x", "`x`",
]  # fmt: skip


class World:
    """An account and the directory of somebody who exports it."""

    def __init__(self, folder: Path, simulator: Simulator) -> None:
        self.folder, self.simulator = folder, simulator
        self.target = folder / "my account"
        self.env = environment(folder / "home", simulator.url, simulator.key)

    def play(self, *command: str, code: int = 0, cwd: Path | None = None, **env: str) -> Played:
        """Run a command. Nothing that is shown is a secret."""
        played = play(["ansible-playbook", *command], {**self.env, **env}, cwd or self.folder)
        assert played.code == code, played.tail(60)
        secrets = secrets_in(self.simulator.state()) | {self.simulator.key}
        assert not shown_secrets(played.output, secrets)
        return played

    def export(self, *more: str, code: int = 0, **env: str) -> Played:
        """Export the account, to a relative path with a space."""
        return self.play("h444.cloud.export", "-e", "export_dir='my account'", *more, code=code, **env)

    def read(self, name: str) -> str:
        """Read a file."""
        return (self.target / name).read_text(encoding="utf-8")

    def rehearsal(self) -> dict[str, t.Any]:
        """Read what the simulator gets."""
        return json.loads(self.read("account.rehearsal.json"))

    def seed(self) -> None:
        """Make an account with something of everything."""
        self.simulator.seed(
            vps=[
                {"label": "web-10", "hostname": "web-10.example.com", "status": "stopped", "plan_slug": "vps-1"},
                {
                    "label": "web-2",
                    "hostname": "web-2.example.com",
                    "ips": [
                        {"ip": "192.0.2.7", "ptr": "web-2.example.com"},
                        {"ip": "2001:db8::7", "ptr": "six.example"},
                    ],
                },
                {"label": "gone-1", "alive": False},
            ],
            hosting=[{"domain": "shop.example", "username": "shop", "status": "suspended", "php_version": "8.1"}],
            webhooks=[{"url": "https://example.com/hook", "events": ["ticket.replied", "vps.created"]}],
        )


def changes(played: Played) -> int:
    """Count the changed tasks."""
    (found,) = re.findall(r"changed=([0-9]+)", played.output)
    return int(found)


@pytest.fixture
def world(tmp_path: Path) -> t.Iterator[World]:
    """Start an account."""
    with Simulator.start(preset="plain", balance=100000) as simulator:
        yield World(tmp_path, simulator)


@pytest.mark.parametrize("preset", dialects("plain", "odd"))
def test_an_unchanged_account_is_written_once(preset: str, tmp_path: Path) -> None:
    """Check mode writes nothing, the second export and the playbook change nothing, and the account is only read."""
    with Simulator.start(preset=preset) as simulator:
        world = World(tmp_path, simulator)
        world.seed()
        assert changes(world.export("--check", "--diff")) == 4 and not world.target.exists()
        assert changes(world.export()) == 4
        assert sorted(file.name for file in world.target.iterdir()) == FILES
        before = [world.read(name) for name in FILES]
        for more in ((), ("--check",)):
            assert changes(world.export("--diff", *more)) == 0
        assert [world.read(name) for name in FILES] == before
        for more in (("--check", "--diff"), ()):
            assert changes(world.play("site.yml", *more, cwd=world.target)) == 0
        assert not simulator.writes() and not (tmp_path / "home" / ".h444-credentials.json").exists()
        assert not any(secret in text for secret in secrets_in(simulator.state()) | {simulator.key} for text in before)


def test_the_files_say_what_the_account_is(world: World) -> None:
    """The document with comments, what the simulator needs beside it, and modes that keep both to their owner."""
    world.seed()
    world.export()
    text = world.read("account.yml")
    assert (
        text.startswith("# The account at 444Host as one document.") and "\n---\nservers:\n  - label: web-2\n" in text
    )
    document = yaml.safe_load(text)
    assert list(document) == ["servers", "ptr_records", "hosting", "domains", "webhooks"]
    assert [server["label"] for server in document["servers"]] == ["web-2", "web-10"]
    assert [server["ptr"] for server in document["servers"]] == ["web-2.example.com", None]
    assert document["ptr_records"] == [{"ip": "2001:db8::7", "hostname": "six.example"}]
    rehearsal = world.rehearsal()
    assert set(rehearsal) == {"products", "os_templates", "wallet", "addresses", "domains"}
    assert rehearsal["wallet"] == {"balance_usd_cents": 100000}
    assert {row["slug"]: row["your_monthly_usd_cents"] for row in rehearsal["products"]}["vps-2"] == 960
    assert {"os_family": "debian", "os_template": "debian-12"}.items() <= rehearsal["os_templates"][1].items()
    (six,) = [row for row in rehearsal["addresses"] if row["ip"] == "2001:db8::7"]
    assert six == {
        "ip": "2001:db8::7", "ptr": "six.example", "primary": False, "gateway": None, "netmask": None,
        "zone_hosted": True, "vps_label": "web-2",
    }  # fmt: skip
    assert all(set(row) == {"name", "status", "expires_at"} for row in rehearsal["domains"]) and rehearsal["domains"]
    modes = {name: (world.target / name).stat().st_mode & 0o777 for name in FILES}
    assert list(modes.values()) == [0o600, 0o600, 0o644, 0o644]


def test_an_account_with_nothing_in_it_has_a_document(tmp_path: Path) -> None:
    """Also where the API answers with an empty object."""
    with Simulator.start(preset="odd") as simulator:
        world = World(tmp_path, simulator)
        world.export()
        document = yaml.safe_load(world.read("account.yml"))
        assert [document[name] for name in ("servers", "ptr_records", "hosting", "webhooks")] == [[]] * 4
        assert world.rehearsal()["addresses"] == []


def test_the_next_export_shows_what_has_changed_and_keeps_the_users_own_files(world: World) -> None:
    """account.yml is the account's; the inventory and the playbook are the user's once they are there."""
    world.seed()
    world.export()
    for name in ("site.yml", "inventory.h444.yml"):
        (world.target / name).write_text(world.read(name) + "# mine\n", encoding="utf-8")
    (world.target / "account.yml").write_text(world.read("account.yml").replace("web-10", "web-11"), encoding="utf-8")
    world.simulator.seed(webhooks=[{"url": "https://example.com/new"}])
    played = world.export("--diff")
    assert changes(played) == 1
    lines = {line.rstrip() for line in played.output.splitlines() if re.match(r"[-+] ", line)}
    assert {"-  - label: web-11", "+  - label: web-10", "+  - url: https://example.com/new"} <= lines
    assert world.read("site.yml").endswith("# mine\n") and world.read("inventory.h444.yml").endswith("# mine\n")
    (world.target / "site.yml").unlink()
    assert changes(world.export()) == 1 and "# mine" not in world.read("site.yml")


def test_names_of_the_account_never_run_and_come_back_as_they_are(world: World) -> None:
    """From the account into the file, and back as an option of a task, with every core."""
    labels = [text.replace("FOLDER", str(world.folder)) for text in HOSTILE]
    names = [text or "empty" for text in labels]
    hosts = [f"h{number}" for number, name in enumerate(names) if name == name.strip() and not CONTROL.search(name)]
    assert len(hosts) == len(names) - 4
    world.simulator.seed(
        vps=[{"label": label, "hostname": f"h{number}"} for number, label in enumerate(names)],
        webhooks=[{"url": f"https://example.com/{number}", "description": text} for number, text in enumerate(labels)],
    )
    world.export("--diff")
    assert changes(world.export()) == 0
    apply = [
        {"ansible.builtin.include_vars": {"file": "account.yml", "name": "account"}},
        {"h444.cloud.h444_manifest_info": {}, "register": "found"},
        {"ansible.builtin.assert": {"that": "account == found.manifest", "quiet": True}},
        {
            # What h444_manifest takes as a label; the names of webhooks are their URLs.
            "h444.cloud.h444_manifest": {"manifest": "{{ account | combine({'servers': servers}) }}"},
            "vars": {"servers": "{{ account.servers | selectattr('hostname', 'in', hosts) }}", "hosts": hosts},
            "register": "applied",
        },
        {"ansible.builtin.assert": {"that": ["applied is not changed", "applied.plan == []"]}},
        {"ansible.builtin.copy": {"content": "{{ account | to_json }}", "dest": "{{ playbook_dir }}/read.json"}},
    ]  # fmt: skip
    one = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": apply}
    (world.target / "apply.yml").write_text(yaml.safe_dump([one], sort_keys=False), encoding="utf-8")
    world.play("-vvv", "apply.yml", cwd=world.target)
    read = json.loads(world.read("read.json"))
    assert sorted(row["label"] for row in read["servers"]) == sorted(names)
    assert {row["url"]: row.get("description", "") for row in read["webhooks"]} == {
        f"https://example.com/{number}": text for number, text in enumerate(labels)
    }
    assert {row["vps_label"] for row in world.rehearsal()["addresses"]} == set(names)
    assert not (world.folder / "was-run").exists()
    assert sorted(file.name for file in world.target.iterdir()) == sorted([*FILES, "apply.yml", "read.json"])


@pytest.mark.parametrize("preset", dialects("wrapped", "sparse"))
def test_the_document_builds_the_same_account_in_another_one(preset: str, tmp_path: Path) -> None:
    """The passwords are in the file that credentials_file names, and the next export is the same but for addresses."""
    assume = {"vps_os": "told"}  # a document without templates can't be ordered
    with Simulator.start(preset=preset, assume=assume) as simulator:
        world = World(tmp_path, simulator)
        world.seed()
        world.export("-e", '{"export_sections": ["servers", "hosting", "domains", "webhooks"]}')
    with Simulator.start(preset=preset, assume=assume, balance=100000) as simulator:
        other = World(tmp_path, simulator)
        file = tmp_path / "passwords.json"
        played = other.play("site.yml", "-e", f"credentials_file={file}", "--diff", cwd=other.target)
        assert changes(played) == 1 and len(simulator.debits()) == 3
        assert {"vps/web-2", "vps/web-10", "hosting/shop.example"} <= set(json.loads(file.read_text(encoding="utf-8")))
        document = other.read("account.yml")
        assert changes(other.play("site.yml", "-e", f"credentials_file={file}", cwd=other.target)) == 0
        other.export("-e", '{"export_sections": ["servers", "hosting", "domains", "webhooks"]}')
        # Only the addresses are others, and the record of one of them was the other server's.
        assert other.read("account.yml") == document


@pytest.mark.parametrize("preset", dialects("sparse", "odd"))
def test_the_simulator_begins_with_the_account_of_the_files(preset: str, tmp_path: Path) -> None:
    """A rehearsal: another export is the same, word for word."""
    with Simulator.start(preset=preset) as simulator:
        world = World(tmp_path, simulator)
        world.seed()
        world.export()
    before = [world.read(name) for name in FILES]
    with Simulator.start(preset=preset, manifest=world.target / "account.yml") as simulator:
        copy = World(tmp_path, simulator)
        assert changes(copy.play("site.yml", "--check", cwd=copy.target)) == 0
        assert changes(copy.export("--diff")) == 0
        assert [copy.read(name) for name in FILES] == before


def test_the_inventory_needs_nothing_but_the_key(world: World) -> None:
    world.seed()
    world.export()
    assert world.simulator.key not in world.read("inventory.h444.yml")
    command = ["ansible-inventory", "-i", "inventory.h444.yml", "--list"]
    played = play(command, {**world.env, "ANSIBLE_INVENTORY_UNPARSED_FAILED": "true"}, world.target)
    assert played.code == 0, played.tail()
    listed = json.loads(played.output[played.output.index("{") :])
    assert sorted(listed["web"]["hosts"]) == ["web-10", "web-2"]


def test_only_some_sections(world: World) -> None:
    """A key that may not read webhooks can export the rest."""
    world.seed()
    world.simulator.seed(keys=[{"key": "h444_servers_only", "scopes": ["account:read", "vps:read"]}])
    world.export("-e", '{"export_sections": ["servers", "ptr_records"]}', H444_API_KEY="h444_servers_only")
    assert list(yaml.safe_load(world.read("account.yml"))) == ["servers", "ptr_records"]
    assert world.rehearsal()["domains"] == []


@pytest.mark.parametrize("scope", ["account:read", "vps:read", "hosting:read", "domains:read", "webhooks:read"])
def test_a_key_without_a_scope_writes_nothing(world: World, scope: str) -> None:
    """The message names the scope."""
    scopes = {"account:read", "vps:read", "hosting:read", "domains:read", "webhooks:read"} - {scope}
    world.simulator.seed(keys=[{"key": "h444_with_fewer_scopes", "scopes": sorted(scopes)}])
    played = world.export(code=2, H444_API_KEY="h444_with_fewer_scopes")
    assert f"scope {scope}" in played.output and not world.target.exists()


def test_a_directory_that_can_not_be_written_is_named(world: World) -> None:
    """As is one that is not named at all, before anything is read."""
    for more in ((), ("-e", "export_dir="), ("-e", "export_dir='  '")):
        played = world.play("h444.cloud.export", *more, code=2)
        assert "export_dir is required" in played.output
    assert not world.simulator.journal()
    world.target.write_text("a file", encoding="utf-8")
    assert str(world.target) in world.export(code=2).output
    assert "/proc/account" in world.play("h444.cloud.export", "-e", "export_dir=/proc/account", code=2).output


def test_an_encrypted_document_is_not_replaced_by_a_plain_one(world: World) -> None:
    world.export()
    (world.folder / "vault").write_text("password", encoding="utf-8")
    vault = ["--vault-password-file", str(world.folder / "vault")]
    played = play(["ansible-vault", "encrypt", *vault, "account.yml"], world.env, world.target)
    assert played.code == 0, played.tail()
    assert changes(world.play("site.yml", *vault, cwd=world.target)) == 0
    assert "is encrypted with Ansible Vault" in world.export(code=2).output
    assert world.read("account.yml").startswith("$ANSIBLE_VAULT")


def test_twins_are_refused_with_their_ids_and_nothing_is_written(world: World) -> None:
    ids = world.simulator.seed(vps=[{"label": "web-1"}, {"label": "web-1"}])["vps"]
    played = world.export(code=2)
    assert all(one in played.output for one in ids) and not world.target.exists()
