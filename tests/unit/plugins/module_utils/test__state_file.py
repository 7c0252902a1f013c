# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The place of an event source on disk: whole or not at all, private, and for one process."""

from __future__ import annotations

import errno
import os
import stat
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _state_file
from ansible_collections.h444.cloud.plugins.module_utils._errors import BadOption
from ansible_collections.h444.cloud.plugins.module_utils._state_file import StateFile

CONTENT = {"account": "a", "places": {"servers": {"since": 1.5, "entries": {"b": "\u00e7\ud800", "a": [None, True]}}}}


def refusal(path: Path) -> str:
    """Give the sentence with which a file is refused; then its lock is free."""
    file = StateFile(str(path))
    with pytest.raises(BadOption) as refused:
        file.open()
    assert file._lock is None
    return str(refused.value)


def test_what_was_written_is_read_by_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    file = StateFile(str(path))
    assert file.open() is None
    file.write({"old": 1})
    file.write(CONTENT)
    file.close()
    file.close()  # twice is no error
    other = StateFile(str(path))
    assert other.open() == CONTENT
    other.close()
    assert sorted(os.listdir(tmp_path)) == ["state.json", "state.json.lock"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


def test_a_file_has_one_user_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    first = StateFile(str(path))
    first.open()
    assert refusal(path) == (f"state_file: {path}: another event source uses it. Each source needs a file of its own.")
    first.close()
    second = StateFile(str(path))
    second.open()
    second.close()


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "it is not a state file of the event source"),
        ("{", "it is not a state file of the event source"),
        ("[" * 100_000, "it is not a state file of the event source"),
        ('{"servers": {}}', "it is not a state file of the event source"),
        ('{"format": "h444.cloud.changes/1"}', "its content does not match its checksum"),
        ('{"format": "h444.cloud.changes/1", "checksum": "x", "content": {}}', "its content does not match"),
    ],
)
def test_another_file_and_a_damaged_one_are_refused_and_left_as_they_are(tmp_path: Path, text: str, part: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(text)
    assert part in refusal(path) and "Use another path, or remove the file to begin anew." in refusal(path)
    assert path.read_text() == text


def test_a_file_that_was_changed_by_hand_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    file = StateFile(str(path))
    file.open()
    file.write({"number": 1})
    file.close()
    path.write_text(path.read_text().replace('"number": 1', '"number": 2'))
    assert "checksum" in refusal(path)


def test_what_is_no_file_and_a_missing_directory_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none" / "state.json") == (
        f"state_file: {tmp_path}/none/state.json: the directory {tmp_path}/none does not exist. Create it first."
    )
    (tmp_path / "folder").mkdir()
    assert refusal(tmp_path / "folder").endswith("/folder: it is a directory. Add the name of a file.")
    assert not (tmp_path / "folder.lock").exists()
    os.mkfifo(tmp_path / "fifo")
    assert "is not a regular file" in refusal(tmp_path / "fifo")
    (tmp_path / "target").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    assert "is not a regular file" in refusal(tmp_path / "link")
    (tmp_path / "x.lock").mkdir()
    assert "the lock beside it, x.lock, can't be written" in refusal(tmp_path / "x")


def test_a_file_system_without_locks_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_state_file, "try_lock", lambda _handle, _patience: None)
    assert "its file system has no locks. Use a path on a local disk." in refusal(tmp_path / "state.json")


def test_a_full_disk_is_told_and_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.json"
    file = StateFile(str(path))
    file.open()
    file.write({"number": 1})

    def full(_handle: int) -> t.NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(BadOption, match=r"it can't be written \(No space left on device\)"):
            file.write({"number": 2})
    file.close()
    assert sorted(os.listdir(tmp_path)) == ["state.json", "state.json.lock"]
    again = StateFile(str(path))
    assert again.open() == {"number": 1}
    again.close()


def test_a_home_directory_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert StateFile("~/state.json").path == str(tmp_path / "state.json")
