# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sliding log of send times: no minute holds more requests than the share of the limit."""

from __future__ import annotations

import pytest

from ansible_collections.h444.cloud.plugins.module_utils._window import (
    FORGET_SECONDS,
    MAX_GAP_SECONDS,
    WINDOW_SECONDS,
    Window,
    block,
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


@pytest.mark.parametrize(("per_minute", "used"), [(1, 1), (2, 1), (20, 19), (120, 118), (0, 1)])
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
    window = block(Window((NOW - 1,)), NOW, 30, 120)
    window, wait = reserve(window, NOW, 120)
    assert wait == 30 and window.sent_at == (NOW - 1, NOW + 30) and window.not_before == NOW + 30
    assert reserve(window, NOW + 31, 120)[1] == 0.0


def test_an_earlier_moment_does_not_lift_a_later_one() -> None:
    assert block(Window((), NOW + 30), NOW, 5, 120).not_before == NOW + 30


@pytest.mark.parametrize("late", [0.0, 1.1])
def test_the_limit_is_kept_although_a_request_is_late_and_is_used_all_the_same(late: float) -> None:
    """What counts is when a request reaches the API: here the first of each burst takes longer than the others."""
    limit = usable(120)
    moments = sent(120, [0.0] * 10 * limit)
    arrived = sorted(moment + (late if place % limit == 0 else 0.0) for place, moment in enumerate(moments))
    for first, after in zip(arrived, arrived[120:]):
        assert after - first >= 60
    assert 9 * limit / (moments[9 * limit] / 60 * 120) >= 0.95


def test_after_a_429_requests_keep_a_gap_that_shrinks_to_nothing() -> None:
    """Somebody else uses the key: a burst at the end of the wait would take everything that is left."""
    window = block(Window(), NOW, 10, 120)
    moments = sent(120, [0.0] * 60, window)
    gaps = [after - before for before, after in zip(moments, moments[1:])]
    assert gaps[0] == pytest.approx(0.493, abs=0.001) and gaps == sorted(gaps, reverse=True) and gaps[-1] == 0.0


def test_each_further_429_doubles_the_gap_up_to_a_bound() -> None:
    window, now, gaps = Window(), NOW, []
    for _refusal in range(6):
        window = block(window, now, 10, 120)
        gaps.append(window.gap)
        now += 10
    assert gaps == pytest.approx([0.519, 1.037, 2.075, 4.149, MAX_GAP_SECONDS, MAX_GAP_SECONDS], abs=0.001)


def test_requests_that_are_refused_at_once_widen_the_gap_once() -> None:
    """They were under way when the first 429 came, so their own says nothing new."""
    window = block(Window(), NOW, 10, 120)
    assert block(window, NOW + 0.2, 10, 120).gap == window.gap
