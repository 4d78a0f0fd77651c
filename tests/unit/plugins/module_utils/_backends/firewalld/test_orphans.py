# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules that a killed firewalld has left in the kernel: only ours are emptied."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.orphans import flush

OURS = ["filter_IN_policy_jsa-in", "filter_IN_policy_jsa-in_allow", "filter_OUT_policy_jsa-out_deny", "IN_jsa-in"]
OTHERS = ["filter_INPUT", "filter_IN_public_allow", "filter_IN_policy_jsa-inner", "filter_IN_policy_jsa-outside",
          "filter_IN_policy_my-jsa-in", "jsa-in"]  # fmt: skip


class FakeClient:
    def __init__(self, table: list[dict[str, Any]] | None, tables: dict[str, str | None], sets: str | None) -> None:
        self.table = table
        self.tables = tables
        self.sets = sets
        self.ran: list[tuple[str, ...]] = []

    def nft_table(self) -> list[dict[str, Any]] | None:
        return self.table

    def iptables(self, prefix: str) -> str | None:
        return self.tables[prefix]

    def program(self, name: str) -> str | None:
        assert name == "ipset"
        return None if self.sets is None else "/sbin/ipset"

    def ipsets(self) -> str:
        assert self.sets is not None
        return self.sets

    def run(self, *command: str) -> str:
        self.ran.append(command)
        return ""


def flushed(
    table: list[dict[str, Any]] | None = None,
    ip: str | None = ":INPUT ACCEPT [0:0]\n",
    ip6: str | None = "",
    sets: str | None = None,
) -> list[tuple[str, ...]]:
    client: Any = FakeClient(table, {"ipv4": ip, "ipv6": ip6}, sets)
    flush(client)
    ran: list[tuple[str, ...]] = client.ran
    return ran


def test_chains_and_sets_of_nftables_in_one_command() -> None:
    table: list[dict[str, Any]] = [{"metainfo": {}}]
    table += [{"chain": {"name": name}} for name in OURS + OTHERS]
    table += [{"rule": {"chain": "filter_IN_policy_jsa-in"}}]
    table += [{"set": {"name": name}} for name in ("jsa-ep-4", "blocklist", "my-jsa-ep-4")]
    commands = ["flush chain inet firewalld " + name for name in OURS] + ["flush set inet firewalld jsa-ep-4"]
    assert flushed(table) == [("nft", "; ".join(commands))]


def test_nothing_of_ours_is_left() -> None:
    assert flushed([{"chain": {"name": name}} for name in OTHERS]) == []
    assert flushed([]) == []
    assert flushed() == []


@pytest.mark.parametrize("ipv6", [True, False])
def test_chains_of_iptables_in_each_family_that_there_is(ipv6: bool) -> None:
    text = "*filter\n:INPUT_ZONES - [0:0]\n:IN_jsa-in - [0:0]\n:IN_jsa-in_allow - [0:0]\n-A IN_jsa-in -j DROP\n"
    found = flushed(ip=text, ip6=text if ipv6 else None)
    chains = ["IN_jsa-in", "IN_jsa-in_allow"]
    expected = [(program, "-w", "-F", chain) for program in ("iptables", "ip6tables") for chain in chains]
    assert found == expected[: 4 if ipv6 else 2]


def test_sets_beside_iptables() -> None:
    sets = "create jsa-ep-4 hash:net\nadd jsa-ep-4 10.0.0.3\ncreate blocklist hash:ip\nadd blocklist 192.0.2.1\n"
    assert flushed(sets=sets) == [("ipset", "flush", "jsa-ep-4")]
