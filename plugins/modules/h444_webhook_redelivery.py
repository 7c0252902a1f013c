#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_webhook_redelivery
short_description: Resend a delivery of a webhook
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Creates a new delivery from a past delivery of a webhook. Every run sends it again.
  - The module never resends the request itself. If the reply is lost, the task fails and explains how to check whether
    the delivery was created.
  - The API returns the latest 200 deliveries. If the list is complete and does not contain the delivery, the module
    refuses the task. If the list is not complete, the module sends the request anyway. In check mode, it then issues a
    warning that it can't know the outcome.
options:
  id:
    description: The ID of the webhook. At least one of O(id) and O(url) is required.
    type: str
  url:
    description:
      - The URL of the webhook. The module compares URLs as M(h444.cloud.h444_webhook) does. If two webhooks have this
        URL, the module refuses the task and lists their IDs.
    type: str
  delivery_id:
    description:
      - The ID of the delivery, as returned in RV(h444.cloud.h444_webhook_delivery_info#module:deliveries[].id).
    type: str
    required: true
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._attributes
  - h444.cloud._attributes.actiongroup_h444
attributes:
  idempotent:
    description: Running the same task twice in a row changes nothing the second time.
    support: none
    details:
      - Every run sends the delivery again.
seealso:
  - module: h444.cloud.h444_webhook_delivery_info
  - module: h444.cloud.h444_webhook
"""

EXAMPLES = r"""
- name: Get the latest deliveries
  h444.cloud.h444_webhook_delivery_info:
    url: https://example.com/hooks/444host
  register: recent

- name: Resend all of them that are not delivered
  h444.cloud.h444_webhook_redelivery:
    url: https://example.com/hooks/444host
    delivery_id: "{{ item.id }}"
  loop: "{{ recent.deliveries | rejectattr('status', 'equalto', 'delivered') | list }}"
  loop_control:
    label: "{{ item.event }}"
"""

RETURN = r"""
delivery:
  description:
    - The new delivery. Null if the task failed, or if the API does not return which delivery it created.
    - In check mode, RV(delivery.id) is null.
  returned: always
  type: dict
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
actions:
  description: The actions that the module performed, or would perform in check mode, in order.
  returned: always
  type: list
  elements: str
"""

from ansible_collections.h444.cloud.plugins.module_utils import _delivery
from ansible_collections.h444.cloud.plugins.module_utils._converge import run
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import merge

SPEC = merge(
    id={"type": "str"},
    url={"type": "str"},
    delivery_id={"type": "str", "required": True},
)


def main(face=H444Module) -> None:
    """Run the module."""
    run(face(SPEC), _delivery.REDELIVERY)


if __name__ == "__main__":
    main()
