# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The choice of info modules among many; the twin of PATTERNS in module_utils/_spec.py."""

    DOCUMENTATION = r"""
options:
  patterns:
    description:
      - Return only resources whose name matches one of these patterns, such as V(web-*). The name of a server is its
        label, and the name of a webhook is its URL. A hosting account has two names, its domain and its username.
      - These are shell patterns (C(*), C(?), C([abc])). A pattern must match the whole name. Case is ignored. The
        option C(protected) of the modules that can remove a resource works in the same way.
      - A domain can be written in Unicode or in its C(xn--) form.
      - This option is the only one that takes patterns. An option that identifies a resource always means exactly that
        name, even if it contains C(*) or C([).
    type: list
    elements: str
    default: []
"""
