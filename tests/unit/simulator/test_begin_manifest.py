# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator begins with an exported account: what is read back over HTTP is what the document says."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import typing as t
import urllib.request
from pathlib import Path

import pytest
import yaml

from ansible_collections.h444.cloud.tests.simulator import conformance, images, manifest
from ansible_collections.h444.cloud.tests.simulator.core import Core
from ansible_collections.h444.cloud.tests.simulator.testing import FULL_KEY, Simulator

Row = t.Dict[str, t.Any]
PLACE = Path(conformance.__file__).parent
DOCUMENT = """
---
servers:
  - label: db-1
    state: stopped
    plan_slug: plan-l
    hostname: db-1.example.com
    os_template: debian-11
    os_family: debian
    ptr: null
  - label: !unsafe '{{ web }}'
    state: started
    plan_slug: plan-s
    hostname: web-1.example.com
    os_template: bsd-14
    os_family: bsd
    ptr: web-1.example.com
    max_monthly_usd_cents: 2000
  - label: new-1
    plan_slug: plan-s
  - {label: gone, state: absent}

ptr_records:
  - ip: 192.0.2.11
    hostname: mail.example.com
  - ip: 2001:DB8::0:7
    hostname: six.example.com

hosting:
  - domain: shop.example.com
    state: suspended
    plan_slug: web-xl
    username: shop1
    php_version: '8.1'
  - domain: blog.example.com
    state: active
    plan_slug: web-xl
    username: blog1
    php_version: '7.4'

domains:
  - name: example.com
    auto_renew: true
    transfer_lock: false
    whois_privacy: false
    nameservers: [ns1.example.net, ns3.example.net]
  - name: bare.example

webhooks:
  - url: https://hooks.example.com/444host
    events: [vps.created, invoice.paid]
    description: Books
    is_active: false
"""
REHEARSAL: Row = {
    "products": [
        {
            "slug": "plan-s",
            "category": "vps",
            "name_en": "Small",
            "retail_monthly_usd_cents": 500,
            "your_monthly_usd_cents": 400,
            "specs": {"vcpu": 1, "ram_mb": 1024, "disk_gb": 20},
            "stock": 5,
        },
        {"slug": "plan-l", "category": "vps", "name": "Large", "monthly_usd_cents": 900, "specs": None},
        {"slug": "web-xl", "category": "hosting", "name_en": None, "your_monthly_usd_cents": 111},
        {"slug": "no-price", "category": "hosting", "your_monthly_usd_cents": None},
    ],
    "os_templates": [
        {"os_family": "bsd", "os_template": "bsd-14"},
        {"os_family": None, "os_template": "debian-11", "name": "Debian 11"},
    ],
    "wallet": {"balance_usd_cents": 4321},
    "addresses": [
        {
            "ip": "192.0.2.10",
            "ptr": "old.example.com",
            "primary": True,
            "gateway": "192.0.2.1",
            "netmask": "255.255.255.0",
            "zone_hosted": True,
            "vps_label": "{{ web }}",
        },
        {"ip": "192.0.2.11", "ptr": "x.example.com", "primary": False, "zone_hosted": True, "vps_label": "{{ web }}"},
        {"ip": "2001:db8::7", "ptr": None, "primary": False, "netmask": "64", "vps_label": "{{ web }}"},
        {"ip": "198.51.100.9", "ptr": "db-1.example.com", "primary": None, "zone_hosted": False, "vps_label": "db-1"},
        {"ip": "192.0.2.12", "ptr": None, "vps_label": "not of the document"},
        {"ip": "192.0.2.13", "ptr": None, "vps_label": None},
    ],
    "domains": [
        {"name": "EXAMPLE.com", "status": "pending_transfer", "expires_at": "2031-02-03"},
        {"name": "bare.example", "status": None, "expires_at": None},
    ],
}

REHEARSED = json.dumps(REHEARSAL)


def written(folder: Path, document: str = DOCUMENT, rehearsal: t.Any = REHEARSED) -> Path:
    """Write a document, and what lies beside it."""
    file = folder / "account.yml"
    file.write_text(document, encoding="utf-8")
    if rehearsal is not None:
        text = rehearsal if isinstance(rehearsal, str) else json.dumps(rehearsal)
        (folder / "account.rehearsal.json").write_text(text, encoding="utf-8")
    return file


def get(simulator: Simulator, path: str) -> t.Any:
    """Read something over HTTP."""
    request = urllib.request.Request(simulator.url + path, headers={"Authorization": "Bearer " + FULL_KEY})
    with contextlib.closing(urllib.request.urlopen(request, timeout=10)) as answer:
        return json.load(answer)


def sections(simulator: Simulator) -> Row:
    """Read the account back in the form of the document."""
    states = {"running": "started", "stopped": "stopped"}
    groups = {group["vps_id"]: group["ips"] for group in get(simulator, "/vps/all-ips")}
    fields = ("label", "plan_slug", "hostname", "os_template", "os_family")
    return {
        "servers": [
            {
                **{name: row[name] for name in fields},
                "state": states[row["status"]],
                "ptr": next(ip["ptr"] for ip in groups[row["id"]] if ip["primary"]),
            }
            for row in get(simulator, "/vps")
        ],
        "ptr_records": [
            {"ip": ip["ip"], "hostname": ip["ptr"]}
            for ips in groups.values()
            for ip in ips
            if not ip["primary"] and ip["ptr"]
        ],
        "hosting": [
            {
                **{name: row[name] for name in ("domain", "plan_slug", "username", "php_version")},
                "state": row["status"],
            }
            for row in get(simulator, "/hosting")
        ],
        "domains": [
            {name: row[name] for name in ("name", "auto_renew", "transfer_lock", "whois_privacy", "nameservers")}
            for row in get(simulator, "/domains")
        ],
        "webhooks": [
            {name: row[name] for name in ("url", "events", "description", "is_active")}
            for row in get(simulator, "/webhooks")
        ],
    }


def expected() -> Row:
    """Give the document with what its entries leave out."""
    document = yaml.safe_load(DOCUMENT.replace("!unsafe ", ""))
    document["servers"].pop()
    del document["servers"][1]["max_monthly_usd_cents"]
    document["servers"][2].update(hostname="new-1", state="started", ptr=None, os_template="bsd-14", os_family="bsd")
    document["ptr_records"][1]["ip"] = "2001:db8::7"
    document["domains"][1].update(auto_renew=False, transfer_lock=True, whois_privacy=True, nameservers=[])
    return document


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Simulator]:
    with Simulator.start(manifest=written(tmp_path_factory.mktemp("manifest"))) as one:
        yield one


@pytest.mark.slow
@pytest.mark.parametrize("section", list(manifest.SECTIONS))
def test_what_is_read_back_is_the_document(simulator: Simulator, section: str) -> None:
    assert sections(simulator)[section] == expected()[section]


@pytest.mark.slow
def test_plans_prices_templates_and_wallet_are_those_of_the_account(simulator: Simulator) -> None:
    products = {row["slug"]: row for row in get(simulator, "/products")}
    assert list(products) == ["plan-s", "plan-l", "web-xl"], "a plan without a price can't be ordered"
    assert products["plan-s"] == {
        "slug": "plan-s",
        "category": "vps",
        "name_en": "Small",
        "retail_monthly_usd_cents": 500,
        "your_monthly_usd_cents": 400,
        "specs": {"vcpu": 1, "ram_mb": 1024, "disk_gb": 20},
    }
    assert [(row["name_en"], row["your_monthly_usd_cents"]) for row in products.values()][1:] == [
        ("Large", 900),
        ("web-xl", 111),
    ]
    assert get(simulator, "/os-templates") == [
        {"os_family": "bsd", "os_template": "bsd-14", "name": "bsd-14"},
        {"os_family": "debian", "os_template": "debian-11", "name": "Debian 11"},
    ]
    assert get(simulator, "/billing/wallet")["balance_usd_cents"] == 4321


@pytest.mark.slow
def test_servers_have_their_own_addresses_and_new_ones_get_others(simulator: Simulator) -> None:
    by_label = {group["label"]: group["ips"] for group in get(simulator, "/vps/all-ips")}
    assert [ip["ip"] for ip in by_label["{{ web }}"]] == ["192.0.2.10", "192.0.2.11", "2001:db8::7"]
    assert by_label["{{ web }}"][0]["gateway"] == "192.0.2.1" and by_label["{{ web }}"][2]["netmask"] == "64"
    assert [(ip["ip"], ip["primary"], ip["zoneHosted"]) for ip in by_label["db-1"]] == [("198.51.100.9", True, False)]
    every = [ip["ip"] for ips in by_label.values() for ip in ips]
    assert len(set(every)) == len(every) == 5
    simulator.seed(vps=300)
    every = [ip["ip"] for group in get(simulator, "/vps/all-ips") for ip in group["ips"]]
    assert len(set(every)) == len(every) == 305
    simulator.reset()
    assert len(get(simulator, "/vps")) == 3, "a reset begins with the document again"


@pytest.mark.slow
def test_domains_have_their_status_and_expiry(simulator: Simulator) -> None:
    first, second = get(simulator, "/domains")
    assert (first["status"], first["expires_at"]) == ("pending_transfer", "2031-02-03T00:00:00.000Z")
    assert second["status"] == "active"
    assert not simulator.state()["contract_broken"] and not simulator.state()["seeded"]


@pytest.mark.slow
def test_orders_cost_what_they_cost_there(tmp_path: Path) -> None:
    with Simulator.start(manifest=written(tmp_path), balance=10000) as one:
        assert get(one, "/billing/wallet")["balance_usd_cents"] == 10000, "--balance wins"
        order = {"label": "x", "hostname": "x", "plan_slug": "plan-l", "os_family": "bsd", "os_template": "bsd-14"}
        body = json.dumps(order).encode()
        headers = {"Authorization": "Bearer " + FULL_KEY}
        with urllib.request.urlopen(urllib.request.Request(one.url + "/vps", body, headers), timeout=10) as answer:
            assert json.load(answer)["specs"] == {"vcpu": 1, "ram_mb": 1024, "disk_gb": 10}
        assert get(one, "/billing/wallet")["balance_usd_cents"] == 9100
        one.reset(scenario="small")
        assert get(one, "/products")[0]["slug"] == "vps-1", "a scenario has the simulator's own plans"


@pytest.mark.slow
def test_a_state_file_wins_over_a_document_and_a_line_says_so(tmp_path: Path) -> None:
    file, state = written(tmp_path), tmp_path / "state.json"
    with Simulator.start(manifest=file, state_file=state) as one:
        one.seed(vps=1)
    command = [sys.executable, str(PLACE), "--port", "0", "--manifest", str(file), "--state", str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _line in range(5)]
        process.terminate()
    assert lines[4] == f"--manifest {file} is not used: {state} has an account already.\n"
    with Simulator.start(state_file=state) as one:
        assert len(get(one, "/vps")) == 4 and get(one, "/products")[0]["slug"] == "plan-s"
        one.reset()
        assert len(get(one, "/vps")) == 3, "the state file keeps the document"


def test_without_the_other_file_plans_are_those_of_the_simulator(tmp_path: Path) -> None:
    server = {"label": "web-1", "plan_slug": "vps-1", "os_template": "debian-12", "ptr": "a.example.com"}
    file = written(tmp_path, yaml.safe_dump({"manifest": {"servers": [server]}}), None)
    core = Core(rate_limit=0)
    core.document = manifest.read(file)
    core.reset()
    (row,) = list(core.servers.values())
    assert (row["os_family"], row["ips"][0]["ip"], row["ips"][0]["ptr"]) == ("debian", "192.0.2.11", "a.example.com")
    assert core.account["balance_usd_cents"] == 10000 and not core.domains and len(core.products) == 6


def test_where_servers_take_logins_their_primary_address_is_one_of_this_machine(tmp_path: Path) -> None:
    document = DOCUMENT.replace("ip: 192.0.2.11", "ip: 192.0.2.10")
    core = Core(rate_limit=0)
    core.address = lambda number: f"127.44.0.{number}"
    core.document = manifest.read(written(tmp_path, document))
    core.reset()
    rows = {row["label"]: row["ips"] for row in core.servers.values()}
    assert all(ips[0]["ip"].startswith("127.44.0.") and ips[0]["primary"] for ips in rows.values())
    assert [ip["ip"] for ip in rows["{{ web }}"]][1:] == ["192.0.2.11", "2001:db8::7"]
    assert rows["{{ web }}"][0]["ptr"] == "mail.example.com", (
        "a record of the old primary address is set on the new one"
    )


def test_an_image_of_another_version_is_like_one_of_its_family() -> None:
    assert images.system_of("debian-11").name == "Debian" and images.system_of("rocky-8").unit == "sshd"
    assert images.system_of("bsd-14").name == "Ubuntu"


def test_an_unknown_event_needs_force(tmp_path: Path) -> None:
    webhook = {"url": "https://example.com/x", "events": ["vps.created", "vps.melted"]}
    with pytest.raises(
        ValueError, match=r"webhooks\[0\] \(https://example.com/x\): there is no event vps.melted; there"
    ):
        manifest.read(written(tmp_path, yaml.safe_dump({"webhooks": [webhook]}), None))
    core = Core(rate_limit=0)
    core.document = manifest.read(written(tmp_path, yaml.safe_dump({"webhooks": [{**webhook, "force": True}]}), None))
    core.reset()
    assert core.seeded and next(iter(core.webhooks.values()))["events"] == ["vps.created", "vps.melted"]


SERVER = {"label": "web-1", "plan_slug": "vps-1"}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("a: [", "it is no YAML of a document (line 1, column 5)"),
        ("!vault x", "it is no YAML of a document (line 1, column 1)"),
        ("just text", "it contains no document; its sections are servers, ptr_records, hosting, domains, webhooks"),
        ("", "it contains no document; its sections are servers, ptr_records, hosting, domains, webhooks"),
        (
            {"manifest": []},
            "it contains no document; its sections are servers, ptr_records, hosting, domains, webhooks",
        ),
        ({"servrs": []}, "the document has no section servrs; the closest is servers"),
        ({"servers": {}}, "servers is a list"),
        ({"servers": None}, "servers is a list"),
        ({"servers": ["web-1"]}, "servers[0] is an object with label and more"),
        ({"servers": [{"plan_slug": "vps-1"}]}, "servers[0] needs label"),
        ({"servers": [{"label": "web-1"}]}, "servers[0] (web-1) needs plan_slug"),
        (
            {"servers": [{**SERVER, "hostnam": "x"}]},
            "servers[0] (web-1) has no option hostnam; the closest is hostname",
        ),
        ({"servers": [{**SERVER, "hostname": 5}]}, "servers[0] (web-1): hostname is a text"),
        ({"servers": [{**SERVER, "ptr": False}]}, "servers[0] (web-1): ptr is a text, or null"),
        (
            {"servers": [{**SERVER, "state": "on"}]},
            "servers[0] (web-1): state is one of present, started, stopped, absent",
        ),
        ({"servers": [SERVER, SERVER]}, "servers has two entries with the label web-1"),
        (
            {"servers": [{**SERVER, "plan_slug": "vps-9"}]},
            "there is no plan vps-9, which servers (web-1) names; there are vps-1, vps-2, vps-3, vps-4. The playbook "
            "h444.cloud.export writes the plans and templates of your account into account.rehearsal.json, and you can "
            "add to it",
        ),
        (
            {"servers": [{**SERVER, "os_template": "dos-6"}]},
            "there is no template dos-6, which servers (web-1) names; there are ubuntu-22.04, ubuntu-24.04, debian-12, "
            "debian-13, almalinux-9, rocky-9. The playbook h444.cloud.export writes the plans and templates of your "
            "account into account.rehearsal.json, and you can add to it",
        ),
        (
            {"hosting": [{"domain": "a.example", "plan_slug": "vps-1"}]},
            "there is no plan vps-1, which hosting (a.example) names; there are hosting-starter, hosting-pro. The "
            "playbook h444.cloud.export writes the plans and templates of your account into account.rehearsal.json, "
            "and you can add to it",
        ),
        (
            {"hosting": [{"domain": name, "plan_slug": "hosting-pro"} for name in ("a.example", "A.example.")]},
            "hosting has two entries with the domain A.example.",
        ),
        (
            {"hosting": [{"domain": f"{n}.example", "plan_slug": "hosting-pro", "username": "x"} for n in "ab"]},
            "hosting has two entries with the username x",
        ),
        (
            {"hosting": [{"domain": "a.example", "plan_slug": "hosting-pro", "php_version": 8.1}]},
            "hosting[0] (a.example): php_version is one of 7.4, 8.1, 8.3",
        ),
        ({"domains": [{"name": "a.example", "auto_renew": 1}]}, "domains[0] (a.example): auto_renew is true or false"),
        (
            {"domains": [{"name": "a.example", "nameservers": "ns1"}]},
            "domains[0] (a.example): nameservers is a list of texts",
        ),
        ({"webhooks": [{"url": "https://example.com"}]}, "webhooks[0] (https://example.com) needs events"),
        ({"ptr_records": [{"ip": "x"}]}, "ptr_records[0] (x): ip is an IP address"),
        (
            {"ptr_records": [{"ip": "192.0.2.9", "hostname": "a.example"}]},
            "no server has the address 192.0.2.9, which ptr_records names; the addresses of your servers are in "
            "account.rehearsal.json, which the playbook h444.cloud.export writes beside the document",
        ),
    ],
)
def test_a_document_with_a_mistake_is_refused_in_a_sentence(tmp_path: Path, document: t.Any, said: str) -> None:
    text = document if isinstance(document, str) else yaml.safe_dump(document)
    with pytest.raises(ValueError) as refusal:
        manifest.read(written(tmp_path, text, None))
    assert str(refusal.value) == said


@pytest.mark.parametrize(
    ("rehearsal", "said"),
    [
        ("{", "account.rehearsal.json beside it is no JSON"),
        ([], "account.rehearsal.json beside it can't be used: it is an object"),
        ({"product": []}, "account.rehearsal.json beside it can't be used: the object has no field product; the cl"),
        ({"products": {}}, "account.rehearsal.json beside it can't be used: products is a list of objects"),
        ({"products": [{"slug": "x"}]}, "can't be used: products[0]: category is one of vps, hosting"),
        (
            {"products": [{"slug": "x", "category": "vps", "your_monthly_usd_cents": "5"}]},
            "products[0]: your_monthly_usd_cents is a whole number of US cents from 0, or null",
        ),
        (
            {"products": [{"slug": "x", "category": "vps", "specs": {"vcpu": "two"}}]},
            "products[0]: specs is an object with vcpu, ram_mb and disk_gb, numbers from 0, or null",
        ),
        ({"os_templates": [{}]}, "os_templates[0]: os_template is a text"),
        ({"wallet": 5}, "wallet is an object"),
        ({"wallet": {"balance_usd_cents": -1}}, "wallet: balance_usd_cents is a whole number of US cents from 0"),
        ({"addresses": [{"ip": "x"}]}, "addresses[0]: ip is an IP address"),
        ({"domains": [{"name": "x", "expires_at": 1e300}]}, "domains[0]: expires_at is a time"),
        ({"domains": [{"name": "x", "expires_at": True}]}, "domains[0]: expires_at is a time"),
        ({"domains": [{"name": "x", "expires_at": "soon"}]}, "domains[0]: expires_at is a time, in ISO 8601"),
        (
            {"addresses": [{"ip": "192.0.2.9", "vps_label": "web-1"}] * 2},
            "account.rehearsal.json beside it has the address 192.0.2.9 twice",
        ),
    ],
)
def test_a_mistake_in_the_other_file_is_a_sentence_too(tmp_path: Path, rehearsal: t.Any, said: str) -> None:
    with pytest.raises(ValueError) as refusal:
        manifest.read(written(tmp_path, yaml.safe_dump({"servers": [SERVER]}), rehearsal))
    assert said in str(refusal.value)


# The command


def refused(*options: str, **more: t.Any) -> str:
    """Start it as a user does, where it can't start; give what it says."""
    command = [sys.executable, *more.get("python", ()), str(PLACE), "--port", "0", *options]
    found = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False, env=more.get("env"))
    assert found.returncode == 2 and not found.stdout, found
    return found.stderr


@pytest.mark.slow
def test_the_command_refuses_in_one_line(tmp_path: Path) -> None:
    missing = tmp_path / "no.yml"
    assert refused("--manifest", str(missing)) == (f"simulator: {missing} can't be used: No such file or directory.\n")
    assert refused("--manifest", str(tmp_path)) == f"simulator: {tmp_path} can't be used: Is a directory.\n"
    binary = tmp_path / "account.yml"
    binary.write_bytes(b"\xff\xfe\x00")
    assert refused("--manifest", str(binary)) == f"simulator: {binary} can't be used: it is no text in UTF-8.\n"
    file = written(tmp_path, yaml.safe_dump({"servers": [{**SERVER, "plan": "x"}]}), None)
    assert refused("--manifest", str(file)) == (
        f"simulator: {file} can't be used: servers[0] (web-1) has no option plan; the closest is plan_slug.\n"
    )
    assert "choose one" in refused("--manifest", str(file), "--scenario", "small")


@pytest.mark.slow
def test_without_pyyaml_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "yaml.py").write_text("raise ImportError\n")
    said = refused("--manifest", str(written(tmp_path)), env={"PYTHONPATH": str(tmp_path)})
    assert said.endswith("can't be used: PyYAML is needed; install it: pip install PyYAML.\n")


@pytest.mark.parametrize("told", ["2031-02-03T00:00:00Z", "2031-02-03", 1927843200, 1927843200000, 1927843200.0])
def test_an_expiry_is_read_in_every_form_of_the_api(told: t.Any) -> None:
    assert manifest._is_time(told) and manifest._moment(told).isoformat() == "2031-02-03T00:00:00+00:00"
