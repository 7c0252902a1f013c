# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Forward lookups: which name the resolver is asked for."""

from __future__ import annotations

import socket
import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _forward


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("mail.example.com", "mail.example.com"),
        ("stra\u00dfe.example", "xn--strae-oqa.example"),
        ("M\u00fcller.example.", "xn--mller-kva.example"),
    ],
)
def test_a_name_is_asked_for_in_ascii(name: str, asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is encoded here, by IDNA 2008: the resolver would look for the host with ss, which is somebody else's."""
    names = []

    def resolve(host: str, *_options: t.Any, **_facts: t.Any) -> list[t.Any]:
        names.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 0))]

    monkeypatch.setattr(_forward.socket, "getaddrinfo", resolve)
    assert _forward.is_confirmed(name, "192.0.2.1") and not _forward.is_confirmed(name, "192.0.2.2")
    assert names == [asked, asked]


def test_a_name_that_does_not_resolve_has_no_address() -> None:
    """No name, and one that no resolver can be asked for, are not confirmed."""
    for name in (None, "", "a..example", "x" * 64 + ".example", "\ud800.example"):
        assert not _forward.is_confirmed(name, "192.0.2.1")
