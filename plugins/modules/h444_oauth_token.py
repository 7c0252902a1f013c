#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_oauth_token
short_description: Get or refresh the tokens of a sign-in
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Waits until the sign-in is approved in the browser and exchanges the device code from
    M(h444.cloud.h444_oauth_device) for an access token. Alternatively, exchanges a refresh token for new tokens.
  - The access token (C(h444_at_…)) works wherever an API key does, for example as
    O(h444.cloud.h444_account_info#module:api_key).
  - A refresh token works once. With O(credentials_file), the module stores the new one under a lock before the task
    ends. Any number of runs can start with the same token, as the forks of a play do. If the token was already used,
    the module uses the stored one instead.
  - The module needs no API key and sends none.
  - The module refuses C(async) and the task keyword C(timeout), because both would lose the tokens. For the same
    reason, it refuses C(until) and C(retries) unless O(credentials_file) is set.
options:
  client_id:
    description:
      - The ID of the OAuth client to which the code or the token was issued.
    type: str
    required: true
  device_code:
    description:
      - The device code from M(h444.cloud.h444_oauth_device). One of O(device_code) and O(refresh_token) is required.
    type: str
  refresh_token:
    description:
      - The refresh token of an earlier sign-in.
    type: str
  interval:
    description:
      - How many seconds to wait between two polls, as returned in RV(h444.cloud.h444_oauth_device#module:interval).
        From V(1) to V(86400). The module increases the interval if the server asks for it or does not respond.
      - This option applies only to O(device_code).
    type: int
    default: 5
  wait_timeout:
    description:
      - How many seconds to wait for the approval. With V(0), the module polls once.
      - This option applies only to O(device_code). The module exchanges a refresh token immediately.
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
      - A device code and a refresh token work once.
seealso:
  - module: h444.cloud.h444_oauth_device
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

- name: Wait for the approval
  h444.cloud.h444_oauth_token:
    client_id: h444-ansible
    device_code: "{{ sign_in.device_code }}"
    interval: "{{ sign_in.interval }}"
    credentials_file: "{{ playbook_dir }}/sign-in.json"

- name: Refresh the token in a later run
  h444.cloud.h444_oauth_token:
    client_id: h444-ansible
    refresh_token: "{{ tokens.refresh_token }}"
    credentials_file: "{{ playbook_dir }}/sign-in.json"
  vars:
    tokens: "{{ (lookup('ansible.builtin.file', playbook_dir ~ '/sign-in.json') | from_json)['oauth/h444-ansible'] }}"

- name: Use the token
  h444.cloud.h444_account_info:
    api_key: "{{ tokens.access_token }}"
  vars:
    tokens: "{{ (lookup('ansible.builtin.file', playbook_dir ~ '/sign-in.json') | from_json)['oauth/h444-ansible'] }}"
"""

RETURN = r"""
access_token:
  description: The access token. Ansible never displays it. Omitted if it was written to O(credentials_file).
  returned: when the server returned an access token
  type: str
refresh_token:
  description:
    - The refresh token, which works once. Ansible never displays it. Omitted if it was written to O(credentials_file).
  returned: when the server returned a new refresh token
  type: str
expires_in:
  description:
    - The number of seconds until the access token expires. Null if the server does not return it, and in check mode.
  returned: always
  type: int
  sample: 3600
scope:
  description: The scopes of the token, separated by spaces. Null if the server does not return them, and in check mode.
  returned: always
  type: str
  sample: account:read vps:read
credentials_file:
  description: The path of the file that contains the tokens, under C(oauth/CLIENT_ID), with C(expires_at) and C(scope).
  returned: when the module wrote the file
  type: str
actions:
  description: The actions that the module performed, or would perform in check mode, in order.
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


def main(face=H444Module) -> None:
    """Run the module."""
    run(face(SPEC, signs_in=True), _oauth.TOKEN_TASK)


if __name__ == "__main__":
    main()
