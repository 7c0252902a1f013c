# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the checks, a line for each. Needs Python 3.11 or newer and nothing else; everything it makes is under .cache.

Usage: run.py [all|quick|lint|unit|sanity|integration|setup] ...
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
LOGS = CACHE / "log"
HOME = CACHE / "home"
LINK = CACHE / "link"
INSTALLED = CACHE / "inst"
OLDEST = "2.18"
# The newest core that a Python can run.
NEWEST_BY_PYTHON = {(3, 11): "2.19", (3, 12): "2.21", (3, 13): "2.21", (3, 14): "2.21"}
OLDEST_PYTHONS = ((3, 11), (3, 12), (3, 13))
PRINT = threading.Lock()


class Failed(Exception):
    """A stage failed; the text says why."""


def say(text: str) -> None:
    """Print one line at once."""
    with PRINT:
        print(text, flush=True)


def pythons() -> dict[tuple[int, int], str]:
    """Find the Pythons of this machine that really run, by version; a version manager's empty shims don't count."""
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    managed = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    folders = sorted(managed.glob("3.*/bin"), reverse=True) + [folder for folder in folders if ".pyenv/shims" not in str(folder)]
    found: dict[tuple[int, int], str] = {}
    names = [f"python3.{minor}" for minor in range(8, 15)] + ["python3"]
    for candidate in [sys.executable] + [str(folder / name) for folder in folders for name in names]:
        if not os.access(candidate, os.X_OK):
            continue
        try:
            answer = subprocess.run(
                [candidate, "-c", "import sys, venv, ensurepip; print(*sys.version_info[:2])"], capture_output=True, text=True, timeout=30, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        numbers = answer.stdout.split()
        if answer.returncode == 0 and len(numbers) == 2:
            found.setdefault((int(numbers[0]), int(numbers[1])), candidate)
    return found


def choose_cores(available: dict[tuple[int, int], str]) -> list[tuple[str, tuple[int, int]]]:
    """Choose the oldest and the newest ansible-core that the Pythons at hand can run."""
    cores = []
    oldest = next((version for version in OLDEST_PYTHONS if version in available), None)
    if oldest:
        cores.append((OLDEST, oldest))
    usable = sorted(version for version in available if version in NEWEST_BY_PYTHON)
    if usable:
        version = (3, 13) if (3, 13) in usable else usable[-1]
        cores.append((NEWEST_BY_PYTHON[version], version))
    if not cores:
        raise Failed("no Python from 3.11 to 3.14 with the modules venv and ensurepip was found (on Debian: apt install python3-venv)")
    return cores


def environment(venv: Path | None = None) -> dict[str, str]:
    """Give an environment that depends on nothing of this machine's user."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "H444_", "PYTHON", "PYENV", "VIRTUAL_ENV"))}
    bins = [str(Path(path).parent) for _version, path in sorted(pythons_cache().items(), reverse=True)]
    path = [folder for folder in kept.get("PATH", "").split(os.pathsep) if ".pyenv/" not in folder]
    first = [str(venv / "bin")] if venv else []
    kept.update(HOME=str(HOME), PATH=os.pathsep.join(first + bins + path), PIP_QUIET="1", PIP_DISABLE_PIP_VERSION_CHECK="1", LC_ALL="C.UTF-8")
    kept.update(ANSIBLE_COLLECTIONS_PATH=str(INSTALLED), PYTHONPATH=str(LINK), PYTHONDONTWRITEBYTECODE="1", ANSIBLE_NOCOLOR="1")
    return kept


_PYTHONS: dict[tuple[int, int], str] = {}


def pythons_cache() -> dict[tuple[int, int], str]:
    """Find the Pythons once."""
    if not _PYTHONS:
        _PYTHONS.update(pythons())
    return _PYTHONS


def run(command: list[str], log: Path, *, env: dict[str, str], cwd: Path = ROOT, timeout: int = 3000) -> str:
    """Run a command, its output in a log. Raises Failed with the last lines."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as stream:
        stream.write(("$ " + " ".join(command) + "\n").encode())
        stream.flush()
        start = log.stat().st_size
        try:
            code = subprocess.run(
                command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT, timeout=timeout, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            raise Failed(f"no end after {timeout} s; log: {log.relative_to(ROOT)}") from None
    output = log.read_bytes()[start:].decode("utf-8", "replace")
    if code:
        lines = output.strip().splitlines()[-40:]
        hint = ""
        if re.search(r"NewConnectionError|No matching distribution|Temporary failure in name resolution|Could not fetch URL", output) and "pip" in command:
            hint = "\n    The package index could not be reached: is there a network, and does pip need a proxy (PIP_INDEX_URL, HTTPS_PROXY)?"
        raise Failed(f"exit code {code}; log: {log.relative_to(ROOT)}\n" + "\n".join("    " + line for line in lines) + hint)
    return output


def venv_for(name: str, version: tuple[int, int]) -> Path:
    """Make a virtual environment from tests/requirements/NAME.txt, once for each content of that file."""
    requirements = ROOT / "tests" / "requirements" / f"{name}.txt"
    content = requirements.read_bytes() + (ROOT / "tests" / "simulator" / "requirements.txt").read_bytes()
    digest = hashlib.sha256(content + repr((version, str(ROOT))).encode()).hexdigest()[:16]
    folder = CACHE / "venv" / name
    stamp = folder / "made-from"
    if stamp.exists() and stamp.read_text() == digest:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    log = LOGS / f"venv-{name}.log"
    env = environment()
    env.pop("PYTHONPATH")
    run([pythons_cache()[version], "-m", "venv", str(folder)], log, env=env)
    run([str(folder / "bin" / "python"), "-m", "pip", "install", "-r", str(requirements)], log, env=env)
    stamp.write_text(digest)
    return folder


def python_for_lint() -> tuple[int, int]:
    """Choose the Python of the linters."""
    return next(version for version in ((3, 11), (3, 12), (3, 13), (3, 14)) if version in pythons_cache())


def files_of_repository() -> list[str]:
    """Name the files that belong to the collection, as git sees them, committed or not."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True)
    return sorted(name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file())


def prepare_trees() -> None:
    """Lay out the collection where Ansible looks for it: a link for imports, a copy of its own git for ansible-test."""
    (LINK / "ansible_collections" / "h444").mkdir(parents=True, exist_ok=True)
    link = LINK / "ansible_collections" / "h444" / "cloud"
    if not link.is_symlink():
        link.symlink_to(ROOT)
    (HOME / ".ansible" / "test" / "cache").mkdir(parents=True, exist_ok=True)
    for version in ("24_2", "25_2"):
        shutil.copy(ROOT / "tests" / "ci" / "get_pip_shim.py", HOME / ".ansible" / "test" / "cache" / f"get_pip_{version}.py")


def copied_tree(name: str) -> Path:
    """Copy the collection for ansible-test, with a git of its own: without one it would test nothing and pass."""
    tree = CACHE / "tree" / name / "ansible_collections" / "h444" / "cloud"
    shutil.rmtree(tree, ignore_errors=True)
    for file in files_of_repository():
        (tree / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, tree / file)
    for command in (["git", "init", "-q"], ["git", "add", "-A"]):
        subprocess.run(command, cwd=tree, check=True, capture_output=True)
    return tree


def stage(name: str, work) -> bool:
    """Run one stage and print its line."""
    started = time.monotonic()
    for old in LOGS.glob(f"{name}*.log"):
        old.unlink()
    try:
        note = work()
    except Failed as error:
        say(f"FAIL {name:<26} {time.monotonic() - started:6.1f} s  {error}")
        return False
    except Exception as error:  # a stage must not hide the others
        say(f"FAIL {name:<26} {time.monotonic() - started:6.1f} s  {type(error).__name__}: {error}")
        return False
    say(f"ok   {name:<26} {time.monotonic() - started:6.1f} s  {note or ''}".rstrip())
    return True


class Checks:
    """The stages."""

    def __init__(self) -> None:
        self.cores = choose_cores(pythons_cache())
        self.newest = self.cores[-1][0]

    def setup(self) -> str:
        """Make every virtual environment."""
        prepare_trees()
        venv_for("lint", python_for_lint())
        for core, version in self.cores:
            venv_for(f"core-{core}", version)
        versions = ", ".join(f"{core} on Python {version[0]}.{version[1]}" for core, version in self.cores)
        if self.newest != "2.21":
            versions += " (the newest core, 2.21, needs Python 3.12 or newer, which this machine lacks)"
        return "ansible-core " + versions

    def _lint(self, name: str, *command: str, cwd: Path = ROOT) -> str:
        venv = CACHE / "venv" / "lint"
        env = environment(venv)
        env.pop("PYTHONPATH")
        return run([str(venv / "bin" / command[0]), *command[1:]], LOGS / f"{name}.log", env=env, cwd=cwd)

    def ruff(self) -> str:
        self._lint("ruff", "ruff", "check", "--no-cache", ".")
        files = len([file for file in files_of_repository() if file.endswith(".py")])
        if files < 20:
            raise Failed("ruff saw hardly any file")
        return f"{files} Python files"

    def yamllint(self) -> str:
        self._lint("yamllint", "yamllint", "--strict", ".")
        return ""

    def mypy(self) -> str:
        output = self._lint(
            "mypy", "mypy", "--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(CACHE / "mypy"),
            "ansible_collections/h444/cloud/plugins/module_utils", cwd=LINK,
        )
        return _found(output, r"no issues found in (\d+) source files", 10) + " files"

    def reuse(self) -> str:
        output = self._lint("reuse", "reuse", "lint")
        if "compliant with version" not in output:
            raise Failed("reuse gave no verdict")
        return ""

    def changelog(self) -> str:
        self._lint("changelog", "antsibull-changelog", "lint")
        if not list((ROOT / "changelogs" / "fragments").glob("*.yml")) and not (ROOT / "changelogs" / "changelog.yaml").exists():
            raise Failed("there is neither a fragment nor a changelog")
        return ""

    def docs(self) -> str:
        self._lint(
            "docs", "antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs", "self", "--disallow-unknown-collection-refs", "."
        )
        return ""

    def build(self) -> str:
        """Build and install the collection; what it holds is looked at."""
        venv = CACHE / "venv" / "lint"
        env = environment(venv)
        for old in CACHE.glob("h444-cloud-*.tar.gz"):
            old.unlink()
        shutil.rmtree(INSTALLED, ignore_errors=True)
        # From a copy of what git knows, as a release is: what lies about in a work tree must not be missed or shipped.
        tree = copied_tree("build")
        shutil.rmtree(tree / ".git")
        run([str(venv / "bin" / "ansible-galaxy"), "collection", "build", str(tree), "--output-path", str(CACHE), "--force"], LOGS / "build.log", env=env)
        (archive,) = CACHE.glob("h444-cloud-*.tar.gz")
        with tarfile.open(archive) as content:
            names = content.getnames()
        junk = [name for name in names if re.search(r"(^|/)(\.|tests/(?!simulator|sanity)|__pycache__|Makefile)", name) and name != "tests"]
        needed = ["plugins/modules/h444_vps.py", "plugins/inventory/h444.py", "meta/runtime.yml", "tests/simulator/__main__.py", "README.md"]
        missing = [name for name in needed if name not in names]
        if junk or missing:
            raise Failed(f"the archive holds {junk[:5]} and lacks {missing}")
        run(
            [str(venv / "bin" / "ansible-galaxy"), "collection", "install", str(archive), "-p", str(INSTALLED), "--offline", "--force"],
            LOGS / "build.log",
            env=env,
        )
        return f"{len(names)} entries, {archive.stat().st_size >> 10} KiB"

    def ansible_lint(self) -> str:
        output = self._lint("ansible-lint", "ansible-lint", "--offline", "--profile", "production", "--nocolor")
        return _found(output, r"in (\d+) files", 5) + " files"

    def ansible_doc(self) -> str:
        """Show the documentation of every module and plugin, in the newest core."""
        venv = CACHE / "venv" / f"core-{self.newest}"
        shown = 0
        for kind, folder in (("module", "modules"), ("inventory", "inventory"), ("filter", "filter"), ("test", "test")):
            names = [f"h444.cloud.{file.stem}" for file in sorted((ROOT / "plugins" / folder).glob("[a-z]*.py"))]
            if kind in ("filter", "test"):
                names = [f"h444.cloud.{file.stem}" for file in sorted((ROOT / "plugins" / folder).glob("*.yml"))]
            if names:
                output = run(
                    [str(venv / "bin" / "ansible-doc"), "-t", kind, "--json", *names], LOGS / "ansible-doc.log", env=environment(venv)
                )
                documented = json.loads(output[output.index("{") :])
                if set(names) - set(documented):
                    raise Failed(f"no documentation of {sorted(set(names) - set(documented))}")
                shown += len(documented)
        if shown < 8:
            raise Failed("hardly anything is documented")
        return f"{shown} plugins"

    def pytest(self, core: str, *what: str, name: str, quiet: bool = True, workers: str = "2") -> str:
        venv = CACHE / "venv" / f"core-{core}"
        command = [str(venv / "bin" / "python"), "-m", "pytest", "-n", workers, *what]
        env = environment(venv)
        env["H444_TEST_CORE"] = core
        if not quiet:
            say("")
            code = subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, check=False).returncode
            if code:
                raise Failed(f"pytest ended with {code}")
            return ""
        output = run(command, LOGS / f"{name}.log", env=env)
        return _found(output, r"(\d+) passed", 50) + " passed"

    def sanity(self, core: str) -> str:
        """Run ansible-test sanity on a copy of the collection."""
        venv = CACHE / "venv" / f"core-{core}"
        env = environment(venv)
        env.pop("PYTHONPATH")
        env.pop("ANSIBLE_COLLECTIONS_PATH")
        tree = copied_tree(f"sanity-{core}")
        output = run([str(venv / "bin" / "ansible-test"), "sanity", "--color", "no", "-v"], LOGS / f"sanity-{core}.log", env=env, cwd=tree)
        if "All targets skipped" in output:
            raise Failed("every target was skipped")
        count = len(re.findall(r"Running sanity test", output))
        if count < 30:
            raise Failed(f"only {count} sanity tests ran")
        return f"{count} tests"

    def integration(self) -> str:
        """Play the integration targets; pytest's own summary is the last that is printed."""
        return self.pytest(self.newest, "tests/integration", name="integration", quiet=False, workers="4")


def _found(output: str, pattern: str, at_least: int) -> str:
    """Read a count out of a tool's output; a tool that counted nothing checked nothing."""
    counts = [int(count) for count in re.findall(pattern, output)]
    if not counts or counts[-1] < at_least:
        raise Failed(f"the tool reports {counts[-1] if counts else 'no'} matches of '{pattern}', fewer than {at_least}")
    return str(counts[-1])


def main(arguments: list[str]) -> int:
    """Run what is asked for, fast stages first. Returns the exit code."""
    wanted = set(arguments or ["all"])
    unknown = wanted - {"all", "quick", "setup", "lint", "unit", "sanity", "integration"}
    if unknown:
        say(f"There is no check called {', '.join(sorted(unknown))}. There are: all, quick, setup, lint, unit, sanity, integration.")
        return 2
    os.umask(0o022)
    LOGS.mkdir(parents=True, exist_ok=True)
    for old in LOGS.glob("venv-*.log"):
        old.unlink()
    try:
        checks = Checks()
    except Failed as error:
        say(f"FAIL {error}")
        return 1
    if not stage("setup", checks.setup):
        return 1
    everything = "all" in wanted
    good = True
    if everything or wanted & {"quick", "lint"}:
        for name in ("ruff", "yamllint", "mypy", "reuse", "changelog"):
            good &= stage(name, getattr(checks, name))
    if everything or wanted & {"lint", "sanity", "unit", "integration", "quick"}:
        good &= stage("build", checks.build)
    if everything or "lint" in wanted:
        good &= stage("docs", checks.docs)
        good &= stage("ansible-doc", checks.ansible_doc)
        good &= stage("ansible-lint", checks.ansible_lint)
    if everything or wanted & {"quick", "unit"}:
        for core, _version in checks.cores if "quick" not in wanted else checks.cores[-1:]:
            good &= stage(f"unit-{core}", lambda core=core: checks.pytest(core, "tests/unit", name=f"unit-{core}"))
    if everything or "sanity" in wanted:
        for core, _version in checks.cores:
            good &= stage(f"sanity-{core}", lambda core=core: checks.sanity(core))
    if everything and len(checks.cores) > 1:
        oldest = checks.cores[0][0]
        # The dialects are the newest core's to play; everything else is played on the oldest, too.
        chosen = ("tests/integration", "-k", "not wrapped and not sparse and not odd")
        good &= stage(f"integration-{oldest}", lambda: checks.pytest(oldest, *chosen, name=f"integration-{oldest}", workers="4"))
    if everything or "integration" in wanted:
        if everything and not good:
            say("Stages failed (see above), so the run fails whatever the integration tests say.")
        try:
            checks.integration()
        except Failed:
            return 1
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
