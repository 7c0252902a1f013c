# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a document says after a run, also where the API lags, can't be read, or shows two resources of one name."""

from __future__ import annotations

import typing as t

import pytest
from managing import HOOK, Account, lines, server


def test_twins_that_no_entry_names_do_not_stop_the_others() -> None:
    account = Account()
    account.simulator.seed(vps=[{"label": "twin"}, {"label": "twin"}, {"label": "web-1"}])
    result = account.apply({"servers": [{"label": "web-1", "state": "stopped"}]})
    assert lines(result, "done") == [("update", "servers", "web-1")] and result["manifest"] == {"servers": None}
    assert any("The section servers of the result is null." in text for text in account.warnings)
    result = account.apply({"servers": [{"label": "twin"}]})
    assert "servers[0] 'twin': 2 servers are called 'twin'" in result["msg"]


@pytest.mark.parametrize("ptr", ["x.example.com", None])
def test_the_document_after_a_rename_has_the_server_once(ptr: str | None) -> None:
    account = Account("wrapped")
    account.apply({"servers": [server("web-1", ptr="old.example.com")]})
    result = account.apply({"servers": [{"label": "web-1", "new_label": "web-2", "ptr": ptr}]})
    assert [(entry["label"], entry["ptr"]) for entry in result["manifest"]["servers"]] == [("web-2", ptr)]
    assert account.apply(result["manifest"])["plan"] == []


def test_the_document_after_the_run_has_what_the_list_does_not_show_yet() -> None:
    """Otherwise, the same document with a purge would terminate what was just ordered."""
    account = Account()
    account.apply({"servers": [server("old-1")], "webhooks": [HOOK]})
    account.core.assume["list_lag_seconds"] = 30
    document = {"servers": [server("web-1", ptr=None)], "webhooks": []}
    result = account.apply(document, purge=["servers", "webhooks"], max_removed=2, wait=False)
    assert not result.get("failed"), result["msg"]
    assert [entry["label"] for entry in result["manifest"]["servers"]] == ["web-1"]
    assert result["manifest"]["webhooks"] == []


@pytest.mark.parametrize("check_mode", [True, False])
def test_the_record_of_a_primary_address_stands_with_its_server_in_the_document_afterwards(check_mode: bool) -> None:
    account = Account()
    account.apply({"servers": [server("a", ptr="old.example.com")]})
    (row,) = account.simulator.state()["vps"]
    document = {
        "servers": [{"label": "a"}],
        "ptr_records": [{"ip": row["ips"][0]["ip"], "hostname": "new.example.com"}],
    }
    result = account.apply(document, check_mode)
    assert [entry["ptr"] for entry in result["manifest"]["servers"]] == ["new.example.com"]
    assert result["manifest"]["ptr_records"] == []
    purged = account.apply(
        {"servers": [{"label": "a"}], "ptr_records": []}, check_mode, purge=["ptr_records"], max_removed=1
    )
    assert purged["manifest"] == {"servers": [{**purged["manifest"]["servers"][0], "ptr": None}], "ptr_records": []}


def test_a_run_that_can_not_read_the_account_again_has_done_its_work() -> None:
    account = Account()
    account.simulator.faults(
        {"method": "GET", "path": "/webhooks", "nth": 2, "times": 50, "when": "before", "kind": "status", "status": 500}
    )
    result = account.apply({"servers": [server("a")], "webhooks": []})
    assert not result.get("failed"), result["msg"]
    assert [entry["label"] for entry in result["manifest"]["servers"]] == ["a"]
    assert any("The account could not be read again" in text for text in account.warnings)


def test_a_template_that_does_not_change_is_told() -> None:
    account = Account()
    account.apply({"servers": [server("a")]})
    handle = account.core.handle

    def forgetful(method: str, path: str, *rest: t.Any) -> t.Any:
        answer = handle(method, path, *rest)
        if path.endswith("/reinstall"):
            for row in account.core.servers.values():
                row["os_template"] = "ubuntu-24.04"
        return answer

    account.core.handle = forgetful  # type: ignore[method-assign]
    account.apply({"servers": [{"label": "a", "state": "reinstalled", "os_template": "debian-12"}]}, max_removed=1)
    assert any("still shows 'ubuntu-24.04'" in text for text in account.warnings), account.warnings
