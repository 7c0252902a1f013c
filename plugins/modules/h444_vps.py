#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_vps
short_description: Manage servers
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Orders a server if it is missing. Starts, stops, restarts, renames, reinstalls or terminates an existing server.
  - An order debits the wallet immediately. The module places it exactly once, no matter what happens to the replies,
    because the Idempotency-Key is derived from the account and the label, and never from the run.
  - Only the reply to the order contains the initial root password. The module returns it in RV(root_password) for
    C(register), and Ansible never displays it. If O(credentials_file) is set, the module writes it to that file
    instead.
  - If the task could order or reinstall a server, the module refuses C(async) and the task keyword C(timeout), because
    both would lose the password. For the same reason, it refuses C(until) and C(retries) unless O(credentials_file) is
    set.
options:
  id:
    description:
      - The ID of the server. At least one of O(id) and O(label) is required.
    type: str
  label:
    description:
      - The label of the server. If two servers have this label, the module refuses the task and lists their IDs.
      - If no server has this label, the module places an order only if no existing server could be the requested one.
        If a server has the same hostname, or its label differs only in case or punctuation or seems to be truncated,
        the module refuses the task and names the ID of that server. It also refuses an order if the API returns a
        server without a label.
    type: str
  state:
    description:
      - V(present) orders the server if it is missing.
      - V(started), V(stopped) and V(restarted) order the server if it is missing, and then set its power state.
        V(restarted) always reports a change. If a server is stopped after its order, V(started) and V(restarted) start
        it.
      - V(reinstalled) wipes the disk and installs O(os_template) if a different template is installed or
        O(force=true). It never places an order. The task fails if the server is missing. If the API does not return
        the installed template, the module wipes the disk only if O(force=true).
      - V(absent) terminates the server and destroys its data.
    type: str
    choices: [present, started, stopped, restarted, reinstalled, absent]
    default: present
  hostname:
    description:
      - The hostname of a new server. It defaults to the label. The API can't change it later.
    type: str
  os_template:
    description:
      - The template to install, as returned in RV(h444.cloud.h444_os_template_info#module:os_templates[].os_template).
        Required to place an order and if O(state=reinstalled).
      - If an existing server has a different template, the module issues a warning in every other state.
    type: str
  os_family:
    description:
      - The family of the template. If this option is not set, the module looks it up.
      - If an existing server has a different family, the module issues a warning.
    type: str
  new_label:
    description:
      - The new label of the server. A server that already has this label is not changed.
      - The module reads the server after the change. If the API has altered the label or kept the old one, the task
        fails and reports the current label.
      - The module refuses this option with O(state=absent), because either server could be meant.
    type: str
  force:
    description:
      - Whether to reinstall the server even if the template is already installed. Every run then wipes the disk. If
        O(os_template) is not set, the module reinstalls the current template.
      - The module refuses this option with any other O(state).
    type: bool
    default: false
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._order
  - h444.cloud._protected
  - h444.cloud._secrets
  - h444.cloud._wait
  - h444.cloud._attributes
  - h444.cloud._attributes.actiongroup_h444
attributes:
  idempotent:
    description: Running the same task twice in a row changes nothing the second time.
    support: partial
    details:
      - O(state=restarted) restarts every time, and O(state=reinstalled) with O(force=true) reinstalls every time.
seealso:
  - module: h444.cloud.h444_vps_info
  - module: h444.cloud.h444_product_info
  - module: h444.cloud.h444_os_template_info
  - module: h444.cloud.h444_ptr
"""

EXAMPLES = r"""
- name: Order a server for at most 20 dollars a month
  h444.cloud.h444_vps:
    label: web-1
    plan_slug: vps-2
    os_template: ubuntu-24.04
    max_monthly_usd_cents: 2000
  register: web

- name: Connect to the new server with its password, which is available in this run only
  ansible.builtin.add_host:
    name: "{{ web.vps.label }}"
    ansible_host: "{{ web.vps.ipv4 }}"
    ansible_user: root
    ansible_password: "{{ web.root_password }}"
  when: web.root_password is defined
  changed_when: false
  no_log: true # h444_vps hides the password, but other modules do not

- name: Order another server and write its password to a file
  h444.cloud.h444_vps:
    label: web-2
    hostname: web-2.example.com
    plan_slug: vps-2
    os_template: ubuntu-24.04
    credentials_file: "{{ playbook_dir }}/credentials.json"

- name: Stop the server
  h444.cloud.h444_vps:
    label: web-2
    state: stopped

- name: Start the server
  h444.cloud.h444_vps:
    label: web-2
    state: started

- name: Restart the server
  h444.cloud.h444_vps:
    label: web-2
    state: restarted

- name: Rename the server
  h444.cloud.h444_vps:
    label: web-2
    new_label: api-1

- name: Wipe the server and install Debian
  h444.cloud.h444_vps:
    label: api-1
    state: reinstalled
    os_template: debian-12
    credentials_file: "{{ playbook_dir }}/credentials.json"

- name: Terminate the server
  h444.cloud.h444_vps:
    label: api-1
    state: absent

- name: Terminate a server, but never one whose label starts with db-
  h444.cloud.h444_vps:
    label: web-9
    state: absent
    protected: ["db-*"]
"""

RETURN = r"""
vps:
  description:
    - The server after the run. Null if it is absent.
    - All other fields that the API returns are included with names in snake_case.
  returned: always
  type: dict
  contains:
    id:
      description: The ID of the server. Always a string.
      type: str
      returned: always
      sample: 9032ffac-2d3f-4c5a-9b0e-6f1d2c3b4a59
    label:
      description: The label of the server.
      type: str
      returned: always
      sample: web-1
    hostname:
      description: The hostname of the server, as set by the order.
      type: str
      returned: always
      sample: web-1
    status:
      description:
        - The status of the server. V(running), V(stopped), V(provisioning), V(suspended), or the API's own value if it
          is none of these.
      type: str
      returned: always
      sample: running
    plan_slug:
      description: The slug of the plan.
      type: str
      returned: always
      sample: vps-2
    ipv4:
      description: The primary IPv4 address of the server.
      type: str
      returned: always
      sample: 192.0.2.10
    os_family:
      description: The family of the operating system. Null if the API does not return it.
      type: str
      returned: always
      sample: ubuntu
    os_template:
      description: The installed template, as named by the API. Null if it is unknown.
      type: str
      returned: always
      sample: ubuntu-24.04
    created_at:
      description: When the server was created, in the format of the API.
      type: raw
      returned: always
      sample: "2026-01-01T00:00:00.000Z"
root_password:
  description: The root password. Ansible never displays it. Omitted if it was written to O(credentials_file).
  returned: when this run ordered or reinstalled the server and the API returned a password
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
  returned: when this run ordered or reinstalled the server, or would do so in check mode
  type: bool
  sample: false
credentials_file:
  description: The path of the file that contains the password.
  returned: when the module wrote the file
  type: str
order:
  description: The order that the module placed, or would place in check mode.
  returned: when this run placed an order, or would place one in check mode
  type: dict
  contains:
    plan_slug:
      description: The slug of the plan.
      type: str
      returned: always
      sample: vps-2
    due_now_usd_cents:
      description: The amount in US cents that the order debits immediately.
      type: int
      returned: always
      sample: 960
    monthly_usd_cents:
      description: Your own monthly price in US cents.
      type: int
      returned: always
      sample: 960
    idempotency_key:
      description: The Idempotency-Key of the order. It is not a secret. The support may ask for it.
      type: str
      returned: always
    replayed:
      description: Whether the API replayed the reply to an earlier request. Null if this is unknown.
      type: bool
      returned: always
    generation:
      description: The value of O(order_generation).
      type: str
      returned: always
    attempts:
      description: How many times the module sent the order. 0 in check mode.
      type: int
      returned: always
    server_id:
      description: The ID in the reply to the order. Null if there is none, and in check mode.
      type: str
      returned: always
    wallet_before_usd_cents:
      description: The balance of the wallet before the order, in US cents.
      type: int
      returned: always
    wallet_after_usd_cents:
      description:
        - The balance of the wallet after the order, in US cents.
        - In check mode, and if the reply alone proves the order, this is the previous balance minus the price.
          Otherwise, the module reads the balance again. Null if it can't be read.
      type: int
      returned: always
actions:
  description: The actions that the module performed, or would perform in check mode, in order.
  returned: always
  type: list
  elements: str
  sample: ["order web-1"]
"""

from ansible_collections.h444.cloud.plugins.module_utils import _vps
from ansible_collections.h444.cloud.plugins.module_utils._converge import run
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import ORDER, PROTECTED, SECRETS, SERVER, WAIT, merge

SPEC = merge(
    ORDER,
    PROTECTED,
    SECRETS,
    WAIT,
    SERVER,
    id={"type": "str"},
    label={"type": "str"},
    new_label={"type": "str"},
)


def main(face=H444Module) -> None:
    """Run the module."""
    run(face(SPEC), _vps.RECONCILER)


if __name__ == "__main__":
    main()
