# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Install pip into an empty virtual environment from the wheel that this Python carries.

ansible-test runs a script of this kind as a module, with arguments like "--disable-pip-version-check pip==24.2
--no-setuptools --no-wheel". The usual one is a download; this one needs the package index only.
"""

import ensurepip
import glob
import os
import sys

bundled = glob.glob(os.path.join(os.path.dirname(ensurepip.__file__), "_bundled", "pip-*.whl"))
bundled += glob.glob("/usr/share/python-wheels/pip-*.whl")  # where Debian keeps it
sys.path.insert(0, bundled[0])
wanted = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
from pip._internal.cli.main import main

sys.exit(main(["install"] + wanted))
