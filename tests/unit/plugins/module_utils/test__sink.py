# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of one-time secrets."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _sink
from ansible_collections.h444.cloud.plugins.module_utils._errors import BadOption
from ansible_collections.h444.cloud.plugins.module_utils._sink import Sink


def read(path: Path) -> dict[str, dict[str, str]]:
    """Read the file."""
    return json.loads(path.read_text(encoding="utf-8"))


def test_written_whole_and_private(tmp_path: Path) -> None:
    """Mode 0600 under any umask, and nothing else left behind."""
    path = tmp_path / "secrets.json"
    before = os.umask(0)
    try:
        sink = Sink(str(path))
        sink.prove(write=True)
        sink.keep("vps/web-1", {"id": "1", "root_password": "pw"})
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["secrets.json"]
    assert read(path)["vps/web-1"]["root_password"] == "pw"


def test_earlier_entries_stay(tmp_path: Path) -> None:
    """Other resources, and the earlier one of the same name."""
    path = tmp_path / "secrets.json"
    sink = Sink(str(path))
    sink.keep("vps/web-1", {"id": "1", "root_password": "first"})
    sink.keep("vps/web-2", {"id": "2", "root_password": "second"})
    sink.keep("vps/web-1", {"id": "3", "root_password": "third"})
    found = {name: entry["root_password"] for name, entry in read(path).items()}
    assert found == {"vps/web-1": "third", "vps/web-1/1": "first", "vps/web-2": "second"}


def test_many_at_once(tmp_path: Path) -> None:
    """Writers at the same time lose nothing."""
    path = tmp_path / "secrets.json"
    threads = [
        threading.Thread(target=Sink(str(path)).keep, args=(f"vps/{number}", {"id": str(number)}))
        for number in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read(path)) == 20


def test_many_threads_at_once_where_files_have_no_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on some network file systems: the threads of one process still take turns."""
    monkeypatch.setattr(_sink, "try_lock", lambda _handle, _seconds: None)
    test_many_at_once(tmp_path)


@pytest.mark.parametrize("content", ["not json", "[1]"])
def test_a_file_of_somebody_else_is_left(tmp_path: Path, content: str) -> None:
    """What is not ours is refused before an order, and stays as it is."""
    path = tmp_path / "secrets.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadOption):
        Sink(str(path)).prove(write=True)
    assert path.read_text(encoding="utf-8") == content


def test_links_and_folders_are_refused(tmp_path: Path) -> None:
    """No symbolic link is followed; a folder that is missing is named."""
    (tmp_path / "link").symlink_to(tmp_path / "target")
    for path in (tmp_path / "link", tmp_path, tmp_path / "none" / "secrets.json"):
        with pytest.raises(BadOption):
            Sink(str(path)).prove(write=True)
    assert not (tmp_path / "target").exists()


def test_check_mode_writes_nothing(tmp_path: Path) -> None:
    """The proof of check mode looks only."""
    Sink(str(tmp_path / "secrets.json")).prove(write=False)
    assert list(tmp_path.iterdir()) == []


def test_an_entry_follows_a_rename(tmp_path: Path) -> None:
    """It moves, with all that is in it; another resource's entry of the new name stays beside it, with its id."""
    path = tmp_path / "secrets.json"
    sink = Sink(str(path))
    sink.keep("vps/web-1", {"id": "1", "root_password": "first", "other_secrets": {"vnc.password": "v"}})
    sink.keep("vps/api-1", {"id": "9", "root_password": "earlier"})
    sink.keep("webhook/web-1", {"id": "1", "secret": "another kind"})
    before = read(path)
    assert sink.follow("vps", "1", "web-1", "api-1")
    after = read(path)
    assert after == {
        "vps/api-1": before["vps/web-1"],
        "vps/api-1/9": before["vps/api-1"],
        "webhook/web-1": before["webhook/web-1"],
    }
    assert sink.follow("vps", "1", "web-1", "api-1") and read(path) == after
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_entry_set_aside_follows_too(tmp_path: Path) -> None:
    """It is found by its id, wherever it stands; one that was kept without an id by its name."""
    path = tmp_path / "secrets.json"
    sink = Sink(str(path))
    sink.keep("vps/web-1", {"id": "1", "root_password": "first"})
    sink.keep("vps/web-1", {"id": "2", "root_password": "second"})
    sink.follow("vps", "1", "old-name", "api-1")
    assert {name: entry["root_password"] for name, entry in read(path).items()} == {
        "vps/web-1": "second",
        "vps/api-1": "first",
    }
    path.unlink()
    sink.keep("vps/web-1", {"id": None, "root_password": "first"})
    sink.follow("vps", "3", "other", "api-1")
    assert set(read(path)) == {"vps/web-1"}
    sink.follow("vps", "3", "web-1", "api-1")
    assert read(path)["vps/api-1"]["id"] == "3"


def test_an_entry_tells_that_its_server_is_gone(tmp_path: Path) -> None:
    """It is kept, with the time; the next server of the name gets an entry of its own."""
    path = tmp_path / "secrets.json"
    sink = Sink(str(path))
    sink.keep("vps/web-1", {"id": "1", "root_password": "first"})
    sink.follow("vps", "1", "web-1", None)
    gone = read(path)["vps/web-1"]
    assert gone["root_password"] == "first" and gone["terminated_at"].endswith("Z")
    sink.keep("vps/web-1", {"id": "2", "root_password": "second"})
    found = read(path)
    assert found["vps/web-1/1"] == gone and "terminated_at" not in found["vps/web-1"]


def test_nothing_to_follow(tmp_path: Path) -> None:
    """Without a file, without a path, without an entry: nothing is written."""
    path = tmp_path / "secrets.json"
    assert not Sink(str(path)).follow("vps", "1", "web-1", None) and not path.exists()
    assert not Sink(None).follow("vps", "1", "web-1", "api-1")
    Sink(str(path)).keep("vps/web-2", {"id": "2"})
    before = path.stat().st_mtime_ns
    assert not Sink(str(path)).follow("vps", "1", "web-1", None) and path.stat().st_mtime_ns == before


def test_a_name_that_is_taken_thrice(tmp_path: Path) -> None:
    """Nothing that is kept is ever dropped, however often names are used again."""
    path = tmp_path / "secrets.json"
    sink = Sink(str(path))
    for number in ("1", "2", "1", "2", "1"):
        sink.keep(
            "vps/web-1", {"id": number, "root_password": "pw-%d" % len(str(path.read_text() if path.exists() else ""))}
        )
    assert len(read(path)) == 5


def test_two_entries_without_an_id(tmp_path: Path) -> None:
    """Two replies without an id can be about two resources of one name.

    So neither password is dropped; a repeated reply is no second entry.
    """
    file = tmp_path / "secrets.json"
    for password in ("one", "one", "two"):
        Sink(str(file)).keep("vps/web-1", {"id": None, "root_password": password})
    found = json.loads(file.read_text())
    assert {entry["root_password"] for entry in found.values()} == {"one", "two"} and len(found) == 2
    assert found["vps/web-1"]["root_password"] == "two"


def test_a_blank_path_is_none() -> None:
    """A variable that nobody set makes no file whose name is a space."""
    assert Sink(" ").path is None and Sink("").path is None
