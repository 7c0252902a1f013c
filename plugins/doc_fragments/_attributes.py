# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What every module promises."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Can run in check mode and returns the same verdict without changing anything.
    support: full
  diff_mode:
    description: Returns details on what has changed, or would change in check mode, when run in diff mode.
    support: full
"""

    IDEMPOTENT = r"""
attributes:
  idempotent:
    description: Running the same task twice in a row changes nothing the second time.
    support: full
"""

    ACTIONGROUP_H444 = r"""
attributes:
  action_group:
    description: Use C(group/h444.cloud.h444) in C(module_defaults) to set the common options for all modules.
    support: full
    membership:
      - h444.cloud.h444
"""

    INFO_MODULE = r"""
attributes:
  check_mode:
    description: Can run in check mode. The module never changes anything.
    support: full
  diff_mode:
    description: Returns details on what has changed when run in diff mode.
    support: N/A
    details:
      - This module never changes anything.
  idempotent:
    description: Running the same task twice in a row changes nothing the second time.
    support: full
"""
