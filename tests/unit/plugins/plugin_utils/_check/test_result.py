# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""port_check.json, read back and compared with an earlier one."""

from __future__ import annotations

import json

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._check.result import (
    CheckedHost,
    CheckResult,
    compare,
    parse_result,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import Verdict
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.check_table import RESULT


def verdict(word: str, initiator: str = "ec1", port: int | None = 443, reason: str = "") -> Verdict:
    flow = ExpectedFlow(
        initiator, "con1", "10.0.0.1", "tcp" if port else "icmp", port, ("https",), "Apache", True,
        word != "unexpected_open",
    )  # fmt: skip
    return Verdict(flow, word, reason, ("deploy times out",) if word == "network" else ())


def item(**more: Any) -> dict[str, Any]:
    return {"verdict": "ok", "from": "ec1", "to": "con1", "address": "10.0.0.1", "protocol": "tcp", "port": 443, **more}


def text(*items: Any, **more: Any) -> str:
    return json.dumps({"version": 1, "verdicts": list(items), **more})


def result(*items: Verdict, observed: bool = True) -> CheckResult:
    host = {"observed": observed, "firewall_alarms": ["x"], "listeners": [], "addresses": None}
    return parse_result(RESULT.as_json(items, {"con1": host}), "now.json")


def test_what_was_written_is_read_back() -> None:
    items = (verdict("unexpected_open", "dn1"), verdict("network", reason="lost"), verdict("ok", port=None))
    document = RESULT.as_json(items, {}, scope={"name": "full", "flows": 3, "left_out": 1, "seed": 4})
    found = parse_result(document, "x")
    assert found.verdicts == items
    assert (found.scope.name, found.scope.flows, found.scope.left_out) == ("full", 3, 1)


def test_hosts_are_read_without_what_a_page_does_not_need() -> None:
    assert result().hosts == {"con1": CheckedHost(firewall_alarms=("x",))}


def test_keys_of_a_later_release_are_no_problem() -> None:
    found = parse_result(text(item(later=1), hosts={"con1": {"later": 1}}, scope={"later": 1}, later=1), "x")
    assert len(found.verdicts) == 1 and found.hosts == {"con1": CheckedHost()}


@pytest.mark.parametrize(
    ("damaged", "told"),
    [
        ("{", "not valid JSON"),
        ("[]", "verdicts is missing"),
        ('{"version": 1, "verdicts": {}}', "verdicts is missing"),
        ('{"version": 2, "verdicts": []}', "its version is 2"),
        ('{"version": true, "verdicts": []}', "its version is True"),
        (text(item(verdict="fine")), r"verdicts\[0\]\.verdict"),
        (text(item(), item(address="10.0.0.1/24")), r"verdicts\[1\]\.address"),
        (text(item(port=0)), "outside 1-65535"),
        (text("x"), r"verdicts\[0\]: expected a mapping"),
        (text({"verdict": "ok"}), "initiator is missing"),
        (text(hosts=[]), "hosts: expected a mapping"),
        (text(hosts={"con1": {"openings": "x"}}), r"hosts\.con1\.openings: expected a list"),
        (text(scope={"flows": "x"}), r"scope\.flows"),
    ],
)
def test_a_damaged_file_is_told(damaged: str, told: str) -> None:
    with pytest.raises(InputError, match=told) as caught:
        parse_result(damaged, "old.json")
    assert "old.json" in str(caught.value)


def test_many_problems_are_cut() -> None:
    with pytest.raises(InputError, match="and 5 more"):
        parse_result(text(*["x"] * 15), "x")


def test_what_is_new_gone_and_unchanged() -> None:
    earlier = result(verdict("network", "a"), verdict("network", "b"), verdict("network", "c"), verdict("ok", "d"))
    later = result(verdict("network", "a"), verdict("ok", "b"), verdict("host_firewall", "c"), verdict("network", "d"))
    found = compare(earlier, later)
    assert [(one.flow.initiator, one.verdict) for one in found.new] == [("c", "host_firewall"), ("d", "network")]
    assert [(one.flow.initiator, one.verdict) for one in found.gone] == [("b", "network")]
    assert (found.still, found.unknown) == (1, 0)


def test_what_was_not_checked_again_is_neither_gone_nor_there() -> None:
    found = compare(result(verdict("network", "a")), result(verdict("ok", "b")))
    assert (found.new, found.gone, found.still, found.unknown) == ((), (), 0, 1)


def test_an_open_port_is_the_same_whoever_found_it() -> None:
    earlier = result(verdict("unexpected_open", "a"))
    assert compare(earlier, result(verdict("unexpected_open", "b"))).still == 1
    assert [one.flow.initiator for one in compare(earlier, result()).gone] == ["a"]
    assert compare(earlier, result(observed=False)).unknown == 1
    assert compare(earlier, parse_result(text(), "x")).unknown == 1
