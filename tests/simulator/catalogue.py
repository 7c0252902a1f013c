# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The account itself, the plans that can be ordered, and the operating systems that can be installed."""

from __future__ import annotations

import copy
import typing as t

from . import shapes
from .account import Account, Route
from .calls import Call, No, Reply, Row


class Product(t.NamedTuple):
    """A plan, with the fields of GET /products."""

    slug: str
    category: str
    name_en: str
    retail_monthly_usd_cents: int
    your_monthly_usd_cents: int
    specs: Row


PRODUCTS = (
    Product("vps-1", "vps", "VPS 1", 600, 480, {"vcpu": 1, "ram_mb": 2048, "disk_gb": 30}),
    Product("vps-2", "vps", "VPS 2", 1200, 960, {"vcpu": 2, "ram_mb": 4096, "disk_gb": 60}),
    Product("vps-3", "vps", "VPS 3", 2400, 1920, {"vcpu": 4, "ram_mb": 8192, "disk_gb": 120}),
    Product("vps-4", "vps", "VPS 4", 4800, 3840, {"vcpu": 8, "ram_mb": 16384, "disk_gb": 240}),
    Product("hosting-starter", "hosting", "Hosting Starter", 300, 240, {"disk_gb": 5}),
    Product("hosting-pro", "hosting", "Hosting Pro", 900, 720, {"disk_gb": 25}),
)
TEMPLATES = (
    ("ubuntu", "ubuntu-22.04"),
    ("ubuntu", "ubuntu-24.04"),
    ("debian", "debian-12"),
    ("debian", "debian-13"),
    ("almalinux", "almalinux-9"),
    ("rocky", "rocky-9"),
)


def get_account(account: Account, call: Call) -> Reply:
    """GET /account."""
    return 200, copy.deepcopy(account.account)


def list_products(account: Account, call: Call) -> Reply:
    """GET /products."""
    return 200, copy.deepcopy(account.products)


def list_os_templates(account: Account, call: Call) -> Reply:
    """GET /os-templates."""
    return 200, copy.deepcopy(account.templates)


def products() -> list[Row]:
    """Give the simulator's own plans."""
    return [product._asdict() for product in PRODUCTS]


def templates() -> list[Row]:
    """Give the simulator's own templates."""
    return [{"os_family": family, "os_template": name, "name": shapes.os_name(name)} for family, name in TEMPLATES]


def specs_of(account: Account, slug: str) -> Row:
    """Give what a plan holds; nothing for a plan that there isn't."""
    return next((product["specs"] for product in account.products if product["slug"] == slug), {})


def price_of(account: Account, slug: t.Any, category: str) -> int:
    """Give the price of a plan that is ordered, in US cents a month. Raises No."""
    for product in account.products:
        if (product["slug"], product["category"]) == (slug, category):
            return product["your_monthly_usd_cents"]
    raise No(400, [f"plan_slug must be one of the {category} plans"])


def installable(account: Account, body: Row, family: str, template: str) -> tuple[str, str]:
    """Read the operating system that is to be installed, from these two fields. Raises No."""
    wanted = body.get(family), body.get(template)
    if wanted not in [(row["os_family"], row["os_template"]) for row in account.templates]:
        raise No(400, [f"{family} and {template} must name an installable template"])
    return t.cast("tuple[str, str]", wanted)


ROUTES = (
    Route("GET", "/account", "account", "account:read", get_account),
    Route("GET", "/products", "products", "account:read", list_products),
    Route("GET", "/os-templates", "os_templates", "vps:read", list_os_templates),
)
