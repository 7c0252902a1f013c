# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PTR records against the simulator: which address is meant, how many requests it takes, how names are compared."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _ptr
from ansible_collections.h444.cloud.plugins.module_utils._api import Answer
from ansible_collections.h444.cloud.plugins.module_utils._errors import BadOption, H444Error, Refused
from ansible_collections.h444.cloud.plugins.modules import h444_ptr, h444_ptr_info
from ansible_collections.h444.cloud.tests.simulator import assumed
from ansible_collections.h444.cloud.tests.unit.properties.support import World, defaults_of

PTR = (_ptr.RECONCILER, defaults_of(h444_ptr.SPEC))
IP = "192.0.2.77"
SHAPES = ("groups", "nested", "map", "flat")
Seed = t.List[t.Dict[str, t.Any]]


def world_of(*servers: dict[str, t.Any], **assume: t.Any) -> tuple[World, list[str]]:
    """Make an account with these servers."""
    world = World({**assumed.defaults(), **assume})
    ids = world.core.seed({"vps": list(servers)})["vps"]
    return world, [str(vps_id) for vps_id in ids]


def mail(**facts: t.Any) -> dict[str, t.Any]:
    """Make a server with an IPv4 and an IPv6 address."""
    return {"label": "mail-1", "ips": [{"ip": IP, "primary": True, **facts}, {"ip": "2001:db8::77", "primary": True}]}


@pytest.mark.parametrize("shape", SHAPES)
def test_requests(shape: str) -> None:
    """A change takes two requests, by a label three where the addresses tell none; nothing to do takes one, or two."""
    for names, most in (
        ({"ip": IP}, 2),
        ({"vps_label": "mail-1"}, 2 if shape in ("groups", "nested") else 3),
        ({"vps_id": None}, 2),
    ):
        world, (vps_id, _other) = world_of(mail(), {"label": "web-1"}, all_ips_shape=shape)
        options = {**names, **({"vps_id": vps_id} if "vps_id" in names else {})}
        for state, changed in (("present", True), ("present", False), ("absent", True), ("absent", False)):
            world.sent.clear()
            result = world.play(*PTR, hostname="mail.example.com", state=state, **options)
            assert not result.get("failed") and result["changed"] == changed, (options, result)
            assert result["ptr"]["ip"] == IP and result["ptr"]["vps_id"] == vps_id
            assert len(world.sent) <= most - (not changed), world.sent
            assert world.core.servers[next(iter(world.core.servers))]["ips"][0]["ptr"] == (
                "mail.example.com" if state == "present" else None
            )


@pytest.mark.parametrize("shape", SHAPES)
def test_one_address_on_two_servers(shape: str) -> None:
    """It is refused with their ids, and the id is the way out."""
    world, ids = world_of(mail(), {"label": "web-1", "ips": [{"ip": IP}]}, all_ips_shape=shape)
    result = world.play(*PTR, ip=IP, hostname="mail.example.com")
    assert result["failed"] and not result["changed"] and all(vps_id in result["msg"] for vps_id in ids), result
    assert world.play(*PTR, ip=IP, hostname="mail.example.com", vps_id=ids[1])["ptr"]["vps_id"] == ids[1]


@pytest.mark.parametrize("shape", SHAPES)
def test_which_server(shape: str) -> None:
    """Twins of a label and ids of another server are refused; a label may be written in either form of Unicode."""
    world, ids = world_of(mail(), {"label": "caf\u00e9"}, {"label": "twin"}, {"label": "twin"}, all_ips_shape=shape)
    for options, word in (
        ({"vps_label": "twin"}, ids[2]), ({"vps_label": "caf\u00e9", "vps_id": ids[0]}, "'mail-1', not"),
        ({"vps_label": "nobody"}, "No VPS has the label"),
        ({"vps_id": "nosuch"}, "No VPS has the ID"), ({"vps_label": "caf\u00e9", "ip": IP}, "is not on the VPS"),
        ({"vps_id": ids[1], "ip": IP}, "is not on the VPS"),
    ):  # fmt: skip
        for state in ("present", "absent"):
            result = world.play(*PTR, hostname="a.example.com", state=state, **options)
            assert result["failed"] and not result["changed"] and word in result["msg"], (options, result)
    assert {method for method, _path in world.sent} == {"GET"}
    same = world.play(*PTR, hostname="a.example.com", vps_label="mail-1", vps_id=ids[0], ip=IP)
    assert same["changed"] and same["ptr"]["vps_label"] == "mail-1"


def row(ip: str, primary: bool | None = None) -> dict[str, t.Any]:
    """Make an address."""
    return {"ip": ip, "primary": primary}


@pytest.mark.parametrize(
    ("rows", "ip"),
    [
        ([row("192.0.2.1"), row("192.0.2.2", True)], "192.0.2.2"),
        ([row("2001:db8::1", True), row("192.0.2.2", True)], "192.0.2.2"),
        ([row("2001:db8::1"), row("192.0.2.2")], "192.0.2.2"), ([row("2001:db8::1")], "2001:db8::1"),
        ([row("192.0.2.1"), row("192.0.2.2")], Refused), ([row("192.0.2.1", True), row("192.0.2.2", True)], Refused),
        ([row("2001:db8::1"), row("2001:db8::2")], Refused), ([], H444Error),
        ([row("2001:db8::1"), row("2001:db8::2", True)], "2001:db8::2"),
        ([row("2001:db8::1", True), row("2001:db8::2", True)], Refused),
    ],
)  # fmt: skip
def test_primary_address(rows: Seed, ip: t.Any) -> None:
    """The one that is marked, IPv4 first, or the only one; nothing is picked by chance."""
    if isinstance(ip, str):
        assert _ptr.find_primary(rows, "web-1")["ip"] == ip
        return
    with pytest.raises(ip) as caught:
        _ptr.find_primary(rows, "web-1")
    assert all(found["ip"] in str(caught.value) for found in rows)


@pytest.mark.parametrize("told", ["2001:0DB8:0000::0077", "2001:db8:0:0:0:0:0:77", "2001:DB8::77/64"])
def test_path_has_the_apis_spelling(told: str) -> None:
    """Compared are addresses; in the path stands what the API wrote."""
    world, _ids = world_of({"label": "mail-1", "ips": [{"ip": IP}, {"ip": told.split("/")[0]}]})
    result = world.play(*PTR, ip="2001:db8::77", hostname="mail.example.com")
    assert result["changed"] and result["ptr"]["ip"] == "2001:db8::77"
    assert world.sent[-1] == ("PUT", "/vps/%s/ips/%s/ptr" % (result["ptr"]["vps_id"], told.split("/")[0]))
    assert world.play(*PTR, ip="2001:DB8::77", state="absent")["changed"] and world.sent[-1][1].endswith(
        "/ips/%s/ptr" % told.split("/")[0]
    )


@pytest.mark.parametrize(
    ("told", "hostname", "changed"),
    [
        ("m\u00fcller.example", "xn--mller-kva.example", False),
        ("xn--mller-kva.example.", "M\u00dcLLER.example", False),
        ("stra\u00dfe.example", "strasse.example", True), ("strasse.example", "stra\u00dfe.example", True),
    ],
)  # fmt: skip
def test_names_in_unicode(told: str, hostname: str, changed: bool) -> None:
    """A record that is told in Unicode is that of its xn-- form; ß is not ss."""
    world, _ids = world_of(mail(ptr=told))
    assert world.play(*PTR, ip=IP, hostname=hostname)["changed"] == changed


@pytest.mark.parametrize("hostname", [None, "", " "])
def test_no_name(hostname: str | None) -> None:
    """It is said in a sentence, before anything is sent; clearing needs none."""
    world, _ids = world_of(mail(ptr="mail.example.com"))
    result = world.play(*PTR, ip=IP, hostname=hostname)
    assert result["failed"] and "hostname is required" in result["msg"] and not world.sent
    assert world.play(*PTR, ip=IP, hostname=hostname, state="absent")["changed"]


class Api:
    """Answers each request by the next body."""

    def __init__(self, *bodies: t.Any) -> None:
        self.bodies = list(bodies)

    def request(self, *_endpoint: t.Any, **_content: t.Any) -> Answer:
        """Answer one request."""
        return Answer(200, self.bodies.pop(0), {})


@pytest.mark.parametrize("entries", [[None], [None, {"ip": IP}], [[]], [7]])
def test_address_that_is_none(entries: list[t.Any]) -> None:
    """A list of addresses that holds null is no mistake of the collection."""
    with pytest.raises(H444Error, match="GET /v1/vps/all-ips"):
        _ptr.plan_of(Api([{"id": "1", "label": "a", "ips": entries}]), {**PTR[1], "ip": IP, "state": "absent"})


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (None, None), ({}, None), ([], None), ("OK", None), ({"success": True}, None), ({"message": "done"}, None),
        ({"ip": IP, "ptr": "a.example"}, "a.example"),
        ({"data": {"ip": IP, "ptr": "a.example"}}, "a.example"), ({"hostname": "a.example"}, "a.example"),
        ({"ptr": {"hostname": "a.example"}}, "a.example"),
        ({"ptrRecord": "a.example"}, "a.example"), ({"ptr": None}, None),
    ],
)  # fmt: skip
def test_reply(body: t.Any, told: str | None) -> None:
    """What the reply to the write shows is used, whatever it looks like."""
    assert _ptr.read_reply(body) == told


def test_info_by_label() -> None:
    """One request if the addresses have labels; contradicting names are refused, what is not there is an empty list."""
    world, ids = world_of(mail(), {"label": "web-1"})
    params = defaults_of(h444_ptr_info.SPEC)
    assert [found["ip"] for found in _ptr.report(world.client, {**params, "vps_label": "mail-1"})["ips"]] == [
        IP,
        "2001:db8::77",
    ]
    assert len(world.sent) == 1
    assert _ptr.report(world.client, {**params, "vps_label": "nobody"}) == {"ips": []}
    with pytest.raises(Refused):
        _ptr.report(world.client, {**params, "vps_label": "web-1", "vps_id": ids[0]})
    for names in ({"vps_id": ids[1]}, {"vps_label": "web-1"}):
        with pytest.raises(Refused, match="is on the VPS 'mail-1', not on"):
            _ptr.report(world.client, {**params, "ip": IP, **names})
        assert _ptr.report(world.client, {**params, "ip": "198.51.100.1", **names}) == {"ips": []}
    with pytest.raises(BadOption):
        _ptr.report(world.client, {**params, "ip": "not an address"})
