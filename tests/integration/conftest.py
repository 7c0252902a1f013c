# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After all targets were played, every endpoint of the contract must have answered one of them."""

from __future__ import annotations

import json
import re
import shutil
import typing as t

import pytest
import yaml

from ansible_collections.h444.cloud.tests.integration.playing import EXERCISED, ROOT

# A raw call can reach whatever it likes; it exercises no module but its own.
RAW_TARGETS = {"h444_api"}
LINES: list[str] = []


def operations() -> list[tuple[str, str]]:
    """Give method and path of the contract's endpoints; fixed paths come before those with ids."""
    with (ROOT / "tests" / "simulator" / "contract" / "openapi.yaml").open(encoding="utf-8") as stream:
        contract = yaml.load(stream, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    methods = ("get", "post", "put", "patch", "delete")
    found = [
        (method.upper(), path) for path, entry in contract["paths"].items() for method in entry if method in methods
    ]
    return sorted(found, key=lambda one: (one[1].count("{"), one))


def met(answered: t.Iterable[str]) -> set[tuple[str, str]]:
    """Find the endpoints behind "METHOD /path"."""
    patterns = [(one, re.compile(re.sub(r"\{\w+\}", "[^/]+", one[1]) + r"\Z")) for one in operations()]
    found = set()
    for line in answered:
        method, path = line.split(" ", 1)
        found.add(next((one for one, pattern in patterns if one[0] == method and pattern.match(path)), ("", line)))
    return found


def is_worker(config: pytest.Config) -> bool:
    """Tell whether this process only plays a part of the tests."""
    return hasattr(config, "workerinput")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Forget what an earlier run met."""
    if not is_worker(session.config):
        shutil.rmtree(EXERCISED, ignore_errors=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run where every target was played and an endpoint was left out."""
    if is_worker(session.config):
        return
    from ansible_collections.h444.cloud.tests.integration.test_targets import cases

    wanted = {f"{target}-{preset}" for target, preset in cases()}
    if not wanted <= {file.stem for file in EXERCISED.glob("*.json")}:
        return  # only some were played, or one failed and says so itself
    files = [file for file in EXERCISED.glob("*.json") if file.stem.rsplit("-", 1)[0] not in RAW_TARGETS]
    answered = met(line for file in files for line in json.loads(file.read_text(encoding="utf-8")))
    every = set(operations())
    LINES.append(f"{len(every & answered)} of {len(every)} endpoints answered an integration target")
    missing = sorted(every - answered)
    if missing:
        LINES.append("no target gets an answer from: " + ", ".join(f"{method} {path}" for method, path in missing))
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: t.Any) -> None:
    """Tell how many endpoints were met."""
    for line in LINES:
        terminalreporter.write_line(line)
