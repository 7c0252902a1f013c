#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_ptr_records
short_description: Manage many PTR records at once
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Sets and removes the PTR records (reverse DNS) of many IP addresses, and optionally removes all others.
  - All records are checked before the first one is written. If one of them can't be written, the others are written
    nevertheless. The task then fails, and RV(failures) names each record that failed. The next run writes the rest.
  - The module compares hostnames without case and trailing dot. A name in Unicode equals its C(xn--) form.
  - It sends one request to read all addresses, and one for each record that changes. While it works in the controller's
    process, Ansible displays a line for each record as it is written or fails.
options:
  records:
    description:
      - The records. If two of them have the same address, in any notation, the module refuses the task. It also refuses
        an address that is not on any server of the account, or that is on two of them.
    type: list
    elements: dict
    required: true
    suboptions:
      ip:
        description: The IPv4 or IPv6 address, in any notation.
        type: str
        required: true
      hostname:
        description:
          - The fully qualified domain name in the PTR record. Null removes the record. An empty name is refused.
        type: raw
        required: true
  purge:
    description:
      - Whether to remove the PTR record of every address that is not in O(records). If O(purge_vps_ids) or
        O(purge_vps_labels) is set, this affects only the addresses of these servers.
      - A record whose reverse zone is not hosted on 444Host's DNS can't be removed. The module issues a warning.
    type: bool
    default: false
  purge_vps_ids:
    description:
      - The IDs of the servers to which O(purge=true) is limited. The module refuses the ID of a server that does not
        exist. O(records) is not limited.
      - An empty list means no server. If neither this option nor O(purge_vps_labels) is set, all servers are meant.
    type: list
    elements: str
  purge_vps_labels:
    description:
      - The labels of further servers to which O(purge=true) is limited. The module refuses a label that no server or
        more than one server has. An empty list means no server, as with O(purge_vps_ids).
    type: list
    elements: str
  require_forward:
    description:
      - Whether to refuse the task unless each hostname in O(records) resolves to its address with the resolver of the
        executing host. Mail servers trust a PTR record only then.
    type: bool
    default: false
  concurrency:
    description: How many records are written at the same time.
    type: int
    default: 4
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._protected
  - h444.cloud._attributes
  - h444.cloud._attributes.idempotent
  - h444.cloud._attributes.actiongroup_h444
seealso:
  - module: h444.cloud.h444_ptr
  - module: h444.cloud.h444_ptr_info
"""

EXAMPLES = r"""
- name: Set the PTR records of several addresses, and remove one
  h444.cloud.h444_ptr_records:
    records:
      - ip: "{{ servers.vps[0].ipv4 }}"
        hostname: web-1.example.com
      - ip: "{{ servers.vps[1].ipv4 }}"
        hostname: null

- name: Show what would change if every server were named after its label
  h444.cloud.h444_ptr_records:
    records: "{{ dict(addresses | zip(names)) | dict2items(key_name='ip', value_name='hostname') }}"
  vars:
    addresses: "{{ servers.vps | map(attribute='ipv4') }}"
    names: "{{ servers.vps | map(attribute='label') | map('regex_replace', '$', '.example.com') }}"
  check_mode: true
  diff: true

- name: Remove all other PTR records of one server
  h444.cloud.h444_ptr_records:
    records:
      - ip: "{{ servers.vps[0].ipv4 }}"
        hostname: web-1.example.com
    purge: true
    purge_vps_labels: [web-1]
"""

RETURN = r"""
ips:
  description:
    - All addresses of the account after the run.
    - The label of a server is null if the API does not show it with the addresses.
  returned: always
  type: list
  elements: dict
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
    vps_label:
      description: The label of the server.
      type: str
      returned: always
      sample: web-1
    primary:
      description: Whether this is the primary address of the server.
      type: bool
      returned: always
    gateway:
      description: The gateway of the address.
      type: str
      returned: always
    netmask:
      description: The netmask of the address.
      type: str
      returned: always
actions:
  description: The actions that the module performed, or would perform in check mode, in order.
  returned: always
  type: list
  elements: str
  sample: ["set PTR of 192.0.2.10"]
failures:
  description: The records that could not be written. An empty list if there are none.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: Always V(ptr_records).
      type: str
      returned: always
      sample: ptr_records
    name:
      description: The address in its canonical form.
      type: str
      returned: always
      sample: 192.0.2.10
    msg:
      description: What went wrong.
      type: str
      returned: always
"""

from ansible_collections.h444.cloud.plugins.module_utils import _records
from ansible_collections.h444.cloud.plugins.module_utils._bulk import run
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import PROTECTED, merge

SPEC = merge(
    PROTECTED,
    records={
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {"ip": {"type": "str", "required": True}, "hostname": {"type": "raw", "required": True}},
    },
    purge={"type": "bool", "default": False},
    purge_vps_ids={"type": "list", "elements": "str"},
    purge_vps_labels={"type": "list", "elements": "str"},
    require_forward={"type": "bool", "default": False},
    concurrency={"type": "int", "default": 4},
)


def main(face=H444Module) -> None:
    """Run the module."""
    run(face(SPEC), _records.BULK)


if __name__ == "__main__":
    main()
