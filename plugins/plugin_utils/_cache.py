# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory's entries in core's cache: the raw replies, under a name that contains a hash of the key.

The replies are one JSON text, so no cache plugin has to understand or can change them. A second entry contains the
account that a configuration used last, for a run without a key.
"""

from __future__ import annotations

import hashlib
import json
import typing as t

from ansible_collections.h444.cloud.plugins.module_utils._reader import MAX_DEPTH, is_secret_key, snake

FORMAT = 1
NOTHING: t.Any = object()
"""A missing entry."""


class Replies(t.NamedTuple):
    """The replies from which an inventory is made."""

    vps: list[t.Any]
    all_ips: t.Any


def account_hash(api_url: str, api_key: str) -> str:
    """Return a hash that identifies an account in names and entries. It does not reveal the key."""
    return hashlib.sha256(("h444-cache\0%s\0%s" % (api_url, api_key)).encode("utf-8")).hexdigest()[:32]


def entry_name(base: str, account: str) -> str:
    """Return the name of the entry of one configuration and account."""
    return "%s_%s" % (base, account)


def pointer_name(base: str, api_url: str) -> str:
    """Return the name of the entry with the account that a configuration used last."""
    return "%s_%s_last" % (base, hashlib.sha256(("h444-cache\0%s" % api_url).encode("utf-8")).hexdigest()[:16])


def pack(account: str, replies: Replies) -> dict[str, t.Any] | None:
    """Return the entry for the cache, without fields named like a secret; None if it could not be read back."""
    if not _is_sound(replies.vps, replies.all_ips):
        return None
    body = json.dumps({"vps": without_secrets(replies.vps), "all_ips": without_secrets(replies.all_ips)})
    return {"h444_cache": FORMAT, "account": account, "replies": body}


def unpack(entry: t.Any, account: str) -> Replies | None:
    """Read an entry of the cache; None if it belongs to a different account, or is not valid."""
    if not isinstance(entry, dict) or entry.get("h444_cache") != FORMAT or entry.get("account") != account:
        return None
    try:
        body = json.loads("".join(entry["replies"]))
        vps, all_ips = body["vps"], body["all_ips"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    return Replies(vps, all_ips) if _is_sound(vps, all_ips) else None


def _is_sound(vps: t.Any, all_ips: t.Any) -> bool:
    """Return whether replies have the expected form: a list of objects, and addresses in some container."""
    if not isinstance(vps, list) or not isinstance(all_ips, (list, dict)):
        return False
    return all(isinstance(row, dict) for row in vps) and not _is_endless([vps, all_ips])


def _is_endless(containers: list[t.Any]) -> bool:
    """Return whether containers are nested deeper than the readers support."""
    level = containers
    for _depth in range(MAX_DEPTH + 2):
        deeper: list[t.Any] = []
        for container in level:
            for item in container.values() if isinstance(container, dict) else container:
                if isinstance(item, (dict, list)):
                    deeper.append(item)
        if not deeper:
            return False
        level = deeper
    return True


def without_secrets(value: t.Any) -> t.Any:
    """Return a reply without the fields that are named like a secret: a cache must never hold one."""
    if isinstance(value, dict):
        return {key: without_secrets(item) for key, item in value.items() if not is_secret_key(snake(str(key)))}
    if isinstance(value, list):
        return [without_secrets(item) for item in value]
    return value
