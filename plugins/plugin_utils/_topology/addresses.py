# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses of hosts and networks outside, as an inventory writes them."""

from __future__ import annotations

import ipaddress

from functools import lru_cache
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import ANY_V4, ANY_V6

#: Length of the prefix ``::ffff:0:0/96`` that holds IPv4 addresses.
_MAPPED_LENGTH = 96


def parse_address(text: Any) -> str:
    """One address of a host, normalized. Raises ValueError with what is wrong."""
    if not isinstance(text, str):
        raise ValueError(f"{text!r} is not an IP address")
    return _parsed(text)


# An inventory plugin and a plan ask for each address several times.
@lru_cache(maxsize=65536)
def _parsed(text: str) -> str:
    _refuse_zone(text)
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        hint = " (one address without a prefix length is expected)" if "/" in text else ""
        raise ValueError(f"{text!r} is not an IP address{hint}") from None
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            address = address.ipv4_mapped
        elif address.is_link_local:
            raise ValueError(f"{text} is a link-local address, which hosts on other links cannot use")
    if address.is_loopback:
        raise ValueError(f"{text} is a loopback address, which only the host itself can use")
    for kind, is_one in (
        ("the unspecified", address.is_unspecified),
        ("a multicast", address.is_multicast),
        ("the broadcast", str(address) == "255.255.255.255"),
    ):
        if is_one:
            raise ValueError(f"{text} is {kind} address, not that of a host")
    return str(address)


def _refuse_zone(text: str) -> None:
    """Python takes a zone (RFC 4007) for a part of an address. No rule and no probe can use one."""
    if "%" in text:
        raise ValueError(f"{text!r} has a zone, which means nothing on other hosts: remove the % and what follows")


def is_address(text: Any) -> bool:
    """Whether *text* is an IPv4 or IPv6 address, be it that of a host or not."""
    try:
        ipaddress.ip_address(text.strip() if isinstance(text, str) else "")
    except ValueError:
        return False
    return True


def address_key(text: str) -> tuple[int, int]:
    """Sorts addresses by number, IPv4 before IPv6."""
    address = ipaddress.ip_address(text)
    return address.version, int(address)


def parse_cidr(text: Any) -> str:
    """A network or one address, as a normalized CIDR. Raises ValueError with what is wrong.

    IPv4 in IPv6 notation (RFC 4291, section 2.5.5.2) becomes IPv4: that is what a firewall makes of it, and a plan must
    never read narrower than what is enforced.
    """
    if not isinstance(text, str):
        raise ValueError(f"{text!r} is not a network: expected a CIDR such as 10.0.0.0/8")
    _refuse_zone(text)
    try:
        return str(_as_ipv4(ipaddress.ip_network(text.strip())))
    except ValueError:
        pass
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is not a network: expected a CIDR such as 10.0.0.0/8") from None
    raise ValueError(f"{text} has host bits set: write {network}, or a single address without a prefix length")


def _as_ipv4(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    mapped = isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped
    if not mapped or network.prefixlen < _MAPPED_LENGTH:
        return network
    return ipaddress.IPv4Network((mapped, network.prefixlen - _MAPPED_LENGTH))


def parse_network(value: Any) -> tuple[str, ...]:
    """A value of ``jsa_networks``: ``any``, ``none``, a CIDR or a list of CIDRs. Raises ValueError."""
    if isinstance(value, str):
        word = value.strip().lower()
        if word == "any":
            return (ANY_V4, ANY_V6)
        if word == "none":
            return ()
        return (parse_cidr(value),)
    if isinstance(value, (list, tuple)):
        if not value:
            raise ValueError("is an empty list: write none if there is no such network")
        cidrs = []
        wrong = []
        for item in value:
            if isinstance(item, str) and item.strip().lower() in ("any", "none"):
                wrong.append(f"{item!r} cannot be an item of a list")
                continue
            try:
                cidrs.append(parse_cidr(item))
            except ValueError as error:
                wrong.append(str(error))
        if wrong:
            raise ValueError("; ".join(wrong))
        return tuple(cidrs)
    raise ValueError(f"{value!r} is not a list of CIDRs, any, or none")


def read_addresses(name: str, variable: str, value: Any, problems: list[str]) -> tuple[str, ...]:
    """The addresses that a variable of a host names, sorted, each once."""
    addresses: set[str] = set()
    for item in value if isinstance(value, (list, tuple)) else [value]:
        try:
            addresses.add(parse_address(item))
        except ValueError as error:
            problems.append(f"{name}: {variable}: {error}")
    return tuple(sorted(addresses, key=address_key))


def read_networks(name: str, variable: str, value: Any, problems: list[str]) -> tuple[str, ...]:
    """The CIDRs and single addresses that a variable of a host names, as CIDRs, sorted, each once."""
    networks: set[str] = set()
    for item in value if isinstance(value, (list, tuple)) else [value]:
        try:
            networks.add(parse_cidr(item))
        except ValueError as error:
            problems.append(f"{name}: {variable}: {error}")
    return tuple(sorted(networks, key=_network_key))


def _network_key(cidr: str) -> tuple[int, int, int]:
    network = ipaddress.ip_network(cidr)
    return network.version, int(network.network_address), network.prefixlen
