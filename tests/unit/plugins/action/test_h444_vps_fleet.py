# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a play with h444_vps_fleet shows: the plan once, a line for each server, and no password."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.plugins.action.h444_vps_fleet import ActionModule
from ansible_collections.h444.cloud.plugins.modules import h444_vps_fleet
from ansible_collections.h444.cloud.plugins.plugin_utils._secret_action import SECRETS
from ansible_collections.h444.cloud.tests.integration.playing import (
    environment,
    play,
    secrets_in,
    shown_secrets,
    write_playbook,
)
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

pytestmark = pytest.mark.slow

FLEET: dict[str, t.Any] = {
    "servers": [{"label": "web-1"}, {"label": "web-2", "os_template": "debian-12"}],
    "plan_slug": "vps-2",
    "os_template": "ubuntu-24.04",
}
PLAN = (
    "SERVER  CHANGE                         USD A MONTH\n"
    "web-1   order vps-2 with ubuntu-24.04         9.60\n"
    "web-2   order vps-2 with debian-12            9.60\n"
)
WAYS = pytest.mark.parametrize("in_process", ["true", "false"], ids=["in process", "as a module"])


def test_it_knows_its_secrets() -> None:
    assert set(h444_vps_fleet.SPEC["state"]["choices"]) - set(ActionModule.HARMLESS_STATES) >= {
        "present",
        "reinstalled",
    }
    assert {"root_passwords", "other_secrets"} <= set(SECRETS)


@WAYS
def test_what_a_play_shows(tmp_path: Path, in_process: str) -> None:
    """Check mode, diff mode and both show the plan once; passwords are registered and nowhere else."""
    tasks: list[dict[str, t.Any]] = [
        {"name": "Fleet", "h444.cloud.h444_vps_fleet": FLEET, "register": "fleet"},
        {
            "ansible.builtin.assert": {
                "that": ["ansible_check_mode or fleet.root_passwords | length in [0, 2]"],
                "quiet": True,
            }
        },
    ]
    playbook = str(write_playbook(tmp_path, tasks))
    with Simulator.start(balance=10_000) as simulator:
        env = environment(tmp_path / "home", simulator.url, simulator.key, H444_IN_PROCESS=in_process)
        command = ["ansible-playbook", "-i", "localhost,", playbook]
        for more in (["--check"], ["--check", "--diff"]):
            played = play([*command, *more], env, tmp_path)
            assert played.code == 0 and played.output.count(PLAN) == 1, played.output
            assert "wallet after" in played.output and "ordered (" not in played.output
        assert simulator.writes() == []

        played = play([*command, "-vvvv", "--diff"], env, tmp_path)
        assert played.code == 0 and played.output.count(PLAN) == 1, played.output
        for line in ("web-1: ordered (", "web-2: ordered (", "web-1: running", "web-2: running"):
            assert played.output.count(line) == (1 if in_process == "true" else 0), line
        secrets = secrets_in(simulator.state()) | {simulator.key}
        assert len(secrets) > 2 and not shown_secrets(played.output, secrets)

        again = play([*command, "--check", "--diff"], env, tmp_path)
        assert again.code == 0 and "SERVER" not in again.output and "changed=0" in again.output


def test_a_task_that_nobody_may_see_shows_nothing(tmp_path: Path) -> None:
    tasks = [{"name": "Fleet", "h444.cloud.h444_vps_fleet": FLEET, "no_log": True}]
    with Simulator.start(balance=10_000) as simulator:
        env = environment(tmp_path / "home", simulator.url, simulator.key)
        command = ["ansible-playbook", "-i", "localhost,", str(write_playbook(tmp_path, tasks))]
        for more in (["--check"], ["--diff"]):
            played = play([*command, *more], env, tmp_path)
            assert played.code == 0 and "web-1" not in played.output, played.output
        assert len(simulator.debits()) == 2
