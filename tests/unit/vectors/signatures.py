# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The signatures of webhook_signatures.json. The filter, the test and the event source are held to the same ones."""

from __future__ import annotations

import base64
import json
import typing as t
from pathlib import Path

FILE = json.loads(Path(__file__).with_name("webhook_signatures.json").read_text(encoding="utf-8"))


class Made(t.NamedTuple):
    """A header that another program made."""

    body: str
    secret: str
    timestamp: int
    header: str


class Verified(t.NamedTuple):
    """A header, and whether it signs."""

    name: str
    body: bytes
    header: str
    secrets: list[str]
    now: float
    tolerance: float
    signed: bool


MADE = [Made(**row) for row in FILE["made"]]
VERIFIED = [
    Verified(
        row["name"],
        base64.b64decode(row["body_base64"]) if "body_base64" in row else row["body"].encode(),
        *(row[name] for name in ("header", "secrets", "now", "tolerance", "signed")),
    )
    for row in FILE["verified"]
]
NAMES = [row.name for row in VERIFIED]
