# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What hosts told: nobody who should have been observed is missing without a word, and one host costs no other."""

from __future__ import annotations

import json

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import HostObservation
from ansible_collections.jsa.ports.plugins.plugin_utils._check.observing import observed
from ansible_collections.jsa.ports.plugins.plugin_utils._check.paths import Backlog
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.observed import Unseen, failures
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.sightings import passage

SOCKETS: dict[str, Any] = {
    "changed": False,
    "results": [
        {
            "ids": ["https"],
            "protocol": "tcp",
            "ports": "443",
            "status": "listening",
            "required": True,
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
}
PROBES: dict[str, Any] = {
    "changed": False,
    "results": [
        {"address": "10.0.0.2", "port": 22, "protocol": "tcp", "result": "open", "elapsed_ms": 0.4, "id": "ssh"},
        {"address": "10.0.0.2", "port": None, "protocol": "icmp", "result": "prohibited", "by": "10.0.0.9"},
    ],
}
FIREWALL: dict[str, Any] = {
    "changed": False,
    "as_planned": False,
    "differences": ["lacks in the files, policy jsa-in: accept tcp 22"],
    "openings": [
        {
            "object": "zone public",
            "setting": "service postgresql",
            "protocol": "tcp",
            "ports": "5432",
            "why": ["postgres"],
            "effective": False,
        }
    ],
    "backend": "firewalld",
}
REFUSED = {"decision": "drop", "rule": "r"}
PATHS: dict[str, Any] = {
    "changed": False,
    "addresses": [{"address": "10.0.0.1", "prefix": 24, "interface": "eth0"}],
    "flows": [
        {
            "role": "listener",
            "own": "10.0.0.1",
            "peer": "10.0.0.2",
            "protocol": "tcp",
            "port": 22,
            "question": REFUSED,
            "answer": REFUSED,
            "route": True,
            "half_open": None,
            "backlog": {"waiting": 2, "limit": 1},
            "ignored": False,
        },
        {
            "role": "listener",
            "own": "10.0.0.1",
            "peer": "10.0.0.2",
            "protocol": "icmp",
            "question": REFUSED,
            "answer": REFUSED,
            "route": True,
            "half_open": None,
            "backlog": None,
            "ignored": True,
        },
    ],
    "obstacle": None,
}
ALL = {"sockets": SOCKETS, "firewall": FIREWALL, "probes": PROBES, "paths": PATHS}


def handed_over(**hosts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By part and host, out of the parts by host; what a host lacks is null, as the roles hand it over."""
    return {part: {name: parts.get(part) for name, parts in hosts.items()} for part in ALL}


def look(alive: tuple[str, ...] = (), **hosts: dict[str, Any]) -> dict[str, HostObservation]:
    return observed(handed_over(**hosts), list(hosts), alive)


class TestWhatModulesReturn:
    def test_sockets(self) -> None:
        con1 = look(con1=ALL)["con1"]
        assert con1.listeners is not None and set(con1.listeners) == {("tcp", 443), ("tcp", 514)}
        web, syslog = con1.listeners.values()
        assert (web.process, syslog.process, web.bind) == ("httpd", None, "network")
        assert web.serves("10.0.0.1") and not web.serves("fd00::1")
        assert syslog.serves("10.0.0.8") and not syslog.serves("10.0.0.1")
        assert con1.exposed == [("tcp", 443), ("tcp", 514)]

    def test_probes(self) -> None:
        answers = look(con1=ALL)["con1"].answers
        assert answers["10.0.0.2", 22, "tcp"].result == "open"
        assert answers["10.0.0.2", None, "icmp"].by == "10.0.0.9"

    def test_the_firewall(self) -> None:
        con1 = look(con1=ALL)["con1"]
        assert con1.firewall_as_planned is False
        assert con1.differences == ("lacks in the files, policy jsa-in: accept tcp 22",)
        assert [(one.ports, one.why) for one in con1.openings] == [((5432, 5432), ("postgres",))]

    def test_a_firewall_that_could_not_be_asked(self) -> None:
        told = {"changed": False, "as_planned": None, "reason": "firewalld does not run", "openings": None}
        con1 = look(con1={**ALL, "firewall": told})["con1"]
        assert con1.firewall is not None and con1.firewall.reason == "firewalld does not run"
        assert con1.firewall_as_planned is None and not con1.unseen

    def test_paths(self) -> None:
        con1 = look(con1=ALL)["con1"]
        assert con1.addresses == {"10.0.0.1": 24}
        tcp = con1.path_of["listener", "10.0.0.1", "10.0.0.2", "tcp", 22]
        assert tcp.question == tcp.answer == passage("drop", "r")
        assert (tcp.backlog, tcp.half_open, tcp.ignored) == (Backlog(waiting=2, limit=1), None, False)
        assert con1.path_of["listener", "10.0.0.1", "10.0.0.2", "icmp", None].ignored

    def test_a_kernel_that_does_not_tell_its_addresses(self) -> None:
        assert look(con1={**ALL, "paths": {**PATHS, "addresses": None}})["con1"].addresses is None


class TestWhoWasNotObserved:
    def test_a_host_without_a_result_is_an_error_that_names_it(self) -> None:
        with pytest.raises(InputError) as caught:
            look(("con1", "ep1"), con1=ALL, ep1={"sockets": SOCKETS, "firewall": FIREWALL, "paths": PATHS})
        assert caught.value.problems == ["probes: ep1 has no result of jsa.ports.reachability"]

    def test_results_of_no_host_are_an_error_for_all(self) -> None:
        parts = {**handed_over(con1=ALL, ep1=ALL), "sockets": {}}
        with pytest.raises(InputError) as caught:
            observed(parts, ["con1", "ep1"], ["con1", "ep1"])
        assert len(caught.value.problems) == 2 and all("jsa.ports.listeners" in one for one in caught.value.problems)

    @pytest.mark.parametrize("results", [None, [], "text", 3])
    def test_results_that_are_no_mapping(self, results: Any) -> None:
        with pytest.raises(InputError, match=r"probes: expected the results of jsa\.ports\.reachability by host"):
            observed({"probes": results}, ["con1"], ["con1"])

    def test_an_unreachable_host_is_named_and_no_failure(self) -> None:
        seen = look(("con1",), con1=ALL, ep1={"sockets": {"unreachable": True, "changed": False, "msg": "no route"}})
        unseen = seen["ep1"].unseen
        assert {part: one.kind for part, one in unseen.items()} == {
            "sockets": "unreachable", "firewall": "lost", "probes": "lost", "paths": "lost"
        }  # fmt: skip
        assert {one.reason for one in unseen.values()} == {"no route"}
        assert not failures(unseen)
        assert seen["ep1"].listeners is None and not seen["con1"].unseen

    def test_a_host_that_was_lost_before_is_a_failure(self) -> None:
        unseen = look(("con1",), con1=ALL, ep1={})["ep1"].unseen
        assert set(failures(unseen)) == set(ALL)
        assert unseen["sockets"].reason == "Ansible dropped the host from the play before jsa.ports.listeners ran"

    @pytest.mark.parametrize(
        ("result", "kind", "reason", "failure"),
        [
            ({"failed": True, "msg": "no python"}, "failed", "no python", False),
            # With failed_when: false, as the roles have it.
            ({"changed": False, "failed": False, "msg": "no nft"}, "unanswered", "no nft", True),
            ({"changed": False, "failed": False}, "unanswered", "jsa.ports.packet_path gave no reason", True),
            ({"changed": False, "skipped": True}, "skipped", "the task with jsa.ports.packet_path was skipped", True),
        ],
    )
    def test_a_task_that_said_why(self, result: Any, kind: str, reason: str, failure: bool) -> None:
        unseen = look(("con1",), con1={**ALL, "paths": result})["con1"].unseen
        assert unseen == {"paths": Unseen(kind=kind, reason=reason)}
        assert bool(failures(unseen)) == failure


class TestMalformedAnswers:
    @pytest.mark.parametrize(
        ("part", "place", "value", "told"),
        [
            ("sockets", "ports", "abc", "abc"),
            ("sockets", "ports", "70000", "70000"),
            ("sockets", "addresses", ["nowhere"], "nowhere"),
            ("sockets", "addresses", 3, "expected a list"),
            ("sockets", "bind", "everywhere", "everywhere"),
            ("sockets", "processes", [3], "AttributeError"),
            ("probes", "port", "22", "expected a whole number"),
            ("probes", "port", 0, "outside 1-65535"),
            ("probes", "result", "fine", "'fine' is not one of"),
            ("probes", "protocol", None, "expected a string"),
        ],
    )
    def test_cost_the_host_this_part_and_nobody_else_anything(
        self, part: str, place: str, value: Any, told: str
    ) -> None:
        broken = json.loads(json.dumps(ALL))
        broken[part]["results"][0][place] = value
        seen = look(("con1", "ep1"), con1=broken, ep1=ALL)
        (failure,) = failures(seen["con1"].unseen).values()
        assert failure.kind == "malformed" and told in failure.reason
        assert set(seen["con1"].unseen) == {part}
        assert seen["ep1"] == look(ep1=ALL)["ep1"]

    @pytest.mark.parametrize("part", list(ALL))
    @pytest.mark.parametrize("junk", [None, 3, "x", [], [3], [[]], {"a": 1}])
    def test_of_any_form(self, part: str, junk: Any) -> None:
        key = {"sockets": "results", "probes": "results", "paths": "flows", "firewall": "as_planned"}[part]
        result = {**ALL[part], key: junk}
        if part == "firewall":
            result = {**FIREWALL, "differences": junk, "openings": [junk]}
        seen = look(("con1",), con1={**ALL, part: result})["con1"]
        # An empty list is an answer.
        assert set(failures(seen.unseen)) == (set() if junk == [] and part != "firewall" else {part})

    def test_are_told_in_a_few_lines(self) -> None:
        broken = {**PROBES, "results": [{**PROBES["results"][0], "port": "x"}] * 1000}
        reason = look(con1={**ALL, "probes": broken})["con1"].unseen["probes"].reason
        assert len(reason) < 500 and reason.endswith("and 997 more")

    def test_texts_of_others_cannot_drive_a_terminal(self) -> None:
        hostile = json.loads(json.dumps(ALL))
        hostile["sockets"]["results"][0]["processes"][0]["name"] = "\x1b[2Jroot\ud800"
        hostile["probes"]["results"][0]["error"] = "line\nline"
        hostile["paths"] = {"changed": False, "failed": True, "msg": "\x1b]0;x\x07"}
        con1 = look(con1=hostile)["con1"]
        assert con1.listeners is not None
        assert con1.listeners["tcp", 443].process == "\\x1b[2Jroot\\ud800"
        assert con1.answers["10.0.0.2", 22, "tcp"].error == "line\\nline"
        assert con1.unseen["paths"].reason == "\\x1b]0;x\\x07"
