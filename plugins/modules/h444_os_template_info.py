#!/usr/bin/python

# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: h444_os_template_info
short_description: Get information about operating system templates
version_added: 0.1.0
author:
  - h444.cloud contributors (@h444-cloud)
description:
  - Returns the operating system templates that are available for orders and reinstalls.
options:
  os_family:
    description: The family of the templates to return.
    type: str
extends_documentation_fragment:
  - h444.cloud._api
  - h444.cloud._attributes.info_module
  - h444.cloud._attributes.actiongroup_h444
"""

EXAMPLES = r"""
- name: Get the Ubuntu templates
  h444.cloud.h444_os_template_info:
    os_family: ubuntu
  register: templates
"""

RETURN = r"""
os_templates:
  description:
    - The templates.
    - All other fields that the API returns are included with names in snake_case.
  returned: success
  type: list
  elements: dict
  contains:
    os_family:
      description: The family of the template. Null if the API does not return it.
      type: str
      returned: always
      sample: ubuntu
    os_template:
      description: The name of the template, as used by O(h444.cloud.h444_vps#module:os_template).
      type: str
      returned: always
      sample: ubuntu-24.04
"""

from ansible_collections.h444.cloud.plugins.module_utils import _catalogue
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module
from ansible_collections.h444.cloud.plugins.module_utils._spec import merge

SPEC = merge(os_family={"type": "str"})


def main(face=H444Module) -> None:
    """Run the module."""
    face(SPEC).report(_catalogue.report_os_templates, _catalogue.OS_TEMPLATE_IDENTIFIERS)


if __name__ == "__main__":
    main()
