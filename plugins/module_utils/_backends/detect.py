# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a host is a JSA appliance. Runs on Python 3.6."""

import os

QRADAR = "/opt/qradar"
#: Either of them makes an appliance.
MARKS = ("bin/iptables_update.pl", "bin/myver")

REFUSAL = (
    "this host is a JSA appliance: it has %s. It generates its own iptables rules, and "
    "firewalld.service conflicts with iptables.service, so starting firewalld here drops the product's rules. "
    "Nothing was written. Use jsa_firewall_backend: appliance (or auto), which goes through the product's own "
    "files, or report"
)


def appliance_mark(root=QRADAR):  # type: (str) -> str
    """The file that says so; empty where the host is none."""
    for mark in MARKS:
        path = os.path.join(root, mark)
        if os.path.exists(path):
            return path
    return ""
