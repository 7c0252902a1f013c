# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The parts of argument specs; most have a twin of the same name in plugins/doc_fragments/.

SERVER, HOSTING, DOMAIN and WEBHOOK have none: what their options mean is said in the module of each resource.
"""

from __future__ import annotations

import json
import os
import re
import typing as t

Spec = t.Dict[str, t.Dict[str, t.Any]]


def environment(name: str) -> str:
    """Read an environment variable. An empty one counts as unset, because AWX injects empty ones."""
    from ansible.module_utils.basic import AnsibleFallbackNotFound

    value = os.environ.get(name)
    if not value:
        raise AnsibleFallbackNotFound
    return value


def _fallback(name: str) -> tuple[t.Callable[[str], str], list[str]]:
    return (environment, [name])


def patterns(name: str) -> list[str]:
    """Read a list of patterns from an environment variable, separated by commas or newlines, or as JSON.

    Env files of containers keep their quotes, and a misread pattern would silently protect nothing.
    A variable without a pattern counts as unset.
    """
    from ansible.module_utils.basic import AnsibleFallbackNotFound

    value = environment(name).strip()
    try:
        parsed = json.loads(value)
    except ValueError:
        parsed = None
    parts = [str(part) for part in parsed] if isinstance(parsed, list) else re.split(r"[,\r\n]", value)
    found = [part for part in (part.strip("\"' \t\r\n") for part in parts) if part]
    if not found:
        raise AnsibleFallbackNotFound
    return found


API: Spec = {
    "api_key": {"type": "str", "required": True, "no_log": True, "fallback": _fallback("H444_API_KEY")},
    "api_url": {"type": "str", "default": "https://api.444host.com/v1", "fallback": _fallback("H444_API_URL")},
    "api_timeout": {"type": "int", "default": 30, "fallback": _fallback("H444_API_TIMEOUT")},
    "api_retries": {"type": "int", "default": 5, "fallback": _fallback("H444_API_RETRIES")},
    "rate_limit": {"type": "int", "default": 120, "fallback": _fallback("H444_RATE_LIMIT")},
    "validate_certs": {"type": "bool", "default": True, "fallback": _fallback("H444_VALIDATE_CERTS")},
    "ca_path": {"type": "path", "fallback": _fallback("H444_CA_PATH")},
}
# A sign-in needs no key; the option exists so that the modules accept module_defaults of the action group.
SIGN_IN: Spec = {"api_key": {"type": "str", "no_log": True}}
ORDER: Spec = {
    "plan_slug": {"type": "str", "aliases": ["plan"]},
    "max_monthly_usd_cents": {"type": "int"},
    "order_generation": {"type": "str", "default": "1"},
    "idempotency_key": {"type": "str", "no_log": False},
}
SERVER: Spec = {
    "state": {
        "type": "str",
        "default": "present",
        "choices": ["present", "started", "stopped", "restarted", "reinstalled", "absent"],
    },
    "hostname": {"type": "str"},
    "os_template": {"type": "str"},
    "os_family": {"type": "str"},
    "force": {"type": "bool", "default": False},
}
HOSTING: Spec = {
    "id": {"type": "str"},
    "domain": {"type": "str"},
    "username": {"type": "str"},
    "state": {"type": "str", "default": "present", "choices": ["present", "active", "suspended", "absent"]},
    "php_version": {"type": "str", "choices": ["7.4", "8.1", "8.3"]},
    "retry_ssl": {"type": "str", "default": "never", "choices": ["never", "failed", "always"]},
    "wait_timeout": {"type": "int", "default": 600},
}
DOMAIN: Spec = {
    "id": {"type": "str"},
    "name": {"type": "str"},
    "auto_renew": {"type": "bool"},
    "transfer_lock": {"type": "bool"},
    "whois_privacy": {"type": "bool"},
    "nameservers": {"type": "list", "elements": "str"},
}
WEBHOOK: Spec = {
    "id": {"type": "str"},
    "url": {"type": "str"},
    "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
    "new_url": {"type": "str"},
    "events": {"type": "list", "elements": "str"},
    "force": {"type": "bool", "default": False},
    "description": {"type": "str"},
    "is_active": {"type": "bool"},
    "rotate_secret": {"type": "bool", "default": False, "no_log": False},
}
SECRETS: Spec = {"credentials_file": {"type": "path"}}
PROTECTED: Spec = {
    "protected": {"type": "list", "elements": "str", "default": [], "fallback": (patterns, ["H444_PROTECTED"])}
}
PATTERNS: Spec = {"patterns": {"type": "list", "elements": "str", "default": []}}
WAIT: Spec = {"wait": {"type": "bool", "default": True}, "wait_timeout": {"type": "int", "default": 600}}


# The sections of a manifest, with the options of their entries. The required option is the name of an entry.
SECTIONS: t.Dict[str, Spec] = {
    "servers": {
        "label": {"type": "str", "required": True},
        "id": {"type": "str"},
        "new_label": {"type": "str"},
        **ORDER,
        **SERVER,
        **SECRETS,
        **WAIT,
        "ptr": {"type": "raw"},
    },
    "ptr_records": {"ip": {"type": "str", "required": True}, "hostname": {"type": "raw"}},
    "hosting": {**HOSTING, **ORDER, **SECRETS, "domain": {"type": "str", "required": True}},
    "domains": {**DOMAIN, "name": {"type": "str", "required": True}},
    "webhooks": {**WEBHOOK, **SECRETS, "url": {"type": "str", "required": True}},
}


def merge(*parts: Spec, **own: dict[str, t.Any]) -> Spec:
    """Return an argument spec of the common options, the parts and the module's own options."""
    result: Spec = dict(API)
    for part in parts:
        result.update(part)
    result.update(own)
    return result
