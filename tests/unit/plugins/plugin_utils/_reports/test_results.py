# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is written for machines: every verdict in JSON, and JUnit that says what failed and what nobody knows."""

from __future__ import annotations

import json
import math
import xml.etree.ElementTree as ET

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.verdict import FlowVerdict, in_order
from ansible_collections.jsa.ports.plugins.plugin_utils._reports import check_table as check
from ansible_collections.jsa.ports.plugins.plugin_utils._reports import preflight_table as preflight
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.results import ResultFormat

RESULT = ResultFormat("jsa_port_check", 1, ("service_down", "network", "unverifiable", "ok"))


def verdict(
    word: str, reason: str, port: int | None = 32006, protocol: str = "tcp", listener: str = "ep1"
) -> FlowVerdict:
    return FlowVerdict(
        ExpectedFlow("con1", listener, "10.0.0.2", protocol, port, ("a", "b"), "Ariel", True), word, reason
    )


VERDICTS = [
    verdict("service_down", "no service listens on this port on ep1"),
    verdict("unverifiable", "UDP got no answer", 514, "udp"),
    verdict("ok", "", 22),
    verdict("ok", "in use by sshd, which answers", 22),
    verdict("network", 'a "reason" <with> & marks', None, "icmp", "dn1"),
]

JUNIT = """<?xml version="1.0" encoding="utf-8"?>
<testsuites name="jsa_port_check">
  <testsuite name="dn1" tests="1" failures="1" errors="0" skipped="0">
    <testcase classname="jsa_port_check.dn1" name="icmp from con1 (a, b)">
      <failure message="network: a &quot;reason&quot; &lt;with&gt; &amp; marks" type="network" />
    </testcase>
  </testsuite>
  <testsuite name="ep1" tests="4" failures="0" errors="0" skipped="1">
    <testcase classname="jsa_port_check.ep1" name="tcp 32006 from con1 (a, b)">
      <system-out>service_down: no service listens on this port on ep1</system-out>
    </testcase>
    <testcase classname="jsa_port_check.ep1" name="udp 514 from con1 (a, b)">
      <skipped message="unverifiable: UDP got no answer" />
    </testcase>
    <testcase classname="jsa_port_check.ep1" name="tcp 22 from con1 (a, b)" />
    <testcase classname="jsa_port_check.ep1" name="tcp 22 from con1 (a, b)">
      <system-out>ok: in use by sshd, which answers</system-out>
    </testcase>
  </testsuite>
</testsuites>
"""


def test_junit() -> None:
    assert RESULT.as_junit(VERDICTS, ["network"]) == JUNIT


def test_what_cannot_be_known_fails_where_that_is_wanted() -> None:
    root = ET.fromstring(RESULT.as_junit(VERDICTS, ["unverifiable"]))
    assert [case.get("type") for case in root.iter("failure")] == ["unverifiable"]
    assert not list(root.iter("skipped"))


def test_control_characters_of_others_break_neither_form() -> None:
    forged = verdict("network", "answered by \x1b[2J\x9b\ud800\uffff", listener="ep\x00")
    junit = RESULT.as_junit([forged], ["network"])
    (case,) = ET.fromstring(junit).iter("testcase")
    assert case.get("classname") == "jsa_port_check.ep\\x00"
    assert case.find("failure").get("message") == "network: answered by \\x1b[2J\\x9b\\ud800\\uffff"  # type: ignore[union-attr]
    text = RESULT.as_json([forged], {})
    assert text.isascii()
    assert json.loads(text)["verdicts"][0]["reason"] == "answered by \\x1b[2J\\x9b\\ud800\\uffff"


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=12)


@given(
    flows=st.lists(st.tuples(st.sampled_from(RESULT.words), ANY_TEXT, ANY_TEXT), max_size=4),
    names=st.tuples(ANY_TEXT, ANY_TEXT),
    fail_on=st.sets(st.sampled_from(RESULT.words)),
)
def test_both_forms_can_always_be_read(
    flows: list[tuple[str, str, str]], names: tuple[str, str], fail_on: set[str]
) -> None:
    """CI loses the whole result of a run where one name or reason makes it a file that no reader takes."""
    initiator, service = names
    verdicts = [
        FlowVerdict(ExpectedFlow(initiator, listener, "10.0.0.2", "tcp", 1, (service,), service, True), word, reason)
        for word, listener, reason in flows
    ]
    junit = RESULT.as_junit(verdicts, fail_on)
    root = ET.fromstring(junit.encode("utf-8"))
    assert len(list(root.iter("testcase"))) == len(flows)
    assert len(list(root.iter("failure"))) == sum(word in fail_on for word, _listener, _reason in flows)
    document = json.loads(RESULT.as_json(verdicts, {initiator: {"reason": service, "value": math.nan}}))
    assert [one["verdict"] for one in document["verdicts"]] == [word for word, _listener, _reason in flows]
    # Whatever it is, another reader can read it, too.
    assert json.dumps(document, ensure_ascii=False).encode("utf-8")


@pytest.mark.parametrize("verdicts", [[], VERDICTS])
@pytest.mark.parametrize("hosts", [{}, {"ep1": {}, 'c"1': {"ports": [1, 2], "seen": {}}}])
def test_json_is_as_written_in_one_piece(verdicts: list[FlowVerdict], hosts: dict[str, Any]) -> None:
    text = RESULT.as_json(verdicts, hosts, scope={"name": "full", "hosts": ["a"]})
    assert text == json.dumps(json.loads(text), indent=1) + "\n"
    assert json.loads(text)["hosts"] == hosts and len(json.loads(text)["verdicts"]) == len(verdicts)


def test_json() -> None:
    document = json.loads(RESULT.as_json(VERDICTS, {"ep1": {}}, scope={"name": "full"}))
    assert list(document) == ["version", "summary", "scope", "verdicts", "hosts"]
    assert document["summary"] == {"service_down": 1, "network": 1, "unverifiable": 1, "ok": 2}
    assert document["verdicts"][0] == {
        "verdict": "service_down",
        "from": "con1",
        "to": "ep1",
        "address": "10.0.0.2",
        "protocol": "tcp",
        "entries": ["a", "b"],
        "service": "Ariel",
        "reason": "no service listens on this port on ep1",
        "port": 32006,
    }
    assert "port" not in document["verdicts"][4]


@pytest.mark.parametrize(
    ("verdicts", "line"),
    [(VERDICTS, "5 flows: 1 service_down, 1 network, 1 unverifiable, 2 ok"), ([], "0 flows: 0 ok")],
)
def test_summary_line(verdicts: list[FlowVerdict], line: str) -> None:
    assert RESULT.summary_line(verdicts) == line


def test_worst_first_then_by_listener_and_port() -> None:
    words = [(item.verdict, item.flow.listener, item.flow.port) for item in in_order(reversed(VERDICTS), RESULT.words)]
    assert words == [
        ("service_down", "ep1", 32006),
        ("network", "dn1", None),
        ("unverifiable", "ep1", 514),
        ("ok", "ep1", 22),
        ("ok", "ep1", 22),
    ]


def test_check_and_preflight_write_under_names_of_their_own() -> None:
    assert (check.RESULT.name, check.RESULT.version) == ("jsa_port_check", 1)
    assert (preflight.RESULT.name, preflight.RESULT.version) == ("jsa_preflight", 1)
