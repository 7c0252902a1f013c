#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_hosting
short_description: Order, change and remove web-hosting accounts
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Orders a web-hosting account that is missing, and suspends, lifts, changes or removes one that is there.
  - An order debits the wallet at once. It is placed exactly once, whatever happens to the replies, because its
    Idempotency-Key is made of the account, the domain and the user name, never of the run.
  - The SFTP and database passwords are in the reply to the order only. They are in RV(sftp_password) and RV(db_password) for
    C(register), and no output shows them; or they go to O(credentials_file).
  - C(async) and the task keyword C(timeout) are refused where the task could order, for both would lose the passwords.
options:
  id:
    description:
      - The account's id. O(id), O(domain) or O(username) is needed.
    type: str
  domain:
    description:
      - The domain that the account serves. Case and a trailing dot make no difference. Needed to order.
      - Given together with O(username) or O(id), both have to fit.
    type: str
  username:
    description:
      - The user name of the account. Needed to order. The API can't change it later.
    type: str
  state:
    description:
      - V(present) orders the account if it is missing, and leaves a suspended one suspended.
      - V(active) does so too, and lifts a suspension.
      - V(suspended) takes site and databases off the net and keeps them. It never orders.
      - V(absent) removes the account and destroys the site, its databases and its mail for good. The user name can then be used
        again.
    type: str
    choices: [present, active, suspended, absent]
    default: present
  php_version:
    description:
      - The PHP version. Without it a new account gets the API's own choice (8.3), and one that is there keeps what it has.
    type: str
    choices: ["7.4", "8.1", "8.3"]
  retry_ssl:
    description:
      - When to try again for the certificate. V(failed) looks at RV(hosting.ssl_status) and retries only where it has failed. Where the
        API doesn't tell the state, nothing is retried, and a warning says so.
      - V(always) retries in every run.
    type: str
    choices: [never, failed, always]
    default: never
  wait_timeout:
    description:
      - The seconds to wait for the reply to an order, and for a state to be reached.
    type: int
    default: 600
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._order
  - h444.cloud._secrets
  - h444.cloud._attributes
  - h444.cloud._attributes.actiongroup_h444
attributes:
  idempotent:
    description: Running the same task twice in a row changes nothing the second time.
    support: partial
    details:
      - O(retry_ssl=always) retries every time.
      - A PHP version that the API doesn't tell is written in every run, and a warning says so.
seealso:
  - module: h444.cloud.h444_hosting_info
  - module: h444.cloud.h444_product_info
"""

EXAMPLES = r"""
- name: Order an account, for at most 10 dollars a month
  h444.cloud.h444_hosting:
    domain: example.com
    username: examplecom
    plan_slug: hosting-starter
    max_monthly_usd_cents: 1000
    php_version: "8.3"
    credentials_file: "{{ playbook_dir }}/credentials.json"
  register: site

- name: Use another PHP, and try again for a certificate that failed
  h444.cloud.h444_hosting:
    domain: example.com
    php_version: "8.1"
    retry_ssl: failed

- name: Take it off the net
  h444.cloud.h444_hosting:
    domain: example.com
    state: suspended

- name: Put it back
  h444.cloud.h444_hosting:
    domain: example.com
    state: active

- name: Remove it with its databases and its mail; a second time changes nothing
  h444.cloud.h444_hosting:
    domain: example.com
    state: absent
"""

RETURN = r"""
hosting:
  description: The account after the run; null when it is absent. Every further field of the API is kept in snake_case.
  returned: always
  type: dict
  contains:
    id:
      description: The id, always a string.
      type: str
      returned: always
      sample: 9032ffac-2d3f-4c5a-9b0e-6f1d2c3b4a59
    domain:
      description: The domain that it serves, in lower case.
      type: str
      returned: always
      sample: example.com
    username:
      description: The user name.
      type: str
      returned: always
      sample: examplecom
    status:
      description: V(active), V(suspended), V(provisioning), or the word of the API where it is none of these; null where it does not tell.
      type: str
      returned: always
      sample: active
    plan_slug:
      description: The plan.
      type: str
      returned: always
      sample: hosting-starter
    php_version:
      description: The PHP version; null where the API does not tell.
      type: str
      returned: always
      sample: "8.3"
    ssl_status:
      description: V(issued), V(pending), V(failed), or the word of the API where it is none of these; null where it does not tell.
      type: str
      returned: always
      sample: issued
    created_at:
      description: When the account was made, as the API writes it.
      type: str
      returned: always
      sample: "2026-01-01T00:00:00.000Z"
sftp_password:
  description: The SFTP password. No output shows it. Left out when O(credentials_file) took it.
  returned: when this run ordered, and the API gave one
  type: str
db_password:
  description: The password of the database. No output shows it. Left out when O(credentials_file) took it.
  returned: when this run ordered, and the API gave one
  type: str
credentials_file:
  description: The file that holds the passwords now, under C(hosting/DOMAIN).
  returned: when it was written
  type: str
order:
  description: What was ordered, or would be in check mode.
  returned: when something was or would be ordered
  type: dict
  contains:
    plan_slug:
      description: The plan.
      type: str
      returned: always
      sample: hosting-starter
    monthly_usd_cents:
      description: Your own price for a month.
      type: int
      returned: always
      sample: 400
    idempotency_key:
      description: The key of the order. It is no secret; the support may ask for it.
      type: str
      returned: always
    replayed:
      description: Whether the API repeated the reply to an earlier request; null where that is not known.
      type: bool
      returned: always
    generation:
      description: O(order_generation).
      type: str
      returned: always
    attempts:
      description: How often the order was sent; 0 in check mode.
      type: int
      returned: always
    hosting_id:
      description: The id that the reply named; null where there was none, as in check mode.
      type: str
      returned: always
    wallet_before_usd_cents:
      description: The balance before.
      type: int
      returned: always
    wallet_after_usd_cents:
      description: The balance afterwards; null in check mode and where it could not be read.
      type: int
      returned: always
actions:
  description: What was done, or would be, in order.
  returned: always
  type: list
  elements: str
  sample: ["order example.com"]
"""

from ansible_collections.h444.cloud.plugins.module_utils import _hosting
from ansible_collections.h444.cloud.plugins.module_utils._converge import run
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import ORDER, SECRETS, merge

SPEC = merge(
    ORDER,
    SECRETS,
    id={"type": "str"},
    domain={"type": "str"},
    username={"type": "str"},
    state={"type": "str", "default": "present", "choices": ["present", "active", "suspended", "absent"]},
    php_version={"type": "str", "choices": list(_hosting.PHP_VERSIONS)},
    retry_ssl={"type": "str", "default": "never", "choices": ["never", "failed", "always"]},
    wait_timeout={"type": "int", "default": 600},
)


def main() -> None:
    """Run the module."""
    run(H444Module(SPEC, required_one_of=[["id", "domain", "username"]]), _hosting.TASK)


if __name__ == "__main__":
    main()
