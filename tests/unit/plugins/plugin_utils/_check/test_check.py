# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verdicts: which layer is blamed for what was seen, and which never is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import (
    HostObservation,
    Listener,
    read_observations,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._check.paths import Passage, Path, doubts, key_at, read_paths
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import Diagnosis, Verdict
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.expectations import Expectations, ExpectedFlow
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import Plan, address_of

GROUPS = {"con1": "jsa_console", "ep1": "jsa_event_processors", "dn1": "jsa_data_nodes"}
CON1, EP1, ROUTER = address_of("con1", GROUPS), address_of("ep1", GROUPS), "10.0.0.254"


@pytest.fixture(scope="module", name="plan")
def fixture_plan() -> dict[str, Any]:
    return Plan(GROUPS).plan


def flow(protocol: str = "tcp", port: int = 32006, required: bool = True, wanted: bool = True) -> ExpectedFlow:
    return ExpectedFlow("con1", "ep1", EP1, protocol, port, ("ariel_query",), "Ariel", required, wanted)


def judge(
    plan: dict[str, Any],
    one: ExpectedFlow,
    probe: dict[str, Any] | None,
    bind: str | None,
    firewall: bool | None,
    at_ep1: Path | None = None,
    at_con1: Path | None = None,
    own: dict[str, tuple[str, ...]] | None = None,
) -> Verdict | None:
    """*bind*: where ep1 listens, "unknown" if nobody looked. *own*: the addresses that hosts were seen to have."""
    con1, ep1 = HostObservation(), HostObservation(firewall_as_planned=firewall)
    if at_ep1:
        ep1.paths = {key_at("listener", CON1, one): at_ep1}
    if at_con1:
        con1.paths = {key_at("initiator", CON1, one): at_con1}
    if probe is not None:
        con1.probes = {one.probe_key: probe}
    if bind != "unknown":
        ep1.listeners = {}
        if bind:
            ep1.listeners = {(one.protocol, one.port): Listener("listening", bind, "java")}
    observations = {"con1": con1, "ep1": ep1, "dn1": HostObservation()}
    for name, addresses in (own or {}).items():
        observations[name].addresses = dict.fromkeys(addresses, 24)
    verdicts = Diagnosis(plan, observations).verdicts([one])
    return verdicts[0] if verdicts else None


REFUSED, SILENT = {"result": "refused"}, {"result": "no_answer"}
BY_HOST, BY_ROUTER, BY_NOBODY = (
    {"result": "prohibited", "by": EP1},
    {"result": "prohibited", "by": ROUTER},
    {"result": "prohibited", "by": None},
)


@pytest.mark.parametrize(
    ("probe", "bind", "firewall", "verdict"),
    [
        ({"result": "open"}, "network", True, "ok"),
        ({"result": "open"}, "network", None, "ok"),
        ({"result": "open"}, "unknown", None, "ok"),
        # Nothing listens: the service's fault, whatever the packets met.
        (REFUSED, None, True, "service_down"),
        (SILENT, None, False, "service_down"),
        (BY_HOST, None, False, "service_down"),
        (None, None, None, "service_down"),
        (REFUSED, "loopback", True, "service_down"),
        # Somebody else answers for it.
        ({"result": "open"}, None, True, "network"),
        # It listens; the host's own firewall.
        (BY_HOST, "network", None, "host_firewall"),
        (BY_HOST, "unknown", None, "host_firewall"),
        (BY_NOBODY, "network", False, "host_firewall"),
        (SILENT, "network", False, "host_firewall"),
        (REFUSED, "network", False, "host_firewall"),
        ({"result": "prohibited", "by": address_of("con1", GROUPS)}, "network", True, "host_firewall"),
        # It listens and its firewall is as planned; something on the way.
        (BY_ROUTER, "network", True, "network"),
        (BY_ROUTER, "network", False, "network"),
        (BY_ROUTER, "unknown", None, "network"),
        ({"result": "unreachable"}, "network", True, "network"),
        ({"result": "unreachable"}, "unknown", None, "network"),
        # Nobody can know.
        (None, "network", True, "unverifiable"),
        (SILENT, "network", None, "unverifiable"),
        # The plan's rules are there, and nobody could look at others that the host may have.
        (BY_HOST, "network", True, "unverifiable"),
        (BY_NOBODY, "network", True, "unverifiable"),
        (SILENT, "network", True, "unverifiable"),
        (REFUSED, "network", True, "unverifiable"),
        (SILENT, "unknown", None, "unverifiable"),
        ({"result": "no_answer", "rate_limited": True}, "network", False, "unverifiable"),
        ({"result": "open_or_filtered"}, "network", True, "unverifiable"),
        ({"result": "unavailable", "error": "too many open files"}, "network", True, "unverifiable"),
    ],
)
def test_verdict(
    plan: dict[str, Any], probe: dict[str, Any] | None, bind: str | None, firewall: bool | None, verdict: str
) -> None:
    found = judge(plan, flow(), probe, bind, firewall)
    assert found is not None
    assert found.verdict == verdict
    assert bool(found.reason) == (verdict != "ok")


YES, NO, MAYBE, NOBODY_LOOKED = (
    Passage("accept", None),
    Passage("drop", "table inet site, chain input: drop"),
    Passage("unknown", "table inet site, chain input: meta mark 7 drop"),
    Passage("unknown", None),
)
ACCEPTS = Path(YES, YES)
UDP_SILENT = {"result": "open_or_filtered"}
RATIONED = {"result": "no_answer", "rate_limited": True}


@pytest.mark.parametrize(
    ("probe", "firewall", "at_ep1", "at_con1", "verdict", "says"),
    [
        # A host's own rules, whatever the plan's are and whatever the probe met.
        (SILENT, True, Path(NO, YES), ACCEPTS, "host_firewall", "ep1's own firewall refuses it: table inet site"),
        (REFUSED, True, Path(NO, YES), ACCEPTS, "host_firewall", "ep1's own firewall"),
        (BY_HOST, False, Path(NO, YES), ACCEPTS, "host_firewall", "ep1's own firewall"),
        (RATIONED, True, Path(NO, YES), ACCEPTS, "host_firewall", "ep1's own firewall"),
        (UDP_SILENT, True, Path(NO, YES), ACCEPTS, "host_firewall", "ep1's own firewall"),
        (SILENT, True, Path(YES, NO), ACCEPTS, "host_firewall", "does not let the answer out"),
        (SILENT, True, ACCEPTS, Path(NO, YES), "host_firewall", "con1's own firewall does not let it out"),
        (SILENT, True, ACCEPTS, Path(YES, NO), "host_firewall", "con1's own firewall refuses the answer"),
        (SILENT, True, None, Path(NO, YES), "host_firewall", "con1's own firewall does not let it out"),
        (BY_NOBODY, True, ACCEPTS, Path(YES, YES, route=False), "host_firewall", "con1's own routes"),
        # Neither host is in the way.
        (SILENT, True, ACCEPTS, ACCEPTS, "network", "on the way drops it"),
        (SILENT, False, ACCEPTS, ACCEPTS, "network", "on the way drops it"),
        (REFUSED, True, ACCEPTS, ACCEPTS, "network", "on the way refuses it"),
        (BY_NOBODY, True, ACCEPTS, ACCEPTS, "network", "on the way refuses it"),
        (BY_ROUTER, True, Path(MAYBE, YES), ACCEPTS, "network", ROUTER),
        (BY_HOST, True, ACCEPTS, ACCEPTS, "network", "NAT on the way"),
        (SILENT, True, Path(YES, YES, route=False), ACCEPTS, "network", f"no route back to {CON1}"),
        (SILENT, True, Path(YES, YES, half_open=True), ACCEPTS, "network", "the answer is lost on its way back"),
        # The service.
        (SILENT, True, Path(YES, YES, backlog=(6, 5)), ACCEPTS, "service_down", "6 wait in a queue for 5"),
        (REFUSED, True, Path(YES, YES, backlog=(6, 5)), ACCEPTS, "network", "refuses it"),
        # Nobody can know.
        (UDP_SILENT, True, ACCEPTS, ACCEPTS, "unverifiable", "the service says nothing to strangers"),
        (RATIONED, True, ACCEPTS, ACCEPTS, "unverifiable", "faster"),
        (SILENT, True, Path(MAYBE, YES), ACCEPTS, "unverifiable", "a rule on ep1 may refuse it"),
        (SILENT, True, ACCEPTS, Path(YES, MAYBE), "unverifiable", "a rule on con1 may refuse it"),
        (BY_HOST, True, Path(MAYBE, YES), ACCEPTS, "host_firewall", "a rule on ep1 may refuse it"),
        # It is the listener that refuses: a rule of the initiator's that may is not it.
        (BY_HOST, True, ACCEPTS, Path(YES, MAYBE), "unverifiable", "or something on the way does"),
        (SILENT, True, ACCEPTS, None, "unverifiable", "con1's own firewall, which is not known"),
        (SILENT, True, ACCEPTS, Path(NOBODY_LOOKED, YES), "unverifiable", "con1's own firewall, which is not known"),
        (UDP_SILENT, False, None, None, "unverifiable", "is not known"),
        (BY_HOST, True, None, None, "unverifiable", "NAT on the way that gives the packets another sender"),
        (SILENT, None, None, None, "unverifiable", "its own firewall or one on the way; its own is not known"),
        (SILENT, True, Path(NOBODY_LOOKED, NOBODY_LOOKED), ACCEPTS, "unverifiable", "beside the plan's"),
        (SILENT, True, None, None, "unverifiable", "beside the plan's"),
    ],
)
def test_a_closer_look(
    plan: dict[str, Any],
    probe: dict[str, Any],
    firewall: bool | None,
    at_ep1: Path | None,
    at_con1: Path | None,
    verdict: str,
    says: str,
) -> None:
    found = judge(plan, flow(), probe, "network", firewall, at_ep1, at_con1)
    assert found is not None
    assert found.verdict == verdict, found
    assert says in found.reason


@pytest.mark.parametrize(
    ("probe", "bind", "own", "verdict", "says"),
    [
        ({"result": "open"}, "network", {"ep1": (EP1,)}, "ok", ""),
        ({"result": "open"}, "network", {"ep1": (EP1, "10.9.0.1")}, "ok", ""),
        ({"result": "open"}, "network", {"ep1": ("10.9.0.1",)}, "unverifiable", "behind NAT or another machine"),
        ({"result": "open"}, "network", {"ep1": ("10.9.0.1",), "dn1": (EP1,)}, "network", "an address of dn1"),
        (SILENT, "network", {"ep1": ("10.9.0.1",)}, "network", "is not on its interfaces (it has: 10.9.0.1)"),
        (BY_ROUTER, "network", {"ep1": ("10.9.0.1",), "dn1": (EP1,)}, "network", "an address of dn1"),
        (SILENT, "network", {"con1": ("10.9.0.1",)}, "network", "con1 does not have"),
        (BY_HOST, "network", {"con1": ("10.9.0.1",)}, "network", "the inventory is wrong"),
        # A second address of the listener's is the listener.
        (
            {"result": "prohibited", "by": "10.9.0.1"},
            "network",
            {"ep1": (EP1, "10.9.0.1")},
            "network",
            "NAT on the way",
        ),
        # Where nothing runs, that comes first.
        (SILENT, None, {"ep1": ("10.9.0.1",)}, "service_down", "nothing listens"),
        (SILENT, "loopback", {"ep1": ("10.9.0.1",)}, "service_down", "on loopback only"),
    ],
)
def test_addresses(
    plan: dict[str, Any], probe: dict[str, Any], bind: str | None, own: Any, verdict: str, says: str
) -> None:
    found = judge(plan, flow(), probe, bind, True, ACCEPTS, ACCEPTS, own)
    assert found is not None
    assert found.verdict == verdict, found
    assert says in found.reason


def test_the_networks_are_named(plan: dict[str, Any]) -> None:
    found = judge(plan, flow(), SILENT, "network", True, ACCEPTS, ACCEPTS, {"con1": (CON1,), "ep1": (EP1,)})
    assert found is not None and "a firewall inside 10.0.0.0/24 drops it" in found.reason


def test_a_host_that_nobody_reaches(plan: dict[str, Any]) -> None:
    found = judge(plan, flow(), {"result": "unreachable"}, "unknown", None)
    assert found is not None and "it is down, or cut off" in found.reason
    found = judge(plan, flow(), {"result": "unreachable"}, "network", True, own={"ep1": (EP1,)})
    assert found is not None and found.verdict == "network" and "cut off" not in found.reason


@pytest.mark.parametrize("seen", ["listeners", "addresses"])
def test_a_host_that_somebody_reaches_is_not_down(plan: dict[str, Any], seen: str) -> None:
    own: dict[str, tuple[str, ...]] = {"ep1": (EP1,)} if seen == "addresses" else {}
    found = judge(
        plan, flow(), {"result": "unreachable"}, "network" if seen == "listeners" else "unknown", None, own=own
    )
    assert found is not None
    assert found.reason == f"{EP1} cannot be reached: no route, or no machine at that address"


@pytest.mark.parametrize(
    ("probe", "bind", "firewall", "paths", "own", "reason"),
    [
        (
            {"result": "unreachable", "by": ROUTER, "error": "no route to host"},
            "network",
            True,
            (None, None),
            {},
            f"{EP1} cannot be reached: no route to host ({ROUTER} says so)",
        ),
        (
            BY_HOST,
            "network",
            True,
            (Path(MAYBE, YES), ACCEPTS),
            {},
            f"a firewall refused it ({EP1}), and a rule on ep1 may refuse it: {MAYBE.rule}",
        ),
        (
            SILENT,
            "network",
            True,
            (ACCEPTS, ACCEPTS),
            {"con1": ("10.9.0.1", "10.9.0.2"), "ep1": (EP1,)},
            f"con1 does not have {CON1}, which the inventory says and ep1 accepts (it has: 10.9.0.1, 10.9.0.2): the "
            "inventory is wrong, or something on the way blocks what it should translate",
        ),
        (
            BY_HOST,
            "network",
            True,
            (ACCEPTS, ACCEPTS),
            {"con1": ("10.9.0.1", "10.9.0.2")},
            f"ep1 accepts {CON1}, which the inventory has for con1, but con1 does not have it (it has: 10.9.0.1, "
            "10.9.0.2): the inventory is wrong",
        ),
        (
            SILENT,
            "unknown",
            None,
            (ACCEPTS, ACCEPTS),
            {},
            "the probe got no answer, and nobody looked whether ep1 listens",
        ),
    ],
)
def test_sentences(
    plan: dict[str, Any], probe: Any, bind: str, firewall: bool | None, paths: Any, own: Any, reason: str
) -> None:
    found = judge(plan, flow(), probe, bind, firewall, *paths, own=own)
    assert found is not None and found.reason == reason


def test_the_first_difference_from_the_plan_is_named(plan: dict[str, Any]) -> None:
    one = flow()
    ep1 = HostObservation(firewall_as_planned=False, firewall_difference=["lacks this", "has that", "has more"])
    ep1.listeners = {("tcp", 32006): Listener("listening", "network", "java")}
    seen = {"con1": HostObservation(probes={one.probe_key: SILENT}), "ep1": ep1}
    (found,) = Diagnosis(plan, seen).verdicts([one])
    assert found.reason.endswith("ep1's firewall is not as planned; it lacks this (and 2 more differences)")
    ep1.firewall_difference = ["lacks this"]
    (found,) = Diagnosis(plan, seen).verdicts([one])
    assert found.reason.endswith("; it lacks this")


@pytest.mark.parametrize(
    ("at_ep1", "verdict", "says"),
    [
        (Path(YES, YES), "host_firewall", "icmp_echo_ignore_all"),
        (Path(NO, YES), "host_firewall", "table inet site"),
    ],
)
def test_pings(plan: dict[str, Any], at_ep1: Path, verdict: str, says: str) -> None:
    one = flow("icmp", 0)
    found = judge(plan, one, SILENT, "unknown", True, replace(at_ep1, ignored=True), ACCEPTS)
    assert found is not None and found.verdict == verdict and says in found.reason
    found = judge(plan, one, SILENT, "unknown", True, ACCEPTS, ACCEPTS)
    assert found is not None and found.verdict == "network" and "accepts them from con1" in found.reason
    # Whether the host answers pings is not seen in its sockets.
    found = judge(plan, one, SILENT, "unknown", True)
    assert found is not None and "nobody looked" not in found.reason and found.verdict == "unverifiable"


class TestEncryptedHosts:
    @pytest.fixture(name="encrypted")
    def fixture_encrypted(self) -> dict[str, Any]:
        return Plan(GROUPS, {"ep1": {"jsa_encrypted": True}}).plan

    @pytest.mark.parametrize("listeners", [{}, {("tcp", 23001): Listener("unlisted", "network", "ssh")}])
    def test_tunnels_are_down(self, encrypted: dict[str, Any], listeners: Any) -> None:
        (found,) = Diagnosis(encrypted, {"ep1": HostObservation(listeners=listeners)}).verdicts([])
        assert found.verdict == "service_down" and "its SSH tunnels are down" in found.reason
        assert any("setuptunnel" in line for line in found.symptoms)
        assert found.as_dict()["symptoms"] and "port" not in found.as_dict()

    @pytest.mark.parametrize(
        "listeners", [None, {("tcp", 20000): Listener("listening", "loopback", "ssh")}], ids=["not-asked", "up"]
    )
    def test_nothing_to_say(self, encrypted: dict[str, Any], plan: dict[str, Any], listeners: Any) -> None:
        assert Diagnosis(encrypted, {"ep1": HostObservation(listeners=listeners)}).verdicts([]) == []
        assert Diagnosis(plan, {"ep1": HostObservation(listeners={})}).verdicts([]) == []

    def test_port_22_carries_the_tunnels(self, encrypted: dict[str, Any], plan: dict[str, Any]) -> None:
        ssh = ExpectedFlow("con1", "ep1", EP1, "tcp", 22, ("ssh",), "SSH", True)
        found = judge(encrypted, ssh, SILENT, None, True)
        assert found is not None and found.symptoms[0].startswith("Setup process setuptunnel")
        found = judge(plan, ssh, SILENT, None, True)
        assert found is not None and "deploy times out" in found.symptoms
        assert not any("setuptunnel" in line for line in found.symptoms)


def test_what_works_has_no_symptoms(plan: dict[str, Any]) -> None:
    found = judge(plan, flow(), {"result": "open"}, "network", True)
    assert found is not None and found.symptoms == () and "symptoms" not in found.as_dict()


def test_doubts(plan: dict[str, Any]) -> None:
    fine, lost, absent, barred = flow(port=22), flow(), flow(port=7800), flow(port=5432, wanted=False)
    con1, ep1 = HostObservation(), HostObservation(listeners={})
    probes = {fine: {"result": "open"}, lost: SILENT, absent: SILENT, barred: SILENT}
    con1.probes = {one.probe_key: probe for one, probe in probes.items()}
    assert ep1.listeners is not None
    for port in (22, 32006):
        ep1.listeners[("tcp", port)] = Listener("listening", "network", "java")
    found = doubts(plan, probes, {"con1": con1, "ep1": ep1})
    ends = {"protocol": "tcp", "port": 32006}
    assert found == {
        "con1": [{"role": "initiator", "own": CON1, "peer": EP1, **ends}],
        "ep1": [{"role": "listener", "own": EP1, "peer": CON1, **ends}],
    }
    ep1.listeners[("tcp", 5432)] = Listener("listening", "network", "postgres")
    con1.probes = {barred.probe_key: {"result": "open"}}
    assert [item["port"] for item in doubts(plan, [barred], {"con1": con1, "ep1": ep1})["ep1"]] == [5432]


def test_no_doubts_without_a_probe_or_an_address_to_send_from(plan: dict[str, Any]) -> None:
    one = flow()
    ep1 = HostObservation(listeners={("tcp", 32006): Listener("listening", "network", "java")})
    nobody: dict[str, Any] = {"con1": [], "ep1": []}
    for probes in (None, {}):
        assert doubts(plan, [one], {"con1": HostObservation(probes=probes), "ep1": ep1}) == nobody
    six = replace(one, address="fd00::2")
    seen = {"con1": HostObservation(probes={six.probe_key: SILENT}), "ep1": HostObservation()}
    assert doubts(plan, [six], seen) == nobody


def test_doubts_about_pings_have_no_port(plan: dict[str, Any]) -> None:
    one = flow("icmp", 0)
    seen = {"con1": HostObservation(probes={one.probe_key: SILENT}), "ep1": HostObservation(listeners={})}
    (found,) = doubts(plan, [one], seen)["ep1"]
    assert found == {"role": "listener", "own": EP1, "peer": CON1, "protocol": "icmp"}


def test_paths_as_the_module_returns_them() -> None:
    passage = {"decision": "drop", "rule": "r"}
    common = {"own": EP1, "peer": CON1, "question": passage, "answer": passage, "route": True, "half_open": None}
    result = {
        "flows": [
            {**common, "role": "listener", "protocol": "icmp", "backlog": None, "ignored": True},
            {
                **common,
                "role": "listener",
                "protocol": "tcp",
                "port": 22,
                "backlog": {"waiting": 2, "limit": 1},
                "ignored": False,
            },
        ]
    }
    refused = Passage("drop", "r")
    assert read_paths(result) == {
        ("listener", EP1, CON1, "icmp", 0): Path(refused, refused, ignored=True),
        ("listener", EP1, CON1, "tcp", 22): Path(refused, refused, backlog=(2, 1)),
    }


def test_a_missing_listener_that_is_not_required_is_no_fault(plan: dict[str, Any]) -> None:
    assert judge(plan, flow(required=False), REFUSED, None, True) is None


@pytest.mark.parametrize(
    ("result", "verdict"), [("open", "unexpected_open"), ("prohibited", None), ("no_answer", None), ("refused", None)]
)
def test_what_must_stay_closed(plan: dict[str, Any], result: str, verdict: str | None) -> None:
    found = judge(plan, flow(wanted=False), {"result": result}, "network", True)
    assert (found.verdict if found else None) == verdict


def test_what_is_open_to_everybody_says_why(plan: dict[str, Any]) -> None:
    one = flow(port=5432, wanted=False)
    everyone = "ep1 lets in one who is none of its sources, so its firewall lets in everyone"
    open_to_all: Any = {"result": "open"}

    def reason(at_ep1: Path | None, encrypted: bool = False, opening: str = "") -> str:
        of = Plan(GROUPS, {"ep1": {"jsa_encrypted": True}}).plan if encrypted else plan
        ep1 = HostObservation(opening_of={"ariel_query": opening} if opening else {})
        ep1.paths = {key_at("listener", CON1, one): at_ep1} if at_ep1 else {}
        seen = {"con1": HostObservation(probes={one.probe_key: open_to_all}), "ep1": ep1}
        (found,) = Diagnosis(of, seen).verdicts([one])
        assert found.verdict == "unexpected_open" and found.symptoms == ()
        return found.reason

    assert reason(None) == reason(ACCEPTS) == everyone
    assert reason(ACCEPTS, opening="zone public opens it") == f"{everyone}: zone public opens it"
    assert reason(Path(NO, YES)).startswith("ep1 refuses con1, which gets in all the same: NAT on the way")
    assert reason(ACCEPTS, encrypted=True) == f"{everyone}; the host is encrypted, its tunnels carry what may come in"
    assert Diagnosis(plan, {"con1": HostObservation(), "ep1": HostObservation()}).verdicts([one]) == []


def test_another_host_that_is_open_is_not_this_one(plan: dict[str, Any]) -> None:
    found = judge(plan, flow(wanted=False), {"result": "open"}, "network", True, own={"ep1": ("10.9.0.1",)})
    assert found is not None and found.verdict == "unverifiable" and "another machine" in found.reason


@pytest.mark.parametrize(("error", "says"), [("too many open files", "too many open files"), (None, "no reason")])
def test_a_probe_that_could_not_be_made(plan: dict[str, Any], error: str | None, says: str) -> None:
    found = judge(plan, flow(), {"result": "unavailable", "error": error}, "network", True)
    assert found is not None and found.reason == f"the initiator could not probe: {says}"


def test_what_a_deployment_may_lack_is_nobodys_fault(plan: dict[str, Any]) -> None:
    for bind in (None, "network"):
        found = judge(plan, flow(required=False), {"result": "open"}, bind, True)
        assert (found.verdict if found else None) == ("ok" if bind else None)


def test_a_service_on_an_address_that_the_inventory_does_not_know(plan: dict[str, Any]) -> None:
    one = flow()
    listener = Listener("listening", "network", "java", ("10.9.0.1",))
    ep1 = HostObservation(listeners={("tcp", 32006): listener}, addresses={"10.9.0.1": 24})
    seen = {"con1": HostObservation(probes={one.probe_key: SILENT}), "ep1": ep1}
    (found,) = Diagnosis(plan, seen).verdicts([one])
    assert found.verdict == "network" and "is not on its interfaces" in found.reason
    # It has the address, and the service is not bound to it.
    ep1.addresses = {"10.9.0.1": 24, EP1: 24}
    (found,) = Diagnosis(plan, seen).verdicts([one])
    assert (found.verdict, found.reason) == ("service_down", f"ep1 listens on 10.9.0.1 only, not on {EP1}")


def test_a_socket_that_the_catalog_expects_and_nobody_has(plan: dict[str, Any]) -> None:
    one = flow()
    ep1 = HostObservation(listeners={("tcp", 32006): Listener("not_listening", None, None)})
    seen = {"con1": HostObservation(probes={one.probe_key: REFUSED}), "ep1": ep1}
    (found,) = Diagnosis(plan, seen).verdicts([one])
    assert (found.verdict, found.reason) == ("service_down", "nothing listens on it on ep1")


def test_the_standby_node_of_a_pair_may_rest() -> None:
    groups = {"con1": "jsa_console", "con2": "", "ep1": "jsa_event_processors"}
    plan = Plan(groups, {"con1": {"jsa_ha_peer": "con2", "jsa_ha_virtual_address": "10.0.0.99"}}).plan
    one = ExpectedFlow("ep1", "con2", "10.0.0.2", "tcp", 443, ("https",), "HTTPS", True)
    active = HostObservation(listeners={("tcp", 443): Listener("listening", "network", "httpd")})
    resting, ep1 = HostObservation(listeners={}), HostObservation(probes={one.probe_key: {"result": "refused"}})
    assert Diagnosis(plan, {"con1": active, "con2": resting, "ep1": ep1}).verdicts([one]) == []
    nobody = {}, {("tcp", 443): Listener("listening", "loopback", "httpd")}, None
    for listeners in nobody:
        active = HostObservation(listeners=listeners)
        (found,) = Diagnosis(plan, {"con1": active, "con2": resting, "ep1": ep1}).verdicts([one])
        assert found.verdict == "service_down"


class TestExpectations:
    def test_every_pair_of_the_play_and_no_other(self, plan: dict[str, Any]) -> None:
        flows = list(Expectations(plan, ["con1", "ep1"]).wanted())
        pairs = {(one.initiator, one.listener) for one in flows}
        assert pairs == {("con1", "ep1"), ("ep1", "con1")}
        sockets = {(one.protocol, one.port) for one in flows if one.listener == "con1"}
        assert {("tcp", 443), ("udp", 123), ("tcp", 32006)} <= sockets
        assert ("tcp", 8080) not in sockets and ("tcp", 7676) not in sockets

    def test_a_port_for_two_purposes_is_probed_once(self, plan: dict[str, Any]) -> None:
        flows = [one for one in Expectations(plan, ["con1", "ep1"]).wanted() if one.port == 9381]
        assert len(flows) == 1 and set(flows[0].ids) == {"cert_download", "localca"}

    def test_closed_ports_are_tried_once_by_someone_without_business_there(self, plan: dict[str, Any]) -> None:
        names = ["con1", "dn1", "ep1"]
        observations = {name: HostObservation(listeners={}) for name in names}
        observations["con1"].listeners = {
            ("tcp", 443): Listener("listening", "network", "httpd"),
            ("tcp", 7800): Listener("listening", "network", "java"),
            ("tcp", 8080): Listener("exposed", "network", "java"),
            ("tcp", 8005): Listener("listening", "loopback", "java"),
            ("tcp", 6000): Listener("unlisted", "network", "X"),
        }
        tried = list(Expectations(plan, names).unwanted(observations))
        assert {(one.initiator, one.listener, one.port) for one in tried} == {
            ("dn1", "con1", 7800),
            ("dn1", "con1", 8080),
        }
        assert not any(one.wanted for one in tried)

    def test_where_the_next_host_may_come_in_another_tries(self, plan: dict[str, Any]) -> None:
        names = ["con1", "ep1", "dn1"]
        observations = {name: HostObservation(listeners={}) for name in names}
        observations["con1"].listeners = {("tcp", 7800): Listener("listening", "network", "java")}
        (tried,) = Expectations(plan, names).unwanted(observations)
        assert (tried.initiator, tried.listener, tried.port) == ("dn1", "con1", 7800)
        # Nobody is left who may not.
        assert not list(Expectations(plan, ["con1", "ep1"]).unwanted(observations))

    def test_a_host_of_another_family_tries_nothing(self, plan: dict[str, Any]) -> None:
        six = {**plan, "hosts": {**plan["hosts"], "dn1": {**plan["hosts"]["dn1"], "addresses": ["fd00::3"]}}}
        observations = {name: HostObservation(listeners={}) for name in ("con1", "dn1", "ep1")}
        observations["con1"].listeners = {("tcp", 8080): Listener("exposed", "network", "java")}
        assert [one.initiator for one in Expectations(six, ["con1", "dn1", "ep1"]).unwanted(observations)] == ["ep1"]
        assert not list(Expectations(six, ["con1", "dn1"]).unwanted(observations))

    def test_a_host_that_nobody_looked_at_is_not_tried(self, plan: dict[str, Any]) -> None:
        names = ["con1", "ep1"]
        assert not list(Expectations(plan, names).unwanted({name: HostObservation() for name in names}))

    def test_probes_as_the_module_takes_them(self) -> None:
        assert flow().probe() == {"address": EP1, "protocol": "tcp", "port": 32006}
        assert flow("icmp", 0).probe() == {"address": EP1, "protocol": "icmp"}

    def test_a_plan_without_classes_of_sources_cannot_be_checked(self, plan: dict[str, Any]) -> None:
        with pytest.raises(InputError, match="jsa_plan_dest"):
            Expectations({key: value for key, value in plan.items() if key != "source_classes"}, ["con1"])

    def test_a_plan_with_rules_only_cannot_be_checked(self, plan: dict[str, Any]) -> None:
        rules_only = {
            "hosts": {"con1": {key: plan["hosts"]["con1"][key] for key in ("inbound", "refused", "addresses")}}
        }
        with pytest.raises(InputError, match="jsa_plan_dest"):
            Expectations(rules_only, ["con1"])


class TestObservations:
    def test_results_of_the_role(self) -> None:
        hostvars = {
            "con1": {
                "jsa_port_check_listeners": {
                    "changed": False,
                    "results": [
                        {
                            "protocol": "tcp",
                            "ports": "443",
                            "status": "listening",
                            "bind": "network",
                            "addresses": ["0.0.0.0"],
                            "families": ["ipv4"],
                            "processes": [{"pid": 1, "name": "httpd"}],
                        },
                        {
                            "protocol": "tcp",
                            "ports": "514",
                            "status": "listening",
                            "bind": "network",
                            "addresses": ["10.0.0.8"],
                            "families": ["ipv4"],
                            "processes": None,
                        },
                        {"protocol": "tcp", "ports": "20000-23000", "status": "not_listening", "bind": None},
                    ],
                },
                "jsa_port_check_reachability": {
                    "changed": False,
                    "results": [
                        {"address": "10.0.0.2", "port": 22, "protocol": "tcp", "result": "open"},
                        {"address": "10.0.0.2", "protocol": "icmp", "result": "open"},
                    ],
                },
                "jsa_port_check_firewall": {
                    "changed": False,
                    "as_planned": False,
                    "differences": ["lacks in the files, policy jsa-in: accept tcp 2"],
                    "openings": [],
                },
            },
            "dead": {"jsa_port_check_listeners": {"changed": False, "unreachable": True, "msg": "no route"}},
            "bare": {"jsa_port_check_firewall": {"changed": False, "as_planned": None, "reason": "not installed"}},
        }
        seen = read_observations(hostvars, hostvars)
        con1 = seen["con1"]
        assert con1.listens("tcp", 443, "10.0.0.1") is True and con1.listens("tcp", 22, "10.0.0.1") is False
        assert con1.listens("tcp", 443, "fd00::1") is False
        assert con1.listens("tcp", 514, "10.0.0.8") is True and con1.listens("tcp", 514, "10.0.0.1") is False
        assert con1.probes is not None and set(con1.probes) == {("10.0.0.2", 22, "tcp"), ("10.0.0.2", 0, "icmp")}
        assert con1.firewall_as_planned is False
        assert con1.firewall_difference == ["lacks in the files, policy jsa-in: accept tcp 2"]
        assert seen["dead"].listens("tcp", 443, "10.0.0.1") is None and seen["dead"].probes is None
        assert seen["bare"].firewall_as_planned is None
