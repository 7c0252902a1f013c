# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Locks between processes, and the private files that carry them."""

from __future__ import annotations

import os
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _lock
from ansible_collections.h444.cloud.plugins.module_utils._lock import lock, open_private, private_dir, try_lock


def test_unsafe_directories_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "h444").mkdir()
    (tmp_path / "h444").chmod(0o755)
    assert private_dir() is None and open_private("x") is None
    other = tmp_path / "other"
    (other / "real").mkdir(parents=True, mode=0o700)
    (other / "h444").symlink_to(other / "real")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(other))
    assert private_dir() is None
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "missing"))
    assert private_dir() is None


def test_symlinked_file_is_not_followed(tmp_path: Path) -> None:
    folder = private_dir()
    assert folder
    (tmp_path / "victim").write_text("x")
    os.symlink(tmp_path / "victim", os.path.join(folder, "f"))
    assert open_private("f") is None


def test_a_fifo_with_a_reader_is_none_either() -> None:
    path = os.path.join(str(private_dir()), "held")
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert open_private("held") is None
    finally:
        os.close(reader)
        os.unlink(path)


@pytest.fixture(name="two")
def two_handles() -> t.Iterator[tuple[int, int]]:
    """One file, opened twice, as by two processes."""
    handles = [open_private("shared") for _process in range(2)]
    assert None not in handles
    yield t.cast("tuple[int, int]", tuple(handles))
    for handle in handles:
        os.close(t.cast(int, handle))


def test_a_lock_has_one_holder_at_a_time(two: tuple[int, int]) -> None:
    assert lock(two[0], 0.0) and not lock(two[1], 0.0) and try_lock(two[1], 0.0) is False


def test_who_waits_for_a_lock_gives_up_after_its_patience(two: tuple[int, int]) -> None:
    assert lock(two[0], 0.0)
    before = time.monotonic()
    assert try_lock(two[1], 0.05) is False
    assert 0.05 <= time.monotonic() - before < 5


def test_closing_the_file_gives_the_lock_free() -> None:
    first, second = open_private("shared"), open_private("shared")
    assert first is not None and second is not None
    assert lock(first, 0.0)
    os.close(first)
    assert lock(second, 0.0)
    os.close(second)


@pytest.mark.parametrize("has_fcntl", [True, False], ids=["file system without locks", "platform without locks"])
def test_no_locks_at_all_is_not_the_same_as_a_lock_that_is_held(
    two: tuple[int, int], monkeypatch: pytest.MonkeyPatch, has_fcntl: bool
) -> None:
    def refuse(*_args: t.Any) -> None:
        raise OSError(37, "No locks available")

    if has_fcntl:
        monkeypatch.setattr(_lock.fcntl, "flock", refuse)
    else:
        monkeypatch.setattr(_lock, "fcntl", None)
    assert try_lock(two[0], 0.0) is None and lock(two[0], 0.0) is False
