# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What jsa.ports.observe told in one call and in two: each part is there, or the reason why it is not."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.jsa.ports.plugins.plugin_utils._check.observing import observed
from ansible_collections.jsa.ports.plugins.plugin_utils._check.texts import write_answer
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils._check.test_observations import (
    ALL,
    FIREWALL,
    PATHS,
    PROBES,
    SOCKETS,
)

WHOLE: dict[str, Any] = {"changed": False, **ALL}
NOTHING: dict[str, Any] = {"changed": False, "skipped": True}


def first(**hosts: Any) -> dict[str, Any]:
    return {"observed": hosts}


def test_one_call_tells_what_four_tell() -> None:
    apart = observed({part: {"con1": result} for part, result in ALL.items()}, ["con1"], ["con1"])
    assert observed(first(con1=WHOLE), ["con1"], ["con1"]) == apart


def test_an_answer_as_a_text_tells_the_same() -> None:
    as_text = write_answer(WHOLE)
    assert set(as_text) == {"changed", "answer"} and isinstance(as_text["answer"], str)
    assert observed(first(con1=as_text), ["con1"], ["con1"]) == observed(first(con1=WHOLE), ["con1"], ["con1"])
    again = {"probes": PROBES, "paths": PATHS}
    handed = [{**first(con1=WHOLE), "observed_again": {"con1": one}} for one in (again, write_answer(again))]
    assert observed(handed[0], ["con1"], ["con1"]) == observed(handed[1], ["con1"], ["con1"])
    failed = {"failed": True, "msg": "no route"}
    assert write_answer(failed) == failed


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '"sockets"', "[" * 100000, '{"probes": NaN}'])
def test_an_answer_that_is_none_costs_no_other_host(text: str) -> None:
    found = observed(first(con1={"changed": False, "answer": text}, ep1=WHOLE), ["con1", "ep1"], ["con1", "ep1"])
    assert {one.kind for one in found["con1"].unseen.values()} == {"failed"}
    assert "its answer is not JSON" in found["con1"].unseen["sockets"].reason
    assert not found["ep1"].unseen


@pytest.mark.parametrize(
    ("part", "reason"),
    [("firewall", "firewalld is not installed"), ("paths", "OSError: no netlink")],
)
def test_a_part_that_failed_costs_no_other(part: str, reason: str) -> None:
    found = observed(first(con1={**WHOLE, part: {"msg": reason}}), ["con1"], ["con1"])["con1"]
    assert {name: (one.kind, one.reason) for name, one in found.unseen.items()} == {part: ("unanswered", reason)}
    assert [name for name in ALL if getattr(found, name) is None] == [part]


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        ({"unreachable": True, "msg": "no route"}, "unreachable"),
        ({"failed": True, "msg": "/proc cannot be read"}, "failed"),
        ({"changed": False}, "unanswered"),
        ({**WHOLE, "sockets": {"results": [{}]}}, "malformed"),
        ({**WHOLE, "sockets": ["text"]}, "unanswered"),
    ],
)
def test_a_call_that_failed_is_named_with_what_it_said(result: dict[str, Any], kind: str) -> None:
    found = observed(first(con1=result, ep1=WHOLE), ["con1", "ep1"], ["con1", "ep1"])
    assert found["con1"].unseen["sockets"].kind == kind and found["con1"].sockets is None
    assert result.get("msg", "") in found["con1"].unseen["sockets"].reason
    assert not found["ep1"].unseen


def test_a_host_that_is_left_to_the_console() -> None:
    answers = {"answers": [{"address": "10.0.0.2", "port": 22, "result": "SUCCESS"}]}
    handed = {**first(con1=NOTHING, ep1=WHOLE), "console": {"con1": answers, "ep1": NOTHING}}
    found = observed(handed, ["con1", "ep1"], ["con1", "ep1"])
    assert found["con1"].console and not found["con1"].unseen and not found["ep1"].unseen
    # As long as the console was not asked, the host is known to be left to it.
    assert observed(first(con1=NOTHING), ["con1"], ["con1"])["con1"].is_left_to_console


@pytest.mark.parametrize("key", ["observed", "observed_again"])
@pytest.mark.parametrize("result", [None, "text"])
def test_a_host_without_a_result_is_an_error(key: str, result: Any) -> None:
    handed = {"observed": {"con1": WHOLE}, "observed_again": {"con1": NOTHING}}
    handed[key]["con1"] = result
    with pytest.raises(InputError, match=rf"{key}: con1 has no result of jsa\.ports\.observe"):
        observed(handed, ["con1"], ["con1"])


def test_a_host_that_ansible_dropped_before_has_a_reason() -> None:
    found = observed(first(ep1=WHOLE), ["con1", "ep1"], ["ep1"])
    assert {one.kind for one in found["con1"].unseen.values()} == {"lost"} and len(found["con1"].unseen) == len(ALL)


def test_results_that_are_none_by_host_are_an_error() -> None:
    with pytest.raises(InputError, match=r"observed: expected the results of jsa\.ports\.observe by host"):
        observed({"observed": [WHOLE]}, ["con1"], ["con1"])


class TestSecondCall:
    LATER = {"address": "10.0.0.2", "port": 32999, "protocol": "tcp", "result": "open"}
    EVALUATED = {**PATHS["flows"][0], "port": 32999}

    def both(self, again: dict[str, Any]) -> Any:
        handed = {**first(con1=WHOLE), "observed_again": {"con1": again}}
        return observed(handed, ["con1"], ["con1"])["con1"]

    def test_adds_to_the_first(self) -> None:
        found = self.both({"probes": {"results": [self.LATER]}, "paths": {**PATHS, "flows": [self.EVALUATED]}})
        assert len(found.answers) == len(PROBES["results"]) + 1 and not found.unseen
        assert len(found.path_of) == len(PATHS["flows"]) + 1
        assert len(found.listeners or {}) == len([one for one in SOCKETS["results"] if "-" not in one["ports"]])
        assert found.firewall_as_planned is FIREWALL["as_planned"]

    def test_that_was_not_needed_changes_nothing(self) -> None:
        assert self.both(NOTHING) == observed(first(con1=WHOLE), ["con1"], ["con1"])["con1"]

    @pytest.mark.parametrize(
        ("again", "kind"),
        [
            ({"unreachable": True, "msg": "no route"}, "unreachable"),
            ({"failed": True, "msg": "no memory"}, "failed"),
            ({"probes": {"results": []}, "paths": {"msg": "no netlink"}}, "unanswered"),
        ],
    )
    def test_that_failed_is_named_and_keeps_what_was_seen(self, again: dict[str, Any], kind: str) -> None:
        found = self.both(again)
        assert found.paths is None and found.unseen["paths"].kind == kind
        assert len(found.answers) == len(PROBES["results"])
