# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""NAT groups: hosts that use each other's own addresses, and have other ones for everyone outside."""

from __future__ import annotations

import ipaddress

from collections.abc import Mapping
from typing import Any

from ansible_collections.jsa.ports.plugins.plugin_utils._topology.addresses import read_addresses
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Host

_GROUP, _PUBLIC = "jsa_nat_group", "jsa_public_address"


def read_nat(name: str, own: Mapping[str, Any], problems: list[str]) -> tuple[str | None, tuple[str, ...]]:
    """The NAT group and the public addresses of a host; *own*: its variables. Adds to *problems* what is wrong."""
    value = own.get(_GROUP)
    group = None
    if isinstance(value, int) and not isinstance(value, bool):
        group = str(value)
    elif isinstance(value, str):
        group = value.strip() or None
    elif value is not None:
        problems.append(f"{name}: {_GROUP}: {value!r} is not the name of a NAT group")
    public: tuple[str, ...] = ()
    if own.get(_PUBLIC) not in (None, "", []):
        public = read_addresses(name, _PUBLIC, own[_PUBLIC], problems)
        if group is None and value in (None, ""):
            problems.append(
                f"{name}: {_PUBLIC} is set, but {_GROUP} is not: set it to the name of the host's NAT group, which the "
                "hosts have in common that use its private address"
            )
    return group, public


def check_nat(hosts: Mapping[str, Host], problems: list[str]) -> None:
    """Adds to *problems* the hosts that peers cannot contact, and public addresses that translate to nothing."""
    for name, host in hosts.items():
        if host.nat_group is None:
            continue
        outside = [other for other, peer in hosts.items() if peer.nat_group != host.nat_group]
        if outside and not host.public_addresses:
            more = f" and {len(outside) - 1} more" if len(outside) > 1 else ""
            verb = "are" if more else "is"
            problems.append(
                f"{name}: {_PUBLIC} is not set, but {outside[0]}{more} {verb} outside of its NAT group "
                f"{host.nat_group}: set it to the address that they use for {name}"
            )
        versions = {ipaddress.ip_address(address).version for address in host.addresses}
        for address in host.public_addresses:
            version = ipaddress.ip_address(address).version
            if versions and version not in versions:
                problems.append(
                    f"{name}: {_PUBLIC}: {address} is an IPv{version} address, but the host has no IPv{version} "
                    "address that it could stand for: add one to jsa_address"
                )
