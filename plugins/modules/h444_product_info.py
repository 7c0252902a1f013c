#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_product_info
short_description: Get information about plans
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Returns the plans for servers and web hosting with the retail price and your own price. An order costs your own
    price.
options:
  slug:
    description: The slug of the plan to return.
    type: str
  category:
    description: The category of the plans to return.
    type: str
    choices: [vps, hosting]
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._attributes.info_module
  - h444.cloud._attributes.actiongroup_h444
"""

EXAMPLES = r"""
- name: Get the plans and prices of servers
  h444.cloud.h444_product_info:
    category: vps
  register: catalogue
"""

RETURN = r"""
products:
  description:
    - The plans.
    - All other fields that the API returns are included with names in snake_case.
  returned: success
  type: list
  elements: dict
  contains:
    slug:
      description: The slug of the plan, as used by O(h444.cloud.h444_vps#module:plan_slug).
      type: str
      returned: always
      sample: vps-2
    category:
      description: The category of the plan, V(vps) or V(hosting).
      type: str
      returned: always
      sample: vps
    name_en:
      description: The name of the plan.
      type: str
      returned: always
      sample: VPS 2
    retail_monthly_usd_cents:
      description: The monthly list price in US cents. Null if it can't be read.
      type: int
      returned: always
      sample: 1200
    your_monthly_usd_cents:
      description:
        - Your own monthly price in US cents. An order debits this price. Null if it can't be read. The modules never
          order such a plan.
      type: int
      returned: always
      sample: 960
    specs:
      description: The resources of the plan.
      type: dict
      returned: always
      sample: {"vcpu": 2, "ram_mb": 4096, "disk_gb": 60}
"""

from ansible_collections.h444.cloud.plugins.module_utils import _catalogue
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import merge

SPEC = merge(
    slug={"type": "str"},
    category={"type": "str", "choices": ["vps", "hosting"]},
)


def main(face=H444Module) -> None:
    """Run the module."""
    face(SPEC).report(_catalogue.report_products, _catalogue.PRODUCT_IDENTIFIERS)


if __name__ == "__main__":
    main()
