# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan as a file: what is read back, and every damage that is not."""

from __future__ import annotations

import copy
import json

from collections.abc import Callable
from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.plugin_utils._errors import InputError
from ansible_collections.jsa.ports.plugins.plugin_utils._plan.document import dump_plan, parse_plan, plan_differences
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils.deployments import EVERY_ROLE, NO_NETWORKS, Plan


@pytest.fixture(scope="module", name="plan")
def fixture_plan() -> dict[str, Any]:
    return Plan(jsa_networks={**NO_NETWORKS, "log_sources": "any"}).plan


def test_what_is_written_is_read_back(plan: dict[str, Any]) -> None:
    assert parse_plan(dump_plan(plan), "plan.json") == json.loads(json.dumps(plan))


def test_the_contract_alone_is_enough() -> None:
    """What the documentation promises of the file; everything else is more than needed."""
    text = json.dumps(
        {
            "version": 1,
            "hosts": {
                "con1": {
                    "roles": ["console"],
                    "addresses": ["10.0.0.1"],
                    "inbound": [
                        {"protocol": "tcp", "ports": "22", "sources": ["0.0.0.0/0", "::/0"], "why": ["ssh"]},
                        {"protocol": "icmp", "sources": ["10.0.0.2/32"], "why": ["icmp"]},
                    ],
                    "refused": [{"protocol": "tcp", "ports": "32000-33999", "why": ["data_range"]}],
                    "dynamic": [],
                }
            },
        }
    )
    assert list(parse_plan(text, "plan.json")["hosts"]) == ["con1"]


def _set(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(plan: dict[str, Any]) -> None:
        *folders, last = path.split("/")
        place: Any = plan
        for folder in folders:
            place = place[int(folder) if folder.isdigit() else folder]
        place[int(last) if last.isdigit() else last] = value

    return change


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (_set("version", 2), "version"),
        (_set("version", None), "version"),
        (_set("version", True), "version"),
        (_set("hosts", {}), "empty"),
        (_set("hosts", []), "hosts"),
        (_set("hosts/con1", []), "con1"),
        (_set("hosts/con1/inbound", None), "con1: inbound"),
        (_set("hosts/con1/dynamic", {}), "con1: dynamic"),
        (_set("hosts/con1/roles", ["boss"]), "boss"),
        (_set("hosts/con1/addresses", ["10.0.0"]), "10.0.0"),
        (_set("hosts/con1/inbound/0/ports", "70000"), "inbound rule 1: ports"),
        (_set("hosts/con1/inbound/0/ports", None), "inbound rule 1: ports"),
        (_set("hosts/con1/inbound/0/protocol", "sctp"), "sctp"),
        (_set("hosts/con1/inbound/0/protocol", "icmp"), "ICMP has none"),
        (_set("hosts/con1/inbound/0/sources", []), "accept nobody"),
        (_set("hosts/con1/inbound/0/sources", ["10.0.0.1/8"]), "10.0.0.1/8"),
        (_set("hosts/con1/inbound/0/sources", [7.5]), "7.5"),
        (_set("hosts/con1/inbound/0/why", []), "why"),
        (_set("hosts/con1/inbound/0", "all"), "mapping"),
        (_set("hosts/con1/refused/0/protocol", "icmp"), "icmp"),
        (_set("hosts/con1/refused/0/ports", "9-1"), "reversed"),
    ],
)
def test_damage_is_refused(plan: dict[str, Any], damage: Callable[[dict[str, Any]], None], word: str) -> None:
    damaged = copy.deepcopy(plan)
    damage(damaged)
    with pytest.raises(InputError) as caught:
        parse_plan(json.dumps(damaged), "plan.json")
    assert word in str(caught.value) and "plan.json" in str(caught.value)


def test_a_file_cut_short(plan: dict[str, Any]) -> None:
    text = dump_plan(plan)
    with pytest.raises(InputError, match="no JSON"):
        parse_plan(text[: len(text) // 2], "plan.json")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["version", "hosts", "inbound", "refused", "a"]), inner)
        ),
    )
)
def test_anything_else_is_an_input_error(value: Any) -> None:
    with pytest.raises(InputError):
        parse_plan(json.dumps(value), "plan.json")


def test_differences() -> None:
    before = Plan().plan
    without = {name: group for name, group in EVERY_ROLE.items() if name != "ec2"}
    after = Plan(without).plan
    assert plan_differences(before, before) == []
    lines = plan_differences(before, after)
    assert "- ec2: in the saved plan, not in the inventory" in lines
    assert any(line.startswith("- con1: accept tcp 443 from ") for line in lines)
    assert any(line.startswith("+ con1: accept tcp 443 from ") for line in lines)
