# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options of the inventory plugin."""

    # The access to the API: the options of every module, with the environment variables that an inventory source sets
    DOCUMENTATION = r"""
notes:
  - An environment variable that is set but empty counts as not set.
options:
  api_key:
    description:
      - The API key, or an OAuth access token. May be a template, for instance with a lookup.
      - Not needed as long as the inventory is read from its cache.
    type: str
    env:
      - name: H444_API_KEY
  api_url:
    description:
      - The base URL of the API. May be a template.
    type: str
    default: https://api.444host.com/v1
    env:
      - name: H444_API_URL
  api_timeout:
    description:
      - Seconds that one request may take, connecting included.
    type: int
    default: 30
    env:
      - name: H444_API_TIMEOUT
  api_retries:
    description:
      - How often a request is sent again after a failure that is safe to repeat.
    type: int
    default: 5
    env:
      - name: H444_API_RETRIES
  rate_limit:
    description:
      - Requests a minute, shared by every process on this machine that uses the same key. V(0) turns pacing off.
    type: int
    default: 120
    env:
      - name: H444_RATE_LIMIT
  validate_certs:
    description:
      - Whether the certificate of the API is checked.
    type: bool
    default: true
    env:
      - name: H444_VALIDATE_CERTS
  ca_path:
    description:
      - A file or directory with the CA certificates to trust instead of the usual ones.
    type: path
    env:
      - name: H444_CA_PATH
"""

    # What becomes of servers
    HOSTS = r"""
options:
  hostnames:
    description:
      - What names a host, in the order of preference. The first that gives a usable name is taken.
      - V(label), V(hostname), V(ipv4), V(id) and V(ptr) are values of the server, everything else is a Jinja expression
        over its variables, for instance V(h444_label ~ '.example.com').
      - Usable are ASCII letters, digits, C(.), C(_) and C(-), at most 63, a letter or digit first. Names that
        ansible-core reserves are not usable. A server without any usable name is called V(h444-<id>).
      - Servers that would share a name all get their id added, and a group of that name holds them. A server that is
        terminated leaves its name to the one that was ordered in its place, and gets its own id added.
    type: list
    elements: str
    default: [label, hostname, ipv4, id]
    env:
      - name: H444_INVENTORY_HOSTNAMES
  connect_with:
    description:
      - What C(ansible_host) is set to, or a list of which the first that a server has is taken. Where it has none of them, its
        address is used, else its host name, else its PTR.
      - An address of the controller itself, like C(127.0.0.1) or C(0.0.0.0), is never used.
      - With V(none) the variable is left to O(compose) or to group variables; at the end of a list it is so for servers that have
        nothing of what stands before it.
    type: list
    elements: str
    choices: [ipv4, ipv6, hostname, label, ptr, none]
    default: [ipv4]
    env:
      - name: H444_INVENTORY_CONNECT_WITH
  hostvars_prefix:
    description:
      - What every variable's name begins with.
      - If it is empty, only the well-known fields of a server become variables.
    type: str
    default: h444_
    env:
      - name: H444_INVENTORY_HOSTVARS_PREFIX
  group:
    description:
      - The group of all hosts.
    type: str
    default: h444
    env:
      - name: H444_INVENTORY_GROUP
  label_groups:
    description:
      - Add a host to the group that its label without the number at its end gives, V(web-prod-1) to C(web_prod) and
        V(web-2) to C(web).
    type: bool
    default: false
    env:
      - name: H444_INVENTORY_LABEL_GROUPS
  label_pattern:
    description:
      - A regular expression with named groups that is searched for in the label.
      - Each named group gives a variable, with O(hostvars_prefix) before its name, and a group C(NAME_VALUE).
      - Where the label doesn't match, the variables are null.
    type: str
    env:
      - name: H444_INVENTORY_LABEL_PATTERN
  ip_groups:
    description:
      - Groups by network. The keys are names of groups, the values lists of IPv4 and IPv6 networks.
      - A host joins a group if any of its addresses lies in one of the group's networks.
    type: dict
    default: {}
    env:
      - name: H444_INVENTORY_IP_GROUPS
  statuses:
    description:
      - Only servers in one of these states, for instance V(running). An empty list is every state.
    type: list
    elements: str
    default: []
    env:
      - name: H444_INVENTORY_STATUSES
  filters:
    description:
      - A list of conditions, each under C(include) or C(exclude). The first that holds decides about a server; where none
        holds it stays.
      - The conditions see the variables of the host and C(inventory_hostname), not those of O(compose).
    type: list
    elements: dict
    default: []
    suboptions:
      include:
        description: A Jinja condition; servers for which it holds stay.
        type: raw
      exclude:
        description: A Jinja condition; servers for which it holds are left out.
        type: raw
    env:
      - name: H444_INVENTORY_FILTERS
"""

    # The options of ansible-core's constructed fragment, with environment variables
    CONSTRUCTED = r"""
options:
  strict:
    description:
      - If V(true), an expression that fails for a host, or a server that can't be read, is an error.
      - If V(false), it is passed over. A request that fails is an error in any case.
    type: bool
    default: false
    env:
      - name: H444_INVENTORY_STRICT
  compose:
    description:
      - Variables made by Jinja expressions.
    type: dict
    default: {}
    env:
      - name: H444_INVENTORY_COMPOSE
  groups:
    description:
      - Groups of the hosts for which a Jinja condition holds.
    type: dict
    default: {}
    env:
      - name: H444_INVENTORY_GROUPS
  keyed_groups:
    description:
      - Groups named after the value of an expression.
    type: list
    elements: dict
    default: []
    env:
      - name: H444_INVENTORY_KEYED_GROUPS
    suboptions:
      parent_group:
        type: str
        description: The parent of the groups.
      prefix:
        type: str
        description: What the names of the groups begin with.
        default: ''
      separator:
        type: str
        description: What stands between the prefix and the value.
        default: _
      key:
        type: str
        description: The expression.
      default_value:
        description:
          - Used where the value is null or an empty string.
          - Can't be used together with O(keyed_groups[].trailing_separator).
        type: str
      trailing_separator:
        description:
          - If V(false), the separator is left out after a key of a dictionary whose value is null or an empty string.
          - Can't be used together with O(keyed_groups[].default_value).
        type: bool
        default: true
  leading_separator:
    description:
      - If V(false), a keyed group without a prefix has no separator before its value.
    type: bool
    default: true
    env:
      - name: H444_INVENTORY_LEADING_SEPARATOR
"""
