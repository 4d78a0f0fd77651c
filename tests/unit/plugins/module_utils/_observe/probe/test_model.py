# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of jsa.ports.reachability: what they mean, and every problem told at once."""

from __future__ import annotations

import contextlib
import socket

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._observe.probe.model import ProbeError, read_probes
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.model import parse_peer

LEAST = {"address": "10.0.0.1", "port": 22}


@pytest.mark.parametrize(
    ("text", "family", "sockaddr"),
    [
        ("10.0.0.1", socket.AF_INET, ("10.0.0.1", 0)),
        ("2001:DB8:0::1", socket.AF_INET6, ("2001:db8::1", 0, 0, 0)),
        ("::1", socket.AF_INET6, ("::1", 0, 0, 0)),
        ("::ffff:10.0.0.1", socket.AF_INET, ("10.0.0.1", 0)),
        ("fe80::1%lo", socket.AF_INET6, ("fe80::1", 0, 0, socket.if_nametoindex("lo"))),
    ],
)
def test_peers(text: str, family: int, sockaddr: tuple[Any, ...]) -> None:
    assert parse_peer(text) == (family, sockaddr)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "is missing"),
        (5, "5 is not an IP address"),
        ("con1", "'con1' is not an IP address; names are not looked up"),
        ("", "'' is not an IP address"),
        ("10.1", "'10.1' is not an IP address"),
        ("10.0.0.1/24", "is not an IP address"),
        ("10.0.0.1:22", "is not an IP address"),
        ("[::1]", "is not an IP address"),
        ("10.0.0.1%lo", "only a link-local IPv6 address has a zone"),
        ("2001:db8::1%lo", "link-local IPv6 addresses, and only these, need a zone"),
        ("fe80::1", "need a zone, as in fe80::1%eth0"),
        ("fe80::1%nosuch0", "this host has no interface 'nosuch0'"),
        ("0.0.0.0", "0.0.0.0 is not the address of a single host"),
        ("::", "not the address of a single host"),
        ("224.0.0.1", "not the address of a single host"),
        ("ff02::1", "not the address of a single host"),
    ],
)
def test_what_is_no_peer(text: Any, complaint: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_peer(text)
    assert complaint in str(caught.value)


@given(st.one_of(st.text(), st.ip_addresses().map(str), st.integers(), st.none(), st.lists(st.text())))
def test_an_address_is_read_or_refused(text: Any) -> None:
    with contextlib.suppress(ProbeError):
        read_probes([{"address": text, "port": 1}])


@pytest.mark.parametrize(
    ("item", "protocol", "port", "recheck"),
    [
        (LEAST, "tcp", 22, True),
        ({**LEAST, "port": "443"}, "tcp", 443, True),
        ({**LEAST, "protocol": "udp"}, "udp", 22, True),
        ({**LEAST, "recheck": False}, "tcp", 22, False),
        ({**LEAST, "recheck": "no"}, "tcp", 22, False),
        ({"address": "10.0.0.1", "protocol": "icmp"}, "icmp", 0, True),
        ({"address": "10.0.0.1", "protocol": "icmp", "port": None}, "icmp", 0, True),
    ],
)
def test_probes(item: dict[str, Any], protocol: str, port: int, recheck: bool) -> None:
    (probe,) = read_probes([item])
    assert (probe.protocol, probe.port, probe.recheck, probe.sockaddr) == (protocol, port, recheck, ("10.0.0.1", port))
    assert probe.given == item


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"address": None}, "probes[0]: address: is missing"),
        ({"address": "con1"}, "probes[0]: address: 'con1' is not an IP address; names are not looked up"),
        ({"address": ["10.0.0.1"]}, "probes[0]: address: "),
        ({"port": None}, "probes[0]: port: is missing"),
        ({"port": 0}, "probes[0]: port: 0 is not a port from 1 to 65535"),
        ({"port": 65536}, "65536 is not a port"),
        ({"port": "ssh"}, "'ssh' is not a port"),
        ({"port": 22.5}, "22.5 is not a port"),
        ({"port": True}, "True is not a port"),
        ({"port": "32000-33999"}, "'32000-33999' is not a port"),
        ({"protocol": "sctp"}, "probes[0]: protocol: 'sctp' is none of tcp, udp, icmp"),
        ({"protocol": "icmp"}, "probes[0]: port: ICMP has no ports"),
        ({"recheck": "maybe"}, "recheck: 'maybe' is neither true nor false"),
        ({"result": "open"}, "probes[0]: result is a key of the results, not of a probe"),
    ],
)
def test_problems(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ProbeError) as caught:
        read_probes([{**LEAST, **changes}])
    assert complaint in str(caught.value)


def test_all_mistakes_in_one_message() -> None:
    with pytest.raises(ProbeError) as caught:
        read_probes([LEAST, {"address": "x"}, {**LEAST, "port": 0}], ["y"], ["timeout: 0 is no number above 0"])
    message = str(caught.value)
    for part in ("timeout: 0", "source: 'y'", "probes[1]: address", "probes[1]: port: is missing", "probes[2]: port"):
        assert part in message
    assert "probes[0]" not in message


def test_a_thousand_mistakes_do_not_make_a_thousand_lines() -> None:
    with pytest.raises(ProbeError) as caught:
        read_probes([{"address": "x", "port": 1}] * 1000)
    assert str(caught.value).endswith("; and 980 more")
    assert str(caught.value).count("names are not looked up") == 20


def test_each_family_has_its_source() -> None:
    probes = read_probes([LEAST, {"address": "2001:db8::1", "port": 1}], ["2001:db8::9"])
    assert [probe.source for probe in probes] == [None, "2001:db8::9"]


def test_two_sources_of_one_family() -> None:
    with pytest.raises(ProbeError, match=r"source: 10.0.0.8 and 10.0.0.9 are of the same address family"):
        read_probes([LEAST], ["10.0.0.8", "10.0.0.9"])
