# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A headless Chromium that looks at pages: their size, their contrast, what they ask for and what they complain of.

    pytestmark = browser.MARKS

    with Browser.start() as chromium:
        chromium.open(tmp_path / "page.html", width=390, scheme="dark")
        assert not chromium.violations() and not chromium.overflow() and not chromium.complaints()
        assert chromium.requests() == []
        chromium.screenshot(tmp_path / "page.png")

`Browser.driver` is selenium's, for clicks and keys.
"""

from __future__ import annotations

import base64
import contextlib
import importlib.util
import json
import os
import shutil
import tempfile
import typing as t
from pathlib import Path
from unittest import mock

import pytest

FLAGS = (
    "--headless",
    "--no-sandbox",  # Chromium has none for root, as whom CI runs
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
# The levels A and AA of the Web Content Accessibility Guidelines, and what axe-core advises beside them.
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
OVERFLOW = """
const root = document.documentElement, width = arguments[0];
if (root.scrollWidth <= root.clientWidth && root.clientWidth <= width) return [];
const scrolls = (element) => {
  for (let one = element.parentElement; one && one !== root; one = one.parentElement)
    if (one !== document.body && getComputedStyle(one).overflowX !== "visible") return true;
  return false;
};
const named = (element) => element.tagName.toLowerCase() + (element.id && "#" + element.id)
  + [...element.classList].map((name) => "." + name).join("");
const wide = [...document.body.querySelectorAll("*")]
  .filter((element) => element.getBoundingClientRect().right > width + 0.5 && !scrolls(element))
  .map((element) => `${named(element)} ends at ${Math.round(element.getBoundingClientRect().right)} px of ${width}`);
return [`the page is ${Math.max(root.scrollWidth, root.clientWidth)} px wide, not ${width}`, ...wide];
"""


def why_not() -> str:
    """Say why no browser can be started here; nothing if one can."""
    if not all(importlib.util.find_spec(name) for name in ("selenium", "axe_selenium_python")):
        return "selenium and axe-selenium-python are among the requirements of ansible-core 2.21 alone"
    if not _chromium():
        return "chromium is not installed"
    return "" if shutil.which("chromedriver") else "chromium-driver is not installed"


def _chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("google-chrome")


NEEDED = pytest.mark.skipif(bool(why_not()), reason=why_not())
MARKS = [pytest.mark.slow, NEEDED]


class Browser:
    """One window, which shows one page after another. *driver*: selenium's."""

    def __init__(self, driver: t.Any) -> None:
        self.driver = driver
        self._url = ""
        self._width = 0
        self._asked: list[str] = []
        self._complaints: list[str] = []

    @classmethod
    @contextlib.contextmanager
    def start(cls) -> t.Iterator[Browser]:
        """Start Chromium with an empty profile, and end it."""
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        options = webdriver.ChromeOptions()
        options.binary_location = _chromium() or ""
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        # Chromium makes a socket in its profile, whose path must be short.
        with tempfile.TemporaryDirectory(prefix="h444-", ignore_cleanup_errors=True) as profile:
            for flag in (*FLAGS, f"--user-data-dir={profile}"):
                options.add_argument(flag)
            service = Service(shutil.which("chromedriver"), env={**os.environ, "HOME": profile})
            with mock.patch.dict(os.environ, no_proxy="localhost,127.0.0.1"):
                driver = webdriver.Chrome(options=options, service=service)
            try:
                driver.set_script_timeout(120)
                yield cls(driver)
            finally:
                driver.quit()

    def open(
        self, page: str | Path, width: int = 1280, height: int = 900, scheme: str = "light", medium: str = "screen"
    ) -> None:
        """Open a URL or a file. *scheme*: light or dark. *medium*: screen or print.

        A narrow window is that of a phone, which lays a page out for 980 px unless the page says otherwise.
        """
        self._url = page.resolve().as_uri() if isinstance(page, Path) else page
        self._width = width
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": medium, "features": features})
        self._read_logs()
        self._asked, self._complaints = [], []
        self.driver.get(self._url)

    def screenshot(self, file: Path, is_whole: bool = True) -> Path:
        """Write a PNG of the page, or of what the window shows of it."""
        taken = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": is_whole})
        file.write_bytes(base64.b64decode(taken["data"]))
        return file

    def requests(self) -> list[str]:
        """Give the URLs that were asked for since the page was opened, but not the page itself."""
        self._read_logs()
        # Chromium's own first page may still be loading its parts.
        return [url for url in self._asked if url != self._url and not url.startswith(("data:", "chrome:"))]

    def complaints(self) -> list[str]:
        """Give the errors and warnings in the console since the page was opened."""
        self._read_logs()
        return list(self._complaints)

    def _read_logs(self) -> None:
        for entry in self.driver.get_log("performance"):
            event = json.loads(entry["message"])["message"]
            if event["method"] == "Network.requestWillBeSent":
                self._asked.append(event["params"]["request"]["url"])
        for entry in self.driver.get_log("browser"):
            if entry["level"] in ("SEVERE", "WARNING"):
                self._complaints.append(entry["message"])

    def violations(self, rules: t.Sequence[str] = RULES) -> list[str]:
        """Hold the page against WCAG AA by axe-core: a line for each element that fails a rule, and why.

        A contrast that axe-core can't measure, such as that of text on a gradient, counts as a failure.
        """
        from axe_selenium_python import Axe

        axe = Axe(self.driver)
        axe.inject()
        found = axe.run(options=json.dumps({"runOnly": list(rules), "resultTypes": ["violations", "incomplete"]}))
        if not found["passes"]:
            raise AssertionError("axe-core found nothing to look at")
        unclear = [rule for rule in found["incomplete"] if rule["id"].startswith("color-contrast")]
        return [
            f"{rule['id']}: {node['html'][:200]}: {' '.join(str(node.get('failureSummary', '')).split())}"
            for rule in [*found["violations"], *unclear]
            for node in rule["nodes"]
        ]

    def overflow(self) -> list[str]:
        """Say how wide the page is and which elements stick out, where one must scroll sideways to read it.

        What lies in an element that scrolls by itself doesn't count.
        """
        return list(self.driver.execute_script(OVERFLOW, self._width))

    def text(self) -> str:
        """Give the text that can be seen."""
        return str(self.driver.execute_script("return document.body.innerText"))
