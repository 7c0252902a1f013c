# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans for webhooks, with dict literals; URLs, events, and the corners of the reader."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.h444.cloud.plugins.module_utils import _webhook
from ansible_collections.h444.cloud.plugins.module_utils._api import Answer
from ansible_collections.h444.cloud.plugins.module_utils._converge import Progress
from ansible_collections.h444.cloud.plugins.module_utils._errors import Ambiguous, BadOption, BadReply, Refused
from ansible_collections.h444.cloud.plugins.module_utils._find import by_name
from ansible_collections.h444.cloud.plugins.module_utils._identifiers import check_given
from ansible_collections.h444.cloud.plugins.module_utils._sink import Sink

Row = t.Dict[str, t.Any]
URL = "https://example.com/hook"


def hook(**fields: t.Any) -> Row:
    """Make a row in normal form."""
    return {
        "id": "7",
        "url": URL,
        "events": ["vps.created", "invoice.paid"],
        "description": None,
        "is_active": True,
        "created_at": None,
        **fields,
    }


@pytest.mark.parametrize(
    "other",
    [
        "HTTPS://example.com/hook",
        "https://EXAMPLE.com/hook",
        "https://example.com:443/hook",
        "https://example.com:/hook",
        " https://example.com/hook\n",
    ],
)
def test_same_url(other: str) -> None:
    """What browsers take for the same."""
    assert _webhook.canonical_url(other) == URL


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.com", "https://example.com/"),
        ("https://example.com?a=1", "https://example.com:443/?a=1"),
        ("https://[2001:DB8::443]", "https://[2001:db8::443]:443/"),
        ("https://bücher.example/ü%c3", "https://xn--bcher-kva.example/%C3%BC%C3"),
        ("http://example.com:80/", "http://example.com"),
        ("https://u:P@EXAMPLE.com/", "https://u:P@example.com/"),
    ],
)
def test_same_urls(one: str, other: str) -> None:
    """Also without a path, with an address, in other alphabets."""
    assert _webhook.canonical_url(one) == _webhook.canonical_url(other)


@pytest.mark.parametrize(
    "other",
    [
        "https://example.com/Hook", "https://example.com/hook/", "https://example.com/hook?",
        "https://example.com/hook?a=1", "http://example.com/hook", "https://example.com:8443/hook",
        "https://example.com.evil.example/hook", "https://u@example.com/hook", "https://example.com/hook#a",
        "https://example.com:4443/hook", "", "hook", "https:example.com/hook",
    ],
)  # fmt: skip
def test_other_url(other: str) -> None:
    """Letters of the path, queries, ports and users count."""
    assert _webhook.canonical_url(other) != URL


def test_other_host() -> None:
    """A host with an ß is not the one with ss."""
    assert (
        _webhook.canonical_url("https://straße.example:443/")
        == "https://xn--strae-oqa.example/"
        != _webhook.canonical_url("https://strasse.example")
    )


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://example.com/hook", "HTTPS"), ("example.com/hook", "HTTPS"), ("https://", "HTTPS"),
        ("https:///hook", "HTTPS"), ("", "HTTPS"), ("https://example.com/a b", "HTTPS"),
        ("https://example.com/hook\n", "HTTPS"), ("https://example.com/\\x", "HTTPS"),
        ("https://example.com/\u202e", "HTTPS"), ("https://example.com:port/", "not a URL"),
        ("https://[::1/", "not a URL"), ("https://example.com/#there", "fragment"),
        ("https://example.com/#", "fragment"), ("https://@example.com/", "username"),
        ("https://example.com\\@evil", "username"),
    ],
)  # fmt: skip
def test_bad_url(url: str, says: str) -> None:
    """One sentence that names the option."""
    with pytest.raises(BadOption, match="new_url: .*" + says):
        _webhook.check_url(url, "new_url")


def test_password_of_a_url_is_not_repeated() -> None:
    """The message is shown; what is in the URL must not be."""
    with pytest.raises(BadOption) as error:
        _webhook.check_url("https://me:Canary4711@example.com/", "url")
    assert "Canary" not in str(error.value) and "username" in str(error.value)


@pytest.mark.parametrize(
    "url", [URL, "HTTPS://example.com", "https://example.com:8443/a?b=c&d", "https://[2001:db8::1]/"]
)
def test_good_url(url: str) -> None:
    """It is sent as it was written."""
    assert _webhook.check_url(url, "url") == url


def test_events() -> None:
    """Each once; an unknown one is refused with the nine there are, unless forced."""
    assert len(_webhook.EVENTS) == 9
    assert _webhook.check_events(["vps.created", "vps.created"], False) == ["vps.created"]
    with pytest.raises(BadOption, match="force: true") as error:
        _webhook.check_events(["vps.created", "vps.power.change"], False)
    assert "closest: vps.power.changed" in str(error.value) and all(
        event in str(error.value) for event in _webhook.EVENTS
    )
    assert _webhook.check_events(["vps.flew"], True) == ["vps.flew"]
    for events in ([], [""], [" vps.created"], ["a\nb"]):
        with pytest.raises(BadOption, match="^events: "):
            _webhook.check_events(events, True)


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ({}, None),
        ({"events": ["invoice.paid", "vps.created"]}, None),
        ({"is_active": True, "description": ""}, None),
        ({"new_url": "https://Example.com:443/hook"}, None),
        ({"events": ["vps.created"]}, {"events": ["vps.created"]}),
        ({"is_active": False, "events": ["invoice.paid", "vps.created"]}, {"is_active": False}),
        ({"description": "x"}, {"description": "x"}),
        ({"new_url": "https://example.com/other"}, {"url": "https://example.com/other"}),
    ],
)
def test_only_what_differs_is_written(options: Row, body: Row | None) -> None:
    """A change carries the differing fields, and nothing is written where there are none."""
    plan = _webhook.plan_current(hook(), options)
    assert [action.body for action in plan.actions] == ([] if body is None else [body])
    assert plan.after == {**hook(), **(body or {})}


def test_description_is_taken_away() -> None:
    """An empty one and none are the same."""
    plan = _webhook.plan_current(hook(description="x"), {"description": ""})
    assert [action.body for action in plan.actions] == [{"description": ""}] and plan.after["description"] is None


def test_rotation_comes_last() -> None:
    """What fails before it costs no secret; it goes by the name that the webhook has by then."""
    plan = _webhook.plan_current(hook(), {"rotate_secret": True, "new_url": "https://example.com/other"})
    assert [str(action) for action in plan.actions] == [f"change {URL}", "rotate secret of https://example.com/other"]
    assert [action.brings_secret for action in plan.actions] == [False, True]


@pytest.mark.parametrize(
    ("shown", "others"), [({}, []), ({"events": ["ticket.replied"], "is_active": True}, ["events, is_active"])]
)
def test_change_that_does_not_show(shown: Row, others: list[str]) -> None:
    """A change that the API took and does not show is a warning, for the next run would write it again."""

    class Api:
        """Knows one webhook."""

        def request(self, _endpoint: t.Any, **_more: t.Any) -> t.Any:
            """Show it."""
            return Answer(200, {**hook(events=["vps.created"], is_active=False, description="x"), **shown}, {})

    warnings: list[str] = []
    progress = Progress(_webhook.RECONCILER, {}, Sink(None), warnings.append)
    progress.plan = _webhook.plan_current(hook(), {"events": ["vps.created"], "is_active": False, "description": "x"})
    after = _webhook.read_back(Api(), {}, progress)
    assert after["is_active"] is shown.get("is_active", False)
    assert [warning.rpartition(": ")[2].rstrip(".") for warning in warnings] == others


@pytest.mark.parametrize("name", ["events", "is_active"])
def test_untold_field(name: str) -> None:
    """What can't be compared is not written on a guess."""
    with pytest.raises(BadReply, match=name):
        _webhook.plan_current(hook(**{name: None}), {"events": ["vps.created"], "is_active": True})


@pytest.mark.parametrize(
    ("options", "bodies"),
    [
        ({}, []),
        ({"is_active": True, "description": "", "rotate_secret": True}, []),
        ({"is_active": False}, [{"is_active": False}]),
        ({"is_active": False, "description": "x"}, [{"is_active": False, "description": "x"}]),
    ],
)
def test_creation(options: Row, bodies: list[Row]) -> None:
    """The documented fields first, the others by a change; a new webhook's secret is not rotated."""
    plan = _webhook.plan_create(URL, {"events": ["vps.created"], **options})
    assert [action.body for action in plan.actions] == [{"url": URL, "events": ["vps.created"]}, *bodies]
    assert (
        plan.before is None and plan.after["id"] is None and plan.after["is_active"] is options.get("is_active", True)
    )


def test_creation_needs_events() -> None:
    """The sentence names them."""
    with pytest.raises(Refused, match="ticket.replied"):
        _webhook.plan_create(URL, {})


def test_absent() -> None:
    """Nothing to remove is no error."""
    assert _webhook.plan_absent(None).actions == ()
    assert [str(action) for action in _webhook.plan_absent(hook()).actions] == [f"delete {URL}"]


def test_two_of_one_url() -> None:
    """Refused with their ids."""
    rows = [hook(), hook(id="8", url="https://EXAMPLE.com:443/hook"), hook(id="9", url=URL + "/")]
    with pytest.raises(Ambiguous, match="IDs 7, 8"):
        by_name(_webhook.WEBHOOK, rows, {"url": URL})
    assert by_name(_webhook.WEBHOOK, rows, {"url": URL + "/"}) == rows[2]


@pytest.mark.parametrize(
    "raw",
    [
        {"id": 7, "url": URL, "events": ["vps.created", "invoice.paid"], "isActive": True},
        {"webhook": {"webhookId": "7", "targetUrl": URL, "eventTypes": "vps.created, invoice.paid", "enabled": 1}},
        {
            "id": "7",
            "attributes": {
                "url": URL,
                "events": [{"name": "vps.created"}, {"name": "invoice.paid"}],
                "status": "active",
            },
        },
        {"id": "7", "endpoint": URL, "topics": ["vps.created", "invoice.paid"], "paused": False, "description": ""},
    ],
)
def test_readings(raw: Row) -> None:
    """Casing, wrappers and names of the provider's own."""
    row = _webhook.read_webhook(raw)
    assert {name: row[name] for name in _webhook.FIELDS} == hook()


@pytest.mark.parametrize(
    ("row", "active"),
    [({"status": "paused"}, False), ({"status": "odd"}, None), ({"disabled": True}, False), ({}, None)],
)
def test_active(row: Row, active: bool | None) -> None:
    """Words for a paused webhook; what is not told is None."""
    assert _webhook.read_active(row) is active


@pytest.mark.parametrize("raw", [{"id": "7"}, {"url": URL}, {"id": "../7", "url": URL}, {"id": "7", "url": ""}])
def test_needed_fields(raw: Row) -> None:
    """Without an id or a URL nothing is known of a webhook."""
    with pytest.raises(BadReply, match="GET /v1/webhooks"):
        _webhook.read_webhook(raw)


SECRET = "whsec_Canary4711Canary4711"


@pytest.mark.parametrize(
    "body",
    [
        {"id": "7", "secret": SECRET},
        {"data": {"id": 7, "signingSecret": SECRET}},
        {"webhook": {"id": "7", "url": URL}, "secret": SECRET},
        {"Webhook": {"Id": "7", "Credentials": {"SigningSecret": SECRET}}},
        {"id": "7", "credentials": {"value": SECRET}},
        {"id": "7", "signing_key": SECRET},
        {"id": "7", "key": SECRET},
        {"id": "7", "whsec": SECRET, "secret": "whsec_****"},
        {"id": "7", "previous_secret": "whsec_OldOldOldOldOldOldOld1", "secret": SECRET},
    ],
)
def test_secret_in_a_reply(body: Row) -> None:
    """Wherever it stands, it is found, and no row holds it."""
    reply = _webhook.read_secret_reply(body, "POST")
    assert (reply.id, reply.secrets) == ("7", {"secret": SECRET})
    assert "Canary" not in repr(reply.rest)


@pytest.mark.parametrize("mask", ["whsec_****", "whsec_…ab", "••••", "", None])
def test_masked_secret_is_none(mask: str | None) -> None:
    """A masked secret is never given as the secret."""
    for body in (
        {"id": "7", "secret": mask},
        {"id": "7", "shown": mask},
        {"webhook": {"id": "7"}, "credentials": {"signing_secret": mask}},
    ):
        reply = _webhook.read_secret_reply(body, "POST")
        assert (reply.id, reply.secrets, reply.others) == ("7", {}, {})


@pytest.mark.parametrize("body", [None, {}, [], "ok", {"success": True}, {"id": "7", "Id": "8"}])
def test_reply_that_tells_nothing(body: t.Any) -> None:
    """No error: what it does not tell is asked for."""
    reply = _webhook.read_secret_reply(body, "POST")
    assert (reply.id, reply.secrets, reply.others) == (None, {}, {})


@pytest.mark.parametrize("option", ["rotate_secret", "force"])
def test_a_removal_does_nothing_else(option: str) -> None:
    """Refused before the first request, not passed over."""
    with pytest.raises(BadOption, match="%s: this is not possible for a webhook that is removed" % option):
        check_given({"url": URL, "state": "absent", option: True}, _webhook.IDENTIFIERS)


def test_force_is_for_events() -> None:
    """Without them it could have no effect; the API is not asked."""
    with pytest.raises(BadOption, match="force: this option allows unknown events"):
        _webhook.plan_of(None, {"url": URL, "state": "present", "force": True, "events": None})


def test_events_are_a_list_in_every_result() -> None:
    """Also where the API does not return them; a plan that needs them knows the difference."""
    untold = _webhook.read_webhook({"id": 7, "url": URL, "events": None})
    assert untold["events"] is None
    plan = _webhook.plan_current(untold, {"description": "x"})
    assert plan.before["events"] == plan.after["events"] == [] and _webhook.plan_absent(untold).before["events"] == []
    with pytest.raises(BadReply, match="does not return events"):
        _webhook.plan_current(untold, {"events": ["vps.created"]})


def test_events_are_a_list_in_the_list_of_webhooks() -> None:
    api = type("Api", (), {"rows": lambda *_given, **_how: [{"id": 7, "url": URL}]})()
    assert _webhook.report(api, {"id": None, "url": None})["webhooks"][0]["events"] == []
