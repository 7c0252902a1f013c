# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the action plugins decide, task by task. That nothing is shown is played in tests/unit/plugins/action."""

from __future__ import annotations

import types
import typing as t

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.h444.cloud.plugins.plugin_utils import _secret_action
from ansible_collections.h444.cloud.plugins.plugin_utils._secret_action import HIDDEN, SECRETS, SecretAction

Result = t.Dict[str, t.Any]


class Order(SecretAction):
    """The action plugin of a module that orders."""

    MODULE = types.ModuleType("ansible_collections.canary.lab.plugins.modules.order")
    HARMLESS_STATES = ("absent",)


class SignIn(SecretAction):
    """The action plugin of a module whose secret can be had again."""

    MODULE = types.ModuleType("ansible_collections.canary.lab.plugins.modules.sign_in")
    TIME_OPTION = "api_timeout"
    ONE_TIME = False
    HAS_FILE = False


@pytest.fixture(autouse=True)
def masked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was given to the core to be masked; nothing is masked in the process of the tests."""
    given: list[str] = []
    monkeypatch.setattr(_secret_action, "mask", given.extend)
    return given


def action(kind: type[SecretAction] = Order, **task: t.Any) -> t.Any:
    """Make the plugin of a task; *args* are its options."""
    plugin = kind.__new__(kind)
    keywords = {"args": {}, "async_val": 0, "timeout": 0, "retries": None, "until": [], "no_log": None, **task}
    plugin._task = types.SimpleNamespace(get_name=lambda: "Order", **keywords)
    return plugin


@pytest.mark.parametrize(
    ("state", "may"), [("absent", False), ("present", True), ("reinstalled", True), (None, True), ("", True)]
)
def test_only_a_harmless_state_brings_no_secret(state: str | None, may: bool) -> None:
    assert action(args={"state": state})._may_bring_secret() is may


@pytest.mark.parametrize(
    ("keywords", "is_repeated"),
    [
        ({}, False),
        ({"until": ["it is success"]}, True),
        ({"retries": 1}, True),
        ({"retries": "2"}, True),
        ({"retries": 0, "until": ["it is success"]}, False),
    ],
)
def test_a_task_with_retries_or_until_alone_is_repeated(keywords: dict[str, t.Any], is_repeated: bool) -> None:
    assert action(**keywords)._is_repeated() is is_repeated


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"async_val": 30}, "async is refused here.*increase wait_timeout instead"),
        ({"timeout": 20}, "timeout is refused here.* Use the option wait_timeout"),
        ({"retries": 2}, "until and retries are refused here without credentials_file"),
        ({"retries": 2, "args": {"credentials_file": "  "}}, "refused here without credentials_file"),
        ({"retries": 2, "args": {"credentials_file": None}}, "refused here without credentials_file"),
        ({"async_val": 30, "args": {"credentials_file": "secrets.json"}}, "async is refused here"),
    ],
)
def test_what_loses_or_opens_a_secret_is_refused(keywords: dict[str, t.Any], said: str) -> None:
    with pytest.raises(AnsibleActionFail, match=said):
        action(**keywords)._refuse_what_loses_secrets()


@pytest.mark.parametrize("keywords", [{}, {"retries": 2, "args": {"credentials_file": "secrets.json"}}])
def test_what_loses_nothing_is_allowed(keywords: dict[str, t.Any]) -> None:
    assert action(**keywords)._refuse_what_loses_secrets() is None


def test_a_secret_that_can_be_had_again_may_be_lost_but_not_laid_open() -> None:
    assert action(SignIn, timeout=20, retries=3)._refuse_what_loses_secrets() is None
    with pytest.raises(AnsibleActionFail, match="increase api_timeout instead"):
        action(SignIn, async_val=30)._refuse_what_loses_secrets()


@pytest.mark.parametrize("name", SECRETS)
def test_each_secret_marks_the_result_and_stays_in_it(name: str, masked: list[str]) -> None:
    result = action()._marked({name: "Canary-4711", "changed": True})
    assert result["_ansible_no_log"] is True and result[name] == "Canary-4711"
    assert masked == ["Canary-4711"]


@pytest.mark.parametrize(
    ("result", "secrets"),
    [
        ({"root_passwords": {"web-1": "a", "web-2": "b"}}, ["a", "b"]),
        ({"other_secrets": {"x": ["a", {"y": "b"}]}, "secret": "c"}, ["c", "a", "b"]),
        ({"root_password": "", "secret": None, "sftp_password": 5}, []),
        ({"vps": {"root_password": "a"}}, []),
    ],
)
def test_every_text_in_a_secret_is_one(result: Result, secrets: list[str]) -> None:
    assert sorted(action()._secrets_of(result)) == sorted(secrets)


@pytest.mark.parametrize(
    "result", [{}, {"root_password": None}, {"msg": "failed", "failed": True}, {"module_stdout": "Traceback"}]
)
def test_a_result_without_secret_is_left_as_it_is(result: Result) -> None:
    before = dict(result)
    assert action()._marked(result) == before


@pytest.mark.parametrize("place", _secret_action.RAW_OUTPUTS)
def test_what_nobody_could_read_is_marked_if_it_may_hold_a_secret(place: str) -> None:
    assert action()._marked({place: '{"root_password": "Canary'})["_ansible_no_log"] is True
    assert "_ansible_no_log" not in action()._marked({place: '{"note": "a root_password is needed"}'})


def test_a_message_that_holds_a_secret_loses_it_and_its_traceback() -> None:
    result: Result = {"secret": "Canary-4711", "failed": True, "msg": "no Canary-4711 here", "exception": "Canary-4711"}
    marked = action()._marked(result)
    assert marked["msg"] == f"no {HIDDEN} here" and "exception" not in marked


def test_where_the_core_hides_messages_they_are_shown_from_here(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(_secret_action, "CORE_SHOWS_MESSAGES", False)
    monkeypatch.setattr(_secret_action.display, "warning", shown.append)
    monkeypatch.setattr(_secret_action.display, "error", lambda text, wrap_text: shown.append(text))
    plugin = action()
    result = plugin._marked({"secret": "Canary-4711", "failed": True, "msg": "it broke", "warnings": ["take care"]})
    assert shown == ["take care", "Order: it broke"] and "warnings" not in result
    assert plugin._task.no_log is True


def test_where_the_core_shows_messages_they_are_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_secret_action, "CORE_SHOWS_MESSAGES", True)
    plugin = action()
    result = plugin._marked({"secret": "Canary-4711", "failed": True, "msg": "it broke", "warnings": ["take care"]})
    assert result["warnings"] == ["take care"] and plugin._task.no_log is None
