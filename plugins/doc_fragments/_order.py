# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options of an order; the twin of ORDER in module_utils/_spec.py."""

    DOCUMENTATION = r"""
options:
  plan_slug:
    description:
      - The slug of the plan to order, as returned in RV(h444.cloud.h444_product_info#module:products[].slug). Required
        to place an order.
      - The API can't change the plan of an existing resource. If the plan differs, the module issues a warning.
      - The module refuses to order a plan that is listed twice at two prices, or whose price can't be read.
    type: str
    aliases: [plan]
  max_monthly_usd_cents:
    description:
      - The maximum monthly price of the plan in US cents. The module compares it with your own price and refuses to
        order a more expensive plan.
      - The limit applies to one order. It does not apply to the total of several tasks or loop items.
    type: int
  order_generation:
    description:
      - A part of the Idempotency-Key of the order. The module places at most one order for each generation. Raise it
        (V(2), V(3), …) to order again if the module reports that it can't prove that an earlier order is over.
      - Use a fixed value. If the value differs from run to run, a repeated task orders again.
    type: str
    default: "1"
  idempotency_key:
    description:
      - Your own Idempotency-Key. It replaces the key that the module derives from the account, the kind and the name.
    type: str
"""
