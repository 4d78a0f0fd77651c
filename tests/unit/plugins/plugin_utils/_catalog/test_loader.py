# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import dataclasses

import pytest
import yaml

from ansible_collections.jsa.ports.plugins.plugin_utils import _yaml
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog import loader
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.loader import (
    CatalogError,
    load_catalog,
    read_catalog,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Condition

VALID = {
    "id": "query",
    "service": "Queries",
    "purpose": "Searches.",
    "protocols": ["tcp"],
    "ports": ["32006"],
    "exposure": "inter_host",
    "confidence": "high",
    "encryption": "tunnelled",
    "flows": [{"listeners": ["event_processor"], "initiators": ["console"]}],
    "statements": [
        {
            "document": "administration_guide",
            "row": 61,
            "ports": ["32006"],
            "protocols": ["tcp"],
            "says": "Both ways.",
        }
    ],
}


def changed(**fields):
    """VALID with *fields* set; those that are DROP are left out."""
    entry = copy.deepcopy(VALID)
    for key, value in fields.items():
        if value is DROP:
            del entry[key]
        else:
            entry[key] = value
    return entry


DROP = object()
FLOW = VALID["flows"][0]
STATEMENT = VALID["statements"][0]
DISAGREEMENT = {
    "readings": {"administration_guide": "One.", "installation_guide": "Another."},
    "verdict": "administration_guide",
    "reason": "Because.",
}


@pytest.fixture
def read(tmp_path):
    def read_entries(*entries):
        (tmp_path / "entries.yml").write_text(yaml.safe_dump(list(entries)), encoding="utf-8")
        return read_catalog(tmp_path)

    return read_entries


def mistakes_of(call, *args):
    with pytest.raises(CatalogError) as caught:
        call(*args)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return list(caught.value.problems)


def test_a_valid_entry(read):
    entry = read(VALID)["query"]
    assert entry.ports == ((32006, 32006),)
    assert entry.flows[0].encryption == "tunnelled"
    assert entry.when == Condition()
    assert entry.statements[0].table == "ports"


REFUSED = {
    "unknown key": (changed(port="22"), "port", "unknown key; did you mean ports"),
    "no id": (changed(id=DROP), "id", "missing"),
    "id with capitals": (changed(id="Query"), "id", "lowercase"),
    "id that is a port": (changed(id="32006"), "id", "a letter first"),
    "id that is no text": (changed(id=32006), "id", "expected text"),
    "no service": (changed(service=DROP), "service", "missing"),
    "no purpose": (changed(purpose=DROP), "purpose", "missing"),
    "empty purpose": (changed(purpose=" "), "purpose", "expected text"),
    "no protocol": (changed(protocols=DROP), "protocols", "tcp, udp, icmp"),
    "unknown protocol": (changed(protocols=["sctp"]), "protocols", "'sctp' is not known; expected one of: tcp"),
    "protocol twice": (changed(protocols=["tcp", "tcp"]), "protocols", "twice"),
    "port 70000": (changed(ports=["70000"]), "ports", "port 70000 is outside 1-65535"),
    "port 0": (changed(ports=["0"]), "ports", "port 0 is outside 1-65535"),
    "range reversed": (changed(ports=["33999-32000"]), "ports", "range 33999-32000 is reversed"),
    "ports that are no ports": (changed(ports=["ssh"]), "ports", "'ssh' is not a port"),
    "ports that are true": (changed(ports=[True]), "ports", "True is not a port"),
    "port twice": (changed(ports=["22", "22"]), "ports", "22 is there twice"),
    "ports that overlap": (changed(ports=["20-30", "22"]), "ports", "22 is there twice"),
    "tcp without ports": (changed(ports=DROP), "ports", "tcp and udp need ports, or dynamic"),
    "udp with an empty list": (changed(protocols=["udp"], ports=[]), "ports", "tcp and udp need ports, or dynamic"),
    "icmp with a port": (changed(protocols=["icmp"]), "ports", "icmp has no ports"),
    "icmp with tcp": (changed(protocols=["icmp", "tcp"], ports=[]), "protocols", "cannot share"),
    "icmp with dynamic ports": (
        changed(protocols=["icmp"], ports=[], dynamic={"ports": "1024-65535", "discovery": "none"}),
        "dynamic",
        "icmp has no ports",
    ),
    "no exposure": (changed(exposure=DROP), "exposure", "missing"),
    "unknown exposure": (changed(exposure="internal"), "exposure", "'internal' is not known; "),
    "no confidence": (changed(confidence=DROP), "confidence", "missing"),
    "unknown confidence": (changed(confidence="hgih"), "confidence", "did you mean high?"),
    "unknown encryption": (changed(encryption="tunneled"), "encryption", "did you mean tunnelled?"),
    "no flows": (changed(flows=DROP), "flows", "missing"),
    "empty flows": (changed(flows=[]), "flows", "missing"),
    "flow that is no mapping": (changed(flows=["console"]), "flows[0]", "expected a mapping"),
    "flow without listener": (changed(flows=[{"initiators": ["console"]}]), "flows[0]: listeners", "missing"),
    "flow without initiator": (changed(flows=[{"listeners": ["console"]}]), "flows[0]: initiators", "missing"),
    "empty listeners": (changed(flows=[{**FLOW, "listeners": []}]), "flows[0]: listeners", "missing"),
    "unknown listener": (
        changed(flows=[FLOW, {**FLOW, "listeners": ["event_procesor"]}]),
        "flows[1]: listeners",
        "did you mean event_processor",
    ),
    "unknown initiator": (changed(flows=[{**FLOW, "initiators": ["root"]}]), "flows[0]: initiators", "'root'"),
    "listener twice": (changed(flows=[{**FLOW, "listeners": ["console"] * 2}]), "flows[0]: listeners", "twice"),
    "a network that only contacts, as listener": (
        changed(flows=[{**FLOW, "listeners": ["users"]}]),
        "flows[0]: listeners",
        "'users' is not known",
    ),
    "a network that is only contacted, as initiator": (
        changed(flows=[FLOW, {**FLOW, "initiators": ["ntp_servers"]}]),
        "flows[1]: initiators",
        "'ntp_servers' is not known",
    ),
    "self as listener": (changed(flows=[{**FLOW, "listeners": ["self"]}]), "flows[0]: listeners", "'self'"),
    "address as initiator": (
        changed(flows=[FLOW, {**FLOW, "initiators": ["10.0.0.1"]}]),
        "flows[1]: initiators",
        "'10.0.0.1' is not known",
    ),
    "unknown key of a flow": (changed(flows=[{**FLOW, "to": "x"}]), "flows[0]: to", "unknown key"),
    "flow without encryption": (
        changed(encryption=DROP),
        "flows[0]: encryption",
        "missing in the flow and in the entry",
    ),
    "unknown encryption of a flow": (changed(flows=[{**FLOW, "encryption": "no"}]), "flows[0]: encryption", "'no'"),
    "tunnel from a network": (
        changed(flows=[FLOW, {"listeners": ["console"], "initiators": ["users"], "encryption": "tunnelled"}]),
        "flows[1]: encryption",
        "between two hosts",
    ),
    "only_encrypted from a network": (
        changed(flows=[FLOW, {"listeners": ["console"], "initiators": ["users"], "encryption": "only_encrypted"}]),
        "flows[1]: encryption",
        "between two hosts",
    ),
    "tunnel to itself": (
        changed(flows=[FLOW, {"listeners": ["console"], "initiators": ["self"]}]),
        "flows[1]: encryption",
        "between two hosts",
    ),
    "attached to a network": (
        changed(flows=[FLOW, {"listeners": ["console"], "initiators": ["log_sources"], "attached": True}]),
        "flows[1]: attached",
        "must be roles",
    ),
    "same processor as a network": (
        changed(flows=[{"listeners": ["any_host"], "initiators": ["data_node"], "same_processor": True}]),
        "flows[0]: same_processor",
        "both sides must be roles",
    ),
    "attached and the same processor": (
        changed(flows=[{**FLOW, "attached": True, "same_processor": True}]),
        "flows[0]: same_processor",
        "contradicts attached",
    ),
    "verdict of a page without its reading": (
        changed(disagreement={**DISAGREEMENT, "verdict": "app_hosts_page"}),
        "disagreement: verdict",
        "administration_guide",
    ),
    "attached that is no flag": (changed(flows=[{**FLOW, "attached": "yes"}]), "flows[0]: attached", "true or false"),
    "unknown condition": (changed(when={"encrypted": True}), "when: encrypted", "unknown key"),
    "condition that is no mapping": (changed(when="fips"), "when", "expected a mapping"),
    "unknown feature": (changed(when={"features": ["snmp"]}), "when: features", "'snmp' is not known; "),
    "unknown feature not to have": (changed(when={"without_features": ["fip"]}), "when: without_features", "mean fips"),
    "feature to have and not to have": (
        changed(when={"features": ["fips"], "without_features": ["fips"]}),
        "when: without_features",
        "also in features",
    ),
    "unknown role in a condition": (
        changed(when={"deployment_roles": ["any_host"]}),
        "when: deployment_roles",
        "'any_host' is not known",
    ),
    "unknown feature of a flow": (
        changed(flows=[{**FLOW, "when": {"features": ["nfs"]}}]),
        "flows[0]: when: features",
        "'nfs' is not known; did you mean nfs_client or nfs_export?",
    ),
    "bad release": (changed(when={"release_before": "soon"}), "when: release_before", "'soon' is not a release"),
    "release without quotes": (changed(when={"release_from": 2014.1}), "when: release_from", "put it in quotes"),
    "releases reversed": (
        changed(when={"release_from": "7.5.0 UP6", "release_before": "7.5.0"}),
        "when: release_before",
        "is not after release_from",
    ),
    "dynamic without ports": (changed(dynamic={"discovery": "none"}), "dynamic: ports", "expected one range"),
    "dynamic with two ranges": (
        changed(dynamic={"ports": ["1024-2000", "3000-4000"], "discovery": "none"}),
        "dynamic: ports",
        "expected one range",
    ),
    "dynamic range reversed": (
        changed(dynamic={"ports": "65535-1024", "discovery": "none"}),
        "dynamic: ports",
        "is reversed",
    ),
    "unknown discovery": (
        changed(dynamic={"ports": "1024-65535", "discovery": "rpc"}),
        "dynamic: discovery",
        "did you mean rpcbind?",
    ),
    "count of none": (
        changed(dynamic={"ports": "1024-65535", "discovery": "none", "count": 0}),
        "dynamic: count",
        "from 1 on",
    ),
    "unknown feature with other ports": (changed(ports_with={"fps": ["22"]}), "ports_with: fps", "did you mean fips?"),
    "bad ports with a feature": (changed(ports_with={"fips": ["70000"]}), "ports_with: fips", "port 70000"),
    "other ports that are no mapping": (changed(ports_with=["22"]), "ports_with", "expected a mapping"),
    "public server without its name": (
        changed(exposure="outbound", flows=[{"listeners": ["public_servers"], "initiators": ["console"]}]),
        "server",
        "needs the server's name",
    ),
    "server of a flow that goes elsewhere": (changed(server="example.com"), "server", "only for flows"),
    "replaced by nothing": (changed(replaced_by="nobody"), "replaced_by", "no entry 'nobody'"),
    "replaced by itself, which needs no encryption": (
        changed(replaced_by="query"),
        "replaced_by",
        "none of its flows is only_encrypted",
    ),
    "unknown document": (
        changed(statements=[{**STATEMENT, "document": "admin_guide"}]),
        "statements[0]: document",
        "did you mean administration_guide?",
    ),
    "statement without a row": (
        changed(statements=[{key: STATEMENT[key] for key in STATEMENT if key != "row"}]),
        "statements[0]: row",
        "missing",
    ),
    "row 0": (changed(statements=[{**STATEMENT, "row": 0}]), "statements[0]: row", "from 1 on"),
    "row 69": (changed(statements=[{**STATEMENT, "row": 69}]), "statements[0]: row", "beyond the 68 rows"),
    "sixth public server": (
        changed(statements=[{**STATEMENT, "document": "installation_guide", "table": "servers", "row": 6}]),
        "statements[0]: row",
        "beyond the 5 rows",
    ),
    "table that the document lacks": (
        changed(statements=[{**STATEMENT, "table": "servers", "row": 1}]),
        "statements[0]: row",
        "beyond the 0 rows",
    ),
    "unknown table": (changed(statements=[{**STATEMENT, "table": "port"}]), "statements[0]: table", "mean ports?"),
    "bad port of a statement": (
        changed(statements=[{**STATEMENT, "ports": ["many"]}]),
        "statements[0]: ports",
        "'many' is not a port",
    ),
    "bad protocol of a statement": (
        changed(statements=[{**STATEMENT, "protocols": ["TCP"]}]),
        "statements[0]: protocols",
        "did you mean tcp?",
    ),
    "statement that says nothing": (changed(statements=[{**STATEMENT, "says": ""}]), "statements[0]: says", "text"),
    "evidence without a source": (changed(evidence=[{"says": "So."}]), "evidence[0]: source", "missing"),
    "evidence that says nothing": (changed(evidence=[{"source": "IBM"}]), "evidence[0]: says", "missing"),
    "disagreement with one reading": (
        changed(disagreement={**DISAGREEMENT, "readings": {"administration_guide": "One."}}),
        "disagreement: readings: installation_guide",
        "missing",
    ),
    "disagreement without a reason": (
        changed(disagreement={**DISAGREEMENT, "reason": None}),
        "disagreement: reason",
        "missing",
    ),
    "verdict for nobody": (
        changed(disagreement={**DISAGREEMENT, "verdict": "ibm"}),
        "disagreement: verdict",
        "'ibm' is not known",
    ),
    "local_only that another host contacts": (changed(exposure="local_only"), "exposure", "only the host itself"),
    "tunnel_local that another host contacts": (changed(exposure="tunnel_local"), "exposure", "only the host itself"),
    "unknown that a host contacts": (changed(exposure="unknown"), "exposure", "only the host itself"),
    "ha that another host contacts": (changed(exposure="ha"), "exposure", "only ha_peer may initiate"),
    "hardware that is a host": (changed(exposure="hardware"), "exposure", "only management_modules may listen"),
    "outbound to a host": (changed(exposure="outbound"), "exposure", "no host of the deployment may listen"),
    "external_in from a host": (changed(exposure="external_in"), "exposure", "outside the deployment must initiate"),
    "inter_host from outside": (
        changed(flows=[{"listeners": ["console"], "initiators": ["users"]}]),
        "exposure",
        "a host must contact another",
    ),
    "inter_host with itself": (
        changed(encryption=DROP, flows=[{"listeners": ["console"], "initiators": ["self"]}]),
        "exposure",
        "a host must contact another",
    ),
    "hardware behind a host": (
        changed(flows=[FLOW, {"listeners": ["management_modules"], "initiators": ["admin"]}]),
        "exposure",
        "only where the exposure is hardware",
    ),
    "ports that are a float": (changed(ports=22.5), "ports", "expected a list"),
}


@pytest.mark.parametrize(("entry", "field", "says"), REFUSED.values(), ids=REFUSED)
def test_an_impossible_entry_is_refused(read, entry, field, says):
    problems = mistakes_of(read, entry)
    name = " (%s)" % entry["id"] if isinstance(entry.get("id"), str) else ""
    assert any(
        problem.startswith(("entries.yml[0]%s: %s: " % (name, field), "entries.yml[0]: %s: " % field))
        and says in problem
        for problem in problems
    ), problems


@pytest.mark.parametrize("entry", [None, "ssh", 22, ["ssh"]])
def test_an_entry_that_is_no_mapping(read, entry):
    assert mistakes_of(read, entry)[0].startswith("entries.yml[0]: expected a mapping with the keys id, service")


def test_two_entries_with_one_id(read):
    assert mistakes_of(read, VALID, changed(id="other"), VALID) == [
        "entries.yml[2] (query): id: entries.yml[0] has this id too"
    ]


def test_all_mistakes_at_once(read):
    problems = mistakes_of(read, changed(ports=["70000"], confidence="sure"), changed(id="b", flows=[]), VALID)
    assert [problem.split(": ")[:2] for problem in problems] == [
        ["entries.yml[0] (query)", "ports"],
        ["entries.yml[0] (query)", "confidence"],
        ["entries.yml[1] (b)", "flows"],
        ["entries.yml[2] (query)", "id"],
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [("- id: [", "entries.yml: while parsing"), ("id: ssh", "entries.yml: expected a list"), ("", "expected a list")],
)
def test_a_broken_file(tmp_path, text, says):
    (tmp_path / "entries.yml").write_text(text, encoding="utf-8")
    (problem,) = mistakes_of(read_catalog, tmp_path)
    assert says in problem


def test_entries_of_several_files_in_the_order_of_their_ports(tmp_path):
    (tmp_path / "b.yml").write_text(yaml.safe_dump([VALID, changed(id="early", ports=["22"])]), encoding="utf-8")
    ping = changed(id="ping", protocols=["icmp"], ports=[])
    late = changed(id="late", ports=[], dynamic={"ports": "40000-65535", "discovery": "none"})
    (tmp_path / "a.yml").write_text(yaml.safe_dump([ping, late, changed(id="alike")]), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("no entries", encoding="utf-8")
    assert list(read_catalog(tmp_path)) == ["early", "alike", "query", "late", "ping"]


def test_replaced_by_an_entry_for_encrypted_hosts(read):
    entries = read(changed(replaced_by="secure"), changed(id="secure", encryption="only_encrypted"))
    assert entries["query"].replaced_by == "secure"


def test_a_flow_that_leaves_the_deployment_is_not_affected_by_encryption(read):
    entry = read(changed(flows=[FLOW, {"listeners": ["console"], "initiators": ["users"]}]))["query"]
    assert [flow.encryption for flow in entry.flows] == ["tunnelled", "unaffected"]


def test_the_catalog_is_read_once_and_cannot_be_changed():
    catalog = load_catalog()
    assert load_catalog() is catalog
    with pytest.raises(TypeError):
        catalog["ssh"] = catalog["smtp"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        catalog["ssh"].confidence = "low"


def test_without_the_parser_in_c(monkeypatch):
    monkeypatch.setattr(_yaml, "_LOADER", yaml.SafeLoader)
    assert read_catalog(loader._DATA) == dict(load_catalog())
