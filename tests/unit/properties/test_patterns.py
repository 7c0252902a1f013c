# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Info modules by patterns: the same rules for servers, hosting accounts, domains and webhooks."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _domain, _hosting, _vps, _webhook
from ansible_collections.h444.cloud.plugins.modules import (
    h444_domain_info,
    h444_hosting_info,
    h444_vps_info,
    h444_webhook_info,
)
from ansible_collections.h444.cloud.tests.simulator import assumed
from ansible_collections.h444.cloud.tests.unit.properties.support import World, defaults_of

KINDS: dict[str, tuple[t.Any, t.Any, str]] = {
    "vps": (_vps.report, h444_vps_info.SPEC, "label"), "hosting": (_hosting.report, h444_hosting_info.SPEC, "domain"),
    "domains": (_domain.report, h444_domain_info.SPEC, "name"),
    "webhooks": (_webhook.report, h444_webhook_info.SPEC, "url"),
}  # fmt: skip
SEED = {
    "vps": [{"label": "n-1"}, {"label": "N-2"}, {"label": "n-*"}, {"label": "m-1"}],
    "hosting": [
        {"domain": "n-1.example", "username": "one"},
        {"domain": "m.example", "username": "n-user"},
        {"domain": "xn--mller-kva.example", "username": "x"},
    ],
    "domains": [{"name": "n-1.example"}, {"name": "m.example"}],
    "webhooks": [
        {"url": "https://n-1.example/hook", "events": ["vps.created"]},
        {"url": "https://m.example/", "events": ["vps.created"]},
    ],
}


@pytest.mark.parametrize(
    ("kind", "options", "names"),
    [
        ("vps", {"patterns": ["n-*"]}, ["n-1", "N-2", "n-*"]), ("vps", {"label": "n-*"}, ["n-*"]),
        ("vps", {"patterns": ["n-?", "m-1"]}, ["n-1", "N-2", "n-*", "m-1"]),
        ("vps", {"patterns": ["x-*"]}, []), ("vps", {"patterns": [], "label": "n-*", "id": None}, ["n-*"]),
        ("vps", {"label": "m-1", "patterns": ["n-*"]}, []),
        ("hosting", {"patterns": ["n-*"]}, ["n-1.example", "m.example"]),
        ("hosting", {"patterns": ["m\u00fcller.*"]}, ["xn--mller-kva.example"]),
        ("hosting", {"domain": "n-1.example", "patterns": ["n-*"]}, ["n-1.example"]),
        ("domains", {"patterns": ["N-*"]}, ["n-1.example"]),
        ("domains", {"name": "m.example", "patterns": ["n-*"]}, []),
        ("webhooks", {"patterns": ["https://n-*"]}, ["https://n-1.example/hook"]),
        ("webhooks", {"patterns": ["*.example/*"]}, [row["url"] for row in SEED["webhooks"]]),
    ],
)  # fmt: skip
def test_patterns(kind: str, options: dict[str, t.Any], names: list[str]) -> None:
    """Patterns choose, without case; a name is a name, whatever characters it holds."""
    report, spec, field = KINDS[kind]
    world = World(assumed.defaults())
    world.core.seed(SEED)
    params = {**defaults_of(spec), **options}
    assert [row[field] for row in report(world.client, params)[kind] if row[field] != "example.com"] == names
