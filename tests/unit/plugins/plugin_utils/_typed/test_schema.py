# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The JSON Schema of typed documents says what their reader says."""

from __future__ import annotations

import dataclasses

from typing import Any

import jsonschema
import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.plugin_utils._typed.reader import read
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.schema import schema
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.writer import write
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils._typed.forms import Leaf, Tree

SCHEMA = schema(Tree, "A tree")
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_its_form() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["title"] == "A tree"
    assert list(SCHEMA["$defs"]) == ["Leaf", "Tree"]
    tree, leaf = SCHEMA["$defs"]["Tree"], SCHEMA["$defs"]["Leaf"]
    assert tree["description"] == "All kinds of fields."
    assert (leaf["required"], leaf["additionalProperties"]) == (["name"], False)
    assert (tree["required"], tree["minProperties"]) == ([], 1)
    assert tree["properties"]["some"]["minProperties"] == 1
    assert tree["properties"]["texts"]["minItems"] == 1


def test_what_is_written_fits() -> None:
    leaf = Leaf(name="a", ports=(7, 9))
    VALIDATOR.validate(write(Tree(leaves=(leaf, Leaf(name="b")), by_name={"z": leaf}, share=0.5, maybe="x")))


@pytest.mark.parametrize(
    "value",
    [
        {}, {"x": 1}, {"text": 1}, {"number": "1"}, {"number": True}, {"share": "x"}, {"flag": 1}, {"maybe": 1},
        {"choice": "blue"}, {"version": 3}, {"percent": 101}, {"percent": -1}, {"port": 0}, {"address": "x"},
        {"network": "10.0.0.0/"}, {"time": "now"}, {"leaf": {}}, {"leaf": None}, {"leaf": {"name": "x", "y": 1}},
        {"leaves": [1]}, {"leaves": {}}, {"texts": []}, {"texts": [1]}, {"ports": ["1-"]}, {"ports": [0]},
        {"by_name": {"a": 1}}, {"some": {}},
    ],
)  # fmt: skip
def test_what_it_refuses(value: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(value)


@given(
    st.dictionaries(
        st.sampled_from([*(one.name for one in dataclasses.fields(Tree)), "x"]),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats(allow_nan=False)
            | st.sampled_from(["red", "1-2", "10.0.0.0/8", "::1", "2026-11-25T05:10:00Z", "a"]),
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "ports", "x"]), inner),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_what_the_reader_takes_it_takes(value: dict[str, Any]) -> None:
    problems: list[str] = []
    if read(Tree, value, "tree", problems) is not None:
        VALIDATOR.validate(value)
