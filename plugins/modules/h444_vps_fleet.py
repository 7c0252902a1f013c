#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_vps_fleet
short_description: Manage many servers at once
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Does for many servers what M(h444.cloud.h444_vps) does for one. It reads the account once, checks everything before
    its first write, and then works on several servers at the same time.
  - If no server has to be changed, the module takes at most three requests, regardless of the number of servers.
  - Before it orders anything, the module compares the price of all new servers together with
    O(max_total_monthly_usd_cents) and with the wallet. If the wallet does not cover all of them, it orders none.
  - If one server fails, the module continues with the others. The task then fails, and its result contains every
    server, every password and every failure. Run the task again to finish the rest. No server is ordered twice, because
    the Idempotency-Key of an order is derived from the account and the label, and never from the run.
  - If the API refuses an order because of the wallet, the key or the rate limit, the module places no further orders.
  - The module starts, stops, restarts and renames servers first. Then it orders servers. It reinstalls and terminates
    servers last.
  - Only the reply to an order contains the initial root password. The module returns it in RV(root_passwords) for
    C(register), and Ansible never displays it. If O(credentials_file) is set, the module writes it to that file
    instead.
  - In check mode and with C(--diff), Ansible displays the plan as a table. While the module works in the controller's
    process, Ansible displays a line for each server as it is ordered, fails or is ready.
  - If the task could order or reinstall a server, the module refuses C(async) and the task keyword C(timeout), because
    both would lose passwords. For the same reason, it refuses C(until) and C(retries) unless the passwords of all
    servers are written to a file.
options:
  servers:
    description:
      - The servers. An empty list is valid and changes nothing.
      - Each server has the options of M(h444.cloud.h444_vps). The same options beside this list are defaults for all
        servers. The value of the server has precedence, also if it is V(false). Null counts as not set.
      - Before its first request, the module refuses two servers with the same label, ID, new label or Idempotency-Key.
        It refuses to order two servers with the same hostname, or with labels that differ only in case, accents or
        punctuation.
    type: list
    elements: dict
    required: true
    suboptions:
      label:
        description: The label of the server.
        type: str
        required: true
      id:
        description: The ID of the server. It must have the label, or the new label already.
        type: str
      new_label:
        description: The new label of the server.
        type: str
      state:
        description: See O(state). The same values are possible.
        type: str
      hostname:
        description: See O(hostname).
        type: str
      os_template:
        description: See O(os_template).
        type: str
      os_family:
        description: See O(os_family).
        type: str
      force:
        description: See O(force).
        type: bool
      plan_slug:
        description: See O(plan_slug).
        type: str
        aliases: [plan]
      max_monthly_usd_cents:
        description: See O(max_monthly_usd_cents).
        type: int
      order_generation:
        description: See O(order_generation).
        type: str
      idempotency_key:
        description: See O(idempotency_key).
        type: str
      credentials_file:
        description: See O(credentials_file).
        type: path
      wait:
        description: See O(wait).
        type: bool
      wait_timeout:
        description: See O(wait_timeout).
        type: int
  max_total_monthly_usd_cents:
    description:
      - The maximum monthly price of all new servers of this task together in US cents. If they cost more, the module
        orders none of them.
    type: int
  concurrency:
    description:
      - How many servers the module changes at the same time, from 1 to 32. All of them share O(rate_limit).
      - A server that only has to become ready does not count. The module reads the list of servers for all of them.
    type: int
    default: 4
  state:
    description:
      - V(present) orders a server if it is missing.
      - V(started), V(stopped) and V(restarted) order a server if it is missing, and then set its power state.
        V(restarted) always reports a change.
      - V(reinstalled) wipes the disk and installs O(os_template) if a different template is installed or
        O(force=true). It never places an order.
      - V(absent) terminates a server and destroys its data.
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
    type: str
  os_family:
    description:
      - The family of the template. If this option is not set, the module looks it up.
    type: str
  force:
    description:
      - Whether to reinstall a server even if the template is already installed. Every run then wipes the disk.
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
  - module: h444.cloud.h444_vps
  - module: h444.cloud.h444_vps_info
  - module: h444.cloud.h444_product_info
  - module: h444.cloud.h444_os_template_info
"""

EXAMPLES = r"""
- name: Order three servers for at most 60 dollars a month together
  h444.cloud.h444_vps_fleet:
    servers:
      - label: web-1
      - label: web-2
      - label: db-1
        plan_slug: vps-4
        os_template: debian-12
    plan_slug: vps-2
    os_template: ubuntu-24.04
    max_total_monthly_usd_cents: 6000
    credentials_file: "{{ playbook_dir }}/credentials.json"
    state: started
  register: fleet

- name: Show the new servers
  ansible.builtin.debug:
    msg: "{{ fleet.ordered }}"

- name: Stop one server and rename another
  h444.cloud.h444_vps_fleet:
    servers:
      - label: web-1
        state: stopped
      - label: web-2
        new_label: api-1

- name: Terminate servers, but never one whose label starts with db-
  h444.cloud.h444_vps_fleet:
    servers:
      - label: web-1
      - label: api-1
    state: absent
    protected: ["db-*"]
"""

RETURN = r"""
vps:
  description:
    - The servers after the run, in the order of O(servers). Null for a server that is absent, and for one that was not
      ordered because the task failed. A server that failed is returned as the module read it last.
    - All other fields that the API returns are included with names in snake_case.
  returned: always
  type: list
  elements: dict
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
root_passwords:
  description:
    - The root passwords, keyed by the labels in O(servers). Ansible never displays them.
    - It contains the passwords of the servers that this run ordered or reinstalled, except those that were written to
      O(credentials_file).
  returned: always
  type: dict
other_secrets:
  description:
    - Other secrets in the replies, keyed by the labels in O(servers) and then by their paths in the reply. Ansible
      never displays them. Secrets that were written to O(credentials_file) are omitted.
  returned: when a reply contained other secrets
  type: dict
secret_lost:
  description:
    - Whether a one-time secret is lost, because it did not arrive or can't be distinguished from other secrets in the
      reply. The module then issues a warning that explains how to get a new one.
  returned: always
  type: bool
  sample: false
credentials_files:
  description: The path of the file that contains the password, keyed by the labels in O(servers).
  returned: when the module wrote a file
  type: dict
ordered:
  description: The labels of the servers that this run ordered, or would order in check mode, as written in O(servers).
  returned: always
  type: list
  elements: str
  sample: [web-1, web-2]
orders:
  description:
    - The orders that the module sent, or would send in check mode, keyed by the labels in O(servers). RV(ordered)
      lists those that were placed.
    - Each value contains C(plan_slug), C(due_now_usd_cents), C(monthly_usd_cents), C(idempotency_key), C(replayed),
      C(generation), C(attempts), C(server_id), C(wallet_before_usd_cents) and C(wallet_after_usd_cents), as in
      RV(h444.cloud.h444_vps#module:order).
    - If the task places several orders, they pay from the same wallet at the same time. Then C(wallet_before_usd_cents)
      is the balance before all of them, and C(wallet_after_usd_cents) is null.
  returned: always
  type: dict
failures:
  description: What failed. The task then fails, too.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: The kind of the resource. Always V(servers).
      type: str
      returned: always
      sample: servers
    name:
      description: The label of the server, as written in O(servers).
      type: str
      returned: always
      sample: web-3
    msg:
      description: Why it failed, and what to do.
      type: str
      returned: always
actions:
  description: The actions that the module performed, or would perform in check mode, in order.
  returned: always
  type: list
  elements: str
  sample: ["order web-1", "order web-2"]
"""

from ansible_collections.h444.cloud.plugins.module_utils import _fleet
from ansible_collections.h444.cloud.plugins.module_utils._bulk import run
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import ORDER, PROTECTED, SECRETS, SERVER, WAIT, merge

COMMON = {**ORDER, **SECRETS, **WAIT, **SERVER}
# A value of the server has precedence over the one for all, so it has no default. Null is none: it must be possible.
OWN = {
    name: {key: value for key, value in option.items() if key not in ("default", "choices")}
    for name, option in COMMON.items()
}
SPEC = merge(
    COMMON,
    PROTECTED,
    servers={
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "id": {"type": "str"},
            "label": {"type": "str", "required": True},
            "new_label": {"type": "str"},
            **OWN,
        },
    },
    max_total_monthly_usd_cents={"type": "int"},
    concurrency={"type": "int", "default": 4},
)


def main(face=H444Module) -> None:
    """Run the module."""
    run(face(SPEC), _fleet.BULK)


if __name__ == "__main__":
    main()
