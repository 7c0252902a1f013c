#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_oauth_device
short_description: Begin a sign-in by the browser
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Asks for the codes of a sign-in by device code (RFC 8628). Somebody opens RV(verification_uri) in a browser and approves
    RV(user_code); M(h444.cloud.h444_oauth_token) then exchanges RV(device_code) for the tokens.
  - C(async) is refused, because every user of the executing host can read a job's result.
  - No key is needed, and none is sent. The endpoints come from the server's metadata and have to be on the host of O(api_url).
options:
  client_id:
    description:
      - The id of the OAuth client that signs in. 444Host gives it; this collection has none of its own.
      - Without it O(register_client) has to be set.
    type: str
  scopes:
    description:
      - The scopes that the token shall have. One that the server's metadata doesn't know is refused with the closest.
      - Without them the server decides.
    type: list
    elements: str
  register_client:
    description:
      - Register a client first, where there is no O(client_id) and the server's metadata offers that (RFC 7591). Keep
        RV(client_id), for the tokens belong to it.
    type: bool
    default: false
  client_name:
    description:
      - The name of a registered client, as the browser shows it.
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
      - Every run begins a new sign-in.
seealso:
  - module: h444.cloud.h444_oauth_token
"""

EXAMPLES = r"""
- name: Begin a sign-in
  h444.cloud.h444_oauth_device:
    client_id: h444-ansible
    scopes: [account:read, vps:read]
  register: sign_in

- name: Tell where to approve it
  ansible.builtin.debug:
    msg: "Open {{ sign_in.verification_uri }} and approve {{ sign_in.user_code }}."
"""

RETURN = r"""
client_id:
  description: The client; a newly registered one with O(register_client).
  returned: always
  type: str
  sample: h444-ansible
user_code:
  description: The code that is approved in the browser; null in check mode, as all below.
  returned: always
  type: str
  sample: 1234-5678
verification_uri:
  description: The page to open.
  returned: always
  type: str
  sample: https://444host.com/oauth/device
verification_uri_complete:
  description: The page with the code in it; null where the server does not tell it.
  returned: always
  type: str
device_code:
  description: What O(h444.cloud.h444_oauth_token#module:device_code) takes. Anyone who has it can get the token, so no output shows it.
  returned: always
  type: str
interval:
  description: The seconds to wait between two questions of M(h444.cloud.h444_oauth_token).
  returned: always
  type: int
  sample: 5
expires_in:
  description: The seconds until the codes expire; null where the server does not tell.
  returned: always
  type: int
  sample: 600
actions:
  description: What was done, or would be, in order.
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


def main() -> None:
    """Run the module."""
    run(H444Module(SPEC, signs_in=True), _oauth.DEVICE_TASK)


if __name__ == "__main__":
    main()
