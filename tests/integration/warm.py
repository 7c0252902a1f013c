# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays a playbook whose modules run in forks of one Python that has the libraries imported already.

Usage: warm.py ansible-playbook ARGUMENTS

For each task a Python starts and imports the libraries that the module needs, which takes longer than the module's
work. Here the core sends the same module, arguments and environment to a fork of a Python that has imported them, and
the collection's module_utils as well: the same files as in the archive that comes with the module.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import shlex
import signal
import socket
import socketserver
import sys
import tempfile
import traceback
import typing as t
from pathlib import Path

COLLECTION = "ansible_collections.h444.cloud"
LIBRARIES = ("requests", "ansible.module_utils.basic", "ansible.module_utils.urls")


def import_collection() -> None:
    """Import the module_utils of the collection, from where the core takes them for the archive of a module."""
    for path in os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(os.pathsep):
        files = sorted(Path(path, *COLLECTION.split("."), "plugins", "module_utils").glob("*.py"))
        if files:
            sys.path.append(path)
            for file in files:
                importlib.import_module(f"{COLLECTION}.plugins.module_utils.{file.stem}")
            return


def run_here(source: str) -> int:
    """Run a Python program as if it had been given on the standard input; returns its exit code."""
    try:
        exec(compile(source, "<stdin>", "exec"), {"__name__": "__main__"})
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # whatever it is, a Python of its own would print it and end
        traceback.print_exc()
        return 1
    return 0


class Request(socketserver.StreamRequestHandler):
    """Runs one program, in a fork of the warm Python."""

    server: WarmPython

    def handle(self) -> None:
        """Run it in its environment and folder; the answer is exit code, standard output and standard error."""
        asked = json.loads(self.rfile.readline())
        if self.server.failure:
            self.wfile.write(json.dumps([1, "", self.server.failure]).encode())
            return
        os.environ.update(asked["environment"])
        os.chdir(asked["folder"])
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            os.dup2(output.fileno(), 1)
            os.dup2(errors.fileno(), 2)
            code = run_here(asked["source"])
            sys.stdout.flush()
            sys.stderr.flush()
            written = []
            for stream in (output, errors):
                stream.seek(0)
                written.append(stream.read().decode("utf-8", "surrogateescape"))
        self.wfile.write(json.dumps([code, *written]).encode())


class WarmPython(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    """Answers each request in a fork of its own, as long as the process lives that started it."""

    request_queue_size = 64

    def __init__(self, address: str) -> None:
        super().__init__(address, Request)
        self.controller = os.getpid()
        self.is_warm = False
        self.failure = ""
        """why the imports failed"""

    def serve(self) -> t.NoReturn:
        """Serve until the controller has ended."""
        # A play that is killed must not be waited for because this process still holds its output open.
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        with contextlib.suppress(BaseException):
            self.serve_forever()
        os._exit(1)

    def process_request(self, request: t.Any, client_address: t.Any) -> None:
        """Import before the first fork, and not at all for a play that runs no module."""
        if not self.is_warm:
            self.is_warm = True
            try:
                for name in LIBRARIES:
                    importlib.import_module(name)
                import_collection()
            except BaseException:
                self.failure = traceback.format_exc()
        super().process_request(request, client_address)

    def service_actions(self) -> None:
        """End with the controller, however that ended."""
        super().service_actions()
        if os.getppid() != self.controller:
            os._exit(0)


@contextlib.contextmanager
def warm_python(address: str) -> t.Iterator[None]:
    """Run the warm Python beside this process, before this one becomes a controller."""
    with WarmPython(address) as server:
        process = os.fork()
        if not process:
            server.serve()
    try:
        yield
    finally:
        os.kill(process, signal.SIGTERM)
        os.waitpid(process, 0)


def variables_of(command: str) -> dict[str, str]:
    """Read the variables that the core's command sets for the module: sh -c 'NAME=value … python'."""
    words = shlex.split(command)
    words = shlex.split(words[words.index("-c") + 1]) if "-c" in words else words
    found: dict[str, str] = {}
    for word in words:
        name, is_variable, value = word.partition("=")
        if not is_variable:
            break
        found[name] = value
    return found


def ask(address: str, command: str, source: bytes, folder: str | bytes) -> tuple[int, bytes, bytes]:
    """Let the warm Python run a program, and give what a process would have given."""
    asked = {
        "environment": {**os.environ, **variables_of(command)},
        "folder": os.fsdecode(folder),  # ansible-core 2.18 names it in bytes
        "source": source.decode(),
    }
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        connection.sendall(json.dumps(asked).encode() + b"\n")
        code, *written = json.load(connection.makefile(encoding="utf-8"))
    output, errors = (text.encode("utf-8", "surrogateescape") for text in written)
    return code, output, errors


def main(arguments: t.Sequence[str]) -> None:
    """Play; a module that is sent on the standard input (pipelining) goes to the warm Python, all else is as ever."""
    with tempfile.TemporaryDirectory() as folder, warm_python(os.path.join(folder, "python")):
        os.environ["ANSIBLE_PIPELINING"] = "1"
        from ansible.cli import playbook
        from ansible.plugins.connection import local

        run_cold = local.Connection.exec_command

        def exec_command(
            self: t.Any, cmd: str, in_data: bytes | None = None, sudoable: bool = True
        ) -> tuple[int, bytes, bytes]:
            if in_data:
                return ask(os.path.join(folder, "python"), cmd, in_data, self.cwd or os.getcwd())
            return run_cold(self, cmd, in_data, sudoable)

        local.Connection.exec_command = exec_command
        playbook.main(list(arguments))


if __name__ == "__main__":
    main(sys.argv[1:])
