# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What differs, in lines."""

from __future__ import annotations

from ansible_collections.jsa.ports.plugins.plugin_utils._check.drift import (
    difference_lines,
    drift_table,
    opening_lines,
)

DIFFERENCES = [
    {"object": "policy jsa-in", "place": "runtime", "lacks": ["accept tcp 22 from admin"], "has": ["accept tcp 1"]},
    {"object": "set jsa-ep-4", "place": "files", "lacks": ["10.0.0.3/32"], "has": []},
]


def test_object_by_object() -> None:
    assert difference_lines({"differences": DIFFERENCES, "diff": [{"before": "x", "after": "y"}]}) == [
        "lacks in what runs, policy jsa-in: accept tcp 22 from admin",
        "has in what runs, policy jsa-in: accept tcp 1",
        "lacks in the files, set jsa-ep-4: 10.0.0.3/32",
    ]
    assert difference_lines({"differences": []}) == []


def test_of_a_firewall_that_tells_texts_alone() -> None:
    diff = [{"before": "a\nb\n", "after": "b\nc\n"}]
    assert difference_lines({"diff": diff}) == ["lacks: c", "has: a"]
    assert difference_lines({}) == []


def test_openings() -> None:
    zone = {"object": "zone public", "setting": "service postgresql", "protocol": "tcp", "ports": "5432",
            "why": ["postgres"], "effective": False}  # fmt: skip
    early = {**zone, "object": "policy early", "effective": True}
    assert opening_lines({"openings": [zone, early]}) == [
        "zone public opens tcp 5432 (postgres) by service postgresql; ours decides before it",
        "policy early opens tcp 5432 (postgres) by service postgresql; it decides before ours",
    ]
    assert opening_lines({"openings": None}) == []


def test_the_table_names_hosts_that_differ_and_stays_short() -> None:
    table = drift_table({"con1": [], "ep1": [f"line {number}" for number in range(10)]})
    assert "con1" not in table
    assert table.splitlines()[0].startswith("ep1: ")
    assert "line 7" in table
    assert "line 8" not in table
    assert table.endswith("and 2 more: jsa_port_check_dest keeps them all")
    assert drift_table({"con1": []}) == ""
