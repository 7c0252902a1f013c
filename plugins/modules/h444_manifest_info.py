#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_manifest_info
short_description: Get the account as one document
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Returns the servers, PTR records, web hosting accounts, domains and webhooks of the account as one document, in the
    options of their modules. M(h444.cloud.h444_manifest) takes it as O(h444.cloud.h444_manifest#module:manifest), and
    changes nothing in an unchanged account.
  - The document contains no IDs and no passwords. It identifies servers by their labels, hosting accounts by their
    domains, domains by their names, and webhooks by their URLs. If two resources have the same name, or one has none,
    the module refuses the task and lists their IDs.
  - The entries of a section are in the natural order of their names, so that C(web-2) comes before C(web-10). The order
    does not depend on the API, so two documents of an unchanged account are equal.
  - The module sends one request for each list that the sections require, at most five. It reads more only if the lists
    do not contain enough. If a list lacks settings, it sends one more request for each of its resources, and stops when
    the first reply contains no more than the list. If the API returns display names, it also reads the plans and the
    templates.
  - The playbook C(h444.cloud.export) writes the document to a file.
options:
  sections:
    description: The sections to return. The module reads only what they require.
    type: list
    elements: str
    choices: [servers, ptr_records, hosting, domains, webhooks]
    default: [servers, ptr_records, hosting, domains, webhooks]
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._attributes.info_module
  - h444.cloud._attributes.actiongroup_h444
seealso:
  - module: h444.cloud.h444_manifest
  - module: h444.cloud.h444_vps_fleet
  - module: h444.cloud.h444_ptr_records
  - module: h444.cloud.h444_hosting
  - module: h444.cloud.h444_domain
  - module: h444.cloud.h444_webhook
  - plugin: h444.cloud.manifest_yaml
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Get the account as one document
  h444.cloud.h444_manifest_info:
  register: found

- name: Write it to a file
  ansible.builtin.copy:
    content: "{{ found.manifest | h444.cloud.manifest_yaml }}"
    dest: "{{ playbook_dir }}/account.yml"
    mode: "0600"

- name: Get the servers and domains only
  h444.cloud.h444_manifest_info:
    sections: [servers, domains]
  register: found

- name: Show the servers that are stopped
  ansible.builtin.debug:
    msg: "{{ found.manifest.servers | selectattr('state', 'equalto', 'stopped') | map(attribute='label') }}"
"""

RETURN = r"""
manifest:
  description:
    - The document. It contains the sections in O(sections), always in the order below.
    - An entry contains only options of its module. An option is omitted if the API does not return its value.
  returned: success
  type: dict
  contains:
    servers:
      description: The servers with options of M(h444.cloud.h444_vps). Servers that were terminated are omitted.
      type: list
      elements: dict
      returned: when O(sections) contains V(servers)
      contains:
        label:
          description: The label of the server.
          type: str
          returned: always
          sample: web-1
        state:
          description: V(started) for a running server, V(stopped) for a stopped server, and otherwise V(present).
          type: str
          returned: always
          sample: started
        plan_slug:
          description:
            - The slug of the plan. If the API returns a display name that is not in the list of plans, this is the
              display name.
          type: str
          returned: when the API returns it
          sample: vps-2
        hostname:
          description: The hostname.
          type: str
          returned: when the API returns it
          sample: web-1.example.com
        os_template:
          description: The template, as it is ordered.
          type: str
          returned: when the API returns it
          sample: ubuntu-24.04
        os_family:
          description: The family of the template.
          type: str
          returned: when the API returns it
          sample: ubuntu
        ptr:
          description:
            - The PTR record of the primary address. Null if it has none.
            - Omitted if the server has no address, or if the API does not show which address is the primary one. The
              PTR records of that server are then in RV(manifest.ptr_records).
          type: str
          returned: when the primary address is known
          sample: web-1.example.com
    ptr_records:
      description:
        - The PTR records that are not in RV(manifest.servers). Addresses without one are omitted.
        - If O(sections) does not contain V(servers), these are the PTR records of all addresses.
      type: list
      elements: dict
      returned: when O(sections) contains V(ptr_records)
      contains:
        ip:
          description: The address in its canonical form.
          type: str
          returned: always
          sample: 2001:db8::1
        hostname:
          description: The hostname in the PTR record.
          type: str
          returned: always
          sample: mail.example.com
    hosting:
      description: The web hosting accounts with options of M(h444.cloud.h444_hosting).
      type: list
      elements: dict
      returned: when O(sections) contains V(hosting)
      contains:
        domain:
          description: The domain in lower case, with IDNA labels.
          type: str
          returned: always
          sample: example.com
        state:
          description: V(active) or V(suspended) if the account has this status, and otherwise V(present).
          type: str
          returned: always
          sample: active
        plan_slug:
          description: The slug of the plan.
          type: str
          returned: when the API returns it
          sample: hosting-starter
        username:
          description: The username.
          type: str
          returned: when the API returns it
          sample: examplecom
        php_version:
          description: The PHP version.
          type: str
          returned: when it is one of the choices of O(h444.cloud.h444_hosting#module:php_version)
          sample: "8.3"
    domains:
      description: The domains with options of M(h444.cloud.h444_domain).
      type: list
      elements: dict
      returned: when O(sections) contains V(domains)
      contains:
        name:
          description: The name of the domain in lower case, with IDNA labels.
          type: str
          returned: always
          sample: example.com
        auto_renew:
          description: Whether the domain is renewed automatically.
          type: bool
          returned: when the API returns it
        transfer_lock:
          description: Whether the domain is locked against transfers.
          type: bool
          returned: when the API returns it
        whois_privacy:
          description: Whether the owner is hidden in WHOIS.
          type: bool
          returned: when the API returns it
        nameservers:
          description: The name servers, in the natural order of their names.
          type: list
          elements: str
          returned: when the API returns any
          sample: [ns1.example.net, ns2.example.net]
    webhooks:
      description: The webhooks with options of M(h444.cloud.h444_webhook).
      type: list
      elements: dict
      returned: when O(sections) contains V(webhooks)
      contains:
        url:
          description: The URL that receives the deliveries.
          type: str
          returned: always
          sample: https://example.com/hooks/444host
        events:
          description: The events that the webhook delivers.
          type: list
          elements: str
          returned: when the API returns any
          sample: [vps.power.changed, ticket.replied]
        force:
          description: V(true), so that M(h444.cloud.h444_webhook) accepts the unknown events.
          type: bool
          returned: when the events contain an unknown one
        description:
          description: The description of the webhook.
          type: str
          returned: when the webhook has one
          sample: Operations
        is_active:
          description: Whether the webhook delivers events.
          type: bool
          returned: when the API returns it
"""

from ansible_collections.h444.cloud.plugins.module_utils import _document
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import merge

SECTIONS = ["servers", "ptr_records", "hosting", "domains", "webhooks"]
SPEC = merge(sections={"type": "list", "elements": "str", "choices": SECTIONS, "default": SECTIONS})


def main(face=H444Module) -> None:
    """Run the module."""
    face(SPEC).report(_document.report)


if __name__ == "__main__":
    main()
