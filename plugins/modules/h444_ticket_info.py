#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_ticket_info
short_description: Get information about support tickets
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Returns all tickets of the account, the tickets with one subject, or one ticket, newest first. Returns an empty
    list if no ticket matches.
options:
  id:
    description: The ID of the ticket to return.
    type: str
  subject:
    description: The exact subject of the tickets to return. Surrounding whitespace is ignored.
    type: str
  status:
    description:
      - The status of the tickets to return, as a value of RV(tickets[].status) or as the API's own value.
    type: str
  include_messages:
    description:
      - Whether to return the messages of each ticket. This takes one more request for each ticket.
      - If the API reports more messages than the module can read, the task fails. The module never truncates a thread
        silently.
    type: bool
    default: false
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._attributes.info_module
  - h444.cloud._attributes.actiongroup_h444
seealso:
  - module: h444.cloud.h444_ticket
"""

EXAMPLES = r"""
- name: Get the tickets that the support has answered
  h444.cloud.h444_ticket_info:
    status: answered
    include_messages: true
  register: answered

- name: Show the last message of each ticket
  ansible.builtin.debug:
    msg: "{{ item.subject }}: {{ item.messages[-1].body }}"
  loop: "{{ answered.tickets }}"
  loop_control:
    label: "{{ item.id }}"
"""

RETURN = r"""
tickets:
  description:
    - The tickets, newest first.
    - All other fields that the API returns are included with names in snake_case.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the ticket. Always a string.
      type: str
      returned: always
      sample: d7e0c6f1-2b1c-4c6a-9f02-5e2c6f3b8a90
    ticket_number:
      description: The number of the ticket in the panel and in emails.
      type: str
      returned: always
      sample: T-01001
    subject:
      description: The subject of the ticket.
      type: str
      returned: always
      sample: Mail deliverability
    status:
      description:
        - The status of the ticket. V(open), V(answered) (by the staff), V(resolved), V(closed), or the API's own value
          if it is none of these.
      type: str
      returned: always
      sample: open
    priority:
      description: The priority of the ticket.
      type: str
      returned: always
      sample: medium
    department:
      description: The department of the ticket.
      type: str
      returned: always
      sample: technical
    created_at:
      description: When the ticket was opened, in the format of the API.
      type: raw
      returned: always
      sample: "2026-06-11T09:00:00.000Z"
    updated_at:
      description: When the ticket was last updated, in the format of the API.
      type: raw
      returned: always
      sample: "2026-06-11T09:00:00.000Z"
    messages:
      description: The messages of the ticket, oldest first.
      type: list
      elements: dict
      returned: when O(include_messages=true)
      contains:
        id:
          description: The ID of the message. Null if the API does not return it.
          type: str
          returned: always
        author:
          description:
            - The author of the message. V(customer), V(staff), or the API's own value if it is neither of these. Null
              if the API does not return it.
          type: str
          returned: always
          sample: customer
        body:
          description: The text of the message, as the API returns it.
          type: str
          returned: always
          sample: Our PTR record is set, but mail is refused.
        created_at:
          description: When the message was posted, in the format of the API.
          type: raw
          returned: always
          sample: "2026-06-11T09:00:00.000Z"
"""

from ansible_collections.h444.cloud.plugins.module_utils import _ticket
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import merge

SPEC = merge(
    id={"type": "str"},
    subject={"type": "str"},
    status={"type": "str"},
    include_messages={"type": "bool", "default": False},
)


def main(face=H444Module) -> None:
    """Run the module."""
    face(SPEC).report(_ticket.report, _ticket.INFO_IDENTIFIERS)


if __name__ == "__main__":
    main()
