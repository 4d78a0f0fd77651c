# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the kernel enforces of ours, read from nftables or, where firewalld uses it, from iptables and ipset.

firewalld's own account of the runtime is what it meant to load; the kernel's is what holds. Both readers give the same
values. Runs on Python 3.6.
"""

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.chains import Runtime
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.client import Client, CommandError
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.iptables_rules import parse_iptables
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.nft_rules import parse_nft
from ansible_collections.jsa.ports.plugins.module_utils._families import IPV4, IPV6
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import FirewalldError


def read_runtime(client):  # type: (Client) -> Runtime
    """Raises FirewalldError where neither nft nor iptables-save can be asked."""
    table = client.nft_table()
    if table is not None:
        return parse_nft(table)
    ipv4 = client.iptables(IPV4)
    if ipv4 is None:
        raise FirewalldError(
            "the running rules could not be verified: neither nft nor iptables-save is on this host. Install the "
            "package nftables"
        )
    ipv6 = client.iptables(IPV6)
    sets = ""
    if client.program("ipset"):
        try:
            sets = client.ipsets()
        except CommandError:
            # No kernel module for sets: then there are none.
            sets = ""
    return parse_iptables(ipv4, ipv6, sets)
