# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What every module promises."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Can run in check mode and gives the same verdict without changing anything.
    support: full
  diff_mode:
    description: Shows in diff mode what changed, or would.
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
    description: Use C(group/h444.cloud.h444) in C(module_defaults) to set the common options once.
    support: full
    membership:
      - h444.cloud.h444
"""

    INFO_MODULE = r"""
attributes:
  check_mode:
    description: Can run in check mode; it changes nothing anyway.
    support: full
  diff_mode:
    description: Shows in diff mode what changed.
    support: N/A
    details:
      - This module changes nothing.
  idempotent:
    description: Running the same task twice in a row changes nothing the second time.
    support: full
"""
