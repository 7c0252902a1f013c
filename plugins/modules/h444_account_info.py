#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_account_info
short_description: Get information about the account
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Returns the profile of the account to which the API key belongs, and the balance of its wallet.
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._attributes.info_module
  - h444.cloud._attributes.actiongroup_h444
"""

EXAMPLES = r"""
- name: Get the account and the balance of its wallet
  h444.cloud.h444_account_info:
  register: me
"""

RETURN = r"""
account:
  description:
    - The account.
    - All other fields that the API returns are included with names in snake_case.
  returned: success
  type: dict
  contains:
    id:
      description: The ID of the account. Always a string.
      type: str
      returned: always
    email:
      description: The email address of the account.
      type: str
      returned: when the API returns it
      sample: you@example.com
    balance_usd_cents:
      description: The balance of the prepaid wallet, in US cents.
      type: int
      returned: always
      sample: 1250
"""

from ansible_collections.h444.cloud.plugins.module_utils import _account
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import merge

SPEC = merge()


def main(face=H444Module) -> None:
    """Run the module."""
    face(SPEC).report(_account.report)


if __name__ == "__main__":
    main()
