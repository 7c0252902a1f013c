#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_oauth_token
short_description: Get or refresh the token of a sign-in
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Exchanges the device code of M(h444.cloud.h444_oauth_device) for an access token, and waits until the sign-in is approved in
    the browser; or exchanges a refresh token for new tokens.
  - The access token (C(h444_at_…)) can be used wherever a key can, as O(h444.cloud.h444_account_info#module:api_key) and the like.
  - A refresh token works once. With O(credentials_file) the new one is stored, under a lock, before the task ends. Any number of runs
    may be given the same token, as the forks of a play are; where it was used already, the stored one is used instead.
  - No key is needed, and none is sent. C(async) and the task keyword C(timeout) are refused, for both would lose the tokens;
    so are C(until) and C(retries) without O(credentials_file).
options:
  client_id:
    description:
      - The id of the OAuth client that the code or the token was made for.
    type: str
    required: true
  device_code:
    description:
      - The code of M(h444.cloud.h444_oauth_device). O(device_code) or O(refresh_token) is needed.
    type: str
  refresh_token:
    description:
      - The refresh token of an earlier sign-in.
    type: str
  interval:
    description:
      - The seconds to wait between two questions, as RV(h444.cloud.h444_oauth_device#module:interval) says. It grows where the server
        asks for that or does not answer. From V(1) to V(86400).
    type: int
    default: 5
  wait_timeout:
    description:
      - The seconds to wait for the approval. With V(0) the task asks once.
      - Like O(interval) it is about O(device_code) only; a refresh token is exchanged at once.
    type: int
    default: 600
extends_documentation_fragment:
  - h444.cloud._sign_in
  - h444.cloud._api
  - h444.cloud._secrets
  - h444.cloud._attributes
  - h444.cloud._attributes.actiongroup_h444
attributes:
  idempotent:
    description: Running the same task twice in a row changes nothing the second time.
    support: none
    details:
      - A code and a refresh token work once.
seealso:
  - module: h444.cloud.h444_oauth_device
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

- name: Wait for the approval
  h444.cloud.h444_oauth_token:
    client_id: h444-ansible
    device_code: "{{ sign_in.device_code }}"
    interval: "{{ sign_in.interval }}"
    credentials_file: "{{ playbook_dir }}/sign-in.json"

- name: Refresh it, in another run
  h444.cloud.h444_oauth_token:
    client_id: h444-ansible
    refresh_token: "{{ (lookup('ansible.builtin.file', playbook_dir ~ '/sign-in.json') | from_json)['oauth/h444-ansible'].refresh_token }}"
    credentials_file: "{{ playbook_dir }}/sign-in.json"

- name: Use it
  h444.cloud.h444_account_info:
    api_key: "{{ (lookup('ansible.builtin.file', playbook_dir ~ '/sign-in.json') | from_json)['oauth/h444-ansible'].access_token }}"
"""

RETURN = r"""
access_token:
  description: The access token. No output shows it. Left out when O(credentials_file) took it.
  returned: when there is one
  type: str
refresh_token:
  description: The refresh token, which works once. No output shows it. Left out when O(credentials_file) took it.
  returned: when the server gave a new one
  type: str
expires_in:
  description: The seconds until the access token expires; null where the server does not tell, and in check mode.
  returned: always
  type: int
  sample: 3600
scope:
  description: The scopes of the token, with spaces between; null where the server does not tell, and in check mode.
  returned: always
  type: str
  sample: account:read vps:read
credentials_file:
  description: The file that holds the tokens now, under C(oauth/CLIENT_ID), with C(expires_at) and C(scope).
  returned: when it was written
  type: str
actions:
  description: What was done, or would be, in order.
  returned: always
  type: list
  elements: str
  sample: ["exchange the device code of h444-ansible"]
"""

from ansible_collections.h444.cloud.plugins.module_utils import _oauth
from ansible_collections.h444.cloud.plugins.module_utils._converge import run
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import SECRETS, SIGN_IN, merge

SPEC = merge(
    SIGN_IN,
    SECRETS,
    client_id={"type": "str", "required": True},
    device_code={"type": "str", "no_log": True},
    refresh_token={"type": "str", "no_log": True},
    interval={"type": "int", "default": 5},
    wait_timeout={"type": "int", "default": 600},
)


def main() -> None:
    """Run the module."""
    run(H444Module(SPEC, signs_in=True), _oauth.TOKEN_TASK)


if __name__ == "__main__":
    main()
