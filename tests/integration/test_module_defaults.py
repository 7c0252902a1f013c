# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action group reaches every module: what module_defaults sets need not be said again."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.integration.playing import ROOT, environment, play, write_playbook
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

MODULES = sorted(file.stem for file in (ROOT / "plugins" / "modules").glob("h444_*.py"))


@pytest.mark.parametrize("in_process", ["true", "false"])
@pytest.mark.parametrize("key", ["h444_the_key_of_nobody", ""])
def test_the_action_group_reaches_every_module(tmp_path: Path, key: str, in_process: str) -> None:
    """Each module takes URL and key from the group. Without the group, the same tasks complain of the key.

    Not in process and with the key, each module is a process of its own, which imports what came in its archive.
    """
    with Simulator.start() as simulator:
        tasks: list[dict[str, t.Any]] = [
            {"name": module, f"h444.cloud.{module}": {}, "register": module, "ignore_errors": True}
            for module in MODULES
        ]
        content = "{{ {" + ", ".join(f"'{module}': {module}.msg | default('')" for module in MODULES) + "} | to_json }}"
        tasks.append(
            {
                "name": "Keep",
                "ansible.builtin.copy": {"content": content, "dest": str(tmp_path / "said.json"), "mode": "0600"},
            }
        )
        defaults = (
            {"group/h444.cloud.h444": {"api_url": simulator.url, "api_key": key, "api_retries": 0}} if key else {}
        )
        playbook = write_playbook(tmp_path, tasks, module_defaults=defaults)
        env = environment(tmp_path / "home", "http://127.0.0.1:9/v1", "", H444_IN_PROCESS=in_process)
        played = play(["ansible-playbook", "-i", "localhost,", str(playbook)], env, tmp_path, is_warm=not key)
        assert played.code == 0, played.tail()
        said: dict[str, str] = json.loads((tmp_path / "said.json").read_text(encoding="utf-8"))
    assert set(said) == set(MODULES)
    assert not [module for module in said if "nsupported parameter" in said[module]], said
    complain = {module for module, message in said.items() if "api_key" in message and "answered 401" not in message}
    if key:
        assert not complain, said
        # What needs no further option got as far as the API, with the key of the group.
        assert "answered 401" in said["h444_account_info"] and "answered 401" in said["h444_vps_info"], said
    else:
        assert {"h444_account_info", "h444_vps", "h444_ptr"} <= complain, said
