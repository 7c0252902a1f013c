# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What --ssh asks of the machine, and how the sshd of a simulated server reads its configuration."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.simulator import assumed, catalogue, images, sandbox
from ansible_collections.h444.cloud.tests.simulator.account import Account
from ansible_collections.h444.cloud.tests.simulator.servers import make_server

PLACE = Path(sandbox.__file__).parent
SSHD = PLACE / "machine" / "sshd.sh"
needs_bwrap = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
asyncssh = pytest.importorskip("asyncssh")

from ansible_collections.h444.cloud.tests.simulator import ssh

# What the machine lacks


def refused(tmp_path: Path, *options: str, **env: str) -> str:
    """Start the simulator with logins, where it can't give them; give what it says."""
    command = [sys.executable, str(PLACE), "--port", "0", *options]
    given = {**os.environ, "TMPDIR": str(tmp_path), **env}
    found = subprocess.run(command, env=given, capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 2 and not found.stdout and found.stderr.count("\n") == 1, found
    return found.stderr


def programs(folder: Path, **scripts: str) -> str:
    """Make a PATH on which there are these scripts and nothing else."""
    folder.mkdir()
    for name, text in scripts.items():
        (folder / name).write_text("#!/bin/sh\n" + text)
        (folder / name).chmod(0o755)
    return str(folder)


@pytest.mark.slow
def test_it_says_what_to_install(tmp_path: Path) -> None:
    assert refused(tmp_path, "--ssh-port", "2299", PATH=programs(tmp_path / "none")) == (
        "simulator: --ssh needs bwrap; install bubblewrap (on Debian: apt install bubblewrap).\n"
    )
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "asyncssh.py").write_text("raise ImportError(\"No module named 'asyncssh'\")\n")
    assert refused(tmp_path, "--ssh", PYTHONPATH=str(hidden)) == (
        "simulator: --ssh needs AsyncSSH (No module named 'asyncssh'); "
        "install it: pip install -r tests/simulator/requirements-ssh.txt.\n"
    )
    assert list(tmp_path.glob("h444-*")) == []


@pytest.mark.slow
@pytest.mark.skipif(not any(os.access(path, os.X_OK) for path in sandbox.SFTP_SERVERS), reason="no sftp-server")
def test_it_says_why_there_is_no_sandbox(tmp_path: Path) -> None:
    place = Path(tempfile.mkdtemp(prefix="h444-test-"))
    place.chmod(0o755)  # the folders of pytest are closed to the user of the sandboxes
    try:
        path = programs(place / "bin", bwrap="echo 'bwrap: No permissions to create a new namespace' >&2; exit 1")
        said = refused(place, "--ssh-port", "2299", PATH=f"{path}:/usr/bin:/bin")
        assert said == (
            "simulator: bubblewrap can't make a sandbox on this machine (bwrap: No permissions to create a new "
            "namespace). --ssh needs bubblewrap 0.8 or newer and a kernel that lets users make namespaces.\n"
        )
        assert [entry.name for entry in place.iterdir()] == ["bin"]
    finally:
        shutil.rmtree(place)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (PermissionError(13, "Permission denied"), "port 22 can't be used (Permission denied); choose another one"),
        (OSError(98, "Address already in use"), "every 127.44.x.x:22 is used by another program"),
        (OSError(99, "Cannot assign requested address"), "needs the addresses 127.44.0.0/16, which this machine lacks"),
    ],
)
def test_ports_that_can_not_be_used(monkeypatch: pytest.MonkeyPatch, error: OSError, text: str) -> None:
    def bind(_self: socket.socket, _address: t.Any) -> None:
        raise error

    monkeypatch.setattr(socket.socket, "bind", bind)
    with pytest.raises(sandbox.Missing) as raised:
        ssh.Fleet(Account(), 22, None, print)
    assert text in str(raised.value)


@pytest.mark.slow
@pytest.mark.parametrize("port", ["0", "65536", "x"])
def test_ssh_port_is_a_port(port: str) -> None:
    command = [sys.executable, str(PLACE), "--ssh-port", port]
    found = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert found.returncode == 2 and "--ssh-port" in found.stderr


# Addresses and images


def test_an_address_of_another_network_takes_no_logins() -> None:
    account = Account()
    account.address = lambda number: f"127.44.3.{number}"
    here = make_server(account, {"hostname": "a b_c"})
    make_server(account, {"ips": [{"ip": "192.0.2.7"}]})
    make_server(account, {"ips": [{"ip": "2001:db8::7"}]})
    make_server(account, {"alive": False})
    make_server(account, {"ips": [{"ip": "127.44.3.10"}], "hostname": "second of one address"})
    found = ssh.facts_of(account)
    assert {address: (facts.id, facts.hostname) for address, facts in found.items()} == {
        "127.44.3.10": (here["id"], "a-b-c")
    }


@pytest.mark.parametrize("image", assumed.SWITCHES["ssh_image"].values)
def test_every_template_has_an_image(image: str) -> None:
    for _family, template in catalogue.TEMPLATES:
        etc = images.etc_of(template, "web-1", image)
        assert f'ID="{template.partition("-")[0]}"' in etc["os-release"]
        unit = "sshd" if template.startswith(("alma", "rocky")) else "ssh"
        assert [name for name in etc if name.startswith("systemd/")] == [f"systemd/system/{unit}.service"]
        assert ("Include" in etc["ssh/sshd_config"]) == (image != "no_dropins")
        assert bool(images.folders_of(template, image)) == (image != "no_dropins")
    assert set(images.SYSTEMS) == {template for _family, template in catalogue.TEMPLATES}
    assert image == "by_template" or image in images.KINDS


# Who gets in


def test_what_is_offered() -> None:
    base = {"publickey": "pubkeyauthentication", "password": "passwordauthentication"}
    config = dict.fromkeys(base.values(), "yes")
    assert ssh.offered({}) == frozenset()
    assert ssh.offered(config) == set(base)
    assert ssh.offered({**config, "authenticationmethods": "publickey"}) == {"publickey"}
    assert ssh.offered({**config, "authenticationmethods": "publickey,password"}) == frozenset(), "a chain"


def test_lines_of_authorized_keys_that_mean_nothing_are_left_out() -> None:
    key = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    assert ssh.keys_in(f"# a remark\n\nssh-ed25519 AAAA\n{key}\nnonsense\n", False) == key
    assert ssh.keys_in(f'{key}\ncommand="true" {key}\n', True) == f'command="true" {key}'
    assert ssh.keys_in("", False) == ""


# sshd's configuration

CONFIGURATIONS = {
    "nothing": "",
    "first_wins": "PasswordAuthentication no\npasswordauthentication yes\n",
    "forms": 'PASSWORDAUTHENTICATION="no"\n  UsePAM \t yes # why\n\n# PermitRootLogin no\nPermitRootLogin\tYES\n',
    "include": "PermitRootLogin no\nInclude {0}/d/*.conf\nPasswordAuthentication no\nUsePAM yes\n",
    "include_late": "PasswordAuthentication no\nInclude {0}/d/b.conf {0}/d/none-*.conf {0}/d/a.conf\n",
    "alias": "ChallengeResponseAuthentication no\nKbdInteractiveAuthentication yes\n",
    "match": "Match User root\n PasswordAuthentication no\nMatch all\n PasswordAuthentication yes\n",
    "match_other": "Match User !root,* Address 192.0.2.0\n PasswordAuthentication no\nMatch Host x\n MaxAuthTries 2\n",
    "not_in_match": "Match Host y\n UsePAM yes\n",
    "match_in_include": "Include {0}/d/match.inc\nUsePAM yes\nPubkeyAuthentication no\n",
    "prohibit": "PermitRootLogin prohibit-password\nAuthorizedKeysFile /etc/ssh/keys/%u .ssh/authorized_keys\n",
    "unknown": "PermitRootLogin yes\nPermitRotLogin no\nPasswordAuthentification no\n",
    "bad_value": "\nPasswordAuthentication maybe\n",
    "bad_root": "PermitRootLogin sometimes\n",
    "unknown_in_include": "Include {0}/d/bad.inc\n",
    "other_options": "Port 22\nCiphers aes256-ctr\nAcceptEnv LANG LC_*\nSubsystem sftp internal-sftp\n",
}
DROPINS = {
    "b.conf": "PasswordAuthentication no\n",
    "a.conf": "PasswordAuthentication yes\nPermitRootLogin yes\nKbdInteractiveAuthentication no\n",
    "match.inc": "Match all\n PasswordAuthentication no\n",
    "bad.inc": "Nonsense yes\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "d").mkdir()
    for name, text in DROPINS.items():
        (tmp_path / "d" / name).write_text(text)
    return tmp_path


def ours(folder: Path, *options: str) -> tuple[int, list[str], str]:
    """Ask the sshd of a simulated server."""
    command = ["sh", str(SSHD), *options, "-f", str(folder / "config")]
    found = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    return found.returncode, found.stdout.splitlines(), found.stderr


@pytest.mark.slow
@needs_bwrap
@pytest.mark.skipif(not os.access("/usr/sbin/sshd", os.X_OK), reason="OpenSSH's server is not installed")
@pytest.mark.parametrize("options", [("-T",), ("-T", "-C", "user=root,host=x,addr=192.0.2.0"), ("-t",)], ids=len)
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_it_says_what_openssh_says(folder: Path, name: str, options: tuple[str, ...]) -> None:
    (folder / "config").write_text(CONFIGURATIONS[name].format(folder))
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    # OpenSSH's wants a folder that only root can make.
    sandboxed = ["bwrap", "--dev-bind", "/", "/", "--tmpfs", "/run", "--dir", "/run/sshd", "/usr/sbin/sshd"]
    found = subprocess.run(
        [*sandboxed, *options, "-f", str(folder / "config"), "-h", str(key)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    code, lines, said = ours(folder, *options)
    assert code == found.returncode
    assert set(lines) <= set(found.stdout.splitlines())
    assert (len(lines) > 5) == (options[0] == "-T" and not code)
    assert [line for line in said.splitlines() if "option" in line] == [
        line for line in found.stderr.splitlines() if "option" in line and "Deprecated" not in line
    ]


def test_the_first_value_wins_and_includes_come_in_order(folder: Path) -> None:
    (folder / "config").write_text(CONFIGURATIONS["include"].format(folder))
    code, lines, _said = ours(folder, "-T")
    assert code == 0
    assert {"permitrootlogin no", "passwordauthentication yes", "kbdinteractiveauthentication no"} <= set(lines)


def test_a_mistake_names_its_place(folder: Path) -> None:
    (folder / "config").write_text(CONFIGURATIONS["unknown"])
    assert ours(folder, "-t") == (
        255,
        [],
        f"{folder}/config: line 2: Bad configuration option: PermitRotLogin\n"
        f"{folder}/config: line 3: Bad configuration option: PasswordAuthentification\n"
        f"{folder}/config: terminating, 2 bad configuration options\n",
    )
