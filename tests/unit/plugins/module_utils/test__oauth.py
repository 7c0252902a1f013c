# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The sign-in: what the metadata may say, and each answer of the token endpoint, in this process."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _oauth
from ansible_collections.h444.cloud.plugins.module_utils._client import Answer
from ansible_collections.h444.cloud.plugins.module_utils._converge import Progress
from ansible_collections.h444.cloud.plugins.module_utils._errors import (
    BadOption,
    BadReply,
    BadRequest,
    H444Error,
    NotFound,
    NotReached,
    Refused,
    ServerError,
    UnknownFate,
)
from ansible_collections.h444.cloud.plugins.module_utils._sink import Sink

ORIGIN = "https://api.444host.com"
METADATA = {
    "device_authorization_endpoint": ORIGIN + "/oauth/device_authorization",
    "token_endpoint": ORIGIN + "/oauth/token",
    "scopes_supported": ["account:read", "vps:read"],
}
TOKENS = {"access_token": "h444_at_" + "a" * 20, "refresh_token": "h444_rt_" + "b" * 20, "token_type": "Bearer", "expires_in": 3600, "scope": "vps:read"}


def oauth_error(code: str, status: int = 400) -> BadRequest:
    """Make the error that the client raises for an OAuth error."""
    error = BadRequest("POST /oauth/token answered %d: %s." % (status, code), status=status, attempts=1)
    error.code = code
    return error


class Api:
    """Answers in order, and notes what was asked and how long was waited."""

    api_url = ORIGIN

    def __init__(self, *answers: t.Any) -> None:
        self.answers = list(answers)
        self.forms: list[t.Any] = []
        self.waits: list[float] = []

    def request(self, endpoint: t.Any, form: t.Any = None, body: t.Any = None) -> Answer:
        """Give the next answer."""
        self.forms.append(form if form is not None else body)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Answer(200, answer, {})

    def now(self) -> float:
        """Time passes where it is waited."""
        return sum(self.waits)

    def sleep(self, seconds: float) -> None:
        """Note it."""
        self.waits.append(seconds)


def exchanged(api: Api, file: Path | None = None, **params: t.Any) -> Progress:
    """Run h444_oauth_token's plan; the metadata is answered first."""
    api.answers.insert(0, METADATA)
    given = {"client_id": "me", "device_code": None, "refresh_token": None, "interval": 5, "wait_timeout": 600, **params}
    warnings: list[str] = []
    progress = Progress(_oauth.TOKEN_TASK, given, Sink(str(file) if file else None), warnings.append)
    plan = _oauth.plan_token(api, given)
    progress.plan, progress.after = plan, plan.before
    _oauth.perform_token(api, plan.actions[0], progress)
    progress.warnings = warnings  # type: ignore[attr-defined]
    return progress


def test_slow_down_and_pending() -> None:
    """slow_down makes the interval longer for good; pending keeps it."""
    api = Api(oauth_error("authorization_pending"), oauth_error("slow_down"), oauth_error("authorization_pending"), TOKENS)
    progress = exchanged(api, device_code="dev_1")
    assert api.waits == [5, 10, 10]
    assert progress.secrets == {"access_token": TOKENS["access_token"], "refresh_token": TOKENS["refresh_token"]}
    assert progress.after == {"expires_in": 3600, "scope": "vps:read"}
    assert api.forms[1] == {"grant_type": _oauth.DEVICE_GRANT, "device_code": "dev_1", "client_id": "me"}


def test_a_lost_answer_doubles_the_interval() -> None:
    """As the RFC wants for a connection that times out."""
    api = Api(UnknownFate("no answer"), ServerError("500", status=500), TOKENS)
    exchanged(api, device_code="dev_1")
    assert api.waits == [10, 20]


def test_waiting_ends() -> None:
    """Never longer than wait_timeout, and the code is not lost by that."""
    api = Api(*[oauth_error("authorization_pending") for _number in range(9)])
    with pytest.raises(NotReached, match="the same device_code"):
        exchanged(api, device_code="dev_1", wait_timeout=12)
    assert api.waits == [5, 5]


@pytest.mark.parametrize(
    "code,words",
    [("access_denied", "denied in the browser"), ("expired_token", "has expired"), ("invalid_client", "does not know"), ("invalid_grant", "used already")],
)
def test_ends_of_a_sign_in(code: str, words: str) -> None:
    """Each says what to do, and none is asked again."""
    api = Api(oauth_error(code), TOKENS)
    with pytest.raises(Refused, match=words):
        exchanged(api, device_code="dev_1")
    assert api.waits == []


def test_tokens_lost_on_their_way() -> None:
    """A code that is used up after an answer was lost: its tokens are lost, and it says so."""
    with pytest.raises(Refused, match="was lost on its way"):
        exchanged(Api(UnknownFate("no answer"), oauth_error("invalid_grant")), device_code="dev_1")


def test_refresh_is_sent_once() -> None:
    """Its answer lost, nothing is known; a second use could end the sign-in."""
    api = Api(UnknownFate("no answer"), TOKENS)
    with pytest.raises(UnknownFate, match="not sent again"):
        exchanged(api, refresh_token="h444_rt_old")
    assert len(api.forms) == 2 and not api.waits


def test_refresh_is_stored_before_it_is_told(tmp_path: Path) -> None:
    """An answer that can't be used otherwise is stored all the same."""
    file = tmp_path / "tokens.json"
    with pytest.raises(BadReply, match="type 'mac'"):
        exchanged(Api({**TOKENS, "token_type": "mac"}), file, refresh_token="h444_rt_old")
    kept = json.loads(file.read_text(encoding="utf-8"))["oauth/me"]
    assert kept["refresh_token"] == TOKENS["refresh_token"] and file.stat().st_mode & 0o777 == 0o600
    assert "h444_rt_old" not in file.read_text(encoding="utf-8")


def test_used_refresh_token_gives_way_to_the_stored_one(tmp_path: Path) -> None:
    """A second run that was given the old token goes on with what the first one stored."""
    file = tmp_path / "tokens.json"
    first = exchanged(Api(TOKENS), file, refresh_token="h444_rt_old")
    assert not first.secrets and first.is_kept_in_file
    api = Api({**TOKENS, "refresh_token": "h444_rt_third"})
    second = exchanged(api, file, refresh_token="h444_rt_old")
    assert api.forms[1]["refresh_token"] == TOKENS["refresh_token"]
    assert "used by an earlier run" in second.warnings[0]  # type: ignore[attr-defined]
    assert json.loads(file.read_text(encoding="utf-8"))["oauth/me"]["refresh_token"] == "h444_rt_third"
    api = Api(TOKENS)
    exchanged(api, file, refresh_token="h444_rt_other")
    assert api.forms[1]["refresh_token"] == "h444_rt_other"


def test_no_new_refresh_token(tmp_path: Path) -> None:
    """The old one stays where it is, and a warning says so."""
    file = tmp_path / "tokens.json"
    exchanged(Api(TOKENS), file, device_code="dev_1")
    left = {name: value for name, value in TOKENS.items() if name != "refresh_token"}
    progress = exchanged(Api({**left, "access_token": "h444_at_new_one"}), file, refresh_token=TOKENS["refresh_token"])
    kept = json.loads(file.read_text(encoding="utf-8"))["oauth/me"]
    assert (kept["access_token"], kept["refresh_token"]) == ("h444_at_new_one", TOKENS["refresh_token"])
    assert "no new refresh token" in progress.warnings[0]  # type: ignore[attr-defined]


METADATA_FAULTS: list[tuple[t.Any, type[H444Error], str]] = [
    ({**METADATA, "token_endpoint": "https://evil.example/token"}, Refused, "another host"),
    ({**METADATA, "token_endpoint": "http://api.444host.com/oauth/token"}, Refused, "another host"),
    ({**METADATA, "token_endpoint": "https://api.444host.com:8443/oauth/token"}, Refused, "another host"),
    ({**METADATA, "token_endpoint": ORIGIN + "/oauth/../v1/vps"}, BadReply, "can't be used"),
    ({**METADATA, "token_endpoint": ORIGIN + "/oauth/{id}"}, BadReply, "can't be used"),
    ({**METADATA, "token_endpoint": 5}, Refused, "another host"),
    ({"token_endpoint": ORIGIN + "/oauth/token"}, BadReply, "device_authorization_endpoint is missing"),
    ({**METADATA, "grant_types_supported": ["authorization_code"]}, Refused, "no sign-in by device code"),
    ([], BadReply, "no object"),
    (NotFound("404", status=404), Refused, "offers no sign-in"),
]


@pytest.mark.parametrize("answer,kind,words", METADATA_FAULTS, ids=range(len(METADATA_FAULTS)))
def test_metadata(answer: t.Any, kind: type[H444Error], words: str) -> None:
    """Codes and tokens go to the host of api_url alone."""
    with pytest.raises(kind, match=words):
        _oauth.get_server(Api(answer))


def test_same_origin_in_other_words() -> None:
    """The default port and letters' case make no other host."""
    found = _oauth.read_metadata({**METADATA, "token_endpoint": "https://API.444host.com:443/t"}, ORIGIN)
    assert found.token_path == "/t" and found.register is None


@pytest.mark.parametrize("value", ["", "a b", "a\nb", "x" * 3000])
def test_codes_are_checked(value: str) -> None:
    """And not shown where they are wrong."""
    with pytest.raises(BadOption) as refused:
        _oauth.check_code(value, "refresh_token")
    assert not value or value not in str(refused.value)


def test_device_reply() -> None:
    """What RFC 8628 lets a server leave out has its default."""
    found = _oauth.read_device({"device_code": "d", "user_code": "u", "verification_url": "https://x/"}, "POST")
    assert (found["interval"], found["expires_in"], found["verification_uri"]) == (5, None, "https://x/")
    with pytest.raises(BadReply, match="user_code is missing"):
        _oauth.read_device({"device_code": "d"}, "POST")
