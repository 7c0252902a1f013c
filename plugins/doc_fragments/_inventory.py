# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options of the inventory plugin."""

    # The access to the API: the options of every module, with the environment variables that an inventory source sets
    DOCUMENTATION = r"""
notes:
  - An empty environment variable counts as unset.
options:
  api_key:
    description:
      - The API key or an OAuth access token. It can be a template, for example with a lookup.
      - Not required as long as the plugin reads the inventory from its cache.
    type: str
    env:
      - name: H444_API_KEY
  api_url:
    description:
      - The base URL of the API. It can be a template.
    type: str
    default: https://api.444host.com/v1
    env:
      - name: H444_API_URL
  api_timeout:
    description:
      - The timeout of one request in seconds, including the connection.
    type: int
    default: 30
    env:
      - name: H444_API_TIMEOUT
  api_retries:
    description:
      - How many times to retry a request after a failure that is safe to retry.
    type: int
    default: 5
    env:
      - name: H444_API_RETRIES
  rate_limit:
    description:
      - The maximum number of requests to send per minute. All processes of this user on this machine that use the same
        key share this limit. V(0) disables this limit.
    type: int
    default: 120
    env:
      - name: H444_RATE_LIMIT
  validate_certs:
    description:
      - Whether to validate the TLS certificate of the API.
    type: bool
    default: true
    env:
      - name: H444_VALIDATE_CERTS
  ca_path:
    description:
      - The path of a file or directory with the CA certificates to trust instead of the default ones.
    type: path
    env:
      - name: H444_CA_PATH
"""

    # What becomes of servers
    HOSTS = r"""
options:
  hostnames:
    description:
      - How to name hosts, in order of preference. The plugin uses the first entry that results in a usable name.
      - V(label), V(hostname), V(ipv4), V(id) and V(ptr) stand for values of the server. Any other entry is a Jinja
        expression over the variables of the server, for example V(h444_label ~ '.example.com').
      - A usable name consists of ASCII letters, digits, C(.), C(_) and C(-), has at most 63 characters and starts with
        a letter or a digit. Names that ansible-core reserves are not usable. If a server has no usable name, its host
        is called V(h444-<id>).
      - If several servers have the same name, the plugin adds the ID to each of their names and puts them all in a
        group with that name. A terminated server gives its name to the server that replaced it. The plugin adds the ID
        to the name of the terminated server.
    type: list
    elements: str
    default: [label, hostname, ipv4, id]
    env:
      - name: H444_INVENTORY_HOSTNAMES
  connect_with:
    description:
      - What to set C(ansible_host) to. If this is a list, the plugin uses the first entry that the server has. If the
        server has none of them, the plugin uses its address, its hostname or its PTR record, in this order.
      - The plugin never uses an address of the controller itself, such as C(127.0.0.1) or C(0.0.0.0).
      - With V(none), the plugin does not set C(ansible_host), so that O(compose) or group variables can set it. At the
        end of a list, V(none) applies to servers that have none of the preceding entries.
    type: list
    elements: str
    choices: [ipv4, ipv6, hostname, label, ptr, none]
    default: [ipv4]
    env:
      - name: H444_INVENTORY_CONNECT_WITH
  hostvars_prefix:
    description:
      - The prefix of the variable names.
      - If it is empty, only the documented fields of a server become variables.
    type: str
    default: h444_
    env:
      - name: H444_INVENTORY_HOSTVARS_PREFIX
  group:
    description:
      - The name of the group that contains all hosts.
    type: str
    default: h444
    env:
      - name: H444_INVENTORY_GROUP
  label_groups:
    description:
      - Whether to add each host to a group that is named after its label without the trailing number. V(web-prod-1)
        joins C(web_prod), and V(web-2) joins C(web).
    type: bool
    default: false
    env:
      - name: H444_INVENTORY_LABEL_GROUPS
  label_pattern:
    description:
      - A regular expression with named groups to search for in the label.
      - Each named group creates a variable, whose name starts with O(hostvars_prefix), and a group C(NAME_VALUE).
      - If the label does not match, the variables are null.
    type: str
    env:
      - name: H444_INVENTORY_LABEL_PATTERN
  ip_groups:
    description:
      - Groups by network. The keys are group names. The values are lists of IPv4 and IPv6 networks.
      - A host joins a group if any of its addresses is in one of the networks of the group.
    type: dict
    default: {}
    env:
      - name: H444_INVENTORY_IP_GROUPS
  statuses:
    description:
      - Include only servers with one of these statuses, for example V(running). If the list is empty, the plugin
        includes all servers.
    type: list
    elements: str
    default: []
    env:
      - name: H444_INVENTORY_STATUSES
  filters:
    description:
      - A list of conditions, each under C(include) or C(exclude). The first condition that is true decides about a
        server. If no condition is true, the server is included.
      - The conditions can use the variables of the host and C(inventory_hostname), but not the variables of
        O(compose).
    type: list
    elements: dict
    default: []
    suboptions:
      include:
        description: A Jinja condition. Servers for which it is true are included.
        type: raw
      exclude:
        description: A Jinja condition. Servers for which it is true are excluded.
        type: raw
    env:
      - name: H444_INVENTORY_FILTERS
"""

    # The options of ansible-core's constructed fragment, with environment variables
    CONSTRUCTED = r"""
options:
  strict:
    description:
      - If V(true), an expression that fails for a host or a server that can't be read is an error.
      - If V(false), the plugin skips it. A request that fails is always an error.
    type: bool
    default: false
    env:
      - name: H444_INVENTORY_STRICT
  compose:
    description:
      - Variables to create from Jinja expressions.
    type: dict
    default: {}
    env:
      - name: H444_INVENTORY_COMPOSE
  groups:
    description:
      - Groups to create from Jinja conditions. A host joins a group if the condition is true for it.
    type: dict
    default: {}
    env:
      - name: H444_INVENTORY_GROUPS
  keyed_groups:
    description:
      - Groups to create from the values of expressions.
    type: list
    elements: dict
    default: []
    env:
      - name: H444_INVENTORY_KEYED_GROUPS
    suboptions:
      parent_group:
        type: str
        description: The parent group of the groups.
      prefix:
        type: str
        description: The prefix of the group names.
        default: ''
      separator:
        type: str
        description: The separator between the prefix and the value.
        default: _
      key:
        type: str
        description: The expression.
      default_value:
        description:
          - The value to use if the value of the expression is null or an empty string.
          - Mutually exclusive with O(keyed_groups[].trailing_separator).
        type: str
      trailing_separator:
        description:
          - If V(false), the plugin omits the separator after a dictionary key whose value is null or an empty string.
          - Mutually exclusive with O(keyed_groups[].default_value).
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
