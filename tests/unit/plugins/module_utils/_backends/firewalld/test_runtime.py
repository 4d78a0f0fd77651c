# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the kernel enforces, read from recordings of firewalld 0.9.3, 1.3.3 and 2.3.1, and of its iptables backend."""

from __future__ import annotations

import copy
import json

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.chains import Runtime
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.diff import EntryChange, compare_runtime
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.iptables_rules import parse_iptables
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.nft_rules import parse_nft
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.runtime import read_runtime
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    ACCEPT,
    DROP,
    EMPTY,
    REJECT,
    FirewalldError,
    Rule,
    Ruleset,
    by_family,
)

RECORDINGS = ["nft-0.9.3", "nft-1.3.3", "nft-2.3.1", "iptables-1.3.3"]

Table = list[dict[str, Any]]


def nft(data: Path, version: str) -> Table:
    table: Table = json.loads((data / f"nft-{version}.json").read_text())["nftables"]
    return table


def iptables(data: Path) -> tuple[str, str, str]:
    ipv4, ipv6, sets = ((data / f"{name}-1.3.3.txt").read_text() for name in ("iptables", "ip6tables", "ipset"))
    return ipv4, ipv6, sets


def recorded(data: Path, name: str) -> Runtime:
    if name.startswith("nft-"):
        return parse_nft(nft(data, name.partition("-")[2]))
    return parse_iptables(*iptables(data))


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_version_runs_what_was_asked(data: Path, ruleset: Ruleset, name: str) -> None:
    runtime = recorded(data, name)
    assert runtime.alive
    policy = runtime.policies["jsa-in"]
    assert policy.linked
    assert policy.target == "REJECT"
    assert policy.other == ()
    assert set(by_family(policy.rules)) == set(by_family(ruleset.policies["jsa-in"].rules))
    assert sorted(runtime.sets["jsa-event_processor-4"]) == ["10.0.0.3/32", "10.0.0.4/32"]
    assert not compare_runtime(ruleset, runtime).any()


@pytest.mark.parametrize("name", RECORDINGS)
def test_none_of_it_is_wanted(data: Path, name: str) -> None:
    assert compare_runtime(EMPTY, recorded(data, name)).structure == ("policy jsa-in is unexpected",)


def rule(chain: str, *expression: dict[str, Any]) -> dict[str, Any]:
    return {"rule": {"chain": chain, "expr": list(expression), "family": "inet", "table": "firewalld"}}


def match(protocol: str, field: str, right: Any, op: str = "==") -> dict[str, Any]:
    return {"match": {"left": {"payload": {"protocol": protocol, "field": field}}, "op": op, "right": right}}


ALLOW = "filter_IN_policy_jsa-in_allow"
PORT_80 = match("tcp", "dport", 80)


@pytest.mark.parametrize(
    ("added", "words"),
    [
        pytest.param(
            rule(ALLOW, PORT_80, {"accept": None}), "accept tcp 80 from anyone: is unexpected", id="one more accept"
        ),
        pytest.param(rule(ALLOW, PORT_80, {"drop": None}), "not from jsa.ports: tcp dport 80 drop", id="a drop"),
        pytest.param(
            rule(ALLOW, PORT_80, {"reject": None}), "not from jsa.ports: tcp dport 80 reject", id="other reject"
        ),
        pytest.param(
            rule(ALLOW, match("ip", "saddr", "@jsa-admin-4", "!="), PORT_80, {"accept": None}),
            "not from jsa.ports: ip saddr != @jsa-admin-4 tcp dport 80 accept",
            id="an inverted source",
        ),
        pytest.param(
            rule(ALLOW, match("ip", "daddr", "10.0.0.1"), PORT_80, {"accept": None}),
            "accept tcp 80 to 10.0.0.1/32: is unexpected",
            id="a destination",
        ),
        pytest.param(
            rule(ALLOW, match("ip", "saddr", "10.0.0.2"), match("ip", "daddr", "10.0.0.1"), PORT_80, {"accept": None}),
            "not from jsa.ports: ip saddr 10.0.0.2 ip daddr 10.0.0.1",
            id="a source and a destination",
        ),
        pytest.param(
            rule(ALLOW, {"match": {"left": {"ct": {"key": "state"}}, "op": "==", "right": "invalid"}}, PORT_80,
                 {"accept": None}),
            "not from jsa.ports: ct key state invalid",
            id="another state",
        ),
        pytest.param(rule(ALLOW, {"accept": None}), "not from jsa.ports", id="everything is accepted"),
        pytest.param(
            rule(ALLOW, match("tcp", "dport", {"range": [80, 90]}), {"limit": {"rate": 1}}, {"accept": None}),
            "not from jsa.ports",
            id="a limit",
        ),
    ],
)  # fmt: skip
def test_nothing_in_our_chains_goes_unseen(data: Path, ruleset: Ruleset, added: dict[str, Any], words: str) -> None:
    (found,) = compare_runtime(ruleset, parse_nft([*nft(data, "1.3.3"), added])).structure
    assert words in found


@pytest.mark.parametrize(
    "added",
    [
        rule(ALLOW, {"log": {"prefix": "x"}}),
        rule("filter_IN_public_allow", PORT_80, {"accept": None}),
        rule("filter_INPUT", PORT_80, {"accept": None}),
        {"set": {"name": "blocklist", "type": "ipv4_addr", "elem": ["192.0.2.1"]}},
        {"set": {"name": "jsa-of-the-site", "type": "ipv4_addr"}},
    ],
    ids=["log", "zone", "base chain", "set", "set with a name like ours"],
)
def test_the_site_may_have_its_own(data: Path, ruleset: Ruleset, added: dict[str, Any]) -> None:
    assert not compare_runtime(ruleset, parse_nft([*nft(data, "1.3.3"), added])).any()


@pytest.mark.parametrize("version", ["0.9.3", "1.3.3", "2.3.1"])
def test_each_rule_that_is_missing_is_named(data: Path, ruleset: Ruleset, version: str) -> None:
    table = nft(data, version)
    seen = set()
    places = [
        index
        for index, one in enumerate(table)
        if one.get("rule", {}).get("chain", "").startswith("filter_IN_policy_jsa-in_")
    ]
    for index in places:
        without = table[:index] + table[index + 1 :]
        (found,) = compare_runtime(ruleset, parse_nft(without)).structure
        assert found.endswith(": is missing")
        seen.add(found)
    assert len(places) == len(seen)
    assert len(places) == len(ruleset.policies["jsa-in"].rules)


@pytest.mark.parametrize(
    ("chain", "target", "words"),
    [
        ("filter_IN_policy_jsa-in", "filter_IN_policy_jsa-in_allow", "is missing"),
        ("filter_INPUT_POLICIES_pre", "filter_IN_policy_jsa-in", "receives no packets"),
        ("filter_INPUT", "filter_INPUT_ZONES", "the ruleset is empty"),
    ],
)
def test_a_jump_that_is_missing(data: Path, ruleset: Ruleset, chain: str, target: str, words: str) -> None:
    table = [
        one
        for one in nft(data, "1.3.3")
        if not (one.get("rule", {}).get("chain") == chain and one["rule"]["expr"] == [{"jump": {"target": target}}])
    ]
    assert len(table) == len(nft(data, "1.3.3")) - 1
    found = compare_runtime(ruleset, parse_nft(table)).structure
    assert found
    assert all(words in one for one in found)


def test_a_refusal_before_an_accept(data: Path, ruleset: Ruleset) -> None:
    table = nft(data, "1.3.3")
    (refusal,) = [one for one in table if "rule" in one and "5432" in json.dumps(one) and "icmpv6" in json.dumps(one)]
    table.remove(refusal)
    refusal["rule"]["chain"] = "filter_IN_policy_jsa-in_pre"
    table.append(refusal)
    assert compare_runtime(ruleset, parse_nft(table)).structure == (
        "policy jsa-in: its rules are evaluated in another order",
    )


@pytest.mark.parametrize(("verdict", "target"), [("drop", "DROP"), ("accept", "ACCEPT"), (None, "CONTINUE")])
def test_another_target(data: Path, ruleset: Ruleset, verdict: str | None, target: str) -> None:
    table = []
    for one in nft(data, "1.3.3"):
        if one.get("rule", {}).get("chain") == "filter_IN_policy_jsa-in" and "reject" in one["rule"]["expr"][0]:
            if verdict is None:
                continue
            one["rule"]["expr"] = [{verdict: None}]
        table.append(one)
    runtime = parse_nft(table)
    assert runtime.policies["jsa-in"].target == target
    assert len(compare_runtime(ruleset, runtime).structure) == 1


@pytest.mark.parametrize("table", [[], [{"chain": {"name": "filter_INPUT", "hook": "input"}}]], ids=["none", "bare"])
def test_an_empty_ruleset_proves_nothing(ruleset: Ruleset, table: Table) -> None:
    for wanted in (ruleset, EMPTY):
        assert compare_runtime(wanted, parse_nft(table)).structure == (
            "firewalld has no rules loaded: the ruleset is empty",
        )


def elements(data: Path, *found: Any) -> Runtime:
    table = copy.deepcopy(nft(data, "1.3.3"))
    for one in table:
        if one.get("set", {}).get("name") == "jsa-event_processor-4":
            one["set"]["elem"] = list(found)
            if not found:
                del one["set"]["elem"]
    return parse_nft(table)


@pytest.mark.parametrize(
    ("found", "add", "remove"),
    [
        pytest.param(["10.0.0.3"], ("10.0.0.4/32",), (), id="one is missing"),
        pytest.param(["10.0.0.3", "10.0.0.4", "10.0.0.9"], (), ("10.0.0.9/32",), id="one is too many"),
        pytest.param([], ("10.0.0.3/32", "10.0.0.4/32"), (), id="empty"),
        pytest.param([{"prefix": {"addr": "10.0.0.0", "len": 24}}], ("10.0.0.3/32", "10.0.0.4/32"), ("10.0.0.0/24",),
                     id="a network around them"),
        pytest.param([{"elem": {"val": "10.0.0.3", "counter": {}}}], ("10.0.0.4/32",), (), id="with a counter"),
        pytest.param([{"range": ["10.0.0.4", "10.0.0.6"]}], ("10.0.0.3/32", "10.0.0.4/32"),
                     ("10.0.0.4/31", "10.0.0.6/32"), id="a range"),
    ],
)  # fmt: skip
def test_entries(data: Path, ruleset: Ruleset, found: list[Any], add: tuple[str, ...], remove: tuple[str, ...]) -> None:
    difference = compare_runtime(ruleset, elements(data, *found))
    assert difference.structure == ()
    assert difference.entries == {"jsa-event_processor-4": EntryChange(add, remove)}


@pytest.mark.parametrize(
    "found",
    [
        [{"range": ["10.0.0.3", "10.0.0.4"]}],
        ["10.0.0.4", "10.0.0.3"],
        [{"prefix": {"addr": "10.0.0.3", "len": 32}}, "10.0.0.4"],
    ],
)
def test_the_same_addresses_in_another_form_are_the_same(data: Path, ruleset: Ruleset, found: list[Any]) -> None:
    assert not compare_runtime(ruleset, elements(data, *found)).any()


def test_a_set_that_is_not_loaded(data: Path, ruleset: Ruleset) -> None:
    table = [one for one in nft(data, "1.3.3") if one.get("set", {}).get("name") != "jsa-admin-4"]
    assert compare_runtime(ruleset, parse_nft(table)).structure == ("set jsa-admin-4 is not loaded",)


def test_iptables_since_firewalld_2(data: Path, ruleset: Ruleset) -> None:
    """The chain that leads to all of them has another name there."""
    ipv4, ipv6, sets = iptables(data)
    newer = [text.replace("INPUT_ZONES", "INPUT_POLICIES") for text in (ipv4, ipv6)]
    runtime = parse_iptables(*newer, sets)
    assert runtime.alive
    assert not compare_runtime(ruleset, runtime).any()


def test_iptables_without_ipv6(data: Path, ruleset: Ruleset) -> None:
    """Where the kernel has no IPv6, firewalld loads nothing for it, and nothing is missing."""
    ipv4, _ipv6, sets = iptables(data)
    only_ipv4 = "\n".join(line for line in sets.splitlines() if "-6 " not in line)
    runtime = parse_iptables(ipv4, None, only_ipv4)
    assert runtime.families == ("ipv4",)
    assert not compare_runtime(ruleset, runtime).any()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "-A IN_jsa-in_allow -p udp -m udp --dport 515 -j DROP",
            "not from jsa.ports: -p udp -m udp --dport 515 -j DROP",
        ),
        (
            "-A IN_jsa-in_allow -p tcp -m tcp --dport 80:90 -j ACCEPT",
            "accept tcp 80-90 from anyone (IPv4): is unexpected",
        ),
        ("-A IN_jsa-in_allow ! -s 10.0.0.1/32 -p tcp -m tcp --dport 80 -j ACCEPT", "not from jsa.ports"),
    ],
)
def test_iptables_rules_of_others(data: Path, ruleset: Ruleset, line: str, words: str) -> None:
    ipv4, ipv6, sets = iptables(data)
    found = compare_runtime(ruleset, parse_iptables(ipv4.replace("COMMIT", line + "\nCOMMIT"), ipv6, sets)).structure
    assert any(words in one for one in found)


def test_iptables_flushed(ruleset: Ruleset) -> None:
    bare = "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n"
    assert not parse_iptables(bare, bare, "").alive


class NoPrograms:
    """A host with neither nft nor iptables-save."""

    def nft_table(self) -> None:
        return None

    def iptables(self, prefix: str) -> None:
        return None


def test_nothing_to_prove_with() -> None:
    with pytest.raises(FirewalldError, match="Install the package nftables"):
        read_runtime(NoPrograms())  # type: ignore[arg-type]


def test_icmp_names_are_those_of_the_rules(data: Path) -> None:
    runtime = recorded(data, "nft-1.3.3")
    assert Rule(ACCEPT, "ipv6", "ipv6-icmp", None, "@jsa-event_processor-6") in runtime.policies["jsa-in"].rules


@pytest.mark.parametrize(
    ("left", "right", "leave"),
    [
        # 1.3.3 and 2.3.1 begin with the first of these, 0.9.3 with the second.
        ({"ct": {"key": "state"}}, {"set": ["established", "related"]}, True),
        ({"meta": {"key": "oifname"}}, "lo", False),
    ],
)
def test_whether_answers_leave_whatever_a_policy_says(data: Path, left: Any, right: Any, leave: bool) -> None:
    expression = [{"match": {"op": "==", "left": left, "right": right}}, {"accept": None}]
    first = {"rule": {"family": "inet", "table": "firewalld", "chain": "filter_OUTPUT", "expr": expression}}
    assert parse_nft([*nft(data, "1.3.3"), first]).answers_leave == leave


@pytest.mark.parametrize("family", [0, 1])
def test_answers_that_do_not_leave_with_iptables(data: Path, family: int) -> None:
    """As 0.9.3 has it there, too."""
    texts = list(iptables(data))
    lines = texts[family].splitlines()
    kept = [line for line in lines if not (line.startswith("-A OUTPUT ") and "ESTABLISHED" in line)]
    assert len(kept) == len(lines) - 1
    texts[family] = "\n".join(kept)
    assert not parse_iptables(*texts).answers_leave


class TestDenied:
    """Rules that leave out what the site denies, in every form that a kernel shows them in."""

    RULES = (
        Rule(DROP, "ipv4", "udp", (514, 514), "@jsa-deny-0-4"),
        Rule(REJECT, "ipv6", "tcp", (20, 30), "fd00::1/128"),
    )

    @pytest.mark.parametrize(
        "states",
        [[], [{"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": {"set": ["new", "untracked"]}}}]],
    )
    def test_nftables(self, states: list[Any]) -> None:
        def match(protocol: str, field: str, value: Any) -> dict[str, Any]:
            left = {"payload": {"protocol": protocol, "field": field}}
            return {"match": {"op": "==", "left": left, "right": value}}

        def address(protocol: str, value: str) -> dict[str, Any]:
            return match(protocol, "saddr", value)

        def port(protocol: str, value: Any) -> dict[str, Any]:
            return match(protocol, "dport", value)

        def rule(chain: str, *expression: Any) -> dict[str, Any]:
            return {"rule": {"chain": chain, "expr": list(expression)}}

        chains = ("filter_INPUT", "filter_IN_policy_jsa-in", "filter_IN_policy_jsa-in_deny")
        table = [{"chain": {"name": name}} for name in chains] + [
            rule(chains[0], {"jump": {"target": chains[1]}}),
            rule(chains[1], {"jump": {"target": chains[2]}}),
            rule(chains[2], address("ip", "@jsa-deny-0-4"), port("udp", 514), *states, {"drop": None}),
            rule(chains[2], address("ip6", "fd00::1"), port("tcp", {"range": [20, 30]}), *states,
                 {"reject": {"type": "icmpv6", "expr": "admin-prohibited"}}),
            rule(chains[2], port("udp", 1), *states, {"drop": None}),
        ]  # fmt: skip
        policy = parse_nft(table).policies["jsa-in"]
        assert policy.rules == self.RULES
        assert len(policy.other) == 1

    def test_iptables(self) -> None:
        head = ":INPUT ACCEPT\n:INPUT_POLICIES -\n:IN_jsa-in -\n:IN_jsa-in_deny -\n-A INPUT -j INPUT_POLICIES\n"
        head += "-A INPUT_POLICIES -j IN_jsa-in\n-A IN_jsa-in -j IN_jsa-in_deny\n"
        state = "-m conntrack --ctstate NEW,UNTRACKED"
        ipv4 = f"-A IN_jsa-in_deny -p udp -m set --match-set jsa-deny-0-4 src -m udp --dport 514 {state} -j DROP\n"
        ipv6 = (
            f"-A IN_jsa-in_deny -s fd00::1/128 -p tcp -m tcp --dport 20:30 {state} "
            "-j REJECT --reject-with icmp6-adm-prohibited\n"
        )
        policy = parse_iptables(head + ipv4, head + ipv6, "").policies["jsa-in"]
        assert (policy.rules, policy.other) == (self.RULES, ())
