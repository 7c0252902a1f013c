# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the disk of a new server holds, by its template. Pure.

The provider's page says nothing about its images. Each kind of image here is found among real distributions and
providers, and the switch ``ssh_image`` gives one of them to every template.
"""

from __future__ import annotations

import typing as t

INCLUDE = "Include /etc/ssh/sshd_config.d/*.conf\n"
DEBIAN = (
    "KbdInteractiveAuthentication no\nUsePAM yes\nX11Forwarding yes\nPrintMotd no\nAcceptEnv LANG LC_*\n"
    "Subsystem\tsftp\t/usr/lib/openssh/sftp-server\n"
)
REDHAT = "AuthorizedKeysFile\t.ssh/authorized_keys\nSubsystem\tsftp\t/usr/libexec/openssh/sftp-server\n"


class Sshd(t.NamedTuple):
    """How an image configures sshd: its main file, and its drop-ins by name; none where it has no folder for them."""

    main: str
    dropins: t.Mapping[str, str] | None


class System(t.NamedTuple):
    """The distribution of a template. *unit*: what systemd calls sshd."""

    name: str
    os_release: t.Mapping[str, str]
    unit: str
    kind: str


KINDS: dict[str, Sshd] = {
    # cloud-init's own file comes first, and the image's file has no say any more.
    "cloud_init": Sshd(
        INCLUDE + "PermitRootLogin yes\n" + DEBIAN,
        {
            "50-cloud-init.conf": "PasswordAuthentication yes\n",
            "60-cloudimg-settings.conf": "PasswordAuthentication no\n",
        },
    ),
    "before_include": Sshd("PermitRootLogin yes\nPasswordAuthentication yes\n\n" + INCLUDE + DEBIAN, {}),
    "keyboard_interactive": Sshd(
        INCLUDE + "PermitRootLogin yes\n" + DEBIAN.replace("Authentication no", "Authentication yes"), {}
    ),
    "redhat": Sshd(
        INCLUDE + REDHAT,
        {
            "01-permitrootlogin.conf": "PermitRootLogin yes\n",
            "50-cloud-init.conf": "PasswordAuthentication yes\n",
            "50-redhat.conf": "ChallengeResponseAuthentication no\nUsePAM yes\nX11Forwarding yes\n",
        },
    ),
    "no_dropins": Sshd("PermitRootLogin yes\nPasswordAuthentication yes\n" + DEBIAN, None),
}


def _release(system: str, version: str, name: str, like: str, codename: str = "") -> dict[str, str]:
    found = {"PRETTY_NAME": name, "NAME": name.split(" ")[0], "VERSION_ID": version, "ID": system, "ID_LIKE": like}
    return {**found, "VERSION_CODENAME": codename} if codename else found


SYSTEMS: dict[str, System] = {
    "ubuntu-22.04": System(
        "Ubuntu", _release("ubuntu", "22.04", "Ubuntu 22.04 LTS", "debian", "jammy"), "ssh", "cloud_init"
    ),
    "ubuntu-24.04": System(
        "Ubuntu", _release("ubuntu", "24.04", "Ubuntu 24.04 LTS", "debian", "noble"), "ssh", "cloud_init"
    ),
    "debian-12": System(
        "Debian", _release("debian", "12", "Debian GNU/Linux 12", "", "bookworm"), "ssh", "before_include"
    ),
    "debian-13": System(
        "Debian", _release("debian", "13", "Debian GNU/Linux 13", "", "trixie"), "ssh", "keyboard_interactive"
    ),
    "almalinux-9": System(
        "AlmaLinux", _release("almalinux", "9.6", "AlmaLinux 9.6", "rhel centos fedora"), "sshd", "redhat"
    ),
    "rocky-9": System("Rocky", _release("rocky", "9.6", "Rocky Linux 9.6", "rhel centos fedora"), "sshd", "redhat"),
}
UNIT = """[Unit]
Description=OpenBSD Secure Shell server

[Service]
ExecStartPre=/usr/sbin/sshd -t
ExecStart=/usr/sbin/sshd -D
{reload}ExecReload=/bin/kill -HUP $MAINPID

[Install]
WantedBy=multi-user.target
"""


def system_of(template: str) -> System:
    """Give the distribution of a template; of one that there isn't, the first of its family, or the usual one."""
    family = template.split("-")[0]
    alike = (system for name, system in SYSTEMS.items() if name.split("-", maxsplit=1)[0] == family)
    return SYSTEMS.get(template) or next(alike, SYSTEMS["ubuntu-24.04"])


def etc_of(template: str, hostname: str, image: str) -> dict[str, str]:
    """Give the files of /etc, by their path in it. *image*: the value of the switch ``ssh_image``."""
    system = system_of(template)
    sshd = KINDS[system.kind if image == "by_template" else image]
    checks_first = "ExecReload=/usr/sbin/sshd -t\n" if system.unit == "ssh" else ""
    files = {
        "hostname": hostname + "\n",
        "hosts": f"127.0.0.1 localhost\n127.0.1.1 {hostname}\n::1 localhost\n",
        "passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
        "group": "root:x:0:\nnogroup:x:65534:\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
        "shells": "/bin/sh\n/bin/bash\n",
        "profile": "export PS1='\\u@\\h:\\w# '\n",
        "os-release": "".join(f'{name}="{value}"\n' for name, value in system.os_release.items()),
        "ssh/sshd_config": sshd.main,
        f"systemd/system/{system.unit}.service": UNIT.format(reload=checks_first),
    }
    for name, text in (sshd.dropins or {}).items():
        files[f"ssh/sshd_config.d/{name}"] = text
    return files


def folders_of(template: str, image: str) -> tuple[str, ...]:
    """Give the folders of /etc that a file need not be in."""
    sshd = KINDS[system_of(template).kind if image == "by_template" else image]
    return () if sshd.dropins is None else ("ssh/sshd_config.d",)
