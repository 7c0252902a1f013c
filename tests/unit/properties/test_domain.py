# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random dialects of the API: a domain's settings are written once and only where they differ.

What the registry refuses is reported.
"""

from __future__ import annotations

import random
import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _billing, _domain
from ansible_collections.h444.cloud.plugins.modules import h444_domain
from ansible_collections.h444.cloud.tests.simulator import assumed, domains
from ansible_collections.h444.cloud.tests.simulator.account import FULL_KEY
from ansible_collections.h444.cloud.tests.simulator.calls import Answer
from ansible_collections.h444.cloud.tests.unit.properties.support import World, defaults_of, dialect

LOOKS = (
    "casing",
    "list_envelope",
    "object_envelope",
    "ids",
    "error_shape",
    "write_reply",
    "domain_fields",
    "domain_values",
    "domain_rows",
    "domain_expiry",
    "nameservers_form",
    "billing_cents",
    "invoice_detail",
    "limit_query",
    "transaction_order",
)
DOMAIN = (_domain.RECONCILER, defaults_of(h444_domain.SPEC))
BEFORE = {
    "auto_renew": False,
    "transfer_lock": True,
    "whois_privacy": True,
    "nameservers": ["ns1.example.net", "ns2.example.net"],
}


def world_of(seed: int) -> tuple[World, dict[str, t.Any]]:
    """Make a world of a random dialect whose lists come whole or in pages; gives its switches too."""
    chooser = random.Random(seed)
    assume = {
        **dialect(seed, LOOKS),
        "pagination": chooser.choice(("off", "page", "cursor", "link")),
        "registry_seconds": chooser.choice((0, 0, 3)),
    }
    return World({**assumed.defaults(), **assume}), assume


def patches(world: World) -> list[dict[str, t.Any]]:
    """Note every PATCH that the simulator gets from now on: its body."""
    sent: list[dict[str, t.Any]] = []
    handle = world.core.handle

    def note(method: str, path: str, query: dict[str, str], headers: t.Mapping[str, str], body: bytes) -> Answer:
        if method == "PATCH":
            sent.append({"path": path, "body": body})
        return handle(method, path, query, headers, body)

    world.core.handle = note  # type: ignore[method-assign]
    return sent


def state_of(world: World, name: str) -> dict[str, t.Any]:
    """Give the settings of a domain as the registry has them."""
    row = next(row for row in world.core.domains.values() if row["name"] == name)
    shown = domains.shown(world.core, row)
    return {field: shown[field] for field in BEFORE}


@pytest.mark.parametrize("seed", range(120))
def test_a_domain_lives_the_same_life_in_every_dialect(seed: int) -> None:
    """Check, change, change again, read, change one thing back; by name and by id."""
    world, assume = world_of(seed)
    world.core.seed({"domains": [{"name": "shop.example"}, {"name": "xn--mller-kva.example"}]})
    sent = patches(world)
    is_told = assume["domain_fields"] != "none"
    wish: dict[str, t.Any] = {"auto_renew": True, "nameservers": ["NS9.example.net.", "ns1.example.net"]}
    if is_told:
        wish["transfer_lock"] = False
    after = {**BEFORE, **wish, "nameservers": ["ns9.example.net", "ns1.example.net"]}

    check = world.play(*DOMAIN, check_mode=True, name="Shop.Example.", **wish)
    assert check["changed"] and not sent and state_of(world, "shop.example") == BEFORE, (assume, check)
    first = world.play(*DOMAIN, name="shop.example", **wish)
    assert not first.get("failed") and first["changed"] and len(sent) == 1, (assume, first)
    assert state_of(world, "shop.example") == after, (assume, first)
    assert first["actions"] == check["actions"]
    for field in wish:
        told, planned = first["domain"][field], check["domain"][field]
        assert (
            (sorted(told) == sorted(planned) == sorted(after[field]))
            if field == "nameservers"
            else told is planned is after[field]
        ), (assume, first)
    again = world.play(
        *DOMAIN, id=first["domain"]["id"], **{**wish, "nameservers": ["ns1.example.net", "ns9.EXAMPLE.net"]}
    )
    assert not again["changed"] and len(sent) == 1, (assume, again)

    info = _domain.report(world.client, {})["domains"]
    assert [row["name"] for row in info] == ["example.com", "example.org", "shop.example", "xn--mller-kva.example"]
    assert all(
        isinstance(row["id"], str) and row["expires_on"] == "2027-06-01" and row["days_left"] > 0 for row in info
    ), (assume, info)
    assert [row["auto_renew"] for row in info] == [False, False, True, False], (assume, info)
    assert [row["transfer_lock"] for row in info] == ([True, True, False, True] if is_told else [None] * 4), (
        assume,
        info,
    )
    (one,) = _domain.report(world.client, {"name": "Müller.example"})["domains"]
    assert one == info[3] and _domain.report(world.client, {"id": one["id"]})["domains"] == [one], (
        assume,
        one,
        info[3],
    )

    back = world.play(*DOMAIN, name="shop.example", auto_renew=False)
    assert back["changed"] and state_of(world, "shop.example") == {**after, "auto_renew": False}, (assume, back)
    assert state_of(world, "example.com") == BEFORE
    missing = world.play(*DOMAIN, name="shop.exemple", auto_renew=False)
    assert missing["failed"] and "shop.example" in missing["msg"] and len(sent) == 2, (assume, missing)


@pytest.mark.parametrize("seed", range(40))
def test_what_is_not_told_is_written_each_time_under_the_name_of_the_page(seed: int) -> None:
    """Lock and privacy may be missing in every reply; a wish reaches the registry all the same."""
    chosen, assume = world_of(seed)
    world = World({**chosen.core.assume, "domain_fields": "none"})
    sent = patches(world)
    for _time in range(2):
        result = world.play(*DOMAIN, name="example.com", transfer_lock=False, auto_renew=False)
        assert result["changed"] and result["domain"]["transfer_lock"] is False, (assume, result)
    assert [call["body"] for call in sent] == [b'{"transfer_lock":false}'] * 2
    world.core.offset += 5
    assert state_of(world, "example.com") == {**BEFORE, "transfer_lock": False}


@pytest.mark.parametrize("registry", ["refuses", "bad_gateway", "rolls_back"])
@pytest.mark.parametrize("seed", range(25))
def test_what_the_registry_refuses_is_reported(seed: int, registry: str) -> None:
    """The task fails, shows the state read again, and says so; the next run tries again."""
    chosen, assume = world_of(seed)
    world = World({**chosen.core.assume, "registry": registry})
    result = world.play(*DOMAIN, name="example.com", auto_renew=True)
    assert result["failed"] and "auto_renew is false, not true" in result["msg"], (assume, result)
    assert result["domain"]["auto_renew"] is False and result["domain"]["name"] == "example.com"
    assert result["changed"] is (registry == "rolls_back"), (assume, result)
    assert ("nothing has changed" in result["msg"]) is (registry != "rolls_back")
    assert state_of(world, "example.com") == BEFORE
    world.core.assume["registry"] = "works"
    assert world.play(*DOMAIN, name="example.com", auto_renew=True)["changed"]
    assert not world.play(*DOMAIN, name="example.com", auto_renew=True)["changed"]


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("status", [400, 500, 502, 504])
def test_an_error_after_the_change_is_no_failure(seed: int, status: int) -> None:
    """The domain that is read again has what was wanted, so the answer does not matter."""
    world, assume = world_of(seed)
    handle = world.core.handle

    def spoil(method: str, path: str, query: dict[str, str], headers: t.Mapping[str, str], body: bytes) -> Answer:
        answer = handle(method, path, query, headers, body)
        world.core.offset += 5
        return answer if method == "GET" else Answer(status, {}, {"message": "spoiled"})

    world.core.handle = spoil  # type: ignore[method-assign]
    result = world.play(*DOMAIN, name="example.com", auto_renew=True)
    assert not result.get("failed") and result["changed"] and result["domain"]["auto_renew"] is True, (assume, result)


def test_half_a_change_is_told() -> None:
    """An API that keeps the part that needs no registry: what moved and what did not are both named."""
    world = World(assumed.defaults())
    handle = world.core.handle

    def half(method: str, path: str, query: dict[str, str], headers: t.Mapping[str, str], body: bytes) -> Answer:
        if method == "PATCH":
            handle(method, path, query, headers, b'{"auto_renew": true}')
            return Answer(400, {}, {"message": "The registry refused the name servers."})
        return handle(method, path, query, headers, body)

    world.core.handle = half  # type: ignore[method-assign]
    result = world.play(*DOMAIN, name="example.com", auto_renew=True, nameservers=["ns9.example.net"])
    assert result["failed"] and result["changed"] and result["domain"]["auto_renew"] is True
    assert (
        "nameservers is ns1.example.net, ns2.example.net, not ns9.example.net; changed: auto_renew" in result["msg"]
    ), result["msg"]


def test_a_gateway_that_gave_up_leaves_it_open() -> None:
    """After a 504 the change may yet be made: the result says so, and that something may have been changed."""
    world = World(assumed.defaults())
    handle = world.core.handle

    def lost(method: str, *rest: t.Any) -> Answer:
        return handle(method, *rest) if method == "GET" else Answer(504, {}, None)

    world.core.handle = lost  # type: ignore[method-assign]
    result = world.play(*DOMAIN, name="example.com", auto_renew=True)
    assert (
        result["failed"]
        and result["changed"]
        and "may still come" in result["msg"]
        and result["domain"]["auto_renew"] is False
    )


def test_a_key_that_may_not_write_is_turned_away() -> None:
    """403: nothing is read again, nothing was changed."""
    world = World(assumed.defaults())
    world.core.keys[FULL_KEY]["scopes"] = ["domains:read"]
    result = world.play(*DOMAIN, name="example.com", auto_renew=True)
    assert result["failed"] and not result["changed"] and "domains:write" in result["msg"]


def test_details_are_not_asked_for_in_vain() -> None:
    """Where neither list nor detail tells a setting, one detail shows that, however many domains there are."""
    world = World({**assumed.defaults(), "domain_fields": "none"})
    world.core.seed({"domains": [{"name": f"{number}.example"} for number in range(9)]})
    asked: list[str] = []
    handle = world.core.handle

    def noted(method: str, path: str, *rest: t.Any) -> Answer:
        asked.append(path)
        return handle(method, path, *rest)

    world.core.handle = noted  # type: ignore[method-assign]
    assert len(_domain.report(world.client, {})["domains"]) == 11
    assert len(asked) == 2


@pytest.mark.parametrize("seed", range(60))
def test_billing(seed: int) -> None:
    """Amounts are whole, newest first, and as many as asked for."""
    world, assume = world_of(seed)
    made = world.core.seed(
        {"balance_usd_cents": 0, "transactions": 7, "invoices": [{"total_usd_cents": 500}, {"status": "unpaid"}, {}]}
    )["invoices"]
    wallet = _billing.report_wallet(world.client, {"limit": 3})
    assert wallet["wallet"]["balance_usd_cents"] == 28
    # Pages that begin with the oldest and hold more than was asked for are not known to be so before all are read.
    if (assume["transaction_order"], assume["limit_query"]) != ("oldest", "ignored") or assume["pagination"] == "off":
        assert [row["amount_usd_cents"] for row in wallet["transactions"]] == [7, 6, 5], (assume, wallet)
    whole = _billing.report_wallet(world.client, {"limit": 200})["transactions"]
    assert [row["amount_usd_cents"] for row in whole] == [7, 6, 5, 4, 3, 2, 1], (assume, whole)
    invoices = _billing.report_invoices(world.client, {})["invoices"]
    assert [row["id"] for row in invoices] == made[::-1] and [row["total_usd_cents"] for row in invoices] == [
        960,
        960,
        500,
    ], (assume, invoices)
    assert _billing.report_invoices(world.client, {"limit": 1})["invoices"] == invoices[:1]
    assert _billing.report_invoices(world.client, {"status": "UNPAID", "limit": 2})["invoices"] == invoices[1:2]
    (one,) = _billing.report_invoices(world.client, {"id": made[0]})["invoices"]
    assert one["line_items"][0]["total_usd_cents"] == one["transactions"][0]["amount_usd_cents"] == 500, (assume, one)
    assert {key: one[key] for key in invoices[2]} == invoices[2] and isinstance(one["transactions"][0]["id"], str)
