# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan tells about the site's choices, and what it warns of."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._plan.document import dump_plan, parse_plan
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.plan_table import plan_table
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import EVERY_ROLE, NO_NETWORKS, planner

SMALL = {"con1": "jsa_console", "ep1": "jsa_event_processors"}
EVERYTHING = ["high", "medium", "low"]


def choices(groups: dict[str, str] | None = None, **deployment: Any) -> list[str]:
    return list(planner(groups or SMALL, **deployment).plan().choices)


def warnings(groups: dict[str, str], hosts: Any = None, **deployment: Any) -> list[str]:
    deployment.setdefault("jsa_dynamic_ports", "none")
    deployment["jsa_networks"] = {**deployment.get("jsa_networks", NO_NETWORKS), "admin": "any"}
    return list(planner(groups, hosts, **deployment).plan().warnings)


class TestChoices:
    @pytest.mark.parametrize(
        ("chosen", "words"),
        [
            (None, ["jsa_data_ports is paired", "32000-33999/tcp is open between two hosts that exchange", "closed"]),
            ("range", ["jsa_data_ports is range", "between any two hosts", "paired closes it there"]),
            ("listed", ["jsa_data_ports is listed", "only the ports with an entry", "paired opens them"]),
        ],
    )
    def test_the_data_ports(self, chosen: str | None, words: list[str]) -> None:
        first = choices(jsa_data_ports=chosen)[0]
        for word in words:
            assert word in first

    def test_containers_of_apps_share_a_part_of_the_range(self) -> None:
        (text,) = [text for text in choices(EVERY_ROLE, jsa_data_ports="range") if "containers" in text]
        assert text.startswith("on app1, con1, 32768-33999 of this range")
        # Nothing of the range is open on an app host that exchanges no data.
        (text,) = [text for text in choices(EVERY_ROLE) if "containers" in text]
        assert text.startswith("on con1, ")
        assert not any("containers" in text for text in choices(EVERY_ROLE, jsa_data_ports="listed"))

    def test_what_low_confidence_leaves_closed(self) -> None:
        (text,) = [text for text in choices(EVERY_ROLE) if "jsa_confidence" in text]
        assert text.startswith("jsa_confidence is high, medium: closed are ")
        for part in ("postgres (low, 5432/tcp)", "rmi (low, 9913/tcp)", "rm_internal (low, 15432/tcp)"):
            assert part in text
        # Without a Risk Manager there is nothing to close for one; what nobody opens is not told either.
        (text,) = [text for text in choices() if "jsa_confidence" in text]
        assert "rm_internal" not in text and "ecs_soap" not in text and "rpcbind" not in text

    def test_what_low_confidence_opens(self) -> None:
        (text,) = [text for text in choices(EVERY_ROLE, jsa_confidence=EVERYTHING) if "jsa_confidence" in text]
        assert text.startswith("jsa_confidence is high, medium, low: open are ")
        assert "postgres (low, 5432/tcp)" in text and "no source is sure" in text

    def test_they_are_in_the_file_and_below_the_table(self) -> None:
        plan = planner(SMALL).plan()
        assert parse_plan(dump_plan(plan), "plan.json").choices == plan.choices
        table = plan_table(plan, ["con1"])
        assert " ".join(table.split()).endswith(" ".join(" ".join(plan.choices).split()))
        assert max(map(len, table.splitlines())) <= 120
        assert plan_table(plan, []) == ""


class TestWarnings:
    def test_none(self) -> None:
        assert warnings(SMALL) == []

    def test_two_app_hosts(self) -> None:
        groups = {**SMALL, "app1": "jsa_app_hosts", "app2": "jsa_app_hosts"}
        (warning,) = warnings(groups)
        assert warning.startswith("app1, app2 all have the role app_host") and "one app host" in warning
        assert warnings({**SMALL, "app1": "jsa_app_hosts"}) == []

    def test_an_app_host_and_its_secondary_are_one(self) -> None:
        pair = {"app1": {"jsa_ha_peer": "app2", "jsa_ha_virtual_address": "10.0.0.99"}}
        assert warnings({**SMALL, "app1": "jsa_app_hosts", "app2": "jsa_app_hosts"}, pair) == []

    @pytest.mark.parametrize(
        ("release", "told"),
        [("7.5.0 UP5", False), ("7.5.0 UP6", True), ("7.5.0 UP8 IF03", True), (None, True), ("2014.6", False)],
    )
    def test_a_scanner_after_its_end(self, release: str | None, told: bool) -> None:
        groups = {**SMALL, "vs1": "jsa_vulnerability_scanners"}
        found = [text for text in warnings(groups, jsa_release=release) if text.startswith("vs1: ")]
        assert len(found) == told
        if told:
            assert "7.5.0 UP6" in found[0] and "jsa_release" in found[0]

    @pytest.mark.parametrize(("network", "told"), [(["192.0.2.0/24"], True), ("none", False)])
    def test_smux_that_listens_on_loopback(self, network: Any, told: bool) -> None:
        networks = {**NO_NETWORKS, "log_sources": network}
        found = warnings(SMALL, {"ep1": {"jsa_features": ["snmp_agent"]}}, jsa_networks=networks)
        assert len(found) == told
        if told:
            assert found[0].startswith("ep1: 199/tcp (snmp_smux) is open to log_sources") and "loopback" in found[0]
        assert warnings(SMALL, jsa_networks=networks) == []

    def test_a_feature_that_opens_nothing(self) -> None:
        hosts = {"con1": {"jsa_features": ["nfs_export", "snmp_agent"]}}
        (warning,) = warnings(SMALL, hosts)
        assert warning.startswith("con1: the feature nfs_export opens nothing") and "rpcbind is low" in warning
        assert warnings(SMALL, hosts, jsa_confidence=EVERYTHING) == []
