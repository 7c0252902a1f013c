# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options of every module; the twin of API in module_utils/_spec.py."""

    DOCUMENTATION = r"""
options:
  api_key:
    description:
      - The API key of the account (C(h444_…)) or an OAuth access token (C(h444_at_…)).
      - If this option is not set, the module uses the environment variable E(H444_API_KEY) of the executing host. An
        empty environment variable counts as unset. This applies to every environment variable named here.
      - Ansible never displays the value of this option. Do not set the environment variable with the keyword
        C(environment) of a task or a play, because C(ansible-playbook -vvv) displays the values set there.
    type: str
    required: true
  api_url:
    description:
      - The base URL of the API. Plain C(http) is accepted only for this machine.
      - If this option is not set, the module uses the environment variable E(H444_API_URL).
    type: str
    default: https://api.444host.com/v1
  api_timeout:
    description:
      - The timeout of one request in seconds. It covers the connection and the whole response, even if the response
        arrives slowly. For an order or a reinstall, the timeout is O(ignore:wait_timeout).
      - If this option is not set, the module uses the environment variable E(H444_API_TIMEOUT).
    type: int
    default: 30
  api_retries:
    description:
      - How many times to retry a request after a failure that is safe to retry.
      - If this option is not set, the module uses the environment variable E(H444_API_RETRIES).
    type: int
    default: 5
  rate_limit:
    description:
      - The maximum number of requests to send per minute. All processes of this user on this machine that use the same
        key share this limit. V(0) disables this limit.
      - If this option is not set, the module uses the environment variable E(H444_RATE_LIMIT).
    type: int
    default: 120
  validate_certs:
    description:
      - Whether to validate the TLS certificate of the API.
      - If this option is not set, the module uses the environment variable E(H444_VALIDATE_CERTS).
    type: bool
    default: true
  ca_path:
    description:
      - The path of a file or directory with the CA certificates to trust instead of the default ones.
      - If this option is not set, the module uses the environment variable E(H444_CA_PATH).
    type: path
requirements:
  - requests >= 2.28
notes:
  - On a local connection, the task runs in the controller's process, and C(requests) is required only for the Python
    that runs Ansible. R(Where tasks run,ansible_collections.h444.cloud.docsite.guide_in_process) explains when this is
    the case and how to run the task as a module instead.
  - An option that identifies a resource, such as an ID, a label or a domain, counts as not set if it is null, empty or
    only whitespace. If a task must identify a resource and does not, the module refuses it before the first request.
    An info module that identifies no resource returns all of them.
  - If a task sets several options that identify a resource, they must refer to the same resource. If they contradict
    each other, the module refuses the task and writes nothing.
  - If a task waits more than 5 seconds in total for the rate limit, the result contains RV(ignore:waited_seconds), a
    float. This also applies to a failed task. If the task waits more than 30 seconds, the module also issues a
    warning.
"""
