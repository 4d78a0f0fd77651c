# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Address families, as every part of the collection names them. Runs on Python 3.6."""

import ipaddress
import socket

from typing import Union

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

IPV4 = "ipv4"
IPV6 = "ipv6"
FAMILIES = (IPV4, IPV6)

#: For people.
LABELS = {IPV4: "IPv4", IPV6: "IPv6"}
#: What nft calls them, and what the names of iptables' programs begin with.
PREFIXES = {IPV4: "ip", IPV6: "ip6"}


def family_of(network):  # type: (Network) -> str
    """``ipv4`` or ``ipv6``."""
    return IPV4 if network.version == 4 else IPV6


def family_of_address(text):  # type: (str) -> str
    """``ipv4`` or ``ipv6``, of what is known to be an address. One with a zone, as fe80::1%eth0, is one, too."""
    return IPV6 if ":" in text else IPV4


def socket_family(text):  # type: (str) -> int
    """The same as the number that sockets and the kernel's messages take."""
    return socket.AF_INET6 if family_of_address(text) == IPV6 else socket.AF_INET
