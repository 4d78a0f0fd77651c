# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether this is the host that the rules are for, and the way that people come by. Runs on Python 3.6."""

import ipaddress

from typing import List, Optional, Sequence

from ansible_collections.jsa.ports.plugins.module_utils._errors import FirewallError
from ansible_collections.jsa.ports.plugins.module_utils._families import Network
from ansible_collections.jsa.ports.plugins.module_utils._host.routing import read_addresses
from ansible_collections.jsa.ports.plugins.module_utils._host.ssh_session import SSHConnection


def own_addresses():  # type: () -> Optional[List[str]]
    """The addresses of this host, without loopback and link-local ones; None where the kernel does not say."""
    try:
        return [one.address for one in read_addresses()]
    except OSError:
        return None


def require_identity(planned, own):  # type: (Sequence[str], Optional[Sequence[str]]) -> None
    """Raises FirewallError where the host has none of the addresses that the plan has for it.

    Two hosts whose ansible_host are swapped would get each other's rules. One address in common is enough. *planned*
    are the host's own ones: its public addresses, which NAT translates, are no proof, and neither is that of a pair.
    """
    if not planned or own is None or set(planned) & set(own):
        return
    raise FirewallError(
        "this is not the host that the rules are for: the plan has %s for it, and this host has %s. Nothing was "
        "written. Correct ansible_host or jsa_address. An address that NAT gives the host belongs into "
        "jsa_public_address. If its own addresses are not known, set jsa_firewall_verify_identity: false"
        % (", ".join(planned), ", ".join(own) or "no address")
    )


def comes_from_here(connection, own):  # type: (Optional[SSHConnection], Optional[Sequence[str]]) -> bool
    """Whether the connection begins on this host itself, as that of a port forward or an agent does."""
    if connection is None:
        return False
    return ipaddress.ip_address(connection.address).is_loopback or connection.address in (own or ())


def require_way_in(connection, management_addresses, own):
    # type: (Optional[SSHConnection], Sequence[Network], Optional[Sequence[str]]) -> None
    """Raises FirewallError where the connection does not tell where people come from, and nobody has said it.

    Loopback is always accepted, so such a connection cannot prove that anybody else gets in.
    """
    if management_addresses or not comes_from_here(connection, own):
        return
    raise FirewallError(
        "the SSH connection of this run comes from the host itself (%s), as through a port forward, so it does not "
        "show which addresses people connect from, or whether they still can. Nothing was written. Name their "
        "addresses in jsa_firewall_management_addresses" % (connection.address if connection else "")
    )
