# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role awx refuses before its first request."""

from __future__ import annotations

import datetime
import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.action import awx_objects as action
from ansible_collections.h444.cloud.plugins.plugin_utils._awx_api import AwxError

GOOD: dict[str, t.Any] = {
    **{name: spec.get("default") for name, spec in action.SPEC.items()},
    "url": "https://awx.example.com",
    "token": "geheim",
    "project_url": "https://git.example.com/shop.git",
}


def refusal(**more: t.Any) -> str:
    with pytest.raises(AwxError) as caught:
        action._check({**GOOD, **more})
    return str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://me:geheim@git.example.com/shop.git",
        "HTTPS://geheim@git.example.com/shop.git",
        "ssh://git:geheim@git.example.com/shop.git",
        "https://me:ge@heim@git.example.com/shop.git",
    ],
)
def test_a_secret_in_the_address_of_the_repository_is_refused_and_not_shown(url: str) -> None:
    said = refusal(project_url=url)
    assert said == "awx_project_url must not contain a password, because AWX would show it."


@pytest.mark.parametrize(
    "url", ["ssh://git@git.example.com/shop.git", "git@git.example.com:shop.git", "file:///srv/shop.git"]
)
def test_addresses_of_repositories(url: str) -> None:
    action._check({**GOOD, "project_url": url, "directory": "/shared"})


@pytest.mark.parametrize("directory", ["shared", "/runner/project", "/tmp", "/shared/../tmp/x", "/var/tmp/x"])
def test_a_directory_that_is_gone_after_a_job_is_refused(directory: str) -> None:
    assert refusal(directory=directory).startswith("awx_directory must be an absolute path that AWX exposes")


@pytest.mark.parametrize("variables", [{"report_date": datetime.date(2026, 1, 1)}, {1: 2}, {"x": float("nan")}])
def test_a_variable_that_is_not_json_is_refused(variables: dict[t.Any, t.Any]) -> None:
    assert "awx_extra_vars: AWX can't take the variable" in refusal(extra_vars={"report": variables})
