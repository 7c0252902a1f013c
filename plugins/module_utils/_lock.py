# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Locks between the processes of one user on one machine, and the private files for them."""

from __future__ import annotations

import os
import stat
import tempfile
import time

try:
    import fcntl
except ImportError:  # this platform has no file locks
    fcntl = None  # type: ignore[assignment]


def private_dir() -> str | None:
    """Return a directory that only this user can use, creating it if needed; None if that is impossible."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    path = os.path.join(base, "h444") if base else os.path.join(tempfile.gettempdir(), "h444-%d" % os.getuid())
    try:
        try:
            os.mkdir(path, 0o700)
        except FileExistsError:
            pass
        found = os.lstat(path)
    except OSError:
        return None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        return None
    return path


def try_lock(handle: int, patience_seconds: float) -> bool | None:
    """Take an exclusive lock on an open file, waiting at most *patience_seconds*; None if there are no locks."""
    if fcntl is None:
        return None
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.01)
        except OSError:  # a file system without locks
            return None


def lock(handle: int, patience_seconds: float) -> bool:
    """Take an exclusive lock on an open file, waiting at most *patience_seconds*. Returns whether it was taken."""
    return try_lock(handle, patience_seconds) is True


def open_private(name: str) -> int | None:
    """Open a file in the private directory for reading and writing; None if that is impossible."""
    folder = private_dir()
    return None if folder is None else open_regular(os.path.join(folder, name), os.O_RDWR | os.O_CREAT)


def open_regular(path: str, flags: int) -> int | None:
    """Open a regular file; None if that is impossible. Anything else is refused: a FIFO would block for ever."""
    try:
        handle = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        return None
    return handle
