# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Forward lookups by the system's resolver, for forward-confirmed reverse DNS."""

from __future__ import annotations

import socket

from ._names import ascii_host, canonical_ip


def resolve(name: str) -> list[str]:
    """Return every IPv4 and IPv6 address of a name in canonical form; none when it does not resolve."""
    try:
        # In ASCII, for the codec behind getaddrinfo takes straße.de for strasse.de.
        found = socket.getaddrinfo(name if name.isascii() else ascii_host(name), None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    addresses = (canonical_ip(str(entry[4][0])) for entry in found)
    return sorted({address for address in addresses if address})


def is_confirmed(name: str | None, ip: str) -> bool:
    """Return whether *name* resolves to *ip*."""
    return bool(name) and canonical_ip(ip) in resolve(str(name))
