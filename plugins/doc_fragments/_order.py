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
      - The plan to order, as RV(h444.cloud.h444_product_info#module:products[].slug) names it. Needed when something is
        to be ordered. The API can't change the plan of what is there; a difference is a warning.
      - A plan that is listed twice at two prices, or whose price can't be read, is not ordered.
    type: str
    aliases: [plan]
  max_monthly_usd_cents:
    description:
      - The most that the plan may cost in a month, in US cents and at your own price. A dearer one is not ordered.
      - It bounds one order. The tasks of a play and the rounds of a loop are not added up.
    type: int
  order_generation:
    description:
      - Part of the order's Idempotency-Key. One generation is bought at most once, so raise it (V(2), V(3), …) to buy
        again where the module says that it can't prove that an earlier order is over.
      - Never let it differ from run to run; a repeated task would then order again.
    type: str
    default: "1"
  idempotency_key:
    description:
      - An Idempotency-Key of your own instead of the one made of the account, the kind and the name.
    type: str
"""
