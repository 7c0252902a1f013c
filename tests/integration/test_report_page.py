# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of h444.cloud.report: its figures in every dialect, its errors, and how a browser shows it."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.integration import browser
from ansible_collections.h444.cloud.tests.integration.browser import Browser
from ansible_collections.h444.cloud.tests.integration.playing import PRESETS
from ansible_collections.h444.cloud.tests.integration.reporting import Player, changes, fill, text_of
from ansible_collections.h444.cloud.tests.simulator.assumed import preset as switches_of
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


def test_the_page_has_the_figures_of_the_account(player: Player) -> None:
    assert changes(player.play()) == 2
    page, metrics = player.page.read_text(encoding="utf-8"), player.metrics.read_text(encoding="utf-8")
    text = text_of(page)
    # 61 servers of the agency and of this test have a price, and 10 hosting accounts; vps-9 is in no catalogue.
    prices = {"vps-1": 480, "vps-2": 960, "vps-3": 1920, "vps-4": 3840, "hosting-starter": 240, "hosting-pro": 720}
    state = player.simulator.state()
    services = [*state["servers"].values(), *state["hosting"].values()]
    month = sum(prices.get(one["plan_slug"], 0) for one in services)
    assert f"at least {month / 100:.2f} USD" in text
    assert f"Wallet {state['account']['balance_usd_cents'] / 100:.2f} USD" in text
    assert f'h444_monthly_cost_usd{{account="{state["account"]["id"]}"}} {month / 100:.2f}\n' in metrics
    for said in ("Suspended servers", "local-1", "Failed certificates", "garage.example", "Slow disk on db-3"):
        assert said in text
    assert "Unpaid invoices : INV-" in text and "(43.21 USD)" in text and "INV-000013" in text
    assert re.search(r"127\.0\.0\.1 localhost confirmed", text)
    assert re.search(r"2001:db8::1 six\.invalid not confirmed", text)
    assert "s3cr3t" not in page and "hooks.example.com" in page


def test_every_dialect_of_the_api_gives_the_same_page(player: Player) -> None:
    """Only the form of the replies differs. One of them shows no certificates, and shows them here."""
    pages = {}
    for preset in PRESETS:
        switches = switches_of(preset)
        switches["ssl_status"] = switches["ssl_status"].replace("none", "told")
        player.simulator.control("POST", "assume", switches)
        assert changes(player.play(report_file=str(player.folder / f"{preset}.html"), report_metrics_file="")) == 1
        pages[preset] = (player.folder / f"{preset}.html").read_text(encoding="utf-8")
    player.simulator.control("POST", "assume", switches_of("plain"))
    for preset, page in pages.items():
        assert page == pages["plain"], preset


def test_any_other_error_fails_and_leaves_the_files_alone(player: Player) -> None:
    player.simulator.faults({"path": "/domains", "kind": "status", "status": 404})
    played = player.play()
    player.simulator.clear_faults()
    assert played.code != 0 and not player.page.exists() and not player.metrics.exists()
    assert re.findall(r"^TASK \[(.*?)\]", played.output, re.MULTILINE)[-1] == "Read the domains"


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"report_file": "", "report_metrics_file": ""}, "Set report_file to the file of the page"),
        ({"report_metrics_file": "metrics.txt"}, "report_metrics_file must end in .prom"),
        ({"report_file": "/nowhere/report.html"}, "There is no directory /nowhere. Create it first."),
    ],
)
def test_a_file_that_can_not_be_written_is_refused_before_the_first_request(
    variables: dict[str, str], said: str, player: Player
) -> None:
    player.simulator.clear_journal()
    played = player.play(**variables)
    assert played.code != 0 and said in " ".join(played.output.split())
    assert player.simulator.journal() == []


def test_a_relative_path_begins_where_ansible_was_started(player: Player) -> None:
    assert changes(player.play(report_file="here.html", report_metrics_file="")) == 1
    assert (player.folder / "here.html").exists()


@pytest.fixture(scope="module")
def chromium() -> t.Iterator[Browser]:
    """A browser for all tests of this file."""
    with Browser.start() as started:
        yield started


@pytest.fixture(scope="module")
def pages(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages of the agency and of an account with two domains alone."""
    found = {}
    full = Player(simulator, tmp_path_factory.mktemp("full"))
    assert changes(full.play()) == 2
    found["full"] = full.page
    with Simulator.start() as nearly_empty:
        player = Player(nearly_empty, tmp_path_factory.mktemp("empty"))
        assert changes(player.play()) == 2
        found["empty"] = player.page
    return found


@browser.NEEDED
@pytest.mark.slow
@pytest.mark.parametrize("name", ["full", "empty"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 800, 1280, 2200])
def test_a_browser_finds_nothing_wrong_with_the_page(
    width: int, scheme: str, name: str, pages: dict[str, Path], chromium: Browser
) -> None:
    chromium.open(pages[name], width=width, scheme=scheme)
    assert chromium.violations() == []
    assert chromium.overflow() == []
    assert chromium.complaints() == chromium.requests() == []
    assert "1337" not in chromium.text()


@browser.NEEDED
@pytest.mark.slow
def test_the_page_can_be_printed_in_light_colours(pages: dict[str, Path], chromium: Browser) -> None:
    """On paper there is no navigation, and the tables keep their heads."""
    chromium.open(pages["full"], width=700, scheme="dark", medium="print")
    assert chromium.overflow() == []
    ground = "return getComputedStyle(document.body).backgroundColor"
    assert chromium.driver.execute_script(ground) == "rgb(255, 255, 255)"
    heads = "return [...document.querySelectorAll('thead')].map((head) => getComputedStyle(head).display)"
    assert set(chromium.driver.execute_script(heads)) == {"table-header-group"}
    assert chromium.driver.execute_script("return getComputedStyle(document.querySelector('nav')).display") == "none"


@browser.NEEDED
@pytest.mark.slow
def test_tables_keep_their_roles_as_cards_on_a_phone(pages: dict[str, Path], chromium: Browser) -> None:
    chromium.open(pages["full"], width=390)
    roles = "return [...document.querySelectorAll('.servers tbody:first-of-type th, .servers tbody:first-of-type td')]"
    cells = chromium.driver.execute_script(roles)
    assert [cell.aria_role for cell in cells] == ["rowheader", *["cell"] * 6]
