# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a client is opened with: the form of a key and of the API's URL, checked before the first request. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ._errors import BadOption
from ._names import clean

KEY_PAGE = "https://www.444host.com/account/api-keys"
# Shape of a key (h444_…) and of an OAuth access token (h444_at_…): RFC 6750's characters after the prefix.
KEY_PATTERN = re.compile(r"\Ah444_[A-Za-z0-9._~+/=-]{4,512}\Z")
SHORTEST_KEY = len("h444_") + 4
LOOPBACK = frozenset({"localhost", "::1"})


def check_key(api_key: str | None) -> str:
    """Return the key if it has the form of one, else raise BadOption, without the value."""
    if not api_key:
        raise BadOption(
            "api_key: the key is missing. Set the option or the environment variable H444_API_KEY. Create keys at %s."
            % KEY_PAGE
        )
    if not KEY_PATTERN.match(api_key):
        raise BadOption("api_key: this is not a 444Host key: %s. Nothing was sent." % _fault_of_key(api_key))
    return api_key


def _fault_of_key(api_key: str) -> str:
    if api_key.strip() != api_key:
        return "it begins or ends with whitespace or a newline (the filter 'trim' removes them)"
    if re.search(r"[\s\x00-\x1f\x7f]", api_key):
        return "it contains whitespace or control characters"
    if not api_key.startswith("h444_"):
        return "it does not begin with 'h444_'"
    return "it is too short, too long or contains invalid characters"


def check_url(api_url: str) -> str:
    """Return the base URL without its trailing slash, else raise BadOption."""
    try:
        parts = urlsplit(api_url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not host or re.search(r"[\s\\]", api_url):
        raise BadOption("api_url: '%s' is not a URL like https://api.444host.com/v1." % clean(api_url, 80))
    if "@" in parts.netloc or "?" in api_url or "#" in api_url:
        raise BadOption("api_url: the URL must not contain a username, query or fragment.")
    if parts.scheme == "http" and not is_loopback(host):
        raise BadOption(
            "api_url: http would send the key unencrypted to %s. Use https (http is only for this machine)."
            % clean(host, 80)
        )
    return api_url.rstrip("/")


def is_on_this_machine(api_url: str) -> bool:
    """Return whether the API is on this machine, as the simulator is."""
    try:
        return is_loopback(urlsplit(api_url).hostname or "")
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    return host in LOOPBACK or bool(re.match(r"\A127(?:\.[0-9]{1,3}){3}\Z", host))
