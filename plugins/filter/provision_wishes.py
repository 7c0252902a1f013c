# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.h444.cloud.plugins.plugin_utils import _jobs


class FilterModule:
    """The filter that reads the answers of the playbook provision."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Name it."""
        return {"provision_wishes": _jobs.provision_wishes}
