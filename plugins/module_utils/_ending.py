# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Hold back the end of the process while the reply with a one-time secret is under way.

Ctrl-C, and the signal by which a job is canceled, end a worker of ansible-core at once. The server would be paid, and
its password would reach nobody.
"""

from __future__ import annotations

import os
import signal
import threading
import typing as t

SIGNALS = (signal.SIGINT, signal.SIGTERM)
PATIENCE_SECONDS = 60.0


class Ending:
    """What becomes of a signal to end. Only the main thread gets signals: in another one this does nothing."""

    def __init__(self) -> None:
        self._signum = 0
        self._is_held = False
        self._before: dict[int, t.Any] = {}

    def __enter__(self) -> Ending:
        if threading.current_thread() is threading.main_thread():
            for signum in SIGNALS:
                if signal.getsignal(signum) not in (signal.SIG_IGN, None):
                    self._before[signum] = signal.signal(signum, self._note)
        return self

    def __exit__(self, *_error: object) -> None:
        self.release()
        self._restore()

    @property
    def is_due(self) -> bool:
        """Whether the process is to end, so that nothing further may begin."""
        return bool(self._signum)

    def hold(self) -> None:
        """Hold back the end, for 60 seconds at most."""
        self._is_held = True

    def release(self) -> None:
        """Hold back the end no longer."""
        self._is_held = False
        if self._signum:
            self._end()

    def _note(self, signum: int, _frame: t.Any) -> None:
        is_first = not self._signum
        self._signum = self._signum or signum
        if not self._is_held:
            self._end()
        elif is_first:
            self._before[signal.SIGALRM] = signal.signal(signal.SIGALRM, lambda *_given: self._end())
            signal.setitimer(signal.ITIMER_REAL, PATIENCE_SECONDS)

    def _end(self) -> None:
        """Let the signal have its effect now."""
        signum, self._signum = self._signum, 0
        self._restore()
        os.kill(os.getpid(), signum)

    def _restore(self) -> None:
        if signal.SIGALRM in self._before:
            signal.setitimer(signal.ITIMER_REAL, 0)
        while self._before:
            signal.signal(*self._before.popitem())
