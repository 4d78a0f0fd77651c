# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records as hosts tell them: what is right is read, what is wrong costs its host only, and nothing is a template."""

from __future__ import annotations

import json

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._learned.observations import (
    HostTraffic,
    LearnedObservations,
    harmless,
    observed,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.reader import read
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.writer import write
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.recorded import TIME, connection, contact, record

SCHEMA = json.loads((Path(__file__).parents[5] / "docs" / "observations.schema.json").read_text())

WHOLE = record(
    contact("10.1.0.5", "514/udp", None, None, None),
    contact("2001:db8::5", "443/tcp"),
    gaps=[{"from": None, "to": TIME, "reason": "The table was flushed"}],
    outbound=[contact("10.9.0.5", "443/tcp", process=None)],
    established=[connection("10.1.0.5", "22/tcp")],
    not_recorded=4,
    notes=["nft does not count"],
)


def seen(result: Any) -> HostTraffic:
    return observed({"traffic": {"ec1": result, "ep1": WHOLE}}, ["ec1", "ep1"], ["ec1", "ep1"])["ec1"]


def test_all_of_it_is_read() -> None:
    traffic = seen(WHOLE).traffic
    assert traffic is not None and traffic.state == "recording" and traffic.not_recorded == 4
    assert [(one.peer, one.port, one.connections) for one in traffic.inbound] == [
        ("10.1.0.5", 514, None),
        ("2001:db8::5", 443, 3),
    ]
    assert [(one.start, one.end) for one in traffic.gaps] == [(None, TIME)]
    assert [one.port for one in traffic.established] == [22] and len(traffic.outbound) == 1


@pytest.mark.parametrize(
    ("damage", "place"),
    [
        ({"state": "asleep"}, "traffic.state"),
        ({"since": "yesterday"}, "traffic.since"),
        ({"inbound": [contact("10.0.0.300", "22/tcp")]}, "traffic.inbound[0].peer"),
        ({"inbound": [contact("fe80::1%eth0", "22/tcp")]}, "traffic.inbound[0].peer"),
        ({"inbound": [contact("10.0.0.3", "0/tcp")]}, "traffic.inbound[0].port"),
        ({"inbound": [contact("10.0.0.3", "22/sctp")]}, "traffic.inbound[0].protocol"),
        ({"inbound": [contact("10.0.0.3", "22/tcp", -1)]}, "traffic.inbound[0].connections"),
        ({"inbound": [contact("10.0.0.3", "22/tcp", True)]}, "traffic.inbound[0].connections"),
        ({"inbound": [contact("10.0.0.3", "22/tcp", last_seen="now")]}, "traffic.inbound[0].last_seen"),
        ({"inbound": [{"peer": "10.0.0.3"}]}, "protocol is missing"),
        ({"inbound": {"peer": "10.0.0.3"}}, "traffic.inbound: expected a list"),
        ({"established": [contact("10.0.0.3", "22/tcp")]}, "traffic.established[0]: unknown key"),
        ({"gaps": [{"to": TIME}]}, "KeyError"),
        ({"notes": "nothing"}, "traffic.notes"),
    ],
)
def test_what_is_wrong_is_named_by_path_and_costs_its_host_only(damage: dict[str, Any], place: str) -> None:
    result = {**WHOLE, "traffic": {**WHOLE["traffic"], **damage}}
    found = observed({"traffic": {"ec1": result, "ep1": WHOLE}}, ["ec1", "ep1"], ["ec1", "ep1"])
    assert found["ec1"].traffic is None and found["ec1"].unseen["traffic"].kind == "malformed"
    assert place in found["ec1"].unseen["traffic"].reason
    assert found["ep1"].traffic is not None


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.floats()),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.sampled_from([*WHOLE["traffic"], "x"]), inner, max_size=4),
        ),
        max_leaves=12,
    )
)
def test_whatever_a_host_says_no_other_one_loses_anything(told: Any) -> None:
    for result in (told, {"traffic": told}, {"traffic": {**WHOLE["traffic"], "inbound": told}}):
        handed = {"ec1": result if isinstance(result, dict) else {"traffic": result}, "ep1": WHOLE}
        found = observed({"traffic": handed}, ["ec1", "ep1"], ["ec1", "ep1"])
        assert found["ep1"].traffic is not None
        assert (found["ec1"].traffic is None) == bool(found["ec1"].unseen)


class TestAHostThatWasNotObserved:
    @pytest.mark.parametrize(
        ("result", "kind", "reason"),
        [
            ({"unreachable": True, "msg": "no route"}, "unreachable", "no route"),
            ({"failed": True, "msg": "no root"}, "failed", "no root"),
            ({"skipped": True}, "skipped", "skipped"),
            ({"msg": "nothing here"}, "unanswered", "nothing here"),
            (record(state="absent", since=None), "unanswered", "run jsa.ports.learn first"),
        ],
    )
    def test_has_a_reason(self, result: dict[str, Any], kind: str, reason: str) -> None:
        unseen = seen(result).unseen["traffic"]
        assert unseen.kind == kind and reason in unseen.reason

    def test_is_named_where_nobody_says_why(self) -> None:
        with pytest.raises(InputError) as caught:
            observed({"traffic": {"ep1": WHOLE}}, ["ec1", "ep1"], ["ec1", "ep1"])
        assert caught.value.problems == ["traffic: ec1 has no result of jsa.ports.traffic"]

    def test_is_lost_where_ansible_has_dropped_it(self) -> None:
        found = observed({"traffic": {"ep1": WHOLE}}, ["ec1", "ep1"], ["ep1"])
        assert found["ec1"].unseen["traffic"].kind == "lost"


def test_what_others_have_removed_is_told_all_the_same() -> None:
    traffic = seen(record(contact("10.1.0.5", "514/udp"), state="absent")).traffic
    assert traffic is not None and len(traffic.inbound) == 1


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("ecs-ec", "ecs-ec"),
        ("{{ lookup('pipe', 'id') }}", "{ { lookup('pipe', 'id') }}"),
        ("{{{%", "{ { { %"),
        ("{% raw %}{# x #}", "{ % raw %}{ # x #}"),
        ("a\x1b[2Jb\nc", "a\\x1b[2Jb\\nc"),
        ("{x}", "{x}"),
    ],
)
def test_a_process_is_no_template_and_nothing_for_a_terminal(text: str, kept: str) -> None:
    traffic = seen(record(contact("10.1.0.5", "514/udp", process=text), notes=[text])).traffic
    assert traffic is not None and traffic.inbound[0].process == kept and traffic.notes == (kept,)


@given(st.text())
def test_no_text_has_the_beginning_of_a_template(text: str) -> None:
    kept = harmless(text)
    assert not any(mark in kept for mark in ("{{", "{%", "{#", "\x1b"))
    assert harmless(kept) == kept


def test_the_document_is_what_its_schema_says_and_is_read_back() -> None:
    hosts = observed({"traffic": {"ec1": WHOLE, "ep1": {"failed": True}}}, ["ec1", "ep1"], ["ec1", "ep1"])
    document = json.loads(json.dumps(write(LearnedObservations(hosts=hosts))))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    problems: list[str] = []
    again = read(LearnedObservations, document, "observations", problems)
    assert problems == [] and again is not None and dict(again.hosts) == hosts
