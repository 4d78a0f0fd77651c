# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever others put into the kernel's rules is read, told from ours, and kept as text: no rule ends a timer."""

from __future__ import annotations

import copy
import json

from pathlib import Path
from typing import Any

import pytest

from hypothesis import assume, example, given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.chains import Runtime
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.diff import (
    as_ruleset,
    compare_runtime,
    describe,
)
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.drift import differences
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.iptables_rules import parse_iptables
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.nft_rules import parse_nft
from ansible_collections.jsa.ports.plugins.module_utils._rules.addresses import same_addresses
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import Ruleset
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils.odd_rules import (
    ELEMENTS,
    EXPRESSIONS,
    JSON,
    MATCHES,
    saved,
)
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils.rulesets import make_ruleset

DATA = Path(__file__).parent / "data"
CHAIN = "filter_IN_policy_jsa-in_allow"
PEERS = ["10.0.0.3/32", "10.0.0.4/32", "fd00::3/128"]
TABLE: list[dict[str, Any]] = json.loads((DATA / "nft-1.3.3.json").read_text())["nftables"]
IPTABLES, IP6TABLES, IPSET = ((DATA / f"{name}-1.3.3.txt").read_text() for name in ("iptables", "ip6tables", "ipset"))
WANTED = make_ruleset(
    [
        {"protocol": "tcp", "ports": "22", "sources": ["10.9.0.0/16"], "why": ["ssh"], "source_classes": ["admin"]},
        {"protocol": "tcp", "ports": "32006", "sources": PEERS, "why": ["a"], "source_classes": ["event_processor"]},
        {"protocol": "udp", "ports": "514", "sources": ["0.0.0.0/0", "::/0"], "why": ["syslog"]},
        {"protocol": "icmp", "sources": PEERS, "why": ["ha_ping"], "source_classes": ["event_processor"]},
    ],
    [{"protocol": "tcp", "ports": "5432"}, {"protocol": "tcp", "ports": "7777"}],
    "reject",
    None,
)


def every_use(runtime: Runtime, wanted: Ruleset = WANTED) -> list[str]:
    """All that is done with what was read; what stands between it and what is wanted."""
    hash(tuple(runtime.policies.values()))
    text = describe(as_ruleset(runtime, (wanted,)))
    assert text.isprintable() or "\n" in text
    differences(wanted, runtime, wanted)
    return compare_runtime(wanted, runtime).words()


def with_rule(expression: Any, chain: str = CHAIN) -> Runtime:
    one = {"rule": {"family": "inet", "table": "firewalld", "chain": chain, "handle": 999, "expr": expression}}
    return parse_nft([*TABLE, one])


def test_the_recordings_are_what_is_wanted() -> None:
    assert every_use(parse_nft(TABLE)) == []
    assert every_use(parse_iptables(IPTABLES, IP6TABLES, IPSET)) == []


DPORT = {"payload": {"protocol": "tcp", "field": "dport"}}
SADDR = {"payload": {"protocol": "ip", "field": "saddr"}}


@pytest.mark.parametrize(
    "expression",
    [
        [{"match": {"op": "==", "left": DPORT, "right": {"set": [80, 443]}}}, {"accept": None}],
        [{"match": {"op": "==", "left": DPORT, "right": {"range": [80, "x"]}}}, {"accept": None}],
        [{"match": {"op": "==", "left": DPORT, "right": True}}, {"accept": None}],
        [{"match": {"op": "==", "left": {"&": [SADDR, "255.0.255.0"]}, "right": "10.0.1.0"}}, {"accept": None}],
        [{"match": {"op": "==", "left": SADDR, "right": {"set": ["10.0.0.1"]}}}, {"accept": None}],
        [{"match": {"op": "==", "left": {"concat": [SADDR, DPORT]}, "right": "@pairs"}}, {"accept": None}],
        [{"vmap": {"key": DPORT, "data": {"set": [[80, {"accept": None}], [81, {"drop": None}]]}}}],
        [{"log": {"prefix": "x"}}, {"queue": {"num": 0}}],
        [{"goto": {"target": "filter_IN_public"}}],
        [{"jump": {"target": "elsewhere"}}],
        [{"xt": None}, {"accept": None}],
        [{"accept": None}],
        [{"drop": None}],
        "text",
        {"accept": None},
        [None],
        [7],
    ],
)
def test_a_rule_of_others_is_kept_as_text(expression: Any) -> None:
    found = every_use(with_rule(expression))
    assert found, "it is told"
    assert with_rule(expression).policies["jsa-in"].other, "as text"
    assert every_use(with_rule(expression)) == found, "the same each time"


def decides_nothing(expression: list[dict[str, Any]]) -> bool:
    words = {word for part in expression for word in part if word != "match"}
    return words <= {"counter", "limit", "log"} and ("log" in words or set(map(str, words)) <= {"counter"})


@given(EXPRESSIONS)
@example([{"match": {"op": "==", "left": DPORT, "right": {"set": [80, 443]}}}, {"accept": None}])
def test_no_rule_of_nft_goes_unseen(expression: list[dict[str, Any]]) -> None:
    added = with_rule(expression)
    before = parse_nft(TABLE).policies["jsa-in"]
    now = added.policies["jsa-in"]
    if decides_nothing(expression):
        return
    assert (now.rules, now.other, now.target) != (before.rules, before.other, before.target)
    # One of ours a second time changes nothing, and is not told.
    assert every_use(added) or set(now.rules) == set(before.rules)


@given(JSON)
def test_no_expression_is_too_odd(expression: Any) -> None:
    every_use(with_rule(expression))


@given(st.lists(JSON, max_size=6) | JSON)
def test_no_answer_is_too_odd(objects: Any) -> None:
    every_use(parse_nft(objects))


@given(JSON, st.integers(0, 10_000), st.sampled_from(["chain", "rule", "set", "name", "expr", "elem", "match"]))
def test_no_change_in_an_answer_is_too_odd(odd: Any, number: int, word: str) -> None:
    """Somewhere in a whole answer one value is another one."""
    table = copy.deepcopy(TABLE)
    places: list[tuple[Any, Any]] = []
    waiting: list[Any] = [table]
    while waiting:
        one = waiting.pop()
        pairs = one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ()
        for key, value in pairs:
            waiting.append(value)
            if key == word:
                places.append((one, key))
    assume(places)
    holder, key = places[number % len(places)]
    holder[key] = odd
    every_use(parse_nft(table))


@given(ELEMENTS)
@example(["*"])
def test_elements_of_others_in_our_sets(elements: list[Any]) -> None:
    table = copy.deepcopy(TABLE)
    for one in table:
        if one.get("set", {}).get("name") == "jsa-event_processor-4":
            one["set"]["elem"] = one["set"]["elem"] + elements
    runtime = parse_nft(table)
    found = every_use(runtime)
    if same_addresses(runtime.sets["jsa-event_processor-4"], ["10.0.0.3/32", "10.0.0.4/32"]):
        assert found == []
    else:
        assert any("jsa-event_processor-4" in line for line in found)


def test_an_entry_that_is_no_address_takes_a_reload() -> None:
    """firewalld does not know of it, so it cannot be taken out alone."""
    table = copy.deepcopy(TABLE)
    for one in table:
        if one.get("set", {}).get("name") == "jsa-event_processor-4":
            one["set"]["elem"].append("*")
    found = compare_runtime(WANTED, parse_nft(table))
    assert found.structure == ("set jsa-event_processor-4 has an entry that is not from jsa.ports: */32",)
    assert found.entries == {}


def with_line(rule: str, chain: str = "IN_jsa-in_allow") -> Runtime:
    return parse_iptables(IPTABLES.replace("COMMIT", f"-A {chain} {rule}\nCOMMIT"), IP6TABLES, IPSET)


@pytest.mark.parametrize(
    "rule",
    [
        "-s 10.0.1.0/255.0.255.0 -p tcp -m tcp --dport 22 -j ACCEPT",
        "-s 10.9.0.0/0.0.255.255 -p tcp -m tcp --dport 22 -j ACCEPT",
        "-m comment --comment -s -j ACCEPT",
        "-m comment --comment -p -j ACCEPT",
        "-m comment --comment ! -j ACCEPT",
        '-m comment --comment "--- maintenance ---" -j ACCEPT',
        '-m comment --comment "a\n-A INPUT -j DROP" -j ACCEPT',
        '-m comment --comment "open -j ACCEPT',
        "-j NFQUEUE",
        "-g IN_public",
        "-p tcp -m tcp --dport http -j ACCEPT",
        "-m set --match-set jsa-event_processor-4 src,dst -p tcp -m tcp --dport 1 -j ACCEPT",
        "-s",
        "-m rpfilter -s 10.9.0.0/16 -p tcp -m tcp --dport 22 -j ACCEPT",
    ],
)
def test_a_rule_of_others_in_iptables_is_kept_as_text(rule: str) -> None:
    found = every_use(with_line(rule))
    assert any("has a rule that is not from jsa.ports" in line for line in found), found


@given(MATCHES)
def test_no_rule_of_iptables_goes_unseen(rule: str) -> None:
    assume(rule.strip())
    before = parse_iptables(IPTABLES, IP6TABLES, IPSET).policies["jsa-in"]
    now = with_line(rule)
    found = every_use(now)
    after = now.policies["jsa-in"]
    if "-j LOG " in rule:
        return
    assert (after.rules, after.other, after.target) != (before.rules, before.other, before.target)
    assert found or set(after.rules) == set(before.rules)


@given(st.text() | st.lists(MATCHES, max_size=4).map(lambda rules: "\n".join(f"-A INPUT {rule}" for rule in rules)))
def test_no_text_is_too_odd(text: str) -> None:
    every_use(parse_iptables(text, text, text))
    every_use(parse_iptables(IPTABLES + text, None, IPSET + text))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("add jsa-event_processor-4 10.0.0.0/8 nomatch", True),
        ("add jsa-event_processor-4 10.0.0.3,tcp:80", True),
        ("add jsa-event_processor-4 10.0.0.5", True),
        (f"add jsa-event_processor-4 10.0.0.3 comment {saved('nothing new')}", False),
        ("add jsa-event_processor-4", False),
        ("add", False),
        ("create", False),
        ('add jsa-event_processor-4 "', True),
    ],
)
def test_entries_of_others_in_ipset(line: str, told: bool) -> None:
    found = every_use(parse_iptables(IPTABLES, IP6TABLES, f"{IPSET}\n{line}\n"))
    assert bool(found) == told


def test_what_others_have_in_committed_files_of_ours_is_not_judged() -> None:
    """It was there when the host was committed, and is loaded again from the files: the way back ends with it."""
    expression = [{"match": {"op": "==", "left": DPORT, "right": 80}}, {"accept": None}]
    policy = WANTED.policies["jsa-in"]
    committed = WANTED._replace(policies={"jsa-in": policy._replace(other=('<service name="http">',))})
    assert every_use(with_rule(expression))
    assert every_use(with_rule(expression), committed) == []
    assert every_use(with_rule([{"xt": None}, {"accept": None}]), committed) == []
    # Ours are proven all the same.
    less = [one for one in TABLE if "514" not in json.dumps(one)]
    assert any("is missing" in line for line in every_use(parse_nft(less), committed))
