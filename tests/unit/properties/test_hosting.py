# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random dialects of the API: whatever combination of assumptions holds, a hosting account's life is the same."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _hosting
from ansible_collections.h444.cloud.plugins.modules import h444_hosting
from ansible_collections.h444.cloud.tests.simulator import assumed, hosting
from ansible_collections.h444.cloud.tests.simulator.account import Account
from ansible_collections.h444.cloud.tests.simulator.calls import Call, No, Reply
from ansible_collections.h444.cloud.tests.unit.properties.support import World, defaults_of, dialect

# Switches that only change how things look. The others change what happens and are tests of their own.
LOOKS = (
    "casing",
    "list_envelope",
    "object_envelope",
    "ids",
    "order_reply",
    "hosting_passwords",
    "hosting_fields",
    "hosting_status",
    "hosting_created_at",
    "php_form",
    "ssl_status",
    "status_words",
    "error_shape",
    "write_reply",
    "replay_header",
    "replay_body",
    "terminated",
    "suspend_again",
)
HOSTING = (_hosting.RECONCILER, defaults_of(h444_hosting.SPEC))
ORDER = {"domain": "example.com", "username": "examplecom", "plan_slug": "hosting-starter"}


def living(world: World) -> list[dict[str, t.Any]]:
    """Give the accounts that live."""
    return [row for row in world.core.hosting.values() if row["alive"]]


def debits(world: World) -> int:
    """Count what was paid."""
    return sum(row["kind"] == "debit" for row in world.core.ledger)


@pytest.mark.parametrize("seed", range(150))
def test_an_account_lives_the_same_life_in_every_dialect(seed: int) -> None:
    """Order, converge, suspend, unsuspend, switch PHP, retry the certificate, remove, order again."""
    assume = dialect(seed, LOOKS)
    assume["domain_rule"] = ("as_is", "upper")[seed % 2]
    world = World({**assumed.defaults(), **assume})

    check = world.play(*HOSTING, check_mode=True, **ORDER)
    assert check["changed"] and not world.core.ledger, (assume, check)
    first = world.play(*HOSTING, **ORDER)
    assert not first.get("failed"), (assume, first)
    (account,) = living(world)
    told = {name: first["hosting"][name] for name in ("id", "username", "status", "plan_slug", "php_version")}
    assert told == {
        "id": account["id"],
        "username": "examplecom",
        "status": "active",
        "plan_slug": "hosting-starter",
        "php_version": "8.3",
    }, (assume, first)
    assert first["hosting"]["domain"].lower() == "example.com"
    assert (first["sftp_password"], first["db_password"]) == (account["sftp_password"], account["db_password"]), (
        assume,
        first,
    )
    assert not any(account[name] in repr(first["hosting"]) for name in ("sftp_password", "db_password")), (
        assume,
        first,
    )
    for names in (ORDER, {"domain": "EXAMPLE.com."}, {"username": "examplecom"}, {"id": account["id"], **ORDER}):
        again = world.play(*HOSTING, **names)
        assert not again["changed"] and again["hosting"]["id"] == account["id"] and "db_password" not in again, (
            assume,
            again,
        )
    for state, status in (("suspended", "suspended"), ("present", "suspended"), ("active", "active")):
        done = world.play(*HOSTING, domain="example.com", state=state)
        assert done["changed"] == (state != "present") and done["hosting"]["status"] == account["status"] == status, (
            assume,
            state,
            done,
        )
        assert not world.play(*HOSTING, domain="example.com", state=state)["changed"], (assume, state)
    php = world.play(*HOSTING, domain="example.com", php_version="7.4")
    assert php["changed"] and php["hosting"]["php_version"] == account["php_version"] == "7.4", (assume, php)
    assert not world.play(*HOSTING, domain="example.com", php_version="7.4")["changed"], assume
    account["ssl_status"] = "failed"
    retried = world.play(*HOSTING, domain="example.com", retry_ssl="failed")
    assert retried["changed"] == (assume["ssl_status"] != "none"), (assume, retried)
    if retried["changed"]:
        assert account["ssl_status"] == retried["hosting"]["ssl_status"] == "pending", (assume, retried)
        assert not world.play(*HOSTING, domain="example.com", retry_ssl="failed")["changed"], assume
    removed = world.play(*HOSTING, domain="example.com", state="absent")
    assert removed["changed"] and removed["hosting"] is None and not living(world), (assume, removed)
    for names in ({"domain": "example.com"}, {"username": "examplecom"}, {"id": account["id"]}):
        assert not world.play(*HOSTING, **names, state="absent")["changed"], assume
    second = world.play(*HOSTING, **ORDER)
    if assume["hosting_created_at"] == "none":
        # Without the order's time its age can't be proved, so nothing is bought and the way out is told.
        assert (
            second.get("failed") and "order_generation" in second["msg"] and debits(world) == 1 and not living(world)
        ), (assume, second)
        second = world.play(*HOSTING, **ORDER, order_generation="2")
    assert not second.get("failed") and second["changed"] and debits(world) == 2, (assume, second)
    (new,) = living(world)
    assert second["hosting"]["id"] == new["id"] != account["id"] and second["db_password"] == new["db_password"], (
        assume,
        second,
    )


@pytest.mark.parametrize("rule", ["lower", "cut8"])
def test_a_user_name_that_the_provider_rewrites_orders_nothing_twice(rule: str) -> None:
    """The domain finds the account again; another name than was asked for is told and orders nothing."""
    world = World({**assumed.defaults(), "username_rule": rule})
    options = {**ORDER, "username": "ExampleCom"}
    first = world.play(*HOSTING, **options)
    again = world.play(*HOSTING, **options)
    assert not first.get("failed") and first["changed"] and not again["changed"] and debits(world) == 1
    assert first["hosting"]["username"] == {"lower": "examplecom", "cut8": "ExampleC"}[rule]


def test_a_domain_that_the_provider_rewrites_fails_with_the_passwords() -> None:
    """It fails loudly with the passwords at hand, and the next run buys nothing: the user name is taken."""
    world = World({**assumed.defaults(), "domain_rule": "bare"})
    options = {**ORDER, "domain": "www.example.com"}
    first = world.play(*HOSTING, **options)
    (account,) = living(world)
    assert first["failed"] and first["changed"] and "'example.com'" in first["msg"], first
    assert first["sftp_password"] == account["sftp_password"] and first["order"]["hosting_id"] == account["id"]
    again = world.play(*HOSTING, **options)
    assert again["failed"] and not again["changed"] and "taken" in again["msg"] and debits(world) == 1


def test_a_status_that_nobody_knows_is_written_each_time() -> None:
    """A status in the provider's own words: what is wanted is written in every run, and nothing is waited for."""
    world = World(assumed.defaults())
    world.core.seed({"hosting": [{"domain": "example.com", "status": "Quota-Exceeded"}]})
    assert not world.play(*HOSTING, domain="example.com")["changed"]
    assert world.play(*HOSTING, domain="example.com", state="active", check_mode=True)["changed"]
    done = world.play(*HOSTING, domain="example.com", state="active")
    assert done["changed"] and done["hosting"]["status"] == "active"


def test_a_nameless_account_orders_nothing() -> None:
    """An account whose domain the API does not tell may be the one that is wanted."""
    world = World(assumed.defaults())
    world.core.seed({"hosting": [{"domain": None}]})
    for state in ("present", "absent"):
        result = world.play(*HOSTING, **ORDER, state=state)
        assert result["failed"] and "does not return the domain" in result["msg"] and not world.core.ledger, result


def test_provisioning_is_waited_for() -> None:
    """Order, present and suspended wait for an account that is set up; a wait that fails still gives the passwords."""
    world = World({**assumed.defaults(), "provisioning_seconds": 30})
    first = world.play(*HOSTING, **ORDER)
    assert first["hosting"]["status"] == "active" and not first.get("failed")
    late = world.play(*HOSTING, **{**ORDER, "domain": "example.org", "username": "org"}, wait_timeout=5)
    assert late["failed"] and late["changed"] and late["db_password"] and late["hosting"]["status"] == "provisioning"
    done = world.play(*HOSTING, domain="example.org", state="suspended")
    assert done["actions"] == ["suspend example.org"] and done["hosting"]["status"] == "suspended"


def test_a_suspension_that_somebody_else_made_first_is_no_failure() -> None:
    """A conflict with the state that is wanted is no failure."""
    world = World({**assumed.defaults(), "suspend_again": "conflict"})
    made = world.core.seed({"hosting": [{"domain": "example.com"}]})["hosting"][0]

    def then_suspended(account: Account, call: Call) -> Reply:
        rows = hosting.list_hosting(account, call)
        world.core.hosting[made]["status"] = "suspended"
        return rows

    world.core.answer_by("GET", "/hosting", then_suspended)
    done = world.play(*HOSTING, domain="example.com", state="suspended")
    assert not done.get("failed") and done["hosting"]["status"] == "suspended", done


def test_a_suspension_whose_answer_was_lost_may_be_done() -> None:
    """The repeat meets a conflict, and the account can't be read: it may have been suspended by this task."""
    world = World({**assumed.defaults(), "suspend_again": "conflict"})
    world.core.seed({"hosting": [{"domain": "example.com"}]})
    handle, posted = world.core.handle, []  # type: t.Any, list[str]

    def spoiled(method: str, *rest: t.Any) -> t.Any:
        answer = handle(method, *rest)
        posted.extend([method] if method == "POST" else [])
        if method == "POST" and len(posted) == 1:
            return answer._replace(status=503, body={"message": "Upstream"})
        return answer._replace(body=[]) if posted and method == "GET" else answer

    world.core.handle = spoiled  # type: ignore[method-assign]
    result = world.play(*HOSTING, domain="example.com", state="suspended")
    assert result["failed"] and result["changed"] and len(posted) == 2, result


def refuse_first(world: World, times: int, status: int, words: str) -> list[str]:
    """Let the first orders be refused in these words; returns the keys that were asked with."""
    keys: list[str] = []

    def handler(account: Account, call: Call) -> Reply:
        keys.append(str(call.body["domain"]))
        if len(keys) <= times:
            raise No(status, words)
        return hosting.order(account, call)

    world.core.answer_by("POST", "/hosting", handler)
    return keys


def test_an_order_at_work_elsewhere_is_waited_for() -> None:
    """Another controller has sent the very same order: that is no refusal, and no key is called used up."""
    world = World(assumed.defaults())
    asked = refuse_first(world, 2, 409, "A request with this Idempotency-Key is in progress.")
    result = world.play(*HOSTING, **ORDER)
    assert not result.get("failed") and result["changed"], result
    assert len(asked) == 3 and debits(world) == 1 and len(living(world)) == 1


def test_a_name_that_is_taken_is_refused_at_once() -> None:
    """The user name is another customer's: nothing is bought, and asking again would not help."""
    world = World(assumed.defaults())
    asked = refuse_first(world, 9, 409, "The username is taken.")
    result = world.play(*HOSTING, **ORDER)
    assert result.get("failed") and not result["changed"], result
    assert "The username is taken" in result["msg"] and "not known" not in result["msg"]
    assert len(asked) == 1 and debits(world) == 0
