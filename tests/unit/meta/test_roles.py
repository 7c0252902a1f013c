# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What roles know by themselves is what the modules know."""

from __future__ import annotations

from pathlib import Path

import yaml

from ansible_collections.h444.cloud.plugins.module_utils import _status

ROLES = Path(__file__).resolve().parents[3] / "roles"


def test_words_of_what_is_gone() -> None:
    """The role takes an account for gone by the same words as the modules."""
    words = yaml.safe_load((ROLES / "web_hosting" / "vars" / "main.yml").read_text(encoding="utf-8"))[
        "web_hosting_gone_words"
    ]
    assert set(words) == _status.GONE
