# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The key and the URL: what has the form of one, and that nothing is sent or shown where it has not."""

from __future__ import annotations

import pytest

from ansible_collections.h444.cloud.plugins.module_utils._access import check_key, check_url, is_on_this_machine
from ansible_collections.h444.cloud.plugins.module_utils._client import Client, open_client
from ansible_collections.h444.cloud.plugins.module_utils._errors import (
    BadOption,
)
from ansible_collections.h444.cloud.plugins.module_utils._pacer import Pacer
from ansible_collections.h444.cloud.tests.unit.plugins.module_utils.bench import (
    KEY,
)
from ansible_collections.h444.cloud.tests.unit.plugins.module_utils.wire import (
    Wire,
)


@pytest.mark.parametrize("key", [KEY, "h444_at_abc.DEF-123~x+/==", "h444_" + "a" * 512])
def test_good_keys_are_taken(key: str) -> None:
    assert check_key(key) == key


@pytest.mark.parametrize(
    "key,words",
    [
        (None, "the key is missing"),
        ("", "the key is missing"),
        (KEY + "\n", "newline"),
        (KEY + "\r\n", "newline"),
        (" " + KEY, "whitespace"),
        ("h444_canary 0123", "whitespace or control"),
        ("h444_canary\x000123", "control"),
        ("h444_canary\nX-Evil: 1", "whitespace or control"),
        ("sk_live_canary0123", "does not begin with 'h444_'"),
        ("H444_canary0123", "does not begin"),
        ("Bearer h444_canary0123", "whitespace"),
        ("h444_abc", "too short"),
        ("h444_" + "canary" * 100, "too long"),
        ("h444_canäry0123", "contains invalid characters"),
        ("h444_canary{{ x }}", "whitespace"),
    ],
)
def test_wrong_keys_are_refused_and_not_shown(key: str | None, words: str) -> None:
    with Wire() as wire:
        options = {
            "api_key": key,
            "api_url": wire.url,
            "api_timeout": 5,
            "api_retries": 0,
            "rate_limit": 0,
            "validate_certs": True,
        }
        with pytest.raises(BadOption, match=words) as caught:
            open_client(options, "h444_test")
        shown = str(caught.value) + repr(caught.value) + repr(caught.value.facts)
        assert "canary" not in shown and "abc" not in shown
        assert caught.value.__cause__ is None
        assert wire.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "https://api.444host.com/v1",
        "https://api.444host.com:8443/v1",
        "http://127.0.0.1:18444/v1",
        "http://127.1.2.3/v1",
        "http://localhost:1/v1",
        "http://[::1]:1/v1",
    ],
)
def test_good_urls_are_taken(url: str) -> None:
    assert check_url(url) == url == check_url(url + "/")


@pytest.mark.parametrize(
    "url,words",
    [
        ("http://api.444host.com/v1", "Use https"),
        ("http://10.0.0.1/v1", "Use https"),
        ("http://127.0.0.1.example.com/v1", "Use https"),
        ("http://localhost.example.com/v1", "Use https"),
        ("http://[::ffff:10.0.0.1]/v1", "Use https"),
        ("http://127.0.0.1@example.com/v1", "username"),
        ("https://user:canary@api.444host.com/v1", "username"),
        ("https://api.444host.com/v1?x=1", "query"),
        ("https://api.444host.com/v1#x", "fragment"),
        ("https://api.444host.com/v1?", "query"),
        ("https://api.444host.com/v1#", "fragment"),
        ("https://api.444host.com/v1/?", "query"),
        ("https://@api.444host.com/v1", "username"),
        ("ftp://api.444host.com/v1", "is not a URL"),
        ("file:///etc/passwd", "is not a URL"),
        ("api.444host.com/v1", "is not a URL"),
        ("https://", "is not a URL"),
        ("", "is not a URL"),
        ("https://api.444host.com:99999/v1", "is not a URL"),
        ("https://[::1/v1", "is not a URL"),
        ("https://api.444host.com\\@evil/v1", "is not a URL"),
        ("https://api.444host.com /v1", "is not a URL"),
        ("https://api.444host.com/v1\n", "is not a URL"),
    ],
)
def test_wrong_urls_are_refused(url: str, words: str) -> None:
    with pytest.raises(BadOption, match=words) as caught:
        Client(url, KEY, pacer=Pacer(url, KEY, 0))
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("api_url", "is_here"),
    [
        ("http://127.0.0.1:18444/v1", True),
        ("http://localhost/v1", True),
        ("http://[::1]:5/v1", True),
        ("https://api.444host.com/v1", False),
        ("https://127.0.0.1.example.com/v1", False),
        ("https://127.0.0.1@example.com/v1", False),
        ("http://[127.0.0.1", False),
        ("", False),
    ],
)
def test_an_api_on_this_machine(api_url: str, is_here: bool) -> None:
    assert is_on_this_machine(api_url) is is_here
