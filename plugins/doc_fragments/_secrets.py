# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Where one-time secrets go; the twin of SECRETS in module_utils/_spec.py."""

    DOCUMENTATION = r"""
options:
  credentials_file:
    description:
      - The path of a file on the executing host to which the module writes one-time secrets, as JSON keyed by resource
        and with mode 0600.
      - The module checks that the file is writable before it orders anything. It replaces the file atomically and
        keeps earlier entries.
      - The result then omits the secrets. Without this option, the result contains them, and Ansible never displays
        them.
      - When a resource is renamed, the module moves its entry. When a resource is removed, the module adds the time to
        its entry as C(terminated_at). If the module can't write the file then, it issues a warning and does not fail.
    type: path
"""
