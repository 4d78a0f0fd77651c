# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parts of a deployment, observed by runs that know nothing of each other, have the verdicts of one run over all."""

from __future__ import annotations

import ipaddress
import json

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.action import observations, port_flows, port_verdicts
from ansible_collections.jsa.ports.plugins.plugin_utils._check.texts import read_request
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import Plan, address_of

GROUPS = {
    "con1": "jsa_console",
    "con2": "",
    "ep1": "jsa_event_processors",
    "ep2": "jsa_event_processors",
    "ec1": "jsa_event_collectors",
    "dn1": "jsa_data_nodes",
}
VIRTUAL = "10.0.0.99"
HOSTS: dict[str, dict[str, Any]] = {
    "con1": {"jsa_ha_peer": "con2", "jsa_ha_virtual_address": VIRTUAL},
    "ec1": {"jsa_processor": "ep1"},
    "dn1": {"jsa_processor": "ep2"},
}
MODEL = Plan(GROUPS, HOSTS).plan
PLAN = MODEL.as_dict()
ADDRESSES = {address_of(name, GROUPS): name for name in GROUPS} | {VIRTUAL: "con1"}
#: What listens although no other host may use it, and what should listen and does not.
EXPOSED = {"ep2": [("tcp", 5432)], "dn1": [("tcp", 7676)]}
DOWN = {"ep1": [("tcp", 32006)], "con2": [("tcp", 443)]}
#: Nothing gets from one to the other on this port, and somebody opened this one to everybody.
CUT = {("ec1", "ep1", 32005), ("ep1", "con1", 32005)}
OPEN = {("ep2", 5432)}

Parts = Sequence[Sequence[str]]


def sockets_of(name: str) -> list[tuple[str, int]]:
    """Everything that the plan expects to listen on one port, and what is wrong."""
    expected = [
        (one.protocol, one.ports[0])
        for one in MODEL.hosts[name].listeners or ()
        if one.bind != "loopback" and one.ports[0] == one.ports[1]
    ]
    return [one for one in dict.fromkeys([*expected, *EXPOSED.get(name, [])]) if one not in DOWN.get(name, [])]


def listeners(name: str) -> dict[str, Any]:
    own = [address for address, owner in ADDRESSES.items() if owner == name]
    return {
        "changed": False,
        "addresses": [{"address": one, "prefix": 24, "interface": "eth0"} for one in own],
        "results": [
            {
                "protocol": protocol,
                "ports": str(port),
                "status": "listening",
                "bind": "network",
                "addresses": ["0.0.0.0"],
                "families": ["ipv4"],
            }
            for protocol, port in sockets_of(name)
        ],
    }


def answer(initiator: str, probe: Mapping[str, Any]) -> dict[str, Any]:
    """As the hosts and the network of this deployment would answer."""
    listener, port = ADDRESSES[probe["address"]], probe.get("port")
    own = ipaddress.ip_address(address_of(initiator, GROUPS))
    accepted = any(
        rule.protocol == probe["protocol"]
        and (rule.ports is None or rule.ports[0] <= port <= rule.ports[1])
        and any(own in ipaddress.ip_network(source) for source in rule.sources)
        for rule in MODEL.hosts[listener].inbound
    )
    result = "open"
    if (initiator, listener, port) in CUT:
        result = "no_answer"
    elif not accepted and (listener, port) not in OPEN:
        result = "prohibited"
    elif port is not None and (probe["protocol"], port) not in sockets_of(listener):
        result = "refused"
    return {**{key: probe[key] for key in ("address", "port", "protocol") if key in probe}, "result": result}


def look(flows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    accepted = {"decision": "accept", "rule": None}
    more = {"question": accepted, "answer": accepted, "route": True, "half_open": None, "backlog": None}
    return {"changed": False, "addresses": None, "flows": [{**flow, **more, "ignored": False} for flow in flows]}


def run(module: Any, play: Sequence[str], **arguments: Any) -> dict[str, Any]:
    action = module.ActionModule.__new__(module.ActionModule)
    action._task = type("Task", (), {"check_mode": False})()
    defaults = {name: one.get("default") for name, one in module.ActionModule.ARGUMENT_SPEC.items()}
    of_play = {key: list(play) for key in ("ansible_play_hosts_all", "ansible_play_hosts", "ansible_play_batch")}
    found: dict[str, Any] = action.work({**defaults, **arguments}, of_play)
    return found


def asked(result: Mapping[str, Any], play: Sequence[str], option: str) -> dict[str, Any]:
    """One option of each host's request, empty for a host that is asked for nothing."""
    requests = {name: read_request(text) for name, text in result["requests"].items()}
    return {name: requests.get(name, {}).get(option, []) for name in play}


def observe(play: Sequence[str], **flows: Any) -> dict[str, Any]:
    """What the role does with the hosts of one play: the results of the modules by part and host."""
    firewall = {"changed": False, "as_planned": True, "differences": [], "openings": []}
    seen: dict[str, Any] = {"sockets": {name: listeners(name) for name in play}}
    probes = asked(run(port_flows, play, plan=PLAN, observations=seen, **flows), play, "probes")
    seen["probes"] = {name: {"changed": False, "results": [answer(name, one) for one in probes[name]]} for name in play}
    looks = asked(run(port_flows, play, plan=PLAN, observations=seen, **flows), play, "flows")
    return {**seen, "firewall": dict.fromkeys(play, firewall), "paths": {name: look(looks[name]) for name in play}}


@pytest.fixture(name="verdicts")
def fixture_verdicts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """The result of the check of all parts; of one part, of a run that joins at once."""
    for module in (observations, port_flows, port_verdicts):
        monkeypatch.setattr(module, "show", lambda text: None)

    def verdicts(parts: Parts, **flows: Any) -> dict[str, Any]:
        folder = tmp_path / "files"
        if len(parts) == 1:
            source: dict[str, Any] = {"observations": observe(parts[0], **flows)}
            source["scope"] = run(port_flows, parts[0], plan=PLAN, **flows)["scope"]
        else:
            for play in parts:
                chosen = run(port_flows, play, plan=PLAN, whole_plan=True, **flows)["scope"]
                seen = observe(play, whole_plan=True, **flows)
                arguments = {"plan": PLAN, "observations": seen, "scope": chosen, "dest": str(folder)}
                result = run(observations, play, **arguments)
                assert (result["complete"], result["guilty"], result["written"]) == (False, {}, len(play))
            source = {"observations_from": str(folder)}
        result = run(port_verdicts, parts[0], plan=PLAN, dest=str(tmp_path), fail=False, **source)
        document: dict[str, Any] = json.loads((tmp_path / "port_check.json").read_text())
        assert document["summary"] == result["summary"]
        return document

    return verdicts


#: A slice is each n-th host of the inventory.
SLICES = [["con1", "ep2"], ["con2", "ec1"], ["ep1", "dn1"]]
ALONE = [[name] for name in GROUPS]


@pytest.mark.parametrize(
    ("parts", "flows"),
    [
        (ALONE, {}),
        (SLICES, {}),
        (SLICES, {"scope": "console"}),
        (SLICES, {"scope": "attached"}),
        (SLICES, {"scope": "sample", "sample": 4}),
    ],
    ids=["each alone", "slices", "console", "attached", "sample"],
)
def test_the_verdicts_are_those_of_one_run(
    verdicts: Callable[..., dict[str, Any]], parts: Parts, flows: dict[str, Any]
) -> None:
    whole = verdicts([list(GROUPS)], **flows)
    assert verdicts(parts, **flows) == whole


def test_the_faults_of_this_deployment_are_found(verdicts: Callable[..., dict[str, Any]]) -> None:
    found = {
        (one["verdict"], one["to"], one["port"])
        for one in verdicts(SLICES)["verdicts"]
        if one["verdict"] not in ("ok", "unverifiable")
    }
    assert found == {
        ("unexpected_open", "ep2", 5432),
        ("service_down", "ep1", 32006),
        ("network", "ep1", 32005),
        ("network", "con1", 32005),
    }


def test_a_socket_that_nobody_could_know_of_is_no_green_one(
    verdicts: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of a large range of ports, only the host itself sees that something listens."""
    monkeypatch.setitem(EXPOSED, "ep1", [("tcp", 21111)])
    told = [one for one in verdicts(SLICES)["verdicts"] if one.get("port") == 21111]
    assert [one["verdict"] for one in told] == ["unverifiable"]
    assert "was observed without the sockets of ep1" in told[0]["reason"]
