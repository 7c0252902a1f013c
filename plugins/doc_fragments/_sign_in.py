# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What a sign-in makes of the common options; the twin of SIGN_IN in module_utils/_spec.py. It goes before _api, which it overrides."""

    DOCUMENTATION = r"""
options:
  api_key:
    description:
      - Not needed and never sent. It is accepted so that C(module_defaults) of the action group reach this module, too.
    type: str
    required: false
"""
