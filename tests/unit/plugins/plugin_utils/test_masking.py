# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is registered with the core. That no later task shows it is played in tests/integration/test_secrets.py."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.plugin_utils import _masking


def test_what_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets, and neither stars that stand for one nor what is so short that it stands in half of all outputs."""
    registered: list[set[str]] = []
    monkeypatch.setattr(_masking, "register_secrets", lambda secrets: registered.append(set(secrets)))
    _masking.mask(["Canary-pass-4711", " padded-secret\n", None, "", "5", "********", "whsec_****abcd", "a*b*c*d"])
    _masking.mask(["5", None])
    assert registered == [{"Canary-pass-4711", "padded-secret", "a*b*c*d"}]


def test_cores_without_masking(monkeypatch: pytest.MonkeyPatch) -> None:
    """There nothing is registered, and nothing fails."""
    monkeypatch.setattr(_masking, "register_secrets", None)
    secrets: t.Iterable[str | None] = ["Canary-pass-4711"]
    _masking.mask(secrets)
