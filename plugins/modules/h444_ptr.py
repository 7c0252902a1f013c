#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_ptr
short_description: Manage the PTR record of an IP address
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Sets or removes the PTR record (reverse DNS) of an IP address of a server.
  - The module compares hostnames without case and trailing dot. A name in Unicode equals its C(xn--) form.
  - A change takes two requests, one to read and one to write. The module relies on the response to the write and does
    not read the record again.
options:
  ip:
    description:
      - The IPv4 or IPv6 address, in any notation. If this option is not set, the module uses the primary address of
        the server that O(vps_id) or O(vps_label) identifies.
      - The module finds the server in the list of all addresses of the account. If the API returns the address for two
        servers, the module refuses the task and lists their IDs, unless O(vps_id) identifies one of them.
    type: str
  vps_id:
    description:
      - The ID of the server that has the address. At least one of O(ip), O(vps_id) and O(vps_label) is required.
    type: str
  vps_label:
    description:
      - The label of the server that has the address. If two servers have this label, the module refuses the task and
        lists their IDs.
    type: str
  state:
    description:
      - Whether to set (V(present)) or remove (V(absent)) the PTR record.
    type: str
    choices: [present, absent]
    default: present
  hostname:
    description:
      - The fully qualified domain name in the PTR record. Required if O(state=present), ignored if O(state=absent).
    type: str
  require_forward:
    description:
      - Whether to refuse the task unless O(hostname) resolves to O(ip) with the resolver of the executing host. Mail
        servers trust a PTR record only then. This option is ignored if O(state=absent).
    type: bool
    default: false
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._protected
  - h444.cloud._attributes
  - h444.cloud._attributes.idempotent
  - h444.cloud._attributes.actiongroup_h444
seealso:
  - module: h444.cloud.h444_ptr_info
"""

EXAMPLES = r"""
- name: Set the PTR record of an address
  h444.cloud.h444_ptr:
    ip: "{{ servers.vps[0].ipv4 }}"
    hostname: mail.example.com

- name: Set the PTR record of the primary address of a server
  h444.cloud.h444_ptr:
    vps_label: web-1
    hostname: web-1.example.com

- name: Remove the PTR record of an address
  h444.cloud.h444_ptr:
    ip: "{{ servers.vps[0].ipv4 }}"
    state: absent
"""

RETURN = r"""
ptr:
  description:
    - The address and its PTR record after the run.
    - All other fields that the API returns are included with names in snake_case.
  returned: success
  type: dict
  contains:
    ip:
      description: The address in its canonical form.
      type: str
      returned: always
      sample: 192.0.2.10
    ptr:
      description: The PTR record without a trailing dot. Null if there is none.
      type: str
      returned: always
      sample: mail.example.com
    vps_id:
      description: The ID of the server.
      type: str
      returned: always
    told_ip:
      description: The address as the API writes it.
      type: str
      returned: when it differs from the canonical form
    zone_hosted:
      description: Whether 444Host hosts the reverse zone, so that the record can be set.
      type: bool
      returned: always
actions:
  description: The actions that the module performed, or would perform in check mode, in order.
  returned: always
  type: list
  elements: str
"""

from ansible_collections.h444.cloud.plugins.module_utils import _ptr
from ansible_collections.h444.cloud.plugins.module_utils._converge import run
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import PROTECTED, merge

SPEC = merge(
    PROTECTED,
    ip={"type": "str"},
    vps_id={"type": "str"},
    vps_label={"type": "str"},
    state={"type": "str", "default": "present", "choices": ["present", "absent"]},
    hostname={"type": "str"},
    require_forward={"type": "bool", "default": False},
)


def main(face=H444Module) -> None:
    """Run the module."""
    run(face(SPEC), _ptr.RECONCILER)


if __name__ == "__main__":
    main()
