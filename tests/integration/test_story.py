# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a delivery to a login by key: the guide "Events that start playbooks", played with its own files."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import textwrap
import typing as t
from pathlib import Path

import pytest

pytest.importorskip("ansible_rulebook")

from ansible_collections.h444.cloud.tests.integration.playing import (
    ROOT,
    Played,
    environment,
    play,
    secrets_in,
    shown_secrets,
)
from ansible_collections.h444.cloud.tests.integration.rulebooks import Rulebook, deliver_again, free_port
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

sys.path.insert(0, str(ROOT / "tests" / "ci"))

import guide

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]
FILE = ROOT / "docs" / "docsite" / "rst" / "guide_events.rst"
GUIDE = FILE.read_text(encoding="utf-8")
URL = "https://hooks.example.com/444host"


class World:
    """The directory of the guide, and an account whose webhook delivers to its rulebook."""

    def __init__(self, folder: Path, simulator: Simulator, port: int) -> None:
        self.folder, self.simulator, self.port = folder, simulator, port
        guide.write_files(folder, FILE)
        for file in folder.rglob("*.yml"):
            file.write_text(file.read_text().replace("/srv/h444", str(folder)).replace("port: 5000", f"port: {port}"))
        self.env = environment(
            folder.parent / "home", simulator.url, simulator.key, ANSIBLE_REMOTE_PORT=str(simulator.ssh_port)
        )

    def command(self, text: str, **values: str) -> list[str]:
        """Give a command of the guide; *values* stand in for its words."""
        assert f"$ {text}\n" in GUIDE, text
        words = shlex.split(text)
        return [values.get(word, word).replace("/srv/h444", str(self.folder)) for word in words]

    def play(self, text: str, code: int = 0, **values: str) -> Played:
        """Run a command of the guide. Nothing that is shown holds a secret."""
        played = play(self.command(text, **values), self.env, self.folder)
        assert played.code == code, played.tail()
        assert not shown_secrets(played.output, self.secrets())
        return played

    def rulebook(self, text: str) -> Rulebook:
        """Start a rulebook of the guide."""
        program, *arguments = self.command(text)
        assert program == "ansible-rulebook"
        return Rulebook(self.folder, self.env, *arguments)

    def secrets(self) -> set[str]:
        """Give every password and key that the API has told."""
        return secrets_in(self.simulator.state()) | {self.simulator.key}


def shown(name: str) -> list[str]:
    """Give the lines of an output in the guide."""
    found = re.search(rf"^\.\. code-block:: text\n   :name: {name}\n\n((?:(?:   .*)?\n)+)", GUIDE, re.MULTILINE)
    assert found
    return [line for line in textwrap.dedent(found[1]).splitlines() if line.strip() not in ("", "...")]


def assert_shows(output: str, lines: t.Iterable[str]) -> None:
    """Assert that an output has these lines, in their order."""
    place = 0
    for line in lines:
        found = output.find(line, place)
        assert found >= 0, f"{line}\n{output}"
        place = found + len(line)


def test_a_delivery_brings_a_new_server_to_a_login_by_key_and_its_duplicate_does_nothing(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "h444").mkdir()
    with Simulator.start(ssh=True, deliver_to=f"http://127.0.0.1:{port}/444host") as simulator:
        world = World(tmp_path / "h444", simulator, port)
        world.play("ansible-playbook subscribe.yml")
        assert "changed=0" in world.play("ansible-playbook subscribe.yml").output
        name, secret = (world.folder / "webhook.env").read_text().strip().split("=")
        assert (world.folder / "webhook.env").stat().st_mode & 0o777 == 0o600
        world.env[name] = secret
        subprocess.run(world.command('ssh-keygen -q -t ed25519 -N "" -f id_ed25519'), cwd=world.folder, check=True)
        start = "ansible-rulebook --rulebook rulebook.yml --vars vars.yml -E H444_WEBHOOK_SECRET -i inventory.h444.yml"
        with world.rulebook(start) as rulebook:
            rulebook.wait_for_port(port)
            world.play("ansible-playbook order.yml -e label=web-1")
            rulebook.wait_for(r"^PLAY RECAP .*\n(?:.+\n)*web-1 ")
            (vps,) = simulator.state()["vps"]
            address = vps["ips"][0]["ip"]
            assert vps["ips"][0]["ptr"] == "web-1.example.com"
            assert_shows(rulebook.output, [line.replace("127.44.0.11", address) for line in shown("the-run")])
            assert "failed=0" in rulebook.output and "fatal" not in rulebook.output

            deliver_again(simulator, "vps.created")
            # A second server: once its playbook runs, one of the duplicate would have run.
            world.play("ansible-playbook order.yml -e label=web-1", **{"label=web-1": "label=web-2"})
            rulebook.wait_for(r"^PLAY RECAP .*\n(?:.+\n)*web-2 ")
            assert len(re.findall("^PLAY RECAP ", rulebook.output, re.MULTILINE)) == 2
            assert not shown_secrets(rulebook.output, world.secrets())

        by_hand = (
            "ansible-playbook -i inventory.h444.yml playbooks/new-server.yml -e vps_id=ID -e folder=/srv/h444 "
            "-e domain=example.com"
        )
        simulator.clear_journal()
        again = world.play(by_hand, **{"vps_id=ID": f"vps_id={vps['id']}"}).output
        assert re.findall(r"changed=(\d+)", again) == ["0", "0"] and simulator.writes() == []
        assert "was not ordered with" not in again
        gone = world.play(by_hand, code=2, **{"vps_id=ID": "vps_id=none"}).output
        assert "There is no server none any more." in gone

        world.play("ansible-playbook subscribe.yml -e rotate=true")
        assert (world.folder / "webhook.env").read_text().strip() != f"{name}={secret}"
