# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for a status: what a wait that ends tells."""

from __future__ import annotations

import types
import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils._endpoint import Endpoint
from ansible_collections.h444.cloud.plugins.module_utils._errors import NotReached
from ansible_collections.h444.cloud.plugins.module_utils._plan import Action
from ansible_collections.h444.cloud.plugins.module_utils._wait import wait_for


def test_a_wait_that_ends_tells_the_states_alone() -> None:
    """A result's waited_seconds is what the rate limit cost, and never what a wait for a status took."""
    slept: list[float] = []
    api = types.SimpleNamespace(now=lambda: sum(slept), sleep=slept.append)
    action = Action("wait for", "web-1", Endpoint("GET", "/vps/{id}", ""), {"id": "7"}, until=("running",))
    row = {"id": "7", "status": "provisioning"}
    progress: t.Any = types.SimpleNamespace(after=None)
    with pytest.raises(NotReached, match="instead of running") as caught:
        wait_for(api, action, progress, lambda: row, 60, {"running", "provisioning"})
    assert caught.value.facts == {"states_seen": ["provisioning"]} and 0 < sum(slept) <= 60 and progress.after is row
