# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One question to one peer, and what came of it. Runs on Python 3.6."""

import ipaddress
import socket

from typing import Any, Dict, NamedTuple, Optional, Tuple

OPEN = "open"
#: The peer itself says that nothing is there.
REFUSED = "refused"
#: A firewall says no, on the peer or on the way.
PROHIBITED = "prohibited"
#: There is no way to the peer, or no such peer.
UNREACHABLE = "unreachable"
NO_ANSWER = "no_answer"
#: Silence of UDP, which says less than silence of TCP.
OPEN_OR_FILTERED = "open_or_filtered"
#: Nothing could be sent: no privilege, no such source address, no free socket.
UNAVAILABLE = "unavailable"
RESULTS = (OPEN, REFUSED, PROHIBITED, UNREACHABLE, NO_ANSWER, OPEN_OR_FILTERED, UNAVAILABLE)

TCP = "tcp"
UDP = "udp"
ICMP = "icmp"
PROTOCOLS = (TCP, UDP, ICMP)


class Probe(object):
    """One question to one peer."""

    __slots__ = ("address", "expect", "family", "given", "index", "port", "protocol", "recheck", "sockaddr", "source")

    def __init__(self, index, given, family, sockaddr, port, protocol, recheck=True, source=None, expect=None):
        # type: (int, Dict[str, Any], int, Tuple[Any, ...], int, str, bool, Optional[str], Optional[str]) -> None
        self.index = index
        #: As the caller wrote it: returned with the result.
        self.given = given
        self.family = family
        self.sockaddr = sockaddr
        #: The peer, spelled in one way however the caller spells it.
        self.address = sockaddr[0]
        #: 0 for ICMP.
        self.port = port
        self.protocol = protocol
        #: Whether silence that may come from a ration of ICMP errors is worth asking again.
        self.recheck = recheck
        self.source = source
        #: Token and host that the temporary listener there has to answer with; None: whatever answers is right.
        self.expect = expect

    @property
    def silence(self):  # type: () -> str
        """The result where nothing comes back."""
        return OPEN_OR_FILTERED if self.protocol == UDP else NO_ANSWER


class Identity(NamedTuple):
    """Who has answered, and as whom that one sees this host."""

    #: ``match``, ``mismatch``, or ``none`` where whatever answered did not say who it is.
    token: str
    answered_by: Optional[str] = None
    #: Whether it is a listener of the run that was expected, if on another host.
    same_run: Optional[bool] = None
    seen_as: Optional[str] = None
    sent_from: Optional[str] = None


class Outcome(NamedTuple):
    result: str
    #: The address that sent the ICMP error, where that is known.
    by: Optional[str] = None
    #: What the kernel or the ICMP error said.
    error: Optional[str] = None
    elapsed: float = 0.0
    rate_limited: bool = False
    #: Of a probe that expects a temporary listener: what answered.
    identity: Optional[Identity] = None


def parse_peer(text):  # type: (Any) -> Tuple[int, Tuple[Any, ...]]
    """Family and socket address of *text*. Raises ValueError.

    A name is no address: looking it up takes its own time, and says nothing about which of its addresses was meant.
    """
    if not isinstance(text, str):
        raise ValueError("is missing" if text is None else "%r is not an IP address" % (text,))
    plain, percent, zone = text.partition("%")
    try:
        address = ipaddress.ip_address(plain)
    except ValueError:
        raise ValueError("%r is not an IP address; names are not looked up" % text)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if address.is_unspecified or address.is_multicast:
        raise ValueError("%s is not the address of a single host" % text)
    if isinstance(address, ipaddress.IPv4Address):
        if percent:
            raise ValueError("%r: only a link-local IPv6 address has a zone" % text)
        return socket.AF_INET, (str(address), 0)
    if bool(percent) != address.is_link_local:
        raise ValueError("%r: link-local IPv6 addresses, and only these, need a zone, as in fe80::1%%eth0" % text)
    return socket.AF_INET6, (str(address), 0, 0, _interface(zone) if percent else 0)


def _interface(zone):  # type: (str) -> int
    try:
        return socket.if_nametoindex(zone)
    except (OSError, ValueError):
        raise ValueError("this host has no interface %r" % zone)
