# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the page says is what the plan, the check and the catalog say."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.loader import load_catalog
from ansible_collections.jsa.ports.plugins.plugin_utils._check.result import parse_result
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.named import named_flows
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.differences import differences_section
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.matrix import LARGEST_BY_HOST
from ansible_collections.jsa.ports.plugins.plugin_utils._pages.model import Cell, Grid, Page
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils._pages.pages import made, result_text
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import NO_NETWORKS, planner

GROUPS = {
    "con1": "jsa_console",
    "ep1": "jsa_event_processors",
    "ec1": "jsa_event_collectors",
    "ec2": "jsa_event_collectors",
}
NETWORKS = {**NO_NETWORKS, "admin": ["192.0.2.0/28"], "log_sources": "any"}


def plan_of(groups: dict[str, str] | None = None, hosts: dict[str, dict[str, Any]] | None = None) -> Plan:
    return planner(groups or GROUPS, hosts, jsa_networks=NETWORKS).plan()


@pytest.fixture(name="plan", scope="module")
def fixture_plan() -> Plan:
    return plan_of()


@pytest.fixture(name="many", scope="module")
def fixture_many() -> Plan:
    """One host more than the matrix has rows for."""
    kinds = ["jsa_console", *["jsa_event_processors"] * 10, *["jsa_event_collectors"] * (LARGEST_BY_HOST - 10)]
    groups = {f"h{number:02}": kind for number, kind in enumerate(kinds)}
    return plan_of(groups, {"h40": {"jsa_encrypted": True}})


def cells(grid: Grid) -> list[Cell]:
    return [cell for row in grid.rows for cell in row.cells if cell is not None]


def flows_by_pair(page: Page) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for row in page.flows:
        for name in row.peers.names:
            if not (row.peers.but_itself and name == row.listener.name):
                found[name, row.listener.name] += 1
    return found


@pytest.mark.parametrize("fixture", ["plan", "many"])
def test_every_flow_is_in_one_row(fixture: str, request: pytest.FixtureRequest) -> None:
    plan = request.getfixturevalue(fixture)
    page = made(plan)
    expected = Counter((flow.source.name, flow.listener) for flow in named_flows(plan))
    assert flows_by_pair(page) == expected
    assert page.total_flows == sum(expected.values()) == sum(row.flows for row in page.flows)


def test_a_row_has_port_service_peers_and_reasons(plan: Plan) -> None:
    (row,) = [one for one in made(plan).flows if one.listener.name == "con1" and one.port == "tcp 443"]
    assert (row.protocol, row.services, row.peers.names, row.ids) == (
        "tcp", "Apache HTTPS", ("ec1", "ec2", "ep1"), ("https",),
    )  # fmt: skip
    assert row.tally is None


def test_rows_are_by_listener_and_port_and_the_first_has_the_anchor(plan: Plan) -> None:
    rows = made(plan).flows
    names = [row.listener.name for row in rows]
    assert names == sorted(names, key=list(plan.hosts).index)
    assert [row.is_first for row in rows] == [
        number == 0 or rows[number - 1].listener is not row.listener for number, row in enumerate(rows)
    ]
    own = [row.order for row in rows if row.listener.name == "con1"]
    assert own == sorted(own) and len(own) > 5


def test_a_cell_has_the_flows_of_its_pair(plan: Plan) -> None:
    page = made(plan)
    found = {(cell.initiator.name, cell.listener.name): cell.flows for cell in cells(page.matrix.grid)}
    assert found == flows_by_pair(page)
    assert page.matrix.details == ()
    assert [row.head.name for row in page.matrix.grid.rows] == [*plan.hosts, "admin", "anyone"]
    assert [column.name for column in page.matrix.grid.columns] == list(plan.hosts)


def test_a_cell_leads_to_the_rows_of_its_listener(many: Plan, plan: Plan) -> None:
    for page in (made(plan), made(many)):
        anchors = {f"to-{row.listener.key}" for row in page.flows if row.is_first}
        details = [grid for _group, grid in page.matrix.details]
        assert {cell.anchor for grid in (page.matrix.grid, *details) for cell in cells(grid)} <= anchors


def test_many_hosts_are_shown_by_role(many: Plan) -> None:
    page = made(many)
    grid = page.matrix.grid
    assert [column.name for column in grid.columns] == ["console", "event processor", "event collector"]
    assert [row.head.name for row in grid.rows] == [*(column.name for column in grid.columns), "admin", "anyone"]
    role = {name: "console" if name == "h00" else "event processor" if name <= "h10" else "event collector"
            for name in many.hosts}  # fmt: skip
    expected: Counter[tuple[str, str]] = Counter()
    by_listener: Counter[tuple[str, str]] = Counter()
    for (source, target), count in flows_by_pair(page).items():
        expected[role.get(source, source), role[target]] += count
        by_listener[role.get(source, source), target] += count
    assert {(one.initiator.name, one.listener.name): one.flows for one in cells(grid)} == expected
    found = {
        (one.initiator.name, one.listener.name): one.flows
        for _group, part in page.matrix.details
        for one in cells(part)
    }
    assert found == by_listener
    assert [len(part.rows) for _group, part in page.matrix.details] == [1, 10, 30]


def test_one_host_less_is_shown_by_host(many: Plan) -> None:
    hosts = {name: host for name, host in many.hosts.items() if name != "h40"}
    fewer = Plan.from_dict({**many.as_dict(), "hosts": {name: host.as_dict() for name, host in hosts.items()}})
    assert len(made(fewer).matrix.grid.columns) == LARGEST_BY_HOST


def test_sets_that_several_rows_share_are_written_once(many: Plan) -> None:
    page = made(many)
    large = [row.peers for row in page.flows if row.peers.is_listed]
    assert len(large) > 2 * len(page.peers) > 0
    assert {one.key for one in large} == {one.key for one in page.peers}
    assert len({one.names for one in page.peers}) == len(page.peers)


def test_verdicts_are_counted_at_their_row_and_cell(plan: Plan) -> None:
    wrong = {("ec1", "con1", 443): ("network", "lost"), ("ep1", "con1", 443): ("unverifiable", "no answer")}
    page = made(plan, result_text(plan, wrong))
    (row,) = [one for one in page.flows if one.listener.name == "con1" and one.port == "tcp 443"]
    assert row.tally is not None
    assert (row.tally.mark.verdict, row.tally.text, row.tally.verdicts) == (
        "network", "1 network, 1 not verified, 1 ok", "network unverifiable ok",
    )  # fmt: skip
    marks = {(one.initiator.name, one.listener.name): one.mark for one in cells(page.matrix.grid)}
    assert {pair: mark.verdict for pair, mark in marks.items() if mark and pair[1] == "con1"} == {
        ("ec1", "con1"): "network", ("ep1", "con1"): "unverifiable", ("ec2", "con1"): "ok",
    }  # fmt: skip
    assert marks["anyone", "con1"] is None
    assert page.verdicts is not None
    assert [(one.mark.verdict, one.initiator, one.port, one.reason) for one in page.verdicts.rows] == [
        ("network", "ec1", "tcp 443", "lost"), ("unverifiable", "ep1", "tcp 443", "no answer"),
    ]  # fmt: skip
    assert [one.flows for one in page.verdicts.faults] == [1, 1]
    counts = {mark.verdict: count for mark, count in page.verdicts.counts}
    assert (counts["network"], counts["unverifiable"], counts["service_down"]) == (1, 1, 0)
    assert [fact.mark.verdict for fact in page.facts if fact.mark] == ["network"]
    (host,) = [one for one in page.hosts if one.name == "con1"]
    assert host.tally is not None and host.tally.mark.verdict == "network"


def test_an_open_port_is_no_flow_and_has_a_cell_all_the_same(plan: Plan) -> None:
    check = result_text(plan, {("ec1", "con1", 443): ("unexpected_open", "it accepts everyone")})
    page = made(plan, check)
    (row,) = [one for one in page.flows if one.listener.name == "con1" and one.port == "tcp 443"]
    assert row.tally is not None and row.tally.text == "2 ok"
    (cell,) = [one for one in cells(page.matrix.grid) if (one.initiator.name, one.listener.name) == ("ec1", "con1")]
    assert cell.mark is not None and cell.mark.verdict == "unexpected_open"


def test_what_a_check_found_on_a_host(plan: Plan) -> None:
    check = result_text(
        plan, {}, firewall_as_planned=False, firewall_alarms=["no rules"], firewall_difference=["- x"],
        openings=["tcp 1"], unseen={"probes": "lost"},
    )  # fmt: skip
    page = made(plan, check)
    assert page.hosts[0].findings == (
        "Alarm: no rules", "Not observed (probes): lost", "The running firewall differs from the plan.",
        "Difference: - x", "Opened by the site: tcp 1",
    )  # fmt: skip
    facts = {fact.name: fact.value for fact in page.facts}
    assert facts["Without a working firewall"] == "con1, ec1, ec2, ep1"
    assert facts["Firewall differs from the plan"] == "4 hosts"


def test_a_check_of_another_plan_is_told(plan: Plan) -> None:
    other = plan_of({"con1": "jsa_console", "gone": "jsa_event_processors"})
    page = made(plan, result_text(other, {("gone", "con1", 443): ("network", "lost")}))
    assert page.verdicts is not None
    assert "hosts that this plan does not have" in page.verdicts.notes[0]
    assert [(one.initiator_key, one.initiator) for one in page.verdicts.rows] == [("", "gone")]


def test_what_has_changed_since_a_baseline(plan: Plan) -> None:
    earlier = result_text(plan, {("ec1", "con1", 443): ("network", "lost")})
    later = result_text(plan, {("ec2", "con1", 443): ("host_firewall", "dropped")})
    page = made(plan, later, baseline=parse_result(earlier, "x"), baseline_name="monday")
    assert page.since is not None
    assert [(one.initiator, one.mark.verdict) for one in page.since.new] == [("ec2", "host_firewall")]
    assert [(one.initiator, one.mark.verdict) for one in page.since.gone] == [("ec1", "network")]
    assert (page.since.source, page.since.summary) == ("monday", "1 new, 1 gone, 0 unchanged.")


def test_reasons_have_document_and_row(plan: Plan) -> None:
    page = made(plan)
    used = {name for row in page.flows for name in row.ids}
    used |= {name for group in page.refused for row in group.rows for name in row.ids}
    entries = {entry.id: entry for entry in page.entries}
    assert used <= set(entries)
    statement = load_catalog()["https"].statements[0]
    assert (f"row {statement.row}", statement.says) in [(one.row, one.says) for one in entries["https"].references]


def test_an_entry_that_no_catalog_has(plan: Plan) -> None:
    page = made(plan, entries={})
    (row,) = [one for one in page.flows if one.listener.name == "con1" and one.port == "tcp 443"]
    assert row.services == "https"
    assert "jsa_extra_flows" in next(one for one in page.entries if one.id == "https").purpose


def test_refused_ports_are_written_once_for_hosts_that_share_them(plan: Plan) -> None:
    found = {group.hosts.text: [row.ports for row in group.rows] for group in made(plan).refused}
    assert set(found) == {"con1", "ep1", "ec1, ec2"}
    refused = plan.hosts["ec1"].refused
    assert len(found["ec1, ec2"]) == len(refused) and "tcp 514" in found["ec1, ec2"]


def test_dynamic_ports_and_remarks_about_a_host(plan: Plan) -> None:
    page = made(plan)
    (row,) = [one for one in page.dynamic if one.id == "imq_dynamic"]
    assert "ep1" in row.hosts.text.split(", ") and set(row.hosts.text.split(", ")) <= set(GROUPS)
    assert row.discovered == "not discovered, so not opened"
    pair = plan_of({**GROUPS, "con2": "jsa_console"}, {
        "con1": {"jsa_ha_peer": "con2", "jsa_ha_virtual_address": "10.0.0.100"}, "ec1": {"jsa_encrypted": True},
    })  # fmt: skip
    remarks = {host.name: host.remarks for host in made(pair).hosts}
    assert remarks["con1"] == ("virtual address 10.0.0.100", "HA pair with con2")
    assert remarks["ec1"] == ("encrypted",) and remarks["ep1"] == ()


def test_what_restricted_hosts_may_contact() -> None:
    plan = plan_of(hosts={"ec1": {"jsa_firewall_restrict_outbound": True}})
    page = made(plan)
    assert page.outbound and {row.hosts.text for row in page.outbound} == {"ec1"}
    assert len(page.outbound) == len(plan.hosts["ec1"].outbound or ())


def test_sections_are_those_that_there_are(plan: Plan) -> None:
    bare = [key for key, _title in made(plan).sections]
    assert bare == ["summary", "matrix", "flows", "dynamic", "refused", "hosts", "topology", "reasons"]
    full = [key for key, _title in made(plan, result_text(plan, {})).sections]
    assert set(full) - set(bare) == {"check"}


def test_the_page_grows_with_the_rules_and_not_with_the_pairs() -> None:
    """Twice the hosts: twice the rows, and twice the names in the sets."""
    rows = []
    for number in (50, 100):
        plan = plan_of({"con1": "jsa_console", **{f"ec{one}": "jsa_event_collectors" for one in range(number)}})
        page = made(plan)
        rows.append(len(page.flows))
        assert sum(len(one.names) for one in page.peers) <= 8 * (number + 3)
    assert rows[1] < 2.1 * rows[0]


def test_what_an_earlier_plan_did_not_have(plan: Plan) -> None:
    earlier = plan_of({name: group for name, group in GROUPS.items() if name != "ec2"})
    found = differences_section(earlier, plan, "old.json")
    assert {row.word for row in found.rows} == {"added"} and found.note == ""
    assert any("ec2" in row.text and "con1" in row.text and "443" in row.text for row in found.rows)
    assert differences_section(plan, plan, "old.json").rows == ()
