# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.h444.cloud.plugins.modules import h444_manifest
from ansible_collections.h444.cloud.plugins.plugin_utils._bulk_action import BulkAction

# The sections whose resources come with one-time secrets.
BRINGING = ("servers", "hosting", "webhooks")


class ActionModule(BulkAction):
    """Keeps the passwords and secrets of h444_manifest out of every output, and displays its plan."""

    MODULE = h444_manifest

    def _may_bring_secret(self) -> bool:
        """Return whether the document has a resource that can return a secret. One that can't be read may have."""
        document = self._task.args.get("manifest")
        return not isinstance(document, dict) or any(document.get(section) for section in BRINGING)

    def _keeps_a_file(self) -> bool:
        """Return whether the secrets of all resources are written to a file."""
        return bool(str(self._task.args.get("credentials_file") or "").strip())
