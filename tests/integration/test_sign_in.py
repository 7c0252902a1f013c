# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A sign-in on real processes: many refresh at once, one is killed at each step, the guide's plays do what it says."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import textwrap
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.h444.cloud.plugins.module_utils import _client, _oauth
from ansible_collections.h444.cloud.tests.integration.playing import (
    ROOT,
    environment,
    play,
    secrets_in,
    shown_secrets,
    write_playbook,
)
from ansible_collections.h444.cloud.tests.integration.test_examples import approving
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

CLIENT = "h444-ansible"
GUIDE = (ROOT / "docs" / "docsite" / "rst" / "guide_sign_in.rst").read_text(encoding="utf-8")
# Runs the module's own code in this process, which kills itself at one event after the token request was sent.
KILLED = """
import json, os, signal, sys
from ansible_collections.h444.cloud.plugins.module_utils import _client, _oauth
from ansible_collections.h444.cloud.plugins.module_utils._converge import run

params, at = json.loads(sys.argv[1]), int(sys.argv[2])
seen, is_on = 0, False

def hook(event, args):
    global seen
    if is_on and event in ("open", "os.rename", "tempfile.mkstemp", "fcntl.flock", "time.sleep"):
        seen += 1
        if seen == at:
            os.kill(os.getpid(), signal.SIGKILL)

class Module:
    check_mode = False
    def __init__(self): self.params = params
    def api(self): return client
    def warn(self, text): pass
    def exit(self, **result): print(json.dumps([seen, result]), flush=True); os._exit(0)
    def fail(self, error, **result): self.exit(failed=True, msg=str(error), **result)
    def crash(self, error, **result): raise error

client = _client.open_sign_in(params, "test")
take = _oauth._take
def taken(*given):
    global is_on
    is_on = True
    take(*given)
_oauth._take = taken
sys.addaudithook(hook)
run(Module(), _oauth.TOKEN_TASK)
"""


def options_of(simulator: Simulator, **more: t.Any) -> dict[str, t.Any]:
    """Give the options of a token task, the common ones included."""
    common = {"api_url": simulator.url, "rate_limit": 0, "api_timeout": 10, "api_retries": 1, "validate_certs": True}
    return {**common, "client_id": CLIENT, "interval": 5, "wait_timeout": 0, **more}


def signed_in(simulator: Simulator) -> dict[str, t.Any]:
    """Begin a sign-in and approve it; gives the codes."""
    api = _client.open_sign_in(options_of(simulator), "test")
    server = _oauth.get_server(api)
    found = api.request(server.device, form={"client_id": CLIENT, "scope": "account:read"}).body
    simulator.control("POST", "oauth/approve", {"user_code": found["user_code"]})
    return found


def kept_in(file: Path) -> dict[str, t.Any]:
    """Read the file, which is always whole and its owner's."""
    assert file.stat().st_mode & 0o777 == 0o600
    return json.loads(file.read_text(encoding="utf-8"))["oauth/" + CLIENT]


def run_killed(params: dict[str, t.Any], at: int) -> tuple[int, list[t.Any] | None]:
    """Run the token task, killed at an event (0: never).

    Gives the exit code, and events and result where it ended by itself.
    """
    found = subprocess.run(
        [sys.executable, "-c", KILLED, json.dumps(params), str(at)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert found.returncode in (0, -signal.SIGKILL), found.stderr
    return found.returncode, json.loads(found.stdout) if found.returncode == 0 else None


def is_usable(simulator: Simulator, token: str) -> bool:
    """Tell whether a refresh token is alive."""
    return token in simulator.state()["oauth"]["refresh"]


def test_a_token_killed_at_any_step_is_whole_or_lost_and_reported(tmp_path: Path) -> None:
    """Before the file is renamed the new token is lost with the process; after that nothing is; it is never half."""
    with Simulator.start() as simulator:
        file = tmp_path / "tokens.json"
        params = options_of(simulator, credentials_file=str(file))
        _code, ended = run_killed({**params, "device_code": signed_in(simulator)["device_code"]}, 0)
        assert ended is not None and ended[1]["changed"], ended
        _code, ended = run_killed({**params, "refresh_token": kept_in(file)["refresh_token"]}, 0)
        assert ended is not None and ended[0] >= 4, "there are no events to be killed at"
        outcomes = []
        for at in range(1, ended[0] + 1):
            code = signed_in(simulator)["device_code"]
            _code, begun = run_killed({**params, "device_code": code}, 0)
            assert begun is not None and not begun[1].get("failed"), begun
            before = kept_in(file)["refresh_token"]
            killed, _result = run_killed({**params, "refresh_token": before}, at)
            assert killed == -signal.SIGKILL
            after = kept_in(file)["refresh_token"]
            outcomes.append(after != before)
            assert is_usable(simulator, after) == (after != before)
            _code, again = run_killed({**params, "refresh_token": before}, 0)
            assert again is not None
            if after != before:
                assert not again[1].get("failed") and is_usable(simulator, kept_in(file)["refresh_token"]), again
            else:
                assert "new sign-in with h444_oauth_device" in again[1]["msg"], again
        assert outcomes == sorted(outcomes) and outcomes[-1] is True, outcomes


@pytest.mark.parametrize("refresh", ["rotates", "ends"])
def test_many_processes_refresh_with_one_token(tmp_path: Path, refresh: str) -> None:
    """As the forks of a play: each ends well, and no token reaches the server twice."""
    with Simulator.start(assume={"oauth_refresh": refresh}) as simulator:
        file = tmp_path / "tokens.json"
        params = options_of(simulator, credentials_file=str(file))
        run_killed({**params, "device_code": signed_in(simulator)["device_code"]}, 0)
        given = json.dumps({**params, "refresh_token": kept_in(file)["refresh_token"]})
        command = [sys.executable, "-c", KILLED, given, "0"]
        running = [
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _number in range(6)
        ]
        for process in running:
            told, wrong = process.communicate(timeout=60)
            assert process.returncode == 0, wrong
            assert json.loads(told)[1]["changed"] and not json.loads(told)[1].get("failed"), told
        used = simulator.state()["oauth"]["used"]
        assert len(used) == len(set(used)) == 6
        assert is_usable(simulator, kept_in(file)["refresh_token"])


@pytest.mark.parametrize(
    "kind",
    [{"kind": "reset"}, {"kind": "truncate"}, {"kind": "empty"}, {"kind": "status", "status": 502}],
    ids=lambda kind: kind["kind"],
)
def test_a_refresh_whose_reply_is_lost_is_sent_once(tmp_path: Path, kind: dict[str, t.Any]) -> None:
    """It is sent once, whatever becomes of the reply, and the result says what is known."""
    with Simulator.start() as simulator:
        file = tmp_path / "tokens.json"
        params = options_of(simulator, credentials_file=str(file))
        run_killed({**params, "device_code": signed_in(simulator)["device_code"]}, 0)
        simulator.clear_journal()
        simulator.faults({"method": "POST", "path": "/oauth/token", "when": "after", **kind})
        _code, ended = run_killed({**params, "refresh_token": kept_in(file)["refresh_token"]}, 0)
        assert ended is not None
        assert ended[1]["failed"] and ended[1]["changed"] and "so it was not sent again" in ended[1]["msg"], ended
        assert [row["path"] for row in simulator.writes()] == ["/oauth/token"]
        assert not any("authorization" in row["headers"] for row in simulator.journal())


def test_an_exchange_whose_reply_is_lost_is_asked_again(tmp_path: Path) -> None:
    """It is asked again after twice the interval, not sooner; then it says that the tokens were lost."""
    with Simulator.start(assume={"oauth_interval_seconds": 1}) as simulator:
        params = options_of(
            simulator, interval=1, wait_timeout=30, api_retries=5, device_code=signed_in(simulator)["device_code"]
        )
        simulator.faults({"method": "POST", "path": "/oauth/token", "when": "after", "kind": "reset"})
        _code, ended = run_killed(params, 0)
        assert ended is not None and "the reply with the tokens was lost" in ended[1]["msg"], ended
        first, second = [row["at"] for row in simulator.journal() if row["path"] == "/oauth/token"]
        assert second - first >= 2


def test_the_guide_of_the_sign_in_is_played(tmp_path: Path) -> None:
    """Both plays of the guide, one after the other, and its list of failures quotes what the code says."""
    blocks = [
        textwrap.dedent(body)
        for body in re.findall(r"^\.\. code-block:: yaml\+jinja\n\n((?:    .*\n|\n)+)", GUIDE, re.MULTILINE)
    ]
    plays = [one for block in blocks for one in yaml.safe_load(block)]
    assert [one["name"] for one in plays] == ["Sign in", "Servers of the account"]
    with Simulator.start(assume={"oauth_interval_seconds": 1}) as simulator:
        file = write_playbook(tmp_path, [])
        file.write_text(yaml.safe_dump(plays, sort_keys=False), encoding="utf-8")
        env = environment(tmp_path / "home", simulator.url, simulator.key)
        del env["H444_API_KEY"]  # a sign-in is all there is
        with approving(simulator):
            python = "ansible_python_interpreter=" + sys.executable
            played = play(
                ["ansible-playbook", "-vvvv", "--diff", "-i", "localhost,", "-c", "local", "-e", python, str(file)],
                env,
                tmp_path,
            )
        assert played.code == 0, played.tail()
        assert re.search(r'"msg": "Open http://127\.0\.0\.1:\d+/oauth/device and approve \d{4}-\d{4}\."', played.output)
        assert not shown_secrets(played.output, secrets_in(simulator.state()))
    assert re.search(r"^\.\. list-table::\n   :header-rows: 1\n", GUIDE, re.MULTILINE), (
        "the list of failures is no list"
    )
    code = re.sub(r'"\s*\n\s*"', "", (ROOT / "plugins" / "module_utils" / "_oauth.py").read_text(encoding="utf-8"))
    quoted = re.findall(r"^   \* - ``(.*)``$", GUIDE, re.MULTILINE)
    assert len(quoted) >= 7
    for sentence in quoted:
        assert sentence.rstrip(" …") in code, sentence
