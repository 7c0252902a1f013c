# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The secret of a webhook: registered, shown nowhere, and not lost to the keywords that would lose it."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.plugins.action.h444_webhook import ActionModule
from ansible_collections.h444.cloud.tests.integration.playing import (
    environment,
    play,
    secrets_in,
    shown_secrets,
    write_playbook,
)
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

pytestmark = pytest.mark.slow

HOOK = {"url": "https://example.com/hook", "events": ["vps.created"]}


def holds(condition: str) -> dict[str, t.Any]:
    """Make a task that checks what was registered."""
    return {"ansible.builtin.assert": {"that": [condition], "quiet": True}}


@pytest.mark.parametrize("in_process", ["true", "false"])
def test_hidden_refused_and_harmless(tmp_path: Path, in_process: str) -> None:
    """A new secret is only in register; async and timeout are refused before any request where it could be lost."""
    tasks: list[dict[str, t.Any]] = []
    for keywords in ({"async": 30, "poll": 0}, {"timeout": 20}):
        for options in (HOOK, {"url": HOOK["url"], "rotate_secret": True}):
            tasks.append({"h444.cloud.h444_webhook": options, "register": "it", "ignore_errors": True, **keywords})
            tasks.append(
                holds(
                    "it.failed and 'is refused here' in it.msg and 'api_timeout' in it.msg "
                    "and 'wait_timeout' not in it.msg"
                )
            )
    before = len(tasks)
    tasks += [
        {"h444.cloud.h444_webhook": HOOK, "register": "made", "diff": True},
        {"h444.cloud.h444_webhook": {"id": "{{ made.webhook.id }}", "rotate_secret": True}, "register": "it"},
        holds("made.secret is match('whsec_') and it.secret is match('whsec_') and it.secret != made.secret"),
        {"h444.cloud.h444_webhook": {"url": HOOK["url"], "state": "absent"}, "register": "it", "async": 60, "poll": 1},
        holds("it is changed and it.webhook is none"),
    ]
    with Simulator.start() as simulator:
        # Named in full, for the core looks a job up by the user's home and not by HOME.
        env = environment(
            tmp_path / "home",
            simulator.url,
            simulator.key,
            ANSIBLE_ASYNC_DIR=str(tmp_path / "async"),
            ANSIBLE_LOG_PATH=str(tmp_path / "log"),
            H444_IN_PROCESS=in_process,
        )
        played = play(
            ["ansible-playbook", "-i", "localhost,", str(write_playbook(tmp_path, tasks[:before]))], env, tmp_path
        )
        assert played.code == 0, played.tail()
        assert simulator.journal() == []
        played = play(
            ["ansible-playbook", "-vvvv", "-i", "localhost,", str(write_playbook(tmp_path, tasks[before:]))],
            env,
            tmp_path,
        )
        assert played.code == 0, played.tail()
        everything = played.output + (tmp_path / "log").read_text(encoding="utf-8")
        assert "censored" in everything and "whsec_" not in everything.replace("match('whsec_')", "")
        assert not shown_secrets(everything, secrets_in(simulator.state()) | {simulator.key})
        assert [row["method"] for row in simulator.writes()] == ["POST", "POST", "DELETE"]


def test_only_absent_is_harmless() -> None:
    """Every other state may create or rotate."""
    assert ActionModule.HARMLESS_STATES == ("absent",)
