# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Registers secrets with ansible-core, so that no later task shows them: core masks them since 2.22."""

from __future__ import annotations

import typing as t

from ansible_collections.h444.cloud.plugins.module_utils._reader import is_hidden

try:
    from ansible.module_utils.secrets import register_secrets
except ImportError:
    register_secrets = None

# Shorter texts occur by chance in many outputs, and masking them would make those unreadable.
SHORTEST = 6


def mask(secrets: t.Iterable[str | None]) -> None:
    """Register secrets with core, but no asterisks that replace a secret."""
    found = {secret.strip() for secret in secrets if secret}
    found = {secret for secret in found if len(secret) >= SHORTEST and not is_hidden(secret)}
    if register_secrets is not None and found:
        register_secrets(found)
