# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a host is a JSA appliance. Runs on Python 3.6."""

import os

QRADAR = "/opt/qradar"
#: Either of them makes an appliance.
MARKS = ("bin/iptables_update.pl", "bin/myver")


def appliance_mark(root=QRADAR):  # type: (str) -> str
    """The file that says so; empty where the host is none."""
    for mark in MARKS:
        path = os.path.join(root, mark)
        if os.path.exists(path):
            return path
    return ""
