# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What somebody else has put into our chains and sets: never taken for a rule of ours, and never passed over."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.chains import RunningPolicy, Runtime
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.iptables_rules import parse_iptables
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.nft_rules import parse_nft
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.runtime import read_runtime
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import ACCEPT, REFUSE, Rule

Table = list[dict[str, Any]]

ACCEPTS, DROPS = {"accept": None}, {"drop": None}
CHAIN = "filter_IN_policy_jsa-in"


def match(left: dict[str, Any], right: Any, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


def field(protocol: str, name: str, right: Any) -> dict[str, Any]:
    return match({"payload": {"protocol": protocol, "field": name}}, right)


PORT = field("tcp", "dport", 22)


def nft(*rules: list[dict[str, Any]], more: Table | None = None) -> Runtime:
    """A policy of ours with these rules."""
    table: Table = [{"chain": {"name": name}} for name in ("filter_INPUT", CHAIN)]
    table.append({"rule": {"chain": "filter_INPUT", "expr": [{"jump": {"target": CHAIN}}]}})
    table += [{"rule": {"chain": CHAIN, "expr": expression}} for expression in rules]
    return parse_nft(table + (more or []))


def policy(*rules: list[dict[str, Any]]) -> RunningPolicy:
    return nft(*rules).policies["jsa-in"]


@pytest.mark.parametrize(
    ("expression", "rule"),
    [
        ([PORT, ACCEPTS], Rule(ACCEPT, None, "tcp", (22, 22), None)),
        ([field("tcp", "dport", {"range": [32000, 33999]}), ACCEPTS], Rule(ACCEPT, None, "tcp", (32000, 33999), None)),
        ([match({"meta": {"key": "nfproto"}}, "ipv6"), PORT, ACCEPTS], Rule(ACCEPT, "ipv6", "tcp", (22, 22), None)),
        (
            [PORT, {"reject": {"type": "icmp", "expr": "admin-prohibited"}}],
            Rule(REFUSE, "ipv4", "tcp", (22, 22), None),
        ),
    ],
)
def test_rules_as_we_write_them(expression: list[dict[str, Any]], rule: Rule) -> None:
    assert policy(expression) == RunningPolicy("CONTINUE", (rule,), (), True)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ([field("tcp", "sport", 22), ACCEPTS], "tcp sport 22 accept"),
        ([field("sctp", "dport", 22), ACCEPTS], "sctp dport 22 accept"),
        ([field("tcp", "dport", {"set": [22, 80]}), ACCEPTS], "tcp dport set 22 80 accept"),
        ([field("ether", "saddr", "00:00:5e:00:53:01"), PORT, ACCEPTS],
         "ether saddr 00:00:5e:00:53:01 tcp dport 22 accept"),
        ([field("ip", "ttl", 1), PORT, ACCEPTS], "ip ttl 1 tcp dport 22 accept"),
        ([match({"meta": {"key": "nfproto"}}, "arp"), PORT, ACCEPTS], "meta key nfproto arp tcp dport 22 accept"),
        ([match({"meta": {"key": "iifname"}}, "ipv4"), PORT, ACCEPTS], "meta key iifname ipv4 tcp dport 22 accept"),
        ([PORT, {"log": {"prefix": "x"}}, ACCEPTS], "tcp dport 22 log prefix x accept"),
        ([PORT, {"log": {"prefix": "x"}}, DROPS], "tcp dport 22 log prefix x drop"),
        ([PORT, {"reject": {"type": "icmp", "expr": "port-unreachable"}}],
         "tcp dport 22 reject expr port-unreachable type icmp"),
        ([PORT, {"reject": {"type": "tcp reset"}}], "tcp dport 22 reject type tcp reset"),
    ],
)  # fmt: skip
def test_rules_of_others(expression: list[dict[str, Any]], text: str) -> None:
    assert policy(expression) == RunningPolicy("CONTINUE", (), (text,), True)


@pytest.mark.parametrize("expression", [[{"log": {"prefix": "x"}}], [PORT, {"log": {"prefix": "x"}}]])
def test_what_only_logs_decides_on_nothing(expression: list[dict[str, Any]]) -> None:
    assert policy(expression) == RunningPolicy("CONTINUE", (), (), True)


def test_what_only_counts_is_shown() -> None:
    assert policy([PORT, {"mark": 1}]).other == ("tcp dport 22 mark 1",)


@pytest.mark.parametrize(
    ("element", "entry"),
    [
        ("10.0.0.1", "10.0.0.1/32"),
        ("fd00::1", "fd00::1/128"),
        ({"prefix": {"addr": "10.0.0.0", "len": 8}}, "10.0.0.0/8"),
        ({"range": ["10.0.0.1", "10.0.0.2"]}, "10.0.0.1-10.0.0.2"),
        ({"elem": {"val": "10.0.0.1", "timeout": 5}}, "10.0.0.1/32"),
    ],
)
def test_entries(element: Any, entry: str) -> None:
    assert nft(more=[{"set": {"name": "jsa-a-4", "elem": [element]}}]).sets == {"jsa-a-4": (entry,)}


@pytest.mark.parametrize(
    ("left", "right", "verdict", "leave"),
    [
        ({"ct": {"key": "state"}}, {"set": ["established", "related"]}, ACCEPTS, True),
        ({"ct": {"key": "state"}}, "established", ACCEPTS, True),
        ({"ct": {"key": "state"}}, "established", DROPS, False),
        ({"ct": {"key": "state"}}, "new", ACCEPTS, False),
        ({"ct": {"key": "label"}}, "established", ACCEPTS, False),
    ],
)
def test_whether_answers_leave(left: dict[str, Any], right: Any, verdict: dict[str, Any], leave: bool) -> None:
    for chain, expected in (("filter_OUTPUT", leave), ("filter_INPUT", False)):
        one = {"rule": {"chain": chain, "expr": [match(left, right), verdict]}}
        assert nft(more=[one]).answers_leave == expected


@pytest.mark.parametrize(("depth", "seen"), [(5, True), (6, False)])
def test_chains_that_lead_to_chains(depth: int, seen: bool) -> None:
    """So deep that no policy of firewalld needs more, and no circle is followed for ever."""
    names = [CHAIN] + [f"{CHAIN}_{number}" for number in range(depth)]
    more: Table = [{"rule": {"chain": one, "expr": [{"jump": {"target": two}}]}} for one, two in pairwise(names)]
    more.append({"rule": {"chain": names[-1], "expr": [PORT, ACCEPTS]}})
    found = nft(more=more).policies["jsa-in"]
    assert bool(found.rules) == seen
    assert bool(found.other) != seen


IPT = """*filter
:INPUT ACCEPT [0:0]
:INPUT_ZONES - [0:0]
:IN_jsa-in - [0:0]
-A INPUT -j INPUT_ZONES
-A INPUT_ZONES -j IN_jsa-in
-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
"""


def ipt(*lines: str, text: str = IPT) -> str:
    return text.replace("COMMIT", "".join(line + "\n" for line in lines) + "COMMIT")


def test_a_policy_without_rules_is_there() -> None:
    runtime = parse_iptables(IPT, None, "")
    assert runtime.policies == {"jsa-in": RunningPolicy("CONTINUE", (), (), True)}
    assert (runtime.backend, runtime.alive, runtime.families) == ("iptables", True, ("ipv4",))


@pytest.mark.parametrize("target", ["DROP", "ACCEPT", "REJECT"])
def test_what_happens_to_the_rest(target: str) -> None:
    text = ipt(f"-A IN_jsa-in -j {target}")
    assert parse_iptables(text, text, "").policies["jsa-in"].target == target
    assert parse_iptables(text, IPT, "").policies["jsa-in"].target == f"{target}/CONTINUE"


def test_both_families_have_to_be_reached() -> None:
    unlinked = IPT.replace("-A INPUT_ZONES -j IN_jsa-in\n", "")
    for ipv4, ipv6, linked in ((IPT, IPT, True), (unlinked, IPT, False), (IPT, unlinked, False)):
        assert parse_iptables(ipv4, ipv6, "").policies["jsa-in"].linked == linked


def test_both_families_have_to_let_answers_out() -> None:
    held = IPT.replace("RELATED,ESTABLISHED", "NEW")
    for ipv4, ipv6, leave in ((IPT, IPT, True), (held, IPT, False), (IPT, held, False), (IPT, None, True)):
        assert parse_iptables(ipv4, ipv6, "").answers_leave == leave


@pytest.mark.parametrize(
    "words",
    [
        "-p tcp -m tcp --dport 22 -j REJECT --reject-with icmp-port-unreachable",
        "-p tcp -m tcp --dport 22 -j DROP",
        "-p tcp -m tcp --sport 22 -j ACCEPT",
    ],
)
def test_iptables_rules_of_others(words: str) -> None:
    text = ipt("-A IN_jsa-in " + words)
    # Said once, though it stands in both families.
    assert parse_iptables(text, text, "").policies["jsa-in"] == RunningPolicy("CONTINUE", (), (words,), True)
    other = ipt("-A IN_jsa-in -p tcp -j DROP")
    assert parse_iptables(text, other, "").policies["jsa-in"].other == (words, "-p tcp -j DROP")


def test_sets_of_others_are_passed_over() -> None:
    saved = "create blocklist hash:ip\nadd blocklist 192.0.2.1\ncreate jsa-a-4 hash:net\nadd jsa-a-4 10.0.0.1\n"
    assert parse_iptables(IPT, None, saved + "add jsa-a-4 10.1.0.0/16\n").sets == {
        "jsa-a-4": ("10.0.0.1/32", "10.1.0.0/16")
    }


class Iptables:
    """A host without a table of firewalld in nftables."""

    def nft_table(self) -> None:
        return None

    def iptables(self, family: str) -> str | None:
        return IPT if family == "ipv4" else None

    def program(self, name: str) -> str:
        return name

    def ipsets(self) -> str:
        return "create jsa-a-4 hash:net\n"


def test_without_nftables_iptables_is_read() -> None:
    client: Any = Iptables()
    runtime = read_runtime(client)
    assert (runtime.families, list(runtime.policies), runtime.sets) == (("ipv4",), ["jsa-in"], {"jsa-a-4": ()})
