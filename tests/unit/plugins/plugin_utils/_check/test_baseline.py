# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The baseline: what is new, what is gone, and what nobody looked at and so must not be called gone."""

from __future__ import annotations

import json

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._check.baseline import changes, new_drift, parse_baseline
from ansible_collections.jsa.ports.plugins.plugin_utils._check.drift import opening_line
from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import HostObservation
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import VERDICTS, Verdict
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.model import ExpectedFlow
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.scope import SCOPES
from ansible_collections.jsa.ports.plugins.plugin_utils._reports.check_table import RESULT, host_result
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.sightings import (
    answer,
    observation,
    opening,
    socket,
)

SCHEMA = json.loads((Path(__file__).parents[5] / "docs" / "port_check.schema.json").read_text())


def flow(port: int | None, wanted: bool = True, initiator: str = "con1") -> ExpectedFlow:
    protocol = "tcp" if port else "icmp"
    return ExpectedFlow(initiator, "ep1", "10.0.0.2", protocol, port, ("id",), "a service", True, wanted)


def result(*verdicts: Verdict, **more: Any) -> str:
    hosts = {"con1": host_result(observation()), "ep1": host_result(observation([socket(443)]))}
    more.setdefault("scope", {"name": "full", "flows": len(verdicts), "left_out": 0})
    return RESULT.as_json(list(verdicts), hosts, **more)


BEFORE = parse_baseline(
    result(
        Verdict(flow(1), "service_down", "r"),
        Verdict(flow(2), "network", "r"),
        Verdict(flow(3), "network", "r"),
        Verdict(flow(4), "network", "r"),
        Verdict(flow(5), "ok", ""),
        Verdict(flow(6, wanted=False), "unexpected_open", "r"),
    ),
    "b.json",
)


def compare(verdicts: list[Verdict], flows: list[ExpectedFlow], seen: dict[str, HostObservation] | None = None) -> Any:
    return changes(BEFORE, verdicts, flows, seen or {"con1": observation(), "ep1": observation()})


def test_new_gone_still_and_not_looked_at() -> None:
    verdicts = [
        Verdict(flow(1), "service_down", "another reason"),
        Verdict(flow(2), "ok", ""),
        Verdict(flow(3), "host_firewall", "r"),
        Verdict(flow(5), "network", "r"),
    ]
    found = compare(verdicts, [item.flow for item in verdicts])
    # 3 is another fault than before, 5 worked; nobody looked at 4, nor at what 6 would be.
    assert [item.flow.port for item in found.new] == [3, 5]
    assert [item["port"] for item in found.gone] == [2]
    assert (found.still, found.unknown) == (1, 2)
    assert found.lines() == [
        "gone: network  con1 -> ep1  tcp 2",
        "Since the baseline: 2 new, 1 gone, 1 unchanged, 2 of the baseline not checked this time.",
    ]


def test_tunnels_are_gone_where_they_were_looked_at() -> None:
    tunnels = ExpectedFlow("ep1", "ep1", "127.0.0.1", "tcp", None, ("ssh_tunnel_local",), "Ends", True)
    before = parse_baseline(result(Verdict(tunnels, "service_down", "r")), "b.json")
    assert len(changes(before, [], [tunnels], {}).gone) == 1
    assert changes(before, [], [], {}).unknown == 1


def test_drift_that_was_there_before_is_not_new() -> None:
    one = opening("postgres")
    seen = observation(firewall=False, differences=["lacks a", "has b"], openings=[one])
    before = parse_baseline(RESULT.as_json([], {"ep1": host_result(seen)}), "b.json")
    now = {"ep1": ["has b", "has e", opening_line(one), "f opens g"], "con1": ["lacks a"]}
    assert new_drift(before.drift, now) == {"ep1": ["has e", "f opens g"], "con1": ["lacks a"]}


@pytest.mark.parametrize("hosts", [[], 3, {"ep1": 3}, {"ep1": {"openings": 3}}, {"ep1": {}}])
def test_hosts_that_are_none_have_no_drift(hosts: Any) -> None:
    baseline = parse_baseline(json.dumps({"version": 1, "verdicts": [], "hosts": hosts}), "b.json")
    assert not any(baseline.drift.values())


def test_what_cannot_be_told_any_more_is_not_gone() -> None:
    found = compare([Verdict(flow(2), "unverifiable", "nobody could be asked")], [flow(2)])
    assert [item.verdict for item in found.new] == ["unverifiable"]
    assert found.gone == []


class TestWhatWasOpen:
    def test_is_still_open_whoever_gets_in(self) -> None:
        one = flow(6, wanted=False, initiator="dn1")
        seen = {"dn1": observation(answers=[answer(one, "open")]), "ep1": observation()}
        assert compare([Verdict(one, "unexpected_open", "r")], [one], seen).still == 1

    def test_is_closed_where_a_probe_says_so(self) -> None:
        one = flow(6, wanted=False)
        seen = {"con1": observation(answers=[answer(one, "prohibited")]), "ep1": observation()}
        assert [item["port"] for item in compare([], [one], seen).gone] == [6]

    def test_is_unknown_where_nobody_probed(self) -> None:
        assert compare([], [flow(6, wanted=False)]).gone == []

    @pytest.mark.parametrize(("bind", "gone"), [(None, 1), ("loopback", 1), ("network", 0)])
    def test_is_closed_where_nothing_listens(self, bind: str | None, gone: int) -> None:
        seen = {"con1": observation(), "ep1": observation([socket(6, bind)] if bind else [])}
        assert len(compare([], [], seen).gone) == gone


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not valid JSON"),
        ("[" * 100000, "not valid JSON"),
        ("[]", "verdicts is missing"),
        ('{"version": 1}', "verdicts is missing"),
        ('{"version": 2, "verdicts": []}', "its version is 2"),
        ('{"version": true, "verdicts": []}', "its version is True"),
        ('{"verdicts": []}', "its version is None"),
        ('{"version": 1, "verdicts": [3]}', "verdict 1: expected a mapping"),
        ('{"version": 1, "verdicts": [{"verdict": "ok", "from": "a", "to": "b"}]}', "protocol is missing"),
        (
            '{"version": 1, "verdicts": [{"verdict": "bad", "from": "a", "to": "b", "protocol": "tcp"}]}',
            "unknown verdict 'bad'",
        ),
        (
            '{"version": 1, "verdicts": [{"verdict": "ok", "from": "a", "to": "b", "protocol": "tcp", "port": "22"}]}',
            "'22' is not a port",
        ),
    ],
)
def test_a_file_that_is_none(text: str, told: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_baseline(text, "b.json")
    assert told in str(caught.value) and "b.json" in str(caught.value) and "no host was contacted" in str(caught.value)


def test_all_mistakes_come_at_once() -> None:
    text = json.dumps({"version": 1, "verdicts": [{}] * 12})
    with pytest.raises(InputError) as caught:
        parse_baseline(text, "b.json")
    assert (
        "verdict 1:" in str(caught.value) and "verdict 10:" in str(caught.value) and "and 2 more" in str(caught.value)
    )


class TestSchema:
    VALID = result(
        Verdict(flow(1), "service_down", "r"),
        Verdict(flow(None), "ok", ""),
        scope={"name": "sample", "sample": 5, "seed": 0, "flows": 2, "left_out": 9},
        baseline={
            "file": "b.json",
            **changes(BEFORE, [Verdict(flow(9), "network", "r")], [flow(1), flow(9)], {}).as_dict(),
        },
    )

    def test_what_is_written_is_what_is_documented(self) -> None:
        jsonschema.Draft202012Validator.check_schema(SCHEMA)
        jsonschema.validate(json.loads(self.VALID), SCHEMA, jsonschema.Draft202012Validator)

    @pytest.mark.parametrize(
        ("part", "key"),
        [("verdicts", "port"), ("verdicts", "reason"), (None, "scope"), (None, "hosts"), ("scope", "seed")],
    )
    def test_what_is_missing_is_found(self, part: str | None, key: str) -> None:
        document = json.loads(self.VALID)
        place = document[part] if part else document
        del (place[0] if part == "verdicts" else place)[key]
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(document, SCHEMA, jsonschema.Draft202012Validator)

    def test_it_knows_the_verdicts_and_scopes(self) -> None:
        assert SCHEMA["$defs"]["name_of_verdict"]["enum"] == list(VERDICTS)
        assert SCHEMA["properties"]["scope"]["properties"]["name"]["enum"] == list(SCOPES)
        assert SCHEMA["properties"]["summary"]["minProperties"] == len(VERDICTS)
