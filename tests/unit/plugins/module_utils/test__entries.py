# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with a document, and what is read from a good one."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils._entries import Problems, check_unique, read_document, typed
from ansible_collections.h444.cloud.plugins.module_utils._errors import BadOption
from ansible_collections.h444.cloud.plugins.module_utils._spec import SECTIONS


def problems_of(document: t.Any) -> list[str]:
    """Give what is wrong with a document."""
    problems = Problems()
    read_document(document, SECTIONS, problems)
    return problems.texts


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        (None, "the document: it must be a dictionary of sections"),
        (["servers"], "the document: it must be a dictionary of sections"),
        ({"server": []}, "the document: 'server' is no section of it. Did you mean servers?"),
        ({"servers": None}, "servers: it must be a list. If there are none, write an empty list"),
        ({"servers": {"label": "web-1"}}, "servers: it must be a list. If there are none, write an empty list"),
        ({"servers": ["web-1"]}, "servers[0]: it must be a dictionary of options"),
        ({"servers": [{"state": "started"}]}, "servers[0]: label is required"),
        ({"servers": [{"label": None}]}, "servers[0]: label is required"),
        ({"servers": [{"label": " "}]}, "servers[0]: label is required"),
        ({"servers": [{"label": ["web-1"]}]}, "servers[0] '['web-1']': label: a list is not a text"),
        (
            {"servers": [{"label": "a"}, {"label": "b", "plan_slog": "vps-2"}]},
            "servers[1] 'b': 'plan_slog' is no option of it. Did you mean plan_slug?",
        ),
        (
            {"servers": [{"label": "a", "state": "up"}]},
            "servers[0] 'a': state: 'up' is none of present, started, stopped, restarted, reinstalled, absent",
        ),
        ({"servers": [{"label": "a", "wait": "maybe"}]}, "servers[0] 'a': wait: 'maybe' is neither true nor false"),
        (
            {"servers": [{"label": "a", "wait_timeout": 1.5}]},
            "servers[0] 'a': wait_timeout: '1.5' is not a whole number",
        ),
        (
            {"servers": [{"label": "a", "wait_timeout": True}]},
            "servers[0] 'a': wait_timeout: 'True' is not a whole number",
        ),
        ({"servers": [{"label": "a", "hostname": {}}]}, "servers[0] 'a': hostname: a dictionary is not a text"),
        (
            {"servers": [{"label": "a", "plan": "vps-1", "plan_slug": "vps-2"}]},
            "servers[0] 'a': plan_slug is written twice, with different values",
        ),
        (
            {"domains": [{"name": "example.com", "nameservers": {"a": 1}}]},
            "domains[0] 'example.com': nameservers: a dictionary is not a list of texts",
        ),
        (
            {"domains": [{"name": "example.com", "nameservers": [None]}]},
            "domains[0] 'example.com': nameservers: a list is not a list of texts",
        ),
        (
            {"hosting": [{"domain": "a.example", "php_version": 5}]},
            "hosting[0] 'a.example': php_version: '5' is none of 7.4, 8.1, 8.3",
        ),
        ({"ptr_records": [{"hostname": "a.example"}]}, "ptr_records[0]: ip is required"),
        ({"servers": [{"label": "a", "hostname": "b\0"}]}, "servers[0] 'a': hostname: it contains a NUL character"),
        (
            {"webhooks": [{"url": "https://u:secret@example.com", "x": 1}]},
            "webhooks[0] 'https://***@example.com': 'x' is no option of it. There are: credentials_file, description, "
            "events, force, id, is_active, new_url, rotate_secret, state, url",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(document: t.Any, wanted: str) -> None:
    assert problems_of(document) == [wanted]


def test_all_problems_are_named_at_once() -> None:
    problems = Problems()
    read_document({"servers": [{"labl": "a"}, 5], "x": []}, SECTIONS, problems)
    with pytest.raises(BadOption) as raised:
        problems.check()
    assert str(raised.value) == (
        "manifest: servers[0]: 'labl' is no option of it. Did you mean label? servers[0]: label is required. "
        "servers[1]: it must be a dictionary of options. the document: 'x' is no section of it. There are: domains, "
        "hosting, ptr_records, servers, webhooks. Nothing was sent."
    )


def test_a_good_document_is_read_in_the_types_of_its_options() -> None:
    document = {
        "webhooks": [{"url": "https://example.com", "is_active": "no", "description": "", "events": "a, b"}],
        "servers": [{"label": 5, "plan": "vps-2", "hostname": None, "ptr": None, "wait_timeout": "60"}],
        "hosting": [{"domain": "a.example", "php_version": 8.3}],
    }
    problems = Problems()
    read = read_document(document, SECTIONS, problems)
    assert problems.texts == []
    assert list(read) == ["servers", "hosting", "webhooks"]
    (server,) = read["servers"]
    assert (str(server), server.name, server.options, server.nulls) == (
        "servers[0] '5'",
        "5",
        {"label": "5", "plan_slug": "vps-2", "wait_timeout": 60},
        {"hostname", "ptr"},
    )
    assert server.has("ptr") and server.has("label") and not server.has("state")
    assert read["hosting"][0].options["php_version"] == "8.3"
    assert read["webhooks"][0].options == {
        "url": "https://example.com",
        "is_active": False,
        "description": "",
        "events": ["a", "b"],
    }


@pytest.mark.parametrize(("value", "wanted"), [(True, True), ("yes", True), ("Off", False), (0, False), ("1", True)])
def test_a_boolean_may_come_from_a_template(value: t.Any, wanted: bool) -> None:
    assert typed(value, {"type": "bool"}) is wanted


def test_two_entries_of_one_key_are_named() -> None:
    read = read_document({"servers": [{"label": "a"}, {"label": "b"}, {"label": "c"}]}, SECTIONS, Problems())
    problems = Problems()
    keys: list[list[str]] = [["x", "y"], ["z"], ["y", "x"]]
    check_unique("name", zip(read["servers"], keys), problems)
    assert problems.texts == ["servers[2] 'c': servers[0] 'a' has the same name"]
