# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RETURN stands twice, in a module and its info module, until the oldest core knows fragments of it; both agree."""

from __future__ import annotations

import ast
import typing as t
from datetime import datetime, timezone
from pathlib import Path

import yaml

from ansible_collections.h444.cloud.plugins.module_utils import (
    _addresses,
    _billing,
    _catalogue,
    _delivery,
    _domain,
    _hosting,
    _oauth,
    _thread,
    _ticket,
    _vps,
    _webhook,
)

MODULES = Path(__file__).resolve().parents[3] / "plugins" / "modules"


def fields_of(module: str, key: str) -> dict[str, t.Any]:
    """Read what a module says about the fields of one result."""
    for node in ast.parse((MODULES / f"{module}.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "RETURN":
            return yaml.safe_load(ast.literal_eval(node.value))[key]["contains"]
    raise AssertionError(f"{module} has no RETURN")


def keys_of(module: str) -> set[str]:
    """Name the keys of the result that a module documents."""
    for node in ast.parse((MODULES / f"{module}.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "RETURN":
            return set(yaml.safe_load(ast.literal_eval(node.value)))
    raise AssertionError(f"{module} has no RETURN")


def test_sign_in() -> None:
    """The fields of a sign-in are the result's own; all that the reader gives are documented."""
    assert keys_of("h444_oauth_device") == {"client_id", "actions", *_oauth.DEVICE_FIELDS}
    reply = {"user_code": "u", "device_code": "d", "verification_uri": "https://x/"}
    assert set(_oauth.read_device(reply, "POST")) == set(_oauth.DEVICE_FIELDS)
    assert keys_of("h444_oauth_token") == {
        "access_token",
        "refresh_token",
        "expires_in",
        "scope",
        "credentials_file",
        "actions",
    }


def test_vps() -> None:
    """The module, its info module and the reader know the same fields."""
    module, info = fields_of("h444_vps", "vps"), fields_of("h444_vps_info", "vps")
    assert tuple(module) == _vps.FIELDS
    assert module == {name: field for name, field in info.items() if name not in ("ips", "stats")}
    assert set(_vps.read_vps({"id": 1})) == set(_vps.FIELDS)


def test_ptr() -> None:
    """The module shows a part of the info module's row, in the same words, and the reader gives all of it."""
    module, info = fields_of("h444_ptr", "ptr"), fields_of("h444_ptr_info", "ips")
    assert module == {name: info[name] for name in module}
    records = fields_of("h444_ptr_records", "ips")
    assert records == {name: field for name, field in info.items() if name != "forward_confirmed"}
    assert set(info) - {"forward_confirmed"} == set(_addresses.read_ip("2001:DB8::1", None, None, "GET"))


def test_hosting() -> None:
    """The module, its info module and the reader know the same fields."""
    module, info = fields_of("h444_hosting", "hosting"), fields_of("h444_hosting_info", "hosting")
    assert module == info
    assert tuple(module) == _hosting.FIELDS
    assert set(_hosting.read_hosting({"id": 1})) == set(_hosting.FIELDS)


def test_domain() -> None:
    """The module, its info module and the reader know the same fields."""
    module, info = fields_of("h444_domain", "domain"), fields_of("h444_domain_info", "domains")
    assert module == info
    assert tuple(module) == _domain.FIELDS
    read = _domain.read_domain({"id": 1, "name": "example.com"}, "GET", datetime.now(timezone.utc))
    assert set(read.row) == set(_domain.FIELDS)


def test_billing() -> None:
    """The info modules know the fields that the readers give."""
    assert tuple(fields_of("h444_invoice_info", "invoices")) == _billing.INVOICE_FIELDS + tuple(_billing.DETAILS)
    assert set(_billing.read_invoice({"id": 1})) == set(_billing.INVOICE_FIELDS)
    assert tuple(fields_of("h444_wallet_info", "transactions")) == _billing.TRANSACTION_FIELDS
    assert set(_billing.read_transaction({})) == set(_billing.TRANSACTION_FIELDS)
    assert tuple(fields_of("h444_wallet_info", "wallet")) == tuple(_billing.WALLET_TABLE)


def test_catalogue() -> None:
    """The info modules know the fields that the readers give."""
    assert tuple(fields_of("h444_product_info", "products")) == tuple(_catalogue.PRODUCT_TABLE)
    assert set(_catalogue.read_product({"id": 1})) == {"id", *_catalogue.PRODUCT_TABLE}
    (template,) = _catalogue.read_os_templates(["ubuntu-24.04"])
    assert tuple(fields_of("h444_os_template_info", "os_templates")) == tuple(template)


def test_ticket() -> None:
    """The module and its info module know the same fields, and the readers give all of them."""
    module, info = fields_of("h444_ticket", "ticket"), fields_of("h444_ticket_info", "tickets")
    assert {**module, "messages": None} == {**info, "messages": None}
    assert module["messages"]["contains"] == info["messages"]["contains"]
    assert tuple(module) == (*_ticket.FIELDS, "messages")
    assert set(_ticket.read_ticket({"id": 1})) == set(_ticket.FIELDS)
    assert tuple(module["messages"]["contains"]) == _thread.MESSAGE_FIELDS == tuple(_thread.read_message({}, "GET"))


def test_orders() -> None:
    """What is returned of an order is the same for every noun, but for the name of the id."""
    server, hosting = fields_of("h444_vps", "order"), fields_of("h444_hosting", "order")
    assert [name.replace("server_id", "hosting_id") for name in server] == list(hosting)


def test_webhook() -> None:
    """The module, its info module and the reader know the same fields."""
    module, info = fields_of("h444_webhook", "webhook"), fields_of("h444_webhook_info", "webhooks")
    assert module == info and tuple(module) == _webhook.FIELDS
    assert set(_webhook.read_webhook({"id": 1, "url": "https://example.com/"})) == set(_webhook.FIELDS)


def test_delivery() -> None:
    """A new delivery looks like those of the info module, and the reader gives these fields."""
    module, info = (
        fields_of("h444_webhook_redelivery", "delivery"),
        fields_of("h444_webhook_delivery_info", "deliveries"),
    )
    assert module == info and tuple(module) == _delivery.FIELDS
    assert set(_delivery.read_delivery({"id": 1})) == set(_delivery.FIELDS)
