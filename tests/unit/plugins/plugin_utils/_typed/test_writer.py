# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Typed documents are written as plain values, in the order of their fields."""

from __future__ import annotations

import dataclasses
import json

from ansible_collections.jsa.ports.plugins.plugin_utils._typed.reader import read
from ansible_collections.jsa.ports.plugins.plugin_utils._typed.writer import write
from ansible_collections.jsa.ports.tests.unit.plugins.plugin_utils._typed.forms import Leaf, Tree


def test_plain_values_in_order() -> None:
    tree = Tree(leaves=(Leaf(name="a", ports=(7, 9)), Leaf(name="b")), ports=((1, 2),), by_name={"z": Leaf(name="c")})
    written = write(tree)
    assert json.loads(json.dumps(written)) == written
    assert list(written) == [one.name for one in dataclasses.fields(Tree)]
    assert written["leaves"] == [{"name": "a", "ports": "7-9"}, {"name": "b"}]
    assert (written["ports"], written["by_name"]) == (["1-2"], {"z": {"name": "c"}})
    # None is only left out where the field says so.
    assert written["maybe"] is None
    problems: list[str] = []
    assert read(Tree, written, "tree", problems) == tree


def test_what_stands_twice_is_written_once() -> None:
    leaf = Leaf(name="a")
    leaves = (leaf, Leaf(name="a"))
    written = write(Tree(leaf=leaf, leaves=leaves, by_name={"one": leaf}))
    assert written["leaf"] is written["leaves"][0] is written["by_name"]["one"]
    assert written["leaves"][0] is not written["leaves"][1]
    # The next document is written anew.
    assert write(Tree(leaf=leaf))["leaf"] is not written["leaf"]
    assert write(Tree(texts=("a",)))["texts"] == ["a"]


def test_empty_lists_are_lists_of_their_own() -> None:
    written = write(Tree())
    assert written["leaves"] == written["ports"] == []
    assert written["leaves"] is not written["ports"]
