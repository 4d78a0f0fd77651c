# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A probe and its outcome. Runs on Python 3.6."""

import ipaddress
import socket

from typing import Any, Dict, NamedTuple, Optional, Tuple

OPEN = "open"
#: The peer rejects it because nothing listens.
REFUSED = "refused"
#: A firewall rejects it, on the peer or on the path.
PROHIBITED = "prohibited"
#: There is no route to the peer, or no such peer.
UNREACHABLE = "unreachable"
NO_ANSWER = "no_answer"
#: No answer over UDP, which means less than no answer over TCP.
OPEN_OR_FILTERED = "open_or_filtered"
#: It could not be sent: no privilege, no such source address, or no free socket.
UNAVAILABLE = "unavailable"
RESULTS = (OPEN, REFUSED, PROHIBITED, UNREACHABLE, NO_ANSWER, OPEN_OR_FILTERED, UNAVAILABLE)

TCP = "tcp"
UDP = "udp"
ICMP = "icmp"
PROTOCOLS = (TCP, UDP, ICMP)


class Probe(object):
    """A probe of one port of one peer."""

    __slots__ = ("address", "expect", "family", "given", "index", "port", "protocol", "recheck", "sockaddr", "source")

    def __init__(self, index, given, family, sockaddr, port, protocol, recheck=True, source=None, expect=None):
        # type: (int, Dict[str, Any], int, Tuple[Any, ...], int, str, bool, Optional[str], Optional[str]) -> None
        self.index = index
        #: As the caller wrote it: returned with the result.
        self.given = given
        self.family = family
        self.sockaddr = sockaddr
        #: The peer's address in its canonical form.
        self.address = sockaddr[0]
        #: 0 for ICMP.
        self.port = port
        self.protocol = protocol
        #: Whether to repeat the probe if a rate limit of ICMP errors can be the cause of silence.
        self.recheck = recheck
        self.source = source
        #: Token and host that the temporary listener must answer with. None accepts any answer.
        self.expect = expect

    @property
    def silence(self):  # type: () -> str
        """The result without an answer."""
        return OPEN_OR_FILTERED if self.protocol == UDP else NO_ANSWER


class Identity(NamedTuple):
    """The identity of the listener that answered, and the address under which it sees this host."""

    #: ``match``, ``mismatch``, or ``none`` if the answer has no identity.
    token: str
    answered_by: Optional[str] = None
    #: Whether it is a listener of the same run, on this or another host.
    same_run: Optional[bool] = None
    seen_as: Optional[str] = None
    sent_from: Optional[str] = None


class Outcome(NamedTuple):
    """The outcome of a probe. *elapsed*: seconds until the answer."""

    result: str
    #: The address that sent the ICMP error, if it is known.
    by: Optional[str] = None
    #: The text of the kernel's or the ICMP error.
    error: Optional[str] = None
    elapsed: float = 0.0
    rate_limited: bool = False
    #: Who answered a probe that expects a temporary listener.
    identity: Optional[Identity] = None


def parse_peer(text):  # type: (Any) -> Tuple[int, Tuple[Any, ...]]
    """The family and the socket address of *text*. Raises ValueError.

    Names are rejected: a lookup takes time, and a name can have several addresses.
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
