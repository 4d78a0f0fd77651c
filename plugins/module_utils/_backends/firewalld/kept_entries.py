# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A reload of a firewalld that keeps what runs (FlushAllOnReload=no in firewalld.conf). Runs on Python 3.6.

It loads the files and then adds to each set the entries that it had before, so an address that is no longer in the
file stays in what runs. If such an entry overlaps a new one, the reload ends there, and the host goes on to drop every
new packet. So the sets get the entries of the files before the reload.
"""

import ipaddress

from typing import Any, List, Sequence

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import (
    Client,
    CommandError,
    NotAsked,
)
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import NAME_PREFIX, FirewalldError, Ruleset


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


def require_no_collisions(client):  # type: (Client) -> None
    """Raises FirewalldError where a reload would end half-way, as far as firewalld tells."""
    try:
        found = collisions(client)
    except (NotAsked, CommandError):
        return
    if found:
        raise FirewalldError(
            "firewalld keeps entries of sets through a reload (FlushAllOnReload=no), and a reload would fail and leave "
            "every new packet dropped. %s. Nothing was written. Correct these entries in the files and in what runs"
            % "; ".join(found)
        )


def collisions(client):  # type: (Client) -> List[str]
    """Entries of the site's sets that run and overlap others in the files: a reload would end there, in words.

    What of a file is in another spelling than firewalld's own is enough, such as ``fd00:0::/64``. Raises NotAsked or
    CommandError.
    """
    found = []
    (names,) = client.call("ipset", "getIPSets") if client.keeps_entries() else ((),)
    for name in names:
        if name.startswith(NAME_PREFIX):
            continue
        try:
            (path,) = client.call("config", "getIPSetByName", "s", [name], "/config")
            kept = client.call("config.ipset", "getSettings", path=path)[0][5]
            (running,) = client.call("ipset", "getEntries", "s", [name])
        except CommandError:
            # One that is in no file stays as it is, and one whose entries time out has none for firewalld.
            continue
        spelled = {_as_firewalld(entry) for entry in running} - set(kept)
        for entry in sorted(spelled):
            other = _overlapped(entry, kept)
            if other:
                found.append("set %s: %s runs, and overlaps %s in the file" % (name, entry, other))
                break
    return found


def _as_firewalld(entry):  # type: (str) -> str
    return ",".join(str(_network(part) or part) if "/" in part else part for part in entry.split(","))


def _overlapped(entry, others):  # type: (str, Sequence[str]) -> str
    network = _network(entry)
    for other in others if network is not None else ():
        known = _network(other)
        if known is not None and known.version == network.version and network.overlaps(known):
            return other
    return ""


def _network(text):  # type: (str) -> Any
    """None for what is none, such as a MAC address, a range or a pair."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _change(client, name, wanted, running):  # type: (Client, str, Sequence[str], Sequence[str]) -> None
    add = [entry for entry in wanted if entry not in set(running)]
    remove = [entry for entry in running if entry not in set(wanted)]
    if not add and not remove:
        return
    try:
        client.change_entries(name, wanted, add, remove)
    except CommandError:
        # Where somebody has flushed the kernel's rules, firewalld fails, and knows the new entries for all that.
        pass
