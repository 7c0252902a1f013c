# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Keys, tokens and secrets are taken out of a text before it is shown. Pure."""

from __future__ import annotations

import re

# What looks like a token, and no words: "only bearer tokens are accepted" stays whole. Also what stands before the @ of a URL.
REDACTED = re.compile(
    r"h444_[A-Za-z0-9._~+/=-]+|whsec_[A-Za-z0-9_-]+|(?<=://)[^\s/]+(?=@)"
    r"|(?i:\bauthorization\W{1,4}bearer\s+)\S+"
    r"|(?i:\bbearer\s+)(?=\S{0,64}?(?:[0-9]|[a-z][A-Z]|[.=+]\S)|\S{20})\S+"
)
# The collection's own modules. Their names look like keys, and a sentence may name any of them as the way out.
MODULES = frozenset({
    "h444_account_info", "h444_api", "h444_domain", "h444_domain_info", "h444_hosting", "h444_hosting_info", "h444_invoice_info",
    "h444_oauth_device", "h444_oauth_token", "h444_os_template_info", "h444_product_info", "h444_ptr", "h444_ptr_info", "h444_ticket",
    "h444_ticket_info", "h444_vps", "h444_vps_info", "h444_wallet_info", "h444_webhook", "h444_webhook_delivery_info",
    "h444_webhook_info", "h444_webhook_redelivery",
})  # fmt: skip


def scrub(text: str) -> str:
    """Take keys, tokens and webhook secrets out of a text."""
    return REDACTED.sub(lambda found: found.group() if found.group().rstrip(".") in MODULES else "[redacted]", text)
