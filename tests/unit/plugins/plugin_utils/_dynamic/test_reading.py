# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Discoveries out of results and files."""

from __future__ import annotations

import json

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.model import Found
from ansible_collections.jsa.ports.plugins.plugin_utils._dynamic.reading import (
    kept_form,
    merge_file,
    parse_discovery,
    parse_file,
    parse_results,
)
from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError

SERVICE = {"service": "admin", "kind": "imq", "protocol": "tcp", "port": 43691, "details": {}}
RESULT: dict[str, Any] = {
    "changed": False,
    "services": [SERVICE],
    "imq": {"state": "ok", "reason": "", "session": "42"},
    "rpcbind": {"state": "down", "reason": "it does not run"},
    "observed_at": "2026-11-25T05:00:00Z",
}


def test_a_result() -> None:
    discovery = parse_discovery(RESULT)
    assert discovery is not None
    assert discovery.services == (Found("admin", "imq", "tcp", 43691),)
    assert discovery.failures == {"rpcbind": "it does not run"}
    assert (discovery.kinds, discovery.seconds) == ({"imq", "rpcbind"}, 1795582800.0)


@pytest.mark.parametrize("word", ["failed", "skipped", "unreachable"])
def test_a_module_that_did_not_run(word: str) -> None:
    assert parse_discovery({**RESULT, word: True}) is None
    assert parse_discovery({word: True}) is None


def test_a_kind_that_was_not_asked() -> None:
    discovery = parse_discovery({**RESULT, "rpcbind": None})
    assert discovery is not None
    assert (discovery.kinds, discovery.failures) == ({"imq"}, {})


@pytest.mark.parametrize(
    "change",
    [
        {"services": 1},
        {"services": [1]},
        {"services": [{**SERVICE, "port": 0}]},
        {"services": [{**SERVICE, "port": True}]},
        {"services": [{**SERVICE, "protocol": "rmi"}]},
        {"services": [{**SERVICE, "kind": "x"}]},
        {"observed_at": None},
        {"observed_at": "now"},
    ],
)
def test_a_broken_result(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        parse_discovery({**RESULT, **change})


def test_results_of_hosts() -> None:
    results = {"ep1": RESULT, "ec1": None, "con1": {"skipped": True, "changed": False}, "dn1": {"failed": True}}
    assert list(parse_results(results)) == ["ep1"]
    with pytest.raises(InputError) as caught:
        parse_results({"ep1": {**RESULT, "services": 1}, "ec1": {**RESULT, "observed_at": "now"}, "dn1": RESULT})
    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["ep1", "ec1"]


def test_what_is_kept_is_understood_like_the_result() -> None:
    kept = kept_form({**RESULT, "warnings": ["x"], "_ansible_no_log": False})
    assert set(kept) == {"observed_at", "services", "imq", "rpcbind"}
    assert parse_discovery(kept) == parse_discovery(RESULT)


def test_a_file_keeps_who_was_not_asked_this_time() -> None:
    kept = kept_form(RESULT)
    first = merge_file(None, "f", {"ep1": kept, "ec1": kept})
    later = {**kept, "services": [], "observed_at": "2026-11-25T06:00:00Z"}
    found = parse_file(merge_file(first, "f", {"ep1": later}), "f")
    assert {name: (len(item.services), item.at[11:13]) for name, item in found.items()} == {
        "ep1": (0, "06"),
        "ec1": (1, "05"),
    }
    assert merge_file(first, "f", {"ep1": kept}) == first


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"version": 1, "version": 1, "hosts": {}}', "[" * 100000, '{"version": 2, "hosts": {}}', '{"version": 1}', '{"version": 1, "hosts": {"a": 1}}',
     json.dumps({"version": 1, "hosts": {"a": {**RESULT, "observed_at": "x"}}})],
)  # fmt: skip
def test_a_damaged_file(text: str) -> None:
    with pytest.raises(InputError, match="jsa_dynamic_ports_file"):
        parse_file(text, "f")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.dictionaries(
    st.sampled_from(["version", "hosts", "services", "observed_at", "imq", "port", "kind", "protocol", "a"]), inner)
    | st.lists(inner)))  # fmt: skip
def test_whatever_is_in_it_only_its_own_error_leaves(content: Any) -> None:
    for document in (content, {"version": 1, "hosts": content}):
        try:
            parse_file(json.dumps(document), "f")
        except InputError:
            continue
