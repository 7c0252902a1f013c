# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each part of an argument spec has a twin among the doc fragments, and they say the same."""

from __future__ import annotations

import importlib
import typing as t

import pytest
import yaml

PACKAGE = "ansible_collections.h444.cloud.plugins"
PARTS = ("API", "ORDER", "PATTERNS", "PROTECTED", "SECRETS", "SIGN_IN", "WAIT")


def documented(part: str) -> dict[str, t.Any]:
    """Read the options of a fragment."""
    fragment = importlib.import_module(f"{PACKAGE}.doc_fragments._{part.lower()}").ModuleDocFragment
    return yaml.safe_load(fragment.DOCUMENTATION)["options"]


def specified(part: str) -> dict[str, t.Any]:
    """Get the options of a part of the argument spec."""
    return getattr(importlib.import_module(f"{PACKAGE}.module_utils._spec"), part)


@pytest.mark.parametrize("part", PARTS)
def test_twins_agree(part: str) -> None:
    """The same options, types, defaults, choices, aliases and duties."""
    docs, spec = documented(part), specified(part)
    assert set(docs) == set(spec)
    for name, option in spec.items():
        for key in ("type", "default", "choices", "aliases", "elements"):
            assert docs[name].get(key) == option.get(key), (name, key)
        assert bool(docs[name].get("required")) == bool(option.get("required")), name


def test_common_options_have_their_variables() -> None:
    """Every common option can come from the environment, and the documentation names the variable."""
    docs = documented("API")
    for name, option in specified("API").items():
        variable = "H444_" + name.upper()
        _function, names = option["fallback"]
        assert names == [variable]
        assert any(f"E({variable})" in line for line in docs[name]["description"])
