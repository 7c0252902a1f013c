#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_vps_info
short_description: List servers
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Gives every server of the account, or the one that is named. Nothing found is an empty list.
options:
  id:
    description: Only the server of this id.
    type: str
  label:
    description: Only the servers of exactly this label. Use O(patterns) for patterns.
    type: str
  include_ips:
    description: Add every address with its PTR record. One more request, for any number of servers.
    type: bool
    default: false
  include_stats:
    description: Add the live usage. One more request for each server.
    type: bool
    default: false
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._patterns
  - h444.cloud._attributes.info_module
  - h444.cloud._attributes.actiongroup_h444
"""

EXAMPLES = r"""
- name: The servers whose labels begin with web-
  h444.cloud.h444_vps_info:
    patterns: web-*

- name: Every server with its addresses
  h444.cloud.h444_vps_info:
    include_ips: true
  register: servers

- name: The load of one server
  h444.cloud.h444_vps_info:
    label: web-1
    include_stats: true
"""

RETURN = r"""
vps:
  description: The servers. Every further field of the API is kept in snake_case.
  returned: success
  type: list
  elements: dict
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
    ips:
      description: The addresses, as RV(h444.cloud.h444_ptr_info#module:ips).
      type: list
      elements: dict
      returned: when O(include_ips)
    stats:
      description: The live usage, with the API's own fields. Null, with a warning, if it could not be read for this server.
      type: dict
      returned: when O(include_stats)
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


def main() -> None:
    """Run the module."""
    H444Module(SPEC).report(_vps.report, _vps.INFO_IDENTIFIERS)


if __name__ == "__main__":
    main()
