# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An account in this process on which documents are applied."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _manifest
from ansible_collections.h444.cloud.plugins.module_utils._spec import SECTIONS
from ansible_collections.h444.cloud.plugins.modules import h444_manifest
from ansible_collections.h444.cloud.tests.simulator import assumed, conformance
from ansible_collections.h444.cloud.tests.unit.properties.support import Ended, Module, World, defaults_of

Row = t.Dict[str, t.Any]
SERVER = {"plan_slug": "vps-2", "os_template": "ubuntu-24.04"}
HOSTING = {"domain": "example.com", "username": "ex", "plan_slug": "hosting-pro"}
HOOK = {"url": "https://example.com/hook", "events": ["vps.created"]}
SERVER_PRICE, HOSTING_PRICE = 960, 720


class Account(World):
    """An account with 1000 dollars. *sent* has the requests of the last task."""

    def __init__(self, preset: str = "plain", **assume: t.Any) -> None:
        super().__init__({**assumed.preset(preset), **assume})
        assert conformance.attach(self.core)
        self.simulator.seed(balance_usd_cents=100_000)

    def apply(self, manifest: t.Any, check_mode: bool = False, key: str | None = None, **options: t.Any) -> Row:
        """Apply a document, as a task of its own."""
        self.core.offset += 1.5
        self.client = self.new_client()
        self.sent.clear()
        module = Module(self.client, {**defaults_of(h444_manifest.SPEC), "manifest": manifest, **options}, check_mode)
        self.warnings, self.told = module.warnings, module.told
        with pytest.raises(Ended) as ended:
            _manifest.run(module, SECTIONS)
        return ended.value.result

    def writes(self) -> list[str]:
        """Give the writes of the last task, with the last part of their path that is no ID."""
        return [
            "%s %s"
            % (method, [part for part in path.split("/") if part.isalpha() or "-" in part and len(part) < 20][-1])
            for method, path in self.sent
            if method != "GET"
        ]

    def labels(self) -> list[str]:
        """Give the labels of the living servers."""
        return sorted(row["label"] for row in self.simulator.state()["vps"] if row["alive"])


def server(label: str, **options: t.Any) -> Row:
    """Write the entry of a server that can be ordered."""
    return {"label": label, **SERVER, **options}


def lines(result: Row, of: str = "plan") -> list[tuple[str, str, str]]:
    """Give action, kind and name of each entry of a plan."""
    return [(line["action"], line["kind"], line["name"]) for line in result[of]]


def changes(result: Row) -> dict[str, Row]:
    """Give the changes of each entry of a plan, as pairs, by its name."""
    return {
        line["name"]: {option: (values["before"], values["after"]) for option, values in line["changes"].items()}
        for line in result["plan"]
    }
