# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays real playbooks over HTTP: the commands of Ansible, a home of their own, and a look at what came out."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
PRESETS = ("plain", "wrapped", "sparse", "odd")
BIN = Path(sys.executable).parent
WARM = ROOT / "tests" / "integration" / "warm.py"
COMPILING = ROOT / "tests" / "integration" / "compiling"
COMPILED = ROOT / ".cache" / "compiled"
# Where each target notes which endpoints answered it; conftest.py looks whether all were met. Two cores may be at it.
EXERCISED = ROOT / ".cache" / "exercised" / os.environ.get("H444_TEST_CORE", "one")
# How much of each target is played, see ways() in test_targets.py. run.py chooses for each core.
EVERY, LIGHT, ONE_DIALECT, IN_PROCESS_ONLY = "every", "light", "one dialect", "in process only"
EXTENT = os.environ.get("H444_EXTENT", EVERY)
assert EXTENT in (EVERY, LIGHT, ONE_DIALECT, IN_PROCESS_ONLY), f"H444_EXTENT={EXTENT}"
SECRET_WORDS = ("password", "secret", "api_key", "access_token", "refresh_token")


def dialects(*presets: str) -> tuple[str, ...]:
    """Give the dialects in which a test is played: the first of them where one has to do."""
    return presets if EXTENT in (EVERY, LIGHT) else presets[:1]


class Played(t.NamedTuple):
    """What a command said."""

    code: int
    output: str

    def tail(self, lines: int = 40) -> str:
        """Give the failed tasks, each with what it said first, and the end of the output."""
        failures = re.findall(r"^(?:fatal|failed): .*?(?=^\S|\Z)", self.output, re.MULTILINE | re.DOTALL)
        messages = [
            match
            for failure in failures
            for match in re.findall(r"^ *\"?(?:msg|assertion)\"?: .*|^(?:fatal|failed): .*", failure, re.MULTILINE)
        ]
        return "\n".join([*messages[-20:], "…", *self.output.splitlines()[-lines:]])


def collections_path() -> str:
    """Say where the collection under test lies: the installed archive in CI, the work tree in a quick loop."""
    return os.environ.get("ANSIBLE_COLLECTIONS_PATH") or str(ROOT / ".cache" / "link")


def shortened(folder: Path) -> str:
    """Give a link to a folder: the path of a socket, such as that of ansible-core, has 107 characters at most."""
    link = _short_path(folder)
    link.unlink(missing_ok=True)
    link.symlink_to(folder)
    atexit.register(link.unlink, missing_ok=True)
    return str(link)


def _short_path(folder: Path) -> Path:
    return Path(tempfile.gettempdir(), "h444-" + hashlib.sha256(str(folder).encode()).hexdigest()[:12])


def environment(home: Path, url: str, key: str, **more: str) -> dict[str, str]:
    """Give the environment of one play: nothing of the user's, the simulator as the API."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "H444_", "PYTHONPATH"))
    }
    for folder in (home, COMPILED):
        folder.mkdir(parents=True, exist_ok=True)
    # Where ssh shares connections: below the folder of a test, a path is too long for a socket.
    sockets = _short_path(home)
    atexit.register(shutil.rmtree, sockets, ignore_errors=True)
    kept.update(
        ANSIBLE_SSH_CONTROL_PATH_DIR=str(sockets),
        HOME=str(home),
        ANSIBLE_HOME=str(home / ".ansible"),
        ANSIBLE_REMOTE_TMP=str(home / "tmp"),
        XDG_RUNTIME_DIR=str(home),
        PATH=f"{BIN}{os.pathsep}{kept.get('PATH', '')}",
        ANSIBLE_COLLECTIONS_PATH=collections_path(),
        ANSIBLE_NOCOLOR="1",
        ANSIBLE_LOCALHOST_WARNING="false",
        ANSIBLE_INVENTORY_UNPARSED_WARNING="false",
        ANSIBLE_RETRY_FILES_ENABLED="false",
        H444_API_URL=url,
        H444_API_KEY=key,
        H444_RATE_LIMIT="0",
        LC_ALL="C.UTF-8",
        PYTHONPATH=str(COMPILING),
        H444_COMPILED=str(COMPILED),
    )
    kept.update(more)
    return kept


def play(
    command: list[str], env: dict[str, str], cwd: Path, timeout_seconds: int = 300, is_warm: bool = False
) -> Played:
    """Run one of Ansible's commands; what it prints on both channels comes back as one text.

    *is_warm*: the modules run in forks of one Python, and not each in a cold one of its own; see warm.py.
    """
    program = [sys.executable, str(WARM), command[0]] if is_warm else [str(BIN / command[0])]
    answer = subprocess.run(
        [*program, *command[1:]],
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=timeout_seconds,
        check=False,
    )
    return Played(answer.returncode, answer.stdout.decode("utf-8", "replace"))


def kill_tree(process: subprocess.Popen[t.Any]) -> None:
    """Kill a process and all that it has started: the workers of ansible-core have sessions of their own."""
    tree: list[int] = []
    new = {process.pid}
    while new:
        for one in new:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGSTOP)  # so that it starts no other one
        tree += new
        new = {child for child, parent in _parents().items() if parent in tree} - set(tree)
    for one in tree:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)
    process.wait(60)


def _parents() -> dict[int, int]:
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            found[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    return found


def write_playbook(folder: Path, tasks: list[dict[str, t.Any]], **more: t.Any) -> Path:
    """Write a playbook with one play on this machine."""
    file = folder / "site.yml"
    one = {"name": "Play", "hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks, **more}
    one.setdefault("vars", {})["ansible_python_interpreter"] = "{{ ansible_playbook_python }}"
    file.write_text(yaml.safe_dump([one], sort_keys=False), encoding="utf-8")
    return file


def write_kept(folder: Path, task: dict[str, t.Any]) -> Path:
    """Write a playbook that plays one task and keeps its result, failed or not, in result.json."""
    keep = {
        "name": "Keep",
        "ansible.builtin.copy": {
            "content": "{{ made | to_json }}",
            "dest": str(folder / "result.json"),
            "mode": "0600",
        },
        "no_log": True,
        "check_mode": False,
    }
    return write_playbook(folder, [{**task, "register": "made", "ignore_errors": True}, keep])


def start(playbook: Path, env: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a play in the folder of its playbook, without waiting for its end; nothing of it is shown."""
    return subprocess.Popen(
        [str(BIN / "ansible-playbook"), "-i", "localhost,", str(playbook)],
        env={**env, "ANSIBLE_LOCAL_TEMP": str(playbook.parent / "tmp")},
        cwd=playbook.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def secrets_in(state: t.Any) -> set[str]:
    """Collect every secret that the simulator knows."""
    found: set[str] = set()
    if isinstance(state, dict):
        for name, value in state.items():
            if name == "assume":  # the switches speak of passwords, they hold none
                continue
            if (
                isinstance(value, str)
                and len(value) >= 8
                and any(word in name.lower() for word in SECRET_WORDS)
                and "*" not in value
            ):
                found.add(value)
            if name.startswith(("h444_at_", "h444_rt_")):  # tokens are the names of their entries
                found.add(name)
            found |= secrets_in(value)
    elif isinstance(state, list):
        for value in state:
            found |= secrets_in(value)
    return found


def shown_secrets(output: str, secrets: t.Iterable[str]) -> list[str]:
    """Name the secrets that an output holds, as they are or as JSON writes them, by their first letters."""
    return sorted(secret[:4] + "…" for secret in secrets if secret in output or json.dumps(secret)[1:-1] in output)
