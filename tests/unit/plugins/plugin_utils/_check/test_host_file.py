# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of a host: read back as it was, and whatever somebody else puts there is an error of a few lines."""

from __future__ import annotations

import json
import time

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.plugin_utils._check import host_file
from ansible_collections.jsa.ports.plugins.plugin_utils._check.faults import faults, plain_words
from ansible_collections.jsa.ports.plugins.plugin_utils._check.host_file import (
    ObservedHost,
    ObservedScope,
    host_file_name,
    host_file_text,
    parse_host_file,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._check.observations import HostObservation
from ansible_collections.jsa.ports.plugins.plugin_utils._check.verdicts import Diagnosis
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.expectations import Expectations
from ansible_collections.jsa.ports.plugins.plugin_utils._flows.scope import Scope
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.document import plan_digest
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import parse_time
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils._check.test_observations import ALL, look
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import Plan

SCHEMA = json.loads((Path(__file__).parents[5] / "docs" / "observations.schema.json").read_text())
GROUPS = {"con1": "jsa_console", "ep1": "jsa_event_processors"}
PLAN = Plan(GROUPS).plan
DIGEST = plan_digest(PLAN)
DOCUMENT = ObservedHost(
    host="con1",
    at="2026-11-25T05:10:00Z",
    plan=DIGEST,
    scope=ObservedScope.of(Scope("sample", 5, 7)),
    observation=look(con1=ALL)["con1"],
)


def written() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(host_file_text(DOCUMENT))
    return found


def parsed(value: Any) -> ObservedHost:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return parse_host_file(data, "con1", DIGEST)


def problems_of(value: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        parsed(value)
    return caught.value.problems


def test_it_is_read_back_as_it_was() -> None:
    document = parsed(written())
    assert document == DOCUMENT
    assert document.scope.scope == Scope("sample", 5, 7)


def test_it_is_what_its_schema_says() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    document = written()
    validator.validate(document)
    document["observation"]["sockets"]["results"][0]["port"] = 0
    assert not validator.is_valid(document)


def changed(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    document = written()
    place: Any = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (b"", "it is not valid JSON"),
        (b"{", "it is not valid JSON"),
        (b"\xff\xfe", "it is not UTF-8: byte 0"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a":' * 200_000, "nested too deeply"),
        (b"9" * 5000, "it is not valid JSON"),
        (b'{"at": NaN}', "JSON has no NaN"),
        (b'{"host": 1, "host": 2}', "occurs twice"),
        (b"[]", "expected a mapping"),
        (changed(("version",), 99), "its version is not 1"),
        (changed(("purpose",), "preflight"), "observation.purpose"),
        (changed(("host",), "ep1"), "it is the observation of ep1, whose file is ep1.json"),
        (changed(("plan",), "sha256:" + "0" * 64), "it was made with another plan"),
        (changed(("at",), "yesterday"), "observation.at: 'yesterday' is not a time"),
        (changed(("scope", "sample"), -1), "observation.scope.sample"),
        (changed(("observation", "probes", "answers"), 3), "observation.observation.probes.answers: expected a list"),
        (changed(("observation", "nmap"), {}), "unknown key 'nmap'"),
        (changed(("observation", "paths", "addresses", 0, "prefix"), 64), "prefix: 64 is too long for IPv4"),
    ],
)
def test_damage_is_told(value: Any, told: str) -> None:
    (problem,) = problems_of(value)
    assert told in problem


def test_a_file_that_is_too_large_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_file, "LARGEST_FILE", 2**20)
    assert problems_of(b" " * 2**20 + b"1") == ["it is larger than 1 MiB"]


def test_millions_of_problems_are_a_few_lines() -> None:
    started = time.process_time()
    answers = changed(("observation", "probes", "answers"), [1] * 300_000)
    found = problems_of(answers)
    assert len(found) == 4 and found[-1] == "and more"
    # The last of many keys twice: nobody counts each of them.
    keys = "{" + ",".join(f'"{number}":0' for number in range(100_000)) + ',"99999":0}'
    assert "occurs twice" in problems_of(keys.encode())[0]
    assert time.process_time() - started < 30


def test_a_message_is_short_and_printable() -> None:
    (problem,) = problems_of(changed(("observation", "\x1b[2J" + "x" * 100_000), 1))
    assert len(problem) <= 300 and problem.isprintable()


@pytest.mark.parametrize(
    ("later", "told"),
    [
        (0, None),
        (60, None),
        (61, "was made at 2026-11-25T05:10:00Z, 61 seconds ago, and jsa_port_check_max_age is 60"),
        (-300, None),
        (-301, "which is in the future"),
    ],
)
def test_age(later: int, told: str | None) -> None:
    problem = DOCUMENT.problem_of_age(60, parse_time(DOCUMENT.at) + later)
    assert problem is None if told is None else told in (problem or "")


def test_every_host_has_a_file_of_its_own() -> None:
    assert [host_file_name(name) for name in ("con1", "../x", ".a", "a/b")] == [
        "con1.json",
        "%2E.%2Fx.json",
        "%2Ea.json",
        "a%2Fb.json",
    ]


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=200) | JUNK)
def test_nothing_else_than_an_error_comes_of_junk(value: Any) -> None:
    assert all(problem.isprintable() for problem in problems_of(value))


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += places(inner, (*path, key))
    return found


ODD = st.sampled_from(
    ["10.0.0.2", "fd00::1", "::", "", "open", "listener", "\x1b[2J", 0, 1, 128, -1, 2**70, None, [], {}]
)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.sampled_from(places(written())), JUNK | ODD), min_size=1, max_size=3))
def test_what_is_accepted_can_be_judged(changes: list[tuple[tuple[str | int, ...], Any]]) -> None:
    """A file that is well-formed may still say anything: it has verdicts, or is an error of the reader."""
    document: Any = written()
    for path, value in changes:
        place = document
        for key in path[:-1]:
            place = place[key] if isinstance(place, (dict, list)) and _has(place, key) else {}
        if isinstance(place, dict) or (isinstance(place, list) and _has(place, path[-1])):
            place[path[-1]] = value  # type: ignore[index]
    try:
        found = parsed(document)
    except InputError as error:
        assert error.problems and all(problem.isprintable() for problem in error.problems)
        return
    observations = {"con1": found.observation, "ep1": HostObservation()}
    expectations = Expectations(PLAN, list(GROUPS), found.scope.scope, {})
    exposed = {name: one.exposed for name, one in observations.items()}
    verdicts = Diagnosis(PLAN, observations).verdicts([*expectations.wanted(), *expectations.unwanted(exposed)])
    assert plain_words(faults(verdicts, PLAN.hosts, found.observation.addresses or {}), 0)


def _has(place: Any, key: str | int) -> bool:
    return key in place if isinstance(place, dict) else isinstance(key, int) and key < len(place)
