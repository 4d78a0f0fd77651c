# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What differs, in lines."""

from __future__ import annotations

from ansible_collections.jsa.ports.plugins.plugin_utils._check.drift import drift_lines, drift_table, opening_line
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.sightings import observation, opening


def test_openings() -> None:
    zone = opening("postgres", setting="service postgresql")
    assert opening_line(zone) == (
        "zone public opens tcp 5432 (postgres) by service postgresql; the planned rules take effect before it"
    )
    early = opening("postgres", object="policy early", ports=(5432, 5433), effective=True)
    assert opening_line(early) == (
        "policy early opens tcp 5432-5433 (postgres) by port; it takes effect before the planned rules"
    )


def test_what_differs_comes_before_what_the_site_opens() -> None:
    one = opening("postgres")
    host = observation(firewall=False, differences=["lacks a", "has b"], openings=[one])
    assert drift_lines(host) == ["lacks a", "has b", opening_line(one)]
    assert drift_lines(observation()) == []


def test_the_table_names_hosts_that_differ_and_stays_short() -> None:
    table = drift_table({"con1": [], "ep1": [f"line {number}" for number in range(10)]})
    assert "con1" not in table
    assert table.splitlines()[0].startswith("ep1: ")
    assert "line 7" in table
    assert "line 8" not in table
    assert table.endswith("and 2 more; port_check.json lists all of them")
    assert drift_table({"con1": []}) == ""
