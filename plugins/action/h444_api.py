# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.h444.cloud.plugins.module_utils._errors import H444Error
from ansible_collections.h444.cloud.plugins.module_utils._reader import normal
from ansible_collections.h444.cloud.plugins.module_utils._reply import secrets_in
from ansible_collections.h444.cloud.plugins.modules import h444_api
from ansible_collections.h444.cloud.plugins.plugin_utils._secret_action import SecretAction

# Keys, tokens and signing secrets show what they are, wherever they stand.
TELLTALE = re.compile(r"(?:h444_(?:at_|rt_)?|whsec_)[A-Za-z0-9]{8,}[A-Za-z0-9._~+/=-]*")


class ActionModule(SecretAction):
    """Keeps the secrets of a raw reply out of every output, at any depth and under any name of a secret."""

    MODULE = h444_api
    TIME_OPTION = "api_timeout"
    HAS_FILE = False

    def _may_bring_secret(self) -> bool:
        return str(self._task.args.get("method", "GET")).strip().upper() != "GET"

    def _secrets_of(self, result: t.Mapping[str, t.Any]) -> list[str]:
        body = result.get("body")
        found = TELLTALE.findall(json.dumps(body, default=str))
        found += (secret.value for secret in secrets_in({"body": body}))
        try:
            normal({"body": body}, "body")
        except H444Error:  # nested too deeply, or two spellings of one key: the secrets are unknown, so hide everything
            found.append(json.dumps(body, default=str))
        return [secret for secret in found if secret]

    def _is_unread(self, raw: str) -> bool:
        return '"body":' in raw
