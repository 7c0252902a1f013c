# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options for waiting; the twin of WAIT in module_utils/_spec.py."""

    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Whether to wait until the server reaches the requested state. If the server reports an unknown status, the
        module stops waiting immediately and issues a warning.
    type: bool
    default: true
  wait_timeout:
    description:
      - How many seconds to wait for the requested state.
      - This is also the timeout of one attempt of an order or a reinstall, because the API responds only when the
        server is ready.
    type: int
    default: 600
"""
