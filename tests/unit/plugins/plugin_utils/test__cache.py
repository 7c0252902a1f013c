# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries of the cache: what is packed comes back, nothing else is taken for one, and no secret is inside."""

from __future__ import annotations

import itertools
import json
import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.plugin_utils import _cache
from ansible_collections.h444.cloud.plugins.plugin_utils._cache import Replies

KEY = "h444_test_key_0000000000000001"
URL = "https://api.444host.com/v1"
REPLIES = Replies(
    [{"id": 1, "label": "caf\u00e9 \ud800 {{ x }}", "specs": {"vcpu": 2, "f": 1.5, "n": None, "t": True}}],
    {"data": [{"id": 1, "ips": []}]},
)


def test_packing_and_unpacking() -> None:
    """Also after a cache plugin wrote it as JSON."""
    entry = _cache.pack("account", REPLIES)
    assert _cache.unpack(json.loads(json.dumps(entry)), "account") == REPLIES
    assert set(entry) == {"h444_cache", "account", "replies"}


@pytest.mark.parametrize(
    "change",
    [
        {"h444_cache": 0}, {"h444_cache": None}, {"account": "other"}, {"account": None}, {"replies": None},
        {"replies": ""}, {"replies": "{"},
        {"replies": "[]"},
        {"replies": '{"vps": []}'}, {"replies": '{"all_ips": []}'}, {"replies": '{"vps": {}, "all_ips": []}'},
        {"replies": '{"vps": null, "all_ips": []}'},
        {"replies": 5}, {"replies": "[" * 100000},
    ],
)  # fmt: skip
def test_what_is_no_entry(change: dict[str, t.Any]) -> None:
    """Damaged, foreign, of another account, of another version."""
    assert _cache.unpack({**_cache.pack("account", REPLIES), **change}, "account") is None


@pytest.mark.parametrize("entry", [None, [], "text", 5, {}, {"replies": "{}"}])
def test_what_is_nothing_like_an_entry(entry: t.Any) -> None:
    """Somebody else's."""
    assert _cache.unpack(entry, "account") is None


def test_names_tell_configurations_urls_and_keys_apart() -> None:
    """A name for each, the same in every run, without the key or the URL in it."""
    names = set()
    for base, url, key in itertools.product(("a", "b"), (URL, URL + "x"), (KEY, KEY + "x", "")):
        account = _cache.account_hash(url, key)
        assert account == _cache.account_hash(url, key)
        names.add(_cache.entry_name(base, account))
        names.add(_cache.pointer_name(base, url))
    assert len(names) == 2 * 2 * 3 + 2 * 2
    for name in names:
        assert KEY not in name
        assert "444host" not in name
        assert "/" not in name
    assert _cache.account_hash("a", "bc") != _cache.account_hash("ab", "c")


def test_secrets_are_left_out() -> None:
    """At any depth and in any spelling; the replies themselves are not changed."""
    row = {
        "id": 1,
        "rootPassword": "hunter2",
        "credentials": {"user": "root"},
        "deep": [{"api-token": "hunter2", "password_set": True}],
        "secret": None,
    }
    replies = Replies([row], {"1": [{"ip": "10.0.0.1", "pwd": "hunter2"}]})
    before = json.dumps(replies)
    entry = _cache.pack("account", replies)
    assert "hunter2" not in json.dumps(entry)
    found = _cache.unpack(entry, "account")
    assert found == Replies([{"id": 1, "deep": [{"password_set": True}]}], {"1": [{"ip": "10.0.0.1"}]})
    assert json.dumps(replies) == before
