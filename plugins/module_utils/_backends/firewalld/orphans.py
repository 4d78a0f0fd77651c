# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules of ours that a firewalld which was killed has left in the kernel. Runs on Python 3.6.

They go on to decide on packets, and a firewalld that starts adds its own behind them (seen with 1.3.3). Nobody but the
kernel can be asked to take them away. What the site's zones say stays as it is.
"""

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Client
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.nft_rules import listed
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.runtime import read_runtime
from ansible_collections.jsa.ports.plugins.module_utils._families import PREFIXES
from ansible_collections.jsa.ports.plugins.module_utils._host import saved_rules
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import NAME_PREFIX, POLICY_IN, POLICY_OUT


def flush(client):  # type: (Client) -> None
    """Empties our chains and sets. Raises CommandError."""
    table = client.nft_table()
    if table is not None:
        chains, sets = ([one["name"] for one in listed(table, kind)] for kind in ("chain", "set"))
        commands = ["flush chain inet firewalld %s" % name for name in chains if _is_ours(name)]
        commands += ["flush set inet firewalld %s" % name for name in sets if name.startswith(NAME_PREFIX)]
        if commands:
            client.run("nft", "; ".join(commands))
        return
    for family, prefix in PREFIXES.items():
        for line in saved_rules.lines(client.iptables(family) or ""):
            name = line[1:].partition(" ")[0]
            if line.startswith(":") and _is_ours(name):
                client.run(prefix + "tables", "-w", "-F", name)
    if client.program("ipset"):
        for name in read_runtime(client).sets:
            client.run("ipset", "flush", name)


def _is_ours(chain):  # type: (str) -> bool
    """Chains of a policy have its name in theirs, with a suffix for each kind of rule."""
    for name in (POLICY_IN, POLICY_OUT):
        _before, found, suffix = chain.partition("_" + name)
        if found and (not suffix or suffix.startswith("_")):
            return True
    return False
