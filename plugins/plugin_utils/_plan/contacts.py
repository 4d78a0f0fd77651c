# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which addresses two hosts use to contact each other. Everything that needs one asks here.

Hosts of one NAT group use the private addresses; for everyone else, a host behind NAT has its public ones. Translation
is 1:1, so the address at which a host is contacted is also the one that its own packets come from.
"""

from __future__ import annotations

import ipaddress

from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol


class Contactable(Protocol):
    """What decides on the addresses of a host: a host of a topology, or of a plan."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its own, on its interfaces."""

    @property
    def virtual_addresses(self) -> tuple[str, ...]:
        """Those of its HA pair."""

    @property
    def nat_group(self) -> str | None:
        """None where it is not behind NAT."""

    @property
    def public_addresses(self) -> tuple[str, ...]:
        """What hosts outside of its NAT group see instead of its own."""


def addresses_toward(host: Contactable, peer: Contactable) -> tuple[str, ...]:
    """The addresses at which *peer* contacts *host*, and from which it sees the packets of *host* come."""
    return host.public_addresses if _is_translated(host, peer) else host.addresses


def virtual_addresses_toward(host: Contactable, peer: Contactable) -> tuple[str, ...]:
    """The addresses of the HA pair of *host* at which *peer* contacts it. Nobody outside of a NAT group sees them."""
    return () if _is_translated(host, peer) else host.virtual_addresses


def own_address(host: Contactable, address: str) -> str:
    """The address of *host* itself at which packets to *address* arrive: another one where NAT translates."""
    if address not in host.public_addresses or address in host.addresses:
        return address
    return first_of(host.addresses, version_of(address)) or address


def first_of(addresses: Iterable[str], version: int) -> str | None:
    """The first of *addresses* that is of this IP version."""
    return next((address for address in addresses if version_of(address) == version), None)


# The same few addresses stand in the rules and flows of every host.
@lru_cache(maxsize=65536)
def version_of(address: str) -> int:
    """4 or 6."""
    return ipaddress.ip_address(address).version


def _is_translated(host: Contactable, peer: Contactable) -> bool:
    return bool(host.public_addresses) and host.nat_group != peer.nat_group
