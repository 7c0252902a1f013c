#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_domain_info
short_description: Get information about domains
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Returns all domains of the account or the specified one, with their settings and the days until they expire.
    Returns an empty list if no domain matches.
  - The module sends one request for all domains. If the list of the API lacks settings, it sends one more request for
    each domain.
  - The API may return the authorization code (EPP code) of a domain. The module removes it from the result.
options:
  id:
    description: The ID of the domain to return.
    type: str
  name:
    description:
      - The name of the domains to return. Case and a trailing dot are ignored. An internationalized name can be
        written in either form, V(müller.example) or V(xn--mller-kva.example).
    type: str
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._patterns
  - h444.cloud._attributes.info_module
  - h444.cloud._attributes.actiongroup_h444
seealso:
  - module: h444.cloud.h444_domain
"""

EXAMPLES = r"""
- name: Get all domains
  h444.cloud.h444_domain_info:
  register: found

- name: Show the domains that expire within 30 days and are not renewed
  ansible.builtin.debug:
    msg: >-
      {{ found.domains | rejectattr('days_left', 'none') | selectattr('days_left', 'lt', 30) | rejectattr('auto_renew')
      | map(attribute='name') }}

- name: Get one domain
  h444.cloud.h444_domain_info:
    name: example.com
"""

RETURN = r"""
domains:
  description:
    - The domains.
    - All other fields that the API returns are included with names in snake_case.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the domain. Always a string.
      type: str
      returned: always
      sample: b1a6f0de-4a0f-4f0c-8d92-0d5f1a1f7a33
    name:
      description: The name of the domain, in the format of the API.
      type: str
      returned: always
      sample: example.com
    status:
      description: The API's own status value, in lower case with underscores. Null if the API does not return it.
      type: str
      returned: always
      sample: active
    auto_renew:
      description: Whether the domain is renewed automatically. Null if the API does not return it.
      type: bool
      returned: always
    transfer_lock:
      description: Whether the domain is locked against transfers. Null if the API does not return it.
      type: bool
      returned: always
    whois_privacy:
      description: Whether the owner is hidden in WHOIS. Null if the API does not return it.
      type: bool
      returned: always
    nameservers:
      description: The name servers, in lower case and without trailing dots. Empty if the API does not return them.
      type: list
      elements: str
      returned: always
      sample: [ns1.example.net, ns2.example.net]
    expires_at:
      description: When the registration expires, in the format of the API.
      type: raw
      returned: always
      sample: "2027-06-11T00:00:00.000Z"
    expires_on:
      description: The day on which the registration expires, in UTC. Null if the API returns no readable time.
      type: str
      returned: always
      sample: "2027-06-11"
    days_left:
      description:
        - The number of full days until the registration expires, by the clock of the API. It is rounded down and
          negative after the expiry.
        - Null if the API returns no readable time.
      type: int
      returned: always
      sample: 199
    created_at:
      description: When the domain was registered, in the format of the API. Null if the API does not return it.
      type: raw
      returned: always
      sample: "2026-06-11T00:00:00.000Z"
"""

from ansible_collections.h444.cloud.plugins.module_utils import _domain
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import PATTERNS, merge

SPEC = merge(
    PATTERNS,
    id={"type": "str"},
    name={"type": "str"},
)


def main(face=H444Module) -> None:
    """Run the module."""
    face(SPEC).report(_domain.report, _domain.INFO_IDENTIFIERS)


if __name__ == "__main__":
    main()
