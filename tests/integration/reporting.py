# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays the playbook h444.cloud.report on an account with everything, and with what is hostile and what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.h444.cloud.tests.integration.playing import Played, environment, play
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

HOSTILE = "<script>alert(1)</script>\"'>{{ lookup('pipe', 'touch pwned') }}{% raw %}\u202egnp&amp;"
UNSAFE = "{{ 7 * 191 }}<img src=http://127.0.0.1:9/x onerror=alert(2)>"


def fill(simulator: Simulator) -> None:
    """Add to an agency's account what is hostile and what is wrong."""
    local = {"ip": "127.0.0.1", "ptr": "localhost"}
    simulator.seed(
        vps=[
            {"label": HOSTILE, "hostname": UNSAFE, "plan_slug": "vps-9"},
            {"label": "local-1", "hostname": "local-1", "ips": [local], "status": "suspended"},
            {"label": "six-1", "ips": [{"ip": "192.0.2.250"}, {"ip": "2001:db8::1", "ptr": "six.invalid"}]},
        ],
        tickets=[{"subject": HOSTILE}],
        invoices=[{"total_usd_cents": 4321, "status": "unpaid"}],
        webhooks=[{"url": "https://hooks.example.com/token-s3cr3t", "events": ["invoice.paid"], "is_active": False}],
    )


class Player:
    """Plays the playbook. *day*: that of the simulator's clock when the test began."""

    def __init__(self, simulator: Simulator, folder: Path) -> None:
        self.folder, self.simulator = folder, simulator
        self.env = environment(folder / "home", simulator.url, simulator.key)
        self.day = simulator.control("POST", "advance", {"seconds": 0})["now"][:10]
        self.page, self.metrics = folder / "report.html", folder / "h444.prom"

    def play(self, *arguments: str, **variables: str) -> Played:
        """Play it with both files, and with other variables where they are given."""
        given = {"report_file": str(self.page), "report_metrics_file": str(self.metrics), "report_day": self.day}
        given.update(variables)
        command = ["ansible-playbook", "-i", "localhost,", "h444.cloud.report", *arguments]
        for name, value in given.items():
            command += ["-e", f"{name}='{value}'"]
        return play(command, self.env, self.folder, is_warm=True)


def changes(played: Played) -> int:
    """Give how many tasks changed something; the play must have succeeded."""
    assert played.code == 0, played.tail()
    return int(re.findall(r"changed=(\d+)", played.output)[-1])


def text_of(page: str) -> str:
    """Give the text of a page, without tags and style."""
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL))
