# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The browser of the tests sees what is wrong with a page, and nothing wrong with a good one."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.integration import browser
from ansible_collections.h444.cloud.tests.integration.browser import Browser

pytestmark = browser.MARKS
HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Page</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root { color-scheme: light dark } body { background: #fff; color: #222 }
@media (prefers-color-scheme: dark) { body { background: #111; color: #222 } }
@media print { .screen { display: none } }</style></head>"""
GOOD = HEAD + "<body><main><h1>Heading</h1><p>Text</p><p class=screen>Only on a screen</p>{}</main></body></html>"


@pytest.fixture(scope="module")
def chromium() -> t.Iterator[Browser]:
    """A browser for all tests of this file."""
    with Browser.start() as started:
        yield started


def page(folder: Path, more: str = "", text: str = GOOD) -> Path:
    """Write a page."""
    file = folder / "page.html"
    file.write_text(text.replace("{}", more), encoding="utf-8")
    return file


@pytest.mark.parametrize("width", [390, 1280])
def test_there_is_nothing_to_say_of_a_good_page(width: int, chromium: Browser, tmp_path: Path) -> None:
    chromium.open(page(tmp_path), width=width)
    assert chromium.violations() == chromium.overflow() == chromium.complaints() == chromium.requests() == []
    assert chromium.text().splitlines()[0] == "Heading" and "Only on a screen" in chromium.text()
    picture = chromium.screenshot(tmp_path / "page.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and int.from_bytes(picture[16:20], "big") == width


def test_contrast_is_measured_in_the_colour_scheme_that_is_asked_for(chromium: Browser, tmp_path: Path) -> None:
    chromium.open(page(tmp_path), scheme="dark")
    assert [line.split(":")[0] for line in chromium.violations()] == ["color-contrast"] * 3
    chromium.open(page(tmp_path), scheme="light")
    assert chromium.violations() == []


def test_an_image_without_a_text_is_a_violation(chromium: Browser, tmp_path: Path) -> None:
    chromium.open(page(tmp_path, '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">'))
    assert [line.split(":")[0] for line in chromium.violations()] == ["image-alt"]
    assert chromium.requests() == []


def test_a_contrast_that_can_not_be_measured_is_a_violation(chromium: Browser, tmp_path: Path) -> None:
    chromium.open(page(tmp_path, '<p style="background: linear-gradient(#fff, #000)">Text</p>'))
    assert [line.split(":")[0] for line in chromium.violations()] == ["color-contrast"]


@pytest.mark.parametrize("width", [390, 1280])
def test_what_sticks_out_is_named(width: int, chromium: Browser, tmp_path: Path) -> None:
    inner = f'<div style="width: {width + 100}px">Wide</div>'
    chromium.open(page(tmp_path, inner.replace("<div", '<div id="sheet" class="table"')), width=width)
    assert len(chromium.overflow()) == 2 and chromium.overflow()[1].startswith("div#sheet.table ends at")
    chromium.open(page(tmp_path, f'<div style="overflow-x: auto">{inner}</div>'), width=width)
    assert chromium.overflow() == []


def test_a_page_that_is_not_made_for_phones_is_too_wide_for_one(chromium: Browser, tmp_path: Path) -> None:
    chromium.open(page(tmp_path, text=GOOD.replace('name="viewport"', 'name="other"')), width=390)
    assert chromium.overflow()[0] == "the page is 980 px wide, not 390"


def test_requests_and_complaints_are_those_of_the_page(chromium: Browser, tmp_path: Path) -> None:
    more = '<img alt="Picture" src="missing.png"><script>console.error("Wrong"); thrown();</script>'
    chromium.open(page(tmp_path, more))
    assert chromium.requests() == [(tmp_path / "missing.png").as_uri()]
    assert [
        word for word in ("Wrong", "thrown is not defined", "missing.png") if word in str(chromium.complaints())
    ] == [
        "Wrong",
        "thrown is not defined",
        "missing.png",
    ]
    chromium.open(page(tmp_path))
    assert chromium.requests() == chromium.complaints() == []


def test_a_page_can_be_shown_as_it_is_printed(chromium: Browser, tmp_path: Path) -> None:
    chromium.open(page(tmp_path), medium="print")
    assert "Text" in chromium.text() and "Only on a screen" not in chromium.text()
