# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of jsa.ports.listeners: what they mean, and every problem told at once."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.expected import (
    ExpectationError,
    Expected,
    Known,
    read_options,
)

LEAST = {"id": "ssh", "protocol": "tcp", "ports": "22"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Expected("ssh", "", "tcp", (22, 22), "any", True)),
        ({"ports": 22}, Expected("ssh", "", "tcp", (22, 22), "any", True)),
        ({"service": "SSH", "bind": "network"}, Expected("ssh", "SSH", "tcp", (22, 22), "network", True)),
        (
            {"protocol": "udp", "ports": "32000-33999", "bind": "loopback", "required": False},
            Expected("ssh", "", "udp", (32000, 33999), "loopback", False),
        ),
        ({"required": "False"}, Expected("ssh", "", "tcp", (22, 22), "any", False)),
        ({"required": "yes"}, Expected("ssh", "", "tcp", (22, 22), "any", True)),
        ({"source_classes": ["console"], "later": 1}, Expected("ssh", "", "tcp", (22, 22), "any", True)),
    ],
)
def test_items_of_a_plan(changes: dict[str, Any], expected: Expected) -> None:
    assert read_options([{**LEAST, **changes}], []) == ([expected], [])


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"id": None}, "expected[0].id: is missing"),
        ({"id": ""}, "expected[0].id: expected text, not ''"),
        ({"id": 5}, "expected[0].id: expected text, not 5"),
        ({"service": 5}, "expected[0].service: expected text, not 5"),
        ({"protocol": None}, "expected[0].protocol: is missing: expected one of tcp, udp"),
        ({"protocol": "icmp"}, "expected[0].protocol: 'icmp' is none of tcp, udp"),
        ({"ports": None}, "expected[0].ports: is missing: expected a port or a range such as 32000-33999"),
        ({"ports": "70000"}, "expected[0].ports: port 70000 is outside 1-65535"),
        ({"ports": "9-5"}, "expected[0].ports: range 9-5 is reversed"),
        ({"bind": "lan"}, "expected[0].bind: 'lan' is none of network, loopback, any"),
        ({"required": "perhaps"}, "expected[0].required: 'perhaps' is neither true nor false"),
        ({"required": None}, "expected[0].required: None is neither true nor false"),
    ],
)
def test_problems(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ExpectationError) as caught:
        read_options([{**LEAST, **changes}], [])
    assert str(caught.value) == complaint


@pytest.mark.parametrize(
    ("text", "known"),
    [("8443/tcp", Known("tcp", (8443, 8443))), ("60000-60010/udp", Known("udp", (60000, 60010)))],
)
def test_ports_that_the_site_knows(text: str, known: Known) -> None:
    assert read_options([], [text]) == ([], [known])


@pytest.mark.parametrize("text", ["8443", "8443/", "8443/sctp", "tcp/8443", ""])
def test_ports_without_a_protocol(text: str) -> None:
    with pytest.raises(ExpectationError, match=r"such as 32006/tcp|the protocol is missing: write it as 8443/tcp"):
        read_options([], [text])


def test_all_mistakes_in_one_message() -> None:
    with pytest.raises(ExpectationError) as caught:
        read_options([LEAST, {**LEAST, "ports": "0", "bind": 1}, {}], ["22/tcp", "0/tcp", "x"])
    message = str(caught.value)
    for part in ("expected[1].ports", "expected[1].bind", "expected[2].id", "ignore[1]: port 0", "ignore[2]: 'x'"):
        assert part in message
    assert "expected[0]" not in message and "ignore[0]" not in message
