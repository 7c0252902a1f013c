# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans for servers, with dict literals: what is before and what is wanted gives the actions."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _vps
from ansible_collections.h444.cloud.plugins.module_utils._errors import Ambiguous, BadReply, Refused
from ansible_collections.h444.cloud.plugins.module_utils._find import by_name

Row = t.Dict[str, t.Any]


def server(**fields: t.Any) -> Row:
    """Make a row in normal form."""
    return {
        "id": "7",
        "label": "web-1",
        "hostname": "web-1",
        "status": "running",
        "plan_slug": "vps-2",
        "ipv4": "192.0.2.1",
        "os_family": "ubuntu",
        "os_template": "ubuntu-24.04",
        "created_at": None,
        **fields,
    }


def wanted(**options: t.Any) -> Row:
    """Make a module's options."""
    return {"state": "present", "wait": True, "force": False, **options}


@pytest.mark.parametrize(
    ("status", "state", "verbs"),
    [
        ("running", "present", []),
        ("stopped", "present", []),
        ("suspended", "present", []),
        ("odd word", "present", []),
        ("provisioning", "present", ["wait for"]),
        ("running", "started", []),
        ("stopped", "started", ["start"]),
        ("odd word", "started", ["start"]),
        ("provisioning", "started", ["wait for"]),
        ("running", "stopped", ["stop"]),
        ("stopped", "stopped", []),
        ("provisioning", "stopped", ["wait for", "stop"]),
        ("running", "restarted", ["reboot"]),
        ("stopped", "restarted", ["start"]),
    ],
)
def test_power(status: str, state: str, verbs: list[str]) -> None:
    """Each state from each status."""
    plan = _vps.plan_current(server(status=status), wanted(state=state), None)
    assert [action.verb for action in plan.actions] == verbs


@pytest.mark.parametrize("state", ["started", "stopped", "restarted"])
def test_suspended_is_refused(state: str) -> None:
    """Only the provider can lift a suspension."""
    with pytest.raises(Refused, match="suspended"):
        _vps.plan_current(server(status="suspended"), wanted(state=state), None)


def test_power_of_a_server_without_status() -> None:
    """A status that is needed and missing is said."""
    with pytest.raises(BadReply, match="GET /v1/vps"):
        _vps.plan_current(server(status=None), wanted(state="stopped"), None)
    assert _vps.plan_current(server(status=None), wanted(), None).actions == ()


TEMPLATES = [
    {"os_family": "ubuntu", "os_template": "ubuntu-24.04"},
    {"os_family": "debian", "os_template": "debian-12"},
]


@pytest.mark.parametrize(
    ("current", "options", "template"),
    [
        ("ubuntu-24.04", {"os_template": "ubuntu-24.04"}, None),
        ("Ubuntu 24.04", {"os_template": "ubuntu-24.04"}, None),
        ("ubuntu-24.04", {"os_template": "debian-12"}, "debian-12"),
        ("ubuntu-24.04", {"os_template": "ubuntu-24.04", "force": True}, "ubuntu-24.04"),
        ("ubuntu-24.04", {"force": True}, "ubuntu-24.04"),
        (None, {"os_template": "debian-12", "force": True}, "debian-12"),
    ],
)
def test_reinstall(current: str | None, options: Row, template: str | None) -> None:
    """A disk is wiped when another template is wanted, or by force."""
    chosen = _vps.choose_template(server(os_template=current), wanted(state="reinstalled", **options), TEMPLATES)
    assert (chosen and chosen[1]) == template


@pytest.mark.parametrize(
    ("current", "options"),
    [
        (None, {"os_template": "debian-12"}),
        (None, {"force": True}),
        (None, {}),
        ("ubuntu-24.04", {}),
        ("ubuntu-18.04", {"os_template": "debian-12"}),
        ("ubuntu-24.04", {"os_template": "debian-13"}),
        ("ubuntu-24.04", {"os_template": "debian-12", "os_family": "ubuntu"}),
    ],
)
def test_reinstall_on_a_guess_is_refused(current: str | None, options: Row) -> None:
    """Where it isn't known what is installed or what is wanted, nothing is wiped."""
    with pytest.raises(Refused):
        _vps.choose_template(server(os_template=current), wanted(state="reinstalled", **options), TEMPLATES)


def test_drift_is_told() -> None:
    """What the API can't change is a note, a name in another spelling is none."""
    options = wanted(plan_slug="vps-3", hostname="other", os_template="debian-12")
    notes = _vps.plan_current(server(), options, None, TEMPLATES).notes
    assert [word for note, word in zip(notes, ("vps-3", "other", "debian-12")) if word in note] == [
        "vps-3",
        "other",
        "debian-12",
    ]
    assert (
        _vps.plan_current(
            server(), wanted(plan_slug="vps-2", hostname="WEB-1.", os_template="ubuntu-24.04"), None, TEMPLATES
        ).notes
        == ()
    )


def test_find() -> None:
    """The dead don't count, twins are refused with their ids."""
    rows = [
        server(id="1", status="terminated"),
        server(id="2"),
        server(id="3", label="twin"),
        server(id="4", label="twin"),
    ]
    found = by_name(_vps.SERVER, rows, {"label": "web-1"})
    assert found is not None and found["id"] == "2"
    assert by_name(_vps.SERVER, rows, {"label": "nobody"}) is None
    with pytest.raises(Ambiguous, match="IDs 3, 4"):
        by_name(_vps.SERVER, rows, {"label": "twin"})


@pytest.mark.parametrize(
    ("body", "vps_id", "password"),
    [
        ({"id": "1", "label": "a", "root_password": "pw-1"}, "1", "pw-1"),
        ({"id": 1, "rootPassword": "pw-1"}, "1", "pw-1"),
        ({"data": {"id": "1", "initialRootPassword": "pw-1"}}, "1", "pw-1"),
        ({"vps": {"id": "1"}, "password": "pw-1"}, "1", "pw-1"),
        ({"server": {"id": "1", "credentials": {"username": "root", "password": "pw-1"}}}, "1", "pw-1"),
        ({"data": {"server": {"id": "1"}, "credentials": {"root": "pw-1"}}}, "1", "pw-1"),
        ({"order": {"id": "o-9"}, "vps": {"id": "1"}, "rootPassword": "pw-1", "consoleToken": "tok"}, "1", "pw-1"),
        ({"id": "o-9", "vpsId": "1", "root_password": "pw-1"}, "1", "pw-1"),
        ({"id": "1", "root_password": None}, "1", None),
        ({"id": "1", "root_password": "********"}, "1", None),
        ({"ok": True, "root_password": "pw-1"}, None, "pw-1"),
    ],
)
def test_reply_of_an_order(body: Row, vps_id: str | None, password: str | None) -> None:
    """The server and its password are found in every shape, and the password is in nothing else."""
    reply = _vps.read_order_reply(body)
    assert reply.id == vps_id
    assert reply.secrets.get("root_password") == password
    assert "pw-1" not in repr(reply.rest) and "pw-1" not in repr(reply.raw) and "tok'" not in repr(reply.rest)


@pytest.mark.parametrize(
    ("raw", "field", "value"),
    [
        ({"status": "ACTIVE"}, "status", "running"),
        ({"state": "Shut-Off"}, "status", "stopped"),
        ({"status": {"name": "building"}}, "status", "provisioning"),
        ({"status": "Migrating"}, "status", "Migrating"),
        ({"status": "active", "live_status": "stopped"}, "status", "stopped"),
        ({"status": "active", "liveStatus": "Running"}, "status", "running"),
        ({"status": "running", "power_status": "off"}, "status", "stopped"),
        ({"status": "inactive", "power_state": "on"}, "status", "running"),
        ({"status": "active", "live": {"status": "shutoff"}}, "status", "stopped"),
        ({"status": "active", "live_status": "rebuilding"}, "status", "provisioning"),
        ({"status": "active", "live_status": "suspended"}, "status", "suspended"),
        ({"status": "active", "live_status": "unknown"}, "status", "running"),
        ({"status": "active", "live_status": None}, "status", "running"),
        ({"status": "active", "live_status": "terminated"}, "status", "running"),
        ({"status": "ok", "live_status": "stopped"}, "status", "stopped"),
        ({"status": "Migrating", "live_status": "odd"}, "status", "Migrating"),
        ({"live_status": "odd"}, "status", "odd"),
        ({"live_status": "stopped"}, "status", "stopped"),
        ({"status": "suspended", "live_status": "running"}, "status", "suspended"),
        ({"status": "provisioning", "live_status": "running"}, "status", "provisioning"),
        ({"status": "terminated", "live_status": "stopped"}, "status", "terminated"),
        ({"plan": {"slug": "vps-9"}}, "plan_slug", "vps-9"),
        ({"planSlug": "vps-9"}, "plan_slug", "vps-9"),
        ({"name": "a"}, "label", "a"),
        ({"label": None, "name": "a"}, "label", None),
        ({"mainIp": "192.0.2.9"}, "ipv4", "192.0.2.9"),
        ({"ips": [{"ip": "192.0.2.8"}, {"ip": "192.0.2.9", "primary": True}]}, "ipv4", "192.0.2.9"),
        ({"ipv4": ["192.0.2.9"]}, "ipv4", "192.0.2.9"),
        ({"osTemplate": {"id": 7, "name": "Debian 12"}}, "os_template", "Debian 12"),
        ({"osTemplate": {"id": 7, "name": "Debian 12"}}, "os_template_id", "7"),
        ({"osTemplate": {"id": 7, "slug": "debian-12"}}, "os_template", "debian-12"),
        ({"osFamily": {"id": 2, "slug": "debian"}}, "os_family", "debian"),
        ({"zone": "x", "Cpu-Cores": 4}, "cpu_cores", 4),
        ({"rootPassword": "pw-1"}, "root_password", KeyError),
    ],
)
def test_reader(raw: Row, field: str, value: object) -> None:
    """Every spelling has one normal form; what is further told is kept; a password never is."""
    row = _vps.read_vps({"id": 5, **raw})
    assert row["id"] == "5"
    if value is KeyError:
        assert field not in row
    else:
        assert row[field] == value
