# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event source webhook as a server, and in ansible-rulebook: what each sender gets, and which events fire."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import logging
import ssl
import subprocess
import time
import typing as t
from pathlib import Path

import pytest
import yaml

aiohttp = pytest.importorskip("aiohttp")
pytest.importorskip("ansible_rulebook")

from ansible_collections.h444.cloud.tests.integration.playing import environment
from ansible_collections.h444.cloud.tests.integration.rulebooks import (
    Rulebook,
    call,
    deliver,
    deliver_again,
    free_port,
    signed,
)
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator
from ansible_collections.h444.cloud.tests.unit.eda.loading import load
from ansible_collections.h444.cloud.tests.unit.plugins.module_utils.wire import self_signed

SECRET = "whsec_Canary4711"
SECONDS = 120
Story = t.Callable[["World"], t.Coroutine[t.Any, t.Any, None]]


class World:
    """A source that listens, its queue, and a sender."""

    def __init__(self, source: t.Any, queue: asyncio.Queue[t.Any], port: int, session: t.Any) -> None:
        self.source, self.queue, self.port, self.session = source, queue, port, session
        self.url = f"http://127.0.0.1:{port}"
        self.task: asyncio.Task[None] | None = None

    async def send(
        self, body: t.Any, *, path: str = "/", method: str = "POST", secret: str = SECRET, **more: t.Any
    ) -> t.Any:
        """Send a request with a good signature, and give its answer. *more*: headers, which replace those."""
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {**(signed(secret, sent, more.pop("stamp", None))), **more.pop("headers", {})}
        async with self.session.request(
            method,
            self.url + path,
            data=sent,
            headers={name: value for name, value in headers.items() if value},
            **more,
        ) as answer:
            answer.said = await answer.text()
            return answer

    async def status(self, body: t.Any, **more: t.Any) -> int:
        """Send a request, and give the status of its answer."""
        return int((await self.send(body, **more)).status)

    async def raw(self, text: bytes, then_close: bool = False) -> bytes:
        """Send bytes, and give all that comes back."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(text)
        await writer.drain()
        try:
            return b"" if then_close else await asyncio.wait_for(reader.read(), SECONDS)
        finally:
            writer.close()

    def events(self) -> list[t.Any]:
        """Take every event from the queue."""
        return [self.queue.get_nowait() for _one in range(self.queue.qsize())]


def play(story: Story, size: int = 0, **args: t.Any) -> None:
    """Start the source in this process, let the story happen, and end the source as ansible-rulebook does."""

    async def run() -> None:
        source, queue = load("webhook"), asyncio.Queue[t.Any](size)
        source.main.__globals__["ANSWER_SECONDS"] = SECONDS  # a machine may be slow
        port = free_port()
        task = asyncio.ensure_future(source.main(queue, {"port": port, "secrets": SECRET, **args}))
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(SECONDS)) as session:
            world = World(source, queue, port, session)
            world.task = task
            try:
                await listening(port, task)
                await story(world)
            finally:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    asyncio.run(asyncio.wait_for(run(), SECONDS))


async def listening(port: int, task: asyncio.Task[None]) -> None:
    """Wait until the source listens."""
    while True:
        try:
            _reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        except OSError:
            assert not task.done(), task.exception()
            await asyncio.sleep(0.01)


EVENT = {"id": "evt_1", "event": "vps.created", "data": {"vpsId": 101, "label": "web-1"}}


# Answers


def test_an_event_is_answered_with_200_once_it_is_queued() -> None:
    async def story(world: World) -> None:
        before = datetime.datetime.now(datetime.timezone.utc)
        answer = await world.send(EVENT, headers={"X-444host-Event": "no.such", "X-444host-Delivery": "dlv_1"})
        assert answer.status == 200 and "aiohttp" not in str(answer.headers)
        (event,) = world.events()
        meta = event.pop("meta")
        assert event == {"type": "vps.created", "data": {"vps_id": "101", "label": "web-1"}, "payload": EVENT}
        assert set(meta) == {"delivery_id", "signed_at", "received_at"} and meta["delivery_id"] == "evt_1"
        for name in ("signed_at", "received_at"):
            assert meta[name].endswith("Z")
            when = datetime.datetime.fromisoformat(meta[name].replace("Z", "+00:00"))
            assert abs((when - before).total_seconds()) < SECONDS
        assert await world.status(EVENT) == 200
        assert await world.status({**EVENT, "attempt": 2}, headers={"X-444host-Delivery": "dlv_2"}) == 200
        assert world.events() == []

    play(story)


def test_other_paths_methods_sizes_signatures_and_bodies_are_refused() -> None:
    async def story(world: World) -> None:
        old = int(time.time()) - 1000
        for expected, body, more in (
            (404, EVENT, {"path": "/"}),
            (404, EVENT, {"path": "/hooks/"}),
            (404, EVENT, {"path": "/hooks/x"}),
            (404, EVENT, {"path": "/", "method": "GET"}),
            (405, EVENT, {"method": "GET"}),
            (405, EVENT, {"method": "PUT"}),
            (405, EVENT, {"method": "OPTIONS"}),
            (405, EVENT, {"method": "HEAD"}),
            (413, b"x" * 1001, {}),
            (413, b"x" * 1001, {"headers": {"X-444host-Signature": ""}}),
            (401, EVENT, {"headers": {"X-444host-Signature": ""}}),
            (401, EVENT, {"headers": {"X-444host-Signature": "sha256=00"}}),
            (401, EVENT, {"secret": "other"}),
            (401, EVENT, {"stamp": old}),
            (401, EVENT, {"stamp": int(time.time()) + 1000}),
            (401, b"no JSON", {"secret": "other"}),
            (401, b"", {"headers": {"X-444host-Signature": ""}}),
            (400, b"", {}),
            (400, b"no JSON", {}),
            (400, b"[]", {}),
            (400, b'{"event": "vps.created", "x": NaN}', {}),
            (400, b'{"event": "vps.created", "x": %s}' % (b"[" * 400 + b"]" * 400), {}),
            (400, {**EVENT, "event": "vps.moved"}, {}),
            (400, {**EVENT, "event": None}, {}),
        ):
            answer = await world.send(body, **{"path": "/hooks", **more})
            assert (answer.status, "Canary" in answer.said) == (expected, False), (body, more, answer.said)
            if expected == 405:
                assert answer.headers["Allow"] == "POST"
        assert world.events() == []
        assert await world.status(EVENT, path="/hooks?a=1") == 200, "what was refused is not remembered"
        assert len(world.events()) == 1

    play(story, path="/hooks", max_body_bytes=1000)


def test_two_signatures_sign_nothing_and_a_compressed_body_is_not_unpacked() -> None:
    async def story(world: World) -> None:
        body = json.dumps(EVENT).encode()
        line = f"X-444host-Signature: {signed(SECRET, body)['X-444host-Signature']}\r\n".encode()
        for headers, expected in (
            (line, b"200"),
            (line + line, b"401"),
            (line + b"Content-Encoding: gzip\r\n", b"200"),
        ):
            sent = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers
            answer = await world.raw(sent + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            assert answer.split()[1] == expected, answer
        assert len(world.events()) == 1

    play(story)


def test_bytes_that_are_no_text_are_refused() -> None:
    async def story(world: World) -> None:
        body = b'{"event": "vps.created", "x": "\xff"}'
        assert await world.status(body) == 400

    play(story)


# Senders that do not behave


START = b"POST / HTTP/1.1\r\nHost: x\r\n"


def test_huge_and_broken_bodies_are_refused_and_leave_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    chunked = START + b"Transfer-Encoding: chunked\r\n\r\n"

    async def story(world: World) -> None:
        for sent, expected in (
            (START + b"Content-Length: 99999999999\r\n\r\n", b"413"),
            (chunked + b"400\r\n" + b"x" * 1024 + b"\r\n", b"413"),
            (chunked + b"zz\r\n{\r\n", b"400"),
            (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"400"),
            (b"GET\r\n\r\n", b"400"),
        ):
            answer = await world.raw(sent)
            assert answer.split()[1:2] == [expected], (sent, answer)
        for sent in (START, START + b"Content-Length: 100\r\n\r\n{", START + b"Content-Length: -1\r\n\r\n"):
            await world.raw(sent, then_close=True)
        assert await world.status(EVENT) == 200, "it still works"
        assert len(world.events()) == 1

    play(story, max_body_bytes=1000)
    assert "Traceback" not in caplog.text and "Canary" not in caplog.text
    assert "Answered 413 to 127.0.0.1" in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING], caplog.text


def test_a_body_that_does_not_arrive_in_time_is_refused() -> None:
    async def story(world: World) -> None:
        answers = await asyncio.gather(
            world.raw(START + b"Content-Length: 100\r\n\r\n{"),
            world.raw(START + b"Transfer-Encoding: chunked\r\n\r\n3\r\n{\r\n"),
        )
        assert [answer.split()[1] for answer in answers] == [b"408", b"408"], answers

    play(story, read_timeout=0.2)


def test_a_sender_that_gives_up_loses_nothing_and_fires_nothing_twice(caplog: pytest.LogCaptureFixture) -> None:
    async def story(world: World) -> None:
        assert await world.status({**EVENT, "id": "first"}) == 200  # which fills the queue
        for _attempt in range(3):
            with pytest.raises(asyncio.TimeoutError):
                await world.send(EVENT, timeout=aiohttp.ClientTimeout(0.2))
        last = asyncio.ensure_future(world.status(EVENT))
        assert [(await world.queue.get())["payload"]["id"] for _one in range(2)] == ["first", "evt_1"]
        assert await last == 200 and await world.status(EVENT) == 200 and world.queue.empty()

    play(story, size=1)
    assert "Traceback" not in caplog.text


def test_if_the_queue_stays_full_the_answer_is_503_and_the_event_fires_once() -> None:
    async def story(world: World) -> None:
        world.source.main.__globals__["ANSWER_SECONDS"] = 0.1
        assert await world.status({**EVENT, "id": "first"}) == 200
        assert [await world.status(EVENT), await world.status(EVENT)] == [503, 503]
        assert [(await world.queue.get())["payload"]["id"] for _one in range(2)] == ["first", "evt_1"]
        assert await world.status(EVENT) == 200 and world.queue.empty()

    play(story, size=1)


def test_duplicates_in_flight_fire_once() -> None:
    async def story(world: World) -> None:
        first = asyncio.ensure_future(world.status({**EVENT, "id": "first"}))
        assert await first == 200
        copies = [asyncio.ensure_future(world.status(EVENT)) for _one in range(20)]
        await asyncio.wait(copies, timeout=0.2)
        assert not any(copy.done() for copy in copies), "a duplicate waits for the first"
        fired = [(await world.queue.get())["payload"]["id"] for _one in range(2)]
        assert fired == ["first", "evt_1"]
        assert await asyncio.gather(*copies) == [200] * 20 and world.queue.empty()

    play(story, size=1)


def test_500_deliveries_from_20_connections_are_500_events() -> None:
    async def story(world: World) -> None:
        fired: list[str] = []

        async def read() -> None:
            while True:
                fired.append((await world.queue.get())["data"]["vps_id"])
                await asyncio.sleep(0)

        async def connection(number: int) -> None:
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
                mine = World(world.source, world.queue, world.port, session)
                for one in range(25):
                    body = {"event": "vps.created", "id": f"e{number}-{one}", "vpsId": 25 * number + one}
                    again = {**body, "attempt": 2}
                    assert (await mine.status(body), await mine.status(body), await mine.status(again)) == (200,) * 3

        reader = asyncio.ensure_future(read())
        await asyncio.gather(*(connection(number) for number in range(20)))
        while not world.queue.empty():
            await asyncio.sleep(0)
        reader.cancel()
        assert sorted(map(int, fired)) == list(range(500))

    play(story, size=1)


# Rotation, TLS and the end


def test_while_a_secret_is_rotated_both_sign() -> None:
    async def story(world: World) -> None:
        for number, (secret, expected) in enumerate((("new", 200), (SECRET, 200), ("12345678", 200), ("other", 401))):
            assert await world.status({**EVENT, "id": number}, secret=secret) == expected

    play(story, secrets=["new", SECRET, 12345678])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Make a certificate, and its key with a password."""
    folder = tmp_path_factory.mktemp("tls")
    certificate = self_signed(folder)
    locked = folder / "locked.pem"
    subprocess.run(
        ["openssl", "pkey", "-in", certificate, "-aes256", "-passout", "pass:Canary", "-out", locked],
        check=True,
        capture_output=True,
    )
    return certificate, locked


def test_with_a_certificate_it_speaks_tls(certificate: tuple[Path, Path]) -> None:
    file, key = certificate

    async def story(world: World) -> None:
        world.url = world.url.replace("http", "https")
        context = ssl.create_default_context(cafile=str(file))
        context.check_hostname = False
        assert await world.status(EVENT, ssl=context) == 200
        assert len(world.events()) == 1

    play(story, certfile=str(file), keyfile=str(key), password="Canary")


@pytest.mark.parametrize("password", [None, "wrong"])
def test_a_key_that_cannot_be_opened_is_an_error_and_nobody_is_asked(
    certificate: tuple[Path, Path], password: str | None
) -> None:
    file, key = certificate
    args = {"secrets": SECRET, "port": free_port(), "certfile": str(file), "keyfile": str(key), "password": password}
    with pytest.raises(ValueError, match="Check the files, and the password of the key") as error:
        asyncio.run(load("webhook").main(asyncio.Queue(), args))
    assert str(key) in str(error.value) and "wrong" not in str(error.value).replace(str(key), "")


def test_a_port_that_is_taken_is_named() -> None:
    async def story(world: World) -> None:
        with pytest.raises(OSError, match=f"can't listen on 127.0.0.1, port {world.port}: .*[Aa]ddress already in use"):
            await world.source.main(asyncio.Queue(), {"secrets": SECRET, "port": world.port})
        assert await world.status(EVENT) == 200

    play(story)


@pytest.mark.parametrize("host", ["nobody..here", "x" * 70, "300.1.1.1"])
def test_a_host_that_is_none_is_named(host: str) -> None:
    with pytest.raises(OSError, match=f"h444.cloud.webhook: can't listen on {host}, port 5000: "):
        asyncio.run(load("webhook").main(asyncio.Queue(), {"secrets": SECRET, "host": host}))


def test_the_end_waits_for_nobody() -> None:
    """Idle connections, a body that never ends and a delivery that waits: none of them holds up the end."""

    async def story(world: World) -> None:
        assert await world.status({**EVENT, "id": "first"}) == 200
        waiting = asyncio.ensure_future(world.status(EVENT))
        await asyncio.wait({waiting}, timeout=0.2)
        _reader, idle = await asyncio.open_connection("127.0.0.1", world.port)
        _reader, slow = await asyncio.open_connection("127.0.0.1", world.port)
        slow.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
        await slow.drain()
        assert world.task is not None
        world.task.cancel()
        done, _pending = await asyncio.wait({world.task}, timeout=20)  # aiohttp itself would wait for a minute
        assert done and world.task.cancelled()
        assert await waiting == 503 and world.queue.qsize() == 1, "it is delivered again, and has not fired"
        idle.close()
        slow.close()

    play(story, size=1)


# In ansible-rulebook

RULES = """
- name: Test
  hosts: all
  sources:
    - h444.cloud.webhook:
        port: "{{ port }}"
        secrets: "{{ WEBHOOK_SECRET }}"
  rules:
    - name: Fire
      condition: event.type == "vps.power.changed"
      action:
        debug:
          msg: "fired {{ event.data.vps_id }} {{ event.data.action }} {{ event.meta.delivery_id }}"
    - name: End
      condition: event.type == "vps.terminated"
      action:
        shutdown:
          message: the end
"""


@contextlib.contextmanager
def rulebook(folder: Path, port: int, secret: str, *more: str) -> t.Iterator[Rulebook]:
    """Start ansible-rulebook with the rules above."""
    (folder / "rules.yml").write_text(RULES)
    (folder / "vars.yml").write_text(yaml.safe_dump({"port": port}))
    env = environment(folder / "home", "http://127.0.0.1:9/v1", "none", WEBHOOK_SECRET=secret)
    arguments = ("--rulebook", "rules.yml", "--vars", "vars.yml", "-E", "WEBHOOK_SECRET", *more)
    with Rulebook(folder, env, *arguments) as running:
        yield running


@pytest.mark.slow
def test_the_deliveries_of_the_simulator_fire_once_and_the_rulebook_ends(tmp_path: Path) -> None:
    port, secret = free_port(), "12345678"  # which a template makes a number of
    with Simulator.start(deliver_to=f"http://127.0.0.1:{port}/") as simulator:
        simulator.seed(
            vps=[{"label": "web-1"}],
            webhooks=[{"url": "https://example.com/", "events": ["vps.power.changed"], "secret": secret}],
        )
        (vps,) = simulator.state()["vps"]
        with rulebook(tmp_path, port, secret, "--print-events") as running:
            running.wait_for_port(port)
            call(simulator, "POST", f"/vps/{vps['id']}/power/reboot")
            (fired,) = running.wait_for(r"^fired (\S+ \S+ \S+)$")
            assert fired.startswith(f"{vps['id']} reboot ")
            deliver_again(simulator, "vps.power.changed")
            assert deliver(port, "other", {"event": "vps.power.changed", "vpsId": 1}) == 401
            deep = json.loads("[" * 64 + "]" * 64)
            assert deliver(port, secret, {"event": "vps.created", "data": {"vpsId": 1, "x": deep}}) == 400
            deep = json.loads("[" * 60 + "]" * 60)
            assert deliver(port, secret, {"event": "vps.created", "data": {"vpsId": 1, "x": deep}}) == 200
            assert deliver(port, secret, {"event": "vps.terminated", "data": {"vpsId": 1}}) == 200
            assert running.wait_for_end() == 0
            assert running.output.count("\nfired ") == 1 and "Traceback" not in running.output
            assert secret not in running.output


@pytest.mark.slow
def test_the_rulebooks_of_the_collection_work_by_name(tmp_path: Path) -> None:
    """One shows each event, also one that is not known; the other writes the report after an event."""
    ports, report = (free_port(), free_port()), tmp_path / "report.html"
    (tmp_path / "localhost.yml").write_text("all: {hosts: {localhost: {}}}")
    names = "H444_WEBHOOK_SECRET,H444_WEBHOOK_PORT,H444_WEBHOOK_PATH"
    given = {"H444_WEBHOOK_SECRET": SECRET, "H444_WEBHOOK_PATH": "/hook", "REPORT_FILE": str(report)}
    with Simulator.start() as simulator:
        env = environment(tmp_path / "home", simulator.url, simulator.key, **given)
        shows = ("--rulebook", "h444.cloud.show_events", "-E", names)
        updates = ("--rulebook", "h444.cloud.update_report", "-E", f"{names},REPORT_FILE", "-i", "../localhost.yml")
        with contextlib.ExitStack() as stack:
            # Both at once, because each takes a while to start.
            shown, updated = (
                stack.enter_context(Rulebook(tmp_path / name, {**env, "H444_WEBHOOK_PORT": str(port)}, *arguments))
                for name, port, arguments in (("a", ports[0], shows), ("b", ports[1], updates))
            )
            shown.wait_for_port(ports[0])
            assert deliver(ports[0], SECRET, {"event": "vps.moved", "vpsId": 5}, "/hook") == 200
            shown.wait_for(r"^vps\.moved \{'vps_id': '5'\}$")
            updated.wait_for_port(ports[1])
            # What is no plain text breaks a playbook to which it is passed, or runs in it.
            label = "{{ lookup('ansible.builtin.pipe', 'touch ran') }} \U0001f680"
            body = {"event": "vps.created", "data": {"vpsId": 1, "label": label}}
            assert deliver(ports[1], SECRET, body, "/hook") == 200
            updated.wait_for(r"^PLAY RECAP .*\n.* failed=0 ")
            assert "<html" in report.read_text(encoding="utf-8") and not list(tmp_path.rglob("ran"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("secret", "port", "says"),
    [
        ("", 5000, "each secret must be a text that is not empty"),
        ("whsec_Canary", "Canary", "port: must be a whole number"),
    ],
)
def test_wrong_arguments_end_the_rulebook_with_one_sentence(
    tmp_path: Path, secret: str, port: t.Any, says: str
) -> None:
    with rulebook(tmp_path, port, secret) as running:
        assert running.wait_for_end() == 1
        assert says in running.output and "Canary" not in running.output
