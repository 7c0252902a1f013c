# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The sliding log of send times that keeps many processes under one rate limit. Pure.

A log, not a token bucket: a bucket that is full at the start lets twice the limit through in the first minute. What
keeps the limit in each minute that slides keeps it in fixed minutes, too.

After a 429, somebody else uses the key: a process that does not share this log. From then on, requests keep a gap. It
doubles with each further 429 and shrinks with each request, so that all users of the key come to similar shares.
"""

from __future__ import annotations

import typing as t

WINDOW_SECONDS = 61.2
"""A little more than the API's minute, for clocks and networks that are not exact."""
USABLE_SHARE = 0.985
"""What this machine takes for itself: 118 of 120. The rest is for late requests and for other users of the key."""
FORGET_SECONDS = 20 * WINDOW_SECONDS
"""A stamp further ahead than this comes from a clock that jumped."""
GAP_SHRINKS = 0.95
MAX_GAP_SECONDS = 5.0


class Window(t.NamedTuple):
    """When requests were or will be sent (seconds since the epoch, ascending), and until when none may be."""

    sent_at: tuple[float, ...] = ()
    not_before: float = 0.0
    gap: float = 0.0
    """the seconds between two requests, 0 as long as nobody else is known to use the key"""


def usable(per_minute: int) -> int:
    """Return how many of *per_minute* requests are used."""
    return max(1, int(per_minute * USABLE_SHARE))


def _even_gap(per_minute: int) -> float:
    """Return the seconds between two requests that are spread evenly."""
    return min(MAX_GAP_SECONDS, WINDOW_SECONDS / usable(per_minute))


def reserve(window: Window, now: float, per_minute: int) -> tuple[Window, float]:
    """Take the next free moment. Returns the new state and the seconds to wait from *now*."""
    limit = usable(per_minute)
    horizon = now + FORGET_SECONDS
    kept = [stamp for stamp in window.sent_at if now - WINDOW_SECONDS < stamp < horizon]
    not_before = window.not_before if window.not_before < horizon else 0.0
    at = max(now, not_before)
    if kept:
        at = max(at, kept[-1] + window.gap)
    if len(kept) >= limit:
        at = max(at, kept[-limit] + WINDOW_SECONDS)
    stamps = tuple((kept + [at])[-2 * limit :])
    gap = window.gap * GAP_SHRINKS
    return Window(stamps, not_before, gap if gap > _even_gap(per_minute) / 4 else 0.0), max(0.0, at - now)


def block(window: Window, now: float, seconds: float, per_minute: int) -> Window:
    """Let nobody send for so many *seconds* after *now*: the API answered 429. Its first one widens the gap."""
    gap = window.gap
    if window.not_before <= now:
        gap = min(MAX_GAP_SECONDS, max(2 * gap, _even_gap(per_minute)))
    return Window(window.sent_at, max(window.not_before, now + seconds), gap)
