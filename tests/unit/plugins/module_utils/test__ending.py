# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A signal to end waits for what is held, and for nothing else."""

from __future__ import annotations

import os
import signal
import threading
import time
import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _ending
from ansible_collections.h444.cloud.plugins.module_utils._ending import Ending


@pytest.fixture
def ended() -> t.Iterator[list[int]]:
    """The signals that had their effect."""
    found: list[int] = []
    before = {signum: signal.getsignal(signum) for signum in (*_ending.SIGNALS, signal.SIGALRM)}
    for signum in _ending.SIGNALS:
        signal.signal(signum, lambda number, _frame: found.append(number))
    yield found
    for signum, handler in before.items():
        signal.signal(signum, handler)


def send(signum: int) -> None:
    """Send this process a signal."""
    os.kill(os.getpid(), signum)


@pytest.mark.parametrize("signum", _ending.SIGNALS)
def test_a_signal_has_its_effect_at_once(ended: list[int], signum: int) -> None:
    with Ending():
        send(signum)
        assert ended == [signum]
    assert ended == [signum]


def test_a_signal_waits_for_what_is_held(ended: list[int]) -> None:
    """The core sends a second one a moment later: the first is the one that counts."""
    with Ending() as ending:
        ending.hold()
        send(signal.SIGINT)
        send(signal.SIGTERM)
        assert ended == [] and ending.is_due
        ending.release()
        assert ended == [signal.SIGINT] and not ending.is_due
    send(signal.SIGTERM)
    assert ended == [signal.SIGINT, signal.SIGTERM] and signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_what_is_held_ends_with_its_block(ended: list[int]) -> None:
    with pytest.raises(KeyError), Ending() as ending:
        ending.hold()
        send(signal.SIGTERM)
        raise KeyError
    assert ended == [signal.SIGTERM]


def test_a_signal_waits_for_a_limited_time(ended: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ending, "PATIENCE_SECONDS", 0.05)
    with Ending() as ending:
        ending.hold()
        send(signal.SIGINT)
        until = time.monotonic() + 10
        while not ended and time.monotonic() < until:
            time.sleep(0.01)
        assert ended == [signal.SIGINT]


def test_a_signal_that_is_ignored_stays_ignored(ended: list[int]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Ending() as ending:
        send(signal.SIGINT)
        assert not ending.is_due and ended == []


def test_a_thread_gets_no_signals(ended: list[int]) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with Ending() as ending:
                ending.hold()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    assert failures == [] and ended == []
