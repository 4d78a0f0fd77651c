# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module jsa.ports.packet_path, from its options to its answer; the rules are those of a namespace of its own."""

from __future__ import annotations

import json

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._host.programs import CommandError
from ansible_collections.jsa.ports.plugins.module_utils._host.routing import OwnAddress
from ansible_collections.jsa.ports.plugins.module_utils._observe.packets import look
from ansible_collections.jsa.ports.plugins.module_utils._observe.packets.flow import FlowError, read_flows
from ansible_collections.jsa.ports.plugins.module_utils._observe.packets.look import Look
from ansible_collections.jsa.ports.plugins.module_utils._observe.sockets.inet_diag import Backlog

FLOW = {"role": "listener", "own": "10.2.0.31", "peer": "10.1.0.11", "protocol": "tcp", "port": 32006}
PLACE = {"family": "inet", "table": "site"}
RULES = (
    {"chain": {**PLACE, "name": "in", "hook": "input", "policy": "accept"}},
    {
        "rule": {
            **PLACE,
            "chain": "in",
            "handle": 4,
            "expr": [
                {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 32006}},
                {"drop": None},
            ],
        }
    },
    {"chain": {**PLACE, "name": "out", "hook": "output", "policy": "drop"}},
)
TEXT = "table inet site {\n chain in { # handle 1\n  tcp dport 32006 drop # handle 4\n }\n}\n"
HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
#: A connection of 10.1.0.11 to port 32006 whose answer has not been answered.
HALF_OPEN = "   0: 1F00020A:7D06 0B00010A:C350 03 00000000:00000000 01:00000064 00000000     0        0 0\n"


class Programs:
    def __init__(self, rules: Any = RULES) -> None:
        self.rules = rules

    def run(self, name: str, *arguments: str) -> str:
        if self.rules is None:
            raise CommandError([name], None, "the program is not there")
        return json.dumps({"nftables": self.rules}) if arguments[0] == "-j" else TEXT


@pytest.fixture
def proc(tmp_path, monkeypatch):
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text(HEADER)
    ipv4 = tmp_path / "sys" / "net" / "ipv4"
    ipv4.mkdir(parents=True)
    (ipv4 / "ip_local_port_range").write_text("32768 60999")
    monkeypatch.setattr(look, "find_route", lambda peer: "eth0")
    monkeypatch.setattr(look, "read_backlogs", dict)
    monkeypatch.setattr(look, "own_addresses", lambda: [OwnAddress("10.2.0.31", 24, "eth0")._asdict()])
    return tmp_path


def result(proc: Any, rules: Any = RULES, **changes: Any) -> dict[str, Any]:
    return Look(Programs(rules), str(proc)).result(read_flows([{**FLOW, **changes}]))


def test_names_the_rule_as_nft_prints_it(proc):
    found = result(proc)
    assert found["addresses"] == [{"address": "10.2.0.31", "prefix": 24, "interface": "eth0"}]
    assert found["flows"] == [
        {
            **FLOW,
            "question": {"decision": "drop", "rule": "table inet site, chain in: tcp dport 32006 drop"},
            "answer": {"decision": "drop", "rule": "table inet site, chain out: policy"},
            "route": True,
            "half_open": False,
            "backlog": None,
            "ignored": False,
        }
    ]


def test_the_initiator_meets_the_chains_the_other_way_round(proc):
    (found,) = result(proc, role="initiator", own="10.1.0.11", peer="10.2.0.31")["flows"]
    assert found["question"]["rule"] == "table inet site, chain out: policy"
    assert found["answer"]["decision"] == "accept" and found["half_open"] is None


def test_an_answer_that_was_lost(proc):
    (proc / "net" / "tcp").write_text(HEADER + HALF_OPEN)
    assert result(proc)["flows"][0]["half_open"] is True
    assert result(proc, peer="10.1.0.12")["flows"][0]["half_open"] is False
    assert result(proc, port=32007)["flows"][0]["half_open"] is False


@pytest.mark.parametrize(("waiting", "full"), [(5, False), (6, True)])
def test_a_queue(proc, monkeypatch, waiting, full):
    monkeypatch.setattr(look, "read_backlogs", lambda: {32006: [Backlog(waiting, 5)]})
    assert result(proc)["flows"][0]["backlog"] == ({"waiting": waiting, "limit": 5} if full else None)


@pytest.mark.parametrize(("said", "ignored"), [("1\n", True), ("0\n", False)])
def test_pings(proc, said, ignored):
    path = proc / "sys" / "net" / "ipv4" / "icmp_echo_ignore_all"
    path.write_text(said)
    assert result(proc, protocol="icmp", port=None)["flows"][0]["ignored"] is ignored


def test_no_route_back(proc, monkeypatch):
    monkeypatch.setattr(look, "find_route", lambda peer: None)
    assert result(proc)["flows"][0]["route"] is False


def test_rules_that_cannot_be_read_are_unknown(proc):
    found = result(proc, None)
    assert found["flows"][0]["question"] == {"decision": "unknown", "rule": None}
    assert "not there" in found["obstacle"]


def test_rules_of_the_older_iptables_are_no_accept(proc):
    (proc / "net" / "ip_tables_names").write_text("filter\n")
    assert result(proc, [])["flows"][0]["question"] == {"decision": "unknown", "rule": None}
    assert result(proc)["flows"][0]["question"]["decision"] == "drop"


def test_without_flows_nobody_asks_nft(proc):
    found = Look(Programs(None), str(proc)).result([])
    assert found["flows"] == [] and found["obstacle"] is None and found["addresses"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"own": "ep1"}, "flows[0]: own: 'ep1'"),
        ({"peer": None}, "flows[0]: peer:"),
        ({"peer": "fd01::1"}, "different address families"),
        ({"role": "witness"}, "role: 'witness' is none of listener, initiator"),
        ({"protocol": "sctp"}, "protocol: 'sctp'"),
        ({"port": 70000}, "port: 70000"),
        ({"port": None}, "port: None"),
        ({"port": "x"}, "port: 'x'"),
        ({"protocol": "icmp"}, "no port for ICMP"),
    ],
)
def test_problems(changes, says):
    with pytest.raises(FlowError) as caught:
        read_flows([{**FLOW, **changes}])
    assert says in str(caught.value)
