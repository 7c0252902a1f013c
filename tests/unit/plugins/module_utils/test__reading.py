# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One reading of the account: each list once, and a failure stays one."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils._errors import BadReply
from ansible_collections.h444.cloud.plugins.module_utils._reading import Reading


class Clock:
    """An API that only has a clock."""

    def now(self) -> float:
        """Give the time."""
        return 12.0


def test_what_was_read_is_not_read_again() -> None:
    reading, reads = Reading(t.cast(t.Any, Clock())), []
    for _time in range(2):
        assert reading.once("a", lambda _api: reads.append("a") or len(reads)) == 1
    assert reading.once("b", lambda _api: "b") == "b"
    assert (reads, reading.started) == (["a"], 12.0)


def test_a_failure_is_not_tried_again() -> None:
    reading, reads = Reading(t.cast(t.Any, Clock())), []

    def fail(_api: t.Any) -> None:
        reads.append(1)
        raise BadReply("odd")

    for _time in range(2):
        with pytest.raises(BadReply, match="odd"):
            reading.once("a", fail)
    assert reads == [1]
