# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the checks, a line for each. Needs Python 3.11 or newer and nothing else; everything it makes is under .cache.

Usage: run.py [all|quick|lint|unit|sanity|integration|molecule|setup] ...
CORES="2.19 2.20" in the environment takes these ansible-cores instead of those of the matrix.
"""

from __future__ import annotations

import collections
import json
import os
import re
import shutil
import signal
import sys
import tarfile
import tempfile
import threading
import time
import typing as t
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import guide
import progress
from machine import (
    CACHE,
    INSTALLED,
    LINK,
    LOGINS,
    LOGS,
    PACKAGES,
    ROOT,
    Failed,
    Version,
    claim,
    copied_tree,
    dotted,
    end_children,
    environment,
    files_of_repository,
    free_port,
    indented,
    install_packages,
    lacking_packages,
    may_install,
    needed_for,
    prepare_sanity,
    prepare_trees,
    pythons,
    run,
    say,
    spans,
    venv_for,
)

# Which Pythons can be a controller of which ansible-core, the preferred one first: between them they cover all.
CONTROLLERS: dict[str, tuple[Version, ...]] = {
    "2.18": ((3, 11), (3, 12), (3, 13)),
    "2.19": ((3, 11), (3, 12), (3, 13)),
    "2.20": ((3, 12), (3, 13), (3, 14)),
    "2.21": ((3, 12), (3, 13), (3, 14)),
    "2.22": ((3, 13), (3, 14)),
}
OLDEST, NEWEST, COMING = "2.18", "2.21", "2.22"
LINT_PYTHONS: tuple[Version, ...] = ((3, 11), (3, 12), (3, 13), (3, 14))
ASKED = ("all", "quick", "setup", "lint", "unit", "sanity", "integration", "molecule")
# Sanity tests without which a run has not looked at the collection. How often one runs depends on the Pythons at hand.
SANITY = {
    "action-plugin-docs",
    "ansible-doc",
    "changelog",
    "compile",
    "import",
    "line-endings",
    "no-assert",
    "no-illegal-filenames",
    "pep8",
    "pylint",
    "replace-urlopen",
    "runtime-metadata",
    "shebang",
    "symlinks",
    "use-argspec-type-path",
    "validate-modules",
    "yamllint",
}
# What is played on the oldest core: what its action plugins, templates and callbacks do with modules, roles, playbooks.
# Lost replies, killed processes, tokens, guides and pages are the same on every core.
ON_THE_OLDEST_CORE = (
    "test_targets.py",
    "test_examples.py",
    "test_secrets.py",
    "test_credentials_file.py",
    "test_module_defaults.py",
    "test_warm.py",
    "test_apply.py",
    "test_export.py::test_an_unchanged_account_is_written_once",
    "test_export.py::test_names_of_the_account_never_run_and_come_back_as_they_are",
    "test_report.py::test_hostile_texts_stay_texts",
    "test_playbooks.py::test_power",
    "test_playbooks.py::test_reverse_dns",
    "test_playbooks.py::test_provision_with_a_file",
    "test_fleet_role.py::test_twelve_servers_take_a_login_by_key_after_one_run_and_the_next_changes_nothing",
    "test_fleet_role.py::test_without_sshpass_the_core_passes_the_password_or_nothing_is_ordered",
)
# A core that is still to come: does each module work there, and does it keep secrets.
ON_THE_COMING_CORE = ("test_targets.py", "test_secrets.py", "test_credentials_file.py")
# What touches Ansible is tested on each core, and module_utils on each core's Python; the rest on the newest core.
ON_EVERY_CORE = "tests/unit/plugins"
# The scenarios of molecule that log in to servers.
WITH_LOGINS = {"fleet"}
# What starts processes, or tries thousands of inputs; see pyproject.toml.
WITHOUT_SLOW = ("-m", "not slow")
LANES, WORKERS = 2, 2
# Many of these wait for the clock of a retry or of a server that boots.
INTEGRATION_WORKERS = 3
PROGRESS = progress.Progress()


class Core(t.NamedTuple):
    """An ansible-core that is tested, and the Python on which it is."""

    version: str
    python: Version

    def __str__(self) -> str:
        return f"{self.version} on Python {dotted(self.python)}"


class Stage(t.NamedTuple):
    """A check with the name under which its line and its log stand."""

    name: str
    work: t.Callable[[], str]


# What is tested where


def choose_cores(available: t.Collection[Version], asked: t.Sequence[str] = ()) -> tuple[list[Core], list[str]]:
    """Choose the ansible-cores that the Pythons at hand can run: the oldest, the newest, the one to come.

    Gives also what is left out, and why.
    """
    unknown = [version for version in asked if version not in CONTROLLERS]
    if unknown:
        raise Failed(f"There is no ansible-core {unknown[0]} in CORES; there are {', '.join(CONTROLLERS)}.")
    cores: list[Core] = []
    missing: list[str] = []
    wanted = list(asked) or [OLDEST, NEWEST, COMING]
    if not asked and _python_for(NEWEST, available) is None:
        # The newest one that can be tested stands in for it.
        stand_in = next(
            (
                version
                for version in reversed(CONTROLLERS)
                if OLDEST < version < NEWEST and _python_for(version, available)
            ),
            None,
        )
        wanted[1:1] = [stand_in] if stand_in else []
    for version in wanted:
        python = _python_for(version, available)
        if python is None:
            missing.append(f"{version} (needs Python {spans(CONTROLLERS[version])})")
        else:
            cores.append(Core(version, python))
    if not cores:
        raise Failed(
            f"No Python from 3.11 to 3.14 with the modules venv and ensurepip fits ansible-core {', '.join(wanted)}."
        )
    return cores, missing


def _python_for(version: str, available: t.Collection[Version]) -> Version | None:
    return next((python for python in CONTROLLERS[version] if python in available), None)


def newest_of(cores: t.Sequence[Core]) -> Core:
    """Choose the core that plays every dialect: the newest that is released, where it is there."""
    return next(
        (core for core in cores if core.version == NEWEST),
        cores[-1] if cores[-1].version != COMING else cores[max(0, len(cores) - 2)],
    )


def sanity_tests(output: str) -> tuple[set[str], set[Version]]:
    """Read which sanity tests ansible-test really ran, and on which Pythons it imported the modules."""
    ran: list[tuple[str, Version | None]] = []
    for line in output.splitlines():
        found = re.fullmatch(r'Running sanity test "([\w-]+)"(?: on Python (\d+)\.(\d+))?', line.strip())
        if found:
            ran.append((found.group(1), (int(found.group(2)), int(found.group(3))) if found.group(2) else None))
        elif line.strip() == "No tests applicable." and ran:
            ran.pop()
    return {name for name, _python in ran}, {python for name, python in ran if name == "import" and python}


def molecule_recap(output: str) -> tuple[set[str], set[str]]:
    """Read which scenarios molecule played, and which of them had steps that did nothing, for lack of a playbook."""
    lines = re.findall(r"^(\S+) +: actions=(\d+) +successful=(\d+) ", output, re.MULTILINE)
    return {name for name, _all, _good in lines}, {name for name, actions, good in lines if actions != good}


# Running stages


def stage(name: str, work: t.Callable[[], str]) -> bool:
    """Run one stage and print its line."""
    started = time.monotonic()
    for old in LOGS.glob(f"{name}*.log"):
        old.unlink()
    try:
        with PROGRESS.stage(name):
            note, word = work(), "ok  "
    except Failed as error:
        note, word = str(error), "FAIL"
    except Exception as error:  # a stage must not hide the others
        note, word = f"{type(error).__name__}: {error}", "FAIL"
    say(f"{word} {name:<26} {time.monotonic() - started:6.1f} s  {note}".rstrip())
    return word == "ok  "


def in_lanes(stages: t.Sequence[Stage], lanes: int = LANES) -> bool:
    """Run stages side by side, in their order."""
    waiting = collections.deque(stages)
    results: list[bool] = []

    def lane() -> None:
        while True:
            try:
                one = waiting.popleft()
            except IndexError:
                return
            results.append(stage(one.name, one.work))

    threads = [threading.Thread(target=lane, daemon=True) for _lane in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(results) == len(stages) and all(results)


class Checks:
    """The stages."""

    def __init__(self, asked: set[str]) -> None:
        chosen = os.environ.get("CORES", "").replace(",", " ").split()
        self.cores, self.missing = choose_cores(pythons(), chosen)
        self.newest = newest_of(self.cores)
        self.asked = asked
        if not asked & {"all", "setup", "unit", "sanity"}:
            self.missing = [*(str(core) for core in self.cores if core is not self.newest), *self.missing]
            self.cores = [self.newest]
        self.imported: set[Version] = set()
        self.lacking: list[str] = []
        """packages without which some tests are skipped"""

    # What the stages need

    def setup(self) -> str:
        """Make the virtual environments that are needed, side by side, and install packages where that is allowed."""
        prepare_trees()
        files_of_repository()
        if self.asked & {"all", "unit", "integration", "molecule"}:
            self.lacking = lacking_packages()
            if self.lacking and may_install():
                install_packages(self.lacking)
                self.lacking = lacking_packages()
        wanted = [("lint", next(python for python in LINT_PYTHONS if python in pythons()))]
        wanted += [(f"core-{core.version}", core.python) for core in self.cores]
        if self.asked & {"all", "setup", "molecule"}:
            wanted.append(("molecule", self.newest.python))
        failures: list[str] = []

        def make(name: str, python: Version) -> None:
            try:
                venv_for(name, python)
            except Failed as error:
                failures.append(str(error))

        makers = [threading.Thread(target=make, args=one, daemon=True) for one in wanted]
        for maker in makers:
            maker.start()
        for maker in makers:
            maker.join()
        if failures:
            # What they share, such as an index that can't be reached, is said once.
            raise Failed(failures[0])
        return "ansible-core " + ", ".join(map(str, self.cores))

    def verdict(self) -> str:
        """Say in one line what was tested, and what was not."""
        tested = "Tested: ansible-core " + ", ".join(map(str, self.cores))
        if self.imported:
            tested += f"; modules imported on Python {spans(self.imported)}"
        left_out = ["ansible-core " + ", ".join(self.missing)] if self.missing else []
        if "quick" in self.asked and not self.asked & {"all", "unit"}:
            left_out.append("what takes long (make test)")
        for what in PACKAGES:
            lacking = needed_for(what, self.lacking)
            left_out += [f"{what} (apt-get install {' '.join(lacking)})"] if lacking else []
        return f"{tested}. Not tested: {'; '.join(left_out) or 'nothing of the matrix'}."

    def _venv(self, core: Core) -> Path:
        return CACHE / "venv" / f"core-{core.version}"

    # Linters

    def _lint(self, name: str, *command: str, cwd: Path = ROOT, collections_path: Path = INSTALLED) -> str:
        venv = CACHE / "venv" / "lint"
        env = environment(venv)
        env.pop("PYTHONPATH")
        env["ANSIBLE_COLLECTIONS_PATH"] = str(collections_path)
        return run([str(venv / "bin" / command[0]), *command[1:]], LOGS / f"{name}.log", env=env, cwd=cwd)

    def ruff(self) -> str:
        self._lint("ruff", "ruff", "check", "--no-cache", ".")
        self._lint("ruff", "ruff", "format", "--check", "--no-cache", ".")
        files = len([file for file in files_of_repository() if file.endswith(".py")])
        if files < 20:
            raise Failed("ruff saw hardly any file")
        return f"{files} Python files"

    def yamllint(self) -> str:
        self._lint("yamllint", "yamllint", "--strict", ".")
        return ""

    def mypy(self) -> str:
        output = self._lint(
            "mypy",
            "mypy",
            "--config-file",
            str(ROOT / "pyproject.toml"),
            "--cache-dir",
            str(CACHE / "mypy"),
            "ansible_collections/h444/cloud/plugins/module_utils",
            "ansible_collections/h444/cloud/plugins/plugin_utils",
            cwd=LINK,
        )
        return _found(output, r"no issues found in (\d+) source files", 10) + " files"

    def reuse(self) -> str:
        output = self._lint("reuse", "reuse", "lint")
        if "compliant with version" not in output:
            raise Failed("reuse gave no verdict")
        return ""

    def changelog(self) -> str:
        self._lint("changelog", "antsibull-changelog", "lint")
        if (
            not list((ROOT / "changelogs" / "fragments").glob("*.yml"))
            and not (ROOT / "changelogs" / "changelog.yaml").exists()
        ):
            raise Failed("there is neither a fragment nor a changelog")
        return ""

    def docs(self) -> str:
        options = ("--plugin-docs", "--validate-collection-refs", "self", "--disallow-unknown-collection-refs")
        self._lint("docs", "antsibull-docs", "lint-collection-docs", *options, ".")
        return ""

    # The archive

    def archive(self) -> Path:
        """Name the archive that the stage build made."""
        (archive,) = CACHE.glob("h444-cloud-*.tar.gz")
        return archive

    def _install(self, name: str, folder: Path) -> Path:
        """Extract the archive as a user does, and give the collection's folder."""
        self._lint(
            name,
            "ansible-galaxy",
            "collection",
            "install",
            str(self.archive()),
            "-p",
            str(folder),
            "--offline",
            "--force",
        )
        return folder / "ansible_collections" / "h444" / "cloud"

    def build(self) -> str:
        """Build and install the collection; what it holds is looked at."""
        for old in CACHE.glob("h444-cloud-*.tar.gz"):
            old.unlink()
        shutil.rmtree(INSTALLED, ignore_errors=True)
        # From a copy of what git knows, as a release is: what lies about in a work tree must not be missed or shipped.
        tree = copied_tree("build")
        shutil.rmtree(tree / ".git")
        self._lint("build", "ansible-galaxy", "collection", "build", str(tree), "--output-path", str(CACHE), "--force")
        with tarfile.open(self.archive()) as content:
            names = content.getnames()
        junk = [
            name
            for name in names
            if re.search(r"(^|/)(\.|tests/(?!simulator)|__pycache__|Makefile)", name) and name != "tests"
        ]
        needed = [
            "plugins/modules/h444_vps.py",
            "plugins/inventory/h444.py",
            "meta/runtime.yml",
            "tests/simulator/__main__.py",
            "README.md",
        ]
        missing = [name for name in needed if name not in names]
        if junk or missing:
            raise Failed(f"the archive holds {junk[:5]} and lacks {missing}")
        self._install("build", INSTALLED)
        return f"{len(names)} entries, {self.archive().stat().st_size >> 10} KiB"

    def ansible_lint(self) -> str:
        """Lint what ships, then the source with its targets: outside of this repository, with no configuration."""
        command = ("ansible-lint", "--offline", "--strict", "--profile", "production", "--nocolor")
        with tempfile.TemporaryDirectory(prefix="h444-lint-") as folder:
            installed, source = self._install("ansible-lint", Path(folder)), copied_tree("source", Path(folder))
            output = self._lint("ansible-lint", *command, cwd=installed, collections_path=Path(folder))
            shipped = _found(output, r"in (\d+) files", 5)
            output = self._lint("ansible-lint", *command, cwd=source, collections_path=Path(folder))
            written = _found(output, r"in (\d+) files", 50)
        return f"{shipped} files of the archive, {written} of the source"

    def importer(self) -> str:
        """Import the archive as Galaxy does; a warning there is a refusal elsewhere."""
        with tempfile.TemporaryDirectory(prefix="h444-import-") as folder:
            output = self._lint(
                "galaxy-importer", "python", "-m", "galaxy_importer.main", str(self.archive()), cwd=Path(folder)
            )
        wrong = re.findall(r"^(?:WARNING|ERROR|CRITICAL).*", output, re.MULTILINE)
        if wrong:
            raise Failed(
                f"{len(wrong)} warnings and errors; log: .cache/log/galaxy-importer.log\n" + indented("\n".join(wrong))
            )
        for step in ("...ansible-lint run complete", "Importer processing completed successfully"):
            if step not in output:
                raise Failed(f"the importer did not say '{step}'; log: .cache/log/galaxy-importer.log")
        return f"{len(re.findall('^Loading ', output, re.MULTILINE))} contents"

    def ansible_doc(self) -> str:
        """Show the documentation of every module and plugin, in the newest core."""
        venv = self._venv(self.newest)
        shown = 0
        for kind, folder in (("module", "modules"), ("inventory", "inventory"), ("filter", "filter"), ("test", "test")):
            names = [f"h444.cloud.{file.stem}" for file in sorted((ROOT / "plugins" / folder).glob("[a-z]*.py"))]
            if kind in ("filter", "test"):
                names = [f"h444.cloud.{file.stem}" for file in sorted((ROOT / "plugins" / folder).glob("*.yml"))]
            if names:
                output = run(
                    [str(venv / "bin" / "ansible-doc"), "-t", kind, "--json", *names],
                    LOGS / "ansible-doc.log",
                    env=environment(venv),
                )
                documented = json.loads(output[output.index("{") :])
                if set(names) - set(documented):
                    raise Failed(f"no documentation of {sorted(set(names) - set(documented))}")
                shown += len(documented)
        if shown < 8:
            raise Failed("hardly anything is documented")
        return f"{shown} plugins"

    # Tests

    def pytest(self, name: str, core: Core, *what: str, at_least: int = 50, **more: str) -> str:
        """Run tests with these variables; their output goes into a log."""
        venv = self._venv(core)
        env = environment(venv, home=f"core-{core.version}")
        # Each worker reads all tests and each simulator starts a Python, so what they compile is kept; not beside it.
        del env["PYTHONDONTWRITEBYTECODE"]
        env.update(PYTHONPYCACHEPREFIX=str(CACHE / "pycache"), H444_TEST_CORE=core.version, **more)
        workers = INTEGRATION_WORKERS if name.startswith("integration") else WORKERS
        command = [str(venv / "bin" / "python"), "-u", "-m", "pytest", "-n", str(workers), *what]
        output = run(command, LOGS / f"{name}.log", env=env)
        skipped = re.findall(r"^SKIPPED .* is not installed.*", output, re.MULTILINE)
        if skipped and not self.lacking:
            raise Failed("tests were skipped although everything is installed:\n" + indented("\n".join(skipped)))
        return _found(output, r"(\d+) passed", at_least) + " passed"

    def sanity(self, core: Core) -> str:
        """Run ansible-test sanity on a copy of the collection: with its tests on the newest core, else what ships.

        In a home of its own: two cores may share the name of a virtual environment.
        """
        name = f"sanity-{core.version}"
        env = environment(self._venv(core), home=name)
        prepare_sanity(name)
        for variable in ("PYTHONPATH", "ANSIBLE_COLLECTIONS_PATH"):
            env.pop(variable)
        output = run(
            [str(self._venv(core) / "bin" / "ansible-test"), "sanity", "--color", "no", "-v"],
            LOGS / f"{name}.log",
            env=env,
            cwd=copied_tree(name, ships_only=core is not self.newest),
        )
        if "All targets skipped" in output:
            raise Failed("every target was skipped")
        ran, imported = sanity_tests(output)
        left_out = SANITY - ran
        if left_out or core.python not in imported:
            missed = ", ".join(sorted(left_out)) or f"import on Python {dotted(core.python)}"
            raise Failed(f"these sanity tests did not run: {missed}")
        self.imported |= imported
        return f"{len(ran)} tests; modules on Python {spans(imported)}"

    def unit(self, core: Core) -> str:
        """Run the unit tests: all of them on the newest core, on the others what can differ there."""
        what = ["tests/unit"] if core is self.newest else [ON_EVERY_CORE]
        if not self.asked & {"all", "unit"}:
            what += WITHOUT_SLOW
        return self.pytest(f"unit-{core.version}", core, *what)

    def integration(self, core: Core) -> str:
        """Run the integration tests: all of them on the newest core, on the others what can differ there."""
        name = f"integration-{core.version}"
        if core is self.newest:
            extent = {"H444_EXTENT": "light"} if "all" in self.asked else {}
            note = self.pytest(name, core, "tests/integration", **extent)
            if not any("endpoints answered" in line for line in self.last_words()):
                raise Failed("whether every endpoint of the contract was met was not looked at")
            return note
        is_coming = core.version == COMING
        files = [f"tests/integration/{test}" for test in (ON_THE_COMING_CORE if is_coming else ON_THE_OLDEST_CORE)]
        extent = {"H444_EXTENT": "in process only" if is_coming else "one dialect"}
        return self.pytest(name, core, *files, at_least=25, **extent)

    def molecule(self) -> str:
        """Run the scenarios on what ships, then what the guide shows to users."""
        scenarios = {file.parent.name for file in (ROOT / "extensions" / "molecule").glob("*/molecule.yml")}
        left_out = WITH_LOGINS if needed_for(LOGINS, self.lacking) else set()
        scenarios -= left_out
        self._molecule(ROOT, scenarios, "--all", *(f"--exclude={name}" for name in left_out))
        with tempfile.TemporaryDirectory(prefix="h444-guide-") as folder:
            guide.write_files(Path(folder))
            self._molecule(Path(folder), {"default"})
        return f"{', '.join(sorted(scenarios - {'default'}))}, and the one of the guide"

    def _molecule(self, folder: Path, scenarios: set[str], *options: str) -> None:
        venv = CACHE / "venv" / "molecule"
        env = environment(venv, home="molecule")
        env.pop("PYTHONPATH")
        env.pop("PYTHONDONTWRITEBYTECODE")
        env.update(SIMULATOR_PORT=str(free_port()), SIMULATOR_SSH_PORT=str(free_port()), NO_COLOR="1")
        env.update(PYTHONPYCACHEPREFIX=str(CACHE / "pycache"))
        molecule, log = str(venv / "bin" / "molecule"), LOGS / "molecule.log"
        # A run that was interrupted has left its simulator, at another port.
        run([molecule, "destroy", "--all"], log, env=env, cwd=folder)
        played, idle = molecule_recap(run([molecule, "test", *options], log, env=env, cwd=folder))
        if played != scenarios or idle:
            raise Failed(
                f"molecule played {', '.join(sorted(played)) or 'nothing'}, not {', '.join(sorted(scenarios))}, and "
                f"left out {', '.join(sorted(idle)) or 'none of their steps'}; log: .cache/log/molecule.log"
            )

    def last_words(self) -> list[str]:
        """Give what pytest said at the end of the integration tests; nothing if this run left them out."""
        if not self.asked & {"all", "integration"}:
            return []
        log = LOGS / f"integration-{self.newest.version}.log"
        lines = log.read_text(encoding="utf-8").strip().splitlines() if log.exists() else []
        return [line for line in lines[-8:] if "endpoint" in line or line is lines[-1]]

    # Their order: what is quick and what is wrong most often first, then the longest

    def fast(self) -> list[Stage]:
        """Give the linters of the source."""
        return [Stage(name, getattr(self, name)) for name in ("ruff", "yamllint", "mypy", "reuse", "changelog")]

    def on_archive(self) -> list[Stage]:
        """Give the checks of what ships and of its documentation."""
        return [
            Stage("ansible-lint", self.ansible_lint),
            Stage("galaxy-importer", self.importer),
            Stage("docs", self.docs),
            Stage("ansible-doc", self.ansible_doc),
        ]

    def on_cores(self, kind: str) -> list[Stage]:
        """Give the tests of a kind on each core, the newest first; it has the most of them."""
        cores = sorted(self.cores, key=lambda core: core is not self.newest)
        work = getattr(self, kind)
        return [Stage(f"{kind}-{core.version}", lambda core=core: work(core)) for core in cores]

    def slow(self) -> list[Stage]:
        """Give what was asked for, but the linters of the source."""
        everything = "all" in self.asked
        found: list[Stage] = []
        if everything or self.asked & {"quick", "unit"}:
            found += self.on_cores("unit")
        if everything or "integration" in self.asked:
            found[1:1] = self.on_cores("integration")
        if everything or "molecule" in self.asked:
            found.append(Stage("molecule", self.molecule))
        if everything or "sanity" in self.asked:
            found += self.on_cores("sanity")
        if everything or "lint" in self.asked:
            found += self.on_archive()
        return found


def _found(output: str, pattern: str, at_least: int) -> str:
    """Read a count out of a tool's output; a tool that counted nothing checked nothing."""
    counts = [int(count) for count in re.findall(pattern, output)]
    if not counts or counts[-1] < at_least:
        raise Failed(f"the tool reports {counts[-1] if counts else 'no'} matches of '{pattern}', fewer than {at_least}")
    return str(counts[-1])


def run_checks(asked: set[str]) -> bool:
    """Run what is asked for, and say how long it took; pytest's own summary is the last that is printed."""
    checks = Checks(asked)
    if not stage("setup", checks.setup):
        return False
    if asked == {"setup"}:
        return True
    linters = checks.fast() if asked & {"all", "quick", "lint"} else []
    good = in_lanes([Stage("build", checks.build), *linters])
    good &= in_lanes(checks.slow())
    say(checks.verdict())
    say(f"Took {progress.clock(PROGRESS.seconds())}." + ("" if good else " Some stages failed, see above."))
    for line in checks.last_words():
        say(line)
    return good


def main(arguments: list[str]) -> int:
    """Read the command line and run. Returns the exit code."""
    asked = set(arguments or ["all"])
    unknown = asked - set(ASKED)
    if unknown:
        say(f"There is no check called {', '.join(sorted(unknown))}. There are: {', '.join(ASKED)}.")
        return 2
    os.umask(0o022)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with claim("checks"), PROGRESS.shown():
            return 0 if run_checks(asked) else 1
    except Failed as error:
        say(f"FAIL {error}")
        return 1
    except KeyboardInterrupt:
        end_children()
        say("Interrupted.")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
