# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What h444_manifest refuses, and what it takes: each by one entry in the midst of entries that are right.

A refusal names the entry and its place, and comes before the first write, in check mode too. Where the document can be
planned, the plan and its cost are in the result. What each sentence of the module's documentation says is tried here
once; random documents are in test_manifests.py.
"""

from __future__ import annotations

import copy
import typing as t

import pytest

from ansible_collections.h444.cloud.tests.simulator import assumed
from ansible_collections.h444.cloud.tests.unit.properties.manifesting import SECRETS, play, writes
from ansible_collections.h444.cloud.tests.unit.properties.support import World

Row = t.Dict[str, t.Any]
PRESETS = tuple(assumed.PRESETS)
NAMES = ("alpha", "bravo", "carol", "delta", "echo", "fox")
PLACE = len(NAMES)  # of the entry that is wrong
NEW: Row = {"plan_slug": "vps-2", "os_template": "debian-12"}
SITE: Row = {"plan_slug": "hosting-starter"}
HOOK: Row = {"events": ["vps.created"]}
GOLF = "https://hooks.example/golf"
WIPE: Row = {"state": "reinstalled", "os_template": "ubuntu-24.04", "plan_slug": None}
ADDRESS = "203.0.113.150"
RIGHT: dict[str, list[Row]] = {
    "servers": [{"label": name} for name in NAMES],
    "ptr_records": [
        {"ip": f"203.0.113.{number}", "hostname": f"{name}.example"} for number, name in enumerate(NAMES, 150)
    ],
    "hosting": [{"domain": f"{name}.example"} for name in NAMES],
    "domains": [{"name": f"{name}.example", "auto_renew": False} for name in NAMES],
    "webhooks": [{"url": f"https://hooks.example/{name}", **HOOK} for name in NAMES],
}


def account(preset: str = "plain", balance: int = 100000) -> World:
    """Make an account that is what RIGHT says, with a little more."""
    world = World(assumed.preset(preset))
    here = list(enumerate(NAMES, 150))
    servers = [
        {
            "label": name,
            "hostname": name,
            "plan_slug": "vps-1",
            "os_family": "debian",
            "os_template": "debian-12",
            "ips": [
                {"ip": f"203.0.113.{number}", "ptr": f"{name}.example"},
                {"ip": f"2001:db8:44::{number}", "primary": False},
            ],
            "at": 0.0,
        }
        for number, name in here
    ]
    world.core.seed(
        {
            "balance_usd_cents": balance,
            "vps": [*servers, *({"label": "twin", "hostname": host, "at": 0.0} for host in ("twin-a", "twin-b"))],
            "hosting": [
                {"domain": f"{name}.example", "username": f"{name}user", "php_version": "8.1", "at": 0.0}
                for _number, name in here
            ],
            "domains": [{"name": f"{name}.example"} for _number, name in here],
            "webhooks": [{"url": f"https://hooks.example/{name}", "events": ["vps.created"]} for _number, name in here],
        }
    )
    return world


def document(**more: t.Any) -> Row:
    """Give a document that is right in these sections, and has these entries at their ends."""
    return {section: [*copy.deepcopy(RIGHT[section]), *entries] for section, entries in more.items()}


def refused(world: World, manifest: t.Any, **options: t.Any) -> Row:
    """Play a document in check mode and for real. Both are refused in the same words, and write nothing."""
    results = [play(world, {"manifest": manifest, **options}, check_mode) for check_mode in (True, False)]
    for result in results:
        assert result.get("failed") and not result.get("changed"), result
        assert not writes(world), writes(world)
        assert not any(result.get(name) for name in (*SECRETS, "ordered", "done")), result
    assert results[0]["msg"] == results[1]["msg"]
    assert not any(row["method"] != "GET" for row in world.journal.since(0))
    return results[1]


def names_place(message: str, section: str, place: int = PLACE) -> bool:
    """Tell whether a message names a place in a section."""
    return f"{section}[{place}]" in message


def planned(result: Row, action: str, kind: str) -> list[Row]:
    """Give the entries of a plan of one kind, with one action."""
    return [row for row in result["plan"] if (row["action"], row["kind"]) == (action, kind)]


def test_a_document_of_what_is_there_has_nothing_to_do() -> None:
    """The entries beside the wrong ones are right, in every dialect."""
    for preset in PRESETS:
        world = account(preset)
        result = play(world, {"manifest": document(servers=[], ptr_records=[], hosting=[], domains=[], webhooks=[])})
        assert not result.get("failed") and result["plan"] == [] and not writes(world), (preset, result)


def server(**options: t.Any) -> Row:
    """Give a server that is to be ordered."""
    return {"label": "golf", **NEW, **options}


def site(**options: t.Any) -> Row:
    """Give a hosting account that is to be ordered."""
    return {"domain": "golf.example", "username": "golf", **SITE, **options}


def domain(**options: t.Any) -> Row:
    """Give a domain that is there."""
    return {"name": "example.com", **options}


def hook(**options: t.Any) -> Row:
    """Give a webhook that is to be made."""
    return {"url": GOLF, **HOOK, **options}


def record(ip: str, hostname: t.Any = "x.example") -> Row:
    """Give a PTR record."""
    return {"ip": ip, "hostname": hostname}


# Each: the section, the entry at its end, and the words of the message beside its place.
CASES: dict[str, tuple[str, t.Any, str]] = {
    # Duplicate names within a section
    "a label twice": ("servers", {"label": "alpha"}, "alpha"),
    "the new label of one that is there": ("servers", {"label": "golf", "new_label": "alpha"}, "golf alpha"),
    "an address twice": ("ptr_records", record("203.0.113.150"), "203.0.113.150"),
    "an address twice, the same name": ("ptr_records", record("203.0.113.150", "alpha.example"), "203.0.113.150"),
    "a domain twice": ("hosting", {"domain": "alpha.example"}, "alpha.example"),
    "a domain twice, in capitals": ("hosting", {"domain": "ALPHA.Example"}, "ALPHA.Example"),
    "a domain twice, with a dot": ("hosting", {"domain": "alpha.example."}, "alpha.example."),
    "a domain name twice": ("domains", domain(name="alpha.example", auto_renew=True), "alpha.example"),
    "a domain name twice, with a dot in capitals": ("domains", {"name": "ALPHA.example."}, "ALPHA.example."),
    "a URL twice": ("webhooks", hook(url="https://hooks.example/alpha"), "https://hooks.example/alpha"),
    # Unknown keys, with the closest
    "an unknown key of a server": ("servers", {"label": "golf", "plan_slg": "vps-1"}, "golf plan_slg plan_slug"),
    "an unknown key of a PTR record": ("ptr_records", {"ip": "2001:db8::1", "host_name": "x"}, "host_name hostname"),
    "an unknown key of an account": ("hosting", site(php_vers="8.3"), "golf.example php_vers php_version"),
    "an unknown key of a domain": ("domains", domain(autorenew=True), "example.com autorenew auto_renew"),
    "an unknown key of a webhook": ("webhooks", {"url": GOLF, "event": []}, f"{GOLF} event events"),
    "a key of the task": ("servers", server(concurrency=4), "golf concurrency"),
    # Wrong types
    "an entry that is a text": ("servers", "golf", ""),
    "an entry that is a number": ("hosting", 7, ""),
    "an entry that is null": ("webhooks", None, ""),
    "an entry that is a list": ("domains", ["golf.example"], ""),
    "a label that is a list": ("servers", server(label=["golf"]), "label"),
    "a label that is null": ("servers", server(label=None), "label"),
    "a label that is empty": ("servers", server(label=""), "label"),
    "no label": ("servers", dict(NEW), "label"),
    "no address": ("ptr_records", {"hostname": "x.example"}, "ip"),
    "no host name": ("ptr_records", {"ip": "2001:db8:44::150"}, "hostname"),
    "no domain": ("hosting", dict(SITE), "domain"),
    "no domain name": ("domains", {"auto_renew": True}, "name"),
    "no URL": ("webhooks", dict(HOOK), "url"),
    "a state of another module": ("servers", server(state="suspended"), "golf state suspended stopped"),
    "a state that there isn't": ("hosting", site(state="started"), "golf.example state started suspended"),
    "a switch that is a word": ("domains", domain(auto_renew="maybe"), "example.com auto_renew maybe"),
    "a price that is a word": ("servers", server(max_monthly_usd_cents="many"), "golf max_monthly_usd_cents"),
    "a PHP version that there isn't": ("hosting", site(php_version="5.6"), "golf.example php_version 5.6 8.3"),
    "a host name that is a list": ("servers", server(hostname=["golf"]), "golf hostname"),
    "a name server that is an object": ("domains", domain(nameservers=[{"ns": 1}]), "example.com nameservers"),
    "events that are an object": ("webhooks", hook(events={"a": 1}), f"{GOLF} events"),
    "a PTR that is a list": ("servers", server(ptr=["golf.example"]), "golf ptr"),
    "a PTR that is no name": ("servers", server(ptr="no_name!"), "golf no_name!"),
    "a PTR that is empty": ("servers", server(ptr=""), "golf ptr"),
    "a record that is no name": ("ptr_records", record("2001:db8:44::150", "no_name!"), "2001:db8:44::150 no_name!"),
    # Unknown plans and templates
    "an unknown plan": ("servers", server(plan_slug="vps-99"), "golf vps-99 vps-1 vps-4"),
    "a plan of hosting": ("servers", server(plan_slug="hosting-pro"), "golf hosting-pro vps-1"),
    "no plan": ("servers", server(plan_slug=None), "golf plan_slug"),
    "an unknown template": ("servers", server(os_template="dos-6"), "golf dos-6 debian-12 ubuntu-24.04"),
    "no template": ("servers", server(os_template=None), "golf os_template"),
    "an unknown plan of hosting": ("hosting", site(plan_slug="vps-1"), "golf.example vps-1 hosting-pro"),
    "no user name": ("hosting", site(username=None), "golf.example username"),
    # What there isn't, or is there twice
    "an address of somebody else": ("ptr_records", record("198.51.100.77"), "198.51.100.77"),
    "what is no address": ("ptr_records", record("golf"), "golf"),
    "a domain of somebody else": ("domains", domain(name="golf.example", auto_renew=True), "golf.example"),
    "no name servers": ("domains", domain(nameservers=[]), "example.com nameservers"),
    "two live servers of one label": ("servers", {"label": "twin"}, "twin"),
    "two live servers of one label to be removed": ("servers", {"label": "twin", "state": "absent"}, "twin"),
    "a reinstall of nothing": ("servers", server(state="reinstalled"), "golf"),
    "a user name on two accounts": ("hosting", site(username="alphauser"), "golf.example alphauser"),
    # Contradictions, as the modules of the sections refuse them
    "another server's host name": ("servers", server(hostname="alpha"), "golf alpha"),
    "a label in other capitals": ("servers", server(label="Alpha"), "Alpha"),
    "a new label of what is to go": ("servers", {"label": "golf", "new_label": "a-1", "state": "absent"}, "golf"),
    "a webhook without events": ("webhooks", {"url": GOLF}, f"{GOLF} events"),
    "a webhook without TLS": ("webhooks", hook(url="http://hooks.example/golf"), "http://hooks.example/golf"),
    "an event that there isn't": ("webhooks", hook(events=["vps.gone"]), f"{GOLF} vps.gone"),
    "a plan that is too dear": ("servers", server(max_monthly_usd_cents=959), "golf 959 960"),
    "a hosting plan that is too dear": ("hosting", site(max_monthly_usd_cents=239), "golf.example 239 240"),
}


@pytest.mark.parametrize("case", CASES)
def test_an_entry_is_refused_by_its_name_and_place(case: str) -> None:
    """The message names the section, the place in it, the entry, and what is wrong."""
    section, entry, words = CASES[case]
    result = refused(account(), document(**{section: [entry]}))
    for word in words.split():
        assert word in result["msg"], (word, result["msg"])
    assert names_place(result["msg"], section), result["msg"]


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(
    "case",
    ["an address of somebody else", "two live servers of one label", "a user name on two accounts", "an unknown plan"],
)
def test_an_entry_is_refused_in_every_dialect(case: str, preset: str) -> None:
    """What is held against the account is, whatever the account looks like."""
    section, entry, words = CASES[case]
    result = refused(account(preset), document(**{section: [entry]}))
    assert all(word in result["msg"] for word in words.split()) and names_place(result["msg"], section), result["msg"]


def test_twins_are_refused_with_their_ids() -> None:
    """The way out is the id of one of them."""
    world = account()
    twins = [row["id"] for row in world.core.servers.values() if row["label"] == "twin"]
    result = refused(world, document(servers=[{"label": "twin", "state": "stopped"}]))
    assert all(vps_id in result["msg"] for vps_id in twins), result["msg"]
    done = play(world, {"manifest": document(servers=[{"label": "twin", "id": twins[0], "state": "stopped"}])})
    assert not done.get("failed"), done
    assert [world.core.servers[vps_id]["status"] for vps_id in twins] == ["stopped", "running"]


# Two entries that contradict each other, in two sections or in one.
CONTRADICTIONS: dict[str, tuple[Row, tuple[str, ...]]] = {
    "an address by a server and by a record, differently": (
        {
            "servers": [{"label": "alpha", "ptr": "a.example"}],
            "ptr_records": [{"ip": "203.0.113.150", "hostname": "b.example"}],
        },
        ("203.0.113.150", "alpha", "a.example", "b.example"),
    ),
    "an address that one clears and the other names": (
        {
            "servers": [{"label": "alpha", "ptr": None}],
            "ptr_records": [{"ip": "203.0.113.150", "hostname": "b.example"}],
        },
        ("203.0.113.150", "alpha", "b.example"),
    ),
    "an address that one names and the other clears": (
        {
            "servers": [{"label": "alpha", "ptr": "a.example"}],
            "ptr_records": [{"ip": "203.0.113.150", "hostname": None}],
        },
        ("203.0.113.150", "alpha", "a.example"),
    ),
    "a user name on two accounts that are new": (
        {
            "hosting": [
                {"domain": "golf.example", "username": "golf", **SITE},
                {"domain": "hotel.example", "username": "GOLF", **SITE},
            ]
        },
        ("golf.example", "hotel.example", "username"),
    ),
    "one new label for two servers": (
        {"servers": [{"label": "alpha", "new_label": "golf"}, {"label": "bravo", "new_label": "golf"}]},
        ("alpha", "bravo", "new_label"),
    ),
    "a new server with the new label of another": (
        {"servers": [{"label": "alpha", "new_label": "golf"}, {"label": "golf", **NEW}]},
        ("alpha", "golf"),
    ),
    "one new URL for two webhooks": (
        {
            "webhooks": [
                {"url": "https://hooks.example/alpha", "new_url": "https://hooks.example/golf", **HOOK},
                {"url": "https://hooks.example/bravo", "new_url": "https://hooks.example/golf", **HOOK},
            ]
        },
        ("https://hooks.example/alpha", "https://hooks.example/bravo"),
    ),
    "two spellings of one address": (
        {
            "ptr_records": [
                {"ip": "2001:db8:44::150", "hostname": "a.example"},
                {"ip": "2001:DB8:44:0::0150", "hostname": "b.example"},
            ]
        },
        ("2001:DB8:44:0::0150",),
    ),
    "two spellings of one URL": (
        {
            "webhooks": [
                {"url": "https://hooks.example/golf", **HOOK},
                {"url": "https://HOOKS.example:443/golf", **HOOK},
            ]
        },
        ("https://HOOKS.example:443/golf",),
    ),
    "two new servers of one host name": (
        {"servers": [{"label": "golf", **NEW, "hostname": "web"}, {"label": "hotel", **NEW, "hostname": "web"}]},
        ("golf", "hotel"),
    ),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_entries_that_contradict_each_other_are_refused(case: str) -> None:
    """All of them are named."""
    manifest, words = CONTRADICTIONS[case]
    result = refused(account(), manifest)
    assert all(word in result["msg"] for word in words), (words, result["msg"])
    assert any(section in result["msg"] for section in manifest), result["msg"]


@pytest.mark.parametrize("name", ["b.example", "B.Example."])
def test_one_address_named_twice_alike_is_taken(name: str) -> None:
    """A record that says what its server's entry says is no contradiction, and is written once."""
    world = account()
    manifest = {
        "servers": [{"label": "alpha", "ptr": "b.example"}],
        "ptr_records": [{"ip": "203.0.113.150", "hostname": name}],
    }
    result = play(world, {"manifest": manifest})
    assert not result.get("failed") and result["changed"], result
    assert len(writes(world)) == 1
    assert play(world, {"manifest": manifest})["plan"] == []


DOCUMENTS: dict[str, tuple[t.Any, Row, tuple[str, ...]]] = {
    "an unknown section": ({"server": []}, {}, ("server", "servers")),
    "an unknown section among others": ({"servers": [], "hostings": []}, {}, ("hostings", "hosting")),
    "a section that is an object": ({"servers": {"label": "alpha"}}, {}, ("servers",)),
    "a section that is a text": ({"webhooks": "https://hooks.example/alpha"}, {}, ("webhooks",)),
    "a document that is a list": ([{"servers": []}], {}, ("manifest",)),
    "a document that is a text": ("alpha", {}, ("manifest",)),
    "a purge of what the document lacks": ({"servers": []}, {"purge": ["webhooks"]}, ("purge", "webhooks")),
    "a purge of domains": ({"domains": []}, {"purge": ["domains"]}, ("purge", "domains")),
    "a purge of no section": ({"servers": []}, {"purge": ["server"]}, ("purge", "server")),
    "a limit that is no number": ({"servers": []}, {"max_removed": "many"}, ("max_removed",)),
}


@pytest.mark.parametrize("case", DOCUMENTS)
def test_a_document_is_refused_before_the_first_request(case: str) -> None:
    """What can be seen without the account takes no request."""
    manifest, options, words = DOCUMENTS[case]
    world = account()
    result = refused(world, manifest, **options)
    assert all(word in result["msg"] for word in words), (words, result["msg"])
    assert not world.journal.since(0)


@pytest.mark.parametrize("case", ["a label twice", "an unknown key of a server", "a state of another module"])
def test_an_entry_that_is_wrong_by_itself_takes_no_request(case: str) -> None:
    """It is found before the account is read."""
    section, entry, _words = CASES[case]
    world = account()
    refused(world, document(**{section: [entry]}))
    assert not world.journal.since(0)


# What no call can change: the section, the entry, the option, and both values.
FIXED: dict[str, tuple[str, Row, str, tuple[str, str]]] = {
    "a plan": ("servers", {"label": "golf", "plan_slug": "vps-3"}, "plan_slug", ("vps-1", "vps-3")),
    "a plan by its alias": ("servers", {"label": "golf", "plan": "vps-3"}, "plan_slug", ("vps-1", "vps-3")),
    "a host name": ("servers", {"label": "golf", "hostname": "links"}, "hostname", ("fairway", "links")),
    "a hosting plan": (
        "hosting",
        {"domain": "golf.example", "plan_slug": "hosting-pro"},
        "plan_slug",
        ("hosting-starter", "hosting-pro"),
    ),
    "a plan of a server that is stopped": (
        "servers",
        {"label": "golf", "plan_slug": "vps-3", "state": "stopped"},
        "plan_slug",
        ("vps-1", "vps-3"),
    ),
}


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("case", FIXED)
def test_what_no_call_can_change_is_a_replacement_that_is_refused(case: str, preset: str) -> None:
    """Whatever max_removed says, with both values; nothing is terminated and ordered anew."""
    section, entry, option, (before, after) = FIXED[case]
    world = account(preset)
    world.core.seed(
        {
            "vps": [{"label": "golf", "hostname": "fairway", "plan_slug": "vps-1", "at": 0.0}],
            "hosting": [{"domain": "golf.example", "username": "golf", "at": 0.0}],
        }
    )
    result = refused(world, document(**{section: [entry]}), max_removed=100)
    assert entry.get("label", entry.get("domain")) in result["msg"] and before in result["msg"], result["msg"]
    assert after in result["msg"] and names_place(result["msg"], section), result["msg"]
    (found,) = planned(result, "replace", section)
    assert found["name"] == entry.get("label", entry.get("domain"))
    assert found["changes"][option] == {"before": before, "after": after}
    assert found["monthly_usd_cents"] == 0 and result["cost"]["due_now_usd_cents"] == 0


def test_the_same_plan_is_no_replacement() -> None:
    """A plan, a host name and a hosting plan that are there already change nothing, in every dialect."""
    for preset in PRESETS:
        world = account(preset)
        manifest = {
            "servers": [{"label": "alpha", "plan_slug": "vps-1", "hostname": "alpha", "os_template": "debian-12"}],
            "hosting": [{"domain": "alpha.example", "username": "alphauser", "plan_slug": "hosting-starter"}],
        }
        result = play(world, {"manifest": manifest})
        assert not result.get("failed") and result["plan"] == [], (preset, result)


UNNAMED = {section: RIGHT[section][1:] for section in RIGHT}
TWINS: list[Row] = [*RIGHT["servers"], {"label": "nobody", "state": "absent"}]
ALPHA = "https://hooks.example/alpha"
# Each: the document, what is purged, and the action and the name of all that is to go.
REMOVALS: dict[str, tuple[Row, list[str], str, str]] = {
    "a server": ({"servers": [{"label": "alpha", "state": "absent"}]}, [], "remove", "alpha"),
    "a reinstall": ({"servers": [{**server(label="alpha"), **WIPE}]}, [], "replace", "alpha"),
    "hosting": ({"hosting": [{"domain": "alpha.example", "state": "absent"}]}, [], "remove", "alpha.example"),
    "a webhook": ({"webhooks": [{"url": ALPHA, "state": "absent"}]}, [], "remove", ALPHA),
    "servers that no entry names": ({"servers": TWINS}, ["servers"], "remove", "twin"),
    "hosting that no entry names": ({"hosting": UNNAMED["hosting"]}, ["hosting"], "remove", "alpha.example"),
    "a webhook that no entry names": ({"webhooks": UNNAMED["webhooks"]}, ["webhooks"], "remove", ALPHA),
    "a record that no entry names": ({"ptr_records": UNNAMED["ptr_records"]}, ["ptr_records"], "remove", ADDRESS),
}


@pytest.mark.parametrize("case", REMOVALS)
def test_nothing_is_removed_unless_max_removed_says_so(case: str) -> None:
    """The default is 0; one fewer than the plan has is refused; as many as it has is enough."""
    manifest, purge, action, name = REMOVALS[case]
    world = account()
    result = refused(world, manifest, purge=purge)
    assert "max_removed" in result["msg"], result["msg"]
    gone = [row for row in result["plan"] if row["action"] in ("remove", "replace")]
    assert {(row["action"], row["name"]) for row in gone} == {(action, name)} and result["cost"]
    assert refused(world, manifest, purge=purge, max_removed=len(gone) - 1)["plan"] == result["plan"]
    done = play(world, {"manifest": manifest, "purge": purge, "max_removed": len(gone)})
    assert not done.get("failed") and done["done"] == result["plan"], done
    again = play(world, {"manifest": manifest, "purge": purge})
    assert not again.get("failed") and again["plan"] == [], again


PROTECTED: dict[str, tuple[Row, list[str], str]] = {
    **{
        case: (manifest, purge, {"servers": "AL*", "hosting": "alpha.*", "webhooks": "https://*/ALPHA"}[section])
        for case, section in (
            ("a server", "servers"),
            ("a reinstall", "servers"),
            ("hosting", "hosting"),
            ("a webhook", "webhooks"),
            ("hosting that no entry names", "hosting"),
            ("a webhook that no entry names", "webhooks"),
        )
        for manifest, purge, _action, _name in [REMOVALS[case]]
    },
    "servers that no entry names": (REMOVALS["servers that no entry names"][0], ["servers"], "twin"),
}


@pytest.mark.parametrize("case", PROTECTED)
def test_what_is_protected_is_neither_removed_nor_reinstalled(case: str) -> None:
    """Refused before the first write, whatever the other options say; other names are no matter."""
    manifest, purge, pattern = PROTECTED[case]
    name = REMOVALS[case][3]
    world = account()
    result = refused(world, manifest, purge=purge, max_removed=100, protected=["nobody", pattern])
    assert "protected" in result["msg"] and name in result["msg"], result["msg"]
    assert result["plan"] and result["cost"]
    done = play(world, {"manifest": manifest, "purge": purge, "max_removed": 100, "protected": ["nobody"]})
    assert not done.get("failed") and done["changed"], done


MONEY: list[tuple[str, int, Row]] = [
    ("wallet", 960 + 240 - 1, {}),
    ("max_total_monthly_usd_cents", 100000, {"max_total_monthly_usd_cents": 960 + 240 - 1}),
]
BOTH: Row = {
    "servers": [{"label": "golf", **NEW}, {"label": "alpha", "state": "stopped", "ptr": "x.example"}],
    "hosting": [{"domain": "golf.example", "username": "golf", **SITE}],
    "domains": [{"name": "example.com", "auto_renew": True}],
}


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(("limit", "balance", "options"), MONEY)
def test_servers_and_hosting_are_paid_together_or_not_at_all(
    limit: str, balance: int, options: Row, preset: str
) -> None:
    """One cent too few, and not even what costs nothing is written; the plan and its cost say what is needed."""
    world = account(preset, balance)
    result = refused(world, BOTH, **options)
    assert limit in result["msg"].lower() and "1200" in result["msg"] or "12.00" in result["msg"], result["msg"]
    assert len(result["plan"]) == 4
    before = 6 * 480 + 2 * 960 + 6 * 240
    assert result["cost"] == {
        "monthly_before_usd_cents": before,
        "monthly_after_usd_cents": before + 1200,
        "due_now_usd_cents": 1200,
        "balance_usd_cents": balance,
    }
    world.core.account["balance_usd_cents"] = 1200
    done = play(world, {"manifest": BOTH, "max_total_monthly_usd_cents": 1200})
    assert not done.get("failed") and world.core.account["balance_usd_cents"] == 0, done
    assert done["cost"] == {**result["cost"], "balance_usd_cents": 1200}
    assert set(done["root_passwords"]) == {"golf"}
    assert set(done["sftp_passwords"]) == set(done["db_passwords"]) == {"golf.example"}


def test_money_that_a_removal_would_free_is_not_counted() -> None:
    """The wallet pays now; what is terminated in the same run gives nothing back."""
    world = account(balance=100)
    manifest = {"servers": [{"label": "golf", **NEW}, *({"label": name, "state": "absent"} for name in NAMES)]}
    result = refused(world, manifest, max_removed=6, max_total_monthly_usd_cents=5000)
    assert result["cost"]["due_now_usd_cents"] == 960
    assert result["cost"]["monthly_after_usd_cents"] - result["cost"]["monthly_before_usd_cents"] == 960 - 6 * 480


# What it takes, and what comes of it


def test_a_section_that_is_absent_is_not_looked_at() -> None:
    """Its list is not read, and nothing of it is in the result."""
    lists = {"servers": "/vps", "hosting": "/hosting", "domains": "/domains", "webhooks": "/webhooks"}
    for section in RIGHT:
        world = account()
        result = play(world, {"manifest": document(**{section: []})})
        assert not result.get("failed") and set(result["manifest"]) == {section}, result
        asked = {path.partition("?")[0] for _method, path in world.sent}
        for other, path in lists.items():
            if other != section and not (section == "ptr_records" and other == "servers"):
                assert not any(one == path or one.startswith(path + "/") for one in asked), (section, asked)


def test_an_empty_section_removes_nothing_unless_it_is_purged() -> None:
    """An empty list is no wish to be rid of everything."""
    world = account()
    empty: Row = {section: [] for section in RIGHT}
    assert play(world, {"manifest": empty})["plan"] == []
    purge = ["servers", "ptr_records", "hosting", "webhooks"]
    result = play(world, {"manifest": empty, "purge": purge, "max_removed": 100})
    assert not result.get("failed"), result
    assert not any(row["alive"] for row in world.core.servers.values())
    assert not any(row["alive"] for row in world.core.hosting.values()) and not world.core.webhooks
    assert len(world.core.domains) == 8
    assert result["cost"]["monthly_after_usd_cents"] == 0
    assert play(world, {"manifest": empty, "purge": purge})["plan"] == []


def test_each_entry_takes_the_options_of_its_module() -> None:
    """With their aliases, and with what YAML makes of them; null and empty texts are not given."""
    world = account()
    manifest = {
        "servers": [
            {"label": "golf", "plan": "vps-1", "os_template": "debian-12", "os_family": "debian", "id": None},
            {"label": "alpha", "new_label": "alpha-2", "state": "stopped", "hostname": None, "plan_slug": ""},
        ],
        "hosting": [{"domain": "golf.example", "username": "golf", "plan": "hosting-pro", "php_version": 8.1}],
        "domains": [{"name": "example.com", "whois_privacy": "no", "nameservers": ["ns2.example.net", "ns9.net"]}],
        "webhooks": [
            {"url": "https://hooks.example/golf", "events": ["vps.created"], "is_active": False, "description": "Golf"},
            {"url": "https://hooks.example/alpha", "new_url": "https://hooks.example/links", "force": False},
        ],
    }
    result = play(world, {"manifest": manifest})
    assert not result.get("failed"), result
    (golf,) = [row for row in world.core.servers.values() if row["label"] == "golf"]
    assert golf["plan_slug"] == "vps-1"
    (alpha,) = [row for row in world.core.servers.values() if row["label"] == "alpha-2"]
    assert alpha["status"] == "stopped" and alpha["plan_slug"] == "vps-1"
    (site,) = [row for row in world.core.hosting.values() if row["domain"] == "golf.example"]
    assert (site["plan_slug"], site["php_version"]) == ("hosting-pro", "8.1")
    (domain,) = [row for row in world.core.domains.values() if row["name"] == "example.com"]
    assert domain["pushes"] or domain["whois_privacy"] is False
    hooks = {row["url"]: row for row in world.core.webhooks.values()}
    assert not hooks["https://hooks.example/golf"]["is_active"] and "https://hooks.example/links" in hooks
    assert set(result["webhook_secrets"]) == {"https://hooks.example/golf"}
    again = play(world, {"manifest": manifest})
    assert not again.get("failed") and again["plan"] == [], again


def test_a_change_says_what_was_and_what_will_be() -> None:
    """Each entry of the plan has the names of the options, as the document writes them."""
    world = account()
    manifest = {
        "servers": [{"label": "alpha", "ptr": "mail.example", "state": "stopped"}, server(ptr=None)],
        "ptr_records": [record("203.0.113.151", None), record("2001:DB8:44::150", "six.example")],
        "hosting": [{"domain": "ALPHA.example.", "php_version": "8.3", "state": "suspended"}],
        "domains": [{"name": "Alpha.Example", "auto_renew": True, "transfer_lock": True}],
        "webhooks": [{"url": "https://hooks.example/alpha", "events": ["vps.created", "invoice.paid"]}],
    }
    for check_mode in (True, False):
        result = play(world, {"manifest": manifest, "max_removed": 1}, check_mode)
        assert not result.get("failed"), result
        plan = {(row["kind"], row["name"]): row for row in result["plan"]}
        assert set(plan) == {
            ("servers", "alpha"),
            ("servers", "golf"),
            ("ptr_records", "203.0.113.151"),
            ("ptr_records", "2001:DB8:44::150"),
            ("hosting", "ALPHA.example."),
            ("domains", "Alpha.Example"),
            ("webhooks", "https://hooks.example/alpha"),
        }
        changes = {name: row["changes"] for (_kind, name), row in plan.items()}
        assert changes["alpha"]["ptr"] == {"before": "alpha.example", "after": "mail.example"}
        assert changes["alpha"]["state"]["after"] == "stopped" and set(changes["alpha"]) == {"ptr", "state"}
        assert changes["ALPHA.example."]["php_version"] == {"before": "8.1", "after": "8.3"}
        assert changes["ALPHA.example."]["state"]["after"] == "suspended"
        assert changes["Alpha.Example"] == {"auto_renew": {"before": False, "after": True}}
        assert sorted(changes["https://hooks.example/alpha"]["events"]["after"]) == ["invoice.paid", "vps.created"]
        assert changes["203.0.113.151"]["hostname"] == {"before": "bravo.example", "after": None}
        assert changes["2001:DB8:44::150"]["hostname"] == {"before": None, "after": "six.example"}
        assert plan["servers", "golf"]["action"] == "create" and plan["servers", "golf"]["monthly_usd_cents"] == 960
        assert plan["servers", "alpha"]["action"] == plan["hosting", "ALPHA.example."]["action"] == "update"


def test_hosting_that_is_missing_and_wanted_suspended_is_ordered_and_suspended() -> None:
    """One entry of the plan; a failure on the way is finished by the next run, which orders nothing."""
    entry = {"domain": "golf.example", "username": "golf", **SITE, "state": "suspended"}
    for preset in PRESETS:
        world = account(preset)
        world.faults.set([{"method": "POST", "path": "/hosting/{id}/suspend", "kind": "status", "status": 400}])
        broken = play(world, {"manifest": {"hosting": [entry]}})
        assert broken["failed"] and broken["changed"] and broken["ordered"] == ["golf.example"], (preset, broken)
        assert [row["name"] for row in broken["left"]] == ["golf.example"] and broken["done"] == []
        assert [(row["kind"], row["name"]) for row in broken["failures"]] == [("hosting", "golf.example")]
        assert set(broken["sftp_passwords"]) == set(broken["db_passwords"]) == {"golf.example"}
        rest = play(world, {"manifest": {"hosting": [entry]}})
        assert not rest.get("failed") and rest["changed"] and rest["ordered"] == [], (preset, rest)
        (site,) = [row for row in world.core.hosting.values() if row["domain"].lower() == "golf.example"]
        assert site["status"] == "suspended" and len(world.core.ledger) == 1
        assert play(world, {"manifest": {"hosting": [entry]}})["plan"] == []


def test_the_failure_of_one_entry_is_reported_with_what_is_left() -> None:
    """It has its kind, its name and why; what was done before it stays, and the next run does the rest."""
    world = account()
    manifest = {
        "servers": [{"label": "alpha", "state": "stopped"}, {"label": "golf", **NEW, "ptr": "golf.example"}],
        "webhooks": [{"url": "https://hooks.example/golf", **HOOK}],
    }
    world.faults.set([{"method": "PUT", "path": "/vps/{id}/ips/{ip}/ptr", "kind": "status", "status": 400}])
    broken = play(world, {"manifest": manifest})
    assert broken["failed"] and broken["changed"] and broken["ordered"] == ["golf"], broken
    assert [(row["kind"], row["name"]) for row in broken["failures"]] == [("servers", "golf")]
    assert broken["failures"][0]["msg"] and "golf" in broken["msg"]
    assert [row["name"] for row in broken["left"]] == ["golf"] and len(broken["done"]) == 2
    rest = play(world, {"manifest": manifest})
    assert not rest.get("failed") and rest["ordered"] == [], rest
    (left,) = rest["plan"]
    assert left["action"] == "update" and left["changes"] == {"ptr": {"before": None, "after": "golf.example"}}


def test_order_generation_makes_another_key() -> None:
    """It is taken for every order of the task, and an entry's own has precedence."""
    keys = []
    for options, entry in (
        ({}, {}),
        ({"order_generation": "2"}, {}),
        ({"order_generation": "2"}, {"order_generation": "1"}),
    ):
        world = account()
        result = play(world, {"manifest": {"servers": [{"label": "golf", **NEW, **entry}]}, **options})
        assert not result.get("failed"), result
        keys += [row["headers"]["idempotency-key"] for row in world.journal.since(0) if row["method"] == "POST"]
    assert keys[0] == keys[2] != keys[1]


def test_a_server_that_was_terminated_is_ordered_again_under_its_label() -> None:
    """What an earlier run removed is no reason to refuse, and no old reply is taken for a new server."""
    world = account()
    entry = {"label": "golf", **NEW}
    for number in range(1, 3):
        made = play(world, {"manifest": {"servers": [entry]}})
        assert not made.get("failed") and made["ordered"] == ["golf"], made
        gone = play(world, {"manifest": {"servers": [{"label": "golf", "state": "absent"}]}, "max_removed": 1})
        assert not gone.get("failed") and gone["changed"], gone
        assert len(world.core.ledger) == number
        world.core.offset += 3600


@pytest.mark.parametrize("preset", PRESETS)
def test_an_empty_account_gets_its_first_document(preset: str) -> None:
    """Lists in which there is nothing are read as what they are, in every dialect."""
    world = World(assumed.preset(preset))
    manifest = {
        "servers": [server(ptr="golf.example", state="started")],
        "ptr_records": [],
        "hosting": [site(state="active")],
        "webhooks": [hook()],
    }
    world.core.account["balance_usd_cents"] = 1200
    planned_first = play(world, {"manifest": manifest}, check_mode=True)
    assert [row["action"] for row in planned_first["plan"]] == ["create"] * 3, planned_first
    assert planned_first["cost"]["monthly_before_usd_cents"] == 0
    result = play(world, {"manifest": manifest})
    assert not result.get("failed") and result["plan"] == planned_first["plan"], result
    (row,) = list(world.core.servers.values())
    assert row["ips"][0]["ptr"] == "golf.example" and result["root_passwords"] == {"golf": row["root_password"]}
    assert play(world, {"manifest": manifest, "purge": ["servers", "hosting", "ptr_records"]})["plan"] == []


@pytest.mark.parametrize("concurrency", [1, 4])
def test_what_can_be_undone_comes_first_then_what_costs_then_what_destroys(concurrency: int) -> None:
    """In the plan, and in the requests."""
    world = account()
    manifest = {
        "servers": [
            {"label": "bravo", "state": "absent"},
            {"label": "carol", **WIPE},
            server(),
            {"label": "alpha", "new_label": "alpha-2", "state": "stopped"},
        ],
        "ptr_records": [record("203.0.113.153", "x.example")],
        "hosting": [
            {"domain": "bravo.example", "state": "absent"},
            site(),
            {"domain": "alpha.example", "state": "suspended"},
        ],
        "domains": [domain(auto_renew=True)],
        "webhooks": [{"url": ALPHA, "events": ["invoice.paid"]}],
    }
    result = play(world, {"manifest": manifest, "max_removed": 3, "concurrency": concurrency})
    assert not result.get("failed") and result["done"] == result["plan"], result
    actions = [row["action"] for row in result["plan"]]
    assert sorted(actions, key=["update", "create", "remove", "replace"].index)[:7] == actions[:7], actions
    assert set(actions[7:]) == {"remove", "replace"} and len(actions) == 10
    sent = [method + " " + path.rsplit("/", 1)[-1] for method, path in writes(world)]
    orders = [place for place, request in enumerate(sent) if request in ("POST vps", "POST hosting")]
    destroying = [
        place for place, request in enumerate(sent) if request.startswith("DELETE") or request == "POST reinstall"
    ]
    assert len(orders) == 2 and len(destroying) == 3, sent
    assert max(orders) < min(destroying) and min(orders) == 6, sent  # rename, stop, PTR, suspend, domain, webhook


def test_a_record_of_a_zone_elsewhere_is_refused_and_not_purged() -> None:
    """It can neither be set nor cleared: an entry of it is refused, and a purge passes it by in every run."""
    world = account()
    ips = [{"ip": "198.51.100.90", "ptr": "far.example", "zoneHosted": False}]
    world.core.seed({"vps": [{"label": "far", "hostname": "far", "ips": ips, "at": 0.0}]})
    result = refused(world, document(ptr_records=[record("198.51.100.90")]))
    assert "198.51.100.90" in result["msg"] and names_place(result["msg"], "ptr_records"), result["msg"]
    result = refused(world, document(servers=[{"label": "far", "ptr": "x.example"}]))
    assert "far" in result["msg"] and names_place(result["msg"], "servers"), result["msg"]
    result = play(world, {"manifest": document(ptr_records=[]), "purge": ["ptr_records"], "max_removed": 9})
    assert not result.get("failed") and result["plan"] == [] and not writes(world), result
    assert "198.51.100.90" in " ".join(result["warnings"]), result["warnings"]


def test_the_environment_protects_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for every module that can remove something; an empty list turns it off."""
    world = account()
    monkeypatch.setenv("H444_PROTECTED", "alp*")
    manifest = {"servers": [{"label": "alpha", "state": "absent"}]}
    assert "protected" in refused(world, manifest, max_removed=1)["msg"]
    assert play(world, {"manifest": manifest, "max_removed": 1, "protected": []})["changed"]


def test_a_protected_name_is_not_taken_away() -> None:
    """A server or a webhook that is renamed out of the patterns could be removed afterwards."""
    for manifest, pattern in (
        ({"servers": [{"label": "alpha", "new_label": "golf"}]}, "alpha"),
        ({"webhooks": [{"url": ALPHA, "new_url": GOLF}]}, "*/alpha"),
    ):
        assert "protected" in refused(account(), manifest, protected=[pattern])["msg"]


@pytest.mark.parametrize("ptr", [{}, {"ptr": "golf.example"}])
def test_without_wait_only_a_ptr_record_waits_for_a_new_server(ptr: Row) -> None:
    """The order is all that is to be done for a server, unless its address is to have a name."""
    world = World({**assumed.defaults(), "provisioning_seconds": 300})
    manifest = {"servers": [server(**ptr)]}
    before = world.core.offset
    result = play(world, {"manifest": manifest, "wait": False})
    assert not result.get("failed") and result["ordered"] == ["golf"], result
    assert (world.core.offset - before < 300) == (not ptr)
    (row,) = list(world.core.servers.values())
    assert row["ips"][0]["ptr"] == ptr.get("ptr")
    assert play(world, {"manifest": manifest, "wait": False})["plan"] == []


def test_one_entry_has_options_of_its_own() -> None:
    """A limit of an entry is its own, and the default of the task is that of all others."""
    world = account()
    manifest = {"servers": [server(max_monthly_usd_cents=960), server(label="hotel", hostname="hotel", plan="vps-4")]}
    manifest["servers"][1].pop("plan_slug")
    result = play(world, {"manifest": manifest, "max_total_monthly_usd_cents": 4800})
    assert not result.get("failed") and result["cost"]["due_now_usd_cents"] == 4800, result


@pytest.mark.parametrize("preset", PRESETS)
def test_the_result_is_the_document_of_the_account_as_it_is_then(preset: str) -> None:
    """After orders, renames, removals and PTR records, and before them in check mode."""
    world = account(preset)
    for row in [row for row in world.core.servers.values() if row["label"] == "twin"]:
        row["label"] = row["hostname"]
    manifest = {
        "servers": [
            server(ptr="golf.example", state="started"),
            {"label": "alpha", "new_label": "hotel", "ptr": "hotel.example", "state": "stopped"},
            {"label": "bravo", "state": "absent"},
            {"label": "carol", "ptr": None},
        ],
        "ptr_records": [record("2001:db8:44::153", "six.example")],
        "hosting": [site(state="active"), {"domain": "bravo.example", "state": "absent"}],
        "domains": [domain(auto_renew=True)],
        "webhooks": [{"url": ALPHA, "new_url": GOLF}, {"url": "https://hooks.example/bravo", "state": "absent"}],
    }
    for check_mode in (True, False):
        result = play(world, {"manifest": manifest, "max_removed": 3}, check_mode)
        assert not result.get("failed"), result
        labels = [row["label"] for row in result["manifest"]["servers"]]
        assert sorted(labels) == ["carol", "delta", "echo", "fox", "golf", "hotel", "twin-a", "twin-b"], check_mode
        domains = {row["domain"].lower() for row in result["manifest"]["hosting"]}
        assert domains == {row["domain"] for row in RIGHT["hosting"]} - {"bravo.example"} | {"golf.example"}
        urls = {row["url"] for row in result["manifest"]["webhooks"]}
        assert urls == {row["url"] for row in RIGHT["webhooks"]} - {ALPHA, "https://hooks.example/bravo"} | {GOLF}
    written = play(world, {}, module="h444_manifest_info")["manifest"]
    if preset != "sparse":  # its lists show less than the details, which a run does not read
        assert result["manifest"] == written
    again = play(world, {"manifest": result["manifest"], "purge": ["servers", "ptr_records", "hosting", "webhooks"]})
    assert not again.get("failed") and again["plan"] == [], again


@pytest.mark.parametrize("preset", PRESETS)
def test_a_failure_keeps_the_run_from_removing_and_reinstalling(preset: str) -> None:
    """What can be done is done, and what can't be undone is left for the next run."""
    world = account(preset)
    manifest = {
        "servers": [server(), server(label="hotel"), {"label": "bravo", "state": "absent"}],
        "hosting": [site(), {"domain": "bravo.example", "state": "absent"}],
        "webhooks": [{"url": ALPHA, "events": ["invoice.paid"]}],
    }
    world.faults.set([{"method": "POST", "path": "/vps", "kind": "status", "status": 400}])
    broken = play(world, {"manifest": manifest, "max_removed": 3, "concurrency": 1})
    assert broken["failed"] and broken["changed"] and [row["name"] for row in broken["failures"]] == ["golf"], broken
    assert {(row["action"], row["name"]) for row in broken["left"]} == {
        ("create", "golf"),
        ("remove", "bravo"),
        ("remove", "bravo.example"),
    }
    assert all(row["alive"] for noun in (world.core.servers, world.core.hosting) for row in noun.values())
    world.core.offset += 600
    rest = play(world, {"manifest": manifest, "max_removed": 3})
    assert not rest.get("failed") and rest["ordered"] == ["golf"], rest
    assert len([row for row in world.core.ledger if row["kind"] == "debit"]) == 3


def test_what_was_just_ordered_is_in_the_result() -> None:
    """A list that does not show it yet is no reason to leave it out: the result names it, or says that it can't."""
    world = World({**assumed.defaults(), "list_lag_seconds": 30})
    result = play(world, {"manifest": {"servers": [server()], "hosting": [site()]}})
    assert not result.get("failed") and len(result["ordered"]) == 2, result
    for section, name in (("servers", "golf"), ("hosting", "golf.example")):
        rows = result["manifest"][section]
        assert rows is None or name in [row.get("label", row.get("domain")) for row in rows], (section, rows)
