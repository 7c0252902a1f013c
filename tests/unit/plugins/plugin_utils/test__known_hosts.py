# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries of known_hosts, as ssh-keygen itself reads and writes them."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from ansible_collections.h444.cloud.plugins.plugin_utils._known_hosts import forget, names_of, was_written_before

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIUvb1ZDsAoDqvEmrCWpvtNR0FQo2fXx7A1OK5eLdbuS"


def is_known(file: Path, name: str) -> bool:
    """Tell whether ssh would find an entry."""
    return subprocess.run(["ssh-keygen", "-F", name, "-f", file], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("is_hashed", [False, True])
def test_all_entries_of_an_address_are_removed_and_no_others(tmp_path: Path, is_hashed: bool) -> None:
    file = tmp_path / "known hosts"
    names = ["192.0.2.7", "[192.0.2.7]:2222", "2001:db8::7", "192.0.2.70", "[192.0.2.7]:22222"]
    file.write_text("# mine\n" + "".join(f"{name} {KEY}\n" for name in names))
    if is_hashed:
        subprocess.run(["ssh-keygen", "-q", "-H", "-f", file], check=True, capture_output=True)
        (tmp_path / "known hosts.old").unlink()
    file.chmod(0o640)
    assert forget(str(file), [*names_of("192.0.2.7", 2222), *names_of("2001:db8::7")])
    assert [is_known(file, name) for name in names] == [False, False, False, True, True]
    assert "# mine" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["known hosts"]


def test_everything_else_stays_byte_for_byte(tmp_path: Path) -> None:
    """A line with a mistake keeps ssh-keygen -R from removing anything, and it removes whole lines and patterns."""
    others = [
        b"garbage line\n",
        f"* {KEY}\n".encode(),
        f"192.0.2.? {KEY}\r\n".encode(),
        f"@revoked 192.0.2.7 {KEY}\n".encode(),
        f"@cert-authority 192.0.2.7 {KEY}\n".encode(),
        f"# 192.0.2.7 {KEY}\r\n\n".encode(),
        f"  192.0.2.8 {KEY} \xe9 without an end".encode("latin-1"),
    ]
    file = tmp_path / "known_hosts"
    file.write_bytes(
        others[0]
        + f"192.0.2.7 {KEY}\n".encode()
        + b"".join(others[1:-1])
        + f"bastion.example.com,192.0.2.7 {KEY} me\r\n\t192.0.2.7,[192.0.2.7]:2222 {KEY}\n".encode()
        + others[-1]
    )
    assert forget(str(file), names_of("192.0.2.7", 2222))
    assert file.read_bytes() == b"".join([*others[:-1], f"bastion.example.com {KEY} me\r\n".encode(), others[-1]])
    assert not forget(str(file), names_of("192.0.2.7", 2222))


def test_nothing_is_written_where_nothing_is_removed(tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    assert not forget(str(file), ["192.0.2.7"])
    assert not file.exists()
    file.write_text(f"192.0.2.8 {KEY}\n")
    os.utime(file, (1, 1))
    assert not forget(str(file), ["192.0.2.7"])
    assert not forget(str(file), [])
    assert file.stat().st_mtime == 1


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real = tmp_path / "real" / "known_hosts"
    real.write_text(f"192.0.2.7 {KEY}\n")
    (tmp_path / "link").symlink_to(real)
    assert forget(str(tmp_path / "link"), ["192.0.2.7"])
    assert (tmp_path / "link").is_symlink()
    assert real.read_text() == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can have a file that belongs to another user")
def test_the_file_of_another_user_stays_theirs(tmp_path: Path) -> None:
    """As with sudo, which leaves HOME as it is."""
    file = tmp_path / "known_hosts"
    file.write_text(f"192.0.2.7 {KEY}\n")
    os.chown(file, 1234, 1235)
    assert forget(str(file), ["192.0.2.7"])
    assert (file.stat().st_uid, file.stat().st_gid) == (1234, 1235)


@pytest.mark.parametrize("is_mount", [True, False])
def test_a_file_that_can_not_be_replaced_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_mount: bool
) -> None:
    """A file that is mounted into a container can't be renamed over, and its directory may be read-only."""
    file = tmp_path / "known_hosts"
    file.write_text(f"192.0.2.8 {KEY}\n192.0.2.7 {KEY}\n")

    def refuse(*_paths: str, **_more: str) -> None:
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(*(os, "rename") if is_mount else (tempfile, "mkdtemp"), refuse)
    assert forget(str(file), ["192.0.2.7"])
    assert file.read_text() == f"192.0.2.8 {KEY}\n"
    assert [one.name for one in tmp_path.iterdir()] == ["known_hosts"]


def test_a_removal_is_newer_than_every_password(tmp_path: Path) -> None:
    """What was removed once is not removed again, though somebody keeps the old time of the file."""
    file = tmp_path / "known_hosts"
    file.write_text(f"192.0.2.7 {KEY}\n")
    os.utime(file, (1, 1))
    forget(str(file), ["192.0.2.7"])
    assert file.stat().st_mtime > 1_000_000


@pytest.mark.parametrize(
    ("moment", "is_before"),
    [
        ("2020-01-01T00:00:01Z", True),
        ("2020-01-01T00:00:00Z", False),
        ("2019-01-01T00:00:00Z", False),
        ("yesterday", False),
        (None, False),
        (7, False),
    ],
)
def test_only_a_moment_after_the_last_change_proves_that_entries_are_old(
    tmp_path: Path, moment: object, is_before: bool
) -> None:
    file = tmp_path / "known_hosts"
    file.write_text("")
    os.utime(file, (1577836800, 1577836800))
    assert was_written_before(str(file), moment) is is_before
    assert not was_written_before(str(tmp_path / "none"), moment)


def test_a_port_other_than_22_has_a_name_of_its_own() -> None:
    assert names_of("192.0.2.7") == names_of("192.0.2.7", "22") == ["192.0.2.7"]
    assert names_of("2001:db8::7", 2222) == ["2001:db8::7", "[2001:db8::7]:2222"]
