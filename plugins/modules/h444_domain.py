#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_domain
short_description: Manage the settings of a domain
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Changes the renewal, transfer lock, WHOIS privacy and name servers of a domain of the account. The module writes
    only the settings that differ, in one request.
  - The API can neither register nor delete domains, so this module has no O(ignore:state). The task fails if the
    domain is not in the account.
  - 444Host sends each change to the registry and rolls it back if the registry refuses it. In this case, the task
    fails and RV(domain) contains the state that the module read afterwards. The task also fails if the API accepts a
    change and still returns the old state some seconds later.
  - If the API does not return a requested setting, the module can't know whether it differs. It then writes the
    setting in every run, reports a change and issues a warning.
  - If the API returns a setting as a word that means neither on nor off, the module never overwrites it and the task
    fails.
  - The API may return the authorization code (EPP code) of a domain. The module removes it from every result.
options:
  id:
    description:
      - The ID of the domain. At least one of O(id) and O(name) is required.
    type: str
  name:
    description:
      - The name of the domain. Case and a trailing dot are ignored. An internationalized name can be written in either
        form, V(müller.example) or V(xn--mller-kva.example).
    type: str
  auto_renew:
    description:
      - Whether the domain is renewed automatically. A renewal debits the wallet when it is due.
    type: bool
  transfer_lock:
    description:
      - Whether the domain is locked against transfers to another registrar.
    type: bool
  whois_privacy:
    description:
      - Whether the owner of the domain is hidden in WHOIS.
    type: bool
  nameservers:
    description:
      - The complete list of name servers of the domain. Case, order, trailing dots and duplicates are ignored.
      - If this option is not set, the name servers are not changed. The module refuses an empty list, because it would
        take the domain offline.
    type: list
    elements: str
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._attributes
  - h444.cloud._attributes.idempotent
  - h444.cloud._attributes.actiongroup_h444
seealso:
  - module: h444.cloud.h444_domain_info
"""

EXAMPLES = r"""
- name: Renew the domain automatically and lock it against transfers
  h444.cloud.h444_domain:
    name: example.com
    auto_renew: true
    transfer_lock: true
    whois_privacy: true

- name: Set custom name servers
  h444.cloud.h444_domain:
    name: example.com
    nameservers:
      - ns1.example.net
      - ns2.example.net
      - ns3.example.net
"""

RETURN = r"""
domain:
  description:
    - The domain after the run. After a failed change, the domain as the module read it afterwards.
    - All other fields that the API returns are included with names in snake_case.
  returned: success, and on failure if the domain was found
  type: dict
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
actions:
  description: The actions that the module performed, or would perform in check mode, in order.
  returned: always
  type: list
  elements: str
"""

from ansible_collections.h444.cloud.plugins.module_utils import _domain
from ansible_collections.h444.cloud.plugins.module_utils._converge import run
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import DOMAIN, merge

SPEC = merge(DOMAIN)


def main(face=H444Module) -> None:
    """Run the module."""
    run(face(SPEC), _domain.RECONCILER)


if __name__ == "__main__":
    main()
