# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order flow in this process: how often it asks, what it makes of odd replies, and what a failure still reports."""

from __future__ import annotations

import json
import typing as t
from datetime import datetime, timedelta
from email.utils import formatdate
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _buy, _hosting, _vps
from ansible_collections.h444.cloud.plugins.modules import h444_hosting, h444_vps
from ansible_collections.h444.cloud.tests.simulator import assumed, hosting
from ansible_collections.h444.cloud.tests.simulator.account import Account
from ansible_collections.h444.cloud.tests.simulator.calls import Answer
from ansible_collections.h444.cloud.tests.unit.properties.support import Proxied, defaults_of

Row = t.Dict[str, t.Any]
VPS = (_vps.RECONCILER, defaults_of(h444_vps.SPEC))
HOSTING = (_hosting.RECONCILER, defaults_of(h444_hosting.SPEC))
SERVER = {"label": "web-1", "plan_slug": "vps-2", "os_template": "ubuntu-24.04"}
ACCOUNT = {"domain": "example.com", "username": "examplecom", "plan_slug": "hosting-starter"}


class Noun(t.NamedTuple):
    """What can be ordered."""

    task: t.Any
    order: dict[str, str]
    key: str
    secrets: tuple[str, ...]
    price: int


SERVERS = Noun(VPS, SERVER, "vps", ("root_password",), 960)
ACCOUNTS = Noun(HOSTING, ACCOUNT, "hosting", ("sftp_password", "db_password"), 240)


@pytest.fixture(params=[SERVERS, ACCOUNTS], ids=["vps", "hosting"])
def noun(request: pytest.FixtureRequest) -> Noun:
    """Both things that can be ordered."""
    return request.param


class Shop(Proxied):
    """A world in which one thing can be ordered."""

    def __init__(self, noun: Noun, **assume: t.Any) -> None:
        super().__init__(**assume)
        self.noun = noun

    def buy(self, check_mode: bool = False, **options: t.Any) -> Row:
        """Order once; the requests of this task alone are in ``asked``."""
        self.asked.clear()
        task, defaults = self.noun.task
        return self.play(task, defaults, check_mode, **{**self.noun.order, **options})

    def living(self) -> list[Row]:
        """Give what lives."""
        rows = self.core.servers if self.noun is SERVERS else self.core.hosting
        return [row for row in rows.values() if row["alive"]]

    def debits(self) -> int:
        """Count what was paid."""
        return sum(row["kind"] == "debit" for row in self.core.ledger)

    def reads_by_id(self) -> list[str]:
        """Give the reads of the one resource."""
        ids = {row["id"] for row in [*self.core.servers.values(), *self.core.hosting.values()]}
        return [request for request in self.asked if request.startswith("GET") and request.rsplit("/", 1)[-1] in ids]


def rewrite(shop: Shop, change: t.Callable[[Row], Row]) -> None:
    """Change every row of what can be ordered, in each reply that holds one."""

    def on_the_way(request: str, answer: Answer) -> Answer:
        if not request.split()[1].startswith(f"/{shop.noun.key}") or answer.status >= 400 or "ips" in request:
            return answer
        rows = (
            [change(dict(row)) for row in answer.body] if isinstance(answer.body, list) else change(dict(answer.body))
        )
        return answer._replace(body=rows)

    shop.change = on_the_way


def lose(shop: Shop, times: int) -> None:
    """Let the replies to the first orders be lost after the order was carried out."""
    lost: list[str] = []

    def on_the_way(request: str, answer: Answer) -> Answer:
        if request == f"POST /{shop.noun.key}" and len(lost) < times:
            lost.append(request)
            return Answer(502, {}, {"message": "Bad Gateway"})
        return answer

    shop.change = on_the_way


# How often an order asks that goes well

BEFORE = {"vps": 5, "hosting": 3}  # the list, all addresses (a list that is whole), prices, templates, wallet


@pytest.mark.parametrize(
    ("preset", "server_requests", "account_requests"),
    [
        ("plain", 6, 4),
        # The reply tells no address: the list is read, two looks until it runs, its addresses.
        ("wrapped", 10, 6),
        # The reply tells an id and a password: the list is read, and the server's addresses.
        ("sparse", 8, 5),
        ("odd", 6, 4),
    ],
)
def test_requests_of_an_order(noun: Noun, preset: str, server_requests: int, account_requests: int) -> None:
    """An order that goes well reads nothing twice, and nothing that its reply proves."""
    shop = Shop(noun, **assumed.preset(preset))
    result = shop.buy()
    assert not result.get("failed") and result["changed"], result
    assert len(shop.asked) == (server_requests if noun is SERVERS else account_requests), shop.asked
    assert len(shop.asked) - len(set(shop.asked)) <= (1 if preset == "wrapped" else 0) + (
        "GET /vps" in shop.asked[5:]
    ) + ("GET /hosting" in shop.asked[3:])
    assert result[noun.key]["id"] == shop.living()[0]["id"]
    assert result["order"]["replayed"] is False and not shop.warnings
    assert result["order"]["wallet_before_usd_cents"] - result["order"]["wallet_after_usd_cents"] == noun.price
    assert shop.core.account["balance_usd_cents"] == result["order"]["wallet_after_usd_cents"]
    assert all(result[name] == shop.living()[0][name] for name in noun.secrets)


def test_nothing_is_read_after_an_order_that_proves_itself(noun: Noun) -> None:
    """The POST is the last request, also without waiting."""
    shop = Shop(noun)
    shop.buy(**({"wait": False} if noun is SERVERS else {}))
    assert shop.asked[-1] == f"POST /{noun.key}" and len(shop.asked) == BEFORE[noun.key] + 1


@pytest.mark.parametrize("doubt", ["created_at", "replay", "name", "id"])
def test_what_a_reply_leaves_open_is_read(noun: Noun, doubt: str) -> None:
    """Without its time or a name, with a replay's header, or if the id may be the order's own, it is looked for."""
    shop = Shop(noun)

    def on_the_way(request: str, answer: Answer) -> Answer:
        if request != f"POST /{noun.key}":
            return answer
        body = dict(answer.body)
        if doubt == "created_at":
            body.pop("created_at")
        elif doubt == "name":
            body.pop("label", None)
            body.pop("domain", None)
        elif doubt == "id":
            body.pop("ipv4", None)
            body.pop("username", None)
        return answer._replace(
            body=body, headers={**answer.headers, **({"Idempotent-Replayed": "true"} if doubt == "replay" else {})}
        )

    shop.change = on_the_way
    result = shop.buy()
    assert not result.get("failed") and len(shop.asked) > BEFORE[noun.key] + 1, shop.asked
    assert result["order"]["replayed"] is (doubt == "replay")


def test_a_wallet_that_can_not_be_read_leaves_open_whether_it_was_a_replay(noun: Noun) -> None:
    """Nothing but the wallet could say so of a reply without its time."""
    shop = Shop(noun, vps_created_at="none", hosting_created_at="none")
    shop.change = lambda request, answer: (
        Answer(500, {}, {"message": "x"}) if request == "GET /account" and shop.debits() else answer
    )
    result = shop.buy()
    assert not result.get("failed") and result["changed"] and shop.debits() == 1, result
    assert result["order"]["replayed"] is None and result["order"]["wallet_after_usd_cents"] is None


def test_an_id_that_is_the_order_s_own_is_no_success() -> None:
    """A flat reply whose id names nothing that is there: the purchase is told, and nothing else is taken for it."""
    shop = Shop(SERVERS)

    def on_the_way(request: str, answer: Answer) -> Answer:
        if request != "POST /vps":
            return answer
        return answer._replace(
            body={
                "id": "8812",
                "label": "web-1",
                "status": "active",
                "created_at": answer.body["created_at"],
                "password": "pw-of-it",
            }
        )

    shop.change = on_the_way
    result = shop.buy(wait_timeout=60)
    assert result["failed"] and result["changed"] and "8812" in result["msg"] and result["root_password"] == "pw-of-it"


@pytest.mark.parametrize("status", [200, 500])
def test_an_order_without_an_id_says_what_became_of_the_list(noun: Noun, status: int) -> None:
    """The list does not show the order yet, or can't be read: the task says which, and that it may be repeated."""
    shop = Shop(noun, list_lag_seconds=3600)

    def on_the_way(request: str, answer: Answer) -> Answer:
        if request == f"POST /{noun.key}":
            return answer._replace(body={"ok": True})
        if request == f"GET /{noun.key}" and shop.debits():
            return answer if status == 200 else Answer(status, {}, {"message": "Out of order"})
        return answer

    shop.change = on_the_way
    result = shop.buy()
    assert result["failed"] and shop.debits() == 1, result
    end = "the list does not show it yet." if status == 200 else "the list can't be read."
    key = result["order"]["idempotency_key"]
    repeat = f" Run the task again: it sends the same key {key}, so it can't place a second order."
    assert "contains no ID, and " + end + repeat in result["msg"]
    assert ("Out of order" in result["msg"]) == (status == 500)


@pytest.mark.parametrize("clock", ["local", "cached"])
def test_a_dead_server_never_looks_new(noun: Noun, clock: str) -> None:
    """A time without its zone, or a cached clock: a dead one's replay is never taken for this run's order."""
    shop = Shop(noun)
    shop.buy()
    shop.buy(state="absent")
    shop.core.offset += 1800

    def local(row: Row) -> Row:
        made = datetime.fromisoformat(row["created_at"].replace("Z", "+00:00")) + timedelta(hours=3)
        return {**row, "created_at": made.strftime("%Y-%m-%d %H:%M:%S")}

    rewrite(shop, local)
    if clock == "cached":
        hour_ago = formatdate(shop.core.now() - 3600, usegmt=True)
        shop.change = lambda request, answer: (
            answer._replace(headers={**answer.headers, "Date": hour_ago}) if request == "GET /account" else answer
        )
    result = shop.buy()
    assert result.get("failed") or result[noun.key]["id"] == shop.living()[0]["id"], result
    assert shop.debits() == 1 + len(shop.living())


# The plan that is told


@pytest.mark.parametrize(
    "form",
    ["VPS 2", "VPS-2", "vps-2", {"id": 17, "name": "VPS 2"}, {"slug": "vps-2"}, {"name_en": "vps 2", "price": 5}],
)
@pytest.mark.parametrize("field", ["plan_slug", "plan"])
@pytest.mark.parametrize("is_read", [False, True])
def test_plan_by_another_name(form: t.Any, field: str, is_read: bool) -> None:
    """A good order is one, and the result has the slug; a second run warns of nothing."""
    shop = Shop(SERVERS, vps_created_at="none" if is_read else "told")
    rewrite(shop, lambda row: {**{name: value for name, value in row.items() if name != "plan_slug"}, field: form})
    result = shop.buy()
    assert not result.get("failed") and result["vps"]["plan_slug"] == "vps-2" and not shop.warnings, (
        result,
        shop.warnings,
    )
    again = shop.buy()
    assert not again["changed"] and not shop.warnings, shop.warnings


def test_plan_of_an_account_by_another_name() -> None:
    """The same for web hosting."""
    shop = Shop(ACCOUNTS)
    rewrite(shop, lambda row: {**row, "plan_slug": "HOSTING STARTER"})
    result = shop.buy()
    assert not result.get("failed") and result["hosting"]["plan_slug"] == "hosting-starter" and not shop.warnings
    assert not shop.buy()["changed"] and not shop.warnings


@pytest.mark.parametrize("told", ["17", "Large", "vps-2-2026"])
def test_plan_that_the_catalogue_does_not_know(noun: Noun, told: str) -> None:
    """It may be the right one, and the money is spent: a warning, no failure."""
    shop = Shop(noun)
    rewrite(shop, lambda row: {**row, "plan_slug": told})
    result = shop.buy()
    assert not result.get("failed") and result["changed"], result
    assert len(shop.warnings) == 1 and told in shop.warnings[0]
    again = shop.buy()
    assert not again["changed"] and told in " ".join(shop.warnings)


@pytest.mark.parametrize("is_proved", [True, False])
def test_another_plan_is_a_failure(noun: Noun, is_proved: bool) -> None:
    """A plan that the catalogue knows and that was not ordered."""
    other = {"vps": "VPS 3", "hosting": "Hosting Pro"}[noun.key]
    shop = Shop(
        noun, vps_created_at="told" if is_proved else "none", hosting_created_at="told" if is_proved else "none"
    )
    rewrite(shop, lambda row: {**row, "plan_slug": other})
    result = shop.buy()
    assert result["failed"] and result["changed"] and other.lower().replace(" ", "-") in result["msg"], result
    assert ("earlier order" in result["msg"]) is not is_proved
    assert all(result[name] for name in noun.secrets) and shop.living()[0]["id"] in result["msg"]


# A purchase is never hidden


def failing_reads(shop: Shop, after_order: bool = True) -> None:
    """Let every read fail once an order was sent."""
    sent: list[str] = []

    def on_the_way(request: str, answer: Answer) -> Answer:
        if request.startswith("POST"):
            sent.append(request)
        elif bool(sent) is after_order and request.startswith(f"GET /{shop.noun.key}"):
            return Answer(500, {}, {"message": "Something failed on our side"})
        return answer

    shop.change = on_the_way


@pytest.mark.parametrize(
    "assume",
    [
        {"provisioning_seconds": 30},
        {"order_reply": "no_echo"},
        {"vps_created_at": "none", "hosting_created_at": "none"},
    ],
)
@pytest.mark.parametrize("in_file", [False, True])
def test_failing_read_after_the_order(noun: Noun, assume: Row, in_file: bool, tmp_path: Path) -> None:
    """While waiting, or while looking: the failure tells what was ordered, its id, and where the passwords are."""
    shop = Shop(noun, **assume)
    failing_reads(shop)
    path = tmp_path / "kept.json"
    result = shop.buy(**({"credentials_file": str(path)} if in_file else {}))
    (made,) = shop.living()
    name = "web-1" if noun is SERVERS else "example.com"
    assert result["failed"] and result["changed"] and result["actions"] == [f"order {name}"], result
    assert name in result["msg"] and made["id"] in result["msg"]
    assert (
        result[noun.key]["id"] == made["id"]
        and result["order"][noun.key.replace("vps", "server") + "_id"] == made["id"]
    )
    if in_file:
        assert str(path) in result["msg"] and not set(noun.secrets) & set(result)
        (entry,) = json.loads(path.read_text(encoding="utf-8")).values()
        assert all(entry[secret] == made[secret] for secret in noun.secrets)
    else:
        assert all(secret in result["msg"] and result[secret] == made[secret] for secret in noun.secrets)
        assert not any(made[secret] in result["msg"] for secret in noun.secrets)


def test_wait_that_ends(noun: Noun) -> None:
    """The same where the wait ends."""
    shop = Shop(noun, provisioning_seconds=9999)
    result = shop.buy(wait_timeout=20)
    assert (
        result["failed"]
        and result["changed"]
        and shop.living()[0]["id"] in result["msg"]
        and result["order"]["attempts"] == 1
    )
    assert result[noun.key]["status"] == "provisioning" and all(
        secret in result["msg"] and result[secret] for secret in noun.secrets
    )


@pytest.mark.parametrize("word", ["Warming-Up", "quota_exceeded"])
def test_word_that_nobody_knows(noun: Noun, word: str) -> None:
    """It ends the wait at once, with a warning: the purchase is whole, and the status is the API's own."""
    shop = Shop(noun)
    rewrite(shop, lambda row: {**row, "status": word})
    before = shop.core.offset
    result = shop.buy()
    assert (
        not result.get("failed")
        and result[noun.key]["status"] == word
        and all(result[secret] for secret in noun.secrets)
    ), result
    assert word in " ".join(shop.warnings) and shop.core.offset - before < 3


def test_known_words_are_waited_through() -> None:
    """A way to another state is no unknown word."""
    shop = Shop(SERVERS)
    shop.buy()
    (server,) = shop.living()
    left = ["stopping", "Stopping"]
    shop.change = lambda request, answer: (
        answer._replace(body={**answer.body, "status": left.pop()})
        if request == f"GET /vps/{server['id']}" and left
        else answer
    )
    done = shop.buy(state="stopped")
    assert done["vps"]["status"] == "stopped" and not shop.warnings and not left


def test_reply_that_is_lost_for_good(noun: Noun) -> None:
    """The purchase stands; the passwords are lost, and the way out is told."""
    shop = Shop(noun)
    lose(shop, 9)
    result = shop.buy()
    assert not result.get("failed") and result["changed"] and result["secret_lost"] is True, result
    assert result[noun.key]["id"] == shop.living()[0]["id"] and shop.debits() == 1
    way_out = ("state: reinstalled", "force: true") if noun is SERVERS else ("panel",)
    assert all(word in " ".join(shop.warnings) for word in way_out)
    assert not set(noun.secrets) & set(result)


def test_reply_without_passwords(noun: Noun) -> None:
    """A replay that does not repeat them."""
    shop = Shop(noun, replay_body="no_password")
    lose(shop, 1)
    result = shop.buy()
    assert not result.get("failed") and result["secret_lost"] is True and shop.debits() == 1, result


def test_reply_that_is_lost_once(noun: Noun) -> None:
    """Asked for again with the same key: nothing is lost."""
    shop = Shop(noun)
    lose(shop, 1)
    result = shop.buy()
    assert (
        not result.get("failed")
        and result["secret_lost"] is False
        and shop.debits() == 1
        and result["order"]["attempts"] == 2
    )
    assert result["order"]["replayed"] is True and result["order"]["wallet_after_usd_cents"] == 10000 - noun.price


def test_failing_list_between_two_attempts(noun: Noun) -> None:
    """It says nothing about the order, whose reply is asked for again."""
    shop = Shop(noun)
    failures: list[str] = []
    posts: list[str] = []

    def on_the_way(request: str, answer: Answer) -> Answer:
        if request == f"POST /{noun.key}":
            posts.append(request)
            return Answer(502, {}, None) if len(posts) == 1 else answer
        if request == f"GET /{noun.key}" and len(posts) == 1:
            failures.append(request)
            return Answer(400, {}, {"message": "Bad Request"})
        return answer

    shop.change = on_the_way
    result = shop.buy()
    assert (
        failures and not result.get("failed") and shop.debits() == 1 and all(result[secret] for secret in noun.secrets)
    ), result


def test_failing_list_at_the_end(noun: Noun) -> None:
    """Where neither a reply nor the list is to be had, the message says what may have been bought."""
    shop = Shop(noun)
    lost = shop.noun.key
    sent: list[str] = []

    def on_the_way(request: str, answer: Answer) -> Answer:
        if request == f"POST /{lost}":
            sent.append(request)
        return Answer(502, {}, None) if sent and request.split()[1] == f"/{lost}" else answer

    shop.change = on_the_way
    result = shop.buy()
    assert (
        result["failed"]
        and result["changed"]
        and "not known" in result["msg"]
        and result["order"]["idempotency_key"] in result["msg"]
    )
    assert shop.debits() == 1 and len(sent) == 4


def test_refusal_after_a_lost_reply(noun: Noun) -> None:
    """A key that loses its rights between two attempts: what may have been bought is told."""
    shop = Shop(noun)
    posts: list[str] = []

    def on_the_way(request: str, answer: Answer) -> Answer:
        if request == f"POST /{noun.key}":
            posts.append(request)
            return Answer(502, {}, None) if len(posts) == 1 else Answer(403, {}, {"message": "Forbidden"})
        return answer

    shop.change = on_the_way
    result = shop.buy()
    assert (
        result["failed"]
        and result["changed"]
        and "not known" in result["msg"]
        and "403" in result["msg"]
        and len(posts) == 2
    )


@pytest.mark.parametrize(
    ("options", "way_out"),
    [({}, 'order_generation: "2"'), ({"idempotency_key": "my-own-key"}, "set a different idempotency_key")],
    ids=["derived key", "own key"],
)
def test_a_key_of_another_order_is_refused_with_the_way_out(noun: Noun, options: Row, way_out: str) -> None:
    """Also where the API says so in words that could be about a name; a generation changes no key of the user's own."""
    shop = Shop(noun)
    shop.change = lambda request, answer: (
        Answer(409, {}, {"message": "This Idempotency-Key was already used."}) if request.startswith("POST") else answer
    )
    result = shop.buy(**options)
    assert result["failed"] and not result["changed"] and "Nothing was bought" in result["msg"], result
    assert way_out in result["msg"] and ("order_generation" in result["msg"]) is not bool(options)
    assert sum(request.startswith("POST") for request in shop.asked) == 1


@pytest.mark.parametrize("words", ["The name is already taken.", "This user name is not available."])
def test_a_name_that_somebody_else_has_is_refused_at_once(noun: Noun, words: str) -> None:
    shop = Shop(noun)
    shop.change = lambda request, answer: Answer(409, {}, {"message": words}) if request.startswith("POST") else answer
    result = shop.buy()
    assert result["failed"] and not result["changed"] and words[:-1] in result["msg"], result
    assert sum(request.startswith("POST") for request in shop.asked) == 1


def test_ordered_twice_is_reported(noun: Noun, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that forgets its keys at once: the second order is seen after a lost reply, and both ids are named."""
    shop = Shop(noun, key_window_seconds=0)
    lose(shop, 1)
    if noun is ACCOUNTS:
        # The user name is unique, so only another one can be made twice.
        make = hosting.make_hosting

        def make_another(account: Account, given: dict[str, t.Any]) -> dict[str, t.Any]:
            return make(account, {**given, "username": f"{given['username']}{len(account.hosting)}"})

        monkeypatch.setattr(hosting, "make_hosting", make_another)
    result = shop.buy()
    assert (
        result["failed"]
        and "ordered twice" in result["msg"]
        and all(row["id"] in result["msg"] for row in shop.living())
    ), result
    assert len(shop.living()) == 2 and result["changed"]


# Power after the order


@pytest.mark.parametrize("provisioning", [0, 30])
@pytest.mark.parametrize("state", ["started", "restarted", "present", "stopped"])
def test_server_that_comes_up_stopped(provisioning: int, state: str) -> None:
    """A server that is wanted started is started in the same run."""
    shop = Shop(SERVERS, comes_up="off", provisioning_seconds=provisioning)
    result = shop.buy(state=state)
    is_started = state in ("started", "restarted")
    assert result["vps"]["status"] == shop.living()[0]["status"] == ("running" if is_started else "stopped"), result
    assert ("start web-1" in result["actions"]) is is_started and result["actions"][0] == "order web-1"
    if state != "restarted":
        assert not shop.buy(state=state)["changed"]


def test_step_after_the_order_that_fails() -> None:
    """The purchase is told then, too, and what failed does not count as done."""
    shop = Shop(SERVERS)
    shop.change = lambda request, answer: (
        Answer(400, {}, {"message": "No."}) if request.endswith("/power/stop") else answer
    )
    result = shop.buy(state="stopped")
    assert (
        result["failed"]
        and result["changed"]
        and result["actions"] == ["order web-1"]
        and shop.living()[0]["id"] in result["msg"]
    )
    assert result["root_password"] == shop.living()[0]["root_password"] and "root_password" in result["msg"]


def test_server_at_work_that_comes_up_stopped() -> None:
    """The same where another run ordered it, and where nothing is waited for."""
    shop = Shop(SERVERS, comes_up="off", provisioning_seconds=30)
    shop.buy(wait=False)
    done = shop.buy(state="started")
    assert done["actions"] == ["start web-1"] and shop.living()[0]["status"] == "running" == done["vps"]["status"]
    second = Shop(SERVERS, comes_up="off")
    done = second.buy(state="started", wait=False)
    assert done["actions"] == ["order web-1", "start web-1"] and second.living()[0]["status"] == "running"


@pytest.mark.parametrize("provisioning", [0, 30])
@pytest.mark.parametrize("state", ["active", "present"])
def test_account_that_comes_up_suspended(provisioning: int, state: str) -> None:
    """An account that is wanted active is lifted in the same run."""
    shop = Shop(ACCOUNTS, comes_up="off", provisioning_seconds=provisioning)
    result = shop.buy(state=state)
    assert (
        result["hosting"]["status"] == shop.living()[0]["status"] == ("active" if state == "active" else "suspended")
    ), result
    assert result["actions"] == ["order example.com"] + (["unsuspend example.com"] if state == "active" else [])
    assert not shop.buy(state=state)["changed"]


# Two at once


def test_second_process_orders_nothing(noun: Noun, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process of this machine has the lock and orders: this one changed nothing, and says so."""
    shop = Shop(noun)
    tries: list[float] = []

    def lock(_handle: int, patience_seconds: float) -> bool:
        tries.append(patience_seconds)
        if len(tries) == 2:  # what the other process does meanwhile
            monkeypatch.setattr(_buy, "lock", lambda *_args: True)
            first = shop.play(*noun.task, **noun.order)
            assert first["changed"] and first["actions"] and not first.get("failed")
        return len(tries) > 1

    monkeypatch.setattr(_buy, "lock", lock)
    second = shop.buy()
    assert not second.get("failed") and second["changed"] is False and second["actions"] == [], second
    assert (
        "order" not in second
        and not set(noun.secrets) & set(second)
        and second[noun.key]["id"] == shop.living()[0]["id"]
    )
    assert shop.debits() == 1 and second["diff"]["before"] == {}


def test_second_process_that_can_not_see_the_first_one_s(noun: Noun, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list does not show it yet: the same key gives the same resource, and whose order it was is not claimed."""
    shop = Shop(noun, list_lag_seconds=3600)
    tries: list[float] = []

    def lock(_handle: int, patience_seconds: float) -> bool:
        tries.append(patience_seconds)
        if len(tries) == 2:
            monkeypatch.setattr(_buy, "lock", lambda *_args: True)
            assert shop.play(*noun.task, **noun.order)["changed"]
        return len(tries) > 1

    monkeypatch.setattr(_buy, "lock", lock)
    second = shop.buy()
    assert not second.get("failed") and second["order"]["replayed"] is None and shop.debits() == 1, second
    assert second[noun.key]["id"] == shop.living()[0]["id"] and all(second[secret] for secret in noun.secrets)


# The price, before the money moves


def test_check_mode_shows_the_money(noun: Noun) -> None:
    """Price, month and wallet stand in the diff and in ``order``, in check mode as in the run."""
    shop = Shop(noun)
    planned = shop.buy(check_mode=True)
    assert shop.debits() == 0 and planned["order"]["wallet_after_usd_cents"] == 10000 - noun.price
    done = shop.buy()
    money = ("due_now_usd_cents", "monthly_usd_cents", "wallet_before_usd_cents", "wallet_after_usd_cents")
    assert (
        [planned["order"][name] for name in money]
        == [done["order"][name] for name in money]
        == [noun.price, noun.price, 10000, 10000 - noun.price]
    )
    for result in (planned, done):
        assert result["diff"]["before"]["order"] == {"monthly_usd_cents": 0, "wallet_usd_cents": 10000}
        after = {
            "due_now_usd_cents": noun.price,
            "monthly_usd_cents": noun.price,
            "wallet_usd_cents": 10000 - noun.price,
        }
        assert result["diff"]["after"]["order"] == {"plan_slug": noun.order["plan_slug"], **after}
    assert "order" not in shop.buy()["diff"]["after"]


def products(shop: Shop, change: t.Callable[[list[Row]], list[Row]]) -> None:
    """Change the list of plans."""
    shop.change = lambda request, answer: (
        answer._replace(body=change(answer.body)) if request == "GET /products" else answer
    )


def test_plan_listed_twice_at_two_prices(noun: Noun) -> None:
    """Which one would be paid is not known."""
    shop = Shop(noun)
    slug = noun.order["plan_slug"]
    products(shop, lambda rows: rows + [{**row, "your_monthly_usd_cents": 9999} for row in rows if row["slug"] == slug])
    result = shop.buy(max_monthly_usd_cents=2000)
    assert result["failed"] and not result["changed"] and str(noun.price) in result["msg"] and "9999" in result["msg"]
    assert not shop.debits()
    products(shop, lambda rows: rows + [row for row in rows if row["slug"] == slug])
    assert not shop.buy(max_monthly_usd_cents=2000).get("failed")


@pytest.mark.parametrize("price", [None, "9.60", "960 USD", True, -960, 960.5, {"amount": 960}, [960], ""])
@pytest.mark.parametrize("limit", [None, 2000])
def test_price_that_can_not_be_read(noun: Noun, price: t.Any, limit: int | None) -> None:
    """It is never bought; that of another plan is nobody's concern."""
    shop = Shop(noun)
    slug = noun.order["plan_slug"]
    products(
        shop, lambda rows: [{**row, "your_monthly_usd_cents": price} if row["slug"] == slug else row for row in rows]
    )
    for check_mode in (True, False):
        result = shop.buy(check_mode=check_mode, max_monthly_usd_cents=limit)
        assert (
            result["failed"]
            and not result["changed"]
            and slug in result["msg"]
            and "Nothing was ordered" in result["msg"]
        ), result
    assert not shop.debits()
    products(
        shop, lambda rows: [{**row, "your_monthly_usd_cents": price} if row["slug"] != slug else row for row in rows]
    )
    assert not shop.buy(max_monthly_usd_cents=limit).get("failed")


@pytest.mark.parametrize("blank", ["", " ", "None", " 1"])
def test_an_empty_generation_is_the_first(noun: Noun, blank: str) -> None:
    """A variable that nobody set must not change the key: under another one a lost order would be placed again."""
    keys = [
        Shop(noun).buy(check_mode=True, order_generation=generation)["order"]["idempotency_key"]
        for generation in ("1", blank)
    ]
    assert keys[0] == keys[1]


def test_a_negative_time_is_refused(noun: Noun) -> None:
    """No answer comes in less than no time: the order was placed and its passwords lost."""
    shop = Shop(noun)
    for check_mode in (True, False):
        result = shop.buy(check_mode, wait_timeout=-1)
        assert result["failed"] and "wait_timeout" in result["msg"]
        assert shop.asked == [] and shop.debits() == 0
