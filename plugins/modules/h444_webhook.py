#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_webhook
short_description: Subscribe a URL to events
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Creates, changes, pauses and removes webhooks, signed POSTs to a URL of yours when something happens on the account, and
    rotates their signing secrets.
  - A webhook is known by its URL. URLs are compared as browsers read them, so scheme and host without case, V(:443) like
    no port, no path like V(/); everything else counts.
  - A secret is told by the API once, when the webhook is created or the secret rotated. It is in RV(secret) for C(register),
    and no output shows it; or it goes to O(credentials_file), under C(webhook/) and the URL.
  - A creation is never sent twice. Where its reply or the secret in it was lost, the webhook is looked for by its URL, its
    secret is rotated once, and a warning says so.
  - C(async) and the task keyword C(timeout) are refused where the task could bring a secret, for both would lose it.
    So are C(until) and C(retries) without O(credentials_file).
options:
  id:
    description:
      - The webhook's id. O(id) or O(url) is needed.
    type: str
  url:
    description:
      - The HTTPS URL. Two webhooks of the same URL are refused with their ids.
      - A URL with user name or password is refused, for outputs show URLs; so is one with a fragment.
    type: str
  state:
    description:
      - V(present) creates the webhook if it is missing, and changes what differs.
      - V(absent) removes it. Options that describe the webhook are allowed, and ignored.
        O(force) and O(rotate_secret) are refused.
    type: str
    choices: [present, absent]
    default: present
  new_url:
    description:
      - The URL that the webhook gets. A webhook that has it already is left as it is; nothing is created.
      - Refused with O(state=absent), because either webhook could be meant.
    type: str
  events:
    description:
      - The events to deliver, all of them; the order means nothing. Needed to create a webhook.
      - There are V(vps.created), V(hosting.created), V(invoice.paid), V(vps.power.changed), V(vps.reinstalled),
        V(vps.ptr.changed), V(vps.terminated), V(ticket.created) and V(ticket.replied). Others are refused, see O(force).
    type: list
    elements: str
  force:
    description:
      - Accept other names in O(events), for events that were added to the API later. Refused without O(events).
    type: bool
    default: false
  description:
    description:
      - A description. An empty one takes it away; left as it is where the option is not given.
    type: str
  is_active:
    description:
      - Whether events are delivered; V(false) pauses the webhook. Left as it is where the option is not given.
      - A webhook is created active and paused right afterwards.
    type: bool
  rotate_secret:
    description:
      - Issue a new signing secret; the old one stops signing at once. Every run then rotates.
      - A webhook that this run creates has a new secret anyway. Refused with O(state=absent).
    type: bool
    default: false
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._protected
  - h444.cloud._secrets
  - h444.cloud._attributes
  - h444.cloud._attributes.actiongroup_h444
attributes:
  idempotent:
    description: Running the same task twice in a row changes nothing the second time.
    support: partial
    details:
      - O(rotate_secret=true) issues a new secret every time.
seealso:
  - module: h444.cloud.h444_webhook_info
  - module: h444.cloud.h444_webhook_delivery_info
  - module: h444.cloud.h444_webhook_redelivery
  - plugin: h444.cloud.webhook_signed
    plugin_type: test
"""

EXAMPLES = r"""
- name: Tell a receiver of yours about power actions and answers to tickets
  h444.cloud.h444_webhook:
    url: https://example.com/hooks/444host
    events: [vps.power.changed, ticket.replied]
    description: Operations
  register: hook

- name: Give the receiver its secret, which is known in this run only
  ansible.builtin.copy:
    content: "{{ hook.secret }}"
    dest: "{{ playbook_dir }}/receiver.secret"
    mode: "0600"
  when: hook.secret is defined
  no_log: true # h444_webhook hides the secret itself, other modules have to be told

- name: Pause it
  h444.cloud.h444_webhook:
    url: https://example.com/hooks/444host
    is_active: false

- name: Move it to another URL
  h444.cloud.h444_webhook:
    url: https://example.com/hooks/444host
    new_url: https://hooks.example.com/444host
    is_active: true

- name: A new secret, kept in a file
  h444.cloud.h444_webhook:
    url: https://hooks.example.com/444host
    rotate_secret: true
    credentials_file: "{{ playbook_dir }}/credentials.json"

- name: Remove it; a second time changes nothing
  h444.cloud.h444_webhook:
    url: https://hooks.example.com/444host
    state: absent
"""

RETURN = r"""
webhook:
  description:
    - The webhook after the run; null when it is absent. Every further field of the API but the secret is kept in snake_case.
  returned: always
  type: dict
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
secret:
  description: The signing secret. No output shows it. Left out when O(credentials_file) took it.
  returned: when this run created the webhook or rotated its secret
  type: str
other_secrets:
  description:
    - Any further secrets in the reply, by their paths in it, such as C(vnc.password). No output shows them. Left out if
      they were written to O(credentials_file).
  returned: when the reply held any
  type: dict
secret_lost:
  description:
    - Whether a one-time secret did not arrive, or can't be distinguished from others. A warning then says how to get a new one.
    - V(false) in check mode.
  returned: when this run created the webhook or rotated its secret, or would
  type: bool
  sample: false
credentials_file:
  description: The file that holds the secret now.
  returned: when it was written
  type: str
actions:
  description: What was done, or would be, in order.
  returned: always
  type: list
  elements: str
  sample: ["create https://example.com/hooks/444host"]
"""

from ansible_collections.h444.cloud.plugins.module_utils import _webhook
from ansible_collections.h444.cloud.plugins.module_utils._converge import run
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import PROTECTED, SECRETS, merge

SPEC = merge(
    PROTECTED,
    SECRETS,
    id={"type": "str"},
    url={"type": "str"},
    state={"type": "str", "default": "present", "choices": ["present", "absent"]},
    new_url={"type": "str"},
    events={"type": "list", "elements": "str"},
    force={"type": "bool", "default": False},
    description={"type": "str"},
    is_active={"type": "bool"},
    rotate_secret={"type": "bool", "default": False, "no_log": False},
)


def main() -> None:
    """Run the module."""
    run(H444Module(SPEC), _webhook.RECONCILER)


if __name__ == "__main__":
    main()
