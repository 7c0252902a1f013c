# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tools of MCP, made from the contract: one for each endpoint, whose arguments are those of the endpoint."""

from __future__ import annotations

import functools
import json
import re
import typing as t
from pathlib import Path
from urllib.parse import quote

from .account import Handler
from .calls import PLACEHOLDER, Answer, Row

CONTRACT = Path(__file__).parent / "contract" / "openapi.yaml"
KEY_ARGUMENT = "idempotency_key"
ORDERS = {"/vps": "vps", "/hosting": "hosting"}
"""What is ordered by a POST to each of these paths."""
METHODS = ("get", "post", "put", "patch", "delete")


class Tool(t.NamedTuple):
    """An endpoint as a tool. *operation*: its operation id; *resend*: whether it can be sent again.

    *arguments*: the schema of each argument; *places*: where each of them goes: path, query, header or body, and the
    name that it has there; *required*: the arguments that must be given; *least*: how many must be given at least.
    """

    operation: str
    method: str
    path: str
    scope: str
    resend: str
    description: str
    arguments: dict[str, Row]
    places: dict[str, tuple[str, str]]
    required: tuple[str, ...]
    least: int

    @property
    def orders(self) -> str:
        """Give what the tool orders, vps or hosting; empty if it orders nothing."""
        return ORDERS.get(self.path, "") if self.method == "POST" else ""

    def name(self, form: str) -> str:
        """Give its name. *form*: the switch ``mcp_tool_names``."""
        return snake(self.operation) if form == "snake" else self.operation

    def schema(self, *, takes_key: bool, more: t.Mapping[str, Row] | None = None) -> Row:
        """Give the schema of the arguments. *takes_key*: whether an Idempotency-Key is one; *more*: other ones."""
        properties = {name: one for name, one in self.arguments.items() if takes_key or name != KEY_ARGUMENT}
        schema: Row = {"type": "object", "properties": {**properties, **(more or {})}, "additionalProperties": False}
        if self.required:
            schema["required"] = list(self.required)
        if self.least > len(self.required):
            schema["minProperties"] = self.least
        return schema


class ApiRequest(t.NamedTuple):
    """What a call of a tool sends to the API. *path*: below /v1."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Incoming(t.NamedTuple):
    """A request of HTTP for MCP.

    *call*: sends a request to the API for a tool, whose name comes first, see Core.handle for the handler; *is_gone*:
    says whether the client has gone away.
    """

    method: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes
    api_key: str
    scopes: list[str]
    call: t.Callable[[str, ApiRequest, t.Optional[Handler]], Answer]
    is_gone: t.Callable[[], bool]


def snake(name: str) -> str:
    """Write a name in snake_case."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


@functools.lru_cache(maxsize=1)
def tools() -> tuple[Tool, ...]:
    """Give the tools, in the order of the contract. Raises ImportError if PyYAML is missing."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with CONTRACT.open(encoding="utf-8") as stream:
        contract = yaml.load(stream, loader)
    return tuple(
        _tool(contract, path, method, operations[method])
        for path, operations in contract["paths"].items()
        for method in METHODS
        if method in operations
    )


def _tool(contract: Row, path: str, method: str, operation: Row) -> Tool:
    """Make the tool of an operation."""
    arguments: dict[str, Row] = {}
    places: dict[str, tuple[str, str]] = {}
    required: list[str] = []
    for given in operation.get("parameters", []):
        parameter = plain(contract, given)
        name = snake(parameter["name"].replace("-", "_"))
        arguments[name] = {**parameter["schema"], "description": parameter["description"]}
        places[name] = (parameter["in"], parameter["name"])
        if parameter.get("required"):
            required.append(name)
    body, is_needed = _body(contract, operation)
    for name, schema in body.get("properties", {}).items():
        if name in arguments:
            raise ValueError(f"{method} {path} has two arguments {name}")
        arguments[name], places[name] = schema, ("body", name)
    least = len(required) + (body.get("minProperties", 0) if is_needed else 0)
    required += body.get("required", []) if is_needed else []
    text = " ".join([operation["summary"], *([operation["description"]] if "description" in operation else [])])
    return Tool(
        operation["operationId"],
        method.upper(),
        path,
        operation["x-h444-scope"],
        operation["x-h444-resend"],
        f"{text} {method.upper()} /v1{path}, scope {operation['x-h444-scope']}.",
        arguments,
        places,
        tuple(required),
        least,
    )


def _body(contract: Row, operation: Row) -> tuple[Row, bool]:
    """Give the schema of a request's body, and whether there must be one."""
    if "requestBody" not in operation:
        return {}, False
    asked = plain(contract, operation["requestBody"])
    return asked["content"]["application/json"]["schema"], bool(asked.get("required"))


def plain(contract: Row, node: t.Any) -> t.Any:
    """Give a part of the contract with its references replaced, one type in each place, and no marks or examples."""
    if isinstance(node, list):
        return [plain(contract, one) for one in node]
    if not isinstance(node, dict):
        return node
    found: Row = {}
    if "$ref" in node:
        target: t.Any = contract
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        found = plain(contract, target)
    for name, value in node.items():
        if name == "type" and isinstance(value, list):  # the same, and read by clients that know one type only
            found["anyOf"] = [{"type": one} for one in value]
        elif name not in ("$ref", "examples") and not name.startswith("x-h444-"):
            found[name] = plain(contract, value)
    return found


def request_of(tool: Tool, arguments: t.Mapping[str, t.Any]) -> ApiRequest:
    """Give the request that a call of a tool sends. *arguments*: those of its schema."""
    parts: dict[str, Row] = {"path": {}, "query": {}, "header": {}, "body": {}}
    for name, value in arguments.items():
        place, there = tool.places[name]
        whole = int(value) if isinstance(value, float) and value.is_integer() else value  # 5.0 is an integer of JSON
        parts[place][there] = value if place == "body" else str(whole)
    path = PLACEHOLDER.sub(lambda match: quote(parts["path"][match.group(1)], safe=""), tool.path)
    headers = {name.lower(): value for name, value in parts["header"].items()}
    body = json.dumps(parts["body"]).encode() if parts["body"] else b""
    return ApiRequest(tool.method, path, parts["query"], headers, body)
