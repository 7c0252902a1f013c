# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The servers that one can log in to, as OpenSSH's own client meets them."""

from __future__ import annotations

import ctypes
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import typing as t
import urllib.request
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

asyncssh = pytest.importorskip("asyncssh")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]
OFF = "/etc/ssh/sshd_config.d/00-key-only.conf"


def call(simulator: Simulator, method: str, path: str, body: t.Any = None) -> t.Any:
    """Send a request to the API."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": "Bearer " + simulator.key, "Content-Type": "application/json"}
    request = urllib.request.Request(simulator.url + path, data, headers, method=method)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
        return json.loads(answer.read() or b"null")


def order(simulator: Simulator, label: str = "web-1", template: str = "ubuntu-24.04") -> dict[str, t.Any]:
    """Order a server."""
    body = {"plan_slug": "vps-1", "label": label, "hostname": label, "os_family": template.split("-")[0]}
    return call(simulator, "POST", "/vps", {**body, "os_template": template})


class Client:
    """OpenSSH's client with a home of its own."""

    def __init__(self, folder: Path, simulator: Simulator) -> None:
        self.folder, self.simulator = folder, simulator
        folder.mkdir(exist_ok=True)
        self.key = folder / "id_ed25519"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key)], check=True)
        self.known_hosts = folder / "known_hosts"
        self.ask = folder / "askpass"
        self.ask.write_text('#!/bin/sh\nprintf "%s\\n" "$LOGIN_PASSWORD"\n')
        self.ask.chmod(0o700)

    def options(self, password: str | None = None, *more: str) -> list[str]:
        """Give the options of ssh, scp and sftp."""
        methods = "publickey" if password is None else "password,keyboard-interactive"
        given = {
            "Port": str(self.simulator.ssh_port),
            "UserKnownHostsFile": str(self.known_hosts),
            "StrictHostKeyChecking": "accept-new",
            "IdentityFile": str(self.key),
            "IdentitiesOnly": "yes",
            "PreferredAuthentications": methods,
            "NumberOfPasswordPrompts": "1",
            "ConnectTimeout": "20",
            "LogLevel": "ERROR",
        }
        return ["-F", "none", *(word for name, value in given.items() for word in ("-o", f"{name}={value}")), *more]

    def run(
        self, row: dict[str, t.Any], command: str, password: str | None = None, *options: str, text: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on a server: by key, or by password where one is given."""
        return self.spawn(["ssh", *self.options(password, *options), f"root@{row['ipv4']}", command], password, text)

    def spawn(
        self, command: list[str], password: str | None = None, text: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run one of OpenSSH's clients."""
        env = {**os.environ, "SSH_ASKPASS": str(self.ask), "SSH_ASKPASS_REQUIRE": "force"}
        env["LOGIN_PASSWORD"] = password or ""
        return subprocess.run(
            command, input=text or "", env=env, capture_output=True, text=True, timeout=60, check=False
        )

    def out(self, row: dict[str, t.Any], command: str, password: str | None = None, *options: str) -> str:
        """Run a command that must work, and give what it writes."""
        found = self.run(row, command, password, *options)
        assert found.returncode == 0, (command, found)
        return found.stdout

    def install_key(self, row: dict[str, t.Any]) -> None:
        """Let the key in."""
        public = self.key.with_suffix(".pub").read_text().strip()
        script = f"umask 077; mkdir -p .ssh; echo '{public}' >> .ssh/authorized_keys"
        self.out(row, script, row["root_password"])


@pytest.fixture(scope="module")
def simulator() -> t.Iterator[Simulator]:
    with Simulator.start(ssh=True, assume={"boot_seconds": 0}) as one:
        yield one


@pytest.fixture
def client(tmp_path: Path, simulator: Simulator) -> Client:
    simulator.reset(preset="plain", assume={"boot_seconds": 0})
    return Client(tmp_path, simulator)


# Who gets in


def test_the_first_login_is_by_password_and_the_next_by_key(simulator: Simulator, client: Client) -> None:
    row = order(simulator)
    assert row["ipv4"].startswith("127.44.")
    assert "Permission denied (publickey,password)" in client.run(row, "true").stderr
    assert client.run(row, "true", "wrong").returncode == 255
    assert client.out(row, "hostname; id -u; pwd", row["root_password"]) == "web-1\n0\n/root\n"
    client.install_key(row)
    assert client.out(row, "cat /etc/os-release | grep ^ID=") == 'ID="ubuntu"\n'


def test_the_servers_of_a_scenario_take_logins(tmp_path: Path) -> None:
    with Simulator.start(ssh=True, scenario="small") as one:
        rows = {row["label"]: {**row, "ipv4": row["ips"][0]["ip"]} for row in one.state()["vps"]}
        assert all(row["ipv4"].startswith("127.44.") for row in rows.values())
        client = Client(tmp_path, one)
        assert client.out(rows["db-1"], "hostname", rows["db-1"]["root_password"]) == "db-1.example.com\n"
        assert "refused" in client.run(rows["test-1"], "true", rows["test-1"]["root_password"]).stderr


def test_a_changed_configuration_counts_after_a_reload(simulator: Simulator, client: Client) -> None:
    row = order(simulator)
    client.install_key(row)
    client.out(row, f"echo 'PasswordAuthentication no' > {OFF}")
    client.out(row, "true", row["root_password"])
    client.out(row, "systemctl reload ssh")
    assert "Permission denied (publickey)" in client.run(row, "true", row["root_password"]).stderr
    client.out(row, f"rm {OFF}; service ssh reload")
    client.out(row, "true", row["root_password"])


def test_keyboard_interactive_stands_beside_password(simulator: Simulator, client: Client) -> None:
    row = order(simulator, template="debian-13")
    assert "Permission denied (publickey,keyboard-interactive,password)" in client.run(row, "true").stderr
    only_asked = ("-o", "PreferredAuthentications=keyboard-interactive")
    client.out(row, f"echo 'PasswordAuthentication no' > {OFF}; systemctl reload ssh", row["root_password"])
    client.out(row, "true", row["root_password"], *only_asked)
    assert client.run(row, "true", "wrong", *only_asked).returncode == 255
    client.install_key(row)
    client.out(row, f"echo 'ChallengeResponseAuthentication no' >> {OFF}; systemctl reload ssh")
    assert "Permission denied (publickey)" in client.run(row, "true", row["root_password"]).stderr


def test_what_comes_first_in_the_configuration_wins(simulator: Simulator, client: Client) -> None:
    row = order(simulator, template="debian-12")
    client.install_key(row)
    client.out(row, f"echo 'passwordauthentication=no' > {OFF}; systemctl reload ssh")
    assert "passwordauthentication yes\n" in client.out(row, "sshd -T"), "the main file says so before its Include"
    client.out(row, "true", row["root_password"])
    client.out(row, "sed -i 's/^PasswordAuthentication yes/# &/' /etc/ssh/sshd_config; systemctl reload ssh")
    assert client.run(row, "true", row["root_password"]).returncode == 255
    with_match = (
        "printf 'Match User root\\n PasswordAuthentication yes\\n' >> /etc/ssh/sshd_config; systemctl reload ssh"
    )
    client.out(row, with_match)
    client.out(row, "true", row["root_password"])
    assert "passwordauthentication no\n" in client.out(row, "sshd -T")
    assert "passwordauthentication yes\n" in client.out(row, "sshd -T -C user=root,host=x,addr=192.0.2.1")


@pytest.mark.parametrize(
    ("value", "by_password", "by_key"), [("yes", 0, 0), ("prohibit-password", 255, 0), ("no", 255, 255)]
)
def test_permit_root_login(simulator: Simulator, client: Client, value: str, by_password: int, by_key: int) -> None:
    row = order(simulator)
    client.install_key(row)
    client.out(row, f"echo 'PermitRootLogin {value}' > {OFF}; systemctl reload ssh")
    assert client.run(row, "true", row["root_password"]).returncode == by_password
    assert client.run(row, "true").returncode == by_key


def test_keys_that_others_could_write_count_for_nothing(simulator: Simulator, client: Client) -> None:
    row = order(simulator)
    client.install_key(row)
    password = row["root_password"]
    for path in (".ssh/authorized_keys", ".ssh", "."):
        client.out(row, f"chmod g+w {path}")
        assert client.run(row, "true").returncode == 255, path
        client.out(row, f"chmod g-w {path}", password)
        client.out(row, "true")
    client.out(row, "sed -i 's/^/no keys here\\nrestrict,command=\"echo forced\" /' .ssh/authorized_keys")
    assert client.out(row, "id") == "forced\n"


def test_many_keys_in_several_files(simulator: Simulator, client: Client) -> None:
    row = order(simulator)
    key = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    fill = "cat > .ssh/authorized_keys; echo 'AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/keys/%u' > " + OFF
    client.install_key(row)
    move = "mkdir /etc/ssh/keys; cp .ssh/authorized_keys /etc/ssh/keys/root; "
    found = client.run(row, move + fill + "; systemctl reload ssh", row["root_password"], text=key * 1500)
    assert found.returncode == 0, found
    client.out(row, "true")
    client.out(row, "rm /etc/ssh/keys/root")
    assert client.run(row, "true").returncode == 255


def test_nobody_but_root_gets_in(simulator: Simulator, client: Client) -> None:
    row = order(simulator)
    for name in ("admin", "nobody", "ROOT", "root:x"):
        found = client.run(row, "true", row["root_password"], "-l", name)
        assert found.returncode == 255 or name == "root:x" and found.returncode, name


def test_a_configuration_with_a_mistake(simulator: Simulator, client: Client) -> None:
    """Debian's unit checks it and goes on; that of Red Hat's family only sends the signal, and sshd ends."""
    debian, alma = order(simulator), order(simulator, "alma", "almalinux-9")
    break_it = f"echo 'PasswordAuthentification no' > {OFF}; "
    found = client.run(debian, break_it + "sshd -t; systemctl reload ssh", debian["root_password"])
    assert found.returncode == 1
    assert f"{OFF}: line 1: Bad configuration option: PasswordAuthentification" in found.stderr
    assert "terminating, 1 bad configuration options" in found.stderr
    client.out(debian, "true", debian["root_password"])
    client.out(alma, break_it + "systemctl reload sshd", alma["root_password"])
    assert "Connection refused" in client.run(alma, "true", alma["root_password"]).stderr


@pytest.mark.parametrize(("template", "unit", "other"), [("debian-12", "ssh", "sshd"), ("rocky-9", "sshd", "ssh")])
def test_there_is_one_unit(simulator: Simulator, client: Client, template: str, unit: str, other: str) -> None:
    row = order(simulator, template=template)

    def ask(command: str) -> tuple[int, str]:
        found = client.run(row, command, row["root_password"], *shared)
        return found.returncode, found.stdout

    shared = ("-o", "ControlMaster=auto", "-o", f"ControlPath={client.folder}/c", "-o", "ControlPersist=20")
    assert ask(f"systemctl is-active {unit}") == (0, "active\n")
    assert ask(f"systemctl is-active --quiet {unit}.service") == (0, "")
    assert ask(f"systemctl is-active {other}") == (3, "inactive\n")
    assert ask(f"systemctl is-enabled {unit}") == (0, "enabled\n")
    assert ask(f"systemctl reload {other}")[0] == 5
    assert ask(f"systemctl cat {unit}")[0] == 0 and ask(f"systemctl cat {other}")[0] == 1
    listed = ask("systemctl list-unit-files --type=service --no-legend")
    assert listed == (0, f"{unit}.service enabled enabled\n")
    assert ask(f"systemctl list-unit-files {other}.service")[0] == 1
    assert "ActiveState=active" in ask(f"systemctl show {unit}")[1]


def test_images_can_be_chosen(simulator: Simulator, client: Client) -> None:
    simulator.assume(ssh_image="no_dropins")
    row = order(simulator)
    said = client.out(row, "ls /etc/ssh; grep -c Include /etc/ssh/sshd_config || true", row["root_password"])
    assert "sshd_config.d" not in said and said.endswith("\n0\n")


# What runs


def test_a_terminal_a_shell_and_the_exit_status(simulator: Simulator, client: Client) -> None:
    row = order(simulator)
    password = row["root_password"]
    assert client.run(row, "exit 7", password).returncode == 7
    assert client.run(row, "kill -9 $$", password).returncode == 137
    assert client.run(row, "cat; echo err >&2", password, text="in\n" * 50000).stdout == "in\n" * 50000
    assert client.run(row, "head -c 3000000 /dev/zero | tr '\\0' x", password).stdout == "x" * 3000000
    found = client.run(
        row, "test -t 0 && test -t 1 && stty size; read line; echo got $line", password, "-tt", text="hi\n"
    )
    assert found.stdout.endswith("got hi\n") and found.returncode == 0
    shell = ["ssh", *client.options(password), f"root@{row['ipv4']}"]
    assert client.spawn(shell, password, "echo $0 $HOME\nexit 3\n").stdout == "sh /root\n"


def test_files_are_copied(simulator: Simulator, client: Client) -> None:
    row = order(simulator)
    client.install_key(row)
    big = client.folder / "big"
    big.write_bytes(os.urandom(3_000_000))
    back = client.folder / "back"
    for more in ([], ["-O"]):
        options = [*client.options(), *more]
        assert client.spawn(["scp", *options, str(big), f"root@{row['ipv4']}:copy"]).returncode == 0
        assert client.spawn(["scp", *options, f"root@{row['ipv4']}:copy", str(back)]).returncode == 0
        assert back.read_bytes() == big.read_bytes()
        back.unlink()


PLAY = """
- hosts: h444
  gather_facts: false
  vars:
    ansible_pipelining: true
  tasks:
    - ansible.builtin.ping:
      vars:
        ansible_pipelining: false
    - ansible.builtin.copy: {content: hello, dest: /root/hello, mode: "0600", owner: root}
    - ansible.builtin.setup: {gather_subset: "!all,!min,distribution"}
    - ansible.builtin.service: {name: ssh, state: reloaded}
    - ansible.builtin.assert: {that: ansible_facts.distribution == "Ubuntu"}
"""


def test_ansible_works_on_a_server_of_the_inventory(simulator: Simulator, client: Client) -> None:
    row = order(simulator)
    client.install_key(row)
    inventory, play = client.folder / "my.h444.yml", client.folder / "play.yml"
    inventory.write_text("plugin: h444.cloud.h444\n")
    play.write_text(PLAY)
    env = {**os.environ, "HOME": str(client.folder), "ANSIBLE_HOME": str(client.folder), "ANSIBLE_NOCOLOR": "1"}
    env.update(H444_API_URL=simulator.url, H444_API_KEY=simulator.key, ANSIBLE_REMOTE_USER="root")
    # Without a connection that persists: its socket needs a short path.
    env["ANSIBLE_SSH_ARGS"] = "-o ControlMaster=no " + " ".join(client.options())
    command = ["ansible-playbook", "-i", str(inventory), str(play)]
    found = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert found.returncode == 0 and "ok=5    changed=2 " in found.stdout, found
    assert client.out(row, "cat hello") == "hello"


# The life of a server


def test_a_server_boots_by_phases_and_by_the_clock(simulator: Simulator, client: Client) -> None:
    simulator.assume(boot_seconds=1000)
    row = order(simulator)
    login = (row, "cat mark 2>/dev/null || echo hi > mark", row["root_password"])
    assert "Connection refused" in client.run(*login).stderr
    simulator.advance(501)
    found = client.run(*login)
    assert found.returncode == 255 and "Connection refused" not in found.stderr, "accepted and dropped"
    simulator.advance(500)
    client.out(*login)
    call(simulator, "POST", f"/vps/{row['id']}/power/start")
    assert client.out(*login) == "hi\n", "it runs already"
    call(simulator, "POST", f"/vps/{row['id']}/power/reboot")
    assert "Connection refused" in client.run(*login).stderr
    simulator.advance(1001)
    assert client.out(*login) == "hi\n"


def test_boot_needs_no_push(simulator: Simulator, client: Client) -> None:
    simulator.assume(boot_seconds=1)
    row = order(simulator)
    assert "Connection refused" in client.run(row, "true", row["root_password"]).stderr
    until = time.monotonic() + 20
    while client.run(row, "true", row["root_password"]).returncode:
        assert time.monotonic() < until


def test_power_drops_sessions_and_empties_run(simulator: Simulator, client: Client) -> None:
    row = order(simulator)
    client.install_key(row)
    client.out(row, "touch /run/here /tmp/here kept")
    for action in ("stop", "reboot"):
        with subprocess.Popen(
            ["ssh", *client.options(), f"root@{row['ipv4']}", "echo up; sleep 1000"], stdout=subprocess.PIPE, text=True
        ) as session:
            assert session.stdout and session.stdout.readline() == "up\n"
            call(simulator, "POST", f"/vps/{row['id']}/power/{action}")
            assert session.wait(10) == 255
        if action == "stop":
            assert "Connection refused" in client.run(row, "true").stderr
            call(simulator, "POST", f"/vps/{row['id']}/power/start")
    assert client.out(row, "ls; ls /run /tmp").split() == ["kept", "/run:", "sshd", "sshd.pid", "systemd", "/tmp:"]


def test_a_reinstall_makes_another_machine_of_it(simulator: Simulator, client: Client) -> None:
    row = order(simulator)
    client.install_key(row)
    client.out(row, "systemctl reload ssh")
    new = call(simulator, "POST", f"/vps/{row['id']}/reinstall", {"os": "rocky", "osTemplate": "rocky-9"})
    found = client.run(row, "true", row["root_password"])
    assert "Host key verification failed" in found.stderr
    client.known_hosts.unlink()
    assert client.run(row, "true", row["root_password"]).returncode == 255, "the old password"
    assert client.run(row, "true").returncode == 255, "the old key"
    said = client.out(row, "ls -A /root; grep ^ID= /etc/os-release; systemctl is-active sshd", new["root_password"])
    assert said == 'ID="rocky"\nactive\n'


def test_a_terminated_server_is_gone_and_a_new_one_shares_nothing_with_it(simulator: Simulator, client: Client) -> None:
    first, second = order(simulator, "a"), order(simulator, "b")
    for row in (first, second):
        client.install_key(row)
    assert len({line.split(" ", 1)[1] for line in client.known_hosts.read_text().splitlines()}) == 2
    call(simulator, "DELETE", f"/vps/{first['id']}")
    assert "Connection refused" in client.run(first, "true").stderr
    assert order(simulator, "a")["ipv4"] not in (first["ipv4"], second["ipv4"])
    client.out(second, "true")


def test_servers_survive_a_restart_with_a_state_file(client: Client) -> None:
    folder = Path(tempfile.mkdtemp(prefix="h444-test-"))  # that of pytest is closed to other users
    folder.chmod(0o755)
    port = 20000 + os.getpid() % 10000  # so that nobody takes the addresses in between
    try:
        with Simulator.start(
            ssh=True, ssh_port=port, assume={"boot_seconds": 0}, state_file=folder / "account.json"
        ) as one:
            here = Client(client.folder / "state", one)
            kept, gone = order(one), order(one, "gone")
            for row in (kept, gone):
                here.install_key(row)
        with Simulator.start(state_file=folder / "account.json") as one:
            call(one, "DELETE", f"/vps/{gone['id']}")
        with Simulator.start(ssh=True, ssh_port=port, state_file=folder / "account.json") as one:
            here.simulator = one
            here.out(kept, "true")
            third = order(one, "c")
            assert third["ipv4"] not in (kept["ipv4"], gone["ipv4"])
            assert {path.name for path in (folder / "account.json.servers").iterdir()} == {
                "shared",
                kept["ipv4"],
                third["ipv4"],
            }
    finally:
        shutil.rmtree(folder)


# Isolation

ATTACKS = """
try() { if "$@" >/dev/null 2>&1; then echo "DONE: $*"; fi; }
for folder in / /usr /usr/bin /usr/lib /usr/sbin /lib /bin /sbin /proc /proc/sys/kernel /sys /mnt /etc/alternatives; do
  try touch "$folder/x"
done
try test -w /proc/sys/kernel/panic
try test -w /proc/sysrq-trigger
try mknod /root/disk b 8 0
try mknod /tmp/mem c 1 1
try mount -t tmpfs none /mnt
try mount --bind /etc /root
try umount /usr
try unshare -U true
try unshare -r true
try unshare -m true
try chroot /etc true
try chown 1000 /root
try setpriv --reuid 1000 true
try hostname other
try kill -0 "$1"
try cat "/proc/$1/environ"
try ls "/proc/$1/root"
for place in "" /proc/1/root /proc/self/root /proc/1/cwd/../../.. /root/link; do
  [ "$place" != /root/link ] || ln -s / link
  try cat "$place$2"
  try ls "$place$3"
  try touch "$place$4"
done
try grep -r HOST-SECRET /etc /root /home /var /tmp /run /srv /opt
try grep -a HOST-SECRET /proc/keys
try sh -c 'test "$(cat /proc/[0-9]*/environ | grep -a -c HOST_SECRET)" != 0'
try bash -c "exec 3<>/dev/tcp/127.0.0.1/$5"
try bash -c "exec 3<>/dev/tcp/$6/22"
try python3 -c 'import ctypes, sys; sys.exit(ctypes.CDLL(None).syscall(KEYCTL, 0, -3, 0) < 0)'
try python3 -c 'import socket; socket.socket(socket.AF_VSOCK)'
try sh -c 'grep -v "^ *lo:" /proc/net/dev | grep :'
try sh -c 'ls /dev | grep -E "sd|vd|nvme|mem|kmsg|kvm|fuse"'
try sh -c 'i=0; while [ $i -lt 400 ]; do sleep 5 & i=$((i+1)); done; wait; jobs | wc -l | grep 400'
try sh -c 'grep -E "^Cap(Inh|Prm|Eff|Bnd|Amb)" /proc/self/status | grep -v 0000000000000000'
echo END
"""


# The number of keyctl; 0 is the command that gives the id of a keyring.
KEYCTL = {"x86_64": "250", "aarch64": "219"}.get(platform.machine(), "0")


def wrappers() -> list[tuple[str, ...]]:
    """Give how the simulator is started: as it is, and without the rights of root where this is root."""
    if os.geteuid():
        return [()]
    nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
    asked = subprocess.run([*nobody, sys.executable, "-c", "import asyncssh"], capture_output=True, check=False)
    # Where others can't run this Python: a namespace of its own, in which nobody is root.
    return [(), nobody if asked.returncode == 0 else ("unshare", "--user", "--map-user", "1000", "--map-group", "1000")]


class World(t.NamedTuple):
    """A simulator whose servers are attacked."""

    simulator: Simulator
    client: Client
    row: dict[str, t.Any]
    other: dict[str, t.Any]
    disks: Path
    wrapper: tuple[str, ...]


@pytest.fixture(scope="module", params=wrappers(), ids=lambda words: words[0] if words else "as-it-is")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[World]:
    folder = Path(tempfile.mkdtemp(prefix="h444-test-"))
    folder.chmod(0o777)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOST_SECRET", "HOST-SECRET")
        patch.setenv("TMPDIR", str(folder))
        add_key("HOST-SECRET")
        with Simulator.start(ssh=True, ssh_port=2244, assume={"boot_seconds": 0}, wrapper=request.param) as one:
            client = Client(tmp_path_factory.mktemp("client"), one)
            row, other = order(one), order(one, "other")
            client.install_key(row)
            (disks,) = folder.iterdir()
            yield World(one, client, row, other, disks, request.param)
    assert list(folder.iterdir()) == [], "nothing is left"
    folder.rmdir()


def add_key(name: str) -> None:
    """Put a key in the session keyring, which what is started from here inherits."""
    number = {"x86_64": 248, "aarch64": 217}.get(platform.machine())
    if number:
        session = ctypes.c_long(-3)
        ctypes.CDLL(None).syscall(ctypes.c_long(number), b"user", name.encode(), b"x", ctypes.c_size_t(1), session)


def test_nothing_of_the_machine_can_be_changed_or_read(world: World, tmp_path: Path) -> None:
    secret, target = tmp_path / "secret", tmp_path / "made"
    secret.write_text("HOST-SECRET")
    words = [str(world.simulator.pid), str(secret), str(tmp_path), str(target)]
    words += [world.simulator.origin.rsplit(":", 1)[1], world.other["ipv4"]]
    found = world.client.run(world.row, "sh -s " + " ".join(words), text=ATTACKS.replace("KEYCTL", KEYCTL))
    assert found.stdout == "END\n", found
    assert not target.exists()


def test_links_lead_nowhere_by_sftp(world: World, tmp_path: Path) -> None:
    secret, target = tmp_path / "secret", tmp_path / "made"
    secret.write_text("HOST-SECRET")
    here = f"root@{world.row['ipv4']}"
    orders = [f"-ln -s {secret} link", f"-get link {tmp_path}/got", f"-get /proc/1/root{secret} {tmp_path}/got"]
    orders += [f"-get /proc/self/root{secret} {tmp_path}/got", f"-ln -s {tmp_path} there", f"-put {secret} there/made"]
    orders += [f"-put {secret} /proc/1/root{target}", f"-chmod 777 {tmp_path}", f"-put {secret} /usr/bin/made"]
    sftp = ["sftp", "-b", "-", *world.client.options(), here]
    found = world.client.spawn(sftp, text="\n".join(orders) + "\n-ls -l link\n")
    assert found.returncode == 0 and "link" in found.stdout
    assert not (tmp_path / "got").exists() and not target.exists() and not Path("/usr/bin/made").exists()


def test_nothing_is_forwarded(world: World) -> None:
    api = world.simulator.origin.rsplit("/", 1)[1]
    for options in (["-W", api], ["-o", "ExitOnForwardFailure=yes", "-R", f"0:{api}", "true"]):
        words = ["ssh", *world.client.options(), *options[:-1]]
        last = (
            [f"root@{world.row['ipv4']}", options[-1]] if options[-1] == "true" else [api, f"root@{world.row['ipv4']}"]
        )
        assert world.client.spawn([*words, *last]).returncode == 255, options


def test_a_process_is_nobody_outside_and_can_not_take_over(world: World) -> None:
    script = "echo here; cat /proc/self/limits | grep processes; exec sleep 98765"
    command = ["ssh", *world.client.options(), f"root@{world.row['ipv4']}", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as session:
        assert session.stdout and session.stdout.readline() == "here\n"
        assert session.stdout.readline().split()[2:4] == ["256", "256"]
        until = time.monotonic() + 10
        found: list[int] = []
        while not found and time.monotonic() < until:
            found = [entry.stat().st_uid for entry in processes("sleep\0" + "98765\0")]
        session.terminate()
    assert set(found) == {(world.disks / world.row["ipv4"] / "root").stat().st_uid}
    assert 0 not in found or "unshare" in world.wrapper


def processes(line: str) -> list[Path]:
    """Find the processes with this command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cmdline").read_bytes().decode("utf-8", "replace") == line:
                found.append(entry)
        except OSError:
            continue
    return found


def test_others_of_this_machine_can_not_enter_a_disk(world: World) -> None:
    """A server can make a program that runs as its owner."""
    for disk in world.disks.glob("127.*"):
        assert disk.stat().st_mode & 0o777 == 0o700
    assert world.disks.stat().st_mode & 0o066 == 0


def test_disks_and_processes_are_gone_after_sigterm(tmp_path: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="h444-test-"))
    folder.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        with Simulator.start(ssh=True, assume={"boot_seconds": 0}) as one:
            client, row = Client(tmp_path, one), order(one)
            client.install_key(row)
            client.out(row, "mkdir -p a/b; touch a/b/c; chmod 0 a/b a")
            command = ["ssh", *client.options(), f"root@{row['ipv4']}", "echo up; sleep 98764 & sleep 98764"]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as session:
                assert session.stdout and session.stdout.readline() == "up\n"
                one.stop()
                assert session.wait(10) == 255
    until = time.monotonic() + 5
    while processes("sleep\0" + "98764\0") and time.monotonic() < until:
        time.sleep(0.05)
    assert not processes("sleep\0" + "98764\0")
    assert list(folder.iterdir()) == []
    folder.rmdir()
