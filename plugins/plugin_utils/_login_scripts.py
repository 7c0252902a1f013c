# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role fleet does on a server, as scripts for any POSIX sh: a new image need not have Python.

A script reports in lines that begin with ``h444:``, so that whatever a shell of the server prints beside them does not
matter. The last one is ``h444:done``.
"""

from __future__ import annotations

import base64
import binascii
import re
import typing as t

KEY = re.compile(
    r"(?:\A|[ \t])(?P<type>(?:ssh|ecdsa|sk)-[A-Za-z0-9@.-]+)[ \t]+(?P<data>AAAA[A-Za-z0-9+/]+={0,2})(?=[ \t]|\Z)"
)
USER = re.compile(r"[a-z_][a-z0-9_.-]{0,31}\Z")
MARK = "h444:"

# It sorts before the files of cloud-init and of the images, since the first value counts.
DROP_IN = "/etc/ssh/sshd_config.d/00-0-h444-fleet.conf"

START = r"""
set -eu
LC_ALL=C PATH="${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin"
export LC_ALL PATH
umask 077
say() { printf 'h444:%s\n' "$*"; }
refuse() { say "error $*"; exit 0; }
temporary=
trap '[ -z "$temporary" ] || rm -f "$temporary"' EXIT

wanted_keys() {
cat <<'H444_END_OF_KEYS'
@KEYS@
H444_END_OF_KEYS
}

# A key is its type and its data, whatever its options and its comment are.
missing_keys() {
  wanted_keys | awk -v file="$1" '
    function key(line,  fields, count, place) {
      sub(/\r$/, "", line)
      count = split(line, fields, /[ \t]+/)
      for (place = 1; place < count; place++)
        if (fields[place] ~ /^(ssh|ecdsa|sk)-/ && fields[place + 1] ~ /^AAAA/)
          return fields[place] " " fields[place + 1]
      return ""
    }
    BEGIN { while ((getline line < file) > 0) if (line !~ /^[ \t]*#/) had[key(line)] = 1 }
    NF { if (!(key($0) in had)) print; had[key($0)] = 1 }'
}

set_mode() {
  [ "$(stat -L -c %a "$2")" = "$1" ] || { chmod "$1" "$2"; say changed the mode of "$2"; }
}

add_keys() {
  folder=${HOME:-/root}/.ssh
  [ -d "$folder" ] || mkdir "$folder"
  file=$folder/authorized_keys
  [ ! -L "$file" ] || file=$(readlink -f "$file")
  missing=$(missing_keys "$file")
  if [ -n "$missing" ]; then
    temporary=$(mktemp "$file.XXXXXX")
    [ ! -s "$file" ] || cat "$file" >"$temporary"
    [ -z "$(tail -c 1 "$temporary")" ] || echo >>"$temporary"
    printf '%s\n' "$missing" >>"$temporary"
    chmod 600 "$temporary"
    mv -f "$temporary" "$file"
    temporary=
    say changed "keys added: $(printf '%s\n' "$missing" | wc -l | tr -d ' ')"
  fi
  set_mode 700 "$folder"
  set_mode 600 "$file"
}
"""

SWITCH = r"""
drop_in=@DROP_IN@
drop_ins=${drop_in%/*}

# Whatever reads the configuration for each connection needs no signal: the proof from outside decides.
reload() {
  reload_somehow >/dev/null 2>&1 || say not_reloaded
  say reloaded
}
reload_somehow() {
  if [ -d /run/systemd/system ]; then
    for unit in ssh sshd; do
      if systemctl --quiet is-active "$unit.service" && systemctl reload "$unit.service"; then return 0; fi
    done
    for unit in ssh sshd; do
      if systemctl --quiet is-active "$unit.socket"; then return 0; fi
    done
  elif command -v rc-service; then
    if rc-service sshd reload; then return 0; fi
  elif command -v service; then
    for unit in ssh sshd; do
      if service "$unit" reload; then return 0; fi
    done
  fi
  for file in /run/sshd.pid /var/run/sshd.pid; do
    if [ -s "$file" ] && kill -HUP "$(cat "$file")"; then return 0; fi
  done
  return 1
}

# Make a text the drop-in, if sshd accepts it.
write_drop_in() {
  previous=
  [ ! -f "$drop_in" ] || previous=$(cat "$drop_in")
  place_drop_in "$1"
  if ! problem=$(sshd -t 2>&1); then
    if [ -n "$previous" ]; then place_drop_in "$previous"; else rm -f "$drop_in"; fi
    refuse configuration "$(printf '%s\n' "$problem" | head -n 1)"
  fi
}
place_drop_in() {
  temporary=$(mktemp "$drop_ins/.h444.XXXXXX")
  printf '%s\n' "$1" >"$temporary"
  chmod 644 "$temporary"
  mv -f "$temporary" "$drop_in"
  temporary=
}

has_drop_ins() {
  for file in /etc/ssh/sshd_config /usr/etc/ssh/sshd_config; do
    if [ -f "$file" ]; then
      grep -Eiq '^[[:space:]]*include[[:space:]=](.*[[:space:]"/])?sshd_config\.d/' "$file"
      return
    fi
  done
  return 1
}

content() {
cat <<'H444_END_OF_FILE'
# The role h444.cloud.fleet switches off the login by password. With fleet_password_login: true, it removes this file.
PasswordAuthentication no
KbdInteractiveAuthentication no
# Before OpenSSH 8.7 it decides about keyboard-interactive, and has no place in a Match block.
ChallengeResponseAuthentication no
# Before the Match blocks of other files: the first that matches counts.
Match all
    PasswordAuthentication no
    KbdInteractiveAuthentication no
H444_END_OF_FILE
}

close_passwords() {
  wanted=$(content)
  if ! [ -f "$drop_in" ] || [ "$(cat "$drop_in")" != "$wanted" ]; then
    has_drop_ins || refuse drop_ins
    [ -d "$drop_ins" ] || mkdir -m 755 "$drop_ins"
    write_drop_in "$wanted"
    say changed password login switched off
    reload
  fi
  # Who has a password: a lock is "!" or "*" before it.
  [ ! -r /etc/shadow ] || awk -F: '$2 ~ /^[^!*]/ { print "h444:user " $1 }' /etc/shadow
}

# The file stays until the proof from outside: a run that is killed before it is continued by the next one.
open_passwords() {
  if [ -f "$drop_in" ]; then
    write_drop_in '# The role h444.cloud.fleet is about to remove this file.'
    say changed password login switched on
    reload
  fi
}
"""


class Report(t.NamedTuple):
    """What a script reported."""

    is_done: bool
    changes: list[str]
    users: list[str]
    """who could log in with a password"""
    is_reloaded: bool
    """whether sshd was told to read its configuration again"""
    error: str
    """a word and details, or empty"""


def read_report(output: str) -> Report:
    """Read the lines of a script among whatever else the server printed."""
    lines = [line[len(MARK) :].strip() for line in output.splitlines() if line.startswith(MARK)]
    said = [line.partition(" ") for line in lines]

    def all_of(name: str) -> list[str]:
        return [rest for word, _space, rest in said if word == name]

    users = [user for user in all_of("user") if USER.match(user) and user != "root"]
    return Report("done" in lines, all_of("changed"), users, "reloaded" in lines, next(iter(all_of("error")), ""))


def read_keys(texts: t.Iterable[t.Any]) -> list[str]:
    """Return the public keys, one a line. Raises: ValueError, whose text names the place and never the content."""
    found = []
    for place, text in enumerate(texts, 1):
        lines = text.splitlines() if isinstance(text, str) else [""]
        lines = [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]
        if not lines:
            raise ValueError("entry %d is empty" % place)
        for line in lines:
            if not _is_key(line):
                raise ValueError("entry %d is not a public key as in a .pub file" % place)
            found.append(line)
    return found


def _is_key(line: str) -> bool:
    """Return whether a line holds a whole public key: a series of strings, the first of which is its type."""
    match = KEY.search(line)
    if match is None or not line.replace("\t", " ").isprintable():
        return False
    try:
        data = base64.b64decode(match["data"], validate=True)
    except binascii.Error:
        return False
    parts = []
    while data:
        end = 4 + int.from_bytes(data[:4], "big")
        if len(data) < end:
            return False  # a key that was cut off lets nobody in
        parts.append(data[4:end])
        data = data[end:]
    return len(parts) > 1 and parts[0] == match["type"].encode()


def install_keys(keys: t.Sequence[str]) -> str:
    """Make the script of a login with the password: it adds the keys, and nothing else."""
    return _script("add_keys", keys)


def settle(keys: t.Sequence[str], password_login: bool) -> str:
    """Make the script of a login by key: it adds missing keys, and brings the login by password to what is wanted."""
    return _script("add_keys; %s_passwords" % ("open" if password_login else "close"), keys)


def reload_sshd() -> str:
    """Make the script that has sshd read its configuration again."""
    return _script("reload")


def remove_drop_in() -> str:
    """Make the script that removes the drop-in, and has sshd notice."""
    return _script('rm -f "$drop_in"; reload')


def _script(steps: str, keys: t.Sequence[str] = ()) -> str:
    functions = (START + SWITCH).replace("@KEYS@", "\n".join(keys)).replace("@DROP_IN@", DROP_IN)
    # sh has read all of it before the first step, so no step takes the rest as its input.
    return "%s\nmain() { %s; say done; }\nmain </dev/null\n" % (functions, steps)
