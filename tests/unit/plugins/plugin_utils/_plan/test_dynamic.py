# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ports that a broker told, in the plan: what is taken in, from whom, and what is not."""

from __future__ import annotations

import json

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.module_utils._ports import format_ports
from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.model import Discoveries, Discovery, Found
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.changes import plan_changes
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.asking import Question
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.compute import Planner
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.document import dump_plan, parse_plan
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.dynamic import stale_discoveries
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.model import DiscoveredService, Plan
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.why import why
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import NO_NETWORKS, read

GROUPS = {"con1": "jsa_console", "ep1": "jsa_processors", "ec1": "jsa_event_collectors"}
AT = "2026-11-25T05:00:00Z"
NOW = 1_795_582_800.0


def look(*services: tuple[str, int], kind: str = "imq", age: float = 0.0, **more: Any) -> Discovery:
    found = tuple(sorted(Found(name, kind, "tcp", port) for name, port in services))
    return Discovery(found, more.get("failures", {}), frozenset([kind]), AT, NOW - age)


NETWORKS: dict[str, Any] = {**NO_NETWORKS, "admin": ["192.0.2.0/28"]}


def planner(by_host: dict[str, Discovery], hosts: Any = None, **deployment: Any) -> Planner:
    deployment.setdefault("jsa_networks", NETWORKS)
    deployment.setdefault("jsa_dynamic_ports", "discovered")
    deployment.setdefault("jsa_data_ports", "listed")
    topology, problems = read(GROUPS, hosts, **deployment)
    assert problems == []
    return Planner(topology, Discoveries(NOW, by_host))


def rules(plan: Plan, host: str, key: str = "inbound") -> dict[str, Any]:
    found = getattr(plan.hosts[host], key)
    return {format_ports(rule.ports): rule for rule in found if rule.ports and "imq_dynamic" in rule.why}


EP1 = {"ep1": look(("admin", 43691), ("cluster", 36615), ("jms", 7677))}


def test_accepted_from_the_sources_of_the_entry_and_refused_to_others() -> None:
    plan = planner({**EP1, "ec1": look()}).plan()
    assert {ports: rule.sources for ports, rule in rules(plan, "ep1").items()} == {
        "36615": ("10.0.0.1/32",),
        "43691": ("10.0.0.1/32",),
    }
    assert set(rules(plan, "ep1", "refused")) == {"36615", "43691"}
    assert rules(plan, "ec1") == rules(plan, "con1") == {}
    (item,) = plan.hosts["ep1"].dynamic
    # 7677 is outside of what the entry says of its random ports, and another entry's.
    assert item.discovered == (
        DiscoveredService(service="admin", protocol="tcp", port=43691),
        DiscoveredService(service="cluster", protocol="tcp", port=36615),
    )
    assert item.discovered_at == AT
    listeners = [entry for entry in plan.hosts["ep1"].listeners or () if entry.id == "imq_dynamic"]
    assert [(entry.ports, entry.bind, entry.required, entry.service) for entry in listeners] == [
        ((43691, 43691), "network", True, "OpenMQ broker (IMQ), random ports: admin"),
        ((36615, 36615), "network", True, "OpenMQ broker (IMQ), random ports: cluster"),
    ]
    assert all(set(entry.source_classes) <= set(plan.source_classes) for entry in listeners)
    assert plan.warnings == ()


def test_without_the_variable_nothing_changes_to_the_byte() -> None:
    topology, _problems = read(GROUPS, jsa_networks=NETWORKS, jsa_data_ports="listed", jsa_dynamic_ports="none")
    plain = dump_plan(Planner(topology).plan())
    assert dump_plan(Planner(topology, Discoveries(NOW, EP1)).plan()) == plain
    assert dump_plan(planner(EP1, jsa_dynamic_ports="none").plan()) == plain
    assert "discovered" not in plain


def test_each_port_mapper_answers_for_its_own_entry() -> None:
    """Both answer on a console; what rpcbind tells is none of the broker's ports, nor of another protocol's."""
    told = (
        Found("admin", "imq", "tcp", 43691),
        Found("jms", "imq", "udp", 43692),
        Found("mountd", "rpcbind", "tcp", 43693),
    )
    both = Discovery(told, {}, frozenset(["imq", "rpcbind"]), AT, NOW)
    plan = planner({"ep1": both, "ec1": look()}).plan()
    assert set(rules(plan, "ep1")) == {"43691"}


def test_a_port_in_the_data_range_is_left_to_it() -> None:
    plan = planner({"ep1": look(("admin", 32900)), "ec1": look()}, jsa_data_ports="range").plan()
    (rule,) = rules(plan, "ep1").values()
    assert (rule.ports, "data_range" in rule.why) == ((32000, 33999), True)


@pytest.mark.parametrize(
    ("by_host", "says"),
    [
        ({}, ["ep1", "ec1", "the dynamic ports are not known"]),
        ({"ep1": look(("admin", 43691), age=7300), "ec1": look()}, ["ep1 (2.0 hours old)", "3600 s"]),
        ({"ep1": look(("admin", 43691), age=3601), "ec1": look()}, ["ep1 (3601 s old)"]),
        (
            {"ep1": look(("admin", 43691), age=-4000), "ec1": look()},
            ["ep1 (discovered 4000 s in the future: a clock is wrong)"],
        ),
        ({"ep1": look(failures={"imq": "it is down"}), "ec1": look()}, ["ep1: imq_dynamic", "it is down"]),
        ({"ep1": look(("mountd", 43691), kind="rpcbind"), "ec1": look()}, ["ep1: the dynamic ports are not known"]),
    ],
)
def test_what_is_not_used_is_told(by_host: dict[str, Discovery], says: list[str]) -> None:
    plan = planner(by_host).plan()
    assert rules(plan, "ep1") == {}
    assert plan.hosts["ep1"].dynamic[0].discovered is None
    (warning,) = plan.warnings
    assert all(part in warning for part in says), warning
    assert "con1" not in warning


def test_who_does_not_choose_is_told_of_each_host_that_the_row_means() -> None:
    """Row 24 wants the random ports open to the console on every host that is not encrypted."""
    topology, _problems = read(GROUPS, {"ec1": {"jsa_encrypted": True}}, jsa_networks=NETWORKS)
    plan = Planner(topology).plan()
    (warning,) = plan.warnings
    assert warning.startswith("ep1: row 24")
    assert "imq_dynamic" in warning and "jsa_dynamic_ports to discovered" in warning and "jsa.ports.discover" in warning
    assert not any("imq_dynamic" in rule.why for rule in plan.hosts["ep1"].inbound)


@pytest.mark.parametrize(
    ("hosts", "deployment"),
    [
        ({"con1": {"jsa_encrypted": True}}, {}),
        ({"ep1": {"jsa_encrypted": True}, "ec1": {"jsa_encrypted": True}}, {}),
        ({}, {"jsa_dynamic_ports": "none"}),
    ],
)
def test_nobody_is_told_where_nothing_is_to_be_opened(hosts: Any, deployment: dict[str, Any]) -> None:
    topology, problems = read(GROUPS, hosts, jsa_networks=NETWORKS, **deployment)
    assert (problems, Planner(topology).plan().warnings) == ([], ())


@pytest.mark.parametrize("age", [0, 3600, -299])
def test_what_is_fresh(age: float) -> None:
    assert rules(planner({"ep1": look(("admin", 43691), age=age), "ec1": look()}).plan(), "ep1")


def test_another_age() -> None:
    plan = planner({"ep1": look(("admin", 43691), age=100), "ec1": look()}, jsa_dynamic_ports_max_age="60").plan()
    assert rules(plan, "ep1") == {}


def test_encrypted_hosts_have_nothing_to_open() -> None:
    plan = planner({"ec1": look()}, {"ep1": {"jsa_encrypted": True}}).plan()
    assert (plan.hosts["ep1"].dynamic, plan.warnings) == ((), ())


def test_rpcbind_opens_no_port_that_is_somebody_elses() -> None:
    found = {
        "con1": look(("mountd", 20048), ("nfs", 2049), ("evil", 5432), ("low", 1023), kind="rpcbind"),
        "ep1": look(),
        "ec1": look(),
    }
    networks = {**NO_NETWORKS, "users": ["192.0.2.0/24"]}
    everything = ["high", "medium", "low"]
    features = {"con1": {"jsa_features": ["nfs_export"]}}
    plan = planner(found, features, jsa_networks=networks, jsa_confidence=everything).plan()
    opened = {rule.ports: rule.sources for rule in plan.hosts["con1"].inbound if rule.why == ("rpcbind",)}
    assert set(opened) == {(111, 111), (2049, 2049), (20048, 20048)}
    assert "192.0.2.0/24" in opened[20048, 20048]
    assert [text for text in plan.warnings if "evil" in text] == [
        "con1: evil claims 5432/tcp, which belongs to postgres: not opened"
    ]
    (postgres,) = [rule for rule in plan.hosts["con1"].inbound if rule.ports == (5432, 5432)]
    assert "192.0.2.0/24" not in postgres.sources


def test_a_saved_plan_carries_it() -> None:
    plan = planner({**EP1, "ec1": look()}).plan()
    saved = parse_plan(dump_plan(plan), "plan.json")
    assert saved == plan
    assert not plan_changes(saved, plan)
    assert (43691, 43691) in [flow.ports for flow in plan_changes(saved, planner({}).plan()).removed]
    assert stale_discoveries(saved, 3600, NOW) == []
    assert stale_discoveries(saved, 3600, NOW + 3601) == [
        f"ec1 (imq_dynamic, found {AT})",
        f"ep1 (imq_dynamic, found {AT})",
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"discovered_at": "yesterday"}, r"dynamic\[0\].discovered_at: 'yesterday' is not a time"),
        ({"discovered_at": "2026-13-25T05:00:00Z"}, "is not a time"),
        ({"discovered_at": None}, r"dynamic\[0\]: discovered_at is missing"),
        ({"discovered": 1}, "discovered: expected a list"),
        ({"discovered": [1]}, r"discovered\[0\]: expected a mapping"),
        ({"discovered": [{"service": "x", "protocol": "tcp", "port": 0}]}, r"discovered\[0\].port: 0 is outside"),
    ],
)
def test_a_damaged_one_is_refused(change: dict[str, Any], says: str) -> None:
    document = planner({**EP1, "ec1": look()}).plan().as_dict()
    document["hosts"]["ep1"]["dynamic"][0].update(change)
    with pytest.raises(InputError, match=says):
        parse_plan(json.dumps(document), "plan.json")


def test_why_it_is_open() -> None:
    with_ports = planner({**EP1, "ec1": look()})
    answer = why(with_ports, with_ports.plan(), Question("con1", "ep1", "43691/tcp"))
    assert (answer.decision, [entry.id for entry in answer.entries]) == ("accepted", ["imq_dynamic"])
    without = planner({})
    refused = why(without, without.plan(), Question("con1", "ep1", "43691/tcp"))
    (denied,) = [item for item in refused.not_by if item.id == "imq_dynamic"]
    assert "chooses its ports itself" in denied.reason


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("jsa_dynamic_ports", "yes"),
        ("jsa_dynamic_ports_max_age", "soon"),
        ("jsa_dynamic_ports_max_age", 0),
        ("jsa_dynamic_ports_max_age", True),
        ("jsa_dynamic_ports_max_age", -1),
        ("jsa_dynamic_ports_max_age", "1.5"),
        ("jsa_dynamic_ports_max_age", "٣"),
    ],
)
def test_mistakes_name_the_variable(variable: str, value: Any) -> None:
    _topology, problems = read(GROUPS, **{variable: value})
    assert [problem for problem in problems if problem.startswith(f"{variable}:")] == problems != []
