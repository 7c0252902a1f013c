#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_hosting_info
short_description: Get information about web hosting accounts
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Returns all web hosting accounts or the specified one. Returns an empty list if no account matches.
  - If several of O(id), O(domain) and O(username) are set, they must refer to the same account.
options:
  id:
    description: The ID of the account to return.
    type: str
  domain:
    description:
      - The domain of the accounts to return. Case and a trailing dot are ignored. Use O(patterns) for patterns.
    type: str
  username:
    description: The username of the accounts to return. Case is ignored.
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
- name: Get all hosting accounts
  h444.cloud.h444_hosting_info:
  register: sites

- name: Get one hosting account
  h444.cloud.h444_hosting_info:
    domain: example.com

- name: Get the accounts below a domain and the accounts of some users
  h444.cloud.h444_hosting_info:
    patterns: ["*.example.com", shop*]

- name: Show the domains whose certificate failed
  ansible.builtin.debug:
    msg: "{{ sites.hosting | selectattr('ssl_status', 'equalto', 'failed') | map(attribute='domain') }}"
"""

RETURN = r"""
hosting:
  description:
    - The accounts.
    - All other fields that the API returns are included with names in snake_case. They include the quota, the usage
      and the hosts to connect to, and never passwords.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the account. Always a string.
      type: str
      returned: always
      sample: 0f8c7e52-61a4-4d2b-8f0e-3f9f6d1a7c44
    domain:
      description: The domain of the account, in the format of the API.
      type: str
      returned: always
      sample: example.com
    username:
      description: The username of the account, which is also the username for SFTP.
      type: str
      returned: always
      sample: examplecom
    status:
      description:
        - The status of the account. V(active), V(suspended), V(provisioning), or the API's own value if it is none of
          these.
      type: str
      returned: always
      sample: active
    plan_slug:
      description: The slug of the plan.
      type: str
      returned: always
      sample: hosting-starter
    php_version:
      description: The PHP version, for example V(8.3). Null if the API does not return it.
      type: str
      returned: always
      sample: "8.3"
    ssl_status:
      description:
        - The status of the certificate. V(issued), V(pending), V(failed), or the API's own value if it is none of
          these. Null if the API does not return it.
      type: str
      returned: always
      sample: issued
    created_at:
      description: When the account was created, in the format of the API.
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


def main(face=H444Module) -> None:
    """Run the module."""
    face(SPEC).report(_hosting.report, _hosting.INFO_IDENTIFIERS)


if __name__ == "__main__":
    main()
