#!/bin/sh
# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# service NAME ACTION, as on a machine with systemd.
[ $# -ge 2 ] || { echo "Usage: service NAME ACTION" >&2; exit 1; }
exec systemctl "$2" "$1"
