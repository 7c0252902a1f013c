# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Play the README: its files are written as they stand, its commands are run as they stand."""

from __future__ import annotations

import re
import shlex
import subprocess
import typing as t
from pathlib import Path

import yaml

from ansible_collections.h444.cloud.tests.integration.playing import ROOT, environment, play, secrets_in, shown_secrets
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(
    r"(?:<!-- (?P<mark>file: (?P<name>\S+)|run|shown|simulator|rehearse) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)```",
    re.DOTALL,
)
KNOWN = {"cd", "make", "ansible-galaxy", "python3", "export", "ansible-playbook", "ansible-inventory"}


def blocks() -> t.Iterator[re.Match[str]]:
    """Find the fenced blocks, in order."""
    return BLOCK.finditer(README)


def test_every_block_is_accounted_for() -> None:
    """YAML blocks are files that are played; what is not run is a make target, an installation or an export."""
    found = list(blocks())
    assert len(found) == README.count("```") / 2
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for block in found:
        if block["language"] == "yaml":
            assert block["name"], block["text"]
            assert yaml.safe_load(block["text"])
            continue
        if block["mark"] == "shown":
            continue
        assert block["language"] == "shell", block["text"]
        for line in block["text"].splitlines():
            words = shlex.split(line, comments=True)
            assert words[0] in KNOWN, line
            if words[0] == "make":
                assert words[1] in targets, line
            elif block["mark"] is None:
                assert words[0] in {"ansible-galaxy", "python3", "export"}, line


def test_named_things_exist() -> None:
    """Every module is in the table, every link and every make target leads somewhere."""
    for module in (ROOT / "plugins" / "modules").glob("h444_*.py"):
        assert re.search(rf"^\|.*`{module.stem}`.*\| \w", README, re.MULTILINE), module.stem
    for role in (ROOT / "roles").iterdir():
        assert f"roles/{role.name}/README.md" in README
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert link.startswith("https://") or (ROOT / link).exists(), link
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make (\w+)", README)) <= targets


def marked(mark: str) -> str:
    """Give the text of the one block of this mark."""
    (text,) = [block["text"] for block in blocks() if block["mark"] == mark]
    return text


def test_an_installed_collection_starts_its_simulator_as_the_readme_says(tmp_path: Path) -> None:
    """Who has no Makefile starts the simulator as the README says, and plays the demo on it, twice."""
    env = environment(tmp_path / "home", "", "")
    for name in ("H444_API_URL", "H444_API_KEY"):
        del env[name]
    start = marked("simulator").rstrip() + " --port 0\n"
    process = subprocess.Popen(
        ["bash", "-euc", "exec 2>&1\n" + start.replace("python3 tests", "exec python3 tests")],
        cwd=tmp_path,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    try:
        said = ""
        while "Ctrl-C ends it" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        shown = marked("rehearse")
        for export in re.findall("^export .*", shown, re.MULTILINE):
            assert re.sub(r":\d+", ":PORT", export) in re.sub(r":\d+", ":PORT", said), (
                "the simulator names the same address and key"
            )
        (origin,) = re.findall(r"plays 444Host at (http://127\.0\.0\.1:\d+)/v1", said)
        command = shown.replace("http://127.0.0.1:18444", origin)
        for changed in ("changed=2", "changed=0"):
            played = subprocess.run(
                ["bash", "-euc", command],
                cwd=tmp_path,
                env=env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            assert played.returncode == 0, played.stdout + played.stderr
            assert changed in played.stdout, played.stdout
        assert "web-1" in played.stdout
        assert (tmp_path / "home" / ".h444-demo.json").stat().st_mode & 0o777 == 0o600
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def test_the_files_and_commands_work_as_they_stand(tmp_path: Path) -> None:
    """The account's part works as it is written, each server is bought once, and no output shows a secret."""
    outputs = []
    with Simulator.start(preset="plain") as simulator:
        env = environment(tmp_path / "home", simulator.url, simulator.key)
        for block in blocks():
            if block["name"]:
                (tmp_path / block["name"]).write_text(block["text"], encoding="utf-8")
            elif block["mark"] == "run":
                for line in block["text"].splitlines():
                    played = play(shlex.split(line), env, tmp_path)
                    assert played.code == 0, f"{line}\n{played.tail()}"
                    outputs.append(played.output)
        state = simulator.state()
        alive = [server for server in state["vps"] if server.get("alive", True)]
        assert sorted(server["label"] for server in alive) == ["app-1", "app-2", "web-1"]
        assert "web-1.example.com" in str(state), "the PTR record was not set"
        assert not shown_secrets("".join(outputs), secrets_in(state) | {simulator.key})
    assert marked("shown") in outputs[0], outputs[0]
    assert any("@status_running:" in output and "web-1" in output for output in outputs)
    kept = tmp_path / "home" / ".h444-credentials.json"
    assert kept.stat().st_mode & 0o777 == 0o600
