# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which entries apply to a host, and the sentence about why others do not."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._catalog.model import Condition, Entry, Flow
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.applicability import (
    NEVER_OPEN,
    NOT_OPENED,
    Applicability,
    listens,
    ports_of,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._topology.model import Host, Topology

HOST = Host("ep1", frozenset({"event_processor"}), ("10.0.0.2",), features=frozenset({"fips"}))
CONSOLE = Host("con1", frozenset({"console"}), ("10.0.0.1",))


def applicability(**topology: Any) -> Applicability:
    return Applicability.of(Topology({"ep1": HOST, "con1": CONSOLE}, {}, **topology))


def entry(exposure: str = "internal", **more: Any) -> Entry:
    flows = (Flow(("event_processor",), ("console",), "none"),)
    fields: dict[str, Any] = {"confidence": "high", "ports": ((22, 22),), "flows": flows, **more}
    return Entry(id=fields.pop("id", "x"), service="s", purpose="p", protocols=("tcp",), exposure=exposure, **fields)


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        (Condition(), None),
        (Condition(features=("fips",)), None),
        (Condition(features=("fips", "email")), "ep1 does not have the feature email (jsa_features)"),
        (Condition(without_features=("email",)), None),
        (Condition(without_features=("email", "fips")), "ep1 has the feature fips (jsa_features)"),
        (Condition(deployment_roles=("console", "event_processor")), None),
        (Condition(deployment_roles=("console", "app_host", "data_node")), "the deployment has no app_host"),
    ],
)
def test_conditions(condition: Condition, why: str | None) -> None:
    assert applicability().obstacle(condition, HOST) == why


@pytest.mark.parametrize(
    ("release", "begin", "end", "why"),
    [
        ("7.5.0 UP5", None, None, None),
        ("7.5.0 UP6", "7.5.0 UP6", None, None),
        ("7.5.0 UP5", "7.5.0 UP6", None, "it begins with release 7.5.0 UP6, and this is 7.5.0 UP5"),
        ("7.5.0 UP5", None, "7.5.0 UP6", None),
        ("7.5.0 UP6", None, "7.5.0 UP6", "it ended with release 7.5.0 UP6, and this is 7.5.0 UP6"),
        (None, "7.5.0 UP6", None, None),
        (None, None, "7.5.0 UP6",
         "it ended with release 7.5.0 UP6, and this is the newest release (jsa_release is not set)"),
    ],
)  # fmt: skip
def test_releases(release: str | None, begin: str | None, end: str | None, why: str | None) -> None:
    found = applicability(release=release)
    condition = Condition(release_from=begin, release_before=end)
    assert found.release_obstacle(condition) == found.obstacle(condition, HOST) == why


@pytest.mark.parametrize(
    ("one", "topology", "why"),
    [
        (entry(), {}, None),
        (entry(confidence="low"), {"confidences": ("high", "medium")},
         "its confidence is low, and jsa_confidence opens high, medium"),
        (entry(id="data_range"), {"data_ports": "range"}, None),
        (entry(id="data_range"), {"data_ports": "listed"}, "jsa_data_ports is listed"),
        (entry(), {"data_ports": "listed"}, None),
    ],
)  # fmt: skip
def test_what_the_site_leaves_out(one: Entry, topology: dict[str, Any], why: str | None) -> None:
    found = applicability(**topology)
    assert found.selected(one) == found.flow_obstacle(one, one.flows[0], HOST) == why


@pytest.mark.parametrize("exposure", NEVER_OPEN)
def test_what_is_never_open(exposure: str) -> None:
    one = entry(exposure)
    assert applicability().flow_obstacle(one, one.flows[0], HOST) == NOT_OPENED[exposure]


@pytest.mark.parametrize(
    ("whole", "flow", "why"),
    [
        (Condition(), Condition(), None),
        (Condition(features=("a",)), Condition(), "ep1 does not have the feature a (jsa_features)"),
        (Condition(), Condition(features=("b",)), "ep1 does not have the feature b (jsa_features)"),
        (Condition(features=("a",)), Condition(features=("b",)), "ep1 does not have the feature a (jsa_features)"),
    ],
)
def test_conditions_of_an_entry_and_of_its_flow(whole: Condition, flow: Condition, why: str | None) -> None:
    one = entry(when=whole, flows=(Flow(("event_processor",), ("console",), "none", when=flow),))
    assert applicability().flow_obstacle(one, one.flows[0], HOST) == why


@pytest.mark.parametrize(
    ("exposure", "host", "own"),
    [
        ("internal", HOST, True),
        ("local_only", HOST, True),
        ("internal", CONSOLE, False),
        ("outbound", HOST, False),
        ("hardware", HOST, False),
    ],
)
def test_whose_ports_they_are(exposure: str, host: Host, own: bool) -> None:
    assert listens(entry(exposure), host) is own


@pytest.mark.parametrize(
    ("ports_with", "ports"),
    [
        ({}, ((22, 22),)),
        ({"fips": ((23, 23),)}, ((23, 23),)),
        ({"email": ((24, 24),), "fips": ((23, 23),)}, ((23, 23),)),
    ],
)
def test_ports_that_a_feature_changes(ports_with: dict[str, Any], ports: tuple[tuple[int, int], ...]) -> None:
    assert ports_of(entry(ports_with=ports_with), HOST) == ports
    assert ports_of(entry(ports_with=ports_with), CONSOLE) == ((22, 22),)
