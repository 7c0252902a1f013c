#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_ptr_info
short_description: List addresses and their PTR records
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Gives every address of the account, of one server, or one address, with its reverse DNS. Nothing found is an empty list.
options:
  ip:
    description: Only this address, in any spelling.
    type: str
  vps_id:
    description: Only the addresses of the server of this id.
    type: str
  vps_label:
    description: Only the addresses of the server of this label.
    type: str
  check_forward:
    description: Look every name up and tell whether it resolves to its address, with the resolver of the executing host.
    type: bool
    default: false
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._attributes.info_module
  - h444.cloud._attributes.actiongroup_h444
"""

EXAMPLES = r"""
- name: Every address of the account
  h444.cloud.h444_ptr_info:
  register: addresses

- name: Is the mail server's name confirmed?
  h444.cloud.h444_ptr_info:
    vps_label: web-1
    check_forward: true
"""

RETURN = r"""
ips:
  description: A row for each address.
  returned: success
  type: list
  elements: dict
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
    vps_label:
      description: The label of the server.
      type: str
      returned: always
      sample: web-1
    primary:
      description: Whether it is the main address of the server.
      type: bool
      returned: always
    gateway:
      description: The gateway.
      type: str
      returned: always
    netmask:
      description: The net mask.
      type: str
      returned: always
    forward_confirmed:
      description: Whether the name resolves to the address.
      type: bool
      returned: when O(check_forward)
"""

from ansible_collections.h444.cloud.plugins.module_utils import _ptr
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import merge

SPEC = merge(
    ip={"type": "str"},
    vps_id={"type": "str"},
    vps_label={"type": "str"},
    check_forward={"type": "bool", "default": False},
)


def main() -> None:
    """Run the module."""
    H444Module(SPEC).report(_ptr.report, _ptr.INFO_IDENTIFIERS)


if __name__ == "__main__":
    main()
