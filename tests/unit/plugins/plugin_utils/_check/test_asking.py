# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each host is asked for, first and again: two looks give the verdicts that the single steps give."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._check.asking import Questions, first_questions, left_questions
from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import HostObservation, Socket
from ansible_collections.jsa.ports.plugins.plugin_utils._check.paths import PathKey
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import Diagnosis
from ansible_collections.jsa.ports.plugins.plugin_utils._check.virtual import VirtualAddresses
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.expectations import Expectations
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import Probe
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.observed import ProbeAnswer, ProbesSeen, Unseen
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.scope import Scope
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import Plan as Deployment
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import address_of
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.sightings import observation, passage, path, socket

GROUPS = {"con1": "jsa_console", "ep1": "jsa_event_processors", "dn1": "jsa_data_nodes", "ec1": "jsa_event_collectors"}
CON1, EP1 = address_of("con1", GROUPS), address_of("ep1", GROUPS)
NAMES = list(GROUPS)

Results = Callable[[str, Probe], str]


@pytest.fixture(scope="module", name="plan")
def fixture_plan() -> Plan:
    return Deployment(GROUPS).plan


def expectations(plan: Plan) -> Expectations:
    return Expectations(plan, NAMES, Scope(), {})


def first(plan: Plan, console: Iterable[str] = ()) -> Questions:
    return first_questions(plan, NAMES, expectations(plan), frozenset(console))


def left(plan: Plan, seen: Mapping[str, HostObservation]) -> Questions:
    return left_questions(plan, expectations(plan), seen, VirtualAddresses(plan, seen))


def sound(plan: Plan, name: str, *more: Socket) -> list[Socket]:
    """Everything that has to listen does, and *more*."""
    found = {
        (one.protocol, one.ports[0]): socket(one.ports[0], protocol=one.protocol)
        for one in plan.hosts[name].listeners or ()
        if one.required and one.ports[0] == one.ports[1] and one.bind != "loopback"
    }
    return [*found.values(), *more]


def as_expected(_name: str, probe: Probe) -> str:
    """UDP services do not answer; what has to be closed is rejected."""
    if probe.is_open is False:
        return "prohibited"
    return "open_or_filtered" if probe.protocol == "udp" else "open"


def looked(
    plan: Plan, questions: Questions, results: Results = as_expected, more: Mapping[str, list[Socket]] | None = None
) -> dict[str, HostObservation]:
    """The observations of hosts that answer the first questions as jsa.ports.observe does."""
    found = {}
    for name, probes in questions.probes.items():
        sockets = sound(plan, name, *(more or {}).get(name, ()))
        served = {(one.protocol, one.port) for one in sockets}
        answers = {probe: results(name, probe) for probe in probes}
        odd = [probe for probe, result in answers.items() if probe.is_open not in (None, result == "open")]
        keys: list[PathKey] = [
            ("initiator", probe.own, probe.address, probe.protocol, probe.port) for probe in odd if probe.own
        ]
        keys += [key for key in questions.looks[name] if (key[3], key[4]) in served]
        accepted = path(passage("accept"), passage("accept"))
        found[name] = observation(
            sockets,
            [answer(probe, result) for probe, result in answers.items()],
            True,
            paths=[
                replace(accepted, role=a, own=b, peer=c, protocol=d, port=e) for a, b, c, d, e in dict.fromkeys(keys)
            ],
        )
    return found


def answer(probe: Probe, result: str) -> ProbeAnswer:
    limited = result == "limited"
    return ProbeAnswer(
        address=probe.address,
        protocol=probe.protocol,
        port=probe.port,
        result="no_answer" if limited else result,
        rate_limited=limited,
    )


def test_nobody_is_asked_again_where_everything_is_as_expected(plan: Plan) -> None:
    seen = looked(plan, first(plan))
    questions = left(plan, seen)
    assert questions.hosts == []
    verdicts = Diagnosis(plan, seen).verdicts(expectations(plan).wanted())
    assert {one.verdict for one in verdicts if one.flow.protocol == "tcp"} == {"ok"}


def test_nobody_is_asked_again_where_no_firewall_rejects_anybody(plan: Plan) -> None:
    """The most that can be open although it should not: both ends were evaluated ahead."""
    seen = looked(plan, first(plan), lambda _name, probe: "open" if probe.protocol == "tcp" else "open_or_filtered")
    assert left(plan, seen).hosts == []
    unwanted = list(expectations(plan).unwanted({name: one.exposed for name, one in seen.items()}))
    found = Diagnosis(plan, seen).verdicts(unwanted)
    assert found and {one.verdict for one in found} == {"unexpected_open"}


def test_the_listener_of_a_flow_that_was_lost_is_asked_again(plan: Plan) -> None:
    def results(name: str, probe: Probe) -> str:
        lost = (name, probe.address, probe.port) == ("con1", EP1, 32006)
        return "no_answer" if lost else as_expected(name, probe)

    questions = left(plan, looked(plan, first(plan), results))
    assert questions.hosts == ["ep1"]
    # The initiator knew by itself.
    assert questions.looks["ep1"] == [("listener", EP1, CON1, "tcp", 32006)]
    assert not any(questions.probes.values())


def test_a_port_within_a_range_is_tried_once_somebody_listens(plan: Plan) -> None:
    seen = looked(plan, first(plan), more={"ep1": [socket(21000, status="exposed")]})
    questions = left(plan, seen)
    (witness,) = [name for name, own in questions.probes.items() if own]
    (probe,) = questions.probes[witness]
    assert (probe.address, probe.port, probe.is_open, probe.recheck) == (EP1, 21000, False, False)
    # Nobody is asked a third time: the listener evaluates its end with the same call.
    assert set(questions.hosts) == {witness, "ep1"} and questions.looks["ep1"][0][-1] == 21000


def test_what_not_every_deployment_has_counts_only_where_it_runs(plan: Plan) -> None:
    hosts = {
        **plan.hosts,
        "ep1": replace(
            plan.hosts["ep1"],
            listeners=tuple(replace(one, required=one.ports[0] != 32006) for one in plan.hosts["ep1"].listeners or ()),
        ),
    }
    changed = replace(plan, hosts=hosts)
    flows = [one for one in expectations(changed).wanted() if (one.listener, one.port) == ("ep1", 32006)]
    assert flows and not any(one.required for one in flows)
    sent = [one for one in first(changed).probes["con1"] if (one.address, one.port) == (EP1, 32006)]
    assert [(one.is_open, one.recheck) for one in sent] == [(None, False)]

    def results(name: str, probe: Probe) -> str:
        return "limited" if (probe.address, probe.port) == (EP1, 32006) else as_expected(name, probe)

    seen = looked(changed, first(changed), results)
    assert left(changed, seen).hosts == [] and Diagnosis(changed, seen).verdicts(flows) == []
    # Once it runs, silence that may be a rationed ICMP error is worth a repetition.
    seen = looked(changed, first(changed), results, more={"ep1": [socket(32006)]})
    again = left(changed, seen).probes["con1"]
    assert [(one.port, one.is_open, one.recheck) for one in again] == [(32006, True, True)]


def test_udp_of_a_service_that_not_every_deployment_has_waits_until_somebody_listens(plan: Plan) -> None:
    hosts = {
        name: replace(
            host,
            listeners=tuple(
                replace(one, required=one.required and one.protocol != "udp") for one in host.listeners or ()
            ),
        )
        for name, host in plan.hosts.items()
    }
    changed = replace(plan, hosts=hosts)
    assert not [one for own in first(changed).probes.values() for one in own if one.protocol == "udp"]
    seen = looked(changed, first(changed), more={"con1": [socket(514, protocol="udp")]})
    assert {(one.address, one.protocol, one.port) for one in left(changed, seen).probes["ep1"]} == {(CON1, "udp", 514)}


def test_hosts_that_the_console_tests_and_hosts_that_were_lost_are_not_asked(plan: Plan) -> None:
    questions = first(plan, ["ep1"])
    assert set(questions.probes) == {"con1", "dn1", "ec1"}
    # Nobody will have looked what listens there, so that nothing has to be closed.
    assert not [one for own in questions.probes.values() for one in own if one.address == EP1 and one.is_open is False]
    seen = looked(plan, questions)
    lost = Unseen(kind="unreachable", reason="no route")
    seen["ep1"] = HostObservation(unseen={"sockets": lost, "probes": lost})
    assert left(plan, seen).probes["ep1"] == []


def test_an_answer_of_a_second_call_replaces_that_of_the_first() -> None:
    one, other = answer(Probe(EP1, "tcp", 22), "no_answer"), answer(Probe(EP1, "tcp", 23), "open")
    later = replace(one, result="open")
    assert ProbesSeen(answers=(one, other)).then(ProbesSeen(answers=(later,))).answers == (later, other)
