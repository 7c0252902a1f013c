#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_ticket
short_description: Open, answer and close support tickets
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Opens a support ticket if it is missing, posts a reply to a ticket, and closes it.
  - The module opens a ticket once, no matter what happens to the replies, because the Idempotency-Key is derived from
    the account, the subject, the message, the department and the closed tickets with that subject, and never from the
    run.
  - The module posts a reply once. If the response is lost, it looks for the reply in the thread and never resends it.
    If the thread does not contain the reply, the task fails and reports this.
  - The module reads all pages of a thread. If the API reports more messages than the module can read, it does not post
    a reply, because the reply may be among them. It performs all other actions and issues a warning. O(force_reply)
    posts the reply anyway.
  - A reply reopens a closed ticket. The module then issues a warning. A resolved ticket counts as closed unless there
    is an open ticket with the same subject.
  - If the API truncates a subject, the module finds the ticket by the beginning of the subject and the same O(body).
    If O(body) is not set or differs, and the subject of an open ticket is the beginning of O(subject), the module
    refuses the task and names the ID of that ticket, because it may be a different ticket.
  - The API can't delete tickets or change their subject, priority or department.
options:
  id:
    description:
      - The ID of the ticket. At least one of O(id) and O(subject) is required.
    type: str
  subject:
    description:
      - The exact subject of the ticket. Surrounding whitespace is ignored. It identifies the one ticket with this
        subject that is not closed. If there are several, the module refuses the task and lists their IDs. To close a
        ticket, a resolved ticket also counts if there is an open one.
      - If all tickets with this subject are closed, the module opens a new ticket with O(body).
    type: str
  state:
    description:
      - V(open) opens the ticket if there is no open ticket with this subject. A closed ticket that O(id) identifies
        can only be reopened with O(reply). Without O(reply), the module refuses the task.
      - V(closed) closes the ticket, after it posts O(reply) if that is set. If O(subject) identifies no open ticket,
        the task succeeds.
    type: str
    choices: [open, closed]
    default: open
  body:
    description:
      - The opening message of a new ticket. The module posts it only when it opens the ticket. Use O(reply) to add
        messages.
      - It also identifies a ticket whose subject the API has truncated. This also applies to O(state=closed).
    type: str
  priority:
    description:
      - The priority of a new ticket, for example V(medium). The API does not document the valid values. In check mode,
        the module issues a warning if neither the documentation of the API nor a ticket of the account contains the
        value, because the API may refuse it when the module opens the ticket.
      - The API can't change the priority later. If it differs, the module issues a warning.
    type: str
  department:
    description:
      - The department of a new ticket, for example V(technical). The notes on O(priority) also apply to this option.
    type: str
  reply:
    description:
      - A message to post. The module does not post it if the customer's latest message already has the same text, even
        if the staff has answered since. Whitespace and line endings are ignored. A message whose author the API does
        not return may be the customer's.
    type: str
  force_reply:
    description:
      - Whether to post O(reply) even if the customer's latest message already has the same text. The module then posts
        it in every run.
    type: bool
    default: false
  idempotency_key:
    description:
      - Your own Idempotency-Key for opening the ticket. It consists of 8 to 80 letters, digits, C(.), C(_) or C(-). It
        has no effect if the ticket is already open. The module refuses it with O(state=closed).
      - With this option, the module opens a ticket even if the subject of another open ticket is the beginning of
        O(subject).
    type: str
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._attributes
  - h444.cloud._attributes.idempotent
  - h444.cloud._attributes.actiongroup_h444
attributes:
  idempotent:
    details:
      - The module is not idempotent with O(force_reply=true).
seealso:
  - module: h444.cloud.h444_ticket_info
"""

EXAMPLES = r"""
- name: Open a ticket once
  h444.cloud.h444_ticket:
    subject: Reverse zone of our addresses
    body: |
      Hello,
      please host the reverse zone of our addresses on your DNS.
    priority: medium
    department: technical
  register: asked

- name: Add a message
  h444.cloud.h444_ticket:
    id: "{{ asked.ticket.id }}"
    reply: It is about the server web-1.

- name: Post a reply and close the ticket
  h444.cloud.h444_ticket:
    subject: Reverse zone of our addresses
    reply: Thanks, that fixed it.
    state: closed
"""

RETURN = r"""
ticket:
  description:
    - The ticket after the run. Null if there is no ticket to close.
    - All other fields that the API returns are included with names in snake_case.
  returned: success
  type: dict
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
      returned: always
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
actions:
  description: The actions that the module performed, or would perform in check mode, in order.
  returned: always
  type: list
  elements: str
  sample: [open Mail deliverability]
"""

from ansible_collections.h444.cloud.plugins.module_utils import _ticket
from ansible_collections.h444.cloud.plugins.module_utils._converge import run
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import merge

SPEC = merge(
    id={"type": "str"},
    subject={"type": "str"},
    state={"type": "str", "default": "open", "choices": ["open", "closed"]},
    body={"type": "str"},
    priority={"type": "str"},
    department={"type": "str"},
    reply={"type": "str"},
    force_reply={"type": "bool", "default": False},
    idempotency_key={"type": "str", "no_log": False},
)


def main(face=H444Module) -> None:
    """Run the module."""
    run(face(SPEC), _ticket.RECONCILER)


if __name__ == "__main__":
    main()
