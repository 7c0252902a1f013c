# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A playbook on the simulator's scenario flaky: it passes, orders once, and changes nothing when it is played again."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

from ansible_collections.h444.cloud.tests.integration.playing import environment, play, write_playbook
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

Row = t.Dict[str, t.Any]


def tasks(folder: Path) -> list[Row]:
    """Give a bit of everything: orders, power, PTR records, hosting, a domain, a webhook, a ticket."""
    order = {"plan_slug": "vps-1", "os_template": "debian-12", "credentials_file": str(folder / "secrets.json")}
    site = {"domain": "new.example.com", "username": "newexample", "plan_slug": "hosting-starter"}
    webhook = {"url": "https://hooks.example.com/new", "events": ["vps.created"]}
    return [
        {"h444.cloud.h444_vps_fleet": {**order, "servers": [{"label": f"new-{number}"} for number in range(1, 5)]}},
        {"h444.cloud.h444_vps": {"label": "test-1", "state": "started"}},
        {"h444.cloud.h444_vps": {"label": "web-2", "state": "stopped"}},
        {"h444.cloud.h444_ptr": {"vps_label": "new-1", "hostname": "new-1.example.com"}},
        {"h444.cloud.h444_ptr": {"vps_label": "mail-1", "state": "absent"}},
        {"h444.cloud.h444_hosting": {**site, "credentials_file": order["credentials_file"]}},
        {"h444.cloud.h444_hosting": {"domain": "shop.example.com", "php_version": "8.1", "state": "suspended"}},
        {"h444.cloud.h444_domain": {"name": "example.org", "auto_renew": True}},
        {"h444.cloud.h444_webhook": {**webhook, "credentials_file": order["credentials_file"]}},
        {"h444.cloud.h444_ticket": {"subject": "Mail from mail-1 is rejected", "reply": "It works now."}},
        {"h444.cloud.h444_invoice_info": {}},
        {"h444.cloud.h444_wallet_info": {"limit": 10}},
        {"h444.cloud.h444_product_info": {}},
    ]


def test_a_playbook_survives_flaky(tmp_path: Path) -> None:
    """It meets lost replies of orders, and each order is one debit all the same."""
    with Simulator.start(scenario="flaky") as simulator:
        before = len(simulator.debits())
        file = write_playbook(tmp_path, tasks(tmp_path))
        env = environment(tmp_path / "home", simulator.url, simulator.key)
        first, second = (play(["ansible-playbook", str(file)], env, tmp_path, is_warm=True) for _time in range(2))
        assert first.code == 0, first.tail()
        assert second.code == 0 and re.search(r"changed=0 ", second.output), second.tail()
        assert len(simulator.debits()) - before == 5
        met = [row for row in simulator.journal() if row["fault"]]
        assert len(met) > 20 and {"reset", "status", "html", "delay"} <= {row["fault"] for row in met}
        assert [row["path"] for row in met if row["effect"] and row["fault"] == "reset"].count("/vps") >= 1
