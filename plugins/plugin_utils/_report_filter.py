# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter account_report: registered results of the info modules in, the report of an account out."""

from __future__ import annotations

import re
import typing as t
from datetime import date

from ansible.errors import AnsibleFilterError
from jinja2 import Undefined

from ansible_collections.h444.cloud.plugins.plugin_utils import _report_metrics, _report_page
from ansible_collections.h444.cloud.plugins.plugin_utils._report import (
    SCOPES,
    Figures,
    figures_of,
    in_words,
    is_partial,
    lasting,
)
from ansible_collections.h444.cloud.plugins.plugin_utils._report_alarms import alarms_of


def account_report(results: t.Any, day: t.Any) -> dict[str, t.Any]:
    """Return the report: page, metrics, summary. Raises: AnsibleFilterError."""
    figures = figures_of(*_read(results), _day(day))
    alarms = alarms_of(figures)
    return {
        "page": _report_page.render(figures, alarms),
        "metrics": _report_metrics.render(figures, alarms),
        "summary": {
            **_summary(figures),
            "attention": [alarm._asdict() for alarm in alarms],
            "lines": [in_words(figures), *(alarm.text() for alarm in alarms)],
        },
    }


def _summary(figures: Figures) -> dict[str, t.Any]:
    wallet, costs = figures.wallet, figures.costs
    return {
        "monthly_usd_cents": costs.monthly if costs else None,
        "is_partial": is_partial(figures),
        "balance_usd_cents": wallet.balance if wallet else None,
        "empty_on": wallet.empty.isoformat() if costs and wallet and wallet.empty else None,
        "lasts": lasting(figures)[1],
        "missing": dict(figures.missing),
    }


def _read(results: t.Any) -> tuple[dict[str, t.Any], dict[str, str]]:
    """Return what the modules returned, and the scopes of the sections that the key may not read."""
    if isinstance(results, Undefined):
        str(results)  # raises Jinja's own error, up to ansible-core 2.18
    if not isinstance(results, dict):
        raise AnsibleFilterError("account_report: the input must be a dict of the results of the info modules.")
    found: dict[str, t.Any] = {}
    missing: dict[str, str] = {}
    for name, scope in SCOPES.items():
        result = results.get(name)
        if not isinstance(result, dict):
            raise AnsibleFilterError("account_report: the result '%s' is missing." % name)
        if name in result:
            found[name] = result[name]
        elif result.get("status") == 403:
            missing[name] = str(result.get("scope") or scope)
        else:
            raise AnsibleFilterError("account_report: the result '%s' contains no %s." % (name, name))
    if not found:
        raise AnsibleFilterError(
            "account_report: the API key may read nothing of the account. It needs at least one of the scopes %s."
            % ", ".join(sorted(set(SCOPES.values())))
        )
    return found, missing


def _day(value: t.Any) -> date:
    text = str(value)
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise AnsibleFilterError("account_report: the day must be a date such as 2026-11-26.")
