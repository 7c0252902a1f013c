# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a play with h444_manifest shows: the plan once, also if it is refused, and no secret."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.integration.playing import (
    environment,
    play,
    secrets_in,
    shown_secrets,
    write_playbook,
)
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

pytestmark = pytest.mark.slow

MANIFEST: dict[str, t.Any] = {
    "servers": [{"label": "web-1", "plan_slug": "vps-2", "os_template": "ubuntu-24.04"}],
    "hosting": [{"domain": "example.com", "username": "ex", "plan_slug": "hosting-pro"}],
    "webhooks": [{"url": "https://example.com/hook", "events": ["vps.created"]}],
}
SECRETS = ("root_passwords", "sftp_passwords", "db_passwords", "webhook_secrets")
WAYS = pytest.mark.parametrize("in_process", ["true", "false"], ids=["in process", "as a module"])


def tasks(**options: t.Any) -> list[dict[str, t.Any]]:
    """Apply the document, and look whether its secrets were registered."""
    there = [f"ansible_check_mode or account.{name} | length == (1 if account.changed else 0)" for name in SECRETS]
    return [
        {"name": "Account", "h444.cloud.h444_manifest": {"manifest": MANIFEST, **options}, "register": "account"},
        {"ansible.builtin.assert": {"that": there, "quiet": True}},
    ]


@WAYS
def test_the_plan_is_shown_once_and_secrets_are_registered_and_nowhere_else(tmp_path: Path, in_process: str) -> None:
    write_playbook(tmp_path, tasks())
    with Simulator.start() as simulator:
        env = environment(tmp_path / "home", simulator.url, simulator.key, H444_IN_PROCESS=in_process)
        for words, times in ((["--check"], 1), (["--check", "--diff"], 1), (["-vvvv"], 0), (["--diff"], 0)):
            played = play(["ansible-playbook", "site.yml", *words], env, tmp_path)
            assert played.code == 0, played.tail()
            assert played.output.count("create  servers   web-1 ") == times, (words, played.output)
            assert not shown_secrets(played.output, secrets_in(simulator.state())), words
        assert len(simulator.debits()) == 2


@WAYS
def test_a_refused_plan_is_shown_too(tmp_path: Path, in_process: str) -> None:
    write_playbook(tmp_path, tasks(max_total_monthly_usd_cents=5))
    with Simulator.start() as simulator:
        env = environment(tmp_path / "home", simulator.url, simulator.key, H444_IN_PROCESS=in_process)
        played = play(["ansible-playbook", "site.yml", "--check"], env, tmp_path)
    assert played.code == 2
    assert "which is more than max_total_monthly_usd_cents: 5." in played.output
    assert "create  servers   web-1 " in played.output


@pytest.mark.parametrize(
    ("keyword", "words"),
    [({"async": 10, "poll": 0}, "async is refused here"), ({"until": "true"}, "until and retries are refused here")],
)
def test_what_would_lose_secrets_is_refused_unless_there_are_none(
    tmp_path: Path, keyword: dict[str, t.Any], words: str
) -> None:
    harmless = {"h444.cloud.h444_manifest": {"manifest": {"domains": [], "ptr_records": [], "servers": []}}, **keyword}
    write_playbook(tmp_path, [harmless, {"h444.cloud.h444_manifest": {"manifest": MANIFEST}, **keyword}])
    with Simulator.start() as simulator:
        env = environment(tmp_path / "home", simulator.url, simulator.key)
        played = play(["ansible-playbook", "site.yml"], env, tmp_path)
        assert not simulator.writes()
    assert (played.code, words in played.output) == (2, True), played.tail()
    assert "ok=1 " in played.output
