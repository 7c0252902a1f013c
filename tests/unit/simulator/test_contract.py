# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contract says what the provider's page says, and marks what it adds."""

from __future__ import annotations

import copy
import re
import typing as t
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")
jsonschema_rs = pytest.importorskip("jsonschema_rs")
openapi_spec_validator = pytest.importorskip("openapi_spec_validator")

FOLDER = Path(__file__).resolve().parents[2] / "simulator" / "contract"
METHODS = ("get", "post", "put", "patch", "delete")

# ---------------------------------------------------------------- facts of the page (API v1.4, 2026-06-11)

ENDPOINTS = """
GET /account account:read
GET /products account:read
GET /os-templates vps:read
POST /vps orders:write
POST /hosting orders:write
GET /vps vps:read
GET /vps/:id vps:read
GET /vps/:id/stats vps:read
GET /vps/:id/ips vps:read
GET /vps/all-ips vps:read
POST /vps/:id/power/:action vps:write
PATCH /vps/:id/label vps:write
PUT /vps/:id/ips/:ip/ptr vps:write
DELETE /vps/:id/ips/:ip/ptr vps:write
POST /vps/:id/reinstall vps:destroy
DELETE /vps/:id vps:destroy
GET /hosting hosting:read
GET /hosting/:id hosting:read
POST /hosting/:id/suspend hosting:write
POST /hosting/:id/unsuspend hosting:write
DELETE /hosting/:id hosting:destroy
PUT /hosting/:id/php hosting:write
POST /hosting/:id/ssl/retry hosting:write
GET /domains domains:read
GET /domains/:id domains:read
PATCH /domains/:id domains:write
GET /billing/invoices billing:read
GET /billing/invoices/:id billing:read
GET /billing/wallet billing:read
GET /billing/wallet/transactions billing:read
GET /tickets tickets:read
GET /tickets/:id tickets:read
POST /tickets tickets:write
POST /tickets/:id/reply tickets:write
POST /tickets/:id/close tickets:write
GET /webhooks webhooks:read
POST /webhooks webhooks:write
GET /webhooks/:id webhooks:read
PATCH /webhooks/:id webhooks:write
DELETE /webhooks/:id webhooks:write
POST /webhooks/:id/rotate-secret webhooks:write
GET /webhooks/:id/deliveries webhooks:read
POST /webhooks/:id/deliveries/:deliveryId/redeliver webhooks:write
""".strip().splitlines()

PER_TAG = {
    "Account": 1,
    "Catalogue & ordering": 4,
    "VPS": 11,
    "Hosting": 7,
    "Domains": 3,
    "Billing": 4,
    "Support tickets": 5,
    "Webhooks": 8,
}

OPT_IN = {"orders:write", "vps:destroy", "hosting:destroy"}

PAYLOADS = {
    "vps.created": "vpsId label hostname planSlug status ipv4",
    "hosting.created": "hostingId username domain status",
    "invoice.paid": "invoiceId invoiceNumber totalUsdCents currency",
    "vps.power.changed": "vpsId action",
    "vps.reinstalled": "vpsId os osTemplate",
    "vps.ptr.changed": "vpsId ip ptr",
    "vps.terminated": "vpsId",
    "ticket.created": "ticketId ticketNumber subject status priority",
    "ticket.replied": "ticketId ticketNumber subject status",
}

KEYED = {"POST /vps", "POST /hosting", "POST /vps/:id/reinstall", "POST /tickets"}
ONCE = {
    "POST /vps/:id/power/:action",
    "POST /hosting/:id/ssl/retry",
    "POST /tickets/:id/reply",
    "POST /webhooks",
    "POST /webhooks/:id/rotate-secret",
    "POST /webhooks/:id/deliveries/:deliveryId/redeliver",
}
LIMITED = {"GET /billing/wallet/transactions", "GET /webhooks/:id/deliveries"}

BODIES: dict[str, dict[str, t.Any]] = {
    "POST /vps": {
        "plan_slug": "vps-2",
        "label": "web-1",
        "hostname": "web-1",
        "os_family": "ubuntu",
        "os_template": "ubuntu-22.04",
    },
    "POST /hosting": {"plan_slug": "hosting-starter", "domain": "example.com", "username": "examplecom"},
    "PATCH /vps/:id/label": {"label": "web-prod-1"},
    "PUT /vps/:id/ips/:ip/ptr": {"hostname": "mail.example.com"},
    "POST /vps/:id/reinstall": {"os": "ubuntu", "osTemplate": "ubuntu-22.04"},
    "PUT /hosting/:id/php": {"php_version": "8.3"},
    "PATCH /domains/:id": {"auto_renew": True, "nameservers": ["ns1.example.com", "ns2.example.com"]},
    "POST /tickets": {
        "subject": "Mail deliverability",
        "message": "Our PTR record is set but…",
        "priority": "medium",
        "department": "technical",
    },
    "POST /tickets/:id/reply": {"body": "Thanks — that fixed it."},
    "POST /webhooks": {
        "url": "https://example.com/hooks/444host",
        "events": ["vps.power.changed", "ticket.replied"],
    },
    "PATCH /webhooks/:id": {"is_active": False},
}

REPLIES: dict[str, t.Any] = {
    "GET /account": {
        "id": "9032ffac-…",
        "email": "you@example.com",
        "first_name": "Jane",
        "last_name": "Doe",
        "account_type": "individual",
        "language": "en",
        "email_verified": True,
        "balance_usd_cents": 1250,
        "created_at": "2026-01-01T00:00:00.000Z",
    },
    "GET /products": [
        {
            "slug": "vps-2",
            "category": "vps",
            "name_en": "VPS 2",
            "retail_monthly_usd_cents": 1200,
            "your_monthly_usd_cents": 960,
            "specs": {"vcpu": 2, "ram_mb": 4096, "disk_gb": 60},
        }
    ],
    "GET /vps/:id/ips": [
        {
            "ip": "192.0.2.56",
            "primary": True,
            "gateway": "192.0.2.1",
            "netmask": "255.255.255.0",
            "ptr": "mail.example.com",
            "zoneHosted": True,
        }
    ],
}

ERRORS = {"400", "401", "403", "404", "429", "500"}

# ---------------------------------------------------------------- reading the contract


def load(name: str) -> dict[str, t.Any]:
    """Read one of the two files."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with open(FOLDER / name, encoding="utf-8") as file:
        return yaml.load(file, Loader=loader)


API = load("openapi.yaml")
OAUTH = load("oauth.yaml")
BOTH = {"openapi.yaml": API, "oauth.yaml": OAUTH}
REGISTRIES = {
    name: jsonschema_rs.Registry([("urn:contract", document)], draft=jsonschema_rs.Draft202012)
    for name, document in BOTH.items()
}


def colons(path: str) -> str:
    """Write {id} as the page does, :id."""
    return re.sub(r"\{(\w+)\}", r":\1", path)


def operations(document: dict[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    """Give the operations by "METHOD path" in the page's spelling."""
    return {
        "{0} {1}".format(method.upper(), colons(path)): item[method]
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    }


OPERATIONS = operations(API)


def resolve(document: dict[str, t.Any], node: t.Any) -> t.Any:
    """Follow a reference inside the document."""
    while isinstance(node, dict) and "$ref" in node:
        target: t.Any = document
        for step in node["$ref"][2:].split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def success(operation: dict[str, t.Any]) -> tuple[str, dict[str, t.Any]]:
    """Give the one reply of an operation that is no error."""
    (found,) = [(status, reply) for status, reply in operation["responses"].items() if status.startswith("2")]
    return found


def validator(schema: t.Any, name: str = "openapi.yaml") -> t.Any:
    """Make a validator of a schema that may refer to the document's parts."""

    def absolute(node: t.Any) -> t.Any:
        if isinstance(node, dict):
            return {
                key: "urn:contract" + value if key == "$ref" else absolute(value)
                for key, value in node.items()
                if not key.startswith("x-")
            }
        return [absolute(value) for value in node] if isinstance(node, list) else node

    return jsonschema_rs.Draft202012Validator(absolute(schema), registry=REGISTRIES[name], validate_formats=True)


def component(name: str, file: str = "openapi.yaml") -> t.Any:
    """Make the validator of a named schema."""
    return validator({"$ref": "#/components/schemas/" + name}, file)


def fields(document: dict[str, t.Any], schema: dict[str, t.Any]) -> tuple[dict[str, t.Any], set[str]]:
    """Give the properties of an object schema and which are required, its allOf parts included."""
    properties: dict[str, t.Any] = {}
    required: set[str] = set()
    schema = resolve(document, schema)
    for part in schema.get("allOf", ()):
        more, needed = fields(document, part)
        properties.update(more)
        required |= needed
    properties.update(schema.get("properties", {}))
    return properties, required | set(schema.get("required", ()))


SCHEMAS = [(file, name) for file, document in BOTH.items() for name in document["components"]["schemas"]]


def request_schemas(file: str) -> set[str]:
    """Name the schemas of JSON request bodies, those of webhooks (which the provider sends) left out."""
    names = set()
    for operation in operations(BOTH[file]).values():
        for content in operation.get("requestBody", {}).get("content", {}).values():
            names.add(content["schema"]["$ref"].rsplit("/", 1)[1])
    return names


# ---------------------------------------------------------------- the whole


@pytest.mark.parametrize("name", BOTH)
def test_is_valid_openapi(name: str) -> None:
    assert BOTH[name]["openapi"].startswith("3.1.")
    openapi_spec_validator.validate(BOTH[name])


def test_every_endpoint_of_the_page_is_there_with_its_scope() -> None:
    assert len(ENDPOINTS) == len(set(ENDPOINTS)) == 43
    found = ["{0} {1}".format(name, operation["x-h444-scope"]) for name, operation in OPERATIONS.items()]
    assert sorted(found) == sorted(ENDPOINTS)


def test_endpoints_are_grouped_as_on_the_page() -> None:
    count: dict[str, int] = {}
    for operation in OPERATIONS.values():
        (tag,) = operation["tags"]
        count[tag] = count.get(tag, 0) + 1
    assert count == PER_TAG
    assert set(PER_TAG) < {tag["name"] for tag in API["tags"]}


def test_there_are_15_scopes_and_three_are_opt_in() -> None:
    used = {line.split()[2] for line in ENDPOINTS}
    assert len(used) == 15
    assert set(API["x-h444-scopes"]) == used
    assert {name for name, scope in API["x-h444-scopes"].items() if scope.get("opt-in")} == OPT_IN
    for name, operation in OPERATIONS.items():
        assert operation["security"] == [{"bearer": [operation["x-h444-scope"]]}], name
        assert operation.get("x-h444-opt-in", False) == (operation["x-h444-scope"] in OPT_IN), name


def test_operation_ids_are_unique_and_the_known_one_is_kept() -> None:
    ids = [operation["operationId"] for operation in OPERATIONS.values()]
    ids += [item["post"]["operationId"] for item in API["webhooks"].values()]
    assert len(set(ids)) == len(ids) == 43 + 9
    assert OPERATIONS["GET /account"]["operationId"] == "getAccount"


def test_what_may_be_sent_again() -> None:
    expected = {name: "with_key" if name in KEYED else "never" if name in ONCE else "always" for name in OPERATIONS}
    assert KEYED | ONCE < set(expected)
    assert {name: operation["x-h444-resend"] for name, operation in OPERATIONS.items()} == expected
    by_action = OPERATIONS["POST /vps/:id/power/:action"]["x-h444-resend-by-action"]
    assert by_action == {"start": "always", "stop": "always", "reboot": "never"}


@pytest.mark.parametrize("name", OPERATIONS)
def test_parameters(name: str) -> None:
    parameters = [resolve(API, one) for one in OPERATIONS[name].get("parameters", ())]
    names = {place: {one["name"] for one in parameters if one["in"] == place} for place in ("path", "header", "query")}
    assert names["path"] == set(re.findall(r":(\w+)", name))
    assert names["header"] == ({"Idempotency-Key"} if name in KEYED else set())
    assert names["query"] == ({"limit"} if name in LIMITED else set())
    for one in parameters:
        assert one.get("required", False) == (one["in"] == "path")
        if one["name"] == "action":
            assert one["schema"]["enum"] == ["start", "stop", "reboot"]
        if one["name"] == "limit":
            limit = validator(one["schema"])
            assert [limit.is_valid(value) for value in (0, 1, 200, 201)] == [False, True, True, False]


@pytest.mark.parametrize("name", OPERATIONS)
def test_replies(name: str) -> None:
    responses = OPERATIONS[name]["responses"]
    status, reply = success(OPERATIONS[name])
    assert ("content" in reply) == (status != "204")
    assert {"401", "403", "429", "500", "default"} <= set(responses)
    assert ("404" in responses) == (":id" in name)
    assert ("402" in responses) == (OPERATIONS[name]["x-h444-scope"] == "orders:write")
    for code, response in responses.items():
        response = resolve(API, response)
        assert {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} <= set(response["headers"])
        assert ("Retry-After" in response["headers"]) == (code == "429")
        if not code.startswith("2"):
            assert response["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"}
            assert (response["x-h444-source"] == "documented") == (code in ERRORS), code


# ---------------------------------------------------------------- marks


Place = t.Tuple[str, t.Any]
"""A place that must bear a mark: where it is, and the node."""


def places_of_schema(where: str, node: t.Any) -> t.Iterator[Place]:
    """Give the properties of a schema, at any depth."""
    if not isinstance(node, dict):
        return
    for name, value in node.get("properties", {}).items():
        yield where + "." + name, value
        yield from places_of_schema(where + "." + name, value)
    for key in ("items", "additionalProperties", "oneOf", "anyOf", "allOf"):  # "if", "then", "not" only restrict
        parts = node.get(key, ())
        for number, part in enumerate(parts if isinstance(parts, list) else [parts]):
            yield from places_of_schema("{0}.{1}[{2}]".format(where, key, number), part)


def places_of_operation(name: str, operation: dict[str, t.Any], with_bodies: bool) -> t.Iterator[Place]:
    """Give an operation, its replies and what these hold."""
    yield name, operation
    for code, response in operation["responses"].items():
        if "$ref" in response:
            continue
        yield name + " " + code, response
        for content in response.get("content", {}).values():
            if with_bodies:
                yield name + " " + code + " body", content["schema"]
            yield from places_of_schema(name + " " + code, content["schema"])


def places_of(document: dict[str, t.Any]) -> t.Iterator[Place]:
    """Give every place of a contract that must bear a mark."""
    parts = document["components"]
    for name, node in parts["schemas"].items():
        yield from places_of_schema(name, node)
    for kind in ("parameters", "headers", "responses", "securitySchemes"):
        for name, node in parts.get(kind, {}).items():
            yield kind + "." + name, node
    for name, operation in operations(document).items():
        yield from places_of_operation(name, operation, document is API)
    for name, item in document.get("webhooks", {}).items():
        yield name, item["post"]


@pytest.mark.parametrize("name", BOTH)
def test_every_field_is_marked(name: str) -> None:
    places = list(places_of(BOTH[name]))
    assert len(places) > (300 if name == "openapi.yaml" else 40)
    bad = []
    for where, node in places:
        source = node.get("x-h444-source")
        if source == "documented":
            good = bool(node.get("x-h444-from")) and "x-h444-assumed" not in node
        else:
            good = source == "assumed" and bool(node.get("x-h444-assumed")) and "x-h444-from" not in node
        if not good:
            bad.append(where)
    assert bad == []


@pytest.mark.parametrize("name", BOTH)
def test_every_assumption_is_explained_and_used(name: str) -> None:
    used: set[str] = set()

    def walk(node: t.Any) -> None:
        if isinstance(node, dict):
            used.update([node["x-h444-assumed"]] if "x-h444-assumed" in node else [])
            used.update(node.get("x-h444-also-assumed", ()))
        for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            walk(value)

    walk(BOTH[name])
    assert used == set(BOTH[name]["x-h444-assumptions"])
    assert all(len(text) > 20 for text in BOTH[name]["x-h444-assumptions"].values())


@pytest.mark.parametrize("name", BOTH)
def test_every_quote_names_a_place(name: str) -> None:
    known = set(OPERATIONS) | set(PAYLOADS) | {"page", "openapi.json", "Error codes", "Webhook events"}
    for where, node in places_of(BOTH[name]):
        for quote in node.get("x-h444-from", "").split("; ")[:1] if "x-h444-from" in node else ():
            place = quote.split(": ")[0]
            assert place in known or re.match(r"(changelog v1\.\d$|RFC (6749|8414|8628))", place), (where, quote)


# ---------------------------------------------------------------- bodies


def test_request_bodies_are_those_of_the_page() -> None:
    assert {name for name, operation in OPERATIONS.items() if "requestBody" in operation} == set(BODIES)


def body_of(name: str) -> dict[str, t.Any]:
    """Give the schema of a request body."""
    body = OPERATIONS[name]["requestBody"]
    assert body["required"] is True
    return body["content"]["application/json"]["schema"]


@pytest.mark.parametrize("name", BODIES)
def test_request_body(name: str) -> None:
    check = validator(body_of(name))
    properties, required = fields(API, body_of(name))
    check.validate(BODIES[name])
    assert not check.is_valid(dict(BODIES[name], surprise=1))
    assert not check.is_valid({})
    assert not check.is_valid([])
    for field, value in BODIES[name].items():
        assert properties[field]["x-h444-source"] == "documented"
        wrong: t.Any = 1 if not isinstance(value, int) else "1"
        assert not check.is_valid(dict(BODIES[name], **{field: wrong})), field
        assert not check.is_valid(dict(BODIES[name], **{field: None})), field
    for field in required:
        assert not check.is_valid({key: value for key, value in BODIES[name].items() if key != field}), field
    undocumented = {key for key, value in properties.items() if value["x-h444-source"] == "assumed"}
    assert undocumented == {
        "PATCH /domains/:id": {"transfer_lock", "whois_privacy"},
        "POST /webhooks": {"description"},
    }.get(name, set())


@pytest.mark.parametrize(
    ("name", "change", "good"),
    [
        ("POST /hosting", {"php_version": "7.4"}, True),
        ("POST /hosting", {"php_version": "8.2"}, False),
        ("POST /hosting", {"php_version": 8.3}, False),
        ("PUT /hosting/:id/php", {"php_version": "8.1"}, True),
        ("PUT /hosting/:id/php", {"php_version": "8.4"}, False),
        ("POST /webhooks", {"url": "http://example.com/"}, False),
        ("POST /webhooks", {"events": ["vps.deleted"]}, False),
        ("POST /webhooks", {"events": []}, False),
        ("POST /webhooks", {"events": list(PAYLOADS)}, True),
        ("PATCH /webhooks/:id", {"url": "https://example.org/", "events": ["vps.created"], "description": "x"}, True),
        ("PATCH /webhooks/:id", {"url": "ftp://example.org/"}, False),
        ("PATCH /domains/:id", {"transfer_lock": True, "whois_privacy": False}, True),
        ("PATCH /domains/:id", {"nameservers": "ns1.example.com"}, False),
        ("PUT /vps/:id/ips/:ip/ptr", {"hostname": ""}, False),
        ("POST /vps", {"ssh_keys": ["x"]}, False),
        ("POST /vps", {"user_data": "x"}, False),
    ],
)
def test_request_body_values(name: str, change: dict[str, t.Any], good: bool) -> None:
    assert validator(body_of(name)).is_valid(dict(BODIES[name], **change)) is good


def test_php_version_has_the_documented_default() -> None:
    assert fields(API, body_of("POST /hosting"))[0]["php_version"]["default"] == "8.3"


@pytest.mark.parametrize("name", REPLIES)
def test_documented_reply(name: str) -> None:
    schema = success(OPERATIONS[name])[1]["content"]["application/json"]["schema"]
    assert schema["x-h444-source"] == "documented"
    check = validator(schema)
    check.validate(REPLIES[name])
    assert not check.is_valid({"data": REPLIES[name]})
    row_schema = resolve(API, schema.get("items", schema))
    row = REPLIES[name][0] if isinstance(REPLIES[name], list) else REPLIES[name]
    properties, required = fields(API, row_schema)
    assert required == set(row)
    for field, value in row.items():
        assert properties[field]["x-h444-source"] == "documented"
        changed = copy.deepcopy(row)
        changed[field] = 1 if isinstance(value, (str, bool, dict)) else "1"
        assert not check.is_valid([changed] if isinstance(REPLIES[name], list) else changed), field


def test_the_other_replies_are_not_called_documented() -> None:
    for name, operation in OPERATIONS.items():
        reply = success(operation)[1]
        assert reply["x-h444-source"] == "assumed", name
        if name not in REPLIES and "content" in reply:
            assert reply["content"]["application/json"]["schema"]["x-h444-source"] == "assumed", name


def test_specs_of_a_server_plan_are_whole_and_those_of_hosting_are_open() -> None:
    plan = REPLIES["GET /products"][0]
    assert not component("Product").is_valid(dict(plan, specs={"vcpu": 2}))
    component("Product").validate(dict(plan, category="hosting", specs={"sites": 1}))


@pytest.mark.parametrize(("file", "name"), SCHEMAS)
def test_examples_fit_and_what_is_required_is_missed(file: str, name: str) -> None:
    schema = BOTH[file]["components"]["schemas"][name]
    if name == "EventName":
        assert schema["enum"] == list(PAYLOADS)
        return
    check = component(name, file)
    properties, required = fields(BOTH[file], schema)
    assert required <= set(properties)
    assert schema["examples"]
    for example in schema["examples"]:
        check.validate(example)
        for field in required:
            assert not check.is_valid({key: value for key, value in example.items() if key != field}), field
        closed = file == "openapi.yaml" and name in request_schemas(file)
        assert check.is_valid(dict(example, a_field_of_tomorrow=1)) is not closed
    shown = {field for example in schema["examples"] for field in example}
    assert required <= shown


def test_values_of_replies_are_checked() -> None:
    vps = API["components"]["schemas"]["Vps"]["examples"][0]
    row = REPLIES["GET /vps/:id/ips"][0]
    wrong: list[dict[str, t.Any]] = [{"id": 7}, {"id": "7"}, {"ipv4": "web-1"}, {"created_at": "today"}, {"specs": {}}]
    for change in wrong:
        assert not component("Vps").is_valid(dict(vps, **change)), change
    assert component("Vps").is_valid(dict(vps, ipv4=None))
    assert component("VpsIp").is_valid(dict(row, ip="2001:db8::1", ptr=None, gateway=None))
    assert not component("VpsIp").is_valid(dict(row, ip="web-1"))
    assert not component("Delivery").is_valid(dict(API["components"]["schemas"]["Delivery"]["examples"][0], event="x"))


@pytest.mark.parametrize(
    ("name", "leak"),
    [
        ("Vps", {"root_password": "x"}),
        ("Vps", {"credentials": {"password": "x"}}),
        ("Hosting", {"sftp_password": "x"}),
        ("Hosting", {"db_password": "x"}),
        ("Webhook", {"secret": "whsec_exampleSecretExampleZz9Q"}),
        ("WebhookWithSecret", {"secret": "whsec_********Zz9Q"}),
    ],
)
def test_secrets_stand_where_the_page_has_them_and_nowhere_else(name: str, leak: dict[str, t.Any]) -> None:
    example = API["components"]["schemas"][name]["examples"][0]
    assert not component(name).is_valid(dict(example, **leak))


def test_only_these_replies_may_hold_a_secret() -> None:
    holders = {"VpsOrdered", "HostingOrdered", "VpsReinstalled", "WebhookWithSecret"}
    found = set()
    for name, operation in OPERATIONS.items():
        content = success(operation)[1].get("content")
        schema = content["application/json"]["schema"] if content else {}
        if schema.get("$ref", "").rsplit("/", 1)[-1] in holders:
            found.add(name)
    assert found == {
        "POST /vps",
        "POST /hosting",
        "POST /vps/:id/reinstall",
        "POST /webhooks",
        "POST /webhooks/:id/rotate-secret",
    }


@pytest.mark.parametrize(
    ("body", "good"),
    [
        ({"statusCode": 403, "message": "API key lacks the required scope.", "error": "Forbidden"}, True),
        ({"statusCode": 400, "message": ["a", "b"], "error": "Bad Request"}, True),
        ({"statusCode": "403", "message": "x", "error": "Forbidden"}, False),
        ({"statusCode": 200, "message": "x", "error": "OK"}, False),
        ({"message": "x"}, False),
        ({"error": {"code": "x", "message": "y"}}, False),
    ],
)
def test_error_body(body: dict[str, t.Any], good: bool) -> None:
    assert component("Error").is_valid(body) is good


# ---------------------------------------------------------------- events


def test_there_are_nine_events() -> None:
    assert len(PAYLOADS) == 9
    assert list(API["webhooks"]) == list(PAYLOADS)


@pytest.mark.parametrize("event", PAYLOADS)
def test_event(event: str) -> None:
    operation = API["webhooks"][event]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    envelope, _required = fields(API, schema)
    payload, required = fields(API, envelope["data"])
    assert list(payload) == PAYLOADS[event].split()
    assert required == set(payload)
    assert all(value["x-h444-source"] == "documented" for value in payload.values())
    (signature,) = [
        one
        for one in (resolve(API, parameter) for parameter in operation["parameters"])
        if one["name"] == "X-444host-Signature"
    ]
    assert signature["required"] is True
    form = validator(signature["schema"])
    assert form.is_valid("t=1781168400,v1=" + "0f" * 32)
    assert not form.is_valid("v1=" + "0f" * 32)
    example = copy.deepcopy(resolve(API, schema)["examples"][0])
    example["event"] = "another.event"
    assert not validator(schema).is_valid(example)


def test_ptr_is_null_when_cleared_and_power_is_one_of_three() -> None:
    for name, field, good, bad in (
        ("VpsPtrChangedEvent", "ptr", [None, "mail.example.com"], [1]),
        ("VpsPowerChangedEvent", "action", ["start", "stop", "reboot"], ["pause", None]),
    ):
        example = API["components"]["schemas"][name]["examples"][0]
        for value in good + bad:
            changed = dict(example, data=dict(example["data"], **{field: value}))
            assert component(name).is_valid(changed) is (value in good)


# ---------------------------------------------------------------- OAuth


def test_oauth_endpoints() -> None:
    assert set(operations(OAUTH)) == {
        "GET /.well-known/oauth-authorization-server",
        "POST /oauth/device_authorization",
        "POST /oauth/token",
        "POST /oauth/register",
    }
    assert [server["url"] + "/v1" for server in OAUTH["servers"]] == [server["url"] for server in API["servers"]]


def test_oauth_tokens_and_errors() -> None:
    token = OAUTH["components"]["schemas"]["Token"]["examples"][0]
    check = component("Token", "oauth.yaml")
    assert not check.is_valid(dict(token, access_token="h444_x"))
    assert not check.is_valid(dict(token, refresh_token="h444_at_x"))
    error = component("OAuthError", "oauth.yaml")
    for name in ("authorization_pending", "slow_down", "access_denied", "expired_token", "invalid_grant"):
        assert error.is_valid({"error": name})
    assert not error.is_valid({"error": "pending"})
    assert not error.is_valid({"statusCode": 400, "message": "x"})
    metadata = OAUTH["components"]["schemas"]["Metadata"]["examples"][0]
    assert metadata["scopes_supported"] == list(API["x-h444-scopes"])


# ---------------------------------------------------------------- README


def test_readme_lists_what_the_plain_form_sends() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)`[^|]*\| (.*) \|$", text, re.MULTILINE))
    replies = {
        content["schema"].get("items", content["schema"])["$ref"].rsplit("/", 1)[1]
        for operation in OPERATIONS.values()
        for content in success(operation)[1].get("content", {}).values()
    } | {"Error"}
    assert set(rows) == replies
    for name, row in rows.items():
        properties, required = fields(API, API["components"]["schemas"][name])
        for base in re.findall(r"`(\w+)`", row):
            if base in rows:
                row += " " + rows[base]
        if name == "WebhookWithSecret":
            row += " " + rows["Webhook"]
        for field, schema in properties.items():
            found = re.search(r"(?<![\w.])(\*\*)?{0}(?:\*\*)?(\?)?(?!\w)".format(field), row)
            assert found, (name, field)
            assert bool(found.group(1)) == (schema["x-h444-source"] == "documented"), (name, field)
            assert bool(found.group(2)) == (field not in required), (name, field)
