# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a server tells of its system, and which template of the list that is."""

from __future__ import annotations

import time
import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _catalogue, _installed, _vps

Row = t.Dict[str, t.Any]

SLUGS = ["ubuntu-22.04", "ubuntu-24.04", "debian-12", "almalinux-9", "rocky-9"]
ROWS = [
    {"id": 1, "slug": "ubuntu-22.04", "name": "Ubuntu 22.04 LTS", "family": "ubuntu", "version": "22.04"},
    {
        "id": 2,
        "slug": "ubuntu-22.04-minimal",
        "name": "Ubuntu 22.04 LTS Minimal",
        "family": "ubuntu",
        "version": "22.04",
    },
    {
        "id": 3,
        "slug": "ubuntu-24.04",
        "displayName": "Ubuntu 24.04 (Noble Numbat)",
        "family": "ubuntu",
        "version": "24.04",
    },
    {"id": 9, "slug": "debian-12", "label": "Debian GNU/Linux 12 (bookworm)", "family": "debian", "version": "12"},
    {"id": 12, "slug": "rocky-9", "title": "Rocky Linux 9", "family": "rocky", "version": "9"},
    {"id": "0a1b", "slug": "tmpl-5", "name": "AlmaLinux", "family": "almalinux", "version": "9"},
]
VERSIONS = [
    {"os_family": "ubuntu", "versions": ["22.04", "24.04"]},
    {"os_family": "debian", "versions": ["12"]},
    {"os_family": "alma", "versions": ["9"]},
]


def resolved(told: Row, templates: list[t.Any]) -> str | None:
    """Resolve what a raw row tells, through a raw list of templates."""
    row = _vps.read_vps({"id": "7", "label": "web-1", **told})
    found = _installed.find_installed(row, _catalogue.read_os_templates(templates))
    return found and found[1]


@pytest.mark.parametrize(
    ("told", "template"),
    [
        ({"os_template": "ubuntu-22.04"}, "ubuntu-22.04"),
        ({"osTemplate": {"id": 1}}, "ubuntu-22.04"),
        ({"osTemplate": {"id": "3", "name": "something"}}, "ubuntu-24.04"),
        ({"osTemplate": {"slug": "debian-12", "name": "Debian"}}, "debian-12"),
        ({"os_template": "Ubuntu 22.04 LTS"}, "ubuntu-22.04"),
        ({"os_template": "ubuntu 22.04 x64"}, "ubuntu-22.04"),
        ({"os_template": "Ubuntu 22.04 LTS Minimal"}, "ubuntu-22.04-minimal"),
        ({"template": "Ubuntu 24.04 (Noble Numbat)"}, "ubuntu-24.04"),
        ({"os_template": "Debian 12"}, "debian-12"),
        ({"os": "Debian GNU/Linux 12 (bookworm)"}, "debian-12"),
        ({"os_template": "12", "os_family": "debian"}, "debian-12"),
        ({"os_template": 9, "os": "rocky"}, "rocky-9"),
        ({"os": {"family": "Ubuntu", "version": "24.04"}}, "ubuntu-24.04"),
        ({"os": {"name": "Ubuntu", "version": "24.04 LTS"}}, "ubuntu-24.04"),
        ({"os": "ubuntu", "os_version": "24.04"}, "ubuntu-24.04"),
        ({"image": {"name": "Rocky Linux 9"}}, "rocky-9"),
        ({"template_id": 99, "os_template": "0a1b"}, "tmpl-5"),
        ({"os_family": "almalinux", "os_template": "9"}, "tmpl-5"),
        ({"os_family": "linux", "os_template": "rocky-9"}, "rocky-9"),
    ],
)
def test_resolved(told: Row, template: str) -> None:
    """Any of a template's identifiers means it."""
    assert resolved(told, ROWS) == template


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"os_family": "ubuntu"},
        {"os": "Debian"},
        {"os_template": "22.04"},  # of which family?
        {"os_template": "22.04", "os_family": "ubuntu"},  # the plain or the minimal one?
        {"os_template": "12"},  # the number of Rocky, or the version of Debian?
        {"os_template": 9},
        {"os_template": "22.04", "os_family": "mint"},
        {"os_template": "ubuntu-18.04"},
        {"os_template": {"id": 1, "slug": "debian-12"}},
        {"os_template": "ubuntu-22.04", "os_family": "debian"},
        {"os_template": "Debian 12.5"},
        {"os_template": [], "os": [], "image": True},
    ],
)
def test_not_surely_one(told: Row) -> None:
    """What fits no template, several, or contradicts itself is not known."""
    assert resolved(told, ROWS) is None


@pytest.mark.parametrize(
    "templates", [SLUGS, [{"family": "ubuntu", "templates": SLUGS[:2]}, {"family": "debian", "templates": SLUGS[2:3]}]]
)
@pytest.mark.parametrize(
    "told",
    [
        {"os_template": {"id": 4, "name": "Debian 12"}},
        {"os_template": "Debian GNU/Linux 12 (bookworm)"},
        {"os": "debian", "os_template": "12"},
        {"os": {"family": "Debian", "version": "12"}},
        {"os": {"name": "Debian 12"}},
    ],
)
def test_list_of_slugs(told: Row, templates: list[t.Any]) -> None:
    """A list that tells nothing but slugs is enough."""
    assert resolved(told, templates) == "debian-12"


@pytest.mark.parametrize(
    "told",
    [{"os": "ubuntu", "os_template": "24.04"}, {"os_template": "Ubuntu 24.04 LTS"}, {"os_template": "ubuntu-24.04"}],
)
def test_list_of_versions(told: Row) -> None:
    """So is a list of versions by family."""
    assert resolved(told, VERSIONS) == "24.04"


def test_long_names_take_no_time() -> None:
    """A name of any length is read in no time."""
    started = time.monotonic()
    for name in ("(" * 300_000, "ubuntu-" * 50_000, "1." * 200_000):
        assert resolved({"os_template": name, "os": {"name": name}}, ROWS) is None
    assert time.monotonic() - started < 2
