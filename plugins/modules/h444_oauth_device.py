#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_oauth_device
short_description: Start a browser sign-in
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Requests the codes of an OAuth device authorization (RFC 8628). A user opens RV(verification_uri) in a browser and
    approves RV(user_code). M(h444.cloud.h444_oauth_token) then exchanges RV(device_code) for the tokens.
  - The module refuses C(async), because every user of the executing host can read the result of an asynchronous job.
  - The module needs no API key and sends none. It reads the endpoints from the metadata of the server. They must be on
    the host of O(api_url).
options:
  client_id:
    description:
      - The ID of the OAuth client that signs in. 444Host issues client IDs. This collection does not have its own.
      - Required unless O(register_client) is set.
    type: str
  scopes:
    description:
      - The scopes of the token. If the metadata of the server does not list a scope, the module refuses it and
        suggests the closest one.
      - If this option is not set, the server decides.
    type: list
    elements: str
  register_client:
    description:
      - Whether to register a client first if O(client_id) is not set and the metadata of the server offers a
        registration (RFC 7591). Keep RV(client_id), because the tokens belong to it.
    type: bool
    default: false
  client_name:
    description:
      - The name of the registered client, which the browser displays.
    type: str
    default: Ansible (h444.cloud)
extends_documentation_fragment:
  - h444.cloud._sign_in
  - h444.cloud._api
  - h444.cloud._attributes
  - h444.cloud._attributes.actiongroup_h444
attributes:
  idempotent:
    description: Running the same task twice in a row changes nothing the second time.
    support: none
    details:
      - Every run starts a new sign-in.
seealso:
  - module: h444.cloud.h444_oauth_token
"""

EXAMPLES = r"""
- name: Start a sign-in
  h444.cloud.h444_oauth_device:
    client_id: h444-ansible
    scopes: [account:read, vps:read]
  register: sign_in

- name: Show where to approve the sign-in
  ansible.builtin.debug:
    msg: "Open {{ sign_in.verification_uri }} and approve {{ sign_in.user_code }}."
"""

RETURN = r"""
client_id:
  description: The ID of the client. With O(register_client), this can be a newly registered client.
  returned: always
  type: str
  sample: h444-ansible
user_code:
  description: The code to approve in the browser. Null in check mode, as are the fields below.
  returned: always
  type: str
  sample: 1234-5678
verification_uri:
  description: The URL of the page to open.
  returned: always
  type: str
  sample: https://444host.com/oauth/device
verification_uri_complete:
  description: The URL of the page with the code in it. Null if the server does not return it.
  returned: always
  type: str
device_code:
  description:
    - The code for O(h444.cloud.h444_oauth_token#module:device_code). Anyone who has it can get the token, so Ansible
      never displays it.
  returned: always
  type: str
interval:
  description: How many seconds M(h444.cloud.h444_oauth_token) must wait between two polls.
  returned: always
  type: int
  sample: 5
expires_in:
  description: The number of seconds until the codes expire. Null if the server does not return it.
  returned: always
  type: int
  sample: 600
actions:
  description: The actions that the module performed, or would perform in check mode, in order.
  returned: always
  type: list
  elements: str
  sample: ["ask for a sign-in of h444-ansible"]
"""

from ansible_collections.h444.cloud.plugins.module_utils import _oauth
from ansible_collections.h444.cloud.plugins.module_utils._converge import run
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import SIGN_IN, merge

SPEC = merge(
    SIGN_IN,
    client_id={"type": "str"},
    scopes={"type": "list", "elements": "str"},
    register_client={"type": "bool", "default": False},
    client_name={"type": "str", "default": "Ansible (h444.cloud)"},
)


def main(face=H444Module) -> None:
    """Run the module."""
    run(face(SPEC, signs_in=True), _oauth.DEVICE_TASK)


if __name__ == "__main__":
    main()
