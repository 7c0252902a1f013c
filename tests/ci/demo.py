# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Show the collection on the simulator: order three servers, set their PTR records, do it again, show the inventory.

Where the simulator can give its servers logins, it also logs in to them for the first time, and plays a task on them.

Usage: demo.py [--simulator-only PORT [OPTIONS OF THE SIMULATOR]
               | --benchmark [inventory | tasks | pace] [OPTIONS OF THE BENCHMARK]]
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from machine import LINK, LOGS, ROOT, Failed, dotted, environment, free_port, prepare_trees, pythons, venv_for

KEY = "h444_simulator_full_access_key"
SSH_PORT = "2222"  # not only root may use it, and no sshd of this machine does
INVENTORY = "playbooks/inventory/demo.h444.yml"
BENCHMARKS = ("inventory", "tasks", "pace")


def stop(text: str) -> None:
    """End with one sentence."""
    sys.exit(f"demo: {text}")


def prepare() -> Path:
    """Make the virtual environment and the link under which Ansible finds the collection."""
    version = max(version for version in pythons() if (3, 11) <= version <= (3, 14))
    try:
        prepare_trees()
        LOGS.mkdir(parents=True, exist_ok=True)
        print(
            f"Setting up (Python {dotted(version)}; "
            "ansible-core, requests and the simulator go into .cache/venv/demo) …",
            flush=True,
        )
        return venv_for("demo", version)
    except Failed as error:
        stop(str(error))
        raise


def start_simulator(venv: Path, port: int, log: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start the simulator, with logins if it can; give the process, and why there are no logins, if so."""
    if not shutil.which("ssh-keygen"):
        return start(venv, port, log), "OpenSSH's client is not installed."
    try:
        return start(venv, port, log, "--ssh-port", SSH_PORT), ""
    except Refused as refused:
        return start(venv, port, log), str(refused)


class Refused(Exception):
    """The simulator says in a sentence why it does not start."""


def start(venv: Path, port: int, log: Path, *options: str) -> subprocess.Popen[bytes]:
    """Start the simulator and wait until it answers. Raises Refused."""
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [str(venv / "bin" / "python"), str(ROOT / "tests" / "simulator"), "--port", str(port), *options],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=environment(venv),
        )
    for _try in range(100):
        if process.poll() == 2 and options:
            raise Refused(log.read_text().strip().removeprefix("simulator: "))
        if process.poll() is not None:
            stop(f"the simulator did not start:\n{log.read_text()}")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_sim/assumptions", timeout=2).close()
            return process
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    process.kill()
    stop(f"the simulator did not answer within 10 seconds; log: {log}")
    raise AssertionError


def state(port: int) -> dict:
    """Read the simulator's whole state."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_sim/state", timeout=10) as answer:
        return json.load(answer)


def ansible(venv: Path, port: int, folder: str, *command: str) -> str:
    """Run one of Ansible's commands against the simulator and give its output."""
    env = environment(venv)
    env.update(
        H444_API_URL=f"http://127.0.0.1:{port}/v1",
        H444_API_KEY=KEY,
        HOME=folder,
        ANSIBLE_HOME=folder,
        ANSIBLE_COLLECTIONS_PATH=str(LINK),
        ANSIBLE_LOCALHOST_WARNING="false",
        ANSIBLE_INVENTORY_UNPARSED_WARNING="false",
        ANSIBLE_DEPRECATION_WARNINGS="false",
        ANSIBLE_NOCOLOR="1",
        DEMO_SECRETS=str(Path(folder) / "secrets.json"),
        ANSIBLE_REMOTE_USER="root",
        ANSIBLE_REMOTE_PORT=SSH_PORT,
        ANSIBLE_PRIVATE_KEY_FILE=str(Path(folder) / "id_ed25519"),
        # Nothing of the user's own ssh.
        ANSIBLE_SSH_ARGS=f"-F none -o LogLevel=ERROR -o ControlMaster=no -o UserKnownHostsFile={folder}/known_hosts",
    )
    full = [str(venv / "bin" / command[0]), *command[1:]]
    answer = subprocess.run(
        full, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if answer.returncode:
        stop(f"{' '.join(command)} failed:\n{answer.stdout[-3000:]}\n{answer.stderr[-2000:]}")
    return answer.stdout


def dollars(cents: int) -> str:
    """Write an amount of money."""
    return f"${cents / 100:.2f}"


def recap(output: str) -> str:
    """Take the one line that counts out of a playbook's output."""
    found = re.search(r"localhost\s*:\s*(.*)", output)
    return re.sub(r"\s+", " ", found.group(1)).strip() if found else ""


def log_in(venv: Path, port: int, folder: str) -> None:
    """Bring the servers from their passwords to a login by key, and play a task on them."""
    key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "demo", "-f", str(Path(folder, "id_ed25519"))]
    subprocess.run(key, stdin=subprocess.DEVNULL, check=True)
    print("$ ansible-playbook playbooks/demo_login.yml", flush=True)
    print(f"  {recap(ansible(venv, port, folder, 'ansible-playbook', 'playbooks/demo_login.yml'))}")
    print("  The first login was by password. Now root logs in by key, and the servers offer no passwords.\n")
    print(f"$ ansible h444 -i {INVENTORY} -m raw -a 'uname -n'", flush=True)
    print(ansible(venv, port, folder, "ansible", "h444", "-i", INVENTORY, "-m", "raw", "-a", "uname -n"))


def demo(venv: Path) -> None:
    """Tell the story."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="h444-demo-") as folder:
        simulator, no_logins = start_simulator(venv, port, Path(folder, "simulator.log"))
        try:
            before = state(port)["account"]["balance_usd_cents"]
            print(
                f"The simulator plays 444Host at http://127.0.0.1:{port}/v1; the wallet holds {dollars(before)}.\n",
                flush=True,
            )
            print("$ ansible-playbook playbooks/demo.yml", flush=True)
            first = ansible(venv, port, folder, "ansible-playbook", "playbooks/demo.yml")
            print(f"  {recap(first)}\n")
            now = state(port)
            rows = json.loads(Path(folder, "fleet.json").read_text())
            print(f"  {'bought':<8}{'plan':<8}{'price':<14}{'address':<18}reverse DNS")
            for row in rows:
                price = dollars(row["cents"]) + "/month"
                print(f"  {row['label']:<8}{row['plan']:<8}{price:<14}{row['ipv4']:<18}{row['ptr']}")
            spent = before - now["account"]["balance_usd_cents"]
            print(
                f"\n  {dollars(spent)} were debited; the wallet holds {dollars(now['account']['balance_usd_cents'])}."
            )
            mode = oct(Path(folder, "secrets.json").stat().st_mode & 0o777)[2:]
            print(f"  The three root passwords went to a file of mode {mode}; no output shows them.\n")
            print("$ ansible-playbook playbooks/demo.yml        # again", flush=True)
            again = recap(ansible(venv, port, folder, "ansible-playbook", "playbooks/demo.yml"))
            print(f"  {again}")
            if (
                "changed=0" not in again
                or state(port)["account"]["balance_usd_cents"] != now["account"]["balance_usd_cents"]
            ):
                stop("the second run changed something, which it must not")
            print("  Nothing was ordered twice.\n")
            print(f"$ ansible-inventory -i {INVENTORY} --graph", flush=True)
            print(ansible(venv, port, folder, "ansible-inventory", "-i", INVENTORY, "--graph"))
            if no_logins:
                print(f"No server is logged in to: {no_logins}\n")
            else:
                log_in(venv, port, folder)
        finally:
            simulator.terminate()
            try:
                simulator.wait(10)
            except subprocess.TimeoutExpired:
                simulator.kill()
    print("The simulator is stopped. What to type next:")
    print("  make sim                 keeps it running, to try playbooks of your own without spending money")
    print("  less playbooks/demo.yml  is what was played; README.md shows the same on a real account")


def benchmark(venv: Path, arguments: list[str]) -> int:
    """Run the benchmark that is named first, with its options; without a name, one after another."""
    names = arguments[:1] if arguments[:1] and arguments[0] in BENCHMARKS else []
    for name in names or BENCHMARKS:
        script = str(ROOT / "tests" / "benchmarks" / f"{name}.py")
        command = [str(venv / "bin" / "python"), script, *arguments[len(names) :]]
        code = subprocess.run(command, env=environment(venv), check=False).returncode
        if code:
            return code
    return 0


def main(arguments: list[str]) -> int:
    """Run the demo, the simulator alone, or the benchmarks."""
    venv = prepare()
    python = str(venv / "bin" / "python")
    if arguments[:1] == ["--simulator-only"]:
        os.execve(python, [python, str(ROOT / "tests" / "simulator"), "--port", *arguments[1:]], environment(venv))
    if arguments[:1] == ["--benchmark"]:
        return benchmark(venv, arguments[1:])
    demo(venv)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
