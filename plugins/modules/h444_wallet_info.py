#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_wallet_info
short_description: Get information about the wallet and its transactions
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Returns the balance of the prepaid wallet and its latest transactions, newest first.
  - Amounts are integers in US cents. If the API returns an amount in cents that is not an integer, the task fails. The
    module never rounds amounts.
options:
  limit:
    description:
      - The maximum number of transactions to return, from 1 to 200. V(0) returns no transactions and saves a request.
    type: int
    default: 50
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._attributes.info_module
  - h444.cloud._attributes.actiongroup_h444
seealso:
  - module: h444.cloud.h444_account_info
  - module: h444.cloud.h444_invoice_info
"""

EXAMPLES = r"""
- name: Get the balance only
  h444.cloud.h444_wallet_info:
    limit: 0
  register: money

- name: Check that the balance covers the next orders
  ansible.builtin.assert:
    that: money.wallet.balance_usd_cents >= 5000

- name: Get the last twenty transactions
  h444.cloud.h444_wallet_info:
    limit: 20
"""

RETURN = r"""
wallet:
  description:
    - The wallet.
    - All other fields that the API returns are included with names in snake_case.
  returned: success
  type: dict
  contains:
    balance_usd_cents:
      description: The balance of the wallet in US cents.
      type: int
      returned: always
      sample: 1250
    currency:
      description: The currency of the wallet. Null if the API does not return it.
      type: str
      returned: always
      sample: USD
transactions:
  description:
    - The latest transactions of the wallet.
    - All other fields that the API returns are included with names in snake_case.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the transaction. Always a string. Null if the API does not return it.
      type: str
      returned: always
      sample: 7a3f7f0a-6f0f-4d3c-8b51-91f6f4a1d0c2
    kind:
      description:
        - The API's own value for the kind of transaction, in lower case with underscores. Null if the API does not
          return it.
      type: str
      returned: always
      sample: debit
    amount_usd_cents:
      description:
        - The amount in US cents, with the sign that the API returns. Null if the API does not return it in cents.
      type: int
      returned: always
      sample: 960
    balance_after_usd_cents:
      description:
        - The balance of the wallet after the transaction, in US cents. Null if the API does not return it in cents.
      type: int
      returned: always
      sample: 290
    description:
      description: The description of the transaction. Null if the API does not return it.
      type: str
      returned: always
      sample: Order vps-2
    reference:
      description:
        - The resource to which the transaction belongs, for example the ID of an invoice. Null if there is none.
      type: str
      returned: always
      sample: a0b9a9b3-7f43-4f2e-8a53-55c6a4e2b7b0
    created_at:
      description: When the transaction was booked, in the format of the API.
      type: raw
      returned: always
      sample: "2026-06-11T09:00:00.000Z"
"""

from ansible_collections.h444.cloud.plugins.module_utils import _billing
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import merge

SPEC = merge(
    limit={"type": "int", "default": 50},
)


def main(face=H444Module) -> None:
    """Run the module."""
    face(SPEC).report(_billing.report_wallet)


if __name__ == "__main__":
    main()
