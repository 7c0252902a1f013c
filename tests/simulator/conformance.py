# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Holds plain requests and replies against contract/*.yaml, so that the simulator can't drift from them."""

from __future__ import annotations

import functools
import sys
import typing as t
from pathlib import Path

from .calls import ids_in
from .core import Core

LARGE = 500


@functools.lru_cache(maxsize=2)
def load(name: str = "openapi.yaml") -> tuple[t.Any, t.Any]:
    """Read a contract. Raises ImportError where the libraries are missing."""
    import jsonschema_rs
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with (Path(__file__).parent / "contract" / name).open(encoding="utf-8") as stream:
        contract = yaml.load(stream, loader)
    return contract, jsonschema_rs.Registry([("urn:h444:contract", contract)], draft=jsonschema_rs.Draft202012)


def attach(core: Core) -> bool:
    """Hold every request and plain reply of *core* to the contract. Returns False where the libraries are missing."""
    try:
        api, sign_in = Contract(core, "openapi.yaml"), Contract(core, "oauth.yaml")
    except ImportError:
        return False
    core.validate, core.check_request = api.validate, api.check_request
    core.validate_sign_in = sign_in.validate_sign_in
    return True


class Contract:
    """One contract and its validators, each made when it is first needed."""

    def __init__(self, core: Core, name: str) -> None:
        self._core = core
        self._contract, self._registry = load(name)
        self._validators: dict[tuple[str, ...], t.Any] = {}

    def _operation(self, method: str, path: str) -> tuple[str, dict[str, t.Any]] | None:
        """Find the operation of a request, and the template of its path."""
        for route in self._core.routes:
            if route.method == method and ids_in(path, route.path) is not None:
                return route.path, self._contract["paths"][route.path][method.lower()]
        return None

    def _validator(self, *steps: str) -> t.Any:
        """Give the validator of the JSON content at a place of the contract."""
        if steps not in self._validators:
            import jsonschema_rs

            pointer = "/".join(step.replace("/", "~1") for step in (*steps, "content", "application/json", "schema"))
            reference = "urn:h444:contract#/" + pointer.replace("{", "%7B").replace("}", "%7D")
            self._validators[steps] = jsonschema_rs.Draft202012Validator({"$ref": reference}, registry=self._registry)
        return self._validators[steps]

    def _broken(self, request: str, why: str) -> bool:
        """Count and report a reply that breaks the contract."""
        self._core.contract_broken += 1
        print(f"CONTRACT BROKEN {request}: {why}", file=sys.stderr, flush=True)
        return False

    def check_request(self, method: str, path: str, plain: t.Any, given: bool) -> list[str]:
        """Give what is wrong with a request's body, in the API's words. *given*: whether there is one."""
        found = self._operation(method, path)
        asked = found[1].get("requestBody") if found else None
        if found is None or not asked or (not given and not asked.get("required")):
            return []
        if "$ref" in asked:
            steps = asked["$ref"].removeprefix("#/").split("/")
        else:
            steps = ["paths", found[0], method.lower(), "requestBody"]
        wrong = []
        for error in self._validator(*steps).iter_errors(plain):
            where = ".".join(str(part) for part in error.instance_path)
            wrong.append(f"{where}: {error.message}"[:200] if where else str(error.message)[:200])
        return wrong

    def validate(self, method: str, path: str, status: int, plain: t.Any) -> bool:
        """Say whether a plain reply of the API keeps to the contract."""
        found = self._operation(method, path)
        if found is None or plain is None or (isinstance(plain, list) and len(plain) > LARGE):
            return True
        template, operation = found
        if "application/json" not in operation["responses"].get(str(status), {}).get("content", {}):
            return True
        validator = self._validator("paths", template, method.lower(), "responses", str(status))
        if validator.is_valid(plain):
            return True
        first = next(iter(validator.iter_errors(plain)))
        why = f"{str(first.message)[:200]} at {list(first.instance_path)}"
        return self._broken(f"{method} {path}", why)

    def validate_sign_in(self, method: str, path: str, status: int, plain: t.Any) -> bool:
        """Say whether a reply of the sign-in keeps to the contract."""
        operation = self._contract["paths"].get(path, {}).get(method.lower())
        if operation is None:
            return True
        reply = operation["responses"].get(str(status))
        if reply is None:
            return self._broken(f"{method} {path}", f"{status} the contract has no such status")
        if "content" not in reply:
            return True
        validator = self._validator("paths", path, method.lower(), "responses", str(status))
        wrong = "; ".join(str(error.message) for error in validator.iter_errors(plain))
        return self._broken(f"{method} {path}", f"{status} {wrong[:200]}") if wrong else True
