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
      - A file on the executing host that takes the one-time secrets, as JSON keyed by resource, with mode 0600. It is
        proved writable before anything is ordered, written whole or not at all, and earlier entries are kept.
      - The secrets are then left out of the result. Without it they are in the result, and no output shows them.
      - An entry follows its resource. A rename moves it, and a removal adds the time to it as C(terminated_at). If the file
        can't be written then, the task warns and does not fail.
    type: path
"""
