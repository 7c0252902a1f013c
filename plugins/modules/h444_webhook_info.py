#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_webhook_info
short_description: Get information about webhooks
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Returns all webhooks of the account or the specified one. Returns an empty list if no webhook matches. The result
    never contains signing secrets.
options:
  id:
    description: The ID of the webhook to return.
    type: str
  url:
    description: The URL of the webhooks to return. The module compares URLs as M(h444.cloud.h444_webhook) does.
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
- name: Get all webhooks of the account
  h444.cloud.h444_webhook_info:
  register: hooks

- name: Show the paused webhooks
  ansible.builtin.debug:
    msg: "{{ hooks.webhooks | rejectattr('is_active') | map(attribute='url') | list }}"

- name: Get the webhook of a URL
  h444.cloud.h444_webhook_info:
    url: https://example.com/hooks/444host
"""

RETURN = r"""
webhooks:
  description:
    - The webhooks.
    - All other fields that the API returns, except for the secret, are included with names in snake_case.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the webhook. Always a string.
      type: str
      returned: always
      sample: f3c9d1b7-8a20-4f57-9f6b-7c5e4d3b2a18
    url:
      description: The URL that receives the deliveries.
      type: str
      returned: always
      sample: https://example.com/hooks/444host
    events:
      description: The events that the webhook delivers, in the order of the API. Empty if they are unknown.
      type: list
      elements: str
      returned: always
      sample: [vps.power.changed, ticket.replied]
    description:
      description: The description of the webhook. Null if there is none.
      type: str
      returned: always
    is_active:
      description: Whether the webhook delivers events. V(false) if the webhook is paused.
      type: bool
      returned: always
    created_at:
      description: When the webhook was created, in the format of the API.
      type: raw
      returned: always
      sample: "2026-06-11T09:00:00.000Z"
"""

from ansible_collections.h444.cloud.plugins.module_utils import _webhook
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import PATTERNS, merge

SPEC = merge(PATTERNS, id={"type": "str"}, url={"type": "str"})


def main(face=H444Module) -> None:
    """Run the module."""
    face(SPEC).report(_webhook.report, _webhook.INFO_IDENTIFIERS)


if __name__ == "__main__":
    main()
