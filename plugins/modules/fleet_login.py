#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_login
short_description: Bring new servers to a login by key
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - The part of the role P(h444.cloud.fleet#role) that logs in to servers. Use the role instead of this module.
  - It logs in to several servers at the same time. It tries the key first. Only if a server refuses the key, it logs in
    with the password from O(credentials_file), and adds the keys.
  - It then switches off the login by password, and proves that by the list of methods that the server offers.
  - It runs on the controller and sends no request to the API. The servers need no Python.
  - It uses the ssh connection of ansible-core with the settings of the play, such as C(ansible_port) and
    C(ansible_ssh_common_args).
options:
  servers:
    description:
      - The servers in normal form, as RV(h444.cloud.h444_vps_fleet#module:vps). Servers that are stopped or suspended
        are left out. Without servers, the module only checks the other options.
    type: list
    elements: raw
    default: []
  wishes:
    description:
      - The entries of C(fleet_servers), in the order of O(servers). They contain the groups of the hosts, and the PTR
        records, whose names are checked.
    type: list
    elements: dict
    default: []
  new:
    description: The labels of the servers that this run ordered or reinstalled.
    type: list
    elements: str
    default: []
  before:
    description:
      - The servers as they were listed before some of them were terminated. The host keys of their addresses are
        removed from O(known_hosts_file).
    type: list
    elements: dict
    default: []
  authorized_keys:
    description: The public keys for root.
    type: list
    elements: str
    default: []
  credentials_file:
    description: The file with the passwords.
    type: str
  private_key_file:
    description: The key to log in with. It defaults to the keys that ssh uses.
    type: str
  known_hosts_file:
    description: The file in which the host keys are recorded.
    type: str
    required: true
  password_login:
    description: Whether passwords keep working.
    type: bool
    default: false
  timeout:
    description: The time to wait for the ssh of one server, in seconds.
    type: int
    default: 300
  group:
    description: The group of all hosts.
    type: str
    default: fleet
attributes:
  check_mode:
    description: Can run in check mode. It then opens no connection.
    support: full
  diff_mode:
    description: Returns details on what has changed when run in diff mode.
    support: none
"""

EXAMPLES = r"""
- name: Log in to the servers of the fleet
  h444.cloud.fleet_login:
    servers: "{{ fleet_vps }}"
    wishes: "{{ fleet_servers }}"
    credentials_file: "{{ playbook_dir }}/credentials.json"
    authorized_keys:
      - "{{ lookup('ansible.builtin.file', '~/.ssh/id_ed25519.pub') }}"
    known_hosts_file: ~/.ssh/known_hosts
"""

RETURN = r"""
hosts:
  description: The servers that can be logged in to by key, as hosts for C(ansible.builtin.add_host).
  returned: always
  type: list
  elements: dict
failures:
  description: The servers that can't be logged in to, each with the cause.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: A word for the cause, for example V(host_key_changed) or V(timeout).
      type: str
    name:
      description: The label of the server.
      type: str
    msg:
      description: The cause, and what to do about it.
      type: str
can_use_passwords:
  description: Whether the controller has a way to pass a password to ssh.
  returned: always
  type: bool
without_password:
  description: The labels in O(new) of the servers whose passwords are not in O(credentials_file).
  returned: always
  type: list
  elements: str
"""
