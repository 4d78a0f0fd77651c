# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is found on a host, in lines."""

from __future__ import annotations

from ansible_collections.jsa.ports.plugins.module_utils._backends.backend import FILES, RUNTIME, Difference
from ansible_collections.jsa.ports.plugins.module_utils._backends.told import (
    difference_lines,
    not_enforced_words,
    opening_warning,
    openings_of,
    recorded_words,
    unlocked_words,
)
from ansible_collections.jsa.ports.tests.unit.plugins.module_utils.rulesets import make_ruleset


def test_object_by_object() -> None:
    found = [
        Difference("policy jsa-in", RUNTIME, ["accept tcp 22 from admin"], ["accept tcp 1"]),
        Difference("set jsa-ep-4", FILES, ["10.0.0.3/32"], []),
    ]
    assert difference_lines(found) == [
        "lacks in the running rules, policy jsa-in: accept tcp 22 from admin",
        "has in the running rules, policy jsa-in: accept tcp 1",
        "lacks in the files, set jsa-ep-4: 10.0.0.3/32",
    ]
    assert difference_lines([]) == []


def test_an_opening() -> None:
    opening = {"object": "zone public", "setting": "service postgresql", "protocol": "tcp", "ports": "5432",
               "why": ["postgres", "data"], "effective": False}  # fmt: skip
    assert opening_warning(opening) == (
        "zone public opens tcp 5432 by service postgresql, which no host outside of the deployment needs "
        "(postgres, data)"
    )


def test_recorded_sources_by_port_and_not_all_of_them() -> None:
    contacts = [(f"10.0.0.{number}", "tcp", 22) for number in range(1, 9)]
    contacts += [("10.0.0.1", "udp", port) for port in range(1000, 1030)]
    words = recorded_words(contacts)
    assert "tcp 22 from 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5 and 3 more; udp 1000 from 10.0.0.1;" in words
    assert "; and 21 more ports. To accept them" in words
    assert len(words) < 800


def test_what_is_not_enforced() -> None:
    refused = [{"protocol": "tcp", "ports": str(port)} for port in range(1, 81, 2)]
    rules = make_ruleset(refused=[*refused, {"protocol": "udp", "ports": "514"}])
    shown = ", ".join(str(port) for port in range(1, 41, 2))
    for words in (not_enforced_words(rules, "is recorded since 2026"), unlocked_words(rules)):
        assert f"tcp {shown} and 20 more; udp 514" in words
    everything = make_ruleset(refused=refused, unlisted="drop", outbound=[])
    assert "(all ports; what the host contacts)" in not_enforced_words(everything, "is recorded since 2026")
    assert "reject. What of it is accepted is not recorded (x)" in not_enforced_words(None, "is not recorded (x)")


def test_what_the_site_opens_is_open_where_nothing_is_rejected() -> None:
    openings = [{"ports": "5432", "effective": False}]
    assert openings_of(openings, "log") == [{"ports": "5432", "effective": True}]
    assert openings_of(openings, "enforce") is openings_of(openings, None) is openings
    assert openings_of(None, "log") is None and openings_of([], "log") == []
