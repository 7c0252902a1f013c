#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_domain_info
short_description: List domains, with their settings and the days until they expire
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Gives every domain of the account, or the one that is named. Nothing found is an empty list.
  - One request for all domains; where the list of the API leaves settings out, one more for each domain.
  - An authorization code of a domain (EPP code) that the API may send is left out.
options:
  id:
    description: Only the domain of this id.
    type: str
  name:
    description:
      - Only the domains of this name, compared without case and trailing dot. International names may be written either way,
        V(müller.example) or V(xn--mller-kva.example).
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
- name: Every domain
  h444.cloud.h444_domain_info:
  register: found

- name: Those that end within 30 days and are not renewed
  ansible.builtin.debug:
    msg: "{{ found.domains | rejectattr('days_left', 'none') | selectattr('days_left', 'lt', 30) | rejectattr('auto_renew') | map(attribute='name') }}"

- name: One domain
  h444.cloud.h444_domain_info:
    name: example.com
"""

RETURN = r"""
domains:
  description: The domains. Every further field of the API is kept in snake_case.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The id, always a string.
      type: str
      returned: always
      sample: b1a6f0de-4a0f-4f0c-8d92-0d5f1a1f7a33
    name:
      description: The name of the domain, as the API writes it.
      type: str
      returned: always
      sample: example.com
    status:
      description: The status in the words of the API, in small letters with underscores; null where the API does not tell.
      type: str
      returned: always
      sample: active
    auto_renew:
      description: Whether the domain is renewed by itself; null where the API does not tell.
      type: bool
      returned: always
    transfer_lock:
      description: Whether the domain is locked against transfers; null where the API does not tell.
      type: bool
      returned: always
    whois_privacy:
      description: Whether the owner is hidden in WHOIS; null where the API does not tell.
      type: bool
      returned: always
    nameservers:
      description: The name servers, in small letters and without trailing dots; empty where the API does not tell.
      type: list
      elements: str
      returned: always
      sample: [ns1.example.net, ns2.example.net]
    expires_at:
      description: When the registration ends, as the API writes it.
      type: raw
      returned: always
      sample: "2027-06-11T00:00:00.000Z"
    expires_on:
      description: The day on which the registration ends, in UTC; null where the API tells no readable time.
      type: str
      returned: always
      sample: "2027-06-11"
    days_left:
      description:
        - Whole days until the registration ends, rounded down and so negative afterwards, by the clock of the API.
        - Null where the API tells no readable time.
      type: int
      returned: always
      sample: 199
    created_at:
      description: When the domain was registered, as the API writes it; null where the API does not tell.
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


def main() -> None:
    """Run the module."""
    H444Module(SPEC).report(_domain.report, _domain.INFO_IDENTIFIERS)


if __name__ == "__main__":
    main()
