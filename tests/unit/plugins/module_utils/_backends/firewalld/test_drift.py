# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is not as planned, object by object."""

from __future__ import annotations

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.chains import RunningPolicy, Runtime
from ansible_collections.jsa.ports.plugins.module_utils._backends.firewalld.drift import differences
from ansible_collections.jsa.ports.plugins.module_utils._rules.model import (
    ACCEPT,
    EMPTY,
    REFUSE,
    AddressSet,
    Policy,
    Rule,
    Ruleset,
    by_family,
)

FOUR, SIX = "ipv4", "ipv6"
#: One rule for each way to name a peer.
FROM_SET = Rule(ACCEPT, FOUR, "tcp", (22, 22), "@jsa-a-4")
FROM_ANYONE = Rule(ACCEPT, None, "udp", (514, 514), None)
REFUSED = Rule(REFUSE, FOUR, "tcp", (22, 22), None)
ADMIN = AddressSet("jsa-a-4", FOUR, "admin", ("10.0.0.2/32", "10.0.0.9/32"))
CONTROLLER = AddressSet("jsa-controller-6", SIX, "controller", ())


def ruleset(
    *rules: Rule, sets: tuple[AddressSet, ...] = (ADMIN,), target: str = "REJECT", other: tuple[str, ...] = ()
) -> Ruleset:
    policy = Policy("jsa-in", "ANY", "HOST", target, -100, rules, dict.fromkeys(rules, ("x",)), other)
    return Ruleset({"jsa-in": policy}, {one.name: one for one in sets})


WANTED = ruleset(FROM_SET, FROM_ANYONE, REFUSED)


def running(
    loaded: Ruleset, families: tuple[str, ...] = (FOUR, SIX), linked: bool = True, alive: bool = True
) -> Runtime:
    policies = {
        name: RunningPolicy(
            policy.target,
            tuple(rule for rule in by_family(policy.rules) if rule.family in families),
            policy.other,
            linked,
        )
        for name, policy in loaded.policies.items()
    }
    sets = {name: one.entries for name, one in loaded.sets.items()}
    return Runtime("nftables", alive, families, policies, sets)


Item = tuple[str, str, list[str], list[str]]


def item(name: str, place: str, lacks: list[str], has: list[str]) -> Item:
    return name, place, lacks, has


def compared(files: Ruleset, runtime: Runtime | None, wanted: Ruleset) -> list[Item]:
    return [item(one.object, one.place, one.lacks, one.has) for one in differences(files, runtime, wanted)]


def found(files: Ruleset, runtime: Runtime | None, wanted: Ruleset) -> list[Item]:
    """The same without the reasons for a rule."""
    return [
        item(name, place, *([line.partition("  #")[0] for line in lines] for lines in (lacks, has)))
        for name, place, lacks, has in compared(files, runtime, wanted)
    ]


@pytest.mark.parametrize("families", [(FOUR, SIX), (FOUR,), (SIX,)])
def test_all_is_as_planned(families: tuple[str, ...]) -> None:
    assert compared(WANTED, running(WANTED, families), WANTED) == []
    assert compared(WANTED, None, WANTED) == []


@pytest.mark.parametrize(
    ("have", "lacks", "has"),
    [
        pytest.param(
            ruleset(FROM_ANYONE, REFUSED), ["accept tcp 22 from admin (10.0.0.2/32, 10.0.0.9/32)"], [],
            id="a rule is missing",
        ),
        pytest.param(
            ruleset(FROM_SET, FROM_ANYONE, REFUSED, Rule(ACCEPT, FOUR, "tcp", (80, 80), None)),
            [], ["accept tcp 80 from anyone (IPv4)"], id="a rule is too many",
        ),
        pytest.param(
            ruleset(FROM_SET, FROM_ANYONE._replace(family=FOUR), REFUSED),
            ["accept udp 514 from anyone (IPv6)"], [], id="a family is missing",
        ),
        pytest.param(
            ruleset(FROM_SET, FROM_ANYONE._replace(family=FOUR), FROM_ANYONE._replace(family=SIX), REFUSED),
            [], [], id="two families, rule by rule",
        ),
        pytest.param(
            ruleset(FROM_SET, FROM_ANYONE, REFUSED, target="DROP"),
            ["target REJECT"], ["target DROP"], id="another target",
        ),
        pytest.param(
            ruleset(FROM_SET, FROM_ANYONE, REFUSED, other=("<masquerade/>",)),
            [], ["other: <masquerade/>"], id="somebody else's rule",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", ["files", "runtime"])
def test_policies(have: Ruleset, place: str, lacks: list[str], has: list[str]) -> None:
    files, runtime = (have, running(WANTED)) if place == "files" else (WANTED, running(have))
    expected = [item("policy jsa-in", place, lacks, has)] if lacks or has else []
    assert found(files, runtime, WANTED) == expected


def test_a_missing_rule_says_why_it_is_needed() -> None:
    lacks = ["accept tcp 22 from admin (10.0.0.2/32, 10.0.0.9/32)  # x"]
    assert compared(ruleset(FROM_ANYONE, REFUSED), None, WANTED) == [item("policy jsa-in", "files", lacks, [])]


def test_what_is_ours_in_both_is_no_difference() -> None:
    """Somebody else's rule that the files have as well as what is wanted, as after a rollback."""
    wanted = ruleset(FROM_ANYONE, other=("<masquerade/>",))
    assert compared(wanted, running(wanted), wanted) == []


def test_a_policy_that_is_missing_lacks_each_of_its_rules() -> None:
    one = ruleset(FROM_ANYONE, sets=())
    lines = ["accept udp 514 from anyone"]
    assert found(EMPTY, running(one), one) == [item("policy jsa-in", "files", lines, [])]
    assert found(one, None, EMPTY) == [item("policy jsa-in", "files", [], lines)]


@pytest.mark.parametrize(
    ("entries", "lacks", "has"),
    [
        (("10.0.0.2/32", "10.0.0.9/32"), [], []),
        (("10.0.0.9/32",), ["10.0.0.2/32"], []),
        (("10.0.0.2/32", "10.0.0.7/32", "10.0.0.9/32"), [], ["10.0.0.7/32"]),
        (("10.0.0.2/32", "10.0.0.7/32"), ["10.0.0.9/32"], ["10.0.0.7/32"]),
        ((), ["10.0.0.2/32", "10.0.0.9/32"], []),
    ],
)
def test_entries(entries: tuple[str, ...], lacks: list[str], has: list[str]) -> None:
    have = ruleset(FROM_ANYONE, sets=(ADMIN._replace(entries=entries),))
    wanted = ruleset(FROM_ANYONE)
    for files, runtime, place in ((have, running(wanted), "files"), (wanted, running(have), "runtime")):
        expected = [item("set jsa-a-4", place, lacks, has)] if lacks or has else []
        assert compared(files, runtime, wanted) == expected


def test_neighbors_that_the_kernel_shows_as_one_are_no_difference() -> None:
    wanted = ruleset(FROM_ANYONE, sets=(ADMIN._replace(entries=("10.0.0.2/32", "10.0.0.3/32")),))
    have = ruleset(FROM_ANYONE, sets=(ADMIN._replace(entries=("10.0.0.2-10.0.0.3",)),))
    assert compared(wanted, running(have), wanted) == []


@pytest.mark.parametrize(("one", "text"), [(CONTROLLER, "the set itself"), (ADMIN._replace(entries=("10.0.0.2/32",)),
                                                                            "10.0.0.2/32")])  # fmt: skip
def test_a_set_that_is_missing_or_too_many(one: AddressSet, text: str) -> None:
    """An empty one is missed by itself, one with entries by those."""
    wanted, without = ruleset(FROM_ANYONE, sets=(one,)), ruleset(FROM_ANYONE, sets=())
    name = "set " + one.name
    assert compared(without, running(wanted), wanted) == [item(name, "files", [text], [])]
    assert compared(wanted, running(without), wanted) == [item(name, "runtime", [text], [])]
    assert compared(wanted, None, without) == [item(name, "files", [], [text])]
    assert compared(wanted, running(wanted), without) == [
        item(name, "files", [], [text]),
        item(name, "runtime", [], [text]),
    ]


def test_a_kernel_without_a_family_lacks_nothing_of_it() -> None:
    wanted = ruleset(FROM_SET, FROM_ANYONE, sets=(ADMIN, CONTROLLER))
    have = ruleset(FROM_SET, FROM_ANYONE)
    assert compared(wanted, running(have, (FOUR,)), wanted) == []
    # In the files it has to be all the same, and so where the kernel has the family.
    missing = ["the set itself"]
    assert compared(have, running(have, (FOUR,)), wanted) == [item("set jsa-controller-6", "files", missing, [])]
    assert compared(wanted, running(have), wanted) == [item("set jsa-controller-6", "runtime", missing, [])]
    # A set that is there is compared in any case.
    other = ruleset(FROM_SET, FROM_ANYONE, sets=(ADMIN._replace(entries=("10.0.0.2/32",)),))
    assert compared(wanted, running(other, (FOUR,)), wanted) == [item("set jsa-a-4", "runtime", ["10.0.0.9/32"], [])]


def test_rules_that_were_flushed() -> None:
    lacks = ["its rules: the ruleset is empty"]
    assert compared(EMPTY, running(EMPTY, alive=False), EMPTY) == [item("firewalld", "runtime", lacks, [])]


def test_a_policy_that_no_packet_gets_to() -> None:
    lacks = ["a jump to it: it receives no packets"]
    assert compared(WANTED, running(WANTED, linked=False), WANTED) == [item("policy jsa-in", "runtime", lacks, [])]


def test_sets_of_the_site_are_its_own() -> None:
    runtime = running(WANTED)
    runtime.sets["jsa-of-the-site"] = ("192.0.2.1/32",)
    assert compared(WANTED, runtime, WANTED) == []
