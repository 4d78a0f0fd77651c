# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The family of networks and addresses."""

from __future__ import annotations

import ipaddress
import socket

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._families import (
    FAMILIES,
    family_of,
    family_of_address,
    socket_family,
)

CASES = [
    ("10.0.0.1", "ipv4", socket.AF_INET),
    ("0.0.0.0", "ipv4", socket.AF_INET),
    ("::", "ipv6", socket.AF_INET6),
    ("2001:db8::1", "ipv6", socket.AF_INET6),
    ("::ffff:10.0.0.1", "ipv6", socket.AF_INET6),
]


@pytest.mark.parametrize(("text", "family", "number"), CASES)
def test_families(text: str, family: str, number: int) -> None:
    assert family_of(ipaddress.ip_network(text)) == family_of_address(text) == family
    assert socket_family(text) == number


def test_an_address_with_a_zone() -> None:
    assert family_of_address("fe80::1%eth0") == "ipv6"


def test_all_of_them_in_order() -> None:
    assert FAMILIES == ("ipv4", "ipv6")
