# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guard in whole modules, against the simulator: what is protected lives, in check mode too."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _hosting, _ptr, _raw, _vps, _webhook
from ansible_collections.h444.cloud.plugins.modules import h444_api, h444_hosting, h444_ptr, h444_vps, h444_webhook
from ansible_collections.h444.cloud.tests.simulator import assumed
from ansible_collections.h444.cloud.tests.unit.properties.support import Ended, Module, World, defaults_of

URL = "https://db.example/hook"
TASKS: dict[str, tuple[t.Any, t.Any]] = {
    "vps": (_vps.RECONCILER, h444_vps.SPEC), "hosting": (_hosting.RECONCILER, h444_hosting.SPEC),
    "webhook": (_webhook.RECONCILER, h444_webhook.SPEC), "ptr": (_ptr.RECONCILER, h444_ptr.SPEC),
}  # fmt: skip
IP = "192.0.2.77"
REFUSED: list[tuple[str, dict[str, t.Any]]] = [
    ("vps", {"label": "db-1", "state": "absent"}),
    ("vps", {"label": "db-1", "state": "reinstalled", "os_template": "debian-13", "force": True}),
    ("vps", {"label": "db-1", "new_label": "web-1"}),
    ("vps", {"label": "web-9", "new_label": "db-9", "state": "reinstalled", "os_template": "debian-13", "force": True}),
    ("hosting", {"domain": "db.example", "state": "absent"}),
    ("hosting", {"username": "dbuser", "state": "absent"}),
    ("webhook", {"url": URL, "state": "absent"}),
    ("webhook", {"url": URL, "new_url": "https://web.example/hook"}),
    ("ptr", {"ip": IP, "state": "absent"}),
    ("ptr", {"ip": IP, "hostname": "web.example"}),
]
ALLOWED: list[tuple[str, dict[str, t.Any]]] = [
    ("vps", {"label": "db-1", "state": "restarted"}),
    ("vps", {"label": "db-1", "new_label": "DB-2"}),
    ("hosting", {"domain": "db.example", "state": "suspended"}),
    ("webhook", {"url": URL, "rotate_secret": True}),
    ("ptr", {"ip": IP, "hostname": "db2.example"}),
    ("vps", {"label": "web-9", "state": "absent"}),
]
PATTERNS = ["DB-*", "db*.example", "https://db.*"]


def account(preset: str = "plain") -> tuple[World, dict[str, t.Any]]:
    """Make an account in which db is protected and web is not."""
    world = World({**assumed.defaults(), **assumed.PRESETS[preset]})
    made = world.core.seed(
        {
            "vps": [
                {"label": "db-1", "os_template": "debian-12", "ips": [{"ip": IP, "ptr": "db.example"}]},
                {"label": "web-9", "os_template": "debian-12"},
            ],
            "hosting": [{"domain": "db.example", "username": "dbuser"}],
            "webhooks": [{"url": URL, "events": ["vps.created"]}],
        }
    )
    return world, made


def writes(world: World) -> list[t.Any]:
    """Give what was written."""
    return [entry for entry in world.sent if entry[0] != "GET"]


@pytest.mark.parametrize(("kind", "options"), REFUSED)
@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("preset", list(assumed.PRESETS))
def test_refused(kind: str, options: dict[str, t.Any], check_mode: bool, preset: str) -> None:
    """Nothing is written, the message names the pattern; without patterns the same task goes through."""
    task, spec = TASKS[kind]
    world, _made = account(preset)
    result = world.play(task, defaults_of(spec), check_mode=check_mode, protected=PATTERNS, **options)
    assert result["failed"] and not result["changed"] and "protected" in result["msg"], result
    assert not writes(world)
    done = world.play(task, defaults_of(spec), check_mode=check_mode, protected=[], **options)
    assert not done.get("failed") and done["changed"], done


@pytest.mark.parametrize(("kind", "options"), ALLOWED)
def test_allowed(kind: str, options: dict[str, t.Any]) -> None:
    """What neither removes nor renames out of the patterns is no business of theirs."""
    task, spec = TASKS[kind]
    world, _made = account()
    result = world.play(task, defaults_of(spec), protected=PATTERNS, **options)
    assert not result.get("failed") and result["changed"], result


def raw(
    world: World,
    method: str,
    path: str,
    body: dict[str, t.Any] | None = None,
    check_mode: bool = False,
    **options: t.Any,
) -> dict[str, t.Any]:
    """Send a raw call under the patterns."""
    params = {
        **defaults_of(h444_api.SPEC),
        "method": method,
        "path": path,
        "body": body,
        "protected": PATTERNS,
        **options,
    }
    with pytest.raises(Ended) as ended:
        _raw.run(Module(world.client, params, check_mode))
    return ended.value.result


@pytest.mark.parametrize("check_mode", [False, True])
def test_raw_call(check_mode: bool) -> None:
    """The names of what it is about are read first; what can't be read is refused."""
    world, made = account()
    server, hosting, hook = made["vps"][0], made["hosting"][0], made["webhooks"][0]
    refused: list[tuple[str, str, dict[str, t.Any] | None]] = [
        ("DELETE", f"/vps/{server}", None),
        ("POST", f"/vps/{server}/reinstall", {"os": "debian", "osTemplate": "debian-13"}),
        ("POST", f"/VPS/{server}/Reinstall", {"os": "debian", "osTemplate": "debian-13"}),
        ("PATCH", f"/vps/{server}/label", {"label": "web-1"}),
        ("PATCH", f"/vps/{server}/label", None),
        ("POST", f"/vps/{server}/rebuild-from-backup", None),
        ("DELETE", f"/vps/{server}/ips/{IP}/ptr", None),
        ("PUT", f"/vps/{server}/ips/{IP}/ptr", {"hostname": "web.example"}),
        ("DELETE", f"/vps/{server}/ips/192.0.2.200/ptr", None),
        ("DELETE", f"/hosting/{hosting}", None),
        ("DELETE", f"/webhooks/{hook}", None),
        ("PATCH", f"/webhooks/{hook}", {"url": "https://web.example/hook"}),
        ("DELETE", "/vps/nosuch", None),
        ("DELETE", "/snapshots/1", None),
        ("POST", "/servers/1/terminate", None),
        ("DELETE", "/vps", None),
    ]
    for method, path, body in refused:
        result = raw(world, method, path, body, check_mode)
        assert result["failed"] and not result["changed"] and "protected" in result["msg"], (method, path, result)
    assert not writes(world)
    allowed: list[tuple[str, str, dict[str, t.Any] | None]] = [
        ("POST", f"/vps/{server}/power/reboot", None), ("PATCH", f"/vps/{server}/label", {"label": "db-7"}),
        ("PATCH", f"/webhooks/{hook}", {"is_active": False}), ("POST", f"/hosting/{hosting}/suspend", None),
        ("DELETE", f"/vps/{made['vps'][1]}", None), ("PUT", f"/vps/{server}/ips/{IP}/ptr", {"hostname": "db3.example"}),
    ]  # fmt: skip
    for method, path, body in allowed:
        result = raw(world, method, path, body, check_mode)
        assert not result.get("failed") and result["changed"], (method, path, result)


def test_raw_call_whose_names_cannot_be_read() -> None:
    """The look before the call fails, so the call was never sent, and nothing may have changed."""
    world, made = account()
    handle = world.core.handle

    def failing(method: str, *rest: t.Any) -> t.Any:
        answer = handle(method, *rest)
        return answer._replace(status=500, body={"message": "Internal"}) if method == "GET" else answer

    world.core.handle = failing  # type: ignore[method-assign]
    result = raw(world, "DELETE", f"/vps/{made['vps'][1]}")
    assert result["failed"] and not result["changed"] and not writes(world), result


def test_raw_call_without_patterns_reads_nothing() -> None:
    """It stays one request."""
    world, made = account()
    assert raw(world, "DELETE", f"/vps/{made['vps'][0]}", protected=[])["changed"]
    assert len(world.sent) == 1
