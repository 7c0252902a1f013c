# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One-time secrets on disk: JSON keyed by resource, mode 0600, written whole or not at all."""

from __future__ import annotations

import json
import os
import stat
import tempfile
import time
import typing as t

from ._errors import BadOption
from ._names import clean
from ._pacer import lock

LOCK_PATIENCE_SECONDS = 30.0


class Sink:
    """The file that ``credentials_file`` names; without a path it is absent and keeps nothing."""

    def __init__(self, path: str | None) -> None:
        self.path = os.path.abspath(os.path.expanduser(path)) if path else None

    def prove(self, write: bool) -> None:
        """Make sure that a secret can be kept, before it exists. *write*: try it for real (not in check mode).

        Raises: BadOption.
        """
        if self.path is None:
            return
        folder = os.path.dirname(self.path)
        if not os.path.isdir(folder):
            raise BadOption("credentials_file: there is no directory %s." % clean(folder, 200))
        try:
            self._read()
            if not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(13, "Permission denied", folder)
            if write:
                handle, name = tempfile.mkstemp(prefix=".h444-", dir=folder)
                try:
                    os.write(handle, b"\n" * 4096)
                    os.fsync(handle)
                finally:
                    os.close(handle)
                    os.unlink(name)
        except OSError as exc:
            raise BadOption(
                "credentials_file: %s can't be written (%s). Nothing was ordered."
                % (clean(self.path, 200), clean(exc.strerror or str(exc), 100))
            ) from None

    def keep(self, resource: str, entry: t.Mapping[str, t.Any]) -> None:
        """Write one resource's secrets, keeping every earlier entry. Raises: OSError, BadOption."""
        if self.path is None:
            return
        folder = os.open(os.path.dirname(self.path), os.O_RDONLY)
        try:
            lock(folder, LOCK_PATIENCE_SECONDS)
            entries = self._read()
            old = entries.get(resource)
            if isinstance(old, dict) and old.get("id") != entry.get("id"):
                entries["%s/%s" % (resource, old.get("id"))] = old
            elif isinstance(old, dict):
                entry = {**old, **entry}
            entries[resource] = {**entry, "written_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
            data = (json.dumps(entries, indent=2, sort_keys=True) + "\n").encode("utf-8")
            handle, name = tempfile.mkstemp(prefix=".h444-", dir=os.path.dirname(self.path))
            try:
                try:
                    os.fchmod(handle, 0o600)
                    with os.fdopen(handle, "wb", closefd=False) as stream:
                        stream.write(data)
                    os.fsync(handle)
                finally:
                    os.close(handle)
                os.rename(name, self.path)
            except OSError:
                os.unlink(name)
                raise
            os.fsync(folder)
        finally:
            os.close(folder)

    def _read(self) -> dict[str, t.Any]:
        path = self.path or ""
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return {}
        except OSError as exc:
            if os.path.islink(path):
                raise BadOption("credentials_file: %s is a symbolic link; name the file itself." % clean(path, 200)) from None
            raise exc
        with os.fdopen(handle, "rb") as stream:
            found = os.fstat(stream.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise BadOption("credentials_file: %s is not a regular file." % clean(path, 200))
            data = stream.read()
        if not data.strip():
            return {}
        try:
            entries = json.loads(data.decode("utf-8"))
        except ValueError:
            entries = None
        if not isinstance(entries, dict):
            raise BadOption("credentials_file: %s holds something other than this collection's JSON; it is left as it is." % clean(path, 200))
        return entries
