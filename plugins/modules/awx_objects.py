#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: awx_objects
short_description: Make or remove the objects of an account in AWX
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - The part of the role P(h444.cloud.awx#role) that talks to AWX. Use the role instead of this module.
  - It compares what there should be with what AWX has, and changes only what differs. It marks everything that it makes
    in the description, and never changes or removes anything else.
  - It runs on the controller and sends no request to the API of 444Host.
options:
  url:
    description: The address of AWX.
    type: str
    required: true
  token:
    description: A token with the scope C(write). Required unless O(username) and O(password) are set.
    type: str
  username:
    description: The name of a user.
    type: str
  password:
    description: The password of O(username).
    type: str
  validate_certs:
    description: Whether to verify the certificate of AWX.
    type: bool
    default: true
  ca_path:
    description: The file with the certificate of the authority that signed that of AWX.
    type: path
  timeout:
    description: The time to wait for an answer of AWX, in seconds.
    type: int
    default: 30
  state:
    description: Whether the objects should exist. V(absent) removes all that were made with O(prefix).
    type: str
    choices: [present, absent]
    default: present
  organization:
    description: The name of the organization.
    type: str
    default: Default
  prefix:
    description: The beginning of the names of all objects.
    type: str
    default: 444Host
  api_key:
    description:
      - The API key of 444Host. AWX never returns it, so it is written only when the credential is made, and with
        O(update_secrets=true).
    type: str
  api_url:
    description: The base URL of the API of 444Host.
    type: str
  update_secrets:
    description: Whether to write O(api_key) again.
    type: bool
    default: false
  project_url:
    description: The Git repository of the project. Required unless O(state=absent).
    type: str
  project_branch:
    description: The branch, tag or commit of the repository.
    type: str
  project_credential:
    description: The name of the credential for the repository.
    type: str
  project_timeout:
    description: The time to wait until AWX has updated the project, in seconds.
    type: int
    default: 300
  inventory_path:
    description: The path of the inventory file in the project.
    type: str
    default: inventory.h444.yml
  execution_environment:
    description: The name of an execution environment that exists.
    type: str
  execution_environment_image:
    description: The image of an execution environment that is made, instead of O(execution_environment).
    type: str
  playbooks:
    description: The playbooks for which there are job templates. It defaults to all of them.
    type: list
    elements: str
    choices: [provision, power, reverse_dns, export, apply, drift, report]
  playbook_directory:
    description: The directory of the project with a file for each playbook.
    type: str
  manifest:
    description: The path of the document in the project.
    type: str
    default: account.yml
  directory:
    description: The directory for the files that jobs write. It must survive a job.
    type: str
  extra_vars:
    description: Further variables of the job templates, by playbook.
    type: dict
    default: {}
attributes:
  check_mode:
    description: Can run in check mode and return what it would change, without changing AWX.
    support: full
  diff_mode:
    description: Returns details on what has changed when run in diff mode.
    support: full
"""

EXAMPLES = r"""
- name: Show what the role would change in AWX
  h444.cloud.awx_objects:
    url: https://awx.example.com
    token: "{{ lookup('ansible.builtin.env', 'AWX_TOKEN') }}"
    api_key: "{{ lookup('ansible.builtin.env', 'H444_API_KEY') }}"
    project_url: https://git.example.com/shop/infrastructure.git
  check_mode: true
  diff: true
"""

RETURN = r"""
plan:
  description: What was changed or would be, in the order in which it is carried out.
  returned: success
  type: list
  elements: dict
  contains:
    action:
      description: V(create), V(update) or V(remove).
      type: str
    kind:
      description: The kind of the object, as in the path of the API, for example V(job_templates).
      type: str
    name:
      description: The name of the object.
      type: str
    changes:
      description: The fields that differ, each with C(before) and C(after). Secrets are not shown.
      type: dict
api_path:
  description: The path of the API, V(/api/v2/) or V(/api/controller/v2/).
  returned: success
  type: str
  sample: /api/v2/
"""
