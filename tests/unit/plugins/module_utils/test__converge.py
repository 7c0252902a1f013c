# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run reports of one-time secrets: those that came, those that are lost, those that nobody asked for."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _vps
from ansible_collections.h444.cloud.plugins.module_utils._converge import Progress, send
from ansible_collections.h444.cloud.plugins.module_utils._errors import NotFound
from ansible_collections.h444.cloud.plugins.module_utils._plan import Action, Plan
from ansible_collections.h444.cloud.plugins.module_utils._sink import Sink

ORDER = Action("order", "web-1", _vps.ORDER, {}, brings_secret=True)
RENAME = Action("rename", "web-1", _vps.LABEL, {"id": "7"})


def progress(path: Path | None, *done: Action, planned: tuple[Action, ...] = ()) -> tuple[Progress, list[str]]:
    """Make the progress of a run that has done this much."""
    warnings: list[str] = []
    made = Progress(_vps.RECONCILER, {}, Sink(str(path) if path else None), warnings.append)
    made.plan = Plan(None, None, (*done, *planned))
    made.done = list(done)
    return made, warnings


def received(made: Progress, body: t.Any) -> None:
    """Let it receive the reply to an order."""
    made.receive("vps/web-1", "7", _vps.read_order_reply(body), _vps.SECRETS, "the way out")


def test_nothing_lost() -> None:
    """The password is there, and nothing is warned."""
    made, warnings = progress(None, ORDER)
    received(made, {"id": "7", "root_password": "pw-1"})
    result = made.result()
    assert (
        result["secret_lost"] is False
        and result["root_password"] == "pw-1"
        and "other_secrets" not in result
        and warnings == []
    )


@pytest.mark.parametrize("password", [None, "", "********"])
def test_lost(password: str | None) -> None:
    """A password that did not arrive is said, with the way to a new one."""
    made, warnings = progress(None, ORDER)
    received(made, {"id": "7", "root_password": password})
    assert made.result()["secret_lost"] is True
    assert [("root password of vps/web-1" in text, "the way out" in text) for text in warnings] == [(True, True)]


def test_unclear() -> None:
    """Between two nothing is chosen: both are handed on by their paths, and none is shown in a warning."""
    made, warnings = progress(None, ORDER)
    received(made, {"id": "7", "password": "pw-1", "credentials": {"password": "pw-2"}})
    result = made.result()
    assert result["secret_lost"] is True and "root_password" not in result
    assert result["other_secrets"] == {"password": "pw-1", "credentials.password": "pw-2"}
    assert len(warnings) == 1 and "password, credentials.password" in warnings[0] and "pw-" not in warnings[0]


def test_others_and_masked(tmp_path: Path) -> None:
    """Further secrets go where the named one goes; a warning names them without their values."""
    made, warnings = progress(tmp_path / "secrets.json", ORDER)
    received(made, {"id": "7", "root_password": "pw***", "vnc": {"password": "pw-2"}, "panelPassword": "pw-3"})
    result = made.result()
    assert result["secret_lost"] is False and "root_password" not in result and "other_secrets" not in result
    entry = json.loads((tmp_path / "secrets.json").read_text(encoding="utf-8"))["vps/web-1"]
    assert entry["root_password"] == "pw***" and entry["other_secrets"] == {
        "vnc.password": "pw-2",
        "panel_password": "pw-3",
    }
    assert len(warnings) == 2 and "masked a part" in warnings[0] and "panel_password, vnc.password" in warnings[1]
    assert "pw" not in "".join(warnings).replace("credentials_file", "")


def test_many_others_are_one_short_warning() -> None:
    """All of them are kept; a warning names the first."""
    made, warnings = progress(None)
    received(
        made,
        {
            "id": "7",
            "root_password": "Canary-pass-4711",
            "tokens": [{"token": "t%d" % number} for number in range(500)],
        },
    )
    assert len(made.secrets["other_secrets"]) == 500 and len(warnings) == 1
    assert "and 480 more" in warnings[0] and len(warnings[0]) < 2000


def test_surrogates_in_a_password() -> None:
    """What can't be written is not a password that works."""
    made, warnings = progress(None, ORDER)
    received(made, {"id": "7", "root_password": "pw\ud83d"})
    assert (
        made.result()["secret_lost"] is True
        and made.result()["root_password"] == "pw\ufffd"
        and "the way out" in warnings[0]
    )


def test_only_where_a_secret_is_brought() -> None:
    """A rename has no secret to lose; check mode has lost none; an order whose fate is unknown may have brought one."""
    assert "secret_lost" not in progress(None, RENAME)[0].result()
    assert progress(None, planned=(ORDER,))[0].result(planned_only=True)["secret_lost"] is False
    assert "secret_lost" not in progress(None, planned=(ORDER,))[0].result()
    made, _warnings = progress(None, planned=(ORDER,))
    made.maybe = True
    assert made.result()["secret_lost"] is False


def test_a_file_that_fails_fails_no_finished_change(tmp_path: Path) -> None:
    """A rename and a removal are made; that their entry could not follow is a warning."""
    file = tmp_path / "secrets.json"
    file.write_text("not ours", encoding="utf-8")
    made, warnings = progress(file, RENAME)
    made.follow("vps", "7", "web-1", "api-1")
    made.follow("vps", "7", "web-1")
    assert ["was renamed to vps/api-1" in warnings[0], "was removed" in warnings[1], len(warnings)] == [True, True, 2]
    assert file.read_text(encoding="utf-8") == "not ours"


class Gone:
    """Knows no resource, and remembers the ids that it was asked for."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []

    def request(self, _endpoint: t.Any, *, ids: dict[str, str], **_how: t.Any) -> t.Any:
        self.asked.append(ids)
        raise NotFound("it is gone", status=404)


def test_deleting_what_is_gone_is_done() -> None:
    """A lost answer of ours, or somebody else, has removed it; there is no answer to read then."""
    api = Gone()
    assert send(t.cast(t.Any, api), Action("terminate", "web-1", _vps.DELETE, {"id": "7"}), progress(None)[0]) is None
    assert api.asked == [{"id": "7"}]


def test_nothing_else_can_be_done_to_what_is_gone() -> None:
    """An id that is left open is that of the resource which the run has made."""
    api, (made, _warnings) = Gone(), progress(None)
    made.resource_id = "8"
    with pytest.raises(NotFound):
        send(t.cast(t.Any, api), Action("stop", "web-1", _vps.STOP, {"id": ""}), made)
    assert api.asked == [{"id": "8"}]
