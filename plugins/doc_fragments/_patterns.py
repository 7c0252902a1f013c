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
      - Only resources whose name matches one of these patterns, such as V(web-*). The names are the label of a server, the domain or the
        user name of a hosting account, the name of a domain, and the URL of a webhook.
      - Patterns are those of a shell (C(*), C(?), C([abc])), compared with the whole name, ignoring case, as in the option C(protected)
        of the modules that can remove something. A domain may be written in Unicode or in its C(xn--) form.
      - An option that names a resource always means exactly that name, even if it contains C(*) or C([).
    type: list
    elements: str
    default: []
"""
