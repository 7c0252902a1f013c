# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The common options of a sign-in. If listed before _api, they override its own. The twin of SIGN_IN in _spec."""

    DOCUMENTATION = r"""
options:
  api_key:
    description:
      - Not required and never sent. The module accepts this option so that C(module_defaults) of the action group can
        apply to it.
    type: str
    required: false
"""
