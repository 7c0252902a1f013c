#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_vps_info
short_description: Get information about servers
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Returns all servers of the account or the specified one. Returns an empty list if no server matches.
options:
  id:
    description: The ID of the server to return.
    type: str
  label:
    description: The exact label of the servers to return. Use O(patterns) for patterns.
    type: str
  include_ips:
    description:
      - Whether to return all addresses of each server with their PTR records. This takes one more request, regardless
        of the number of servers.
    type: bool
    default: false
  include_stats:
    description: Whether to return the live usage of each server. This takes one more request for each server.
    type: bool
    default: false
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._patterns
  - h444.cloud._attributes.info_module
  - h444.cloud._attributes.actiongroup_h444
"""

EXAMPLES = r"""
- name: Get the servers whose labels start with web-
  h444.cloud.h444_vps_info:
    patterns: web-*

- name: Get all servers with their addresses
  h444.cloud.h444_vps_info:
    include_ips: true
  register: servers

- name: Get one server with its live usage
  h444.cloud.h444_vps_info:
    label: web-1
    include_stats: true
"""

RETURN = r"""
vps:
  description:
    - The servers.
    - All other fields that the API returns are included with names in snake_case.
  returned: success
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
    ips:
      description: The addresses of the server, in the form of RV(h444.cloud.h444_ptr_info#module:ips).
      type: list
      elements: dict
      returned: when O(include_ips=true)
    stats:
      description:
        - The live usage of the server, with the API's own fields. If the module can't read it for this server, it is
          null and the module issues a warning.
      type: dict
      returned: when O(include_stats=true)
"""

from ansible_collections.h444.cloud.plugins.module_utils import _vps
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import PATTERNS, merge

SPEC = merge(
    PATTERNS,
    id={"type": "str"},
    label={"type": "str"},
    include_ips={"type": "bool", "default": False},
    include_stats={"type": "bool", "default": False},
)


def main(face=H444Module) -> None:
    """Run the module."""
    face(SPEC).report(_vps.report, _vps.INFO_IDENTIFIERS)


if __name__ == "__main__":
    main()
