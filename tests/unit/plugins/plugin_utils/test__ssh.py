# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The logins of the ssh connection of ansible-core, with programs in the place of ssh and sshpass."""

from __future__ import annotations

import json
import os
import shlex
import sys
import typing as t
from pathlib import Path

import pytest
from ansible.playbook.play_context import PlayContext
from ansible.release import __version__ as version

from ansible_collections.h444.cloud.plugins.plugin_utils._ssh import Files, Reply, Ssh

PASSWORD = "one-time-password"
PROGRAM = f"""#!{sys.executable}
import json, os, sys
with open(os.environ["RECORD"], "a") as record:
    said = {{"argv": sys.argv, "environ": " ".join(os.environ.values())}}
    if sys.argv[0].endswith("sshpass"):
        said["piped"] = os.fdopen(int(sys.argv[1][2:])).readline().strip()
        print(json.dumps(said), file=record, flush=True)
        os.execv(sys.argv[0][:-4], sys.argv[2:])
    said["script"] = sys.stdin.read()
    print(json.dumps(said), file=record)
print("h444:done")
sys.exit(int(os.environ.get("CODE", "0")))
"""


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Callable[[], list[dict[str, t.Any]]]:
    """Install the programs; gives what they were called with."""
    (tmp_path / "bin").mkdir()
    for name in ("ssh", "sshpass"):
        (tmp_path / "bin" / name).write_text(PROGRAM)
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("RECORD", str(tmp_path / "record"))

    def read() -> list[dict[str, t.Any]]:
        return [json.loads(line) for line in (tmp_path / "record").read_text().splitlines()]

    return read


def make(folder: Path, private_key: str | None = None, **variables: t.Any) -> Ssh:
    """Make logins with the variables of a play."""
    context = PlayContext()
    context.password = "of the command line"
    return Ssh(context, variables.get, Files(str(folder / "100% known hosts"), private_key))


def effective(words: list[str]) -> dict[str, str]:
    """Read the options of an ssh command: the first value counts."""
    found: dict[str, str] = {}
    for flag, word in zip(words, words[1:]):
        if flag == "-o":
            name, _equals, value = word.partition("=")
            found.setdefault(name, value)
    return found


def test_a_login_by_key_offers_keys_alone(tmp_path: Path, record: t.Any) -> None:
    ssh = make(
        tmp_path,
        "/keys/id",
        ansible_password="of the play",
        ansible_port=2222,
        ansible_ssh_common_args="-o ProxyJump=jump -o StrictHostKeyChecking=no",
        ansible_host_key_checking=False,
        ansible_user="somebody",
    )
    assert ssh.by_key("192.0.2.7", "echo") == Reply(0, "h444:done\n", "")
    (call,) = record()
    assert call["argv"][-2:] == ["192.0.2.7", "sh"]
    assert call["script"] == "echo"
    options = effective(call["argv"])
    assert options["UserKnownHostsFile"] == f'"{tmp_path}/100%% known hosts"'
    assert options["IdentityFile"] == '"/keys/id"'
    assert (options["User"], options["Port"], options["ProxyJump"]) == ('"root"', "2222", "jump")
    assert options["StrictHostKeyChecking"] == "accept-new"
    assert (options["ControlPath"], options["ControlMaster"]) == ("none", "no")
    assert (options["BatchMode"], options["IdentitiesOnly"]) == ("yes", "yes")
    assert options["PreferredAuthentications"] == "publickey"
    assert "of the" not in str(call)


def test_a_password_is_in_no_argument_and_no_environment(tmp_path: Path, record: t.Any) -> None:
    make(tmp_path, "/keys/id").by_password("192.0.2.7", PASSWORD, "echo")
    sshpass, ssh = record()
    assert sshpass.pop("piped") == PASSWORD
    assert PASSWORD not in str(sshpass) + str(ssh)
    options = effective(ssh["argv"])
    assert options["PubkeyAuthentication"] == "no"
    assert options["PreferredAuthentications"] == "keyboard-interactive,password"
    assert options["NumberOfPasswordPrompts"] == "1"
    assert options["StrictHostKeyChecking"] == "accept-new"


@pytest.mark.parametrize("way", ["by_key", "by_password"])
def test_the_ssh_config_of_the_user_does_not_switch_off_the_way_to_log_in(
    tmp_path: Path, record: t.Any, way: str
) -> None:
    """A login that its user's own ssh never made would read as one that the server refused."""
    ssh = make(tmp_path, "/keys/id")
    if way == "by_key":
        ssh.by_key("192.0.2.7", "echo")
    else:
        ssh.by_password("192.0.2.7", PASSWORD, "echo")
    options = effective(record()[-1]["argv"])
    wanted = {"RequestTTY": "no", "RemoteCommand": "none", "ClearAllForwardings": "yes"}
    if way == "by_key":
        wanted.update(PubkeyAuthentication="yes")
    else:
        wanted.update(BatchMode="no", PasswordAuthentication="yes", KbdInteractiveAuthentication="yes")
    assert {name: options.get(name) for name in wanted} == wanted


def test_the_question_for_the_methods_offers_nothing(tmp_path: Path, record: t.Any) -> None:
    make(tmp_path, "/keys/id").by_nothing("192.0.2.7", "deploy")
    (call,) = record()
    options = effective(call["argv"])
    assert (options["PubkeyAuthentication"], options["PreferredAuthentications"]) == ("no", "none")
    assert options["User"] == '"deploy"'


def test_a_connection_that_fails_is_a_reply(tmp_path: Path, record: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODE", "255")
    reply = make(tmp_path).by_key("192.0.2.7", "echo")
    assert (reply.code, reply.output) == (255, "")
    monkeypatch.setenv("CODE", "3")
    assert make(tmp_path).by_key("192.0.2.7", "echo").code == 3


def test_a_later_play_gets_what_it_needs_to_connect(tmp_path: Path) -> None:
    ssh = make(tmp_path, "/keys/id", ansible_ssh_common_args="-o ProxyJump=jump")
    words = shlex.split(ssh.common_args)
    assert words[:2] == ["-o", "ProxyJump=jump"]
    assert effective(words)["UserKnownHostsFile"] == f'"{tmp_path}/100%% known hosts"'
    assert effective(words)["IdentitiesOnly"] == "yes"
    assert "IdentitiesOnly" not in make(tmp_path).common_args
    assert (make(tmp_path, ansible_port="2222").port, make(tmp_path).port) == (2222, None)


def test_a_controller_without_ssh_is_known_as_one(tmp_path: Path, record: t.Any) -> None:
    assert make(tmp_path).has_program
    assert not make(tmp_path, ansible_ssh_executable=str(tmp_path / "none")).has_program


def test_sshpass_comes_before_the_memory_of_the_core(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record: t.Any
) -> None:
    assert make(tmp_path).mechanism == "sshpass"
    (tmp_path / "bin" / "sshpass").unlink()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    has_askpass = tuple(int(part) for part in version.split(".")[:2]) >= (2, 19)
    assert make(tmp_path).mechanism == ("ssh_askpass" if has_askpass else None)
