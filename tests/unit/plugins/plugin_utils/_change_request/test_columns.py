# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands in the columns, and the site's own headings."""

from __future__ import annotations

import re

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.loader import load_catalog, load_extra
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.columns import (
    COLUMNS,
    About,
    read_columns,
    split,
    table,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.model import (
    End,
    FlowGroup,
    RequestedFlow,
    grouped,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._change_request.reasons import Reasons
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError

#: As the network teams' forms ask for them.
NAMES = [
    "id", "change", "source_name", "source_ip", "source_zone", "destination_name", "destination_ip", "destination_zone",
    "protocol", "port", "service", "initiator", "application", "justification", "reference", "condition", "confidence",
    "owner", "requested_from", "expiry", "status",
]  # fmt: skip

FLOW = RequestedFlow(
    End(("ec1",), "10.1.0.1/32", "dmz"),
    End(("con1", "con2"), "10.0.0.3/32", "core"),
    "tcp",
    (32006, 32006),
    ("ariel_query",),
)


def row(
    flow: RequestedFlow | FlowGroup = FLOW, about: About | None = None, reasons: Reasons | None = None
) -> dict[str, str]:
    heads, cells = table([flow], reasons or Reasons(), about or About())
    return dict(zip(heads, cells, strict=True))


def test_all_columns() -> None:
    entry = load_catalog()["ariel_query"]
    found = row(about=About("JSA team", "2026-12-01", "2027-06-30"))
    assert list(found) == NAMES == list(COLUMNS)
    assert re.fullmatch(r"JSA-[0-9a-f]{12}", found.pop("id"))
    assert found == {
        "change": "add", "source_name": "ec1", "source_ip": "10.1.0.1", "source_zone": "dmz",
        "destination_name": "con1, con2", "destination_ip": "10.0.0.3", "destination_zone": "core", "protocol": "tcp",
        "port": "32006", "service": "tcp/32006", "initiator": "source", "application": entry.service,
        "justification": entry.purpose,
        "reference": "Juniper Secure Analytics Administration Guide, JSA Port Usage, row 61; Juniper Secure Analytics "
        "Installation Guide, Common Ports and Servers Used by JSA, row 62", "condition": "",
        "confidence": entry.confidence, "owner": "JSA team", "requested_from": "2026-12-01", "expiry": "2027-06-30",
        "status": "requested",
    }  # fmt: skip


def test_several_entries_and_one_that_nobody_knows() -> None:
    found = row(replace(FLOW, ids=("ariel_query", "rmi", "vanished")))
    catalog = load_catalog()
    assert found["application"] == f"{catalog['ariel_query'].service}; {catalog['rmi'].service}; vanished"
    assert found["justification"] == f"{catalog['ariel_query'].purpose} {catalog['rmi'].purpose}"
    # That of the one that is more certain.
    assert found["confidence"] == catalog["ariel_query"].confidence != catalog["rmi"].confidence
    nobody = row(replace(FLOW, ids=("vanished",)))
    assert (nobody["application"], nobody["justification"], nobody["confidence"]) == ("vanished", "", "")


@pytest.mark.parametrize(
    ("ids", "condition"),
    [
        (("imq",), "only between hosts that are not encrypted"),
        (("socat_ntp",), "only if one of the two hosts is encrypted"),
        (("syslog_tls",), "with tls_syslog"),
        (("https", "syslog_tls"), "Syslog over TLS: with tls_syslog"),
    ],
)
def test_when_it_is_needed(ids: tuple[str, ...], condition: str) -> None:
    assert row(replace(FLOW, ids=ids))["condition"] == condition


def test_the_sites_own_entries() -> None:
    flows = [{"listeners": ["console"], "initiators": ["10.9.0.0/24"]}]
    entry = {"id": "own", "service": "Own", "purpose": "Ours.", "protocols": ["tcp"], "ports": [9100], "flows": flows}
    own = load_extra([entry])
    found = row(replace(FLOW, ids=("own",)), reasons=Reasons(own.values()))
    assert (found["application"], found["justification"]) == ("Own", "Ours.")
    assert found["reference"] == "the site's own entry (jsa_extra_flows)"


def test_icmp_has_no_port() -> None:
    found = row(replace(FLOW, protocol="icmp", ports=None))
    assert (found["protocol"], found["port"], found["service"]) == ("icmp", "", "icmp")


def test_the_id_is_that_of_the_packets() -> None:
    others = [
        replace(FLOW, ports=(32006, 32007)),
        replace(FLOW, protocol="udp"),
        replace(FLOW, source=End(("x",), "10.1.0.2/32", "")),
    ]
    assert row()["id"] == row(replace(FLOW, ids=("rmi",), change="remove"))["id"]
    assert len({row(flow)["id"] for flow in (FLOW, *others)}) == 4


def test_the_sites_headings() -> None:
    headings = read_columns(
        {"Service": "service", "Action": {"text": "accept"}, "From": "source_ip", "Src": "source_ip"}
    )
    found = row(about=About(headings=headings))
    assert list(found.items()) == [
        ("Service", "tcp/32006"),
        ("Action", "accept"),
        ("From", "10.1.0.1"),
        ("Src", "10.1.0.1"),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"Source": "source"}, "jsa_change_request_columns.Source: unknown column 'source'"),
        ({"Service": "servic"}, "did you mean service?"),
        ({"A": {"txt": "x"}}, "unknown column {'txt': 'x'}"),
        ({}, "expected a mapping"),
        (["service"], "expected a mapping"),
    ],
)
def test_headings_that_cannot_be_used(value: Any, text: str) -> None:
    with pytest.raises(InputError) as error:
        read_columns(value)
    assert text in str(error.value)


def test_a_cell_holds_what_a_spreadsheet_takes() -> None:
    long = row(replace(FLOW, source=End(("x" * 40000,), "10.1.0.1/32", "dmz")))["source_name"]
    assert len(long) < 32767 and long.endswith("...")
    assert row(replace(FLOW, source=End(("a\x1b[2J\nb",), "10.1.0.1/32", "")))["source_name"] == "a\\x1b[2J\\nb"


def test_addresses_are_never_cut() -> None:
    flows = [replace(FLOW, source=End((f"h{number}",), f"2001:db8:aaaa:bbbb:cccc:dddd:eeee:{number:x}/128", "dmz"),
                     destination=End(("con1",), f"fd00::{address:x}/128", "core"))
             for number in range(1, 1202) for address in range(1, 3)]  # fmt: skip
    (group,) = grouped(flows)
    parts = split([group])
    assert [part.flows for part in parts] == [1000, 1000, 402]
    cells = [row(part)["source_ip"] for part in parts]
    assert max(map(len, cells)) < 32000
    assert [address for cell in cells for address in cell.split(", ")] == [
        end.cidr.removesuffix("/128") for end in group.sources
    ]
