# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where AWX runs the collection: in an execution environment, by ansible-runner, and without a home to write to."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.h444.cloud.tests.integration import surveys
from ansible_collections.h444.cloud.tests.integration.playing import (
    BIN,
    ROOT,
    Played,
    collections_path,
    secrets_in,
    shortened,
    shown_secrets,
)
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

pytestmark = pytest.mark.slow
UID = 12345
# An arbitrary user, as OpenShift gives one to a container. It may read all of Python, and writes only its own files.
AS_NOBODY = (
    "setpriv", f"--reuid={UID}", "--regid=0", "--clear-groups", "--inh-caps=-all,+dac_read_search",
    "--ambient-caps=-all,+dac_read_search", "--bounding-set=-all,+dac_read_search",
)  # fmt: skip
DEFINITION = ROOT / "docs" / "execution_environment" / "execution-environment.yml"
ANSWERS = {
    "prefix": "app",
    "count": 2,
    "plan_slug": "vps-1",
    "os_template": "ubuntu-24.04",
    "max_total_monthly_usd_cents": 2000,
    "ptr": "{label}.example.com",
}


def run(*command: str, env: t.Mapping[str, str] | None = None, cwd: Path | None = None) -> Played:
    """Run a command."""
    base = {"PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        command,
        env={**base, **(env or {})},
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=300,
        check=False,
    )
    return Played(done.returncode, done.stdout.decode("utf-8", "replace"))


def as_nobody() -> tuple[str, ...]:
    """Give what takes the rights of root away, nothing where the tests do not run as root or can't give them up."""
    if os.geteuid() == 0 and shutil.which("setpriv"):
        probe = [*AS_NOBODY, sys.executable, "-c", ""]
        if subprocess.run(probe, stderr=subprocess.DEVNULL, check=False, timeout=60).returncode == 0:
            return AS_NOBODY
    return ()


class DataDirectory:
    """A private data directory, laid out as AWX does."""

    def __init__(self, folder: Path, simulator: Simulator, archive: Path) -> None:
        self.folder, self.simulator = folder, simulator
        for name in ("env", "inventory", "project/collections", "tmp", "home-of-ansible"):
            (folder / name).mkdir(parents=True)
        # Nobody can write below a file, and root neither.
        (folder / "file").touch()
        self.home = folder / "file" / "home"
        (folder / "inventory" / "hosts").write_text("localhost ansible_connection=local\n")
        requirements = {"collections": [{"name": str(archive), "type": "file"}]}
        (folder / "project" / "collections" / "requirements.yml").write_text(yaml.safe_dump(requirements))
        self.env = {
            "HOME": str(self.home),
            "ANSIBLE_HOME": str(folder / "home-of-ansible"),
            "ANSIBLE_REMOTE_TMP": str(folder / "home-of-ansible" / "remote"),
            "TMPDIR": shortened(folder / "tmp"),
        }
        self.collections = folder / "requirements_collections"

    def install(self) -> None:
        """Install the collections that the project asks for, as the update of a project does."""
        file = self.folder / "project" / "collections" / "requirements.yml"
        done = run(
            "ansible-galaxy", "collection", "install", "-r", str(file), "-p", str(self.collections), "--offline",
            env=self.env,
        )  # fmt: skip
        assert done.code == 0 and (self.collections / "ansible_collections/h444/cloud/playbooks").is_dir(), done.output

    def start(self, name: str, *before: str, code: int = 0, more: str = "", **answers: t.Any) -> Played:
        """Run the job of a playbook. No event of it shows a secret."""
        plays = f"- ansible.builtin.import_playbook: h444.cloud.{name}\n{more}"
        (self.folder / "project" / "job.yml").write_text(plays)
        envvars = {
            "H444_API_KEY": self.simulator.key,
            "H444_API_URL": self.simulator.url,
            "H444_CA_PATH": "",  # a field of the credential that is not filled in
            "H444_PROTECTED": "",
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
            "ANSIBLE_HOST_KEY_CHECKING": "False",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.folder / "cp"),
            "ANSIBLE_REMOTE_PORT": str(self.simulator.ssh_port or 22),
            "JOB_ID": "7",
        }
        (self.folder / "env" / "envvars").write_text(yaml.safe_dump(envvars))
        variables = surveys.written({**surveys.answered(name, answers), **surveys.OF_AWX})
        (self.folder / "env" / "extravars").write_text(variables)
        if before:
            self.give_away()
        shutil.rmtree(self.folder / "artifacts", ignore_errors=True)
        done = run(*before, "ansible-runner", "run", str(self.folder), "-p", "job.yml", "--ident", "7", env=self.env)
        assert done.code == code, done.tail(60)
        events = [file.read_text("utf-8") for file in (self.folder / "artifacts" / "7" / "job_events").glob("*.json")]
        assert len(events) > 5
        secrets = secrets_in(self.simulator.state()) | {self.simulator.key}
        assert not shown_secrets(done.output + "".join(events), secrets)
        return done

    def give_away(self) -> None:
        """Give everything to the user of the container."""
        for path in (self.folder, *self.folder.rglob("*")):
            os.chown(path, UID, 0, follow_symlinks=False)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the archive."""
    folder = tmp_path_factory.mktemp("archive")
    env = {"HOME": str(folder)}
    done = run("ansible-galaxy", "collection", "build", str(ROOT), "--output-path", str(folder), env=env)
    (found,) = folder.glob("*.tar.gz")
    assert done.code == 0, done.output
    return found


@pytest.fixture
def make(archive: Path) -> t.Iterator[t.Callable[..., DataDirectory]]:
    """Give what starts an account and lays out a directory for it, whose path is short enough for sockets."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="h444-ee-", ignore_cleanup_errors=True))
        os.chmod(folder, 0o755)

        def start(**options: t.Any) -> DataDirectory:
            simulator = stack.enter_context(Simulator.start(preset="plain", balance=100000, **options))
            return DataDirectory(Path(folder, "runner"), simulator, archive)

        yield start


def test_an_image_gets_what_the_collection_requires() -> None:
    """ansible-builder finds the Python library in meta/execution-environment.yml."""
    done = run("ansible-builder", "introspect", "--sanitize", collections_path())
    found = yaml.safe_load(done.output[done.output.index("---") :])
    assert done.code == 0
    assert [one for one in found["python"] if one.endswith("# from collection h444.cloud")] == [
        f"{(ROOT / 'requirements.txt').read_text().strip()}  # from collection h444.cloud"
    ]


def test_the_example_definition_makes_a_context(tmp_path: Path) -> None:
    """Its image has the collection, the settings for a container without a home, and what ssh needs."""
    context = tmp_path / "context"
    command = ("create", "--file", str(DEFINITION), "--context", str(context), "--output-filename", "Containerfile")
    done = run("ansible-builder", *command)
    assert done.code == 0, done.output
    collections = yaml.safe_load((context / "_build" / "requirements.yml").read_text())["collections"]
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]
    assert collections == [{"name": "h444.cloud", "version": f">={version}"}]
    lines = (context / "Containerfile").read_text().splitlines()
    final = lines[next(at for at, line in enumerate(lines) if line.endswith(" AS final")) :]
    directories = {"HOME": "", "REMOTE_TMP": "/tmp", "SSH_CONTROL_PATH_DIR": "/cp"}
    assert {f"ENV ANSIBLE_{name}=/tmp/.ansible{end}" for name, end in directories.items()} <= set(final)
    assert "openssh-clients" in (context / "_build" / "bindep.txt").read_text()


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
@pytest.mark.skipif(shutil.which("sshpass") is None, reason="sshpass is not installed")
@pytest.mark.skipif(shutil.which("ssh-agent") is None, reason="OpenSSH's agent is not installed")
def test_a_job_orders_servers_and_logs_in_with_the_key_of_its_credential(make: t.Callable[..., DataDirectory]) -> None:
    """The agent has the key; a further play of the job reaches the servers; no file of the job keeps a password."""
    data = make(ssh=True, assume={"boot_seconds": 1})
    data.install()
    key = data.folder / "env" / "ssh_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    public = (data.folder / "env" / "ssh_key.pub").read_text()
    private = key.read_text()
    more = yaml.safe_dump(
        [{"hosts": "fleet", "gather_facts": False, "tasks": [{"ansible.builtin.raw": "cat /etc/hostname"}]}]
    )
    for changes in (True, False):
        key.write_text(private)  # ansible-runner hands it to the agent, and may remove it
        key.chmod(0o600)
        done = data.start("provision", more=more, authorized_keys=public, **ANSWERS)
        assert ("2 servers were ordered, for 9.60 USD a month." in done.output) is changes, done.tail()
        assert ("Nothing to order." in done.output) is not changes
        assert done.output.count("unreachable=0    failed=0") == 3
    assert len(data.simulator.debits()) == 2
    kept = [path.read_text("utf-8", "replace") for path in (data.folder / "tmp").rglob("*") if path.is_file()]
    assert not [text for text in kept if shown_secrets(text, secrets_in(data.simulator.state()))]


def test_a_job_runs_as_any_user_without_a_home(make: t.Callable[..., DataDirectory]) -> None:
    """It needs nothing outside of the temporary directory, where the processes of the user share the rate limit."""
    data = make()
    data.install()
    data.simulator.seed(vps=[{"label": "web-1"}, {"label": "web-2"}])
    before = as_nobody()
    done = data.start("power", *before, servers="web-*", state="stopped")
    assert "web-1: stopped" in done.output and "[WARNING]" not in done.output, done.tail()
    (shared,) = (data.folder / "tmp").glob("h444-*")
    assert shared.name == f"h444-{UID if before else os.geteuid()}"
    assert stat.S_IMODE(shared.stat().st_mode) == 0o700 and list(shared.glob("pace-*"))
    assert "already stopped" in data.start("power", *before, servers="web-*", state="stopped").output


def test_what_ansible_core_needs_without_a_home(make: t.Callable[..., DataDirectory]) -> None:
    """ANSIBLE_HOME for everything, and ANSIBLE_REMOTE_TMP for the modules of others, as the guide says."""
    data = make()
    tasks = [
        {"h444.cloud.h444_vps_info": {}, "register": "found"},
        {"ansible.builtin.debug": {"msg": "servers: {{ found.vps | length }}"}},
        {"ansible.builtin.command": "echo copied"},
    ]
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    file = data.folder / "project" / "site.yml"
    file.write_text(yaml.safe_dump([play]))
    before = as_nobody()
    if before:
        data.give_away()
    env = {
        **data.env,
        "H444_API_KEY": data.simulator.key,
        "H444_API_URL": data.simulator.url,
        "ANSIBLE_COLLECTIONS_PATH": collections_path(),
    }
    remote = env.pop("ANSIBLE_REMOTE_TMP")
    command = (*before, "ansible-playbook", str(file))
    done = run(*command, env=env)
    assert done.code == 4 and "servers: 0" in done.output
    assert "Failed to create temporary directory" in done.output
    done = run(*command, env={**env, "ANSIBLE_REMOTE_TMP": remote})
    assert done.code == 0, done.tail()
    del env["ANSIBLE_HOME"]
    done = run(*command, env=env)
    assert done.code != 0 and "Unable to create local directories" in done.output and "PLAY" not in done.output


def test_an_inventory_update_finds_the_collection_next_to_the_inventory(make: t.Callable[..., DataDirectory]) -> None:
    """AWX sets only a variable that ansible-core does not read any more."""
    data = make()
    data.simulator.seed(vps=[{"label": "web-1", "ips": [{"ip": "192.0.2.7"}]}])
    project = data.folder / "project"
    (project / "inventory.h444.yml").write_text("plugin: h444.cloud.h444\n")
    next_to_it = project / "collections" / "ansible_collections"
    next_to_it.symlink_to(Path(collections_path(), "ansible_collections"))
    before = as_nobody()
    if before:
        data.give_away()
    env = {
        **data.env,
        "H444_API_KEY": data.simulator.key,
        "H444_API_URL": data.simulator.url,
        "ANSIBLE_COLLECTIONS_PATHS": str(data.collections),
        "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
        "ANSIBLE_INVENTORY_EXPORT": "True",
    }
    output = data.folder / "tmp" / "inventory.json"
    command = [*before, "ansible-inventory", "--list", "--export", "-i", str(project / "inventory.h444.yml")]
    command += ["--output", str(output), "--playbook-dir", str(project), "-vvv"]
    done = run(*command, env=env)
    assert done.code == 0, done.output
    assert json.loads(output.read_text())["_meta"]["hostvars"]["web-1"]["ansible_host"] == "192.0.2.7"
    assert not shown_secrets(done.output, {data.simulator.key})
    next_to_it.unlink()
    assert run(*command, env=env).code != 0
