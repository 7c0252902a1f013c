#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_webhook_delivery_info
short_description: Get information about the deliveries of a webhook
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Returns the latest deliveries of a webhook, newest first. Returns an empty list if no delivery matches or the
    webhook does not exist.
options:
  id:
    description: The ID of the webhook. At least one of O(id) and O(url) is required.
    type: str
  url:
    description:
      - The URL of the webhook. The module compares URLs as M(h444.cloud.h444_webhook) does. If two webhooks have this
        URL, the module refuses the task and lists their IDs.
    type: str
  limit:
    description: The maximum number of deliveries to return, from 1 to 200.
    type: int
    default: 50
  status:
    description:
      - The status of the deliveries to return, V(pending), V(retrying), V(delivered), V(failed) or the API's own
        value. Case is ignored.
      - The module filters the latest 200 deliveries, which are all that the API returns.
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
- name: Get the latest deliveries
  h444.cloud.h444_webhook_delivery_info:
    url: https://example.com/hooks/444host
    limit: 10
  register: recent

- name: Get the deliveries that have failed permanently
  h444.cloud.h444_webhook_delivery_info:
    url: https://example.com/hooks/444host
    status: failed
  register: failed
"""

RETURN = r"""
deliveries:
  description:
    - The deliveries, newest first.
    - All other fields that the API returns are included with names in snake_case.
    - The contents of a request and its response, for example C(payload), are unchanged.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the delivery. Always a string.
      type: str
      returned: always
      sample: 9b2e7c64-1d35-4a8f-b0c9-5f4e3d2c1b0a
    event:
      description: The event that was delivered.
      type: str
      returned: always
      sample: vps.power.changed
    status:
      description:
        - The status of the delivery. V(pending), V(retrying), V(delivered), V(failed), or the API's own value if it is
          none of these.
      type: str
      returned: always
      sample: delivered
    attempt:
      description: The number of delivery attempts.
      type: int
      returned: always
      sample: 1
    response_status:
      description: The HTTP status of the response from the receiver. Null if there was no response.
      type: int
      returned: always
      sample: 200
    duration_ms:
      description: The duration of the attempt in milliseconds.
      type: int
      returned: always
      sample: 84
    error:
      description: The reason why the attempt failed. Null if it did not fail.
      type: str
      returned: always
    created_at:
      description: When the delivery was created, in the format of the API.
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


def main(face=H444Module) -> None:
    """Run the module."""
    face(SPEC).report(_delivery.report, _delivery.INFO_IDENTIFIERS)


if __name__ == "__main__":
    main()
