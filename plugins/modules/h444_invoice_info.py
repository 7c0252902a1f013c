#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_invoice_info
short_description: List invoices
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Gives the invoices of the account, newest first, or the one of an id with its line items and payments. Nothing found is an
    empty list.
  - Amounts are whole US cents. An amount that the API gives in cents but not as a whole number is an error, never rounded.
options:
  id:
    description: Only the invoice of this id, with RV(invoices[].line_items) and RV(invoices[].transactions).
    type: str
  status:
    description: Only invoices of this status, compared without case, for example V(paid) or V(unpaid).
    type: str
  limit:
    description: The newest so many, after O(status) was looked at; from 1 to 200. All where it is not given.
    type: int
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._attributes.info_module
  - h444.cloud._attributes.actiongroup_h444
seealso:
  - module: h444.cloud.h444_wallet_info
"""

EXAMPLES = r"""
- name: The ten newest invoices
  h444.cloud.h444_invoice_info:
    limit: 10
  register: found

- name: What the newest is for
  h444.cloud.h444_invoice_info:
    id: "{{ found.invoices[0].id }}"
  register: newest

- name: What is still to be paid
  h444.cloud.h444_invoice_info:
    status: unpaid
  register: unpaid

- name: In dollars
  ansible.builtin.debug:
    msg: "{{ '%.2f' | format(unpaid.invoices | map(attribute='total_usd_cents') | sum / 100) }}"
"""

RETURN = r"""
invoices:
  description: The invoices. Every further field of the API is kept in snake_case.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The id, always a string.
      type: str
      returned: always
      sample: a0b9a9b3-7f43-4f2e-8a53-55c6a4e2b7b0
    invoice_number:
      description: The number on the invoice; null where the API does not tell.
      type: str
      returned: always
      sample: INV-2026-0001
    status:
      description: The status in the words of the API, in small letters with underscores; null where the API does not tell.
      type: str
      returned: always
      sample: paid
    currency:
      description: The currency of the invoice; null where the API does not tell.
      type: str
      returned: always
      sample: USD
    total_usd_cents:
      description: The total in US cents; null where the API does not tell it in cents.
      type: int
      returned: always
      sample: 960
    created_at:
      description: When the invoice was written, as the API writes it.
      type: raw
      returned: always
      sample: "2026-06-11T09:00:00.000Z"
    paid_at:
      description: When it was paid, as the API writes it; null where it is not paid.
      type: raw
      returned: always
      sample: "2026-06-11T09:00:00.000Z"
    line_items:
      description: What is invoiced, a row for each line, with the fields of the API.
      type: list
      elements: dict
      returned: when O(id) is given
      sample: [{description: VPS 2, quantity: 1, unit_usd_cents: 960, total_usd_cents: 960}]
    transactions:
      description: The payments, with the fields of the API.
      type: list
      elements: dict
      returned: when O(id) is given
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


def main() -> None:
    """Run the module."""
    H444Module(SPEC).report(_billing.report_invoices, _billing.INVOICE_IDENTIFIERS)


if __name__ == "__main__":
    main()
