# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event source changes without an API: its documentation, its libraries, its arguments, its end."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import threading
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.h444.cloud.plugins.module_utils import _changes, _spec
from ansible_collections.h444.cloud.tests.unit.eda.loading import ROOT, SOURCES, load

SOURCE = load("changes")
SECONDS = 120
KEY = "h444_a_key_of_the_test"


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take away what the machine brings along."""
    for name in [name for name in os.environ if name.startswith("H444_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


def refusal(**args: t.Any) -> str:
    """Give the sentence with which the source ends."""

    async def run() -> None:
        await asyncio.wait_for(SOURCE.main(asyncio.Queue(), args), SECONDS)

    with pytest.raises(RuntimeError) as ended:
        asyncio.run(run())
    assert KEY not in str(ended.value)
    return str(ended.value)


# Documentation


def test_the_documented_arguments_are_those_that_there_are() -> None:
    documented = yaml.safe_load(SOURCE.DOCUMENTATION)["options"]
    assert set(documented) == {*_spec.API, *SOURCE.OWN_ARGUMENTS}
    for name, spec in _spec.API.items():
        assert documented[name].get("default") == spec.get("default"), name
        assert documented[name]["type"] == spec["type"]
        assert spec["fallback"][1][0] in "".join(documented[name]["description"])
    assert documented["interval"]["default"] == SOURCE.INTERVAL_SECONDS
    assert documented["events"]["choices"] == list(_changes.EVENTS)
    assert sorted(documented["expires_in_days"]["default"]) == sorted(_changes.EXPIRES_IN_DAYS)


def rulebooks() -> list[t.Any]:
    """Give the rulesets of the examples and of the shipped rulebook."""
    shipped = (ROOT / "extensions" / "eda" / "rulebooks" / "show_changes.yml").read_text(encoding="utf-8")
    return [*yaml.safe_load(SOURCE.EXAMPLES), *yaml.safe_load(shipped)]


def test_examples_use_arguments_and_events_that_there_are() -> None:
    assert len(rulebooks()) == 3
    for ruleset in rulebooks():
        ((arguments,),) = [[source[name] for name in source if name != "name"] for source in ruleset["sources"]]
        assert set(arguments) <= {*_spec.API, *SOURCE.OWN_ARGUMENTS}
        assert set(arguments.get("events", [])) <= set(_changes.EVENTS)
        assert ruleset["rules"]


# Libraries


def test_the_libraries_are_those_beside_the_source() -> None:
    library = SOURCE.library("_watch")
    assert Path(library.__file__).resolve() == ROOT / "plugins" / "module_utils" / "_watch.py"
    assert library.__name__ == "h444_cloud_event_source_changes._watch"


def load_elsewhere(path: Path, folder: Path, *before: str) -> subprocess.CompletedProcess[str]:
    """Load a source in a process without PYTHONPATH, as ansible-rulebook does, and import its libraries."""
    lines = [
        *before,
        "import runpy, sys",
        f"source = runpy.run_path({str(path)!r})",
        "print(source['library']('_client').__file__)",
        "print('ansible_collections' in sys.modules)",
    ]
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], env=environ, cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_it_loads_from_an_installed_collection_and_from_links(tmp_path: Path) -> None:
    """Also where ansible_collections is another installation, which must not be used."""
    inside = Path("ansible_collections", "h444", "cloud")
    for part in ("plugins/module_utils", "extensions/eda"):
        shutil.copytree(
            ROOT / part, tmp_path / "copy" / inside / part, ignore=shutil.ignore_patterns("__pycache__"), symlinks=True
        )
    (tmp_path / "link" / inside.parent).mkdir(parents=True)
    (tmp_path / "link" / inside).symlink_to(ROOT)
    (tmp_path / "other" / inside / "plugins" / "module_utils").mkdir(parents=True)
    (tmp_path / "other" / inside / "plugins" / "module_utils" / "_client.py").write_text("raise SystemExit('wrong')\n")
    for tree, where in (("copy", tmp_path / "copy" / inside), ("link", ROOT)):
        path = tmp_path / tree / inside / SOURCES.relative_to(ROOT) / "changes.py"
        for before in ("", f"import sys; sys.path.insert(0, {str(tmp_path / 'other')!r}); import ansible_collections"):
            done = load_elsewhere(path, tmp_path, before)
            client, is_imported = done.stdout.split() or ("", "")
            assert client == str(where / "plugins" / "module_utils" / "_client.py"), done.stderr
            assert is_imported == str(bool(before))


@pytest.mark.slow
def test_a_copy_of_the_file_alone_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a/b/c/d").mkdir(parents=True)
    path = Path(shutil.copy(SOURCES / "changes.py", tmp_path / "a/b/c/d"))
    assert "does not work as a copy. Install the collection h444.cloud" in load_elsewhere(path, tmp_path).stderr


# Arguments


@pytest.mark.parametrize(
    ("args", "part"),
    [
        ({}, "api_key: the key is missing. Set the option or the environment variable H444_API_KEY."),
        ({"api_key": ""}, "api_key: the key is missing"),
        ({"api_key": "nonsense"}, "it does not begin with 'h444_'"),
        ({"api_key": KEY, "api_url": "http://example.com"}, "api_url: http would send the key unencrypted"),
        ({"api_key": KEY, "api_timeout": 0}, "api_timeout: must be at least 1 second."),
        ({"api_key": KEY, "interval": 1}, "interval: must be at least 5."),
        ({"api_key": KEY, "interval": 0}, "interval: must be at least 5."),
        ({"api_key": KEY, "events": ["vps.gone"]}, "events: 'vps.gone' is not a known event"),
        ({"api_key": KEY, "events": []}, "events: at least one event is required"),
        ({"api_key": KEY, "balance_below_usd_cents": 0}, "balance_below_usd_cents: must be at least 1."),
        ({"api_key": KEY, "expires_in_days": ["soon"]}, "expires_in_days: 'soon' is not a whole number."),
        ({"api_key": KEY, "state_file": "/none/there/state"}, "the directory /none/there does not exist"),
        ({"api_key": KEY, "key": KEY}, "'key' is not an argument of this source"),
        ({"api_key": KEY, "api_timeout": KEY}, "api_timeout: "),
    ],
)
def test_wrong_arguments_end_the_source_with_a_sentence(args: dict[str, t.Any], part: str) -> None:
    assert part in refusal(**args)


def test_a_state_file_in_use_is_refused_and_free_afterwards(tmp_path: Path) -> None:
    file = SOURCE.library("_state_file").StateFile(str(tmp_path / "state"))
    file.open()
    assert "another event source uses it" in refusal(api_key=KEY, state_file=str(tmp_path / "state"))
    file.close()
    (tmp_path / "state").write_text("[]")
    assert "is not a state file" in refusal(api_key=KEY, state_file=str(tmp_path / "state"))
    (tmp_path / "state").unlink()
    file.open()
    file.close()


# Its thread, its queue, its end


class Watcher:
    """Gives events, in place of the account; *steps*: what each step does."""

    def __init__(self, *steps: t.Callable[[], None], events: int = 0) -> None:
        self.steps = list(steps)
        self.unsent = [{"type": "t", "number": number} for number in range(events)]
        self.deeds: list[str] = []

    def step(self) -> None:
        """Do the next one; then nothing for ever."""
        (self.steps.pop(0) if self.steps else threading.Event().wait)()

    def keep(self) -> None:
        """Note that the state was kept."""
        self.deeds.append("kept")

    def note_sent(self) -> None:
        """Take the first event away."""
        self.unsent = self.unsent[1:]
        self.deeds.append("sent")


def watch(watcher: Watcher, size: int, story: t.Callable[[asyncio.Queue[t.Any]], t.Awaitable[None]]) -> None:
    """Run the source's loop on a queue of this size, tell a story, and cancel it. Raises what the loop raises."""

    async def run() -> None:
        queue: asyncio.Queue[t.Any] = asyncio.Queue(size)
        task = asyncio.ensure_future(SOURCE.watch_account(queue, watcher))
        told = asyncio.ensure_future(story(queue))
        await asyncio.wait([task, told], timeout=SECONDS, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        if not task.done():
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, SECONDS)

    asyncio.run(run())


def test_events_are_kept_before_they_are_queued_and_noted_one_by_one() -> None:
    watcher = Watcher(lambda: None, events=3)

    async def story(queue: asyncio.Queue[t.Any]) -> None:
        assert [(await queue.get())["number"] for _event in range(3)] == [0, 1, 2]

    watch(watcher, 1, story)
    assert watcher.deeds == ["kept", "sent", "sent", "sent"]


def test_an_event_that_waits_for_the_queue_is_not_sent_when_the_source_is_stopped() -> None:
    watcher = Watcher(lambda: None, events=3)

    async def story(queue: asyncio.Queue[t.Any]) -> None:
        while not queue.full() or watcher.deeds[-1] != "sent":
            await asyncio.sleep(0)

    watch(watcher, 1, story)
    assert watcher.deeds == ["kept", "sent"]
    assert [event["number"] for event in watcher.unsent] == [1, 2]


def test_a_step_that_blocks_neither_stops_the_loop_nor_the_end() -> None:
    entered = threading.Event()

    def block() -> None:
        entered.set()
        threading.Event().wait()

    async def story(_queue: asyncio.Queue[t.Any]) -> None:
        while not entered.is_set():
            await asyncio.sleep(0)  # the loop runs while the step blocks

    watch(Watcher(block), 1, story)
    assert entered.is_set()


def test_a_mistake_of_ours_shows_no_value() -> None:
    def fail() -> None:
        raise KeyError(KEY)

    async def story(_queue: asyncio.Queue[t.Any]) -> None:
        await asyncio.Event().wait()

    with pytest.raises(
        RuntimeError, match="Unexpected KeyError at test_changes_source.py:[0-9]+. This is a bug"
    ) as ended:
        watch(Watcher(fail), 1, story)
    assert KEY not in str(ended.value)


def test_the_wait_for_the_next_round_ends_with_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("H444_API_KEY", KEY)
    stop, closers = threading.Event(), []
    watcher = SOURCE.open_watcher({"rate_limit": 0}, stop, closers)
    watcher._rounds._next_at += 10_000
    threads = [threading.Thread(target=_until_stopped, args=(watcher, SOURCE.library("_watch").Stopped))]
    threads[0].start()
    stop.set()
    threads[0].join(SECONDS)
    assert not threads[0].is_alive()
    for close in closers:
        close()


def _until_stopped(watcher: t.Any, stopped: type[Exception]) -> None:
    with pytest.raises(stopped):
        watcher.step()
