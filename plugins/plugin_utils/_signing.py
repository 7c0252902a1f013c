# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signatures of webhook deliveries in templates. Messages about invalid input never show it."""

from __future__ import annotations

import time
import typing as t

from ansible.errors import AnsibleFilterError
from jinja2 import Undefined

from ansible_collections.h444.cloud.plugins.module_utils import _signature
from ansible_collections.h444.cloud.plugins.module_utils._names import is_digits
from ansible_collections.h444.cloud.plugins.plugin_utils._masking import mask

MAX_TIMESTAMP = 10**12 - 1


def signature(body: t.Any, secret: t.Any, timestamp: t.Any) -> str:
    """Return the value of the header X-444host-Signature. Units: timestamp in seconds since the epoch."""
    _check_defined(body, secret, timestamp)
    if isinstance(timestamp, str) and is_digits(timestamp):
        timestamp = int(timestamp)
    if isinstance(timestamp, bool) or not isinstance(timestamp, int) or not 0 <= timestamp <= MAX_TIMESTAMP:
        raise AnsibleFilterError("webhook_signature: the timestamp must be a whole number of seconds since 1970.")
    if isinstance(secret, (list, tuple)):
        raise AnsibleFilterError("webhook_signature: the secret must be a single text, not a list.")
    (only,) = _secrets(secret, "webhook_signature")
    return _signature.sign(_body(body, "webhook_signature"), only, timestamp)


def is_signed(body: t.Any, header: t.Any, secret: t.Any, tolerance: t.Any = 300) -> bool:
    """Return whether the header signs the body with the secret, or with one of a list.

    Units: tolerance in seconds, both ways.
    """
    _check_defined(body, header, secret, tolerance)
    if isinstance(tolerance, bool) or not isinstance(tolerance, (int, float)) or not 0 <= tolerance < float("inf"):
        raise AnsibleFilterError("webhook_signed: the tolerance must be a number of seconds, at least 0.")
    return _signature.is_signed(
        _body(body, "webhook_signed"), header, _secrets(secret, "webhook_signed"), time.time(), tolerance
    )


def _check_defined(*values: t.Any) -> None:
    """Raise Jinja's own error for an undefined variable, which up to ansible-core 2.18 gets here."""
    for value in values:
        if isinstance(value, Undefined):
            str(value)


def _body(body: t.Any, name: str) -> str | bytes:
    if not isinstance(body, (str, bytes)):
        raise AnsibleFilterError(
            "%s: the body must be the text as it is sent, byte for byte, but it has the type %s. Sign the output of "
            "to_json, and send exactly that text." % (name, type(body).__name__)
        )
    return body


def _secrets(secret: t.Any, name: str) -> list[str | bytes]:
    secrets = list(secret) if isinstance(secret, (list, tuple)) else [secret]
    if not secrets or not all(isinstance(one, (str, bytes)) and one for one in secrets):
        raise AnsibleFilterError(
            "%s: the secret must be a non-empty text%s."
            % (name, "" if name == "webhook_signature" else ", or a list of these")
        )
    mask(one.decode("utf-8", "replace") if isinstance(one, bytes) else one for one in secrets)
    return secrets
