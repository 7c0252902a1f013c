#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_domain
short_description: Set renewal, transfer lock, WHOIS privacy and name servers of a domain
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Changes the settings of a domain of the account. One request writes those settings that differ, and only those.
  - The API can neither register nor delete domains, so there is no O(ignore:state). A domain that is not in the account is an error.
  - 444Host pushes each change to the registry and rolls it back if the registry refuses. The task fails then, and
    RV(domain) shows the state that was read afterwards. Where the API takes a change and still shows the old state some
    seconds later, the task fails too.
  - Where the API does not tell a setting that is asked for, whether it differs can't be known. It is written in each run then,
    which counts as a change, and a warning says so. A setting that the API tells in a word that means neither on nor off is
    never overwritten; the task fails.
  - An authorization code of the domain (EPP code) that the API may send is left out of every result.
options:
  id:
    description:
      - The id of the domain. One of O(id) and O(name) is needed.
    type: str
  name:
    description:
      - The name of the domain, compared without case and trailing dot. International names may be written either way,
        V(müller.example) or V(xn--mller-kva.example).
    type: str
  auto_renew:
    description:
      - Whether the domain shall be renewed by itself. This spends money from the wallet when the day comes.
    type: bool
  transfer_lock:
    description:
      - Whether the domain shall be locked against transfers to another registrar.
    type: bool
  whois_privacy:
    description:
      - Whether the owner shall be hidden in WHOIS.
    type: bool
  nameservers:
    description:
      - All the name servers that the domain shall have. Compared without case, order and trailing dot; one that is given
        twice counts once.
      - Leave it out to keep those that the domain has. An empty list is refused, for it would take the domain offline.
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
- name: Renew it by itself, and let nobody take it away
  h444.cloud.h444_domain:
    name: example.com
    auto_renew: true
    transfer_lock: true
    whois_privacy: true

- name: Name servers of our own
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
    - The domain after the run; after a failed change, as it was read again. Every further field of the API is kept in snake_case.
  returned: success, and on failure where the domain was found
  type: dict
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
actions:
  description: What was done, or would be.
  returned: always
  type: list
  elements: str
"""

from ansible_collections.h444.cloud.plugins.module_utils import _domain
from ansible_collections.h444.cloud.plugins.module_utils._converge import run
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import merge

SPEC = merge(
    id={"type": "str"},
    name={"type": "str"},
    auto_renew={"type": "bool"},
    transfer_lock={"type": "bool"},
    whois_privacy={"type": "bool"},
    nameservers={"type": "list", "elements": "str"},
)


def main() -> None:
    """Run the module."""
    run(H444Module(SPEC), _domain.RECONCILER)


if __name__ == "__main__":
    main()
