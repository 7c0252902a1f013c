#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_webhook_info
short_description: List webhooks
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Gives every webhook of the account, or one. Nothing found is an empty list. Secrets are never shown.
options:
  id:
    description: Only the webhook of this id.
    type: str
  url:
    description: Only the webhooks of this URL, compared as M(h444.cloud.h444_webhook) does.
    type: str
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._patterns
  - h444.cloud._attributes.info_module
  - h444.cloud._attributes.actiongroup_h444
seealso:
  - module: h444.cloud.h444_webhook
  - module: h444.cloud.h444_webhook_delivery_info
"""

EXAMPLES = r"""
- name: Every webhook of the account
  h444.cloud.h444_webhook_info:
  register: hooks

- name: Which are paused?
  ansible.builtin.debug:
    msg: "{{ hooks.webhooks | rejectattr('is_active') | map(attribute='url') | list }}"

- name: The one of a URL
  h444.cloud.h444_webhook_info:
    url: https://example.com/hooks/444host
"""

RETURN = r"""
webhooks:
  description: A row for each webhook. Every further field of the API but the secret is kept in snake_case.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The id, always a string.
      type: str
      returned: always
      sample: f3c9d1b7-8a20-4f57-9f6b-7c5e4d3b2a18
    url:
      description: The URL that gets the deliveries.
      type: str
      returned: always
      sample: https://example.com/hooks/444host
    events:
      description: The events that are delivered, in the order of the API; empty if they are not known.
      type: list
      elements: str
      returned: always
      sample: [vps.power.changed, ticket.replied]
    description:
      description: The description; null where there is none.
      type: str
      returned: always
    is_active:
      description: Whether events are delivered; V(false) while it is paused.
      type: bool
      returned: always
    created_at:
      description: When the webhook was made, as the API writes it.
      type: raw
      returned: always
      sample: "2026-06-11T09:00:00.000Z"
"""

from ansible_collections.h444.cloud.plugins.module_utils import _webhook
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import PATTERNS, merge

SPEC = merge(PATTERNS, id={"type": "str"}, url={"type": "str"})


def main() -> None:
    """Run the module."""
    H444Module(SPEC).report(_webhook.report, _webhook.INFO_IDENTIFIERS)


if __name__ == "__main__":
    main()
