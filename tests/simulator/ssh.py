# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The servers of the account, as machines that one can log in to: AsyncSSH in front, a sandbox behind each login.

``Fleet.settle`` makes the machines what the account says: it is called after each change, before the reply is sent. The
machines live in a thread with an event loop of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hmac
import ipaddress
import json
import os
import re
import socket
import threading
import typing as t
from pathlib import Path

import asyncssh

from .account import Account
from .calls import Row
from .images import etc_of, folders_of
from .sandbox import Missing, Sandboxes
from .sessions import Session

NETWORK = ipaddress.ip_network("127.44.0.0/16")
KEY_TYPES = ("ssh-ed25519", "ecdsa-sha2-nistp256")
BOOT = (
    "find /run /tmp -mindepth 1 -delete 2>/dev/null; mkdir -p /run/systemd/system /run/sshd; "
    "sshd -t || exit; echo 1 > /run/sshd.pid"
)
ASK_SSHD = "sshd -T -C user=root,host=localhost,addr=127.0.0.1"
# What StrictModes asks of the file and the folders above it, and then the file.
READ_KEYS = """
for file in $1; do
  case $file in /*) ;; *) file=/root/$file ;; esac
  [ -f "$file" ] || continue
  place=$file
  while :; do
    [ "$2" = no ] || [ -z "$(find -L "$place" -maxdepth 0 \\( ! -user 0 -o -perm /022 \\))" ] || continue 2
    [ "$place" != / ] && [ "$place" != /root ] || break
    place=$(dirname "$place")
  done
  head -c 262144 -- "$file"
  echo
done
"""
COMMAND_SECONDS = 30
MOST_OUTPUT = 1 << 20


class Facts(t.NamedTuple):
    """What the account says of one server, and when it last began to boot."""

    id: str
    address: str
    hostname: str
    template: str
    wiped: int
    password: str
    is_on: bool
    booted_at: float


def facts_of(account: Account) -> dict[str, Facts]:
    """Read the servers that have an address here, by address; of two with one address, the first."""
    found: dict[str, Facts] = {}
    with account.lock:
        for row in account.servers.values():
            address = address_of(row)
            if row["alive"] and address and address not in found:
                found[address] = Facts(
                    row["id"],
                    address,
                    re.sub(r"[^A-Za-z0-9.-]", "-", str(row["hostname"]))[:63] or "server",
                    str(row["os_template"]),
                    row.get("wiped", 0),
                    str(row["root_password"]),
                    account.status_of(row) == "running",
                    max(row["ready_at"], row.get("booted_at", 0.0)),
                )
    return found


def address_of(row: Row) -> str:
    """Give the address at which a server takes logins; empty if its own is not one of this machine's."""
    for ip in row["ips"]:
        if ip["primary"] and ipaddress.ip_address(ip["ip"]) in NETWORK:
            return str(ip["ip"])
    return ""


class Machine:
    """One server."""

    def __init__(self, fleet: Fleet, facts: Facts) -> None:
        self.fleet = fleet
        self.facts = facts
        self.disk = fleet.sandboxes.folder / facts.address
        self.number = int(ipaddress.ip_address(facts.address)) & 0xFFFF
        self.phase = "off"
        self.config: dict[str, str] = {}
        """What sshd has loaded; empty while it does not run."""
        self.connections: set[asyncssh.SSHServerConnection] = set()
        self.sessions: set[Session] = set()
        self._listener: t.Any = None
        self._control = -1
        self._request = b""
        self._booted_at: float | None = None
        self._is_of: dict[str, t.Any] = {}
        self._host_keys: list[asyncssh.SSHKey] = []
        self._changing = asyncio.Lock()

    # Its life

    async def follow(self, facts: Facts, now: float, boot_seconds: float) -> float | None:
        """Become what the account says. Gives the seconds after which that changes by itself; None if it does not."""
        async with self._changing:
            self.facts = facts
            await self._install()
            if facts.booted_at != self._booted_at:
                await self.switch_off()
                self._booted_at = facts.booted_at
            phase, left = self._phase(now, boot_seconds)
            if phase != self.phase:
                await self._enter(phase)
            return left

    def _phase(self, now: float, boot_seconds: float) -> tuple[str, float | None]:
        if not self.facts.is_on:
            left = self.facts.booted_at - now
            return "off", left if left > 0 else None
        since = now - self.facts.booted_at
        for phase, until in (("booting", boot_seconds / 2), ("starting", boot_seconds)):
            if since < until:
                return phase, until - since
        return "up", None

    async def _install(self) -> None:
        """Make the disk, where it is another server's or was wiped."""
        mark = self.disk / "installed.json"
        is_of = {"id": self.facts.id, "wiped": self.facts.wiped}
        if is_of == self._is_of:
            return
        kept = json.loads(mark.read_text(encoding="utf-8")) if mark.is_file() else {}
        if kept.get("is_of") != is_of:
            await self.switch_off()
            keys = [asyncssh.generate_private_key(kind) for kind in KEY_TYPES]
            image = self.fleet.account.assume["ssh_image"]
            etc = etc_of(self.facts.template, self.facts.hostname, image)
            for key, kind in zip(keys, ("ed25519", "ecdsa")):
                etc[f"ssh/ssh_host_{kind}_key.pub"] = key.export_public_key().decode()
            folders = folders_of(self.facts.template, image)
            self.fleet.sandboxes.make_disk(self.disk, self.number, etc, folders)
            kept = {"is_of": is_of, "host_keys": [key.export_private_key().decode() for key in keys]}
            beside = mark.with_name(mark.name + ".new")
            beside.touch(0o600)
            beside.write_text(json.dumps(kept), encoding="utf-8")
            beside.replace(mark)
        self._host_keys = [asyncssh.import_private_key(text) for text in kept["host_keys"]]
        self._is_of = is_of

    async def _enter(self, phase: str) -> None:
        self.close_port()
        if phase == "off":
            await self.switch_off()
        elif phase == "starting":
            self._listener = await asyncio.start_server(lambda _reader, writer: writer.close(), sock=self._socket())
        elif phase == "up":
            await self.run(BOOT)
            self._control = os.open(self.disk / "initctl", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            asyncio.get_running_loop().add_reader(self._control, self._told)
            await self._start_sshd()
        self.phase = phase

    def _socket(self) -> socket.socket:
        found = socket.socket()
        try:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind((self.facts.address, self.fleet.port))
            found.listen(128)
        except OSError:
            found.close()
            raise
        return found

    async def _start_sshd(self) -> None:
        await self._read_config()
        if self.config and self._listener is None:
            self._listener = await asyncssh.listen(
                sock=self._socket(),
                server_factory=lambda: Login(self),
                server_host_keys=self._host_keys,
                server_version="OpenSSH_9.6",
                encoding=None,
                gss_host=None,
                line_editor=False,
                agent_forwarding=False,
                x11_forwarding=False,
                login_timeout=60,
            )

    async def _read_config(self) -> None:
        """Load sshd's configuration; one with mistakes leaves no sshd."""
        said = await self.run(ASK_SSHD)
        lines = [line.partition(" ") for line in said.decode("utf-8", "replace").splitlines()]
        self.config = {name: value for name, _space, value in lines}

    def close_port(self) -> None:
        """Take no more connections."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def switch_off(self) -> None:
        """Pull the plug."""
        self.close_port()
        if self._control >= 0:
            asyncio.get_running_loop().remove_reader(self._control)
            os.close(self._control)
            self._control = -1
        for connection in list(self.connections):
            connection.abort()
        ends = [session.kill() for session in list(self.sessions)]
        if ends:
            await asyncio.wait(ends, timeout=5)
        self.config = {}
        self.phase = "off"

    async def end(self) -> None:
        """Switch it off for good, once nothing else is done to it."""
        async with self._changing:
            await self.switch_off()

    # What its systemctl says

    def _told(self) -> None:
        self._listen()
        self.fleet.later(self.obey())

    def _listen(self) -> None:
        """Read what the pipe of systemctl holds. Of many requests the last one decides."""
        if self._control >= 0:
            with contextlib.suppress(BlockingIOError):
                self._request = (os.read(self._control, 65536).split() or [b""])[-1]

    async def obey(self) -> None:
        """Do what systemctl has asked for until now."""
        self._listen()
        async with self._changing:
            request, self._request = self._request, b""
            if self.phase != "up":
                return
            if request in (b"start", b"reload"):
                await self._start_sshd()
            if request == b"stop" or (request and not self.config):
                self.config = {}
                self.close_port()

    # Commands

    async def run(self, script: str, *arguments: str) -> bytes:
        """Run a script of the simulator's on the disk; gives what it wrote, of 1 MiB at most."""
        process = await asyncio.create_subprocess_exec(
            *self.command(["sh", "-c", script, "sh", *arguments]),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            **self.fleet.sandboxes.user(self.number),
        )
        assert process.stdout
        try:
            return await asyncio.wait_for(read_all(process.stdout), COMMAND_SECONDS)
        except asyncio.TimeoutError:
            return b""
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    def command(self, command: t.Sequence[str], env: t.Mapping[str, str] | None = None) -> list[str]:
        """Give the command line of a command in the sandbox."""
        return self.fleet.sandboxes.command(self.disk, self.facts.hostname, command, env)


async def read_all(stream: asyncio.StreamReader) -> bytes:
    """Read to the end, or to 1 MiB."""
    found = b""
    while len(found) < MOST_OUTPUT:
        data = await stream.read(MOST_OUTPUT - len(found))
        if not data:
            break
        found += data
    return found


class Login(asyncssh.SSHServer):
    """One connection: who gets in is what sshd's loaded configuration, the password and the keys on the disk say."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._is_root = False
        self._methods: frozenset[str] = frozenset()
        self._config: dict[str, str] = {}

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Belong to the machine, which may go away."""
        self._connection = conn
        self._machine.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        """Belong to nobody."""
        self._machine.connections.discard(self._connection)

    async def begin_auth(self, username: str) -> bool:
        """Find out what is offered to this user. It is always true: nobody gets in without a proof."""
        await self._machine.obey()
        self._config = dict(self._machine.config)
        self._is_root = username == "root"
        self._methods = offered(self._config)
        self._connection.set_authorized_keys(None)
        root_login = self._config.get("permitrootlogin", "no")
        if self._is_root and "publickey" in self._methods and root_login != "no":
            files, strict = self._config["authorizedkeysfile"], self._config["strictmodes"]
            files = files.replace("%h", "/root").replace("%u", "root")
            text = await self._machine.run(READ_KEYS, files, strict)
            keys = keys_in(text.decode("utf-8", "replace"), root_login == "forced-commands-only")
            if keys:
                self._connection.set_authorized_keys(asyncssh.import_authorized_keys(keys))
        return True

    def public_key_auth_supported(self) -> bool:
        """Offer keys?"""
        return "publickey" in self._methods

    def password_auth_supported(self) -> bool:
        """Offer passwords?"""
        return "password" in self._methods

    def kbdint_auth_supported(self) -> bool:
        """Offer questions?"""
        return "keyboard-interactive" in self._methods

    def validate_password(self, username: str, password: str) -> bool:
        """Let root in with the password of the order or the last reinstall."""
        known = self._machine.facts.password
        is_right = bool(known) and hmac.compare_digest(password.encode(), known.encode())
        return is_right and self._is_root and self._config.get("permitrootlogin") == "yes"

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> t.Any:
        """Ask for the password, as PAM does; without PAM there is nobody who asks."""
        if self._config.get("usepam") != "yes":
            return False
        return "", "", "en-US", (("Password: ", False),)

    def validate_kbdint_response(self, username: str, responses: t.Any) -> bool:
        """Take the password as the only response."""
        return len(responses) == 1 and self.validate_password(username, responses[0])

    def session_requested(self) -> Session:
        """Run commands."""
        return Session(self._machine)


def offered(config: t.Mapping[str, str]) -> frozenset[str]:
    """Give the methods that sshd offers. Of AuthenticationMethods, a chain of several is never offered."""
    switches = {
        "publickey": "pubkeyauthentication",
        "password": "passwordauthentication",
        "keyboard-interactive": "kbdinteractiveauthentication",
    }
    found = frozenset(method for method, switch in switches.items() if config.get(switch) == "yes")
    chains = config.get("authenticationmethods", "any").split()
    return found if chains == ["any"] else found & frozenset(chains)


def keys_in(text: str, needs_command: bool) -> str:
    """Give the lines of authorized_keys that can be read. *needs_command*: only those that name a command."""
    good = []
    for line in filter(str.strip, text.splitlines()):
        try:
            asyncssh.import_authorized_keys(line)
        except ValueError:
            continue
        if not needs_command or "command=" in line:
            good.append(line)
    return "\n".join(good)


class Fleet:
    """All servers one can log in to."""

    def __init__(self, account: Account, port: int, kept: Path | None, tell: t.Callable[[str], None]) -> None:
        """*kept*: the folder of the disks, where they survive. Raises Missing with a sentence."""
        self.account, self.port, self._tell = account, port, tell
        self.machines: dict[str, Machine] = {}
        self._tasks: set[asyncio.Future[t.Any]] = set()
        self._blocks: dict[int, socket.socket] = {}
        self._first = 0
        self._timer: asyncio.TimerHandle | None = None
        with account.lock:
            there = {int(address.split(".")[2]) for address in map(address_of, account.servers.values()) if address}
        for block in sorted(there):
            if not self._claim(block):
                raise Missing(
                    f"127.44.{block}.x:{port} is used by another simulator, and the servers of --state have it."
                )
        if there:
            self._first = min(there)
        elif not any(self._claim(block) for block in range(256)):
            raise Missing(f"every 127.44.x.x:{port} is used by another program; choose another port with --ssh-port.")
        else:
            self._first = min(self._blocks)
        self.sandboxes = Sandboxes(kept)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="ssh", daemon=True)
        self._settling: asyncio.Lock | None = None

    def _claim(self, block: int) -> bool:
        """Take 127.44.BLOCK.x for this simulator, by its last address. Raises Missing."""
        if block in self._blocks:
            return True
        claim = socket.socket()
        try:
            claim.bind((f"127.44.{block}.254", self.port))
        except OSError as exc:
            claim.close()
            if exc.errno == errno.EADDRINUSE:
                return False
            if exc.errno == errno.EACCES:
                raise Missing(
                    f"port {self.port} can't be used ({exc.strerror}); choose another one with --ssh-port, "
                    "for example --ssh-port 2222."
                ) from None
            raise Missing(
                f"--ssh needs the addresses 127.44.0.0/16, which this machine lacks ({exc.strerror})."
            ) from None
        self._blocks[block] = claim
        return True

    def address(self, number: int) -> str:
        """Give the n-th address of a server."""
        block = (self._first + number // 253) % 256
        self._claim(block)
        return f"127.44.{block}.{number % 253 + 1}"

    def start(self) -> None:
        """Begin to take logins."""
        self._thread.start()
        self.settle()

    def settle(self) -> None:
        """Make the machines what the account says, and wait until they are. Call it without the account's lock."""
        asyncio.run_coroutine_threadsafe(self._settle(), self._loop).result(120)

    async def _settle(self) -> None:
        if self._settling is None:
            self._settling = asyncio.Lock()
        async with self._settling:
            if self._timer:
                self._timer.cancel()
                self._timer = None
            wanted = facts_of(self.account)
            for address in self.sandboxes.kept() - set(self.machines) - set(wanted):
                self.sandboxes.remove(self.sandboxes.folder / address)
            for address in [address for address in self.machines if address not in wanted]:
                await self._remove(address)
            now, boot_seconds = self.account.now(), self.account.assume["boot_seconds"]
            waits = await asyncio.gather(*(self._follow(facts, now, boot_seconds) for facts in wanted.values()))
            soon = [wait for wait in waits if wait is not None]
            if soon:
                again = min(soon) + 0.001
                self._timer = asyncio.get_running_loop().call_later(again, lambda: self.later(self._settle()))

    def later(self, work: t.Coroutine[t.Any, t.Any, None]) -> None:
        """Let something happen beside what happens now."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow(self, facts: Facts, now: float, boot_seconds: float) -> float | None:
        machine = self.machines.get(facts.address)
        if machine is None:
            machine = self.machines[facts.address] = Machine(self, facts)
        try:
            return await machine.follow(facts, now, boot_seconds)
        except OSError as exc:
            self._tell(f"simulator: {facts.address}:{self.port} takes no logins ({exc.strerror or exc}).")
            return None

    async def _remove(self, address: str) -> None:
        machine = self.machines.pop(address)
        await machine.end()
        self.sandboxes.remove(machine.disk)

    def close(self) -> None:
        """End all sessions, and remove the disks where they are not kept."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._switch_off(), self._loop).result(30)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
        for claim in self._blocks.values():
            claim.close()
        self.sandboxes.close()

    async def _switch_off(self) -> None:
        if self._timer:
            self._timer.cancel()
        for machine in self.machines.values():
            await machine.end()
