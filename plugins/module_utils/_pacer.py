# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The pace that every process of this user on this machine shares, per API key.

One small file per key in a private directory, under flock. Where that is impossible the pace is kept by this process
alone, and the API's 429 does the rest.
"""

from __future__ import annotations

import hashlib
import os
import struct
import time
import typing as t

from ._lock import lock, open_private
from ._window import MAX_GAP_SECONDS, Window, block, reserve

LOCK_PATIENCE_SECONDS = 2.0


class Pacer:
    """Gives every request its turn. ``per_minute`` 0: no pacing."""

    def __init__(
        self,
        api_url: str,
        api_key: str,
        per_minute: int,
        *,
        clock: t.Callable[[], float] = time.time,
        sleep: t.Callable[[float], None] = time.sleep,
    ) -> None:
        self.per_minute = per_minute
        self._name = "pace-" + hashlib.sha256(("h444-pace\0%s\0%s" % (api_url, api_key)).encode()).hexdigest()[:32]
        self._clock = clock
        self._sleep = sleep
        self._own = Window()

    def wait_turn(self) -> float:
        """Wait until a request may be sent. Returns the seconds waited."""
        if self.per_minute <= 0:
            return 0.0
        # The moment is reserved under the lock and waited for outside of it, so that waiters don't queue on the lock.
        wait = self._update(lambda window: reserve(window, self._clock(), self.per_minute))
        if wait > 0:
            self._sleep(wait)
        return wait

    def block(self, seconds: float) -> None:
        """Tell every process that nothing may be sent for so long: the API answered 429."""
        if self.per_minute > 0:
            self._update(lambda window: (block(window, self._clock(), seconds, self.per_minute), 0.0))

    def _update(self, change: t.Callable[[Window], tuple[Window, float]]) -> float:
        handle = open_private(self._name)
        if handle is None:
            self._own, wait = change(self._own)
            return wait
        try:
            if not lock(handle, LOCK_PATIENCE_SECONDS):
                self._own, wait = change(self._own)
                return wait
            window, wait = change(_unpack(os.read(handle, 1 << 22)))
            data = struct.pack("<%dd" % (2 + len(window.sent_at)), window.not_before, window.gap, *window.sent_at)
            os.lseek(handle, 0, os.SEEK_SET)
            os.write(handle, data)
            os.ftruncate(handle, len(data))
            return wait
        except OSError:
            return 0.0
        finally:
            os.close(handle)


def _unpack(data: bytes) -> Window:
    """Read the file; anything but whole, finite numbers is an empty log."""
    if len(data) < 16 or len(data) % 8:
        return Window()
    numbers = struct.unpack("<%dd" % (len(data) // 8), data)
    if not all(0.0 <= number < 1e11 for number in numbers) or numbers[1] > MAX_GAP_SECONDS:
        return Window()
    return Window(tuple(sorted(numbers[2:])), numbers[0], numbers[1])
