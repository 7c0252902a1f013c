# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What can be ordered: plans with their prices, and operating-system templates."""

from __future__ import annotations

import re
import typing as t

from ._api import Api, Params, Raw, Row
from ._endpoint import Endpoint
from ._errors import BadReply, Refused
from ._fields import Derived, Field, Needed, Table, read_fields, text_inside
from ._identifiers import Identifiers
from ._installed import family_in
from ._names import clean, closest, is_digits, shown
from ._reader import bad, cents, envelope_names, first, identifier, row_of, rows_in, snake, text, word

PRODUCTS = Endpoint("GET", "/products", "account:read")
OS_TEMPLATES = Endpoint("GET", "/os-templates", "vps:read")
ENDPOINTS = (PRODUCTS, OS_TEMPLATES)
PRODUCT_NOUNS = ("products", "plans", "product")
TEMPLATE_NOUNS = ("os_templates", "templates", "os_template", "template", "images", "operating_systems")
SLUG = re.compile(r"\A[a-z0-9][a-z0-9._-]*\Z")

read_plan_slug = text_inside("slug", "plan_slug", "code", "name_en", "name", "id")
"""how a server or an account names its plan: by a text or by an object"""


def read_price(value: t.Any) -> int | None:
    """Return a price in cents, None if it can't be read.

    One odd row must not hide the other plans; find_plan refuses it.
    """
    try:
        price = cents(value, PRODUCTS, "price")
    except BadReply:
        return None
    return price if price >= 0 else None


def read_specs(row: Raw) -> Row:
    """Return what a plan offers; empty if the API does not say."""
    specs = row.get("specs")
    return specs if isinstance(specs, dict) else {}


PRODUCT_TABLE: Table = {
    "slug": Needed(identifier, "slug", "plan_slug", "id"),
    "category": Field(word, "category", "type", "kind"),
    "name_en": Field(text, "name_en", "name"),
    "retail_monthly_usd_cents": Field(read_price, "retail_monthly_usd_cents"),
    "your_monthly_usd_cents": Field(read_price, "your_monthly_usd_cents"),
    "specs": Derived(read_specs),
}


def read_product(raw: Raw) -> Row:
    """Return one plan in normal form: the fields of PRODUCT_TABLE are always there; all else is kept."""
    row = row_of(raw, PRODUCT_NOUNS, PRODUCTS)
    return {**row, **read_fields(row, PRODUCT_TABLE, PRODUCTS)}


def list_products(api: Api) -> list[Row]:
    """Read every plan. Source: GET /v1/products (account:read)."""
    return [read_product(raw) for raw in api.rows(PRODUCTS, PRODUCT_NOUNS)]


def find_plan(products: t.Sequence[Raw], slug: str, category: str) -> tuple[str, int]:
    """Find a plan and its effective monthly price in cents. Raises: Refused; money never rests on a guess."""
    fitting = _of_category(products, category)
    found = [row["your_monthly_usd_cents"] for row in fitting if row["slug"] == slug]
    if not found:
        raise _no_plan(slug, category, sorted({row["slug"] for row in fitting}))
    if None in found:
        raise Refused(
            "The price of the plan %s can't be read: %s returns no valid your_monthly_usd_cents. "
            "Nothing was ordered." % (slug, PRODUCTS)
        )
    prices = sorted(set(found))
    if len(prices) > 1:
        raise Refused(
            "%s lists the plan %s %d times, at %s cents a month. It is not known which price would be charged, so "
            "nothing was ordered. Contact 444Host support."
            % (PRODUCTS, slug, len(found), " and ".join(map(str, prices)))
        )
    return slug, prices[0]


def prices(products: t.Sequence[Raw], category: str) -> dict[str, int | None]:
    """Return the effective monthly price of each plan in cents, by its slug; None if it is not clear."""
    found: dict[str, set[int | None]] = {}
    for row in _of_category(products, category):
        found.setdefault(row["slug"], set()).add(row["your_monthly_usd_cents"])
    return {slug: next(iter(told)) if len(told) == 1 else None for slug, told in found.items()}


def _listed(names: t.Sequence[str]) -> str:
    return ", ".join(clean(name, 60) for name in names) or "none"


def _no_plan(slug: str, category: str, names: t.Sequence[str]) -> Refused:
    likely = closest(slug, names)
    return Refused(
        "plan_slug: there is no %s plan '%s'%s There are: %s. Nothing was ordered."
        % (
            category,
            clean(slug, 60),
            "; did you mean %s?" % clean(likely[0], 60) if likely else ".",
            _listed(names),
        ),
        plans=names,
    )


def plan_names(products: t.Sequence[Raw], category: str) -> dict[str, str]:
    """Return the slug for each name by which the API may call a plan: slug, ID or display name, in lower case.

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
    """Return the note that a resource has, or may have, another plan than the wanted one."""
    if is_slug(told):
        return "%s has the plan %s, not %s" % (name, clean(told, 60), wanted)
    return "The API returns the plan %s for %s, which may or may not be %s" % (shown(told), name, wanted)


def is_slug(name: str) -> bool:
    """Return whether a name can be used in an order: not a display name, and not a number."""
    return bool(SLUG.match(name)) and not is_digits(name)


def _plan_words(plan: str) -> list[str]:
    return re.findall(r"[^\W_]+", plan.casefold())


def _of_category(products: t.Sequence[Raw], category: str) -> list[Raw]:
    return [row for row in products if (row["category"] or category).lower() == category]


# The first of these that looks like a slug is used in orders, because a number or a display name can't be.
TEMPLATE_NAMES = ("os_template", "slug", "template", "code", "id", "name")
FAMILIES = ("os_family", "family", "os", "distribution", "distro")
# A family may be listed with its templates: the fields with the templates, and further fields with its name.
LISTS = ("templates", "os_templates", "versions", "images")
LISTED_FAMILIES = ("slug", "id", "name")


def read_os_templates(body_rows: t.Iterable[t.Any]) -> list[Row]:
    """Return the templates in normal form, one row each: os_family and os_template; all else is kept.

    Assumed: the page shows no reply, so a row may be a text, an object, or a family with its templates
    (switch ``os_template_shape``).
    """
    return [row for raw in body_rows for row in _templates_in(raw)]


def _templates_in(raw: t.Any) -> list[Row]:
    if isinstance(raw, str):
        return [{"os_family": None, "os_template": raw}]
    row = row_of(raw, TEMPLATE_NOUNS, OS_TEMPLATES)
    family = word(first(row, *FAMILIES))
    entries = first(row, *LISTS)
    if not isinstance(entries, list):
        return [{**_template(row), "os_family": family}]
    family = family or word(first(row, *LISTED_FAMILIES))
    rows = [_template(entry if isinstance(entry, dict) else {"os_template": entry}) for entry in entries]
    return [{**row, "os_family": word(first(row, *FAMILIES[:2])) or family} for row in rows]


def _template(row: Raw) -> Row:
    """Return a template with the name by which it is ordered. Raises: BadReply."""
    names = [name for name in (word(row.get(field)) for field in TEMPLATE_NAMES) if name]
    if not names:
        raise bad(OS_TEMPLATES, "a template has no name")
    return {**row, "os_template": next((name for name in names if is_slug(name)), names[0])}


def list_os_templates(api: Api) -> list[Row]:
    """Read every template. Source: GET /v1/os-templates (vps:read)."""
    return read_os_templates(_template_rows(api.request(OS_TEMPLATES).body))


def _template_rows(body: t.Any) -> list[t.Any]:
    """Find the templates in a reply: a list of texts or objects, or a map from families to their templates."""
    content = _content_of(body)
    if isinstance(content, dict) and _are_all(list, content.values()):
        return [{"os_family": family, "templates": names} for family, names in content.items()]
    if isinstance(content, list) and _are_all(str, content):
        return content
    return rows_in(content if isinstance(content, list) else body, TEMPLATE_NOUNS, OS_TEMPLATES)


def _are_all(kind: type, values: t.Collection[t.Any]) -> bool:
    """Return whether there are values, all of one kind."""
    return bool(values) and all(isinstance(value, kind) for value in values)


def _content_of(body: t.Any) -> t.Any:
    """Return the content of an envelope; a value without one is returned unchanged."""
    if not isinstance(body, dict):
        return body
    by_name = {snake(str(key)): value for key, value in body.items()}
    return next((by_name[name] for name in envelope_names(TEMPLATE_NOUNS) if name in by_name), by_name)


def find_os_template(templates: t.Sequence[Raw], name: str, family: str | None) -> tuple[str, str]:
    """Return the family and name of a template. Raises: Refused, which lists the available templates."""
    found = [row for row in templates if _is_called(row, name, family)]
    if not found:
        raise _no_template(name, family, sorted({row["os_template"] for row in templates}))
    families = sorted({row["os_family"] or family or family_in(name) for row in found})
    if len(families) != 1 or not families[0]:
        raise Refused(
            "os_family: the API does not show to which family '%s' belongs. Set this option. Nothing was changed."
            % clean(name, 60)
        )
    return families[0], name


def _is_called(template: Raw, name: str, family: str | None) -> bool:
    """Return whether a template has this name, and this family as far as both are known."""
    return template["os_template"] == name and (not family or template["os_family"] in (None, family))


def _no_template(name: str, family: str | None, names: t.Sequence[str]) -> Refused:
    likely = closest(name, names)
    return Refused(
        "os_template: there is no template '%s'%s%s There are: %s. Nothing was changed."
        % (
            clean(name, 60),
            " of the family '%s'" % clean(family, 40) if family else "",
            "; did you mean %s?" % clean(likely[0], 60) if likely and likely[0] != name else ".",
            _listed(names),
        ),
        os_templates=names,
    )


PRODUCT_IDENTIFIERS = Identifiers("plan", ("slug",))
OS_TEMPLATE_IDENTIFIERS = Identifiers("template", ("os_family",))


def report_products(api: Api, params: Params) -> dict[str, t.Any]:
    """Return the result of h444_product_info."""
    rows = list_products(api)
    for field in ("slug", "category"):
        if params.get(field):
            rows = [row for row in rows if (row[field] or "").lower() == params[field].lower()]
    return {"products": rows}


def report_os_templates(api: Api, params: Params) -> dict[str, t.Any]:
    """Return the result of h444_os_template_info."""
    rows = list_os_templates(api)
    if params.get("os_family"):
        rows = [row for row in rows if (row["os_family"] or "").lower() == params["os_family"].lower()]
    return {"os_templates": rows}
