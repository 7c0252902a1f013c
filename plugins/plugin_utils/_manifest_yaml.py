# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes a document of the account as YAML that people read and compare, and that ansible-core reads back unchanged.

Names in the account are foreign texts. One that looks like a template carries the tag ``!unsafe``, and one with control
characters is escaped, so that the file shows what it contains.
"""

from __future__ import annotations

import re
import typing as t

import yaml
from ansible.errors import AnsibleFilterError
from jinja2 import Undefined

from ansible_collections.h444.cloud.plugins.module_utils._names import CANONICAL_IPV4, CONTROL

# What begins or ends a template, and what makes ansible-core look for other marks.
TEMPLATE = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}|\A#jinja2:")
# What is a number, a date or a boolean to other readers of YAML than PyYAML, and to people.
MISLEADING = re.compile(r"[-+.]?[0-9]|[yYnN]\Z")
BEYOND_ANY_LINE = 1 << 30


class Dumper(yaml.SafeDumper):
    """Writes block style with indented lists and without anchors, and quotes what could be read as something else."""

    def ignore_aliases(self, data: t.Any) -> bool:
        """Write every value where it stands."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists inside mappings."""
        super().increase_indent(flow, False)

    def write_double_quoted(self, text: str, split: bool = True) -> None:
        """Escape whatever is not ASCII: only texts with control characters have double quotes."""
        self.allow_unicode = False
        super().write_double_quoted(text, split)
        self.allow_unicode = True


def _represent_text(dumper: Dumper, text: str) -> yaml.Node:
    text = "".join(text)  # ansible-core's own types of texts carry more than their characters
    tag = "!unsafe" if TEMPLATE.search(text) else "tag:yaml.org,2002:str"
    style = None
    if CONTROL.search(text):
        style = '"'
    elif tag == "!unsafe" or (MISLEADING.match(text) and not CANONICAL_IPV4.match(text)):
        style = "'"
    return dumper.represent_scalar(tag, text, style=style)


# By the exact type, and for what is derived from it: ansible-core has types of its own.
Dumper.add_representer(str, _represent_text)
Dumper.add_multi_representer(str, _represent_text)
Dumper.add_multi_representer(dict, lambda dumper, value: dumper.represent_dict(value.items()))
Dumper.add_multi_representer(list, lambda dumper, value: dumper.represent_list(value))
Dumper.add_multi_representer(int, lambda dumper, value: dumper.represent_int(int(value)))


def manifest_yaml(manifest: t.Any, comment: t.Any = None) -> str:
    """Return a document as YAML, its sections in their order. *comment*: lines that come before it."""
    if isinstance(manifest, Undefined) or not isinstance(manifest, dict):
        raise AnsibleFilterError("manifest_yaml: the document must be a dictionary, as h444_manifest_info returns it.")
    parts = [_comment(comment) + "---\n"] + [_dump({name: rows}) for name, rows in manifest.items()]
    return parts[0] + "\n".join(parts[1:]) if manifest else parts[0] + "{}\n"


def _comment(comment: t.Any) -> str:
    return "".join(("# %s" % line).rstrip() + "\n" for line in str(comment or "").splitlines())


def _dump(value: dict[str, t.Any]) -> str:
    try:
        return yaml.dump(
            value, Dumper=Dumper, default_flow_style=False, sort_keys=False, allow_unicode=True, width=BEYOND_ANY_LINE
        )
    except yaml.representer.RepresenterError:
        raise AnsibleFilterError(
            "manifest_yaml: the document must contain only texts, numbers, booleans, lists and dictionaries."
        ) from None
