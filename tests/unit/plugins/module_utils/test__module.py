# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every result holds, whatever the task and however it ended."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _client, _module, _spec
from ansible_collections.h444.cloud.plugins.module_utils._errors import Missing
from ansible_collections.h444.cloud.plugins.module_utils._module import H444Module


class Ended(Exception):
    """A module ended."""


class Core:
    """The part of AnsibleModule that H444Module speaks to."""

    ansible_version, _name, check_mode = "2.21", "h444_test", False

    def __init__(self, **_more: t.Any) -> None:
        self.params: dict[str, t.Any] = {}
        self.result: dict[str, t.Any] = {}
        self.warnings: list[str] = []

    def exit_json(self, **result: t.Any) -> None:
        """End well."""
        self.result = result
        raise Ended

    fail_json = exit_json

    def warn(self, text: str) -> None:
        """Warn."""
        self.warnings.append(text)


class Client:
    """A client whose requests had to wait."""

    held_seconds = 0.0


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> Core:
    """Stand in for AnsibleModule and the client."""
    core = Core()
    monkeypatch.setattr(_module, "_Core", lambda **_more: core)
    monkeypatch.setattr(_client, "open_client", lambda *_given: Client())
    return core


def info(error: Exception | None, seconds: float) -> t.Callable[[H444Module], None]:
    """An info module that waits so long, and then fails or not."""

    def read(api: t.Any, _params: t.Any) -> dict[str, t.Any]:
        api.held_seconds += seconds
        if error is not None:
            raise error
        return {"vps": []}

    return lambda module: module.report(read)


@pytest.mark.parametrize(
    "error", [None, Missing("nothing is called this"), ZeroDivisionError()], ids=["ok", "failed", "crashed"]
)
@pytest.mark.parametrize(
    ("seconds", "told", "warned"),
    [(0, None, False), (5, None, False), (5.04, 5.0, False), (30, 30, False), (55.26, 55.3, True)],
)
def test_the_wait_for_the_rate_limit_is_in_the_result(
    core: Core, error: Exception | None, seconds: float, told: float | None, warned: bool
) -> None:
    with pytest.raises(Ended):
        info(error, seconds)(H444Module({}))
    assert core.result.get("waited_seconds") == told
    assert [text for text in core.warnings if "Waited 55 s for the rate limit" in text] == core.warnings
    assert len(core.warnings) == warned


def test_there_is_no_wait_before_there_is_a_client(core: Core) -> None:
    with pytest.raises(Ended):
        H444Module({}).fail(Missing("x"))
    assert "waited_seconds" not in core.result


def test_without_a_key_both_places_for_it_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty environment variable is the first mistake that people make."""
    from ansible.module_utils import basic

    monkeypatch.setenv("H444_API_KEY", "")
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", b'{"ANSIBLE_MODULE_ARGS": {}}')
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
    with pytest.raises(SystemExit):
        H444Module(_spec.merge())
    said = capsys.readouterr().out
    assert (
        "missing required arguments: api_key. Set api_key or the environment variable H444_API_KEY" in said
        and "Nothing was sent." in said
    )


def test_a_sentence_may_name_a_module(core: Core) -> None:
    """Their names look like keys; as the way out they reach the user all the same."""
    core.params = {"api_key": "h444_canary0123456789"}
    sentence = "No server has this id. Look with h444_vps_info, or order one with h444_vps."
    module = H444Module({})
    module.warn(sentence)
    with pytest.raises(Ended):
        module.fail(Missing(sentence))
    assert core.result["msg"] == sentence and core.warnings == [sentence]


@pytest.mark.parametrize("key", ["h444_canary0123456789", "h444_canary0123456789\n", "another canary of no form"])
def test_the_key_is_in_no_sentence(core: Core, key: str) -> None:
    core.params = {"api_key": key}
    module = H444Module({})
    module.warn("Sent with %s." % key.strip())
    with pytest.raises(Ended):
        module.crash(ValueError(), told="Sent with %s." % key.strip())
    assert "Sent with [redacted]." in core.result["msg"] and core.warnings == ["Sent with [redacted]."]
