# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans as data."""

from __future__ import annotations

from ansible_collections.h444.cloud.plugins.module_utils import _vps
from ansible_collections.h444.cloud.plugins.module_utils._plan import Action, Plan, in_steps, laid_over, same

STOP = Action("stop", "web-1", _vps.STOP, {"id": "7"})


def test_action() -> None:
    """It is written as a sentence has it; waiting reads only."""
    assert str(STOP) == "stop web-1" and STOP.writes
    assert not Action("wait for", "web-1", _vps.GET, {"id": "7"}).writes


def test_same() -> None:
    """Nothing to do: before is after."""
    assert same({"id": "7"}, ("a note",)) == Plan({"id": "7"}, {"id": "7"}, (), ("a note",))


def test_laid_over() -> None:
    """What the API left out stays as it is known; False and nought are told."""
    assert laid_over({"a": 1, "b": 2, "c": 3}, {"a": None, "b": 0, "c": False, "d": None}) == {
        "a": 1,
        "b": 0,
        "c": False,
    }
    assert laid_over({"a": 1}, None) == {"a": 1}


def test_in_steps() -> None:
    """A step that is not needed is left out; each changes what the ones before it left."""
    start = Action("start", "web-1", _vps.START, {"id": "7"})
    before = {"id": "7", "status": "running", "label": "web-1"}
    plan = in_steps(before, [None, (STOP, {"status": "stopped"}), (start, {"status": "running", "x": 1})], ["a note"])
    assert plan == Plan(before, {**before, "x": 1}, (STOP, start), ("a note",))
    assert plan.before is before and in_steps(before, [None]) == same(before)
