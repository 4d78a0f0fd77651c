# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Address families, as every part of the collection names them. Runs on Python 3.6."""

IPV4 = "ipv4"
IPV6 = "ipv6"
FAMILIES = (IPV4, IPV6)

#: For people.
LABELS = {IPV4: "IPv4", IPV6: "IPv6"}
#: What nft calls them, and what the names of iptables' programs begin with.
PREFIXES = {IPV4: "ip", IPV6: "ip6"}


def family_of_version(version):  # type: (int) -> str
    """Of the ``version`` of what the library ipaddress makes."""
    return IPV4 if version == 4 else IPV6


def family_of_text(address):  # type: (str) -> str
    """Of an address or a CIDR that is known to be one."""
    return IPV6 if ":" in address else IPV4
