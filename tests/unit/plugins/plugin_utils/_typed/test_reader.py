# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Typed documents are read whole or not at all, with the path of all that is wrong."""

from __future__ import annotations

import copy
import dataclasses

from typing import Annotated, Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.plugin_utils._typed.fields import Shared, parse_time
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.reader import read
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils._typed.forms import Leaf, Tree

#: Of the fields of both kinds.
NAMES = [one.name for kind in (Tree, Leaf) for one in dataclasses.fields(kind)]


class Marked(str):
    """A string that says where it comes from, as those of ansible-core do."""


def wrong(value: Any) -> list[str]:
    problems: list[str] = []
    assert read(Tree, value, "tree", problems) is None
    return problems


def right(value: Any) -> Tree:
    problems: list[str] = []
    found = read(Tree, value, "tree", problems)
    assert problems == [] and found is not None
    return found


def test_defaults() -> None:
    assert right({}) == Tree()


def test_each_kind_of_value() -> None:
    leaf = {"name": "two", "ports": "22-23"}
    tree = right(
        {
            "text": "x", "number": -7, "share": 1, "flag": True, "maybe": "y", "choice": "green", "version": 2,
            "percent": 100, "port": 65535, "address": "2001:DB8::1", "network": "10.0.0.1",
            "time": "2024-02-29T00:00:00Z",
            "leaf": leaf, "leaves": [leaf, {"name": ""}], "texts": ("a", "b"), "ports": [22, "1-65535"],
            "by_name": {"z": leaf}, "some": {"y": 2},
        }
    )  # fmt: skip
    two = Leaf(name="two", ports=(22, 23))
    assert tree == Tree(
        text="x", number=-7, share=1.0, flag=True, maybe="y", choice="green", version=2, percent=100, port=65535,
        address="2001:db8::1", network="10.0.0.1/32", time="2024-02-29T00:00:00Z", leaf=two,
        leaves=(two, Leaf(name="")), texts=("a", "b"), ports=((22, 22), (1, 65535)), by_name={"z": two}, some={"y": 2},
    )  # fmt: skip
    assert isinstance(tree.share, float)


def test_marked_strings_become_plain_ones() -> None:
    tree = right(
        {
            "text": Marked("x"), "maybe": Marked("ä"), "choice": Marked("green"), "address": Marked("10.0.0.1"),
            "time": Marked("2024-02-29T00:00:00Z"), "by_name": {Marked("z"): {"name": Marked("n")}},
        }
    )  # fmt: skip
    texts = [tree.text, tree.maybe, tree.choice, tree.address, tree.time, *tree.by_name, tree.by_name["z"].name]
    assert [type(text) for text in texts] == [str] * len(texts)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (None, "tree: expected a mapping, got None"),
        ([], "tree: expected a mapping, got a list"),
        ({"text": 7}, "tree.text: expected a string, got 7"),
        ({"text": None}, "tree.text: expected a string, got None"),
        ({"text": ["x"]}, "tree.text: expected a string, got a list"),
        ({"text": "\udc80"}, "tree.text: '\\udc80' is not valid Unicode"),
        ({"number": "7"}, "tree.number: expected a whole number, got '7'"),
        ({"number": True}, "tree.number: expected a whole number, got True"),
        ({"number": 7.0}, "tree.number: expected a whole number, got 7.0"),
        ({"share": "1"}, "tree.share: expected a number, got '1'"),
        ({"share": True}, "tree.share: expected a number, got True"),
        ({"share": float("nan")}, "tree.share: expected a number, got nan"),
        ({"share": float("inf")}, "tree.share: expected a number, got inf"),
        ({"flag": 1}, "tree.flag: expected true or false, got 1"),
        ({"flag": "yes"}, "tree.flag: expected true or false, got 'yes'"),
        ({"maybe": {}}, "tree.maybe: expected a string, got a mapping"),
        ({"choice": "gren"}, "tree.choice: 'gren' is not one of red, green, did you mean green?"),
        ({"choice": 1}, "tree.choice: expected a string, got 1"),
        ({"version": 3}, "tree.version: 3 is not one of 1, 2"),
        ({"version": True}, "tree.version: expected a whole number, got True"),
        ({"percent": -1}, "tree.percent: -1 is outside 0-100"),
        ({"percent": 101}, "tree.percent: 101 is outside 0-100"),
        ({"port": 0}, "tree.port: 0 is outside 1-65535"),
        ({"address": "10.0.0.1/32"}, "tree.address: '10.0.0.1/32' is not an IP address"),
        ({"address": "fe80::1%eth0"}, "tree.address: 'fe80::1%eth0' is not an IP address"),
        ({"address": 167772161}, "tree.address: 167772161 is not an IP address"),
        ({"network": "10.0.0.1/8"}, "tree.network: '10.0.0.1/8' is not a CIDR such as 10.0.0.0/24"),
        ({"network": "10.0.0.0/255.0.0.0"}, "tree.network: '10.0.0.0/255.0.0.0' is not a CIDR such as 10.0.0.0/24"),
        ({"time": "2026-02-30T05:10:00Z"},
         "tree.time: '2026-02-30T05:10:00Z' is not a time such as 2026-11-25T05:10:00Z"),
        ({"time": 7}, "tree.time: 7 is not a time such as 2026-11-25T05:10:00Z"),
        ({"leaf": None}, "tree.leaf: expected a mapping, got None"),
        ({"leaf": {}}, "tree.leaf: name is missing"),
        ({"leaf": {"name": "x", "port": 7}}, "tree.leaf: unknown key 'port', did you mean ports?"),
        ({"leaf": {"name": "x", 7: 7}}, "tree.leaf: unknown key 7"),
        ({"leaf": {"name": "x", "ports": "0"}}, "tree.leaf.ports: port 0 is outside 1-65535"),
        ({"leaf": {"name": "x", "ports": True}},
         "tree.leaf.ports: True is not a port: expected a number or a range such as 32000-33999"),
        ({"leaves": {}}, "tree.leaves: expected a list, got a mapping"),
        ({"leaves": [{"name": "x"}, 7]}, "tree.leaves[1]: expected a mapping, got 7"),
        ({"texts": "a"}, "tree.texts: expected a list, got 'a'"),
        ({"texts": []}, "tree.texts: is empty: a tree has texts"),
        ({"ports": [22, "x"]},
         "tree.ports[1]: 'x' is not a port: expected a number or a range such as 32000-33999"),
        ({"by_name": []}, "tree.by_name: expected a mapping, got a list"),
        ({"by_name": {7: {"name": "x"}}}, "tree.by_name: the key 7 is not valid text"),
        ({"by_name": {"\udc80": {"name": "x"}}}, "tree.by_name: the key '\\udc80' is not valid text"),
        ({"by_name": {"a\x1bb": 7}}, "tree.by_name.'a\\x1bb': expected a mapping, got 7"),
        ({"some": {}}, "tree.some: is empty: a tree has some"),
        ({"text": "both", "flag": True}, "tree: text and flag do not go together"),
        ({"text": "x" * 1000, "number": "y" * 1000}, f"tree.number: expected a whole number, got '{'y' * 56}..."),
    ],
)  # fmt: skip
def test_what_is_wrong(value: Any, problem: str) -> None:
    assert wrong(value) == [problem]


def test_everything_at_once_and_the_problems_of_before_stay() -> None:
    assert len(wrong({"text": 1, "leaves": [1, {"name": 2, "x": 3}], "by_name": {"a": 1}})) == 5
    problems = ["before"]
    assert read(Tree, {}, "tree", problems) == Tree()
    assert problems == ["before"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*NAMES, "x"]), inner),
        max_leaves=12,
    )
)
def test_whatever_it_is_it_is_read_or_told(value: Any) -> None:
    problems: list[str] = []
    found = read(Tree, value, "tree", problems)
    assert (found is None) == bool(problems)
    assert all(problem.startswith("tree") and problem.isprintable() for problem in problems)


def test_times() -> None:
    assert parse_time("1970-01-02T00:00:01Z") == 86401.0


@pytest.mark.parametrize("text", [None, 1, "", "2026-11-25", "2026-13-25T05:00:00Z", "2026-1-5T5:1:0Z"])
def test_no_time(text: Any) -> None:
    with pytest.raises(ValueError, match="is not a time"):
        parse_time(text)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """What stands in many places of a document."""

    counts: Annotated[tuple[int, ...], Shared()] = ()
    leaves: Annotated[tuple[Leaf, ...] | None, Shared()] = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sheet:
    """A document of such rows."""

    rows: tuple[Row, ...]


def rows(*values: Any) -> tuple[tuple[Row, ...], list[str]]:
    problems: list[str] = []
    found = read(Sheet, {"rows": values}, "sheet", problems)
    return (found.rows if found else ()), problems


def test_what_is_alike_is_one_value() -> None:
    leaves = [{"name": "one"}, {"name": "two", "ports": "22-23"}]
    (first, second, third, last), problems = rows(*({"leaves": copy.deepcopy(leaves)} for _row in "123"), {})
    assert problems == [] and last == Row()
    assert first.leaves == (Leaf(name="one"), Leaf(name="two", ports=(22, 23)))
    assert first.leaves is second.leaves is third.leaves
    ((other,), _problems) = rows({"leaves": copy.deepcopy(leaves)})
    assert other.leaves == first.leaves and other.leaves is not first.leaves, "of another document"


@pytest.mark.parametrize("wrong", [True, 1.0, "1", None, [1]])
def test_what_only_python_takes_for_alike_is_not(wrong: Any) -> None:
    assert rows({"counts": [1]}, {"counts": [wrong]})[1] != []
    assert rows({"counts": [wrong]}, {"counts": [1]})[1] != []


def test_each_place_of_the_same_problem_is_told() -> None:
    _rows, problems = rows({"counts": ["x"]}, {"counts": ["x"]})
    assert [problem.partition(":")[0] for problem in problems] == ["sheet.rows[0].counts[0]", "sheet.rows[1].counts[0]"]


def test_types_of_others_are_read_as_such() -> None:
    (first, second), problems = rows(*({"leaves": [{"name": Marked("one")}]} for _row in "12"))
    assert problems == [] and first == second
    assert first.leaves and type(first.leaves[0].name) is str
