# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Takes keys, tokens and secrets out of a text before it is shown. Pure."""

from __future__ import annotations

import re

# What looks like a token, but not words: "only bearer tokens are accepted" stays. Also what is before the @ of a URL.
REDACTED = re.compile(
    r"h444_[A-Za-z0-9._~+/=-]+|whsec_[A-Za-z0-9_-]+|(?<=://)[^\s/]+(?=@)"
    r"|(?i:\bauthorization\W{1,4}bearer\s+)\S+"
    r"|(?i:\bbearer\s+)(?=\S{0,64}?(?:[0-9]|[a-z][A-Z]|[.=+]\S)|\S{20})\S+"
)


def scrub(text: str) -> str:
    """Take keys, tokens and webhook secrets out of a text. For foreign texts: names like h444_vps look like a key."""
    return REDACTED.sub("[redacted]", text)
