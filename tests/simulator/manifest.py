# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An account that was exported as one document, as the account to begin with.

``account.yml`` says what there is, and ``account.rehearsal.json`` beside it what the document has no place for: the
plans with their prices, the templates, the wallet, the addresses, and when the domains expire.
"""

from __future__ import annotations

import difflib
import ipaddress
import json
import typing as t
from datetime import datetime, timezone
from pathlib import Path

from . import catalogue, domains, hosting, servers, webhooks
from .account import Account
from .calls import Row

FIRST_ADDRESS = 10
LEAST_MILLISECONDS = 1e11
"""A larger number is a time in milliseconds: in seconds, it would be after the year 5000."""
LEAST_SPECS = {"vcpu": 1, "ram_mb": 1024, "disk_gb": 10}
"""What a server's plan has where the file does not say it."""
WAY_OUT = "The playbook h444.cloud.export writes the plans and templates of your account into {file}"


class Field(t.NamedTuple):
    """What the value of an option is, in words and as a check."""

    form: str
    fits: t.Callable[[t.Any], bool]


def _is_int(value: t.Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_ip(value: t.Any) -> bool:
    try:
        return isinstance(value, str) and bool(ipaddress.ip_address(value))
    except ValueError:
        return False


def _is_time(value: t.Any) -> bool:
    is_one = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    try:
        return is_one and bool(_moment(value))
    except (ValueError, OverflowError, OSError):
        return False


def _moment(value: str | float) -> datetime:
    """Read a time as an API may write it: in ISO 8601, or in seconds or milliseconds since 1970."""
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value / 1000 if value > LEAST_MILLISECONDS else value, timezone.utc)
    found = datetime.fromisoformat(value.replace("Z", "+00:00"))
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def _are_specs(value: t.Any) -> bool:
    if not isinstance(value, dict) or isinstance(value.get("ram_mb"), float):
        return False
    numbers = [value[name] for name in LEAST_SPECS if value.get(name) is not None]
    return all(_is_int(number) or isinstance(number, float) for number in numbers) and all(n >= 0 for n in numbers)


def _texts(value: t.Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


def _or_null(field: Field) -> Field:
    return Field(f"{field.form}, or null", lambda value: value is None or field.fits(value))


def _one_of(*values: str) -> Field:
    return Field(f"one of {', '.join(values)}", lambda value: isinstance(value, str) and value in values)


TEXT = Field("a text", lambda value: isinstance(value, str) and value != "")
BOOL = Field("true or false", lambda value: isinstance(value, bool))
TEXTS = Field("a list of texts", _texts)
CENTS = Field("a whole number of US cents from 0", lambda value: _is_int(value) and value >= 0)
IP = Field("an IP address", _is_ip)
SPECS = Field("an object with vcpu, ram_mb and disk_gb, numbers from 0", _are_specs)


class Section(t.NamedTuple):
    """A section of the document. *name*: the option by which its entries are known."""

    name: str
    needs: tuple[str, ...]
    fields: dict[str, Field]
    states: tuple[str, ...] = ()


IGNORED = Field("anything", lambda value: True)
"""What says how something is ordered, and nothing about what there is."""
ORDER_OPTIONS = dict.fromkeys(
    (
        "max_monthly_usd_cents",
        "order_generation",
        "idempotency_key",
        "credentials_file",
        "wait",
        "wait_timeout",
    ),
    IGNORED,
)

SECTIONS: dict[str, Section] = {
    "servers": Section(
        "label",
        ("plan_slug",),
        {
            "hostname": TEXT,
            "plan_slug": TEXT,
            "os_template": TEXT,
            "os_family": TEXT,
            "ptr": _or_null(TEXT),
            **ORDER_OPTIONS,
        },
        ("present", "started", "stopped", "absent"),
    ),
    "ptr_records": Section("ip", (), {"hostname": _or_null(TEXT)}),
    "hosting": Section(
        "domain",
        ("plan_slug",),
        {
            "username": TEXT,
            "plan_slug": TEXT,
            "php_version": _one_of(*hosting.PHP_VERSIONS),
            "retry_ssl": IGNORED,
            **ORDER_OPTIONS,
        },
        ("present", "active", "suspended", "absent"),
    ),
    "domains": Section(
        "name", (), {"auto_renew": BOOL, "transfer_lock": BOOL, "whois_privacy": BOOL, "nameservers": TEXTS}
    ),
    "webhooks": Section(
        "url",
        ("events",),
        {
            "events": TEXTS,
            "force": BOOL,
            "description": _or_null(TEXT),
            "is_active": BOOL,
            "credentials_file": IGNORED,
        },
        ("present", "absent"),
    ),
}
PRODUCT: dict[str, Field] = {
    "slug": TEXT,
    "category": _one_of("vps", "hosting"),
    "name_en": _or_null(TEXT),
    "name": _or_null(TEXT),
    "monthly_usd_cents": _or_null(CENTS),
    "retail_monthly_usd_cents": _or_null(CENTS),
    "your_monthly_usd_cents": _or_null(CENTS),
    "specs": _or_null(SPECS),
}
TEMPLATE: dict[str, Field] = {"os_template": TEXT, "os_family": _or_null(TEXT), "name": _or_null(TEXT)}
ADDRESS: dict[str, Field] = {
    "ip": IP,
    "vps_label": _or_null(TEXT),
    "ptr": _or_null(TEXT),
    "primary": _or_null(BOOL),
    "gateway": _or_null(TEXT),
    "netmask": _or_null(TEXT),
    "zone_hosted": _or_null(BOOL),
}
DOMAIN: dict[str, Field] = {
    "name": TEXT,
    "status": _or_null(TEXT),
    "expires_at": _or_null(Field("a time, in ISO 8601 or in seconds or milliseconds since 1970", _is_time)),
}
REHEARSAL = {
    "products": (("slug", "category"), PRODUCT),
    "os_templates": (("os_template",), TEMPLATE),
    "addresses": (("ip",), ADDRESS),
    "domains": (("name",), DOMAIN),
}
"""What the file beside the document has rows of: what each needs, and its fields. A row may have more."""


# Reading


def read(file: Path) -> Row:
    """Read a document and what lies beside it; gives what ``fill`` takes. Raises ValueError with a sentence."""
    document = _sections(_yaml(file))
    beside = file.with_name(file.stem + ".rehearsal.json")
    rehearsal = _rehearsal(beside)
    found: Row = {**document, **rehearsal}
    _check_plans(found, beside.name)
    _check_addresses(found, beside.name)
    return found


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as exc:
        raise ValueError(str(exc.strerror)) from None
    except UnicodeDecodeError:
        raise ValueError("it is no text in UTF-8") from None


def _yaml(file: Path) -> t.Any:
    text = _text_of(file)
    try:
        import yaml
    except ImportError:
        raise ValueError("PyYAML is needed; install it: pip install PyYAML") from None

    class Loader(yaml.SafeLoader):
        """Takes what looks like a template as the text that it is."""

    Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))
    try:
        return yaml.load(text, Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        mark = getattr(exc, "problem_mark", None)
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise ValueError(f"it is no YAML of a document{where}") from None


def _sections(given: t.Any) -> Row:
    """Check the document; entries that are to be absent are left out."""
    if isinstance(given, dict) and set(given) == {"manifest"}:
        given = given["manifest"]
    if not isinstance(given, dict):
        raise ValueError(f"it contains no document; its sections are {', '.join(SECTIONS)}")
    _only("the document", given, SECTIONS, "section")
    found: Row = {}
    for name, section in SECTIONS.items():
        entries = given.get(name)
        if name in given and not isinstance(entries, list):
            raise ValueError(f"{name} is a list")
        for place, entry in enumerate(entries or []):
            _check_entry(f"{name}[{place}]", entry, section)
        found[name] = [
            {option: value for option, value in entry.items() if section.fields.get(option) is not IGNORED}
            for entry in entries or []
            if entry.get("state") != "absent"
        ]
        _check_names(name, found[name], section)
    return found


def _check_entry(where: str, entry: t.Any, section: Section) -> None:
    if not isinstance(entry, dict):
        raise ValueError(f"{where} is an object with {section.name} and more")
    fields = {section.name: IP if section.name == "ip" else TEXT, **section.fields}
    if section.states:
        fields["state"] = _one_of(*section.states)
    if isinstance(entry.get(section.name), str):
        where += f" ({entry[section.name][:80]})"
    _only(where, entry, fields, "option")
    needs = () if entry.get("state") == "absent" else section.needs
    for name in (section.name, *needs):
        if name not in entry:
            raise ValueError(f"{where} needs {name}")
    _check_fields(where, entry, fields)
    unknown = set(entry.get("events", ())) - set(webhooks.EVENTS)
    if unknown and not entry.get("force"):
        raise ValueError(f"{where}: there is no event {sorted(unknown)[0]}; there are {', '.join(webhooks.EVENTS)}")


def _only(where: str, given: Row, known: t.Iterable[str], kind: str) -> None:
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(str(name), list(known), 1)
            more = f"; the closest is {close[0]}" if close else f"; there are {', '.join(known)}"
            raise ValueError(f"{where} has no {kind} {name}{more}")


def _check_fields(where: str, row: Row, fields: t.Mapping[str, Field]) -> None:
    for name, field in fields.items():
        if name in row and not field.fits(row[name]):
            raise ValueError(f"{where}: {name} is {field.form}")


def _check_names(kind: str, entries: t.Iterable[Row], section: Section) -> None:
    """Refuse two entries of one name, and two hosting accounts of one user name."""
    for option in (section.name, "username"):
        seen: set[str] = set()
        for entry in entries:
            if option in entry:
                name = _canonical(kind, option, entry[option])
                if name in seen:
                    raise ValueError(f"{kind} has two entries with the {option} {entry[option]}")
                seen.add(name)


def _canonical(kind: str, option: str, name: str) -> str:
    if option == "ip":
        return str(ipaddress.ip_address(name))
    return name.rstrip(".").lower() if kind in ("hosting", "domains") and option != "username" else name


def _rehearsal(file: Path) -> Row:
    """Read what lies beside the document; without it, the plans and templates are those of the simulator."""
    given: t.Any = {}
    if file.exists():
        try:
            given = json.loads(_text_of(file))
            if not isinstance(given, dict):
                raise ValueError("it is an object")
            _check_rehearsal(given)
        except (json.JSONDecodeError, RecursionError):
            raise ValueError(f"{file.name} beside it is no JSON") from None
        except ValueError as exc:
            raise ValueError(f"{file.name} beside it can't be used: {exc}") from None
    products = [_product(row) for row in given["products"]] if "products" in given else catalogue.products()
    templates = [_template(row) for row in given["os_templates"]] if "os_templates" in given else catalogue.templates()
    return {
        "products": [row for row in products if row["your_monthly_usd_cents"] is not None],
        "os_templates": templates,
        "balance_usd_cents": given.get("wallet", {}).get("balance_usd_cents"),
        "addresses": [row for row in given.get("addresses", []) if row.get("vps_label") is not None],
        "facts": {_canonical("domains", "name", row["name"]): row for row in given.get("domains", [])},
    }


def _check_rehearsal(given: Row) -> None:
    _only("the object", given, (*REHEARSAL, "wallet"), "field")
    for name, (needs, fields) in REHEARSAL.items():
        rows = given.get(name, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ValueError(f"{name} is a list of objects")
        for place, row in enumerate(rows):
            _check_fields(f"{name}[{place}]", {**dict.fromkeys(needs), **row}, fields)
    wallet = given.get("wallet", {})
    if not isinstance(wallet, dict):
        raise ValueError("wallet is an object")
    _check_fields("wallet", wallet, {"balance_usd_cents": _or_null(CENTS)})


def _product(row: Row) -> Row:
    """Give a plan with the fields of GET /products."""
    retail = row.get("retail_monthly_usd_cents", row.get("monthly_usd_cents"))
    yours = row.get("your_monthly_usd_cents")
    least = LEAST_SPECS if row["category"] == "vps" else {}
    specs = {name: value for name, value in (row.get("specs") or {}).items() if value is not None}
    return {
        "slug": row["slug"],
        "category": row["category"],
        "name_en": row.get("name_en") or row.get("name") or row["slug"],
        "retail_monthly_usd_cents": yours if retail is None else retail,
        "your_monthly_usd_cents": retail if yours is None else yours,
        "specs": {**least, **specs},
    }


def _template(row: Row) -> Row:
    name = row["os_template"]
    return {
        "os_family": row.get("os_family") or name.split("-")[0],
        "os_template": name,
        "name": row.get("name") or name,
    }


def _check_plans(found: Row, beside: str) -> None:
    """Refuse a plan or a template that there isn't: what it costs and what it is can't be known."""
    plans = {kind: [row["slug"] for row in found["products"] if row["category"] == kind] for kind in ("vps", "hosting")}
    names = [row["os_template"] for row in found["os_templates"]]
    for section, option, known in (
        ("servers", "plan_slug", plans["vps"]),
        ("servers", "os_template", names),
        ("hosting", "plan_slug", plans["hosting"]),
    ):
        for entry in found[section]:
            if option in entry and entry[option] not in known:
                word = "template" if option == "os_template" else "plan"
                raise ValueError(
                    f"there is no {word} {entry[option]}, which {section} ({entry[SECTIONS[section].name]}) names; "
                    f"there are {', '.join(known)}. {WAY_OUT.format(file=beside)}, and you can add to it"
                )


def _check_addresses(found: Row, beside: str) -> None:
    """Refuse an address that two servers have, and a PTR record of one that no server has."""
    labels = {entry["label"] for entry in found["servers"]}
    found["addresses"] = [row for row in found["addresses"] if row["vps_label"] in labels]
    ips = [str(ipaddress.ip_address(row["ip"])) for row in found["addresses"]]
    twice = sorted({ip for ip in ips if ips.count(ip) > 1})
    if twice:
        raise ValueError(f"{beside} beside it has the address {twice[0]} twice")
    for entry in found["ptr_records"]:
        if str(ipaddress.ip_address(entry["ip"])) not in ips:
            raise ValueError(
                f"no server has the address {entry['ip']}, which ptr_records names; the addresses of your servers are "
                f"in {beside}, which the playbook h444.cloud.export writes beside the document"
            )


# Filling


def fill(account: Account, document: Row) -> None:
    """Make an account that is empty what the document says."""
    account.products, account.templates = list(document["products"]), list(document["os_templates"])
    if account.balance_usd_cents is None and document["balance_usd_cents"] is not None:
        account.account["balance_usd_cents"] = document["balance_usd_cents"]
    _fill_servers(account, document)
    for entry in document["hosting"]:
        domain = _canonical("hosting", "domain", entry["domain"])
        username = "".join(letter for letter in domain if letter.isalnum())[:32]
        status = "suspended" if entry.get("state") == "suspended" else "active"
        given = {name: entry[name] for name in ("plan_slug", "username", "php_version") if name in entry}
        hosting.make_hosting(account, {"username": username, **given, "domain": domain, "status": status})
    for entry in document["domains"]:
        _fill_domain(account, entry, document["facts"].get(_canonical("domains", "name", entry["name"]), {}))
    for entry in document["webhooks"]:
        webhooks.make_webhook(account, {name: entry[name] for name in entry if name in webhooks.SHOWN})
        # The contract has no other events, so its replies are like those of a seed.
        account.seeded = account.seeded or not set(entry["events"]) <= set(webhooks.EVENTS)


def _fill_servers(account: Account, document: Row) -> None:
    own: dict[str, list[Row]] = {}
    for row in document["addresses"]:
        own.setdefault(row["vps_label"], []).append(row)
    _skip_addresses(account, {str(ipaddress.ip_address(row["ip"])) for row in document["addresses"]})
    by_ip: dict[str, Row] = {}
    families = {row["os_template"]: row["os_family"] for row in document["os_templates"]}
    for entry in document["servers"]:
        template = entry.get("os_template", next(iter(families), "unknown"))
        row = servers.make_server(
            account,
            {
                "label": entry["label"],
                "hostname": entry.get("hostname", entry["label"]),
                "plan_slug": entry["plan_slug"],
                "os_template": template,
                "os_family": entry.get("os_family") or families.get(template, "unknown"),
                "status": "stopped" if entry.get("state") == "stopped" else "running",
            },
        )
        by_ip.update(_give_addresses(account, row, own.get(entry["label"], [])))
        if "ptr" in entry:
            next(ip for ip in row["ips"] if ip["primary"])["ptr"] = entry["ptr"]
    for entry in document["ptr_records"]:
        by_ip[str(ipaddress.ip_address(entry["ip"]))]["ptr"] = entry.get("hostname")


def _skip_addresses(account: Account, taken: set[str]) -> None:
    """Let new servers get addresses that are not among these."""
    account.next_address = FIRST_ADDRESS
    if account.address is None:
        numbers = range(FIRST_ADDRESS, servers.DOCUMENTATION_ADDRESSES)
        used = [number for number in numbers if servers.address_number(number) in taken]
        account.next_address = max(used, default=FIRST_ADDRESS - 1) + 1


def _give_addresses(account: Account, server: Row, own: list[Row]) -> dict[str, Row]:
    """Give a server its own addresses; the primary one stays the new one where that takes logins.

    Gives the rows of the server by the addresses of the document.
    """
    if not own:
        return {}
    first = next((row for row in own if row.get("primary")), own[0])
    found: dict[str, Row] = {}
    for row in own:
        shown = {
            "ip": str(ipaddress.ip_address(row["ip"])),
            "primary": row is first,
            "gateway": row.get("gateway"),
            "netmask": row.get("netmask"),
            "ptr": row.get("ptr"),
            "zoneHosted": row.get("zone_hosted") is not False,
        }
        if row is first and account.address is not None:
            found[shown["ip"]] = {**server["ips"][0], "ptr": shown["ptr"], "zoneHosted": shown["zoneHosted"]}
        else:
            found[shown["ip"]] = shown
    server["ips"] = list(found.values())
    return found


def _fill_domain(account: Account, entry: Row, facts: Row) -> None:
    settings = {name: entry[name] for name in ("auto_renew", "transfer_lock", "whois_privacy") if name in entry}
    if facts.get("status"):
        settings["status"] = facts["status"]
    if facts.get("expires_at"):
        settings["expires_at"] = account.stamp(_moment(facts["expires_at"]).timestamp())
    domains.make_domain(account, {"name": entry["name"], "nameservers": entry.get("nameservers", []), **settings})
