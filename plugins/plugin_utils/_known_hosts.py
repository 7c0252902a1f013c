# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries of known_hosts: which of them can't be those of a server, and how they are removed."""

from __future__ import annotations

import calendar
import os
import re
import stat
import subprocess
import tempfile
import time
import typing as t

LINE = re.compile(rb"[^\n]*\n|[^\n]+")
FOUND = re.compile(rb"(?m)^# Host \S+ found: line ([0-9]+)[ ]*$")
HOSTS = re.compile(rb"(?s)\A([ \t]*)([^ \t]+)(.*)\Z")


def names_of(address: str, port: t.Any = None) -> list[str]:
    """Return the names under which ssh records the host key of an address."""
    return [address] if str(port or 22) == "22" else [address, "[%s]:%s" % (address, port)]


def was_written_before(path: str, moment: t.Any) -> bool:
    """Return whether the file was last changed before a moment (as in credentials_file, in UTC).

    No entry in it can then be that of a server that was ordered or reinstalled at that moment.
    """
    try:
        at = calendar.timegm(time.strptime(moment, "%Y-%m-%dT%H:%M:%SZ"))
        return os.stat(path).st_mtime < at
    except (TypeError, ValueError, OSError):
        return False


def forget(path: str, names: t.Sequence[str]) -> bool:
    """Remove all entries of some names, hashed ones too; return whether there were any. Raises: OSError.

    Everything else stays byte for byte: other names of a line, patterns, and lines that no program understands. The
    file changes once: a run that is killed meanwhile leaves the old one, with its old time.
    """
    path = os.path.realpath(path)
    if not names or not os.path.exists(path):
        return False
    with open(path, "rb") as file:
        before = file.read()
    numbers = {number for name in names for number in _lines_of(path, name)}
    own = {name.encode() for name in names}
    lines = LINE.findall(before)
    after = b"".join(_without(line, own) if place in numbers else line for place, line in enumerate(lines, 1))
    if after == before:
        return False
    _replace(path, after)
    return True


def _lines_of(path: str, name: str) -> list[int]:
    """Return the numbers of the lines that ssh matches with a name, but for @cert-authority and @revoked."""
    found = subprocess.run(
        ["ssh-keygen", "-F", name, "-f", path],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return [int(number) for number in FOUND.findall(found.stdout)]


def _without(line: bytes, names: t.Collection[bytes]) -> bytes:
    """Return a line without some names; empty if it has no other. A hashed name is alone in its line."""
    start, hosts, rest = HOSTS.findall(line)[0]
    left = [host for host in hosts.split(b",") if host.lower() not in names and not host.startswith(b"|1|")]
    return start + b",".join(left) + rest if left else b""


def _replace(path: str, content: bytes) -> None:
    """Give a file another content; it keeps its owner and its mode. Raises: OSError."""
    found = os.stat(path)
    try:
        with tempfile.TemporaryDirectory(prefix=".h444-", dir=os.path.dirname(path)) as folder:
            beside = os.path.join(folder, "known_hosts")
            with open(beside, "wb") as file:
                file.write(content)
            os.chown(beside, found.st_uid, found.st_gid)
            os.chmod(beside, stat.S_IMODE(found.st_mode))
            os.rename(beside, path)
    except OSError:
        # The directory can't be written, the file is a mount of its own, or it belongs to somebody else.
        with open(path, "r+b") as file:
            file.write(content)
            file.truncate()
