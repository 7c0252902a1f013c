# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pace that the processes of a user share."""

from __future__ import annotations

import contextlib
import os
import stat
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.plugins.module_utils._lock import open_private, private_dir
from ansible_collections.h444.cloud.plugins.module_utils._pacer import Pacer
from ansible_collections.h444.cloud.plugins.module_utils._window import WINDOW_SECONDS

MODULE = "ansible_collections.h444.cloud.plugins.module_utils._pacer"


def make(now: float = 1000.0, limit: int = 20, key: str = "k") -> tuple[Pacer, list[float]]:
    """Give a pacer with a clock that stands still, and the waits it makes."""
    waits: list[float] = []
    return Pacer("u", key, limit, clock=lambda: now, sleep=waits.append), waits


def test_two_pacers_share_one_log() -> None:
    (one, _waits), (two, waits) = make(), make()
    assert [one.wait_turn() for _turn in range(19)] == [0.0] * 19
    assert two.wait_turn() == pytest.approx(WINDOW_SECONDS) and waits == [pytest.approx(WINDOW_SECONDS)]
    assert make(key="other")[0].wait_turn() == 0.0


def test_a_block_is_shared() -> None:
    make()[0].block(30)
    assert make()[0].wait_turn() == pytest.approx(30)


def test_after_a_block_all_keep_the_same_gap() -> None:
    make()[0].block(30)
    assert make()[0].wait_turn() == pytest.approx(30)
    assert make()[0].wait_turn() == pytest.approx(30 + WINDOW_SECONDS / 19 * 0.95)


def test_without_a_limit_there_is_no_file(tmp_path: Path) -> None:
    pacer, _waits = make(limit=0)
    pacer.block(30)
    assert pacer.wait_turn() == 0.0 and not (tmp_path / "h444").exists()


def test_files_are_private_and_do_not_name_the_key(tmp_path: Path) -> None:
    make(key="h444_canary")[0].wait_turn()
    (file,) = (tmp_path / "h444").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert "canary" not in file.name and b"canary" not in file.read_bytes()


@pytest.mark.parametrize(
    "data",
    [
        b"x",
        b"\xff" * 80,
        struct.pack("<d", 1.0),
        struct.pack("<3d", float("nan"), 0.0, 1.0),
        struct.pack("<3d", 0.0, 0.0, float("inf")),
        struct.pack("<3d", -1.0, 0.0, 1.0),
        struct.pack("<3d", 2000.0, 6.0, 1.0),
    ],
)
def test_a_damaged_file_is_an_empty_log(data: bytes, tmp_path: Path) -> None:
    make()[0].wait_turn()
    (file,) = (tmp_path / "h444").iterdir()
    file.write_bytes(data)
    pacer, _waits = make()
    assert [pacer.wait_turn() for _turn in range(20)][-2:] == [0.0, pytest.approx(WINDOW_SECONDS)]


def test_without_a_private_directory_each_process_keeps_the_pace_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "missing"))
    pacer, _waits = make()
    assert [pacer.wait_turn() for _turn in range(20)][-1] == pytest.approx(WINDOW_SECONDS)
    assert not (tmp_path / "missing").exists()


@pytest.mark.parametrize("kind", ["fifo", "directory"])
def test_what_is_not_a_file_is_not_opened(kind: str) -> None:
    """A FIFO would hold the task up for ever: the pace is kept by this process alone, and a lock is not taken."""
    pacer, waits = make(key="odd")
    path = os.path.join(str(private_dir()), pacer._name)
    with contextlib.ExitStack() as stack:
        if kind == "fifo":
            os.mkfifo(path)
            stack.callback(os.unlink, path)
        else:
            os.mkdir(path)
            stack.callback(os.rmdir, path)
        before = len(os.listdir("/proc/self/fd"))
        assert open_private(pacer._name) is None
        assert [pacer.wait_turn() for _request in range(3)] == [0.0] * 3 and waits == []
        assert len(os.listdir("/proc/self/fd")) == before


def test_the_pace_is_kept_across_processes() -> None:
    program = "from %s import Pacer\np = Pacer('u', 'k', 20, clock=lambda: 1000.0, sleep=lambda s: None)\n" % MODULE
    program += "print(*[round(p.wait_turn(), 1) for _ in range(10)])"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    workers = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment)
        for _worker in range(4)
    ]
    waits = sorted(float(word) for worker in workers for word in worker.communicate(timeout=20)[0].split())
    assert waits == [0.0] * 19 + [61.2] * 19 + [122.4] * 2
