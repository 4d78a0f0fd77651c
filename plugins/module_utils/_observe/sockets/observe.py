# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the sockets of this host once. Runs on Python 3.6."""

from typing import Any, Dict, List, Sequence

from ansible_collections.jsa.ports.plugins.module_utils._host.routing import own_addresses
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.compare import Listeners, compare, summarize
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.connections import Filter, describe, select
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.expected import Expected, Known
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.inet_diag import read_v6only
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.owners import find_owners
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.proc_net import (
    read_ephemeral_ports,
    read_sockets,
)


def read_listeners(proc="/proc"):  # type: (str) -> Listeners
    """The listening sockets of this host. Raises TableError if the socket tables cannot be read."""
    rows = [row for row in read_sockets(proc) if row.listens]
    # Only a socket on :: can serve two families.
    v6only = read_v6only() if any(row.address == "::" for row in rows) else {}
    return Listeners(rows, v6only, find_owners((row.inode for row in rows), proc), read_ephemeral_ports(proc))


def compared(listeners, expected, known, unlisted=True):
    # type: (Listeners, Sequence[Expected], Sequence[Known], bool) -> Dict[str, Any]
    """The listening sockets beside what is expected: ``results``, their ``summary``, and the host's ``addresses``."""
    results = compare(listeners, expected, known, unlisted)
    return {"results": results, "summary": summarize(results), "addresses": own_addresses()}


def read_connections(chosen, proc="/proc"):  # type: (Filter, str) -> List[Dict[str, Any]]
    """The sockets that *chosen* selects, in any state. Raises TableError if the tables cannot be read."""
    ephemeral = read_ephemeral_ports(proc)
    rows = select(read_sockets(proc), chosen, ephemeral)
    return describe(rows, chosen, find_owners((row.inode for row in rows), proc), ephemeral)
