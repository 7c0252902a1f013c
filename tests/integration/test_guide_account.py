# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide "The account as code": its commands are played in their order, and show what the guide shows."""

from __future__ import annotations

import re
import shlex
import shutil
import textwrap
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.integration.playing import (
    ROOT,
    Played,
    environment,
    play,
    secrets_in,
    shown_secrets,
)
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

pytestmark = pytest.mark.slow
GUIDE = (ROOT / "docs" / "docsite" / "rst" / "guide_account.rst").read_text(encoding="utf-8")
BLOCK = re.compile(
    r"^\.\. code-block:: (?P<kind>\w+)\n(?:   :caption: (?P<caption>.+)\n)?\n(?P<text>(?:(?:   .*)?\n)+)", re.MULTILINE
)
HERE = "/home/ada/shop"
REHEARSAL = "Rehearse on a copy of your account\n"


def steps(text: str) -> t.Iterator[tuple[str, str]]:
    """Give what to do in order: a command with its output, or a file with its content."""
    for block in BLOCK.finditer(text):
        content = textwrap.dedent(block["text"]).strip("\n")
        if block["caption"]:
            yield block["caption"], textwrap.dedent(block["text"]).rstrip() + "\n"
        elif block["kind"] == "console":
            for part in re.split(r"^\$ ", content, flags=re.MULTILINE)[1:]:
                command, _newline, output = part.partition("\n")
                yield "$ " + command, output


def write(folder: Path, caption: str, content: str) -> None:
    """Write a file, or add entries at the end of a section of one."""
    name, _space, section = caption.partition(" ")
    if not section:
        (folder / name).write_text(content)
        return
    text = (folder / name).read_text()
    assert section == "(servers)" and text.count("\nptr_records:") == 1
    (folder / name).write_text(text.replace("\nptr_records:", textwrap.indent(content, "  ") + "\nptr_records:"))


def run(folder: Path, env: dict[str, str], command: str, shown: str) -> str:
    """Play a command; what the guide shows is there, in its order, and ``...`` stands for the rest."""
    words = shlex.split(command)
    if words[0] == "cat":
        played = Played(0, "\n" + (folder / words[1]).read_text(encoding="utf-8"))
    else:
        played = play(words, env, folder)
    output = played.output.replace(str(folder), HERE)
    assert (played.code != 0) == ("fatal: " in shown), played.tail()
    place = 0
    for line in shown.splitlines():
        if line.strip() not in ("...", ""):
            found = output.find("\n" + line.rstrip(), max(0, place - 1))
            assert found >= 0, f"{line}\n{output}"
            place = found + len(line)
    return output


def test_the_guide_shows_what_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    account, rehearsal = GUIDE.split(REHEARSAL)
    with Simulator.start(scenario="small") as simulator:
        env = environment(tmp_path / "home", simulator.url, simulator.key)
        outputs = []
        for step, content in steps(account):
            if step.startswith("$ "):
                outputs.append(run(folder, env, step[2:], content))
            else:
                write(folder, step, content)
        secrets = secrets_in(simulator.state()) | {simulator.key}
    assert len(outputs) == 10
    assert not shown_secrets("".join(outputs), secrets)

    begun = folder / "account" / "account.yml"
    assert f"--manifest {HERE}/account/account.yml" in rehearsal
    shutil.copy(begun, tmp_path)
    shutil.copy(folder / "account" / "account.rehearsal.json", tmp_path)
    with Simulator.start(manifest=tmp_path / "account.yml") as simulator:
        env = environment(tmp_path / "home", simulator.url, simulator.key)
        outputs = [run(folder, env, step[2:], content) for step, content in steps(rehearsal)]
        assert len(outputs) == 2 and "balance_usd_cents" in outputs[1]
        assert simulator.debits() == [] and "changed=0" in outputs[0], "the copy is the account already"
