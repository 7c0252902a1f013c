# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import typing as t

import pytest

from ansible_collections.h444.cloud.tests.unit.plugins.inventory.support import Api


@pytest.fixture
def api() -> t.Iterator[Api]:
    """An API that answers whatever it is told."""
    server = Api()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's key or proxy."""
    for name in list(os.environ):
        if name.startswith("H444_") or name.lower() in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.delenv(name)
