# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which probes confirm rules, and what is no such probe."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._ansible.confirm_probes import Contact, Probe, read_probes
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError

HOSTS = {"con1": {}, "ep1": {}}


@pytest.mark.parametrize(
    ("item", "own", "expected"),
    [
        ({"from": "con1", "port": "32006/tcp"}, ["10.0.0.1"], Probe("con1", "10.0.0.1", 32006, "tcp")),
        ({"from": "con1", "port": "514/udp"}, [None, "name", "fd00::1"], Probe("con1", "fd00::1", 514, "udp")),
        ({"from": "con1", "port": "1/tcp", "address": "10.0.0.9"}, ["10.0.0.1"], Probe("con1", "10.0.0.9", 1, "tcp")),
    ],
)
def test_what_is_probed(item: dict[str, Any], own: list[Any], expected: Probe) -> None:
    assert read_probes([item], HOSTS, Contact.of({"jsa_address": own})) == [expected]


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"from": "con2", "port": "1/tcp"}, "no host con2"),
        ({"from": "con1", "port": "0/tcp"}, "is not a port"),
        ({"from": "con1", "port": "65536/tcp"}, "is not a port"),
        ({"from": "con1", "port": 443}, "is not a port"),
        ({"from": "con1", "port": "1/icmp"}, "is not a port"),
        ({"from": "con1", "port": "1/tcp", "address": "name"}, "no address"),
        ({"from": "con1"}, "is not an item such as"),
        ({"from": "con1", "port": "1/tcp", "retries": 1}, "is not an item such as"),
        ("con1", "is not an item such as"),
    ],
)
def test_what_is_refused(item: Any, words: str) -> None:
    with pytest.raises(InputError) as raised:
        read_probes([item], HOSTS, Contact(("10.0.0.1",)))
    assert words in str(raised.value)
    assert "confirm_probes[0]" in str(raised.value)


@pytest.mark.parametrize(("group", "address"), [("branch", "10.0.0.1"), ("plant", "203.0.113.1"), ("", "203.0.113.1")])
def test_a_host_behind_nat_is_probed_where_the_other_one_contacts_it(group: str, address: str) -> None:
    own = Contact.of({"jsa_address": "10.0.0.1", "jsa_public_address": ["203.0.113.1"], "jsa_nat_group": "branch"})
    (probe,) = read_probes([{"from": "con1", "port": "1/tcp"}], {"con1": {"jsa_nat_group": group}}, own)
    assert probe.address == address


def test_no_address_of_its_own() -> None:
    with pytest.raises(InputError, match="set it here, or jsa_address"):
        read_probes([{"from": "con1", "port": "1/tcp"}], HOSTS, Contact(("name",)))


def test_no_list() -> None:
    with pytest.raises(InputError, match="expected a list"):
        read_probes({"from": "con1"}, HOSTS, Contact(("10.0.0.1",)))


@pytest.mark.parametrize(
    ("protocol", "result", "succeeded"),
    [
        ("tcp", "open", True),
        ("tcp", "refused", False),
        ("tcp", "prohibited", False),
        ("tcp", "no_answer", False),
        ("udp", "open", True),
        ("udp", "open_or_filtered", True),
        ("udp", "prohibited", False),
        ("tcp", "open_or_filtered", False),
    ],
)
def test_what_counts_as_success(protocol: str, result: str, succeeded: bool) -> None:
    assert Probe("con1", "10.0.0.1", 1, protocol).succeeded(result) == succeeded
