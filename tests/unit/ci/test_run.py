# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The frame around the checks: what is tested where, what counts as run, one sentence for each lack of a machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "ci"))

if sys.version_info < (3, 11):
    pytest.skip("the checks are run by Python 3.11 or newer", allow_module_level=True)

import machine
import run

P311, P312, P313, P314 = (3, 11), (3, 12), (3, 13), (3, 14)


@pytest.mark.parametrize(
    ("available", "cores", "missing"),
    [
        ([P311], ["2.18 on Python 3.11", "2.19 on Python 3.11"], ["2.21", "2.22"]),
        ([P312], ["2.18 on Python 3.12", "2.21 on Python 3.12"], ["2.22"]),
        ([P313], ["2.18 on Python 3.13", "2.21 on Python 3.13", "2.22 on Python 3.13"], []),
        ([P314], ["2.21 on Python 3.14", "2.22 on Python 3.14"], ["2.18"]),
        ([(3, 8), (3, 9), P311, P312, P313], ["2.18 on Python 3.11", "2.21 on Python 3.12", "2.22 on Python 3.13"], []),
    ],
)
def test_each_python_tests_the_cores_that_it_can_run(
    available: list[run.Version], cores: list[str], missing: list[str]
) -> None:
    """Each Python that the README names is enough by itself; what it can't test is named with what it would need."""
    chosen, left_out = run.choose_cores(available)
    assert [str(core) for core in chosen] == cores
    assert [text.split()[0] for text in left_out] == missing
    assert all(re.fullmatch(r"2\.\d\d \(needs Python 3\.\d\d–3\.\d\d\)", text) for text in left_out)


def test_dialects_are_played_on_the_newest_released_core() -> None:
    """A release candidate is tested, but isn't what users have."""
    assert run.newest_of(run.choose_cores([P311, P312, P313])[0]).version == "2.21"
    assert run.newest_of(run.choose_cores([P311])[0]).version == "2.19"
    assert run.newest_of(run.choose_cores([P313], ["2.22"])[0]).version == "2.22"


def test_cores_that_are_asked_for_are_tested() -> None:
    """CORES takes any core there is a list of requirements for."""
    assert [core.version for core in run.choose_cores([P312, P313], ["2.20"])[0]] == ["2.20"]
    with pytest.raises(run.Failed, match=r"no ansible-core 2\.17 in CORES"):
        run.choose_cores([P312], ["2.17"])
    with pytest.raises(run.Failed, match="No Python from 3.11 to 3.14"):
        run.choose_cores([(3, 10)])
    for version in run.CONTROLLERS:
        assert (ROOT / "tests" / "requirements" / f"core-{version}.txt").exists(), version


def checks(monkeypatch: pytest.MonkeyPatch, *asked: str) -> run.Checks:
    """Make the checks of a machine with three Pythons."""
    monkeypatch.delenv("CORES", raising=False)
    monkeypatch.setattr(run, "pythons", lambda: {P311: "", P312: "", P313: ""})
    return run.Checks(set(asked))


def test_the_newest_core_tests_all_and_the_others_what_can_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others test the plugins, with module_utils on the oldest and the newest Python.

    The newest plays every target in every dialect, the oldest each in one of them, the one to come all in the same.
    """
    given: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {}

    def pytest_of(_self: run.Checks, name: str, _core: run.Core, *what: str, **more: str) -> str:
        given[name] = what, more
        return ""

    monkeypatch.setattr(run.Checks, "pytest", pytest_of)
    monkeypatch.setattr(run.Checks, "last_words", lambda _self: ["43 of 43 endpoints answered an integration target"])
    everything = checks(monkeypatch, "all")
    for kind in ("unit", "integration"):
        for stage in everything.on_cores(kind):
            stage.work()
    assert given["unit-2.21"] == (("tests/unit",), {})
    assert given["unit-2.18"] == given["unit-2.22"] == (("tests/unit/plugins",), {})
    assert given["integration-2.21"] == (("tests/integration",), {"H444_EXTENT": "light"})
    for version, tests, extent in (
        ("2.18", run.ON_THE_OLDEST_CORE, "one dialect"),
        ("2.22", run.ON_THE_COMING_CORE, "in process only"),
    ):
        what = tuple(f"tests/integration/{test}" for test in tests)
        assert given[f"integration-{version}"] == (what, {"at_least": 25, "H444_EXTENT": extent})
        for test in tests:
            file, _colons, function = test.partition("::")
            assert f"def {function}" in (ROOT / "tests" / "integration" / file).read_text(encoding="utf-8")
    checks(monkeypatch, "integration").on_cores("integration")[0].work()
    assert given["integration-2.21"] == (("tests/integration",), {})
    checks(monkeypatch, "quick").on_cores("unit")[0].work()
    assert given["unit-2.21"][0] == ("tests/unit", "-m", "not slow")


def test_integration_tests_fail_where_no_endpoint_was_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether each endpoint answered a target is looked at only where all targets were played and noted it."""
    monkeypatch.setattr(run.Checks, "pytest", lambda *_given, **_more: "250 passed")
    monkeypatch.setattr(run.Checks, "last_words", lambda _self: ["250 passed in 9.00s"])
    newest = checks(monkeypatch, "all").on_cores("integration")[0]
    with pytest.raises(run.Failed, match="endpoint"):
        newest.work()


def test_the_summary_of_an_earlier_run_is_not_shown_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "integration-2.21.log").write_text("150 passed in 9.00s\n", encoding="utf-8")
    monkeypatch.setattr(run, "LOGS", tmp_path)
    assert checks(monkeypatch, "all").last_words() == ["150 passed in 9.00s"]
    assert checks(monkeypatch, "quick").last_words() == []


def test_the_longest_stages_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short ones at the end keep both lanes at work."""
    names = [stage.name for stage in checks(monkeypatch, "all").slow()]
    assert names[:2] == ["unit-2.21", "integration-2.21"] and names[-2:] == ["docs", "ansible-doc"]
    assert {f"{kind}-{core}" for kind in ("unit", "sanity", "integration") for core in ("2.18", "2.21", "2.22")} < set(
        names
    )
    assert names.index("integration-2.22") < names.index("molecule") < names.index("sanity-2.21")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            "all",
            "Tested: ansible-core 2.18 on Python 3.11, 2.21 on Python 3.12, 2.22 on Python 3.13. Not tested: nothing",
        ),
        ("quick", "Not tested: ansible-core 2.18 on Python 3.11, 2.22 on Python 3.13; what takes long (make test)."),
    ],
)
def test_the_verdict_names_what_was_left_out(asked: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said in checks(monkeypatch, asked).verdict()


def test_the_verdict_names_the_packages_without_which_tests_are_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = checks(monkeypatch, "all")
    everything.lacking = ["bubblewrap", "sshpass"]
    logins = "logins to servers of the simulator (apt-get install bubblewrap sshpass)"
    assert f"Not tested: {logins}." in everything.verdict()
    everything.lacking.append("chromium")
    assert f"Not tested: {logins}; pages in a browser (apt-get install chromium)." in everything.verdict()


@pytest.mark.parametrize(("lacking", "is_good"), [([], False), (["bubblewrap"], True)])
def test_a_test_is_skipped_for_a_program_only_where_that_is_lacking(
    lacking: list[str], is_good: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    output = (
        "SKIPPED [9] tests/integration/test_x.py:23: bubblewrap is not installed\n== 99 passed, 9 skipped in 1 s ==\n"
    )
    monkeypatch.setattr(run, "run", lambda *_given, **_more: output)
    monkeypatch.setattr(run, "environment", lambda *_given, **_more: {"PYTHONDONTWRITEBYTECODE": "1"})
    everything = checks(monkeypatch, "all")
    everything.lacking = lacking
    if is_good:
        assert everything.pytest("integration-2.21", everything.newest, "tests/integration") == "99 passed"
        return
    with pytest.raises(run.Failed, match="tests were skipped although everything is installed:\n.*test_x.py:23"):
        everything.pytest("integration-2.21", everything.newest, "tests/integration")


@pytest.mark.parametrize(
    ("ci", "uid", "program", "may"),
    [
        ("true", 0, "/usr/bin/apt-get", True),
        ("", 0, "/usr/bin/apt-get", False),
        ("true", 1000, "/usr/bin/apt-get", False),
        ("true", 0, None, False),
    ],
)
def test_only_ci_as_root_installs_packages(
    ci: str, uid: int, program: str | None, may: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody's own machine is changed."""
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(machine.os, "getuid", lambda: uid)
    monkeypatch.setattr(machine.shutil, "which", lambda _name: program)
    assert machine.may_install() is may


def test_packages_are_named_by_the_programs_that_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"ssh": "/usr/bin/ssh", "/usr/libexec/openssh/sftp-server": "/usr/libexec/openssh/sftp-server"}
    there["google-chrome"] = "/usr/bin/google-chrome"
    monkeypatch.setattr(machine.shutil, "which", there.get)
    assert machine.lacking_packages() == [
        "bubblewrap",
        "openssh-server",
        "sshpass",
        "chromium-driver",
        "default-jre-headless",
    ]


@pytest.mark.parametrize(
    ("fails", "said"),
    [
        ([], ["install"]),
        (["install"], ["install", "update", "install"]),
        (["install", "update"], ["install", "update"]),
        (["install", "install"], ["install", "update", "install"]),
    ],
)
def test_lists_of_packages_are_read_anew_only_if_the_installation_fails(
    fails: list[str], said: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given: list[str] = []
    left = list(fails)

    def command(words: list[str], _log: Path, **_more: t.Any) -> str:
        given.append(words[1])
        if words[1] in left:
            left.remove(words[1])
            raise machine.Failed("exit code 100")
        return ""

    monkeypatch.setattr(machine, "run", command)
    monkeypatch.setattr(machine, "LOGS", machine.ROOT / ".cache" / "no-such-logs")
    if len(fails) < 2:
        machine.install_packages(["bubblewrap"])
    else:
        with pytest.raises(machine.Failed, match="^apt-get can't install bubblewrap, which the tests need"):
            machine.install_packages(["bubblewrap"])
    assert given == said


def recap(*scenarios: str, missing: str = "") -> str:
    """Write the end of what molecule prints."""
    lines = [
        f"{name:<26}: actions=8  successful={8 - (name == missing)}  disabled=0  skipped=0  "
        f"missing={int(name == missing)}  failed=0"
        for name in scenarios
    ]
    return "\n".join(["SCENARIO RECAP", *lines, ""])


@pytest.mark.parametrize("lacking", [[], ["bubblewrap"], ["chromium"]])
def test_molecule_plays_every_scenario_that_this_machine_can(
    lacking: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {file.parent.name for file in (ROOT / "extensions" / "molecule").glob("*/molecule.yml")}
    has_no_logins = lacking == ["bubblewrap"]
    expected = found - run.WITH_LOGINS if has_no_logins else found
    given: list[list[str]] = []

    def command(words: list[str], _log: Path, *, cwd: Path, **_more: t.Any) -> str:
        given.append(words[1:])
        return recap(*sorted(expected)) if cwd == ROOT else recap("default")

    monkeypatch.setattr(run, "run", command)
    monkeypatch.setattr(run, "environment", lambda *_given, **_more: {"PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "1"})
    everything = checks(monkeypatch, "all")
    everything.lacking = lacking
    assert "account" in everything.molecule() and "web_hosting" in expected
    clean = ["destroy", "--all"]
    assert given == [clean, ["test", "--all", *(["--exclude=fleet"] if has_no_logins else [])], clean, ["test"]]


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (recap("default", "account"), "molecule played account, default, not .*web_hosting.* left out none"),
        (
            recap("account", "default", "fleet", "web_hosting", missing="account"),
            "left out account; log: .cache/log/molecule.log",
        ),
        ("", "molecule played nothing, not"),
    ],
)
def test_a_scenario_that_molecule_left_out_or_a_step_without_a_playbook_is_a_failure(
    output: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """molecule itself passes over a playbook that is not there."""
    monkeypatch.setattr(run, "run", lambda *_given, **_more: output)
    monkeypatch.setattr(run, "environment", lambda *_given, **_more: {"PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "1"})
    with pytest.raises(run.Failed, match=said):
        checks(monkeypatch, "all").molecule()


def sanity_log(pythons: t.Iterable[str], names: t.Iterable[str] = ()) -> str:
    """Write what ansible-test prints."""
    lines = []
    for name in sorted(names or run.SANITY):
        on = [f" on Python {python}" for python in pythons] if name in ("compile", "import") else [""]
        lines += [f'Running sanity test "{name}"{one}' for one in on]
    return "\n".join(
        [
            "WARNING: Reviewing previous 1 warning(s):",
            *lines,
            'WARNING: Skipping sanity test "import" on Python 3.14',
            "",
        ]
    )


def test_one_python_is_enough_for_the_sanity_tests() -> None:
    """What counts is which tests ran, not how often."""
    ran, imported = run.sanity_tests(sanity_log(["3.11"]))
    assert not run.SANITY - ran
    assert imported == {P311}


@pytest.mark.parametrize("name", ["validate-modules", "pylint", "import", "compile", "ansible-doc"])
def test_a_sanity_test_that_did_not_run_is_missed(name: str) -> None:
    """Neither many Pythons nor a test that found nothing to look at make up for it."""
    others = run.SANITY - {name}
    ran, _imported = run.sanity_tests(sanity_log(["3.8", "3.9", "3.10", "3.11", "3.12", "3.13"], others))
    assert run.SANITY - ran == {name}
    ran, _imported = run.sanity_tests(
        sanity_log(["3.11"], others) + f'Running sanity test "{name}"\nNo tests applicable.\n'
    )
    assert run.SANITY - ran == {name}


def test_pythons_are_written_as_spans() -> None:
    """Pythons are written for people."""
    assert run.spans([(3, 8), (3, 9), P311, P312, P313]) == "3.8–3.9, 3.11–3.13"
    assert run.spans([P311]) == "3.11"


def test_stages_in_lanes_all_run_and_one_failure_is_the_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    """A stage that fails hides no other, and each has its own whole line."""

    def bad() -> str:
        raise run.Failed("it broke")

    stages = [
        run.Stage("one", lambda: "fine"),
        run.Stage("two", bad),
        run.Stage("three", lambda: str(1 // 0)),
        run.Stage("four", lambda: ""),
    ]
    assert not run.in_lanes(stages)
    assert run.in_lanes(stages[:1])
    lines = capsys.readouterr().out.splitlines()
    assert sorted(line.split()[:2] for line in lines) == [
        ["FAIL", "three"],
        ["FAIL", "two"],
        ["ok", "four"],
        ["ok", "one"],
        ["ok", "one"],
    ]
    assert any(line.endswith("it broke") for line in lines)


def test_pip_that_fails_is_one_sentence(tmp_path: Path) -> None:
    """An index that can't be reached, and one that lacks a release."""
    log = machine.LOGS / "venv-x.log"
    refused = (
        "WARNING: Retrying … NewConnectionError('… [Errno 111] Connection refused')\n"
        "ERROR: No matching distribution found for ansible-core==2.21.5"
    )
    assert machine.why_no_packages(refused, log, P313).startswith("The package index can't be reached")
    lacking = "ERROR: No matching distribution found for ansible-core==2.22.0rc1"
    assert machine.why_no_packages(lacking, log, P313).startswith(
        "The package index has no ansible-core==2.22.0rc1 for Python 3.13"
    )
    for text in (refused, lacking):
        assert "\n" not in machine.why_no_packages(text, log, P313)


def test_requirements_of_ansible_test_come_from_the_index(tmp_path: Path) -> None:
    """The archive of a commit on a web server becomes the release of the same name."""
    file = (
        tmp_path
        / "lib"
        / "python3.13"
        / "site-packages"
        / "ansible_test"
        / "_data"
        / "requirements"
        / "sanity.pylint.txt"
    )
    file.parent.mkdir(parents=True)
    file.write_text("astroid==4.0.4\ndill @ https://example.com/dill/archive/2308.zip#sha256=0901\nisort==9.0.1\n")
    machine._take_from_the_index(tmp_path)
    assert file.read_text() == "astroid==4.0.4\ndill\nisort==9.0.1\n"


# Whole commands, in a copy of what they need


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Copy the Makefile and the checks to a folder that is no git repository."""
    folder = tmp_path / "checkout"
    shutil.copytree(ROOT / "tests" / "ci", folder / "tests" / "ci", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests" / "requirements", folder / "tests" / "requirements")
    (folder / "tests" / "simulator").mkdir()
    for file in (ROOT / "tests" / "simulator").glob("requirements*.txt"):
        shutil.copy(file, folder / "tests" / "simulator")
    shutil.copy(ROOT / "Makefile", folder)
    return folder


def make(checkout: Path, *arguments: str, **more: str) -> tuple[int, list[str]]:
    """Run make, and give its exit code and what it said, but for make's own lines and those that show the progress."""
    if shutil.which("make") is None:
        pytest.skip("there is no make")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "CORES"))}
    env.update(more)
    answer = subprocess.run(
        ["make", *arguments],
        cwd=checkout,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    said = [line for line in answer.stdout.splitlines() if not re.match(r"make| +\d+:\d\d … ", line)]
    return answer.returncode, said


def fake_python(folder: Path, body: str) -> str:
    """Write a program that stands in for a Python."""
    file = folder / "python"
    file.write_text("#!/bin/sh\n" + body)
    file.chmod(0o755)
    return str(file)


def test_help_lists_every_target(checkout: Path) -> None:
    """Each target of the Makefile has a line."""
    code, lines = make(checkout, "help")
    assert code == 0
    shown = {line.split()[0] for line in lines}
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert shown == targets - {"python"}


@pytest.mark.slow
@pytest.mark.parametrize("target", ["demo", "test", "quick", "sim"])
def test_a_python_that_is_missing_or_too_old_or_bare_is_one_sentence(
    checkout: Path, tmp_path: Path, target: str
) -> None:
    """One sentence each, that says what to do."""
    code, lines = make(checkout, target, "PYTHON=python9.99")
    assert code and lines == [
        "There is no python9.99. Install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3 …"
    ]
    old = fake_python(tmp_path, 'echo "$0 is Python 3.10; 3.11 or newer is needed." >&2; exit 1\n')
    code, lines = make(checkout, target, f"PYTHON={old}")
    assert code and len(lines) == 1
    bare = fake_python(tmp_path, f'case "$2" in *ensurepip*) exit 1;; esac; exec {sys.executable} "$@"\n')
    code, lines = make(checkout, target, f"PYTHON={bare}")
    assert code and len(lines) == 1 and "lacks the modules venv and ensurepip" in lines[0]


@pytest.mark.slow
@pytest.mark.parametrize("target", ["demo", "quick"])
def test_an_index_that_cannot_be_reached_is_one_sentence(checkout: Path, target: str) -> None:
    """One sentence, without pip's own."""
    if target == "quick":
        (checkout / "galaxy.yml").touch()
        subprocess.run(["git", "init", "-q"], cwd=checkout, check=True)
    none = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_RETRIES": "0",
        "PIP_FIND_LINKS": "",
        "PIP_CONFIG_FILE": os.devnull,
    }
    code, lines = make(checkout, target, f"PYTHON={sys.executable}", **none)
    assert code
    assert len([line for line in lines if not line.startswith("Setting up")]) == 1, lines
    assert "The package index can't be reached" in lines[-1]


@pytest.mark.slow
@pytest.mark.parametrize("target", ["demo", "test"])
def test_a_checkout_that_cannot_be_written_is_one_sentence(checkout: Path, target: str) -> None:
    """One sentence that names the folder."""
    (checkout / ".cache").write_text("in the way")
    code, lines = make(checkout, target, f"PYTHON={sys.executable}")
    assert code and len(lines) == 1
    assert f"{checkout}/.cache can't be written" in lines[0]


@pytest.mark.slow
def test_a_folder_that_is_no_git_repository_is_named(checkout: Path) -> None:
    """An unpacked archive of the source is told what is missing."""
    code, lines = make(checkout, "quick", f"PYTHON={sys.executable}", GIT_CEILING_DIRECTORIES=str(checkout.parent))
    assert code and len(lines) == 1
    assert "is no git repository" in lines[0]


@pytest.mark.slow
def test_two_runs_at_once_are_refused(checkout: Path) -> None:
    """The second is refused with a sentence, for both would write the same files."""
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; sys.path.insert(0, 'tests/ci'); import machine\n"
            "with machine.claim('checks'): print(flush=True); input()",
        ],
        cwd=checkout,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout and holder.stdin
    holder.stdout.readline()
    try:
        code, lines = make(checkout, "test", f"PYTHON={sys.executable}")
        assert code and lines == [
            "FAIL Another run of the checks is at work in this checkout; start this one when it has ended."
        ]
    finally:
        holder.communicate(b"\n")


@pytest.mark.slow
def test_two_demos_at_once_wait_for_one_environment(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second says that it waits, and takes what the first has made."""
    monkeypatch.setattr(machine, "CACHE", checkout / ".cache")
    monkeypatch.setattr(machine, "ROOT", checkout)
    monkeypatch.setattr(machine, "LOGS", checkout / ".cache" / "log")
    made = []
    monkeypatch.setattr(machine, "run", lambda command, log, env: made.append(command) or _made(command))
    version = next(iter(machine.pythons()))
    with machine.claim("venv-demo"):
        import threading

        other = threading.Thread(target=machine.venv_for, args=("demo", version))
        other.start()
        other.join(0.5)
        assert other.is_alive() and not made
    other.join(20)
    machine.venv_for("demo", version)
    assert len(made) == 2, "made once: venv and pip"
    assert capsys.readouterr().out.count("Another run is making .cache/venv/demo; waiting") == 1


def _made(command: list[str]) -> str:
    if command[2] == "venv":
        Path(command[3]).mkdir(parents=True)
    return ""


def test_readme_and_metadata_say_what_is_supported() -> None:
    """The table of the README, what Ansible is told, and what is tested are one."""
    table = re.findall(
        r"^\| (2\.\d\d.*?) \| (3\.\d\d.*?) \| 3\.\d and newer \|$",
        (ROOT / "README.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    told = {version: python for versions, python in table for version in re.findall(r"2\.\d\d", versions)}
    assert set(told) == set(run.CONTROLLERS)
    for version, python in told.items():
        lowest, highest = (run.dotted(edge(run.CONTROLLERS[version])) for edge in (min, max))
        assert python in (f"{lowest} – {highest}", f"{lowest} and newer"), version
    assert f'requires_ansible: ">={run.OLDEST}.0"' in (ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8")
