# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What differs, in lines."""

from __future__ import annotations

from ansible_collections.jsa.ports.plugins.plugin_utils._check.drift import drift_table, opening_lines


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
