# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of one-time secrets follows the account, and a later play reads it as the guide says."""

from __future__ import annotations

import json
import re
import sys
import textwrap
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.h444.cloud.tests.integration.playing import (
    ROOT,
    environment,
    play,
    secrets_in,
    shown_secrets,
    write_playbook,
)
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

GUIDE = (ROOT / "docs" / "docsite" / "rst" / "guide_orders.rst").read_text(encoding="utf-8")
Entries = t.Dict[str, t.Dict[str, t.Any]]


@pytest.mark.parametrize("in_process", ["true", "false"])
def test_entries_follow_renames_and_removals(tmp_path: Path, in_process: str) -> None:
    """Of servers, webhooks and hosting; a file that can't be written then fails nothing."""
    file = tmp_path / "secrets.json"
    keeping = {"credentials_file": str(file)}
    vps, hook, site = "h444.cloud.h444_vps", "h444.cloud.h444_webhook", "h444.cloud.h444_hosting"
    server: dict[str, t.Any] = {"label": "web-1", "plan_slug": "vps-1", "os_template": "debian-12", **keeping}
    urls = {"old": "https://example.com/old", "new": "https://example.com/new"}
    states: list[list[dict[str, t.Any]]] = [
        [
            {vps: server},
            {hook: {"url": urls["old"], "events": ["vps.created"], **keeping}},
            {site: {"domain": "example.com", "username": "examplecom", "plan_slug": "hosting-starter", **keeping}},
        ],
        [
            # The new password belongs to the new name, though the server is found by the old one.
            {vps: {"label": "web-1", "new_label": "api-1", "state": "reinstalled", "force": True, **keeping}},
            {hook: {"url": urls["old"], "new_url": urls["new"], **keeping}},
            {site: {"domain": "example.com", "state": "absent", **keeping}},
        ],
        [
            {vps: {"label": "api-1", "state": "absent", **keeping}},
            {hook: {"url": urls["new"], "state": "absent", **keeping}},
            {vps: {**server, "label": "api-1", "order_generation": "2"}},
        ],
        [
            {"ansible.builtin.copy": {"content": "not ours", "dest": str(file), "mode": "0600"}},
            {vps: {"label": "api-1", "new_label": "api-2", **keeping}, "register": "it"},
            {"ansible.builtin.assert": {"that": ["it is changed", "it.vps.label == 'api-2'"]}},
        ],
    ]
    seen: list[Entries] = []
    with Simulator.start() as simulator:
        env = environment(tmp_path / "home", simulator.url, simulator.key, H444_IN_PROCESS=in_process)
        for tasks in states:
            played = play(["ansible-playbook", "-i", "localhost,", str(write_playbook(tmp_path, tasks))], env, tmp_path)
            assert played.code == 0, played.tail()
            text = file.read_text(encoding="utf-8")
            seen.append(json.loads(text) if text.startswith("{") else {})
        assert "could not be updated" in played.output and [
            row["label"] for row in simulator.state()["vps"] if row["alive"]
        ] == ["api-2"]
    first, second, third, _last = seen
    old, new = "webhook/" + urls["old"], "webhook/" + urls["new"]
    assert set(first) == {"vps/web-1", old, "hosting/example.com"}
    assert set(second) == {"vps/api-1", new, "hosting/example.com"}
    assert second[new] == first[old] and "terminated_at" in second["hosting/example.com"]
    assert second["vps/api-1"]["id"] == first["vps/web-1"]["id"]
    assert second["vps/api-1"]["root_password"] != first["vps/web-1"]["root_password"]
    place = "vps/api-1/" + first["vps/web-1"]["id"]
    assert set(third) == {"vps/api-1", place, new, "hosting/example.com"}
    assert (
        "terminated_at" in third[place] and "terminated_at" in third[new] and "terminated_at" not in third["vps/api-1"]
    )
    assert third[place]["root_password"] == second["vps/api-1"]["root_password"]


def test_the_guide_of_credentials_is_played(tmp_path: Path) -> None:
    """The two plays of the guide; what it says of the file's form is what is written."""
    (block,) = [
        textwrap.dedent(body)
        for body in re.findall(r"^\.\. code-block:: yaml\+jinja\n\n((?:    .*\n|\n)+)", GUIDE, re.MULTILINE)
    ]
    plays = yaml.safe_load(block)
    show = "{{ hostvars['web-1'].ansible_password == kept.root_password and hostvars['web-1'].ansible_host is truthy }}"
    plays[1]["tasks"].append({"ansible.builtin.debug": {"msg": "the password is there: " + show}})
    with Simulator.start() as simulator:
        file = write_playbook(tmp_path, [])
        file.write_text(yaml.safe_dump(plays, sort_keys=False), encoding="utf-8")
        env = environment(tmp_path / "home", simulator.url, simulator.key)
        python = "ansible_python_interpreter=" + sys.executable
        played = play(
            ["ansible-playbook", "-v", "--diff", "-i", "localhost,", "-c", "local", "-e", python, str(file)],
            env,
            tmp_path,
        )
        assert played.code == 0, played.tail()
        assert "the password is there: True" in played.output
        assert not shown_secrets(played.output, secrets_in(simulator.state()))
    written = json.loads((tmp_path / "home" / ".h444-credentials.json").read_text(encoding="utf-8"))
    (body,) = re.findall(r"^\.\. code-block:: json\n\n((?:    .*\n|\n)+)", GUIDE, re.MULTILINE)
    told = json.loads(textwrap.dedent(body))
    assert set(written) == {"vps/web-1"} and set(written["vps/web-1"]) == set(told["vps/web-1"]) - {"other_secrets"}
