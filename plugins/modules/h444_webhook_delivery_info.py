#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_webhook_delivery_info
short_description: List what a webhook has delivered
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Gives the newest deliveries of a webhook, the newest first. Nothing found is an empty list, and so is a webhook that does
    not exist.
options:
  id:
    description: The webhook's id. O(id) or O(url) is needed.
    type: str
  url:
    description:
      - The webhook's URL, compared as M(h444.cloud.h444_webhook) does. Two webhooks of the same URL are refused with their
        ids.
    type: str
  limit:
    description: How many deliveries are given at most, from 1 to 200.
    type: int
    default: 50
  status:
    description:
      - Only deliveries in this state, V(pending), V(retrying), V(delivered), V(failed), or a word of the API's own. Case
        means nothing.
      - They are chosen from the newest 200, which is all that the API shows.
    type: str
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._attributes.info_module
  - h444.cloud._attributes.actiongroup_h444
seealso:
  - module: h444.cloud.h444_webhook_redelivery
  - module: h444.cloud.h444_webhook
"""

EXAMPLES = r"""
- name: The newest deliveries
  h444.cloud.h444_webhook_delivery_info:
    url: https://example.com/hooks/444host
    limit: 10
  register: recent

- name: Those that have failed for good
  h444.cloud.h444_webhook_delivery_info:
    url: https://example.com/hooks/444host
    status: failed
  register: failed
"""

RETURN = r"""
deliveries:
  description:
    - A row for each delivery, the newest first. Every further field of the API is kept in snake_case; what was sent and
      answered (for instance C(payload)) is as the API tells it.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The id, always a string.
      type: str
      returned: always
      sample: 9b2e7c64-1d35-4a8f-b0c9-5f4e3d2c1b0a
    event:
      description: The event.
      type: str
      returned: always
      sample: vps.power.changed
    status:
      description: V(pending), V(retrying), V(delivered), V(failed), or the word of the API where it is none of these.
      type: str
      returned: always
      sample: delivered
    attempt:
      description: How many attempts were made.
      type: int
      returned: always
      sample: 1
    response_status:
      description: The HTTP status that the receiver answered; null where there was no answer.
      type: int
      returned: always
      sample: 200
    duration_ms:
      description: How long the attempt took, in milliseconds.
      type: int
      returned: always
      sample: 84
    error:
      description: Why the attempt failed; null where it did not.
      type: str
      returned: always
    created_at:
      description: When the delivery was made, as the API writes it.
      type: raw
      returned: always
      sample: "2026-06-11T09:00:00.000Z"
"""

from ansible_collections.h444.cloud.plugins.module_utils import _delivery
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import merge

SPEC = merge(
    id={"type": "str"},
    url={"type": "str"},
    limit={"type": "int", "default": 50},
    status={"type": "str"},
)


def main() -> None:
    """Run the module."""
    H444Module(SPEC).report(_delivery.report, _delivery.INFO_IDENTIFIERS)


if __name__ == "__main__":
    main()
