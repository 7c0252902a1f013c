# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Play every integration target under every set of assumptions, each on a simulator of its own."""

from __future__ import annotations

import json
import os
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.h444.cloud.tests.integration.comparing import IN_PROCESS, Play
from ansible_collections.h444.cloud.tests.integration.playing import (
    EVERY,
    EXERCISED,
    EXTENT,
    IN_PROCESS_ONLY,
    LIGHT,
    ONE_DIALECT,
    PRESETS,
    ROOT,
    environment,
    secrets_in,
    shown_secrets,
    write_playbook,
)
from ansible_collections.h444.cloud.tests.integration.recorded import WAYS, Recording, assert_same, folder_for
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

TARGETS = ROOT / "tests" / "integration" / "targets"
RUNNER_KEYS = {"presets", "assume", "env", "timeout_seconds", "differs"}


def settings_of(target: str) -> dict[str, t.Any]:
    """Read what a target asks of the runner."""
    file = TARGETS / target / "meta" / "runner.yml"
    settings = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}
    unknown = set(settings) - RUNNER_KEYS
    assert not unknown, f"{file}: unknown keys {sorted(unknown)}"
    return settings


def targets() -> list[str]:
    """List what is played; a hidden target is a part of others."""
    found = []
    for folder in sorted(TARGETS.glob("*/")):
        aliases = folder / "aliases"
        hidden = aliases.exists() and "hidden" in aliases.read_text(encoding="utf-8").split()
        if (folder / "tasks" / "main.yml").exists() and not hidden:
            found.append(folder.name)
    return found


def ways(extent: str, target: str) -> dict[str, tuple[str, ...]]:
    """Give the dialects in which a target is played, each with the ways that are compared there.

    Where it is played as a module in one dialect only, that is another one from target to target, and on the oldest
    core another one than on the newest.
    """
    presets = settings_of(target).get("presets", PRESETS)
    number = targets().index(target)
    if extent == EVERY:
        return dict.fromkeys(presets, WAYS)
    if extent == LIGHT:
        both = presets[(number + 1) % len(presets)]
        return {preset: WAYS if preset == both else (IN_PROCESS,) for preset in presets}
    if extent == IN_PROCESS_ONLY:
        return {presets[0]: (IN_PROCESS,)}
    return {presets[number % len(presets)]: WAYS}


def cases() -> list[tuple[str, str]]:
    """Pair each target with each of the dialects in which it is played."""
    return [(target, preset) for target in targets() for preset in ways(EXTENT, target)]


def test_there_are_targets() -> None:
    """Nothing to play would be nothing tested; every module and the inventory have a target."""
    played = {target for target, _preset in cases()}
    texts = "".join(file.read_text(encoding="utf-8") for file in TARGETS.glob("*/**/*.yml"))
    for module in (ROOT / "plugins" / "modules").glob("h444_*.py"):
        assert f"h444.cloud.{module.stem}:" in texts, f"no target plays {module.stem}"
    assert any("inventory" in target for target in played)
    assert all((TARGETS / target / "aliases").exists() for target in played)


def play_target(target: str, preset: str, folder: Path, way: str) -> Play:
    """Play one target on a simulator of its own. It must pass, keep the contract, and show no secret at -vvvv."""
    settings = settings_of(target)
    with Simulator.start(preset=preset, assume=settings.get("assume")) as simulator:
        output_dir = folder / "output"
        output_dir.mkdir()
        playbook = write_playbook(
            folder, [{"name": f"Target {target}", "ansible.builtin.include_role": {"name": target}}]
        )
        variables = {
            "sim_url": simulator.origin,
            "preset": preset,
            "output_dir": str(output_dir),
            "collection_root": str(ROOT),
            "api_url": simulator.url,
        }
        env = environment(folder / "home", simulator.url, simulator.key, ANSIBLE_ROLES_PATH=str(TARGETS))
        env.update({name: str(value) for name, value in settings.get("env", {}).items()})
        command = ["ansible-playbook", "-vvvv", "-i", "localhost,", "-e", json.dumps(variables), str(playbook)]
        recording = Recording(way, folder, simulator)
        played = recording.play(command, env, settings.get("timeout_seconds", 300), is_warm=True)
        kept = os.environ.get("H444_KEEP_OUTPUT")
        if kept:
            Path(kept, f"{target}-{preset}-{folder.name}.log").write_text(played.output, encoding="utf-8")
        assert played.code == 0, f"{target} under {preset} failed {way}:\n{played.tail()}"
        state = simulator.state()
        answered = simulator.answered()
        assert answered, f"{target} got no answer from the API {way}"
        EXERCISED.mkdir(parents=True, exist_ok=True)
        (EXERCISED / f"{target}-{preset}.json").write_text(json.dumps(answered), encoding="utf-8")
        assert not state.get("contract_broken"), f"{state['contract_broken']} replies or requests broke the contract"
        shown = shown_secrets(played.output, secrets_in(state) | {simulator.key})
        assert not shown, f"the output at -vvvv shows {shown} {way}"
        assert "Traceback (most recent call last)" not in played.output
        return recording.seen(played)


@pytest.mark.parametrize(("target", "preset"), cases(), ids=lambda value: value)
def test_a_target_gives_the_same_in_process_and_as_a_module(target: str, preset: str, tmp_path: Path) -> None:
    """Played both ways, a target passes, and gives the same results, requests, messages and account."""
    plays = [play_target(target, preset, folder_for(way, tmp_path), way) for way in ways(EXTENT, target)[preset]]
    if len(plays) > 1:
        assert_same(*plays, but=settings_of(target).get("differs"))


def test_every_dialect_is_compared_both_ways_by_some_target() -> None:
    """Also where a target is played as a module in one dialect only."""
    for extent in (EVERY, LIGHT, ONE_DIALECT):
        compared = {preset for target in targets() for preset, both in ways(extent, target).items() if both == WAYS}
        assert compared == set(PRESETS), extent
    assert all(WAYS in ways(LIGHT, target).values() for target in targets())
