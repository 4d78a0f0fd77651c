# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A reload of a firewalld that keeps what runs (FlushAllOnReload=no in firewalld.conf). Runs on Python 3.6.

It loads the files and then adds to each set the entries that it had before, so an address that is no longer in the
file stays in what runs. If such an entry overlaps a new one, the reload ends there, and the host goes on to drop every
new packet. So the sets get the entries of the files before the reload.
"""

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import (
    Client,
    CommandError,
    NotAsked,
)
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import NAME_PREFIX, Ruleset


def reload(client, loaded):  # type: (Client, Ruleset) -> None
    """Reloads firewalld, so that the sets of ours have the entries of *loaded* and no others. Raises FirewallError.

    *loaded*: what our files say. A set that is in none of them stays in what runs, without any entry.
    """
    if client.keeps_entries():
        _settle(client, loaded)
    client.reload()


def _settle(client, loaded):  # type: (Client, Ruleset) -> None
    """Whatever is in the way: the proof after the reload finds what is left."""
    try:
        (names,) = client.call("ipset", "getIPSets")
        for name in names:
            if name.startswith(NAME_PREFIX):
                wanted = loaded.sets[name].entries if name in loaded.sets else ()
                (running,) = client.call("ipset", "getEntries", "s", [name])
                _change(client, name, wanted, running)
    except (NotAsked, CommandError):
        return


def _change(client, name, wanted, running):  # type: (Client, str, tuple, list) -> None
    add = [entry for entry in wanted if entry not in set(running)]
    remove = [entry for entry in running if entry not in set(wanted)]
    if not add and not remove:
        return
    try:
        client.change_entries(name, wanted, add, remove)
    except CommandError:
        # Where somebody has flushed the kernel's rules, firewalld fails, and knows the new entries for all that.
        pass
