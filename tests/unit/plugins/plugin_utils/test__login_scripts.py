# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scripts of a login, run by the sh of this machine in folders of the test."""

from __future__ import annotations

import base64
import os
import subprocess
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.plugins.plugin_utils import _login_scripts
from ansible_collections.h444.cloud.plugins.plugin_utils._login_scripts import Report, read_keys, read_report

SSHD_CONFIG = "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n"


def key(number: int, kind: str = "ssh-ed25519", comment: str = "") -> str:
    """Make a public key."""
    data = len(kind).to_bytes(4, "big") + kind.encode() + b"\0\0\0\x20" + bytes([number]) * 32
    return f"{kind} {base64.b64encode(data).decode()} {comment}".strip()


class Machine:
    """Folders in the place of a server's: its home, its /etc/ssh and its commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "root"
        self.file = self.home / ".ssh" / "authorized_keys"
        self.drop_in = folder / "etc" / "ssh" / "sshd_config.d" / Path(_login_scripts.DROP_IN).name
        for name in ("root", "etc/ssh/sshd_config.d", "bin", "run"):
            (folder / name).mkdir(parents=True)
        (folder / "etc" / "ssh" / "sshd_config").write_text(SSHD_CONFIG)
        (folder / "etc" / "shadow").write_text("root:$6$x:1::::::\ndaemon:*:1::::::\nann:!$6$y:1::\ndeploy:$6$z:1::\n")
        self.has("sshd", "exit 0")
        self.has("service", 'echo "$@" >>$FOLDER/reloads; [ "$1" = sshd ]')

    def has(self, command: str, text: str) -> None:
        """Install a command."""
        file = self.folder / "bin" / command
        file.write_text(f"#!/bin/sh\nFOLDER={self.folder}\n{text}\n")
        file.chmod(0o755)

    def run(self, script: str) -> Report:
        """Run a script as a login does."""
        for name in ("/etc/", "/run/", "/usr/etc/", "/var/run/"):
            script = script.replace(
                name, f"{self.folder}{name}".replace("/usr/etc", "/none").replace("/var/run", "/no")
            )
        script = script.replace(f"{self.folder}/usr", f"{self.folder}/none")
        env = {"HOME": str(self.home), "PATH": f"{self.folder}/bin:{os.environ['PATH']}"}
        done = subprocess.run(["sh"], input=script, env=env, capture_output=True, text=True, check=False, timeout=30)
        self.code, self.errors = done.returncode, done.stderr
        return read_report("Welcome to h444:\n" + done.stdout)

    @property
    def reloads(self) -> list[str]:
        """What service was asked for."""
        file = self.folder / "reloads"
        return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_keys_are_added_once_and_others_stay(machine: Machine) -> None:
    machine.file.parent.mkdir(mode=0o755)
    others = f'# a comment\nfrom="10.0.0.0/8, 10.1.0.1",command="run ssh-add x" {key(9)} other'  # no newline at the end
    machine.file.write_text(others)
    report = machine.run(_login_scripts.install_keys([key(1, comment="me"), key(2)]))
    assert report.is_done
    assert report.changes[0] == "keys added: 2"
    assert machine.file.read_text() == f"{others}\n{key(1, comment='me')}\n{key(2)}\n"
    assert machine.file.stat().st_mode & 0o777 == 0o600
    assert machine.file.parent.stat().st_mode & 0o777 == 0o700
    again = machine.run(_login_scripts.install_keys([key(2, comment="another comment"), key(9), key(1)]))
    assert (again.is_done, again.changes) == (True, [])
    assert [file.name for file in machine.file.parent.iterdir()] == ["authorized_keys"]


def test_the_first_key_makes_the_folder(machine: Machine) -> None:
    assert machine.run(_login_scripts.install_keys([key(1)])).changes == ["keys added: 1"]
    assert machine.file.read_text() == key(1) + "\n"


@pytest.mark.parametrize("ending", ["\r\n", "\n", " and more\n"])
def test_a_key_is_known_however_its_line_ends(machine: Machine, ending: str) -> None:
    machine.file.parent.mkdir(mode=0o700)
    machine.file.write_bytes((key(1) + ending).encode())
    machine.file.chmod(0o600)
    assert machine.run(_login_scripts.install_keys([key(1)])).changes == []


def test_a_key_in_a_comment_is_missing(machine: Machine) -> None:
    machine.file.parent.mkdir()
    machine.file.write_text(f"#{key(1)}\n{key(2)} {key(1)}\n")
    assert machine.run(_login_scripts.install_keys([key(1)])).changes[0] == "keys added: 1"


def test_a_link_is_followed(machine: Machine) -> None:
    machine.file.parent.mkdir()
    real = machine.home / "keys"
    real.write_text(key(9) + "\n")
    machine.file.symlink_to(real)
    machine.run(_login_scripts.install_keys([key(1)]))
    assert machine.file.is_symlink()
    assert real.read_text() == f"{key(9)}\n{key(1)}\n"


def test_the_folder_of_the_keys_may_be_a_link(machine: Machine) -> None:
    (machine.home / "data").mkdir(mode=0o700)
    machine.file.parent.symlink_to(machine.home / "data")
    assert machine.run(_login_scripts.install_keys([key(1)])).changes == ["keys added: 1"]
    assert machine.run(_login_scripts.install_keys([key(1)])).changes == []


def test_a_full_disk_leaves_the_keys_as_they_were(machine: Machine) -> None:
    machine.file.parent.mkdir()
    machine.file.write_text(key(9) + "\n")
    machine.has("mv", "exit 1")
    report = machine.run(_login_scripts.install_keys([key(1)]))
    assert not report.is_done
    assert machine.code
    assert machine.file.read_text() == key(9) + "\n"
    assert [file.name for file in machine.file.parent.iterdir()] == ["authorized_keys"]


def test_passwords_are_switched_off_and_on_again(machine: Machine) -> None:
    report = machine.run(_login_scripts.settle([key(1)], password_login=False))
    assert report.changes == ["keys added: 1", "password login switched off"]
    assert (report.is_done, report.is_reloaded, report.users) == (True, True, ["deploy"])
    assert machine.reloads == ["ssh reload", "sshd reload"]
    lines = [line.strip() for line in machine.drop_in.read_text().splitlines() if not line.startswith("#")]
    settings = ["PasswordAuthentication no", "KbdInteractiveAuthentication no"]
    assert lines == [*settings, "ChallengeResponseAuthentication no", "Match all", *settings]
    again = machine.run(_login_scripts.settle([key(1)], password_login=False))
    assert (again.is_done, again.changes, again.is_reloaded) == (True, [], False)

    report = machine.run(_login_scripts.settle([key(1)], password_login=True))
    assert (report.changes, report.is_reloaded) == (["password login switched on"], True)
    assert "Password" not in machine.drop_in.read_text()
    assert machine.run(_login_scripts.remove_drop_in()).is_done
    assert not machine.drop_in.exists()
    again = machine.run(_login_scripts.settle([key(1)], password_login=True))
    assert (again.is_done, again.changes, again.is_reloaded) == (True, [], False)


@pytest.mark.parametrize(
    ("line", "is_included"),
    [
        ("Include /etc/ssh/sshd_config.d/*.conf", True),
        ("  include sshd_config.d/*.conf", True),
        ('Include="/etc/ssh/sshd_config.d/*.conf"', True),
        ("Include /etc/crypto/x.conf /etc/ssh/sshd_config.d/*.conf", True),
        ("#Include /etc/ssh/sshd_config.d/*.conf", False),
        ("Include /etc/ssh/other.conf", False),
        ("", False),
    ],
)
def test_what_has_no_drop_ins_is_left_alone(machine: Machine, line: str, is_included: bool) -> None:
    (machine.folder / "etc/ssh/sshd_config").write_text(line + "\nUsePAM yes\n")
    report = machine.run(_login_scripts.settle([key(1)], password_login=False))
    assert report.error == ("" if is_included else "drop_ins")
    assert machine.drop_in.exists() == is_included
    assert report.changes[0] == "keys added: 1"


def test_the_folder_of_the_drop_ins_is_made_and_the_file_is_written_in_it(machine: Machine) -> None:
    """Elsewhere it would have another SELinux context, and may be on another file system."""
    machine.drop_in.parent.rmdir()
    machine.has("mv", '[ "${2%/*}" = "${3%/*}" ] && exec /bin/mv "$@"')
    report = machine.run(_login_scripts.settle([key(1)], password_login=False))
    assert report.is_done, machine.errors
    assert machine.drop_in.parent.stat().st_mode & 0o777 == 0o755
    assert [file.name for file in machine.drop_in.parent.iterdir()] == [machine.drop_in.name]


def test_a_configuration_that_sshd_refuses_is_taken_back(machine: Machine) -> None:
    machine.has("sshd", "echo 'line 3: bad' >&2; echo more >&2; exit 255")
    report = machine.run(_login_scripts.settle([key(1)], password_login=False))
    assert report.error == "configuration line 3: bad"
    assert not report.is_done
    assert not machine.drop_in.exists()
    assert machine.reloads == []


def test_a_server_without_shadow_has_no_users_with_a_password(machine: Machine) -> None:
    (machine.folder / "etc" / "shadow").unlink()
    report = machine.run(_login_scripts.settle([key(1)], password_login=False))
    assert (report.is_done, report.users) == (True, [])


def test_systemd_reloads_the_unit_that_runs(machine: Machine) -> None:
    (machine.folder / "run/systemd/system").mkdir(parents=True)
    machine.has(
        "systemctl", 'echo "$@" >>$FOLDER/reloads; case "$*" in *is-active\\ sshd.service|reload*) ;; *) exit 3;; esac'
    )
    machine.run(_login_scripts.reload_sshd())
    assert machine.reloads[-1] == "reload sshd.service"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "~/.ssh/id_ed25519.pub",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "ssh-ed25519",
        "ssh-ed25519 AAAAB3NzaC1lZDI1NTE5",
        "ssh-rsa " + key(1).split()[1],
        "ssh-ed25519 " + key(1).split()[1][:40],
        "ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519").decode(),
        key(1) + "\x1b",
        key(1) + "\n'; reboot",
        None,
        7,
    ],
)
def test_what_is_no_public_key_is_refused_without_showing_it(text: t.Any) -> None:
    with pytest.raises(ValueError, match="^entry 2 is") as caught:
        read_keys([key(1), text])
    assert not text or str(text)[:20] not in str(caught.value)


def test_files_of_keys_are_read_line_by_line() -> None:
    assert read_keys([f"# mine\n{key(1)}\n\n{key(2, comment='é')}\n", f'from="a b" {key(3)}']) == [
        key(1),
        key(2, comment="é"),
        f'from="a b" {key(3)}',
    ]


def test_only_names_of_users_are_taken_from_a_report() -> None:
    assert read_report("h444:user root\nh444:user -oProxyCommand=x\nh444:user deploy\nh444:user a b\n").users == [
        "deploy"
    ]
