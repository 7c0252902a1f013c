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
  - Orders a web-hosting account that is missing; suspends, unsuspends or removes one that is there, sets its PHP version and
    retries its certificate.
  - An order debits the wallet at once. It is placed exactly once, whatever happens to the replies, because its
    Idempotency-Key is made of the account, the domain and the user name, never of the run.
  - The SFTP and the database password are in the reply to the order only. They are in RV(sftp_password) and
    RV(db_password) for C(register), and no output shows them; or they go to O(credentials_file).
  - C(async) and the task keyword C(timeout) are refused where the task could order, for both would lose the passwords.
    So are C(until) and C(retries) without O(credentials_file).
options:
  id:
    description:
      - The account's id. One of O(id), O(domain) and O(username) is needed. Where several are given, they have to
        mean the same account.
    type: str
  domain:
    description:
      - The account's domain, compared without case and trailing dot. A name that is not ASCII is ordered in its IDNA form.
        Two accounts of one domain are refused with their ids. Needed to order.
    type: str
  username:
    description:
      - The account's user name, compared without case. Needed to order; one that an account of another domain has is
        refused before anything is ordered.
      - Where O(domain) is given too, the account is found by that, and another user name is refused. An account that may be suspended
        or removed by this task has to have the very name; else one that the provider cut short or put something before is
        taken for it, with a warning.
    type: str
  state:
    description:
      - V(present) orders the account if it is missing. It leaves a suspended account suspended.
      - V(active) does so too, and lifts a suspension.
      - V(suspended) suspends the account, so that its site and databases stop serving. It never orders.
      - V(absent) removes the account and B(destroys its site, its databases and its mail). Its user name can be used anew.
        Options that describe the account are allowed, and ignored.
    type: str
    choices: [present, active, suspended, absent]
    default: present
  php_version:
    description:
      - The PHP version to order with, or to switch to. An order without it takes the default of the API, 8.3.
    type: str
    choices: ["7.4", "8.1", "8.3"]
  retry_ssl:
    description:
      - Whether to try again to have the Let's Encrypt certificate of the domain issued.
      - V(failed) looks at the state of the certificate and retries if it is RV(hosting.ssl_status=failed). Where the API does
        not tell the state, or in a word that nobody knows, nothing is retried and a warning says so.
      - V(always) retries in every run. Let's Encrypt limits how often a domain may be tried.
      - Refused with O(state=absent).
      - An account that this run orders is not retried, for its certificate comes with the order.
      - A retry whose reply is lost is never repeated by itself; the task fails and says so.
    type: str
    choices: [never, failed, always]
    default: never
  wait_timeout:
    description:
      - How many seconds to wait for the account to be set up, suspended, unsuspended or removed. It is also the time-out of
        one attempt of an order, for the API answers that only when the account is there. An unknown status ends the wait at
        once, with a warning.
    type: int
    default: 600
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._order
  - h444.cloud._protected
  - h444.cloud._secrets
  - h444.cloud._attributes
  - h444.cloud._attributes.actiongroup_h444
attributes:
  idempotent:
    description: Running the same task twice in a row changes nothing the second time.
    support: partial
    details:
      - O(retry_ssl=always) retries every time, and O(retry_ssl=failed) as long as the certificate fails.
      - Where the API does not tell the PHP version, or tells the status in words that nobody knows, these are written in
        every run; a warning says so.
seealso:
  - module: h444.cloud.h444_hosting_info
  - module: h444.cloud.h444_product_info
"""

EXAMPLES = r"""
- name: Order a hosting account, for at most 5 dollars a month
  h444.cloud.h444_hosting:
    domain: example.com
    username: examplecom
    plan_slug: hosting-starter
    max_monthly_usd_cents: 500
  register: site

- name: Hand the passwords on, which are known in this run only
  ansible.builtin.set_fact:
    database:
      host: "{{ site.hosting.hosts.db_host | default('localhost') }}"
      password: "{{ site.db_password }}"
  when: site.db_password is defined
  no_log: true # h444_hosting hides the passwords itself, other modules have to be told

- name: Order another one and keep its passwords in a file
  h444.cloud.h444_hosting:
    domain: shop.example.com
    username: shopuser
    plan_slug: hosting-pro
    php_version: "8.1"
    credentials_file: "{{ playbook_dir }}/credentials.json"

- name: Switch its PHP version
  h444.cloud.h444_hosting:
    domain: shop.example.com
    php_version: "8.3"

- name: Try the certificate again if it failed
  h444.cloud.h444_hosting:
    domain: shop.example.com
    retry_ssl: failed

- name: Suspend it
  h444.cloud.h444_hosting:
    username: shopuser
    state: suspended

- name: Lift the suspension
  h444.cloud.h444_hosting:
    username: shopuser
    state: active

- name: Remove it with its site, databases and mail; a second time changes nothing
  h444.cloud.h444_hosting:
    domain: shop.example.com
    state: absent
"""

RETURN = r"""
hosting:
  description:
    - The account after the run; null when it is absent. Every further field of the API is kept in snake_case, among them
      the quota, the usage and the hosts to connect to.
  returned: always
  type: dict
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
sftp_password:
  description: The SFTP password. No output shows it. Left out when O(credentials_file) took it.
  returned: when this run ordered, and the API gave one
  type: str
db_password:
  description: The password of the database. No output shows it. Left out when O(credentials_file) took it.
  returned: when this run ordered, and the API gave one
  type: str
other_secrets:
  description:
    - Any further secrets in the reply, by their paths in it, such as C(vnc.password). No output shows them. Left out if
      they were written to O(credentials_file).
  returned: when the reply held any
  type: dict
secret_lost:
  description:
    - Whether a one-time secret did not arrive, or can't be distinguished from others. A warning then says how to get a new one.
    - V(false) in check mode.
  returned: when this run ordered, or would
  type: bool
  sample: false
credentials_file:
  description: The file that holds the passwords now.
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
      sample: vps-2
    due_now_usd_cents:
      description: What the order debits at once.
      type: int
      returned: always
      sample: 240
    monthly_usd_cents:
      description: Your own price for a month.
      type: int
      returned: always
      sample: 240
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
      description:
        - The balance afterwards. In check mode, and where the reply alone proves the order, this is the balance before less the price;
          else it is read again, and null where that fails.
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
from ansible_collections.h444.cloud.plugins.module_utils._spec import ORDER, PROTECTED, SECRETS, merge

SPEC = merge(
    ORDER,
    PROTECTED,
    SECRETS,
    id={"type": "str"},
    domain={"type": "str"},
    username={"type": "str"},
    state={"type": "str", "default": "present", "choices": ["present", "active", "suspended", "absent"]},
    php_version={"type": "str", "choices": ["7.4", "8.1", "8.3"]},
    retry_ssl={"type": "str", "default": "never", "choices": ["never", "failed", "always"]},
    wait_timeout={"type": "int", "default": 600},
)


def main() -> None:
    """Run the module."""
    run(H444Module(SPEC), _hosting.RECONCILER)


if __name__ == "__main__":
    main()
