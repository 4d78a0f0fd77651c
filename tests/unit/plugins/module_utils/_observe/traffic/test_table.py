# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What nft is told, and what its versions tell of it."""

from __future__ import annotations

import json

from pathlib import Path
from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic import table
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.ports import ports_of_texts
from ansible_collections.jsa.ports.plugins.module_utils._observe.traffic.table import Settings, TableError, parse
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils._observe.traffic.machine import DAY, NOW, Kernel

SETTINGS = Settings(100, 30, ports_of_texts(["22/tcp", "7676-7677/tcp", "514/udp"]))


@pytest.fixture
def kernel() -> Kernel:
    kernel = Kernel()
    table.create(kernel, SETTINGS)  # type: ignore[arg-type]
    return kernel


def listed(kernel: Kernel) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = json.loads(kernel.run("nft", "-j", "list", "table", "inet", "jsa_ports_learn"))[
        "nftables"
    ]
    return answer


def parsed(objects: list[dict[str, Any]]) -> table.Held:
    return parse(json.dumps({"nftables": objects}), NOW)


def test_what_is_made_is_what_is_read(kernel: Kernel) -> None:
    held = table.read(kernel, NOW)  # type: ignore[arg-type]
    assert held is not None
    assert (held.whole, held.settings, held.not_recorded) == (True, SETTINGS, 0)
    table.add_ports(kernel, ports_of_texts(["22/tcp", "443/tcp"]))  # type: ignore[arg-type]
    held = table.read(kernel, NOW)  # type: ignore[arg-type]
    assert held is not None and held.ports["tcp"] == ((22, 22), (443, 443))


def test_nothing_in_it_decides(kernel: Kernel) -> None:
    """A rule of it that accepts, drops, marks or logs would do something to somebody's packet."""
    (text,) = kernel.fed
    words = set(text.replace(";", " ").replace("{", " ").replace("}", " ").split())
    assert words.isdisjoint({"drop", "reject", "log", "queue", "mark", "notrack", "dnat", "snat"})
    assert text.count("accept") == text.count("policy accept;") == 2


def test_protocols_by_number(kernel: Kernel) -> None:
    """nft 0.9.8 gives these."""
    kernel.record("inbound_ipv4", "10.1.0.5", 6, 22, ago=60)
    kernel.record("inbound_ipv6", "FD77::2", "udp", 514)
    inbound = parsed(listed(kernel)).traffic.inbound
    assert [item[:4] for item in inbound] == [("10.1.0.5", "tcp", 22, 1), ("fd77::2", "udp", 514, 1)]
    assert [item.last_seen for item in inbound] == [NOW - 60, NOW]


def test_an_element_with_a_time_of_its_own(kernel: Kernel) -> None:
    kernel.record("inbound_ipv4", "10.1.0.5", "tcp", 22)
    element = kernel.set("inbound_ipv4")["elem"][0]["elem"]
    element.update(timeout=DAY, expires=DAY - 60)
    assert parsed(listed(kernel)).traffic.inbound[0].last_seen == NOW - 60
    element.update(timeout=DAY, expires=DAY + 60)
    assert parsed(listed(kernel)).traffic.inbound[0].last_seen == NOW, "not in the future"


def test_elements_without_counters(kernel: Kernel) -> None:
    kernel.record("inbound_ipv4", "10.1.0.5", "tcp", 22)
    del kernel.set("inbound_ipv4")["elem"][0]["elem"]["counter"]
    assert parsed(listed(kernel)).traffic.inbound[0].connections is None


def test_what_did_not_fit_in_either_direction(kernel: Kernel) -> None:
    kernel.miss("inbound", 3)
    kernel.miss("outbound", 4)
    assert parsed(listed(kernel)).not_recorded == 7


@pytest.mark.parametrize(
    "missing",
    [
        lambda one: one.get("rule", {}).get("chain") == "record_outbound",
        lambda one: one.get("chain", {}).get("name") == "inbound",
        lambda one: one.get("set", {}).get("name") == "inbound_ipv6",
    ],
)
def test_a_table_with_a_part_missing_is_not_whole(kernel: Kernel, missing: Any) -> None:
    assert not parsed([one for one in listed(kernel) if not missing(one)]).whole


@pytest.mark.parametrize(
    "element", [{"elem": {"val": {"concat": ["10.1.0.5", "sctp", 22]}}}, {"elem": {"val": "10.1.0.5"}}, 3]
)
def test_an_element_of_another_form(kernel: Kernel, element: Any) -> None:
    kernel.set("outbound_ipv4")["elem"] = [element]
    with pytest.raises(TableError, match="cannot be read"):
        parsed(listed(kernel))


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_an_answer_of_any_form(text: str) -> None:
    with pytest.raises(TableError):
        parse(text, NOW)


DATA = Path(__file__).parent / "data"


@pytest.mark.parametrize("path", sorted(DATA.glob("*.json")), ids=lambda path: path.stem)
def test_what_real_versions_list(path: Path) -> None:
    """Of the same packets. The files are what these versions of nft printed."""
    held = parse(path.read_text(), NOW)
    assert (held.whole, held.entries, held.days) == (True, 100, 30)
    assert held.ports == SETTINGS.ports
    assert sorted(item[:4] for item in held.traffic.inbound) == [
        ("10.77.0.12", "tcp", 22, 2), ("10.77.0.12", "udp", 514, 1), ("fd77::12", "tcp", 22, 1),
    ]  # fmt: skip
    assert [item[:3] for item in held.traffic.outbound] == [("10.77.0.12", "tcp", 443)]
    assert all(item.last_seen is not None and NOW - DAY < item.last_seen <= NOW for item in held.traffic.inbound)


def test_the_versions_are_there() -> None:
    assert {path.stem for path in DATA.glob("*.json")} == {"nft-0.9.8", "nft-1.0.6", "nft-1.1.3"}
