# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The preflight's verdicts: who is blamed for what was seen at both ends, and who never is."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.observed import ProbesSeen, Unseen
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import HostPlan, Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.observations import (
    HostPreflight,
    InUse,
    ListenersSeen,
    Listening,
    NotBound,
    Packet,
    Record,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._preflight.verdicts import (
    Diagnosis,
    Verdict,
    closed_hosts,
    guilty_counts,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.preflight_table import opening_hint
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.sightings import answer

CON1, EP1, ROUTER, STRANGER = "10.1.0.1", "10.2.0.1", "10.1.0.254", "10.9.0.9"


def host(address: str) -> HostPlan:
    return HostPlan(roles=(), addresses=(address,), inbound=(), refused=(), dynamic=())


PLAN = Plan(version=1, hosts={"con1": host(CON1), "ep1": host(EP1)})

SILENT, REFUSED, MUTE = {"result": "no_answer"}, {"result": "refused"}, {"result": "open_or_filtered"}
BY_HOST, BY_ROUTER, BY_SELF = ({"result": "prohibited", "by": by} for by in (EP1, ROUTER, CON1))
ARRIVED, NOWHERE, ANSWERED, UNWATCHED = "arrived", "nowhere", "answered", "unwatched"


def met(**values: Any) -> dict[str, Any]:
    """Somebody answered, with a token."""
    return {"result": "open", "seen_as": CON1, "sent_from": CON1, "token": "match", "same_run": True, **values}


def diagnose(
    probe: dict[str, Any] | None,
    became: str = NOWHERE,
    protocol: str = "tcp",
    port: int | None = 32006,
    stood: bool = True,
    arrived_from: str = CON1,
    why_none: str | None = None,
    **listeners: Any,
) -> Verdict:
    """*became*: what the listener's host saw of the question."""
    flow = ExpectedFlow("con1", "ep1", EP1, protocol, port, ("id",), "a service", True)
    packets = () if port is None else (Packet(protocol=protocol, port=port, peer=arrived_from),)
    ours = () if port is None else (Listening(protocol=protocol, port=port, families=("ipv4",)),)
    ep1 = HostPreflight(
        listeners=None if why_none else ListenersSeen(**{"listening": ours, **listeners}),
        record=Record(
            stood=stood,
            watched=became != UNWATCHED,
            arrived=packets if became in (ARRIVED, ANSWERED) else (),
            answered=packets if became == ANSWERED else (),
        ),
        unseen={"listeners": Unseen(kind="failed", reason=why_none)} if why_none else {},
    )
    answers = None if probe is None else ProbesSeen(answers=(answer(flow, **probe),))
    (found,) = Diagnosis(PLAN, {"con1": HostPreflight(probes=answers), "ep1": ep1}).verdicts([flow])
    return found


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (dict(probe=SILENT, became=ARRIVED), "ep1"),
        (dict(probe=SILENT, became=NOWHERE), "ep1"),
        (dict(probe=BY_SELF), "con1"),
        (dict(probe=met(seen_as=STRANGER)), "con1"),
    ],
)
def test_who_has_to_correct_it(found: dict[str, Any], name: str) -> None:
    verdict = diagnose(**found)
    assert guilty_counts([verdict]) == {name: {verdict.verdict: 1}}


@pytest.mark.parametrize(("as_planned", "closed"), [(False, ["ep1"]), (True, []), (None, [])])
def test_a_firewall_without_the_rules_of_the_plan(as_planned: bool | None, closed: list[str]) -> None:
    verdict = diagnose(SILENT, ARRIVED)
    assert verdict.verdict == "host_firewall"
    listeners = ListenersSeen(listening=(), firewall_as_planned=as_planned)
    seen = {"con1": HostPreflight(), "ep1": HostPreflight(listeners=listeners)}
    assert closed_hosts([verdict], seen) == closed
    assert ("jsa_preflight_open: true" in opening_hint(closed)) == bool(closed)


def busy(protocol: str, port: int, bind: str | None = "network", listens: bool = True) -> dict[str, Any]:
    """Somebody else has the port."""
    item = InUse(protocol=protocol, port=port, bind=bind, listens=listens, processes=("java",))
    return {"listening": (), "in_use": (item,)}


@pytest.mark.parametrize(
    ("probe", "became", "verdict", "says"),
    [
        (met(), ANSWERED, "ok", ""),
        (met(seen_as=STRANGER, sent_from=STRANGER), ANSWERED, "translated", "add it to its jsa_address"),
        (met(seen_as=STRANGER), ANSWERED, "translated", f"ep1 sees con1 come from {STRANGER}: NAT on the path"),
        (met(token="mismatch", answered_by="dn1"), NOWHERE, "wrong_host", f"dn1 answers at {EP1}, not ep1"),
        (met(token="mismatch", answered_by="dn1", same_run=False), NOWHERE, "unverifiable", "listeners of another run"),
        (met(token=None), NOWHERE, "wrong_host", "but not by ep1"),
        (met(token=None), ARRIVED, "network", "the answer is lost"),
        # The two ends together.
        (SILENT, NOWHERE, "network", "it does not reach ep1: a device on the path drops it"),
        (REFUSED, NOWHERE, "network", "a device on the path rejects it with the address of ep1"),
        (BY_HOST, NOWHERE, "network", "with the address of ep1"),
        (SILENT, ARRIVED, "host_firewall", "it reaches ep1, and ep1's own firewall drops it"),
        (REFUSED, ARRIVED, "host_firewall", "ep1's own firewall rejects it"),
        (BY_HOST, ARRIVED, "host_firewall", "ep1's own firewall rejects it"),
        (SILENT, ANSWERED, "network", "the answer does not reach con1"),
        (BY_ROUTER, NOWHERE, "network", f"{ROUTER}, on the path to ep1, rejects it"),
        (BY_SELF, NOWHERE, "host_firewall", "con1's own firewall rejects the packets that it sends"),
        ({"result": "unreachable", "error": "no route"}, NOWHERE, "network", f"{EP1} cannot be reached: no route"),
        # Nobody can know.
        (None, NOWHERE, "unverifiable", "con1 returned no result"),
        ({"result": "unavailable", "error": "no memory"}, NOWHERE, "unverifiable", "could not probe: no memory"),
        ({"result": "no_answer", "rate_limited": True}, NOWHERE, "unverifiable", "the peer limits the rate"),
        (SILENT, UNWATCHED, "unverifiable", "which is not known, or one on the path"),
    ],
)
def test_listeners_of_ours(probe: dict[str, Any] | None, became: str, verdict: str, says: str) -> None:
    found = diagnose(probe, became)
    assert (found.verdict, says in found.reason) == (verdict, True), found


@pytest.mark.parametrize(
    ("as_planned", "verdict", "says"),
    [
        (True, "network", "no answer, and ep1's own firewall accepts it"),
        (False, "unverifiable", "which differs from the plan, or one on the path"),
    ],
)
def test_nobody_watched(as_planned: bool, verdict: str, says: str) -> None:
    found = diagnose(SILENT, UNWATCHED, firewall_as_planned=as_planned)
    assert (found.verdict, says in found.reason) == (verdict, True), found


def test_no_listeners() -> None:
    found = diagnose(SILENT, why_none="no space left")
    assert (found.verdict, found.reason) == ("unverifiable", "ep1 has no temporary listeners: no space left")
    found = diagnose(SILENT, stood=False)
    assert found.verdict == "unverifiable" and "increase jsa_preflight_seconds" in found.reason
    found = diagnose(SILENT, listening=(), not_bound=(NotBound(protocol="tcp", port=32006, why="permission denied"),))
    assert found.verdict == "unverifiable" and found.reason.endswith("permission denied")


def test_a_packet_from_somebody_unknown_may_be_this_one() -> None:
    found = diagnose(SILENT, ARRIVED, arrived_from=STRANGER)
    assert found.verdict == "unverifiable"


class TestPortsInUse:
    @pytest.mark.parametrize(
        ("probe", "became", "verdict", "says"),
        [
            ({"result": "open"}, ARRIVED, "ok", "in use by java, which answers"),
            (SILENT, NOWHERE, "network", "it does not reach ep1"),
            (SILENT, ARRIVED, "unverifiable", "java has the port: it or ep1's own firewall"),
            (BY_HOST, ARRIVED, "host_firewall", "ep1's own firewall rejects it"),
        ],
    )
    def test_tcp(self, probe: dict[str, Any], became: str, verdict: str, says: str) -> None:
        found = diagnose(probe, became, **busy("tcp", 32006))
        assert (found.verdict, says in found.reason) == (verdict, True), found

    @pytest.mark.parametrize(
        ("probe", "verdict", "says"),
        [
            ({"result": "open"}, "ok", "in use by java"),
            (MUTE, "unverifiable", "does not answer unknown clients"),
            # Its question is not one that is watched for, so that nobody knows whether it arrived.
            (BY_HOST, "host_firewall", "ep1's own firewall rejects it"),
            ({"result": "refused", "by": EP1}, "unverifiable", "on another address only, or a firewall"),
            (REFUSED, "unverifiable", "on another address only, or a firewall"),
            (BY_ROUTER, "network", ROUTER),
        ],
    )
    def test_udp(self, probe: dict[str, Any], verdict: str, says: str) -> None:
        found = diagnose(probe, NOWHERE, "udp", 123, firewall_as_planned=True, **busy("udp", 123))
        assert (found.verdict, says in found.reason) == (verdict, True), found

    def test_on_loopback_or_by_a_connection(self) -> None:
        found = diagnose(SILENT, **busy("tcp", 32006, bind="loopback"))
        assert found.verdict == "unverifiable" and "on loopback only" in found.reason
        found = diagnose(SILENT, **busy("tcp", 32006, listens=False))
        assert found.verdict == "unverifiable" and "try again" in found.reason


@pytest.mark.parametrize(("probe", "verdict"), [({"result": "open"}, "ok"), (SILENT, "unverifiable")])
def test_pings(probe: dict[str, Any], verdict: str) -> None:
    assert diagnose(probe, protocol="icmp", port=None).verdict == verdict
