# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The demo on a machine on which the simulator's servers take no logins."""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "ci"))

if sys.version_info < (3, 11):
    pytest.skip("the demo is run by Python 3.11 or newer", allow_module_level=True)

import demo


@pytest.mark.parametrize(
    ("client", "lacks", "starts", "why"),
    [
        ("/usr/bin/ssh-keygen", "", [("--ssh-port", demo.SSH_PORT)], ""),
        ("/usr/bin/ssh-keygen", "No bwrap.", [("--ssh-port", demo.SSH_PORT), ()], "No bwrap."),
        (None, "", [()], "OpenSSH's client is not installed."),
    ],
)
def test_the_demo_goes_on_without_logins_and_says_why(
    monkeypatch: pytest.MonkeyPatch, client: str | None, lacks: str, starts: list[tuple[str, ...]], why: str
) -> None:
    started: list[tuple[str, ...]] = []

    def start(_venv: Path, _port: int, _log: Path, *options: str) -> t.Any:
        started.append(options)
        if options and lacks:
            raise demo.Refused(lacks)
        return "process"

    monkeypatch.setattr(demo.shutil, "which", lambda _name: client)
    monkeypatch.setattr(demo, "start", start)
    assert demo.start_simulator(Path("venv"), 1, Path("log")) == ("process", why)
    assert started == starts
