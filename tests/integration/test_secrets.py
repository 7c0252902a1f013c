# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One-time passwords stay out of every output, over ssh as well, and are in what register gets."""

from __future__ import annotations

import os
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.h444.cloud.plugins.plugin_utils._masking import register_secrets
from ansible_collections.h444.cloud.tests.integration.playing import BIN, environment, play, secrets_in, shown_secrets
from ansible_collections.h444.cloud.tests.integration.rewriting import rewriting
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

ORDER = {"plan_slug": "vps-1", "os_template": "debian-12"}
# On a local connection, modules run in the controller's process or in processes of their own.
IN_PROCESS = "in the controller's process"
BOTH_WAYS = pytest.mark.parametrize("in_process", ["true", "false"])
# Runs the command here instead of on another host, so that the real ssh connection plugin is played.
SSH = '#!/bin/sh\nfor last; do :; done\nexec /bin/sh -c "$last"\n'


def written(
    folder: Path, tasks: list[dict[str, t.Any]], url: str, key: str, *, host: str = "localhost", **more: str
) -> str:
    """Play tasks on one host, which must go well; give all that it wrote down, on the screen and in the log file."""
    one = {"hosts": host, "gather_facts": False, "vars": {"ansible_python_interpreter": sys.executable}, "tasks": tasks}
    file, log = folder / "site.yml", folder / "log"
    file.write_text(yaml.safe_dump([one]), encoding="utf-8")
    env = {**environment(folder / "home", url, key, ANSIBLE_LOG_PATH=str(log)), **more}
    place = ["-i", f"{host},", "-c", "local" if host == "localhost" else "ssh"]
    played = play(["ansible-playbook", "-vvvvv", "--diff", *place, str(file)], env, folder)
    assert played.code == 0, played.tail()
    everything = played.output + log.read_text(encoding="utf-8")
    assert (IN_PROCESS in everything) == (host == "localhost" and more["H444_IN_PROCESS"] == "true")
    return everything


@pytest.mark.parametrize("no_log", [False, True])
@pytest.mark.parametrize("pipelining", ["0", "1"])
def test_ssh_shows_no_secret(tmp_path: Path, no_log: bool, pipelining: str) -> None:
    """The ssh connection shows what a module prints at -vvvv; not that of an order."""
    with Simulator.start() as simulator:
        ssh = tmp_path / "bin" / "ssh"
        ssh.parent.mkdir()
        ssh.write_text(SSH, encoding="utf-8")
        ssh.chmod(0o755)
        options = {**ORDER, "label": "web-1", "api_url": simulator.url, "api_key": simulator.key, "rate_limit": 0}
        tasks = [
            {"h444.cloud.h444_vps": options, "register": "web", "no_log": no_log},
            {
                "ansible.builtin.assert": {
                    "that": ["web.root_password | length > 8", "web.vps.label == 'web-1'"],
                    "quiet": True,
                }
            },
        ]
        everything = written(
            tmp_path,
            tasks,
            simulator.url,
            simulator.key,
            host="remote",
            ANSIBLE_PIPELINING=pipelining,
            ANSIBLE_SSH_TRANSFER_METHOD="piped",
            PATH=f"{ssh.parent}{os.pathsep}{BIN}{os.pathsep}{os.environ['PATH']}",
        )
        assert "SSH: EXEC" in everything
        assert not shown_secrets(everything, secrets_in(simulator.state()) | {simulator.key})


@BOTH_WAYS
def test_neither_a_loop_nor_the_log_file_shows_a_secret(tmp_path: Path, in_process: str) -> None:
    """Loops, the log file and the tree of results."""
    with Simulator.start() as simulator:
        tasks = [
            {"h444.cloud.h444_vps": {**ORDER, "label": "{{ item }}"}, "register": "web", "loop": ["web-1", "web-2"]},
            {
                "ansible.builtin.assert": {
                    "that": "web.results | map(attribute='root_password') | unique | length == 2",
                    "quiet": True,
                }
            },
        ]
        everything = written(tmp_path, tasks, simulator.url, simulator.key, H444_IN_PROCESS=in_process)
        assert "censored" in everything
        assert not shown_secrets(everything, secrets_in(simulator.state()) | {simulator.key})


@BOTH_WAYS
def test_both_passwords_of_hosting(tmp_path: Path, in_process: str) -> None:
    """An order of hosting brings two; a failure after it holds them too, and says why in plain sight."""
    with Simulator.start(assume={"provisioning_seconds": 9999, "hosting_passwords": "list"}) as simulator:
        order = {"domain": "example.com", "username": "examplecom", "plan_slug": "hosting-starter", "wait_timeout": 2}
        tasks = [
            {"h444.cloud.h444_hosting": order, "register": "site", "ignore_errors": True},
            {
                "ansible.builtin.assert": {
                    "that": ["site.sftp_password | length > 8", "site.db_password | length > 8", "site is changed"],
                    "quiet": True,
                }
            },
        ]
        everything = written(tmp_path, tasks, simulator.url, simulator.key, H444_IN_PROCESS=in_process)
        assert "order example.com: after" in everything
        assert not shown_secrets(everything, secrets_in(simulator.state()) | {simulator.key})


SURROGATE = "\ud83d"


def with_surrogates(_method: str, _path: str, body: t.Any) -> t.Any:
    """Give every object of an answer a key and a value that JSON can say and no output can hold."""
    rows = body if isinstance(body, list) else [body]
    for row in rows:
        if isinstance(row, dict):
            row.update({"note" + SURROGATE: "a" + SURROGATE, "hint": ["b" + SURROGATE]})
    return body


@BOTH_WAYS
def test_lone_surrogates_cost_no_password(tmp_path: Path, in_process: str) -> None:
    """Every answer holds some: orders, reinstalls and lists are read all the same, and results reach the controller."""
    server = {**ORDER, "label": "web-1"}
    site = {"domain": "example.com", "username": "examplecom", "plan_slug": "hosting-starter"}
    tasks: list[dict[str, t.Any]] = []
    for noun, order, names in (
        ("vps", server, ["root_password"]),
        ("hosting", site, ["sftp_password", "db_password"]),
    ):
        whole = [f"made.{name} | length > 8" for name in names]
        listed = [f"listed.{noun} | length == 1", f"listed.{noun}[0].hint == ['b\ufffd']"]
        tasks += [
            {f"h444.cloud.h444_{noun}": order, "register": "made"},
            {f"h444.cloud.h444_{noun}_info": None, "register": "listed"},
            {"ansible.builtin.assert": {"that": [*whole, "not made.secret_lost", "made is changed", *listed]}},
        ]
    again = ["again.root_password | length > 8", "again.root_password != first", "not again.secret_lost"]
    tasks.insert(1, {"ansible.builtin.set_fact": {"first": "{{ made.root_password }}"}, "no_log": True})
    tasks += [
        {"h444.cloud.h444_vps": {**server, "state": "reinstalled", "force": True}, "register": "again"},
        {"ansible.builtin.assert": {"that": again}},
    ]
    with Simulator.start() as simulator, rewriting(simulator.origin, with_surrogates) as url:
        everything = written(tmp_path, tasks, url, simulator.key, H444_IN_PROCESS=in_process)
        assert not shown_secrets(everything, secrets_in(simulator.state()) | {simulator.key})


@BOTH_WAYS
@pytest.mark.skipif(register_secrets is None, reason="this ansible-core masks no registered secrets")
def test_later_tasks_show_no_secret(tmp_path: Path, in_process: str) -> None:
    """Where the core masks, no later task shows what an order brought, nor the key: in diffs, messages, variables."""
    site = {"domain": "example.com", "username": "examplecom", "plan_slug": "hosting-starter"}
    hook = {"url": "https://example.com/hook", "events": ["vps.created"]}
    names = [
        "w.results[0].root_password",
        "w.results[1].root_password",
        "s.sftp_password",
        "s.db_password",
        "h.secret",
        "d.device_code",
    ]
    names.append("api_key_of_the_tests")
    text = "{{ [" + ", ".join(names) + "] | join(' ') }}"
    tasks: list[dict[str, t.Any]] = [
        {
            "ansible.builtin.set_fact": {"api_key_of_the_tests": "{{ lookup('ansible.builtin.env', 'H444_API_KEY') }}"},
            "no_log": True,
        },
        {"h444.cloud.h444_vps": {**ORDER, "label": "{{ item }}"}, "register": "w", "loop": ["web-1", "web-2"]},
        {"h444.cloud.h444_hosting": site, "register": "s"},
        {"h444.cloud.h444_webhook": hook, "register": "h"},
        {"h444.cloud.h444_oauth_device": {"client_id": "h444-ansible"}, "register": "d"},
        {"ansible.builtin.copy": {"content": text, "dest": str(tmp_path / "kept"), "mode": "0600"}},
        {"ansible.builtin.debug": {"msg": text}},
        {"ansible.builtin.debug": {"var": "w"}},
        {"ansible.builtin.command": {"argv": ["echo", text]}, "register": "echoed"},
        {"ansible.builtin.debug": {"var": "echoed"}},
    ]
    with Simulator.start() as simulator:
        everything = written(tmp_path, tasks, simulator.url, simulator.key, H444_IN_PROCESS=in_process)
        kept = (tmp_path / "kept").read_text(encoding="utf-8").split()
        assert len(kept) == len(names) and not any("REDACTED" in secret for secret in kept)
        assert "$REDACTED$" in everything
        assert not shown_secrets(everything, secrets_in(simulator.state()) | set(kept))


def no_strict_json(method: str, _path: str, body: t.Any) -> t.Any:
    """Put into every answer to a write what JSON does not have."""
    return {**body, "load": float("nan")} if method != "GET" and isinstance(body, dict) else body


@BOTH_WAYS
def test_answers_that_are_no_strict_json(tmp_path: Path, in_process: str) -> None:
    """What else they hold is read: an order, a reinstall and a webhook are asked for once, and nothing is lost."""
    hook = {"url": "https://example.com/hook", "events": ["vps.created"]}
    tasks: list[dict[str, t.Any]] = [
        {"h444.cloud.h444_vps": {**ORDER, "label": "web-1"}, "register": "made"},
        {
            "h444.cloud.h444_vps": {**ORDER, "label": "web-1", "state": "reinstalled", "force": True},
            "register": "again",
        },
        {"h444.cloud.h444_webhook": hook, "register": "hook"},
        {
            "ansible.builtin.assert": {
                "that": [
                    "made.root_password != again.root_password",
                    "hook.secret is match('whsec_')",
                    "made.order.attempts == 1",
                ]
            }
        },
        {"ansible.builtin.assert": {"that": ["not made.secret_lost", "not again.secret_lost", "not hook.secret_lost"]}},
    ]
    with Simulator.start() as simulator, rewriting(simulator.origin, no_strict_json) as url:
        everything = written(tmp_path, tasks, url, simulator.key, H444_IN_PROCESS=in_process)
        assert [row["path"].rsplit("/", 1)[-1] for row in simulator.writes()] == ["vps", "reinstall", "webhooks"]
        assert not shown_secrets(everything, secrets_in(simulator.state()) | {simulator.key})
