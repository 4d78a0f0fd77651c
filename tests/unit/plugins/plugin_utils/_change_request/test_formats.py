# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every requested flow is in a format's files or in its notes, and nothing else is let through by them."""

from __future__ import annotations

import ipaddress

from collections.abc import Callable
from dataclasses import replace

import pytest

from hypothesis import given, settings

from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.flows import make_request
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.formats.csv_file import without_formula
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.formats.xlsx_file import render_xlsx
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.model import Output, Request, RequestedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.registry import FORMATS
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.whole import NOTES, write_request
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.zones import named_zones, networks_of_hosts
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils._change_request.plans import (
    FEW,
    PACKETS,
    SETTINGS,
    ZONES,
    accepts,
    crosses,
    plan,
    plans,
    rule,
    zone_of,
)
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils._change_request.readers import (
    RULES,
    Packet,
    Permit,
    permits_of_rows,
    read_csv,
    read_xlsx,
)


def permits(name: str, output: Output, change: str = "add", form: str = "flows") -> list[Permit]:
    """What the files of a format let through."""
    found = []
    for file, content in output.files.items():
        if name == "csv":
            assert isinstance(content, str)
            found += permits_of_rows(read_csv(content), change) if file.startswith(form) else []
        elif name == "xlsx":
            assert isinstance(content, bytes)
            found += permits_of_rows(read_xlsx(content), change) if file.startswith(form) else []
        elif "delete" not in file:
            assert isinstance(content, str)
            found += RULES[name](content)
    return found


def test_every_format_is_read_back() -> None:
    assert set(FORMATS) == {"csv", "xlsx", *RULES}


def allowed(found: list[Permit], packet: Packet) -> bool:
    """Whether one of the rules lets a packet through, between its zones where the rule has some."""
    zones = zone_of(packet.source), zone_of(packet.destination)
    return any(
        one.lets(packet) and all(asked in ("", own) for asked, own in zip(one.zones, zones, strict=True))
        for one in found
    )


def a_packet(flow: RequestedFlow) -> list[Packet]:
    """The first and the last of a flow."""
    network = ipaddress.ip_network(flow.source.cidr)
    destination = flow.destination.cidr.partition("/")[0]
    ports = flow.ports or (0, 0)
    return [
        Packet(str(address), destination, flow.protocol, port)
        for address, port in zip((network[0], network[-1]), ports, strict=True)
    ]


def check_format(name: str, one: Plan) -> None:
    request = make_request(one, named_zones(ZONES))
    output = FORMATS[name].render(request, SETTINGS)
    assert output.flows + sum(note.flows for note in output.notes) == len(request.flows)
    found = permits(name, output)
    without_zones = [permit._replace(zones=("", "")) for permit in found]
    lost = [flow for flow in request.flows if not all(allowed(without_zones, packet) for packet in a_packet(flow))]
    assert len(lost) <= sum(note.flows for note in output.notes)
    families = {flow.version for flow in lost}
    assert families <= ({6} if name == "ciscoasa" else set())
    for packet in PACKETS:
        in_plan = accepts(one, packet)
        if allowed(found, packet):
            assert in_plan, packet
        elif in_plan and crosses(packet):
            assert (6 if ":" in packet.source else 4) in families, packet


def check_of(name: str) -> Callable[[], None]:
    @given(one=plans())
    @settings(max_examples=FEW)
    def check(one: Plan) -> None:
        check_format(name, one)

    return check


@pytest.mark.parametrize("name", FORMATS)
def test_flows_in_are_flows_out_and_notes(name: str) -> None:
    check_of(name)()


#: Something of everything, in both families.
FULL = plan(
    {
        "con1": [rule("con1", 1, ("users", "only ec-ü"), ("https",)), rule("con1", 4, ("admin",))],
        "con2": [rule("con2", 1, ("users",), ("https",))],
        "ec-ü": [rule("ec-ü", 3, ("log_sources",), ("syslog",)), rule("ec-ü", 2, ("everybody",), ("data_range",))],
    }
)


def full(named: bool = True, earlier: Plan | None = None) -> Request:
    zones = named_zones(ZONES) if named else networks_of_hosts([FULL], 24, 64)
    return make_request(FULL, zones, earlier)


@pytest.mark.parametrize("name", ["csv", "xlsx"])
def test_the_grouped_form_has_the_same_flows(name: str) -> None:
    output = FORMATS[name].render(full(), SETTINGS)
    assert set(output.files) == {
        f"{form}_{family}.{name}" for form in ("flows", "grouped") for family in ("ipv4", "ipv6")
    }
    single, grouped = (permits(name, output, form=form) for form in ("flows", "grouped"))
    assert all(len(one.sources) == len(one.destinations) == 1 for one in single)
    assert sum(len(one.sources) * len(one.destinations) for one in grouped) == len(single) > len(grouped)
    assert {
        (source, destination, *one[2:]) for one in grouped for source in one.sources for destination in one.destinations
    } == {(one.sources[0], one.destinations[0], *one[2:]) for one in single}
    families = {
        file: {":" in source for one in permits(name, Output({file: text}, 0)) for source in one.sources}
        for file, text in output.files.items()
        if file.startswith("flows")
    }
    assert families == {f"flows_ipv4.{name}": {False}, f"flows_ipv6.{name}": {True}}


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_request_is_the_same_file(name: str) -> None:
    assert FORMATS[name].render(full(), SETTINGS).files == FORMATS[name].render(full(), SETTINGS).files


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_has_no_other_files_than_it_says(name: str) -> None:
    files = {
        file
        for request in (full(), full(False), full(earlier=plan({})))
        for file in FORMATS[name].render(request, SETTINGS).files
    }
    assert files <= set(FORMATS[name].files)


@pytest.mark.parametrize("name", ["paloalto", "ciscoasa", "nftables", "juniper"])
def test_what_is_to_be_removed_is_said(name: str) -> None:
    """These formats only add."""
    earlier = plan({"con1": [rule("con1", 0, ("admin",))]})
    request = make_request(plan({}), named_zones(ZONES), earlier)
    output = FORMATS[name].render(request, SETTINGS)
    assert (output.flows, dict(output.files)) == (0, {})
    (note,) = [note for note in output.notes if note.flows]
    assert note.flows == len(request.flows) == 4
    assert "4 flows to remove" in note.text


def test_an_asa_is_told_of_ipv6() -> None:
    output = FORMATS["ciscoasa"].render(full(), SETTINGS)
    (note,) = [note for note in output.notes if note.flows]
    assert note.text == f"left out, because aerleon does not write it for ciscoasa: {note.flows} flows of IPv6"


@pytest.mark.parametrize("name", ["paloalto", "ciscoasa", "nftables", "juniper"])
def test_nothing_replaces_what_is_there(name: str) -> None:
    for content in FORMATS[name].render(full(), SETTINGS).files.values():
        text = str(content)
        assert text.strip()
        for word in ("clear configure", "replace:", "policy drop", "hook", "<config", "deny"):
            assert word not in text


def test_zones_that_a_firewall_cannot_have() -> None:
    zones = {**ZONES, "in the\nmiddle": ZONES["dmz"]}
    del zones["dmz"]
    request = make_request(FULL, named_zones(zones))
    for name in ("junos", "paloalto"):
        output = FORMATS[name].render(request, SETTINGS)
        assert any("'in the\\nmiddle'" in note.text for note in output.notes)
        assert output.flows == len(request.flows)
        found = permits(name, output)
        assert {zone for one in found for zone in one.zones} <= {"", "core", "branch", "users"}
        assert all(allowed(found, packet) for flow in request.flows for packet in a_packet(flow))


@pytest.mark.parametrize("name", ["junos", "paloalto"])
def test_without_names_of_zones_rules_have_none(name: str) -> None:
    found = permits(name, FORMATS[name].render(full(named=False), SETTINGS))
    assert {one.zones for one in found} == {("", "")}


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(1)", "'@SUM(1)"), ("\t=1", "'\t=1"), ("\r=1", "'\r=1"),
        (" =1", "' =1"), ("\uff1d1", "'\uff1d1"), ("10.0.0.1", "10.0.0.1"), ("a=1", "a=1"), ("", ""),
    ],
)  # fmt: skip
def test_nothing_is_calculated(cell: str, written: str) -> None:
    assert without_formula(cell) == written


def test_names_that_are_formulas() -> None:
    evil = '=HYPERLINK("http://x")'
    request = make_request(plan({evil: [rule(evil, 0, ("admin",))]}), named_zones(ZONES))
    output = FORMATS["csv"].render(request, SETTINGS)
    names = {row["destination_name"] for text in output.files.values() for row in read_csv(str(text))}
    assert names == {f"'{evil}"}
    assert [note.text for note in output.notes] == [
        "some texts begin with ', because a spreadsheet would take them for formulas"
    ]
    (content,) = [
        text for file, text in FORMATS["xlsx"].render(request, SETTINGS).files.items() if file == "flows_ipv4.xlsx"
    ]
    assert isinstance(content, bytes)
    # A text there, as read_xlsx makes sure of.
    assert {row["destination_name"] for row in read_xlsx(content)} == {evil}


def test_a_byte_order_mark_on_demand() -> None:
    for bom in (False, True):
        output = FORMATS["csv"].render(full(), replace(SETTINGS, bom=bom))
        assert all(str(text).startswith("\ufeff") is bom for text in output.files.values())
        assert all(row["id"].startswith("JSA-") for text in output.files.values() for row in read_csv(str(text)))


def test_a_worksheet_that_is_too_small() -> None:
    request = full()
    output = render_xlsx(request, SETTINGS, most_rows=4)
    assert output.flows == 6 == len(permits("xlsx", output))
    assert sum(note.flows for note in output.notes) == len(request.flows) - 6
    assert any("left out of flows_ipv4.xlsx" in note.text for note in output.notes)


def test_all_formats_at_once() -> None:
    request = full()
    whole = write_request(request, FORMATS, SETTINGS)
    assert NOTES in whole.files and set(whole.notes) == {"request", *FORMATS}
    text = str(whole.files[NOTES])
    assert text.startswith(f"Change request: {len(request.flows)} flows to add\n")
    assert all(note in text for notes in whole.notes.values() for note in notes)
    assert whole.summary == {"add": len(request.flows), "remove": 0, "inside_zones": request.inside_zones}
    assert set(whole.outdated) == {"junos_delete.set", "ciscoasa_ipv6.txt"}
