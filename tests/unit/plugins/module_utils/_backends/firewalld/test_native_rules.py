# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules of nft in tables of iptables, as nft 1.0.6 and iptables 1.8.9 print them."""

from __future__ import annotations

import json

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.foreign_iptables import read_tables
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.native_rules import (
    Chain,
    put_back,
    read_native,
    true_lines,
    without,
    words_of_lost,
)
from ansible_collections.jsa.ports.plugins.module_utils._host.programs import CommandError

BASE = {"type": "filter", "hook": "input", "prio": 0, "policy": "accept"}
PLAIN = [{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "192.0.2.74"}},
         {"counter": {"packets": 7, "bytes": 9}}, {"drop": None}]  # fmt: skip
EXTENDED = [{"xt": {"type": "match", "name": "multiport"}}, {"counter": {"packets": 0, "bytes": 0}}, {"accept": None}]
NAMED = [
    {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "@bad"}},
    {"drop": None},
]
DPORT = {"payload": {"protocol": "tcp", "field": "dport"}}
ANONYMOUS = [{"match": {"op": "==", "left": DPORT, "right": {"set": [1, 2]}}}, {"drop": None}]
TRANSLATED = [{"dnat": {"addr": {"map": {"key": DPORT, "data": {"set": [[80, "10.0.0.1"]]}}}}}]
MAP = [{"vmap": {"key": {"payload": {"protocol": "tcp", "field": "dport"}}, "data": {"set": [[77, {"drop": None}]]}}}]
STATE = [{"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": "invalid"}}, {"drop": None}]

SAVED = """*filter
:INPUT ACCEPT [0:0]
:DOCKER - [0:0]
-A INPUT -s 192.0.2.74/32 -j DROP
-A INPUT -p tcp -m multiport --dports 80,443 -j ACCEPT
-A INPUT -j DROP
-A INPUT -p tcp
-A DOCKER -j RETURN
COMMIT
"""
RETURN = [{"counter": {"packets": 0, "bytes": 0}}, {"return": None}]


class Kernel:
    """The table filter of iptables."""

    def __init__(self, save: str = SAVED, **chains: list[Any]) -> None:
        self.save = save
        self.chains = chains
        self.fed: list[Any] = []

    def run(self, name: str, *arguments: str, **options: Any) -> str:
        if name == "iptables-restore":
            assert arguments == ("--noflush", "--wait")
            self.fed.append(options["input"].splitlines()[1])
            return ""
        assert name == "nft"
        if arguments == ("list", "tables", "ip"):
            return "table ip filter\ntable ip mine\n"
        if arguments == ("-j", "-f", "-"):
            self.fed += [one["add"] for one in json.loads(options["input"])["nftables"]]
            return ""
        assert arguments == ("-j", "list", "table", "ip", "filter")
        found: list[Any] = [{"metainfo": {}}, {"table": {"family": "ip", "name": "filter", "handle": 1}}]
        for chain, rules in self.chains.items():
            base = BASE if chain == "INPUT" else {}
            found.append({"chain": {"family": "ip", "table": "filter", "name": chain, "handle": 1, **base}})
            found += [
                {"rule": {"family": "ip", "table": "filter", "chain": chain, "handle": 5, "expr": rule}}
                for rule in rules
            ]
        return json.dumps({"nftables": found})

    def native(self) -> dict[Any, Chain]:
        return read_native(self, "ip", read_tables(self.save))  # type: ignore[arg-type]


def rule(expression: list[Any], chain: str = "INPUT") -> dict[str, Any]:
    return {"rule": {"family": "ip", "table": "filter", "chain": chain, "expr": expression}}


CHAIN = {"family": "ip", "table": "filter", "name": "INPUT", **BASE}


def test_what_iptables_save_prints_otherwise_is_kept_by_nft() -> None:
    kernel = Kernel(INPUT=[PLAIN, EXTENDED, NAMED, MAP], DOCKER=[RETURN])
    native = kernel.native()
    assert list(native) == [("filter", "INPUT")]
    lines = SAVED.splitlines()
    assert native[("filter", "INPUT")] == Chain(CHAIN, [lines[3], lines[4], rule(NAMED)["rule"], rule(MAP)["rule"]], 0)
    assert words_of_lost("ip", native) == []
    kept = without(read_tables(SAVED), native)
    assert kept == {"filter": (["DOCKER"], ["-A DOCKER -j RETURN"])}
    # After a reload: nothing that closes the host to everybody.
    after = Kernel(INPUT=[])
    put_back(after, "ip", native, set())  # type: ignore[arg-type]
    assert after.fed == [
        {"table": {"family": "ip", "name": "filter"}},
        {"chain": CHAIN},
        *lines[3:5],
        rule(NAMED),
        rule(MAP),
    ]
    assert true_lines(SAVED, native) == SAVED.replace("-A INPUT -j DROP\n", "").replace("-A INPUT -p tcp\n", "")


@pytest.mark.parametrize("direct", [set(), {("filter", "INPUT")}])
def test_what_is_still_there_or_is_firewalld_s_is_left_alone(direct: set[tuple[str, str]]) -> None:
    native = Kernel(INPUT=[PLAIN, EXTENDED, NAMED, MAP]).native()
    after = Kernel(INPUT=[] if direct else [NAMED])
    put_back(after, "ip", native, direct)  # type: ignore[arg-type]
    assert after.fed == []


def test_rules_of_iptables_alone_are_kept_by_iptables() -> None:
    assert Kernel(INPUT=[PLAIN, EXTENDED, PLAIN, PLAIN], DOCKER=[RETURN]).native() == {}


def test_a_table_of_which_iptables_save_prints_nothing() -> None:
    kernel = Kernel("# Table `filter' is incompatible, use 'nft' tool.\n", INPUT=[PLAIN, EXTENDED, STATE], DOCKER=[])
    native = kernel.native()
    assert native[("filter", "INPUT")] == Chain(CHAIN, [rule(PLAIN)["rule"], rule(STATE)["rule"]], 1)
    assert words_of_lost("ip", native) == [
        "table ip filter, chain INPUT: 1 rules that neither nft nor iptables-save can save"
    ]
    after = Kernel()
    put_back(after, "ip", native, set())  # type: ignore[arg-type]
    chains = [one["chain"]["name"] for one in after.fed if "chain" in one]
    assert chains == ["DOCKER", "INPUT"]
    assert after.fed[-2:] == [rule(PLAIN), rule(STATE)]


@pytest.mark.parametrize("native", [NAMED, ANONYMOUS, MAP, TRANSLATED])
def test_sets_and_maps(native: list[Any]) -> None:
    text = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j DROP\nCOMMIT\n"
    assert list(Kernel(text, INPUT=[native]).native()) == [("filter", "INPUT")]


def test_lines_that_are_not_those_of_the_rules_are_not_put_back() -> None:
    native = Kernel(INPUT=[PLAIN, ANONYMOUS]).native()
    assert native[("filter", "INPUT")].rules == [rule(ANONYMOUS)["rule"]]
    assert native[("filter", "INPUT")].lost == 1


@pytest.mark.parametrize("output", [CommandError(["nft"], 1, "x"), "garbage", "{}"])
def test_never_raises(output: Any) -> None:
    class Broken(Kernel):
        def run(self, name: str, *arguments: str, **options: Any) -> str:
            if arguments[0] == "list" and isinstance(output, str):
                return "table ip filter\n"
            if isinstance(output, str):
                return output
            raise output

    assert Broken().native() == {}
