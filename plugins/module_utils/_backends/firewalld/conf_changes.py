# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of firewalld.conf that somebody has changed and not loaded. Runs on Python 3.6.

A default zone that accepts everything becomes active with our reload. Of the other settings, firewalld tells only what
is in the file.
"""

import io
import os
import re

from typing import Dict, List

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Client, CommandError, NotAsked

_SETTING = re.compile(r"^\s*([A-Za-z0-9_]+)\s*=\s*(\S.*?)\s*$", re.MULTILINE)
#: What runs, and what asks for it.
_ASKED = (("DefaultZone", "getDefaultZone"), ("LogDenied", "getLogDenied"))
_BACKEND = "FirewallBackend"


def conf_changes(client, etc):  # type: (Client, str) -> List[str]
    """One sentence for each setting that a reload makes active. *etc*: firewalld's folder. Raises CommandError."""
    kept = _settings(os.path.join(etc, "firewalld.conf"))
    running = {}  # type: Dict[str, str]
    for name, member in _ASKED:
        try:
            (running[name],) = client.call("", member)
        except (NotAsked, CommandError):
            continue
    running[_BACKEND] = _backend(client)
    return [
        "firewalld.conf: %s=%s, in the files only (%s runs)" % (name, kept[name], value)
        for name, value in sorted(running.items())
        if kept.get(name, value) != value
    ]


def _backend(client):  # type: (Client) -> str
    """The one that has its rules in the kernel."""
    if client.program("nft") is None:
        return "iptables"
    return "nftables" if "table inet firewalld\n" in client.run("nft", "list", "tables") else "iptables"


def _settings(path):  # type: (str) -> Dict[str, str]
    """Empty where it cannot be read: firewalld has defaults of its own then."""
    try:
        with io.open(path, encoding="utf-8", errors="replace") as stream:
            return dict(_SETTING.findall(stream.read()))
    except (IOError, OSError):
        return {}
