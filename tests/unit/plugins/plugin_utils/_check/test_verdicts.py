# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verdicts: which layer is blamed for what was seen, and which never is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._check.paths import Backlog, Path
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import Diagnosis, Verdict
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import Plan as Deployment
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import address_of
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.sightings import (
    answer,
    at,
    observation,
    opening,
    passage,
    path,
    socket,
)

GROUPS = {"con1": "jsa_console", "ep1": "jsa_event_processors", "dn1": "jsa_data_nodes"}
CON1, EP1, ROUTER = address_of("con1", GROUPS), address_of("ep1", GROUPS), "10.0.0.254"


@pytest.fixture(scope="module", name="plan")
def fixture_plan() -> Plan:
    return planned()


def planned(hosts: dict[str, dict[str, Any]] | None = None, groups: dict[str, str] | None = None) -> Plan:
    return Deployment(groups or GROUPS, hosts).plan


def flow(protocol: str = "tcp", port: int | None = 32006, required: bool = True, wanted: bool = True) -> ExpectedFlow:
    return ExpectedFlow("con1", "ep1", EP1, protocol, port, ("ariel_query",), "Ariel", required, wanted)


def diagnose(
    plan: Plan,
    one: ExpectedFlow,
    probe: Mapping[str, Any] | None,
    bind: str | None,
    firewall: bool | None,
    at_ep1: Path | None = None,
    at_con1: Path | None = None,
    own: dict[str, tuple[str, ...]] | None = None,
) -> Verdict | None:
    """*bind*: where ep1 listens, "unknown" if nobody looked. *own*: the addresses that hosts were seen to have."""
    sockets: dict[str, Any] = {"unknown": None, None: []}
    if bind != "unknown" and bind:
        sockets[bind] = [socket(one.port or 0, bind, one.protocol)] if one.port else []
    addresses = {name: dict.fromkeys(mine, 24) for name, mine in (own or {}).items()}
    observations = {
        "con1": observation(
            answers=None if probe is None else [answer(one, **probe)],
            paths=[at("initiator", CON1, one, at_con1)] if at_con1 else [],
            addresses=addresses.get("con1"),
        ),
        "ep1": observation(
            sockets[bind],
            firewall=firewall,
            paths=[at("listener", CON1, one, at_ep1)] if at_ep1 else [],
            addresses=addresses.get("ep1"),
        ),
        "dn1": observation(addresses=addresses.get("dn1")),
    }
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
    plan: Plan, probe: dict[str, Any] | None, bind: str | None, firewall: bool | None, verdict: str
) -> None:
    found = diagnose(plan, flow(), probe, bind, firewall)
    assert found is not None
    assert found.verdict == verdict
    assert bool(found.reason) == (verdict != "ok")


YES, NO, MAYBE, NOBODY_LOOKED = (
    passage("accept"),
    passage("drop", "table inet site, chain input: drop"),
    passage("unknown", "table inet site, chain input: meta mark 7 drop"),
    passage("unknown"),
)
ACCEPTS = path(YES, YES)
FULL = Backlog(waiting=6, limit=5)
UDP_SILENT = {"result": "open_or_filtered"}
RATIONED = {"result": "no_answer", "rate_limited": True}


@pytest.mark.parametrize(
    ("probe", "firewall", "at_ep1", "at_con1", "verdict", "says"),
    [
        # A host's own rules, whatever the plan's are and whatever the probe met.
        (SILENT, True, path(NO, YES), ACCEPTS, "host_firewall", "ep1's own firewall blocks it: table inet site"),
        (REFUSED, True, path(NO, YES), ACCEPTS, "host_firewall", "ep1's own firewall"),
        (BY_HOST, False, path(NO, YES), ACCEPTS, "host_firewall", "ep1's own firewall"),
        (RATIONED, True, path(NO, YES), ACCEPTS, "host_firewall", "ep1's own firewall"),
        (UDP_SILENT, True, path(NO, YES), ACCEPTS, "host_firewall", "ep1's own firewall"),
        (SILENT, True, path(YES, NO), ACCEPTS, "host_firewall", "blocks the answer"),
        (SILENT, True, ACCEPTS, path(NO, YES), "host_firewall", "con1's own firewall blocks the outgoing packet"),
        (SILENT, True, ACCEPTS, path(YES, NO), "host_firewall", "con1's own firewall blocks the answer"),
        (SILENT, True, None, path(NO, YES), "host_firewall", "con1's own firewall blocks the outgoing packet"),
        (BY_NOBODY, True, ACCEPTS, path(YES, YES, route=False), "host_firewall", "con1's own routes"),
        # Neither host is in the way.
        (SILENT, True, ACCEPTS, ACCEPTS, "network", "on the path drops it"),
        (SILENT, False, ACCEPTS, ACCEPTS, "network", "on the path drops it"),
        (REFUSED, True, ACCEPTS, ACCEPTS, "network", "on the path rejects it"),
        (BY_NOBODY, True, ACCEPTS, ACCEPTS, "network", "on the path rejects it"),
        (BY_ROUTER, True, path(MAYBE, YES), ACCEPTS, "network", ROUTER),
        (BY_HOST, True, ACCEPTS, ACCEPTS, "network", "NAT on the path"),
        (SILENT, True, path(YES, YES, route=False), ACCEPTS, "network", f"no route back to {CON1}"),
        (SILENT, True, path(YES, YES, half_open=True), ACCEPTS, "network", "the answer is lost"),
        # The service.
        (SILENT, True, path(YES, YES, backlog=FULL), ACCEPTS, "service_down", "6 wait in its queue of 5"),
        (REFUSED, True, path(YES, YES, backlog=FULL), ACCEPTS, "network", "rejects it"),
        # Nobody can know.
        (UDP_SILENT, True, ACCEPTS, ACCEPTS, "unverifiable", "the service does not answer unknown clients"),
        (UDP_SILENT, True, path(MAYBE, YES), ACCEPTS, "unverifiable", "ep1 does, which could not be evaluated"),
        (RATIONED, True, ACCEPTS, ACCEPTS, "unverifiable", "limits the rate"),
        (SILENT, True, path(MAYBE, YES), ACCEPTS, "unverifiable", "a rule on ep1 may reject it"),
        (SILENT, True, ACCEPTS, path(YES, MAYBE), "unverifiable", "a rule on con1 may reject it"),
        (BY_HOST, True, path(MAYBE, YES), ACCEPTS, "host_firewall", "a rule on ep1 may reject it"),
        # It is the listener that refuses: a rule of the initiator's that may is not it.
        (BY_HOST, True, ACCEPTS, path(YES, MAYBE), "unverifiable", "or a device on the path does"),
        (SILENT, True, ACCEPTS, None, "unverifiable", "con1's own firewall, which is not known"),
        (SILENT, True, ACCEPTS, path(NOBODY_LOOKED, YES), "unverifiable", "con1's own firewall, which is not known"),
        (UDP_SILENT, False, None, None, "unverifiable", "are not known"),
        (BY_HOST, True, None, None, "unverifiable", "NAT on the path changes the source address"),
        (SILENT, None, None, None, "unverifiable", "its own firewall, which is not known, or a device on the path"),
        (SILENT, True, path(NOBODY_LOOKED, NOBODY_LOOKED), ACCEPTS, "unverifiable", "additional rule"),
        (SILENT, True, None, None, "unverifiable", "additional rule"),
    ],
)
def test_a_closer_look(
    plan: Plan,
    probe: dict[str, Any],
    firewall: bool | None,
    at_ep1: Path | None,
    at_con1: Path | None,
    verdict: str,
    says: str,
) -> None:
    found = diagnose(plan, flow(), probe, "network", firewall, at_ep1, at_con1)
    assert found is not None
    assert found.verdict == verdict, found
    assert says in found.reason


@pytest.mark.parametrize(
    ("probe", "bind", "own", "verdict", "says"),
    [
        ({"result": "open"}, "network", {"ep1": (EP1,)}, "ok", ""),
        ({"result": "open"}, "network", {"ep1": (EP1, "10.9.0.1")}, "ok", ""),
        ({"result": "open"}, "network", {"ep1": ("10.9.0.1",)}, "unverifiable", "behind NAT, or another machine"),
        ({"result": "open"}, "network", {"ep1": ("10.9.0.1",), "dn1": (EP1,)}, "network", "an address of dn1"),
        (SILENT, "network", {"ep1": ("10.9.0.1",)}, "network", "which does not have it (it has: 10.9.0.1)"),
        (BY_ROUTER, "network", {"ep1": ("10.9.0.1",), "dn1": (EP1,)}, "network", "an address of dn1"),
        (SILENT, "network", {"con1": ("10.9.0.1",)}, "network", "con1 does not have"),
        (BY_HOST, "network", {"con1": ("10.9.0.1",)}, "network", "the inventory is wrong"),
        # A second address of the listener's is the listener.
        (
            {"result": "prohibited", "by": "10.9.0.1"},
            "network",
            {"ep1": (EP1, "10.9.0.1")},
            "network",
            "NAT on the path",
        ),
        # Where nothing runs, that comes first.
        (SILENT, None, {"ep1": ("10.9.0.1",)}, "service_down", "no service listens"),
        (SILENT, "loopback", {"ep1": ("10.9.0.1",)}, "service_down", "on loopback only"),
    ],
)
def test_addresses(plan: Plan, probe: dict[str, Any], bind: str | None, own: Any, verdict: str, says: str) -> None:
    found = diagnose(plan, flow(), probe, bind, True, ACCEPTS, ACCEPTS, own)
    assert found is not None
    assert found.verdict == verdict, found
    assert says in found.reason


def test_the_networks_are_named(plan: Plan) -> None:
    found = diagnose(plan, flow(), SILENT, "network", True, ACCEPTS, ACCEPTS, {"con1": (CON1,), "ep1": (EP1,)})
    assert found is not None and "a firewall inside 10.0.0.0/24 drops it" in found.reason


def test_a_host_that_nobody_reaches(plan: Plan) -> None:
    found = diagnose(plan, flow(), {"result": "unreachable"}, "unknown", None)
    assert found is not None and "it is down or disconnected" in found.reason
    found = diagnose(plan, flow(), {"result": "unreachable"}, "network", True, own={"ep1": (EP1,)})
    assert found is not None and found.verdict == "network" and "cut off" not in found.reason


@pytest.mark.parametrize("seen", ["listeners", "addresses"])
def test_a_host_that_somebody_reaches_is_not_down(plan: Plan, seen: str) -> None:
    own: dict[str, tuple[str, ...]] = {"ep1": (EP1,)} if seen == "addresses" else {}
    found = diagnose(
        plan, flow(), {"result": "unreachable"}, "network" if seen == "listeners" else "unknown", None, own=own
    )
    assert found is not None
    assert found.reason == f"{EP1} cannot be reached: no route, or no machine has the address"


@pytest.mark.parametrize(
    ("probe", "bind", "firewall", "paths", "own", "reason"),
    [
        (
            {"result": "unreachable", "by": ROUTER, "error": "no route to host"},
            "network",
            True,
            (None, None),
            {},
            f"{EP1} cannot be reached: no route to host (reported by {ROUTER})",
        ),
        (
            BY_HOST,
            "network",
            True,
            (path(MAYBE, YES), ACCEPTS),
            {},
            f"a firewall rejected the packet ({EP1}), and a rule on ep1 may reject it, but could not be evaluated: "
            f"{MAYBE.rule}",
        ),
        (
            SILENT,
            "network",
            True,
            (ACCEPTS, ACCEPTS),
            {"con1": ("10.9.0.1", "10.9.0.2"), "ep1": (EP1,)},
            f"con1 does not have {CON1}, which the inventory assigns to it and ep1 accepts (it has: 10.9.0.1, "
            "10.9.0.2): the inventory is wrong, or a device on the path blocks the packet instead of translating it",
        ),
        (
            BY_HOST,
            "network",
            True,
            (ACCEPTS, ACCEPTS),
            {"con1": ("10.9.0.1", "10.9.0.2")},
            f"ep1 accepts {CON1}, which the inventory assigns to con1, but con1 does not have it (it has: 10.9.0.1, "
            "10.9.0.2): the inventory is wrong",
        ),
        (
            SILENT,
            "unknown",
            None,
            (ACCEPTS, ACCEPTS),
            {},
            "the probe got no answer, and it is not known whether ep1 listens",
        ),
    ],
)
def test_sentences(plan: Plan, probe: Any, bind: str, firewall: bool | None, paths: Any, own: Any, reason: str) -> None:
    found = diagnose(plan, flow(), probe, bind, firewall, *paths, own=own)
    assert found is not None and found.reason == reason


def test_the_first_difference_from_the_plan_is_named(plan: Plan) -> None:
    one = flow()

    def found_with(*differences: str) -> Verdict:
        ep1 = observation([socket(32006)], firewall=False, differences=differences)
        (found,) = Diagnosis(plan, {"con1": observation(answers=[answer(one, **SILENT)]), "ep1": ep1}).verdicts([one])
        return found

    found = found_with("lacks this", "has that", "has more")
    assert found.reason.endswith("ep1's firewall differs from the plan; it lacks this (and 2 more differences)")
    found = found_with("lacks this")
    assert found.reason.endswith("; it lacks this")


@pytest.mark.parametrize(
    ("at_ep1", "verdict", "says"),
    [
        (path(YES, YES), "host_firewall", "icmp_echo_ignore_all"),
        (path(NO, YES), "host_firewall", "table inet site"),
    ],
)
def test_pings(plan: Plan, at_ep1: Path, verdict: str, says: str) -> None:
    one = flow("icmp", None)
    found = diagnose(plan, one, SILENT, "unknown", True, replace(at_ep1, ignored=True), ACCEPTS)
    assert found is not None and found.verdict == verdict and says in found.reason
    found = diagnose(plan, one, SILENT, "unknown", True, ACCEPTS, ACCEPTS)
    assert found is not None and found.verdict == "network" and "accepts them from con1" in found.reason
    # Whether the host answers pings is not seen in its sockets.
    found = diagnose(plan, one, SILENT, "unknown", True)
    assert found is not None and "nobody looked" not in found.reason and found.verdict == "unverifiable"


class TestEncryptedHosts:
    @pytest.fixture(name="encrypted")
    def fixture_encrypted(self) -> Plan:
        return planned({"ep1": {"jsa_encrypted": True}})

    @pytest.mark.parametrize("listeners", [[], [socket(23001, status="unlisted")]])
    def test_tunnels_are_down(self, encrypted: Plan, listeners: Any) -> None:
        (found,) = Diagnosis(encrypted, {"ep1": observation(listeners)}).verdicts([])
        assert found.verdict == "service_down" and "its SSH tunnels are down" in found.reason
        assert any("setuptunnel" in line for line in found.symptoms)
        assert found.as_dict()["symptoms"] and "port" not in found.as_dict()

    @pytest.mark.parametrize("listeners", [None, [socket(20000, "loopback")]], ids=["not-asked", "up"])
    def test_nothing_to_say(self, encrypted: Plan, plan: Plan, listeners: Any) -> None:
        assert Diagnosis(encrypted, {"ep1": observation(listeners)}).verdicts([]) == []
        assert Diagnosis(plan, {"ep1": observation([])}).verdicts([]) == []

    def test_port_22_carries_the_tunnels(self, encrypted: Plan, plan: Plan) -> None:
        ssh = ExpectedFlow("con1", "ep1", EP1, "tcp", 22, ("ssh",), "SSH", True)
        found = diagnose(encrypted, ssh, SILENT, None, True)
        assert found is not None and found.symptoms[0].startswith("Setup process setuptunnel")
        found = diagnose(plan, ssh, SILENT, None, True)
        assert found is not None and "deploy times out" in found.symptoms
        assert not any("setuptunnel" in line for line in found.symptoms)


def test_what_works_has_no_symptoms(plan: Plan) -> None:
    found = diagnose(plan, flow(), {"result": "open"}, "network", True)
    assert found is not None and found.symptoms == () and "symptoms" not in found.as_dict()


def test_a_missing_listener_that_is_not_required_is_no_fault(plan: Plan) -> None:
    assert diagnose(plan, flow(required=False), REFUSED, None, True) is None


@pytest.mark.parametrize(
    ("result", "verdict"), [("open", "unexpected_open"), ("prohibited", None), ("no_answer", None), ("refused", None)]
)
def test_what_must_stay_closed(plan: Plan, result: str, verdict: str | None) -> None:
    found = diagnose(plan, flow(wanted=False), {"result": result}, "network", True)
    assert (found.verdict if found else None) == verdict


def test_what_is_open_to_everybody_says_why(plan: Plan) -> None:
    one = flow(port=5432, wanted=False)
    everyone = "ep1 accepts a host that is not one of its sources, so its firewall accepts everyone"

    def reason(at_ep1: Path | None, encrypted: bool = False, opened: bool = False, refuse: str | None = None) -> str:
        of = planned({"ep1": {"jsa_encrypted": True}}) if encrypted else plan
        ep1 = observation(
            openings=[opening("another"), opening("ariel_query")] if opened else [],
            paths=[at("listener", CON1, one, at_ep1)] if at_ep1 else [],
            refuse=refuse,
        )
        con1 = observation(answers=[answer(one, "open")])
        (found,) = Diagnosis(of, {"con1": con1, "ep1": ep1}).verdicts([one])
        assert found.verdict == "unexpected_open" and found.symptoms == ()
        return found.reason

    assert reason(None) == reason(ACCEPTS) == reason(ACCEPTS, refuse="enforce") == everyone
    assert reason(ACCEPTS, refuse="log") == (
        "ep1 is not enforced (jsa_firewall_refuse: log), so its rules reject nobody"
    )
    assert reason(ACCEPTS, opened=True) == (
        f"{everyone}: zone public opens tcp 5432 (ariel_query) by port; the planned rules take effect before it"
    )
    assert reason(path(NO, YES)).startswith("ep1 rejects con1, but con1 connected: NAT on the path")
    assert reason(ACCEPTS, encrypted=True) == (
        f"{everyone}; the host is encrypted, so permitted traffic arrives through its tunnels"
    )
    assert Diagnosis(plan, {"con1": observation(), "ep1": observation()}).verdicts([one]) == []


def test_another_host_that_is_open_is_not_this_one(plan: Plan) -> None:
    found = diagnose(plan, flow(wanted=False), {"result": "open"}, "network", True, own={"ep1": ("10.9.0.1",)})
    assert found is not None and found.verdict == "unverifiable" and "another machine" in found.reason


@pytest.mark.parametrize(("error", "says"), [("too many open files", "too many open files"), (None, "no reason given")])
def test_a_probe_that_could_not_be_made(plan: Plan, error: str | None, says: str) -> None:
    found = diagnose(plan, flow(), {"result": "unavailable", "error": error}, "network", True)
    assert found is not None and found.reason == f"the initiator could not probe: {says}"


def test_what_a_deployment_may_lack_is_nobodys_fault(plan: Plan) -> None:
    for bind in (None, "network"):
        found = diagnose(plan, flow(required=False), {"result": "open"}, bind, True)
        assert (found.verdict if found else None) == ("ok" if bind else None)


def test_a_service_on_an_address_that_the_inventory_does_not_know(plan: Plan) -> None:
    one = flow()
    bound = socket(32006, addresses=("10.9.0.1",))

    def found_with(*addresses: str) -> Verdict:
        ep1 = observation([bound], addresses=dict.fromkeys(addresses, 24))
        (found,) = Diagnosis(plan, {"con1": observation(answers=[answer(one, **SILENT)]), "ep1": ep1}).verdicts([one])
        return found

    found = found_with("10.9.0.1")
    assert found.verdict == "network" and "which does not have it" in found.reason
    # It has the address, and the service is not bound to it.
    found = found_with("10.9.0.1", EP1)
    assert (found.verdict, found.reason) == ("service_down", f"ep1 listens on 10.9.0.1 only, not on {EP1}")


def test_a_socket_that_the_catalog_expects_and_nobody_has(plan: Plan) -> None:
    one = flow()
    seen = {"con1": observation(answers=[answer(one, **REFUSED)]), "ep1": observation([socket(32006, None)])}
    (found,) = Diagnosis(plan, seen).verdicts([one])
    assert (found.verdict, found.reason) == ("service_down", "no service listens on this port on ep1")


def test_the_standby_node_of_a_pair_may_rest() -> None:
    groups = {"con1": "jsa_console", "con2": "", "ep1": "jsa_event_processors"}
    plan = planned({"con1": {"jsa_ha_peer": "con2", "jsa_ha_virtual_address": "10.0.0.99"}}, groups)
    one = ExpectedFlow("ep1", "con2", "10.0.0.2", "tcp", 443, ("https",), "HTTPS", True)
    resting, ep1 = observation([]), observation(answers=[answer(one, "refused")])
    assert Diagnosis(plan, {"con1": observation([socket(443)]), "con2": resting, "ep1": ep1}).verdicts([one]) == []
    for sockets in ([], [socket(443, "loopback")], None):
        (found,) = Diagnosis(plan, {"con1": observation(sockets), "con2": resting, "ep1": ep1}).verdicts([one])
        assert found.verdict == "service_down"
