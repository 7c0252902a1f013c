#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_webhook_redelivery
short_description: Deliver an event once more
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Clones a past delivery of a webhook into a fresh attempt. Every run sends it once more.
  - The request is never repeated. Where its reply is lost the task fails, and the message says how to look whether it was
    carried out.
  - The API shows the newest 200 deliveries. One that it does not show is refused where the API shows all that there are;
    else the API itself is asked, and check mode warns that it can't tell.
options:
  id:
    description: The webhook's id. O(id) or O(url) is needed.
    type: str
  url:
    description:
      - The webhook's URL, compared as M(h444.cloud.h444_webhook) does. Two webhooks of the same URL are refused with their
        ids.
    type: str
  delivery_id:
    description:
      - The id of the delivery, as RV(h444.cloud.h444_webhook_delivery_info#module:deliveries[].id) names it.
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
      - Every run delivers once more.
seealso:
  - module: h444.cloud.h444_webhook_delivery_info
  - module: h444.cloud.h444_webhook
"""

EXAMPLES = r"""
- name: What could not be delivered?
  h444.cloud.h444_webhook_delivery_info:
    url: https://example.com/hooks/444host
  register: recent

- name: Deliver it once more, now that the receiver works again
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
    - The new delivery. Null where the task failed, and where the API does not tell which delivery it made.
    - In check mode its RV(delivery.id) is null.
  returned: always
  type: dict
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
actions:
  description: What was done, or would be.
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


def main() -> None:
    """Run the module."""
    run(H444Module(SPEC), _delivery.REDELIVERY)


if __name__ == "__main__":
    main()
