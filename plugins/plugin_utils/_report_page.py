# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The figures of an account as one HTML page without scripts, which loads nothing.

Jinja2 escapes every text. The template is the collection's own file: what the API returns is data in it, never a part
of it.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
import typing as t
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from ansible_collections.h444.cloud.plugins.plugin_utils._report import (
    Figures,
    Month,
    due,
    is_partial,
    lasting,
    money,
    plural,
)
from ansible_collections.h444.cloud.plugins.plugin_utils._report_alarms import MOST_NAMES, Alarm, urgency

TONES = {
    "running": "good",
    "active": "good",
    "issued": "good",
    "stopped": "",
    "provisioning": "odd",
    "pending": "odd",
    "suspended": "bad",
    "failed": "bad",
}


def render(figures: Figures, alarms: t.Sequence[Alarm]) -> str:
    """Return the page."""
    style = _style()
    return _template().render(
        figures=figures,
        alarms=alarms,
        lasting=lasting(figures),
        due=due(figures.invoices),
        partial=is_partial(figures),
        sections=_sections(figures),
        title=" ".join(filter(None, ("444Host account", figures.email, figures.day.isoformat()))),
        tones=TONES,
        most=MOST_NAMES,
        style=Markup(style),  # nosec: the collection's own file
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )


def _sections(figures: Figures) -> list[tuple[str, str, int | None]]:
    """Return the sections of the page: anchor, name, and how much there is in it, None if that is not known."""
    found: list[tuple[str, str, str, t.Sequence[t.Any] | None]] = [
        ("servers", "Servers", "vps", figures.servers),
        ("domains", "Domains", "domains", figures.domains),
        ("hosting", "Web hosting", "hosting", figures.hosting),
        ("costs", "Costs", "products", None),
        ("invoices", "Invoices", "invoices", None),
        ("tickets", "Open tickets", "tickets", figures.tickets),
        ("webhooks", "Webhooks", "webhooks", figures.webhooks),
    ]
    return [
        (anchor, name, None if rows is None or needed in figures.missing else len(rows))
        for anchor, name, needed, rows in found
    ]


def share(cents: int, months: t.Sequence[Month]) -> str:
    """Return a month's share of the dearest one in percent, with one digit after the point."""
    most = max((month.total for month in months), default=0)
    return "%.1f" % (100 * max(cents, 0) / most) if most > 0 else "0"


@functools.lru_cache(maxsize=1)
def _style() -> str:
    """Return the style sheet without its comments."""
    text = Path(__file__).with_name("_report_page.css").read_text(encoding="utf-8")
    return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL).strip()


@functools.lru_cache(maxsize=1)
def _template() -> Template:
    """Return the template, in an environment of its own: Ansible's would evaluate more than is written there."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters.update(money=money, share=share, days=lambda number: plural(number, "day"), urgency=urgency)
    text = Path(__file__).with_name("_report_page.html.j2").read_text(encoding="utf-8")
    return environment.from_string(text)
