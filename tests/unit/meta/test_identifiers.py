# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every module leaves the check of its identifiers to the one place for it."""

from __future__ import annotations

import importlib
import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _converge, _module
from ansible_collections.h444.cloud.plugins.module_utils._identifiers import NONE, Identifiers
from ansible_collections.h444.cloud.tests.unit.meta.test_frame import MODULES, PACKAGE

# Options that name a resource, whatever the module.
NAMES = frozenset({
    "id", "label", "domain", "username", "name", "url", "subject", "ip",
    "vps_id", "vps_label", "slug", "os_family", "device_code", "refresh_token",
})  # fmt: skip
# Options of these names that name no resource of their module: what is ordered.
WISHES = {"h444_vps": {"os_family"}, "h444_vps_fleet": {"os_family"}}
# The entries of a fleet are checked by the identifiers of h444_vps; those of h444_ptr_records are addresses.
# h444_manifest takes each entry for a task of its module.
WITHOUT = {
    "h444_account_info",
    "h444_wallet_info",
    "h444_oauth_device",
    "h444_vps_fleet",
    "h444_ptr_records",
    "h444_manifest",
    "h444_manifest_info",
}
# It has no plan, and no resource.
RAW = {"h444_api"}


def declared_by(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, t.Any], dict[str, t.Any], list[Identifiers]]:
    """Run a module's main() and catch its options, its rules, and the identifiers that it hands on."""
    caught: list[t.Any] = []

    def build(_self: t.Any, argument_spec: dict[str, t.Any], **rules: t.Any) -> None:
        caught.extend([argument_spec, rules])

    def report(_self: t.Any, _read: t.Any, identifiers: Identifiers = NONE) -> None:
        caught.append(identifiers)

    module = importlib.import_module(f"{PACKAGE}.modules.{name}")
    monkeypatch.setattr(_module.H444Module, "__init__", build)
    monkeypatch.setattr(_module.H444Module, "report", report)
    if hasattr(module, "run"):
        monkeypatch.setattr(module, "run", lambda _module, task: caught.append(getattr(task, "identifiers", NONE)))
    module.main()
    return caught[0], caught[1], caught[2:]


@pytest.mark.parametrize("name", [name for name in MODULES if name not in RAW])
def test_identifiers_are_declared(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each option that names a resource is declared, a state module needs one, and no rule of the core's is set."""
    spec, rules, (identifiers,) = declared_by(name, monkeypatch)
    assert not set(rules) & {"required_one_of", "mutually_exclusive", "required_if", "required_by"}, (
        "the core counts null as given"
    )
    names = set(spec) & NAMES - WISHES.get(name, set())
    assert names <= set(identifiers.options)
    assert all(spec[option].get("default") == nothing for option, nothing in identifiers.acts)
    assert set(identifiers.options) | set(identifiers.without_id) | set(identifiers.filters) <= set(spec)
    assert bool(names) == (name not in WITHOUT)
    if hasattr(importlib.import_module(f"{PACKAGE}.modules.{name}"), "run") and names:
        assert identifiers.is_needed
    for option in spec:
        assert not option.startswith("new_") or option == identifiers.new_name


def test_wire_is_not_touched() -> None:
    """The check runs before the client is opened, in both places."""
    assert _converge.check_given is _module.check_given
