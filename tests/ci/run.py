# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the checks, a line for each. Needs Python 3.11 or newer and nothing else; everything it makes is under .cache.

Usage: run.py [all|quick|lint|unit|sanity|integration|setup] ...
CORES="2.19 2.20" in the environment takes these ansible-cores instead of those of the matrix.
"""

from __future__ import annotations

import collections
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import typing as t
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from machine import (
    CACHE,
    INSTALLED,
    LINK,
    LOGS,
    ROOT,
    Failed,
    Version,
    claim,
    copied_tree,
    dotted,
    end_children,
    environment,
    files_of_repository,
    indented,
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
ASKED = ("all", "quick", "setup", "lint", "unit", "sanity", "integration")
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
WITHOUT_DIALECTS = ("-k", "not wrapped and not sparse and not odd")
LANES = 2


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
    """Choose the ansible-cores that the Pythons at hand can run: the oldest, the newest, the one to come. Gives also what is left out, and why."""
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


# Running stages


def stage(name: str, work: t.Callable[[], str]) -> bool:
    """Run one stage and print its line."""
    started = time.monotonic()
    for old in LOGS.glob(f"{name}*.log"):
        old.unlink()
    try:
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
        if not asked & {"all", "setup", "unit", "sanity"}:
            self.missing = [*(str(core) for core in self.cores if core is not self.newest), *self.missing]
            self.cores = [self.newest]
        self.imported: set[Version] = set()

    # What the stages need

    def setup(self) -> str:
        """Make the virtual environments that are needed, side by side."""
        prepare_trees()
        files_of_repository()
        wanted = [("lint", next(python for python in LINT_PYTHONS if python in pythons()))]
        wanted += [(f"core-{core.version}", core.python) for core in self.cores]
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
        return (
            tested
            + ". Not tested: "
            + ("ansible-core " + ", ".join(self.missing) if self.missing else "nothing of the matrix")
            + "."
        )

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
        """Lint what ships, then the source with its targets: outside of this repository, and without any configuration."""
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

    def _pytest(self, core: Core, *what: str, workers: int) -> tuple[list[str], dict[str, str]]:
        venv = self._venv(core)
        env = environment(venv, home=f"core-{core.version}")
        env["H444_TEST_CORE"] = core.version
        return [str(venv / "bin" / "python"), "-m", "pytest", "-n", str(workers), *what], env

    def pytest(self, name: str, core: Core, *what: str, at_least: int = 50, workers: int = 2) -> str:
        """Run tests; their output goes into a log."""
        command, env = self._pytest(core, *what, workers=workers)
        return _found(run(command, LOGS / f"{name}.log", env=env), r"(\d+) passed", at_least) + " passed"

    def sanity(self, core: Core) -> str:
        """Run ansible-test sanity on a copy of the collection, in a home of its own: two cores may share a virtual environment's name."""
        name = f"sanity-{core.version}"
        env = environment(self._venv(core), home=name)
        prepare_sanity(name)
        for variable in ("PYTHONPATH", "ANSIBLE_COLLECTIONS_PATH"):
            env.pop(variable)
        output = run(
            [str(self._venv(core) / "bin" / "ansible-test"), "sanity", "--color", "no", "-v"],
            LOGS / f"{name}.log",
            env=env,
            cwd=copied_tree(name),
        )
        if "All targets skipped" in output:
            raise Failed("every target was skipped")
        ran, imported = sanity_tests(output)
        left_out = SANITY - ran
        if left_out or core.python not in imported:
            raise Failed(
                f"these sanity tests did not run: {', '.join(sorted(left_out)) or f'import on Python {dotted(core.python)}'}"
            )
        self.imported |= imported
        return f"{len(ran)} tests; modules on Python {spans(imported)}"

    def integration(self) -> bool:
        """Play the integration targets in every dialect; pytest's own summary is the last that is printed."""
        say("")
        command, env = self._pytest(self.newest, "tests/integration", workers=4)
        return subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, check=False).returncode == 0

    # Their order: fast ones first

    def fast(self) -> list[Stage]:
        """Give the linters of the source."""
        return [Stage(name, getattr(self, name)) for name in ("ruff", "yamllint", "mypy", "reuse", "changelog")]

    def on_archive(self) -> list[Stage]:
        """Give the checks of what ships and of its documentation."""
        return [
            Stage("ansible-doc", self.ansible_doc),
            Stage("docs", self.docs),
            Stage("ansible-lint", self.ansible_lint),
            Stage("galaxy-importer", self.importer),
        ]

    def units(self) -> list[Stage]:
        """Give the unit tests on each core, the newest first."""
        cores = sorted(self.cores, key=lambda core: core is not self.newest)
        return [
            Stage(f"unit-{core.version}", lambda core=core: self.pytest(f"unit-{core.version}", core, "tests/unit"))
            for core in cores
        ]

    def sanities(self) -> list[Stage]:
        """Give the sanity tests of each core."""
        return [Stage(f"sanity-{core.version}", lambda core=core: self.sanity(core)) for core in self.cores]

    def integrations(self) -> list[Stage]:
        """Give the integration tests of the other cores: the dialects are the newest core's to play, everything else is played on all."""
        return [
            Stage(
                f"integration-{core.version}",
                lambda core=core: self.pytest(
                    f"integration-{core.version}", core, "tests/integration", *WITHOUT_DIALECTS, workers=3
                ),
            )
            for core in self.cores
            if core is not self.newest
        ]


def _found(output: str, pattern: str, at_least: int) -> str:
    """Read a count out of a tool's output; a tool that counted nothing checked nothing."""
    counts = [int(count) for count in re.findall(pattern, output)]
    if not counts or counts[-1] < at_least:
        raise Failed(f"the tool reports {counts[-1] if counts else 'no'} matches of '{pattern}', fewer than {at_least}")
    return str(counts[-1])


def run_checks(asked: set[str]) -> bool:
    """Run what is asked for, fast stages first."""
    checks = Checks(asked)
    if not stage("setup", checks.setup):
        return False
    everything = "all" in asked
    good = True
    if everything or asked & {"quick", "lint"}:
        good &= in_lanes(checks.fast())
    if asked != {"setup"}:
        good &= stage("build", checks.build)
    slow: list[Stage] = []
    if everything or "lint" in asked:
        slow += checks.on_archive()
    if everything or asked & {"quick", "unit"}:
        slow += checks.units()
    if everything or "sanity" in asked:
        slow += checks.sanities()
    if everything:
        slow += checks.integrations()
    good &= in_lanes(slow)
    if asked != {"setup"}:
        say(checks.verdict())
    if everything or "integration" in asked:
        if not good:
            say("Stages failed (see above), so the run fails whatever the integration tests say.")
        good &= checks.integration()
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
        with claim("checks"):
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
