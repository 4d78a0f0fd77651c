# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may always reach a host's SSH port. Runs on Python 3.6."""

from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._families import Network
from ansible_collections.jsa.ports.plugins.module_utils._host.ssh_session import SSHConnection
from ansible_collections.jsa.ports.plugins.module_utils._rules.addresses import parse_network

DEFAULT_SSH_PORT = 22


class Guard(NamedTuple):
    """Management addresses and the controller, and the port that stays open to them."""

    networks: Tuple[Network, ...]
    port: int


def earlier_controllers(commits, connection, most):
    # type: (Sequence[Any], Optional[SSHConnection], int) -> List[str]
    """Addresses that earlier runs came from, the last one first: with that of *connection*, *most* in all.

    *commits*: what the host remembers, oldest first; the last one has the addresses that its state lets in. Who came
    through a bastion yesterday and comes directly today has not given up the bastion.
    """
    known = commits[-1].controllers if commits else []
    own = [] if connection is None else [connection.address]
    found = own + [address for address in known if address not in own]
    return found[:most][len(own) :]


def guard_of(management_addresses, connection, ssh_port=None, earlier=()):
    # type: (Sequence[Network], Optional[SSHConnection], Optional[int], Sequence[str]) -> Optional[Guard]
    """For a run through *connection*, with the addresses of *earlier* ones.

    Without a port, it is that of the connection. None where nobody is known.
    """
    networks = list(management_addresses) + [parse_network(address) for address in earlier]
    if connection is not None:
        networks.append(parse_network(connection.address))
    if not networks:
        return None
    if ssh_port is None:
        ssh_port = connection.port if connection else DEFAULT_SSH_PORT
    return Guard(tuple(networks), ssh_port)


def require_connection(connection):  # type: (Optional[SSHConnection]) -> None
    """Raises FirewallError where the connection of a run has to be known, and is not."""
    if connection is None:
        raise FirewallError(
            "the SSH connection that this run came through was not found on the host, so it cannot be kept open. "
            "Nothing was written. Name the controller's addresses in jsa_firewall_management_addresses and set "
            "require_controller: false, or only the latter where the connection is not SSH"
        )
