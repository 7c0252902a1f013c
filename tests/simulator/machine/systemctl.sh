#!/bin/sh
# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The systemctl of a simulated server. It knows the one unit that the image has, sshd's, and tells the simulator through
# the pipe /dev/initctl what becomes of it.

quiet='' verb='' units=''
for word in "$@"; do
  case $word in
    -q | --quiet) quiet=yes ;;
    --version) echo "systemd 255 (simulated)"; exit 0 ;;
    -*) ;;
    *) if [ -z "$verb" ]; then verb=$word; else units="$units ${word%.service}"; fi ;;
  esac
done
folder=/etc/systemd/system
for file in "$folder"/ssh.service "$folder"/sshd.service; do
  [ -f "$file" ] && own=$(basename "$file" .service)
done

say() { [ -n "$quiet" ] || echo "$1"; }
tell() { echo "$1" > /dev/initctl; }
is_running() { [ -e /run/sshd.pid ]; }

show() {
  if [ "$1" != "$own" ]; then
    printf 'Id=%s.service\nLoadState=not-found\nActiveState=inactive\nSubState=dead\nUnitFileState=\n' "$1"
  elif is_running; then
    printf 'Id=%s.service\nLoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\n' "$1"
  else
    printf 'Id=%s.service\nLoadState=loaded\nActiveState=inactive\nSubState=dead\nUnitFileState=enabled\n' "$1"
  fi
}

begin() {
  /usr/sbin/sshd -t || { rm -f /run/sshd.pid; tell stop; return 1; }
  echo 1 > /run/sshd.pid
  tell start
}

reload() {
  is_running || { echo "$own.service is not active, cannot reload." >&2; return 1; }
  if /usr/sbin/sshd -t; then tell reload; return 0; fi
  # Debian's unit checks the configuration first. Others only send the signal, and sshd ends.
  if [ "$own" = sshd ]; then rm -f /run/sshd.pid; tell stop; return 0; fi
  return 1
}

act() {
  case $1 in
    start) is_running || begin ;;
    stop) rm -f /run/sshd.pid; tell stop ;;
    restart | try-restart) begin ;;
    reload) reload ;;
    reload-or-restart | reload-or-try-restart) if is_running; then reload; else begin; fi ;;
  esac || { echo "Job for $own.service failed because the control process exited with error code." >&2; exit 1; }
}

case $verb in
  daemon-reload) exit 0 ;;
  is-system-running) say running; exit 0 ;;
  list-unit-files | list-units)
    wanted=${units:- $own}
    for unit in $wanted; do
      [ "$unit" = "$own" ] && echo "$own.service enabled enabled" && found=yes
    done
    [ -n "$found" ] || exit 1
    exit 0 ;;
esac

[ -n "$units" ] || { echo "Too few arguments." >&2; exit 1; }
for unit in $units; do
  case $verb in
    show) show "$unit"; continue ;;
    is-active)
      if [ "$unit" = "$own" ] && is_running; then say active; continue; fi
      say inactive; exit 3 ;;
  esac
  if [ "$unit" != "$own" ]; then
    case $verb in
      status | is-enabled | cat) echo "Unit $unit.service could not be found." >&2 ;;
      *) echo "Failed to $verb $unit.service: Unit $unit.service not found." >&2 ;;
    esac
    [ "$verb" = status ] && exit 4
    [ "$verb" = is-enabled ] || [ "$verb" = cat ] && exit 1
    exit 5
  fi
  case $verb in
    cat) echo "# $folder/$unit.service"; cat "$folder/$unit.service" ;;
    is-enabled) say enabled ;;
    status)
      show "$unit"
      is_running || exit 3 ;;
    enable | disable | unmask | mask) ;;
    start | stop | restart | try-restart | reload | reload-or-restart | reload-or-try-restart) act "$verb" ;;
    *) echo "systemctl: the one of a simulated server has no $verb." >&2; exit 1 ;;
  esac
done
