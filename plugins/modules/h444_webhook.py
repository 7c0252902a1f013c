#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_webhook
short_description: Manage webhooks
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Creates, changes, pauses and removes webhooks, and rotates their signing secrets. A webhook sends a signed C(POST)
    request to your URL when an event occurs in the account.
  - The URL identifies a webhook. The module compares URLs as browsers do. The case of scheme and host is ignored,
    V(:443) equals no port, and no path equals V(/). Any other difference counts.
  - The API returns a signing secret only once, when the webhook is created or the secret is rotated. The module
    returns it in RV(secret) for C(register), and Ansible never displays it. If O(credentials_file) is set, the module
    writes it to that file instead, under C(webhook/) and the URL.
  - The module never resends a request that creates a webhook. If the reply or the secret in it is lost, the module
    looks for the webhook by its URL, rotates its secret once and issues a warning.
  - If the task could return a secret, the module refuses C(async) and the task keyword C(timeout), because both would
    lose the secret. For the same reason, it refuses C(until) and C(retries) unless O(credentials_file) is set.
options:
  id:
    description:
      - The ID of the webhook. At least one of O(id) and O(url) is required.
    type: str
  url:
    description:
      - The HTTPS URL of the webhook. If two webhooks have this URL, the module refuses the task and lists their IDs.
      - The module refuses a URL with a username or password, because URLs appear in the output. It also refuses a URL
        with a fragment.
    type: str
  state:
    description:
      - V(present) creates the webhook if it is missing and changes the settings that differ.
      - V(absent) removes the webhook. Options that describe the webhook are accepted and ignored. The module refuses
        O(force) and O(rotate_secret).
    type: str
    choices: [present, absent]
    default: present
  new_url:
    description:
      - The new URL of the webhook. A webhook that already has this URL is not changed. This option never creates a
        webhook.
      - The module refuses this option with O(state=absent), because either webhook could be meant.
    type: str
  events:
    description:
      - The complete list of events to deliver, in any order. Required to create a webhook.
      - The events are V(vps.created), V(hosting.created), V(invoice.paid), V(vps.power.changed), V(vps.reinstalled),
        V(vps.ptr.changed), V(vps.terminated), V(ticket.created) and V(ticket.replied). The module refuses other events
        unless O(force=true).
    type: list
    elements: str
  force:
    description:
      - Whether to accept unknown names in O(events), for events that were added to the API later. The module refuses
        this option without O(events).
    type: bool
    default: false
  description:
    description:
      - The description of the webhook. An empty string removes it. If this option is not set, the description is not
        changed.
    type: str
  is_active:
    description:
      - Whether the webhook delivers events. V(false) pauses the webhook. If this option is not set, the webhook is not
        paused or resumed.
      - To create a paused webhook, the module creates an active one and pauses it immediately afterwards.
    type: bool
  rotate_secret:
    description:
      - Whether to issue a new signing secret. The old secret stops signing immediately. The module then issues a new
        secret in every run.
      - A webhook that this run creates always has a new secret. The module refuses this option with O(state=absent).
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
- name: Create a webhook for power actions and ticket replies
  h444.cloud.h444_webhook:
    url: https://example.com/hooks/444host
    events: [vps.power.changed, ticket.replied]
    description: Operations
  register: hook

- name: Give the receiver its secret, which is available in this run only
  ansible.builtin.copy:
    content: "{{ hook.secret }}"
    dest: "{{ playbook_dir }}/receiver.secret"
    mode: "0600"
  when: hook.secret is defined
  no_log: true # h444_webhook hides the secret, but other modules do not

- name: Pause the webhook
  h444.cloud.h444_webhook:
    url: https://example.com/hooks/444host
    is_active: false

- name: Change the URL of the webhook and resume it
  h444.cloud.h444_webhook:
    url: https://example.com/hooks/444host
    new_url: https://hooks.example.com/444host
    is_active: true

- name: Rotate the secret and write it to a file
  h444.cloud.h444_webhook:
    url: https://hooks.example.com/444host
    rotate_secret: true
    credentials_file: "{{ playbook_dir }}/credentials.json"

- name: Remove the webhook
  h444.cloud.h444_webhook:
    url: https://hooks.example.com/444host
    state: absent
"""

RETURN = r"""
webhook:
  description:
    - The webhook after the run. Null if it is absent.
    - All other fields that the API returns, except for the secret, are included with names in snake_case.
  returned: always
  type: dict
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
secret:
  description: The signing secret. Ansible never displays it. Omitted if it was written to O(credentials_file).
  returned: when this run created the webhook or rotated its secret
  type: str
other_secrets:
  description:
    - Other secrets in the reply, keyed by their paths in it, for example C(vnc.password). Ansible never displays them.
      Omitted if they were written to O(credentials_file).
  returned: when the reply contained other secrets
  type: dict
secret_lost:
  description:
    - Whether a one-time secret is lost, because it did not arrive or can't be distinguished from other secrets in the
      reply. The module then issues a warning that explains how to get a new one.
    - V(false) in check mode.
  returned: when this run created the webhook or rotated its secret, or would do so in check mode
  type: bool
  sample: false
credentials_file:
  description: The path of the file that contains the secret.
  returned: when the module wrote the file
  type: str
actions:
  description: The actions that the module performed, or would perform in check mode, in order.
  returned: always
  type: list
  elements: str
  sample: ["create https://example.com/hooks/444host"]
"""

from ansible_collections.h444.cloud.plugins.module_utils import _webhook
from ansible_collections.h444.cloud.plugins.module_utils._converge import run
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import PROTECTED, SECRETS, WEBHOOK, merge

SPEC = merge(WEBHOOK, PROTECTED, SECRETS)


def main(face=H444Module) -> None:
    """Run the module."""
    run(face(SPEC), _webhook.RECONCILER)


if __name__ == "__main__":
    main()
