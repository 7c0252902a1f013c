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
  - Opens a support ticket that is missing, posts a reply to one, and closes it.
  - A ticket is opened once, whatever happens to the API's answers, because its Idempotency-Key is made of the account, the
    subject, the message, the department and the closed tickets of that subject, never of the run.
  - A reply is posted once. One whose answer was lost is looked for in the thread and never sent again; where the thread does
    not show it, the task fails and says so.
  - A thread that comes in pages is read whole. Where the API says that there are more messages than can be read, no reply is
    posted, for it may be among them; O(force_reply) posts it. Everything else is done, with a warning.
  - A reply re-opens a closed ticket; that is a warning. A resolved ticket counts as closed, unless an open one
    has the same subject.
  - Where the API cuts a subject, the ticket is found again by its beginning and the same O(body). Without O(body), or with
    another one, an open ticket whose subject is the beginning of O(subject) is refused with its id, for it may be another
    ticket.
  - Tickets can't be deleted, and their subject, priority and department can't be changed.
options:
  id:
    description:
      - The ticket's id. O(id) or O(subject) is needed.
    type: str
  subject:
    description:
      - The ticket's exact subject, ignoring white space around it. It means the one ticket of this subject that is
        not closed. Several are refused with their ids; to close one, a resolved ticket beside an open one counts, too.
      - Where only closed ones have it, a new ticket is opened with O(body).
    type: str
  state:
    description:
      - V(open) opens the ticket if none of this subject is open. A closed ticket named by O(id) can be re-opened by
        O(reply) only, so without one it is refused.
      - V(closed) closes it, after O(reply) if one is given. With O(subject), no open ticket is no error.
    type: str
    choices: [open, closed]
    default: open
  body:
    description:
      - The opening message of a new ticket. It is posted only when the ticket is opened. Use O(reply) to add more.
      - It also identifies a ticket whose subject the API has cut, with O(state=closed) too.
    type: str
  priority:
    description:
      - The priority to open with, like V(medium). The API does not document the valid words. Check mode warns where neither
        its documentation nor a ticket of the account shows the word, for the API may refuse it when the ticket is opened.
      - The API can't change it later; a difference is a warning.
    type: str
  department:
    description:
      - The department to open with, like V(technical). The same applies as for O(priority).
    type: str
  reply:
    description:
      - A message to post. It is not posted where the customer's latest message says the same already, whatever the staff
        wrote after it; white space and line ends don't count. A message whose author the API does not tell may be the
        customer's.
    type: str
  force_reply:
    description:
      - Post O(reply) even if the customer's latest message says it already. Every run then posts it.
    type: bool
    default: false
  idempotency_key:
    description:
      - An Idempotency-Key of your own for the opening, 8 to 80 letters, digits, C(.), C(_) or C(-). It has no use where the
        ticket is open already, and is refused with O(state=closed).
      - With it, a ticket is opened although another open one has the beginning of O(subject) for its subject.
    type: str
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._attributes
  - h444.cloud._attributes.idempotent
  - h444.cloud._attributes.actiongroup_h444
attributes:
  idempotent:
    details:
      - Not with O(force_reply).
seealso:
  - module: h444.cloud.h444_ticket_info
"""

EXAMPLES = r"""
- name: Ask once, however often this runs
  h444.cloud.h444_ticket:
    subject: Reverse zone of our addresses
    body: |
      Hello,
      please host the reverse zone of our addresses on your DNS.
    priority: medium
    department: technical
  register: asked

- name: Say more
  h444.cloud.h444_ticket:
    id: "{{ asked.ticket.id }}"
    reply: It is about the server web-1.

- name: Thank you, and goodbye
  h444.cloud.h444_ticket:
    subject: Reverse zone of our addresses
    reply: Thanks, that fixed it.
    state: closed
"""

RETURN = r"""
ticket:
  description: The ticket after the run; null where none is there to be closed. Every further field of the API is kept in snake_case.
  returned: success
  type: dict
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
      returned: always
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
actions:
  description: What was done, or would be.
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


def main() -> None:
    """Run the module."""
    run(H444Module(SPEC), _ticket.RECONCILER)


if __name__ == "__main__":
    main()
