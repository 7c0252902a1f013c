# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turns plain replies (the contract's form) into the forms that the assumptions ask for."""

from __future__ import annotations

import html
import re
import typing as t
from datetime import datetime

Assume = t.Mapping[str, t.Any]
# The page fixes these replies; no switch touches their casing or envelope.
FIXED = frozenset({"account", "products", "vps_ips"})
OTHER_WORDS = {"running": "ACTIVE", "stopped": "OFF", "provisioning": "BUILDING", "suspended": "FROZEN"}
OS_NAMES = {
    "ubuntu-22.04": "Ubuntu 22.04 LTS",
    "ubuntu-24.04": "Ubuntu 24.04 LTS",
    "debian-12": "Debian 12",
    "debian-13": "Debian GNU/Linux 13 (trixie)",
    "almalinux-9": "AlmaLinux 9",
    "rocky-9": "Rocky Linux 9",
}
OTHER_TICKET_WORDS = {"open": "Re-Opened", "answered": "Awaiting customer", "resolved": "SOLVED", "closed": "Archived"}
OTHER_HOSTING_WORDS = {"active": "Enabled", "provisioning": "Setting-Up", "suspended": "Disabled"}
OTHER_CERTIFICATE_WORDS = {"issued": "VALID", "pending": "IN_PROGRESS", "failed": "ERROR"}
OTHER_DELIVERY_WORDS = {"pending": "QUEUED", "retrying": "RETRY", "delivered": "SUCCESS", "failed": "ERROR"}
DOMAIN_WORDS = {
    "auto_renew": ("off", "on"),
    "transfer_lock": ("unlocked", "locked"),
    "whois_privacy": ("disabled", "enabled"),
}
OTHER_WEBHOOK_FIELDS = {"events": "event_types", "is_active": "active", "created_at": "created"}
OTHER_DELIVERY_FIELDS = {
    "event": "event_type",
    "attempt": "attempts",
    "response_status": "status_code",
    "duration_ms": "latency_ms",
    "error": "last_error",
}
REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    410: "Gone",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
}


def camel(key: str) -> str:
    """zone_hosted -> zoneHosted."""
    return re.sub(r"_([a-z0-9])", lambda match: match.group(1).upper(), key)


def pascal(key: str) -> str:
    """Write a name in PascalCase."""
    return camel(key)[:1].upper() + camel(key)[1:]


def cased(value: t.Any, casing: str, depth: int = 0) -> t.Any:
    """Give a reply in another casing; "mixed" alternates by depth."""
    if casing == "snake":
        return value
    if isinstance(value, dict):
        change: t.Callable[[str], str] = camel
        if casing == "pascal":
            change = pascal
        if casing == "mixed" and depth % 2 == 0:
            change = str
        return {change(key): cased(item, casing, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [cased(item, casing, depth) for item in value]
    return value


def ident(value: str, assume: Assume) -> t.Any:
    """Give an id in its outer type."""
    return int(value) if assume["ids"] == "number" and value.isdigit() else value


def milliseconds(stamp: str) -> int:
    """Give a point in time in milliseconds since the epoch."""
    return int(datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp() * 1000)


def status_word(status: str, other_words: t.Mapping[str, str], assume: Assume) -> str:
    """Give a status by the assumed word."""
    if assume["status_words"] == "upper":
        return status.upper()
    return other_words.get(status, status.upper()) if assume["status_words"] == "other" else status


def shape_created_at(row: dict[str, t.Any], form: str) -> None:
    """Show in the assumed form when a resource was made, or not at all."""
    if form == "none":
        row.pop("created_at", None)
    elif form == "epoch" and isinstance(row.get("created_at"), str):
        row["created_at"] = milliseconds(row["created_at"])


def os_name(template: str) -> str:
    """Give a template's name for people."""
    return OS_NAMES.get(template, template.replace("-", " ").title())


def os_id(template: str) -> int:
    """Give a template's number."""
    return 901 + list(OS_NAMES).index(template) if template in OS_NAMES else 999


def shape_os(row: dict[str, t.Any], form: str) -> None:
    """Show in the assumed form what is installed on a server, or not at all."""
    if form == "told":
        return
    family, template = row.pop("os_family", None), row.pop("os_template", None)
    if form == "none":
        row.pop("specs", None)
    if form == "none" or template is None:
        return
    version = template.split("-", 1)[-1]
    forms: dict[str, dict[str, t.Any]] = {
        "object": {"os_template": {"id": os_id(template), "name": os_name(template)}},
        "display": {"os_template": os_name(template)},
        "version": {"os": family, "os_template": version},
        "nested": {"os": {"family": str(family).title(), "version": version}},
    }
    row.update(forms[form])


def shape_power(row: dict[str, t.Any], assume: Assume) -> None:
    """Show the status as one word, or as two: the account's and the machine's."""
    status, form = row["status"], assume["vps_status"]
    row["status"] = status_word(status, OTHER_WORDS, assume)
    if form == "status":
        return
    if status in ("running", "stopped"):
        live, row["status"] = row["status"], "active" if assume["status_words"] == "plain" else "ACTIVE"
    else:
        live = status_word("stopped", OTHER_WORDS, assume)
    row.update({"live": {"status": live, "cpu_percent": 2}} if form == "live" else {form: live})


def plan_name(slug: str) -> str:
    """vps-2 -> VPS 2, as the plans are called for people."""
    return slug.replace("-", " ").title().replace("Vps", "VPS")


def vps(row: dict[str, t.Any], assume: Assume) -> dict[str, t.Any]:
    """Shape one server."""
    row = dict(row)
    row["id"] = ident(row["id"], assume)
    shape_power(row, assume)
    if assume["vps_address"] == "none":
        row.pop("ipv4", None)
    shape_created_at(row, assume["vps_created_at"])
    shape_os(row, assume["vps_os"])
    shape_plan(row, assume["vps_plan"])
    if assume["vps_label"] == "none" or (assume["vps_label"] == "named" and not row["label"]):
        row.pop("label")
    elif assume["label_field"] != "label":
        row[assume["label_field"]] = row.pop("label")
    return row


def shape_plan(row: dict[str, t.Any], form: str) -> None:
    """Show in the assumed form which plan a server has."""
    if form == "upper":
        row["plan_slug"] = row["plan_slug"].upper()
    elif form != "plan_slug":
        slug = row.pop("plan_slug")
        if form == "nested":
            row["plan"] = {"slug": slug, **(row.pop("specs", None) or {})}
        else:
            row["plan"] = {"id": 17, "name": plan_name(slug)} if form == "object" else plan_name(slug)


def ip(row: dict[str, t.Any], assume: Assume) -> dict[str, t.Any]:
    """Shape one address."""
    row = dict(row)
    if row["ptr"] is None:
        if assume["ptr_cleared"] == "missing":
            del row["ptr"]
        elif assume["ptr_cleared"] == "empty":
            row["ptr"] = ""
    if assume["zone_hosted"] == "none" and row["zoneHosted"]:
        del row["zoneHosted"]
    return row


def all_ips(groups: list[dict[str, t.Any]], assume: Assume) -> t.Any:
    """Shape the list of every address."""
    shaped = [
        {
            "vps_id": ident(group["vps_id"], assume),
            "label": group["label"],
            "ips": [ip(row, assume) for row in group["ips"]],
        }
        for group in groups
    ]
    shape = assume["all_ips_shape"]
    if shape == "map":
        return {str(group["vps_id"]): group["ips"] for group in shaped}
    if shape == "flat":
        return [{"vps_id": group["vps_id"], **row} for group in shaped for row in group["ips"]]
    if shape == "nested":
        return [{"vps": {"id": group["vps_id"], "label": group["label"]}, "ips": group["ips"]} for group in shaped]
    return shaped


def vps_order(row: dict[str, t.Any], assume: Assume) -> dict[str, t.Any]:
    """Shape the reply to an order or reinstall of a server."""
    row = dict(row)
    password = row.pop("root_password", None)
    shaped = vps(row, assume)
    key = assume["password_key"]
    if assume["order_reply"] == "no_echo":
        shaped = {name: value for name, value in shaped.items() if name in ("id", "created_at")}
    if assume["order_reply"] == "nested":
        return {"server": shaped, **({key: password} if password else {})}
    if assume["order_reply"] == "credentials":
        return {"vps": shaped, **({"credentials": {"username": "root", key: password}} if password else {})}
    return {**shaped, **({key: password} if password else {})}


def hosting(row: dict[str, t.Any], assume: Assume) -> dict[str, t.Any]:
    """Shape one hosting account."""
    row = dict(row)
    row["id"] = ident(row["id"], assume)
    certificate = row.pop("ssl_status")
    if assume["ssl_status"] == "told":
        row["ssl_status"] = certificate
    elif assume["ssl_status"] == "nested":
        row["ssl"] = {"status": certificate, "issuer": "Let's Encrypt"}
    elif assume["ssl_status"] == "other":
        row["certificate_status"] = OTHER_CERTIFICATE_WORDS.get(certificate, certificate)
    if assume["hosting_status"] == "flag" and row["status"] in ("active", "suspended"):
        row["suspended"] = row.pop("status") == "suspended"
    else:
        row["status"] = status_word(row["status"], OTHER_HOSTING_WORDS, assume)
    php = row["php_version"]
    row["php_version"] = {"number": float(php), "full": php + ".12", "name": "php" + php.replace(".", "")}.get(
        assume["php_form"], php
    )
    shape_created_at(row, assume["hosting_created_at"])
    if assume["hosting_fields"] == "nested":
        row["domain"] = {"name": row["domain"], "primary": True}
        row["user"] = {"username": row.pop("username")}
        row["plan"] = {"slug": row.pop("plan_slug")}
    elif assume["hosting_fields"] == "named":
        row["plan"] = plan_name(row.pop("plan_slug"))
    return row


def hosting_order(row: dict[str, t.Any], assume: Assume) -> dict[str, t.Any]:
    """Shape the reply to an order of a hosting account."""
    row = dict(row)
    passwords = {name: row.pop(name) for name in ("sftp_password", "db_password") if name in row}
    username = row["username"]
    made = hosting(row, assume)
    if assume["order_reply"] == "no_echo":
        made = {name: value for name, value in made.items() if name in ("id", "created_at")}
    if assume["order_reply"] in ("nested", "credentials"):
        made = {"hosting": made}
    if not passwords:
        return made
    return {**made, **hosting_passwords(username, passwords["sftp_password"], passwords["db_password"], assume)}


def hosting_passwords(username: str, sftp: str, database: str, assume: Assume) -> dict[str, t.Any]:
    """Show the passwords of a hosting account in the assumed form."""
    form = assume["hosting_passwords"]
    if form == "nested":
        return {"credentials": {"sftp": {"password": sftp}, "db": {"password": database}}}
    if form == "list":
        return {
            "credentials": [
                {"type": "database", "username": username, "password": database},
                {"type": "sftp", "username": username, "password": sftp},
            ]
        }
    if form == "short":
        return {"password": sftp, "database_password": database}
    return {"sftp_password": sftp, "db_password": database}


def domain(row: dict[str, t.Any], assume: Assume) -> dict[str, t.Any]:
    """Shape one domain."""
    row = dict(row)
    row["id"] = ident(row["id"], assume)
    shape_settings(row, assume)
    row["nameservers"] = nameservers(row["nameservers"], assume["nameservers_form"])
    if assume["domain_expiry"] == "date":
        row["expiry_date"] = row.pop("expires_at")[:10]
    elif assume["domain_expiry"] == "epoch":
        row["expires"] = milliseconds(row.pop("expires_at"))
    return row


def shape_settings(row: dict[str, t.Any], assume: Assume) -> None:
    """Show a domain's renewal, lock and privacy in the assumed form."""
    form = assume["domain_values"]
    for name, words in DOMAIN_WORDS.items():
        if form != "bool":
            row[name] = int(row[name]) if form == "number" else words[row[name]]
    if assume["domain_fields"] != "plain":
        lock, privacy = row.pop("transfer_lock"), row.pop("whois_privacy")
        if assume["domain_fields"] == "short":
            row.update(locked=lock, privacy=privacy)


def nameservers(hosts: list[str], form: str) -> t.Any:
    """Show the name servers of a domain in the assumed form."""
    if form == "objects":
        return [{"host": host, "ip": None} for host in hosts]
    if form == "text":
        return ",".join(hosts)
    return [host.upper() + "." for host in reversed(hosts)] if form == "dotted" else hosts


def domain_row(row: dict[str, t.Any], assume: Assume) -> dict[str, t.Any]:
    """Shape one row of the list of domains."""
    shaped_row = domain(row, assume)
    if assume["domain_rows"] == "short":
        for name in ("auto_renew", "transfer_lock", "whois_privacy", "locked", "privacy"):
            shaped_row.pop(name, None)
    return shaped_row


def billing(row: t.Any, assume: Assume) -> t.Any:
    """Shape a part of a reply of billing, at any depth."""
    if isinstance(row, list):
        return [billing(item, assume) for item in row]
    if not isinstance(row, dict):
        return row
    shaped_row = {name: billing(value, assume) for name, value in row.items()}
    for name, value in row.items():
        if name == "id":
            shaped_row[name] = ident(value, assume)
        elif name.endswith("_cents") and assume["billing_cents"] == "text":
            shaped_row[name] = str(value)
    return shaped_row


def invoice(row: dict[str, t.Any], assume: Assume) -> dict[str, t.Any]:
    """Shape one invoice."""
    shaped_row = billing(row, assume)
    if assume["invoice_detail"] == "beside" and "items" in shaped_row:
        return {"items": shaped_row.pop("items"), "transactions": shaped_row.pop("transactions"), "invoice": shaped_row}
    return shaped_row


def ticket(row: dict[str, t.Any], assume: Assume) -> dict[str, t.Any]:
    """Shape one ticket of a list, or one with its thread."""
    row = dict(row)
    row["id"] = ident(row["id"], assume)
    row["status"] = status_word(row["status"], OTHER_TICKET_WORDS, assume)
    return thread(row, assume) if "messages" in row else row


def thread(row: dict[str, t.Any], assume: Assume) -> dict[str, t.Any]:
    """Shape a ticket that has its thread: where the messages are, and in which order."""
    messages, form, page = row.pop("messages"), assume["ticket_thread"], row.pop("_page", {})
    if form == "none":
        return row
    opening = written(messages[0]["body"], assume)
    shown = [message(one, assume) for one in (messages[1:] if form == "replies" else messages)]
    if assume["ticket_order"] == "newest":
        shown.reverse()
    if form == "replies":
        return {**row, "message": opening, "replies": shown}
    if form == "beside":
        return {"ticket": row, "messages": shown, **page}
    if assume["ticket_paging"] == "cursor":
        return {**row, "messages": {"data": shown, **page}}
    return {**row, "messages": shown, **page}


def message(row: dict[str, t.Any], assume: Assume) -> dict[str, t.Any]:
    """Shape one message of a thread."""
    row = {**row, "id": ident(row["id"], assume), "body": written(row["body"], assume)}
    form = assume["ticket_author"]
    if form != "author":
        staff = row.pop("author") == "staff"
        if form == "is_staff":
            row["is_staff"] = staff
        elif form == "sender":
            row["sender"] = {"type": "AGENT" if staff else "Client", "name": "444Host Support" if staff else "Jane Doe"}
    return row


def written(text: str, assume: Assume) -> str:
    """Give a message's text as it is kept."""
    return "<p>" + html.escape(text).replace("\n", "<br />\n") + "</p>" if assume["ticket_text"] == "html" else text


def ticket_write(row: dict[str, t.Any], assume: Assume) -> dict[str, t.Any]:
    """Shape the answer to a write of a ticket."""
    if assume["ticket_write"] == "ok":
        return {"success": True}
    return {"id": ident(row["id"], assume)} if assume["ticket_write"] == "id" else ticket(row, assume)


def webhook(row: dict[str, t.Any], assume: Assume) -> dict[str, t.Any]:
    """Shape one webhook, or the reply that shows its secret in clear."""
    row = {**row, "id": ident(row["id"], assume)}
    secret = row.pop("secret")
    is_clear = "*" not in secret
    if assume["webhook_fields"] == "other":
        row = {OTHER_WEBHOOK_FIELDS.get(name, name): value for name, value in row.items()}
    form = assume["webhook_secret_form"]
    if form == "beside":
        return {"webhook": row, "secret": secret} if is_clear else row
    if form == "credentials":
        return {**row, "credentials": {"signing_secret": secret if is_clear else secret[:6] + "…"}}
    return {**row, form: secret}


def delivery(row: dict[str, t.Any], assume: Assume) -> dict[str, t.Any]:
    """Shape one delivery of a webhook."""
    row = {**row, "id": ident(row["id"], assume)}
    if assume["status_words"] == "upper":
        row["status"] = row["status"].upper()
    elif assume["status_words"] == "other":
        row["status"] = OTHER_DELIVERY_WORDS.get(row["status"], row["status"])
    if assume["webhook_fields"] == "other":
        row = {OTHER_DELIVERY_FIELDS.get(name, name): value for name, value in row.items()}
    return row


def os_templates(rows: list[dict[str, t.Any]], assume: Assume) -> t.Any:
    """Shape the list of templates."""
    shape = assume["os_template_shape"]
    families: dict[str, list[str]] = {}
    for row in rows:
        families.setdefault(row["os_family"], []).append(row["os_template"])
    if shape == "slugs":
        return [row["os_template"] for row in rows]
    if shape == "map":
        return families
    if shape == "families":
        return [{"family": family, "templates": names} for family, names in families.items()]
    if assume["vps_os"] == "object":
        return [{"id": os_id(row["os_template"]), **row} for row in rows]
    return rows


def other(row: dict[str, t.Any], assume: Assume) -> dict[str, t.Any]:
    """Shape a resource whose only open points are its id and its casing."""
    return {**row, "id": ident(row["id"], assume)} if "id" in row else row


READERS: dict[str, t.Callable[[t.Any, Assume], t.Any]] = {
    "vps": vps,
    "vps_order": vps_order,
    "vps_ip": ip,
    "hosting": hosting,
    "hosting_order": hosting_order,
    "domain": domain,
    "invoice": invoice,
    "wallet": billing,
    "transaction": billing,
    "ticket": ticket,
    "ticket_write": ticket_write,
    "webhook": webhook,
    "webhook_secret": webhook,
    "delivery": delivery,
}
ROWS = {**READERS, "domain": domain_row}
LISTS = {"vps": "vps", "hosting": "hosting", "delivery": "deliveries"}
"""The names of lists that are not the kind with an s."""
NOUNS = {
    "vps_order": "vps",
    "hosting_order": "hosting",
    "os_template": "os_template",
    "vps_ip": "ip",
    "ticket_write": "ticket",
    "webhook_secret": "webhook",
}


def shaped(kind: str, body: t.Any, assume: Assume, page: t.Mapping[str, t.Any] | None = None) -> t.Any:
    """Give a plain reply of one kind in the form that is assumed. *page*: paging facts of a list."""
    if kind in FIXED:
        return [ip(row, assume) for row in body] if kind == "vps_ips" else body
    if kind == "all_ips":
        made = all_ips(body, assume)
        if isinstance(made, dict):
            return made if assume["list_envelope"] == "bare" else {"data": made}
        return _list(made, "ips", assume, page)
    if kind == "os_templates":
        made = os_templates(body, assume)
        return made if isinstance(made, dict) else _list(made, "os_templates", assume, page)
    if isinstance(body, list):
        reader = ROWS.get(kind, other)
        return _list([reader(row, assume) for row in body], LISTS.get(kind, kind + "s"), assume, page)
    return _object(kind, READERS.get(kind, other)(body, assume), assume)


def _list(rows: list[t.Any], noun: str, assume: Assume, page: t.Mapping[str, t.Any] | None) -> t.Any:
    """Give a list in its casing and envelope."""
    rows = cased(rows, assume["casing"], 1)
    envelope = assume["list_envelope"]
    if page is not None and envelope == "bare":
        envelope = "data"
    if envelope == "bare":
        return rows
    wrapped = {{"data": "data", "items": "items", "noun": noun}[envelope]: rows}
    return {**wrapped, **(page or {})}


def _object(kind: str, row: dict[str, t.Any], assume: Assume) -> dict[str, t.Any]:
    """Give an object in its casing and envelope."""
    made = cased(row, assume["casing"], 1)
    noun = NOUNS.get(kind, kind)
    if assume["object_envelope"] == "data":
        return {"data": made}
    if assume["object_envelope"] == "bare" or noun in made or _has_parts(kind, made, assume):
        return made
    return {noun: made}


def _has_parts(kind: str, made: t.Container[str], assume: Assume) -> bool:
    """Say whether a reply has its resource in one of several parts; none of them is the reply's noun."""
    if kind == "invoice":
        return assume["invoice_detail"] == "beside"
    parts = ("server", "vps", "hosting", "webhook", "credentials")
    return kind.endswith(("_order", "_secret")) and any(name in made for name in parts)


def refusal(status: int, message: t.Any, assume: Assume) -> t.Any:
    """Give the body of a refusal; a page is bytes. *message*: a text, or a list of them."""
    reason = REASONS.get(status, "Error")
    # The page shows what these three look like.
    form = "nest" if status in (401, 403, 404) else assume["error_shape"]
    text = "; ".join(message) if isinstance(message, list) else message
    if form == "nested":
        return {"error": {"code": reason.lower().replace(" ", "_"), "message": text}}
    if form == "message":
        return {"message": text}
    if form == "error":
        return {"error": text}
    if form == "html":
        return f"<html><head><title>{status} {reason}</title></head></html>".encode()
    return {"statusCode": status, "message": [text] if form == "list" else message, "error": reason}
