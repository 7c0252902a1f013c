#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_api
short_description: Send one raw call to the API
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Sends one request to any endpoint, with the care of the other modules. The key goes to the API alone, the shared pace is
    kept, rate limits are waited out, and what is safe to repeat is repeated after a failure.
  - It is for what the API gains before this collection does. Where there is a module for it, use that one; this one
    knows nothing of states, so it is never idempotent.
  - A C(GET), a C(PUT) and a C(DELETE) are sent again when their answer was lost. A C(POST) is so with O(idempotency_key)
    only, and a C(PATCH) never. The task then fails and says that the outcome is not known.
  - An answer that holds a secret (a password, a signing secret, a token) is registered whole, and no output shows it.
    C(async), C(until), C(retries) and the task keyword C(timeout) are refused but for a C(GET), for they would lose it. What you put into
    O(body) yourself is shown at C(-vvv); set C(no_log) on the task where that is a secret.
  - A slow call, such as an order, needs a larger O(api_timeout).
  - An order is best left to M(h444.cloud.h444_vps), which asks for the price and the wallet first and can't order twice.
options:
  method:
    description:
      - The HTTP method. A C(GET) is sent in check mode too; of all others nothing is sent then.
    type: str
    choices: [GET, POST, PUT, PATCH, DELETE]
    default: GET
  path:
    description:
      - The path below O(api_url), beginning with C(/), without query, like C(/vps).
      - Parts such as C(..), empty parts, control characters and escapes that hide one of these are refused before anything
        is sent. Put a value of elsewhere in with the filter C(urlencode).
    type: str
    required: true
  query:
    description:
      - The query. A list repeats its name; null leaves it out.
    type: dict
  body:
    description:
      - The body, sent as JSON. A C(GET) has none.
    type: dict
  idempotency_key:
    description:
      - Sent as the header C(Idempotency-Key), 8 to 80 letters, digits, C(.), C(_) or C(-). A C(POST) with it is sent again
        when its answer was lost, so give one only where the API honours it (orders, reinstall, ticket creation).
      - Never let it differ from run to run; a repeated task would then do its work again.
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
      - A C(GET) is sent and answered. Of all else the options are checked, nothing is sent, and RV(ignore:changed) is true.
  diff_mode:
    support: none
    details:
      - What a raw call changes is not known.
  idempotent:
    support: none
    details:
      - Each run sends the call. All but a C(GET) count as changed.
seealso:
  - module: h444.cloud.h444_vps
  - module: h444.cloud.h444_ticket
"""

EXAMPLES = r"""
- name: What the server is doing
  h444.cloud.h444_api:
    path: "/vps/{{ servers.vps[0].id }}/stats"
  register: stats

- name: The last ten movements of the wallet
  h444.cloud.h444_api:
    path: /billing/wallet/transactions
    query:
      limit: 10

- name: A label with spaces
  h444.cloud.h444_api:
    method: PATCH
    path: "/vps/{{ servers.vps[0].id }}/label"
    body:
      label: The old web server
"""

RETURN = r"""
status:
  description: The HTTP status of the answer; null where nothing was sent in check mode.
  returned: always
  type: int
  sample: 200
body:
  description:
    - The answer's body as the API sent it, in its own casing; null where it had none.
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


def main() -> None:
    """Run the module."""
    _raw.run(H444Module(SPEC))


if __name__ == "__main__":
    main()
