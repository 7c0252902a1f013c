#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_hosting
short_description: Manage web hosting accounts
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Orders a web hosting account if it is missing. Suspends, unsuspends or removes an existing account, sets its PHP
    version and retries its certificate.
  - An order debits the wallet immediately. The module places it exactly once, no matter what happens to the replies,
    because the Idempotency-Key is derived from the account, the domain and the username, and never from the run.
  - Only the reply to the order contains the SFTP and the database password. The module returns them in
    RV(sftp_password) and RV(db_password) for C(register), and Ansible never displays them. If O(credentials_file) is
    set, the module writes them to that file instead.
  - If the task could place an order, the module refuses C(async) and the task keyword C(timeout), because both would
    lose the passwords. For the same reason, it refuses C(until) and C(retries) unless O(credentials_file) is set.
options:
  id:
    description:
      - The ID of the account. At least one of O(id), O(domain) and O(username) is required. If several are set, they
        must refer to the same account.
    type: str
  domain:
    description:
      - The domain of the account. Case and a trailing dot are ignored. Required to place an order. The module orders a
        domain that is not ASCII in its IDNA form.
      - If two accounts have this domain, the module refuses the task and lists their IDs.
    type: str
  username:
    description:
      - The username of the account. Case is ignored. Required to place an order. If an account of another domain has
        this username, the module refuses the task before it orders anything.
      - If O(domain) is also set, the module finds the account by its domain and refuses a different username. It
        accepts a username that the provider has shortened or prefixed, and issues a warning, unless the task could
        suspend or remove the account.
    type: str
  state:
    description:
      - V(present) orders the account if it is missing. A suspended account stays suspended.
      - V(active) orders the account if it is missing, and unsuspends a suspended account.
      - V(suspended) suspends the account, so that its site and databases stop serving. It never places an order.
      - V(absent) removes the account and B(destroys its site, its databases and its mail). The username can be used
        again afterwards. Options that describe the account are accepted and ignored.
    type: str
    choices: [present, active, suspended, absent]
    default: present
  php_version:
    description:
      - The PHP version of the account. If an order does not specify it, the API uses its default, 8.3.
    type: str
    choices: ["7.4", "8.1", "8.3"]
  retry_ssl:
    description:
      - When to retry the issuance of the Let's Encrypt certificate of the domain.
      - V(failed) retries if RV(hosting.ssl_status=failed). If the API does not return the status of the certificate,
        or returns an unknown one, the module does not retry and issues a warning.
      - V(always) retries in every run. Let's Encrypt limits the number of attempts for a domain.
      - The module does not retry the certificate of an account that it orders in the same run, because the order
        includes the certificate.
      - If the reply to a retry is lost, the module does not resend it. The task fails and reports this.
      - The module refuses V(failed) and V(always) with O(state=absent).
    type: str
    choices: [never, failed, always]
    default: never
  wait_timeout:
    description:
      - How many seconds to wait until the account is set up, suspended, unsuspended or removed. If the account reports
        an unknown status, the module stops waiting immediately and issues a warning.
      - This is also the timeout of one attempt of an order, because the API responds only when the account is ready.
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
      - O(retry_ssl=always) retries every time, and O(retry_ssl=failed) as long as the status of the certificate is
        V(failed).
      - If the API does not return the PHP version or a known status of the account, the module writes the requested
        value in every run and issues a warning.
seealso:
  - module: h444.cloud.h444_hosting_info
  - module: h444.cloud.h444_product_info
"""

EXAMPLES = r"""
- name: Order a hosting account for at most 5 dollars a month
  h444.cloud.h444_hosting:
    domain: example.com
    username: examplecom
    plan_slug: hosting-starter
    max_monthly_usd_cents: 500
  register: site

- name: Pass the password on, which is available in this run only
  ansible.builtin.set_fact:
    database:
      host: "{{ site.hosting.hosts.db_host | default('localhost') }}"
      password: "{{ site.db_password }}"
  when: site.db_password is defined
  no_log: true # h444_hosting hides the passwords, but other modules do not

- name: Order another account and write its passwords to a file
  h444.cloud.h444_hosting:
    domain: shop.example.com
    username: shopuser
    plan_slug: hosting-pro
    php_version: "8.1"
    credentials_file: "{{ playbook_dir }}/credentials.json"

- name: Change the PHP version
  h444.cloud.h444_hosting:
    domain: shop.example.com
    php_version: "8.3"

- name: Retry the certificate if it failed
  h444.cloud.h444_hosting:
    domain: shop.example.com
    retry_ssl: failed

- name: Suspend the account
  h444.cloud.h444_hosting:
    username: shopuser
    state: suspended

- name: Unsuspend the account
  h444.cloud.h444_hosting:
    username: shopuser
    state: active

- name: Remove the account with its site, databases and mail
  h444.cloud.h444_hosting:
    domain: shop.example.com
    state: absent
"""

RETURN = r"""
hosting:
  description:
    - The account after the run. Null if it is absent.
    - All other fields that the API returns are included with names in snake_case. They include the quota, the usage
      and the hosts to connect to.
  returned: always
  type: dict
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
sftp_password:
  description: The SFTP password. Ansible never displays it. Omitted if it was written to O(credentials_file).
  returned: when this run ordered the account and the API returned a password
  type: str
db_password:
  description: The database password. Ansible never displays it. Omitted if it was written to O(credentials_file).
  returned: when this run ordered the account and the API returned a password
  type: str
other_secrets:
  description:
    - Other secrets in the reply, keyed by their paths in it, for example C(vnc.password). Ansible never displays them.
      Omitted if they were written to O(credentials_file).
  returned: when the reply contained other secrets
  type: dict
secret_lost:
  description:
    - Whether a one-time secret is lost, because it did not arrive or can't be distinguished from other secrets in the
      reply. The module then issues a warning that explains how to get a new one.
    - V(false) in check mode.
  returned: when this run ordered the account, or would do so in check mode
  type: bool
  sample: false
credentials_file:
  description: The path of the file that contains the passwords.
  returned: when the module wrote the file
  type: str
order:
  description: The order that the module placed, or would place in check mode.
  returned: when this run placed an order, or would place one in check mode
  type: dict
  contains:
    plan_slug:
      description: The slug of the plan.
      type: str
      returned: always
      sample: vps-2
    due_now_usd_cents:
      description: The amount in US cents that the order debits immediately.
      type: int
      returned: always
      sample: 240
    monthly_usd_cents:
      description: Your own monthly price in US cents.
      type: int
      returned: always
      sample: 240
    idempotency_key:
      description: The Idempotency-Key of the order. It is not a secret. The support may ask for it.
      type: str
      returned: always
    replayed:
      description: Whether the API replayed the reply to an earlier request. Null if this is unknown.
      type: bool
      returned: always
    generation:
      description: The value of O(order_generation).
      type: str
      returned: always
    attempts:
      description: How many times the module sent the order. 0 in check mode.
      type: int
      returned: always
    hosting_id:
      description: The ID in the reply to the order. Null if there is none, and in check mode.
      type: str
      returned: always
    wallet_before_usd_cents:
      description: The balance of the wallet before the order, in US cents.
      type: int
      returned: always
    wallet_after_usd_cents:
      description:
        - The balance of the wallet after the order, in US cents.
        - In check mode, and if the reply alone proves the order, this is the previous balance minus the price.
          Otherwise, the module reads the balance again. Null if it can't be read.
      type: int
      returned: always
actions:
  description: The actions that the module performed, or would perform in check mode, in order.
  returned: always
  type: list
  elements: str
  sample: ["order example.com"]
"""

from ansible_collections.h444.cloud.plugins.module_utils import _hosting
from ansible_collections.h444.cloud.plugins.module_utils._converge import run
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import HOSTING, ORDER, PROTECTED, SECRETS, merge

SPEC = merge(HOSTING, ORDER, PROTECTED, SECRETS)


def main(face=H444Module) -> None:
    """Run the module."""
    run(face(SPEC), _hosting.RECONCILER)


if __name__ == "__main__":
    main()
