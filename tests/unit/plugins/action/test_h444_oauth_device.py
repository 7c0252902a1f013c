# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who has the device code can take the tokens: it is registered, in no output, and in no file of a job."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.integration.playing import environment, play, write_playbook
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("in_process", ["true", "false"])
def test_hidden_and_refused(tmp_path: Path, in_process: str) -> None:
    """At any verbosity, also with a loop; async is refused before any request; what is not lost may be repeated."""
    begin = {"h444.cloud.h444_oauth_device": {"client_id": "h444-ansible"}, "register": "it"}
    tasks: list[dict[str, t.Any]] = [
        {**begin, "async": 30, "poll": 0, "ignore_errors": True},
        {
            "ansible.builtin.assert": {
                "that": ["it.failed and 'async is refused here' in it.msg and 'api_timeout' in it.msg"]
            }
        },
        {**begin, "until": "it is success", "retries": 1, "timeout": 60},
        {
            "ansible.builtin.copy": {"content": "{{ it.device_code }}", "dest": str(tmp_path / "code"), "mode": "0600"},
            "no_log": True,
        },
        {"ansible.builtin.assert": {"that": ["it.device_code | length > 8", "it.user_code is defined"]}},
        {**begin, "loop": [1, 2]},
    ]
    with Simulator.start() as simulator:
        env = environment(
            tmp_path / "home",
            simulator.url,
            simulator.key,
            ANSIBLE_ASYNC_DIR=str(tmp_path / "async"),
            ANSIBLE_LOG_PATH=str(tmp_path / "log"),
            H444_IN_PROCESS=in_process,
        )
        played = play(
            ["ansible-playbook", "-vvvv", "--diff", "-i", "localhost,", str(write_playbook(tmp_path, tasks))],
            env,
            tmp_path,
        )
        assert played.code == 0, played.tail()
        code = (tmp_path / "code").read_text(encoding="utf-8")
        assert code not in played.output + (tmp_path / "log").read_text(encoding="utf-8")
        assert not (tmp_path / "async").exists()
