#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_manifest
short_description: Bring an account to what one document says
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Reads the account once, compares it with a document, and makes one plan of everything that differs. The module holds
    the whole plan and its cost against every limit before its first write, and then carries it out.
  - The account itself is the state, so there is no state file. Servers are known by their label, web hosting by its
    domain, domains by their name, PTR records by their address and webhooks by their URL.
  - The plan is carried out in this order. What can be undone comes first, then what costs money, then what destroys. If
    something fails, the module finishes what it can, but begins no further removal or reinstall. The task then fails,
    and its result contains what is done (RV(done)), what is left (RV(left)), and every password. The next run finishes
    the rest. Nothing is ordered twice.
  - In check mode, the module makes the same plan and the same checks, and writes nothing. RV(plan), RV(plan_digest) and
    RV(cost) are those of the run.
  - If nothing has to be changed, the module takes at most 8 requests, regardless of the size of the account. If the
    lists of the API leave out a setting that the document contains, it reads the details, too.
  - The module never terminates a server and orders it anew. If the plan or the hostname of a server differs, or the
    plan of a hosting account, the plan has an entry V(replace), and the module refuses it.
  - Only the reply to an order contains the initial passwords. The module returns them for C(register), and Ansible
    never displays them. If O(credentials_file) is set, the module writes them to that file instead.
  - If the task could return a secret, the module refuses C(async) and the task keyword C(timeout), because both would
    lose it. For the same reason, it refuses C(until) and C(retries) unless O(credentials_file) is set.
options:
  manifest:
    description:
      - The document, a dictionary of sections. M(h444.cloud.h444_manifest_info) returns the document of an account. A
        section that is absent is not looked at. Each section is a list of entries.
      - An entry of C(servers) has the options of a server of M(h444.cloud.h444_vps_fleet). C(label) is required.
        C(ptr) is the hostname in the PTR record of the primary address. Null clears the record. Without C(ptr), it is
        not changed.
      - An entry of C(ptr_records) has C(ip) and C(hostname). Null clears the record.
      - An entry of C(hosting) has the options of M(h444.cloud.h444_hosting). C(domain) is required. An account that is
        missing and has V(suspended) as its C(state) is ordered and then suspended.
      - An entry of C(domains) has the options of M(h444.cloud.h444_domain). C(name) is required.
      - An entry of C(webhooks) has the options of M(h444.cloud.h444_webhook). C(url) is required.
      - The module refuses unknown sections and options, wrong types, two entries with the same name, two hosting
        accounts with the same username, and an address whose PTR record is different in C(servers) and in
        C(ptr_records).
    type: dict
    required: true
  purge:
    description:
      - The sections whose resources that no entry names are removed. A PTR record is removed by clearing it.
      - The module refuses a section that is not in O(manifest). O(max_removed) limits the removals.
    type: list
    elements: str
    choices: [servers, ptr_records, hosting, webhooks]
    default: []
  max_total_monthly_usd_cents:
    description:
      - The maximum monthly price of all new orders together in US cents. If they cost more, the task changes nothing.
    type: int
  max_removed:
    description:
      - How many resources the task may remove or replace (reinstall) together. If the plan has more, the task changes
        nothing.
    type: int
    default: 0
  plan_digest:
    description:
      - The RV(plan_digest) of an earlier run, for example in check mode. If the plan is no longer the same, the task
        fails and changes nothing. An empty plan needs no approval, so the same task can run again. An empty string is
        refused.
      - The digest depends on the account, on the entries of the plan, on every request that would be sent, and on the
        Idempotency-Keys of orders. It does not depend on the balance of the wallet.
    type: str
  order_generation:
    description:
      - The default C(order_generation) of all entries that can be ordered. Increase it to order a resource again under
        the same name if the module says so.
    type: str
    default: "1"
  concurrency:
    description:
      - How many resources the module changes at the same time, from 1 to 32. All of them share O(rate_limit).
    type: int
    default: 4
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._protected
  - h444.cloud._secrets
  - h444.cloud._wait
  - h444.cloud._attributes
  - h444.cloud._attributes.actiongroup_h444
attributes:
  idempotent:
    description: Running the same task twice in a row changes nothing the second time.
    support: partial
    details:
      - Entries that ask for an action and not for a state, such as C(state=restarted) or C(rotate_secret=true), act
        every time.
seealso:
  - module: h444.cloud.h444_manifest_info
  - module: h444.cloud.h444_vps_fleet
  - module: h444.cloud.h444_hosting
  - module: h444.cloud.h444_domain
  - module: h444.cloud.h444_webhook
"""

EXAMPLES = r"""
- name: Show what would change, and what it costs
  h444.cloud.h444_manifest:
    manifest: &account
      servers:
        - label: web-1
          state: started
          plan_slug: vps-2
          os_template: ubuntu-24.04
          ptr: web-1.example.com
        - label: web-2
          state: started
          plan_slug: vps-2
          os_template: ubuntu-24.04
      webhooks:
        - url: https://example.com/hooks/444host
          events: [vps.created, invoice.paid]
  check_mode: true
  diff: true
  register: planned

- name: Carry out exactly this plan, for at most 40 dollars a month
  h444.cloud.h444_manifest:
    manifest: *account
    plan_digest: "{{ planned.plan_digest }}"
    max_total_monthly_usd_cents: 4000
    credentials_file: "{{ playbook_dir }}/credentials.json"

- name: Remove the one webhook that no entry names
  h444.cloud.h444_manifest:
    manifest:
      webhooks: []
    purge: [webhooks]
    max_removed: 1
"""

RETURN = r"""
manifest:
  description:
    - The sections of O(manifest) after the run, as M(h444.cloud.h444_manifest_info) returns them. In check mode, as
      they would be. If the lists of the API leave out settings, those of resources that no entry names are missing.
    - A section is null, with a warning, if no document can describe it, for example because two resources have the
      same name. The whole value is null if the task failed before the plan was made.
  returned: always
  type: dict
  sample:
    servers:
      - label: web-1
        state: started
        plan_slug: vps-2
        hostname: web-1
        os_template: ubuntu-24.04
        os_family: ubuntu
        ptr: web-1.example.com
plan:
  description:
    - Everything that differs, in the order in which it is carried out. Empty if nothing does, and if the task failed
      before the plan was made.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description:
        - V(create), V(update), V(replace) or V(remove). V(replace) is a reinstall, or a change that the API can't make
          and that the module refuses.
      type: str
      returned: always
      sample: create
    kind:
      description: The section.
      type: str
      returned: always
      sample: servers
    name:
      description: The name of the resource, as in the document. If no entry names it, as the API returns it.
      type: str
      returned: always
      sample: web-2
    changes:
      description:
        - What changes, keyed by option; a new name by C(label) or C(url). Each value is a dictionary with C(before) and
          C(after). Empty for V(remove).
      type: dict
      returned: always
      sample:
        plan_slug:
          before: null
          after: vps-2
    monthly_usd_cents:
      description: What the entry adds to the monthly price in US cents. Negative for V(remove).
      type: int
      returned: always
      sample: 1200
plan_digest:
  description: Identifies the plan, see O(plan_digest). Null if the plan was not made.
  returned: always
  type: str
cost:
  description: What the sections of O(manifest) cost. Null if the plan was not made.
  returned: always
  type: dict
  contains:
    monthly_before_usd_cents:
      description: The monthly price of all servers and hosting accounts of these sections before the run in US cents.
      type: int
      returned: always
    monthly_after_usd_cents:
      description: The same after the plan is carried out.
      type: int
      returned: always
    due_now_usd_cents:
      description: What the new orders debit from the wallet at once in US cents.
      type: int
      returned: always
    balance_usd_cents:
      description:
        - The balance of the wallet before the run in US cents. Null if the API key lacks the scope C(account:read) and
          nothing is ordered.
      type: int
      returned: always
done:
  description: The entries of RV(plan) that are carried out. Empty in check mode.
  returned: always
  type: list
  elements: dict
left:
  description: The other entries of RV(plan).
  returned: always
  type: list
  elements: dict
differences:
  description:
    - What differs from the document and is not changed, because the document does not ask for it. That is another
      template of a server that is not C(state=reinstalled), and another username of a hosting account.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: The section.
      type: str
      returned: always
      sample: servers
    name:
      description: The name of the resource, as in the document.
      type: str
      returned: always
      sample: web-1
    changes:
      description: As in RV(plan).
      type: dict
      returned: always
failures:
  description: What failed, or stands against the plan. The task then fails, too.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: The section.
      type: str
      returned: always
      sample: servers
    name:
      description: The name of the resource, as in RV(plan).
      type: str
      returned: always
      sample: web-3
    msg:
      description: Why it failed, and what to do.
      type: str
      returned: always
ordered:
  description: The labels and domains that this run ordered, or would order in check mode.
  returned: always
  type: list
  elements: str
  sample: [web-2]
root_passwords:
  description:
    - The root passwords of the servers that this run ordered or reinstalled, keyed by label. Ansible never displays
      them. Those that were written to O(credentials_file) are omitted.
  returned: always
  type: dict
sftp_passwords:
  description: The SFTP passwords of the hosting accounts that this run ordered, keyed by domain, as RV(root_passwords).
  returned: always
  type: dict
db_passwords:
  description:
    - The database passwords of the hosting accounts that this run ordered, keyed by domain, as RV(root_passwords).
  returned: always
  type: dict
webhook_secrets:
  description:
    - The signing secrets of the webhooks that this run created or whose secret it rotated, keyed by URL, as
      RV(root_passwords).
  returned: always
  type: dict
other_secrets:
  description:
    - Other secrets in the replies, keyed by section and name, for example C(servers/web-1), and then by their paths in
      the reply. Ansible never displays them. Secrets that were written to O(credentials_file) are omitted.
  returned: when a reply contained other secrets
  type: dict
secret_lost:
  description:
    - Whether a one-time secret is lost, because it did not arrive or can't be distinguished from other secrets in the
      reply. The module then issues a warning that explains how to get a new one.
  returned: always
  type: bool
  sample: false
actions:
  description: The actions that the module performed, or would perform in check mode, in order.
  returned: always
  type: list
  elements: str
  sample: ["set PTR of 192.0.2.10", "order web-2"]
"""

from ansible_collections.h444.cloud.plugins.module_utils._manifest import run
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import ORDER, PROTECTED, SECRETS, SECTIONS, WAIT, merge

SPEC = merge(
    PROTECTED,
    SECRETS,
    WAIT,
    manifest={"type": "dict", "required": True},
    purge={
        "type": "list",
        "elements": "str",
        "default": [],
        "choices": ["servers", "ptr_records", "hosting", "webhooks"],
    },
    max_total_monthly_usd_cents={"type": "int"},
    max_removed={"type": "int", "default": 0},
    plan_digest={"type": "str"},
    order_generation=ORDER["order_generation"],
    concurrency={"type": "int", "default": 4},
)


def main(face=H444Module) -> None:
    """Run the module."""
    run(face(SPEC), SECTIONS)


if __name__ == "__main__":
    main()
