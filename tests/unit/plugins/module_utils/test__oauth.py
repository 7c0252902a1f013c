# Copyright (c) 2026, h444.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The sign-in: what the metadata may say, and each answer of the token endpoint, in this process."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _lock, _oauth, _sink
from ansible_collections.h444.cloud.plugins.module_utils._api import Answer
from ansible_collections.h444.cloud.plugins.module_utils._converge import Progress, apply
from ansible_collections.h444.cloud.plugins.module_utils._errors import (
    AuthError,
    BadOption,
    BadReply,
    BadRequest,
    H444Error,
    NotFound,
    NotReached,
    Refused,
    ScopeError,
    ServerError,
    TransportError,
    UnknownFate,
)
from ansible_collections.h444.cloud.plugins.module_utils._sink import Sink

ORIGIN = "https://api.444host.com"
METADATA = {
    "device_authorization_endpoint": ORIGIN + "/oauth/device_authorization",
    "token_endpoint": ORIGIN + "/oauth/token",
    "scopes_supported": ["account:read", "vps:read"],
}
TOKENS = {
    "access_token": "h444_at_" + "a" * 20,
    "refresh_token": "h444_rt_" + "b" * 20,
    "token_type": "Bearer",
    "expires_in": 3600,
    "scope": "vps:read",
}


def raising(error: Exception) -> t.Callable[..., t.NoReturn]:
    """Make a function that always fails."""

    def fail(*_given: object) -> t.NoReturn:
        raise error

    return fail


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
        self.once: list[bool] = []
        self.waits: list[float] = []

    def request(self, endpoint: t.Any, form: t.Any = None, body: t.Any = None, once: bool = False) -> Answer:
        """Give the next answer."""
        self.forms.append(form if form is not None else body)
        self.once.append(once)
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


def planned(api: Api, file: Path | None = None, **params: t.Any) -> Progress:
    """Make h444_oauth_token's plan; the metadata is answered first."""
    api.answers.insert(0, METADATA)
    given = {
        "client_id": "me",
        "device_code": None,
        "refresh_token": None,
        "interval": 5,
        "wait_timeout": 600,
        **params,
    }
    warnings: list[str] = []
    progress = Progress(_oauth.TOKEN_TASK, given, Sink(str(file) if file else None), warnings.append)
    plan = _oauth.plan_token(api, given)
    progress.plan, progress.after = plan, plan.before
    progress.warnings = warnings  # type: ignore[attr-defined]
    return progress


def exchanged(api: Api, file: Path | None = None, **params: t.Any) -> Progress:
    """Run h444_oauth_token's plan."""
    progress = planned(api, file, **params)
    apply(api, progress)
    return progress


def kept_in(file: Path) -> dict[str, t.Any]:
    """Read what is kept of the client."""
    return json.loads(file.read_text(encoding="utf-8"))["oauth/me"]


def test_slow_down_lengthens_the_interval_for_good() -> None:
    """slow_down makes the interval longer for good; pending keeps it."""
    api = Api(
        oauth_error("authorization_pending"), oauth_error("slow_down"), oauth_error("authorization_pending"), TOKENS
    )
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


@pytest.mark.parametrize(
    "lost",
    [TransportError("nothing listens", sent="no"), BadReply("it is not an object"), BadRequest("408", status=408)],
    ids=["unsent", "empty", "408"],
)
def test_an_outage_does_not_end_the_wait(lost: H444Error) -> None:
    """Somebody may be about to approve; and the client repeats no question by itself, for that would be too soon."""
    api = Api(lost, TOKENS)
    assert exchanged(api, device_code="dev_1").secrets and api.waits == [10]
    assert api.once[1:] == [True, True]


def test_the_interval_grows_to_a_minute() -> None:
    """A long outage leaves time for the approval after it; an interval that is longer stays as it is."""
    api = Api(*[UnknownFate("no answer") for _number in range(6)], TOKENS)
    exchanged(api, device_code="dev_1", wait_timeout=900)
    assert api.waits == [10, 20, 40, 60, 60, 60]
    api = Api(UnknownFate("no answer"), TOKENS)
    exchanged(api, device_code="dev_1", interval=90)
    assert api.waits == [90]


@pytest.mark.parametrize("option,value", [("interval", 0), ("interval", -5), ("wait_timeout", -1)])
def test_numbers_are_checked(option: str, value: int) -> None:
    """An interval of 0 would ask without end and without pause."""
    api = Api(TOKENS)
    with pytest.raises(BadOption, match=option):
        exchanged(api, device_code="dev_1", **{option: value})
    assert not api.forms


def test_waiting_ends_with_wait_timeout() -> None:
    """Never longer than wait_timeout, and the code is not lost by that."""
    api = Api(*[oauth_error("authorization_pending") for _number in range(9)])
    with pytest.raises(NotReached, match="the same device_code"):
        exchanged(api, device_code="dev_1", wait_timeout=12)
    assert api.waits == [5, 5]


@pytest.mark.parametrize(
    "code,words",
    [
        ("access_denied", "denied in the browser"),
        ("expired_token", "has expired"),
        ("invalid_client", "does not know"),
        ("invalid_grant", "already used"),
    ],
)
def test_each_end_of_a_sign_in_says_what_to_do(code: str, words: str) -> None:
    """Each says what to do, and none is asked again."""
    api = Api(oauth_error(code), TOKENS)
    with pytest.raises(Refused, match=words):
        exchanged(api, device_code="dev_1")
    assert api.waits == []


def test_a_code_that_is_used_up_after_a_lost_answer_has_lost_its_tokens() -> None:
    """A code that is used up after an answer was lost: its tokens are lost, and it says so."""
    with pytest.raises(Refused, match="the reply with the tokens was lost"):
        exchanged(Api(UnknownFate("no answer"), oauth_error("invalid_grant")), device_code="dev_1")
    with pytest.raises(Refused) as refused:  # what was never sent brought no tokens
        exchanged(Api(TransportError("nothing listens", sent="no"), oauth_error("invalid_grant")), device_code="dev_1")
    assert "lost" not in str(refused.value)


def test_a_code_that_an_earlier_run_exchanged_leads_to_its_tokens(tmp_path: Path) -> None:
    """A run that was killed after it stored the tokens lost nothing, and the next one says where they are."""
    file = tmp_path / "tokens.json"
    exchanged(Api(TOKENS), file, device_code="dev_1")
    with pytest.raises(Refused, match="its tokens are in credentials_file"):
        exchanged(Api(oauth_error("invalid_grant")), file, device_code="dev_1")


@pytest.mark.parametrize(
    "error,words",
    [(AuthError("401: the key", status=401), "client_id"), (ScopeError("403: the scope", status=403), "client_id")],
)
def test_no_key_is_blamed(error: H444Error, words: str) -> None:
    """None was sent, so a refusal without an OAuth code is about the client."""
    with pytest.raises(Refused, match=words) as refused:
        exchanged(Api(error), device_code="dev_1")
    assert "key" not in str(refused.value)


@pytest.mark.parametrize(
    "lost",
    [UnknownFate("no answer"), ServerError("502", status=502), BadReply("it is not an object")],
    ids=["lost", "502", "empty"],
)
def test_a_refresh_is_sent_once(lost: H444Error) -> None:
    """Its answer lost, nothing is known; a second use could end the sign-in."""
    api = Api(lost, TOKENS)
    progress = planned(api, refresh_token="h444_rt_old")
    with pytest.raises(UnknownFate, match="not sent again"):
        apply(api, progress)
    assert len(api.forms) == 2 and not api.waits
    assert progress.result()["changed"]


def test_a_refresh_that_was_not_sent_changes_nothing() -> None:
    """Nothing happened to the token, and the result says so."""
    api = Api(TransportError("nothing listens", sent="no"))
    progress = planned(api, refresh_token="h444_rt_old")
    with pytest.raises(TransportError):
        apply(api, progress)
    assert not progress.result()["changed"]


def test_tokens_are_stored_before_anything_else_can_fail(tmp_path: Path) -> None:
    """An answer that can't be used otherwise is stored all the same."""
    file = tmp_path / "tokens.json"
    api = Api({**TOKENS, "token_type": "mac"})
    progress = planned(api, file, refresh_token="h444_rt_old")
    with pytest.raises(BadReply, match="type 'mac'"):
        apply(api, progress)
    assert progress.result()["changed"] and progress.result()["credentials_file"] == str(file)
    kept = kept_in(file)
    assert kept["refresh_token"] == TOKENS["refresh_token"] and file.stat().st_mode & 0o777 == 0o600
    assert "h444_rt_old" not in file.read_text(encoding="utf-8")


def test_a_used_refresh_token_gives_way_to_the_stored_one(tmp_path: Path) -> None:
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


def test_many_runs_can_begin_with_one_token(tmp_path: Path) -> None:
    """Forks of one play read the same token. Only the first sends it; each other uses what the one before stored."""
    file, sent = tmp_path / "tokens.json", []
    for number in range(5):
        api = Api({**TOKENS, "refresh_token": "h444_rt_%d" % (number + 1)})
        exchanged(api, file, refresh_token="h444_rt_0")
        sent.append(api.forms[1]["refresh_token"])
    assert sent == ["h444_rt_%d" % number for number in range(5)]
    for number in range(_oauth.MARKS_KEPT + 5):
        exchanged(
            Api({**TOKENS, "refresh_token": "h444_rt_more_%d" % number}),
            file,
            refresh_token=kept_in(file)["refresh_token"],
        )
    assert len(kept_in(file)["replaced"]) == _oauth.MARKS_KEPT


@pytest.mark.parametrize("again", [None, "h444_rt_old"], ids=["none", "the-same"])
@pytest.mark.parametrize("in_file", [True, False])
def test_without_a_new_refresh_token_the_old_one_goes_on(tmp_path: Path, again: str | None, in_file: bool) -> None:
    """The old one goes on: it is in the file, and not in the result, where Ansible would black it out."""
    file = tmp_path / "tokens.json"
    for number in range(2):
        answer = {**TOKENS, "access_token": "h444_at_new_%d" % number, "refresh_token": again}
        progress = exchanged(Api(answer), file if in_file else None, refresh_token="h444_rt_old")
        warnings = progress.warnings  # type: ignore[attr-defined]
        assert [("no new refresh token" in text) for text in warnings] == ([] if again else [True])
        if in_file:
            assert (kept_in(file)["access_token"], kept_in(file)["refresh_token"]) == (
                "h444_at_new_%d" % number,
                "h444_rt_old",
            )
        else:
            assert progress.secrets == {"access_token": "h444_at_new_%d" % number}


def test_a_new_sign_in_takes_nothing_of_the_old_one(tmp_path: Path) -> None:
    """The old one's refresh token would give tokens of the old one's scopes."""
    file = tmp_path / "tokens.json"
    exchanged(Api(TOKENS), file, device_code="dev_1")
    assert kept_in(file)["scope"] == "vps:read" and kept_in(file)["expires_at"]
    progress = exchanged(Api({"access_token": "h444_at_new_one"}), file, device_code="dev_2")
    kept = kept_in(file)
    assert (kept["access_token"], kept["refresh_token"], kept["scope"], kept["expires_at"]) == (
        "h444_at_new_one",
        "",
        "",
        "",
    )
    assert "no refresh token" in progress.warnings[0]  # type: ignore[attr-defined]


def test_tokens_that_no_file_takes_are_in_the_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tokens are then in the result, alone; nothing else of the entry is."""
    monkeypatch.setattr(Sink, "_write", raising(OSError(28, "No space left on device")))
    progress = exchanged(Api(TOKENS), tmp_path / "tokens.json", refresh_token="h444_rt_old")
    assert progress.secrets == {"access_token": TOKENS["access_token"], "refresh_token": TOKENS["refresh_token"]}
    assert "No space left" in progress.warnings[0]  # type: ignore[attr-defined]


@pytest.mark.parametrize("error", [OSError(9, "Bad file descriptor"), BlockingIOError()], ids=["none", "busy"])
def test_a_held_lock_is_respected_and_a_missing_one_is_not_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    """Without locks the refresh goes on; one that somebody holds for long is respected, and nothing is sent."""
    monkeypatch.setattr(_sink, "LOCK_PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(_lock.fcntl, "flock", raising(error))
    api = Api(TOKENS)
    if isinstance(error, BlockingIOError):
        with pytest.raises(Refused, match="has locked credentials_file"):
            exchanged(api, tmp_path / "tokens.json", refresh_token="h444_rt_old")
        assert len(api.forms) == 1
    else:
        assert exchanged(api, tmp_path / "tokens.json", refresh_token="h444_rt_old").is_kept_in_file


METADATA_FAULTS: list[tuple[t.Any, type[H444Error], str]] = [
    ({**METADATA, "token_endpoint": "https://evil.example/token"}, Refused, "another host"),
    ({**METADATA, "token_endpoint": "http://api.444host.com/oauth/token"}, Refused, "another host"),
    ({**METADATA, "token_endpoint": "https://api.444host.com:8443/oauth/token"}, Refused, "another host"),
    ({**METADATA, "token_endpoint": ORIGIN + "/oauth/../v1/vps"}, BadReply, "has an invalid path"),
    ({**METADATA, "token_endpoint": ORIGIN + "/oauth/{id}"}, BadReply, "has an invalid path"),
    ({**METADATA, "token_endpoint": 5}, Refused, "another host"),
    ({"token_endpoint": ORIGIN + "/oauth/token"}, BadReply, "device_authorization_endpoint is missing"),
    (
        {**METADATA, "grant_types_supported": ["authorization_code"]},
        Refused,
        "does not support sign-in with a device code",
    ),
    ([], BadReply, "it is not an object"),
    (NotFound("404", status=404), Refused, "does not support sign-in"),
]


@pytest.mark.parametrize("answer,kind,words", METADATA_FAULTS, ids=range(len(METADATA_FAULTS)))
def test_metadata_that_leads_elsewhere_is_refused(answer: t.Any, kind: type[H444Error], words: str) -> None:
    """Codes and tokens go to the host of api_url alone."""
    with pytest.raises(kind, match=words):
        _oauth.get_server(Api(answer))


def test_the_default_port_and_case_make_no_other_host() -> None:
    """The default port and letters' case make no other host."""
    found = _oauth.read_metadata({**METADATA, "token_endpoint": "https://API.444host.com:443/t"}, ORIGIN)
    assert found.token_path == "/t" and found.register is None


@pytest.mark.parametrize("value", ["", "a b", "a\nb", "x" * 3000])
def test_codes_are_checked(value: str) -> None:
    """And not shown where they are wrong."""
    with pytest.raises(BadOption) as refused:
        _oauth.check_code(value, "refresh_token")
    assert not value or value not in str(refused.value)


def test_what_a_device_reply_leaves_out_has_its_default() -> None:
    """What RFC 8628 lets a server leave out has its default."""
    answer = {"device_code": "d", "user_code": "u", "verification_uri": "", "verification_url": "https://x/"}
    found = _oauth.read_device(answer, "POST")
    assert (found["interval"], found["expires_in"], found["verification_uri"]) == (5, None, "https://x/")
    with pytest.raises(BadReply, match="user_code is missing"):
        _oauth.read_device({"device_code": "d"}, "POST")


@pytest.mark.parametrize("reply", [{"user_code": "a\x1b[2Jb"}, {"verification_uri": "https://x/\x1b]0;t\x07"}])
def test_what_people_read_is_clean(reply: dict[str, str]) -> None:
    """The codes are shown on a terminal."""
    found = _oauth.read_device(
        {"device_code": "d", "user_code": "u", "verification_uri": "https://x/", **reply}, "POST"
    )
    assert not any(character < " " for name in reply for character in found[name])
    with pytest.raises(BadReply, match="device_code"):
        _oauth.read_device({"device_code": "d\n", "user_code": "u", "verification_uri": "https://x/"}, "POST")


def test_the_device_code_is_in_the_result_and_in_no_diff() -> None:
    """A diff is shown unasked, and who has the code can take the tokens."""
    api = Api(METADATA, {"device_code": "dev_hidden", "user_code": "u", "verification_uri": "https://x/"})
    params = {"client_id": "me", "scopes": None, "register_client": False, "client_name": "n"}
    progress = Progress(_oauth.DEVICE_TASK, params, Sink(None), [].append)
    progress.plan = _oauth.plan_device(api, params)
    apply(api, progress)
    result = progress.result()
    assert set(_oauth.DEVICE_FIELDS) < set(result) and result["device_code"] == "dev_hidden"
    assert "dev_hidden" not in str(result["diff"])


@pytest.mark.parametrize("lifetime", [10**12, 10**400, -(10**400), 10**15 + 1, "9" * 18, 1e14])
def test_absurd_lifetimes_cost_no_token(tmp_path: Path, lifetime: t.Any) -> None:
    """The token is used up by then, so it is stored, without a moment that no calendar has."""
    file = tmp_path / "tokens.json"
    progress = exchanged(Api({**TOKENS, "expires_in": lifetime}), file, refresh_token="h444_rt_old")
    kept = kept_in(file)
    assert (kept["access_token"], kept["refresh_token"], kept["expires_at"]) == (
        TOKENS["access_token"],
        TOKENS["refresh_token"],
        "",
    )
    json.dumps(progress.after)


@pytest.mark.parametrize(
    ("given", "interval"), [(10**400, 5), (86401, 5), (86400, 86400), (-(10**400), 1), (0, 5), ("٣", 5), ("7", 7)]
)
def test_absurd_intervals_are_replaced_by_the_default(given: t.Any, interval: int) -> None:
    """What is no pause between two questions counts as missing; and no option takes it."""
    reply = {
        "device_code": "d",
        "user_code": "u",
        "verification_uri": "https://x/",
        "interval": given,
        "expires_in": 10**400,
    }
    found = _oauth.read_device(reply, "POST")
    assert (found["interval"], found["expires_in"]) == (interval, None)
    with pytest.raises(BadOption, match="interval"):
        planned(Api(), device_code="dev_1", interval=10**400)
