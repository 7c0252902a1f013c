# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role fleet on simulated servers: from an order to a login by key, as OpenSSH's own client makes it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import textwrap
import threading
import time
import typing as t
import urllib.request
from pathlib import Path

import pytest
import yaml

from ansible_collections.h444.cloud.tests.integration.playing import (
    BIN,
    ROOT,
    Played,
    environment,
    kill_tree,
    play,
    secrets_in,
    shortened,
    shown_secrets,
)
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
    pytest.mark.skipif(shutil.which("sshpass") is None, reason="sshpass is not installed"),
]
CORE = tuple(int(part) for part in os.environ.get("H444_TEST_CORE", "2.21").split("-")[0].split(".")[:2])
HAS_ASKPASS = CORE >= (2, 19)
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIUvb1ZDsAoDqvEmrCWpvtNR0FQo2fXx7A1OK5eLdbuS"
# In the place of ssh: it notes how it is called, and waits where the test wants to kill the run.
SSH = """#!/bin/sh
case "$*" in
  *keyboard-interactive,password*) kind=password ;;
  *PreferredAuthentications=none*) kind=methods ;;
  *) kind=key ;;
esac
for word; do address=$last; last=$word; done
echo "$kind $address" >>FOLDER/logins
count=$(grep -c " $address\\$" FOLDER/logins)
stop=$(sed -n "s/^before $address //p" FOLDER/stops 2>/dev/null)
[ "$stop" != "$count" ] || { echo x >>FOLDER/stopped; exec sleep 100; }
stop=$(sed -n "s/^after $address //p" FOLDER/stops 2>/dev/null)
[ "$stop" = "$count" ] || exec ssh "$@"
ssh "$@"
echo x >>FOLDER/stopped
exec sleep 100
"""


class World:
    """An account with the ssh of its servers, and a controller."""

    def __init__(self, folder: Path, simulator: Simulator) -> None:
        self.folder, self.simulator = folder, simulator
        self.key = folder / "id"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key], check=True)
        self.public = self.key.with_suffix(".pub").read_text().strip()
        self.known_hosts = folder / "known hosts"
        self.credentials = folder / "credentials.json"
        self.ssh = folder / "ssh"
        self.ssh.write_text(SSH.replace("FOLDER", f"'{folder}'"))
        self.ssh.chmod(0o755)
        self.env = environment(
            folder / "home",
            simulator.url,
            simulator.key,
            ANSIBLE_SSH_EXECUTABLE=str(self.ssh),
            ANSIBLE_REMOTE_PORT=str(simulator.ssh_port),
        )

    def write(self, servers: t.Any, after: t.Sequence[t.Any] = (), **variables: t.Any) -> None:
        """Write the playbook: the role, and a play on what it leaves."""
        given = {
            "fleet_servers": servers,
            "fleet_defaults": {"plan_slug": "vps-1", "os_template": "ubuntu-24.04"},
            "fleet_credentials_file": str(self.credentials),
            "fleet_authorized_keys": [self.public],
            "fleet_private_key_file": str(self.key),
            "fleet_known_hosts_file": str(self.known_hosts),
            "fleet_ssh_timeout": 60,
            **variables,
        }
        given = {name: value for name, value in given.items() if value != "omit"}
        role = {"ansible.builtin.include_role": {"name": "h444.cloud.fleet"}, "vars": given}
        report = {
            "ansible.builtin.copy": {
                "dest": str(self.folder / "report.json"),
                "content": "{{ {'vps': fleet_vps | default([]), 'groups': groups,"
                " 'hostvars': dict(groups.all | zip(groups.all | map('extract', hostvars)))} | to_json }}",
            },
            "check_mode": False,
            "changed_when": False,
            "when": "ansible_play_hosts | length > 0",
        }
        local = {"hosts": "localhost", "connection": "local", "gather_facts": False}
        plays = [
            {**local, "tasks": [{"block": [role], "always": [report]}]},
            {"hosts": "fleet", "gather_facts": False, "tasks": [{"ansible.builtin.raw": "cat /etc/hostname"}, *after]},
        ]
        (self.folder / "site.yml").write_text(yaml.safe_dump(plays, sort_keys=False))

    def play(self, *more: str, code: int | None = 0, **env: str) -> Played:
        """Play it. Nothing that is shown holds a secret."""
        for name in ("logins", "report.json"):
            (self.folder / name).unlink(missing_ok=True)
        command = ["ansible-playbook", "-vvvv", "-i", "localhost,", *more, "site.yml"]
        played = play(command, {**self.env, **env}, self.folder)
        assert code is None or played.code == code, played.tail(60)
        assert not shown_secrets(played.output, self.secrets())
        return played

    def secrets(self) -> set[str]:
        """Give every password and key that the API has told."""
        return secrets_in(self.simulator.state()) | {self.simulator.key}

    def report(self) -> dict[str, t.Any]:
        """Read what the role left."""
        return json.loads((self.folder / "report.json").read_text())

    def logins(self, kind: str = "") -> list[str]:
        """Name the addresses of the logins of one kind, or say what all of them were."""
        file = self.folder / "logins"
        lines = file.read_text().splitlines() if file.exists() else []
        return [line.split()[1] for line in lines if line.startswith(kind)] if kind else lines

    def addresses(self) -> dict[str, str]:
        """Give the addresses of all servers that are there."""
        rows = [row for row in self.simulator.state()["vps"] if row["alive"]]
        return {row["label"]: row["ips"][0]["ip"] for row in rows}

    def run_on(self, label: str, script: str) -> str:
        """Run a script on a server by key."""
        command = ["ssh", "-F", "none", "-p", str(self.simulator.ssh_port), "-i", str(self.key), "-o", "BatchMode=yes"]
        command += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
        command += [f"root@{self.addresses()[label]}", script]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def offered(self, label: str) -> str:
        """Ask a server which methods it offers."""
        command = ["ssh", "-F", "none", "-p", str(self.simulator.ssh_port), "-o", "PreferredAuthentications=none"]
        command += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes"]
        done = subprocess.run(
            [*command, f"root@{self.addresses()[label]}", "true"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        (found,) = re.findall(r"Permission denied \((.*)\)", done.stderr)
        return found

    def call(self, method: str, path: str, body: t.Any = None) -> None:
        """Send a request to the API, as somebody else does."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": "Bearer " + self.simulator.key, "Content-Type": "application/json"}
        request = urllib.request.Request(self.simulator.url + path, data, headers, method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60):
            pass

    def reinstall(self, label: str) -> None:
        """Reinstall a server, as somebody else does: it has another host key then."""
        (row,) = [row for row in self.simulator.state()["vps"] if row["label"] == label]
        self.call("POST", f"/vps/{row['id']}/reinstall", {"os": "ubuntu", "osTemplate": "ubuntu-24.04"})


@pytest.fixture
def make_world() -> t.Iterator[t.Callable[..., World]]:
    """Give what starts an account, with a folder whose path is short enough for the sockets of ssh and of the core."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="h444-test-", ignore_cleanup_errors=True))

        def make(**assume: t.Any) -> World:
            simulator = Simulator.start(preset="plain", assume={"boot_seconds": 1, **assume}, ssh=True, balance=100000)
            return World(Path(folder), stack.enter_context(simulator))

        yield make


class Watch:
    """Looks at what others can see of a run: arguments of processes, their environments, and temporary files."""

    def __init__(self, folder: Path) -> None:
        self._mark, self._folders = str(folder).encode(), [folder / "tmp", folder / "home"]
        self.seen: dict[bytes, Path] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while not self._over.wait(0.005):
            for file in [file for folder in self._folders for file in folder.rglob("*") if file.is_file()]:
                self._read(file)
            for environ in Path("/proc").glob("[0-9]*/environ"):
                # Other runs on this machine may know the same password of another simulator.
                if self._mark in self._read(environ, self._mark):
                    self._read(environ.with_name("cmdline"))

    def _read(self, file: Path, mark: bytes = b"") -> bytes:
        text = b""
        with contextlib.suppress(OSError):
            text = file.read_bytes()[:100000]
            if mark in text:
                self.seen.setdefault(text, file)
        return text

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()


def servers_of(*labels: str) -> list[dict[str, t.Any]]:
    """Name servers."""
    return [{"label": label} for label in labels]


def test_twelve_servers_take_a_login_by_key_after_one_run_and_the_next_changes_nothing(
    make_world: t.Callable[..., World],
) -> None:
    world = make_world()
    labels = [f"web-{number}" for number in range(1, 11)] + ["fleet", "-oProxyCommand=touch x; '$(id)\""]
    servers: list[dict[str, t.Any]] = servers_of(*labels)
    servers[0].update(ptr="web-1.example.com", groups=["web", "first"])
    servers[1].update(groups=["web-2", 7])
    servers[11].update(hostname="odd-12", groups=["web"])
    world.write(servers)

    world.play("--check")
    report = world.report()
    assert world.logins() == []
    assert not world.simulator.writes()
    assert list(report["hostvars"]) == ["localhost"]
    assert [row["label"] for row in report["vps"]] == labels
    assert not world.credentials.exists()
    assert not world.known_hosts.exists()

    (world.folder / "tmp").mkdir()
    with Watch(world.folder) as watch:
        played = world.play(TMPDIR=shortened(world.folder / "tmp"))
    assert re.search(r"localhost +: ok=\d+ +changed=[1-9]", played.output)
    rows = {row["label"]: row for row in world.simulator.state()["vps"]}
    for row in rows.values():
        password = row["root_password"].encode()
        assert not [place for text, place in watch.seen.items() if password in text]
    assert any(place.name == "cmdline" and b"sshpass" in text for text, place in watch.seen.items())
    report = world.report()
    assert [row["label"] for row in report["vps"]] == labels
    assert [row["id"] for row in report["vps"]] == [rows[label]["id"] for label in labels]
    assert not secrets_in(report) & world.secrets()
    assert "password" not in json.dumps(report["vps"])
    names = [
        "web-1",
        f"web-2-{rows['web-2']['id']}",
        *labels[2:10],
        f"fleet-{rows['fleet']['id']}",
        f"h444-{rows[labels[11]]['id']}",
    ]
    assert report["groups"]["fleet"] == names
    assert report["groups"]["web"] == [names[0], names[11]]
    assert report["groups"]["first"] == ["web-1"]
    assert report["groups"]["web-2"] == report["groups"]["7"] == [names[1]]
    assert sorted(world.logins("password")) == sorted(world.addresses().values())
    assert all(world.offered(label) == "publickey" for label in labels[:2])
    assert "web-1.example.com" in json.dumps(rows["web-1"]["ips"])
    kept = json.loads(world.credentials.read_text())
    assert {kept[f"vps/{label}"]["root_password"] for label in labels} == {
        row["root_password"] for row in rows.values()
    }
    assert len(world.simulator.debits()) == 12

    world.simulator.clear_journal()
    played = world.play()
    assert re.search(r"localhost +: ok=\d+ +changed=0 ", played.output)
    assert world.logins("password") == []
    assert not world.simulator.writes()
    assert world.report()["groups"] == report["groups"]


def test_lines_of_servers_stand_beside_what_a_callback_writes(make_world: t.Callable[..., World]) -> None:
    world = make_world()
    command = [str(BIN / "ansible-playbook"), "-i", "localhost,", "site.yml"]
    for label, no_log in (("web-1", False), ("web-2", True)):
        world.write(servers_of(label))
        plays = yaml.safe_load((world.folder / "site.yml").read_text())
        (role,) = plays[0]["tasks"][0]["block"]
        role["ansible.builtin.include_role"]["apply"] = {"no_log": no_log}
        (world.folder / "site.yml").write_text(yaml.safe_dump(plays, sort_keys=False))
        played = subprocess.run(
            command, env=world.env, cwd=world.folder, capture_output=True, text=True, check=False, timeout=300
        )
        assert played.returncode == 0, played
        assert f"{label}: keys added" not in played.stdout
        assert (f"{label}: keys added" in played.stderr) is not no_log


def test_another_host_key_gets_no_password_and_stops_no_other_server(make_world: t.Callable[..., World]) -> None:
    world = make_world()
    world.write(servers_of("web-1", "web-2"))
    world.play()
    world.reinstall("web-1")
    before = world.known_hosts.read_text()
    world.write(servers_of("web-1", "web-2", "web-3"))
    played = world.play(code=2)
    addresses = world.addresses()
    assert world.logins("password") == [addresses["web-3"]]
    (message,) = re.findall(r'"msg": "(web-1: .*)"', played.output)
    assert f"its host key is not the one that is recorded for {addresses['web-1']}. No password was sent." in message
    assert "web-2" not in message
    assert world.report()["groups"]["fleet"] == ["web-2", "web-3"]
    assert world.known_hosts.read_text().startswith(before)
    assert world.offered("web-3") == "publickey"

    # The role itself reinstalls it: then the old entry is that of the server before.
    servers = [{"label": "web-1", "state": "reinstalled", "force": True}, *servers_of("web-2", "web-3")]
    world.write(servers)
    world.play()
    assert world.logins("password") == [addresses["web-1"]]
    assert world.report()["groups"]["fleet"] == ["web-1", "web-2", "web-3"]


def test_only_the_entry_of_a_server_that_this_run_ordered_is_dropped(make_world: t.Callable[..., World]) -> None:
    world = make_world()
    world.write(servers_of("web-1"))
    world.play()
    first = world.addresses()["web-1"]
    start, _dot, last = first.rpartition(".")
    names = [f"{start}.{int(last) + number}" for number in (1, 2)]
    if world.simulator.ssh_port != 22:
        names = [f"[{name}]:{world.simulator.ssh_port}" for name in names]
    with world.known_hosts.open("a") as file:
        file.writelines(f"{name} {OTHER_KEY}\n" for name in names)
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", world.known_hosts], check=True, capture_output=True)
    world.write(servers_of("web-1", "web-2"))
    world.play()
    assert f"{start}.{int(last) + 1}" == world.addresses()["web-2"]
    assert world.logins("password") == [world.addresses()["web-2"]]
    left = subprocess.run(["ssh-keygen", "-F", names[1], "-f", world.known_hosts], capture_output=True, check=False)
    assert OTHER_KEY.split()[1].encode() in left.stdout

    # It is there now, and this run did not order it.
    subprocess.run(["ssh-keygen", "-R", names[0], "-f", world.known_hosts], check=True, capture_output=True)
    with world.known_hosts.open("a") as file:
        file.write(f"{names[0]} {OTHER_KEY}\n")
    assert "No password was sent" in world.play(code=2).output
    assert world.logins("password") == []


def interrupted(world: World, is_reached: t.Callable[[], bool]) -> None:
    """Play, and kill the run at a point."""
    (world.folder / "logins").unlink(missing_ok=True)
    command = [str(BIN / "ansible-playbook"), "-i", "localhost,", "site.yml"]
    with (world.folder / "killed.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=world.env, cwd=world.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            end = time.monotonic() + 120
            while not is_reached():
                assert process.poll() is None, (world.folder / "killed.log").read_text()
                assert time.monotonic() < end
                time.sleep(0.05)
        finally:
            kill_tree(process)


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_run_that_is_killed_at_any_login_is_finished_by_the_next(
    make_world: t.Callable[..., World], side: str
) -> None:
    """Each server is stopped at another step of its login; the last one is ready."""
    world = make_world()
    labels = [f"web-{number}" for number in range(1, 6)]
    world.write(servers_of(*labels))
    world.simulator.seed(vps=[{"label": "first"}])
    start, _dot, last = world.addresses()["first"].rpartition(".")
    steps = (1, 2, 3, 4)
    (world.folder / "stops").write_text(
        "".join(f"{side} {start}.{int(last) + number} {step}\n" for number, step in enumerate(steps, 1))
    )
    stopped = world.folder / "stopped"
    interrupted(world, lambda: stopped.exists() and len(stopped.read_text().split()) == len(steps))
    (world.folder / "stops").unlink()
    world.play()
    assert world.report()["groups"]["fleet"] == labels
    assert len(world.simulator.debits()) == 5
    assert all(world.offered(label) == "publickey" for label in labels)
    assert all(world.run_on(label, "cat .ssh/authorized_keys").splitlines() == [world.public] for label in labels)
    played = world.play()
    assert re.search(r"localhost +: ok=\d+ +changed=0 ", played.output)
    assert world.logins("password") == []


def test_a_run_that_is_killed_after_an_order_finds_a_recycled_address(make_world: t.Callable[..., World]) -> None:
    """Its known_hosts is older than the password: no entry in it can be that of the new server."""
    world = make_world()
    world.simulator.seed(vps=[{"label": "first"}])
    start, _dot, last = world.addresses()["first"].rpartition(".")
    name = f"{start}.{int(last) + 1}"
    name = name if world.simulator.ssh_port == 22 else f"[{name}]:{world.simulator.ssh_port}"
    world.known_hosts.write_text(f"{name} {OTHER_KEY}\n")
    os.utime(world.known_hosts, (1, 1))
    world.write(servers_of("web-1"))
    world.simulator.faults({"method": "GET", "path": "/vps", "nth": 2, "kind": "hang"})
    interrupted(world, world.credentials.exists)
    world.simulator.clear_faults()
    assert world.known_hosts.read_text() == f"{name} {OTHER_KEY}\n"
    world.play()
    assert len(world.simulator.debits()) == 1
    assert world.logins("password") == [world.addresses()["web-1"]]


@pytest.mark.parametrize("image", ["cloud_init", "before_include", "keyboard_interactive", "redhat"])
def test_passwords_are_switched_off_on_every_image_and_on_again(make_world: t.Callable[..., World], image: str) -> None:
    world = make_world(ssh_image=image)
    world.write(servers_of("web-1"), fleet_password_login=True)
    world.play()
    before = world.offered("web-1")
    assert "password" in before
    world.run_on("web-1", f"echo '{OTHER_KEY} of somebody' >> .ssh/authorized_keys")
    world.write(servers_of("web-1"))
    world.play()
    assert world.offered("web-1") == "publickey"
    assert f"{OTHER_KEY} of somebody" in world.run_on("web-1", "cat .ssh/authorized_keys")
    world.write(servers_of("web-1"), fleet_password_login=True)
    world.play()
    assert world.offered("web-1") == before
    assert "h444" not in world.run_on("web-1", "ls /etc/ssh/sshd_config.d")
    assert world.logins("password") == []


def test_an_image_without_drop_ins_is_named_and_stays_usable(make_world: t.Callable[..., World]) -> None:
    world = make_world(ssh_image="no_dropins")
    world.write(servers_of("web-1"))
    played = world.play(code=2)
    assert "does not include /etc/ssh/sshd_config.d/" in played.output
    assert world.run_on("web-1", "cat .ssh/authorized_keys").strip() == world.public
    assert "password" in world.offered("web-1")
    world.write(servers_of("web-1"), fleet_password_login=True)
    world.play()
    assert world.report()["groups"]["fleet"] == ["web-1"]


WRONG: list[tuple[dict[str, t.Any], dict[str, t.Any], str]] = [
    ({"label": "web-2", "plan_slgu": "vps-1"}, {}, "plan_slgu"),
    ({"label": "web-2"}, {"fleet_defaults": {"plan_slug": "vps-1", "os": "ubuntu-24.04"}}, "os"),
    ({"label": "web-1"}, {}, "have the same label"),
    ({"label": "web-2"}, {"fleet_authorized_keys": ["~/.ssh/id_ed25519.pub"]}, "is not a public key"),
    ({"label": "web-2"}, {"fleet_authorized_keys": []}, "fleet_authorized_keys"),
    ({"label": "web-2"}, {"fleet_authorized_keys": "omit"}, "fleet_authorized_keys"),
    ({"label": "web-2"}, {"fleet_credentials_file": " "}, "fleet_credentials_file"),
    ({"label": "web-2"}, {"fleet_credentials_file": "omit"}, "fleet_credentials_file"),
    ({"label": "web-2"}, {"fleet_private_key_file": "/none/id"}, "can't be read"),
    ({"label": "web-2"}, {"fleet_known_hosts_file": "/none/known_hosts"}, "does not exist"),
    ({"label": "web-2"}, {"fleet_max_total_monthly_usd_cents": 900}, "max_total_monthly_usd_cents"),
    ({"label": "web-2"}, {"fleet_known_hosts_file": "/dev/null"}, "can't be written"),
    ({"label": "web-2", "ptr": ""}, {}, "the ptr of web-2 is empty"),
    ({"label": "web-2", "ptr": "not a name"}, {}, "the ptr of web-2"),
    ({"label": "web-2"}, {"fleet_state": "gone"}, "fleet_state"),
]


def test_what_is_wrong_is_refused_before_the_first_order(make_world: t.Callable[..., World]) -> None:
    world = make_world()
    tasks = []
    for server, variables, reason in WRONG:
        world.write([{"label": "web-1"}, server], **variables)
        (play_of_role, _other) = yaml.safe_load((world.folder / "site.yml").read_text())
        role = play_of_role["tasks"][0]["block"]
        accepted = {"ansible.builtin.fail": {"msg": f"{reason}: accepted"}}
        is_refused = {
            "ansible.builtin.assert": {
                "that": ["reason in ansible_failed_result | to_json", "'accepted' not in ansible_failed_result.msg"]
            },
            "vars": {"reason": reason},
        }
        tasks.append({"block": [*role, accepted], "rescue": [is_refused]})
    local = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    (world.folder / "site.yml").write_text(yaml.safe_dump([local], sort_keys=False))
    for more in ((), ("--check",)):
        world.play(*more)
        assert not world.simulator.writes()
        assert world.logins() == []


def without_sshpass(world: World) -> str:
    """Give a PATH with everything but sshpass."""
    folder = world.folder / "bin"
    folder.mkdir()
    for place in reversed(world.env["PATH"].split(os.pathsep)):
        for file in Path(place).iterdir() if Path(place).is_dir() else ():
            (folder / file.name).unlink(missing_ok=True)
            if file.name != "sshpass":
                (folder / file.name).symlink_to(file)
    return str(folder)


def test_without_sshpass_the_core_passes_the_password_or_nothing_is_ordered(make_world: t.Callable[..., World]) -> None:
    world = make_world()
    path = without_sshpass(world)
    world.write(servers_of("web-1"))
    played = world.play(code=0 if HAS_ASKPASS else 2, PATH=path)
    if HAS_ASKPASS:
        assert world.offered("web-1") == "publickey"
        return
    assert "no way to pass one to ssh" in played.output
    assert not world.simulator.writes()
    world.play()
    # What has its login by key needs no password any more.
    assert "changed=0" in world.play(PATH=path).output


def test_a_fleet_is_torn_down_and_leaves_no_host_keys(make_world: t.Callable[..., World]) -> None:
    world = make_world()
    world.write(servers_of("web-1", "web-2", "db-1"))
    world.play()
    known, addresses = world.known_hosts.read_text(), world.addresses()
    absent = {"fleet_state": "absent", "fleet_credentials_file": "omit", "fleet_authorized_keys": "omit"}
    world.write(servers_of("web-1", "web-2", "db-1"), **absent)
    world.simulator.clear_journal()
    assert "protected" in world.play(code=2, H444_PROTECTED="db-*").output
    world.play("--check")
    assert not world.simulator.writes()
    assert world.known_hosts.read_text() == known

    world.write([{"label": "web-1", "state": "absent"}, {"label": "web-2"}, {"label": "db-1"}])
    world.play()
    assert sorted(world.addresses()) == ["db-1", "web-2"]
    assert addresses["web-1"] not in world.known_hosts.read_text()
    assert world.report()["groups"]["fleet"] == ["web-2", "db-1"]

    world.write(servers_of("web-1", "web-2", "db-1"), **absent)
    world.play()
    assert world.addresses() == {}
    assert world.report()["vps"] == [None, None, None]
    assert world.known_hosts.read_text() == ""
    assert world.logins() == []
    assert re.search(r"localhost +: ok=\d+ +changed=0 ", world.play().output)


def test_a_server_that_is_stopped_gets_no_login(make_world: t.Callable[..., World]) -> None:
    world = make_world()
    world.write([{"label": "web-1", "groups": None}, {"label": "web-2", "state": "stopped"}])
    world.play()
    assert world.offered("web-1") == "publickey"
    assert world.report()["groups"]["fleet"] == ["web-1"]
    assert world.addresses()["web-2"] not in world.logins("key")
    defaults = {"state": "started", "groups": ["common"]}
    world.write([{"label": "web-1", "groups": ["own"]}, {"label": "web-2"}], fleet_defaults=defaults)
    world.play()
    groups = world.report()["groups"]
    assert (groups["fleet"], groups["own"], groups["common"]) == (["web-1", "web-2"], ["web-1"], ["web-2"])


@pytest.mark.parametrize("way", ["fail", "reinstall"])
def test_a_password_that_did_not_arrive(make_world: t.Callable[..., World], way: str) -> None:
    world = make_world(replay_body="no_password")
    world.write(servers_of("web-1"))
    world.play()
    world.simulator.faults({"method": "POST", "path": "/vps", "kind": "reset", "when": "after", "nth": 1})
    world.write(servers_of("web-1", "web-2"), fleet_on_secret_lost=way)
    played = world.play(code=2 if way == "fail" else 0)
    wiped = [call["path"] for call in world.simulator.writes() if call["path"].endswith("reinstall")]
    if way == "fail":
        assert "the credentials file has no password of it" in played.output
        assert wiped == []
        # The next run did not order it, so it does not wipe it either.
        world.write(servers_of("web-1", "web-2"), fleet_on_secret_lost="reinstall")
        world.play(code=2)
        assert not [call for call in world.simulator.writes() if call["path"].endswith("reinstall")]
    else:
        assert len(wiped) == 1
        assert world.report()["groups"]["fleet"] == ["web-1", "web-2"]


def test_a_server_that_fails_stops_neither_the_orders_nor_the_logins(make_world: t.Callable[..., World]) -> None:
    world = make_world()
    world.simulator.faults({"method": "POST", "path": "/vps", "kind": "status", "status": 400, "nth": 2, "times": 1})
    world.write(
        servers_of("web-1", "web-2", "web-3"), fleet_defaults={"plan_slug": "vps-1", "os_template": "debian-12"}
    )
    played = world.play(code=2)
    there = sorted(world.addresses())
    assert len(there) == 2
    assert sorted(world.report()["groups"]["fleet"]) == there
    (missing,) = {"web-1", "web-2", "web-3"} - set(there)
    assert f'"msg": "{missing}: ' in played.output
    world.simulator.clear_faults()
    world.play()
    assert len(world.report()["groups"]["fleet"]) == 3


def test_a_server_without_an_address_is_named_and_not_passed_over(make_world: t.Callable[..., World]) -> None:
    world = make_world()
    world.simulator.seed(vps=[{"label": "web-1", "ips": []}])
    world.write(servers_of("web-1"))
    assert "web-1: it has no address yet. Run the role again." in world.play(code=2).output
    assert world.logins() == []


def test_a_role_that_never_gets_an_answer_names_the_server(make_world: t.Callable[..., World]) -> None:
    world = make_world(boot_seconds=3600)
    world.write(servers_of("web-1"), fleet_ssh_timeout=3)
    played = world.play(code=2)
    assert "web-1: ssh on 127.44." in played.output
    assert "did not answer within 3 seconds" in played.output


GUIDE = (ROOT / "docs" / "docsite" / "rst" / "guide_fleet.rst").read_text(encoding="utf-8")


def block(beginning: str) -> str:
    """Give the one YAML block of the guide that begins so."""
    bodies = re.findall(r"^\.\. code-block:: yaml\n\n((?:   .*\n|\n)+)", GUIDE, re.MULTILINE)
    (text,) = [textwrap.dedent(body) for body in bodies if textwrap.dedent(body).startswith(beginning)]
    return text


def said_by_the_guide(played: Played, *commands: str) -> None:
    """Check that what the guide shows of a command is what it said: the sentences and tables of the collection."""
    for command in commands:
        (shown,) = re.findall(rf"^   \$ {re.escape(command)}\n((?:   (?!\$).*\n|\n)+)", GUIDE, re.MULTILINE)
        lines = [line.strip() for line in shown.splitlines()]
        for line in lines:
            if re.match(r"web-1 |web-[0-9]+: (?:keys|running|terminated)|SERVER|TASK", line):
                assert line in played.output, line


def test_the_guide_goes_from_an_empty_account_to_twenty_servers_and_back(make_world: t.Callable[..., World]) -> None:
    """Its plays work as they stand, on four servers in the place of twenty."""
    world = make_world()
    for name, title in (("fleet", "Provision"), ("back-in", "Get back"), ("tear-down", "Tear down")):
        text = block(f"- name: {title} ")
        assert ("end=20" in text) == (name != "back-in")
        (world.folder / f"{name}.yml").write_text(text.replace("end=20", "end=4"))
    (world.folder / "account.h444.yml").write_text(block("plugin: "))
    world.key.rename(world.folder / "id_ed25519")
    (world.folder / "id.pub").rename(world.folder / "id_ed25519.pub")
    world.key = world.folder / "id_ed25519"

    def run(*command: str, code: int = 0) -> Played:
        played = play(list(command), world.env, world.folder)
        assert played.code == code, played.tail(60)
        assert not shown_secrets(played.output, world.secrets())
        return played

    said_by_the_guide(run("ansible-playbook", "fleet.yml", "--check"), "ansible-playbook fleet.yml --check")
    assert not world.simulator.writes()
    played = run("ansible-playbook", "fleet.yml")
    assert all(f"ok: [web-{number}]" in played.output for number in range(1, 5))
    assert "web-4: keys added: 1, password login switched off" in played.output
    played = run("ansible-playbook", "fleet.yml")
    (recap,) = re.findall("^   (localhost +: ok=.*)", GUIDE, re.MULTILINE)
    assert recap in played.output
    run("ansible-inventory", "-i", "account.h444.yml", "--graph")

    world.run_on("web-3", "rm .ssh/authorized_keys")
    played = run("ansible-playbook", "fleet.yml", code=2)
    told = re.sub(r"\s+", " ", GUIDE).replace("127.44.5.11", world.addresses()["web-3"])
    (message,) = re.findall(r'"msg": "(web-3: .*?)"', played.output)
    assert message in told
    run("ansible-playbook", "back-in.yml", code=2)  # without -e wipe=true, nothing is wiped
    played = run("ansible-playbook", "back-in.yml", "-e", "wipe=true")
    said_by_the_guide(played, "ansible-playbook back-in.yml -e wipe=true")
    run("ansible-playbook", "fleet.yml")
    said_by_the_guide(run("ansible-playbook", "tear-down.yml", "--check"), "ansible-playbook tear-down.yml --check")
    said_by_the_guide(run("ansible-playbook", "tear-down.yml"), "ansible-playbook tear-down.yml")
    assert world.addresses() == {}
