# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The login of the role fleet: it runs on the controller and keeps passwords out of tasks, variables and results."""

from __future__ import annotations

import functools
import os
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.h444.cloud.plugins.module_utils._errors import BadOption, H444Error
from ansible_collections.h444.cloud.plugins.module_utils._names import canonical_ip, one_line
from ansible_collections.h444.cloud.plugins.module_utils._records import wanted_hostname
from ansible_collections.h444.cloud.plugins.module_utils._sink import Sink
from ansible_collections.h444.cloud.plugins.module_utils._vps import is_gone
from ansible_collections.h444.cloud.plugins.plugin_utils import _known_hosts, _login, _login_scripts, _naming, _ssh
from ansible_collections.h444.cloud.plugins.plugin_utils._hosts import Settings, make_servers
from ansible_collections.h444.cloud.plugins.plugin_utils._trust import Marker

SPEC = {
    "servers": {"type": "list", "elements": "raw", "default": []},
    "wishes": {"type": "list", "elements": "dict", "default": []},
    "new": {"type": "list", "elements": "str", "default": []},
    "before": {"type": "list", "elements": "dict", "default": []},
    "authorized_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "credentials_file": {"type": "str"},
    "private_key_file": {"type": "str", "no_log": False},
    "known_hosts_file": {"type": "str", "required": True},
    "password_login": {"type": "bool", "default": False},
    "timeout": {"type": "int", "default": 300},
    "group": {"type": "str", "default": "fleet"},
}
UNREACHABLE = frozenset({"stopped", "suspended"})
NOTHING_DONE = "Nothing was ordered and no server was changed."

display = Display()


class ActionModule(ActionBase):
    """Brings servers to a login by key."""

    _supports_check_mode = True
    _supports_async = False
    TRANSFERS_FILES = False

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> dict[str, t.Any]:
        """Check the files and the keys, and, outside of check mode, log in to the servers."""
        result = super().run(tmp, task_vars)
        _validation, args = self.validate_argument_spec(SPEC)
        variables = task_vars or {}
        _check_ptrs(args["wishes"])
        keys = _keys_of(args["authorized_keys"])
        files = _ssh.Files(_known_hosts_file(args, self._task.check_mode), _private_key_file(args))
        ssh = _ssh.Ssh(self._play_context, lambda name: self._templar.template(variables.get(name)), files)
        if not ssh.has_program:
            raise AnsibleActionFail("This controller has no ssh. Install the client of OpenSSH. %s" % NOTHING_DONE)
        sink = Sink(args["credentials_file"])
        targets = [Target(row, wish, args["new"]) for row, wish in zip(args["servers"], args["wishes"])]
        servers = [target for target in targets if target.is_on() and target.address]
        result.update(
            changed=False,
            hosts=[],
            failures=[],
            can_use_passwords=ssh.mechanism is not None,
            without_password=[server.label for server in servers if server.is_new and not _password_of(server, sink)],
        )
        if self._task.check_mode:
            return result
        result["failures"] = [
            {"kind": "no_address", "name": target.label, "msg": "it has no address yet. Run the role again."}
            for target in targets
            if target.is_on() and not target.address
        ]
        stale = [server.address for server in servers if _is_stale(server, sink, files.known_hosts)]
        result["changed"] = _forget(stale + _addresses_of_gone(targets, args["before"]), ssh)
        wish = _login.Wish(keys, args["password_login"], args["timeout"], files.known_hosts, ssh.port)
        todo = [
            _login.Server(
                server.label, server.address, server.is_new, functools.partial(_usable_password, server, sink, ssh)
            )
            for server in servers
        ]
        names = _name_hosts(servers, args["group"], variables)
        for server, outcome in zip(servers, _login.bring_all(todo, wish, ssh, self._tell)):
            result["changed"] = result["changed"] or bool(outcome.changes)
            if outcome.kind:
                result["failures"].append({"kind": outcome.kind, "name": server.label, "msg": outcome.message})
            else:
                result["hosts"].append(
                    {
                        "name": names[server.id],
                        "groups": [args["group"], *server.groups],
                        "address": server.address,
                        "port": ssh.port,
                        "common_args": ssh.common_args,
                        "private_key_file": files.private_key,
                    }
                )
        return result

    def _tell(self, server: _login.Server, outcome: _login.Outcome) -> None:
        """Show what was done on a server: a login takes a while."""
        said = outcome.message or ", ".join(outcome.changes)
        if said and not self._task.no_log:
            # Like a warning: what a callback writes to the standard output may be JSON.
            display.display("%s: %s" % (one_line(server.label, 80), one_line(said, 400)), stderr=True)


class Target:
    """A server to log in to, from its row and from what is wished for it."""

    def __init__(self, row: dict[str, t.Any] | None, wish: dict[str, t.Any], new: list[str]) -> None:
        self.row = row = row or {}
        self.id = str(row.get("id") or "")
        self.name = str(wish.get("label") or "")
        self.wished_id = str(wish.get("id") or "")
        self.label = str(row.get("label") or self.name)
        self.address = canonical_ip(row.get("ipv4")) or canonical_ip(row.get("ipv6")) or ""
        self.groups = [str(group) for group in wish.get("groups") or []]
        self.is_new = bool({self.label, self.name} & set(new))

    def is_on(self) -> bool:
        """Return whether it is there and takes logins; a stopped one does not."""
        return bool(self.id) and self.row.get("status") not in UNREACHABLE


def _forget(addresses: list[str], ssh: _ssh.Ssh) -> bool:
    """Remove the recorded host keys of addresses whose servers are gone; return whether there were any."""
    names = [name for address in addresses for name in _known_hosts.names_of(address, ssh.port)]
    try:
        return _known_hosts.forget(ssh.files.known_hosts, names)
    except OSError as error:
        raise AnsibleActionFail("Old host keys could not be removed: %s. No password was sent." % error) from None


def _addresses_of_gone(targets: list[Target], before: list[dict[str, t.Any]]) -> list[str]:
    """Return the addresses of the servers that were terminated. *before*: all servers, as they were listed then."""
    gone = [target for target in targets if not target.id]
    rows = [
        row
        for row in before
        for target in gone
        if row.get("label") == target.name and target.wished_id in ("", str(row.get("id"))) and not is_gone(row)
    ]
    found = [canonical_ip(row.get(name)) for row in rows for name in ("ipv4", "ipv6")]
    return [address for address in found if address]


def _check_ptrs(wishes: list[dict[str, t.Any]]) -> None:
    """Check the names of PTR records, which are set only when the servers have been ordered."""
    for wish in wishes:
        try:
            wanted_hostname(wish.get("ptr"), "the ptr of %s" % wish.get("label"))
        except BadOption as error:
            raise AnsibleActionFail("fleet_servers: %s %s" % (error, NOTHING_DONE)) from None


def _keys_of(texts: list[str]) -> list[str]:
    try:
        return _login_scripts.read_keys(texts)
    except ValueError as error:
        raise AnsibleActionFail("fleet_authorized_keys: %s. %s" % (error, NOTHING_DONE)) from None


def _path(value: str) -> str:
    return os.path.abspath(os.path.expanduser(value))


def _private_key_file(args: dict[str, t.Any]) -> str | None:
    if not args["private_key_file"]:
        return None
    path = _path(args["private_key_file"])
    if '"' in path or not os.access(path, os.R_OK):
        raise AnsibleActionFail("fleet_private_key_file: %s can't be read. %s" % (path, NOTHING_DONE))
    return path


def _known_hosts_file(args: dict[str, t.Any], check_mode: bool) -> str:
    """Return the path of the file. Without one that can be written, ssh would record no host key and still log in."""
    path = _path(args["known_hosts_file"])
    real = os.path.realpath(path)
    folder = os.path.dirname(real)
    if folder == os.path.realpath(_path("~/.ssh")) and not os.path.isdir(folder):
        if check_mode:
            real = folder  # it is made later
        else:
            os.makedirs(folder, 0o700, exist_ok=True)
    written = real if os.path.exists(real) else os.path.dirname(real)
    if not os.path.isdir(written) and written != real:
        raise AnsibleActionFail("fleet_known_hosts_file: the directory %s does not exist. %s" % (written, NOTHING_DONE))
    if '"' in path or (written == real and not os.path.isfile(real)) or not os.access(written, os.W_OK):
        raise AnsibleActionFail("fleet_known_hosts_file: %s can't be written. %s" % (path, NOTHING_DONE))
    return path


def _is_stale(server: Target, sink: Sink, known_hosts: str) -> bool:
    """Return whether no recorded host key of the server's address can be its own.

    An earlier run may have been killed after its order. Then the file is older than the password.
    """
    entry = _entry_of(server, sink)
    return server.is_new or (
        entry.get("id") == server.id and _known_hosts.was_written_before(known_hosts, entry.get("written_at"))
    )


def _usable_password(server: Target, sink: Sink, ssh: _ssh.Ssh) -> str | None:
    """Return the password of a server. Raises: Failure if there is no way to pass it to ssh."""
    if ssh.mechanism is None:
        raise _login.Failure(
            "no_sshpass",
            "it refuses the login by key, and this controller can't pass a password to ssh. Install sshpass, or use "
            "ansible-core 2.19 or newer.",
        )
    return _password_of(server, sink)


def _password_of(server: Target, sink: Sink) -> str | None:
    """Return the password of a server, and of no other that had its label."""
    entry = _entry_of(server, sink)
    return entry.get("root_password") if entry.get("id") in (server.id, None) else None


def _entry_of(server: Target, sink: Sink) -> dict[str, t.Any]:
    """Return what the credentials file has of a server; empty if it can't be read."""
    try:
        return sink.kept("vps/%s" % server.label)
    except (OSError, H444Error) as error:
        display.warning("credentials_file: %s" % error)
        return {}


def _name_hosts(servers: list[Target], group: str, variables: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Return the host names by ID, chosen as those of the inventory plugin."""
    rows = [
        {"id": server.id, "label": server.label, "hostname": None, "status": None, "plan_slug": None, "ipv4": None}
        for server in servers
    ]
    groups = frozenset(variables.get("groups") or ()).union(*(server.groups for server in servers))
    settings = Settings(hostnames=("label",), group=group, group_names=groups)
    hosts, _stray = make_servers(rows, [], settings, Marker())
    notes: list[_naming.Note] = []
    _naming.choose_bases(hosts, settings, {})
    _naming.name_servers(hosts, settings, lambda _name, _id: False, notes)
    for note in notes:
        display.warning(note.text)
    return {host.row["id"]: host.name for host in hosts}
