# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs after a login: a command, a shell or OpenSSH's sftp-server, in a sandbox, with or without a terminal."""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import struct
import termios
import typing as t

import asyncssh

if t.TYPE_CHECKING:
    from .ssh import Machine

AS_ENV = re.compile(r"LANG|LC_[A-Z]+")
"""The variables that a client may set."""


class Session(asyncssh.SSHServerSession):
    """One command, shell or sftp-server in a sandbox, with or without a terminal."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._channel: t.Any = None
        self._terminal: t.Any = None
        self._size = (0, 0, 0, 0)
        self._command: list[str] = []
        self._running: Running | None = None
        self._task: asyncio.Task[None] | None = None
        self._before: list[bytes | None] = []
        """What arrived before the command ran; None is the end."""
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, chan: t.Any) -> None:
        """Keep the channel."""
        self._channel = chan

    def pty_requested(self, term_type: str, term_size: t.Any, term_modes: t.Any) -> bool:
        """Give a terminal."""
        self._terminal, self._size = term_type or "dumb", term_size
        return True

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:
        """Pass the size on."""
        self._size = (width, height, pixwidth, pixheight)
        if self._running:
            self._running.resize(self._size)

    def shell_requested(self) -> bool:
        """Run a login shell."""
        self._command = ["sh", "-l"]
        return True

    def exec_requested(self, command: str) -> bool:
        """Run a command."""
        self._command = ["sh", "-c", command]
        return True

    def subsystem_requested(self, subsystem: str) -> bool:
        """Run OpenSSH's sftp-server, inside like everything else."""
        self._command = [self._machine.fleet.sandboxes.sftp_server]
        return subsystem == "sftp"

    def session_started(self) -> None:
        """Start it."""
        self._machine.sessions.add(self)
        self._task = asyncio.ensure_future(self._start())

    async def _start(self) -> None:
        env = {name: value for name, value in self._channel.get_environment().items() if AS_ENV.fullmatch(name)}
        ends = [self._channel.get_extra_info(name) or ("unknown", 0) for name in ("peername", "sockname")]
        env["SSH_CONNECTION"] = " ".join(str(part) for end in ends for part in end[:2])
        try:
            if self._terminal:
                env["TERM"] = self._terminal
            self._running = await Running.start(
                self._machine, self._channel, self._command, env, self._size if self._terminal else None
            )
        except OSError as exc:
            self._channel.write_stderr(f"The sandbox can't be started: {exc}\n".encode())
            self._channel.exit(255)
            self._end()
            return
        for data in self._before:
            self._running.feed(data)
        self._before = []
        self._running.ended.add_done_callback(lambda _future: self._end())

    def _end(self) -> None:
        self._machine.sessions.discard(self)
        if not self.ended.done():
            self.ended.set_result(None)

    def data_received(self, data: bytes, datatype: t.Any) -> None:
        """Pass the input on."""
        self._feed(data)

    def eof_received(self) -> bool:
        """Pass the end of the input on; output may follow."""
        self._feed(None)
        return True

    def _feed(self, data: bytes | None) -> None:
        if self._running:
            self._running.feed(data)
        else:
            self._before.append(data)

    def pause_writing(self) -> None:
        """Wait until the client has read."""
        if self._running:
            self._running.hold(True)

    def resume_writing(self) -> None:
        """Go on."""
        if self._running:
            self._running.hold(False)

    def connection_lost(self, exc: Exception | None) -> None:
        """End what runs."""
        self.kill()

    def kill(self) -> asyncio.Future[None]:
        """End what runs; gives what is done once it has ended."""
        if self._running:
            self._running.kill()
        elif self._task is None or self._task.done():
            self._end()
        else:
            self._task.add_done_callback(lambda _task: self.kill())
        return self.ended


class Running(asyncio.SubprocessProtocol):
    """The process of a session."""

    def __init__(self, channel: t.Any) -> None:
        self._channel = channel
        self._transport: t.Any = None
        self._input: t.Any = None
        self._terminal: t.Any = None
        self._left = 1
        """The process, and the terminal where there is one."""
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    async def start(
        cls,
        machine: Machine,
        channel: t.Any,
        command: list[str],
        env: dict[str, str],
        size: tuple[int, int, int, int] | None,
    ) -> Running:
        """Start a command. *size*: of its terminal, which it has where this is given. Raises OSError."""
        loop = asyncio.get_running_loop()
        user = machine.fleet.sandboxes.user(machine.number)
        running = cls(channel)
        if size is None:
            full = machine.command(command, env)
            await loop.subprocess_exec(lambda: running, *full, **user)
            running._input = running._transport.get_pipe_transport(0)
            return running
        running._left = 2
        master, slave = os.openpty()
        try:
            resize(master, size)
            full = machine.command(["setsid", "-c", *command], env)
            await loop.subprocess_exec(lambda: running, *full, stdin=slave, stdout=slave, stderr=slave, **user)
        except BaseException:
            os.close(master)
            raise
        finally:
            os.close(slave)
        running._input, _protocol = await loop.connect_write_pipe(
            lambda: Flow(running), os.fdopen(os.dup(master), "wb", 0)
        )
        running._terminal, _protocol = await loop.connect_read_pipe(
            lambda: Terminal(running), os.fdopen(master, "rb", 0)
        )
        return running

    def connection_made(self, transport: t.Any) -> None:
        """Keep the transport."""
        self._transport = transport

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Send output."""
        if not self._channel.is_closing():
            (self._channel.write if fd == 1 else self._channel.write_stderr)(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the process has ended and its pipes are read."""
        self.part_ended()

    def part_ended(self) -> None:
        """Send the exit status once there is nothing more."""
        self._left -= 1
        if self._left or self.ended.done():
            return
        code = self._transport.get_returncode()
        if self._terminal:
            self._input.abort()
        if not self._channel.is_closing():
            if code is None or code < 0:
                self._channel.exit_with_signal("KILL")
            else:
                self._channel.exit(code)
        self.ended.set_result(None)

    def feed(self, data: bytes | None) -> None:
        """Write input; None is its end, of which a terminal learns nothing, as with OpenSSH's server."""
        if self._input is None or self._input.is_closing():
            return
        if data is not None:
            self._input.write(data)
        elif not self._terminal:
            self._input.write_eof()

    def hold(self, is_held: bool) -> None:
        """Stop reading output, or go on."""
        pipes = [self._terminal] if self._terminal else [self._transport.get_pipe_transport(fd) for fd in (1, 2)]
        for pipe in pipes:
            if pipe is not None and not pipe.is_closing():
                (pipe.pause_reading if is_held else pipe.resume_reading)()

    def pause_writing(self) -> None:
        """Take no more input for now."""
        self._channel.pause_reading()

    def resume_writing(self) -> None:
        """Take input again.

        Later: the channel hands over what it holds at once, and asyncio loses an end of input that it is given here.
        """
        asyncio.get_running_loop().call_soon(self._channel.resume_reading)

    def resize(self, size: tuple[int, int, int, int]) -> None:
        """Change the size of the terminal."""
        if self._terminal:
            resize(self._terminal.get_extra_info("pipe").fileno(), size)

    def kill(self) -> None:
        """End the process, and with it all that it started."""
        self.hold(False)  # its pipes end only if they are read
        if self._transport.get_returncode() is None:
            self._transport.kill()


class Flow(asyncio.BaseProtocol):
    """The way of input into a terminal."""

    def __init__(self, running: Running) -> None:
        self.pause_writing, self.resume_writing = running.pause_writing, running.resume_writing


class Terminal(asyncio.Protocol):
    """The way of output out of a terminal."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def data_received(self, data: bytes) -> None:
        """Send output."""
        self._running.pipe_data_received(1, data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end."""
        self._running.part_ended()


def resize(terminal: int, size: tuple[int, int, int, int]) -> None:
    """Set the size of a terminal: columns, rows, and both in pixels."""
    width, height, pixwidth, pixheight = (min(max(number, 0), 65535) for number in size)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, pixwidth, pixheight))
