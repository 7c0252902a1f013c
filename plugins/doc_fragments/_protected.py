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
      - Patterns of the names of resources that are never removed, replaced or reinstalled, such as V(db-*). A task that would do so
        is refused before its first write, also in check mode, whatever its other options say.
      - Patterns are those of a shell (C(*), C(?), C([abc])), compared with the whole name, ignoring case. Brackets also protect the name
        that is spelled with them. The names are the label of a server, the domain and the user name of a hosting account, the
        URL of a webhook, and for an address the host name that its PTR record has.
      - A domain may be written in Unicode or in its C(xn--) form.
      - A protected resource can get another name only if that is protected, too. If patterns are given and the API does not
        show the name of a resource, that resource is not removed.
      - The environment variable E(H444_PROTECTED) of the executing host, with commas or line ends between the patterns or as a JSON list,
        is used where the option is not given. Quotes around a pattern are ignored. An empty variable counts
        as unset. An empty list as the option turns the guard off. Null, and a list of
        empty patterns only, are refused.
    type: list
    elements: str
    default: []
"""
