# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One-time secrets on disk: JSON keyed by resource, mode 0600, replaced atomically."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import tempfile
import threading
import time
import typing as t

from ._errors import BadOption
from ._lock import open_private, try_lock
from ._names import clean

LOCK_PATIENCE_SECONDS = 30.0
# Locks of files are between processes, and some file systems have none: this one is between the threads of a process.
_turn = threading.RLock()


class Sink:
    """The file of ``credentials_file``; without a path there is no file, and nothing is stored."""

    def __init__(self, path: str | None) -> None:
        self.path = os.path.abspath(os.path.expanduser(path)) if path and path.strip() else None
        self._is_held = False

    def prove(self, write: bool) -> None:
        """Check that a secret can be stored, before it exists. *write*: really write (not in check mode).

        Raises: BadOption.
        """
        if self.path is None:
            return
        folder = os.path.dirname(self.path)
        if not os.path.isdir(folder):
            raise BadOption(
                "credentials_file: the directory %s does not exist. Nothing was changed. Create it first."
                % clean(folder, 200)
            )
        try:
            self._read()
            if not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(13, "Permission denied", folder)
            if write:
                _try_to_write(folder)
        except OSError as exc:
            raise BadOption(
                "credentials_file: %s can't be written (%s). Nothing was changed."
                % (clean(self.path, 200), clean(exc.strerror or str(exc), 100))
            ) from None

    def keep(self, resource: str, entry: t.Mapping[str, t.Any]) -> None:
        """Store the secrets of one resource, and keep all earlier entries. Raises: OSError, BadOption."""
        if self.path is None:
            return
        with self.held():
            entries = self._read()
            old = entries.get(resource)
            if isinstance(old, dict) and old.get("id") == entry.get("id") and _may_be_one(old, entry):
                entry = {**old, **entry}
            else:
                _make_room(entries, resource)
            entries[resource] = {**entry, "written_at": _now()}
            self._write(entries)

    def identify(self, resource: str, resource_id: str) -> None:
        """Add the ID to an entry that was stored before it was known. Raises: OSError, BadOption."""
        with self.held() as is_held:
            entries = self._read()
            entry = entries.get(resource)
            if is_held and isinstance(entry, dict) and entry.get("id") is None:
                entry["id"] = resource_id
                self._write(entries)

    def follow(self, kind: str, resource_id: str, old_name: str, new_name: str | None) -> bool:
        """Rename the entries of one resource; *new_name* None: mark them as terminated.

        Returns whether there were any. A file that another run locks for too long is left unchanged: nothing here is
        worth another resource's secret. Raises: OSError, BadOption.
        """
        if self.path is None or not os.path.lexists(self.path):
            return False
        with self.held() as is_held:
            if not is_held:
                raise OSError("another run has locked it for too long")
            entries = self._read()
            mine = _names_of(entries, kind, resource_id, old_name)
            for name in mine:
                if new_name is None:
                    entries[name].setdefault("terminated_at", _now())
                else:
                    _rename(entries, name, "%s/%s" % (kind, new_name), resource_id)
            if mine:
                self._write(entries)
        return bool(mine)

    def kept(self, resource: str) -> dict[str, t.Any]:
        """Return what is stored of one resource; empty if nothing is. Raises: OSError, BadOption."""
        found = self._read().get(resource) if self.path is not None else None
        return found if isinstance(found, dict) else {}

    @contextlib.contextmanager
    def held(self) -> t.Iterator[bool]:
        """Hold the lock over several steps: read what is stored, use it, store the outcome.

        Yields False if another run has held the lock for too long; a new secret is written anyway. Yields True if there
        are no locks at all. Raises: OSError.
        """
        if self.path is None or self._is_held:
            yield True
            return
        with _turn, self._locked() as is_held:
            yield is_held

    @contextlib.contextmanager
    def _locked(self) -> t.Iterator[bool]:
        """Hold the lock between processes, see held. Raises: OSError."""
        path = t.cast(str, self.path)
        handles = [os.open(os.path.dirname(path), os.O_RDONLY)]
        try:
            had = try_lock(handles[0], LOCK_PATIENCE_SECONDS)
            if had is None:
                # NFS can't lock a directory. Then the processes of this user on this machine use a private lock.
                private = open_private(
                    "sink-" + hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:32]
                )
                if private is not None:
                    handles.append(private)
                    had = try_lock(private, LOCK_PATIENCE_SECONDS)
            self._is_held = had is not False
            yield self._is_held
        finally:
            self._is_held = False
            for handle in handles:
                os.close(handle)

    def _write(self, entries: t.Mapping[str, t.Any]) -> None:
        data = (json.dumps(entries, indent=2, sort_keys=True) + "\n").encode("utf-8")
        folder = os.path.dirname(self.path or "")
        handle, name = tempfile.mkstemp(prefix=".h444-", dir=folder)
        try:
            try:
                os.fchmod(handle, 0o600)
                with os.fdopen(handle, "wb", closefd=False) as stream:
                    stream.write(data)
                os.fsync(handle)
            finally:
                os.close(handle)
            os.rename(name, self.path or "")
        except OSError:
            os.unlink(name)
            raise
        directory = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _read(self) -> dict[str, t.Any]:
        data = self._read_bytes()
        if not data.strip():
            return {}
        try:
            entries = json.loads(data.decode("utf-8"))
        except ValueError:
            entries = None
        if not isinstance(entries, dict):
            raise BadOption(
                "credentials_file: %s contains something other than the JSON of this collection. The file was left "
                "unchanged." % clean(self.path or "", 200)
            )
        return entries

    def _read_bytes(self) -> bytes:
        """Read the file; empty if there is none. Raises: OSError; BadOption if it is not a regular file."""
        path = self.path or ""
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return b""
        except OSError:
            if os.path.islink(path):
                raise BadOption(
                    "credentials_file: %s is a symbolic link. Use the path of the file itself." % clean(path, 200)
                ) from None
            raise
        with os.fdopen(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise BadOption("credentials_file: %s is not a regular file." % clean(path, 200))
            return stream.read()


def _try_to_write(folder: str) -> None:
    """Write a file next to the real one, and remove it: the disk may be full. Raises: OSError."""
    handle, name = tempfile.mkstemp(prefix=".h444-", dir=folder)
    try:
        os.write(handle, b"\n" * 4096)
        os.fsync(handle)
    finally:
        os.close(handle)
        os.unlink(name)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _names_of(entries: t.Mapping[str, t.Any], kind: str, resource_id: str, name: str) -> list[str]:
    """Find the entries of one resource. One whose reply held no ID is known by its name alone."""
    own = "%s/%s" % (kind, name)
    found = []
    for place, entry in entries.items():
        entry_id = entry.get("id") if isinstance(entry, dict) else ""
        if place.startswith(kind + "/") and (entry_id == resource_id or (entry_id is None and place == own)):
            found.append(place)
    return found


def _rename(entries: dict[str, t.Any], old: str, new: str, resource_id: str) -> None:
    if old != new:
        entry = entries.pop(old)
        _make_room(entries, new)
        entries[new] = {**entry, "id": resource_id}


def _may_be_one(old: t.Mapping[str, t.Any], new: t.Mapping[str, t.Any]) -> bool:
    """Return whether two entries with one name and ID belong to one resource.

    If neither has an ID, different secrets may belong to a different resource.
    """
    return new.get("id") is not None or all(old.get(name, value) == value for name, value in new.items())


def _make_room(entries: dict[str, t.Any], resource: str) -> None:
    """Move another resource's entry of this name to its name and ID: nothing stored is ever dropped."""
    if resource not in entries:
        return
    old = entries.pop(resource)
    place = "%s/%s" % (resource, old.get("id") if isinstance(old, dict) else None)
    while place in entries:
        place += "/earlier"
    entries[place] = old
