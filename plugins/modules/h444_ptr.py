#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_ptr
short_description: Set or clear the PTR record of an address
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Points the reverse DNS of one address of a server at a host name, or removes the record.
  - Names are compared without case and trailing dot, and a name in Unicode is that of its C(xn--) form.
  - A change takes two requests, one to look and one to write. The answer to the write counts; the record is not read again.
options:
  ip:
    description:
      - The IPv4 or IPv6 address, in any spelling. Without it the primary address of the server that O(vps_id) or O(vps_label) names.
      - Its server is found from the addresses of the account. An address that the API shows on two servers is refused with their ids,
        unless O(vps_id) says which one is meant.
    type: str
  vps_id:
    description:
      - The id of the server that has the address. One of O(ip), O(vps_id) and O(vps_label) is needed.
    type: str
  vps_label:
    description:
      - The label of the server that has the address. Two servers of the same label are refused with their ids.
    type: str
  state:
    description:
      - Whether the record shall be there.
    type: str
    choices: [present, absent]
    default: present
  hostname:
    description:
      - The fully qualified name for the address. Needed for O(state=present), ignored with O(state=absent).
    type: str
  require_forward:
    description:
      - Refuse unless O(hostname) resolves to O(ip), with the resolver of the executing host. Mail servers believe a PTR
        record only then. It has no effect with O(state=absent).
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
- name: A name for the main address of a server
  h444.cloud.h444_ptr:
    ip: "{{ servers.vps[0].ipv4 }}"
    hostname: mail.example.com

- name: A name for the primary address of a server, whatever it is
  h444.cloud.h444_ptr:
    vps_label: web-1
    hostname: web-1.example.com

- name: No name any more
  h444.cloud.h444_ptr:
    ip: "{{ servers.vps[0].ipv4 }}"
    state: absent
"""

RETURN = r"""
ptr:
  description: The address and its record after the run. Every further field of the API is kept in snake_case.
  returned: success
  type: dict
  contains:
    ip:
      description: The address in canonical form.
      type: str
      returned: always
      sample: 192.0.2.10
    ptr:
      description: The PTR record without trailing dot; null where there is none.
      type: str
      returned: always
      sample: mail.example.com
    vps_id:
      description: The id of the server.
      type: str
      returned: always
    told_ip:
      description: The address as the API writes it.
      type: str
      returned: when that is not the canonical form
    zone_hosted:
      description: Whether the reverse zone is on the DNS of 444Host, so that the record can be set.
      type: bool
      returned: always
actions:
  description: What was done, or would be.
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


def main() -> None:
    """Run the module."""
    run(H444Module(SPEC), _ptr.RECONCILER)


if __name__ == "__main__":
    main()
