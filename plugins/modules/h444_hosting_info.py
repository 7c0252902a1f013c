#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_hosting_info
short_description: List web-hosting accounts
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Gives every web-hosting account, or the one that is named. Nothing found is an empty list.
  - If several of O(id), O(domain) and O(username) are given, they must refer to the same account.
options:
  id:
    description: Only the account of this id.
    type: str
  domain:
    description: Only the accounts of this domain, compared without case and trailing dot. Use O(patterns) for patterns.
    type: str
  username:
    description: Only the accounts of this user name, compared without case.
    type: str
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._patterns
  - h444.cloud._attributes.info_module
  - h444.cloud._attributes.actiongroup_h444
seealso:
  - module: h444.cloud.h444_hosting
"""

EXAMPLES = r"""
- name: Every hosting account
  h444.cloud.h444_hosting_info:
  register: sites

- name: One of them
  h444.cloud.h444_hosting_info:
    domain: example.com

- name: Those below a domain, and those of a user
  h444.cloud.h444_hosting_info:
    patterns: ["*.example.com", shop*]

- name: The domains whose certificate failed
  ansible.builtin.debug:
    msg: "{{ sites.hosting | selectattr('ssl_status', 'equalto', 'failed') | map(attribute='domain') }}"
"""

RETURN = r"""
hosting:
  description:
    - The accounts. Every further field of the API is kept in snake_case, among them the quota, the usage and the hosts to
      connect to. Passwords are never among them.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The id, always a string.
      type: str
      returned: always
      sample: 0f8c7e52-61a4-4d2b-8f0e-3f9f6d1a7c44
    domain:
      description: The domain, as the API writes it.
      type: str
      returned: always
      sample: example.com
    username:
      description: The user name of the account, for SFTP too.
      type: str
      returned: always
      sample: examplecom
    status:
      description: V(active), V(suspended), V(provisioning), or the word of the API where it is none of these.
      type: str
      returned: always
      sample: active
    plan_slug:
      description: The plan.
      type: str
      returned: always
      sample: hosting-starter
    php_version:
      description: The PHP version, such as V(8.3); null where the API does not tell.
      type: str
      returned: always
      sample: "8.3"
    ssl_status:
      description:
        - The state of the certificate, V(issued), V(pending), V(failed), or the word of the API where it is none of these.
          Null where the API does not tell.
      type: str
      returned: always
      sample: issued
    created_at:
      description: When the account was made, as the API writes it.
      type: raw
      returned: always
      sample: "2026-01-01T00:00:00.000Z"
"""

from ansible_collections.h444.cloud.plugins.module_utils import _hosting
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import PATTERNS, merge

SPEC = merge(
    PATTERNS,
    id={"type": "str"},
    domain={"type": "str"},
    username={"type": "str"},
)


def main() -> None:
    """Run the module."""
    H444Module(SPEC).report(_hosting.report, _hosting.INFO_IDENTIFIERS)


if __name__ == "__main__":
    main()
