# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook h444.cloud.report: what it writes and when, and what becomes of hostile texts and missing scopes."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.integration.playing import secrets_in, shown_secrets
from ansible_collections.h444.cloud.tests.integration.reporting import Player, changes, fill, text_of
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator


@pytest.fixture(scope="module")
def simulator() -> t.Iterator[Simulator]:
    """The account of an agency, in which not all is well."""
    with Simulator.start(scenario="agency") as started:
        fill(started)
        yield started


@pytest.fixture
def player(simulator: Simulator, tmp_path: Path) -> Player:
    """One who plays into a folder of the test."""
    return Player(simulator, tmp_path)


def test_a_report_is_written_once_a_day_and_shown_before(player: Player) -> None:
    """Check mode writes nothing and shows what would be written; the second run changes nothing."""
    player.simulator.clear_journal()
    before = player.play("--check", "--diff")
    assert changes(before) == 2 and "+<title>444Host account" in before.output
    assert not player.page.exists() and not player.metrics.exists()
    asked = [row["path"] for row in player.simulator.journal()]
    assert sorted(asked) == [
        "/account",
        "/billing/invoices",
        "/domains",
        "/hosting",
        "/products",
        "/tickets",
        "/vps",
        "/vps/all-ips",
        "/webhooks",
    ]
    assert changes(player.play()) == 2
    assert oct(player.page.stat().st_mode)[-3:] == "600" and oct(player.metrics.stat().st_mode)[-3:] == "644"
    again = player.play("--diff", "-v")
    assert changes(again) == 0
    assert player.simulator.writes() == []
    assert changes(player.play("--check", report_mode="0640")) == 1
    assert sorted(file.name for file in player.folder.iterdir()) == ["h444.prom", "home", "report.html"]
    secrets = secrets_in(player.simulator.state())
    assert secrets and shown_secrets(player.page.read_text() + player.metrics.read_text() + again.output, secrets) == []


def test_hostile_texts_stay_texts(player: Player) -> None:
    """Nothing of a label is evaluated by Ansible or by a browser, and nothing of it is lost."""
    played = player.play("-vvv")
    assert changes(played) == 2
    page = player.page.read_text(encoding="utf-8")
    assert "<script" not in page.lower() and "<img" not in page.lower()
    assert (
        "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&gt;{{ lookup(&#39;pipe&#39;, &#39;touch pwned&#39;) }}" in page
    )
    assert "{{ 7 * 191 }}" in page and "1337" not in page
    assert "\u202e" not in page and "&amp;amp;" in page
    assert list(player.folder.rglob("pwned")) == []
    metrics = player.metrics.read_text(encoding="utf-8")
    assert 'label="<script>alert(1)</script>\\"\'>{{ lookup' in metrics


def test_a_key_without_some_scopes_gets_a_report_without_these_sections(player: Player) -> None:
    """It names each section and the scope that it takes. A key that may read nothing gets none."""
    key = "h444_simulator_key_of_little_use"
    player.simulator.seed(keys=[{"key": key, "scopes": ["vps:read", "tickets:read"]}])
    player.env["H444_API_KEY"] = key
    played = player.play()
    assert changes(played) == 2
    text = text_of(player.page.read_text(encoding="utf-8"))
    assert text.count("the API key lacks the scope domains:read") == 1
    assert "Missing in this report" in text and "the wallet (account:read)" in text
    assert "web-14" in text and "More addresses for lb-1" in text and "no such" not in text
    assert 'h444_report_section_present{section="invoices"} 0' in player.metrics.read_text(encoding="utf-8")
    assert changes(player.play()) == 0
    player.simulator.seed(keys=[{"key": key, "scopes": []}])
    refused = player.play()
    assert refused.code != 0 and "may read nothing of the account" in refused.output
    assert "domains:read" in refused.output
