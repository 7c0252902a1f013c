# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong gets one sentence: the file, what it was, where to look. Never an empty inventory in silence."""

from __future__ import annotations

import pathlib
import re
import ssl
import sys
import typing as t

import pytest
from ansible.errors import AnsibleParserError
from ansible.utils.display import Display

from ansible_collections.h444.cloud.tests.unit.plugins.inventory.support import (
    KEY,
    Api,
    address,
    free_port,
    one_line,
    read,
    run,
    vps,
    write,
)
from ansible_collections.h444.cloud.tests.unit.plugins.module_utils.wire import self_signed

NEST = {"statusCode": 0, "message": "as the API says", "error": "x"}


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was warned of."""
    said: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda self, msg, *args, **kwargs: said.append(str(msg)))
    return said


def refused(api: Api, folder: pathlib.Path, **options: t.Any) -> str:
    """Give the message of the error."""
    path = write(folder, **{"api_url": api.url, "api_key": KEY, **options})
    with pytest.raises(AnsibleParserError) as caught:
        read(path)
    message = str(caught.value)
    assert message.startswith("%s: " % path)
    assert message.count(str(path)) == 1
    assert "\n" not in message
    assert KEY not in message
    assert "Traceback" not in message
    return message


@pytest.mark.parametrize(
    ("status", "headers", "parts"),
    [
        (401, {}, ["GET /v1/vps answered 401", "as the API says", "H444_API_KEY", "wrong, expired or revoked"]),
        (403, {}, ["GET /v1/vps answered 403", "needs the scope vps:read"]),
        (404, {}, ["GET /v1/vps answered 404", "api_url is likely wrong"]),
        (429, {"Retry_After": "999999"}, ["rate limit", "asks to wait"]),
        (500, {}, ["GET /v1/vps answered 500"]),
        (503, {}, ["GET /v1/vps answered 503"]),
        (302, {"Location": "https://elsewhere.example/"}, ["redirect to elsewhere.example", "api_url"]),
    ],
)
def test_answers_that_say_no(
    api: Api, tmp_path: pathlib.Path, status: int, headers: dict[str, str], parts: list[str]
) -> None:
    """Each status has its own sentence, and strict: false changes nothing about it."""
    api.serve([])
    api.answer("/v1/vps", {**NEST, "statusCode": status}, status, **headers)
    for strict in (False, True):
        message = refused(api, tmp_path, strict=strict)
        for part in parts:
            assert part in message, message


def test_the_second_request_may_fail_too(api: Api, tmp_path: pathlib.Path) -> None:
    """Half an inventory is none."""
    api.serve([vps(1, "web")])
    api.answer("/v1/vps/all-ips", NEST, 403)
    assert "GET /v1/vps/all-ips answered 403" in refused(api, tmp_path)


@pytest.mark.parametrize(
    ("body", "content_type", "parts"),
    [
        (b"<html><title>Maintenance</title></html>", "text/html", ["the body is not JSON", "Maintenance", "proxy"]),
        (b'[{"id": 1', "application/json", ["the body is not JSON"]),
        (b"{}", "application/json", ["expected a list of vps and found an empty object"]),
        (b"null", "application/json", ["expected a list of vps and found nothing"]),
        (b'"x"', "application/json", ["expected a list of vps and found a text"]),
        (b'{"data": [], "total": 7}', "application/json", ["more entries"]),
        (b"[1, 2]", "application/json", ["its list of vps contains a number"]),
        (b"", "application/json", ["expected a list of vps"]),
    ],
)
def test_answers_that_are_none(
    api: Api, tmp_path: pathlib.Path, body: bytes, content_type: str, parts: list[str]
) -> None:
    """Anything but a list is never read as an empty account."""
    api.serve([])
    api.answer("/v1/vps", body, 200, Content_Type=content_type)
    message = refused(api, tmp_path)
    for part in parts:
        assert part in message, message


def deep(levels: int) -> t.Any:
    """Make something that is nested so deep."""
    value: t.Any = "x"
    for _level in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("row", "what", "stays"),
    [
        (vps(2, "odd", ips=[None]), None, True),
        (vps(2, "odd", ips=[[{"ip": 5}], {"ip": None}, "x"]), None, True),
        (vps(2, "odd", specs=deep(500)), "'id-2' is listed with incomplete data", True),
        (vps(2, "odd", planSlug="other"), "'id-2' is listed with incomplete data", True),
        (None, "entry 2 of its list of vps is nothing", False),
        ([vps(3, "inner")], "entry 2 of its list of vps is a list", False),
        ("id-2", "entry 2 of its list of vps is a text", False),
    ],
)
def test_one_odd_row_costs_no_other(
    api: Api, tmp_path: pathlib.Path, warnings: list[str], row: t.Any, what: str | None, stays: bool
) -> None:
    """It is kept with what could be read, or left out; a warning names it. Strict, it is an error."""
    api.serve([vps(1, "web"), row, vps(4, "db")])
    inventory = read(write(tmp_path, api_url=api.url, api_key=KEY))
    assert {"web", "db"} <= set(inventory.hosts)
    assert len(inventory.hosts) == (3 if stays else 2)
    assert ([text for text in warnings if what in text] if what else warnings) == warnings
    assert len(warnings) == (1 if what else 0)
    if what:
        assert "GET /v1/vps" in refused(api, tmp_path, strict=True)


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        (
            {"id": "id-2", "ips": [None, address("10.0.0.2")]},
            "An address of the server 'id-2' is left out: .* one of its addresses is nothing",
        ),
        (
            {"id": "id-2", "ips": [5, address("10.0.0.2")]},
            "An address of the server 'id-2' is left out: .* is a number",
        ),
        (
            {"id": "id-2", "ips": [address("x"), address("10.0.0.2")]},
            "An address of the server 'id-2' is left out: .* has no ip",
        ),
        ({"id": "id-2", "x": deep(500)}, "An address of the server 'id-2' is left out: .* nested deeper"),
        (None, "An address of an unknown server is left out: .*something other than objects"),
        ("x", "An address of an unknown server is left out"),
    ],
)
@pytest.mark.parametrize("options", [{}, {"ip_groups": {"ten": ["10.0.0.0/8"]}}], ids=["plain", "grouped"])
def test_one_odd_address_costs_no_other(
    api: Api, tmp_path: pathlib.Path, warnings: list[str], entry: t.Any, what: str, options: dict[str, t.Any]
) -> None:
    api.serve(
        [vps(1, "web"), vps(2, "odd", ipv4=None)],
        [{"id": "id-1", "ips": [address("10.0.0.1", True, "web.example.com")]}, entry],
    )
    inventory = read(write(tmp_path, api_url=api.url, api_key=KEY, **options))
    assert inventory.hosts["web"].vars["h444_ptr"] == "web.example.com"
    assert len(inventory.hosts) == 2
    if "10.0.0.2" in str(entry):
        assert inventory.hosts["odd"].vars["ansible_host"] == "10.0.0.2"
    assert [text for text in warnings if re.search(what, text)] == warnings
    assert len(warnings) == 1
    assert "GET /v1/vps/all-ips" in refused(api, tmp_path, strict=True)


def test_a_thousand_odd_rows_are_ten_warnings_and_a_count(
    api: Api, tmp_path: pathlib.Path, warnings: list[str]
) -> None:
    api.serve([vps(number, "web-%d" % number, planSlug="x") for number in range(1000)])
    assert len(read(write(tmp_path, api_url=api.url, api_key=KEY)).hosts) == 1000
    assert len(warnings) == 11
    assert "and 990 more servers with invalid data" in warnings[-1]


def test_an_unreadable_next_link(api: Api, tmp_path: pathlib.Path) -> None:
    """It is a sentence, and no mistake of ours."""
    api.serve([vps(1, "web")])
    api.answer("/v1/vps", [vps(1, "web")], 200, Link="<http://[>; rel=next")
    assert "returned a next page that can't be used" in refused(api, tmp_path)


def test_a_mistake_of_ours_is_no_empty_account(
    api: Api, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever happens is a parse error with the file's name."""
    from ansible_collections.h444.cloud.plugins.plugin_utils import _naming

    def fail(*_args: t.Any) -> None:
        raise ZeroDivisionError("secret words")

    api.serve([vps(1, "web")])
    monkeypatch.setattr(_naming, "choose_bases", fail)
    message = refused(api, tmp_path)
    assert "Unexpected ZeroDivisionError at test_errors.py" in message
    assert "secret words" not in message


@pytest.mark.slow
def test_a_fault_is_never_an_empty_success(api: Api, tmp_path: pathlib.Path) -> None:
    """Alone, a source that fails ends the command; beside another core decides, and the warning names the setting."""
    api.answer("/v1/vps", NEST, 401)
    path = write(tmp_path, api_url=api.url, api_key=KEY)
    site = tmp_path / "site.yml"
    site.write_text("- hosts: h444\n  gather_facts: false\n", encoding="utf-8")
    assert run(tmp_path, "ansible-inventory", "-i", path, "--list").code != 0
    assert run(tmp_path, "ansible-playbook", "-i", path, str(site)).code != 0
    beside = ("ansible-inventory", "-i", path, "-i", "other,", "--list")
    ran = run(tmp_path, *beside)
    assert ran.code == 0 and '"other"' in ran.out
    assert "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED=true" in one_line(ran.err)
    assert run(tmp_path, *beside, ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="true").code != 0


def test_an_empty_account_is_no_error(api: Api, tmp_path: pathlib.Path) -> None:
    """It is an inventory without hosts, with the group."""
    api.serve([], [])
    inventory = read(write(tmp_path, api_url=api.url, api_key=KEY))
    assert not inventory.hosts
    assert "h444" in inventory.groups


def test_nothing_listens(api: Api, tmp_path: pathlib.Path) -> None:
    """The address is named."""
    port = free_port()
    assert "nothing listens at 127.0.0.1:%d" % port in refused(api, tmp_path, api_url="http://127.0.0.1:%d/v1" % port)


def test_a_name_that_is_none(api: Api, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS has its own sentence."""
    import socket

    def no_such_name(*_args: t.Any, **_kwargs: t.Any) -> t.Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
    assert "the name api.nowhere.example can't be resolved" in refused(
        api, tmp_path, api_url="https://api.nowhere.example/v1"
    )


def test_no_answer_in_time(api: Api, tmp_path: pathlib.Path) -> None:
    """The time-out is named, with the option."""
    api.silent = True
    message = refused(api, tmp_path, api_timeout=1)
    assert "answer within 1 s" in message
    assert "api_timeout" in message


def test_plain_text_where_tls_is_expected(api: Api, tmp_path: pathlib.Path) -> None:
    """https to a port that speaks http."""
    assert "does not speak TLS; check api_url" in refused(api, tmp_path, api_url=api.url.replace("http:", "https:"))


def test_certificates(api: Api, tmp_path: pathlib.Path) -> None:
    """An untrusted one is refused and the options are named; ca_path trusts it, validate_certs turns the check off."""
    path = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    api._server.socket = context.wrap_socket(api._server.socket, server_side=True)
    api.serve([vps(1, "web")])
    url = api.url.replace("http:", "https:")
    message = refused(api, tmp_path, api_url=url)
    assert "is not trusted" in message
    assert "ca_path" in message
    assert "validate_certs" in message
    assert api.requests == []
    assert list(read(write(tmp_path, api_url=url, api_key=KEY, ca_path=str(path))).hosts) == ["web"]
    assert list(read(write(tmp_path, api_url=url, api_key=KEY, validate_certs=False)).hosts) == ["web"]


def test_requests_is_missing(api: Api, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library, the host and the interpreter are named."""
    from ansible_collections.h444.cloud.plugins.module_utils import _transport

    monkeypatch.setattr(_transport, "REQUESTS_IMPORT_ERROR", ImportError("requests"))
    assert "Failed to import the required Python library (requests)" in refused(api, tmp_path)


def test_addresses_that_cannot_be_read(api: Api, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The servers are there without them, with a warning; where they decide about groups, it is an error."""
    said: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda self, msg, *args, **kwargs: said.append(str(msg)))
    api.serve([vps(1, "web")], {"strange": "shape"})
    assert read(write(tmp_path, api_url=api.url, api_key=KEY)).hosts["web"].vars["ansible_host"] == "10.0.0.1"
    assert len([text for text in said if "PTR records are missing" in text]) == 1
    assert "all-ips" in refused(api, tmp_path, ip_groups={"x": ["10.0.0.0/8"]})
    assert "all-ips" in refused(api, tmp_path, strict=True)


@pytest.mark.parametrize(("seconds", "level"), [(4, None), (12, "v"), (40, "warning")])
def test_what_the_rate_limit_cost_is_said(
    api: Api, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, seconds: int, level: str | None
) -> None:
    """More than 5 s at -v, more than 30 s as a warning."""
    from ansible_collections.h444.cloud.plugins.module_utils import _client

    said: dict[str, list[str]] = {"v": [], "warning": []}
    for name, texts in said.items():
        monkeypatch.setattr(Display, name, lambda self, msg, *args, texts=texts, **kwargs: texts.append(str(msg)))
    monkeypatch.setattr(_client.Pacer, "wait_turn", lambda self: seconds / 2)
    api.serve([vps(1, "web")])
    read(write(tmp_path, api_url=api.url, api_key=KEY))
    found = {
        name: [text for text in texts if "Waited %d s for the rate limit" % seconds in text]
        for name, texts in said.items()
    }
    assert {name for name, texts in found.items() if texts} == ({level} if level else set())


@pytest.mark.slow
def test_through_the_command(api: Api, tmp_path: pathlib.Path) -> None:
    """A failed sign-in: the sentence is there, and where unparsed sources are errors the command fails."""
    api.serve([])
    api.answer("/v1/vps", NEST, 401)
    path = write(tmp_path, api_url=api.url, api_key=KEY, strict=False)
    ran = run(
        tmp_path, "ansible-inventory", "-i", path, "--list", "-vvvv", ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="true"
    )
    assert ran.code != 0
    assert "wrong, expired or revoked" in one_line(ran.err)
    assert KEY not in ran.out + ran.err
    assert "Unexpected" not in ran.err


@pytest.mark.slow
@pytest.mark.parametrize("verbosity", ["-v", "-vvvv"])
def test_no_secret_in_any_output(api: Api, tmp_path: pathlib.Path, verbosity: str) -> None:
    """Not with a working key either: AWX runs with -vvv."""
    api.serve([vps(1, "web", rootPassword="hunter2-secret")], [{"id": "id-1", "ips": [address("10.0.0.1", True)]}])
    path = write(tmp_path, api_url=api.url, api_key=KEY)
    ran = run(tmp_path, "ansible-inventory", "-i", path, "--list", verbosity)
    assert ran.code == 0, ran.err
    assert KEY not in ran.out + ran.err
    assert "hunter2" not in ran.out + ran.err


def test_the_interpreter_is_supported() -> None:
    """Controllers have at least this."""
    assert sys.version_info >= (3, 11)
