# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The place of an event source on disk: JSON with a checksum, mode 0600, replaced atomically, used by one process.

The lock is on a file of its own beside it, because replacing a file leaves the lock on the old one.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import typing as t

from ._errors import BadOption
from ._lock import open_regular, try_lock
from ._names import clean

FORMAT = "h444.cloud.changes/1"
WAYS_OUT = "Use another path, or remove the file to begin anew"


def _canonical(content: t.Any) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=True)


def _checksum(content: t.Any) -> str:
    return hashlib.sha256(_canonical(content).encode("ascii")).hexdigest()


class StateFile:
    """A file that keeps a value of plain JSON. It is held by one process, from ``open`` to ``close``."""

    def __init__(self, path: str) -> None:
        self.path = os.path.abspath(os.path.expanduser(path))
        self._lock: int | None = None

    def open(self) -> t.Any:
        """Take the lock, and return what the file holds; None if there is no file yet. Raises: BadOption."""
        folder = os.path.dirname(self.path)
        if not os.path.isdir(folder):
            raise self._refused("the directory %s does not exist" % clean(folder, 200), "Create it first")
        if os.path.isdir(self.path):  # before a lock is left beside it
            raise self._refused("it is a directory", "Add the name of a file")
        self._lock = open_regular(self.path + ".lock", os.O_RDWR | os.O_CREAT)
        if self._lock is None:
            raise self._refused("the lock beside it, %s.lock, can't be written" % clean(os.path.basename(self.path)))
        had = try_lock(self._lock, 0.0)
        if had is not True:
            self.close()
            if had is None:
                raise self._refused("its file system has no locks", "Use a path on a local disk")
            raise self._refused("another event source uses it", "Each source needs a file of its own")
        try:
            return self._read()
        except BadOption:
            self.close()
            raise

    def close(self) -> None:
        """Give the lock free."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def write(self, content: t.Any) -> None:
        """Replace what the file holds, as a whole or not at all. Raises: BadOption."""
        data = (json.dumps({"format": FORMAT, "checksum": _checksum(content), "content": content}) + "\n").encode()
        folder = os.path.dirname(self.path)
        try:
            handle, name = tempfile.mkstemp(prefix=".h444-", dir=folder)  # with mode 0600
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(data)
                    stream.flush()
                    os.fsync(stream.fileno())
                os.rename(name, self.path)
            except OSError:
                os.unlink(name)
                raise
            _flush(folder)
        except OSError as error:
            why = clean(error.strerror or str(error), 100)
            raise self._refused("it can't be written (%s)" % why, "Without it, events could be fired twice") from None

    def _read(self) -> t.Any:
        """Return what the file holds; None if there is none. Raises: BadOption."""
        if not os.path.lexists(self.path):
            return None
        handle = open_regular(self.path, os.O_RDONLY)
        if handle is None:
            raise self._refused("it can't be read, or is not a regular file", "Use another path")
        with os.fdopen(handle, "rb") as stream:
            data = stream.read()
        try:
            whole = json.loads(data.decode("utf-8"))
        except (ValueError, RecursionError):
            whole = None
        if not isinstance(whole, dict) or whole.get("format") != FORMAT:
            raise self._refused("it is not a state file of the event source h444.cloud.changes, or is damaged")
        content = whole.get("content")
        if whole.get("checksum") != _checksum(content):
            raise self._refused("it is damaged: its content does not match its checksum")
        return content

    def _refused(self, why: str, way_out: str = WAYS_OUT) -> BadOption:
        return BadOption("state_file: %s: %s. %s." % (clean(self.path, 200), why, way_out))


def _flush(folder: str) -> None:
    """Make sure that a rename survives a power failure. Raises: OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
