# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The metrics, as Prometheus' own parser reads them."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.plugins.plugin_utils import _report_metrics as metrics
from ansible_collections.h444.cloud.plugins.plugin_utils._report import SCOPES
from ansible_collections.h444.cloud.plugins.plugin_utils._report_alarms import alarms_of
from ansible_collections.h444.cloud.tests.unit.plugins.plugin_utils.accounts import (
    domain,
    figures,
    hosting,
    invoice,
    ip,
    server,
    ticket,
    webhook,
)

HOSTILE = 'a"b\\c\\n{d="e"} 1'


def render(balance: int = 1000, **sections: t.Any) -> str:
    """Render the metrics of an account."""
    found = figures(balance, **sections)
    return metrics.render(found, alarms_of(found))


def everything(text: str = "web-1") -> dict[str, t.Any]:
    """Give an account with something in each section."""
    return {
        "vps": [server(id="1", label=text), server(id="2", label=text, status="stopped", plan_slug="vps-9")],
        "ips": [ip("192.0.2.1", "1", ptr="a.example.com", forward=True), ip("192.0.2.2", "1")],
        "hosting": [hosting(ssl_status="failed"), hosting("b.example", ssl_status=None)],
        "domains": [domain(auto_renew=False), domain("b.example", None, auto_renew=None)],
        "invoices": [invoice(), invoice("b", status="unpaid", total_usd_cents=1234)],
        "tickets": [ticket(), ticket("T-2", "answered")],
        "webhooks": [webhook(), webhook(id="2", is_active=False)],
    }


def samples(text: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Read metrics by Prometheus' parser."""
    parser = pytest.importorskip("prometheus_client.parser")
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in parser.text_string_to_metric_families(text):
        assert family.type == "gauge" and family.documentation.endswith(".")
        found[family.name] = [(sample.labels, sample.value) for sample in family.samples]
    return found


def test_the_figures_are_those_of_the_account() -> None:
    found = samples(render(**everything()))
    own = {"account": "account-1"}
    assert found["h444_wallet_balance_usd"] == [(own, 10.0)]
    assert found["h444_monthly_cost_usd"] == [(own, 14.4)]
    assert found["h444_unpriced_services"] == [(own, 1.0)]
    assert found["h444_wallet_empty_timestamp_seconds"] == [(own, 1797724800.0)]  # 2026-12-20
    assert found["h444_report_timestamp_seconds"] == [(own, 1795651200.0)]  # 2026-11-26
    assert found["h444_invoices_due_usd"] == [(own, 12.34)]
    assert found["h444_invoiced_usd"][-1] == ({**own, "month": "2026-11"}, 21.94)
    assert [value for _labels, value in found["h444_vps_running"]] == [1.0, 0.0]
    assert found["h444_ptr_forward_confirmed"] == [
        ({**own, "vps_id": "1", "label": "web-1", "ip": "192.0.2.1", "ptr": "a.example.com"}, 1.0)
    ]
    assert found["h444_domain_auto_renew"] == [({**own, "domain_id": "example.com", "domain": "example.com"}, 0.0)]
    assert [value for _labels, value in found["h444_hosting_certificate_failed"]] == [1.0]
    assert (found["h444_tickets_open"][0][1], found["h444_tickets_waiting"][0][1]) == (2.0, 1.0)
    assert [value for _labels, value in found["h444_webhook_active"]] == [0.0, 1.0]
    assert {labels["level"]: value for labels, value in found["h444_report_attention"]}["now"] == 1.0


def test_a_label_comes_back_as_it_was() -> None:
    found = samples(render(**everything(HOSTILE)))
    assert {labels["label"] for labels, _value in found["h444_vps_info"]} == {HOSTILE}
    assert len(found["h444_vps_info"]) == 2


def test_no_sample_is_there_twice() -> None:
    """node_exporter takes nothing from a file with two samples of the same name and labels."""
    rows = everything()
    for text in (render(**rows), render(**{**rows, "vps": [*rows["vps"], *rows["vps"]]})):
        names = [line.rsplit(" ", 1)[0] for line in text.splitlines() if not line.startswith("#")]
        assert len(names) == len(set(names))


def test_every_metric_says_what_it_is() -> None:
    text = render(**everything())
    assert text.endswith("\n") and "\n\n" not in text
    names = set(re.findall(r"^(h444_\w+)", text, re.MULTILINE))
    assert names == set(re.findall(r"^# HELP (\w+)", text, re.MULTILINE))
    assert names == set(re.findall(r"^# TYPE (\w+) gauge$", text, re.MULTILINE)) and len(names) == 22


def test_what_is_not_known_has_no_sample() -> None:
    text = render(missing=[name for name in SCOPES if name != "vps"], vps=[server()])
    names = set(re.findall(r"^# HELP (\w+)", text, re.MULTILINE))
    assert names == {
        "h444_report_attention",
        "h444_report_section_present",
        "h444_report_timestamp_seconds",
        "h444_vps_info",
        "h444_vps_running",
    }
    assert "account=" not in text and 'h444_report_section_present{section="vps"} 1' in text
    assert "h444_wallet_empty" not in render(10**9, vps=[server()])


def test_the_guide_lists_every_metric_and_no_other() -> None:
    guide = Path(__file__).parents[4] / "docs" / "docsite" / "rst" / "guide_report.rst"
    listed = re.findall(r"^   \* - ``(h444_\w+)``", guide.read_text(encoding="utf-8"), re.MULTILINE)
    names = re.findall(r"^# HELP (\w+)", render(**everything()), re.MULTILINE)
    assert listed == names
    used = set(
        re.findall(
            r"h444_[a-z_]+_(?:seconds|usd|confirmed|running|failed|active|due|waiting|present)", guide.read_text()
        )
    )
    assert used <= set(names)
