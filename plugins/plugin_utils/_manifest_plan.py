# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbooks apply and drift say of a plan of h444_manifest, and the file that keeps a plan for its approval.

A result is that of the module, a plan its ``plan``: entries with action, kind, name, changes and monthly_usd_cents.
Pure.
"""

from __future__ import annotations

import json
import re
import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.h444.cloud.plugins.module_utils._afterwards import NAMES
from ansible_collections.h444.cloud.plugins.module_utils._names import clean
from ansible_collections.h444.cloud.plugins.module_utils._pieces import CREATE, REMOVE, REPLACE, UPDATE
from ansible_collections.h444.cloud.plugins.module_utils._table import money

Line = t.Mapping[str, t.Any]
"""an entry of a plan"""

FORMAT = "h444-plan-1"
DIGEST = re.compile("[0-9a-f]{64}")
DONE = {CREATE: "created", UPDATE: "changed", REPLACE: "reinstalled", REMOVE: "removed"}
LEFT = {CREATE: "to create", UPDATE: "to change", REPLACE: "to reinstall", REMOVE: "to remove"}
UNFINISHED = {CREATE: "to finish (ordered)"}
# What comes with a one-time secret: its action, its section.
BRINGING = {(CREATE, "servers"), (CREATE, "hosting"), (CREATE, "webhooks"), (REPLACE, "servers")}
MOST_CHARACTERS = 300


def checked(result: t.Any, name: str) -> t.Mapping[str, t.Any]:
    """Return a result of h444_manifest with a plan. Raises: AnsibleFilterError."""
    if not isinstance(result, dict) or not isinstance(result.get("plan_digest"), str):
        raise AnsibleFilterError("%s: the value must be a result of h444_manifest that contains a plan." % name)
    return result


# The file of a plan


def plan_file(result: t.Any, **made_of: t.Any) -> str:
    """Return the text of the file that keeps a plan. *made_of*: what else the approver should know."""
    planned = checked(result, "manifest_plan_file")
    content = {
        "format": FORMAT,
        "plan_digest": planned["plan_digest"],
        **made_of,
        "cost": planned["cost"],
        "plan": planned["plan"],
        "table": str((planned.get("diff") or {}).get("prepared") or "").splitlines(),
    }
    return json.dumps(_plain(content), indent=2) + "\n"


def _plain(value: t.Any) -> t.Any:
    """Return a value without ansible-core's own types, which not every version writes as JSON."""
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return "".join(value) if isinstance(value, str) else value


def plan_problem(text: t.Any, result: t.Any = None) -> str:
    """Return why the text of a file is not the plan that is to be carried out; "" if it is.

    Without *result*, the text only has to be the file of a plan.
    """
    kept = _read(text)
    if kept is None:
        return "is not a plan file of this playbook"
    if result is None:
        return ""
    planned = checked(result, "manifest_plan_problem")
    # What people read in the file is its plan, and not the digest.
    if kept["plan_digest"] == planned["plan_digest"] and kept["plan"] == _plain(planned["plan"]):
        return ""
    return "contains another plan"


def _read(text: t.Any) -> dict[str, t.Any] | None:
    """Return the content of the file of a plan; None if it is none.

    A template of ansible-core 2.18 makes a dictionary of a text that looks like one.
    """
    try:
        content = text if isinstance(text, dict) else json.loads(str(text))
    except ValueError:
        return None
    is_plan = (
        isinstance(content, dict)
        and content.get("format") == FORMAT
        and isinstance(content.get("plan"), list)
        and isinstance(content.get("plan_digest"), str)
        and DIGEST.fullmatch(content["plan_digest"])
    )
    return content if is_plan else None


# One-time secrets


def unkept_secrets(plan: t.Sequence[Line], document: t.Mapping[str, t.Any]) -> list[str]:
    """Return the names of what comes with a one-time secret, and has no ``credentials_file`` in the document."""
    return [
        _title(line)
        for line in plan
        if _brings_secret(line) and not str(_entry_of(line, document).get("credentials_file") or "").strip()
    ]


def _brings_secret(line: Line) -> bool:
    return (line["action"], line["kind"]) in BRINGING or "rotate_secret" in line["changes"]


def _entry_of(line: Line, document: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
    key = NAMES[line["kind"]]
    entries = document.get(line["kind"]) or ()
    return next((entry for entry in entries if str(entry.get(key)) == line["name"]), {})


# What people read


def summary(result: t.Any, is_planned: bool = False) -> list[str]:
    """Return what was done and is left, a month's cost and the wallet. *is_planned*: of a plan that is only planned."""
    found = checked(result, "manifest_summary")
    done = found["plan"] if is_planned else found["done"]
    lines = _groups(done, LEFT if is_planned else DONE)
    if is_planned:
        return [*lines, *_costs(found["cost"], done)]
    # What was ordered is paid, also if a later step failed, such as its PTR record.
    paid = [line for line in found["left"] if line["action"] == CREATE and line["name"] in found["ordered"]]
    left = [line for line in found["left"] if line not in paid]
    lines += ["left %s" % text for text in [*_groups(paid, UNFINISHED), *_groups(left, LEFT)]]
    return [*lines, *_costs(found["cost"], [*done, *paid])]


def _groups(plan: t.Sequence[Line], words: t.Mapping[str, str]) -> list[str]:
    """Return one line for each action and section, in the order of the plan."""
    names: dict[tuple[str, str], list[str]] = {}
    for line in plan:
        names.setdefault((line["action"], line["kind"]), []).append(clean(line["name"], MOST_CHARACTERS))
    return ["%s %s: %s" % (words[action], kind, ", ".join(found)) for (action, kind), found in names.items()]


def _costs(cost: t.Mapping[str, t.Any], done: t.Sequence[Line]) -> list[str]:
    before, balance = cost["monthly_before_usd_cents"], cost["balance_usd_cents"]
    after = before + sum(line["monthly_usd_cents"] for line in done)
    lines = ["a month: %s USD before, %s USD after" % (money(before), money(after))]
    if balance is None:
        return [*lines, "wallet: not known, the API key lacks the scope account:read"]
    debited = sum(line["monthly_usd_cents"] for line in done if line["action"] == CREATE)
    return [*lines, "wallet: %s USD before, %s USD after" % (money(balance), money(balance - debited))]


def drift(plan: t.Sequence[Line]) -> list[str]:
    """Return each difference between the account and the document in one line.

    *plan*: the entries of ``plan``, and those of ``differences``, which have no action.
    """
    return [text for line in plan for text in _differences(line)]


def _differences(line: Line) -> list[str]:
    if line.get("action") == REMOVE:
        return ["%s: exists, but should not" % _title(line)]
    if line.get("action") == CREATE:
        options = ", ".join("%s %s" % (option, _value(values["after"])) for option, values in line["changes"].items())
        return ["%s: is missing%s" % (_title(line), " (%s)" % options if options else "")]
    return [
        "%s: %s should be %s" % (_title(line), option, _value(values["after"]))
        for option, values in line["changes"].items()
    ]


def _title(line: Line) -> str:
    return "%s %s" % (line["kind"], clean(line["name"], MOST_CHARACTERS))


def _value(value: t.Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return " ".join(clean(str(item), MOST_CHARACTERS) for item in value) or "none"
    return "none" if value is None else clean(str(value), MOST_CHARACTERS) or '""'
