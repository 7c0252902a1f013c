# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The account as one document: whatever the API looks like, an account gives one document, in few requests."""

from __future__ import annotations

import json
import random
import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _document
from ansible_collections.h444.cloud.plugins.module_utils._webhook import EVENTS
from ansible_collections.h444.cloud.tests.simulator import assumed
from ansible_collections.h444.cloud.tests.unit.properties.support import World, dialect
from ansible_collections.h444.cloud.tests.unit.properties.surface import play
from ansible_collections.h444.cloud.tests.unit.properties.test_dialects import LOOKS

INFO = "h444_manifest_info"
LISTS = ["/vps", "/vps/all-ips", "/hosting", "/domains", "/webhooks"]
LABELS = (
    "web-1", "web-2", "web-10", "Web-3", "db", "{{ lookup('pipe', 'touch /tmp/x') }}", "{% raw %}", "#jinja2: x", "no",
    "1e3", "0x1f", "2026-01-01", "~", "größe", "Größe 2", "\U0001f600", "سيرفر", "a: b", "- x", "'", '"', "\\n",
    "*", "&x", "!unsafe", "7",
)  # fmt: skip
# An order is refused if there is another one that the provider could mistake for it.
ALIKE = ("größe", "a: b", "- x", "'", '"', "*", "&x", "\\n", "~")
SECTIONS_TO_BUILD = ["servers", "hosting", "domains", "webhooks"]
LOOKS_OF_ALL = (
    *LOOKS, "hosting_fields", "hosting_status", "php_form", "domain_values", "domain_fields", "domain_rows",
    "nameservers_form", "webhook_fields",
)  # fmt: skip
DOMAINS = ("shop.example", "Blog.Example", "a.example", "b10.example", "b9.example")
Row = t.Dict[str, t.Any]


def seed_of(chance: random.Random) -> Row:
    """Make an account by chance."""
    labels = chance.sample(LABELS, chance.randint(0, 8))
    return {
        "vps": [
            {
                "label": label,
                "hostname": f"host-{number}.example.com",
                "plan_slug": chance.choice(("vps-1", "vps-2", "vps-3")),
                "os_family": family,
                "os_template": template,
                "status": chance.choice(("running", "stopped", "suspended")),
                "ips": [
                    {"ip": f"192.0.2.{number * 3 + place + 1}" if place < 2 else f"2001:db8::{number:x}", "ptr": ptr}
                    for place, ptr in enumerate((chance.choice((None, f"p{number}.example")), None, "six.example"))
                ],
            }
            for number, label in enumerate(labels)
            for family, template in [chance.choice((("ubuntu", "ubuntu-24.04"), ("debian", "debian-12")))]
        ],
        "hosting": [
            {
                "domain": domain,
                "username": domain.split(".")[0].lower(),
                "status": chance.choice(("active", "suspended")),
                "php_version": chance.choice(("7.4", "8.1", "8.3")),
            }
            for domain in chance.sample(DOMAINS, chance.randint(0, 4))
        ],
        "domains": [
            {
                "name": domain,
                "auto_renew": chance.random() < 0.5,
                "transfer_lock": chance.random() < 0.5,
                "nameservers": chance.sample(["ns10.example.net", "ns2.example.net", "ns1.example.net"], 2),
            }
            for domain in chance.sample(DOMAINS, chance.randint(0, 4))
        ],
        "webhooks": [
            {
                "url": f"https://example.com/hook/{number}",
                "events": chance.sample(EVENTS, chance.randint(1, 4)),
                "description": chance.choice((None, "Operations", "{{ x }}")),
                "is_active": chance.random() < 0.5,
            }
            for number in range(chance.randint(0, 12))
        ],
    }


def shuffled(seed: Row, chance: random.Random) -> Row:
    """Give the rows of an account in another order, and the events of a webhook."""
    result = {noun: chance.sample(rows, len(rows)) for noun, rows in seed.items()}
    result["webhooks"] = [
        {**row, "events": chance.sample(row["events"], len(row["events"]))} for row in result["webhooks"]
    ]
    return result


def world_of(seed: Row, assume: Row) -> World:
    """Make an account of just this."""
    world = World({**assumed.defaults(), **assume})
    world.core.domains.clear()  # every account has some
    world.core.seed(seed)
    return world


def exported(seed: Row, assume: Row, **options: t.Any) -> tuple[Row, list[str]]:
    """Give the result of the module for an account, and the paths that it read."""
    world = world_of(seed, assume)
    result = play(world, INFO, options)
    assert not result.get("failed") and result["changed"] is False, (assume, result)
    assert all(method == "GET" for method, _path in world.sent)
    return result, [path.partition("?")[0] for _method, path in world.sent]


@pytest.mark.parametrize("number", range(60))
def test_an_account_gives_the_same_document_in_every_dialect(number: int) -> None:
    """What the API hides is left out, and nothing else; the order of its lists means nothing."""
    chance = random.Random(number)
    seed = seed_of(chance)
    plain, paths = exported(seed, {})
    assert paths == LISTS and plain["warnings"] == []
    manifest = plain["manifest"]
    assert list(manifest) == list(_document.SECTIONS)
    assert [len(manifest[name]) for name in ("servers", "hosting", "domains", "webhooks")] == [
        len(seed[name]) for name in ("vps", "hosting", "domains", "webhooks")
    ]
    looks = {**dialect(number, LOOKS_OF_ALL), "pagination": chance.choice(("off", "page", "cursor", "link"))}
    for assume in (*({**assumed.preset(name), "list_lag_seconds": 0} for name in assumed.PRESETS), looks):
        found, _paths = exported(shuffled(seed, chance), assume)
        expected = json.loads(json.dumps(manifest))
        for server in expected["servers"]:
            if assume["vps_os"] == "none":
                del server["os_template"], server["os_family"]
        for domain in expected["domains"]:
            if assume["domain_fields"] == "none":
                del domain["transfer_lock"], domain["whois_privacy"]
        assert found["manifest"] == expected, assume
        assert json.dumps(found["manifest"]) == json.dumps(expected), "the same order"


@pytest.mark.parametrize(
    ("sections", "paths"),
    [
        (["servers"], LISTS[:2]),
        (["ptr_records"], LISTS[1:2]),
        (["hosting"], LISTS[2:3]),
        (["webhooks", "domains"], LISTS[3:]),
        ([], []),
        (None, LISTS),
    ],
)
def test_only_what_the_sections_need_is_read(sections: list[str] | None, paths: list[str]) -> None:
    """The sections come in their own order, and are the same as in the whole document.

    Without the servers, the records of their primary addresses are records of their own, so that none is missing.
    """
    seed = seed_of(random.Random(4))
    whole, _paths = exported(seed, {})
    found, asked = exported(seed, {}, sections=sections)
    assert asked == paths
    if sections == ["ptr_records"]:
        kept = [server for server in seed["vps"] if server["ips"][0]["ptr"]]
        primary = {server["ips"][0]["ip"]: server["ips"][0]["ptr"] for server in kept}
        assert primary
        found["manifest"]["ptr_records"] = [
            row for row in found["manifest"]["ptr_records"] if primary.pop(row["ip"], None) != row["hostname"]
        ]
        assert not primary
    assert found["manifest"] == {name: rows for name, rows in whole["manifest"].items() if name in found["manifest"]}
    wanted = _document.SECTIONS if sections is None else sections
    assert list(found["manifest"]) == [name for name in _document.SECTIONS if name in wanted]


def looks_of(number: int) -> Row:
    """Choose a preset, or a dialect by chance."""
    presets = list(assumed.PRESETS)
    if number % 5 < len(presets):
        return {**assumed.preset(presets[number % 5]), "list_lag_seconds": 0}
    return {"pagination": ("off", "page", "cursor", "link")[number % 4], **dialect(number, LOOKS_OF_ALL)}


@pytest.mark.parametrize("number", range(60))
def test_a_document_changes_nothing_in_its_account(number: int) -> None:
    """Not even if everything is to be removed that it does not name; whether it has all sections or some of them."""
    chance = random.Random(number)
    world = world_of(seed_of(chance), looks_of(number))
    for sections in (None, chance.sample(_document.SECTIONS, chance.randint(1, 4))):
        part = play(world, INFO, {"sections": sections})["manifest"]
        options = {"manifest": part, "purge": sorted(set(part) - {"domains"})}
        for check_mode in (True, False):
            result = play(world, "h444_manifest", options, check_mode)
            assert not result.get("failed"), (world.core.assume, result)
            assert (result["changed"], result["plan"], result["failures"]) == (False, [], []), (part, result["plan"])
        for name, rows in part.items():
            assert result["manifest"][name] == rows
    assert all(method == "GET" for method, _path in world.sent)


@pytest.mark.parametrize("number", range(40))
def test_a_document_builds_the_same_account_anew(number: int) -> None:
    """In an account without anything but the domains, whose addresses are others; the next run changes nothing."""
    assume = looks_of(number)
    if assume.get("vps_os") == "none":
        assume["vps_os"] = "told"
    chance = random.Random(number)
    seed = seed_of(chance)
    seed["vps"] = [row for row in seed["vps"] if row["label"] not in ALIKE and row["status"] != "suspended"]
    manifest = play(world_of(seed, assume), INFO, {"sections": SECTIONS_TO_BUILD})["manifest"]
    other = world_of({"domains": [{**row, "auto_renew": not row["auto_renew"]} for row in seed["domains"]]}, assume)
    other.core.account["balance_usd_cents"] = 10**6
    result = play(other, "h444_manifest", {"manifest": manifest})
    assert not result.get("failed"), (assume, result)
    orders = [entry for entry in result["plan"] if entry["action"] == "create" and entry["kind"] != "webhooks"]
    assert len(orders) == len(seed["vps"]) + len(seed["hosting"])
    assert play(other, INFO, {"sections": SECTIONS_TO_BUILD})["manifest"] == manifest, assume
    again = play(other, "h444_manifest", {"manifest": manifest})
    assert not again.get("failed") and not again["changed"] and again["plan"] == [], (assume, again)


@pytest.mark.parametrize(
    ("assume", "more"),
    [
        ({"domain_rows": "short"}, 3),
        ({"domain_fields": "none"}, 1),
        ({"vps_os": "none"}, 1),
        ({"vps_os": "display"}, 1),
        ({"vps_os": "object", "vps_plan": "object"}, 2),
        ({"vps_plan": "name", "hosting_fields": "named"}, 1),
    ],
)
def test_a_sparse_api_costs_few_requests_more(assume: Row, more: int) -> None:
    """One for each domain whose row is short, one to see that details say no more, one for plans and for templates."""
    seed = {"vps": 3, "hosting": 3, "domains": 3, "webhooks": 3}
    _found, paths = exported(seed, assume)
    assert len(paths) == len(LISTS) + more


@pytest.mark.parametrize(
    ("seed", "words"),
    [
        ({"vps": [{"label": "caf\u00e9"}, {"label": "cafe\u0301"}]}, ("servers", "café")),
        ({"vps": [{"label": "web-1"}, {"label": None}]}, ("servers", "label")),
        ({"hosting": [{"domain": "a.example"}, {"domain": "A.example."}]}, ("hosting accounts", "a.example")),
        ({"domains": [{"name": "müller.example"}, {"name": "xn--mller-kva.example"}]}, ("domains", "ller")),
        ({"webhooks": [{"url": "https://a.example"}, {"url": "https://A.example:443/"}]}, ("webhooks", "a.example")),
    ],
)
def test_names_that_do_not_tell_resources_apart_are_refused_with_their_ids(seed: Row, words: tuple[str, ...]) -> None:
    """The document knows resources by their names alone. Without the section it is fine."""
    world = World(assumed.defaults())
    (noun,) = seed
    (ids,) = [found for name, found in world.core.seed(seed).items() if name == noun]
    result = play(world, INFO, {})
    assert result["failed"] and "manifest" not in result, result
    for word in (*words, *(ids if noun != "vps" or seed["vps"][1]["label"] else ids[1:])):
        assert word in result["msg"], result["msg"]
    section = "servers" if noun == "vps" else noun
    assert not play(world, INFO, {"sections": [name for name in _document.SECTIONS if name != section]}).get("failed")


def test_servers_that_are_gone_are_left_out_with_their_addresses() -> None:
    """Also if the API still lists them, and their labels are those of living ones."""
    world = World({**assumed.defaults(), "terminated": "listed"})
    gone = world.core.make("vps", {"label": "web-1", "alive": False})
    world.core.make("vps", {"label": "web-1"})
    gone["ips"][0]["ptr"] = "old.example.com"
    result = play(world, INFO, {})
    assert [row["label"] for row in result["manifest"]["servers"]] == ["web-1"]
    assert result["manifest"]["ptr_records"] == []


@pytest.mark.parametrize("listed", [0, 1])
def test_a_list_that_lacks_a_server_is_refused(listed: int) -> None:
    """Half an account is no document: a server that has addresses and is alive must be listed."""
    world = World(assumed.defaults())
    rows = [world.core.make("vps", {"label": f"web-{number}"}) for number in range(2)]
    handle = world.core.handle

    def shortened(method: str, path: str, *rest: t.Any) -> t.Any:
        answer = handle(method, path, *rest)
        return answer._replace(body=answer.body[:listed]) if path == "/vps" else answer

    world.core.handle = shortened  # type: ignore[method-assign]
    result = play(world, INFO, {})
    assert result["failed"] and any(row["id"] in result["msg"] for row in rows[listed:])


@pytest.mark.parametrize("section", _document.SECTIONS)
def test_a_key_without_a_scope_is_told_which_one_it_lacks(section: str) -> None:
    """Nothing of the section is left out in silence."""
    world = World(assumed.defaults())
    scope = {"servers": "vps", "ptr_records": "vps"}.get(section, section) + ":read"
    handle = world.core.handle
    path = "/" + scope.split(":")[0]

    def refused(method: str, asked: str, *rest: t.Any) -> t.Any:
        if asked.startswith(path):
            return handle(method, asked, *rest)._replace(status=403, body={"message": "Missing scope."})
        return handle(method, asked, *rest)

    world.core.handle = refused  # type: ignore[method-assign]
    result = play(world, INFO, {"sections": [section]})
    assert result["failed"] and scope in result["msg"]
