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
      - A key of the account (C(h444_…)) or an OAuth access token (C(h444_at_…)).
      - The environment variable E(H444_API_KEY) of the executing host is used where the option is not given. An empty
        environment variable counts as unset; this holds for all variables named here.
      - The option is shown by no output. Don't set the variable with the keyword C(environment) of a task or a play,
        for C(ansible-playbook -vvv) prints what that sets.
    type: str
    required: true
  api_url:
    description:
      - The base URL of the API. Plain C(http) is accepted for this machine only.
      - The environment variable E(H444_API_URL) is used where the option is not given.
    type: str
    default: https://api.444host.com/v1
  api_timeout:
    description:
      - How many seconds one request may take, connecting and a dripping answer included. An order or a reinstall may
        take as long as O(ignore:wait_timeout).
      - The environment variable E(H444_API_TIMEOUT) is used where the option is not given.
    type: int
    default: 30
  api_retries:
    description:
      - How often a request is sent again after a failure that is safe to repeat.
      - The environment variable E(H444_API_RETRIES) is used where the option is not given.
    type: int
    default: 5
  rate_limit:
    description:
      - How many requests a minute are sent, shared by every process of this user on this machine that uses the same
        key. V(0) turns the pacing off.
      - The environment variable E(H444_RATE_LIMIT) is used where the option is not given.
    type: int
    default: 120
  validate_certs:
    description:
      - Whether the API's certificate is checked.
      - The environment variable E(H444_VALIDATE_CERTS) is used where the option is not given.
    type: bool
    default: true
  ca_path:
    description:
      - A file or directory of CA certificates to trust instead of the usual ones.
      - The environment variable E(H444_CA_PATH) is used where the option is not given.
    type: path
requirements:
  - requests >= 2.28
notes:
  - An option that names a resource (an id, a label, a domain, and the like) counts as not given where it is null or empty, which
    includes white space alone. A task that has to name a resource and names none is refused before the first request. An info
    module without one returns all resources.
  - If several such options are given, they must refer to the same resource. A contradiction is refused, and nothing is written.
  - If a task waits more than 5 seconds in total for the rate limit, the result has RV(ignore:waited_seconds), a float,
    on failure too. If it waits more than 30 seconds, there is also a warning.
"""
