# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The guard of modules that can remove something; the twin of PROTECTED in module_utils/_spec.py."""

    DOCUMENTATION = r"""
options:
  protected:
    description:
      - Patterns of the names of resources that must never be removed, replaced or reinstalled, such as V(db-*). The
        module refuses such a task before its first write, also in check mode, whatever the other options are.
      - These are shell patterns (C(*), C(?), C([abc])). A pattern must match the whole name. Case is ignored. A
        pattern with brackets also protects the name that is spelled with these brackets.
      - The name of a server is its label, and the name of a webhook is its URL. A hosting account has two names, its
        domain and its username. The name of an address is the hostname in its PTR record.
      - A domain can be written in Unicode or in its C(xn--) form.
      - A protected resource can be renamed only if its new name is also protected.
      - If patterns are set and the API does not return the name of a resource, the module does not remove that
        resource.
      - If this option is not set, the module uses the environment variable E(H444_PROTECTED) of the executing host. It
        contains patterns separated by commas or newlines, or a JSON list. Quotes around a pattern are ignored. An
        empty environment variable counts as unset.
      - An empty list turns the protection off. The module refuses null and a list that contains only empty patterns.
    type: list
    elements: str
    default: []
"""
