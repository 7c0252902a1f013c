# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which states of h444_hosting may run in the background. What the action plugins share is tested with h444_vps."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.plugins.action.h444_hosting import ActionModule
from ansible_collections.h444.cloud.plugins.modules import h444_hosting
from ansible_collections.h444.cloud.plugins.plugin_utils._secret_action import SECRETS
from ansible_collections.h444.cloud.tests.integration.playing import environment, play, write_playbook
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

pytestmark = pytest.mark.slow

ORDER = {"domain": "example.com", "username": "examplecom", "plan": "hosting-starter"}


def test_it_knows_its_secrets() -> None:
    """What can order is refused; both passwords are among what is hidden."""
    assert set(h444_hosting.SPEC["state"]["choices"]) - set(ActionModule.HARMLESS_STATES) == {"present", "active"}
    assert {"sftp_password", "db_password"} <= set(SECRETS)


def test_async_and_timeout(tmp_path: Path) -> None:
    """Refused before any request where an order is possible; suspended and absent may run in the background."""
    tasks: list[dict[str, t.Any]] = []
    for keywords in ({"async": 30, "poll": 1}, {"timeout": 20}):
        for options in ({}, {"state": "active"}):
            tasks.append(
                {"h444.cloud.h444_hosting": {**ORDER, **options}, "register": "it", "ignore_errors": True, **keywords}
            )
            tasks.append(
                {
                    "ansible.builtin.assert": {
                        "that": ["it.failed and 'is refused here' in it.msg and 'wait_timeout' in it.msg"],
                        "quiet": True,
                    }
                }
            )
    with Simulator.start() as simulator:
        # Named in full, for the core looks a job up by the user's home and not by HOME.
        env = environment(tmp_path / "home", simulator.url, simulator.key, ANSIBLE_ASYNC_DIR=str(tmp_path / "async"))
        played = play(["ansible-playbook", "-i", "localhost,", str(write_playbook(tmp_path, tasks))], env, tmp_path)
        assert played.code == 0, played.tail()
        assert simulator.journal() == []

        simulator.seed(hosting=[{"domain": "example.com"}])
        tasks = []
        for state in ("suspended", "absent"):
            tasks.append(
                {
                    "h444.cloud.h444_hosting": {"domain": "example.com", "state": state},
                    "async": 60,
                    "poll": 1,
                    "register": "it",
                }
            )
            tasks.append({"ansible.builtin.assert": {"that": ["it is changed"], "quiet": True}})
        played = play(["ansible-playbook", "-i", "localhost,", str(write_playbook(tmp_path, tasks))], env, tmp_path)
        assert played.code == 0, played.tail()
        assert [row["alive"] for row in simulator.state()["hosting"].values()] == [False]
