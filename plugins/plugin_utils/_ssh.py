# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Logins over the ssh connection of ansible-core, so that jump hosts, ports and every other setting of it hold.

A password goes through a pipe to sshpass, or to the SSH_ASKPASS of ansible-core (2.19 and newer), and never into an
argument of a command.
"""

from __future__ import annotations

import os
import shlex
import shutil
import threading
import typing as t

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.plugins.loader import connection_loader

PASSWORD_VARIABLES = frozenset({"ansible_password", "ansible_ssh_pass", "ansible_ssh_password"})
CONNECT_SECONDS = 10
NO_CONNECTION = 255
MECHANISM = "password_mechanism"
"""the option of ansible-core 2.19 and newer, which have an SSH_ASKPASS of their own"""

# The first value counts for ssh, so these stand before the arguments and the ssh_config of the user, which may switch
# off the very method that a login is about. Each login is a connection of its own and forwards no ports. UpdateHostKeys
# would replace the file while other logins add to it.
ALWAYS = (
    "StrictHostKeyChecking=accept-new",
    "UpdateHostKeys=no",
    "ControlMaster=no",
    "ControlPath=none",
    "LogLevel=INFO",
    "RequestTTY=no",
    "RemoteCommand=none",
    "ClearAllForwardings=yes",
    "ServerAliveInterval=10",
    "ServerAliveCountMax=3",
)
BY_KEY = ("BatchMode=yes", "PubkeyAuthentication=yes", "PreferredAuthentications=publickey")
BY_PASSWORD = (
    "BatchMode=no",
    "PubkeyAuthentication=no",
    "PasswordAuthentication=yes",
    "KbdInteractiveAuthentication=yes",
    "PreferredAuthentications=keyboard-interactive,password",
    "NumberOfPasswordPrompts=1",
)
BY_NOTHING = ("BatchMode=yes", "PubkeyAuthentication=no", "PreferredAuthentications=none")


class Reply(t.NamedTuple):
    """What came of a login. A connection that failed has the code 255 and ssh's own words as *errors*."""

    code: int
    output: str
    errors: str


class Files(t.NamedTuple):
    """The files of ssh on the controller."""

    known_hosts: str
    private_key: str | None


def common_args(files: Files) -> str:
    """Return the arguments with which a later play reaches a server that the role has brought to a login by key."""
    words = ["UserKnownHostsFile=%s" % _in_ssh_config(files.known_hosts)]
    if files.private_key:
        words.append("IdentitiesOnly=yes")
    return _as_args(words)


class Ssh:
    """Makes logins with the settings that a task of the play would have. Several threads can share one."""

    def __init__(self, play_context: t.Any, variable: t.Callable[[str], t.Any], files: Files) -> None:
        """*variable*: returns a variable of the play, None if there is none; those with a password are not used."""
        self._play_context = play_context.copy()
        self._play_context.password, self._play_context.no_log = None, False
        self.files = files
        self._making = threading.Lock()
        own = self._plugin()
        options = C.config.get_configuration_definitions("connection", own._load_name)
        names = {entry["name"] for option in options.values() for entry in option.get("vars") or ()}
        found = {name: variable(name) for name in names - PASSWORD_VARIABLES}
        self._variables = {name: value for name, value in found.items() if value is not None}
        own.set_options(var_options=self._variables)
        self._own_args = own.get_option("ssh_args") or ""
        self.common_args = " ".join(filter(None, [own.get_option("ssh_common_args"), common_args(files)]))
        self.port = own.get_option("port")
        self.has_program = shutil.which(own.get_option("ssh_executable")) is not None
        self.mechanism = "sshpass" if shutil.which("sshpass") else "ssh_askpass" if MECHANISM in options else None
        """how ssh gets a password: the pipe of sshpass leaves less behind than the shared memory of the core"""

    def by_key(self, address: str, script: str) -> Reply:
        """Log in as root by key and run a script."""
        more = ("IdentitiesOnly=yes",) if self.files.private_key else ()
        return self._run(self._connection(address, "root", BY_KEY + more), script)

    def by_password(self, address: str, password: str, script: str) -> Reply:
        """Log in as root with the password and run a script."""
        return self._run(self._connection(address, "root", BY_PASSWORD, password), script)

    def by_nothing(self, address: str, user: str) -> Reply:
        """Ask for a login without offering anything: the refusal lists what the server takes."""
        return self._run(self._connection(address, user, BY_NOTHING), ":\n")

    def _connection(self, address: str, user: str, words: tuple[str, ...], password: str | None = None) -> t.Any:
        known = "UserKnownHostsFile=%s" % _in_ssh_config(self.files.known_hosts)
        direct: dict[str, t.Any] = {
            "host": address,
            "remote_user": user,
            "password": password,
            MECHANISM: self.mechanism or "disable",
            "host_key_checking": True,
            "reconnection_retries": 0,
            "timeout": CONNECT_SECONDS,
            "ssh_args": " ".join(filter(None, [_as_args([*words, known, *ALWAYS]), self._own_args])),
        }
        if self.files.private_key:
            direct["private_key_file"] = self.files.private_key
        with self._making:
            connection = self._plugin(address)
            connection.set_options(var_options=self._variables, direct=direct)
        return connection

    def _plugin(self, address: str = "") -> t.Any:
        context = self._play_context.copy()
        context.remote_addr = address
        return connection_loader.get("ssh", context, os.devnull)

    @staticmethod
    def _run(connection: t.Any, script: str) -> Reply:
        try:
            code, output, errors = connection.exec_command("sh", in_data=script.encode(), sudoable=False)
        except AnsibleError as error:
            return Reply(NO_CONNECTION, "", str(error))
        return Reply(code, output.decode("utf-8", "replace"), errors.decode("utf-8", "replace"))


def _as_args(words: t.Iterable[str]) -> str:
    return " ".join("-o %s" % shlex.quote(word) for word in words)


def _in_ssh_config(path: str) -> str:
    """Return a path as a value of an option of ssh, which splits at spaces and replaces %."""
    return '"%s"' % path.replace("%", "%%")
