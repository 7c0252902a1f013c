# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.h444.cloud.plugins.modules import h444_ptr
from ansible_collections.h444.cloud.plugins.plugin_utils._task_action import TaskAction


class ActionModule(TaskAction):
    """Runs h444_ptr in the controller's process where that is possible."""

    MODULE = h444_ptr
