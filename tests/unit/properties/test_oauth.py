# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life of a sign-in under random assumptions and faults: no refresh token is sent twice, what is stored works."""

from __future__ import annotations

import json
import random
import typing as t
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
import requests

from ansible_collections.h444.cloud.plugins.module_utils import _client, _oauth, _transport
from ansible_collections.h444.cloud.plugins.modules import h444_oauth_device, h444_oauth_token
from ansible_collections.h444.cloud.tests.simulator import assumed, conformance
from ansible_collections.h444.cloud.tests.simulator.adapter import SimulatorAdapter
from ansible_collections.h444.cloud.tests.simulator.core import Core
from ansible_collections.h444.cloud.tests.simulator.oauth import GRANT, OAuth
from ansible_collections.h444.cloud.tests.unit.properties.support import World, defaults_of, dialect

ORIGIN = "http://127.0.0.1:1"
# The API's own switches must not matter to a sign-in.
LOOKS = (
    "oauth_registration",
    "oauth_reply",
    "oauth_refresh",
    "oauth_status",
    "casing",
    "object_envelope",
    "error_shape",
    "ids",
)
DEVICE = (_oauth.DEVICE_TASK, defaults_of(h444_oauth_device.SPEC))
TOKEN = (_oauth.TOKEN_TASK, defaults_of(h444_oauth_token.SPEC))
FAULTS = ("unsent", "before", "after", "empty", "502")


class Wire(SimulatorAdapter):
    """Notes what was sent and when, loses what it shall lose, and lets the user approve at a certain question."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.line = _transport.Line()
        self.asked: list[tuple[float, dict[str, str], str | None]] = []
        self.keys: list[str] = []
        self.faults: dict[int, str] = {}
        self.approve_at: int | None = None

    def send(self, request: t.Any, **options: t.Any) -> requests.Response:
        """Answer one request, or lose it."""
        self.line.is_up = True
        if "Authorization" in request.headers:
            self.keys.append(request.url)
        if not request.url.endswith("/oauth/token"):
            return super().send(request, **options)
        number = len(self.asked)
        fault = self.faults.get(number)
        form = dict(parse_qsl(request.body.decode()))
        self.asked.append((self.core.offset, {} if fault == "unsent" else form, fault))
        if self.approve_at is not None and number >= self.approve_at:
            for device in self.core.oauth["devices"].values():
                device["state"] = "approved"
        if fault == "unsent":
            self.line.is_up = False
            raise requests.exceptions.ConnectionError(ConnectionRefusedError())
        if fault == "before":
            raise requests.exceptions.ReadTimeout("Read timed out")
        response = super().send(request, **options)
        if fault == "after":
            raise requests.exceptions.ReadTimeout("Read timed out")
        if fault:
            response.status_code = 502 if fault == "502" else 200
            response.raw.read()
        return response


class SignIn(World):
    """A world whose client has no key yet."""

    def __init__(self, assume: dict[str, t.Any]) -> None:
        super().__init__({**assumed.defaults(), **assume})
        conformance.attach(self.core)
        session = requests.Session()
        session.trust_env = False
        self.wire = Wire(self.core)
        session.mount("http://", self.wire)
        self.client = _client.Client(
            ORIGIN,
            None,
            pacer=_client.Pacer(ORIGIN, "", 0),
            session=session,
            clock=lambda: self.core.offset,
            sleep=self.sleep,
        )

    def begin(self, **options: t.Any) -> dict[str, t.Any]:
        """Ask for the codes."""
        found = self.play(*DEVICE, **({"client_id": "h444-ansible"} | options))
        assert found["changed"] and found["user_code"] and found["device_code"], found
        return found

    def approve(self, device: dict[str, t.Any]) -> None:
        """Be the user."""
        OAuth(self.core).decide(device["user_code"], "approved")

    def works(self, token: str) -> bool:
        """Tell whether a token works wherever a key does."""
        return self.core.handle("GET", "/account", {}, {"Authorization": "Bearer " + token}, b"").status == 200

    def token_requests(self) -> list[tuple[float, dict[str, str], str | None]]:
        """Give the questions that left this machine: when, what, and how they were lost."""
        return [row for row in self.wire.asked if row[1]]


def kept_in(file: Path, client_id: str) -> dict[str, t.Any]:
    """Read what the file holds of a client."""
    assert file.stat().st_mode & 0o777 == 0o600
    return json.loads(file.read_text(encoding="utf-8"))["oauth/" + client_id]


@pytest.mark.parametrize("seed", range(60))
def test_a_sign_in_lives_the_same_life_in_every_dialect(seed: int, tmp_path: Path) -> None:
    """Ask, wait, exchange, use, refresh many times with one token, sign in anew."""
    assume = dialect(seed, LOOKS)
    world, file = SignIn(assume), tmp_path / "tokens.json"

    assert world.play(*DEVICE, check_mode=True, client_id="h444-ansible")["changed"] and not world.core.oauth["devices"]
    unknown = world.play(*DEVICE, client_id="nobody")
    assert unknown["failed"] and not unknown["changed"] and "'nobody'" in unknown["msg"], (assume, unknown)
    none = world.play(*DEVICE)
    assert none["failed"] and ("register_client" in none["msg"]) == (assume["oauth_registration"] == "on"), (
        assume,
        none,
    )
    is_open = assume["oauth_registration"] == "on"
    device = world.begin(**({"client_id": None, "register_client": True} if is_open else {}))
    given = {
        "client_id": device["client_id"],
        "device_code": device["device_code"],
        "interval": device["interval"],
        "credentials_file": str(file),
    }

    pending = world.play(*TOKEN, **{**given, "wait_timeout": 0})
    assert pending["failed"] and not pending["changed"] and "same device_code" in pending["msg"], (assume, pending)
    world.core.offset += 60
    world.approve(device)
    assert world.play(*TOKEN, check_mode=True, **given)["changed"] and not file.exists()
    token = world.play(*TOKEN, **given)
    assert token["changed"] and not token.get("failed") and "access_token" not in token, (assume, token)
    first = kept_in(file, device["client_id"])
    assert world.works(first["access_token"]), assume
    again = world.play(*TOKEN, **given)
    assert again["failed"] and "in credentials_file" in again["msg"], (assume, again)

    refresh = {"client_id": device["client_id"], "refresh_token": first["refresh_token"], "credentials_file": str(file)}
    for _run in range(4):  # as the forks of a play: all were given the same token
        found = world.play(*TOKEN, **refresh)
        assert found["changed"] and not found.get("failed"), (assume, found)
        assert world.works(kept_in(file, device["client_id"])["access_token"]), assume
    if assume["oauth_refresh"] in ("rotates", "ends"):
        tokens = [form["refresh_token"] for _at, form, _fault in world.token_requests() if "refresh_token" in form]
        assert len(tokens) == len(set(tokens)) == 4, assume
    latest = kept_in(file, device["client_id"])["refresh_token"]
    assert latest in world.core.oauth["refresh"], assume

    result = world.play(*TOKEN, client_id=device["client_id"], refresh_token=latest)
    assert world.works(result["access_token"]), (assume, result)
    assert ("refresh_token" in result) == (assume["oauth_refresh"] in ("rotates", "ends")), (assume, result)
    assert not world.wire.keys, "a key was sent to the sign-in"
    assert not world.core.contract_broken


@pytest.mark.parametrize("seed", range(120))
def test_faults_while_waiting(seed: int, tmp_path: Path) -> None:
    """Whatever is lost: no question comes sooner than the interval; tokens are stored, or their loss is reported."""
    chance = random.Random(seed)
    world, file = SignIn(dialect(seed, ("oauth_reply", "oauth_refresh"))), tmp_path / "tokens.json"
    device = world.begin()
    world.wire.faults = {number: chance.choice(FAULTS) for number in range(8) if chance.random() < 0.4}
    world.wire.approve_at = chance.randrange(6)
    given = {
        "client_id": "h444-ansible",
        "device_code": device["device_code"],
        "interval": device["interval"],
        "credentials_file": str(file),
    }
    result = world.play(*TOKEN, **given)
    sent = world.token_requests()
    for (earlier, _form, fault), (later, _next, _fault) in zip(sent, sent[1:]):
        assert later - earlier >= device["interval"] * (2 if fault else 1) - 0.001, (world.wire.faults, sent)
    assert not any(row["interval"] > device["interval"] for row in world.core.oauth["devices"].values()), (
        "the server had to say slow_down"
    )
    if result.get("failed"):
        assert any(fault in ("after", "empty", "502") for _at, _form, fault in sent)
        assert "reply with the tokens was lost" in result["msg"] and "Start a new sign-in" in result["msg"], (
            world.wire.faults,
            result,
        )
        assert not file.exists()
    else:
        assert world.works(kept_in(file, "h444-ansible")["access_token"])


@pytest.mark.parametrize("seed", range(120))
def test_faults_of_refreshes(seed: int, tmp_path: Path) -> None:
    """No refresh token is sent twice by itself, and the file's is the living one unless its successor was lost."""
    chance = random.Random(seed)
    world, file = SignIn({"oauth_refresh": chance.choice(("rotates", "ends"))}), tmp_path / "tokens.json"
    device = world.begin()
    world.approve(device)
    world.play(
        *TOKEN, client_id="h444-ansible", device_code=device["device_code"], interval=5, credentials_file=str(file)
    )
    seen = [kept_in(file, "h444-ansible")["refresh_token"]]
    for _run in range(8):
        before = len(world.token_requests())
        kind = chance.choice(FAULTS) if chance.random() < 0.4 else None
        world.wire.faults = {len(world.wire.asked): kind} if kind else {}
        result = world.play(
            *TOKEN, client_id="h444-ansible", refresh_token=chance.choice(seen), credentials_file=str(file)
        )
        assert len(world.token_requests()) == before + 1, "a refresh was repeated"
        latest = kept_in(file, "h444-ansible")["refresh_token"]
        if kind in ("after", "empty", "502"):
            assert result["failed"] and result["changed"] and "not sent again" in result["msg"], (kind, result)
            assert latest not in world.core.oauth["refresh"]
            refused = world.play(*TOKEN, client_id="h444-ansible", refresh_token=latest, credentials_file=str(file))
            assert refused["failed"] and "Start a new sign-in with h444_oauth_device" in refused["msg"]
            return
        assert bool(result.get("failed")) == (kind == "before"), (kind, result)  # what was not sent is sent again
        used = world.core.oauth.get("used", [])  # what the server has carried out
        assert len(used) == len(set(used)), "a used token was sent again"
        assert latest in world.core.oauth["refresh"], (kind, result)
        seen.append(latest)


def test_interval_of_a_patient_server() -> None:
    """A server that says slow_down is asked more slowly, for good, and the sign-in succeeds."""
    world = SignIn({"oauth_interval_seconds": 20})
    device = world.begin()
    world.wire.approve_at = 4
    result = world.play(*TOKEN, client_id="h444-ansible", device_code=device["device_code"], interval=1)
    assert world.works(result["access_token"]), result
    assert all(form["grant_type"] == GRANT for _at, form, _fault in world.token_requests())
    gaps = [later[0] - earlier[0] for earlier, later in zip(world.token_requests(), world.token_requests()[1:])]
    assert gaps == sorted(gaps) and gaps[-1] > gaps[0]
