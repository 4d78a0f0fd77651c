# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan's types: read, written, and held together with the schema of their file."""

from __future__ import annotations

import copy
import dataclasses
import json

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import (
    DiscoveredService,
    DynamicService,
    HostPlan,
    InboundRule,
    OutboundRule,
    Plan,
)
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils import deployments

SCHEMA = json.loads((Path(__file__).parents[5] / "docs" / "plan.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

#: Each kind of value that a plan can have.
DOCUMENT: dict[str, Any] = {
    "version": 1,
    "release": "7.5.0 UP8",
    "data_ports": "listed",
    "confidences": ["high", "medium"],
    "choices": ["jsa_data_ports is listed"],
    "warnings": ["ep9 is in no group"],
    "source_classes": {"console": {"hosts": ["con1"], "networks": ["10.0.0.0/8"]}},
    "hosts": {
        "con1": {
            "roles": ["console"],
            "addresses": ["10.0.0.1", "fd00::1"],
            "virtual_addresses": ["10.0.0.99"],
            "ha_peer": "con2",
            "processor": None,
            "encrypted": True,
            "unlisted": "drop",
            "management_addresses": ["192.0.2.0/24", "2001:db8::7/128"],
            "inbound": [
                {"protocol": "tcp", "ports": "22", "sources": ["0.0.0.0/0", "::/0"], "why": ["ssh"],
                 "source_classes": ["admin"]},
                {"protocol": "icmp", "sources": ["10.0.0.2/32"], "why": ["icmp"], "source_classes": []},
            ],
            "outbound": [
                {"protocol": "udp", "ports": "123", "destinations": ["10.0.0.9/32"], "why": ["ntp_out"],
                 "destination_classes": ["ntp_servers"]},
            ],
            "refused": [{"protocol": "tcp", "ports": "32000-33999", "why": ["data_range"]}],
            "internal": [{"protocol": "udp", "ports": "514", "why": ["syslog"]}],
            "dynamic": [
                {"id": "imq_dynamic", "service": "IMQ", "protocols": ["tcp"], "ports": "32001-65535", "count": 4,
                 "discovery": "imq_port_mapper", "sources": ["10.0.0.2/32"],
                 "discovered": [{"service": "admin", "protocol": "tcp", "port": 40001}],
                 "discovered_at": "2026-11-25T05:10:00Z"},
                {"id": "rpcbind", "service": "", "protocols": [], "count": None, "discovery": "none", "sources": []},
            ],
            "listeners": [
                {"id": "https", "service": "Apache", "protocol": "tcp", "ports": "443", "bind": "network",
                 "required": True, "source_classes": ["users"]},
            ],
        }
    },
}  # fmt: skip


def test_each_value_comes_through() -> None:
    plan = Plan.from_dict(DOCUMENT)
    assert plan.as_dict() == DOCUMENT
    host = plan.hosts["con1"]
    assert HostPlan.from_dict(host.as_dict()) == host
    assert host.inbound[1].ports is None
    assert host.dynamic[0].discovered == (DiscoveredService(service="admin", protocol="tcp", port=40001),)


def test_texts_become_canonical() -> None:
    document = copy.deepcopy(DOCUMENT)
    host = document["hosts"]["con1"]
    host["addresses"] = ["FD00:0::1"]
    host["inbound"][0].update(ports=22, sources=["10.0.0.1", "2001:DB8::/32"])
    read = Plan.from_dict(document).hosts["con1"]
    assert read.addresses == ("fd00::1",)
    assert (read.inbound[0].ports, read.inbound[0].sources) == ((22, 22), ("10.0.0.1/32", "2001:db8::/32"))


def test_nothing_can_be_changed() -> None:
    plan = Plan.from_dict(DOCUMENT)
    with pytest.raises(dataclasses.FrozenInstanceError):
        plan.hosts["con1"].inbound = ()  # type: ignore[misc]
    document = plan.as_dict()
    document["hosts"]["con1"]["inbound"].clear()
    assert len(plan.hosts["con1"].inbound) == 2


@pytest.mark.parametrize("kind", [InboundRule, OutboundRule])
def test_icmp_has_no_ports_and_nothing_else_is_without(kind: Any) -> None:
    peers = {"sources" if kind is InboundRule else "destinations": ("10.0.0.1/32",)}
    assert kind(protocol="icmp", why=("icmp",), **peers).ports is None
    with pytest.raises(ValueError, match="ICMP has none"):
        kind(protocol="icmp", ports=(1, 1), why=("icmp",), **peers)
    with pytest.raises(ValueError, match="ports is missing"):
        kind(protocol="tcp", why=("ssh",), **peers)


def test_discovered_ports_have_an_age() -> None:
    with pytest.raises(ValueError, match="discovered_at is missing"):
        DynamicService(id="x", discovered=())


def test_the_error_of_a_hosts_rules_names_the_path() -> None:
    with pytest.raises(InputError) as caught:
        HostPlan.from_dict({**DOCUMENT["hosts"]["con1"], "inbound": [{}]}, "rules")
    assert "rules.inbound[0]: protocol is missing" in caught.value.problems


def test_the_schema_is_one_and_takes_plans() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    VALIDATOR.validate(DOCUMENT)
    VALIDATOR.validate(deployments.Plan().plan.as_dict())


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values in a document but the whole."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


PLACES = list(places(DOCUMENT))

#: What a place of a plan may be damaged with: right somewhere, and wrong elsewhere.
VALUES: list[Any] = [
    None, True, False, 0, 1, 2, -1, 22, 65535, 65536, 1.0, 22.0, 7.5, "", "zone", "tcp", "icmp", "console", "none",
    "22", "0", "022", "000022", " 22", "22\n", "22-23", "23-22", "70000", "1-99999", "٣", "10.0.0.1", "10.0.0.1/32",
    "10.0.0.1/8", "10.0.0.0/255.0.0.0", "10.0.0.0/08", "10.0.0.0/000000008", "fe80::1%eth0", "fe80::1%1/128",
    "::ffff:10.0.0.1", "2026-11-25T05:10:00Z", "2026-1-5T5:1:0Z", "2026-02-30T05:10:00Z", "2026-11-25T05:10:60Z",
    "\ud800", [], {}, [None], [[]], ["x"], {"x": 1}, ["tcp"], ["console"], ["10.0.0.1/32"], [{}],
]  # fmt: skip


#: Instead of a value: the place is gone.
MISSING = object()


def damaged(place: tuple[Any, ...], value: Any, document: dict[str, Any]) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    *folders, last = place
    inner: Any = changed
    for folder in folders:
        inner = inner[folder]
    if value is MISSING:
        del inner[last]
    else:
        inner[last] = value
    return changed


def is_read(document: Any) -> bool:
    try:
        Plan.from_dict(document)
    except InputError:
        return False
    return True


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_what_the_schema_refuses_the_reader_refuses(place: tuple[Any, ...]) -> None:
    for value in (*VALUES, MISSING):
        document = damaged(place, value, DOCUMENT)
        assert VALIDATOR.is_valid(document) or not is_read(document), (place, value)


def test_an_unknown_key_is_refused_by_both_wherever_it_is() -> None:
    of_free_names = {("hosts",), ("source_classes",)}
    for place in [(), *PLACES]:
        document = damaged(place, {**_at(place), "x": 1}, DOCUMENT) if place else {**DOCUMENT, "x": 1}
        if isinstance(_at(place), dict) and _at(place) and place not in of_free_names:
            assert not is_read(document) and not VALIDATOR.is_valid(document), place


def _at(place: tuple[Any, ...]) -> Any:
    inner: Any = DOCUMENT
    for folder in place:
        inner = inner[folder]
    return inner if isinstance(inner, dict) else {}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(PLACES),
            st.sampled_from(VALUES)
            | st.text()
            | st.integers()
            | st.from_regex(r"[0-9a-f.:/-]{1,20}", fullmatch=True)
            | st.from_regex(SCHEMA["$defs"]["DynamicService"]["properties"]["discovered_at"]["anyOf"][0]["pattern"]),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_what_the_reader_accepts_the_schema_accepts(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    document = DOCUMENT
    for place, value in changes:
        try:
            document = damaged(place, value, document)
        except (KeyError, IndexError, TypeError):
            # The change before took the place away.
            continue
    if is_read(document):
        VALIDATOR.validate(document)
        # And what comes of it is as right as what was read.
        VALIDATOR.validate(Plan.from_dict(document).as_dict())


#: What a schema can say, it says: a file is refused by an editor already.
@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("version",), 2),
        (("hosts",), {}),
        (("hosts", "con1", "roles"), MISSING),
        (("hosts", "con1", "roles", 0), "boss"),
        (("hosts", "con1", "unlisted"), "deny"),
        (("hosts", "con1", "addresses", 0), "10.0.0.1/32"),
        (("hosts", "con1", "management_addresses", 0), "host.example"),
        (("hosts", "con1", "inbound", 0, "sources"), []),
        (("hosts", "con1", "inbound", 0, "why"), []),
        (("hosts", "con1", "inbound", 0, "ports"), MISSING),
        (("hosts", "con1", "inbound", 0, "ports"), None),
        (("hosts", "con1", "inbound", 0, "ports"), 0),
        (("hosts", "con1", "inbound", 0, "protocol"), "icmp"),
        (("hosts", "con1", "inbound", 1, "ports"), "8"),
        (("hosts", "con1", "refused", 0, "protocol"), "icmp"),
        (("hosts", "con1", "dynamic", 0, "discovered", 0, "port"), 65536),
        (("hosts", "con1", "dynamic", 0, "discovered_at"), "yesterday"),
        (("hosts", "con1", "listeners", 0, "bind"), "lo"),
        (("hosts", "con1", "listeners", 0, "required"), "yes"),
    ],
)
def test_what_both_refuse(place: tuple[Any, ...], value: Any) -> None:
    document = damaged(place, value, DOCUMENT)
    assert not VALIDATOR.is_valid(document)
    assert not is_read(document)
