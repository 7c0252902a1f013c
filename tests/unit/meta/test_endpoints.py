# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each endpoint of the contract is declared once, as the contract says, used by a module, and in the documentation."""

from __future__ import annotations

import importlib
import re
import typing as t
from pathlib import Path

import pytest
import requests
import yaml

from ansible_collections.h444.cloud.plugins.module_utils import _client
from ansible_collections.h444.cloud.plugins.module_utils._errors import ScopeError
from ansible_collections.h444.cloud.tests.ci import endpoints
from ansible_collections.h444.cloud.tests.simulator import assumed
from ansible_collections.h444.cloud.tests.simulator.adapter import SimulatorAdapter
from ansible_collections.h444.cloud.tests.simulator.core import Core

ROOT = Path(__file__).resolve().parents[3]
COVERAGE = endpoints.read()
METHODS = ("get", "post", "put", "patch", "delete")


def operations() -> dict[tuple[str, str], dict[str, t.Any]]:
    """Read the contract: method and path of each endpoint, the ids in it without their names."""
    with (ROOT / "tests" / "simulator" / "contract" / "openapi.yaml").open(encoding="utf-8") as stream:
        contract = yaml.load(stream, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    found = {}
    for path, entry in contract["paths"].items():
        for method in METHODS:
            if method in entry:
                by_action = entry[method].get("x-h444-resend-by-action", {"": entry[method].get("x-h444-resend")})
                for action, resend in by_action.items():
                    name = re.sub(r"\{\w+\}", "{}", path.replace("{action}", action))
                    found[method.upper(), name] = {
                        "scope": entry[method]["x-h444-scope"],
                        "resend": resend,
                        "opt_in": entry[method].get("x-h444-opt-in", False),
                    }
    return found


OPERATIONS = operations()


def test_all_are_declared_as_the_contract_says() -> None:
    """All of them (the power actions are one there and three here), with scope and resend, and no other."""
    assert len(OPERATIONS) >= 43
    declared = {(one.method, re.sub(r"\{\w+\}", "{}", one.path)): one for one in COVERAGE.endpoints}
    assert len(declared) == len(COVERAGE.endpoints), "an endpoint is declared twice, differently"
    assert set(declared) == set(OPERATIONS)
    for key, one in declared.items():
        contract = OPERATIONS[key]
        assert (one.scope, one.resend) == (contract["scope"], contract["resend"]), one
        assert (one.scope in COVERAGE.opt_in) == contract["opt_in"], one


def test_each_is_declared_once_and_listed() -> None:
    """One constant an endpoint; a file's ENDPOINTS holds every one of its own."""
    source = endpoints.Source()
    scoped = [one for one in source.endpoints.values() if one.scope]
    assert len(scoped) == len(set(scoped))
    for place in {place for place, _name in source.endpoints}:
        module = importlib.import_module(f"ansible_collections.h444.cloud.plugins.module_utils.{place}")
        mine = {getattr(module, name) for where, name in source.endpoints if where == place}
        assert set(module.ENDPOINTS) == mine, place


@pytest.mark.parametrize("endpoint", COVERAGE.endpoints, ids=str)
def test_each_is_used(endpoint: endpoints.Endpoint) -> None:
    """A module of its own reaches it, not only the raw call."""
    assert any(endpoint in used for used in COVERAGE.surfaces.values())


def test_what_modules_use_is_found() -> None:
    """The reader of the source finds what is known; else the two tests above would prove nothing."""
    used = {surface: {str(one) for one in found} for surface, found in COVERAGE.surfaces.items()}
    assert used["h444_account_info"] == {"GET /account"}
    assert used[endpoints.INVENTORY] == {"GET /vps", "GET /vps/all-ips"}
    assert {"POST /vps", "DELETE /vps/{id}", "GET /account"} <= used["h444_vps"]
    assert not any(
        call.startswith(("POST", "PUT", "PATCH", "DELETE"))
        for surface, calls in used.items()
        if surface.endswith("_info")
        for call in calls
    )


@pytest.mark.parametrize("endpoint", COVERAGE.endpoints, ids=str)
def test_refusal_names_the_scope(endpoint: endpoints.Endpoint) -> None:
    """A key without any scope is told which one it needs, and whether that is opt-in."""
    core = Core(assumed.defaults(), rate_limit=0)
    core.seed({"keys": [{"key": "h444_without_scopes", "scopes": []}]})
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", SimulatorAdapter(core))
    url = "http://127.0.0.1:1/v1"
    client = _client.Client(
        url, "h444_without_scopes", pacer=_client.Pacer(url, "h444_without_scopes", 0), session=session
    )
    names = set(re.findall(r"\{(\w+)\}", endpoint.path))
    real = _client.Endpoint(*endpoint)
    with pytest.raises(ScopeError) as refused:
        client.request(
            real,
            ids={name: "192.0.2.1" if name == "ip" else "1" for name in names},
            body={} if endpoint.method != "GET" else None,
        )
    wanted = OPERATIONS[endpoint.method, re.sub(r"\{\w+\}", "{}", endpoint.path)]
    assert f"scope {wanted['scope']}" in str(refused.value)
    assert ("opt-in" in str(refused.value)) == wanted["opt_in"]


@pytest.mark.parametrize("file", endpoints.pages(), ids=lambda file: file.stem)
def test_pages_are_up_to_date(file: Path) -> None:
    """The pages are what the code says; `make docs` writes them."""
    assert file.read_text(encoding="utf-8") == endpoints.pages()[file], "run: make docs"
