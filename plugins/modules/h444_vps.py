#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_vps
short_description: Order, change and terminate servers
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Orders a server that is missing, and starts, stops, restarts, renames, reinstalls or terminates one that is there.
  - An order debits the wallet at once. It is placed exactly once, whatever happens to the replies, because its
    Idempotency-Key is made of the account and the label, never of the run.
  - The initial root password is in the reply to the order only. It is in RV(root_password) for C(register), and no output
    shows it; or it goes to O(credentials_file).
  - C(async) and the task keyword C(timeout) are refused where the task could order or reinstall, for both would lose
    the password. So are C(until) and C(retries) without O(credentials_file).
options:
  id:
    description:
      - The server's id. O(id) or O(label) is needed.
    type: str
  label:
    description:
      - The server's label. Two servers of the same label are refused with their ids.
      - A missing label is ordered only if no other server could be the same one. A server with the same host name, or
        whose label differs only in case or punctuation or seems to be cut off, is refused with its id. An order is refused, too, if
        the API shows a server without a label.
    type: str
  state:
    description:
      - V(present) orders the server if it is missing.
      - V(started), V(stopped) and V(restarted) do so too, and see to its power. V(restarted) always changes something. A server
        that comes up stopped after its order is started where V(started) or V(restarted) asks for it.
      - V(reinstalled) wipes the disk and installs O(os_template), if another template is installed or O(force) is set.
        It orders nothing, and a missing server is an error. If the API does not show which template is
        installed, nothing is wiped without O(force).
      - V(absent) terminates the server and destroys its data.
    type: str
    choices: [present, started, stopped, restarted, reinstalled, absent]
    default: present
  hostname:
    description:
      - The host name to order with; the label where it is not given. The API can't change it later.
    type: str
  os_template:
    description:
      - The template to install, as RV(h444.cloud.h444_os_template_info#module:os_templates[].os_template) names it. Needed
        to order and for O(state=reinstalled). On a server that is there, another template is a warning in every other state.
    type: str
  os_family:
    description:
      - The family of the template. If it is not given, it is looked up. For an existing server, a different family is a warning.
    type: str
  new_label:
    description:
      - The label that the server gets. A server that has it already is left as it is.
      - The server is read after the change. If the API changed the label or kept the old one, the task fails and
        says which label the server has now.
      - Refused with O(state=absent), because either server could be meant.
    type: str
  force:
    description:
      - Reinstall even if the template is installed already. Every run then wipes the disk. Without O(os_template) the
        installed template is installed again.
      - Refused with every other O(state).
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
- name: Order a server, for at most 20 dollars a month
  h444.cloud.h444_vps:
    label: web-1
    plan_slug: vps-2
    os_template: ubuntu-24.04
    max_monthly_usd_cents: 2000
  register: web

- name: Connect to the new server with its password, which is known in this run only
  ansible.builtin.add_host:
    name: "{{ web.vps.label }}"
    ansible_host: "{{ web.vps.ipv4 }}"
    ansible_user: root
    ansible_password: "{{ web.root_password }}"
  when: web.root_password is defined
  changed_when: false
  no_log: true # h444_vps hides the password itself, other modules have to be told

- name: Order another one and keep its password in a file
  h444.cloud.h444_vps:
    label: web-2
    hostname: web-2.example.com
    plan_slug: vps-2
    os_template: ubuntu-24.04
    credentials_file: "{{ playbook_dir }}/credentials.json"

- name: Stop it
  h444.cloud.h444_vps:
    label: web-2
    state: stopped

- name: Start it
  h444.cloud.h444_vps:
    label: web-2
    state: started

- name: Restart it
  h444.cloud.h444_vps:
    label: web-2
    state: restarted

- name: Rename it
  h444.cloud.h444_vps:
    label: web-2
    new_label: api-1

- name: Wipe it and install Debian
  h444.cloud.h444_vps:
    label: api-1
    state: reinstalled
    os_template: debian-12
    credentials_file: "{{ playbook_dir }}/credentials.json"

- name: Terminate it; a second time changes nothing
  h444.cloud.h444_vps:
    label: api-1
    state: absent

- name: Terminate a server, but never a database, whatever the label comes from
  h444.cloud.h444_vps:
    label: web-9
    state: absent
    protected: ["db-*"]
"""

RETURN = r"""
vps:
  description: The server after the run; null when it is absent. Every further field of the API is kept in snake_case.
  returned: always
  type: dict
  contains:
    id:
      description: The id, always a string.
      type: str
      returned: always
      sample: 9032ffac-2d3f-4c5a-9b0e-6f1d2c3b4a59
    label:
      description: The display label.
      type: str
      returned: always
      sample: web-1
    hostname:
      description: The host name given at the order.
      type: str
      returned: always
      sample: web-1
    status:
      description: V(running), V(stopped), V(provisioning), V(suspended), or the word of the API where it is none of these.
      type: str
      returned: always
      sample: running
    plan_slug:
      description: The plan.
      type: str
      returned: always
      sample: vps-2
    ipv4:
      description: The primary address.
      type: str
      returned: always
      sample: 192.0.2.10
    os_family:
      description: The family of the operating system; null where the API does not tell.
      type: str
      returned: always
      sample: ubuntu
    os_template:
      description: The installed template as the API names it; null if it is not known.
      type: str
      returned: always
      sample: ubuntu-24.04
    created_at:
      description: When the server was made, as the API writes it.
      type: raw
      returned: always
      sample: "2026-01-01T00:00:00.000Z"
root_password:
  description: The root password. No output shows it. Left out when O(credentials_file) took it.
  returned: when this run ordered or reinstalled, and the API gave one
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
  returned: when this run ordered or reinstalled, or would
  type: bool
  sample: false
credentials_file:
  description: The file that holds the password now.
  returned: when it was written
  type: str
order:
  description: What was ordered, or would be in check mode.
  returned: when something was or would be ordered
  type: dict
  contains:
    plan_slug:
      description: The plan.
      type: str
      returned: always
      sample: vps-2
    due_now_usd_cents:
      description: What the order debits at once.
      type: int
      returned: always
      sample: 960
    monthly_usd_cents:
      description: Your own price for a month.
      type: int
      returned: always
      sample: 960
    idempotency_key:
      description: The key of the order. It is no secret; the support may ask for it.
      type: str
      returned: always
    replayed:
      description: Whether the API repeated the reply to an earlier request; null where that is not known.
      type: bool
      returned: always
    generation:
      description: O(order_generation).
      type: str
      returned: always
    attempts:
      description: How often the order was sent; 0 in check mode.
      type: int
      returned: always
    server_id:
      description: The id that the reply named; null where there was none, as in check mode.
      type: str
      returned: always
    wallet_before_usd_cents:
      description: The balance before.
      type: int
      returned: always
    wallet_after_usd_cents:
      description:
        - The balance afterwards. In check mode, and where the reply alone proves the order, this is the balance before less the price;
          else it is read again, and null where that fails.
      type: int
      returned: always
actions:
  description: What was done, or would be, in order.
  returned: always
  type: list
  elements: str
  sample: ["order web-1"]
"""

from ansible_collections.h444.cloud.plugins.module_utils import _vps
from ansible_collections.h444.cloud.plugins.module_utils._converge import run
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import ORDER, PROTECTED, SECRETS, WAIT, merge

SPEC = merge(
    ORDER,
    PROTECTED,
    SECRETS,
    WAIT,
    id={"type": "str"},
    label={"type": "str"},
    state={
        "type": "str",
        "default": "present",
        "choices": ["present", "started", "stopped", "restarted", "reinstalled", "absent"],
    },
    hostname={"type": "str"},
    os_template={"type": "str"},
    os_family={"type": "str"},
    new_label={"type": "str"},
    force={"type": "bool", "default": False},
)


def main() -> None:
    """Run the module."""
    run(H444Module(SPEC), _vps.RECONCILER)


if __name__ == "__main__":
    main()
