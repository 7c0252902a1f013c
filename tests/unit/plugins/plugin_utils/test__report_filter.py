# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter account_report: what it takes, and what it refuses."""

from __future__ import annotations

import copy
import json
import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from jinja2 import StrictUndefined
from jinja2.exceptions import UndefinedError

from ansible_collections.h444.cloud.plugins.plugin_utils._report import SCOPES
from ansible_collections.h444.cloud.plugins.plugin_utils._report_filter import account_report
from ansible_collections.h444.cloud.tests.unit.plugins.plugin_utils.accounts import found, server


def results(**sections: t.Any) -> dict[str, t.Any]:
    """Give registered results, with what the sections contain."""
    rows = found(1000, vps=[server()], **sections)
    return {name: {"changed": False, "failed": False, name: rows[name]} for name in SCOPES}


def refusal(scope: str | None) -> dict[str, t.Any]:
    """Give the result of a task whose key lacks a scope."""
    return {"failed": True, "status": 403, "msg": "no", **({"scope": scope} if scope else {})}


def test_the_report_has_a_page_metrics_and_a_summary() -> None:
    given = results()
    before = copy.deepcopy(given)
    report = account_report(given, "2026-11-26")
    assert given == before
    assert report["page"].startswith("<!doctype html>") and report["metrics"].startswith("# HELP h444_")
    assert report["summary"] == {
        "monthly_usd_cents": 960,
        "is_partial": False,
        "balance_usd_cents": 1000,
        "empty_on": "2027-01-10",
        "lasts": "1 month and 15 days",
        "missing": {},
        "attention": [],
        "lines": [
            "A month costs 9.60 USD. The wallet contains 10.00 USD. It runs empty on 2027-01-10 (1 month and 15 days)."
        ],
    }
    json.dumps(report)


def test_a_section_that_the_key_may_not_read_is_missing() -> None:
    summary = account_report({**results(), "domains": refusal(None), "tickets": refusal("x:y")}, "2026-11-26")[
        "summary"
    ]
    assert summary["missing"] == {"domains": "domains:read", "tickets": "x:y"}
    assert summary["attention"] == [
        {
            "level": "note",
            "title": "Missing in this report",
            "names": ["domains (domains:read)", "tickets (x:y)"],
            "advice": "Give these scopes to the API key.",
            "kind": "missing",
        }
    ]
    blind = account_report({**results(), "account": refusal(None), "products": refusal(None)}, "2026-11-26")["summary"]
    assert blind["monthly_usd_cents"] is blind["balance_usd_cents"] is blind["empty_on"] is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "must be a dict"),
        ({}, "the result 'account' is missing"),
        ({**results(), "domains": {"failed": True, "status": 500}}, "the result 'domains' contains no domains"),
        ({**results(), "vps": {"skipped": True}}, "the result 'vps' contains no vps"),
        ({name: refusal(None) for name in SCOPES}, "may read nothing of the account"),
    ],
)
def test_what_is_no_result_is_refused(given: t.Any, said: str) -> None:
    with pytest.raises(AnsibleFilterError, match=said):
        account_report(given, "2026-11-26")


@pytest.mark.parametrize("day", ["", "today", "2026-02-30", "26.11.2026", 20261126, None, "2026-11-26T00:00"])
def test_a_day_is_a_date(day: t.Any) -> None:
    with pytest.raises(AnsibleFilterError, match="the day must be a date"):
        account_report(results(), day)


def test_an_undefined_variable_is_reported_as_such() -> None:
    with pytest.raises(UndefinedError):
        account_report(StrictUndefined(name="results"), "2026-11-26")
