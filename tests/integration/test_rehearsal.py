# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An account is exported, the simulator begins with the files, and what is exported from it is the same account."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.integration.playing import environment, play
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

pytestmark = pytest.mark.slow
MORE: dict[str, t.Any] = {
    "vps": [
        {
            "label": "{{ lookup('pipe', 'id') }}",
            "hostname": "two.example.com",
            "status": "stopped",
            "ips": [
                {"ip": "198.51.100.200", "ptr": "two.example.com", "zoneHosted": False},
                {"ip": "2001:db8::7", "ptr": "six.example.com", "netmask": "64"},
                {"ip": "192.0.2.249"},
            ],
        }
    ],
    "webhooks": [{"url": "https://example.com/hook", "events": ["ticket.replied"], "description": "2026-01-01"}],
}


def export(simulator: Simulator, folder: Path) -> Path:
    """Export an account; gives the document."""
    env = environment(folder / "home", simulator.url, simulator.key)
    played = play(["ansible-playbook", "h444.cloud.export", "-e", f"export_dir={folder}/files"], env, folder)
    assert played.code == 0, played.tail()
    return folder / "files" / "account.yml"


@pytest.mark.parametrize("preset", ["plain", "odd"])
def test_an_exported_account_is_the_account_that_the_simulator_begins_with(preset: str, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "copy").mkdir()
    with Simulator.start(preset=preset, scenario="agency", balance=4321) as simulator:
        simulator.seed(**MORE)
        document = export(simulator, tmp_path / "real")
    with Simulator.start(manifest=document) as simulator:
        again = export(simulator, tmp_path / "copy")
        assert not simulator.state()["contract_broken"]
    before, after = (file.read_text(encoding="utf-8") for file in (document, again))
    assert after == before and before.count("- label:") == 61
    facts = [json.loads(file.with_name("account.rehearsal.json").read_text("utf-8")) for file in (document, again)]
    assert facts[1]["products"] == facts[0]["products"] and facts[1]["wallet"] == {"balance_usd_cents": 4321}
    for name, key in (("addresses", "ip"), ("domains", "name")):
        for old, new in zip(facts[0][name], facts[1][name]):
            assert new[key] == old[key]
            other = {field for field, value in new.items() if value != old[field]}
            assert other <= ({"expires_at"} if preset == "odd" else set()), (old, new)  # odd: in milliseconds
        assert len(facts[0][name]) == len(facts[1][name]) > 0
    assert [row["os_template"] for row in facts[1]["os_templates"]] == [
        row["os_template"] for row in facts[0]["os_templates"]
    ]
