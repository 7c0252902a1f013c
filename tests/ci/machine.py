# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the checks and the demo need of a machine.

Pythons, virtual environments, trees of the collection, and commands with a log. Needs Python 3.11 or newer and nothing
else; everything it makes is under .cache.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
LOGS = CACHE / "log"
HOME = CACHE / "home"
LINK = CACHE / "link"
INSTALLED = CACHE / "inst"
NOT_SHIPPED = ("tests/unit/", "tests/integration/", "tests/ci/", "tests/benchmarks/", "extensions/molecule/")
SANITY_PIP = ("24_2", "25_2")
LOGINS, BROWSER = "logins to servers of the simulator", "pages in a browser"
RULES = "rulebooks"
PACKAGES = {
    LOGINS: {
        "bubblewrap": ("bwrap",),
        "openssh-client": ("ssh",),
        "openssh-server": ("/usr/sbin/sshd",),
        "openssh-sftp-server": ("/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server"),
        "sshpass": ("sshpass",),
    },
    BROWSER: {"chromium": ("chromium", "google-chrome"), "chromium-driver": ("chromedriver",)},
    RULES: {"default-jre-headless": ("java",)},
}
"""What tests take, by what they test and the names of Debian's packages: a program of each, where it can be."""
NO_CONNECTION = (
    "NewConnectionError|ConnectTimeoutError|ProxyError|Temporary failure in name resolution|Connection refused"
    "|Could not fetch URL"
)
Version = t.Tuple[int, int]
_PRINT = threading.Lock()
_SHOWN: list[str] = []
_CHILDREN: set[subprocess.Popen[bytes]] = set()
_PYTHONS: dict[Version, str] = {}


class Failed(Exception):
    """Something failed; the text says why."""


def say(text: str) -> None:
    """Print whole lines at once, in the place of what is shown."""
    with _PRINT:
        _wipe()
        print(text, flush=True)


def show(text: str) -> None:
    """Show a text as the last line of a terminal, until something else is shown or said."""
    with _PRINT:
        _wipe()
        if text:
            print(text[: shutil.get_terminal_size().columns - 1], end="", flush=True)
            _SHOWN.append(text)


def _wipe() -> None:
    if _SHOWN:
        print("\r\x1b[K", end="", flush=True)
        _SHOWN.clear()


def dotted(version: Version) -> str:
    """Write a version of Python."""
    return f"{version[0]}.{version[1]}"


def spans(versions: t.Iterable[Version]) -> str:
    """Write versions of Python as spans: 3.8, 3.11–3.13."""
    found: list[list[Version]] = []
    for version in sorted(set(versions)):
        if found and found[-1][-1] == (version[0], version[1] - 1):
            found[-1].append(version)
        else:
            found.append([version])
    return ", ".join(dotted(run[0]) if len(run) == 1 else f"{dotted(run[0])}–{dotted(run[-1])}" for run in found)


# Pythons


def pythons() -> dict[Version, str]:
    """Find the Pythons of this machine that really run, by version; a version manager's empty shims don't count."""
    if not _PYTHONS:
        folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
        managed = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
        folders = [
            *sorted(managed.glob("3.*/bin"), reverse=True),
            *(folder for folder in folders if ".pyenv/shims" not in str(folder)),
        ]
        names = [f"python3.{minor}" for minor in range(8, 15)] + ["python3"]
        for candidate in [sys.executable] + [str(folder / name) for folder in folders for name in names]:
            version = _version_of(candidate)
            if version:
                _PYTHONS.setdefault(version, candidate)
    return _PYTHONS


def _version_of(candidate: str) -> Version | None:
    """Ask a Python for its version; one that can't make virtual environments is of no use."""
    if not os.access(candidate, os.X_OK):
        return None
    command = [candidate, "-c", "import sys, venv, ensurepip; print(*sys.version_info[:2])"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    numbers = answer.stdout.split()
    return (int(numbers[0]), int(numbers[1])) if answer.returncode == 0 and len(numbers) == 2 else None


def environment(venv: Path | None = None, home: str = "") -> dict[str, str]:
    """Give an environment that depends on nothing of this machine's user.

    *home*: one of its own, for what runs beside others.
    """
    dropped = ("ANSIBLE_", "H444_", "PYTHON", "PYENV", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    bins = [str(Path(path).parent) for _version, path in sorted(pythons().items(), reverse=True)]
    path = [folder for folder in kept.get("PATH", "").split(os.pathsep) if ".pyenv/" not in folder]
    first = [str(venv / "bin")] if venv else []
    folder = HOME / home if home else HOME
    (folder / "run").mkdir(mode=0o700, parents=True, exist_ok=True)
    kept.update(
        HOME=str(folder),
        XDG_RUNTIME_DIR=str(folder / "run"),
        PATH=os.pathsep.join(first + bins + path),
        LC_ALL="C.UTF-8",
        PIP_QUIET="1",
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        PIP_CACHE_DIR=str(CACHE / "pip"),
        ANSIBLE_COLLECTIONS_PATH=str(INSTALLED),
        ANSIBLE_NOCOLOR="1",
        PYTHONPATH=str(LINK),
        PYTHONDONTWRITEBYTECODE="1",
    )
    # The home is another one, but the user's package index stays.
    for settings in (Path.home() / ".config" / "pip" / "pip.conf", Path.home() / ".pip" / "pip.conf"):
        if settings.is_file():
            kept.setdefault("PIP_CONFIG_FILE", str(settings))
    return kept


# Packages


def lacking_packages() -> list[str]:
    """Name Debian's packages of which this machine has no program."""
    wanted = {package: programs for packages in PACKAGES.values() for package, programs in packages.items()}
    return [package for package, programs in wanted.items() if not any(map(shutil.which, programs))]


def needed_for(what: str, packages: t.Iterable[str]) -> list[str]:
    """Give those of the packages that the tests of *what* take, one of the keys of PACKAGES."""
    return [package for package in packages if package in PACKAGES[what]]


def may_install() -> bool:
    """Tell whether packages may be installed here: only by CI, as root, where apt-get is."""
    return os.environ.get("CI") == "true" and os.getuid() == 0 and shutil.which("apt-get") is not None


def install_packages(packages: list[str]) -> None:
    """Install Debian's packages; if that fails, read the lists of packages anew and try again. Raises Failed."""
    log = LOGS / "apt.log"
    log.unlink(missing_ok=True)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    try:
        run(install, log, env=env)
    except Failed:
        try:
            run(["apt-get", "update", "-q"], log, env=env)
            run(install, log, env=env)
        except Failed:
            raise Failed(
                f"apt-get can't install {', '.join(packages)}, which the tests need (log: {log.relative_to(ROOT)})"
            ) from None


# Commands


def run(command: list[str], log: Path, *, env: dict[str, str], cwd: Path = ROOT, timeout: int = 4500) -> str:
    """Run a command, its output in a log. Raises Failed with the last lines."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as stream:
        stream.write(("$ " + " ".join(command) + "\n").encode())
        stream.flush()
        start = log.stat().st_size
        with subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT
        ) as process:
            _CHILDREN.add(process)
            try:
                code = process.wait(timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                raise Failed(f"no end after {timeout} s; log: {log.relative_to(ROOT)}") from None
            finally:
                _CHILDREN.discard(process)
    output = log.read_bytes()[start:].decode("utf-8", "replace")
    if code:
        raise Failed(f"exit code {code}; log: {log.relative_to(ROOT)}\n" + indented(output))
    return output


def indented(output: str, lines: int = 40) -> str:
    """Give the end of an output, set off from the lines of the stages."""
    return "\n".join("    " + line for line in output.strip().splitlines()[-lines:])


def end_children() -> None:
    """End the commands that still run."""
    for process in list(_CHILDREN):
        with contextlib.suppress(OSError):
            process.terminate()


# What lies under .cache


@contextlib.contextmanager
def claim(name: str, waiting: str = "") -> t.Iterator[None]:
    """Hold a name in this checkout. Where another process has it: say *waiting* and wait, or fail if that is empty."""
    try:
        (CACHE / "lock").mkdir(parents=True, exist_ok=True)
        stream = (CACHE / "lock" / name).open("w")
    except OSError as error:
        raise Failed(f"{CACHE} can't be written ({error.strerror}), and everything that is made goes there.") from None
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not waiting:
                raise Failed(
                    "Another run of the checks is at work in this checkout; start this one when it has ended."
                ) from None
            say(waiting)
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def venv_for(name: str, version: Version) -> Path:
    """Make a virtual environment from tests/requirements/NAME.txt, once for each content of that file."""
    requirements = ROOT / "tests" / "requirements" / f"{name}.txt"
    of_simulator = sorted((ROOT / "tests" / "simulator").glob("requirements*.txt"))
    content = b"".join(file.read_bytes() for file in (requirements, *of_simulator))
    digest = hashlib.sha256(content + repr((version, str(ROOT))).encode()).hexdigest()[:16]
    folder = CACHE / "venv" / name
    stamp = folder / "made-from"
    with claim(f"venv-{name}", f"Another run is making .cache/venv/{name}; waiting until it is there …"):
        if stamp.exists() and stamp.read_text() == digest:
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        log = LOGS / f"venv-{name}.log"
        log.unlink(missing_ok=True)
        env = environment()
        env.pop("PYTHONPATH")
        run([pythons()[version], "-m", "venv", str(folder)], log, env=env)
        try:
            run([str(folder / "bin" / "python"), "-m", "pip", "install", "-r", str(requirements)], log, env=env)
        except Failed as error:
            raise Failed(why_no_packages(str(error), log, version)) from None
        _take_from_the_index(folder)
        stamp.write_text(digest)
    return folder


def why_no_packages(output: str, log: Path, version: Version) -> str:
    """Say in one sentence why pip failed, where that can be told."""
    where = f"log: {log.relative_to(ROOT)}"
    # Without a further attempt pip is silent about the connection, and finds no version of anything.
    nothing = "(from versions: none)" in output and "require a different python version" not in output
    if nothing or re.search(NO_CONNECTION, output):
        hint = "is there a network, and does pip need HTTPS_PROXY or PIP_INDEX_URL?"
        return f"The package index can't be reached: {hint} ({where})"
    missing = re.search(r"No matching distribution found for (\S+)", output)
    if missing:
        return f"The package index has no {missing.group(1)} for Python {dotted(version)} ({where})"
    return output


def _take_from_the_index(venv: Path) -> None:
    """Let ansible-test install a release where it names the archive of a commit on a web server.

    So the index is all that is needed. A release candidate of ansible-core does so while a library lacks the release
    that the newest Python asks for.
    """
    for file in venv.glob("lib/python3*/site-packages/ansible_test/_data/requirements/sanity.*.txt"):
        text = file.read_text()
        released = re.sub(r"^(\w[\w.-]*) ?@ ?https://\S+", r"\1", text, flags=re.MULTILINE)
        if released != text:
            file.write_text(released)


def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def files_of_repository() -> list[str]:
    """Name the files that belong to the collection, as git sees them, committed or not."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    except FileNotFoundError:
        raise Failed(
            "There is no git on this machine; the checks take the list of the collection's files from it."
        ) from None
    names = [name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]
    if listed.returncode or "galaxy.yml" not in names:
        said = listed.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = f" ({said[0]})" if said else ""
        raise Failed(
            f"{ROOT} is no git repository{reason}; the checks take the list of files from git: "
            "clone it, or run git init here."
        )
    return sorted(names)


def prepare_trees() -> None:
    """Lay the collection out where Ansible looks for it: a link for imports."""
    link = LINK / "ansible_collections" / "h444" / "cloud"
    with claim("trees", "Another run is at .cache/link; waiting for it …"):
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink() or link.resolve() != ROOT:  # a checkout can be moved
            link.unlink(missing_ok=True)
            link.symlink_to(ROOT)


def prepare_sanity(home: str) -> None:
    """Put the script where ansible-test looks for it before it downloads one."""
    cache = HOME / home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in SANITY_PIP:
        shutil.copy(ROOT / "tests" / "ci" / "get_pip_shim.py", cache / f"get_pip_{version}.py")


def copied_tree(name: str, base: Path | None = None, ships_only: bool = False) -> Path:
    """Copy the collection for ansible-test, with a git of its own: without one it would test nothing and pass.

    *ships_only*: without the tests.
    """
    tree = (base or CACHE / "tree") / name / "ansible_collections" / "h444" / "cloud"
    shutil.rmtree(tree, ignore_errors=True)
    for file in files_of_repository():
        if ships_only and file.startswith(NOT_SHIPPED):
            continue
        (tree / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, tree / file)
    for command in (["git", "init", "-q"], ["git", "add", "-A"]):
        subprocess.run(command, cwd=tree, check=True, capture_output=True)
    return tree
