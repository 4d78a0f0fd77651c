# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ports and protocols as users write them."""

from __future__ import annotations

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._ports import parse_port_protocol


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8443/tcp", ("tcp", (8443, 8443))),
        (" 60000-60010/UDP ", ("udp", (60000, 60010))),
        ("22", (None, (22, 22))),
        (22, (None, (22, 22))),
    ],
)
def test_port_and_protocol(text: object, expected: tuple[str | None, tuple[int, int]]) -> None:
    assert parse_port_protocol(text) == expected


def test_a_protocol_that_is_needed() -> None:
    assert parse_port_protocol("1/tcp", needed=True) == ("tcp", (1, 1))
    with pytest.raises(ValueError, match="'1' is not port/protocol"):
        parse_port_protocol("1", needed=True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("22/", "is not port/protocol"),
        ("22/icmp", "is not port/protocol: write it as 8443/tcp or 60000-60010/udp"),
        ("22/tcp/udp", "is not port/protocol"),
        ("0/tcp", "port 0 is outside 1-65535"),
        ("/tcp", "is no port"),
        (None, "'none' is no port"),
    ],
)
def test_what_is_none(text: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_port_protocol(text)
