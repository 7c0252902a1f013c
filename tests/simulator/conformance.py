# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Holds plain requests and replies against contract/*.yaml, so that the simulator can't drift from them."""

from __future__ import annotations

import functools
import re
import sys
import typing as t
from pathlib import Path

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
    """Validate every plain reply of *core*; a broken one is counted and told. Returns False where the libraries are missing."""
    try:
        import jsonschema_rs

        contract, registry = load()
    except ImportError:
        return False
    validators: dict[tuple[str, str, int], t.Any] = {}

    def validator(method: str, template: str, status: int) -> t.Any:
        known = validators.get((method, template, status), False)
        if known is False:
            reply = contract["paths"][template][method.lower()]["responses"].get(str(status), {})
            known = None
            if "application/json" in reply.get("content", {}):
                pointer = "/".join(
                    [
                        "paths",
                        template.replace("/", "~1"),
                        method.lower(),
                        "responses",
                        str(status),
                        "content",
                        "application~1json",
                        "schema",
                    ]
                )
                pointer = pointer.replace("{", "%7B").replace("}", "%7D")
                known = jsonschema_rs.Draft202012Validator({"$ref": "urn:h444:contract#/" + pointer}, registry=registry)
            validators[(method, template, status)] = known
        return known

    bodies: dict[tuple[str, str], t.Any] = {}

    def template_of(method: str, path: str) -> str | None:
        return next(
            (
                name
                for verb, name, _kind, _scope, _handler in core.routes
                if verb == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", name), path)
            ),
            None,
        )

    def check_request(method: str, path: str, plain: t.Any, given: bool) -> list[str]:
        """Give what is wrong with a request's body, in the API's words."""
        template = template_of(method, path)
        asked = contract["paths"][template][method.lower()].get("requestBody") if template else None
        if template is None or not asked or (not given and not asked.get("required")):
            return []
        if (method, template) not in bodies:
            pointer = "/".join(["paths", template.replace("/", "~1"), method.lower(), "requestBody"])
            if "$ref" in asked:
                pointer = asked["$ref"].removeprefix("#/")
            reference = "urn:h444:contract#/" + (pointer + "/content/application~1json/schema").replace(
                "{", "%7B"
            ).replace("}", "%7D")
            bodies[(method, template)] = jsonschema_rs.Draft202012Validator({"$ref": reference}, registry=registry)
        wrong = []
        for error in bodies[(method, template)].iter_errors(plain):
            where = ".".join(str(part) for part in error.instance_path)
            wrong.append(f"{where}: {error.message}"[:200] if where else str(error.message)[:200])
        return wrong

    def validate(method: str, path: str, status: int, plain: t.Any) -> bool:
        template = template_of(method, path)
        if template is None or plain is None or (isinstance(plain, list) and len(plain) > LARGE):
            return True
        found = validator(method, template, status)
        if found is not None and not found.is_valid(plain):
            first = next(iter(found.iter_errors(plain)))
            core.contract_broken += 1
            print(
                f"CONTRACT BROKEN {method} {path}: {str(first.message)[:200]} at {list(first.instance_path)}",
                file=sys.stderr,
                flush=True,
            )
            return False
        return True

    core.validate, core.check_request = validate, check_request
    core.validate_sign_in = sign_in_validator(core)
    return True


def sign_in_validator(core: Core) -> t.Callable[[str, str, int, t.Any], bool]:
    """Make the check of the sign-in's replies. A broken one is counted and told."""
    import jsonschema_rs

    contract, registry = load("oauth.yaml")

    def validate(method: str, path: str, status: int, plain: t.Any) -> bool:
        operation = contract["paths"].get(path, {}).get(method.lower())
        if operation is None:
            return True
        reply = operation["responses"].get(str(status))
        wrong = "the contract has no such status" if reply is None else ""
        if reply and "content" in reply:
            pointer = "/".join(
                [
                    "paths",
                    path.replace("/", "~1"),
                    method.lower(),
                    "responses",
                    str(status),
                    "content",
                    "application~1json",
                    "schema",
                ]
            )
            check = jsonschema_rs.Draft202012Validator({"$ref": "urn:h444:contract#/" + pointer}, registry=registry)
            wrong = "; ".join(str(error.message) for error in check.iter_errors(plain))
        if wrong:
            core.contract_broken += 1
            print(f"CONTRACT BROKEN {method} {path}: {status} {wrong[:200]}", file=sys.stderr, flush=True)
        return not wrong

    return validate
