# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a login, on a server that is only a few fields."""

from __future__ import annotations

import threading
import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.plugin_utils import _login, _login_scripts
from ansible_collections.h444.cloud.plugins.plugin_utils._login import Outcome, Server, Wish, bring_all, bring_to_login
from ansible_collections.h444.cloud.plugins.plugin_utils._ssh import Reply

KEYS = ["ssh-ed25519 AAAA mine"]
NO_ANSWER = Reply(255, "", "ssh: connect to host 192.0.2.7 port 22: Connection refused")
CHANGED = Reply(255, "", "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\r\nHost key verification failed.")
CLOSED, OPENED = "password login switched off", "password login switched on"


class FakeServer:
    """Answers logins like a server whose image takes passwords; its clock moves when somebody waits."""

    def __init__(self, **state: t.Any) -> None:
        self.has_keys = False
        self.right = "right"
        self.methods = {"publickey", "password"}
        self.drop_in = ""
        self.loads = True
        """whether sshd reads its configuration when it is told to"""
        self.script_error = ""
        self.log: list[str] = []
        self.before: list[Reply] = []
        """what it answers first"""
        self.now = 0.0
        vars(self).update(state)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def _refused(self) -> Reply:
        return Reply(255, "", "root@192.0.2.7: Permission denied (%s).\r\n" % ",".join(sorted(self.methods)))

    def _load(self, passwords: bool) -> None:
        if self.loads:
            self.methods = {"publickey", "password"} if passwords else {"publickey"}

    def by_key(self, address: str, script: str) -> Reply:
        self.log.append("key")
        if self.before:
            return self.before.pop(0)
        if not self.has_keys or "publickey" not in self.methods:
            return self._refused()
        said = ""
        if self.script_error:
            return Reply(0, f"h444:error {self.script_error}\n", "")
        if script == _login_scripts.reload_sshd():
            self._load(passwords=not self.drop_in)
        elif script == _login_scripts.remove_drop_in():
            self.drop_in = ""
            self._load(passwords=True)
        elif script == _login_scripts.settle(KEYS, password_login=False):
            if not self.drop_in:
                said = f"h444:changed {CLOSED}\nh444:reloaded\n"
                self.drop_in = "closed"
                self._load(passwords=False)
            said += "h444:user root\nh444:user deploy\n"
        elif self.drop_in:
            said = f"h444:changed {OPENED}\nh444:reloaded\n"
            self.drop_in = "about to be removed"
            self._load(passwords=True)
        return Reply(0, said + "h444:done\n", "")

    def by_password(self, address: str, password: str, script: str) -> Reply:
        self.log.append("password")
        assert script == _login_scripts.install_keys(KEYS)
        if password != self.right:
            return self._refused()
        self.has_keys = True
        return Reply(0, "h444:changed keys added: 1\nh444:done\n", "")

    def by_nothing(self, address: str, user: str) -> Reply:
        self.log.append("methods of " + user)
        return self._refused()


def visit(
    fake: FakeServer, password: str | None = "right", password_login: bool = False, is_new: bool = False
) -> Outcome:
    """Bring the server to a login by key."""
    server = Server("web-1", "192.0.2.7", is_new, lambda: password)
    return bring_to_login(server, Wish(KEYS, password_login, 60.0, "/kh"), fake, lambda: fake.now, fake.sleep)


def test_a_new_server_gets_keys_by_its_password_and_then_takes_no_passwords() -> None:
    fake = FakeServer()
    assert visit(fake) == Outcome(["keys added: 1", CLOSED])
    assert fake.log == ["key", "password", "key", "methods of root", "methods of deploy"]
    assert fake.methods == {"publickey"}


def test_a_second_visit_changes_nothing_and_tries_no_password() -> None:
    fake = FakeServer()
    visit(fake)
    fake.log.clear()
    assert visit(fake) == Outcome([])
    assert fake.log == ["key", "methods of root", "methods of deploy"]


def test_a_booting_server_is_waited_for() -> None:
    dropped = Reply(255, "", "kex_exchange_identification: Connection closed by remote host")
    fake = FakeServer(before=[NO_ANSWER, dropped, NO_ANSWER])
    assert visit(fake).kind == ""
    assert fake.log[:5] == ["key", "key", "key", "key", "password"]


def test_a_server_that_never_answers_ends_at_its_time() -> None:
    fake = FakeServer(before=[NO_ANSWER] * 100)
    outcome = visit(fake)
    assert outcome.kind == "timeout"
    assert "within 60 seconds (ssh: connect to host 192.0.2.7 port 22: Connection refused)" in outcome.message
    assert 50 < fake.now <= 60
    assert "password" not in fake.log


@pytest.mark.parametrize("password", ["right", None])
def test_another_host_key_is_refused_before_a_password(password: str | None) -> None:
    fake = FakeServer(before=[CHANGED])
    outcome = visit(fake, password)
    assert outcome.kind == "host_key_changed"
    assert "No password was sent" in outcome.message
    assert "ssh-keygen -f '/kh' -R '192.0.2.7'" in outcome.message
    assert fake.log == ["key"]


def test_the_entry_to_remove_is_that_of_the_port() -> None:
    fake = FakeServer(before=[CHANGED])
    wish = Wish(KEYS, False, 60.0, "/kh", 2222)
    outcome = bring_to_login(Server("web-1", "192.0.2.7", False, lambda: None), wish, fake, lambda: 0.0, fake.sleep)
    assert "-R '[192.0.2.7]:2222'" in outcome.message


def test_what_waiting_does_not_change_is_not_waited_for() -> None:
    fake = FakeServer(before=[Reply(255, "", "Unable to negotiate with 192.0.2.7: no matching host key type found")])
    assert visit(fake).kind == "ssh"
    assert fake.now == 0


def test_without_a_password_the_way_out_is_named() -> None:
    outcome = visit(FakeServer(), password=None)
    assert outcome.kind == "no_password"
    assert "reinstall" in outcome.message


def test_a_password_is_not_sent_where_none_is_taken() -> None:
    fake = FakeServer(methods={"publickey"})
    assert visit(fake).kind == "key_refused"
    assert "password" not in fake.log


def test_an_agent_with_too_many_keys_is_no_reason_to_reinstall() -> None:
    over = Reply(
        255, "", "Received disconnect from 192.0.2.7 port 22:2: Too many authentication failures\r\nDisconnected"
    )
    outcome = visit(FakeServer(has_keys=True, methods={"publickey"}, before=[over]), password="old")
    assert outcome.kind == "key_refused"
    assert "(Too many authentication failures), and takes no password" in outcome.message
    assert outcome.message.endswith("ssh offers it too many keys: set fleet_private_key_file.")
    assert "Reinstall" not in outcome.message


@pytest.mark.parametrize(("is_new", "attempts"), [(False, 1), (True, 3)])
def test_only_a_new_server_is_asked_again(is_new: bool, attempts: int) -> None:
    """The password of a new server may be set after its sshd is up."""
    fake = FakeServer()
    assert visit(fake, password="wrong", is_new=is_new).kind == "password_refused"
    assert fake.log.count("password") == attempts


def test_passwords_stay_on_where_the_key_does_not_work() -> None:
    class Keyless(FakeServer):
        def by_key(self, address: str, script: str) -> Reply:
            self.log.append("key")
            return self._refused()

    fake = Keyless()
    outcome = visit(fake)
    assert outcome.kind == "key_refused"
    assert outcome.changes == ["keys added: 1"]
    assert fake.drop_in == ""


def test_a_change_that_has_no_effect_is_taken_back() -> None:
    fake = FakeServer(has_keys=True, loads=False)
    outcome = visit(fake)
    assert outcome.kind == "passwords_offered"
    assert "password to root" in outcome.message
    assert "taken back" in outcome.message
    assert outcome.changes == []
    assert fake.drop_in == ""
    # sshd takes a moment; and OpenSSH 9.8 and newer count a second for each connection without a login
    assert 5 < fake.log.count("methods of root") <= _login.PROOF_SECONDS + 2


def test_another_user_must_not_have_passwords_either() -> None:
    class ForDeploy(FakeServer):
        def by_nothing(self, address: str, user: str) -> Reply:
            if user == "deploy":
                return Reply(255, "", "deploy@192.0.2.7: Permission denied (publickey,keyboard-interactive).")
            return super().by_nothing(address, user)

    outcome = visit(ForDeploy(has_keys=True))
    assert outcome.kind == "passwords_offered"
    assert "keyboard-interactive to deploy" in outcome.message


def test_a_login_with_nothing_is_worse_than_a_password() -> None:
    class Open(FakeServer):
        def by_nothing(self, address: str, user: str) -> Reply:
            return Reply(0, "", "")

    assert "without any password" in visit(Open(has_keys=True)).message


def test_a_run_that_was_killed_before_sshd_read_the_drop_in_is_continued() -> None:
    fake = FakeServer(has_keys=True, drop_in="closed")
    assert visit(fake) == Outcome([CLOSED])
    assert fake.methods == {"publickey"}


def test_passwords_are_switched_on_again() -> None:
    fake = FakeServer(has_keys=True, drop_in="closed", methods={"publickey"})
    assert visit(fake, password_login=True) == Outcome([OPENED])
    assert fake.methods == {"publickey", "password"}
    assert fake.drop_in == ""
    fake.log.clear()
    assert visit(fake, password_login=True) == Outcome([])
    assert fake.log == ["key"]


def test_passwords_that_something_else_switches_off_are_reported() -> None:
    fake = FakeServer(has_keys=True, drop_in="closed", methods={"publickey"}, loads=False)
    assert visit(fake, password_login=True).kind == "passwords_not_offered"


@pytest.mark.parametrize(("error", "kind"), [("drop_ins", "no_drop_ins"), ("configuration line 3: bad", "sshd")])
def test_what_a_script_refuses_is_a_failure(error: str, kind: str) -> None:
    outcome = visit(FakeServer(has_keys=True, script_error=error))
    assert outcome.kind == kind
    assert outcome.message.startswith("the login by key works, but")


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply(1, "Please log in as ubuntu.\n", "bye\n"), "a step on the server failed with code 1 (bye)"),
        (
            Reply(142, "Please log in as ubuntu.\n", "Warning: Permanently added '192.0.2.7' to the known hosts.\n"),
            "a step on the server failed with code 142 (Please log in as ubuntu)",
        ),
        (
            Reply(0, "no shell\n", ""),
            "the login runs another command (no shell). Check ForceCommand in its sshd_config, and command= in "
            "/root/.ssh/authorized_keys.",
        ),
    ],
)
def test_a_key_that_is_bound_to_another_command_is_no_login(reply: Reply, message: str) -> None:
    class Bound(FakeServer):
        def by_key(self, address: str, script: str) -> Reply:
            return reply

    outcome = visit(Bound())
    assert (outcome.kind, outcome.message) == ("script", message)


def test_the_words_of_a_verbose_ssh_are_no_answer() -> None:
    said = "debug1: Permission denied (publickey).\nssh: connect to host 192.0.2.7 port 22: No route to host"
    assert visit(FakeServer(before=[Reply(255, "", said)] * 100)).kind == "timeout"


def test_many_servers_are_visited_at_once_and_one_that_fails_stops_no_other() -> None:
    together = threading.Barrier(8, timeout=20)

    class Slow(FakeServer):
        def by_key(self, address: str, script: str) -> Reply:
            if "first" not in self.log:
                self.log.append("first")
                together.wait()
            return super().by_key(address, script)

    servers = [Server(f"web-{number}", f"192.0.2.{number}", False, lambda: "right") for number in range(8)]
    fakes = {server.address: Slow(right="other" if number == 3 else "right") for number, server in enumerate(servers)}

    class All:
        def __getattr__(self, name: str) -> t.Any:
            return lambda address, *more: getattr(fakes[address], name)(address, *more)

    told: list[str] = []
    outcomes = bring_all(
        servers, Wish(KEYS, False, 60.0, "/kh"), All(), lambda server, _outcome: told.append(server.label)
    )
    assert [outcome.kind for outcome in outcomes] == [""] * 3 + ["password_refused"] + [""] * 4
    assert sorted(told) == [server.label for server in servers]


def test_a_mistake_of_our_own_is_one_servers_failure() -> None:
    def read() -> str | None:
        raise RuntimeError("lost")

    outcome = bring_to_login(
        Server("web-1", "192.0.2.7", False, read), Wish(KEYS, False, 60.0, "/kh"), FakeServer(), lambda: 0.0, print
    )
    assert outcome == Outcome([], "internal", "RuntimeError: lost")


def test_no_servers_are_no_work() -> None:
    assert bring_all([], Wish(KEYS, False, 60.0, "/kh"), FakeServer(), print) == []
    assert _login.CONCURRENCY >= 12
