# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The account as one document: from rows to entries, the order of entries, and what is noted."""

from __future__ import annotations

import random
import typing as t
from datetime import datetime, timezone

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import (
    _addresses,
    _document,
    _domain,
    _hosting,
    _vps,
    _webhook,
)
from ansible_collections.h444.cloud.plugins.module_utils._catalogue import plan_names, read_os_templates, read_product
from ansible_collections.h444.cloud.plugins.module_utils._document import Account, Document, filled, natural
from ansible_collections.h444.cloud.plugins.module_utils._errors import Ambiguous, Refused
from ansible_collections.h444.cloud.plugins.modules import (
    h444_domain,
    h444_hosting,
    h444_manifest_info,
    h444_vps,
    h444_webhook,
)

SERVER = {
    "id": 7, "label": "web-1", "hostname": "web-1.example.com", "status": "running", "plan_slug": "vps-2",
    "os_family": "ubuntu", "os_template": "ubuntu-24.04",
}  # fmt: skip
PLANS = [read_product({"slug": "vps-2", "id": 17, "name_en": "Cloud Two", "category": "vps"})]
TEMPLATES = read_os_templates(
    [
        {"family": "ubuntu", "templates": ["ubuntu-22.04", "ubuntu-24.04"]},
        {"family": "debian", "templates": ["debian-12"]},
    ]
)


def account(**lists: t.Any) -> Account:
    """Read what the API returns."""
    now = datetime.now(timezone.utc)
    return Account(
        servers=[_vps.read_vps(raw) for raw in lists.get("vps", ())],
        addresses=_addresses.read_all_ips(lists.get("ips", [])),
        hosting=[_hosting.read_hosting(raw) for raw in lists.get("hosting", ())],
        domains=[_domain.read_domain(raw, _domain.LIST, now).row for raw in lists.get("domains", ())],
        webhooks=[_webhook.read_webhook(raw) for raw in lists.get("webhooks", ())],
        templates=TEMPLATES,
        plans={category: plan_names(PLANS, category) for category in ("vps", "hosting")},
    )


def section(name: str, **lists: t.Any) -> list[dict[str, t.Any]]:
    """Give a section of the document."""
    return Document(account(**lists)).section(name)


def server(**fields: t.Any) -> dict[str, t.Any]:
    """Give the entry of a server with these fields; None is one that the API does not return."""
    raw = {name: value for name, value in {**SERVER, **fields}.items() if value is not None}
    (entry,) = section("servers", vps=[raw])
    return entry


def test_a_server_has_the_options_that_would_order_it_in_a_fixed_order() -> None:
    (entry,) = section("servers", vps=[SERVER], ips=[{"vps_id": 7, "ips": [{"ip": "192.0.2.1", "ptr": "A.example."}]}])
    assert list(entry.items()) == [
        ("label", "web-1"),
        ("state", "started"),
        ("plan_slug", "vps-2"),
        ("hostname", "web-1.example.com"),
        ("os_template", "ubuntu-24.04"),
        ("os_family", "ubuntu"),
        ("ptr", "A.example"),
    ]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("running", "started"),
        ("OFF", "stopped"),
        ("suspended", "present"),
        ("provisioning", "present"),
        (None, "present"),
    ],
)
def test_the_state_of_a_server_is_one_that_it_keeps(status: str | None, state: str) -> None:
    assert server(status=status)["state"] == state


@pytest.mark.parametrize("plan", ["vps-2", "Cloud Two", "CLOUD TWO", "VPS-2", "17", {"id": 17}, {"name": "Cloud Two"}])
def test_a_plan_is_called_as_an_order_takes_it(plan: t.Any) -> None:
    assert server(plan_slug=plan)["plan_slug"] == "vps-2"


def test_a_plan_that_is_not_sold_keeps_its_name_with_a_note() -> None:
    """It equals itself, and can't be ordered."""
    document = Document(account(vps=[{**SERVER, "plan_slug": "Old One"}], ips=[]))
    assert document.section("servers")[0]["plan_slug"] == "Old One"
    assert "plan_slug" in document.notes[0] and "'web-1'" in document.notes[0]


@pytest.mark.parametrize(
    "told",
    [
        {"os_template": "ubuntu-24.04", "os_family": "ubuntu"},
        {"os_template": "Ubuntu 24.04 LTS", "os_family": None},
        {"os_template": "ubuntu-24.04", "os_family": "Ubuntu"},
        {"os_template": "24.04", "os_family": "ubuntu"},
        {"os_template": None, "os_family": None, "os": {"family": "Ubuntu", "version": "24.04"}},
    ],
)
def test_a_template_is_called_as_an_order_takes_it(told: dict[str, t.Any]) -> None:
    entry = server(**told)
    assert (entry["os_family"], entry["os_template"]) == ("ubuntu", "ubuntu-24.04")


@pytest.mark.parametrize("told", [{"os_template": "Ubuntu"}, {"os_template": "Windows 3.1"}, {"os_template": None}])
def test_a_template_that_is_not_surely_known_is_left_out_with_a_note(told: dict[str, t.Any]) -> None:
    document = Document(account(vps=[{**SERVER, "os_family": "Ubuntu", **told}], ips=[]))
    (entry,) = document.section("servers")
    assert "os_template" not in entry and "os_family" not in entry
    assert "os_template" in document.notes[0]


def test_what_the_api_does_not_return_is_left_out() -> None:
    """An order defaults to the label as the hostname, so only a label that is none needs a note."""
    document = Document(account(vps=[{"id": 1, "label": "a"}, {"id": 2, "label": "a b"}], ips=[]))
    assert document.section("servers") == [{"label": "a", "state": "present"}, {"label": "a b", "state": "present"}]
    (hostname,) = [note for note in document.notes if "hostname" in note]
    assert "'a b'" in hostname and "'a'" not in hostname
    document = Document(
        account(webhooks=[{"id": 1, "url": "https://a.example/"}], hosting=[{"id": 1, "domain": "a.b"}])
    )
    assert document.section("webhooks") == [{"url": "https://a.example/"}]
    assert document.section("hosting") == [{"domain": "a.b", "state": "present"}]
    assert [word in " ".join(document.notes) for word in ("events", "username", "plan_slug")] == [True] * 3
    assert section("domains", domains=[{"id": 1, "name": "a.b"}]) == [{"name": "a.b"}]


@pytest.mark.parametrize(
    ("ips", "ptr", "records"),
    [
        ([], "absent", {}),
        ([{"ip": "192.0.2.1"}], None, {}),
        ([{"ip": "192.0.2.2", "ptr": "b.c"}, {"ip": "192.0.2.1", "primary": True}], None, {"192.0.2.2": "b.c"}),
        ([{"ip": "192.0.2.1", "ptr": "a.b"}, {"ip": "2001:DB8::1", "ptr": "c.d"}], "a.b", {"2001:db8::1": "c.d"}),
        # Two that may be the primary one: both are records of their own.
        ([{"ip": "192.0.2.9", "ptr": "a.b"}, {"ip": "192.0.2.10", "ptr": "c.d"}], "absent",
         {"192.0.2.9": "a.b", "192.0.2.10": "c.d"}),
    ],
)  # fmt: skip
def test_each_ptr_record_has_one_place(ips: t.Any, ptr: str | None, records: dict[str, str]) -> None:
    """That of the primary address is the server's, the others stand by themselves, in the order of the addresses."""
    lists = {"vps": [SERVER], "ips": [{"vps_id": 7, "ips": ips}]}
    document = Document(account(**lists))
    (entry,) = document.section("servers")
    assert entry.get("ptr", "absent") == ptr
    assert any("primary" in note for note in document.notes) == (ptr == "absent")
    found = section("ptr_records", **lists)
    assert [(row["ip"], row["hostname"]) for row in found] == list(records.items())


def test_one_address_on_two_servers_is_refused() -> None:
    ips = [{"ip": "192.0.2.1", "primary": True}, {"ip": "192.0.2.9", "ptr": "a.example"}]
    with pytest.raises(Ambiguous, match="192.0.2.9"):
        section("ptr_records", ips=[{"vps_id": "7", "ips": ips}, {"vps_id": "8", "ips": ips}])


def test_an_address_of_an_unknown_server_is_a_record() -> None:
    assert section("ptr_records", ips=["192.0.2.1"]) == []
    assert section("ptr_records", ips=[{"ip": "192.0.2.1", "ptr": "a.b"}]) == [{"ip": "192.0.2.1", "hostname": "a.b"}]


@pytest.mark.parametrize(
    ("status", "state"), [("Enabled", "active"), ("suspended", "suspended"), ("setup", "present"), (None, "present")]
)
def test_hosting(status: str | None, state: str) -> None:
    """The domain is in the form in which it is ordered; a PHP version that can't be set is left out."""
    raw = {"id": 1, "domain": "Müller.Example.", "username": "m", "plan": {"name": "hosting-1"}, "status": status}
    assert section("hosting", hosting=[{**raw, "php_version": "php83"}]) == [
        {
            "domain": "xn--mller-kva.example",
            "state": state,
            "plan_slug": "hosting-1",
            "username": "m",
            "php_version": "8.3",
        }
    ]
    assert "php_version" not in section("hosting", hosting=[{**raw, "php_version": "5.6"}])[0]


def test_domains() -> None:
    raw = {"id": 1, "name": "A.example.", "autoRenew": "off", "locked": 1, "nameservers": "NS10.b.c.,ns2.b.c"}
    (entry,) = section("domains", domains=[raw])
    assert list(entry.items()) == [
        ("name", "a.example"),
        ("auto_renew", False),
        ("transfer_lock", True),
        ("nameservers", ["ns2.b.c", "ns10.b.c"]),
    ]


def test_webhooks() -> None:
    """Events come in the order of the provider's page; unknown ones need force, or the module would refuse them."""
    raw = {"id": 1, "url": "https://a.example/x", "description": "", "active": False}
    (entry,) = section("webhooks", webhooks=[{**raw, "events": ["ticket.replied", "vps.created"]}])
    assert entry == {"url": raw["url"], "events": ["vps.created", "ticket.replied"], "is_active": False}
    (entry,) = section("webhooks", webhooks=[{**raw, "description": "x", "events": ["new.event", "vps.created"]}])
    assert list(entry) == ["url", "events", "force", "description", "is_active"]
    assert entry["events"] == ["vps.created", "new.event"] and entry["force"] is True
    assert _webhook.checked({**entry, "state": "present"})["events"] == entry["events"]


def test_twins_are_refused_together_with_their_ids() -> None:
    rows = [{**SERVER, "id": number, "label": label} for number, label in enumerate(("b", "a", "b", "c", "a"))]
    with pytest.raises(Ambiguous, match=r"'b' has the IDs 0 and 2; 'a' has the IDs 1 and 4") as error:
        section("servers", vps=rows)
    assert [row["id"] for row in error.value.facts["candidates"]] == ["0", "2", "1", "4"]


@pytest.mark.parametrize("label", [None, ""])
def test_a_server_without_a_label_is_refused(label: str | None) -> None:
    with pytest.raises(Refused, match="IDs 9, 10"):
        section("servers", vps=[{**SERVER, "id": number, "label": label} for number in (10, 9)])


def test_names_come_in_the_order_in_which_people_sort_them() -> None:
    names = [
        "",
        "7",
        "007",
        "70",
        "a",
        "web",
        "web-1",
        "web-01",
        "Web-2",
        "web-2",
        "web-2a",
        "web-10",
        "web-10-b",
        "x²",
    ]
    names += ["y" + "9" * 5000, "z1", "ß", "é"]
    for number in range(20):
        shuffled = random.Random(number).sample(names, len(names))
        ordered = sorted(shuffled, key=natural)
        assert ordered == sorted(names, key=natural)
    assert [name for name in ordered if name.startswith(("web-1", "web-2"))] == [
        "web-1",
        "web-2",
        "web-2a",
        "web-10",
        "web-10-b",
    ]


def test_details_are_read_until_one_says_no_more_than_its_row() -> None:
    asked: list[str] = []

    def get_row(resource_id: str) -> dict[str, t.Any] | None:
        asked.append(resource_id)
        return {"1": {"id": "1", "x": 5}, "3": {"id": "3", "x": None}}.get(resource_id)

    rows = [{"id": str(number), "x": 9 if number == 2 else None} for number in range(1, 6)]
    found = filled(rows, lambda row: ["x"] if row["x"] is None else [], get_row)
    assert [row["x"] for row in found] == [5, 9, None, None, None] and asked == ["1", "3"]


def test_entries_have_options_of_their_modules_alone() -> None:
    """And the module knows the sections, and the PHP versions are those that can be set."""
    assert tuple(h444_manifest_info.SECTIONS) == _document.SECTIONS
    assert list(_document.PHP_VERSIONS) == h444_hosting.SPEC["php_version"]["choices"]
    contains = t.cast("dict[str, t.Any]", __import__("yaml").safe_load(h444_manifest_info.RETURN))["manifest"][
        "contains"
    ]
    assert tuple(contains) == _document.SECTIONS
    for name, module in (("hosting", h444_hosting), ("domains", h444_domain), ("webhooks", h444_webhook)):
        assert set(contains[name]["contains"]) <= set(module.SPEC)
    assert set(contains["servers"]["contains"]) - {"ptr"} <= set(h444_vps.SPEC)
