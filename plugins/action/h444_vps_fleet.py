# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.h444.cloud.plugins.modules import h444_vps_fleet
from ansible_collections.h444.cloud.plugins.plugin_utils._bulk_action import BulkAction


class ActionModule(BulkAction):
    """Keeps the root passwords of h444_vps_fleet out of every output, and displays its plan."""

    MODULE = h444_vps_fleet
    ENTRIES = "servers"
    HARMLESS_STATES = ("absent",)
