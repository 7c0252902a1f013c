# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps what modules compile. On PYTHONPATH, Python imports this file by its name when it starts.

A module comes as an archive, of whose files Python keeps nothing, so each task compiles them all: half of a task's
processor time. The code is the same; only in a traceback a file has the name that it had when it was compiled.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
import typing as t
import zipimport

FOLDER = os.environ.get("H444_COMPILED", "")
_compile = zipimport._compile_source  # type: ignore[attr-defined]


def compile_or_load(path: str, source: bytes) -> t.Any:
    """Give the code of a file in an archive."""
    name = hashlib.sha256(sys.version.encode() + source).hexdigest()
    file = os.path.join(FOLDER, name)
    if os.path.exists(file):
        with open(file, "rb") as stream:
            return marshal.load(stream)
    code = _compile(path, source)
    beside = f"{file}.{os.getpid()}"
    with open(beside, "wb") as stream:
        marshal.dump(code, stream)
    os.replace(beside, file)
    return code


if os.path.isdir(FOLDER):
    zipimport._compile_source = compile_or_load  # type: ignore[attr-defined]
