# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One look at each host gives the verdicts that one question after the other gives, whatever is wrong there."""

from __future__ import annotations

import random

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._check.asking import first_questions, left_questions
from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import HostObservation, Socket
from ansible_collections.jsa.ports.plugins.plugin_utils._check.paths import OwnAddress, Path, PathKey, PathsSeen
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import Diagnosis, Verdict
from ansible_collections.jsa.ports.plugins.plugin_utils._check.virtual import VirtualAddresses
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.expectations import Expectations
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import Probe
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.observed import PROBE_RESULTS, ProbeAnswer, ProbesSeen
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.scope import Scope
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import Plan
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils import deployments
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.sightings import observation, passage, path, socket

GROUPS = {
    "con1": "jsa_console",
    "con2": "",
    "ep1": "jsa_event_processors",
    "dn1": "jsa_data_nodes",
    "ec1": "jsa_event_collectors",
}
NAMES = list(GROUPS)
VIRTUAL = "10.0.0.99"
PAIR = {"con1": {"jsa_ha_peer": "con2", "jsa_ha_virtual_address": VIRTUAL}}


@pytest.fixture(scope="module", name="plan")
def fixture_plan() -> Plan:
    return deployments.Plan(GROUPS, PAIR).plan


class World:
    """Hosts with any faults. Asked the same, they answer the same, however often and in whatever order."""

    def __init__(self, plan: Plan, seed: int) -> None:
        draw = random.Random(seed)
        self._seed = seed
        self.plan = replace(
            plan,
            hosts={
                name: replace(
                    host,
                    listeners=tuple(
                        replace(one, required=one.required and draw.random() > 0.3) for one in host.listeners or ()
                    ),
                )
                for name, host in plan.hosts.items()
            },
        )
        holder = draw.choice(["con1", "con2", None])
        self._addresses = {name: [deployments.address_of(name, GROUPS)] for name in NAMES}
        if holder:
            self._addresses[holder].append(VIRTUAL)
        self._sockets = {name: self._listening(name, draw) for name in NAMES}
        #: Nobody looked there.
        self._blind = draw.choice([*NAMES, None])

    def _listening(self, name: str, draw: random.Random) -> list[Socket]:
        found = {}
        for one in self.plan.hosts[name].listeners or ():
            bind = draw.choice(["network", "network", "network", "loopback", None])
            if one.ports[0] == one.ports[1] and bind:
                found[one.protocol, one.ports[0]] = socket(one.ports[0], bind, one.protocol)
        for port in draw.sample(range(20000, 34000), 3):
            found["tcp", port] = socket(port, status="unlisted")
        return list(found.values())

    def looked(self) -> dict[str, HostObservation]:
        found = {}
        for name in NAMES:
            own = dict.fromkeys(self._addresses[name], 24)
            found[name] = observation(None if name == self._blind else self._sockets[name], addresses=own)
        return found

    def answer(self, name: str, probe: Probe) -> ProbeAnswer:
        draw = random.Random(f"{self._seed} {name} {probe.address} {probe.protocol} {probe.port}")
        result = draw.choice([*PROBE_RESULTS, *["open"] * 6])
        # Where something may be asked again: repeated at leisure, such a probe gets its answer.
        limited = result == "no_answer" and draw.random() < 0.5 and not probe.recheck and probe.is_open is not False
        address = draw.choice([probe.address, "10.9.9.9", None]) if result in ("prohibited", "unreachable") else None
        ends = {"address": probe.address, "protocol": probe.protocol, "port": probe.port}
        return ProbeAnswer(**ends, result=result, by=address, rate_limited=limited)

    def path(self, name: str, key: PathKey) -> Path:
        draw = random.Random(f"{self._seed} {name} {key}")
        words = ("accept", "accept", "accept", "drop", "unknown")
        question, response = (passage(draw.choice(words), "some rule") for _packet in range(2))
        role, own, peer, protocol, port = key
        ends = {"role": role, "own": own, "peer": peer, "protocol": protocol, "port": port}
        return replace(path(question, response, route=draw.random() > 0.2), **ends)

    def paths(self, name: str, keys: Iterable[PathKey]) -> PathsSeen:
        own = tuple(OwnAddress(address=address, prefix=24) for address in self._addresses[name])
        return PathsSeen(addresses=own, flows=tuple(self.path(name, key) for key in dict.fromkeys(keys)))

    def serves(self, name: str, key: PathKey) -> bool:
        if name == self._blind:
            return True
        return any((one.protocol, one.port, one.bind) == (key[3], key[4], "network") for one in self._sockets[name])


def expectations(plan: Plan, seen: Mapping[str, HostObservation]) -> Expectations:
    return Expectations(plan, NAMES, Scope(), VirtualAddresses(plan, seen).holders())


def verdicts(world: World, seen: Mapping[str, HostObservation]) -> list[Verdict]:
    expected = expectations(world.plan, seen)
    exposed = {name: one.exposed for name, one in seen.items()}
    return Diagnosis(world.plan, seen).verdicts([*expected.wanted(), *expected.unwanted(exposed)])


def left(world: World, seen: Mapping[str, HostObservation]) -> tuple[dict[str, list[Probe]], dict[str, list[PathKey]]]:
    found = left_questions(world.plan, expectations(world.plan, seen), seen, VirtualAddresses(world.plan, seen))
    return dict(found.probes), dict(found.looks)


def one_after_the_other(world: World) -> dict[str, HostObservation]:
    """First the sockets, then the probes, then the closer looks, each at all hosts."""
    seen = world.looked()
    probes, _looks = left(world, seen)
    for name, own in probes.items():
        answers = tuple(world.answer(name, probe) for probe in own)
        seen[name] = replace(seen[name], probes=ProbesSeen(answers=answers))
    nothing_left, looks = left(world, seen)
    assert not any(nothing_left.values())
    return {name: replace(one, paths=world.paths(name, looks[name])) for name, one in seen.items()}


def in_one_look(world: World) -> dict[str, HostObservation]:
    """As jsa.ports.observe does it, and a second call where something is left."""
    seen = world.looked()
    questions = first_questions(world.plan, NAMES, expectations(world.plan, {}), frozenset())
    for name, one in list(seen.items()):
        ahead = [key for key in questions.looks[name] if world.serves(name, key)]
        seen[name] = asked(world, name, one, questions.probes[name], ahead)
    probes, looks = left(world, seen)
    seen = {name: asked(world, name, one, probes[name], looks[name]) for name, one in seen.items()}
    probes, looks = left(world, seen)
    assert not any(probes.values()) and not any(looks.values()), "somebody would have to be asked a third time"
    return seen


def asked(
    world: World, name: str, before: HostObservation, probes: list[Probe], looks: list[PathKey]
) -> HostObservation:
    answers = [world.answer(name, probe) for probe in probes]
    odd: list[PathKey] = [
        ("initiator", probe.own, probe.address, probe.protocol, probe.port)
        for probe, one in zip(probes, answers, strict=True)
        if probe.own and probe.is_open is not None and probe.is_open != (one.result == "open")
    ]
    met, known = ProbesSeen(answers=tuple(answers)), world.paths(name, [*odd, *looks])
    assert before.paths is not None
    return replace(before, probes=before.probes.then(met) if before.probes else met, paths=before.paths.then(known))


@pytest.mark.parametrize("seed", range(10))
def test_the_same_verdicts(plan: Plan, seed: int) -> None:
    world = World(plan, seed)
    slowly, at_once = verdicts(world, one_after_the_other(world)), verdicts(world, in_one_look(world))
    assert len({one.verdict for one in slowly}) > 3
    assert at_once == slowly
