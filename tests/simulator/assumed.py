# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every guess about the API, in one table: where the provider's page is silent, a switch says what is simulated."""

from __future__ import annotations

import re
import typing as t


class Switch(t.NamedTuple):
    """One open point: its values (the first is the default), and the silence that it fills."""

    values: tuple[t.Any, ...]
    silence: str


NUMBER: tuple[t.Any, ...] = ()

SWITCHES: dict[str, Switch] = {
    "casing": Switch(("snake", "camel", "pascal", "mixed"), "the casing of replies that the page does not show"),
    "list_envelope": Switch(("bare", "data", "noun", "items"), "whether a list is bare or under a key"),
    "object_envelope": Switch(("bare", "data", "noun"), "whether an object is bare or under a key"),
    "ids": Switch(("uuid", "number", "digits", "prefixed"), "what an id is"),
    "order_reply": Switch(
        ("flat", "nested", "credentials", "no_echo"), "how an order's reply holds the resource and the password"
    ),
    "password_key": Switch(
        ("root_password", "rootPassword", "password", "initial_root_password"),
        "the name of the root password in replies",
    ),
    "hosting_passwords": Switch(
        ("flat", "nested", "list", "short"), "the names of the SFTP and database passwords in replies"
    ),
    "hosting_fields": Switch(
        ("plain", "nested", "named"),
        "how a hosting account names its domain, its user, its plan (named: as for people)",
    ),
    "hosting_status": Switch(
        ("word", "flag"), "whether a hosting account shows its status as a word, or only whether it is suspended"
    ),
    "hosting_created_at": Switch(("told", "none", "epoch"), "whether and how a hosting account shows when it was made"),
    "php_form": Switch(
        ("text", "number", "full", "name"),
        "how a PHP version is written in replies: 8.3 as a text or a number, 8.3.12, php83",
    ),
    "status_words": Switch(
        ("plain", "upper", "other"), "the words for the status of a server, hosting account or ticket"
    ),
    "vps_status": Switch(
        ("status", "live_status", "power_state", "live"),
        "whether a server's status shows its power, or only that it is active and the power is in a field of its own",
    ),
    "vps_address": Switch(("row", "none"), "whether a row of /vps carries an address"),
    "vps_created_at": Switch(("told", "none", "epoch"), "whether and how a server shows when it was made"),
    "vps_os": Switch(
        ("told", "none", "object", "display", "version", "nested"),
        "whether and how a server shows its operating system: the slug of its template, an object with an id, a name "
        "for people, a version, or both in os",
    ),
    "vps_plan": Switch(
        ("plan_slug", "nested", "object", "name", "upper"),
        "how a server names its plan: by slug or display name, in an object, in capitals",
    ),
    "label_field": Switch(("label", "name", "display_label"), "under which name a server's label stands"),
    "vps_label": Switch(
        ("told", "none", "named"), "which servers show their labels: all, none, or only those that have one"
    ),
    "all_ips_shape": Switch(("groups", "nested", "map", "flat"), "how /vps/all-ips groups addresses by server"),
    "ptr_cleared": Switch(("null", "missing", "empty"), "how an address without a PTR record looks"),
    "zone_hosted": Switch(("told", "none"), "whether every address shows zoneHosted"),
    "error_shape": Switch(
        ("nest", "nested", "message", "error", "list", "html"), "the body of errors other than 401, 403, 404"
    ),
    "write_reply": Switch(("resource", "empty", "ok"), "what a write answers where the page does not say"),
    "pagination": Switch(("off", "page", "cursor", "link", "unreadable"), "whether a list comes in pages (of 2)"),
    "os_template_shape": Switch(("rows", "slugs", "families", "map"), "how /os-templates looks"),
    "domain_fields": Switch(
        ("plain", "short", "none"), "the names of a domain's lock and privacy, and whether they are shown"
    ),
    "domain_values": Switch(("bool", "words", "number"), "how a domain's renewal, lock and privacy say on and off"),
    "domain_rows": Switch(
        ("full", "short"), "whether a row of /domains shows renewal, lock and privacy, or only what the page names"
    ),
    "domain_expiry": Switch(("expires_at", "date", "epoch"), "the name and form of a domain's expiry"),
    "nameservers_form": Switch(("list", "objects", "text", "dotted"), "how a domain's name servers are written"),
    "store_failures": Switch(("none", "4xx", "all"), "whether a failed order is repeated by its key"),
    "in_flight": Switch(("conflict", "block", "race"), "what a second request gets while the first is at work"),
    "mismatch": Switch(("409", "422", "400", "replay", "new"), "what the same key with another body gets"),
    "replay_body": Switch(("same", "current", "no_password"), "what a key's replay returns"),
    "replay_header": Switch(
        ("none", "Idempotent-Replayed", "Idempotency-Replayed"), "whether a replay says that it is one"
    ),
    "dead_replay": Switch(("same", "current", "gone", "new"), "what a replay returns once the server is terminated"),
    "key_scope": Switch(("account", "key"), "whether an Idempotency-Key belongs to the account or to the API key"),
    "key_window_seconds": Switch(NUMBER + (86400,), "how long an order's Idempotency-Key lives"),
    "list_lag_seconds": Switch((0,), "how long a new server or hosting account is missing in lists"),
    "get_lag_seconds": Switch((0,), "how long a new server or hosting account is missing by id"),
    "label_rule": Switch(("as_is", "lower", "cut10", "cut64", "nfd", "slug"), "what the provider makes of a label"),
    "rename": Switch(
        ("kept", "ignored"), "whether a new label of a server is kept, or answered with 200 and forgotten"
    ),
    "domain_rule": Switch(
        ("as_is", "upper", "bare"), "what the provider makes of the domain of a hosting account; bare: without www"
    ),
    "username_rule": Switch(
        ("as_is", "lower", "cut8"), "what the provider makes of the user name of a hosting account"
    ),
    "suspend_again": Switch(
        ("taken", "conflict"), "what suspending a suspended hosting account gets, and unsuspending an active one"
    ),
    "rate_window": Switch(("sliding", "fixed", "route"), "how the minute of the rate limit is counted"),
    "retry_after": Switch(("seconds", "date", "none"), "the form of Retry-After"),
    "refund": Switch(("immediate", "late", "never"), "when the refund of a failed order is booked"),
    "provisioning": Switch(("works", "fails"), "whether the provisioning of orders works"),
    "provisioning_seconds": Switch((0,), "how long a new server or hosting account is in the state provisioning"),
    "comes_up": Switch(
        ("on", "off"),
        "whether what was ordered is at work at once; off: a server is stopped, a hosting account suspended",
    ),
    "boot_seconds": Switch(
        (2,), "how long a server boots until its ssh is up: half of it with the port closed, half dropping connections"
    ),
    "ssh_image": Switch(
        ("by_template", "cloud_init", "before_include", "keyboard_interactive", "redhat", "no_dropins"),
        "how the image of a server configures sshd (images.py), with --ssh",
    ),
    "refund_seconds": Switch((600,), "when a late refund is booked"),
    "order_status": Switch((201, 202, 200), "the status of an order's reply"),
    "second_address": Switch(("none", "ipv6"), "whether an ordered server has an IPv6 address too"),
    "order_seconds": Switch((0,), "how long an order takes to be answered, in real seconds"),
    "reinstall_password": Switch(("yes", "no"), "whether the reply to a reinstall holds a new password"),
    "terminated": Switch(
        ("gone", "listed"), "whether a terminated server or hosting account is still shown, as terminated"
    ),
    "ssl_status": Switch(
        ("told", "none", "nested", "other"), "whether and how hosting shows the state of its certificate"
    ),
    "registry": Switch(
        ("works", "refuses", "bad_gateway", "rolls_back"),
        "what a change of a domain gets that the registry refuses: 400, 502, or a 200 that does not last",
    ),
    "registry_seconds": Switch((0,), "how long a domain still shows its old state after a change was answered"),
    "billing_cents": Switch(
        ("number", "text"), "whether an amount of invoices and wallet is a number or digits in a text"
    ),
    "invoice_detail": Switch(("flat", "beside"), "whether an invoice's items and transactions are in it or beside it"),
    "limit_query": Switch(("kept", "ignored"), "whether the wallet's transactions keep to limit"),
    "transaction_order": Switch(("newest", "oldest"), "the order of the wallet's transactions"),
    "ticket_thread": Switch(
        ("messages", "replies", "beside", "none"),
        "where a ticket's messages stand: in it, the answers alone in it, beside it, nowhere",
    ),
    "ticket_paging": Switch(
        ("off", "page", "cursor", "link", "count", "unreadable"),
        "whether and how a thread in or beside its ticket comes in pages (of 2); of the last two forms, only the first "
        "page can be read",
    ),
    "ticket_order": Switch(("oldest", "newest"), "which message of a ticket stands first"),
    "ticket_author": Switch(("author", "is_staff", "sender", "none"), "how a message shows who wrote it"),
    "ticket_text": Switch(("as_is", "html"), "whether messages come back as they were written"),
    "ticket_subject": Switch(("as_is", "cut20"), "what the provider makes of a subject"),
    "ticket_write": Switch(("ticket", "id", "ok"), "what opening, answering and closing a ticket are answered with"),
    "tickets_listed": Switch(("all", "open"), "whether closed tickets are listed"),
    "webhook_secret_form": Switch(
        ("secret", "signing_secret", "signing_key", "credentials", "beside"),
        "the name and place of a webhook's secret in replies, and how it is masked",
    ),
    "webhook_fields": Switch(("plain", "other"), "the names of the fields of a webhook and of a delivery"),
    "webhook_url": Switch(("as_is", "normal"), "whether the provider writes a webhook's URL as browsers do"),
    "webhook_digest": Switch(("hex",), "how a delivery's HMAC is written"),
    "oauth_registration": Switch(("off", "on"), "whether OAuth clients can register themselves"),
    "oauth_reply": Switch(("full", "least"), "whether the sign-in returns what RFC 8628 and RFC 6749 let it leave out"),
    "oauth_refresh": Switch(
        ("rotates", "keeps", "same", "ends"),
        "what a refresh gives: a new token; none; the same; a new one, and using the old one again ends the sign-in",
    ),
    "oauth_status": Switch((401, 400), "the status with which a client that is not known is refused"),
    "oauth_interval_seconds": Switch((5,), "how long a client has to wait between two questions"),
    "mcp_tool_names": Switch(("snake", "camel"), "how the names of the tools of MCP are written"),
    "mcp_account_tool": Switch(
        ("none", "listed"),
        "which endpoint has no tool: the page counts 42 tools for 43 endpoints, and names every group but the account",
    ),
    "mcp_confirmation": Switch(
        ("token", "arguments"),
        "how an order by MCP is confirmed twice: by confirm and by the token that it is answered with, or by confirm "
        "and by the price, both in one call",
    ),
    "mcp_confirmation_seconds": Switch((300,), "how long the token of a confirmation can be used"),
    "mcp_idempotency_key": Switch(("none", "argument"), "whether tools take an Idempotency-Key as an argument"),
    "mcp_answer": Switch(("events", "json"), "whether MCP answers with a stream of events or with one JSON object"),
    "mcp_session": Switch(("kept", "none"), "whether MCP gives a client a session"),
}

PRESETS: dict[str, dict[str, t.Any]] = {
    "plain": {},
    "wrapped": {
        "casing": "camel",
        "list_envelope": "data",
        "object_envelope": "data",
        "ids": "digits",
        "order_reply": "nested",
        "password_key": "rootPassword",
        "all_ips_shape": "nested",
        "error_shape": "nested",
        "vps_address": "none",
        "hosting_passwords": "nested",
        "replay_header": "Idempotent-Replayed",
        "terminated": "listed",
        "os_template_shape": "families",
        "provisioning_seconds": 2,
        "oauth_refresh": "ends",
        "domain_values": "words",
        "nameservers_form": "objects",
        "registry_seconds": 1,
        "invoice_detail": "beside",
        "ticket_thread": "beside",
        "ticket_author": "sender",
        "ticket_order": "newest",
        "php_form": "full",
        "ssl_status": "nested",
        "webhook_secret_form": "beside",
        "mcp_tool_names": "camel",
        "mcp_account_tool": "listed",
        "mcp_confirmation": "arguments",
    },
    "sparse": {
        "list_envelope": "noun",
        "ids": "number",
        "order_reply": "no_echo",
        "password_key": "password",
        "vps_address": "none",
        "vps_os": "none",
        "all_ips_shape": "flat",
        "ptr_cleared": "missing",
        "zone_hosted": "none",
        "error_shape": "message",
        "write_reply": "empty",
        "os_template_shape": "map",
        "ssl_status": "none",
        "replay_body": "current",
        "oauth_reply": "least",
        "oauth_refresh": "keeps",
        "domain_rows": "short",
        "domain_expiry": "date",
        "nameservers_form": "text",
        "limit_query": "ignored",
        "transaction_order": "oldest",
        "ticket_thread": "replies",
        "ticket_author": "none",
        "ticket_write": "id",
        "hosting_passwords": "short",
        "hosting_status": "flag",
        "php_form": "number",
        "webhook_secret_form": "signing_secret",
        "mcp_answer": "json",
        "mcp_session": "none",
    },
    "odd": {
        "casing": "mixed",
        "list_envelope": "items",
        "object_envelope": "noun",
        "ids": "prefixed",
        "order_reply": "credentials",
        "password_key": "initial_root_password",
        "status_words": "other",
        "vps_plan": "nested",
        "label_field": "name",
        "all_ips_shape": "map",
        "ptr_cleared": "empty",
        "error_shape": "list",
        "write_reply": "ok",
        "pagination": "cursor",
        "domain_fields": "short",
        "vps_created_at": "epoch",
        "retry_after": "date",
        "list_lag_seconds": 0,
        "terminated": "listed",
        "hosting_passwords": "list",
        "hosting_fields": "nested",
        "hosting_created_at": "epoch",
        "php_form": "name",
        "ssl_status": "other",
        "domain_rule": "upper",
        "suspend_again": "conflict",
        "domain_values": "number",
        "domain_expiry": "epoch",
        "nameservers_form": "dotted",
        "billing_cents": "text",
        "ticket_author": "is_staff",
        "ticket_text": "html",
        "ticket_paging": "cursor",
        "ticket_write": "ok",
        "webhook_secret_form": "credentials",
        "webhook_fields": "other",
        "webhook_url": "normal",
        "oauth_refresh": "same",
        "oauth_status": 400,
        "mcp_idempotency_key": "argument",
    },
}


def defaults() -> dict[str, t.Any]:
    """Give every switch's default."""
    return {name: switch.values[0] for name, switch in SWITCHES.items()}


def check(name: str, value: t.Any) -> t.Any:
    """Return a switch's value in its type. Raises ValueError with a sentence."""
    if name not in SWITCHES:
        raise ValueError(f"there is no assumption called {name}; --list-assumptions shows those there are")
    values = SWITCHES[name].values
    if isinstance(values[0], int):
        if isinstance(value, bool) or not re.fullmatch("-?[0-9]{1,12}", str(value)):
            raise ValueError(f"{name} takes a whole number")
        return int(value)
    if str(value) not in values:
        raise ValueError(f"{name} takes one of {', '.join(values)}")
    return str(value)


def preset(name: str) -> dict[str, t.Any]:
    """Give a preset's whole set of switches. Raises ValueError."""
    if name not in PRESETS:
        raise ValueError(f"there is no preset called {name}; there are {', '.join(PRESETS)}")
    return {**defaults(), **PRESETS[name]}


def table() -> str:
    """Write the table for people."""
    lines = []
    for name, switch in SWITCHES.items():
        values = "a whole number" if isinstance(switch.values[0], int) else ", ".join(switch.values)
        lines.append(f"{name} = {switch.values[0]}\n    {switch.silence}\n    values: {values}")
    return "\n".join(lines)
