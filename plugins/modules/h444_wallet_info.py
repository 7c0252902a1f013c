#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_wallet_info
short_description: Show the wallet and its newest transactions
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Gives the balance of the prepaid wallet and its newest movements, newest first.
  - Amounts are whole US cents. An amount that the API gives in cents but not as a whole number is an error, never rounded.
options:
  limit:
    description: How many transactions, from 1 to 200; V(0) for none, which saves a request.
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
- name: The balance alone
  h444.cloud.h444_wallet_info:
    limit: 0
  register: money

- name: Enough for the next orders?
  ansible.builtin.assert:
    that: money.wallet.balance_usd_cents >= 5000

- name: The last twenty movements
  h444.cloud.h444_wallet_info:
    limit: 20
"""

RETURN = r"""
wallet:
  description: The wallet. Every further field of the API is kept in snake_case.
  returned: success
  type: dict
  contains:
    balance_usd_cents:
      description: What the wallet holds, in US cents.
      type: int
      returned: always
      sample: 1250
    currency:
      description: The currency of the wallet; null where the API does not tell.
      type: str
      returned: always
      sample: USD
transactions:
  description: The newest movements of the wallet. Every further field of the API is kept in snake_case.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The id, always a string; null where the API does not tell.
      type: str
      returned: always
      sample: 7a3f7f0a-6f0f-4d3c-8b51-91f6f4a1d0c2
    kind:
      description: What it is, in the words of the API, in small letters with underscores; null where the API does not tell.
      type: str
      returned: always
      sample: debit
    amount_usd_cents:
      description: The amount in US cents, with the sign that the API gives it; null where the API does not tell it in cents.
      type: int
      returned: always
      sample: 960
    balance_after_usd_cents:
      description: What the wallet held afterwards, in US cents; null where the API does not tell it in cents.
      type: int
      returned: always
      sample: 290
    description:
      description: What it was for; null where the API does not tell.
      type: str
      returned: always
      sample: Order vps-2
    reference:
      description: What it belongs to, such as the id of an invoice; null where there is nothing.
      type: str
      returned: always
      sample: a0b9a9b3-7f43-4f2e-8a53-55c6a4e2b7b0
    created_at:
      description: When it was booked, as the API writes it.
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


def main() -> None:
    """Run the module."""
    H444Module(SPEC).report(_billing.report_wallet)


if __name__ == "__main__":
    main()
