# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a new server to a login by key: the steps on one server, and on many at the same time. Pure: no core, no ssh.

The key is tried first. Only if the server refuses it, and has the host key that is recorded, its password is used, to
add the keys. Password login is switched off only by a login with the key, and the list of methods that the server then
offers proves it.
"""

from __future__ import annotations

import queue
import re
import threading
import time
import typing as t

from ._known_hosts import names_of
from ._login_scripts import Report, install_keys, read_report, reload_sshd, remove_drop_in, settle

CONCURRENCY = 16
PAUSE_SECONDS = 2.0
PROOF_SECONDS = 15.0
# A new server may accept connections before its password is set.
PASSWORD_ATTEMPTS, PASSWORD_PAUSE_SECONDS = 3, 5.0
# OpenSSH 9.8 and newer take no connections for a while from an address that made many without a login: each counts for
# a second, and 15 seconds are too many.
PROOF_PAUSES, MOST_USERS = (0.5, 1.0, 2.0, 4.0, 8.0), 10

REFUSED = re.compile(r"Permission denied \(([^)\n]*)\)")
OVER = "Too many authentication failures"
CHANGED = re.compile("(?i)Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|host key checking is")
NOT_FOR_LONG = re.compile(
    "Bad configuration option|Bad owner or permissions|no matching [a-z ]+ found|Unable to negotiate"
)
PASSWORD_METHODS = frozenset({"password", "keyboard-interactive"})


class Reply(t.Protocol):
    """What came of a login."""

    @property
    def code(self) -> int:
        """The code of the script, or 255."""

    @property
    def output(self) -> str:
        """What the script printed."""

    @property
    def errors(self) -> str:
        """What ssh said."""


class Ssh(t.Protocol):
    """Logins; see ``_ssh``."""

    def by_key(self, address: str, script: str) -> Reply:
        """Log in as root by key and run a script."""

    def by_password(self, address: str, password: str, script: str) -> Reply:
        """Log in as root with the password and run a script."""

    def by_nothing(self, address: str, user: str) -> Reply:
        """Ask for a login without offering anything."""


class Server(t.NamedTuple):
    """A server to log in to."""

    label: str
    address: str
    is_new: bool
    """whether this run ordered or reinstalled it"""
    password: t.Callable[[], str | None]
    """reads the password when it is needed"""


class Wish(t.NamedTuple):
    """What holds for all servers."""

    keys: list[str]
    password_login: bool
    timeout_seconds: float
    known_hosts: str
    port: t.Any = None


class Failure(Exception):
    """Why the role can't bring a server to a login by key."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Outcome(t.NamedTuple):
    """What was done on a server; ``kind`` and ``message`` are empty if all of it succeeded."""

    changes: list[str]
    kind: str = ""
    message: str = ""


def bring_to_login(
    server: Server, wish: Wish, ssh: Ssh, now: t.Callable[[], float], sleep: t.Callable[[float], None]
) -> Outcome:
    """Bring one server to a login by key. It never raises: whatever happens on one server is its own outcome."""
    visit = _Visit(server, wish, ssh, now, sleep)
    try:
        visit.run()
    except Failure as failure:
        return Outcome(visit.changes, failure.kind, str(failure))
    except Exception as error:  # pylint: disable=broad-except  # the other servers go on
        return Outcome(visit.changes, "internal", "%s: %s" % (error.__class__.__name__, error))
    return Outcome(visit.changes)


class _Visit:
    """The steps on one server."""

    def __init__(
        self, server: Server, wish: Wish, ssh: Ssh, now: t.Callable[[], float], sleep: t.Callable[[float], None]
    ) -> None:
        self.server, self.wish, self.ssh, self.now, self.sleep = server, wish, ssh, now, sleep
        self.changes: list[str] = []
        self.deadline = now() + wish.timeout_seconds

    def run(self) -> None:
        """Take all steps. Raises: Failure."""
        script = settle(self.wish.keys, self.wish.password_login)
        reply = self._answered(lambda: self.ssh.by_key(self.server.address, script))
        if _is_refused(reply):
            self._install_keys(reply)
            reply = self._answered(lambda: self.ssh.by_key(self.server.address, script))
            if _is_refused(reply):
                raise Failure(
                    "key_refused",
                    "the keys were added, but the login by key is refused (%s). Check that the private key belongs to "
                    "one of fleet_authorized_keys, and has no passphrase or is in ssh-agent. Password login was left "
                    "on." % _said(reply),
                )
        report = self._report(reply)
        if self.wish.password_login:
            if report.is_reloaded:
                self._prove_open()
        else:
            self._prove_closed(report)

    def _answered(self, login: t.Callable[[], Reply]) -> Reply:
        """Repeat a login until the server lets in or refuses. Raises: Failure."""
        while True:
            reply = login()
            said = _without_debug(reply.errors)
            if reply.code != 255 or "h444:" in reply.output or _is_refused(reply):
                self.deadline = max(self.deadline, self.now() + PROOF_SECONDS)  # for the next step
                return reply
            if CHANGED.search(said):
                raise Failure(
                    "host_key_changed",
                    "its host key is not the one that is recorded for %s. No password was sent. Find out why. If the "
                    "entry is out of date, remove it: ssh-keygen -f '%s' -R '%s'"
                    % (
                        self.server.address,
                        self.wish.known_hosts,
                        names_of(self.server.address, self.wish.port)[-1],
                    ),
                )
            if NOT_FOR_LONG.search(said):
                raise Failure("ssh", "ssh can't connect to it: %s" % _said(reply))
            if self.now() + PAUSE_SECONDS > self.deadline:
                raise Failure(
                    "timeout",
                    "ssh on %s did not answer within %d seconds (%s)"
                    % (self.server.address, self.wish.timeout_seconds, _said(reply)),
                )
            self.sleep(PAUSE_SECONDS)

    def _install_keys(self, refusal: Reply) -> None:
        """Log in with the password and add the keys. Raises: Failure."""
        _check_takes_passwords(refusal, refusal)
        password = self.server.password()
        if password is None:
            raise Failure(
                "no_password",
                "it refuses the login by key (%s), and the credentials file has no password of it. A reinstall, which "
                "wipes its disk, gets a new one." % _said(refusal),
            )
        script = install_keys(self.wish.keys)
        for attempt in range(PASSWORD_ATTEMPTS if self.server.is_new else 1):
            if attempt:
                self.sleep(PASSWORD_PAUSE_SECONDS)
            reply = self._answered(lambda: self.ssh.by_password(self.server.address, password or "", script))
            if not _is_refused(reply):
                break
        else:
            _check_takes_passwords(reply, refusal)
            raise Failure(
                "password_refused",
                "it refuses the login by key and the password in the credentials file (%s). Check that its sshd lets "
                "root in with a password (PermitRootLogin). If the password was changed, a reinstall, which wipes the "
                "disk, gets a new one." % _said(reply),
            )
        self._report(reply)

    def _report(self, reply: Reply) -> Report:
        """Read what a script did. Raises: Failure if it did not get to its end."""
        report = read_report(reply.output)
        self.changes += report.changes
        if report.error == "drop_ins":
            raise Failure(
                "no_drop_ins",
                "the login by key works, but password login can't be switched off: the sshd_config of the server does "
                "not include /etc/ssh/sshd_config.d/. Nothing of sshd was changed. Switch it off in that file, or set "
                "fleet_password_login: true.",
            )
        if report.error:
            raise Failure(
                "sshd",
                "the login by key works, but sshd refuses its configuration (%s). It was left as it was."
                % report.error.partition(" ")[2],
            )
        if not report.is_done and not reply.code:
            raise Failure(
                "script",
                "the login runs another command (%s). Check ForceCommand in its sshd_config, and command= in "
                "/root/.ssh/authorized_keys." % _said(reply),
            )
        if not report.is_done:
            raise Failure("script", "a step on the server failed with code %d (%s)" % (reply.code, _said(reply)))
        return report

    # The login by password

    def _prove_closed(self, report: Report) -> None:
        """Make sure that no password is taken, as seen from outside. Raises: Failure."""
        users = ["root", *report.users[:MOST_USERS]]
        offered = self._settled(lambda: self._offered(users), bool) if report.is_reloaded else self._offered(users)
        if offered and not report.is_reloaded:
            # Another run wrote the drop-in, and was killed before sshd read it.
            self._report(self._answered(lambda: self.ssh.by_key(self.server.address, reload_sshd())))
            offered = self._settled(lambda: self._offered(users), bool)
            if not offered:
                self.changes.append("password login switched off")
        if not offered:
            return
        end = "The drop-in of this role was left in place."
        if "password login switched off" in self.changes:
            self._report(self._answered(lambda: self.ssh.by_key(self.server.address, remove_drop_in())))
            self.changes.remove("password login switched off")
            end = "The change was taken back, and password login was left on."
        raise Failure(
            "passwords_offered",
            "the login by key works, but the server still offers %s. Something in its configuration of sshd comes "
            "before /etc/ssh/sshd_config.d/ or overrides it. %s Switch it off there, or set fleet_password_login: true."
            % (offered, end),
        )

    def _prove_open(self) -> None:
        """Make sure that root's password is taken again, then remove the drop-in. Raises: Failure."""
        offered = self._settled(lambda: self._offered(["root"]), lambda found: not found)
        self._report(self._answered(lambda: self.ssh.by_key(self.server.address, remove_drop_in())))
        if not offered:
            raise Failure(
                "passwords_not_offered",
                "password login was switched on, but the server still takes no password: something else in its "
                "configuration of sshd switches it off.",
            )

    def _offered(self, users: t.Iterable[str]) -> str:
        """Return the methods by password that the server offers, and to whom; empty if none. Raises: Failure."""
        for user in users:
            reply = self._answered(lambda: self.ssh.by_nothing(self.server.address, user))  # noqa: B023
            if not _is_refused(reply):
                return "a login without any password to %s" % user
            methods = sorted(_methods(reply) & PASSWORD_METHODS)
            if methods:
                return "%s to %s" % (" and ".join(methods), user)
        return ""

    def _settled(self, read: t.Callable[[], str], is_unwanted: t.Callable[[str], bool]) -> str:
        """Read what is offered until it is what is wanted: sshd takes a moment to read its configuration.

        The pauses grow, because sshd may keep out for a while who asks too often (PerSourcePenalties).
        """
        for pause in PROOF_PAUSES:
            found = read()
            if not is_unwanted(found):
                return found
            self.sleep(pause)
        return read()


def _without_debug(text: str) -> str:
    """Return what ssh said without the lines that it adds at -vvv."""
    return "\n".join(line for line in text.splitlines() if not re.match("debug[1-3]: ", line))


def _is_refused(reply: Reply) -> bool:
    said = _without_debug(reply.errors)
    return reply.code in (5, 255) and "h444:" not in reply.output and bool(REFUSED.search(said) or OVER in said)


def _methods(reply: Reply) -> frozenset[str]:
    """Return the methods that a refusal lists; empty if it lists none."""
    found = REFUSED.search(_without_debug(reply.errors))
    return frozenset(found[1].split(",")) if found else frozenset()


def _check_takes_passwords(reply: Reply, refusal: Reply) -> None:
    """*refusal*: that of the login by key, which after too many keys does not list the methods. Raises: Failure."""
    methods = _methods(reply)
    if methods and not methods & PASSWORD_METHODS:
        said = _said(refusal)
        way = "Reinstall it, or add a key in the console of the provider."
        if said == OVER:
            way = "ssh offers it too many keys: set fleet_private_key_file."
        raise Failure("key_refused", "it refuses the login by key (%s), and takes no password. %s" % (said, way))


def _lines(text: str) -> list[str]:
    """Return the lines of a text that can be a reason."""
    others = ("h444:", "Warning: Permanently added")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith(others)]


def _said(reply: Reply) -> str:
    """Return the last line of what ssh said, or else of what the server printed; of a server that disconnects, why."""
    if OVER in reply.errors:
        return OVER
    texts = (_without_debug(reply.errors), reply.output)
    lines = next((lines for lines in (_lines(text) for text in texts) if lines), [])
    if not lines:
        return "no reason was given"
    return re.sub(r".*can be reached over ssh: |.*password: (?=\S+@)", "", lines[-1])[-200:].rstrip(".")


def bring_all(
    servers: t.Sequence[Server], wish: Wish, ssh: Ssh, tell: t.Callable[[Server, Outcome], None]
) -> list[Outcome]:
    """Bring servers to a login by key, several at a time. *tell* hears of each as it is done, in this thread.

    The threads do not keep the process: an interrupted run ends at once.
    """
    todo: queue.SimpleQueue[int] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[int, Outcome]] = queue.SimpleQueue()
    for place in range(len(servers)):
        todo.put(place)

    def work() -> None:
        while True:
            try:
                place = todo.get_nowait()
            except queue.Empty:
                return
            done.put((place, bring_to_login(servers[place], wish, ssh, time.monotonic, time.sleep)))

    for _number in range(min(CONCURRENCY, len(servers))):
        threading.Thread(target=work, daemon=True).start()
    outcomes: dict[int, Outcome] = {}
    while len(outcomes) < len(servers):
        place, outcome = done.get()
        outcomes[place] = outcome
        tell(servers[place], outcome)
    return [outcomes[place] for place in range(len(servers))]
