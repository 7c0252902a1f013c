# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The sliding log of send times that keeps many processes under one rate limit. Pure.

A log, not a token bucket: a bucket that is full at the start lets twice the limit through in the first minute.
"""

from __future__ import annotations

import typing as t

WINDOW_SECONDS = 61.2
"""A little more than the API's minute, for clocks and networks that are not exact."""
USABLE_SHARE = 0.95
"""What this machine takes for itself; the rest is for other users of the key."""
FORGET_SECONDS = 20 * WINDOW_SECONDS
"""A stamp further ahead than this comes from a clock that jumped."""


class Window(t.NamedTuple):
    """When requests were or will be sent (seconds since the epoch, ascending), and until when none may be."""

    sent_at: tuple[float, ...] = ()
    not_before: float = 0.0


def usable(per_minute: int) -> int:
    """Return how many of *per_minute* requests are used."""
    return max(1, int(per_minute * USABLE_SHARE))


def reserve(window: Window, now: float, per_minute: int) -> tuple[Window, float]:
    """Take the next free moment. Returns the new state and the seconds to wait from *now*."""
    limit = usable(per_minute)
    horizon = now + FORGET_SECONDS
    kept = [stamp for stamp in window.sent_at if now - WINDOW_SECONDS < stamp < horizon]
    not_before = window.not_before if window.not_before < horizon else 0.0
    at = max(now, not_before)
    if len(kept) >= limit:
        at = max(at, kept[-limit] + WINDOW_SECONDS)
    stamps = tuple(sorted(kept + [at])[-2 * limit :])
    return Window(stamps, not_before), max(0.0, at - now)


def block_until(window: Window, moment: float) -> Window:
    """Let nobody send before *moment* (seconds since the epoch): the API said so."""
    return Window(window.sent_at, max(window.not_before, moment))
