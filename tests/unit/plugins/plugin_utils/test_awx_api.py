# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client of AWX: both doors, pages, and one sentence for each problem."""

from __future__ import annotations

import socket
import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.plugin_utils._awx_api import Access, Awx, AwxError, base_of
from ansible_collections.h444.cloud.tests.awx.testing import PASSWORD, READING_TOKEN, TOKEN, USERNAME, StandIn


def client(awx: StandIn, **more: t.Any) -> Awx:
    access = Access(awx.url, **{"token": TOKEN, **more})
    found = Awx(access, secrets=["h444_the_key"])
    found.find_door()
    return found


def refusal(call: t.Callable[[], t.Any]) -> str:
    with pytest.raises(AwxError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize(("kind", "door"), [("awx", "/api/v2/"), ("gateway", "/api/controller/v2/")])
def test_the_door_is_found_without_credentials(kind: str, door: str) -> None:
    with StandIn(kind) as awx:
        api = client(awx)
        assert api.door == door
        assert not any(request.is_signed for request in awx.requests)
        assert [row["name"] for row in api.list(("organizations",))] == ["Default"]
        assert awx.requests[-1].is_signed


@pytest.mark.parametrize("kind", ["awx", "gateway"])
def test_a_list_has_all_of_its_pages(kind: str) -> None:
    with StandIn(kind, page_size=2) as awx:
        for number in range(5):
            awx.model.add("projects", name=f"a&b {number}", organization=101)
        assert [row["name"] for row in client(awx).list(("projects",), name__startswith="a&b")] == [
            f"a&b {number}" for number in range(5)
        ]


def test_a_user_and_a_password() -> None:
    with StandIn() as awx:
        api = client(awx, token="", username=USERNAME, password=PASSWORD)
        assert len(api.list(("organizations",))) == 1
        api = client(awx, token="", username=USERNAME, password="wrong")
        assert refusal(lambda: api.list(("projects",))) == (
            f"AWX at {awx.url} does not accept awx_username and awx_password."
        )


def test_wrong_and_weak_tokens() -> None:
    with StandIn() as awx:
        assert refusal(lambda: client(awx, token="wrong").list(("projects",))) == (
            f"AWX at {awx.url} does not accept awx_token."
        )
        api = client(awx, token=READING_TOKEN)
        assert refusal(lambda: api.write("POST", ("projects",), {"name": "x"})) == (
            "AWX does not allow POST /api/v2/projects/: You do not have permission to perform this action."
        )


def test_what_awx_says_is_one_sentence_without_secrets() -> None:
    with StandIn() as awx:
        api = client(awx)
        said = refusal(lambda: api.write("POST", ("projects",), {"organization": 5, "scm_type": TOKEN}))
        assert "AWX answered POST /api/v2/projects/ with 400: organization: Invalid pk" in said
        assert TOKEN not in said
        awx.answers["POST /api/v2/projects/"] = (500, b"<html>h444_the_key</html>", {})
        assert refusal(lambda: api.write("POST", ("projects",), {})) == (
            "AWX answered POST /api/v2/projects/ with 500: no reason."
        )
        awx.answers["POST /api/v2/projects/"] = (409, b'{"error": "busy with h444_the_key"}', {})
        assert refusal(lambda: api.write("POST", ("projects",), {})) == (
            "AWX can't do POST /api/v2/projects/ now: busy with ********."
        )
        awx.answers["GET /api/v2/projects/"] = (200, b"[]", {})
        assert refusal(lambda: api.list(("projects",))).endswith("with something that is not a list.")
        awx.answers["GET /api/v2/projects/"] = (200, b"<html>", {})
        assert refusal(lambda: api.list(("projects",))).endswith("with something that is not JSON.")


@pytest.mark.parametrize("token", ["first\nsecond", "gizli-ş", "two words"])
def test_a_token_that_is_no_header_is_not_shown(token: str) -> None:
    with StandIn() as awx:
        said = refusal(lambda: client(awx, token=token).list(("projects",)))
    assert said == "awx_token contains a character that is in no token, for example a line break."


def test_a_username_with_a_colon_would_be_another_one() -> None:
    with StandIn() as awx:
        said = refusal(lambda: client(awx, token="", username="admin:x", password="geheim"))
    assert said == "awx_username must not contain a colon."


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_a_page_for_people_is_not_the_answer_to_a_write(method: str) -> None:
    with StandIn() as awx:
        api = client(awx)
        awx.answers[f"{method} /api/v2/projects/1/"] = (200, b"<html>Sign in</html>", {})
        assert refusal(lambda: api.write(method, ("projects", 1), {})) == (
            f"AWX answered {method} /api/v2/projects/1/ with something that is not JSON."
        )


def test_what_is_gone_needs_no_removal() -> None:
    with StandIn() as awx:
        client(awx).write("DELETE", ("projects", 4711), None)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((404, b"<html>", {}), "is not an AWX: its /api/ answers 404. Check awx_url."),
        ((200, b"<html>", {}), "is not an AWX: its /api/ is no JSON. Check awx_url."),
        ((200, b"{}", {}), "is not an AWX: its /api/ names no version. Check awx_url."),
        ((200, b'{"current_version": "//evil.example.com/"}', {}), "names no version. Check awx_url."),
        ((200, b'{"apis": {"eda": "/api/eda/"}}', {}), "has no automation controller."),
        (
            (301, b"", {"Location": "https://awx.example.com/api/"}),
            "redirects to https://awx.example.com/api/. Set awx_url to the final address.",
        ),
    ],
)
def test_what_is_no_awx(answer: tuple[int, bytes, dict[str, str]], said: str) -> None:
    with StandIn() as awx:
        awx.answers["GET /api/"] = answer
        assert refusal(lambda: client(awx)).endswith(said)


def test_nobody_answers() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        assert refusal(Awx(Access(url, TOKEN)).find_door) == (
            f"{url} can't be reached: Connection refused. Check awx_url."
        )
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert refusal(Awx(Access(url, TOKEN, timeout=1)).find_door) == (
            f"{url} does not answer within 1 seconds. Check awx_url."
        )


def test_a_path_before_the_api() -> None:
    with StandIn() as awx:
        awx.answers["GET /tower/api/"] = (200, b'{"current_version": "/api/v2/"}', {})
        awx.answers["GET /tower/api/v2/me/"] = (200, b'{"id": 1}', {})
        api = Awx(Access(awx.url + "/tower/", TOKEN))
        api.find_door()
        assert api.get("me") == {"id": 1}


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://awx.example.com", "https://awx.example.com"),
        (" https://awx.example.com:8443/ ", "https://awx.example.com:8443"),
        ("https://awx.example.com/api/v2/", "https://awx.example.com"),
        ("https://awx.example.com/#/home", "https://awx.example.com"),
        ("http://[::1]:8052", "http://[::1]:8052"),
        ("https://example.com/awx/api/", "https://example.com/awx"),
    ],
)
def test_addresses(url: str, base: str) -> None:
    assert base_of(url) == base


@pytest.mark.parametrize("url", ["awx.example.com", "ftp://awx.example.com", "https://", "", "http://[", "http://a:b"])
def test_what_is_no_address(url: str) -> None:
    assert "awx_url" in refusal(lambda: base_of(url))


def test_a_password_in_the_address_is_refused_and_not_shown() -> None:
    said = refusal(lambda: base_of("https://admin:geheim@awx.example.com"))
    assert said == "awx_url must not contain a password. Set awx_username and awx_password."
