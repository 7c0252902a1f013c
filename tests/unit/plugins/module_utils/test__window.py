# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sliding log of send times: no minute holds more requests than the share of the limit."""

from __future__ import annotations

import pytest

from ansible_collections.h444.cloud.plugins.module_utils._window import (
    FORGET_SECONDS,
    WINDOW_SECONDS,
    Window,
    block_until,
    reserve,
    usable,
)

NOW = 1_790_000_000.0


def sent(per_minute: int, gaps: list[float], window: Window | None = None) -> list[float]:
    """Reserve a moment after each of these gaps, and give when the requests are sent, from NOW on."""
    window, now, moments = window or Window(), NOW, []
    for gap in gaps:
        now += gap
        window, wait = reserve(window, now, per_minute)
        moments.append(now + wait - NOW)
    return moments


@pytest.mark.parametrize(("per_minute", "used"), [(1, 1), (2, 1), (20, 19), (120, 114), (0, 1)])
def test_a_share_of_the_limit_is_used_and_at_least_one_request(per_minute: int, used: int) -> None:
    assert usable(per_minute) == used


def test_the_first_requests_of_a_window_do_not_wait() -> None:
    assert sent(4, [0.0, 0.0, 0.0]) == [0.0, 0.0, 0.0]


def test_the_next_one_waits_until_the_first_has_left_the_window() -> None:
    assert sent(4, [0.0, 10.0, 10.0, 5.0]) == pytest.approx([0.0, 10.0, 20.0, WINDOW_SECONDS])


def test_many_at_once_are_spread_over_as_many_windows_as_they_need() -> None:
    moments = sent(4, [0.0] * 8)
    assert moments == pytest.approx([0.0] * 3 + [WINDOW_SECONDS] * 3 + [2 * WINDOW_SECONDS] * 2)


@pytest.mark.parametrize("gap", [0.0, 0.7, 3.0, 20.0])
def test_no_window_holds_more_than_the_share(gap: float) -> None:
    limit, moments = usable(20), sent(20, [gap] * 100)
    assert moments == sorted(moments)
    for first, after in zip(moments, moments[limit:]):
        assert after - first >= WINDOW_SECONDS - 1e-6


def test_what_has_left_the_window_costs_nothing_and_is_forgotten() -> None:
    old = Window((NOW - WINDOW_SECONDS - 1, NOW - WINDOW_SECONDS))
    assert reserve(old, NOW, 2) == (Window((NOW,)), 0.0)


def test_the_log_does_not_grow_without_end() -> None:
    window = Window()
    for _request in range(50):
        window, _wait = reserve(window, NOW, 4)
    assert len(window.sent_at) == 2 * usable(4)
    assert list(window.sent_at) == sorted(window.sent_at)


def test_stamps_of_a_clock_that_jumped_are_forgotten() -> None:
    ahead = NOW + FORGET_SECONDS + 1
    window, wait = reserve(Window((ahead, ahead), not_before=ahead), NOW, 2)
    assert (window, wait) == (Window((NOW,), 0.0), 0.0)


def test_stamps_that_are_ahead_by_a_queue_are_kept() -> None:
    later = NOW + WINDOW_SECONDS
    window, wait = reserve(Window((NOW, NOW, later, later)), NOW, 3)
    assert wait == pytest.approx(2 * WINDOW_SECONDS) and window.sent_at[:3] == (NOW, later, later)


def test_nobody_sends_before_the_moment_that_the_api_named() -> None:
    window = block_until(Window((NOW - 1,)), NOW + 30)
    window, wait = reserve(window, NOW, 120)
    assert wait == 30 and window.sent_at == (NOW - 1, NOW + 30) and window.not_before == NOW + 30
    assert reserve(window, NOW + 31, 120)[1] == 0.0


def test_an_earlier_moment_does_not_lift_a_later_one() -> None:
    assert block_until(Window((), NOW + 30), NOW + 5) == Window((), NOW + 30)
