# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks for job templates, with the answers to their surveys as AWX passes them."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import tempfile
import typing as t
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.tests.integration import surveys
from ansible_collections.h444.cloud.tests.integration.applying import changed, lines, message
from ansible_collections.h444.cloud.tests.integration.playing import (
    ROOT,
    Played,
    environment,
    play,
    secrets_in,
    shortened,
    shown_secrets,
)
from ansible_collections.h444.cloud.tests.simulator.testing import Simulator

pytestmark = pytest.mark.slow
HOSTILE = "{{ lookup('pipe', 'touch was-run') }}"
ORDER = {"plan_slug": "vps-2", "os_template": "ubuntu-24.04", "max_total_monthly_usd_cents": 3000}
SAFE_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIUvb1ZDsAoDqvEmrCWpvtNR0FQo2fXx7A1OK5eLdbuS"


class Jobs:
    """An account, and the jobs that are started on it."""

    def __init__(self, folder: Path, simulator: Simulator, **env: str) -> None:
        self.simulator, self.folder = simulator, folder / "project"
        self.folder.mkdir()
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        more = {"H444_API_RETRIES": "0", "TMPDIR": shortened(self.temporary), **env}
        self.env = environment(folder / "home", simulator.url, simulator.key, **more)
        self.is_awx = True

    def start(
        self,
        name: str,
        *more: str,
        code: int = 0,
        env: t.Mapping[str, str] | None = None,
        playbook: str = "",
        **answers: t.Any,
    ) -> Played:
        """Start a job with the answers to its survey. No output shows a secret, and no template is evaluated.

        *playbook*: the file to play, if it is not that of the survey's name.
        """
        variables = {**surveys.answered(name, answers), **(surveys.OF_AWX if self.is_awx else {})}
        (self.folder / "extravars").write_text(surveys.written(variables), encoding="utf-8")
        command = ["ansible-playbook", playbook or f"h444.cloud.{name}", "-e", "@extravars", *more]
        played = play(command, {**self.env, **(env or {})}, self.folder)
        assert played.code == code, played.tail(60)
        assert not shown_secrets(played.output, secrets_in(self.simulator.state()) | {self.simulator.key})
        assert not (self.folder / "was-run").exists()
        return played

    def refused(self, name: str, *more: str, env: t.Mapping[str, str] | None = None, **answers: t.Any) -> str:
        """Start a job that must fail and write nothing; gives its message."""
        self.simulator.clear_journal()
        played = self.start(name, *more, code=2, env=env, **answers)
        assert self.simulator.writes() == [] and changed(played) == 0
        return message(played)

    def servers(self) -> dict[str, t.Any]:
        """Give the servers by their label."""
        return {row["label"]: row for row in self.simulator.state()["vps"] if row["alive"]}

    def addresses(self) -> dict[str, t.Any]:
        """Give the PTR records of all addresses."""
        return {row["ip"]: row["ptr"] for server in self.servers().values() for row in server["ips"]}


@pytest.fixture
def jobs(tmp_path: Path) -> t.Iterator[Jobs]:
    """Start an account with some servers, one of whose labels is a template."""
    with Simulator.start(preset="plain", balance=100000) as simulator:
        rows = [
            {"label": label, "hostname": f"host-{number}", "plan_slug": "vps-1", "ips": [{"ip": f"192.0.2.{number}"}]}
            for number, label in enumerate(("web-1", "web-2", "db-1", HOSTILE), start=1)
        ]
        rows[0]["ips"].append({"ip": "2001:db8::1", "ptr": "six.example.com"})
        simulator.seed(vps=rows)
        yield Jobs(tmp_path, simulator)


def test_power(jobs: Jobs) -> None:
    """Patterns choose servers; check mode says what the run does; the second run changes nothing."""
    answers = {"servers": "WEB-*\r\ndb-1\r\n", "exclude": "web-2", "state": "stopped"}
    jobs.simulator.clear_journal()
    checked = jobs.start("power", "--check", **answers)
    assert changed(checked) == 1 and jobs.simulator.writes() == []
    assert lines(checked) == ["Check mode: nothing was changed.", "web-1: to stop", "db-1: to stop"]
    done = jobs.start("power", **answers)
    assert changed(done) == 1 and lines(done) == ["web-1: stopped", "db-1: stopped"]
    assert {label: row["status"] for label, row in jobs.servers().items()} == {
        "web-1": "stopped", "web-2": "running", "db-1": "stopped", HOSTILE: "running",
    }  # fmt: skip
    again = jobs.start("power", **answers)
    assert changed(again) == 0 and lines(again) == ["web-1: already stopped", "db-1: already stopped"]
    everything = jobs.start("power", servers="**", state="restarted", env={"H444_PROTECTED": "mail-*"})
    assert f"{HOSTILE}: restarted" in lines(everything) and "web-1: started" in lines(everything)


def test_provision_never_terminates_a_server(jobs: Jobs) -> None:
    """Not even where the inventory says so to the role that it uses."""
    for path, more in (("group_vars", ("-i", "hosts")), ("", ("-e", "fleet_state=absent"))):
        if path:
            (jobs.folder / "hosts").write_text("localhost\n", encoding="utf-8")
            (jobs.folder / path).mkdir()
            (jobs.folder / path / "all.yml").write_text("fleet_state: absent\n", encoding="utf-8")
        told = jobs.refused("provision", *more, labels="web-1", authorized_keys=SAFE_KEY, **ORDER)
        assert told == (
            "fleet_state must be present or not set: this playbook never removes a server. Nothing was changed."
        )
    assert "web-1" in jobs.servers()


def test_the_pattern_runs_provision(jobs: Jobs) -> None:
    """From the path that its job template has, in check mode."""
    playbook = ROOT / "extensions" / "patterns" / "order_fleet" / "playbooks" / "order_fleet.yml"
    jobs.simulator.clear_journal()
    answers = {"labels": "web-1\r\napp-1", "authorized_keys": SAFE_KEY, **ORDER}
    checked = jobs.start("provision", "--check", playbook=str(playbook), **answers)
    assert jobs.simulator.writes() == [] and changed(checked) > 0
    assert "app-1: to order, 9.60 USD a month" in lines(checked)


def test_power_is_refused(jobs: Jobs) -> None:
    """What matches nothing changes nothing, also in check mode, and protected servers are not interrupted."""
    for more in ((), ("--check",)):
        text = jobs.refused("power", *more, servers="web-*\nbd-1", state="stopped")
        assert text == "power_servers: no server matches 'bd-1'. Did you mean 'db-1' or 'web-1'? Nothing was changed."
    text = jobs.refused("power", servers="**", state="restarted", env={"H444_PROTECTED": "db-*"})
    assert text.startswith("These servers are protected, so they are not restarted: 'db-1' (by 'db-*').")
    jobs.simulator.faults(
        {"method": "POST", "path": "/vps/{id}/power/stop", "nth": 1, "when": "before", "kind": "status", "status": 400}
    )
    failed = jobs.start("power", code=2, servers="web-*", state="stopped")
    jobs.simulator.clear_faults()
    assert sum(": stopped" in line for line in lines(failed)) == 1 and "1 of 2 servers failed" in lines(failed)[-1]


def test_reverse_dns(jobs: Jobs) -> None:
    """From a pattern, then as a list; records of other addresses stay as they are."""
    answers = {"pattern": "{label}.example.com", "servers": "web-*", "addresses": "all"}
    jobs.simulator.clear_journal()
    checked = jobs.start("reverse_dns", "--check", **answers)
    assert changed(checked) == 1 and jobs.simulator.writes() == []
    assert "2001:db8::1 (web-1): web-1.example.com, now six.example.com" in lines(checked)
    assert changed(jobs.start("reverse_dns", **answers)) == 1
    assert jobs.addresses() == {
        "192.0.2.1": "web-1.example.com", "2001:db8::1": "web-1.example.com", "192.0.2.2": "web-2.example.com",
        "192.0.2.3": None, "192.0.2.4": None,
    }  # fmt: skip
    again = jobs.start("reverse_dns", **answers)
    assert changed(again) == 0 and all(line.endswith(", unchanged") for line in lines(again))
    listed = {"records": "192.0.2.3 db-1.example.com\r\n2001:db8::1 null\r\n"}
    done = jobs.start("reverse_dns", **listed)
    assert changed(done) == 1 and "2001:db8::1 (web-1): no record, was web-1.example.com" in lines(done)
    assert jobs.addresses()["192.0.2.3"] == "db-1.example.com" and jobs.addresses()["2001:db8::1"] is None
    assert changed(jobs.start("reverse_dns", **listed)) == 0


def test_reverse_dns_is_refused(jobs: Jobs) -> None:
    """A label that is no hostname, an unknown address, a hostname that does not resolve, a protected record."""
    assert "is not a valid hostname" in jobs.refused("reverse_dns", pattern="{label}.example.com", servers="**")
    jobs.simulator.clear_journal()
    unknown = jobs.start("reverse_dns", code=2, records="192.0.2.1 a.example.com\n192.0.2.99 b.example.com")
    assert any(line.startswith("192.0.2.99: failed: ") for line in lines(unknown))
    record = "192.0.2.1 does-not-exist.invalid"
    forward = jobs.start("reverse_dns", code=2, records=record, require_forward="true")
    assert "does not resolve" in lines(forward)[-1]
    protected = jobs.start("reverse_dns", "-e", "reverse_dns_protected=six.*", code=2, records="2001:db8::1 null")
    assert "is protected by the pattern 'six.*'" in lines(protected)[-1]
    assert jobs.simulator.writes() == []


def test_provision_with_a_file(jobs: Jobs) -> None:
    """A number of servers and further labels, with names; the second run orders nothing."""
    answers = {"prefix": "app", "count": 2, "labels": "web-1", "ptr": "{label}.example.com", **ORDER}
    given = ("-e", "provision_authorized_keys=", "-e", "provision_credentials_file=credentials.json")
    keys = {"authorized_keys": SAFE_KEY}
    for more in ((), ("--check",)):
        text = jobs.refused("provision", "-e", "provision_authorized_keys=", *more, **keys, **answers)
        assert "nothing would keep their one-time passwords: app-1, app-2." in text
    assert "/credentials.json is gone after this job of AWX" in jobs.refused("provision", *given, **keys, **answers)
    jobs.is_awx = False
    jobs.simulator.clear_journal()
    checked = jobs.start("provision", *given, "--check", **keys, **answers)
    assert jobs.simulator.writes() == [] and changed(checked) > 0
    assert lines(checked)[1:3] == ["app-1: to order, 9.60 USD a month", "app-2: to order, 9.60 USD a month"]
    done = jobs.start("provision", *given, **keys, **answers)
    rows = jobs.servers()
    address = rows["app-1"]["ips"][0]["ip"]
    assert lines(done)[0] == f"app-1: ordered, 9.60 USD a month, running, {address}, app-1.example.com"
    assert lines(done)[-1] == "2 servers were ordered, for 19.20 USD a month."
    assert len(json.loads((jobs.folder / "credentials.json").read_text())) >= 1
    assert jobs.addresses()["192.0.2.1"] == "web-1.example.com"
    for more in (given, ("-e", "provision_authorized_keys=")):
        again = jobs.start("provision", *more, **keys, **answers)
        assert changed(again) == 0 and lines(again)[-1] == "Nothing to order."
    assert len(jobs.simulator.debits()) == 2


def test_provision_is_refused(jobs: Jobs) -> None:
    """The limit holds for all new servers together, and a hostname goes to one server."""
    given = ("-e", "provision_authorized_keys=", "-e", "provision_credentials_file=credentials.json")
    answers = {"authorized_keys": SAFE_KEY, "prefix": "app", "count": 4, **ORDER}
    jobs.is_awx = False
    jobs.simulator.clear_journal()
    failed = jobs.start("provision", *given, code=2, **answers)
    assert "max_total_monthly_usd_cents" in lines(failed)[-1] and jobs.simulator.writes() == []
    assert "to 'app-1' and to 'app-2'" in jobs.refused("provision", *given, ptr="www.example.com", **answers)


@pytest.fixture
def new_jobs() -> t.Iterator[Jobs]:
    """Start an empty account whose servers take logins, with a folder whose path is short enough for sockets."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="h444-jobs-", ignore_cleanup_errors=True)))
        simulator = stack.enter_context(
            Simulator.start(preset="plain", assume={"boot_seconds": 1}, ssh=True, balance=100000)
        )
        found = Jobs(folder, simulator, ANSIBLE_REMOTE_PORT=str(simulator.ssh_port))
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", found.folder / "id"], check=True)
        yield found


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
@pytest.mark.skipif(shutil.which("sshpass") is None, reason="sshpass is not installed")
def test_provision_with_keys(new_jobs: Jobs) -> None:
    """The passwords are needed within the job only: the servers can be reached by key, and nothing keeps a password."""
    jobs = new_jobs
    public = (jobs.folder / "id.pub").read_text()
    answers = {"prefix": "app", "count": 2, "authorized_keys": f"# mine\r\n{public}", **ORDER}
    key = ("-e", "provision_private_key_file=id")
    jobs.simulator.clear_journal()
    checked = jobs.start("provision", *key, "--check", **answers)
    assert jobs.simulator.writes() == [] and lines(checked)[-1].startswith("2 servers would be ordered")
    done = jobs.start("provision", *key, **answers)
    assert lines(done)[-1] == "2 servers were ordered, for 19.20 USD a month."
    assert "password login switched off" in done.output
    left = [file.read_text() for file in jobs.temporary.rglob("*") if file.is_file() and file.name != "known_hosts"]
    assert not [text for text in left if shown_secrets(text, secrets_in(jobs.simulator.state()))]
    again = jobs.start("provision", *key, **answers)
    assert changed(again) == 0 and lines(again)[:1] == [
        line for line in lines(again)[:1] if ": existed, running" in line
    ]
    assert len(jobs.simulator.debits()) == 2
    (jobs.folder / "id").unlink()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", jobs.folder / "id"], check=True)
    lost = jobs.start("provision", *key, code=2, **answers)
    assert re.search("app-1: .*password", lines(lost)[-1]) and len(jobs.simulator.debits()) == 2
