# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Loads an event source as ansible-rulebook does, by its path. Its pure parts run also where there is no aiohttp."""

from __future__ import annotations

import importlib.util
import runpy
import sys
import types
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SOURCES = ROOT / "extensions" / "eda" / "plugins" / "event_source"


def load(name: str) -> types.SimpleNamespace:
    """Give the names that a source has at its top."""
    stand_in: dict[str, t.Any] = {}
    if importlib.util.find_spec("aiohttp") is None:
        web = types.SimpleNamespace(RequestPayloadError=Exception)
        stand_in["aiohttp"] = types.SimpleNamespace(ClientError=Exception, web=web)
    sys.modules.update(stand_in)
    try:
        return types.SimpleNamespace(**runpy.run_path(str(SOURCES / f"{name}.py")))
    finally:
        for one in stand_in:
            del sys.modules[one]
