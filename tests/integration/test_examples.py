# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Play the EXAMPLES of every module and of the inventory on an account that holds the servers of examples.yml."""

from __future__ import annotations

import ast
import contextlib
import re
import shutil
import subprocess
import threading
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.h444.cloud.tests.awx.testing import StandIn
from ansible_collections.h444.cloud.tests.integration.comparing import Play
from ansible_collections.h444.cloud.tests.integration.playing import (
    ROOT,
    environment,
    play,
    secrets_in,
    shown_secrets,
    write_playbook,
)
from ansible_collections.h444.cloud.tests.integration.recorded import WAYS, Recording, assert_same, folder_for
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

WORLD = yaml.safe_load((ROOT / "tests" / "integration" / "examples.yml").read_text(encoding="utf-8"))
ROLES = sorted((ROOT / "roles").iterdir())
MODULES = sorted((ROOT / "plugins" / "modules").glob("h444_*.py"))


def examples_of(file: Path) -> str:
    """Read the EXAMPLES of a plugin."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "EXAMPLES":
            return ast.literal_eval(node.value)
    raise AssertionError(f"{file.name} has no EXAMPLES")


@contextlib.contextmanager
def approving(simulator: Simulator) -> t.Iterator[None]:
    """Approve every sign-in that was asked about once, as somebody in front of a browser does.

    Somebody who is faster or slower would change how often the task asks.
    """
    done = threading.Event()

    def approve() -> None:
        while not done.wait(0.5):
            for device in simulator.state()["oauth"]["devices"].values():
                if device["state"] == "pending" and device["polled_at"]:
                    simulator.control("POST", "oauth/approve", {"user_code": device["user_code"]})

    thread = threading.Thread(target=approve)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def play_examples(file: Path, folder: Path, way: str) -> Play:
    """Play the examples of a module on a simulator of their own. Every task works, and no secret is shown."""
    world: dict[str, t.Any] = {**WORLD["default"], **WORLD.get(file.stem, {})}
    tasks = yaml.safe_load(examples_of(file))
    assert tasks
    for task in tasks:
        (task.get(f"h444.cloud.{file.stem}") or {}).update(world.get("options", {}))
    with Simulator.start(preset="plain") as simulator:
        simulator.seed(**world["seed"])
        before = [{"name": "Read the servers", "h444.cloud.h444_vps_info": {}, "register": "servers"}]
        playbook = write_playbook(folder, before + tasks)
        env = environment(folder / "home", simulator.url, simulator.key)
        recording = Recording(way, folder, simulator)
        with approving(simulator) if world.get("approves") else contextlib.nullcontext():
            command = ["ansible-playbook", "-vvv", "-i", "localhost,", str(playbook)]
            played = recording.play(command, env, is_warm=True)
        assert played.code == 0, f"the examples of {file.stem} fail {way}:\n{played.tail()}"
        assert not shown_secrets(played.output, secrets_in(simulator.state()) | {simulator.key})
        if WORLD.get(file.stem, {}).get("writes", False):
            assert simulator.writes()
        return recording.seen(played)


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.stem)
def test_the_examples_of_a_module_give_the_same_in_process_and_as_a_module(file: Path, tmp_path: Path) -> None:
    """Every task of a module's examples works, in their order, and gives the same both ways."""
    assert_same(*(play_examples(file, folder_for(way, tmp_path), way) for way in WAYS))


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_the_example_of_a_role_works_and_does_nothing_twice(role: Path, tmp_path: Path) -> None:
    """The playbook of a role's README works in check mode, does something, and does nothing the second time."""
    (text,) = re.findall(r"```yaml\n(.*?)```", (role / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "site.yml").write_text(text, encoding="utf-8")
    world = WORLD[f"role_{role.name}"]
    if world.get("ssh"):
        if not shutil.which("bwrap") or not shutil.which("sshpass"):
            pytest.skip("the example of this role logs in to servers, and bubblewrap or sshpass is not installed")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "id_ed25519"], check=True)
    with Simulator.start(preset="plain", ssh=bool(world.get("ssh"))) as simulator, StandIn() as awx:
        simulator.seed(**world["seed"])
        awx.serve_project(str(world.get("awx")))
        env = environment(tmp_path / "home", simulator.url, simulator.key, AWX_URL=awx.url, AWX_TOKEN=awx.token)
        if simulator.ssh_port:
            env["ANSIBLE_REMOTE_PORT"] = str(simulator.ssh_port)
        outputs = []
        for more, writes in ((["--check"], False), ([], True), ([], False)):
            simulator.clear_journal()
            awx.requests.clear()
            played = play(["ansible-playbook", "-vvv", "--diff", *more, "site.yml"], env, tmp_path)
            assert played.code == 0, f"the example of {role.name} fails:\n{played.tail()}"
            assert bool((awx if "awx" in world else simulator).writes()) == writes
            outputs.append(played.output)
        assert (
            re.search(r"changed=[1-9]", outputs[0])
            and re.search(r"changed=[1-9]", outputs[1])
            and re.search(r"changed=0", outputs[2])
        )
        assert not shown_secrets("".join(outputs), secrets_in(simulator.state()) | {simulator.key, awx.token})
    documented = set(
        yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]["main"][
            "options"
        ]
    )
    assert (
        set(re.findall(rf"^\| `({role.name}_\w+)` \|", (role / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
        == documented
    )


def test_the_examples_of_the_inventory_show_the_servers(tmp_path: Path) -> None:
    """Each of the inventory's example files shows the servers."""
    text = examples_of(ROOT / "plugins" / "inventory" / "h444.py")
    documents = [document for document in text.split("\n---\n") if document.strip()]
    assert len(documents) >= 2
    with Simulator.start(preset="plain") as simulator:
        simulator.seed(**WORLD["default"]["seed"])
        env = environment(tmp_path / "home", simulator.url, simulator.key)
        (tmp_path / "home" / ".h444-key").write_text(simulator.key + "\n", encoding="utf-8")
        for number, document in enumerate(documents):
            file = tmp_path / f"example-{number}.h444.yml"
            # A cache of the example's goes into the test's own folder.
            file.write_text(document.replace("/tmp/", f"{tmp_path}/"), encoding="utf-8")
            played = play(
                ["ansible-inventory", "-i", str(file), "--graph"],
                {**env, "ANSIBLE_INVENTORY_UNPARSED_FAILED": "true"},
                tmp_path,
            )
            assert played.code == 0, f"{document}\n{played.tail()}"
            assert "@h444:" in played.output, f"{document}\n{played.tail()}"
