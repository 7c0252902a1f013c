#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_invoice_info
short_description: Get information about invoices
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Returns the invoices of the account, newest first, or the specified one with its line items and payments. Returns
    an empty list if no invoice matches.
  - Amounts are integers in US cents. If the API returns an amount in cents that is not an integer, the task fails. The
    module never rounds amounts.
options:
  id:
    description: The ID of the invoice to return, with RV(invoices[].line_items) and RV(invoices[].transactions).
    type: str
  status:
    description: The status of the invoices to return, for example V(paid) or V(unpaid). Case is ignored.
    type: str
  limit:
    description:
      - The maximum number of invoices to return, from 1 to 200. The module filters by O(status) first. If this option
        is not set, it returns all invoices.
    type: int
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._attributes.info_module
  - h444.cloud._attributes.actiongroup_h444
seealso:
  - module: h444.cloud.h444_wallet_info
"""

EXAMPLES = r"""
- name: Get the ten latest invoices
  h444.cloud.h444_invoice_info:
    limit: 10
  register: found

- name: Get the line items of the latest invoice
  h444.cloud.h444_invoice_info:
    id: "{{ found.invoices[0].id }}"
  register: newest

- name: Get the unpaid invoices
  h444.cloud.h444_invoice_info:
    status: unpaid
  register: unpaid

- name: Show the unpaid total in dollars
  ansible.builtin.debug:
    msg: "{{ '%.2f' | format(unpaid.invoices | map(attribute='total_usd_cents') | sum / 100) }}"
"""

RETURN = r"""
invoices:
  description:
    - The invoices.
    - All other fields that the API returns are included with names in snake_case.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the invoice. Always a string.
      type: str
      returned: always
      sample: a0b9a9b3-7f43-4f2e-8a53-55c6a4e2b7b0
    invoice_number:
      description: The number of the invoice. Null if the API does not return it.
      type: str
      returned: always
      sample: INV-2026-0001
    status:
      description: The API's own status value, in lower case with underscores. Null if the API does not return it.
      type: str
      returned: always
      sample: paid
    currency:
      description: The currency of the invoice. Null if the API does not return it.
      type: str
      returned: always
      sample: USD
    total_usd_cents:
      description: The total in US cents. Null if the API does not return it in cents.
      type: int
      returned: always
      sample: 960
    created_at:
      description: When the invoice was created, in the format of the API.
      type: raw
      returned: always
      sample: "2026-06-11T09:00:00.000Z"
    paid_at:
      description: When the invoice was paid, in the format of the API. Null if it is not paid.
      type: raw
      returned: always
      sample: "2026-06-11T09:00:00.000Z"
    line_items:
      description: The line items of the invoice, with the API's own fields.
      type: list
      elements: dict
      returned: when O(id) is set
      sample: [{description: VPS 2, quantity: 1, unit_usd_cents: 960, total_usd_cents: 960}]
    transactions:
      description: The payments of the invoice, with the API's own fields.
      type: list
      elements: dict
      returned: when O(id) is set
      sample: [{id: "17", gateway: wallet, status: succeeded, amount_usd_cents: 960}]
"""

from ansible_collections.h444.cloud.plugins.module_utils import _billing
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import merge

SPEC = merge(
    id={"type": "str"},
    status={"type": "str"},
    limit={"type": "int"},
)


def main(face=H444Module) -> None:
    """Run the module."""
    face(SPEC).report(_billing.report_invoices, _billing.INVOICE_IDENTIFIERS)


if __name__ == "__main__":
    main()
