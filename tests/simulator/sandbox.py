# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A sandbox by bubblewrap, in which one command of a simulated server runs.

It has the machine's programs, read-only, and the disk of its server; its own processes, devices, host name and network
(none). Its root has no capabilities and is an unprivileged user outside. The simulator itself never opens a file that a
server could have made: it asks a command in the sandbox.
"""

from __future__ import annotations

import errno
import os
import platform
import shutil
import struct
import subprocess
import tempfile
import typing as t
from pathlib import Path

PROGRAMS = Path(__file__).resolve().parent / "machine"
WRITABLE = ("etc", "root", "home", "var", "srv", "opt", "run", "tmp")
FIRST_UID = 60578
UIDS = 606
"""systemd leaves 60578 to 61183 unused, and so do distributions."""
SFTP_SERVERS = (
    "/usr/lib/openssh/sftp-server",
    "/usr/libexec/openssh/sftp-server",
    "/usr/lib/ssh/sftp-server",
    "/usr/libexec/sftp-server",
    "/usr/lib/sftp-server",
)
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LIMITS = ("--nproc=256", "--nofile=1024", "--as=4294967296", "--fsize=1073741824", "--core=0")


# System calls that reach what is shared with the machine whatever the namespaces are: the keys of the user, the
# kernel's programs and counters. For each kind of processor, its number and those of keyctl, add_key, request_key, bpf,
# perf_event_open, userfaultfd and io_uring_setup, and that of socket.
CALLS: dict[str, tuple[int, tuple[int, ...], int]] = {
    "x86_64": (0xC000003E, (250, 248, 249, 321, 298, 323, 425), 41),
    "aarch64": (0xC00000B7, (219, 217, 218, 280, 241, 282, 425), 198),
}
# AF_UNIX, AF_INET, AF_INET6 and AF_NETLINK belong to a namespace; AF_VSOCK reaches the host of a virtual machine.
FAMILIES = (1, 2, 10, 16)


class Missing(Exception):
    """The machine lacks something; the text is a sentence that says what to do."""


def call_filter(machine: str) -> bytes:
    """Write the program by which the kernel refuses system calls, as seccomp takes it. Raises Missing."""
    if machine not in CALLS:
        raise Missing(f"--ssh knows no system calls of {machine}; it runs on {' and '.join(CALLS)}.")
    architecture, refused, socket = CALLS[machine]
    load, equal, at_least, end = 0x20, 0x15, 0x35, 0x06
    allow, refuse = 0x7FFF0000, 0x00050000 | errno.EPERM
    number, kind, first_argument = 0, 4, 16
    left, families = len(refused), len(FAMILIES)
    last = 6 + left + families  # where it refuses; behind it, where it allows
    program = [(load, 0, 0, kind), (equal, 0, last - 2, architecture)]
    program += [(load, 0, 0, number), (at_least, last - 4, 0, 1 << 30)]
    program += [(equal, last - 5 - place, 0, call) for place, call in enumerate(refused)]
    program += [(equal, 0, families + 2, socket), (load, 0, 0, first_argument)]
    program += [(equal, families - place, 0, family) for place, family in enumerate(FAMILIES)]
    program += [(end, 0, 0, refuse), (end, 0, 0, allow)]
    return b"".join(struct.pack("HBBI", *step) for step in program)


def write(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file that the sandboxes can read."""
    path.write_bytes(content)
    path.chmod(mode)


class Sandboxes:
    """The folder with the disks of all servers, and how a command is run on one of them."""

    def __init__(self, kept: Path | None) -> None:
        """*kept*: the folder that survives the simulator; without it, a temporary one. Raises Missing."""
        for program, package in (("bwrap", "bubblewrap"), ("prlimit", "util-linux"), ("awk", "mawk")):
            if shutil.which(program) is None:
                raise Missing(f"--ssh needs {program}; install {package} (on Debian: apt install {package}).")
        self.sftp_server = next((path for path in SFTP_SERVERS if os.access(path, os.X_OK)), "")
        if not self.sftp_server:
            raise Missing("--ssh needs OpenSSH's sftp-server; install it (on Debian: apt install openssh-sftp-server).")
        calls = call_filter(platform.machine())
        self._is_temporary = kept is None
        try:
            if kept is None:
                kept = Path(tempfile.mkdtemp(prefix="h444-simulator-"))
            kept.mkdir(exist_ok=True)
            kept.chmod(0o711 if os.geteuid() == 0 else 0o700)
            self.folder = kept.resolve()
            self._lay_out(calls)
        except OSError as exc:
            raise Missing(
                f"--ssh keeps the disks of the servers in {kept}, which can't be written ({exc.strerror})."
            ) from None
        try:
            self._check()
        except Missing:
            self.close()
            raise

    def _lay_out(self, calls: bytes) -> None:
        """Make what all servers share: their /usr/sbin, the machine's links of /etc/alternatives, and the filter."""
        self._shared = self.folder / "shared"
        shutil.rmtree(self._shared, ignore_errors=True)
        sbin, alternatives = self._shared / "sbin", self._shared / "alternatives"
        for folder in (self._shared, sbin, alternatives):
            folder.mkdir()
            folder.chmod(0o755)
        for program in sorted(PROGRAMS.glob("*.sh")):
            write(sbin / program.stem, program.read_bytes(), 0o755)
        write(self._shared / "calls", calls)
        write(self._shared / "empty", b"")
        if not os.path.islink("/usr/sbin"):
            for name in set(os.listdir("/usr/sbin")) - set(os.listdir(sbin)):
                (sbin / name).symlink_to(f"/usr/.sbin/{name}")
        if os.path.isdir("/etc/alternatives"):
            for entry in os.scandir("/etc/alternatives"):
                if entry.is_symlink() and os.readlink(entry.path).startswith("/usr/"):
                    (alternatives / entry.name).symlink_to(os.readlink(entry.path))
        self._system = self._system_arguments()

    def _system_arguments(self) -> list[str]:
        """Show the machine's programs: /usr with another /usr/sbin, and the links or folders beside it."""
        found = ["--perms", "0755", "--dir", "/usr"]
        for entry in sorted(os.scandir("/usr"), key=lambda one: one.name):
            if entry.name in ("sbin", "local"):
                continue
            if entry.is_symlink():
                found += ["--symlink", os.readlink(entry.path), entry.path]
            elif entry.is_dir():
                found += ["--ro-bind", entry.path, entry.path]
        if not os.path.islink("/usr/sbin"):
            found += ["--ro-bind", "/usr/sbin", "/usr/.sbin"]
        found += ["--ro-bind", f"{self._shared}/sbin", "/usr/sbin"]
        for program in sorted(PROGRAMS.glob("*.sh")):
            # Where the machine has one of its own, it must not be found by its path either.
            if os.path.exists(f"/usr/bin/{program.stem}"):
                found += ["--ro-bind", f"{self._shared}/sbin/{program.stem}", f"/usr/bin/{program.stem}"]
        for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
            if name == "sbin":
                found += ["--symlink", "usr/sbin", "/sbin"]
            elif os.path.islink(f"/{name}"):
                found += ["--symlink", os.readlink(f"/{name}"), f"/{name}"]
            elif os.path.isdir(f"/{name}"):
                found += ["--ro-bind", f"/{name}", f"/{name}"]
        return found

    def _check(self) -> None:
        """Run a command in a sandbox. Raises Missing."""
        if os.geteuid() == 0:
            for folder in (self.folder, *self.folder.parents):
                if not os.stat(folder).st_mode & 0o001:
                    raise Missing(
                        f"--ssh runs the servers as an unprivileged user, who can't enter {folder}; "
                        "keep the file of --state (or TMPDIR) where every user can."
                    )
        disk = self.folder / "check"
        try:
            self.make_disk(disk, 0, {})
            answer = subprocess.run(
                self.command(disk, "check", ["true"]),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=20,
                check=False,
                **self.user(0),
            )
        except (OSError, subprocess.TimeoutExpired) as exc:
            raise Missing(f"--ssh can't start bubblewrap ({exc}).") from None
        finally:
            self.remove(disk)
        if answer.returncode:
            said = (answer.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise Missing(
                f"bubblewrap can't make a sandbox on this machine ({said}). --ssh needs bubblewrap 0.8 or newer and a "
                "kernel that lets users make namespaces."
            )

    # One disk

    @staticmethod
    def user(number: int) -> dict[str, t.Any]:
        """Give who runs the commands of a server, as arguments of subprocess: when root starts them, somebody else."""
        # bubblewrap stays in the sandbox as its first process, where its environment can be read.
        found: dict[str, t.Any] = {
            "umask": 0o022,
            "start_new_session": True,
            "env": {"PATH": os.environ.get("PATH", os.defpath)},
        }
        if os.geteuid() == 0:
            uid = FIRST_UID + number % UIDS
            found.update(user=uid, group=uid, extra_groups=[])
        return found

    def make_disk(self, disk: Path, number: int, etc: t.Mapping[str, str], folders: t.Iterable[str] = ()) -> None:
        """Make the disk of a new server. Nobody has been on it yet, so its files can be written from outside."""
        self.remove(disk)
        beside = disk.with_name(disk.name + ".new")
        self.remove(beside)
        for name in (*WRITABLE, "var/lib", "var/log", "var/tmp", "var/cache", "etc/alternatives"):
            (beside / name).mkdir(parents=True, mode=0o755, exist_ok=True)
        for name in folders:
            (beside / "etc" / name).mkdir(parents=True, exist_ok=True)
        for name, text in etc.items():
            path = beside / "etc" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o600 if name.endswith("_key") else 0o644)
        (beside / "root").chmod(0o700)
        (beside / "tmp").chmod(0o1777)
        os.mkfifo(beside / "initctl", 0o600)
        owner = self.user(number).get("user")
        if owner is not None:
            for folder, _folders, files in os.walk(beside):
                for path in (folder, *(os.path.join(folder, name) for name in files)):
                    os.chown(path, owner, owner, follow_symlinks=False)
        # Nobody else on this machine may get at what a server makes, such as a program that runs as its owner.
        beside.chmod(0o700)
        beside.rename(disk)

    def kept(self) -> set[str]:
        """Name the disks that are there."""
        return {entry.name for entry in os.scandir(self.folder) if entry.name.startswith("127.")}

    @staticmethod
    def remove(disk: Path) -> None:
        """Remove a disk, whatever was made on it. No process may be left on it."""
        if os.path.lexists(disk):
            script = 'chmod -R u+rwX -- "$1" 2>/dev/null; rm -rf -- "$1" || { sleep 0.2; rm -rf -- "$1"; }'
            subprocess.run(
                ["sh", "-c", script, "sh", str(disk)], stdin=subprocess.DEVNULL, capture_output=True, check=False
            )

    def command(
        self, disk: Path, hostname: str, command: t.Sequence[str], env: t.Mapping[str, str] | None = None
    ) -> list[str]:
        """Give the whole command that runs *command* on a disk."""
        own = {"PATH": PATH, "HOME": "/root", "USER": "root", "LOGNAME": "root", "SHELL": "/bin/sh"}
        variables = [word for pair in {**own, **(env or {})}.items() for word in ("--setenv", *pair)]
        disks = [word for name in WRITABLE for word in ("--bind", str(disk / name), f"/{name}")]
        # The machine's own /proc/sys, for some of its files ask only who owns them; and nothing of its keys.
        kernel = ["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys"]
        kernel += ["--ro-bind", f"{self._shared}/empty", "/proc/keys", "--dev", "/dev"]
        limits = "--unshare-user --unshare-all --disable-userns --die-with-parent --cap-drop ALL --uid 0 --gid 0"
        return [
            *("sh", "-c", 'exec 9<"$0" && exec bwrap --seccomp 9 "$@"', f"{self._shared}/calls"),
            *(*limits.split(), "--hostname", hostname, "--clearenv", *variables),
            *(*self._system, *disks, "--ro-bind", f"{self._shared}/alternatives", "/etc/alternatives"),
            *(*kernel, "--bind", str(disk / "initctl"), "/dev/initctl"),
            *("--remount-ro", "/", "--chdir", "/root", "prlimit", *LIMITS, "--", *command),
        ]

    def close(self) -> None:
        """Remove what is not kept."""
        if self._is_temporary:
            self.remove(self.folder)
