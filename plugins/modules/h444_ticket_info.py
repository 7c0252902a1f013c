#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_ticket_info
short_description: List support tickets and their messages
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Gives every ticket of the account, those of one subject, or one ticket, newest first. Nothing found is an empty list.
options:
  id:
    description: Only the ticket of this id.
    type: str
  subject:
    description: Only the tickets of this subject, letter by letter and without white space around it.
    type: str
  status:
    description:
      - Only the tickets of this status, in the words of RV(tickets[].status) or in the API's own.
    type: str
  include_messages:
    description:
      - Read the thread of each ticket, which takes one more request for each.
      - Where the API says that a thread has more messages than can be read, the task fails. A thread is never cut silently.
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
- name: What the support has answered
  h444.cloud.h444_ticket_info:
    status: answered
    include_messages: true
  register: answered

- name: Show the last message of each
  ansible.builtin.debug:
    msg: "{{ item.subject }}: {{ item.messages[-1].body }}"
  loop: "{{ answered.tickets }}"
  loop_control:
    label: "{{ item.id }}"
"""

RETURN = r"""
tickets:
  description: A row for each ticket, newest first. Every further field of the API is kept in snake_case.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The id, always a string.
      type: str
      returned: always
      sample: d7e0c6f1-2b1c-4c6a-9f02-5e2c6f3b8a90
    ticket_number:
      description: The number that the panel and e-mails show.
      type: str
      returned: always
      sample: T-01001
    subject:
      description: The subject.
      type: str
      returned: always
      sample: Mail deliverability
    status:
      description: One of V(open), V(answered) (by the staff), V(resolved), V(closed), or the API's own word where it is none of these.
      type: str
      returned: always
      sample: open
    priority:
      description: The priority.
      type: str
      returned: always
      sample: medium
    department:
      description: The department.
      type: str
      returned: always
      sample: technical
    created_at:
      description: When it was opened, as the API writes it.
      type: raw
      returned: always
      sample: "2026-06-11T09:00:00.000Z"
    updated_at:
      description: When something happened to it last, as the API writes it.
      type: raw
      returned: always
      sample: "2026-06-11T09:00:00.000Z"
    messages:
      description: The thread, oldest first.
      type: list
      elements: dict
      returned: when O(include_messages)
      contains:
        id:
          description: The message's id; null where the API tells none.
          type: str
          returned: always
        author:
          description: V(customer) or V(staff), the API's own word where it is neither, null where nothing tells.
          type: str
          returned: always
          sample: customer
        body:
          description: The text, as the API gives it.
          type: str
          returned: always
          sample: Our PTR record is set, but mail is refused.
        created_at:
          description: When it was posted, as the API writes it.
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


def main() -> None:
    """Run the module."""
    H444Module(SPEC).report(_ticket.report, _ticket.INFO_IDENTIFIERS)


if __name__ == "__main__":
    main()
