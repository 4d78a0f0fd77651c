# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._topology.addresses import (
    parse_address,
    parse_cidr,
    parse_network,
)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("10.0.0.1", "10.0.0.1/32"),
        (" 10.0.0.0/8 ", "10.0.0.0/8"),
        ("2001:DB8::/32", "2001:db8::/32"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:10.0.0.1", "10.0.0.1/32"),
        # Every IPv4 address: it must not read like something small.
        ("::ffff:0:0/96", "0.0.0.0/0"),
        # Wider than IPv4 in IPv6 notation: an IPv6 network like any other.
        ("::/0", "::/0"),
        ("::ffff:0:0/95", None),
        ("::fffe:0:0/95", "::fffe:0:0/95"),
    ],
)
def test_a_network_has_one_spelling(text: str, canonical: str | None) -> None:
    if canonical is None:
        with pytest.raises(ValueError, match="bits set"):
            parse_cidr(text)
    else:
        assert parse_cidr(text) == canonical


def test_a_named_network_in_ipv6_notation_of_ipv4() -> None:
    assert parse_network(["::ffff:0:0/96", "192.0.2.0/24"]) == ("0.0.0.0/0", "192.0.2.0/24")


@pytest.mark.parametrize("text", ["fe80::1%eth0", "2001:db8::1%eth0", "::ffff:10.0.0.1%x", "fe80::%eth0/64", "%"])
def test_a_zone_is_no_part_of_an_address_in_a_plan(text: str) -> None:
    for read in (parse_address, parse_cidr):
        with pytest.raises(ValueError, match="has a zone, which means nothing on other hosts"):
            read(text)
