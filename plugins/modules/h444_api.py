#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_api
short_description: Send a request to any endpoint of the API
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Sends one request to any endpoint of the API. As in the other modules, the key is sent to the API only, the request
    counts towards the shared rate limit, the module waits for rate limits, and it retries a request after a failure if
    that is safe.
  - Use this module for endpoints that the collection does not support yet. Prefer the module of a resource if there is
    one. This module does not know the state of resources and is never idempotent.
  - If the response to a C(GET), C(PUT) or C(DELETE) request is lost, the module resends the request. It resends a
    C(POST) request only with O(idempotency_key), and never to an endpoint that is known to ignore it. It never resends
    a C(PATCH) request. If the response is lost and the request can't be resent, the task fails and reports that the
    outcome is unknown.
  - If the response contains a secret, such as a password, a signing secret or a token, C(register) stores the whole
    response, and Ansible never displays it.
  - The module refuses C(async), C(until), C(retries) and the task keyword C(timeout), because a secret in the response
    would be lost. This does not apply to C(GET) requests.
  - Ansible displays the content of O(body) at C(-vvv). Set C(no_log) on the task if it contains a secret.
  - A slow request, such as an order, needs a higher O(api_timeout).
  - Use M(h444.cloud.h444_vps) to order a server. It checks the price and the wallet first and never orders twice.
options:
  method:
    description:
      - The HTTP method. In check mode, the module sends only C(GET) requests.
    type: str
    choices: [GET, POST, PUT, PATCH, DELETE]
    default: GET
  path:
    description:
      - The path below O(api_url), without a query. It starts with C(/), for example C(/vps).
      - The module refuses a path that contains C(..), empty segments, control characters or escapes that hide one of
        these, before it sends anything. Use the filter C(urlencode) to insert a value from elsewhere.
    type: str
    required: true
  query:
    description:
      - The query parameters. A parameter whose value is a list is repeated. A parameter whose value is null is
        omitted.
    type: dict
  body:
    description:
      - The request body, sent as JSON. A C(GET) request has no body.
    type: dict
  idempotency_key:
    description:
      - The value of the header C(Idempotency-Key). It consists of 8 to 80 letters, digits, C(.), C(_) or C(-).
      - If the response to a C(POST) request with this header is lost, the module resends the request, unless the
        endpoint is known to ignore the header. Set this option only for endpoints that support the header, which are
        orders, reinstalls and the creation of tickets.
      - Use a fixed value. If the value differs from run to run, a repeated task repeats its work.
    type: str
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._protected
  - h444.cloud._attributes
  - h444.cloud._attributes.idempotent
  - h444.cloud._attributes.actiongroup_h444
attributes:
  check_mode:
    support: partial
    details:
      - The module sends C(GET) requests. For other methods, it checks the options, sends nothing and reports
        RV(ignore:changed=true).
  diff_mode:
    support: none
    details:
      - The module does not know what a request changes.
  idempotent:
    support: none
    details:
      - Every run sends the request. The module reports a change for every method except C(GET).
seealso:
  - module: h444.cloud.h444_vps
  - module: h444.cloud.h444_ticket
"""

EXAMPLES = r"""
- name: Get the live usage of a server
  h444.cloud.h444_api:
    path: "/vps/{{ servers.vps[0].id }}/stats"
  register: stats

- name: Get the last ten transactions of the wallet
  h444.cloud.h444_api:
    path: /billing/wallet/transactions
    query:
      limit: 10

- name: Set a label that contains spaces
  h444.cloud.h444_api:
    method: PATCH
    path: "/vps/{{ servers.vps[0].id }}/label"
    body:
      label: The old web server
"""

RETURN = r"""
status:
  description: The HTTP status of the response. Null if the module sent nothing in check mode.
  returned: always
  type: int
  sample: 200
body:
  description:
    - The body of the response as the API sent it, with unchanged field names. Null if the response has no body.
  returned: success
  type: raw
  sample: {"cpu_percent": 3.5}
"""

from ansible_collections.h444.cloud.plugins.module_utils import _raw
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import PROTECTED, merge

SPEC = merge(
    PROTECTED,
    method={"type": "str", "default": "GET", "choices": list(_raw.METHODS)},
    path={"type": "str", "required": True},
    query={"type": "dict"},
    body={"type": "dict"},
    idempotency_key={"type": "str", "no_log": False},
)


def main(face=H444Module) -> None:
    """Run the module."""
    _raw.run(face(SPEC))


if __name__ == "__main__":
    main()
