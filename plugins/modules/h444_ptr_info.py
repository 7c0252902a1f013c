#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_ptr_info
short_description: Get information about IP addresses and their PTR records
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Returns all addresses of the account, the addresses of one server, or one address, with their PTR records. Returns
    an empty list if no address matches.
options:
  ip:
    description: The address to return, in any notation.
    type: str
  vps_id:
    description: The ID of the server whose addresses to return.
    type: str
  vps_label:
    description: The label of the server whose addresses to return.
    type: str
  check_forward:
    description:
      - Whether to look up each hostname with the resolver of the executing host and return whether it resolves to its
        address.
    type: bool
    default: false
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._attributes.info_module
  - h444.cloud._attributes.actiongroup_h444
"""

EXAMPLES = r"""
- name: Get all addresses of the account
  h444.cloud.h444_ptr_info:
  register: addresses

- name: Check whether the hostname of the mail server resolves to its address
  h444.cloud.h444_ptr_info:
    vps_label: web-1
    check_forward: true
"""

RETURN = r"""
ips:
  description: The addresses.
  returned: success
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
    forward_confirmed:
      description: Whether the hostname in the PTR record resolves to the address.
      type: bool
      returned: when O(check_forward=true)
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


def main(face=H444Module) -> None:
    """Run the module."""
    face(SPEC).report(_ptr.report, _ptr.INFO_IDENTIFIERS)


if __name__ == "__main__":
    main()
