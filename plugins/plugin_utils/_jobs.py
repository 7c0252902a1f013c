# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the answers to the surveys of provision, power and reverse_dns mean. Pure.

A survey answers with texts: a list is one text with an entry on each line, a number may be a text, and what was left
empty is an empty text. Whoever starts the playbooks without a survey gives lists and numbers, so both are taken.

AWX tags its texts with !unsafe, and ansible-core 2.19 and newer makes of such a text what YAML makes of it without
quotes: 012 becomes the number 10, 1:30 becomes 90, and yes becomes true. What the label was can't be known any more, so
a value that is neither a text nor a list is refused.

Each decision is a dict. If its ``problem`` is not empty, nothing may be changed.
"""

from __future__ import annotations

import fnmatch
import functools
import ipaddress
import re
import typing as t

from ansible.errors import AnsibleFilterError
from ansible.module_utils.basic import AnsibleFallbackNotFound
from jinja2 import Undefined

from ansible_collections.h444.cloud.plugins.module_utils import _spec
from ansible_collections.h444.cloud.plugins.module_utils._errors import BadOption
from ansible_collections.h444.cloud.plugins.module_utils._labels import has_label, nfc
from ansible_collections.h444.cloud.plugins.module_utils._names import (
    canonical_ip,
    check_hostname,
    check_label,
    closest,
    is_digits,
    quoted,
    shown,
)
from ansible_collections.h444.cloud.plugins.module_utils._patterns import fitting
from ansible_collections.h444.cloud.plugins.module_utils._protected import guarding
from ansible_collections.h444.cloud.plugins.module_utils._status import is_gone

Answers = t.Mapping[str, t.Any]
Row = t.Dict[str, t.Any]

NOTHING_CHANGED = "Nothing was changed."
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
POWER_STATES = ("started", "stopped", "restarted")
# States in which a server is not available for a while, which protected servers must be.
INTERRUPTING = ("stopped", "restarted")
ADDRESSES = ("primary", "all")
NO_RECORD = "null"
MOST_SERVERS = 1000
MOST_NAMED = 10
MOST_DIGITS = 18


class Problem(Exception):
    """An answer that can't be carried out."""


def decision(decide: t.Callable[..., Row]) -> t.Callable[..., Row]:
    """Make a filter of a function that decides: a problem becomes a part of what it returns."""

    @functools.wraps(decide)
    def filtered(*given: t.Any, **more: t.Any) -> Row:
        for value in (*given, *more.values()):
            if isinstance(value, Undefined):
                str(value)  # raises Jinja's own error, up to ansible-core 2.18
        try:
            return {**decide(*given, **more), "problem": ""}
        except (Problem, BadOption) as problem:
            text = str(problem)
            return {"problem": text if text.endswith(NOTHING_CHANGED) else "%s %s" % (text, NOTHING_CHANGED)}

    return filtered


# What an answer is


def lines(value: t.Any, name: str) -> list[str]:
    """Return the entries of a list, or of a text with one on each line. Raises: Problem."""
    if value is None:
        return []
    entries = value if isinstance(value, (list, tuple)) else [value]
    found: list[str] = []
    for entry in entries:
        if entry is not None and not isinstance(entry, str):
            raise Problem(
                "%s must be a list of texts, or one text with an entry on each line, and not %s (%s). If Ansible has "
                "taken a text for another type, put an empty line after it." % (name, quoted(entry), _kind_of(entry))
            )
        found += [line.strip() for line in (entry or "").splitlines()]
    return [line for line in found if line]


def _kind_of(value: t.Any) -> str:
    return next((base.__name__ for base in (bool, int, float, dict) if isinstance(value, base)), type(value).__name__)


def text_of(value: t.Any, name: str) -> str:
    """Return a text on one line. Raises: Problem."""
    found = lines(value, name)
    if len(found) > 1 or isinstance(value, (list, tuple)):
        raise Problem("%s must be one text." % name)
    return found[0] if found else ""


def number(value: t.Any, name: str) -> int | None:
    """Return a whole number that is not negative; None if there is no answer. Raises: Problem."""
    text = "" if value is None else str(value).strip()
    if text in ("", "None"):  # ansible-core 2.18 makes a text of a value that is null
        return None
    if isinstance(value, bool) or not is_digits(text) or len(text) > MOST_DIGITS:
        raise Problem("%s must be a whole number, and not %s." % (name, quoted(value)))
    return int(text)


def choice(value: t.Any, name: str, choices: t.Sequence[str], default: str = "") -> str:
    """Return one of the choices. Raises: Problem."""
    text = text_of(value, name) or default
    if text not in choices:
        given = " and not %s" % quoted(text) if text else ""
        raise Problem("%s must be one of %s%s." % (name, ", ".join(choices), "," + given if given else ""))
    return text


def filled(pattern: str, name: str, fields: t.Mapping[str, str]) -> str:
    """Return a pattern with its placeholders replaced. Raises: Problem."""
    if "{{" in pattern or "{%" in pattern:
        raise Problem(
            "%s: %s looks like a template of Ansible. Write {label}, with one pair of braces." % (name, quoted(pattern))
        )
    for found in PLACEHOLDER.findall(pattern):
        if found not in fields:
            known = ", ".join("{%s}" % field for field in fields)
            raise Problem("%s: there is no placeholder {%s}. Known are %s." % (name, found, known))
    if re.search("[{}]", PLACEHOLDER.sub("", pattern)):
        raise Problem("%s: %s contains a single brace." % (name, quoted(pattern)))
    return PLACEHOLDER.sub(lambda found: fields[found.group(1)], pattern)


def hostname_from(pattern: str, name: str, fields: t.Mapping[str, str], is_full: bool) -> str:
    """Return the hostname that a pattern gives to a server. Raises: Problem, BadOption."""
    return check_hostname(filled(pattern, name, fields), "%s, for %s" % (name, shown(fields["label"])), is_full)


def _check_apart(named: t.Sequence[tuple[str, str]], name: str) -> None:
    """Check that no hostname goes to two servers. *named*: the server, the hostname. Raises: Problem."""
    owners: dict[str, str] = {}
    for server, hostname in named:
        first = owners.setdefault(hostname.lower(), server)
        if first != server:
            raise Problem(
                "%s gives the hostname %s to %s and to %s. Use a placeholder that tells them apart."
                % (name, shown(hostname), shown(first), shown(server))
            )


# provision


@decision
def provision_wishes(answers: Answers) -> Row:
    """Return the servers that are to exist, the keys, and the limits. Raises: AnsibleFilterError."""
    labels = _wanted_labels(_checked(answers, "provision_wishes"))
    servers: list[Row] = [{"label": label} for label in labels]
    for option, is_full in (("hostname", False), ("ptr", True)):
        name = "provision_%s" % option
        pattern = text_of(answers.get(option), name)
        if pattern:
            for server in servers:
                server[option] = hostname_from(pattern, name, {"label": server["label"]}, is_full)
            _check_apart([(server["label"], server[option]) for server in servers], name)
    keys = lines(answers.get("authorized_keys"), "provision_authorized_keys")
    options: Row = {}
    for option in ("max_monthly_usd_cents", "max_total_monthly_usd_cents"):
        limit = number(answers.get(option), "provision_%s" % option)
        options.update({} if limit is None else {option: limit})
    for option in ("plan_slug", "os_template", "order_generation"):
        value = answers.get(option)
        is_number = option == "order_generation" and isinstance(value, int) and not isinstance(value, bool)
        text = text_of(str(value) if is_number else value, "provision_%s" % option)
        options.update({option: text} if text else {})
    if "max_total_monthly_usd_cents" not in options:
        raise Problem("provision_max_total_monthly_usd_cents is required. It is what all new servers may cost a month.")
    return {"servers": servers, "options": options, "authorized_keys": [key for key in keys if key[0] != "#"]}


def _wanted_labels(answers: Answers) -> list[str]:
    """Return the labels: the numbered ones, then the listed ones, each of them once. Raises: Problem, BadOption."""
    prefix = text_of(answers.get("prefix"), "provision_prefix")
    count = number(answers.get("count"), "provision_count")
    if bool(prefix) != bool(count):
        raise Problem("provision_prefix and provision_count belong together: web and 3 make web-1, web-2 and web-3.")
    if count and count > MOST_SERVERS:
        raise Problem("provision_count must be at most %d." % MOST_SERVERS)
    begin = prefix + "-" if prefix[-1:].isalnum() else prefix
    labels = ["%s%d" % (begin, at) for at in range(1, (count or 0) + 1)]
    labels += lines(answers.get("labels"), "provision_labels")
    if not labels:
        raise Problem("No server is named. Set provision_prefix and provision_count, or provision_labels.")
    return list(dict.fromkeys(check_label(label, "provision_labels") for label in labels))


# power


@decision
def power_selection(vps: t.Any, answers: Answers) -> Row:
    """Return the servers whose power state is to be set. *vps*: all servers. Raises: AnsibleFilterError."""
    answers = _checked(answers, "power_selection")
    state = choice(answers.get("state"), "power_state", POWER_STATES)
    wishes = lines(answers.get("servers"), "power_servers")
    if not wishes:
        raise Problem("power_servers is required. It is a list of labels or patterns, such as web-*.")
    rows = _living(vps, "power_selection")
    left_out = {row["id"] for row in selected(rows, lines(answers.get("exclude"), "power_exclude"), "power_exclude")}
    chosen = [row for row in selected(rows, wishes, "power_servers") if row["id"] not in left_out]
    if not chosen:
        raise Problem("power_exclude leaves no server of power_servers.")
    _check_twins(chosen)
    if state in INTERRUPTING:
        _check_protected(chosen, _protected(answers.get("protected")), state)
    return {"state": state, "servers": [{"id": row["id"], "label": row["label"]} for row in chosen]}


def _living(vps: t.Any, name: str) -> list[Row]:
    """Return the servers that are not gone, and that have a label. Raises: AnsibleFilterError."""
    if not isinstance(vps, (list, tuple)) or not all(isinstance(row, dict) and "label" in row for row in vps):
        raise AnsibleFilterError("%s: the input must be the servers that h444_vps_info returns." % name)
    return [row for row in vps if row["label"] and not is_gone(row)]


def selected(rows: t.Sequence[Row], wishes: t.Sequence[str], name: str) -> list[Row]:
    """Return the servers that are named by label or pattern, in their own order. Raises: Problem.

    A label that contains a star is meant as it is. Otherwise, a pattern must match the whole label, without case.
    """
    found: list[str] = []
    for wish in wishes:
        matches = [row for row in rows if has_label(row, wish)]
        matches = matches or [row for row in rows if _matches(row["label"], wish)]
        if not matches:
            near = closest(wish, (row["label"] for row in rows))
            hint = " Did you mean %s?" % " or ".join(shown(label) for label in near) if near else ""
            raise Problem("%s: no server matches %s.%s" % (name, quoted(wish), hint))
        found += [row["id"] for row in matches]
    chosen = set(found)
    return [row for row in rows if row["id"] in chosen]


def _matches(label: str, pattern: str) -> bool:
    """Return whether a pattern clearly matches. Patterns that protect are matched more widely, see _patterns.py."""
    return fnmatch.fnmatchcase(nfc(label).lower(), nfc(pattern).lower())


def _check_twins(rows: t.Sequence[Row]) -> None:
    """Check that no label stands for two servers. Raises: Problem."""
    for row in rows:
        ids = [other["id"] for other in rows if has_label(other, row["label"])]
        if len(ids) > 1:
            raise Problem(
                "%d servers have the label %s (%s). Rename one of them first, by its id with h444_vps."
                % (len(ids), shown(row["label"]), ", ".join(ids[:MOST_NAMED]))
            )


def _protected(value: t.Any) -> tuple[str, ...]:
    """Return the patterns of protected servers. An empty list turns the protection off. Raises: Problem, BadOption."""
    given = lines(value, "power_protected")
    if isinstance(value, (list, tuple)):
        return guarding(value)
    try:
        return guarding(given or _spec.patterns("H444_PROTECTED"))
    except AnsibleFallbackNotFound:
        return ()


def _check_protected(rows: t.Sequence[Row], patterns: t.Sequence[str], state: str) -> None:
    """Check that none of the servers is protected. Raises: Problem."""
    kept = [(row["label"], fitting(patterns, row["label"])) for row in rows]
    named = ["%s (by %s)" % (shown(label), shown(pattern)) for label, pattern in kept if pattern is not None]
    if named:
        more = " and %d more" % (len(named) - MOST_NAMED) if len(named) > MOST_NAMED else ""
        raise Problem(
            "These servers are protected, so they are not %s: %s%s. Name them in power_exclude, or see power_protected."
            % (state, ", ".join(named[:MOST_NAMED]), more)
        )


# reverse_dns


@decision
def reverse_dns_records(vps: t.Any, answers: Answers) -> Row:
    """Return the records to set. *vps*: all servers with their addresses. Raises: AnsibleFilterError."""
    answers = _checked(answers, "reverse_dns_records")
    rows = _living(vps, "reverse_dns_records")
    pattern = text_of(answers.get("pattern"), "reverse_dns_pattern")
    listed = answers.get("records")
    listed = listed.strip() if isinstance(listed, str) else listed
    if bool(pattern) == bool(listed):
        raise Problem("Set reverse_dns_pattern or reverse_dns_records, and not both.")
    wishes = lines(answers.get("servers"), "reverse_dns_servers")
    if pattern and not wishes:
        raise Problem("reverse_dns_pattern requires reverse_dns_servers: labels or patterns, or * for all servers.")
    if listed and wishes:
        raise Problem("reverse_dns_servers belongs to reverse_dns_pattern. reverse_dns_records names its addresses.")
    if listed:
        return {"records": _listed_records(listed), "without_address": []}
    which = choice(answers.get("addresses"), "reverse_dns_addresses", ADDRESSES, ADDRESSES[0])
    chosen = selected(rows, wishes, "reverse_dns_servers")
    addresses = [(row, ip) for row in chosen for ip in _addresses(row, which)]
    records = [{"ip": ip, "hostname": _name_of(row, ip, pattern)} for row, ip in addresses]
    _check_apart(
        [(row["label"], record["hostname"]) for (row, _ip), record in zip(addresses, records)], "reverse_dns_pattern"
    )
    return {"records": records, "without_address": [row["label"] for row in chosen if not _addresses(row, which)]}


def _addresses(row: Row, which: str) -> list[str]:
    """Return the addresses of a server."""
    if which == "primary":
        return [row["ipv4"]] if row.get("ipv4") else []
    return [address["ip"] for address in row.get("ips") or [] if address.get("ip")]


def _name_of(row: Row, ip: str, pattern: str) -> str:
    """Return the hostname of an address. Raises: Problem, BadOption."""
    fields = {"label": row["label"], "hostname": row.get("hostname") or "", "id": row["id"], "ip": _dashed(ip)}
    return hostname_from(pattern, "reverse_dns_pattern", fields, True)


def _dashed(ip: str) -> str:
    """Return an address as a part of a hostname: 192-0-2-10. IPv6 is written out, because -- may begin or end it."""
    return re.sub("[.:]", "-", ipaddress.ip_address(canonical_ip(ip) or ip).exploded)


def _listed_records(listed: t.Any) -> list[Row]:
    """Return the records of a list, or of lines with an address and a hostname. Raises: Problem."""
    name, records = "reverse_dns_records", []
    for entry in listed if isinstance(listed, (list, tuple)) else [listed]:
        if isinstance(entry, dict):
            if set(entry) != {"ip", "hostname"}:
                raise Problem("%s: each record has an ip and a hostname, which is null to remove it." % name)
            records.append(dict(entry))
            continue
        for line in lines(entry, name):
            parts = line.split()
            if len(parts) != 2:
                raise Problem(
                    "%s: each line is an address and a hostname, or null to remove its record, and not %s."
                    % (name, quoted(line))
                )
            records.append({"ip": parts[0], "hostname": None if parts[1] == NO_RECORD else parts[1]})
    if not records:
        raise Problem("%s contains no record." % name)
    return records


def _checked(answers: t.Any, name: str) -> Answers:
    if not isinstance(answers, dict):
        raise AnsibleFilterError("%s: the answers must be a dict." % name)
    return answers
