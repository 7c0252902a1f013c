# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What can be ordered: plans with their prices, and operating-system templates."""

from __future__ import annotations

import re
import typing as t

from ._api import Api, Params, Raw
from ._endpoint import Endpoint
from ._errors import BadReply, Refused
from ._fields import text_inside
from ._identifiers import Identifiers
from ._installed import family_in
from ._names import clean, closest, is_digits, shown
from ._reader import bad, cents, envelope_names, first, flat, identifier, rows_in, snake, sweep, text, word

PRODUCTS = Endpoint("GET", "/products", "account:read")
OS_TEMPLATES = Endpoint("GET", "/os-templates", "vps:read")
ENDPOINTS = (PRODUCTS, OS_TEMPLATES)
PRODUCT_NOUNS = ("products", "plans", "product")
TEMPLATE_NOUNS = ("os_templates", "templates", "os_template", "template", "images", "operating_systems")
SLUG = re.compile(r"\A[a-z0-9][a-z0-9._-]*\Z")

read_plan_slug = text_inside("slug", "plan_slug", "code", "name_en", "name", "id")
"""how a server or an account names its plan: by a text or by an object"""


def read_product(raw: Raw) -> dict[str, t.Any]:
    """Give one plan in normal form: slug, category, name_en, both monthly prices in cents, specs."""
    row, _secrets = sweep(flat(raw, PRODUCT_NOUNS, PRODUCTS))
    row["slug"] = identifier(first(row, "slug", "plan_slug", "id"), PRODUCTS, "slug")
    row["category"] = word(first(row, "category", "type", "kind"))
    row["name_en"] = text(first(row, "name_en", "name"))
    for field in ("retail_monthly_usd_cents", "your_monthly_usd_cents"):
        row[field] = _price(row.get(field), field)
    row["specs"] = row.get("specs") if isinstance(row.get("specs"), dict) else {}
    return row


def _price(value: t.Any, field: str) -> int | None:
    """Give a price in cents, None where it can't be read: one odd row must not hide the other plans, and find_plan refuses it."""
    try:
        price = cents(value, PRODUCTS, field)
    except BadReply:
        return None
    return price if price >= 0 else None


def list_products(api: Api) -> list[dict[str, t.Any]]:
    """Read every plan. Source: GET /v1/products (account:read)."""
    return [read_product(raw) for raw in api.rows(PRODUCTS, PRODUCT_NOUNS)]


def find_plan(products: t.Sequence[t.Mapping[str, t.Any]], slug: str, category: str) -> tuple[str, int]:
    """Find a plan and its effective monthly price in cents. Raises: Refused; money never rests on a guess."""
    fitting = _of_category(products, category)
    found = [row["your_monthly_usd_cents"] for row in fitting if row["slug"] == slug]
    if not found:
        names = sorted({row["slug"] for row in fitting})
        likely = closest(slug, names)
        raise Refused(
            "plan_slug: there is no %s plan '%s'%s There are: %s. Nothing was ordered."
            % (
                category,
                clean(slug, 60),
                "; did you mean %s?" % likely[0] if likely else ".",
                ", ".join(names) or "none",
            ),
            plans=names,
        )
    if None in found:
        raise Refused(
            "The price of the plan %s can't be read: %s tells no number of cents as your_monthly_usd_cents. Nothing was ordered."
            % (slug, PRODUCTS)
        )
    prices = sorted(set(found))
    if len(prices) > 1:
        raise Refused(
            "%s lists the plan %s %d times, at %s cents a month. Which of them would be paid is not known, so nothing was ordered; ask the support."
            % (PRODUCTS, slug, len(found), " and ".join(map(str, prices)))
        )
    return slug, prices[0]


def plan_names(products: t.Sequence[t.Mapping[str, t.Any]], category: str) -> dict[str, str]:
    """Give the slug for each name by which the API may tell a plan: slug, id or display name, without case.

    A name that two plans share means none of them. A slug as it is written always means its own plan.
    """
    meanings: dict[str, set[str]] = {}
    slugs = {}
    for row in _of_category(products, category):
        slugs[row["slug"]] = row["slug"]
        for field in ("slug", "id", "plan_id", "name_en", "name"):
            name = text(row.get(field))
            if name:
                meanings.setdefault(name.casefold(), set()).add(row["slug"])
    return {**{name: next(iter(found)) for name, found in meanings.items() if len(found) == 1}, **slugs}


def is_same_plan(told: str, wanted: str) -> bool:
    """Compare plans where no catalogue is at hand: 'VPS 2' is 'vps-2'."""
    return _plan_words(told) == _plan_words(wanted)


def plan_drift(name: str, told: str, wanted: str) -> str:
    """Say that a resource has another plan than is wanted; a plan told by a number or a display name may be the wanted one."""
    if SLUG.match(told) and not is_digits(told):
        return "%s has the plan %s, not %s" % (name, told, wanted)
    return "The API tells the plan of %s as %s, which may or may not be %s" % (name, shown(told), wanted)


def _plan_words(plan: str) -> list[str]:
    return re.findall(r"[^\W_]+", plan.casefold())


def _of_category(products: t.Sequence[t.Mapping[str, t.Any]], category: str) -> list[t.Mapping[str, t.Any]]:
    return [row for row in products if (row["category"] or category).lower() == category]


def read_os_templates(body_rows: t.Sequence[t.Any]) -> list[dict[str, t.Any]]:
    """Give the templates in normal form, a row each: os_family, os_template and what else is told.

    Assumed: the page shows no reply, so a row may be a text, an object, or a family with its templates
    (switch ``os_template_shape``).
    """
    rows: list[dict[str, t.Any]] = []
    for raw in body_rows:
        if isinstance(raw, str):
            rows.append({"os_family": None, "os_template": raw})
            continue
        row, _secrets = sweep(flat(raw, TEMPLATE_NOUNS, OS_TEMPLATES))
        family = word(first(row, "os_family", "family", "os", "distribution", "distro"))
        inner = first(row, "templates", "os_templates", "versions", "images")
        if isinstance(inner, list):
            family = family or word(first(row, "slug", "id", "name"))
            for item in inner:
                entry = dict(item) if isinstance(item, dict) else {"os_template": item}
                rows.append({**_template(entry), "os_family": word(first(entry, "os_family", "family")) or family})
            continue
        rows.append({**_template(row), "os_family": family})
    return rows


def _template(row: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    names = [word(row.get(field)) for field in ("os_template", "slug", "template", "code", "id", "name")]
    # A number or a display name is not what an order takes, so a slug is preferred wherever it stands.
    found = [name for name in names if name]
    slugs = [name for name in found if SLUG.match(name) and not is_digits(name)]
    if not found:
        raise bad(OS_TEMPLATES, "a template has no name")
    return {**row, "os_template": (slugs or found)[0]}


def list_os_templates(api: Api) -> list[dict[str, t.Any]]:
    """Read every template. Source: GET /v1/os-templates (vps:read)."""
    body = api.request(OS_TEMPLATES).body
    if isinstance(body, dict):
        inner = {snake(str(key)): value for key, value in body.items()}
        for name in envelope_names(TEMPLATE_NOUNS):
            if name in inner:
                inner = inner[name]
                break
        if isinstance(inner, dict) and inner and all(isinstance(value, list) for value in inner.values()):
            return read_os_templates([{"os_family": family, "templates": names} for family, names in inner.items()])
        body = inner if isinstance(inner, list) else body
    if isinstance(body, list) and body and all(isinstance(item, str) for item in body):
        return read_os_templates(body)
    return read_os_templates(rows_in(body, TEMPLATE_NOUNS, OS_TEMPLATES))


def find_os_template(templates: t.Sequence[t.Mapping[str, t.Any]], name: str, family: str | None) -> tuple[str, str]:
    """Find a template; returns its family and name. Raises: Refused, naming the templates there are."""
    found = [
        row for row in templates if row["os_template"] == name and (not family or row["os_family"] in (None, family))
    ]
    if found:
        families = sorted({row["os_family"] or family or family_in(name) for row in found})
        if len(families) == 1 and families[0]:
            return families[0], name
        raise Refused(
            "os_family: the API does not tell the one family of '%s'; name it by this option. Nothing was ordered."
            % clean(name, 60)
        )
    names = sorted({row["os_template"] for row in templates})
    likely = closest(name, names)
    raise Refused(
        "os_template: there is no template '%s'%s%s There are: %s. Nothing was ordered."
        % (
            clean(name, 60),
            " of the family '%s'" % clean(family, 40) if family else "",
            "; did you mean %s?" % likely[0] if likely and likely[0] != name else ".",
            ", ".join(names) or "none",
        ),
        os_templates=names,
    )


PRODUCT_IDENTIFIERS = Identifiers("plan", ("slug",))
OS_TEMPLATE_IDENTIFIERS = Identifiers("template", ("os_family",))


def report_products(api: Api, params: Params) -> dict[str, t.Any]:
    """Answer h444_product_info."""
    rows = list_products(api)
    for field in ("slug", "category"):
        if params.get(field):
            rows = [row for row in rows if (row[field] or "").lower() == params[field].lower()]
    return {"products": rows}


def report_os_templates(api: Api, params: Params) -> dict[str, t.Any]:
    """Answer h444_os_template_info."""
    rows = list_os_templates(api)
    if params.get("os_family"):
        rows = [row for row in rows if (row["os_family"] or "").lower() == params["os_family"].lower()]
    return {"os_templates": rows}
